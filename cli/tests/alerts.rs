//! Alerts from end to end: what a record says is told once for each occurrence, a dead channel harms nothing, and
//! a backup that fails is told of at once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(missing_docs)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use rustix::fs::Mode;
use rustix::process::{Pid, Signal, kill_process};

/// A place with a dump that cannot be made, a channel that writes into a file, and one that is dead.
const SHOP: &str = r#"
site "rack" {}
site "vault" {}
datastore "orders" {
  site = site.rack
}
backup "dump" {
  of = datastore.orders
  pg_dump {
    schedule = cron("0 * * * *", "UTC")
    format   = "custom"
    database = "host=/nowhere dbname=orders"
    keep     = "7d"
    takes    = "10m"
  }
  to "vault" {
    site = site.vault
    path = "@/dumps"
  }
}
channel "file" {
  run = ["sh", "-c", "echo \"$1\" >> \"@/told\"", "tell"]
}
channel "dead" {
  run = ["false"]
}
alert "failed" {
  on   = "backup_failed"
  via  = channel.file
  text = "Call the DBA"
}
alert "unheard" {
  on  = "backup_failed"
  via = channel.dead
}
"#;

struct Place(tempfile::TempDir);

fn said(Output { status, stdout, stderr }: Output) -> (i32, String) {
    (status.code().unwrap(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        let dir = place.0.path().to_str().unwrap();
        fs::create_dir(place.file("dumps")).unwrap();
        fs::write(place.file("main.dr.hcl"), SHOP.replace('@', dir)).unwrap();
        place
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs drctl at that minute of an hour: its exit code and all that it said.
    fn drctl(&self, minute: u32, args: &[&str]) -> (i32, String) {
        said(self.command(minute, args).output().unwrap())
    }

    fn command(&self, minute: u32, args: &[&str]) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
        command.arg("-C").arg(self.0.path()).args(args).env_clear().env("HOME", self.0.path());
        command.env("PATH", format!("{}:{path}", self.file("bin").display()));
        command.env("DRCTL_NOW", format!("2026-03-02T12:{minute:02}:00Z"));
        command
    }

    /// Puts a `pg_dump` there that tells that it has begun, and does not end.
    fn hang(&self) -> PathBuf {
        let (begun, tool) = (self.file("begun"), self.file("bin/pg_dump"));
        fs::create_dir(self.file("bin")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &begun, Mode::RUSR | Mode::WUSR).unwrap();
        fs::write(&tool, format!("#!/bin/sh\necho >'{0}'\nread x <'{0}'\n", begun.display())).unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o700)).unwrap();
        begun
    }

    fn told(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file("told")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Adds to the record that one was made at that minute.
    fn made(&self, minute: u32) {
        let at = format!("2026-03-02T12:{minute:02}:00Z");
        let point = serde_json::json!({
            "id": "d", "made": "dump", "began": at, "ended": at, "bytes": 1, "stored_bytes": 1, "flaw": null,
            "repository": null,
        });
        let line = serde_json::json!({
            "at": at, "took_ms": 1, "by": "ann", "what": "made", "made": "dump", "point": point, "canary": null,
        });
        let record = self.file(".drctl/backups/dump/record.jsonl");
        fs::create_dir_all(record.parent().unwrap()).unwrap();
        let before = fs::read_to_string(&record).unwrap_or_default();
        fs::write(&record, format!("{before}{line}\n")).unwrap();
    }
}

#[test]
fn a_backup_that_fails_is_told_of_at_once_and_once_for_each_occurrence() {
    let place = Place::new();
    let (code, said) = place.drctl(1, &["backup", "run", "dump"]);
    assert_eq!(code, 1, "{said}");
    assert_eq!(place.told().len(), 1, "{said}");
    assert!(
        place.told()[0].starts_with("Call the DBA: backup.dump: it was not made at 2026-03-02T12:01"),
        "{said}"
    );
    assert!(said.contains("alert.unheard: backup.dump: NOT TOLD: channel.dead"), "{said}");

    let (code, said) = place.drctl(2, &["alerts", "--send"]);
    assert_eq!((code, place.told().len()), (5, 1), "{said}");
    assert!(said.contains("told channel.file at 2026-03-02T12:01:00Z"), "{said}");
    assert!(said.contains("2 firing, 0 not known, 0 ok"), "{said}");

    place.made(3);
    assert_eq!(place.drctl(4, &["alerts", "--send"]).0, 0);
    assert_eq!(place.drctl(5, &["backup", "run", "dump"]).0, 1);
    assert_eq!(place.told().len(), 2, "a new occurrence is told anew");
}

#[test]
fn what_is_not_known_is_told_too_and_looking_alone_tells_nobody() {
    let place = Place::new();
    let (code, said) = place.drctl(1, &["alerts", "failed"]);
    assert_eq!((code, place.told().len()), (6, 0), "{said}");
    assert_eq!(place.drctl(2, &["alerts", "failed", "--send"]).0, 6);
    assert_eq!(place.drctl(3, &["alerts", "failed", "--send"]).0, 6);
    assert_eq!(place.told().len(), 1);
    assert!(place.told()[0].contains("NOT KNOWN"), "{:?}", place.told());
    // Worse than not known: that is told.
    assert_eq!(place.drctl(4, &["backup", "run", "dump"]).0, 1);
    assert_eq!(place.told().len(), 2);
    assert_eq!(place.drctl(5, &["alerts", "nothing"]).0, 1);
    let (_, json) = place.drctl(5, &["alerts", "failed", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["alerts"][0]["standing"], "firing");
}

#[test]
fn a_backup_that_is_interrupted_is_told_of_at_once() {
    let place = Place::new();
    let begun = place.hang();
    for (minute, signal) in [(1, Signal::TERM), (4, Signal::INT)] {
        place.made(minute);
        assert_eq!(place.drctl(minute, &["alerts", "--send"]).0, 0);
        let mut command = place.command(minute + 1, &["backup", "run", "dump"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        assert_eq!(fs::read_to_string(&begun).unwrap(), "\n");
        kill_process(Pid::from_child(&child), signal).unwrap();
        let (code, said) = said(child.wait_with_output().unwrap());
        assert_eq!(code, 130, "{said}");
        let told = place.told();
        let words = format!(
            "backup.dump: it was not made at 2026-03-02T12:{:02}:00Z: it was interrupted",
            minute + 1
        );
        assert!(told.last().is_some_and(|line| line.contains(&words)), "{told:?} {said}");
        let record = fs::read_to_string(place.file(".drctl/backups/dump/record.jsonl")).unwrap();
        let line: serde_json::Value = serde_json::from_str(record.lines().last().unwrap()).unwrap();
        assert_eq!((&line["what"], &line["made"]), (&"not_made".into(), &"dump".into()), "{line}");
    }
    assert_eq!(place.told().len(), 2, "once for each occurrence");
}
