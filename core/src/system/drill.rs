//! `drill "NAME" { … }`: a scenario that is rehearsed again and again.

use jiff::SignedDuration;

use super::day::Day;
use super::late::Target;
use super::reference::{ContactRef, ProcedureRef, ScenarioRef};
use crate::schema::Invalid;

/// A scenario that is rehearsed again and again.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Drill::check)]
pub struct Drill {
    /// What it is.
    pub description: Option<String>,
    /// What is rehearsed; with none, the procedure alone.
    pub scenario: Option<ScenarioRef>,
    /// The steps of the rehearsal, when they are others than those of the scenario.
    pub procedure: Option<ProcedureRef>,
    /// What the steps touch instead of what the scenario's `target` names: every name that it gives.
    pub target: Option<Target>,
    /// Names of the scenario's `target` that a drill uses as they are: a region, a size, nothing that is in use.
    pub shared: Option<Vec<String>>,
    /// How often.
    pub every: SignedDuration,
    /// Who sees to it.
    pub owner: Option<ContactRef>,
    /// The day on which it was done last.
    pub last: Option<Day>,
}

impl Drill {
    /// A name has one value.
    fn check(self) -> Result<Drill, Invalid> {
        let own = |name: &String| self.target.as_ref().is_some_and(|target| target.0.contains_key(name));
        match self.shared.iter().flatten().find(|name| own(name)) {
            Some(name) => {
                Err(Invalid::new(format!("`{name}` has a value of its own in `target`")).below("shared"))
            }
            None => Ok(self),
        }
    }
}
