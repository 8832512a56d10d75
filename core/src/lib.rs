//! The pure part of drctl: addresses, values, the configuration language, the planner, objectives,
//! recovery planning and the run state machine.
//!
//! Nothing here does I/O: no runtime, file system, environment, clock or printing. What the outside
//! world knows comes in as values ([`plan::Input`]), what is decided goes out as values
//! ([`plan::Plan`]). See `ARCHITECTURE.md` for the pipeline.

extern crate self as drctl_core;

pub mod addr;
pub mod advise;
pub mod alert;
pub mod codes;
pub mod config;
pub mod depot;
pub mod diag;
pub mod due;
pub mod duration;
pub mod fact;
pub mod findings;
pub mod graph;
pub mod json;
pub mod kit;
pub mod lang;
pub mod last_world;
pub mod map;
pub mod objective;
pub mod objects;
pub mod plan;
pub mod protection;
pub mod provider;
pub mod rebuild;
pub mod recovery;
pub mod rule;
pub mod run;
pub mod schedule;
pub mod schema;
pub mod secret;
pub mod size;
pub mod span;
pub mod spread;
pub mod state;
pub mod stored;
pub mod system;
pub mod text;
pub mod timeline;
pub mod value;

pub use drctl_derive::Attributes;
