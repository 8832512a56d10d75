//! One commander at a time. The operating system's lock on a file says whether it is held, so that a
//! killed process holds nothing; the text in it says by whom. The file itself stays, empty when free.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use drctl_core::recovery::readable;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::files::{self, FileError, directory_of, write_synced};

/// Between two looks at a held lock: short for a person, long for a processor.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Largest text that is read from a lock file.
pub(crate) const MAX_HOLDER_BYTES: usize = 64 << 10;

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The user.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// What it does: `apply`.
    pub command: String,
    /// Since when.
    pub since: Timestamp,
    /// The run that it commands, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl Holder {
    /// This process.
    pub fn this_process(user: impl Into<String>, command: impl Into<String>, clock: &dyn Clock) -> Holder {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Holder {
            user: user.into(),
            host,
            pid: std::process::id(),
            command: command.into(),
            since: clock.now(),
            run: None,
        }
    }

    /// The same, as the commander of a run.
    #[must_use]
    pub fn of_run(self, run: &str) -> Holder {
        Holder { run: Some(run.to_owned()), ..self }
    }

    /// Whether it was a process of this machine that is gone. Of one elsewhere nobody can tell that.
    pub fn is_gone(&self) -> bool {
        use rustix::process::{Pid, test_kill_process};
        let here = self.host == rustix::system::uname().nodename().to_string_lossy();
        // A number that is ours now was another one's before.
        let lives = || {
            let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
            self.pid != std::process::id()
                && pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
        };
        here && !lives()
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Holder { user, host, pid, command, since, run } = self;
        write!(f, "{user}@{host}, process {pid}, `{command}`, since {since:.0}")?;
        run.as_ref().map_or(Ok(()), |run| write!(f, ", run {run}"))
    }
}

/// Why the lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("locked by {}{}", named(holder.as_deref()), for_how_long(*age))]
    Locked {
        /// By whom, when it has written that down.
        holder: Option<Box<Holder>>,
        /// For how long.
        age: Option<SignedDuration>,
    },
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Who holds a lock, as far as they have said.
pub(crate) fn named(holder: Option<&Holder>) -> String {
    holder.map_or("a process that has not said who it is".to_owned(), ToString::to_string)
}

fn for_how_long(age: Option<SignedDuration>) -> String {
    let told = |age: SignedDuration| format!(", for {}", readable(age.as_secs()));
    age.filter(|age| age.is_positive()).map_or_else(String::new, told)
}

/// A held lock; free again when dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// A holder on this machine that ended without letting go.
    pub taken_over: Option<Holder>,
}

impl Lock {
    /// Takes the lock, waiting up to the timeout while another process holds it. What a dead process
    /// of this machine left is taken over. What another machine left is not: whether that process
    /// lives cannot be told from here.
    ///
    /// # Errors
    /// When it is held for longer, or the file cannot be used.
    pub async fn acquire(
        path: &Path,
        holder: &Holder,
        timeout: Duration,
        clock: &dyn Clock,
    ) -> Result<Lock, LockError> {
        let until = Instant::now() + timeout;
        loop {
            match take(path, holder)? {
                Attempted::Held(lock) => return Ok(lock),
                Attempted::Other(other) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        let age = other.as_ref().map(|h| clock.now().duration_since(h.since));
                        return Err(LockError::Locked { holder: other.map(Box::new), age });
                    }
                    tokio::time::sleep(left.min(LOOK_EVERY)).await;
                }
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Without the text the next holder sees a clean end. If this fails, it sees a holder that is
        // gone and takes over; closing the file frees the lock in any case.
        let _cleared = self.file.set_len(0);
    }
}

/// Who holds the lock as far as its file tells, without touching it; none where that process is gone.
///
/// # Errors
/// When the file cannot be read.
pub fn holder_of(path: &Path) -> Result<Option<Holder>, FileError> {
    let text = files::read(path, MAX_HOLDER_BYTES as u64)?;
    let holder = text.and_then(|text| serde_json::from_slice::<Holder>(&text).ok());
    Ok(holder.filter(|holder| !holder.is_gone()))
}

/// Removes the claim of a holder on another machine, because a person says that it is gone; who that
/// was. Never takes the lock from a living process on this machine.
///
/// # Errors
/// When a living process holds it, or the file cannot be used.
pub fn break_lock(path: &Path) -> Result<Option<Holder>, LockError> {
    let mut file = open(path)?;
    if !try_lock(&file, path)? {
        let holder = read_holder(&mut file, path)?.map(Box::new);
        return Err(LockError::Locked { holder, age: None });
    }
    let holder = read_holder(&mut file, path)?;
    file.set_len(0).map_err(|e| FileError::new("clearing", path, e))?;
    Ok(holder)
}

enum Attempted {
    Held(Lock),
    Other(Option<Holder>),
}

