//! Objects of S3 below one prefix of one bucket, in the words of [`drctl_core::objects`].

use drctl_core::objects::{Objects, Put, When};
use drctl_core::provider::{BoxFuture, ProviderError};

use crate::port::Cloud;

/// Such objects.
#[derive(Clone)]
pub struct Prefixed {
    cloud: Cloud,
    bucket: String,
    prefix: String,
}

impl Prefixed {
    /// Of this bucket; all keys begin with the prefix.
    pub fn new(cloud: Cloud, bucket: impl Into<String>, prefix: impl Into<String>) -> Prefixed {
        Prefixed { cloud, bucket: bucket.into(), prefix: prefix.into() }
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

impl Objects for Prefixed {
    fn put<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
        when: When,
    ) -> BoxFuture<'a, Result<Put, ProviderError>> {
        Box::pin(async move { self.cloud.put_object(&self.bucket, &self.key(key), bytes, when).await })
    }

    fn get<'a>(
        &'a self,
        key: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, ProviderError>> {
        Box::pin(async move { self.cloud.get_object(&self.bucket, &self.key(key), limit).await })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), ProviderError>> {
        Box::pin(async move { self.cloud.delete_object(&self.bucket, &self.key(key)).await })
    }

    fn keys<'a>(
        &'a self,
        beginning: &'a str,
        at_most: usize,
    ) -> BoxFuture<'a, Result<Vec<String>, ProviderError>> {
        Box::pin(async move {
            let (beginning, mut keys, mut after) = (self.key(beginning), Vec::new(), None);
            loop {
                let page = self.cloud.list_objects(&self.bucket, &beginning, after.as_deref()).await?;
                let own = page.keys.iter().filter_map(|key| key.strip_prefix(&self.prefix));
                keys.extend(own.take(at_most - keys.len()).map(str::to_owned));
                after = page.next;
                if after.is_none() || keys.len() == at_most {
                    return Ok(keys);
                }
            }
        })
    }
}
