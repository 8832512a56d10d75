//! Restore points over time: what the rows say is what somebody would find who looked at every run.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use drctl_core::config;
use drctl_core::plan::system;
use drctl_core::provider::Registry;
use drctl_core::span::SourceMap;
use drctl_core::system::System;
use drctl_core::timeline::{Cell, Input, Timeline, View, cells, columns, timelines};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const NOW: &str = "2026-11-21T03:00:00Z";

fn declared(text: &str) -> System {
    let mut sources = SourceMap::default();
    sources.add("main.dr.hcl", text.to_owned());
    let (config, diags) = config::load(&sources, &Registry { providers: &[] });
    assert!(!diags.has_errors(), "{diags:?}");
    let (system, diags) = system(&config, &BTreeMap::new());
    assert!(!diags.has_errors(), "{diags:?}");
    system
}

fn with<T>(text: &str, days: i64, look: impl Fn(&Input<'_>, &Timeline) -> T) -> T {
    let system = declared(text);
    let now: Timestamp = NOW.parse().unwrap();
    let until = now + SignedDuration::from_hours(24 * days);
    let none = drctl_core::recovery::Components::default();
    let input = Input { system: &system, now_is: &none, then_is: &none, now, until };
    look(&input, &timelines(&input, None)[0])
}

fn backup(name: &str, schedule: &str, more: &str) -> String {
    format!(
        "backup \"{name}\" {{\n  of = datastore.d\n  external {{\n    schedule = {schedule}\n{more}  }}\n}}\n"
    )
}

const DATASTORE: &str = "datastore \"d\" {\n}\n";

/// The picture of the last day, a letter a column.
fn drawn(text: &str, days: i64) -> Vec<String> {
    with(text, days, |input, one| {
        let borders = columns(input, one, 40);
        let row = |m| {
            let cells = cells(m, View::Applied, input.until, &borders);
            cells.into_iter().map(|c| match c {
                Cell::Nothing => '.',
                Cell::Point => '|',
                Cell::Any => '#',
                Cell::Part => '=',
                Cell::Unknown => '?',
            })
        };
        one.mechanisms.iter().map(|m| row(m).collect()).collect()
    })
}

#[test]
fn points_are_there_from_when_they_arrive_until_they_are_no_longer_kept() {
    let daily = backup("b", "cron(\"0 2 * * *\", \"UTC\")", "    keep = \"7d\"\n    takes = \"2h\"\n");
    // At 3:00 the run of 2:00 is not there yet: it takes two hours.
    with(&format!("{DATASTORE}{daily}"), 10, |input, one| {
        let extent = one.mechanisms[0].on(View::Present, input.now).unwrap();
        assert_eq!(extent.newest, "2026-11-20T02:00:00Z".parse().unwrap());
        assert_eq!(extent.oldest(), Some("2026-11-15T02:00:00Z".parse().unwrap()));
        assert_eq!(one.deletions[0].on, "2026-11-22T02:00:00Z".parse().unwrap());
        assert_eq!((one.deletions[0].covered_by, one.uncovered), (None, Some(0)));
    });
}

#[test]
fn what_nobody_promises_to_keep_is_not_known() {
    let never = backup("a", "cron(\"0 2 * * *\", \"UTC\")", "");
    assert!(drawn(&format!("{DATASTORE}{never}"), 7)[0].trim_end_matches('.').ends_with("?|"));
    let always = backup("b", "\"continuous\"", "    keep = \"2d\"\n");
    let row = &drawn(&format!("{DATASTORE}{always}"), 7)[0];
    assert!(row.contains("##") && row.starts_with('.') && !row.contains(['|', '?']), "{row}");
}

#[test]
fn a_longer_history_covers_what_a_shorter_one_lets_go() {
    let (long, short) = (
        backup("a", "\"continuous\"", "    keep = \"30d\"\n"),
        backup("b", "rate(\"6h\")", "    keep = \"2d\"\n"),
    );
    with(&format!("{DATASTORE}{long}{short}"), 7, |_, one| {
        let covered: Vec<_> = one.deletions.iter().map(|d| (d.of, d.covered_by)).collect();
        assert!(covered.contains(&(0, None)) && covered.contains(&(1, Some(0))), "{covered:?}");
    });
}

proptest! {
    /// A column has a point if and only if a run of the schedule lies in it that has arrived and is
    /// still kept.
    #[test]
    fn every_column_says_what_looking_at_every_run_says(
        hour in 0..24i64, every in 1..12i64, keep in 1..40i64, takes in 0..30i64, days in 1..80i64,
    ) {
        let schedule = format!("cron(\"{} {hour}-23/{every} * * *\", \"UTC\")", hour * 2);
        let more = format!("    keep = \"{keep}d\"\n    takes = \"{takes}h\"\n");
        let text = format!("{DATASTORE}{}", backup("b", &schedule, &more));
        with(&text, days, |input, one| {
            let backup = declared(&text).backups.into_values().next().unwrap().is;
            let schedule = backup.method().bases[0].1;
            let borders = columns(input, one, 60);
            assert!(borders.len() <= 61 && borders.last().unwrap() > &input.until);
            let found = cells(&one.mechanisms[0], View::Applied, input.until, &borders);
            let hours = |h: i64| SignedDuration::from_hours(h);
            for (column, cell) in borders.windows(2).zip(found) {
                let (mut at, mut any) = (column[0] - SignedDuration::from_secs(1), false);
                while let Some(run) = schedule.next(at).filter(|run| *run < column[1]) {
                    any |= run + hours(takes) <= input.until && run + hours(24 * keep) >= input.until;
                    at = run;
                }
                assert_eq!(cell == Cell::Point, any, "{column:?}");
            }
        });
    }
}
