//! How a recovery plan looks: read from top to bottom under stress, within 100 columns. First the
//! verdict, then what comes back from where and what is lost, then the steps with their commands.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use drctl_core::addr::Name;
use drctl_core::plan::LastSeen;
use drctl_core::provider::{Phase, StepNature};
use drctl_core::recovery::{
    Blocked, Choice, Exposed, Group, Hit, Infeasible, Judged, Needed, Pivot, RecoveryPlan, Rejected, Status,
    Step, Unprotected, WrittenAt, needed, numbered, readable,
};
use drctl_core::system::When;

use super::downtimes::{Downtime, downtimes};
use super::palette::{Charset, Look};
use super::people;
use super::text::{count, is_hostile, last_seen, safe, width, wrap};

/// The plan as text. `heading` names the scenario or loss; the simulation is marked.
/// So is a world that was not read but remembered.
pub(crate) fn text(
    plan: &RecoveryPlan,
    heading: &str,
    (simulated, seen): (bool, Option<LastSeen>),
    look: Look,
) -> String {
    let mut out = String::new();
    head(&mut out, plan, heading, (simulated, seen), look);
    people::told(&mut out, plan, look);
    hit(&mut out, plan, look);
    for blocked in &plan.blocked {
        cannot(&mut out, blocked, look);
    }
    for (what, steps) in plan.unsaid() {
        let line = format!("SAY FIRST {what} (steps {}); nothing is carried out before", numbered(&steps));
        let _ = writeln!(out, "\n{}", wrap("? ", &safe(&line), look.width));
    }
    for infeasible in &plan.infeasible {
        no_way(&mut out, infeasible, look);
    }
    for choice in &plan.chosen_points {
        chosen(&mut out, choice, look);
    }
    for group in &plan.groups {
        together(&mut out, group, look);
    }
    for exposed in &plan.exposed {
        bare(&mut out, exposed, look);
    }
    if !plan.untouched.is_empty() {
        let names: Vec<_> = plan.untouched.iter().map(|n| format!("datastore.{n}")).collect();
        let line = wrap(". ", &format!("not touched by this loss: {}", names.join(", ")), look.width);
        let _ = writeln!(out, "\n{line}");
    }
    for warning in &plan.warnings {
        let _ = writeln!(out, "\n{}", wrap("? ", &safe(warning), look.width));
    }
    if !plan.steps.is_empty() {
        plan_steps(&mut out, plan, look);
    }
    shown(out, look)
}

/// The finished text as the terminal can show it.
pub(crate) fn shown(text: String, look: Look) -> String {
    match look.charset {
        Charset::Unicode => text,
        Charset::Ascii => ascii(&text),
    }
}

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
        let title = title(step);
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

/// The moment of a consistency group.
pub(super) fn moment(group: &Group) -> String {
    match group.instant {
        Some(instant) => format!("group {} comes back to one moment: {instant}", group.name),
        None => format!("group {} has no moment that it comes back to together", group.name),
    }
}

/// A consistency group: the instant of all, and how far each is from it.
fn together(out: &mut String, group: &Group, look: Look) {
    let _ = writeln!(out, "\n{}", wrap("= ", &safe(&moment(group)), look.width));
    for member in &group.members {
        let line = format!("datastore.{} {}", member.datastore, member.told);
        let _ = writeln!(out, "{}", wrap("    - ", &safe(&line), look.width));
    }
}

/// What becomes of a datastore that still works and of which the loss takes protection.
pub(super) fn bared(Exposed { datastore, left, data_loss_s, .. }: &Exposed) -> String {
    let next = match (left, data_loss_s) {
        (None, _) => "if it is lost next, there is NO WAY BACK".to_owned(),
        (Some(from), Some(loss)) => {
            format!("if it is lost next, {} of data go, back from {from}", readable(*loss))
        }
        (Some(from), None) => format!("if it is lost next, back from {from}; what is lost then has no bound"),
    };
    format!("datastore.{datastore} works and is EXPOSED: {next}")
}

