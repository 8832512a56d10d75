//! The record of a run: what was done when, by whom, how long it took, what was promised. Made from the
//! journal alone.

mod junit;
mod measured;
mod postmortem;
mod remains;

use std::fmt::Write as _;

use drctl_core::plan::StepId;
use drctl_core::provider::ProviderError;
use drctl_core::recovery::readable;
use drctl_core::run::{Event, Next, Question, Standing};
use drctl_engine::journal::{JournalError, Replayed};
use drctl_engine::runs::{Begun, Of, Stand, stand, went};
use drctl_engine::said::Said;
use serde_json::{Value as Json, json};

pub(crate) use self::junit::junit;
use self::measured::{canary, lost, took};
pub(crate) use self::measured::{downtime, ended, measured, rpo};
pub(crate) use self::postmortem::markdown;
pub(crate) use self::remains::{remaining, teardown};
use super::palette::{Look, Tone};
use super::run::{found, said as verdict_word};
use super::text::{safe, wrap, wrap_lines};
use crate::commands::recover::open::Listed;

type Record = Replayed<Begun>;

/// What came of a run, in a few lines.
pub(crate) fn outcome(run: &Record, said: &Said, look: Look) -> String {
    let mut text = String::new();
    let name = &run.header.run;
    let (tone, told) = verdict(run);
    let _ = writeln!(text, "\n{}", look.paint(tone, &safe(&format!("{told}{}", sim(run)))));
    let went = run.run.before().unwrap_or(&run.run);
    for (step, standing) in went.standings() {
        let why = match standing {
            Standing::Failed(error) => format!("failed: {error}"),
            Standing::UndoFailed(error) => format!("could not be taken back: {error}"),
            _ => continue,
        };
        let _ = writeln!(text, "{}", wrap_lines(&format!("  step {} ", step.0), &why, look.width));
    }
    let outcome = went.outcome();
    let _ = writeln!(
        text,
        "  {} done, {} failed, {} not done, {} taken back",
        outcome.succeeded.len(),
        outcome.failed.len() + outcome.stuck.len(),
        outcome.skipped.len(),
        outcome.undone.len()
    );
    if let Some(rto) = downtime(run) {
        let _ = writeln!(text, "  {}", measured("RTO", rto, run.header.rto_s));
    }
    if let Some(told) = lost(run, said) {
        let _ = writeln!(text, "{}", wrap("  ", &told, look.width));
    }
    text += &remains::text(run, look);
    if stand(&run.run) == Stand::Open && run.run.before().is_none() {
        for step in outcome.failed.iter().chain(&outcome.stuck) {
            let _ = writeln!(text, "  try again: drctl recover mark {} --go", step.0);
        }
        let _ = writeln!(text, "  go on: drctl recover --resume {name}");
        let give_up = match run.header.of {
            Of::Drill(_) => format!("drctl drill teardown {name}"),
            Of::Recovery(_) | Of::Practice(_) => format!("drctl recover abort --run {name} --reason TEXT"),
        };
        let _ = writeln!(text, "  or:    {give_up}");
    }
    let _ = writeln!(text, "  record: drctl recover show {name}");
    text
}

/// Where it stands, in a sentence.
fn verdict(run: &Record) -> (Tone, String) {
    let (name, outcome) = (&run.header.run, run.run.outcome());
    let before = run.run.before();
    match (stand(&run.run), run.run.next(1)) {
        (Stand::Done, _) => (Tone::Good, format!("Run {name} is done")),
        (Stand::Ended, _) if outcome.aborted => (Tone::Bad, format!("Run {name} was given up")),
        (Stand::Ended, _) if before.is_some_and(|b| went(b) == Stand::Open) => {
            (Tone::Bad, format!("Run {name} was ended before it was over"))
        }
        (Stand::Ended, _) if before.is_some() => (Tone::Bad, format!("Run {name} has failed")),
        (Stand::Ended, _) => {
            (Tone::Bad, format!("Run {name} has failed, and what could be taken back is taken back"))
        }
        (Stand::Open, Next::Persons(steps)) => {
            let steps: Vec<String> = steps.iter().map(|s| s.0.to_string()).collect();
            let word = if steps.len() == 1 { "step" } else { "steps" };
            (Tone::Caution, format!("Run {name} waits for a person: {word} {}", steps.join(", ")))
        }
        (Stand::Open, _) if before.is_some() && !outcome.stuck.is_empty() => {
            (Tone::Bad, format!("Run {name} is over, and NOT ALL that it made could be taken down"))
        }
        (Stand::Open, _) if !outcome.stuck.is_empty() => {
            (Tone::Bad, format!("Run {name} is STUCK: something could not be taken back"))
        }
        (Stand::Open, _) if outcome.interrupted => (Tone::Caution, format!("Run {name} is stopped")),
        (Stand::Open, _) if before.is_some() => {
            (Tone::Caution, format!("Run {name} was cut off while what it made was taken down"))
        }
        // Another process may be at work on it: only its journal is looked at.
        (Stand::Open, _) if outcome.failed.is_empty() => {
            (Tone::Caution, format!("Run {name} is under way, or was cut off"))
        }
        (Stand::Open, _) => (Tone::Bad, format!("Run {name} holds at a failure")),
    }
}

