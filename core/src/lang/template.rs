//! Templates: quoted text and heredocs become parts. Strip markers and the indentation of `<<-` are
//! settled here, on the source text, token by token as HCL defines it.

use hcl_edit::Span as _;
use hcl_edit::template::{Directive, Element, HeredocTemplate, Strip};

use crate::addr::Name;
use crate::lang::expr::{Expr, ExprKind, TemplatePart};
use crate::lang::lower::Lower;
use crate::span::Span;
use crate::value::Value;

/// A template as a flat row, in the order of the source.
enum Token {
    Text(String),
    Interpolation(Expr),
    If(Expr),
    Else,
    EndIf,
    For(Option<Name>, Name, Expr),
    EndFor,
}

/// The row with, per token, whether it strips the text before and after it.
struct Row {
    tokens: Vec<(Token, Strip)>,
    /// Whether texts are raw source of a heredoc, one token per line.
    heredoc: bool,
}

impl Lower<'_> {
    pub(crate) fn string_template<'e>(
        &mut self,
        elements: impl Iterator<Item = &'e Element>,
        span: Span,
    ) -> Expr {
        let mut row = Row { tokens: Vec::new(), heredoc: false };
        self.flatten(elements, &mut row);
        strip(&mut row.tokens);
        // `"${x}"` is x itself, whatever its type.
        if row.tokens.len() == 1
            && let Some((Token::Interpolation(_), _)) = row.tokens.first()
            && let Some((Token::Interpolation(expr), _)) = row.tokens.pop()
        {
            return Expr { span, ..expr };
        }
        whole(row, span)
    }

    pub(crate) fn heredoc(&mut self, heredoc: &HeredocTemplate, span: Span) -> Expr {
        let mut row = Row { tokens: Vec::new(), heredoc: true };
        self.flatten(heredoc.template.iter(), &mut row);
        strip(&mut row.tokens);
        let start = span.start as usize - self.item.base;
        if self.item.text.get(start..).is_some_and(|t| t.starts_with("<<-")) {
            dedent(&mut row.tokens);
        }
        whole(row, span)
    }

    fn flatten<'e>(&mut self, elements: impl Iterator<Item = &'e Element>, row: &mut Row) {
        for element in elements {
            match element {
                Element::Literal(text) if row.heredoc => {
                    let raw = text.span().and_then(|range| self.item.text.get(range));
                    let raw = raw.unwrap_or(text.value());
                    for line in raw.split_inclusive('\n') {
                        let line = line.replace("$${", "${").replace("%%{", "%{");
                        row.tokens.push((Token::Text(line), Strip::None));
                    }
                }
                Element::Literal(text) => row.tokens.push((Token::Text(text.value().clone()), Strip::None)),
                Element::Interpolation(i) => {
                    row.tokens.push((Token::Interpolation(self.expr(&i.expr)), i.strip))
                }
                Element::Directive(directive) => self.directive(directive, row),
            }
        }
    }

    fn directive(&mut self, directive: &Directive, row: &mut Row) {
        match directive {
            Directive::If(d) => {
                row.tokens.push((Token::If(self.expr(&d.if_expr.cond_expr)), d.if_expr.strip));
                self.flatten(d.if_expr.template.iter(), row);
                if let Some(other) = &d.else_expr {
                    row.tokens.push((Token::Else, other.strip));
                    self.flatten(other.template.iter(), row);
                }
                row.tokens.push((Token::EndIf, d.endif_expr.strip));
            }
            Directive::For(d) => {
                let collection = self.expr(&d.for_expr.collection_expr);
                let key = d.for_expr.key_var.as_ref().map(|k| self.name(k));
                let value = self.name(&d.for_expr.value_var);
                let (Some(value), Some(key)) = (value, key.map_or(Some(None), |k| k.map(Some))) else {
                    return;
                };
                let outer = self.scope.len();
                self.scope.extend(key.clone());
                self.scope.push(value.clone());
                row.tokens.push((Token::For(key, value, collection), d.for_expr.strip));
                self.flatten(d.for_expr.template.iter(), row);
                row.tokens.push((Token::EndFor, d.endfor_expr.strip));
                self.scope.truncate(outer);
            }
        }
    }
}

fn strip(tokens: &mut [(Token, Strip)]) {
    for i in 0..tokens.len() {
        let (before, after) = match tokens[i].1 {
            Strip::None => (false, false),
            Strip::Start => (true, false),
            Strip::End => (false, true),
            Strip::Both => (true, true),
        };
        if before
            && i > 0
            && let Token::Text(text) = &mut tokens[i - 1].0
        {
            *text = text.trim_end().to_owned();
        }
        if after
            && i + 1 < tokens.len()
            && let Token::Text(text) = &mut tokens[i + 1].0
        {
            *text = text.trim_start().to_owned();
        }
    }
}

/// Removes the indentation that all lines share. Blank lines do not count and stay as they are.
fn dedent(tokens: &mut [(Token, Strip)]) {
    let mut least = usize::MAX;
    let mut line_start = true;
    let mut starts = Vec::new();
    for (i, (token, _)) in tokens.iter().enumerate() {
        if line_start {
            let spaces = match token {
                Token::Text(text) if text.trim_start().is_empty() && text.ends_with('\n') => usize::MAX,
                Token::Text(text) => {
                    starts.push(i);
                    text.chars().take_while(|c| c.is_whitespace()).count()
                }
                _ => 0,
            };
            least = least.min(spaces);
        }
        line_start = matches!(token, Token::Text(text) if text.ends_with('\n'));
    }
    for i in starts {
        if let Token::Text(text) = &mut tokens[i].0 {
            *text = text.chars().skip(least).collect();
        }
    }
}

fn whole(row: Row, span: Span) -> Expr {
    let mut tokens = row.tokens.into_iter().map(|(token, _)| token);
    let (parts, _) = nest(&mut tokens);
    let kind = match parts.as_slice() {
        [] => ExprKind::Literal(Value::String(String::new())),
        [TemplatePart::Text(text)] => ExprKind::Literal(Value::String(text.clone())),
        _ => ExprKind::Template(parts),
    };
    Expr { kind, span, sensitive: false }
}

/// Builds the parts up to the token that ends them, which is returned too.
fn nest(tokens: &mut impl Iterator<Item = Token>) -> (Vec<TemplatePart>, Option<Token>) {
    let mut parts: Vec<TemplatePart> = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => push_text(&mut parts, &text),
            Token::Interpolation(expr) => parts.push(TemplatePart::Interpolation(expr)),
            Token::If(condition) => {
                let (then, end) = nest(tokens);
                let other = if matches!(end, Some(Token::Else)) { nest(tokens).0 } else { Vec::new() };
                parts.push(TemplatePart::If(Box::new(condition), then, other));
            }
            Token::For(key, value, collection) => {
                let (body, _) = nest(tokens);
                parts.push(TemplatePart::For(key, value, Box::new(collection), body));
            }
            end @ (Token::Else | Token::EndIf | Token::EndFor) => {
                parts.shrink_to_fit();
                return (parts, Some(end));
            }
        }
    }
    parts.shrink_to_fit();
    (parts, None)
}

/// Appends text, joined with the text before it.
pub(crate) fn push_text(parts: &mut Vec<TemplatePart>, text: &str) {
    if text.is_empty() {
        return;
    }
    match parts.last_mut() {
        Some(TemplatePart::Text(last)) => last.push_str(text),
        _ => parts.push(TemplatePart::Text(text.to_owned())),
    }
}
