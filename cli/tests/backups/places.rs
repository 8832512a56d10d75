//! A backup that is kept in several places, of which each is looked into; and one that cannot be restored to where
//! a step says.

use std::fs;

use crate::machine::Machine;
use crate::shop::configure;

const PLACES: &str = r#"
site "host" {}
site "near" {}
site "far" {}
datastore "shop" {
  site = site.host
}
backup "wal" {
  of = datastore.shop
  pgbackrest {
    full          = cron("0 2 * * 0", "UTC")
    archive_every = "1m"
    keep_full     = "30d"
    @pgbackrest@
  }
  to "near" {
    site = site.near
  }
  to "far" {
    site = site.far
  }
}
procedure "back" {
  step "restore" {
    restore = datastore.shop
    into    = "@fresh@"
  }
}
scenario "only-far-is-left" {
  lose "site" {
    site = site.host
  }
  lose "site" {
    site = site.near
  }
  recover = [procedure.back]
}
"#;

/// A machine with two repositories that know its server, and no backup.
fn two_places() -> Machine {
    let machine = Machine::archiving("main", 2);
    machine.configure(PLACES, &[("pgbackrest", machine.pgbackrest()), ("fresh", machine.path_of("fresh"))]);
    machine
}

/// What is said, on one line.
fn flat(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A backup in the first repository alone, by hand.
fn only_near(machine: &Machine) {
    let mut words = machine.options(&["pg1-path", "pg1-port", "pg1-socket-path", "pg1-user"]);
    words.extend(["--repo=1", "--start-fast", "--repo1-retention-full=9", "backup"].map(str::to_owned));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let made = machine.run("pgbackrest", &words);
    assert!(made.status.success(), "{made:?}");
}

#[test]
fn a_place_that_holds_nothing_is_neither_verified_nor_restored_from() {
    let machine = two_places();
    only_near(&machine);
    let said = machine.says(3, &["backup", "verify", "wal", "--level", "checksum"]);
    assert!(said.contains("repository 2: ") && !said.contains("✓ readable"), "{said}");
    let said = machine.says(3, &["recover", "--scenario", "only-far-is-left"]);
    assert!(said.contains("NO WAY BACK") && said.contains("its repository holds no restore point"), "{said}");
    machine.says(0, &["backup", "run", "wal"]);
    let said = machine.says(0, &["recover", "--scenario", "only-far-is-left"]);
    assert!(said.contains("--repo=2"), "{said}");
}

#[test]
fn damage_in_any_place_is_found_and_the_point_that_was_shown_is_the_one_that_was_restored() {
    let machine = two_places();
    machine.says(0, &["backup", "run", "wal"]);
    let said = machine.says(0, &["backup", "verify", "wal", "--level", "restores"]);
    assert!(said.contains("in 2 repositories were read"), "{said}");
    // With nothing left to restore in the second, what is proved is not proved of the first.
    let points = machine.json(&["backup", "list", "wal"])["backups"][0]["points"].clone();
    let last = points.as_array().unwrap().last().unwrap();
    assert_eq!((&last["repository"], &last["verified"]), (&2.into(), &"restores".into()), "{points:#}");
    let files = machine.run("find", &[&machine.path_of("repo2/backup"), "-name", "pg_control.gz"]);
    let file = String::from_utf8(files.stdout).unwrap();
    let mut bytes = fs::read(file.trim()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file.trim(), bytes).unwrap();
    let said = flat(&machine.says(3, &["backup", "verify", "wal"]));
    assert!(said.contains("in repository 2 files are missing or damaged"), "{said}");
    let first = points[0]["id"].as_str().unwrap();
    machine.says(0, &["backup", "verify", "wal", "--level", "restores", "--point", first]);
}

#[test]
fn a_dump_is_not_taken_for_a_directory_and_what_is_archived_no_more_is_told() {
    let machine = Machine::start();
    configure(&machine);
    let dump = format!(
        "backup \"dump\" {{\n  of = datastore.shop\n  pg_dump {{\n    schedule = cron(\"0 3 * * *\", \"UTC\")\n    \
         format = \"custom\"\n    keep = \"14d\"\n    database = \"{}\"\n  }}\n  to \"vault\" {{\n    site = site.vault\n    \
         path = \"{}\"\n  }}\n}}\n",
        machine.database("shop"),
        machine.path_of("dumps")
    );
    let text = fs::read_to_string(machine.dir().join("work/main.dr.hcl")).unwrap();
    machine.write("work/main.dr.hcl", &(text + &dump));
    machine.ask("postgres", "create database shop");
    machine.says(0, &["backup", "run", "wal"]);
    // It is newer than what of the log is sure to be archived.
    machine.says(0, &["backup", "run", "dump"]);
    // Nothing says how long its steps take.
    let said = flat(&machine.says(3, &["recover", "--scenario", "server-gone"]));
    assert!(said.contains("from backup.wal"), "{said}");
    assert!(
        said.contains("not backup.dump (backup to vault at site.vault): a dump is restored into a database"),
        "{said}"
    );
    let (was, now) = (machine.path_of("data"), machine.path_of("fresh"));
    let told = format!("? backup.wal is of {was}: of what comes back into {now} it archives no log");
    assert!(said.contains(&told), "{said}");
    assert!(said.contains("until backup.dump has run again"), "{said}");
}
