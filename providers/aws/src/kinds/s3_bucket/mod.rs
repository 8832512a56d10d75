//! `aws_s3_bucket`: a bucket with its versioning, lock, lifecycle, replication, encryption, public
//! access block, policy and tags, because that is the unit people reason about.

mod past;
mod read;
mod recovery;
mod rules;
mod see;
mod spec;
mod verbs;
mod versions;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::provider::{
    Attempt, Id, Kept, Kind, Look, Place, Protection, ProviderError, Reading, Reads, RecoveryStep, Request,
    Retention, Safeguards, Seeing, Subject, Target, Verb,
};
use drctl_core::rule::Rule;
use drctl_core::value::Value;

use crate::port::Cloud;
use crate::values::partition;
pub use spec::*;

/// The kind.
pub struct S3Bucket;

impl Kind for S3Bucket {
    const NAME: &'static str = "aws_s3_bucket";
    const DOCS: &'static str = "A bucket with everything that protects what is in it: versioning, Object Lock, \
        lifecycle, replication, encryption, public access block, policy and tags. It is created when it is \
        missing, never replaced, and deleted only when it is empty and the deletion is accepted by name.";
    const READS: Reads = Reads::Each;
    const CREATES: bool = true;
    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        identity.get("bucket")?.as_str().map(|name| Id(name.to_owned()))
    }

    fn derived(id: &Id, place: &Place) -> BTreeMap<String, Value> {
        let mut outputs = BTreeMap::new();
        let partition = place.region.as_deref().map_or("aws", partition);
        let mut put = |name: &str, text: String| outputs.insert(name.to_owned(), Value::String(text));
        put("arn", format!("arn:{partition}:s3:::{id}"));
        if let Some(region) = &place.region {
            put("region", region.clone());
            let suffix = if partition == "aws-cn" { ".cn" } else { "" };
            put("bucket_regional_domain_name", format!("{id}.s3.{region}.amazonaws.com{suffix}"));
        }
        outputs
    }

    fn rules() -> &'static [Rule] {
        rules::RULES
    }

    async fn read(cloud: &Cloud, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        read::read(cloud, request).await
    }

    async fn create(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        write::create(cloud, spec).await
    }

    async fn complete(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        write::complete(cloud, spec).await
    }

    async fn update(
        cloud: &Cloud,
        _attempt: &Attempt,
        before: &Spec,
        after: &Spec,
        changed: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        write::update(cloud, before, after, changed).await
    }

    async fn delete(cloud: &Cloud, _attempt: &Attempt, id: &Id) -> Result<(), ProviderError> {
        write::delete(cloud, id).await
    }

    fn protections(subject: &Subject<'_>) -> Vec<Protection> {
        recovery::protections(subject)
    }

    fn retention(subject: &Subject<'_>, of: Kept<'_>) -> Retention {
        recovery::retention(subject, of)
    }

    fn safeguards(subject: &Subject<'_>) -> Safeguards {
        recovery::safeguards(subject)
    }

    fn recover(subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep> {
        recovery::recover(subject, by, target)
    }

    fn see(subject: &Subject<'_>, seeing: &Seeing) -> Option<Look> {
        see::see(subject, seeing)
    }

    async fn perform(
        cloud: &Cloud,
        _attempt: &Attempt,
        verb: &Verb,
    ) -> Result<BTreeMap<String, Value>, ProviderError> {
        verbs::perform(cloud, verb).await
    }
}
