//! The AWS port as a strict, deterministic cloud: in memory for tests, in a folder for `drctl sim`.
//!
//! [`SimWorld`] is everything there is, as data; [`Sim`] keeps one, in memory or in a file, and hands
//! out [`Cloud`](drctl_aws::port::Cloud)s bound to an account and a region. Every rule cites the fact
//! it enforces, in the code and in the error. The same seed and the same calls give the same world.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failing test should say where"))]

pub mod admin;
mod chance;
mod check;
mod clock;
mod cloud;
mod drift;
mod error;
mod gate;
pub mod objects;
mod rds;
mod restore;
mod s3;
mod s3_rules;
mod seed;
mod stale;
mod store;
mod uploads;
mod versions;
mod window;
pub mod world;

pub use error::SimError;
pub use store::{Call, Sim};
pub use world::SimWorld;
