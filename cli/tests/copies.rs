//! Runs whose journals are copied to a bucket of a simulated cloud, by real processes on two machines that share
//! nothing else: cut off, killed and gone on with elsewhere, commanded twice, with a damaged copy, with secrets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(missing_docs)]

#[path = "../src/render/schema_check.rs"]
mod schema_check;

use std::fs;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value as Json, json};

const STEPS: [&str; 4] = ["stop", "restore", "switch", "start"];

/// Does a step; where a file asks for it, kills drctl before or after the effect, when the copy has that it was begun.
const DO: &str = r#"
copied() { until grep -qF "/$1\\\"" sim/cloud.json || [ ! -e main.dr.hcl ]; do :; done; }
if [ "$(cat kill-before 2>/dev/null)" = "$1" ]; then copied "$2"; rm kill-before; kill -9 $PPID; exit 1; fi
echo "$1" >>effects
if [ "$(cat kill-after 2>/dev/null)" = "$1" ]; then copied "$2"; rm kill-after; kill -9 $PPID; fi
"#;

const HEAD: &str = r#"
provider "aws" {
  alias  = "dr"
  region = "eu-west-2"
}
drctl {
  journal_copy {
    bucket   = "journals"
    provider = aws.dr
  }
}
service "shop" {
  recover = procedure.back
  objective {
    rpo = "1h"
  }
}
scenario "down" {
  lose "service" {
    service = service.shop
  }
}
"#;

const LOCK: &str = "drctl/lock.json";

/// A configuration that two machines, `a` and `b`, have, and the cloud that both see.
struct Place(tempfile::TempDir);

impl Place {
    fn new(steps: &str) -> Place {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("do.sh"), DO).unwrap();
        fs::write(dir.path().join("main.dr.hcl"), format!("{HEAD}procedure \"back\" {{\n{steps}}}\n"))
            .unwrap();
        let buckets = json!({ "journals": { "versioning": "Enabled" } });
        let seed = json!({ "regions": { "eu-west-1": {}, "eu-west-2": { "buckets": buckets } } });
        fs::write(dir.path().join("sim.json"), seed.to_string()).unwrap();
        Place(dir)
    }

    /// The steps of [`STEPS`], one after the other.
    fn with_steps() -> Place {
        let mut text = String::new();
        for (number, name) in STEPS.iter().enumerate() {
            let after = number.checked_sub(1).map(|n| format!("    after = [step.{}]\n", STEPS[n]));
            let words = format!("[\"sh\", \"do.sh\", \"{name}\", \"{}\"]", number + 1);
            text += &format!("  step \"{name}\" {{\n    run = {words}\n{}  }}\n", after.unwrap_or_default());
        }
        Place::new(&text)
    }

    fn command(&self, machine: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
        command.args(args).current_dir(self.0.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.0.path());
        command.env("DRCTL_SIM", "sim").env("DRCTL_DATA_DIR", machine).env("USER", machine);
        command
    }

    fn run(&self, machine: &str, args: &[&str]) -> Output {
        self.command(machine, args).output().unwrap()
    }

    /// What it says when it ends so, on one line.
    fn says(&self, machine: &str, args: &[&str], code: i32) -> String {
        let output = self.run(machine, args);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        said.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
    }

    fn json(&self, machine: &str, args: &[&str]) -> Json {
        serde_json::from_slice(&self.run(machine, &[args, &["--json"]].concat()).stdout).unwrap()
    }

    fn effects(&self) -> Vec<String> {
        let text = fs::read_to_string(self.0.path().join("effects")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The only run, which that machine does not have.
    fn only_there(&self, machine: &str) -> String {
        let runs = self.json(machine, &["recover", "runs"]);
        assert_eq!(
            schema_check::check(&self.json(machine, &["schema", "runs"]), &runs),
            Vec::<String>::new()
        );
        runs["only_in_copy"][0].as_str().unwrap().to_owned()
    }

    /// What the bucket holds under a key now.
    fn kept(&self, key: &str) -> Option<String> {
        let cloud: Json =
            serde_json::from_slice(&fs::read(self.0.path().join("sim/cloud.json")).unwrap()).unwrap();
        let bucket = cloud["accounts"]
            .as_object()
            .unwrap()
            .values()
            .find_map(|account| account["regions"]["eu-west-2"]["buckets"].get("journals"))?;
        let last = bucket["objects"].get(key)?.as_array().unwrap().last()?.clone();
        last["content"]["text"].as_str().map(str::to_owned)
    }

    fn put(&self, key: &str, text: &str) {
        self.says("a", &["sim", "put-object", "journals", key, "--content", text], 0);
    }

    fn copy_of(run: &str) -> String {
        format!("drctl/runs/{run}/journal.jsonl")
    }
}

/// A process that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _it_may_be_over = self.0.kill();
        let _it_is_over = self.0.wait();
    }
}

