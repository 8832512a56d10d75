//! Schedules against a clock that is watched minute by minute, the way a cron daemon does it: the
//! oracle knows nothing of days or stretches, only what the clock on the wall shows each minute.

#![allow(missing_docs)]

use std::collections::BTreeSet;

use drctl_core::schedule::{Calendar, Schedule};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;

/// A field: its text, what it means, and whether it begins with `*`.
#[derive(Debug, Clone)]
struct Field {
    text: String,
    values: BTreeSet<i8>,
}

impl Field {
    fn star(&self) -> bool {
        self.text.starts_with('*')
    }
}

fn field(low: i8, high: i8) -> impl Strategy<Value = Field> {
    let all = move |step: i8| (low..=high).step_by(step as usize).collect::<BTreeSet<i8>>();
    prop_oneof![
        3 => Just(Field { text: "*".to_owned(), values: all(1) }),
        2 => (2..=high).prop_map(move |n| Field { text: format!("*/{n}"), values: all(n) }),
        3 => prop::collection::btree_set(low..=high, 1..4).prop_map(|values| {
            let text = values.iter().map(i8::to_string).collect::<Vec<_>>().join(",");
            Field { text, values }
        }),
        2 => (low..=high, low..=high).prop_map(|(a, b)| {
            let (a, b) = (a.min(b), a.max(b));
            Field { text: format!("{a}-{b}"), values: (a..=b).collect() }
        }),
    ]
}

#[derive(Debug, Clone)]
struct Job {
    aws: bool,
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    /// In unix numbers.
    week: Field,
    zone: &'static str,
}

impl Job {
    /// None when there is no such day, such as 30 February.
    fn schedule(&self) -> Option<Calendar> {
        let Job { minute, hour, day, month, week, .. } = self;
        let [minute, hour, day, month, week] = [minute, hour, day, month, week].map(|f| f.text.as_str());
        let parsed = match (self.aws, week) {
            (true, "*") => Schedule::aws(&format!("{minute} {hour} {day} {month} ? *"), self.zone),
            (true, _) => {
                let week: Vec<String> = self.week.values.iter().map(|d| (d + 1).to_string()).collect();
                Schedule::aws(&format!("{minute} {hour} ? {month} {} *", week.join(",")), self.zone)
            }
            (false, _) => Schedule::unix(&format!("{minute} {hour} {day} {month} {week}"), self.zone),
        };
        match parsed {
            Ok(Schedule::Calendar(calendar)) => Some(*calendar),
            Err(wrong) if wrong.message.starts_with("there is no such day") => None,
            other => panic!("{self:?}: {other:?}"),
        }
    }

    fn is_day(&self, clock: DateTime) -> bool {
        let of_month = self.day.values.contains(&clock.day());
        let of_week = self.week.values.contains(&clock.date().weekday().to_sunday_zero_offset());
        let day = match (self.aws, self.week.text == "*") {
            (true, true) => of_month,
            (true, false) => of_week,
            (false, _) if self.day.star() || self.week.star() => of_month && of_week,
            (false, _) => of_month || of_week,
        };
        day && self.month.values.contains(&clock.month())
    }

    fn shows(&self, clock: DateTime) -> bool {
        self.is_day(clock)
            && self.hour.values.contains(&clock.hour())
            && self.minute.values.contains(&clock.minute())
    }

    /// No day of 28 years is meant, in which each date falls on each day of the week.
    fn never(&self) -> Result<(), TestCaseError> {
        let days = jiff::civil::date(1996, 1, 1).series(1.day()).take(28 * 366);
        let mut noons = days.map(|day| day.at(12, 0, 0, 0));
        prop_assert_eq!(noons.find(|noon| self.is_day(*noon)), None);
        Ok(())
    }

