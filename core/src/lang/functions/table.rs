//! All functions by name, and why some well-known ones are not among them.

use std::sync::LazyLock;

use crate::lang::functions::function::Function;
use crate::lang::functions::{
    collections, convert, encoding, format, numbers, regexes, schedules, sets, special, strings,
};

static ALL: LazyLock<Vec<&'static Function>> = LazyLock::new(|| {
    let families = [
        collections::FUNCTIONS,
        convert::FUNCTIONS,
        encoding::FUNCTIONS,
        format::FUNCTIONS,
        numbers::FUNCTIONS,
        regexes::FUNCTIONS,
        schedules::FUNCTIONS,
        sets::FUNCTIONS,
        special::FUNCTIONS,
        strings::FUNCTIONS,
    ];
    let mut all: Vec<&'static Function> = families.into_iter().flatten().collect();
    all.sort_by_key(|f| f.name);
    all
});

/// All functions, sorted by name.
pub fn all() -> &'static [&'static Function] {
    &ALL
}

/// The function of that name.
pub fn lookup(name: &str) -> Option<&'static Function> {
    ALL.binary_search_by_key(&name, |f| f.name).ok().map(|i| ALL[i])
}

/// Why a function that people know from elsewhere is not here.
pub fn refused(name: &str) -> Option<&'static str> {
    Some(match name {
        "timestamp" | "plantimestamp" => {
            "it gives another result on every run, so that a plan would differ from itself; pass the time in as a variable"
        }
        "uuid" | "bcrypt" => {
            "it gives another result on every run, so that a plan would differ from itself; pass the value in as a variable"
        }
        "list" => "write `[a, b]`, or `tolist(...)` to make a list of something else",
        "map" => "write `{ a = b }`, or `tomap(...)` to make a map of something else",
        "log" => "its results are not exact; compute the value outside and pass it in as a variable",
        _ => return None,
    })
}
