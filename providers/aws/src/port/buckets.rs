//! What the port says of buckets: versioning, lock, lifecycle, replication, encryption, public access.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
/// Whether a bucket is created with Object Lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockAtBirth {
    /// Enabled, and versioning with it.
    Enabled,
    /// Not enabled.
    Disabled,
}

/// What can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum VersioningStatus {
    /// New writes make new versions.
    Enabled,
    /// New writes overwrite the `null` version; old versions stay.
    Suspended,
}

/// Versioning as observed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersioningState {
    /// `None`: never enabled (S14).
    pub status: Option<VersioningStatus>,
    /// MFA delete; only root can change it (S17).
    pub mfa_delete: bool,
}

/// Object Lock of a bucket where it is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectLockConfiguration {
    /// Default retention of new objects (S5, S6).
    pub default_retention: Option<DefaultRetention>,
}

/// Mode and period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultRetention {
    /// Who can shorten it.
    pub mode: LockMode,
    /// How long, in the unit in which it is stored (S6).
    pub period: Period,
}

/// Object Lock modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LockMode {
    /// Bypassable with a permission (S4).
    Governance,
    /// By nobody (S3).
    Compliance,
}

/// A period, in the unit in which it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Period {
    /// Days.
    Days(u32),
    /// Years.
    Years(u32),
}

/// One lifecycle rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRule {
    /// Its id, unique in the bucket.
    pub id: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// Key prefix; empty for all.
    pub prefix: String,
    /// Only objects with all of these tags.
    pub tags: BTreeMap<String, String>,
    /// Days after which current versions expire.
    pub expiration_days: Option<u32>,
    /// Whether lone delete markers are removed.
    pub expired_object_delete_marker: Option<bool>,
    /// Days after which noncurrent versions are permanently deleted.
    pub noncurrent_days: Option<u32>,
    /// How many noncurrent versions are kept beyond that.
    pub newer_noncurrent_versions: Option<u32>,
    /// Days to storage class, current versions.
    pub transitions: Vec<Transition>,
    /// Days to storage class, noncurrent versions.
    pub noncurrent_transitions: Vec<Transition>,
    /// Days after which incomplete multipart uploads are aborted.
    pub abort_incomplete_multipart_upload_days: Option<u32>,
}

/// A move to another storage class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Transition {
    /// After this many days.
    pub days: u32,
    /// `STANDARD_IA`, `GLACIER`, `DEEP_ARCHIVE` …
    pub storage_class: String,
}

/// A bucket's replication document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicationConfiguration {
    /// ARN of the role that replicates.
    pub role: String,
    /// Rules, always in the form with filter (V2).
    pub rules: Vec<ReplicationRule>,
}

/// One replication rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicationRule {
    /// Its id, unique in the bucket.
    pub id: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// Unique in the document.
    pub priority: u32,
    /// Key prefix; empty for all.
    pub prefix: String,
    /// Only objects with all of these tags.
    pub tags: BTreeMap<String, String>,
    /// ARN of the destination bucket.
    pub destination: String,
    /// Storage class of replicas; none for that of the source object.
    pub storage_class: Option<String>,
    /// Whether delete markers are replicated (S23).
    pub delete_marker_replication: bool,
    /// Replication time control with its metrics: 15 minutes (S25).
    pub replication_time_control: bool,
    /// Whether SSE-KMS objects are replicated (S21).
    pub sse_kms_encrypted_objects: bool,
    /// KMS key of the replicas (S21).
    pub replica_kms_key_id: Option<String>,
}

/// Default encryption of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// `AES256`, `aws:kms`, `aws:kms:dsse`.
    pub sse_algorithm: String,
    /// The key, for KMS.
    pub kms_master_key_id: Option<String>,
    /// Whether a bucket key is used.
    pub bucket_key_enabled: bool,
}

/// Public access block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    /// New public ACLs are refused.
    pub block_public_acls: bool,
    /// Public ACLs are ignored.
    pub ignore_public_acls: bool,
    /// New public policies are refused.
    pub block_public_policy: bool,
    /// Only the owner and AWS services reach a bucket with a public policy.
    pub restrict_public_buckets: bool,
}
