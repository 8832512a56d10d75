//! The planner: configuration, observed world, state and time in; a plan out. The plan is a value:
//! it names what it was made from and leaves nothing to decide.

mod accept;
mod base;
mod canonical;
mod check;
mod compare;
mod decide;
mod diff;
mod digest;
mod expand;
mod instance;
mod keys;
mod late;
mod managed;
mod model;
mod notes;
mod order;
mod peers;
mod planner;
mod providers;
mod resolve;
mod scope;
mod select;
mod source;
mod system;
mod text;
mod walk;
mod world;

pub use accept::Protection;
pub use base::{Base, Comparison, since};
pub(crate) use canonical::canonical;
pub use check::check;
pub use digest::sha256_hex;
pub use expand::{Expanded, expanded};
pub use instance::{Instance, Origin, requests};
pub use keys::MAX_INSTANCES;
pub use managed::managed;
pub use model::*;
pub use planner::{FORMAT_VERSION, Input, plan, plan_expanded};
pub use providers::providers;
pub use resolve::{Progress, resolve};
pub use source::Lines;
pub use system::{Rehearsed, bound, rehearsed, system};
pub use text::loops;
pub use world::{Basis, Earlier, Observation, ReadRequest, World};
