//! The console blocks of the examples' READMEs and of `testdata/cli` run as they stand, each text in a
//! fresh copy of an example's folder. Only standard output is compared. `...` stands for any lines, `[..]` for any characters.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One command of a transcript and what it must print.
struct Step {
    command: String,
    expected: Vec<String>,
}

fn steps(markdown: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in markdown.lines() {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) => match line.strip_prefix("$ ") {
                Some(command) => steps.push(Step { command: command.to_owned(), expected: Vec::new() }),
                None => steps.last_mut().unwrap().expected.push(line.to_owned()),
            },
            (false, _) => {}
        }
    }
    steps
}

fn line_fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn fits(expected: &[String], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((any, rest)) if any == "..." => (0..=lines.len()).any(|n| fits(rest, &lines[n..])),
        Some((pattern, rest)) => {
            lines.split_first().is_some_and(|(l, more)| line_fits(pattern, l) && fits(rest, more))
        }
    }
}

/// Runs one command in a folder: its standard output, and its exit code when that is not 0.
fn run(command: &str, dir: &Path) -> String {
    let mut words = command.split_whitespace();
    assert_eq!(words.next(), Some("drctl"), "{command}");
    let output = Command::new(env!("CARGO_BIN_EXE_drctl"))
        .args(words)
        .current_dir(dir)
        .env_clear()
        .env("HOME", dir)
        .env("DRCTL_NOW", "2026-03-02T12:00:00Z")
        .output()
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    match output.status.code() {
        Some(0) => {}
        code => text += &format!("? {}\n", code.unwrap_or(-1)),
    }
    if text.is_empty() { text } else { text.trim_end_matches('\n').to_owned() + "\n" }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_file() {
            fs::copy(&path, to).unwrap();
        } else if !path.ends_with(".drctl") {
            fs::create_dir(&to).unwrap();
            copy(&path, &to);
        }
    }
}

fn transcript(example: &str, text: &str) {
    transcript_with(example, text, |_| {});
}

fn transcript_with(example: &str, text: &str, prepare: impl Fn(&Path)) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let from = root.join("examples").join(example);
    let dir = tempfile::tempdir().unwrap();
    copy(&from, dir.path());
    prepare(dir.path());
    let steps = steps(&fs::read_to_string(root.join(text)).unwrap());
    assert!(!steps.is_empty(), "no console block in {text}");
    for step in steps {
        let found = run(&step.command, dir.path());
        let lines: Vec<&str> = found.lines().collect();
        assert!(
            fits(&step.expected, &lines),
            "{example}: $ {}\nprints:\n{found}\nexpected:\n{}",
            step.command,
            step.expected.join("\n")
        );
    }
}

#[test]
fn quickstart() {
    transcript("quickstart", "examples/quickstart/README.md");
}

#[test]
fn timeline() {
    transcript("quickstart", "testdata/cli/timeline.md");
}

#[test]
fn points() {
    transcript("quickstart", "testdata/cli/points.md");
}

#[test]
fn ready() {
    transcript("vatevo", "testdata/cli/ready.md");
}

#[test]
fn what_is_missing_where_little_is_declared() {
    transcript("onetouch-bizcard/as-documented", "testdata/cli/not-ready.md");
}

#[test]
fn scenarios() {
    transcript("vatevo/as-documented", "testdata/cli/scenarios.md");
}

#[test]
fn vatevo() {
    repaired("vatevo");
}

/// The five systems as their documents describe them: what is found, and every way back.
fn as_documented(example: &str) {
    for text in ["README.md", "RECOVERY.md"] {
        transcript(&format!("{example}/as-documented"), &format!("examples/{example}/as-documented/{text}"));
    }
}

/// One of the five systems as it should be.
fn repaired(example: &str) {
    for text in ["README.md", "RECOVERY.md"] {
        transcript(example, &format!("examples/{example}/{text}"));
    }
}

#[test]
fn certificates() {
    as_documented("certificates");
}

#[test]
fn certificates_repaired() {
    repaired("certificates");
}

#[test]
fn enterprise_inventory() {
    as_documented("enterprise-inventory");
}

#[test]
fn enterprise_inventory_repaired() {
    repaired("enterprise-inventory");
}

#[test]
fn metrics_billing() {
    as_documented("metrics-billing");
}

/// The same system as it should be.
#[test]
fn metrics_billing_repaired() {
    for text in ["README.md", "RECOVERY.md"] {
        transcript("metrics-billing", &format!("examples/metrics-billing/{text}"));
    }
}

#[test]
fn onetouch_bizcard() {
    as_documented("onetouch-bizcard");
}

/// The same system as it should be.
#[test]
fn onetouch_bizcard_repaired() {
    for text in ["README.md", "RECOVERY.md"] {
        transcript("onetouch-bizcard", &format!("examples/onetouch-bizcard/{text}"));
    }
}

#[test]
fn vatevo_as_documented() {
    as_documented("vatevo");
}

#[test]
fn saved_plans() {
    transcript("quickstart", "testdata/cli/saved-plans.md");
}

#[test]
fn a_lost_state() {
    transcript("quickstart", "testdata/cli/state-rebuild.md");
}

#[test]
fn import() {
    transcript("quickstart", "testdata/cli/import.md");
}

#[test]
fn the_simulated_cloud() {
    transcript("quickstart", "testdata/cli/sim.md");
}

#[test]
fn recover() {
    transcript("quickstart", "testdata/cli/recover.md");
}

#[test]
fn managed_backup() {
    transcript("../testdata/cli/managed-backup", "testdata/cli/managed-backup/README.md");
}

#[test]
fn managed_dumps() {
    transcript("../testdata/cli/managed-dumps", "testdata/cli/managed-dumps/README.md");
}

#[test]
fn backups() {
    transcript("../testdata/cli/backups", "testdata/cli/backups/README.md");
}

/// With a key that signs, one to encrypt for, and what stands for drctl on the machine from which one recovers.
#[test]
fn kit() {
    transcript_with("quickstart", "docs/kit.md", |dir| {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "ci", "-f", "ci"])
            .current_dir(dir)
            .status();
        assert!(made.unwrap().success());
        fs::write(dir.join("passphrase"), "correct horse battery staple\n").unwrap();
        fs::write(dir.join("drctl-x86_64"), "#!/bin/sh\n").unwrap();
    });
}

/// Beside the quickstart stand the same, one that protects more, and one with an error.
#[test]
fn base() {
    transcript_with("quickstart", "testdata/cli/base.md", |dir| {
        let main = fs::read_to_string(dir.join("main.dr.hcl")).unwrap();
        let more = main.replace("backup_retention_period = 14", "backup_retention_period = 30")
            + "resource \"aws_s3_bucket\" \"audit\" {\n  bucket = \"quickstart-audit\"\n}\n";
        let broken = main.clone() + "resource \"aws_s3_bucket\" {\n}\n";
        let refused = main.replacen("versioning = \"Enabled\"", "versioning = \"Suspended\"", 1);
        for (name, text) in [("same", main), ("more", more), ("broken", broken), ("refused", refused)] {
            fs::create_dir(dir.join(name)).unwrap();
            fs::copy(dir.join("sim.json"), dir.join(name).join("sim.json")).unwrap();
            fs::write(dir.join(name).join("main.dr.hcl"), text).unwrap();
        }
    });
}
