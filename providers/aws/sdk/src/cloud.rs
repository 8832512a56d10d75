//! The port's implementation: every method is one operation of S3, RDS or STS.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use drctl_aws::port::{
    Answer, Aws, Cloud, CreateDbSnapshot, DbInstance, DbSnapshot, Encryption, LifecycleRule, LockAtBirth,
    ModifyDbInstance, MultipartUpload, ObjectHead, ObjectLockConfiguration, ObjectRetention, ObjectsPage,
    PublicAccessBlock, ReplicatedBackup, ReplicationConfiguration, RestoreDbInstanceFromDbSnapshot,
    RestoreDbInstanceToPointInTime, SourceRegion, StartBackupsReplication, UploadedPart, VersionMark,
    VersioningState, VersioningStatus, VersionsPage,
};
use drctl_core::objects::{Put, When};
use drctl_core::provider::Place;

use crate::calls::Calls;
use crate::errors::malformed;
use crate::rds::Rds;
use crate::s3::{self, Bucket};

/// One provider configuration, connected.
pub(crate) struct SdkCloud {
    s3: aws_sdk_s3::Client,
    rds: Rds,
    sts: aws_sdk_sts::Client,
    calls: Arc<Calls>,
    place: Place,
    /// Account and caller, once STS has told them.
    identity: OnceLock<(String, Option<String>)>,
}

impl SdkCloud {
    pub(crate) fn new(
        s3: aws_sdk_s3::Client,
        rds: aws_sdk_rds::Client,
        sts: aws_sdk_sts::Client,
        calls: Calls,
        place: Place,
    ) -> SdkCloud {
        let region = place.region.clone().unwrap_or_default();
        let (rds, calls) = (Rds { client: rds, region }, Arc::new(calls));
        SdkCloud { s3, rds, sts, calls, place, identity: OnceLock::new() }
    }

    fn bucket<'c>(&'c self, name: &'c str) -> Bucket<'c> {
        Bucket {
            client: &self.s3,
            calls: &self.calls,
            owner: self.identity.get().map(|(account, _)| account.clone()),
            name,
        }
    }
}

#[async_trait]
impl Aws for SdkCloud {
    async fn get_caller_identity(&self) -> Answer<Place> {
        let doing = "asking who is calling";
        let found = self.calls.send(doing, self.sts.get_caller_identity().send()).await?;
        let account = found.account().ok_or_else(|| malformed(doing, "the answer names no account"))?;
        // Credentials are bound to this connection: a second answer is the same as the first.
        self.identity.get_or_init(|| (account.to_owned(), found.arn().map(str::to_owned)));
        Ok(self.place())
    }

    fn place(&self) -> Place {
        let mut place = self.place.clone();
        if let Some((account, caller)) = self.identity.get() {
            place.account = Some(account.clone());
            place.caller.clone_from(caller);
        }
        place
    }

    fn presuming(&self, account: &str) -> Option<Cloud> {
        Some(Arc::new(SdkCloud {
            s3: self.s3.clone(),
            rds: self.rds.clone(),
            sts: self.sts.clone(),
            calls: Arc::clone(&self.calls),
            place: self.place.clone(),
            identity: OnceLock::from((account.to_owned(), None)),
        }))
    }

