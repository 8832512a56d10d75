//! Whether something is true of the objects in a bucket: a written look, as a command and through the port.
//! What may become true is asked again as long as the step lets it.

use std::collections::BTreeMap;

use drctl_core::Attributes;
use drctl_core::provider::{ApiNeed, ErrorClass, Look, ProviderError, Seeing, Subject, Verb};
use drctl_core::schema::{Attributes as _, Invalid};
use drctl_core::value::Value;
use jiff::Timestamp;

use crate::port::{Cloud, LockMode, ObjectHead};
use crate::values::base64;

/// The verb.
pub(super) const SEE: &str = "see_as_said";

/// What is asked.
#[derive(Debug, Clone, PartialEq, Attributes)]
struct Asked {
    /// The bucket.
    bucket: String,
    /// One object.
    key: Option<String>,
    /// Several.
    prefix: String,
    /// How many at least.
    count: u32,
    /// Its version.
    version: Option<String>,
    /// Its checksum.
    checksum: Option<String>,
    /// Until when it is locked.
    locked_until: Option<String>,
    /// After when it was written.
    written_after: Option<String>,
}

pub(super) fn see(subject: &Subject<'_>, seeing: &Seeing) -> Option<Look> {
    let Seeing { key, prefix, count, version, checksum, locked_until, written_after } = seeing.clone();
    let bucket = subject.id.0.clone();
    let region = subject.place.region.clone();
    let command = command(&bucket, seeing, region.as_deref());
    let asked = Asked {
        bucket,
        key,
        prefix,
        count: u32::try_from(count).unwrap_or(u32::MAX),
        version,
        checksum,
        locked_until: locked_until.map(|at| at.to_string()),
        written_after: written_after.map(|at| at.to_string()),
    };
    let verb = Verb { name: SEE.to_owned(), arguments: asked.to_values() };
    let api = region.map(|region| ApiNeed { service: "s3".to_owned(), region, control_plane: false });
    Some(Look { command, verb, api })
}

fn command(bucket: &str, seeing: &Seeing, region: Option<&str>) -> Vec<String> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<String>>();
    let mut command = match &seeing.key {
        Some(key) => {
            let mut command = words("aws s3api head-object --checksum-mode ENABLED --bucket");
            command.extend([bucket.to_owned(), "--key".to_owned(), key.clone()]);
            command.extend(seeing.version.iter().flat_map(|id| ["--version-id".to_owned(), id.clone()]));
            command
        }
        None => {
            let mut command = words("aws s3api list-objects-v2 --bucket");
            command.extend([bucket.to_owned(), "--prefix".to_owned(), seeing.prefix.clone()]);
            command.extend(["--query".to_owned(), "length(Contents||`[]`)".to_owned()]);
            command
        }
    };
    command.extend(region.iter().flat_map(|region| ["--region".to_owned(), (*region).to_owned()]));
    command
}

/// Looks.
pub(super) async fn perform(cloud: &Cloud, verb: &Verb) -> Result<BTreeMap<String, Value>, ProviderError> {
    let wrong = |why: String| error("looking for objects", ErrorClass::Rejected, why);
    let asked = Asked::from_values(verb.arguments.clone()).map_err(|e: Invalid| wrong(e.to_string()))?;
    let instant = |text: &Option<String>| {
        let parsed = text.as_deref().map(str::parse::<Timestamp>).transpose();
        parsed.map_err(|e| wrong(e.to_string()))
    };
    let (locked_until, after) = (instant(&asked.locked_until)?, instant(&asked.written_after)?);
    match &asked.key {
        Some(key) => one(cloud, &asked, key, locked_until, after).await,
        None => several(cloud, &asked, after).await,
    }
}

