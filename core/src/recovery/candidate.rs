//! Ways back for one datastore: every protection of any component that covers its resource, with
//! what would be lost by it, or the reason why it cannot be used now.

use jiff::{SignedDuration, Timestamp};

use super::inventory::Components;
use super::lost::Lost;
use super::model::{Component, Rejected, Seen};
use super::planner::{before_any_run, readable};
use crate::provider::{Kept, Protection, RecoveryStep, Subject, Target, Window};
use crate::value::Value;

/// What ways back are looked for with.
pub(crate) struct Ask<'a> {
    /// All resources.
    pub(crate) components: &'a Components,
    /// The newest instant that will do; none for the newest there is.
    pub(crate) until: Option<Timestamp>,
    /// Since when the data is wrong, where that is known.
    pub(crate) wrong_since: Option<Timestamp>,
    /// The time of planning.
    pub(crate) now: Timestamp,
    /// What is lost; with none no way back is taken away.
    pub(crate) lost: Option<&'a Lost<'a>>,
}

/// One way back.
pub(crate) struct Candidate<'a> {
    /// What it comes back from.
    pub(crate) from: &'a Component,
    /// The protection as the kind states it.
    pub(crate) protection: Protection,
    /// In words.
    pub(crate) mechanism: String,
    /// Where the data is.
    pub(crate) region: String,
    /// The point in time; none for a live replica.
    pub(crate) point: Option<Timestamp>,
    /// What is lost; none when unbounded.
    pub(crate) loss: Option<SignedDuration>,
    /// How that is known.
    pub(crate) loss_source: String,
    /// Why it cannot be used.
    pub(crate) refused: Option<String>,
    /// What could not be observed of it.
    pub(crate) doubt: Option<String>,
}

impl Candidate<'_> {
    /// As a rejected way back.
    pub(crate) fn rejected(&self, why: impl Into<String>) -> Rejected {
        Rejected {
            point: self.point,
            data_loss_s: self.loss.map(|loss| loss.as_secs()),
            window: self.window(),
            ..Rejected::new(self.from.address.to_string(), &self.mechanism, why)
        }
    }

    /// From when until when it has points.
    pub(crate) fn window(&self) -> Option<Window> {
        match &self.protection {
            Protection::PointInTime { window, .. } | Protection::ReplicatedBackups { window, .. } => {
                window.clone()
            }
            Protection::Snapshot { .. }
            | Protection::Versions { .. }
            | Protection::Replica { .. }
            | Protection::ReplicatesTo { .. } => None,
        }
    }
}

/// A component as its kind wants to see it.
pub(crate) fn subject(component: &Component) -> Subject<'_> {
    Subject {
        id: &component.id,
        attributes: &component.attributes,
        outputs: &component.outputs,
        place: &component.place,
    }
}

/// What is restored gets a name that is not in use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'n> {
    /// The name that is written.
    pub(crate) into: Option<&'n str>,
    /// The id of the run, which the name carries when none is written.
    pub(crate) run: &'n str,
}

impl Named<'_> {
    pub(crate) fn of(self, old: &str) -> String {
        self.into.map_or_else(|| new_name(old, self.run), str::to_owned)
    }
}

/// The steps of the resource's kind that bring it back from there, under its new name.
pub(crate) fn steps(
    input: &Ask<'_>,
    resource: &Component,
    candidate: &Candidate<'_>,
    named: Named<'_>,
) -> Result<Vec<RecoveryStep>, &'static str> {
    let target = Target {
        region: candidate.region.clone(),
        name: named.of(&resource.id.0),
        at: candidate.point,
        now: input.now,
    };
    let steps = resource.kind.recover(&subject(resource), &candidate.protection, &target);
    if steps.is_empty() { Err("drctl knows no steps that bring it back from there") } else { Ok(steps) }
}

/// A name that was never used: the old one, cut to fit into 63 characters, and the run's id.
fn new_name(old: &str, run: &str) -> String {
    let room = 63 - run.len() - 1;
    let old = before_any_run(old);
    let kept: String = old.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(room).collect();
    format!("{}-{run}", kept.trim_end_matches('-'))
}

/// All ways back for the resource, in the order of the components.
pub(crate) fn candidates<'a>(input: &Ask<'a>, resource: &'a Component) -> Vec<Candidate<'a>> {
    let mut found: Vec<Candidate<'_>> = Vec::new();
    for (holder, protections) in input.components.protecting(resource) {
        for protection in protections {
            let Some(candidate) = covering(input, resource, holder, protection) else { continue };
            let candidate = judged(input.lost, candidate);
            // A replica and what it follows both say so, and only the replica knows how far it is behind.
            match found.iter_mut().find(|other| is_same_replica(other, &candidate)) {
                Some(other) if other.loss.is_none() => *other = candidate,
                Some(_) => {}
                None => found.push(candidate),
            }
        }
    }
    found
}

