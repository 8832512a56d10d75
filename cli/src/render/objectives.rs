//! Objectives for people: what was promised, what is to be expected, and where that comes from.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use drctl_core::advise::Advice;
use drctl_core::objective::{Judgement, Metric, Promise, Term, Worst};
use drctl_core::plan::Source;
use drctl_core::recovery::{Status, readable};

use serde_json::{Value as Json, json};

use super::markdown::{escape, within};
use super::palette::{Look, Tone};
use super::text::{clip, safe, width, wrap};

/// One line an objective, of those that are not met also why; nothing without objectives.
pub(crate) fn section(judged: &[Judgement], look: Look) -> String {
    if judged.is_empty() {
        return String::new();
    }
    let bad = judged.iter().filter(|j| is_missed(j)).count();
    let title = match bad {
        0 => format!("Objectives ({})", judged.len()),
        n => format!("Objectives ({}, {n} not met)", judged.len()),
    };
    let mut text = format!("\n{}\n", look.paint(if bad == 0 { Tone::Strong } else { Tone::Bad }, &title));
    let mut scenario = None;
    for one in judged {
        if scenario.replace(&one.scenario) != Some(&one.scenario) {
            let _ = writeln!(text, "  {}", one.scenario);
        }
        text += &line(one, look);
        if is_missed(one) {
            text += &because(one, look);
        }
    }
    text
}

/// Whether it has a promise that is not shown to be kept.
pub(crate) fn is_missed(judged: &Judgement) -> bool {
    match judged.status {
        Status::Missed | Status::Unbounded | Status::NoPlan | Status::Unknown => true,
        Status::Met | Status::NoObjective => false,
    }
}

/// What is judged, the numbers and the verdict.
fn line(one: &Judgement, look: Look) -> String {
    let head = format!("    {} {} {}  ", sign(one.status), metric(one.metric), safe(&one.subject));
    let mut rest = match one.before == one.after {
        true => worst(one.after),
        false => format!("{} {} {}", worst(one.before), look.arrow(), worst(one.after)),
    };
    if let Some(promise) = &one.objective {
        let at = promise.at.as_ref().map(|at| format!(" ({})", place(at))).unwrap_or_default();
        let _ = write!(rest, ", objective {}{at}", readable(promise.most_s));
    }
    let _ = write!(rest, ": {}", verdict(one));
    if let Some(most) = &one.maximum {
        let kept = match one.after.judge(Some(most.most_s)) {
            Status::Met | Status::NoObjective => "kept",
            Status::Unknown => "not known to be kept",
            Status::Missed | Status::Unbounded | Status::NoPlan => "not kept",
        };
        let _ = write!(rest, "; maximum {} {kept}", readable(most.most_s));
    }
    let tone = match one.status {
        Status::Met => Tone::Good,
        Status::NoObjective => Tone::Strong,
        Status::Unknown => Tone::Caution,
        Status::Missed | Status::Unbounded | Status::NoPlan => Tone::Bad,
    };
    let lines = wrap("          ", &rest, look.width.saturating_sub(2));
    let text = match width(&head) + width(&rest) <= look.width {
        true => format!("{head}{rest}"),
        false => format!("{}\n{lines}", head.trim_end()),
    };
    format!("{}\n", look.paint(tone, &text))
}

fn sign(status: Status) -> char {
    match status {
        Status::Met => '+',
        Status::NoObjective => '.',
        Status::Unknown => '?',
        Status::Missed | Status::Unbounded | Status::NoPlan => '!',
    }
}

/// Where its numbers come from. Of downtime, which is many steps, the command that tells.
fn because(one: &Judgement, look: Look) -> String {
    let indent = "          ";
    match one.metric {
        Metric::Rpo => {
            let terms = one.derivation.iter().map(|t| wrap(indent, &term(t), look.width) + "\n");
            terms.collect()
        }
        Metric::Rto => {
            let why = format!("why: drctl explain rto {} --scenario {}", safe(&one.subject), one.scenario);
            format!("{indent}{}\n", look.paint(Tone::Faint, &why))
        }
    }
}

