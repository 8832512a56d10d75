//! Replication: S18–S26.

use drctl_core::rule::{Change, Effect, Note, Peer, Timing, World};
use drctl_core::value::Value;

use super::super::spec::{
    Algorithm, Lifecycle, Mode, ObjectLock, Replication, ReplicationRule, ServerSideEncryption, Status,
};
use super::{lock_after, versioned_after};
use crate::facts::{S18, S19, S20, S21, S22, S23, S24, S25, S26};
use crate::kinds::sides::{Sides, is_unobserved, sides};
use crate::values::Arn;

const REPLICATION: &str = "replication";

fn rule_path(id: &str) -> String {
    format!("replication.rule.{id}")
}

/// The rules that are written and known, in force or not.
fn rules(change: &Change<'_>) -> Vec<(String, ReplicationRule)> {
    if !change.is_written(REPLICATION) {
        return Vec::new();
    }
    change.after::<Replication>(REPLICATION).map(|r| r.rule.into_iter().collect()).unwrap_or_default()
}

fn destination<'p>(change: &Change<'_>, world: &World<'p>, id: &str) -> Option<Peer<'p>> {
    let path = [REPLICATION, "rule", id, "destination"];
    world.peers.target(change.address, &path).filter(|p| p.kind == "aws_s3_bucket")
}

/// Labels of the written rules, also when their values are not known yet.
fn labels(change: &Change<'_>) -> Vec<String> {
    let known = rules(change);
    if !known.is_empty() {
        return known.into_iter().map(|(id, _)| id).collect();
    }
    let Some(block) = change.desired.get(REPLICATION) else { return Vec::new() };
    let pairs = |expr: &drctl_core::lang::expr::Expr| match &expr.kind {
        drctl_core::lang::expr::ExprKind::Object(pairs) => pairs.clone(),
        _ => Vec::new(),
    };
    let text = |v: Option<Value>| v.and_then(|v| v.as_str().map(str::to_owned));
    let rule = pairs(block).into_iter().find(|(key, _)| text(key.value()).as_deref() == Some("rule"));
    rule.map(|(_, rules)| pairs(&rules).iter().filter_map(|(key, _)| text(key.value())).collect())
        .unwrap_or_default()
}

/// Both buckets are versioned, and they are two.
pub(super) fn s18(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    if !change.is_written(REPLICATION) {
        return Vec::new();
    }
    let mut notes = Vec::new();
    if versioned_after(change) == Some(false) {
        let reason = "replication needs versioning, and this bucket will not be versioned";
        let note = Note::new(&S18, Effect::Refuse, REPLICATION, reason);
        notes.push(note.help("Write `versioning = \"Enabled\"`."));
    }
    for id in labels(change) {
        let path = format!("{}.destination", rule_path(&id));
        let Some(peer) = destination(change, world, &id) else {
            let reason = format!(
                "the destination of rule \"{id}\" is not managed here: its versioning is not checked"
            );
            notes.push(Note::new(&S18, Effect::Inform, path.clone(), reason));
            continue;
        };
        if peer.change.address == change.address {
            let reason = format!("rule \"{id}\" replicates the bucket into itself");
            notes.push(Note::new(&S18, Effect::Refuse, path.clone(), reason));
        } else if versioned_after(&peer.change) == Some(false) {
            let reason = format!("the destination {} will not be versioned", peer.change.address);
            let note = Note::new(&S18, Effect::Refuse, path.clone(), reason);
            notes.push(note.help("Write `versioning = \"Enabled\"` there."));
        }
    }
    notes
}

/// Replication begins now.
pub(super) fn s19(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before, after: Some(after) }) = sides::<Replication>(change, REPLICATION) else {
        return Vec::new();
    };
    let old = before.map(|r| r.rule).unwrap_or_default();
    let covers = |o: &ReplicationRule, n: &ReplicationRule| {
        o.status == Status::Enabled
            && o.destination == n.destination
            && n.prefix.starts_with(&o.prefix)
            && (o.tags.is_empty() || o.tags == n.tags)
    };
    let mut notes = Vec::new();
    for (id, rule) in after.rule.iter().filter(|(_, r)| r.status == Status::Enabled) {
        if old.values().any(|o| covers(o, rule)) {
            continue;
        }
        let to = rule.destination.as_str();
        let reason = format!("objects written from now on under \"{}\" are copied to {to}", rule.prefix);
        let mut note =
            Note::new(&S19, Effect::Strengthens, rule_path(id), reason).timing(Timing::NewDataOnly);
        if change.before.is_some() {
            note = note.help("What is there already is not: copy it with an S3 Batch Replication job.");
        }
        notes.push(note);
    }
    notes
}

