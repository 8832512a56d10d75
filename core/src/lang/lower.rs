//! Syntax to expressions: spans on every node, numbers as exact decimals from the source text,
//! names as references with the static part of their path. Whether a name is declared is checked
//! when all files have been read.

use hcl_edit::expr::{self as hcl, Expression, ObjectKey, TraversalOperator};
use hcl_edit::{Decorated, Ident, Span as _};

use crate::addr::{InstanceKey, KindName, ModulePath, Name};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{BinaryOp, CallExpr, Expr, ExprKind, ForExpr, PathStep, Reference, Subject, UnaryOp};
use crate::lang::parse::Item;
use crate::lang::prescan::MAX_DEPTH;
use crate::span::Span;
use crate::system;
use crate::value::{Number, Value};

/// Names that a `for` variable may not take, because they mean something at the start of a reference.
const RESERVED: [&str; 9] = ["var", "local", "module", "data", "each", "count", "self", "path", "terraform"];

/// What is known only when a scenario is looked at or a step is done: `target.NAME`, `run.id`, `input.NAME`,
/// `clock.elapsed`.
pub(crate) const LATE: [&str; 4] = ["target", "run", "input", "clock"];

/// How names that stand alone are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// As references.
    Resolved,
    /// As themselves: in type constraints, where `string` is a word of the language.
    Words,
}

/// Lowers the expressions of one item.
pub(crate) struct Lower<'a> {
    pub(crate) item: &'a Item<'a>,
    pub(crate) diags: &'a mut Diagnostics,
    pub(crate) names: Names,
    /// The `for` variables in scope.
    pub(crate) scope: Vec<Name>,
}

/// The expression, with diagnostics for what can be told wrong in it alone.
pub(crate) fn expression(item: &Item<'_>, expr: &Expression, names: Names, diags: &mut Diagnostics) -> Expr {
    Lower { item, diags, names, scope: Vec::new() }.expr(expr)
}

/// What stands for an expression that could not be read: an error has been reported.
fn broken(span: Span) -> Expr {
    Expr { kind: ExprKind::Element, span, sensitive: false }
}

