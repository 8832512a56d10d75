//! A recovery plan as a runbook in Markdown, for the channel of an incident: a box to tick for each step,
//! commands in blocks to copy. Everything that comes from elsewhere is escaped.

use std::fmt::Write as _;

use drctl_core::provider::StepNature;
use drctl_core::recovery::{RecoveryPlan, Step, readable};
use drctl_core::system::When;

use super::downtimes::{Downtime, downtimes};
use super::markdown::{code, escape, fence};
use super::people;
use super::recovery::{bared, judged, loss, moment, occasion, own_files, verdict};
use super::script::Told;
use super::steps::{conditions, looked_at, quote, times, title};
use super::text::last_seen;

/// The whole runbook.
pub(crate) fn markdown(told: &Told<'_>) -> String {
    let plan = told.plan;
    let mut text = format!("# Recovery: {}\n\nAs of {}.\n", escape(told.heading), plan.as_of);
    if told.simulated {
        text += "\n**SIM**: a simulated cloud; nothing real was read.\n";
    }
    if let Some(seen) = told.seen {
        let _ = writeln!(text, "\n**{}**", escape(&last_seen(seen, plan.as_of)));
    }
    let feasible = plan.is_feasible();
    let sign = if feasible { '✓' } else { '✗' };
    let _ = writeln!(text, "\n**{sign} {}** {}\n", escape(&verdict(plan, feasible)), escape(&occasion(plan)));
    for Downtime { told, why } in downtimes(plan) {
        let _ = writeln!(text, "- RTO {}", escape(&told));
        text.extend(why.map(|why| format!("  - {}\n", escape(why))));
    }
    if let Some(detection) = plan.detection_s.filter(|_| plan.whole.p95_s.is_some()) {
        let _ = writeln!(text, "  - {} of that until somebody knows", readable(detection));
    }
    let _ = writeln!(text, "- RPO {}", escape(&judged(&plan.rpo)));
    for phase in &plan.phases {
        let budget = judged(&phase.time).replace("objective", "budget");
        let _ = writeln!(text, "- phase {} {}", escape(&phase.name), escape(&budget));
    }
    text += &notices(plan);
    text += &data(plan);
    steps(&mut text, plan);
    text
}

/// Who leads and who is told when.
fn notices(plan: &RecoveryPlan) -> String {
    let mut text = String::new();
    if let Some(commander) = &plan.commander {
        let _ = writeln!(text, "- leads: {}", escape(&people::known(commander)));
    }
    if !plan.escalation.is_empty() {
        text += "\n## Who is called next when it does not go on\n\n";
    }
    for called in &plan.escalation {
        let (at, who) = (people::called_at(called), people::called_who(called));
        let _ = writeln!(text, "- [ ] **{}**: {}", escape(&at), escape(&who));
    }
    if !plan.notices.is_empty() {
        text += "\n## Who is told\n\n";
    }
    for notice in &plan.notices {
        let when = people::when(plan, notice);
        let _ = writeln!(text, "- [ ] **{}**: {}", escape(&when), escape(&people::how(notice)));
        text.extend(notice.text.iter().map(|say| format!("  - say: {}\n", escape(say))));
        if let Some(words) = people::sends(notice) {
            text += "  - command:\n";
            text += &block(&words, None);
        }
    }
    text
}

fn lists(text: &mut String, plan: &RecoveryPlan, when: When) {
    for list in plan.checklists.iter().filter(|list| list.when == when) {
        let _ = writeln!(text, "\n### {}\n", escape(&people::list_title(list)));
        text.extend(list.items.iter().map(|item| format!("- [ ] {}\n", escape(item))));
    }
}

