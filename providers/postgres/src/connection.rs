//! Parts of a connection string, of which the last word is with the client library.

/// The part of that name: `dbname`, `user`.
pub(crate) fn part(text: &str, name: &str) -> Option<String> {
    if let Some((_, rest)) = text.split_once("://") {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let found = match name {
            "dbname" => path.split('?').next().unwrap_or_default(),
            _ => {
                authority.rsplit_once('@').map_or("", |(user, _)| user.split(':').next().unwrap_or_default())
            }
        };
        return Some(found.to_owned()).filter(|found| !found.is_empty());
    }
    if !text.contains('=') {
        return Some(text.to_owned()).filter(|_| name == "dbname");
    }
    let found = text.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    found.map(|found| found.trim_matches('\'').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_and_user_are_read_from_every_form() {
        let cases = [
            ("app", Some("app"), None),
            ("postgres://u:p@h:5/app?sslmode=require", Some("app"), Some("u")),
            ("postgres://u@h", None, Some("u")),
            ("host=h dbname='app' user=u", Some("app"), Some("u")),
            ("host=h", None, None),
        ];
        for (text, database, user) in cases {
            assert_eq!(part(text, "dbname").as_deref(), database, "{text}");
            assert_eq!(part(text, "user").as_deref(), user, "{text}");
        }
    }
}
