//! A recovery plan as a bash script, to be read, copied from and, by who wants to, run: it says each step
//! before it does it, waits for a person where one is needed, and lets nothing that comes from elsewhere
//! become a command of its own.

use std::fmt::Write as _;

use drctl_core::plan::LastSeen;
use drctl_core::provider::StepNature;
use drctl_core::recovery::{RecoveryPlan, Step};
use drctl_core::system::When;

use super::people;
use super::recovery::{bared, moment, occasion, own_files, verdict};
use super::steps::{conditions, looked_at, quote, times, title};
use super::text::{last_seen, safe};

/// A recovery plan and what is said with it, in every form.
pub(crate) struct Told<'p> {
    /// The plan.
    pub(crate) plan: &'p RecoveryPlan,
    /// Names the scenario or the loss.
    pub(crate) heading: &'p str,
    /// Whether the cloud is the embedded simulation.
    pub(crate) simulated: bool,
    /// How old the world is, when nobody was asked.
    pub(crate) seen: Option<LastSeen>,
}

/// What the steps are written with. A person answers at the terminal: standard input may be the script.
const WORDS: &str = r#"
FROM_STEP="${FROM_STEP:-1}"
STEP=0

stopped() {
  printf '\nStopped at step %s. To go on from there: FROM_STEP=%s bash THIS-FILE\n' "$STEP" "$STEP" >&2
}
ask() {
  printf '   %s ' "$1"
  IFS= read -r ANSWER </dev/tty
}
begin() {
  STEP="$1"
  if [ "$1" -lt "$FROM_STEP" ]; then
    return 1
  fi
  printf '\n== step %s of %s: %s\n' "$1" "$STEPS" "$2"
}
note() {
  printf '   %s\n' "$1"
}
run() {
  printf '   $'
  printf ' %q' "$@"
  printf '\n'
  command -- "$@"
}
by_hand() {
  ask 'Press Enter when it is done, Ctrl-C to stop.'
}
ready() {
  ask 'Press Enter if all of that is so, Ctrl-C to stop.'
}
onward() {
  ask 'Press Enter to go on all the same, Ctrl-C to stop.'
}
wanted() {
  ask 'Type yes to do it, anything else to leave it out:'
  if [ "$ANSWER" != yes ]; then
    note 'Left out.'
    return 1
  fi
}
look() {
  ask 'Press Enter if that is as it should be, Ctrl-C to stop.'
}
destroys() {
  ask "This destroys the present data of $1. Type its name to go on:"
  if [ "$ANSWER" != "$1" ]; then
    note 'That is another name.'
    return 1
  fi
}
"#;

/// The whole script.
pub(crate) fn bash(told: &Told<'_>) -> String {
    let plan = told.plan;
    let feasible = plan.infeasible.is_empty() && plan.blocked.is_empty();
    let verdict = format!("{} {}", verdict(plan, feasible), occasion(plan));
    let mut text = "#!/usr/bin/env bash\n".to_owned();
    let _ = writeln!(text, "# Recovery: {}   as of {}", safe(told.heading), plan.as_of);
    let _ = writeln!(text, "# {}", safe(&verdict));
    text += "# Read it before it is run. One step after the other; a plan may allow some side by side.\n\
             set -euo pipefail\n";
    let _ = writeln!(text, "STEPS={}", plan.steps.len());
    text += WORDS;
    text += "\nmain() {\n";
    let _ = writeln!(text, "note {}", quote(&verdict));
    if let Some(seen) = told.seen {
        let _ = writeln!(text, "note {}", quote(&last_seen(seen, plan.as_of)));
    }
    if let Some(why) = &plan.own_files {
        let _ = writeln!(text, "note {}", quote(&own_files(why)));
    }
    for none in &plan.infeasible {
        let _ = writeln!(
            text,
            "note {}",
            quote(&format!("No way back for datastore.{}: {}", none.datastore, none.why))
        );
    }
    for blocked in plan.blocked.iter().filter(|b| b.step.is_none()) {
        let of = blocked.service.as_ref().map_or(String::new(), |s| format!(" for service.{s}"));
        let _ = writeln!(text, "note {}", quote(&format!("No way back{of}: {}", blocked.why)));
    }
    for group in &plan.groups {
        let _ = writeln!(text, "note {}", quote(&moment(group)));
        for member in &group.members {
            let line = format!("  datastore.{} {}", member.datastore, member.told);
            let _ = writeln!(text, "note {}", quote(&line));
        }
    }
    text.extend(plan.exposed.iter().map(|exposed| format!("note {}\n", quote(&bared(exposed)))));
    text.extend(plan.warnings.iter().map(|warning| format!("note {}\n", quote(warning))));
    if told.simulated {
        text += "note 'SIM: this was planned on a simulated cloud. Its commands would reach a real one.'\nexit 1\n";
    }
    text += "trap stopped EXIT\n";
    notices(&mut text, plan);
    lists(&mut text, plan, When::Before);
    lists(&mut text, plan, When::During);
    let mut part = None;
    for step in &plan.steps {
        let title = title(plan, step);
        if part.as_ref() != Some(&title) {
            let _ = writeln!(text, "\n# {}", safe(&title));
            part = Some(title);
        }
        one(&mut text, plan, step);
    }
    lists(&mut text, plan, When::After);
    text += "\ntrap - EXIT\nnote 'All steps are done.'\n}\n\nmain\n";
    text
}

