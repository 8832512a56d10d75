//! How things look. What things are is decided elsewhere.

pub(crate) mod advise;
pub(crate) mod alerts;
pub(crate) mod applied;
pub(crate) mod base;
pub(crate) mod diagnostics;
pub(crate) mod diff;
pub(crate) mod downtimes;
pub(crate) mod drill;
pub(crate) mod due;
pub(crate) mod findings;
pub(crate) mod graph;
pub(crate) mod history;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod kit;
mod lateness;
pub(crate) mod markdown;
pub(crate) mod objectives;
pub(crate) mod palette;
mod people;
pub(crate) mod plan;
pub(crate) mod points;
pub(crate) mod progress;
pub(crate) mod record;
pub(crate) mod recovery;
pub(crate) mod run;
pub(crate) mod runbook;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod sarif;
#[cfg(test)]
pub(crate) mod schema_check;
pub(crate) mod script;
pub(crate) mod source;
pub(crate) mod steps;
pub(crate) mod system;
pub(crate) mod text;
pub(crate) mod timeline;
pub(crate) mod value;
pub(crate) mod view;
