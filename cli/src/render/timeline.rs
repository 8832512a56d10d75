//! Restore points over time, drawn: one row a mechanism, one column a stretch of time.

use std::fmt::Write as _;

use drctl_core::plan::{LastSeen, Source};
use drctl_core::recovery::readable;
use drctl_core::span::Span;
use drctl_core::timeline::{Cell, Deletion, Input, Mechanism, Timeline, View, cells, columns};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::palette::{Charset, Look, Tone};
use super::text::{clip, last_seen_json, safe, width, wrap};

/// Columns of the names of mechanisms, at most.
const WIDEST_NAME: usize = 44;
/// As many columns of time a document for programs has.
const JSON_COLUMNS: usize = 120;

/// All timelines for people.
pub(crate) fn text(
    input: &Input<'_>,
    all: &[Timeline],
    at: &impl Fn(Span) -> Option<Source>,
    look: Look,
) -> String {
    if all.is_empty() {
        return "No datastore is declared.\n".to_owned();
    }
    let mut texts: Vec<String> = all.iter().map(|one| timeline(input, one, at, look)).collect();
    texts.push(legend(look));
    texts.join("\n")
}

fn legend(look: Look) -> String {
    let shown = [
        (Cell::Any, "any second"),
        (Cell::Part, "any second of a part"),
        (Cell::Point, "single points"),
        (Cell::Unknown, "not known"),
    ];
    let shown = shown.map(|(cell, words)| format!("{} {words}", symbol(cell, look)));
    format!("{}\n", shown.join("   "))
}

fn symbol(cell: Cell, look: Look) -> char {
    match (cell, look.charset) {
        (Cell::Nothing, _) => ' ',
        (Cell::Unknown, _) => '?',
        (Cell::Any, Charset::Unicode) => '█',
        (Cell::Part, Charset::Unicode) => '▌',
        (Cell::Point, Charset::Unicode) => '┃',
        (Cell::Any, Charset::Ascii) => '#',
        (Cell::Part, Charset::Ascii) => '=',
        (Cell::Point, Charset::Ascii) => '|',
    }
}

fn timeline(input: &Input<'_>, one: &Timeline, at: &impl Fn(Span) -> Option<Source>, look: Look) -> String {
    let mut out = format!("{}\n", look.paint(Tone::Strong, &format!("datastore.{}", one.datastore)));
    if one.mechanisms.is_empty() {
        out += "  nothing makes restore points of it\n";
        return out;
    }
    for mechanism in &one.mechanisms {
        let place = mechanism.at.and_then(at).map(|at| format!(" ({}:{})", safe(&at.file), at.start.line));
        let text = format!("{}: {}{}", safe(&title(mechanism)), words(mechanism), place.unwrap_or_default());
        // What follows is set in by a blank more, so that each mechanism begins where the eye finds it.
        let line = wrap("  ", &text, look.width.saturating_sub(2)).replace("\n  ", "\n    ");
        let _ = writeln!(out, "{line}");
    }
    let names = one.mechanisms.iter().map(|m| width(&m.name)).max().unwrap_or(0).min(WIDEST_NAME);
    let borders = columns(input, one, look.width.min(100).saturating_sub(names + 5));
    let step = borders.windows(2).next().map_or(0, |c| c[1].duration_since(c[0]).as_secs());
    for (view, day, head) in pictures(input, one) {
        let title = format!("  {head}, one column {}", readable(step));
        let _ = writeln!(out, "{title}\n  {}  {}", " ".repeat(names), ruler(input, &borders).trim_end());
        for mechanism in &one.mechanisms {
            let name = clip(&safe(&mechanism.name), names, look.ellipsis());
            let pad = " ".repeat(names - width(&name));
            let row: String =
                cells(mechanism, view, day, &borders).into_iter().map(|c| symbol(c, look)).collect();
            let _ = writeln!(out, "{}", format!("  {name}{pad}  {row}").trim_end());
        }
    }
    out += &deletions(input, one, look);
    out
}