/// Who leads and who is told when. A script that is run sends no message of its own.
fn notices(text: &mut String, plan: &RecoveryPlan) {
    if let Some(commander) = &plan.commander {
        let _ = writeln!(text, "note {}", quote(&format!("leads: {}", people::known(commander))));
    }
    for called in &plan.escalation {
        let line = format!("call, {}: {}", people::called_at(called), people::called_who(called));
        let _ = writeln!(text, "note {}", quote(&line));
    }
    for notice in &plan.notices {
        let say = notice.text.as_ref().map_or(String::new(), |say| format!("; say: {say}"));
        let line = format!("tell, {}: {}{say}", people::when(plan, notice), people::how(notice));
        let _ = writeln!(text, "note {}", quote(&line));
        if let Some(words) = people::sends(notice) {
            let words: Vec<String> = words.iter().map(|w| quote(w)).collect();
            let _ = writeln!(text, "note {}", quote(&format!("  $ {}", words.join(" "))));
        }
    }
}

/// The lists of that time. A person says when one is gone through, unless it accompanies the steps.
fn lists(text: &mut String, plan: &RecoveryPlan, when: When) {
    for list in plan.checklists.iter().filter(|list| list.when == when) {
        let _ = writeln!(text, "\nnote {}", quote(&people::list_title(list)));
        text.extend(list.items.iter().map(|item| format!("note {}\n", quote(&format!("[ ] {item}")))));
        match when {
            When::Before => text.push_str("if [ \"$FROM_STEP\" -le 1 ]; then by_hand; fi\n"),
            When::After => text.push_str("by_hand\n"),
            When::During => {}
        }
    }
}

/// The steps that may be done instead of this one.
fn others(plan: &RecoveryPlan, step: &Step) -> Option<String> {
    let instead = |s: &&Step| s.written.as_ref().is_some_and(|w| w.instead_of.contains(&step.id));
    let others: Vec<String> = plan.steps.iter().filter(instead).map(|s| s.id.to_string()).collect();
    (!others.is_empty()).then(|| others.join(", "))
}

/// A person says whether to go on where there is no way back.
fn no_way_back(plan: &RecoveryPlan, step: &Step, line: &mut impl FnMut(&str)) {
    for pivot in plan.pivots.iter().filter(|p| p.step == step.id) {
        let say =
            format!("NO WAY BACK for datastore.{} after this step, because {}", pivot.datastore, pivot.why);
        line(&format!("note {}", quote(&say)));
        line("onward");
    }
}

/// A command where its step is done.
fn in_place(step: &Step, command: String) -> String {
    match step.written.as_ref().and_then(|w| w.dir.as_deref()) {
        Some(dir) => format!("(cd -- {} && {command})", quote(dir)),
        None => command,
    }
}

/// What only the operator or a scenario can say stands in a command as `${input.…}`, `${target.…}`.
fn stands_open(command: &str) -> bool {
    command.contains("${input.") || command.contains("${target.")
}

