//! The longest time until a service is back: until somebody knows, what it depends on, then the longest
//! path through its own steps.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{Dependents, Input, Judgement, Lost, Metric, Term, Worst, promise};
use crate::addr::Name;
use crate::graph::Graph;
use crate::recovery::readable;
use crate::span::Span;
use crate::system::{Declared, Scenario, Step, System, in_order};

/// Every service that the scenario hits.
pub(super) fn judge(
    input: &Input<'_>,
    (name, scenario): (&Name, &Declared<Scenario>),
    (lost, dependents): (&Lost, &Dependents<'_>),
) -> Vec<Judgement<Span>> {
    if lost.hit.services.is_empty() {
        return Vec::new();
    }
    let needs = input.system.services.iter().flat_map(|(name, service)| {
        service.is.depends_on.iter().flatten().map(move |needed| (name, &needed.0))
    });
    let graph = Graph::build(lost.hit.services.keys(), needs);
    // Services that need each other are told of elsewhere; nothing can be said of how long they take.
    let Ok(order) = graph.order() else { return Vec::new() };
    let whole = Whole::of((name, scenario));
    let mut back: BTreeMap<&Name, Worst> = BTreeMap::new();
    let mut judged = BTreeMap::new();
    for service in order.into_iter().copied().filter(|s| lost.hit.services.contains_key(*s)) {
        let before = graph.needs(&service).into_iter().filter_map(|n| back.get(*n)).copied();
        // Procedures of the scenario bring everything back, in their own order.
        let before = match whole.instead {
            Some(_) => Worst::NOTHING,
            None => before.fold(Worst::NOTHING, Worst::beside),
        };
        let (own, mut derivation) = whole.own(input, service, lost);
        let after = before.and_then(own);
        if before != Worst::NOTHING {
            let what = "what it depends on".to_owned();
            let source = "the slowest of those".to_owned();
            derivation.insert(0, Term { what, adds: before, source, struck: None, at: None });
        }
        back.insert(service, after);
        let services = dependents.with([service]);
        let objective = promise(input.system, scenario, &services, ("rto", |o| o.rto));
        let maximum = promise(input.system, scenario, &services, ("maximum_rto", |o| o.maximum_rto));
        let (after, estimated) = whole.estimated(after, &mut derivation);
        derivation.extend(estimated);
        let total = whole.detection.and_then(after);
        derivation.splice(0..0, whole.noticed.clone());
        let judgement = Judgement {
            subject: format!("service.{service}"),
            scenario: name.clone(),
            metric: Metric::Rto,
            status: total.judge(objective.as_ref().map(|o| o.most_s)),
            objective,
            maximum,
            before: total,
            after: total,
            derivation,
        };
        judged.insert(service.clone(), judgement);
    }
    judged.into_values().collect()
}

/// What a scenario says for all services.
struct Whole<'a> {
    name: &'a Name,
    detection: Worst,
    noticed: Option<Term<Span>>,
    /// How long it takes as a whole, when that is estimated.
    estimate: Option<SignedDuration>,
    estimate_at: Option<Span>,
    /// The procedures that are followed in place of those of the services.
    instead: Option<Vec<&'a Name>>,
}

