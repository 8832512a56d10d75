//! S3's control plane over a world: every function checks all it has to before it changes anything.

use std::collections::{BTreeMap, BTreeSet};

use drctl_aws::port::{
    Answer, DefaultRetention, Encryption, LifecycleRule, LockAtBirth, ObjectLockConfiguration, Period,
    PublicAccessBlock, ReplicationConfiguration, VersioningStatus,
};
use drctl_core::provider::ErrorClass;

use crate::error::{conflict, denied, not_found, refuse, rejected};
use crate::s3_rules;
use crate::stale::later;
use crate::world::{Bucket, Caller, SimWorld};

/// A bucket as the caller may reach it: not of another account, not in another region.
pub(crate) fn bucket<'w>(
    world: &'w SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
) -> Answer<&'w Bucket> {
    if let Some(bucket) = world.here(caller).and_then(|c| c.buckets.get(name)) {
        return Ok(bucket);
    }
    let Some((account, region, _)) = world.find_bucket(name) else {
        return Err(not_found(doing, "NoSuchBucket", "The specified bucket does not exist"));
    };
    if account != caller.account {
        return Err(denied(doing, "Access Denied"));
    }
    let message =
        format!("The bucket is in this region: {region}. Please use this region to retry the request");
    Err(refuse(doing, ErrorClass::Elsewhere, "PermanentRedirect", &message, ""))
}

pub(crate) fn bucket_mut<'w>(
    world: &'w mut SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
) -> Answer<&'w mut Bucket> {
    bucket(world, caller, doing, name)?;
    Ok(world.here_mut(caller).buckets.get_mut(name).expect("the bucket was found just now"))
}

pub(crate) fn list_buckets(world: &SimWorld, caller: &Caller) -> BTreeSet<String> {
    let account = world.accounts.get(&caller.account);
    account.into_iter().flat_map(|a| a.regions.values()).flat_map(|c| c.buckets.keys().cloned()).collect()
}

pub(crate) fn create_bucket(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
    lock: LockAtBirth,
) -> Answer<()> {
    if !is_bucket_name(name) {
        return Err(rejected(doing, "InvalidBucketName", "The specified bucket is not valid.", ""));
    }
    // S28: one name space for all accounts and regions.
    if let Some((account, region, _)) = world.find_bucket(name) {
        if account != caller.account {
            let message = "The requested bucket name is not available. The bucket namespace is shared by all \
                           users of the system.";
            return Err(refuse(doing, ErrorClass::Foreign, "BucketAlreadyExists", message, "S28"));
        }
        if region == caller.region {
            return Ok(());
        }
        let message = format!("Your previous request to create the named bucket succeeded, in {region}.");
        return Err(refuse(doing, ErrorClass::Elsewhere, "BucketAlreadyOwnedByYou", &message, "S28"));
    }
    // S28: a deleted name is unavailable for a while.
    if world.released_names.get(name).is_some_and(|at| *at > world.now) {
        let message = "A conflicting conditional operation is currently in progress against this resource.";
        return Err(conflict(doing, "OperationAborted", message, "S28"));
    }
    world.released_names.remove(name);
    let mut made = Bucket {
        encryption: Some(Encryption {
            sse_algorithm: "AES256".into(),
            kms_master_key_id: None,
            bucket_key_enabled: false,
        }),
        public_access_block: Some(PublicAccessBlock {
            block_public_acls: true,
            ignore_public_acls: true,
            block_public_policy: true,
            restrict_public_buckets: true,
        }),
        ..Bucket::default()
    };
    match lock {
        LockAtBirth::Enabled => {
            made.versioning.status = Some(VersioningStatus::Enabled);
            made.object_lock = Some(ObjectLockConfiguration { default_retention: None });
        }
        LockAtBirth::Disabled => {}
    }
    world.here_mut(caller).buckets.insert(name.to_owned(), made);
    Ok(())
}

fn is_bucket_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.chars().all(|c| plain(c) || c == '-' || c == '.')
        && name.starts_with(plain)
        && name.ends_with(plain)
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

pub(crate) fn delete_bucket(world: &mut SimWorld, caller: &Caller, doing: &str, name: &str) -> Answer<()> {
    if !bucket(world, caller, doing, name)?.objects.is_empty() {
        let message =
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket.";
        return Err(conflict(doing, "BucketNotEmpty", message, ""));
    }
    world.here_mut(caller).buckets.remove(name);
    let free = later(world.now, i64::from(world.pace.name_release_seconds));
    world.released_names.insert(name.to_owned(), free);
    Ok(())
}