fn term(term: &Term) -> String {
    let mut text = safe(&term.what);
    match &term.struck {
        Some(why) => {
            let _ = write!(text, "  struck out: {}", safe(why));
        }
        None => {
            let _ = write!(text, "  {}  ({})", worst(term.adds), safe(&term.source));
        }
    }
    if let Some(at) = &term.at {
        let _ = write!(text, "  {}", place(at));
    }
    text
}

/// How one objective comes to its number: everything, with the place of each part.
pub(crate) fn explained(one: &Judgement, look: Look) -> String {
    let mut text = format!("{}\n{}", look.paint(Tone::Strong, one.scenario.as_str()), line(one, look));
    for term in &one.derivation {
        let number = match &term.struck {
            Some(_) => "struck out".to_owned(),
            None => worst(term.adds),
        };
        let why = term.struck.as_deref().unwrap_or(&term.source);
        let at = term.at.as_ref().map(|at| format!("  {}", place(at))).unwrap_or_default();
        let rest = format!("{}: {}{at}", safe(&term.what), safe(why));
        let _ = writeln!(text, "{}", wrap(&format!("    {number:>14}  "), &rest, look.width));
    }
    text
}

/// What would meet it, or why nothing does.
pub(crate) fn way(one: &Judgement, advice: &Advice, look: Look) -> String {
    let most = readable(one.objective.as_ref().map_or(0, |promise| promise.most_s));
    let mut text = String::new();
    let mut line = |head: String, rest: &str| {
        let _ = writeln!(text, "{}", wrap(&head, &safe(rest), look.width));
    };
    match advice.unmet.first() {
        Some(unmet) => {
            line("    ".to_owned(), &format!("no change that is known meets {most}: {}", unmet.why))
        }
        None => {
            line("    ".to_owned(), &format!("cheapest way to meet {most}, as `drctl advise` writes it:"));
            for (number, advised) in advice.changes.iter().enumerate() {
                line(format!("    {:>2}. ", number + 1), &advised.change.what);
            }
        }
    }
    text
}

pub(crate) fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Rpo => "RPO",
        Metric::Rto => "RTO",
    }
}

/// A worst case in a few words.
pub(crate) fn worst(worst: Worst) -> String {
    match worst {
        Worst { possible: false, .. } => "no way back".to_owned(),
        Worst { low_s: None, .. } => "unbounded".to_owned(),
        Worst { low_s: Some(0), high_s: None, .. } => "unknown".to_owned(),
        Worst { low_s: Some(low), high_s: None, .. } => format!("at least {}", readable(low)),
        Worst { low_s: Some(low), high_s: Some(high), .. } if low == high => readable(low),
        Worst { low_s: Some(low), high_s: Some(high), .. } => {
            format!("{} to {}", readable(low), readable(high))
        }
    }
}

/// The verdict in a few words.
pub(crate) fn verdict(one: &Judgement) -> String {
    let by = || {
        let (low, most) = (one.after.low_s?, one.objective.as_ref()?.most_s);
        let about = if one.after.high_s == Some(low) { "" } else { "at least " };
        Some(format!("MISSED by {about}{}", readable(low - most)))
    };
    match one.status {
        Status::Met => "met".to_owned(),
        Status::Missed => by().unwrap_or_else(|| "MISSED".to_owned()),
        Status::Unbounded => "UNBOUNDED".to_owned(),
        Status::NoPlan => "NO WAY BACK".to_owned(),
        Status::Unknown => "NOT KNOWN to be met".to_owned(),
        Status::NoObjective => "no objective".to_owned(),
    }
}

/// Rows of the table in a comment; of the rest only the number.
const MOST_ROWS: usize = 40;
/// Columns of a name in it: a comment has a limit, and names have none.
const CELL: usize = 120;

