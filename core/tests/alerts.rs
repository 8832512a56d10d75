//! Alerts: how each stands by what is recorded and observed, cases as data.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use drctl_core::alert::{Attempt, Known, Newest, Record, Standing, watched};
use drctl_core::config;
use drctl_core::plan::system;
use drctl_core::provider::Registry;
use drctl_core::span::SourceMap;
use drctl_core::stored::{Level, Made, Stored};
use drctl_core::system::System;
use jiff::{SignedDuration, Timestamp};

const NOW: &str = "2026-03-02T12:00:00Z";

fn declared(alert: &str) -> System {
    let text = format!(
        r#"
        site "rack" {{}}
        datastore "orders" {{
          site = site.rack
        }}
        service "shop" {{
          data = [datastore.orders]
          objective {{
            rpo = "2h"
          }}
        }}
        backup "dump" {{
          of = datastore.orders
          pg_dump {{
            schedule = cron("0 * * * *", "UTC")
            takes    = "10m"
          }}
          verify {{
            every  = "1d"
            proves = "restored"
          }}
        }}
        backup "wal" {{
          of = datastore.orders
          pgbackrest {{
            full          = cron("0 0 * * *", "UTC")
            archive_every = "1m"
          }}
        }}
        drill "quarterly" {{
          every = "90d"
          last  = "2025-12-01"
        }}
        channel "chat" {{
          webhook = "CHAT"
        }}
        alert "a" {{
          via = channel.chat
          {alert}
        }}"#
    );
    let mut sources = SourceMap::default();
    sources.add("main.dr.hcl", text);
    let (config, diags) = config::load(&sources, &Registry { providers: &[] });
    assert!(!diags.has_errors(), "{diags:?}");
    let (system, diags) = system(&config, &BTreeMap::new());
    assert!(!diags.has_errors(), "{diags:?}");
    system
}

fn at(ago: &str) -> Timestamp {
    let now: Timestamp = NOW.parse().unwrap();
    now - drctl_core::duration::parse(ago).unwrap()
}

fn point(ago: &str, bytes: u64) -> Stored {
    Stored {
        id: ago.to_owned(),
        made: Made::Dump,
        began: at(ago),
        ended: at(ago),
        bytes: Some(bytes),
        stored_bytes: None,
        flaw: None,
        repository: None,
        locked_until: None,
        builds_on: Vec::new(),
    }
}

fn record(attempts: &[(&str, Option<u64>)], verified: &[(&str, Level)]) -> Record {
    let attempt = |(ago, bytes): &(&str, Option<u64>)| Attempt {
        at: at(ago),
        took: SignedDuration::from_mins(20),
        made: bytes.map_or(Err("no room".to_owned()), |bytes| Ok(point(ago, bytes))),
    };
    Record {
        attempts: attempts.iter().map(attempt).collect(),
        verified: verified.iter().map(|(ago, level)| (at(ago), *level)).collect(),
    }
}

/// The worst standing of the one alert.
fn standing(alert: &str, dump: Record, listed: Option<&[Stored]>, known: Known) -> (Standing, String) {
    let mut system = declared(alert);
    let name = |name: &str| drctl_core::addr::Name::new(name).unwrap();
    system.listed.extend(listed.map(|points| (name("dump"), Ok(points.to_vec()))));
    let known = Known { records: [(name("dump"), dump)].into(), ..known };
    let found = watched(&system, &known, NOW.parse().unwrap());
    let worst = found.first().unwrap();
    (worst.standing, worst.what.clone())
}

