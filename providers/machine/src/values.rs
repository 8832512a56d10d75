//! Checked text: paths, users, stanzas, how long backups are kept.

mod kept;

use drctl_core::duration;
use drctl_core::schema::{AttributeType, Invalid, Type};
use drctl_core::value::Value;
use jiff::SignedDuration;

pub use self::kept::{Checksum, Keep, LockFor};
use crate::quote::one_line;

/// Defines text that is checked once and then relied on.
macro_rules! checked_text {
    ($($(#[$meta:meta])* $name:ident, $expected:literal, $check:expr;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
            /// Wraps what is there, unchecked.
            pub fn observed(text: impl Into<String>) -> $name {
                $name(text.into())
            }
        }
        impl AttributeType for $name {
            const TYPE: Type = Type::String($expected);
            fn from_value(value: Value) -> Result<Self, Invalid> {
                let text = match value {
                    Value::String(text) => text,
                    Value::Number(number) => number.to_string(),
                    other => return Err(Invalid::wrong_type($expected, &other)),
                };
                let check: fn(&str) -> Result<(), String> = $check;
                check(&text).map_err(Invalid::new)?;
                Ok($name(text))
            }
            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    )+};
}

checked_text! {
    /// A line of text.
    Line, "a line of text", one_line;
    /// A path from the root.
    AbsolutePath, "a path from the root", |text| {
        one_line(text)?;
        match text.starts_with('/') && !text.split('/').any(|part| part == "..") {
            true => Ok(()),
            false => Err("must be a path from the root, without `..`".to_owned()),
        }
    };
    /// What an option of pgBackRest is set to: it is read without the spaces around it.
    OptionText, "a line of text", |text| {
        one_line(text)?;
        match text.is_empty() || text.trim() != text {
            true => Err("must hold something and neither begin nor end with a space".to_owned()),
            false => Ok(()),
        }
    };
    /// The name of a stanza.
    StanzaName, "the name of a stanza", |text| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        match text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain) {
            true if text != "global" => Ok(()),
            true => Err("must not be `global`: that is the section of all stanzas".to_owned()),
            false => Err("must be of letters, digits, `.`, `_` and `-`".to_owned()),
        }
    };
    /// The name of a user of the machine.
    UserName, "the name of a user", |text| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        match text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(plain) {
            true => Ok(()),
            false => Err("must be the name of a user".to_owned()),
        }
    };
    /// What a schedule is called: a part of the names of its files.
    ScheduleName, "a name", |text| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        match !text.is_empty() && text.chars().all(plain) {
            true => Ok(()),
            false => Err("must be of letters without accents, digits, `_` and `-`: it names files".to_owned()),
        }
    };
}

/// How long full backups are kept: a time, or as many as there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepFull {
    /// At least this long, in whole days.
    Days(u32),
    /// This many.
    Newest(u32),
    /// What stands there is no number.
    Unread(String),
}

const FORM: &str = "a duration in days such as \"30d\", or a number of backups such as \"4 backups\"";

impl KeepFull {
    /// As long as that, up to whole days.
    pub fn at_least(length: SignedDuration) -> KeepFull {
        let days = length.as_secs().unsigned_abs().div_ceil(86_400).max(1);
        KeepFull::Days(u32::try_from(days).unwrap_or(u32::MAX))
    }

    /// Whether less is kept than by the other; none where that cannot be told.
    pub fn is_less_than(&self, other: &KeepFull) -> Option<bool> {
        match (self, other) {
            (KeepFull::Days(a), KeepFull::Days(b)) | (KeepFull::Newest(a), KeepFull::Newest(b)) => {
                Some(a < b)
            }
            (KeepFull::Days(_) | KeepFull::Newest(_) | KeepFull::Unread(_), _) => None,
        }
    }
}

impl std::fmt::Display for KeepFull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            KeepFull::Days(days) => write!(f, "{days}d"),
            KeepFull::Newest(count) => write!(f, "{count} backups"),
            KeepFull::Unread(text) => f.write_str(text),
        }
    }
}

impl AttributeType for KeepFull {
    const TYPE: Type = Type::String(FORM);
    fn from_value(value: Value) -> Result<Self, Invalid> {
        let Value::String(text) = &value else { return Err(Invalid::wrong_type(FORM, &value)) };
        if let Some(count) = text.strip_suffix(" backups").and_then(|count| count.parse().ok()) {
            return match count {
                0 => Err(Invalid::new("must keep one backup at least")),
                count => Ok(KeepFull::Newest(count)),
            };
        }
        match duration::parse(text) {
            Ok(length) if length.is_positive() => Ok(KeepFull::at_least(length)),
            Ok(_) | Err(_) => Err(Invalid::new(format!("must be {FORM}"))),
        }
    }
    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}
