//! How long it takes until services work again, beside what was promised to them: a line for each.

use drctl_core::recovery::{Judged, RecoveryPlan, ServiceTime, Status};

use super::recovery::judged;
use super::text::count;

/// As many services are told one by one; of the rest only the number.
const MOST_TOLD: usize = 12;

/// A line about downtime.
pub(super) struct Downtime<'p> {
    /// Of what, the time and the verdict.
    pub(super) told: String,
    /// What keeps it from being known.
    pub(super) why: Option<&'p str>,
}

/// The time until each service works that something was promised to, the worst first, and until all works
/// where that says more.
pub(super) fn downtimes(plan: &RecoveryPlan) -> Vec<Downtime<'_>> {
    // Why there is no plan is told with the data and the steps.
    let why = |time: &Judged| time.status != Status::NoPlan || plan.is_feasible();
    let told = |of: &str, time: &'_ Judged| format!("{of}{}", judged(time));
    let whole = |of: &str| Downtime {
        told: told(of, &plan.whole),
        why: plan.whole.why.as_deref().filter(|_| why(&plan.whole)),
    };
    if plan.services.is_empty() {
        return vec![whole("")];
    }
    let one = |ServiceTime { service, time }: &'_ ServiceTime| {
        let other = time.promised_to.clone().filter(|to| to != service);
        told(&format!("service.{service}   "), &Judged { promised_to: other, ..time.clone() })
    };
    let services = plan.services.iter().take(MOST_TOLD);
    let services =
        services.map(|s| Downtime { told: one(s), why: s.time.why.as_deref().filter(|_| why(&s.time)) });
    let mut lines: Vec<Downtime<'_>> = services.collect();
    if let Some(more @ 1..) = plan.services.len().checked_sub(MOST_TOLD) {
        lines.push(Downtime { told: format!("and {}, none worse", count(more, "other service")), why: None });
    }
    // What is so of several is said once.
    for line in (1..lines.len()).rev() {
        lines[line].why = lines[line].why.filter(|why| lines[..line].iter().all(|l| l.why != Some(why)));
    }
    let longest = plan.services.iter().map(|s| s.time.p95_s).max().flatten();
    if plan.whole.status == Status::Missed && plan.rto == plan.whole {
        lines.insert(0, whole("all of it   "));
    } else if plan.whole.p95_s > longest {
        lines.push(whole("all of it   "));
    }
    lines
}
