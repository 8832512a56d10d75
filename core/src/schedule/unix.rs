//! Unix cron: five fields, or a name such as `@daily`.

use super::calendar::{Calendar, Days};
use super::field::{Dialect, Field, MONTHS, Source, Spec, WEEKDAYS};
use super::wrong::Wrong;
use super::zone;

const fn spec(name: &'static str, low: u16, high: u16, names: &'static [&'static str]) -> Spec {
    Spec { name, low, high, names, dialect: Dialect::Unix }
}

const FIELDS: [Spec; 5] = [
    spec("minute", 0, 59, &[]),
    spec("hour", 0, 23, &[]),
    spec("day of the month", 1, 31, &[]),
    spec("month", 1, 12, MONTHS),
    spec("day of the week", 0, 7, WEEKDAYS),
];

const NAMED: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

pub(super) fn parse(expression: &str, zone: &str) -> Result<Calendar, Wrong> {
    let written = Source::split(expression);
    let fields = match written.as_slice() {
        [name] if name.text.starts_with('@') => Source::split(named(name)?),
        _ => written,
    };
    let [minute, hour, day, month, weekday] = fields.as_slice() else {
        return Err(count(expression, &fields));
    };
    let field = |source, i: usize| Field::parse(source, &FIELDS[i]);
    let (minutes, hours) = (field(minute, 0)?, field(hour, 1)?);
    let days = Days::Unix { month: field(day, 2)?, week: field(weekday, 4)?.sunday_is_zero() };
    let months = field(month, 3)?.plain();
    Calendar::new(Dialect::Unix, (minutes, hours), days, months, None, zone::parse(zone)?)
        .that_runs(day.start..weekday.range().end)
}

/// What a name such as `@daily` stands for.
fn named(name: &Source<'_>) -> Result<&'static str, Wrong> {
    if let Some((_, meant)) = NAMED.iter().find(|(known, _)| *known == name.text) {
        return Ok(meant);
    }
    let wrong = name.wrong(format!("there is no `{}`", name.text.escape_debug()));
    Err(match crate::lang::near(name.text, NAMED.iter().map(|(known, _)| *known)) {
        Some(near) => wrong.help(format!("Did you mean `{near}`?")),
        None => wrong.help("Write five fields: minute, hour, day of the month, month, day of the week."),
    })
}

fn count(expression: &str, fields: &[Source<'_>]) -> Wrong {
    let message = format!("unix cron has 5 fields, found {}", fields.len());
    let at = fields.get(5).map_or(0..expression.len(), |sixth| sixth.start..expression.len());
    let wrong = Wrong::expression(at, message);
    if fields.iter().any(|f| f.text == "?") || fields.len() == 6 {
        wrong.help("AWS's notation has 6 fields, the last one the year: write `aws_cron(…)` for it. Seconds do not exist here.")
    } else {
        wrong.help("Write minute, hour, day of the month, month, day of the week, as in \"0 2 * * *\".")
    }
}
