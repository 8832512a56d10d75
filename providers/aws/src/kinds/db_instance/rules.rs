//! What the facts say about a planned instance.

use std::collections::BTreeMap;

use drctl_core::plan::Action;
use drctl_core::rule::{Change, Effect, Note, Rule, Timing, Window, World};
use drctl_core::schema::AttributeType;
use jiff::SignedDuration;

use crate::facts;
use crate::kinds::sides::{Sides, is_removed, sides};
use crate::values::{BackupWindow, MaintenanceWindow};

/// All rules.
pub(super) static RULES: &[Rule] = &[
    Rule { fact: &facts::R1, check: r1 },
    Rule { fact: &facts::R2, check: r2 },
    Rule { fact: &facts::R3, check: r3 },
    Rule { fact: &facts::R4, check: r4 },
    Rule { fact: &facts::R5, check: r5 },
    Rule { fact: &facts::R6, check: r6 },
    Rule { fact: &facts::R7, check: r7 },
    Rule { fact: &facts::R9, check: r9 },
    Rule { fact: &facts::R22, check: r22 },
    Rule { fact: &facts::R23, check: r23 },
    Rule { fact: &facts::R27, check: r27 },
    Rule { fact: &facts::B9, check: b9 },
];

const RETENTION: &str = "backup_retention_period";

/// Retention before and after, when both are known and differ.
fn retention(change: &Change<'_>) -> Option<(u32, u32)> {
    match sides::<u32>(change, RETENTION)? {
        Sides { before: Some(before), after: Some(after) } => Some((before, after)),
        Sides { .. } => None,
    }
}

fn output<T: AttributeType>(change: &Change<'_>, name: &str) -> Option<T> {
    T::from_value(change.before?.outputs.get(name)?.clone()).ok()
}

fn immediately(change: &Change<'_>) -> bool {
    change.after("apply_immediately") == Some(true)
}

/// When a change that interrupts is made.
fn window(change: &Change<'_>, world: &World<'_>) -> Timing {
    let window = change.before::<String>("preferred_maintenance_window");
    match window.filter(|_| !immediately(change)) {
        None => Timing::Immediate,
        Some(window) => {
            let at = MaintenanceWindow::parse(&window).and_then(|w| w.next_start(world.now));
            Timing::MaintenanceWindow(Box::new(Window { window, at }))
        }
    }
}

/// A retention that is no longer written stays, but nothing keeps it.
fn r1(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(days) = change.before::<u32>(RETENTION).filter(|_| is_removed(change, RETENTION)) else {
        return Vec::new();
    };
    let reason = format!("automated backups stay at {days} days, and nothing here keeps them there any more");
    vec![Note::new(&facts::R1, Effect::Warn, RETENTION, reason)]
}

/// Turning backups on or off interrupts.
fn r2(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let Some((before, after)) = retention(change).filter(|(b, a)| (*b == 0) != (*a == 0)) else {
        return Vec::new();
    };
    let reason =
        format!("going from {before} to {after} days interrupts the instance for seconds to minutes");
    let note = Note::new(&facts::R2, Effect::Outage, RETENTION, reason);
    vec![note.timing(window(change, world))]
}

/// Turning backups off deletes them all.
fn r3(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let Some((before, _)) = retention(change).filter(|(_, after)| *after == 0) else { return Vec::new() };
    let reason = format!("all automated backups of {before} days are deleted at once");
    let note = |effect, reason: String| Note::new(&facts::R3, effect, RETENTION, reason);
    let mut notes = vec![
        note(Effect::Irreversible, reason).timing(window(change, world)),
        note(Effect::Weakens, "no point in time can be restored any more".to_owned()),
    ];
    let name = change.before.map(|b| b.id.0.as_str());
    let has_snapshot = world.peers.of_kind("aws_db_snapshot").iter().any(|peer| {
        let of = peer.change.after::<String>("db_instance_identifier");
        let target = world.peers.target(peer.change.address, &["db_instance_identifier"]);
        let referred = target.is_some_and(|t| t.change.address == change.address);
        let kept = !matches!(peer.change.action, Action::Delete | Action::Forget);
        kept && (referred || of.as_deref().is_some() && of.as_deref() == name)
    });
    if !has_snapshot {
        let reason =
            "nothing of the instance is kept: there is no snapshot of it in this configuration".to_owned();
        let help = "Add an `aws_db_snapshot` of it; it is taken before the backups go.";
        notes.push(note(Effect::Refuse, reason).help(help));
    }
    notes
}

/// What applying immediately takes along, and what already waits.
fn r4(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let waits: BTreeMap<String, String> = output(change, "pending_modified_values").unwrap_or_default();
    let writes = change.action == Action::Update || change.action == Action::Adopt;
    if immediately(change) && writes && !waits.is_empty() {
        let what: Vec<_> = waits.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let reason = format!("applying immediately also releases what waits: {}", what.join(", "));
        notes.push(
            Note::new(&facts::R4, Effect::Outage, "apply_immediately", reason)
                .help("Remove `apply_immediately`, or plan for an interruption."),
        );
    }
    for (name, pending) in change.before.iter().flat_map(|b| &b.pending) {
        let reason = format!("the value {} is accepted already and waits", pending.value.to_json());
        notes.push(Note::new(&facts::R4, Effect::Inform, name.clone(), reason).timing(window(change, world)));
    }
    if retention(change).is_some_and(|(before, after)| before != 0 && after != 0) {
        let reason = "a change between non-zero retentions is made as soon as possible, not in the window";
        notes.push(Note::new(&facts::R4, Effect::Inform, RETENTION, reason));
    }
    notes
}

