//! The way back of one datastore by what its kind knows, and why there is none.

use std::collections::BTreeSet;

use super::action::Through;
use super::backups::{self, Said, good_until};
use super::candidate::{Ask, Candidate, Named, candidates, steps};
use super::home::Home;
use super::judge::DataLoss;
use super::lost::Lost;
use super::model::{Choice, Component, Infeasible, Input, Prefer, Rejected, Seen};
use super::patch::{CameBack, Now};
use super::planner::readable;
use crate::addr::{Address, Name};
use crate::provider::{Phase, RecoveryStep};

/// A datastore with the way back chosen for it.
pub(crate) struct Chosen<'a> {
    pub(crate) choice: Choice,
    pub(crate) steps: Vec<RecoveryStep>,
    pub(crate) doubt: Option<String>,
    /// Whether the loss has a value that was not observed, or not now.
    pub(crate) unseen: bool,
    pub(crate) resource: &'a Component,
    pub(crate) region: String,
    /// What its kind does something through there.
    pub(crate) through: Option<Through>,
}

impl Chosen<'_> {
    /// What it loses.
    pub(crate) fn lost(&self) -> DataLoss {
        DataLoss {
            of: self.choice.datastore.clone(),
            seconds: self.choice.data_loss_s,
            unseen: self.unseen,
            at_least: false,
        }
    }
}

/// The resource is not there.
pub(crate) fn missing_resource(name: &Name, address: &Address) -> Infeasible {
    Infeasible {
        datastore: name.clone(),
        resource: Some(address.clone()),
        why: format!("{address} is not part of this configuration"),
        rejected: Vec::new(),
        help: "Point `resource` of the datastore at a resource block.".to_owned(),
    }
}

/// Nothing holds it, and nothing written restores it.
pub(crate) fn not_written(name: &Name) -> Infeasible {
    Infeasible {
        datastore: name.clone(),
        resource: None,
        why: "no resource holds it, and no step of a procedure that is followed restores it".to_owned(),
        rejected: Vec::new(),
        help: format!(
            "Write a step with `restore = datastore.{name}`, in a procedure that a service or the scenario \
             names in `recover`."
        ),
    }
}

/// Adds the declared backups, which no step restores from.
pub(crate) fn with_backups(input: &Input<'_>, lost: &Lost<'_>, mut infeasible: Infeasible) -> Infeasible {
    let (best, rejected) = backups::choose(input, lost, &infeasible.datastore, Said::default());
    infeasible.rejected.extend(best.map(|kept| kept.rejected(input.now, "no step restores from it")));
    infeasible.rejected.extend(rejected);
    infeasible
}

/// Why what stands in the resource itself does not help.
pub(crate) const EMPTIED: &str = "it stands with the data and is lost with it";

/// Why a live copy does not help where data is wrong.
pub(crate) const FOLLOWS: &str = "it follows what is wrong: it keeps no past";

