//! Reads a file once before the parser sees it: finds its top-level items, so that an error in one
//! of them leaves the others readable, and refuses what the parser would accept wrongly or take too
//! long for. One pass, no recursion.

use std::ops::Range;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::span::{FileId, Span};

/// Largest text of one file, in bytes.
pub const MAX_BYTES: usize = 16 << 20;
/// Deepest nesting of brackets, quotes and templates: the parser's own bound.
pub const MAX_DEPTH: usize = 64;
/// Most keys in one object literal: the parser takes quadratic time for them.
pub const MAX_KEYS: usize = 4096;

/// What is open at some place of the text.
enum Open {
    /// `(`, `[` or `{`; for an object literal, its keys so far.
    Bracket { close: u8, at: usize, keys: Option<usize> },
    /// `"`
    Quote { at: usize },
    /// `${` or `%{`
    Template { at: usize },
    /// `<<NAME`
    Heredoc { at: usize, name: Range<usize> },
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    file: FileId,
    at: usize,
    stack: Vec<Open>,
    /// Start of the current item; none between items.
    item: Option<usize>,
    /// Whether the current item has an error already.
    bad: bool,
    /// The last byte that was neither blank nor comment, and whether the last word was `in`.
    last: u8,
    items: Vec<Range<usize>>,
    diags: &'t mut Diagnostics,
}

/// The top-level items of the text, without those that are refused here.
pub fn items(text: &str, file: FileId, diags: &mut Diagnostics) -> Vec<Range<usize>> {
    if text.len() > MAX_BYTES {
        diags.push(
            Diagnostic::error(
                Code::InputLimit,
                "File too large",
                Span::new(file, 0, 0),
                format!("this file has more than {} MiB", MAX_BYTES >> 20),
            )
            .help("Split it into several files: all of a directory are read as one."),
        );
        return Vec::new();
    }
    // A byte order mark is skipped; offsets keep counting it.
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        file,
        at,
        stack: Vec::new(),
        item: None,
        bad: false,
        last: b'\n',
        items: Vec::new(),
        diags,
    };
    scanner.run();
    scanner.items
}

/// Words that begin a block at the left margin: where one stands inside of another block, that
/// block was not closed.
const BLOCKS: [&str; 13] = [
    "resource",
    "variable",
    "locals",
    "output",
    "provider",
    "drctl",
    "accept",
    "import",
    "datastore",
    "scenario",
    "moved",
    "removed",
    "module",
];

