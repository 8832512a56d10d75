//! The state: what is ours, what was last applied, and fingerprints of what cannot be read back.
//! Losing it costs those three and nothing else. Pure: reading and writing files is the engine's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::addr::{Address, ProviderAddress};
use crate::diag::Diagnostics;
use crate::json::{Versioned, read_versioned};
use crate::lang::reduce;
use crate::plan::{Op, Progress, ResourceChange, StateRef};
use crate::provider::{AnyKind, Id};
use crate::schema::{Attribute, Role, attribute};
use crate::value::Value;

/// The version this drctl writes. A larger first part cannot be read, a larger second part can.
pub const FORMAT_VERSION: &str = "1.0";

/// Rounds of the fingerprint: guessing a short password from a stolen state costs this much a guess.
const FINGERPRINT_ROUNDS: usize = 4096;

/// Everything drctl remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Version of this format.
    pub format_version: String,
    /// Which line of states it belongs to; also the key of its fingerprints.
    pub lineage: String,
    /// Grows with each write.
    pub serial: u64,
    /// What is ours.
    pub resources: BTreeMap<Address, Owned>,
    /// The outputs of the root module at the last apply; never sensitive ones.
    #[serde(default)]
    pub outputs: BTreeMap<String, Value>,
    /// The names of those that are sensitive: nothing else of them is kept.
    #[serde(default)]
    pub sensitive_outputs: BTreeSet<String>,
}

/// One thing that is ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    /// Its provider configuration.
    pub provider: ProviderAddress,
    /// Its name at the provider.
    pub id: Id,
    /// Whether drctl made it; only then may drctl delete it.
    pub created: bool,
    /// The recovery that made it, until an apply writes to it: the configuration may not declare it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<String>,
    /// The managed attributes as last applied; never sensitive ones.
    #[serde(default)]
    pub applied: BTreeMap<String, Value>,
    /// Keyed fingerprints of secrets as last applied.
    #[serde(default)]
    pub fingerprints: BTreeMap<String, String>,
    /// What the cloud decided, as last seen; never sensitive ones.
    #[serde(default)]
    pub outputs: BTreeMap<String, Value>,
}

/// Why a text is no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON of this shape.
    #[error("the state cannot be read: {0}")]
    Malformed(String),
    /// A newer drctl wrote it.
    #[error("the state has format version {0}, this drctl reads up to {FORMAT_VERSION}")]
    Newer(String),
}

/// Why an address cannot be moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotMove {
    /// Nothing of that address is in the state.
    #[error("`{0}` is not in the state")]
    NotThere(Box<Address>),
    /// The new address is taken.
    #[error("`{0}` is in the state already")]
    Taken(Box<Address>),
    /// A bucket cannot become a database.
    #[error("`{}` and `{}` are of different kinds", .0.0, .0.1)]
    OtherKind(Box<(Address, Address)>),
}

impl State {
    /// An empty state of a new line.
    pub fn new(lineage: impl Into<String>) -> State {
        State {
            format_version: FORMAT_VERSION.to_owned(),
            lineage: lineage.into(),
            serial: 0,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            sensitive_outputs: BTreeSet::new(),
        }
    }

    /// Reads a state.
    ///
    /// # Errors
    /// When the text is none, or of a newer format.
    pub fn from_json(text: &str) -> Result<State, Unreadable> {
        match read_versioned(text, FORMAT_VERSION).map_err(Unreadable::Malformed)? {
            Versioned::Known(read) => Ok(read),
            Versioned::Newer(version) => Err(Unreadable::Newer(version)),
        }
    }

