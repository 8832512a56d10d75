//! The record of a run as a document: what was promised and measured, what each step took, what was not done
//! and why, what happened when.

use std::fmt::Write as _;

use drctl_core::plan::StepId;
use drctl_core::recovery::readable;
use drctl_core::run::{Event, Standing, Verdict};
use drctl_engine::runs::{Stand, stand};
use drctl_engine::said::Said;

use super::super::markdown::escape;
use super::super::steps::quote;
use super::super::text::{count, paragraph};
use super::measured::{downtime, lost, measured, rpo, took};
use super::remains::remains;
use super::{Record, event, injected, of, result, stands};

/// The incident's record in Markdown. `earlier` are the runs of the same before it, the oldest first.
pub(crate) fn markdown(run: &Record, said: &Said, earlier: &[(Said, &Record)]) -> String {
    let mut text = head(run, said);
    times(&mut text, earlier.iter().map(|(said, run)| (said, *run)).chain([(said, run)]));
    steps(&mut text, run);
    not_done(&mut text, run);
    left(&mut text, run);
    timeline(&mut text, run);
    let outcome = run.run.before().unwrap_or(&run.run).outcome();
    let _ = writeln!(
        text,
        "\n{} done, {} failed, {} not done, {} taken back; {}.",
        outcome.succeeded.len(),
        outcome.failed.len() + outcome.stuck.len(),
        outcome.skipped.len(),
        outcome.undone.len(),
        count(run.events.len(), "event")
    );
    text
}

fn head(run: &Record, said: &Said) -> String {
    let begun = &run.header;
    let by = begun.by.as_ref().map_or_else(String::new, |by| format!(" by {}", cell(by)));
    let stands = match stand(&run.run) {
        Stand::Done => "done",
        Stand::Ended => "ended without success",
        Stand::Open => "open",
    };
    let mut text = format!("# {}\n\n", cell(&of(run)));
    let _ = writeln!(text, "Run `{}`, begun {:.0}{by}, {stands}.", cell(&begun.run), begun.began);
    if begun.simulated {
        text += "\n**SIM**: on a simulated cloud.\n";
    }
    if let Some(told) = injected(run) {
        let _ = writeln!(text, "\nIt was made to go wrong on purpose, {}.", cell(&told));
    }
    match (downtime(run), begun.rto_s) {
        (Some(rto), promised) => drop(writeln!(text, "\n{}.", cell(&measured("RTO", rto, promised)))),
        (None, Some(promised)) => {
            let _ = writeln!(
                text,
                "\nRTO not measured: the service did not work again. Objective {}.",
                readable(promised)
            );
        }
        (None, None) => {}
    }
    match (lost(run, said), begun.rpo_s) {
        (Some(told), _) => drop(writeln!(text, "\n{}.", cell(&told))),
        (None, Some(promised)) => {
            let _ = writeln!(
                text,
                "\nRPO not measured: no step found a canary in what came back. Objective {}.",
                readable(promised)
            );
        }
        (None, None) => {}
    }
    text
}

/// The table in which recovery times are tracked from one time to the next.
fn times<'r>(text: &mut String, runs: impl Iterator<Item = (&'r Said, &'r Record)>) {
    *text += "\n## Recovery time\n\n| date | what | RTO target | actual RTO | RPO target | actual RPO | notes |\n\
              |---|---|---|---|---|---|---|\n";
    let seconds = |s: Option<i64>| s.map_or_else(|| "–".to_owned(), readable);
    for (said, run) in runs {
        let begun = &run.header;
        let missed = |is: Option<i64>, most: Option<i64>| is.zip(most).is_some_and(|(is, most)| is > most);
        let (rto, rpo) = (downtime(run), rpo(run, said));
        let mut notes = vec![result(run).0.replace('_', " ")];
        notes.extend(missed(rto, begun.rto_s).then(|| "RTO missed".to_owned()));
        notes.extend(missed(rpo, begun.rpo_s).then(|| "RPO missed".to_owned()));
        notes.extend(
            (!begun.left_out.is_empty()).then(|| format!("{} left out", count(begun.left_out.len(), "step"))),
        );
        notes.extend(begun.simulated.then(|| "SIM".to_owned()));
        notes.extend(injected(run));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            begun.began.strftime("%Y-%m-%d"),
            cell(&of(run)),
            seconds(begun.rto_s),
            seconds(rto),
            seconds(begun.rpo_s),
            seconds(rpo),
            cell(&notes.join("; "))
        );
    }
}