impl Lower<'_> {
    pub(crate) fn span_of(&self, expr: &Expression) -> Span {
        self.item.span(expr.span())
    }

    pub(crate) fn name(&mut self, ident: &Decorated<Ident>) -> Option<Name> {
        let span = self.item.span(ident.span());
        match Name::new(ident.as_str()) {
            Ok(name) if !RESERVED.contains(&name.as_str()) => Some(name),
            Ok(name) => {
                self.error(
                    Code::InvalidReference,
                    "Reserved name",
                    span,
                    format!("`{name}` begins references"),
                )
                .help("Choose another name for the variable of this `for`.");
                None
            }
            Err(invalid) => {
                self.error(Code::InvalidReference, "Invalid name", span, invalid.to_string());
                None
            }
        }
    }

    pub(crate) fn error(
        &mut self,
        code: Code,
        headline: &str,
        span: Span,
        label: impl Into<String>,
    ) -> Pushed<'_> {
        Pushed { diags: self.diags, diagnostic: Some(Diagnostic::error(code, headline, span, label)) }
    }

    pub(crate) fn expr(&mut self, expr: &Expression) -> Expr {
        let span = self.span_of(expr);
        let kind = match expr {
            Expression::Null(_) => ExprKind::Literal(Value::Null),
            Expression::Bool(b) => ExprKind::Literal(Value::Bool(*b.value())),
            Expression::Number(_) => return self.number(span, expr),
            Expression::String(text) => ExprKind::Literal(Value::String(text.value().clone())),
            Expression::Array(items) => ExprKind::List(items.iter().map(|e| self.expr(e)).collect()),
            Expression::Object(object) => ExprKind::Object(
                object.iter().map(|(key, value)| (self.key(key), self.expr(value.expr()))).collect(),
            ),
            Expression::StringTemplate(template) => return self.string_template(template.iter(), span),
            Expression::HeredocTemplate(heredoc) => return self.heredoc(heredoc, span),
            Expression::Parenthesis(inner) => return Expr { span, ..self.expr(inner.inner()) },
            Expression::Variable(ident) => return self.bare(ident, span),
            Expression::Conditional(c) => ExprKind::Conditional(
                Box::new(self.expr(&c.cond_expr)),
                Box::new(self.expr(&c.true_expr)),
                Box::new(self.expr(&c.false_expr)),
            ),
            Expression::FuncCall(call) => return self.call(call, span),
            Expression::Traversal(traversal) => return self.traversal(traversal, span),
            Expression::UnaryOp(op) => {
                let symbol = match op.operator.value() {
                    hcl::UnaryOperator::Neg => UnaryOp::Negate,
                    hcl::UnaryOperator::Not => UnaryOp::Not,
                };
                ExprKind::Unary(symbol, Box::new(self.expr(&op.expr)))
            }
            Expression::BinaryOp(op) => ExprKind::Binary(
                binary(*op.operator.value()),
                Box::new(self.expr(&op.lhs_expr)),
                Box::new(self.expr(&op.rhs_expr)),
            ),
            Expression::ForExpr(e) => return self.for_expr(e, span),
        };
        Expr { kind, span, sensitive: false }
    }

    fn number(&mut self, span: Span, expr: &Expression) -> Expr {
        let range = expr.span().unwrap_or(0..0);
        let text: String =
            self.item.text.get(range).unwrap_or("").chars().filter(|c| !c.is_whitespace()).collect();
        if let Ok(number) = text.parse::<Number>() {
            return Expr::literal(Value::Number(number), span);
        }
        self.error(Code::InputLimit, "Number too long", span, "it has more than 4096 digits");
        broken(span)
    }

    fn key(&mut self, key: &ObjectKey) -> Expr {
        match key {
            ObjectKey::Ident(ident) => {
                Expr::literal(Value::from(ident.as_str()), self.item.span(ident.span()))
            }
            // `name = …` is a key of that name, `(name) = …` one that is computed.
            ObjectKey::Expression(Expression::Variable(ident)) => {
                Expr::literal(Value::from(ident.as_str()), self.item.span(ident.span()))
            }
            ObjectKey::Expression(expr) => self.expr(expr),
        }
    }

    fn call(&mut self, call: &hcl::FuncCall, span: Span) -> Expr {
        let mut name = String::new();
        for part in &call.name.namespace {
            name.push_str(part.as_str());
            name.push_str("::");
        }
        name.push_str(call.name.name.as_str());
        let args = call.args.iter().map(|e| self.expr(e)).collect();
        Expr {
            kind: ExprKind::Call(Box::new(CallExpr { name, args, spread: call.args.expand_final() })),
            span,
            sensitive: false,
        }
    }

    fn for_expr(&mut self, e: &hcl::ForExpr, span: Span) -> Expr {
        let collection = self.expr(&e.intro.collection_expr);
        let key_var = e.intro.key_var.as_ref().map(|k| self.name(k));
        let value_var = self.name(&e.intro.value_var);
        let (Some(value_var), Some(key_var)) = (value_var, key_var.map_or(Some(None), |k| k.map(Some)))
        else {
            return broken(span);
        };
        let outer = self.scope.len();
        self.scope.extend(key_var.clone());
        self.scope.push(value_var.clone());
        let key = e.key_expr.as_ref().map(|k| self.expr(k));
        let value = self.expr(&e.value_expr);
        let condition = e.cond.as_ref().map(|c| self.expr(&c.expr));
        self.scope.truncate(outer);
        let group = e.grouping;
        let body = ForExpr { key_var, value_var, collection, key, value, condition, group };
        Expr { kind: ExprKind::For(Box::new(body)), span, sensitive: false }
    }

    /// A name that stands alone.
    fn bare(&mut self, ident: &Decorated<Ident>, span: Span) -> Expr {
        let text = ident.as_str();
        let name = match Name::new(text) {
            Ok(name) if self.names == Names::Words || self.scope.contains(&name) => name,
            Ok(_) | Err(_) => {
                let help = match text {
                    "var" | "local" | "each" | "count" | "path" | "target" | "input" | "clock" => {
                        format!("Write `{text}.NAME`.")
                    }
                    "run" => "Write `run.id`.".to_owned(),
                    _ => format!("Write \"{text}\" in quotes for text, or `var.{text}` for a variable."),
                };
                self.error(
                    Code::InvalidReference,
                    "A name alone means nothing here",
                    span,
                    "this is no value",
                )
                .help(help);
                return broken(span);
            }
        };
        let reference = Reference { subject: Subject::Scoped(name), path: Vec::new() };
        Expr::reference(reference, span)
    }

    fn traversal(&mut self, traversal: &hcl::Traversal, span: Span) -> Expr {
        let mut operators = traversal.operators.as_slice();
        let (mut base, root) = match &traversal.expr {
            Expression::Variable(ident) => {
                let root = self.item.span(ident.span());
                match self.subject(ident, &mut operators, span) {
                    Some(subject) => {
                        let reference = Reference { subject, path: Vec::new() };
                        (Expr::reference(reference, root), root)
                    }
                    None => return broken(span),
                }
            }
            expr => (self.expr(expr), self.span_of(expr)),
        };
        let taken = traversal.operators.len() - operators.len();
        if taken > 0 {
            base.span = root.to(self.item.span(traversal.operators[taken - 1].span()));
        }
        let dynamic = |o: &&Decorated<TraversalOperator>| !matches!(o.value(), TraversalOperator::GetAttr(_));
        if operators.len() > 4 * MAX_DEPTH || operators.iter().filter(dynamic).count() > MAX_DEPTH {
            self.error(Code::InputLimit, "Nested too deeply", span, format!("more than {MAX_DEPTH} steps"))
                .help("Name inner parts in `locals` and refer to them.");
            return broken(span);
        }
        self.steps(base, operators, root)
    }

    /// Applies the operators one after the other.
    fn steps(&mut self, mut base: Expr, operators: &[Decorated<TraversalOperator>], root: Span) -> Expr {
        for (i, operator) in operators.iter().enumerate() {
            let at = self.item.span(operator.span());
            let span = root.to(at);
            let rest = &operators[i + 1..];
            match operator.value() {
                TraversalOperator::GetAttr(name) => {
                    base = attribute(base, name.as_str().to_owned(), span);
                }
                TraversalOperator::LegacyIndex(index) => {
                    base = key(base, InstanceKey::Index(*index.value()), span, at);
                }
                TraversalOperator::Index(index) => {
                    let index = self.expr(index);
                    base = match static_key(&index) {
                        Some(step) => key(base, step, span, index.span),
                        None => Expr {
                            kind: ExprKind::Index(Box::new(base), Box::new(index)),
                            span,
                            sensitive: false,
                        },
                    };
                }
                TraversalOperator::FullSplat(_) => {
                    let each = self.steps(broken(at), rest, at);
                    let kind = ExprKind::Splat(Box::new(base), Box::new(each));
                    let end = operators.last().map_or(span, |o| root.to(self.item.span(o.span())));
                    return Expr { kind, span: end, sensitive: false };
                }
                TraversalOperator::AttrSplat(_) => {
                    let names =
                        rest.iter().take_while(|o| matches!(o.value(), TraversalOperator::GetAttr(_)));
                    let count = names.count();
                    let each = self.steps(broken(at), &rest[..count], at);
                    let span = rest[..count].last().map_or(span, |o| root.to(self.item.span(o.span())));
                    let splat = ExprKind::Splat(Box::new(base), Box::new(each));
                    let splat = Expr { kind: splat, span, sensitive: false };
                    return self.steps(splat, &rest[count..], root);
                }
            }
        }
        base
    }

    /// What the front of a traversal names; takes the operators that belong to the name.
    fn subject(
        &mut self,
        root: &Decorated<Ident>,
        operators: &mut &[Decorated<TraversalOperator>],
        span: Span,
    ) -> Option<Subject> {
        let word = root.as_str();
        let module = ModulePath::default();
        if let Some(name) = self.scope.iter().find(|n| n.as_str() == word) {
            return Some(Subject::Scoped(name.clone()));
        }
        if self.names == Names::Words {
            return Name::new(word).ok().map(Subject::Scoped);
        }
        match word {
            "each" | "count" | "self" => return Some(Subject::Scoped(Name::new(word).ok()?)),
            "path" => return Some(Subject::Path),
            "data" | "terraform" => {
                self.error(
                    Code::Unsupported,
                    "Not in this language",
                    span,
                    format!("there is no `{word}` here"),
                )
                .help("Pass the value in as a variable.");
                return None;
            }
            _ => {}
        }
        let Some((TraversalOperator::GetAttr(name), rest)) =
            operators.split_first().map(|(f, r)| (f.value(), r))
        else {
            self.error(
                Code::InvalidReference,
                "Incomplete reference",
                span,
                format!("`{word}` needs a name: `{word}.NAME`"),
            );
            return None;
        };
        *operators = rest;
        let name = Name::new(name.as_str()).ok()?;
        Some(match word {
            "var" => Subject::Variable(module, name),
            "local" => Subject::Local(module, name),
            "module" => Subject::Module(module, name),
            block if block == "step" || LATE.contains(&block) || system::block_type(block).is_some() => {
                Subject::Block(module, block.to_owned(), name)
            }
            kind => Subject::Resource(module, KindName::new(kind).ok()?, name),
        })
    }
}

