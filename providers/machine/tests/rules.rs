//! Each fact that is enforced at plan time has a test that bears its id and fails without its rule.
#![allow(clippy::unwrap_used, reason = "a failing test should say where")]

#[path = "../../../core/tests/support/rules.rs"]
#[expect(dead_code, reason = "the rules of other providers use more of it")]
mod support;

use drctl_core::provider::ProviderEntry;
use drctl_core::rule::{Effect, Timing};
use drctl_machine::{FILES, POSTGRES};
use serde_json::{Value as Json, json};
use support::{Case, one, silent};

const ENTRIES: &[&ProviderEntry] = &[&POSTGRES, &FILES];

/// A server: what is written, and what is.
fn server(desired: Json, is: Json) -> Case {
    Case::new("postgres_archiving.main", desired).is(is)
}

fn stanza(mut desired: Json) -> Case {
    desired["config"] = json!("/etc/pgbackrest.conf");
    desired["stanza"] = json!("main");
    Case::new("pgbackrest_stanza.main", desired)
}

fn schedule(address: &str, mut desired: Json) -> Case {
    desired["name"] = json!("main");
    desired["scheduler"] = json!("systemd");
    Case::new(address, desired)
}

fn run(when: &str, command: &str) -> Json {
    json!({"when": when, "command": [command]})
}

#[test]
fn each_fact_has_a_test() {
    support::each_has_a_test(include_str!("rules.rs"));
}

#[test]
fn p1_what_needs_a_restart_waits_for_it() {
    let to =
        |was: &str, will: &str| server(json!({"archive_mode": will}), json!({"archive_mode": was})).notes();
    let on = one(&to("off", "on"), "P1", Effect::Strengthens);
    assert_eq!(on.timing, Some(Timing::Restart));
    assert_eq!(one(&to("on", "off"), "P1", Effect::Weakens).timing, Some(Timing::Restart));
    one(&to("on", "always"), "P1", Effect::Inform);
    silent(&to("on", "on"), "P1");
    let level = |was: &str, will: &str| server(json!({"wal_level": will}), json!({"wal_level": was})).notes();
    one(&level("minimal", "replica"), "P1", Effect::Strengthens);
    one(&level("replica", "minimal"), "P1", Effect::Weakens);
    let waits =
        |desired| server(desired, json!({"archive_mode": "off"})).pending("archive_mode", "on").notes();
    let told = one(&waits(json!({"archive_mode": "on"})), "P1", Effect::Warn);
    assert_eq!(told.reason, "`archive_mode = on` waits for a restart of the server");
    silent(&waits(json!({})), "P1");
}

#[test]
fn p2_the_longest_wait_of_the_log_is_what_can_be_lost() {
    let to = |was: &str, will: &str| {
        server(json!({"archive_timeout": will}), json!({"archive_timeout": was})).notes()
    };
    let longer = one(&to("1m", "5m"), "P2", Effect::Weakens);
    assert_eq!(longer.reason, "up to 5m can be lost instead of 1m");
    assert!(one(&to("1m", "0s"), "P2", Effect::Weakens).reason.contains("without bound"));
    one(&to("5m", "1m"), "P2", Effect::Strengthens);
    assert_eq!(one(&to("0s", "5m"), "P2", Effect::Strengthens).reason, "at most 5m can be lost");
    silent(&to("1m", "1m"), "P2");
}

#[test]
fn p3_p5_nothing_is_archived_without_a_command_and_another_takes_its_place() {
    let to = |was: &str, will: &str| {
        server(json!({"archive_command": will}), json!({"archive_command": was})).notes()
    };
    one(&to("cp %p /a", ""), "P3", Effect::Weakens);
    one(&to("", "cp %p /a"), "P3", Effect::Strengthens);
    silent(&to("cp %p /a", "cp %p /b"), "P3");
    one(&to("cp %p /a", "cp %p /b"), "P5", Effect::Weakens);
    silent(&to("", "cp %p /a"), "P5");
    let with_library = |desired| {
        let is = json!({"archive_command": "cp %p /a"});
        server(desired, is).has(json!({"archive_library": "basic_archive"})).notes()
    };
    let unused = one(&with_library(json!({"archive_command": "cp %p /a"})), "P5", Effect::Warn);
    assert!(unused.reason.contains("`basic_archive`"), "{}", unused.reason);
    silent(&with_library(json!({})), "P5");
}

