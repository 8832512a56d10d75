//! RDS's answers in the port's form.

use std::collections::BTreeMap;

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types as rds;
use drctl_aws::port;
use jiff::Timestamp;

use crate::convert_s3::{Odd, count};

fn required(name: &str, value: Option<&str>) -> Result<String, Odd> {
    value.filter(|v| !v.is_empty()).map(str::to_owned).ok_or_else(|| format!("the answer has no {name}"))
}

fn required_count(name: &str, value: Option<i32>) -> Result<u32, Odd> {
    count(name, value.ok_or_else(|| format!("the answer has no {name}"))?)
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

fn instant(value: Option<&DateTime>) -> Result<Option<Timestamp>, Odd> {
    value
        .map(|t| {
            let nanos = i32::try_from(t.subsec_nanos()).map_err(|e| e.to_string())?;
            Timestamp::new(t.secs(), nanos).map_err(|e| e.to_string())
        })
        .transpose()
}

pub(crate) fn to_instant(at: Timestamp) -> DateTime {
    DateTime::from_nanos(at.as_nanosecond()).unwrap_or_else(|_| DateTime::from_secs(at.as_second()))
}

fn tags(found: &[rds::Tag]) -> BTreeMap<String, String> {
    found.iter().filter_map(|t| Some((t.key()?.to_owned(), text(t.value())))).collect()
}

pub(crate) fn to_tags(wanted: &BTreeMap<String, String>) -> Vec<rds::Tag> {
    wanted.iter().map(|(k, v)| rds::Tag::builder().key(k).value(v).build()).collect()
}

pub(crate) fn instance(found: &rds::DbInstance) -> Result<port::DbInstance, Odd> {
    let identifier = required("DBInstanceIdentifier", found.db_instance_identifier())?;
    instance_parts(identifier.clone(), found).map_err(|odd| format!("instance `{identifier}`: {odd}"))
}

fn instance_parts(identifier: String, found: &rds::DbInstance) -> Result<port::DbInstance, Odd> {
    let endpoint = found.endpoint();
    let port_number = endpoint.and_then(|e| e.port()).filter(|p| *p != 0);
    Ok(port::DbInstance {
        identifier,
        arn: required("DBInstanceArn", found.db_instance_arn())?,
        status: required("DBInstanceStatus", found.db_instance_status())?,
        engine: required("Engine", found.engine())?,
        engine_version: text(found.engine_version()),
        class: text(found.db_instance_class()),
        allocated_storage_gib: count("AllocatedStorage", found.allocated_storage().unwrap_or_default())?,
        endpoint: endpoint.and_then(|e| e.address()).map(str::to_owned),
        port: port_number.map(|p| u16::try_from(p).map_err(|e| e.to_string())).transpose()?,
        backup_retention_period: required_count("BackupRetentionPeriod", found.backup_retention_period())?,
        preferred_backup_window: text(found.preferred_backup_window()),
        preferred_maintenance_window: text(found.preferred_maintenance_window()),
        deletion_protection: found.deletion_protection().unwrap_or_default(),
        copy_tags_to_snapshot: found.copy_tags_to_snapshot().unwrap_or_default(),
        multi_az: found.multi_az().unwrap_or_default(),
        storage_encrypted: found.storage_encrypted().unwrap_or_default(),
        kms_key_id: found.kms_key_id().map(str::to_owned),
        latest_restorable_time: instant(found.latest_restorable_time())?,
        read_replica_source: found
            .read_replica_source_db_instance_identifier()
            .filter(|s| !s.is_empty())
            .map(str::to_owned),
        read_replicas: found.read_replica_db_instance_identifiers().to_vec(),
        db_subnet_group: found.db_subnet_group().and_then(|g| g.db_subnet_group_name()).map(str::to_owned),
        parameter_groups: found
            .db_parameter_groups()
            .iter()
            .filter_map(|g| g.db_parameter_group_name().map(str::to_owned))
            .collect(),
        vpc_security_groups: found
            .vpc_security_groups()
            .iter()
            .filter_map(|g| g.vpc_security_group_id().map(str::to_owned))
            .collect(),
        aws_backup_recovery_point_arn: found.aws_backup_recovery_point_arn().map(str::to_owned),
        pending: found.pending_modified_values().map(pending).transpose()?.unwrap_or_default(),
        tags: tags(found.tag_list()),
    })
}

fn pending(found: &rds::PendingModifiedValues) -> Result<port::PendingModifiedValues, Odd> {
    let number = |n: Option<i32>| n.map(|n| n.to_string());
    let flag = |b: Option<bool>| b.map(|b| b.to_string());
    let string = |s: Option<&str>| s.map(str::to_owned);
    let listed = |is_empty: bool| (!is_empty).then(|| "changed".to_owned());
    let others = [
        ("AllocatedStorage", number(found.allocated_storage())),
        ("AdditionalStorageVolumes", listed(found.additional_storage_volumes().is_empty())),
        ("AutomationMode", found.automation_mode().map(|m| m.as_str().to_owned())),
        ("CACertificateIdentifier", string(found.ca_certificate_identifier())),
        ("DBCapacityReservationIdentifier", string(found.db_capacity_reservation_identifier())),
        ("DBInstanceClass", string(found.db_instance_class())),
        ("DBInstanceIdentifier", string(found.db_instance_identifier())),
        ("DBSubnetGroupName", string(found.db_subnet_group_name())),
        ("DedicatedLogVolume", flag(found.dedicated_log_volume())),
        ("Engine", string(found.engine())),
        ("EngineVersion", string(found.engine_version())),
        ("IAMDatabaseAuthenticationEnabled", flag(found.iam_database_authentication_enabled())),
        ("Iops", number(found.iops())),
        ("LicenseModel", string(found.license_model())),
        // Masked by the service, and never repeated here whatever it is.
        ("MasterUserPassword", found.master_user_password().map(|_| "changed".to_owned())),
        ("MultiTenant", flag(found.multi_tenant())),
        (
            "PendingCloudwatchLogsExports",
            found.pending_cloudwatch_logs_exports().map(|_| "changed".to_owned()),
        ),
        ("Port", number(found.port())),
        ("ProcessorFeatures", listed(found.processor_features().is_empty())),
        ("StorageThroughput", number(found.storage_throughput())),
        ("StorageType", string(found.storage_type())),
    ];
    Ok(port::PendingModifiedValues {
        backup_retention_period: found
            .backup_retention_period()
            .map(|n| count("BackupRetentionPeriod", n))
            .transpose()?,
        multi_az: found.multi_az(),
        others: others.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
    })
}

/// The region in an ARN.
pub(crate) fn region_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|r| !r.is_empty())
}

