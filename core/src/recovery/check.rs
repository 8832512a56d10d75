//! What must hold for every recovery plan, whoever wrote its steps. A plan with a flaw is a mistake of
//! drctl, found here before somebody follows it at night.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{RecoveryPlan, Step};
use crate::provider::Phase;

/// Parts of a command's words that take something away for good.
const DESTROYS: [&str; 7] = ["delete", "destroy", "drop", "purge", "remove", "terminate", "rm"];

/// What is wrong with the plan, in the order of its steps; nothing for a sound one.
pub fn check(plan: &RecoveryPlan) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut reached: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (step, number) in plan.steps.iter().zip(1..) {
        if step.id != number {
            flaws.push(format!("step {} stands in the place of step {number}", step.id));
        }
        let mut all = step.needs.clone();
        for need in &step.needs {
            match reached.get(need) {
                Some(more) => all.extend(more),
                None => flaws.push(format!("step {} needs step {need}, which is not before it", step.id)),
            }
        }
        flaws.extend(out_of_phase(plan, step, &all));
        flaws.extend(needs_what_is_lost(plan, step));
        flaws.extend(estimate(step));
        reached.insert(step.id, all);
    }
    flaws.extend(datastores(plan));
    flaws
}

/// Within a datastore nothing of a later phase starts before all of the earlier are done, and nothing
/// is redirected or destroyed that was not verified.
fn out_of_phase(plan: &RecoveryPlan, step: &Step, reached: &BTreeSet<u32>) -> Vec<String> {
    let own = || plan.steps.iter().filter(|s| s.datastore == step.datastore);
    let mut flaws: Vec<String> = own()
        .filter(|s| s.phase < step.phase && !reached.contains(&s.id))
        .map(|s| format!("step {} may start before step {}, of an earlier phase, is done", step.id, s.id))
        .collect();
    let verified = own().any(|s| s.phase == Phase::Verify && reached.contains(&s.id));
    if step.phase > Phase::Verify && !verified {
        flaws.push(format!("step {} relies on what no step verified", step.id));
    }
    let destroys =
        |word: &String| word.split(|c: char| !c.is_ascii_alphabetic()).any(|w| DESTROYS.contains(&w));
    // The verb stands in the first words; later ones are names and values.
    if step.command_equivalent.iter().take(3).any(destroys) && !verified {
        flaws.push(format!("step {} destroys before anything was verified", step.id));
    }
    flaws
}

/// No API and no command is in a lost region; an ARN may name what was there.
fn needs_what_is_lost(plan: &RecoveryPlan, step: &Step) -> Vec<String> {
    let mut flaws = Vec::new();
    for region in &plan.lost.regions {
        if step.api.as_ref().is_some_and(|api| api.region == *region) {
            flaws.push(format!("step {} needs an API in {region}, which is lost", step.id));
        }
        let is_there = |word: &String| {
            let host = word.contains(&format!(".{region}.")) && word.ends_with(".amazonaws.com");
            word == region || word.strip_prefix("--region=") == Some(region) || host
        };
        if step.command_equivalent.iter().any(is_there) {
            flaws.push(format!("the command of step {} goes to {region}, which is lost", step.id));
        }
    }
    flaws
}

fn estimate(step: &Step) -> Option<String> {
    let fits = step.p50_s >= 0 && step.p50_s <= step.p95_s && !step.estimate_source.is_empty();
    (!fits).then(|| format!("step {} has no estimate that could be true", step.id))
}

/// Every datastore that was chosen comes back outside of the loss; nothing is done for the others.
fn datastores(plan: &RecoveryPlan) -> Vec<String> {
    let mut flaws = Vec::new();
    for choice in &plan.chosen_points {
        if plan.lost.regions.contains(&choice.region) {
            flaws.push(format!("{} comes back in {}, which is lost", choice.datastore, choice.region));
        }
        if !plan.steps.iter().any(|s| s.datastore == choice.datastore) {
            flaws.push(format!("no step brings {} back", choice.datastore));
        }
        if !plan.unprotected.iter().any(|u| u.datastore == choice.datastore) {
            flaws.push(format!("nothing says how long {} is unprotected", choice.datastore));
        }
    }
    for step in &plan.steps {
        if !plan.chosen_points.iter().any(|c| c.datastore == step.datastore) {
            flaws.push(format!("step {} is for {}, which does not come back", step.id, step.datastore));
        }
    }
    flaws
}
