//! One file per command: load, stop on diagnostics, call core and engine, render, exit.

pub(crate) mod advise;
pub(crate) mod apply;
pub(crate) mod backup;
pub(crate) mod backups;
pub(crate) mod drill;
pub(crate) mod due;
pub(crate) mod explain;
pub(crate) mod findings;
pub(crate) mod graph;
pub(crate) mod import;
pub(crate) mod kinds;
pub(crate) mod kit;
pub(crate) mod objectives;
pub(crate) mod plan;
pub(crate) mod points;
pub(crate) mod ready;
pub(crate) mod recover;
pub(crate) mod scenarios;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod sim;
pub(crate) mod snapshot;
pub(crate) mod state;
pub(crate) mod timeline;
pub(crate) mod validate;
pub(crate) mod version;
