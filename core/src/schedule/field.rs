//! One field of an expression: the numbers it stands for.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use super::wrong::Wrong;
use crate::lang::near;

/// What may stand in a field.
pub(super) struct Spec {
    /// In words: "minute".
    pub(super) name: &'static str,
    pub(super) low: u16,
    pub(super) high: u16,
    /// Names of the numbers, from `low` on.
    pub(super) names: &'static [&'static str],
    pub(super) dialect: Dialect,
}

/// Whose notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Vixie cron.
    Unix,
    /// EventBridge, AWS Backup and everything else there.
    Aws,
}

pub(super) const MONTHS: &[&str] =
    &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
pub(super) const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A field as written: its text and where that stands in the expression.
#[derive(Clone)]
pub(super) struct Source<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
}

impl<'t> Source<'t> {
    /// The fields of an expression.
    pub(super) fn split(expression: &'t str) -> Vec<Source<'t>> {
        let words = expression.split_ascii_whitespace();
        words
            .map(|text| Source { text, start: text.as_ptr() as usize - expression.as_ptr() as usize })
            .collect()
    }

    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    pub(super) fn wrong(&self, message: impl Into<String>) -> Wrong {
        Wrong::expression(self.range(), message)
    }

    /// The text before and after a character.
    pub(super) fn split_once(&self, at: char) -> Option<(Source<'t>, Source<'t>)> {
        let (a, b) = self.text.split_once(at)?;
        let after = self.start + a.len() + at.len_utf8();
        Some((Source { text: a, start: self.start }, Source { text: b, start: after }))
    }

    fn items(&self) -> impl Iterator<Item = Source<'t>> {
        let mut start = self.start;
        self.text.split(',').map(move |text| {
            let item = Source { text, start };
            start += text.len() + 1;
            item
        })
    }
}

/// The numbers that a field stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) values: BTreeSet<u16>,
    /// Whether it begins with `*`, which unix cron gives a meaning of its own.
    pub(super) star: bool,
    low: u16,
    high: u16,
}

impl Field {
    pub(super) fn parse(source: &Source<'_>, spec: &Spec) -> Result<Field, Wrong> {
        let mut values = BTreeSet::new();
        for item in source.items() {
            spec.item(&item, &mut values)?;
        }
        Ok(Field { values, star: source.text.starts_with('*'), low: spec.low, high: spec.high })
    }

    pub(super) fn all(low: u16, high: u16) -> Field {
        Field { values: (low..=high).collect(), star: true, low, high }
    }

    pub(super) fn has(&self, value: u16) -> bool {
        self.values.contains(&value)
    }

    pub(super) fn is_full(&self) -> bool {
        self.values.len() == usize::from(self.high - self.low) + 1
    }

    /// The same numbers without the meaning of `*`.
    pub(super) fn plain(self) -> Field {
        Field { star: self.is_full(), ..self }
    }

    /// In unix cron, 7 is Sunday as well.
    pub(super) fn sunday_is_zero(mut self) -> Field {
        if self.values.remove(&7) {
            self.values.insert(0);
        }
        Field { high: 6, ..self }
    }

    fn multiples(&self, step: u16) -> impl Iterator<Item = u16> {
        (self.low..=self.high).step_by(usize::from(step))
    }
}

impl fmt::Display for Field {
    /// As short as it gets; equal fields are written equally.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.values.clone();
        let mut parts: Vec<String> = Vec::new();
        if self.star {
            let step =
                (1..=self.high + 1).find(|n| self.multiples(*n).all(|v| self.has(v))).unwrap_or(self.high);
            parts.push(if step == 1 { "*".to_owned() } else { format!("*/{step}") });
            self.multiples(step).for_each(|v| {
                rest.remove(&v);
            });
        }
        let rest: Vec<u16> = rest.into_iter().collect();
        match stepped(&rest) {
            Some(step) => parts.push(format!("{}-{}/{step}", rest[0], rest[rest.len() - 1])),
            None => parts.extend(rest.chunk_by(|a, b| a + 1 == *b).flat_map(run)),
        }
        f.write_str(&parts.join(","))
    }
}

/// The step of a long list of equidistant numbers that are no neighbours.
fn stepped(values: &[u16]) -> Option<u16> {
    let step = values.get(1)? - values[0];
    (values.len() > 4 && step > 1 && values.windows(2).all(|w| w[1] - w[0] == step)).then_some(step)
}

/// Neighbours as a range where that is shorter.
fn run(values: &[u16]) -> Vec<String> {
    match values {
        [first, _, .., last] if values.len() > 2 => vec![format!("{first}-{last}")],
        few => few.iter().map(u16::to_string).collect(),
    }
}

