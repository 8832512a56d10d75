//! S3's operations. Once the account is known every call says whose bucket it means, so that a name
//! taken over by somebody else is refused by the service.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::Client;
use aws_sdk_s3::types as s3;
use drctl_aws::port::{self, Answer};

use crate::calls::Calls;
use crate::errors::{malformed, unsendable};
use crate::{convert_lifecycle, convert_replication, convert_s3};

/// Buckets a page.
const PAGE: i32 = 1000;

/// One operation on one bucket: the client, what bounds it, whose the bucket is.
pub(crate) struct Bucket<'c> {
    pub(crate) client: &'c Client,
    pub(crate) calls: &'c Calls,
    pub(crate) owner: Option<String>,
    pub(crate) name: &'c str,
}

/// Names of all buckets of the account.
pub(crate) async fn list_buckets(client: &Client, calls: &Calls) -> Answer<BTreeSet<String>> {
    let doing = "listing the buckets of the account";
    let mut names = BTreeSet::new();
    let mut next: Option<String> = None;
    loop {
        let request = client.list_buckets().max_buckets(PAGE).set_continuation_token(next.clone());
        let page = calls.send(doing, request.send()).await?;
        names.extend(page.buckets().iter().filter_map(|b| b.name().map(str::to_owned)));
        match page.continuation_token() {
            None | Some("") => return Ok(names),
            Some(token) if Some(token) == next.as_deref() => {
                return Err(malformed(doing, "the same page came twice"));
            }
            Some(token) => next = Some(token.to_owned()),
        }
    }
}

