//! Text that came from elsewhere, made safe to print, and lines that fit.

use std::borrow::Cow;

use drctl_core::plan::LastSeen;
use drctl_core::recovery::readable;
pub(crate) use drctl_core::text::is_hostile;
use jiff::Timestamp;
use unicode_width::UnicodeWidthStr;

/// How old what something was made from is, when no provider was asked for it.
pub(crate) fn last_seen(seen: LastSeen, now: Timestamp) -> String {
    let never = match seen.never {
        0 => String::new(),
        1 => "; 1 resource was never seen".to_owned(),
        n => format!("; {n} resources were never seen"),
    };
    match seen.as_of {
        Some(at) => {
            let age = readable(now.duration_since(at).as_secs().max(0));
            format!("OFFLINE: no provider was asked; as of {at:.0} ({age} ago){never}")
        }
        None => format!("OFFLINE: no provider was asked{never}"),
    }
}

/// The same for programs.
pub(crate) fn last_seen_json(seen: LastSeen, now: Timestamp) -> serde_json::Value {
    let age = seen.as_of.map(|at| now.duration_since(at).as_secs().max(0));
    serde_json::json!({ "as_of": seen.as_of, "age_s": age, "never_seen": seen.never })
}

/// The text with hostile characters written out, as `\u{1b}`; line ends and tabs too.
pub(crate) fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\t' => safe.push_str("\\t"),
            '\r' => safe.push_str("\\r"),
            c if is_hostile(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

/// As [`safe`], keeping line ends.
pub(crate) fn safe_lines(text: &str) -> String {
    text.split('\n').map(|line| safe(line.strip_suffix('\r').unwrap_or(line))).collect::<Vec<_>>().join("\n")
}

/// Longest text that a diagnostic quotes, in columns. Names may be as long as a file.
const LONGEST_QUOTE: usize = 2000;

/// The text, cut where nobody reads on.
pub(crate) fn cut(text: &str) -> String {
    clip(text, LONGEST_QUOTE, "…")
}

/// As [`safe`], cut where nobody reads on.
pub(crate) fn quoted(text: &str) -> String {
    cut(&safe(text))
}

/// What hostile characters a finished output still holds, written as JSON writes them: in JSON they
/// stand in texts as they are, and a terminal would obey them there too. Line ends, tabs and the
/// escapes that our own colours are made of stay.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let layout = ['\n', '\r', '\t', '\u{1b}'];
    let hostile = |c: char| is_hostile(c) && !layout.contains(&c);
    if is_plain(text) || !text.contains(hostile) {
        return Cow::Borrowed(text);
    }
    let mut harmless = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if hostile(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    harmless.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => harmless.push(c),
        }
    }
    Cow::Owned(harmless)
}

/// Whether the text is nothing but ASCII that is printed, and line ends: most of it is, and looking at
/// bytes side by side is a hundred times as fast as looking at one character after the other.
fn is_plain(text: &str) -> bool {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    text.as_bytes().chunks(256).all(|some| some.iter().fold(true, |all, byte| all & plain(byte)))
}

/// Columns the text takes.
pub(crate) fn width(text: &str) -> usize {
    // Most text is such, and there is much of it.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.len();
    }
    UnicodeWidthStr::width(text)
}

/// The front of the text that fits, with the ellipsis when something was cut.
pub(crate) fn clip(text: &str, columns: usize, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(ellipsis));
    let mut used = 0;
    let mut front = String::new();
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > room {
            break;
        }
        front.push(c);
    }
    front + ellipsis
}

/// Breaks a sentence at blanks so that each line fits; the first line starts with `first`, the
/// others with as many blanks. A word that does not fit stands alone and is not broken: names and
/// commands stay whole to be copied.
pub(crate) fn wrap(first: &str, text: &str, columns: usize) -> String {
    let indent = " ".repeat(width(first));
    let mut lines = vec![first.to_owned()];
    let mut empty = true;
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let line = lines.last_mut().expect("there is always a line");
        if !empty && width(line) + 1 + width(word) > columns {
            lines.push(format!("{indent}{word}"));
            continue;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.join("\n")
}

/// As [`wrap`], of what has lines of its own, such as what a tool has said: each begins below the first, as far in
/// as it was.
pub(crate) fn wrap_lines(first: &str, text: &str, columns: usize) -> String {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let indent = " ".repeat(width(first));
    let begun = wrap(first, &safe(lines.next().unwrap_or_default()), columns);
    let others = lines.map(|line| {
        let own = line.len() - line.trim_start_matches(' ').len();
        wrap(&format!("{indent}{}", " ".repeat(own)), &safe(line.trim()), columns)
    });
    std::iter::once(begun).chain(others).collect::<Vec<_>>().join("\n")
}

/// `1 resource`, `2 resources`.
pub(crate) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// What a tool has said as one paragraph: its lines after each other.
pub(crate) fn paragraph(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    safe(&lines.join(" ").replace('\t', " "))
}

/// An amount of data with three digits at most: `1.5 GiB`.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut tenths = u128::from(n) * 10;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1_024;
        unit += 1;
    }
    match (tenths / 10, tenths % 10) {
        (whole, part) if whole < 10 && part > 0 && unit > 0 => format!("{whole}.{part} {}", UNITS[unit]),
        (whole, _) => format!("{whole} {}", UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_few_digits() {
        let cases = [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_536, "1.5 KiB"),
            (10 << 20, "10 MiB"),
            (u64::MAX, "16383 PiB"),
        ];
        for (n, expected) in cases {
            assert_eq!(bytes(n), expected);
        }
    }

    #[test]
    fn a_hostile_character_is_found_wherever_it_stands_in_a_finished_text() {
        for length in [0, 1, 255, 256, 257, 600] {
            let (before, after) = ("a\n".repeat(length), "b".repeat(length));
            for (found, written) in
                [("\u{7f}", "\\u007f"), ("\u{9b}", "\\u009b"), ("\u{e0001}", "\\udb40\\udc01")]
            {
                let text = format!("{before}{found}{after}");
                assert_eq!(harmless(&text), format!("{before}{written}{after}"));
            }
            let kept = format!("{before}é\t\r\u{1b}[0m{after}");
            assert_eq!(harmless(&kept), kept);
        }
    }

    #[test]
    fn hostile_characters_are_written_out() {
        assert_eq!(safe("a\u{1b}[31mb\n\u{202e}c é"), "a\\u{1b}[31mb\\n\\u{202e}c é");
        assert_eq!(safe_lines("a\r\nb\u{7}"), "a\nb\\u{7}");
    }

    #[test]
    fn text_is_cut_and_wrapped_by_columns() {
        assert_eq!(clip("日本語テキスト", 7, "…"), "日本語…");
        assert_eq!(clip("abc", 3, "…"), "abc");
        assert_eq!(wrap("  ! ", "one two three", 11), "  ! one two\n    three");
        assert_eq!(wrap("  ", "incomprehensibilities", 8), "  incomprehensibilities");
        let said = "it failed:\n    ERROR: one\u{7} two\n\n    HINT (exit 1)";
        assert_eq!(
            wrap_lines(" 2  ", said, 22),
            " 2  it failed:\n        ERROR:\n        one\\u{7} two\n        HINT (exit 1)"
        );
        assert_eq!(wrap_lines(" 2  ", "", 22), " 2  ");
    }
}
