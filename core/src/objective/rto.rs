//! The longest time until a service is back: until somebody knows, then the longest path through the
//! steps of the recovery plan that bring back it, its data and what it depends on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::paths::Paths;
use super::{Case, Input, Judgement, Metric, Term, Ways, Worst};
use crate::addr::Name;
use crate::recovery::{Lost, RecoveryPlan, Step, readable};
use crate::span::Span;
use crate::system::{Declared, Scenario, System, in_order};

/// Every service that the scenario hits.
pub(super) fn judge(input: &Input<'_>, case: &Case<'_>, ways: &Ways) -> Vec<Judgement<Span>> {
    let Case { name, scenario, lost, .. } = *case;
    let now = Paths::of(&ways.now);
    let then = ways.then.as_ref().map(Paths::of);
    let mut included = Included::default();
    let hit = input.system.services.keys().filter(|service| lost.hit.services.contains_key(*service));
    let judged = hit.map(|service| {
        let [objective, maximum] = case.rto(service);
        let part = Part::of(input.system, (Some(scenario), lost), service, &mut included);
        let (before, derivation) = part.worst(input.system, Some(scenario), &now);
        let (after, derivation) = match &then {
            Some(then) => part.worst(input.system, Some(scenario), then),
            None => (before, derivation),
        };
        Judgement {
            subject: format!("service.{service}"),
            scenario: name.clone(),
            metric: Metric::Rto,
            status: after.judge(objective.as_ref().map(|o| o.most_s)),
            objective,
            maximum,
            before,
            after,
            derivation,
        }
    });
    judged.collect()
}

/// How long one service takes to come back by a recovery plan.
pub(crate) struct Downtime {
    /// In the worst case.
    pub(crate) worst: Worst,
    /// Usually, in seconds; none when nothing says so.
    pub(crate) usual_s: Option<i64>,
    /// The steps that it takes and that have no estimate.
    pub(crate) unstated: Vec<u32>,
    /// Whether what the scenario estimates for the whole counts in their place.
    pub(crate) by_whole: bool,
    /// What else keeps it from being known, or from coming back.
    pub(crate) why: Option<String>,
}

/// The same for each of these services, by one plan.
pub(crate) fn downtimes<'s>(
    system: &'s System,
    (scenario, lost): (Option<&'s Declared<Scenario>>, &Lost<'_>),
    plan: &RecoveryPlan,
    services: impl IntoIterator<Item = &'s Name>,
) -> Vec<Downtime> {
    let paths = Paths::of(plan);
    let mut included = Included::default();
    let one = |service| {
        let part = Part::of(system, (scenario, lost), service, &mut included);
        let (worst, terms) = part.worst(system, scenario, &paths);
        let open = |term: &&Term<Span>| match worst {
            Worst { possible: false, .. } => !term.adds.possible,
            Worst { high_s: None, .. } => term.adds.high_s.is_none(),
            Worst { .. } => false,
        };
        let ending = paths.ending(part.procedures.iter().copied(), part.data.iter().copied());
        let before = ending.map_or_else(Vec::new, |ending| paths.open(&ending));
        Downtime {
            worst,
            usual_s: part.usual(scenario, &paths).filter(|_| worst.high_s.is_some()),
            unstated: before.iter().filter(|step| step.p95_s.is_none()).map(|step| step.id).collect(),
            by_whole: terms.iter().any(|term| term.struck.as_deref() == Some(WHOLE)),
            why: terms.iter().find(open).map(|term| term.what.clone()),
        }
    };
    services.into_iter().map(one).collect()
}

/// What of a recovery plan brings a service back.
struct Part<'a> {
    /// The service and all that it depends on, as far as they are hit.
    services: BTreeSet<&'a Name>,
    /// Their data, as far as it is hit.
    data: BTreeSet<&'a Name>,
    /// The procedures that are followed for them, with those that they include.
    procedures: BTreeSet<&'a Name>,
}