/// A table for a pull request, what is not met first; nothing without objectives.
pub(crate) fn markdown(judged: &[Judgement]) -> String {
    let (bad, good): (Vec<&Judgement>, Vec<&Judgement>) = judged.iter().partition(|one| is_missed(one));
    if judged.is_empty() {
        return String::new();
    }
    let mut text = "\n### Objectives\n\n| | subject | scenario | before | after | objective | |\n".to_owned();
    text += "|---|---|---|---|---|---|---|\n";
    let cell = |text: &str| escape(&clip(&safe(text), CELL, "…"));
    let sorted: Vec<&Judgement> = bad.into_iter().chain(good).collect();
    let rows = sorted.iter().map(|one| {
        let promised = one.objective.as_ref().map_or_else(String::new, |o| readable(o.most_s));
        format!(
            "| {} | {} | {} | {} | {} | {promised} | {} |\n",
            metric(one.metric),
            cell(&one.subject),
            cell(one.scenario.as_str()),
            worst(one.before),
            worst(one.after),
            verdict(one),
        )
    });
    let left_out = within(&mut text, rows, MOST_ROWS);
    if left_out > 0 {
        let _ = writeln!(text, "\n{left_out} more: `drctl matrix` has them all.");
    }
    text
}

/// For programs.
pub(crate) fn json(judged: &[Judgement]) -> Json {
    let worst =
        |worst: Worst| json!({ "low_s": worst.low_s, "high_s": worst.high_s, "possible": worst.possible });
    let one = |one: &Judgement| {
        let promise = |p: &Option<Promise>| p.as_ref().map(|p| p.most_s);
        let terms = one.derivation.iter().map(|t| {
            json!({
                "what": t.what,
                "adds": worst(t.adds),
                "source": t.source,
                "struck": t.struck,
                "range": t.at,
            })
        });
        json!({
            "subject": one.subject,
            "scenario": one.scenario,
            "metric": one.metric,
            "objective_s": promise(&one.objective),
            "maximum_s": promise(&one.maximum),
            "range": one.objective.as_ref().and_then(|o| o.at.as_ref()),
            "before": worst(one.before),
            "after": worst(one.after),
            "status": one.status,
            "derivation": terms.collect::<Vec<_>>(),
        })
    };
    judged.iter().map(one).collect()
}

