//! What must hold for every recovery plan. What drctl derives and breaks it is a mistake of drctl, found
//! here before somebody follows it at night; what is written and breaks it is followed with a warning.

use std::collections::{BTreeMap, BTreeSet};

use super::loss::Loss;
use super::model::{Pivot, RecoveryPlan, Step};
use super::reach::{ByDatastore, Reach, by_datastore};
use crate::addr::Name;
use crate::provider::Phase;

/// Parts of a command's words that take something away for good.
const DESTROYS: [&str; 7] = ["delete", "destroy", "drop", "purge", "remove", "terminate", "rm"];

/// What is wrong with the plan, in the order of its steps; nothing for a sound one.
pub fn check(plan: &RecoveryPlan) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut reach = Reach::of(&plan.steps);
    let of = by_datastore(&plan.steps);
    let lost = Gone::of(&plan.lost);
    for (place, (step, number)) in plan.steps.iter().zip(1..).enumerate() {
        if step.id != number {
            flaws.push(format!("step {} stands in the place of step {number}", step.id));
        }
        for need in &step.needs {
            if reach.place(*need).is_none_or(|needed| needed >= place) {
                flaws.push(format!("step {} needs step {need}, which is not before it", step.id));
            }
        }
        if let Some(phase) = step.phase {
            let own = of.get(&step.datastore.as_ref()).map_or(&[][..], Vec::as_slice);
            let before = reach.before(place);
            flaws.extend(out_of_phase(own, (step, phase), |s| {
                before.binary_search_by_key(&s.id, |earlier| earlier.id).is_ok()
            }));
            flaws.extend(lost.needed(step));
        }
        flaws.extend(estimate(step));
    }
    flaws.extend(datastores(plan, &of));
    flaws.extend(pivots(plan, &mut reach));
    flaws
}

/// Every datastore that comes back has one pivot, after something was looked at; and what drctl derives
/// before it can be taken back.
fn pivots(plan: &RecoveryPlan, reach: &mut Reach<'_>) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut of: BTreeMap<&Name, Vec<&Pivot>> = BTreeMap::new();
    for pivot in &plan.pivots {
        of.entry(&pivot.datastore).or_default().push(pivot);
    }
    for choice in &plan.chosen_points {
        let Some([pivot]) = of.get(&choice.datastore).map(Vec::as_slice) else {
            flaws.push(format!("nothing says from which step on {} cannot go back", choice.datastore));
            continue;
        };
        let Some(place) = reach.place(pivot.step) else {
            flaws.push(format!("{} has its pivot at step {}, which is none", choice.datastore, pivot.step));
            continue;
        };
        if choice.step.is_some() {
            continue;
        }
        if reach.before(place).iter().all(|s| s.phase != Some(Phase::Verify)) {
            flaws.push(format!(
                "there is no way back after step {}, before anything was verified",
                pivot.step
            ));
        }
        let no_undo = pivot.no_undo.iter().filter_map(|id| reach.step(*id));
        for step in no_undo.filter(|s| s.written.is_none()) {
            flaws.push(format!(
                "nothing says how step {} is taken back, which comes before the pivot",
                step.id
            ));
        }
    }
    flaws
}

/// Within a datastore nothing of a later phase starts before all of the earlier are done, and nothing
/// is redirected or destroyed that was not verified.
///
/// `own` are the steps of the same datastore.
fn out_of_phase(
    own: &[&Step],
    (step, phase): (&Step, Phase),
    reached: impl Fn(&Step) -> bool,
) -> Vec<String> {
    let own = || own.iter().filter(|s| s.phase.is_some());
    let mut flaws: Vec<String> = own()
        .filter(|s| s.phase < Some(phase) && !reached(s))
        .map(|s| format!("step {} may start before step {}, of an earlier phase, is done", step.id, s.id))
        .collect();
    let verified = own().any(|s| s.phase == Some(Phase::Verify) && reached(s));
    let fenced = own().any(|s| s.phase == Some(Phase::Fence) && reached(s));
    if phase == Phase::Redirect && !fenced {
        flaws.push(format!(
            "step {} redirects before anything made sure that nothing writes any more",
            step.id
        ));
    }
    if phase > Phase::Verify && !verified {
        flaws.push(format!("step {} relies on what no step verified", step.id));
    }
    if destroys(step) && !verified {
        flaws.push(format!("step {} destroys before anything was verified", step.id));
    }
    flaws
}

fn destroys(step: &Step) -> bool {
    let is_one =
        |word: &String| word.split(|c: char| !c.is_ascii_alphabetic()).any(|w| DESTROYS.contains(&w));
    // The verb stands in the first words; later ones are names and values.
    step.command_equivalent.iter().take(3).any(is_one)
}

