//! Which written steps wait for which data to be back, and what of its way back waits for them.

use std::collections::{BTreeMap, BTreeSet};

use super::follow::Followed;
use super::hit::Hit;
use super::model::{Input, Step};
use super::steps::Back;
use crate::addr::Name;
use crate::system::{Check, Placed, System};

/// What waits for what between written steps and data that comes back by derived ones.
pub(crate) struct Waits<'a> {
    backs: BTreeMap<&'a Name, &'a Back<'a>>,
    /// The data that is needed by the services that a procedure brings back, also through others.
    of: BTreeMap<&'a Name, BTreeSet<&'a Name>>,
    /// The procedures of the services that use a datastore themselves.
    users: BTreeMap<&'a Name, BTreeSet<&'a Name>>,
    /// Whether the scenario names the procedures, and not each service its own.
    whole: bool,
}

/// A datastore, and whether what waits for it waits until it is in use again, not only until it is ready
/// to be used.
type Wanted<'a> = (&'a Name, bool);

impl<'a> Waits<'a> {
    pub(crate) fn new(input: &Input<'a>, hit: &Hit, backs: &'a [Back<'a>]) -> Waits<'a> {
        let scenario = input.scenario.and_then(|name| input.system.scenarios.get(name));
        let whole = scenario.is_some_and(|s| s.is.recover.is_some());
        let known = backs.iter().map(|back| (back.datastore, back)).collect();
        let mut waits = Waits { backs: known, of: BTreeMap::new(), users: BTreeMap::new(), whole };
        if backs.is_empty() {
            return waits;
        }
        for (name, service) in
            input.system.services.iter().filter(|(name, _)| hit.services.contains_key(*name))
        {
            let Some(procedure) = &service.is.recover else { continue };
            let data = data_of(input.system, name).into_iter().filter(|d| waits.backs.contains_key(d));
            let data: BTreeSet<&Name> = data.collect();
            waits.of.entry(&procedure.0).or_default().extend(data);
            for datastore in service.is.data.iter().flatten() {
                waits.users.entry(&datastore.0).or_default().insert(&procedure.0);
            }
        }
        waits
    }

    /// What a step of a procedure that is followed waits for.
    pub(crate) fn wanted(&self, followed: &Name, at: &Placed<'a>) -> BTreeSet<Wanted<'a>> {
        if self.backs.is_empty() {
            return BTreeSet::new();
        }
        let data: BTreeSet<&'a Name> = match &at.step.data {
            Some(own) => own.iter().map(|d| &d.0).filter(|d| self.backs.contains_key(d)).collect(),
            None => {
                let named = [followed, at.procedure].into_iter().filter_map(|p| self.of.get(p));
                let named: BTreeSet<&Name> = named.flatten().copied().collect();
                let last = at.step.checks == Some(Check::Service) || !at.downtime;
                // Nothing works before its data is there, whoever looks.
                if named.is_empty() && self.whole && last {
                    self.backs.keys().copied().collect()
                } else {
                    named
                }
            }
        };
        data.into_iter().map(|name| (name, !at.downtime)).collect()
    }

    /// The steps with which that is back.
    pub(crate) fn back(&self, (name, in_use): Wanted<'_>) -> impl Iterator<Item = u32> {
        let back = self.backs.get(name);
        let steps = back.map(|back| if in_use { &back.since } else { &back.ready });
        steps.into_iter().flatten().copied()
    }

    /// For the derived steps that look at data through those who use it: the written steps with which these
    /// work.
    pub(crate) fn looks(&self, written: &[Step]) -> Vec<(&'a BTreeSet<u32>, BTreeSet<u32>)> {
        let mut of: BTreeMap<&Name, BTreeSet<u32>> = BTreeMap::new();
        for step in written.iter().filter(|s| s.downtime) {
            if let Some(at) = &step.written {
                let own = of.entry(&at.procedure).or_default();
                own.retain(|id| !step.needs.contains(id));
                own.insert(step.id);
            }
        }
        let all = self.backs.iter().map(|(name, back)| {
            let users = self.users.get(name).into_iter().flatten();
            (&back.looks, users.filter_map(|p| of.get(p)).flatten().copied().collect())
        });
        all.filter(|(looks, users): &(_, BTreeSet<u32>)| !looks.is_empty() && !users.is_empty()).collect()
    }

    /// Procedures of the scenario of which nothing says what data they need. `waiting` are those of which a
    /// step waits for some.
    pub(crate) fn unsaid(
        &self,
        input: &Input<'_>,
        followed: &[Followed<'_>],
        waiting: &BTreeSet<&Name>,
    ) -> Vec<String> {
        let Some(first) = self.backs.keys().next().filter(|_| self.whole) else { return Vec::new() };
        let more = match self.backs.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        // What comes after one that waits does so too.
        let open = followed.iter().take_while(|one| !waiting.contains(one.name));
        let says = |one: &&Followed<'_>| {
            crate::system::in_order(input.system, one.name).iter().any(|at| at.step.data.is_some())
        };
        open.filter(|one| !says(one))
            .map(|one| {
                format!(
                    "procedure.{} does not wait until datastore.{first}{more} is back: no service that needs it \
                     names the procedure in `recover`, and no step names it in `data` (`data = []` if none \
                     needs it)",
                    one.name
                )
            })
            .collect()
    }
}

/// The data of a service and of all that it depends on.
fn data_of<'a>(system: &'a System, service: &'a Name) -> BTreeSet<&'a Name> {
    let (mut seen, mut open, mut data) = (BTreeSet::new(), vec![service], BTreeSet::new());
    while let Some(name) = open.pop() {
        let Some(is) = system.services.get(name).map(|s| &s.is).filter(|_| seen.insert(name)) else {
            continue;
        };
        data.extend(is.data.iter().flatten().map(|d| &d.0));
        open.extend(is.depends_on.iter().flatten().map(|s| &s.0));
    }
    data
}
