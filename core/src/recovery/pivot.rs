//! The pivot of each datastore: the step after which there is no way back. It is derived and never
//! chosen; whoever executes the plan unwinds what fails before it, and holds at what fails after it.

use std::collections::BTreeMap;

use super::model::{Choice, Input, Pivot, Step};
use super::reach::{Reach, by_datastore};
use crate::addr::Name;
use crate::provider::{Phase, StepNature};

/// The pivot of each datastore that comes back, in the order of the choices.
pub(crate) fn pivots(input: &Input<'_>, choices: &[Choice], steps: &[Step]) -> Vec<Pivot> {
    let mut reach = Reach::of(steps);
    let of = by_datastore(steps);
    let mut destroyed: BTreeMap<&Name, u32> = BTreeMap::new();
    for step in steps {
        for name in &step.destroys {
            destroyed.entry(name).or_insert(step.id);
        }
    }
    let found = choices.iter().filter_map(|choice| {
        let (step, why) = match choice.step {
            None => derived(of.get(&Some(&choice.datastore))?)?,
            Some(restore) => written(input, choice, restore, &reach, &destroyed)?,
        };
        // What a restore brings back stands in a place that was empty, or it is the pivot itself.
        let other = |s: &&Step| s.datastore.as_ref() != Some(&choice.datastore) || s.written.is_none();
        let before = reach.before(reach.place(step)?);
        let no_undo = before.into_iter().filter(|s| changes(s) && !known(s));
        let no_undo = no_undo.filter(other);
        let no_undo = no_undo.map(|s| s.id).collect();
        Some(Pivot { datastore: choice.datastore.clone(), step, why, no_undo })
    });
    found.collect()
}

/// The steps of which it is written that there is no way back after them, and there is.
pub(crate) fn mistaken(pivots: &[Pivot], steps: &[Step]) -> Vec<String> {
    let asserted = steps.iter().filter(|s| s.written.as_ref().is_some_and(|w| w.pivot));
    let wrong = asserted.filter(|s| pivots.iter().all(|p| p.step != s.id));
    wrong
        .filter_map(|step| {
            let at = step.written.as_ref()?;
            let is =
                pivots.iter().map(|p| format!("step {} (datastore.{})", p.step, p.datastore));
            let is = match is.collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => "no data comes back in this plan".to_owned(),
                some => format!("that is {some}"),
            };
            Some(format!(
                "step {}, `{}` of procedure.{}, says `pivot = true`, and it is not where the way back ends: {is}",
                step.id, at.step, at.procedure
            ))
        })
        .collect()
}

/// Whether it changes anything: neither a look nor a wait.
fn changes(step: &Step) -> bool {
    let acts = !step.command_equivalent.is_empty() || step.kind == StepNature::Manual;
    step.kind != StepNature::Check && step.checks.is_none() && step.phase != Some(Phase::Prepare) && acts
}

/// Whether it is known how it is taken back.
fn known(step: &Step) -> bool {
    !step.undo.is_empty() || step.undo_by_hand.is_some()
}

/// Its kind says after which step. `own` are the steps of the datastore.
fn derived(own: &[&Step]) -> Option<(u32, String)> {
    let own = own.iter().filter(|s| s.written.is_none());
    own.into_iter().find_map(|s| Some((s.id, s.no_way_back.clone()?)))
}

/// The first step that destroys what is there; else the first after the restore that nothing takes back.
fn written(
    input: &Input<'_>,
    choice: &Choice,
    restore: u32,
    reach: &Reach<'_>,
    destroyed: &BTreeMap<&Name, u32>,
) -> Option<(u32, String)> {
    let name: &Name = &choice.datastore;
    if let Some(step) = destroyed.get(name) {
        return Some((*step, format!("it destroys what datastore.{name} holds now")));
    }
    let restores = reach.step(restore);
    if input.loss.data.contains_key(name) && choice.region.is_none() && !has_new_name(input, restores) {
        return Some((restore, format!("it writes over what datastore.{name} holds now")));
    }
    let after = || reach.place(restore).into_iter().flat_map(|place| reach.after(place));
    let own = restores.into_iter().chain(after()).filter(|s| s.datastore.as_ref() == Some(name));
    if let Some(never) = own.into_iter().find_map(|s| Some((s.id, s.no_way_back.clone()?))) {
        return Some(never);
    }
    // What its kind restores takes several steps, and none of them leads anybody there.
    let follows = |s: &&Step| s.datastore.as_ref() != Some(name) && changes(s) && !known(s);
    if let Some(step) = after().find(follows) {
        let why = "it comes after the restore, and nothing says how it is taken back (`undo`)";
        return Some((step.id, why.to_owned()));
    }
    let last = after().map(|s| s.id).max().unwrap_or(restore);
    Some((last, format!("nothing is done after it: what was restored of datastore.{name} is in use")))
}

/// Whether a written restore says that what comes back has another name than what is there.
fn has_new_name(input: &Input<'_>, restores: Option<&Step>) -> bool {
    let named = restores.and_then(|s| s.written.as_ref()).and_then(|at| {
        let procedure = input.system.procedures.get(&at.procedure)?;
        procedure.is.step.0.iter().find(|s| s.name == at.step)?.into.as_ref()
    });
    named.is_some()
}
