//! Advice for people and programs: the changes with what they cost and what they are for, the text that
//! changes, the objectives before and after, and what is not met either way.

use std::fmt::Write as _;

use drctl_core::advise::{Advice, Advised, Cell, Cost};
use drctl_core::objective::Judgement;
use drctl_core::plan::LastSeen;
use drctl_core::recovery::readable;
use drctl_core::span::{SourceMap, Span};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::diff;
use super::objectives::{metric, worst};
use super::palette::{Look, Tone};
use super::text::{count, last_seen_json, safe, wrap};

/// Objectives that are listed of one change; of the rest only the number.
const MOST_LISTED: usize = 3;

/// For people.
pub(crate) fn text(advice: &Advice, sources: &SourceMap, look: Look) -> String {
    let open = advice.met.len() + advice.unmet.len();
    if open == 0 {
        return "Every objective is met: there is nothing to change.\n".to_owned();
    }
    let head = format!(
        "{} not met: {} with {}, {} by no change that drctl knows",
        count(open, "objective"),
        advice.met.len(),
        count(advice.changes.len(), "change"),
        advice.unmet.len(),
    );
    let mut out = format!("{}\n", look.paint(Tone::Strong, &head));
    for (number, change) in advice.changes.iter().enumerate() {
        out += &one(number + 1, change, look);
    }
    let diff = diff::unified(sources, &advice.sources);
    if !diff.is_empty() {
        let _ = write!(out, "\nWhat to write\n{}", diff::painted(&diff, look));
    }
    if !advice.met.is_empty() {
        let _ = writeln!(out, "\n{}", look.paint(Tone::Good, "Met then"));
        for cell in &advice.met {
            let _ = writeln!(out, "{}", wrap("  + ", &compared(advice, cell, look), look.width));
        }
    }
    if !advice.unmet.is_empty() {
        let _ = writeln!(out, "\n{}", look.paint(Tone::Bad, "Not met by any change"));
        for unmet in &advice.unmet {
            let head = compared(advice, &unmet.cell, look);
            let _ = writeln!(out, "{}", wrap("  ! ", &head, look.width));
            let _ = writeln!(out, "{}", wrap("      ", &safe(&unmet.why), look.width));
        }
    }
    out
}

fn one(number: usize, advised: &Advised, look: Look) -> String {
    let change = &advised.change;
    let mut out = format!("\n{}\n", wrap(&format!("{number:>2}. "), &safe(&change.what), look.width));
    let mut line = |name: &str, text: &str| {
        let _ = writeln!(out, "{}", wrap(&format!("    {name:<9}"), &safe(text), look.width));
    };
    line("cost", &format!("{}: {}", cost(change.cost), change.because));
    if let Some(provided) = &change.provided {
        line("provided", provided);
    }
    let listed: Vec<String> = advised.needed_for.iter().take(MOST_LISTED).map(name).collect();
    let more = match advised.needed_for.len().saturating_sub(MOST_LISTED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    line("for", &format!("{}{more}", listed.join("; ")));
    out
}

fn cost(cost: Cost) -> &'static str {
    match cost {
        Cost::Low => "low",
        Cost::Medium => "medium",
        Cost::High => "high",
    }
}

fn name(cell: &Cell) -> String {
    format!("{} {} in {}", metric(cell.metric), cell.subject, cell.scenario)
}

fn find<'j>(all: &'j [Judgement<Span>], cell: &Cell) -> Option<&'j Judgement<Span>> {
    all.iter().find(|one| Cell::of(one) == *cell)
}

/// The worst case as it is and as it would be.
fn compared(advice: &Advice, cell: &Cell, look: Look) -> String {
    let (before, after) = (find(&advice.before, cell), find(&advice.after, cell));
    let told = |one: Option<&Judgement<Span>>| one.map_or_else(String::new, |one| worst(one.after));
    let promise = before.and_then(|one| one.objective.as_ref()).map_or(0, |o| o.most_s);
    let (before, after) = (told(before), told(after));
    let numbers = if before == after { before } else { format!("{before} {} {after}", look.arrow()) };
    format!("{}: {numbers}, objective {}", safe(&name(cell)), readable(promise))
}

/// For programs.
pub(crate) fn json(
    advice: &Advice,
    sources: &SourceMap,
    (simulated, now, seen): (bool, Timestamp, Option<LastSeen>),
) -> Json {
    let side = |all: &[Judgement<Span>], cell: &Cell| {
        find(all, cell).map(|one| {
            let after = one.after;
            json!({ "low_s": after.low_s, "high_s": after.high_s, "possible": after.possible, "status": one.status })
        })
    };
    let cell = |cell: &Cell, why: Option<&str>| {
        let promise = find(&advice.before, cell).and_then(|one| one.objective.as_ref());
        json!({
            "subject": cell.subject,
            "scenario": cell.scenario,
            "metric": cell.metric,
            "objective_s": promise.map(|p| p.most_s),
            "before": side(&advice.before, cell),
            "after": side(&advice.after, cell),
            "why": why,
        })
    };
    let change = |advised: &Advised| {
        let change = &advised.change;
        let edits = change.edits.iter().map(|edit| {
            let file = sources.get(edit.at.file).map_or("", |file| file.name.as_str());
            let start = sources.position(edit.at.file, edit.at.start);
            json!({
                "file": file,
                "line": start.line,
                "start": edit.at.start,
                "end": edit.at.end,
                "before": sources.text(edit.at),
                "after": edit.text,
            })
        });
        json!({
            "id": change.slot,
            "what": change.what,
            "cost": change.cost,
            "because": change.because,
            "provided": change.provided,
            "edits": edits.collect::<Vec<_>>(),
            "needed_for": advised.needed_for,
        })
    };
    json!({
        "format_version": "1.0",
        "simulated": simulated,
        "as_of": now,
        "last_seen": seen.map(|seen| last_seen_json(seen, now)),
        "changes": advice.changes.iter().map(change).collect::<Vec<_>>(),
        "diff": diff::unified(sources, &advice.sources),
        "met": advice.met.iter().map(|c| cell(c, None)).collect::<Vec<_>>(),
        "unmet": advice.unmet.iter().map(|u| cell(&u.cell, Some(&u.why))).collect::<Vec<_>>(),
    })
}
