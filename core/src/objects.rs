//! Small objects below one prefix of one bucket, as far as drctl keeps files of its own there. What it is
//! kept by is a provider's business; how long anybody waits for it is that of who asks.

use crate::provider::{BoxFuture, ProviderError};

/// When an object is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Only where the key shows none: of several who put at once, one succeeds.
    Absent,
    /// In the place of what is there.
    Always,
}

/// What came of a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there now.
    Done,
    /// Another one was there, and still is.
    Taken,
}

/// Keeps small objects by key. One call is tried once, as far as whoever implements this does not try
/// again by itself.
pub trait Objects: Send + Sync {
    /// Puts an object.
    fn put<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
        when: When,
    ) -> BoxFuture<'a, Result<Put, ProviderError>>;

    /// What is in an object; none when there is none. One of more bytes than the limit is an error.
    fn get<'a>(&'a self, key: &'a str, limit: usize)
    -> BoxFuture<'a, Result<Option<Vec<u8>>, ProviderError>>;

    /// Deletes an object. One that is not there counts as deleted.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), ProviderError>>;

    /// The first keys that begin with this, in their order: at most so many.
    fn keys<'a>(
        &'a self,
        beginning: &'a str,
        at_most: usize,
    ) -> BoxFuture<'a, Result<Vec<String>, ProviderError>>;
}