    /// The state as text: indented, sorted, with a line end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a state serialises to JSON");
        text.push('\n');
        text
    }

    /// Which state this is.
    pub fn reference(&self) -> StateRef {
        StateRef { lineage: self.lineage.clone(), serial: self.serial }
    }

    /// Writes down that drctl has made something, before all that was asked for is written to it. Of
    /// what was known of another thing at that address, nothing stays.
    pub fn record_made(&mut self, change: &ResourceChange) {
        let owned = Owned {
            provider: change.provider.clone(),
            id: change.id.clone(),
            created: true,
            made_by: None,
            applied: BTreeMap::new(),
            fingerprints: BTreeMap::new(),
            outputs: BTreeMap::new(),
        };
        self.resources.insert(change.address.clone(), owned);
    }

    /// Writes down that a recovery has made something. What is known of it already stays; that drctl may
    /// delete it is not said, for it holds the data.
    pub fn record_recovered(
        &mut self,
        address: &Address,
        (provider, id): (&ProviderAddress, &Id),
        run: &str,
    ) {
        let known = self.resources.remove(address).filter(|owned| owned.id == *id);
        let owned = known.unwrap_or_else(|| Owned {
            provider: provider.clone(),
            id: id.clone(),
            created: false,
            made_by: None,
            applied: BTreeMap::new(),
            fingerprints: BTreeMap::new(),
            outputs: BTreeMap::new(),
        });
        self.resources.insert(address.clone(), Owned { made_by: Some(run.to_owned()), ..owned });
    }

    /// Writes down what a finished step did. `values` are the attributes as they were sent, with
    /// their secrets; `outputs` what the cloud decided.
    pub fn record(
        &mut self,
        kind: &dyn AnyKind,
        (op, change): (Op, &ResourceChange),
        values: &BTreeMap<String, Value>,
        outputs: &BTreeMap<String, Value>,
    ) {
        let earlier = self.resources.remove(&change.address);
        let created = match op {
            Op::Forget | Op::Delete => return,
            Op::Create => true,
            Op::Update | Op::Record => earlier.is_some_and(|o| o.created && o.id == change.id),
        };
        let (mut applied, mut fingerprints) = (BTreeMap::new(), BTreeMap::new());
        for (name, value) in values {
            let Some(attribute) = attribute(kind.inputs(), name) else { continue };
            if is_secret(attribute, change) {
                fingerprints.insert(name.clone(), fingerprint(&self.lineage, &change.id, name, value));
            } else if attribute.role == Role::Managed {
                applied.insert(name.clone(), value.clone());
            }
        }
        let shown = |name: &str| attribute(kind.outputs(), name).is_some_and(|a| !a.sensitive);
        let outputs = outputs.iter().filter(|(n, _)| shown(n)).map(|(n, v)| (n.clone(), v.clone())).collect();
        let (provider, id) = (change.provider.clone(), change.id.clone());
        let made_by = None;
        let owned = Owned { provider, id, created, made_by, applied, fingerprints, outputs };
        self.resources.insert(change.address.clone(), owned);
    }

    /// Writes down the root outputs as they are after what was done; whether that changed anything.
    /// One that is still not known stays as it was, one that is no longer declared goes.
    pub fn record_outputs(&mut self, progress: &Progress<'_>) -> bool {
        let (mut outputs, mut sensitive) = (BTreeMap::new(), BTreeSet::new());
        for (name, output) in &progress.plan.outputs {
            let Some(value) = &output.value else { continue };
            let now = reduce(value, progress, &mut Diagnostics::default());
            if output.is_sensitive() || now.any_sensitive() {
                sensitive.insert(name.clone());
                continue;
            }
            let value = now.value().or_else(|| self.outputs.get(name).cloned());
            outputs.extend(value.map(|v| (name.clone(), v)));
        }
        let changed = (&outputs, &sensitive) != (&self.outputs, &self.sensitive_outputs);
        (self.outputs, self.sensitive_outputs) = (outputs, sensitive);
        changed
    }

    /// Lets go of an instance, or of all instances of a block; what was let go of.
    pub fn remove(&mut self, address: &Address) -> Vec<Address> {
        let found = self.instances(address);
        for address in &found {
            self.resources.remove(address);
        }
        found
    }

    /// Gives an instance, or all instances of a block, a new address; the pairs of old and new.
    ///
    /// # Errors
    /// When there is nothing to move, or the new address is taken or of another kind. Then nothing
    /// is changed.
    pub fn rename(&mut self, from: &Address, to: &Address) -> Result<Vec<(Address, Address)>, CannotMove> {
        if from.kind != to.kind {
            return Err(CannotMove::OtherKind(Box::new((from.clone(), to.clone()))));
        }
        let found = self.instances(from);
        if found.is_empty() {
            return Err(CannotMove::NotThere(Box::new(from.clone())));
        }
        let target = |old: &Address| {
            if old == from { to.clone() } else { Address { key: old.key.clone(), ..to.clone() } }
        };
        let pairs: Vec<(Address, Address)> =
            found.into_iter().map(|old| (old.clone(), target(&old))).collect();
        if let Some((_, taken)) = pairs.iter().find(|(_, new)| self.resources.contains_key(new)) {
            return Err(CannotMove::Taken(Box::new(taken.clone())));
        }
        for (old, new) in &pairs {
            if let Some(owned) = self.resources.remove(old) {
                self.resources.insert(new.clone(), owned);
            }
        }
        Ok(pairs)
    }

    /// The instance of that address, or else all instances of that block.
    fn instances(&self, address: &Address) -> Vec<Address> {
        if self.resources.contains_key(address) {
            return vec![address.clone()];
        }
        self.resources.keys().filter(|a| a.block() == *address).cloned().collect()
    }
}

