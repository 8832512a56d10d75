//! Conversion of values to type constraints.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{ObjectAttribute, Presence, TypeConstraint, unify};
use crate::addr::InstanceKey;
use crate::lang::expr::PathStep;
use crate::value::{Number, Value};

/// Why a value does not fit a type, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConvertError {
    /// The way to the part that does not fit, outermost step first.
    pub path: Vec<PathStep>,
    /// What is expected and what type was found; never a value.
    pub message: String,
}

impl ConvertError {
    fn new(message: impl Into<String>) -> ConvertError {
        ConvertError { path: Vec::new(), message: message.into() }
    }

    fn mismatch(to: &TypeConstraint, found: &Value) -> ConvertError {
        ConvertError::new(format!("expected {}, found {}", to.name(), found.type_name()))
    }

    fn below(mut self, step: PathStep) -> ConvertError {
        self.path.insert(0, step);
        self
    }
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.path.iter().enumerate() {
            match step {
                PathStep::Attribute(name) if i == 0 => f.write_str(name)?,
                PathStep::Attribute(name) => write!(f, ".{name}")?,
                PathStep::Key(key) => write!(f, "{key}")?,
            }
        }
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{colon}{}", self.message)
    }
}

/// Converts a value as everywhere in the language: numbers and bools to text and back, lists to
/// sets, objects to maps or to objects of other attributes. Null fits every type.
///
/// # Errors
/// When there is no conversion; the error says where.
pub fn convert(value: Value, to: &TypeConstraint) -> Result<Value, ConvertError> {
    if value == Value::Null {
        return Ok(Value::Null);
    }
    match to {
        TypeConstraint::Any => Ok(value),
        TypeConstraint::Bool => to_bool(value),
        TypeConstraint::Number => to_number(value),
        TypeConstraint::String => to_text(value),
        TypeConstraint::List(element) => Ok(Value::List(elements(value, to, element)?)),
        TypeConstraint::Set(element) => {
            Ok(Value::Set(elements(value, to, element)?.into_iter().collect::<BTreeSet<_>>()))
        }
        TypeConstraint::Map(element) => to_map(value, to, element),
        TypeConstraint::Object(attributes) => to_object(value, to, attributes),
        TypeConstraint::Tuple(items) => to_tuple(value, to, items),
    }
}

/// The bool that a text stands for.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The number that a text stands for, in decimal notation.
pub fn parse_number(text: &str) -> Option<Number> {
    let decimal = |c: u8| matches!(c, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E');
    let digits = text.split(['e', 'E']).next().is_some_and(|m| m.bytes().any(|c| c.is_ascii_digit()));
    if digits && text.bytes().all(decimal) { text.parse().ok() } else { None }
}

fn to_bool(value: Value) -> Result<Value, ConvertError> {
    match value {
        Value::Bool(_) => Ok(value),
        Value::String(text) => parse_bool(&text).map(Value::Bool).ok_or_else(|| {
            ConvertError::new("expected a bool, found a string that is neither `true` nor `false`")
        }),
        other => Err(ConvertError::mismatch(&TypeConstraint::Bool, &other)),
    }
}

fn to_number(value: Value) -> Result<Value, ConvertError> {
    match value {
        Value::Number(_) => Ok(value),
        Value::String(text) => parse_number(&text).map(Value::Number).ok_or_else(|| {
            ConvertError::new("expected a number, found a string that is not a decimal number")
        }),
        other => Err(ConvertError::mismatch(&TypeConstraint::Number, &other)),
    }
}

fn to_text(value: Value) -> Result<Value, ConvertError> {
    match value {
        Value::String(_) => Ok(value),
        Value::Number(n) => Ok(Value::String(n.to_string())),
        Value::Bool(b) => Ok(Value::String(b.to_string())),
        other => Err(ConvertError::mismatch(&TypeConstraint::String, &other)),
    }
}

fn elements(value: Value, to: &TypeConstraint, element: &TypeConstraint) -> Result<Vec<Value>, ConvertError> {
    let items: Vec<Value> = match value {
        Value::List(items) => items,
        Value::Set(items) => items.into_iter().collect(),
        other => return Err(ConvertError::mismatch(to, &other)),
    };
    let items = items
        .into_iter()
        .enumerate()
        .map(|(i, item)| convert(item, element).map_err(|e| e.below(index(i))))
        .collect::<Result<Vec<_>, _>>()?;
    if !element.is_open() {
        return Ok(items);
    }
    unify(items).ok_or_else(|| ConvertError::new("all elements must be of one type"))
}

fn to_map(value: Value, to: &TypeConstraint, element: &TypeConstraint) -> Result<Value, ConvertError> {
    let Value::Object(map) = value else { return Err(ConvertError::mismatch(to, &value)) };
    let mut keys = Vec::with_capacity(map.len());
    let mut items = Vec::with_capacity(map.len());
    for (key, item) in map {
        let each = || PathStep::Key(InstanceKey::Each(key.clone()));
        items.push(convert(item, element).map_err(|e| e.below(each()))?);
        keys.push(key);
    }
    if element.is_open() {
        items = unify(items).ok_or_else(|| ConvertError::new("all elements must be of one type"))?;
    }
    Ok(Value::Object(keys.into_iter().zip(items).collect()))
}

fn to_object(
    value: Value,
    to: &TypeConstraint,
    attributes: &BTreeMap<String, ObjectAttribute>,
) -> Result<Value, ConvertError> {
    let Value::Object(mut map) = value else { return Err(ConvertError::mismatch(to, &value)) };
    let mut object = BTreeMap::new();
    for (name, attribute) in attributes {
        let found = match (map.remove(name), &attribute.presence) {
            (None, Presence::Required) => {
                return Err(ConvertError::new(format!("attribute `{name}` is required")));
            }
            (None | Some(Value::Null), Presence::Optional(default)) => default.clone(),
            (Some(found), Presence::Required | Presence::Optional(_)) => found,
        };
        let found = convert(found, &attribute.ty).map_err(|e| e.below(PathStep::Attribute(name.clone())))?;
        object.insert(name.clone(), found);
    }
    Ok(Value::Object(object))
}

fn to_tuple(value: Value, to: &TypeConstraint, types: &[TypeConstraint]) -> Result<Value, ConvertError> {
    let Value::List(items) = value else { return Err(ConvertError::mismatch(to, &value)) };
    if items.len() != types.len() {
        let (expected, found) = (types.len(), items.len());
        return Err(ConvertError::new(format!("expected a tuple of {expected} elements, found {found}")));
    }
    let items = items
        .into_iter()
        .zip(types)
        .enumerate()
        .map(|(i, (item, ty))| convert(item, ty).map_err(|e| e.below(index(i))))
        .collect::<Result<_, _>>()?;
    Ok(Value::List(items))
}

fn index(i: usize) -> PathStep {
    PathStep::Key(InstanceKey::Index(i as u64))
}
