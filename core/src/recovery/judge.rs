//! What the plan takes and what it loses, beside what was promised.

use std::cmp::Reverse;

use jiff::SignedDuration;

use super::hit::Hit;
use super::lost::Lost;
use super::model::{Input, Judged, RecoveryPlan, ServiceTime, Status, Step};
use super::planner::{numbered, readable};
use super::steps::at_least;
use crate::addr::Name;
use crate::objective::{Downtime, downtimes};
use crate::system::Objective;

/// The loss of data of one datastore.
pub(crate) struct DataLoss {
    /// The datastore.
    pub(crate) of: Name,
    /// In seconds; none when it has no bound or is not known.
    pub(crate) seconds: Option<i64>,
    /// Whether there is a value that was not observed, or not now.
    pub(crate) unseen: bool,
    /// Whether it can only be more: nobody knows since when the data is wrong.
    pub(crate) at_least: bool,
}

/// What was promised, in seconds, and to which service.
type Promise = Option<(i64, Option<Name>)>;

/// The strictest of what was promised for the scenario and to the services that are hit.
fn promised(
    input: &Input<'_>,
    hit: &Hit,
    own: Option<SignedDuration>,
    of: fn(&Objective) -> Option<SignedDuration>,
) -> Promise {
    let services = hit.services.keys().filter_map(|name| input.system.services.get_key_value(name));
    let promises =
        services.filter_map(|(name, s)| Some((of(s.is.objective.as_ref()?)?.as_secs(), Some(name.clone()))));
    own.map(|own| (own.as_secs(), None)).into_iter().chain(promises).min()
}

/// Judges the downtime of the whole, and the loss of data.
pub(crate) fn judge(input: &Input<'_>, plan: &mut RecoveryPlan, losses: &[DataLoss]) {
    let rto = input.objective.rto.map(|own| (own.as_secs(), None));
    let rpo = promised(input, &plan.hit, input.objective.rpo, |o| o.rpo);
    let infeasible = !plan.is_feasible();
    plan.whole = if infeasible { no_plan(rto) } else { downtime(plan, rto) };
    plan.rto = plan.whole.clone();
    if infeasible {
        plan.rpo = no_plan(rpo);
        return;
    }
    let judged = losses.iter().map(|loss| loss.judged(input));
    plan.rpo = judged.max_by_key(severity).unwrap_or_else(|| verdict(Some((0, 0)), rpo, Status::Unknown));
}

/// Judges the downtime of each service to which anything was promised; the worst of them and of the whole
/// is that of the plan.
pub(crate) fn services(input: &Input<'_>, lost: &Lost<'_>, plan: &mut RecoveryPlan) {
    let scenario = input.scenario.and_then(|name| input.system.scenarios.get(name));
    let promised = plan.hit.services.keys().filter_map(|hit| {
        let (name, _) = input.system.services.get_key_value(hit)?;
        Some((name, strictest(input, [name], input.objective.rto, |o| o.rto)?))
    });
    let promised: Vec<(&Name, (i64, Option<Name>))> = promised.collect();
    let downtimes = downtimes(input.system, (scenario, lost), plan, promised.iter().map(|(name, _)| *name));
    let judged = promised.into_iter().zip(downtimes).map(|((name, promise), downtime)| {
        let Downtime { worst, usual_s, unstated, by_whole, why } = downtime;
        let why = match (worst.possible, unstated.is_empty()) {
            (false, _) | (true, true) => why,
            (true, false) if by_whole => Some(whole_counts(&unstated)),
            (true, false) => Some(without_estimate(&unstated, worst.low_s.unwrap_or(0))),
        };
        let time = Judged {
            p50_s: usual_s.filter(|_| worst.possible),
            p95_s: worst.high_s.filter(|_| worst.possible),
            objective_s: Some(promise.0),
            status: worst.judge(Some(promise.0)),
            promised_to: promise.1,
            why,
        };
        ServiceTime { service: name.clone(), time }
    });
    let mut judged: Vec<ServiceTime> = judged.collect();
    judged.sort_by_key(|one| Reverse(severity(&one.time)));
    let all = judged.iter().map(|one| &one.time).chain([&plan.whole]);
    if let Some(worst) = all.min_by_key(|time| Reverse(severity(time))) {
        plan.rto = worst.clone();
    }
    plan.services = judged;
}

