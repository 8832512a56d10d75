//! The values of recovery planning: what goes in and the plan that comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::action::{Action, Carried, Surroundings, node};
use super::dependents::Dependents;
use super::exposed::Exposed;
use super::groups::Group;
use super::hit::Hit;
use super::home::Homes;
use super::inventory::Components;
use super::loss::Loss;
use super::patch::CameBack;
use super::secret::SecretSource;
use super::told::{Called, Checks, Notice};
use crate::addr::{Address, Name, ProviderAddress};
use crate::fact::FactId;
use crate::plan::StepId;
use crate::protection::Window;
use crate::provider::{AnyKind, ApiNeed, Id, Phase, Place, StepNature};
use crate::run::{By, Node, TakeBack};
use crate::size::Size;
use crate::system::System;
use crate::value::Value;

/// Everything recovery planning looks at.
pub struct Input<'a> {
    /// All resources of the configuration.
    pub components: &'a Components,
    /// What is declared: the datastores, what protects them, who needs them, the procedures.
    pub system: &'a System,
    /// Who depends on what in it, and what protects it.
    pub dependents: &'a Dependents<'a>,
    /// What is lost.
    pub loss: &'a Loss,
    /// What goes with it, where that was found before.
    pub hit: Option<&'a Hit>,
    /// The scenario of the system, when there is one.
    pub scenario: Option<&'a Name>,
    /// What was promised for it; where nothing was, the strictest of the services that are hit counts.
    pub objective: Objective,
    /// Restore these datastores to these instants instead of the newest.
    pub at: &'a BTreeMap<Name, Timestamp>,
    /// Which of two ways back is the better one.
    pub prefer: Prefer,
    /// Where datastores go home to, when that is what is planned.
    pub home: Option<&'a Homes>,
    /// The time of planning.
    pub now: Timestamp,
}

/// Which of two ways back is the better one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// The one with the newest data; of those the fastest.
    #[default]
    Rpo,
    /// The fastest one; of those the one with the newest data.
    Rto,
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
    pub attributes: Arc<BTreeMap<String, Value>>,
    /// Outputs: observed, else derived from the name.
    pub outputs: Arc<BTreeMap<String, Value>>,
    /// The provider configuration that it belongs to.
    pub provider: ProviderAddress,
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

/// The way back chosen for a datastore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The datastore.
    pub datastore: Name,
    /// The resource that holds its data, when one does.
    pub resource: Option<Address>,
    /// What it comes back from.
    pub from: String,
    /// In words: "replicated automated backups in eu-west-2".
    pub mechanism: String,
    /// The region in which it comes back; none where a written step decides that.
    pub region: Option<String>,
    /// How much data that is, as far as that is declared; in bytes.
    pub size_bytes: Option<Size>,
    /// The point in time of the data; none for a live replica.
    pub point: Option<Timestamp>,
    /// What is lost, in seconds; none when unbounded.
    pub data_loss_s: Option<i64>,
    /// How that loss is known.
    pub data_loss_source: String,
    /// The written step that restores it; none where drctl derives the steps.
    pub step: Option<u32>,
    /// Why this one.
    pub why: String,
    /// What holds it then; none where it comes back in its place.
    #[serde(skip)]
    pub came_back: Option<CameBack>,
    /// The others, and why not.
    pub rejected: Vec<Rejected>,
    /// From when until when there are points.
    #[serde(skip)]
    pub window: Option<Window>,
}

/// A way back that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// What it would have come back from.
    pub from: String,
    /// In words.
    pub mechanism: String,
    /// Why not.
    pub why: String,
    /// The point in time of the data that it would have given, where that is known.
    #[serde(skip)]
    pub point: Option<Timestamp>,
    /// What it would have lost, in seconds.
    #[serde(skip)]
    pub data_loss_s: Option<i64>,
    /// From when until when there are points.
    #[serde(skip)]
    pub window: Option<Window>,
}

impl Rejected {
    /// One of which no point is known.
    pub(crate) fn new(
        from: impl Into<String>,
        mechanism: impl Into<String>,
        why: impl Into<String>,
    ) -> Rejected {
        let (from, mechanism, why) = (from.into(), mechanism.into(), why.into());
        Rejected { from, mechanism, why, point: None, data_loss_s: None, window: None }
    }
}

