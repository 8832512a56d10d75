//! Going into a value that may be partly known: attributes, indexes, the elements of a collection.

use crate::addr::InstanceKey;
use crate::lang::env::Lookup;
use crate::lang::expr::{Expr, ExprKind, PathStep};
use crate::value::{Number, Value};

/// What an attribute or index finds.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// This.
    Expr(Expr),
    /// That cannot be told yet.
    Open,
    /// There is nothing: why, and what there is instead.
    Missing {
        /// What is wrong here.
        message: String,
        /// Names there are.
        candidates: Vec<String>,
    },
}

fn missing(message: impl Into<String>) -> Found {
    Found::Missing { message: message.into(), candidates: Vec::new() }
}

/// What stands under a known key.
pub fn get(base: &Expr, key: &Value) -> Found {
    let inherit = |value: &Value| {
        Found::Expr(Expr {
            kind: ExprKind::Literal(value.clone()),
            span: base.span,
            sensitive: base.sensitive,
        })
    };
    match &base.kind {
        ExprKind::Literal(Value::Object(map)) => match key_text(key) {
            Some(name) => map.get(&name).map_or_else(|| no_name(&name, map.keys()), inherit),
            None => missing(format!("expected the name of an attribute, found {}", key.type_name())),
        },
        ExprKind::Literal(Value::List(items)) => match position(key, items.len()) {
            Ok(i) => inherit(&items[i]),
            Err(message) => missing(message),
        },
        ExprKind::Literal(value) => missing(match value {
            Value::Null => "this is null, which has no elements".to_owned(),
            Value::Set(_) => "a set has no order; convert it with `tolist` first".to_owned(),
            other => format!("{} has no elements or attributes", other.type_name()),
        }),
        ExprKind::List(items) => match position(key, items.len()) {
            Ok(i) => Found::Expr(inherited(&items[i], base)),
            Err(message) => missing(message),
        },
        ExprKind::Object(pairs) => {
            let Some(name) = key_text(key) else {
                return missing(format!("expected the name of an attribute, found {}", key.type_name()));
            };
            let mut names = Vec::new();
            let mut found = None;
            for (k, v) in pairs {
                let Some(k) = k.value().as_ref().and_then(key_text) else { return Found::Open };
                if k == name {
                    found = Some(v);
                }
                names.push(k);
            }
            match found {
                Some(value) => Found::Expr(inherited(value, base)),
                None => no_name(&name, names.iter()),
            }
        }
        _ => Found::Open,
    }
}

fn inherited(expr: &Expr, base: &Expr) -> Expr {
    let mut expr = expr.clone();
    expr.sensitive |= base.sensitive;
    expr
}

fn no_name<'n>(name: &str, names: impl Iterator<Item = &'n String>) -> Found {
    Found::Missing { message: format!("there is no `{name}` here"), candidates: names.cloned().collect() }
}

/// The text of a value that is used as a key.
pub fn key_text(key: &Value) -> Option<String> {
    crate::lang::operators::text(key)
}

fn position(key: &Value, length: usize) -> Result<usize, String> {
    let number = match key {
        Value::Number(n) => n.as_i64(),
        Value::String(text) => crate::lang::types::parse_number(text).and_then(|n| n.as_i64()),
        _ => None,
    };
    let Some(number) = number else {
        return Err(match key {
            Value::Number(_) => "an index is a whole number".to_owned(),
            Value::String(_) => "a list has no attributes; `[*]` goes through its elements".to_owned(),
            other => format!("expected a number as the index, found {}", other.type_name()),
        });
    };
    usize::try_from(number).ok().filter(|i| *i < length).ok_or_else(|| match length {
        0 => "the list is empty".to_owned(),
        1 => "the list has 1 element, counted from 0".to_owned(),
        n => format!("the list has {n} elements, counted from 0"),
    })
}

/// A step of a path as the key it stands for.
pub fn step_key(step: &PathStep) -> Value {
    match step {
        PathStep::Attribute(name) => Value::String(name.clone()),
        PathStep::Key(InstanceKey::Each(key)) => Value::String(key.clone()),
        PathStep::Key(InstanceKey::Index(i)) => Value::Number(Number::from(*i)),
    }
}

/// Answers a reference from what its subject is: for environments that keep whole values. The part
/// that is not known yet makes the answer `NotYet`, unless a path leads around it.
pub fn follow(subject: &Expr, path: &[PathStep]) -> Lookup {
    let mut at = subject.clone();
    for (i, step) in path.iter().enumerate() {
        at = match (get(&at, &step_key(step)), at.kind) {
            (Found::Expr(next), _) => next,
            (Found::Open, ExprKind::Reference(mut reference)) => {
                reference.path.extend_from_slice(&path[i..]);
                return Lookup::Expr(Expr {
                    kind: ExprKind::Reference(reference),
                    span: at.span,
                    sensitive: at.sensitive,
                });
            }
            (Found::Open, _) => return Lookup::NotYet,
            (Found::Missing { candidates, .. }, _) => return Lookup::Undeclared { candidates },
        };
    }
    match at.kind {
        ExprKind::Literal(value) => Lookup::Known { value, sensitive: at.sensitive },
        _ => Lookup::Expr(at),
    }
}

/// The elements of a collection with their keys; `None` when it is not known how many there are,
/// an error when it is no collection.
pub fn elements(expr: &Expr) -> Option<Result<Vec<(Expr, Expr)>, Value>> {
    let span = expr.span;
    let leaf = |value: Value| Expr { kind: ExprKind::Literal(value), span, sensitive: expr.sensitive };
    let index = |i: usize| leaf(Value::Number(Number::from(i as u64)));
    Some(Ok(match &expr.kind {
        ExprKind::Literal(Value::List(items)) => {
            items.iter().enumerate().map(|(i, v)| (index(i), leaf(v.clone()))).collect()
        }
        ExprKind::Literal(Value::Set(items)) => {
            items.iter().map(|v| (leaf(v.clone()), leaf(v.clone()))).collect()
        }
        ExprKind::Literal(Value::Object(map)) => {
            map.iter().map(|(k, v)| (leaf(Value::String(k.clone())), leaf(v.clone()))).collect()
        }
        ExprKind::Literal(other) => return Some(Err(other.clone())),
        ExprKind::List(items) => {
            items.iter().enumerate().map(|(i, v)| (index(i), inherited(v, expr))).collect()
        }
        ExprKind::Object(pairs) => {
            let mut named = std::collections::BTreeMap::new();
            for (k, v) in pairs {
                named.insert(key_text(&k.value()?)?, inherited(v, expr));
            }
            named.into_iter().map(|(k, v)| (leaf(Value::String(k)), v)).collect()
        }
        _ => return None,
    }))
}
