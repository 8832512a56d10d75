//! Scenarios: whether there is a way back, whether it works after that loss, and whether it is in time.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::commands::{changes_dns, takes_latest, text};
use super::steps::{address, at};
use super::{Finding, RuleId, Subject, listed};
use crate::addr::Name;
use crate::diag::Severity;
use crate::duration;
use crate::graph::Graph;
use crate::recovery::{Loss, Lost};
use crate::spread;
use crate::system::{Declared, Procedure, Scenario, Service, Step, System, in_order};

/// All rules about scenarios.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let scenarios: Vec<(&Name, &Declared<Scenario>)> = subject.system.scenarios.iter().collect();
    let all = spread::over(subject.spread, &scenarios, |(name, scenario)| one(subject, name, scenario));
    found.extend(all.into_iter().flatten());
}

fn one(subject: &Subject<'_>, name: &Name, scenario: &Declared<Scenario>) -> Vec<Finding> {
    let loss = Loss::of(&scenario.is);
    let lost = Lost::of(&loss, subject.system, subject.places);
    let mut found = Vec::new();
    found.extend(without_plan(subject, (name, scenario), &lost));
    found.extend(own_files(name, &lost));
    found.extend(phases((name, scenario), &lost));
    found.extend(estimate(subject, (name, scenario)));
    found.extend(dns((name, scenario), &lost));
    for (procedure_name, procedure) in procedures(&lost, &scenario.is) {
        for (number, step) in procedure.is.step.0.iter().enumerate() {
            let here = Here { scenario: name, name: procedure_name, procedure, number, step };
            here.needs(&lost, &mut found);
            found.extend(here.restores(subject, &lost));
            found.extend(here.latest(subject, &lost));
        }
    }
    found
}

fn without_plan(
    subject: &Subject<'_>,
    (name, scenario): (&Name, &Declared<Scenario>),
    lost: &Lost<'_>,
) -> Option<Finding> {
    if scenario.is.recover.as_ref().is_some_and(|all| !all.is_empty()) {
        return None;
    }
    let system = subject.system;
    // Of data in resources drctl knows itself how it comes back.
    let derived = |d: &Name| system.datastores.get(d).is_some_and(|d| d.is.resource.is_some());
    let mut severity = Severity::Warning;
    let mut hit = Vec::new();
    for (service, declared) in services(lost).filter(|(_, s)| s.is.recover.is_none()) {
        let is = &declared.is;
        let data = is.data.iter().flatten().map(|d| &d.0);
        if lost.service(service, is)
            || data.filter(|d| lost.hit.datastores.contains_key(*d)).any(|d| !derived(d))
        {
            severity = Severity::Error;
        }
        hit.push(format!("service.{service}"));
    }
    let used = |d: &Name| system.services.values().any(|s| s.is.data.iter().flatten().any(|of| of.0 == *d));
    for (datastore, declared) in &system.datastores {
        let needed = || !declared.is.rebuildable && !derived(datastore) && !used(datastore);
        if lost.hit.datastores.contains_key(datastore) && needed() {
            severity = Severity::Error;
            hit.push(format!("datastore.{datastore}"));
        }
    }
    if hit.is_empty() {
        return None;
    }
    let summary = format!("Nothing says how {} comes back", listed(hit));
    Some(
        Finding::new(RuleId::ScenarioWithoutPlan, format!("scenario.{name}"), scenario.written.span, summary)
            .why("This loss hits it, and neither the scenario nor the service names a procedure.")
            .fix("Write a `procedure` and name it in `recover`, of the scenario or of the service.")
            .graded(severity),
    )
}

fn own_files(name: &Name, lost: &Lost<'_>) -> Option<Finding> {
    let why = lost.own_files()?;
    let (_, span) = lost.system.own.site.as_ref()?;
    let summary = format!("It loses drctl's own files: {why}");
    Some(
        Finding::new(RuleId::OwnFilesLost, format!("scenario.{name}"), *span, summary)
            .why("Nobody knows then what was there before the loss, or no run that was begun can be carried on.")
            .fix(
                "Write them elsewhere, too: what was last seen with a `last_world_copy` at another site or in another \
                 region, journals with a `journal_copy` in another region.",
            ),
    )
}

