//! Words that are put where a shell, cron, systemd, a server or a tool reads them: quoted so that they stay
//! one word, or refused where no quoting can do that.

/// What no quoting helps against: it ends the line that it stands in, or the text.
pub(crate) fn one_line(text: &str) -> Result<(), String> {
    match text.chars().find(|c| c.is_control()) {
        None => Ok(()),
        Some('\n' | '\r') => Err("must be one line".to_owned()),
        Some(_) => Err("must not hold control characters".to_owned()),
    }
}

/// A word for a shell.
pub(crate) fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=:,@+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        // Without backslashes: cron has a meaning of its own for them.
        false => format!("'{}'", word.replace('\'', "'\"'\"'")),
    }
}

/// Words for a shell.
pub(crate) fn shell_words<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    words.into_iter().map(shell).collect::<Vec<_>>().join(" ")
}

/// The words of a line as [`shell_words`] writes it; none of any other line.
pub(crate) fn shell_unquoted(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut characters) = (Vec::new(), String::new(), line.chars());
    let mut begun = false;
    while let Some(c) = characters.next() {
        match c {
            ' ' if !begun => return None,
            ' ' => {
                words.push(std::mem::take(&mut word));
                begun = false;
            }
            '\'' => {
                begun = true;
                loop {
                    match characters.next()? {
                        '\'' => break,
                        inner => word.push(inner),
                    }
                }
            }
            '"' => {
                begun = true;
                if (characters.next(), characters.next()) != (Some('\''), Some('"')) {
                    return None;
                }
                word.push('\'');
            }
            other => {
                begun = true;
                word.push(other);
            }
        }
    }
    words.push(word);
    (begun && shell_words(words.iter().map(String::as_str)) == line).then_some(words)
}

/// A command for a line of cron, where `%` ends the command. What cron makes of a backslash differs from cron
/// to cron.
pub(crate) fn cron(line: &str) -> Result<String, String> {
    match line.contains('\\') {
        true => Err("a command with a backslash cannot be started by cron".to_owned()),
        false => Ok(line.replace('%', "\\%")),
    }
}

/// The command of a line of cron.
pub(crate) fn cron_unquoted(line: &str) -> String {
    line.replace("\\%", "%")
}

/// A word for `ExecStart=` of systemd, where `%` and `$` are replaced.
pub(crate) fn systemd(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    format!("\"{escaped}\"")
}

/// The words of an `ExecStart=` as [`systemd`] writes them; none of any other.
pub(crate) fn systemd_unquoted(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.strip_prefix('"')?;
        let (mut word, mut characters) = (String::new(), rest.char_indices());
        let end = loop {
            match characters.next()? {
                (at, '"') => break at,
                (_, c @ ('\\' | '%' | '$')) => {
                    let next = characters.next()?.1;
                    if c != '\\' && next != c {
                        return None;
                    }
                    word.push(next);
                }
                (_, c) => word.push(c),
            }
        };
        words.push(word);
        rest = &rest[end + 1..];
        if rest.is_empty() {
            return Some(words);
        }
        rest = rest.strip_prefix(' ')?;
    }
}

/// Words for `archive_command`, where the server replaces `%p` and its like and a shell reads the rest.
pub(crate) fn archive_command<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    format!("{} \"%p\"", shell_words(words).replace('%', "%%"))
}

/// A text for SQL.
pub(crate) fn sql(text: &str) -> String {
    match text.contains('\\') {
        true => format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        false => format!("'{}'", text.replace('\'', "''")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is in them, words stay what they are, one by one.
        #[test]
        fn words_survive_their_quotes(words in prop::collection::vec("[ -~ä%$'\"\\\\]{0,12}", 1..5)) {
            let plain: Vec<&str> = words.iter().map(String::as_str).collect();
            let line = shell_words(plain.iter().copied());
            prop_assert_eq!(shell_unquoted(&line), Some(words.clone()), "{}", line);
            match cron(&line) {
                Ok(quoted) => prop_assert_eq!(cron_unquoted(&quoted), line),
                Err(_) => prop_assert!(line.contains('\\')),
            }
            let line = plain.iter().map(|w| systemd(w)).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(systemd_unquoted(&line), Some(words.clone()), "{}", line);
        }
    }

    #[test]
    fn a_shell_takes_quoted_words_for_what_they_are() {
        for word in ["", "a b", "it's", "$(touch /tmp/x)", "`id`", "%p", "a;b", "\"", "*", "-n", "\\"] {
            let line = format!("printf %s {}", shell(word));
            let said = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), word, "{line}");
        }
    }

    #[test]
    fn the_server_replaces_nothing_of_a_hostile_name() {
        let line = archive_command(["pgbackrest", "--config=/a b/100%p.conf", "archive-push"]);
        assert_eq!(line, "pgbackrest '--config=/a b/100%%p.conf' archive-push \"%p\"");
        assert_eq!(sql("it's \\"), "E'it''s \\\\'");
        assert_eq!(sql("it's"), "'it''s'");
    }

    #[test]
    fn what_ends_a_line_is_refused() {
        for text in ["a\nb", "a\rb", "a\0b", "a\u{85}b"] {
            assert!(one_line(text).is_err(), "{text:?}");
        }
        assert!(one_line("ä % ' \" $").is_ok());
    }
}
