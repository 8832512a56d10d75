//! Objectives over declared systems: cases as data, what must hold for every system, and years of
//! disasters that never lose more than was computed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the cases are files")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use drctl_core::config;
use drctl_core::objective::{Input, Judgement, Worst, judge};
use drctl_core::plan::system;
use drctl_core::provider::Registry;
use drctl_core::recovery::readable;
use drctl_core::span::{SourceMap, Span};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const NOW: &str = "2026-11-21T03:00:00Z";

/// What is judged of a text.
fn judged(text: &str) -> (Vec<Judgement<Span>>, SourceMap) {
    let mut sources = SourceMap::default();
    sources.add("main.dr.hcl", text.to_owned());
    let (config, diags) = config::load(&sources, &Registry { providers: &[] });
    assert!(!diags.has_errors(), "{diags:?}");
    let (system, diags) = system(&config, &BTreeMap::new());
    assert!(!diags.has_errors(), "{diags:?}");
    let input = Input {
        system: &system,
        now_is: &[],
        then_is: &[],
        derived: &BTreeMap::new(),
        now: NOW.parse().unwrap(),
    };
    (judge(&input), sources)
}

fn seconds(worst: Worst) -> String {
    match worst {
        Worst { possible: false, .. } => "no way back".to_owned(),
        Worst { low_s: None, .. } => "unbounded".to_owned(),
        Worst { low_s: Some(low), high_s: None, .. } => format!("{} or more", readable(low)),
        Worst { low_s: Some(low), high_s: Some(high), .. } if low == high => readable(low),
        Worst { low_s: Some(low), high_s: Some(high), .. } => {
            format!("{} to {}", readable(low), readable(high))
        }
    }
}

fn shown(text: &str) -> String {
    let (judged, sources) = judged(text);
    let line = |span: &Option<Span>| {
        span.map(|s| format!(" :{}", sources.position(s.file, s.start).line)).unwrap_or_default()
    };
    let mut out = String::new();
    for one in &judged {
        let promise = one.objective.as_ref().map(|o| format!(" of {}{}", readable(o.most_s), line(&o.at)));
        let most = one.maximum.as_ref().map(|o| format!(" at most {}", readable(o.most_s)));
        let (promise, most) = (promise.unwrap_or_default(), most.unwrap_or_default());
        let (worst, metric) = (seconds(one.after), one.metric);
        writeln!(
            out,
            "{} {:?} {}: {worst}{promise}{most} {:?}",
            one.scenario, metric, one.subject, one.status
        )
        .unwrap();
        for term in &one.derivation {
            let why = term.struck.as_ref().map(|why| format!(" struck: {why}")).unwrap_or_default();
            let (what, adds) = (&term.what, seconds(term.adds));
            writeln!(out, "  {what}: {adds} ({}){why}{}", term.source, line(&term.at)).unwrap();
        }
    }
    out
}

fn run(path: &Path) -> datatest_stable::Result<()> {
    let expected = path.with_file_name("expected.txt");
    let shown = shown(&std::fs::read_to_string(path)?);
    if std::env::var_os("DRCTL_UPDATE").is_some() {
        std::fs::write(expected, shown)?;
        return Ok(());
    }
    let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
    if wanted != shown {
        return Err(format!("expected:\n{wanted}\nfound:\n{shown}").into());
    }
    Ok(())
}

/// One backup of a random system: minutes between two, minutes one takes, minutes to get there, and
/// whether it is kept elsewhere.
type Wanted = (u32, Option<u32>, u32, bool);

fn random(backups: &[Wanted], rto: &[u32]) -> String {
    let mut text = "site \"a\" {\n}\nsite \"b\" {\n}\ndatastore \"d\" {\n  site = site.a\n}\n\
                    scenario \"s\" {\n  lose \"site\" {\n    site = site.a\n  }\n}\n"
        .to_owned();
    for (n, (every, takes, transfer, away)) in backups.iter().enumerate() {
        let takes = takes.map(|t| format!("    takes = \"{t}m\"\n")).unwrap_or_default();
        let site = if *away { "b" } else { "a" };
        writeln!(
            text,
            "backup \"b{n}\" {{\n  of = datastore.d\n  external {{\n    schedule = rate(\"{every}m\")\n{takes}  }}\n  \
             to \"x\" {{\n    site = site.{site}\n    transfer = \"{transfer}m\"\n  }}\n}}"
        )
        .unwrap();
    }
    for (n, minutes) in rto.iter().enumerate() {
        let needs = if n == 0 {
            "  site = site.a".to_owned()
        } else {
            format!("  depends_on = [service.s{}]", n - 1)
        };
        writeln!(
            text,
            "service \"s{n}\" {{\n{needs}\n  recover = procedure.p{n}\n}}\nprocedure \"p{n}\" {{\n  step \"x\" {{\n    \
             run = [\"x\"]\n    estimate = \"{minutes}m\"\n  }}\n}}"
        )
        .unwrap();
    }
    text
}

