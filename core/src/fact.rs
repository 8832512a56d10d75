//! Facts about providers that drctl relies on: data with an id, a source and a text.
//! The same id stands in diagnostics, in the plan and in the name of the test that enforces it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of a fact, such as `S3` or `R2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactId(pub Cow<'static, str>);

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One fact, as it stands in a provider's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// `S1`, `R2`, `B3` …
    pub id: &'static str,
    /// The fact in one sentence.
    pub text: &'static str,
    /// Where it is written down.
    pub source: &'static str,
    /// Whether it is general knowledge that was not checked against a source; users are told so.
    pub general_knowledge: bool,
}

impl Fact {
    /// Its id.
    pub fn id(&self) -> FactId {
        FactId(Cow::Borrowed(self.id))
    }
}
