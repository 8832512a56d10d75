//! When something runs, and how long it may be until it runs again: unix cron in a time zone, AWS
//! cron, a rate, continuously, or whenever something happens. Time zones come from the data compiled in, never from the machine,
//! so that the same text means the same instants everywhere.
//!
//! Unix cron is Vixie's: a job at a fixed time (neither minute nor hour begins with `*`) runs right
//! after the gap that swallows its time and once where the clock is set back; any other follows the
//! clock. AWS skips a run whose time does not exist and does not repeat one whose time comes twice
//! (EventBridge Scheduler User Guide, Schedule types; assumed of every other service there).

mod aws;
mod calendar;
mod field;
mod gap;
mod unix;
mod walk;
mod wrong;
mod zone;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

pub use calendar::Calendar;
pub use gap::{Gap, largest_gap};
pub use wrong::{Part, Wrong};

use crate::duration;
use crate::schema::{AttributeType, Invalid, Type};
use crate::value::Value;

/// When something runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// All the time.
    Continuous,
    /// Again this long after the last run, wherever that was.
    Every(SignedDuration),
    /// At times of the calendar.
    Calendar(Box<Calendar>),
    /// Whenever something happens, and if that is promised, at least this often.
    On(String, Option<SignedDuration>),
}

impl Schedule {
    /// `cron("0 2 * * *", "UTC")`: minute, hour, day of the month, month, day of the week.
    ///
    /// # Errors
    /// With what is wrong, and where.
    pub fn unix(expression: &str, zone: &str) -> Result<Schedule, Wrong> {
        unix::parse(expression, zone).map(|c| Schedule::Calendar(Box::new(c)))
    }

    /// `aws_cron("0 2 * * ? *")`: minute, hour, day of the month, month, day of the week, year.
    ///
    /// # Errors
    /// With what is wrong, and where.
    pub fn aws(expression: &str, zone: &str) -> Result<Schedule, Wrong> {
        aws::parse(expression, zone).map(|c| Schedule::Calendar(Box::new(c)))
    }

    /// `rate("6h")`
    ///
    /// # Errors
    /// When it is no duration, or none at all.
    pub fn rate(every: &str) -> Result<Schedule, Wrong> {
        length(every).map(Schedule::Every)
    }

    /// `on("deployment")`, `on("deployment", "30d")`: the second one is how often at least.
    ///
    /// # Errors
    /// When the event has no name, or the second one is no duration.
    pub fn on(event: &str, at_least_every: Option<&str>) -> Result<Schedule, Wrong> {
        let all = 0..event.len();
        if event.trim().is_empty() || event.contains(|c: char| "(),".contains(c) || c.is_control()) {
            let wrong = Wrong::expression(all, "expected the event in plain words, without `,` and brackets");
            return Err(wrong.help("Write what it happens on: `on(\"deployment\")`."));
        }
        let second = |wrong: Wrong| Wrong { part: Part::Zone, ..wrong };
        let every = at_least_every.map(|every| length(every).map_err(second)).transpose()?;
        Ok(Schedule::On(event.trim().to_owned(), every))
    }

    /// The first run after an instant; for a rate, the latest instant at which it can be. None when
    /// it never runs again, or runs all the time.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Schedule::Continuous | Schedule::On(_, None) => None,
            Schedule::Every(every) | Schedule::On(_, Some(every)) => after.checked_add(*every).ok(),
            Schedule::Calendar(calendar) => calendar.next(after),
        }
    }

    /// The last run until an instant; for a rate, the earliest instant at which it can have been. None
    /// when there was none.
    pub fn last(&self, until: Timestamp) -> Option<Timestamp> {
        match self {
            Schedule::Continuous => Some(until),
            Schedule::On(_, None) => None,
            Schedule::Every(every) | Schedule::On(_, Some(every)) => until.checked_sub(*every).ok(),
            Schedule::Calendar(calendar) => {
                calendar.last_until(until.as_second()).and_then(|s| Timestamp::from_second(s).ok())
            }
        }
    }

    /// The largest time between two runs that touch the window: how old the last run can get in it.
    /// None when no run comes before the window, or none after it.
    pub fn largest_gap(&self, from: Timestamp, to: Timestamp) -> Option<Gap> {
        match self {
            Schedule::Continuous => Some(Gap { length: SignedDuration::ZERO, between: None }),
            Schedule::On(_, None) => None,
            Schedule::Every(every) | Schedule::On(_, Some(every)) => {
                Some(Gap { length: *every, between: None })
            }
            Schedule::Calendar(calendar) => calendar.largest_gap(from, to),
        }
    }
}

/// A time that is longer than nothing.
fn length(every: &str) -> Result<SignedDuration, Wrong> {
    let all = 0..every.len();
    match duration::parse(every) {
        Ok(every) if every.is_positive() => Ok(every),
        Ok(_) => Err(Wrong::expression(all, "a rate must be longer than nothing")
            .help("Write `\"continuous\"` for what runs all the time.")),
        Err(message) => {
            let wrong = Wrong::expression(all, message);
            Err(match every.split_once(' ') {
                Some((n, unit)) if unit.starts_with(['m', 'h', 'd']) => {
                    wrong.help(format!("Write `rate(\"{n}{}\")`.", &unit[..1]))
                }
                _ => wrong,
            })
        }
    }
}

impl fmt::Display for Schedule {
    /// The canonical form: equal schedules are written equally.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Continuous => f.write_str("continuous"),
            Schedule::Every(every) => write!(f, "rate({})", duration::text(*every)),
            Schedule::Calendar(calendar) => calendar.fmt(f),
            Schedule::On(event, None) => write!(f, "on({event})"),
            Schedule::On(event, Some(every)) => write!(f, "on({event}, {})", duration::text(*every)),
        }
    }
}

const FORM: &str = "expected `cron(EXPRESSION, ZONE)`, `aws_cron(EXPRESSION)`, `rate(DURATION)`, `on(EVENT)` or \"continuous\"";

impl AttributeType for Schedule {
    const TYPE: Type =
        Type::String("a schedule: `cron(…)`, `aws_cron(…)`, `rate(…)`, `on(…)` or \"continuous\"");

    /// Reads what `cron`, `aws_cron`, `rate` and `on` make.
    fn from_value(value: Value) -> Result<Schedule, Invalid> {
        let Value::String(text) = &value else { return Err(Invalid::wrong_type("a schedule", &value)) };
        if text == "continuous" {
            return Ok(Schedule::Continuous);
        }
        let (name, inside) =
            text.strip_suffix(')').and_then(|t| t.split_once('(')).ok_or_else(|| Invalid::new(FORM))?;
        let read = match (name, inside.rsplit_once(", ")) {
            ("cron", Some((expression, zone))) => Schedule::unix(expression, zone),
            ("aws_cron", Some((expression, zone))) => Schedule::aws(expression, zone),
            ("rate", _) => Schedule::rate(inside),
            ("on", Some((event, every))) => Schedule::on(event, Some(every)),
            ("on", None) => Schedule::on(inside, None),
            ("cron", None) => {
                return Err(Invalid::new(
                    "write the call itself: `cron(\"0 2 * * *\", \"UTC\")`, or `aws_cron(\"0 2 * * ? *\")`",
                ));
            }
            _ => return Err(Invalid::new(FORM)),
        };
        read.map_err(|wrong| Invalid::new(wrong.message))
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}
