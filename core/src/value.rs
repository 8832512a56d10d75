//! Known values. What is not known yet is an expression, never a value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Largest number of decimal digits, before or after the point, that a number may have. A bound
/// against `1e999999999`, which would fill the memory when written out.
pub const MAX_DIGITS: i64 = 4096;

/// An exact decimal number. Equal numbers are equal values: `1.0` is `1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(Box<BigDecimal>);

impl Number {
    /// Normalises the number; `None` when it has more than [`MAX_DIGITS`] digits on a side.
    pub fn new(number: BigDecimal) -> Option<Number> {
        let number = normalized(number);
        let (digits, scale) = (number.digits() as i64, number.fractional_digit_count());
        (scale.abs() <= MAX_DIGITS && digits <= MAX_DIGITS && digits - scale <= MAX_DIGITS)
            .then(|| Number(Box::new(number)))
    }

    /// The decimal.
    pub fn as_decimal(&self) -> &BigDecimal {
        &self.0
    }

    /// The number as an integer, when it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        use bigdecimal::ToPrimitive;
        if self.0.is_integer() { self.0.to_i64() } else { None }
    }
}

impl From<i64> for Number {
    fn from(n: i64) -> Number {
        Number(Box::new(small(n, 0)))
    }
}

impl From<u64> for Number {
    fn from(n: u64) -> Number {
        Number(Box::new(normalized(BigDecimal::from(n))))
    }
}

/// The number without zeros at its end; what fits a machine word goes without long arithmetic.
fn normalized(number: BigDecimal) -> BigDecimal {
    use bigdecimal::ToPrimitive;
    let (digits, scale) = number.as_bigint_and_scale();
    match digits.to_i64() {
        Some(digits) => small(digits, scale),
        None => number.normalized(),
    }
}

fn small(mut digits: i64, mut scale: i64) -> BigDecimal {
    if digits == 0 {
        return BigDecimal::from(0);
    }
    while digits % 10 == 0 && scale > i64::MIN {
        digits /= 10;
        scale -= 1;
    }
    BigDecimal::new(digits.into(), scale)
}

impl fmt::Display for Number {
    /// Plain digits, never an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl FromStr for Number {
    type Err = ();
    /// Parses decimal notation with an optional exponent; refuses what exceeds [`MAX_DIGITS`].
    fn from_str(text: &str) -> Result<Number, ()> {
        // The exponent is bounded before the digits are ever written out.
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i64 = exponent.parse().map_err(|_| ())?;
        if mantissa.len() as i64 > 2 * MAX_DIGITS || exponent.abs() > 2 * MAX_DIGITS {
            return Err(());
        }
        BigDecimal::from_str(text).ok().and_then(Number::new).ok_or(())
    }
}

/// A known value of the language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// No value; an attribute set to `null` counts as not set.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An exact decimal number.
    Number(Number),
    /// Text.
    String(String),
    /// Values in order.
    List(Vec<Value>),
    /// Values without order or duplicates.
    Set(BTreeSet<Value>),
    /// Values by name; also what the literature calls a map.
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// The type in the user's words, with its article.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a bool",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Set(_) => "a set",
            Value::Object(_) => "an object",
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The attribute of an object.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(map) => map.get(name),
            _ => None,
        }
    }

    /// The value as JSON; sets become sorted arrays, numbers keep all digits.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Number(n) => Json::Number(
                serde_json::Number::from_str(&n.to_string()).expect("plain decimal digits are a JSON number"),
            ),
            Value::String(s) => Json::String(s.clone()),
            Value::List(items) => Json::Array(items.iter().map(Value::to_json).collect()),
            Value::Set(items) => Json::Array(items.iter().map(Value::to_json).collect()),
            Value::Object(map) => Json::Object(map.iter().map(|(k, v)| (k.clone(), v.to_json())).collect()),
        }
    }

    /// The value of a JSON document; `None` when a number exceeds [`MAX_DIGITS`].
    pub fn from_json(json: &serde_json::Value) -> Option<Value> {
        use serde_json::Value as Json;
        Some(match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => Value::Number(n.to_string().parse().ok()?),
            Json::String(s) => Value::String(s.clone()),
            Json::Array(items) => Value::List(items.iter().map(Value::from_json).collect::<Option<_>>()?),
            Json::Object(map) => Value::Object(
                map.iter().map(|(k, v)| Some((k.clone(), Value::from_json(v)?))).collect::<Option<_>>()?,
            ),
        })
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Value {
        Value::Number(Number::from(n))
    }
}

/// Values are stored as JSON. A set is written as `{"$set": [...]}`, and an object whose only key
/// starts with `$` as `{"$object": {...}}`, so that reading gives back what was written.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => s.serialize_unit(),
            Value::Bool(b) => s.serialize_bool(*b),
            Value::Number(_) => self.to_json().serialize(s),
            Value::String(text) => s.serialize_str(text),
            Value::List(items) => items.serialize(s),
            Value::Set(items) => BTreeMap::from([("$set", items)]).serialize(s),
            Value::Object(map) if map.len() == 1 && map.keys().all(|k| k.starts_with('$')) => {
                BTreeMap::from([("$object", map)]).serialize(s)
            }
            Value::Object(map) => map.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Value, D::Error> {
        use serde::de::Error;
        let json = serde_json::Value::deserialize(d)?;
        Ok(unwrap_markers(
            Value::from_json(&json).ok_or_else(|| D::Error::custom("a number has too many digits"))?,
        ))
    }
}

fn unwrap_markers(value: Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(unwrap_markers).collect()),
        Value::Object(mut map) if map.len() == 1 && map.contains_key("$set") => match map.remove("$set") {
            Some(Value::List(items)) => Value::Set(items.into_iter().map(unwrap_markers).collect()),
            other => other.unwrap_or(Value::Null),
        },
        Value::Object(mut map) if map.len() == 1 && map.contains_key("$object") => {
            match map.remove("$object") {
                Some(Value::Object(inner)) => {
                    Value::Object(inner.into_iter().map(|(k, v)| (k, unwrap_markers(v))).collect())
                }
                other => other.unwrap_or(Value::Null),
            }
        }
        Value::Object(map) => Value::Object(map.into_iter().map(|(k, v)| (k, unwrap_markers(v))).collect()),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Set(_)) => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_and_bounded() {
        let sum =
            "0.1".parse::<Number>().unwrap().as_decimal() + "0.2".parse::<Number>().unwrap().as_decimal();
        assert_eq!(Number::new(sum).unwrap().to_string(), "0.3");
        assert_eq!("1.0".parse::<Number>(), "1".parse::<Number>());
        assert_eq!("1e3".parse::<Number>().unwrap().to_string(), "1000");
        for text in ["1e999999999", "1e-999999999", "1e99999999999999999999", "x", ""] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }

    #[test]
    fn stored_values_read_back_as_they_were() {
        let set = Value::Set([Value::from("b"), Value::from("a")].into());
        let odd = Value::Object([("$set".to_owned(), Value::List(vec![Value::from(1)]))].into());
        let all = Value::List(vec![
            set,
            odd,
            Value::Null,
            Value::from(true),
            Value::Number("12345678901234567890.5".parse().unwrap()),
        ]);
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), all);
    }
}
