//! Reading a bucket: one GET for each wanted part. A denied part is unobserved, not the bucket.

use std::collections::BTreeMap;

use drctl_core::provider::{ErrorClass, Kind, ProviderError, Reading, Request, Unobserved};
use drctl_core::schema::Attributes;

use super::S3Bucket;
use super::spec::{
    Algorithm, Lifecycle, LifecycleRule, Mode, NoncurrentVersionExpiration, ObjectLock, Outputs,
    PublicAccessBlock, Replication, ReplicationRule, ServerSideEncryption, Spec, Status, StorageClass,
    Transition, Versioning,
};
use crate::port;
use crate::port::Cloud;
use crate::values::{BucketArn, BucketName, JsonDocument, KmsKey, Ranged, RoleArn, Tags};

/// Collects the parts of one bucket.
struct Parts {
    unobserved: BTreeMap<String, Unobserved>,
    answered: usize,
}

impl Parts {
    /// Takes an answer, if there was a question.
    fn answer<T>(&mut self, name: &str, answer: Option<port::Answer<T>>) -> Result<Option<T>, ProviderError> {
        answer.map_or(Ok(None), |answer| self.take(name, answer))
    }

    /// Takes an answer: the value, or a note that it could not be observed.
    ///
    /// What concerns the bucket as a whole is passed on.
    fn take<T>(&mut self, name: &str, answer: port::Answer<T>) -> Result<Option<T>, ProviderError> {
        match answer {
            Ok(value) => {
                self.answered += 1;
                Ok(Some(value))
            }
            Err(error) => match error.class {
                ErrorClass::NotFound
                | ErrorClass::Foreign
                | ErrorClass::Elsewhere
                | ErrorClass::Credentials => Err(error),
                ErrorClass::Denied
                | ErrorClass::Throttled
                | ErrorClass::Timeout
                | ErrorClass::Unavailable
                | ErrorClass::Conflict
                | ErrorClass::Rejected
                | ErrorClass::Malformed
                | ErrorClass::Failed => {
                    self.unobserved.insert(name.to_owned(), Unobserved::from(error));
                    Ok(None)
                }
            },
        }
    }
}

