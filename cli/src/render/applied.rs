//! What an apply announces and what came of it: done, pending, failed, left, and what to do next.

use std::collections::BTreeMap;
use std::fmt::Write;

use drctl_core::plan::{Plan, StepId};
use drctl_core::state::State;
use drctl_engine::diagnose;
use drctl_engine::execute::Applied;
use serde_json::{Value as Json, json};

use super::palette::{Look, Tone};
use super::progress::Progress;
use super::text::{safe, wrap};
use super::value;
use super::view::{View, done_with, is_done};

/// Announces each change and their number in the stream of events.
pub(crate) fn announce(plan: &Plan, progress: &Progress) {
    for change in plan.changes.iter().filter(|c| !c.drift.is_empty()) {
        let paths: Vec<String> = change.drift.iter().map(|a| value::path(&a.path)).collect();
        let text = format!("{}: changed outside of drctl: {}", change.address, paths.join(", "));
        let extra = json!({ "change": { "resource": { "addr": change.address }, "attributes": paths } });
        progress.event("resource_drift", "info", &text, extra);
    }
    for change in plan.changes.iter().filter(|c| is_done(c)) {
        let action = done_with(change);
        let text = format!("{}: {action}", change.address);
        let extra = json!({ "change": { "resource": { "addr": change.address }, "action": action } });
        progress.event("planned_change", "info", &text, extra);
    }
    let count = |name: &str| plan.changes.iter().filter(|c| done_with(c) == name).count();
    let changes = json!({
        "create": count("create"), "update": count("update"), "adopt": count("adopt"),
        "forget": count("forget"), "delete": count("delete"), "move": count("move"),
    });
    let simulated = plan.providers.values().any(|p| p.simulated);
    let extra = json!({ "changes": changes, "sha256": plan.digest(), "simulated": simulated });
    progress.event("change_summary", "info", "Plan", extra);
}

/// The root outputs, as the state has them, in the stream of events.
pub(crate) fn tell_outputs(state: Option<&State>, progress: &Progress) {
    let Some(state) = state else { return };
    let open = state.outputs.iter().map(|(n, v)| (n, json!({ "sensitive": false, "value": v.to_json() })));
    let hidden = state.sensitive_outputs.iter().map(|n| (n, json!({ "sensitive": true })));
    let all: BTreeMap<&String, Json> = open.chain(hidden).collect();
    if !all.is_empty() {
        progress.event("outputs", "info", &format!("Outputs: {}", all.len()), json!({ "outputs": all }));
    }
}

/// The root outputs, as the state has them, for people.
pub(crate) fn outputs(state: Option<&State>, look: Look) -> String {
    let Some(state) = state else { return String::new() };
    let open = state.outputs.iter().map(|(n, v)| (n, value::inline(v)));
    let hidden = state.sensitive_outputs.iter().map(|n| (n, value::SENSITIVE.to_owned()));
    let all: BTreeMap<&String, String> = open.chain(hidden).collect();
    if all.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", look.paint(Tone::Strong, "Outputs"));
    for (name, shown) in all {
        let _ = writeln!(text, "    {} = {shown}", safe(name));
    }
    text
}

/// The numbers of an apply.
pub(crate) fn summary(done: &Applied) -> Json {
    json!({
        "done": done.outcome.succeeded.len(),
        "failed": done.outcome.failed.len(),
        "not_started": done.outcome.skipped.len(),
        "pending": done.pending,
        "interrupted": done.outcome.interrupted,
    })
}

/// What came of it, for people.
pub(crate) fn text(view: &View<'_>, done: &Applied, look: Look) -> String {
    let mut text = String::from("\n");
    let name = |id: &StepId| {
        let step = view.plan.steps.iter().find(|s| s.id == *id);
        step.map(|s| safe(&s.address.to_string())).unwrap_or_default()
    };
    for (address, attributes) in &done.pending {
        let line = format!("{address}: {} accepted, in effect later", attributes.join(", "));
        let _ = writeln!(text, "{}", wrap("@ ", &safe(&line), look.width));
    }
    for (address, failure) in done.failures.values() {
        let told = diagnose::failure(address, failure);
        let line = wrap("! ", &format!("{}: {}", told.code, safe(&told.headline)), look.width);
        let _ = writeln!(text, "{}", look.paint(Tone::Bad, &line));
        if let Some(help) = &told.help {
            let _ = writeln!(text, "{}", wrap("  ", &safe(help), look.width));
        }
    }
    if !done.outcome.skipped.is_empty() {
        let names: Vec<String> = done.outcome.skipped.iter().map(name).collect();
        let _ = writeln!(text, "{}", wrap(". not started: ", &names.join(", "), look.width));
    }
    let sim = if view.simulated() { "SIM: " } else { "" };
    let counts = format!(
        "{sim}{} done, {} pending, {} failed, {} not started.",
        done.outcome.succeeded.len(),
        done.pending.len(),
        done.outcome.failed.len(),
        done.outcome.skipped.len(),
    );
    let tone = if done.outcome.is_success() { Tone::Good } else { Tone::Bad };
    let _ = writeln!(text, "{}", look.paint(tone, &counts));
    let next = match () {
        () if done.outcome.is_success() && done.pending.is_empty() => return text,
        () if done.outcome.is_success() => "`drctl plan` shows what is still pending.",
        () if done.outcome.interrupted => {
            "Stopped. What was in flight is finished and recorded; `drctl apply` goes on from here."
        }
        () => "What is done stays done. Correct the cause, then `drctl plan` shows what is left.",
    };
    text + next + "\n"
}
