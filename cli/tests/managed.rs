//! A backup that drctl manages, on a real PostgreSQL with a real pgBackRest: what it takes is planned and
//! applied, a restart is waited for, and what is changed by hand shows. Needs what
//! `providers/host/tests/setup` installs, and pgBackRest.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(missing_docs)]

#[path = "support/cluster.rs"]
mod cluster;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cluster::Cluster;

/// Folders in whose names a shell, cron, the server and pgBackRest would find something.
const CONF: &str = "it's 100%p $(id)/pgbackrest.conf";
const PROJECT: &str = "it's 100% $HOME `id`";

const SECRET: &str = "planted passphrase of drctl";
const FOREIGN: &str = "# by hand\n[global]\nlog-level-file=off\n";

/// A configuration beside a cluster.
struct Project {
    cluster: Cluster,
    dir: PathBuf,
}

/// What is different in the text.
#[derive(Clone, Copy)]
struct Text {
    keep: &'static str,
    encryption: &'static str,
    every: &'static str,
    user: &'static str,
}

const TEXT: Text = Text {
    keep: "30d",
    encryption: "encryption {\n algorithm = \"AES-256\"\n }",
    every: "1m",
    user: "drctl",
};

impl Project {
    fn new() -> Project {
        let cluster = Cluster::start();
        let dir = cluster.dir().join(PROJECT);
        std::fs::create_dir(&dir).unwrap();
        let project = Project { cluster, dir };
        let lock = project.path("lock");
        std::fs::create_dir(project.path(CONF).parent().unwrap()).unwrap();
        std::fs::write(project.path(CONF), format!("{FOREIGN}lock-path={}\n", lock.display())).unwrap();
        project.cluster.give(&project.path(CONF));
        project.write(TEXT);
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.cluster.dir().join(name)
    }

    fn write(&self, Text { keep, encryption, every, user: asks }: Text) {
        let (dir, port) = (self.cluster.dir().display(), self.cluster.port);
        let (user, conf, project) = (self.cluster.owner(), CONF, PROJECT);
        let text = format!(
            r#"
provider "postgres" {{
  connection            = "host={dir} port={port} user={asks} dbname=postgres"
  scheduler             = "cron"
  schedule_directory    = "{dir}/cron.d"
  directory             = "{dir}/{project}"
  program               = "{dir}/drctl"
  arguments             = ["--var-file={dir}/secrets"]
  run_as                = "{user}"
  repository_passphrase = var.passphrase
}}
variable "passphrase" {{
  sensitive = true
}}
site "host" {{
}}
datastore "main" {{
  site = site.host
}}
backup "wal" {{
  of       = datastore.main
  provider = postgres
  pgbackrest {{
    stanza        = "main"
    config        = "{dir}/{conf}"
    full          = cron("0 2 * * 0", "UTC")
    differential  = cron("0 2 * * 1-6", "UTC")
    archive_every = "{every}"
    keep_full     = "{keep}"
    options = {{
      pg1-path        = "{dir}/data"
      pg1-port        = "{port}"
      pg1-socket-path = "{dir}"
      pg1-user        = "drctl"
      repo1-path      = "{dir}/repository"
    }}
  }}
  {encryption}
}}
"#
        );
        std::fs::write(self.dir.join("main.dr.hcl"), text).unwrap();
    }

    fn drctl(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drctl"));
        for variable in ["DRCTL_SIM", "DRCTL_DATA_DIR", "DRCTL_NOW", "PGPASSWORD", "PGHOST"] {
            command.env_remove(variable);
        }
        command.arg("-C").arg(&self.dir).args(args).env("DRCTL_VAR_passphrase", SECRET).output().unwrap()
    }

