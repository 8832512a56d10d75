//! What protects an instance and how it comes back: always under a new name (R10), with everything
//! given that a restore would otherwise choose by itself (R11).

use std::collections::BTreeMap;

use drctl_core::fact::Fact;
use drctl_core::provider::{
    ApiNeed, Estimate, Protection, RecoveryStep, StepNature, Subject, Target, Window,
};
use drctl_core::value::Value;
use jiff::{SignedDuration, Timestamp};

use crate::facts;

/// Days that a restored instance keeps automated backups when the lost one's retention is not known.
const RETENTION_DEFAULT: i64 = 7;

pub(super) fn protections(subject: &Subject<'_>) -> Vec<Protection> {
    let retention = number(subject.attributes, "backup_retention_period");
    let latest = text(subject.outputs, "latest_restorable_time").and_then(|t| t.parse().ok());
    let Some(region) = subject.place.region.clone() else { return Vec::new() };
    match retention {
        Some(0) => Vec::new(),
        None if latest.is_none() => Vec::new(),
        Some(_) | None => {
            let window = latest.map(|latest: Timestamp| Window { earliest: None, latest: Some(latest) });
            vec![Protection::PointInTime { region, window }]
        }
    }
}

/// Where a restore takes the data from.
struct Source {
    words: Vec<String>,
    estimate: Estimate,
    facts: Vec<&'static Fact>,
    why: String,
}

pub(super) fn recover(subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep> {
    // A restore into the name of what was lost is impossible (R10) and never planned.
    if target.name == subject.id.0 {
        return Vec::new();
    }
    let source = match by {
        Protection::PointInTime { region, .. } if *region == target.region => in_region(subject, target),
        Protection::ReplicatedBackups { region, .. } if *region == target.region => replicated(subject, target),
        Protection::Snapshot { snapshot, region, .. } if *region == target.region => from_snapshot(snapshot),
        Protection::PointInTime { .. }
        | Protection::ReplicatedBackups { .. }
        | Protection::Snapshot { .. }
        | Protection::ReplicatesTo { .. }
        | Protection::Versions { .. } => return Vec::new(),
    };
    let mut steps = vec![restore(subject, target, source), wait(target)];
    steps.extend([verify(subject, target), protect(subject, target)]);
    steps
}

fn text<'v>(values: &'v BTreeMap<String, Value>, name: &str) -> Option<&'v str> {
    values.get(name).and_then(Value::as_str)
}

fn number(values: &BTreeMap<String, Value>, name: &str) -> Option<i64> {
    match values.get(name)? {
        Value::Number(n) => n.as_i64(),
        _ => None,
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn estimate(p50: i64, p95: i64, source: &str) -> Estimate {
    Estimate {
        p50: SignedDuration::from_mins(p50),
        p95: SignedDuration::from_mins(p95),
        source: format!("default: {source}"),
    }
}

/// The restore of a near-empty database; the size is not in it.
fn restore_estimate() -> Estimate {
    estimate(17, 60, "restore of a small database; measure yours with a drill")
}

fn at(target: &Target) -> Vec<String> {
    match target.at {
        Some(at) => vec!["--restore-time".to_owned(), at.to_string()],
        None => vec!["--use-latest-restorable-time".to_owned()],
    }
}

fn in_region(subject: &Subject<'_>, target: &Target) -> Source {
    let mut command = words("aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier");
    command.push(subject.id.0.clone());
    command.extend(["--target-db-instance-identifier".to_owned(), target.name.clone()]);
    command.extend(at(target));
    Source {
        words: command,
        estimate: restore_estimate(),
        facts: vec![&facts::R10, &facts::R11],
        why: "the automated backups reach any second of their window, the newest about 5 minutes old".to_owned(),
    }
}

fn replicated(subject: &Subject<'_>, target: &Target) -> Source {
    // The ARN of the replicated backups is read in the destination; it is looked up when it is not known.
    let arn = text(subject.outputs, "replicated_backups_arn").map_or_else(
        || "DB_INSTANCE_AUTOMATED_BACKUPS_ARN".to_owned(),
        str::to_owned,
    );
    let mut command = words("aws rds restore-db-instance-to-point-in-time --source-db-instance-automated-backups-arn");
    command.push(arn);
    command.extend(["--target-db-instance-identifier".to_owned(), target.name.clone()]);
    command.extend(at(target));
    Source {
        words: command,
        estimate: restore_estimate(),
        facts: vec![&facts::R10, &facts::R11, &facts::R16, &facts::R17],
        why: "the replicated backups live outside of the lost region".to_owned(),
    }
}

fn from_snapshot(snapshot: &str) -> Source {
    let mut command = words("aws rds restore-db-instance-from-db-snapshot --db-snapshot-identifier");
    command.push(snapshot.to_owned());
    Source {
        words: command,
        estimate: restore_estimate(),
        facts: vec![&facts::R10, &facts::R11],
        why: "the snapshot holds one moment; everything written after it is lost".to_owned(),
    }
}
