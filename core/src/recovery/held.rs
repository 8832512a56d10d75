//! What protects a resource in the worst case, whatever is lost: the same ways back that recovery
//! chooses from, with what their kinds promise beside what was observed.

use jiff::{SignedDuration, Timestamp};

use super::candidate::{Ask, Candidate, Named, candidates, steps};
use super::inventory::Components;
use super::model::{Component, Seen};
use crate::addr::Address;
use crate::alert::Newest;
use crate::protection::Protection;

/// Something that protects a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What holds it.
    pub from: Address,
    /// In words.
    pub mechanism: String,
    /// Where it is.
    pub region: String,
    /// The most that can be lost by it; none when it has no bound or was not seen.
    pub worst: Option<SignedDuration>,
    /// Whether it has a bound that was only not observed.
    pub unseen: bool,
    /// How that is known.
    pub source: String,
    /// Whether it reaches back to before data went wrong.
    pub has_past: bool,
    /// Whether it stands in the resource itself and is lost with all its data.
    pub beside: bool,
    /// Why it does not help, whatever is lost.
    pub refused: Option<String>,
}

/// All that protects the resource, in the order of the components.
pub fn held(components: &Components, resource: &Address, now: Timestamp) -> Vec<Held> {
    let Some(subject) = components.get(resource) else { return Vec::new() };
    let ask = Ask { components, until: None, wrong_since: None, now, lost: None };
    candidates(&ask, subject).into_iter().map(|candidate| one(&ask, subject, candidate)).collect()
}

/// The newest moment that the resource can be restored to now, as the provider told it; none where nothing that
/// protects it has points in time.
pub fn newest(components: &Components, resource: &Address, now: Timestamp) -> Option<Newest> {
    let subject = components.get(resource)?;
    let ask = Ask { components, until: None, wrong_since: None, now, lost: None };
    let timed = |candidate: &Candidate<'_>| match &candidate.protection {
        Protection::PointInTime { .. }
        | Protection::ReplicatedBackups { .. }
        | Protection::Snapshot { .. } => true,
        Protection::Versions { .. } | Protection::ReplicatesTo { .. } | Protection::Replica { .. } => false,
    };
    let all: Vec<Candidate<'_>> = candidates(&ask, subject).into_iter().filter(timed).collect();
    let seen = |candidate: &&Candidate<'_>| candidate.from.seen == Seen::Present;
    let newest = all.iter().filter(seen).filter_map(|candidate| candidate.point).max();
    let unseen = all.iter().find_map(|candidate| match &candidate.from.seen {
        Seen::Unobserved(why) => Some(format!("{} was not observed: {why}", candidate.from.address)),
        Seen::Present => candidate.doubt.clone().filter(|_| candidate.point.is_none()),
        Seen::Absent => None,
    });
    match (newest, unseen) {
        _ if all.is_empty() => None,
        (newest, None) => Some(Newest::Seen(newest)),
        (Some(at), Some(why)) => Some(Newest::NotBefore(at, why)),
        (None, Some(why)) => Some(Newest::Unobserved(why)),
    }
}

fn one(input: &Ask<'_>, resource: &Component, candidate: Candidate<'_>) -> Held {
    let refused = candidate.refused.clone();
    let named = Named { into: None, run: "" };
    let refused = refused.or_else(|| steps(input, resource, &candidate, named).err().map(str::to_owned));
    let seen = candidate.loss;
    let (worst, source) = match &candidate.protection {
        Protection::PointInTime { lag_max, .. } => match (lag_max, seen) {
            (Some(lag), Some(seen)) if seen > *lag => (Some(seen), candidate.loss_source),
            (Some(lag), _) => (Some(*lag), "promised by the provider".to_owned()),
            (None, seen) => (seen, candidate.loss_source),
        },
        Protection::ReplicatedBackups { .. } => (seen, candidate.loss_source),
        Protection::Snapshot { .. } => {
            (None, "made by hand: nothing says when the next one is made".to_owned())
        }
        // Whatever the instant, there is a version of it.
        Protection::Versions { .. } => (Some(SignedDuration::ZERO), candidate.loss_source),
        Protection::ReplicatesTo { .. } | Protection::Replica { .. } => (seen, candidate.loss_source),
    };
    Held {
        from: candidate.from.address.clone(),
        mechanism: candidate.mechanism,
        region: candidate.region,
        unseen: worst.is_none() && candidate.protection.is_measured(),
        worst,
        source,
        has_past: candidate.protection.has_past(),
        beside: candidate.protection.stands_with_the_data(),
        refused,
    }
}
