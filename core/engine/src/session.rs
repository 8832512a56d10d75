//! What a command that writes holds on to: the lock, the state it was given, and what an earlier run
//! left open. Reading without writing needs none of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use drctl_core::state::State;

use crate::clock::Clock;
use crate::journal::{self, JournalError, Replayed};
use crate::lock::{Holder, Lock, LockError, lock_path};
use crate::state_file::{StateError, StateFile};

/// Where drctl keeps its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The state.
    pub state: PathBuf,
    /// The folder of the journals.
    pub data: PathBuf,
}

impl Paths {
    /// The journal of the open run.
    pub fn journal(&self) -> PathBuf {
        self.data.join("journal.jsonl")
    }
    /// The journals of finished runs.
    pub fn history(&self) -> PathBuf {
        self.data.join("journals")
    }
    /// The lock.
    pub fn lock(&self) -> PathBuf {
        lock_path(&self.state)
    }
}

/// Why a session could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
    /// The journal of an earlier run.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// An open session. The lock is held until it is dropped.
#[derive(Debug)]
pub struct Session {
    /// The lock.
    pub lock: Lock,
    /// The state as it was read, or as last saved.
    pub state: Option<State>,
    /// What an earlier run left open: it was killed.
    pub leftover: Option<Replayed>,
    paths: Paths,
}

impl Session {
    /// Takes the lock, then reads state and journal.
    ///
    /// # Errors
    /// When another process holds the lock for longer than the timeout, or something cannot be read.
    pub async fn open(
        paths: Paths,
        holder: &Holder,
        timeout: Duration,
        clock: &dyn Clock,
    ) -> Result<Session, SessionError> {
        let lock = Lock::acquire(&paths.lock(), holder, timeout, clock).await?;
        let state = StateFile::new(&paths.state).load()?;
        let leftover = journal::replay(&paths.journal())?;
        Ok(Session { lock, state, leftover, paths })
    }

    /// Writes the state.
    ///
    /// # Errors
    /// When it cannot be written; what is on the disk is unchanged.
    pub fn save(&mut self) -> Result<(), StateError> {
        match &mut self.state {
            Some(state) => StateFile::new(&self.paths.state).save(state),
            None => Ok(()),
        }
    }

    /// Where the files are.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Puts the journal of a killed run aside, or one that ends within its first line.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn clear_leftover(&mut self) -> Result<(), JournalError> {
        let journal = self.paths.journal();
        if !Path::new(&journal).exists() {
            return Ok(());
        }
        let run = self.leftover.take().map_or("torn".to_owned(), |l| l.header.run);
        journal::archive(&journal, &self.paths.history(), &run)
    }
}