/// What comes back from where, and what does not.
fn data(plan: &RecoveryPlan) -> String {
    let mut text = String::new();
    for blocked in &plan.blocked {
        let what = match (blocked.step, &blocked.service) {
            (Some(step), _) => format!("step {step} cannot be done"),
            (None, Some(service)) => format!("service.{service} has no way back"),
            (None, None) => "no way back".to_owned(),
        };
        let _ = writeln!(text, "- ✗ **{}**: {}", escape(&what), escape(&blocked.why));
    }
    if let Some(why) = &plan.own_files {
        let _ = writeln!(text, "- ✗ {}", escape(&own_files(why)));
    }
    for none in &plan.infeasible {
        let _ = writeln!(text, "- ✗ **datastore.{} has no way back**: {}", none.datastore, escape(&none.why));
        let _ = writeln!(text, "  - {}", escape(&none.help));
    }
    for choice in &plan.chosen_points {
        let from = format!("{} ({})", choice.from, choice.mechanism);
        let _ = writeln!(text, "- **datastore.{}**: {}", choice.datastore, escape(&loss(choice)));
        let _ = writeln!(text, "  - from {}: {}", escape(&from), escape(&choice.why));
    }
    for group in &plan.groups {
        let _ = writeln!(text, "- {}", escape(&moment(group)));
        for member in &group.members {
            let _ = writeln!(text, "  - datastore.{} {}", member.datastore, escape(&member.told));
        }
    }
    for exposed in &plan.exposed {
        let _ = writeln!(text, "- ! **{}**", escape(&bared(exposed)));
        let _ = writeln!(text, "  - {}", escape(&exposed.help));
    }
    text.extend(plan.warnings.iter().map(|warning| format!("- ? {}\n", escape(warning))));
    if text.is_empty() { text } else { format!("\n## Data\n\n{text}") }
}

fn steps(text: &mut String, plan: &RecoveryPlan) {
    if plan.steps.is_empty() {
        return;
    }
    *text += "\n## Steps\n\n▲ decides the downtime. T+ is the clock at the end of the step, usual – unlucky. \
              Steps that do not wait for each other run side by side.\n";
    lists(text, plan, When::Before);
    lists(text, plan, When::During);
    let mut part = None;
    for step in &plan.steps {
        let title = title(plan, step);
        if part.as_ref() != Some(&title) {
            let _ = writeln!(text, "\n### {}\n", escape(&title));
            part = Some(title);
        }
        one(text, plan, step);
        for pivot in plan.pivots.iter().filter(|p| p.step == step.id) {
            let _ = writeln!(
                text,
                "\n**No way back for datastore.{} after step {}**, because {}\n",
                pivot.datastore,
                pivot.step,
                escape(&pivot.why)
            );
        }
    }
    lists(text, plan, When::After);
}

fn one(text: &mut String, plan: &RecoveryPlan, step: &Step) {
    let mark = if step.critical { "▲ " } else { "" };
    let name = step.written.as_ref().map_or(String::new(), |w| format!("{}: ", w.step));
    let summary = escape(&format!("{name}{}", step.summary));
    let _ = writeln!(text, "- [ ] {mark}**{}** {summary}", step.id);
    let mut line = |what: &str| {
        let _ = writeln!(text, "  - {what}");
    };
    line(&escape(&times(step)));
    for datastore in &step.destroys {
        line(&format!("**Destroys the present data of {}**", code(&format!("datastore.{datastore}"))));
    }
    for blocked in plan.blocked.iter().filter(|b| b.step == Some(step.id)) {
        line(&format!("**Cannot be done:** {}", escape(&blocked.why)));
    }
    if let Some(written) = &step.written {
        conditions(written, &mut |first, say| line(&format!("**{}** {}", first.trim(), escape(say))));
    }
    if let Some(unsaid) = &step.unsaid {
        line(&format!("**Say first** {}", escape(unsaid)));
    }
    for before in &step.before {
        line(&format!("before: {}", escape(before)));
    }
    if !step.why.is_empty() {
        line(&format!("why: {}", escape(&step.why)));
    }
    commands(text, step);
}

/// What is looked at first, what is done, what takes it back.
fn commands(text: &mut String, step: &Step) {
    let dir = step.written.as_ref().and_then(|w| w.dir.as_deref());
    let mut command = |shows: &str, words: &[String]| {
        if !words.is_empty() {
            let _ = writeln!(text, "  - {shows}:");
            *text += &block(words, dir);
        }
    };
    for before in &step.carried.before {
        command(&escape(&looked_at(before)), &before.words);
    }
    let by_hand = step.kind == StepNature::Manual;
    command(if by_hand { "what is needed for it" } else { "command" }, &step.command_equivalent);
    command("taken back with", &step.undo);
}

/// A command to copy, within an item of an item of a list.
fn block(words: &[String], dir: Option<&str>) -> String {
    let words: Vec<String> = words.iter().map(|w| quote(w)).collect();
    let line = match dir {
        Some(dir) => format!("(cd {} && {})", quote(dir), words.join(" ")),
        None => words.join(" "),
    };
    let fence = fence(&line);
    // A quoted word may go on over lines; all of them belong into the block.
    let indented: String = line.split('\n').map(|l| format!("    {l}\n")).collect();
    format!("\n    {fence}sh\n{indented}    {fence}\n\n")
}
