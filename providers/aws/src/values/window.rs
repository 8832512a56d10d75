//! Weekly and daily windows of RDS, in UTC: checked, compared, and their next start.

use drctl_core::schema::{AttributeType, Invalid, Type};
use drctl_core::value::Value;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The daily backup window, `HH:MM-HH:MM` in UTC, at least 30 minutes long (R7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupWindow {
    start: u32,
    minutes: u32,
}

/// The weekly maintenance window, `ddd:HH:MM-ddd:HH:MM` in UTC, at least 30 minutes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaintenanceWindow {
    start: u32,
    minutes: u32,
}

fn clock(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let number = |t: &str| (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse().ok())?;
    let (hour, minute): (u32, u32) = (number(hour)?, number(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn day_and_clock(text: &str) -> Option<u32> {
    let (day, time) = text.split_once(':')?;
    let day = DAYS.iter().position(|d| d.eq_ignore_ascii_case(day))?;
    Some(u32::try_from(day).ok()? * DAY + clock(time)?)
}

fn show_clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}

fn show_day(minute: u32) -> String {
    let minute = minute % WEEK;
    format!("{}:{}", DAYS[(minute / DAY) as usize], show_clock(minute))
}

impl BackupWindow {
    /// Reads what the provider wrote; `None` when it is empty or malformed.
    pub fn parse(text: &str) -> Option<BackupWindow> {
        let (start, end) = text.split_once('-')?;
        let (start, end) = (clock(start)?, clock(end)?);
        Some(BackupWindow { start, minutes: (end + DAY - start) % DAY })
    }

    /// Whether the window shares time with the maintenance window on any day.
    pub fn overlaps(self, maintenance: MaintenanceWindow) -> bool {
        (0..7).any(|day| {
            let start = day * DAY + self.start;
            let after = |a: u32, b: u32| (b + WEEK - a) % WEEK;
            after(start, maintenance.start) < self.minutes
                || after(maintenance.start, start) < maintenance.minutes
        })
    }
}

impl MaintenanceWindow {
    /// Reads what the provider wrote; `None` when it is empty or malformed.
    pub fn parse(text: &str) -> Option<MaintenanceWindow> {
        let (start, end) = text.split_once('-')?;
        let (start, end) = (day_and_clock(start)?, day_and_clock(end)?);
        Some(MaintenanceWindow { start, minutes: (end + WEEK - start) % WEEK })
    }

    /// The next start after an instant.
    pub fn next_start(self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let monday = today
            .checked_sub(SignedDuration::from_hours(24 * i64::from(days_since_monday(today.weekday()))))
            .ok()?;
        let midnight = monday.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let start = midnight.checked_add(SignedDuration::from_mins(i64::from(self.start))).ok()?;
        if start > now {
            return Some(start);
        }
        start.checked_add(SignedDuration::from_mins(i64::from(WEEK))).ok()
    }
}

fn days_since_monday(day: Weekday) -> i8 {
    day.to_monday_zero_offset()
}

impl std::fmt::Display for BackupWindow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", show_clock(self.start), show_clock(self.start + self.minutes))
    }
}

impl std::fmt::Display for MaintenanceWindow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", show_day(self.start), show_day(self.start + self.minutes))
    }
}

macro_rules! window_attribute {
    ($name:ident, $expected:literal, $longest:expr, $longest_text:literal) => {
        impl AttributeType for $name {
            const TYPE: Type = Type::String($expected);
            fn from_value(value: Value) -> Result<Self, Invalid> {
                let Value::String(text) = value else { return Err(Invalid::wrong_type($expected, &value)) };
                let window = $name::parse(&text)
                    .ok_or_else(|| Invalid::new(format!("must be {} in UTC, not {text:?}", $expected)))?;
                if window.minutes < 30 {
                    return Err(Invalid::new(format!(
                        "must be at least 30 minutes long, this one is {} (R7)",
                        window.minutes
                    )));
                }
                if window.minutes > $longest {
                    return Err(Invalid::new(concat!("must be at most ", $longest_text, " long")));
                }
                Ok(window)
            }
            fn to_value(&self) -> Value {
                Value::String(self.to_string())
            }
        }
    };
}
window_attribute!(BackupWindow, "a window such as 02:00-03:00", DAY, "24 hours");
window_attribute!(MaintenanceWindow, "a window such as sun:03:00-sun:04:00", DAY, "24 hours");

#[cfg(test)]
mod tests {
    use super::*;

    fn maintenance(text: &str) -> MaintenanceWindow {
        MaintenanceWindow::parse(text).expect(text)
    }

    #[test]
    fn windows_overlap_across_midnight_and_week_end() {
        let backup = BackupWindow::parse("23:30-00:30").unwrap();
        assert!(backup.overlaps(maintenance("sun:23:45-mon:00:15")));
        assert!(backup.overlaps(maintenance("mon:00:00-mon:01:00")));
        assert!(!backup.overlaps(maintenance("mon:00:30-mon:01:00")));
        assert!(!backup.overlaps(maintenance("sun:23:00-sun:23:30")));
    }

    #[test]
    fn next_start_is_in_the_future_and_in_utc() {
        // 2026-11-21 is a Saturday.
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let next = |text: &str| maintenance(text).next_start(now).unwrap().to_string();
        assert_eq!(next("sun:03:00-sun:04:00"), "2026-11-22T03:00:00Z");
        assert_eq!(next("sat:12:00-sat:13:00"), "2026-11-28T12:00:00Z");
        assert_eq!(next("mon:00:00-mon:01:00"), "2026-11-23T00:00:00Z");
    }

    #[test]
    fn days_are_written_in_lower_case_as_rds_answers() {
        let value = MaintenanceWindow::from_value(Value::String("Sun:03:00-Sun:03:30".into())).unwrap();
        assert_eq!(value.to_value(), Value::String("sun:03:00-sun:03:30".into()));
    }
}
