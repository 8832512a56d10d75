//! R7: backup windows (`HH:MM-HH:MM`, daily) and maintenance windows (`ddd:HH:MM-ddd:HH:MM`, weekly),
//! both UTC and at least 30 minutes long, never overlapping.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A span of minutes that comes again: every day or every week, from Monday 00:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    start: u32,
    length: u32,
    every: u32,
}

impl Window {
    /// Reads `HH:MM-HH:MM`.
    pub(crate) fn backup(text: &str) -> Result<Window, String> {
        let parsed = text.split_once('-').and_then(|(a, b)| Some((clock(a)?, clock(b)?)));
        let (start, end) = parsed.ok_or_else(|| format!("the backup window `{text}` is not HH:MM-HH:MM"))?;
        Window { start, length: (end + DAY - start) % DAY, every: DAY }.long_enough(text)
    }

    /// Reads `ddd:HH:MM-ddd:HH:MM`.
    pub(crate) fn maintenance(text: &str) -> Result<Window, String> {
        let parsed = text.split_once('-').and_then(|(a, b)| Some((weekly(a)?, weekly(b)?)));
        let (start, end) =
            parsed.ok_or_else(|| format!("the maintenance window `{text}` is not ddd:HH:MM-ddd:HH:MM"))?;
        let window = Window { start, length: (end + WEEK - start) % WEEK, every: WEEK }.long_enough(text)?;
        if window.length >= DAY {
            return Err(format!("the maintenance window `{text}` is not shorter than 24 hours"));
        }
        Ok(window)
    }

    fn long_enough(self, text: &str) -> Result<Window, String> {
        if self.length < 30 {
            return Err(format!("the window `{text}` is shorter than 30 minutes"));
        }
        Ok(self)
    }

    /// Whether the two ever share a minute.
    pub(crate) fn overlaps(&self, other: &Window) -> bool {
        let starts = |w: &Window| (w.start..WEEK).step_by(w.every as usize).collect::<Vec<u32>>();
        starts(self).iter().any(|a| {
            starts(other).iter().any(|b| {
                let ahead = (b + WEEK - a) % WEEK;
                let behind = (a + WEEK - b) % WEEK;
                ahead < self.length || behind < other.length
            })
        })
    }

    /// Its beginnings after `from` and up to `to`.
    pub(crate) fn beginnings(&self, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let first = self.first_second(from);
        let step = i64::from(self.every) * 60;
        (first..=to.as_second())
            .step_by(step as usize)
            .filter_map(|s| Timestamp::from_second(s).ok())
            .collect()
    }

    /// The second of its first beginning after an instant.
    fn first_second(&self, from: Timestamp) -> i64 {
        let zoned = from.to_zoned(TimeZone::UTC);
        let day = i64::from(zoned.weekday().to_monday_zero_offset());
        let midnight = from.as_second() - from.as_second().rem_euclid(86_400);
        let monday = midnight - day * 86_400;
        let step = i64::from(self.every) * 60;
        let base = monday + i64::from(self.start) * 60;
        let passed = from.as_second() - base;
        base + (passed.div_euclid(step) + 1) * step
    }
}

fn clock(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

fn weekly(text: &str) -> Option<u32> {
    let (day, time) = text.split_once(':')?;
    let day = DAYS.iter().position(|d| d.eq_ignore_ascii_case(day))?;
    Some(u32::try_from(day).ok()? * DAY + clock(time)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_windows_are_read_or_refused() {
        for good in ["02:00-02:30", "23:45-00:15", "00:00-23:59"] {
            assert!(Window::backup(good).is_ok(), "{good}");
        }
        for bad in ["", "02:00", "02:00-02:29", "2:00-3:00", "24:00-24:30", "02:60-03:00", "02:00-02:00", "é"]
        {
            assert!(Window::backup(bad).is_err(), "{bad}");
        }
        for good in ["sun:03:00-sun:04:00", "Sun:23:45-Mon:00:15"] {
            assert!(Window::maintenance(good).is_ok(), "{good}");
        }
        for bad in ["sun:03:00-sun:03:10", "03:00-04:00", "son:03:00-son:04:00", "mon:00:00-wed:00:00"] {
            assert!(Window::maintenance(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn r7_overlap_is_seen_across_midnight_and_week() {
        for (backup, maintenance, expected) in [
            ("02:00-03:00", "sun:02:30-sun:03:30", true),
            ("02:00-03:00", "sun:03:00-sun:04:00", false),
            ("23:30-00:30", "mon:00:00-mon:00:30", true),
            ("23:30-00:30", "sun:00:30-sun:01:00", false),
            ("00:00-00:30", "sun:23:45-mon:00:15", true),
            ("01:00-05:00", "wed:02:00-wed:03:00", true),
        ] {
            let (b, m) = (Window::backup(backup).unwrap(), Window::maintenance(maintenance).unwrap());
            assert_eq!(b.overlaps(&m), expected, "{backup} {maintenance}");
            assert_eq!(m.overlaps(&b), expected, "{maintenance} {backup}");
        }
    }

    #[test]
    fn beginnings_come_every_day_or_week() {
        let from: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let to: Timestamp = "2026-03-09T12:00:00Z".parse().unwrap();
        let daily = Window::backup("12:00-13:00").unwrap().beginnings(from, to);
        assert_eq!(daily.len(), 7);
        assert_eq!(daily[0].to_string(), "2026-03-03T12:00:00Z");
        let weekly = Window::maintenance("sun:03:00-sun:04:00").unwrap().beginnings(from, to);
        assert_eq!(weekly.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2026-03-08T03:00:00Z"]);
    }
}
