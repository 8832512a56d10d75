//! One type for several values: elements of a list, arms of a conditional.

use std::collections::BTreeMap;

use crate::value::Value;

/// What all values but the nulls are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Common {
    Nothing,
    Same,
    Text,
    Lists,
    Sets,
    Objects,
}

/// Converts values to one type: where texts stand beside numbers or bools, all become texts, at
/// every depth. Nulls stay. `None` when there is no common type.
pub fn unify(values: Vec<Value>) -> Option<Vec<Value>> {
    match common(&values)? {
        Common::Nothing | Common::Same => Some(values),
        Common::Text => Some(values.into_iter().map(to_text).collect()),
        Common::Lists => unify_lists(values),
        Common::Sets => unify_parts(values, |value| match value {
            Value::Set(items) => Parts { keys: None, items: items.into_iter().collect(), set: true },
            other => Parts::whole(other),
        }),
        Common::Objects => unify_objects(values),
    }
}

fn common(values: &[Value]) -> Option<Common> {
    let (mut bools, mut numbers, mut texts, mut lists, mut sets, mut objects) = (0, 0, 0, 0, 0, 0);
    for value in values {
        match value {
            Value::Null => {}
            Value::Bool(_) => bools += 1,
            Value::Number(_) => numbers += 1,
            Value::String(_) => texts += 1,
            Value::List(_) => lists += 1,
            Value::Set(_) => sets += 1,
            Value::Object(_) => objects += 1,
        }
    }
    match (bools, numbers, texts, lists, sets, objects) {
        (0, 0, 0, 0, 0, 0) => Some(Common::Nothing),
        (_, 0, 0, 0, 0, 0) | (0, _, 0, 0, 0, 0) | (0, 0, _, 0, 0, 0) => Some(Common::Same),
        (_, _, 1.., 0, 0, 0) => Some(Common::Text),
        (0, 0, 0, _, 0, 0) => Some(Common::Lists),
        (0, 0, 0, 0, _, 0) => Some(Common::Sets),
        (0, 0, 0, 0, 0, _) => Some(Common::Objects),
        _ => None,
    }
}

fn to_text(value: Value) -> Value {
    match value {
        Value::Number(n) => Value::String(n.to_string()),
        Value::Bool(b) => Value::String(b.to_string()),
        other => other,
    }
}

fn unify_lists(values: Vec<Value>) -> Option<Vec<Value>> {
    let mut lengths =
        values.iter().filter_map(|v| if let Value::List(items) = v { Some(items.len()) } else { None });
    let first = lengths.next()?;
    if lengths.any(|n| n != first) {
        return unify_parts(values, |value| match value {
            Value::List(items) => Parts { keys: None, items, set: false },
            other => Parts::whole(other),
        });
    }
    // All of one length: tuples, whose positions may be of different types.
    let mut columns = vec![Vec::with_capacity(values.len()); first];
    for value in &values {
        if let Value::List(items) = value {
            for (column, item) in columns.iter_mut().zip(items) {
                column.push(item.clone());
            }
        }
    }
    let mut columns =
        columns.into_iter().map(|c| unify(c).map(Vec::into_iter)).collect::<Option<Vec<_>>>()?;
    Some(
        values
            .into_iter()
            .map(|value| match value {
                Value::List(_) => Value::List(columns.iter_mut().filter_map(Iterator::next).collect()),
                other => other,
            })
            .collect(),
    )
}

fn unify_objects(values: Vec<Value>) -> Option<Vec<Value>> {
    let maps: Vec<&BTreeMap<String, Value>> =
        values.iter().filter_map(|v| if let Value::Object(map) = v { Some(map) } else { None }).collect();
    let first = maps.first()?;
    if maps.iter().any(|m| !m.keys().eq(first.keys())) {
        return unify_parts(values, |value| match value {
            Value::Object(map) => {
                let (keys, items) = map.into_iter().unzip();
                Parts { keys: Some(keys), items, set: false }
            }
            other => Parts::whole(other),
        });
    }
    let mut columns = BTreeMap::new();
    for key in first.keys() {
        let column = maps.iter().filter_map(|m| m.get(key).cloned()).collect();
        columns.insert(key.clone(), unify(column)?.into_iter());
    }
    Some(
        values
            .into_iter()
            .map(|value| match value {
                Value::Object(_) => Value::Object(
                    columns.iter_mut().filter_map(|(k, c)| c.next().map(|v| (k.clone(), v))).collect(),
                ),
                other => other,
            })
            .collect(),
    )
}

/// A collection taken apart: all elements of all collections are unified together, then put back.
struct Parts {
    keys: Option<Vec<String>>,
    items: Vec<Value>,
    set: bool,
}

impl Parts {
    /// Null, the only value beside collections of one kind; its empty list of parts marks it.
    fn whole(value: Value) -> Parts {
        debug_assert_eq!(value, Value::Null, "common() found only one kind");
        Parts { keys: None, items: Vec::new(), set: false }
    }
}

fn unify_parts(values: Vec<Value>, take_apart: fn(Value) -> Parts) -> Option<Vec<Value>> {
    let mut shapes = Vec::with_capacity(values.len());
    let mut all = Vec::new();
    for value in values {
        let null = value == Value::Null;
        let parts = take_apart(value);
        shapes.push((null, parts.keys, parts.items.len(), parts.set));
        all.extend(parts.items);
    }
    let mut all = unify(all)?.into_iter();
    Some(
        shapes
            .into_iter()
            .map(|(null, keys, count, set)| {
                let items = all.by_ref().take(count);
                match keys {
                    _ if null => Value::Null,
                    Some(keys) => Value::Object(keys.into_iter().zip(items).collect()),
                    None if set => Value::Set(items.collect()),
                    None => Value::List(items.collect()),
                }
            })
            .collect(),
    )
}
