//! What is known only when a scenario is looked at or a step is done: it stays in texts as it is written,
//! and every scenario has to say what the steps of its way back need of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::addr::Name;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{Expr, ExprKind, Reference, Subject, TemplatePart};
use crate::lang::lower::LATE;
use crate::lang::{near, render};
use crate::recovery::{Components, Loss, Lost, Places};
use crate::schema::{AttributeType, Type, attribute as find};
use crate::span::Span;
use crate::system::{Declared, Scenario, System, Written, in_order};
use crate::value::Value;

/// The expression with its texts as they stand, wherever they wait only for what is known later; conditions
/// are texts altogether.
pub(super) fn texts(ty: &Type, expr: Expr) -> Expr {
    let Expr { kind, span, sensitive } = expr;
    let kind = match (ty, kind) {
        (Type::Condition(_), kind) => {
            let expr = Expr { kind, span, sensitive };
            return if waits_only(&expr) { Expr::literal(render(&expr).into(), span) } else { expr };
        }
        (ty, kind) if *ty == String::TYPE => {
            let expr = Expr { kind, span, sensitive };
            let open = expr.value().is_none() && waits_only(&expr) && !about_self(&expr);
            return if open { Expr::literal(as_text(&expr).into(), span) } else { expr };
        }
        (Type::Object(table), ExprKind::Object(pairs)) => {
            let within = |(key, value): (Expr, Expr)| {
                let row = match &key.kind {
                    ExprKind::Literal(Value::String(name)) => find(table, name),
                    _ => None,
                };
                let value = match row {
                    Some(row) => texts(&row.ty, value),
                    None => value,
                };
                (key, value)
            };
            ExprKind::Object(pairs.into_iter().map(within).collect())
        }
        (Type::Names, ExprKind::Object(pairs)) => {
            ExprKind::Object(pairs.into_iter().map(|(k, v)| (k, texts(&String::TYPE, v))).collect())
        }
        (Type::List(inner), ExprKind::List(items)) => {
            ExprKind::List(items.into_iter().map(|item| texts(inner, item)).collect())
        }
        (_, kind) => kind,
    };
    Expr { kind, span, sensitive }
}

/// Whether all that is not known in it is known later.
fn waits_only(expr: &Expr) -> bool {
    !expr.any_sensitive()
        && expr.references().iter().all(|(reference, _)| match &reference.subject {
            Subject::Block(_, root, _) => LATE.contains(&root.as_str()),
            Subject::Scoped(_) => true,
            Subject::Variable(..)
            | Subject::Local(..)
            | Subject::Resource(..)
            | Subject::Module(..)
            | Subject::Path => false,
        })
}

fn is_self(reference: &Reference) -> bool {
    matches!(&reference.subject, Subject::Scoped(name) if name.as_str() == "self")
}

/// Whether it asks for `self`, which only a condition has.
fn about_self(expr: &Expr) -> bool {
    expr.references().iter().any(|(reference, _)| is_self(reference))
}

/// Whether it is known only later.
pub(super) fn is_late(reference: &Reference) -> bool {
    let late = |root: &String| LATE.contains(&root.as_str());
    is_self(reference) || matches!(&reference.subject, Subject::Block(_, root, _) if late(root))
}

/// What of a text is known, and the rest as it is written: `shop-${run.id}`.
fn as_text(expr: &Expr) -> String {
    let open = |expr: &Expr| format!("${{{}}}", render(expr));
    let ExprKind::Template(parts) = &expr.kind else { return open(expr) };
    let part = |part: &TemplatePart| match part {
        TemplatePart::Text(text) => Some(text.clone()),
        TemplatePart::Interpolation(expr) => Some(open(expr)),
        TemplatePart::If(..) | TemplatePart::For(..) => None,
    };
    parts.iter().map(part).collect::<Option<String>>().unwrap_or_else(|| open(expr))
}

/// Reports each name that a step of a scenario's way back needs and the scenario does not give, once.
pub(super) fn missing(system: &System) -> Diagnostics {
    let mut diags = Diagnostics::default();
    for (name, scenario) in &system.scenarios {
        let given: BTreeMap<String, String> =
            scenario.is.target.as_ref().map(|target| target.0.clone()).unwrap_or_default();
        let mut told: BTreeSet<Name> = BTreeSet::new();
        for (block, what, written) in followed(system, scenario) {
            for (wanted, span) in wanted(written) {
                if given.contains_key(wanted.as_str()) || !told.insert(wanted.clone()) {
                    continue;
                }
                let label = format!("{block}.{what} needs it after scenario.{name}");
                let headline = format!("Scenario `{name}` does not say what `target.{wanted}` is");
                let found = Diagnostic::error(Code::TargetMissing, headline, span, label)
                    .label(scenario.written.span, "nor does this say it");
                let keys = given.keys().map(String::as_str);
                diags.push(match near(wanted.as_str(), keys) {
                    Some(near) => found.help(format!("Did you mean `target.{near}`?")),
                    None => found.help(format!("Write `target {{ {wanted} = \"…\" }}` in the scenario.")),
                });
            }
        }
    }
    diags
}

/// The procedures of the way back from a scenario and the services that it hits, as far as that is declared.
fn followed<'s>(
    system: &'s System,
    scenario: &'s Declared<Scenario>,
) -> Vec<(&'static str, &'s Name, &'s Written)> {
    let (loss, nothing) = (Loss::of(&scenario.is), Components::default());
    let hit = Lost::of(&loss, system, &Places::of(&nothing)).hit;
    let services = || system.services.iter().filter(|(name, _)| hit.services.contains_key(*name));
    let own = || services().filter_map(|(_, s)| s.is.recover.as_ref()).collect::<Vec<_>>();
    let named = scenario.is.recover.as_ref().map_or_else(own, |all| all.iter().collect());
    let procedures: BTreeSet<&Name> =
        named.iter().flat_map(|p| in_order(system, &p.0)).map(|at| at.procedure).collect();
    let procedures = procedures
        .into_iter()
        .filter_map(|name| Some(("procedure", name, &system.procedures.get(name)?.written)));
    procedures.chain(services().map(|(name, s)| ("service", name, &s.written))).collect()
}

/// The names of `target` that a block needs.
fn wanted(written: &Written) -> Vec<(&Name, Span)> {
    let all = written.attributes.values().flat_map(Expr::references);
    let target = all.filter_map(|(reference, span)| match &reference.subject {
        Subject::Block(_, root, name) if root == "target" => Some((name, span)),
        _ => None,
    });
    target.collect()
}
