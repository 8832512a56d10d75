//! What a bucket protects and how its content comes back.

use drctl_core::provider::{
    ApiNeed, Estimate, Kept, Lock, Phase, Protection, RecoveryStep, Retention, Safeguards, StepNature,
    Subject, Target, Undo,
};
use drctl_core::schema::Attributes;
use jiff::SignedDuration;

use super::spec::{Mode, ObjectLock, Spec, Status, Versioning};
use super::{verbs, versions};
use crate::facts;
use crate::values::Arn;

/// The lag that replication time control promises for 99.99 % of objects (S25).
const TIME_CONTROL_LAG: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn protections(subject: &Subject<'_>) -> Vec<Protection> {
    let Some(spec) = spec(subject) else { return Vec::new() };
    let mut found = Vec::new();
    let versioned = is_versioned(&spec);
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
                key: rule.replica_kms_key_id.as_ref().map(|k| k.as_str().to_owned()),
            });
        }
    }
    found
}

fn spec(subject: &Subject<'_>) -> Option<Spec> {
    let mut values = subject.attributes.clone();
    values.insert("bucket".to_owned(), drctl_core::value::Value::String(subject.id.0.clone()));
    Spec::from_values(values).ok()
}

fn is_versioned(spec: &Spec) -> bool {
    spec.versioning == Some(Versioning::Enabled) || spec.object_lock.is_some()
}

/// How long versions, or objects of a path, are there by lifecycle and lock. A locked version outlives
/// every lifecycle rule (S10).
pub(super) fn retention(subject: &Subject<'_>, of: Kept<'_>) -> Retention {
    let Some(spec) = spec(subject) else { return Retention::default() };
    let key = match of {
        Kept::Points(Protection::Versions { .. }) => None,
        Kept::Object(key) => Some(key),
        Kept::Points(_) => return Retention::default(),
    };
    let days = |days: u32| SignedDuration::from_hours(24 * i64::from(days));
    let rules = || {
        let rules = spec.lifecycle.iter().flat_map(|l| l.rule.values());
        let covers = |prefix: &str| key.map_or(prefix.is_empty(), |key| key.starts_with(prefix));
        rules.filter(move |r| r.status == Status::Enabled && r.tags.is_empty() && covers(&r.prefix))
    };
    let noncurrent = rules().filter_map(|r| r.noncurrent_version_expiration);
    let noncurrent = noncurrent.map(|n| days(n.noncurrent_days.get())).min();
    let expired = rules().filter_map(|r| r.expiration_days).map(|d| days(d.get())).min();
    let gone = match (key, is_versioned(&spec)) {
        (None, _) => noncurrent,
        (Some(_), false) => expired,
        // Expiring hides it, and only then its time as a noncurrent version begins.
        (Some(_), true) => expired.zip(noncurrent).map(|(hidden, kept)| hidden + kept),
    };
    let locked_for = spec.object_lock.and_then(|lock| lock.retention_days()).map(days);
    Retention { gone_after: gone.map(|gone| locked_for.map_or(gone, |lock| gone.max(lock))), locked_for }
}

/// The key of new objects, and the lock that nobody can open (S3).
pub(super) fn safeguards(subject: &Subject<'_>) -> Safeguards {
    let Some(spec) = spec(subject) else { return Safeguards::default() };
    let key = spec.server_side_encryption.and_then(|e| e.kms_master_key_id);
    let lock = spec.object_lock.filter(|lock| lock.mode == Some(Mode::Compliance));
    let days = lock.and_then(ObjectLock::retention_days);
    Safeguards {
        keys: key.into_iter().map(|k| k.as_str().to_owned()).collect(),
        locked: days.map(|days| Lock {
            length: SignedDuration::from_hours(24 * i64::from(days)),
            fact: facts::S3.id(),
        }),
    }
}

