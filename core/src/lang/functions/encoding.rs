//! JSON, Base64, URLs and digests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};

use crate::lang::functions::function::{Args, CallError, Function, Kind, Param, Plain, Shape};
use crate::lang::functions::strings::check_length;
use crate::value::{MAX_DIGITS, Value};

const TEXT: &[Param] = &[Param::new("text", Shape::String)];

const fn of_text(
    name: &'static str,
    docs: &'static str,
    call: fn(Args) -> Result<Value, CallError>,
) -> Function {
    Function { name, docs, params: TEXT, variadic: None, kind: Kind::Plain(Plain(call)) }
}

pub(super) static FUNCTIONS: &[Function] = &[
    of_text("base64decode", "The text that is written in Base64; it must be UTF-8.", |args| {
        let wrong = |what| CallError::at(0, format!("the text is no {what}"));
        let bytes = STANDARD.decode(args.text(0).replace(['\r', '\n'], "")).map_err(|_| wrong("Base64"))?;
        String::from_utf8(bytes).map(Value::String).map_err(|_| wrong("Base64 of UTF-8 text"))
    }),
    of_text("base64encode", "The text in Base64.", |args| {
        check_length(args.text(0).len() / 3 * 4)?;
        Ok(STANDARD.encode(args.text(0)).into())
    }),
    of_text("base64sha256", "The SHA-256 digest of the text, in Base64.", |args| {
        Ok(STANDARD.encode(Sha256::digest(args.text(0))).into())
    }),
    of_text("base64sha512", "The SHA-512 digest of the text, in Base64.", |args| {
        Ok(STANDARD.encode(Sha512::digest(args.text(0))).into())
    }),
    of_text("jsondecode", "The value that a JSON document stands for.", jsondecode),
    Function {
        name: "jsonencode",
        docs: "The value as a JSON document on one line, names sorted; `<`, `>` and `&` are escaped.",
        params: &[Param::new("value", Shape::Any).or_null()],
        variadic: None,
        kind: Kind::Plain(Plain(|args| Ok(json_text(args.value(0)).into()))),
    },
    of_text("sha256", "The SHA-256 digest of the text, in hexadecimal.", |args| {
        Ok(hexadecimal(&Sha256::digest(args.text(0))).into())
    }),
    of_text("sha512", "The SHA-512 digest of the text, in hexadecimal.", |args| {
        Ok(hexadecimal(&Sha512::digest(args.text(0))).into())
    }),
    of_text("urlencode", "The text as it may stand in the query of a URL.", urlencode),
];

fn jsondecode(args: Args) -> Result<Value, CallError> {
    // The parser's own message may quote the text, which may be a secret: only the place is told.
    let json: serde_json::Value = serde_json::from_str(args.text(0)).map_err(|e| {
        CallError::at(0, format!("the text is no JSON at line {}, column {}", e.line(), e.column()))
    })?;
    Value::from_json(&json)
        .ok_or_else(|| CallError::at(0, format!("a number has more than {MAX_DIGITS} digits")))
}

/// The value as JSON, with the characters escaped that HTML gives a meaning.
pub(super) fn json_text(value: &Value) -> String {
    let json = value.to_json().to_string();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn urlencode(args: Args) -> Result<Value, CallError> {
    let text = args.text(0);
    check_length(text.len().saturating_mul(3))?;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(out.into())
}
