//! Whether a run will miss its objective: how that is said, and when it is news.

use std::sync::{Mutex, PoisonError};

use drctl_core::recovery::readable;
use drctl_engine::telling::RunClock;

/// By how many seconds it must have changed to be said again.
const NEWS_S: i64 = 5 * 60;

/// How a run is doing, on one line.
pub(super) fn told(clock: &RunClock) -> String {
    let doing = late(clock).unwrap_or_else(|| left(clock));
    format!("{} elapsed, {doing}", readable(clock.elapsed_s))
}

/// That the objective will be missed, when it will be.
fn late(clock: &RunClock) -> Option<String> {
    let late_s = clock.late_s().filter(|late| *late > 0)?;
    Some(format!("will miss RTO by {}: {}", readable(late_s), against(clock)))
}

/// What is left, and what was promised.
fn against(clock: &RunClock) -> String {
    let objective = clock.rto_s.map(|rto| format!(", objective {}", readable(rto)));
    left(clock) + &objective.unwrap_or_default()
}

fn left(clock: &RunClock) -> String {
    let (usual, longest) = (readable(clock.left_p50_s), readable(clock.left_p95_s));
    match clock.left_p95_s > clock.left_p50_s {
        true => format!("about {usual} – {longest} left"),
        false => format!("about {usual} left"),
    }
}

/// What was last said of the objective: by how many seconds it will be missed. Who reads lines is told when that
/// changes, and not at every beat.
#[derive(Default)]
pub(super) struct Lateness(Mutex<i64>);

/// What is new of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct News {
    pub(super) text: String,
    /// Whether it will be missed.
    pub(super) late: bool,
}

impl Lateness {
    /// What there is to say now.
    pub(super) fn news(&self, clock: &RunClock) -> Option<News> {
        let now = clock.late_s()?;
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if (now > 0) == (*said > 0) && (now - *said).abs() < NEWS_S {
            return None;
        }
        *said = now;
        let again = || format!("will meet RTO again: {}", against(clock));
        Some(News { text: late(clock).unwrap_or_else(again), late: now > 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a run with an objective of 40 minutes.
    fn at(elapsed_m: i64, left_m: i64) -> RunClock {
        RunClock {
            elapsed_s: elapsed_m * 60,
            left_p50_s: left_m * 60,
            left_p95_s: left_m * 90,
            rto_s: Some(2_400),
            works: false,
        }
    }

    #[test]
    fn that_the_objective_will_be_missed_is_said_when_it_is_news() {
        let lateness = Lateness::default();
        let cases = [
            (at(0, 40), None),
            (at(12, 40), Some("will miss RTO by 12m: about 40m – 1h left, objective 40m")),
            (at(16, 40), None),
            (at(17, 40), Some("will miss RTO by 17m: about 40m – 1h left, objective 40m")),
            (at(20, 32), Some("will miss RTO by 12m: about 32m – 48m left, objective 40m")),
            (at(21, 19), Some("will meet RTO again: about 19m – 28m 30s left, objective 40m")),
            (at(21, 18), None),
            (at(22, 19), Some("will miss RTO by 1m: about 19m – 28m 30s left, objective 40m")),
            (RunClock { works: true, ..at(50, 0) }, None),
            (RunClock { rto_s: None, ..at(50, 10) }, None),
        ];
        for (clock, expected) in cases {
            let news = lateness.news(&clock);
            assert_eq!(news.as_ref().map(|news| news.text.as_str()), expected, "{clock:?}");
            assert!(news.is_none_or(|news| news.late == clock.late_s().is_some_and(|late| late > 0)));
        }
    }

    #[test]
    fn the_same_is_said_beside_the_spinner() {
        let cases = [
            (at(12, 40), "12m elapsed, will miss RTO by 12m: about 40m – 1h left, objective 40m"),
            (at(12, 20), "12m elapsed, about 20m – 30m left"),
            (RunClock { works: true, ..at(50, 0) }, "50m elapsed, about 0s left"),
            (RunClock { rto_s: None, ..at(50, 10) }, "50m elapsed, about 10m – 15m left"),
        ];
        for (clock, expected) in cases {
            assert_eq!(told(&clock), expected);
        }
    }
}