    async fn list_buckets(&self) -> Answer<BTreeSet<String>> {
        s3::list_buckets(&self.s3, &self.calls).await
    }
    async fn create_bucket(&self, bucket: &str, lock: LockAtBirth) -> Answer<()> {
        self.bucket(bucket).create(&self.rds.region, lock).await
    }
    async fn delete_bucket(&self, bucket: &str) -> Answer<()> {
        self.bucket(bucket).delete().await
    }
    async fn bucket_is_empty(&self, bucket: &str) -> Answer<bool> {
        self.bucket(bucket).holds_nothing().await
    }
    async fn get_bucket_versioning(&self, bucket: &str) -> Answer<VersioningState> {
        self.bucket(bucket).versioning().await
    }
    async fn put_bucket_versioning(&self, bucket: &str, status: VersioningStatus) -> Answer<()> {
        self.bucket(bucket).put_versioning(status).await
    }
    async fn get_object_lock_configuration(&self, bucket: &str) -> Answer<Option<ObjectLockConfiguration>> {
        self.bucket(bucket).lock().await
    }
    async fn put_object_lock_configuration(
        &self,
        bucket: &str,
        lock: &ObjectLockConfiguration,
    ) -> Answer<()> {
        self.bucket(bucket).put_lock(lock).await
    }
    async fn get_bucket_lifecycle_configuration(&self, bucket: &str) -> Answer<Vec<LifecycleRule>> {
        self.bucket(bucket).lifecycle().await
    }
    async fn put_bucket_lifecycle_configuration(&self, bucket: &str, rules: &[LifecycleRule]) -> Answer<()> {
        self.bucket(bucket).put_lifecycle(rules).await
    }
    async fn get_bucket_replication(&self, bucket: &str) -> Answer<Option<ReplicationConfiguration>> {
        self.bucket(bucket).replication().await
    }
    async fn put_bucket_replication(
        &self,
        bucket: &str,
        document: Option<&ReplicationConfiguration>,
    ) -> Answer<()> {
        self.bucket(bucket).put_replication(document).await
    }
    async fn get_bucket_encryption(&self, bucket: &str) -> Answer<Option<Encryption>> {
        self.bucket(bucket).encryption().await
    }
    async fn put_bucket_encryption(&self, bucket: &str, encryption: &Encryption) -> Answer<()> {
        self.bucket(bucket).put_encryption(encryption).await
    }
    async fn get_public_access_block(&self, bucket: &str) -> Answer<Option<PublicAccessBlock>> {
        self.bucket(bucket).block().await
    }
    async fn put_public_access_block(&self, bucket: &str, block: &PublicAccessBlock) -> Answer<()> {
        self.bucket(bucket).put_block(block).await
    }
    async fn get_bucket_policy(&self, bucket: &str) -> Answer<Option<String>> {
        self.bucket(bucket).policy().await
    }
    async fn put_bucket_policy(&self, bucket: &str, policy: Option<&str>) -> Answer<()> {
        self.bucket(bucket).put_policy(policy).await
    }
    async fn get_bucket_tagging(&self, bucket: &str) -> Answer<BTreeMap<String, String>> {
        self.bucket(bucket).tags().await
    }
    async fn put_bucket_tagging(&self, bucket: &str, tags: &BTreeMap<String, String>) -> Answer<()> {
        self.bucket(bucket).put_tags(tags).await
    }

