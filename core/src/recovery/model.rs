//! The values of recovery planning: what goes in and the plan that comes out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::addr::{Address, Name};
use crate::fact::FactId;
use crate::provider::{AnyKind, ApiNeed, Estimate, Id, Place, StepNature};
use crate::value::Value;

/// Everything recovery planning looks at.
pub struct Input<'a> {
    /// All resources of the configuration.
    pub components: &'a [Component],
    /// The datastores: name and the resource that holds the data.
    pub datastores: &'a BTreeMap<Name, Address>,
    /// What is lost.
    pub loss: &'a Loss,
    /// The scenario, when there is one.
    pub scenario: Option<&'a Name>,
    /// What was promised.
    pub objective: Objective,
    /// Restore to this instant instead of the newest.
    pub at: Option<Timestamp>,
    /// The time of planning.
    pub now: Timestamp,
}

/// One resource with what is known of it.
#[derive(Clone)]
pub struct Component {
    /// Its address.
    pub address: Address,
    /// Its kind.
    pub kind: &'static dyn AnyKind,
    /// Its name at the provider.
    pub id: Id,
    /// Set attributes: written and known, else observed.
    pub attributes: BTreeMap<String, Value>,
    /// Outputs: observed, else derived from the name.
    pub outputs: BTreeMap<String, Value>,
    /// Where it is.
    pub place: Place,
    /// Whether it was seen.
    pub seen: Seen,
    /// What it depends on.
    pub needs: BTreeSet<Address>,
}

/// Whether a component was seen at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// Nobody can tell; the message says why.
    Unobserved(String),
}

/// What is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Regions.
    pub regions: BTreeSet<String>,
}

/// What was promised, in the worst case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Objective {
    /// Downtime.
    pub rto: Option<SignedDuration>,
    /// Loss of data.
    pub rpo: Option<SignedDuration>,
}

/// A recovery plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecoveryPlan {
    /// Version of this format.
    pub format_version: &'static str,
    /// The scenario, when there is one.
    pub scenario: Option<Name>,
    /// What is lost.
    pub lost: Loss,
    /// The time for which the plan was made.
    pub as_of: Timestamp,
    /// The id that every new name carries.
    pub run: String,
    /// What was chosen for each datastore that is hit, sorted by name.
    pub chosen_points: Vec<Choice>,
    /// The steps, in an order that respects `needs`.
    pub steps: Vec<Step>,
    /// Datastores that cannot come back, with the reasons.
    pub infeasible: Vec<Infeasible>,
    /// Datastores that the loss does not touch.
    pub untouched: Vec<Name>,
    /// What the reader should know: things that were not observed.
    pub warnings: Vec<String>,
    /// Downtime, over the longest path.
    pub rto: Judged,
    /// Loss of data, the worst of all datastores.
    pub rpo: Judged,
}

/// An estimate beside what was promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The usual value in seconds; none when unbounded or without a plan.
    pub p50_s: Option<i64>,
    /// The unlucky value in seconds, which is the one judged.
    pub p95_s: Option<i64>,
    /// What was promised, in seconds.
    pub objective_s: Option<i64>,
    /// The verdict.
    pub status: Status,
}

/// A verdict on an objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Within the objective.
    Met,
    /// Beyond the objective.
    Missed,
    /// No bound can be given.
    Unbounded,
    /// Some datastore has no plan.
    NoPlan,
    /// Nothing was promised.
    NoObjective,
}

/// The way back chosen for a datastore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The datastore.
    pub datastore: Name,
    /// The resource that holds its data.
    pub resource: Address,
    /// What it comes back from.
    pub from: Address,
    /// In words: "replicated automated backups in eu-west-2".
    pub mechanism: String,
    /// Where it comes back.
    pub region: String,
    /// The point in time of the data; none for a live replica.
    pub point: Option<Timestamp>,
    /// What is lost, in seconds; none when unbounded.
    pub data_loss_s: Option<i64>,
    /// How that loss is known.
    pub data_loss_source: String,
    /// Why this one.
    pub why: String,
    /// The others, and why not.
    pub rejected: Vec<Rejected>,
}

/// A way back that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// What it would have come back from.
    pub from: Address,
    /// In words.
    pub mechanism: String,
    /// Why not.
    pub why: String,
}

/// A datastore without a way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Infeasible {
    /// The datastore.
    pub datastore: Name,
    /// The resource that holds its data.
    pub resource: Address,
    /// Why there is no way.
    pub why: String,
    /// What was considered.
    pub rejected: Vec<Rejected>,
    /// What to do before the next time.
    pub help: String,
}

/// One step of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its number, from 1.
    pub id: u32,
    /// The datastore it belongs to.
    pub datastore: Name,
    /// What is done.
    pub summary: String,
    /// Who does it.
    pub kind: StepNature,
    /// The steps before it.
    pub needs: BTreeSet<u32>,
    /// The API it calls.
    pub api: Option<ApiNeed>,
    /// The exact command; empty for what a person does.
    pub command_equivalent: Vec<String>,
    /// The usual duration in seconds.
    pub p50_s: i64,
    /// The unlucky duration in seconds.
    pub p95_s: i64,
    /// How the durations are known.
    pub estimate_source: String,
    /// Whether the plan is as long as it is because of this step.
    pub critical: bool,
    /// Why the step is there.
    pub why: String,
    /// The facts it rests on.
    pub facts: Vec<FactId>,
}

impl Step {
    /// Sets both durations from an estimate.
    pub(crate) fn timed(mut self, estimate: &Estimate) -> Step {
        self.p50_s = estimate.p50.as_secs();
        self.p95_s = estimate.p95.as_secs();
        self.estimate_source = estimate.source.clone();
        self
    }
}
