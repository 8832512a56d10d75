//! The loss of any single thing of any example gives a plan or says why there is none: nothing panics,
//! nothing relies on what is lost, and what is printed fits its schema.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../src/render/schema_check.rs"]
mod schema_check;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The folders of examples that hold a configuration, and two for losses that no example has: of a key and of
/// a credential.
fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut open = ["examples", "testdata/recovery/account-and-key", "testdata/recovery/stolen-credential"]
        .map(|folder| root.join(folder))
        .to_vec();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        let inside: Vec<PathBuf> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        if inside.iter().any(|path| path.to_string_lossy().ends_with(".dr.hcl")) {
            found.push(folder);
        }
        open.extend(inside.into_iter().filter(|path| path.is_dir()));
    }
    found.sort();
    found
}

fn drctl(folder: &Path, home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drctl"))
        .arg("-C")
        .arg(folder)
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("DRCTL_DATA_DIR", home)
        .env("DRCTL_NOW", "2026-03-02T12:10:00Z")
        .output()
        .unwrap()
}

/// Every single thing of a configuration that can be lost, as `--lose` takes it.
fn losses(folder: &Path, home: &Path) -> BTreeSet<String> {
    let mut losses = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with(".dr.hcl") {
            continue;
        }
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches('"')).collect();
            match words.as_slice() {
                ["resource", kind, name, "{"] => drop(losses.insert(format!("resource={kind}.{name}"))),
                ["datastore", name, "{"] => {
                    losses.extend([format!("datastore={name}"), format!("data={name}")]);
                }
                [kind @ ("site" | "service" | "credential"), name, "{"] => {
                    losses.insert(format!("{kind}={name}"));
                }
                ["kms_key_id" | "kms_master_key_id" | "replica_kms_key_id", "=", key]
                    if key.starts_with("arn:") =>
                {
                    losses.insert(format!("key={key}"));
                }
                _ => {}
            }
        }
    }
    // What is in no region and no account of the configuration is refused, and what there is, is named.
    for (kind, said) in [("region", "It has providers in "), ("account", "It has something in ")] {
        let refused = drctl(folder, home, &["recover", "--lose", &format!("{kind}=nowhere")]);
        let told = String::from_utf8(refused.stderr).unwrap().replace('\n', " ");
        let known = told.split_once(said).map(|(_, rest)| rest.split(". ").next().unwrap_or(rest));
        let names = known.iter().flat_map(|known| known.split(',')).map(str::trim);
        losses.extend(names.filter(|n| !n.is_empty()).map(|name| format!("{kind}={name}")));
    }
    losses
}

#[test]
fn any_single_loss_gives_a_plan_or_a_proof_that_there_is_none() {
    let anywhere = tempfile::tempdir().unwrap();
    let schema = drctl(anywhere.path(), anywhere.path(), &["schema", "recovery"]);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    let mut kinds: BTreeSet<String> = BTreeSet::new();
    for folder in examples() {
        let home = tempfile::tempdir().unwrap();
        for loss in losses(&folder, home.path()) {
            let here = format!("{} --lose {loss}", folder.display());
            let output = drctl(&folder, home.path(), &["recover", "--lose", &loss, "--format", "json"]);
            let code = output.status.code();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(matches!(code, Some(0 | 3)), "{here}: {code:?} {errors}");
            let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
            let wrong = schema_check::check(&schema, &plan);
            assert!(wrong.is_empty(), "{here}: {wrong:#?}");
            sound(&plan, &here);
            kinds.insert(loss.split_once('=').unwrap().0.to_owned());
        }
    }
    for kind in ["account", "credential", "data", "datastore", "key", "region", "resource", "service", "site"]
    {
        assert!(kinds.contains(kind), "no example loses any {kind}: {kinds:?}");
    }
}

/// Everything that is hit comes back or is said not to, with the reason; nothing in it is a mistake.
fn sound(plan: &Value, here: &str) {
    let all = |name: &str| plan[name].as_array().cloned().unwrap_or_default();
    let named = |list: &str, field: &str| -> BTreeSet<String> {
        all(list).iter().filter_map(|one| one[field].as_str().map(str::to_owned)).collect()
    };
    let warnings: Vec<String> = all("warnings").iter().map(ToString::to_string).collect();
    assert!(!warnings.iter().any(|w| w.contains("mistake of drctl")), "{here}: {warnings:#?}");
    let (back, gone) = (named("chosen_points", "datastore"), named("infeasible", "datastore"));
    for datastore in plan["hit"]["datastores"].as_object().unwrap().keys() {
        let anew = warnings.iter().any(|w| w.contains(&format!("datastore.{datastore} is made anew")));
        let told = back.contains(datastore) || gone.contains(datastore) || anew;
        assert!(told, "{here}: nothing is said of datastore.{datastore}");
    }
    for none in all("infeasible").iter().chain(&all("blocked")) {
        assert!(none["why"].as_str().is_some_and(|why| !why.is_empty()), "{here}: {none}");
    }
    let status = plan["rto"]["status"].as_str().unwrap();
    let is_none = !all("infeasible").is_empty() || !all("blocked").is_empty();
    assert_eq!(status == "no_plan", is_none, "{here}");
}