/// Copies end at the first destination, and a new destination starts empty.
pub(super) fn s20(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let changed = sides::<Replication>(change, REPLICATION);
    if let Some(Sides { before: Some(before), after: Some(after) }) = &changed {
        for (id, was) in &before.rule {
            let Some(will) = after.rule.get(id).filter(|w| w.destination != was.destination) else {
                continue;
            };
            let reason = format!(
                "what rule \"{id}\" sent to {} is not sent to {}: the new copy starts empty",
                was.destination.as_str(),
                will.destination.as_str()
            );
            let path = format!("{}.destination", rule_path(id));
            let note = Note::new(&S20, Effect::Weakens, path.clone(), reason);
            notes.push(
                note.help("Copy what is there with an S3 Batch Replication job before you rely on it."),
            );
        }
    }
    if changed.is_some() {
        for (id, _) in rules(change) {
            let chained = destination(change, world, &id)
                .filter(|p| p.change.after::<Replication>(REPLICATION).is_some());
            if let Some(peer) = chained {
                let reason = format!("{} does not pass on what it gets from here", peer.change.address);
                notes.push(Note::new(&S20, Effect::Inform, rule_path(&id), reason));
            }
        }
    }
    notes
}

/// KMS objects need their own permission in the rule.
pub(super) fn s21(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let encryption: Option<ServerSideEncryption> = change.after("server_side_encryption");
    let mut notes = Vec::new();
    if encryption.is_some_and(|e| e.sse_algorithm != Algorithm::Aes256) {
        for (id, rule) in rules(change) {
            if rule.status == Status::Enabled && !rule.sse_kms_encrypted_objects {
                let reason =
                    format!("rule \"{id}\" leaves out every object that the bucket encrypts with KMS");
                let help = "Write `sse_kms_encrypted_objects = true` and `replica_kms_key_id`.";
                notes.push(Note::new(&S21, Effect::Warn, rule_path(&id), reason).help(help));
            }
        }
    }
    let Some(Sides { before: Some(before), after: Some(after) }) = sides::<Replication>(change, REPLICATION)
    else {
        return notes;
    };
    for (id, was) in before.rule.iter().filter(|(_, r)| r.sse_kms_encrypted_objects) {
        if after.rule.get(id).is_some_and(|will| !will.sse_kms_encrypted_objects) {
            let reason =
                format!("objects encrypted with KMS are no longer copied to {}", was.destination.as_str());
            notes.push(Note::new(&S21, Effect::Weakens, rule_path(id), reason));
        }
    }
    notes
}

fn weaker_in(source: &Change<'_>, replica: &Change<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let days = |l: Option<ObjectLock>| l.and_then(ObjectLock::retention_days).unwrap_or(0);
    let (ours, theirs) = (lock_after(source), lock_after(replica));
    let known = !replica.is_open("object_lock") && !is_unobserved(replica, "object_lock");
    if known && days(theirs) < days(ours) {
        found.push(format!("locks new objects for {} instead of {} days", days(theirs), days(ours)));
    }
    let mode = |l: Option<ObjectLock>| l.and_then(|l| l.mode);
    if known && mode(ours) == Some(Mode::Compliance) && mode(theirs) == Some(Mode::Governance) {
        found.push("locks in GOVERNANCE instead of COMPLIANCE".to_owned());
    }
    let kept = |c: &Change<'_>| {
        let rules = c.after::<Lifecycle>("lifecycle").map(|l| l.rule).unwrap_or_default();
        let days = rules.into_values().filter(|r| r.status == Status::Enabled);
        days.filter_map(|r| Some(r.noncurrent_version_expiration?.noncurrent_days.get())).min()
    };
    if let Some(theirs) = kept(replica)
        && kept(source).is_none_or(|ours| theirs < ours)
    {
        let ours = kept(source).map_or("for ever".to_owned(), |d| format!("{d} days"));
        found.push(format!("keeps noncurrent versions {theirs} days instead of {ours}"));
    }
    found
}

/// A replica is as safe as its own settings.
pub(super) fn s22(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for id in labels(change) {
        let Some(peer) = destination(change, world, &id) else { continue };
        for weaker in weaker_in(change, &peer.change) {
            let reason = format!("the replica {} is weaker: it {weaker}", peer.change.address);
            notes.push(Note::new(&S22, Effect::Warn, rule_path(&id), reason));
        }
    }
    notes
}

