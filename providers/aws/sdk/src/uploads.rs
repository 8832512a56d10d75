//! Objects that are made in parts and read in ranges. A part may take long: it has a time of its
//! own, which grows with it. Each is compared by its SHA-256 where it arrives.

use std::ops::Range;
use std::time::Duration;

use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation};
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types as s3;
use drctl_aws::port::{Answer, LockMode, MultipartUpload, ObjectRetention, UploadedPart};
use drctl_core::provider::{ErrorClass, ProviderError};

use crate::errors::{malformed, unsendable};
use crate::objects::decoded;
use crate::s3::Bucket;

/// What is taken for a line that still works: a part may take as long as it needs at this speed.
const SLOWEST_BYTES_PER_SECOND: u64 = 64 << 10;
/// And so much longer, for the service to answer.
const GRACE: Duration = Duration::from_secs(30);
/// How long the service may put the parts of an object together.
const COMPLETION: Duration = Duration::from_secs(300);
/// How often a range is asked for whose answer breaks off.
const READS: u32 = 3;

/// A call that may take this long each time it is tried, and says what it carries is summed up to.
fn patient(each: Duration) -> Builder {
    let attempts = 3;
    let times =
        TimeoutConfig::builder().operation_attempt_timeout(each).operation_timeout(each * attempts).build();
    Builder::new()
        .timeout_config(times)
        .request_checksum_calculation(RequestChecksumCalculation::WhenSupported)
}

fn number(part: u32, doing: &str) -> Answer<i32> {
    i32::try_from(part).map_err(|e| unsendable(doing, e.to_string()))
}

