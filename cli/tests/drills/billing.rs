//! `examples/metrics-billing`: RDS, whose instances are simulated and whose databases are real; a release from git.

use jiff::{SignedDuration, Timestamp};

use crate::machine::{Machine, until};
use crate::stage::{Run, Stage};

/// How late wrong data is noticed at most: the drill goes back to before that.
const NOTICED: SignedDuration = SignedDuration::from_mins(40);

/// The database of the rehearsals.
const REHEARSAL: &str = "rds/rehearsal-billing";

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
    stage.edit("procedures.dr.hcl", "https://status.razorpay.com", "http://status.razorpay.com");
    let canary = "host=${local.host} dbname=billing user=canary sslmode=verify-full";
    stage.edit("main.dr.hcl", canary, &machine.database("billing"));
    let rehearsal = "\"rehearsal-billing.${local.rds_suffix[\"eu-west-1\"]}\"";
    stage.edit("rehearsals.dr.hcl", rehearsal, &format!("\"{platform}/{REHEARSAL}\""));
    machine.ask("postgres", "create role recovery login in role pg_read_all_data, pg_write_all_data");
    machine.ask("postgres", "create database billing");
    stage.fill("billing");
    let options = machine.options(&["pg1-path", "pg1-port", "pg1-socket-path", "pg1-user"]);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    stage.does("pgbackrest", &[&options[..], &["--start-fast", "--compress-type=none", "backup"]].concat());
    machine.says(0, &["backup", "canary", "export"]);
    machine.archive();
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

