//! The last observed world as a file: read whole, replaced whole. It is a cache of what the providers
//! know better: losing it costs only what can be told while they do not answer.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use drctl_core::last_world::{LastWorld, Unreadable};

use crate::files::{self, FileError};

/// Largest file that is read: a bound against reading something else.
const MAX_BYTES: u64 = 256 << 20;

/// How often another process that writes the file is looked after, and how long between two looks. It
/// writes for a moment; who waits longer waits for one that hangs.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// How long a file on what may be another machine is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LastWorldError {
    /// Its file system does not answer.
    #[error("`{}` does not answer within {} s", path.display(), PATIENCE.as_secs())]
    Silent {
        /// The file.
        path: PathBuf,
    },
    /// The folder that it is to be in is not there: what is to be mounted there is not.
    #[error("there is no folder `{}`", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is in it.
    #[error("`{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Unreadable,
    },
}

impl LastWorldError {
    /// Whether a newer drctl has written it: then it must not be replaced.
    pub fn is_newer(&self) -> bool {
        matches!(self, LastWorldError::Unreadable { source: Unreadable::Newer(_), .. })
    }
}

/// Which version of a file it is, told without reading it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamp(Option<[u64; 4]>);

impl Stamp {
    /// Of the file as it is now.
    pub fn of(path: &Path) -> Stamp {
        let parts =
            |m: fs::Metadata| [m.dev(), m.ino(), m.mtime().cast_unsigned(), m.mtime_nsec().cast_unsigned()];
        Stamp(fs::metadata(path).ok().map(parts))
    }
}

/// Does something with the file while no other process does so. One that does not let go in a moment is
/// not waited for: this is a cache.
pub fn alone<T>(path: &Path, work: impl FnOnce() -> T) -> T {
    let held = lock_beside(path);
    let done = work();
    drop(held);
    done
}

fn lock_beside(path: &Path) -> Option<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let mut options = File::options();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(&name).ok()?;
    for _ in 0..LOOKS {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_LOOKS),
            Err(fs::TryLockError::Error(_)) => return None,
        }
    }
    None
}

/// Does something with a file that may be on another machine, and does not wait for one that is gone.
///
/// # Errors
/// That of the work, and when it takes too long.
pub fn patiently<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce(&Path) -> Result<T, LastWorldError> + Send + 'static,
) -> Result<T, LastWorldError> {
    let (tell, told) = mpsc::sync_channel(1);
    let path = path.to_owned();
    let theirs = path.clone();
    // Nobody waits for the thread when it hangs: it holds nothing that anybody needs.
    std::thread::spawn(move || tell.send(work(&theirs)));
    told.recv_timeout(PATIENCE).unwrap_or(Err(LastWorldError::Silent { path }))
}

/// Writes a copy of the file, in a folder that is there: a missing one is a mount that is missing.
///
/// # Errors
/// As [`save`], and when there is no such folder.
pub fn save_copy(path: &Path, world: &LastWorld) -> Result<(), LastWorldError> {
    let folder = files::directory_of(path);
    if !folder.is_dir() {
        return Err(LastWorldError::NoFolder { path: folder.to_owned() });
    }
    save(path, world)
}

/// Reads the file; none when there is none.
///
/// # Errors
/// When it cannot be read, is something else or of a newer format.
pub fn load(path: &Path) -> Result<Option<LastWorld>, LastWorldError> {
    let Some(bytes) = files::read(path, MAX_BYTES)? else { return Ok(None) };
    let unreadable = |source| LastWorldError::Unreadable { path: path.to_owned(), source };
    let text = String::from_utf8(bytes).map_err(|e| unreadable(Unreadable::Malformed(e.to_string())))?;
    LastWorld::from_json(&text).map(Some).map_err(unreadable)
}

/// Writes the file, readable by the owner alone.
///
/// # Errors
/// When it cannot be written. Then the one from before is still there.
pub fn save(path: &Path, world: &LastWorld) -> Result<(), LastWorldError> {
    Ok(files::replace_with(path, |file| world.write_json(file))?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_reads_back_as_written_and_only_the_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/world.json");
        assert!(load(&path).unwrap().is_none());
        save(&path, &LastWorld::default()).unwrap();
        assert_eq!(load(&path).unwrap(), Some(LastWorld::default()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_another_process_replaced_is_told_without_reading_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("world.json");
        assert_eq!(Stamp::of(&path), Stamp::default());
        save(&path, &LastWorld::default()).unwrap();
        let first = Stamp::of(&path);
        assert_eq!(first, Stamp::of(&path));
        save(&path, &LastWorld::default()).unwrap();
        assert_ne!(first, Stamp::of(&path));
    }

    #[test]
    fn a_process_that_holds_the_file_is_not_waited_for_long() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("world.json");
        let held = lock_beside(&path).unwrap();
        assert_eq!(alone(&path, || 7), 7);
        drop(held);
        assert!(lock_beside(&path).is_some());
        assert_eq!(alone(&dir.path().join("none/world.json"), || 8), 8);
    }

    #[test]
    fn a_copy_makes_no_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mount/world.json");
        assert!(matches!(save_copy(&path, &LastWorld::default()), Err(LastWorldError::NoFolder { .. })));
        fs::create_dir(dir.path().join("mount")).unwrap();
        save_copy(&path, &LastWorld::default()).unwrap();
        assert_eq!(patiently(&path, load).unwrap(), Some(LastWorld::default()));
    }

    #[test]
    fn what_a_newer_one_wrote_is_told_from_what_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("world.json");
        let newer = LastWorld::default().to_json().replace("\"1.0\"", "\"2.0\"");
        for (text, is_newer) in
            [(newer.as_str(), true), ("", false), ("{\"format_version\": \"1.0\"}", false)]
        {
            fs::write(&path, text).unwrap();
            assert_eq!(load(&path).unwrap_err().is_newer(), is_newer, "{text}");
        }
        fs::write(&path, [0xff]).unwrap();
        assert!(!load(&path).unwrap_err().is_newer());
    }
}
