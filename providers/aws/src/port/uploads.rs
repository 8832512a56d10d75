//! What the port says of objects that are made in parts.

/// An upload that was begun, and neither completed nor aborted. Nothing of it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultipartUpload {
    /// The key that the object will have.
    pub key: String,
    /// Its id.
    pub id: String,
}

/// A part that has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedPart {
    /// Its number: 1 is the first.
    pub number: u32,
    /// Its ETag, as it was given.
    pub etag: String,
    /// Its SHA-256 in base64, where the service has told that it compared it.
    pub sha256: Option<String>,
}
