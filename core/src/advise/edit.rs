//! Changes to the text of a configuration: what stands there is replaced, a line or a block is added
//! where it belongs. What was aligned stays aligned.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::span::{FileId, SourceMap, Span};

/// One replacement in one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edit {
    /// What is replaced; of no length where something is added.
    pub at: Span,
    /// By what.
    pub text: String,
}

/// The first `files` sources with the edits made; none where two of them overlap.
pub fn apply(sources: &SourceMap, files: usize, edits: &[&Edit]) -> Option<SourceMap> {
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(edit.at.file).or_default().push(edit);
    }
    let mut changed = SourceMap::default();
    for (id, file) in sources.iter().take(files) {
        let mut text = String::with_capacity(file.text.len());
        let mut done = 0;
        // Stable: what is added in one place stays in the order in which it was asked for.
        let mut edits = by_file.remove(&id).unwrap_or_default();
        edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
        for edit in edits {
            text.push_str(file.text.get(done..edit.at.start as usize)?);
            text.push_str(&edit.text);
            done = edit.at.end as usize;
        }
        text.push_str(file.text.get(done..)?);
        changed.add(file.name.clone(), text);
    }
    Some(changed)
}

/// Adds `name = value` at the end of a block; the lines it comes to stand with are aligned anew.
pub(super) fn attribute(sources: &SourceMap, block: Span, name: &str, value: &str) -> Option<Vec<Edit>> {
    let (at, indent) = end(sources, block)?;
    let text = &sources.get(block.file)?.text;
    let mut run = Vec::new();
    for (start, line) in lines_before(text, block.start as usize, at) {
        let Some((key, rest)) = line.split_once('=') else { break };
        let bare = key.trim();
        let plain = key.len() - key.trim_start().len() == indent.len() + 2
            && !bare.is_empty()
            && bare.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !plain || rest.trim_end().ends_with(['{', '[', '(']) {
            break;
        }
        run.push((start + key.len(), key.len() - 1));
    }
    let own = indent.len() + 2 + name.len();
    let column = run.iter().map(|(_, column)| *column).max().unwrap_or(own).max(own);
    let mut edits: Vec<Edit> = run
        .into_iter()
        .filter(|(_, written)| *written < column)
        .map(|(at, written)| Edit { at: point(block.file, at), text: " ".repeat(column - written) })
        .collect();
    let line = format!("{indent}  {name}{} = {value}\n", " ".repeat(column - own));
    edits.push(Edit { at: point(block.file, at), text: line });
    Some(edits)
}

/// Adds lines, indented from nothing, at the end of a block.
pub(crate) fn inside(sources: &SourceMap, block: Span, lines: &str) -> Option<Edit> {
    let (at, indent) = end(sources, block)?;
    let lines: String = lines.lines().map(|line| format!("{indent}  {line}\n")).collect();
    Some(Edit { at: point(block.file, at), text: lines })
}

/// Adds a block after another one of the top of a file.
pub(crate) fn after(sources: &SourceMap, block: Span, lines: &str) -> Option<Edit> {
    let text = &sources.get(block.file)?.text;
    let rest = text.get(block.end as usize..)?;
    let (at, before) = match rest.find('\n') {
        Some(line) => (block.end as usize + line + 1, "\n"),
        None => (text.len(), "\n\n"),
    };
    Some(Edit { at: point(block.file, at), text: format!("{before}{lines}") })
}

fn point(file: FileId, at: usize) -> Span {
    Span::new(file, at, at)
}

/// Where the line of a block's closing brace begins, and how far it is set in; none for a block of one
/// line.
fn end(sources: &SourceMap, block: Span) -> Option<(usize, String)> {
    let text = &sources.get(block.file)?.text;
    let inner = text.get(block.start as usize..block.end as usize)?;
    let brace = block.start as usize + inner.rfind('}')?;
    let line = text[..brace].rfind('\n')? + 1;
    let indent = text.get(line..brace)?;
    (line > block.start as usize && indent.trim().is_empty()).then(|| (line, indent.to_owned()))
}

/// The lines that end before `at`, the last one first, each with where it begins.
fn lines_before(text: &str, from: usize, at: usize) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut end = at;
    while end > from {
        let start = text[..end - 1].rfind('\n').map_or(0, |i| i + 1);
        if start < from {
            break;
        }
        lines.push((start, &text[start..end - 1]));
        end = start;
    }
    lines
}
