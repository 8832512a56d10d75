//! What may be written in an `aws_s3_bucket` block. Everything inside a written block is managed:
//! what is not set there is absent at the provider, or has the default given here.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::Attributes;
use drctl_core::schema::Invalid;
use drctl_core::words;

use crate::values::{BucketArn, BucketName, JsonDocument, KmsKey, Ranged, RoleArn, Tags};

/// A bucket with everything that protects what is in it.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Spec {
    /// Name of the bucket, unique among all accounts.
    #[attribute(identity)]
    pub bucket: BucketName,
    /// Whether overwritten and deleted objects stay as versions: `Enabled` or `Suspended`.
    #[attribute(removed = Versioning::Suspended)]
    pub versioning: Option<Versioning>,
    /// Object Lock. Writing the block, even an empty one, means that it is enabled; it can never be
    /// disabled again (S1).
    pub object_lock: Option<ObjectLock>,
    /// Rules that expire, move and delete objects by their age. The whole document is managed.
    pub lifecycle: Option<Lifecycle>,
    /// Rules that copy new objects to other buckets. The whole document is managed (S26).
    pub replication: Option<Replication>,
    /// Default encryption of new objects.
    #[attribute(removed = ServerSideEncryption::OF_S3)]
    pub server_side_encryption: Option<ServerSideEncryption>,
    /// What keeps the bucket from being opened to everybody.
    #[attribute(removed = PublicAccessBlock::default())]
    pub public_access_block: Option<PublicAccessBlock>,
    /// Bucket policy, as JSON text. Policies of equal meaning count as equal.
    pub policy: Option<JsonDocument>,
    /// Tags. All tags of the bucket are managed, save AWS's own.
    #[attribute(removed = Tags::default())]
    pub tags: Option<Tags>,
}

words! {
    /// Versioning of a bucket.
    Versioning {
        /// New writes make new versions.
        Enabled = "Enabled",
        /// New writes overwrite the `null` version.
        Suspended = "Suspended",
    } "`Enabled` or `Suspended`"
}

words! {
    /// Whether a rule is in force.
    Status {
        /// In force.
        Enabled = "Enabled",
        /// Kept, but not in force.
        Disabled = "Disabled",
    } "`Enabled` or `Disabled`"
}

words! {
    /// Who can shorten or remove a retention.
    Mode {
        /// Those with `s3:BypassGovernanceRetention` (S4).
        Governance = "GOVERNANCE",
        /// Nobody (S3).
        Compliance = "COMPLIANCE",
    } "`GOVERNANCE` or `COMPLIANCE`"
}

words! {
    /// How objects are encrypted.
    Algorithm {
        /// With keys of S3.
        Aes256 = "AES256",
        /// With a KMS key.
        Kms = "aws:kms",
        /// Twice, with a KMS key.
        KmsDsse = "aws:kms:dsse",
    } "`AES256`, `aws:kms` or `aws:kms:dsse`"
}

words! {
    /// Storage classes that objects move or are copied to.
    StorageClass {
        /// The ordinary one.
        Standard = "STANDARD",
        /// Rarely read.
        StandardIa = "STANDARD_IA",
        /// Rarely read, in one zone.
        OnezoneIa = "ONEZONE_IA",
        /// Moves by itself.
        IntelligentTiering = "INTELLIGENT_TIERING",
        /// Archive, readable at once.
        GlacierIr = "GLACIER_IR",
        /// Archive, readable after minutes to hours.
        Glacier = "GLACIER",
        /// Archive, readable after half a day or more.
        DeepArchive = "DEEP_ARCHIVE",
        /// Old class of less redundancy.
        ReducedRedundancy = "REDUCED_REDUNDANCY",
    } "a storage class such as `STANDARD_IA` or `GLACIER`"
}

/// Object Lock with its default retention.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Attributes)]
#[attribute(check = ObjectLock::check)]
pub struct ObjectLock {
    /// Mode of the default retention: `GOVERNANCE` or `COMPLIANCE`. Without it there is none.
    pub mode: Option<Mode>,
    /// Days of the default retention. Exactly one of `days` and `years` stands beside `mode` (S6).
    pub days: Option<Ranged<1, 36500>>,
    /// Years of the default retention.
    pub years: Option<Ranged<1, 100>>,
}

impl ObjectLock {
    fn check(self) -> Result<ObjectLock, Invalid> {
        match (self.mode, self.days, self.years) {
            (None, None, None) | (Some(_), Some(_), None) | (Some(_), None, Some(_)) => Ok(self),
            (_, Some(_), Some(_)) => {
                Err(Invalid::new("write `days` or `years`, not both (S6)").below("years"))
            }
            (Some(_), None, None) => {
                Err(Invalid::new("default retention needs `days` or `years` beside `mode` (S6)")
                    .below("mode"))
            }
            (None, _, _) => Err(Invalid::new("default retention needs a `mode` beside its period (S6)")),
        }
    }

    /// The default retention in days; a year counts 365.
    pub fn retention_days(self) -> Option<u32> {
        self.days.map(Ranged::get).or(self.years.map(|y| y.get() * 365))
    }

