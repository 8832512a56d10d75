//! From a loss to ordered steps: for each datastore that is hit, the best way back (newest data
//! first, then fastest), the steps its kind knows, and the edges of the dependency graph between them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::candidate::{Candidate, candidates, subject};
use super::check::check;
use super::model::{
    Choice, Component, Infeasible, Input, Judged, RecoveryPlan, Rejected, Seen, Status, Step,
};
use super::steps::{Lane, order};
use crate::addr::{Address, Name};
use crate::provider::{Phase, RecoveryStep, Target};

/// A datastore with the way back chosen for it.
struct Chosen<'a> {
    choice: Choice,
    steps: Vec<RecoveryStep>,
    doubt: Option<String>,
    /// Whether the loss has a value that was not observed, or not now.
    unseen: bool,
    needs: &'a BTreeSet<Address>,
}

/// Plans the recovery from a loss. Always gives a plan: what cannot come back stands in
/// `infeasible`, with the reasons.
pub fn recover(input: &Input<'_>) -> RecoveryPlan {
    let run = run_id(input.now);
    let (mut chosen, mut infeasible, mut untouched) = (Vec::new(), Vec::new(), Vec::new());
    for (name, address) in input.datastores {
        let Some(resource) = input.components.iter().find(|c| c.address == *address) else {
            infeasible.push(missing_resource(name, address));
            continue;
        };
        if !is_lost(input, resource) {
            untouched.push(name.clone());
            continue;
        }
        match choose(input, name, resource, &run) {
            Ok(choice) => chosen.push(choice),
            Err(reasons) => infeasible.push(*reasons),
        }
    }
    let (steps, unprotected) = order(&lanes(&chosen), input.components);
    let (rto, rpo) = judge(input, &chosen, &steps, infeasible.len());
    let mut plan = RecoveryPlan {
        format_version: "1.0",
        scenario: input.scenario.cloned(),
        lost: input.loss.clone(),
        as_of: input.now,
        run,
        warnings: warnings(&chosen),
        chosen_points: chosen.into_iter().map(|c| c.choice).collect(),
        steps,
        unprotected,
        infeasible,
        untouched,
        rto,
        rpo,
    };
    // Somebody may have to follow it all the same; they should know where to look twice.
    let flaws = check(&plan);
    plan.warnings.extend(flaws.into_iter().map(|flaw| format!("a mistake of drctl in this plan: {flaw}")));
    plan
}

fn lanes<'c>(chosen: &'c [Chosen<'_>]) -> Vec<Lane<'c>> {
    let lane = |c: &'c Chosen<'_>| Lane {
        datastore: &c.choice.datastore,
        resource: &c.choice.resource,
        region: &c.choice.region,
        needs: c.needs,
        steps: &c.steps,
    };
    chosen.iter().map(lane).collect()
}

/// The id that all new names of this run carry: the time of planning, to the second.
fn run_id(now: Timestamp) -> String {
    now.strftime("dr%Y%m%d%H%M%S").to_string()
}

fn is_lost(input: &Input<'_>, resource: &Component) -> bool {
    resource.place.region.as_ref().is_some_and(|r| input.loss.regions.contains(r))
}

fn missing_resource(name: &Name, address: &Address) -> Infeasible {
    Infeasible {
        datastore: name.clone(),
        resource: address.clone(),
        why: format!("{address} is not part of this configuration"),
        rejected: Vec::new(),
        help: "Point `resource` of the datastore at a resource block.".to_owned(),
    }
}

/// Picks the best way back: newest data first, then the fastest; what was observed before what was not.
fn choose<'a>(
    input: &Input<'a>,
    name: &Name,
    resource: &'a Component,
    run: &str,
) -> Result<Chosen<'a>, Box<Infeasible>> {
    let mut rejected = Vec::new();
    let mut usable: Vec<(Candidate<'a>, Vec<RecoveryStep>)> = Vec::new();
    let mut homes: BTreeSet<String> = resource.place.region.clone().into_iter().collect();
    for candidate in candidates(input, resource) {
        let target = Target {
            region: candidate.region.clone(),
            name: new_name(&resource.id.0, run),
            at: candidate.point,
            now: input.now,
        };
        let steps = resource.kind.recover(&subject(resource), &candidate.protection, &target);
        match &candidate.refused {
            Some(why) => {
                homes.extend(Some(candidate.region.clone()).filter(|r| input.loss.regions.contains(r)));
                rejected.push(candidate.rejected(why.clone()));
            }
            None if steps.is_empty() => {
                rejected.push(candidate.rejected("drctl knows no steps that bring it back from there"));
            }
            None => usable.push((candidate, steps)),
        }
    }
    usable.sort_by_key(|(c, steps)| {
        let slow: i64 = steps.iter().map(|s| s.estimate.p95.as_secs()).sum();
        (c.doubt.is_some(), c.loss.is_none(), c.loss, slow, c.from.address.clone())
    });
    let mut usable = usable.into_iter();
    let Some((best, steps)) = usable.next() else {
        return Err(Box::new(no_way(input, name, resource, rejected, homes)));
    };
    rejected.extend(usable.map(|(other, _)| other.rejected(worse_than(&best, &other))));
    Ok(Chosen {
        choice: choice(name, resource, &best, rejected),
        steps,
        unseen: best.protection.has_window() && (best.loss.is_none() || best.from.seen != Seen::Present),
        doubt: best.doubt,
        needs: &resource.needs,
    })
}

