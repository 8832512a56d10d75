//! The typed configuration and how a body becomes one.

mod block;
mod check;
mod declared;
mod load;
mod managed;
mod model;
mod moved;
mod resource;
mod settings;
mod steps;
pub mod variables;

pub use load::load;
pub use model::{
    Accept, Config, Import, Moved, Output, ProviderBlock, Resource, Settings, Validation, Variable,
};
pub use settings::instant;
