//! What is left of a drill: what it made and is not taken down, why, and how that is done.

use std::fmt::Write as _;

use drctl_core::plan::StepId;
use drctl_core::recovery::taken_back_with;
use drctl_core::run::{Next, Question, Standing};
use drctl_engine::runs::Of;
use drctl_engine::typed::said;
use serde_json::{Value as Json, json};

use super::super::palette::{Look, Tone};
use super::super::steps::command;
use super::super::text::{count, safe, wrap, wrap_lines};
use super::Record;

/// Something that a drill made, or may have made, and that is still there.
pub(super) struct Remains<'r> {
    pub(super) step: StepId,
    pub(super) summary: &'r str,
    pub(super) why: String,
    /// What takes it away; none where nothing says so.
    pub(super) undo: Vec<String>,
    /// What a person does to take it away.
    pub(super) by_hand: Option<&'r str>,
}

/// What is left, step by step. Of what is no drill nothing: what a recovery made is in use.
pub(super) fn remains(run: &Record) -> Vec<Remains<'_>> {
    let goes_on = run.run.before().is_none() && !matches!(run.run.next(1), Next::Finished(_));
    if goes_on || !matches!(run.header.of, Of::Drill(_)) {
        return Vec::new();
    }
    run.header
        .jobs
        .iter()
        .filter_map(|(id, job)| {
            let why = why(run, *id)?;
            let by_hand = job.undo_by_hand.as_deref();
            let undo = taken_back_with(&job.undo, &said(&run.events), run.run.observed(*id));
            Some(Remains { step: *id, summary: &job.summary, why, undo, by_hand })
        })
        .collect()
}

/// How much is left.
pub(crate) fn remaining(run: &Record) -> usize {
    remains(run).len()
}

/// Why what a step made is still there; none where it is not.
fn why(run: &Record, id: StepId) -> Option<String> {
    let job = &run.header.jobs[&id];
    let has_undo = !job.undo.is_empty() || job.undo_by_hand.is_some();
    let ends = run.run.before().is_some();
    Some(match run.run.standing(id)? {
        Standing::UndoFailed(error) => format!("could not be taken down: {error}"),
        Standing::Asked(Question::TakeBack) => "a person takes it down".to_owned(),
        Standing::Asked(Question::Doubt | Question::DoubtTakenBack)
        | Standing::Undoing(_)
        | Standing::UndoLost(_) => "was cut off: nobody knows whether it is there".to_owned(),
        Standing::Failed(_) if job.changes => {
            "has failed, and may have left something; a machine does not take away what was perhaps there \
             before"
                .to_owned()
        }
        Standing::Succeeded if has_undo && !ends => "is kept".to_owned(),
        Standing::Succeeded if has_undo && waits(run) => "waits for what stands on it".to_owned(),
        Standing::Succeeded if has_undo => "stays, because somebody said so".to_owned(),
        Standing::Succeeded if job.changes => "nothing says how it is taken down (`undo`)".to_owned(),
        Standing::Waiting
        | Standing::Asked(Question::Do | Question::Decide)
        | Standing::Running(_)
        | Standing::Lost(_)
        | Standing::Succeeded
        | Standing::NotNeeded
        | Standing::Skipped
        | Standing::Failed(_)
        | Standing::Undone => return None,
    })
}

/// Whether more is going to be taken down.
fn waits(run: &Record) -> bool {
    match run.run.next(1) {
        Next::Finished(outcome) => outcome.interrupted || !outcome.stuck.is_empty(),
        Next::Ask(_) | Next::Undo(_) | Next::Start(_) | Next::Wait | Next::Persons(_) | Next::TakeDown => {
            true
        }
    }
}

/// For people: what was taken down, what is left and how it is taken away.
pub(super) fn text(run: &Record, look: Look) -> String {
    if !matches!(run.header.of, Of::Drill(_)) {
        return String::new();
    }
    let mut text = String::new();
    let left = remains(run);
    if let Some(before) = run.run.before() {
        let down = run.run.outcome().undone.len() - before.outcome().undone.len();
        let told = match (down, left.is_empty()) {
            (_, true) => "taken down: nothing that it made is left".to_owned(),
            (0, false) => "nothing is taken down".to_owned(),
            (down, false) => format!("taken down: what {} made", count(down, "step")),
        };
        let _ = writeln!(text, "  {told}");
    }
    if left.is_empty() {
        return text;
    }
    let _ = writeln!(text, "  {}", look.paint(Tone::Caution, "STILL THERE, or may be:"));
    for Remains { step, summary, why, undo, by_hand } in &left {
        let first = format!("    step {}  ", step.0);
        let _ = writeln!(text, "{}", wrap_lines(&first, &format!("{summary}: {why}"), look.width));
        match (by_hand, undo.is_empty()) {
            (Some(how), _) => drop(writeln!(text, "{}", wrap("       ", &safe(how), look.width))),
            (None, false) => drop(writeln!(text, "{}", command(undo, None, look))),
            (None, true) => {}
        }
    }
    let name = &run.header.run;
    if run.run.before().is_none() || waits(run) {
        let _ = writeln!(text, "  take it down: drctl drill teardown {name}");
    }
    for step in &run.run.outcome().stuck {
        let _ = writeln!(text, "  when it is gone: drctl recover mark {} --done --run {name}", step.0);
    }
    text
}

/// For programs; null of what is no drill.
pub(crate) fn teardown(run: &Record) -> Json {
    if !matches!(run.header.of, Of::Drill(_)) {
        return Json::Null;
    }
    let left = remains(run);
    let status = match run.run.before() {
        None => "not_begun",
        Some(_) if waits(run) => "open",
        Some(_) => "done",
    };
    let one = |left: &Remains<'_>| {
        json!({
            "step": left.step,
            "summary": left.summary,
            "why": left.why,
            "command": left.undo,
            "by_hand": left.by_hand,
        })
    };
    json!({ "status": status, "left": left.iter().map(one).collect::<Vec<_>>() })
}