impl<'a> Part<'a> {
    fn of(
        system: &'a System,
        (scenario, lost): (Option<&'a Declared<Scenario>>, &Lost<'_>),
        service: &'a Name,
        included: &mut Included<'a>,
    ) -> Part<'a> {
        let services = with_needs(system, lost, service);
        let declared = || services.iter().filter_map(|name| system.services.get(*name));
        let own = declared().filter_map(|s| s.is.recover.as_ref());
        let followed: Vec<&Name> = match scenario.and_then(|s| s.is.recover.as_ref()) {
            // Procedures of the scenario bring everything back, in their own order.
            Some(all) => all.iter().map(|p| &p.0).collect(),
            None => own.map(|p| &p.0).collect(),
        };
        let procedures = followed.into_iter().flat_map(|name| included.by(system, name).clone()).collect();
        let data = declared().flat_map(|s| s.is.data.iter().flatten()).map(|d| &d.0);
        let data = data.filter(|name| lost.hit.datastores.contains_key(*name)).collect();
        Part { services, data, procedures }
    }

    /// How long it takes by this plan, and how it comes to that.
    fn worst(
        &self,
        system: &System,
        scenario: Option<&Declared<Scenario>>,
        paths: &Paths<'_>,
    ) -> (Worst, Vec<Term<Span>>) {
        let mut terms: Vec<Term<Span>> = Vec::new();
        let noticed = scenario.and_then(|s| Some((s, s.is.detection?)));
        let detection = noticed.map_or(Worst::NOTHING, |(_, detection)| Worst::of(detection));
        if let Some((scenario, _)) = noticed {
            let at = Some(scenario.written.at(&["detection"]));
            terms.push(term("until somebody knows", detection, "declared", at));
        }
        let ending = paths.ending(self.procedures.iter().copied(), self.data.iter().copied());
        let before = ending.as_ref().map_or_else(Vec::new, |ending| paths.open(ending));
        let no_way = self.no_way(system, paths, &before);
        if !no_way.is_empty() {
            terms.extend(no_way);
            return (Worst::NO_WAY, terms);
        }
        let Some(ending) = ending else {
            let (worst, why) = self.without_steps(system, scenario);
            terms.push(why);
            return (detection.and_then(worst), terms);
        };
        let (worst, mut path) = longest(system, paths.longest(&ending), &before);
        let (worst, whole) = estimated(scenario, worst, &mut path);
        terms.extend(path);
        terms.extend(whole);
        (detection.and_then(worst), terms)
    }

    /// How long it usually takes, in seconds; none when not every step says so, nor the scenario.
    fn usual(&self, scenario: Option<&Declared<Scenario>>, paths: &Paths<'_>) -> Option<i64> {
        let ending = paths.ending(self.procedures.iter().copied(), self.data.iter().copied())?;
        let whole = || scenario.and_then(|s| s.is.estimate.or(s.is.estimate_p95));
        let usual = paths.usual(&ending).or_else(|| whole().map(|whole| whole.as_secs()))?;
        let noticed = scenario.and_then(|s| s.is.detection).map_or(0, |detection| detection.as_secs());
        Some(noticed + usual)
    }

    /// What to say when no step is needed: of data that is made anew nobody can tell how long that takes.
    fn without_steps(&self, system: &System, scenario: Option<&Declared<Scenario>>) -> (Worst, Term<Span>) {
        let declared = || self.data.iter().filter_map(|name| Some((name, system.datastores.get(*name)?)));
        if let Some((name, first)) = declared().next()
            && declared().all(|(_, datastore)| datastore.is.rebuildable)
        {
            let what = format!("datastore.{name} is made anew from other data");
            let at = Some(first.written.at(&["rebuildable"]));
            return (Worst::stated(None), term(&what, Worst::stated(None), "no step says how long", at));
        }
        let at = scenario.map(|s| s.written.span);
        (Worst::NO_WAY, term("no step brings it back", Worst::NO_WAY, "recovery plan", at))
    }

    /// Why it does not come back by this plan. `before` are the steps that it takes, if any cannot be done.
    fn no_way(&self, system: &System, paths: &Paths<'_>, before: &[&Step]) -> Vec<Term<Span>> {
        let of_data = paths.infeasible(self.data.iter().copied()).into_iter().map(|one| {
            let at = system.datastores.get(&one.datastore).map(|d| d.written.span);
            (format!("datastore.{} does not come back: {}", one.datastore, one.why), at)
        });
        let blocked = paths.plan.blocked.iter().filter(|_| !before.is_empty());
        let of_steps = blocked.filter_map(|one| {
            let step = before[before.binary_search_by_key(&one.step?, |step| step.id).ok()?];
            Some((format!("{} cannot be done: {}", called(step), one.why), written_at(system, step)))
        });
        let of_services = paths.stranded(self.services.iter().copied()).into_iter().filter_map(|one| {
            let name = one.service.as_ref()?;
            let at = system.services.get(name).map(|s| s.written.span);
            Some((format!("service.{name} does not come back: {}", one.why), at))
        });
        let all = of_data.chain(of_services).chain(of_steps);
        all.map(|(what, at)| term(&what, Worst::NO_WAY, "recovery plan", at)).collect()
    }
}

