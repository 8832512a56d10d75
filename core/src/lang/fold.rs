//! Applies operators and functions to reduced operands: the only place that meets open and
//! sensitive ones. Everything below it sees plain values.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::access;
use crate::lang::expr::{BinaryOp, CallExpr, Expr, ExprKind, ForExpr, UnaryOp};
use crate::lang::functions::{self, CallError, Function, Kind, SpecialForm};
use crate::lang::operators::{self, Failure};
use crate::lang::reduce::Reducer;
use crate::span::Span;
use crate::value::Value;

impl Reducer<'_> {
    fn fail(&mut self, failure: Failure, spans: &[Span], whole: Span) {
        let headline = if failure.code == Code::Arithmetic { "No such number" } else { "Wrong type" };
        let span = failure.operand.and_then(|i| spans.get(i).copied()).unwrap_or(whole);
        self.error(Diagnostic::error(failure.code, headline, span, failure.message));
    }

    /// A condition, when it is known.
    pub(super) fn truth(&mut self, condition: &Expr) -> Option<bool> {
        match operators::bool(0, &condition.value()?) {
            Ok(truth) => Some(truth),
            Err(failure) => {
                self.fail(failure, &[condition.span], condition.span);
                None
            }
        }
    }

    pub(super) fn fold_unary(&mut self, op: UnaryOp, a: Expr, span: Span) -> Expr {
        let sensitive = a.any_sensitive();
        if let Some(value) = a.value() {
            match operators::unary(op, &value) {
                Ok(value) => return Expr { kind: ExprKind::Literal(value), span, sensitive },
                Err(failure) => self.fail(failure, &[a.span], span),
            }
        }
        Expr { kind: ExprKind::Unary(op, Box::new(a)), span, sensitive }
    }

    pub(super) fn fold_binary(&mut self, op: BinaryOp, a: Expr, b: Expr, span: Span) -> Expr {
        // Deep: a list with one secret in it compares secretly.
        let sensitive = a.any_sensitive() || b.any_sensitive();
        if let (Some(left), Some(right)) = (a.value(), b.value()) {
            match operators::binary(op, &left, &right) {
                Ok(value) => return Expr { kind: ExprKind::Literal(value), span, sensitive },
                Err(failure) => self.fail(failure, &[a.span, b.span], span),
            }
        }
        Expr { kind: ExprKind::Binary(op, Box::new(a), Box::new(b)), span, sensitive }
    }

    pub(super) fn call(&mut self, name: &str, args: &[Expr], spread: bool, span: Span) -> Expr {
        let stays = |args: Vec<Expr>, spread: bool, sensitive: bool| Expr {
            kind: ExprKind::Call(Box::new(CallExpr { name: name.to_owned(), args, spread })),
            span,
            sensitive,
        };
        let Some(function) = functions::lookup(name) else {
            self.error(unknown_function(name, span));
            return stays(args.to_vec(), spread, false);
        };
        if let Kind::Special(form @ (SpecialForm::Try | SpecialForm::Can)) = function.kind {
            return self.attempt(form, name, args, spread, span);
        }
        let mut reduced: Vec<Expr> = args.iter().map(|e| self.expr(e)).collect();
        let spread_out = spread;
        let mut spread = spread;
        if spread && let Some(last) = reduced.pop() {
            match access::elements(&last) {
                Some(Ok(elements)) => {
                    reduced.extend(elements.into_iter().map(|(_, v)| v));
                    spread = false;
                }
                Some(Err(value)) => {
                    let label = format!("expected a list, found {}", value.type_name());
                    self.error(Diagnostic::error(Code::WrongOperand, "Wrong type", last.span, label));
                    reduced.push(last);
                }
                None => reduced.push(last),
            }
        }
        let sensitive = reduced.iter().any(Expr::any_sensitive);
        let values: Option<Vec<Value>> = reduced.iter().map(Expr::value).collect();
        let values = match values {
            Some(values) if !spread => values,
            _ => {
                let sensitive = match function.kind {
                    Kind::Special(SpecialForm::Sensitive) => true,
                    Kind::Special(SpecialForm::NonSensitive) => false,
                    _ => sensitive,
                };
                return stays(reduced, spread, sensitive);
            }
        };
        match self.run(function, &values, &reduced, span) {
            Ok((value, marks)) => {
                Expr { kind: ExprKind::Literal(value), span, sensitive: marks.unwrap_or(sensitive) }
            }
            Err(error) => {
                let place = match error.arg {
                    Some(i) if !spread_out => place(args.get(i), reduced.get(i), error.within, span),
                    arg => arg.and_then(|i| reduced.get(i)).map_or(span, |a| a.span),
                };
                let headline = format!("`{name}` cannot be called like this");
                // A message about a secret may hold a part of it.
                let diagnostic = if sensitive {
                    let text = "this does not fit; the reason is not shown because a value is sensitive";
                    Diagnostic::error(Code::WrongCall, headline, place, text)
                } else {
                    let diagnostic = Diagnostic::error(Code::WrongCall, headline, place, error.message);
                    Diagnostic { help: error.help, ..diagnostic }
                };
                self.error(diagnostic);
                stays(reduced, false, sensitive)
            }
        }
    }

    /// The result and, where the function decides over it, whether it is sensitive.
    fn run(
        &mut self,
        function: &Function,
        values: &[Value],
        args: &[Expr],
        span: Span,
    ) -> Result<(Value, Option<bool>), CallError> {
        let Kind::Special(form) = function.kind else {
            let made = function.call(values)?;
            self.budget.charge(values.iter().chain([&made]));
            return Ok((made, None));
        };
        function.check_count(values.len())?;
        let path = || values[0].as_str().ok_or(CallError::at(0, "expected a path as text"));
        match form {
            SpecialForm::Sensitive => Ok((values[0].clone(), Some(true))),
            SpecialForm::NonSensitive => Ok((values[0].clone(), Some(false))),
            SpecialForm::File => {
                let text = self.env.read_file(path()?).map_err(|e| CallError::at(0, e))?;
                Ok((Value::String(text), None))
            }
            SpecialForm::TemplateFile => {
                let text = self.env.read_file(path()?).map_err(|e| CallError::at(0, e))?;
                let Value::Object(vars) = &values[1] else {
                    return Err(CallError::at(
                        1,
                        format!("expected an object, found {}", values[1].type_name()),
                    ));
                };
                let template = super::template_text(&text, span).map_err(|e| CallError::at(0, e))?;
                let outer = std::mem::take(&mut self.scope);
                for (name, value) in vars {
                    let Ok(name) = crate::addr::Name::new(name.clone()) else { continue };
                    let sensitive = args[1].any_sensitive();
                    let value = Expr { kind: ExprKind::Literal(value.clone()), span, sensitive };
                    self.scope.push((name, Some(value)));
                }
                let mut found = Diagnostics::default();
                std::mem::swap(self.diags, &mut found);
                let reduced = self.expr(&template);
                std::mem::swap(self.diags, &mut found);
                self.scope = outer;
                if let Some(first) = found.iter().next() {
                    let label = first.labels.first().map_or(first.headline.as_str(), |l| l.text.as_str());
                    return Err(CallError::at(0, format!("in the template, {label}")));
                }
                let value = reduced.value().and_then(|v| operators::text(&v));
                let value =
                    value.ok_or(CallError::at(0, "the template uses a name that `vars` does not give"))?;
                Ok((Value::String(value), Some(reduced.any_sensitive())))
            }
            SpecialForm::Try | SpecialForm::Can => Err(CallError::whole("it is evaluated elsewhere")),
        }
    }

    /// `try` and `can`: whether an argument evaluates, not what it evaluates to.
    fn attempt(&mut self, form: SpecialForm, name: &str, args: &[Expr], spread: bool, span: Span) -> Expr {
        let call = |args: Vec<Expr>| Expr {
            kind: ExprKind::Call(Box::new(CallExpr { name: name.to_owned(), args, spread })),
            span,
            sensitive: false,
        };
        if spread || args.is_empty() || (form == SpecialForm::Can && args.len() != 1) {
            let label = "it takes expressions, at least one; `can` takes exactly one";
            self.error(Diagnostic::error(
                Code::WrongCall,
                format!("`{name}` cannot be called like this"),
                span,
                label,
            ));
            return call(args.to_vec());
        }
        for (i, arg) in args.iter().enumerate() {
            let (reduced, fine) = self.quietly(arg);
            let known = reduced.value().is_some();
            if form == SpecialForm::Can {
                let kind = match (fine, known) {
                    (true, false) => return call(vec![reduced]),
                    (fine, _) => ExprKind::Literal(Value::Bool(fine)),
                };
                return Expr { kind, span, sensitive: reduced.any_sensitive() };
            }
            if fine && known {
                return Expr { span, ..reduced };
            }
            if fine {
                let mut rest = vec![reduced];
                rest.extend_from_slice(&args[i + 1..]);
                return call(rest);
            }
        }
        self.error(
            Diagnostic::error(
                Code::WrongCall,
                "None of the expressions works",
                span,
                "every argument of this `try` fails",
            )
            .help("Add a last argument that always works, such as `null`."),
        );
        call(args.to_vec())
    }

    /// The elements of a collection; none when it is open or no collection, which is reported.
    pub(super) fn elements_of(&mut self, collection: &Expr) -> Option<Vec<(Expr, Expr)>> {
        match access::elements(collection)? {
            Ok(elements) => Some(elements),
            Err(value) => {
                let label = format!("expected a list, set or object, found {}", value.type_name());
                self.error(Diagnostic::error(Code::WrongOperand, "Wrong type", collection.span, label));
                None
            }
        }
    }

    pub(super) fn for_expr(&mut self, e: &ForExpr, span: Span) -> Expr {
        let collection = self.expr(&e.collection);
        let sensitive = collection.sensitive;
        let Some(elements) = self.elements_of(&collection) else {
            return self.open_for(e, collection, span);
        };
        let mut list = Vec::new();
        let mut object: BTreeMap<String, (Expr, Vec<Expr>)> = BTreeMap::new();
        let mut secret = sensitive;
        for (k, v) in elements {
            let outer = self.scope.len();
            self.scope.extend(e.key_var.clone().map(|name| (name, Some(k))));
            self.scope.push((e.value_var.clone(), Some(v)));
            let result = self.turn(e);
            self.scope.truncate(outer);
            match result {
                Turn::Skip => {}
                Turn::Open => return self.open_for(e, collection, span),
                Turn::Item(None, value, hidden) => {
                    secret |= hidden;
                    list.push(value);
                }
                Turn::Item(Some((text, key)), value, hidden) => {
                    secret |= hidden || key.any_sensitive();
                    let slot = object.entry(text).or_insert_with(|| (key, Vec::new()));
                    if !slot.1.is_empty() && !e.group {
                        let place = e.key.as_ref().map_or(span, |k| k.span);
                        self.error(
                            Diagnostic::error(
                                Code::DuplicateKey,
                                "Key made twice",
                                place,
                                "two elements give the same key",
                            )
                            .help("Write `...` after the value to group values by key."),
                        );
                        return self.open_for(e, collection, span);
                    }
                    slot.1.push(value);
                }
            }
        }
        if e.key.is_none() {
            return Expr { kind: ExprKind::List(list), span, sensitive: secret };
        }
        let pairs = object.into_iter().map(|(text, (key, mut values))| {
            let key = Expr { kind: ExprKind::Literal(Value::String(text)), ..key };
            let value = match (e.group, values.pop()) {
                (false, Some(value)) => value,
                (_, last) => {
                    values.extend(last);
                    Expr { kind: ExprKind::List(values), span, sensitive: false }
                }
            };
            (key, value)
        });
        Expr { kind: ExprKind::Object(pairs.collect()), span, sensitive: secret }
    }

    /// One turn of a loop with its variables bound.
    fn turn(&mut self, e: &ForExpr) -> Turn {
        let mut hidden = false;
        if self.is_spent() {
            return Turn::Open;
        }
        if let Some(condition) = &e.condition {
            let condition = self.expr(condition);
            hidden = condition.any_sensitive();
            match self.truth(&condition) {
                Some(true) => {}
                Some(false) => return Turn::Skip,
                None => return Turn::Open,
            }
        }
        let Some(key) = &e.key else { return Turn::Item(None, self.expr(&e.value), hidden) };
        let key = self.expr(key);
        let Some(value) = key.value() else { return Turn::Open };
        let Some(text) = access::key_text(&value) else {
            let label = format!("expected a string as the key, found {}", value.type_name());
            self.error(Diagnostic::error(Code::WrongOperand, "Wrong type", key.span, label));
            return Turn::Open;
        };
        Turn::Item(Some((text, key)), self.expr(&e.value), hidden)
    }

    /// What stays of a loop: its body once, with open variables.
    fn open_for(&mut self, e: &ForExpr, collection: Expr, span: Span) -> Expr {
        let outer = self.scope.len();
        self.scope.extend(e.key_var.clone().map(|name| (name, None)));
        self.scope.push((e.value_var.clone(), None));
        let key = e.key.as_ref().map(|k| self.quietly(k).0);
        let value = self.quietly(&e.value).0;
        let condition = e.condition.as_ref().map(|c| self.quietly(c).0);
        self.scope.truncate(outer);
        let sensitive = collection.sensitive;
        let body = ForExpr { collection, key, value, condition, ..e.clone() };
        Expr { kind: ExprKind::For(Box::new(body)), span, sensitive }
    }
}

