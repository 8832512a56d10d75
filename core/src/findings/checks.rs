//! What a team has written down to be true, and is not.

use serde::{Deserialize, Serialize};

use super::{Finding, RuleId, Subject};
use crate::addr::Name;
use crate::diag::Severity;
use crate::system::{Gravity, System};

/// A `check` block and whether what it asserts is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The check.
    pub name: Name,
    /// Whether it is true.
    pub holds: bool,
    /// What is wrong when it is not.
    pub message: String,
}

/// Every `check` block, by name.
pub fn checked(system: &System) -> Vec<Checked> {
    let all = system.checks.iter();
    all.map(|(name, check)| Checked {
        name: name.clone(),
        holds: check.is.assert,
        message: check.is.message.clone(),
    })
    .collect()
}

/// Those that are not true.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (name, check) in subject.system.checks.iter().filter(|(_, check)| !check.is.assert) {
        let severity = match check.is.severity {
            Gravity::Error => Severity::Error,
            Gravity::Warning => Severity::Warning,
            Gravity::Note => Severity::Note,
        };
        let summary = check.is.message.trim_end_matches('.');
        let span = check.written.at(&["assert"]);
        let why = check.is.description.clone();
        found.push(
            Finding::new(RuleId::FailedCheck, format!("check.{name}"), span, summary)
                .why(
                    why.unwrap_or_else(|| {
                        "What this configuration asserts of itself is not true.".to_owned()
                    }),
                )
                .fix("Correct what the check looks at, or the check.")
                .graded(severity),
        );
    }
}
