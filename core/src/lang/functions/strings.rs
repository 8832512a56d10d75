//! Texts.

use unicode_segmentation::UnicodeSegmentation;

use crate::lang::functions::function::{Args, CallError, Function, Kind, MAX_TEXT, Param, Plain, Shape};
use crate::lang::functions::regexes;
use crate::value::Value;

const fn plain(
    name: &'static str,
    params: &'static [Param],
    docs: &'static str,
    call: fn(Args) -> Result<Value, CallError>,
) -> Function {
    Function { name, docs, params, variadic: None, kind: Kind::Plain(Plain(call)) }
}

const TEXT: Param = Param::new("text", Shape::String);
const PREFIX: Param = Param::new("prefix", Shape::String);
const SUFFIX: Param = Param::new("suffix", Shape::String);
const SEPARATOR: Param = Param::new("separator", Shape::String);

pub(super) static FUNCTIONS: &[Function] = &[
    plain("chomp", &[TEXT], "The text without line ends at its end.", |args| {
        Ok(args.text(0).trim_end_matches(['\r', '\n']).into())
    }),
    plain("endswith", &[TEXT, SUFFIX], "Whether the text ends with the suffix.", |args| {
        Ok(args.text(0).ends_with(args.text(1)).into())
    }),
    plain(
        "indent",
        &[Param::new("spaces", Shape::Number), TEXT],
        "The text with spaces before each line but the first.",
        indent,
    ),
    Function {
        name: "join",
        docs: "The texts of all lists, with the separator between them.",
        params: &[SEPARATOR],
        variadic: Some(Param::new("lists", Shape::Strings)),
        kind: Kind::Plain(Plain(join)),
    },
    plain("lower", &[TEXT], "The text in lower case.", |args| {
        Ok(args.text(0).chars().map(lower).collect::<String>().into())
    }),
    plain(
        "replace",
        &[TEXT, Param::new("search", Shape::String), Param::new("replacement", Shape::String)],
        "The text with each match replaced. Between slashes, `search` is a regular expression, and `$1` or `${name}` in the replacement stand for its groups.",
        replace,
    ),
    plain("split", &[SEPARATOR, TEXT], "The pieces of the text between the separators.", split),
    plain("startswith", &[TEXT, PREFIX], "Whether the text starts with the prefix.", |args| {
        Ok(args.text(0).starts_with(args.text(1)).into())
    }),
    plain(
        "strcontains",
        &[TEXT, Param::new("part", Shape::String)],
        "Whether the part occurs in the text.",
        |args| Ok(args.text(0).contains(args.text(1)).into()),
    ),
    plain("strrev", &[TEXT], "The text backwards, character by character as a reader sees them.", |args| {
        Ok(args.text(0).graphemes(true).rev().collect::<String>().into())
    }),
    plain(
        "substr",
        &[TEXT, Param::new("offset", Shape::Number), Param::new("length", Shape::Number)],
        "Characters from the offset on, as many as `length`. A negative offset counts from the end; a negative length takes the rest.",
        substr,
    ),
    plain("title", &[TEXT], "The text with the first letter of each word in upper case.", title),
    plain(
        "trim",
        &[TEXT, Param::new("characters", Shape::String)],
        "The text without these characters at its start and end.",
        |args| {
            let set: Vec<char> = args.text(1).chars().collect();
            Ok(args.text(0).trim_matches(set.as_slice()).into())
        },
    ),
    plain("trimprefix", &[TEXT, PREFIX], "The text without the prefix, if it has it.", |args| {
        Ok(args.text(0).strip_prefix(args.text(1)).unwrap_or(args.text(0)).into())
    }),
    plain("trimspace", &[TEXT], "The text without white space at its start and end.", |args| {
        Ok(args.text(0).trim().into())
    }),
    plain("trimsuffix", &[TEXT, SUFFIX], "The text without the suffix, if it has it.", |args| {
        Ok(args.text(0).strip_suffix(args.text(1)).unwrap_or(args.text(0)).into())
    }),
    plain("upper", &[TEXT], "The text in upper case.", |args| {
        Ok(args.text(0).chars().map(upper).collect::<String>().into())
    }),
];

/// One character in upper case; as it is where that would take several, as `ß`.
fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// A result whose length was computed beforehand, or the error that it is too long.
pub(super) fn check_length(bytes: usize) -> Result<(), CallError> {
    if bytes <= MAX_TEXT { Ok(()) } else { Err(CallError::whole("the result has more than 16 MiB")) }
}

fn indent(args: Args) -> Result<Value, CallError> {
    let spaces = args.integer(0)?;
    let spaces = usize::try_from(spaces).map_err(|_| CallError::at(0, "`spaces` must not be negative"))?;
    let text = args.text(1);
    check_length(text.matches('\n').count().saturating_mul(spaces).saturating_add(text.len()))?;
    if !text.contains('\n') {
        return Ok(text.into());
    }
    Ok(text.replace('\n', &format!("\n{}", " ".repeat(spaces))).into())
}

fn join(mut args: Args) -> Result<Value, CallError> {
    let count = args.count();
    if count < 2 {
        return Err(CallError::whole("at least one list is needed"));
    }
    let mut texts = Vec::new();
    for i in 1..count {
        texts.extend(args.texts(i)?);
    }
    let separator = args.text(0);
    let length = texts.iter().map(String::len).sum::<usize>();
    check_length(length.saturating_add(separator.len().saturating_mul(texts.len())))?;
    Ok(texts.join(separator).into())
}

fn replace(args: Args) -> Result<Value, CallError> {
    let (text, search, replacement) = (args.text(0), args.text(1), args.text(2));
    if search.len() > 1 && search.starts_with('/') && search.ends_with('/') {
        return regexes::replace_all(text, &search[1..search.len() - 1], replacement);
    }
    let matches = text.matches(search).count();
    check_length(matches.saturating_mul(replacement.len()).saturating_add(text.len()))?;
    Ok(text.replace(search, replacement).into())
}

fn split(args: Args) -> Result<Value, CallError> {
    let (separator, text) = (args.text(0), args.text(1));
    let pieces: Vec<Value> = if separator.is_empty() {
        text.chars().map(|c| Value::String(c.to_string())).collect()
    } else {
        text.split(separator).map(Value::from).collect()
    };
    Ok(Value::List(pieces))
}

fn substr(args: Args) -> Result<Value, CallError> {
    let (offset, length) = (args.integer(1)?, args.integer(2)?);
    let text = args.text(0);
    let offset =
        if offset < 0 { (text.graphemes(true).count() as i64).saturating_add(offset).max(0) } else { offset };
    let rest = text.graphemes(true).skip(usize::try_from(offset).unwrap_or(usize::MAX));
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(rest.take(length).collect::<String>().into())
}

fn title(args: Args) -> Result<Value, CallError> {
    let mut out = String::new();
    let mut before = ' ';
    for c in args.text(0).chars() {
        let letter =
            before.is_alphanumeric() || before == '_' || (!before.is_ascii() && !before.is_whitespace());
        out.push(if letter { c } else { upper(c) });
        before = c;
    }
    Ok(out.into())
}
