//! What refers to something: to another block by its address, or to `self`, which is told only later.

use super::block::invalid;
use crate::addr::{Address, InstanceKey};
use crate::diag::Diagnostics;
use crate::lang::expr::{CallExpr, Expr, ExprKind, PathStep, Reference, Subject, TemplatePart};
use crate::lang::lower::LATE;
use crate::lang::near;
use crate::schema::ANY_BLOCK;
use crate::span::Span;
use crate::value::Value;

/// Puts the address in the place of a reference to a block of that type; with none, to a resource;
/// with `*`, to either.
pub(super) fn referring(
    expr: &mut Expr,
    block: &str,
    references: &mut Vec<(Reference, Span)>,
    diags: &mut Diagnostics,
) {
    let text = match &expr.kind {
        ExprKind::Reference(reference) => match (&reference.subject, reference.path.as_slice()) {
            (Subject::Block(_, found, name), path) if fits(block, found) => match path {
                [] => Some(format!("{found}.{name}")),
                [PathStep::Key(key)] if found != "step" => Some(format!("{found}.{}", name.instance(key))),
                _ => None,
            },
            (Subject::Resource(module, kind, name), path) if block.is_empty() || block == ANY_BLOCK => {
                let key = match path {
                    [] => Some(None),
                    [PathStep::Key(key)] => Some(Some(key.clone())),
                    _ => None,
                };
                let (module, kind, name) = (module.clone(), kind.clone(), name.clone());
                key.map(|key| Address { module, kind, name, key }.to_string())
            }
            _ => None,
        },
        // What could not be read has been reported.
        ExprKind::Element => return,
        ExprKind::Index(of, key) => {
            if let ExprKind::Reference(reference) = &of.kind
                && let (Subject::Block(_, found, name), []) = (&reference.subject, reference.path.as_slice())
                && fits(block, found)
                && found != "step"
            {
                let mut one = Reference::clone(reference);
                // Which one is told when the instances are known.
                one.path.push(PathStep::Key(InstanceKey::Each(String::new())));
                references.push((one, expr.span));
                *expr = instance(&format!("{found}.{name}"), key, expr.span);
                return;
            }
            None
        }
        _ => None,
    };
    match (text, &expr.kind) {
        (Some(text), ExprKind::Reference(reference)) => {
            references.push(((**reference).clone(), expr.span));
            *expr = Expr::literal(Value::String(text), expr.span);
        }
        _ => {
            let (form, what) = match block {
                "" => ("KIND.NAME".to_owned(), "resource"),
                ANY_BLOCK => ("TYPE.NAME".to_owned(), "block"),
                block => (format!("{block}.NAME"), block),
            };
            diags.push(invalid(expr.span, format!("this must be a reference to a {what}: `{form}`")));
            expr.kind = ExprKind::Element;
        }
    }
}

/// Whether a block of the found type may stand where one of the wanted type does.
fn fits(wanted: &str, found: &str) -> bool {
    found == wanted || (wanted == ANY_BLOCK && found != "step" && !LATE.contains(&found))
}

/// The address of an instance whose key is an expression, as text.
fn instance(block: &str, key: &Expr, span: Span) -> Expr {
    let json = CallExpr { name: "jsonencode".to_owned(), args: vec![key.clone()], spread: false };
    let key = Expr { kind: ExprKind::Call(Box::new(json)), span: key.span, sensitive: false };
    let parts = vec![
        TemplatePart::Text(format!("{block}[")),
        TemplatePart::Interpolation(key),
        TemplatePart::Text("]".to_owned()),
    ];
    Expr { kind: ExprKind::Template(parts), span, sensitive: false }
}

/// What is made of `self` with these names; where it must judge, something that is true or not.
pub(super) fn of_self(expr: &mut Expr, names: &[&str], must_judge: bool, diags: &mut Diagnostics) {
    let own = |(reference, span): (&Reference, Span)| match (&reference.subject, reference.path.first()) {
        (Subject::Scoped(name), Some(PathStep::Attribute(first))) if name.as_str() == "self" => {
            Some((first.clone(), span))
        }
        _ => None,
    };
    let said: Vec<(String, Span)> = expr.references().into_iter().filter_map(own).collect();
    let stray = said.iter().find(|(name, _)| !names.contains(&name.as_str()));
    let judges = matches!(
        expr.kind,
        ExprKind::Binary(..) | ExprKind::Unary(..) | ExprKind::Conditional(..) | ExprKind::Call(_)
    );
    let all = format!("`self.{}`", names.join("`, `self."));
    let wrong = match stray {
        // What could not be read has been reported.
        _ if expr.kind == ExprKind::Element => return,
        Some((name, span)) => match near(name, names.iter().copied()) {
            Some(near) => Some((*span, format!("`self` has no `{name}`; did you mean `self.{near}`?"))),
            None => Some((*span, format!("`self` has no `{name}`, it has {all}"))),
        },
        None if must_judge && (said.is_empty() || !judges) => {
            Some((expr.span, format!("this must be a condition on {all}, without quotes")))
        }
        None if said.is_empty() => Some((expr.span, format!("this must be made of {all}, without quotes"))),
        None => None,
    };
    if let Some((span, label)) = wrong {
        diags.push(invalid(span, label));
        expr.kind = ExprKind::Element;
    }
}
