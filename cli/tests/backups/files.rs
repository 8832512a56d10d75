//! Files under restic.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::machine::{Machine, next_second};

/// Files under restic, with what is known only then between `@`.
const KEYS: &str = r#"
site "host" {}
site "vault" {}
datastore "keys" {
  site = site.host
}
backup "keys" {
  of = datastore.keys
  restic {
    schedule   = cron("0 * * * *", "UTC")
    repository = "@repository@"
    paths      = ["@paths@"]
    tags       = ["tls"]
    keep       = "7d"
    takes      = "1m"
    env        = @environment@
  }
  to "vault" {
    site = site.vault
  }
  verify {
    every = "1d"
    run   = ["sh", "-c", "test \"$(find . -name '*.key' -perm 600 | wc -l)\" = 1"]
  }
}
service "tls" {
  data    = [datastore.keys]
  recover = procedure.back
}
procedure "back" {
  step "restore" {
    restore = datastore.keys
    into    = target.back
    undo    = ["rm", "-r", target.back]
  }
}
scenario "gone" {
  lose "datastore" {
    datastore = datastore.keys
  }
  target {
    back = "@back@"
  }
}
drill "monthly" {
  scenario = scenario.gone
  every    = "30d"
  target {
    back = "@back@-${run.id}"
  }
}
"#;

fn on_disk() -> Machine {
    let machine = Machine::bare();
    let repository = machine.path_of("restic");
    saved(machine, &repository)
}

/// Keys that are to be saved to a repository, which is made.
pub(crate) fn saved(machine: Machine, repository: &str) -> Machine {
    let paths = machine.path_of("home/tls");
    let environment = machine.environment().chain(["RESTIC_PASSWORD"]);
    let environment: Vec<&str> = environment.collect();
    let values = [
        ("repository", repository.to_owned()),
        ("paths", paths.clone()),
        ("environment", format!("{environment:?}")),
        ("back", machine.path_of("back")),
    ];
    machine.configure(KEYS, &values);
    assert!(machine.run("mkdir", &["-p", &paths]).status.success());
    machine.write("home/tls/server.key", "a key\n");
    fs::set_permissions(machine.dir().join("home/tls/server.key"), fs::Permissions::from_mode(0o600))
        .unwrap();
    let made = machine
        .command("restic", &["--repo", repository, "init"])
        .env("RESTIC_PASSWORD", "planted-restic-password")
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    machine
}

#[test]
fn files_are_saved_verified_and_come_back_with_their_modes() {
    let machine = on_disk();
    machine.says(0, &["backup", "run", "keys"]);
    let overdue = || {
        let due = machine.json(&["due"]);
        let all = due["due"].as_array().unwrap().iter().filter(|due| due["overdue"] == true);
        all.map(|due| due["address"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    machine.says(0, &["backup", "verify", "keys", "--level", "checksum"]);
    assert_eq!(overdue(), ["backup.keys", "drill.monthly"], "what `run` asks was not asked");
    let said = machine.says(0, &["backup", "verify", "keys", "--level", "queries"]);
    assert!(said.contains("✓ queries"), "{said}");
    assert_eq!(overdue(), ["drill.monthly"]);
    // A drill knows as well as a recovery what is in the repository.
    let said = machine.says(0, &["drill", "monthly", "--execute", "--auto-approve"]);
    assert!(said.contains("nothing that it made is left"), "{said}");
    assert_eq!(overdue(), Vec::<String>::new());
    next_second();
    machine.says(0, &["recover", "--scenario", "gone", "--execute", "--auto-approve"]);
    let key = machine.path_of("home/tls/server.key");
    let back = format!("{}{key}", machine.path_of("back"));
    let (was, is) = (fs::metadata(&key).unwrap(), fs::metadata(&back).unwrap());
    assert_eq!(is.permissions().mode() & 0o777, 0o600);
    assert_eq!((is.uid(), is.gid()), (was.uid(), was.gid()));
    assert_eq!(fs::read(&key).unwrap(), fs::read(&back).unwrap());
}

#[test]
fn a_damaged_repository_and_a_path_that_is_gone_are_failures() {
    let machine = on_disk();
    machine.says(0, &["backup", "run", "keys"]);
    fs::rename(machine.dir().join("home/tls"), machine.dir().join("home/elsewhere")).unwrap();
    let said = machine.says(1, &["backup", "run", "keys"]);
    assert!(said.contains("which is to be saved"), "{said}");
    let packs = machine.run("find", &[&machine.path_of("restic/data"), "-type", "f"]);
    for pack in String::from_utf8(packs.stdout).unwrap().lines() {
        let mut bytes = fs::read(pack).unwrap();
        bytes[0] ^= 1;
        fs::set_permissions(pack, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(pack, bytes).unwrap();
    }
    let said = machine.says(3, &["backup", "verify", "keys", "--level", "checksum"]);
    assert!(said.contains("DR622"), "{said}");
    let output =
        machine.drctl_command(&["backup", "list"]).env("RESTIC_PASSWORD", "wrong-password").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("UNOBSERVED") && !said.contains("wrong-password"), "{said}");
}
