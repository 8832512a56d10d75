//! Reading the parts of a block: labels, arguments, texts. What does not fit is a diagnostic, and
//! the rest is read all the same.

use std::collections::BTreeMap;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Attribute, Block, Structure};

use crate::addr::{Address, Name};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{Expr, ExprKind, PathStep, Reference, Subject};
use crate::lang::lower::{self, Names};
use crate::lang::near;
use crate::lang::parse::Item;
use crate::span::Span;

/// As many names are listed when none of them is near; more are looked up in the reference.
const MOST_LISTED: usize = 16;

/// A block in its item.
#[derive(Clone, Copy)]
pub(super) struct Source<'i> {
    pub(super) item: &'i Item<'i>,
    pub(super) block: &'i Block,
}

impl<'i> Source<'i> {
    /// The block inside of this one.
    pub(super) fn inner(self, block: &'i Block) -> Source<'i> {
        Source { item: self.item, block }
    }

    /// From the type to the last label.
    pub(super) fn header(self) -> Span {
        let start = self.item.span(self.block.ident.span());
        self.block.labels.last().map_or(start, |label| start.to(self.item.span(label.span())))
    }

    /// What it is called in sentences: the kind of a resource, the type of any other block.
    pub(super) fn title(self) -> &'i str {
        match (self.block.ident.as_str(), self.block.labels.first()) {
            ("resource", Some(kind)) => kind.as_str(),
            (other, _) => other,
        }
    }

    pub(super) fn span(self) -> Span {
        self.item.span(self.block.span())
    }

    pub(super) fn key_span(self, attribute: &Attribute) -> Span {
        self.item.span(attribute.key.span())
    }

    pub(super) fn lower(self, expr: &Expression, diags: &mut Diagnostics) -> Expr {
        lower::expression(self.item, expr, Names::Resolved, diags)
    }

    /// The labels, when there are as many as the words say.
    pub(super) fn labels(self, words: &[&str], diags: &mut Diagnostics) -> Option<Vec<&'i str>> {
        let labels: Vec<&str> = self.block.labels.iter().map(|l| l.as_str()).collect();
        if labels.len() == words.len() {
            return Some(labels);
        }
        let ty = self.block.ident.as_str();
        let mut form = ty.to_owned();
        for word in words {
            form.push_str(&format!(" \"{word}\""));
        }
        let label = match labels.len() {
            0 => "it has no label".to_owned(),
            1 => "it has 1 label".to_owned(),
            n => format!("it has {n} labels"),
        };
        diags.push(
            Diagnostic::error(Code::WrongLabels, "Wrong number of labels", self.header(), label)
                .help(format!("Write `{form} {{ … }}`.")),
        );
        None
    }

    /// A label as a name.
    pub(super) fn name(self, index: usize, diags: &mut Diagnostics) -> Option<Name> {
        let label = self.block.labels.get(index)?;
        match Name::new(label.as_str()) {
            Ok(name) => Some(name),
            Err(invalid) => {
                let span = self.item.span(label.span());
                diags.push(Diagnostic::error(Code::WrongLabels, "Invalid name", span, invalid.to_string()));
                None
            }
        }
    }

    /// The arguments and inner blocks, those that are not among the names reported.
    pub(super) fn parts(self, arguments: &[&str], blocks: &[&str], diags: &mut Diagnostics) -> Parts<'i> {
        let mut parts = Parts { arguments: BTreeMap::new(), blocks: Vec::new() };
        for structure in &self.block.body {
            match structure {
                Structure::Attribute(a) if arguments.contains(&a.key.as_str()) => {
                    parts.arguments.insert(a.key.as_str(), a);
                }
                Structure::Attribute(a) => {
                    let all = arguments.iter().chain(blocks).copied();
                    diags.push(unknown(a.key.as_str(), self.key_span(a), self.block.ident.as_str(), all));
                }
                Structure::Block(b) if blocks.contains(&b.ident.as_str()) => parts.blocks.push(self.inner(b)),
                Structure::Block(b) => {
                    let all = arguments.iter().chain(blocks).copied();
                    let span = self.item.span(b.ident.span());
                    diags.push(unknown(b.ident.as_str(), span, self.block.ident.as_str(), all));
                }
            }
        }
        parts
    }

    /// The text of an argument that must be plain text.
    pub(super) fn text(self, attribute: &Attribute, diags: &mut Diagnostics) -> Option<(String, Span)> {
        let span = self.item.span(attribute.value.span());
        if let Expression::String(text) = &attribute.value {
            return Some((text.value().clone(), span));
        }
        diags.push(invalid(span, "this must be plain text, without references"));
        None
    }

    pub(super) fn flag(self, attribute: &Attribute, diags: &mut Diagnostics) -> Option<bool> {
        let flag = attribute.value.as_bool();
        if flag.is_none() {
            let span = self.item.span(attribute.value.span());
            diags.push(invalid(span, "this must be `true` or `false`"));
        }
        flag
    }

    /// A list of references, never evaluated.
    pub(super) fn references(self, attribute: &Attribute, diags: &mut Diagnostics) -> Vec<(Reference, Span)> {
        let lowered = self.lower(&attribute.value, diags);
        let ExprKind::List(items) = lowered.kind else {
            diags.push(invalid(lowered.span, "this must be a list of references: `[KIND.NAME]`"));
            return Vec::new();
        };
        let mut references = Vec::new();
        for item in items {
            match item.kind {
                ExprKind::Reference(reference) => references.push((*reference, item.span)),
                // What could not be read has been reported.
                ExprKind::Element => {}
                _ => diags.push(invalid(item.span, "this must be a reference: `KIND.NAME`")),
            }
        }
        references
    }

    /// The address of a resource.
    pub(super) fn address(self, attribute: &Attribute, diags: &mut Diagnostics) -> Option<Address> {
        let lowered = self.lower(&attribute.value, diags);
        match &lowered.kind {
            ExprKind::Reference(reference) => address(reference, lowered.span, diags),
            ExprKind::Element => None,
            _ => {
                diags.push(invalid(lowered.span, "this must be the address of a resource: `KIND.NAME`"));
                None
            }
        }
    }
}