/// Lower is better on both ends; none is the worst.
fn no_worse(a: Worst, b: Worst) -> bool {
    let key = |w: Worst| {
        let end = |s: Option<i64>| s.unwrap_or(i64::MAX);
        if w.possible { (end(w.low_s), end(w.high_s)) } else { (i64::MAX, i64::MAX) }
    };
    key(a).0 <= key(b).0 && key(a).1 <= key(b).1
}

/// A mechanism more never makes it worse, one less never better; nobody is back before what it needs;
/// the same text gives the same answer.
fn every_system(_: &Path) -> datatest_stable::Result<()> {
    let backup = (1..3000u32, proptest::option::of(0..300u32), 0..100u32, any::<bool>());
    let backups = proptest::collection::vec(backup, 1..6);
    let chain = proptest::collection::vec(1..90u32, 1..6);
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    runner.run(&(backups, chain), |(backups, chain)| {
        let text = random(&backups, &chain);
        let (all, _) = judged(&text);
        prop_assert_eq!(&all, &judged(&text).0);
        let (less, _) = judged(&random(&backups[1..], &chain));
        prop_assert!(no_worse(all[0].after, less[0].after), "{}", text);
        let downtimes: Vec<i64> = all[1..].iter().map(|j| j.after.high_s.unwrap()).collect();
        prop_assert!(downtimes.is_sorted(), "{:?}", downtimes);
        prop_assert_eq!(downtimes.len(), chain.len());
        Ok(())
    })?;
    Ok(())
}

/// Disasters at every minute of three years of one schedule: the newest backup that has arrived is never
/// older than was computed, and once as old, to the minute.
fn years_of_disasters(_: &Path) -> datatest_stable::Result<()> {
    use drctl_core::system::External;
    let schedules = [
        "cron(\"30 2 * * *\", \"America/New_York\")",
        "cron(\"0 2 * * 1-5\", \"UTC\")",
        "aws_cron(\"15 10 L * ? *\")",
        "cron(\"*/45 * * * *\", \"Europe/Berlin\")",
    ];
    for (schedule, minutes) in schedules.iter().zip([0i64, 18, 240, 7]) {
        let text = format!(
            "datastore \"d\" {{\n}}\nbackup \"b\" {{\n  of = datastore.d\n  external {{\n    schedule = {schedule}\n    \
             takes = \"{minutes}m\"\n  }}\n}}\n"
        );
        let mut sources = SourceMap::default();
        sources.add("main.dr.hcl", text);
        let (config, _) = config::load(&sources, &Registry { providers: &[] });
        let (system, _) = system(&config, &BTreeMap::new());
        let External { schedule, takes, .. } = &system.backups.values().next().unwrap().is.external;
        let now: Timestamp = NOW.parse().unwrap();
        let computed = system.backups.values().next().unwrap().is.external.exposure(now).loss.unwrap();
        let (mut runs, mut at) = (Vec::new(), now - jiff::SignedDuration::from_hours(40 * 24));
        let end = now + jiff::SignedDuration::from_hours(366 * 24);
        while let Some(next) = schedule.next(at).filter(|next| *next < end) {
            runs.push(next);
            at = next;
        }
        let minute = jiff::SignedDuration::from_mins(1);
        let (mut instant, mut arrived, mut worst) = (now, 0, jiff::SignedDuration::ZERO);
        while instant < end - jiff::SignedDuration::from_hours(24) {
            while runs.get(arrived + 1).is_some_and(|run| *run + takes.unwrap() <= instant) {
                arrived += 1;
            }
            worst = worst.max(instant.duration_since(runs[arrived]));
            instant += minute;
        }
        assert!(worst <= computed, "{schedule}: lost {worst:?}, computed {computed:?}");
        assert!(worst + minute >= computed, "{schedule}: lost {worst:?}, computed {computed:?}");
    }
    Ok(())
}

datatest_stable::harness! {
    { test = run, root = "../testdata/objectives", pattern = r"main\.dr\.hcl$" },
    { test = every_system, root = "../testdata/objectives", pattern = r"no-way-back/main\.dr\.hcl$" },
    { test = years_of_disasters, root = "../testdata/objectives", pattern = r"no-way-back/main\.dr\.hcl$" },
}
