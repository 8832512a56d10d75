//! What the port says of databases, their backups and snapshots.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
/// An RDS instance as described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbInstance {
    /// `DBInstanceIdentifier`.
    pub identifier: String,
    /// Its ARN.
    pub arn: String,
    /// `available`, `modifying`, `backing-up` …
    pub status: String,
    /// `postgres`, `mysql` …
    pub engine: String,
    /// Engine version.
    pub engine_version: String,
    /// `db.r6g.large`.
    pub class: String,
    /// Allocated storage in GiB.
    pub allocated_storage_gib: u32,
    /// DNS name, once it has one.
    pub endpoint: Option<String>,
    /// Port.
    pub port: Option<u16>,
    /// Days that automated backups are kept; 0 = off (R1).
    pub backup_retention_period: u32,
    /// `HH:MM-HH:MM`, UTC.
    pub preferred_backup_window: String,
    /// `ddd:HH:MM-ddd:HH:MM`, UTC.
    pub preferred_maintenance_window: String,
    /// R23.
    pub deletion_protection: bool,
    /// Whether snapshots get the instance's tags.
    pub copy_tags_to_snapshot: bool,
    /// Whether there is a standby in another zone (R27).
    pub multi_az: bool,
    /// Whether storage is encrypted.
    pub storage_encrypted: bool,
    /// The key of the storage.
    pub kms_key_id: Option<String>,
    /// R9; `None` without automated backups.
    pub latest_restorable_time: Option<Timestamp>,
    /// Identifier of the source when this is a read replica.
    pub read_replica_source: Option<String>,
    /// Identifiers of the read replicas of this instance.
    pub read_replicas: Vec<String>,
    /// Subnet group name.
    pub db_subnet_group: Option<String>,
    /// Parameter group names.
    pub parameter_groups: Vec<String>,
    /// VPC security group ids.
    pub vpc_security_groups: Vec<String>,
    /// ARN of an AWS Backup recovery point, when AWS Backup owns the backups (B9).
    pub aws_backup_recovery_point_arn: Option<String>,
    /// Accepted changes that are not in effect (R4).
    pub pending: PendingModifiedValues,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// R4: what waits for the maintenance window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingModifiedValues {
    /// Retention in days.
    pub backup_retention_period: Option<u32>,
    /// Multi-AZ.
    pub multi_az: Option<bool>,
    /// Everything else that is pending, by API name: what `ApplyImmediately` would release too.
    pub others: BTreeMap<String, String>,
}

/// A change of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModifyDbInstance {
    /// `DBInstanceIdentifier`.
    pub identifier: String,
    /// Days.
    pub backup_retention_period: Option<u32>,
    /// Window.
    pub preferred_backup_window: Option<String>,
    /// Window.
    pub preferred_maintenance_window: Option<String>,
    /// Protection against deletion.
    pub deletion_protection: Option<bool>,
    /// Tags on snapshots.
    pub copy_tags_to_snapshot: Option<bool>,
    /// Standby in another zone.
    pub multi_az: Option<bool>,
    /// Whether not to wait for the maintenance window (R4).
    pub apply_immediately: bool,
}

/// Restores an instance to an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreDbInstanceToPointInTime {
    /// Whose history.
    pub of: BackupsOf,
    /// The instant; none for the latest restorable one.
    pub restore_time: Option<Timestamp>,
    /// What is made of it.
    pub new: NewDbInstance,
}

/// Automated backups, as a restore names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BackupsOf {
    /// `SourceDBInstanceIdentifier`: those of an instance that is there.
    Instance(String),
    /// `SourceDBInstanceAutomatedBackupsArn`: those that were replicated here (R17).
    AutomatedBackups(String),
}

/// Restores a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreDbInstanceFromDbSnapshot {
    /// `DBSnapshotIdentifier`.
    pub snapshot: String,
    /// What is made of it.
    pub new: NewDbInstance,
}

/// What a restore makes. What is none is what a restore chooses by itself (R11).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDbInstance {
    /// Its identifier, which nothing has yet (R10).
    pub identifier: String,
    /// `db.r6g.large`.
    pub class: Option<String>,
    /// Whether a standby waits in another zone.
    pub multi_az: bool,
    /// Protection against deletion.
    pub deletion_protection: bool,
    /// Tags on snapshots.
    pub copy_tags_to_snapshot: bool,
    /// Subnet group of this region.
    pub db_subnet_group: Option<String>,
    /// VPC security group ids; empty for the default one.
    pub vpc_security_groups: Vec<String>,
    /// Parameter group of this region.
    pub parameter_group: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A replicated automated backup, seen in its destination region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicatedBackup {
    /// `DBInstanceAutomatedBackupsArn`.
    pub arn: String,
    /// ARN of the source instance.
    pub source_arn: String,
    /// Region of the source instance.
    pub source_region: String,
    /// `replicating`, `retained` …
    pub status: String,
    /// Own retention in days.
    pub backup_retention_period: u32,
    /// Key in this region, when encrypted.
    pub kms_key_id: Option<String>,
    /// Earliest restorable instant.
    pub earliest: Option<Timestamp>,
    /// Latest restorable instant.
    pub latest: Option<Timestamp>,
    /// Engine of the source.
    pub engine: String,
    /// Storage of the source in GiB.
    pub allocated_storage_gib: u32,
}

/// Starts replication of automated backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartBackupsReplication {
    /// ARN of the source instance.
    pub source_arn: String,
    /// Own retention in days.
    pub backup_retention_period: u32,
    /// Key in this region, when encrypted.
    pub kms_key_id: Option<String>,
}

/// A region from which automated backups may be replicated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceRegion {
    /// Its name.
    pub name: String,
    /// `SupportsDBInstanceAutomatedBackupsReplication` (R15).
    pub supports_backups_replication: bool,
}

/// A manual snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbSnapshot {
    /// `DBSnapshotIdentifier`.
    pub identifier: String,
    /// Its ARN.
    pub arn: String,
    /// Identifier of the instance it was taken of.
    pub instance: String,
    /// `creating`, `available`.
    pub status: String,
    /// `manual`, `awsbackup` …
    pub snapshot_type: String,
    /// The moment.
    pub created: Option<Timestamp>,
    /// Engine.
    pub engine: String,
    /// Storage in GiB.
    pub allocated_storage_gib: u32,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The key.
    pub kms_key_id: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// Takes a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateDbSnapshot {
    /// `DBSnapshotIdentifier`.
    pub identifier: String,
    /// `DBInstanceIdentifier`.
    pub instance: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}
