//! What stands in the repository of a backup counts, and not what its schedule says: `recover`, `ready` and
//! `drill` look into it.

#![allow(clippy::unwrap_used, reason = "a failing test should say where")]
#![allow(missing_docs)]

use std::fs;
use std::process::Command;

const NOW: &str = "2026-03-02T12:00:00Z";
/// Of the text `dump`.
const SHA256: &str = "b6ca0868bca6a2926b70aa1a71592038d9030fe26d4214edcfbd6cf41f2f4654";

/// A database with a dump of every hour in a directory, and one of every night that nobody looks into.
fn configuration(dumps: &str) -> String {
    format!(
        r#"
site "rack" {{
}}
site "vault" {{
}}
datastore "shop" {{
  site = site.rack
}}
service "shop" {{
  data    = [datastore.shop]
  recover = procedure.back
}}
backup "hourly" {{
  of = datastore.shop
  pg_dump {{
    schedule = rate("1h")
    format   = "custom"
    database = "shop"
    takes    = "5m"
    restore  = ["true", "$${{point.path}}"]
  }}
  to "disk" {{
    site = site.vault
    path = "{dumps}"
  }}
}}
backup "nightly" {{
  of = datastore.shop
  external {{
    schedule = cron("0 2 * * *", "UTC")
    takes    = "10m"
    restore  = ["true"]
  }}
  to "other" {{
    site = site.vault
  }}
}}
procedure "back" {{
  step "restore" {{
    restore  = datastore.shop
    estimate = "20m"
    drill    = "run"
  }}
}}
drill "quarterly" {{
  scenario = scenario.fire
  every    = "90d"
}}
scenario "fire" {{
  lose "site" {{
    site = site.rack
  }}
}}
"#
    )
}

#[test]
fn a_backup_that_fell_behind_is_not_counted_on() {
    let dir = tempfile::tempdir().unwrap();
    let dumps = dir.path().join("dumps");
    fs::create_dir(&dumps).unwrap();
    fs::write(dir.path().join("main.dr.hcl"), configuration(dumps.to_str().unwrap())).unwrap();
    let drctl = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
        command.args(args).current_dir(dir.path()).env_clear().env("HOME", dir.path());
        command.env("PATH", std::env::var("PATH").unwrap()).env("DRCTL_NOW", NOW);
        let said = command.output().unwrap();
        (said.status.code(), String::from_utf8(said.stdout).unwrap())
    };
    let cases = [
        (None, Some(3), "holds no restore point that is whole", "from backup.nightly"),
        (Some("20260225T120000Z"), Some(3), "is of 2026-02-25T12:00:00Z, 5d ago", "from backup.nightly"),
        (
            Some("20260302T113000Z"),
            Some(0),
            "is in its repository as its schedule says",
            "from backup.hourly",
        ),
    ];
    for (made, ready, told, from) in cases {
        if let Some(made) = made {
            let name = format!("hourly-{made}.dump");
            fs::write(dumps.join(&name), "dump").unwrap();
            fs::write(dumps.join(format!("{name}.sha256")), format!("{SHA256}  {name}\n")).unwrap();
        }
        let (exit, text) = drctl(&["ready", "--scenario", "fire"]);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(exit == ready && text.contains(told), "{exit:?} {text}");
        for plan in [&["recover", "--scenario", "fire"][..], &["drill", "quarterly"]] {
            let (_, text) = drctl(plan);
            assert!(text.contains(from), "{made:?}: {plan:?}: {text}");
        }
    }
}
