//! Lists and objects.

use std::collections::{BTreeMap, BTreeSet};

use unicode_segmentation::UnicodeSegmentation;

use crate::lang::functions::convert::unify_arguments;
use crate::lang::functions::function::{Args, CallError, Function, Kind, MAX_ITEMS, Param, Plain, Shape};
use crate::value::{Number, Value};

const fn plain(
    name: &'static str,
    params: &'static [Param],
    docs: &'static str,
    call: fn(Args) -> Result<Value, CallError>,
) -> Function {
    Function { name, docs, params, variadic: None, kind: Kind::Plain(Plain(call)) }
}

const fn variadic(
    name: &'static str,
    params: &'static [Param],
    rest: Param,
    docs: &'static str,
    call: fn(Args) -> Result<Value, CallError>,
) -> Function {
    Function { name, docs, params, variadic: Some(rest), kind: Kind::Plain(Plain(call)) }
}

const LIST: Param = Param::new("list", Shape::List);
const STRINGS: Param = Param::new("list", Shape::Strings);
const SEQUENCE: Param = Param::new("list", Shape::Sequence);
const OBJECT: Param = Param::new("object", Shape::Object);
const KEY: Param = Param::new("key", Shape::String);
const VALUE: Param = Param::new("value", Shape::Any);
const INDEX: Param = Param::new("index", Shape::Number);

pub(super) static FUNCTIONS: &[Function] = &[
    plain(
        "alltrue",
        &[Param::new("list", Shape::Bools)],
        "Whether all elements are true; true for an empty list.",
        |args| bools(args, |items| items.iter().all(|b| *b == Value::Bool(true))),
    ),
    plain("anytrue", &[Param::new("list", Shape::Bools)], "Whether any element is true.", |args| {
        bools(args, |items| items.contains(&Value::Bool(true)))
    }),
    plain(
        "chunklist",
        &[SEQUENCE, Param::new("size", Shape::Number)],
        "The list in pieces of `size` elements; size 0 makes one piece.",
        chunklist,
    ),
    variadic(
        "coalesce",
        &[],
        Param::new("values", Shape::Any).or_null(),
        "The first argument that is neither null nor an empty text.",
        coalesce,
    ),
    variadic(
        "coalescelist",
        &[],
        Param::new("lists", Shape::Sequence),
        "The first list that is not empty.",
        coalescelist,
    ),
    plain("compact", &[STRINGS], "The list without nulls and empty texts.", compact),
    variadic(
        "concat",
        &[],
        Param::new("lists", Shape::Any),
        "The elements of all lists, one after another.",
        concat,
    ),
    plain(
        "contains",
        &[SEQUENCE, VALUE],
        "Whether the value is an element of the list. Nothing is converted: `1` is not `\"1\"`.",
        contains,
    ),
    plain("distinct", &[LIST], "The list without repetitions, each element where it came first.", distinct),
    plain(
        "element",
        &[SEQUENCE, INDEX],
        "The element at the index, going round past the end; a negative index counts from the end.",
        element,
    ),
    plain(
        "flatten",
        &[SEQUENCE],
        "All elements of the lists and sets in the list, at every depth, as one list.",
        flatten,
    ),
    plain("index", &[SEQUENCE, VALUE], "The index of the first element that equals the value.", index),
    plain("keys", &[OBJECT], "The names of the attributes, sorted.", |mut args| {
        Ok(Value::List(args.object(0).into_keys().map(Value::String).collect()))
    }),
    plain(
        "length",
        &[VALUE],
        "The number of elements, of attributes, or of characters as a reader sees them.",
        length,
    ),
    plain(
        "lookup",
        &[OBJECT, KEY, Param::new("default", Shape::Any).or_null().optional()],
        "The attribute of that name, or else the default.",
        lookup,
    ),
    plain(
        "matchkeys",
        &[SEQUENCE, Param::new("keys", Shape::Sequence), Param::new("search", Shape::Sequence)],
        "The elements of the list whose key, at the same index of `keys`, is in `search`.",
        matchkeys,
    ),
    variadic(
        "merge",
        &[],
        Param::new("objects", Shape::Object).or_null(),
        "All attributes of all objects; of equal names the last one counts.",
        merge,
    ),
    plain("one", &[SEQUENCE], "The only element, or null when there is none.", one),
    plain("reverse", &[SEQUENCE], "The list backwards.", |mut args| {
        let mut items = args.list(0);
        items.reverse();
        Ok(Value::List(items))
    }),
    plain(
        "slice",
        &[SEQUENCE, Param::new("start", Shape::Number), Param::new("end", Shape::Number)],
        "The elements from index `start` up to, and without, `end`.",
        slice,
    ),
    plain("sort", &[STRINGS], "The texts in the order of their code points.", sort),
    plain(
        "transpose",
        &[Param::new("object", Shape::StringLists)],
        "From each text in the lists to the names of the lists it is in.",
        transpose,
    ),
    plain("values", &[OBJECT], "The values of the attributes, sorted by name.", |mut args| {
        Ok(Value::List(args.object(0).into_values().collect()))
    }),
    plain(
        "zipmap",
        &[Param::new("keys", Shape::Strings), Param::new("values", Shape::Sequence)],
        "An object with these names and values.",
        zipmap,
    ),
];

