//! Versions and their lifetime: S14, S16, S17, S27.

use std::collections::BTreeSet;

use drctl_core::rule::{Change, Effect, Note, Timing, World};
use drctl_core::value::Value;

use super::super::spec::{Lifecycle, LifecycleRule, Status, Versioning};
use super::versioned_after;
use crate::facts::{S14, S16, S17, S27};
use crate::kinds::sides::{Sides, sides};

/// Suspending versioning loses what is overwritten from then on.
pub(super) fn s14(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before, after }) = sides::<Versioning>(change, "versioning") else { return Vec::new() };
    let enabled = Some(Versioning::Enabled);
    let note = if before == enabled {
        let removed = if after.is_none() { "removing it suspends versioning: " } else { "" };
        let reason = format!("{removed}what is overwritten or deleted from now on cannot be brought back");
        Note::new(&S14, Effect::Weakens, "versioning", reason).timing(Timing::NewDataOnly)
    } else if after == enabled && change.before.is_some() {
        let reason = "overwritten and deleted objects stay as versions; it can be suspended, never undone";
        Note::new(&S14, Effect::Strengthens, "versioning", reason).timing(Timing::NewDataOnly)
    } else if after == enabled {
        let reason = "overwritten and deleted objects stay as versions";
        Note::new(&S14, Effect::Strengthens, "versioning", reason)
    } else {
        return Vec::new();
    };
    vec![note]
}

fn in_force(lifecycle: Option<Lifecycle>) -> Vec<(String, LifecycleRule)> {
    let rules = lifecycle.map(|l| l.rule).unwrap_or_default();
    rules.into_iter().filter(|(_, r)| r.status == Status::Enabled).collect()
}

/// Expiring current versions alone keeps every old one.
pub(super) fn s16(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    if versioned_after(change) != Some(true) {
        return Vec::new();
    }
    let rules = in_force(change.after("lifecycle"));
    let cleaned: BTreeSet<&str> = rules
        .iter()
        .filter(|(_, r)| r.noncurrent_version_expiration.is_some() && r.tags.is_empty())
        .map(|(_, r)| r.prefix.as_str())
        .collect();
    let keeps = |r: &LifecycleRule| {
        r.expiration_days.is_some()
            && r.noncurrent_version_expiration.is_none()
            && !cleaned.iter().any(|prefix| r.prefix.starts_with(prefix))
    };
    rules
        .iter()
        .filter(|(_, r)| keeps(r))
        .map(|(id, r)| {
            let days = r.expiration_days.map_or(0, |d| d.get());
            let reason =
                format!("rule \"{id}\" only hides objects after {days} days: their versions stay for ever");
            Note::new(&S16, Effect::Warn, "lifecycle", reason)
                .help("Add `noncurrent_version_expiration` with the days that old versions shall be kept.")
        })
        .collect()
}

/// MFA delete and lifecycle exclude each other.
pub(super) fn s17(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let mfa = change.before.and_then(|b| b.outputs.get("mfa_delete")) == Some(&Value::Bool(true));
    if !mfa || !change.is_written("lifecycle") {
        return Vec::new();
    }
    let reason = "the bucket has MFA delete, and then it takes no lifecycle rules";
    let help = "Remove the block, or let root turn MFA delete off with its device first.";
    vec![Note::new(&S17, Effect::Refuse, "lifecycle", reason).help(help)]
}

/// Days until noncurrent versions under a prefix are gone for good.
fn lifetimes(rules: &[(String, LifecycleRule)]) -> Vec<(&str, u32)> {
    rules
        .iter()
        .filter_map(|(_, r)| {
            Some((r.prefix.as_str(), r.noncurrent_version_expiration?.noncurrent_days.get()))
        })
        .collect()
}

/// The shortest lifetime that applies to a prefix: permanent deletion goes before everything else.
fn lifetime(rules: &[(String, LifecycleRule)], prefix: &str) -> Option<u32> {
    lifetimes(rules).into_iter().filter(|(p, _)| prefix.starts_with(p)).map(|(_, days)| days).min()
}

/// How long versions and objects really live.
pub(super) fn s27(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before, after }) = sides::<Lifecycle>(change, "lifecycle") else { return Vec::new() };
    let (before, after) = (in_force(before), in_force(after));
    // In a bucket that is new there is nothing yet that the rules could take away.
    let deletes = if change.before.is_some() { Effect::Weakens } else { Effect::Inform };
    let mut notes = Vec::new();
    let prefixes: BTreeSet<&str> =
        lifetimes(&before).iter().chain(&lifetimes(&after)).map(|(p, _)| *p).collect();
    for prefix in prefixes {
        let what = if prefix.is_empty() {
            "noncurrent versions".to_owned()
        } else {
            format!("noncurrent versions under {prefix}")
        };
        let note = match (lifetime(&before, prefix), lifetime(&after, prefix)) {
            (None, Some(days)) => {
                let until_now = if change.before.is_some() { "; until now they stayed" } else { "" };
                (deletes, format!("{what} are deleted for good after {days} days{until_now}"))
            }
            (Some(was), Some(will)) if will < was => (
                Effect::Weakens,
                format!(
                    "{what} are deleted for good after {will} instead of {was} days, {} days earlier",
                    was - will
                ),
            ),
            (Some(was), Some(will)) if will > was => {
                (Effect::Strengthens, format!("{what} stay for {will} instead of {was} days"))
            }
            (Some(was), None) => {
                (Effect::Strengthens, format!("{what} are no longer deleted after {was} days"))
            }
            _ => continue,
        };
        notes.push(Note::new(&S27, note.0, "lifecycle", note.1));
    }
    let versioned = versioned_after(change);
    for (id, rule) in &after {
        let Some(days) = rule.expiration_days.map(|d| d.get()) else { continue };
        let old = before.iter().find(|(i, _)| i == id).and_then(|(_, r)| r.expiration_days);
        if old.is_some_and(|o| o.get() <= days) {
            continue;
        }
        let note = match (versioned, lifetime(&after, &rule.prefix)) {
            (Some(true), Some(more)) => (
                Effect::Inform,
                format!(
                    "rule \"{id}\" hides objects after {days} days; they are gone {more} days later, {} in all",
                    days + more
                ),
            ),
            (Some(true), None) => (Effect::Inform, format!("rule \"{id}\" hides objects after {days} days")),
            (Some(false) | None, _) => {
                (deletes, format!("rule \"{id}\" deletes objects for good after {days} days"))
            }
        };
        notes.push(Note::new(&S27, note.0, "lifecycle", note.1));
    }
    notes
}
