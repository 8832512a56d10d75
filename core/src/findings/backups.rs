//! Backups: where they are kept, how well, and what nobody has said of them.

use std::collections::{BTreeMap, BTreeSet};

use super::domains::Domain;
use super::{Finding, RuleId, Subject, listed};
use crate::addr::Name;
use crate::diag::Severity;
use crate::lang::expr::{Expr, ExprKind};
use crate::system::{Backup, Declared, Kept};
use crate::value::Value;

/// What keeps a bucket's earlier or other copies.
const PROTECTING: [&str; 3] = ["versioning", "object_lock", "replication"];

/// Backups that are lost with their data, stores that nothing protects, durations that nobody has declared.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    beside(subject, found);
    for (name, backup) in &subject.system.backups {
        stores(subject, (name, backup), found);
        durations((name, backup), found);
    }
}

/// What takes a datastore and its backup at once.
enum Beside {
    Nowhere,
    Shares { domain: Domain, narrowest: bool },
}

fn beside(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut all: BTreeMap<&Name, Beside> = BTreeMap::new();
    let mut elsewhere: BTreeSet<&Name> = BTreeSet::new();
    for (name, backup) in &subject.system.backups {
        let Some(datastore) = subject.system.datastores.get(&backup.is.of.0) else { continue };
        match shared(subject, &backup.is) {
            _ if datastore.is.rebuildable => {}
            Some(beside) => drop(all.insert(name, beside)),
            None => drop(elsewhere.insert(&backup.is.of.0)),
        }
    }
    for (name, beside) in all {
        let backup = &subject.system.backups[name];
        let of = &backup.is.of.0;
        let (summary, span, severity) = match &beside {
            Beside::Nowhere => (
                format!("It is kept nowhere but beside datastore.{of}"),
                backup.written.span,
                Severity::Error,
            ),
            Beside::Shares { domain, narrowest } => (
                format!("One loss takes datastore.{of} and all that is kept of it here: {domain}"),
                backup.written.at(&["to"]),
                if *narrowest { Severity::Error } else { Severity::Warning },
            ),
        };
        let finding = Finding::new(RuleId::BackupBesideData, format!("backup.{name}"), span, summary)
            .fix("Keep a copy outside: a `to` at another site or in a bucket of another region.");
        found.push(if elsewhere.contains(of) {
            finding
                .why("Another backup of the same data is kept elsewhere; this one does not help after that loss.")
                .graded(Severity::Note)
        } else {
            finding.why("No backup is left when that happens.").graded(severity)
        });
    }
}

/// The narrowest domain that the data and all of its places share.
fn shared(subject: &Subject<'_>, backup: &Backup) -> Option<Beside> {
    if backup.to.is_empty() {
        return Some(Beside::Nowhere);
    }
    let datastore = subject.system.datastores.get(&backup.of.0)?;
    let places: Vec<Vec<Domain>> = backup.to.iter().map(|to| subject.domains_of_destination(to)).collect();
    let own = subject.domains_of_datastore(&datastore.is);
    let at = own.iter().position(|domain| places.iter().all(|place| place.contains(domain)))?;
    Some(Beside::Shares { domain: own[at].clone(), narrowest: at == 0 })
}

/// Buckets of this configuration in which a backup can be overwritten and deleted for good.
fn stores(subject: &Subject<'_>, (name, backup): (&Name, &Declared<Backup>), found: &mut Vec<Finding>) {
    for (number, to) in backup.is.to.iter().enumerate() {
        let Some(address) = to.bucket.as_ref().map(|b| &b.0) else { continue };
        let Some(resource) = subject.config.resource(&address.kind, &address.name) else { continue };
        let suspended = |expr: &Expr| expr.kind == ExprKind::Literal(Value::from("Suspended"));
        let protects = |attribute: &str| resource.attributes.get(attribute).is_some_and(|e| !suspended(e));
        if PROTECTING.iter().any(|attribute| protects(attribute)) {
            continue;
        }
        let span = backup.written.at(&["to", &number.to_string(), "bucket"]);
        let summary = format!("{address} keeps backups and has no versioning, Object Lock or replication");
        found.push(
            Finding::new(
                RuleId::UnprotectedBackupStore,
                format!("backup.{name} to {}", to.name),
                span,
                summary,
            )
            .why("Whoever may write there can overwrite and delete every backup, by mistake or not.")
            .fix("Set `versioning` and `object_lock` for the time the backups are needed, or replicate it."),
        );
    }
}

fn durations((name, backup): (&Name, &Declared<Backup>), found: &mut Vec<Finding>) {
    let method = backup.is.method();
    let kept = |to: &crate::system::Destination| to.keep.is_some();
    let kept = !backup.is.to.is_empty() && backup.is.to.iter().all(kept);
    let mut missing = Vec::new();
    if method.takes.is_none() {
        missing.push("how long it takes (`takes`)".to_owned());
    }
    if let Kept::For(attribute, None) = method.keep
        && !kept
    {
        missing.push(format!("how long it is kept (`{attribute}`)"));
    }
    if method.log.is_some_and(|log| log.keep.is_none()) {
        missing.push("how long its log is kept (`keep_log`)".to_owned());
    }
    if missing.is_empty() {
        return;
    }
    let summary = format!("Nothing says {}", listed(missing));
    let span = backup.written.at(&[method.block]);
    found.push(
        Finding::new(RuleId::UndeclaredDuration, format!("backup.{name}"), span, summary)
            .why("Until a backup is done only the one before it can be restored from; how much can be lost has no bound without that.")
            .fix("Measure it once and write it down."),
    );
}