    /// Watches the clock from two days before the window.
    fn watched(&self, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let zone = TimeZone::get(self.zone).expect("a zone of the list");
        let fixed = self.aws || (!self.minute.star() && !self.hour.star());
        let mut runs = Vec::new();
        let mut at = from - 48.hours();
        let mut furthest = zone.to_datetime(at) - 1.minute();
        while at < until {
            let clock = zone.to_datetime(at);
            let mut run = self.shows(clock);
            if fixed && clock <= furthest {
                run = false;
            }
            if fixed && !self.aws {
                let mut skipped = furthest + 1.minute();
                while skipped < clock {
                    run |= self.shows(skipped);
                    skipped += 1.minute();
                }
            }
            furthest = furthest.max(clock);
            if run && at >= from {
                runs.push(at);
            }
            at += 1.minute();
        }
        runs
    }
}

const ZONES: [&str; 8] = [
    "UTC",
    "America/New_York",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "America/Santiago",
];

fn job() -> impl Strategy<Value = Job> {
    let fields = (field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6));
    (any::<bool>(), fields, prop::sample::select(&ZONES[..])).prop_map(
        |(aws, (minute, hour, day, month, week), zone)| Job { aws, minute, hour, day, month, week, zone },
    )
}

/// An hour of 1990 to 2060, half of the time close to where the clock of the zone is changed.
fn moment(zone: &str, hour: i64, near: bool) -> Timestamp {
    let at = Timestamp::from_second(631_152_000 + hour * 3600).expect("in range");
    let zone = TimeZone::get(zone).expect("a zone of the list");
    let change = zone.following(at).next().map(|t| t.timestamp());
    match change {
        Some(change) if near => change - SignedDuration::from_mins(hour % 1500),
        _ => at,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runs_are_those_that_a_watched_clock_shows(job in job(), hour in 0i64..613_000, near: bool) {
        let from = moment(job.zone, hour, near);
        let until = from + 50.hours();
        let Some(calendar) = job.schedule() else { return job.never() };
        let runs: Vec<Timestamp> = calendar.runs(from, until).collect();
        prop_assert_eq!(&runs, &job.watched(from, until));
        // Asking for one after the other gives the same, and always goes on.
        let (mut at, mut one_by_one) = (from - 1.second(), Vec::new());
        while let Some(next) = calendar.next(at).filter(|next| *next < until) {
            prop_assert!(next > at);
            one_by_one.push(next);
            at = next;
        }
        prop_assert_eq!(runs, one_by_one);
    }

    #[test]
    fn the_largest_gap_is_attained_and_none_is_larger(job in job(), hour in 0i64..613_000, near: bool) {
        let from = moment(job.zone, hour, near);
        let to = from + 2400.hours();
        let Some(calendar) = job.schedule() else { return job.never() };
        let Some(gap) = Schedule::Calendar(Box::new(calendar.clone())).largest_gap(from, to) else {
            prop_assert_eq!(calendar.next(from), None);
            return Ok(());
        };
        let (since, run) = gap.between.expect("a calendar has runs");
        prop_assert_eq!(run.duration_since(since), gap.length);
        prop_assert_eq!(calendar.next(since), Some(run));
        prop_assert_eq!(calendar.runs(since, since + 1.second()).next(), Some(since));
        prop_assert!(since < to && run > from, "{since} to {run} does not touch the window");
        let runs: Vec<Timestamp> = calendar.runs(from, to).collect();
        for pair in runs.windows(2) {
            prop_assert!(pair[1].duration_since(pair[0]) <= gap.length, "{} to {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn no_text_breaks_the_parser(text in "[-*?/,#LW0-9A-Z@ é]{0,24}", zone in "[A-Za-z/+]{0,12}") {
        for parsed in [Schedule::unix(&text, "UTC"), Schedule::aws(&text, &zone), Schedule::rate(&text)] {
            if let Err(wrong) = parsed {
                let blamed = if wrong.part == drctl_core::schedule::Part::Zone { &zone } else { &text };
                prop_assert!(blamed.get(wrong.at.clone()).is_some(), "{:?}", wrong);
            }
        }
    }
}
