//! What is wrong with a schedule, and where in its text.

use std::ops::Range;

/// Which of the texts of a schedule is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The expression, or the duration of a rate.
    Expression,
    /// The time zone.
    Zone,
}

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Wrong {
    /// Which text.
    pub part: Part,
    /// The bytes of it.
    pub at: Range<usize>,
    /// What is wrong, without capital and full stop.
    pub message: String,
    /// What to do: full sentences.
    pub help: Option<String>,
}

impl Wrong {
    pub(super) fn expression(at: Range<usize>, message: impl Into<String>) -> Wrong {
        Wrong { part: Part::Expression, at, message: message.into(), help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Wrong {
        Wrong { help: Some(help.into()), ..self }
    }
}