#[test]
fn p4_a_server_that_would_not_start_again_is_refused() {
    let is = json!({"archive_mode": "off", "wal_level": "minimal"});
    one(&server(json!({"archive_mode": "on"}), is.clone()).notes(), "P4", Effect::Refuse);
    one(
        &server(json!({"archive_mode": "always", "wal_level": "minimal"}), is.clone()).notes(),
        "P4",
        Effect::Refuse,
    );
    silent(&server(json!({"archive_mode": "on", "wal_level": "replica"}), is.clone()).notes(), "P4");
    silent(&server(json!({}), is).notes(), "P4");
}

#[test]
fn p6_f1_what_is_started_less_often_weakens() {
    let nightly = run("cron(0 2 * * *, UTC)", "full");
    for (address, fact) in [("postgres_schedule.main", "P6"), ("files_schedule.main", "F1")] {
        let to =
            |was: Json, will: Json| schedule(address, json!({"run": will})).is(json!({"run": was})).notes();
        let weekly = run("cron(0 2 * * 0, UTC)", "full");
        let rarer = one(&to(json!({"full": nightly}), json!({"full": weekly})), fact, Effect::Weakens);
        assert_eq!(rarer.reason, "`full` leaves up to 7d between two backups instead of 1d");
        one(&to(json!({"full": weekly}), json!({"full": nightly})), fact, Effect::Strengthens);
        let gone = to(json!({"full": nightly, "diff": weekly}), json!({"full": nightly}));
        assert_eq!(one(&gone, fact, Effect::Weakens).reason, "`diff` is not started any more");
        let other = run("cron(0 2 * * *, UTC)", "true");
        one(&to(json!({"full": nightly}), json!({"full": other})), fact, Effect::Inform);
        silent(&to(json!({"full": nightly}), json!({"full": nightly})), fact);
        let active = |was: bool, will: bool| {
            schedule(address, json!({"active": will})).is(json!({"active": was})).notes()
        };
        one(&active(true, false), fact, Effect::Weakens);
        one(&active(false, true), fact, Effect::Strengthens);
        one(&schedule(address, json!({"run": {"full": nightly}})).notes(), fact, Effect::Strengthens);
    }
}

#[test]
fn g1_what_is_kept_for_less_goes_away() {
    let to = |was: Json, will: Json| {
        stanza(json!({"repo1_retention_full": will})).is(json!({"repo1_retention_full": was})).notes()
    };
    one(&to(json!("30d"), json!("7d")), "G1", Effect::Weakens);
    one(&to(json!("7d"), json!("30d")), "G1", Effect::Strengthens);
    assert!(
        one(&to(json!("7d"), json!("4 backups")), "G1", Effect::Weakens).reason.contains("nobody can tell")
    );
    silent(&to(json!("7d"), json!("7d")), "G1");
    let first = stanza(json!({"repo1_retention_full": "7d"})).is(json!({})).notes();
    assert!(one(&first, "G1", Effect::Weakens).reason.contains("until now nothing did"));
    silent(&stanza(json!({"repo1_retention_full": "7d"})).notes(), "G1");
}

#[test]
fn g2_a_repository_elsewhere_is_another_one() {
    let moved = stanza(json!({"repo1_path": "/b"})).is(json!({"repo1_path": "/a"})).notes();
    let told = one(&moved, "G2", Effect::Weakens);
    assert!(told.reason.contains("stays at `/a`"), "{}", told.reason);
    silent(&stanza(json!({"repo1_path": "/a"})).is(json!({"repo1_path": "/a"})).notes(), "G2");
    silent(&stanza(json!({"repo1_path": "/a"})).notes(), "G2");
}

#[test]
fn g3_encryption_is_decided_when_a_repository_is_made() {
    let aes = json!({"repo1_cipher_type": "aes-256-cbc"});
    let none = json!({"repo1_cipher_type": "none"});
    one(&stanza(aes.clone()).notes(), "G3", Effect::Strengthens);
    silent(&stanza(none.clone()).notes(), "G3");
    one(&stanza(aes.clone()).is(none.clone()).notes(), "G3", Effect::Refuse);
    one(&stanza(none).is(aes.clone()).notes(), "G3", Effect::Refuse);
    silent(&stanza(aes.clone()).is(aes).notes(), "G3");
}

#[test]
fn f2_a_new_repository_of_restic_is_encrypted() {
    let repository = || Case::new("restic_repository.main", json!({"repository": "/srv/restic"}));
    let told = one(&repository().notes(), "F2", Effect::Strengthens);
    assert!(told.reason.contains("keep its password"), "{}", told.reason);
    silent(&repository().is(json!({})).notes(), "F2");
}

