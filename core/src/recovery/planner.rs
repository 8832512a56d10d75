//! From a loss to ordered steps: for each datastore that is hit, the best way back (newest data
//! first, then fastest), the steps its kind knows, and the edges of the dependency graph between them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::backups::good_until;
use super::candidate::Named;
use super::check::{check, doubts};
use super::choose::{Chosen, choose, missing_resource, not_written, with_backups};
use super::exposed::exposed;
use super::follow::{Followed, followed};
use super::groups;
use super::judge::{DataLoss, judge, no_plan, services};
use super::lost::Lost;
use super::model::{Blocked, Choice, Infeasible, Input, RecoveryPlan};
use super::people::{checklists, commander, escalation, notices};
use super::phases::phases;
use super::pivot::{mistaken, pivots};
use super::places::Places;
use super::splice::{Derived, Written, splice};
use super::steps::{Lane, at_least, clock, order};
use super::unprotected::{left_behind, of_written, windows};
use super::via::sent;
use super::waits::Waits;
use super::weave::weave;
use super::written::unbound;
use crate::addr::Name;
use crate::system::{Service, in_order};

/// Plans the recovery from a loss. Always gives a plan: what cannot come back stands in
/// `infeasible`, and what cannot be done in `blocked`, with the reasons.
pub fn recover(input: &Input<'_>) -> RecoveryPlan {
    let places = Places::of(input.components);
    let lost = Lost::of(input.loss, input.system, &places);
    let mut plan = remarked(way_back(&Input { hit: Some(&lost.hit), ..*input }));
    plan.exposed = exposed(input, &lost, &plan.untouched, way_back);
    services(input, &lost, &mut plan);
    let behind = left_behind(input, &plan);
    plan.warnings.extend(behind);
    sent(&mut plan.steps, input.system);
    plan
}

/// The same without a look at what is not touched and at the plan itself: what objectives are judged from.
/// Datastores of one group come back to one instant, the others each to their newest.
pub fn way_back(input: &Input<'_>) -> RecoveryPlan {
    let newest = each(input);
    let mut instants = groups::instants(input.system, &newest);
    let mut plan = None;
    while !instants.is_empty() {
        let at = input.at.clone().into_iter().chain(instants.clone()).collect();
        let one = each(&Input { at: &at, ..*input });
        let behind = groups::left_behind(&newest, &one);
        if !behind.iter().any(|name| instants.contains_key(name)) {
            plan = Some(one);
            break;
        }
        // What has no history stays at its own newest: better out of step than gone.
        instants.retain(|name, _| !behind.contains(name));
    }
    let groups = groups::told(input.system, &newest, plan.as_ref().unwrap_or(&newest));
    RecoveryPlan { groups, ..plan.unwrap_or(newest) }
}

/// Every datastore to its newest moment, or to the one that was asked for.
fn each(input: &Input<'_>) -> RecoveryPlan {
    let run = run_id(input.now);
    let places = Places::of(input.components);
    let lost = Lost::known(input.hit, (input.loss, input.system, &places));
    let (followed, odd) = followed(input, &lost.hit);
    let mut parts = parts(input, &lost, &restored(input, &followed), &run);
    let (steps, mut backs) = order(&lanes(input, &parts.chosen), input.components);
    let first = u32::try_from(steps.len()).unwrap_or(u32::MAX) + 1;
    let derive = |name: &Name, into: Option<&str>| derived(input, &lost, name, Named { into, run: &run });
    let waits = Waits::new(input, &lost.hit, &backs);
    let mut written = splice(input, &lost, &followed, (first, &waits), derive);
    let looks = waits.looks(&written.steps);
    let (mut steps, numbers) = weave(steps, std::mem::take(&mut written.steps), &looks);
    written.renumber(&numbers);
    backs.iter_mut().for_each(|back| back.since = numbers.all(&back.since));
    clock(&mut steps);
    let mut unprotected = windows(&backs, &steps);
    let moved = written.choices.values().filter(|c| !written.in_place.contains(&c.datastore));
    unprotected.extend(of_written(input, &lost, moved, &steps));
    let losses = losses(input, &parts.chosen, &written);
    parts.infeasible.extend(written.infeasible);
    let mut blocked = written.blocked;
    blocked.extend(stranded(input, &lost));
    let mut warnings = warnings(&parts.chosen);
    warnings.extend(parts.warnings.into_iter().chain(revoke(input)).chain(odd).chain(written.warnings));
    let chosen = parts.chosen.into_iter().map(|c| c.choice);
    let chosen_points = sized(input, chosen.chain(written.choices.into_values()));
    parts.infeasible.sort_by(|a, b| a.datastore.cmp(&b.datastore));
    let pivots = pivots(input, &chosen_points, &steps);
    warnings.extend(mistaken(&pivots, &steps));
    let (phases, stray) = phases(input, &steps);
    warnings.extend(stray);
    let scenario = input.scenario.and_then(|name| input.system.scenarios.get(name));
    let mut plan = RecoveryPlan {
        format_version: "1.7",
        scenario: input.scenario.cloned(),
        lost: input.loss.clone(),
        own_files: lost.own_files(),
        home: regions(input),
        hit: lost.hit,
        as_of: input.now,
        run,
        chosen_points,
        steps,
        infeasible: parts.infeasible,
        blocked,
        pivots,
        untouched: parts.untouched,
        exposed: Vec::new(),
        groups: Vec::new(),
        unprotected,
        warnings,
        phases,
        detection_s: scenario.and_then(|s| s.is.detection).map(|d| d.as_secs()),
        estimate_p50_s: scenario.and_then(|s| s.is.estimate.or(s.is.estimate_p95)).map(|d| d.as_secs()),
        estimate_p95_s: scenario.and_then(|s| s.is.at_most()).map(|d| d.as_secs()),
        rto: no_plan(None),
        whole: no_plan(None),
        services: Vec::new(),
        rpo: no_plan(None),
        commander: commander(input),
        notices: notices(input),
        escalation: escalation(input),
        checklists: checklists(input),
    };
    judge(input, &mut plan, &losses);
    plan
}

