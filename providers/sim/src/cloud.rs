//! The port over a world: each call passes the gate, is recorded, and is one function of [`crate::s3`]
//! or [`crate::rds`]. Nothing waits in here, so no call blocks longer than a file takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use async_trait::async_trait;
use drctl_aws::port::{
    Answer, Aws, CreateDbSnapshot, DbInstance, DbSnapshot, Encryption, LifecycleRule, LockAtBirth,
    ModifyDbInstance, MultipartUpload, ObjectHead, ObjectLockConfiguration, ObjectRetention, ObjectsPage,
    PublicAccessBlock, ReplicatedBackup, ReplicationConfiguration, RestoreDbInstanceFromDbSnapshot,
    RestoreDbInstanceToPointInTime, SourceRegion, StartBackupsReplication, UploadedPart, VersionMark,
    VersioningState, VersioningStatus, VersionsPage,
};
use drctl_core::objects::{Put, When};
use drctl_core::provider::{ErrorClass, Place, ProviderError};

use crate::clock::Looked;
use crate::error::SimError;
use crate::gate::Op;
use crate::objects::Bypass;
use crate::stale::Thing;
use crate::store::{Call, Sim};
use crate::world::{Account, Caller, FaultMoment, SimWorld};
use crate::{rds, restore, s3, uploads, versions};

/// One provider configuration.
pub(crate) struct SimCloud {
    sim: Sim,
    caller: Caller,
    identity: OnceLock<Place>,
}

impl SimCloud {
    pub(crate) fn new(sim: Sim, caller: Caller) -> SimCloud {
        SimCloud { sim, caller, identity: OnceLock::new() }
    }

    /// A call that only looks. It changes the world only where counters run: throttling, dice, lag,
    /// and things that settle by being looked at.
    fn read<T>(
        &self,
        op: Op<'_>,
        looked: Option<Looked<'_>>,
        look: impl Fn(&SimWorld, &Caller, &str) -> Answer<T>,
    ) -> Answer<T> {
        let (caller, doing) = (&self.caller, op.doing());
        let quiet = |world: &SimWorld| {
            let counts = world.gate_counts(caller, &op) || !world.stale.is_empty();
            if counts || looked.is_some_and(|l| world.is_settling(caller, l)) {
                return None;
            }
            Some(world.admit(caller, &op).and_then(|()| look(world, caller, &doing)))
        };
        let answer = match self.kept(&op, self.sim.read(quiet)) {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                let counted = self.sim.change(|world| self.counted(world, &op, looked, &look));
                self.kept(&op, counted).and_then(|answer| answer)
            }
            Err(error) => Err(error),
        };
        self.recorded("read", &op, answer)
    }

    fn counted<T>(
        &self,
        world: &mut SimWorld,
        op: &Op<'_>,
        looked: Option<Looked<'_>>,
        look: &impl Fn(&SimWorld, &Caller, &str) -> Answer<T>,
    ) -> Answer<T> {
        world.gate(&self.caller, op)?;
        let seen = world.seen_from(&self.caller, op.resource);
        let answer = look(seen.as_ref().unwrap_or(world), &self.caller, &op.doing());
        if let Some(looked) = looked {
            world.looked_at(&self.caller, looked);
        }
        world.strike(op, FaultMoment::After)?;
        answer
    }

    /// A call that changes something.
    fn write<T>(
        &self,
        op: Op<'_>,
        thing: Option<Thing>,
        act: impl FnOnce(&mut SimWorld, &Caller, &str) -> Answer<T>,
    ) -> Answer<T> {
        let (caller, doing) = (&self.caller, op.doing());
        let changed = self.sim.change(|world| {
            world.gate(caller, &op)?;
            let before = thing.and_then(|thing| world.remember(caller, &thing));
            let done = act(world, caller, &doing)?;
            world.writes += 1;
            world.stale.extend(before);
            world.strike(&op, FaultMoment::After).map(|()| done)
        });
        let answer = self.kept(&op, changed).and_then(|answer| answer);
        self.recorded("write", &op, answer)
    }

    /// The world could not be kept: for the caller the cloud does not answer.
    fn kept<T>(&self, op: &Op<'_>, result: Result<T, SimError>) -> Answer<T> {
        result.map_err(|e| ProviderError {
            doing: op.doing(),
            class: ErrorClass::Unavailable,
            code: None,
            message: format!("the simulated cloud: {e}"),
        })
    }

    fn recorded<T>(&self, nature: &str, op: &Op<'_>, answer: Answer<T>) -> Answer<T> {
        let outcome = match &answer {
            Ok(_) => "ok".to_owned(),
            Err(e) => e.code.clone().unwrap_or_else(|| format!("{:?}", e.class)),
        };
        let call = Call {
            nature: nature.to_owned(),
            operation: format!("{}:{}", op.service, op.name),
            region: self.caller.region.clone(),
            resource: op.resource.to_owned(),
            outcome,
        };
        self.kept(op, self.sim.record(call))?;
        answer
    }

    fn get<T>(
        &self,
        name: &'static str,
        bucket: &str,
        part: impl Fn(&crate::world::Bucket) -> T,
    ) -> Answer<T> {
        let op = Op { service: "s3", name, resource: bucket };
        self.read(op, None, |world, caller, doing| s3::bucket(world, caller, doing, bucket).map(&part))
    }

    fn put<T>(
        &self,
        name: &'static str,
        bucket: &str,
        act: impl FnOnce(&mut SimWorld, &Caller, &str) -> Answer<T>,
    ) -> Answer<T> {
        self.write(Op { service: "s3", name, resource: bucket }, Some(Thing::Bucket(bucket.to_owned())), act)
    }
}

