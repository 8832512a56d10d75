//! Reads type constraints from the syntax tree.

use std::collections::BTreeMap;

use hcl_edit::expr::{Expression, FuncCall, Object, ObjectKey, UnaryOperator};

use super::{ObjectAttribute, Presence, TypeConstraint, convert, parse_number};
use crate::codes::Code;
use crate::diag::Diagnostic;
use crate::span::{FileId, Span};
use crate::value::{Number, Value};

const HELP: &str = "Types are any, bool, number, string, list(T), set(T), map(T), object({ name = T }) and \
                    tuple([T, U]); in objects, optional(T) and optional(T, default).";

impl TypeConstraint {
    /// Reads a constraint such as `map(object({ a = optional(string, "x") }))`. Defaults must be
    /// literals and are checked against their type.
    ///
    /// # Errors
    /// When the expression is no type; the diagnostic points at the part that is not.
    pub fn from_hcl(expr: &Expression, file: FileId) -> Result<TypeConstraint, Box<Diagnostic>> {
        Reader { file }.constraint(expr)
    }
}

struct Reader {
    file: FileId,
}

impl Reader {
    fn span(&self, node: &impl hcl_edit::Span) -> Span {
        let range = node.span().unwrap_or_default();
        Span::new(self.file, range.start, range.end)
    }