async fn one(
    cloud: &Cloud,
    asked: &Asked,
    key: &str,
    locked_until: Option<Timestamp>,
    after: Option<Timestamp>,
) -> Result<BTreeMap<String, Value>, ProviderError> {
    let doing = format!("looking for `{key}` in bucket `{}`", asked.bucket);
    let found = cloud.head_object(&asked.bucket, key, asked.version.as_deref()).await?;
    let Some(found) = found else {
        let why = match &asked.version {
            Some(id) => format!("there is no version {id} of it"),
            None => "there is no such object, or a delete marker hides it".to_owned(),
        };
        return Err(error(&doing, ErrorClass::Conflict, why));
    };
    if let Some(checksum) = &asked.checksum {
        compared(&found, checksum).map_err(|why| error(&doing, ErrorClass::Failed, why))?;
    }
    if let Some(until) = locked_until {
        locked(&found, until).map_err(|why| error(&doing, ErrorClass::Failed, why))?;
    }
    young(after, found.written).map_err(|why| error(&doing, ErrorClass::Conflict, why))?;
    let text = |name: &str, value: Option<String>| Some((name.to_owned(), Value::String(value?)));
    let mut told = BTreeMap::from([("size".to_owned(), number(found.size))]);
    told.extend(text("version", found.version));
    told.extend(text("written", found.written.map(|at| at.to_string())));
    told.extend(text("locked_until", found.retention.map(|lock| lock.until.to_string())));
    Ok(told)
}

/// Whether the checksum is the one that was said.
fn compared(found: &ObjectHead, wanted: &str) -> Result<(), String> {
    let (how, wanted) = wanted.split_once(':').unwrap_or(("", wanted));
    if how == "etag" {
        let wanted = wanted.trim_matches('"');
        return if found.etag == wanted { Ok(()) } else { Err(format!("its etag is {}", found.etag)) };
    }
    let Some(sum) = found.checksums.get(how) else {
        let all = found.checksums.keys().cloned().collect::<Vec<_>>().join(", ");
        let has = if all.is_empty() { "none".to_owned() } else { all };
        return Err(format!("S3 has no {how} checksum of the whole of it; it has {has}"));
    };
    let of_hex = bytes(wanted).map(|bytes| base64(&bytes));
    if wanted == sum || of_hex.as_ref() == Some(sum) { Ok(()) } else { Err(format!("its {how} is {sum}")) }
}

/// The bytes that hexadecimal digits write.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|digits| !digits.is_empty() && digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
}

/// Whether nobody can delete it until then (S3). What can be bypassed does not count (S4); a hold does (S8).
fn locked(found: &ObjectHead, until: Timestamp) -> Result<(), String> {
    if found.legal_hold {
        return Ok(());
    }
    match found.retention {
        None => Err("it is not locked".to_owned()),
        Some(lock) if lock.mode == LockMode::Governance => {
            Err("its lock is in governance mode, which can be bypassed".to_owned())
        }
        Some(lock) if lock.until < until => {
            Err(format!("it is locked until {}, not until {until}", lock.until))
        }
        Some(_) => Ok(()),
    }
}

fn young(after: Option<Timestamp>, written: Option<Timestamp>) -> Result<(), String> {
    match (after, written) {
        (Some(after), Some(written)) if written < after => {
            Err(format!("it was written at {written}, before {after}"))
        }
        (Some(_), None) => Err("nothing says when it was written".to_owned()),
        (Some(_) | None, _) => Ok(()),
    }
}

async fn several(
    cloud: &Cloud,
    asked: &Asked,
    after: Option<Timestamp>,
) -> Result<BTreeMap<String, Value>, ProviderError> {
    let Asked { bucket, prefix, count, .. } = asked;
    let doing = format!("looking for objects in bucket `{bucket}`");
    let (mut objects, mut newest, mut next) = (0, None, None::<String>);
    // Objects come by key: of which one is the newest only all of them tell.
    loop {
        let page = cloud.list_objects(bucket, prefix, next.as_deref()).await?;
        objects += page.objects;
        newest = newest.max(page.newest);
        next = page.next;
        let enough = objects >= u64::from(*count) && young(after, newest).is_ok();
        if next.is_none() || enough {
            break;
        }
    }
    if objects < u64::from(*count) {
        let why = format!("there are {objects} below `{prefix}`, not {count}");
        return Err(error(&doing, ErrorClass::Conflict, why));
    }
    young(after, newest)
        .map_err(|why| error(&doing, ErrorClass::Conflict, why.replace("it was", "the newest was")))?;
    let more = if next.is_some() { " or more" } else { "" };
    Ok(BTreeMap::from([("objects".to_owned(), Value::String(format!("{objects}{more}")))]))
}

fn number(n: u64) -> Value {
    Value::from(i64::try_from(n).unwrap_or(i64::MAX))
}

fn error(doing: &str, class: ErrorClass, message: String) -> ProviderError {
    ProviderError { doing: doing.to_owned(), class, code: None, message }
}
