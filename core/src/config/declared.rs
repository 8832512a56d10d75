//! Blocks that say what the system is, read by the table of their type.

use super::block::Source;
use super::body::Read;
use super::resource::instances;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::env::Nothing;
use crate::lang::expr::Reference;
use crate::lang::reduce;
use crate::plan::canonical;
use crate::schema::attribute as find;
use crate::span::Span;
use crate::system::{BlockType, Many, Written};

/// Reads one, with what it refers to by address.
pub(super) fn declared(
    source: Source<'_>,
    block: &'static BlockType,
    diags: &mut Diagnostics,
) -> (Written, Vec<(Reference, Span)>) {
    let mut read = Read::default();
    read.body(source, block.attributes, &["count", "for_each"], diags);
    check(&read, block, diags);
    let many = many(source, diags);
    let (span, block) = (source.header(), source.span());
    let written = Written { attributes: read.attributes, spans: read.spans, many, span, block };
    (written, read.references)
}

/// `count` or `for_each`.
fn many(source: Source<'_>, diags: &mut Diagnostics) -> Many {
    let (count, for_each) = instances(source, diags);
    match (count, for_each) {
        (Some(count), None) => Many::Count(count),
        (_, Some(for_each)) => Many::ForEach(for_each),
        (None, None) => Many::One,
    }
}

/// Evaluates what needs no name, so that a mistake in a schedule is found by `validate`.
fn check(read: &Read, block: &'static BlockType, diags: &mut Diagnostics) {
    for (name, expr) in &read.attributes {
        // What is written plainly has been checked.
        if let (Some(row), None) = (find(block.attributes, name), expr.value()) {
            let mut found = Diagnostics::default();
            let reduced = reduce(expr, &Nothing, &mut found);
            canonical(row, reduced, &mut found);
            // Plain parts of it, too.
            let told = |d: &Diagnostic| diags.iter().any(|other| other.labels.first() == d.labels.first());
            let fresh: Vec<Diagnostic> = found.iter().filter(|d| !told(d)).cloned().collect();
            diags.extend(fresh);
        }
    }
}
