//! The typed configuration and how a body becomes one.

mod block;
mod body;
mod check;
mod declared;
mod load;
mod managed;
mod model;
mod moved;
mod refers;
mod resource;
mod settings;
mod steps;
pub mod variables;

pub use load::load;
pub use model::{
    Accept, Config, Import, Moved, Output, ProviderBlock, Resource, Settings, Validation, Variable,
};
pub use settings::instant;
