//! The password that nobody has said: what a password file says of it, found where other clients of PostgreSQL
//! look for it.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::settings::{PORT, SOCKETS, Variable};

/// What a password file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Passfile {
    /// The password for this server, database and user.
    pub(super) password: Option<String>,
    /// Why it was not heeded, where it was not: a password may be missing because of that.
    pub(super) unheeded: Option<String>,
}

impl Passfile {
    /// Looks it up: in the file that the connection string or `PGPASSFILE` names, or in `~/.pgpass`.
    pub(super) fn of(config: &Config, variable: Variable<'_>) -> Passfile {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let own = || Some(Path::new(&set("HOME")?).join(".pgpass"));
        let Some(path) = set("PGPASSFILE").map(PathBuf::from).or_else(own) else {
            return Passfile::default();
        };
        let unheeded = |why: &str| Passfile {
            password: None,
            unheeded: Some(format!("`{}` is not heeded: {why}", path.display())),
        };
        let text = match std::fs::metadata(&path) {
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Passfile::default(),
            Err(why) => return unheeded(&why.to_string()),
            Ok(is) if !is.is_file() => return unheeded("it is no plain file"),
            Ok(is) if is.mode() & 0o077 != 0 => {
                return unheeded("others than its owner have access to it; `chmod 600` takes that away");
            }
            Ok(_) => std::fs::read_to_string(&path),
        };
        let Ok(text) = text else { return unheeded("it cannot be read as text") };
        let found: BTreeSet<String> = servers(config)
            .iter()
            .filter_map(|(host, port)| {
                let user = config.get_user()?;
                let wanted = [host, &port.to_string(), config.get_dbname().unwrap_or(user), user];
                text.lines().find_map(|line| password(line, wanted)).filter(|found| !found.is_empty())
            })
            .collect();
        // There is one password for all of them.
        match found.len() {
            0 | 1 => Passfile { password: found.into_iter().next(), unheeded: None },
            _ => unheeded("it has several passwords for these hosts; name one of them"),
        }
    }
}

/// The servers that may be asked, as a password file names them.
fn servers(config: &Config) -> Vec<(String, u16)> {
    let named = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) if SOCKETS.iter().any(|usual| path == Path::new(usual)) => "localhost".to_owned(),
        Host::Unix(path) => path.display().to_string(),
    });
    let mut hosts: Vec<String> = named.collect();
    if hosts.is_empty() {
        hosts = config.get_hostaddrs().iter().map(ToString::to_string).collect();
    }
    let ports = config.get_ports();
    let port = |at: usize| *ports.get(at).or_else(|| ports.first()).unwrap_or(&PORT);
    hosts.into_iter().enumerate().map(|(at, host)| (host, port(at))).collect()
}

/// What stands in the line behind `host:port:database:user:`, where these are wanted. `*` is any; `\` takes the
/// meaning of what follows it.
fn password(line: &str, wanted: [&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut rest = line;
    for wanted in wanted {
        let (field, after) = field(rest);
        if field != "*" && unescaped(field) != wanted {
            return None;
        }
        rest = after?;
    }
    Some(unescaped(rest))
}

/// The text up to the next `:`, as it is written, and what is behind that.
fn field(text: &str) -> (&str, Option<&str>) {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            ':' if !escaped => return (&text[..at], Some(&text[at + 1..])),
            c => escaped = c == '\\' && !escaped,
        }
    }
    (text, None)
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        plain.push(if c == '\\' { characters.next().unwrap_or(c) } else { c });
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const FILE: &str = "# everybody\n\
                        db.internal:5432:shop:app:pa\\:ss\\\\word\n\
                        db.internal:*:shop:other:of-other\n\
                        localhost:5432:*:app:by socket\n\
                        /run/pg:5432:*:app:elsewhere\n\
                        10.0.0.7:*:*:*:\n\
                        torn:5432:shop\n\
                        a\\:b:5432:*:*:odd\n";

    fn of(string: &str, mode: u32) -> Passfile {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".pgpass");
        fs::write(&path, FILE).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let home = dir.path().display().to_string();
        Passfile::of(&string.parse().unwrap(), &|name| (name == "HOME").then(|| home.clone()))
    }

    #[test]
    fn the_first_line_that_fits_says_it() {
        let cases = [
            ("host=db.internal port=5432 user=app dbname=shop", Some("pa:ss\\word")),
            ("host=db.internal user=app dbname=shop", Some("pa:ss\\word")),
            ("host=db.internal port=6543 user=app dbname=shop", None),
            ("host=db.internal port=6543 user=other dbname=shop", Some("of-other")),
            ("host=/tmp user=app dbname=any", Some("by socket")),
            ("host=/run/pg user=app", Some("elsewhere")),
            ("host=/run/other user=app", None),
            ("hostaddr=10.0.0.7 user=app", None),
            ("host=torn user=app dbname=shop", None),
            ("host=a:b user=app", Some("odd")),
            ("host=db.internal dbname=shop", None),
            ("host=torn,db.internal user=app dbname=shop", Some("pa:ss\\word")),
        ];
        for (string, expected) in cases {
            let expected = Passfile { password: expected.map(str::to_owned), unheeded: None };
            assert_eq!(of(string, 0o600), expected, "{string}");
        }
    }

    #[test]
    fn what_is_not_heeded_is_told_without_what_it_says() {
        let two = of("host=/tmp,/run/pg user=app", 0o600);
        let open = of("host=/tmp user=app", 0o640);
        for (is, why) in [(two, "several passwords"), (open, "chmod 600")] {
            let told = is.unheeded.unwrap_or_default();
            assert!(is.password.is_none() && told.contains(why) && !told.contains("socket"), "{told}");
        }
        assert_eq!(Passfile::of(&"host=h user=u".parse().unwrap(), &|_| None), Passfile::default());
    }
}
