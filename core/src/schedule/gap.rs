//! The largest time between two runs.

use jiff::{SignedDuration, Timestamp};

use super::calendar::Calendar;

/// A time without a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// How long it is.
    pub length: SignedDuration,
    /// The runs at its ends, where those are known.
    pub between: Option<(Timestamp, Timestamp)>,
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