/// A replicated automated backup as seen from `here`; none when it is of an instance of this region.
pub(crate) fn replicated_backup(
    here: &str,
    found: &rds::DbInstanceAutomatedBackup,
) -> Result<Option<port::ReplicatedBackup>, Odd> {
    let source_arn = required("DBInstanceArn", found.db_instance_arn())?;
    let source_region =
        region_of(&source_arn).ok_or_else(|| format!("`{source_arn}` names no region"))?.to_owned();
    if source_region == here {
        return Ok(None);
    }
    let wrap = |odd: Odd| format!("automated backup of `{source_arn}`: {odd}");
    let window = found.restore_window();
    Ok(Some(port::ReplicatedBackup {
        arn: required("DBInstanceAutomatedBackupsArn", found.db_instance_automated_backups_arn())
            .map_err(wrap)?,
        source_region,
        status: required("Status", found.status()).map_err(wrap)?,
        backup_retention_period: required_count("BackupRetentionPeriod", found.backup_retention_period())
            .map_err(wrap)?,
        kms_key_id: found.kms_key_id().map(str::to_owned),
        earliest: instant(window.and_then(|w| w.earliest_time())).map_err(wrap)?,
        latest: instant(window.and_then(|w| w.latest_time())).map_err(wrap)?,
        engine: text(found.engine()),
        allocated_storage_gib: count("AllocatedStorage", found.allocated_storage().unwrap_or_default())
            .map_err(wrap)?,
        source_arn: source_arn.clone(),
    }))
}

pub(crate) fn source_region(found: &rds::SourceRegion) -> Result<port::SourceRegion, Odd> {
    Ok(port::SourceRegion {
        name: required("RegionName", found.region_name())?,
        supports_backups_replication: found
            .supports_db_instance_automated_backups_replication()
            .unwrap_or_default(),
    })
}

pub(crate) fn snapshot(found: &rds::DbSnapshot) -> Result<port::DbSnapshot, Odd> {
    let identifier = required("DBSnapshotIdentifier", found.db_snapshot_identifier())?;
    let wrap = |odd: Odd| format!("snapshot `{identifier}`: {odd}");
    Ok(port::DbSnapshot {
        arn: required("DBSnapshotArn", found.db_snapshot_arn()).map_err(wrap)?,
        instance: required("DBInstanceIdentifier", found.db_instance_identifier()).map_err(wrap)?,
        status: required("Status", found.status()).map_err(wrap)?,
        snapshot_type: text(found.snapshot_type()),
        created: instant(found.snapshot_create_time()).map_err(wrap)?,
        engine: text(found.engine()),
        allocated_storage_gib: count("AllocatedStorage", found.allocated_storage().unwrap_or_default())
            .map_err(wrap)?,
        encrypted: found.encrypted().unwrap_or_default(),
        kms_key_id: found.kms_key_id().map(str::to_owned),
        tags: tags(found.tag_list()),
        identifier: identifier.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_without_retention_is_not_taken_for_one_without_backups() {
        let found = rds::DbInstance::builder()
            .db_instance_identifier("main")
            .db_instance_arn("arn:aws:rds:eu-west-1:111122223333:db:main")
            .db_instance_status("available")
            .engine("postgres");
        let message = instance(&found.clone().build()).unwrap_err();
        assert_eq!(message, "instance `main`: the answer has no BackupRetentionPeriod");
        assert_eq!(instance(&found.backup_retention_period(0).build()).unwrap().backup_retention_period, 0);
    }

    #[test]
    fn a_pending_password_is_named_and_never_shown() {
        let found = rds::PendingModifiedValues::builder()
            .master_user_password("hunter2")
            .db_instance_class("db.r6g.large")
            .multi_az(true)
            .build();
        let pending = pending(&found).unwrap();
        assert_eq!(pending.multi_az, Some(true));
        assert_eq!(pending.others["DBInstanceClass"], "db.r6g.large");
        assert_eq!(pending.others["MasterUserPassword"], "changed");
        assert_eq!(pending.others.len(), 2);
    }
}
