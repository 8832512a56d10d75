//! The most data that can be lost: of the mechanisms that the scenario leaves, the best one; of each
//! its largest gap, the time one takes, the way to its destination, and how late wrong data is noticed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Case, Input, Judgement, Metric, Term, Worst};
use crate::addr::Name;
use crate::recovery::choose::{EMPTIED, FOLLOWS};
use crate::recovery::dependents::Protects;
use crate::recovery::{Held, Inventory, Lost, groups};
use crate::span::Span;
use crate::system::{
    Backup, Datastore, Declared, Destination, Method, Newest, Scenario, System, Took, in_order,
};

/// Every datastore that the scenario hits.
pub(super) fn judge(input: &Input<'_>, case: &Case<'_>) -> Vec<Judgement<Span>> {
    let Case { name, scenario, lost, ground, .. } = *case;
    if lost.hit.datastores.is_empty() {
        return Vec::new();
    }
    let prescribed = prescribed(input.system, scenario, lost);
    let nothing = BTreeMap::new();
    let hit = input.system.datastores.iter().filter(|(name, _)| lost.hit.datastores.contains_key(*name));
    let judged = hit.map(|(datastore, declared)| {
        let [objective, maximum] = case.rpo(datastore);
        let prescribed = prescribed.get(datastore).unwrap_or(&nothing);
        let backups = ground.dependents.backups(datastore);
        let worst = |inventory: &Inventory<'_>| {
            worst(input, (datastore, declared), (lost, prescribed, backups), inventory)
        };
        let (before, derivation) = worst(&ground.now);
        // Of what comes back the same way nothing else is lost then.
        let then = ground.then.as_ref().filter(|_| ground.differ.contains(datastore));
        let (after, derivation) = then.map_or((before, derivation), worst);
        Judgement {
            subject: format!("datastore.{datastore}"),
            scenario: name.clone(),
            metric: Metric::Rpo,
            status: after.judge(objective.as_ref().map(|o| o.most_s)),
            objective,
            maximum,
            before,
            after,
            derivation,
        }
    });
    together(input.system, judged.collect())
}

/// Datastores of a group are only of use when they come back to the same moment, so each loses what the
/// worst of them loses.
fn together(system: &System, mut judged: Vec<Judgement<Span>>) -> Vec<Judgement<Span>> {
    for (group, members) in groups(system) {
        let kept = |name: &&&Name| !system.datastores[**name].is.rebuildable;
        let subjects: Vec<String> = members.iter().filter(kept).map(|n| format!("datastore.{n}")).collect();
        let own = |one: &Judgement<Span>| subjects.contains(&one.subject);
        let all = |of: fn(&Judgement<Span>) -> Worst| {
            let of_group = judged.iter().filter(|one| own(one));
            of_group.map(of).fold(Worst::NOTHING, Worst::beside)
        };
        let (before, after) = (all(|one| one.before), all(|one| one.after));
        for one in judged.iter_mut().filter(|one| subjects.contains(&one.subject)) {
            if (one.before, one.after) == (before, after) {
                continue;
            }
            let written = one.subject.strip_prefix("datastore.").and_then(|name| {
                let (_, declared) = system.datastores.iter().find(|(n, _)| n.as_str() == name)?;
                Some(declared.written.at(&["group"]))
            });
            one.derivation.push(Term {
                what: format!("with all of group {group}, to the same moment"),
                adds: after,
                source: "declared: group".to_owned(),
                struck: None,
                at: written,
            });
            (one.before, one.after) = (before, after);
            one.status = after.judge(one.objective.as_ref().map(|o| o.most_s));
        }
    }
    judged
}

/// The backups that something is restored from, each with the procedure that says so.
type Prescribed<'s> = BTreeMap<&'s Name, &'s Name>;

/// The backups that the procedures of the scenario restore each datastore from. Of one with none the best
/// is taken.
fn prescribed<'s>(
    system: &'s System,
    scenario: &'s Declared<Scenario>,
    lost: &Lost<'_>,
) -> BTreeMap<&'s Name, Prescribed<'s>> {
    let services = system.services.iter().filter(|(name, _)| lost.hit.services.contains_key(*name));
    let own = || services.filter_map(|(_, service)| service.is.recover.as_ref()).collect::<Vec<_>>();
    let followed = scenario.is.recover.as_ref().map_or_else(own, |all| all.iter().collect());
    let mut found: BTreeMap<&Name, Prescribed<'_>> = BTreeMap::new();
    for procedure in followed {
        for at in in_order(system, &procedure.0) {
            if let (Some(restored), Some(from)) = (&at.step.restore, &at.step.from) {
                found.entry(&restored.0).or_default().entry(&from.0).or_insert(at.procedure);
            }
        }
    }
    found
}

