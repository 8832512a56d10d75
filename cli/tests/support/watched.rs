//! A port before the simulated one that tells somebody of every call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use drctl_aws::port::*;
use drctl_core::objects::{Put, When};
use drctl_core::provider::Place;

/// Is told of every call, and may never come back.
#[async_trait]
pub(crate) trait Watcher: Send + Sync {
    /// The call is about to be made.
    async fn before(&self, call: &'static str);
    /// The call has been answered.
    async fn after(&self, call: &'static str);
}

/// Whether the call changes something.
pub(crate) fn writes(call: &str) -> bool {
    let reads = ["get_", "list_", "head_", "read_", "describe_", "bucket_is_"];
    !reads.iter().any(|read| call.starts_with(read))
}

/// The port.
pub(crate) struct Watched {
    pub(crate) inner: Cloud,
    pub(crate) watcher: Arc<dyn Watcher>,
}

macro_rules! watched {
    ($(fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)*) => {
        #[async_trait]
        impl Aws for Watched {
            fn place(&self) -> Place {
                self.inner.place()
            }
            $(async fn $name(&self $(, $arg: $ty)*) -> Answer<$ret> {
                self.watcher.before(stringify!($name)).await;
                let answer = self.inner.$name($($arg),*).await;
                self.watcher.after(stringify!($name)).await;
                answer
            })*
        }
    };
}

watched! {
    fn get_caller_identity() -> Place;
    fn list_buckets() -> BTreeSet<String>;
    fn create_bucket(bucket: &str, lock: LockAtBirth) -> ();
    fn delete_bucket(bucket: &str) -> ();
    fn bucket_is_empty(bucket: &str) -> bool;
    fn get_bucket_versioning(bucket: &str) -> VersioningState;
    fn put_bucket_versioning(bucket: &str, status: VersioningStatus) -> ();
    fn get_object_lock_configuration(bucket: &str) -> Option<ObjectLockConfiguration>;
    fn put_object_lock_configuration(bucket: &str, lock: &ObjectLockConfiguration) -> ();
    fn get_bucket_lifecycle_configuration(bucket: &str) -> Vec<LifecycleRule>;
    fn put_bucket_lifecycle_configuration(bucket: &str, rules: &[LifecycleRule]) -> ();
    fn get_bucket_replication(bucket: &str) -> Option<ReplicationConfiguration>;
    fn put_bucket_replication(bucket: &str, document: Option<&ReplicationConfiguration>) -> ();
    fn get_bucket_encryption(bucket: &str) -> Option<Encryption>;
    fn put_bucket_encryption(bucket: &str, encryption: &Encryption) -> ();
    fn get_public_access_block(bucket: &str) -> Option<PublicAccessBlock>;
    fn put_public_access_block(bucket: &str, block: &PublicAccessBlock) -> ();
    fn get_bucket_policy(bucket: &str) -> Option<String>;
    fn put_bucket_policy(bucket: &str, policy: Option<&str>) -> ();
    fn get_bucket_tagging(bucket: &str) -> BTreeMap<String, String>;
    fn put_bucket_tagging(bucket: &str, tags: &BTreeMap<String, String>) -> ();
    fn list_object_versions(bucket: &str, prefix: &str, after: Option<&VersionMark>) -> VersionsPage;
    fn list_objects(bucket: &str, prefix: &str, after: Option<&str>) -> ObjectsPage;
    fn head_object(bucket: &str, key: &str, version: Option<&str>) -> Option<ObjectHead>;
    fn get_object_legal_hold(bucket: &str, key: &str, version: &str) -> bool;
    fn remove_delete_marker(bucket: &str, key: &str, version: &str) -> ();
    fn copy_object_version(bucket: &str, key: &str, version: &str) -> ();
    fn put_object(bucket: &str, key: &str, bytes: &[u8], when: When) -> Put;
    fn get_object(bucket: &str, key: &str, limit: usize) -> Option<Vec<u8>>;
    fn delete_object(bucket: &str, key: &str) -> ();
    fn read_object(bucket: &str, key: &str, range: std::ops::Range<u64>) -> Vec<u8>;
    fn delete_object_version(bucket: &str, key: &str, version: &str) -> ();
    fn put_object_retention(bucket: &str, object: (&str, &str), retention: ObjectRetention) -> ();
    fn create_multipart_upload(bucket: &str, key: &str, lock: Option<ObjectRetention>) -> MultipartUpload;
    fn upload_part(bucket: &str, upload: &MultipartUpload, number: u32, bytes: Vec<u8>) -> UploadedPart;
    fn complete_multipart_upload(bucket: &str, upload: &MultipartUpload, parts: &[UploadedPart]) -> ();
    fn abort_multipart_upload(bucket: &str, upload: &MultipartUpload) -> ();
    fn list_multipart_uploads(bucket: &str, prefix: &str) -> Vec<MultipartUpload>;
    fn describe_db_instances(identifier: Option<&str>) -> Vec<DbInstance>;
    fn modify_db_instance(change: &ModifyDbInstance) -> ();
    fn add_tags_to_resource(arn: &str, tags: &BTreeMap<String, String>) -> ();
    fn remove_tags_from_resource(arn: &str, keys: &BTreeSet<String>) -> ();
    fn describe_replicated_backups(source_arn: Option<&str>) -> Vec<ReplicatedBackup>;
    fn start_backups_replication(start: &StartBackupsReplication) -> ();
    fn stop_backups_replication(source_arn: &str) -> ();
    fn describe_source_regions() -> Vec<SourceRegion>;
    fn describe_db_snapshots(identifier: Option<&str>) -> Vec<DbSnapshot>;
    fn create_db_snapshot(create: &CreateDbSnapshot) -> ();
    fn delete_db_snapshot(identifier: &str) -> ();
    fn restore_db_instance_to_point_in_time(restore: &RestoreDbInstanceToPointInTime) -> ();
    fn delete_db_instance(identifier: &str) -> ();
    fn promote_read_replica(identifier: &str, backup_retention_period: u32) -> ();
    fn restore_db_instance_from_db_snapshot(restore: &RestoreDbInstanceFromDbSnapshot) -> ();
}
