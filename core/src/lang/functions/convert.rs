//! Conversion between types.

use std::collections::BTreeSet;

use crate::lang::functions::function::{Args, CallError, Function, Kind, Param, Plain, Shape};
use crate::lang::types::{self, TypeConstraint};
use crate::value::Value;

const fn conversion(
    name: &'static str,
    docs: &'static str,
    call: fn(Args) -> Result<Value, CallError>,
) -> Function {
    Function { name, docs, params: &[VALUE], variadic: None, kind: Kind::Plain(Plain(call)) }
}

const VALUE: Param = Param::new("value", Shape::Any).or_null();

pub(super) static FUNCTIONS: &[Function] = &[
    conversion("tobool", "The value as a bool; of texts, `\"true\"` and `\"false\"`.", |args| {
        to(args, &TypeConstraint::Bool)
    }),
    conversion("tolist", "The value as a list, its elements as one type.", |args| {
        to(args, &TypeConstraint::list(TypeConstraint::Any))
    }),
    conversion("tomap", "The value as a map, its elements as one type.", |args| {
        to(args, &TypeConstraint::map(TypeConstraint::Any))
    }),
    conversion("tonumber", "The value as a number; of texts, decimal notation.", |args| {
        to(args, &TypeConstraint::Number)
    }),
    conversion(
        "toset",
        "The value as a set: without order and duplicates, its elements as one type.",
        |args| to(args, &TypeConstraint::set(TypeConstraint::Any)),
    ),
    conversion("tostring", "The value as text; of numbers, all digits.", |args| {
        to(args, &TypeConstraint::String)
    }),
];

fn to(mut args: Args, ty: &TypeConstraint) -> Result<Value, CallError> {
    types::convert(args.take(0), ty).map_err(|e| CallError::at(0, e.to_string()))
}

/// One type for the arguments of a call.
pub(super) fn unify_arguments(values: Vec<Value>) -> Result<Vec<Value>, CallError> {
    types::unify(values).ok_or_else(|| CallError::whole("all arguments must be of one type"))
}

/// One type for the elements of several sets.
pub(super) fn unify_sets(sets: Vec<BTreeSet<Value>>) -> Result<Vec<BTreeSet<Value>>, CallError> {
    let sets = unify_arguments(sets.into_iter().map(Value::Set).collect())?;
    Ok(sets
        .into_iter()
        .filter_map(|set| if let Value::Set(items) = set { Some(items) } else { None })
        .collect())
}
