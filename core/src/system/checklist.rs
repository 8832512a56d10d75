//! `checklist "NAME" { … }`: what is looked at before, during or after every recovery.

use super::reference::{ContactRef, ScenarioRef};

crate::words! {
    /// When a list is gone through.
    When {
        /// Before the first step.
        Before = "before",
        /// Beside the steps.
        During = "during",
        /// After the last step.
        After = "after",
    }
    "one of before, during, after"
}

/// What is looked at before, during or after the steps of a recovery.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Checklist {
    /// What it is for.
    pub description: Option<String>,
    /// The scenarios that it is for; with none, all.
    pub scenarios: Option<Vec<ScenarioRef>>,
    /// When.
    pub when: When,
    /// What is looked at, in this order.
    pub items: Vec<String>,
    /// Who does that.
    pub owner: Option<ContactRef>,
}

impl serde::Serialize for When {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
