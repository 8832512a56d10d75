//! What goes next: of each mechanism the first point or part of its history that is deleted, and
//! whether another one still has that moment.

use jiff::{SignedDuration, Timestamp};

use super::mechanism::{Makes, Mechanism};
use super::{Input, View};
use crate::schedule::Schedule;

/// Something that will be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// When it goes.
    pub on: Timestamp,
    /// Of which mechanism: an index into those of the timeline.
    pub of: usize,
    /// The oldest moment that goes.
    pub from: Timestamp,
    /// The youngest one that goes with it; the same for a single point.
    pub to: Timestamp,
    /// Whether an apply takes it, not its age.
    pub by_apply: bool,
    /// The mechanism that has it as well, by its index.
    pub covered_by: Option<usize>,
}

/// As many deletions of one mechanism are looked through for one that nothing covers.
const MOST: usize = 64;

/// The first deletion of each mechanism that nothing else covers, else the first, until the last day.
pub(super) fn deletions(input: &Input<'_>, all: &[Mechanism]) -> Vec<Deletion> {
    let mut found = Vec::new();
    for (of, mechanism) in all.iter().enumerate() {
        let mut going = going(input, mechanism, of);
        for deletion in &mut going {
            deletion.covered_by = covered(input, all, deletion);
        }
        let uncovered = going.iter().position(|d| d.covered_by.is_none());
        if !going.is_empty() {
            found.push(going.swap_remove(uncovered.unwrap_or(0)));
        }
    }
    found.sort_by_key(|d: &Deletion| (d.on, d.covered_by.is_some(), d.of));
    found
}

/// What goes of one mechanism, in its order.
fn going(input: &Input<'_>, mechanism: &Mechanism, of: usize) -> Vec<Deletion> {
    let one = |on, from, to, by_apply| Deletion { on, of, from, to, by_apply, covered_by: None };
    let present = mechanism.on(View::Present, input.now);
    let applied = mechanism.on(View::Applied, input.now);
    let mut found = Vec::new();
    if let Some(Some((from, end))) = present.as_ref().map(|p| p.oldest.map(|oldest| (oldest, p.newest))) {
        let to = match &applied {
            None => Some(end),
            Some(applied) => applied.oldest.filter(|oldest| *oldest > from),
        };
        found.extend(to.map(|to| one(input.now, from, to, true)));
    }
    let Some((run, keeps)) = mechanism.applied.as_ref().and_then(|run| Some((run, run.keeps?))) else {
        return found;
    };
    let Some(oldest) = applied.and_then(|a| a.oldest) else { return found };
    let gone = |at: Timestamp| at.checked_add(keeps).ok().filter(|on| *on <= input.until);
    match &run.makes {
        Makes::Points(schedule) => {
            let mut at = Some(oldest);
            while let Some(point) = at.filter(|_| found.len() < MOST) {
                let Some(on) = gone(point) else { break };
                found.push(one(on, point, point, false));
                at = schedule.next(point);
            }
        }
        // Every second of it goes, one after the other: what counts is the one that goes first.
        Makes::History => {
            let first = gone(oldest).map(|on| on.max(input.now));
            found.extend(first.map(|on| one(on, oldest, oldest, false)));
        }
        Makes::One(_) | Makes::Copy => {}
    }
    found
}

/// Another mechanism that still can restore to what goes.
fn covered(input: &Input<'_>, all: &[Mechanism], deletion: &Deletion) -> Option<usize> {
    let own = &all[deletion.of];
    let makes = own.present.as_ref().or(own.applied.as_ref()).map(|run| &run.makes);
    let gap = match makes {
        Some(Makes::Points(schedule)) => gap(schedule, input.now),
        Some(Makes::History | Makes::One(_) | Makes::Copy) | None => SignedDuration::ZERO,
    };
    let others = all.iter().enumerate().filter(|(other, _)| *other != deletion.of);
    let covers = |mechanism: &Mechanism| {
        let extent = mechanism.on(View::Applied, deletion.on);
        extent.is_some_and(|e| e.reaches(deletion.from, gap) && e.reaches(deletion.to, gap))
    };
    others.filter(|(_, mechanism)| covers(mechanism)).map(|(other, _)| other).next()
}

/// How far two points of a schedule are apart.
fn gap(schedule: &Schedule, now: Timestamp) -> SignedDuration {
    const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);
    let until = now.checked_add(YEAR).unwrap_or(Timestamp::MAX);
    schedule.largest_gap(now, until).map_or(SignedDuration::ZERO, |gap| gap.length)
}