/// Picks the best way back: newest data first, then the fastest; what was observed before what was not.
pub(crate) fn choose<'a>(
    input: &Input<'a>,
    lost: &Lost<'_>,
    (name, resource): (&Name, &'a Component),
    named: Named<'_>,
) -> Result<Chosen<'a>, Box<Infeasible>> {
    let mut rejected = Vec::new();
    let mut usable: Vec<(Candidate<'_>, Vec<RecoveryStep>)> = Vec::new();
    let home = input.home.and_then(|homes| homes.get(name));
    let mut homes: BTreeSet<String> =
        resource.place.region.clone().into_iter().filter(|r| input.loss.regions.contains(r)).collect();
    let ask = Ask {
        components: input.components,
        until: good_until(input, name),
        wrong_since: input.loss.since.get(name).copied(),
        now: input.now,
        lost: Some(lost).filter(|_| home.is_none()),
    };
    let ways = candidates(&ask, resource).into_iter().filter_map(|way| match home {
        Some(home) => home.settled(way),
        None => Some(way),
    });
    for candidate in ways {
        if let Some(why) = refused(input, lost, name, &candidate) {
            homes.extend(Some(candidate.region.clone()).filter(|r| input.loss.regions.contains(r)));
            rejected.push(candidate.rejected(why));
            continue;
        }
        match steps(&ask, resource, &candidate, named) {
            Err(why) => rejected.push(candidate.rejected(why)),
            Ok(steps) => usable.push(match home {
                Some(home) => home.steps(resource, candidate, steps),
                None => (candidate, steps),
            }),
        }
    }
    usable.sort_by_key(|(candidate, steps)| rank(input.prefer, resource, candidate, steps));
    let mut usable = usable.into_iter();
    let Some((best, mut steps)) = usable.next() else {
        return Err(Box::new(match home {
            Some(home) => not_copied(name, resource, rejected, home),
            None => no_way(input, name, resource, rejected, homes),
        }));
    };
    let through = through(resource, &best);
    if through.is_none() {
        let why = format!("no provider block leads to {}: the command is run instead", best.region);
        steps.iter_mut().filter(|s| s.verb.is_some()).for_each(|s| s.before.push(why.clone()));
    }
    let best_takes = takes(&steps);
    rejected.extend(usable.map(|(other, its)| match (input.prefer, takes(&its) - best_takes) {
        (Prefer::Rto, more @ 1..) => other.rejected(format!("takes {} more", readable(more))),
        (Prefer::Rpo | Prefer::Rto, _) => other.rejected(worse_than(&best, &other)),
    }));
    Ok(Chosen {
        choice: Choice {
            came_back: came_back((name, resource), &best, &steps, named),
            ..choice(input, (name, resource), &best, rejected)
        },
        steps,
        unseen: best.protection.is_measured()
            && (best.loss.is_none() || best.from.seen != Seen::Present)
            && home.is_none_or(|_| best.doubt.is_some()),
        doubt: best.doubt,
        resource,
        region: best.region,
        through,
    })
}

/// Why a way back is of no use here.
fn refused(input: &Input<'_>, lost: &Lost<'_>, name: &Name, candidate: &Candidate<'_>) -> Option<String> {
    let emptied = lost.emptied(name) && candidate.protection.stands_with_the_data();
    let follows = input.loss.data.contains_key(name) && !candidate.protection.has_past();
    let refused = candidate.refused.clone().or_else(|| emptied.then(|| EMPTIED.to_owned()));
    refused.or_else(|| follows.then(|| FOLLOWS.to_owned()))
}

/// By what of two ways back the first is the better one. Where all else is the same it stays in its region: whatever
/// else is done with it is done there.
fn rank(
    prefer: Prefer,
    resource: &Component,
    candidate: &Candidate<'_>,
    steps: &[RecoveryStep],
) -> impl Ord + use<> {
    let loss = (candidate.loss.is_none(), candidate.loss);
    let (slow, slow_later) = match prefer {
        Prefer::Rpo => (0, takes(steps)),
        Prefer::Rto => (takes(steps), 0),
    };
    let moves = resource.place.region.as_ref() != Some(&candidate.region);
    (candidate.doubt.is_some(), slow, loss, slow_later, moves, candidate.from.address.clone())
}

/// Where the kind of a resource does what brings it back: by the provider block that holds what it comes
/// back from.
fn through(resource: &Component, best: &Candidate<'_>) -> Option<Through> {
    let Component { provider, place, .. } = best.from;
    let leads_there = place.region.as_ref() == Some(&best.region) && provider.name == resource.provider.name;
    leads_there.then(|| Through {
        provider: provider.clone(),
        region: best.region.clone(),
        account: place.account.clone(),
        kind: resource.address.kind.clone(),
    })
}

/// Where the kind of a resource does something to the resource itself.
pub(crate) fn here(resource: &Component) -> Option<Through> {
    let Component { provider, place, .. } = resource;
    Some(Through {
        provider: provider.clone(),
        region: place.region.clone()?,
        account: place.account.clone(),
        kind: resource.address.kind.clone(),
    })
}

