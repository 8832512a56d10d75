//! What protects an instance and how it comes back: always under a new name (R10), with everything
//! given that a restore would otherwise choose by itself (R11).

use std::collections::BTreeMap;

use drctl_core::fact::Fact;
use drctl_core::provider::{
    ApiNeed, Estimate, Kept, Phase, Protection, RecoveryStep, Retention, StepNature, Subject, Target, Undo,
    Window,
};
use drctl_core::value::Value;
use jiff::{SignedDuration, Timestamp};

use super::replica;
use super::verbs::{self, Restored};
use crate::facts;

/// How often logs reach S3 (R9).
const UPLOAD: SignedDuration = SignedDuration::from_mins(5);
/// Days that a restored instance keeps automated backups when the lost one's retention is not known.
pub(super) const RETENTION_DEFAULT: i64 = 7;
/// How long a new instance is waited for: its first backup can take hours (R12).
const WAIT_AT_MOST: SignedDuration = SignedDuration::from_hours(12);
/// How long an instance may be too busy to take a change.
pub(super) const BUSY_AT_MOST: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn protections(subject: &Subject<'_>) -> Vec<Protection> {
    let retention = number(subject.attributes, "backup_retention_period");
    let latest = text(subject.outputs, "latest_restorable_time").and_then(|t| t.parse().ok());
    let Some(region) = subject.place.region.clone() else { return Vec::new() };
    let mut found = match retention {
        Some(0) => Vec::new(),
        None if latest.is_none() => Vec::new(),
        Some(_) | None => {
            let window = latest.map(|latest: Timestamp| Window { earliest: None, latest: Some(latest) });
            vec![Protection::PointInTime { region: region.clone(), lag_max: Some(UPLOAD), window }]
        }
    };
    found.extend(replica::protections(subject, &region));
    found
}

/// Points are gone when the retention period is over (R6).
pub(super) fn retention(subject: &Subject<'_>, of: Kept<'_>) -> Retention {
    let Kept::Points(Protection::PointInTime { .. }) = of else { return Retention::default() };
    let days = number(subject.attributes, "backup_retention_period").filter(|days| *days > 0);
    Retention { gone_after: days.map(|days| SignedDuration::from_hours(24 * days)), locked_for: None }
}

/// What a person replaces in a command by what the step before printed.
const FOUND: &str = "ARN_OF_THE_STEP_BEFORE";

/// Where a restore takes the data from.
struct Source {
    words: Vec<String>,
    is: Restored,
    facts: Vec<&'static Fact>,
    why: String,
}

