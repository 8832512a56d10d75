//! Operations on objects. Keys are asked for in URL encoding, for XML cannot carry them all.

use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types as s3;
use drctl_aws::port::{self, Answer, VersionEntry, VersionKind};
use drctl_core::objects::{Put, When};
use drctl_core::provider::{ErrorClass, ProviderError};
use jiff::Timestamp;

use crate::convert_s3::Odd;
use crate::errors::malformed;
use crate::s3::Bucket;

impl Bucket<'_> {
    pub(crate) async fn versions(
        self,
        prefix: &str,
        after: Option<&port::VersionMark>,
    ) -> Answer<port::VersionsPage> {
        let doing = format!("listing the versions in bucket `{}`", self.name);
        let request = self
            .client
            .list_object_versions()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .encoding_type(s3::EncodingType::Url)
            .prefix(prefix)
            .set_key_marker(after.map(|mark| mark.key.clone()))
            .set_version_id_marker(after.and_then(|mark| mark.version.clone()));
        let page = self.calls.send(&doing, request.send()).await?;
        let odd = |odd: Odd| malformed(&doing, odd);
        // Who does not say that keys are encoded has not encoded them: a key that is read wrongly is another key.
        let is_encoded = page.encoding_type() == Some(&s3::EncodingType::Url);
        let name = |key: &str| if is_encoded { decoded(key) } else { Ok(key.to_owned()) };
        let mut entries = Vec::new();
        for version in page.versions() {
            let size = version.size().unwrap_or_default();
            let is = VersionKind::Object {
                size: u64::try_from(size).map_err(|_| odd("a size is negative".into()))?,
                etag: unquoted(version.e_tag()),
            };
            let key = version.key().map(name).transpose().map_err(odd)?;
            let (latest, id) = (version.is_latest(), version.version_id());
            entries.push(entry((key, id), latest, version.last_modified(), is).map_err(odd)?);
        }
        for marker in page.delete_markers() {
            let key = marker.key().map(name).transpose().map_err(odd)?;
            let (latest, id, is) = (marker.is_latest(), marker.version_id(), VersionKind::DeleteMarker);
            entries.push(entry((key, id), latest, marker.last_modified(), is).map_err(odd)?);
        }
        in_order(&mut entries);
        let more = page.is_truncated().unwrap_or_default();
        let next = match (more, page.next_key_marker()) {
            (false, _) => None,
            (true, None) => return Err(malformed(&doing, "there is more, and nothing says where it begins")),
            (true, Some(key)) => Some(port::VersionMark {
                key: name(key).map_err(odd)?,
                version: page.next_version_id_marker().filter(|v| !v.is_empty()).map(str::to_owned),
            }),
        };
        Ok(port::VersionsPage { entries, next })
    }

    pub(crate) async fn objects(self, prefix: &str, after: Option<&str>) -> Answer<port::ObjectsPage> {
        let doing = format!("listing the objects in bucket `{}`", self.name);
        let request = self
            .client
            .list_objects_v2()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .prefix(prefix)
            .encoding_type(s3::EncodingType::Url)
            .set_continuation_token(after.map(str::to_owned));
        let page = self.calls.send(&doing, request.send()).await?;
        let odd = |odd: Odd| malformed(&doing, odd);
        let is_encoded = page.encoding_type() == Some(&s3::EncodingType::Url);
        let mut found = port::ObjectsPage::default();
        for object in page.contents() {
            found.objects += 1;
            let key = object.key().ok_or_else(|| odd("an object without a key".into()))?;
            found.keys.push(if is_encoded { decoded(key).map_err(odd)? } else { key.to_owned() });
            found.bytes += u64::try_from(object.size().unwrap_or_default()).unwrap_or_default();
            found.newest = found.newest.max(object.last_modified().map(instant).transpose().map_err(odd)?);
        }
        found.next = match (page.is_truncated().unwrap_or_default(), page.next_continuation_token()) {
            (false, _) => None,
            (true, Some(token)) if Some(token) != after => Some(token.to_owned()),
            (true, _) => return Err(malformed(&doing, "there is more, and nothing says where it begins")),
        };
        Ok(found)
    }

    pub(crate) async fn head(self, key: &str, version: Option<&str>) -> Answer<Option<port::ObjectHead>> {
        let doing = format!("looking at object `{key}` in bucket `{}`", self.name);
        let request = self
            .client
            .head_object()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .key(key)
            .set_version_id(version.map(str::to_owned))
            .checksum_mode(s3::ChecksumMode::Enabled);
        let found = match self.calls.send(&doing, request.send()).await {
            Ok(found) => found,
            Err(error) if error.class == ErrorClass::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let odd = |odd: Odd| malformed(&doing, odd);
        let etag = unquoted(found.e_tag());
        let by_key = matches!(
            found.server_side_encryption(),
            Some(s3::ServerSideEncryption::AwsKms | s3::ServerSideEncryption::AwsKmsDsse)
        ) || found.sse_customer_algorithm().is_some();
        // Of an object that came in parts the checksum may be one of checksums.
        let whole = found.checksum_type() != Some(&s3::ChecksumType::Composite);
        let checksums = [
            ("crc32", found.checksum_crc32()),
            ("crc32c", found.checksum_crc32_c()),
            ("crc64nvme", found.checksum_crc64_nvme()),
            ("sha1", found.checksum_sha1()),
            ("sha256", found.checksum_sha256()),
        ];
        let checksums = checksums.into_iter().filter(|_| whole);
        Ok(Some(port::ObjectHead {
            version: found.version_id().map(str::to_owned),
            size: u64::try_from(found.content_length().unwrap_or_default()).unwrap_or_default(),
            written: found.last_modified().map(instant).transpose().map_err(odd)?,
            etag_is_content: !by_key && !etag.contains('-'),
            etag,
            checksums: checksums.filter_map(|(how, sum)| Some((how.to_owned(), sum?.to_owned()))).collect(),
            retention: retention(&found).map_err(odd)?,
            legal_hold: found.object_lock_legal_hold_status() == Some(&s3::ObjectLockLegalHoldStatus::On),
        }))
    }

    pub(crate) async fn legal_hold(self, key: &str, version: &str) -> Answer<bool> {
        let doing = format!("asking for the legal hold of `{key}` in bucket `{}`", self.name);
        let request = self
            .client
            .get_object_legal_hold()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .key(key)
            .version_id(version);
        match self.calls.send(&doing, request.send()).await {
            Ok(found) => {
                let status = found.legal_hold().and_then(s3::ObjectLockLegalHold::status);
                Ok(status == Some(&s3::ObjectLockLegalHoldStatus::On))
            }
            // Of a version that never had one.
            Err(error) if error.code.as_deref() == Some("NoSuchObjectLockConfiguration") => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn remove_marker(self, key: &str, version: &str) -> Answer<()> {
        let doing = format!("removing the delete marker of `{key}` in bucket `{}`", self.name);
        self.delete_one(&doing, key, version).await
    }

    pub(crate) async fn delete_version(self, key: &str, version: &str) -> Answer<()> {
        let doing = format!("deleting `{key}` in bucket `{}`", self.name);
        self.delete_one(&doing, key, version).await
    }

    /// One version of an object, or one delete marker.
    async fn delete_one(self, doing: &str, key: &str, version: &str) -> Answer<()> {
        let request = self
            .client
            .delete_object()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .key(key)
            .version_id(version);
        self.calls.ensure(doing, &["NoSuchVersion", "NoSuchKey"], request.send()).await
    }

    pub(crate) async fn copy_version(self, key: &str, version: &str) -> Answer<()> {
        let doing = format!("copying a version of `{key}` in bucket `{}` over it", self.name);
        let source = format!("{}/{}?versionId={}", self.name, encoded(key), encoded(version));
        let request = self
            .client
            .copy_object()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner.clone())
            .set_expected_source_bucket_owner(self.owner)
            .key(key)
            .copy_source(source);
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn put_object(self, key: &str, bytes: &[u8], when: When) -> Answer<Put> {
        let doing = format!("putting `{key}` into bucket `{}`", self.name);
        let request = self
            .client
            .put_object()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .key(key)
            .set_if_none_match((when == When::Absent).then(|| "*".to_owned()))
            .body(ByteStream::from(bytes.to_vec()));
        let put = self.calls.read(&doing, &["PreconditionFailed"], request.send()).await?;
        Ok(if put.is_some() { Put::Done } else { Put::Taken })
    }

    pub(crate) async fn get_object(self, key: &str, limit: usize) -> Answer<Option<Vec<u8>>> {
        let doing = format!("getting `{key}` from bucket `{}`", self.name);
        let request =
            self.client.get_object().bucket(self.name).set_expected_bucket_owner(self.owner).key(key);
        let Some(found) = self.calls.read(&doing, &["NoSuchKey"], request.send()).await? else {
            return Ok(None);
        };
        let (mut body, mut bytes) = (found.body, Vec::new());
        while let Some(part) = body.next().await {
            let part = part.map_err(|e| ProviderError {
                doing: doing.clone(),
                class: ErrorClass::Unavailable,
                code: None,
                message: format!("the answer broke off: {e}"),
            })?;
            bytes.extend_from_slice(&part);
            if bytes.len() > limit {
                return Err(malformed(&doing, format!("it has more than {limit} bytes")));
            }
        }
        Ok(Some(bytes))
    }

    pub(crate) async fn delete_object(self, key: &str) -> Answer<()> {
        let doing = format!("deleting `{key}` from bucket `{}`", self.name);
        let request =
            self.client.delete_object().bucket(self.name).set_expected_bucket_owner(self.owner).key(key);
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }
}

fn entry(
    (key, id): (Option<String>, Option<&str>),
    is_latest: Option<bool>,
    written: Option<&DateTime>,
    is: VersionKind,
) -> Result<VersionEntry, Odd> {
    Ok(VersionEntry {
        key: key.ok_or("a version without a key")?,
        version: id.ok_or("a version without an id")?.to_owned(),
        is_latest: is_latest.unwrap_or_default(),
        written: instant(written.ok_or("a version without a time")?)?,
        is,
    })
}

/// Objects and markers come apart, each newest first within a key. Where both are of one second the latest
/// is known, and else the object counts as the later one: it is better shown than lost.
fn in_order(entries: &mut [VersionEntry]) {
    entries.sort_by(|a, b| {
        let first = |e: &VersionEntry| (e.is_latest, e.written, e.is != VersionKind::DeleteMarker);
        a.key.as_bytes().cmp(b.key.as_bytes()).then_with(|| first(b).cmp(&first(a)))
    });
}

fn retention(
    found: &aws_sdk_s3::operation::head_object::HeadObjectOutput,
) -> Result<Option<port::ObjectRetention>, Odd> {
    let (mode, until) = (found.object_lock_mode(), found.object_lock_retain_until_date());
    let mode = match mode.map(s3::ObjectLockMode::as_str) {
        None => return Ok(None),
        Some("GOVERNANCE") => port::LockMode::Governance,
        Some("COMPLIANCE") => port::LockMode::Compliance,
        Some(other) => return Err(format!("Object Lock mode `{other}` is not known")),
    };
    let until = until.map(instant).transpose()?;
    Ok(until.map(|until| port::ObjectRetention { mode, until }))
}

fn instant(at: &DateTime) -> Result<Timestamp, Odd> {
    Timestamp::from_second(at.secs()).map_err(|e| e.to_string())
}

fn unquoted(etag: Option<&str>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

/// A key as it is sent in a header: all but what is safe everywhere in `%XX`.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                out.push(byte as char);
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// A key as it was asked for: `%XX` and `+` for a blank.
pub(crate) fn decoded(text: &str) -> Result<String, Odd> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|d| char::from(d).to_digit(16));
                let (high, low) = (digit(), digit());
                let both = high.zip(low).ok_or("a key is not well encoded")?;
                u8::try_from(both.0 * 16 + both.1).map_err(|e| e.to_string())?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| "a key is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_both_encodings() {
        for key in ["a/b.txt", "a b+c%20", "ä\n\u{1}&?=#'\"", "%", ""] {
            assert_eq!(decoded(&encoded(key)), Ok(key.to_owned()));
        }
        assert_eq!(decoded("a+b%2Bc"), Ok("a b+c".to_owned()));
        for wrong in ["%", "%2", "%zz", "%ff"] {
            assert!(decoded(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn objects_and_markers_of_a_key_are_one_order() {
        let entry = |version: &str, second: i64, is_latest: bool, is: VersionKind| VersionEntry {
            key: "k".into(),
            version: version.into(),
            is_latest,
            written: Timestamp::from_second(second).unwrap(),
            is,
        };
        let object = || VersionKind::Object { size: 1, etag: String::new() };
        let mut entries = vec![
            entry("o2", 20, false, object()),
            entry("o1", 10, false, object()),
            entry("m2", 20, true, VersionKind::DeleteMarker),
            entry("m1", 10, false, VersionKind::DeleteMarker),
        ];
        in_order(&mut entries);
        let order: Vec<&str> = entries.iter().map(|e| e.version.as_str()).collect();
        assert_eq!(order, ["m2", "o2", "o1", "m1"]);
    }
}
