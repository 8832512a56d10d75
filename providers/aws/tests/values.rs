//! The cases of `testdata/kinds`: what is written, and the canonical value or the error it gives.
#![allow(clippy::unwrap_used, reason = "a failing test should say where")]

use std::path::Path;

use drctl_aws::ENTRY;
use drctl_core::schema::{Invalid, attribute};
use drctl_core::value::Value;
use serde_json::Value as Json;

fn check(path: &Path) -> datatest_stable::Result<()> {
    let kind_name = path.parent().and_then(Path::file_name).and_then(|n| n.to_str()).unwrap();
    let kind = ENTRY.kinds.iter().find(|k| k.name() == kind_name).expect(kind_name);
    let cases: Vec<Json> = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    for case in cases {
        let name = case["attribute"].as_str().expect("a case names its attribute");
        let row = attribute(kind.inputs(), name).expect(name);
        let written = Value::from_json(&case["written"]).unwrap();
        let answer = (row.canonical)(written);
        let found = match &answer {
            Ok(value) => value.to_json(),
            Err(Invalid { message, path }) if path.is_empty() => Json::String(message.clone()),
            Err(Invalid { message, path }) => Json::String(format!("{}: {message}", path.join("."))),
        };
        let wanted = case.get("canonical").or(case.get("error")).expect("a case says what comes out");
        assert_eq!(&found, wanted, "{name} = {}", case["written"]);
        assert_eq!(answer.is_err(), case.get("error").is_some(), "{name} = {}", case["written"]);
        if let Ok(value) = answer {
            assert_eq!((row.canonical)(value.clone()), Ok(value), "canonical once is canonical");
        }
    }
    Ok(())
}

datatest_stable::harness! {
    { test = check, root = "../../testdata/kinds", pattern = r"aws_.*\.json$" },
}
