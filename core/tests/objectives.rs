//! Objectives over declared systems: cases as data, what must hold for every system, and years of
//! disasters that never lose more than was computed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the cases are files")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use drctl_core::config;
use drctl_core::objective::{Input, Judgement, Worst, judge};
use drctl_core::plan::{World, system};
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
        instances: &[],
        world: &World::default(),
        now: NOW.parse().unwrap(),
        spread: drctl_core::spread::in_turn,
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

/// What is lost at worst of such a system, worked out from the numbers alone: the best of what is kept away.
fn at_worst(backups: &[Wanted]) -> Worst {
    let away = backups.iter().filter(|(_, _, _, away)| *away);
    let seconds = |minutes: u32| i64::from(minutes) * 60;
    let ways = away.map(|(every, takes, transfer, _)| {
        let way = |takes: u32| seconds(every + takes + transfer);
        (way(takes.unwrap_or(0)), takes.map(way))
    });
    let ways: Vec<_> = ways.collect();
    Worst {
        low_s: ways.iter().map(|(low, _)| *low).min(),
        high_s: ways.iter().filter_map(|(_, high)| *high).min(),
        possible: !ways.is_empty(),
    }
}

/// What is lost at worst is what the numbers say; a mechanism more never makes it worse, one less never
/// better; nobody is back before what it needs, nor later than that and its own way take; the same text gives
/// the same answer.
fn every_system(_: &Path) -> datatest_stable::Result<()> {
    let backup = (1..3000u32, proptest::option::of(0..300u32), 0..100u32, any::<bool>());
    let backups = proptest::collection::vec(backup, 1..6);
    let chain = proptest::collection::vec(1..90u32, 1..6);
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    runner.run(&(backups, chain), |(backups, chain)| {
        let text = random(&backups, &chain);
        let (all, _) = judged(&text);
        prop_assert_eq!(&all, &judged(&text).0);
        let expected = at_worst(&backups);
        prop_assert_eq!(all[0].after.possible, expected.possible, "{}", text);
        if expected.possible {
            prop_assert_eq!(all[0].after, expected, "{}", text);
        }
        for without in 0..backups.len() {
            let mut less = backups.clone();
            less.remove(without);
            let (less, _) = judged(&random(&less, &chain));
            prop_assert!(no_worse(all[0].after, less[0].after), "{}", text);
        }
        let downtimes: Vec<i64> = all[1..].iter().map(|j| j.after.high_s.unwrap()).collect();
        let in_turn = chain.iter().scan(0, |sum, minutes| {
            *sum += i64::from(*minutes) * 60;
            Some(*sum)
        });
        prop_assert_eq!(downtimes, in_turn.collect::<Vec<_>>(), "{}", text);
        Ok(())
    })?;
    Ok(())
}

/// One backup of one of two datastores: minutes between two, whether it is kept elsewhere, whether the
/// credential reaches it there.
type Grouped = (usize, u32, bool, bool);

fn grouped(backups: &[Grouped], lose: &str) -> String {
    let mut text = format!(
        "site \"a\" {{\n}}\nsite \"b\" {{\n}}\nsite \"c\" {{\n  within = site.b\n}}\n\
         credential \"k\" {{\n  may_delete = [site.a, site.c]\n}}\nscenario \"s\" {{\n{lose}}}\n"
    );
    for n in 0..2 {
        writeln!(text, "datastore \"d{n}\" {{\n  site = site.a\n  group = \"g\"\n}}").unwrap();
    }
    for (n, (of, every, away, reached)) in backups.iter().enumerate() {
        let site = match (away, reached) {
            (false, _) => "a",
            (true, true) => "c",
            (true, false) => "b",
        };
        writeln!(
            text,
            "backup \"b{n}\" {{\n  of = datastore.d{of}\n  external {{\n    schedule = rate(\"{every}m\")\n    \
             takes = \"1m\"\n  }}\n  to \"x\" {{\n    site = site.{site}\n  }}\n}}"
        )
        .unwrap();
    }
    text
}

