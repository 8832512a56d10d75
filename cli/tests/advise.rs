//! What `drctl advise` promises is what comes of it: its edits, made in the text, are valid, and `matrix`
//! then says the same numbers. Nothing of them is needless.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

fn drctl(args: &[&str], dir: &Path) -> (Option<i32>, Vec<u8>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
    command.args(args).current_dir(dir).env_clear().env("HOME", dir);
    let output = command.env("DRCTL_NOW", "2026-03-02T12:00:00Z").output().unwrap();
    (output.status.code(), output.stdout)
}

fn json(args: &[&str], dir: &Path) -> Json {
    serde_json::from_slice(&drctl(args, dir).1).unwrap()
}

/// The example's files in a folder of their own.
fn copy(example: &str) -> tempfile::TempDir {
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example);
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_file() {
            fs::copy(&entry, dir.path().join(entry.file_name().unwrap())).unwrap();
        }
    }
    dir
}

/// Makes the edits, from the last of each file to the first.
fn make(changes: &[&Json], dir: &Path) {
    let mut edits: Vec<(String, u64, u64, usize, String)> = Vec::new();
    for (order, edit) in changes.iter().flat_map(|c| c["edits"].as_array().unwrap()).enumerate() {
        let text = |name: &str| edit[name].as_str().unwrap().to_owned();
        let at = |name: &str| edit[name].as_u64().unwrap();
        let one = (text("file"), at("start"), at("end"), order, text("after"));
        if edits.iter().all(|e| (&e.0, e.1, e.2, &e.4) != (&one.0, one.1, one.2, &one.4)) {
            edits.push(one);
        }
    }
    edits.sort();
    for (file, start, end, _, after) in edits.iter().rev() {
        let path = dir.join(file);
        let mut text = fs::read_to_string(&path).unwrap();
        text.replace_range(*start as usize..*end as usize, after);
        fs::write(path, text).unwrap();
    }
}

/// Subject, scenario and metric.
fn cell(one: &Json) -> (String, String, String) {
    let text = |name: &str| one[name].as_str().unwrap().to_owned();
    (text("subject"), text("scenario"), text("metric"))
}

fn example(name: &str) {
    let dir = copy(name);
    let advice = json(&["advise", "--json"], dir.path());
    let changes: Vec<&Json> = advice["changes"].as_array().unwrap().iter().collect();
    assert!(!changes.is_empty());
    make(&changes, dir.path());
    assert_eq!(drctl(&["validate"], dir.path()).0, Some(0), "{name}");
    let matrix = json(&["matrix", "--json"], dir.path());
    let judged = matrix["objectives"].as_array().unwrap();
    for (list, wanted) in [("met", true), ("unmet", false)] {
        for one in advice[list].as_array().unwrap() {
            let found = judged.iter().find(|j| cell(j) == cell(one)).unwrap();
            assert_eq!(found["status"] == "met", wanted, "{name}: {one}");
            for end in ["low_s", "high_s", "possible"] {
                assert_eq!(found["after"][end], one["after"][end], "{name}: {one}");
            }
        }
    }
    // What comes back with the changes made is not said to be gone.
    for one in advice["unmet"].as_array().unwrap().iter().filter(|one| one["after"]["possible"] == true) {
        assert!(!one["why"].as_str().unwrap().contains("does not come back"), "{name}: {one}");
    }
    for change in &changes {
        assert!(!change["needed_for"].as_array().unwrap().is_empty(), "{change}");
    }
    // The same text gets the same advice, and what was advised leaves nothing to advise for it.
    let again = json(&["advise", "--json"], dir.path());
    let open: BTreeSet<_> = again["met"].as_array().unwrap().iter().map(cell).collect();
    assert!(open.is_empty(), "{name}: {open:?}");
    assert_eq!(advice, json(&["advise", "--json"], copy(name).path()));
}

#[test]
fn a_dump_every_six_hours_becomes_as_frequent_as_was_promised() {
    example("onetouch-bizcard/as-documented");
}

#[test]
fn certificates_get_what_was_promised_for_them() {
    example("certificates/as-documented");
    let dir = copy("certificates/as-documented");
    let advice = json(&["advise", "--json"], dir.path());
    // Of a PostgreSQL at a site the log is shipped.
    assert!(advice["diff"].as_str().unwrap().contains("+    archive_every ="), "{advice}");
}

#[test]
fn the_explanation_of_a_loss_ends_with_the_cheapest_way_to_meet_what_was_promised() {
    let dir = copy("certificates/as-documented");
    let explain = ["explain", "rpo", "datastore.database", "--scenario", "database-failure"];
    let text = String::from_utf8(drctl(&explain, dir.path()).1).unwrap();
    let (_, way) = text.split_once("cheapest way to meet 1h").unwrap();
    assert!(way.contains(" 1. a backup of datastore.database whose log is archived every 1h"), "{text}");
    assert!(!way.contains(" 2. "), "{text}");
}
