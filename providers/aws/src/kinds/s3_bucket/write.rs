//! Writing a bucket, in the order that keeps it protected at every moment: what protects comes
//! first and what removes protection last.

use std::collections::BTreeSet;

use drctl_core::provider::{ErrorClass, Id, ProviderError};

use super::spec::{
    Algorithm, Lifecycle, Mode, ObjectLock, PublicAccessBlock, Replication, ServerSideEncryption, Spec,
    Status, Transition, Versioning,
};
use crate::port;
use crate::port::{Cloud, LockAtBirth};
use crate::values::{JsonDocument, KmsKey, Ranged, Tags, is_reserved_tag};

pub(super) async fn create(cloud: &Cloud, spec: &Spec) -> Result<(), ProviderError> {
    let lock = if spec.object_lock.is_some() { LockAtBirth::Enabled } else { LockAtBirth::Disabled };
    cloud.create_bucket(spec.bucket.as_str(), lock).await
}

/// Everything else, on a bucket that was just born.
pub(super) async fn complete(cloud: &Cloud, spec: &Spec) -> Result<(), ProviderError> {
    let nothing = Spec {
        bucket: spec.bucket.clone(),
        // Born with it.
        object_lock: spec.object_lock.map(|_| ObjectLock::default()),
        versioning: None,
        lifecycle: None,
        replication: None,
        server_side_encryption: None,
        public_access_block: None,
        policy: None,
        tags: None,
    };
    let written = [
        ("versioning", spec.versioning.is_some()),
        ("object_lock", spec.object_lock.is_some_and(|l| l.mode.is_some())),
        ("lifecycle", spec.lifecycle.is_some()),
        ("replication", spec.replication.is_some()),
        ("server_side_encryption", spec.server_side_encryption.is_some()),
        ("public_access_block", spec.public_access_block.is_some()),
        ("policy", spec.policy.is_some()),
        ("tags", spec.tags.is_some()),
    ];
    let changed = written.iter().filter(|(_, set)| *set).map(|(name, _)| (*name).to_owned()).collect();
    update(cloud, &nothing, spec, &changed).await
}

pub(super) async fn update(
    cloud: &Cloud,
    before: &Spec,
    after: &Spec,
    changed: &BTreeSet<String>,
) -> Result<(), ProviderError> {
    let bucket = after.bucket.as_str();
    let changes = |name: &str| changed.contains(name);
    let enables = after.versioning == Some(Versioning::Enabled);
    if changes("versioning") && enables {
        cloud.put_bucket_versioning(bucket, port::VersioningStatus::Enabled).await?;
    }
    if changes("object_lock") {
        let lock = after.object_lock.ok_or_else(|| {
            rejected(format!("changing the lock of bucket `{bucket}`"), "Object Lock cannot be disabled (S1)")
        })?;
        cloud.put_object_lock_configuration(bucket, &lock_to(lock)).await?;
    }
    if changes("server_side_encryption") {
        let encryption = encryption_to(after.server_side_encryption.as_ref());
        cloud.put_bucket_encryption(bucket, &encryption).await?;
    }
    if changes("public_access_block") {
        let block = block_to(after.public_access_block.unwrap_or_default());
        cloud.put_public_access_block(bucket, &block).await?;
    }
    if changes("policy") {
        cloud.put_bucket_policy(bucket, after.policy.as_ref().map(JsonDocument::as_str)).await?;
    }
    if changes("tags") {
        put_tags(cloud, bucket, &after.tags.clone().unwrap_or_default()).await?;
    }
    if changes("lifecycle") {
        let rules = after.lifecycle.as_ref().map(lifecycle_to).unwrap_or_default();
        cloud.put_bucket_lifecycle_configuration(bucket, &rules).await?;
    }
    if changes("replication") {
        put_replication(cloud, bucket, before.replication.as_ref(), after.replication.as_ref()).await?;
    }
    // Last, because replication forbids suspended versioning (S18).
    let was_versioned = before.versioning.is_some();
    if changes("versioning") && !enables && (after.versioning.is_some() || was_versioned) {
        cloud.put_bucket_versioning(bucket, port::VersioningStatus::Suspended).await?;
    }
    Ok(())
}

/// Replaces the whole document, after a look that nobody else has changed it meanwhile (S26).
async fn put_replication(
    cloud: &Cloud,
    bucket: &str,
    before: Option<&Replication>,
    after: Option<&Replication>,
) -> Result<(), ProviderError> {
    let sort = |mut document: port::ReplicationConfiguration| {
        document.rules.sort_by(|a, b| a.id.cmp(&b.id));
        document
    };
    let found = cloud.get_bucket_replication(bucket).await?.map(sort);
    let (before, after) = (before.map(replication_to), after.map(replication_to));
    if found == after {
        return Ok(());
    }
    if found != before {
        return Err(ProviderError {
            doing: format!("replacing the replication document of bucket `{bucket}`"),
            class: ErrorClass::Conflict,
            code: None,
            message: "somebody else has changed it since the plan was made (S26)".to_owned(),
        });
    }
    cloud.put_bucket_replication(bucket, after.as_ref()).await
}

