//! Durations as they are written: `"15m"`, `"1h30m"`, `"30d"`. A day has 24 hours, a week 7 days, a
//! year 365 days; months have no fixed length.

use jiff::{SignedDuration, Timestamp};

use crate::schema::{AttributeType, Invalid, Type};
use crate::value::Value;

const FORM: &str = "expected a duration such as \"15m\", \"1h30m\" or \"30d\"";
const DAY: i64 = 86_400;
/// From the largest on; those above a day are read and written as days.
const UNITS: [(&str, i64); 6] =
    [("y", 365 * DAY), ("w", 7 * DAY), ("d", DAY), ("h", 3600), ("m", 60), ("s", 1)];

/// Reads a duration.
///
/// # Errors
/// With what is wrong.
pub fn parse(text: &str) -> Result<SignedDuration, String> {
    let mut rest = text;
    let mut seconds: i64 = 0;
    if rest.is_empty() {
        return Err(FORM.to_owned());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(FORM)?;
        let amount: i64 = rest[..digits].parse().map_err(|_| FORM)?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let name = &rest[..end];
        if matches!(name, "mo" | "month" | "months") {
            return Err("months differ in length: count in days".to_owned());
        }
        let (_, unit) = UNITS.iter().find(|(unit, _)| *unit == name).ok_or(FORM)?;
        rest = &rest[end..];
        seconds = amount.checked_mul(*unit).and_then(|s| seconds.checked_add(s)).ok_or("too long")?;
    }
    Ok(SignedDuration::from_secs(seconds))
}

/// The canonical text of a duration, in days and below: equal durations are written equally.
pub fn text(duration: SignedDuration) -> String {
    let mut rest = duration.as_secs();
    let mut text = String::new();
    for (unit, seconds) in &UNITS[2..] {
        if rest >= *seconds {
            text.push_str(&format!("{}{unit}", rest / seconds));
            rest %= seconds;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

impl AttributeType for SignedDuration {
    const TYPE: Type = Type::String("a duration such as \"1h30m\"");

    fn from_value(value: Value) -> Result<SignedDuration, Invalid> {
        match &value {
            Value::String(text) => parse(text).map_err(Invalid::new),
            other => Err(Invalid::wrong_type("a duration", other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(text(*self))
    }
}

impl AttributeType for Timestamp {
    const TYPE: Type = Type::String("an instant such as \"2026-03-01T12:00:00Z\"");

    fn from_value(value: Value) -> Result<Timestamp, Invalid> {
        match &value {
            Value::String(text) => text.parse().map_err(|_| {
                Invalid::new(format!(
                    "{text:?} is no instant: write one such as \"2026-03-01T12:00:00Z\", with its offset"
                ))
            }),
            other => Err(Invalid::wrong_type("an instant", other)),
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
    fn equal_durations_are_written_equally() {
        for (written, canonical) in [
            ("90m", "1h30m"),
            ("24h", "1d"),
            ("1w1d", "8d"),
            ("1y", "365d"),
            ("0h", "0s"),
            ("36h61s", "1d12h1m1s"),
        ] {
            let read = SignedDuration::from_value(written.into()).unwrap();
            assert_eq!(read.to_value(), Value::from(canonical));
            assert_eq!(parse(canonical), Ok(read));
        }
        for wrong in ["", "5", "h", "1 h", "1h ", "-1h", "1.5h", "2months", "1q", "9223372036854775807y"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
