//! Read replicas: what follows an instance, and how it takes its place. A promotion cannot be undone, so the
//! replica is looked at, and the lost instance fenced off, before it (R24).

use drctl_core::duration;
use drctl_core::provider::{Phase, Protection, RecoveryStep, StepNature, Subject, Target, Undo};
use jiff::SignedDuration;

use super::recovery::{
    BUSY_AT_MOST, RETENTION_DEFAULT, api, confirm, estimate, fence, list, number, protect, redirect,
    replicate, resume, stop_writers, text, verify, words,
};
use super::verbs;
use crate::facts;

/// How long a promotion may take: minutes or longer (R24).
const PROMOTED_WITHIN: SignedDuration = SignedDuration::from_hours(3);

/// What follows the instance, and what the instance itself follows.
pub(super) fn protections(subject: &Subject<'_>, region: &str) -> Vec<Protection> {
    let own = named(subject, &subject.id.0);
    let of = text(subject.outputs, "read_replica_source").map(|source| Protection::Replica {
        of: named(subject, source),
        replica: own.clone(),
        region: region.to_owned(),
        lag_max: text(subject.attributes, "replica_lag_max").and_then(|lag| duration::parse(lag).ok()),
    });
    let followed = list(subject.outputs, "read_replicas").into_iter().map(|replica| {
        let replica = named(subject, &replica);
        let there = replica.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2));
        let region = there.unwrap_or(region).to_owned();
        Protection::Replica { of: own.clone(), replica, region, lag_max: None }
    });
    of.into_iter().chain(followed).collect()
}

/// RDS names by identifier what is in the same region and account, and by ARN what is not.
fn named(subject: &Subject<'_>, name: &str) -> String {
    match text(subject.outputs, "arn").and_then(|arn| arn.rsplit_once(':')) {
        Some((front, _)) if !name.starts_with("arn:") => format!("{front}:{name}"),
        Some(_) | None => name.to_owned(),
    }
}

/// The steps that put the replica into the place of the lost instance.
pub(super) fn promoted(subject: &Subject<'_>, replica: &str, target: &Target) -> Vec<RecoveryStep> {
    let name = replica.rsplit(':').next().unwrap_or(replica).to_owned();
    if name == subject.id.0 && subject.place.region.as_ref() == Some(&target.region) {
        return Vec::new();
    }
    let target = &Target { name, ..target.clone() };
    let after = |needs: &str, step: RecoveryStep| RecoveryStep { needs: vec![needs.to_owned()], ..step };
    let look = verify(subject, target);
    vec![
        stop_writers(subject),
        status(target),
        RecoveryStep {
            why: "what the replica lacks is lost when it is promoted: its newest row shows how far it is behind"
                .to_owned(),
            estimate: estimate(5, 15, "a login and a query"),
            facts: vec![facts::R24.id()],
            ..after("status", look)
        },
        fence(subject, target),
        promote(subject, target),
        promoted_at_last(target),
        RecoveryStep {
            before: vec![format!(
                "the application reaches `{}` in {}: security group, route, name",
                target.name, target.region
            )],
            why: "a replica has an endpoint of its own; the old one leads to what is lost".to_owned(),
            facts: vec![facts::R24.id()],
            ..after("wait", redirect(subject, target))
        },
        confirm(target),
        resume(subject, target),
        RecoveryStep {
            why: "the history of a promoted instance begins with its promotion; nothing older is in it".to_owned(),
            facts: vec![facts::R23.id(), facts::R24.id()],
            ..protect(subject, target)
        },
        replicate(subject, target),
    ]
}

/// It is promoted only when it is available (R24).
fn status(target: &Target) -> RecoveryStep {
    let mut command = words("aws rds describe-db-instances --db-instance-identifier");
    command.push(target.name.clone());
    command.extend(words("--query DBInstances[0].[DBInstanceStatus,StatusInfos] --output json --region"));
    command.push(target.region.clone());
    RecoveryStep {
        id: "status".to_owned(),
        summary: format!("see that `{}` is available and how its replication ended", target.name),
        phase: Phase::Restore,
        nature: StepNature::Check,
        needs: vec!["stop_writers".to_owned()],
        before: Vec::new(),
        unsaid: None,
        api: api(target),
        command,
        verb: Some(verbs::wait(&target.name)),
        within: Some(BUSY_AT_MOST),
        estimate: estimate(1, 5, "one request"),
        why: "a replica that is `backing-up` cannot be promoted, and one whose replication ended earlier lacks all \
              that was written since"
            .to_owned(),
        undo: Undo::Nothing,
        facts: vec![facts::R24.id(), facts::R25.id()],
    }
}

/// The retention is given with it: turning backups on afterwards interrupts (R2).
fn promote(subject: &Subject<'_>, target: &Target) -> RecoveryStep {
    let kept = number(subject.attributes, "backup_retention_period").filter(|n| *n > 0);
    let days = kept.unwrap_or(RETENTION_DEFAULT);
    let mut command = words("aws rds promote-read-replica --db-instance-identifier");
    command.push(target.name.clone());
    command.extend(words(&format!("--backup-retention-period {days}")));
    command.extend(["--region".to_owned(), target.region.clone()]);
    let why = format!(
        "`{}` stops following `{}` for good and takes writes of its own; it cannot be made its replica again",
        target.name, subject.id
    );
    RecoveryStep {
        id: "promote".to_owned(),
        summary: format!("promote the read replica `{}`", target.name),
        phase: Phase::Redirect,
        nature: StepNature::Auto,
        needs: vec!["fence".to_owned()],
        before: vec![format!(
            "you have seen the newest row of `{}`, and what it lacks may be lost",
            target.name
        )],
        unsaid: None,
        api: api(target),
        command,
        verb: Some(verbs::promote(&target.name, u32::try_from(days).unwrap_or(u32::MAX))),
        within: Some(BUSY_AT_MOST),
        estimate: estimate(1, 2, "one request, in effect asynchronously"),
        undo: Undo::Never { why: why.clone() },
        why,
        facts: vec![facts::R2.id(), facts::R24.id()],
    }
}

/// Until it follows nothing any more: only then does it take writes.
fn promoted_at_last(target: &Target) -> RecoveryStep {
    let mut command = words("aws rds describe-db-instances --db-instance-identifier");
    command.push(target.name.clone());
    command.extend(words("--query"));
    command.push("DBInstances[0].[DBInstanceStatus,ReadReplicaSourceDBInstanceIdentifier]".to_owned());
    command.extend(words("--output json --region"));
    command.push(target.region.clone());
    RecoveryStep {
        id: "wait".to_owned(),
        summary: format!("wait until `{}` is available and follows nothing", target.name),
        phase: Phase::Redirect,
        nature: StepNature::Check,
        needs: vec!["promote".to_owned()],
        before: Vec::new(),
        unsaid: None,
        api: api(target),
        command,
        verb: Some(verbs::wait_promoted(&target.name)),
        within: Some(PROMOTED_WITHIN),
        estimate: estimate(5, 15, "a promotion takes several minutes or longer"),
        why: "the promotion restarts it; the command has to print `available` and null: until then run it again"
            .to_owned(),
        undo: Undo::Nothing,
        facts: vec![facts::R24.id()],
    }
}
