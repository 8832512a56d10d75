//! What is under way of a step: a look at what there is before it, its effect, or taking it back. Each is a future
//! that comes back with what came of it; the commander alone writes down.

use std::collections::BTreeMap;
use std::time::Duration;

use drctl_core::plan::StepId;
use drctl_core::provider::{Attempt, BoxFuture, ProviderError};
use drctl_core::recovery::{Action, Answer, Before, Carried, Down, Surroundings};
use drctl_core::value::Value;

use crate::carry::{carry_out, failed};
use crate::commander::Command;
use crate::faults::Faulty;
use crate::runs::{Begun, Job};
use crate::typed::does;

/// The longest pause before a step is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The pause before a step is tried again: twice as long each time.
pub(crate) fn pause(failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        n => Duration::from_secs(1u64 << n.min(6)).min(LONGEST_PAUSE),
    }
}

/// What a future comes back with.
pub(crate) struct Back {
    pub(crate) step: StepId,
    pub(crate) came: Came,
}

/// What came of it.
pub(crate) enum Came {
    /// What there was before, by name. The effect is still to come.
    Looked(BTreeMap<String, String>),
    /// Of the step.
    There(Result<Answer, ProviderError>),
    /// Of taking it back.
    Back(Result<Answer, ProviderError>),
}

/// A step that is under way.
pub(crate) struct Flight {
    pub(crate) step: StepId,
    pub(crate) attempt: Attempt,
    /// How long it waits before it begins.
    pub(crate) pause: Duration,
}

impl Flight {
    /// Looks at what there is before the step.
    pub(crate) fn look<'r>(
        self,
        command: &Command<'r>,
        said: &BTreeMap<String, String>,
    ) -> BoxFuture<'r, Back> {
        let Flight { step, attempt, pause } = self;
        let (begun, performer) = (command.begun, faulty(command));
        let job = &begun.jobs[&step];
        let around = surroundings(&job.carried.action);
        let looks: Vec<(&Before, Result<Action, String>)> = job
            .carried
            .before
            .iter()
            .map(|before| (before, before.action(around.clone()).filled(said)))
            .collect();
        Box::pin(async move {
            tokio::time::sleep(pause).await;
            let mut found = BTreeMap::new();
            for (before, action) in looks {
                let value = match action {
                    Ok(action) => {
                        let answer =
                            carry_out(&performer, (job.carried.timeout_s, None), &action, &attempt).await;
                        answer.and_then(|answer| allowed(begun, job, before, &answer))
                    }
                    Err(name) => Err(unsaid(&name)),
                };
                match value {
                    Ok(value) => drop(found.insert(before.name.clone(), value)),
                    Err(error) => {
                        let doing = format!("looking at `{}` before anything is done", before.name);
                        let error = ProviderError { doing, ..error };
                        return Back { step, came: Came::There(Err(error)) };
                    }
                }
            }
            Back { step, came: Came::Looked(found) }
        })
    }

    /// Does the step.
    pub(crate) fn there<'r>(
        self,
        command: &Command<'r>,
        said: &BTreeMap<String, String>,
    ) -> BoxFuture<'r, Back> {
        let Flight { step, attempt, pause } = self;
        let (job, performer) = (&command.begun.jobs[&step], faulty(command));
        let action = job.carried.action.filled(said);
        Box::pin(async move {
            tokio::time::sleep(pause).await;
            let Carried { timeout_s, within_s, .. } = job.carried;
            let result = match action {
                Ok(action) => carry_out(&performer, (timeout_s, within_s), &action, &attempt).await,
                Err(name) => Err(unsaid(&name)),
            };
            Back { step, came: Came::There(result) }
        })
    }

    /// Takes the step back, with all that is known.
    pub(crate) fn back<'r>(
        self,
        command: &Command<'r>,
        known: &BTreeMap<String, String>,
    ) -> BoxFuture<'r, Back> {
        let Flight { step, attempt, pause: _ } = self;
        let (job, performer) = (&command.begun.jobs[&step], command.performer);
        let (action, within_s) = undoing(job);
        let action = action.filled(known);
        Box::pin(async move {
            let result = match action {
                Ok(action) => {
                    carry_out(performer, (job.carried.timeout_s, within_s), &action, &attempt).await
                }
                Err(name) => Err(unsaid(&name)),
            };
            Back { step, came: Came::Back(result) }
        })
    }
}

/// The performer, with what goes wrong on purpose.
fn faulty<'r>(command: &Command<'r>) -> Faulty<'r> {
    Faulty { faults: &command.begun.injected, otherwise: command.performer }
}

fn unsaid(name: &str) -> ProviderError {
    failed(format!("nobody has said what {name} is"))
}

/// What was found. What a drill takes back must not lead to production either.
fn allowed(begun: &Begun, job: &Job, before: &Before, answer: &Answer) -> Result<String, ProviderError> {
    let printed = match &answer.value {
        Value::Object(parts) => parts.get("body").and_then(Value::as_str).unwrap_or_default(),
        _ => "",
    };
    let value = before.found(printed).map_err(failed)?;
    let production = begun.off_limits.named([&value].into_iter(), does(job)).next().cloned();
    match production {
        Some(name) => Err(failed(format!("a drill would take it back to production: it names {}", name.of))),
        None => Ok(value),
    }
}

/// What takes a step back, and for how many seconds it is tried.
fn undoing(job: &Job) -> (Action, Option<i64>) {
    match (&job.carried.action, &job.carried.take_down) {
        (Action::Verb { through, verb: _ }, Some(Down { verb, within_s })) => {
            (Action::Verb { through: through.clone(), verb: verb.clone() }, Some(*within_s))
        }
        (action, _) => (Action::Run { words: job.undo.clone(), surroundings: surroundings(action) }, None),
    }
}

/// Where the commands of a step are run, and what they are given.
pub(crate) fn surroundings(action: &Action) -> Surroundings {
    match action {
        Action::Run { surroundings, .. }
        | Action::Restore { surroundings, .. }
        | Action::Fetch { surroundings, .. }
        | Action::Shell { surroundings, .. }
        | Action::Sql { surroundings, .. } => surroundings.clone(),
        Action::Http { .. }
        | Action::Tcp { .. }
        | Action::Dns { .. }
        | Action::Post { .. }
        | Action::Wait { .. }
        | Action::Verb { .. }
        | Action::Person => Surroundings::default(),
    }
}