fn steps(text: &mut String, run: &Record) {
    let took = took(run);
    *text += "\n## Steps\n\n| step | what | expected | took | outcome |\n|---|---|---|---|---|\n";
    for (id, job) in &run.header.jobs {
        let Some(stands) = stands(run, *id) else { continue };
        let time = took.get(id).and_then(|t| Some(t.ended?.duration_since(t.began?).as_secs()));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {stands} |",
            id.0,
            cell(&job.summary),
            job.p50_s.map_or_else(String::new, readable),
            time.map_or_else(String::new, readable),
        );
    }
}

/// Why a step was not done that is one of the run's; none where it was, or was begun.
pub(super) fn why_not(run: &Record, id: StepId) -> Option<String> {
    let went = run.run.before().unwrap_or(&run.run);
    Some(match went.standing(id)? {
        Standing::Skipped => {
            let said = run.events.iter().rev().find_map(|(_, event)| match event {
                Event::Marked { step, verdict: Verdict::Skipped, by, evidence, .. } if *step == id => {
                    Some(format!("{by} left it out: {evidence}"))
                }
                _ => None,
            });
            said.unwrap_or_else(|| "left out".to_owned())
        }
        Standing::NotNeeded => "not needed: what it is done instead of is done".to_owned(),
        Standing::Waiting => {
            let before = run.header.nodes.iter().find(|node| node.id == id);
            let held = before.into_iter().flat_map(|node| &node.needs);
            let held = held.filter(|need| {
                !matches!(
                    went.standing(**need),
                    Some(Standing::Succeeded | Standing::Skipped | Standing::NotNeeded)
                )
            });
            let held: Vec<String> = held.map(|need| need.0.to_string()).collect();
            match held.as_slice() {
                [] => "not begun when the run ended".to_owned(),
                held => format!("not begun: it waits for {}", held.join(", ")),
            }
        }
        Standing::Asked(_) => "nobody has answered".to_owned(),
        Standing::Running(_)
        | Standing::Lost(_)
        | Standing::Succeeded
        | Standing::Failed(_)
        | Standing::Undoing(_)
        | Standing::UndoLost(_)
        | Standing::Undone
        | Standing::UndoFailed(_) => return None,
    })
}

fn not_done(text: &mut String, run: &Record) {
    let own = run.header.jobs.iter().filter_map(|(id, job)| Some((*id, &job.summary, why_not(run, *id)?)));
    let left_out = run.header.left_out.iter().map(|left| (left.step, &left.summary, left.why.clone()));
    let mut all: Vec<_> = own.chain(left_out).collect();
    all.sort_by_key(|(id, _, _)| *id);
    if all.is_empty() {
        return;
    }
    *text += "\n## Not done\n\n| step | what | why |\n|---|---|---|\n";
    for (id, summary, why) in all {
        let _ = writeln!(text, "| {} | {} | {} |", id.0, cell(summary), cell(&why));
    }
}

fn left(text: &mut String, run: &Record) {
    let left = remains(run);
    if left.is_empty() {
        return;
    }
    *text += "\n## Still there, or may be\n\n| step | what | why | taken away with |\n|---|---|---|---|\n";
    for one in left {
        let (step, what, why) = (one.step.0, cell(one.summary), cell(&one.why));
        let command = || one.undo.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
        let how = one.by_hand.map_or_else(command, str::to_owned);
        let _ = writeln!(text, "| {step} | {what} | {why} | {} |", cell(&how));
    }
}

fn timeline(text: &mut String, run: &Record) {
    *text += "\n## Timeline\n\n| time | clock | step | what |\n|---|---|---|---|\n";
    for (at, what) in &run.events {
        let (step, told) = event(what, run);
        let step = step.map_or_else(String::new, |s| s.0.to_string());
        let clock = readable(at.duration_since(run.header.began).as_secs());
        let _ = writeln!(text, "| {at:.0} | T+{clock} | {step} | {} |", cell(&told));
    }
}

/// Text in a cell of a table, harmless and on one line.
fn cell(text: &str) -> String {
    escape(&paragraph(text))
}
