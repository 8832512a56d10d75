//! The configuration language: text to tree to values. `prescan` finds the items of a file, `parse`
//! reads them, `lower` resolves names, `reduce` evaluates, `render` writes back.

pub mod access;
mod budget;
mod condition;
pub mod env;
pub mod expr;
mod fold;
pub mod functions;
pub(crate) mod lower;
pub mod operators;
pub(crate) mod parse;
pub mod prescan;
mod reduce;
pub mod render;
mod template;
pub mod types;

pub use access::follow;
pub use budget::MAX_STEPS;
pub use condition::{holds, told};
pub use env::{Env, Lookup, Nothing};
pub use reduce::reduce;
pub use render::render;

pub(crate) use fold::unknown_function;

use crate::diag::Diagnostics;
use crate::span::{FileId, Span};

/// The name that is nearest to a misspelt one, when it is near enough to be meant.
pub fn near<'n>(name: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let length = name.chars().count();
    let limit = (length / 3).clamp(1, 3);
    candidates
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *candidate != name)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A whole text as a template, for `templatefile`. Names in it are the given variables.
fn template_text(text: &str, span: Span) -> Result<expr::Expr, String> {
    if text.len() > prescan::MAX_BYTES {
        return Err("the file is too large".to_owned());
    }
    let template = hcl_edit::parser::parse_template(text)
        .map_err(|e| format!("the template cannot be read: {}", e.message()))?;
    let body = hcl_edit::structure::Body::new();
    let item = parse::Item { text, base: 0, file: FileId(u32::MAX), body };
    let mut diags = Diagnostics::default();
    let mut lower =
        lower::Lower { item: &item, diags: &mut diags, names: lower::Names::Words, scope: Vec::new() };
    let mut lowered = lower.string_template(template.iter(), span);
    lowered.span = span;
    match diags.iter().next() {
        Some(first) => Err(first.headline.clone()),
        None => Ok(lowered),
    }
}
