//! What a bucket's recovery steps do through the port. Nothing is deleted but delete markers that are newer
//! than the instant; everything can be done again, for it begins with a look at what is there.

use std::collections::BTreeMap;

use drctl_core::Attributes;
use drctl_core::provider::{ErrorClass, ProviderError, Verb, unknown_verb};
use drctl_core::schema::{Attributes as _, Invalid};
use drctl_core::value::Value;
use jiff::Timestamp;
use tokio::task::JoinSet;

use super::past::{Back, Key, Keys};
use super::see;
use crate::port::Cloud;

const LIST_DELETED: &str = "list_deleted";
const LIST_WRITTEN: &str = "list_written";
const LIST_EARLIER: &str = "list_earlier";
const UNCOVER: &str = "remove_delete_markers";
const COPY_BACK: &str = "copy_versions_back";
const LOOK: &str = "see_as_it_was";
const HOLDS: &str = "see_objects";

/// Writes in flight.
const CONCURRENCY: usize = 10;

/// Names told of each sort: enough to know which they are.
const NAMES: usize = 20;

/// After so many keys that cannot be brought back it is no use to go on.
const FAILURES_MAX: usize = 100;

/// A bucket and the instant that it goes back to.
#[derive(Debug, Clone, PartialEq, Attributes)]
struct Past {
    /// The bucket.
    bucket: String,
    /// The last instant at which what it held was right.
    until: String,
}

/// Objects by prefix.
#[derive(Debug, Clone, PartialEq, Attributes)]
struct Objects {
    /// The bucket.
    bucket: String,
    /// What their keys begin with.
    prefix: String,
}

/// What is done about the past of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Do {
    /// Tells what was deleted since.
    ListDeleted,
    /// Tells what was written since.
    ListWritten,
    /// Tells what has an earlier version to be copied.
    ListEarlier,
    /// Removes delete markers.
    Uncover,
    /// Copies earlier versions.
    CopyBack,
    /// Holds once it shows what it showed.
    Look,
}

/// The verb that does it.
pub(super) fn past(what: Do, bucket: &str, until: Timestamp) -> Verb {
    let name = match what {
        Do::ListDeleted => LIST_DELETED,
        Do::ListWritten => LIST_WRITTEN,
        Do::ListEarlier => LIST_EARLIER,
        Do::Uncover => UNCOVER,
        Do::CopyBack => COPY_BACK,
        Do::Look => LOOK,
    };
    let past = Past { bucket: bucket.to_owned(), until: until.to_string() };
    Verb { name: name.to_owned(), arguments: past.to_values() }
}

/// Holds where a bucket has an object of that prefix.
pub(super) fn holds(bucket: &str, prefix: &str) -> Verb {
    let objects = Objects { bucket: bucket.to_owned(), prefix: prefix.to_owned() };
    Verb { name: HOLDS.to_owned(), arguments: objects.to_values() }
}

/// Carries one out.
pub(super) async fn perform(cloud: &Cloud, verb: &Verb) -> Result<BTreeMap<String, Value>, ProviderError> {
    let wrong = |e: Invalid| error(&verb.name, ErrorClass::Rejected, e.to_string());
    let arguments = verb.arguments.clone();
    let what = match verb.name.as_str() {
        see::SEE => return see::perform(cloud, verb).await,
        HOLDS => return see_objects(cloud, &Objects::from_values(arguments).map_err(wrong)?).await,
        LIST_DELETED => Do::ListDeleted,
        LIST_WRITTEN => Do::ListWritten,
        LIST_EARLIER => Do::ListEarlier,
        UNCOVER => Do::Uncover,
        COPY_BACK => Do::CopyBack,
        LOOK => Do::Look,
        _unknown => return Err(unknown_verb("aws_s3_bucket", verb)),
    };
    let past = Past::from_values(arguments).map_err(wrong)?;
    let until: Timestamp =
        past.until.parse().map_err(|e| error(&verb.name, ErrorClass::Rejected, format!("{e}")))?;
    match what {
        Do::ListDeleted | Do::ListWritten | Do::ListEarlier => list(cloud, &past.bucket, until, what).await,
        Do::Uncover | Do::CopyBack => bring_back(cloud, &past.bucket, until, what).await,
        Do::Look => look(cloud, &past.bucket, until).await,
    }
}

/// How many of a sort there are, and which the first ones are.
#[derive(Default)]
struct Sort {
    count: u64,
    bytes: u64,
    first: Vec<String>,
}

impl Sort {
    fn add(&mut self, name: &str, bytes: u64) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.first.len() < NAMES {
            self.first.push(name.to_owned());
        }
    }

    fn told(&self, what: &str, into: &mut BTreeMap<String, Value>) {
        into.insert(what.to_owned(), number(self.count));
        if !self.first.is_empty() {
            let names = self.first.iter().map(|name| Value::String(name.clone())).collect();
            into.insert(format!("{what}_first"), Value::List(names));
        }
    }
}

