//! A state made anew from the configuration and the live world. Ownership follows from the name a
//! thing has at the provider; that something was applied is taken for true where text and provider
//! agree. What else a state knew cannot be told from outside, and that is said. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::addr::{Address, Name};
use crate::map::Map;
use crate::plan::{Action, After, Op, Plan, Progress, ResourceChange, resolve};
use crate::provider::{AnyKind, Id, Registry};
use crate::schema::{Role, attribute};
use crate::state::{Owned, State};
use crate::value::Value;

/// What became of the ownership of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// It is at the provider under its name.
    Restored,
    /// It could not be observed: what the old state says of it stands.
    Kept,
    /// It could not be observed, and no old state says anything of it.
    Unobserved,
    /// It is not at the provider.
    Absent,
}

/// What became of the attributes of one kind of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Text and provider agree.
    pub restored: Vec<String>,
    /// As the old state says.
    pub kept: Vec<String>,
    /// Cannot be told.
    pub unknown: Vec<String>,
}

/// What became of one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The address.
    pub address: Address,
    /// Its name at the provider.
    pub id: Id,
    /// Whether it is ours.
    pub ownership: Ownership,
    /// What was last applied.
    pub last_applied: Memory,
    /// Fingerprints of secrets.
    pub fingerprints: Memory,
    /// Whether drctl made it; none where no old state says so, and then drctl never deletes it.
    pub created: Option<bool>,
    /// Why it could not be observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// An entry of the old state that the new one does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// The address.
    pub address: Address,
    /// The name at the provider.
    pub id: Id,
    /// Why.
    pub why: String,
}

/// A rebuilt state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The state, with the old one's lineage and serial.
    pub state: State,
    /// What became of each address of the configuration.
    pub entries: Vec<Entry>,
    /// What the old state had beside.
    pub lost: Vec<Lost>,
}

/// Rebuilds the state. `plan` is of the whole configuration and made without a state; `old` is the
/// state there was, or a new and empty one.
pub fn rebuild(
    plan: &Plan,
    registry: &Registry,
    variables: &BTreeMap<Name, (Value, bool)>,
    old: &State,
) -> Rebuilt {
    let mut state = State { resources: BTreeMap::new(), ..old.clone() };
    let mut entries = Vec::new();
    for change in &plan.changes {
        let earlier = old.resources.get(&change.address);
        if change.observed.is_some()
            && let Some(kind) = registry.kind(change.address.kind.as_str())
        {
            entries.push(own(&mut state, (kind, change), earlier, (plan, variables)));
            continue;
        }
        let mut entry = Entry {
            address: change.address.clone(),
            id: change.id.clone(),
            ownership: Ownership::Absent,
            last_applied: Memory::default(),
            fingerprints: Memory::default(),
            created: None,
            why: change.unobserved.as_ref().map(|u| u.message.clone()),
        };
        match (change.action, earlier) {
            (Action::Unobserved, Some(owned)) => {
                entry.id = owned.id.clone();
                entry.ownership = Ownership::Kept;
                entry.last_applied.kept = owned.applied.keys().cloned().collect();
                entry.fingerprints.kept = owned.fingerprints.keys().cloned().collect();
                entry.created = Some(owned.created);
                state.resources.insert(change.address.clone(), owned.clone());
            }
            (Action::Unobserved, None) => entry.ownership = Ownership::Unobserved,
            (
                Action::Create
                | Action::Update
                | Action::Adopt
                | Action::Keep
                | Action::Forget
                | Action::Delete,
                _,
            ) => {}
        }
        entries.push(entry);
    }
    let progress = Progress { plan, variables, written: BTreeMap::new(), outputs: BTreeMap::new() };
    state.record_outputs(&progress);
    let lost = lost(plan, old, &state);
    Rebuilt { state, entries, lost }
}

/// What the old state has and the new one has not.
fn lost(plan: &Plan, old: &State, new: &State) -> Vec<Lost> {
    let gone = old.resources.iter().filter(|(a, o)| new.resources.get(*a).is_none_or(|n| n.id != o.id));
    gone.map(|(address, owned)| {
        let why = match plan.change(address) {
            None => "the configuration does not declare it".to_owned(),
            Some(change) if change.id != owned.id => format!("the configuration names `{}`", change.id),
            Some(_) => "it is not at the provider".to_owned(),
        };
        Lost { address: address.clone(), id: owned.id.clone(), why }
    })
    .collect()
}

