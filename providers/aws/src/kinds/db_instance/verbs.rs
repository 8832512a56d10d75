//! What an instance's recovery steps do through the port. A restore bears the key of its attempt as a tag,
//! so that one that got through without its answer is known again.

use std::collections::BTreeMap;

use drctl_core::Attributes;
use drctl_core::provider::{Attempt, ErrorClass, ProviderError, TakeDown, Verb, unknown_verb};
use drctl_core::schema::{Attributes as _, Invalid};
use drctl_core::value::Value;
use jiff::Timestamp;

use super::recovery::{BUSY_AT_MOST, words};
use crate::facts;
use crate::port::{
    self, BackupsOf, Cloud, ModifyDbInstance, NewDbInstance, RestoreDbInstanceFromDbSnapshot,
    RestoreDbInstanceToPointInTime,
};

/// The tag of a restored instance: the attempt that made it.
const MADE_BY: &str = "drctl:attempt";
const RESTORE_TO_POINT_IN_TIME: &str = "restore_to_point_in_time";
const RESTORE_FROM_SNAPSHOT: &str = "restore_from_snapshot";
const WAIT: &str = "wait_until_available";
const PROTECT: &str = "protect";
const PROMOTE: &str = "promote_read_replica";
const WAIT_PROMOTED: &str = "wait_until_promoted";
const FIND: &str = "find_replicated_backups";
const REMOVE: &str = "remove_what_a_drill_restored";

/// The state of an instance whose deletion goes on: nothing ends that any more.
const DELETING: &str = "deleting";

/// States that never become `available` by themselves.
const HOPELESS: [&str; 9] = [
    "failed",
    "restore-error",
    "incompatible-restore",
    "incompatible-network",
    "incompatible-parameters",
    "incompatible-option-group",
    "incompatible-create",
    "inaccessible-encryption-credentials",
    DELETING,
];

/// What a restore makes.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub(super) struct Restored {
    /// Its new name.
    pub(super) db_instance_identifier: String,
    /// The instance whose automated backups are restored, in its own region.
    pub(super) source_db_instance_identifier: Option<String>,
    /// ARN of the replicated automated backups that are restored.
    pub(super) source_db_instance_automated_backups_arn: Option<String>,
    /// The snapshot that is restored.
    pub(super) db_snapshot_identifier: Option<String>,
    /// The instant; none for the latest restorable one.
    pub(super) restore_time: Option<String>,
    /// Its class.
    pub(super) db_instance_class: Option<String>,
    /// Whether a standby waits in another zone.
    pub(super) multi_az: bool,
    /// Whether snapshots get its tags.
    pub(super) copy_tags_to_snapshot: bool,
    /// Its subnet group.
    pub(super) db_subnet_group: Option<String>,
    /// Its security groups.
    pub(super) vpc_security_groups: Option<Vec<String>>,
    /// Its parameter group.
    pub(super) parameter_group: Option<String>,
    /// Its tags.
    pub(super) tags: Option<BTreeMap<String, String>>,
}

/// An instance by name.
#[derive(Debug, Clone, PartialEq, Attributes)]
struct Named {
    /// Its name.
    db_instance_identifier: String,
}

/// How long an instance keeps automated backups: a restored one, or a replica once it is promoted.
#[derive(Debug, Clone, PartialEq, Attributes)]
struct Protected {
    /// Its name.
    db_instance_identifier: String,
    /// Days.
    backup_retention_period: u32,
}

/// An instance that a drill has restored.
#[derive(Debug, Clone, PartialEq, Attributes)]
struct Made {
    /// Its name.
    db_instance_identifier: String,
    /// The key of the attempt that made it, as its tag has it.
    made_by: String,
}

/// Replicated backups by what they are of.
#[derive(Debug, Clone, PartialEq, Attributes)]
struct BackupsOfSource {
    /// ARN of the source.
    source_db_instance_arn: String,
}

/// Restores what it names.
pub(super) fn restore(what: &Restored) -> Verb {
    let from = &what.db_snapshot_identifier;
    let name = if from.is_some() { RESTORE_FROM_SNAPSHOT } else { RESTORE_TO_POINT_IN_TIME };
    verb(name, what.to_values())
}

