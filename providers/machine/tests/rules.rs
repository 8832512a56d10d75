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