/// Why what would help is not used: the procedures say what is restored from. What a kind provides bears
/// no name of a backup.
fn passed_over(prescribed: &Prescribed<'_>, name: Option<&Name>) -> Option<String> {
    let (other, procedure) = prescribed.first_key_value()?;
    let unused = !name.is_some_and(|name| prescribed.contains_key(name));
    unused.then(|| format!("procedure {procedure} restores from backup.{other}"))
}

/// The worst case of a datastore, and how it comes to that.
fn worst(
    input: &Input<'_>,
    (name, datastore): (&Name, &Declared<Datastore>),
    (lost, prescribed, backups): (&Lost<'_>, &Prescribed<'_>, &[Protects<'_>]),
    inventory: &Inventory<'_>,
) -> (Worst, Vec<Term<Span>>) {
    if datastore.is.rebuildable {
        let term = Term {
            what: "nothing is lost: it is made anew from other data".to_owned(),
            adds: Worst::NOTHING,
            source: "declared: rebuildable".to_owned(),
            struck: None,
            at: Some(datastore.written.at(&["rebuildable"])),
        };
        return (Worst::NOTHING, vec![term]);
    }
    let (mut best, mut terms) = (Worst::NO_WAY, Vec::new());
    for Protects { name: backup, declared, method } in backups {
        let measured = input.system.measured.backup(backup);
        let mechanism = Mechanism { name: backup, declared, method, held_by: name, prescribed, measured };
        for (worst, mut found) in mechanism.worst(input, lost) {
            best = best.or(worst);
            terms.append(&mut found);
        }
    }
    if let Some(resource) = &datastore.is.resource {
        for mechanism in inventory.held(&resource.0, input.now) {
            let struck = struck(mechanism, lost, name).or_else(|| passed_over(prescribed, None));
            let adds = mechanism.worst.map_or(Worst::UNBOUNDED, Worst::of);
            let adds = if mechanism.unseen { Worst::stated(None) } else { adds };
            let adds = adds.and_then(noticed(lost, name));
            if struck.is_none() {
                best = best.or(adds);
            }
            let (what, source) = (mechanism.mechanism.clone(), mechanism.source.clone());
            terms.push(Term { what, adds, source, struck, at: None });
        }
    }
    if terms.is_empty() {
        terms.push(Term {
            what: "no backup and no copy is declared or known".to_owned(),
            adds: Worst::NO_WAY,
            source: "declared".to_owned(),
            struck: None,
            at: Some(datastore.written.span),
        });
    }
    (best, terms)
}

/// How late wrong data is noticed: what is written since is lost with it.
fn noticed(lost: &Lost<'_>, datastore: &Name) -> Worst {
    match lost.loss.data.get(datastore) {
        Some(within) => Worst::stated(within.map(SignedDuration::from_secs)),
        None => Worst::NOTHING,
    }
}

/// Why what a resource's kind states does not help.
fn struck(held: &Held, lost: &Lost<'_>, datastore: &Name) -> Option<String> {
    if lost.loss.regions.contains(&held.region) {
        return Some(format!("it is in {}, which is lost", held.region));
    }
    if let Some(taken) = lost.resource(&held.from) {
        return Some(format!("{} {taken}", held.from));
    }
    if held.beside && lost.emptied(datastore) {
        return Some(EMPTIED.to_owned());
    }
    if lost.loss.data.contains_key(datastore) && !held.has_past {
        return Some(FOLLOWS.to_owned());
    }
    held.refused.clone()
}

/// How old the newest data in a backup can get.
struct Age {
    gap: Worst,
    source: String,
    at: Option<Span>,
    /// The time that one takes, where that counts.
    takes: Option<(Worst, Option<Span>)>,
}

/// Why what is locked may be deleted all the same: the newest may be older than its lock.
fn unlocked(age: &Age, to: Option<&Destination>, lost: &Lost<'_>) -> Option<String> {
    let (by, lock) = lost.locked(&to?.bucket.as_ref()?.0)?;
    let takes = age.takes.map_or(Worst::NOTHING, |(takes, _)| takes);
    let transfer = to?.transfer.map_or(Worst::NOTHING, Worst::of);
    let outlives = age
        .gap
        .and_then(takes)
        .and_then(transfer)
        .high_s
        .is_some_and(|oldest| oldest <= lock.length.as_secs());
    let length = crate::duration::text(lock.length);
    (!outlives).then(|| {
        format!("it is locked for {length} ({}), and credential.{by} may delete it after that", lock.fact)
    })
}

/// A declared backup of a datastore.
struct Mechanism<'a> {
    name: &'a Name,
    declared: &'a Declared<Backup>,
    method: &'a Method<'a>,
    held_by: &'a Name,
    /// What the scenario's procedures restore from.
    prescribed: &'a Prescribed<'a>,
    /// How long it took when it was made.
    measured: Option<Took>,
}

impl Mechanism<'_> {
    /// For each place that it is kept in, the worst case and how it comes to that.
    fn worst(&self, input: &Input<'_>, lost: &Lost<'_>) -> Vec<(Worst, Vec<Term<Span>>)> {
        let to = &self.declared.is.to;
        let nowhere = to.is_empty().then_some(None);
        let mut found = Vec::new();
        for place in to.iter().enumerate().map(Some).chain(nowhere) {
            let destination = place.map(|(_, d)| d);
            let struck = lost.kept((self.name, &self.declared.is), destination);
            let back = lost.loss.data.get(self.held_by).copied().flatten().unwrap_or_default();
            let there = destination.and_then(|d| d.keep);
            let newest = self.method.newest(input.now, there, SignedDuration::from_secs(back));
            let struck = struck.or_else(|| newest.as_ref().err().cloned());
            let struck = struck.or_else(|| passed_over(self.prescribed, Some(self.name)));
            let age = self.age(newest.unwrap_or(Newest::Base), input.now);
            let struck = struck.or_else(|| unlocked(&age, destination, lost));
            found.push(self.at_place(lost, place, age, struck));
        }
        found
    }

    /// How old the newest data in it can get: since the last one, and until that one is done.
    fn age(&self, newest: Newest, now: Timestamp) -> Age {
        let method = self.method;
        let at = |attribute: &str| Some(self.declared.written.at(&[method.block, attribute]));
        match newest {
            Newest::Log(log) => Age {
                gap: Worst::of(log.every),
                source: format!("its log is archived every {} at least", crate::duration::text(log.every)),
                at: at("archive_every"),
                takes: None,
            },
            Newest::Base => Age {
                gap: method.gap(now).map_or(Worst::UNBOUNDED, |gap| Worst::of(gap.length)),
                source: format!("largest gap of {}", method.schedules()),
                at: at(method.bases.first().map_or("schedule", |(name, _)| name)),
                takes: Some((Worst::stated(method.takes), at("takes"))),
            },
        }
    }

    /// The worst case at one place, and how it comes to that.
    fn at_place(
        &self,
        lost: &Lost<'_>,
        place: Option<(usize, &Destination)>,
        age: Age,
        struck: Option<String>,
    ) -> (Worst, Vec<Term<Span>>) {
        let to = |n: usize| Some(self.declared.written.at(&["to", &n.to_string()]));
        let (what, transfer, span) = match place {
            None => (format!("backup.{}, beside the data", self.name), Worst::NOTHING, age.at),
            Some((n, destination)) => (
                format!("backup.{} in {}", self.name, destination.name),
                destination.transfer.map_or(Worst::NOTHING, Worst::of),
                to(n).filter(|_| n > 0).or(age.at),
            ),
        };
        let mut terms =
            vec![Term { what, adds: age.gap, source: age.source, struck: struck.clone(), at: span }];
        if struck.is_some() {
            return (Worst::NO_WAY, terms);
        }
        let mut worst = age.gap;
        let mut add = |what: &str, adds: Worst, source: &str, span| {
            worst = worst.and_then(adds);
            let (what, source) = (format!("  + {what}"), source.to_owned());
            terms.push(Term { what, adds, source, struck: None, at: span });
        };
        if let Some((takes, at)) = age.takes {
            let source = match (self.measured, takes.high_s) {
                (Some(took), _) => took.source(),
                (None, Some(_)) => "declared".to_owned(),
                (None, None) => "not declared: `takes`".to_owned(),
            };
            add("the time one takes", takes, &source, at);
        }
        if transfer != Worst::NOTHING {
            add("until it is there", transfer, "declared", place.and_then(|(n, _)| to(n)));
        }
        if lost.loss.data.contains_key(self.held_by) {
            let late = noticed(lost, self.held_by);
            let source = if late.high_s.is_some() { "declared" } else { "not declared: `noticed_within`" };
            add("until wrong data is noticed", late, source, None);
        }
        (worst, terms)
    }
}
