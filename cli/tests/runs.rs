//! Recoveries that are carried out by real processes: killed at every step and gone on with, two
//! commanders, secrets, file modes, and what programs are told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(missing_docs)]

#[path = "../src/render/schema_check.rs"]
mod schema_check;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;

/// Every step of the procedure in its order; only a check is safe to repeat.
const STEPS: [&str; 5] = ["stop", "restore", "check", "switch", "start"];

/// Does a step: kills drctl before or after its effect, when a file asks for that.
const DO: &str = r#"
if [ "$(cat kill-before 2>/dev/null)" = "$1" ]; then rm kill-before; kill -9 $PPID; exit 1; fi
echo "$1" >>effects
if [ "$(cat kill-after 2>/dev/null)" = "$1" ]; then rm kill-after; kill -9 $PPID; fi
"#;

struct Place(tempfile::TempDir);

impl Place {
    /// A service whose way back are these steps.
    fn new(steps: &str) -> Place {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("do.sh"), DO).unwrap();
        let config = format!(
            "service \"shop\" {{\n  recover = procedure.back\n}}\nprocedure \"back\" {{\n{steps}}}\n\
             scenario \"down\" {{\n  lose \"service\" {{\n    service = service.shop\n  }}\n}}\n"
        );
        fs::write(dir.path().join("main.dr.hcl"), config).unwrap();
        Place(dir)
    }

    /// The steps of [`STEPS`], one after the other.
    fn with_steps() -> Place {
        let mut text = String::new();
        let mut before: Option<&str> = None;
        for name in STEPS {
            let after = before.map(|b| format!("    after = [step.{b}]\n")).unwrap_or_default();
            let checks = if name == "check" { "    checks = \"data\"\n" } else { "" };
            text += &format!(
                "  step \"{name}\" {{\n    run = [\"sh\", \"do.sh\", \"{name}\"]\n{after}{checks}  }}\n"
            );
            before = Some(name);
        }
        Place::new(&text)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
        command.args(args).current_dir(self.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.path());
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn json(&self, args: &[&str]) -> Json {
        let output = self.run(&[args, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn schema(&self, name: &str) -> Json {
        serde_json::from_slice(&self.run(&["schema", name]).stdout).unwrap()
    }

    fn effects(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path().join("effects")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn begin(&self) -> Output {
        self.run(&["recover", "--scenario", "down", "--execute", "--auto-approve"])
    }

    /// The name of the only run.
    fn name(&self) -> String {
        self.json(&["recover", "runs"])["runs"][0]["run"].as_str().unwrap().to_owned()
    }

    /// Goes on until the run is over, saying of each step that was cut off what the world shows.
    fn go_on(&self) -> i32 {
        let run = self.name();
        for _ in 0..20 {
            let output = self.run(&["recover", "--resume", &run]);
            match output.status.code() {
                Some(9) => {}
                code => return code.unwrap_or(-1),
            }
            let steps = self.json(&["recover", "show", &run])["steps"].clone();
            for step in steps.as_array().unwrap() {
                if step["standing"] == "cut off; asked about" {
                    let id = step["id"].to_string();
                    let name = STEPS[id.parse::<usize>().unwrap() - 1];
                    let word = if self.effects().iter().any(|e| e == name) { "--done" } else { "--go" };
                    assert_eq!(self.run(&["recover", "mark", &id, word]).status.code(), Some(0));
                }
            }
        }
        panic!("the run does not end")
    }
}

/// All files below a folder.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn killed_at_every_step_a_run_ends_the_same_and_does_nothing_twice() {
    for when in ["kill-before", "kill-after"] {
        for step in STEPS {
            let place = Place::with_steps();
            fs::write(place.path().join(when), step).unwrap();
            assert_eq!(place.begin().status.code(), None, "{when} {step}: drctl was killed");
            assert_eq!(place.go_on(), 0, "{when} {step}");
            let mut effects = place.effects();
            if step == "check" {
                effects.dedup();
            }
            assert_eq!(effects, STEPS, "{when} {step}");
        }
    }
}

#[test]
fn a_second_commander_is_refused_and_a_word_from_elsewhere_is_heard() {
    let place = Place::new("  step \"ask\" {\n    manual = \"Do it.\"\n    why = \"no machine can\"\n  }\n");
    let mut first = place
        .command(&["recover", "--scenario", "down", "--execute", "--auto-approve", "--wait"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = std::io::BufReader::new(first.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("YOUR TURN") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut told, &mut line).unwrap() > 0, "it asks");
    }
    let run = place.name();
    let second = place.run(&["recover", "--resume", &run]);
    assert_eq!(second.status.code(), Some(7), "{}", String::from_utf8_lossy(&second.stderr));
    assert_eq!(place.run(&["recover", "mark", "1", "--done"]).status.code(), Some(0));
    std::io::copy(&mut told, &mut std::io::sink()).unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(0));
    assert_eq!(place.json(&["recover", "runs"])["runs"][0]["status"], "done");
}

#[test]
fn a_secret_of_a_step_is_nowhere_and_all_files_are_the_owners() {
    const SECRET: &str = "s3cr3t-Tok3n+/=";
    let place = Place::new(
        "  step \"say\" {\n    shell = \"echo said $TOKEN; echo $TOKEN >&2\"\n    env = [\"TOKEN\"]\n  }\n\
         \x20 step \"fail\" {\n    after = [step.say]\n    shell = \"echo bad $TOKEN; exit 3\"\n    env = [\"TOKEN\"]\n  }\n",
    );
    let output = place
        .command(&["recover", "--scenario", "down", "--execute", "--auto-approve"])
        .env("TOKEN", SECRET)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(9));
    let said = [output.stdout, output.stderr].concat();
    assert!(String::from_utf8_lossy(&said).contains("exit 3"));
    assert!(!String::from_utf8_lossy(&said).contains(SECRET));
    let run = place.name();
    for file in files(&place.path().join(".drctl")) {
        let text = fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains(SECRET), "{}", file.display());
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    let kept = fs::read_to_string(place.path().join(format!(".drctl/runs/{run}/said/1.txt"))).unwrap();
    assert!(kept.contains("said (sensitive)"), "{kept}");
}

#[test]
fn a_variable_that_is_not_set_fails_before_anything_is_done() {
    let place =
        Place::new("  step \"say\" {\n    run = [\"sh\", \"do.sh\", \"said\"]\n    env = [\"TOKEN\"]\n  }\n");
    let output = place.begin();
    assert_eq!(output.status.code(), Some(9));
    assert!(String::from_utf8_lossy(&output.stdout).contains("TOKEN"));
    assert!(place.effects().is_empty());
}

#[test]
fn programs_are_told_in_the_form_of_the_schemas() {
    let place = Place::with_steps();
    let output = place.run(&["recover", "--scenario", "down", "--execute", "--auto-approve", "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let schema = place.schema("events");
    let events: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    for event in &events {
        assert_eq!(schema_check::check(&schema, event), Vec::<String>::new(), "{event}");
    }
    let count = |kind: &str| events.iter().filter(|e| e["type"] == kind).count();
    assert_eq!((count("recovery_step_start"), count("recovery_step_complete")), (5, 5), "{text}");
    for (name, args) in [("runs", vec!["recover", "runs"]), ("run", vec!["recover", "show"])] {
        let run = place.name();
        let args = if name == "run" { [args, vec![run.as_str()]].concat() } else { args };
        assert_eq!(schema_check::check(&place.schema(name), &place.json(&args)), Vec::<String>::new());
    }
}

#[test]
fn an_interrupted_run_waits_for_what_is_under_way_and_is_gone_on_with() {
    let place = Place::new(
        "  step \"first\" {\n    shell = \"kill -INT $PPID; until grep -q interrupted .drctl/runs/*/journal.jsonl; do :; done; echo first >>effects\"\n  }\n\
         \x20 step \"second\" {\n    after = [step.first]\n    shell = \"echo second >>effects\"\n  }\n",
    );
    assert_eq!(place.begin().status.code(), Some(130));
    assert_eq!(place.effects(), ["first"]);
    assert_eq!(place.go_on(), 0);
    assert_eq!(place.effects(), ["first", "second"]);
}

#[test]
fn what_was_measured_stands_over_what_was_declared() {
    let place = Place::with_steps();
    let estimates = || {
        let plan = place.json(&["recover", "--scenario", "down"]);
        let steps = plan["steps"].as_array().unwrap().clone();
        steps.iter().map(|s| s["estimate_source"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(estimates(), ["no estimate"; 5]);
    assert_eq!(place.run(&["recover", "--scenario", "down", "--practice"]).status.code(), Some(0));
    assert_eq!(estimates(), ["no estimate"; 5], "a practice is no measurement");
    assert_eq!(place.begin().status.code(), Some(0));
    assert_eq!(estimates(), ["measured in 1 run"; 5]);
}

#[test]
fn a_practice_that_fails_stands_in_nobodys_way() {
    let place = Place::new("  step \"look\" {\n    run = [\"false\"]\n    checks = \"data\"\n  }\n");
    assert_eq!(place.run(&["recover", "--scenario", "down", "--practice"]).status.code(), Some(9));
    assert_eq!(place.run(&["apply", "--auto-approve"]).status.code(), Some(0));
}

#[test]
fn a_run_that_has_nothing_to_take_back_is_over_when_it_fails_and_can_be_begun_anew() {
    let place = Place::new("  step \"go\" {\n    run = [\"false\"]\n  }\n");
    assert_eq!(place.begin().status.code(), Some(9));
    assert_eq!(place.json(&["recover", "runs"])["runs"][0]["status"], "ended");
    assert_eq!(place.run(&["apply", "--auto-approve"]).status.code(), Some(0));
}
