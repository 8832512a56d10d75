//! Large objects in a bucket of S3.

use std::ops::Range;
use std::sync::Arc;

use drctl_core::depot::{Arrived, Depot, Locked, Shown, Upload};
use drctl_core::provider::{BoxFuture, ErrorClass, ProviderError};
use drctl_core::system;
use jiff::Timestamp;

use crate::port::{Answer, Cloud, LockMode, MultipartUpload, ObjectRetention, UploadedPart, VersionKind};

/// A bucket as whoever keeps large objects in it sees it.
pub fn depot(cloud: Cloud, bucket: impl Into<String>) -> Arc<dyn Depot> {
    Arc::new(Bucket { cloud, name: bucket.into() })
}

struct Bucket {
    cloud: Cloud,
    name: String,
}

impl Bucket {
    async fn shown(&self, beginning: &str) -> Answer<Vec<Shown>> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self.cloud.list_object_versions(&self.name, beginning, after.as_ref()).await?;
            let latest = page.entries.into_iter().filter(|entry| entry.is_latest);
            found.extend(latest.filter_map(|entry| match entry.is {
                VersionKind::Object { size, etag: _ } => {
                    Some(Shown { key: entry.key, version: entry.version, size, written: entry.written })
                }
                VersionKind::DeleteMarker => None,
            }));
            match page.next {
                None => return Ok(found),
                next => after = next,
            }
        }
    }

    async fn locking(&self, Shown { key, version, .. }: &Shown) -> Answer<Option<Locked>> {
        let Some(head) = self.cloud.head_object(&self.name, key, Some(version)).await? else {
            return Err(ProviderError {
                doing: format!("looking at `{}`", self.called(key)),
                class: ErrorClass::NotFound,
                code: None,
                message: "it is gone".to_owned(),
            });
        };
        if head.legal_hold {
            return Ok(Some(Locked { mode: system::LockMode::Compliance, until: Timestamp::MAX }));
        }
        Ok(head.retention.map(|held| Locked {
            mode: match held.mode {
                LockMode::Governance => system::LockMode::Governance,
                LockMode::Compliance => system::LockMode::Compliance,
            },
            until: held.until,
        }))
    }
}

fn retention(Locked { mode, until }: Locked) -> ObjectRetention {
    let mode = match mode {
        system::LockMode::Governance => LockMode::Governance,
        system::LockMode::Compliance => LockMode::Compliance,
    };
    ObjectRetention { mode, until }
}

fn begun(Upload { key, id }: &Upload) -> MultipartUpload {
    MultipartUpload { key: key.clone(), id: id.clone() }
}

impl Depot for Bucket {
    fn called(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    fn list<'a>(&'a self, beginning: &'a str) -> BoxFuture<'a, Result<Vec<Shown>, ProviderError>> {
        Box::pin(self.shown(beginning))
    }

    fn locked<'a>(&'a self, object: &'a Shown) -> BoxFuture<'a, Result<Option<Locked>, ProviderError>> {
        Box::pin(self.locking(object))
    }

    fn lock<'a>(
        &'a self,
        Shown { key, version, .. }: &'a Shown,
        lock: Locked,
    ) -> BoxFuture<'a, Result<(), ProviderError>> {
        self.cloud.put_object_retention(&self.name, (key, version), retention(lock))
    }

    fn read<'a>(
        &'a self,
        object: &'a Shown,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Vec<u8>, ProviderError>> {
        self.cloud.read_object(&self.name, &object.key, range)
    }

    fn remove<'a>(
        &'a self,
        Shown { key, version, .. }: &'a Shown,
    ) -> BoxFuture<'a, Result<(), ProviderError>> {
        self.cloud.delete_object_version(&self.name, key, version)
    }

    fn begin<'a>(
        &'a self,
        key: &'a str,
        lock: Option<Locked>,
    ) -> BoxFuture<'a, Result<Upload, ProviderError>> {
        Box::pin(async move {
            let MultipartUpload { key, id } =
                self.cloud.create_multipart_upload(&self.name, key, lock.map(retention)).await?;
            Ok(Upload { key, id })
        })
    }

    fn part<'a>(
        &'a self,
        upload: &'a Upload,
        number: u32,
        bytes: Vec<u8>,
    ) -> BoxFuture<'a, Result<Arrived, ProviderError>> {
        Box::pin(async move {
            let UploadedPart { number, etag, sha256 } =
                self.cloud.upload_part(&self.name, &begun(upload), number, bytes).await?;
            Ok(Arrived { number, etag, sha256 })
        })
    }

    fn complete<'a>(
        &'a self,
        upload: &'a Upload,
        parts: &'a [Arrived],
    ) -> BoxFuture<'a, Result<(), ProviderError>> {
        let part = |Arrived { number, etag, sha256 }: &Arrived| UploadedPart {
            number: *number,
            etag: etag.clone(),
            sha256: sha256.clone(),
        };
        Box::pin(async move {
            let parts: Vec<UploadedPart> = parts.iter().map(part).collect();
            self.cloud.complete_multipart_upload(&self.name, &begun(upload), &parts).await
        })
    }

    fn abort<'a>(&'a self, upload: &'a Upload) -> BoxFuture<'a, Result<(), ProviderError>> {
        Box::pin(async move { self.cloud.abort_multipart_upload(&self.name, &begun(upload)).await })
    }

    fn unfinished<'a>(&'a self, beginning: &'a str) -> BoxFuture<'a, Result<Vec<Upload>, ProviderError>> {
        Box::pin(async move {
            let found = self.cloud.list_multipart_uploads(&self.name, beginning).await?;
            Ok(found.into_iter().map(|MultipartUpload { key, id }| Upload { key, id }).collect())
        })
    }
}
