//! RDS over a world: every function checks all it has to before it changes anything.

use std::collections::{BTreeMap, BTreeSet};

use drctl_aws::port::{
    Answer, CreateDbSnapshot, DbInstance, DbSnapshot, ModifyDbInstance, ReplicatedBackup, SourceRegion,
    StartBackupsReplication,
};
use drctl_core::provider::ErrorClass;

use crate::chance;
use crate::error::{conflict, not_found, refuse, rejected};
use crate::s3_rules;
use crate::stale::later;
use crate::window::Window;
use crate::world::{Caller, Database, Replicated, Settling, SimWorld, Snapshot};

/// R21: manual snapshots of an account in a region.
const SNAPSHOTS_MAX: usize = 100;
/// R1.
const RETENTION_MAX: u32 = 35;
/// States in which an instance takes a change.
const CHANGEABLE: [&str; 3] = ["available", "storage-full", "storage-optimization"];

/// The state of an instance whose deletion goes on.
pub(crate) const DELETING: &str = "deleting";

/// The region in which an RDS ARN is.
pub(crate) fn region_of(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    (parts.len() == 7 && parts[0] == "arn" && parts[2] == "rds").then(|| parts[3])
}

/// An instance anywhere, by ARN.
pub(crate) fn by_arn<'w>(world: &'w SimWorld, arn: &str) -> Option<&'w Database> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let [_, _, _, region, account, "db", identifier] = parts[..] else { return None };
    world.accounts.get(account)?.regions.get(region)?.db_instances.get(identifier)
}

pub(crate) fn describe_instances(
    world: &SimWorld,
    caller: &Caller,
    identifier: Option<&str>,
) -> Vec<DbInstance> {
    let all = world.here(caller).into_iter().flat_map(|c| &c.db_instances);
    all.filter(|(id, _)| identifier.is_none_or(|wanted| wanted == *id))
        .map(|(_, d)| d.instance.clone())
        .collect()
}

pub(crate) fn unknown_instance(doing: &str, identifier: &str) -> drctl_core::provider::ProviderError {
    not_found(doing, "DBInstanceNotFound", &format!("DBInstance {identifier} not found."))
}

pub(crate) fn modify_instance(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    change: &ModifyDbInstance,
) -> Answer<()> {
    let (now, pace) = (world.now, world.pace);
    let Some(database) = world.here_mut(caller).db_instances.get_mut(&change.identifier) else {
        return Err(unknown_instance(doing, &change.identifier));
    };
    check_change(doing, database, change)?;
    let instance = &mut database.instance;
    if let Some(window) = &change.preferred_backup_window {
        instance.preferred_backup_window = window.clone();
    }
    if let Some(window) = &change.preferred_maintenance_window {
        instance.preferred_maintenance_window = window.to_ascii_lowercase();
    }
    if let Some(on) = change.deletion_protection {
        instance.deletion_protection = on;
    }
    if let Some(on) = change.copy_tags_to_snapshot {
        instance.copy_tags_to_snapshot = on;
    }
    if let Some(days) = change.backup_retention_period {
        let current = instance.backup_retention_period;
        instance.pending.backup_retention_period = (days != current).then_some(days);
        database.soon.remove("backup_retention_period");
        // R4: only between 0 and more does it wait for the window.
        if days != current && (days == 0) == (current == 0) {
            database.soon.insert("backup_retention_period".into());
        }
    }
    if let Some(on) = change.multi_az {
        instance.pending.multi_az = (on != instance.multi_az).then_some(on);
        database.soon.remove("multi_az");
    }
    // R4: ApplyImmediately releases everything that is pending, not only what this call changes.
    if change.apply_immediately {
        database.soon = pending_names(&database.instance);
    }
    if !database.soon.is_empty() {
        database.instance.status = "modifying".into();
        database.settling = Some(settling(now, pace.modify_seconds, pace.looks));
        database.settle_if_over(now);
    }
    Ok(())
}