/// Whether two are one replica, told by itself and by what it follows.
fn is_same_replica(one: &Candidate<'_>, other: &Candidate<'_>) -> bool {
    let replica = |c: &Candidate<'_>| match &c.protection {
        Protection::Replica { replica, .. } => Some(replica.clone()),
        Protection::PointInTime { .. }
        | Protection::ReplicatedBackups { .. }
        | Protection::Snapshot { .. }
        | Protection::Versions { .. }
        | Protection::ReplicatesTo { .. } => None,
    };
    replica(one).is_some_and(|named| replica(other) == Some(named))
}

/// Whether a protection held by `holder` covers the resource, and what it means then.
fn covering<'a>(
    input: &Ask<'a>,
    resource: &Component,
    holder: &'a Component,
    protection: &Protection,
) -> Option<Candidate<'a>> {
    let own = holder.address == resource.address;
    let named = |of: &str| names(resource, of);
    let candidate = match protection {
        Protection::PointInTime { region, window, .. } if own => Candidate {
            mechanism: format!("point-in-time recovery in {region}"),
            ..restorable(holder, region, window.as_ref(), input, protection.clone())
        },
        Protection::ReplicatedBackups { of, region, window, .. } if named(of) => Candidate {
            mechanism: format!("replicated automated backups in {region}"),
            ..restorable(holder, region, window.as_ref(), input, protection.clone())
        },
        Protection::Snapshot { of, snapshot, region, at } if named(of) => {
            let loss = at.map(|at| input.now.duration_since(at));
            Candidate {
                from: holder,
                mechanism: format!("snapshot {snapshot} in {region}"),
                region: region.clone(),
                point: *at,
                loss,
                loss_source: "age of the snapshot".to_owned(),
                refused: match (at, input.until) {
                    (None, _) => Some("it is not complete yet, or its age is not known".to_owned()),
                    (Some(taken), Some(at)) if *taken > at => Some(match input.wrong_since {
                        Some(since) if *taken >= since => {
                            format!("it is of {taken}, not before {since}, since when the data is wrong")
                        }
                        Some(_) | None => format!("it was taken after {at}"),
                    }),
                    (Some(_), _) => None,
                },
                doubt: None,
                protection: protection.clone(),
            }
        }
        Protection::Versions { region } if own => Candidate {
            from: holder,
            mechanism: format!("earlier object versions in {region}"),
            region: region.clone(),
            point: input.until,
            loss: input.until.map(|at| input.now.duration_since(at).max(SignedDuration::ZERO)),
            loss_source: "versions are kept in place".to_owned(),
            refused: too_old(input, holder, protection),
            doubt: None,
            protection: protection.clone(),
        },
        Protection::ReplicatesTo { to, rule, prefix, lag_max, .. } if own => {
            replica(input, holder, to, rule, prefix, *lag_max, protection.clone())
        }
        Protection::Replica { of, replica, region, lag_max } if named(of) => {
            follower(input, (resource, holder), (replica, region, *lag_max), protection.clone())
        }
        Protection::PointInTime { .. }
        | Protection::ReplicatedBackups { .. }
        | Protection::Snapshot { .. }
        | Protection::Versions { .. }
        | Protection::Replica { .. }
        | Protection::ReplicatesTo { .. } => return None,
    };
    Some(candidate)
}

/// Why the versions of that instant may be gone: they are kept for a while from when they were written over.
fn too_old(input: &Ask<'_>, holder: &Component, versions: &Protection) -> Option<String> {
    let at = input.until?;
    let kept = holder.kind.retention(&subject(holder), Kept::Points(versions)).gone_after?;
    if input.now.duration_since(at) <= kept {
        return None;
    }
    let kept = readable(kept.as_secs());
    Some(format!("it keeps for {kept} what was written over, and that of {at} may be gone"))
}

/// Whether a provider's name means this component: its id, or any of its outputs that is a name.
fn names(component: &Component, name: &str) -> bool {
    component.id.0 == name || component.outputs.get("arn").and_then(Value::as_str) == Some(name)
}

/// A way back to a moment within a window.
fn restorable<'a>(
    holder: &'a Component,
    region: &str,
    window: Option<&Window>,
    input: &Ask<'_>,
    protection: Protection,
) -> Candidate<'a> {
    let latest = window.and_then(|w| w.latest);
    let earliest = window.and_then(|w| w.earliest);
    let outside =
        input.until.filter(|at| latest.is_some_and(|l| *at > l) || earliest.is_some_and(|e| *at < e));
    let point = input.until.or(latest).filter(|_| outside.is_none());
    Candidate {
        from: holder,
        mechanism: String::new(),
        region: region.to_owned(),
        point,
        loss: point.map(|p| input.now.duration_since(p).max(SignedDuration::ZERO)),
        loss_source: match holder.seen {
            Seen::Present => "newest restorable time, read live".to_owned(),
            Seen::Absent | Seen::Unobserved(_) => "newest restorable time that was ever read".to_owned(),
        },
        refused: outside.map(|at| match (earliest, latest) {
            (Some(e), Some(l)) => format!("{at} is outside of its restorable window, {e} to {l}"),
            _ => format!("{at} is outside of its restorable window"),
        }),
        doubt: latest.is_none().then(|| "its restorable window was not observed".to_owned()),
        protection,
    }
}

