//! Files that are never half written: a new version is written beside the old one, synced, and put
//! in its place in one move. Readable by the owner alone.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use drctl_core::plan::sha256_hex;
use tempfile::NamedTempFile;

/// Something could not be done with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The disk is full. What was there before is unchanged.
    #[error("{doing} `{}`: the disk is full; what was there before is unchanged", path.display())]
    DiskFull {
        /// "writing".
        doing: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The file is larger than any that drctl writes.
    #[error("`{}` is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound.
        limit: u64,
    },
    /// Anything else.
    #[error("{doing} `{}`: {source}", path.display())]
    Io {
        /// "reading".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
}

impl FileError {
    /// Names what was being done and to which file.
    pub(crate) fn new(doing: &'static str, path: &Path, source: io::Error) -> FileError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FileError::DiskFull { doing, path },
            _ => FileError::Io { doing, path, source },
        }
    }
}

/// A name as that of a file or folder: no name leads elsewhere, and no two names to the same.
pub fn plain_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.chars().all(plain) && (1..=100).contains(&name.len()) {
        return name.to_owned();
    }
    let kept: String = name.chars().map(|c| if plain(c) { c } else { '-' }).take(60).collect();
    let digest = sha256_hex(name.as_bytes());
    format!("{kept}.{}", &digest[..16])
}

/// The bytes of a file; none when there is no such file.
///
/// # Errors
/// When it cannot be read or is larger than the limit.
pub fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, FileError> {
    let failed = |e| FileError::new("reading", path, e);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(Some(bytes))
}

/// Puts these bytes in the file's place: after a crash at any moment the file is the old or the new
/// one, whole.
///
/// # Errors
/// When any part of it fails; then the old file is still there.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace_with(path, |file| file.write_all(bytes))
}

/// As [`replace`], for what is written piece by piece.
///
/// # Errors
/// As [`replace`], and when the writing fails.
pub fn replace_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> Result<(), FileError> {
    let new = beside(path, write)?;
    new.persist(path).map_err(|e| FileError::new("writing", path, e.error))?;
    sync_directory(directory_of(path))
}

/// As [`replace`], where there is no such file. One that is there stays.
///
/// # Errors
/// As [`replace`].
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    match beside(path, |file| file.write_all(bytes))?.persist_noclobber(path) {
        Ok(_) => sync_directory(directory_of(path)),
        Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(FileError::new("writing", path, e.error)),
    }
}

/// Writes a file that is yet to be put in its place.
fn beside(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> Result<NamedTempFile, FileError> {
    let failed = |e| FileError::new("writing", path, e);
    let dir = directory_of(path);
    fs::create_dir_all(dir).map_err(failed)?;
    // `tempfile` creates with mode 600, which the move keeps.
    let mut new = tempfile::Builder::new().prefix(".drctl-").tempfile_in(dir).map_err(failed)?;
    let mut file = BufWriter::new(new.as_file_mut());
    write(&mut file).and_then(|()| file.flush()).map_err(failed)?;
    drop(file);
    new.as_file().sync_all().map_err(failed)?;
    Ok(new)
}

/// Removes a file. One that is not there counts as removed.
///
/// # Errors
/// When the system refuses.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(FileError::new("removing", path, e)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// As [`replace`], keeping a copy of what was there before under another name.
///
/// # Errors
/// As [`replace`]; when the copy fails, nothing is changed.
pub fn replace_with_backup(path: &Path, backup: &Path, bytes: &[u8], limit: u64) -> Result<(), FileError> {
    if let Some(before) = read(path, limit)? {
        replace(backup, &before)?;
    }
    replace(path, bytes)
}

/// Gives a file another name, and waits until that is on the disk.
///
/// # Errors
/// When the system refuses.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::create_dir_all(directory_of(to)).map_err(|e| FileError::new("creating the folder of", to, e))?;
    fs::rename(from, to).map_err(|e| FileError::new("renaming", from, e))?;
    sync_directory(directory_of(from))?;
    sync_directory(directory_of(to))
}

/// Writes and waits until it is on the disk.
pub(crate) fn write_synced(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// A new name in a directory is only durable once the directory itself is synced.
pub(crate) fn sync_directory(dir: &Path) -> Result<(), FileError> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(|e| FileError::new("syncing", dir, e))
}

/// The directory that a file stands in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn replacing_keeps_the_version_before_and_only_the_owner_reads() {
        let dir = tempfile::tempdir().unwrap();
        let (path, backup) = (dir.path().join("new/state"), dir.path().join("new/state.backup"));
        for text in ["one", "two", "three"] {
            replace_with_backup(&path, &backup, text.as_bytes(), 100).unwrap();
        }
        assert_eq!(read(&path, 100).unwrap().unwrap(), b"three");
        assert_eq!(read(&backup, 100).unwrap().unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path().join("new")).unwrap().count(), 2, "no temporary file is left");
    }

    #[test]
    fn a_failed_replacement_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "x").unwrap();
        assert!(replace(&path, b"new").is_err());
        assert_eq!(fs::read_to_string(path.join("inside")).unwrap(), "x");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_full_disk_is_said_to_be_full() {
        let mut full = File::options().write(true).open("/dev/full").unwrap();
        let error = FileError::new("writing", Path::new("state"), write_synced(&mut full, b"x").unwrap_err());
        assert_eq!(
            error.to_string(),
            "writing `state`: the disk is full; what was there before is unchanged"
        );
    }

    #[test]
    fn a_missing_file_is_none_and_a_huge_one_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        assert!(read(&path, 3).unwrap().is_none());
        fs::write(&path, "four").unwrap();
        assert!(matches!(read(&path, 3), Err(FileError::TooLarge { limit: 3, .. })));
    }
}
