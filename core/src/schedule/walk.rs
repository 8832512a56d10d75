//! Going through the runs of a calendar in time. The zone is taken apart into stretches of one
//! offset; inside of each the clock goes as expected, and only its start needs a rule.

use std::iter;

use jiff::Timestamp;

use super::calendar::Calendar;
use super::field::Dialect;

const DAY: i64 = 86_400;
/// Days repeat after 400 years: what does not run in so long never does.
const CYCLE: i64 = 146_097 * DAY;
/// A change of the clock from here on is a correction, not daylight saving: nothing is made good.
const CORRECTION: i64 = 3 * 3600;
/// What is looked at, in seconds: so far from the ends of time that no offset leads beyond.
const FIRST: i64 = -370_000_000_000;
const LAST: i64 = 253_400_000_000;

/// A time of one offset.
struct Stretch {
    start: i64,
    end: i64,
    offset: i64,
    /// How far the clock is set forward at its start.
    change: i64,
}

/// The runs of one day in one stretch: midnight, and seconds from there.
pub(super) struct DayRuns<'c> {
    pub(super) midnight: i64,
    pub(super) times: &'c [i64],
}

impl DayRuns<'_> {
    pub(super) fn first(&self) -> i64 {
        self.midnight + self.times[0]
    }

    pub(super) fn last(&self) -> i64 {
        self.midnight + self.times[self.times.len() - 1]
    }
}

impl Calendar {
    /// The first run after an instant; none when it never runs again.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let from = after.as_second() + 1;
        let first = self.days(from, from + CYCLE).next()?;
        Timestamp::from_second(first.first()).ok()
    }

    /// The runs from one instant until before another.
    pub fn runs(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
        let up = |t: Timestamp| t.as_second() + i64::from(t.subsec_nanosecond() > 0);
        self.days(up(from), up(until))
            .flat_map(|day| day.times.iter().map(move |time| day.midnight + time))
            .filter_map(|second| Timestamp::from_second(second).ok())
    }

    /// The last run until an instant, itself included, no longer ago than days repeat.
    pub(super) fn last_until(&self, at: i64) -> Option<i64> {
        [2 * DAY, 40 * DAY, 400 * DAY, 3000 * DAY, CYCLE]
            .into_iter()
            .find_map(|back| self.days(at - back, at + 1).last())
            .map(|day| day.last())
    }

    /// The first run from an instant on.
    pub(super) fn first_from(&self, at: i64) -> Option<i64> {
        self.days(at, at + CYCLE).next().map(|day| day.first())
    }

    /// The runs with `from <= run < until`, by day, in time.
    pub(super) fn days(&self, from: i64, until: i64) -> impl Iterator<Item = DayRuns<'_>> {
        let (from, until) = (from.max(FIRST), until.min(LAST));
        self.stretches(from, until).flat_map(move |stretch| self.in_stretch(stretch, from, until))
    }

    fn stretches(&self, from: i64, until: i64) -> impl Iterator<Item = Stretch> {
        let at = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
        let offset = move |second: i64| i64::from(self.zone.to_offset(at(second)).seconds());
        let before = self.zone.preceding(at(from + 1)).next().map(|t| t.timestamp().as_second());
        let after = self.zone.following(at(from)).map(|t| t.timestamp().as_second());
        let mut bounds = after.take_while(move |second| *second < until).chain(iter::once(until));
        let mut start = before.unwrap_or(i64::MIN);
        iter::from_fn(move || {
            let end = bounds.next()?;
            let known = start.max(from);
            let change = if start > FIRST { offset(start) - offset(start - 1) } else { 0 };
            let stretch = Stretch { start, end, offset: offset(known), change };
            start = end;
            Some(stretch)
        })
        .filter(|stretch| stretch.start < stretch.end)
    }

    fn in_stretch(&self, stretch: Stretch, from: i64, until: i64) -> impl Iterator<Item = DayRuns<'_>> {
        let (offset, change) = (stretch.offset, stretch.change);
        let once = match self.dialect {
            Dialect::Unix => self.is_fixed() && change.abs() < CORRECTION,
            Dialect::Aws => true,
        };
        let made_good = self.dialect == Dialect::Unix
            && once
            && change > 0
            && (from..until).contains(&stretch.start)
            && self
                .local_days(stretch.start + offset - change, stretch.start + offset, offset)
                .next()
                .is_some();
        let late = made_good.then_some(DayRuns { midnight: stretch.start, times: &[0] });
        let mut begin = stretch.start.max(from);
        if made_good {
            begin = begin.max(stretch.start + 1);
        } else if once && change < 0 {
            // What the clock has shown before is not repeated.
            begin = begin.max(stretch.start - change);
        }
        let end = stretch.end.min(until);
        late.into_iter().chain(self.local_days(begin + offset, end + offset, offset))
    }

    /// The runs that the clock shows from one time until before another, at one offset.
    fn local_days(&self, from: i64, until: i64, offset: i64) -> impl Iterator<Item = DayRuns<'_>> {
        let days = from.div_euclid(DAY)..=(until - 1).div_euclid(DAY);
        days.filter(|day| self.has_day(*day)).filter_map(move |day| {
            let midnight = day * DAY;
            let first = self.times.partition_point(|time| midnight + time < from);
            let past = self.times.partition_point(|time| midnight + time < until);
            (first < past).then(|| DayRuns { midnight: midnight - offset, times: &self.times[first..past] })
        })
    }
}
