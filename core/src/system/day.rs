//! A day on which something was done.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::schema::{AttributeType, Invalid, Type};
use crate::value::Value;

/// A day on which something was done, from its beginning in UTC, or the instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub Timestamp);

impl Day {
    /// When it is due again, if it is done that often.
    pub fn again(self, every: SignedDuration) -> Day {
        Day(self.0.checked_add(every).unwrap_or(Timestamp::MAX))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = TimeZone::UTC.to_datetime(self.0);
        if civil.time() == jiff::civil::Time::midnight() { civil.date().fmt(f) } else { self.0.fmt(f) }
    }
}

impl AttributeType for Day {
    const TYPE: Type = Type::String("a day such as \"2026-12-31\" or an instant");
    fn from_value(value: Value) -> Result<Day, Invalid> {
        let text = value.as_str().ok_or_else(|| Invalid::wrong_type("a day", &value))?;
        let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok();
        let at = text.parse::<Timestamp>().ok().or_else(|| day().map(|day| day.timestamp()));
        at.map(Day).ok_or_else(|| {
            Invalid::new(
                "expected a day such as \"2026-12-31\" or an instant such as \"2026-12-31T18:00:00Z\"",
            )
        })
    }
    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}
