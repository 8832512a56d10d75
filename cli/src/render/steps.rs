//! How the steps of a recovery plan look: each with its command, its clock, who does it and what it needs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use drctl_core::provider::{Phase, StepNature};
use drctl_core::recovery::{
    Before, Needed, Pivot, RecoveryPlan, Step, Unprotected, WrittenAt, needed, numbered, readable,
};
use drctl_core::system::When;

use super::palette::Look;
use super::people;
use super::text::{count, is_hostile, safe, width, wrap};

/// The steps of a plan.
pub(super) fn plan_steps(out: &mut String, plan: &RecoveryPlan, look: Look) {
    let legend = "▲ decides the downtime; T+ is the clock at the end of the step, p50 – p95; steps that do not \
                  wait for each other run side by side";
    let _ = writeln!(out, "\nSteps\n{}", wrap("  ", legend, look.width));
    here(out, plan, look);
    let _ = writeln!(out);
    people::lists(out, plan, When::Before, look);
    people::lists(out, plan, When::During, look);
    let mut part = None;
    for step in &plan.steps {
        let title = title(plan, step);
        if part.as_ref() != Some(&title) {
            let _ = writeln!(out, "{title}\n");
            if step.phase == Some(Phase::Protect) {
                plan.unprotected.iter().for_each(|u| unprotected(out, u, look));
            }
            part = Some(title);
        }
        one_step(out, step, look);
        plan.pivots.iter().filter(|p| p.step == step.id).for_each(|p| pivot(out, p, look));
    }
    if !plan.steps.iter().any(|s| s.phase == Some(Phase::Protect)) {
        plan.unprotected.iter().for_each(|u| unprotected(out, u, look));
    }
    people::lists(out, plan, When::After, look);
    let manual = plan.steps.iter().filter(|s| s.kind == StepNature::Manual).count();
    let _ = writeln!(
        out,
        "{}, {manual} by hand. Nothing was changed: only `--execute` carries it out.",
        count(plan.steps.len(), "step")
    );
}

/// What the steps need of the machine that they are run on.
fn here(out: &mut String, plan: &RecoveryPlan, look: Look) {
    let Needed { programs, env, secret_files, .. } = needed(plan);
    let steps = |steps: &BTreeSet<u32>| {
        format!("({} {})", if steps.len() == 1 { "step" } else { "steps" }, numbered(steps))
    };
    for (what, all) in [
        ("programs: ", programs.iter().map(|((_, name), of)| format!("{name} {}", steps(of))).collect()),
        (
            "secrets in the files: ",
            secret_files.iter().map(|(file, of)| format!("{} {}", file.path, steps(of))).collect(),
        ),
        ("set in the environment: ", env.iter().map(|(name, of)| format!("{name} {}", steps(of))).collect()),
    ] {
        let all: Vec<String> = all;
        if !all.is_empty() {
            let line = format!("{what}{}", all.join(", "));
            let _ = writeln!(out, "{}", wrap("  needs ", &safe(&line), look.width));
        }
    }
}

/// From when until when a datastore is without protection.
fn unprotected(out: &mut String, window: &Unprotected, look: Look) {
    let ends = match (window.p50_s, window.p95_s) {
        (_, longest) if window.ends_with.is_some() => {
            let backup = window.ends_with.as_deref().unwrap_or_default();
            match longest {
                Some(longest) => {
                    format!("until {backup} has run again, {} later at the latest", readable(longest))
                }
                None => format!("until {backup} has run again; nothing says when"),
            }
        }
        (Some(p50), Some(p95)) => {
            let steps = if window.until.len() == 1 { "step" } else { "steps" };
            format!("until {steps} {}: {}", numbered(&window.until), range(p50, p95))
        }
        _ if window.until.is_empty() => "with no step that ends it".to_owned(),
        _ => {
            let steps = if window.until.len() == 1 { "step" } else { "steps" };
            format!("until {steps} {}: not all before it is estimated", numbered(&window.until))
        }
    };
    let holds = match &window.region {
        Some(region) => format!("Nothing outside of {region} holds what is written then."),
        None => "A second loss takes what is written then.".to_owned(),
    };
    let (datastore, since) = (&window.datastore, numbered(&window.since));
    let steps = if window.since.len() == 1 { "step" } else { "steps" };
    let text = format!("datastore.{datastore} is UNPROTECTED from {steps} {since} {ends}. {holds}");
    let _ = writeln!(out, "{}\n", wrap("! ", &safe(&text), look.width));
}

