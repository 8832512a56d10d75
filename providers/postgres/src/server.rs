//! A server on restored data: by itself, reached through a socket that only its user may open, connected to
//! nothing, and gone when its work is done. It archives nothing, runs no jobs of extensions and follows nobody.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use drctl_core::provider::{ErrorClass, ProviderError};
use tempfile::TempDir;

use crate::tool::{Tool, failed, rejected};

const DOING: &str = "starting a server on what was restored";

/// Between two looks at whether the server answers.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long a server may take to stop before it is stopped by force.
const STOP_WITHIN: Duration = Duration::from_secs(60);

/// The port, which on a socket in a folder of its own is only a name.
const PORT: u16 = 5432;

/// The programs of PostgreSQL.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Those of this major version, `15`; without one the newest that there are.
    ///
    /// # Errors
    /// When there are none, or root is to run them.
    pub fn find(tool: &Tool<'_>, version: Option<&str>) -> Result<Programs, ProviderError> {
        if rustix::process::geteuid().is_root() {
            let why = "PostgreSQL does not run as root: run drctl as the user whom the backups belong to, \
                       `sudo -u postgres drctl …`";
            return Err(rejected(DOING, why));
        }
        let holds =
            |folder: &PathBuf| ["postgres", "pg_ctl", "initdb"].iter().all(|p| folder.join(p).exists());
        if let Some(version) = version {
            let usual = [format!("/usr/lib/postgresql/{version}/bin"), format!("/usr/pgsql-{version}/bin")];
            if let Some(folder) = usual.into_iter().map(PathBuf::from).find(holds) {
                return Ok(Programs { folder });
            }
        }
        let path = tool.variable("PATH").unwrap_or_default();
        if let Some(folder) = std::env::split_paths(path).find(holds) {
            return Ok(Programs { folder });
        }
        let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let installed = installed.filter_map(|entry| {
            let number: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((number, entry.path().join("bin")))
        });
        match installed.filter(|(_, folder)| holds(folder)).max() {
            Some((_, folder)) if version.is_none() => Ok(Programs { folder }),
            Some(_) | None => {
                let version = version.map_or_else(String::new, |version| format!(" {version}"));
                let why = format!(
                    "the programs of PostgreSQL{version} (postgres, pg_ctl, initdb) are neither on the PATH nor in \
                     /usr/lib/postgresql"
                );
                Err(ProviderError { class: ErrorClass::NotFound, ..rejected(DOING, why) })
            }
        }
    }

    /// A program by its path.
    pub(crate) fn program(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// What the server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// To be looked at, and thrown away.
    Looking,
    /// To bring the data to its moment, and then to be production's: what it writes waits to be archived.
    Replaying,
}

/// A server that answers.
#[derive(Debug)]
pub struct Served {
    socket: PathBuf,
    user: String,
}

impl Served {
    /// The connection string of one of its databases.
    pub fn database(&self, name: &str) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
        format!(
            "host={} port={PORT} user={} dbname={} sslmode=disable",
            quoted(&self.socket.display().to_string()),
            quoted(&self.user),
            quoted(name)
        )
    }
}