const EXECUTE: [&str; 5] = ["recover", "--scenario", "down", "--execute", "--auto-approve"];

#[test]
fn killed_at_every_step_a_run_is_gone_on_with_elsewhere_and_does_nothing_twice() {
    for when in ["kill-before", "kill-after"] {
        for step in STEPS {
            let place = Place::with_steps();
            fs::write(place.0.path().join(when), step).unwrap();
            assert_eq!(place.run("a", &EXECUTE).status.code(), None, "{when} {step}: drctl was killed");
            let run = place.only_there("b");
            let said = place.says("b", &["recover", "--resume", &run], 9);
            assert!(
                said.contains("It was begun on another machine: its journal is taken from s3://journals"),
                "{said}"
            );
            assert!(said.contains("Command taken over from a@"), "{said}");
            let number = (STEPS.iter().position(|name| *name == step).unwrap() + 1).to_string();
            let word = if when == "kill-after" { "--done" } else { "--go" };
            place.says("b", &["recover", "mark", &number, word], 0);
            place.says("b", &["recover", "--resume", &run], 0);
            assert_eq!(place.effects(), STEPS, "{when} {step}");
            let shown = place.says("b", &["recover", "show", &run], 0);
            assert!(shown.contains("command TAKEN OVER by b@"), "{shown}");
            // The machine that was killed learns what has become of it, and does nothing again.
            let said = place.says("a", &["recover", "--resume", &run], 0);
            assert!(said.contains("Another machine has gone on with it"), "{said}");
            assert_eq!(place.effects(), STEPS, "{when} {step}");
            assert_eq!(place.kept(LOCK), None);
        }
    }
}

#[test]
fn a_region_that_is_cut_off_costs_a_warning_and_nothing_else() {
    for how in ["unavailable", "timeout"] {
        let place = Place::with_steps();
        place.says("a", &["sim", "fail-region", "eu-west-2", "--how", how], 0);
        let said = place.says("a", &EXECUTE, 0);
        assert!(said.contains("NOBODY CAN TELL WHETHER ANOTHER MACHINE COMMANDS"), "{said}");
        assert_eq!(said.matches("The journal is NOT copied to s3://journals/").count(), 1, "{said}");
        assert!(said.contains("THE COPY IS NOT WHOLE: nothing of the journal was copied"), "{said}");
        assert_eq!(place.effects(), STEPS);
        let run = place.json("a", &["recover", "runs"])["runs"][0]["run"].as_str().unwrap().to_owned();
        for (args, code) in [(vec!["recover", "runs"], 0), (vec!["recover", "show", &run], 1)] {
            let said = place.says("b", &args, code);
            assert!(said.contains("the copy was not seen") || said.contains("was not seen: "), "{said}");
        }
        assert!(place.says("b", &["recover", "--resume", &run], 1).contains("is not here, and the copy"));
        // Here it is whole, and can be gone on with.
        assert!(
            place
                .says("a", &["recover", "--resume", &run], 0)
                .contains("The copy of the journal was not seen")
        );
    }
}

#[test]
fn a_region_that_is_cut_off_on_the_way_leaves_a_copy_that_lacks_the_rest() {
    let cut = format!(
        "\"env\", \"DRCTL_SIM=sim\", \"{}\", \"sim\", \"fail-region\", \"eu-west-2\"",
        env!("CARGO_BIN_EXE_drctl")
    );
    let place = Place::new(&format!(
        "  step \"cut\" {{\n    run = [{cut}]\n  }}\n\
         \x20 step \"then\" {{\n    after = [step.cut]\n    run = [\"sh\", \"do.sh\", \"then\", \"2\"]\n  }}\n"
    ));
    let said = place.says("a", &EXECUTE, 0);
    assert!(!said.contains("NOBODY CAN TELL"), "{said}");
    assert_eq!(said.matches("The journal is NOT copied to s3://journals/").count(), 1, "{said}");
    assert!(said.contains("THE COPY IS NOT WHOLE") && said.contains("$ aws s3 cp a/runs/"), "{said}");
    assert_eq!(place.effects(), ["then"]);
    place.says("a", &["sim", "restore-region", "eu-west-2"], 0);
    // Going on makes the copy whole, though nothing is left to do, and frees the lock.
    let run = place.json("a", &["recover", "runs"])["runs"][0]["run"].as_str().unwrap().to_owned();
    place.says("a", &["recover", "--resume", &run], 0);
    assert_eq!(
        place.kept(&Place::copy_of(&run)).unwrap(),
        fs::read_to_string(place.0.path().join(format!("a/runs/{run}/journal.jsonl"))).unwrap()
    );
    assert_eq!(place.kept(LOCK), None);
}