pub(super) fn recover(subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep> {
    match by {
        Protection::ReplicatesTo { to, prefix, .. } => fail_over(subject, to, prefix, target),
        Protection::Versions { .. } => versions::put_back(&subject.id.0, target),
        Protection::PointInTime { .. }
        | Protection::ReplicatedBackups { .. }
        | Protection::Replica { .. }
        | Protection::Snapshot { .. } => Vec::new(),
    }
}

pub(super) fn minutes(p50: i64, p95: i64, source: &str) -> Estimate {
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
    vec![
        stop_writers(
            lost,
            "what is written there from now on is not in the replica and would have to be merged later",
        ),
        list(replica, prefix, region),
        fence(lost, "check_replica"),
        RecoveryStep {
            before: vec![
                format!("the application's role may read and write `{replica}`: its policy is its own"),
                format!("the application reaches s3 in {region}"),
            ],
            undo: Undo::ByHand {
                how: format!("point it back at `{lost}`: nothing was written to `{replica}` yet"),
            },
            facts: vec![facts::S22.id()],
            ..by_hand(
                Phase::Redirect,
                "redirect",
                "fence",
                format!("point the application at `{replica}` in {region}"),
                "policy, lifecycle and other settings of the replica are its own, not those of the lost bucket",
            )
        },
        by_hand(
            Phase::Confirm,
            "confirm",
            "redirect",
            format!("read through the application an object of `{replica}`"),
            "a denied read shows here, and not with the first user",
        ),
        resume(
            format!("let the writers write again, now to `{replica}`"),
            "from here on the replica is the truth; what only the lost bucket has is merged when it is back",
        ),
        RecoveryStep {
            before: vec!["the new replica's bucket is versioned".to_owned()],
            estimate: minutes(10, 60, "a short change and its review; old objects take longer"),
            facts: vec![facts::S19.id(), facts::S20.id()],
            ..by_hand(
                Phase::Protect,
                "protect",
                "resume",
                format!("declare a replica of `{replica}` outside of {region}; plan, apply"),
                "replicas are not replicated on, and what is there already needs S3 Batch Replication: until \
                 then the replica is the only copy",
            )
        },
    ]
}

/// Something that only a person can do, because drctl does not know the application.
pub(super) fn by_hand(phase: Phase, id: &str, needs: &str, summary: String, why: &str) -> RecoveryStep {
    RecoveryStep {
        id: id.to_owned(),
        summary,
        phase,
        nature: StepNature::Manual,
        needs: if needs.is_empty() { Vec::new() } else { vec![needs.to_owned()] },
        before: Vec::new(),
        api: None,
        command: Vec::new(),
        unsaid: None,
        verb: None,
        within: None,
        estimate: minutes(5, 15, "a person notices, decides and acts"),
        why: why.to_owned(),
        undo: Undo::Nothing,
        facts: Vec::new(),
    }
}

pub(super) fn stop_writers(bucket: &str, why: &str) -> RecoveryStep {
    let summary = format!("stop what writes to `{bucket}`, and whatever would start it again");
    let undo = Undo::ByHand { how: format!("start it again, still to `{bucket}`") };
    RecoveryStep { undo, ..by_hand(Phase::Contain, "stop_writers", "", summary, why) }
}

/// Two buckets that are written to cannot be made one again.
fn fence(bucket: &str, needs: &str) -> RecoveryStep {
    let summary = format!("make sure that nothing writes to `{bucket}` any more");
    let why = "what is written to two buckets has to be merged by hand, object by object";
    let unseen = "what cannot be seen counts as stopped when it cannot start again by itself, and whoever leads \
                  the recovery says so";
    let estimate = minutes(1, 5, "a look: what writes was stopped before");
    RecoveryStep {
        before: vec![unseen.to_owned()],
        estimate,
        ..by_hand(Phase::Fence, "fence", needs, summary, why)
    }
}

/// After it there is no way back.
pub(super) fn resume(summary: String, why: &str) -> RecoveryStep {
    let undo = Undo::Never { why: why.to_owned() };
    RecoveryStep { undo, ..by_hand(Phase::Resume, "resume", "confirm", summary, why) }
}

/// Whether the replica answers and holds anything.
fn list(replica: &str, prefix: &str, region: &str) -> RecoveryStep {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut command = words("aws s3api list-objects-v2 --bucket");
    command.push(replica.to_owned());
    command.extend(words("--max-keys 10 --region"));
    command.push(region.to_owned());
    if !prefix.is_empty() {
        command.extend(["--prefix".to_owned(), prefix.to_owned()]);
    }
    RecoveryStep {
        id: "check_replica".to_owned(),
        summary: format!("see that the replica `{replica}` answers and holds objects"),
        phase: Phase::Verify,
        nature: StepNature::Check,
        needs: vec!["stop_writers".to_owned()],
        before: Vec::new(),
        api: Some(ApiNeed { service: "s3".to_owned(), region: region.to_owned(), control_plane: false }),
        command,
        unsaid: None,
        verb: Some(verbs::holds(replica, prefix)),
        within: Some(SignedDuration::from_mins(2)),
        estimate: minutes(1, 2, "one request"),
        why: "an empty answer means that nothing was replicated; deletes of versions never reach a replica"
            .to_owned(),
        undo: Undo::Nothing,
        facts: vec![facts::S22.id(), facts::S23.id()],
    }
}