/// The line after which a datastore cannot go back to what was before.
fn pivot(out: &mut String, pivot: &Pivot, look: Look) {
    let line = format!("── no way back for datastore.{} after step {} ", pivot.datastore, pivot.step);
    let rest = look.width.saturating_sub(width(&line));
    let _ = writeln!(out, "{line}{}", "─".repeat(rest));
    let why = format!("because {}", pivot.why);
    let _ = writeln!(out, "{}", wrap("   ", &safe(&why), look.width));
    if !pivot.no_undo.is_empty() {
        let (steps, are) = if pivot.no_undo.len() == 1 { ("step", "is") } else { ("steps", "are") };
        let steps = format!("{steps} {}", numbered(&pivot.no_undo));
        let missing = format!("Nothing says how {steps}, before it, {are} taken back (`undo`).");
        let _ = writeln!(out, "{}", wrap("   ", &missing, look.width));
    }
    let _ = writeln!(out);
}

/// The part of the plan that a step stands in.
pub(super) fn title(plan: &RecoveryPlan, step: &Step) -> String {
    if let Some(written) = &step.written {
        let phase = written.phase.as_ref().map_or(String::new(), |phase| format!(": {}", safe(phase)));
        let after = if step.downtime { "" } else { ", once the service works: no downtime" };
        return format!("procedure.{}{phase}{after}", written.procedure);
    }
    match step.phase {
        Some(Phase::Prepare) => "Before: all works, and nothing is stopped",
        Some(Phase::Contain) if !plan.home.is_empty() => "At the hour: stop what writes",
        Some(Phase::Contain) => "First: stop the damage",
        Some(Phase::Protect) => "Protect again",
        Some(
            Phase::Restore | Phase::Verify | Phase::Fence | Phase::Redirect | Phase::Confirm | Phase::Resume,
        )
        | None => "Bring back, look, redirect",
    }
    .to_owned()
}

fn one_step(out: &mut String, step: &Step, look: Look) {
    let mark = if step.critical { '▲' } else { ' ' };
    let name = step.written.as_ref().map_or(String::new(), |w| format!("{}: ", w.step));
    let summary = format!("{name}{}", step.summary);
    let _ = writeln!(out, "{}", wrap(&format!("{mark} {:>2} ", step.id), &safe(&summary), look.width));
    let mut line = |first: &str, text: &str| {
        let _ = writeln!(out, "{}", wrap(&format!("       {first}"), &safe(text), look.width));
    };
    line("", &times(step));
    if let Some(written) = &step.written {
        conditions(written, &mut line);
    }
    if let Some(unsaid) = &step.unsaid {
        line("say first: ", unsaid);
    }
    for before in &step.before {
        line("before: ", before);
    }
    if let Some(api) = &step.api {
        let plane = if api.control_plane { "control" } else { "data" };
        line("needs: ", &format!("{} {plane} plane in {}", api.service, api.region));
    }
    if !step.why.is_empty() {
        let facts: Vec<_> = step.facts.iter().map(ToString::to_string).collect();
        let facts = if facts.is_empty() { String::new() } else { format!(" [{}]", facts.join(", ")) };
        line("why: ", &format!("{}{facts}", step.why));
    }
    if let Some(how) = &step.undo_by_hand {
        line("undo: ", how);
    }
    let dir = step.written.as_ref().and_then(|w| w.dir.as_deref());
    for before in &step.carried.before {
        let text = format!("       {}:\n{}", looked_at(before), command(&before.words, dir, look));
        let _ = writeln!(out, "{text}");
    }
    if !step.command_equivalent.is_empty() {
        let _ = writeln!(out, "{}", command(&step.command_equivalent, dir, look));
    }
    if !step.undo.is_empty() {
        let _ = writeln!(out, "       taken back with:\n{}", command(&step.undo, dir, look));
    }
    let _ = writeln!(out);
}

/// What is found by a look before a step.
pub(super) fn looked_at(before: &Before) -> String {
    let of = before.value.as_ref().map_or(String::new(), |value| format!(" = {value}"));
    format!("looked at first, as ${{self.before.{}}}{of}", before.name)
}

/// When it is done, in the place of what, and what has to be at hand.
pub(super) fn conditions(written: &WrittenAt, line: &mut impl FnMut(&str, &str)) {
    let others: Vec<String> = written.instead_of.iter().map(u32::to_string).collect();
    if !others.is_empty() {
        let steps = if others.len() == 1 { "step" } else { "steps" };
        line("INSTEAD OF ", &format!("{steps} {}: do this or that, not both", others.join(", ")));
    }
    if let Some(when) = &written.when {
        line("ONLY WHEN ", when);
    }
    for input in &written.inputs {
        line("you say: ", &format!("{}, {}", input.place(), input.description));
    }
    for expected in &written.expects {
        line("must be true: ", expected);
    }
    if !written.env.is_empty() {
        line("before: ", &format!("set in the environment: {}", written.env.join(", ")));
    }
    for (variable, source) in &written.secrets {
        line("before: ", &format!("{variable} is {source}"));
    }
}

