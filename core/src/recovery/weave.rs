//! Derived and written steps as one order: containment, bringing back and verifying, leading its users
//! there, what is written, looking through those who use it and letting them write, what is done once it
//! works, protecting again.

use std::collections::BTreeSet;

use super::model::Step;
use crate::provider::Phase;

/// New numbers, by the old ones.
pub(crate) struct Renumbered(Vec<u32>);

impl Renumbered {
    /// The new number.
    pub(crate) fn of(&self, id: u32) -> u32 {
        place(id).and_then(|place| self.0.get(place)).copied().unwrap_or(id)
    }

    /// The new numbers.
    pub(crate) fn all(&self, ids: &BTreeSet<u32>) -> BTreeSet<u32> {
        let mut renumbered = BTreeSet::new();
        for id in ids {
            renumbered.insert(self.of(*id));
        }
        renumbered
    }
}

/// Where a step stands that has this number, when all are numbered in their order.
fn place(id: u32) -> Option<usize> {
    usize::try_from(id).ok()?.checked_sub(1)
}

/// The steps in one order. The derived ones are numbered from 1 and the written ones go on from there;
/// `looks` are derived steps and the written ones that these wait for, as far as that leads to no circle.
pub(crate) fn weave(
    derived: Vec<Step>,
    written: Vec<Step>,
    looks: &[(&BTreeSet<u32>, BTreeSet<u32>)],
) -> (Vec<Step>, Renumbered) {
    let (many, is_one) = (derived.len(), written.is_empty());
    let mut all = derived;
    all.extend(written);
    if is_one {
        let same = Renumbered(all.iter().map(|s| s.id).collect());
        return (all, same);
    }
    let mut late: BTreeSet<usize> = BTreeSet::new();
    for (looks, users) in looks {
        let users: BTreeSet<u32> = users.iter().copied().filter(|u| !waits_for(&all, *u, looks)).collect();
        for look in looks.iter().filter_map(|id| place(*id)).filter(|_| !users.is_empty()) {
            all[look].needs.extend(&users);
            late.insert(look);
        }
    }
    let order = order(&all, &stages(&all, many, &late));
    let mut numbers = vec![0; all.len()];
    for (place, id) in order.iter().zip(1..) {
        numbers[*place] = id;
    }
    let numbers = Renumbered(numbers);
    for step in &mut all {
        step.id = numbers.of(step.id);
        step.needs = numbers.all(&step.needs);
        if let Some(written) = &mut step.written {
            written.instead_of = numbers.all(&written.instead_of);
        }
    }
    // Steps are large: each is moved once.
    all.sort_by_cached_key(|s| s.id);
    (all, numbers)
}

/// Whether a step waits for one of these, itself or through others.
fn waits_for(all: &[Step], step: u32, these: &BTreeSet<u32>) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![step]);
    while let Some(id) = open.pop() {
        if these.contains(&id) {
            return true;
        }
        if seen.insert(id) {
            open.extend(place(id).and_then(|place| all.get(place)).into_iter().flat_map(|s| &s.needs));
        }
    }
    false
}

/// By the place of a step, how late it stands among those that could be next. `derived` is how many of
/// them are; what follows a step that waits for written ones stands with it.
fn stages(all: &[Step], derived: usize, late: &BTreeSet<usize>) -> Vec<u8> {
    let mut stages: Vec<u8> = Vec::with_capacity(all.len());
    let first = first(all, derived);
    for (at, step) in all.iter().enumerate() {
        let follows = || step.needs.iter().filter_map(|n| stages.get(place(*n)?)).any(|stage| *stage == 3);
        stages.push(match step.phase {
            Some(Phase::Prepare | Phase::Contain) => 0,
            Some(Phase::Protect) => 5,
            Some(_) if late.contains(&at) || (at < derived && follows()) => 3,
            Some(_) => 1,
            None if first.contains(&at) => 0,
            None if step.downtime => 2,
            None => 4,
        });
    }
    stages
}

/// The written steps that come before others which wait for data, and wait for none themselves: calling
/// people, stopping what writes.
fn first(all: &[Step], derived: usize) -> BTreeSet<usize> {
    let (mut waiting, mut first) = (BTreeSet::new(), BTreeSet::new());
    let needs = |at: usize| all[at].needs.iter().filter_map(|n| place(*n));
    for at in derived..all.len() {
        if needs(at).any(|n| n < derived || waiting.contains(&n)) {
            waiting.insert(at);
        }
    }
    for at in (derived..all.len()).rev().filter(|at| all[*at].downtime) {
        if waiting.contains(&at) || first.contains(&at) {
            first.extend(needs(at).filter(|n| *n >= derived && !waiting.contains(n)));
        }
    }
    first
}

/// The places of the steps: each after what it needs, else the earliest stage, else as they were.
fn order(all: &[Step], stages: &[u8]) -> Vec<usize> {
    let mut unblocks: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    let mut waits: Vec<usize> = vec![0; all.len()];
    for (at, step) in all.iter().enumerate() {
        for needed in step.needs.iter().filter_map(|n| place(*n)).filter(|n| *n < all.len()) {
            unblocks[needed].push(at);
            waits[at] += 1;
        }
    }
    let mut ready: BTreeSet<(u8, usize)> = BTreeSet::new();
    ready.extend((0..all.len()).filter(|at| waits[*at] == 0).map(|at| (stages[at], at)));
    let mut order = Vec::with_capacity(all.len());
    while let Some((_, next)) = ready.pop_first() {
        order.push(next);
        for other in &unblocks[next] {
            waits[*other] -= 1;
            if waits[*other] == 0 {
                ready.insert((stages[*other], *other));
            }
        }
    }
    order
}