/// What there is before the step is shown to whoever may have to take it back.
fn look_first(step: &Step, line: &mut impl FnMut(&str)) {
    for before in &step.carried.before {
        let words: Vec<String> = before.words.iter().map(|w| quote(w)).collect();
        let command = words.join(" ");
        line(&format!("note {}", quote(&format!("{}: write it down", looked_at(before)))));
        match stands_open(&command) {
            true => line(&format!("note {}", quote(&format!("$ {}", in_place(step, command))))),
            false => line(&in_place(step, format!("run {command}"))),
        }
    }
}

/// What is to be known of a step.
fn notes(step: &Step, line: &mut impl FnMut(&str)) {
    line(&format!("note {}", quote(&times(step))));
    let why = Some(&step.why).filter(|why| !why.is_empty()).map(|why| format!("why: {why}"));
    let before = step.before.iter().map(|before| format!("before: {before}"));
    let unsaid = step.unsaid.iter().map(|what| format!("SAY FIRST {what}"));
    why.into_iter().chain(before).chain(unsaid).for_each(|say| line(&format!("note {}", quote(&say))));
    if let Some(written) = &step.written {
        conditions(written, &mut |first, say| line(&format!("note {}", quote(&format!("{first}{say}")))));
    }
}

fn one(text: &mut String, plan: &RecoveryPlan, step: &Step) {
    let name = step.written.as_ref().map_or(String::new(), |w| format!("{}: ", w.step));
    let critical = if step.critical { " [decides the downtime]" } else { "" };
    let summary = format!("{name}{}{critical}", step.summary);
    let _ = writeln!(text, "\nif begin {} {}; then", step.id, quote(&summary));
    let mut line = |words: &str| {
        let _ = writeln!(text, "  {words}");
    };
    notes(step, &mut line);
    let written = step.written.as_ref();
    let blocked: Vec<&str> =
        plan.blocked.iter().filter(|b| b.step == Some(step.id)).map(|b| b.why.as_str()).collect();
    for why in &blocked {
        line(&format!("note {}", quote(&format!("CANNOT BE DONE as it is written: {why}"))));
    }
    let other = others(plan, step).map(|others| format!("this, or INSTEAD OF it step {others}: not both"));
    other.iter().for_each(|say| line(&format!("note {}", quote(say))));
    no_way_back(plan, step, &mut line);
    let asked = other.is_some() || written.is_some_and(|w| w.when.is_some() || !w.instead_of.is_empty());
    if asked {
        line("if wanted; then");
    }
    let gone = step.destroys.iter().map(|datastore| quote(&format!("datastore.{datastore}")));
    gone.for_each(|name| line(&format!("destroys {name}")));
    let words: Vec<String> = step.command_equivalent.iter().map(|w| quote(w)).collect();
    let shown = in_place(step, words.join(" "));
    let command = in_place(step, format!("run {}", words.join(" ")));
    let open = stands_open(&shown) || written.is_some_and(|w| !w.inputs.is_empty());
    let by_hand = step.kind == StepNature::Manual || !blocked.is_empty() || open || step.unsaid.is_some();
    let needs =
        !step.before.is_empty() || written.is_some_and(|w| !w.env.is_empty() || !w.secrets.is_empty());
    match (words.is_empty(), by_hand) {
        (true, _) => line("by_hand"),
        (false, true) => {
            line(&format!("note {}", quote(&format!("$ {shown}"))));
            line("by_hand");
        }
        (false, false) => {
            if step.kind == StepNature::Auto && needs {
                line("ready");
            }
            look_first(step, &mut line);
            line(&command);
        }
    }
    if step.kind == StepNature::Check && !words.is_empty() && !by_hand {
        line("look");
    }
    if asked {
        line("fi");
    }
    if !step.undo.is_empty() {
        let undo: Vec<String> = step.undo.iter().map(|w| quote(w)).collect();
        let undo = in_place(step, undo.join(" ")).replace('\n', "\n  # ");
        line(&format!("# taken back with: {undo}"));
    }
    text.push_str("fi\n");
}
