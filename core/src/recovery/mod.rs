//! Recovery planning: what a loss takes away, what is left to come back from, and the ordered steps.
//! A pure function of components, loss and time; derived from the graph, never written down.

pub mod candidate;
pub mod check;
pub mod components;
pub mod model;
pub mod planner;
mod steps;

pub use check::check;
pub use components::{components, datastores};
pub use model::*;
pub use planner::{readable, recover};
