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
            let shown = place.run(&["recover", "show", &place.name()]);
            let shown = String::from_utf8(shown.stdout).unwrap();
            assert!(shown.contains("is under way, or was cut off"), "{when} {step}: {shown}");
            let number = STEPS.iter().position(|name| *name == step).unwrap() + 1;
            let early = place.run(&["recover", "mark", &number.to_string(), "--done"]);
            let told = String::from_utf8(early.stderr).unwrap();
            assert!(told.contains("asks about the step"), "{when} {step}: {told}");
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
fn an_option_that_would_be_without_effect_is_refused() {
    let place = Place::with_steps();
    let refused = |args: &[&str], why: &str| {
        let output = place.run(args);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && told.contains(why), "{args:?}: {told}");
    };
    refused(&["recover", "--execute", "--auto-approve"], "Nothing says what is to be recovered from");
    refused(&["recover", "--practice"], "Nothing says what is to be recovered from");
    fs::write(place.path().join("kill-after"), "restore").unwrap();
    assert_eq!(place.begin().status.code(), None);
    let run = place.name();
    refused(&["recover", "--resume", &run, "--hold"], "was begun without `--hold`");
    refused(&["recover", "--resume", &run, "--at", "2026-03-01T00:00:00Z"], "cannot be used with");
    assert_eq!(place.go_on(), 0);
}

#[test]
fn the_damaged_record_of_another_run_keeps_nobody_from_going_on() {
    let place = Place::with_steps();
    fs::write(place.path().join("kill-after"), "restore").unwrap();
    assert_eq!(place.begin().status.code(), None);
    let runs = place.path().join(".drctl/runs");
    fs::create_dir(runs.join("dr20200101000000")).unwrap();
    let run = place.name();
    let journal = fs::read_to_string(runs.join(&run).join("journal.jsonl")).unwrap();
    let damaged = journal.replacen("\"started\"", "\"begun\"", 1);
    fs::write(runs.join("dr20200101000000/journal.jsonl"), damaged).unwrap();
    let named = place.run(&["recover", "show", "dr20200101000000"]);
    assert_eq!(named.status.code(), Some(1), "{named:?}");
    assert_eq!(place.run(&["recover", "show", &run]).status.code(), Some(0));
    let output = place.run(&["recover", "--resume", &run]);
    assert_eq!(output.status.code(), Some(9), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("CUT OFF"));
}

#[test]
fn which_point_is_restored_is_asked_before_anything_fails_for_want_of_it() {
    let place = Place::new(
        "  step \"restore\" {\n    restore = datastore.orders\n  }\n  step \"start\" {\n    after = [step.restore]\n    \
         run   = [\"sh\", \"do.sh\", \"start\"]\n  }\n",
    );
    let path = place.path().join("main.dr.hcl");
    let orders = "datastore \"orders\" {\n}\nbackup \"orders\" {\n  of = datastore.orders\n  external {\n    \
                  schedule = rate(\"1h\")\n    keep     = \"7d\"\n    list     = [\"ls\", \"dumps\"]\n    \
                  restore  = [\"sh\", \"do.sh\", \"$${point.id}\"]\n  }\n}\n";
    let text = fs::read_to_string(&path).unwrap() + orders;
    fs::write(
        &path,
        text.replace("recover = procedure.back", "recover = procedure.back\n  data = [datastore.orders]"),
    )
    .unwrap();
    let begun = place.begin();
    assert_eq!(begun.status.code(), Some(9));
    let told = String::from_utf8(begun.stderr).unwrap();
    assert!(told.contains("--go --input point.id=…"), "{told}");
    assert_eq!(place.effects(), Vec::<String>::new());
    let refused = place.run(&["recover", "mark", "1", "--go"]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("as `ls dumps` lists it"));
    let said = place.run(&["recover", "mark", "1", "--go", "--input", "point.id=monday.dump"]);
    assert_eq!(said.status.code(), Some(0), "{said:?}");
    assert_eq!(place.go_on(), 0);
    assert_eq!(place.effects(), ["monday.dump", "start"]);
}