#[test]
fn what_another_machine_holds_is_refused_and_taken_over_when_a_person_says_so() {
    let place = Place::with_steps();
    let holder = json!({ "user": "bea", "host": "far-away", "pid": 7, "command": "recover",
        "since": "2026-01-01T00:00:00Z", "run": "dr20260101000000" });
    place.put(LOCK, &holder.to_string());
    let said = place.says("a", &EXECUTE, 7);
    assert!(
        said.contains("Recoveries and drills are locked by bea@far-away, process 7, `recover`, since"),
        "{said}"
    );
    assert!(said.contains("drctl recover --resume dr20260101000000 --take-over"), "{said}");
    assert!(place.effects().is_empty() && place.kept(LOCK).is_some());
    let said = place.says("a", &[&EXECUTE[..], &["--take-over"]].concat(), 0);
    assert!(said.contains("Command taken over from bea@far-away, process 7"), "{said}");
    let run = place.json("a", &["recover", "runs"])["runs"][0]["run"].as_str().unwrap().to_owned();
    let copied = place.kept(&Place::copy_of(&run)).unwrap();
    assert_eq!(
        copied,
        fs::read_to_string(place.0.path().join(format!("a/runs/{run}/journal.jsonl"))).unwrap()
    );
    assert!(copied.contains("\"from\":\"bea@far-away, process 7"), "{copied}");
    assert_eq!(place.kept(LOCK), None);
}

