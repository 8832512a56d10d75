//! What drctl remembers, through the binary: a state that is lost or no state at all, imports, root
//! outputs, the stream of events, and a person's Ctrl-C.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// A folder with a configuration and a simulated cloud.
struct Place {
    dir: tempfile::TempDir,
}

/// Two regions of the simulation.
const PROVIDER: &str = "provider \"aws\" {\n  region = \"eu-west-1\"\n  endpoint = \"sim\"\n}\n";

impl Place {
    fn new(config: &str, seed: &Value) -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        place.write(config);
        std::fs::write(place.dir.path().join("sim.json"), seed.to_string()).unwrap();
        place
    }

    fn quickstart() -> Place {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart");
        let read = |name: &str| std::fs::read_to_string(from.join(name)).unwrap();
        let place = Place { dir: tempfile::tempdir().unwrap() };
        std::fs::write(place.dir.path().join("main.dr.hcl"), read("main.dr.hcl")).unwrap();
        std::fs::write(place.dir.path().join("sim.json"), read("sim.json")).unwrap();
        place
    }

    fn write(&self, config: &str) {
        std::fs::write(self.dir.path().join("main.dr.hcl"), format!("{PROVIDER}{config}")).unwrap();
    }

    fn data(&self, name: &str) -> PathBuf {
        self.dir.path().join(".drctl").join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
        command.arg("-C").arg(self.dir.path()).args(args).stdin(Stdio::null());
        for variable in ["DRCTL_SIM", "DRCTL_DATA_DIR", "DRCTL_NOW"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs a command: standard output, standard error, exit code.
    fn run(&self, args: &[&str]) -> (String, String, i32) {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap(), status.code().unwrap())
    }

    /// Runs what has to succeed: its standard output.
    fn must(&self, args: &[&str]) -> String {
        let (stdout, stderr, code) = self.run(args);
        assert_eq!(code, 0, "{args:?}\n{stdout}{stderr}");
        stdout
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.must(args)).unwrap()
    }

    fn state(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.data("state.json")).unwrap()).unwrap()
    }
}

const APPLY: [&str; 2] = ["apply", "--auto-approve"];

/// What a state knows, without what tells which state it is.
fn memory(state: &Value) -> Value {
    let mut resources = state["resources"].clone();
    for (_, owned) in resources.as_object_mut().unwrap() {
        owned.as_object_mut().unwrap().remove("created");
    }
    resources
}

#[test]
fn a_lost_state_is_rebuilt_to_what_it_was_but_for_who_made_things() {
    let place = Place::quickstart();
    place.must(&APPLY);
    // A second look, since some outputs become known only after a while.
    place.must(&["state", "rebuild"]);
    let before = place.state();
    std::fs::remove_file(place.data("state.json")).unwrap();
    let said = place.json(&["state", "rebuild", "--json"]);
    assert_eq!(memory(&place.state()), memory(&before));
    assert_ne!(place.state()["lineage"], before["lineage"]);
    for resource in said["resources"].as_array().unwrap() {
        assert_eq!(resource["ownership"], "restored");
        assert_eq!(resource["created"], Value::Null);
        assert_eq!(resource["last_applied"]["unknown"], json!([]));
    }
    assert!(place.must(&["plan", "--detailed-exitcode"]).contains("No changes"));
}