impl Scanner<'_> {
    fn run(&mut self) {
        while self.at < self.bytes.len() {
            match self.stack.last() {
                Some(Open::Quote { at }) => {
                    let at = *at;
                    self.in_quote(at);
                }
                Some(Open::Heredoc { name, .. }) => {
                    let name = name.clone();
                    self.in_heredoc(&name);
                }
                Some(Open::Bracket { .. } | Open::Template { .. }) | None => self.in_code(),
            }
        }
        self.unclosed();
        self.end_item(self.bytes.len());
    }

    fn error(&mut self, code: Code, headline: &str, span: Range<usize>, label: &str, help: &str) {
        // One error per item: what follows the first is mostly its echo.
        if !self.bad {
            let span = Span::new(self.file, span.start, span.end);
            self.diags.push(Diagnostic::error(code, headline, span, label).help(help));
        }
        self.bad = true;
    }

    fn end_item(&mut self, end: usize) {
        if let Some(start) = self.item.take()
            && !self.bad
        {
            self.items.push(start..end);
        }
        self.bad = false;
        self.stack.clear();
    }

    fn unclosed(&mut self) {
        let Some(open) = self.stack.last() else { return };
        match open {
            Open::Bracket { at, close, .. } => {
                let (at, close) = (*at, *close as char);
                let label = format!("opened here, but its `{close}` is missing");
                self.error(Code::Syntax, "Bracket not closed", at..at + 1, &label, "Close it.");
            }
            Open::Quote { at } => {
                let at = *at;
                self.unclosed_quote(at);
            }
            Open::Template { at } => {
                let at = *at;
                let help = "Close it with `}`, or write `$${` for the two characters themselves.";
                self.error(Code::Syntax, "Template not closed", at..at + 2, "opened here", help);
            }
            Open::Heredoc { at, name } => {
                let (at, name) = (*at, name.clone());
                let help = format!("End it with a line that holds only `{}`.", &self.text[name.clone()]);
                self.error(Code::Syntax, "Heredoc not closed", at..name.end, "opened here", &help);
            }
        }
    }

    fn unclosed_quote(&mut self, at: usize) {
        let help = "Close it on the same line. Text of several lines is written as a heredoc: `<<-EOT`.";
        self.error(
            Code::Syntax,
            "Text not closed",
            at..at + 1,
            "the closing quote is missing on this line",
            help,
        );
    }

    fn push(&mut self, open: Open, at: usize) {
        if self.stack.len() >= MAX_DEPTH {
            let label = format!("more than {MAX_DEPTH} levels deep");
            let help = "Name inner parts in `locals` and refer to them.";
            self.error(Code::InputLimit, "Nested too deeply", at..at + 1, &label, help);
            // The rest of the item is still gone through, so that its end is found.
            if self.stack.len() >= 1 << 20 {
                self.at = self.bytes.len();
                return;
            }
        }
        self.stack.push(open);
    }

    fn in_quote(&mut self, start: usize) {
        match self.bytes[self.at] {
            b'"' => {
                self.stack.pop();
                self.last = b'"';
                self.at += 1;
            }
            b'\\' if self.at + 1 < self.bytes.len() && self.bytes[self.at + 1] != b'\n' => self.at += 2,
            b'\n' => {
                self.unclosed_quote(start);
                self.stack.pop();
                // Templates inside of the text end with it.
                while matches!(self.stack.last(), Some(Open::Template { .. })) {
                    self.stack.pop();
                    if matches!(self.stack.last(), Some(Open::Quote { .. })) {
                        self.stack.pop();
                    }
                }
            }
            b'$' | b'%' => self.template_start(),
            _ => self.at += 1,
        }
    }

    fn template_start(&mut self) {
        let rest = &self.bytes[self.at..];
        if rest.len() >= 3 && rest[1] == rest[0] && rest[2] == b'{' {
            self.at += 3;
        } else if rest.len() >= 2 && rest[1] == b'{' {
            self.push(Open::Template { at: self.at }, self.at);
            self.last = b'{';
            self.at += 2;
        } else {
            self.at += 1;
        }
    }

    fn in_heredoc(&mut self, name: &Range<usize>) {
        match self.bytes[self.at] {
            b'\n' => {
                self.at += 1;
                let line = &self.text[self.at..];
                let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
                let word = &self.text[name.clone()];
                let Some(rest) = line[blank..].strip_prefix(word) else { return };
                if !rest.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-') {
                    self.at += blank + word.len();
                    self.stack.pop();
                    self.last = b'"';
                }
            }
            b'$' | b'%' => self.template_start(),
            _ => self.at += 1,
        }
    }

    fn in_code(&mut self) {
        let byte = self.bytes[self.at];
        if byte == b'\n' {
            self.newline();
            return;
        }
        if byte.is_ascii_whitespace() {
            self.at += 1;
            return;
        }
        let rest = &self.bytes[self.at..];
        if byte == b'#' || rest.starts_with(b"//") {
            self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            return;
        }
        self.item.get_or_insert(self.at);
        if rest.starts_with(b"/*") {
            let Some(end) = self.text[self.at + 2..].find("*/") else {
                self.error(
                    Code::Syntax,
                    "Comment not closed",
                    self.at..self.at + 2,
                    "opened here",
                    "Close it with `*/`.",
                );
                self.at = self.bytes.len();
                return;
            };
            self.at += end + 4;
            return;
        }
        let before = self.last;
        if byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii() {
            self.word();
            return;
        }
        self.last = byte;
        let at = self.at;
        self.at += 1;
        match byte {
            b'"' => self.push(Open::Quote { at }, at),
            b'(' => self.push(Open::Bracket { close: b')', at, keys: None }, at),
            b'[' => self.push(Open::Bracket { close: b']', at, keys: None }, at),
            b'{' => {
                let header = before == b'a' || before == b'"';
                self.push(Open::Bracket { close: b'}', at, keys: (!header).then_some(0) }, at);
            }
            b')' | b']' | b'}' => self.close(byte, at),
            b'=' | b':' => self.key(before),
            b'<' if self.bytes.get(self.at) == Some(&b'<') => self.heredoc(at),
            _ => {}
        }
    }

    /// A name or number; remembered as `a`, and the word `in` as an operator.
    fn word(&mut self) {
        let start = self.at;
        let rest = &self.text[start..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
        // A character that is in no word is left to the parser to refuse.
        let end = if end == 0 { rest.chars().next().map_or(1, char::len_utf8) } else { end };
        self.last = if &rest[..end] == "in" { b',' } else { b'a' };
        self.at += end;
    }

    fn newline(&mut self) {
        self.at += 1;
        if self.stack.is_empty() {
            self.end_item(self.at);
            return;
        }
        let line = &self.text[self.at..];
        let word = line.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or("");
        let tail = line[word.len()..].trim_start_matches(' ');
        if tail.len() < line.len() - word.len() && tail.starts_with(['"', '{']) && BLOCKS.contains(&word) {
            self.unclosed();
            self.end_item(self.at);
        }
    }

    fn close(&mut self, byte: u8, at: usize) {
        match self.stack.last() {
            Some(Open::Bracket { close, .. }) if *close == byte => {
                self.stack.pop();
            }
            Some(Open::Template { .. }) if byte == b'}' => {
                self.stack.pop();
            }
            Some(Open::Bracket { close, at: opened, .. }) => {
                let (close, opened) = (*close as char, *opened);
                if !self.bad {
                    self.diags.push(
                        Diagnostic::error(
                            Code::Syntax,
                            "Brackets do not match",
                            Span::new(self.file, at, at + 1),
                            format!("expected `{close}` here, found `{}`", byte as char),
                        )
                        .label(Span::new(self.file, opened, opened + 1), "for the bracket opened here"),
                    );
                    self.bad = true;
                }
                // Back to the bracket that it does close, if there is one.
                let closes = |o: &Open| matches!(o, Open::Bracket { close, .. } if *close == byte);
                if let Some(at) = self.stack.iter().rposition(closes) {
                    self.stack.truncate(at);
                }
            }
            Some(Open::Template { .. } | Open::Quote { .. } | Open::Heredoc { .. }) | None => {
                let label = format!("no bracket is open that `{}` would close", byte as char);
                self.error(Code::Syntax, "Brackets do not match", at..at + 1, &label, "Remove it.");
            }
        }
    }

    /// Counts `key =` and `key :` of an object literal.
    fn key(&mut self, before: u8) {
        let next = self.bytes.get(self.at).copied().unwrap_or(b'\n');
        let comparison = next == b'=' || next == b'>' || matches!(before, b'=' | b'!' | b'<' | b'>');
        let Some(Open::Bracket { keys: Some(keys), at: opened, .. }) = self.stack.last_mut() else { return };
        if comparison {
            return;
        }
        *keys += 1;
        let (keys, opened) = (*keys, *opened);
        if keys > MAX_KEYS {
            let label = format!("more than {MAX_KEYS} keys in one object");
            self.error(
                Code::InputLimit,
                "Object too large",
                opened..opened + 1,
                &label,
                "Split it in several and combine them with `merge`, or read it with `jsondecode(file(…))`.",
            );
        }
    }

    fn heredoc(&mut self, at: usize) {
        let mut start = self.at + 1;
        if self.bytes.get(start) == Some(&b'-') {
            start += 1;
        }
        let rest = &self.text[start..];
        let length =
            rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
        // Without a name it is no heredoc; the parser says so.
        if length > 0 {
            self.push(Open::Heredoc { at, name: start..start + length }, at);
            self.at = start + length;
        }
    }
}