/// What waits, by the names used in [`Database::soon`].
pub(crate) fn pending_names(instance: &DbInstance) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = instance.pending.others.keys().cloned().collect();
    if instance.pending.backup_retention_period.is_some() {
        names.insert("backup_retention_period".into());
    }
    if instance.pending.multi_az.is_some() {
        names.insert("multi_az".into());
    }
    names
}

pub(crate) fn settling(now: jiff::Timestamp, seconds: u32, looks: u32) -> Settling {
    Settling { until: later(now, i64::from(seconds)), looks }
}

fn check_change(doing: &str, database: &Database, change: &ModifyDbInstance) -> Answer<()> {
    let instance = &database.instance;
    if !CHANGEABLE.contains(&instance.status.as_str()) {
        let message = format!("Database instance is not in available state: it is {}.", instance.status);
        return Err(conflict(doing, "InvalidDBInstanceState", &message, ""));
    }
    let invalid = |code, message: &str, fact| -> Answer<()> { Err(rejected(doing, code, message, fact)) };
    if let Some(days) = change.backup_retention_period {
        // R1.
        if days > RETENTION_MAX {
            let message =
                format!("Invalid backup retention period: {days}. Must be between 0 and {RETENTION_MAX}.");
            return invalid("InvalidParameterValue", &message, "R1");
        }
        // R5.
        if days == 0 && !instance.read_replicas.is_empty() {
            let message = "Backups cannot be disabled on a DB instance that is the source of read replicas.";
            return invalid("InvalidParameterCombination", message, "R5");
        }
    }
    // R7: each window valid, and the two apart.
    let given = |new: &Option<String>, old: &str| new.clone().unwrap_or_else(|| old.to_owned());
    let backup = Window::backup(&given(&change.preferred_backup_window, &instance.preferred_backup_window));
    let maintenance = Window::maintenance(&given(
        &change.preferred_maintenance_window,
        &instance.preferred_maintenance_window,
    ));
    if change.preferred_backup_window.is_some() || change.preferred_maintenance_window.is_some() {
        let overlap = match (backup, maintenance) {
            (Ok(backup), Ok(maintenance)) => backup.overlaps(&maintenance),
            (Err(message), _) | (_, Err(message)) => {
                return invalid("InvalidParameterValue", &message, "R7");
            }
        };
        if overlap {
            let message = "The backup window and maintenance window must not overlap.";
            return invalid("InvalidParameterValue", message, "R7");
        }
    }
    Ok(())
}

/// R23: only what nothing protects is deleted.
pub(crate) fn unprotected(doing: &str, instance: &DbInstance) -> Answer<()> {
    if instance.deletion_protection {
        let message =
            "Cannot delete protected DB Instance, please disable deletion protection and try again.";
        return Err(rejected(doing, "InvalidParameterCombination", message, "R23"));
    }
    Ok(())
}

/// R22: its automated backups go with it, and it goes on being `deleting` for a while.
pub(crate) fn delete_instance(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    identifier: &str,
) -> Answer<()> {
    let (now, pace) = (world.now, world.pace);
    let Some(database) = world.here_mut(caller).db_instances.get_mut(identifier) else {
        return Err(unknown_instance(doing, identifier));
    };
    unprotected(doing, &database.instance)?;
    if database.settling.is_some() || database.instance.status == DELETING {
        let message = format!("Instance {identifier} is {}.", database.instance.status);
        return Err(conflict(doing, "InvalidDBInstanceState", &message, ""));
    }
    database.instance.status = DELETING.into();
    database.instance.latest_restorable_time = None;
    database.backups.clear();
    database.settling = Some(settling(now, pace.modify_seconds, pace.looks));
    world.settle_over();
    Ok(())
}

