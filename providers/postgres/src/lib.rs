//! Backups of PostgreSQL by the tools that its people use: pgBackRest. Each command is run on this machine
//! as words that no shell sees, with the variables that the backup names and no others; what it says is
//! bounded and without secrets. What a tool refuses to tell is not known, never absent.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod pgbackrest;
mod tool;

pub use pgbackrest::{Archive, Repository, Stanza, info};
pub use tool::Tool;