impl Bucket<'_> {
    pub(crate) async fn read_range(self, key: &str, range: Range<u64>) -> Answer<Vec<u8>> {
        let doing = format!("reading `{key}` in bucket `{}`", self.name);
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let mut tried = 0;
        loop {
            tried += 1;
            match self.range(&doing, key, &range).await {
                Err(error) if error.class == ErrorClass::Unavailable && tried < READS => {}
                other => return other,
            }
        }
    }

    async fn range(&self, doing: &str, key: &str, range: &Range<u64>) -> Answer<Vec<u8>> {
        let request = self
            .client
            .get_object()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner.clone())
            .key(key)
            .range(format!("bytes={}-{}", range.start, range.end - 1));
        let mut body = self.calls.send(doing, request.send()).await?.body;
        let mut bytes = Vec::new();
        while let Some(some) = body.next().await {
            let some = some.map_err(|e| ProviderError {
                doing: doing.to_owned(),
                class: ErrorClass::Unavailable,
                code: None,
                message: format!("the answer broke off: {e}"),
            })?;
            bytes.extend_from_slice(&some);
        }
        match u64::try_from(bytes.len()) {
            Ok(length) if length == range.end - range.start => Ok(bytes),
            _ => Err(malformed(doing, "the answer is not the range that was asked for")),
        }
    }

    pub(crate) async fn retain(self, (key, version): (&str, &str), retention: ObjectRetention) -> Answer<()> {
        let doing = format!("locking `{key}` in bucket `{}`", self.name);
        let mode = match retention.mode {
            LockMode::Governance => s3::ObjectLockRetentionMode::Governance,
            LockMode::Compliance => s3::ObjectLockRetentionMode::Compliance,
        };
        let until = DateTime::from_secs(retention.until.as_second());
        let retention = s3::ObjectLockRetention::builder().mode(mode).retain_until_date(until).build();
        let request = self
            .client
            .put_object_retention()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .key(key)
            .version_id(version)
            .retention(retention);
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn begin_upload(
        self,
        key: &str,
        retention: Option<ObjectRetention>,
    ) -> Answer<MultipartUpload> {
        let doing = format!("beginning `{key}` in bucket `{}`", self.name);
        let mode = retention.map(|held| match held.mode {
            LockMode::Governance => s3::ObjectLockMode::Governance,
            LockMode::Compliance => s3::ObjectLockMode::Compliance,
        });
        let request = self
            .client
            .create_multipart_upload()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .key(key)
            .content_type("application/octet-stream")
            .checksum_algorithm(s3::ChecksumAlgorithm::Sha256)
            .set_object_lock_mode(mode)
            .set_object_lock_retain_until_date(
                retention.map(|held| DateTime::from_secs(held.until.as_second())),
            );
        let begun = self.calls.send(&doing, request.send()).await?;
        let id = begun.upload_id().ok_or_else(|| malformed(&doing, "the upload has no id"))?;
        Ok(MultipartUpload { key: key.to_owned(), id: id.to_owned() })
    }

    pub(crate) async fn send_part(
        self,
        MultipartUpload { key, id }: &MultipartUpload,
        part: u32,
        bytes: Vec<u8>,
    ) -> Answer<UploadedPart> {
        let doing = format!("sending part {part} of `{key}` to bucket `{}`", self.name);
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let request = self
            .client
            .upload_part()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .key(key)
            .upload_id(id)
            .part_number(number(part, &doing)?)
            .checksum_algorithm(s3::ChecksumAlgorithm::Sha256)
            .body(ByteStream::from(bytes));
        let each = GRACE + Duration::from_secs(size / SLOWEST_BYTES_PER_SECOND);
        let request = request.customize().config_override(patient(each));
        let sent = self.calls.send(&doing, request.send()).await?;
        let etag = sent.e_tag().ok_or_else(|| malformed(&doing, "the part has no ETag"))?;
        let sha256 = sent.checksum_sha256().map(str::to_owned);
        Ok(UploadedPart { number: part, etag: etag.to_owned(), sha256 })
    }

    pub(crate) async fn complete_upload(
        self,
        MultipartUpload { key, id }: &MultipartUpload,
        parts: &[UploadedPart],
    ) -> Answer<()> {
        let doing = format!("completing `{key}` in bucket `{}`", self.name);
        let mut all = s3::CompletedMultipartUpload::builder();
        for UploadedPart { number: part, etag, sha256 } in parts {
            let part = s3::CompletedPart::builder()
                .part_number(number(*part, &doing)?)
                .e_tag(etag)
                .set_checksum_sha256(sha256.clone());
            all = all.parts(part.build());
        }
        let request = self
            .client
            .complete_multipart_upload()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .key(key)
            .upload_id(id)
            .multipart_upload(all.build());
        let request = request.customize().config_override(patient(COMPLETION));
        self.calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn abort_upload(self, MultipartUpload { key, id }: &MultipartUpload) -> Answer<()> {
        let doing = format!("aborting the upload of `{key}` to bucket `{}`", self.name);
        let request = self
            .client
            .abort_multipart_upload()
            .bucket(self.name)
            .set_expected_bucket_owner(self.owner)
            .key(key)
            .upload_id(id);
        self.calls.ensure(&doing, &["NoSuchUpload"], request.send()).await
    }

    pub(crate) async fn uploads(self, prefix: &str) -> Answer<Vec<MultipartUpload>> {
        let doing = format!("listing the uploads to bucket `{}`", self.name);
        let (mut found, mut after): (Vec<MultipartUpload>, Option<(String, String)>) = (Vec::new(), None);
        loop {
            let request = self
                .client
                .list_multipart_uploads()
                .bucket(self.name)
                .set_expected_bucket_owner(self.owner.clone())
                .encoding_type(s3::EncodingType::Url)
                .prefix(prefix)
                .set_key_marker(after.as_ref().map(|(key, _)| key.clone()))
                .set_upload_id_marker(after.as_ref().map(|(_, id)| id.clone()));
            let page = self.calls.send(&doing, request.send()).await?;
            let is_encoded = page.encoding_type() == Some(&s3::EncodingType::Url);
            let name = |key: &str| match is_encoded {
                true => decoded(key).map_err(|odd| malformed(&doing, odd)),
                false => Ok(key.to_owned()),
            };
            for upload in page.uploads() {
                let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) else {
                    return Err(malformed(&doing, "an upload without a key or an id"));
                };
                found.push(MultipartUpload { key: name(key)?, id: id.to_owned() });
            }
            let more = page.is_truncated().unwrap_or_default();
            let next = match (more, page.next_key_marker(), page.next_upload_id_marker()) {
                (false, ..) => return Ok(found),
                (true, Some(key), Some(id)) => (name(key)?, id.to_owned()),
                (true, ..) => {
                    return Err(malformed(&doing, "there is more, and nothing says where it begins"));
                }
            };
            if after.as_ref() == Some(&next) {
                return Err(malformed(&doing, "the same page came twice"));
            }
            after = Some(next);
        }
    }
}
