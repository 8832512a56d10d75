//! `format`: values in a text, by verbs such as `%s`, `%05.2f` and `%[1]d`.

use std::iter::Peekable;
use std::str::Chars;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, RoundingMode, Signed, Zero};
use unicode_segmentation::UnicodeSegmentation;

use crate::lang::functions::encoding::json_text;
use crate::lang::functions::function::{Args, CallError, Function, Kind, MAX_ITEMS, Param, Plain, Shape};
use crate::lang::functions::strings::check_length;
use crate::lang::types::{self, TypeConstraint};
use crate::value::{Number, Value};

/// Greatest width and precision.
const MAX_WIDTH: usize = 4096;

const FORMAT: &[Param] = &[Param::new("format", Shape::String)];
const VALUES: Option<Param> = Some(Param::new("values", Shape::Any).or_null());

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "format",
        docs: "The text with its verbs replaced by the values: `%s` text, `%q` quoted text, `%d` whole number, \
               `%b` `%o` `%x` in base 2, 8, 16, `%f` decimal, `%e` with exponent, `%g` either, `%t` bool, \
               `%v` any value, `%%` a percent sign. Between `%` and the letter: `[n]` for the n-th value, \
               `+`, `-`, `0`, `#`, a width, and a precision as in `%05.2f`.",
        params: FORMAT,
        variadic: VALUES,
        kind: Kind::Plain(Plain(|mut args| {
            let values = args.rest(1);
            Ok(format(args.text(0), &values)?.into())
        })),
    },
    Function {
        name: "formatlist",
        docs: "`format` once for each element of the lists; values that are no lists are used every time.",
        params: FORMAT,
        variadic: VALUES,
        kind: Kind::Plain(Plain(formatlist)),
    },
];

fn formatlist(mut args: Args<'_>) -> Result<Value, CallError> {
    let values: Vec<Value> = args
        .rest(1)
        .into_iter()
        .map(|value| match value {
            Value::Set(items) => Value::List(items.into_iter().collect()),
            other => other,
        })
        .collect();
    let mut count = None;
    for (i, value) in values.iter().enumerate() {
        if let Value::List(items) = value {
            if count.is_some_and(|n| n != items.len()) {
                return Err(CallError::at(i + 1, "all lists must have as many elements as the first one"));
            }
            count = Some(items.len());
        }
    }
    let count = count.unwrap_or(1);
    if count > MAX_ITEMS {
        return Err(CallError::whole(format!("the lists have more than {MAX_ITEMS} elements")));
    }
    let mut texts = Vec::with_capacity(count);
    let mut bytes = 0_usize;
    for row in 0..count {
        let pick = |value: &Value| match value {
            Value::List(items) => items.get(row).cloned().unwrap_or(Value::Null),
            other => other.clone(),
        };
        let text = format(args.text(0), &values.iter().map(pick).collect::<Vec<_>>())?;
        bytes = bytes.saturating_add(text.len());
        check_length(bytes)?;
        texts.push(Value::String(text));
    }
    Ok(Value::List(texts))
}

/// One verb with its flags.
#[derive(Default)]
struct Verb {
    plus: bool,
    space: bool,
    left: bool,
    zero: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
    letter: char,
}

fn format(template: &str, values: &[Value]) -> Result<String, CallError> {
    let mut out = String::with_capacity(template.len());
    let mut chars = template.chars().peekable();
    let (mut next, mut used) = (0, 0);
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if chars.next_if_eq(&'%').is_some() {
            out.push('%');
            continue;
        }
        let (verb, explicit) = read_verb(&mut chars)?;
        let index = explicit.unwrap_or(next);
        let value = values.get(index).ok_or_else(|| {
            let letter = verb.letter;
            CallError::at(0, format!("`%{letter}` needs value {}, but there are {}", index + 1, values.len()))
        })?;
        out.push_str(&verb.text(value).map_err(|message| CallError::at(index + 1, message))?);
        check_length(out.len())?;
        next = index + 1;
        used = used.max(next);
    }
    if used < values.len() {
        return Err(CallError::at(used + 1, format!("the format uses only {used} values")));
    }
    Ok(out)
}

fn read_verb(chars: &mut Peekable<Chars<'_>>) -> Result<(Verb, Option<usize>), CallError> {
    let mut verb = Verb::default();
    while let Some(flag) = chars.next_if(|c| "+ -0#".contains(*c)) {
        match flag {
            '+' => verb.plus = true,
            ' ' => verb.space = true,
            '-' => verb.left = true,
            '0' => verb.zero = true,
            _ => verb.sharp = true,
        }
    }
    verb.width = read_number(chars)?.unwrap_or(0);
    if chars.next_if_eq(&'.').is_some() {
        verb.precision = Some(read_number(chars)?.unwrap_or(0));
    }
    let mut explicit = None;
    if chars.next_if_eq(&'[').is_some() {
        let index = read_number(chars)?.and_then(|n| n.checked_sub(1));
        let closed = chars.next_if_eq(&']').is_some();
        explicit = Some(index.filter(|_| closed).ok_or_else(|| {
            CallError::at(0, "`[` in a format is followed by the number of a value, from 1, and `]`")
        })?);
    }
    match chars.next() {
        Some(letter) if "vtbdoxXeEfgGsq".contains(letter) => verb.letter = letter,
        Some(letter) => return Err(CallError::at(0, format!("there is no verb `%{letter}`"))),
        None => return Err(CallError::at(0, "the format ends within a verb")),
    }
    Ok((verb, explicit))
}

