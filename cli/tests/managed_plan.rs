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

/// Keys in which a shell, cron, systemd or the file system would find something.
const KEYS: [&str; 6] = ["a b", "a-b", "it's $(id) 100%", "../../x", "größe", ";reboot #"];

fn several(scheduler: &str, keys: &[&str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("{key:?} = \"7d\"")).collect();
    format!(
        r#"
provider "postgres" {{
  endpoint  = "sim"
  scheduler = "{scheduler}"
  directory = "/srv/it's 100% ours"
  program   = "/bin/echo"
}}
datastore "main" {{
}}
backup "each" {{
  for_each = {{
    {}
  }}
  of       = datastore.main
  provider = postgres
  pg_dump {{
    schedule = cron("0 2 * * *", "UTC")
    format   = "custom"
    keep     = each.value
    database = "shop"
  }}
  to "disk" {{
    path = "/srv/dumps/${{sha256(each.key)}}"
  }}
}}
"#,
        keys.join("\n    ")
    )
}

/// The files of the machine that is not there.
fn files(dir: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(dir.join(".drctl/sim/machines/postgres/machine.json")).unwrap();
    let machine: serde_json::Value = serde_json::from_str(&text).unwrap();
    let files = machine["files"].as_object().unwrap().iter();
    files.map(|(path, file)| (path.clone(), file[0].as_str().unwrap().to_owned())).collect()
}

#[test]
fn each_of_several_backups_brings_its_own_things_and_is_started_by_its_name() {
    for (scheduler, units) in [("systemd", 2), ("cron", 1)] {
        let dir = tempfile::tempdir().unwrap();
        apply(dir.path(), &several(scheduler, &KEYS), scheduler);
        let files = files(dir.path());
        assert_eq!(files.len(), KEYS.len() * (units + 1), "{files:#?}");
        let plain = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
        assert!(files.iter().all(|(path, _)| path.chars().all(plain) && !path.contains("..")), "{files:#?}");
        if scheduler == "systemd" {
            continue;
        }
        // A shell takes the line apart as cron would have it.
        let mut started: Vec<String> = Vec::new();
        for (_, text) in files.iter().filter(|(path, _)| path.starts_with("/etc/cron.d/")) {
            let command = text.lines().last().unwrap().splitn(7, ' ').nth(6).unwrap().replace("\\%", "%");
            let said = Command::new("sh").args(["-c", &command]).output().unwrap();
            started.push(String::from_utf8(said.stdout).unwrap().trim_end().to_owned());
        }
        started.sort();
        let name = |key: &str| format!("-C /srv/it's 100% ours backup run each[\"{key}\"]");
        let mut expected: Vec<String> = KEYS.iter().map(|key| name(key)).collect();
        expected.sort();
        assert_eq!(started, expected);
        for key in KEYS {
            let (_, said) = drctl(dir.path(), &["backup", "list", &format!("each[\"{key}\"]")]);
            assert!(said.contains(&format!("backup.each[\"{key}\"]")), "{said}");
        }
    }
}

#[test]
fn one_of_several_backups_is_added_changed_and_forgotten_without_the_others() {
    let dir = tempfile::tempdir().unwrap();
    apply(dir.path(), &several("systemd", &["a", "b"]), "two");
    let (code, said) = {
        std::fs::write(dir.path().join("main.dr.hcl"), several("systemd", &["a", "c"])).unwrap();
        drctl(dir.path(), &["plan"])
    };
    assert_eq!(code, Some(0), "{said}");
    for part in [
        r#"+ postgres_dumps.each["c"]  create "/var/lib/drctl/each--c--"#,
        r#"- postgres_dumps.each["b"]  forget"#,
        r#"unchanged (2): postgres_dumps.each["a"], postgres_schedule.each["a"]"#,
    ] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    let shorter = several("systemd", &["a", "b"]).replace("\"b\" = \"7d\"", "\"b\" = \"3d\"");
    std::fs::write(dir.path().join("main.dr.hcl"), shorter).unwrap();
    let (_, said) = drctl(dir.path(), &["plan"]);
    assert!(said.contains(r#"needs --accept 'weakens:postgres_dumps.each["b"]'"#), "{said}");
    assert!(said.contains("1 to update; 3 unchanged"), "{said}");
}

#[test]
fn a_repository_of_several_backups_is_one_thing_that_comes_before_all_of_them() {
    let backup = |name: &str, repository: &str| {
        format!(
            "backup \"{name}\" {{\n of = datastore.main\n provider = files\n restic {{\n schedule = rate(\"1d\")\n \
             repository = \"{repository}\"\n paths = [\"/{name}\"]\n }}\n}}\n"
        )
    };
    let provider = "provider \"files\" {\n endpoint = \"sim\"\n scheduler = \"systemd\"\n directory = \"/srv/dr\"\n \
                    password_file = \"/etc/restic/password\"\n}\ndatastore \"main\" {\n}\n";
    let all = [backup("certificates", "/r"), backup("config", "/r"), backup("other", "/other")].concat();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.dr.hcl"), format!("{provider}{all}")).unwrap();
    let (_, said) = drctl(dir.path(), &["plan", "--json"]);
    let plan: serde_json::Value = serde_json::from_str(&said).unwrap();
    let steps = plan["drctl"]["steps"].as_array().unwrap();
    let step = |address: &str| steps.iter().find(|step| step["address"] == address);
    let needs = |schedule: &str, repository: &str| {
        let needs = step(schedule).unwrap()["needs"].as_array().unwrap().clone();
        needs.contains(&step(repository).unwrap()["id"])
    };
    assert!(step("restic_repository.config").is_none());
    assert!(needs("files_schedule.certificates", "restic_repository.certificates"));
    assert!(needs("files_schedule.config", "restic_repository.certificates"));
    assert!(needs("files_schedule.other", "restic_repository.other"));
    assert!(!needs("files_schedule.other", "restic_repository.certificates"));
    apply(dir.path(), &format!("{provider}{all}"), "three");
}
