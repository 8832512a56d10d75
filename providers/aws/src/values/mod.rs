//! Value types that several kinds share: checked text, ranges, words, documents and windows.

mod base64;
mod document;
mod text;
mod window;

pub use base64::base64;
pub use document::JsonDocument;
pub use text::{Arn, BucketArn, BucketName, DbArn, DbIdentifier, KmsKey, KmsKeyArn, Ranged, RoleArn, Tags};
pub(crate) use text::{is_reserved_tag, partition};
pub use window::{BackupWindow, MaintenanceWindow};
