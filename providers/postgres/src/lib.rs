//! Backups of PostgreSQL by the tools that its people use: pgBackRest and `pg_dump`. Each command is run on
//! this machine as words that no shell sees, with the variables that the backup names and no others; what it
//! says is bounded and without secrets. What a tool refuses to tell is not known, never absent.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod archived;
pub mod canary;
mod connection;
mod dump;
pub mod pgbackrest;
mod replay;
mod server;
mod tool;
pub mod verify;

pub use archived::archived;
pub use dump::{Copy, Dumps, Expired, fetched};
pub use pgbackrest::{Archive, Repository, Stanza, info};
pub use replay::{can_replay, replay};
pub use server::{For, Programs, Served, serve};
pub use tool::Tool;
