//! The state as a file: read whole, replaced whole, the version before kept as `.backup`. A file that
//! cannot be understood is never overwritten.

use std::path::{Path, PathBuf};

use drctl_core::state::{State, Unreadable};

use crate::files::{self, FileError};

/// Largest state that is read: a bound against reading something that is no state.
const MAX_STATE_BYTES: u64 = 256 << 20;

/// Where the state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFile {
    path: PathBuf,
}

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
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
    /// Somebody else has written it in the meantime.
    #[error("`{}` was changed by somebody else: it has serial {found} of lineage `{lineage}`", path.display())]
    Moved {
        /// The file.
        path: PathBuf,
        /// The serial found.
        found: u64,
        /// The lineage found.
        lineage: String,
    },
}

impl StateFile {
    /// The state in this file.
    pub fn new(path: impl Into<PathBuf>) -> StateFile {
        StateFile { path: path.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file with the version before.
    pub fn backup(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".backup");
        name.into()
    }

    /// Puts a file that is no state aside, so that a new one can be made; where it is now.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn set_aside(&self) -> Result<PathBuf, StateError> {
        let name = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(if number == 0 { ".unreadable".to_owned() } else { format!(".unreadable.{number}") });
            PathBuf::from(name)
        };
        let free = (0..).map(name).find(|path| path.symlink_metadata().is_err());
        let free = free.expect("there are more numbers than files in a folder");
        let moved = std::fs::rename(&self.path, &free);
        moved.map_err(|e| FileError::new("putting aside", &self.path, e))?;
        Ok(free)
    }

    /// Reads the state; none when there is no file.
    ///
    /// # Errors
    /// When the file cannot be read, is no state or of a newer format.
    pub fn load(&self) -> Result<Option<State>, StateError> {
        let Some(bytes) = files::read(&self.path, MAX_STATE_BYTES)? else { return Ok(None) };
        let unreadable = |source| StateError::Unreadable { path: self.path.clone(), source };
        let text = String::from_utf8(bytes).map_err(|e| unreadable(Unreadable::Malformed(e.to_string())))?;
        State::from_json(&text).map(Some).map_err(unreadable)
    }

    /// Writes the state with the next serial, after looking that the file still is what was read.
    ///
    /// # Errors
    /// When the file is not what was read, cannot be understood, or cannot be written. Then it is
    /// unchanged, and so is the serial.
    pub fn save(&self, state: &mut State) -> Result<(), StateError> {
        if let Some(found) = self.load()?.filter(|found| found.reference() != state.reference()) {
            let (found, lineage) = (found.serial, found.lineage);
            return Err(StateError::Moved { path: self.path.clone(), found, lineage });
        }
        let next = State { serial: state.serial + 1, ..state.clone() };
        files::replace_with_backup(&self.path, &self.backup(), next.to_json().as_bytes(), MAX_STATE_BYTES)?;
        *state = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_save_counts_and_keeps_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let file = StateFile::new(dir.path().join("drctl.state"));
        assert!(file.load().unwrap().is_none());
        let mut state = State::new("line");
        file.save(&mut state).unwrap();
        file.save(&mut state).unwrap();
        assert_eq!(file.load().unwrap().unwrap(), state);
        assert_eq!(StateFile::new(file.backup()).load().unwrap().unwrap().serial, 1);
    }

    #[test]
    fn what_is_not_understood_is_never_overwritten() {
        let newer = State::new("line").to_json().replace("\"1.0\"", "\"9.0\"");
        for text in [&newer, "", "garbage", "{\"format_version\": \"1.0\""] {
            let dir = tempfile::tempdir().unwrap();
            let file = StateFile::new(dir.path().join("drctl.state"));
            fs::write(file.path(), text).unwrap();
            assert!(matches!(file.load(), Err(StateError::Unreadable { .. })), "{text}");
            assert!(file.save(&mut State::new("line")).is_err(), "{text}");
            assert_eq!(fs::read_to_string(file.path()).unwrap(), *text);
            assert!(!file.backup().exists());
            for expected in ["drctl.state.unreadable", "drctl.state.unreadable.1"] {
                let aside = file.set_aside().unwrap();
                assert_eq!(aside, dir.path().join(expected));
                assert_eq!(fs::read_to_string(&aside).unwrap(), *text);
                fs::write(file.path(), text).unwrap();
            }
        }
    }

    #[test]
    fn a_state_that_somebody_else_wrote_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let file = StateFile::new(dir.path().join("drctl.state"));
        let (mut mine, mut theirs) = (State::new("line"), State::new("line"));
        file.save(&mut theirs).unwrap();
        assert!(matches!(file.save(&mut mine), Err(StateError::Moved { found: 1, .. })));
        assert_eq!(mine.serial, 0);
    }
}
