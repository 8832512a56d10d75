//! What is known without asking anybody, through the binary: the same plans as of the last look, with
//! its age, and never a call.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

#[path = "../src/render/schema_check.rs"]
mod schema_check;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// A copy of `examples/quickstart`, and the time that commands take for now.
struct Place {
    dir: tempfile::TempDir,
}

const THEN: &str = "2026-03-02T12:00:00Z";
const NOW: &str = "2026-03-02T14:13:00Z";

impl Place {
    fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart");
        for name in ["main.dr.hcl", "sim.json"] {
            fs::copy(from.join(name), place.path(name)).unwrap();
        }
        place
    }

    fn applied() -> Place {
        let place = Place::new();
        place.at(THEN, &["apply", "--auto-approve"], 0);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn last_world(&self) -> PathBuf {
        self.path(".drctl/last-world.json")
    }

    /// Runs at a time what has to end like this: standard output, then standard error.
    fn at(&self, now: &str, args: &[&str], code: i32) -> (String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_drctl"))
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("HOME", self.dir.path())
            .env("DRCTL_NOW", now)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{stdout}{stderr}");
        (stdout, stderr)
    }

    fn json(&self, now: &str, args: &[&str], code: i32) -> Value {
        let (stdout, _) = self.at(now, &[args, &["--json"]].concat(), code);
        let json = serde_json::from_str(&stdout).unwrap();
        let name = if args[0] == "plan" { "plan" } else { "recovery" };
        let schema = Command::new(env!("CARGO_BIN_EXE_drctl")).args(["schema", name]).output().unwrap();
        let schema = serde_json::from_slice(&schema.stdout).unwrap();
        assert_eq!(schema_check::check(&schema, &json), Vec::<String>::new(), "{args:?}");
        json
    }

    /// Cuts the cloud off for good: whoever asks it anything fails.
    fn cut_off(&self) {
        fs::write(self.path(".drctl/sim/cloud.json"), "cut off").unwrap();
        self.at(NOW, &["plan"], 1);
    }
}

const AGE: &str = "OFFLINE: no provider was asked; as of 2026-03-02T12:00:00Z (2h 13m ago)";
const OUTAGE: [&str; 3] = ["recover", "--scenario", "regional-outage"];

#[test]
fn a_plan_without_asking_is_the_plan_of_the_last_look_and_says_its_age() {
    let place = Place::applied();
    let asked = place.json(THEN, &["plan"], 0);
    let calls = || fs::read(place.path(".drctl/sim/calls.log")).unwrap();
    let before = calls();
    let remembered = place.json(NOW, &["plan", "-refresh=false"], 0);
    assert_eq!(calls(), before, "nobody was asked");
    assert_eq!(remembered["drctl"]["sha256"], asked["drctl"]["sha256"]);
    assert_eq!(remembered["resource_changes"], asked["resource_changes"]);
    let seen = json!({ "as_of": THEN, "age_s": 7980, "never_seen": 0 });
    assert_eq!(remembered["drctl"]["last_seen"], seen);
    assert_eq!((&asked["drctl"]["last_seen"], &remembered["complete"]), (&Value::Null, &true.into()));
    place.cut_off();
    for format in ["text", "markdown"] {
        let (text, _) = place.at(NOW, &["plan", "--refresh=false", "--format", format], 0);
        assert!(text.contains(AGE), "{text}");
    }
    let (_, said) = place.at(NOW, &["plan", "--refresh=false", "--refresh-only"], 1);
    assert!(said.contains("DR704"), "{said}");
}

#[test]
fn a_way_back_without_asking_is_that_of_the_last_look_and_promises_less() {
    let place = Place::applied();
    place.at(THEN, &["sim", "advance", "1h"], 0);
    let asked = place.json(THEN, &OUTAGE, 3);
    place.cut_off();
    let offline = [&OUTAGE[..], &["--offline"]].concat();
    let remembered = place.json(NOW, &offline, 3);
    assert_eq!(remembered["last_seen"], json!({ "as_of": THEN, "age_s": 7980, "never_seen": 0 }));
    assert_eq!(asked["last_seen"], Value::Null);
    let steps = |plan: &Value| -> Vec<[Value; 4]> {
        let parts = |s: &Value| ["datastore", "phase", "needs", "p95_s"].map(|key| s[key].clone());
        plan["steps"].as_array().unwrap().iter().map(parts).collect()
    };
    assert_eq!(steps(&remembered), steps(&asked));
    for key in ["infeasible", "untouched", "lost", "rto"] {
        assert_eq!(remembered[key], asked[key], "{key}");
    }
    let point = |plan: &Value| plan["chosen_points"][1]["point"].clone();
    assert!(point(&asked).is_string());
    assert_eq!(point(&remembered), point(&asked));
    assert_eq!(remembered["rpo"]["status"], "unknown", "newer points may have come");
    let warnings = remembered["warnings"].to_string();
    assert!(warnings.contains("last seen 2026-03-02T12:00:00Z (2h 13m ago)"), "{warnings}");
    let (text, _) = place.at(NOW, &offline, 3);
    assert!(text.contains(AGE), "{text}");
}