/// What a block holds.
pub(super) struct Parts<'i> {
    pub(super) arguments: BTreeMap<&'i str, &'i Attribute>,
    pub(super) blocks: Vec<Source<'i>>,
}

impl<'i> Parts<'i> {
    pub(super) fn get(&self, name: &str) -> Option<&'i Attribute> {
        self.arguments.get(name).copied()
    }
}

/// A reference to a resource or one of its instances as an address.
pub(super) fn address(reference: &Reference, span: Span, diags: &mut Diagnostics) -> Option<Address> {
    if let Subject::Resource(module, kind, name) = &reference.subject {
        let key = match reference.path.as_slice() {
            [] => Some(None),
            [PathStep::Key(key)] => Some(Some(key.clone())),
            _ => None,
        };
        if let Some(key) = key {
            return Some(Address { module: module.clone(), kind: kind.clone(), name: name.clone(), key });
        }
    }
    diags.push(invalid(span, "this must be the address of a resource, without an attribute: `KIND.NAME`"));
    None
}

/// A setting that cannot be read.
pub(super) fn invalid(span: Span, label: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::InvalidSetting, "Setting cannot be read", span, label)
}

/// An argument or block that is not in the table.
pub(super) fn unknown<'n>(
    name: &str,
    span: Span,
    inside: &str,
    candidates: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    let label = format!("there is no `{name}` in `{inside}`");
    let diagnostic = Diagnostic::error(Code::UnknownAttribute, "Unknown attribute", span, label);
    let all: Vec<&str> = candidates.collect();
    match near(name, all.iter().copied()) {
        Some(near) => diagnostic.help(format!("Did you mean `{near}`?")),
        None if (1..=MOST_LISTED).contains(&all.len()) => {
            diagnostic.help(format!("There is {}.", all.join(", ")))
        }
        None => diagnostic,
    }
}

/// A required part that is missing.
pub(super) fn missing(name: &str, span: Span, inside: &str) -> Diagnostic {
    let label = format!("`{inside}` needs `{name}`");
    Diagnostic::error(Code::MissingAttribute, "Attribute missing", span, label)
}

/// A block that may stand once and is there again.
pub(super) fn twice(again: Span, first: Option<Span>) -> Diagnostic {
    let twice = Diagnostic::error(Code::DuplicateBlock, "Block written twice", again, "once more here");
    first.into_iter().fold(twice, |d, first| d.label(first, "first here"))
}