/// Writes into the state that an observed thing is ours, with what can be told of it. `earlier` is
/// what an old state says of the address.
pub fn own(
    state: &mut State,
    (kind, change): (&dyn AnyKind, &ResourceChange),
    earlier: Option<&Owned>,
    (plan, variables): (&Plan, &BTreeMap<Name, (Value, bool)>),
) -> Entry {
    let earlier = earlier.filter(|owned| owned.id == change.id);
    let differing: BTreeSet<&String> = change.attributes.iter().filter(differs).map(|a| &a.path[0]).collect();
    let progress = Progress { plan, variables, written: BTreeMap::new(), outputs: BTreeMap::new() };
    let mut values = BTreeMap::new();
    for name in change.desired.keys().filter(|n| !differing.contains(n)) {
        if attribute(kind.inputs(), name).is_some_and(|row| row.role != Role::WriteOnly) {
            values.extend(value_of(kind, change, name, &progress).map(|v| (name.clone(), v)));
        }
    }
    let nothing = BTreeMap::new();
    let outputs = change.observed.as_ref().map_or(&nothing, |o| &o.outputs);
    state.record(kind, (Op::Record, change), &values, outputs);
    let owned = state.resources.get_mut(&change.address).expect("`record` has just written it");
    let mut last_applied = Memory { restored: owned.applied.keys().cloned().collect(), ..Memory::default() };
    let mut fingerprints =
        Memory { restored: owned.fingerprints.keys().cloned().collect(), ..Memory::default() };
    if let Some(earlier) = earlier {
        owned.created = earlier.created;
        let open = |name: &String| !change.desired.get(name).is_some_and(|e| e.any_sensitive());
        last_applied.kept = keep(&mut owned.applied, earlier.applied.iter().filter(|(n, _)| open(n)));
        fingerprints.kept = keep(&mut owned.fingerprints, earlier.fingerprints.iter());
    }
    for (name, expr) in &change.desired {
        let Some(row) = attribute(kind.inputs(), name) else { continue };
        if owned.applied.contains_key(name) || owned.fingerprints.contains_key(name) {
            continue;
        }
        match row.role {
            Role::Identity | Role::Fixed | Role::Option | Role::Label => {}
            Role::WriteOnly => fingerprints.unknown.push(name.clone()),
            Role::Managed if row.sensitive || expr.any_sensitive() => fingerprints.unknown.push(name.clone()),
            Role::Managed => last_applied.unknown.push(name.clone()),
        }
    }
    Entry {
        address: change.address.clone(),
        id: change.id.clone(),
        ownership: Ownership::Restored,
        last_applied,
        fingerprints,
        created: earlier.map(|owned| owned.created),
        why: None,
    }
}

/// Whether the provider has something else, or it cannot be told. What it has accepted for later is
/// what was applied.
fn differs(change: &&crate::plan::AttributeChange) -> bool {
    match change.after {
        After::Pending(_) => false,
        After::Known(_) | After::Open(_) | After::Unset | After::Unobserved(_) | After::ManagedBy(_) => true,
    }
}

/// The value of one written attribute, with its secrets; none while it is open.
fn value_of(
    kind: &dyn AnyKind,
    change: &ResourceChange,
    name: &str,
    progress: &Progress<'_>,
) -> Option<Value> {
    let (name, expr) = change.desired.get_key_value(name)?;
    let alone = ResourceChange {
        desired: Map::from([(name.clone(), expr.clone())]),
        attributes: Vec::new(),
        notes: Vec::new(),
        drift: Vec::new(),
        observed: None,
        ..change.clone()
    };
    resolve(kind, &alone, progress).ok()?.remove(name)
}

/// Takes over what is not there yet; its names.
fn keep<'v, V: Clone + 'v>(
    into: &mut BTreeMap<String, V>,
    from: impl Iterator<Item = (&'v String, &'v V)>,
) -> Vec<String> {
    let mut kept = Vec::new();
    for (name, value) in from {
        if !into.contains_key(name) {
            into.insert(name.clone(), value.clone());
            kept.push(name.clone());
        }
    }
    kept
}