fn rds<'a>(name: &'static str, resource: &'a str) -> Op<'a> {
    Op { service: "rds", name, resource }
}

#[async_trait]
impl Aws for SimCloud {
    async fn get_caller_identity(&self) -> Answer<Place> {
        let op = Op { service: "sts", name: "GetCallerIdentity", resource: "" };
        let caller_arn = self.read(op, None, |world, caller, _| {
            let account = world.accounts.get(&caller.account);
            Ok(account.map_or_else(|| Account::new(&caller.account).caller, |a| a.caller.clone()))
        })?;
        let place = Place {
            account: Some(self.caller.account.clone()),
            caller: Some(caller_arn),
            region: Some(self.caller.region.clone()),
            endpoint: Some("sim".into()),
        };
        Ok(self.identity.get_or_init(|| place).clone())
    }

    fn place(&self) -> Place {
        self.identity.get().cloned().unwrap_or_else(|| Place {
            account: None,
            caller: None,
            region: Some(self.caller.region.clone()),
            endpoint: Some("sim".into()),
        })
    }

    async fn list_buckets(&self) -> Answer<BTreeSet<String>> {
        let op = Op { service: "s3", name: "ListBuckets", resource: "" };
        self.read(op, None, |world, caller, _| Ok(s3::list_buckets(world, caller)))
    }

    async fn create_bucket(&self, bucket: &str, lock: LockAtBirth) -> Answer<()> {
        self.put("CreateBucket", bucket, |w, c, doing| s3::create_bucket(w, c, doing, bucket, lock))
    }

    async fn delete_bucket(&self, bucket: &str) -> Answer<()> {
        self.put("DeleteBucket", bucket, |w, c, doing| s3::delete_bucket(w, c, doing, bucket))
    }

    async fn bucket_is_empty(&self, bucket: &str) -> Answer<bool> {
        self.get("ListObjectVersions", bucket, |b| b.objects.is_empty())
    }

    async fn get_bucket_versioning(&self, bucket: &str) -> Answer<VersioningState> {
        self.get("GetBucketVersioning", bucket, |b| b.versioning)
    }

    async fn put_bucket_versioning(&self, bucket: &str, status: VersioningStatus) -> Answer<()> {
        self.put("PutBucketVersioning", bucket, |w, c, doing| s3::put_versioning(w, c, doing, bucket, status))
    }

    // S12: what is not configured is `None`, not an error.
    async fn get_object_lock_configuration(&self, bucket: &str) -> Answer<Option<ObjectLockConfiguration>> {
        self.get("GetObjectLockConfiguration", bucket, |b| b.object_lock)
    }

    async fn put_object_lock_configuration(
        &self,
        bucket: &str,
        lock: &ObjectLockConfiguration,
    ) -> Answer<()> {
        self.put("PutObjectLockConfiguration", bucket, |w, c, doing| {
            s3::put_object_lock(w, c, doing, bucket, lock)
        })
    }

    async fn get_bucket_lifecycle_configuration(&self, bucket: &str) -> Answer<Vec<LifecycleRule>> {
        self.get("GetBucketLifecycleConfiguration", bucket, |b| b.lifecycle.clone())
    }

