//! Dumps, and what goes wrong with tools: killed in the midst, missing, refused, on a full disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::machine::{Machine, next_second, until};
use crate::schema_check;

const SECRET: &str = "planted-secret-of-drctl";

/// The configuration, with what is known only then between `@`.
const DUMPS: &str = r#"
site "host" {}
site "vault" {}
datastore "shop" {
  site = site.host
}
backup "hourly" {
  for_each = toset(["a b", "--help", "../../x", "$(id)"])
  of       = datastore.shop
  pg_dump {
    schedule = cron("0 * * * *", "UTC")
    format   = "custom"
    database = "@database@"
    keep     = "1s"
    takes    = "1m"
    env      = ["PGPASSWORD"]
  }
  to "vault" {
    site = site.vault
    path = "@dumps@"
  }
}
backup "dump" {
  of = datastore.shop
  pg_dump {
    schedule = cron("0 * * * *", "UTC")
    format   = "directory"
    compress = "gzip:1"
    jobs     = 2
    database = "@database@"
    keep     = "30d"
    takes    = "1m"
    env      = ["PGPASSWORD"]
  }
  to "vault" {
    site = site.vault
    path = "@dumps@"
  }
  canary {
    database = "@database@"
    every    = "1h"
  }
  verify {
    every  = "1d"
    sql    = "select count(*) = 100000 as right from pgbench_accounts"
  }
}
service "shop" {
  data    = [datastore.shop]
  recover = procedure.back
}
procedure "back" {
  step "create" {
    run = ["createdb", "--host=@sock@", "--port=@port@", "--username=drctl", "back"]
  }
  step "restore" {
    after   = [step.create]
    restore = datastore.shop
    into    = "@back@"
    from    = backup.dump
  }
  step "canary" {
    after  = [step.restore]
    checks = "data"
    sql {
      database = "@back@"
      query    = "select max(at) as drctl_canary from drctl_canary"
    }
  }
}
scenario "gone" {
  lose "datastore" {
    datastore = datastore.shop
  }
}
"#;

fn configure(machine: &Machine) {
    let values = [
        ("database", machine.database("shop")),
        ("dumps", machine.path_of("dumps")),
        ("sock", machine.path_of("sock")),
        ("port", machine.port.to_string()),
        ("back", machine.database("back")),
    ];
    machine.configure(DUMPS, &values);
}

pub(crate) fn filled() -> Machine {
    let machine = Machine::start();
    configure(&machine);
    machine.ask("postgres", "create database shop");
    let filled = machine.run("pgbench", &["--quiet", "-i", "-s", "1", &machine.database("shop")]);
    assert!(filled.status.success(), "{filled:?}");
    machine
}

/// drctl with the secret in its environment; code and everything it said.
fn drctl(machine: &Machine, arguments: &[&str]) -> (i32, String) {
    let output = machine.drctl_command(arguments).env("PGPASSWORD", SECRET).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), said)
}

fn dumps(machine: &Machine) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        fs::read_dir(machine.dir().join("dumps")).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn points(machine: &Machine, backup: &str) -> Vec<serde_json::Value> {
    let listed = machine.json(&["backup", "list", backup]);
    listed["backups"][0]["points"].as_array().unwrap().clone()
}