/// Whether the value of an attribute must not be stored.
fn is_secret(attribute: &Attribute, change: &ResourceChange) -> bool {
    attribute.sensitive
        || attribute.role == Role::WriteOnly
        || change.desired.get(attribute.name).is_some_and(|e| e.any_sensitive())
}

/// A keyed fingerprint of a secret: tells whether it has changed, and nothing else. Bound to the line
/// of states, the thing and the attribute, so that equal passwords do not look equal.
pub fn fingerprint(lineage: &str, id: &Id, attribute: &str, value: &Value) -> String {
    let text = serde_json::to_string(&(lineage, id, attribute, value)).expect("values serialise to JSON");
    let mut digest = Sha256::digest(text.as_bytes());
    for _ in 1..FINGERPRINT_ROUNDS {
        digest = Sha256::new().chain_update(digest).chain_update(lineage).finalize();
    }
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(id: &str) -> Owned {
        Owned {
            provider: "toy".parse().unwrap(),
            id: Id(id.to_owned()),
            created: true,
            made_by: None,
            applied: [("days".to_owned(), Value::from(7))].into(),
            fingerprints: BTreeMap::new(),
            outputs: BTreeMap::new(),
        }
    }

    fn state(addresses: &[&str]) -> State {
        let mut state = State::new("line");
        for address in addresses {
            state.resources.insert(address.parse().unwrap(), owned(address));
        }
        state
    }

    fn addr(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn a_state_reads_back_as_it_was_written() {
        let state = state(&["toy_box.b[\"x\"]", "toy_box.a"]);
        assert_eq!(State::from_json(&state.to_json()), Ok(state));
    }

    #[test]
    fn newer_and_malformed_states_are_refused() {
        let text = State::new("line").to_json();
        let newer = text.replace("\"1.0\"", "\"2.0\"");
        assert_eq!(State::from_json(&newer), Err(Unreadable::Newer("2.0".to_owned())));
        assert!(State::from_json(&text.replace("\"1.0\"", "\"1.7\"")).is_ok());
        for text in ["", "{}", "[]", "{\"format_version\":\"x\"}", "{\"format_version\":\"1.0\"}"] {
            assert!(matches!(State::from_json(text), Err(Unreadable::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn blocks_move_with_all_instances_or_not_at_all() {
        let mut s = state(&["toy_box.a[0]", "toy_box.a[1]", "toy_box.c"]);
        assert!(s.rename(&addr("toy_box.a"), &addr("toy_box.b")).is_ok());
        let names: Vec<String> = s.resources.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["toy_box.b[0]", "toy_box.b[1]", "toy_box.c"]);
        let before = s.clone();
        for (from, to, error) in [
            ("toy_box.x", "toy_box.y", CannotMove::NotThere(Box::new(addr("toy_box.x")))),
            ("toy_box.b[0]", "toy_box.c", CannotMove::Taken(Box::new(addr("toy_box.c")))),
            (
                "toy_box.c",
                "toy_jar.c",
                CannotMove::OtherKind(Box::new((addr("toy_box.c"), addr("toy_jar.c")))),
            ),
        ] {
            assert_eq!(s.rename(&addr(from), &addr(to)), Err(error));
        }
        assert_eq!(s, before);
        assert_eq!(s.remove(&addr("toy_box.b")).len(), 2);
    }

    #[test]
    fn fingerprints_differ_by_value_thing_attribute_and_line() {
        let id = |t: &str| Id(t.to_owned());
        let base = fingerprint("line", &id("db"), "password", &Value::from("a"));
        assert_eq!(base, fingerprint("line", &id("db"), "password", &Value::from("a")));
        for other in [
            fingerprint("line", &id("db"), "password", &Value::from("b")),
            fingerprint("line", &id("db2"), "password", &Value::from("a")),
            fingerprint("line", &id("db"), "passphrase", &Value::from("a")),
            fingerprint("line2", &id("db"), "password", &Value::from("a")),
        ] {
            assert_ne!(base, other);
        }
    }
}