/// What is unsound in what was written: it is followed as it stands, and the reader should know.
pub(crate) fn doubts(plan: &RecoveryPlan) -> Vec<String> {
    let mut doubts = Vec::new();
    let lost = Gone::of(&plan.lost);
    // The steps that make sure of something, and those that come after one of them.
    let mut looked: BTreeSet<u32> = BTreeSet::new();
    for step in &plan.steps {
        let is_after = step.needs.iter().any(|need| looked.contains(need));
        if is_after || step.checks.is_some_and(|c| c != "fence") {
            looked.insert(step.id);
        }
        if let Some(written) = &step.written {
            let name = format!("step {}, `{}` of procedure.{}", step.id, written.step, written.procedure);
            let gone: Vec<String> = step.destroys.iter().map(|d| format!("datastore.{d}")).collect();
            if !is_after && !gone.is_empty() {
                let gone = gone.join(" and ");
                doubts.push(format!("{name}, destroys {gone} before any step has checked a backup"));
            } else if !is_after && destroys(step) {
                doubts.push(format!("{name}, destroys before any step has checked anything"));
            }
            doubts.extend(lost.needed(step).into_iter().map(|flaw| format!("{flaw}: {name}")));
        }
    }
    doubts
}

/// What no step may need.
struct Gone<'p> {
    /// Regions, each with its part of the name of a host there.
    regions: Vec<(&'p String, String)>,
    keys: &'p BTreeSet<String>,
}

impl<'p> Gone<'p> {
    fn of(lost: &'p Loss) -> Gone<'p> {
        let regions = lost.regions.iter().map(|region| (region, format!(".{region}."))).collect();
        Gone { regions, keys: &lost.keys }
    }

    /// No API and no command is in a lost region; an ARN may name what was there.
    fn needed(&self, step: &Step) -> Vec<String> {
        let mut flaws = Vec::new();
        for (region, within) in &self.regions {
            // A written step that needs one is blocked.
            if step.written.is_none() && step.api.as_ref().is_some_and(|api| api.region == **region) {
                flaws.push(format!("step {} needs an API in {region}, which is lost", step.id));
            }
            let is_there = |word: &String| {
                let host = word.ends_with(".amazonaws.com") && word.contains(within.as_str());
                word == *region || word.strip_prefix("--region=") == Some(region.as_str()) || host
            };
            if step.command_equivalent.iter().any(is_there) {
                flaws.push(format!("the command of step {} goes to {region}, which is lost", step.id));
            }
        }
        for key in self.keys {
            if step.command_equivalent.iter().any(|word| word == key) {
                flaws.push(format!("the command of step {} encrypts with {key}, which is lost", step.id));
            }
        }
        flaws
    }
}

fn estimate(step: &Step) -> Option<String> {
    let times = match (step.p50_s, step.p95_s) {
        (Some(p50), Some(p95)) => p50 >= 0 && p50 <= p95,
        // What drctl derives has an estimate; what is written may have none.
        (None, None) => step.written.is_some(),
        (Some(_), None) | (None, Some(_)) => false,
    };
    let fits = times && !step.estimate_source.is_empty();
    (!fits).then(|| format!("step {} has no estimate that could be true", step.id))
}

/// Every datastore that was chosen comes back outside of the loss; nothing is done for the others.
fn datastores(plan: &RecoveryPlan, of: &ByDatastore<'_>) -> Vec<String> {
    let mut flaws = Vec::new();
    let unprotected: BTreeSet<&Name> = plan.unprotected.iter().map(|u| &u.datastore).collect();
    let chosen: BTreeSet<&Name> = plan.chosen_points.iter().map(|c| &c.datastore).collect();
    for choice in &plan.chosen_points {
        if let Some(region) = choice.region.as_ref().filter(|r| plan.lost.regions.contains(*r)) {
            flaws.push(format!("{} comes back in {region}, which is lost", choice.datastore));
        }
        let own = || of.get(&Some(&choice.datastore)).into_iter().flatten();
        if !own().any(|s| choice.step.is_none_or(|step| step == s.id)) {
            flaws.push(format!("no step brings {} back", choice.datastore));
        }
        let moves = own().any(|s| s.phase == Some(Phase::Redirect));
        if choice.step.is_none() && moves && !unprotected.contains(&choice.datastore) {
            flaws.push(format!("nothing says how long {} is unprotected", choice.datastore));
        }
    }
    for step in plan.steps.iter().filter(|s| s.written.is_none()) {
        if !step.datastore.as_ref().is_some_and(|d| chosen.contains(d)) {
            let what = step.datastore.as_ref().map_or("nothing", Name::as_str);
            flaws.push(format!("step {} is for {what}, which does not come back", step.id));
        }
    }
    flaws
}
