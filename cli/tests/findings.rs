//! One test per folder of `testdata/findings/RULE/`: a configuration in which the rule finds something
//! (`fires…`) or nothing (`silent…`). `expected` is what `drctl findings` prints. `DRCTL_UPDATE=1`
//! writes the expectations anew.

#![allow(missing_docs)]

use std::path::Path;
use std::process::Command;

use drctl_core::findings::RuleId;

fn run(main: &Path) -> datatest_stable::Result<()> {
    let folder = main.parent().ok_or("a file lies in a folder")?;
    let name = |path: Option<&Path>| {
        let name = path.and_then(Path::file_name).unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let (case, rule) = (name(Some(folder)), name(folder.parent()));
    let rule = RuleId::ALL.iter().find(|r| r.name() == rule).ok_or(format!("there is no rule {rule}"))?;
    let output = Command::new(env!("CARGO_BIN_EXE_drctl"))
        .args(["findings", "--fail-on", "note"])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("DRCTL_NOW", "2026-03-02T12:00:00Z")
        .output()?;
    let text = [output.stdout, output.stderr].concat();
    let found = format!("{}exit {}\n", String::from_utf8(text)?, output.status.code().unwrap_or(-1));
    if std::env::var_os("DRCTL_UPDATE").is_some() {
        std::fs::write(folder.join("expected"), &found)?;
    }
    let told = found.contains(&format!(" {rule} "));
    if told != case.starts_with("fires") {
        return Err(format!("{rule} in {case}:\n{found}").into());
    }
    let wanted = std::fs::read_to_string(folder.join("expected")).unwrap_or_default();
    if wanted != found {
        return Err(format!("expected:\n{wanted}\nfound:\n{found}").into());
    }
    Ok(())
}

datatest_stable::harness! {
    { test = run, root = "../testdata/findings", pattern = r"main\.dr\.hcl$" },
}
