//! From the steps of each datastore to one numbered order: containment of all first, then what the
//! others depend on, longest lane first, and protecting again at the end; with clock and critical path.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::action::{Carried, Through};
use super::inventory::Components;
use super::model::Step;
use crate::addr::{Address, Name};
use crate::provider::{Phase, RecoveryStep, Undo};
use crate::system::Priority;

/// The way back of one datastore.
pub(crate) struct Lane<'p> {
    /// The datastore.
    pub(crate) datastore: &'p Name,
    /// The resource that holds its data.
    pub(crate) resource: &'p Address,
    /// What comes back first.
    pub(crate) priority: Priority,
    /// Where it comes back.
    pub(crate) region: &'p str,
    /// What its kind does something through there.
    pub(crate) through: Option<&'p Through>,
    /// What its resource needs.
    pub(crate) needs: &'p BTreeSet<Address>,
    /// Its steps.
    pub(crate) steps: &'p [RecoveryStep],
}

impl Lane<'_> {
    /// Seconds of its steps until it is in use again, one after the other.
    fn length(&self) -> i64 {
        self.steps.iter().filter(|s| s.phase.is_downtime()).map(|s| s.estimate.p95.as_secs()).sum()
    }
}

/// A datastore that comes back by derived steps.
pub(crate) struct Back<'p> {
    /// The datastore.
    pub(crate) datastore: &'p Name,
    /// Where it is in use then.
    pub(crate) region: &'p str,
    /// With these steps it is verified, and its users are led to it.
    pub(crate) ready: BTreeSet<u32>,
    /// The first of those that look at it through its users or let these write.
    pub(crate) looks: BTreeSet<u32>,
    /// With these steps it is in use again.
    pub(crate) since: BTreeSet<u32>,
}

/// The numbered steps of all lanes, and with which of them each datastore is back.
pub(crate) fn order<'p>(lanes: &[Lane<'p>], components: &Components) -> (Vec<Step>, Vec<Back<'p>>) {
    let before = dependencies(lanes, components);
    let sorted = sorted(lanes, &before);
    let parts = [
        |phase| phase == Phase::Prepare,
        |phase| phase == Phase::Contain,
        |phase| phase > Phase::Contain && phase < Phase::Protect,
        |phase| phase == Phase::Protect,
    ];
    let emitted: Vec<(usize, usize)> = parts
        .iter()
        .flat_map(|is_in: &fn(Phase) -> bool| {
            sorted.iter().flat_map(move |lane| {
                let steps = lanes[*lane].steps.iter().enumerate();
                steps.filter(move |(_, s)| is_in(s.phase)).map(move |(i, _)| (*lane, i))
            })
        })
        .collect();
    let ids: BTreeMap<(usize, &str), u32> = emitted
        .iter()
        .zip(1..)
        .map(|((lane, i), id)| ((*lane, lanes[*lane].steps[*i].id.as_str()), id))
        .collect();
    let backs: Vec<Back<'p>> = (0..lanes.len()).map(|lane| back(lanes, lane, &ids)).collect();
    let steps: Vec<Step> = emitted
        .iter()
        .map(|(lane, i)| {
            let after: BTreeSet<u32> = before[*lane].iter().flat_map(|b| &backs[*b].since).copied().collect();
            numbered(&lanes[*lane], &lanes[*lane].steps[*i], |name| ids.get(&(*lane, name)).copied(), &after)
        })
        .collect();
    (steps, backs)
}

