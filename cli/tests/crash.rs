//! Killed at any point: a process that applies gets SIGKILL from itself before or after a journal write, a
//! write of the state, or a call that changes something; every such point is tried. Whatever was left
//! behind, the binary plans and applies again, nothing is done twice, and the cloud is what an
//! undisturbed run makes of it. The process that is killed is this test itself, started again: it does
//! what `drctl apply` does, from the same parts.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

#[path = "support/commander.rs"]
mod commander;
#[path = "support/project.rs"]
mod project;
#[path = "support/watched.rs"]
mod watched;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use commander::Commander;
use drctl_engine::hooks::Hooks;
use drctl_sim::Sim;
use project::Project;
use serde_json::{Value, json};
use watched::{Watcher, writes};

/// The folder in which the killed process works.
const DIR: &str = "DRCTL_CRASH_DIR";
/// The point at which it kills itself, from 1; at 0 it counts the points.
const AT: &str = "DRCTL_CRASH_AT";
/// Where it writes how many points it has passed.
const COUNT: &str = "points";

/// Two regions.
const HEAD: &str = r#"
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}
provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}
"#;

/// A locked, replicated pair of buckets.
const PAIR: &str = r#"
resource "aws_s3_bucket" "here" {
  bucket     = "the-bucket"
  versioning = "Enabled"
  tags       = { team = "billing" }
  object_lock {
    mode = "GOVERNANCE"
    days = 30
  }
  server_side_encryption {
    sse_algorithm = "aws:kms"
  }
  replication {
    role = "arn:aws:iam::000000000000:role/r"
    rule "all" {
      destination               = aws_s3_bucket.there.arn
      delete_marker_replication = "Disabled"
    }
  }
}
resource "aws_s3_bucket" "there" {
  provider   = aws.dr
  bucket     = "the-copy"
  versioning = "Enabled"
  object_lock {}
}
"#;

/// The pair after many changes: one attribute more, one less, the others other.
const OTHER_PAIR: &str = r#"
resource "aws_s3_bucket" "here" {
  bucket     = "the-bucket"
  versioning = "Enabled"
  object_lock {
    mode = "GOVERNANCE"
    days = 60
  }
  server_side_encryption {
    sse_algorithm      = "aws:kms"
    bucket_key_enabled = true
  }
  lifecycle {
    rule "parts" {
      abort_incomplete_multipart_upload_days = 7
    }
  }
  replication {
    role = "arn:aws:iam::000000000000:role/r"
    rule "all" {
      destination               = aws_s3_bucket.there.arn
      delete_marker_replication = "Disabled"
      replication_time_control  = true
    }
  }
}
resource "aws_s3_bucket" "there" {
  provider   = aws.dr
  bucket     = "the-copy"
  versioning = "Enabled"
  tags       = { team = "billing" }
  object_lock {
    mode = "GOVERNANCE"
    days = 7
  }
}
"#;

/// An instance and a bucket that are there already.
const ADOPTED: &str = r#"
resource "aws_db_instance" "main" {
  db_instance_identifier  = "main"
  backup_retention_period = 14
  deletion_protection     = true
  tags                    = { team = "billing" }
}
resource "aws_s3_bucket" "old" {
  bucket     = "old"
  versioning = "Enabled"
  tags       = { team = "billing" }
}
"#;

/// A snapshot and replicated backups.
const COPIES: &str = r#"
resource "aws_db_snapshot" "last" {
  db_snapshot_identifier = "main-last"
  db_instance_identifier = "main"
  tags                   = { team = "billing" }
}
resource "aws_db_automated_backups_replication" "main" {
  provider                = aws.dr
  source_db_instance_arn  = "arn:aws:rds:eu-west-1:000000000000:db:main"
  backup_retention_period = 14
}
"#;

/// Counts the points and kills this process at one of them.
struct Killer {
    at: u32,
    passed: AtomicU32,
}

impl Killer {
    fn pass(&self) {
        let passed = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if passed == self.at {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
            // Whoever is killed does not go on, not even for a moment.
            loop {
                std::thread::park();
            }
        }
    }
}

impl Hooks for Killer {
    fn at(&self, _point: &str) {
        self.pass();
    }
}

#[async_trait]
impl Watcher for Killer {
    async fn before(&self, call: &'static str) {
        if writes(call) {
            self.pass();
        }
    }

    async fn after(&self, call: &'static str) {
        if writes(call) {
            self.pass();
        }
    }
}