/// Members of a group lose what the worst of them loses by itself; a mechanism more never makes it worse for
/// any of them; and a credential takes at least what the loss of the site that it reaches takes.
fn every_group(_: &Path) -> datatest_stable::Result<()> {
    let backup = (0..2usize, 1..3000u32, any::<bool>(), any::<bool>());
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let site = "  lose \"site\" {\n    site = site.a\n  }\n";
    let credential = "  lose \"credential\" {\n    credential = credential.k\n  }\n";
    runner.run(&proptest::collection::vec(backup, 1..6), |backups| {
        let (of_site, _) = judged(&grouped(&backups, site));
        let (of_credential, _) = judged(&grouped(&backups, credential));
        for (all, lose) in [(&of_site, site), (&of_credential, credential)] {
            let alone = grouped(&backups, lose).replace("  group = \"g\"\n", "");
            let (alone, _) = judged(&alone);
            prop_assert_eq!((all.len(), alone.len()), (2, 2));
            let worst = alone[0].after.beside(alone[1].after);
            prop_assert_eq!(all.iter().map(|one| one.after).collect::<Vec<_>>(), [worst, worst]);
        }
        prop_assert!(no_worse(of_site[0].after, of_credential[0].after));
        for lose in [site, credential] {
            let (all, _) = judged(&grouped(&backups, lose));
            for without in 0..backups.len() {
                let mut less = backups.clone();
                less.remove(without);
                let (less, _) = judged(&grouped(&less, lose));
                prop_assert!(no_worse(all[0].after, less[0].after), "{}", grouped(&backups, lose));
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn only_backup(method: &str) -> drctl_core::system::Backup {
    let text = format!("datastore \"d\" {{\n}}\nbackup \"b\" {{\n  of = datastore.d\n  {method}\n}}\n");
    let mut sources = SourceMap::default();
    sources.add("main.dr.hcl", text);
    let (config, _) = config::load(&sources, &Registry { providers: &[] });
    let (system, diagnostics) = system(&config, &BTreeMap::new());
    assert!(!diagnostics.has_errors(), "{method}: {diagnostics:?}");
    system.backups.into_values().next().unwrap().is
}

/// Disasters at every minute of a year after these runs: how old the newest data is at worst that has
/// arrived `takes` after its run began.
fn worst_age(runs: &[Timestamp], takes: jiff::SignedDuration, now: Timestamp) -> jiff::SignedDuration {
    let minute = jiff::SignedDuration::from_mins(1);
    let end = now + jiff::SignedDuration::from_hours(365 * 24);
    let (mut instant, mut arrived, mut worst) = (now, 0, jiff::SignedDuration::ZERO);
    while instant < end {
        while runs.get(arrived + 1).is_some_and(|run| *run + takes <= instant) {
            arrived += 1;
        }
        worst = worst.max(instant.duration_since(runs[arrived]));
        instant += minute;
    }
    worst
}

/// All runs around a year from now on.
fn runs(method: &drctl_core::system::Method<'_>, now: Timestamp) -> Vec<Timestamp> {
    let end = now + jiff::SignedDuration::from_hours(366 * 24);
    let mut runs = std::collections::BTreeSet::new();
    for (_, schedule) in &method.bases {
        let mut at = now - jiff::SignedDuration::from_hours(40 * 24);
        while let Some(next) = schedule.next(at).filter(|next| *next < end) {
            runs.insert(next);
            at = next;
        }
    }
    runs.into_iter().collect()
}

/// Disasters at every minute of a year of schedules: the newest backup that has arrived is never older
/// than was computed, and once as old, to the minute. Of several schedules together, too.
fn years_of_disasters(_: &Path) -> datatest_stable::Result<()> {
    let minute = jiff::SignedDuration::from_mins(1);
    let external = |schedule: &str, takes: u32| {
        format!("external {{\n    schedule = {schedule}\n    takes = \"{takes}m\"\n  }}")
    };
    let bases = |full: &str, changed: &str, takes: u32| {
        format!(
            "pgbackrest {{\n full = {full}\n {changed}\n archive_every = \"1m\"\n takes = \"{takes}m\"\n }}"
        )
    };
    for method in [
        external("cron(\"30 2 * * *\", \"America/New_York\")", 0),
        external("cron(\"0 2 * * 1-5\", \"UTC\")", 18),
        external("aws_cron(\"15 10 L * ? *\")", 240),
        external("cron(\"*/45 * * * *\", \"Europe/Berlin\")", 7),
        bases("cron(\"0 2 * * 0\", \"UTC\")", "differential = cron(\"0 2 * * 1-6\", \"UTC\")", 30),
        bases("cron(\"30 2 1 * *\", \"Europe/Berlin\")", "incremental = cron(\"30 2 * * 2,4\", \"UTC\")", 10),
    ] {
        let backup = only_backup(&method);
        let method = backup.method();
        let now: Timestamp = NOW.parse().unwrap();
        let computed = method.gap(now).unwrap().length + method.takes.unwrap();
        let worst = worst_age(&runs(&method, now), method.takes.unwrap(), now);
        assert!(worst <= computed, "{method:?}: lost {worst:?}, computed {computed:?}");
        assert!(worst + minute >= computed, "{method:?}: lost {worst:?}, computed {computed:?}");
    }
    Ok(())
}

/// A year with a log: every segment that was archived is restored, in every minute some base is kept that
/// it continues, and the newest instant is never older than was computed and once as old as an archive
/// step.
fn a_year_with_a_log(_: &Path) -> datatest_stable::Result<()> {
    for (every, keep_full, has_log) in [(5u32, 15u32, true), (1, 30, true), (10, 7, false)] {
        let backup = only_backup(&format!(
            "pgbackrest {{\n full = cron(\"0 2 * * 0\", \"Europe/Berlin\")\n archive_every = \"{every}m\"\n \
             keep_full = \"{keep_full}d\"\n keep_log = \"7d\"\n takes = \"3h\"\n }}"
        ));
        let method = backup.method();
        let now: Timestamp = NOW.parse().unwrap();
        let computed = method.exposure(now).loss;
        let step = jiff::SignedDuration::from_mins(i64::from(every));
        // Without a base that lives long enough the log is of no use, and that is told.
        assert_eq!(computed == Some(step), has_log, "{computed:?}");
        let takes = jiff::SignedDuration::from_hours(3);
        let bases = runs(&method, now);
        let keep = jiff::SignedDuration::from_hours(24 * i64::from(keep_full));
        let (mut instant, mut worst) = (now, jiff::SignedDuration::ZERO);
        while instant < now + jiff::SignedDuration::from_hours(364 * 24) {
            // The last segment that is complete: they end at multiples of the step.
            let since = instant.as_second() % step.as_secs();
            let archived = instant - jiff::SignedDuration::from_secs(since);
            let whole = |base: &&Timestamp| **base + takes <= archived && **base >= instant - keep;
            let newest = bases.iter().rev().find(whole).map(|_| archived);
            let (point, _) = method
                .point(instant, None, (None, jiff::SignedDuration::ZERO))
                .unwrap_or((Some(Timestamp::MIN), drctl_core::system::Newest::Base));
            if let Some(newest) = newest {
                worst = worst.max(instant.duration_since(newest));
                assert!(!has_log || point.unwrap() <= newest, "{instant}: {point:?} is not archived yet");
            } else {
                assert!(!has_log, "{instant}: no base is left");
            }
            instant += jiff::SignedDuration::from_mins(61);
        }
        assert!(worst <= step && worst + jiff::SignedDuration::from_mins(1) >= step, "{worst:?}");
    }
    Ok(())
}

datatest_stable::harness! {
    { test = run, root = "../testdata/objectives", pattern = r"main\.dr\.hcl$" },
    { test = every_system, root = "../testdata/objectives", pattern = r"no-way-back/main\.dr\.hcl$" },
    { test = a_year_with_a_log, root = "../testdata/objectives", pattern = r"no-way-back/main\.dr\.hcl$" },
    { test = every_group, root = "../testdata/objectives", pattern = r"no-way-back/main\.dr\.hcl$" },
    { test = years_of_disasters, root = "../testdata/objectives", pattern = r"no-way-back/main\.dr\.hcl$" },
}