/// Holds once the instance is available.
pub(super) fn wait(identifier: &str) -> Verb {
    verb(WAIT, Named { db_instance_identifier: identifier.to_owned() }.to_values())
}

/// Keeps automated backups, and refuses deletion.
pub(super) fn protect(identifier: &str, days: u32) -> Verb {
    let what = Protected { db_instance_identifier: identifier.to_owned(), backup_retention_period: days };
    verb(PROTECT, what.to_values())
}

/// Ends that a replica follows another instance, and keeps automated backups of it.
pub(super) fn promote(identifier: &str, days: u32) -> Verb {
    let what = Protected { db_instance_identifier: identifier.to_owned(), backup_retention_period: days };
    verb(PROMOTE, what.to_values())
}

/// Holds once the instance is available and follows no other.
pub(super) fn wait_promoted(identifier: &str) -> Verb {
    verb(WAIT_PROMOTED, Named { db_instance_identifier: identifier.to_owned() }.to_values())
}

/// Tells the ARN of replicated backups.
pub(super) fn find(source_arn: &str) -> Verb {
    verb(FIND, BackupsOfSource { source_db_instance_arn: source_arn.to_owned() }.to_values())
}

/// Removes what a restore has made: by name, and by the tag that it bears.
pub(super) fn take_down(made: &Verb, by: &Attempt, region: &str) -> Option<TakeDown> {
    if ![RESTORE_TO_POINT_IN_TIME, RESTORE_FROM_SNAPSHOT].contains(&made.name.as_str()) {
        return None;
    }
    let name = made.arguments.get("db_instance_identifier")?.as_str()?.to_owned();
    let what = Made { db_instance_identifier: name.clone(), made_by: sanitized(&by.0) };
    let mut command = words("aws rds delete-db-instance --skip-final-snapshot --delete-automated-backups");
    command.extend(["--db-instance-identifier", &name, "--region", region].map(str::to_owned));
    let facts = vec![facts::R22.id(), facts::R23.id()];
    Some(TakeDown { verb: verb(REMOVE, what.to_values()), command, within: BUSY_AT_MOST, facts })
}

fn verb(name: &str, arguments: BTreeMap<String, Value>) -> Verb {
    Verb { name: name.to_owned(), arguments }
}

/// Carries one out.
pub(super) async fn perform(
    cloud: &Cloud,
    attempt: &Attempt,
    verb: &Verb,
) -> Result<BTreeMap<String, Value>, ProviderError> {
    let wrong = |e: Invalid| error(&verb.name, ErrorClass::Rejected, e.to_string());
    let arguments = verb.arguments.clone();
    match verb.name.as_str() {
        RESTORE_TO_POINT_IN_TIME | RESTORE_FROM_SNAPSHOT => {
            make(cloud, attempt, Restored::from_values(arguments).map_err(wrong)?).await
        }
        WAIT => see_available(cloud, &Named::from_values(arguments).map_err(wrong)?).await.map(|i| told(&i)),
        PROMOTE => end_following(cloud, &Protected::from_values(arguments).map_err(wrong)?).await,
        WAIT_PROMOTED => see_promoted(cloud, &Named::from_values(arguments).map_err(wrong)?).await,
        PROTECT => keep_backups(cloud, &Protected::from_values(arguments).map_err(wrong)?).await,
        REMOVE => remove(cloud, &Made::from_values(arguments).map_err(wrong)?).await,
        FIND => look_up(cloud, &BackupsOfSource::from_values(arguments).map_err(wrong)?).await,
        _unknown => Err(unknown_verb("aws_db_instance", verb)),
    }
}