pub(super) fn recover(subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep> {
    // A restore into the name of what was lost is impossible (R10) and never planned.
    if target.name == subject.id.0 {
        return Vec::new();
    }
    if let Protection::Replica { replica, region, .. } = by
        && *region == target.region
    {
        return replica::promoted(subject, replica, target);
    }
    let source = match by {
        Protection::PointInTime { region, .. } if *region == target.region => in_region(subject, target),
        Protection::ReplicatedBackups { of, backup, region, .. } if *region == target.region => {
            let Some(backup) = backup else { return without_the_arn(subject, of, target) };
            replicated(backup, target)
        }
        Protection::Snapshot { snapshot, region, .. } if *region == target.region => from_snapshot(snapshot),
        Protection::PointInTime { .. }
        | Protection::ReplicatedBackups { .. }
        | Protection::Snapshot { .. }
        | Protection::Replica { .. }
        | Protection::ReplicatesTo { .. }
        | Protection::Versions { .. } => return Vec::new(),
    };
    let mut steps = vec![stop_writers(subject), restore(subject, target, source)];
    steps.extend(after_the_restore(subject, target));
    steps
}

/// What follows however it was restored.
fn after_the_restore(subject: &Subject<'_>, target: &Target) -> Vec<RecoveryStep> {
    vec![
        wait(target),
        verify(subject, target),
        fence(subject, target),
        redirect(subject, target),
        confirm(target),
        resume(subject, target),
        protect(subject, target),
        replicate(subject, target),
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
        estimate: estimate(5, 15, "a person notices, decides and acts"),
        why: why.to_owned(),
        undo: Undo::Nothing,
        facts: Vec::new(),
    }
}

pub(super) fn taken_back(how: String) -> Undo {
    Undo::ByHand { how }
}

pub(super) fn stop_writers(subject: &Subject<'_>) -> RecoveryStep {
    let summary = format!("stop what writes to `{}`, and whatever would start it again", subject.id);
    let why = "the lost region may come back half-way: what is written there from now on is not in what is \
               restored and would have to be merged by hand";
    let undo = taken_back(format!("start them again, still to `{}`", subject.id));
    RecoveryStep { undo, ..by_hand(Phase::Contain, "stop_writers", "", summary, why) }
}

/// Two that are written to cannot be made one again (split brain). Where the lost one can still be asked
/// its connections are counted; elsewhere a person answers for it.
pub(super) fn fence(subject: &Subject<'_>, target: &Target) -> RecoveryStep {
    let why = "with two instances that are written to, one half of the data is lost whichever is kept";
    let summary = format!("make sure that nothing writes to `{}` any more", subject.id);
    let step = RecoveryStep {
        estimate: estimate(1, 5, "a look: what writes was stopped before"),
        ..by_hand(Phase::Fence, "fence", "verify", summary, why)
    };
    if subject.place.region.as_ref() != Some(&target.region) {
        let was = subject.place.region.as_deref().unwrap_or("its region");
        let unseen = format!(
            "what runs in {was} may not be seen: it counts as stopped when it cannot start again by itself, and \
             whoever leads the recovery says so"
        );
        return RecoveryStep { before: vec![unseen], ..step };
    }
    let since = target.now.checked_sub(SignedDuration::from_mins(10)).unwrap_or(target.now);
    let mut command = words("aws cloudwatch get-metric-statistics --namespace AWS/RDS --metric-name");
    command.extend(words("DatabaseConnections --statistics Maximum --period 60 --dimensions"));
    command.push(format!("Name=DBInstanceIdentifier,Value={}", subject.id));
    command.extend(["--start-time".to_owned(), since.to_string()]);
    command.extend(["--end-time".to_owned(), "NOW".to_owned()]);
    command.extend(["--region".to_owned(), target.region.clone()]);
    let service = "cloudwatch".to_owned();
    RecoveryStep {
        before: vec![
            "the present time, as in 2026-01-31T12:00:00Z, stands in the place of NOW".to_owned(),
            "the newest maximum is 0, your own sessions apart".to_owned(),
        ],
        api: Some(ApiNeed { service, region: target.region.clone(), control_plane: false }),
        command,
        ..step
    }
}

/// The command that prints where the new instance answers.
fn endpoint(target: &Target) -> Vec<String> {
    let mut command = words("aws rds describe-db-instances --db-instance-identifier");
    command.push(target.name.clone());
    command.extend(words("--query DBInstances[0].Endpoint.[Address,Port] --output text --region"));
    command.push(target.region.clone());
    command
}

pub(super) fn redirect(subject: &Subject<'_>, target: &Target) -> RecoveryStep {
    let summary = format!("point the application at the endpoint of `{}`", target.name);
    let why = "a restored instance has an endpoint of its own; the old one leads to what is lost";
    RecoveryStep {
        before: vec![
            format!(
                "the application reaches `{}` in {}: security group, route, name",
                target.name, target.region
            ),
            format!("its users and passwords are those that `{}` had at the restored moment", subject.id),
        ],
        api: api(target),
        command: endpoint(target),
        undo: taken_back(format!(
            "point it back at `{}`: nothing was written to `{}` yet",
            subject.id, target.name
        )),
        facts: vec![facts::R10.id()],
        ..by_hand(Phase::Redirect, "redirect", "fence", summary, why)
    }
}

pub(super) fn confirm(target: &Target) -> RecoveryStep {
    let summary = format!("read through the application what stands in `{}`", target.name);
    let why = "a connection pool or a cached name may still lead to the old endpoint; look before anything is \
               written";
    RecoveryStep {
        estimate: estimate(5, 15, "one look, after pools and cached names have let go"),
        ..by_hand(Phase::Confirm, "confirm", "redirect", summary, why)
    }
}

pub(super) fn resume(subject: &Subject<'_>, target: &Target) -> RecoveryStep {
    let summary = format!("let the writers write again, now to `{}`", target.name);
    let why =
        format!("from here on `{}` is the truth, and going back to `{}` loses data", target.name, subject.id);
    let undo = Undo::Never { why: why.clone() };
    RecoveryStep { undo, ..by_hand(Phase::Resume, "resume", "confirm", summary, &why) }
}

/// Replicating its backups is for a person to decide: drctl cannot know which region is to be trusted now.
pub(super) fn replicate(subject: &Subject<'_>, target: &Target) -> RecoveryStep {
    let was = subject.place.region.as_deref().unwrap_or("the lost region");
    let summary = format!(
        "declare `{}` and an `aws_db_automated_backups_replication` of it outside of {}; plan, apply",
        target.name, target.region
    );
    let why = format!("its backups live in {} only; {was} serves once it is back", target.region);
    RecoveryStep {
        before: vec!["automated backups are on, and a backup of the new instance is complete".to_owned()],
        estimate: estimate(10, 60, "a short change and its review; the first copy takes longer"),
        facts: vec![facts::R15.id()],
        ..by_hand(Phase::Protect, "replicate", "protect", summary, &why)
    }
}

pub(super) fn text<'v>(values: &'v BTreeMap<String, Value>, name: &str) -> Option<&'v str> {
    values.get(name).and_then(Value::as_str)
}

