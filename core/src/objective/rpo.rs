//! The most data that can be lost: of the mechanisms that the scenario leaves, the best one; of each
//! its largest gap, the time one takes, the way to its destination, and how late wrong data is noticed.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{Input, Judgement, Lost, Metric, Term, Worst, promise, with_dependents};
use crate::addr::Name;
use crate::recovery::backups::gone;
use crate::recovery::{Component, Held, held};
use crate::span::Span;
use crate::system::{Backup, Datastore, Declared, Destination, Scenario, System, in_order};

/// Every datastore that the scenario hits.
pub(super) fn judge(
    input: &Input<'_>,
    (name, scenario): (&Name, &Declared<Scenario>),
    lost: &Lost,
) -> Vec<Judgement<Span>> {
    let hit = input.system.datastores.iter().filter(|(name, _)| lost.hit.datastores.contains_key(*name));
    let judged = hit.map(|(datastore, declared)| {
        let users = input.system.services.iter();
        let users = users.filter(|(_, s)| s.is.data.iter().flatten().any(|d| d.0 == *datastore));
        let services = with_dependents(input.system, users.map(|(name, _)| name));
        let objective = promise(input.system, scenario, &services, ("rpo", |o| o.rpo));
        let maximum = promise(input.system, scenario, &services, ("maximum_rpo", |o| o.maximum_rpo));
        let prescribed = prescribed(input.system, scenario, lost, datastore);
        let worst = |components| worst(input, (datastore, declared), (lost, &prescribed), components);
        let ((before, _), (after, derivation)) = (worst(input.now_is), worst(input.then_is));
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
    judged.collect()
}

/// The backups that the procedures of the scenario restore the datastore from, each with its procedure.
/// With none the best one is taken.
fn prescribed<'s>(
    system: &'s System,
    scenario: &'s Declared<Scenario>,
    lost: &Lost,
    datastore: &Name,
) -> BTreeMap<&'s Name, &'s Name> {
    let services = system.services.iter().filter(|(name, _)| lost.hit.services.contains_key(*name));
    let own = || services.filter_map(|(_, service)| service.is.recover.as_ref()).collect::<Vec<_>>();
    let followed = scenario.is.recover.as_ref().map_or_else(own, |all| all.iter().collect());
    let mut found = BTreeMap::new();
    for procedure in followed {
        for at in in_order(system, &procedure.0) {
            if let (Some(restored), Some(from)) = (&at.step.restore, &at.step.from)
                && restored.0 == *datastore
            {
                found.entry(&from.0).or_insert(at.procedure);
            }
        }
    }
    found
}

/// The worst case of a datastore, and how it comes to that.
fn worst(
    input: &Input<'_>,
    (name, datastore): (&Name, &Declared<Datastore>),
    (lost, prescribed): (&Lost, &BTreeMap<&Name, &Name>),
    components: &[Component],
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
    for (backup, declared) in input.system.backups.iter().filter(|(_, b)| b.is.of.0 == *name) {
        let mechanism = Mechanism { name: backup, declared, held_by: name, prescribed };
        for (worst, mut found) in mechanism.worst(input, lost, components) {
            best = best.or(worst);
            terms.append(&mut found);
        }
    }
    if let Some(resource) = &datastore.is.resource {
        for mechanism in held(components, &resource.0, input.now) {
            let struck = struck(&mechanism, lost, name, components);
            let adds = mechanism.worst.map_or(Worst::UNBOUNDED, Worst::of);
            let adds = if mechanism.unseen { Worst::stated(None) } else { adds };
            let adds = adds.and_then(noticed(lost, name));
            if struck.is_none() {
                best = best.or(adds);
            }
            let Held { mechanism: what, source, .. } = mechanism;
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
fn noticed(lost: &Lost, datastore: &Name) -> Worst {
    match lost.loss.data.get(datastore) {
        Some(within) => Worst::stated(within.map(SignedDuration::from_secs)),
        None => Worst::NOTHING,
    }
}

/// Why what a resource's kind states does not help.
fn struck(held: &Held, lost: &Lost, datastore: &Name, components: &[Component]) -> Option<String> {
    if lost.loss.regions.contains(&held.region) {
        return Some(format!("it is in {}, which is lost", held.region));
    }
    if lost.takes(&held.from, components) {
        return Some(format!("{} is lost", held.from));
    }
    if lost.loss.data.contains_key(datastore) && !held.has_past {
        return Some("it follows what is wrong: it keeps no past".to_owned());
    }
    held.refused.clone()
}

/// A declared backup of a datastore.
struct Mechanism<'a> {
    name: &'a Name,
    declared: &'a Declared<Backup>,
    held_by: &'a Name,
    /// What the scenario's procedures restore from.
    prescribed: &'a BTreeMap<&'a Name, &'a Name>,
}

impl Mechanism<'_> {
    /// For each place that it is kept in, the worst case and how it comes to that.
    fn worst(
        &self,
        input: &Input<'_>,
        lost: &Lost,
        components: &[Component],
    ) -> Vec<(Worst, Vec<Term<Span>>)> {
        let Backup { external, to, .. } = &self.declared.is;
        let exposure = external.exposure(input.now);
        let gap = exposure.gap.map_or(Worst::UNBOUNDED, |gap| Worst::of(gap.length));
        let at = |path: &[&str]| Some(self.declared.written.at(path));
        let made = gap.and_then(Worst::stated(external.takes)).and_then(noticed(lost, self.held_by));
        let takes = match external.takes {
            Some(_) => "declared",
            None => "not declared: `takes`",
        };
        let mut found = Vec::new();
        let nowhere = to.is_empty().then_some(None);
        for (number, place) in to.iter().enumerate().map(|(n, d)| Some((n, d))).chain(nowhere).enumerate() {
            let (what, transfer, span) = match place {
                None => (
                    format!("backup.{}, beside the data", self.name),
                    Worst::NOTHING,
                    at(&["external", "schedule"]),
                ),
                Some((n, destination)) => (
                    format!("backup.{} in {}", self.name, destination.name),
                    destination.transfer.map_or(Worst::NOTHING, Worst::of),
                    at(&["to", &n.to_string()])
                        .filter(|_| number > 0)
                        .or_else(|| at(&["external", "schedule"])),
                ),
            };
            let known = (input.system, &lost.loss, &lost.hit);
            let struck = gone(known, &self.declared.is, place.map(|(_, d)| d), components);
            let struck = struck.or_else(|| self.too_short(place.map(|(_, d)| d), lost));
            let struck = struck.or_else(|| self.passed_over());
            let worst = match &struck {
                Some(_) => Worst::NO_WAY,
                None => made.and_then(transfer),
            };
            let mut terms = vec![Term {
                what,
                adds: gap,
                source: format!("largest gap of {}", external.schedule),
                struck: struck.clone(),
                at: span,
            }];
            let mut add = |what: &str, adds: Worst, source: &str, span| {
                let (what, source) = (format!("  + {what}"), source.to_owned());
                terms.push(Term { what, adds, source, struck: None, at: span });
            };
            if struck.is_none() {
                add("the time one takes", Worst::stated(external.takes), takes, at(&["external", "takes"]));
                if transfer != Worst::NOTHING {
                    add("until it is there", transfer, "declared", at(&["to"]));
                }
                if lost.loss.data.contains_key(self.held_by) {
                    let late = noticed(lost, self.held_by);
                    let source =
                        if late.high_s.is_some() { "declared" } else { "not declared: `noticed_within`" };
                    add("until wrong data is noticed", late, source, None);
                }
            }
            found.push((worst, terms));
        }
        found
    }

    /// Why a backup that would help is not used.
    fn passed_over(&self) -> Option<String> {
        let (other, procedure) = self.prescribed.first_key_value()?;
        let unused = !self.prescribed.contains_key(self.name);
        unused.then(|| format!("procedure {procedure} restores from backup.{other}"))
    }

    /// Why it does not reach back to before the data went wrong.
    fn too_short(&self, to: Option<&Destination>, lost: &Lost) -> Option<String> {
        let within = SignedDuration::from_secs((*lost.loss.data.get(self.held_by)?)?);
        let keep = to.and_then(|d| d.keep).or(self.declared.is.external.keep)?;
        (keep < within).then(|| {
            let (keep, within) = (crate::duration::text(keep), crate::duration::text(within));
            format!("it is kept for {keep}, and wrong data may go unnoticed for {within}")
        })
    }
}
