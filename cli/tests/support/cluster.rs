//! A PostgreSQL cluster of its own for a test, in a folder that goes with it, run by somebody who is not root.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Where the server's programs are looked for; `providers/host/tests/setup` puts them into the first.
const PLACES: [&str; 2] = [concat!(env!("CARGO_MANIFEST_DIR"), "/../target/postgresql"), ""];

/// How often another port is tried: somebody else may take a free one before the server does.
const TRIES: u32 = 5;

/// A cluster whose server runs until it is dropped.
pub(crate) struct Cluster {
    programs: PathBuf,
    dir: TempDir,
    /// Who runs it, when this is root.
    user: Option<&'static str>,
    pub(crate) port: u16,
}

impl Cluster {
    pub(crate) fn start() -> Cluster {
        let installed = PLACES.iter().flat_map(|place| {
            let versions = std::fs::read_dir(format!("{place}/usr/lib/postgresql"));
            versions.into_iter().flatten().flatten().map(|version| version.path().join("bin"))
        });
        let programs = installed.into_iter().find(|folder| folder.join("initdb").exists());
        let programs = programs.expect("PostgreSQL is not installed: run providers/host/tests/setup");
        let user = rustix::process::geteuid().is_root().then_some("postgres");
        let dir = tempfile::Builder::new().prefix("drctl-cluster-").tempdir_in("/tmp").unwrap();
        let mut cluster = Cluster { programs, dir, user, port: 0 };
        cluster.give(cluster.dir());
        let data = cluster.data();
        let program = cluster.program("initdb");
        let options = ["--username=drctl", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
        cluster.tool(&[&[program.as_str(), "--pgdata", &data][..], &options].concat());
        assert!((0..TRIES).any(|_| cluster.try_start()), "{}", cluster.log());
        cluster
    }

    fn try_start(&mut self) -> bool {
        self.port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let dir = self.dir().display();
        let conf = format!(
            "port = {}\nlisten_addresses = ''\nunix_socket_directories = '{dir}'\nfsync = off\n",
            self.port
        );
        let path = self.dir().join("data/postgresql.conf");
        std::fs::write(&path, conf).unwrap();
        self.give(&path);
        self.control("start").status.success()
    }

    fn control(&self, verb: &str) -> Output {
        let (program, data) = (self.program("pg_ctl"), self.data());
        let log = self.dir().join("log").display().to_string();
        self.command(&[&program, verb, "-w", "-m", "fast", "-D", &data, "-l", &log]).output().unwrap()
    }

    pub(crate) fn restart(&self) {
        let said = self.control("restart");
        assert!(said.status.success(), "{}", self.log());
    }

    pub(crate) fn stop(&self) {
        self.control("stop");
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir().join("log")).unwrap_or_default()
    }

    /// The folder, which holds its socket, too.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn data(&self) -> String {
        self.dir().join("data").display().to_string()
    }

    /// One of the server's programs.
    pub(crate) fn program(&self, name: &str) -> String {
        self.programs.join(name).display().to_string()
    }

    /// Who runs the server.
    pub(crate) fn owner(&self) -> &'static str {
        self.user.unwrap_or("postgres")
    }

    /// Gives a file to who runs the server.
    pub(crate) fn give(&self, path: &Path) {
        let Some(user) = self.user else { return };
        let id = |which: &str| {
            let said = Command::new("id").args([which, user]).output().unwrap().stdout;
            String::from_utf8(said).unwrap().trim().parse().unwrap()
        };
        chown(path, Some(id("-u")), Some(id("-g"))).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut all: Vec<&str> = Vec::new();
        if let Some(user) = self.user {
            all.extend(["runuser", "-u", user, "--"]);
        }
        all.extend(words);
        let mut command = Command::new(all[0]);
        command.args(&all[1..]).current_dir("/").env("LC_ALL", "C");
        command
    }

    /// Runs a tool as who runs the server; it has to succeed.
    pub(crate) fn tool(&self, words: &[&str]) -> String {
        let said = self.command(words).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(said.status.success(), "{words:?}: {}{}", text(&said.stdout), text(&said.stderr));
        text(&said.stdout).trim().to_owned()
    }

    /// What the server answers.
    pub(crate) fn sql(&self, query: &str) -> String {
        let (program, port) = (self.program("psql"), self.port.to_string());
        let dir = self.dir().display().to_string();
        let words = ["-h", &dir, "-p", &port, "-U", "drctl", "-d", "postgres", "-AtXc", query];
        self.tool(&[&[program.as_str()][..], &words].concat())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let (program, data) = (self.program("pg_ctl"), self.data());
        let _ = self.command(&[&program, "stop", "-w", "-m", "immediate", "-D", &data]).output();
    }
}