fn bools(mut args: Args, test: fn(&[Value]) -> bool) -> Result<Value, CallError> {
    Ok(Value::Bool(test(&args.list(0))))
}

fn chunklist(mut args: Args) -> Result<Value, CallError> {
    let size = args.integer(1)?;
    let items = args.list(0);
    let size = usize::try_from(size).map_err(|_| CallError::at(1, "`size` must not be negative"))?;
    if items.is_empty() {
        return Ok(Value::List(Vec::new()));
    }
    let size = if size == 0 { items.len() } else { size };
    Ok(Value::List(items.chunks(size).map(|chunk| Value::List(chunk.to_vec())).collect()))
}

fn coalesce(mut args: Args) -> Result<Value, CallError> {
    let values = unify_arguments(args.rest(0))?;
    values
        .into_iter()
        .find(|value| *value != Value::Null && value.as_str() != Some(""))
        .ok_or_else(|| CallError::whole("every argument is null or an empty text"))
}

fn coalescelist(mut args: Args) -> Result<Value, CallError> {
    args.rest(0)
        .into_iter()
        .find(|value| match value {
            Value::List(items) => !items.is_empty(),
            Value::Set(items) => !items.is_empty(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => false,
        })
        .ok_or_else(|| CallError::whole("every list is empty"))
}

fn compact(mut args: Args) -> Result<Value, CallError> {
    let mut items = args.list(0);
    items.retain(|item| item.as_str().is_some_and(|text| !text.is_empty()));
    Ok(Value::List(items))
}

fn concat(mut args: Args) -> Result<Value, CallError> {
    if args.count() == 0 {
        return Err(CallError::whole("at least one list is needed"));
    }
    let mut all = Vec::new();
    for (i, list) in args.rest(0).into_iter().enumerate() {
        let Value::List(items) = list else {
            return Err(CallError::at(i, format!("expected a list, found {}", list.type_name())));
        };
        all.extend(items);
    }
    Ok(Value::List(all))
}

fn contains(mut args: Args) -> Result<Value, CallError> {
    let items = args.list(0);
    Ok(Value::Bool(items.contains(args.value(1))))
}

fn distinct(mut args: Args) -> Result<Value, CallError> {
    let mut seen = BTreeSet::new();
    let mut items = args.list(0);
    items.retain(|item| seen.insert(item.clone()));
    Ok(Value::List(items))
}

fn element(mut args: Args) -> Result<Value, CallError> {
    let at = args.integer(1)?;
    let mut items = args.list(0);
    if items.is_empty() {
        return Err(CallError::at(0, "the list is empty"));
    }
    Ok(items.swap_remove(at.rem_euclid(items.len() as i64) as usize))
}

fn flatten(mut args: Args) -> Result<Value, CallError> {
    let mut flat = Vec::new();
    // A stack in place of recursion: nesting costs no call depth.
    let mut open = vec![args.list(0).into_iter()];
    while let Some(items) = open.last_mut() {
        match items.next() {
            None => drop(open.pop()),
            Some(Value::List(inner)) => open.push(inner.into_iter()),
            Some(Value::Set(inner)) => open.push(inner.into_iter().collect::<Vec<_>>().into_iter()),
            Some(plain) => flat.push(plain),
        }
    }
    Ok(Value::List(flat))
}

fn index(mut args: Args) -> Result<Value, CallError> {
    let items = args.list(0);
    let at = items.iter().position(|item| item == args.value(1));
    at.map(|i| Value::Number(Number::from(i as u64)))
        .ok_or_else(|| CallError::at(1, "the value is no element of the list"))
}

fn length(args: Args) -> Result<Value, CallError> {
    let count = match args.value(0) {
        Value::String(text) => text.graphemes(true).count(),
        Value::List(items) => items.len(),
        Value::Set(items) => items.len(),
        Value::Object(map) => map.len(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => {
            return Err(CallError::at(
                0,
                format!("expected a string, a list, a set or an object, found {}", other.type_name()),
            ));
        }
    };
    Ok(Value::Number(Number::from(count as u64)))
}

fn lookup(mut args: Args) -> Result<Value, CallError> {
    let mut map = args.object(0);
    match map.remove(args.text(1)) {
        Some(value) => Ok(value),
        None if args.count() > 2 => Ok(args.take(2)),
        None => Err(CallError::at(1, "the object has no attribute of that name, and there is no default")),
    }
}

fn matchkeys(mut args: Args) -> Result<Value, CallError> {
    let (items, keys, search) = (args.list(0), args.list(1), args.list(2));
    if items.len() != keys.len() {
        return Err(CallError::at(1, "`keys` must have as many elements as `list`"));
    }
    // Keys and what is searched for are compared as one type: `1` finds `"1"`.
    let split = keys.len();
    let all = crate::lang::types::unify(keys.into_iter().chain(search).collect())
        .ok_or_else(|| CallError::at(2, "`keys` and `search` must be of one type"))?;
    let search: BTreeSet<&Value> = all[split..].iter().collect();
    let found = items.into_iter().zip(&all[..split]).filter(|(_, key)| search.contains(key));
    Ok(Value::List(found.map(|(item, _)| item).collect()))
}

fn merge(mut args: Args) -> Result<Value, CallError> {
    let mut merged = BTreeMap::new();
    for object in args.rest(0) {
        if let Value::Object(map) = object {
            merged.extend(map);
        }
    }
    Ok(Value::Object(merged))
}

fn one(mut args: Args) -> Result<Value, CallError> {
    let mut items = args.list(0);
    match items.len() {
        0 | 1 => Ok(items.pop().unwrap_or(Value::Null)),
        n => Err(CallError::at(0, format!("expected no or one element, found {n}"))),
    }
}

fn slice(mut args: Args) -> Result<Value, CallError> {
    let (start, end) = (args.integer(1)?, args.integer(2)?);
    let mut items = args.list(0);
    let start = usize::try_from(start).map_err(|_| CallError::at(1, "`start` must not be negative"))?;
    let end = usize::try_from(end).map_err(|_| CallError::at(2, "`end` must not be negative"))?;
    if end > items.len() {
        return Err(CallError::at(2, "`end` lies past the end of the list"));
    }
    if start > end {
        return Err(CallError::at(1, "`start` must not be after `end`"));
    }
    items.truncate(end);
    Ok(Value::List(items.split_off(start)))
}

fn sort(mut args: Args) -> Result<Value, CallError> {
    let mut texts = args.texts(0)?;
    texts.sort_unstable();
    Ok(Value::List(texts.into_iter().map(Value::String).collect()))
}

fn transpose(mut args: Args) -> Result<Value, CallError> {
    let mut turned: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut count = 0;
    for (name, list) in args.object(0) {
        let Value::List(items) = list else { return Err(CallError::at(0, "a list must not be null")) };
        count += items.len();
        if count > MAX_ITEMS {
            return Err(CallError::at(0, format!("the lists have more than {MAX_ITEMS} elements")));
        }
        for item in items {
            let Value::String(text) = item else {
                return Err(CallError::at(0, "an element must not be null"));
            };
            turned.entry(text).or_default().push(Value::String(name.clone()));
        }
    }
    Ok(Value::Object(turned.into_iter().map(|(k, v)| (k, Value::List(v))).collect()))
}

fn zipmap(mut args: Args) -> Result<Value, CallError> {
    let keys = args.texts(0)?;
    let values = args.list(1);
    if keys.len() != values.len() {
        return Err(CallError::at(1, format!("there are {} keys but {} values", keys.len(), values.len())));
    }
    Ok(Value::Object(keys.into_iter().zip(values).collect()))
}
