//! The port: the operations of AWS that the kinds need, typed and narrow. One value is one provider
//! configuration: credentials, account and region are bound to it.
//!
//! Contract for every implementation:
//! * reading never writes; a sub-resource that is not configured is `None` (S12), never an error;
//! * a bucket or instance that does not exist is `NotFound`; a denied call is `Denied` and never
//!   looks like absence; a bucket of another region is `Elsewhere`; a name is `Foreign` only where the
//!   provider says that it is taken, as `CreateBucket` does;
//! * one call is one request (pages aside). Retries belong to the implementation's client.

mod buckets;
mod databases;
mod objects;
mod uploads;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use drctl_core::objects::{Put, When};
use drctl_core::provider::{Place, ProviderError};

pub use self::buckets::*;
pub use self::databases::*;
pub use self::objects::*;
pub use self::uploads::*;

/// The result of a call.
pub type Answer<T> = Result<T, ProviderError>;

/// What the kinds are given.
pub type Cloud = std::sync::Arc<dyn Aws>;

/// The operations. Names follow the AWS API.
#[async_trait]
pub trait Aws: Send + Sync {
    /// Account and caller by `GetCallerIdentity`, with the region and endpoint of this configuration.
    async fn get_caller_identity(&self) -> Answer<Place>;
    /// Region, endpoint and (once `get_caller_identity` answered) account, without a call.
    fn place(&self) -> Place;
    /// The same connection as if `get_caller_identity` had told this account; none where that call takes
    /// no time. What is read through it is of use only when that call then tells it.
    fn presuming(&self, _account: &str) -> Option<Cloud> {
        None
    }

    /// Names of all buckets of the account, in all regions. Only asked when a bucket is denied, to
    /// tell "not allowed" from "not ours".
    async fn list_buckets(&self) -> Answer<BTreeSet<String>>;
    /// Creates an empty bucket in this region; with Object Lock enabled at birth when asked (which
    /// also enables versioning). Repeating it for a bucket that is ours succeeds.
    async fn create_bucket(&self, bucket: &str, lock: LockAtBirth) -> Answer<()>;
    /// Deletes an empty bucket.
    async fn delete_bucket(&self, bucket: &str) -> Answer<()>;
    /// Whether the bucket holds no object, version or delete marker.
    async fn bucket_is_empty(&self, bucket: &str) -> Answer<bool>;
    /// Versioning state; `None` when it was never enabled.
    async fn get_bucket_versioning(&self, bucket: &str) -> Answer<VersioningState>;
    /// Enables or suspends versioning.
    async fn put_bucket_versioning(&self, bucket: &str, status: VersioningStatus) -> Answer<()>;
    /// Object Lock; `None` when it is not enabled.
    async fn get_object_lock_configuration(&self, bucket: &str) -> Answer<Option<ObjectLockConfiguration>>;
    /// Enables Object Lock and sets or clears the default retention.
    async fn put_object_lock_configuration(&self, bucket: &str, lock: &ObjectLockConfiguration)
    -> Answer<()>;
    /// Lifecycle rules, with the id of each; empty when there are none.
    async fn get_bucket_lifecycle_configuration(&self, bucket: &str) -> Answer<Vec<LifecycleRule>>;
    /// Replaces the whole lifecycle document; an empty list removes it.
    async fn put_bucket_lifecycle_configuration(&self, bucket: &str, rules: &[LifecycleRule]) -> Answer<()>;
    /// The replication document; `None` when there is none.
    async fn get_bucket_replication(&self, bucket: &str) -> Answer<Option<ReplicationConfiguration>>;
    /// Replaces the whole replication document; `None` removes it.
    async fn put_bucket_replication(
        &self,
        bucket: &str,
        document: Option<&ReplicationConfiguration>,
    ) -> Answer<()>;
    /// Default encryption; `None` when none is set.
    async fn get_bucket_encryption(&self, bucket: &str) -> Answer<Option<Encryption>>;
    /// Sets the default encryption.
    async fn put_bucket_encryption(&self, bucket: &str, encryption: &Encryption) -> Answer<()>;
    /// Public access block; `None` when none is set.
    async fn get_public_access_block(&self, bucket: &str) -> Answer<Option<PublicAccessBlock>>;
    /// Sets the public access block.
    async fn put_public_access_block(&self, bucket: &str, block: &PublicAccessBlock) -> Answer<()>;
    /// The policy as the JSON text stored; `None` when there is none.
    async fn get_bucket_policy(&self, bucket: &str) -> Answer<Option<String>>;
    /// Sets or removes the policy.
    async fn put_bucket_policy(&self, bucket: &str, policy: Option<&str>) -> Answer<()>;
    /// Tags; empty when there are none.
    async fn get_bucket_tagging(&self, bucket: &str) -> Answer<BTreeMap<String, String>>;
    /// Replaces all tags; an empty map removes them.
    async fn put_bucket_tagging(&self, bucket: &str, tags: &BTreeMap<String, String>) -> Answer<()>;

