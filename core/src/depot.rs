//! Large objects in one bucket: made in parts, there only once they are whole, locked if that is asked for. What
//! it is kept by is a provider's business; how long anybody waits for it is that of who asks.

use std::ops::Range;

use jiff::Timestamp;

use crate::provider::{BoxFuture, ProviderError};
use crate::system::LockMode;

/// Until when nobody deletes an object, and who may do so all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locked {
    /// Who may.
    pub mode: LockMode,
    /// Until when.
    pub until: Timestamp,
}

/// An object that shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its key.
    pub key: String,
    /// Which of its versions that is.
    pub version: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub written: Timestamp,
}

/// An object that is being made. Nothing of it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The key that it will have.
    pub key: String,
    /// What the provider calls it until then.
    pub id: String,
}

/// A part that has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Which: 1 is the first.
    pub number: u32,
    /// What the provider knows it by.
    pub etag: String,
    /// Its SHA-256 in base64, where the provider has compared it.
    pub sha256: Option<String>,
}

/// Keeps large objects in one bucket. One call is tried once, as far as whoever implements this does not try
/// again by itself.
pub trait Depot: Send + Sync {
    /// How people call a key: `s3://BUCKET/KEY`.
    fn called(&self, key: &str) -> String;

    /// The objects that show and whose keys begin with this.
    fn list<'a>(&'a self, beginning: &'a str) -> BoxFuture<'a, Result<Vec<Shown>, ProviderError>>;

    /// What locks an object; none when nothing does.
    fn locked<'a>(&'a self, object: &'a Shown) -> BoxFuture<'a, Result<Option<Locked>, ProviderError>>;

    /// Locks an object that is there.
    fn lock<'a>(&'a self, object: &'a Shown, lock: Locked) -> BoxFuture<'a, Result<(), ProviderError>>;

    /// A range of an object.
    fn read<'a>(
        &'a self,
        object: &'a Shown,
        range: Range<u64>,
    ) -> BoxFuture<'a, Result<Vec<u8>, ProviderError>>;

    /// Deletes an object for good: its version, not only its name. One that is gone counts as deleted.
    fn remove<'a>(&'a self, object: &'a Shown) -> BoxFuture<'a, Result<(), ProviderError>>;

    /// Begins an object.
    fn begin<'a>(
        &'a self,
        key: &'a str,
        lock: Option<Locked>,
    ) -> BoxFuture<'a, Result<Upload, ProviderError>>;

    /// Adds a part. Each but the last has at least 5 MiB.
    fn part<'a>(
        &'a self,
        upload: &'a Upload,
        number: u32,
        bytes: Vec<u8>,
    ) -> BoxFuture<'a, Result<Arrived, ProviderError>>;

    /// Makes an object of its parts. From here on it shows.
    fn complete<'a>(
        &'a self,
        upload: &'a Upload,
        parts: &'a [Arrived],
    ) -> BoxFuture<'a, Result<(), ProviderError>>;

    /// Throws away what has arrived. An upload that is gone counts as thrown away.
    fn abort<'a>(&'a self, upload: &'a Upload) -> BoxFuture<'a, Result<(), ProviderError>>;

    /// What was begun under keys that begin with this, and neither made nor thrown away.
    fn unfinished<'a>(&'a self, beginning: &'a str) -> BoxFuture<'a, Result<Vec<Upload>, ProviderError>>;
}
