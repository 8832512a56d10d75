//! The drills that were carried out, for people and for programs.

use std::fmt::Write as _;

use drctl_core::due::{Due, rhythm};
use drctl_core::plan::StepId;
use drctl_core::run::Standing;
use drctl_core::system::Drill;
use drctl_engine::journal::Replayed;
use drctl_engine::runs::Begun;
use drctl_engine::said::Said;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::palette::Look;
use super::record::{downtime, ended, injected, measured, remaining, result, rpo, teardown};
use super::text::{count, safe, wrap};

/// A drill with every time that it was carried out.
pub(crate) struct Drilled<'d> {
    /// Its name.
    pub(crate) name: String,
    /// What it says; none where the configuration has it no more.
    pub(crate) drill: Option<&'d Drill>,
    /// When it is due.
    pub(crate) due: Option<&'d Due>,
    /// The times, the newest first.
    pub(crate) runs: Vec<(&'d Said, &'d Replayed<Begun>)>,
}

/// What has failed, before anything was taken down.
fn failures(run: &Replayed<Begun>) -> Vec<(StepId, &str, String)> {
    let went = run.run.before().unwrap_or(&run.run);
    let failed = went.standings().filter_map(|(id, standing)| {
        let why = match standing {
            Standing::Failed(error) | Standing::UndoFailed(error) => error.to_string(),
            _ => return None,
        };
        Some((id, run.header.jobs.get(&id)?.summary.as_str(), why))
    });
    failed.collect()
}

/// For people.
pub(crate) fn text(all: &[Drilled<'_>], now: Timestamp, look: Look) -> String {
    let mut text = String::new();
    if all.is_empty() {
        return "The configuration declares no drill, and none was carried out from here.\n".to_owned();
    }
    for one in all {
        let _ = writeln!(text, "{}", wrap("", &safe(&head(one, now)), look.width));
        if one.runs.is_empty() {
            text += "  not carried out from here\n";
        }
        for (said, run) in &one.runs {
            line(&mut text, (said, run), look);
        }
        text.push('\n');
    }
    text.pop();
    text
}

/// What the drill is, and when it is due.
fn head(Drilled { name, drill, due, runs: _ }: &Drilled<'_>, now: Timestamp) -> String {
    let Some(drill) = drill else { return format!("Drill {name}: the configuration has it no more") };
    let of = match (&drill.scenario, &drill.procedure) {
        (Some(scenario), _) => format!("scenario {}", scenario.0),
        (None, Some(procedure)) => format!("procedure {}", procedure.0),
        (None, None) => "of nothing".to_owned(),
    };
    let due = due.map_or_else(String::new, |due| {
        let rhythm = rhythm(due).map_or_else(String::new, |rhythm| format!("; {rhythm}"));
        match due.day() {
            Some(day) if due.is_overdue(now) => format!("{rhythm}; OVERDUE since {day}"),
            Some(day) => format!("{rhythm}; next due {day}"),
            None => format!("{rhythm}; OVERDUE"),
        }
    });
    format!("Drill {name}: {of}{due}")
}

fn line(text: &mut String, (said, run): (&Said, &Replayed<Begun>), look: Look) {
    let begun = &run.header;
    let (result, tone) = result(run);
    let word = match result {
        "failed" => "FAILED",
        "open" => "OPEN",
        "cut_short" => "cut short",
        passed => passed,
    };
    let mut told = Vec::new();
    told.extend(downtime(run).map(|is| measured("RTO", is, begun.rto_s)));
    told.extend(rpo(run, said).map(|is| measured("RPO", is, begun.rpo_s)));
    told.extend(
        (!begun.left_out.is_empty()).then(|| format!("{} left out", count(begun.left_out.len(), "step"))),
    );
    told.extend(begun.simulated.then(|| "SIM".to_owned()));
    told.extend(injected(run));
    told.extend(begun.by.iter().map(|by| format!("by {by}")));
    told.push(format!("run {}", begun.run));
    let first = format!("  {:.0}  {word:<9}  ", begun.began);
    let line = wrap(&first, &safe(&told.join("; ")), look.width);
    let _ = writeln!(text, "{}", look.paint(tone, &line));
    for (step, summary, why) in failures(run) {
        let first = format!("    step {}  ", step.0);
        let _ = writeln!(text, "{}", wrap(&first, &safe(&format!("{summary}: {why}")), look.width));
    }
    if let left @ 1.. = remaining(run) {
        let told = format!("{} may still be there: drctl recover show {}", count(left, "thing"), begun.run);
        let _ = writeln!(text, "{}", wrap("    ", &told, look.width));
    }
}

/// For programs.
pub(crate) fn json(all: &[Drilled<'_>], now: Timestamp) -> Json {
    let one = |run: &(&Said, &Replayed<Begun>)| {
        let (said, run) = run;
        let begun = &run.header;
        let failed = failures(run).into_iter();
        let failed =
            failed.map(|(step, summary, why)| json!({ "step": step, "summary": summary, "why": why }));
        json!({
            "run": begun.run,
            "began": begun.began,
            "ended": ended(run),
            "by": begun.by,
            "simulated": begun.simulated,
            "result": result(run).0,
            "rto_s": downtime(run),
            "rto_objective_s": begun.rto_s,
            "rpo_s": rpo(run, said),
            "rpo_objective_s": begun.rpo_s,
            "failed": failed.collect::<Vec<_>>(),
            "left_out": begun.left_out,
            "injected": begun.injected.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "teardown": teardown(run),
        })
    };
    let drill = |one_drill: &Drilled<'_>| {
        let Drilled { name, drill, due, runs } = one_drill;
        json!({
            "drill": name,
            "scenario": drill.and_then(|d| d.scenario.as_ref()).map(|s| &s.0),
            "procedure": drill.and_then(|d| d.procedure.as_ref()).map(|p| &p.0),
            "every_s": drill.map(|d| d.every.as_secs()),
            "next_due": due.and_then(|due| due.at),
            "overdue": due.map(|due| due.is_overdue(now)),
            "runs": runs.iter().map(one).collect::<Vec<_>>(),
        })
    };
    json!({ "format_version": "1.0", "as_of": now, "drills": all.iter().map(drill).collect::<Vec<_>>() })
}
