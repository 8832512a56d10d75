//! The last observed world as a file: read whole, replaced whole. It is a cache of what the providers
//! know better: losing it costs only what can be told while they do not answer.

use std::path::{Path, PathBuf};

use drctl_core::last_world::{LastWorld, Unreadable};

use crate::files::{self, FileError};

/// Largest file that is read: a bound against reading something else.
const MAX_BYTES: u64 = 256 << 20;

/// Why the file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LastWorldError {
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
    use std::fs;
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