/// `homes` are the lost regions that hold the data or a copy of it.
fn no_way(
    input: &Input<'_>,
    name: &Name,
    resource: &Component,
    rejected: Vec<Rejected>,
    homes: BTreeSet<String>,
) -> Infeasible {
    let absent =
        |r: &&Rejected| input.components.iter().any(|c| c.address == r.from && c.seen == Seen::Absent);
    let never_applied: Vec<String> = rejected.iter().filter(absent).map(|r| r.from.to_string()).collect();
    let lost = homes.iter().cloned().collect::<Vec<_>>().join(" and ");
    let why = if rejected.is_empty() {
        format!("nothing outside of {lost} protects {}", resource.address)
    } else {
        format!("no protection of {} is left after the loss of {lost}", resource.address)
    };
    let (any, outside) = match homes.len() {
        0 | 1 => (lost, "another region"),
        _ => (homes.into_iter().collect::<Vec<_>>().join(" or "), "a region outside of this loss"),
    };
    let before = match never_applied.as_slice() {
        [] => format!("replicate {} to {outside} and apply it", resource.address),
        declared => format!("apply {}", declared.join(" and ")),
    };
    Infeasible {
        datastore: name.clone(),
        resource: resource.address.clone(),
        why,
        rejected,
        help: format!("If {any} comes back, the data is there. Before the next time: {before}."),
    }
}

fn worse_than(best: &Candidate<'_>, other: &Candidate<'_>) -> String {
    match (best.loss, other.loss) {
        (Some(best), Some(other)) if other > best => {
            format!("loses {} more", readable(other.as_secs() - best.as_secs()))
        }
        (Some(_), None) => "its loss of data has no bound".to_owned(),
        _ if other.doubt.is_some() && best.doubt.is_none() => "it was not observed".to_owned(),
        _ => "not better, and slower or later by name".to_owned(),
    }
}

fn choice(name: &Name, resource: &Component, best: &Candidate<'_>, rejected: Vec<Rejected>) -> Choice {
    Choice {
        datastore: name.clone(),
        resource: resource.address.clone(),
        from: best.from.address.clone(),
        mechanism: best.mechanism.clone(),
        region: best.region.clone(),
        point: best.point,
        data_loss_s: best.loss.map(|l| l.as_secs()),
        data_loss_source: best.loss_source.clone(),
        why: match rejected.len() {
            0 => "the only way back that was found".to_owned(),
            _ => "the newest data outside of the loss".to_owned(),
        },
        rejected,
    }
}

/// A name that was never used: the old one, cut to fit into 63 characters, and the run's id.
fn new_name(old: &str, run: &str) -> String {
    let room = 63 - run.len() - 1;
    let kept: String = old.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(room).collect();
    format!("{}-{run}", kept.trim_end_matches('-'))
}

fn judge(input: &Input<'_>, chosen: &[Chosen<'_>], steps: &[Step], infeasible: usize) -> (Judged, Judged) {
    let in_time = || steps.iter().filter(|s| s.phase < Phase::Protect);
    let longest = |done: fn(&Step) -> i64| in_time().map(done).max().unwrap_or(0);
    let rto = (longest(|s| s.done_p50_s), longest(|s| s.done_p95_s));
    let loss = |c: &Chosen<'_>| c.choice.data_loss_s.filter(|_| !c.unseen);
    let losses: Option<Vec<i64>> = chosen.iter().map(loss).collect();
    let worst = losses.map(|l| l.into_iter().max().unwrap_or(0));
    // A loss without a bound stays one, whatever else could not be observed.
    let without = || chosen.iter().filter(|c| loss(c).is_none());
    let open = if without().all(|c| c.unseen) { Status::Unknown } else { Status::Unbounded };
    let judged = |value: Option<(i64, i64)>, objective: Option<i64>| match infeasible {
        0 => verdict(value, objective, open),
        _ => Judged { p50_s: None, p95_s: None, objective_s: objective, status: Status::NoPlan },
    };
    (
        judged(Some(rto), input.objective.rto.map(|d| d.as_secs())),
        judged(worst.map(|w| (w, w)), input.objective.rpo.map(|d| d.as_secs())),
    )
}

fn verdict(value: Option<(i64, i64)>, objective_s: Option<i64>, open: Status) -> Judged {
    let status = match (value, objective_s) {
        (None, _) => open,
        (Some(_), None) => Status::NoObjective,
        (Some((_, p95)), Some(objective)) if p95 <= objective => Status::Met,
        (Some(_), Some(_)) => Status::Missed,
    };
    Judged { p50_s: value.map(|v| v.0), p95_s: value.map(|v| v.1), objective_s, status }
}

fn warnings(chosen: &[Chosen<'_>]) -> Vec<String> {
    chosen
        .iter()
        .filter_map(|c| {
            c.doubt.as_ref().map(|doubt| format!("{} ({}): {doubt}", c.choice.datastore, c.choice.from))
        })
        .collect()
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
        (d, 0, _, _) => format!("{d}d"),
        (d, h, _, _) => format!("{d}d {h}h"),
    }
}