    /// What a command says on both ways, and how it ends.
    fn says(&self, args: &[&str]) -> (String, Option<i32>) {
        let output = self.drctl(args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout) + &text(&output.stderr), output.status.code())
    }

    fn must(&self, args: &[&str]) -> String {
        let (said, code) = self.says(args);
        assert_eq!(code, Some(0), "{args:?}: {said}");
        said
    }

    /// Applies until nothing is left, restarting where that is waited for.
    fn settled(&self) {
        self.must(&["apply", "--auto-approve"]);
        self.cluster.restart();
        let (said, code) = self.says(&["plan", "--detailed-exitcode"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("No changes"), "{said}");
    }

    /// That the next plan shows a change of this attribute of this thing.
    fn shows(&self, address: &str, attribute: &str, when: &str) {
        let output = self.drctl(&["plan", "--json"]);
        let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let changes = plan["resource_changes"].as_array().unwrap();
        let change = changes.iter().find(|change| change["address"] == address).unwrap();
        let mut leaves = change["drctl"]["attributes"].as_array().unwrap().iter();
        assert!(leaves.any(|leaf| leaf["path"][0] == attribute), "{when}: no {attribute} in {change:#}");
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "no {from} in {text}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn archiving_is_turned_on_and_the_restart_is_waited_for() {
    let project = Project::new();
    let plan = project.must(&["plan"]);
    assert!(plan.contains(r#"archive_mode     "off" → "on"  @ when the server is restarted"#), "{plan}");
    for part in ["repo1_retention_full  = \"30d\"", "\"aes-256-cbc\"", "cron(0 2 * * 0, UTC)", "STRENGTHENS"]
    {
        assert!(plan.contains(part), "no {part} in {plan}");
    }
    let applied = project.must(&["apply", "--auto-approve"]);
    assert!(applied.contains("archive_mode accepted, in effect later"), "{applied}");
    let waiting = project.must(&["plan"]);
    assert!(waiting.contains("PENDING") && waiting.contains("waits for a restart"), "{waiting}");
    project.cluster.restart();
    let (said, code) = project.says(&["plan", "--detailed-exitcode"]);
    assert_eq!((code, said.contains("No changes")), (Some(0), true), "{said}");
    // The tool itself finds that the log arrives, encrypted with what it was given.
    project.cluster.tool(&[
        "pgbackrest",
        &format!("--config={}", project.path(CONF).display()),
        "--stanza=main",
        "--archive-timeout=20",
        "check",
    ]);
    let conf = std::fs::read_to_string(project.path(CONF)).unwrap();
    assert!(conf.starts_with(FOREIGN) && conf.contains(SECRET), "{conf}");
    let mode = std::fs::metadata(project.path(CONF)).unwrap().mode();
    assert_eq!(mode & 0o137, 0, "{mode:o}");
    for file in files(&project.dir) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "{}", file.display());
    }
}

/// What cron makes of the line of a run.
fn started_by_cron(file: &str, label: &str) -> String {
    let mut lines = file.lines().skip_while(|line| *line != format!("# run: {label}"));
    let line = lines.nth(1).unwrap();
    let command = line.splitn(7, ' ').nth(6).unwrap();
    assert!(!command.replace("\\%", "").contains(['%', '\n']), "{command}");
    command.replace("\\%", "%")
}

#[test]
fn what_cron_starts_makes_a_backup() {
    let project = Project::new();
    project.settled();
    let line = started_by_cron(&std::fs::read_to_string(project.path("cron.d/drctl-wal")).unwrap(), "full");
    std::fs::copy(env!("CARGO_BIN_EXE_drctl"), project.path("drctl")).unwrap();
    std::fs::write(project.path("secrets"), format!("passphrase = \"{SECRET}\"\n")).unwrap();
    // Who starts it is not who has applied it, and has to write down how long it took.
    let data = files(&project.dir).into_iter().chain([project.dir.join(".drctl"), project.path("secrets")]);
    data.for_each(|file| project.cluster.give(&file));
    project.cluster.tool(&["sh", "-c", &line]);
    let listed = project.must(&["backup", "list", "wal"]);
    let label = |word: &str| word.len() == "20261121-220259F".len() && word.ends_with('F');
    assert!(listed.split_whitespace().any(label), "{listed}");
    let (said, code) = project.says(&["plan", "--detailed-exitcode"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn what_is_changed_by_hand_shows_in_the_next_plan() {
    let project = Project::new();
    project.settled();
    let settings = [
        ("archive_timeout", "'10min'"),
        ("archive_command", "'/bin/true'"),
        ("archive_mode", "'off'"),
        ("wal_level", "'minimal'"),
    ];
    for (name, value) in settings {
        project.cluster.sql(&format!("ALTER SYSTEM SET {name} = {value}"));
        if name == "wal_level" {
            for more in ["archive_mode = 'off'", "max_wal_senders = 0"] {
                project.cluster.sql(&format!("ALTER SYSTEM SET {more}"));
            }
        }
        project.cluster.restart();
        project.shows("postgres_archiving.wal", name, name);
        let (_, code) =
            project.says(&["apply", "--auto-approve", "--accept", "weakens:postgres_archiving.wal"]);
        assert_eq!(code, Some(0), "{name}");
        project.cluster.restart();
    }
    let (conf, cron) = (CONF, "cron.d/drctl-wal");
    let (stanza, schedule) = ("pgbackrest_stanza.wal", "postgres_schedule.wal");
    let lines = [
        (conf, "pg1-path=", "pg1-path=/x", stanza, "pg1_path"),
        (conf, "pg1-port=", "pg1-port=1", stanza, "pg1_port"),
        (conf, "pg1-socket-path=", "pg1-socket-path=/x", stanza, "pg1_socket_path"),
        (conf, "pg1-user=drctl", "pg1-user=other", stanza, "pg1_user"),
        (conf, "/repository\n", "/elsewhere\n", stanza, "repo1_path"),
        (conf, "/repository\n", "/elsewhere\n", stanza, "created"),
        (conf, "retention-full=30", "retention-full=3", stanza, "repo1_retention_full"),
        (cron, "0 2 * * 0", "0 2 1 * *", schedule, "run"),
        (cron, " backup run", " version; backup run", schedule, "run"),
        (cron, "# run: full", "@reboot root reboot\n# run: full", schedule, "other_lines"),
    ];
    for (file, from, to, address, attribute) in lines {
        let before = std::fs::read_to_string(project.path(file)).unwrap();
        project.edit(file, from, to);
        project.shows(address, attribute, to);
        std::fs::write(project.path(file), before).unwrap();
    }
    // What cannot be set right without knowing how the repository is encrypted is told.
    let encrypted = [
        ("repo1-cipher-type=aes-256-cbc\n", "", "(G3)"),
        ("-pass=", "-pass=x", "`repo1_cipher_pass` is fixed"),
    ];
    for (from, to, told) in encrypted {
        let before = std::fs::read_to_string(project.path(conf)).unwrap();
        project.edit(conf, from, to);
        let (said, code) = project.says(&["plan"]);
        assert!(code == Some(1) && said.contains(told), "{told}: {said}");
        std::fs::write(project.path(conf), before).unwrap();
    }
    let (said, code) = project.says(&["plan", "--detailed-exitcode"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn what_weakens_needs_a_word_and_encryption_stays() {
    let project = Project::new();
    project.settled();
    project.write(Text { keep: "7d", every: "10m", ..TEXT });
    let (said, code) = project.says(&["apply", "--auto-approve"]);
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("WEAKENS") && said.contains("what is older than 7d goes away"), "{said}");
    let conf = || std::fs::read_to_string(project.path(CONF)).unwrap();
    assert!(conf().contains("retention-full=30\n"));
    project.must(&[
        "apply",
        "--auto-approve",
        "--accept",
        "weakens:pgbackrest_stanza.wal",
        "--accept",
        "weakens:postgres_archiving.wal",
    ]);
    assert!(conf().contains("retention-full=7\n"));
    assert_eq!(project.cluster.sql("SHOW archive_timeout"), "10min");
    let before = conf();
    project.write(Text { keep: "7d", every: "10m", encryption: "", ..TEXT });
    let (said, code) = project.says(&["plan"]);
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("this is decided when a repository is made"), "{said}");
    let (said, code) =
        project.says(&["apply", "--auto-approve", "--accept", "weakens:pgbackrest_stanza.wal"]);
    assert_ne!(code, Some(0), "{said}");
    assert_eq!(conf(), before);
}

#[test]
fn a_server_that_does_not_answer_is_not_taken_for_absent() {
    let project = Project::new();
    project.settled();
    project.cluster.stop();
    let (said, code) = project.says(&["plan"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("? postgres_archiving.wal") || said.contains("postgres_archiving.wal  not observed"),
        "{said}"
    );
    assert!(!said.contains("create"), "{said}");
    let (_, code) = project.says(&["plan", "--require-complete"]);
    assert_eq!(code, Some(6));
}

#[test]
fn what_a_user_may_not_see_is_not_taken_for_absent() {
    let project = Project::new();
    project.cluster.sql("CREATE ROLE reader LOGIN");
    project.cluster.sql("ALTER SYSTEM SET archive_command = '/bin/true'");
    project.write(Text { user: "reader", ..TEXT });
    // While nothing is archived, the server shows its command only to who may see its files.
    let (said, code) = project.says(&["plan"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("permission denied") && said.contains(r#""off" → "on""#), "{said}");
    assert!(!said.contains("archive-push"), "{said}");
    // What may not be changed is not, and says so.
    let (said, code) = project.says(&["apply", "--auto-approve"]);
    assert!(code != Some(0) && said.contains("permission denied"), "{said}");
    assert_eq!(
        project.cluster.sql("SELECT count(*) FROM pg_file_settings WHERE setting LIKE 'pgbackrest%'"),
        "0"
    );
}

/// A dump a day, in a directory that is not there yet.
fn dumps(project: &Project, keep: &str) {
    let (dir, port, user) = (project.cluster.dir().display(), project.cluster.port, project.cluster.owner());
    let server = format!("host={dir} port={port} user=drctl dbname=postgres");
    let text = format!(
        r#"
provider "postgres" {{
  connection        = "{server}"
  scheduler         = "none"
  applied_directory = "{dir}/applied"
  run_as            = "{user}"
}}
site "host" {{
}}
datastore "main" {{
  site = site.host
}}
backup "daily" {{
  of       = datastore.main
  provider = postgres
  pg_dump {{
    schedule = cron("0 2 * * *", "UTC")
    format   = "custom"
    keep     = "{keep}"
    database = "{server}"
  }}
  to "disk" {{
    path = "{dir}/it's 100% $(id)/dumps"
  }}
}}
"#
    );
    std::fs::write(project.dir.join("main.dr.hcl"), text).unwrap();
}

#[test]
fn dumps_are_kept_as_was_applied_until_something_else_is() {
    let project = Project::new();
    let folder = project.path("it's 100% $(id)/dumps");
    let run = |day: u32| {
        let path = PathBuf::from(project.cluster.program("pg_dump")).parent().unwrap().display().to_string();
        let output = Command::new(env!("CARGO_BIN_EXE_drctl"))
            .args(["backup", "run", "daily"])
            .current_dir(&project.dir)
            .env("PATH", format!("{path}:{}", std::env::var("PATH").unwrap()))
            .env("DRCTL_NOW", format!("2026-03-{day:02}T02:00:00Z"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let made = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
        let dumps = made.filter(|name| name.to_str().unwrap().ends_with(".dump")).count();
        (
            (text(&output.stdout) + &text(&output.stderr)).split_whitespace().collect::<Vec<_>>().join(" "),
            dumps,
        )
    };
    dumps(&project, "5d");
    let plan = project.must(&["plan"]);
    for part in ["postgres_dumps.daily  create", "keep      = \"5d\"", "older than 5d goes away"] {
        assert!(plan.contains(part), "no {part} in {plan}");
    }
    project.must(&["apply", "--auto-approve"]);
    let seen = std::fs::metadata(&folder).unwrap();
    let owned = rustix::process::geteuid().is_root().then(|| {
        let id = Command::new("id").args(["-u", project.cluster.owner()]).output().unwrap().stdout;
        String::from_utf8(id).unwrap().trim().parse::<u32>().unwrap()
    });
    assert_eq!((seen.mode() & 0o7777, seen.uid()), (0o700, owned.unwrap_or(seen.uid())));
    assert_eq!((run(1).1, run(4).1), (1, 2));
    // Written and not applied: it still holds what was.
    dumps(&project, "1d");
    let (said, there) = run(6);
    assert_eq!(there, 3, "{said}");
    assert!(said.contains("`keep` was applied as 5d and is written as 1d"), "{said}");
    let (said, code) = project.says(&["apply", "--auto-approve"]);
    assert!(code == Some(4) && said.contains("(D1)"), "{said}");
    project.must(&["apply", "--auto-approve", "--accept", "weakens:postgres_dumps.daily"]);
    assert_eq!(run(7).1, 2, "that of the day before and the new one");
    // What was applied is gone: nothing says what may be removed.
    std::fs::remove_file(project.path("applied/daily.applied.json")).unwrap();
    let (said, there) = run(12);
    assert!(there == 3 && said.contains("nothing old is removed"), "{said}");
    project.must(&["apply", "--auto-approve"]);
    // The directory is not there any more.
    std::fs::rename(&folder, project.path("away")).unwrap();
    let said = project.must(&["plan"]);
    assert!(said.contains("created  false → true") && said.contains("Mount what it is on"), "{said}");
}
