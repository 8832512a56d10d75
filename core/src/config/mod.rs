//! The typed configuration and how a body becomes one.

mod backup;
mod block;
mod check;
mod load;
mod model;
mod resource;
mod settings;
pub mod variables;

pub use load::load;
pub use model::{
    Accept, Backup, Config, Datastore, Import, Output, ProviderBlock, Resource, Scenario, Settings,
    Validation, Variable,
};
pub use settings::instant;
