//! A managed backup on a machine that is not there: from whatever was applied, applying leads to what is
//! written, and then there is nothing left to plan.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(missing_docs)]

use std::path::Path;
use std::process::Command;

/// Ways to write the same backup; what is not in one of them is left alone by it.
const WAYS: [[&str; 4]; 5] = [
    [r#"cron("0 2 * * *", "UTC")"#, "1m", r#"keep_full = "30d""#, "repo1-path = \"/srv/a b\""],
    [r#"cron("0 2 * * 0", "UTC")"#, "10m", r#"keep_full = "7d""#, "repo1-path = \"/srv/a b\""],
    [r#"cron("30 */6 * * 1-5", "UTC")"#, "1h", "", "repo1-path = \"/srv/$(id)\""],
    [r#"rate("6h")"#, "1s", r#"keep_log = "90d""#, "repo1-path = \"/srv/a b\"\nprocess-max = \"2\""],
    [
        r#"cron("0 2 1 * *", "UTC")"#,
        "1m",
        r#"keep_full = "1d""#,
        "repo1-path = \"/srv/100%p\"\nstart-fast = \"y\"",
    ],
];

fn text(scheduler: &str, [full, every, keep, options]: [&str; 4]) -> String {
    format!(
        r#"
provider "postgres" {{
  endpoint              = "sim"
  scheduler             = "{scheduler}"
  directory             = "/srv/it's 100% ours"
  repository_passphrase = var.passphrase
}}
variable "passphrase" {{
  default   = "planted"
  sensitive = true
}}
datastore "main" {{
}}
backup "wal" {{
  of       = datastore.main
  provider = postgres
  pgbackrest {{
    stanza        = "main"
    config        = "/etc/pgbackrest/pgbackrest.conf"
    full          = {full}
    archive_every = "{every}"
    {keep}
    options = {{
      pg1-path = "/data"
      {options}
    }}
  }}
  encryption {{
    algorithm = "AES-256"
  }}
}}
"#
    )
}

fn drctl(dir: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_drctl"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("HOME", dir)
        .env("DRCTL_NOW", "2026-03-02T12:00:00Z")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// Applies, with a word for everything that weakens.
fn apply(dir: &Path, text: &str, when: &str) {
    std::fs::write(dir.join("main.dr.hcl"), text).unwrap();
    let mut args = vec!["apply", "--auto-approve"];
    for accepted in
        ["weakens:pgbackrest_stanza.wal", "weakens:postgres_archiving.wal", "weakens:postgres_schedule.wal"]
    {
        args.extend(["--accept", accepted]);
    }
    let (code, said) = drctl(dir, &args);
    assert_eq!(code, Some(0), "{when}: {said}");
    let (code, said) = drctl(dir, &["plan", "--detailed-exitcode"]);
    assert!(code == Some(0) && said.contains("No changes"), "{when}: {said}");
}

#[test]
fn whatever_was_applied_applying_leads_to_what_is_written() {
    for (from, first) in WAYS.into_iter().enumerate() {
        for (to, second) in WAYS.into_iter().enumerate() {
            let scheduler = if (from + to) % 2 == 0 { "systemd" } else { "cron" };
            let dir = tempfile::tempdir().unwrap();
            let when = format!("{scheduler}: {from} to {to}");
            apply(dir.path(), &text(scheduler, first), &when);
            if to > from {
                drctl(dir.path(), &["sim", "restart-server", "postgres"]);
            }
            apply(dir.path(), &text(scheduler, second), &when);
        }
    }
}
