//! Value types that several kinds share: checked text, ranges, words, documents and windows.

mod document;
mod text;
mod window;

pub use document::JsonDocument;
pub use text::{Arn, BucketArn, BucketName, DbArn, DbIdentifier, KmsKey, KmsKeyArn, Ranged, RoleArn, Tags};
pub(crate) use text::{is_reserved_tag, partition};
pub use window::{BackupWindow, MaintenanceWindow};

/// Defines a closed list of words: an enum with its spelling, as an attribute type.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ } $expected:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }
        impl $name {
            /// As the provider spells it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }
        impl drctl_core::schema::AttributeType for $name {
            const TYPE: drctl_core::schema::Type = drctl_core::schema::Type::String($expected);
            fn from_value(value: drctl_core::value::Value) -> Result<Self, drctl_core::schema::Invalid> {
                match value.as_str() {
                    $(Some($text) => Ok($name::$variant),)+
                    Some(other) => Err(drctl_core::schema::Invalid::new(
                        format!("must be {}, not {other:?}", $expected),
                    )),
                    None => Err(drctl_core::schema::Invalid::wrong_type($expected, &value)),
                }
            }
            fn to_value(&self) -> drctl_core::value::Value {
                drctl_core::value::Value::String(self.as_str().to_owned())
            }
        }
    };
}
pub(crate) use words;
