//! The engine against a toy cloud in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ahead;
mod before;
mod commander;
mod copies;
mod execute;
mod killed;
mod messages;
mod observe;
mod said;
mod seeds;
mod toy;
mod verbs;
mod world;