#[test]
fn each_threshold_stands_as_its_evidence_says() {
    use Standing::{Firing, Ok, Unknown};
    let dump = "of = [backup.dump]\n";
    type Case<'c> = (&'c str, &'c [(&'c str, Option<u64>)], &'c [(&'c str, Level)], Standing);
    let cases: &[Case<'_>] = &[
        ("on = \"backup_failed\"", &[], &[], Unknown),
        ("on = \"backup_failed\"", &[("5m", None)], &[], Firing),
        ("on = \"backup_failed\"", &[("1h", None), ("30m", Some(9))], &[], Ok),
        ("on = \"backup_failed\"\nabove = \"2h\"", &[("2h", None), ("1h", Some(9))], &[], Ok),
        // The last one that should have begun, and may take 10 minutes, is that of 11:00.
        ("on = \"backup_failed\"", &[("1h", Some(9))], &[], Ok),
        ("on = \"backup_failed\"", &[("2h", Some(9))], &[], Firing),
        ("on = \"backup_slow\"\nabove = \"20m\"", &[("1h", Some(9))], &[], Ok),
        ("on = \"backup_slow\"\nabove = \"19m\"", &[("1h", Some(9)), ("5m", None)], &[], Firing),
        ("on = \"size_changed\"\nabove = \"50%\"", &[("1h", Some(9))], &[], Unknown),
        (
            "on = \"size_changed\"\nabove = \"50%\"",
            &[("3h", Some(100)), ("2h", Some(90)), ("1h", Some(45))],
            &[],
            Firing,
        ),
        (
            "on = \"size_changed\"\nabove = \"50%\"",
            &[("3h", Some(100)), ("2h", Some(90)), ("1h", Some(60))],
            &[],
            Ok,
        ),
        ("on = \"size_changed\"\nabove = \"50%\"", &[("2h", Some(0)), ("1h", Some(60))], &[], Firing),
        ("on = \"not_verified\"", &[], &[], Firing),
        ("on = \"not_verified\"", &[], &[("1h", Level::Checksum)], Firing),
        ("on = \"not_verified\"", &[], &[("1h", Level::Restores)], Ok),
        ("on = \"not_verified\"", &[], &[("2d", Level::Canary)], Firing),
        ("on = \"not_verified\"\nabove = \"3d\"", &[], &[("2d", Level::Canary)], Ok),
    ];
    for (alert, attempts, verified, expected) in cases {
        let alert = format!("{dump}{alert}");
        let (found, what) = standing(&alert, record(attempts, verified), None, Known::default());
        assert_eq!(found, *expected, "{alert} {attempts:?} {verified:?}: {what}");
    }
    let drill = |above: &str| {
        standing(&format!("on = \"drill_overdue\"\n{above}"), Record::default(), None, Known::default())
    };
    assert_eq!(drill("").0, Firing, "it was to be done on the first of March");
    assert_eq!(drill("above = \"7d\"").0, Ok);
}

#[test]
fn a_point_that_nobody_has_seen_is_neither_fresh_nor_old() {
    use Standing::{Firing, Ok, Unknown};
    let age = |alert: &str, made: &[(&str, Option<u64>)], listed, known| {
        standing(&format!("on = \"point_age\"\n{alert}"), record(made, &[]), listed, known)
    };
    let of_dump = "of = [backup.dump]";
    let fresh = [point("1h", 1)];
    let old = [point("3h", 1)];
    let flawed = [Stored { flaw: Some("damaged".to_owned()), ..point("1h", 1) }];
    type Case<'c> = (&'c str, &'c [(&'c str, Option<u64>)], Option<&'c [Stored]>, Standing);
    let cases: &[Case<'_>] = &[
        ("", &[], Some(&fresh), Ok),
        ("above = \"30m\"", &[], Some(&fresh), Firing),
        ("", &[], Some(&old), Firing),
        ("", &[], Some(&flawed), Firing),
        ("", &[], Some(&[]), Firing),
        ("", &[], None, Unknown),
        // The record says that there was one; there may be newer ones.
        ("", &[("1h", Some(1))], None, Ok),
        ("", &[("3h", Some(1))], None, Unknown),
    ];
    for (more, made, listed, expected) in cases {
        let (found, what) = age(&format!("{of_dump}\n{more}"), made, *listed, Known::default());
        assert_eq!(found, *expected, "{more} {made:?} {listed:?}: {what}");
    }

    // Of the datastore: the log, which nobody has asked for, may be newer than the dump that is too old.
    let name = |name: &str| drctl_core::addr::Name::new(name).unwrap();
    assert_eq!(age("of = [datastore.orders]", &[], Some(&old), Known::default()).0, Unknown);
    let restorable = |newest| Known { restorable: [(name("orders"), newest)].into(), ..Known::default() };
    assert_eq!(age("", &[], Some(&old), restorable(Newest::Seen(Some(at("5m"))))).0, Ok);
    assert_eq!(age("", &[], Some(&fresh), restorable(Newest::Unobserved("denied".to_owned()))).0, Ok);
    assert_eq!(
        age("", &[], Some(&old), restorable(Newest::NotBefore(at("3h"), "offline".to_owned()))).0,
        Unknown
    );
}