/// A drill of two steps, each of which makes something and takes it down.
fn drill() -> Place {
    let step = |name: &str, after: &str| {
        format!(
            "  step \"{name}\" {{\n    run   = [\"sh\", \"do.sh\", \"make-{name}\"]\n    undo  = [\"sh\", \"do.sh\", \"drop-{name}\"]\n    \
             drill = \"run\"\n{after}  }}\n"
        )
    };
    let place = Place::new(&(step("a", "") + &step("b", "    after = [step.a]\n")));
    let path = place.path().join("main.dr.hcl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text + "drill \"yearly\" {\n  scenario = scenario.down\n  every    = \"365d\"\n}\n")
        .unwrap();
    place
}

#[test]
fn a_drill_that_is_killed_takes_down_what_it_made_all_the_same_and_nothing_twice() {
    const EFFECTS: [&str; 4] = ["make-a", "make-b", "drop-b", "drop-a"];
    for when in ["kill-before", "kill-after"] {
        for effect in EFFECTS {
            let place = drill();
            fs::write(place.path().join(when), effect).unwrap();
            let begun = place.run(&["drill", "yearly", "--execute", "--auto-approve"]);
            assert_eq!(begun.status.code(), None, "{when} {effect}: drctl was killed");
            let run = place.name();
            let mut code = place.run(&["recover", "--resume", &run]).status.code();
            if code == Some(9) {
                let shown = place.json(&["recover", "show", &run]);
                let doing = if shown["teardown"]["status"] == "not_begun" { "make" } else { "drop" };
                let steps = shown["steps"].as_array().unwrap();
                let step = steps.iter().find(|s| s["standing"] == "cut off; asked about").unwrap();
                let name = format!("{doing}-{}", if step["id"] == 1 { "a" } else { "b" });
                let word = if place.effects().contains(&name) { "--done" } else { "--go" };
                let marked = place.run(&["recover", "mark", &step["id"].to_string(), word]);
                assert_eq!(marked.status.code(), Some(0), "{when} {effect}");
                code = place.run(&["recover", "--resume", &run]).status.code();
            }
            assert_eq!(code, Some(0), "{when} {effect}");
            assert_eq!(place.effects(), EFFECTS, "{when} {effect}");
            let shown = place.json(&["recover", "show", &run]);
            assert_eq!((&shown["status"], &shown["teardown"]["status"]), (&"done".into(), &"done".into()));
            assert_eq!(schema_check::check(&place.schema("run"), &shown), Vec::<String>::new());
        }
    }
}

#[test]
fn a_drill_that_is_kept_stands_in_no_recoverys_way() {
    let place = drill();
    fs::write(place.path().join("do.sh"), "exit 3\n").unwrap();
    let held = place.run(&["drill", "yearly", "--execute", "--keep", "--auto-approve"]);
    assert_eq!(held.status.code(), Some(9), "it holds at the failure");
    fs::write(place.path().join("do.sh"), DO).unwrap();
    assert_eq!(place.run(&["apply", "--auto-approve"]).status.code(), Some(7));
    let later = ["recover", "--scenario", "down", "--execute", "--auto-approve"];
    let recovered = place.command(&later).env("DRCTL_NOW", "2030-01-01T00:00:00Z").output().unwrap();
    assert_eq!(recovered.status.code(), Some(0), "{}", String::from_utf8_lossy(&recovered.stderr));
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
        "  step \"first\" {\n    shell = \"kill -INT $PPID; until grep -q 'interrupte[d]' .drctl/runs/*/journal.jsonl; do :; done; echo first >>effects\"\n  }\n\
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

/// What stands for Fly.io: machines, volumes and secrets are files, and what needs one looks for it.
const FLY: &str = r#"#!/bin/sh
set -e
cd "$HOME/platform"
case "$1 $2" in
"scale count")
  count=$3 app= region=
  while [ $# -gt 0 ]; do case "$1" in --app) app=$2 ;; --region) region=$2 ;; esac; shift; done
  echo "$count" >"$app.$region" ;;
"volumes create") mkdir "volume.$3" ;;
"machine run")
  name= volume=
  while [ $# -gt 0 ]; do case "$1" in --name) name=$2 ;; --volume) volume=${2%%:*} ;; esac; shift; done
  [ -d "volume.$volume" ] && touch "machine.$name" ;;
"secrets set") shift 4; for pair in "$@"; do echo "$pair" >>secrets; done ;;
"ssh console")
  while [ $# -gt 0 ]; do [ "$1" = --command ] && command=$2; shift; done
  ls machine.pg-* >/dev/null
  case "$command" in
  verify-backup*) [ -f repo2 ] ;;
  pgbackrest*restore) [ -f repo2 ] && touch restored ;;
  start-postgres*) [ -f restored ] && touch running ;;
  *check) [ -f running ] ;;
  *backup) [ -f running ] && echo backup >>repo2 ;;
  "archive reconcile"*) grep -q "^PGHOST=dr" secrets ;;
  *) exit 1 ;;
  esac ;;