/// The regions that datastores go home to.
fn regions(input: &Input<'_>) -> BTreeMap<Name, String> {
    let homes = input.home.into_iter().flatten();
    homes.map(|(name, home)| (name.clone(), home.region.clone())).collect()
}

/// What is lost of each datastore that comes back.
fn losses(input: &Input<'_>, chosen: &[Chosen<'_>], written: &Written) -> Vec<DataLoss> {
    // Nobody can tell what is lost of data that went wrong at some time.
    let since_when = |name: &Name| input.loss.data.contains_key(name) && good_until(input, name).is_none();
    let derived = chosen.iter().map(|one| {
        let lost = one.lost();
        DataLoss { at_least: since_when(&lost.of), ..lost }
    });
    let by_written = written.choices.values().map(|choice| DataLoss {
        of: choice.datastore.clone(),
        seconds: choice.data_loss_s,
        unseen: written.unseen.contains(&choice.datastore),
        at_least: since_when(&choice.datastore),
    });
    derived.chain(by_written).collect()
}

/// The plan with what is odd about it. Somebody may have to follow it all the same; they should know where to
/// look twice.
pub(super) fn remarked(mut plan: RecoveryPlan) -> RecoveryPlan {
    let flaws = check(&plan).into_iter().map(|flaw| format!("a mistake of drctl in this plan: {flaw}"));
    let remarks = longer(&plan).into_iter().chain(unbound(&plan)).chain(doubts(&plan)).chain(flaws);
    let remarks: Vec<String> = remarks.collect();
    plan.warnings.extend(remarks);
    plan
}

/// What was chosen, by name, with how much data each datastore holds.
fn sized(input: &Input<'_>, chosen: impl Iterator<Item = Choice>) -> Vec<Choice> {
    let mut chosen: Vec<Choice> = chosen.collect();
    for choice in &mut chosen {
        choice.size_bytes = input.system.datastores.get(&choice.datastore).and_then(|d| d.is.size);
    }
    chosen.sort_by(|a, b| a.datastore.cmp(&b.datastore));
    chosen
}

/// What has to be done about credentials before what they reach comes back.
fn revoke(input: &Input<'_>) -> impl Iterator<Item = String> {
    input.loss.credentials.iter().map(|name| {
        format!("revoke credential.{name} before anything else: whoever holds it may delete what comes back")
    })
}

/// The steps take longer than the scenario estimates for the whole.
fn longer(plan: &RecoveryPlan) -> Option<String> {
    let (whole, least) = (plan.estimate_p95_s?, at_least(&plan.steps));
    let (steps, whole) = (readable(least), (least > whole).then(|| readable(whole))?);
    Some(format!("the steps take at least {steps}, and the scenario estimates {whole} for the whole"))
}

/// What becomes of each datastore that no written step restores.
#[derive(Default)]
struct Parts<'a> {
    chosen: Vec<Chosen<'a>>,
    infeasible: Vec<Infeasible>,
    untouched: Vec<Name>,
    warnings: Vec<String>,
}

fn parts<'a>(input: &Input<'a>, lost: &Lost<'_>, restored: &BTreeSet<&Name>, run: &str) -> Parts<'a> {
    let mut parts = Parts::default();
    for (name, datastore) in &input.system.datastores {
        let is_hit = lost.hit.datastores.contains_key(name);
        if restored.contains(name) {
            if !is_hit {
                parts.warnings.push(format!("datastore.{name} is restored and this loss does not touch it"));
            }
            continue;
        }
        let found = match &datastore.is.resource {
            Some(held) => match input.components.get(&held.0) {
                None => Err(Box::new(missing_resource(name, &held.0))),
                Some(_) if !is_hit => {
                    parts.untouched.push(name.clone());
                    continue;
                }
                Some(resource) => choose(input, lost, (name, resource), Named { into: None, run }),
            },
            None if !is_hit => {
                parts.untouched.push(name.clone());
                continue;
            }
            None => Err(Box::new(not_written(name))),
        };
        match found {
            Ok(choice) => parts.chosen.push(choice),
            Err(_) if datastore.is.rebuildable => {
                parts
                    .warnings
                    .push(format!("datastore.{name} is made anew from other data: no step does it"));
            }
            Err(reasons) => parts.infeasible.push(with_backups(input, lost, *reasons)),
        }
        if input.loss.data.contains_key(name) && good_until(input, name).is_none() {
            parts.warnings.push(since_when(name));
        }
    }
    for name in restored.iter().filter(|n| input.loss.data.contains_key(**n)) {
        parts.warnings.extend(good_until(input, name).is_none().then(|| since_when(name)));
    }
    parts
}

