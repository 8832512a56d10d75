//! The values of recovery planning: what goes in and the plan that comes out.

mod choice;
mod input;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::action::{Action, node};
use super::exposed::Exposed;
use super::groups::Group;
use super::hit::Hit;
use super::loss::Loss;
use super::told::{Called, Checks, Notice};
use crate::addr::{Address, Name};
use crate::plan::StepId;
use crate::run::{By, Node, TakeBack};

pub use self::choice::{Choice, Rejected};
pub use self::input::{Component, Input, Objective, Prefer, Seen};
pub use self::step::{Asked, Owner, Step, WrittenAt};

/// A recovery plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecoveryPlan {
    /// Version of this format.
    pub format_version: &'static str,
    /// The scenario, when there is one.
    pub scenario: Option<Name>,
    /// What is lost.
    pub lost: Loss,
    /// The regions that datastores go home to, where this is no loss but a move that somebody chooses.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub home: BTreeMap<Name, String>,
    /// What goes with it.
    pub hit: Hit,
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
    /// Written steps that cannot be done after this loss, with the reasons.
    pub blocked: Vec<Blocked>,
    /// The step of each datastore that comes back after which there is no way back, sorted by name.
    pub pivots: Vec<Pivot>,
    /// Datastores that the loss does not touch.
    pub untouched: Vec<Name>,
    /// Datastores that the loss does not touch and takes protection from.
    pub exposed: Vec<Exposed>,
    /// The consistency groups that the loss hits, by name.
    pub groups: Vec<Group>,
    /// For each datastore that comes back, from when until when it is without protection.
    pub unprotected: Vec<Unprotected>,
    /// Why nothing is left of drctl's own files, if that is so.
    pub own_files: Option<String>,
    /// What the reader should know: things that were not observed.
    pub warnings: Vec<String>,
    /// The parts of the way back that the scenario gives a budget, in its order.
    pub phases: Vec<PhaseTime>,
    /// Seconds until somebody knows, as the scenario declares them.
    pub detection_s: Option<i64>,
    /// Seconds that the way back takes as a whole, as the scenario estimates it.
    pub estimate_p50_s: Option<i64>,
    /// The same when luck is bad.
    pub estimate_p95_s: Option<i64>,
    /// Downtime: the worst of `whole` and `services`.
    pub rto: Judged,
    /// The time until all works again, beside what was promised for the scenario: the detection, and the
    /// longest path to the last resumption; protecting again comes after it.
    pub whole: Judged,
    /// The time until each service works again to which anything was promised, the worst first.
    pub services: Vec<ServiceTime>,
    /// Loss of data, the worst of all datastores.
    pub rpo: Judged,
    /// Who leads.
    pub commander: Option<Owner>,
    /// Who is told, in the order of the clock.
    pub notices: Vec<Notice>,
    /// Who is called next when it does not go on, in the order of the clock.
    pub escalation: Vec<Called>,
    /// What is looked at before, beside and after the steps, sorted by name.
    pub checklists: Vec<Checks>,
}

impl RecoveryPlan {
    /// Whether all data comes back and every step can be done.
    pub fn is_feasible(&self) -> bool {
        self.infeasible.is_empty() && self.blocked.is_empty()
    }

    /// The steps as a run sees them.
    pub fn nodes(&self) -> Vec<Node> {
        let is_pivot = |step: &Step| self.pivots.iter().any(|pivot| pivot.step == step.id);
        let blocked = |step: &Step| self.blocked.iter().any(|blocked| blocked.step == Some(step.id));
        self.steps.iter().map(|step| node(step, is_pivot(step), blocked(step))).collect()
    }

    /// The steps that only look, as a run sees them, in their order. A practice does no others.
    pub fn looks(&self) -> Vec<Node> {
        let looks = |step: &Step| match &step.carried.action {
            Action::Http { .. } | Action::Tcp { .. } | Action::Dns { .. } => true,
            Action::Run { .. } | Action::Shell { .. } | Action::Sql { .. } => step.checks.is_some(),
            // The kind's own steps look at what they have made.
            Action::Verb { .. } => step.written.is_some() && step.datastore.is_none(),
            Action::Restore { .. }
            | Action::Fetch { .. }
            | Action::Post { .. }
            | Action::Wait { .. }
            | Action::Person => false,
        };
        // What a step waits for without the others: the looks before those.
        let mut before: BTreeMap<u32, BTreeSet<StepId>> = BTreeMap::new();
        let mut nodes = Vec::new();
        for step in &self.steps {
            let through = step.needs.iter().filter_map(|n| before.get(n)).flatten().copied().collect();
            if looks(step) {
                // There is nothing to take back of a look.
                let take_back = TakeBack::Nothing;
                nodes.push(Node { needs: through, by: By::Machine, take_back, ..node(step, false, false) });
                before.insert(step.id, [StepId(step.id)].into());
            } else {
                before.insert(step.id, through);
            }
        }
        nodes
    }
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
    /// The service to which it was promised; none when it is of the scenario.
    pub promised_to: Option<Name>,
    /// The verdict.
    pub status: Status,
    /// What keeps it from being known.
    pub why: Option<String>,
}

/// How long a service does not work, beside the strictest of what was promised to it, to those that do not
/// work without it, and for the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceTime {
    /// The service.
    pub service: Name,
    /// The time beside the promise.
    #[serde(flatten)]
    pub time: Judged,
}

/// A part of the way back beside its budget: from the start of its first step to the end of its last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhaseTime {
    /// What it is called.
    pub name: String,
    /// Its steps.
    pub steps: BTreeSet<u32>,
    /// The time that it takes beside the budget.
    #[serde(flatten)]
    pub time: Judged,
}

/// A written step that cannot be done, or a service for which none is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocked {
    /// The step.
    pub step: Option<u32>,
    /// The service.
    pub service: Option<Name>,
    /// Why not.
    pub why: String,
}

/// A verdict on an objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Within the objective.
    Met,
    /// Beyond the objective.
    Missed,
    /// No bound can be given.
    Unbounded,
    /// Something that it depends on was not observed.
    Unknown,
    /// Some datastore has no plan.
    NoPlan,
    /// Nothing was promised.
    NoObjective,
}

/// A datastore without a way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Infeasible {
    /// The datastore.
    pub datastore: Name,
    /// The resource that holds its data, when one does.
    pub resource: Option<Address>,
    /// Why there is no way.
    pub why: String,
    /// What was considered.
    pub rejected: Vec<Rejected>,
    /// What to do before the next time.
    pub help: String,
}

/// The time in which a datastore that came back is without protection: from the resumption until it
/// is protected again, nothing else holds what is written to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unprotected {
    /// The datastore.
    pub datastore: Name,
    /// Where it is in use; none where a written step decides that.
    pub region: Option<String>,
    /// Begins when these steps are done.
    pub since: BTreeSet<u32>,
    /// Ends when these steps are done; with none it does not end.
    pub until: BTreeSet<u32>,
    /// What ends it by itself, where no step does: the next backup.
    pub ends_with: Option<String>,
    /// The usual length in seconds; none when it does not end.
    pub p50_s: Option<i64>,
    /// The unlucky length in seconds.
    pub p95_s: Option<i64>,
}

/// The step after which a datastore cannot go back to what was before: a recovery that fails earlier is
/// unwound, one that fails later goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pivot {
    /// The datastore.
    pub datastore: Name,
    /// The step.
    pub step: u32,
    /// Why there is no way back.
    pub why: String,
    /// Steps before it that change something and of which nothing says how they are taken back.
    pub no_undo: BTreeSet<u32>,
}
