//! The program over the wire: `drctl` itself, as people run it, against servers that others wrote, checked
//! with a client that others wrote. `cli/tests/wire/setup` installs those.
//!
//! Where a server is wrong against the facts, a test named `deviation_…` says so; drctl never adapts to it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bounds;
mod buckets;
mod copies;
mod databases;
mod drift;
#[path = "../../../providers/aws/sdk/tests/wire/harness/mod.rs"]
#[expect(dead_code, reason = "the harness is shared with the adapter's tests, which use more of it")]
mod harness;
mod losses;
mod program;
