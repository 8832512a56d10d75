//! What drctl does with objects through the port: list their versions, look at one, take a delete
//! marker away, copy an earlier version over what is there, put and get a small object.

use drctl_aws::port::{
    Answer, ObjectHead, ObjectsPage, VersionEntry, VersionKind, VersionMark, VersionsPage,
};
use drctl_aws::values::base64;
use drctl_core::objects::{Put, When};
use drctl_core::provider::ErrorClass;

use crate::error::{denied, not_found, refuse, rejected};
use crate::objects::{Bypass, take_version};
use crate::s3::{bucket, bucket_mut};
use crate::world::{Bucket, Caller, Content, ObjectVersion, SimWorld};

/// Entries of a page. Small, so that tests turn pages.
const PAGE: usize = 100;

/// The longest key.
const KEY_BYTES_MAX: usize = 1024;

/// S32: what one request copies at most.
const COPY_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// A page of versions, newest first within a key.
pub(crate) fn list_versions(found: &Bucket, prefix: &str, after: Option<&VersionMark>) -> VersionsPage {
    let mut page = VersionsPage::default();
    let keys = found.objects.iter().filter(|(key, _)| key.starts_with(prefix));
    for (key, versions) in keys {
        let all = versions.iter().rev().enumerate();
        let from = match after {
            Some(mark) if *key < mark.key => continue,
            Some(mark) if *key == mark.key => {
                let seen = |id: &String| versions.iter().rev().position(|v| v.id == *id);
                mark.version.as_ref().map_or(versions.len(), |id| seen(id).map_or(0, |at| at + 1))
            }
            Some(_) | None => 0,
        };
        for (nth, version) in all.skip(from) {
            if page.entries.len() == PAGE {
                let last = page.entries.last();
                page.next =
                    last.map(|l| VersionMark { key: l.key.clone(), version: Some(l.version.clone()) });
                return page;
            }
            page.entries.push(entry(key, version, nth == 0));
        }
    }
    page
}

fn entry(key: &str, version: &ObjectVersion, is_latest: bool) -> VersionEntry {
    let is = if version.delete_marker {
        VersionKind::DeleteMarker
    } else {
        VersionKind::Object { size: version.content.size, etag: version.content.etag.clone() }
    };
    VersionEntry { key: key.to_owned(), version: version.id.clone(), is_latest, written: version.written, is }
}

/// A page of what shows.
pub(crate) fn list_objects(found: &Bucket, prefix: &str, after: Option<&str>) -> ObjectsPage {
    let shown = found.objects.iter().filter_map(|(key, versions)| {
        let last = versions.last().filter(|v| !v.delete_marker)?;
        (key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after)).then_some((key, last))
    });
    let mut page = ObjectsPage::default();
    let mut last = None;
    for (nth, (key, version)) in shown.enumerate() {
        if nth == PAGE {
            page.next = last;
            break;
        }
        page.objects += 1;
        page.keys.push(key.clone());
        page.bytes += version.content.size;
        page.newest = page.newest.max(Some(version.written));
        last = Some(key.clone());
    }
    page
}

/// What is known of one object. A delete marker shows as nothing (S9).
pub(crate) fn head(found: &Bucket, key: &str, version: Option<&str>) -> Option<ObjectHead> {
    let versions = found.objects.get(key)?;
    let version = match version {
        Some(id) => versions.iter().find(|v| v.id == id)?,
        None => versions.last()?,
    };
    if version.delete_marker {
        return None;
    }
    let content = &version.content;
    let sha256 =
        content.text.as_deref().map(|text| ("sha256".to_owned(), base64(&crate::chance::sha256(text))));
    Some(ObjectHead {
        version: found.versioning.status.map(|_| version.id.clone()),
        size: content.size,
        written: Some(version.written),
        etag: content.etag.clone(),
        etag_is_content: true,
        checksums: sha256.into_iter().collect(),
        retention: version.retention,
        legal_hold: version.legal_hold,
    })
}