/// What follows the resource and can take its place.
fn follower<'a>(
    input: &Ask<'a>,
    (resource, holder): (&Component, &'a Component),
    (replica, region, lag_max): (&str, &str, Option<SignedDuration>),
    protection: Protection,
) -> Candidate<'a> {
    let follows = input.components.called(replica).filter(|c| c.kind.name() == resource.kind.name());
    Candidate {
        from: follows.unwrap_or(holder),
        mechanism: match follows {
            Some(_) => format!("read replica in {region}"),
            None => format!("read replica {replica}"),
        },
        region: region.to_owned(),
        point: None,
        loss: lag_max,
        loss_source: match lag_max {
            Some(_) => "declared: the most that it is behind".to_owned(),
            None => "how far it is behind was not measured: what it lacks is lost".to_owned(),
        },
        refused: match follows {
            None => Some("it is not in this configuration, so nothing is known of it".to_owned()),
            Some(_) => input.until.map(|at| format!("a live replica has no past to go back to ({at})")),
        },
        doubt: None,
        protection,
    }
}

/// The replica bucket that a rule writes to.
fn replica<'a>(
    input: &Ask<'a>,
    source: &'a Component,
    to: &str,
    rule: &str,
    prefix: &str,
    lag_max: Option<SignedDuration>,
    protection: Protection,
) -> Candidate<'a> {
    let destination = input.components.called(to);
    let region = destination.and_then(|d| d.place.region.clone());
    let (loss, loss_source) = match (prefix.is_empty(), lag_max) {
        (false, _) => (None, format!("rule \"{rule}\" replicates only `{prefix}`: the rest has no copy")),
        (true, Some(lag)) => (Some(lag), "replication time control, 99.99 % of objects".to_owned()),
        (true, None) => (None, "no replication time control: the lag has no bound".to_owned()),
    };
    Candidate {
        from: destination.unwrap_or(source),
        mechanism: format!("replica written by rule \"{rule}\""),
        region: region.clone().unwrap_or_default(),
        point: None,
        loss,
        loss_source,
        refused: match (destination, region) {
            (None, _) => {
                Some(format!("its destination {to} is not in this configuration, so nothing is known of it"))
            }
            (Some(_), None) => Some("the region of its destination is not known".to_owned()),
            (Some(_), Some(_)) => {
                input.until.map(|at| format!("a live replica has no past to go back to ({at})"))
            }
        },
        doubt: (source.seen != Seen::Present)
            .then(|| format!("{} was not observed: its replication is taken as configured", source.address)),
        protection,
    }
}

/// Refuses what the loss takes away, and what is not there.
fn judged<'a>(lost: Option<&Lost<'_>>, mut candidate: Candidate<'a>) -> Candidate<'a> {
    if let Some(why) = lost.and_then(|lost| taken(lost, &candidate)) {
        candidate.refused = Some(why);
    } else if candidate.refused.is_none() {
        match &candidate.from.seen {
            Seen::Present => candidate.doubt = candidate.doubt.or_else(|| in_doubt(lost, candidate.from)),
            Seen::Absent => {
                candidate.refused =
                    Some("it is declared but does not exist: it was never applied".to_owned());
            }
            Seen::Unobserved(why) => candidate.doubt = Some(format!("it was not observed: {why}")),
        }
    }
    candidate
}

/// Why the loss takes it.
fn taken(lost: &Lost<'_>, candidate: &Candidate<'_>) -> Option<String> {
    if lost.loss.regions.contains(&candidate.region) {
        return Some(format!("it lives in {}, which is lost", candidate.region));
    }
    if let Protection::ReplicatesTo { key: Some(key), .. } = &candidate.protection
        && lost.loss.takes_key(key)
    {
        return Some(format!("it is encrypted with {key}, which is lost"));
    }
    let from = &candidate.from.address;
    lost.resource(from).map(|taken| format!("{from} {taken}"))
}

/// What nobody can tell of it after this loss.
fn in_doubt(lost: Option<&Lost<'_>>, from: &Component) -> Option<String> {
    let lost = lost?;
    if !lost.loss.accounts.is_empty() && from.place.account.is_none() {
        return Some("its account was not observed: it may be lost as well".to_owned());
    }
    let (by, lock) = lost.locked(&from.address)?;
    let length = crate::duration::text(lock.length);
    Some(format!(
        "what was written more than {length} ago is no longer locked ({}): credential.{by} may have deleted it",
        lock.fact
    ))
}