/// Replicas need the backups of their source.
fn r5(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let replicas: Vec<String> = output(change, "read_replicas").unwrap_or_default();
    let off = change.is_written(RETENTION) && change.after::<u32>(RETENTION) == Some(0);
    if replicas.is_empty() || !off {
        return Vec::new();
    }
    let reason = format!("the retention cannot be 0 while it has read replicas: {}", replicas.join(", "));
    vec![Note::new(&facts::R5, Effect::Refuse, RETENTION, reason)]
}

/// Fewer days lose the oldest points; more days grow one by one.
fn r6(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let Some((before, after)) = retention(change).filter(|(_, after)| *after != 0) else { return Vec::new() };
    if after < before {
        let reason = format!("{} days of restore points disappear as they age", before - after);
        return vec![Note::new(&facts::R6, Effect::Weakens, RETENTION, reason)];
    }
    let days = after - before;
    let reason = format!("the restorable window grows from {before} to {after} days within {days} days");
    let note = Note::new(&facts::R6, Effect::Strengthens, RETENTION, reason);
    let full = world.now.checked_add(SignedDuration::from_hours(24 * i64::from(days)));
    vec![match full {
        Ok(at) => note.timing(Timing::From { at }),
        Err(_) => note,
    }]
}

/// The two windows keep apart.
fn r7(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let written = ["preferred_backup_window", "preferred_maintenance_window"].map(|n| change.is_written(n));
    let backup = change.after::<BackupWindow>("preferred_backup_window");
    let maintenance = change.after::<MaintenanceWindow>("preferred_maintenance_window");
    match (written, backup, maintenance) {
        ([false, false], _, _) | (_, None, _) | (_, _, None) => Vec::new(),
        (_, Some(backup), Some(maintenance)) if backup.overlaps(maintenance) => {
            let reason =
                format!("the backup window {backup} overlaps the maintenance window {maintenance} (UTC)");
            vec![Note::new(&facts::R7, Effect::Refuse, "preferred_backup_window", reason)]
        }
        (_, Some(_), Some(_)) => Vec::new(),
    }
}

/// Minutes without new logs from which point-in-time recovery counts as behind.
const BEHIND_MINUTES: i64 = 10;

/// Logs leave every 5 minutes; when they do not, the newest data is not covered.
fn r9(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let latest: Option<jiff::Timestamp> =
        output::<String>(change, "latest_restorable_time").and_then(|t| t.parse().ok());
    let Some(latest) = latest.filter(|_| change.before::<u32>(RETENTION) != Some(0)) else {
        return Vec::new();
    };
    let minutes = world.seen_at.duration_since(latest).as_mins();
    if minutes <= BEHIND_MINUTES {
        return Vec::new();
    }
    let reason = format!("the latest restorable instant is {latest}, {minutes} minutes ago");
    vec![Note::new(&facts::R9, Effect::Warn, RETENTION, reason)]
}

/// drctl deletes no database.
fn r22(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    if change.action != Action::Delete {
        return Vec::new();
    }
    let reason = "deleting the instance deletes its automated backups; drctl never deletes a database";
    let note = Note::new(&facts::R22, Effect::Refuse, "db_instance_identifier", reason);
    vec![note.help("Delete it at AWS with a final snapshot and retained backups, then remove the block.")]
}

/// Deletion protection.
fn r23(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    const PROTECTION: &str = "deletion_protection";
    let note = |effect, reason: &'static str| vec![Note::new(&facts::R23, effect, PROTECTION, reason)];
    if let Some(Sides { before, after: Some(after) }) = sides::<bool>(change, PROTECTION) {
        return match (before.unwrap_or(false), after) {
            (true, false) => {
                note(Effect::Weakens, "one call can delete the instance and its automated backups")
            }
            (false, true) => note(Effect::Strengthens, "RDS refuses to delete the instance"),
            (true, true) | (false, false) => Vec::new(),
        };
    }
    if is_removed(change, PROTECTION) && change.before::<bool>(PROTECTION) == Some(true) {
        return note(Effect::Warn, "it stays on, and nothing here keeps it on any more");
    }
    if !change.is_written(PROTECTION) && change.before::<bool>(PROTECTION) == Some(false) {
        let unset = note(Effect::Inform, "nothing prevents the deletion of the instance");
        return unset.into_iter().map(|n| n.help("Write `deletion_protection = true`.")).collect();
    }
    Vec::new()
}

/// A standby is availability.
fn r27(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before: Some(before), after: Some(after) }) = sides::<bool>(change, "multi_az") else {
        return Vec::new();
    };
    let (effect, reason) = match (before, after) {
        (true, false) => {
            (Effect::Weakens, "the loss of one zone takes the instance down until it is restored")
        }
        (false, true) => (
            Effect::Strengthens,
            "the loss of one zone costs 1 to 2 minutes; a standby is no backup and in no other region",
        ),
        (true, true) | (false, false) => return Vec::new(),
    };
    vec![Note::new(&facts::R27, effect, "multi_az", reason).timing(window(change, world))]
}

/// Somebody else's fields are left alone.
fn b9(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(before) = change.before else { return Vec::new() };
    let owned = before.managed_by.iter().filter(|(name, _)| {
        let wanted = change.desired.get(*name).and_then(|e| e.value());
        wanted.is_some() && wanted.as_ref() != before.attributes.get(*name)
    });
    owned
        .map(|(name, owner)| {
            let reason = format!("{owner} owns this setting: drctl leaves it as it is");
            let note = Note::new(&facts::B9, Effect::Warn, name.clone(), reason);
            note.help("Change it in the backup plan, or take the instance out of the plan first.")
        })
        .collect()
}
