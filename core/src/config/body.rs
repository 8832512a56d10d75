//! The body of a block, read by the table of its attributes.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::Span as _;
use hcl_edit::structure::{Block, Structure};

use super::block::{Source, invalid, missing, twice, unknown};
use super::refers::{of_self, referring};
use super::resource::provider_address;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{Expr, ExprKind, Reference};
use crate::schema::{Attribute, PROVIDER, Role, Type, attribute};
use crate::span::Span;
use crate::value::Value;

/// What a body by a table has been read to.
#[derive(Default)]
pub(super) struct Read {
    pub(super) attributes: BTreeMap<String, Expr>,
    pub(super) spans: BTreeMap<String, Span>,
    /// What is referred to by address.
    pub(super) references: Vec<(Reference, Span)>,
    /// Blocks with an error inside: checking them as a whole would only repeat it.
    failed: BTreeSet<String>,
}

/// How an attribute of that type is written.
enum Form {
    Argument,
    Block(&'static [Attribute]),
    Labelled(&'static [Attribute]),
    Repeated(&'static [Attribute]),
    /// A block with any names.
    Names,
    /// Repeated, and the label fills the attribute of that name.
    RepeatedWithLabel(&'static [Attribute], &'static str),
}

fn form(ty: &Type) -> Form {
    match ty {
        Type::Names => Form::Names,
        Type::Object(table) => Form::Block(table),
        Type::Map(Type::Object(table)) => Form::Labelled(table),
        Type::List(Type::Object(table)) | Type::Set(Type::Object(table)) => {
            match table.iter().find(|a| a.role == Role::Label) {
                Some(label) => Form::RepeatedWithLabel(table, label.name),
                None => Form::Repeated(table),
            }
        }
        Type::Any
        | Type::Bool
        | Type::Number
        | Type::String(_)
        | Type::Reference(_)
        | Type::Condition(_)
        | Type::Told(_)
        | Type::List(_)
        | Type::Set(_)
        | Type::Map(_) => Form::Argument,
    }
}

impl Read {
    /// Reads a body by its table. Names in `meta` are left out.
    pub(super) fn body(
        &mut self,
        source: Source<'_>,
        table: &'static [Attribute],
        meta: &[&str],
        diags: &mut Diagnostics,
    ) {
        for structure in &source.block.body {
            match structure {
                Structure::Attribute(a) if meta.contains(&a.key.as_str()) => {}
                Structure::Attribute(a) => self.argument(source, a, table, diags),
                Structure::Block(b) => self.block(source, b, table, diags),
            }
        }
        for wanted in table.iter().filter(|a| a.required && !self.attributes.contains_key(a.name)) {
            diags.push(missing(wanted.name, source.header(), source.title()));
        }
        for row in table {
            let Some(expr) = self.attributes.get_mut(row.name) else { continue };
            expr.sensitive |= row.sensitive;
            if self.failed.contains(row.name) {
                continue;
            }
            // What refers to something is checked when its value is known.
            let Some(value) = expr.value() else { continue };
            if let Err(wrong) = (row.canonical)(value) {
                let span = below(expr, &wrong.path).unwrap_or(expr.span);
                let headline = format!("Invalid `{}`", row.name);
                let place = Diagnostic::error(Code::InvalidValue, headline, span, wrong.message);
                diags.push(place);
            }
        }
    }

    fn argument(
        &mut self,
        source: Source<'_>,
        a: &hcl_edit::structure::Attribute,
        table: &'static [Attribute],
        diags: &mut Diagnostics,
    ) {
        let (name, span) = (a.key.as_str(), source.key_span(a));
        let Some(row) = attribute(table, name).filter(|row| row.role != Role::Label) else {
            diags.push(stray(name, span, source, table));
            return;
        };
        let how = match form(&row.ty) {
            Form::Argument => None,
            Form::Block(_) | Form::Names => Some(format!("{name} {{ … }}")),
            Form::Labelled(_) | Form::RepeatedWithLabel(..) => Some(format!("{name} \"LABEL\" {{ … }}")),
            Form::Repeated(_) => Some(format!("{name} {{ … }}")),
        };
        if let Some(how) = how {
            diags.push(
                Diagnostic::error(
                    Code::BlockOrAttribute,
                    "This is a block",
                    span,
                    "written with `=`, as an attribute",
                )
                .help(format!("Write `{how}`.")),
            );
            return;
        }
        self.spans.insert(name.to_owned(), span.to(source.item.span(a.value.span())));
        if row.ty == Type::Reference(PROVIDER) {
            if let Some(address) = provider_address(source, &a.value, diags) {
                let address = Value::String(address.to_string());
                self.attributes
                    .insert(name.to_owned(), Expr::literal(address, source.item.span(a.value.span())));
            }
            return;
        }
        let mut lowered = source.lower(&a.value, diags);
        match &row.ty {
            Type::Reference(block) => referring(&mut lowered, block, &mut self.references, diags),
            Type::List(Type::Reference(block)) => match &mut lowered.kind {
                ExprKind::List(items) => {
                    items.iter_mut().for_each(|i| referring(i, block, &mut self.references, diags))
                }
                // What could not be read has been reported.
                ExprKind::Element => {}
                _ => diags.push(invalid(lowered.span, "this must be a list of references: `[…]`")),
            },
            Type::Condition(names) => of_self(&mut lowered, names, true, diags),
            Type::Told(names) => of_self(&mut lowered, names, false, diags),
            _ => {}
        }
        self.attributes.insert(name.to_owned(), lowered);
    }

    /// Reads a block with any names.
    fn names(&mut self, source: Source<'_>, diags: &mut Diagnostics) {
        for structure in &source.block.body {
            match structure {
                Structure::Attribute(a) => {
                    let span = source.key_span(a).to(source.item.span(a.value.span()));
                    self.spans.insert(a.key.as_str().to_owned(), span);
                    self.attributes.insert(a.key.as_str().to_owned(), source.lower(&a.value, diags));
                }
                Structure::Block(b) => {
                    let inner = source.inner(b).header();
                    let label = "only names with values stand here";
                    diags.push(Diagnostic::error(
                        Code::BlockOrAttribute,
                        "This is an attribute",
                        inner,
                        label,
                    ));
                }
            }
        }
    }

    fn block(&mut self, outer: Source<'_>, b: &Block, table: &'static [Attribute], diags: &mut Diagnostics) {
        let source = outer.inner(b);
        let name = b.ident.as_str();
        let Some((row, inner)) = row_of(source, outer, table, diags) else { return };
        let labels = match form(&row.ty) {
            Form::Labelled(_) | Form::RepeatedWithLabel(..) => &["LABEL"][..],
            Form::Block(_) | Form::Names | Form::Repeated(_) | Form::Argument => &[][..],
        };
        let Some(labels) = source.labels(labels, diags) else { return };
        let mut read = Read::default();
        let label = labels
            .first()
            .map(|label| Expr::literal(Value::from(*label), source.item.span(b.labels[0].span())));
        if let (Form::RepeatedWithLabel(_, filled), Some(label)) = (form(&row.ty), &label) {
            read.attributes.insert(filled.to_owned(), label.clone());
        }
        let before = diags.iter().count();
        match row.ty {
            Type::Names => read.names(source, diags),
            _ => read.body(source, inner, &[], diags),
        }
        if diags.iter().count() > before {
            self.failed.insert(name.to_owned());
        }
        self.references.append(&mut read.references);
        self.place(source, name, form(&row.ty), (label, object(read, source)), diags);
    }

    /// Puts what a block says where its form wants it: alone, under its label, or behind its likes.
    fn place(
        &mut self,
        source: Source<'_>,
        name: &str,
        form: Form,
        (label, object): (Option<Expr>, Expr),
        diags: &mut Diagnostics,
    ) {
        let span = source.span();
        let first = self.spans.get(name).copied();
        self.spans.entry(name.to_owned()).or_insert(span);
        let twice = |first| twice(source.header(), first);
        let existing = self.attributes.get_mut(name);
        let fresh = match (form, label, existing.map(|e| &mut e.kind)) {
            (Form::Block(_) | Form::Names, _, None) => object,
            (Form::Block(_) | Form::Names, _, Some(_)) => return diags.push(twice(first)),
            (Form::Labelled(_), Some(label), Some(ExprKind::Object(pairs))) => {
                match pairs.iter().find(|(k, _)| k.kind == label.kind) {
                    Some((k, _)) => diags.push(twice(Some(k.span))),
                    None => pairs.push((label, object)),
                }
                return;
            }
            (Form::Labelled(_), Some(label), _) => {
                Expr { kind: ExprKind::Object(vec![(label, object)]), span, sensitive: false }
            }
            (_, _, Some(ExprKind::List(items))) => return items.push(object),
            _ => Expr { kind: ExprKind::List(vec![object]), span, sensitive: false },
        };
        self.attributes.insert(name.to_owned(), fresh);
    }
}

/// The row of the table that a block fills, and the attributes it may hold.
fn row_of(
    source: Source<'_>,
    outer: Source<'_>,
    table: &'static [Attribute],
    diags: &mut Diagnostics,
) -> Option<(&'static Attribute, &'static [Attribute])> {
    let (name, span) = (source.block.ident.as_str(), source.header());
    let Some(row) = attribute(table, name) else {
        diags.push(stray(name, span, outer, table));
        return None;
    };
    match form(&row.ty) {
        Form::Block(inner)
        | Form::Repeated(inner)
        | Form::Labelled(inner)
        | Form::RepeatedWithLabel(inner, _) => Some((row, inner)),
        Form::Names => Some((row, &[])),
        Form::Argument => {
            let label = "written with braces, as a block";
            diags.push(
                Diagnostic::error(Code::BlockOrAttribute, "This is an attribute", span, label)
                    .help(format!("Write `{name} = …`.")),
            );
            None
        }
    }
}

/// What is said of a name that is not in the table of where it stands.
fn stray(name: &str, span: Span, inside: Source<'_>, table: &'static [Attribute]) -> Diagnostic {
    if let Some(why) = refused(name) {
        let label = format!("there is no `{name}` here");
        return Diagnostic::error(Code::Unsupported, "Not in this language", span, label).help(why);
    }
    unknown(name, span, inside.title(), table.iter().map(|a| a.name))
}

fn refused(name: &str) -> Option<&'static str> {
    Some(match name {
        "lifecycle" | "prevent_destroy" | "create_before_destroy" | "ignore_changes" => {
            "drctl never replaces or deletes a resource to change a setting, and leaves alone what is not written."
        }
        "provisioner" | "connection" => "drctl changes settings at providers and runs nothing on machines.",
        "dynamic" => "Write the blocks out.",
        "timeouts" => "Deadlines are given on the command line.",
        _ => return None,
    })
}

fn object(read: Read, source: Source<'_>) -> Expr {
    let pairs = read.attributes.into_iter().map(|(name, value)| {
        let span = read.spans.get(&name).copied().unwrap_or(value.span);
        (Expr::literal(Value::String(name), span), value)
    });
    Expr { kind: ExprKind::Object(pairs.collect()), span: source.span(), sensitive: false }
}

/// The place of what a path leads to, as far as it leads.
fn below(expr: &Expr, path: &[String]) -> Option<Span> {
    let Some((first, rest)) = path.split_first() else { return Some(expr.span) };
    match &expr.kind {
        ExprKind::List(items) => below(items.get(first.parse::<usize>().ok()?)?, rest),
        ExprKind::Object(pairs) => pairs
            .iter()
            .find(|(k, _)| matches!(&k.kind, ExprKind::Literal(Value::String(name)) if name == first))
            .and_then(|(_, v)| below(v, rest)),
        _ => Some(expr.span),
    }
}
