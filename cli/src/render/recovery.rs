//! How a recovery plan looks: read from top to bottom under stress, within 100 columns. First the
//! verdict, then what comes back from where and what is lost, then the steps with their commands.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use drctl_core::addr::Name;
use drctl_core::plan::LastSeen;
use drctl_core::recovery::{
    Blocked, Choice, Exposed, Group, Hit, Infeasible, Judged, RecoveryPlan, Rejected, Status, numbered,
    readable,
};

use super::downtimes::{Downtime, downtimes};
use super::palette::{Charset, Look};
use super::people;
use super::steps::{plan_steps, range};
use super::text::{count, last_seen, safe, width, wrap};

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
    if let Some(why) = &plan.own_files {
        let _ = writeln!(out, "\n{}", wrap("✗ ", &safe(&own_files(why)), look.width));
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

/// That nothing is left of drctl's own files, and what to do.
pub(super) fn own_files(why: &str) -> String {
    format!(
        "drctl's own files are LOST: {why}. Run drctl elsewhere, from the configuration: what does not answer \
         is not known, and `drctl state rebuild` makes the state anew"
    )
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
    let line = format!("{verdict} {}", occasion(plan));
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

/// What it comes back from, or where to when that is a move home.
pub(super) fn occasion(plan: &RecoveryPlan) -> String {
    if plan.home.is_empty() {
        return format!("after the loss of {}", plan.lost.names().join(", "));
    }
    let regions: BTreeSet<&str> = plan.home.values().map(String::as_str).collect();
    format!("home, to {}", regions.into_iter().collect::<Vec<_>>().join(" and "))
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
