//! Brings written values into the form that the kind's table calls canonical, leaf by leaf where
//! something is not known yet, so that equal meanings compare as equal.

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{Expr, ExprKind};
use crate::schema::{Attribute, Invalid, Type, attribute as find};
use crate::span::Span;
use crate::value::Value;

/// The canonical form of what is written for an attribute; `None` when it is `null`, which is the
/// same as not written. What does not fit is reported at its place and left as it is.
pub(crate) fn canonical(attribute: &Attribute, expr: Expr, diags: &mut Diagnostics) -> Option<Expr> {
    let Some(value) = expr.value() else {
        return Some(open(&attribute.ty, expr, diags));
    };
    if value == Value::Null {
        return None;
    }
    match (attribute.canonical)(value) {
        Ok(value) => Some(graft(value, &expr)),
        Err(invalid) => {
            diags.push(misfit(attribute, &invalid, &expr));
            Some(expr)
        }
    }
}

fn misfit(attribute: &Attribute, invalid: &Invalid, expr: &Expr) -> Diagnostic {
    // The message may quote the value, so a secret's is replaced.
    let message = if attribute.sensitive || expr.any_sensitive() {
        "this sensitive value does not fit the attribute".to_owned()
    } else {
        invalid.message.clone()
    };
    let mut name = attribute.name.to_owned();
    for part in &invalid.path {
        name.push('.');
        name.push_str(part);
    }
    let span = at_path(expr, &invalid.path);
    Diagnostic::error(Code::InvalidValue, format!("`{name}` has a value that does not fit"), span, message)
}

/// The span of the deepest written node on the path.
fn at_path(expr: &Expr, path: &[String]) -> Span {
    let Some((name, rest)) = path.split_first() else { return expr.span };
    let below = match &expr.kind {
        ExprKind::Object(pairs) => pairs.iter().find(|(k, _)| key_of(k) == Some(name)).map(|(_, v)| v),
        ExprKind::List(items) => name.parse::<usize>().ok().and_then(|i| items.get(i)),
        _ => None,
    };
    below.map_or(expr.span, |e| at_path(e, rest))
}

/// The known key of a pair.
pub(super) fn key_of(expr: &Expr) -> Option<&String> {
    match &expr.kind {
        ExprKind::Literal(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The value as a tree that keeps span and secrecy of the written leaves.
fn graft(value: Value, written: &Expr) -> Expr {
    let like = |kind| Expr { kind, span: written.span, sensitive: written.sensitive };
    match (value, &written.kind) {
        (Value::Object(map), ExprKind::Object(pairs)) => {
            let pairs = map
                .into_iter()
                .map(|(name, value)| {
                    let below = pairs.iter().find(|(k, _)| key_of(k) == Some(&name)).map(|(_, v)| v);
                    let value = match below {
                        Some(below) => graft(value, below),
                        None => Expr::literal(value, written.span),
                    };
                    (Expr::literal(Value::String(name), written.span), value)
                })
                .collect();
            like(ExprKind::Object(pairs))
        }
        (Value::List(values), ExprKind::List(items)) if values.len() == items.len() => like(ExprKind::List(
            values.into_iter().zip(items).map(|(value, item)| graft(value, item)).collect(),
        )),
        (value, _) => {
            Expr { kind: ExprKind::Literal(value), span: written.span, sensitive: written.any_sensitive() }
        }
    }
}

/// The canonical form of something that is partly known.
fn open(ty: &Type, expr: Expr, diags: &mut Diagnostics) -> Expr {
    let Expr { kind, span, sensitive } = expr;
    let kind = match (ty, kind) {
        (Type::Object(table), ExprKind::Object(pairs)) => {
            ExprKind::Object(open_object(table, pairs, span, diags))
        }
        (Type::Map(inner), ExprKind::Object(pairs)) => {
            ExprKind::Object(pairs.into_iter().map(|(k, v)| (k, open(inner, v, diags))).collect())
        }
        (Type::List(inner) | Type::Set(inner), ExprKind::List(items)) => {
            ExprKind::List(items.into_iter().map(|item| open(inner, item, diags)).collect())
        }
        (Type::String(_), ExprKind::Literal(Value::Number(n))) => {
            ExprKind::Literal(Value::String(n.to_string()))
        }
        (Type::String(_), ExprKind::Literal(Value::Bool(b))) => {
            ExprKind::Literal(Value::String(b.to_string()))
        }
        (_, kind) => kind,
    };
    Expr { kind, span, sensitive }
}

/// As [`open`] for named attributes: known ones through their own table row, defaults filled in.
fn open_object(
    table: &'static [Attribute],
    pairs: Vec<(Expr, Expr)>,
    span: Span,
    diags: &mut Diagnostics,
) -> Vec<(Expr, Expr)> {
    let mut found = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let row = key_of(&key).and_then(|name| find(table, name));
        let value = match row {
            Some(row) => canonical(row, value, diags),
            None => Some(value),
        };
        found.extend(value.map(|v| (key, v)));
    }
    for row in table {
        if let Some(default) = (row.default)()
            && !found.iter().any(|(k, _)| key_of(k).is_some_and(|k| k == row.name))
        {
            found.push((Expr::literal(Value::from(row.name), span), Expr::literal(default, span)));
        }
    }
    found
}
