//! `aws_s3_legal_hold`: whether all that stands below a prefix is under legal hold. People put holds on and
//! lift them; drctl looks, and says what is not held.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::Attributes;
use drctl_core::provider::{
    Attempt, ErrorClass, Id, Kind, Place, ProviderError, Reading, Reads, Request, Subject,
};
use drctl_core::rule::{Change, Effect, Note, Rule, World};
use drctl_core::schema::AttributeType;
use drctl_core::value::Value;
use tokio::task::JoinSet;

use crate::facts;
use crate::port::{Answer, Cloud, VersionKind};
use crate::values::BucketName;

/// Versions that are looked at: each costs a call.
const MOST: usize = 1000;

/// Calls under way.
const CONCURRENCY: usize = 10;

/// Versions told by name.
const NAMES: usize = 5;

/// The kind.
pub struct S3LegalHold;

/// What is to be held.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Spec {
    /// Bucket that it stands in; it has Object Lock.
    #[attribute(identity)]
    pub bucket: BucketName,
    /// What the keys begin with: `matters/2026-17/`. An empty one is the whole bucket. At most 1,000 versions
    /// are looked at.
    #[attribute(identity)]
    pub prefix: String,
}

/// What is there.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Outputs {
    /// How many object versions stand there.
    pub versions: Option<u32>,
    /// How many of them are not held.
    pub not_held: Option<u32>,
    /// The first of these, by key and version.
    pub not_held_first: Option<Vec<String>>,
}

impl Kind for S3LegalHold {
    const NAME: &'static str = "aws_s3_legal_hold";
    const DOCS: &'static str = "That every object version below a prefix is under legal hold. It is looked at and \
        never written: a hold is put on and lifted by people, and whoever may write one may lift it unseen. What is \
        not held is a warning of each plan.";
    const READS: Reads = Reads::Each;
    const CREATES: bool = false;
    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        let text = |name: &str| identity.get(name)?.as_str();
        Some(Id(format!("{}/{}", text("bucket")?, text("prefix")?)))
    }

    fn derived(_id: &Id, _place: &Place) -> BTreeMap<String, Value> {
        BTreeMap::new()
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    async fn read(cloud: &Cloud, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        // A bucket's name holds no slash.
        let Some((bucket, prefix)) = request.id.0.split_once('/') else { return Ok(None) };
        // In a bucket that does not exist yet nothing stands.
        let all = match versions(cloud, bucket, prefix).await {
            Err(error) if error.class == ErrorClass::NotFound => Vec::new(),
            answer => answer?,
        };
        let not_held = not_held(cloud, bucket, &all).await?;
        let number = |count: usize| u32::try_from(count).ok();
        Ok(Some(Reading {
            spec: Spec { bucket: BucketName::observed(bucket), prefix: prefix.to_owned() },
            outputs: Outputs {
                versions: number(all.len()),
                not_held: number(not_held.len()),
                not_held_first: Some(not_held.into_iter().take(NAMES).collect()),
            },
            unobserved: BTreeMap::new(),
            pending: BTreeMap::new(),
            managed_by: BTreeMap::new(),
        }))
    }

    async fn create(_cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        Err(never("creating", spec.bucket.as_str()))
    }

    async fn update(
        _cloud: &Cloud,
        _attempt: &Attempt,
        _before: &Spec,
        _after: &Spec,
        _changed: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        // Nothing of it can be changed.
        Ok(())
    }

    async fn delete(_cloud: &Cloud, _attempt: &Attempt, id: &Id) -> Result<(), ProviderError> {
        Err(never("deleting", &id.0))
    }

    fn protections(_subject: &Subject<'_>) -> Vec<drctl_core::provider::Protection> {
        Vec::new()
    }
}

fn never(doing: &str, what: &str) -> ProviderError {
    ProviderError {
        doing: format!("{doing} the legal hold of `{what}`"),
        class: ErrorClass::Rejected,
        code: None,
        message: "drctl never puts a legal hold on anything, nor lifts one".to_owned(),
    }
}

/// A version, by its key and id.
type Version = (String, String);

/// Every object version whose key begins with the prefix.
async fn versions(cloud: &Cloud, bucket: &str, prefix: &str) -> Answer<Vec<Version>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = cloud.list_object_versions(bucket, prefix, after.as_ref()).await?;
        let objects = page.entries.into_iter().filter(|entry| entry.is != VersionKind::DeleteMarker);
        all.extend(objects.map(|entry| (entry.key, entry.version)));
        if all.len() > MOST {
            return Err(ProviderError {
                doing: format!("looking for legal holds in bucket `{bucket}`"),
                class: ErrorClass::Rejected,
                code: None,
                message: format!("more than {MOST} versions stand below `{prefix}`: name a narrower prefix"),
            });
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

/// Which of them are not held, in order.
async fn not_held(cloud: &Cloud, bucket: &str, all: &[Version]) -> Answer<Vec<String>> {
    let mut flying = JoinSet::new();
    let mut found = BTreeSet::new();
    let mut left = all.iter().enumerate();
    loop {
        for (at, (key, version)) in left.by_ref().take(CONCURRENCY - flying.len()) {
            let (cloud, bucket) = (Cloud::clone(cloud), bucket.to_owned());
            let (key, version) = (key.clone(), version.clone());
            flying.spawn(async move { (at, cloud.get_object_legal_hold(&bucket, &key, &version).await) });
        }
        match flying.join_next().await {
            Some(Ok((at, Ok(false)))) => found.extend([at]),
            Some(Ok((_, Ok(true)))) => {}
            // It is gone since it was listed.
            Some(Ok((_, Err(error)))) if error.class == ErrorClass::NotFound => {}
            Some(Ok((_, Err(error)))) => return Err(error),
            Some(Err(broken)) => {
                let doing = format!("looking for legal holds in bucket `{bucket}`");
                let class = ErrorClass::Failed;
                return Err(ProviderError { doing, class, code: None, message: broken.to_string() });
            }
            None => break,
        }
    }
    Ok(found.into_iter().map(|at| format!("{} ({})", all[at].0, all[at].1)).collect())
}

static RULES: &[Rule] = &[Rule { fact: &facts::S8, check: s8 }];

/// A hold does not end by itself, and is lifted by whoever may, unseen.
fn s8(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    fn output<T: AttributeType>(change: &Change<'_>, name: &str) -> Option<T> {
        T::from_value(change.before?.outputs.get(name)?.clone()).ok()
    }
    let (Some(all), Some(not_held)) = (output::<u32>(change, "versions"), output::<u32>(change, "not_held"))
    else {
        return Vec::new();
    };
    let warn = |reason: String| vec![Note::new(&facts::S8, Effect::Warn, "prefix", reason)];
    let prefix = change.after::<String>("prefix").unwrap_or_default();
    if all == 0 {
        return warn(format!("nothing stands below `{prefix}`, so nothing is held"));
    }
    if not_held == 0 {
        return Vec::new();
    }
    let named = output::<Vec<String>>(change, "not_held_first").unwrap_or_default();
    let more = usize::try_from(not_held).unwrap_or_default().saturating_sub(named.len());
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let reason = format!(
        "{not_held} of {all} versions below `{prefix}` {} not under legal hold: {}{more}",
        if not_held == 1 { "is" } else { "are" },
        named.join(", ")
    );
    let help = "Ask who lifted it. To put it on again: `aws s3api put-object-legal-hold --bucket BUCKET --key KEY \
                --version-id VERSION --legal-hold Status=ON`.";
    warn(reason).into_iter().map(|note| note.help(help)).collect()
}
