//! What a datastore would come back from, were it lost as well: the one question of the plan after the next
//! loss, answered without making that plan where nothing else has a say in it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Named;
use super::choose::choose;
use super::groups;
use super::hit::Hit;
use super::loss::Loss;
use super::lost::Lost;
use super::model::{Choice, Input, RecoveryPlan};
use super::planner::{derived, run_id};
use super::splice::{Written, restore};
use super::written::step;
use crate::addr::{Address, Name};
use crate::system::{Datastore, in_order};

/// What is known before the next loss.
pub(crate) struct Next<'a, P> {
    input: &'a Input<'a>,
    lost: &'a Lost<'a>,
    /// Plans without looking at what is exposed.
    plan: P,
    index: OnceCell<Index<'a>>,
    /// Plans that were made, by the site that is lost next.
    of_sites: BTreeMap<&'a Name, RecoveryPlan>,
}

/// What one datastore is looked up by.
struct Index<'a> {
    /// Datastores by the block of the resource that holds them.
    held: BTreeMap<Address, Vec<(&'a Name, &'a Address)>>,
    /// Datastores that come back with others.
    grouped: BTreeSet<&'a Name>,
    /// For each datastore the procedures that services follow and that restore it.
    restored_by: BTreeMap<&'a Name, BTreeSet<&'a Name>>,
    /// For each of these procedures the services.
    followed_for: BTreeMap<&'a Name, Vec<&'a Name>>,
}

impl<'a> Index<'a> {
    fn of(input: &'a Input<'a>) -> Index<'a> {
        let system = input.system;
        let mut index = Index {
            held: BTreeMap::new(),
            grouped: groups::groups(system).into_values().flatten().collect(),
            restored_by: BTreeMap::new(),
            followed_for: BTreeMap::new(),
        };
        for (name, datastore) in &system.datastores {
            if let Some(held) = &datastore.is.resource {
                index.held.entry(held.0.block()).or_default().push((name, &held.0));
            }
        }
        for (name, service) in &system.services {
            if let Some(procedure) = &service.is.recover {
                index.followed_for.entry(&procedure.0).or_default().push(name);
            }
        }
        for procedure in index.followed_for.keys() {
            for at in in_order(system, procedure) {
                if let Some(datastore) = &at.step.restore {
                    index.restored_by.entry(&datastore.0).or_default().insert(procedure);
                }
            }
        }
        index
    }

    /// The datastores that go with the next loss.
    fn taken(&self, (name, datastore): (&'a Name, &Datastore), next: &Loss) -> Vec<&'a Name> {
        let Some(held) = &datastore.resource else { return vec![name] };
        let same = self.held.get(&held.0.block()).into_iter().flatten();
        same.filter(|(_, address)| next.names_resource(address)).map(|(name, _)| *name).collect()
    }
}

/// What a plan would come back to.
enum Told {
    /// That, or nothing.
    Alone(Option<Box<Choice>>),
    /// Others have a say in it: the whole plan tells.
    ByPlan,
}

impl<'a, P: Fn(&Input<'_>) -> RecoveryPlan> Next<'a, P> {
    pub(crate) fn of(input: &'a Input<'a>, lost: &'a Lost<'a>, plan: P) -> Next<'a, P> {
        Next { input, lost, plan, index: OnceCell::new(), of_sites: BTreeMap::new() }
    }

    /// What the datastore comes back from when what holds it is lost as well.
    pub(crate) fn choice(&mut self, (name, datastore): (&'a Name, &'a Datastore)) -> Option<Choice> {
        let of = |plan: &RecoveryPlan| plan.chosen_points.iter().find(|c| c.datastore == *name).cloned();
        let mut next = self.input.loss.clone();
        match (&datastore.resource, &datastore.site) {
            (Some(held), _) => drop(next.resources.insert(held.0.clone())),
            (None, Some(site)) => {
                next.sites.insert(site.0.clone());
                let plan = || (self.plan)(&Input { loss: &next, hit: None, scenario: None, ..*self.input });
                return of(self.of_sites.entry(&site.0).or_insert_with(plan));
            }
            (None, None) => drop(next.datastores.insert(name.clone())),
        }
        let by_plan = || of(&(self.plan)(&Input { loss: &next, hit: None, scenario: None, ..*self.input }));
        match self.alone((name, datastore), &next) {
            Told::Alone(choice) => {
                let choice = choice.map(|choice| *choice);
                debug_assert_eq!(
                    choice.as_ref().map(|c| (&c.from, &c.mechanism, c.data_loss_s)),
                    by_plan().as_ref().map(|c| (&c.from, &c.mechanism, c.data_loss_s)),
                    "the whole plan tells the same of {name}"
                );
                choice
            }
            Told::ByPlan => by_plan(),
        }
    }

    fn alone(&self, (name, datastore): (&'a Name, &Datastore), next: &Loss) -> Told {
        let index = self.index.get_or_init(|| Index::of(self.input));
        if index.grouped.contains(name) {
            return Told::ByPlan;
        }
        let taken = index.taken((name, datastore), next);
        let dependents = self.input.dependents;
        let users = dependents.with(taken.iter().flat_map(|name| dependents.users(name)));
        let is_hit =
            |service: &&Name| self.lost.hit.services.contains_key(*service) || users.contains(service);
        let restored_by = index.restored_by.get(name).into_iter().flatten();
        let followed = restored_by.filter(|procedure| index.followed_for[**procedure].iter().any(&is_hit));
        let followed: Vec<&Name> = followed.copied().collect();
        // No site goes with it, and choosing asks for nothing else that does.
        let hit = Hit { sites: self.lost.hit.sites.clone(), ..Hit::default() };
        let lost = Lost { loss: next, system: self.lost.system, places: self.lost.places, hit };
        let input = Input { loss: next, hit: None, scenario: None, ..*self.input };
        let run = run_id(input.now);
        match followed.as_slice() {
            [] => {
                let held = datastore.resource.as_ref().and_then(|held| input.components.get(&held.0));
                let chosen = held.and_then(|held| {
                    let named = Named { into: None, run: &run };
                    choose(&input, &lost, (name, held), named).ok()
                });
                Told::Alone(chosen.map(|chosen| Box::new(chosen.choice)))
            }
            [procedure] => {
                let mut written = Written::default();
                let placed = in_order(input.system, procedure);
                for at in placed.iter().filter(|at| at.step.restore.as_ref().is_some_and(|d| d.0 == *name)) {
                    let next = step(input.system, at, &placed);
                    let derive = |name: &Name, into: Option<&str>| {
                        derived(&input, &lost, name, Named { into, run: &run })
                    };
                    restore(&input, &lost, at.step, name, next, derive, &mut written);
                }
                Told::Alone(written.choices.remove(name).map(Box::new))
            }
            [_, _, ..] => Told::ByPlan,
        }
    }
}