fn phases((name, scenario): (&Name, &Declared<Scenario>), lost: &Lost<'_>) -> Option<Finding> {
    let phases = scenario.is.phase.as_deref().filter(|all| !all.is_empty())?;
    let own = scenario.is.objective.as_ref().and_then(|o| o.rto).map(|rto| (rto, "the scenario".to_owned()));
    let services = services(lost).filter_map(|(name, s)| {
        let rto = s.is.objective.as_ref()?.rto?;
        Some((rto, format!("service.{name}")))
    });
    let (rto, whose) = own.into_iter().chain(services).min_by_key(|(rto, _)| *rto)?;
    let add = |sum: SignedDuration, phase: &crate::system::PhaseBudget| sum.saturating_add(phase.budget);
    let sum = phases.iter().fold(SignedDuration::ZERO, add);
    if sum <= rto {
        return None;
    }
    let parts = listed(phases.iter().map(|p| format!("{} {}", p.name, duration::text(p.budget))));
    let (sum, rto) = (duration::text(sum), duration::text(rto));
    let summary = format!("The phases take {sum} together, and the RTO of {whose} is {rto}");
    let span = scenario.written.at(&["phase"]);
    Some(
        Finding::new(RuleId::PhasesExceedObjective, format!("scenario.{name}"), span, summary)
            .why(format!("The budgets are {parts}, one after the other."))
            .fix(format!("Make the phases shorter, or promise {sum}.")),
    )
}

/// How long a procedure takes when luck is bad, as far as its steps say that.
fn at_least(system: &System, procedure: &Name) -> SignedDuration {
    let steps = in_order(system, procedure);
    let needs = steps.iter().zip(0..).flat_map(|(at, i)| at.after.iter().map(move |before| (i, *before)));
    let graph = Graph::build(0..steps.len(), needs);
    let length = |i: &usize| steps[*i].step.estimate_p95.or(steps[*i].step.estimate).or(steps[*i].step.wait);
    let weight = |i: &usize| length(i).unwrap_or(SignedDuration::ZERO);
    graph.longest_path(weight).map_or(SignedDuration::ZERO, |(_, total)| total)
}

/// The procedures of the scenario one after the other, beside what it estimates for all of them.
fn estimate(subject: &Subject<'_>, (name, scenario): (&Name, &Declared<Scenario>)) -> Option<Finding> {
    let whole = scenario.is.at_most()?;
    let followed: BTreeSet<&Name> = scenario.is.recover.iter().flatten().map(|p| &p.0).collect();
    let least = |sum: SignedDuration, p: &&Name| sum.saturating_add(at_least(subject.system, p));
    let steps = followed.iter().fold(SignedDuration::ZERO, least);
    if steps <= whole {
        return None;
    }
    let (steps, whole) = (duration::text(steps), duration::text(whole));
    let attribute = if scenario.is.estimate_p95.is_some() { "estimate_p95" } else { "estimate" };
    let span = scenario.written.at(&[attribute]);
    let summary = format!("The steps take at least {steps}, and {whole} is estimated for the whole");
    Some(
        Finding::new(RuleId::EstimateTooShort, format!("scenario.{name}"), span, summary)
            .why("The steps have estimates of their own; the longest path through them says how long it takes.")
            .fix(format!("Estimate {steps} or more, or make the way back shorter.")),
    )
}

/// An estimate of the whole that leaves no room for the wait that a change of DNS takes besides. One that is
/// made of the steps' own has the wait in it.
fn dns((name, scenario): (&Name, &Declared<Scenario>), lost: &Lost<'_>) -> Option<Finding> {
    let (whole, promised) = (scenario.is.at_most()?, scenario.is.objective.as_ref()?.rto?);
    let followed = procedures(lost, &scenario.is);
    let steps = || followed.iter().flat_map(|(_, procedure)| &procedure.is.step.0);
    let unlucky = |step: &Step| step.wait.and(step.estimate_p95.or(step.estimate).or(step.wait));
    let wait = steps().filter_map(unlucky).max()?;
    let is_whole = steps().all(|step| step.wait.is_some() || step.estimate.is_some());
    let both = whole.saturating_add(wait);
    if is_whole || whole > promised || both <= promised || !steps().any(changes_dns) {
        return None;
    }
    let attribute = if scenario.is.estimate_p95.is_some() { "estimate_p95" } else { "estimate" };
    let [whole, wait, promised, both] = [whole, wait, promised, both].map(duration::text);
    let span = scenario.written.at(&[attribute]);
    let summary = format!(
        "{whole} is estimated for the whole and {promised} is promised; nothing says that the {wait} until a change \
         of DNS is seen everywhere is in it"
    );
    Some(
        Finding::new(RuleId::DnsNotCounted, format!("scenario.{name}"), span, summary)
            .why(format!("If it comes on top, users are back after {both}."))
            .fix("Give every step its own `estimate`: then the wait is counted beside them."),
    )
}

