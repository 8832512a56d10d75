//! Restores over a world: always to a new name (R10), refused outside of the restorable window, available
//! when the clock says so.

use std::collections::BTreeSet;

use drctl_aws::port::{
    Answer, BackupsOf, DbInstance, NewDbInstance, PendingModifiedValues, ReplicatedBackup,
    RestoreDbInstanceFromDbSnapshot, RestoreDbInstanceToPointInTime,
};
use jiff::Timestamp;

use crate::error::{conflict, not_found, rejected};
use crate::rds::{by_arn, is_identifier, settling, unknown_instance};
use crate::s3_rules;
use crate::world::{Caller, Contents, Database, SimWorld};

/// Identifiers of instances are no longer.
const NAME_MAX: usize = 63;

pub(crate) fn to_point_in_time(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    restore: &RestoreDbInstanceToPointInTime,
) -> Answer<()> {
    let at = restore.restore_time;
    let like = match &restore.of {
        BackupsOf::Instance(name) => {
            let found = world.here(caller).and_then(|c| c.db_instances.get(name));
            let Some(source) = found else { return Err(unknown_instance(doing, name)) };
            let window = (source.backups.first().copied(), source.instance.latest_restorable_time);
            within(doing, &format!("DB instance {name}"), window, at, "R9")?;
            source.instance.clone()
        }
        BackupsOf::AutomatedBackups(arn) => {
            let found = world.here(caller).map(|c| &c.replicated_backups);
            let Some(copy) = found.and_then(|all| all.values().find(|r| r.backup.arn == *arn)) else {
                let message = format!("DBInstanceAutomatedBackup {arn} not found.");
                return Err(not_found(doing, "DBInstanceAutomatedBackupNotFound", &message));
            };
            let backup = &copy.backup;
            within(doing, &format!("automated backup {arn}"), (backup.earliest, backup.latest), at, "R16")?;
            of_copy(world, backup)
        }
    };
    make(world, caller, doing, like, &restore.new)
}

pub(crate) fn from_snapshot(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    restore: &RestoreDbInstanceFromDbSnapshot,
) -> Answer<()> {
    let here = world.here(caller);
    let named = |all: &Contents| {
        let snapshots = all.db_snapshots.values();
        snapshots.map(|s| &s.snapshot).find(|s| [&s.identifier, &s.arn].contains(&&restore.snapshot)).cloned()
    };
    let Some(snapshot) = here.and_then(named) else {
        let message = format!("DBSnapshot {} not found.", restore.snapshot);
        return Err(not_found(doing, "DBSnapshotNotFound", &message));
    };
    if snapshot.status != "available" {
        let message = format!("Cannot restore from the snapshot because it is {}.", snapshot.status);
        return Err(conflict(doing, "InvalidDBSnapshotState", &message, ""));
    }
    let source = here.and_then(|c| c.db_instances.get(&snapshot.instance));
    let like = DbInstance {
        engine: snapshot.engine,
        allocated_storage_gib: snapshot.allocated_storage_gib,
        storage_encrypted: snapshot.encrypted,
        kms_key_id: snapshot.kms_key_id,
        tags: snapshot.tags,
        ..source.map_or_else(plain, |s| s.instance.clone())
    };
    make(world, caller, doing, like, &restore.new)
}

/// Refuses an instant that the history does not reach.
fn within(
    doing: &str,
    of: &str,
    (earliest, latest): (Option<Timestamp>, Option<Timestamp>),
    at: Option<Timestamp>,
    fact: &str,
) -> Answer<()> {
    let (Some(earliest), Some(latest)) = (earliest, latest) else {
        let message = format!("The {of} has no point in time that can be restored.");
        return Err(rejected(doing, "PointInTimeRestoreNotEnabled", &message, fact));
    };
    match at {
        Some(at) if at < earliest || at > latest => {
            let message = format!("The {of} can be restored from {earliest} to {latest}, not to {at}.");
            Err(rejected(doing, "InvalidParameterValue", &message, fact))
        }
        Some(_) | None => Ok(()),
    }
}

/// What replicated backups say of their instance. That its region is down does not matter.
fn of_copy(world: &SimWorld, backup: &ReplicatedBackup) -> DbInstance {
    let source = by_arn(world, &backup.source_arn).map(|d| d.instance.clone());
    DbInstance {
        engine: backup.engine.clone(),
        allocated_storage_gib: backup.allocated_storage_gib,
        storage_encrypted: backup.kms_key_id.is_some(),
        kms_key_id: backup.kms_key_id.clone(),
        backup_retention_period: backup.backup_retention_period,
        // Groups are bound to their region.
        db_subnet_group: None,
        parameter_groups: Vec::new(),
        vpc_security_groups: Vec::new(),
        ..source.unwrap_or_else(plain)
    }
}

