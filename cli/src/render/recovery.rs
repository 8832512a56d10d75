//! How a recovery plan looks: read from top to bottom under stress, within 100 columns. First the
//! verdict, then what comes back from where and what is lost, then the steps with their commands.

use std::fmt::Write as _;

use drctl_core::provider::StepNature;
use drctl_core::recovery::{Choice, Infeasible, Judged, RecoveryPlan, Rejected, Status, Step, readable};

use super::palette::{Charset, Look};
use super::text::{safe, wrap};

/// The plan as text. `heading` names the scenario or loss; the simulation is marked.
pub(crate) fn text(plan: &RecoveryPlan, heading: &str, simulated: bool, look: Look) -> String {
    let mut out = String::new();
    head(&mut out, plan, heading, simulated, look);
    for infeasible in &plan.infeasible {
        no_way(&mut out, infeasible, look);
    }
    for choice in &plan.chosen_points {
        chosen(&mut out, choice, look);
    }
    if !plan.untouched.is_empty() {
        let names: Vec<_> = plan.untouched.iter().map(|n| format!("datastore.{n}")).collect();
        let names = names.join(", ");
        let _ = writeln!(out, "\n{}", wrap(". ", &format!("not touched by this loss: {names}"), look.width));
    }
    for warning in &plan.warnings {
        let _ = writeln!(out, "\n{}", wrap("? ", &safe(warning), look.width));
    }
    if !plan.steps.is_empty() {
        let _ = writeln!(out, "\nSteps   (▲ = on the critical path; times are p50 – p95)\n");
        for step in &plan.steps {
            one_step(&mut out, step, look);
        }
        let manual = plan.steps.iter().filter(|s| s.kind == StepNature::Manual).count();
        let _ = writeln!(
            out,
            "{} steps, {manual} by hand. Nothing was changed: recover shows, it does not execute.",
            plan.steps.len()
        );
    }
    match look.charset {
        Charset::Unicode => out,
        Charset::Ascii => ascii(&out),
    }
}

/// The same text where only ASCII can be shown.
fn ascii(text: &str) -> String {
    [("▲", "^"), ("→", "->"), ("✗", "x"), ("✓", "ok"), ("─", "-"), ("–", "-")]
        .iter()
        .fold(text.to_owned(), |text, (sign, plain)| text.replace(sign, plain))
}

fn head(out: &mut String, plan: &RecoveryPlan, heading: &str, simulated: bool, look: Look) {
    let regions: Vec<_> = plan.lost.regions.iter().map(String::as_str).collect();
    let _ = writeln!(out, "Recovery plan: {}   as of {}", safe(heading), plan.as_of);
    if simulated {
        let _ = writeln!(out, "SIM: a simulated cloud, nothing real is read or changed");
    }
    let lost = regions.iter().map(|r| format!("region {r}")).collect::<Vec<_>>().join(", ");
    let _ = writeln!(out, "{}", wrap("Lost: ", &safe(&lost), look.width));
    let _ = writeln!(out);
    let _ = writeln!(out, "  RTO  {}", judged(&plan.rto));
    let _ = writeln!(out, "  RPO  {}", judged(&plan.rpo));
}

fn judged(judged: &Judged) -> String {
    let value = match (judged.p50_s, judged.p95_s) {
        (Some(p50), Some(p95)) if p50 != p95 => format!("{} – {}", readable(p50), readable(p95)),
        (_, Some(p95)) => readable(p95),
        _ => String::new(),
    };
    let objective = judged.objective_s.map(readable);
    match (judged.status, objective) {
        (Status::Met, Some(objective)) => format!("{value}   objective {objective}   ✓ met"),
        (Status::Missed, Some(objective)) => {
            let by = readable(judged.p95_s.unwrap_or(0) - judged.objective_s.unwrap_or(0));
            format!("{value}   objective {objective}   ✗ MISSED by {by}")
        }
        (Status::Unbounded, objective) => format!("unbounded{}   ✗", objective_text(objective)),
        (Status::NoPlan, objective) => format!("no plan{}   ✗", objective_text(objective)),
        (Status::NoObjective | Status::Met | Status::Missed, _) => format!("{value}   no objective declared"),
    }
}

fn objective_text(objective: Option<String>) -> String {
    objective.map(|o| format!("   objective {o}")).unwrap_or_default()
}