/// Nothing leads home.
fn not_copied(name: &Name, resource: &Component, rejected: Vec<Rejected>, home: &Home) -> Infeasible {
    Infeasible {
        datastore: name.clone(),
        resource: Some(resource.address.clone()),
        why: format!("nothing copies what {} holds to {}", resource.address, home.region),
        rejected,
        help: format!(
            "Declare what does, or what to do by hand: drctl finds nothing that copied {} and could be turned round.",
            home.was
        ),
    }
}

/// `homes` are the lost regions that hold the data or a copy of it.
fn no_way(
    input: &Input<'_>,
    name: &Name,
    resource: &Component,
    rejected: Vec<Rejected>,
    homes: BTreeSet<String>,
) -> Infeasible {
    let absent = |r: &&Rejected| {
        let from = r.from.parse().ok().and_then(|address| input.components.get(&address));
        from.is_some_and(|c| c.seen == Seen::Absent)
    };
    let never_applied: Vec<String> = rejected.iter().filter(absent).map(|r| r.from.clone()).collect();
    let lost = homes.iter().cloned().collect::<Vec<_>>().join(" and ");
    let why = match (rejected.is_empty(), lost.as_str()) {
        (true, "") => format!("nothing else protects {}", resource.address),
        (true, lost) => format!("nothing outside of {lost} protects {}", resource.address),
        (false, "") => format!("no protection of {} helps after this loss", resource.address),
        (false, lost) => format!("no protection of {} is left after the loss of {lost}", resource.address),
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
        resource: Some(resource.address.clone()),
        why,
        rejected,
        help: match any.as_str() {
            "" => format!("Before the next time: {before}."),
            any => format!("If {any} comes back, the data is there. Before the next time: {before}."),
        },
    }
}

fn worse_than(best: &Candidate<'_>, other: &Candidate<'_>) -> String {
    match (best.loss, other.loss) {
        (Some(best), Some(other)) if other > best => {
            format!("loses {} more", readable(other.as_secs() - best.as_secs()))
        }
        (Some(_), None) => "its loss of data has no bound".to_owned(),
        _ if other.doubt.is_some() && best.doubt.is_none() => "it was not observed".to_owned(),
        _ => "not better, and slower, in another region or later by name".to_owned(),
    }
}

/// Seconds of its steps until it is in use again, one after the other, all of them unlucky.
fn takes(steps: &[RecoveryStep]) -> i64 {
    let in_time = steps.iter().filter(|s| s.phase.is_downtime());
    in_time.map(|s| s.estimate.p95.as_secs()).sum()
}

fn choice(
    input: &Input<'_>,
    (name, resource): (&Name, &Component),
    best: &Candidate<'_>,
    rejected: Vec<Rejected>,
) -> Choice {
    Choice {
        datastore: name.clone(),
        resource: Some(resource.address.clone()),
        from: best.from.address.to_string(),
        mechanism: best.mechanism.clone(),
        region: Some(best.region.clone()),
        size_bytes: None,
        point: best.point,
        data_loss_s: best.loss.map(|l| l.as_secs()),
        data_loss_source: best.loss_source.clone(),
        step: None,
        why: match rejected.len() {
            0 => "the only way back that was found".to_owned(),
            _ => match input.prefer {
                Prefer::Rpo => "the newest data outside of the loss".to_owned(),
                Prefer::Rto => "the fastest way back outside of the loss".to_owned(),
            },
        },
        came_back: None,
        rejected,
        window: best.window(),
    }
}

/// What holds the data then: something of the new name where a step makes it, else what it comes back from.
fn came_back(
    (datastore, resource): (&Name, &Component),
    best: &Candidate<'_>,
    steps: &[RecoveryStep],
    named: Named<'_>,
) -> Option<CameBack> {
    let id = named.of(&resource.id.0);
    let makes = |step: &RecoveryStep| step.phase == Phase::Restore && step.command.contains(&id);
    let now = match steps.iter().any(makes) {
        true => Now::Made { provider: best.from.provider.clone(), id },
        false if best.from.address != resource.address => Now::Declared(best.from.address.clone()),
        false => return None,
    };
    Some(CameBack {
        datastore: datastore.clone(),
        was: resource.address.clone(),
        was_in: resource.place.region.clone(),
        now,
        region: best.region.clone(),
    })
}
