//! Values and expressions as people write them, and documents as line differences.

use drctl_core::lang::expr::{Expr, PathStep, Reference, Subject};
use drctl_core::plan::After;
use drctl_core::value::Value;
use similar::{ChangeTag, TextDiff};

use super::palette::{Look, Tone};
use super::text::{safe, safe_lines};

/// What stands for a value that must not be shown.
pub(crate) const SENSITIVE: &str = "(sensitive)";
/// Lines of a document that are shown in one place; the rest is counted.
const MOST_LINES: usize = 60;
/// Unchanged lines around a changed one.
const CONTEXT: usize = 2;

/// A value on one line, as it would be written.
pub(crate) fn inline(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => quoted(text),
        Value::List(items) => list(items.iter()),
        Value::Set(items) => list(items.iter()),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(k, v)| format!("{} = {}", key(k), inline(v))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

fn list<'v>(items: impl Iterator<Item = &'v Value>) -> String {
    format!("[{}]", items.map(inline).collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", safe(&text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A name of an attribute or label: bare where it can be, else quoted.
pub(crate) fn key(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if plain { name.to_owned() } else { quoted(name) }
}

/// The path of an attribute: `replication.rule.all.status`.
pub(crate) fn path(path: &[String]) -> String {
    path.iter().map(|p| key(p)).collect::<Vec<_>>().join(".")
}

/// One side of a difference that is a value; "not set" for none.
pub(crate) fn before(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "not set".to_owned(),
        Some(value) => inline(value),
    }
}

/// The other side of a difference.
pub(crate) fn after(after: &After) -> String {
    match after {
        After::Known(value) => inline(value),
        After::Open(expr) => open(expr),
        After::Unset => "not set".to_owned(),
        After::Pending(pending) => inline(&pending.value),
        After::Unobserved(why) => format!("unobserved: {}", safe(&why.message)),
        After::ManagedBy(owner) => format!("left alone, managed by {}", safe(owner)),
    }
}

/// An expression that is not known yet: what remains of it and what it waits for.
pub(crate) fn open(expr: &Expr) -> String {
    if expr.any_sensitive() {
        return SENSITIVE.to_owned();
    }
    let mut waits: Vec<String> = expr.references().into_iter().map(|(r, _)| subject(r)).collect();
    waits.sort();
    waits.dedup();
    let text = safe(&drctl_core::lang::render(expr));
    match waits.as_slice() {
        [] => format!("{text} (known after apply)"),
        waits => format!("{text} (known after apply: {})", waits.join(", ")),
    }
}

/// What a reference names, with the instance but without the attribute.
fn subject(reference: &Reference) -> String {
    let Reference { subject, path } = reference;
    let instance = match path.first() {
        Some(PathStep::Key(key)) => key.to_string(),
        Some(PathStep::Attribute(_)) | None => String::new(),
    };
    let text = match subject {
        Subject::Variable(module, name) => in_module(module, &format!("var.{name}")),
        Subject::Local(module, name) => in_module(module, &format!("local.{name}")),
        Subject::Resource(module, kind, name) => in_module(module, &format!("{kind}.{name}{instance}")),
        Subject::Block(module, block, name) => in_module(module, &format!("{block}.{name}")),
        Subject::Module(module, name) => in_module(module, &format!("module.{name}")),
        Subject::Scoped(name) => name.to_string(),
        Subject::Path => "path".to_owned(),
    };
    safe(&text)
}

fn in_module(module: &drctl_core::addr::ModulePath, text: &str) -> String {
    if module.0.is_empty() { text.to_owned() } else { format!("{module}.{text}") }
}

/// The text of a document to compare line by line: JSON in one canonical layout, other text as it is.
fn document(value: Option<&Value>) -> String {
    let Some(text) = value.and_then(Value::as_str) else { return String::new() };
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) if json.is_object() || json.is_array() => format!("{json:#}"),
        Ok(_) | Err(_) => text.to_owned(),
    }
}

/// The difference of two documents as lines that start with `+`, `-` or a blank.
pub(crate) fn document_diff(before: Option<&Value>, after: Option<&Value>) -> Vec<(char, String)> {
    let (old, new) = (document(before), document(after));
    let diff = TextDiff::from_lines(&old, &new);
    let mut lines = Vec::new();
    for (i, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if i > 0 {
            lines.push((' ', "...".to_owned()));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            let line: &str = change.value();
            lines.push((sign, safe_lines(line.trim_end_matches(['\n', '\r']))));
        }
    }
    let all = lines.len();
    if all > MOST_LINES {
        lines.truncate(MOST_LINES);
        lines.push((' ', format!("... {} more lines; `--json` has them all", all - MOST_LINES)));
    }
    lines
}

/// A line of a document's difference in its colour.
pub(crate) fn diff_line(sign: char, line: &str, look: Look) -> String {
    let text = format!("{sign} {line}");
    match sign {
        '+' => look.paint(Tone::Good, &text),
        '-' => look.paint(Tone::Bad, &text),
        _ => look.paint(Tone::Faint, text.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_on_one_line_and_safely() {
        let value: Value =
            serde_json::from_str(r#"{"a": [1, "x\"\u001b[0m"], "b c": {"$set": ["é"]}, "n": null, "e": {}}"#)
                .unwrap();
        assert_eq!(inline(&value), r#"{ a = [1, "x\"\u{1b}[0m"], "b c" = ["é"], e = {}, n = null }"#);
    }

    #[test]
    fn documents_are_compared_by_meaning_and_line() {
        let old = Value::from(r#"{"Statement":[{"Effect":"Allow","Action":"s3:Get*"}],"Version":"1"}"#);
        let new = Value::from(r#"{ "Version": "1", "Statement": [{"Action": "s3:*", "Effect": "Allow"}] }"#);
        let diff = |a: &Value, b: &Value| {
            document_diff(Some(a), Some(b)).iter().map(|(s, l)| format!("{s} {l}\n")).collect::<String>()
        };
        insta::assert_snapshot!(diff(&old, &new), @r#"
            "Statement": [
              {
        -       "Action": "s3:Get*",
        +       "Action": "s3:*",
                "Effect": "Allow"
              }
        "#);
        assert_eq!(diff(&old, &old), "");
        assert_eq!(diff(&Value::from("a\nb"), &Value::from("a\nc")), "  a\n- b\n+ c\n");
    }
}