impl<'a> Whole<'a> {
    fn of((name, scenario): (&'a Name, &'a Declared<Scenario>)) -> Whole<'a> {
        let detection = scenario.is.detection.map_or(Worst::NOTHING, Worst::of);
        let noticed = scenario.is.detection.map(|_| Term {
            what: "until somebody knows".to_owned(),
            adds: detection,
            source: "declared".to_owned(),
            struck: None,
            at: Some(scenario.written.at(&["detection"])),
        });
        let instead = scenario.is.recover.as_ref().map(|all| all.iter().map(|p| &p.0).collect());
        let estimate = scenario.is.at_most();
        let attribute = if scenario.is.estimate_p95.is_some() { "estimate_p95" } else { "estimate" };
        let estimate_at = estimate.map(|_| scenario.written.at(&[attribute]));
        Whole { name, detection, noticed, estimate, estimate_at, instead }
    }

    /// What the scenario estimates as a whole, and how long it takes then. It counts where the steps do not
    /// tell, unless they take longer already.
    fn estimated(&self, steps: Worst, terms: &mut [Term<Span>]) -> (Worst, Option<Term<Span>>) {
        let (Some(whole), Worst { low_s: Some(low), high_s, possible: true }) = (self.estimate, steps) else {
            return (steps, None);
        };
        let counts = high_s.is_none() && low <= whole.as_secs();
        let struck = match (counts, high_s) {
            (true, _) => None,
            (false, Some(_)) => Some(format!("the steps say it: {}", readable(low))),
            (false, None) => Some(format!("the steps take at least {}", readable(low))),
        };
        let adds = Worst::of(whole);
        if counts {
            for term in terms.iter_mut().filter(|term| term.struck.is_none()) {
                term.struck = Some("the estimate of the whole counts".to_owned());
            }
        }
        let what = "the way back as a whole, as the scenario estimates it".to_owned();
        let term = Term { what, adds, source: "declared".to_owned(), struck, at: self.estimate_at };
        (if counts { adds } else { steps }, Some(term))
    }

    /// How long the service's own way back takes once all that it depends on is back.
    fn own(&self, input: &Input<'_>, service: &Name, lost: &Lost) -> (Worst, Vec<Term<Span>>) {
        let declared = input.system.services.get(service);
        let own = declared.and_then(|s| s.is.recover.as_ref()).map(|p| vec![&p.0]);
        let procedures = self.instead.clone().or(own).unwrap_or_default();
        let (mut worst, mut terms) = (Worst::NOTHING, Vec::new());
        for name in &procedures {
            let (length, mut found) = longest(input.system, name);
            worst = worst.and_then(length);
            terms.append(&mut found);
        }
        let Some(declared) = declared else { return (worst, terms) };
        if !procedures.is_empty() {
            return (worst, terms);
        }
        let data = || declared.is.data.iter().flatten().filter(|d| lost.hit.datastores.contains_key(&d.0));
        let derived = input.derived.get(self.name).filter(|plan| {
            data().next().is_some()
                && data().all(|d| plan.chosen_points.binary_search_by(|c| c.datastore.cmp(&d.0)).is_ok())
        });
        if let Some(plan) = derived {
            let length =
                plan.rto.p95_s.map_or(Worst::stated(None), |s| Worst::of(SignedDuration::from_secs(s)));
            let what = "the steps that drctl derives".to_owned();
            let source = format!("drctl recover --scenario {}", self.name);
            return (length, vec![Term { what, adds: length, source, struck: None, at: None }]);
        }
        let needs = declared.is.depends_on.iter().flatten();
        let through = data().next().is_none()
            && declared.is.site.as_ref().is_none_or(|s| !lost.hit.sites.contains_key(&s.0))
            && needs.into_iter().any(|s| lost.hit.services.contains_key(&s.0));
        if through {
            // It comes back with what it depends on.
            return (Worst::NOTHING, Vec::new());
        }
        let what = "no procedure brings it back".to_owned();
        let (source, span) = ("declared".to_owned(), Some(declared.written.span));
        (Worst::NO_WAY, vec![Term { what, adds: Worst::NO_WAY, source, struck: None, at: span }])
    }
}

/// How long a procedure takes when luck is bad, as far as its steps say that.
pub fn at_least(system: &System, procedure: &Name) -> SignedDuration {
    SignedDuration::from_secs(longest(system, procedure).0.low_s.unwrap_or(0))
}

/// The longest path through a procedure and what it includes.
fn longest(system: &System, name: &Name) -> (Worst, Vec<Term<Span>>) {
    let steps = in_order(system, name);
    let needs = steps.iter().zip(0..).flat_map(|(at, i)| at.after.iter().map(move |before| (i, *before)));
    let graph = Graph::build(0..steps.len(), needs);
    let length = |step: &Step| step.estimate_p95.or(step.estimate).or(step.wait);
    let weight = |i: &usize| length(steps[*i].step).unwrap_or(SignedDuration::ZERO);
    let Ok((path, total)) = graph.longest_path(weight) else { return (Worst::NO_WAY, Vec::new()) };
    let without = steps.iter().filter(|at| length(at.step).is_none());
    let unstated: Vec<&str> = without.map(|at| at.step.name.as_str()).collect();
    let mut terms: Vec<Term<Span>> = path
        .into_iter()
        .filter_map(|i| {
            let at = &steps[*i];
            Some(Term {
                what: format!("{}, step {}", at.procedure, at.step.name),
                adds: Worst::of(length(at.step)?),
                source: "declared".to_owned(),
                struck: None,
                at: Some(at.declared.written.at(&["step", &at.number.to_string()])),
            })
        })
        .collect();
    if unstated.is_empty() {
        return (Worst::of(total), terms);
    }
    terms.push(Term {
        what: format!("{name}, without an estimate: {}", some_of(&unstated)),
        adds: Worst::stated(None),
        source: "not declared: `estimate`".to_owned(),
        struck: None,
        at: system.procedures.get(name).map(|p| p.written.span),
    });
    (Worst::of(total).and_then(Worst::stated(None)), terms)
}

/// As many names are listed; of the rest only the number.
const MOST_LISTED: usize = 3;

fn some_of(names: &[&str]) -> String {
    let listed = names[..names.len().min(MOST_LISTED)].join(", ");
    match names.len().saturating_sub(MOST_LISTED) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}
