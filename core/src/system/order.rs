//! The steps of a procedure in the order in which they are done, those of the procedures that it includes
//! in their place.

use std::collections::{BTreeMap, BTreeSet};

use super::{Declared, Procedure, Step, System};
use crate::addr::Name;

/// A step where it is done.
#[derive(Debug, Clone)]
pub struct Placed<'a> {
    /// The procedure that it is written in.
    pub procedure: &'a Name,
    /// That procedure.
    pub declared: &'a Declared<Procedure>,
    /// Its place in the text of that procedure.
    pub number: usize,
    /// What is done.
    pub step: &'a Step,
    /// Those before it, by their place in this order.
    pub after: BTreeSet<usize>,
    /// Those that it is done instead of, by their place in this order.
    pub instead_of: BTreeSet<usize>,
    /// When it is done, with what is said where it is included.
    pub when: Option<String>,
    /// The phase that it counts for; where it says none, that of where it is included.
    pub phase: Option<&'a str>,
    /// Whether the service is down until it is done, also by what is said where it is included.
    pub downtime: bool,
    /// The nearest step before it that restores, by its place in this order.
    pub restored_by: Option<usize>,
}

/// What is said of a procedure where it is included.
#[derive(Clone)]
struct Outer<'a> {
    entry: BTreeSet<usize>,
    instead_of: BTreeSet<usize>,
    when: Option<String>,
    phase: Option<&'a str>,
    downtime: bool,
    /// The procedures around it: none includes itself.
    within: Vec<&'a Name>,
}

/// The steps of the procedure of that name, each after those that it waits for, else in the order of the
/// text. What is not declared has none.
pub fn in_order<'a>(system: &'a System, name: &Name) -> Vec<Placed<'a>> {
    let mut placed = Vec::new();
    let outer = Outer {
        entry: BTreeSet::new(),
        instead_of: BTreeSet::new(),
        when: None,
        phase: None,
        downtime: true,
        within: Vec::new(),
    };
    place(system, name, outer, &mut placed);
    placed
}

/// Places the steps of a procedure; gives the last of them, by their places.
fn place<'a>(
    system: &'a System,
    name: &Name,
    outer: Outer<'a>,
    placed: &mut Vec<Placed<'a>>,
) -> BTreeSet<usize> {
    let Some((name, declared)) = system.procedures.get_key_value(name) else { return outer.entry };
    if outer.within.contains(&name) {
        return outer.entry;
    }
    let procedure = &declared.is;
    let mut ends: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut all: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut open = BTreeSet::new();
    for (number, step) in procedure.step.in_order() {
        let before: BTreeSet<usize> = procedure
            .step
            .before(step)
            .into_iter()
            .flat_map(|b| ends.get(b).cloned().unwrap_or_default())
            .collect();
        let after = if before.is_empty() { outer.entry.clone() } else { before };
        let after = if step.downtime && outer.downtime { in_time(placed, after) } else { after };
        let other = step.instead_of.iter().filter_map(|other| all.get(other.0.as_str()));
        let instead_of: BTreeSet<usize> = other.flatten().chain(&outer.instead_of).copied().collect();
        let when = both(outer.when.as_deref(), step.when.as_deref());
        let phase = step.phase.as_deref().or(outer.phase);
        let downtime = step.downtime && outer.downtime;
        open.retain(|place| !after.contains(place));
        let first = placed.len();
        let last = match &step.procedure {
            Some(included) => {
                let within = outer.within.iter().copied().chain([name]).collect();
                let outer = Outer { entry: after, instead_of, when, phase, downtime, within };
                place(system, &included.0, outer, placed)
            }
            None => {
                let restored_by = restoring(placed, &after);
                placed.push(Placed {
                    procedure: name,
                    declared,
                    number,
                    step,
                    after,
                    instead_of,
                    when,
                    phase,
                    downtime,
                    restored_by,
                });
                [first].into()
            }
        };
        open.extend(last.iter().copied());
        ends.insert(&step.name, last);
        all.insert(&step.name, (first..placed.len()).collect());
    }
    if open.is_empty() { outer.entry } else { open }
}

/// What the service is down for does not wait for what an included procedure does once it works, but for
/// what that waits for.
fn in_time(placed: &[Placed<'_>], after: BTreeSet<usize>) -> BTreeSet<usize> {
    let (mut found, mut open) = (BTreeSet::new(), Vec::from_iter(after));
    while let Some(place) = open.pop() {
        match placed[place].downtime {
            true => drop(found.insert(place)),
            false => open.extend(&placed[place].after),
        }
    }
    found
}

fn both(outer: Option<&str>, own: Option<&str>) -> Option<String> {
    match (outer, own) {
        (Some(outer), Some(own)) => Some(format!("{outer}, and {own}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// The last of those before that restores something.
fn restoring(placed: &[Placed<'_>], after: &BTreeSet<usize>) -> Option<usize> {
    let found = |place: &usize| {
        let at = &placed[*place];
        if at.step.restore.is_some() { Some(*place) } else { at.restored_by }
    };
    after.iter().filter_map(found).max()
}