/// Today, right after an apply that changes what is there, and the last day.
fn pictures(input: &Input<'_>, one: &Timeline) -> Vec<(View, Timestamp, String)> {
    let mut found = vec![(View::Present, input.now, format!("today, {:.0}", input.now))];
    if one.mechanisms.iter().any(|m| m.present != m.applied) {
        found.push((View::Applied, input.now, "today, once it is applied".to_owned()));
    }
    found.push((View::Applied, input.until, format!("on {}", day(input.until))));
    found
}

/// The first column, today and the last day, each with its date.
fn ruler(input: &Input<'_>, borders: &[Timestamp]) -> String {
    let many = borders.len() - 1;
    let column = |at: Timestamp| borders.windows(2).position(|c| at < c[1]).unwrap_or(many - 1);
    let mut line = vec![' '; many];
    let mut put = |begin: usize, text: &str| {
        let free = text.len() <= many - begin
            && line[begin.saturating_sub(1)..(begin + text.len() + 1).min(many)].iter().all(|c| *c == ' ');
        if free {
            line.splice(begin..begin + text.len(), text.chars());
        }
    };
    put(column(input.now), &format!("|{}", &day(input.now)[5..]));
    put(many.saturating_sub(10), &day(input.until));
    put(0, &day(borders[0]));
    line.into_iter().collect()
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn title(mechanism: &Mechanism) -> String {
    match mechanism.name.starts_with(&mechanism.from) {
        true => mechanism.name.clone(),
        false => format!("{} of {}", mechanism.name, mechanism.from),
    }
}

/// How it runs, and how it will.
fn words(mechanism: &Mechanism) -> String {
    match (&mechanism.present, &mechanism.applied) {
        (Some(now), Some(then)) if now.words == then.words => safe(&now.words),
        (Some(now), Some(then)) => format!("{}; once it is applied: {}", safe(&now.words), safe(&then.words)),
        (Some(now), None) => format!("{}; gone once it is applied", safe(&now.words)),
        (None, Some(then)) => format!("not there yet; once it is applied: {}", safe(&then.words)),
        (None, None) => String::new(),
    }
}

fn deletions(input: &Input<'_>, one: &Timeline, look: Look) -> String {
    let mut out = String::new();
    let by = day(input.until);
    if one.deletions.is_empty() {
        let _ = writeln!(out, "  nothing that is known of is deleted until {by}");
        return out;
    }
    out += "  goes next\n";
    for (index, deletion) in one.deletions.iter().enumerate() {
        let first = one.uncovered == Some(index);
        let text = format!("{}: {}", safe(&one.mechanisms[deletion.of].name), what(one, deletion));
        let on = if deletion.by_apply { "by apply".to_owned() } else { stamp(deletion.on) };
        let line = wrap(&format!("  {} {on:<17}  ", if first { '!' } else { ' ' }), &text, look.width);
        let tone = if first { Tone::Caution } else { Tone::Faint };
        let _ = writeln!(out, "{}", look.paint(tone, &line));
    }
    out
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// What goes, and who still has it.
fn what(one: &Timeline, deletion: &Deletion) -> String {
    let gone = match (deletion.from == deletion.to, deletion.by_apply) {
        (true, _) => format!("its oldest point, of {}", stamp(deletion.from)),
        (false, _) => format!(
            "{} of its points, from {} to {}",
            readable(deletion.to.duration_since(deletion.from).as_secs()),
            stamp(deletion.from),
            stamp(deletion.to)
        ),
    };
    match deletion.covered_by {
        Some(other) => format!("{gone}; {} still has it", safe(&one.mechanisms[other].name)),
        None => format!("{gone}; nothing else reaches back to it"),
    }
}

/// For programs.
pub(crate) fn json(
    input: &Input<'_>,
    all: &[Timeline],
    at: &impl Fn(Span) -> Option<Source>,
    (simulated, seen): (bool, Option<LastSeen>),
) -> Json {
    let all: Vec<Json> = all.iter().map(|one| object(input, one, at)).collect();
    json!({
        "format_version": "1.0",
        "simulated": simulated,
        "last_seen": seen.map(|seen| last_seen_json(seen, input.now)),
        "as_of": input.now,
        "until": input.until,
        "datastores": all,
    })
}

fn object(input: &Input<'_>, one: &Timeline, at: &impl Fn(Span) -> Option<Source>) -> Json {
    let borders = columns(input, one, JSON_COLUMNS);
    let pictures = pictures(input, one);
    let mechanism = |m: &Mechanism| {
        let on = pictures.iter().map(|(view, day, _)| {
            let extent = m.on(*view, *day);
            json!({
                "day": day,
                "view": view,
                "oldest": extent.as_ref().and_then(|e| e.oldest()),
                "newest": extent.as_ref().map(|e| e.newest),
                "any_second": extent.as_ref().is_some_and(|e| e.is_history()),
                "cells": cells(m, *view, *day, &borders),
            })
        });
        let run = |run: &Option<drctl_core::timeline::Run>| {
            run.as_ref().map(|r| {
                json!({
                    "words": r.words,
                    "keeps_s": r.keeps.map(|k| k.as_secs()),
                    "locked_s": r.locked.map(|k| k.as_secs()),
                })
            })
        };
        json!({
            "name": m.name,
            "from": m.from,
            "range": m.at.and_then(at),
            "present": run(&m.present),
            "applied": run(&m.applied),
            "days": on.collect::<Vec<_>>(),
        })
    };
    let deletion = |d: &Deletion| {
        json!({
            "on": d.on,
            "mechanism": one.mechanisms[d.of].name,
            "from": d.from,
            "to": d.to,
            "by_apply": d.by_apply,
            "covered_by": d.covered_by.map(|other| &one.mechanisms[other].name),
        })
    };
    json!({
        "datastore": one.datastore,
        "columns": borders,
        "mechanisms": one.mechanisms.iter().map(mechanism).collect::<Vec<_>>(),
        "deletions": one.deletions.iter().map(deletion).collect::<Vec<_>>(),
        "uncovered": one.uncovered,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use drctl_core::span::SourceMap;
    use drctl_core::{config, plan, timeline::timelines};

    use super::*;
    use crate::registry::REGISTRY;
    use crate::render::schema_check;

    #[test]
    fn programs_get_what_the_schema_promises() {
        let text = "datastore \"d\" {\n}\ndatastore \"bare\" {\n}\nbackup \"b\" {\n  of = datastore.d\n  external {\n    \
                    schedule = cron(\"0 2 * * *\", \"UTC\")\n    keep = \"7d\"\n  }\n}\n";
        let mut sources = SourceMap::default();
        sources.add("main.dr.hcl", text);
        let (config, _) = config::load(&sources, &REGISTRY);
        let (system, diagnostics) = plan::system(&config, &BTreeMap::new());
        assert!(diagnostics.is_empty());
        let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let until = "2026-03-12T12:00:00Z".parse().unwrap();
        let none = drctl_core::recovery::Components::default();
        let input = Input { system: &system, now_is: &none, then_is: &none, now, until };
        let all = timelines(&input, None);
        let lines = plan::Lines::new(&sources);
        let json = json(&input, &all, &|span| lines.source(span), (true, None));
        assert_eq!(json["datastores"][1]["deletions"][0]["on"], "2026-03-03T02:00:00Z");
        let schema = serde_json::from_str(include_str!("../../schemas/timeline.schema.json")).unwrap();
        assert_eq!(schema_check::check(&schema, &json), Vec::<String>::new());
        let ascii = Look { charset: Charset::Ascii, ..Look::PLAIN };
        let drawn = super::text(&input, &all, &|span| lines.source(span), ascii);
        assert!(drawn.is_ascii() && drawn.lines().all(|line| line.len() <= 100), "{drawn}");
    }
}