/// The same with what is lost and what to do.
fn bare(out: &mut String, exposed: &Exposed, look: Look) {
    let Exposed { gone, help, .. } = exposed;
    let _ = writeln!(out, "\n{}", wrap("! ", &safe(&bared(exposed)), look.width));
    for Rejected { from, mechanism, why, .. } in gone {
        let line = format!("lost {from} ({mechanism}): {why}");
        let _ = writeln!(out, "{}", wrap("    ─ ", &safe(&line), look.width));
    }
    let _ = writeln!(out, "{}", wrap("    ", &safe(help), look.width));
}

/// The part of the plan that a step stands in.
pub(super) fn title(step: &Step) -> String {
    if let Some(written) = &step.written {
        let phase = written.phase.as_ref().map_or(String::new(), |phase| format!(": {}", safe(phase)));
        let after = if step.downtime { "" } else { ", once the service works: no downtime" };
        return format!("procedure.{}{phase}{after}", written.procedure);
    }
    match step.phase {
        Some(Phase::Contain) => "First: stop the damage",
        Some(Phase::Protect) => "Protect again",
        Some(
            Phase::Restore | Phase::Verify | Phase::Fence | Phase::Redirect | Phase::Confirm | Phase::Resume,
        )
        | None => "Bring back, look, redirect",
    }
    .to_owned()
}

/// What goes with the loss, unless that is said by what comes back.
fn hit(out: &mut String, plan: &RecoveryPlan, look: Look) {
    let Hit { sites, datastores, services } = &plan.hit;
    // What a provider holds is told with its way back; a lone site or datastore is the loss itself.
    if sites.is_empty() && services.is_empty() && datastores.keys().all(|d| held(plan, d)) {
        return;
    }
    let _ = writeln!(out, "\nLost or not working");
    for (kind, names) in [("site", sites), ("datastore", datastores), ("service", services)] {
        for (name, why) in names {
            let _ = writeln!(out, "{}", wrap("  - ", &safe(&format!("{kind}.{name}: {why}")), look.width));
        }
    }
}

/// Whether a resource holds the datastore.
fn held(plan: &RecoveryPlan, datastore: &Name) -> bool {
    let chosen = plan.chosen_points.iter().find(|c| c.datastore == *datastore);
    let none = plan.infeasible.iter().find(|i| i.datastore == *datastore);
    chosen.is_some_and(|c| c.resource.is_some() && c.step.is_none())
        || none.is_some_and(|i| i.resource.is_some())
}

fn cannot(out: &mut String, blocked: &Blocked, look: Look) {
    let what = match (blocked.step, &blocked.service) {
        (Some(step), _) => format!("step {step} CANNOT BE DONE"),
        (None, Some(service)) => format!("service.{service}   NO WAY BACK"),
        (None, None) => "NO WAY BACK".to_owned(),
    };
    let _ = writeln!(out, "\n✗ {what}");
    let _ = writeln!(out, "{}", wrap("    ", &safe(&blocked.why), look.width));
}

