//! Object Lock: S1–S3, S5–S7, S10, S11.

use drctl_core::rule::{Change, Effect, Note, Timing, World};

use super::super::spec::{Lifecycle, Mode, ObjectLock, Status, Versioning};
use super::{lock_after, versioned_after};
use crate::facts::{S1, S2, S3, S5, S6, S7, S10, S11};
use crate::kinds::sides::{Sides, is_removed, is_unobserved, sides};
use crate::values::JsonDocument;

const LOCK: &str = "object_lock";

fn retention(lock: Option<ObjectLock>) -> u32 {
    lock.and_then(ObjectLock::retention_days).unwrap_or(0)
}

/// A lock never goes, and neither does the versioning below it.
pub(super) fn s1(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let locked = change.before::<ObjectLock>(LOCK).is_some();
    if locked && is_removed(change, LOCK) {
        let reason = "Object Lock is enabled on this bucket and can never be disabled";
        notes.push(
            Note::new(&S1, Effect::Refuse, LOCK, reason)
                .help("Keep the block. An empty `object_lock {}` has no default retention for new objects."),
        );
    }
    let suspends = change.after("versioning") == Some(Versioning::Suspended);
    let drops = is_removed(change, "versioning") && change.before::<Versioning>("versioning").is_some();
    if (suspends || drops) && lock_after(change).is_some() {
        let reason = "versioning of a bucket with Object Lock can never be suspended";
        notes.push(
            Note::new(&S1, Effect::Refuse, "versioning", reason).help("Write `versioning = \"Enabled\"`."),
        );
    }
    if let Some(Sides { before: None, after: Some(_) }) = sides::<ObjectLock>(change, LOCK)
        && change.before.is_some()
    {
        let reason = "once enabled, Object Lock stays on this bucket for as long as it exists";
        notes.push(Note::new(&S1, Effect::Irreversible, LOCK, reason));
    }
    notes
}

/// A lock on an existing bucket comes in place, after versioning.
pub(super) fn s2(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    if !change.is_written(LOCK) || change.before::<ObjectLock>(LOCK).is_some() || is_unobserved(change, LOCK)
    {
        return Vec::new();
    }
    if versioned_after(change) == Some(false) {
        let reason = "Object Lock needs versioning, and this bucket will not be versioned";
        let note = Note::new(&S2, Effect::Refuse, LOCK, reason).help("Write `versioning = \"Enabled\"`.");
        return vec![note];
    }
    if change.before.is_none() {
        return Vec::new();
    }
    let reason = "Object Lock is enabled in place, after versioning; the bucket and its objects stay";
    vec![Note::new(&S2, Effect::Inform, LOCK, reason)]
}

/// Compliance mode has no way back for what is written under it.
pub(super) fn s3(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before, after: Some(after) }) = sides::<ObjectLock>(change, LOCK) else {
        return Vec::new();
    };
    let was = before.filter(|b| b.mode == Some(Mode::Compliance));
    if after.mode != Some(Mode::Compliance) || retention(Some(after)) <= retention(was) {
        return Vec::new();
    }
    let period = after.period().unwrap_or_default();
    let reason =
        format!("every object written from now on cannot be deleted by anyone, root included, for {period}");
    let note = Note::new(&S3, Effect::Irreversible, LOCK, reason)
        .timing(Timing::NewDataOnly)
        .help("What it costs is what is written per day, kept for the whole period.");
    vec![note]
}