/// R24: for good. It is busy with it for a while, and its history begins after that.
pub(crate) fn promote(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    identifier: &str,
    retention: u32,
) -> Answer<()> {
    let (now, pace) = (world.now, world.pace);
    let Some(database) = world.here_mut(caller).db_instances.get_mut(identifier) else {
        return Err(unknown_instance(doing, identifier));
    };
    let instance = &database.instance;
    if instance.read_replica_source.is_none() {
        let message = format!("DB Instance {identifier} is not a read replica.");
        return Err(conflict(doing, "InvalidDBInstanceState", &message, "R24"));
    }
    if instance.status != "available" {
        let message = format!("Database instance is not in available state: it is {}.", instance.status);
        return Err(conflict(doing, "InvalidDBInstanceState", &message, "R24"));
    }
    if retention > RETENTION_MAX {
        let message = format!("Invalid backup retention period: {retention}.");
        return Err(rejected(doing, "InvalidParameterValue", &message, "R1"));
    }
    let arn = instance.arn.clone();
    database.instance.status = "modifying".into();
    database.promoting = Some(retention);
    database.settling = Some(settling(now, pace.modify_seconds, pace.looks));
    database.settle_if_over(now);
    let all = world.accounts.values_mut().flat_map(|a| &mut a.regions);
    for (region, contents) in all {
        let is = |name: &String| *name == arn || (*region == caller.region && name == identifier);
        contents.db_instances.values_mut().for_each(|d| d.instance.read_replicas.retain(|name| !is(name)));
    }
    Ok(())
}

/// The tags of an RDS resource of this region.
fn tags_of<'w>(
    world: &'w mut SimWorld,
    caller: &Caller,
    doing: &str,
    arn: &str,
) -> Answer<&'w mut BTreeMap<String, String>> {
    if region_of(arn) != Some(caller.region.as_str()) {
        let message = format!("The ARN {arn} is not of a resource in {}.", caller.region);
        return Err(rejected(doing, "InvalidParameterValue", &message, ""));
    }
    let contents = world.here_mut(caller);
    if let Some(database) = contents.db_instances.values_mut().find(|d| d.instance.arn == arn) {
        return Ok(&mut database.instance.tags);
    }
    if let Some(snapshot) = contents.db_snapshots.values_mut().find(|s| s.snapshot.arn == arn) {
        return Ok(&mut snapshot.snapshot.tags);
    }
    Err(not_found(doing, "DBInstanceNotFound", &format!("no resource has the ARN {arn}")))
}

pub(crate) fn add_tags(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    arn: &str,
    tags: &BTreeMap<String, String>,
) -> Answer<()> {
    let present = tags_of(world, caller, doing, arn)?;
    s3_rules::tags(doing, tags, "InvalidParameterValue")?;
    let mut after = present.clone();
    after.extend(tags.clone());
    s3_rules::tags(doing, &after, "InvalidParameterValue")?;
    *present = after;
    Ok(())
}

pub(crate) fn remove_tags(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    arn: &str,
    keys: &BTreeSet<String>,
) -> Answer<()> {
    tags_of(world, caller, doing, arn)?.retain(|key, _| !keys.contains(key));
    Ok(())
}

pub(crate) fn describe_replicated(
    world: &SimWorld,
    caller: &Caller,
    source_arn: Option<&str>,
) -> Vec<ReplicatedBackup> {
    let all = world.here(caller).into_iter().flat_map(|c| &c.replicated_backups);
    all.filter(|(arn, _)| source_arn.is_none_or(|wanted| wanted == *arn))
        .map(|(_, r)| r.backup.clone())
        .collect()
}