impl Bucket<'_> {
    fn doing(&self, verb: &str, what: &str) -> String {
        format!("{verb} the {what} of bucket `{}`", self.name)
    }

    pub(crate) async fn create(self, region: &str, lock: port::LockAtBirth) -> Answer<()> {
        let doing = format!("creating bucket `{}`", self.name);
        let mut request = self.client.create_bucket().bucket(self.name);
        if region != "us-east-1" {
            let place = s3::CreateBucketConfiguration::builder()
                .location_constraint(s3::BucketLocationConstraint::from(region));
            request = request.create_bucket_configuration(place.build());
        }
        if lock == port::LockAtBirth::Enabled {
            request = request.object_lock_enabled_for_bucket(true);
        }
        self.calls.ensure(&doing, &["BucketAlreadyOwnedByYou"], request.send()).await
    }

    pub(crate) async fn delete(self) -> Answer<()> {
        let doing = format!("deleting bucket `{}`", self.name);
        let request = self.client.delete_bucket().bucket(self.name).set_expected_bucket_owner(self.owner);
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn holds_nothing(self) -> Answer<bool> {
        let doing = format!("looking into bucket `{}`", self.name);
        let request = self
            .client
            .list_object_versions()
            .bucket(self.name)
            .max_keys(1)
            .set_expected_bucket_owner(self.owner);
        let page = self.calls.send(&doing, request.send()).await?;
        let more = page.is_truncated().unwrap_or_default();
        Ok(page.versions().is_empty() && page.delete_markers().is_empty() && !more)
    }

    pub(crate) async fn versioning(self) -> Answer<port::VersioningState> {
        let doing = self.doing("reading", "versioning");
        let request =
            self.client.get_bucket_versioning().bucket(self.name).set_expected_bucket_owner(self.owner);
        let found = self.calls.send(&doing, request.send()).await?;
        convert_s3::versioning(found.status(), found.mfa_delete()).map_err(|odd| malformed(&doing, odd))
    }

    pub(crate) async fn put_versioning(self, status: port::VersioningStatus) -> Answer<()> {
        let doing = self.doing("writing", "versioning");
        let status = match status {
            port::VersioningStatus::Enabled => s3::BucketVersioningStatus::Enabled,
            port::VersioningStatus::Suspended => s3::BucketVersioningStatus::Suspended,
        };
        let request = self
            .client
            .put_bucket_versioning()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .versioning_configuration(s3::VersioningConfiguration::builder().status(status).build());
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn lock(self) -> Answer<Option<port::ObjectLockConfiguration>> {
        let doing = self.doing("reading", "Object Lock");
        let request = self
            .client
            .get_object_lock_configuration()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner);
        let absent = ["ObjectLockConfigurationNotFoundError"];
        let found = self.calls.read(&doing, &absent, request.send()).await?;
        match found.as_ref().and_then(|f| f.object_lock_configuration()) {
            Some(lock) => convert_s3::lock(lock).map_err(|odd| malformed(&doing, odd)),
            None => Ok(None),
        }
    }

    pub(crate) async fn put_lock(self, lock: &port::ObjectLockConfiguration) -> Answer<()> {
        let doing = self.doing("writing", "Object Lock");
        let document = convert_s3::to_lock(lock).map_err(|odd| unsendable(&doing, odd))?;
        let request = self
            .client
            .put_object_lock_configuration()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .object_lock_configuration(document);
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn lifecycle(self) -> Answer<Vec<port::LifecycleRule>> {
        let doing = self.doing("reading", "lifecycle");
        let request = self
            .client
            .get_bucket_lifecycle_configuration()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner);
        let found = self.calls.read(&doing, &["NoSuchLifecycleConfiguration"], request.send()).await?;
        found
            .iter()
            .flat_map(|f| f.rules())
            .map(|rule| convert_lifecycle::rule(rule).map_err(|odd| malformed(&doing, odd)))
            .collect()
    }

    pub(crate) async fn put_lifecycle(self, rules: &[port::LifecycleRule]) -> Answer<()> {
        if rules.is_empty() {
            let doing = self.doing("removing", "lifecycle");
            let request =
                self.client.delete_bucket_lifecycle().bucket(self.name).set_expected_bucket_owner(self.owner);
            return self.calls.send(&doing, request.send()).await.map(|_| ());
        }
        let doing = self.doing("writing", "lifecycle");
        let document = convert_lifecycle::to_document(rules).map_err(|odd| unsendable(&doing, odd))?;
        let request = self
            .client
            .put_bucket_lifecycle_configuration()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .lifecycle_configuration(document);
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn replication(self) -> Answer<Option<port::ReplicationConfiguration>> {
        let doing = self.doing("reading", "replication");
        let request =
            self.client.get_bucket_replication().bucket(self.name).set_expected_bucket_owner(self.owner);
        let absent = ["ReplicationConfigurationNotFoundError"];
        let found = self.calls.read(&doing, &absent, request.send()).await?;
        found
            .as_ref()
            .and_then(|f| f.replication_configuration())
            .map(|found| convert_replication::document(found).map_err(|odd| malformed(&doing, odd)))
            .transpose()
    }

    pub(crate) async fn put_replication(
        self,
        document: Option<&port::ReplicationConfiguration>,
    ) -> Answer<()> {
        let Some(document) = document else {
            let doing = self.doing("removing", "replication");
            let request = self
                .client
                .delete_bucket_replication()
                .bucket(self.name)
                .set_expected_bucket_owner(self.owner);
            return self.calls.send(&doing, request.send()).await.map(|_| ());
        };
        let doing = self.doing("writing", "replication");
        let document = convert_replication::to_document(document).map_err(|odd| unsendable(&doing, odd))?;
        let request = self
            .client
            .put_bucket_replication()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .replication_configuration(document);
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn encryption(self) -> Answer<Option<port::Encryption>> {
        let doing = self.doing("reading", "encryption");
        let request =
            self.client.get_bucket_encryption().bucket(self.name).set_expected_bucket_owner(self.owner);
        let absent = ["ServerSideEncryptionConfigurationNotFoundError"];
        let found = self.calls.read(&doing, &absent, request.send()).await?;
        match found.as_ref().and_then(|f| f.server_side_encryption_configuration()) {
            Some(found) => convert_s3::encryption(found).map_err(|odd| malformed(&doing, odd)),
            None => Ok(None),
        }
    }

    pub(crate) async fn put_encryption(self, encryption: &port::Encryption) -> Answer<()> {
        let doing = self.doing("writing", "encryption");
        let document = convert_s3::to_encryption(encryption).map_err(|odd| unsendable(&doing, odd))?;
        let request = self
            .client
            .put_bucket_encryption()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .server_side_encryption_configuration(document);
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn block(self) -> Answer<Option<port::PublicAccessBlock>> {
        let doing = self.doing("reading", "public access block");
        let request =
            self.client.get_public_access_block().bucket(self.name).set_expected_bucket_owner(self.owner);
        let absent = ["NoSuchPublicAccessBlockConfiguration"];
        let found = self.calls.read(&doing, &absent, request.send()).await?;
        Ok(found.as_ref().and_then(|f| f.public_access_block_configuration()).map(convert_s3::block))
    }

    pub(crate) async fn put_block(self, block: &port::PublicAccessBlock) -> Answer<()> {
        let doing = self.doing("writing", "public access block");
        let request = self
            .client
            .put_public_access_block()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .public_access_block_configuration(convert_s3::to_block(block));
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn policy(self) -> Answer<Option<String>> {
        let doing = self.doing("reading", "policy");
        let request = self.client.get_bucket_policy().bucket(self.name).set_expected_bucket_owner(self.owner);
        let found = self.calls.read(&doing, &["NoSuchBucketPolicy"], request.send()).await?;
        Ok(found.and_then(|f| f.policy).filter(|p| !p.is_empty()))
    }

    pub(crate) async fn put_policy(self, policy: Option<&str>) -> Answer<()> {
        let Some(policy) = policy else {
            let doing = self.doing("removing", "policy");
            let request =
                self.client.delete_bucket_policy().bucket(self.name).set_expected_bucket_owner(self.owner);
            return self.calls.send(&doing, request.send()).await.map(|_| ());
        };
        let doing = self.doing("writing", "policy");
        let request = self
            .client
            .put_bucket_policy()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .policy(policy);
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn tags(self) -> Answer<BTreeMap<String, String>> {
        let doing = self.doing("reading", "tags");
        let request =
            self.client.get_bucket_tagging().bucket(self.name).set_expected_bucket_owner(self.owner);
        let found = self.calls.read(&doing, &["NoSuchTagSet"], request.send()).await?;
        Ok(found.map(|f| convert_s3::tags(f.tag_set())).unwrap_or_default())
    }

    pub(crate) async fn put_tags(self, tags: &BTreeMap<String, String>) -> Answer<()> {
        if tags.is_empty() {
            let doing = self.doing("removing", "tags");
            let request =
                self.client.delete_bucket_tagging().bucket(self.name).set_expected_bucket_owner(self.owner);
            return self.calls.send(&doing, request.send()).await.map(|_| ());
        }
        let doing = self.doing("writing", "tags");
        let wrong = |odd: String| unsendable(&doing, odd);
        let set = convert_s3::to_tags(tags).map_err(wrong)?;
        let tagging =
            s3::Tagging::builder().set_tag_set(Some(set)).build().map_err(|e| wrong(e.to_string()))?;
        let request = self
            .client
            .put_bucket_tagging()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .tagging(tagging);
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }
}
