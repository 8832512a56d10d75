//! How the process ends: one enum, and which ending stands when several apply.

use std::process::ExitCode;

/// How a command ended. The numbers are a contract with pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Exit {
    /// All is well.
    #[default]
    Success,
    /// Something went wrong: configuration, provider, usage.
    Error,
    /// `--detailed-exitcode`: the plan has changes.
    Changes,
    /// An objective is missed, or something has no way back.
    Objective,
    /// `--check-protection`: the plan weakens protection or is irreversible, unaccepted.
    Weakens,
    /// `--fail-on`: a finding of that severity or worse.
    Finding,
    /// `--require-complete`: something is unobserved or was left out.
    Incomplete,
    /// Somebody else holds the lock, or a recovery is open.
    Locked,
    /// The saved plan is stale, or is not the one that was reviewed.
    Stale,
    /// A recovery or drill has stopped at a step that failed or waits; it can be gone on with.
    Stopped,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Error => 1,
            Exit::Changes => 2,
            Exit::Objective => 3,
            Exit::Weakens => 4,
            Exit::Finding => 5,
            Exit::Incomplete => 6,
            Exit::Locked => 7,
            Exit::Stale => 8,
            Exit::Stopped => 9,
            Exit::Interrupted => 130,
        }
    }

    /// Lower stands before higher when several apply.
    fn rank(self) -> u8 {
        match self {
            Exit::Interrupted => 0,
            Exit::Error => 1,
            Exit::Locked => 2,
            Exit::Stale => 3,
            Exit::Stopped => 4,
            Exit::Incomplete => 5,
            Exit::Weakens => 6,
            Exit::Objective => 7,
            Exit::Finding => 8,
            Exit::Changes => 9,
            Exit::Success => 10,
        }
    }

    /// The one of the two that stands.
    #[must_use]
    pub(crate) fn and(self, other: Exit) -> Exit {
        if other.rank() < self.rank() { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_exit_stands_in_the_documented_order() {
        let order = [
            Exit::Interrupted,
            Exit::Error,
            Exit::Locked,
            Exit::Stale,
            Exit::Stopped,
            Exit::Incomplete,
            Exit::Weakens,
            Exit::Objective,
            Exit::Finding,
            Exit::Changes,
            Exit::Success,
        ];
        for (i, worse) in order.iter().enumerate() {
            for better in &order[i..] {
                assert_eq!(worse.and(*better), *worse);
                assert_eq!(better.and(*worse), *worse);
            }
        }
    }
}
