//! Objects that are made in parts: nothing of one shows before it is complete. What is in them is kept as long as they
//! are small, so that it can be read again.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use drctl_aws::port::{Answer, MultipartUpload, ObjectRetention, UploadedPart};
use drctl_core::provider::ErrorClass;
use sha2::{Digest, Sha256};

use crate::chance;
use crate::error::{not_found, refuse, rejected};
use crate::s3::bucket_mut;
use crate::world::{Bucket, Caller, Content, Part, SimWorld, Upload};

/// What each part but the last has at least.
const PART_BYTES_MIN: u64 = 5 << 20;

/// What a part and an object have at most whose bytes are kept: all of them stand in one file.
const KEPT_BYTES_MAX: u64 = 4 << 20;

/// The highest number of a part.
const PARTS_MAX: u32 = 10_000;

pub(crate) fn begin(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    (name, key): (&str, &str),
    retention: Option<ObjectRetention>,
) -> Answer<MultipartUpload> {
    let id = chance::id(world.seed, &["upload", name, key, &world.writes.to_string()]);
    let now = world.now;
    let found = bucket_mut(world, caller, doing, name)?;
    match retention {
        Some(_) if found.object_lock.is_none() => {
            let message = "Bucket is missing Object Lock Configuration";
            return Err(rejected(doing, "InvalidRequest", message, "S2"));
        }
        Some(held) if held.until <= now => {
            let message = "The retain until date must be in the future!";
            return Err(rejected(doing, "InvalidArgument", message, ""));
        }
        Some(_) | None => {}
    }
    let upload = Upload { key: key.to_owned(), began: now, retention, ..Upload::default() };
    found.uploads.insert(id.clone(), upload);
    Ok(MultipartUpload { key: key.to_owned(), id })
}

fn begun<'b>(found: &'b mut Bucket, doing: &str, upload: &MultipartUpload) -> Answer<&'b mut Upload> {
    let known = found.uploads.get_mut(&upload.id).filter(|known| known.key == upload.key);
    known.ok_or_else(|| not_found(doing, "NoSuchUpload", "The specified multipart upload does not exist."))
}

pub(crate) fn part(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    (name, upload): (&str, &MultipartUpload),
    (number, bytes): (u32, &[u8]),
) -> Answer<UploadedPart> {
    if !(1..=PARTS_MAX).contains(&number) {
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        return Err(rejected(doing, "InvalidArgument", message, ""));
    }
    let digest = Sha256::digest(bytes);
    let etag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let kept = (size <= KEPT_BYTES_MAX).then(|| STANDARD.encode(bytes));
    let known = begun(bucket_mut(world, caller, doing, name)?, doing, upload)?;
    known.parts.insert(number, Part { size, etag: etag.clone(), base64: kept });
    Ok(UploadedPart { number, etag, sha256: Some(STANDARD.encode(digest)) })
}

pub(crate) fn complete(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    (name, upload): (&str, &MultipartUpload),
    parts: &[UploadedPart],
) -> Answer<()> {
    let found = bucket_mut(world, caller, doing, name)?;
    let known = begun(found, doing, upload)?;
    let content = joined(known, doing, parts)?;
    let Upload { key, retention, .. } = found.uploads.remove(&upload.id).expect("it was found just now");
    let version = world.write_version(name, &key, content);
    // S5: what the request says stands over the default.
    let versions = bucket_mut(world, caller, doing, name)?.objects.get_mut(&key);
    let written = versions.and_then(|all| all.iter_mut().find(|v| v.id == version));
    if let (Some(written), Some(retention)) = (written, retention) {
        written.retention = Some(retention);
    }
    Ok(())
}

/// What the parts are together, each of which must be there as it was told.
fn joined(upload: &Upload, doing: &str, parts: &[UploadedPart]) -> Answer<Content> {
    let (mut content, mut bytes) = (Content::default(), Some(Vec::new()));
    if parts.is_empty() || !parts.is_sorted_by(|a, b| a.number < b.number) {
        let message = "The list of parts was not in ascending order.";
        return Err(rejected(doing, "InvalidPartOrder", message, ""));
    }
    for (nth, part) in parts.iter().enumerate() {
        let Some(known) = upload.parts.get(&part.number).filter(|known| known.etag == part.etag) else {
            let message = "One or more of the specified parts could not be found.";
            return Err(rejected(doing, "InvalidPart", message, ""));
        };
        if known.size < PART_BYTES_MIN && nth + 1 < parts.len() {
            let message = "Your proposed upload is smaller than the minimum allowed size";
            return Err(rejected(doing, "EntityTooSmall", message, ""));
        }
        content.size += known.size;
        bytes = bytes.zip(known.bytes()).map(|(all, part): (Vec<u8>, Vec<u8>)| [all, part].concat());
    }
    let tags: Vec<&str> = parts.iter().map(|part| part.etag.as_str()).collect();
    content.etag = format!("{}-{}", &chance::digest(&tags.concat())[..32], parts.len());
    content.base64 = bytes.filter(|_| content.size <= KEPT_BYTES_MAX).map(|bytes| STANDARD.encode(bytes));
    Ok(content)
}

pub(crate) fn abort(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    (name, upload): (&str, &MultipartUpload),
) -> Answer<()> {
    bucket_mut(world, caller, doing, name)?.uploads.remove(&upload.id);
    Ok(())
}

pub(crate) fn unfinished(found: &Bucket, prefix: &str) -> Vec<MultipartUpload> {
    let begun = found.uploads.iter().filter(|(_, upload)| upload.key.starts_with(prefix));
    let mut all: Vec<MultipartUpload> =
        begun.map(|(id, upload)| MultipartUpload { key: upload.key.clone(), id: id.clone() }).collect();
    all.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    all
}

/// A range of what a key shows.
pub(crate) fn read(found: &Bucket, doing: &str, key: &str, range: &Range<u64>) -> Answer<Vec<u8>> {
    let shown = found.objects.get(key).and_then(|all| all.last()).filter(|v| !v.delete_marker);
    let Some(version) = shown else {
        return Err(not_found(doing, "NoSuchKey", "The specified key does not exist."));
    };
    let unknown = |message: &str| refuse(doing, ErrorClass::Malformed, "InvalidObject", message, "");
    let bytes = version.content.bytes();
    let bytes = bytes.ok_or_else(|| unknown("the simulated cloud knows its size, and not what is in it"))?;
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let some = bytes.get(place(range.start)..place(range.end));
    some.map(<[u8]>::to_vec)
        .ok_or_else(|| rejected(doing, "InvalidRange", "The requested range is not satisfiable", ""))
}

fn decoded(base64: Option<&String>) -> Option<Vec<u8>> {
    STANDARD.decode(base64?).ok()
}

impl Part {
    fn bytes(&self) -> Option<Vec<u8>> {
        decoded(self.base64.as_ref())
    }
}

impl Content {
    /// What is in it, where that is known.
    fn bytes(&self) -> Option<Vec<u8>> {
        self.text.as_ref().map(|text| text.clone().into_bytes()).or_else(|| decoded(self.base64.as_ref()))
    }
}
