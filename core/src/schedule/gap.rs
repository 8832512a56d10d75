//! The largest time between two runs.

use jiff::{SignedDuration, Timestamp};

use super::Schedule;
use super::calendar::Calendar;

/// A time without a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// How long it is.
    pub length: SignedDuration,
    /// The runs at its ends, where those are known.
    pub between: Option<(Timestamp, Timestamp)>,
}

/// The largest time between two runs of any of these schedules that touches the window. Beside a schedule
/// that is no calendar, and where one of them runs every hour, the bound is that of the best of them
/// alone.
pub fn largest_gap(schedules: &[&Schedule], from: Timestamp, to: Timestamp) -> Option<Gap> {
    let alone = schedules.iter().filter_map(|s| s.largest_gap(from, to)).min_by_key(|gap| gap.length);
    let calendars = schedules.iter().all(|s| matches!(s, Schedule::Calendar(_)));
    if schedules.len() < 2 || !calendars || alone.is_some_and(|g| g.length <= SignedDuration::from_hours(1)) {
        return alone;
    }
    let last = |until: Timestamp| schedules.iter().filter_map(|s| s.last(until)).max();
    let next = |after: Timestamp| schedules.iter().filter_map(|s| s.next(after)).min();
    let mut at = last(from)?;
    let mut largest = Gap { length: SignedDuration::ZERO, between: None };
    while at < to {
        // Up to the last run within reach no gap is larger than the largest so far.
        let reach = at.checked_add(largest.length).ok()?;
        let run = last(reach).unwrap_or(at);
        if run > at {
            at = run;
            continue;
        }
        let after = next(at)?;
        largest = Gap { length: after.duration_since(at), between: Some((at, after)) };
        at = after;
    }
    Some(largest)
}

impl Calendar {
    /// The largest gap that touches the window, the first of several.
    pub(super) fn largest_gap(&self, from: Timestamp, to: Timestamp) -> Option<Gap> {
        let mut last = self.last_until(from.as_second())?;
        let mut largest = (0, last);
        let mut gap = |since: i64, run: i64| {
            if run - since > largest.0 {
                largest = (run - since, since);
            }
        };
        let inner = widest(&self.times);
        for day in self.days(last + 1, to.as_second()) {
            gap(last, day.first());
            let (within, at) = if day.times.len() == self.times.len() { inner } else { widest(day.times) };
            gap(day.midnight + at, day.midnight + at + within);
            last = day.last();
        }
        gap(last, self.first_from(to.as_second().max(last + 1))?);
        let (length, since) = largest;
        let at = |second| Timestamp::from_second(second).ok();
        Some(Gap { length: SignedDuration::from_secs(length), between: at(since).zip(at(since + length)) })
    }
}

/// The largest distance of neighbours and where it begins.
fn widest(times: &[i64]) -> (i64, i64) {
    let gaps = times.windows(2).map(|w| (w[1] - w[0], w[0]));
    gaps.fold((0, 0), |widest, gap| if gap.0 > widest.0 { gap } else { widest })
}
