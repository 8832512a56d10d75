//! A PostgreSQL server of its own for a test: in a folder that goes with it, on a port that was free.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Where the server's programs are looked for, beside the PATH; `setup` puts them into the first.
const PLACES: [&str; 2] = [concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/postgresql"), ""];

/// How often another port is tried: somebody else may take a free one before the server does.
const TRIES: u32 = 5;

/// A server that runs until it is dropped.
pub(crate) struct Server {
    programs: Programs,
    dir: TempDir,
    pub(crate) port: u16,
}

/// The password of its one user.
pub(crate) const PASSWORD: &str = "planted 'pass\\word' of drctl";

impl Server {
    /// Starts it with encryption and with passwords for everybody who does not come through its socket.
    pub(crate) fn start() -> Server {
        let programs = Programs::find();
        let dir = tempfile::Builder::new().prefix("drctl-pg-").tempdir_in("/tmp").unwrap();
        let certificate = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(dir.path().join("server.crt"), certificate.cert.pem()).unwrap();
        std::fs::write(dir.path().join("server.key"), certificate.signing_key.serialize_pem()).unwrap();
        std::fs::write(dir.path().join("password"), PASSWORD).unwrap();
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(dir.path().join("server.key"), private).unwrap();
        if let Some((user, group)) = programs.user {
            for path in [dir.path().to_owned(), dir.path().join("server.key"), dir.path().join("password")] {
                chown(path, Some(user), Some(group)).unwrap();
            }
        }
        let mut server = Server { programs, dir, port: 0 };
        let (data, password) = (server.path("data"), server.path("password"));
        let made = server.run(
            "initdb",
            &[
                "--pgdata",
                &data,
                "--username=drctl",
                "--pwfile",
                &password,
                "--encoding=UTF8",
                "--locale=C",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--no-sync",
            ],
        );
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let started = (0..TRIES).any(|_| server.try_start());
        assert!(started, "{}", std::fs::read_to_string(server.path("log")).unwrap_or_default());
        server
    }

    fn try_start(&mut self) -> bool {
        self.port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let dir = self.dir.path().display();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={dir} -c fsync=off -c ssl=on \
             -c ssl_cert_file={dir}/server.crt -c ssl_key_file={dir}/server.key",
            self.port
        );
        let (data, log) = (self.path("data"), self.path("log"));
        let started = self.run("pg_ctl", &["start", "-w", "-D", &data, "-l", &log, "-o", &options]);
        started.status.success()
    }

    /// The folder, which holds its socket and its certificate.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.programs.command(program).args(arguments).current_dir(self.dir.path()).output().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.path("data");
        self.run("pg_ctl", &["stop", "-w", "-m", "immediate", "-D", &data]);
    }
}

/// The programs of PostgreSQL, and who runs them: never root.
struct Programs {
    folder: PathBuf,
    libraries: String,
    user: Option<(u32, u32)>,
}

impl Programs {
    fn find() -> Programs {
        let on_path =
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
        let installed = PLACES.iter().flat_map(|place| {
            let versions = std::fs::read_dir(format!("{place}/usr/lib/postgresql"));
            versions.into_iter().flatten().flatten().map(|version| version.path().join("bin"))
        });
        let holds =
            |folder: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|p| folder.join(p).exists());
        let folder = installed.chain(on_path).find(holds);
        let folder = folder.expect("PostgreSQL is not installed: run providers/host/tests/setup");
        let libraries = format!("{0}/usr/lib/{1}-linux-gnu", PLACES[0], std::env::consts::ARCH);
        Programs { folder, libraries, user: not_root() }
    }

    fn command(&self, program: &str) -> Command {
        let program = self.folder.join(program);
        let mut command = match self.user {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
                command.arg(program);
                command
            }
        };
        command.env("LD_LIBRARY_PATH", &self.libraries).env("LC_ALL", "C");
        command
    }
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
