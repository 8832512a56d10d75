//! What people type for the steps of a drill is held against the names that the drill keeps away from: a plan
//! was looked through before anything was begun, and what is typed later was not in it.

use std::collections::BTreeMap;
use std::fmt;

use drctl_core::plan::StepId;
use drctl_core::recovery::{Does, InUse, so_far};
use drctl_core::run::Event;
use jiff::Timestamp;

use crate::flight;
use crate::runs::{Begun, Job};

/// Something typed that would lead a drill to production.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// What it was typed for: `input.NAME`.
    pub input: String,
    /// The step that would name it.
    pub step: StepId,
    /// What it would name.
    pub name: InUse,
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Typed { input, step, name: InUse { value, of, instead: _ } } = self;
        write!(f, "with that `{input}` step {} would touch production: `{value}` is {of}", step.0)
    }
}

/// What persons have said so far, by name.
pub fn said(events: &[(Timestamp, Event)]) -> BTreeMap<String, String> {
    let said = events.iter().filter_map(|(_, event)| match event {
        Event::Marked { inputs, .. } => Some(inputs.clone()),
        Event::Started { .. }
        | Event::Observed { .. }
        | Event::Made { .. }
        | Event::Succeeded { .. }
        | Event::Failed { .. }
        | Event::Asked { .. }
        | Event::Undoing { .. }
        | Event::Undone { .. }
        | Event::UndoFailed { .. }
        | Event::Notified { .. }
        | Event::TakenOver { .. }
        | Event::Interrupted
        | Event::Resumed
        | Event::Aborted { .. }
        | Event::TakeDown { .. } => None,
    });
    said.flatten().collect()
}

/// What a word would lead a drill to, after what was said before: by itself, or in a command that it becomes a
/// part of.
pub fn reaches(begun: &Begun, said: &BTreeMap<String, String>, word: &Event) -> Option<Typed> {
    let Event::Marked { step, inputs, .. } = word else { return None };
    let alone = inputs.iter().find_map(|(input, value)| {
        let does = begun.jobs.get(step).map_or(Does::Else, does);
        let name = begun.off_limits.named([value].into_iter(), does).next()?.clone();
        Some(Typed { input: input.clone(), step: *step, name })
    });
    alone.or_else(|| {
        let mut said = said.clone();
        said.extend(inputs.clone());
        begun.jobs.iter().find_map(|(step, job)| {
            let dir = flight::surroundings(&job.carried.action).dir;
            job.words().chain(&dir).find_map(|text| {
                let input = inputs.keys().find(|name| so_far(text, &only(name, &said)) != *text)?;
                let filled = so_far(text, &said);
                let name = begun.off_limits.named([&filled].into_iter(), does(job)).next()?.clone();
                Some(Typed { input: input.clone(), step: *step, name })
            })
        })
    })
}

/// What of production a step may name.
pub(crate) fn does(job: &Job) -> Does {
    if job.written.is_none() || job.datastore.is_some() { Does::Restores } else { Does::Else }
}

/// One of what was said.
fn only(name: &str, said: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    said.get(name).map(|value| (name.to_owned(), value.clone())).into_iter().collect()
}
