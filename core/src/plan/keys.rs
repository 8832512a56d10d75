//! How many instances a block has and what they are called: `count` and `for_each`.

use std::collections::{BTreeMap, BTreeSet};

use super::canonical::key_of;
use super::scope::Scope;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{Expr, ExprKind};
use crate::lang::{reduce, render};
use crate::span::Span;
use crate::value::Value;

/// The most instances one block may have: a bound against `count = 1e9`.
pub const MAX_INSTANCES: usize = 100_000;

/// Says that `count` or `for_each` must be known, and what it waits for.
fn not_known(what: &str, written: &Expr, reduced: &Expr) -> Box<Diagnostic> {
    let waits: BTreeSet<String> =
        reduced.references().into_iter().map(|(r, span)| render(&Expr::reference(r.clone(), span))).collect();
    let waits: Vec<String> = waits.into_iter().map(|w| format!("`{w}`")).collect();
    let label = match waits.is_empty() {
        true => "this is known only after apply".to_owned(),
        false => format!("known after apply: this waits for {}", waits.join(", ")),
    };
    let found = Diagnostic::error(
        Code::ExpansionOpen,
        format!("`{what}` must be known when the plan is made"),
        written.span,
        label,
    );
    let help = "Use keys that stand in the configuration, and what is known after apply only in attributes.";
    Box::new(found.help(help))
}

fn bad_expansion(span: Span, label: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::BadExpansion, "The number of instances cannot be told", span, label))
}

/// Reduces the argument; `None` when that fails, which is reported where it fails.
fn reduced(scope: &Scope<'_>, written: &Expr, diags: &mut Diagnostics) -> Option<Expr> {
    let mut own = Diagnostics::default();
    let reduced = reduce(written, scope, &mut own);
    let failed = own.has_errors();
    diags.extend(own);
    (!failed).then_some(reduced)
}

/// How many instances `count` makes; `None` when that cannot be told, which is reported.
pub(super) fn count_of(scope: &Scope<'_>, written: &Expr, diags: &mut Diagnostics) -> Option<usize> {
    let reduced = reduced(scope, written, diags)?;
    let bad = |label: String| Some(bad_expansion(written.span, label));
    let found = match reduced.value() {
        _ if reduced.any_sensitive() => bad("a sensitive value would show in every address".to_owned()),
        None => Some(not_known("count", written, &reduced)),
        Some(Value::Number(n)) => match n.as_i64().and_then(|n| usize::try_from(n).ok()) {
            Some(n) if n <= MAX_INSTANCES => return Some(n),
            _ => bad(format!("must be a whole number between 0 and {MAX_INSTANCES}, found {n}")),
        },
        Some(other) => bad(format!("expected a number, found {}", other.type_name())),
    };
    diags.extend(found.map(|d| *d));
    None
}

/// The instances that `for_each` makes, with the value of each; `None` when that cannot be told, which
/// is reported.
pub(super) fn keys_of(
    scope: &Scope<'_>,
    written: &Expr,
    diags: &mut Diagnostics,
) -> Option<BTreeMap<String, Expr>> {
    let reduced = reduced(scope, written, diags)?;
    let span = reduced.span;
    let keys: Result<BTreeMap<String, Expr>, Box<Diagnostic>> = match &reduced.kind {
        _ if reduced.sensitive => Err(bad_expansion(span, "a sensitive value would show in every address")),
        ExprKind::Object(pairs) => pairs
            .iter()
            .map(|(k, v)| match key_of(k) {
                Some(_) if k.sensitive => {
                    Err(bad_expansion(k.span, "a sensitive key would show in the address"))
                }
                Some(key) => Ok((key.clone(), v.clone())),
                None => Err(not_known("for_each", written, k)),
            })
            .collect(),
        ExprKind::Literal(Value::Object(map)) => {
            Ok(map.iter().map(|(k, v)| (k.clone(), Expr::literal(v.clone(), span))).collect())
        }
        ExprKind::Literal(Value::Set(items)) => items
            .iter()
            .map(|item| match item {
                Value::String(key) => Ok((key.clone(), Expr::literal(item.clone(), span))),
                other => Err(bad_expansion(
                    span,
                    format!("expected a set of strings, found {} in it", other.type_name()),
                )),
            })
            .collect(),
        ExprKind::List(_) | ExprKind::Literal(Value::List(_)) => Err(Box::new(
            bad_expansion(span, "expected an object or a set of strings, found a list")
                .help("Write `toset([…])` to make a set of it."),
        )),
        ExprKind::Literal(other) => Err(bad_expansion(
            span,
            format!("expected an object or a set of strings, found {}", other.type_name()),
        )),
        _ => Err(not_known("for_each", written, &reduced)),
    };
    match keys {
        Ok(keys) if keys.len() > MAX_INSTANCES => {
            let label = format!("{} instances are more than {MAX_INSTANCES}", keys.len());
            diags.push(*bad_expansion(span, label));
            None
        }
        Ok(keys) => Some(keys),
        Err(found) => {
            diags.push(*found);
            None
        }
    }
}
