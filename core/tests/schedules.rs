//! Runs the cases under `testdata/schedules`: `KIND EXPRESSION | ZONE | QUESTION => ANSWER`, where the
//! question is `text`, `next INSTANT` (as many runs as the answer has), `gap YEAR` or `error`.

#![allow(missing_docs)]

use std::path::Path;

use drctl_core::duration;
use drctl_core::schedule::{Part, Schedule, Wrong};
use drctl_core::schema::AttributeType;
use jiff::Timestamp;
use jiff::tz::TimeZone;

type Failed = Box<dyn std::error::Error>;

fn run(_path: &Path, content: String) -> datatest_stable::Result<()> {
    let mut wrong = Vec::new();
    for (i, line) in content.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (case, expected) = line.split_once(" => ").ok_or("no `=>`")?;
        let found = answer(case, expected).map_err(|e| format!("line {}: {e}", i + 1))?;
        if found != expected {
            wrong.push(format!("line {}: {case}\n  expected {expected}\n  found    {found}", i + 1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn answer(case: &str, expected: &str) -> Result<String, Failed> {
    let mut parts = case.splitn(3, '|');
    let (schedule, zone) = (parts.next().ok_or("no schedule")?, parts.next().ok_or("no zone")?.trim());
    let question = parts.next().ok_or("no question")?.trim();
    let (kind, expression) = schedule.trim_end().split_once(' ').ok_or("no expression")?;
    let parsed = match kind {
        "cron" => Schedule::unix(expression, zone),
        "aws_cron" => Schedule::aws(expression, zone),
        "rate" => Schedule::rate(expression),
        _ => return Err("no such kind".into()),
    };
    if question == "error" {
        return Ok(parsed.err().map_or("none".to_owned(), |wrong| told(&wrong)));
    }
    let schedule = parsed?;
    // Whatever is asked, the canonical form means the same.
    if Schedule::from_value(schedule.to_value())? != schedule {
        return Err(format!("{schedule} is another schedule").into());
    }
    Ok(match question.split_once(' ') {
        None => schedule.to_string(),
        Some(("next", from)) => next(&schedule, zone, from.parse()?, expected)?,
        Some(("gap", year)) => gap(&schedule, year.parse()?)?,
        Some(_) => return Err("no such question".into()),
    })
}

fn told(wrong: &Wrong) -> String {
    let place = match wrong.part {
        Part::Expression => format!("{}-{}", wrong.at.start, wrong.at.end),
        Part::Zone => "zone".to_owned(),
    };
    let help = wrong.help.as_ref().map_or(String::new(), |help| format!("; {help}"));
    format!("{place} {wrong}{help}")
}

fn next(schedule: &Schedule, zone: &str, from: Timestamp, expected: &str) -> Result<String, Failed> {
    let zone = if zone.is_empty() { TimeZone::UTC } else { TimeZone::get(zone)? };
    let (mut at, mut runs) = (from, Vec::new());
    for _ in expected.split(' ') {
        let Some(run) = schedule.next(at) else {
            runs.push("none".to_owned());
            break;
        };
        runs.push(run.display_with_offset(zone.to_offset(run)).to_string());
        at = run;
    }
    Ok(runs.join(" "))
}

fn gap(schedule: &Schedule, year: i16) -> Result<String, Failed> {
    let start = |year| jiff::civil::date(year, 1, 1).to_zoned(TimeZone::UTC).map(|z| z.timestamp());
    let gap = schedule.largest_gap(start(year)?, start(year + 1)?);
    Ok(gap.map_or("none".to_owned(), |gap| duration::text(gap.length)))
}

datatest_stable::harness! {
    { test = run, root = "../testdata/schedules", pattern = r"\.txt$" },
}