fn since_when(name: &Name) -> String {
    format!(
        "nobody says since when datastore.{name} holds wrong data, and the newest point may hold it too: \
         declare `noticed_within`, or give the instant with `--corrupt-since`"
    )
}

/// Datastores that a followed procedure restores.
fn restored<'a>(input: &Input<'a>, followed: &[Followed<'a>]) -> BTreeSet<&'a Name> {
    let steps = followed.iter().flat_map(|f| in_order(input.system, f.name));
    steps.filter_map(|at| at.step.restore.as_ref().map(|d| &d.0)).collect()
}

/// The way back that the kind of a datastore's resource knows.
pub(super) fn derived(input: &Input<'_>, lost: &Lost<'_>, name: &Name, named: Named<'_>) -> Option<Derived> {
    let held = input.system.datastores.get(name)?.is.resource.as_ref()?;
    let resource = input.components.get(&held.0)?;
    let Chosen { choice, steps, doubt, unseen, through, .. } =
        choose(input, lost, (name, resource), named).ok()?;
    Some(Derived { choice, steps, doubt, unseen, through })
}

/// Services that are gone themselves and that nothing written brings back.
fn stranded(input: &Input<'_>, lost: &Lost<'_>) -> Vec<Blocked> {
    let scenario = input.scenario.and_then(|name| input.system.scenarios.get(name));
    if scenario.is_some_and(|s| s.is.recover.is_some()) {
        return Vec::new();
    }
    let gone = |name: &Name, service: &Service| lost.service(name, service) && service.recover.is_none();
    let gone = input.system.services.iter().filter(|(name, service)| gone(name, &service.is));
    gone.map(|(name, _)| Blocked {
        step: None,
        service: Some(name.clone()),
        why: format!(
            "{}, and no procedure brings it back: name one in `recover` of the service or of the scenario",
            lost.hit.services.get(name).map_or("it is lost", String::as_str)
        ),
    })
    .collect()
}

fn lanes<'c>(input: &Input<'_>, chosen: &'c [Chosen<'_>]) -> Vec<Lane<'c>> {
    let lane = |c: &'c Chosen<'_>| Lane {
        datastore: &c.choice.datastore,
        priority: input.dependents.priority(&c.choice.datastore),
        resource: &c.resource.address,
        region: &c.region,
        through: c.through.as_ref(),
        needs: &c.resource.needs,
        steps: &c.steps,
    };
    chosen.iter().map(lane).collect()
}

/// The id that all new names of this run carry: the time of planning, to the second.
pub fn run_id(now: Timestamp) -> String {
    now.strftime("dr%Y%m%d%H%M%S").to_string()
}

/// A name without the id of the run that made what it names: what comes back twice would have two.
pub(super) fn before_any_run(name: &str) -> &str {
    let is_run = |id: &str| id.len() == 14 && id.bytes().all(|b| b.is_ascii_digit());
    ["-dr", "_dr"]
        .iter()
        .find_map(|mark| name.rsplit_once(mark).filter(|(_, id)| is_run(id)))
        .map_or(name, |(before, _)| before)
}

fn warnings(chosen: &[Chosen<'_>]) -> Vec<String> {
    chosen
        .iter()
        .filter_map(|c| {
            c.doubt.as_ref().map(|doubt| format!("{} ({}): {doubt}", c.choice.datastore, c.choice.from))
        })
        .collect()
}

/// The numbers of steps as people write them: `1 – 4, 7`.
pub fn numbered<'n>(steps: impl IntoIterator<Item = &'n u32>) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for step in steps {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*step) => *last = *step,
            Some(_) | None => runs.push((*step, *step)),
        }
    }
    let run = |(first, last): &(u32, u32)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} – {last}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(", ")
}

/// Seconds as people write them: `1h 5m`, `12m`, `40s`.
pub fn readable(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes, seconds % 60) {
        (0, 0, 0, s) => format!("{s}s"),
        (0, 0, m, 0) => format!("{m}m"),
        (0, 0, m, s) => format!("{m}m {s}s"),
        (0, h, 0, _) => format!("{h}h"),
        (0, h, m, _) => format!("{h}h {m}m"),
        (d, 0, 0, _) => format!("{d}d"),
        (d, 0, m, _) => format!("{d}d {m}m"),
        (d, h, _, _) => format!("{d}d {h}h"),
    }
}