/// The process that is killed. Does nothing unless it was started for that.
#[test]
fn the_process_that_is_killed() {
    let (Ok(dir), Ok(at)) = (std::env::var(DIR), std::env::var(AT)) else { return };
    let dir = Path::new(&dir);
    let data = dir.join(".drctl");
    let killer = Arc::new(Killer { at: at.parse().unwrap(), passed: AtomicU32::new(0) });
    let commander = Commander::new(&data, Sim::dir(data.join("sim")).unwrap(), Arc::clone(&killer) as _);
    let text = std::fs::read_to_string(dir.join("main.dr.hcl")).unwrap();
    // One thread: the points come in the same order each time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let done = runtime.block_on(async {
        let mut session = commander.session().await;
        let seen = commander.observe(&text, &session).await.unwrap();
        let plan = commander.plan(&seen, &session).unwrap();
        commander.apply((&plan, &seen), "killed", &*killer, &mut session).await
    });
    assert!(done.outcome.is_success(), "{:?}", done.failures);
    std::fs::write(dir.join(COUNT), killer.passed.load(Ordering::SeqCst).to_string()).unwrap();
}

/// Applies in a process that kills itself at a point; whether it did.
fn killed(project: &Project, at: u32) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "the_process_that_is_killed", "--nocapture"]).stdin(Stdio::null());
    child.env(DIR, project.dir()).env(AT, at.to_string());
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || output.status.code().is_none(), "point {at}: {said}");
    output.status.code().is_none()
}

/// How often each thing was made.
fn made(project: &Project) -> BTreeMap<String, usize> {
    let mut made = BTreeMap::new();
    let calls = std::fs::read_to_string(project.data("sim/calls.log")).unwrap();
    for call in calls.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()) {
        let operation = call["operation"].as_str().unwrap();
        if [":Create", ":Start"].iter().any(|verb| operation.contains(verb)) && call["outcome"] == "ok" {
            *made.entry(format!("{operation} {}", call["resource"])).or_default() += 1;
        }
    }
    made
}

/// Applies, and again, and compares.
fn converges(project: &Project, when: &str, accept: &[&str]) -> (Value, BTreeMap<String, usize>) {
    project.must(&["plan"], when);
    let apply = [&["apply", "--auto-approve", "--lock-timeout", "0"][..], accept].concat();
    project.must(&apply, when);
    let plan = project.must(&["plan", "--detailed-exitcode"], when);
    assert!(plan.contains("No changes"), "{when}: {plan}");
    assert!(!project.data("journal.jsonl").exists(), "{when}: the journal is still open");
    let made = made(project);
    (project.cloud(), made)
}

/// Applies the first text; then the second, killed at every point in turn.
fn survives(seed: &Value, first: Option<&str>, second: &str, accept: &[&str]) {
    let base = Project::new(&format!("{HEAD}{}", first.unwrap_or_default()), seed);
    let apply = [&["apply", "--auto-approve"][..], accept].concat();
    base.must(if first.is_some() { &apply } else { &["plan"] }, "before");
    base.write(&format!("{HEAD}{second}"));
    let counting = base.copy();
    assert!(!killed(&counting, 0));
    let points: u32 = std::fs::read_to_string(counting.dir().join(COUNT)).unwrap().parse().unwrap();
    assert!(points >= 20, "only {points} points");
    let undisturbed = converges(&base.copy(), "undisturbed", accept);
    assert!(undisturbed.1.values().all(|times| *times == 1), "{:?}", undisturbed.1);
    let next = AtomicU32::new(1);
    let each = || loop {
        let at = next.fetch_add(1, Ordering::SeqCst);
        if at > points {
            break;
        }
        let project = base.copy();
        let when = format!("killed at point {at} of {points}");
        assert!(killed(&project, at), "{when}: it went on");
        assert_eq!(converges(&project, &when, accept), undisturbed, "{when}");
    };
    std::thread::scope(|scope| {
        scope.spawn(each);
        scope.spawn(each);
    });
}

fn database() -> Value {
    json!({ "now": "2026-03-02T12:00:00Z", "regions": { "eu-west-1": {
        "db_instances": { "main": { "engine": "postgres", "backup_retention_period": 7 } },
        "buckets": { "old": { "versioning": "Suspended" } },
    } } })
}

#[test]
fn creating_a_pair_of_buckets() {
    survives(&json!({ "now": "2026-03-02T12:00:00Z" }), None, PAIR, &[]);
}

#[test]
fn changing_a_pair_of_buckets() {
    survives(&json!({ "now": "2026-03-02T12:00:00Z" }), Some(PAIR), OTHER_PAIR, &[]);
}

#[test]
fn adopting_an_instance_and_a_bucket() {
    survives(&database(), None, ADOPTED, &[]);
}

#[test]
fn taking_a_snapshot_and_starting_to_replicate() {
    survives(&database(), None, COPIES, &[]);
}