*) exit 1 ;;
esac
"#;

/// What stands for the API: it answers while two machines run in Frankfurt and know the new database.
fn api(platform: PathBuf) -> u16 {
    use std::io::{Read, Write};
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let read = |name: &str| fs::read_to_string(platform.join(name)).unwrap_or_default();
            let works = read("vatevo-api.fra").trim() == "2" && read("secrets").contains("PGHOST=dr");
            let status = if works { "200 OK" } else { "503 Service Unavailable" };
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    port
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir_all(&to).unwrap();
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Replaces what is there, which has to be there.
fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// `examples/vatevo` on a platform of files.
fn vatevo() -> Place {
    let place = Place(tempfile::tempdir().unwrap());
    let (root, drctl) = (place.path(), env!("CARGO_BIN_EXE_drctl"));
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/vatevo"), root);
    fs::remove_dir_all(root.join("as-documented")).unwrap();
    let platform = root.join("platform");
    fs::create_dir(&platform).unwrap();
    fs::write(platform.join("repo2"), "full\n").unwrap();
    let url = format!("http://127.0.0.1:{}", api(platform));
    for file in ["services.dr.hcl", "response.dr.hcl"] {
        let path = root.join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("https://${target.api_host}", &url)).unwrap();
    }
    // No PostgreSQL stands here: its three questions wait for a person, who asks them by hand.
    for step in ["count", "newest", "smoke"] {
        let first = format!("  step \"{step}\" {{\n");
        edit(
            &root.join("database.dr.hcl"),
            &first,
            &format!("{first}    approve = contact.database_admin\n"),
        );
    }
    program(&root.join("bin/fly"), FLY);
    let read = format!(
        "#!/bin/sh\ngrep -q \"^INVOICES_BUCKET=$1\" platform/secrets && \
         '{drctl}' sim show | grep -q \"bucket $1: .* [1-9] keys\"\n"
    );
    program(&root.join("ops/archive/read-newest.sh"), &read);
    program(&root.join("ops/api/smoke.sh"), "#!/bin/sh\n[ \"$(cat platform/vatevo-api.fra)\" = 2 ]\n");
    place
}

/// Drctl with the platform's programs.
fn platform(place: &Place, args: &[&str]) -> Output {
    let path = format!("{}:{}", place.path().join("bin").display(), std::env::var("PATH").unwrap());
    place.command(args).env("PATH", path).output().unwrap()
}

fn done(place: &Place, args: &[&str]) {
    let output = platform(place, args);
    let said = [output.stdout, output.stderr].concat();
    assert_eq!(output.status.code(), Some(0), "{args:?}\n{}", String::from_utf8_lossy(&said));
}

fn apply(place: &Place, irreversible: &[&str]) {
    let accept: Vec<String> =
        irreversible.iter().map(|b| format!("--accept=irreversible:aws_s3_bucket.{b}")).collect();
    let accept = accept.iter().map(String::as_str);
    done(place, &["apply", "--auto-approve"].into_iter().chain(accept).collect::<Vec<_>>());
}

/// What a plan ends with: 0 where there is nothing to do, 2 where there is.
fn planned(place: &Place) -> Option<i32> {
    platform(place, &["plan", "--detailed-exitcode"]).status.code()
}

