//! One run as a pure state machine over its journal. [`Run::record`] and [`Run::replay`] are the only
//! ways to change it, [`Run::next`] says what to do; the engine does it and writes down what happened.
//! Apply and recovery are the same machine: what a step may do is said by its [`Node`].
//!
//! A failure halts what needs the failed step; everything else goes on, unless the run takes back what
//! the failed step stood on. After a crash the journal says which steps were started and have no
//! outcome: they are started again under the same key, or a person is asked.

mod event;
mod record;
#[cfg(test)]
mod tests;
mod unwind;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::event::{Event, Illegal, Verdict};
use crate::plan::{Step, StepId};
use crate::provider::{Attempt, ProviderError};

/// A step as the run sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The step.
    pub id: StepId,
    /// The steps that have to be done before.
    pub needs: BTreeSet<StepId>,
    /// The steps that this one is done instead of: it is only thought of when they have failed or are
    /// skipped, and what it does counts for them.
    pub instead_of: BTreeSet<StepId>,
    /// Who does it.
    pub by: By,
    /// How often it is tried before it has failed; 0 counts as 1.
    pub attempts: u32,
    /// What to do when it was cut off.
    pub repeat: Repeat,
    /// How it is taken back.
    pub take_back: TakeBack,
    /// Whether it is looked at first what there is before it: [`Event::Observed`] comes between its start and its
    /// effect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looks_first: bool,
    /// Whether there is no way back once it is done.
    pub pivot: bool,
}

impl From<&Step> for Node {
    /// A step of an apply: safe to repeat under its key, tried once (the provider repeats), never taken
    /// back.
    fn from(step: &Step) -> Node {
        Node {
            id: step.id,
            needs: step.needs.clone(),
            instead_of: BTreeSet::new(),
            by: By::Machine,
            attempts: 1,
            repeat: Repeat::Safe,
            take_back: TakeBack::Nothing,
            looks_first: false,
            pivot: false,
        }
    }
}

/// Who does a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The machine, as soon as it can.
    Machine,
    /// The machine, when a person has said that it is to be done.
    Approved,
    /// A person, who says when it is done.
    Person,
}

/// What to do with a step that was cut off, so that nobody knows whether it had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Do it again under the same key.
    Safe,
    /// Ask a person what has become of it.
    Ask,
}

/// How a step is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakeBack {
    /// There is nothing to take back, or nothing that could.
    Nothing,
    /// By the machine.
    Machine,
    /// By a person.
    Person,
}

/// What a failure does to the steps that it stood on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// They stay as they are.
    Hold,
    /// They are taken back in reverse order, unless a pivot behind or before them is crossed.
    Unwind,
}

/// What becomes of what the steps have made, once all of them are over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtEnd {
    /// It stays.
    #[default]
    Keep,
    /// It is taken down, whether the steps went well or not.
    TakeDown,
}

/// What a person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// To do the step.
    Do,
    /// Whether the step is to be done.
    Decide,
    /// What has become of a step that was cut off.
    Doubt,
    /// To take the step back.
    TakeBack,
    /// What has become of taking the step back, which was cut off.
    DoubtTakenBack,
}

/// Where one step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Not started yet.
    Waiting,
    /// A person has been asked.
    Asked(Question),
    /// Being carried out by this process.
    Running(Attempt),
    /// Was being carried out by a process that is gone; what becomes of it is said by its [`Repeat`].
    Lost(Attempt),
    /// Done.
    Succeeded,
    /// What it would have been done instead of is done.
    NotNeeded,
    /// Left out, because a person said so.
    Skipped,
    /// Failed, as often as it may be tried.
    Failed(ProviderError),
    /// Being taken back by this process.
    Undoing(Attempt),
    /// Was being taken back by a process that is gone.
    UndoLost(Attempt),
    /// Taken back.
    Undone,
    /// Could not be taken back: the run is stuck.
    UndoFailed(ProviderError),
}

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ask these, in this order.
    Ask(Vec<(StepId, Question)>),
    /// Take these back, in this order.
    Undo(Vec<StepId>),
    /// Start these, in this order.
    Start(Vec<StepId>),
    /// Wait for what runs.
    Wait,
    /// Nothing runs: only a person's word on these goes on.
    Persons(BTreeSet<StepId>),
    /// The steps are over: say that what they made is taken down from here on.
    TakeDown,
    /// The run is over.
    Finished(Outcome),
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What is done.
    pub succeeded: BTreeSet<StepId>,
    /// What failed; of this nothing was done instead.
    pub failed: BTreeSet<StepId>,
    /// What was not started: it needs something that failed, the run was stopped, a person said so, or
    /// there was no need.
    pub skipped: BTreeSet<StepId>,
    /// What was done and is taken back.
    pub undone: BTreeSet<StepId>,
    /// What could not be taken back.
    pub stuck: BTreeSet<StepId>,
    /// Whether a person stopped it for now.
    pub interrupted: bool,
    /// Whether a person gave it up.
    pub aborted: bool,
}

