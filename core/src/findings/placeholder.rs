//! Placeholders: words that stand for something nobody has filled in.

/// Words that say themselves that they stand for something.
const WORDS: [&str; 7] =
    ["tbd", "tba", concat!("to", "do"), concat!("fix", "me"), "changeme", "change-me", "replace-me"];
/// What such a name names, in `snapshot-name` or `backup-id`.
const THINGS: [&str; 16] = [
    "account",
    "app",
    "backup",
    "bucket",
    "cluster",
    "database",
    "db",
    "distribution",
    "domain",
    "dump",
    "file",
    "host",
    "instance",
    "server",
    "snapshot",
    "zone",
];
/// What it would be of that, in the same.
const NAMES: [&str; 4] = ["id", "identifier", "name", "arn"];

/// The placeholder in a text that is no command.
pub(super) fn in_text(text: &str) -> Option<&str> {
    enclosed(text, '[', ']').or_else(|| in_command(text))
}

/// The placeholder in a command or its words.
pub(super) fn in_command(text: &str) -> Option<&str> {
    if let Some(found) = enclosed(text, '<', '>') {
        return Some(found);
    }
    // `mktemp` and `to_char` have patterns of their own.
    let patterns = text.contains("mktemp") || text.contains("to_char");
    words(text).find(|word| is_placeholder(word) || (!patterns && is_pattern(word)))
}

/// Runs of letters, digits, `-`, `_` and `.`, without a variable's `$`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || "-_.$".contains(c)))
        .filter(|w| !w.is_empty() && !w.starts_with(['$', '-']))
}

/// `your-org`, `new-instance`, `backup-id`.
fn is_placeholder(word: &str) -> bool {
    let lower = word.to_lowercase();
    let named = || {
        let (thing, name) = lower.rsplit_once('-')?;
        Some(THINGS.contains(&thing) && NAMES.contains(&name))
    };
    WORDS.contains(&lower.as_str())
        || lower.strip_prefix("your").is_some_and(|rest| rest.starts_with(['-', '_']))
        || lower.strip_prefix("new-").is_some_and(|thing| THINGS.contains(&thing))
        || named().unwrap_or_default()
}

/// `YYYYMMDD`, `i-xxxxxxxx`.
fn is_pattern(word: &str) -> bool {
    let blank = |part: &str| part.len() >= 3 && part.chars().all(|c| c == 'x' || c == 'X');
    word.contains("YYYY") || word.contains("XXXX") || word.split(['-', '_', '.']).any(blank)
}

/// `<backup-id>`, `[CTO Name]`: a name between such marks, the marks included.
fn enclosed(text: &str, open: char, close: char) -> Option<&str> {
    let mut rest = text;
    while let Some(start) = rest.find(open) {
        let inside = &rest[start + 1..];
        let end = inside.find(|c: char| !(c.is_alphanumeric() || "-_ /".contains(c))).unwrap_or(inside.len());
        let name = &inside[..end];
        let blanks = open == '[' || !name.contains([' ', '/']);
        if inside[end..].starts_with(close) && blanks && name.starts_with(char::is_alphabetic) {
            return Some(&rest[start..start + end + 2]);
        }
        rest = inside;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_filled_in_is_told_from_what_only_looks_like_it() {
        for (text, found) in [
            ("railway backups restore <backup-id>", Some("<backup-id>")),
            ("backup_YYYYMMDD_HHMMSS.sql.gz", Some("backup_YYYYMMDD_HHMMSS.sql.gz")),
            ("git clone git@github.com:your-org/app", Some("your-org")),
            ("--snapshot-identifier snapshot-name", Some("snapshot-name")),
            ("--db-instance-identifier new-instance", Some("new-instance")),
            ("--db-instance-identifier new-orders", None),
            ("aws ec2 start-instances --ids i-xxxxxxxx", Some("i-xxxxxxxx")),
            ("https://example.net/XXX", Some("XXX")),
            ("aws rds x --snapshot-name nightly", None),
            ("psql < dump.sql > out", None),
            ("mktemp /tmp/dump.XXXXXX", None),
            ("cat <<EOF > file", None),
            ("date +%Y%m%d", None),
            ("restore $snapshot-name", None),
            ("xargs -n1", None),
            ("[ -f dump ]", None),
        ] {
            assert_eq!(in_command(text), found, "{text}");
        }
        for (text, found) in [
            ("[phone]", Some("[phone]")),
            ("[CTO Name]", Some("[CTO Name]")),
            ("[phone/ticket]", Some("[phone/ticket]")),
            ("tbd", Some("tbd")),
            ("+1 415 xxx", Some("xxx")),
            ("dba@shop.example", None),
            ("https://status.example/[2001]", None),
        ] {
            assert_eq!(in_text(text), found, "{text}");
        }
    }
}