/// Does what persons do, until the run is over.
fn by_hand(place: &Place, run: &str) {
    for _ in 0..10 {
        let shown = place.json(&["recover", "show", run]);
        for step in shown["steps"].as_array().unwrap() {
            if step["standing"] == "waits for a person" {
                done(place, &["recover", "mark", &step["id"].to_string(), "--done"]);
            }
        }
        let output = platform(place, &["recover", "--resume", run]);
        match output.status.code() {
            Some(0) => return,
            code => assert_eq!(code, Some(9), "{}", String::from_utf8_lossy(&output.stdout)),
        }
    }
    panic!("the run does not end")
}

#[test]
fn vatevos_regional_outage_is_carried_out_whole_and_protected_again() {
    let place = vatevo();
    apply(&place, &["invoices", "invoices_dr"]);
    done(
        &place,
        &["sim", "put-object", "vatevo-invoices-prod", "invoices/2026-1.xml", "--content", "<xml/>"],
    );
    done(&place, &["sim", "advance", "20m"]);
    done(&place, &["sim", "fail-region", "eu-west-1"]);
    let begin = ["recover", "--scenario", "regional-outage", "--execute", "--auto-approve"];
    assert_eq!(platform(&place, &begin).status.code(), Some(9), "it waits for persons");
    let while_open = platform(&place, &["apply", "--auto-approve"]);
    assert_eq!(while_open.status.code(), Some(7), "an open run stands in its way");
    let name = place.name();
    by_hand(&place, &name);
    let shown = place.json(&["recover", "show", &name]);
    let standings: Vec<&str> =
        shown["steps"].as_array().unwrap().iter().map(|s| s["standing"].as_str().unwrap()).collect();
    assert_eq!(standings, ["done"; 25]);
    let kept = |name: &str| fs::read_to_string(place.path().join("platform").join(name)).unwrap();
    assert_eq!((kept("vatevo-api.cdg").trim(), kept("vatevo-api.fra").trim()), ("0", "2"));
    assert!(kept("secrets").contains("INVOICES_BUCKET=vatevo-invoices-prod-eu-west-2"));
    assert_eq!(kept("repo2"), "full\nbackup\n");
    done(&place, &["sim", "restore-region", "eu-west-1"]);
    assert_eq!(planned(&place), Some(0), "nothing of what is declared was lost");
    protect_again(place.path());
    assert_eq!(planned(&place), Some(2));
    apply(&place, &["invoices_third"]);
    assert_eq!(planned(&place), Some(0), "the second plan is empty");
}

/// The change `third-region`: what London has gets a copy outside of it.
fn protect_again(root: &Path) {
    let mut more = "provider \"aws\" {\n  alias    = \"third\"\n  region   = \"eu-central-1\"\n  endpoint = \"sim\"\n}\n".to_owned();
    for (name, lock) in [
        ("invoices", "    mode  = \"COMPLIANCE\"\n    years = 10\n"),
        ("db_backups", "    mode = \"GOVERNANCE\"\n    days = 30\n"),
    ] {
        let bucket = name.replace('_', "-");
        more += &format!(
            "resource \"aws_s3_bucket\" \"{name}_third\" {{\n  provider   = aws.third\n  bucket     = \"vatevo-{bucket}-third\"\n  \
             versioning = \"Enabled\"\n  object_lock {{\n{lock}  }}\n}}\n"
        );
        edit(
            &root.join("main.dr.hcl"),
            &format!("resource \"aws_s3_bucket\" \"{name}_dr\" {{\n"),
            &format!(
                "resource \"aws_s3_bucket\" \"{name}_dr\" {{\n  replication {{\n    role = var.replication_role_arn\n    \
                 rule \"all\" {{\n      destination               = aws_s3_bucket.{name}_third.arn\n      \
                 delete_marker_replication = \"Disabled\"\n      replication_time_control  = true\n    }}\n  }}\n"
            ),
        );
    }
    fs::write(root.join("third.dr.hcl"), more).unwrap();
}
