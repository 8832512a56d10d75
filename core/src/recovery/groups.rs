//! Consistency groups: datastores that are only of use when they come back to the same moment. The newest
//! instant that every one of them reaches is chosen for all, and each is told how far it is from that.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::hit::Hit;
use super::model::{Choice, RecoveryPlan};
use super::planner::readable;
use crate::addr::Name;
use crate::system::System;

/// Datastores that come back together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What the group is called.
    pub name: String,
    /// The instant that is chosen for all; none when no member comes back to a known one.
    pub instant: Option<Timestamp>,
    /// All members, by name.
    pub members: Vec<Member>,
}

/// A datastore of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The datastore.
    pub datastore: Name,
    /// The moment of its data after the recovery; none when it has none or stays as it is.
    pub point: Option<Timestamp>,
    /// Seconds by which that is before the instant of the group; negative when it is after it.
    pub skew_s: Option<i64>,
    /// What that means, and what to do about it.
    pub told: String,
}

/// The members of each group that has more than one.
pub fn groups(system: &System) -> BTreeMap<&str, Vec<&Name>> {
    let mut groups: BTreeMap<&str, Vec<&Name>> = BTreeMap::new();
    for (name, datastore) in &system.datastores {
        if let Some(group) = &datastore.is.group {
            groups.entry(group).or_default().push(name);
        }
    }
    groups.retain(|_, members| members.len() > 1);
    groups
}

fn choice<'p>(plan: &'p RecoveryPlan, name: &Name) -> Option<&'p Choice> {
    plan.chosen_points.iter().find(|c| c.datastore == *name)
}

/// The oldest of the newest points of those that come back to one.
fn common(plan: &RecoveryPlan, members: &[&Name]) -> Option<Timestamp> {
    members.iter().filter_map(|name| choice(plan, name)?.point).min()
}

/// The instants of the datastores that could come back to a newer moment than all of their group.
pub(crate) fn instants(system: &System, plan: &RecoveryPlan) -> BTreeMap<Name, Timestamp> {
    let mut instants = BTreeMap::new();
    for members in groups(system).into_values() {
        let Some(common) = common(plan, &members) else { continue };
        // A live replica counts too: it holds what is newer than any point.
        let ahead = members.into_iter().filter(|name| {
            choice(plan, name).is_some_and(|choice| choice.point.is_none_or(|point| point > common))
        });
        instants.extend(ahead.map(|name| (name.clone(), common)));
    }
    instants
}

/// The datastores that `before` brings back and `after` does not.
pub(crate) fn left_behind(before: &RecoveryPlan, after: &RecoveryPlan) -> BTreeSet<Name> {
    let back = |plan: &RecoveryPlan, name: &Name| choice(plan, name).is_some();
    let all = before.chosen_points.iter().map(|c| &c.datastore);
    all.filter(|name| !back(after, name)).cloned().collect()
}

/// What becomes of each group that the loss hits. `newest` is the plan in which every datastore comes
/// back to its own newest moment.
pub(crate) fn told(system: &System, newest: &RecoveryPlan, plan: &RecoveryPlan) -> Vec<Group> {
    let hit: &Hit = &plan.hit;
    let groups = groups(system).into_iter();
    let hit = groups.filter(|(_, members)| members.iter().any(|m| hit.datastores.contains_key(*m)));
    hit.map(|(name, members)| {
        let instant = common(newest, &members);
        let members = members.into_iter().map(|name| member(system, plan, name, instant)).collect();
        Group { name: name.to_owned(), instant, members }
    })
    .collect()
}

fn member(system: &System, plan: &RecoveryPlan, name: &Name, instant: Option<Timestamp>) -> Member {
    let point = choice(plan, name).and_then(|c| c.point);
    let skew_s = point.zip(instant).map(|(point, instant)| instant.duration_since(point).as_secs());
    let rebuildable = system.datastores.get(name).is_some_and(|d| d.is.rebuildable);
    let since = instant.map_or_else(String::new, |instant| format!(" since {instant}"));
    let told = match (choice(plan, name), skew_s) {
        (Some(_), Some(0)) => "comes back to exactly that instant".to_owned(),
        (Some(_), Some(skew @ 1..)) => {
            format!("comes back to {} before it: replay or reconcile the time between", readable(skew))
        }
        (Some(_), Some(skew)) => {
            let ahead = readable(-skew);
            format!("has no point before it, and is {ahead} ahead: undo or reconcile what it holds{since}")
        }
        (Some(_), None) => {
            format!("has no history to go back in: undo or reconcile what it holds{since}")
        }
        (None, _) if rebuildable => "is made anew from other data".to_owned(),
        (None, _) if plan.hit.datastores.contains_key(name) => {
            "does not come back: the others are of use only with what they refer to in it removed".to_owned()
        }
        (None, _) => {
            format!("is not lost and stays ahead: undo or reconcile what was written{since}")
        }
    };
    Member { datastore: name.clone(), point, skew_s, told }
}