/// A diagnostic that is added when it goes out of scope, so that help can be chained.
pub(crate) struct Pushed<'d> {
    diags: &'d mut Diagnostics,
    diagnostic: Option<Diagnostic>,
}

impl Pushed<'_> {
    pub(crate) fn help(mut self, help: impl Into<String>) {
        self.diagnostic = self.diagnostic.take().map(|d| d.help(help));
    }
}

impl Drop for Pushed<'_> {
    fn drop(&mut self) {
        self.diags.extend(self.diagnostic.take());
    }
}

fn static_key(index: &Expr) -> Option<InstanceKey> {
    match &index.kind {
        ExprKind::Literal(Value::String(text)) => Some(InstanceKey::Each(text.clone())),
        ExprKind::Literal(Value::Number(n)) => {
            n.as_i64().and_then(|n| u64::try_from(n).ok()).map(InstanceKey::Index)
        }
        _ => None,
    }
}

fn attribute(base: Expr, name: String, span: Span) -> Expr {
    match base.kind {
        ExprKind::Reference(mut reference) => {
            reference.path.push(PathStep::Attribute(name));
            Expr { kind: ExprKind::Reference(reference), span, ..base }
        }
        _ => Expr { kind: ExprKind::Attribute(Box::new(base), name.into()), span, sensitive: false },
    }
}

