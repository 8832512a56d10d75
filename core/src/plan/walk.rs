//! Follows a path into values and partly known expressions, and rewrites references whose keys
//! become known, so that `x.y[each.key].arn` names one instance and not all of them.

use crate::addr::InstanceKey;
use crate::diag::Diagnostics;
use crate::lang::env::{Env, Lookup};
use crate::lang::expr::{CallExpr, Expr, ExprKind, ForExpr, PathStep, Reference, Subject, TemplatePart};
use crate::lang::reduce;
use crate::value::Value;

/// What stands at the end of the path.
pub(super) fn walk_value(value: &Value, path: &[PathStep], sensitive: bool) -> Lookup {
    let Some((step, rest)) = path.split_first() else {
        return Lookup::Known { value: value.clone(), sensitive };
    };
    let below = match (value, step) {
        (Value::Object(map), PathStep::Attribute(name) | PathStep::Key(InstanceKey::Each(name))) => {
            map.get(name)
        }
        (Value::List(items), PathStep::Key(InstanceKey::Index(i))) => {
            usize::try_from(*i).ok().and_then(|i| items.get(i))
        }
        _ => None,
    };
    match below {
        Some(below) => walk_value(below, rest, sensitive),
        None => Lookup::Undeclared {
            candidates: match value {
                Value::Object(map) if !sensitive => map.keys().cloned().collect(),
                _ => Vec::new(),
            },
        },
    }
}

/// As [`walk_value`] for a reduced expression; what is not known yet stays an expression.
pub(super) fn walk_expr(expr: &Expr, path: &[PathStep]) -> Lookup {
    let Some((step, rest)) = path.split_first() else {
        return match expr.value() {
            Some(value) => Lookup::Known { value, sensitive: expr.any_sensitive() },
            None => Lookup::Expr(expr.clone()),
        };
    };
    match (&expr.kind, step) {
        (ExprKind::Literal(value), _) => walk_value(value, path, expr.sensitive),
        (ExprKind::Object(pairs), PathStep::Attribute(name) | PathStep::Key(InstanceKey::Each(name)))
            if pairs.iter().all(|(k, _)| super::canonical::key_of(k).is_some()) =>
        {
            // The last of equal keys counts, as in the value.
            match pairs.iter().rev().find(|(k, _)| super::canonical::key_of(k) == Some(name)) {
                Some((_, below)) => walk_expr(below, rest),
                None => Lookup::Undeclared {
                    candidates: pairs
                        .iter()
                        .filter_map(|(k, _)| super::canonical::key_of(k).cloned())
                        .collect(),
                },
            }
        }
        (ExprKind::List(items), PathStep::Key(InstanceKey::Index(i))) => {
            match usize::try_from(*i).ok().and_then(|i| items.get(i)) {
                Some(below) => walk_expr(below, rest),
                None => Lookup::Undeclared { candidates: Vec::new() },
            }
        }
        _ => Lookup::Expr(path.iter().fold(expr.clone(), step_into)),
    }
}

/// `expr.name` or `expr[key]`, as a longer reference where it is one.
fn step_into(expr: Expr, step: &PathStep) -> Expr {
    let Expr { kind, span, sensitive } = expr;
    let kind = match (kind, step) {
        (ExprKind::Reference(reference), _) => {
            let Reference { subject, mut path } = *reference;
            path.push(step.clone());
            ExprKind::Reference(Box::new(Reference { subject, path }))
        }
        (kind, PathStep::Attribute(name)) => {
            ExprKind::Attribute(Box::new(Expr { kind, span, sensitive }), name.as_str().into())
        }
        (kind, PathStep::Key(key)) => {
            let key = match key {
                InstanceKey::Index(i) => Value::Number(crate::value::Number::from(*i)),
                InstanceKey::Each(key) => Value::from(key.as_str()),
            };
            let key = Expr::literal(key, span);
            ExprKind::Index(Box::new(Expr { kind, span, sensitive }), Box::new(key))
        }
    };
    Expr { kind, span, sensitive }
}