    /// The period as written: `30 days`, `10 years`.
    pub fn period(self) -> Option<String> {
        let count = |n: u32, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
        self.days.map(|d| count(d.get(), "day")).or(self.years.map(|y| count(y.get(), "year")))
    }
}

/// Lifecycle rules.
#[derive(Debug, Clone, PartialEq, Eq, Attributes)]
#[attribute(check = Lifecycle::check)]
pub struct Lifecycle {
    /// Rules by their id.
    pub rule: BTreeMap<String, LifecycleRule>,
}

/// One lifecycle rule.
#[derive(Debug, Clone, PartialEq, Eq, Attributes)]
#[attribute(check = LifecycleRule::check)]
pub struct LifecycleRule {
    /// Whether it is in force: `Enabled` (also when not written) or `Disabled`.
    #[attribute(default = Status::Enabled)]
    pub status: Status,
    /// Only objects whose key begins with this; all when not written.
    #[attribute(default = String::new())]
    pub prefix: String,
    /// Only objects with all of these tags.
    #[attribute(default = BTreeMap::new())]
    pub tags: BTreeMap<String, String>,
    /// Days after which current objects expire: deleted, or hidden by a delete marker where the
    /// bucket is versioned.
    pub expiration_days: Option<Ranged<1, 36500>>,
    /// Whether delete markers with nothing below them are removed.
    pub expired_object_delete_marker: Option<bool>,
    /// When noncurrent versions are deleted for good.
    pub noncurrent_version_expiration: Option<NoncurrentVersionExpiration>,
    /// Moves of current objects to other storage classes.
    #[attribute(default = Vec::new())]
    pub transition: Vec<Transition>,
    /// Moves of noncurrent versions to other storage classes.
    #[attribute(default = Vec::new())]
    pub noncurrent_version_transition: Vec<Transition>,
    /// Days after which incomplete multipart uploads are given up.
    pub abort_incomplete_multipart_upload_days: Option<Ranged<1, 36500>>,
}

/// When noncurrent versions are deleted for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Attributes)]
pub struct NoncurrentVersionExpiration {
    /// Days since the version was replaced.
    pub noncurrent_days: Ranged<1, 36500>,
    /// How many of the newest noncurrent versions are kept beyond that.
    pub newer_noncurrent_versions: Option<Ranged<1, 100>>,
}

/// A move to another storage class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Attributes)]
pub struct Transition {
    /// Days since the object was written, or since the version was replaced.
    pub days: Ranged<0, 36500>,
    /// Storage class it moves to.
    pub storage_class: StorageClass,
}

impl Lifecycle {
    fn check(self) -> Result<Lifecycle, Invalid> {
        check_rules(self.rule.keys(), "lifecycle", 1000)?;
        Ok(self)
    }
}

fn check_rules<'i>(
    ids: impl ExactSizeIterator<Item = &'i String>,
    block: &str,
    most: usize,
) -> Result<(), Invalid> {
    let count = ids.len();
    if count == 0 {
        return Err(Invalid::new(format!("write at least one rule, or remove the block `{block}`")));
    }
    if count > most {
        return Err(Invalid::new(format!("at most {most} rules, found {count}")));
    }
    for id in ids {
        if id.is_empty() || id.len() > 255 {
            return Err(Invalid::new("a rule's id has 1 to 255 characters").below(id).below("rule"));
        }
    }
    Ok(())
}

impl LifecycleRule {
    fn check(mut self) -> Result<LifecycleRule, Invalid> {
        self.transition.sort();
        self.noncurrent_version_transition.sort();
        let acts = self.expiration_days.is_some()
            || self.expired_object_delete_marker == Some(true)
            || self.noncurrent_version_expiration.is_some()
            || !self.transition.is_empty()
            || !self.noncurrent_version_transition.is_empty()
            || self.abort_incomplete_multipart_upload_days.is_some();
        if !acts {
            return Err(Invalid::new("the rule does nothing: write an expiration, a transition or an abort"));
        }
        if self.expiration_days.is_some() && self.expired_object_delete_marker.is_some() {
            return Err(Invalid::new("S3 takes either this or `expiration_days` in one rule")
                .below("expired_object_delete_marker"));
        }
        if !self.tags.is_empty() && self.abort_incomplete_multipart_upload_days.is_some() {
            return Err(Invalid::new("cannot stand in a rule with `tags`: parts of uploads have none")
                .below("abort_incomplete_multipart_upload_days"));
        }
        Ok(self)
    }
}

/// The replication document.
#[derive(Debug, Clone, PartialEq, Eq, Attributes)]
#[attribute(check = Replication::check)]
pub struct Replication {
    /// ARN of the role that replicates.
    pub role: RoleArn,
    /// Rules by their id.
    pub rule: BTreeMap<String, ReplicationRule>,
}

