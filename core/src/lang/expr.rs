//! The expression tree. `reduce` turns an expression into another one: literals where everything
//! is known, the rest left standing. Span and secrecy sit on each node.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::addr::{InstanceKey, KindName, ModulePath, Name};
use crate::span::Span;
use crate::value::Value;

/// An expression with its place and secrecy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
    /// Whether its value must not be shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

/// The kinds of expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExprKind {
    /// A known value.
    Literal(Value),
    /// A name with the static part of its path.
    Reference(Box<Reference>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ key = value }`
    Object(Vec<(Expr, Expr)>),
    /// `"text ${expr} %{ if … }"`: parts are joined as text.
    Template(Vec<TemplatePart>),
    /// `!a`, `-a`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `c ? a : b`
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `name(args...)`
    Call(Box<CallExpr>),
    /// `[for …]`, `{for …}`
    For(Box<ForExpr>),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `a.b` of something that is no plain name.
    Attribute(Box<Expr>, Box<str>),
    /// `a[*].rest`, `a.*.rest`: the list and, per element, the rest applied to the innermost `Element`.
    Splat(Box<Expr>, Box<Expr>),
    /// The element inside a splat.
    Element,
}

/// Operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the operators")]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplatePart {
    /// Plain text, as it will appear.
    Text(String),
    /// `${ expr }`
    Interpolation(Expr),
    /// `%{ if c }…%{ else }…%{ endif }`
    If(Box<Expr>, Vec<TemplatePart>, Vec<TemplatePart>),
    /// `%{ for k, v in coll }…%{ endfor }`
    For(Option<Name>, Name, Box<Expr>, Vec<TemplatePart>),
}

/// A `for` expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForExpr {
    /// The key or index variable, when there are two.
    pub key_var: Option<Name>,
    /// The value variable.
    pub value_var: Name,
    /// What is gone through.
    pub collection: Expr,
    /// The key of each result: given for `{for …}`, absent for `[for …]`.
    pub key: Option<Expr>,
    /// The value of each result.
    pub value: Expr,
    /// `if …`
    pub condition: Option<Expr>,
    /// `...` after the value: group by key.
    pub group: bool,
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallExpr {
    /// The function.
    pub name: String,
    /// Its arguments.
    pub args: Vec<Expr>,
    /// Whether the last argument is spread with `...`.
    pub spread: bool,
}

/// A name in configuration and the static path behind it, as in `aws_db_instance.main["eu"].arn`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// What is named.
    pub subject: Subject,
    /// What follows, as far as it is literal.
    pub path: Vec<PathStep>,
}

/// What a reference names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// `var.NAME`
    Variable(ModulePath, Name),
    /// `local.NAME`
    Local(ModulePath, Name),
    /// `KIND.NAME`, all instances of the block; the instance key is the first step of the path.
    Resource(ModulePath, KindName, Name),
    /// `BLOCK.NAME` of a block that is no resource: `datastore.main`, `scenario.outage`.
    Block(ModulePath, String, Name),
    /// `module.NAME`
    Module(ModulePath, Name),
    /// `each.key`, `each.value`, `count.index`, `self`, a `for` variable.
    Scoped(Name),
    /// `path.module`, `path.root`, `path.cwd`
    Path,
}

/// One literal step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathStep {
    /// `.name`
    Attribute(String),
    /// `[0]`, `["key"]`
    Key(InstanceKey),
}

impl Reference {
    /// What of `self.before` it names: what there was before a step. None where it names something else.
    pub fn of_before(&self) -> Option<&[PathStep]> {
        match (&self.subject, self.path.split_first()) {
            (Subject::Scoped(name), Some((PathStep::Attribute(first), rest)))
                if name.as_str() == "self" && first == "before" =>
            {
                Some(rest)
            }
            _ => None,
        }
    }

    /// Kind and name of the resource block that it names.
    pub fn resource(&self) -> Option<(&KindName, &Name)> {
        match &self.subject {
            Subject::Resource(_, kind, name) => Some((kind, name)),
            Subject::Variable(..)
            | Subject::Local(..)
            | Subject::Block(..)
            | Subject::Module(..)
            | Subject::Scoped(_)
            | Subject::Path => None,
        }
    }
}

impl Expr {
    /// A name that stands at `span`.
    pub fn reference(reference: Reference, span: Span) -> Expr {
        Expr { kind: ExprKind::Reference(Box::new(reference)), span, sensitive: false }
    }

    /// A literal.
    pub fn literal(value: Value, span: Span) -> Expr {
        Expr { kind: ExprKind::Literal(value), span, sensitive: false }
    }

    /// The value, when the whole expression is known. Lists and objects stay trees after reduction,
    /// so that each leaf keeps its own span and secrecy; this collapses them.
    pub fn value(&self) -> Option<Value> {
        match &self.kind {
            ExprKind::Literal(value) => Some(value.clone()),
            ExprKind::List(items) => Some(Value::List(items.iter().map(Expr::value).collect::<Option<_>>()?)),
            ExprKind::Object(pairs) => {
                let mut map = BTreeMap::new();
                for (key, value) in pairs {
                    let Value::String(key) = key.value()? else { return None };
                    map.insert(key, value.value()?);
                }
                Some(Value::Object(map))
            }
            _ => None,
        }
    }

    /// Whether it is a value that is set, whatever is known: nothing in it refers to anything.
    pub fn is_plain(&self) -> bool {
        match &self.kind {
            ExprKind::Literal(value) => *value != Value::Null,
            ExprKind::List(_) | ExprKind::Object(_) | ExprKind::Template(_) => self.references().is_empty(),
            ExprKind::Reference(_)
            | ExprKind::Unary(..)
            | ExprKind::Binary(..)
            | ExprKind::Conditional(..)
            | ExprKind::Call(_)
            | ExprKind::For(_)
            | ExprKind::Index(..)
            | ExprKind::Attribute(..)
            | ExprKind::Splat(..)
            | ExprKind::Element => false,
        }
    }

    /// Whether this node or any below it is sensitive.
    pub fn any_sensitive(&self) -> bool {
        let mut found = false;
        self.visit(&mut |e| found |= e.sensitive);
        found
    }

    /// Calls the function on this node and all below it, parents first.
    pub fn visit<'e>(&'e self, f: &mut impl FnMut(&'e Expr)) {
        f(self);
        for child in self.children() {
            child.visit(f);
        }
    }

    /// All references in it, in the order they stand.
    pub fn references(&self) -> Vec<(&Reference, Span)> {
        let mut found = Vec::new();
        self.visit(&mut |expr| {
            if let ExprKind::Reference(reference) = &expr.kind {
                found.push((&**reference, expr.span));
            }
        });
        found
    }

    /// The expressions directly below this one, in the order they stand.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Reference(_) | ExprKind::Element => Vec::new(),
            ExprKind::List(items) => items.iter().collect(),
            ExprKind::Call(call) => call.args.iter().collect(),
            ExprKind::Object(pairs) => pairs.iter().flat_map(|(k, v)| [k, v]).collect(),
            ExprKind::Template(parts) => part_children(parts),
            ExprKind::Unary(_, a) | ExprKind::Attribute(a, _) => vec![a],
            ExprKind::Binary(_, a, b) | ExprKind::Index(a, b) | ExprKind::Splat(a, b) => vec![a, b],
            ExprKind::Conditional(c, a, b) => vec![c, a, b],
            ExprKind::For(e) => [Some(&e.collection), e.key.as_ref(), Some(&e.value), e.condition.as_ref()]
                .into_iter()
                .flatten()
                .collect(),
        }
    }
}

fn part_children(parts: &[TemplatePart]) -> Vec<&Expr> {
    let mut found = Vec::new();
    for part in parts {
        match part {
            TemplatePart::Text(_) => {}
            TemplatePart::Interpolation(e) => found.push(e),
            TemplatePart::If(c, a, b) => {
                found.push(c);
                found.extend(part_children(a));
                found.extend(part_children(b));
            }
            TemplatePart::For(_, _, c, body) => {
                found.push(c);
                found.extend(part_children(body));
            }
        }
    }
    found
}