fn dumps(mut desired: Json) -> Case {
    desired["record"] = json!("/var/lib/drctl/shop.applied.json");
    Case::new("postgres_dumps.shop", desired)
}

#[test]
fn d1_f3_what_is_kept_for_less_goes_away() {
    let of_files = |mut desired: Json| {
        desired["record"] = json!("/var/lib/drctl/files.applied.json");
        Case::new("restic_retention.files", desired)
    };
    let kinds: [(&str, &dyn Fn(Json) -> Case); 2] = [("D1", &dumps), ("F3", &of_files)];
    for (fact, case) in kinds {
        let to = |was: &str, will: &str| case(json!({"keep": will})).is(json!({"keep": was})).notes();
        let shorter = one(&to("30d", "7d"), fact, Effect::Weakens);
        assert_eq!(shorter.reason, "the next one removes what is older than 7d; it was kept for 30d");
        one(&to("for ever", "10y"), fact, Effect::Weakens);
        one(&to("7d", "30d"), fact, Effect::Strengthens);
        one(&to("7d", "for ever"), fact, Effect::Strengthens);
        silent(&to("7d", "7d"), fact);
        one(&case(json!({"keep": "7d"})).is(json!({})).notes(), fact, Effect::Weakens);
        one(&case(json!({"keep": "7d"})).notes(), fact, Effect::Inform);
        silent(&case(json!({"keep": "for ever"})).notes(), fact);
        one(&case(json!({})).is(json!({"keep": "7d"})).removed("keep").notes(), fact, Effect::Strengthens);
        silent(&case(json!({"keep": "7d"})).is(json!({})).denied("keep").notes(), fact);
    }
}

#[test]
fn d2_dumps_stay_where_they_were_made() {
    let moved = dumps(json!({"to": "/srv/b"})).is(json!({"to": "/srv/a"})).notes();
    assert!(one(&moved, "D2", Effect::Weakens).reason.contains("what is at `/srv/a` stays there"));
    silent(&dumps(json!({"to": "/srv/a"})).is(json!({"to": "/srv/a"})).notes(), "D2");
    silent(&dumps(json!({"to": "/srv/a"})).notes(), "D2");
    let there = |is: bool| {
        let is = json!({"to": "/srv/a", "created": is});
        dumps(json!({"to": "/srv/a", "created": true})).is(is).notes()
    };
    assert!(one(&there(false), "D2", Effect::Warn).help.unwrap().contains("Mount"));
    silent(&there(true), "D2");
}

#[test]
fn d3_a_lock_is_for_the_dumps_to_come() {
    let to = |was: &str, will: &str| dumps(json!({"lock": will})).is(json!({"lock": was})).notes();
    for (was, will, effect) in [
        ("compliance for 30d", "none", Effect::Weakens),
        ("compliance for 30d", "compliance for 7d", Effect::Weakens),
        ("compliance for 30d", "governance for 90d", Effect::Weakens),
        ("none", "governance for 7d", Effect::Strengthens),
        ("governance for 7d", "compliance for 7d", Effect::Strengthens),
        ("compliance for 7d", "compliance for 30d", Effect::Strengthens),
    ] {
        assert_eq!(one(&to(was, will), "D3", effect).timing, Some(Timing::NewDataOnly), "{was} to {will}");
    }
    silent(&to("compliance for 7d", "compliance for 7d"), "D3");
    silent(&dumps(json!({"lock": "none"})).notes(), "D3");
    one(&dumps(json!({"lock": "compliance for 7d"})).notes(), "D3", Effect::Strengthens);
}

#[test]
fn d4_whoever_may_write_to_the_directory_may_remove_dumps() {
    let seen =
        |mode: &str| dumps(json!({"to": "/srv/a"})).is(json!({"to": "/srv/a"})).has(json!({"mode": mode}));
    assert!(one(&seen("0770").notes(), "D4", Effect::Warn).reason.starts_with("its group may remove dumps"));
    assert!(one(&seen("0707").notes(), "D4", Effect::Warn).reason.starts_with("everybody may remove dumps"));
    for private in ["0700", "0755", "1777"] {
        silent(&seen(private).notes(), "D4");
    }
    silent(&dumps(json!({"to": "/srv/a"})).notes(), "D4");
}
