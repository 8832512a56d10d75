//! A server is lost, or its data is wrong, and `drctl recover --execute` brings it back; the canary says what
//! that has cost.

use std::fs;

use crate::machine::{Machine, until};
use crate::shop::configure;

fn loaded() -> Machine {
    load(Machine::start())
}

/// A server with a database under load, of which a backup was made.
pub(crate) fn load(machine: Machine) -> Machine {
    configure(&machine);
    machine.ask("postgres", "create database shop");
    let database = machine.database("shop");
    let filled = machine.run("pgbench", &["--quiet", "-i", "-s", "1", &database]);
    assert!(filled.status.success(), "{filled:?}");
    let mut load =
        machine.command("pgbench", &["-c", "4", "-t", "1000", "--no-vacuum", &database]).spawn().unwrap();
    let said = machine.says(0, &["backup", "run", "wal"]);
    assert!(said.contains("is made: full"), "{said}");
    let said = machine.says(0, &["backup", "run", "wal"]);
    assert!(said.contains("is made: differential"), "{said}");
    assert!(load.wait().unwrap().success());
    machine
}

pub(crate) fn history(machine: &Machine) -> String {
    machine.ask("shop", "select count(*), coalesce(sum(delta), 0) from pgbench_history")
}

pub(crate) fn run_of(machine: &Machine) -> serde_json::Value {
    let runs = machine.json(&["recover", "runs"]);
    let name = runs["runs"][0]["run"].as_str().unwrap().to_owned();
    machine.json(&["recover", "show", &name])
}

#[test]
fn a_server_under_load_that_is_gone_comes_back_whole_and_the_loss_is_measured() {
    let machine = loaded();
    machine.says(0, &["backup", "canary", "wal"]);
    let before = history(&machine);
    machine.archive();
    let said = machine.says(0, &["backup", "verify", "wal"]);
    for level in ["listed", "readable", "checksum", "restores", "queries", "canary"] {
        assert!(said.contains(&format!("✓ {level}")), "{level}: {said}");
    }
    let left: Vec<_> = fs::read_dir(machine.dir().join("scratch")).unwrap().collect();
    assert!(left.is_empty(), "a verification leaves nothing behind: {left:?}");
    let listed = machine.json(&["backup", "list", "wal"]);
    let newest = listed["backups"][0]["points"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(newest["verified"], "canary", "{newest}");

    machine.destroy("data");
    let said = machine.says(0, &["recover", "--scenario", "server-gone", "--execute", "--auto-approve"]);
    assert!(said.contains("measured RPO"), "{said}");
    assert_eq!(history(&machine), before, "every transaction that was archived is back");
    let run = run_of(&machine);
    assert_eq!(run["status"], "done", "{run}");
    assert!(run["rto_s"].as_i64().is_some(), "{run}");
    assert!(run["rpo_s"].as_i64().unwrap() <= 60, "{run}");
}

#[test]
fn wrong_data_is_undone_to_the_second() {
    let machine = loaded();
    let now = || {
        machine.ask("postgres", "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
    };
    machine.ask("shop", "create table marks (at timestamptz default now())");
    machine.ask("shop", "insert into marks default values");
    let before = history(&machine);
    // What is right was written in a second before the last one that is restored.
    let written = now();
    until("that two seconds have passed", || {
        let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        seconds(&now()) >= seconds(&written) + 2
    });
    let since = now();
    machine.ask("shop", "delete from pgbench_history");
    machine.ask("shop", "insert into marks default values");
    machine.archive();
    let stopped = machine.run("pg_ctl", &["stop", "-m", "fast", "-D", &machine.path_of("data")]);
    assert!(stopped.status.success());
    let corrupt = format!("shop={since}");
    let said = machine.says(
        0,
        &["recover", "--scenario", "wrong-data", "--corrupt-since", &corrupt, "--execute", "--auto-approve"],
    );
    assert!(said.contains("measured RPO"), "{said}");
    assert_eq!(history(&machine), before);
    assert_eq!(machine.ask("shop", "select count(*) from marks"), "1", "nothing of what came after is there");
    assert!(run_of(&machine)["rpo_s"].as_i64().is_some(), "the canary measures what was lost");
    assert!(machine.exists("data/PG_VERSION"), "what was there is still there");
}

#[test]
fn a_log_that_ends_before_the_instant_is_a_failure_and_never_restored() {
    let machine = loaded();
    machine.archive();
    machine.ask("postgres", "alter system set archive_command = 'false'");
    machine.ask("postgres", "select pg_reload_conf()");
    until("that nothing is archived", || machine.ask("postgres", "show archive_command") == "false");
    machine.ask("shop", "delete from pgbench_history");
    let late = machine.ask(
        "postgres",
        "select to_char(now() at time zone 'UTC' + interval '2 seconds', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    );
    let passed = |text: &str| text.parse::<jiff::Timestamp>().unwrap() < jiff::Timestamp::now();
    until("that the instant has passed", || passed(&late));
    machine.destroy("data");
    let corrupt = format!("shop={late}");
    let said = machine.says(
        9,
        &["recover", "--scenario", "wrong-data", "--corrupt-since", &corrupt, "--execute", "--auto-approve"],
    );
    assert!(said.contains("the archived log ends before the instant that was asked for"), "{said}");
    assert!(!said.contains("measured RPO"), "{said}");
    let run = run_of(&machine);
    assert_ne!(run["status"], "done", "{run}");
}
