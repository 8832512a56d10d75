//! One test per folder of `testdata/recovery`: a system, and the way back from a loss. `command` is what
//! is run, `expected` all that it prints and the exit code. The same plan as JSON has to fit its schema,
//! and the text into 100 columns. `DRCTL_UPDATE=1` writes the expectations anew.

#![allow(missing_docs)]

#[path = "../src/render/schema_check.rs"]
mod schema_check;

use std::path::Path;
use std::process::{Command, Output};

fn drctl(folder: &Path, home: &Path, args: &[&str]) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_drctl"))
        .arg("-C")
        .arg(folder)
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("DRCTL_DATA_DIR", home)
        .env("DRCTL_NOW", "2026-03-02T12:10:00Z")
        .output()
}

fn run(main: &Path) -> datatest_stable::Result<()> {
    let folder = main.parent().ok_or("a file lies in a folder")?;
    let home = tempfile::tempdir()?;
    let command = std::fs::read_to_string(folder.join("command"))?;
    let mut found = String::new();
    for line in command.lines() {
        let args: Vec<&str> = line.split_whitespace().collect();
        let output = drctl(folder, home.path(), &args)?;
        let text = String::from_utf8(output.stdout)? + &String::from_utf8(output.stderr)?;
        // A viewer of Markdown and an editor of scripts break lines themselves.
        if !args.contains(&"--format") {
            let wide: Vec<&str> = text.lines().filter(|l| l.chars().count() > 100).collect();
            assert!(wide.is_empty(), "{wide:#?}");
        }
        found += &format!("$ drctl {line}\n{text}exit {}\n", output.status.code().unwrap_or(-1));
        // What is listed or refused is no plan.
        if text.starts_with("Recovery plan") {
            let json = drctl(folder, home.path(), &[args.as_slice(), &["--format", "json"]].concat())?;
            let plan = serde_json::from_slice(&json.stdout)?;
            let schema =
                serde_json::from_slice(&drctl(folder, home.path(), &["schema", "recovery"])?.stdout)?;
            let wrong = schema_check::check(&schema, &plan);
            assert!(wrong.is_empty(), "{wrong:#?}");
            assert!(!text.contains("mistake of drctl"), "{text}");
        }
    }
    if std::env::var_os("DRCTL_UPDATE").is_some() {
        std::fs::write(folder.join("expected"), &found)?;
    }
    let wanted = std::fs::read_to_string(folder.join("expected")).unwrap_or_default();
    if wanted != found {
        return Err(format!("expected:\n{wanted}\nfound:\n{found}").into());
    }
    Ok(())
}

datatest_stable::harness! {
    { test = run, root = "../testdata/recovery", pattern = r"main\.dr\.hcl$" },
}
