//! Source text as it may be shown: without secrets and without characters that could fool a
//! terminal. Offsets are carried over, so that labels still point where they should.

use std::collections::BTreeMap;

use drctl_core::span::{FileId, SourceMap, Span};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::text::is_hostile;

/// Lines longer than this are not shown: generated text, or an attack on the terminal.
pub(crate) const LONGEST_LINE: usize = 400;
/// A label that covers more lines than this points at its first line only.
const MOST_LINES: u32 = 12;

/// All files as they may be shown, made when first asked for.
pub(crate) struct Shown<'s> {
    sources: &'s SourceMap,
    hidden: &'s [Span],
    files: BTreeMap<FileId, ShownFile>,
}

/// One file as it may be shown.
pub(crate) struct ShownFile {
    name: String,
    text: String,
    line_starts: Vec<usize>,
    /// Replaced ranges: where in the source, where in the shown text; sorted.
    replaced: Vec<(std::ops::Range<usize>, std::ops::Range<usize>)>,
}

impl<'s> Shown<'s> {
    /// Shows these files with the given ranges hidden.
    pub(crate) fn new(sources: &'s SourceMap, hidden: &'s [Span]) -> Shown<'s> {
        Shown { sources, hidden, files: BTreeMap::new() }
    }

    /// The file of that id.
    pub(crate) fn file(&mut self, id: FileId) -> Option<&ShownFile> {
        if !self.files.contains_key(&id) {
            let file = self.sources.get(id)?;
            let mut hidden: Vec<Span> = self.hidden.iter().filter(|s| s.file == id).copied().collect();
            hidden.sort();
            self.files.insert(id, ShownFile::new(&file.name, &file.text, &hidden));
        }
        self.files.get(&id)
    }
}

impl ShownFile {
    fn new(name: &str, source: &str, hidden: &[Span]) -> ShownFile {
        let mut text = String::with_capacity(source.len());
        let mut replaced = Vec::new();
        let mut hidden = hidden.iter().map(|s| s.start as usize..s.end as usize).peekable();
        let mut at = 0;
        while let Some(c) = source[at..].chars().next() {
            while hidden.next_if(|h| h.end <= at).is_some() {}
            let end = match hidden.peek() {
                Some(h) if h.contains(&at) => {
                    let mut end = h.end.min(source.len());
                    while !source.is_char_boundary(end) {
                        end += 1;
                    }
                    end
                }
                _ => at + c.len_utf8(),
            };
            let start = text.len();
            if end > at + c.len_utf8() || hidden.peek().is_some_and(|h| h.contains(&at)) {
                text.push_str("(sensitive)");
                replaced.push((at..end, start..text.len()));
            } else if c == '\r' && source[end..].starts_with('\n') {
                replaced.push((at..end, start..start));
            } else if c != '\n' && c != '\t' && is_hostile(c) {
                text.push(char::REPLACEMENT_CHARACTER);
                replaced.push((at..end, start..text.len()));
            } else {
                text.push(c);
            }
            at = end;
        }
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        ShownFile { name: super::text::safe(name), text, line_starts, replaced }
    }

    /// Where a source offset is in the shown text. Inside of a replaced range: its start.
    fn offset(&self, source: usize) -> usize {
        let after = self.replaced.partition_point(|(from, _)| from.start <= source);
        let at = match after.checked_sub(1).map(|i| &self.replaced[i]) {
            None => source,
            Some((from, to)) if source < from.end => to.start,
            Some((from, to)) => source - from.end + to.end,
        };
        at.min(self.text.len())
    }

    /// The range in the shown text that stands for a span: on one character boundary each, and no
    /// more lines than can be read.
    pub(crate) fn range(&self, span: Span) -> (usize, usize) {
        let start = self.floor(self.offset(span.start as usize));
        let end = self.floor(self.offset(span.end as usize)).max(start);
        let (first, last) = (self.line_of(start), self.line_of(end));
        if last - first > MOST_LINES as usize { (start, self.line_end(first)) } else { (start, end) }
    }

    /// Whether the lines of a range can be shown at all.
    pub(crate) fn is_readable(&self, (start, end): (usize, usize)) -> bool {
        (self.line_of(start)..=self.line_of(end))
            .all(|line| self.line_end(line) - self.line_starts[line] <= LONGEST_LINE)
    }

    /// `file:line:column` of an offset in the shown text.
    pub(crate) fn place(&self, offset: usize) -> String {
        let line = self.line_of(offset);
        let column = self.text[self.line_starts[line]..offset].chars().count() + 1;
        format!("{}:{}:{column}", self.name, line + 1)
    }

    /// The text of the lines of a range, and the number of the first, from 1.
    pub(crate) fn lines(&self, (start, end): (usize, usize)) -> (&str, usize, usize) {
        let first = self.line_of(start);
        let from = self.line_starts[first];
        (&self.text[from..self.line_end(self.line_of(end))], first + 1, from)
    }

    fn floor(&self, mut at: usize) -> usize {
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset) - 1
    }

    fn line_end(&self, line: usize) -> usize {
        self.line_starts.get(line + 1).map_or(self.text.len(), |next| next - 1)
    }
}

impl SourceCode for ShownFile {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let (mut first, mut last) = (self.line_of(start), self.line_of(end));
        let readable = |line: usize| self.line_end(line) - self.line_starts[line] <= LONGEST_LINE;
        for _ in 0..before {
            if first > 0 && readable(first - 1) {
                first -= 1;
            }
        }
        for _ in 0..after {
            if last + 1 < self.line_starts.len() && readable(last + 1) {
                last += 1;
            }
        }
        // Without context only the place is asked for, which is where the span starts.
        let column = match (before, after) {
            (0, 0) => self.text[self.line_starts[first]..start].chars().count(),
            _ => 0,
        };
        let (from, to) = (self.line_starts[first], self.line_end(last));
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[from..to],
            (from, to - from).into(),
            first,
            column,
            last - first + 1,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_ranges_and_hostile_characters_are_replaced_and_offsets_carried_over() {
        let source = "a\u{1b}b\r\nkey = \"secret\" # end\n";
        let mut map = SourceMap::default();
        let file = map.add("x", source);
        let at = source.find("\"secret\"").unwrap();
        let hidden = [Span::new(file, at, at + 8)];
        let mut shown = Shown::new(&map, &hidden);
        let shown = shown.file(file).unwrap();
        assert_eq!(shown.text, "a\u{fffd}b\nkey = (sensitive) # end\n");
        let end = source.find("end").unwrap();
        let (from, to) = shown.range(Span::new(file, end, end + 3));
        assert_eq!(&shown.text[from..to], "end");
        let (from, to) = shown.range(Span::new(file, at + 2, at + 8));
        assert_eq!(&shown.text[from..to], "(sensitive)");
        assert_eq!(shown.place(from), "x:2:7");
    }
}