    async fn put_bucket_lifecycle_configuration(&self, bucket: &str, rules: &[LifecycleRule]) -> Answer<()> {
        let name = if rules.is_empty() { "DeleteBucketLifecycle" } else { "PutBucketLifecycleConfiguration" };
        self.put(name, bucket, |w, c, doing| s3::put_lifecycle(w, c, doing, bucket, rules))
    }

    async fn get_bucket_replication(&self, bucket: &str) -> Answer<Option<ReplicationConfiguration>> {
        self.get("GetBucketReplication", bucket, |b| b.replication.clone())
    }

    async fn put_bucket_replication(
        &self,
        bucket: &str,
        document: Option<&ReplicationConfiguration>,
    ) -> Answer<()> {
        let name = if document.is_none() { "DeleteBucketReplication" } else { "PutBucketReplication" };
        self.put(name, bucket, |w, c, doing| s3::put_replication(w, c, doing, bucket, document))
    }

    async fn get_bucket_encryption(&self, bucket: &str) -> Answer<Option<Encryption>> {
        self.get("GetBucketEncryption", bucket, |b| b.encryption.clone())
    }

    async fn put_bucket_encryption(&self, bucket: &str, encryption: &Encryption) -> Answer<()> {
        self.put("PutBucketEncryption", bucket, |w, c, doing| {
            s3::put_encryption(w, c, doing, bucket, encryption)
        })
    }

    async fn get_public_access_block(&self, bucket: &str) -> Answer<Option<PublicAccessBlock>> {
        self.get("GetPublicAccessBlock", bucket, |b| b.public_access_block)
    }

    async fn put_public_access_block(&self, bucket: &str, block: &PublicAccessBlock) -> Answer<()> {
        self.put("PutPublicAccessBlock", bucket, |w, c, doing| {
            s3::put_public_access_block(w, c, doing, bucket, block)
        })
    }

    async fn get_bucket_policy(&self, bucket: &str) -> Answer<Option<String>> {
        self.get("GetBucketPolicy", bucket, |b| b.policy.clone())
    }

    async fn put_bucket_policy(&self, bucket: &str, policy: Option<&str>) -> Answer<()> {
        let name = if policy.is_none() { "DeleteBucketPolicy" } else { "PutBucketPolicy" };
        self.put(name, bucket, |w, c, doing| s3::put_policy(w, c, doing, bucket, policy))
    }

    async fn get_bucket_tagging(&self, bucket: &str) -> Answer<BTreeMap<String, String>> {
        self.get("GetBucketTagging", bucket, |b| b.tags.clone())
    }

    async fn put_bucket_tagging(&self, bucket: &str, tags: &BTreeMap<String, String>) -> Answer<()> {
        let name = if tags.is_empty() { "DeleteBucketTagging" } else { "PutBucketTagging" };
        self.put(name, bucket, |w, c, doing| s3::put_tagging(w, c, doing, bucket, tags))
    }

    async fn list_object_versions(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&VersionMark>,
    ) -> Answer<VersionsPage> {
        self.get("ListObjectVersions", bucket, |b| versions::list_versions(b, prefix, after))
    }

    async fn list_objects(&self, bucket: &str, prefix: &str, after: Option<&str>) -> Answer<ObjectsPage> {
        self.get("ListObjectsV2", bucket, |b| versions::list_objects(b, prefix, after))
    }