fn read_number(chars: &mut Peekable<Chars<'_>>) -> Result<Option<usize>, CallError> {
    let mut number = None;
    while let Some(digit) = chars.next_if(char::is_ascii_digit).and_then(|c| c.to_digit(10)) {
        let longer = number.unwrap_or(0) * 10 + digit as usize;
        if longer > MAX_WIDTH {
            return Err(CallError::at(0, format!("a number in a format is greater than {MAX_WIDTH}")));
        }
        number = Some(longer);
    }
    Ok(number)
}

impl Verb {
    fn text(&self, value: &Value) -> Result<String, String> {
        match self.letter {
            'v' => Ok(self.as_is(value)),
            _ if *value == Value::Null => Err(format!("`%{}` does not take null", self.letter)),
            's' | 'q' => {
                let text = self.converted(value, &TypeConstraint::String)?;
                let text = text.as_str().unwrap_or_default();
                let text = self
                    .precision
                    .map_or_else(|| text.to_owned(), |n| text.graphemes(true).take(n).collect::<String>());
                Ok(self.padded(if self.letter == 'q' { json_text(&Value::String(text)) } else { text }))
            }
            't' => match self.converted(value, &TypeConstraint::Bool)? {
                Value::Bool(true) => Ok("true".to_owned()),
                _ => Ok("false".to_owned()),
            },
            _ => match self.converted(value, &TypeConstraint::Number)? {
                Value::Number(number) => self.number(&number),
                _ => Err(format!("`%{}` takes a number", self.letter)),
            },
        }
    }

    fn converted(&self, value: &Value, to: &TypeConstraint) -> Result<Value, String> {
        types::convert(value.clone(), to).map_err(|e| format!("`%{}`: {e}", self.letter))
    }

    fn as_is(&self, value: &Value) -> String {
        match value {
            Value::String(text) if !self.sharp => self.padded(text.clone()),
            other => self.padded(json_text(other)),
        }
    }

    fn number(&self, number: &Number) -> Result<String, String> {
        let number = number.as_decimal();
        let size = number.abs();
        let base = match self.letter {
            'b' => Some((2, "0b")),
            'o' => Some((8, "0")),
            'd' => Some((10, "")),
            'x' => Some((16, "0x")),
            'X' => Some((16, "0X")),
            _ => None,
        };
        let digits = match base {
            Some((base, prefix)) => {
                if !number.is_integer() {
                    return Err(format!("`%{}` takes a whole number", self.letter));
                }
                let (whole, _) = size.with_scale(0).into_bigint_and_exponent();
                self.in_base(&whole, base, prefix)
            }
            None => match self.letter {
                'f' => fixed(&size, self.precision.unwrap_or(6)),
                'e' | 'E' => scientific(&size, Some(self.precision.unwrap_or(6))),
                _ => self.general(&size),
            },
        };
        let digits =
            if self.letter.is_uppercase() && base.is_none() { digits.to_uppercase() } else { digits };
        let sign = match (number.is_negative(), self.plus, self.space) {
            (true, _, _) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        };
        if self.zero && !self.left {
            let missing = self.width.saturating_sub(sign.len() + digits.len());
            return Ok(format!("{sign}{}{digits}", "0".repeat(missing)));
        }
        Ok(self.padded(format!("{sign}{digits}")))
    }

    fn in_base(&self, whole: &BigInt, base: u32, prefix: &str) -> String {
        let digits = whole.to_str_radix(base);
        let digits = if self.letter == 'X' { digits.to_uppercase() } else { digits };
        let missing = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let prefix = if self.sharp { prefix } else { "" };
        format!("{prefix}{}{digits}", "0".repeat(missing))
    }

    /// With an exponent when the number is small or has more digits than the precision.
    fn general(&self, size: &BigDecimal) -> String {
        let precision = self.precision.map(|p| p.max(1));
        let rounded = match precision {
            Some(p) if !size.is_zero() => rounded_to(size, p),
            _ => size.normalized(),
        };
        let exponent = exponent_of(&rounded);
        let digits = rounded.digits() as i64;
        let bound = match precision {
            None => 6,
            Some(p) if p as i64 > digits && digits > exponent => digits,
            Some(p) => p as i64,
        };
        if exponent < -4 || exponent >= bound {
            scientific(&rounded, None)
        } else {
            rounded.to_plain_string()
        }
    }

    fn padded(&self, text: String) -> String {
        let missing = self.width.saturating_sub(text.graphemes(true).count());
        match (missing, self.left) {
            (0, _) => text,
            (n, true) => text + &" ".repeat(n),
            (n, false) => " ".repeat(n) + &text,
        }
    }
}

fn fixed(size: &BigDecimal, places: usize) -> String {
    size.with_scale_round(places as i64, RoundingMode::HalfEven).to_plain_string()
}

fn rounded_to(size: &BigDecimal, digits: usize) -> BigDecimal {
    let scale = digits as i64 - 1 - exponent_of(&size.normalized());
    size.with_scale_round(scale, RoundingMode::HalfEven).normalized()
}

/// The power of ten of the first digit.
fn exponent_of(number: &BigDecimal) -> i64 {
    if number.is_zero() { 0 } else { number.digits() as i64 - 1 - number.fractional_digit_count() }
}

/// One digit, the others after the point, and the exponent in at least two digits.
fn scientific(size: &BigDecimal, places: Option<usize>) -> String {
    let rounded = match places {
        Some(p) if !size.is_zero() => rounded_to(size, p + 1),
        _ => size.normalized(),
    };
    let exponent = exponent_of(&rounded);
    let mut digits = rounded.as_bigint_and_exponent().0.to_string();
    let wanted = places.map_or(digits.len(), |p| p + 1);
    digits.push_str(&"0".repeat(wanted.saturating_sub(digits.len())));
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{first}{point}{rest}e{sign}{:02}", exponent.abs())
}