pub(super) async fn read(
    cloud: &Cloud,
    request: &Request,
) -> Result<Option<Reading<S3Bucket>>, ProviderError> {
    match read_parts(cloud, request).await {
        Ok(reading) => Ok(Some(reading)),
        Err(error) if error.class == ErrorClass::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

async fn read_parts(cloud: &Cloud, request: &Request) -> Result<Reading<S3Bucket>, ProviderError> {
    let bucket = request.id.0.as_str();
    let wants = |name: &str| request.wanted.wants(name);
    let mut parts = Parts { unobserved: BTreeMap::new(), answered: 0 };
    let mut spec = Spec {
        bucket: BucketName::observed(bucket),
        versioning: None,
        object_lock: None,
        lifecycle: None,
        replication: None,
        server_side_encryption: None,
        public_access_block: None,
        policy: None,
        tags: None,
    };
    // Versioning is always read: it says whether the bucket exists, and most rules ask for it.
    let first = cloud.get_bucket_versioning(bucket).await;
    if let Err(error) = &first
        && error.is_transient()
    {
        return Err(error.clone());
    }
    let versioning = parts.take("versioning", first)?;
    spec.versioning = versioning.and_then(|v| v.status).map(versioning_of);
    // The bucket is there: the rest is asked side by side.
    let (lock, document, rules, encryption, block, policy, tags) = tokio::join!(
        when(wants("object_lock"), cloud.get_object_lock_configuration(bucket)),
        when(wants("replication"), cloud.get_bucket_replication(bucket)),
        when(wants("lifecycle"), cloud.get_bucket_lifecycle_configuration(bucket)),
        when(wants("server_side_encryption"), cloud.get_bucket_encryption(bucket)),
        when(wants("public_access_block"), cloud.get_public_access_block(bucket)),
        when(wants("policy"), cloud.get_bucket_policy(bucket)),
        when(wants("tags"), cloud.get_bucket_tagging(bucket)),
    );
    spec.object_lock = parts.answer("object_lock", lock)?.flatten().map(lock_of);
    let document = parts.answer("replication", document)?.flatten();
    spec.replication = fill(&mut parts, "replication", document.map(|d| replication_of(&d)));
    let rules = parts.answer("lifecycle", rules)?.filter(|r| !r.is_empty());
    spec.lifecycle = fill(&mut parts, "lifecycle", rules.map(|r| lifecycle_of(&r)));
    let encryption = parts.answer("server_side_encryption", encryption)?.flatten();
    spec.server_side_encryption =
        fill(&mut parts, "server_side_encryption", encryption.map(|e| encryption_of(&e)));
    let block = parts.answer("public_access_block", block)?;
    spec.public_access_block = block.map(|b| block_of(b.unwrap_or_default()));
    let policy = parts.answer("policy", policy)?;
    spec.policy = policy.flatten().map(|text| JsonDocument::observed(&text));
    spec.tags = parts.answer("tags", tags)?.map(|t| Tags::observed(&t));
    if parts.answered == 0 {
        return Err(unanswered(cloud, bucket, parts.unobserved).await);
    }
    let derived = S3Bucket::derived(&request.id, &cloud.place());
    let outputs = Outputs::from_values(derived).unwrap_or_default();
    Ok(Reading {
        spec,
        outputs: Outputs { mfa_delete: versioning.map(|v| v.mfa_delete), ..outputs },
        unobserved: parts.unobserved,
        pending: BTreeMap::new(),
        managed_by: BTreeMap::new(),
    })
}

/// Asks only what is wanted.
async fn when<T>(wanted: bool, call: impl Future<Output = port::Answer<T>>) -> Option<port::Answer<T>> {
    if wanted { Some(call.await) } else { None }
}

/// Nothing was answered. When all was denied, a look at the list of our buckets helps the reader; it
/// proves nothing: S3 denies the bucket of another account and the call that the caller may not make
/// in the same words (S12).
async fn unanswered(cloud: &Cloud, bucket: &str, unobserved: BTreeMap<String, Unobserved>) -> ProviderError {
    let first = unobserved.into_values().next();
    let (class, mut message) =
        first.map_or((ErrorClass::Denied, "access denied".to_owned()), |u| (u.class, u.message));
    if class == ErrorClass::Denied
        && let Ok(ours) = cloud.list_buckets().await
        && !ours.contains(bucket)
    {
        message.push_str(
            "; it is not among the buckets of this account: it belongs to another one, or is not there and may \
             not be asked for",
        );
    }
    ProviderError { doing: format!("reading bucket `{bucket}`"), class, code: None, message }
}

/// A part that the provider has in a form that drctl cannot express is unobserved: writing it back
/// would change it.
fn fill<T>(parts: &mut Parts, name: &str, value: Option<Result<T, String>>) -> Option<T> {
    match value? {
        Ok(value) => Some(value),
        Err(message) => {
            let unobserved = Unobserved { class: ErrorClass::Malformed, message };
            parts.unobserved.insert(name.to_owned(), unobserved);
            None
        }
    }
}

fn versioning_of(status: port::VersioningStatus) -> Versioning {
    match status {
        port::VersioningStatus::Enabled => Versioning::Enabled,
        port::VersioningStatus::Suspended => Versioning::Suspended,
    }
}

fn lock_of(lock: port::ObjectLockConfiguration) -> ObjectLock {
    let Some(retention) = lock.default_retention else { return ObjectLock::default() };
    let (days, years) = match retention.period {
        port::Period::Days(n) => (Some(Ranged::observed(n)), None),
        port::Period::Years(n) => (None, Some(Ranged::observed(n))),
    };
    let mode = match retention.mode {
        port::LockMode::Governance => Mode::Governance,
        port::LockMode::Compliance => Mode::Compliance,
    };
    ObjectLock { mode: Some(mode), days, years }
}

fn status_of(enabled: bool) -> Status {
    if enabled { Status::Enabled } else { Status::Disabled }
}

fn storage_class(text: &str) -> Result<StorageClass, String> {
    word(text, "storage class")
}

/// Reads one of a closed list of words.
fn word<T: drctl_core::schema::AttributeType>(text: &str, what: &str) -> Result<T, String> {
    T::from_value(drctl_core::value::Value::String(text.to_owned()))
        .map_err(|_| format!("the {what} `{text}` is not known to drctl"))
}

fn replication_of(document: &port::ReplicationConfiguration) -> Result<Replication, String> {
    let mut rules = BTreeMap::new();
    for r in &document.rules {
        let rule = ReplicationRule {
            status: status_of(r.enabled),
            priority: Some(Ranged::observed(r.priority)),
            prefix: r.prefix.clone(),
            tags: r.tags.clone(),
            destination: BucketArn::observed(&r.destination),
            storage_class: r.storage_class.as_deref().map(storage_class).transpose()?,
            delete_marker_replication: status_of(r.delete_marker_replication),
            replication_time_control: r.replication_time_control,
            sse_kms_encrypted_objects: r.sse_kms_encrypted_objects,
            replica_kms_key_id: r.replica_kms_key_id.as_deref().map(KmsKey::observed),
        };
        rules.insert(r.id.clone(), rule);
    }
    Ok(Replication { role: RoleArn::observed(&document.role), rule: rules })
}

fn transitions(found: &[port::Transition]) -> Result<Vec<Transition>, String> {
    let mut all = found
        .iter()
        .map(|t| {
            Ok(Transition { days: Ranged::observed(t.days), storage_class: storage_class(&t.storage_class)? })
        })
        .collect::<Result<Vec<_>, String>>()?;
    all.sort();
    Ok(all)
}

fn lifecycle_of(found: &[port::LifecycleRule]) -> Result<Lifecycle, String> {
    let mut rules = BTreeMap::new();
    for r in found {
        let noncurrent = r.noncurrent_days.map(|days| NoncurrentVersionExpiration {
            noncurrent_days: Ranged::observed(days),
            newer_noncurrent_versions: r.newer_noncurrent_versions.map(Ranged::observed),
        });
        let rule = LifecycleRule {
            status: status_of(r.enabled),
            prefix: r.prefix.clone(),
            tags: r.tags.clone(),
            expiration_days: r.expiration_days.map(Ranged::observed),
            expired_object_delete_marker: r.expired_object_delete_marker,
            noncurrent_version_expiration: noncurrent,
            transition: transitions(&r.transitions)?,
            noncurrent_version_transition: transitions(&r.noncurrent_transitions)?,
            abort_incomplete_multipart_upload_days: r
                .abort_incomplete_multipart_upload_days
                .map(Ranged::observed),
        };
        rules.insert(r.id.clone(), rule);
    }
    Ok(Lifecycle { rule: rules })
}

fn encryption_of(found: &port::Encryption) -> Result<ServerSideEncryption, String> {
    Ok(ServerSideEncryption {
        sse_algorithm: word::<Algorithm>(&found.sse_algorithm, "encryption")?,
        kms_master_key_id: found.kms_master_key_id.as_deref().map(KmsKey::observed),
        bucket_key_enabled: found.bucket_key_enabled,
    })
}

fn block_of(found: port::PublicAccessBlock) -> PublicAccessBlock {
    let port::PublicAccessBlock {
        block_public_acls,
        ignore_public_acls,
        block_public_policy,
        restrict_public_buckets,
    } = found;
    PublicAccessBlock { block_public_acls, ignore_public_acls, block_public_policy, restrict_public_buckets }
}