/// The procedures that take part where one is followed, found once for each.
#[derive(Default)]
struct Included<'a>(BTreeMap<&'a Name, BTreeSet<&'a Name>>);

impl<'a> Included<'a> {
    fn by(&mut self, system: &'a System, name: &'a Name) -> &BTreeSet<&'a Name> {
        let find = || in_order(system, name).into_iter().map(|at| at.procedure).collect();
        self.0.entry(name).or_insert_with(find)
    }
}

/// The service and all that it depends on that is hit too.
fn with_needs<'a>(system: &'a System, lost: &Lost<'_>, service: &'a Name) -> BTreeSet<&'a Name> {
    let (mut all, mut open) = (BTreeSet::new(), vec![service]);
    while let Some(name) = open.pop() {
        if !all.insert(name) {
            continue;
        }
        let needs = system.services.get(name).and_then(|s| s.is.depends_on.as_ref());
        open.extend(needs.into_iter().flatten().map(|s| &s.0).filter(|s| lost.hit.services.contains_key(*s)));
    }
    all
}

/// The longest path, what has no estimate counting as nothing. `before` are the steps that it takes, if any
/// has none.
fn longest(system: &System, (path, takes): (Vec<&Step>, i64), before: &[&Step]) -> (Worst, Vec<Term<Span>>) {
    let known = path.iter().rev().filter_map(|step| Some((step, step.p95_s?)));
    let mut terms: Vec<Term<Span>> = known
        .map(|(step, s)| {
            let adds = Worst::of(SignedDuration::from_secs(s));
            term(&called(step), adds, &step.estimate_source, written_at(system, step))
        })
        .collect();
    let total = Worst::of(SignedDuration::from_secs(takes));
    let unstated: Vec<String> = before.iter().filter(|s| s.p95_s.is_none()).map(|s| called(s)).collect();
    if unstated.is_empty() {
        return (total, terms);
    }
    let what = format!("without an estimate: {}", some_of(&unstated));
    let first = before.iter().find(|s| s.p95_s.is_none()).and_then(|s| written_at(system, s));
    terms.push(term(&what, Worst::stated(None), "not declared: `estimate`", first));
    (total.and_then(Worst::stated(None)), terms)
}

/// Why the steps do not count.
const WHOLE: &str = "the estimate of the whole counts";

/// What the scenario estimates as a whole, and how long it takes then. It counts where the steps do not
/// tell, unless they take longer already.
fn estimated(
    scenario: Option<&Declared<Scenario>>,
    steps: Worst,
    terms: &mut [Term<Span>],
) -> (Worst, Option<Term<Span>>) {
    let whole = scenario.and_then(|s| Some((s, s.is.at_most()?)));
    let (Some((scenario, whole)), Worst { low_s: Some(low), high_s, possible: true }) = (whole, steps) else {
        return (steps, None);
    };
    let counts = high_s.is_none() && low <= whole.as_secs();
    let struck = match (counts, high_s) {
        (true, _) => None,
        (false, Some(_)) => Some(format!("the steps say it: {}", readable(low))),
        (false, None) => Some(format!("the steps take at least {}", readable(low))),
    };
    if counts {
        for term in terms.iter_mut() {
            term.struck = Some(WHOLE.to_owned());
        }
    }
    let attribute = if scenario.is.estimate_p95.is_some() { "estimate_p95" } else { "estimate" };
    let adds = Worst::of(whole);
    let what = "the way back as a whole, as the scenario estimates it";
    let term = Term { struck, ..term(what, adds, "declared", Some(scenario.written.at(&[attribute]))) };
    (if counts { adds } else { steps }, Some(term))
}

/// What a step is called: as it is written, else by what it does.
fn called(step: &Step) -> String {
    match &step.written {
        Some(written) => format!("{}, step {}", written.procedure, written.step),
        None => step.summary.clone(),
    }
}

fn written_at(system: &System, step: &Step) -> Option<Span> {
    let written = step.written.as_ref()?;
    let procedure = system.procedures.get(&written.procedure)?;
    let number = procedure.is.step.0.iter().position(|s| s.name == written.step)?;
    Some(procedure.written.at(&["step", &number.to_string()]))
}

fn term(what: &str, adds: Worst, source: &str, at: Option<Span>) -> Term<Span> {
    Term { what: what.to_owned(), adds, source: source.to_owned(), struck: None, at }
}

/// As many names are listed; of the rest only the number.
const MOST_LISTED: usize = 3;

fn some_of(names: &[String]) -> String {
    let listed = names[..names.len().min(MOST_LISTED)].join("; ");
    match names.len().saturating_sub(MOST_LISTED) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}