async fn make(
    cloud: &Cloud,
    attempt: &Attempt,
    what: Restored,
) -> Result<BTreeMap<String, Value>, ProviderError> {
    let name = what.db_instance_identifier.clone();
    let doing = format!("restoring to the new instance `{name}`");
    let made_by = sanitized(&attempt.0);
    let there = cloud.describe_db_instances(Some(&name)).await?;
    if let Some(there) = there.iter().find(|i| i.identifier == name) {
        // An earlier attempt may have got through without its answer.
        if there.tags.get(MADE_BY) == Some(&made_by) {
            return Ok(told(there));
        }
        let message = "an instance of that name exists, and this run has not made it".to_owned();
        return Err(error(&doing, ErrorClass::Rejected, message));
    }
    let at = what.restore_time.as_deref().map(str::parse::<Timestamp>).transpose();
    let restore_time = at.map_err(|e| error(&doing, ErrorClass::Rejected, e.to_string()))?;
    let mut tags = what.tags.unwrap_or_default();
    tags.insert(MADE_BY.to_owned(), made_by);
    let new = NewDbInstance {
        identifier: name,
        class: what.db_instance_class,
        multi_az: what.multi_az,
        deletion_protection: true,
        copy_tags_to_snapshot: what.copy_tags_to_snapshot,
        db_subnet_group: what.db_subnet_group,
        vpc_security_groups: what.vpc_security_groups.unwrap_or_default(),
        parameter_group: what.parameter_group,
        tags,
    };
    let of = match (
        what.source_db_instance_identifier,
        what.source_db_instance_automated_backups_arn,
        what.db_snapshot_identifier,
    ) {
        (Some(instance), None, None) => BackupsOf::Instance(instance),
        (None, Some(arn), None) => BackupsOf::AutomatedBackups(arn),
        (None, None, Some(snapshot)) => {
            cloud
                .restore_db_instance_from_db_snapshot(&RestoreDbInstanceFromDbSnapshot { snapshot, new })
                .await?;
            return Ok(BTreeMap::new());
        }
        (_, _, _) => {
            let message = "it names not exactly one source".to_owned();
            return Err(error(&doing, ErrorClass::Rejected, message));
        }
    };
    let restore = RestoreDbInstanceToPointInTime { of, restore_time, new };
    cloud.restore_db_instance_to_point_in_time(&restore).await?;
    Ok(BTreeMap::new())
}

/// The key as a tag's value may be.
fn sanitized(key: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:/=+-@ ".contains(c);
    key.chars().map(|c| if allowed(c) { c } else { '-' }).take(256).collect()
}

async fn see_available(cloud: &Cloud, what: &Named) -> Result<port::DbInstance, ProviderError> {
    let name = &what.db_instance_identifier;
    let doing = format!("waiting until instance `{name}` is available");
    let found = cloud.describe_db_instances(Some(name)).await?;
    let Some(found) = found.into_iter().find(|i| i.identifier == *name) else {
        // A new instance is not seen everywhere at once.
        return Err(error(&doing, ErrorClass::Conflict, "it is not seen yet".to_owned()));
    };
    let state = format!("it is `{}`", found.status);
    match found.status.as_str() {
        "available" => Ok(found),
        hopeless if HOPELESS.contains(&hopeless) => Err(error(&doing, ErrorClass::Failed, state)),
        _on_its_way => Err(error(&doing, ErrorClass::Conflict, state)),
    }
}

async fn end_following(cloud: &Cloud, what: &Protected) -> Result<BTreeMap<String, Value>, ProviderError> {
    let name = &what.db_instance_identifier;
    let there = see_available(cloud, &Named { db_instance_identifier: name.clone() }).await?;
    // One that follows nothing was promoted before: by an earlier attempt, or by somebody else.
    if there.read_replica_source.is_some() {
        cloud.promote_read_replica(name, what.backup_retention_period).await?;
    }
    Ok(BTreeMap::new())
}

async fn see_promoted(cloud: &Cloud, what: &Named) -> Result<BTreeMap<String, Value>, ProviderError> {
    let found = see_available(cloud, what).await?;
    match &found.read_replica_source {
        None => Ok(told(&found)),
        Some(source) => {
            let doing = format!("waiting until instance `{}` is promoted", what.db_instance_identifier);
            let state = format!("it still follows `{source}`");
            Err(error(&doing, ErrorClass::Conflict, state))
        }
    }
}