/// Replaces the tags, and keeps those that are AWS's own: S3 refuses to drop them.
async fn put_tags(cloud: &Cloud, bucket: &str, tags: &Tags) -> Result<(), ProviderError> {
    let mut all = cloud.get_bucket_tagging(bucket).await?;
    all.retain(|key, _| is_reserved_tag(key));
    all.extend(tags.0.clone());
    cloud.put_bucket_tagging(bucket, &all).await
}

pub(super) async fn delete(cloud: &Cloud, id: &Id) -> Result<(), ProviderError> {
    let empty = match cloud.bucket_is_empty(&id.0).await {
        Err(error) if error.class == ErrorClass::NotFound => return Ok(()),
        answer => answer?,
    };
    if !empty {
        return Err(rejected(
            format!("deleting bucket `{id}`"),
            "it is not empty, versions and delete markers included; drctl deletes only empty buckets",
        ));
    }
    match cloud.delete_bucket(&id.0).await {
        Err(error) if error.class == ErrorClass::NotFound => Ok(()),
        answer => answer,
    }
}

fn rejected(doing: String, message: &str) -> ProviderError {
    ProviderError { doing, class: ErrorClass::Rejected, code: None, message: message.to_owned() }
}

fn lock_to(lock: ObjectLock) -> port::ObjectLockConfiguration {
    let period =
        lock.days.map(|d| port::Period::Days(d.get())).or(lock.years.map(|y| port::Period::Years(y.get())));
    let mode = lock.mode.map(|mode| match mode {
        Mode::Governance => port::LockMode::Governance,
        Mode::Compliance => port::LockMode::Compliance,
    });
    let default_retention = mode.zip(period).map(|(mode, period)| port::DefaultRetention { mode, period });
    port::ObjectLockConfiguration { default_retention }
}

/// Without a block, S3's own default: it encrypts in any case.
fn encryption_to(encryption: Option<&ServerSideEncryption>) -> port::Encryption {
    port::Encryption {
        sse_algorithm: encryption.map_or(Algorithm::Aes256, |e| e.sse_algorithm).as_str().to_owned(),
        kms_master_key_id: encryption.and_then(|e| e.kms_master_key_id.as_ref()).map(key_to),
        bucket_key_enabled: encryption.is_some_and(|e| e.bucket_key_enabled),
    }
}

fn key_to(key: &KmsKey) -> String {
    key.as_str().to_owned()
}

fn block_to(block: PublicAccessBlock) -> port::PublicAccessBlock {
    let PublicAccessBlock {
        block_public_acls,
        ignore_public_acls,
        block_public_policy,
        restrict_public_buckets,
    } = block;
    port::PublicAccessBlock {
        block_public_acls,
        ignore_public_acls,
        block_public_policy,
        restrict_public_buckets,
    }
}

fn transitions_to(transitions: &[Transition]) -> Vec<port::Transition> {
    let one = |t: &Transition| port::Transition {
        days: t.days.get(),
        storage_class: t.storage_class.as_str().to_owned(),
    };
    transitions.iter().map(one).collect()
}

fn lifecycle_to(lifecycle: &Lifecycle) -> Vec<port::LifecycleRule> {
    let one = |(id, r): (&String, &super::spec::LifecycleRule)| {
        let noncurrent = r.noncurrent_version_expiration;
        port::LifecycleRule {
            id: id.clone(),
            enabled: r.status == Status::Enabled,
            prefix: r.prefix.clone(),
            tags: r.tags.clone(),
            expiration_days: r.expiration_days.map(Ranged::get),
            expired_object_delete_marker: r.expired_object_delete_marker,
            noncurrent_days: noncurrent.map(|n| n.noncurrent_days.get()),
            newer_noncurrent_versions: noncurrent.and_then(|n| n.newer_noncurrent_versions).map(Ranged::get),
            transitions: transitions_to(&r.transition),
            noncurrent_transitions: transitions_to(&r.noncurrent_version_transition),
            abort_incomplete_multipart_upload_days: r.abort_incomplete_multipart_upload_days.map(Ranged::get),
        }
    };
    lifecycle.rule.iter().map(one).collect()
}

/// Sorted by id, as the map is.
fn replication_to(replication: &Replication) -> port::ReplicationConfiguration {
    let one = |(id, r): (&String, &super::spec::ReplicationRule)| port::ReplicationRule {
        id: id.clone(),
        enabled: r.status == Status::Enabled,
        priority: r.priority.map_or(0, Ranged::get),
        prefix: r.prefix.clone(),
        tags: r.tags.clone(),
        destination: r.destination.as_str().to_owned(),
        storage_class: r.storage_class.map(|c| c.as_str().to_owned()),
        delete_marker_replication: r.delete_marker_replication == Status::Enabled,
        replication_time_control: r.replication_time_control,
        sse_kms_encrypted_objects: r.sse_kms_encrypted_objects,
        replica_kms_key_id: r.replica_kms_key_id.as_ref().map(key_to),
    };
    port::ReplicationConfiguration {
        role: replication.role.as_str().to_owned(),
        rules: replication.rule.iter().map(one).collect(),
    }
}