/// An instance of which nothing is known.
fn plain() -> DbInstance {
    DbInstance {
        identifier: String::new(),
        arn: String::new(),
        status: String::new(),
        engine: String::new(),
        engine_version: "16.4".into(),
        class: "db.t4g.medium".into(),
        allocated_storage_gib: 0,
        endpoint: None,
        port: Some(5432),
        backup_retention_period: 1,
        preferred_backup_window: "03:00-03:30".into(),
        preferred_maintenance_window: "sun:04:00-sun:04:30".into(),
        deletion_protection: false,
        copy_tags_to_snapshot: false,
        multi_az: false,
        storage_encrypted: false,
        kms_key_id: None,
        latest_restorable_time: None,
        read_replica_source: None,
        read_replicas: Vec::new(),
        db_subnet_group: None,
        parameter_groups: Vec::new(),
        vpc_security_groups: Vec::new(),
        aws_backup_recovery_point_arn: None,
        pending: PendingModifiedValues::default(),
        tags: std::collections::BTreeMap::new(),
    }
}

fn make(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    like: DbInstance,
    new: &NewDbInstance,
) -> Answer<()> {
    let name = &new.identifier;
    if !is_identifier(name) || name.len() > NAME_MAX {
        let message = format!("The parameter DBInstanceIdentifier is not a valid identifier: {name}");
        return Err(rejected(doing, "InvalidParameterValue", &message, ""));
    }
    s3_rules::tags(doing, &new.tags, "InvalidParameterValue")?;
    let (now, pace) = (world.now, world.pace);
    let contents = world.here_mut(caller);
    // R10: never into what is there.
    if contents.db_instances.contains_key(name) {
        return Err(conflict(doing, "DBInstanceAlreadyExists", "DB instance already exists", "R10"));
    }
    known(doing, contents, new)?;
    let instance = DbInstance {
        identifier: name.clone(),
        arn: format!("arn:aws:rds:{}:{}:db:{name}", caller.region, caller.account),
        status: "creating".into(),
        class: new.class.clone().unwrap_or(like.class),
        endpoint: Some(format!("{name}.sim.{}.rds.amazonaws.com", caller.region)),
        multi_az: new.multi_az,
        deletion_protection: new.deletion_protection,
        copy_tags_to_snapshot: new.copy_tags_to_snapshot,
        latest_restorable_time: None,
        read_replica_source: None,
        read_replicas: Vec::new(),
        // R11: what is not given is the default one, whatever the source has.
        db_subnet_group: new.db_subnet_group.clone(),
        parameter_groups: new.parameter_group.iter().cloned().collect(),
        vpc_security_groups: new.vpc_security_groups.clone(),
        aws_backup_recovery_point_arn: None,
        pending: PendingModifiedValues::default(),
        tags: if new.tags.is_empty() { like.tags } else { new.tags.clone() },
        ..like
    };
    let settling = Some(settling(now, pace.restore_seconds, pace.looks));
    let database =
        Database { instance, backups: Vec::new(), settling, soon: BTreeSet::new(), promoting: None };
    contents.db_instances.insert(name.clone(), database);
    world.settle_over();
    Ok(())
}

/// Groups are known by being used in this region; the default ones always are.
fn known(doing: &str, contents: &Contents, new: &NewDbInstance) -> Answer<()> {
    let used = || contents.db_instances.values().map(|d| &d.instance);
    let missing = |group: &Option<String>, is_used: &dyn Fn(&str) -> bool| {
        group.clone().filter(|name| !name.starts_with("default") && !is_used(name))
    };
    let subnets = |name: &str| used().any(|i| i.db_subnet_group.as_deref() == Some(name));
    if let Some(name) = missing(&new.db_subnet_group, &subnets) {
        let message = format!("DB subnet group '{name}' does not exist.");
        return Err(not_found(doing, "DBSubnetGroupNotFoundFault", &message));
    }
    let parameters = |name: &str| used().any(|i| i.parameter_groups.iter().any(|p| p == name));
    if let Some(name) = missing(&new.parameter_group, &parameters) {
        let message = format!("DBParameterGroup not found: {name}");
        return Err(not_found(doing, "DBParameterGroupNotFound", &message));
    }
    Ok(())
}
