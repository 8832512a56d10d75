//! A PostgreSQL server with its pgBackRest repository, in a folder that goes with it; run, like all of its
//! tools and drctl itself, by a user who is not root. Nothing is simulated; a tool that is missing fails the test.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where Debian has the programs, and where `providers/host/tests/setup` puts them.
const PLACES: [&str; 2] = ["", concat!(env!("CARGO_MANIFEST_DIR"), "/../target/postgresql")];

/// How long is waited for what has to come true.
const BOUND: Duration = Duration::from_secs(60);

/// The user of the database.
const USER: &str = "drctl";

/// A machine with a server, repositories and a configuration of drctl.
pub(crate) struct Machine {
    dir: TempDir,
    path: String,
    libraries: String,
    user: Option<(u32, u32)>,
    drctl: PathBuf,
    stanza: &'static str,
    kept: Kept,
    pub(crate) port: u16,
}

/// Where backups are kept: options of pgBackRest, and what is in the environment of every tool.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) options: Vec<(String, String)>,
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// Waits until it is so, looking again and again.
pub(crate) fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < BOUND, "{what} did not come true within {BOUND:?}");
        std::thread::yield_now();
    }
}

/// Waits for the next second: what is made in it has another name.
pub(crate) fn next_second() {
    let now = jiff::Timestamp::now().as_second();
    until("that a second has passed", || jiff::Timestamp::now().as_second() > now);
}

impl Machine {
    /// With a server that runs and archives its log, and a repository that knows it.
    pub(crate) fn start() -> Machine {
        Machine::archiving("main", 1)
    }

    /// The same with a stanza of that name, and with that many repositories.
    pub(crate) fn archiving(stanza: &'static str, repositories: u8) -> Machine {
        let mut machine = Machine::bare();
        let place = |n| machine.path_of(&if n == 1 { "repo".to_owned() } else { format!("repo{n}") });
        let options = (1..=repositories).map(|n| (format!("repo{n}-path"), place(n))).collect();
        machine.stanza = stanza;
        machine.knowing(Kept { options, environment: Vec::new() }).serving()
    }

    /// With backups that are kept there.
    pub(crate) fn knowing(mut self, kept: Kept) -> Machine {
        self.kept = kept;
        self
    }

    /// With a server that runs and archives its log to where backups are kept.
    pub(crate) fn serving(self) -> Machine {
        let mut machine = self;
        let made =
            machine.run("initdb", &["-D", &machine.path_of("data"), "-U", USER, "-A", "trust", "--no-sync"]);
        assert!(made.status.success(), "{made:?}");
        let archive = format!("pgbackrest {} archive-push %p", machine.options(&["pg1-path"]).join(" "));
        let settings = format!(
            "listen_addresses=''\nunix_socket_directories='{}'\nfsync=off\narchive_mode=on\narchive_timeout=60\n\
             archive_command='{archive}'\nlog_line_prefix='%m '\n",
            machine.path_of("sock")
        );
        let conf = machine.dir.path().join("data/postgresql.conf");
        let written = fs::read_to_string(&conf).unwrap() + &settings;
        machine.write("data/postgresql.conf", &written);
        machine.port = 5999;
        machine.serve("data");
        let created = machine.options(&["pg1-path", "pg1-port", "pg1-socket-path", "pg1-user"]);
        let mut words: Vec<&str> = created.iter().map(String::as_str).collect();
        words.push("stanza-create");
        let made = machine.run("pgbackrest", &words);
        assert!(made.status.success(), "{made:?}");
        machine
    }