pub(crate) fn put_versioning(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
    status: VersioningStatus,
) -> Answer<()> {
    let bucket = bucket_mut(world, caller, doing, name)?;
    // S17: once MFA delete is on, only root with its device changes the versioning state.
    if bucket.versioning.mfa_delete && bucket.versioning.status != Some(status) {
        return Err(denied(doing, "Mfa Authentication must be used for this request [S17]"));
    }
    if status == VersioningStatus::Suspended {
        // S1: never again once a lock is there.
        if bucket.object_lock.is_some() {
            let message = "An Object Lock configuration is present on this bucket, so the versioning state \
                           cannot be changed.";
            return Err(conflict(doing, "InvalidBucketState", message, "S1"));
        }
        // S18: replication needs it.
        if bucket.replication.is_some() {
            let message = "A replication configuration is present on this bucket, so the versioning state \
                           cannot be changed.";
            return Err(conflict(doing, "InvalidBucketState", message, "S18"));
        }
    }
    // S14: there is no way back to "never enabled".
    bucket.versioning.status = Some(status);
    Ok(())
}

pub(crate) fn put_object_lock(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
    lock: &ObjectLockConfiguration,
) -> Answer<()> {
    let bucket = bucket_mut(world, caller, doing, name)?;
    // S2: on an existing bucket too, once versioning is enabled.
    if bucket.versioning.status != Some(VersioningStatus::Enabled) {
        let message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration";
        return Err(conflict(doing, "InvalidBucketState", message, "S2"));
    }
    // S6: exactly one unit, stored as given; both bounds hold in either unit.
    if let Some(DefaultRetention { period, .. }) = lock.default_retention {
        let (number, max) = match period {
            Period::Days(days) => (days, 36_500),
            Period::Years(years) => (years, 100),
        };
        if number == 0 {
            let message = "Default retention period must be a positive integer value.";
            return Err(rejected(doing, "InvalidArgument", message, "S6"));
        }
        if number > max {
            let message = "Default retention period is too large.";
            return Err(rejected(doing, "InvalidRetentionPeriod", message, "S7"));
        }
    }
    // S5: objects that exist keep what they have.
    bucket.object_lock = Some(*lock);
    Ok(())
}

pub(crate) fn put_lifecycle(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
    rules: &[LifecycleRule],
) -> Answer<()> {
    let bucket = bucket_mut(world, caller, doing, name)?;
    // S17: not on a bucket with MFA delete.
    if bucket.versioning.mfa_delete && !rules.is_empty() {
        let message = "Lifecycle configuration is not supported on MFA-enabled buckets";
        return Err(conflict(doing, "InvalidBucketState", message, "S17"));
    }
    s3_rules::lifecycle(doing, rules)?;
    bucket.lifecycle = rules.to_vec();
    Ok(())
}

pub(crate) fn put_replication(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
    document: Option<&ReplicationConfiguration>,
) -> Answer<()> {
    bucket(world, caller, doing, name)?;
    if let Some(document) = document {
        s3_rules::replication(doing, document)?;
        s3_rules::replication_ends(world, caller, doing, name, document)?;
    }
    // S26: the whole document is replaced.
    bucket_mut(world, caller, doing, name)?.replication = document.cloned();
    Ok(())
}

pub(crate) fn put_encryption(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
    encryption: &Encryption,
) -> Answer<()> {
    let bucket = bucket_mut(world, caller, doing, name)?;
    let kms = match encryption.sse_algorithm.as_str() {
        "AES256" => false,
        "aws:kms" | "aws:kms:dsse" => true,
        _other => {
            let message =
                "The XML you provided was not well-formed or did not validate against our published schema";
            return Err(rejected(doing, "MalformedXML", message, ""));
        }
    };
    if !kms && encryption.kms_master_key_id.is_some() {
        let message =
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
        return Err(rejected(doing, "InvalidArgument", message, ""));
    }
    bucket.encryption = Some(encryption.clone());
    Ok(())
}

pub(crate) fn put_public_access_block(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
    block: &PublicAccessBlock,
) -> Answer<()> {
    bucket_mut(world, caller, doing, name)?.public_access_block = Some(*block);
    Ok(())
}

pub(crate) fn put_policy(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
    policy: Option<&str>,
) -> Answer<()> {
    let bucket = bucket_mut(world, caller, doing, name)?;
    if let Some(text) = policy {
        let public = s3_rules::policy(doing, name, text)?;
        if public == s3_rules::Reach::Public
            && bucket.public_access_block.is_some_and(|block| block.block_public_policy)
        {
            let message = "public policies are blocked by the BlockPublicPolicy block public access setting.";
            return Err(denied(doing, message));
        }
    }
    bucket.policy = policy.map(str::to_owned);
    Ok(())
}

pub(crate) fn put_tagging(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    name: &str,
    tags: &BTreeMap<String, String>,
) -> Answer<()> {
    let bucket = bucket_mut(world, caller, doing, name)?;
    s3_rules::tags(doing, tags, "InvalidTag")?;
    bucket.tags = tags.clone();
    Ok(())
}
