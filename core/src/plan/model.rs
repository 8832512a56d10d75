//! The plan as a value: it names what it was made from and leaves nothing to decide.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::addr::{Address, ProviderAddress};
use crate::findings::{Checked, Placed};
use crate::lang::expr::Expr;
use crate::map::Map;
use crate::objective::Judgement;
use crate::provider::{Id, Observed, Pending, Place, Unobserved};
use crate::rule::{Note, Timing};
use crate::span::Position;
use crate::value::Value;

/// What is done with one resource. There is no replacement: a bucket, vault, key or database is
/// never deleted to change a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is not there and will be made.
    Create,
    /// It is ours and differs.
    Update,
    /// It is there under the declared name and not in the state yet; brought to the configuration.
    Adopt,
    /// Nothing to do.
    Keep,
    /// Its block is gone: drctl lets go of it, the provider keeps it.
    Forget,
    /// Deleted at the provider, because a person named it.
    Delete,
    /// It could not be observed: nothing is planned and apply refuses it.
    Unobserved,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this format.
    pub format_version: String,
    /// The drctl that made it.
    pub drctl_version: String,
    /// When it was made.
    pub timestamp: Timestamp,
    /// The provider configurations it was made with.
    pub providers: BTreeMap<ProviderAddress, ProviderHead>,
    /// Digest of configuration files and of variables that are not sensitive.
    pub config_sha256: String,
    /// The state it was made from; none when there was none.
    pub state: Option<StateRef>,
    /// Whether everything was observed and nothing was left out by `--target` or `--exclude`.
    pub complete: bool,
    /// What was asked to be left out or alone.
    pub selection: Selection,
    /// One entry per resource instance, sorted by address.
    pub changes: Vec<ResourceChange>,
    /// What is done, in an order that respects `needs`.
    pub steps: Vec<Step>,
    /// The outputs of the root module.
    pub outputs: BTreeMap<String, OutputChange>,
    /// What was promised and what is to be expected, for each scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objectives: Vec<Judgement>,
    /// What is wrong with the declared system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Placed>,
    /// What the `check` blocks assert, and whether it is true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Checked>,
    /// Acceptances that are in force for it, from the configuration and the command line.
    pub accepted: Vec<Acceptance>,
    /// How old what it was made from is; none when it was read at the providers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<LastSeen>,
}

/// The age of a world that was not read but remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSeen {
    /// The oldest sighting in it; none when nothing of it was ever seen.
    pub as_of: Option<Timestamp>,
    /// How many resources were never seen: they are unobserved.
    pub never: usize,
}

/// A provider configuration in the head of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderHead {
    /// Account, caller, region, endpoint.
    #[serde(flatten)]
    pub place: Place,
    /// Whether it is the embedded simulation.
    pub simulated: bool,
    /// Why account and caller could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unobserved: Option<Unobserved>,
}

/// The state a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRef {
    /// Which line of states it belongs to.
    pub lineage: String,
    /// Grows with each write.
    pub serial: u64,
}

/// Restricts a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Only these and what they need.
    pub target: BTreeSet<String>,
    /// Not these nor what needs them.
    pub exclude: BTreeSet<String>,
    /// Only what has changed at the provider, no changes of ours.
    pub refresh_only: bool,
}

/// A person's word for a change that must not happen unasked: `irreversible:aws_s3_bucket.invoices`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Acceptance {
    /// What is accepted.
    pub kind: AcceptKind,
    /// Of which resource.
    pub address: Address,
    /// Until when, for those that stand in the configuration.
    pub until: Option<Timestamp>,
}

/// What can be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcceptKind {
    /// Data is less protected afterwards.
    Weakens,
    /// There is no way back.
    Irreversible,
    /// The service is interrupted.
    Outage,
    /// The thing is deleted at the provider.
    Delete,
}

/// One resource in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceChange {
    /// Its address.
    pub address: Address,
    /// Its earlier address, after `moved` or `state mv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_address: Option<Address>,
    /// Its provider configuration.
    pub provider: ProviderAddress,
    /// Its name at the provider.
    pub id: Id,
    /// What is done.
    pub action: Action,
    /// Why this action, in a sentence.
    pub why: Cow<'static, str>,
    /// What differs, attribute by attribute, sorted by path.
    pub attributes: Vec<AttributeChange>,
    /// What the provider's facts say, worst first.
    pub notes: Vec<Note>,
    /// What the configuration says, reduced as far as possible; secrets stand as references.
    pub desired: Map<String, Expr>,
    /// What was observed; none when it is absent or unobserved.
    pub observed: Option<Box<Observed>>,
    /// Digest of what was observed of the managed attributes: what apply compares before it writes.
    pub observed_sha256: Option<String>,
    /// Why it could not be observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unobserved: Option<Unobserved>,
    /// What has changed at the provider since drctl last applied, sorted by path.
    pub drift: Vec<AttributeChange>,
    /// Where its block stands; none for a forgotten one.
    pub source: Option<Source>,
}

/// A place in the source, resolved to lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// File name relative to the configuration directory.
    pub file: Arc<str>,
    /// First character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
}

/// The difference of one attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeChange {
    /// The attribute, then names and labels below it: `["replication", "rule", "all", "status"]`.
    /// Shared, because many resources differ in the same attributes.
    pub path: Arc<[String]>,
    /// What is; none when it is not set, as in all of what is made: those are most.
    pub before: Option<Box<Value>>,
    /// What shall be.
    pub after: After,
    /// Whether neither side may be shown.
    pub sensitive: bool,
    /// When it takes effect.
    pub timing: Timing,
    /// Whether the text is a JSON document, to be shown as a line diff.
    pub json: bool,
    /// Where the attribute is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The other side of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// This value.
    Known(Value),
    /// What this expression will give: known after apply.
    Open(Box<Expr>),
    /// Not set.
    Unset,
    /// This value, which the provider has accepted already and will put into effect by itself.
    Pending(Box<Pending>),
    /// It could not be observed, so nothing is planned for it.
    Unobserved(Box<Unobserved>),
    /// Another manager owns it, so nothing is planned for it.
    ManagedBy(String),
}

/// An output of the root module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputChange {
    /// Its expression, reduced; none when it is no longer declared.
    pub value: Option<Expr>,
    /// What it was at the last apply.
    pub before: Option<Value>,
    /// Whether the last apply wrote it down as one that must not be shown: only that, no value.
    #[serde(default)]
    pub before_sensitive: bool,
    /// Whether it must not be shown.
    pub sensitive: bool,
}

impl OutputChange {
    /// Whether it differs from the last apply, as far as that can be told: of a sensitive one only
    /// that it is there is known.
    pub fn differs(&self) -> bool {
        match &self.value {
            None => true,
            Some(_) if self.is_sensitive() => !self.before_sensitive,
            Some(value) => value.value().is_none_or(|now| Some(now) != self.before),
        }
    }

    /// Whether what it is now must not be shown.
    pub fn is_sensitive(&self) -> bool {
        self.sensitive || self.value.as_ref().is_some_and(Expr::any_sensitive)
    }
}

/// The number of a step in its plan, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u32);

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// Whose step.
    pub address: Address,
    /// What is done.
    pub op: Op,
    /// What must be done before.
    pub needs: BTreeSet<StepId>,
}

/// What a step does. The values stand in the resource's change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Makes it.
    Create,
    /// Brings it to the configuration.
    Update,
    /// Only writes down that it is ours.
    Record,
    /// Only writes down that it is no longer ours.
    Forget,
    /// Deletes it.
    Delete,
}
