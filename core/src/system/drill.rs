//! `drill "NAME" { … }`: a scenario that is rehearsed again and again.

use jiff::SignedDuration;

use super::day::Day;
use super::reference::{ContactRef, ProcedureRef, ScenarioRef};

/// A scenario that is rehearsed again and again.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Drill {
    /// What it is.
    pub description: Option<String>,
    /// What is rehearsed; with none, the procedure alone.
    pub scenario: Option<ScenarioRef>,
    /// The steps of the rehearsal, when they are others than those of the scenario.
    pub procedure: Option<ProcedureRef>,
    /// How often.
    pub every: SignedDuration,
    /// Who sees to it.
    pub owner: Option<ContactRef>,
    /// The day on which it was done last.
    pub last: Option<Day>,
}
