//! Diagnostics: the user's text or world is wrong. They are collected, not thrown: a stage returns
//! what it could make and the list. Source text is attached where they are rendered, in `cli`.

use serde::{Deserialize, Serialize};

use crate::addr::Address;
use crate::codes::Code;
use crate::fact::FactId;
use crate::span::Span;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is planned or applied.
    Error,
    /// Work goes on.
    Warning,
    /// Worth knowing.
    Note,
}

/// A place in the source and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is wrong *here*, without capital and full stop.
    pub text: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// A short fixed headline, without full stop.
    pub headline: String,
    /// The subject first, then other places involved. Empty when no source is to blame.
    pub labels: Vec<Label>,
    /// What to do: full sentences.
    pub help: Option<String>,
    /// The resource it is about, where there is one.
    pub address: Option<Address>,
    /// The facts it rests on.
    pub facts: Vec<FactId>,
}

impl Diagnostic {
    /// An error at a place: the headline, and what is wrong here.
    pub fn error(
        code: Code,
        headline: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            headline: headline.into(),
            labels: vec![Label { span, text: label.into() }],
            help: None,
            address: None,
            facts: Vec::new(),
        }
    }

    /// An error without a place in the source.
    pub fn error_nowhere(code: Code, headline: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            headline: headline.into(),
            labels: Vec::new(),
            help: None,
            address: None,
            facts: Vec::new(),
        }
    }

    /// The same as a warning.
    #[must_use]
    pub fn warning(mut self) -> Diagnostic {
        self.severity = Severity::Warning;
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Names the resource it is about.
    #[must_use]
    pub fn about(mut self, address: Address) -> Diagnostic {
        self.address = Some(address);
        self
    }

    /// Adds a fact it rests on.
    #[must_use]
    pub fn fact(mut self, fact: FactId) -> Diagnostic {
        self.facts.push(fact);
        self
    }
}

/// A list of diagnostics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds all of another list.
    pub fn extend(&mut self, more: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(more);
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Sorted by file, offset, code and headline, without exact repetitions.
    #[must_use]
    pub fn sorted(mut self) -> Diagnostics {
        fn key(d: &Diagnostic) -> (bool, Option<Span>, Code, &str) {
            let span = d.labels.first().map(|l| l.span);
            (span.is_none(), span, d.code, &d.headline)
        }
        self.0.sort_by(|a, b| key(a).cmp(&key(b)));
        self.0.dedup();
        self
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