pub(crate) fn start_replication(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    start: &StartBackupsReplication,
) -> Answer<()> {
    let invalid = |code, message: &str| -> Answer<()> { Err(rejected(doing, code, message, "R15")) };
    let Some(source_region) = region_of(&start.source_arn).map(str::to_owned) else {
        return invalid(
            "InvalidParameterValue",
            &format!("{} is not the ARN of a DB instance.", start.source_arn),
        );
    };
    // R15: the call goes to the destination, which is another region, with its own retention.
    if source_region == caller.region {
        return invalid("InvalidParameterValue", "The source DB instance must be in another Region.");
    }
    if !(1..=RETENTION_MAX).contains(&start.backup_retention_period) {
        return invalid("InvalidParameterValue", "Backup retention period must be between 1 and 35.");
    }
    let supported =
        world.source_regions.get(&caller.region).is_some_and(|from| from.contains(&source_region));
    if !supported {
        let message = format!("Automated backups replication from {source_region} is not supported here.");
        return invalid("InvalidParameterCombination", &message);
    }
    // R15: starting needs an answer of the source region.
    if !world.is_up(&source_region) {
        let message = format!("the source region {source_region} does not answer");
        return Err(refuse(doing, ErrorClass::Unavailable, "ServiceUnavailable", &message, "R15"));
    }
    let Some(source) = by_arn(world, &start.source_arn) else {
        return Err(unknown_instance(doing, &start.source_arn));
    };
    if source.instance.backup_retention_period == 0 {
        let message = "Automated backups are not enabled on the source DB instance.";
        return Err(conflict(doing, "InvalidDBInstanceAutomatedBackupState", message, "R15"));
    }
    if source.instance.storage_encrypted && start.kms_key_id.is_none() {
        let message = "A KMS key of this Region is needed: the source DB instance is encrypted.";
        return invalid("InvalidParameterCombination", message);
    }
    if !source.instance.storage_encrypted && start.kms_key_id.is_some() {
        return invalid("InvalidParameterCombination", "The source DB instance is not encrypted.");
    }
    let running = world.here(caller).and_then(|c| c.replicated_backups.get(&start.source_arn));
    if running.is_some_and(|r| r.backup.status == "replicating") {
        let message = "Automated backups of this DB instance are already replicated to this Region.";
        return Err(conflict(doing, "InvalidDBInstanceAutomatedBackupState", message, "R15"));
    }
    let backup = ReplicatedBackup {
        arn: backup_arn(world, caller, &start.source_arn),
        source_arn: start.source_arn.clone(),
        source_region,
        status: "replicating".into(),
        backup_retention_period: start.backup_retention_period,
        kms_key_id: start.kms_key_id.clone(),
        earliest: None,
        latest: None,
        engine: source.instance.engine.clone(),
        allocated_storage_gib: source.instance.allocated_storage_gib,
    };
    let settling = Some(settling(world.now, world.pace.first_copy_seconds, world.pace.looks));
    world
        .here_mut(caller)
        .replicated_backups
        .insert(start.source_arn.clone(), Replicated { backup, settling });
    world.settle_over();
    Ok(())
}

/// The ARN of a replicated automated backup.
pub(crate) fn backup_arn(world: &SimWorld, caller: &Caller, source_arn: &str) -> String {
    let id = chance::id(world.seed, &["auto-backup", &caller.account, &caller.region, source_arn]);
    format!("arn:aws:rds:{}:{}:auto-backup:ab-{id}", caller.region, caller.account)
}

pub(crate) fn stop_replication(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    source_arn: &str,
) -> Answer<()> {
    let Some(replicated) = world.here_mut(caller).replicated_backups.get_mut(source_arn) else {
        let message = format!("Automated backup of {source_arn} not found.");
        return Err(not_found(doing, "DBInstanceAutomatedBackupNotFound", &message));
    };
    // R16: what is there is kept and ages out.
    replicated.backup.status = "retained".into();
    replicated.settling = None;
    Ok(())
}

pub(crate) fn source_regions(world: &SimWorld, caller: &Caller) -> Vec<SourceRegion> {
    let supported = world.source_regions.get(&caller.region);
    let others = world.regions.keys().filter(|name| **name != caller.region);
    others
        .map(|name| SourceRegion {
            name: name.clone(),
            supports_backups_replication: supported.is_some_and(|from| from.contains(name)),
        })
        .collect()
}