/// For each lane, the others that have to be back before it: those whose resource its own resource
/// needs, directly or through others.
fn dependencies(lanes: &[Lane<'_>], components: &Components) -> Vec<BTreeSet<usize>> {
    let mut of: BTreeMap<&Address, Vec<usize>> = BTreeMap::new();
    for (i, lane) in lanes.iter().enumerate() {
        of.entry(lane.resource).or_default().push(i);
    }
    let before = |(i, lane): (usize, &Lane<'_>)| {
        let reached = reach(lane.needs, components);
        let others = reached.into_iter().filter_map(|address| of.get(address)).flatten().copied();
        others.filter(|j| *j != i).collect()
    };
    lanes.iter().enumerate().map(before).collect()
}

/// All that is needed, directly or through others.
fn reach<'n>(start: &'n BTreeSet<Address>, components: &'n Components) -> BTreeSet<&'n Address> {
    let (mut seen, mut open) = (BTreeSet::new(), Vec::from_iter(start));
    while let Some(address) = open.pop() {
        if seen.insert(address) {
            open.extend(components.get(address).into_iter().flat_map(|c| &c.needs));
        }
    }
    seen
}

/// What is needed first; among what could be next what the most important service needs, then the
/// longest, because it decides; then by name.
fn sorted(lanes: &[Lane<'_>], before: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut by_rank: Vec<usize> = (0..lanes.len()).collect();
    by_rank.sort_by_key(|i| (lanes[*i].priority, Reverse(lanes[*i].length()), lanes[*i].datastore));
    let mut unblocks: Vec<Vec<usize>> = vec![Vec::new(); lanes.len()];
    let mut waits: Vec<usize> = vec![0; lanes.len()];
    for (rank, lane) in by_rank.iter().enumerate() {
        waits[rank] = before[*lane].len();
        before[*lane].iter().for_each(|needed| unblocks[*needed].push(rank));
    }
    let mut open: BTreeSet<usize> = (0..lanes.len()).collect();
    let mut ready: BTreeSet<usize> = open.iter().copied().filter(|rank| waits[*rank] == 0).collect();
    let mut sorted = Vec::new();
    // The graph of resources has no cycle, so something is always ready; taking the first of all only
    // keeps a broken invariant from becoming an endless loop.
    while let Some(rank) = ready.pop_first().or_else(|| open.first().copied()) {
        open.remove(&rank);
        sorted.push(by_rank[rank]);
        for next in &unblocks[by_rank[rank]] {
            waits[*next] -= 1;
            if waits[*next] == 0 && open.contains(next) {
                ready.insert(*next);
            }
        }
    }
    sorted
}

/// With which steps of a lane its datastore is back.
fn back<'p>(lanes: &[Lane<'p>], lane: usize, ids: &BTreeMap<(usize, &str), u32>) -> Back<'p> {
    let Lane { datastore, region, steps, .. } = &lanes[lane];
    let numbered = |s: &RecoveryStep| ids.get(&(lane, s.id.as_str())).copied();
    let before = |phase: Phase| steps.iter().filter(move |s| s.phase < phase);
    // Those before a phase that none of these needs.
    let ends = |phase: Phase| {
        let needed: BTreeSet<&str> = before(phase).flat_map(|s| &s.needs).map(String::as_str).collect();
        before(phase).filter(|s| !needed.contains(s.id.as_str())).filter_map(numbered).collect()
    };
    let earlier: BTreeSet<&str> = before(Phase::Confirm).map(|s| s.id.as_str()).collect();
    let late = before(Phase::Protect).filter(|s| s.phase >= Phase::Confirm);
    let looks = late.filter(|s| s.needs.iter().all(|n| earlier.contains(n.as_str())));
    Back {
        datastore,
        region,
        ready: ends(Phase::Confirm),
        looks: looks.filter_map(numbered).collect(),
        since: ends(Phase::Protect),
    }
}