/// The services that are lost, or whose data is.
fn services<'s>(lost: &Lost<'s>) -> impl Iterator<Item = (&'s Name, &'s Declared<Service>)> {
    let hit = |name: &Name, service: &Service| {
        let mut data = service.data.iter().flatten();
        lost.service(name, service) || data.any(|d| lost.hit.datastores.contains_key(&d.0))
    };
    lost.system.services.iter().filter(move |(name, service)| hit(name, &service.is))
}

/// The procedures of the way back: those of the scenario, or those of the services that are hit.
fn procedures<'s>(lost: &Lost<'s>, scenario: &Scenario) -> Vec<(&'s Name, &'s Declared<Procedure>)> {
    let mut names: BTreeSet<&Name> = scenario.recover.iter().flatten().map(|p| &p.0).collect();
    if names.is_empty() {
        names = services(lost).filter_map(|(_, s)| s.is.recover.as_ref().map(|p| &p.0)).collect();
    }
    let included = names.iter().flat_map(|name| in_order(lost.system, name)).map(|at| at.procedure);
    let names: BTreeSet<&Name> = included.chain(names.iter().copied()).collect();
    names.into_iter().filter_map(|name| lost.system.procedures.get_key_value(name)).collect()
}

/// A step of the way back from a scenario.
struct Here<'s> {
    scenario: &'s Name,
    name: &'s Name,
    procedure: &'s Declared<Procedure>,
    number: usize,
    step: &'s Step,
}

impl Here<'_> {
    fn finding(&self, rule: RuleId, path: &[&str], summary: String) -> Finding {
        Finding::new(rule, address(self.name, self.step), at(self.procedure, self.number, path), summary)
    }

    fn needs(&self, lost: &Lost<'_>, found: &mut Vec<Finding>) {
        for (number, site) in self.step.needs.iter().flatten().enumerate() {
            if !lost.site(&site.0) {
                continue;
            }
            let (scenario, site) = (self.scenario, &site.0);
            let summary = format!("It needs site.{site}, which scenario.{scenario} loses");
            let finding = self.finding(RuleId::NeedsWhatIsLost, &["needs", &number.to_string()], summary);
            found.push(
                finding
                    .why("The step is part of the way back from that loss and cannot be carried out then.")
                    .fix("Do it elsewhere, or give the scenario a procedure of its own in `recover`."),
            );
        }
    }

    fn restores(&self, subject: &Subject<'_>, lost: &Lost<'_>) -> Option<Finding> {
        let from = &self.step.from.as_ref()?.0;
        let backup = subject.system.backups.get(from)?;
        if !lost.backup(from, &backup.is) {
            return None;
        }
        let summary = format!("It restores from backup.{from}, which scenario.{} loses", self.scenario);
        let finding = self.finding(RuleId::NeedsWhatIsLost, &["from"], summary);
        Some(
            finding
                .why("Every place that the backup is kept at is lost with the data.")
                .fix("Keep a copy outside of what is lost, or restore from another backup."),
        )
    }

    fn latest(&self, subject: &Subject<'_>, lost: &Lost<'_>) -> Option<Finding> {
        if lost.loss.data.is_empty() || self.step.checks.is_some() {
            return None;
        }
        let own = text(self.step);
        let of_wrong = self.step.restore.as_ref().is_some_and(|d| lost.loss.data.contains_key(&d.0));
        let from = self.step.from.as_ref().filter(|_| of_wrong);
        let backup = from.and_then(|from| subject.system.backups.get(&from.0)).map(|b| &b.is);
        let declared = backup.and_then(|b| b.method().restore(None)).map(|words| words.join(" "));
        let paths = backup.iter().flat_map(|b| b.to.iter().filter_map(|to| to.path.as_deref()));
        let path = paths.into_iter().find(|path| path.to_lowercase().contains("latest"));
        let manual = self.step.manual.is_some();
        let word = path
            .or_else(|| declared.as_deref().and_then(takes_latest))
            .or_else(|| takes_latest(&own).filter(|_| !manual))?;
        let summary = format!("After scenario.{} it takes the latest backup: {word}", self.scenario);
        let paths: &[&str] = if from.is_some() { &["from"] } else { &[] };
        let finding = self.finding(RuleId::CorruptedLatest, paths, summary);
        Some(
            finding
                .why("Data is wrong there, maybe for long: what was backed up last may hold the same wrong data.")
                .fix("Choose the last backup from before the data went wrong, by its time."),
        )
    }
}
