//! What `docs/sim.md` says the simulation enforces: each row names facts, each fact has a test against
//! the port that is named after it, and each fact that a refusal cites has a row.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The text between two headings of `docs/sim.md`.
fn section(heading: &str) -> String {
    let text = read("../../docs/sim.md");
    let (_, after) = text.split_once(&format!("## {heading}\n")).unwrap();
    after.split("\n## ").next().unwrap().to_owned()
}

/// The ids in the first column of a table.
fn ids(table: &str) -> BTreeSet<String> {
    let cells = table.lines().filter_map(|l| l.strip_prefix("| ")?.split(" | ").next());
    cells.flat_map(|c| c.split(", ")).filter(|c| is_id(c)).map(str::to_owned).collect()
}

fn is_id(word: &str) -> bool {
    let Some(number) = word.strip_prefix(['S', 'R', 'B']) else { return false };
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// The facts that stand at the head of the names of tests: `s6_s7_periods…`.
fn tested() -> BTreeSet<String> {
    let text = read("tests/s3.rs") + &read("tests/objects.rs") + &read("tests/rds.rs");
    let names = text.split("#[tokio::test]\nasync fn ").skip(1);
    let words =
        names.flat_map(|n| n.split('_').map(str::to_uppercase).take_while(|w| is_id(w)).collect::<Vec<_>>());
    words.collect()
}

#[test]
fn every_rule_has_a_test_that_bears_its_fact() {
    let (rules, tested) = (ids(&section("What it enforces")), tested());
    assert!(rules.len() > 30, "the table is not read any more: {rules:?}");
    assert_eq!(rules.difference(&tested).collect::<Vec<_>>(), Vec::<&String>::new(), "rules without a test");
    assert_eq!(tested.difference(&rules).collect::<Vec<_>>(), Vec::<&String>::new(), "tests without a row");
}

#[test]
fn every_rule_rests_on_a_fact_that_is_written_down() {
    let table: BTreeSet<String> = drctl_aws::ENTRY.facts.iter().map(|f| f.id.to_owned()).collect();
    for id in ids(&section("What it enforces")) {
        assert!(table.contains(&id), "{id} is not in the table of facts");
    }
}

#[test]
fn every_refusal_cites_a_rule_of_the_document() {
    let rules = ids(&section("What it enforces"));
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for id in text.split(['"', '[', ']']).filter(|w| is_id(w)) {
            assert!(rules.contains(id), "{id} is cited and has no row in docs/sim.md");
        }
    }
}