/// Where a step stands, in words.
fn standing(standing: &Standing) -> &'static str {
    match standing {
        Standing::Waiting => "not begun",
        Standing::Asked(Question::Doubt | Question::DoubtTakenBack) => "cut off; asked about",
        Standing::Asked(_) => "waits for a person",
        Standing::Running(_) | Standing::Lost(_) => "under way or cut off",
        Standing::Succeeded => "done",
        Standing::NotNeeded => "not needed",
        Standing::Skipped => "left out",
        Standing::Failed(_) => "FAILED",
        Standing::Undoing(_) | Standing::UndoLost(_) => "being taken back",
        Standing::Undone => "taken back",
        Standing::UndoFailed(_) => "NOT TAKEN BACK",
    }
}

/// Where a step stands, and how it went before it was taken down.
fn stands(run: &Record, id: StepId) -> Option<&'static str> {
    let was_done = run.run.before().is_some_and(|before| before.standing(id) == Some(&Standing::Succeeded));
    Some(match run.run.standing(id)? {
        Standing::Undone if was_done => "done, taken down",
        now => standing(now),
    })
}

/// What an event says, for the timeline.
fn event(event: &Event, run: &Record) -> (Option<StepId>, String) {
    let summary = |step: &StepId| run.header.jobs.get(step).map_or("", |job| job.summary.as_str());
    match event {
        Event::Started { step, .. } => (Some(*step), format!("begun: {}", summary(step))),
        Event::Observed { step, before } => (Some(*step), format!("before it: {}", found(before))),
        Event::Made { step } => (Some(*step), "made".to_owned()),
        Event::Succeeded { step } => (Some(*step), "done".to_owned()),
        Event::Failed { step, error } => (Some(*step), format!("FAILED: {error}")),
        Event::Asked { step } => (Some(*step), format!("a person is asked: {}", summary(step))),
        Event::Marked { step, verdict, by, evidence, inputs } => {
            let verdict = verdict_word(*verdict);
            let inputs: String = inputs.iter().map(|(name, value)| format!(", {name} = {value}")).collect();
            let why = if evidence.is_empty() { String::new() } else { format!(": {evidence}") };
            (Some(*step), format!("{by} says that it is {verdict}{inputs}{why}"))
        }
        Event::Undoing { step, .. } => (Some(*step), format!("being taken back: {}", summary(step))),
        Event::Undone { step } => (Some(*step), "taken back".to_owned()),
        Event::UndoFailed { step, error } => (Some(*step), format!("COULD NOT BE TAKEN BACK: {error}")),
        Event::Notified { notice, why, error } => {
            let why = why.as_ref().map_or_else(String::new, |why| format!(", because {why}"));
            (None, notified(*notice, &why, error.as_ref(), run))
        }
        Event::Interrupted => (None, "stopped by a person".to_owned()),
        Event::Resumed => (None, "gone on with".to_owned()),
        Event::TakenOver { by, from } => (None, format!("command TAKEN OVER by {by}, from {from}")),
        Event::Aborted { by, reason } => (None, format!("given up by {by}: {reason}")),
        Event::TakeDown { by: Some(by) } => (None, format!("{by} says that what it made is taken down")),
        Event::TakeDown { by: None } => (None, "over: what it made is taken down".to_owned()),
    }
}

fn notified(notice: u32, why: &str, error: Option<&ProviderError>, run: &Record) -> String {
    let Some(notice) = run.header.notices.get(notice as usize) else { return "somebody is told".to_owned() };
    let (whom, channel) = (&notice.whom, &notice.channel);
    let by_machine = notice.webhook.is_some() || !notice.command.is_empty();
    match error {
        Some(error) => format!("{whom} could NOT be told by channel.{channel}{why}: {error}"),
        None if by_machine => format!("{whom} told by channel.{channel}{why}"),
        None => format!("a person is asked to tell {whom} by channel.{channel}{why}"),
    }
}

/// How a run went: for programs, and for people.
pub(crate) fn result(run: &Record) -> (&'static str, Tone) {
    match (went(&run.run), stand(&run.run)) {
        (Stand::Done, _) => ("passed", Tone::Good),
        (Stand::Open, Stand::Open) => ("open", Tone::Caution),
        (Stand::Open, Stand::Done | Stand::Ended) => ("cut_short", Tone::Caution),
        (Stand::Ended, _) if run.run.outcome().aborted => ("cut_short", Tone::Caution),
        (Stand::Ended, _) => ("failed", Tone::Bad),
    }
}

