//! `waiver "NAME" { … }`: a finding that somebody has decided to live with, until a day.

use jiff::Timestamp;

use super::reference::ContactRef;
use crate::config::instant;
use crate::findings::RuleId;
use crate::schema::{ANY_BLOCK, AttributeType, Invalid, Type};
use crate::value::Value;

/// A finding that somebody has decided to live with. It is still shown, last, and counts for nothing
/// until the day is over.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Waiver {
    /// The rule whose findings are waived.
    pub finding: RuleId,
    /// The blocks that it is waived for; with none, for all.
    pub of: Option<Vec<AnyRef>>,
    /// Why it may be lived with.
    pub reason: String,
    /// Who has decided that.
    pub owner: ContactRef,
    /// The last day, or the instant, that it is in force.
    pub until: Until,
}

/// The address of any block or resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnyRef(pub String);

impl AttributeType for AnyRef {
    const TYPE: Type = Type::Reference(ANY_BLOCK);
    fn from_value(value: Value) -> Result<AnyRef, Invalid> {
        let text = value.as_str().map(str::to_owned);
        text.map(AnyRef).ok_or_else(|| Invalid::wrong_type("the address of a block", &value))
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// An instant, written so or as a day, which means its end in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Until(pub Timestamp);

impl AttributeType for Until {
    const TYPE: Type = Type::String("a day such as \"2026-12-31\" or an instant");
    fn from_value(value: Value) -> Result<Until, Invalid> {
        let text = value.as_str().ok_or_else(|| Invalid::wrong_type("a day", &value))?;
        instant(text).map(Until).map_err(Invalid::new)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}