fn number(n: u64) -> Value {
    Value::from(i64::try_from(n).unwrap_or(i64::MAX))
}

async fn list(
    cloud: &Cloud,
    bucket: &str,
    until: Timestamp,
    what: Do,
) -> Result<BTreeMap<String, Value>, ProviderError> {
    let (mut deleted, mut written, mut new, mut copies) =
        (Sort::default(), Sort::default(), Sort::default(), Sort::default());
    let mut keys = Keys::new(cloud, bucket, until);
    while let Some(page) = keys.next().await? {
        for key in page {
            let name = &key.name;
            match key.back() {
                Back::New => new.add(name, 0),
                Back::Copy { size, .. } => copies.add(name, size),
                Back::Nothing | Back::Uncover(_) => {}
            }
            if key.is_deleted_since() {
                deleted.add(name, 0);
            }
            if key.is_written_since() {
                written.add(name, 0);
            }
        }
    }
    let mut told = BTreeMap::new();
    match what {
        Do::ListDeleted => deleted.told("deleted", &mut told),
        Do::ListWritten => {
            written.told("written", &mut told);
            new.told("new", &mut told);
        }
        Do::ListEarlier | Do::Uncover | Do::CopyBack | Do::Look => {
            copies.told("to_copy", &mut told);
            told.insert("bytes".to_owned(), number(copies.bytes));
        }
    }
    Ok(told)
}

/// What was done to one key, or why it was not.
type Done = (String, Result<(), ProviderError>);

async fn bring_back(
    cloud: &Cloud,
    bucket: &str,
    until: Timestamp,
    what: Do,
) -> Result<BTreeMap<String, Value>, ProviderError> {
    let mut work = Work { of: bucket, done: Sort::default(), left: Vec::new(), flying: JoinSet::new() };
    let mut keys = Keys::new(cloud, bucket, until);
    while let Some(page) = keys.next().await? {
        for key in page {
            match (what, key.back()) {
                (Do::Uncover, Back::Uncover(markers)) => work.begin(uncover(cloud, bucket, key, markers)),
                (Do::CopyBack, Back::Copy { version, .. }) => work.begin(copy(cloud, bucket, key, version)),
                (_, _) => continue,
            }
            work.take(CONCURRENCY - 1).await?;
        }
    }
    work.take(0).await?;
    work.told(what)
}

fn uncover(
    cloud: &Cloud,
    bucket: &str,
    key: Key,
    markers: Vec<String>,
) -> impl Future<Output = Done> + Send + 'static {
    let (cloud, bucket) = (Cloud::clone(cloud), bucket.to_owned());
    async move {
        for marker in markers {
            if let Err(error) = cloud.remove_delete_marker(&bucket, &key.name, &marker).await {
                return (key.name, Err(error));
            }
        }
        (key.name, Ok(()))
    }
}

fn copy(
    cloud: &Cloud,
    bucket: &str,
    key: Key,
    version: String,
) -> impl Future<Output = Done> + Send + 'static {
    let (cloud, bucket) = (Cloud::clone(cloud), bucket.to_owned());
    async move {
        let is_so = same(&cloud, &bucket, &key.name, &version).await;
        let copied = match is_so {
            Ok(Same::Yes) => Ok(()),
            Ok(Same::No | Same::Unknown) => cloud.copy_object_version(&bucket, &key.name, &version).await,
            Err(error) => Err(error),
        };
        (key.name, copied)
    }
}

/// Keys that are worked on. What is under way is stopped when it is dropped.
struct Work<'w> {
    of: &'w str,
    done: Sort,
    left: Vec<(String, ProviderError)>,
    flying: JoinSet<Done>,
}