    async fn head_object(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Answer<Option<ObjectHead>> {
        match self.get("HeadObject", bucket, |b| versions::head(b, key, version)) {
            // The service answers without a body.
            Err(error) if error.class == ErrorClass::NotFound => Ok(None),
            answer => answer,
        }
    }

    async fn get_object_legal_hold(&self, bucket: &str, key: &str, version: &str) -> Answer<bool> {
        let op = Op { service: "s3", name: "GetObjectLegalHold", resource: bucket };
        self.read(op, None, |world, caller, doing| {
            versions::legal_hold(s3::bucket(world, caller, doing, bucket)?, doing, (key, version))
        })
    }

    async fn remove_delete_marker(&self, bucket: &str, key: &str, version: &str) -> Answer<()> {
        self.put("DeleteObjectVersion", bucket, |w, c, doing| {
            versions::remove_version(w, c, doing, (bucket, key, version))
        })
    }

    async fn copy_object_version(&self, bucket: &str, key: &str, version: &str) -> Answer<()> {
        self.put("CopyObject", bucket, |w, c, doing| {
            versions::copy_version(w, c, doing, (bucket, key, version))
        })
    }

    async fn put_object(&self, bucket: &str, key: &str, bytes: &[u8], when: When) -> Answer<Put> {
        self.put("PutObject", bucket, |w, c, doing| versions::put(w, c, doing, (bucket, key, when), bytes))
    }

    async fn get_object(&self, bucket: &str, key: &str, limit: usize) -> Answer<Option<Vec<u8>>> {
        let op = Op { service: "s3", name: "GetObject", resource: bucket };
        self.read(op, None, |world, caller, doing| {
            versions::get(s3::bucket(world, caller, doing, bucket)?, doing, key, limit)
        })
    }

    async fn delete_object(&self, bucket: &str, key: &str) -> Answer<()> {
        self.put("DeleteObject", bucket, |w, c, doing| {
            s3::bucket(w, c, doing, bucket)?;
            w.hide(bucket, key);
            Ok(())
        })
    }

    async fn read_object(&self, bucket: &str, key: &str, range: std::ops::Range<u64>) -> Answer<Vec<u8>> {
        let op = Op { service: "s3", name: "GetObject", resource: bucket };
        self.read(op, None, |world, caller, doing| {
            uploads::read(s3::bucket(world, caller, doing, bucket)?, doing, key, &range)
        })
    }

    async fn delete_object_version(&self, bucket: &str, key: &str, version: &str) -> Answer<()> {
        self.put("DeleteObjectVersion", bucket, |w, c, doing| {
            versions::remove_version(w, c, doing, (bucket, key, version))
        })
    }

    async fn put_object_retention(
        &self,
        bucket: &str,
        (key, version): (&str, &str),
        retention: ObjectRetention,
    ) -> Answer<()> {
        self.put("PutObjectRetention", bucket, |w, c, doing| {
            s3::bucket(w, c, doing, bucket)?;
            w.put_object_retention(bucket, key, version, retention, Bypass::None)
        })
    }

    async fn create_multipart_upload(
        &self,
        bucket: &str,
        key: &str,
        retention: Option<ObjectRetention>,
    ) -> Answer<MultipartUpload> {
        self.put("CreateMultipartUpload", bucket, |w, c, doing| {
            uploads::begin(w, c, doing, (bucket, key), retention)
        })
    }

    async fn upload_part(
        &self,
        bucket: &str,
        upload: &MultipartUpload,
        number: u32,
        bytes: Vec<u8>,
    ) -> Answer<UploadedPart> {
        self.put("UploadPart", bucket, |w, c, doing| {
            uploads::part(w, c, doing, (bucket, upload), (number, &bytes))
        })
    }

    async fn complete_multipart_upload(
        &self,
        bucket: &str,
        upload: &MultipartUpload,
        parts: &[UploadedPart],
    ) -> Answer<()> {
        self.put("CompleteMultipartUpload", bucket, |w, c, doing| {
            uploads::complete(w, c, doing, (bucket, upload), parts)
        })
    }

    async fn abort_multipart_upload(&self, bucket: &str, upload: &MultipartUpload) -> Answer<()> {
        self.put("AbortMultipartUpload", bucket, |w, c, doing| uploads::abort(w, c, doing, (bucket, upload)))
    }

    async fn list_multipart_uploads(&self, bucket: &str, prefix: &str) -> Answer<Vec<MultipartUpload>> {
        self.get("ListMultipartUploads", bucket, |b| uploads::unfinished(b, prefix))
    }

    async fn describe_db_instances(&self, identifier: Option<&str>) -> Answer<Vec<DbInstance>> {
        let op = rds("DescribeDBInstances", identifier.unwrap_or_default());
        self.read(op, Some(Looked::Databases(identifier)), |world, caller, _| {
            Ok(rds::describe_instances(world, caller, identifier))
        })
    }

    async fn modify_db_instance(&self, change: &ModifyDbInstance) -> Answer<()> {
        let op = rds("ModifyDBInstance", &change.identifier);
        self.write(op, Some(Thing::Database(change.identifier.clone())), |w, c, doing| {
            rds::modify_instance(w, c, doing, change)
        })
    }

    async fn add_tags_to_resource(&self, arn: &str, tags: &BTreeMap<String, String>) -> Answer<()> {
        self.write(rds("AddTagsToResource", arn), Thing::of_arn(arn), |w, c, doing| {
            rds::add_tags(w, c, doing, arn, tags)
        })
    }

    async fn remove_tags_from_resource(&self, arn: &str, keys: &BTreeSet<String>) -> Answer<()> {
        self.write(rds("RemoveTagsFromResource", arn), Thing::of_arn(arn), |w, c, doing| {
            rds::remove_tags(w, c, doing, arn, keys)
        })
    }

    async fn describe_replicated_backups(&self, source_arn: Option<&str>) -> Answer<Vec<ReplicatedBackup>> {
        let op = rds("DescribeDBInstanceAutomatedBackups", source_arn.unwrap_or_default());
        self.read(op, Some(Looked::Replicated(source_arn)), |world, caller, _| {
            Ok(rds::describe_replicated(world, caller, source_arn))
        })
    }

    async fn start_backups_replication(&self, start: &StartBackupsReplication) -> Answer<()> {
        let op = rds("StartDBInstanceAutomatedBackupsReplication", &start.source_arn);
        self.write(op, Some(Thing::Replicated(start.source_arn.clone())), |w, c, doing| {
            rds::start_replication(w, c, doing, start)
        })
    }

    async fn stop_backups_replication(&self, source_arn: &str) -> Answer<()> {
        let op = rds("StopDBInstanceAutomatedBackupsReplication", source_arn);
        self.write(op, Some(Thing::Replicated(source_arn.to_owned())), |w, c, doing| {
            rds::stop_replication(w, c, doing, source_arn)
        })
    }

    async fn describe_source_regions(&self) -> Answer<Vec<SourceRegion>> {
        self.read(rds("DescribeSourceRegions", ""), None, |world, caller, _| {
            Ok(rds::source_regions(world, caller))
        })
    }

    async fn describe_db_snapshots(&self, identifier: Option<&str>) -> Answer<Vec<DbSnapshot>> {
        let op = rds("DescribeDBSnapshots", identifier.unwrap_or_default());
        self.read(op, Some(Looked::Snapshots(identifier)), |world, caller, _| {
            Ok(rds::describe_snapshots(world, caller, identifier))
        })
    }

    async fn create_db_snapshot(&self, create: &CreateDbSnapshot) -> Answer<()> {
        let op = rds("CreateDBSnapshot", &create.identifier);
        self.write(op, Some(Thing::Snapshot(create.identifier.clone())), |w, c, doing| {
            rds::create_snapshot(w, c, doing, create)
        })
    }

    async fn delete_db_snapshot(&self, identifier: &str) -> Answer<()> {
        let op = rds("DeleteDBSnapshot", identifier);
        self.write(op, Some(Thing::Snapshot(identifier.to_owned())), |w, c, doing| {
            rds::delete_snapshot(w, c, doing, identifier)
        })
    }

    async fn delete_db_instance(&self, identifier: &str) -> Answer<()> {
        let op = rds("DeleteDBInstance", identifier);
        self.write(op, Some(Thing::Database(identifier.to_owned())), |w, c, doing| {
            rds::delete_instance(w, c, doing, identifier)
        })
    }

    async fn promote_read_replica(&self, identifier: &str, backup_retention_period: u32) -> Answer<()> {
        let op = rds("PromoteReadReplica", identifier);
        self.write(op, Some(Thing::Database(identifier.to_owned())), |w, c, doing| {
            rds::promote(w, c, doing, identifier, backup_retention_period)
        })
    }

    async fn restore_db_instance_to_point_in_time(
        &self,
        restore: &RestoreDbInstanceToPointInTime,
    ) -> Answer<()> {
        let op = rds("RestoreDBInstanceToPointInTime", &restore.new.identifier);
        self.write(op, Some(Thing::Database(restore.new.identifier.clone())), |w, c, doing| {
            restore::to_point_in_time(w, c, doing, restore)
        })
    }

    async fn restore_db_instance_from_db_snapshot(
        &self,
        restore: &RestoreDbInstanceFromDbSnapshot,
    ) -> Answer<()> {
        let op = rds("RestoreDBInstanceFromDBSnapshot", &restore.new.identifier);
        self.write(op, Some(Thing::Database(restore.new.identifier.clone())), |w, c, doing| {
            restore::from_snapshot(w, c, doing, restore)
        })
    }
}