fn no_way(out: &mut String, infeasible: &Infeasible, look: Look) {
    let _ = writeln!(out, "\n✗ datastore.{}   NO WAY BACK   ({})", infeasible.datastore, infeasible.resource);
    let _ = writeln!(out, "{}", wrap("    ", &safe(&infeasible.why), look.width));
    rejections(out, &infeasible.rejected, look);
    let _ = writeln!(out, "{}", wrap("    → ", &safe(&infeasible.help), look.width));
}

fn chosen(out: &mut String, choice: &Choice, look: Look) {
    let loss = choice
        .data_loss_s
        .map_or_else(|| "no bound on the loss of data".to_owned(), |s| format!("loses {}", readable(s)));
    let point = choice.point.map(|p| format!(" at {p}")).unwrap_or_default();
    let _ = writeln!(out, "\n→ datastore.{}   {loss}   ({})", choice.datastore, choice.resource);
    let from = format!("from {} ({}){point}: {}", choice.from, choice.mechanism, choice.why);
    let _ = writeln!(out, "{}", wrap("    ", &safe(&from), look.width));
    let _ = writeln!(out, "{}", wrap("    loss: ", &safe(&choice.data_loss_source), look.width));
    rejections(out, &choice.rejected, look);
}

fn rejections(out: &mut String, rejected: &[Rejected], look: Look) {
    for other in rejected {
        let line = format!("{} ({}): {}", other.from, other.mechanism, other.why);
        let _ = writeln!(out, "{}", wrap("    ─ not ", &safe(&line), look.width));
    }
}

fn one_step(out: &mut String, step: &Step, look: Look) {
    let mark = if step.critical { '▲' } else { ' ' };
    let who = match step.kind {
        StepNature::Auto => "run",
        StepNature::Check => "check",
        StepNature::Manual => "by hand",
    };
    let after = match step.needs.iter().map(u32::to_string).collect::<Vec<_>>().join(", ") {
        needs if needs.is_empty() => String::new(),
        needs => format!(", after {needs}"),
    };
    let _ = writeln!(out, "{}", wrap(&format!("{mark} {:>2} ", step.id), &safe(&step.summary), look.width));
    let api = step.api.as_ref().map_or_else(String::new, |api| {
        let plane = if api.control_plane { "control" } else { "data" };
        format!(", needs {} {plane} plane in {}", api.service, api.region)
    });
    let facts = format!(
        "datastore.{}, {who}{after}; {} – {} ({}){api}",
        step.datastore,
        readable(step.p50_s),
        readable(step.p95_s),
        safe(&step.estimate_source),
    );
    let _ = writeln!(out, "{}", wrap("       ", &facts, look.width));
    if !step.why.is_empty() {
        let facts: Vec<_> = step.facts.iter().map(ToString::to_string).collect();
        let facts = if facts.is_empty() { String::new() } else { format!(" [{}]", facts.join(", ")) };
        let _ = writeln!(out, "{}", wrap("       ", &format!("{}{facts}", safe(&step.why)), look.width));
    }
    if !step.command_equivalent.is_empty() {
        let _ = writeln!(out, "{}", command(&step.command_equivalent, look));
    }
    let _ = writeln!(out);
}

/// The command as a person can paste it: quoted, one option a line when it is long.
pub(crate) fn command(words: &[String], look: Look) -> String {
    let quoted: Vec<String> = words.iter().map(|w| quote(w)).collect();
    let one_line = format!("       $ {}", quoted.join(" "));
    if one_line.chars().count() <= look.width {
        return one_line;
    }
    let mut text = String::from("       $ ");
    for (i, word) in quoted.iter().enumerate() {
        match i {
            0 => text.push_str(word),
            _ if word.starts_with("--") => {
                let _ = write!(text, " \\\n           {word}");
            }
            _ => {
                let _ = write!(text, " {word}");
            }
        }
    }
    text
}

/// A word for a POSIX shell. Control characters cannot stand in a command that is shown.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", safe(word).replace('\'', "'\\''"))
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
    }

    #[test]
    fn a_long_command_breaks_before_each_option() {
        let words: Vec<String> =
            ["aws", "rds", "restore", "--name", &"x".repeat(90), "--region", "eu-west-2"]
                .iter()
                .map(|w| (*w).to_owned())
                .collect();
        assert_eq!(command(&words, Look::PLAIN).lines().count(), 3);
    }
}