impl Outcome {
    /// Whether everything was done.
    pub fn is_success(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty() && self.undone.is_empty() && self.stuck.is_empty()
    }
}

/// A run: the steps of a plan and where each of them stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    steps: BTreeMap<StepId, Progress>,
    on_failure: OnFailure,
    at_end: AtEnd,
    /// Waiting steps of which all needs are done, and lost ones that are safe to repeat.
    ready: BTreeSet<StepId>,
    /// What a person is to be asked.
    to_ask: BTreeMap<StepId, Question>,
    /// What a person has been asked.
    asked: BTreeSet<StepId>,
    running: usize,
    /// What is not started any more and taken back where it can be; empty while nothing has failed.
    dead: BTreeSet<StepId>,
    /// Of the dead, what can be taken back now.
    to_undo: BTreeSet<StepId>,
    stuck: BTreeSet<StepId>,
    /// Whether anything has gone wrong, so that it has to be looked for the dead.
    troubled: bool,
    interrupted: bool,
    aborted: bool,
    /// The run as it was when what it made began to be taken down.
    before: Option<Box<Run>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Progress {
    node: Node,
    standing: Standing,
    /// The key of its last start.
    attempt: Option<Attempt>,
    /// What there was before its first effect.
    observed: Option<BTreeMap<String, String>>,
    /// Whether a person wants it done.
    approved: bool,
    /// Whether what needs it may go on.
    passed: bool,
    /// How often it has failed since it was last asked for.
    failures: u32,
    unblocks: Vec<StepId>,
    /// The steps that may be done instead.
    alternatives: Vec<StepId>,
    /// How many of the needs are not done yet.
    open: usize,
}

impl Run {
    /// A run of these steps, none of which is started. A need that is no step never holds.
    pub fn new(nodes: impl IntoIterator<Item = Node>, on_failure: OnFailure) -> Run {
        let mut run = Run {
            steps: BTreeMap::new(),
            on_failure,
            at_end: AtEnd::Keep,
            ready: BTreeSet::new(),
            to_ask: BTreeMap::new(),
            asked: BTreeSet::new(),
            running: 0,
            dead: BTreeSet::new(),
            to_undo: BTreeSet::new(),
            stuck: BTreeSet::new(),
            troubled: false,
            interrupted: false,
            aborted: false,
            before: None,
        };
        for node in nodes {
            let open = node.needs.len();
            let progress = Progress {
                standing: Standing::Waiting,
                attempt: None,
                observed: None,
                approved: false,
                passed: false,
                failures: 0,
                unblocks: Vec::new(),
                alternatives: Vec::new(),
                open,
                node,
            };
            run.steps.insert(progress.node.id, progress);
        }
        let ids: Vec<StepId> = run.steps.keys().copied().collect();
        for id in &ids {
            let Node { needs, instead_of, .. } = run.steps[id].node.clone();
            for need in &needs {
                run.steps.entry(*need).and_modify(|needed| needed.unblocks.push(*id));
            }
            for other in &instead_of {
                run.steps.entry(*other).and_modify(|other| other.alternatives.push(*id));
            }
        }
        for id in ids {
            run.look_at(id);
        }
        run
    }

    /// The run, with what becomes of what it made.
    pub fn ending(self, at_end: AtEnd) -> Run {
        Run { at_end, ..self }
    }

    /// A run of the steps of an apply.
    pub fn of_apply(steps: &[Step]) -> Run {
        Run::new(steps.iter().map(Node::from), OnFailure::Hold)
    }

