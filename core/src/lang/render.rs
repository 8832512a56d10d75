//! An expression as HCL source text, for plans: what remains when something is not known yet.

use super::expr::{BinaryOp, Expr, ExprKind, ForExpr, PathStep, Reference, Subject, TemplatePart, UnaryOp};
use crate::value::Value;

/// The expression as HCL in one line. Sensitive literals are not shown.
pub fn render(expr: &Expr) -> String {
    if expr.sensitive && matches!(expr.kind, ExprKind::Literal(_)) {
        return "(sensitive value)".to_owned();
    }
    match &expr.kind {
        ExprKind::Literal(value) => literal(value),
        ExprKind::Reference(r) => reference(r),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Object(pairs) => {
            let inner: Vec<_> = pairs.iter().map(|(k, v)| format!("{} = {}", key(k), render(v))).collect();
            if inner.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", inner.join(", ")) }
        }
        ExprKind::Template(template) => format!("\"{}\"", parts(template)),
        ExprKind::Unary(UnaryOp::Not, a) => format!("!{}", operand(a)),
        ExprKind::Unary(UnaryOp::Negate, a) => format!("-{}", operand(a)),
        ExprKind::Binary(op, a, b) => format!("{} {} {}", operand(a), symbol(*op), operand(b)),
        ExprKind::Conditional(c, a, b) => format!("{} ? {} : {}", operand(c), operand(a), operand(b)),
        ExprKind::Call(call) => {
            format!("{}({}{})", call.name, list(&call.args), if call.spread { "..." } else { "" })
        }
        ExprKind::For(e) => for_expr(e),
        ExprKind::Index(a, b) => format!("{}[{}]", operand(a), render(b)),
        ExprKind::Attribute(a, name) => format!("{}.{name}", operand(a)),
        ExprKind::Splat(a, rest) => format!("{}[*]{}", operand(a), render(rest)),
        ExprKind::Element => String::new(),
    }
}

/// The expression as HCL in one line.
pub fn expr(expr: &Expr) -> String {
    render(expr)
}

/// A reference as it is written.
pub fn reference(reference: &Reference) -> String {
    let mut text = subject(&reference.subject);
    for step in &reference.path {
        match step {
            PathStep::Attribute(name) => {
                text.push('.');
                text.push_str(name);
            }
            PathStep::Key(key) => text.push_str(&key.to_string()),
        }
    }
    text
}

fn subject(subject: &Subject) -> String {
    let within = |module: &crate::addr::ModulePath, rest: String| {
        if module.0.is_empty() { rest } else { format!("{module}.{rest}") }
    };
    match subject {
        Subject::Variable(_, name) => format!("var.{name}"),
        Subject::Local(_, name) => format!("local.{name}"),
        Subject::Resource(module, kind, name) => within(module, format!("{kind}.{name}")),
        Subject::Block(_, block, name) => format!("{block}.{name}"),
        Subject::Module(_, name) => format!("module.{name}"),
        Subject::Scoped(name) => name.to_string(),
        Subject::Path => "path".to_owned(),
    }
}

fn operand(expr: &Expr) -> String {
    let text = render(expr);
    match expr.kind {
        ExprKind::Binary(..) | ExprKind::Conditional(..) | ExprKind::Unary(..) => format!("({text})"),
        _ => text,
    }
}

fn list(items: &[Expr]) -> String {
    items.iter().map(render).collect::<Vec<_>>().join(", ")
}

fn key(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Literal(Value::String(text)) if crate::addr::Name::new(text.clone()).is_ok() => {
            text.clone()
        }
        ExprKind::Literal(_) => render(expr),
        _ => format!("({})", render(expr)),
    }
}

fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
    }
}

fn for_expr(e: &ForExpr) -> String {
    let vars = e.key_var.as_ref().map(|k| format!("{k}, ")).unwrap_or_default() + e.value_var.as_str();
    let condition = e.condition.as_ref().map(|c| format!(" if {}", render(c))).unwrap_or_default();
    let group = if e.group { "..." } else { "" };
    match &e.key {
        Some(key) => format!(
            "{{for {vars} in {} : {} => {}{group}{condition}}}",
            render(&e.collection),
            render(key),
            render(&e.value)
        ),
        None => format!("[for {vars} in {} : {}{condition}]", render(&e.collection), render(&e.value)),
    }
}

fn parts(template: &[TemplatePart]) -> String {
    let mut text = String::new();
    for part in template {
        match part {
            TemplatePart::Text(t) => text.push_str(&escape(t)),
            TemplatePart::Interpolation(e) => text.push_str(&format!("${{{}}}", render(e))),
            TemplatePart::If(c, a, b) => {
                text.push_str(&format!("%{{ if {} }}{}", render(c), parts(a)));
                if !b.is_empty() {
                    text.push_str(&format!("%{{ else }}{}", parts(b)));
                }
                text.push_str("%{ endif }");
            }
            TemplatePart::For(k, v, c, body) => {
                let k = k.as_ref().map(|k| format!("{k}, ")).unwrap_or_default();
                text.push_str(&format!("%{{ for {k}{v} in {} }}{}%{{ endfor }}", render(c), parts(body)));
            }
        }
    }
    text
}

/// The text between quotes.
fn escape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// A value as HCL in one line.
pub fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => format!("\"{}\"", escape(text)),
        Value::List(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Set(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let key = |k: &str| match crate::addr::Name::new(k) {
                Ok(name) => name.to_string(),
                Err(_) => format!("\"{}\"", escape(k)),
            };
            let inner: Vec<_> = map.iter().map(|(k, v)| format!("{} = {}", key(k), literal(v))).collect();
            format!("{{ {} }}", inner.join(", "))
        }
    }
}
