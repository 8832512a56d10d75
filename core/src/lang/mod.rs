//! The configuration language: text to tree to values.

pub mod expr;
pub mod functions;
pub mod types;
