//! The parts of the way back to which a scenario gives a budget.

use super::model::{Input, Judged, PhaseTime, Status, Step};

/// Each phase of the scenario with the time that its steps take, from the start of the first to the end
/// of the last; and what is odd about them.
pub(crate) fn phases(input: &Input<'_>, steps: &[Step]) -> (Vec<PhaseTime>, Vec<String>) {
    let scenario = input.scenario.and_then(|name| input.system.scenarios.get(name));
    let budgets: Vec<_> = scenario.iter().flat_map(|s| s.is.phase.iter().flatten()).collect();
    let counted = |step: &Step| step.written.as_ref().and_then(|w| w.phase.clone());
    let stray = steps.iter().filter_map(|step| {
        let phase = counted(step).filter(|p| budgets.iter().all(|b| b.name != *p))?;
        let scenario = input.scenario.filter(|_| !budgets.is_empty())?;
        Some(format!("step {} counts for phase `{phase}`, which scenario {scenario} does not have", step.id))
    });
    let stray = stray.collect();
    let time = |name: &str, budget: i64| {
        let own: Vec<&Step> = steps.iter().filter(|s| counted(s).as_deref() == Some(name)).collect();
        let span = |length: fn(&Step) -> Option<i64>, done: fn(&Step) -> Option<i64>| {
            let starts: Option<Vec<i64>> = own.iter().map(|s| Some(done(s)? - length(s)?)).collect();
            let ends: Option<Vec<i64>> = own.iter().map(|s| done(s)).collect();
            Some(ends?.into_iter().max()? - starts?.into_iter().min()?)
        };
        let usual = span(|s| s.p50_s, |s| s.done_p50_s);
        let unlucky = span(|s| s.p95_s, |s| s.done_p95_s);
        let (status, why) = match unlucky {
            Some(p95) if p95 <= budget => (Status::Met, None),
            Some(_) => (Status::Missed, None),
            None if own.is_empty() => (Status::NoPlan, Some("no step counts for it".to_owned())),
            None => (Status::Unknown, Some("not every step up to its end has an estimate".to_owned())),
        };
        PhaseTime {
            name: name.to_owned(),
            steps: own.iter().map(|s| s.id).collect(),
            time: Judged {
                p50_s: usual,
                p95_s: unlucky,
                objective_s: Some(budget),
                promised_to: None,
                status,
                why,
            },
        }
    };
    (budgets.iter().map(|b| time(&b.name, b.budget.as_secs())).collect(), stray)
}