pub(super) fn number(values: &BTreeMap<String, Value>, name: &str) -> Option<i64> {
    match values.get(name)? {
        Value::Number(n) => n.as_i64(),
        _ => None,
    }
}

pub(super) fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

pub(super) fn estimate(p50: i64, p95: i64, source: &str) -> Estimate {
    Estimate {
        p50: SignedDuration::from_mins(p50),
        p95: SignedDuration::from_mins(p95),
        source: format!("default: {source}"),
    }
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
        is: Restored {
            source_db_instance_identifier: Some(subject.id.0.clone()),
            restore_time: target.at.map(|at| at.to_string()),
            ..Restored::default()
        },
        facts: vec![&facts::R10, &facts::R11],
        why: "the automated backups reach any second of their window, the newest about 5 minutes old"
            .to_owned(),
    }
}

fn replicated(backup: &str, target: &Target) -> Source {
    let mut command =
        words("aws rds restore-db-instance-to-point-in-time --source-db-instance-automated-backups-arn");
    command.push(backup.to_owned());
    command.extend(["--target-db-instance-identifier".to_owned(), target.name.clone()]);
    command.extend(at(target));
    Source {
        words: command,
        is: Restored {
            source_db_instance_automated_backups_arn: Some(backup.to_owned()),
            restore_time: target.at.map(|at| at.to_string()),
            ..Restored::default()
        },
        facts: vec![&facts::R10, &facts::R11, &facts::R16, &facts::R17],
        why: "the replicated backups live outside of the lost region".to_owned(),
    }
}

/// The name of the replicated backups was never read: it is looked up first, and a person carries it
/// over into the restore.
fn without_the_arn(subject: &Subject<'_>, of: &str, target: &Target) -> Vec<RecoveryStep> {
    let verb = verbs::find(of);
    let mut find = words("aws rds describe-db-instance-automated-backups --query");
    let of = of.replace('\\', "\\\\").replace('\'', "\\'"); // a raw string of JMESPath
    find.push(format!("DBInstanceAutomatedBackups[?DBInstanceArn=='{of}'].DBInstanceAutomatedBackupsArn"));
    find.extend(words("--output text --region"));
    find.push(target.region.clone());
    let find = RecoveryStep {
        id: "find_backups".to_owned(),
        summary: format!("look up the replicated backups of `{}` in {}", subject.id, target.region),
        phase: Phase::Restore,
        nature: StepNature::Check,
        needs: vec!["stop_writers".to_owned()],
        before: Vec::new(),
        api: api(target),
        command: find,
        unsaid: None,
        verb: Some(verb),
        within: None,
        estimate: estimate(1, 5, "one request"),
        why: "a restore names the replicated backups themselves, and their ARN was not observed".to_owned(),
        undo: Undo::Nothing,
        facts: vec![facts::R16.id(), facts::R17.id()],
    };
    let template = restore(subject, target, replicated(FOUND, target));
    let mut before = vec![format!("the ARN that the step before prints stands in the place of {FOUND}")];
    before.extend(template.before.clone());
    let restore = RecoveryStep {
        nature: StepNature::Manual,
        needs: vec!["find_backups".to_owned()],
        before,
        verb: None,
        ..template
    };
    let mut steps = vec![stop_writers(subject), find, restore];
    steps.extend(after_the_restore(subject, target));
    steps
}

