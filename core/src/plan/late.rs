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
use crate::system::{Declared, Drill, Scenario, System, Written, in_order};
use crate::value::Value;

/// The expression with its texts as they stand, wherever they wait only for what is known later; conditions
/// are texts altogether.
pub(super) fn texts(ty: &Type, expr: Expr) -> Expr {
    let Expr { kind, span, sensitive } = expr;
    let kind = match (ty, kind) {
        (Type::Condition(_) | Type::Told(_), kind) => {
            let expr = Expr { kind, span, sensitive };
            let asks = expr.references().iter().any(|(reference, _)| is_filled_in(reference));
            return if waits_only(&expr) && !asks { Expr::literal(render(&expr).into(), span) } else { expr };
        }
        (ty, kind) if *ty == String::TYPE => {
            let expr = Expr { kind, span, sensitive };
            let open =
                expr.value().is_none() && waits_only(&expr) && !about_self(&expr) && stand_alone(&expr);
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

/// Whether it asks of `self` what only a condition has. What there was before a step is text.
fn about_self(expr: &Expr) -> bool {
    let asks = |reference: &Reference| is_self(reference) && reference.of_before().is_none();
    expr.references().iter().any(|(reference, _)| asks(reference))
}

/// Whether it is filled into the text when the step is done, and was evaluated before: what an operator says, what
/// there was before a step. Nothing can be made of it.
pub(super) fn is_filled_in(reference: &Reference) -> bool {
    let is_input = matches!(&reference.subject, Subject::Block(_, root, _) if root == "input");
    is_input || reference.of_before().is_some()
}

/// Whether everything that is filled in stands alone, or between text.
fn stand_alone(expr: &Expr) -> bool {
    if !expr.references().iter().any(|(reference, _)| is_filled_in(reference)) {
        return true;
    }
    match &expr.kind {
        ExprKind::Reference(_) => true,
        ExprKind::Template(parts) => parts.iter().all(|part| match part {
            TemplatePart::Text(_) => true,
            TemplatePart::Interpolation(inner) => stand_alone(inner),
            TemplatePart::If(..) | TemplatePart::For(..) => false,
        }),
        _ => false,
    }
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

/// Reports what drills do not say of what they touch, and where they name what is in use.
pub(super) fn drills(system: &System) -> Diagnostics {
    let mut diags = Diagnostics::default();
    for (name, drill) in &system.drills {
        let scenario = drill.is.scenario.as_ref().and_then(|s| system.scenarios.get_key_value(&s.0));
        let theirs: BTreeMap<&str, &str> = scenario
            .iter()
            .flat_map(|(_, s)| s.is.target.iter().flat_map(|target| &target.0))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let own = drill.is.target.iter().flat_map(|target| &target.0);
        let own: BTreeMap<&str, &str> = own.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let shared: BTreeSet<&str> = drill.is.shared.iter().flatten().map(String::as_str).collect();
        let headline = |target: &str| format!("Drill `{name}` does not say what `target.{target}` is");
        let help = |target: &str| {
            format!(
                "Write `target {{ {target} = \"…\" }}` in the drill, a name that is not in use; or, where it is a \
                 place or a size and no thing, `shared = [\"{target}\"]`."
            )
        };
        for (target, span, whose) in rehearsed(system, drill) {
            let given = own.contains_key(target.as_str())
                || (shared.contains(target.as_str()) && theirs.contains_key(target.as_str()));
            if !given {
                let headline = headline(&target);
                let label = "it rehearses on production without it";
                let found = Diagnostic::error(Code::DrillTarget, headline, drill.written.span, label);
                diags.push(found.label(span, whose).help(help(&target)));
            }
        }
        for stray in shared.iter().filter(|name| !theirs.contains_key(*name)) {
            let label = format!("its scenario gives no `target.{stray}`");
            let span = drill.written.at(&["shared"]);
            diags.push(Diagnostic::error(Code::DrillTarget, headline(stray), span, label));
        }
        for (target, value) in &own {
            let Some(scenario) = in_use(system, scenario.map(|(name, _)| name), target, value) else {
                continue;
            };
            let headline = format!("Drill `{name}` names production");
            let label = format!("`target.{target}` is the same in scenario.{scenario}");
            let span = drill.written.at(&["target", target]);
            let help = match drill.is.scenario {
                Some(_) => help(target),
                None => format!(
                    "Give it a name that is not in use. Where it is a place or a size and no thing, say which scenario \
                     is rehearsed (`scenario = scenario.{scenario}`), and `shared = [\"{target}\"]`."
                ),
            };
            diags.push(Diagnostic::error(Code::DrillTarget, headline, span, label).help(help));
        }
    }
    diags
}

/// The scenario that gives the name the same value: the one that is rehearsed, or any where none is. A name with
/// the id of the run is new each time.
fn in_use<'s>(system: &'s System, only: Option<&Name>, target: &str, value: &str) -> Option<&'s Name> {
    let gives = |scenario: &Scenario| {
        scenario.target.as_ref().and_then(|t| t.0.get(target)).is_some_and(|theirs| theirs == value)
    };
    let mut scenarios = system.scenarios.iter().filter(|(name, _)| only.is_none_or(|only| only == *name));
    if value.contains("${run.id}") {
        return None;
    }
    scenarios.find(|(_, scenario)| gives(&scenario.is)).map(|(name, _)| name)
}

/// The names that a drill has to give, each with where it is needed and what that is: all of its scenario, or
/// those that the steps of its own procedure need.
fn rehearsed(system: &System, drill: &Declared<Drill>) -> BTreeSet<(String, Span, String)> {
    let mut names: BTreeMap<String, (Span, String)> = BTreeMap::new();
    match (&drill.is.procedure, &drill.is.scenario) {
        (Some(procedure), _) => {
            let all: BTreeSet<&Name> =
                in_order(system, &procedure.0).into_iter().map(|at| at.procedure).collect();
            for procedure in all {
                let Some(declared) = system.procedures.get(procedure) else { continue };
                for (name, span) in wanted(&declared.written) {
                    let whose = format!("procedure.{procedure} needs it");
                    names.entry(name.to_string()).or_insert((span, whose));
                }
            }
        }
        (None, Some(scenario)) => {
            let Some(declared) = system.scenarios.get(&scenario.0) else { return BTreeSet::new() };
            for name in declared.is.target.iter().flat_map(|target| target.0.keys()) {
                let whose = format!("scenario.{} gives it", scenario.0);
                names.entry(name.clone()).or_insert((declared.written.at(&["target", name]), whose));
            }
        }
        (None, None) => {}
    }
    names.into_iter().map(|(name, (span, whose))| (name, span, whose)).collect()
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
