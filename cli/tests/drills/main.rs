//! The drills of the examples, carried out for real: PostgreSQL, pgBackRest, restic, Redis, pm2 and git are
//! what they are; where a platform or another host would be called, a program of `testdata/stand-ins` keeps its
//! state in files, and later steps are answered from them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(missing_docs)]

mod billing;
mod bizcard;
mod certificates;
mod inventory;
#[path = "../support/machine.rs"]
#[expect(dead_code, reason = "the tests of backups use more of it")]
mod machine;
mod names;
mod stage;
mod vatevo;
