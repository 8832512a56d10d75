//! Rules: what a provider's facts say about a planned change. A kind lists its rules beside its
//! attributes; the planner runs them all and puts the notes into the plan.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::addr::Address;
use crate::fact::{Fact, FactId};
use crate::lang::expr::Expr;
use crate::map::Map;
use crate::plan::Action;
use crate::provider::{Observed, Place};
use crate::schema::AttributeType;
use crate::value::Value;

/// What a rule says of a change, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The provider would refuse it, or it can never work: an error at plan.
    Refuse,
    /// There is no way back.
    Irreversible,
    /// Data is less protected afterwards.
    Weakens,
    /// The service is interrupted.
    Outage,
    /// It works, but not as one may think: a warning.
    Warn,
    /// Data is better protected afterwards.
    Strengthens,
    /// Worth knowing beside the change.
    Inform,
}

/// When a change takes effect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Timing {
    /// As soon as it is applied.
    Immediate,
    /// For what is written from now on; what exists stays as it is.
    NewDataOnly,
    /// When the server is restarted.
    Restart,
    /// In the next maintenance window.
    MaintenanceWindow(Box<Window>),
    /// Fully from this instant on.
    From {
        /// The instant.
        at: Timestamp,
    },
}

/// A maintenance window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// As the provider writes it: `sun:03:00-sun:04:00`.
    pub window: String,
    /// Its next start, when that can be told.
    pub at: Option<Timestamp>,
}

/// One thing a rule says of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The fact it rests on.
    pub fact: FactId,
    /// What it means for the reader.
    pub effect: Effect,
    /// The attribute it is about, when it is one: `object_lock.years`.
    pub attribute: Option<Cow<'static, str>>,
    /// Why, in one sentence without full stop, with the numbers: "11 days of restore points disappear".
    pub reason: Cow<'static, str>,
    /// What to do, in full sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// When it takes effect, when that is not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
}

impl Note {
    /// A note about an attribute.
    pub fn new(
        fact: &Fact,
        effect: Effect,
        attribute: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
    ) -> Note {
        Note {
            fact: fact.id(),
            effect,
            attribute: Some(attribute.into()),
            reason: reason.into(),
            help: None,
            timing: None,
        }
    }
    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Note {
        self.help = Some(help.into());
        self
    }
    /// Adds when it takes effect.
    #[must_use]
    pub fn timing(mut self, timing: Timing) -> Note {
        self.timing = Some(timing);
        self
    }
}

/// A rule of a kind.
#[derive(Clone, Copy)]
pub struct Rule {
    /// The fact it enforces.
    pub fact: &'static Fact,
    /// Says what the fact means for one resource as it is planned. Called for every resource of the
    /// kind, changed or not (`change.action`), so that lints see what stands as well.
    pub check: fn(change: &Change<'_>, world: &World<'_>) -> Vec<Note>,
}

/// One resource as a rule sees it: what is, and what will be.
#[derive(Clone, Copy)]
pub struct Change<'p> {
    /// Its address.
    pub address: &'p Address,
    /// What is planned.
    pub action: Action,
    /// What the provider has now.
    pub before: Option<&'p Observed>,
    /// What the configuration says, canonical where known. What is not written is not here.
    pub desired: &'p Map<String, Expr>,
    /// Attributes that drctl applied earlier and that are no longer written.
    pub removed: &'p [String],
    /// Where it is.
    pub place: Option<&'p Place>,
}

impl Change<'_> {
    /// The observed value of a top-level attribute, decoded.
    pub fn before<T: AttributeType>(&self, name: &str) -> Option<T> {
        let value = self.before?.attributes.get(name)?;
        T::from_value(value.clone()).ok()
    }
    /// The value after this change: what is written and known, else what is observed. `None` when it
    /// is written but not known yet, unset on both sides, or unobserved.
    pub fn after<T: AttributeType>(&self, name: &str) -> Option<T> {
        match self.desired.get(name) {
            Some(expr) => T::from_value(expr.value().filter(|v| *v != Value::Null)?).ok(),
            None if self.removed.iter().any(|r| r == name) => None,
            None => self.before(name),
        }
    }
    /// Whether the value of a written attribute is not known yet.
    pub fn is_open(&self, name: &str) -> bool {
        self.desired.get(name).is_some_and(|e| e.value().is_none())
    }
    /// Whether the attribute is written in the configuration.
    pub fn is_written(&self, name: &str) -> bool {
        self.desired.contains_key(name)
    }
    /// Before and after, when both are known and differ.
    pub fn changes<T: AttributeType + PartialEq>(&self, name: &str) -> Option<(T, T)> {
        let (before, after) = (self.before::<T>(name)?, self.after::<T>(name)?);
        (before != after).then_some((before, after))
    }
}

/// Another resource of the configuration, as a rule sees it from outside.
#[derive(Clone, Copy)]
pub struct Peer<'p> {
    /// The peer as a change.
    pub change: Change<'p>,
    /// Its kind, as text.
    pub kind: &'p str,
}

/// What a rule may ask about everything else. Implemented by the planner.
pub trait Peers {
    /// The resource an expression refers to with a plain reference, such as `aws_s3_bucket.dr.arn`;
    /// or, for a known value, the resource of which some output or identity equals it.
    fn target(&self, of: &Address, attribute: &[&str]) -> Option<Peer<'_>>;
    /// All resources of a kind.
    fn of_kind(&self, kind: &str) -> Vec<Peer<'_>>;
}

/// The surroundings of a change.
#[derive(Clone, Copy)]
pub struct World<'p> {
    /// The other resources.
    pub peers: &'p dyn Peers,
    /// The time of planning.
    pub now: Timestamp,
    /// When what is observed of the resource was observed: what its age is measured at.
    pub seen_at: Timestamp,
}
