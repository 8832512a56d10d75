//! Sets.

use std::collections::BTreeSet;

use crate::lang::functions::convert::unify_sets;
use crate::lang::functions::function::{Args, CallError, Function, Kind, MAX_ITEMS, Param, Plain, Shape};
use crate::value::Value;

const SET: Param = Param::new("set", Shape::Set);

const fn of_sets(
    name: &'static str,
    params: &'static [Param],
    variadic: Option<Param>,
    docs: &'static str,
    call: fn(Args) -> Result<Value, CallError>,
) -> Function {
    Function { name, docs, params, variadic, kind: Kind::Plain(Plain(call)) }
}

pub(super) static FUNCTIONS: &[Function] = &[
    of_sets("setintersection", &[SET], Some(SET), "What is in every set.", |args| fold(args, |a, b| &a & &b)),
    of_sets(
        "setproduct",
        &[],
        Some(Param::new("lists", Shape::Sequence)),
        "Every combination of one element of each list, as lists.",
        setproduct,
    ),
    of_sets("setsubtract", &[SET, SET], None, "What is in the first set and not in the second.", |args| {
        fold(args, |a, b| &a - &b)
    }),
    of_sets("setunion", &[SET], Some(SET), "What is in any of the sets.", |args| fold(args, |a, b| &a | &b)),
];

fn fold(
    mut args: Args,
    combine: fn(BTreeSet<Value>, BTreeSet<Value>) -> BTreeSet<Value>,
) -> Result<Value, CallError> {
    let sets = unify_sets((0..args.count()).map(|i| args.set(i)).collect())?;
    Ok(Value::Set(sets.into_iter().reduce(combine).unwrap_or_default()))
}

fn setproduct(mut args: Args) -> Result<Value, CallError> {
    if args.count() < 2 {
        return Err(CallError::whole("at least two lists are needed"));
    }
    let sets_only = (0..args.count()).all(|i| matches!(args.value(i), Value::Set(_)));
    let lists: Vec<Vec<Value>> = (0..args.count()).map(|i| args.list(i)).collect();
    let total = lists.iter().fold(1_usize, |n, list| n.saturating_mul(list.len()));
    if total.saturating_mul(lists.len()) > MAX_ITEMS {
        return Err(CallError::whole(format!("the combinations have more than {MAX_ITEMS} elements")));
    }
    if total == 0 {
        return Ok(if sets_only { Value::Set(BTreeSet::new()) } else { Value::List(Vec::new()) });
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for list in &lists {
        let longer = |row: &Vec<Value>, item: &Value| row.iter().chain([item]).cloned().collect();
        rows = rows.iter().flat_map(|row| list.iter().map(move |item| longer(row, item))).collect();
    }
    let rows = rows.into_iter().map(Value::List);
    Ok(if sets_only { Value::Set(rows.collect()) } else { Value::List(rows.collect()) })
}