    fn error(&self, node: &impl hcl_edit::Span, label: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(Code::InvalidType, "Invalid type", self.span(node), label).help(HELP))
    }

    fn constraint(&self, expr: &Expression) -> Result<TypeConstraint, Box<Diagnostic>> {
        match expr {
            Expression::Parenthesis(inner) => self.constraint(inner.inner()),
            Expression::Variable(name) => self.keyword(expr, name.as_str()),
            Expression::FuncCall(call) => self.constructor(expr, call),
            Expression::String(text) if keyword(text.as_str()).is_some() => {
                Err(self.error(expr, "types are written without quotes"))
            }
            Expression::Null(_)
            | Expression::Bool(_)
            | Expression::Number(_)
            | Expression::String(_)
            | Expression::Array(_)
            | Expression::Object(_)
            | Expression::StringTemplate(_)
            | Expression::HeredocTemplate(_)
            | Expression::Conditional(_)
            | Expression::Traversal(_)
            | Expression::UnaryOp(_)
            | Expression::BinaryOp(_)
            | Expression::ForExpr(_) => Err(self.error(expr, "this is no type")),
        }
    }

    fn keyword(&self, expr: &Expression, name: &str) -> Result<TypeConstraint, Box<Diagnostic>> {
        keyword(name).ok_or_else(|| {
            self.error(
                expr,
                match name {
                    "list" | "set" | "map" => {
                        format!("`{name}` needs the type of its elements: `{name}(any)`")
                    }
                    "object" => "`object` needs its attributes: `object({ name = string })`".to_owned(),
                    "tuple" => "`tuple` needs the types of its elements: `tuple([string])`".to_owned(),
                    _ => format!("there is no type `{name}`"),
                },
            )
        })
    }

    fn constructor(&self, expr: &Expression, call: &FuncCall) -> Result<TypeConstraint, Box<Diagnostic>> {
        let name = call.name.name.as_str();
        if call.name.is_namespaced() {
            return Err(self.error(expr, "this is no type"));
        }
        let one = || match (call.args.get(0), call.args.len(), call.args.expand_final()) {
            (Some(arg), 1, false) => Ok(arg),
            _ => Err(self.error(expr, format!("`{name}` takes one argument"))),
        };
        match name {
            "list" => Ok(TypeConstraint::list(self.constraint(one()?)?)),
            "set" => Ok(TypeConstraint::set(self.constraint(one()?)?)),
            "map" => Ok(TypeConstraint::map(self.constraint(one()?)?)),
            "object" => match one()? {
                Expression::Object(object) => self.attributes(object).map(TypeConstraint::Object),
                other => Err(self.error(other, "expected `{ name = type }`")),
            },
            "tuple" => match one()? {
                Expression::Array(items) => {
                    let items = items.iter().map(|item| self.constraint(item)).collect::<Result<_, _>>()?;
                    Ok(TypeConstraint::Tuple(items))
                }
                other => Err(self.error(other, "expected `[type, type]`")),
            },
            "optional" => Err(self.error(expr, "`optional` is only for attributes of an object")),
            _ if keyword(name).is_some() => Err(self.error(expr, format!("`{name}` takes no arguments"))),
            _ => Err(self.error(expr, format!("there is no type `{name}`"))),
        }
    }

    fn attributes(&self, object: &Object) -> Result<BTreeMap<String, ObjectAttribute>, Box<Diagnostic>> {
        let mut attributes = BTreeMap::new();
        for (key, value) in object {
            let name = match key {
                ObjectKey::Ident(name) => name.as_str(),
                ObjectKey::Expression(Expression::Variable(name)) => name.as_str(),
                ObjectKey::Expression(Expression::String(name)) => name.as_str(),
                ObjectKey::Expression(other) => {
                    return Err(self.error(other, "an attribute's name must be plain"));
                }
            };
            let attribute = self.attribute(value.expr())?;
            if attributes.insert(name.to_owned(), attribute).is_some() {
                return Err(self.error(value.expr(), format!("`{name}` has a type already")));
            }
        }
        Ok(attributes)
    }

    fn attribute(&self, expr: &Expression) -> Result<ObjectAttribute, Box<Diagnostic>> {
        let call = match expr {
            Expression::FuncCall(call) if call.name.name.as_str() == "optional" => call,
            other => {
                return Ok(ObjectAttribute { ty: self.constraint(other)?, presence: Presence::Required });
            }
        };
        let (ty, default) = match (call.args.get(0), call.args.get(1), call.args.len()) {
            (Some(ty), default, 1 | 2) => (self.constraint(ty)?, default),
            _ => return Err(self.error(expr, "`optional` takes a type and, if need be, a default")),
        };
        let default = match default {
            None => Value::Null,
            Some(default) => {
                let value = self.literal(default)?;
                convert(value, &ty)
                    .map_err(|e| self.error(default, format!("the default does not fit its type: {e}")))?
            }
        };
        Ok(ObjectAttribute { ty, presence: Presence::Optional(default) })
    }

    fn literal(&self, expr: &Expression) -> Result<Value, Box<Diagnostic>> {
        Ok(match expr {
            Expression::Null(_) => Value::Null,
            Expression::Bool(b) => Value::Bool(*b.value()),
            Expression::Number(n) => {
                let text = n.as_repr().map_or_else(|| n.value().to_string(), |repr| repr.to_string());
                Value::Number(parse_number(&text).ok_or_else(|| self.error(expr, "too many digits"))?)
            }
            Expression::String(text) => Value::String(text.value().clone()),
            Expression::Array(items) => {
                Value::List(items.iter().map(|item| self.literal(item)).collect::<Result<_, _>>()?)
            }
            Expression::Object(object) => self.literal_object(object)?,
            Expression::Parenthesis(inner) => self.literal(inner.inner())?,
            Expression::UnaryOp(op) => match (op.operator.value(), self.literal(&op.expr)?) {
                (UnaryOperator::Neg, Value::Number(n)) => Number::new(-n.as_decimal())
                    .map(Value::Number)
                    .ok_or_else(|| self.error(expr, "too many digits"))?,
                (UnaryOperator::Not, Value::Bool(b)) => Value::Bool(!b),
                _ => return Err(self.error(expr, "a default must be a literal")),
            },
            Expression::StringTemplate(_)
            | Expression::HeredocTemplate(_)
            | Expression::Variable(_)
            | Expression::Conditional(_)
            | Expression::FuncCall(_)
            | Expression::Traversal(_)
            | Expression::BinaryOp(_)
            | Expression::ForExpr(_) => return Err(self.error(expr, "a default must be a literal")),
        })
    }

    fn literal_object(&self, object: &Object) -> Result<Value, Box<Diagnostic>> {
        let mut map = BTreeMap::new();
        for (key, value) in object {
            let name = match key {
                ObjectKey::Ident(name) => name.as_str().to_owned(),
                ObjectKey::Expression(Expression::Variable(name)) => name.as_str().to_owned(),
                ObjectKey::Expression(key) => match convert(self.literal(key)?, &TypeConstraint::String) {
                    Ok(Value::String(name)) => name,
                    _ => return Err(self.error(key, "a key must be a text")),
                },
            };
            map.insert(name, self.literal(value.expr())?);
        }
        Ok(Value::Object(map))
    }
}

fn keyword(name: &str) -> Option<TypeConstraint> {
    Some(match name {
        "any" => TypeConstraint::Any,
        "bool" => TypeConstraint::Bool,
        "number" => TypeConstraint::Number,
        "string" => TypeConstraint::String,
        _ => return None,
    })
}
