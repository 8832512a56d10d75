//! The longest time until a service is back: until somebody knows, what it depends on, then the longest
//! path through its own steps.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{Input, Judgement, Lost, Metric, Term, Worst, promise, with_dependents};
use crate::addr::Name;
use crate::graph::Graph;
use crate::span::Span;
use crate::system::{Declared, Procedure, Scenario, Step};

/// Every service that the scenario hits.
pub(super) fn judge(
    input: &Input<'_>,
    (name, scenario): (&Name, &Declared<Scenario>),
    lost: &Lost,
) -> Vec<Judgement<Span>> {
    let needs = input.system.services.iter().flat_map(|(name, service)| {
        service.is.depends_on.iter().flatten().map(|needed| (name.clone(), needed.0.clone()))
    });
    let graph = Graph::build(lost.hit.services.keys().cloned(), needs);
    // Services that need each other are told of elsewhere; nothing can be said of how long they take.
    let Ok(order) = graph.order() else { return Vec::new() };
    let whole = Whole::of((name, scenario));
    let mut back: BTreeMap<&Name, Worst> = BTreeMap::new();
    let mut judged = BTreeMap::new();
    for service in order.into_iter().filter(|s| lost.hit.services.contains_key(*s)) {
        let before = graph.needs(service).into_iter().filter_map(|n| back.get(n)).copied();
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
        let services = with_dependents(input.system, std::iter::once(service));
        let objective = promise(input.system, scenario, &services, ("rto", |o| o.rto));
        let maximum = promise(input.system, scenario, &services, ("maximum_rto", |o| o.maximum_rto));
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
        Whole { name, detection, noticed, instead }
    }

    /// How long the service's own way back takes once all that it depends on is back.
    fn own(&self, input: &Input<'_>, service: &Name, lost: &Lost) -> (Worst, Vec<Term<Span>>) {
        let declared = input.system.services.get(service);
        let own = declared.and_then(|s| s.is.recover.as_ref()).map(|p| vec![&p.0]);
        let procedures = self.instead.clone().or(own).unwrap_or_default();
        let (mut worst, mut terms) = (Worst::NOTHING, Vec::new());
        for name in &procedures {
            let Some(procedure) = input.system.procedures.get(*name) else { continue };
            let (length, mut found) = longest(name, procedure);
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
                && data().all(|d| plan.chosen_points.iter().any(|choice| choice.datastore == d.0))
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

/// The longest path through a procedure.
fn longest(name: &Name, procedure: &Declared<Procedure>) -> (Worst, Vec<Term<Span>>) {
    let steps = &procedure.is.step.0;
    let index: BTreeMap<&str, usize> = steps.iter().zip(0..).map(|(s, i)| (s.name.as_str(), i)).collect();
    let needs = steps.iter().zip(0..).flat_map(|(s, i)| {
        let index = &index;
        s.before().filter_map(move |before| Some((i, *index.get(before)?)))
    });
    let needs: Vec<(usize, usize)> = needs.collect();
    let graph = Graph::build(0..steps.len(), needs);
    let length = |step: &Step| step.estimate_p95.or(step.estimate).or(step.wait);
    let weight = |i: &usize| length(&steps[*i]).unwrap_or(SignedDuration::ZERO);
    let Ok((path, total)) = graph.longest_path(weight) else { return (Worst::NO_WAY, Vec::new()) };
    let unstated: Vec<&str> = steps.iter().filter(|s| length(s).is_none()).map(|s| s.name.as_str()).collect();
    let mut terms: Vec<Term<Span>> = path
        .into_iter()
        .filter_map(|i| {
            let step = &steps[*i];
            Some(Term {
                what: format!("{name}, step {}", step.name),
                adds: Worst::of(length(step)?),
                source: "declared".to_owned(),
                struck: None,
                at: Some(procedure.written.at(&["step", &i.to_string()])),
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
        at: Some(procedure.written.span),
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
