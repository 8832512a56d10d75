//! Turns spans into lines and columns. Looks up a line in logarithmic time, because a plan has as
//! many places as the configuration has attributes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Source;
use crate::span::{FileId, Position, SourceMap, Span};

/// The source files with their names and the starts of their lines.
pub struct Lines<'s> {
    sources: &'s SourceMap,
    starts: BTreeMap<FileId, (Arc<str>, Vec<u32>)>,
}

impl<'s> Lines<'s> {
    /// Finds the lines of all files.
    pub fn new(sources: &'s SourceMap) -> Lines<'s> {
        let starts = sources
            .iter()
            .map(|(id, file)| {
                let ends = file.text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
                let starts = std::iter::once(0).chain(ends.map(|(i, _)| i as u32 + 1)).collect();
                (id, (file.name.as_str().into(), starts))
            })
            .collect();
        Lines { sources, starts }
    }

    /// The place of a span; none when it lies in no file.
    pub fn source(&self, span: Span) -> Option<Source> {
        let (file, _) = self.starts.get(&span.file)?;
        let start = self.position(span.file, span.start)?;
        Some(Source { file: file.clone(), start, end: self.position(span.file, span.end)? })
    }

    fn position(&self, file: FileId, byte: u32) -> Option<Position> {
        let text = &self.sources.get(file)?.text;
        let (_, starts) = self.starts.get(&file)?;
        let mut at = (byte as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let line = starts.partition_point(|s| *s as usize <= at);
        let start = starts[line - 1] as usize;
        let column = text[start..at].chars().count() as u32 + 1;
        Some(Position { line: line as u32, column, byte: at as u32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_agree_with_the_source_map() {
        let mut sources = SourceMap::default();
        let file = sources.add("a", "é\nxy\n\nz");
        let lines = Lines::new(&sources);
        for byte in 0..12 {
            assert_eq!(lines.position(file, byte), Some(sources.position(file, byte)), "byte {byte}");
        }
    }
}