async fn keep_backups(cloud: &Cloud, what: &Protected) -> Result<BTreeMap<String, Value>, ProviderError> {
    let name = &what.db_instance_identifier;
    let days = what.backup_retention_period;
    let found = cloud.describe_db_instances(Some(name)).await?;
    let is_so = |i: &port::DbInstance| {
        let kept = i.pending.backup_retention_period.unwrap_or(i.backup_retention_period);
        i.identifier == *name && i.deletion_protection && kept == days
    };
    if !found.iter().any(is_so) {
        let change = ModifyDbInstance {
            identifier: name.clone(),
            backup_retention_period: Some(days),
            deletion_protection: Some(true),
            apply_immediately: true,
            ..ModifyDbInstance::default()
        };
        cloud.modify_db_instance(&change).await?;
    }
    Ok(BTreeMap::new())
}

/// What is removed bears the tag of the attempt that made it: a name alone says nothing of whose it is.
async fn remove(cloud: &Cloud, what: &Made) -> Result<BTreeMap<String, Value>, ProviderError> {
    let name = &what.db_instance_identifier;
    let doing = format!("removing instance `{name}`, which a drill has restored");
    let Some(there) = of_attempt(cloud, what, &doing).await? else { return Ok(BTreeMap::new()) };
    if there.status == DELETING {
        return Ok(told(&there));
    }
    if there.deletion_protection {
        let identifier = name.clone();
        let off =
            ModifyDbInstance { identifier, deletion_protection: Some(false), ..ModifyDbInstance::default() };
        cloud.modify_db_instance(&off).await?;
        if of_attempt(cloud, what, &doing).await?.is_some_and(|there| there.deletion_protection) {
            let message = "its deletion protection is not off yet".to_owned();
            return Err(error(&doing, ErrorClass::Conflict, message));
        }
    }
    cloud.delete_db_instance(name).await?;
    Ok(of_attempt(cloud, what, &doing).await?.map(|there| told(&there)).unwrap_or_default())
}

/// The instance, where there is one; an error where somebody else has made it.
async fn of_attempt(
    cloud: &Cloud,
    what: &Made,
    doing: &str,
) -> Result<Option<port::DbInstance>, ProviderError> {
    let name = &what.db_instance_identifier;
    let found = cloud.describe_db_instances(Some(name)).await?;
    let Some(there) = found.into_iter().find(|i| i.identifier == *name) else { return Ok(None) };
    if there.tags.get(MADE_BY) != Some(&what.made_by) {
        let message = format!("it does not bear the tag `{MADE_BY}={}`: it stays", what.made_by);
        return Err(error(doing, ErrorClass::Rejected, message));
    }
    Ok(Some(there))
}

async fn look_up(cloud: &Cloud, what: &BackupsOfSource) -> Result<BTreeMap<String, Value>, ProviderError> {
    let source = &what.source_db_instance_arn;
    let found = cloud.describe_replicated_backups(Some(source)).await?;
    let Some(found) = found.iter().find(|b| b.source_arn == *source) else {
        let doing = format!("looking up the replicated backups of `{source}`");
        return Err(error(&doing, ErrorClass::NotFound, "there are none in this region".to_owned()));
    };
    let text = |name: &str, value: String| (name.to_owned(), Value::String(value));
    let mut told = BTreeMap::from([text("arn", found.arn.clone()), text("status", found.status.clone())]);
    told.extend(found.latest.map(|latest| text("restorable_to", latest.to_string())));
    Ok(told)
}

/// What whoever uses the instance has to know.
fn told(found: &port::DbInstance) -> BTreeMap<String, Value> {
    let all = [
        ("arn", Some(found.arn.clone().into())),
        ("status", Some(found.status.clone().into())),
        ("endpoint", found.endpoint.clone().map(Value::from)),
        ("port", found.port.map(|port| Value::from(i64::from(port)))),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn error(doing: &str, class: ErrorClass, message: String) -> ProviderError {
    ProviderError { doing: doing.to_owned(), class, code: None, message }
}
