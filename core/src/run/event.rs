//! What happens in a run, as it stands in the journal, and what cannot happen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::StepId;
use crate::provider::{Attempt, ProviderError};

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A step is about to be carried out. Written before its effect.
    Started {
        /// The step.
        step: StepId,
        /// The key under which it is safe to repeat.
        attempt: Attempt,
    },
    /// What there is before the step, for taking it back. Written before its effect, where its node says so.
    Observed {
        /// The step.
        step: StepId,
        /// What was found, by name: no secrets.
        before: BTreeMap<String, String>,
    },
    /// The step has made its thing, and has more to write: from here on, drctl has created it.
    Made {
        /// The step.
        step: StepId,
    },
    /// A step is done. Written after its effect.
    Succeeded {
        /// The step.
        step: StepId,
    },
    /// A step has failed. It is tried again as often as its node says.
    Failed {
        /// The step.
        step: StepId,
        /// Why.
        error: ProviderError,
    },
    /// A person has been asked: to do a step, whether to do it, or what has become of it.
    Asked {
        /// The step.
        step: StepId,
    },
    /// A person has said what has become of a step.
    Marked {
        /// The step.
        step: StepId,
        /// What was said.
        verdict: Verdict,
        /// Who said it.
        by: String,
        /// Why, or what shows it.
        evidence: String,
        /// What was asked for, by name: no secrets.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        inputs: BTreeMap<String, String>,
    },
    /// A step is about to be taken back. Written before its effect.
    Undoing {
        /// The step.
        step: StepId,
        /// The key under which it is safe to repeat.
        attempt: Attempt,
    },
    /// A step is taken back.
    Undone {
        /// The step.
        step: StepId,
    },
    /// A step could not be taken back: nothing more is started.
    UndoFailed {
        /// The step.
        step: StepId,
        /// Why.
        error: ProviderError,
    },
    /// Somebody was told of the run, or could not be. Written after its effect: a message may come twice.
    Notified {
        /// The notice, by its place.
        notice: u32,
        /// Why now, where that is not when it was promised.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// Why it could not be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<ProviderError>,
    },
    /// The command of the run was taken over from another process: from one that is gone, or because a person
    /// said so.
    TakenOver {
        /// Who took it.
        by: String,
        /// From whom.
        from: String,
    },
    /// A person stopped the run for now: nothing new is started, what runs is waited for.
    Interrupted,
    /// A process took the run over: what was under way is started again, or asked about.
    Resumed,
    /// A person gave the run up: what can be taken back is taken back.
    Aborted {
        /// Who said it.
        by: String,
        /// Why.
        reason: String,
    },
    /// From here on what the run made is taken down: its steps are over, or a person has said so.
    TakeDown {
        /// Who said it; none where the run itself does it at its end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

/// What a person says of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is done, or taken back where that was asked.
    Done,
    /// It cannot be done, or taken back.
    Failed,
    /// It is left out, and what needs it goes on.
    Skipped,
    /// It is to be done: approved, or tried again.
    Go,
}

/// An event that cannot follow what happened before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The plan has no such step.
    #[error("the plan has no step {}", .0.0)]
    NoSuchStep(StepId),
    /// The step was started, asked for or marked before what it needs was done.
    #[error("step {} cannot be done before step {} is", .0.0, .1.0)]
    TooEarly(StepId, StepId),
    /// The step was started while running or after it had ended.
    #[error("step {} was started twice", .0.0)]
    StartedTwice(StepId),
    /// The step was repeated under another key.
    #[error("step {} was repeated under another key than `{}`", .0.0, .1.0)]
    OtherKey(StepId, Attempt),
    /// It was looked twice at what there is before the step, or for a step that does not ask for that.
    #[error("there is nothing to look at before step {}", .0.0)]
    NothingToObserve(StepId),
    /// The step was done without a look at what there was before.
    #[error("step {} was done before it was looked at what there was", .0.0)]
    NotObserved(StepId),
    /// The step has come further without having been started.
    #[error("step {} has come further and was not running", .0.0)]
    NotRunning(StepId),
    /// Something new was begun after the run was interrupted.
    #[error("step {} was started after the run was interrupted", .0.0)]
    AfterInterruption(StepId),
    /// The machine began what a person does or decides.
    #[error("step {} is a person's to do or to decide", .0.0)]
    Persons(StepId),
    /// A person was asked for nothing.
    #[error("there is nothing to ask about step {}", .0.0)]
    NothingToAsk(StepId),
    /// A word on a step that is under way, or that has ended.
    #[error("step {} {}", .0.0, .1)]
    NotNow(StepId, &'static str),
    /// The step is given up and taken back.
    #[error("step {} is given up: the run takes back what it did", .0.0)]
    GivenUp(StepId),
    /// The step was taken back too early, or has nothing to take back.
    #[error("step {} cannot be taken back now", .0.0)]
    NotToUndo(StepId),
}
