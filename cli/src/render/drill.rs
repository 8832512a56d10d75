//! A drill for people and for programs.

use std::fmt::Write as _;

use drctl_core::addr::Name;
use drctl_core::duration;
use drctl_core::plan::LastSeen;
use drctl_core::recovery::{Rehearsal, Share, Skipped};
use drctl_core::system::Drill;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::palette::Look;
use super::recovery::shown;
use super::steps::{plan_steps, range};
use super::text::{last_seen, last_seen_json, safe, width, wrap};

/// What is told.
pub(crate) struct Told<'t> {
    /// The drill.
    pub(crate) name: &'t Name,
    /// What it says.
    pub(crate) drill: &'t Drill,
    /// Its plan.
    pub(crate) rehearsal: &'t Rehearsal,
    /// Whether the cloud is a simulated one.
    pub(crate) simulated: bool,
    /// How old what it was made from is.
    pub(crate) seen: Option<LastSeen>,
}

/// For people: what it touches, what is left out, and the steps.
pub(crate) fn text(told: &Told<'_>, now: Timestamp, look: Look) -> String {
    let Told { name, drill, rehearsal, simulated, seen } = told;
    let mut out = format!("Drill {name}: {}   as of {now}\n", what(drill));
    if *simulated {
        out += "SIM: a simulated cloud, nothing real is read or changed\n";
    }
    if let Some(seen) = seen {
        let _ = writeln!(out, "\n{}", wrap("? ", &last_seen(*seen, now), look.width));
    }
    let last = drill.last.map_or("never done".to_owned(), |last| format!("last {last}"));
    let owner = drill.owner.as_ref().map_or_else(String::new, |o| format!("; contact.{} sees to it", o.0));
    let _ = writeln!(out, "\n  every {}, {last}{owner}", duration::text(drill.every));
    if let Some((p50, p95)) = length(rehearsal) {
        let _ = writeln!(out, "  takes {}", range(p50, p95));
    }
    targets(&mut out, rehearsal, look);
    for blocked in &rehearsal.plan.blocked {
        let _ = writeln!(out, "\n{}", wrap("✗ ", &safe(&blocked.why), look.width));
    }
    for warning in &rehearsal.plan.warnings {
        let _ = writeln!(out, "\n{}", wrap("? ", &safe(warning), look.width));
    }
    if !rehearsal.skipped.is_empty() {
        out += "\nLeft out\n";
    }
    for Skipped { id, summary, written, why } in &rehearsal.skipped {
        let of = written.as_ref().map_or_else(String::new, |(p, s)| format!(", {s} of procedure.{p}"));
        let line = safe(&format!("step {id}{of}: {summary}"));
        let _ = writeln!(out, "{}", wrap("  - ", &line, look.width));
        let _ = writeln!(out, "{}", wrap("      ", why, look.width));
    }
    match rehearsal.plan.steps.is_empty() {
        true => out += "\nNothing is left to do: a drill of this proves nothing.\n",
        false => plan_steps(&mut out, &rehearsal.plan, look),
    }
    shown(out, look)
}

/// What the steps touch.
fn targets(out: &mut String, rehearsal: &Rehearsal, look: Look) {
    let longest = rehearsal.target.keys().map(|name| width(name)).max().unwrap_or(0);
    for (name, (value, share)) in &rehearsal.target {
        let share = match share {
            Share::Own => "",
            Share::Shared => " (as in production)",
        };
        let first = format!("  target.{name:longest$}  ");
        let _ = writeln!(out, "{}", wrap(&first, &safe(&format!("{value}{share}")), look.width));
    }
}

fn what(drill: &Drill) -> String {
    match (&drill.scenario, &drill.procedure) {
        (Some(scenario), Some(procedure)) => {
            format!("scenario {}, by procedure.{}", scenario.0, procedure.0)
        }
        (Some(scenario), None) => format!("scenario {}", scenario.0),
        (None, Some(procedure)) => format!("procedure.{}", procedure.0),
        (None, None) => "nothing".to_owned(),
    }
}

/// How long the steps take: usually, and when luck is bad; none when a step has no estimate.
fn length(rehearsal: &Rehearsal) -> Option<(i64, i64)> {
    let steps = &rehearsal.plan.steps;
    let ends: Option<Vec<(i64, i64)>> = steps.iter().map(|s| s.done_p50_s.zip(s.done_p95_s)).collect();
    let ends = ends.filter(|ends| !ends.is_empty())?;
    Some((ends.iter().map(|e| e.0).max()?, ends.iter().map(|e| e.1).max()?))
}

/// For programs.
pub(crate) fn json(told: &Told<'_>, now: Timestamp) -> Json {
    let Told { name, drill, rehearsal, simulated, seen } = told;
    let target = rehearsal.target.iter().map(|(name, (value, share))| {
        (name.clone(), json!({ "value": value, "shared": *share == Share::Shared }))
    });
    let skipped = rehearsal.skipped.iter().map(|s| {
        let written = s.written.as_ref().map(|(p, step)| json!({ "procedure": p, "step": step }));
        json!({ "id": s.id, "summary": s.summary, "written": written, "why": s.why })
    });
    let length = length(rehearsal);
    json!({
        "format_version": "1.0",
        "as_of": now,
        "simulated": simulated,
        "last_seen": seen.map(|seen| last_seen_json(seen, now)),
        "drill": name,
        "scenario": drill.scenario.as_ref().map(|s| &s.0),
        "procedure": drill.procedure.as_ref().map(|p| &p.0),
        "run": rehearsal.plan.run,
        "target": target.collect::<serde_json::Map<_, _>>(),
        "p50_s": length.map(|l| l.0),
        "p95_s": length.map(|l| l.1),
        "steps": rehearsal.plan.steps,
        "skipped": skipped.collect::<Vec<_>>(),
        "warnings": rehearsal.plan.warnings,
    })
}
