//! Runs the calls under `testdata/functions`: `NAME [ARGUMENTS] => RESULT`, both JSON, or
//! `=> error MESSAGE`, or `=> error arg N: MESSAGE`.

use std::path::Path;

use drctl_core::lang::functions;
use drctl_core::value::Value;

fn run(_path: &Path, content: String) -> datatest_stable::Result<()> {
    let mut wrong = Vec::new();
    for (i, line) in content.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let found = outcome(line).map_err(|e| format!("line {}: {e}", i + 1))?;
        let (call, expected) = line.rsplit_once(" => ").ok_or("no `=>`")?;
        if found != expected {
            wrong.push(format!("line {}: {call}\n  expected {expected}\n  found    {found}", i + 1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn outcome(line: &str) -> Result<String, Box<dyn std::error::Error>> {
    let (call, _) = line.rsplit_once(" => ").ok_or("no `=>`")?;
    let (name, args) = call.split_once(' ').ok_or("no arguments")?;
    let function = functions::lookup(name).ok_or("no such function")?;
    let args: Vec<Value> = serde_json::from_str(args)?;
    Ok(match function.call(&args) {
        Ok(value) => serde_json::to_string(&value)?,
        Err(error) => match error.arg {
            Some(arg) => format!("error arg {arg}: {error}"),
            None => format!("error {error}"),
        },
    })
}

datatest_stable::harness! {
    { test = run, root = "../testdata/functions", pattern = r"\.txt$" },
}