    /// A page of the versions and delete markers whose keys begin with the prefix.
    async fn list_object_versions(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&VersionMark>,
    ) -> Answer<VersionsPage>;
    /// A page of the objects that show now and whose keys begin with the prefix.
    async fn list_objects(&self, bucket: &str, prefix: &str, after: Option<&str>) -> Answer<ObjectsPage>;
    /// One object, or one version of it; `None` when there is no such object, or it is hidden. The service
    /// answers the same for a bucket that does not exist.
    async fn head_object(&self, bucket: &str, key: &str, version: Option<&str>)
    -> Answer<Option<ObjectHead>>;
    /// Whether a legal hold is on a version (S8). What [`head_object`](Aws::head_object) leaves out may only be
    /// missing for want of a permission; this says which.
    async fn get_object_legal_hold(&self, bucket: &str, key: &str, version: &str) -> Answer<bool>;
    /// Removes a delete marker by its own version, so that what it hides shows again (S9). One that is gone
    /// already counts as removed. Never given the id of anything but a marker.
    async fn remove_delete_marker(&self, bucket: &str, key: &str, version: &str) -> Answer<()>;
    /// Copies a version over what its key shows now: the copy becomes the newest version (S14).
    async fn copy_object_version(&self, bucket: &str, key: &str, version: &str) -> Answer<()>;
    /// Puts a small object in one request; only where the key shows none when asked (S33).
    async fn put_object(&self, bucket: &str, key: &str, bytes: &[u8], when: When) -> Answer<Put>;
    /// What an object holds; `None` when there is none, or it is hidden. More bytes than the limit are not
    /// read, and an error.
    async fn get_object(&self, bucket: &str, key: &str, limit: usize) -> Answer<Option<Vec<u8>>>;
    /// Deletes an object: where the bucket is versioned it is hidden (S9). One that is not there counts as
    /// deleted.
    async fn delete_object(&self, bucket: &str, key: &str) -> Answer<()>;

    /// A range of what a key shows.
    async fn read_object(&self, bucket: &str, key: &str, range: std::ops::Range<u64>) -> Answer<Vec<u8>>;
    /// Deletes a version for good, where no lock holds it (S3, S4, S8). One that is gone counts as deleted.
    async fn delete_object_version(&self, bucket: &str, key: &str, version: &str) -> Answer<()>;
    /// Sets the retention of a version. Nothing is bypassed (S3, S4).
    async fn put_object_retention(
        &self,
        bucket: &str,
        object: (&str, &str),
        retention: ObjectRetention,
    ) -> Answer<()>;
    /// Begins an object that is made in parts, locked from the moment that it shows where that is asked for.
    async fn create_multipart_upload(
        &self,
        bucket: &str,
        key: &str,
        retention: Option<ObjectRetention>,
    ) -> Answer<MultipartUpload>;
    /// Adds a part, or puts it in the place of the one of that number.
    async fn upload_part(
        &self,
        bucket: &str,
        upload: &MultipartUpload,
        number: u32,
        bytes: Vec<u8>,
    ) -> Answer<UploadedPart>;
    /// Makes the object of its parts, in their order. From here on it shows.
    async fn complete_multipart_upload(
        &self,
        bucket: &str,
        upload: &MultipartUpload,
        parts: &[UploadedPart],
    ) -> Answer<()>;
    /// Throws away what has arrived. An upload that is gone counts as aborted.
    async fn abort_multipart_upload(&self, bucket: &str, upload: &MultipartUpload) -> Answer<()>;
    /// All uploads whose keys begin with the prefix and that were neither completed nor aborted.
    async fn list_multipart_uploads(&self, bucket: &str, prefix: &str) -> Answer<Vec<MultipartUpload>>;

    /// All instances of the region, in pages of 100; or one by identifier (then at most one, and an
    /// unknown identifier gives none).
    async fn describe_db_instances(&self, identifier: Option<&str>) -> Answer<Vec<DbInstance>>;
    /// Changes an instance. Only what is `Some` is sent.
    async fn modify_db_instance(&self, change: &ModifyDbInstance) -> Answer<()>;
    /// Deletes an instance, with its automated backups and without a last snapshot (R22). Only ever given what
    /// a drill has made.
    async fn delete_db_instance(&self, identifier: &str) -> Answer<()>;
    /// Ends for good that an instance follows another (R24), and keeps automated backups of it.
    async fn promote_read_replica(&self, identifier: &str, backup_retention_period: u32) -> Answer<()>;
    /// Adds or overwrites tags of an RDS resource.
    async fn add_tags_to_resource(&self, arn: &str, tags: &BTreeMap<String, String>) -> Answer<()>;
    /// Removes tags of an RDS resource by key.
    async fn remove_tags_from_resource(&self, arn: &str, keys: &BTreeSet<String>) -> Answer<()>;
    /// All replicated automated backups of this (destination) region, in pages of 100 (R16); or of one
    /// source instance ARN.
    async fn describe_replicated_backups(&self, source_arn: Option<&str>) -> Answer<Vec<ReplicatedBackup>>;
    /// Starts replicating automated backups into this region (R15).
    async fn start_backups_replication(&self, start: &StartBackupsReplication) -> Answer<()>;
    /// Stops it. The replicated backups already there age out.
    async fn stop_backups_replication(&self, source_arn: &str) -> Answer<()>;
    /// Regions from which automated backups can be replicated into this one (`DescribeSourceRegions`).
    async fn describe_source_regions(&self) -> Answer<Vec<SourceRegion>>;
    /// All manual snapshots of the region, in pages of 100; or one by identifier.
    async fn describe_db_snapshots(&self, identifier: Option<&str>) -> Answer<Vec<DbSnapshot>>;
    /// Takes a manual snapshot.
    async fn create_db_snapshot(&self, create: &CreateDbSnapshot) -> Answer<()>;
    /// Deletes a manual snapshot.
    async fn delete_db_snapshot(&self, identifier: &str) -> Answer<()>;
    /// Makes a new instance of an instant in automated backups of this region, replicated ones included.
    async fn restore_db_instance_to_point_in_time(
        &self,
        restore: &RestoreDbInstanceToPointInTime,
    ) -> Answer<()>;
    /// Makes a new instance of a snapshot of this region.
    async fn restore_db_instance_from_db_snapshot(
        &self,
        restore: &RestoreDbInstanceFromDbSnapshot,
    ) -> Answer<()>;
}
