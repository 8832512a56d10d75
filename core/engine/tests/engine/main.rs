//! The engine against a toy cloud in memory.

mod execute;
mod observe;
mod toy;
mod world;
