//! What is due, for people and for programs.

use std::fmt::Write as _;

use drctl_core::due::{Due, rhythm};
use drctl_core::plan::Source;
use drctl_core::span::Span;
use drctl_core::system::Day;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::palette::Look;
use super::text::{safe, wrap};

/// What is overdue, then what is due until the last day, and a line that counts.
pub(crate) fn text(all: &[Due], (now, until): (Timestamp, Timestamp), look: Look) -> String {
    let (overdue, rest): (Vec<&Due>, Vec<&Due>) = all.iter().partition(|d| d.is_overdue(now));
    let (soon, later): (Vec<&Due>, Vec<&Due>) =
        rest.into_iter().partition(|d| d.at.is_some_and(|at| at <= until));
    let mut out = String::new();
    let soon_title = format!("Due until {}", date(until));
    for (title, part) in [("Overdue", &overdue), (soon_title.as_str(), &soon)] {
        if part.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{title}");
        for due in part {
            let when = due.day().map_or_else(|| "never done".to_owned(), |day| day.to_string());
            let rhythm = rhythm(due).map_or(String::new(), |rhythm| format!("; {rhythm}"));
            let owner =
                due.owner.as_ref().map_or("; nobody sees to it".to_owned(), |o| format!("; contact.{o}"));
            let line = format!("{}: {}{rhythm}{owner}", due.address, due.what);
            let _ = writeln!(out, "{}", wrap(&format!("  {when:10}  "), &safe(&line), look.width));
        }
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "{} overdue, {} due until {}, {} later",
        overdue.len(),
        soon.len(),
        date(until),
        later.len()
    );
    out
}

/// The day in UTC.
fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// The same, what comes later left out.
pub(crate) fn json(
    all: &[Due],
    (now, until): (Timestamp, Timestamp),
    source: &dyn Fn(Span) -> Option<Source>,
) -> Json {
    let told = all.iter().filter(|d| d.at.is_none_or(|at| at <= until));
    let one = |due: &Due| {
        json!({
            "address": due.address,
            "what": due.what,
            "at": due.at,
            "overdue": due.is_overdue(now),
            "last": due.last.map(|Day(at)| at),
            "every_s": due.every.map(|every| every.as_secs()),
            "owner": due.owner,
            "range": source(due.span),
        })
    };
    let due: Vec<Json> = told.map(one).collect();
    json!({ "format_version": "1.0", "as_of": now, "until": until, "due": due })
}