/// Whether a legal hold is on a version (S8). Nothing is held in a bucket without Object Lock (S2).
pub(crate) fn legal_hold(found: &Bucket, doing: &str, (key, version): (&str, &str)) -> Answer<bool> {
    if found.object_lock.is_none() {
        return Err(rejected(doing, "InvalidRequest", "Bucket is missing Object Lock Configuration", "S2"));
    }
    let Some(versions) = found.objects.get(key) else {
        return Err(not_found(doing, "NoSuchKey", "The specified key does not exist."));
    };
    let found = versions.iter().find(|v| v.id == version && !v.delete_marker);
    let no_such = || not_found(doing, "NoSuchVersion", "The specified version does not exist.");
    found.map(|v| v.legal_hold).ok_or_else(no_such)
}

/// Deletes by version id, as the service does: a lock holds (S3, S4, S8), and what is gone is gone.
pub(crate) fn remove_version(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    (name, key, version): (&str, &str, &str),
) -> Answer<()> {
    let now = world.now;
    let found = bucket_mut(world, caller, doing, name)?;
    // S17: deleting a version needs the device.
    if found.versioning.mfa_delete {
        return Err(denied(doing, "Mfa Authentication must be used for this request [S17]"));
    }
    match take_version(found, doing, (key, version), now, Bypass::None) {
        Err(error) if error.class == ErrorClass::NotFound => Ok(()),
        other => other,
    }
}

/// A copy is a write like any other: it is versioned (S14), locked by default (S5) and replicated.
pub(crate) fn copy_version(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    (name, key, version): (&str, &str, &str),
) -> Answer<()> {
    let versions = bucket(world, caller, doing, name)?.objects.get(key);
    let Some(source) = versions.and_then(|all| all.iter().find(|v| v.id == version)) else {
        return Err(not_found(doing, "NoSuchVersion", "The specified version does not exist."));
    };
    // S9: a marker holds nothing.
    if source.delete_marker {
        let message =
            "The source of a copy request may not specifically refer to a delete marker by version id.";
        return Err(rejected(doing, "InvalidRequest", message, "S9"));
    }
    if source.content.size > COPY_BYTES_MAX {
        let message = format!(
            "The specified copy source is larger than the maximum allowable size for a copy source: {COPY_BYTES_MAX}"
        );
        return Err(refuse(doing, ErrorClass::Rejected, "InvalidRequest", &message, "S32"));
    }
    let content = source.content.clone();
    world.write_version(name, key, content);
    Ok(())
}

/// S33: where it is asked to be the first, a key that shows an object is left as it is.
pub(crate) fn put(
    world: &mut SimWorld,
    caller: &Caller,
    doing: &str,
    (name, key, when): (&str, &str, When),
    bytes: &[u8],
) -> Answer<Put> {
    let found = bucket(world, caller, doing, name)?;
    let shows = found.objects.get(key).and_then(|all| all.last()).is_some_and(|v| !v.delete_marker);
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(rejected(doing, "KeyTooLongError", "Your key is too long", ""));
    }
    if when == When::Absent && shows {
        return Ok(Put::Taken);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        let message = "the simulated cloud keeps texts only";
        return Err(refuse(doing, ErrorClass::Rejected, "NotImplemented", message, ""));
    };
    world.write_version(name, key, Content::of(text));
    Ok(Put::Done)
}

/// What the key shows. Of an object of which only the size was told, nothing can be read.
pub(crate) fn get(found: &Bucket, doing: &str, key: &str, limit: usize) -> Answer<Option<Vec<u8>>> {
    let shown = found.objects.get(key).and_then(|all| all.last()).filter(|v| !v.delete_marker);
    let Some(content) = shown.map(|version| &version.content) else { return Ok(None) };
    let malformed = |message: String| refuse(doing, ErrorClass::Malformed, "InvalidObject", &message, "");
    match &content.text {
        Some(text) if text.len() <= limit => Ok(Some(text.clone().into_bytes())),
        Some(text) => Err(malformed(format!("it has {} bytes, and {limit} are read at most", text.len()))),
        None => Err(malformed("the simulated cloud knows its size, and not what is in it".to_owned())),
    }
}
