//! The independent client: boto3.

use std::process::Command;

use serde_json::Value;

use super::servers::{root, tool};

/// Runs boto3 calls, each `[service, operation, parameters]`, and gives their answers.
pub(crate) fn boto3(endpoint: &str, region: &str, calls: &Value) -> Vec<Value> {
    let output = Command::new(tool("python3"))
        .arg(root().join("cli/tests/wire/look.py"))
        .args([endpoint, region, &calls.to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "boto3: {}", String::from_utf8_lossy(&output.stderr));
    let answers: Value = serde_json::from_slice(&output.stdout).unwrap();
    answers.as_array().unwrap().clone()
}