/// Who does it, for what, after what, and how long it takes.
pub(super) fn times(step: &Step) -> String {
    let who = match (step.kind, &step.owner) {
        (StepNature::Auto, _) => "run".to_owned(),
        (StepNature::Check, _) => "check".to_owned(),
        (StepNature::Manual, None) => "by hand".to_owned(),
        (StepNature::Manual, Some(owner)) => format!("by hand, contact.{}", owner.contact),
    };
    let reached: Vec<&String> =
        step.owner.iter().flat_map(|o| o.name.iter().chain(&o.role).chain(&o.reached)).collect();
    let reached = match reached.as_slice() {
        [] => String::new(),
        all => format!(" ({})", all.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(", ")),
    };
    let after = match step.needs.iter().map(u32::to_string).collect::<Vec<_>>().join(", ") {
        needs if needs.is_empty() => String::new(),
        needs => format!(" after {needs}"),
    };
    let done = match (step.done_p50_s, step.done_p95_s) {
        (Some(p50), Some(p95)) => range(p50, p95),
        (None, _) | (_, None) => "?".to_owned(),
    };
    let takes = match (step.p50_s, step.p95_s) {
        (Some(p50), Some(p95)) => format!("takes {} ({})", range(p50, p95), step.estimate_source),
        (None, _) | (_, None) => step.estimate_source.clone(),
    };
    let datastore = step.datastore.as_ref().map_or(String::new(), |d| format!("datastore.{d}, "));
    format!("T+{done}; {datastore}{who}{reached}{after}; {takes}")
}

pub(super) fn range(p50: i64, p95: i64) -> String {
    if p50 == p95 { readable(p95) } else { format!("{} – {}", readable(p50), readable(p95)) }
}

/// The command as a person can paste it: quoted, one option a line when it is long, its value on the
/// next where both do not fit. In a directory it runs in a shell of its own, so that the next command does
/// not run there too.
pub(crate) fn command(words: &[String], dir: Option<&str>, look: Look) -> String {
    let mut quoted: Vec<String> = words.iter().map(|w| quote(w)).collect();
    if let (Some(dir), Some(last)) = (dir, quoted.last_mut()) {
        last.push(')');
        let into = format!("(cd {} && {}", quote(dir), quoted[0]);
        quoted[0] = into;
    }
    let one_line = format!("       $ {}", quoted.join(" "));
    if width(&one_line) <= look.width {
        return one_line;
    }
    let room = look.width.saturating_sub(" \\".len());
    let mut lines = vec!["       $".to_owned()];
    for (word, quoted) in words.iter().zip(&quoted) {
        let line = lines.last_mut().expect("there is always a line");
        if word.starts_with("--") {
            lines.push(format!("           {quoted}"));
        } else if width(line) + 1 + width(quoted) > room {
            lines.push(format!("             {quoted}"));
        } else {
            line.push(' ');
            line.push_str(quoted);
        }
    }
    lines.join(" \\\n")
}

/// A word for bash or zsh, that neither a shell nor a terminal takes for anything else.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(plain) {
        word.to_owned()
    } else if word.chars().any(is_hostile) {
        let byte = |b: u8| match b {
            b'\'' | b'\\' => format!("\\{}", char::from(b)),
            b if b.is_ascii_graphic() || b == b' ' => char::from(b).to_string(),
            b => format!("\\x{b:02x}"),
        };
        format!("$'{}'", word.bytes().map(byte).collect::<String>())
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_quoted_for_a_shell() {
        assert_eq!(quote("a-b.c:1"), "a-b.c:1");
        assert_eq!(quote("it's; rm -rf"), "'it'\\''s; rm -rf'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("=ls"), "'=ls'");
        assert_eq!(quote("a\n'\\\u{1b}é"), "$'a\\x0a\\'\\\\\\x1b\\xc3\\xa9'");
    }

    #[test]
    fn a_long_command_breaks_before_each_option() {
        let long = format!("arn:{}", "x".repeat(80));
        let words = ["aws", "rds", "restore", "--name", "n", "--source", &long, "--region", "eu-west-2"];
        let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        let text = command(&words, None, Look::PLAIN);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let value = format!("{long} \\");
        assert_eq!(
            lines,
            ["$ aws rds restore \\", "--name n \\", "--source \\", &value, "--region eu-west-2"]
        );
        assert!(text.lines().all(|l| l.chars().count() <= Look::PLAIN.width), "{text}");
    }
}