    /// Without a server.
    pub(crate) fn bare() -> Machine {
        let bin = PLACES.iter().find_map(|place| {
            let versions = fs::read_dir(format!("{place}/usr/lib/postgresql")).ok()?;
            let bins = versions.flatten().map(|version| version.path().join("bin"));
            bins.filter(|bin| bin.join("initdb").exists() && bin.join("pgbench").exists()).max()
        });
        let bin = bin.expect("PostgreSQL is not installed: run providers/host/tests/setup");
        let dir = tempfile::Builder::new().prefix("drctl-e2e-").tempdir_in(root()).unwrap();
        let user = not_root();
        let tools = format!("{}/usr/bin", PLACES[1]);
        let before = dir.path().join("bin");
        let path = format!("{}:{}:{tools}:/usr/local/bin:/usr/bin:/bin", before.display(), bin.display());
        let libraries = format!("{0}/usr/lib/{1}-linux-gnu", PLACES[1], std::env::consts::ARCH);
        let mut machine = Machine {
            dir,
            path,
            libraries,
            user,
            drctl: env!("CARGO_BIN_EXE_drctl").into(),
            stanza: "main",
            kept: Kept::default(),
            port: 0,
        };
        machine.own("");
        for folder in ["bin", "sock", "repo", "log", "lock", "dumps", "home", "scratch", "work"] {
            fs::create_dir(machine.dir.path().join(folder)).unwrap();
            machine.own(folder);
        }
        // Where the other user cannot reach it, a copy serves.
        let binary = machine.drctl.clone();
        if !machine.run("test", &["-x", &binary.display().to_string()]).status.success() {
            fs::copy(&binary, machine.dir.path().join("drctl")).unwrap();
            machine.drctl = machine.dir.path().join("drctl");
        }
        machine
    }

    /// The options of pgBackRest, those of these names among them.
    pub(crate) fn options(&self, more: &[&str]) -> Vec<String> {
        let pg = [
            ("pg1-path", self.path_of("data")),
            ("pg1-port", "5999".to_owned()),
            ("pg1-socket-path", self.path_of("sock")),
            ("pg1-user", USER.to_owned()),
        ];
        let always = [
            ("stanza", self.stanza.to_owned()),
            ("log-path", self.path_of("log")),
            ("lock-path", self.path_of("lock")),
        ];
        let pg = pg.into_iter().filter(|(name, _)| more.contains(name));
        let options = always.into_iter().chain(pg).map(|(name, value)| format!("--{name}={value}"));
        options.chain(self.kept.options.iter().map(|(name, value)| format!("--{name}={value}"))).collect()
    }

    pub(crate) fn path_of(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.dir.path().join(name).exists()
    }

    /// Gives a file or folder to the user that everything is run by.
    pub(crate) fn own(&self, name: &str) {
        if let Some((user, group)) = self.user {
            chown(self.dir.path().join(name), Some(user), Some(group)).unwrap();
        }
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
        self.own(name);
    }