fn take(path: &Path, holder: &Holder) -> Result<Attempted, LockError> {
    let mut file = open(path)?;
    let free = try_lock(&file, path)?;
    let before = read_holder(&mut file, path)?;
    match before {
        before if !free => Ok(Attempted::Other(before)),
        Some(elsewhere) if elsewhere.host != holder.host => Ok(Attempted::Other(Some(elsewhere))),
        taken_over => {
            let failed = |e| FileError::new("writing", path, e);
            file.set_len(0).map_err(failed)?;
            file.rewind().map_err(failed)?;
            let text = serde_json::to_string(holder).expect("a holder serialises to JSON");
            write_synced(&mut file, text.as_bytes()).map_err(failed)?;
            Ok(Attempted::Held(Lock { file, taken_over }))
        }
    }
}

fn open(path: &Path) -> Result<File, FileError> {
    use std::os::unix::fs::OpenOptionsExt;
    let failed = |e| FileError::new("opening", path, e);
    std::fs::create_dir_all(directory_of(path)).map_err(failed)?;
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(failed)
}

fn try_lock(file: &File, path: &Path) -> Result<bool, FileError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(std::fs::TryLockError::WouldBlock) => Ok(false),
        Err(std::fs::TryLockError::Error(e)) => Err(FileError::new("locking", path, e)),
    }
}

/// The holder written in the file. Torn or foreign text counts as none: the lock itself decides.
fn read_holder(file: &mut File, path: &Path) -> Result<Option<Holder>, FileError> {
    let mut text = Vec::new();
    let failed = |e| FileError::new("reading", path, e);
    file.rewind().map_err(failed)?;
    file.take(MAX_HOLDER_BYTES as u64).read_to_end(&mut text).map_err(failed)?;
    Ok(serde_json::from_slice(&text).ok())
}

/// Where the lock of a state file is.
pub fn lock_path(state: &Path) -> PathBuf {
    let mut name = state.to_owned().into_os_string();
    name.push(".lock");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;

    fn clock() -> FixedClock {
        FixedClock("2026-11-21T10:00:00Z".parse().unwrap())
    }

    fn holder(host: &str) -> Holder {
        Holder {
            user: "ann".to_owned(),
            host: host.to_owned(),
            pid: 7,
            command: "apply".to_owned(),
            since: "2026-11-21T09:59:00Z".parse().unwrap(),
            run: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_commanders_one_waits_and_then_learns_who_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sub/lock");
        let first = Lock::acquire(&path, &holder("here"), Duration::ZERO, &clock()).await.unwrap();
        let before = Instant::now();
        let second = Lock::acquire(&path, &holder("here"), Duration::from_secs(3), &clock()).await;
        let Err(LockError::Locked { holder: Some(who), age: Some(age) }) = second else {
            panic!("{second:?}")
        };
        assert_eq!((*who, age.as_secs()), (holder("here"), 60));
        assert_eq!(before.elapsed(), Duration::from_secs(3));
        drop(first);
        let third = Lock::acquire(&path, &holder("here"), Duration::ZERO, &clock()).await.unwrap();
        assert_eq!(third.taken_over, None, "a clean end leaves no trace");
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_commander_gets_the_lock_when_it_is_let_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = Lock::acquire(&path, &holder("here"), Duration::ZERO, &clock()).await.unwrap();
        let release = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(first);
        };
        let (me, now) = (holder("here"), clock());
        let waiting = Lock::acquire(&path, &me, Duration::from_secs(3), &now);
        let (second, ()) = tokio::join!(waiting, release);
        assert!(second.is_ok());
    }

    #[tokio::test]
    async fn a_dead_holder_of_this_machine_is_taken_over_and_one_elsewhere_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        std::fs::write(&path, serde_json::to_string(&holder("here")).unwrap()).unwrap();
        let lock = Lock::acquire(&path, &holder("here"), Duration::ZERO, &clock()).await.unwrap();
        assert_eq!(lock.taken_over, Some(holder("here")));
        assert_eq!(holder_of(&path).unwrap(), Some(holder("here")), "of one elsewhere nobody can tell");
        drop(lock);
        assert_eq!(holder_of(&path).unwrap(), None, "it has let go");
        let gone = Holder { pid: i32::MAX as u32, ..Holder::this_process("ann", "recover", &clock()) };
        std::fs::write(&path, serde_json::to_string(&gone).unwrap()).unwrap();
        assert_eq!(holder_of(&path).unwrap(), None, "it is gone");

        std::fs::write(&path, serde_json::to_string(&holder("there")).unwrap()).unwrap();
        let refused = Lock::acquire(&path, &holder("here"), Duration::ZERO, &clock()).await;
        assert!(matches!(refused, Err(LockError::Locked { holder: Some(h), .. }) if h.host == "there"));
        assert_eq!(break_lock(&path).unwrap(), Some(holder("there")));
        let lock = Lock::acquire(&path, &holder("here"), Duration::ZERO, &clock()).await.unwrap();
        assert!(matches!(break_lock(&path), Err(LockError::Locked { holder: Some(_), .. })));
        drop(lock);
    }

    #[tokio::test]
    async fn torn_text_in_a_free_lock_does_not_block() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        std::fs::write(&path, "{\"user\":").unwrap();
        assert!(Lock::acquire(&path, &holder("here"), Duration::ZERO, &clock()).await.is_ok());
    }
}
