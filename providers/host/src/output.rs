//! What others say: bounded, with secrets taken out, and harmless to show.

mod encoded;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use drctl_core::text::is_hostile;

/// How much of what a command, a page or a table says is kept. More than anybody reads in an outage, and
/// little enough for ten of them at once.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// What stands in the place of a secret.
const HIDDEN: &str = "(sensitive)";

/// The shortest text that is looked for. A shorter one is no secret, and would be found in every line.
const SHORTEST: usize = 4;

/// The shortest text that is looked for across blanks and line ends too.
const SHORTEST_SPREAD: usize = 8;

/// How much longer a secret may get by what is put between its characters: hexadecimal digits stand in pairs.
const SPREAD: usize = 2;

/// The shortest line of a secret of several lines that is looked for on its own.
const SHORTEST_LINE: usize = 8;

/// Texts that must not be shown.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// Takes the value in, and what of it is often shown alone: a line, the password of an address.
    pub(crate) fn add(&mut self, value: &str) {
        let whole = [value, value.trim()];
        let lines = value.trim().lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
        let all = whole.into_iter().chain(lines).chain(password(value));
        for text in all.filter(|text| text.len() >= SHORTEST) {
            self.0.extend(encoded::forms(text).into_iter().map(String::into_bytes));
            self.0.push(text.as_bytes().to_vec());
        }
        self.0.sort();
        self.0.dedup();
    }

    /// The text without them.
    pub(crate) fn hide(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.taken_out(text.as_bytes(), 0)).into_owned()
    }

    /// The bytes without them, and without their first `unsure` bytes where these are no whole secret.
    fn taken_out(&self, bytes: &[u8], unsure: usize) -> Vec<u8> {
        // Marked first, so that secrets that overlap leave nothing of each other.
        let mut covered = vec![false; bytes.len()];
        // Where a tool breaks lines, as `base64` does, or puts blanks between, it stands in pieces.
        let (places, joined): (Vec<usize>, Vec<u8>) =
            bytes.iter().copied().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace()).unzip();
        for secret in &self.0 {
            for at in memchr::memmem::find_iter(bytes, secret) {
                covered[at..at + secret.len()].fill(true);
            }
            let secret: Vec<u8> = secret.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            if secret.len() >= SHORTEST_SPREAD {
                for at in memchr::memmem::find_iter(&joined, &secret) {
                    covered[places[at]..=places[at + secret.len() - 1]].fill(true);
                }
            }
        }
        let mut left = Vec::with_capacity(bytes.len());
        for (at, byte) in bytes.iter().enumerate() {
            match (covered[at], at > 0 && covered[at - 1]) {
                (true, false) => left.extend_from_slice(HIDDEN.as_bytes()),
                (false, _) if at >= unsure => left.push(*byte),
                (true, true) | (false, _) => {}
            }
        }
        left
    }

    /// How much of an output the longest takes, however it is broken up.
    fn longest(&self) -> usize {
        self.0.iter().map(Vec::len).max().unwrap_or(0) * SPREAD
    }
}

/// What was read as a secret so far, by whoever carries steps out.
#[derive(Clone, Default)]
pub struct Known(Arc<Mutex<Secrets>>);

impl Known {
    pub(crate) fn add(&self, value: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(value);
    }

    pub(crate) fn all(&self) -> Secrets {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// The password of an address such as `postgres://user:password@host/`.
fn password(value: &str) -> Option<&str> {
    let (_, after) = value.split_once("://")?;
    let (user, _) = after.split(['/', '?', '#']).next()?.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password)
}

/// The end of what is written, however long it is.
#[derive(Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
    dropped: usize,
}

