//! Why a command stopped, folded into what is printed and how the process ends.

use std::io;

use drctl_core::codes::Code;
use drctl_core::diag::{Diagnostic, Diagnostics};
use drctl_core::span::SourceMap;

use crate::exit::Exit;

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Diagnostics with the source they point into.
    Diagnostics(Box<Reported>),
    /// The answer could not be written.
    Output(io::Error),
}

/// Diagnostics, what is needed to show them, and how the process ends.
#[derive(Debug, Default)]
pub(crate) struct Reported {
    /// What is wrong.
    pub(crate) diagnostics: Diagnostics,
    /// The files they point into.
    pub(crate) sources: SourceMap,
    /// Ranges that must not be shown.
    pub(crate) hidden: Vec<drctl_core::span::Span>,
    /// How the process ends.
    pub(crate) exit: Exit,
}

impl Failure {
    /// One thing that is wrong, with what to do about it.
    pub(crate) fn new(code: Code, headline: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure::from(Diagnostic::error_nowhere(code, headline).help(help))
    }

    /// The same, ending the process otherwise.
    #[must_use]
    pub(crate) fn exit(mut self, exit: Exit) -> Failure {
        if let Failure::Diagnostics(reported) = &mut self {
            reported.exit = exit;
        }
        self
    }
}

impl Failure {
    /// What is wrong, in a sentence.
    pub(crate) fn headline(&self) -> String {
        match self {
            Failure::Diagnostics(reported) => {
                reported.diagnostics.iter().next().map(|first| first.headline.clone()).unwrap_or_default()
            }
            Failure::Output(error) => error.to_string(),
        }
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Failure {
        let mut diagnostics = Diagnostics::default();
        diagnostics.push(diagnostic);
        Failure::Diagnostics(Box::new(Reported { diagnostics, exit: Exit::Error, ..Reported::default() }))
    }
}

impl From<Reported> for Failure {
    fn from(reported: Reported) -> Failure {
        Failure::Diagnostics(Box::new(reported))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}