fn from_snapshot(snapshot: &str) -> Source {
    let mut command = words("aws rds restore-db-instance-from-db-snapshot --db-snapshot-identifier");
    command.push(snapshot.to_owned());
    Source {
        words: command,
        is: Restored { db_snapshot_identifier: Some(snapshot.to_owned()), ..Restored::default() },
        facts: vec![&facts::R10, &facts::R11],
        why: "the snapshot holds one moment; everything written after it is lost".to_owned(),
    }
}

pub(super) fn api(target: &Target) -> Option<ApiNeed> {
    Some(ApiNeed { service: "rds".to_owned(), region: target.region.clone(), control_plane: true })
}

/// Subnet, security and parameter groups are bound to their region: the lost instance's own are taken
/// only where it was.
fn restore(subject: &Subject<'_>, target: &Target, source: Source) -> RecoveryStep {
    let mut command = source.words;
    if !command.iter().any(|w| w == "--target-db-instance-identifier") {
        command.extend(["--db-instance-identifier".to_owned(), target.name.clone()]);
    }
    let on = |name: &str| subject.attributes.get(name) == Some(&Value::Bool(true));
    let mut is = Restored {
        db_instance_identifier: target.name.clone(),
        multi_az: on("multi_az"),
        copy_tags_to_snapshot: on("copy_tags_to_snapshot"),
        db_instance_class: text(subject.outputs, "db_instance_class").map(str::to_owned),
        tags: tags(subject.attributes),
        ..source.is
    };
    command.push(if on("multi_az") { "--multi-az" } else { "--no-multi-az" }.to_owned());
    command.push("--deletion-protection".to_owned());
    if on("copy_tags_to_snapshot") {
        command.push("--copy-tags-to-snapshot".to_owned());
    }
    if let Some(class) = text(subject.outputs, "db_instance_class") {
        command.extend(["--db-instance-class".to_owned(), class.to_owned()]);
    }
    let mut missing = vec!["subnet group", "security groups", "parameter group"];
    if subject.place.region.as_ref() == Some(&target.region) {
        if let Some(group) = text(subject.outputs, "db_subnet_group") {
            command.extend(["--db-subnet-group-name".to_owned(), group.to_owned()]);
            is.db_subnet_group = Some(group.to_owned());
            missing.retain(|m| *m != "subnet group");
        }
        let groups = list(subject.outputs, "vpc_security_groups");
        if !groups.is_empty() {
            command.push("--vpc-security-group-ids".to_owned());
            command.extend(groups.clone());
            is.vpc_security_groups = Some(groups);
            missing.retain(|m| *m != "security groups");
        }
        if let Some(group) = list(subject.outputs, "parameter_groups").into_iter().next() {
            command.extend(["--db-parameter-group-name".to_owned(), group.clone()]);
            is.parameter_group = Some(group);
            missing.retain(|m| *m != "parameter group");
        }
    }
    command.extend(["--region".to_owned(), target.region.clone()]);
    let when = target.at.map_or("the newest point".to_owned(), |at| at.to_string());
    let mut before = vec![format!("no instance in {} has the name `{}`", target.region, target.name)];
    if !missing.is_empty() {
        before.push(format!("the region's default {} will do, or you add your own", missing.join(", ")));
    }
    RecoveryStep {
        id: "restore".to_owned(),
        summary: format!("restore `{}` to the new instance `{}` at {when}", subject.id, target.name),
        phase: Phase::Restore,
        nature: StepNature::Auto,
        needs: vec!["stop_writers".to_owned()],
        before,
        api: api(target),
        command,
        unsaid: None,
        verb: Some(verbs::restore(&is)),
        within: None,
        estimate: estimate(17, 60, "restore of a small database; measure yours with a drill"),
        why: source.why,
        undo: taken_back(format!(
            "nothing uses `{}` yet: leave it, and delete it when the data is safe elsewhere",
            target.name
        )),
        facts: source.facts.iter().map(|f| f.id()).collect(),
    }
}