/// The expression with `resource[KEY]` turned into a plain reference wherever the key is known.
pub(super) fn keyed(expr: &Expr, env: &dyn Env) -> Expr {
    let each = |e: &Expr| keyed(e, env);
    let boxed = |e: &Expr| Box::new(keyed(e, env));
    let kind = match &expr.kind {
        ExprKind::Index(base, index) => {
            let (base, index) = (each(base), each(index));
            match key_step(&base, &index, env) {
                Some(step) => return Expr { span: expr.span, ..step_into(base, &step) },
                None => ExprKind::Index(Box::new(base), Box::new(index)),
            }
        }
        ExprKind::Attribute(base, name) => {
            let base = each(base);
            if is_resource(&base) {
                return Expr {
                    span: expr.span,
                    ..step_into(base, &PathStep::Attribute(name.as_ref().into()))
                };
            }
            ExprKind::Attribute(Box::new(base), name.clone())
        }
        ExprKind::Literal(_) | ExprKind::Reference(_) | ExprKind::Element => expr.kind.clone(),
        ExprKind::List(items) => ExprKind::List(items.iter().map(each).collect()),
        ExprKind::Object(pairs) => ExprKind::Object(pairs.iter().map(|(k, v)| (each(k), each(v))).collect()),
        ExprKind::Template(parts) => ExprKind::Template(keyed_parts(parts, env)),
        ExprKind::Unary(op, a) => ExprKind::Unary(*op, boxed(a)),
        ExprKind::Binary(op, a, b) => ExprKind::Binary(*op, boxed(a), boxed(b)),
        ExprKind::Conditional(c, a, b) => ExprKind::Conditional(boxed(c), boxed(a), boxed(b)),
        ExprKind::Call(call) => {
            let args = call.args.iter().map(each).collect();
            ExprKind::Call(Box::new(CallExpr { name: call.name.clone(), args, spread: call.spread }))
        }
        ExprKind::Splat(a, b) => ExprKind::Splat(boxed(a), boxed(b)),
        ExprKind::For(e) => ExprKind::For(Box::new(ForExpr {
            key_var: e.key_var.clone(),
            value_var: e.value_var.clone(),
            collection: each(&e.collection),
            key: e.key.as_ref().map(each),
            value: each(&e.value),
            condition: e.condition.as_ref().map(each),
            group: e.group,
        })),
    };
    Expr { kind, span: expr.span, sensitive: expr.sensitive }
}

fn keyed_parts(parts: &[TemplatePart], env: &dyn Env) -> Vec<TemplatePart> {
    let boxed = |e: &Expr| Box::new(keyed(e, env));
    parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => TemplatePart::Text(text.clone()),
            TemplatePart::Interpolation(e) => TemplatePart::Interpolation(keyed(e, env)),
            TemplatePart::If(c, a, b) => TemplatePart::If(boxed(c), keyed_parts(a, env), keyed_parts(b, env)),
            TemplatePart::For(k, v, c, body) => {
                TemplatePart::For(k.clone(), v.clone(), boxed(c), keyed_parts(body, env))
            }
        })
        .collect()
}

fn is_resource(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Reference(r) if matches!(r.subject, Subject::Resource(..)))
}

/// The step that an index is, when it indexes a resource block and is known without a doubt.
fn key_step(base: &Expr, index: &Expr, env: &dyn Env) -> Option<PathStep> {
    if !is_resource(base) {
        return None;
    }
    let index = reduce(index, env, &mut Diagnostics::default());
    if index.any_sensitive() {
        return None;
    }
    match index.value()? {
        Value::String(key) => Some(PathStep::Key(InstanceKey::Each(key))),
        Value::Number(n) => Some(PathStep::Key(InstanceKey::Index(u64::try_from(n.as_i64()?).ok()?))),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Set(_) | Value::Object(_) => None,
    }
}
