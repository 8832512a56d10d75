//! Amounts of data as they are written: `"180GiB"`, `"1.5 TB"`. Exact to the byte.

use serde::Serialize;

use crate::schema::{AttributeType, Invalid, Type};
use crate::value::Value;

const FORM: &str = "expected a size such as \"40GiB\" or \"1.5TB\"";
/// Every unit with its bytes; in each family from the largest on.
const UNITS: [(&str, u64); 9] = [
    ("PiB", 1 << 50),
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
];

/// An amount of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Size {
    bytes: u64,
}

impl Size {
    /// In bytes.
    pub fn bytes(self) -> u64 {
        self.bytes
    }
}

/// Reads a size.
///
/// # Errors
/// With what is wrong.
pub fn parse(text: &str) -> Result<Size, String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (amount, unit) = (&text[..end], text[end..].trim_start());
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !digits(whole) || (amount.contains('.') && !digits(fraction)) {
        return Err(FORM.to_owned());
    }
    let bytes = match unit {
        "B" => 1,
        "K" | "M" | "G" | "T" | "P" | "KB" | "PB" => {
            return Err(format!("write `{}iB` for powers of 1024, or `kB`, `MB`, `GB`, `TB`", &unit[..1]));
        }
        unit => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| *bytes).ok_or(FORM)?,
    };
    let fraction = fraction.trim_end_matches('0');
    let scale = u32::try_from(fraction.len()).ok().and_then(|n| 10_u128.checked_pow(n)).ok_or("too exact")?;
    let amount: u128 = format!("{whole}{fraction}").parse().map_err(|_| "too large")?;
    let all = amount.checked_mul(u128::from(bytes)).ok_or("too large")?;
    if all % scale != 0 {
        return Err("must be a whole number of bytes".to_owned());
    }
    u64::try_from(all / scale).map(|bytes| Size { bytes }).map_err(|_| "too large".to_owned())
}

impl std::fmt::Display for Size {
    /// In the largest unit that needs no fraction; equal sizes are written equally.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fits = |(_, bytes): &&(&str, u64)| self.bytes >= *bytes && self.bytes.is_multiple_of(*bytes);
        match UNITS.iter().filter(fits).max_by_key(|(_, bytes)| *bytes) {
            Some((unit, bytes)) => write!(f, "{}{unit}", self.bytes / bytes),
            None => write!(f, "{}B", self.bytes),
        }
    }
}

impl AttributeType for Size {
    const TYPE: Type = Type::String("a size such as \"180GiB\"");

    fn from_value(value: Value) -> Result<Size, Invalid> {
        match &value {
            Value::String(text) => parse(text).map_err(Invalid::new),
            Value::Number(_) => Err(Invalid::new(FORM)),
            other => Err(Invalid::wrong_type("a size", other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sizes_are_written_equally() {
        for (written, canonical, bytes) in [
            ("1024MiB", "1GiB", 1 << 30),
            ("40 GiB", "40GiB", 40 << 30),
            ("1.5TB", "1500GB", 1_500_000_000_000),
            ("0.5KiB", "512B", 512),
            ("0B", "0B", 0),
            ("2.50kB", "2500B", 2500),
        ] {
            let size = Size::from_value(written.into()).unwrap();
            assert_eq!((size.to_string().as_str(), size.bytes()), (canonical, bytes), "{written}");
            assert_eq!(parse(canonical), Ok(size));
        }
        for wrong in [
            "",
            "GiB",
            "5",
            "5Gb",
            "-1GiB",
            "1,5GB",
            "1.GB",
            ".5GB",
            "1.2.3GB",
            "0.3B",
            "99999999PiB",
            "1e3GB",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
