//! What the plan takes and what it loses, beside what was promised.

use jiff::SignedDuration;

use super::hit::Hit;
use super::model::{Input, Judged, RecoveryPlan, Status, Step};
use super::steps::at_least;
use crate::provider::Phase;

/// The loss of data of one datastore.
pub(crate) struct Lost {
    /// In seconds; none when it has no bound or is not known.
    pub(crate) seconds: Option<i64>,
    /// Whether there is a value that was not observed, or not now.
    pub(crate) unseen: bool,
}

/// The strictest of what was promised for the scenario and for the services that are hit.
fn promised(input: &Input<'_>, hit: &Hit) -> (Option<i64>, Option<i64>) {
    let services = hit.services.keys().filter_map(|name| input.system.services.get(name));
    let objectives: Vec<_> = services.filter_map(|s| s.is.objective.as_ref()).collect();
    let least = |own: Option<SignedDuration>, of: fn(&crate::system::Objective) -> Option<SignedDuration>| {
        own.into_iter().chain(objectives.iter().filter_map(|o| of(o))).min().map(|d| d.as_secs())
    };
    (least(input.objective.rto, |o| o.rto), least(input.objective.rpo, |o| o.rpo))
}

/// Judges downtime and loss of data.
pub(crate) fn judge(input: &Input<'_>, plan: &mut RecoveryPlan, losses: &[Lost]) {
    let (rto, rpo) = promised(input, &plan.hit);
    let infeasible = !plan.infeasible.is_empty() || !plan.blocked.is_empty();
    if infeasible {
        plan.rto = no_plan(rto);
        plan.rpo = no_plan(rpo);
        return;
    }
    plan.rto = downtime(plan, rto);
    let known: Option<Vec<i64>> = losses.iter().map(|l| l.seconds.filter(|_| !l.unseen)).collect();
    let worst = known.map(|l| l.into_iter().max().unwrap_or(0));
    // A loss without a bound stays one, whatever else could not be observed.
    let without = || losses.iter().filter(|l| l.unseen || l.seconds.is_none());
    let open = if without().all(|l| l.unseen) { Status::Unknown } else { Status::Unbounded };
    plan.rpo = verdict(worst.map(|w| (w, w)), rpo, open);
}

/// When nothing can be said because there is no plan.
pub(crate) fn no_plan(objective_s: Option<i64>) -> Judged {
    Judged { p50_s: None, p95_s: None, objective_s, status: Status::NoPlan, why: None }
}

fn downtime(plan: &RecoveryPlan, objective: Option<i64>) -> Judged {
    let in_time: Vec<&Step> = plan.steps.iter().filter(|s| s.phase < Some(Phase::Protect)).collect();
    let noticed = plan.detection_s.unwrap_or(0);
    let without: Vec<String> =
        in_time.iter().filter(|s| s.p95_s.is_none()).map(|s| s.id.to_string()).collect();
    if without.is_empty() {
        let longest =
            |done: fn(&Step) -> Option<i64>| in_time.iter().filter_map(|s| done(s)).max().unwrap_or(0);
        let value = (noticed + longest(|s| s.done_p50_s), noticed + longest(|s| s.done_p95_s));
        return verdict(Some(value), objective, Status::Unknown);
    }
    let steps = if without.len() == 1 { "step" } else { "steps" };
    let has = if without.len() == 1 { "has" } else { "have" };
    let least = super::planner::readable(noticed + at_least(&plan.steps));
    let why = format!("{steps} {} {has} no estimate; the others take at least {least}", without.join(", "));
    Judged { why: Some(why), ..verdict(None, objective, Status::Unknown) }
}

fn verdict(value: Option<(i64, i64)>, objective_s: Option<i64>, open: Status) -> Judged {
    let status = match (value, objective_s) {
        (None, _) => open,
        (Some(_), None) => Status::NoObjective,
        (Some((_, p95)), Some(objective)) if p95 <= objective => Status::Met,
        (Some(_), Some(_)) => Status::Missed,
    };
    Judged { p50_s: value.map(|v| v.0), p95_s: value.map(|v| v.1), objective_s, status, why: None }
}