    /// The run after these events.
    ///
    /// # Errors
    /// When an event cannot follow those before it.
    pub fn replay<'e>(mut self, events: impl IntoIterator<Item = &'e Event>) -> Result<Run, Illegal> {
        for event in events {
            self.record(event)?;
        }
        Ok(self)
    }

    /// Where a step stands.
    pub fn standing(&self, step: StepId) -> Option<&Standing> {
        self.steps.get(&step).map(|p| &p.standing)
    }

    /// Every step with where it stands, in the order of the numbers.
    pub fn standings(&self) -> impl Iterator<Item = (StepId, &Standing)> {
        self.steps.iter().map(|(id, p)| (*id, &p.standing))
    }

    /// The key under which a step was started; to be used again when it is repeated.
    pub fn attempt(&self, step: StepId) -> Option<&Attempt> {
        match self.standing(step)? {
            Standing::Running(attempt)
            | Standing::Lost(attempt)
            | Standing::Undoing(attempt)
            | Standing::UndoLost(attempt) => Some(attempt),
            Standing::Waiting
            | Standing::Asked(_)
            | Standing::Succeeded
            | Standing::NotNeeded
            | Standing::Skipped
            | Standing::Failed(_)
            | Standing::Undone
            | Standing::UndoFailed(_) => None,
        }
    }

    /// How often a step has failed since it was last asked for: how long to wait before it is tried again.
    pub fn failures(&self, step: StepId) -> u32 {
        self.steps.get(&step).map_or(0, |p| p.failures)
    }

    /// What there was before a step had its first effect, by name; none as long as nobody has looked. A step
    /// that is tried again does not look again: it may have changed that.
    pub fn observed(&self, step: StepId) -> Option<&BTreeMap<String, String>> {
        self.steps.get(&step)?.observed.as_ref()
    }

    /// Whether the step will not be started any more, and is taken back where it can be.
    pub fn is_given_up(&self, step: StepId) -> bool {
        self.dead.contains(&step)
    }

    /// The run as it was when what it made began to be taken down; none where it stays, or stays for now.
    pub fn before(&self) -> Option<&Run> {
        self.before.as_deref()
    }

    /// Whether a failed step can be tried again: nothing else goes on, and nothing is taken back.
    pub fn holds(&self) -> bool {
        let failed = |(id, p): (&StepId, &Progress)| {
            matches!(p.standing, Standing::Failed(_)) && !self.is_covered(p) && !self.dead.contains(id)
        };
        self.steps.iter().any(failed)
    }

    /// What to do now, with at most `parallelism` steps at once (0 counts as 1).
    pub fn next(&self, parallelism: usize) -> Next {
        // What cannot be taken down keeps nothing else from being taken down.
        let stuck = !self.stuck.is_empty() && self.before.is_none();
        if self.interrupted || stuck {
            return if self.running > 0 { Next::Wait } else { self.at_end() };
        }
        if !self.to_ask.is_empty() {
            return Next::Ask(self.to_ask.iter().map(|(id, question)| (*id, *question)).collect());
        }
        let free = parallelism.max(1).saturating_sub(self.running);
        for (ids, next) in [(&self.to_undo, Next::Undo as fn(_) -> _), (&self.ready, Next::Start)] {
            if !ids.is_empty() {
                let now: Vec<StepId> = ids.iter().take(free).copied().collect();
                return if now.is_empty() { Next::Wait } else { next(now) };
            }
        }
        match (self.running, self.asked.is_empty()) {
            (0, true) => self.at_end(),
            (0, false) => Next::Persons(self.asked.clone()),
            (_, _) => Next::Wait,
        }
    }

    /// Whether nothing is left to do, for anybody.
    fn is_over(&self) -> bool {
        let ended = matches!(self.next(1), Next::Finished(_) | Next::TakeDown);
        ended && !self.interrupted && self.stuck.is_empty() && !self.holds()
    }

    /// What is done when nothing goes on by itself.
    fn at_end(&self) -> Next {
        let stays = self.interrupted || self.aborted || self.before.is_some() || self.holds();
        match self.at_end {
            AtEnd::TakeDown if !stays => Next::TakeDown,
            AtEnd::TakeDown | AtEnd::Keep => Next::Finished(self.outcome()),
        }
    }

    /// What has become of the steps so far.
    pub fn outcome(&self) -> Outcome {
        let mut outcome = Outcome {
            interrupted: self.interrupted,
            aborted: self.aborted,
            stuck: self.stuck.clone(),
            ..Outcome::default()
        };
        for (id, progress) in &self.steps {
            match progress.standing {
                Standing::Succeeded => outcome.succeeded.insert(*id),
                // Something else was done instead: as good as done.
                Standing::Failed(_) if self.is_covered(progress) => outcome.succeeded.insert(*id),
                Standing::NotNeeded => outcome.succeeded.insert(*id),
                Standing::Failed(_) => outcome.failed.insert(*id),
                Standing::Undone => outcome.undone.insert(*id),
                Standing::UndoFailed(_) => true,
                Standing::Waiting
                | Standing::Asked(_)
                | Standing::Lost(_)
                | Standing::Running(_)
                | Standing::Skipped
                | Standing::Undoing(_)
                | Standing::UndoLost(_) => outcome.skipped.insert(*id),
            };
        }
        outcome
    }

    /// Whether something else was done instead of it.
    fn is_covered(&self, progress: &Progress) -> bool {
        let done = |id: &StepId| self.steps.get(id).is_some_and(|p| p.standing == Standing::Succeeded);
        progress.alternatives.iter().any(done)
    }
}
