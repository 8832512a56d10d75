//! Observes and executes: everything that waits, reads files or calls a provider. The planner
//! decides and the run state machine orders; the engine does it and writes down what happened.
//!
//! [`observe`] fills core's world within budgets, [`execute`] carries a plan out. Between them stand
//! the [`lock`], held from reading the state to the last journal entry, the [`journal`], which is
//! synced before and after each effect, and the [`state_file`], its checkpoint.

pub mod alerts;
pub mod backups;
mod carry;
pub mod claim;
pub mod clock;
pub mod commander;
pub mod connect;
pub mod diagnose;
pub mod execute;
pub mod faults;
pub mod files;
mod flight;
pub mod hooks;
pub mod journal;
pub mod journal_copy;
pub mod last_world;
pub mod lock;
pub mod messages;
pub mod observe;
mod refuse;
pub mod reporter;
pub mod runs;
pub mod said;
mod said_copy;
pub mod session;
pub mod state_file;
mod step;
pub mod telling;
pub mod typed;
pub mod verbs;
