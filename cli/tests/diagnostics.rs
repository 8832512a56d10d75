//! One test per folder of `testdata/diagnostics`: a configuration, a state or a file that is wrong, and
//! what drctl says of it. `command` is a shell script in which `drctl` is the binary; without it
//! the configuration is validated. `expected` is all that is printed, and the exit code. The folders of
//! `testdata/runs` are of the same form: recoveries that are carried out.
//! `DRCTL_UPDATE=1` writes the expectations anew.

#![allow(missing_docs)]

use std::path::Path;
use std::process::Command;

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let (path, name) = entry.map(|e| (e.path(), e.file_name()))?;
        if path.is_file() && name != "expected" && name != "command" {
            std::fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// A case that shows a code.
fn diagnostic(main: &Path) -> datatest_stable::Result<()> {
    let (name, found) = run(main)?;
    let code = name.split('-').next().unwrap_or_default();
    if found.contains(code) { Ok(()) } else { Err(format!("{code} is not shown:\n{found}").into()) }
}

/// A run that is carried out.
fn carried_out(main: &Path) -> datatest_stable::Result<()> {
    run(main).map(|_| ())
}

/// The name of the case, and what was printed, which is as expected.
fn run(main: &Path) -> datatest_stable::Result<(String, String)> {
    let folder = main.parent().ok_or("a file lies in a folder")?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let script = std::fs::read_to_string(folder.join("command")).unwrap_or_else(|_| "drctl validate".into());
    let dir = tempfile::tempdir()?;
    copy(folder, dir.path())?;
    let binary = env!("CARGO_BIN_EXE_drctl");
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\ndrctl() {{ '{binary}' \"$@\"; }}\n{script}")])
        .current_dir(dir.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", dir.path())
        .env("DRCTL_NOW", "2026-03-02T12:00:00Z")
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let found = format!("{text}exit {}\n", output.status.code().unwrap_or(-1));
    if std::env::var_os("DRCTL_UPDATE").is_some() {
        std::fs::write(folder.join("expected"), &found)?;
    }
    let wanted = std::fs::read_to_string(folder.join("expected")).unwrap_or_default();
    if wanted != found {
        return Err(format!("expected:\n{wanted}\nfound:\n{found}").into());
    }
    Ok((name, found))
}

datatest_stable::harness! {
    { test = diagnostic, root = "../testdata/diagnostics", pattern = r"main\.dr\.hcl$" },
    { test = carried_out, root = "../testdata/runs", pattern = r"main\.dr\.hcl$" },
}