pub(crate) fn describe_snapshots(
    world: &SimWorld,
    caller: &Caller,
    identifier: Option<&str>,
) -> Vec<DbSnapshot> {
    let all = world.here(caller).into_iter().flat_map(|c| &c.db_snapshots);
    all.filter(|(id, _)| identifier.is_none_or(|wanted| wanted == *id))
        .map(|(_, s)| s.snapshot.clone())
        .collect()
}

pub(crate) fn create_snapshot(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    create: &CreateDbSnapshot,
) -> Answer<()> {
    if !is_identifier(&create.identifier) {
        let message =
            format!("The parameter DBSnapshotIdentifier is not a valid identifier: {}", create.identifier);
        return Err(rejected(doing, "InvalidParameterValue", &message, ""));
    }
    s3_rules::tags(doing, &create.tags, "InvalidParameterValue")?;
    let (now, pace) = (world.now, world.pace);
    let contents = world.here_mut(caller);
    if contents.db_snapshots.contains_key(&create.identifier) {
        let message = format!(
            "Cannot create the snapshot because one with the identifier {} already exists.",
            create.identifier
        );
        return Err(conflict(doing, "DBSnapshotAlreadyExists", &message, ""));
    }
    let Some(database) = contents.db_instances.get(&create.instance) else {
        return Err(unknown_instance(doing, &create.instance));
    };
    if !["available", "storage-full", "storage-optimization"].contains(&database.instance.status.as_str()) {
        let message = format!(
            "Cannot create a snapshot because the database instance {} is not currently in the available state.",
            create.instance
        );
        return Err(conflict(doing, "InvalidDBInstanceState", &message, ""));
    }
    // R21: those of AWS Backup do not count.
    if contents.db_snapshots.values().filter(|s| s.snapshot.snapshot_type == "manual").count()
        >= SNAPSHOTS_MAX
    {
        let message = format!("Cannot create more than {SNAPSHOTS_MAX} manual snapshots");
        return Err(rejected(doing, "SnapshotQuotaExceeded", &message, "R21"));
    }
    let instance = &database.instance;
    let mut tags = if instance.copy_tags_to_snapshot { instance.tags.clone() } else { BTreeMap::new() };
    tags.extend(create.tags.clone());
    let snapshot = DbSnapshot {
        identifier: create.identifier.clone(),
        arn: format!("arn:aws:rds:{}:{}:snapshot:{}", caller.region, caller.account, create.identifier),
        instance: create.instance.clone(),
        status: "creating".into(),
        snapshot_type: "manual".into(),
        created: Some(now),
        engine: instance.engine.clone(),
        allocated_storage_gib: instance.allocated_storage_gib,
        encrypted: instance.storage_encrypted,
        kms_key_id: instance.kms_key_id.clone(),
        tags,
    };
    let settling = Some(settling(now, pace.snapshot_seconds, pace.looks));
    contents.db_snapshots.insert(create.identifier.clone(), Snapshot { snapshot, settling });
    world.settle_over();
    Ok(())
}

pub(crate) fn is_identifier(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !text.ends_with('-')
        && !text.contains("--")
}

pub(crate) fn delete_snapshot(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    identifier: &str,
) -> Answer<()> {
    let contents = world.here_mut(caller);
    let Some(snapshot) = contents.db_snapshots.get(identifier) else {
        let message = format!("DBSnapshot {identifier} not found.");
        return Err(not_found(doing, "DBSnapshotNotFound", &message));
    };
    if snapshot.snapshot.status != "available" {
        let message = format!("Cannot delete the snapshot because it is {}.", snapshot.snapshot.status);
        return Err(conflict(doing, "InvalidDBSnapshotState", &message, ""));
    }
    contents.db_snapshots.remove(identifier);
    Ok(())
}
