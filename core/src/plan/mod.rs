//! The planner: configuration, observed world, state and time in; a plan out. The plan is a value:
//! it names what it was made from and leaves nothing to decide.

mod model;
mod world;

pub use model::*;
pub use world::{Observation, ReadRequest, World};