impl Choice {
    /// As a way back that another one is better than.
    pub(crate) fn rejected(&self, why: impl Into<String>) -> Rejected {
        let Choice { from, mechanism, point, data_loss_s, window, .. } = self;
        Rejected {
            point: *point,
            data_loss_s: *data_loss_s,
            window: window.clone(),
            ..Rejected::new(from, mechanism, why)
        }
    }
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

/// One step of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its number, from 1.
    pub id: u32,
    /// The datastore it belongs to; of a written step, the one that it restores.
    pub datastore: Option<Name>,
    /// Where it is written; none where drctl derives it.
    pub written: Option<WrittenAt>,
    /// What is done.
    pub summary: String,
    /// Which part of the way back it belongs to; none when it is written.
    pub phase: Option<Phase>,
    /// Who does it.
    pub kind: StepNature,
    /// The steps before it.
    pub needs: BTreeSet<u32>,
    /// What has to be true before, beyond those steps.
    pub before: Vec<String>,
    /// What nobody has said that it cannot be done without, and how it is said; none where it can be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsaid: Option<String>,
    /// The API it calls.
    pub api: Option<ApiNeed>,
    /// The exact command; of a manual step the one that tells the person what is needed for it.
    pub command_equivalent: Vec<String>,
    /// How it is carried out.
    pub carried: Carried,
    /// The command that takes it back.
    pub undo: Vec<String>,
    /// How a person takes it back, where no command does.
    pub undo_by_hand: Option<String>,
    /// Why it cannot be taken back, when that is known.
    pub no_way_back: Option<String>,
    /// Who does it by hand, when that is written.
    pub owner: Option<Owner>,
    /// Whether the service is down until it is done. Protecting again is not of that kind, nor is what is
    /// written to be done once the service works.
    pub downtime: bool,
    /// What it makes sure of: `backup`, `data` or `service`.
    pub checks: Option<&'static str>,
    /// The datastores whose present data is gone after it.
    pub destroys: Vec<Name>,
    /// The usual duration in seconds; none without an estimate.
    pub p50_s: Option<i64>,
    /// The unlucky duration in seconds.
    pub p95_s: Option<i64>,
    /// How the durations are known.
    pub estimate_source: String,
    /// Seconds from the start of the recovery until it is done, when all goes as usual; none when it
    /// or a step before it has no estimate.
    pub done_p50_s: Option<i64>,
    /// The same when every step is unlucky.
    pub done_p95_s: Option<i64>,
    /// Whether the downtime is as long as it is because of this step.
    pub critical: bool,
    /// Why the step is there.
    pub why: String,
    /// The facts it rests on.
    pub facts: Vec<FactId>,
}

impl Step {
    /// Whether a machine changes something with it, rather than to look or to wait.
    pub fn changes(&self) -> bool {
        self.kind == StepNature::Auto && !matches!(self.carried.action, Action::Wait { .. })
    }

    /// The words of its commands: what it looks at first, what it does, what takes it back.
    pub fn words(&self) -> impl Iterator<Item = &String> + Clone {
        let looks = self.carried.before.iter().flat_map(|before| &before.words);
        looks.chain(&self.command_equivalent).chain(&self.undo)
    }

    /// Where its command is run, and what it is given.
    pub(super) fn surroundings(&self) -> Surroundings {
        let written = self.written.as_ref();
        Surroundings {
            dir: written.and_then(|w| w.dir.clone()),
            env: written.map(|w| w.env.clone()).unwrap_or_default(),
            secrets: written.map(|w| w.secrets.clone()).unwrap_or_default(),
            given: BTreeMap::new(),
        }
    }
}

/// Where a step is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrittenAt {
    /// The procedure.
    pub procedure: Name,
    /// What the step is called there.
    pub step: String,
    /// The phase of the scenario that it counts for.
    pub phase: Option<String>,
    /// When it is done, in words; none when it always is.
    pub when: Option<String>,
    /// The steps that it is done instead of, when it is done.
    pub instead_of: BTreeSet<u32>,
    /// The directory in which the command is run.
    pub dir: Option<String>,
    /// The variables that have to be set in its environment.
    pub env: Vec<String>,
    /// The variables of it whose values are read when the step begins, and where.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretSource>,
    /// What has to be true of the answer, as it is written.
    pub expects: Vec<String>,
    /// What the operator says when it is done.
    pub inputs: Vec<Asked>,
    /// The datastores that are protected again after it.
    pub protects: Vec<Name>,
    /// Whether it is written that there is no way back after it.
    pub pivot: bool,
}

/// Something that only the operator can say, at the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// What it is called: `input.NAME`.
    pub name: String,
    /// What is asked for, and where it is found.
    pub description: String,
}

/// Somebody who does a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The contact.
    pub contact: Name,
    /// Who it is, when it is one person.
    pub name: Option<String>,
    /// What they are.
    pub role: Option<String>,
    /// How they are reached, the fastest first.
    pub reached: Vec<String>,
}
