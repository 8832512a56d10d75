//! What a rule may ask about the other resources: who is meant by an attribute, and who is of a kind.

use std::collections::BTreeMap;

use super::decide::Decision;
use super::instance::{Instance, Origin};
use super::walk::walk_expr;
use super::world::{Observation, World};
use crate::addr::{Address, InstanceKey};
use crate::config::Config;
use crate::lang::env::Lookup;
use crate::lang::expr::{Expr, ExprKind, PathStep, Reference, Subject};
use crate::rule::{Change, Peer, Peers};
use crate::value::Value;

/// All resources, indexed once.
pub(super) struct Neighbourhood<'p> {
    config: &'p Config,
    instances: &'p [Instance],
    changes: Vec<Change<'p>>,
    by_kind: BTreeMap<&'p str, Vec<usize>>,
    /// Ids and outputs that are text, to who has them.
    by_value: BTreeMap<&'p str, Vec<usize>>,
}

impl<'p> Neighbourhood<'p> {
    /// `instances` are sorted by address; `decisions` stand in the same order.
    pub(super) fn new(
        config: &'p Config,
        world: &'p World,
        instances: &'p [Instance],
        decisions: &'p [Decision],
    ) -> Neighbourhood<'p> {
        let mut found = Neighbourhood {
            config,
            instances,
            changes: Vec::with_capacity(instances.len()),
            by_kind: BTreeMap::new(),
            by_value: BTreeMap::new(),
        };
        for (i, (instance, decision)) in instances.iter().zip(decisions).enumerate() {
            let before = world.observations.get(&instance.address).and_then(Observation::present);
            found.changes.push(Change {
                address: &instance.address,
                action: decision.action,
                before,
                desired: &instance.desired,
                removed: &decision.removed,
                place: world.places.get(&instance.provider).map(|h| &h.place),
            });
            found.by_kind.entry(instance.kind.name()).or_default().push(i);
            let outputs = before.into_iter().flat_map(|o| o.outputs.values());
            let texts = outputs.chain(instance.derived.values()).filter_map(Value::as_str);
            for text in texts.chain(instance.id.iter().map(|id| id.0.as_str())) {
                let who = found.by_value.entry(text).or_default();
                if who.last() != Some(&i) {
                    who.push(i);
                }
            }
        }
        found
    }

    pub(super) fn change(&self, i: usize) -> Change<'p> {
        self.changes[i]
    }

    fn peer(&self, i: usize) -> Peer<'p> {
        Peer { change: self.changes[i], kind: self.instances[i].kind.name() }
    }

    fn number(&self, address: &Address) -> Option<usize> {
        self.instances.binary_search_by(|i| i.address.cmp(address)).ok()
    }

    /// The instance that a reference names, when it names exactly one.
    fn named(&self, reference: &Reference) -> Option<usize> {
        let Subject::Resource(module, kind, name) = &reference.subject else { return None };
        let key = match reference.path.first() {
            Some(PathStep::Key(key)) => Some(key.clone()),
            Some(PathStep::Attribute(_)) | None => None,
        };
        self.number(&Address { module: module.clone(), kind: kind.clone(), name: name.clone(), key })
    }
}

/// The leaf at a path of names.
fn leaf<'e>(expr: &'e Expr, path: &[&str]) -> Option<&'e Expr> {
    let Some((name, rest)) = path.split_first() else { return Some(expr) };
    let below = match &expr.kind {
        ExprKind::Object(pairs) => {
            pairs.iter().find(|(k, _)| super::canonical::key_of(k).is_some_and(|k| k == name)).map(|(_, v)| v)
        }
        ExprKind::List(items) => name.parse::<usize>().ok().and_then(|i| items.get(i)),
        _ => None,
    };
    leaf(below?, rest)
}

fn plain(expr: Option<&Expr>) -> Option<&Reference> {
    match &expr?.kind {
        ExprKind::Reference(reference) => Some(reference),
        _ => None,
    }
}

impl Peers for Neighbourhood<'_> {
    fn target(&self, of: &Address, attribute: &[&str]) -> Option<Peer<'_>> {
        let i = self.number(of)?;
        let (first, rest) = attribute.split_first()?;
        let desired = self.instances[i].desired.get(*first);
        let written = match self.instances[i].origin {
            Origin::Declared(block) => {
                self.config.resources.get(block).and_then(|r| r.attributes.get(*first))
            }
            Origin::Removed => None,
        };
        let by_name = [desired, written]
            .into_iter()
            .flatten()
            .filter_map(|e| plain(leaf(e, rest)))
            .find_map(|r| self.named(r));
        if let Some(found) = by_name {
            return Some(self.peer(found));
        }
        let path: Vec<PathStep> = rest
            .iter()
            .map(|name| match name.parse() {
                Ok(i) => PathStep::Key(InstanceKey::Index(i)),
                Err(_) => PathStep::Attribute((*name).to_owned()),
            })
            .collect();
        let value = match walk_expr(desired?, &path) {
            Lookup::Known { value: Value::String(value), .. } => value,
            Lookup::Known { .. }
            | Lookup::Expr(_)
            | Lookup::NotYet
            | Lookup::Failed
            | Lookup::Undeclared { .. } => return None,
        };
        // Things of different kinds may share a plain name; then nobody is meant for certain.
        match self.by_value.get(value.as_str()).map(Vec::as_slice) {
            Some([one]) => Some(self.peer(*one)),
            Some(_) | None => None,
        }
    }

    fn of_kind(&self, kind: &str) -> Vec<Peer<'_>> {
        self.by_kind.get(kind).into_iter().flatten().map(|i| self.peer(*i)).collect()
    }
}