    /// Writes the configuration with these values in it.
    pub(crate) fn configure(&self, text: &str, values: &[(&str, String)]) {
        let filled = values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value));
        self.write("work/main.dr.hcl", &filled);
    }

    /// A program that stands before those on the PATH.
    pub(crate) fn stand_in(&self, name: &str, script: &str) {
        let file = format!("bin/{name}");
        self.write(&file, script);
        fs::set_permissions(self.dir.path().join(file), fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = match self.user {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("/usr/bin/setpriv");
                command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
                command.arg(program);
                command
            }
        };
        command.args(arguments).env_clear().current_dir(self.dir.path().join("work")).stdin(Stdio::null());
        command.env("PATH", &self.path).env("LD_LIBRARY_PATH", &self.libraries).env("LC_ALL", "C");
        command.envs(self.kept.environment.clone());
        command.env("HOME", self.path_of("home")).env("TMPDIR", self.path_of("scratch")).env("USER", USER);
        command
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program, arguments).output().unwrap()
    }

    /// Drctl itself.
    pub(crate) fn program(&self) -> String {
        self.drctl.display().to_string()
    }

    pub(crate) fn drctl(&self, arguments: &[&str]) -> Output {
        self.drctl_command(arguments).output().unwrap()
    }

    pub(crate) fn drctl_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&self.program(), arguments);
        command.env("RESTIC_PASSWORD", "planted-restic-password").env("PGPASSWORD", "planted-pg-password");
        command
    }

    /// What drctl says, which has to end with that code.
    #[track_caller]
    pub(crate) fn says(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.drctl(arguments);
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
        said
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.drctl(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
    }

    /// Starts the server on that folder.
    pub(crate) fn serve(&self, data: &str) {
        let (data, log, options) =
            (self.path_of(data), self.path_of("log/server.log"), format!("-p {}", self.port));
        let started = self.run("pg_ctl", &["start", "-w", "-D", &data, "-l", &log, "-o", &options]);
        let said = fs::read_to_string(self.path_of("log/server.log")).unwrap_or_default();
        assert!(started.status.success(), "{said}");
    }

    /// The server's power goes, and its disk with it.
    pub(crate) fn destroy(&self, data: &str) {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-D", &self.path_of(data)]);
        fs::remove_dir_all(self.dir.path().join(data)).unwrap();
    }

    /// The connection string of a database.
    pub(crate) fn database(&self, name: &str) -> String {
        format!("host={} port={} user={USER} dbname={name}", self.path_of("sock"), self.port)
    }

    /// What a question is answered with.
    #[track_caller]
    pub(crate) fn ask(&self, database: &str, question: &str) -> String {
        let database = self.database(database);
        let asked =
            self.run("psql", &["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &database, "-c", question]);
        assert!(asked.status.success(), "{question}: {asked:?}");
        String::from_utf8(asked.stdout).unwrap().trim().to_owned()
    }

    /// Has the server archive what it has written, and waits until it has.
    pub(crate) fn archive(&self) {
        let last = self.ask("postgres", "select pg_walfile_name(pg_current_wal_lsn())");
        self.ask("postgres", "select pg_switch_wal()");
        until("that the log is archived", || {
            self.ask("postgres", "select coalesce(last_archived_wal, '') from pg_stat_archiver") >= last
        });
    }

    /// The variables that its tools need.
    pub(crate) fn environment(&self) -> impl Iterator<Item = &'static str> {
        self.kept.environment.iter().map(|(name, _)| *name)
    }

    /// What the block of a backup by pgBackRest says of where things are.
    pub(crate) fn pgbackrest(&self) -> String {
        let lines = self.options(&["pg1-path", "pg1-port", "pg1-socket-path", "pg1-user"]);
        let lines = lines.iter().filter_map(|line| line.trim_start_matches("--").split_once('='));
        let lines = lines
            .filter(|(name, _)| *name != "stanza")
            .map(|(name, value)| format!("{name} = \"{value}\"\n"));
        let env: Vec<&str> = self.environment().collect();
        let (stanza, lines) = (self.stanza, lines.collect::<String>());
        format!("stanza = \"{stanza}\"\nenv = {env:?}\noptions = {{\n{lines}}}\n")
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let found = self.run("find", &[&self.path_of(""), "-name", "postmaster.pid"]).stdout;
        for pid in String::from_utf8_lossy(&found).lines() {
            let data = pid.trim_end_matches("/postmaster.pid");
            self.run("pg_ctl", &["stop", "-m", "immediate", "-D", data]);
        }
        let found = self.run("find", &[&self.path_of(""), "-name", "*.pid"]).stdout;
        for file in String::from_utf8_lossy(&found).lines() {
            // Some end without a line's end.
            let text = fs::read_to_string(file).unwrap_or_default();
            self.run("kill", &[text.lines().next().unwrap_or_default()]);
        }
    }
}

/// Where the machine's folder is: in memory, where that is wide and programs run, for much of what the tools do is
/// to wait for the disk. A short path, for sockets.
fn root() -> &'static str {
    const WIDE: u64 = 4 << 30;
    let memory = rustix::fs::statvfs("/dev/shm").is_ok_and(|at| {
        at.f_bavail.saturating_mul(at.f_frsize) > WIDE
            && !at.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC)
    });
    if memory { "/dev/shm" } else { "/tmp" }
}

/// Somebody else, when this is root.
fn not_root() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    ["postgres", "nobody"].iter().find_map(|name| {
        let id = |which: &str| {
            let said = Command::new("id").args([which, name]).output().ok()?.stdout;
            String::from_utf8(said).ok()?.trim().parse().ok()
        };
        Some((id("-u")?, id("-g")?))
    })
}