#[test]
fn a_dump_is_whole_private_verified_and_restored_into_another_database() {
    let machine = filled();
    let (code, said) = drctl(&machine, &["backup", "run", "dump"]);
    assert_eq!(code, 0, "{said}");
    let all = dumps(&machine);
    assert_eq!(all.len(), 2, "the dump and its checksums: {all:?}");
    for path in fs::read_dir(&all[0]).unwrap().map(|e| e.unwrap().path()).chain([all[1].clone()]) {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
    }
    let checked = machine
        .command("sha256sum", &["--check", "--quiet", &all[1].display().to_string()])
        .current_dir(machine.dir().join("dumps"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let (code, said) = drctl(&machine, &["backup", "verify", "dump", "--level", "canary"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = drctl(&machine, &["recover", "--scenario", "gone", "--execute", "--auto-approve"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("measured RPO"), "{said}");
    let (of, back) = ("select count(*), sum(abalance) from pgbench_accounts", "back");
    assert_eq!(machine.ask("shop", of), machine.ask(back, of));

    // One byte of it changes.
    let file = fs::read_dir(&all[0])
        .unwrap()
        .map(|e| e.unwrap().path())
        .max_by_key(|p| fs::metadata(p).unwrap().len());
    let file = file.unwrap();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let (code, said) = drctl(&machine, &["backup", "verify", "dump"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("DR622") && said.contains("is not what it was"), "{said}");
}

#[test]
fn what_was_killed_in_the_midst_or_failed_is_no_backup_and_harms_none() {
    let machine = filled();
    let name = r#"hourly["a b"]"#;
    assert_eq!(drctl(&machine, &["backup", "run", name]).0, 0);
    let good = points(&machine, name);
    assert_eq!(good.len(), 1);
    next_second();

    // Half of it is written, and drctl is killed.
    let fifo = machine.path_of("go");
    assert!(machine.run("mkfifo", &[&fifo]).status.success());
    machine.stand_in(
        "pg_dump",
        &format!("#!/bin/sh\nfor word; do case $word in --file=*) echo half >\"${{word#--file=}}\";; esac; done\nread x <'{fifo}'\n"),
    );
    let mut child =
        machine.drctl_command(&["backup", "run", name]).env("PGPASSWORD", SECRET).spawn().unwrap();
    let half = || dumps(&machine).into_iter().find(|path| path.to_string_lossy().ends_with(".part"));
    until("that half of the dump is there", || {
        half().is_some_and(|path| fs::metadata(path).unwrap().len() > 0)
    });
    // A second one waits for nobody: it is refused.
    let (code, said) = drctl(&machine, &["backup", "run", name]);
    assert_eq!(code, 7, "{said}");
    child.kill().unwrap();
    child.wait().unwrap();
    // The stand-in outlives who started it: it is let go.
    machine.run("timeout", &["5", "sh", "-c", &format!("echo go >'{fifo}'")]);
    assert_eq!(points(&machine, name), good, "half a file is no backup");

    for (script, words) in [
        (
            "#!/bin/sh\necho 'pg_dump: error: could not write to file: No space left on device' >&2\nexit 1\n",
            "No space left",
        ),
        ("#!/bin/sh\necho \"password is $PGPASSWORD\" >&2\nexit 1\n", "(sensitive)"),
    ] {
        machine.stand_in("pg_dump", script);
        let (code, said) = drctl(&machine, &["backup", "run", name]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("DR621") && said.contains(words), "{said}");
        assert_eq!(points(&machine, name), good);
        let left: Vec<_> =
            dumps(&machine).into_iter().filter(|p| p.to_string_lossy().ends_with(".part")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
    fs::remove_file(machine.dir().join("bin/pg_dump")).unwrap();

    // Refused by the directory.
    let folder = machine.dir().join("dumps");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    let (code, said) = drctl(&machine, &["backup", "run", name]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("ermission"), "{said}");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
    let (code, said) = drctl(&machine, &["backup", "list", name]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("UNOBSERVED"), "{said}");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();

    next_second();
    // All is well again; what is too old goes, and the newest stays.
    let (code, said) = drctl(&machine, &["backup", "run", name]);
    assert_eq!(code, 0, "{said}");
    let now = points(&machine, name);
    assert_eq!(now.len(), 1, "{now:?}");
    assert_ne!(now, good);
    secret_is_nowhere(&machine);
}

#[test]
fn a_hostile_name_is_a_name() {
    let machine = filled();
    for key in ["--help", "../../x", "$(id)"] {
        let name = format!("hourly[\"{key}\"]");
        let (code, said) = drctl(&machine, &["backup", "run", &name]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(points(&machine, &name).len(), 1);
    }
    let outside: Vec<_> = fs::read_dir(machine.dir()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(
        !outside.iter().any(|name| name.to_string_lossy().contains('x') && name != "lock"),
        "{outside:?}"
    );
    assert_eq!(dumps(&machine).len(), 6);
}

#[test]
fn a_tool_that_is_missing_is_said_and_nothing_is_known() {
    let machine = filled();
    let empty = machine.path_of("scratch");
    for (arguments, code) in [(["backup", "run", "dump"], 1), (["backup", "verify", "dump"], 3)] {
        let output =
            machine.drctl_command(&arguments).env("PATH", &empty).env("PGPASSWORD", SECRET).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        let words = if code == 1 { "no program of that name is on the PATH" } else { "DR622" };
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn what_programs_are_given_keeps_to_its_schema() {
    let machine = filled();
    let says = |code: i32, arguments: &[&str]| {
        let schema = machine.drctl(&["schema", &arguments[..2].join("-")]);
        let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
        let mut command = machine.drctl_command(&[arguments, &["--json"]].concat());
        let output = command.env("PGPASSWORD", SECRET).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        let said = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(schema_check::check(&schema, &said), Vec::<String>::new(), "{arguments:?}: {said}");
        said
    };
    let verified = says(3, &["backup", "verify", "dump", "--level", "checksum"]);
    assert_eq!(verified["verification"]["failed"]["level"], "listed", "there is none yet: {verified}");
    let made = says(0, &["backup", "run", "dump"]);
    let listed = says(0, &["backup", "list", "dump"]);
    assert_eq!(listed["backups"][0]["points"][0]["id"], made["point"]["id"]);
    let verified = says(0, &["backup", "verify", "dump"]);
    assert_eq!((&verified["reached"], &verified["asked"]), (&"canary".into(), &serde_json::Value::Null));
    fs::rename(machine.dir().join("dumps"), machine.dir().join("gone")).unwrap();
    let listed = says(1, &["backup", "list"]);
    assert!(
        listed["backups"][0]["points"].is_null() && listed["backups"][0]["unobserved"].is_string(),
        "{listed}"
    );
}

/// No file that drctl writes holds the secret.
fn secret_is_nowhere(machine: &Machine) {
    let found = machine.run("grep", &["-r", "-l", SECRET, &machine.path_of("work")]);
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}
