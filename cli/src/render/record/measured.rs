//! What a run measured: downtime, loss of data, how long each step took. What becomes afterwards of what it
//! made counts for nothing.

use std::collections::BTreeMap;

use drctl_core::plan::StepId;
use drctl_core::recovery::readable;
use drctl_core::run::{Event, Standing};
use drctl_engine::runs::{Of, Stand, went};
use drctl_engine::said::Said;
use jiff::Timestamp;

use super::Record;

/// When a step began and ended, and how.
pub(super) struct Took {
    pub(super) began: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
}

pub(crate) fn measured(what: &str, is: i64, promised: Option<i64>) -> String {
    match promised {
        Some(promised) if is > promised => format!(
            "measured {what} {}, objective {}: MISSED by {}",
            readable(is),
            readable(promised),
            readable(is - promised)
        ),
        Some(promised) => format!("measured {what} {}, objective {}: met", readable(is), readable(promised)),
        None => format!("measured {what} {}", readable(is)),
    }
}

/// The canaries that the steps of a run have found in what came back.
enum Canaries {
    /// The oldest, of each datastore the last word; none where none was found.
    Seen(Option<Timestamp>),
    /// What this step said may have one, and is not at hand; why.
    Missing(StepId, String),
}

fn canaries(run: &Record, said: &Said) -> Canaries {
    if !matches!(run.header.of, Of::Recovery(_) | Of::Drill(_)) || went(&run.run) != Stand::Done {
        return Canaries::Seen(None);
    }
    let mut last: BTreeMap<Option<&str>, Result<Timestamp, (StepId, &str)>> = BTreeMap::new();
    for (id, job) in &run.header.jobs {
        let missing = || said.missing(*id).map(|why| Err((*id, why)));
        if let Some(found) = said.canary(*id).map(Ok).or_else(missing) {
            last.insert(job.datastore.as_deref(), found);
        }
    }
    match last.into_values().collect::<Result<Vec<_>, _>>() {
        Ok(last) => Canaries::Seen(last.into_iter().min()),
        Err((step, why)) => Canaries::Missing(step, why.to_owned()),
    }
}

/// The oldest of the canaries; none where not all of them are known.
pub(super) fn canary(run: &Record, said: &Said) -> Option<Timestamp> {
    match canaries(run, said) {
        Canaries::Seen(canary) => canary,
        Canaries::Missing(..) => None,
    }
}

/// Why it is not known which canaries there were.
pub(super) fn unknown(run: &Record, said: &Said) -> Option<String> {
    match canaries(run, said) {
        Canaries::Seen(_) => None,
        Canaries::Missing(step, why) => Some(format!("what step {} said {why}", step.0)),
    }
}

/// Seconds of data that were lost, by the canary.
pub(crate) fn rpo(run: &Record, said: &Said) -> Option<i64> {
    let until = run.header.wrong_since.unwrap_or(run.header.began);
    canary(run, said).map(|at| until.duration_since(at).as_secs().max(0))
}

/// The loss of data as it was measured, and from what. Where something was promised, also why it is not known.
pub(super) fn lost(run: &Record, said: &Said) -> Option<String> {
    if let (Some(_), Some(why)) = (run.header.rpo_s, unknown(run, said)) {
        return Some(format!("RPO not known: {why}"));
    }
    let (canary, rpo) = (canary(run, said)?, rpo(run, said)?);
    let until = match run.header.wrong_since {
        Some(since) => format!("{since:.0}, since when the data was wrong"),
        None => "the beginning of this run, at most".to_owned(),
    };
    let told = measured("RPO", rpo, run.header.rpo_s);
    Some(format!("{told}: the newest canary in what came back is of {canary:.0}; counted until {until}"))
}

/// When its steps were over; none while they are not.
pub(crate) fn ended(run: &Record) -> Option<Timestamp> {
    if went(&run.run) == Stand::Open {
        return None;
    }
    carried_out(run).last().map(|(at, _)| *at)
}

/// What happened until what was made began to be taken down.
fn carried_out(run: &Record) -> impl Iterator<Item = &(Timestamp, Event)> {
    run.events.iter().take_while(|(_, event)| !matches!(event, Event::TakeDown { .. }))
}

/// Seconds from the beginning until the last step of the downtime was done; none while one is open.
pub(crate) fn downtime(run: &Record) -> Option<i64> {
    if !matches!(run.header.of, Of::Recovery(_) | Of::Drill(_)) {
        return None;
    }
    let (took, went) = (took(run), run.run.before().unwrap_or(&run.run));
    let mut end = run.header.began;
    for (id, _) in run.header.jobs.iter().filter(|(_, job)| job.downtime) {
        match went.standing(*id)? {
            Standing::Succeeded => end = end.max(took.get(id)?.ended?),
            Standing::NotNeeded | Standing::Skipped => {}
            _ => return None,
        }
    }
    Some(end.duration_since(run.header.began).as_secs())
}

pub(super) fn took(run: &Record) -> BTreeMap<StepId, Took> {
    let mut took: BTreeMap<StepId, Took> = BTreeMap::new();
    for (at, event) in carried_out(run) {
        match event {
            Event::Started { step, .. } | Event::Asked { step } => {
                took.entry(*step).or_insert(Took { began: Some(*at), ended: None });
            }
            Event::Succeeded { step } | Event::Failed { step, .. } | Event::Marked { step, .. } => {
                took.entry(*step).or_insert(Took { began: None, ended: None }).ended = Some(*at);
            }
            Event::Observed { .. }
            | Event::Made { .. }
            | Event::Undoing { .. }
            | Event::Undone { .. }
            | Event::UndoFailed { .. }
            | Event::Notified { .. }
            | Event::TakenOver { .. }
            | Event::Interrupted
            | Event::Resumed
            | Event::Aborted { .. }
            | Event::TakeDown { .. } => {}
        }
    }
    took
}