impl Work<'_> {
    fn begin(&mut self, work: impl Future<Output = Done> + Send + 'static) {
        self.flying.spawn(work);
    }

    /// Waits until at most so many are under way. What helps to try again ends it: all of it is tried again.
    async fn take(&mut self, at_most: usize) -> Result<(), ProviderError> {
        while self.flying.len() > at_most {
            match self.flying.join_next().await {
                Some(Ok((key, Ok(())))) => self.done.add(&key, 0),
                Some(Ok((_, Err(error)))) if error.is_transient() => return Err(error),
                Some(Ok((key, Err(error)))) => self.left.push((key, error)),
                Some(Err(broken)) => {
                    return Err(error("working on an object", ErrorClass::Failed, broken.to_string()));
                }
                None => return Ok(()),
            }
            if self.left.len() >= FAILURES_MAX {
                return Err(self.failed());
            }
        }
        Ok(())
    }

    fn told(self, what: Do) -> Result<BTreeMap<String, Value>, ProviderError> {
        if !self.left.is_empty() {
            return Err(self.failed());
        }
        let mut told = BTreeMap::new();
        self.done.told(if what == Do::Uncover { "shown_again" } else { "copied_back" }, &mut told);
        Ok(told)
    }

    /// What could not be done, the first ones by name; the rest was.
    fn failed(&self) -> ProviderError {
        const TOLD: usize = 5;
        let each = self.left.iter().take(TOLD).map(|(key, error)| format!("`{key}`: {}", error.message));
        let each = each.collect::<Vec<_>>().join("; ");
        let more = match self.left.len().saturating_sub(TOLD) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let class = self.left.first().map_or(ErrorClass::Failed, |(_, error)| error.class);
        let doing = format!("bringing the objects of bucket `{}` back", self.of);
        let message = format!("{} done, {} not: {each}{more}", self.done.count, self.left.len());
        error(&doing, class, message)
    }
}

async fn look(
    cloud: &Cloud,
    bucket: &str,
    until: Timestamp,
) -> Result<BTreeMap<String, Value>, ProviderError> {
    let (mut hidden, mut other, mut new, mut unknown, mut all) =
        (Sort::default(), Sort::default(), Sort::default(), Sort::default(), 0);
    let mut keys = Keys::new(cloud, bucket, until);
    while let Some(page) = keys.next().await? {
        for key in page {
            match key.back() {
                Back::Nothing if key.is_hidden() => {}
                Back::Nothing => all += 1,
                Back::New => new.add(&key.name, 0),
                Back::Uncover(_) => hidden.add(&key.name, 0),
                Back::Copy { .. } if key.is_hidden() => hidden.add(&key.name, 0),
                Back::Copy { version, .. } => match same(cloud, bucket, &key.name, &version).await? {
                    Same::Yes => all += 1,
                    Same::No => other.add(&key.name, 0),
                    Same::Unknown => unknown.add(&key.name, 0),
                },
            }
        }
    }
    if hidden.count + other.count > 0 {
        let names = hidden.first.iter().chain(&other.first).take(5).map(|name| format!("`{name}`"));
        let names = names.collect::<Vec<_>>().join(", ");
        let message =
            format!("{} hidden and {} not as they were, such as {names}", hidden.count, other.count);
        let doing = format!("looking whether bucket `{bucket}` shows what it showed at {until}");
        return Err(error(&doing, ErrorClass::Failed, message));
    }
    let mut told = BTreeMap::from([("as_they_were".to_owned(), number(all))]);
    new.told("new_since", &mut told);
    if unknown.count > 0 {
        unknown.told("of_the_same_length_and_not_comparable", &mut told);
    }
    Ok(told)
}

/// Whether a key shows what that version holds.
enum Same {
    Yes,
    No,
    /// They are as long, and nothing that S3 tells compares them.
    Unknown,
}

async fn same(cloud: &Cloud, bucket: &str, key: &str, version: &str) -> Result<Same, ProviderError> {
    let (now, then) =
        (cloud.head_object(bucket, key, None).await?, cloud.head_object(bucket, key, Some(version)).await?);
    let (Some(now), Some(then)) = (now, then) else { return Ok(Same::No) };
    let shared = now.checksums.iter().find_map(|(how, sum)| Some(sum == then.checksums.get(how)?));
    let by_etag = || (now.etag_is_content && then.etag_is_content).then(|| now.etag == then.etag);
    Ok(match (now.size == then.size, shared.or_else(by_etag)) {
        (false, _) | (true, Some(false)) => Same::No,
        (true, Some(true)) => Same::Yes,
        (true, None) => Same::Unknown,
    })
}

async fn see_objects(cloud: &Cloud, of: &Objects) -> Result<BTreeMap<String, Value>, ProviderError> {
    let Objects { bucket, prefix } = of;
    let page = cloud.list_objects(bucket, prefix, None).await?;
    if page.objects == 0 {
        let doing = format!("looking into bucket `{bucket}`");
        return Err(error(&doing, ErrorClass::Failed, format!("it holds no object below `{prefix}`")));
    }
    let more = if page.next.is_some() { " or more" } else { "" };
    let mut told = BTreeMap::from([("objects".to_owned(), Value::String(format!("{}{more}", page.objects)))]);
    told.extend(page.newest.map(|at| ("newest_of_these".to_owned(), Value::String(at.to_string()))));
    Ok(told)
}

fn error(doing: &str, class: ErrorClass, message: String) -> ProviderError {
    ProviderError { doing: doing.to_owned(), class, code: None, message }
}