/// One replication rule.
#[derive(Debug, Clone, PartialEq, Eq, Attributes)]
#[attribute(check = ReplicationRule::check)]
pub struct ReplicationRule {
    /// Whether it is in force: `Enabled` (also when not written) or `Disabled`.
    #[attribute(default = Status::Enabled)]
    pub status: Status,
    /// Which rule wins where several apply: the higher one. Rules without it get the lowest free
    /// numbers in the order of their ids.
    pub priority: Option<Ranged<0, 2147483647>>,
    /// Only objects whose key begins with this; all when not written.
    #[attribute(default = String::new())]
    pub prefix: String,
    /// Only objects with all of these tags.
    #[attribute(default = BTreeMap::new())]
    pub tags: BTreeMap<String, String>,
    /// ARN of the bucket that gets the copies.
    pub destination: BucketArn,
    /// Storage class of the copies; that of the object when not written.
    pub storage_class: Option<StorageClass>,
    /// Whether delete markers are copied too. `Disabled` keeps the copy readable when somebody deletes
    /// everything here (S23); it has to be said either way.
    pub delete_marker_replication: Status,
    /// Replication time control: 99.99 % of objects within 15 minutes, with its metrics (S25).
    #[attribute(default = false)]
    pub replication_time_control: bool,
    /// Whether objects encrypted with KMS are copied too (S21); needs `replica_kms_key_id`.
    #[attribute(default = false)]
    pub sse_kms_encrypted_objects: bool,
    /// Key in the destination's region that the copies are encrypted with.
    pub replica_kms_key_id: Option<KmsKey>,
}

impl ReplicationRule {
    fn check(self) -> Result<ReplicationRule, Invalid> {
        if !self.tags.is_empty() && self.delete_marker_replication == Status::Enabled {
            return Err(Invalid::new(
                "a rule with `tags` cannot replicate delete markers: write `Disabled` (S23)",
            )
            .below("delete_marker_replication"));
        }
        if self.sse_kms_encrypted_objects && self.replica_kms_key_id.is_none() {
            return Err(Invalid::new("needs `replica_kms_key_id`, a key in the destination's region (S21)")
                .below("sse_kms_encrypted_objects"));
        }
        if self.replica_kms_key_id.is_some() && !self.sse_kms_encrypted_objects {
            return Err(Invalid::new("has no effect without `sse_kms_encrypted_objects = true` (S21)")
                .below("replica_kms_key_id"));
        }
        Ok(self)
    }
}

impl Replication {
    /// Checks ids and priorities and gives the rules without priority theirs (S26).
    fn check(mut self) -> Result<Replication, Invalid> {
        check_rules(self.rule.keys(), "replication", 1000)?;
        let mut taken: BTreeSet<u32> = BTreeSet::new();
        for (id, rule) in &self.rule {
            if let Some(priority) = rule.priority
                && !taken.insert(priority.get())
            {
                return Err(Invalid::new(format!("another rule has priority {} too (S26)", priority.get()))
                    .below("priority")
                    .below(id)
                    .below("rule"));
            }
        }
        let mut free = (0..).filter(|n| !taken.contains(n));
        for rule in self.rule.values_mut() {
            if rule.priority.is_none() {
                rule.priority = free.next().map(Ranged::observed);
            }
        }
        Ok(self)
    }
}

/// Default encryption.
#[derive(Debug, Clone, PartialEq, Eq, Attributes)]
#[attribute(check = ServerSideEncryption::check)]
pub struct ServerSideEncryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub sse_algorithm: Algorithm,
    /// KMS key; AWS's own key for S3 when not written. Write the ARN: an alias is looked up in the
    /// account of whoever writes the object.
    pub kms_master_key_id: Option<KmsKey>,
    /// Whether a bucket key saves calls to KMS.
    #[attribute(default = false)]
    pub bucket_key_enabled: bool,
}

impl ServerSideEncryption {
    /// What S3 does when nothing is said.
    pub const OF_S3: ServerSideEncryption = ServerSideEncryption {
        sse_algorithm: Algorithm::Aes256,
        kms_master_key_id: None,
        bucket_key_enabled: false,
    };

    fn check(self) -> Result<ServerSideEncryption, Invalid> {
        if self.sse_algorithm == Algorithm::Aes256 && self.kms_master_key_id.is_some() {
            return Err(Invalid::new("has no effect with `AES256`: write `aws:kms` or remove the key")
                .below("kms_master_key_id"));
        }
        Ok(self)
    }
}

/// What keeps the bucket from being opened to everybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Attributes)]
pub struct PublicAccessBlock {
    /// New public ACLs are refused.
    #[attribute(default = false)]
    pub block_public_acls: bool,
    /// Public ACLs are ignored.
    #[attribute(default = false)]
    pub ignore_public_acls: bool,
    /// New public policies are refused.
    #[attribute(default = false)]
    pub block_public_policy: bool,
    /// Only the owner and AWS services reach a bucket with a public policy.
    #[attribute(default = false)]
    pub restrict_public_buckets: bool,
}

/// What S3 decides.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Outputs {
    /// ARN of the bucket.
    pub arn: Option<String>,
    /// Region of the bucket.
    pub region: Option<String>,
    /// Host name of the bucket in its region.
    pub bucket_regional_domain_name: Option<String>,
    /// Whether deleting a version needs the root user's MFA device (S17).
    pub mfa_delete: Option<bool>,
}
