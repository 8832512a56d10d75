//! Values of variables: given ones are converted to their types, missing ones take their defaults,
//! all are validated.

use std::collections::BTreeMap;

use hcl_edit::Span as _;
use hcl_edit::structure::Structure;

use super::model::{Config, Variable};
use crate::addr::Name;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::env::{Env, Lookup, Nothing};
use crate::lang::expr::{Expr, ExprKind, Reference, Subject};
use crate::lang::lower::{self, Names};
use crate::lang::types::{TypeConstraint, convert};
use crate::lang::{access, near, operators, parse, reduce};
use crate::span::{SourceMap, Span};
use crate::value::Value;

/// A value that is given from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenValue {
    /// The value.
    pub value: Given,
    /// Where it comes from, for messages: `--var`, `DRCTL_VAR_x`, a file.
    pub source: String,
    /// Where it stands, when it comes from a file.
    pub span: Option<Span>,
}

/// A given value as text or read already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// From a command line or environment: text itself, or an HCL literal for other types.
    Text(String),
    /// From a file.
    Value(Value),
}

/// The value of every variable, and whether it is sensitive.
pub type Values = BTreeMap<Name, (Value, bool)>;

/// Resolves all variables. Names are those of variables; what is not declared is an error when it
/// was given on purpose (`--var`, a file) and ignored when the source is the environment.
pub fn resolve(config: &Config, given: &BTreeMap<String, GivenValue>) -> (Values, Diagnostics) {
    resolve_all(config, given, |_| true)
}

/// The same where secrets are not at hand: a sensitive variable that nobody gives and that has no default has
/// no value, and what is made of it is not known.
pub fn resolve_without_secrets(
    config: &Config,
    given: &BTreeMap<String, GivenValue>,
) -> (Values, Diagnostics) {
    resolve_all(config, given, |variable| !variable.sensitive || variable.default.is_some())
}

fn resolve_all(
    config: &Config,
    given: &BTreeMap<String, GivenValue>,
    is_needed: impl Fn(&Variable) -> bool,
) -> (Values, Diagnostics) {
    let mut diags = Diagnostics::default();
    let mut values = Values::new();
    for (name, value) in given {
        if config.variables.keys().any(|n| n.as_str() == name) || value.source.starts_with("DRCTL_VAR_") {
            continue;
        }
        let label = format!("`{}` gives a value for `{name}`, which is not declared", value.source);
        let diagnostic = at(Code::UndeclaredVariable, "Variable not declared", value.span, label);
        diags.push(match near(name, config.variables.keys().map(Name::as_str)) {
            Some(near) => diagnostic.help(format!("Did you mean `{near}`?")),
            None => diagnostic,
        });
    }
    for (name, variable) in &config.variables {
        let value = match given.get(name.as_str()) {
            Some(value) => self::given(name, variable, value, &mut diags),
            None if is_needed(variable) => default(name, variable, &mut diags),
            None => None,
        };
        let Some(value) = value else { continue };
        if validate(name, variable, &value, &mut diags) {
            values.insert(name.clone(), (value, variable.sensitive));
        }
    }
    (values, diags.sorted())
}

/// A diagnostic at a place, or with its label as the headline where there is none.
fn at(code: Code, headline: &str, span: Option<Span>, label: String) -> Diagnostic {
    match span {
        Some(span) => Diagnostic::error(code, headline, span, label),
        None => Diagnostic::error_nowhere(code, format!("{headline}: {label}")),
    }
}

fn default(name: &Name, variable: &Variable, diags: &mut Diagnostics) -> Option<Value> {
    let Some(default) = &variable.default else {
        diags.push(
            Diagnostic::error(
                Code::MissingVariable,
                "Variable without a value",
                variable.span,
                format!("`{name}` has no default"),
            )
            .help(format!("Give it with `--var {name}=…`, `DRCTL_VAR_{name}` or a file of values.")),
        );
        return None;
    };
    let value = reduce(default, &Nothing, diags).value()?;
    fit(name, variable, value, default.span, "the default", diags)
}

fn given(name: &Name, variable: &Variable, given: &GivenValue, diags: &mut Diagnostics) -> Option<Value> {
    let span = given.span.unwrap_or(variable.span);
    let value = match &given.value {
        Given::Value(value) => value.clone(),
        Given::Text(text)
            if matches!(
                variable.ty,
                TypeConstraint::String | TypeConstraint::Any | TypeConstraint::Number | TypeConstraint::Bool
            ) =>
        {
            Value::String(text.clone())
        }
        Given::Text(text) => match literal(text) {
            Some(value) => value,
            None => {
                let label = format!("the value from `{}` is no HCL literal", given.source);
                diags.push(
                    Diagnostic::error(Code::WrongVariable, format!("Wrong value for `{name}`"), span, label)
                        .help(format!(
                            "Its type is {}, written as in configuration, such as `[\"a\", \"b\"]`.",
                            variable.ty
                        )),
                );
                return None;
            }
        },
    };
    fit(name, variable, value, span, &format!("the value from `{}`", given.source), diags)
}

