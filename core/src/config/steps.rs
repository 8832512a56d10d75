//! What steps name that is told only when they are done: what an operator says, and what there was before.

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::graph::Graph;
use crate::lang::expr::{Expr, ExprKind, PathStep, Reference, Subject};
use crate::lang::near;
use crate::span::Span;
use crate::system::Written;
use crate::value::Value;

/// What a step is told has been asked for or looked at: what an operator says by itself or by a step before it,
/// what there was before by itself.
pub(super) fn check(procedure: &Written, diags: &mut Diagnostics) {
    let Some(ExprKind::List(steps)) = procedure.attributes.get("step").map(|e| &e.kind) else { return };
    let edges = steps.iter().flat_map(|step| {
        let own = name(step);
        listed(step, "after")
            .into_iter()
            .filter_map(move |before| Some((own.clone()?, text(&before)?.strip_prefix("step.")?.to_owned())))
    });
    let graph = Graph::build(steps.iter().filter_map(name), edges.collect::<Vec<_>>());
    for step in steps {
        before(step, diags);
        let Some(own) = name(step) else { continue };
        let earlier = graph.with_needs([&own]);
        let at = steps.iter().filter(|s| name(s).is_some_and(|name| earlier.contains(&name)));
        let asked: BTreeSet<String> = at.flat_map(|s| labels(s, "input")).collect();
        inputs(step, &asked, diags);
    }
}

fn inputs(step: &Expr, asked: &BTreeSet<String>, diags: &mut Diagnostics) {
    for (reference, span) in step.references() {
        let Subject::Block(_, root, wanted) = &reference.subject else { continue };
        if root != "input" || asked.contains(wanted.as_str()) {
            continue;
        }
        let label = format!("neither this step nor one before it asks for `{wanted}`");
        let found = Diagnostic::error(Code::UnknownName, "Name not declared", span, label);
        diags.push(match near(wanted.as_str(), asked.iter().map(String::as_str)) {
            Some(near) => found.help(format!("Did you mean `input.{near}`?")),
            None => found.help(format!("Ask for it: `input \"{wanted}\" {{ description = \"…\" }}`.")),
        });
    }
}

/// What there was before a step is known to the command alone that takes it back.
fn before(step: &Expr, diags: &mut Diagnostics) {
    let ExprKind::Object(parts) = &step.kind else { return };
    let looked: BTreeSet<String> = labels(step, "before").collect();
    for (part, of) in parts {
        let of_undo = text(part).is_some_and(|part| part == "undo");
        for (reference, span) in of.references() {
            diags.extend(wrong_before(reference, span, of_undo, &looked));
        }
    }
}

fn wrong_before(
    reference: &Reference,
    span: Span,
    of_undo: bool,
    looked: &BTreeSet<String>,
) -> Option<Diagnostic> {
    let invalid = |label: &str| {
        Some(Diagnostic::error(Code::InvalidReference, "Reference not allowed here", span, label))
    };
    let wanted = match reference.of_before()? {
        _ if !of_undo => return invalid("what there was before a step is known only in its `undo`"),
        [PathStep::Attribute(wanted)] => wanted,
        [] | [PathStep::Key(_)] => return invalid("expected `self.before.NAME`"),
        [_, ..] => return invalid("this is text and has nothing below it"),
    };
    if looked.contains(wanted) {
        return None;
    }
    let label = format!("this step does not look at `{wanted}` before");
    let found = Diagnostic::error(Code::UnknownName, "Name not declared", span, label);
    Some(match near(wanted, looked.iter().map(String::as_str)) {
        Some(near) => found.help(format!("Did you mean `self.before.{near}`?")),
        None => found.help(format!("Look at it: `before \"{wanted}\" {{ run = […] }}`.")),
    })
}

fn text(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Literal(Value::String(text)) => Some(text.clone()),
        _ => None,
    }
}

fn part(step: &Expr, name: &str) -> Option<Expr> {
    let ExprKind::Object(pairs) = &step.kind else { return None };
    pairs.iter().find(|(k, _)| text(k).is_some_and(|k| k == name)).map(|(_, v)| v.clone())
}

fn listed(step: &Expr, name: &str) -> Vec<Expr> {
    match part(step, name).map(|e| e.kind) {
        Some(ExprKind::List(items)) => items,
        _ => Vec::new(),
    }
}

fn name(step: &Expr) -> Option<String> {
    part(step, "name").as_ref().and_then(text)
}

/// The labels of the blocks of that type in a step.
fn labels(step: &Expr, block: &str) -> impl Iterator<Item = String> {
    listed(step, block).into_iter().filter_map(|block| name(&block))
}
