//! The only evaluator. Reduces the parts of an expression, then lets `fold` apply the operation
//! where its operands are known; what is not known yet stays an expression.

use std::collections::BTreeSet;

use crate::addr::{InstanceKey, Name};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::access::{self, Found};
use crate::lang::budget::Budget;
use crate::lang::env::{Env, Lookup};
use crate::lang::expr::{BinaryOp, Expr, ExprKind, PathStep, Reference, Subject, TemplatePart};
use crate::lang::operators;
use crate::lang::render;
use crate::lang::template::push_text;
use crate::span::Span;
use crate::value::Value;

/// Reduces the expression as far as the environment knows. Errors become diagnostics and the
/// expression stays open there, so that one mistake is reported once.
pub fn reduce(expr: &Expr, env: &dyn Env, diags: &mut Diagnostics) -> Expr {
    let mut reducer = Reducer {
        env,
        diags,
        scope: Vec::new(),
        elements: Vec::new(),
        budget: Budget::default(),
        said: BTreeSet::new(),
    };
    reducer.expr(expr)
}

pub(super) struct Reducer<'a> {
    pub(super) env: &'a dyn Env,
    pub(super) diags: &'a mut Diagnostics,
    /// Loop variables, innermost last; none while the collection is not known.
    pub(super) scope: Vec<(Name, Option<Expr>)>,
    /// The elements of the splats around, innermost last.
    elements: Vec<Option<Expr>>,
    pub(super) budget: Budget,
    /// What has been reported: a loop makes the same error for each element.
    said: BTreeSet<(Code, Span)>,
}

