//! Backups made, verified and restored for real: PostgreSQL under load, pgBackRest, `pg_dump`, restic.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(missing_docs)]

mod buckets;
mod files;
mod full;
#[path = "../support/machine.rs"]
mod machine;
mod places;
mod recoveries;
mod s3;
#[path = "../../src/render/schema_check.rs"]
mod schema_check;
mod shop;
mod store;
mod tools;
#[cfg(feature = "aws")]
mod uploads;