#[test]
fn a_snapshot_is_carried_to_where_nothing_was_ever_seen() {
    let place = Place::applied();
    let (said, _) = place.at(THEN, &["snapshot", "--out", "seen.json"], 0);
    assert_eq!(said, "SIM: 5 resources in seen.json, as of 2026-03-02T12:00:00Z\n");
    place.at(THEN, &["sim", "fail-region", "eu-west-2"], 0);
    let (said, _) = place.at(NOW, &["snapshot", "--out", "later.json", "--require-complete"], 6);
    assert!(said.contains("5 resources") && said.contains("2 resources could not be observed now"), "{said}");
    let elsewhere = Place::new();
    for name in ["seen.json", "later.json"] {
        fs::copy(place.path(name), elsewhere.path(name)).unwrap();
        let plan = elsewhere.json(NOW, &["plan", "--from", name], 0);
        assert_eq!(plan["drctl"]["last_seen"], json!({ "as_of": THEN, "age_s": 7980, "never_seen": 0 }));
        let (text, _) = elsewhere.at(NOW, &[&OUTAGE[..], &["--from", name]].concat(), 3);
        assert!(text.contains(AGE) && text.contains("FEASIBLE: 2 datastores come back"), "{text}");
    }
    assert!(!elsewhere.path(".drctl").exists(), "nothing is written");
    let (_, said) = elsewhere.at(NOW, &["plan", "--from", "sim.json"], 1);
    assert!(said.contains("DR714"), "{said}");
    place.at(NOW, &["snapshot", "--out", "/proc/none/x"], 1);
}

#[test]
fn what_was_never_there_when_last_seen_is_no_way_back() {
    let place = Place::new();
    place.at(THEN, &["plan"], 0);
    place.cut_off();
    let plan = place.json(NOW, &[&OUTAGE[..], &["--offline"]].concat(), 3);
    assert_eq!(plan["infeasible"].as_array().unwrap().len(), 2);
}

#[test]
fn what_was_seen_elsewhere_or_of_another_name_was_never_seen() {
    let place = Place::applied();
    let text = fs::read_to_string(place.path("main.dr.hcl")).unwrap();
    fs::write(place.path("main.dr.hcl"), text.replace("\"eu-west-2\"", "\"eu-west-3\"")).unwrap();
    let plan = place.json(NOW, &["plan", "--refresh=false"], 0);
    assert_eq!((&plan["complete"], plan["unobserved"].as_array().unwrap().len()), (&false.into(), 2));
    assert_eq!(plan["drctl"]["last_seen"]["never_seen"], 2);
    let (_, said) = place.at(NOW, &["plan", "--refresh=false", "--require-complete"], 6);
    assert!(said.contains("`aws.dr` led to region eu-west-2 of account 000000000000"), "{said}");
}

#[test]
fn a_saved_plan_from_memory_is_applied_only_where_memory_was_right() {
    let place = Place::applied();
    let text = fs::read_to_string(place.path("main.dr.hcl")).unwrap();
    let changed = text.replace("02:00-02:30", "03:00-03:30");
    assert_ne!(text, changed);
    fs::write(place.path("main.dr.hcl"), changed).unwrap();
    place.at(NOW, &["plan", "--refresh=false", "--out", "right"], 0);
    // The same, where what is remembered is not so any more.
    let kept = fs::read_to_string(place.last_world()).unwrap();
    let wrong = kept.replace("02:00-02:30", "01:00-01:30");
    assert_ne!(kept, wrong);
    fs::write(place.last_world(), wrong).unwrap();
    place.at(NOW, &["plan", "--refresh=false", "--out", "wrong"], 0);
    place.at(NOW, &["apply", "wrong"], 8);
    let (shown, _) = place.at(NOW, &["show", "right"], 0);
    assert!(shown.contains(AGE), "{shown}");
}

#[test]
fn a_copy_stands_in_for_the_file_that_is_lost() {
    let place = Place::new();
    let text = fs::read_to_string(place.path("main.dr.hcl")).unwrap();
    let copy = |path: &str| format!("  last_world_copy {{\n    path = {path}\n  }}\n");
    let copies = format!("drctl {{\n{}{}}}\n", copy("\"synced\""), copy("\"unmounted/copy.json\""));
    fs::write(place.path("main.dr.hcl"), copies + &text).unwrap();
    fs::create_dir(place.path("synced")).unwrap();
    let (_, said) = place.at(THEN, &["apply", "--auto-approve"], 0);
    assert!(said.contains("DR714") && said.contains("there is no folder `unmounted`"), "{said}");
    place.cut_off();
    let local = place.json(NOW, &[&OUTAGE[..], &["--offline"]].concat(), 3);
    fs::remove_file(place.last_world()).unwrap();
    let (_, said) = place.at(NOW, &[&OUTAGE[..], &["--offline"]].concat(), 3);
    assert!(said.contains("is taken from the copy") && said.contains("`synced/last-world.json`"), "{said}");
    assert_eq!(place.json(NOW, &[&OUTAGE[..], &["--offline"]].concat(), 3), local);
    fs::write(place.last_world(), "torn").unwrap();
    assert_eq!(place.json(NOW, &[&OUTAGE[..], &["--offline"]].concat(), 3), local);
    fs::remove_file(place.path("synced/last-world.json")).unwrap();
    fs::remove_file(place.last_world()).unwrap();
    let (_, said) = place.at(NOW, &[&OUTAGE[..], &["--offline"]].concat(), 1);
    assert!(said.contains("Nothing was ever observed"), "{said}");
    for (wrong, why) in [
        (copy("var.place"), "plain text"),
        (copy("\" \""), "the path of a file"),
        (copy("\"synced\"\n    site = \"office\""), "this must be a site"),
        ("  site = site.office\n".to_owned(), "office"),
        ("  last_world_copy {\n  }\n".to_owned(), "needs `path`"),
    ] {
        fs::write(place.path("main.dr.hcl"), format!("drctl {{\n{wrong}}}\n") + &text).unwrap();
        let (_, said) = place.at(NOW, &["validate"], 1);
        assert!(said.contains(why), "{said}");
    }
}
