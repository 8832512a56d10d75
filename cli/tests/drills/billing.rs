//! `examples/metrics-billing`: RDS, whose instances are simulated and whose databases are real; a release from git.

use jiff::{SignedDuration, Timestamp};

use crate::machine::{Machine, until};
use crate::stage::{Run, Stage};

/// How late wrong data is noticed at most: the drill goes back to before that.
const NOTICED: SignedDuration = SignedDuration::from_mins(40);

/// How far the copies in the other region are behind.
const BEHIND: SignedDuration = SignedDuration::from_mins(5);

/// The system as it runs, protected as it is declared, with a release that works.
fn stage() -> Stage {
    let stage = Stage::of("metrics-billing", Machine::archiving("billing", 1));
    let (machine, platform) = (&stage.machine, stage.machine.path_of("home/platform"));
    machine.stand_in("drctl", &format!("#!/bin/sh\nexec '{}' \"$@\"\n", machine.program()));
    for region in ["eu-west-1", "eu-west-2"] {
        let host = format!("\"drill-metrics-billing-${{run.id}}.${{local.rds_suffix[\"{region}\"]}}\"");
        let here = format!("\"{platform}/rds/drill-metrics-billing-${{run.id}}\"");
        stage.edit("rehearsals.dr.hcl", &host, &here);
    }
    stage.edit("procedures.dr.hcl", " sslmode=verify-full", "");
    machine.ask("postgres", "create role recovery login in role pg_read_all_data");
    machine.ask("postgres", "create database billing");
    stage.fill("billing");
    let options = machine.options(&["pg1-path", "pg1-port", "pg1-socket-path", "pg1-user"]);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    stage.does("pgbackrest", &[&options[..], &["--start-fast", "--compress-type=none", "backup"]].concat());
    let lines = machine.options(&[]).into_iter().filter(|option| !option.starts_with("--stanza"));
    let lines: String = lines.map(|option| format!("{}\n", option.trim_start_matches('-'))).collect();
    stage.put("pgbackrest.conf", &format!("[global]\n{lines}"));
    let release = "mkdir -p ~/git && cp -r release ~/git/platform && cd ~/git/platform && git init -q -b released && \
                   git add . && git -c user.name=t -c user.email=t@metricsbilling.example commit -q -m release && \
                   git config --global url.\"file://$HOME/git/platform\".insteadOf \
                   https://github.com/metrics-billing/platform.git";
    stage.does("sh", &["-c", release]);
    machine.says(0, &["apply", "--auto-approve", "--accept", "irreversible:aws_s3_bucket.exports"]);
    stage
}

/// What was removed at the end was what was in use, and nothing else was touched.
#[track_caller]
fn came_back(stage: &Stage, run: &Run, content: &str) {
    run.is_done();
    assert!(run.record["rto_s"].as_i64().is_some(), "{:#}", run.record);
    let instance = format!("rds/drill-metrics-billing-{}", run.name);
    assert_eq!(stage.held(&format!("{instance}.removed")), content);
    assert!(!stage.machine.exists(&format!("home/platform/{instance}")));
    stage.take_back(run);
    let cloud = stage.machine.json(&["sim", "show"]);
    let regions = cloud["accounts"]["000000000000"]["regions"].as_object().unwrap();
    let name = format!("drill-metrics-billing-{}", run.name);
    let mut instance = regions.values().map(|region| &region["db_instances"][&name]["instance"]);
    let instance = instance.rfind(|instance| !instance.is_null()).expect("it was made");
    assert_eq!(
        (instance["status"].as_str(), &instance["deletion_protection"]),
        (Some("deleting"), &false.into())
    );
    let found = stage.machine.run("grep", &["-rl", "planted-pg-password", ".drctl"]);
    assert!(found.stdout.is_empty(), "a secret stands in no record: {found:?}");
}

#[test]
fn metrics_billing_comes_back_to_an_instant_in_its_region_and_in_the_other() {
    let stage = stage();
    let machine = &stage.machine;
    let (right, good) = (Timestamp::now() + SignedDuration::from_secs(1), stage.content("billing"));
    until("that it is later", || Timestamp::now() > right + SignedDuration::from_secs(2));
    machine.ask("billing", "delete from payments where customer > 50");
    machine.archive();
    let later = Timestamp::now();
    until("that it is later", || Timestamp::now() > later + SignedDuration::from_secs(2));
    machine.ask("billing", "create table after_it (n int)");
    machine.archive();
    machine.ask("billing", "drop table after_it");
    machine.archive();
    let newest = stage.content("billing");
    for (name, at, content) in
        [("database", right + NOTICED, &good), ("other_region", later + BEHIND + NOTICED, &newest)]
    {
        let run = stage.drill_as_of(at, name, &[]);
        came_back(&stage, &run, content);
    }
    assert_eq!(stage.content("billing"), newest, "what is in use is as it was");
}

#[test]
fn metrics_billing_gets_its_release_and_leaves_the_workers_the_queue_and_the_payments_alone() {
    let stage = stage();
    let before = stage.content("billing");
    for name in ["workers", "queue", "payments"] {
        let run = stage.drill(name, &[]);
        run.is_done();
        assert!(stage.machine.exists(&format!("work/metrics-billing-{}/package.json", run.name)), "{name}");
        let steps = run.record["steps"].as_array().unwrap().len();
        assert!(steps <= 3, "{name}: {:#}", run.record);
        stage.take_back(&run);
    }
    assert_eq!(stage.content("billing"), before, "what is in use is as it was");
}
