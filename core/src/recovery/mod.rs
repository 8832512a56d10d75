//! Recovery planning: what a loss takes away, what is left to come back from, and the ordered steps.
//! A pure function of components, loss and time; derived from the graph, never written down.

pub mod action;
mod backups;
pub mod candidate;
pub mod check;
pub(crate) mod choose;
pub mod components;
pub mod dependents;
pub mod exposed;
mod follow;
pub mod groups;
pub mod held;
pub mod hit;
pub mod inventory;
mod judge;
pub mod loss;
pub mod lost;
pub mod model;
pub mod needed;
mod people;
mod phases;
mod pivot;
pub mod places;
pub mod planner;
mod splice;
mod steps;
mod unprotected;
mod waits;
mod weave;
mod written;

pub use action::{Action, Carried, Surroundings};
pub use check::check;
pub use components::components;
pub use dependents::Dependents;
pub use exposed::Exposed;
pub use groups::{Group, Member, groups};
pub use held::{Held, held};
pub use hit::Hit;
pub use inventory::{Components, Inventory};
pub use loss::{Loss, accounts, regions};
pub use lost::{Lost, Taken};
pub use model::*;
pub use needed::{Needed, needed};
pub use places::Places;
pub use planner::{numbered, readable, recover, run_id, way_back};