/// The strictest of what was promised for the scenario, and to these services and all that do not work
/// without them.
fn strictest<'n>(
    input: &Input<'n>,
    of: impl IntoIterator<Item = &'n Name>,
    own: Option<SignedDuration>,
    what: fn(&Objective) -> Option<SignedDuration>,
) -> Promise {
    let promises = input.dependents.with(of).into_iter().filter_map(|name| {
        let service = input.system.services.get(name)?;
        Some((what(service.is.objective.as_ref()?)?.as_secs(), Some(name.clone())))
    });
    own.map(|own| (own.as_secs(), None)).into_iter().chain(promises).min()
}

impl DataLoss {
    /// Beside what was promised for the scenario and to the services that do not work without it.
    fn judged(&self, input: &Input<'_>) -> Judged {
        let users = input.dependents.users(&self.of);
        let promise = strictest(input, users, input.objective.rpo, |o| o.rpo);
        let known = self.seconds.filter(|_| !self.unseen);
        let value = known.filter(|_| !self.at_least);
        let is_more = |most: i64| known.is_some_and(|least| least > most);
        let open = match &promise {
            Some((most, _)) if is_more(*most) => Status::Missed,
            _ if self.unseen || self.at_least => Status::Unknown,
            _ => Status::Unbounded,
        };
        verdict(value.map(|s| (s, s)), promise, open)
    }
}

/// How bad it is: what has no bound, what is missed and by how much, what nobody can tell, then the rest
/// by its length.
fn severity(judged: &Judged) -> (u8, i64) {
    let value = judged.p95_s.unwrap_or(0);
    match judged.status {
        Status::NoPlan => (5, judged.objective_s.map_or(0, |_| 1)),
        Status::Unbounded => (4, 0),
        Status::Missed => (3, value - judged.objective_s.unwrap_or(0)),
        Status::Unknown => (2, 0),
        Status::Met | Status::NoObjective => (1, value),
    }
}

/// When nothing can be said because there is no plan.
pub(crate) fn no_plan(objective: Promise) -> Judged {
    let (objective_s, promised_to) = apart(objective);
    Judged { p50_s: None, p95_s: None, objective_s, promised_to, status: Status::NoPlan, why: None }
}

fn downtime(plan: &RecoveryPlan, objective: Promise) -> Judged {
    let in_time: Vec<&Step> = plan.steps.iter().filter(|s| s.downtime).collect();
    let noticed = plan.detection_s.unwrap_or(0);
    let without: Vec<u32> = in_time.iter().filter(|s| s.p95_s.is_none()).map(|s| s.id).collect();
    if without.is_empty() {
        let longest =
            |done: fn(&Step) -> Option<i64>| in_time.iter().filter_map(|s| done(s)).max().unwrap_or(0);
        let value = (noticed + longest(|s| s.done_p50_s), noticed + longest(|s| s.done_p95_s));
        return verdict(Some(value), objective, Status::Unknown);
    }
    let least = at_least(&plan.steps);
    if let (Some(usual), Some(unlucky)) = (plan.estimate_p50_s, plan.estimate_p95_s)
        && least <= unlucky
    {
        let value = Some((noticed + usual, noticed + unlucky));
        return Judged { why: Some(whole_counts(&without)), ..verdict(value, objective, Status::Unknown) };
    }
    let why = Some(without_estimate(&without, noticed + least));
    Judged { why, ..verdict(None, objective, Status::Unknown) }
}

/// What is said of steps without an estimate, where the others take at least so many seconds.
fn without_estimate(steps: &[u32], least: i64) -> String {
    format!("{}; the others take at least {}", unestimated(steps), readable(least))
}

/// The same where what the scenario estimates for the whole counts.
fn whole_counts(steps: &[u32]) -> String {
    format!("{}: the scenario's own estimate counts", unestimated(steps))
}

fn unestimated(steps: &[u32]) -> String {
    match steps {
        [one] => format!("step {one} has no estimate"),
        all => format!("steps {} have no estimate", numbered(all)),
    }
}

fn apart(promise: Promise) -> (Option<i64>, Option<Name>) {
    promise.map_or((None, None), |(seconds, to)| (Some(seconds), to))
}

fn verdict(value: Option<(i64, i64)>, objective: Promise, open: Status) -> Judged {
    let (objective_s, promised_to) = apart(objective);
    let status = match (value, objective_s) {
        (None, _) => open,
        (Some(_), None) => Status::NoObjective,
        (Some((_, p95)), Some(objective)) if p95 <= objective => Status::Met,
        (Some(_), Some(_)) => Status::Missed,
    };
    Judged {
        p50_s: value.map(|v| v.0),
        p95_s: value.map(|v| v.1),
        objective_s,
        promised_to,
        status,
        why: None,
    }
}
