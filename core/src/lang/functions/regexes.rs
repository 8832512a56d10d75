//! Regular expressions, in RE2 syntax as people know it: `\d`, `\w`, `\s` and `\b` are ASCII.

use regex::{Captures, Regex, RegexBuilder};

use std::collections::BTreeMap;

use crate::lang::functions::function::{Args, CallError, Function, Kind, MAX_ITEMS, Param, Plain, Shape};
use crate::lang::functions::strings::check_length;
use crate::value::Value;

const PARAMS: &[Param] = &[Param::new("pattern", Shape::String), Param::new("text", Shape::String)];

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "regex",
        docs: "The first match: a text; with groups, a list of them; with named groups, an object of them.",
        params: PARAMS,
        variadic: None,
        kind: Kind::Plain(Plain(first)),
    },
    Function {
        name: "regexall",
        docs: "All matches, each as `regex` gives it.",
        params: PARAMS,
        variadic: None,
        kind: Kind::Plain(Plain(all)),
    },
];

fn first(args: Args) -> Result<Value, CallError> {
    let regex = compile(args.text(0), 0)?;
    check_groups(&regex)?;
    let found = regex.captures(args.text(1)).map(|captures| matched(&regex, &captures));
    found.ok_or_else(|| CallError::at(1, "the pattern matches no part of the text"))
}

fn all(args: Args) -> Result<Value, CallError> {
    let regex = compile(args.text(0), 0)?;
    check_groups(&regex)?;
    let mut found = Vec::new();
    for captures in regex.captures_iter(args.text(1)) {
        if found.len() == MAX_ITEMS {
            return Err(CallError::at(1, format!("there are more than {MAX_ITEMS} matches")));
        }
        found.push(matched(&regex, &captures));
    }
    Ok(Value::List(found))
}

/// Replaces all matches; `$1` and `${name}` stand for groups.
pub(super) fn replace_all(text: &str, pattern: &str, replacement: &str) -> Result<Value, CallError> {
    let regex = compile(pattern, 1)?;
    let mut out = String::new();
    let mut at = 0;
    for captures in regex.captures_iter(text) {
        let whole = captures.get_match();
        out.push_str(&text[at..whole.start()]);
        captures.expand(replacement, &mut out);
        check_length(out.len())?;
        at = whole.end();
    }
    out.push_str(&text[at..]);
    Ok(out.into())
}

fn check_groups(regex: &Regex) -> Result<(), CallError> {
    let named = regex.capture_names().flatten().count();
    if named > 0 && named < regex.captures_len() - 1 {
        return Err(CallError::at(0, "either all groups have names, or none"));
    }
    Ok(())
}

fn matched(regex: &Regex, captures: &Captures<'_>) -> Value {
    let group = |i: usize| captures.get(i).map_or(Value::Null, |m| m.as_str().into());
    let names: BTreeMap<String, Value> = regex
        .capture_names()
        .enumerate()
        .filter_map(|(i, name)| name.map(|n| (n.to_owned(), group(i))))
        .collect();
    match regex.captures_len() {
        1 => group(0),
        _ if !names.is_empty() => Value::Object(names),
        n => Value::List((1..n).map(group).collect()),
    }
}

fn compile(pattern: &str, arg: usize) -> Result<Regex, CallError> {
    RegexBuilder::new(&translate(pattern))
        .size_limit(1 << 22)
        .build()
        .map_err(|_| CallError::at(arg, "this is no regular expression in RE2 syntax"))
}

/// From RE2's notation to that of the `regex` crate, where the same letters mean something else.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let mut class = false;
    let mut start_of_class = false;
    while let Some(c) = chars.next() {
        let first = std::mem::take(&mut start_of_class);
        match c {
            '\\' => match chars.next() {
                Some('d') => out.push_str("[0-9]"),
                Some('D') => out.push_str("[^0-9]"),
                Some('w') => out.push_str("[0-9A-Za-z_]"),
                Some('W') => out.push_str("[^0-9A-Za-z_]"),
                Some('s') => out.push_str(r"[\t\n\f\r ]"),
                Some('S') => out.push_str(r"[^\t\n\f\r ]"),
                Some('b') if !class => out.push_str(r"(?-u:\b)"),
                Some('Q') => quote(&mut chars, &mut out),
                Some(c @ ('<' | '>')) => out.push(c),
                Some(escaped) => out.extend(['\\', escaped]),
                None => out.push('\\'),
            },
            '[' if !class => {
                (class, start_of_class) = (true, true);
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
            }
            '[' if chars.peek() == Some(&':') => out.push('['),
            '[' => out.push_str("\\["),
            ']' if class && first => out.push_str("\\]"),
            ']' if class && out.ends_with(':') => {
                out.push(']');
            }
            ']' => {
                class = false;
                out.push(']');
            }
            '&' | '~' if class => out.extend(['\\', c]),
            '-' if class && chars.peek() == Some(&'-') => out.push_str("\\-"),
            c => out.push(c),
        }
    }
    out
}

/// `\Q...\E`: everything in between is meant literally.
fn quote(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    let mut literal = String::new();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.next_if_eq(&'E').is_some() {
            break;
        }
        literal.push(c);
    }
    out.push_str(&regex::escape(&literal));
}
