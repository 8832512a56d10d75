//! From when until when what came back is without protection.

use std::collections::{BTreeMap, BTreeSet};

use super::action::Action;
use super::lost::Lost;
use super::model::{Choice, Input, RecoveryPlan, Step, Unprotected};
use super::reach::Reach;
use super::steps::Back;
use crate::addr::Name;
use crate::provider::Phase;
use jiff::SignedDuration;

/// The window of each datastore that comes back somewhere else by derived steps.
pub(crate) fn windows(backs: &[Back<'_>], steps: &[Step]) -> Vec<Unprotected> {
    let mut own: BTreeMap<&Name, Vec<&Step>> = BTreeMap::new();
    for step in steps.iter().filter(|s| s.written.is_none()) {
        if let Some(datastore) = &step.datastore {
            own.entry(datastore).or_default().push(step);
        }
    }
    let of = |back: &Back<'_>| {
        let steps = own.get(back.datastore).map_or(&[][..], Vec::as_slice);
        // What comes back where it stood is protected as it was.
        let moves = steps.iter().any(|s| s.phase == Some(Phase::Redirect));
        moves.then(|| window(back, steps))
    };
    backs.iter().filter_map(of).collect()
}

/// `steps` are those of the datastore.
fn window(back: &Back<'_>, steps: &[&Step]) -> Unprotected {
    let protects = || steps.iter().copied().filter(|s| s.phase == Some(Phase::Protect));
    let until: BTreeSet<u32> = protects().map(|s| s.id).collect();
    let lasts = |done: fn(&Step) -> Option<i64>| {
        let since = steps.iter().copied().filter(|s| back.since.contains(&s.id));
        let begins = since.map(done).max().flatten().unwrap_or(0);
        let ends: Option<Vec<i64>> = protects().map(done).collect();
        Some(ends?.into_iter().max()? - begins)
    };
    Unprotected {
        datastore: back.datastore.clone(),
        region: Some(back.region.to_owned()),
        ends_with: None,
        p50_s: lasts(|s| s.done_p50_s),
        p95_s: lasts(|s| s.done_p95_s),
        since: back.since.clone(),
        until,
    }
}

/// The window of each datastore that a written step restores: from when the service works until a step
/// says that it protects it, or else until its backup has run again.
pub(crate) fn of_written<'c>(
    input: &Input<'_>,
    lost: &Lost<'_>,
    choices: impl Iterator<Item = &'c Choice>,
    steps: &[Step],
) -> Vec<Unprotected> {
    let reach = Reach::of(steps);
    let mut protects: BTreeMap<&Name, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        for name in step.written.iter().flat_map(|w| &w.protects) {
            protects.entry(name).or_default().push(step);
        }
    }
    let one = |choice: &Choice| {
        // Until the last of the steps that the service is down for, or the restore itself.
        let since = reach.last(choice.step?, |s| s.downtime);
        let name = &choice.datastore;
        let ends = protects.get(name).map_or(&[][..], Vec::as_slice);
        let lasts = |done: fn(&Step) -> Option<i64>| {
            let begins: Option<Vec<i64>> = since.iter().filter_map(|id| reach.step(*id)).map(done).collect();
            let ends: Option<Vec<i64>> = ends.iter().map(|s| done(s)).collect();
            Some((ends?.into_iter().max()? - begins?.into_iter().max()?).max(0))
        };
        let data = choice.step.and_then(|id| match &reach.step(id)?.carried.action {
            Action::Restore { data, .. } => Some(data.as_str()),
            _ => None,
        });
        let next = if ends.is_empty() { next_backup(input, lost, (name, data)) } else { None };
        Some(Unprotected {
            datastore: name.clone(),
            region: choice.region.clone(),
            until: ends.iter().map(|s| s.id).collect(),
            p50_s: lasts(|s| s.done_p50_s),
            p95_s: next.as_ref().map_or_else(|| lasts(|s| s.done_p95_s), |(_, longest)| *longest),
            ends_with: next.map(|(backup, _)| backup),
            since,
        })
    };
    choices.filter_map(one).collect()
}

/// The backups that do not go on with what they brought back: they look for the data where it was.
pub(crate) fn left_behind(input: &Input<'_>, plan: &RecoveryPlan) -> Vec<String> {
    let one = |step: &Step| {
        let Action::Restore { data, .. } = &step.carried.action else { return None };
        let choice = plan.chosen_points.iter().find(|choice| choice.step == Some(step.id))?;
        let mut backups = input.dependents.backups(&choice.datastore).iter();
        let backup = backups.find(|backup| choice.from == format!("backup.{}", backup.name))?;
        let was = backup.declared.is.pgbackrest.as_ref()?.looks_elsewhere(data)?;
        Some(format!(
            "{} is of {was}: of what comes back into {data} it archives no log and makes no backup until its \
             `pg1-path` says so, here and where pgBackRest is configured",
            choice.from
        ))
    };
    plan.steps.iter().filter_map(one).collect()
}

/// The backup that has run again first, where it can, and after which time at the latest. `data` is the directory
/// that a server's data came back into.
fn next_backup(
    input: &Input<'_>,
    lost: &Lost<'_>,
    (datastore, data): (&Name, Option<&str>),
) -> Option<(String, Option<i64>)> {
    let backups = input.dependents.backups(datastore).iter();
    let able = backups.filter(|b| {
        let to = &b.declared.is.to;
        let gone = |place| lost.kept((b.name, &b.declared.is), place).is_some();
        let tool = b.declared.is.pgbackrest.as_ref();
        if tool.zip(data).is_some_and(|(tool, data)| tool.looks_elsewhere(data).is_some()) {
            return false;
        }
        // What stands beside the data begins anew with it, and protects it from nothing but mistakes.
        to.iter().any(|place| !gone(Some(place)))
    });
    let told = able.map(|b| {
        let every = match b.method.log {
            Some(log) => Some(log.every),
            None => b.method.gap(input.now).map(|gap| gap.length),
        };
        let takes = b.method.takes.unwrap_or_default();
        let longest = every.and_then(|every: SignedDuration| every.checked_add(takes));
        (longest.is_none(), longest.map(|l| l.as_secs()), format!("backup.{}", b.name))
    });
    told.min().map(|(_, longest, name)| (name, longest))
}