/// What the steps need of the machine that they are run on.
fn here(out: &mut String, plan: &RecoveryPlan, look: Look) {
    let Needed { programs, env, .. } = needed(plan);
    let steps = |steps: &BTreeSet<u32>| {
        format!("({} {})", if steps.len() == 1 { "step" } else { "steps" }, numbered(steps))
    };
    for (what, all) in [
        ("programs: ", programs.iter().map(|((_, name), of)| format!("{name} {}", steps(of))).collect()),
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

pub(super) fn range(p50: i64, p95: i64) -> String {
    if p50 == p95 { readable(p95) } else { format!("{} – {}", readable(p50), readable(p95)) }
}

/// The same text where only ASCII can be shown.
fn ascii(text: &str) -> String {
    [("▲", "^"), ("→", "->"), ("✗", "x"), ("✓", "ok"), ("─", "-"), ("–", "-")]
        .iter()
        .fold(text.to_owned(), |text, (sign, plain)| text.replace(sign, plain))
}

fn head(
    out: &mut String,
    plan: &RecoveryPlan,
    heading: &str,
    (simulated, seen): (bool, Option<LastSeen>),
    look: Look,
) {
    let _ = writeln!(out, "Recovery plan: {}   as of {}", safe(heading), plan.as_of);
    if simulated {
        let _ = writeln!(out, "SIM: a simulated cloud, nothing real is read or changed");
    }
    if let Some(seen) = seen {
        let _ = writeln!(out, "\n{}", wrap("? ", &last_seen(seen, plan.as_of), look.width));
    }
    let feasible = plan.is_feasible();
    let verdict = verdict(plan, feasible);
    let sign = if feasible { '✓' } else { '✗' };
    let line = format!("{verdict} after the loss of {}", plan.lost.names().join(", "));
    let _ = writeln!(out, "\n{}", wrap(&format!("{sign} "), &safe(&line), look.width));
    for (n, Downtime { told, why }) in downtimes(plan).into_iter().enumerate() {
        let first = if n == 0 { "  RTO  " } else { "       " };
        let line = format!("{first}{told}");
        let fits = width(&line) <= look.width;
        let _ = writeln!(out, "{}", if fits { line } else { wrap(first, &told, look.width) });
        if let Some(why) = why {
            let _ = writeln!(out, "{}", wrap("       ", &safe(why), look.width));
        }
    }
    if let (Some(detection), true) =
        (plan.detection_s, plan.whole.p95_s.is_some() || plan.whole.why.is_some())
    {
        let _ = writeln!(out, "       {} of that until somebody knows (declared)", readable(detection));
    }
    if let (Some(p50), Some(p95)) = (plan.estimate_p50_s, plan.estimate_p95_s) {
        let _ = writeln!(
            out,
            "       {} is what the scenario estimates for the whole (declared)",
            range(p50, p95)
        );
    }
    let _ = writeln!(out, "  RPO  {}", judged(&plan.rpo));
    let pivots: Vec<_> =
        plan.pivots.iter().map(|p| format!("step {} (datastore.{})", p.step, p.datastore)).collect();
    if !pivots.is_empty() {
        let line = format!("no way back after {}", pivots.join(", "));
        let _ = writeln!(out, "{}", wrap("  ", &line, look.width));
    }
    let longest = plan.phases.iter().map(|p| p.name.chars().count()).max().unwrap_or(0).min(40);
    for phase in &plan.phases {
        let judged = judged(&phase.time).replace("objective", "budget");
        let _ = writeln!(out, "  phase {:longest$}   {judged}", safe(&phase.name));
    }
}

/// Whether it all comes back, in a line.
pub(super) fn verdict(plan: &RecoveryPlan, feasible: bool) -> String {
    let mut back: Vec<String> = match plan.chosen_points.len() {
        0 => Vec::new(),
        n => vec![count(n, "datastore")],
    };
    let stranded = |service: &Name| plan.blocked.iter().any(|b| b.service.as_ref() == Some(service));
    let services = plan.hit.services.keys().filter(|s| !stranded(s)).count();
    if services > 0 && plan.steps.iter().any(|s| s.written.is_some()) {
        back.push(count(services, "service"));
    }
    let one = plan.chosen_points.len() + services == 1;
    let back = match back.as_slice() {
        [] => None,
        back => Some(format!("{} come{} back", back.join(" and "), if one { "s" } else { "" })),
    };
    if feasible {
        return match back {
            Some(back) => format!("FEASIBLE: {back}"),
            None if plan.steps.is_empty() => "NOTHING TO RECOVER: no datastore is touched".to_owned(),
            None => format!("FEASIBLE: {}", count(plan.steps.len(), "step")),
        };
    }
    let mut gone: Vec<String> = Vec::new();
    if !plan.infeasible.is_empty() {
        gone.push(format!("no way back for {}", count(plan.infeasible.len(), "datastore")));
    }
    match plan.blocked.iter().filter(|b| b.step.is_some()).count() {
        0 => {}
        n => gone.push(format!("{} cannot be done", count(n, "step"))),
    }
    match plan.blocked.iter().filter(|b| b.service.is_some()).count() {
        0 => {}
        n => gone.push(format!("no way back for {}", count(n, "service"))),
    }
    // With steps that cannot be done nothing comes back for certain.
    gone.extend(back.filter(|_| plan.blocked.is_empty()));
    format!("NOT FEASIBLE: {}", gone.join("; "))
}

pub(super) fn judged(judged: &Judged) -> String {
    let value = match (judged.p50_s, judged.p95_s) {
        (Some(p50), Some(p95)) => range(p50, p95),
        (None, _) | (_, None) => String::new(),
    };
    let to = judged.promised_to.as_ref().map_or(String::new(), |service| format!(" of service.{service}"));
    let objective = judged.objective_s.map(|s| format!("{}{to}", readable(s)));
    match (judged.status, objective) {
        (Status::Met, Some(objective)) => format!("{value}   objective {objective}   ✓ met"),
        (Status::Missed, Some(objective)) if judged.p95_s.is_none() => {
            format!("objective {objective}   ✗ MISSED, by how much is not known")
        }
        (Status::Missed, Some(objective)) => {
            let by = readable(judged.p95_s.unwrap_or(0) - judged.objective_s.unwrap_or(0));
            format!("{value}   objective {objective}   ✗ MISSED by {by}")
        }
        (Status::Unbounded, objective) => format!("unbounded{}   ✗", objective_text(objective)),
        (Status::Unknown, objective) => {
            let why = judged.why.as_ref().map_or("not everything was observed", |_| "not all is estimated");
            format!("unknown{}   ? {why}", objective_text(objective))
        }
        (Status::NoPlan, objective) => format!("no plan{}   ✗", objective_text(objective)),
        (Status::NoObjective | Status::Met | Status::Missed, _) => format!("{value}   no objective declared"),
    }
}

fn objective_text(objective: Option<String>) -> String {
    objective.map(|o| format!("   objective {o}")).unwrap_or_default()
}

fn no_way(out: &mut String, infeasible: &Infeasible, look: Look) {
    let held = infeasible.resource.as_ref().map_or(String::new(), |r| format!("   ({r})"));
    let _ = writeln!(out, "\n✗ datastore.{}   NO WAY BACK{held}", infeasible.datastore);
    let _ = writeln!(out, "{}", wrap("    ", &safe(&infeasible.why), look.width));
    rejections(out, &infeasible.rejected, look);
    let _ = writeln!(out, "{}", wrap("    → ", &safe(&infeasible.help), look.width));
}

fn chosen(out: &mut String, choice: &Choice, look: Look) {
    let loss = loss(choice);
    let size = choice.size_bytes.map_or(String::new(), |size| format!(" ({size})"));
    let line = format!("datastore.{}{size}: {loss}", choice.datastore);
    let _ = writeln!(out, "\n{}", wrap("→ ", &safe(&line), look.width));
    let what = choice.resource.as_ref().map_or(String::new(), |r| format!("{r} "));
    let step = choice.step.map_or(String::new(), |step| format!(", by step {step}"));
    let from = format!("{what}from {} ({}){step}: {}", choice.from, choice.mechanism, choice.why);
    let _ = writeln!(out, "{}", wrap("    ", &safe(&from), look.width));
    let _ = writeln!(out, "{}", wrap("    loss: ", &safe(&choice.data_loss_source), look.width));
    rejections(out, &choice.rejected, look);
}

/// What a choice loses, in words.
pub(crate) fn loss(choice: &Choice) -> String {
    match (choice.data_loss_s, choice.point) {
        (Some(s), Some(point)) => format!("loses what was written since {point} ({})", readable(s)),
        (None, Some(point)) => format!("loses what was written since {point}"),
        (Some(0), None) => "loses nothing".to_owned(),
        (Some(s), None) => format!("loses up to the last {}", readable(s)),
        (None, None) => "what it loses is not known".to_owned(),
    }
}

fn rejections(out: &mut String, rejected: &[Rejected], look: Look) {
    for other in rejected {
        let line = format!("{} ({}): {}", other.from, other.mechanism, other.why);
        let _ = writeln!(out, "{}", wrap("    ─ not ", &safe(&line), look.width));
    }
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
    if !step.command_equivalent.is_empty() {
        let _ = writeln!(out, "{}", command(&step.command_equivalent, dir, look));
    }
    if !step.undo.is_empty() {
        let _ = writeln!(out, "       taken back with:\n{}", command(&step.undo, dir, look));
    }
    let _ = writeln!(out);
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
        line("you say: ", &format!("${{input.{}}}, {}", input.name, input.description));
    }
    for expected in &written.expects {
        line("must be true: ", expected);
    }
    if !written.env.is_empty() {
        line("before: ", &format!("set in the environment: {}", written.env.join(", ")));
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
