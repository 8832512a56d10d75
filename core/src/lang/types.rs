//! Type constraints as written in `type = list(string)`, and the conversion of values to them.

mod convert;
mod parse;
mod unify;

use std::collections::BTreeMap;
use std::fmt;

use crate::value::Value;

pub use convert::{ConvertError, convert, parse_bool, parse_number};
pub use unify::unify;

/// What a value must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeConstraint {
    /// `any`
    Any,
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `string`
    String,
    /// `list(T)`
    List(Box<TypeConstraint>),
    /// `set(T)`
    Set(Box<TypeConstraint>),
    /// `map(T)`
    Map(Box<TypeConstraint>),
    /// `object({ a = T, b = optional(T, default) })`
    Object(BTreeMap<String, ObjectAttribute>),
    /// `tuple([T, U])`
    Tuple(Vec<TypeConstraint>),
}

/// An attribute of an object constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectAttribute {
    /// Its type.
    pub ty: TypeConstraint,
    /// Whether it must be there, and what stands in for it.
    pub presence: Presence,
}

/// Whether an attribute must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// It must; `null` counts as there.
    Required,
    /// It may be left out. Left out or null, this value is taken.
    Optional(Value),
}

impl TypeConstraint {
    /// `list(element)`
    pub fn list(element: TypeConstraint) -> TypeConstraint {
        TypeConstraint::List(Box::new(element))
    }

    /// `set(element)`
    pub fn set(element: TypeConstraint) -> TypeConstraint {
        TypeConstraint::Set(Box::new(element))
    }

    /// `map(element)`
    pub fn map(element: TypeConstraint) -> TypeConstraint {
        TypeConstraint::Map(Box::new(element))
    }

    /// What is expected, with its article.
    pub fn name(&self) -> &'static str {
        match self {
            TypeConstraint::Any => "any value",
            TypeConstraint::Bool => "a bool",
            TypeConstraint::Number => "a number",
            TypeConstraint::String => "a string",
            TypeConstraint::List(_) => "a list",
            TypeConstraint::Set(_) => "a set",
            TypeConstraint::Map(_) => "a map",
            TypeConstraint::Object(_) => "an object",
            TypeConstraint::Tuple(_) => "a tuple",
        }
    }

    /// Whether `any` stands anywhere in it, so that elements may still differ.
    fn is_open(&self) -> bool {
        match self {
            TypeConstraint::Any => true,
            TypeConstraint::Bool | TypeConstraint::Number | TypeConstraint::String => false,
            TypeConstraint::List(t) | TypeConstraint::Set(t) | TypeConstraint::Map(t) => t.is_open(),
            TypeConstraint::Object(attributes) => attributes.values().any(|a| a.ty.is_open()),
            TypeConstraint::Tuple(items) => items.iter().any(TypeConstraint::is_open),
        }
    }
}

impl fmt::Display for TypeConstraint {
    /// As written in configuration, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypeConstraint::Any => f.write_str("any"),
            TypeConstraint::Bool => f.write_str("bool"),
            TypeConstraint::Number => f.write_str("number"),
            TypeConstraint::String => f.write_str("string"),
            TypeConstraint::List(t) => write!(f, "list({t})"),
            TypeConstraint::Set(t) => write!(f, "set({t})"),
            TypeConstraint::Map(t) => write!(f, "map({t})"),
            TypeConstraint::Object(attributes) if attributes.is_empty() => f.write_str("object({})"),
            TypeConstraint::Object(attributes) => {
                f.write_str("object({ ")?;
                for (i, (name, attribute)) in attributes.iter().enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    write!(f, "{comma}{name} = {attribute}")?;
                }
                f.write_str(" })")
            }
            TypeConstraint::Tuple(items) => {
                f.write_str("tuple([")?;
                for (i, item) in items.iter().enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("])")
            }
        }
    }
}

impl fmt::Display for ObjectAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.presence {
            Presence::Required => self.ty.fmt(f),
            Presence::Optional(Value::Null) => write!(f, "optional({})", self.ty),
            Presence::Optional(default) => write!(f, "optional({}, {})", self.ty, literal(default)),
        }
    }
}

/// A value as it would be written in configuration.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => quoted(text),
        Value::List(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Set(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let pairs: Vec<_> = map.iter().map(|(k, v)| format!("{} = {}", quoted(k), literal(v))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out.replace("${", "$${").replace("%{", "%%{")
}
