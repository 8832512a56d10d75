//! What a bucket protects and how its content comes back.

use drctl_core::provider::{ApiNeed, Estimate, Protection, RecoveryStep, StepNature, Subject, Target};
use drctl_core::schema::Attributes;
use jiff::SignedDuration;

use super::spec::{Spec, Status, Versioning};
use crate::facts;
use crate::values::Arn;

/// The lag that replication time control promises for 99.99 % of objects (S25).
const TIME_CONTROL_LAG: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn protections(subject: &Subject<'_>) -> Vec<Protection> {
    let mut values = subject.attributes.clone();
    values.insert("bucket".to_owned(), drctl_core::value::Value::String(subject.id.0.clone()));
    let Ok(spec) = Spec::from_values(values) else { return Vec::new() };
    let mut found = Vec::new();
    let versioned = spec.versioning == Some(Versioning::Enabled) || spec.object_lock.is_some();
    if let Some(region) = &subject.place.region
        && versioned
    {
        found.push(Protection::Versions { region: region.clone() });
    }
    for (id, rule) in spec.replication.iter().flat_map(|r| &r.rule) {
        if rule.status == Status::Enabled && rule.tags.is_empty() {
            found.push(Protection::ReplicatesTo {
                to: rule.destination.as_str().to_owned(),
                rule: id.clone(),
                prefix: rule.prefix.clone(),
                lag_max: rule.replication_time_control.then_some(TIME_CONTROL_LAG),
            });
        }
    }
    found
}

pub(super) fn recover(subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep> {
    match by {
        Protection::ReplicatesTo { to, prefix, .. } => fail_over(subject, to, prefix, target),
        Protection::Versions { .. }
        | Protection::PointInTime { .. }
        | Protection::ReplicatedBackups { .. }
        | Protection::Snapshot { .. } => Vec::new(),
    }
}

fn minutes(p50: i64, p95: i64, source: &str) -> Estimate {
    Estimate {
        p50: SignedDuration::from_mins(p50),
        p95: SignedDuration::from_mins(p95),
        source: format!("default: {source}"),
    }
}

/// Uses the replica in place of the lost bucket. The replica is never written over.
fn fail_over(subject: &Subject<'_>, to: &str, prefix: &str, target: &Target) -> Vec<RecoveryStep> {
    let (lost, region) = (&subject.id.0, &target.region);
    let replica = Arn::parse(to).map_or(to, |arn| arn.resource);
    let api = || Some(ApiNeed { service: "s3".to_owned(), region: region.clone(), control_plane: false });
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let manual = |id: &str, needs: &str, summary: String, why: &str| RecoveryStep {
        id: id.to_owned(),
        summary,
        nature: StepNature::Manual,
        needs: if needs.is_empty() { Vec::new() } else { vec![needs.to_owned()] },
        api: None,
        command: Vec::new(),
        estimate: minutes(5, 15, "a person notices, decides and acts"),
        why: why.to_owned(),
        facts: Vec::new(),
    };
    let mut list =
        words(&format!("aws s3api list-objects-v2 --bucket {replica} --max-keys 1 --region {region}"));
    if !prefix.is_empty() {
        list.extend(["--prefix".to_owned(), prefix.to_owned()]);
    }
    vec![
        manual(
            "stop_writers",
            "",
            format!("stop what writes to `{lost}`"),
            "what is written there from now on is not in the replica and would have to be merged later",
        ),
        RecoveryStep {
            id: "check_replica".to_owned(),
            summary: format!("list the replica `{replica}`"),
            nature: StepNature::Check,
            needs: vec!["stop_writers".to_owned()],
            api: api(),
            command: list,
            estimate: minutes(1, 2, "one request"),
            why: "the replica answers and holds objects; deletes of versions never reach it".to_owned(),
            facts: vec![facts::S22.id(), facts::S23.id()],
        },
        RecoveryStep {
            facts: vec![facts::S22.id()],
            ..manual(
                "point_application",
                "check_replica",
                format!("point the application at `{replica}` in {region}"),
                "policy, lifecycle and other settings of the replica are its own, not those of the lost bucket",
            )
        },
        RecoveryStep {
            facts: vec![facts::S19.id(), facts::S20.id()],
            ..manual(
                "protect",
                "point_application",
                format!("declare a replica for `{replica}` and plan it"),
                "replicas are not replicated on: until then the replica is the only copy",
            )
        },
    ]
}