/// Default retention is for new objects only.
pub(super) fn s5(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before, after: Some(after) }) = sides::<ObjectLock>(change, LOCK) else {
        return Vec::new();
    };
    let (was, will) = (retention(before), retention(Some(after)));
    let note =
        |effect, reason: String| vec![Note::new(&S5, effect, LOCK, reason).timing(Timing::NewDataOnly)];
    let softer =
        before.and_then(|b| b.mode) == Some(Mode::Compliance) && after.mode == Some(Mode::Governance);
    if softer {
        let reason = "objects written from now on can be unlocked by whoever may bypass governance; \
                      those already there keep COMPLIANCE until their retention ends";
        return note(Effect::Weakens, reason.to_owned());
    }
    if will < was {
        let days = was - will;
        return note(
            Effect::Weakens,
            format!(
                "objects written from now on are locked for {will} instead of {was} days, {days} days less"
            ),
        );
    }
    if will > was && was == 0 && change.before.is_some() {
        let reason =
            format!("objects written from now on are locked for {will} days; those already there are not");
        return note(Effect::Strengthens, reason);
    }
    if will > was {
        let reason = format!("objects written from now on are locked for {will} instead of {was} days");
        return note(Effect::Strengthens, reason);
    }
    Vec::new()
}

/// The unit is stored as written, but the strength is the same.
pub(super) fn s6(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before: Some(before), after: Some(after) }) = sides::<ObjectLock>(change, LOCK) else {
        return Vec::new();
    };
    let same = before.mode == after.mode && retention(Some(before)) == retention(Some(after));
    match (same, before.period(), after.period()) {
        (true, Some(before), Some(after)) => {
            let reason = format!("{before} and {after} are equally strong; the unit is stored as written");
            vec![Note::new(&S6, Effect::Inform, LOCK, reason)]
        }
        _ => Vec::new(),
    }
}

/// The default is no floor.
pub(super) fn s7(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let lock = lock_after(change).filter(|l| l.mode.is_some());
    let touched = sides::<ObjectLock>(change, LOCK).is_some();
    let policy = sides::<JsonDocument>(change, "policy");
    let mut notes = Vec::new();
    let has_floor = change.after::<JsonDocument>("policy").is_some_and(|p| p.has_retention_floor());
    if let Some(lock) = lock
        && touched
        && !has_floor
        && !change.is_open("policy")
    {
        let period = lock.period().unwrap_or_default();
        let reason = format!("a writer may lock an object for less than {period}: the default is no floor");
        let help = "A `policy` that denies `s3:PutObject` and `s3:PutObjectRetention` below a number of \
                    `s3:object-lock-remaining-retention-days` is one.";
        notes.push(Note::new(&S7, Effect::Inform, LOCK, reason).help(help));
    }
    if let Some(Sides { before: Some(before), after }) = policy
        && before.has_retention_floor()
        && !after.is_some_and(|p| p.has_retention_floor())
    {
        let reason = "the policy no longer denies writes with too short a retention";
        notes.push(Note::new(&S7, Effect::Weakens, "policy", reason));
    }
    notes
}

/// Lifecycle and lock beside each other.
pub(super) fn s10(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let days = retention(lock_after(change));
    let Some(lifecycle) = change.after::<Lifecycle>("lifecycle").filter(|_| days > 0) else {
        return Vec::new();
    };
    let mut notes = Vec::new();
    for (id, rule) in lifecycle.rule.iter().filter(|(_, r)| r.status == Status::Enabled) {
        let Some(expiration) = rule.noncurrent_version_expiration else { continue };
        let after = expiration.noncurrent_days.get();
        if after < days {
            let reason = format!(
                "rule \"{id}\" deletes noncurrent versions after {after} days, but the lock keeps new ones for \
                 {days} days: no effect before that"
            );
            notes.push(Note::new(&S10, Effect::Warn, "lifecycle", reason));
        }
    }
    notes
}

/// A locked bucket takes no access logs.
pub(super) fn s11(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let lets_in = change.after::<JsonDocument>("policy").is_some_and(|p| p.lets_access_logs_in());
    if !lets_in || lock_after(change).is_none() {
        return Vec::new();
    }
    let reason = "the policy lets server access logs in, but a bucket with Object Lock cannot receive them";
    vec![
        Note::new(&S11, Effect::Warn, "policy", reason)
            .help("Send the logs to a bucket without Object Lock."),
    ]
}