/// What was restored was what was in use, it is removed, and nothing else was touched.
#[track_caller]
fn came_back(stage: &Stage, run: &Run, content: &str) {
    run.is_done();
    run.measured_within(120);
    let served = stage.machine.path_of(&format!("home/platform/rds/drill-metrics-billing-{}", run.name));
    assert_eq!(stage.content_of(&format!("host={served} user=drctl dbname=billing")), content);
    stage.take_back(run);
    let cloud = stage.machine.json(&["sim", "show"]);
    let regions = cloud["accounts"]["000000000000"]["regions"].as_object().unwrap();
    for (name, instance) in regions.values().flat_map(|region| region["db_instances"].as_object().unwrap()) {
        let state = if name == "metrics-billing" { "available" } else { "deleting" };
        assert_eq!(instance["instance"]["status"], state, "{name}");
    }
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

/// The environment for rehearsals: its database, its queues with what has not been processed, its secrets, and
/// what Razorpay has of it.
fn rehearsal(stage: &Stage) {
    let own = stage.machine.path_of(&format!("home/platform/{REHEARSAL}"));
    let serve = "mkdir -p $1 && mkdir -m 700 $1/data && export PGBACKREST_CONFIG=~/platform/pgbackrest.conf && \
                 pgbackrest --stanza=billing --pg1-path=$1/data --archive-mode=off restore && \
                 pg_ctl start -w -D $1/data -l $1/log -o \"-p 5432 -c unix_socket_directories='$1'\" >$1/started";
    stage.does("sh", &["-c", serve, "serve", &own]);
    let is_up = ["-XAt", "-h", &own, "-d", "billing", "-U", "drctl", "-c", "select pg_is_in_recovery()"];
    until("that the database is there", || stage.machine.run("psql", &is_up).stdout == b"f\n");
    for queue in ["events", "dead"] {
        stage.put(&format!("cloudflare/queues/rehearsal-billing-{queue}/.keep"), "");
    }
    stage.put("cloudflare/rehearsal/.keep", "");
    stage.put("cloudflare/queues/rehearsal-billing-events/paused", "");
    stage.put("cloudflare/queues/rehearsal-billing-dead/message-5001", "5001 1 300 usage\n");
    stage.put("cloudflare/queues/rehearsal-billing-dead/message-torn", "{\"id\": 50\n");
    for (id, kind) in [("5000", "usage"), ("5001", "usage"), ("5002", "usage"), ("5003", "discount")] {
        let (customer, cents) = if id == "5000" { ("0", "2") } else { ("1", "300") };
        let event = format!("{id} {customer} {cents} {kind}\n");
        stage.put(&format!("s3/rehearsal-billing-events/{id}"), &event);
    }
    let secrets = "{\"RAZORPAY_KEY\": \"planted-razorpay-key\", \"SIGNING_KEY\": \"planted-signing-key\"}";
    stage.put("vault/operations/metrics-billing-rehearsal/secrets.json", secrets);
    let paid = asked(stage, "select customer || ' ' || cents from payments order by customer");
    stage.put("razorpay/test/payments", &format!("{paid}\n1 2140\n2 2145\n"));
    stage.put("razorpay/status", "{\"status\": {\"indicator\": \"none\"}}");
    stage.put("effects", "");
}

/// What the database of the rehearsals answers.
fn asked(stage: &Stage, question: &str) -> String {
    let own = stage.machine.path_of(&format!("home/platform/{REHEARSAL}"));
    stage.does("psql", &["-XAt", "-h", &own, "-d", "billing", "-U", "drctl", "-c", question])
}

/// Nothing of a drill was left out.
#[track_caller]
fn whole(stage: &Stage, name: &str) -> Run {
    let run = stage.drill(name, &[]);
    for step in run.record["steps"].as_array().unwrap() {
        assert_eq!(step["standing"], "done", "{step}");
    }
    run
}

#[test]
fn metrics_billing_deploys_its_workers_with_their_secrets_and_processes_what_was_not_processed_once() {
    let stage = stage();
    let before = stage.content("billing");
    rehearsal(&stage);

    let run = whole(&stage, "workers");
    let released =
        stage.does("git", &["-C", &stage.machine.path_of("home/git/platform"), "rev-parse", "HEAD"]);
    assert_eq!(stage.held("cloudflare/rehearsal/deployments"), released);
    assert_eq!(stage.held("cloudflare/rehearsal/crons").lines().count(), 2);
    let digest = stage.does("sh", &["-c", "printf planted-razorpay-key | sha256sum | cut -d' ' -f1"]);
    assert_eq!(stage.held("cloudflare/rehearsal/secrets/RAZORPAY_KEY"), digest);
    let platform = stage.machine.path_of("home/platform/cloudflare");
    let found = stage.machine.run("grep", &["-rl", "planted-", ".drctl", &platform]);
    assert!(found.stdout.is_empty(), "a secret stands nowhere: {found:?}");
    stage.take_back(&run);

    let new = "select string_agg(id || ' ' || cents, ', ' order by id) from usage where id > 5000";
    let run = whole(&stage, "queue");
    assert_eq!(asked(&stage, new), "5001 300, 5002 300", "a discount is not replayed");
    assert_eq!(
        stage.held("effects"),
        "replay 5002",
        "the dead letter was put back, and not replayed besides"
    );
    let queues = stage.machine.path_of("home/platform/cloudflare/queues");
    let left = stage.does("find", &[&queues, "-name", "message-*", "-printf", "%P"]);
    assert_eq!(left, "rehearsal-billing-dead/message-torn", "what is no event stays dead");
    assert!(!stage.machine.exists("home/platform/cloudflare/queues/rehearsal-billing-events/paused"));
    stage.take_back(&run);
    assert!(stage.machine.exists("home/platform/cloudflare/queues/rehearsal-billing-events/paused"));

    stage.put("effects", "");
    let run = whole(&stage, "payments");
    assert_eq!(stage.held("effects"), "record 1\nrecord 2");
    assert_eq!(asked(&stage, "select cents from payments where customer in (1, 2) order by 1"), "2140\n2145");
    assert_eq!(stage.held("razorpay/test/confirmed/2"), "paid");
    assert_eq!(stage.held("razorpay/test/state"), "on");
    stage.take_back(&run);
    assert_eq!(stage.content("billing"), before, "what is in use is as it was");
}
