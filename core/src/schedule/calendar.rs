//! A parsed cron expression: its days, its times and its time zone.

use std::fmt;
use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::field::{Dialect, Field};
use super::wrong::Wrong;

/// Times of the calendar in a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub(super) dialect: Dialect,
    minutes: Field,
    hours: Field,
    days: Days,
    months: Field,
    /// None is every year.
    years: Option<Field>,
    pub(super) zone: TimeZone,
    /// The times of a day on which it runs, in seconds from midnight, ascending; never empty.
    pub(super) times: Vec<i64>,
}

/// The days on which it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Days {
    /// Either day, unless one of them begins with `*`: then both. Sunday is 0.
    Unix { month: Field, week: Field },
    /// Days of the month.
    OfMonth(Field),
    /// The last day of the month.
    Last,
    /// The last day of the month that is no weekend.
    LastWorkday,
    /// The day of the month, or if that is a weekend, the nearest one of the month that is not.
    Workday(u16),
    /// Days of the week, Sunday is 1.
    OfWeek(Field),
    /// The last such day of the week in the month.
    LastOf(u16),
    /// The n-th such day of the week in the month.
    Nth(u16, u16),
}

impl Days {
    /// Days of the week; all of them are all of the month.
    pub(super) fn of_week(days: Field) -> Days {
        if days.is_full() { Days::OfMonth(Field::all(1, 31)) } else { Days::OfWeek(days.plain()) }
    }

    fn has(&self, date: Date) -> bool {
        let (day, last) = (date.day() as u16, date.days_in_month() as u16);
        let weekday = date.weekday().to_sunday_zero_offset() as u16;
        match self {
            Days::Unix { month, week } => {
                let (of_month, of_week) = (month.has(day), week.has(weekday));
                if month.star || week.star { of_month && of_week } else { of_month || of_week }
            }
            Days::OfMonth(days) => days.has(day),
            Days::Last => day == last,
            Days::LastWorkday => day == workday(date, last),
            Days::Workday(wanted) => *wanted <= last && day == workday(date, *wanted),
            Days::OfWeek(days) => days.has(weekday + 1),
            Days::LastOf(wanted) => weekday + 1 == *wanted && day + 7 > last,
            Days::Nth(wanted, n) => weekday + 1 == *wanted && day.div_ceil(7) == *n,
        }
    }
}

/// The day of this month that is nearest to the wanted one and no weekend.
fn workday(date: Date, wanted: u16) -> u16 {
    let weekday = date.weekday().to_sunday_zero_offset() as i16 + wanted as i16 - i16::from(date.day());
    match weekday.rem_euclid(7) {
        6 if wanted == 1 => 3,
        6 => wanted - 1,
        0 if wanted == date.days_in_month() as u16 => wanted - 2,
        0 => wanted + 1,
        _ => wanted,
    }
}

impl Calendar {
    pub(super) fn new(
        dialect: Dialect,
        (minutes, hours): (Field, Field),
        days: Days,
        months: Field,
        years: Option<Field>,
        zone: TimeZone,
    ) -> Calendar {
        let minute = |h: u16| minutes.values.iter().map(move |m| (i64::from(h) * 60 + i64::from(*m)) * 60);
        let times = hours.values.iter().flat_map(|h| minute(*h)).collect();
        Calendar { dialect, minutes, hours, days, months, years, zone, times }
    }

    /// Refuses a calendar that has no day at all, such as 30 February.
    pub(super) fn that_runs(self, at: Range<usize>) -> Result<Calendar, Wrong> {
        // In these years each date falls on each day of the week.
        let every = || (1972..2000).collect();
        let years: Vec<u16> = self.years.as_ref().map_or_else(every, |y| y.values.iter().copied().collect());
        let months = years.iter().flat_map(|y| self.months.values.iter().map(move |m| (*y, *m)));
        let mut dates = months
            .filter_map(|(year, month)| {
                Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()
            })
            .flat_map(|first| first.series(1.day()).take(first.days_in_month() as usize));
        if dates.any(|date| self.days.has(date)) {
            return Ok(self);
        }
        Err(Wrong::expression(at, "there is no such day, so it never runs"))
    }

    /// Whether it runs on that day, counted from 1970-01-01.
    pub(super) fn has_day(&self, day: i64) -> bool {
        let Ok(midnight) = Timestamp::from_second(day * 86_400) else { return false };
        let date = TimeZone::UTC.to_datetime(midnight).date();
        self.months.has(date.month() as u16)
            && self.years.as_ref().is_none_or(|years| years.has(date.year() as u16))
            && self.days.has(date)
    }

    /// Whether neither minute nor hour begins with `*`: unix cron treats such a job specially when
    /// the clock is changed.
    pub(super) fn is_fixed(&self) -> bool {
        !self.minutes.star && !self.hours.star
    }

    fn fmt_days(&self) -> (String, String) {
        let open = || "?".to_owned();
        match &self.days {
            Days::Unix { month, week } => (month.to_string(), week.to_string()),
            Days::OfMonth(days) => (days.to_string(), open()),
            Days::Last => ("L".to_owned(), open()),
            Days::LastWorkday => ("LW".to_owned(), open()),
            Days::Workday(day) => (format!("{day}W"), open()),
            Days::OfWeek(days) => (open(), days.to_string()),
            Days::LastOf(day) => (open(), format!("{day}L")),
            Days::Nth(day, n) => (open(), format!("{day}#{n}")),
        }
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, weekday) = self.fmt_days();
        let name = match self.dialect {
            Dialect::Unix => "cron",
            Dialect::Aws => "aws_cron",
        };
        write!(f, "{name}({} {} {day} {} {weekday}", self.minutes, self.hours, self.months)?;
        match (self.dialect, &self.years) {
            (Dialect::Unix, _) => {}
            (Dialect::Aws, None) => f.write_str(" *")?,
            (Dialect::Aws, Some(years)) => write!(f, " {years}")?,
        }
        write!(f, ", {})", self.zone.iana_name().unwrap_or("UTC"))
    }
}