#[test]
fn what_is_no_state_is_kept_aside_and_a_newer_one_stays() {
    let place = Place::quickstart();
    place.must(&APPLY);
    std::fs::write(place.data("state.json"), "half a sta").unwrap();
    let said = place.json(&["state", "rebuild", "--json"]);
    assert!(said["set_aside"].as_str().unwrap().ends_with("state.json.unreadable"));
    assert_eq!(std::fs::read_to_string(place.data("state.json.unreadable")).unwrap(), "half a sta");
    assert!(place.must(&["plan"]).contains("No changes"));
    let newer = std::fs::read_to_string(place.data("state.json")).unwrap().replace("\"1.0\"", "\"9.0\"");
    std::fs::write(place.data("state.json"), &newer).unwrap();
    let (_, stderr, code) = place.run(&["state", "rebuild"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("version 9.0"), "{stderr}");
    assert_eq!(std::fs::read_to_string(place.data("state.json")).unwrap(), newer);
}

#[test]
fn a_refused_rebuild_names_what_it_would_lose_and_writes_nothing() {
    let place = Place::quickstart();
    place.must(&APPLY);
    place.must(&["state", "mv", "aws_db_instance.main", "aws_db_instance.old"]);
    let before = std::fs::read(place.data("state.json")).unwrap();
    let (_, stderr, code) = place.run(&["state", "rebuild"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("aws_db_instance.old (`main`)"), "{stderr}");
    assert_eq!(std::fs::read(place.data("state.json")).unwrap(), before);
    place.must(&["state", "rebuild", "--discard"]);
    assert_eq!(std::fs::read(place.data("state.json.backup")).unwrap(), before);
}

#[test]
fn an_import_block_is_planned_recorded_and_harmless_afterwards() {
    let bucket =
        "resource \"aws_s3_bucket\" \"invoices\" {\n  bucket = \"invoices\"\n  versioning = \"Enabled\"\n}\n";
    let import = "import {\n  to = aws_s3_bucket.invoices\n  id = \"invoices\"\n}\n";
    let seed =
        json!({ "regions": { "eu-west-1": { "buckets": { "invoices": { "versioning": "Enabled" } } } } });
    let place = Place::new(&format!("{bucket}{import}"), &seed);
    let plan = place.json(&["plan", "--json"]);
    let change = &plan["resource_changes"][0];
    assert_eq!(change["change"]["importing"], json!({ "id": "invoices" }));
    assert_eq!(change["change"]["actions"], json!(["no-op"]));
    let writes = |place: &Place| {
        let calls = place.must(&["sim", "log"]);
        calls.lines().filter(|l| l.starts_with("write")).count()
    };
    place.must(&APPLY);
    assert_eq!(writes(&place), 0, "an import writes nothing to the provider");
    assert_eq!(place.state()["resources"]["aws_s3_bucket.invoices"]["created"], false);
    assert!(place.must(&["plan", "--detailed-exitcode"]).contains("No changes"));
    place.write(bucket);
    assert!(place.must(&["plan", "--detailed-exitcode"]).contains("No changes"));
    place.write(&format!("{bucket}{}", import.replace("\"invoices\"", "\"others\"")));
    let (_, stderr, code) = place.run(&["plan"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("DR419"), "{stderr}");
}

#[test]
fn what_belongs_to_others_or_to_nobody_is_not_imported() {
    let config = r#"
resource "aws_s3_bucket" "taken" {
  bucket = "taken"
}
resource "aws_s3_bucket" "each" {
  for_each = toset(["a", "b"])
  bucket   = "each-${each.key}"
}
"#;
    let seed = json!({
        "foreign_buckets": ["taken"], "regions": { "eu-west-1": { "buckets": { "each-a": {} } } },
    });
    let place = Place::new(config, &seed);
    for (address, id, code, says) in [
        ("aws_s3_bucket.taken", "taken", 1, "another account"),
        ("aws_s3_bucket.each[\"b\"]", "each-b", 1, "nothing to import"),
        ("aws_s3_bucket.each[\"c\"]", "each-c", 1, "no instance"),
        ("aws_s3_bucket.each", "each-a", 1, "no instance"),
        ("aws_s3_bucket.each[\"a\"]", "each-b", 1, "another thing"),
        ("aws_s3_bucket.none", "none", 1, "does not declare"),
    ] {
        let (_, stderr, found) = place.run(&["import", address, id]);
        assert_eq!(found, code, "{address} {stderr}");
        assert!(stderr.contains(says), "{address}: {stderr}");
        assert!(!place.data("state.json").exists(), "{address}");
    }
    let said = place.json(&["import", "aws_s3_bucket.each[\"a\"]", "each-a", "--json"]);
    assert_eq!(said["imported"]["ownership"], "restored");
    assert_eq!(said["differs"], json!([]));
}
