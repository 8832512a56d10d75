//! What programs are given: all JSON keeps to the schema that `drctl schema` prints, for every example
//! and for every configuration with an error in it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(missing_docs)]

#[path = "../src/render/schema_check.rs"]
mod schema_check;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Standard output and the exit code.
fn drctl(dir: &Path, home: &Path, args: &str) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_drctl"))
        .args(args.split_whitespace())
        .current_dir(dir)
        .env_clear()
        .env("HOME", home)
        .env("DRCTL_DATA_DIR", home)
        .env("DRCTL_NOW", "2026-03-02T12:00:00Z")
        .output()
        .unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap_or(-1))
}

fn schema(name: &str) -> Json {
    let dir = tempfile::tempdir().unwrap();
    let (text, code) = drctl(dir.path(), dir.path(), &format!("schema {name}"));
    assert_eq!(code, 0, "{name}");
    serde_json::from_str(&text).unwrap()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// The folders under one that hold a configuration.
fn projects(under: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(under)];
    while let Some(dir) = open.pop() {
        let entries: Vec<PathBuf> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).collect();
        if entries.iter().any(|p| p.to_string_lossy().ends_with(".dr.hcl")) {
            found.push(dir);
        }
        open.extend(entries.into_iter().filter(|p| p.is_dir() && !p.ends_with(".drctl")));
    }
    found.sort();
    found
}

#[test]
fn json_of_every_example_keeps_to_its_schema() {
    let commands = [
        ("validate --json", "validate"),
        ("plan --json", "plan"),
        ("findings --json", "findings"),
        ("due --json", "due"),
        ("matrix --json", "objectives"),
        ("advise --json", "advice"),
        ("scenarios --json", "scenarios"),
        ("drill quarterly --json", "drill"),
        ("ready --all --json", "ready"),
        ("graph --json", "graph"),
        ("explain rule DR801 --json", "rule"),
        ("explain rule R9 --json", "rule"),
        ("recover --lose region=eu-west-1 --json", "recovery"),
        ("findings --format sarif", "sarif"),
        ("plan --format sarif", "sarif"),
        ("validate --format sarif", "sarif"),
    ];
    let examples = projects("examples");
    assert!(examples.len() >= 6, "{examples:?}");
    for example in examples {
        let dir = tempfile::tempdir().unwrap();
        copy(&example, dir.path());
        for (command, name) in commands {
            let (text, _) = drctl(dir.path(), dir.path(), command);
            // A region that no provider is in is refused, and so is a drill that is not declared.
            if text.is_empty() && ["recovery", "drill"].contains(&name) {
                continue;
            }
            let wrong = schema_check::check(&schema(name), &serde_json::from_str(&text).unwrap());
            assert!(wrong.is_empty(), "{}: {command}: {wrong:#?}", example.display());
        }
        let files = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let texts = files.filter(|path| path.extension().is_some_and(|e| e == "hcl"));
        let declared: String = texts.map(|path| std::fs::read_to_string(path).unwrap()).collect();
        let named = |block: &str| -> Vec<String> {
            let lines = declared.lines().filter_map(|l| l.strip_prefix(&format!("{block} \"")));
            lines.filter_map(|l| Some(l.split('"').next()?.to_owned())).collect()
        };
        let of_each = |name: &str| format!("points {name} --json");
        let datastores = named("datastore");
        let mut all: Vec<(String, &str)> = datastores.iter().map(|name| (of_each(name), "points")).collect();
        if let (Some(service), Some(scenario)) = (named("service").first(), named("scenario").first()) {
            all.push((format!("explain cell {service}/{scenario} --json"), "cell"));
        }
        for (command, name) in all {
            let (text, _) = drctl(dir.path(), dir.path(), &command);
            let wrong = schema_check::check(&schema(name), &serde_json::from_str(&text).unwrap());
            assert!(wrong.is_empty(), "{}: {command}: {wrong:#?}", example.display());
        }
    }
}

#[test]
fn what_is_wrong_keeps_to_its_schema() {
    for (command, name) in [("validate --json", "validate"), ("validate --format sarif", "sarif")] {
        let schema = schema(name);
        for case in projects("testdata/diagnostics") {
            let home = tempfile::tempdir().unwrap();
            let (text, _) = drctl(&case, home.path(), command);
            let wrong = schema_check::check(&schema, &serde_json::from_str(&text).unwrap());
            assert!(wrong.is_empty(), "{}: {wrong:#?}", case.display());
        }
    }
}