impl Spec {
    fn item(&self, item: &Source<'_>, values: &mut BTreeSet<u16>) -> Result<(), Wrong> {
        let (base, step) = match item.split_once('/') {
            Some((base, step)) => (base, Some(self.step(&step)?)),
            None => (item.clone(), None),
        };
        let (from, to) = if base.text == "*" {
            (self.low, self.high)
        } else if let Some((from, to)) = base.split_once('-') {
            let (from, to) = (self.value(&from)?, self.value(&to)?);
            if from > to && self.dialect == Dialect::Unix {
                let help = format!(
                    "Write `{from}-{},{}-{to}` for a range around the end.",
                    self.high_here(),
                    self.low
                );
                return Err(base.wrong(format!("the range goes backwards, from {from} to {to}")).help(help));
            }
            (from, to)
        } else {
            let from = self.value(&base)?;
            match (step, self.dialect) {
                (None, _) => (from, from),
                (Some(_), Dialect::Aws) => (from, self.high),
                (Some(n), Dialect::Unix) => {
                    let help = format!("Write `{from}-{}/{n}`.", self.high_here());
                    return Err(item.wrong("a step needs a range or `*` before it").help(help));
                }
            }
        };
        let size = self.high - self.low + 1;
        let length = if from <= to { to - from } else { to + size - from };
        let steps = (0..=length).step_by(usize::from(step.unwrap_or(1)));
        values.extend(steps.map(|n| self.low + (from - self.low + n) % size));
        Ok(())
    }

    /// The highest number to propose: 7 for Sunday is read, never proposed.
    fn high_here(&self) -> u16 {
        if self.names.len() == 7 && self.low == 0 { 6 } else { self.high }
    }

    fn step(&self, source: &Source<'_>) -> Result<u16, Wrong> {
        match source.text.parse::<u16>() {
            Ok(step) if step > 0 && step <= self.high && digits(source.text) => Ok(step),
            _ => Err(source.wrong(format!("the step must be a whole number from 1 to {}", self.high))),
        }
    }

    fn value(&self, source: &Source<'_>) -> Result<u16, Wrong> {
        let text = source.text;
        if let Ok(value) = text.parse::<u16>()
            && digits(text)
        {
            return self.in_range(value, source);
        }
        let upper = text.to_ascii_uppercase();
        if let Some(i) = self.names.iter().position(|name| *name == upper) {
            return Ok(self.low + i as u16);
        }
        if digits(text) {
            return Err(source.wrong(format!("the {} is {}", self.name, self.bounds())));
        }
        if text.is_empty() {
            return Err(source.wrong(format!("a number is missing in the {}", self.name)));
        }
        if let Some(wrong) = self.foreign(source) {
            return Err(wrong);
        }
        let wrong = source.wrong(format!("`{}` is no {}", text.escape_debug(), self.name));
        let prefix = self.names.iter().find(|name| upper.starts_with(**name)).copied();
        Err(match prefix.or_else(|| near(&upper, self.names.iter().copied())) {
            Some(name) => wrong.help(format!("Did you mean `{name}`?")),
            None => wrong.help(format!("Write {}.", self.bounds())),
        })
    }

    fn in_range(&self, value: u16, source: &Source<'_>) -> Result<u16, Wrong> {
        if (self.low..=self.high).contains(&value) {
            return Ok(value);
        }
        let wrong = source.wrong(format!("the {} is {}, found {value}", self.name, self.bounds()));
        Err(if self.names.len() == 7 && self.dialect == Dialect::Aws && value == 0 {
            wrong.help("AWS counts from 1 = SUN to 7 = SAT, unix cron from 0 = SUN to 6 = SAT. Write `SUN`.")
        } else {
            wrong
        })
    }

    fn bounds(&self) -> String {
        let (low, high) = (self.low, self.high);
        match self.names {
            [first, .., last] if self.high_here() == high => {
                format!("a number from {low} = {first} to {high} = {last}")
            }
            [first, ..] => format!("a number from {low} = {first} to {high} = {first}"),
            [] => format!("a number from {low} to {high}"),
        }
    }

    /// Notation of the other dialect.
    fn foreign(&self, source: &Source<'_>) -> Option<Wrong> {
        let upper = source.text.to_ascii_uppercase();
        let special = source.text == "?"
            || source.text.contains('#')
            || upper == "LW"
            || (upper.ends_with(['L', 'W']) && upper[..upper.len() - 1].bytes().all(|b| b.is_ascii_digit()));
        if !special {
            return None;
        }
        let wrong = source.wrong(format!("`{}` does not belong into the {}", source.text, self.name));
        Some(match self.dialect {
            Dialect::Unix if source.text == "?" => {
                wrong.help("Unix cron has no `?`: write `*`. AWS's notation goes into `aws_cron`.")
            }
            Dialect::Unix => wrong.help("Unix cron has no `L`, `W` and `#`: they are AWS's, in `aws_cron`."),
            Dialect::Aws => wrong.help(
                "`?`, `L` and `W` stand for a whole day of the month, `?`, `L` and `#` for a whole day of the week, alone.",
            ),
        })
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
