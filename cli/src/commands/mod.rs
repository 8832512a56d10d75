//! One file per command: load, stop on diagnostics, call core and engine, render, exit.

pub(crate) mod sim;
pub(crate) mod version;