/// A column with its width.
type Column<'c> = (&'c [Cow<'c, str>], usize);

/// As many columns beside each other as there is room for, two blanks before each.
fn blocks<'c>(columns: &'c [Vec<Cow<'c, str>>], room: usize) -> Vec<Vec<Column<'c>>> {
    let mut blocks: Vec<Vec<Column<'_>>> = Vec::new();
    let mut left = 0;
    for column in columns {
        let widest = column.iter().map(|text| width(text)).max().unwrap_or(0);
        match blocks.last_mut().filter(|_| widest + 2 <= left) {
            Some(block) => block.push((column, widest)),
            None => {
                blocks.push(vec![(column, widest)]);
                left = room;
            }
        }
        left = left.saturating_sub(widest + 2);
    }
    blocks
}

/// One row a subject, one column a scenario, in blocks that are not wider than the page.
pub(crate) fn matrix(judged: &[Judgement], look: Look) -> String {
    let rows: BTreeSet<(&str, Metric)> = judged.iter().map(|j| (j.subject.as_str(), j.metric)).collect();
    let clipped = |text: &str, columns: usize| clip(text, columns, "…");
    let head = |(subject, of): &(&str, Metric)| {
        clipped(&format!("{} {}", metric(*of), safe(subject)), look.width / 2)
    };
    let heads: Vec<String> = std::iter::once(String::new()).chain(rows.iter().map(head)).collect();
    let widest = heads.iter().map(|head| width(head)).max().unwrap_or(0);
    let room = look.width.saturating_sub(widest);
    let columns = columns(judged, &rows, |text| clipped(text, room.saturating_sub(2)));
    let mut text = String::new();
    for block in blocks(&columns, room) {
        if !text.is_empty() {
            text.push('\n');
        }
        for (line, head) in heads.iter().enumerate() {
            // A row that says nothing here is left out; it stands in another block.
            if line > 0 && block.iter().all(|(column, _)| column[line] == NOTHING) {
                continue;
            }
            let mut row = format!("{head}{}", " ".repeat(widest - width(head)));
            for (column, widest) in &block {
                let blank = " ".repeat(widest - width(&column[line]));
                let _ = write!(row, "  {}{blank}", column[line]);
            }
            let _ = writeln!(text, "{}", row.trim_end());
        }
    }
    let missed: Vec<&Judgement> = judged.iter().filter(|j| is_missed(j)).collect();
    if let Some(first) = missed.first() {
        let why =
            format!("drctl explain {} {} --scenario {}", word(first.metric), first.subject, first.scenario);
        let line = format!("{} not met. Why:", missed.len());
        let gap = if width(&line) + 1 + width(&why) > look.width { "\n  " } else { " " };
        let _ = writeln!(text, "\n{}{gap}{}", line, look.paint(Tone::Strong, &why));
    }
    text
}

/// What stands where a scenario does not touch something.
const NOTHING: &str = "-";

/// For each scenario its name and what it does to each row.
fn columns<'j>(
    judged: &'j [Judgement],
    rows: &BTreeSet<(&str, Metric)>,
    clipped: impl Fn(&str) -> String,
) -> Vec<Vec<Cow<'j, str>>> {
    let line: BTreeMap<(&str, Metric), usize> = rows.iter().copied().zip(1..).collect();
    let mut columns: BTreeMap<&str, Vec<Cow<'_, str>>> = BTreeMap::new();
    for one in judged {
        let column = columns.entry(one.scenario.as_str()).or_insert_with(|| {
            let mut column = vec![Cow::Borrowed(NOTHING); rows.len() + 1];
            column[0] = Cow::Owned(clipped(one.scenario.as_str()));
            column
        });
        let cell = &mut column[line[&(one.subject.as_str(), one.metric)]];
        if cell == NOTHING {
            *cell = Cow::Owned(clipped(&format!("{} {}", worst(one.after), mark(one.status))));
        }
    }
    columns.into_values().collect()
}

/// As it is written on the command line.
pub(crate) fn word(metric: Metric) -> &'static str {
    match metric {
        Metric::Rpo => "rpo",
        Metric::Rto => "rto",
    }
}

fn mark(status: Status) -> &'static str {
    match status {
        Status::Met => "met",
        Status::Missed | Status::Unbounded | Status::NoPlan => "MISSED",
        Status::Unknown => "?",
        Status::NoObjective => "",
    }
}

fn place(at: &Source) -> String {
    format!("{}:{}", safe(&at.file), at.start.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::schema::{Of, schema};
    use crate::render::json::PlanJson;
    use crate::render::{sample, schema_check};
    use drctl_core::plan::Plan;

    #[test]
    fn what_is_missed_says_by_how_much_and_why() {
        let judged = [sample::judgement()];
        let lines = [
            "",
            "Objectives (1, 1 not met)",
            "  fire",
            "    ! RPO datastore.main  no way back → at least 6h, objective 1h: MISSED by at least 5h",
            "          backup.dump in s3 at least 6h (largest gap of rate(6h))",
            "          backup.copy struck out: it burns, too",
            "",
        ];
        assert_eq!(section(&judged, Look::PLAIN), lines.join("\n"));
        assert_eq!(section(&[], Look::PLAIN), "");
        let table = markdown(&judged);
        assert!(
            table.ends_with(
                "| RPO | datastore.main | fire | no way back | at least 6h | 1h | MISSED by at least 5h |\n"
            ),
            "{table}"
        );
    }

    #[test]
    fn programs_get_what_the_schema_promises() {
        let schema = schema(Of::Plan);
        let plan = Plan {
            objectives: vec![sample::judgement()],
            findings: vec![sample::finding(), sample::waived()],
            ..sample::plan()
        };
        let json = serde_json::to_value(PlanJson(&sample::view(&plan))).unwrap();
        assert_eq!(json["objectives"][0]["status"], "missed");
        assert_eq!(schema_check::check(&schema, &json), Vec::<String>::new());
    }
}
