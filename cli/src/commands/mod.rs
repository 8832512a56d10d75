//! One file per command: load, stop on diagnostics, call core and engine, render, exit.

pub(crate) mod kinds;
pub(crate) mod sim;
pub(crate) mod state;
pub(crate) mod version;
