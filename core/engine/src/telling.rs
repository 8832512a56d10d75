//! What is told of a run while it goes on, and who is told.

use std::collections::BTreeMap;
use std::time::Duration;

use drctl_core::plan::StepId;
use drctl_core::recovery::Notice;
use drctl_core::run::{Question, Verdict};

use crate::messages::Message;
use crate::runs::Job;

/// What is told of a run, as it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<'t> {
    /// A step begins, with the command that a person would type.
    Started(&'t [String]),
    /// What there is before a step was looked at: by name.
    Observed(&'t BTreeMap<String, String>),
    /// A step is still going on.
    Going(Duration),
    /// A step is done, with what it said.
    Done(Duration, &'t str),
    /// A step has failed; it is tried again after the pause, if there is one.
    Failed(Duration, &'t str, Option<Duration>),
    /// A person is asked, with the command that is meant as far as it is known.
    Asked(Question, &'t [String]),
    /// A person has said something.
    Marked {
        /// What of the step.
        verdict: Verdict,
        /// Who.
        by: &'t str,
        /// What shows it, or why.
        evidence: &'t str,
    },
    /// A step is being taken back, with the command that does it.
    Undoing(&'t [String]),
    /// A step is taken back.
    Undone(Duration),
    /// A step could not be taken back.
    UndoFailed(Duration, &'t str),
}

/// Is told what happens in a run.
pub trait RunReporter: Send + Sync {
    /// Something happened to a step.
    fn tell(&self, step: StepId, job: &Job, what: &Told<'_>);
    /// Something else worth saying, in one sentence.
    fn say(&self, text: &str);
    /// From here on what the run made is taken down: at its end, or because somebody has said so.
    fn taken_down(&self, by: Option<&str>);
    /// Somebody was told of the run, could not be, or is to be told by a person.
    fn message(&self, notice: &Notice, message: &Message);
    /// How the run is doing.
    fn clock(&self, clock: &RunClock) {
        let _ = clock;
    }
}

/// How a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunClock {
    /// Seconds since it began.
    pub elapsed_s: i64,
    /// Seconds that it still takes, when all goes as usual.
    pub left_p50_s: i64,
    /// The same when luck is bad.
    pub left_p95_s: i64,
    /// Seconds that it may take.
    pub rto_s: Option<i64>,
    /// Whether all is done that the service needs to work again.
    pub works: bool,
}

impl RunClock {
    /// By how many seconds the objective will be missed, as things stand; 0 when it will be met. None when there
    /// is none, or it works again: then nothing is ahead that could miss it.
    pub fn late_s(&self) -> Option<i64> {
        let rto_s = self.rto_s.filter(|_| !self.works)?;
        Some(self.elapsed_s.saturating_add(self.left_p50_s).saturating_sub(rto_s).max(0))
    }
}
