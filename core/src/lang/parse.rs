//! Text to syntax: each top-level item is parsed alone, so that every error of a file is found and
//! the good items are kept. Deepest input needs about 2 MB of stack; callers give 16 MB.

use std::ops::Range;

use hcl_edit::structure::Body;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::prescan;
use crate::span::{FileId, SourceMap, Span};

/// One top-level item: its syntax, and where its text begins in the file.
pub(crate) struct Item<'t> {
    /// Its text.
    pub(crate) text: &'t str,
    /// Offset of the text in its file.
    pub(crate) base: usize,
    /// Its file.
    pub(crate) file: FileId,
    /// A body with one attribute or block.
    pub(crate) body: Body,
}

impl Item<'_> {
    /// The span of a range of the item's text.
    pub(crate) fn span(&self, range: Option<Range<usize>>) -> Span {
        let range = range.unwrap_or(0..0);
        Span::new(self.file, self.base + range.start, self.base + range.end)
    }
}

/// The items of one file, or what is wrong with one. Each is read when it is asked for: the trees of all
/// of them together would be the largest thing in memory.
pub(crate) fn items<'t>(
    sources: &'t SourceMap,
    file: FileId,
    diags: &mut Diagnostics,
) -> impl Iterator<Item = Result<Item<'t>, Box<Diagnostic>>> + use<'t> {
    let source = sources.get(file);
    let ranges = source.map(|s| prescan::items(&s.text, file, diags)).unwrap_or_default();
    let text = source.map_or("", |s| s.text.as_str());
    ranges.into_iter().map(move |range| {
        let item = &text[range.clone()];
        hcl_edit::parser::parse_body(item)
            .map(|body| Item { text: item, base: range.start, file, body })
            .map_err(|error| {
                let at = range.start + floor(item, error.location().offset());
                Box::new(syntax(Span::new(file, at, at + width(text, at)), error.message()))
            })
    })
}

fn floor(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn width(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
    let one = rest.chars().next().filter(|c| *c != '\n' && *c != '\r').map_or(0, char::len_utf8);
    word.max(one)
}

fn syntax(span: Span, message: &str) -> Diagnostic {
    if message.contains("redefined attribute") {
        return Diagnostic::error(
            Code::DuplicateAttribute,
            "Attribute set twice",
            span,
            "this has been set before in this block",
        )
        .help("Keep one of the two.");
    }
    if message.contains("nesting depth") || message.contains("chained binary operators") {
        let label = if message.contains("nesting") {
            "more than 64 levels deep"
        } else {
            "more than 128 operators in a chain"
        };
        return Diagnostic::error(Code::InputLimit, "Nested too deeply", span, label)
            .help("Name inner parts in `locals` and refer to them.");
    }
    let mut label = message.replace('\n', "; ");
    if let Some(stripped) = label.strip_prefix("invalid ") {
        label = format!("this is no valid {stripped}");
    }
    if label.is_empty() {
        label = "this cannot be read".to_owned();
    }
    let help = "Compare with the grammar: `name = value`, or `type \"label\" { … }` with the brace on the same line.";
    Diagnostic::error(Code::Syntax, "Syntax error", span, label).help(help)
}
