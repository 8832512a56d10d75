//! What the plan takes and what it loses, beside what was promised.

use jiff::SignedDuration;

use super::hit::Hit;
use super::model::{Input, Judged, RecoveryPlan, Status, Step};
use super::planner::{numbered, readable};
use super::steps::at_least;
use crate::addr::Name;
use crate::system::Objective;

/// The loss of data of one datastore.
pub(crate) struct DataLoss {
    /// The datastore.
    pub(crate) of: Name,
    /// In seconds; none when it has no bound or is not known.
    pub(crate) seconds: Option<i64>,
    /// Whether there is a value that was not observed, or not now.
    pub(crate) unseen: bool,
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

/// Judges downtime and loss of data.
pub(crate) fn judge(input: &Input<'_>, plan: &mut RecoveryPlan, losses: &[DataLoss]) {
    let rto = promised(input, &plan.hit, input.objective.rto, |o| o.rto);
    let rpo = promised(input, &plan.hit, input.objective.rpo, |o| o.rpo);
    let infeasible = !plan.infeasible.is_empty() || !plan.blocked.is_empty();
    if infeasible {
        plan.rto = no_plan(rto);
        plan.rpo = no_plan(rpo);
        return;
    }
    plan.rto = downtime(plan, rto);
    let judged = losses.iter().map(|loss| loss.judged(input));
    plan.rpo = judged.max_by_key(severity).unwrap_or_else(|| verdict(Some((0, 0)), rpo, Status::Unknown));
}

impl DataLoss {
    /// Beside what was promised for the scenario and to the services that do not work without it.
    fn judged(&self, input: &Input<'_>) -> Judged {
        let dependents = input.dependents;
        let services = dependents.with(dependents.users(&self.of)).into_iter();
        let promises = services.filter_map(|name| {
            let service = input.system.services.get(name)?;
            Some((service.is.objective.as_ref()?.rpo?.as_secs(), Some(name.clone())))
        });
        let own = input.objective.rpo.map(|own| (own.as_secs(), None));
        let value = self.seconds.filter(|_| !self.unseen);
        let open = if self.unseen { Status::Unknown } else { Status::Unbounded };
        verdict(value.map(|s| (s, s)), own.into_iter().chain(promises).min(), open)
    }
}

/// How bad it is: what has no bound, what is missed and by how much, what nobody can tell, then the rest
/// by its length.
fn severity(judged: &Judged) -> (u8, i64) {
    let value = judged.p95_s.unwrap_or(0);
    match judged.status {
        Status::NoPlan => (5, 0),
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
    let steps = if without.len() == 1 { "step" } else { "steps" };
    let has = if without.len() == 1 { "has" } else { "have" };
    let least = readable(noticed + at_least(&plan.steps));
    let why = format!("{steps} {} {has} no estimate; the others take at least {least}", numbered(&without));
    if let (Some(usual), Some(unlucky)) = (plan.estimate_p50_s, plan.estimate_p95_s)
        && at_least(&plan.steps) <= unlucky
    {
        let value = Some((noticed + usual, noticed + unlucky));
        let why = format!("{why}: the scenario's own estimate counts");
        return Judged { why: Some(why), ..verdict(value, objective, Status::Unknown) };
    }
    Judged { why: Some(why), ..verdict(None, objective, Status::Unknown) }
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