/// Findings and checks for code hosts and CI systems; `testdata/check-formats` holds what is printed.
#[test]
fn checks_for_other_programs_are_as_expected() {
    for (name, command) in [
        ("findings.sarif", "findings --format sarif"),
        ("findings.junit.xml", "findings --format junit"),
        ("plan.sarif", "plan --format sarif"),
        ("matrix.junit.xml", "matrix --format junit"),
        ("ready.junit.xml", "ready --all --format junit"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        copy(&root().join("testdata/check-formats/system"), dir.path());
        let (text, _) = drctl(dir.path(), dir.path(), command);
        assert!(text.contains("drctl/v1") || text.contains("<testcase"), "{name}: {text}");
        if name.ends_with(".xml") {
            balanced(&text);
        }
        let path = root().join("testdata/check-formats").join(name);
        if std::env::var_os("DRCTL_UPDATE").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{name}");
    }
}

/// What is done in a drill; `testdata/drills` holds what is printed.
#[test]
fn drills_are_as_expected() {
    for case in projects("testdata/drills") {
        let (dir, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        copy(&case, dir.path());
        let (text, code) = drctl(dir.path(), home.path(), "drill quarterly");
        assert_eq!(code, 0, "{}: {text}", case.display());
        let (json, _) = drctl(dir.path(), home.path(), "drill quarterly --json");
        let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
        let wrong = schema_check::check(&schema("drill"), &plan);
        assert!(wrong.is_empty(), "{}: {wrong:#?}", case.display());
        for step in plan["steps"].as_array().unwrap() {
            let command = step["command_equivalent"].to_string();
            assert!(!command.contains("shop-production"), "{}: {command}", case.display());
        }
        let path = case.join("expected");
        if std::env::var_os("DRCTL_UPDATE").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
    }
}

/// Every element ends, in the order in which they begin.
fn balanced(xml: &str) {
    let mut open = Vec::new();
    for tag in xml.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap_or_else(|| panic!("a tag has no end: {tag}"));
        let name = tag.split(' ').next().unwrap().trim_end_matches('/');
        match tag.as_bytes() {
            [b'?', ..] | [.., b'/'] => {}
            [b'/', ..] => assert_eq!(open.pop(), tag.get(1..), "{xml}"),
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn events_of_an_apply_keep_to_their_schema() {
    let schema = schema("events");
    let dir = tempfile::tempdir().unwrap();
    copy(&root().join("examples/quickstart"), dir.path());
    let (text, _) = drctl(dir.path(), dir.path(), "apply --auto-approve --json");
    assert!(text.contains("\"apply_complete\""), "{text}");
    for line in text.lines() {
        let wrong = schema_check::check(&schema, &serde_json::from_str(line).unwrap());
        assert!(wrong.is_empty(), "{line}: {wrong:#?}");
    }
}

/// The way back in every form; `testdata/recovery-formats` holds what is printed.
#[test]
fn the_forms_of_a_recovery_plan_are_as_expected() {
    for (example, scenario) in
        [("quickstart", "regional-outage"), ("onetouch-bizcard/as-documented", "server-failure")]
    {
        let dir = tempfile::tempdir().unwrap();
        copy(&root().join("examples").join(example), dir.path());
        if example == "quickstart" {
            drctl(dir.path(), dir.path(), "apply --auto-approve");
        }
        for form in ["md", "sh", "dot", "mermaid"] {
            let (text, _) =
                drctl(dir.path(), dir.path(), &format!("recover --scenario {scenario} --format {form}"));
            well_formed(form, &text);
            let path = root().join("testdata/recovery-formats").join(format!("{scenario}.{form}"));
            if std::env::var_os("DRCTL_UPDATE").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &text).unwrap();
            }
            assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
        }
    }
}

/// What each form must be, whatever is in it.
fn well_formed(form: &str, text: &str) {
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{form}: {text}");
    match form {
        "sh" => {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), text).unwrap();
            let checked = Command::new("bash").arg("-n").arg(file.path()).output().unwrap();
            assert!(checked.status.success(), "{}\n{text}", String::from_utf8_lossy(&checked.stderr));
        }
        // Outside of texts in quotes only our own words and signs.
        "dot" | "mermaid" => {
            let mut outside = String::new();
            let (mut inside, mut escaped) = (false, false);
            for c in text.chars() {
                match c {
                    _ if escaped => escaped = false,
                    '\\' if inside && form == "dot" => escaped = true,
                    '"' => inside = !inside,
                    '\n' => assert!(!inside, "{form}: a text goes on over lines:\n{text}"),
                    c if !inside => outside.push(c),
                    _ => {}
                }
            }
            assert!(!inside, "{text}");
            let plain = |c: char| c.is_ascii_alphanumeric() || " _-#>:,;=[]{}".contains(c);
            assert!(outside.chars().all(plain), "{outside}");
            for (open, close) in [('{', '}'), ('[', ']')] {
                assert_eq!(outside.matches(open).count(), outside.matches(close).count(), "{outside}");
            }
        }
        _ => {}
    }
}

