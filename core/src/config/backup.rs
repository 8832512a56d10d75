//! `backup "NAME" { … }`: a mechanism that protects a datastore and is made by a tool.

use hcl_edit::Span as _;
use hcl_edit::structure::Attribute;

use super::block::{Source, invalid, missing};
use super::model::Backup;
use super::resource::Read;
use crate::addr::Name;
use crate::backup::External;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::env::Nothing;
use crate::lang::expr::{ExprKind, Reference, Subject};
use crate::lang::reduce;
use crate::schema::{Attributes, attribute as find};
use crate::span::Span;

pub(super) fn backup(source: Source<'_>, diags: &mut Diagnostics) -> Option<Backup> {
    let parts = source.parts(&["of"], &["external"], diags);
    let of = match parts.get("of") {
        Some(attribute) => datastore(source, attribute, diags),
        None => {
            diags.push(missing("of", source.header(), "backup"));
            None
        }
    };
    let Some((external, others)) = parts.blocks.split_first() else {
        diags.push(missing("external", source.header(), "backup"));
        return None;
    };
    for again in others {
        diags.push(
            Diagnostic::error(Code::DuplicateBlock, "Block written twice", again.header(), "once more here")
                .label(external.header(), "first here"),
        );
    }
    external.labels(&[], diags);
    let mut read = Read::default();
    read.body(*external, External::ATTRIBUTES, &[], diags);
    check(&read, diags);
    Some(Backup { of: of?, external: read.attributes, span: source.header() })
}

/// Evaluates what needs no name, so that a mistake in a schedule is found by `validate`.
fn check(read: &Read, diags: &mut Diagnostics) {
    for (name, expr) in &read.attributes {
        let row = find(External::ATTRIBUTES, name);
        // What is written plainly has been checked.
        if let (Some(row), None) = (row, expr.value())
            && let Some(value) = reduce(expr, &Nothing, diags).value()
            && let Err(wrong) = (row.canonical)(value)
        {
            let headline = format!("Invalid `{name}`");
            diags.push(Diagnostic::error(Code::InvalidValue, headline, expr.span, wrong.message));
        }
    }
}

/// The datastore that is named, and where.
fn datastore(source: Source<'_>, attribute: &Attribute, diags: &mut Diagnostics) -> Option<(Name, Span)> {
    let span = source.item.span(attribute.value.span());
    let lowered = source.lower(&attribute.value, diags);
    if let ExprKind::Reference(reference) = &lowered.kind
        && let Reference { subject: Subject::Block(_, block, name), path } = &**reference
        && block == "datastore"
        && path.is_empty()
    {
        return Some((name.clone(), span));
    }
    // What could not be read has been reported.
    if !matches!(lowered.kind, ExprKind::Element) {
        diags.push(invalid(span, "this must be a datastore: `datastore.NAME`"));
    }
    None
}
