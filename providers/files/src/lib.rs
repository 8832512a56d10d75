//! Backups of files by restic: snapshots made, listed, verified. Each command is run on this machine as words
//! that no shell sees, with the variables that the backup names and no others; the password comes from one of
//! these or from a file, and is never shown. What restic refuses to tell is not known, never absent.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod restic;
mod verify;

pub use restic::Snapshots;
pub use verify::{Subject, verify};
