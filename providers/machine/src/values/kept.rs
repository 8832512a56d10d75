//! How long dumps and snapshots are kept, how they are locked and summed up.

use std::fmt;

use drctl_core::duration;
use drctl_core::schema::{AttributeType, Invalid, Type};
use drctl_core::system::LockMode;
use drctl_core::value::Value;
use jiff::SignedDuration;

const FOR_EVER: &str = "for ever";
const KEEP: &str = "a duration such as \"30d\", or \"for ever\"";
const NOT: &str = "none";
const LOCK: &str = "\"none\", or a mode and a duration such as \"compliance for 30d\"";

drctl_core::words! {
    /// The checksums of a dump.
    Checksum {
        /// SHA-256, as `sha256sum --check` reads it.
        Sha256 = "sha256",
    }
    "sha256"
}

/// How long something is kept. What is kept for longer is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// That long.
    For(SignedDuration),
    /// Nothing removes it.
    ForEver,
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Keep::For(length) => f.write_str(&duration::text(*length)),
            Keep::ForEver => f.write_str(FOR_EVER),
        }
    }
}

impl AttributeType for Keep {
    const TYPE: Type = Type::String(KEEP);
    fn from_value(value: Value) -> Result<Self, Invalid> {
        let Value::String(text) = &value else { return Err(Invalid::wrong_type(KEEP, &value)) };
        match (text.as_str(), positive(text)) {
            (FOR_EVER, _) => Ok(Keep::ForEver),
            (_, Some(length)) => Ok(Keep::For(length)),
            (_, None) => Err(Invalid::new(format!("must be {KEEP}"))),
        }
    }
    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// For how long nobody can delete something, and who may all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockFor {
    /// Whoever may write may delete.
    Not,
    /// That long.
    For(LockMode, SignedDuration),
}

impl LockFor {
    /// As long as the longer one, for everybody where either is.
    #[must_use]
    pub fn stronger(self, other: LockFor) -> LockFor {
        match (self, other) {
            (LockFor::Not, one) | (one, LockFor::Not) => one,
            (LockFor::For(mode, length), LockFor::For(other, more)) => {
                LockFor::For(mode.max(other), length.max(more))
            }
        }
    }
}

impl fmt::Display for LockFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockFor::Not => f.write_str(NOT),
            LockFor::For(mode, length) => write!(f, "{} for {}", mode.as_str(), duration::text(*length)),
        }
    }
}

impl AttributeType for LockFor {
    const TYPE: Type = Type::String(LOCK);
    fn from_value(value: Value) -> Result<Self, Invalid> {
        let Value::String(text) = &value else { return Err(Invalid::wrong_type(LOCK, &value)) };
        if text == NOT {
            return Ok(LockFor::Not);
        }
        let parts = text.split_once(" for ").and_then(|(mode, length)| {
            Some(LockFor::For(LockMode::from_value(Value::from(mode)).ok()?, positive(length)?))
        });
        parts.ok_or_else(|| Invalid::new(format!("must be {LOCK}")))
    }
    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

fn positive(text: &str) -> Option<SignedDuration> {
    duration::parse(text).ok().filter(SignedDuration::is_positive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_locks_the_stronger_holds() {
        let lock = |text: &str| LockFor::from_value(Value::from(text)).unwrap();
        for (a, b, both) in [
            ("none", "none", "none"),
            ("none", "governance for 7d", "governance for 7d"),
            ("governance for 30d", "compliance for 7d", "compliance for 30d"),
            ("compliance for 7d", "governance for 7d", "compliance for 7d"),
        ] {
            assert_eq!(lock(a).stronger(lock(b)), lock(both), "{a} and {b}");
            assert_eq!(lock(b).stronger(lock(a)), lock(both), "{b} and {a}");
        }
    }
}