/// What went wrong on purpose.
pub(super) fn injected(run: &Record) -> Option<String> {
    let all: Vec<String> = run.header.injected.iter().map(ToString::to_string).collect();
    (!all.is_empty()).then(|| format!("injected: {}", all.join(", ")))
}

fn of(run: &Record) -> String {
    run.header.of.to_string()
}

/// That nothing of it was real, for the end of a line.
fn sim(run: &Record) -> &'static str {
    if run.header.simulated { " (SIM)" } else { "" }
}

/// All runs, a line each; `there` are those that stand only in the copy of the journals.
pub(crate) fn list(runs: &[Listed], there: &[String], look: Look) -> String {
    let mut text = String::new();
    if runs.is_empty() {
        text += "No recovery and no drill was carried out from here.\n";
    }
    for (_, run) in runs {
        let line = match run {
            Ok(run) => {
                let stands = match stand(&run.run) {
                    Stand::Done => "done",
                    Stand::Ended => "ended",
                    Stand::Open => "OPEN",
                };
                let time = downtime(run).map(|s| format!(", RTO {}", readable(s))).unwrap_or_default();
                let (name, began, sim) = (&run.header.run, run.header.began, sim(run));
                format!("{name}  {stands:<5}  {}, begun {began:.0}{time}{sim}", of(run))
            }
            Err(error) => format!("unreadable: {error}"),
        };
        let _ = writeln!(text, "{}", wrap("", &safe(&line), look.width));
    }
    for run in there {
        let line = format!("{run}  only in the copy: drctl recover show {run}");
        let _ = writeln!(text, "{}", wrap("", &safe(&line), look.width));
    }
    text
}

/// All runs, for programs.
pub(crate) fn list_json(runs: &[Listed], there: &[String]) -> Json {
    let one = |run: &Result<Record, JournalError>| match run {
        Ok(run) => head(run),
        Err(error) => json!({ "error": error.to_string() }),
    };
    let runs: Vec<Json> = runs.iter().map(|(_, run)| one(run)).collect();
    json!({ "format_version": "1.0", "runs": runs, "only_in_copy": there })
}

/// What a run is and where it stands.
pub(crate) fn head(run: &Record) -> Json {
    json!({
        "run": run.header.run,
        "of": run.header.of,
        "simulated": run.header.simulated,
        "began": run.header.began,
        "status": match stand(&run.run) {
            Stand::Done => "done",
            Stand::Ended => "ended",
            Stand::Open => "open",
        },
        "rto_s": downtime(run),
        "objective_s": run.header.rto_s,
        "injected": run.header.injected.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "teardown": teardown(run),
    })
}

/// One run, for programs.
pub(crate) fn json(run: &Record, said: &Said) -> Json {
    let took = took(run);
    let steps = run.header.jobs.iter().filter_map(|(id, job)| {
        let took = took.get(id);
        Some(json!({
            "id": id,
            "summary": job.summary,
            "standing": stands(run, *id)?,
            "began": took.and_then(|t| t.began),
            "ended": took.and_then(|t| t.ended),
            "p50_s": job.p50_s,
            "p95_s": job.p95_s,
        }))
    });
    let mut json = head(run);
    json["format_version"] = "1.0".into();
    json["rpo_s"] = json!(rpo(run, said));
    json["canary"] = json!(canary(run, said));
    json["steps"] = steps.collect();
    json["events"] = run
        .events
        .iter()
        .map(|(at, what)| {
            let (step, text) = event(what, run);
            json!({ "at": at, "step": step, "text": text })
        })
        .collect();
    json
}

/// One run, for people.
pub(crate) fn text(run: &Record, said: &Said, look: Look) -> String {
    let began = run.header.began;
    let mut text = format!("{}: {}, begun {began:.0}\n", safe(&run.header.run), safe(&of(run)));
    if run.header.simulated {
        text += "  SIM: on a simulated cloud\n";
    }
    if let Some(told) = injected(run) {
        let _ = writeln!(text, "{}", wrap("  ", &safe(&told), look.width));
    }
    for (id, job) in &run.header.jobs {
        let Some(stands) = stands(run, *id) else { continue };
        let first = format!("  {:>3}  {stands:<20}  ", id.0);
        let _ = writeln!(text, "{}", wrap(&first, &safe(&job.summary), look.width));
        if let Some(place) = said.place(*id) {
            let _ = writeln!(text, "       what it said: {}", safe(place));
        }
        if let Some(why) = said.missing(*id) {
            let _ = writeln!(text, "{}", wrap("       ", &safe(&format!("what it said {why}")), look.width));
        }
    }
    let _ = writeln!(text, "\nWhat happened");
    for (at, what) in &run.events {
        let (step, told) = event(what, run);
        let step = step.map_or_else(String::new, |s| s.0.to_string());
        let first = format!("  T+{:<8} {step:>3}  ", readable(at.duration_since(began).as_secs()));
        let _ = writeln!(text, "{}", wrap_lines(&first, &told, look.width));
    }
    text + &outcome(run, said, look)
}