/// Delete markers carry a deletion over.
pub(super) fn s23(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before, after: Some(after) }) = sides::<Replication>(change, REPLICATION) else {
        return Vec::new();
    };
    let old = before.map(|r| r.rule).unwrap_or_default();
    let mut notes = Vec::new();
    for (id, rule) in &after.rule {
        let was = old.get(id).map(|o| o.delete_marker_replication);
        let path = format!("{}.delete_marker_replication", rule_path(id));
        let note = match (was, rule.delete_marker_replication) {
            (Some(Status::Disabled), Status::Enabled) => Note::new(
                &S23,
                Effect::Weakens,
                path.clone(),
                "whoever deletes objects here hides the copies too",
            ),
            (Some(Status::Enabled), Status::Disabled) => Note::new(
                &S23,
                Effect::Strengthens,
                path.clone(),
                "a deletion here no longer hides the copies",
            ),
            (None, Status::Enabled) => Note::new(
                &S23,
                Effect::Inform,
                path.clone(),
                "whoever deletes objects here hides the copies too",
            ),
            (Some(Status::Enabled), Status::Enabled) | (Some(Status::Disabled) | None, Status::Disabled) => {
                continue;
            }
        };
        notes.push(note);
    }
    notes
}

/// A locked bucket replicates only to a locked one.
pub(super) fn s24(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    if !change.is_written(REPLICATION) || lock_after(change).is_none() {
        return Vec::new();
    }
    let mut notes = Vec::new();
    for id in labels(change) {
        let Some(peer) = destination(change, world, &id) else { continue };
        // An unwritten lock of an existing bucket is not read, so nothing is known about it.
        let known = peer.change.before.is_none() || peer.change.is_written("object_lock");
        if known && lock_after(&peer.change).is_none() && !peer.change.is_open("object_lock") {
            let reason =
                format!("the destination {} has no Object Lock, and this bucket has", peer.change.address);
            let note = Note::new(&S24, Effect::Refuse, rule_path(&id), reason);
            notes.push(note.help("Write `object_lock {}` there, with its own default retention or none."));
        }
    }
    notes
}

/// Without time control there is no promise.
pub(super) fn s25(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before, after: Some(after) }) = sides::<Replication>(change, REPLICATION) else {
        return Vec::new();
    };
    let old = before.map(|r| r.rule).unwrap_or_default();
    let mut notes = Vec::new();
    for (id, rule) in after.rule.iter().filter(|(_, r)| r.status == Status::Enabled) {
        let was = old.get(id).map(|o| o.replication_time_control);
        let path = format!("{}.replication_time_control", rule_path(id));
        let note = match (was, rule.replication_time_control) {
            (Some(true), true) => continue,
            (Some(true), false) => {
                let reason = "copies are no longer promised within 15 minutes: the lag is unbounded";
                Note::new(&S25, Effect::Weakens, path.clone(), reason)
            }
            (Some(false) | None, true) => {
                let reason = "99.99 % of new objects are copied within 15 minutes";
                Note::new(&S25, Effect::Strengthens, path.clone(), reason)
            }
            (Some(false) | None, false) => {
                let reason = "nothing promises when objects are copied: the possible loss is unbounded";
                Note::new(&S25, Effect::Inform, path.clone(), reason)
            }
        };
        notes.push(note);
    }
    notes
}

/// The document is one: what is not in the new one is gone.
pub(super) fn s26(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before: Some(before), after }) = sides::<Replication>(change, REPLICATION) else {
        return Vec::new();
    };
    let new = after.map(|r| r.rule).unwrap_or_default();
    let mut notes = Vec::new();
    for (id, was) in before.rule.iter().filter(|(_, r)| r.status == Status::Enabled) {
        let to = Arn::parse(was.destination.as_str()).map_or(was.destination.as_str(), |arn| arn.resource);
        let mut weaker = |reason: String| notes.push(Note::new(&S26, Effect::Weakens, rule_path(id), reason));
        let Some(will) = new.get(id) else {
            weaker(format!(
                "rule \"{id}\" is gone: nothing under \"{}\" is copied to {to} by it",
                was.prefix
            ));
            continue;
        };
        if will.status == Status::Disabled {
            weaker(format!(
                "rule \"{id}\" is disabled: nothing under \"{}\" is copied to {to} by it",
                was.prefix
            ));
        } else if !was.prefix.starts_with(&will.prefix) {
            weaker(format!(
                "only what is under \"{}\" is copied to {to}, no longer \"{}\"",
                will.prefix, was.prefix
            ));
        }
        if will.tags.iter().any(|(k, v)| was.tags.get(k) != Some(v)) {
            weaker(format!("rule \"{id}\" copies only objects with certain tags"));
        }
    }
    notes
}
