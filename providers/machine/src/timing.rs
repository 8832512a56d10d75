//! Schedules as cron and systemd write them.

use drctl_core::schedule::Schedule;
use jiff::SignedDuration;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The five fields and the zone of a schedule in unix cron.
fn unix(schedule: &Schedule) -> Option<([String; 5], String)> {
    let Schedule::Calendar(calendar) = schedule else { return None };
    let text = calendar.to_string();
    let inside = text.strip_prefix("cron(")?.strip_suffix(')')?;
    let (fields, zone) = inside.rsplit_once(", ")?;
    let fields: Vec<String> = fields.split(' ').map(str::to_owned).collect();
    Some((fields.try_into().ok()?, zone.to_owned()))
}

fn unfit(schedule: &Schedule, what: &str) -> String {
    match schedule {
        Schedule::Continuous => format!("{what} starts nothing that runs all the time"),
        Schedule::On(..) => format!("{what} starts nothing when something happens"),
        Schedule::Every(_) | Schedule::Calendar(_) => {
            format!("{what} is started by `cron(…)` or `rate(…)`, not by `aws_cron(…)`")
        }
    }
}

/// The fields of a line of cron, which runs in that zone.
///
/// # Errors
/// When cron cannot say it.
pub(crate) fn cron(schedule: &Schedule, zone: &str) -> Result<String, String> {
    if let Schedule::Every(every) = schedule {
        return rate(*every);
    }
    let (fields, own) = unix(schedule).ok_or_else(|| unfit(schedule, "cron"))?;
    if own != zone {
        return Err(format!(
            "this is in {own}, and cron runs in {zone}: write `zone = \"{own}\"` in the provider block if the machine does"
        ));
    }
    Ok(fields.join(" "))
}

/// A rate that hits the same times every day.
fn rate(every: SignedDuration) -> Result<String, String> {
    let seconds = every.as_secs();
    match seconds {
        DAY => Ok("0 0 * * *".to_owned()),
        HOUR => Ok("0 * * * *".to_owned()),
        MINUTE => Ok("* * * * *".to_owned()),
        _ if seconds < HOUR && seconds % MINUTE == 0 && HOUR % seconds == 0 => {
            Ok(format!("*/{} * * * *", seconds / MINUTE))
        }
        _ if seconds < DAY && seconds % HOUR == 0 && DAY % seconds == 0 => {
            Ok(format!("0 */{} * * *", seconds / HOUR))
        }
        _ => Err("cron has only rates that divide an hour or a day: write `cron(…)`".to_owned()),
    }
}

/// The lines of a `[Timer]` that say when.
///
/// # Errors
/// When systemd cannot say it.
pub(crate) fn systemd(schedule: &Schedule) -> Result<Vec<String>, String> {
    if let Schedule::Every(every) = schedule {
        let seconds = every.as_secs();
        return Ok(vec!["OnActiveSec=1min".to_owned(), format!("OnUnitActiveSec={seconds}s")]);
    }
    let ([minute, hour, day, month, weekday], zone) =
        unix(schedule).ok_or_else(|| unfit(schedule, "systemd"))?;
    let field = |text: &str, low: u16, high: u16| {
        let all = numbers(text, low, high).ok_or_else(|| unfit(schedule, "systemd"))?;
        Ok::<_, String>(if all.len() == usize::from(high - low) + 1 { "*".to_owned() } else { joined(&all) })
    };
    let (minutes, hours) = (field(&minute, 0, 59)?, field(&hour, 0, 23)?);
    let (days, months) = (field(&day, 1, 31)?, field(&month, 1, 12)?);
    let weekdays = match field(&weekday, 0, 6)?.as_str() {
        "*" => None,
        text => Some(text.split(',').filter_map(weekday_name).collect::<Vec<_>>().join(",")),
    };
    let line = |weekdays: Option<&str>, days: &str| {
        let weekdays = weekdays.map(|names| format!("{names} ")).unwrap_or_default();
        format!("OnCalendar={weekdays}*-{months}-{days} {hours}:{minutes}:00 {zone}")
    };
    // Of both days, cron means either, unless one of them begins with `*`: then both.
    let both = day.starts_with('*') || weekday.starts_with('*');
    Ok(match weekdays.as_deref() {
        None => vec![line(None, &days)],
        Some(names) if both => vec![line(Some(names), &days)],
        Some(names) => vec![line(None, &days), line(Some(names), "*")],
    })
}

fn weekday_name(number: &str) -> Option<&'static str> {
    ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].get(number.parse::<usize>().ok()?).copied()
}

fn joined(numbers: &[u16]) -> String {
    numbers.iter().map(|n| format!("{n:02}")).collect::<Vec<_>>().join(",")
}

/// The numbers of a field in its canonical form.
fn numbers(text: &str, low: u16, high: u16) -> Option<Vec<u16>> {
    let mut found = std::collections::BTreeSet::new();
    for item in text.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, step.parse::<u16>().ok().filter(|step| *step > 0)?),
            None => (item, 1),
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*", _) => (low, high),
            (_, Some((from, to))) => (from.parse().ok()?, to.parse().ok()?),
            (one, None) => {
                let one = one.parse().ok()?;
                (one, one)
            }
        };
        if from < low || to > high {
            return None;
        }
        found.extend((from..=to).step_by(usize::from(step)));
    }
    (!found.is_empty()).then(|| found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_write_what_is_meant() {
        let daily: &[&str] = &["OnCalendar=*-*-* 02:00:00 UTC"];
        let cases: &[(&str, &[&str])] = &[
            ("0 2 * * *", daily),
            ("*/30 * * * *", &["OnCalendar=*-*-* *:00,30:00 UTC"]),
            ("5 0-2 1 */6 *", &["OnCalendar=*-01,07-01 00,01,02:05:00 UTC"]),
            ("0 2 * * 1-5", &["OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 02:00:00 UTC"]),
            ("0 2 * * 7", &["OnCalendar=Sun *-*-* 02:00:00 UTC"]),
            ("0 2 13 * 5", &["OnCalendar=*-*-13 02:00:00 UTC", "OnCalendar=Fri *-*-* 02:00:00 UTC"]),
        ];
        for (expression, lines) in cases {
            let schedule = Schedule::unix(expression, "UTC").unwrap();
            assert_eq!(systemd(&schedule).unwrap(), *lines, "{expression}");
            let again = Schedule::unix(&cron(&schedule, "UTC").unwrap(), "UTC").unwrap();
            assert_eq!(again, schedule);
        }
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        let berlin = Schedule::unix("0 2 * * *", "Europe/Berlin").unwrap();
        assert!(cron(&berlin, "UTC").unwrap_err().contains("Europe/Berlin"));
        assert_eq!(systemd(&berlin).unwrap(), ["OnCalendar=*-*-* 02:00:00 Europe/Berlin"]);
        for (text, expected) in [("6h", "0 */6 * * *"), ("15m", "*/15 * * * *"), ("1d", "0 0 * * *")] {
            assert_eq!(cron(&Schedule::rate(text).unwrap(), "UTC").unwrap(), expected);
        }
        assert!(cron(&Schedule::rate("7h").unwrap(), "UTC").is_err());
        for schedule in [Schedule::Continuous, Schedule::aws("0 2 L * ? *", "UTC").unwrap()] {
            assert!(cron(&schedule, "UTC").is_err() && systemd(&schedule).is_err(), "{schedule}");
        }
    }
}
