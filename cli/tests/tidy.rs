//! Rules about the tree that a program can check: who uses whom, how long things are, and that
//! every kind and every diagnostic code has a case.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use drctl_core::codes::Code;

/// A file past this many lines needs a folder; tests at its end do not count.
const MAX_FILE_LINES: usize = 600;
/// A function past this many lines is split.
const MAX_FUNCTION_LINES: usize = 70;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("cli lies in the workspace").to_owned()
}

fn files(below: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![below.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    open.push(path);
                }
            } else if endings.iter().any(|e| name.ends_with(e)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Names in `[dependencies]` of a manifest that are ours.
fn our_dependencies(manifest: &str) -> BTreeSet<String> {
    let section = manifest.split("[dependencies]").nth(1).unwrap_or("");
    let section = section.split("\n[").next().unwrap_or("");
    section
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| name.starts_with("drctl"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn crates_depend_on_each_other_only_in_the_agreed_direction() {
    let allowed: BTreeMap<&str, &[&str]> = [
        ("core", &["drctl-derive"][..]),
        ("core/derive", &[]),
        ("core/engine", &["drctl-core"]),
        ("providers/aws", &["drctl-core"]),
        ("providers/aws/sdk", &["drctl-aws", "drctl-core"]),
        ("providers/host", &["drctl-core"]),
        ("providers/machine", &["drctl-core", "drctl-host"]),
        ("providers/postgres", &["drctl-core", "drctl-host"]),
        ("providers/files", &["drctl-core", "drctl-host"]),
        ("providers/sim", &["drctl-aws", "drctl-core"]),
        (
            "cli",
            &[
                "drctl-aws",
                "drctl-aws-sdk",
                "drctl-core",
                "drctl-engine",
                "drctl-files",
                "drctl-host",
                "drctl-machine",
                "drctl-postgres",
                "drctl-sim",
            ],
        ),
    ]
    .into();
    for (folder, allowed) in allowed {
        let found = our_dependencies(&read(&root().join(folder).join("Cargo.toml")));
        let allowed: BTreeSet<String> = allowed.iter().map(|a| (*a).to_owned()).collect();
        assert!(found.is_subset(&allowed), "{folder} depends on {found:?}, allowed are {allowed:?}");
    }
}

#[test]
fn core_is_pure_and_keeps_its_libraries_in_their_places() {
    let banned = ["tokio", "std::fs", "std::env", "std::net", "SystemTime::now", "Instant::now", "println!"];
    for path in files(&root().join("core/src"), &[".rs"]) {
        let (text, shown) = (read(&path), shown(&path));
        assert!(!text.contains("petgraph::") || shown.ends_with("graph.rs"), "{shown} uses petgraph");
        let reads_text = shown.starts_with("core/src/lang/") || shown.starts_with("core/src/config/");
        assert!(!text.contains("hcl_edit") || reads_text, "{shown} uses hcl-edit");
        for banned in banned {
            let uses = text.lines().any(|l| l.contains(banned) && !l.trim_start().starts_with("//"));
            assert!(!uses, "{shown} uses {banned}");
        }
    }
}

/// The lines of a source file before its test module.
fn without_tests(text: &str) -> Vec<&str> {
    text.lines().take_while(|l| !l.starts_with("#[cfg(test)]")).collect()
}

#[test]
fn files_and_functions_are_of_readable_length_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for path in ["cli", "core", "providers"].iter().flat_map(|d| files(&root().join(d), &[".rs"])) {
        let (text, shown) = (read(&path), shown(&path));
        if !text.starts_with("//!") && !text.starts_with("#![no_main]") {
            wrong.push(format!("{shown} does not open with `//!`"));
        }
        let lines = without_tests(&text);
        if lines.len() > MAX_FILE_LINES && !shown.contains("/tests/") {
            wrong.push(format!("{shown} has {} lines", lines.len()));
        }
        wrong.extend(long_functions(&shown, &lines));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn long_functions(file: &str, lines: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut open: Option<(usize, usize, &str)> = None;
    for (number, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let head = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        let head = head.trim_start_matches("async ").trim_start_matches("const ");
        if open.is_none() && head.starts_with("fn ") && !line.trim_end().ends_with(['}', ';']) {
            open = Some((number, indent, head));
        } else if open.is_some_and(|(_, at, _)| indent == at) && line.ends_with(';') {
            // Declared in a trait, without a body.
            open = None;
        } else if let Some((start, at, name)) = open
            && indent == at
            && line.trim() == "}"
        {
            let length = number - start + 1;
            if length > MAX_FUNCTION_LINES {
                let name = name.split('(').next().unwrap_or("");
                wrong.push(format!("{file}:{} {name} has {length} lines", start + 1));
            }
            open = None;
        }
    }
    wrong
}

#[test]
fn nothing_is_left_for_later() {
    let words =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    let mut wrong = Vec::new();
    for path in files(&root(), &[".rs", ".md", ".hcl", ".toml"]) {
        for (number, line) in read(&path).lines().enumerate() {
            if words.iter().any(|w| line.contains(w)) {
                wrong.push(format!("{}:{} {line}", shown(&path), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn links_in_documents_lead_somewhere() {
    let mut wrong = Vec::new();
    for path in files(&root(), &[".md"]) {
        let text = read(&path);
        for link in text.split("](").skip(1).filter_map(|t| t.split([')', '#', ' ']).next()) {
            let local = !link.is_empty() && !link.contains(':');
            if local && !path.parent().expect("a file lies in a folder").join(link).exists() {
                wrong.push(format!("{}: {link}", shown(&path)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Codes of what no command can be brought to within a test, and where they are tested instead.
const TESTED_ELSEWHERE: [(&str, &str); 2] = [
    // A name is free when it is looked at, and another account's when it is made.
    ("DR404", "core/engine/src/diagnose.rs"),
    // The provider takes a change and never shows it: half a minute of waiting.
    ("DR452", "core/engine/src/diagnose.rs"),
];

#[test]
fn every_diagnostic_code_is_unique_and_has_a_case_that_shows_it() {
    let ids: BTreeSet<&str> = Code::ALL.iter().map(|c| c.id()).collect();
    assert_eq!(ids.len(), Code::ALL.len(), "two codes share an id");
    let expected = files(&root().join("testdata/diagnostics"), &["expected"]);
    let shown: String = expected.iter().map(|path| read(path)).collect();
    for id in ids {
        let elsewhere = TESTED_ELSEWHERE.iter().find(|(code, _)| *code == id);
        let place = elsewhere.map_or("testdata/diagnostics", |(_, file)| file);
        let found = elsewhere.map_or_else(|| shown.contains(id), |(_, f)| read(&root().join(f)).contains(id));
        assert!(found, "no case in {place} shows {id}");
    }
}

#[test]
fn every_kind_has_its_folder_of_cases() {
    let entries = [&drctl_aws::ENTRY, &drctl_machine::FILES, &drctl_machine::POSTGRES];
    for kind in entries.iter().flat_map(|entry| entry.kinds) {
        let folder = root().join("testdata/kinds").join(kind.name());
        assert!(!files(&folder, &[""]).is_empty(), "{} has no cases in testdata/kinds", kind.name());
    }
}