#[test]
fn a_word_is_said_where_the_run_is_and_nowhere_else() {
    const MARK: [&str; 4] = ["recover", "mark", "1", "--done"];
    let place = Place::new("  step \"look\" {\n    manual = \"Look at it.\"\n  }\n");
    assert!(place.says("b", &MARK, 1).contains("No run is open"));
    place.says("a", &EXECUTE, 9);
    let run = place.only_there("b");
    let of_it = |run: &str| place.says("b", &[&MARK[..], &["--run", run]].concat(), 1);
    let nobody = format!("Nobody commands it. `drctl recover --resume {run}` here brings it");
    assert!(of_it(&run).contains(&nobody));
    let said = place.says("b", &MARK, 1);
    assert!(said.contains("No run is open here") && said.contains(&format!("Only in the copy stand {run}.")));
    assert!(of_it("dr1").contains("There is no run `dr1`"));
    assert!(place.says("b", &["drill", "teardown", &run], 1).contains(&nobody));

    // Somebody leads another run, somebody does not say who it is, and nobody can be asked.
    let holder = json!({ "user": "bea", "host": "far\u{1b}", "pid": 7, "command": "recover",
        "since": "2026-01-01T00:00:00Z", "run": "../x" });
    place.put(LOCK, &holder.to_string());
    let said = of_it(&run);
    assert!(said.contains("Nobody commands it, and another run is led: by bea@far"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
    assert!(place.says("b", &MARK, 1).contains("No run is open"));
    place.put(LOCK, "{");
    assert!(of_it(&run).contains("Somebody commands who has not said who it is."));
    place.says("a", &["sim", "delete-object", "journals", LOCK], 0);
    place.says("a", &["sim", "fail-region", "eu-west-2"], 0);
    assert!(of_it(&run).contains(&format!("Run `{run}` is not here, and the copy was not seen")));
    assert!(place.says("b", &MARK, 1).contains("No run is open here, and the copy was not seen"));
    place.says("a", &["sim", "restore-region", "eu-west-2"], 0);

    // Here it is said, and there it is over.
    place.says("a", &MARK, 0);
    place.says("a", &["recover", "--resume", &run], 0);
    assert!(of_it(&run).contains(&format!("Run {run} is over, and is not here")));
    assert!(!place.0.path().join("b/runs").exists());
}

#[test]
fn of_two_commanders_the_one_that_is_taken_over_starts_nothing_new() {
    let place = Place::new(
        "  step \"wait\" {\n    run = [\"sh\", \"-c\", \"until [ -e go ] || [ ! -e main.dr.hcl ]; do :; done; echo wait >>effects\"]\n  }\n\
         \x20 step \"look\" {\n    after = [step.wait]\n    manual = \"Look at it.\"\n  }\n\
         \x20 step \"then\" {\n    after = [step.look]\n    run = [\"sh\", \"-c\", \"echo then >>effects\"]\n  }\n",
    );
    let args = [&EXECUTE[..], &["--wait"]].concat();
    let first = place.command("a", &args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut first = Killed(first.unwrap());
    let copied =
        || place.kept(LOCK).is_some() && !place.json("b", &["recover", "runs"])["only_in_copy"][0].is_null();
    while !place.0.path().join("sim/cloud.json").exists() || !copied() {
        std::thread::yield_now();
    }
    let run = place.only_there("b");
    for args in
        [&["recover", "mark", "2", "--done"][..], &["recover", "abort", "--reason", "x", "--run", &run]]
    {
        let said = place.says("b", args, 1);
        assert!(said.contains(&format!("Run {run} is not here, but in the copy: s3://journals/")), "{said}");
        assert!(said.contains("It is commanded by a@") && said.contains(", process "), "{said}");
        assert!(
            said.contains(&format!("`drctl recover --resume {run} --take-over` here, and then")),
            "{said}"
        );
    }
    let said = place.says("b", &["recover", "--resume", &run], 7);
    assert!(said.contains("locked by a@") && said.contains(&format!("run {run}")), "{said}");
    // That has brought the run there; what is said there would still not be heard.
    let said = place.says("b", &["recover", "abort", "--reason", "x"], 7);
    assert!(said.contains(&format!("Run {run} is commanded by a@")), "{said}");
    place.says("b", &["recover", "--resume", &run, "--take-over"], 9);
    fs::write(place.0.path().join("go"), "").unwrap();
    let mut told = String::new();
    std::io::Read::read_to_string(&mut first.0.stderr.take().unwrap(), &mut told).unwrap();
    assert_eq!(first.0.wait().unwrap().code(), Some(130), "{told}");
    assert!(told.contains("ANOTHER MACHINE COMMANDS"), "{told}");
    assert_eq!(place.effects(), ["wait"]);
    let said = place.says("a", &["recover", "--resume", &run], 7);
    assert!(said.contains("tell different things: two machines commanded it"), "{said}");
}

#[test]
fn a_damaged_copy_is_refused() {
    let place = Place::with_steps();
    place.says("a", &EXECUTE, 0);
    let run = place.only_there("b");
    let key = Place::copy_of(&run);
    let whole = place.kept(&key).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    for damaged in [whole.replace("do.sh", "no.sh"), [&lines[..2], &lines[3..]].concat().join("\n") + "\n"] {
        place.put(&key, &damaged);
        for args in [["recover", "--resume", &run], ["recover", "show", &run]] {
            let said = place.says("b", &args, 1);
            assert!(said.contains("The copy of the journal cannot be used: `s3://journals/"), "{said}");
            assert!(said.contains("does not follow the line before"), "{said}");
        }
        assert!(!place.0.path().join("b/runs").exists(), "nothing is taken from it");
        assert!(place.says("a", &["recover", "--resume", &run], 0).contains("The journal here is whole"));
    }
}

#[test]
fn a_copy_that_was_cut_off_is_no_ground_to_do_again_what_was_done() {
    let place = Place::with_steps();
    place.says("a", &EXECUTE, 0);
    let run = place.only_there("b");
    let key = Place::copy_of(&run);
    let whole = place.kept(&key).unwrap();
    let cut = |lines: usize| whole.split_inclusive('\n').take(lines).collect::<String>();
    // What others put there tells nothing.
    for other in ["9-99-0123456789abcdef", "3-99-", "3-99-0123456789abcdeg", "x/../3-99-0123456789abcdef"] {
        place.put(&format!("drctl/said/{run}/{other}.txt"), "drctl_canary = 2026-01-01T00:00:00Z");
    }
    assert!(!place.says("b", &["recover", "show", &run], 0).contains("NOT WHOLE"));
    let shown = place.says("b", &["recover", "show", &run], 0);
    let said = |step: u32| {
        let key =
            shown.split("what it said: s3://journals/").find(|key| key.contains(&format!("{run}/{step}-")));
        key.unwrap().split(' ').next().unwrap().to_owned()
    };

    place.put(&key, &cut(5));
    let told = place.says("b", &["recover", "show", &run], 0);
    assert!(told.contains("NOT WHOLE: it ends at line 5, and step 3 was done at line 7."), "{told}");
    let told = place.says("b", &["recover", "--resume", &run], 1);
    assert!(
        told.contains(&format!("of {run} is not whole: it ends at line 5, and step 3 was done at")),
        "{told}"
    );
    assert!(told.contains(&format!("below s3://journals/drctl/said/{run}/")), "{told}");
    assert!(!place.0.path().join("b/runs").exists(), "nothing is taken from it");
    assert_eq!(place.effects(), STEPS);
    assert_eq!(place.kept(LOCK), None);

    // A person says that step 4 was not done; what is cut after it is brought back, and nothing is done again.
    place.says("a", &["sim", "delete-object", "journals", &said(4)], 0);
    place.put(&key, &cut(7));
    let told = place.says("b", &["recover", "--resume", &run], 0);
    assert!(!told.contains("is not whole"), "{told}");
    assert_eq!(place.effects(), ["stop", "restore", "switch", "start", "start"]);
}

#[test]
fn a_secret_is_in_no_byte_that_is_copied() {
    const SECRET: &str = "s3cr3t-Tok3n+/=";
    let place = Place::new(
        "  step \"say\" {\n    shell = \"echo said $TOKEN; echo $TOKEN >&2\"\n    env = [\"TOKEN\"]\n  }\n\
         \x20 step \"fail\" {\n    after = [step.say]\n    shell = \"echo bad $TOKEN; exit 3\"\n    env = [\"TOKEN\"]\n  }\n",
    );
    let output = place.command("a", &EXECUTE).env("TOKEN", SECRET).output().unwrap();
    assert_eq!(output.status.code(), Some(9));
    let cloud = fs::read_to_string(place.0.path().join("sim/cloud.json")).unwrap();
    assert!(cloud.contains("exit 3") && !cloud.contains(SECRET));
    assert!(cloud.contains("said (sensitive)\\n(sensitive)"), "what steps say is copied as it is kept here");
}

#[test]
fn what_steps_said_is_known_on_another_machine_or_said_to_be_missing() {
    let place = Place::new(
        "  step \"say\" {\n    shell = \"echo hello\"\n  }\n\
         \x20 step \"look\" {\n    after = [step.say]\n    shell = \"echo 'drctl_canary = 2026-01-01T00:00:00Z'\"\n  }\n",
    );
    place.says("a", &EXECUTE, 0);
    let run = place.only_there("b");
    let here = place.json("a", &["recover", "show", &run]);
    let there = || place.json("b", &["recover", "show", &run]);
    assert_eq!(here["canary"], "2026-01-01T00:00:00Z");
    assert!(here["rpo_s"].is_i64());
    assert_eq!(there(), here, "the same record");
    let first = format!("s3://journals/drctl/said/{run}/1-3-");
    let shown = place.says("b", &["recover", "show", &run], 0);
    assert!(shown.contains(&format!("what it said: {first}")) && shown.contains("measured RPO"), "{shown}");
    assert!(!place.0.path().join("b/runs").exists(), "to look at it nothing is written");

    // Of whatever is not there it is not known what it said, and so neither what was lost.
    let key = shown.split("what it said: s3://journals/").nth(2).unwrap();
    let key = key.split(' ').next().unwrap().to_owned();
    assert!(key.contains("/2-5-"), "{key}");
    place.says("a", &["sim", "delete-object", "journals", &key], 0);
    assert_eq!((&there()["canary"], &there()["rpo_s"]), (&Json::Null, &Json::Null));
    let shown = place.says("b", &["recover", "show", &run], 0);
    assert!(shown.contains("what it said is not in the copy"), "{shown}");
    assert!(shown.contains("RPO not known: what step 2 said is not in the copy"), "{shown}");
    let document = place.says("b", &["recover", "show", &run, "--format", "md"], 0);
    assert!(document.contains("RPO not known: what step 2 said is not in the copy."), "{document}");
    let tests = place.says("b", &["recover", "show", &run, "--format", "junit"], 0);
    assert!(tests.contains("what step 2 said is not in the copy"), "{tests}");

    // Going on here makes the copy whole; going on there brings all of it.
    place.says("a", &["recover", "--resume", &run], 0);
    assert_eq!(there()["canary"], here["canary"]);
    let shown = place.says("b", &["recover", "--resume", &run], 0);
    assert!(shown.contains("measured RPO"), "{shown}");
    assert!(place.0.path().join(format!("b/runs/{run}/said/2.txt")).exists());
}
