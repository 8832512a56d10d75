//! AWS cron: six fields, exactly one `?`, days of the week from 1 = SUN.

use super::calendar::{Calendar, Days};
use super::field::{Dialect, Field, MONTHS, Source, Spec, WEEKDAYS};
use super::wrong::Wrong;
use super::zone;

const fn spec(name: &'static str, low: u16, high: u16, names: &'static [&'static str]) -> Spec {
    Spec { name, low, high, names, dialect: Dialect::Aws }
}

const MINUTE: Spec = spec("minute", 0, 59, &[]);
const HOUR: Spec = spec("hour", 0, 23, &[]);
const DAY: Spec = spec("day of the month", 1, 31, &[]);
const MONTH: Spec = spec("month", 1, 12, MONTHS);
const WEEKDAY: Spec = spec("day of the week", 1, 7, WEEKDAYS);
const YEAR: Spec = spec("year", 1970, 2199, &[]);

pub(super) fn parse(expression: &str, zone: &str) -> Result<Calendar, Wrong> {
    if let Some(inside) = expression.trim().strip_prefix("cron(") {
        let wrong =
            Wrong::expression(0..expression.len(), "`cron(…)` stands around the expression once more");
        return Err(
            wrong.help(format!("Write `aws_cron(\"{}\")`.", inside.trim_end_matches(')').escape_debug()))
        );
    }
    let fields = Source::split(expression);
    let [minute, hour, day, month, weekday, year] = fields.as_slice() else {
        return Err(count(expression, &fields));
    };
    let times = (Field::parse(minute, &MINUTE)?.plain(), Field::parse(hour, &HOUR)?.plain());
    let days = match (day.text, weekday.text) {
        ("?", "?") => {
            return Err(weekday.wrong("both days are `?`").help("Give one of them: `*` for every day."));
        }
        ("?", _) => of_week(weekday)?,
        (_, "?") => of_month(day)?,
        _ => {
            let which = if weekday.text == "*" { weekday } else { day };
            let help = "AWS takes the day of the month or the day of the week: write `?` for the other one.";
            return Err(which.wrong("exactly one of the days must be `?`").help(help));
        }
    };
    let months = Field::parse(month, &MONTH)?.plain();
    let years = Field::parse(year, &YEAR)?.plain();
    let years = (!years.is_full()).then_some(years);
    Calendar::new(Dialect::Aws, times, days, months, years, zone::parse(zone)?)
        .that_runs(day.start..year.range().end)
}

fn of_month(source: &Source<'_>) -> Result<Days, Wrong> {
    let text = source.text.to_ascii_uppercase();
    Ok(match text.as_str() {
        "L" => Days::Last,
        "LW" | "WL" => Days::LastWorkday,
        _ => match text.strip_suffix('W') {
            Some(day) if !day.is_empty() => {
                let day = Source { text: &source.text[..day.len()], start: source.start };
                Days::Workday(single(&day, &DAY)?)
            }
            _ => Days::OfMonth(Field::parse(source, &DAY)?.plain()),
        },
    })
}

fn of_week(source: &Source<'_>) -> Result<Days, Wrong> {
    if let Some((day, nth)) = source.split_once('#') {
        return match nth.text.parse::<u16>() {
            Ok(n) if (1..=5).contains(&n) => Ok(Days::Nth(single(&day, &WEEKDAY)?, n)),
            _ => Err(nth.wrong("after `#` stands which one of the month, 1 to 5")),
        };
    }
    let text = source.text.to_ascii_uppercase();
    match text.strip_suffix('L') {
        // The last day of the week.
        Some("") => Field::parse(&Source { text: "SAT", start: source.start }, &WEEKDAY).map(Days::of_week),
        Some(day) => {
            let day = Source { text: &source.text[..day.len()], start: source.start };
            Ok(Days::LastOf(single(&day, &WEEKDAY)?))
        }
        None => Field::parse(source, &WEEKDAY).map(Days::of_week),
    }
}

/// One number, without a list, a range or a step.
fn single(source: &Source<'_>, spec: &Spec) -> Result<u16, Wrong> {
    let field = Field::parse(source, spec)?;
    match field.values.first() {
        Some(only) if field.values.len() == 1 => Ok(*only),
        _ => Err(source.wrong(format!("here stands one {} alone", spec.name))),
    }
}

fn count(expression: &str, fields: &[Source<'_>]) -> Wrong {
    let wrong =
        Wrong::expression(0..expression.len(), format!("AWS cron has 6 fields, found {}", fields.len()));
    if fields.len() == 5 {
        wrong.help("The sixth is the year, `*` for every one, and one of the days is `?`. Unix cron goes into `cron(…)` with its time zone.")
    } else {
        wrong.help(
            "Write minute, hour, day of the month, month, day of the week, year, as in \"0 2 * * ? *\".",
        )
    }
}