impl Reducer<'_> {
    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        self.budget.error();
        let place = diagnostic.labels.first().map(|l| (diagnostic.code, l.span));
        if place.is_none_or(|place| self.said.insert(place)) {
            self.diags.push(diagnostic);
        }
    }

    /// Reduces without reporting; the second word says whether there was no error.
    pub(super) fn quietly(&mut self, expr: &Expr) -> (Expr, bool) {
        let mut quiet = Diagnostics::default();
        let mut inner = Reducer {
            env: self.env,
            diags: &mut quiet,
            scope: std::mem::take(&mut self.scope),
            elements: std::mem::take(&mut self.elements),
            budget: self.budget,
            said: BTreeSet::new(),
        };
        let reduced = inner.expr(expr);
        (self.budget, self.scope, self.elements) = (inner.budget, inner.scope, inner.elements);
        let fine = !quiet.has_errors();
        // What fails is kept as it was written.
        (if fine { reduced } else { expr.clone() }, fine)
    }

    /// Whether loops must end here: the budget is spent and it has been said.
    pub(super) fn is_spent(&self) -> bool {
        self.budget.is_spent()
    }

    fn exhausted(&mut self, span: Span) -> bool {
        if !self.budget.step() {
            return false;
        }
        if self.said.iter().any(|(code, _)| *code == Code::TooMuchWork) {
            return true;
        }
        self.error(
            Diagnostic::error(Code::TooMuchWork, "Expression takes too long", span, "given up here")
                .help("Loops inside of loops multiply. Build the inner result once in `locals`."),
        );
        true
    }

    pub(super) fn expr(&mut self, expr: &Expr) -> Expr {
        if self.exhausted(expr.span) {
            return expr.clone();
        }
        self.budget.enter();
        let mut reduced = self.kind(expr);
        self.budget.leave();
        // Sensitivity sits on the node: what it was put on stays sensitive.
        reduced.sensitive |= expr.sensitive;
        reduced
    }

    fn kind(&mut self, expr: &Expr) -> Expr {
        let span = expr.span;
        let make = |kind| Expr { kind, span, sensitive: false };
        match &expr.kind {
            ExprKind::Literal(_) => expr.clone(),
            ExprKind::Reference(reference) => self.reference(reference, span),
            ExprKind::List(items) => make(ExprKind::List(items.iter().map(|e| self.expr(e)).collect())),
            ExprKind::Object(pairs) => self.object(pairs, span),
            ExprKind::Template(parts) => self.template(parts, span),
            ExprKind::Unary(op, a) => {
                let a = self.expr(a);
                self.fold_unary(*op, a, span)
            }
            ExprKind::Binary(op, a, b) => self.binary(*op, a, b, span),
            ExprKind::Conditional(c, a, b) => self.conditional(c, a, b, span),
            ExprKind::Call(call) => self.call(&call.name, &call.args, call.spread, span),
            ExprKind::For(e) => self.for_expr(e, span),
            ExprKind::Index(..) | ExprKind::Attribute(..) => {
                // A reference with a key that becomes known here is looked up as a whole.
                if let Some(reference) = self.static_reference(expr) {
                    return self.reference(&reference, span);
                }
                match &expr.kind {
                    ExprKind::Index(a, key) => {
                        let (a, key) = (self.expr(a), self.expr(key));
                        self.index(a, key, span)
                    }
                    ExprKind::Attribute(a, name) => {
                        let a = self.expr(a);
                        self.attribute(a, name, span)
                    }
                    _ => expr.clone(),
                }
            }
            ExprKind::Splat(list, each) => self.splat(list, each, span),
            ExprKind::Element => match self.elements.last() {
                Some(Some(element)) => element.clone(),
                Some(None) | None => expr.clone(),
            },
        }
    }

    fn static_reference(&mut self, expr: &Expr) -> Option<Reference> {
        match &expr.kind {
            ExprKind::Reference(reference) if !matches!(reference.subject, Subject::Scoped(_)) => {
                Some(Reference::clone(reference))
            }
            ExprKind::Attribute(a, name) => {
                let mut reference = self.static_reference(a)?;
                reference.path.push(PathStep::Attribute(name.as_ref().into()));
                Some(reference)
            }
            ExprKind::Index(a, key) => {
                let mut reference = self.static_reference(a)?;
                let (key, _) = self.quietly(key);
                if key.sensitive {
                    return None;
                }
                reference.path.push(PathStep::Key(instance_key(&key.value()?)?));
                Some(reference)
            }
            _ => None,
        }
    }

    fn reference(&mut self, reference: &Reference, span: Span) -> Expr {
        let stays = Expr::reference(reference.clone(), span);
        if let Subject::Scoped(name) = &reference.subject
            && let Some((_, bound)) = self.scope.iter().rev().find(|(n, _)| n == name)
        {
            let Some(bound) = bound.clone() else { return stays };
            let mut at = Expr { span, ..bound };
            for step in &reference.path {
                let key = Expr::literal(access::step_key(step), span);
                at = self.index(at, key, span);
            }
            return at;
        }
        match self.env.lookup(reference) {
            Lookup::Known { value, sensitive } => Expr { kind: ExprKind::Literal(value), span, sensitive },
            Lookup::Expr(found) if found.kind == stays.kind => Expr { sensitive: found.sensitive, ..stays },
            Lookup::Expr(found) => Expr { span, ..self.expr(&found) },
            Lookup::NotYet | Lookup::Failed => stays,
            Lookup::Undeclared { candidates } => {
                let text = render::reference(reference);
                let inside = matches!(reference.subject, Subject::Local(..) | Subject::Variable(..));
                let (code, headline) = match inside && !reference.path.is_empty() {
                    true => (Code::NoSuchElement, "No such element"),
                    false => (Code::UnknownName, "Name not declared"),
                };
                let label = format!("there is no `{text}`");
                let mut diagnostic = Diagnostic::error(code, headline, span, label);
                let last = reference.path.last().map(|step| match access::step_key(step) {
                    Value::String(name) => name,
                    _ => String::new(),
                });
                let near = crate::lang::near(&last.unwrap_or(text), candidates.iter().map(String::as_str));
                if let Some(near) = near {
                    diagnostic = diagnostic.help(format!("Did you mean `{near}`?"));
                }
                self.error(diagnostic);
                stays
            }
        }
    }

    fn object(&mut self, pairs: &[(Expr, Expr)], span: Span) -> Expr {
        let mut reduced = Vec::new();
        let mut sensitive = false;
        for (key, value) in pairs {
            let mut key = self.expr(key);
            match key.value().map(|k| (access::key_text(&k), k)) {
                Some((Some(text), _)) => key.kind = ExprKind::Literal(Value::String(text)),
                Some((None, found)) => {
                    let label = format!("expected a string as the key, found {}", found.type_name());
                    self.error(Diagnostic::error(Code::WrongOperand, "Wrong type", key.span, label));
                    let open = ExprKind::Object(pairs.to_vec());
                    return Expr { kind: open, span, sensitive: false };
                }
                None => {}
            }
            // A secret key makes the whole object secret: its names would tell.
            sensitive |= key.sensitive;
            reduced.push((key, self.expr(value)));
        }
        Expr { kind: ExprKind::Object(reduced), span, sensitive }
    }

    pub(super) fn template(&mut self, parts: &[TemplatePart], span: Span) -> Expr {
        let (mut out, mut sensitive) = (Vec::new(), false);
        self.parts(parts, &mut out, &mut sensitive);
        let kind = match out.as_slice() {
            [] => ExprKind::Literal(Value::String(String::new())),
            [TemplatePart::Text(text)] => ExprKind::Literal(Value::String(text.clone())),
            _ => ExprKind::Template(out),
        };
        Expr { kind, span, sensitive }
    }

    fn parts(&mut self, parts: &[TemplatePart], out: &mut Vec<TemplatePart>, sensitive: &mut bool) {
        for part in parts {
            match part {
                TemplatePart::Text(text) => push_text(out, text),
                TemplatePart::Interpolation(expr) => {
                    let expr = self.expr(expr);
                    *sensitive |= expr.any_sensitive();
                    match expr.value().map(|v| (operators::text(&v), v)) {
                        Some((Some(text), _)) => push_text(out, &text),
                        Some((None, value)) => {
                            let label = format!("{} has no text form", value.type_name());
                            self.error(
                                Diagnostic::error(Code::WrongOperand, "Wrong type", expr.span, label)
                                    .help("Use `join` or `jsonencode` to write it as text."),
                            );
                            out.push(TemplatePart::Interpolation(expr));
                        }
                        None => out.push(TemplatePart::Interpolation(expr)),
                    }
                }
                TemplatePart::If(condition, then, other) => {
                    let condition = self.expr(condition);
                    *sensitive |= condition.any_sensitive();
                    match self.truth(&condition) {
                        Some(true) => self.parts(then, out, sensitive),
                        Some(false) => self.parts(other, out, sensitive),
                        None => out.push(TemplatePart::If(Box::new(condition), then.clone(), other.clone())),
                    }
                }
                TemplatePart::For(key, value, collection, body) => {
                    let collection = self.expr(collection);
                    *sensitive |= collection.sensitive;
                    let Some(elements) = self.elements_of(&collection) else {
                        out.push(TemplatePart::For(
                            key.clone(),
                            value.clone(),
                            Box::new(collection),
                            body.clone(),
                        ));
                        continue;
                    };
                    for (k, v) in elements {
                        if self.is_spent() {
                            break;
                        }
                        let outer = self.scope.len();
                        self.scope.extend(key.clone().map(|name| (name, Some(k))));
                        self.scope.push((value.clone(), Some(v)));
                        self.parts(body, out, sensitive);
                        self.scope.truncate(outer);
                    }
                }
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, a: &Expr, b: &Expr, span: Span) -> Expr {
        let a = self.expr(a);
        let decides = match op {
            BinaryOp::And => Some(false),
            BinaryOp::Or => Some(true),
            _ => None,
        };
        let Some(decides) = decides else {
            let b = self.expr(b);
            return self.fold_binary(op, a, b, span);
        };
        let literal = |sensitive| Expr { kind: ExprKind::Literal(Value::Bool(decides)), span, sensitive };
        match a.value() {
            Some(value) => match operators::bool(0, &value) {
                Ok(left) if left == decides => literal(a.any_sensitive()),
                Ok(_) => {
                    let b = self.expr(b);
                    self.fold_binary(op, a, b, span)
                }
                Err(_) => {
                    let (b, _) = self.quietly(b);
                    self.fold_binary(op, a, b, span)
                }
            },
            None => {
                // The left side may yet keep the right one from being evaluated.
                let (b, _) = self.quietly(b);
                match b.value().map(|v| operators::bool(1, &v)) {
                    Some(Ok(right)) if right == decides => literal(a.any_sensitive() || b.any_sensitive()),
                    _ => self.fold_binary(op, a, b, span),
                }
            }
        }
    }

    fn conditional(&mut self, c: &Expr, a: &Expr, b: &Expr, span: Span) -> Expr {
        let condition = self.expr(c);
        let Some(truth) = self.truth(&condition) else {
            let (a, b) = (self.quietly(a).0, self.quietly(b).0);
            let sensitive = condition.sensitive;
            let kind = ExprKind::Conditional(Box::new(condition), Box::new(a), Box::new(b));
            return Expr { kind, span, sensitive };
        };
        let (taken, other) = if truth { (a, b) } else { (b, a) };
        let mut taken = self.expr(taken);
        // The other arm counts for its type alone: text beside a number makes text.
        if let ExprKind::Literal(value @ (Value::Number(_) | Value::Bool(_))) = &taken.kind
            && let ExprKind::Literal(Value::String(_)) = self.quietly(other).0.kind
        {
            taken.kind = operators::text(value)
                .map_or(ExprKind::Literal(Value::Null), |t| ExprKind::Literal(Value::String(t)));
        }
        taken.sensitive |= condition.any_sensitive();
        Expr { span, ..taken }
    }

    fn splat(&mut self, list: &Expr, each: &Expr, span: Span) -> Expr {
        let list = self.expr(list);
        let sensitive = list.sensitive;
        let elements: Vec<Expr> = match access::elements(&list) {
            None => {
                self.elements.push(None);
                let each = self.expr(each);
                self.elements.pop();
                let kind = ExprKind::Splat(Box::new(list), Box::new(each));
                return Expr { kind, span, sensitive };
            }
            // An object is one thing, null is none, a scalar is one.
            Some(_) if matches!(list.kind, ExprKind::Object(_) | ExprKind::Literal(Value::Object(_))) => {
                vec![list]
            }
            Some(Ok(elements)) => elements.into_iter().map(|(_, v)| v).collect(),
            Some(Err(Value::Null)) => Vec::new(),
            Some(Err(_)) => vec![list],
        };
        let mut items = Vec::new();
        for element in elements {
            if self.is_spent() {
                break;
            }
            self.elements.push(Some(element));
            items.push(self.expr(each));
            self.elements.pop();
        }
        Expr { kind: ExprKind::List(items), span, sensitive }
    }

    fn attribute(&mut self, base: Expr, name: &str, span: Span) -> Expr {
        let key = Expr::literal(Value::from(name), span);
        let open = self.index(base, key, span);
        match open.kind {
            // What stays is written as it was.
            ExprKind::Index(base, key) if key.span == span => {
                Expr { kind: ExprKind::Attribute(base, name.into()), ..open }
            }
            kind => Expr { kind, ..open },
        }
    }

    /// `base[key]`
    pub(super) fn index(&mut self, base: Expr, key: Expr, span: Span) -> Expr {
        let sensitive = base.sensitive || key.any_sensitive();
        let found = match key.value() {
            Some(key) => access::get(&base, &key),
            None => Found::Open,
        };
        match found {
            Found::Expr(found) => {
                let sensitive = sensitive || found.sensitive;
                Expr { span, sensitive, ..found }
            }
            Found::Open => {
                if let (ExprKind::Reference(reference), Some(step), false) =
                    (&base.kind, key.value().as_ref().and_then(instance_key), key.sensitive)
                {
                    let mut reference = reference.clone();
                    reference.path.push(match step {
                        InstanceKey::Each(name) if key.span == span => PathStep::Attribute(name),
                        step => PathStep::Key(step),
                    });
                    let reduced = self.reference(&reference, span);
                    return Expr { sensitive: reduced.sensitive || sensitive, ..reduced };
                }
                Expr { kind: ExprKind::Index(Box::new(base), Box::new(key)), span, sensitive }
            }
            Found::Missing { message, candidates } => {
                // The message may hold the key.
                let message = if key.sensitive {
                    "there is no element of this name, which is sensitive".to_owned()
                } else {
                    message
                };
                let mut diagnostic = Diagnostic::error(Code::NoSuchElement, "No such element", span, message);
                let wanted = key.value().and_then(|k| access::key_text(&k)).unwrap_or_default();
                // The names of a secret are secret.
                if !sensitive
                    && let Some(near) = crate::lang::near(&wanted, candidates.iter().map(String::as_str))
                {
                    diagnostic = diagnostic.help(format!("Did you mean `{near}`?"));
                }
                self.error(diagnostic);
                Expr { kind: ExprKind::Index(Box::new(base), Box::new(key)), span, sensitive }
            }
        }
    }
}

fn instance_key(key: &Value) -> Option<InstanceKey> {
    match key {
        Value::String(text) => Some(InstanceKey::Each(text.clone())),
        Value::Number(n) => n.as_i64().and_then(|n| u64::try_from(n).ok()).map(InstanceKey::Index),
        _ => None,
    }
}