/// Starts a server on the data, waits until it has replayed its log and answers, does the work, and stops it.
///
/// # Errors
/// When the server does not come up, in its own words; and when the work fails.
pub async fn serve<T>(
    tool: &Tool<'_>,
    programs: &Programs,
    (data, user): (&Path, &str),
    what_for: For,
    work: impl AsyncFnOnce(&Served) -> Result<T, ProviderError>,
) -> Result<T, ProviderError> {
    let room = Room::new(data)?;
    let served = Served { socket: room.0.path().to_owned(), user: user.to_owned() };
    let mut words = vec![programs.program("postgres"), "-D".to_owned(), data.display().to_string()];
    words.extend(room.settings(data, what_for).into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    let mut running = pin!(tool.run(words));
    let work = async {
        loop {
            match tool.ask(&served.database("postgres"), "SELECT pg_is_in_recovery() AS recovering").await {
                Ok(_) => break,
                // It answers: whom it lets in is another matter.
                Err(error) if error.class == ErrorClass::Credentials => break,
                Err(error) if is_coming(&error) => tokio::time::sleep(LOOK_EVERY).await,
                Err(error) => return Err(error),
            }
        }
        work(&served).await
    };
    let done = tokio::select! {
        biased;
        ended = &mut running => return Err(died(ended)),
        done = work => done,
    };
    // Told, not waited for: the server is a child, and its end is seen at once.
    let stop = ["stop", "-m", "fast", "-W", "-D"].map(str::to_owned);
    let stop = [programs.program("pg_ctl")].into_iter().chain(stop).chain([data.display().to_string()]);
    let stopped = async {
        tool.run(stop.collect()).await?;
        running.await
    };
    let stopped = tokio::time::timeout(STOP_WITHIN, stopped).await;
    match (done, stopped, what_for) {
        (Ok(_), Ok(Err(error)), For::Replaying) => Err(error),
        (Ok(_), Err(_), For::Replaying) => Err(failed(DOING, "the server did not stop when it was told to")),
        (done, _, _) => done,
    }
}

/// Whether the server may answer later: it does not listen yet, or replays its log.
fn is_coming(error: &ProviderError) -> bool {
    matches!(error.class, ErrorClass::Unavailable | ErrorClass::Timeout | ErrorClass::Throttled)
}

/// Why a server has ended that should run.
fn died(ended: Result<String, ProviderError>) -> ProviderError {
    let error = match ended {
        Ok(_) => return failed(DOING, "the server has ended by itself"),
        Err(error) => error,
    };
    let said = |what: &str| {
        let line = error.message.lines().rev().find(|line| line.contains(what))?;
        line.split_once(what).map(|(_, rest)| rest.trim().to_owned())
    };
    if error.message.contains("recovery ended before configured recovery target") {
        let until = match said("last completed transaction was at log time") {
            Some(at) => format!("the last transaction in the archived log is of {at}"),
            None => "there is no transaction in the archived log since the backup".to_owned(),
        };
        let why = format!(
            "the archived log ends before the instant that was asked for: {until}. What is restored is NOT as of \
             that instant. Let the server archive its last log (`pg_switch_wal()`, then look at \
             pg_stat_archiver), or restore to an earlier instant"
        );
        return ProviderError { doing: crate::replay::REPLAYING.to_owned(), ..failed(DOING, why) };
    }
    // What fetches the log says why there is none; PostgreSQL only misses it.
    let fetching = said("WARN: repo").map(|why| format!("repository {why}"));
    let fetching = fetching.or_else(|| said("ERROR: [").map(|why| format!("[{why}")));
    let fetching = fetching.map_or_else(String::new, |why| format!("; pgBackRest said: {why}"));
    match said("FATAL:").or_else(|| said("PANIC:")) {
        // Which line of it stands before that.
        Some(why) if why.ends_with("contains errors") => {
            let line = said("LOG:").map_or_else(String::new, |line| format!(": {line}"));
            failed(DOING, format!("it ended: {why}{line}"))
        }
        Some(why) => failed(DOING, format!("it ended: {why}{fetching}")),
        None => ProviderError { doing: DOING.to_owned(), ..error },
    }
}

/// The server's socket and the files that stand over those of production.
struct Room(TempDir);

impl Room {
    fn new(data: &Path) -> Result<Room, ProviderError> {
        // A socket's path must be short, so it is not below the data.
        let room = tempfile::Builder::new().prefix("drctl-").tempdir_in("/tmp");
        let room = room.map_err(|e| failed(DOING, format!("a folder for its socket: {e}")))?;
        let write = |name: &str, text: &str| {
            std::fs::write(room.path().join(name), text).map_err(|e| failed(DOING, format!("`{name}`: {e}")))
        };
        write("pg_hba.conf", "local all all trust\n")?;
        write("pg_ident.conf", "")?;
        // Where the system keeps the configuration elsewhere, a backup does not hold it.
        let own = data.join("postgresql.conf");
        let include = match own.exists() {
            true => format!("include '{}'\n", own.display().to_string().replace('\'', "''")),
            false => String::new(),
        };
        write("postgresql.conf", &include)?;
        Ok(Room(room))
    }

    fn settings(&self, data: &Path, what_for: For) -> Vec<String> {
        let here = self.0.path().display();
        let mut settings = vec![
            format!("config_file={here}/postgresql.conf"),
            format!("hba_file={here}/pg_hba.conf"),
            format!("ident_file={here}/pg_ident.conf"),
            format!("unix_socket_directories={here}"),
            format!("data_directory={}", data.display()),
            format!("port={PORT}"),
        ];
        let always = [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "external_pid_file=",
            "ssl=off",
            "hot_standby=off",
            "archive_command=",
            "primary_conninfo=",
            "shared_preload_libraries=",
            "max_logical_replication_workers=0",
            "shared_buffers=128MB",
            "huge_pages=off",
            "logging_collector=off",
            "log_destination=stderr",
            "log_min_messages=warning",
            "log_line_prefix=",
            "lc_messages=C",
        ];
        settings.extend(always.map(str::to_owned));
        if what_for == For::Looking {
            // Speed without safety: nobody needs this copy after a crash.
            settings.extend(["archive_mode=off", "fsync=off", "full_page_writes=off"].map(str::to_owned));
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_ends_too_early_is_said_so() {
        let said = "it failed:\n    LOG:  redo done at 0/3000060\n    LOG:  last completed transaction was at log time \
                    2026-11-21 20:45:22.7+00\n    FATAL:  recovery ended before configured recovery target was \
                    reached\n    LOG:  startup process exited";
        let error = died(Err(failed("running `postgres`", said)));
        assert!(
            error
                .to_string()
                .contains("the last transaction in the archived log is of 2026-11-21 20:45:22.7+00")
        );
        let error = died(Err(failed("x", "it failed:\n    FATAL:  could not map memory\n    HINT: less")));
        assert_eq!(error.message, "it ended: could not map memory");
        let said = "it failed:\n    LOG:  unrecognized configuration parameter \"bogus\" in file \"/p.conf\" line 8\n    \
                    FATAL:  configuration file \"/p.conf\" contains errors";
        let error = died(Err(failed("x", said)));
        assert!(error.message.contains("\"bogus\" in file \"/p.conf\" line 8"), "{error}");
        let said = "it failed:\n    ERROR: [103]: unable to find a valid repository\n    FATAL:  no checkpoint record";
        let error = died(Err(failed("x", said)));
        let expected =
            "it ended: no checkpoint record; pgBackRest said: [103]: unable to find a valid repository";
        assert_eq!(error.message, expected);
    }
}
