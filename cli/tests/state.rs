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

/// What was made is drctl's, also when what comes after it is refused: it goes on from there, and may
/// delete it.
#[test]
fn a_bucket_that_was_only_just_made_is_drctls_own() {
    let bucket = "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"a-bucket\"\n  versioning = \"Enabled\"\n  \
                  policy = jsonencode({ Version = \"2012-10-17\", Statement = [{ Effect = \"Deny\", Principal = \"*\", \
                  Action = \"s3:DeleteObjectVersion\", Resource = \"arn:aws:s3:::a-bucket/*\" }] })\n}\n";
    let place = Place::new("", &json!({ "denied": ["PutBucketPolicy"] }));
    place.write(bucket);
    let (_, stderr, code) = place.run(&APPLY);
    assert_eq!(code, 1);
    assert!(stderr.contains("PutBucketPolicy"), "{stderr}");
    let owned = &place.state()["resources"]["aws_s3_bucket.a"];
    assert_eq!((&owned["created"], &owned["applied"]), (&json!(true), &json!({})));
    place.must(&["sim", "allow", "PutBucketPolicy"]);
    let planned = place.json(&["plan", "--json"]);
    assert_eq!(planned["resource_changes"][0]["change"]["actions"], json!(["update"]), "not adopted");
    place.must(&APPLY);
    assert!(place.must(&["plan", "--detailed-exitcode"]).contains("No changes"));
    place.write("");
    let accept = ["--accept", "delete:aws_s3_bucket.a", "--accept", "irreversible:aws_s3_bucket.a"];
    place.must(&[&APPLY[..], &accept].concat());
    let world = place.json(&["sim", "show", "--json"]);
    assert_eq!(world["accounts"]["000000000000"]["regions"]["eu-west-1"]["buckets"], json!({}));
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
        ("aws_s3_bucket.taken", "taken", 6, "not among the buckets of this"),
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

/// The stream of events of a command: each line is an object with the keys that all have.
fn events(stdout: &str) -> Vec<Value> {
    const TYPES: [&str; 13] = [
        "version",
        "log",
        "diagnostic",
        "resource_drift",
        "planned_change",
        "change_summary",
        "outputs",
        "apply_start",
        "apply_progress",
        "apply_complete",
        "apply_errored",
        "refresh_start",
        "refresh_complete",
    ];
    let events: Vec<Value> = stdout.lines().map(|l| serde_json::from_str(l).expect(l)).collect();
    for event in &events {
        for key in ["@level", "@message", "@module", "@timestamp", "type"] {
            assert!(event[key].is_string(), "{key} in {event}");
        }
        assert!(TYPES.contains(&event["type"].as_str().unwrap()), "{event}");
    }
    assert_eq!(events[0]["type"], "version", "{stdout}");
    assert_eq!(events[0]["ui"], "1.0");
    assert_eq!(events.iter().filter(|e| e["type"] == "version").count(), 1);
    events
}

#[test]
fn whatever_happens_apply_json_is_a_stream_of_events() {
    let place = Place::quickstart();
    let only = |events: &[Value], kind: &str| -> Vec<Value> {
        events.iter().filter(|e| e["type"] == kind).cloned().collect()
    };
    for (args, code, diagnostic) in [
        (["apply", "--json", "--expect-digest=0"], 8, "DR713"),
        (["apply", "--json", "--target=aws_s3_bucket.none"], 1, "DR412"),
        (["apply", "--json", "none.plan"], 1, "DR700"),
        (["apply", "--json", "--input=false"], 1, ""),
    ] {
        let (stdout, stderr, found) = place.run(&args);
        assert_eq!(found, code, "{args:?} {stderr}");
        if diagnostic.is_empty() {
            continue;
        }
        let found = only(&events(&stdout), "diagnostic");
        assert_eq!(found[0]["@level"], "error", "{args:?}");
        assert_eq!(found[0]["diagnostic"]["code"], diagnostic, "{args:?}");
        assert_eq!(found[0]["diagnostic"]["severity"], "error", "{args:?}");
    }
    let refused = place.command(&["apply", "--json"]).env("DRCTL_NOW", "noon").output().unwrap();
    let found = events(&String::from_utf8(refused.stdout).unwrap());
    assert_eq!(found[1]["diagnostic"]["code"], "DR704");
    let (stdout, _, code) = place.run(&["apply", "--json", "--auto-approve"]);
    assert_eq!(code, 0);
    let all = events(&stdout);
    assert_eq!(only(&all, "apply_start").len(), 5);
    assert_eq!(only(&all, "apply_complete").len(), 5);
    assert_eq!(only(&all, "change_summary")[0]["simulated"], true);
    let text = std::fs::read_to_string(place.dir.path().join("main.dr.hcl")).unwrap();
    std::fs::write(place.dir.path().join("main.dr.hcl"), text.replace("= 14", "= fourteen")).unwrap();
    let (stdout, _, code) = place.run(&["apply", "--json", "--auto-approve"]);
    assert_eq!(code, 1);
    let found = only(&events(&stdout), "diagnostic");
    assert!(found[0]["diagnostic"]["range"]["start"]["line"].is_number(), "{stdout}");
}

#[test]
fn root_outputs_are_remembered_and_sensitive_ones_only_by_name() {
    let config = |more: &str| {
        format!(
            r#"
variable "word" {{
  type      = string
  sensitive = true
  default   = "hunter2"
}}
resource "aws_s3_bucket" "invoices" {{
  bucket = "invoices"
}}
output "arn" {{
  value = aws_s3_bucket.invoices.arn
}}
output "region" {{
  value = aws_s3_bucket.invoices.region
}}
output "mfa" {{
  value = aws_s3_bucket.invoices.mfa_delete
}}
output "word" {{
  value     = "is ${{var.word}}"
  sensitive = true
}}
{more}"#
        )
    };
    let place = Place::new(&config(""), &json!({ "regions": { "eu-west-1": {} } }));
    let changes = |place: &Place| place.json(&["plan", "--json"])["output_changes"].clone();
    let before = changes(&place);
    assert_eq!(before["mfa"]["actions"], json!(["create"]));
    assert_eq!(before["mfa"]["after_unknown"], true);
    let said = place.must(&APPLY);
    let tail = "\nOutputs\n    arn = \"arn:aws:s3:::invoices\"\n    mfa = false\n    region = \"eu-west-1\"\n    word = (sensitive)\n";
    assert!(said.ends_with(tail), "{said}");
    let state = std::fs::read_to_string(place.data("state.json")).unwrap();
    assert!(!state.contains("hunter2"), "{state}");
    assert_eq!(place.state()["outputs"]["region"], "eu-west-1");
    assert_eq!(place.state()["sensitive_outputs"], json!(["word"]));
    for (name, change) in changes(&place).as_object().unwrap() {
        assert_eq!(change["actions"], json!(["no-op"]), "{name}");
    }
    assert!(!place.must(&["plan"]).contains("OUTPUTS"));
    // A new output alone changes nothing at the provider; it is written down all the same.
    place.write(&config("output \"more\" {\n  value = \"${aws_s3_bucket.invoices.region}-1\"\n}\n"));
    assert_eq!(changes(&place)["more"]["after"], "eu-west-1-1");
    let (stdout, _, _) = place.run(&["apply", "--auto-approve", "--json"]);
    let all = events(&stdout);
    let last = all.last().unwrap();
    assert_eq!(last["type"], "outputs");
    assert_eq!(last["outputs"]["more"], json!({ "sensitive": false, "value": "eu-west-1-1" }));
    assert_eq!(last["outputs"]["word"], json!({ "sensitive": true }));
    place.write(&config("").replace("output \"region\"", "output \"place\""));
    place.must(&APPLY);
    assert_eq!(
        place.state()["outputs"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["arn", "mfa", "place"]
    );
}

#[test]
fn an_output_that_is_declared_no_longer_is_deleted_and_told_once() {
    let outputs = "output \"region\" {\n  value = \"eu-west-1\"\n}\noutput \"word\" {\n  value     = \"hunter2\"\n  sensitive = true\n}\n";
    let place = Place::new(outputs, &json!({}));
    place.must(&APPLY);
    place.write("output \"place\" {\n  value = \"here\"\n}\n");
    let changes = |place: &Place| place.json(&["plan", "--json"])["output_changes"].clone();
    let gone = changes(&place);
    for name in ["region", "word"] {
        assert_eq!(gone[name]["actions"], json!(["delete"]), "{name}");
        assert_eq!(gone[name]["after"], Value::Null, "{name}");
        assert_eq!(gone[name]["after_unknown"], false, "{name}");
        assert_eq!(gone[name]["after_sensitive"], false, "{name}");
        assert_eq!(gone[name]["before_sensitive"], name == "word");
    }
    assert_eq!((&gone["region"]["before"], &gone["word"]["before"]), (&json!("eu-west-1"), &Value::Null));
    let said = place.must(&["plan"]);
    let section = "\nOUTPUTS (3)\n    place = \"here\"\n  - region = \"eu-west-1\"\n  - word = (sensitive)\n";
    assert!(said.contains(section), "{said}");
    place.must(&APPLY);
    assert_eq!(changes(&place).as_object().unwrap().len(), 1);
    assert_eq!(place.state()["outputs"], json!({ "place": "here" }));
}

/// Two buckets, one after the other, and reads that lag so much behind that the first takes seconds.
fn slow() -> Place {
    let config = r#"
resource "aws_s3_bucket" "first" {
  bucket = "first"
}
resource "aws_s3_bucket" "second" {
  bucket     = "second"
  depends_on = [aws_s3_bucket.first]
}
"#;
    let lag = json!({ "reads_max": 3, "seconds_max": 86400 });
    Place::new(config, &json!({ "consistency": lag, "regions": { "eu-west-1": {} } }))
}

fn signal(pid: u32) {
    assert!(Command::new("kill").args(["-INT", &pid.to_string()]).status().unwrap().success());
}

/// Applies, and interrupts when the first step has begun: as often as asked for. The events, and how
/// the process ended.
fn interrupted(place: &Place, times: usize) -> (Vec<Value>, Option<i32>) {
    use std::io::BufRead;
    let mut command = place.command(&["apply", "--auto-approve", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut text = String::new();
    let mut sent = 0;
    for line in std::io::BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let told = line.contains("\"apply_start\"") || line.contains("Interrupted: ");
        if told && sent < times {
            sent += 1;
            signal(child.id());
        }
        text += &format!("{line}\n");
    }
    assert_eq!(sent, times, "{text}");
    (events(&text), child.wait().unwrap().code())
}

fn converges(place: &Place) {
    place.must(&["plan"]);
    place.must(&["sim", "advance", "2d"]);
    place.must(&APPLY);
    assert!(place.must(&["plan", "--detailed-exitcode"]).contains("No changes"));
    assert!(!place.data("journal.jsonl").exists());
}

#[test]
fn ctrl_c_finishes_what_is_in_flight_and_starts_nothing_new() {
    let place = slow();
    let (events, code) = interrupted(&place, 1);
    assert_eq!(code, Some(130));
    let of = |kind: &str| -> Vec<&Value> {
        events.iter().filter(|e| e["type"] == kind).map(|e| &e["hook"]["resource"]["addr"]).collect()
    };
    assert_eq!(of("apply_start"), ["aws_s3_bucket.first"]);
    assert_eq!(of("apply_complete"), ["aws_s3_bucket.first"]);
    let journal = std::fs::read_dir(place.data("journals")).unwrap().next().unwrap().unwrap().path();
    let journal = std::fs::read_to_string(journal).unwrap();
    assert!(journal.contains("\"interrupted\""), "{journal}");
    assert_eq!(place.must(&["state", "list"]), "aws_s3_bucket.first\n");
    converges(&place);
}

#[test]
fn the_second_ctrl_c_stops_at_once_and_the_journal_says_what_was_in_flight() {
    let place = slow();
    let (events, code) = interrupted(&place, 2);
    assert_eq!(code, Some(130));
    assert!(!events.iter().any(|e| e["type"] == "apply_complete"));
    assert_eq!(events.last().unwrap()["diagnostic"]["code"], "DR451");
    assert!(place.data("journal.jsonl").exists());
    converges(&place);
}