/// A step whose texts try what they can, in every place where they are shown.
const HOSTILE: &str = r#"
site "here" {
}
service "shop" {
  site    = site.here
  recover = procedure.back
}
procedure "back" {
  step "first" {
    description = "</details> \"; touch pwned; ' \u001b[31m\u202e `touch pwned` $(touch pwned) ]\" end @all\n# x"
    run         = ["true", "$(touch pwned)", "'; touch pwned; '", "```\n# `touch pwned`", "\u001b]0;x"]
    why         = "\"]\n\n```\ntouch pwned"
  }
  step "second" {
    after = [step.first]
    run   = ["note", "--", "*", "~", "a\\"]
    undo  = ["true", "\ntouch pwned"]
  }
  step "third" {
    after = [step.second]
    run   = ["false"]
  }
}
"#;

#[test]
fn hostile_texts_stay_texts_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("main.dr.hcl"), HOSTILE).unwrap();
    for form in ["md", "sh", "dot", "mermaid", "json", "text"] {
        let (text, code) =
            drctl(dir.path(), dir.path(), &format!("recover --lose site=here --format {form}"));
        assert!(!text.is_empty() && code != 1, "{form}: {text}");
        well_formed(form, &text);
        match form {
            "md" => {
                assert!(!text.contains("</details>") && !text.contains("@all"), "{text}");
                let own = text.lines().filter(|l| l.starts_with('#')).count();
                assert_eq!(
                    own,
                    text.lines()
                        .filter(|l| l.starts_with("# Rec") || l.starts_with("## ") || l.starts_with("### "))
                        .count(),
                    "{text}"
                );
            }
            "sh" => {
                let script = dir.path().join("way-back.sh");
                fs::write(&script, &text).unwrap();
                let ran = Command::new("bash").arg(&script).current_dir(dir.path()).output().unwrap();
                let told =
                    String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
                // The words of a step are a command and no function of the script; it ends where one fails.
                assert!(!ran.status.success() && told.contains("Stopped at step 2"), "{told}");
                assert!(!dir.path().join("pwned").exists(), "{told}");
            }
            _ => {}
        }
    }
}

/// Steps that are done only sometimes, in a folder, or with what the operator says.
#[test]
fn what_a_step_depends_on_is_asked_for() {
    let (case, home) = (root().join("testdata/recovery/steps-with-conditions"), tempfile::tempdir().unwrap());
    for scenario in ["cache", "server"] {
        let told =
            |form| drctl(&case, home.path(), &format!("recover --scenario {scenario} --format {form}")).0;
        let plan: Json = serde_json::from_str(&told("json")).unwrap();
        let (script, runbook) = (told("sh"), told("md"));
        well_formed("sh", &script);
        let steps = plan["steps"].as_array().unwrap();
        let many = |words: &Json| words.as_array().is_some_and(|all| !all.is_empty());
        let written = || steps.iter().map(|s| &s["written"]);
        let replaced: Vec<&Json> = written().flat_map(|w| w["instead_of"].as_array().unwrap()).collect();
        let asks = |s: &&Json| {
            let w = &s["written"];
            w["when"].is_string() || many(&w["instead_of"]) || replaced.contains(&&s["id"])
        };
        let asked = steps.iter().filter(asks).count();
        assert_eq!(script.matches("\n  if wanted; then\n").count(), asked, "{script}");
        assert_eq!(
            runbook.matches("**ONLY WHEN**").count(),
            written().filter(|w| w["when"].is_string()).count()
        );
        // Nobody but the operator can fill that in: it is shown and not run.
        assert!(
            !script.lines().any(|l| l.trim_start().starts_with("run ") && l.contains("${input.")),
            "{script}"
        );
        for dir in written().filter_map(|w| w["dir"].as_str()) {
            let dir = if dir.contains(' ') { format!("'{dir}'") } else { dir.to_owned() };
            assert!(script.contains(&format!("(cd -- {dir} && ")), "{script}");
            assert!(runbook.contains(&format!("(cd {dir} && ")), "{runbook}");
        }
    }
}

#[test]
fn a_script_of_a_simulation_reaches_no_real_cloud() {
    let dir = tempfile::tempdir().unwrap();
    copy(&root().join("examples/quickstart"), dir.path());
    let (text, _) = drctl(dir.path(), dir.path(), "recover --scenario regional-outage --format sh");
    let script = dir.path().join("way-back.sh");
    fs::write(&script, &text).unwrap();
    let ran = Command::new("bash").arg(&script).env_clear().env("PATH", dir.path()).output();
    let ran = ran.or_else(|_| Command::new("/bin/bash").arg(&script).env_clear().output()).unwrap();
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(!ran.status.success() && told.contains("SIM") && !told.contains("== step"), "{told}");
}
