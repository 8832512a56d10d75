//! Where one statement ends and the next begins. Only used to ask the server for the types of an answer;
//! what is carried out is never cut.

/// The statements of the text, without what stands between them.
pub(crate) fn statements(text: &str) -> Vec<&str> {
    let (mut found, mut start, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        match skipped(&text[at..]) {
            Some(length) => at += length,
            None => {
                let c = text[at..].chars().next().expect("`at` is before the end, and between characters");
                if c == ';' {
                    found.push(&text[start..at]);
                    start = at + 1;
                }
                at += c.len_utf8();
            }
        }
    }
    found.push(&text[start..]);
    found.into_iter().map(str::trim).filter(|statement| !statement.is_empty()).collect()
}

/// The length of the quoted text, the name or the comment that begins here, in which `;` is just a
/// character.
fn skipped(text: &str) -> Option<usize> {
    let upto = |from: usize, end: &str| text[from..].find(end).map_or(text.len(), |at| from + at + end.len());
    match text.as_bytes() {
        [b'-', b'-', ..] => Some(upto(2, "\n")),
        [b'/', b'*', ..] => Some(comment(text)),
        [b'E' | b'e', b'\'', ..] => Some(escaped(text)),
        [b'\'', ..] => Some(upto(1, "'")),
        [b'"', ..] => Some(upto(1, "\"")),
        [b'$', ..] => {
            let tag = text[1..].find('$').map(|at| &text[..at + 2])?;
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            tag[1..tag.len() - 1].chars().all(is_name).then(|| upto(tag.len(), tag))
        }
        [b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => {
            // `$1` of `x$1` begins no quote, and the `E` of `SOME'` no escapes.
            let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
            Some(text.find(|c| !is_name(c)).unwrap_or(text.len()))
        }
        _ => None,
    }
}

/// The length of a comment, which may hold others.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    text.len()
}

/// The length of `E'…'`, in which `\` takes the next character along.
fn escaped(text: &str) -> usize {
    let mut characters = text.char_indices().skip(2);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            '\'' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_ends_a_statement_only_where_it_is_one() {
        let cases: [(&str, &[&str]); 14] = [
            ("", &[]),
            (" ; ;\n", &[]),
            ("select 1", &["select 1"]),
            ("select 1;\nselect 2;", &["select 1", "select 2"]),
            ("select ';', 'it''s;'; b", &["select ';', 'it''s;'", "b"]),
            ("select E'\\';'; b", &["select E'\\';'", "b"]),
            ("select 'a\\'; b", &["select 'a\\'", "b"]),
            ("select \"a;b\"; c", &["select \"a;b\"", "c"]),
            ("a -- ; c\n; b", &["a -- ; c", "b"]),
            ("a /* ; /* ; */ ; */; b", &["a /* ; /* ; */ ; */", "b"]),
            ("do $$ a; b $$; c", &["do $$ a; b $$", "c"]),
            ("do $x$ $$ ; $y$ ; $x$; c", &["do $x$ $$ ; $y$ ; $x$", "c"]),
            ("a$b$c; d$b$", &["a$b$c", "d$b$"]),
            ("select 'unclosed; b", &["select 'unclosed; b"]),
        ];
        for (text, expected) in cases {
            assert_eq!(statements(text), expected, "{text}");
        }
    }

    #[test]
    fn no_text_panics_or_is_lost() {
        let pieces = ["'", "\"", "$", "$$", "E'", "\\", "/*", "*/", "--", "\n", ";", "é", "x", " "];
        for a in pieces {
            for b in pieces {
                for c in pieces {
                    let text = [a, b, c, a].concat();
                    let kept: usize = statements(&text).iter().map(|s| s.len()).sum();
                    assert!(kept <= text.len(), "{text}");
                }
            }
        }
    }
}