    async fn list_object_versions(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&VersionMark>,
    ) -> Answer<VersionsPage> {
        self.bucket(bucket).versions(prefix, after).await
    }
    async fn list_objects(&self, bucket: &str, prefix: &str, after: Option<&str>) -> Answer<ObjectsPage> {
        self.bucket(bucket).objects(prefix, after).await
    }
    async fn head_object(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Answer<Option<ObjectHead>> {
        self.bucket(bucket).head(key, version).await
    }
    async fn get_object_legal_hold(&self, bucket: &str, key: &str, version: &str) -> Answer<bool> {
        self.bucket(bucket).legal_hold(key, version).await
    }

    async fn remove_delete_marker(&self, bucket: &str, key: &str, version: &str) -> Answer<()> {
        self.bucket(bucket).remove_marker(key, version).await
    }
    async fn copy_object_version(&self, bucket: &str, key: &str, version: &str) -> Answer<()> {
        self.bucket(bucket).copy_version(key, version).await
    }
    async fn put_object(&self, bucket: &str, key: &str, bytes: &[u8], when: When) -> Answer<Put> {
        self.bucket(bucket).put_object(key, bytes, when).await
    }
    async fn get_object(&self, bucket: &str, key: &str, limit: usize) -> Answer<Option<Vec<u8>>> {
        self.bucket(bucket).get_object(key, limit).await
    }
    async fn delete_object(&self, bucket: &str, key: &str) -> Answer<()> {
        self.bucket(bucket).delete_object(key).await
    }
    async fn read_object(&self, bucket: &str, key: &str, range: std::ops::Range<u64>) -> Answer<Vec<u8>> {
        self.bucket(bucket).read_range(key, range).await
    }
    async fn delete_object_version(&self, bucket: &str, key: &str, version: &str) -> Answer<()> {
        self.bucket(bucket).delete_version(key, version).await
    }
    async fn put_object_retention(
        &self,
        bucket: &str,
        object: (&str, &str),
        retention: ObjectRetention,
    ) -> Answer<()> {
        self.bucket(bucket).retain(object, retention).await
    }
    async fn create_multipart_upload(
        &self,
        bucket: &str,
        key: &str,
        retention: Option<ObjectRetention>,
    ) -> Answer<MultipartUpload> {
        self.bucket(bucket).begin_upload(key, retention).await
    }
    async fn upload_part(
        &self,
        bucket: &str,
        upload: &MultipartUpload,
        number: u32,
        bytes: Vec<u8>,
    ) -> Answer<UploadedPart> {
        self.bucket(bucket).send_part(upload, number, bytes).await
    }
    async fn complete_multipart_upload(
        &self,
        bucket: &str,
        upload: &MultipartUpload,
        parts: &[UploadedPart],
    ) -> Answer<()> {
        self.bucket(bucket).complete_upload(upload, parts).await
    }
    async fn abort_multipart_upload(&self, bucket: &str, upload: &MultipartUpload) -> Answer<()> {
        self.bucket(bucket).abort_upload(upload).await
    }
    async fn list_multipart_uploads(&self, bucket: &str, prefix: &str) -> Answer<Vec<MultipartUpload>> {
        self.bucket(bucket).uploads(prefix).await
    }
    async fn describe_db_instances(&self, identifier: Option<&str>) -> Answer<Vec<DbInstance>> {
        self.rds.instances(&self.calls, identifier).await
    }
    async fn modify_db_instance(&self, change: &ModifyDbInstance) -> Answer<()> {
        self.rds.modify(&self.calls, change).await
    }
    async fn add_tags_to_resource(&self, arn: &str, tags: &BTreeMap<String, String>) -> Answer<()> {
        self.rds.add_tags(&self.calls, arn, tags).await
    }
    async fn remove_tags_from_resource(&self, arn: &str, keys: &BTreeSet<String>) -> Answer<()> {
        self.rds.remove_tags(&self.calls, arn, keys).await
    }
    async fn describe_replicated_backups(&self, source_arn: Option<&str>) -> Answer<Vec<ReplicatedBackup>> {
        self.rds.replicated_backups(&self.calls, source_arn).await
    }
    async fn start_backups_replication(&self, start: &StartBackupsReplication) -> Answer<()> {
        self.rds.start_replication(&self.calls, start).await
    }
    async fn delete_db_instance(&self, identifier: &str) -> Answer<()> {
        self.rds.delete(&self.calls, identifier).await
    }
    async fn promote_read_replica(&self, identifier: &str, backup_retention_period: u32) -> Answer<()> {
        self.rds.promote(&self.calls, identifier, backup_retention_period).await
    }
    async fn stop_backups_replication(&self, source_arn: &str) -> Answer<()> {
        self.rds.stop_replication(&self.calls, source_arn).await
    }
    async fn describe_source_regions(&self) -> Answer<Vec<SourceRegion>> {
        self.rds.source_regions(&self.calls).await
    }
    async fn describe_db_snapshots(&self, identifier: Option<&str>) -> Answer<Vec<DbSnapshot>> {
        self.rds.snapshots(&self.calls, identifier).await
    }
    async fn create_db_snapshot(&self, create: &CreateDbSnapshot) -> Answer<()> {
        self.rds.create_snapshot(&self.calls, create).await
    }
    async fn delete_db_snapshot(&self, identifier: &str) -> Answer<()> {
        self.rds.delete_snapshot(&self.calls, identifier).await
    }
    async fn restore_db_instance_to_point_in_time(
        &self,
        restore: &RestoreDbInstanceToPointInTime,
    ) -> Answer<()> {
        self.rds.restore_to_point_in_time(&self.calls, restore).await
    }
    async fn restore_db_instance_from_db_snapshot(
        &self,
        restore: &RestoreDbInstanceFromDbSnapshot,
    ) -> Answer<()> {
        self.rds.restore_from_snapshot(&self.calls, restore).await
    }
}
