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
        ("matrix --json", "objectives"),
        ("recover --lose region=eu-west-1 --json", "recovery"),
    ];
    let examples = projects("examples");
    assert!(examples.len() >= 6, "{examples:?}");
    for example in examples {
        let dir = tempfile::tempdir().unwrap();
        copy(&example, dir.path());
        for (command, name) in commands {
            let (text, _) = drctl(dir.path(), dir.path(), command);
            // A region that no provider is in is refused.
            if text.is_empty() && name == "recovery" {
                continue;
            }
            let wrong = schema_check::check(&schema(name), &serde_json::from_str(&text).unwrap());
            assert!(wrong.is_empty(), "{}: {command}: {wrong:#?}", example.display());
        }
    }
}

#[test]
fn what_is_wrong_keeps_to_its_schema() {
    let schema = schema("validate");
    for case in projects("testdata/diagnostics") {
        let home = tempfile::tempdir().unwrap();
        let (text, _) = drctl(&case, home.path(), "validate --json");
        let wrong = schema_check::check(&schema, &serde_json::from_str(&text).unwrap());
        assert!(wrong.is_empty(), "{}: {wrong:#?}", case.display());
    }
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