enum Turn {
    Skip,
    Open,
    Item(Option<(String, Expr)>, Expr, bool),
}

/// Where an argument is wrong: within plain text, when it is written without escapes.
fn place(written: Option<&Expr>, reduced: Option<&Expr>, within: Option<Range<usize>>, call: Span) -> Span {
    if let (Some(within), Some(Expr { kind: ExprKind::Literal(Value::String(text)), span, .. })) =
        (within, written)
        && (span.end - span.start) as usize == text.len() + 2
    {
        let start = span.start as usize + 1;
        return Span::new(span.file, start + within.start, start + within.end);
    }
    reduced.map_or(call, |arg| arg.span)
}

/// What is said of a function that does not exist.
pub(crate) fn unknown_function(name: &str, span: Span) -> Diagnostic {
    let label = match functions::refused(name) {
        Some(why) => format!("`{name}` is left out on purpose: {why}"),
        None => format!("there is no function `{name}`"),
    };
    // The name alone: the arguments are not to blame.
    let end = u32::try_from(name.len()).map_or(span.end, |length| span.end.min(span.start + length));
    let span = Span { end, ..span };
    let diagnostic = Diagnostic::error(Code::UnknownFunction, "Unknown function", span, label);
    match crate::lang::near(name, functions::all().iter().map(|f| f.name)) {
        Some(near) => diagnostic.help(format!("Did you mean `{near}`?")),
        None => diagnostic,
    }
}