/// Those of the lost instance, as far as they are known.
fn tags(attributes: &BTreeMap<String, Value>) -> Option<BTreeMap<String, String>> {
    let Value::Object(tags) = attributes.get("tags")? else { return None };
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    Some(tags.iter().filter_map(text).collect())
}

pub(super) fn list(values: &BTreeMap<String, Value>, name: &str) -> Vec<String> {
    let owned = |item: &Value| item.as_str().map(str::to_owned);
    match values.get(name) {
        Some(Value::List(items)) => items.iter().filter_map(owned).collect(),
        Some(Value::Set(items)) => items.iter().filter_map(owned).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn wait(target: &Target) -> RecoveryStep {
    let mut command = words("aws rds wait db-instance-available --db-instance-identifier");
    command.extend([target.name.clone(), "--region".to_owned(), target.region.clone()]);
    RecoveryStep {
        id: "wait".to_owned(),
        summary: format!("wait until `{}` is available", target.name),
        phase: Phase::Restore,
        nature: StepNature::Check,
        needs: vec!["restore".to_owned()],
        before: Vec::new(),
        api: api(target),
        command,
        unsaid: None,
        verb: Some(verbs::wait(&target.name)),
        within: Some(WAIT_AT_MOST),
        estimate: estimate(5, 180, "the first backup after a restore can take hours"),
        why: "its status is `backing-up` until the first backup is done, and a login may work before; the \
              command gives up after 30 minutes: then run it again"
            .to_owned(),
        undo: Undo::Nothing,
        facts: vec![facts::R12.id()],
    }
}

pub(super) fn verify(subject: &Subject<'_>, target: &Target) -> RecoveryStep {
    let over = text(subject.outputs, "engine").map(|engine| format!(" over {engine}")).unwrap_or_default();
    RecoveryStep {
        id: "verify".to_owned(),
        summary: format!("log in to `{}`{over} and read a recent row", target.name),
        phase: Phase::Verify,
        nature: StepNature::Manual,
        needs: vec!["wait".to_owned()],
        before: vec!["you reach the endpoint that the command prints: security group, route".to_owned()],
        api: api(target),
        command: endpoint(target),
        unsaid: None,
        verb: None,
        within: None,
        estimate: estimate(5, 15, "a login and a query, slower while blocks load for the first time"),
        why: "available is not usable: data loads lazily, and only a query shows what the point holds"
            .to_owned(),
        undo: Undo::Nothing,
        facts: vec![facts::R12.id(), facts::R29.id()],
    }
}

/// The restored instance inherits the retention of its source; it is set all the same, because a
/// snapshot may have had none.
pub(super) fn protect(subject: &Subject<'_>, target: &Target) -> RecoveryStep {
    let lost = number(subject.attributes, "backup_retention_period").filter(|n| *n > 0);
    let days = lost.unwrap_or(RETENTION_DEFAULT);
    let mut command = words("aws rds modify-db-instance --db-instance-identifier");
    command.push(target.name.clone());
    command.extend(words(&format!("--backup-retention-period {days}")));
    command.extend(words("--deletion-protection --apply-immediately --region"));
    command.push(target.region.clone());
    RecoveryStep {
        id: "protect".to_owned(),
        summary: format!("keep {days} days of automated backups of `{}`", target.name),
        phase: Phase::Protect,
        nature: StepNature::Auto,
        needs: vec!["resume".to_owned()],
        before: Vec::new(),
        api: api(target),
        command,
        unsaid: None,
        verb: Some(verbs::protect(&target.name, u32::try_from(days).unwrap_or(u32::MAX))),
        within: Some(BUSY_AT_MOST),
        estimate: estimate(1, 5, "one request, in effect asynchronously"),
        why: "the history of the new instance begins with its restore; nothing older is in it".to_owned(),
        undo: Undo::Nothing,
        facts: vec![facts::R12.id(), facts::R23.id()],
    }
}