fn key(base: Expr, step: InstanceKey, span: Span, at: Span) -> Expr {
    match base.kind {
        ExprKind::Reference(mut reference) => {
            reference.path.push(PathStep::Key(step));
            Expr { kind: ExprKind::Reference(reference), span, ..base }
        }
        _ => {
            let index = match step {
                InstanceKey::Index(i) => Value::Number(Number::from(i)),
                InstanceKey::Each(text) => Value::String(text),
            };
            let index = Box::new(Expr::literal(index, at));
            Expr { kind: ExprKind::Index(Box::new(base), index), span, sensitive: false }
        }
    }
}

fn binary(operator: hcl::BinaryOperator) -> BinaryOp {
    match operator {
        hcl::BinaryOperator::Eq => BinaryOp::Equal,
        hcl::BinaryOperator::NotEq => BinaryOp::NotEqual,
        hcl::BinaryOperator::LessEq => BinaryOp::LessOrEqual,
        hcl::BinaryOperator::GreaterEq => BinaryOp::GreaterOrEqual,
        hcl::BinaryOperator::Less => BinaryOp::Less,
        hcl::BinaryOperator::Greater => BinaryOp::Greater,
        hcl::BinaryOperator::Plus => BinaryOp::Add,
        hcl::BinaryOperator::Minus => BinaryOp::Subtract,
        hcl::BinaryOperator::Mul => BinaryOp::Multiply,
        hcl::BinaryOperator::Div => BinaryOp::Divide,
        hcl::BinaryOperator::Mod => BinaryOp::Modulo,
        hcl::BinaryOperator::And => BinaryOp::And,
        hcl::BinaryOperator::Or => BinaryOp::Or,
    }
}
