//! What the port says of objects: their versions, page by page, and what is known of one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::LockMode;

/// Some of the versions of a bucket, by key, those of one key newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionsPage {
    /// Versions and delete markers.
    pub entries: Vec<VersionEntry>,
    /// Where the next page begins; none on the last one.
    pub next: Option<VersionMark>,
}

/// Where a page of versions begins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionMark {
    /// After this key, or
    pub key: String,
    /// after this version of it.
    pub version: Option<String>,
}

/// A version or a delete marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionEntry {
    /// Its key.
    pub key: String,
    /// Its id; `null` for what was written without versioning (S15).
    pub version: String,
    /// Whether it is what the key shows now.
    pub is_latest: bool,
    /// When it was written, to the second.
    pub written: Timestamp,
    /// What it is.
    pub is: VersionKind,
}

/// What a version is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionKind {
    /// It hides the key (S9).
    DeleteMarker,
    /// An object.
    Object {
        /// Its size in bytes.
        size: u64,
        /// Its ETag, without quotes. The same content has not always the same one.
        etag: String,
    },
}

/// Some of the objects of a bucket, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectsPage {
    /// How many.
    pub objects: u64,
    /// Their keys.
    pub keys: Vec<String>,
    /// Their bytes.
    pub bytes: u64,
    /// When the newest of them was written.
    pub newest: Option<Timestamp>,
    /// Where the next page begins; none on the last one.
    pub next: Option<String>,
}

/// What is known of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// The version; none where the bucket was never versioned.
    pub version: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub written: Option<Timestamp>,
    /// Its ETag, without quotes.
    pub etag: String,
    /// Whether equal content has that ETag too: not where KMS encrypts it, nor where it came in parts.
    pub etag_is_content: bool,
    /// Checksums of the whole object by algorithm, such as `sha256`, as S3 gives them: in base64.
    pub checksums: BTreeMap<String, String>,
    /// Until when it is locked, and how (S3, S4).
    pub retention: Option<ObjectRetention>,
    /// Whether a legal hold is on it (S8).
    pub legal_hold: bool,
}

/// Retention of one object version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectRetention {
    /// The mode.
    pub mode: LockMode,
    /// Until when.
    pub until: Timestamp,
}