/// Converts to the type. The message holds types and places, never values.
fn fit(
    name: &Name,
    variable: &Variable,
    value: Value,
    span: Span,
    what: &str,
    diags: &mut Diagnostics,
) -> Option<Value> {
    let wrong = |message: String| {
        let label = format!("{what} does not fit: {message}");
        Diagnostic::error(Code::WrongVariable, format!("Wrong value for `{name}`"), span, label)
            .help(format!("Its type is {}.", variable.ty))
    };
    if value == Value::Null && !variable.nullable {
        diags.push(wrong("it is null".to_owned()));
        return None;
    }
    match convert(value, &variable.ty) {
        Ok(value) => Some(value),
        Err(error) => {
            diags.push(wrong(if variable.sensitive { "wrong type".to_owned() } else { error.message }));
            None
        }
    }
}

/// The environment of a validation: the variable alone.
struct Own<'a> {
    name: &'a Name,
    value: Expr,
}

impl Env for Own<'_> {
    fn lookup(&self, reference: &Reference) -> Lookup {
        match &reference.subject {
            Subject::Variable(_, name) if name == self.name => access::follow(&self.value, &reference.path),
            _ => Lookup::Failed,
        }
    }
}

fn validate(name: &Name, variable: &Variable, value: &Value, diags: &mut Diagnostics) -> bool {
    let own = Own {
        name,
        value: Expr {
            kind: ExprKind::Literal(value.clone()),
            span: variable.span,
            sensitive: variable.sensitive,
        },
    };
    let mut fine = true;
    for validation in &variable.validations {
        let condition = reduce(&validation.condition, &own, diags);
        match condition.value().map(|v| operators::bool(0, &v)) {
            Some(Ok(true)) => {}
            Some(Ok(false)) => {
                fine = false;
                let message = reduce(&validation.error_message, &own, diags);
                let text = match message.value() {
                    Some(Value::String(text)) if !message.any_sensitive() => text,
                    _ => "The message for it would show a sensitive value and is left out.".to_owned(),
                };
                diags.push(
                    Diagnostic::error(
                        Code::RefusedVariable,
                        format!("Value of `{name}` refused"),
                        validation.condition.span,
                        "this is false",
                    )
                    .help(text),
                );
            }
            Some(Err(failure)) => {
                fine = false;
                let span = validation.condition.span;
                diags.push(Diagnostic::error(Code::WrongOperand, "Wrong type", span, failure.message));
            }
            // What kept it from being known has been reported.
            None => fine = false,
        }
    }
    fine
}

/// A text that is one HCL literal.
fn literal(text: &str) -> Option<Value> {
    let mut sources = SourceMap::default();
    let file = sources.add("value", format!("value = {text}\n"));
    let mut diags = Diagnostics::default();
    let values = assignments(&sources, file, &mut diags);
    if diags.has_errors() || values.len() != 1 {
        return None;
    }
    values.into_values().next().map(|(value, _)| value)
}

/// The values of a file of variables: `name = literal` lines.
pub fn file(sources: &SourceMap, file: crate::span::FileId) -> (BTreeMap<String, GivenValue>, Diagnostics) {
    let mut diags = Diagnostics::default();
    let source = sources.get(file).map_or_else(String::new, |f| f.name.clone());
    let values = assignments(sources, file, &mut diags)
        .into_iter()
        .map(|(name, (value, span))| {
            (name, GivenValue { value: Given::Value(value), source: source.clone(), span: Some(span) })
        })
        .collect();
    (values, diags.sorted())
}

fn assignments(
    sources: &SourceMap,
    file: crate::span::FileId,
    diags: &mut Diagnostics,
) -> BTreeMap<String, (Value, Span)> {
    let mut values = BTreeMap::new();
    for item in parse::items(sources, file, diags) {
        let item = match item {
            Ok(item) => item,
            Err(unread) => {
                diags.push(*unread);
                continue;
            }
        };
        for structure in &item.body {
            let attribute = match structure {
                Structure::Attribute(attribute) => attribute,
                Structure::Block(block) => {
                    let span = item.span(block.ident.span());
                    diags.push(Diagnostic::error(
                        Code::BlockOrAttribute,
                        "A block among values",
                        span,
                        "a file of values holds `name = value` lines",
                    ));
                    continue;
                }
            };
            let name = attribute.key.as_str();
            let span = item.span(attribute.value.span());
            let lowered = lower::expression(&item, &attribute.value, Names::Resolved, diags);
            if let Some((reference, span)) = lowered.references().first() {
                let label = format!("`{}` has no value here", crate::lang::render::reference(reference));
                diags.push(Diagnostic::error(
                    Code::InvalidReference,
                    "Reference not allowed here",
                    *span,
                    label,
                ));
                continue;
            }
            let Some(value) = reduce(&lowered, &Nothing, diags).value() else { continue };
            if values.insert(name.to_owned(), (value, span)).is_some() {
                let key = item.span(attribute.key.span());
                diags.push(Diagnostic::error(
                    Code::DuplicateAttribute,
                    "Attribute set twice",
                    key,
                    "set before in this file",
                ));
            }
        }
    }
    values
}