/// One step with its number. The first after containment also waits for what its datastore depends on.
fn numbered(
    lane: &Lane<'_>,
    step: &RecoveryStep,
    id: impl Fn(&str) -> Option<u32>,
    after: &BTreeSet<u32>,
) -> Step {
    let mut needs: BTreeSet<u32> = step.needs.iter().filter_map(|n| id(n)).collect();
    let phase_of = |name: &String| lane.steps.iter().find(|s| s.id == *name).map(|s| s.phase);
    let is_first = step.needs.iter().all(|n| phase_of(n) == Some(Phase::Contain));
    if is_first && step.phase > Phase::Contain {
        needs.extend(after);
    }
    Step {
        id: id(&step.id).expect("every step of every lane was given a number"),
        datastore: Some(lane.datastore.clone()),
        written: None,
        summary: step.summary.clone(),
        phase: Some(step.phase),
        kind: step.nature,
        needs,
        before: step.before.clone(),
        unsaid: step.unsaid.clone(),
        api: step.api.clone(),
        command_equivalent: step.command.clone(),
        carried: Carried::derived(step, lane.through),
        undo: match &step.undo {
            Undo::Command { words } => words.clone(),
            Undo::Nothing | Undo::ByHand { .. } | Undo::Never { .. } => Vec::new(),
        },
        undo_by_hand: match &step.undo {
            Undo::ByHand { how } => Some(how.clone()),
            Undo::Nothing | Undo::Command { .. } | Undo::Never { .. } => None,
        },
        no_way_back: match &step.undo {
            Undo::Never { why } => Some(why.clone()),
            Undo::Nothing | Undo::ByHand { .. } | Undo::Command { .. } => None,
        },
        owner: None,
        downtime: step.phase.is_downtime(),
        checks: makes_sure_of(step.phase),
        destroys: Vec::new(),
        p50_s: Some(step.estimate.p50.as_secs()),
        p95_s: Some(step.estimate.p95.as_secs()),
        estimate_source: step.estimate.source.clone(),
        done_p50_s: None,
        done_p95_s: None,
        critical: false,
        why: step.why.clone(),
        facts: step.facts.clone(),
    }
}

/// What a step of that phase makes sure of.
fn makes_sure_of(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Verify => Some("data"),
        Phase::Fence => Some("fence"),
        Phase::Confirm => Some("service"),
        Phase::Prepare
        | Phase::Contain
        | Phase::Restore
        | Phase::Redirect
        | Phase::Resume
        | Phase::Protect => None,
    }
}

/// Sets when each step is done at the earliest, and which steps decide the downtime.
pub(crate) fn clock(steps: &mut [Step]) {
    // What has no estimate counts as nothing here: it may decide, and nobody can tell.
    let mut ends: BTreeMap<u32, (i64, i64)> = BTreeMap::new();
    let mut known: BTreeSet<u32> = BTreeSet::new();
    for step in steps.iter_mut() {
        // Its clock begins when something is stopped.
        if step.phase == Some(Phase::Prepare) {
            known.insert(step.id);
            continue;
        }
        let needed = || step.needs.iter().filter_map(|n| ends.get(n));
        let p50 = needed().map(|d| d.0).max().unwrap_or(0) + step.p50_s.unwrap_or(0);
        let p95 = needed().map(|d| d.1).max().unwrap_or(0) + step.p95_s.unwrap_or(0);
        let is_known = step.p95_s.is_some() && step.needs.iter().all(|n| known.contains(n));
        (step.done_p50_s, step.done_p95_s) = if is_known { (Some(p50), Some(p95)) } else { (None, None) };
        step.critical = false;
        known.extend(is_known.then_some(step.id));
        ends.insert(step.id, (p50, p95));
    }
    mark_critical(steps, &ends);
}

/// The seconds until the last resumption, at least: what has no estimate counts as nothing.
pub(crate) fn at_least(steps: &[Step]) -> i64 {
    steps.iter().filter(|s| s.critical).filter_map(|s| s.p95_s).sum()
}

/// Marks the steps of the longest path to the last resumption, by the unlucky durations.
fn mark_critical(steps: &mut [Step], ends: &BTreeMap<u32, (i64, i64)>) {
    let places: BTreeMap<u32, usize> = steps.iter().zip(0..).map(|(s, place)| (s.id, place)).collect();
    let latest = |ids: &mut dyn Iterator<Item = u32>| {
        ids.filter(|id| places.contains_key(id)).max_by_key(|id| (ends.get(id).map(|e| e.1), Reverse(*id)))
    };
    let mut next = latest(&mut steps.iter().filter(|s| s.downtime).map(|s| s.id));
    while let Some(step) = next.and_then(|id| steps.get_mut(*places.get(&id)?)) {
        step.critical = true;
        next = latest(&mut step.needs.iter().copied().filter(|id| ends.contains_key(id)));
    }
}
