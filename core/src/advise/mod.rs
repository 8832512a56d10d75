//! What to change so that every objective is met: changes are edits of the text, and what they bring is
//! judged as any other configuration is. Nothing is computed here but what to try.

mod downtime;
pub(crate) mod edit;
mod loss;
mod search;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

pub use edit::{Edit, apply};
pub use search::advise;

use crate::addr::Name;
use crate::config;
use crate::objective::{self, Judgement, Metric};
use crate::plan::{World, expanded, system};
use crate::provider::Registry;
use crate::recovery::Status;
use crate::span::{SourceMap, Span};
use crate::spread::Spread;
use crate::state::State;
use crate::system::System;
use crate::value::Value;

/// Everything that advice follows from.
pub struct Input<'a> {
    /// The texts.
    pub sources: &'a SourceMap,
    /// How many of them, from the first on, are the configuration.
    pub files: usize,
    /// The kinds that are known.
    pub registry: &'a Registry,
    /// The values of the variables.
    pub variables: &'a BTreeMap<Name, Value>,
    /// What was observed.
    pub world: &'a World,
    /// What is remembered.
    pub state: Option<&'a State>,
    /// The present time.
    pub now: Timestamp,
    /// How work that falls apart into pieces is done.
    pub spread: Spread,
    /// Promised of everything in place of what is declared.
    pub meet: Option<SignedDuration>,
    /// Only this is to be met: subject, scenario, metric.
    pub only: Option<Cell>,
}

/// What is to be met: `datastore.orders`, in this scenario.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cell {
    /// `datastore.orders` or `service.shop`.
    pub subject: String,
    /// The scenario.
    pub scenario: Name,
    /// What is judged.
    pub metric: Metric,
}

impl Cell {
    /// That of a judgement.
    pub fn of<P>(judged: &Judgement<P>) -> Cell {
        Cell { subject: judged.subject.clone(), scenario: judged.scenario.clone(), metric: judged.metric }
    }
}

/// What a change costs, as far as that can be told without prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// A line, and a little more of what is there.
    Low,
    /// Noticeably more storage or traffic, or an afternoon of work.
    Medium,
    /// Something new that has to be built, run and paid for.
    High,
}

impl Cost {
    /// Three of one class cost as much as one of the next.
    fn weight(self) -> u32 {
        match self {
            Cost::Low => 1,
            Cost::Medium => 3,
            Cost::High => 9,
        }
    }
}

/// One change of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is changed: `backup.nightly/schedule`. There is one change of a kind.
    pub slot: String,
    /// What it does, in words.
    pub what: String,
    /// What it costs.
    pub cost: Cost,
    /// Why it costs that.
    pub because: String,
    /// What it takes for granted and somebody has to make sure of.
    pub provided: Option<String>,
    /// The text that changes.
    pub edits: Vec<Edit>,
    /// How strict it is: of two changes of one kind the stricter one stays.
    strictness: i64,
}

/// A change of the advice, with what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advised {
    /// The change.
    pub change: Change,
    /// What is not met without it.
    pub needed_for: Vec<Cell>,
}

/// What no change that is known can meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// What.
    pub cell: Cell,
    /// Why.
    pub why: String,
}

/// The cheapest changes that were found. Each of them is needed.
#[derive(Debug, Clone)]
pub struct Advice {
    /// The changes, in the order of the text.
    pub changes: Vec<Advised>,
    /// Everything, as it is judged now.
    pub before: Vec<Judgement<Span>>,
    /// The same with the changes made; places are those of the changed text.
    pub after: Vec<Judgement<Span>>,
    /// What is not met, and is with the changes made.
    pub met: Vec<Cell>,
    /// What is not met either way.
    pub unmet: Vec<Unmet>,
    /// The changed texts.
    pub sources: SourceMap,
}

/// Whether a judgement has a promise that is not shown to be kept.
pub(crate) fn is_open(status: Status) -> bool {
    match status {
        Status::Missed | Status::Unbounded | Status::NoPlan | Status::Unknown => true,
        Status::Met | Status::NoObjective => false,
    }
}

/// A configuration, judged; none when it is not valid.
pub(crate) fn judge(input: &Input<'_>, sources: &SourceMap) -> Option<(System, Vec<Judgement<Span>>)> {
    let (config, diags) = config::load(sources, input.registry);
    let (system, found) = system(&config, input.variables);
    if diags.has_errors() || found.has_errors() {
        return None;
    }
    let Input { world, now, spread, .. } = *input;
    let expanded = expanded(&config, input.variables, world, input.registry, input.state);
    if expanded.diagnostics.has_errors() {
        return None;
    }
    let instances = &expanded.instances;
    let mut all = objective::judge(&objective::Input { system: &system, instances, world, now, spread });
    if let Some(meet) = input.meet {
        for one in &mut all {
            one.objective = Some(objective::Promise { most_s: meet.as_secs(), at: None });
            one.status = one.after.judge(Some(meet.as_secs()));
        }
    }
    Some((system, all))
}
