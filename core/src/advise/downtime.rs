//! What may bring the downtime down: noticing earlier, and steps that take less. That a step nobody has
//! measured is fast enough is no change that can be made in a text.

use jiff::SignedDuration;

use super::search::Search;
use super::{Change, Cost, edit};
use crate::duration;
use crate::objective::Judgement;
use crate::recovery::{Status, readable};
use crate::span::Span;
use crate::system::{Declared, Procedure, Step};

/// A step is not expected to become shorter than this part of what it takes.
const SHORTEST_PART: i64 = 5;

/// The ways to bring a downtime down, and why there is none when none of them does.
pub(super) fn recipes(search: &Search<'_>, one: &Judgement<Span>) -> (Vec<Vec<Change>>, String) {
    let Some(promise) = &one.objective else { return (Vec::new(), String::new()) };
    let (Some(low), status) = (one.after.low_s, one.status) else { return (Vec::new(), no_way(one)) };
    let excess = low - promise.most_s;
    match status {
        Status::NoPlan | Status::Unbounded | Status::Unknown => return (Vec::new(), why(one)),
        Status::Missed | Status::Met | Status::NoObjective => {}
    }
    let on_path: Vec<Change> = steps(search, one, excess);
    let earlier = noticed(search, one, excess);
    let mut all: Vec<Vec<Change>> = earlier.iter().map(|change| vec![change.clone()]).collect();
    // One step alone, then as many as it takes, the longest first.
    all.extend(on_path.iter().map(|change| vec![change.clone()]));
    for many in 2..=on_path.len() {
        all.push(on_path[..many].to_vec());
        all.extend(earlier.iter().map(|e| [vec![e.clone()], on_path[..many].to_vec()].concat()));
    }
    let why = format!(
        "it takes {} more than was promised, and no step can be expected to become {SHORTEST_PART} times as fast: \
         it needs another way back",
        readable(excess)
    );
    (all, why)
}

/// Why it is not met, whatever was tried.
pub(super) fn why(one: &Judgement<Span>) -> String {
    let (Some(promise), Some(low)) = (&one.objective, one.after.low_s) else { return no_way(one) };
    let excess = low - promise.most_s;
    match one.status {
        Status::NoPlan | Status::Unbounded => no_way(one),
        Status::Unknown => not_measured(one, -excess),
        Status::Missed => format!(
            "it then takes {} more than was promised: once this is written, advice is found for that, too",
            readable(excess)
        ),
        Status::Met | Status::NoObjective => String::new(),
    }
}

fn no_way(one: &Judgement<Span>) -> String {
    let source = one.derivation.iter().find(|t| !t.adds.possible).map_or("", |t| t.what.as_str());
    match source {
        "" => "nothing brings it back: write a procedure, and name it in `recover`".to_owned(),
        what => format!("{what}: write one, and name it in `recover` of the service or the scenario"),
    }
}

fn not_measured(one: &Judgement<Span>, left: i64) -> String {
    let open: Vec<&str> =
        one.derivation.iter().filter(|t| t.adds.high_s.is_none()).map(|t| t.what.as_str()).collect();
    let known = one.after.low_s.filter(|low| *low > 0);
    let known = known.map(|low| format!("; what is known takes {}", readable(low))).unwrap_or_default();
    format!(
        "needs measuring: {}{known}. All of it together has {} left: drill it once and write down `estimate`",
        open.join("; "),
        readable(left.max(0))
    )
}

/// Noticing it earlier.
fn noticed(search: &Search<'_>, one: &Judgement<Span>, excess: i64) -> Option<Change> {
    let scenario = search.system.scenarios.get(&one.scenario)?;
    let now = scenario.is.detection?;
    let aim = minutes(now.as_secs() - excess)?;
    Some(Change {
        slot: format!("scenario.{}/detection", one.scenario),
        what: format!(
            "scenario.{}: it is noticed within {} instead of {}",
            one.scenario,
            readable(aim.as_secs()),
            readable(now.as_secs())
        ),
        cost: Cost::Medium,
        because: "a check that looks that often, and somebody who is called by it".to_owned(),
        provided: Some("an alert that fires within that time".to_owned()),
        edits: vec![edit::Edit {
            at: scenario.written.at(&["detection"]),
            text: format!("\"{}\"", duration::text(aim)),
        }],
        strictness: -aim.as_secs(),
    })
}

/// Whole minutes, at least one.
fn minutes(seconds: i64) -> Option<SignedDuration> {
    (seconds >= 60).then(|| SignedDuration::from_mins(seconds / 60))
}

/// The steps on the longest path, the longest first, each shorter by what is too much or as far as can be
/// expected.
fn steps(search: &Search<'_>, one: &Judgement<Span>, excess: i64) -> Vec<Change> {
    let mut found: Vec<(i64, Change)> = Vec::new();
    for term in &one.derivation {
        let Some(seconds) = term.adds.high_s.filter(|s| *s > 0) else { continue };
        for (name, procedure) in &search.system.procedures {
            for (index, step) in procedure.is.step.0.iter().enumerate() {
                let number = index.to_string();
                if Some(procedure.written.at(&["step", &number])) != term.at {
                    continue;
                }
                let aim = (seconds - excess).max(seconds / SHORTEST_PART);
                let which = (format!("procedure.{name}, step {}", step.name), number);
                found.extend(shorter(procedure, step, which, (seconds, aim)).map(|change| (seconds, change)));
            }
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.slot.cmp(&b.1.slot)));
    found.into_iter().map(|(_, change)| change).collect()
}

fn shorter(
    procedure: &Declared<Procedure>,
    step: &Step,
    (which, number): (String, String),
    (seconds, aim): (i64, i64),
) -> Option<Change> {
    let aim = minutes(aim)?;
    let text = format!("\"{}\"", duration::text(aim));
    let at = |name: &str| procedure.written.at(&["step", &number, name]);
    let set = |name: &str| edit::Edit { at: at(name), text: text.clone() };
    let mut edits = Vec::new();
    match (step.estimate, step.estimate_p95, step.wait) {
        (usual, Some(_), _) => {
            edits.push(set("estimate_p95"));
            edits.extend(usual.filter(|usual| *usual > aim).map(|_| set("estimate")));
        }
        (Some(_), None, _) => edits.push(set("estimate")),
        (None, None, Some(_)) => edits.push(set("wait")),
        (None, None, None) => return None,
    }
    Some(Change {
        slot: format!("{which}/estimate"),
        what: format!("{which}: done within {} instead of {}", readable(aim.as_secs()), readable(seconds)),
        cost: if aim.as_secs() * 2 >= seconds { Cost::Medium } else { Cost::High },
        because: "the step has to be made faster, and drilled until it is".to_owned(),
        provided: Some("a drill shows it".to_owned()),
        edits,
        strictness: -aim.as_secs(),
    })
}