impl Tail {
    pub(crate) fn push(&mut self, more: &[u8]) {
        self.bytes.extend_from_slice(more);
        if self.bytes.len() > 2 * MAX_BYTES {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let over = self.bytes.len().saturating_sub(MAX_BYTES);
        self.bytes.drain(..over);
        self.dropped += over;
    }

    /// All that is kept, as it is.
    pub(crate) fn whole(mut self) -> Vec<u8> {
        self.cut();
        self.bytes
    }

    /// What is kept, without secrets; of one that was cut in two nothing is left.
    pub(crate) fn without(mut self, secrets: &Secrets) -> String {
        self.cut();
        let unsure = if self.dropped > 0 { secrets.longest().saturating_sub(1) } else { 0 };
        let bytes = secrets.taken_out(&self.bytes, unsure);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match self.dropped {
            0 => text,
            n => format!("[the first {n} bytes are left out]\n{text}"),
        }
    }
}

/// The text as people may see it: without colours, with what could steer a terminal written out.
pub(crate) fn harmless(text: &str, secrets: &Secrets) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let plain = anstream::adapter::strip_str(&lines).to_string();
    let mut safe = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '\n' | '\t' => safe.push(c),
            c if is_hostile(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    // Once more: a colour in the midst of a secret hides it from the first look.
    secrets.hide(&safe)
}

/// The beginning of a text, of so many characters at most.
pub(crate) fn beginning(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((end, _)) => Cow::Owned(format!("{} …", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// The last lines of a text, each cut to a width that can be read: on the same line when it is one,
/// indented below when they are more.
pub(crate) fn last_lines(text: &str) -> String {
    const LINES: usize = 10;
    const COLUMNS: usize = 200;
    let mut last: Vec<_> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(LINES).collect();
    last.reverse();
    match last.as_slice() {
        [] => String::new(),
        [one] => format!(": {}", beginning(one.trim(), COLUMNS)),
        many => {
            let lines = many.iter().map(|line| format!("\n    {}", beginning(line.trim_end(), COLUMNS)));
            format!(":{}", lines.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        let mut secrets = Secrets::default();
        values.iter().for_each(|value| secrets.add(value));
        secrets
    }

    #[test]
    fn secrets_are_taken_out_wherever_and_however_they_stand() {
        let pem = "-----BEGIN KEY-----\nMIIEvQIBADAN\nshort\n-----END KEY-----\n";
        let cases: [(&[&str], &str, &str); 13] = [
            (&["hunter2"], "a hunter2 b hunter2", "a (sensitive) b (sensitive)"),
            (&["hunter2\n"], "x=hunter2;", "x=(sensitive);"),
            (&["abcdef", "defghi"], "abcdefghi.", "(sensitive)."),
            (&["abcd", "abcdef"], "abcdef", "(sensitive)"),
            (&["abc", ""], "abc", "abc"),
            (&[pem], "key: MIIEvQIBADAN, short", "key: (sensitive), short"),
            (&["postgres://u:p%40ss@h/db"], "password p%40ss of u", "password (sensitive) of u"),
            (&["redis://:s3cr3t@h:1"], "-a s3cr3t", "-a (sensitive)"),
            (&["$(reboot) \"x\""], "it was $(reboot) \"x\"", "it was (sensitive)"),
            (&["hunter2hunter2"], "a hunter2\n  hunter2 b", "a (sensitive) b"),
            (&["hunter2hunter2"], "aHVudGVy\nMmh1bnRl\ncjI=", "(sensitive)I="),
            (&["hunter2hunter2"], " 68 75 6e 74 65 72 32 68 75 6e\n 74 65 72 32\n", " (sensitive)\n"),
            (&["secret"], "sec ret", "sec ret"),
        ];
        for (values, text, expected) in cases {
            assert_eq!(secrets(values).hide(text), expected, "{values:?}");
        }
    }

    #[test]
    fn of_a_secret_that_the_bound_cuts_in_two_nothing_is_left() {
        let secret = "correct horse battery staple";
        for cut_at in 0..=secret.len() {
            let mut tail = Tail::default();
            tail.push(b"before ");
            tail.push(secret.as_bytes());
            tail.push(&vec![b'.'; MAX_BYTES - (secret.len() - cut_at)]);
            let kept = tail.without(&secrets(&[secret]));
            let shown = kept.trim_end_matches('.');
            let expected = [
                format!("[the first {} bytes are left out]\n", 7 + cut_at),
                format!("[the first {} bytes are left out]\n{HIDDEN}", 7 + cut_at),
            ];
            assert!(expected.contains(&shown.to_owned()), "{cut_at}: {shown}");
        }
    }

    #[test]
    fn what_is_shown_steers_no_terminal_and_hides_no_secret() {
        let none = Secrets::default();
        let cases = [
            ("\u{1b}[31mred\u{1b}[0m\r\nnext\ttab", "red\nnext\ttab"),
            ("10%\r20%\r30%", "10%\n20%\n30%"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("gnp.\u{202e}txt", "gnp.\\u{202e}txt"),
        ];
        for (text, expected) in cases {
            assert_eq!(harmless(text, &none), expected);
        }
        assert_eq!(harmless("hun\u{1b}[1mter2", &secrets(&["hunter2"])), HIDDEN);
        assert!(!harmless("a\u{8}\u{0}\u{9b}b", &none).contains(is_hostile));
    }

    #[test]
    fn the_last_lines_are_few_and_short() {
        let long = "x".repeat(1_000);
        let many: String = (0..50).map(|n| format!("line {n}\n")).collect();
        assert_eq!(last_lines(""), "");
        assert_eq!(last_lines("  one \n\n"), ": one");
        assert_eq!(last_lines(&many).lines().count(), 11);
        assert!(last_lines(&many).ends_with("\n    line 49"));
        assert!(last_lines(&long).chars().count() < 210);
    }
}
