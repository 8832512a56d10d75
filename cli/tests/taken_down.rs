//! A drill that restored a database removes it: what its journal made and its tag carries, and nothing else,
//! ever. On the simulated cloud.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

const DRILL: [&str; 4] = ["drill", "quarterly", "--execute", "--auto-approve"];
const REGION: &str = "eu-west-1";

/// `testdata/drills/new-name`.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/drills/new-name");
        let place = Place(tempfile::tempdir().unwrap());
        fs::copy(from.join("main.dr.hcl"), place.path().join("main.dr.hcl")).unwrap();
        let mut seed: Json = serde_json::from_slice(&fs::read(from.join("sim.json")).unwrap()).unwrap();
        seed["regions"][REGION]["db_instances"]["shop"]["deletion_protection"] = true.into();
        fs::write(place.path().join("sim.json"), seed.to_string()).unwrap();
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// What is said, with that exit code.
    #[track_caller]
    fn says(&self, code: i32, args: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
        command.args(args).current_dir(self.path()).env_clear().env("HOME", self.path());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{said}");
        said
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Json {
        serde_json::from_str(&self.says(0, &[args, &["--json"]].concat())).unwrap()
    }

    /// The only run.
    fn run(&self) -> String {
        self.json(&["recover", "runs"])["runs"][0]["run"].as_str().unwrap().to_owned()
    }

    fn journal(&self) -> PathBuf {
        self.path().join(".drctl/runs").join(self.run()).join("journal.jsonl")
    }

    /// How often an operation was called.
    fn calls(&self, operation: &str) -> usize {
        let log = self.says(0, &["sim", "log", "--json"]);
        let calls = log.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
        calls.filter(|call| call["operation"] == format!("rds:{operation}")).count()
    }

    /// The state of each instance.
    fn instances(&self) -> Vec<(String, String)> {
        let cloud = self.json(&["sim", "show"]);
        let all = cloud["accounts"]["000000000000"]["regions"][REGION]["db_instances"].as_object().unwrap();
        let state = |is: &Json| is["instance"]["status"].as_str().unwrap().to_owned();
        all.iter().map(|(name, is)| (name.clone(), state(is))).collect()
    }

    /// What was restored is gone or going; what is in use is as it was.
    #[track_caller]
    fn nothing_is_left(&self) {
        for (name, state) in self.instances() {
            assert_eq!(state, if name == "shop" { "available" } else { "deleting" }, "{name}");
        }
        let shown = self.json(&["recover", "show", &self.run()]);
        assert_eq!(shown["teardown"], serde_json::json!({ "status": "done", "left": [] }), "{shown:#}");
    }
}

#[test]
fn what_a_drill_restored_is_removed_when_it_is_over() {
    let place = Place::new();
    let said = place.says(0, &DRILL);
    assert!(said.contains("nothing that it made is left"), "{said}");
    place.nothing_is_left();
    assert_eq!(place.calls("DeleteDBInstance"), 1);
}

#[test]
fn what_could_not_be_removed_is_still_there_and_is_removed_later() {
    let place = Place::new();
    place.says(0, &["sim", "deny", "rds:DeleteDBInstance"]);
    let said = place.says(9, &DRILL);
    assert!(said.contains("STILL THERE") && said.contains("could not be taken down"), "{said}");
    let run = place.run();
    assert!(said.contains(&format!("drctl drill teardown {run}")), "{said}");
    place.says(0, &["sim", "allow", "rds:DeleteDBInstance"]);
    place.says(0, &["drill", "teardown", &run]);
    place.nothing_is_left();
}

#[test]
fn an_instance_without_the_runs_tag_stays_whatever_it_is_called() {
    let place = Place::new();
    place.says(0, &[&DRILL[..], &["--keep"]].concat());
    let run = place.run();
    let name = format!("drill-shop-{run}");
    let tag = |by: &str| place.says(0, &["sim", "set-db-instance", REGION, &name, "/tags/drctl:attempt", by]);
    tag("\"somebody\"");
    let said = place.says(9, &["drill", "teardown", &run]);
    assert!(said.contains("it stays"), "{said}");
    assert_eq!((place.calls("DeleteDBInstance"), place.calls("ModifyDBInstance")), (0, 0));
    tag(&format!("\"{run}/1\""));
    place.says(0, &["drill", "teardown", &run]);
    place.nothing_is_left();
}

#[test]
fn a_drill_that_is_killed_while_it_removes_what_it_restored_goes_on_and_asks_nobody() {
    let place = Place::new();
    place.says(0, &[&DRILL[..], &["--keep"]].concat());
    let run = place.run();
    place.says(0, &["sim", "deny", "rds:DeleteDBInstance"]);
    place.says(9, &["drill", "teardown", &run]);
    place.says(0, &["sim", "allow", "rds:DeleteDBInstance"]);
    let journal = fs::read_to_string(place.journal()).unwrap();
    let undoing = journal.lines().position(|line| line.contains("\"undoing\"")).unwrap();
    let begun: String = journal.lines().take(undoing + 1).map(|line| format!("{line}\n")).collect();
    // Once its protection is off and it is not deleted, and once it is.
    for done in ["protection", "deleted"] {
        fs::write(place.journal(), &begun).unwrap();
        place.says(0, &["recover", "--resume", &run]);
        place.nothing_is_left();
        assert_eq!(place.calls("DeleteDBInstance"), 2, "{done}: refused once, done once");
    }
}

#[test]
fn a_recovery_removes_no_database_neither_when_it_fails_nor_when_it_is_given_up() {
    for plan in ["plan", "recover"] {
        let place = Place::new();
        let args: &[&str] = if plan == "plan" { &["plan"] } else { &["recover", "--scenario", "mistake"] };
        let shown = place.says(0, &[args, &["--format", "json"]].concat());
        assert!(!shown.contains("remove_what_a_drill_restored") && !shown.contains("delete-db-instance"));
    }
    let place = Place::new();
    let begin = ["recover", "--scenario", "mistake", "--execute", "--auto-approve"];
    place.says(0, &["sim", "deny", "rds:DescribeDBInstances:shop-*"]);
    place.says(9, &begin);
    let journal = fs::read_to_string(place.journal()).unwrap();
    assert!(!journal.contains("remove_what_a_drill_restored"));
    place.says(1, &["drill", "teardown", &place.run()]);
    assert_eq!(place.calls("DeleteDBInstance"), 0);
}
