//! Which server is asked, as whom and how: as other clients of PostgreSQL take it from a connection
//! string and from the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::passfile::Passfile;
use super::service::Service;
use crate::net::CONNECT;
use crate::tls::Trust;

/// Tells what a variable of the environment is set to.
pub(super) type Variable<'v> = &'v dyn Fn(&str) -> Option<String>;

/// Where servers have their sockets, the system's own first.
pub(super) const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// Where a server listens as a rule.
pub(super) const PORT: u16 = 5432;

/// How to connect.
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) trust: Trust,
    /// Why a password file was not heeded: a password may be missing because of that.
    pub(crate) unheeded: Option<String>,
}

/// What a connection string says that is beyond the library's reading of it.
type Beyond = BTreeMap<String, String>;

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// When they are none, in words and without values.
    pub(crate) fn of(database: Option<&str>, variable: Variable<'_>) -> Result<Settings, String> {
        let is_url =
            |text: &str| ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        let (mut config, beyond) = match database {
            Some(text) if is_url(text) => read(split_url(text))?,
            Some(text) if text.contains('=') => read(split_words(text)?)?,
            Some(name) => {
                let mut config = Config::new();
                config.dbname(name);
                (config, Beyond::new())
            }
            None => (Config::new(), Beyond::new()),
        };
        let named = beyond.get("service").cloned().or_else(|| variable("PGSERVICE"));
        let named = named.filter(|name| !name.is_empty());
        let service = named.map_or(Ok(Service::default()), |name| Service::of(&name, variable))?;
        // A service says it before the environment does.
        let variable = |name: &str| service.get(name).or_else(|| variable(name));
        fill(&mut config, &variable)?;
        let mode = beyond.get("sslmode").cloned().or_else(|| variable("PGSSLMODE"));
        let root = beyond.get("sslrootcert").cloned().or_else(|| variable("PGSSLROOTCERT"));
        let (mode, trust) = encrypted(mode.as_deref(), root.as_deref())?;
        config.ssl_mode(mode);
        let named = beyond.get("passfile");
        let variable =
            |name: &str| named.filter(|_| name == "PGPASSFILE").cloned().or_else(|| variable(name));
        let unheeded = match config.get_password() {
            Some(_) => None,
            None => {
                let Passfile { password, unheeded } = Passfile::of(&config, &variable);
                if let Some(password) = password {
                    config.password(password);
                }
                unheeded
            }
        };
        Ok(Settings { config, trust, unheeded })
    }
}

fn read((text, beyond): (String, Beyond)) -> Result<(Config, Beyond), String> {
    // The library's words may hold a part of the text, and that a password.
    let config = text.parse().map_err(|_| "`database` is no connection string".to_owned())?;
    Ok((config, beyond))
}

/// What the string does not say, the environment does, and then the usual.
fn fill(config: &mut Config, variable: Variable<'_>) -> Result<(), String> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let port = match set("PGPORT") {
        Some(port) => port.parse().map_err(|_| "`PGPORT` is no port".to_owned())?,
        None => PORT,
    };
    if config.get_ports().is_empty() {
        config.port(port);
    }
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        if let Some(hosts) = set("PGHOST") {
            for host in hosts.split(',') {
                config.host(host);
            }
        } else {
            let port = *config.get_ports().first().unwrap_or(&port);
            config.host_path(socket(port));
        }
    }
    if config.get_user().is_none()
        && let Some(user) = set("PGUSER").or_else(|| set("USER")).or_else(|| set("LOGNAME"))
    {
        config.user(user);
    }
    if config.get_password().is_none()
        && let Some(password) = set("PGPASSWORD")
    {
        config.password(password);
    }
    if config.get_dbname().is_none()
        && let Some(name) = set("PGDATABASE")
    {
        config.dbname(name);
    }
    if config.get_options().is_none()
        && let Some(options) = set("PGOPTIONS")
    {
        config.options(options);
    }
    if config.get_application_name().is_none() {
        config.application_name(set("PGAPPNAME").unwrap_or_else(|| "drctl".to_owned()));
    }
    if config.get_connect_timeout().is_none() {
        let seconds = set("PGCONNECT_TIMEOUT").map(|text| text.parse().map(Duration::from_secs));
        let timeout = seconds.transpose().map_err(|_| "`PGCONNECT_TIMEOUT` is no number of seconds")?;
        config.connect_timeout(timeout.filter(|t| !t.is_zero()).unwrap_or(CONNECT));
    }
    Ok(())
}

/// The directory that holds the socket of the server on this machine.
fn socket(port: u16) -> PathBuf {
    let holds = |dir: &&str| Path::new(dir).join(format!(".s.PGSQL.{port}")).exists();
    PathBuf::from(SOCKETS.iter().find(|dir| holds(dir)).unwrap_or(&SOCKETS[0]))
}

fn encrypted(mode: Option<&str>, root: Option<&str>) -> Result<(SslMode, Trust), String> {
    let known = match root {
        None | Some("" | "system") => Trust::System,
        Some(path) => Trust::File(PathBuf::from(path)),
    };
    match (mode, &known) {
        (Some("disable"), _) => Ok((SslMode::Disable, Trust::Anybody)),
        (None | Some("" | "allow" | "prefer"), _) => Ok((SslMode::Prefer, Trust::Anybody)),
        (Some("require"), Trust::System | Trust::Anybody) => Ok((SslMode::Require, Trust::Anybody)),
        // As elsewhere: whoever names a certificate wants it looked at.
        (Some("require" | "verify-ca" | "verify-full"), _) => Ok((SslMode::Require, known)),
        (Some(_), _) => {
            Err("`sslmode` is none of disable, allow, prefer, require, verify-ca, verify-full".into())
        }
    }
}

fn is_beyond(name: &str) -> bool {
    ["service", "sslmode", "sslrootcert", "passfile"].contains(&name)
}

/// Takes what the library does not read out of a connection URL.
fn split_url(text: &str) -> (String, Beyond) {
    let Some((address, parameters)) = text.split_once('?') else {
        return (text.to_owned(), Beyond::new());
    };
    let mut beyond = Beyond::new();
    let mut left = Vec::new();
    for parameter in parameters.split('&') {
        match parameter.split_once('=') {
            Some((name, value)) if is_beyond(name) => {
                beyond.insert(name.to_owned(), percent_decoded(value));
            }
            Some(_) | None => left.push(parameter),
        }
    }
    let rest = if left.is_empty() { String::new() } else { format!("?{}", left.join("&")) };
    (format!("{address}{rest}"), beyond)
}

fn percent_decoded(text: &str) -> String {
    let hex = |code: &[u8]| std::str::from_utf8(code).ok().and_then(|code| u8::from_str_radix(code, 16).ok());
    let (mut decoded, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        match (first, after.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                rest = &after[2..];
            }
            (byte, _) => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Takes what the library does not read out of `name=value` pairs, in which values may be quoted.
fn split_words(text: &str) -> Result<(String, Beyond), String> {
    let (mut beyond, mut left, mut rest) = (Beyond::new(), String::new(), text.trim_start());
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or("`database` is no connection string")?;
        let after = after.trim_start();
        let (value, length) = word(after).ok_or("a quote in `database` is never closed")?;
        if is_beyond(name.trim()) {
            beyond.insert(name.trim().to_owned(), value);
        } else {
            left.push_str(&format!("{}={} ", name.trim(), &after[..length]));
        }
        rest = after[length..].trim_start();
    }
    Ok((left.trim_end().to_owned(), beyond))
}

/// The value at the beginning of the text, and how long it is with its quotes.
fn word(text: &str) -> Option<(String, usize)> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => value.push(characters.next()?.1),
            '\'' if quoted => return Some((value, at + 1)),
            c if c.is_whitespace() && !quoted => return Some((value, at)),
            c => value.push(c),
        }
    }
    (!quoted).then_some((value, text.len()))
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::Host;

    use super::*;

    type Variables<'v> = &'v [(&'v str, &'v str)];

    fn settings(database: Option<&str>, variables: Variables<'_>) -> Result<Settings, String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::of(database, &variable)
    }

    /// Who is asked for what, where.
    fn whom(database: Option<&str>, variables: Variables<'_>) -> String {
        let Settings { config, .. } = settings(database, variables).unwrap();
        let hosts = config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        let hosts: Vec<String> = hosts.collect();
        let password = config.get_password().map(String::from_utf8_lossy).unwrap_or_default();
        let (user, name) = (config.get_user().unwrap_or("-"), config.get_dbname().unwrap_or("-"));
        format!("{user}:{password}@{}:{:?}/{name}", hosts.join(","), config.get_ports())
    }

    #[test]
    fn the_string_says_first_then_the_environment_then_custom() {
        let env = [
            ("PGHOST", "db.internal"),
            ("PGPORT", "6543"),
            ("PGUSER", "app"),
            ("PGPASSWORD", "pw"),
            ("PGDATABASE", "main"),
        ];
        let cases = [
            (None, &env[..], "app:pw@db.internal:[6543]/main"),
            (Some("restored"), &env[..], "app:pw@db.internal:[6543]/restored"),
            (Some("-- it's \"x\""), &env[..], "app:pw@db.internal:[6543]/-- it's \"x\""),
            (Some("host=/run/pg dbname='a b' port=1"), &env[..], "app:pw@/run/pg:[1]/a b"),
            (Some("postgres://u:p%40@h:2/d?sslmode=verify-full"), &env[..], "u:p@@h:[2]/d"),
            (Some("postgresql:///d?host=/run/pg"), &env[..], "app:pw@/run/pg:[6543]/d"),
            (None, &[("USER", "me"), ("PGHOST", "/run/pg")], "me:@/run/pg:[5432]/-"),
        ];
        for (database, variables, expected) in cases {
            assert_eq!(whom(database, variables), expected, "{database:?}");
        }
    }

    #[test]
    fn a_service_says_what_the_string_does_not_and_the_environment_what_neither_does() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "[recovery]\nhost=/run/pg\ndbname=old\nsslmode=disable\n").unwrap();
        let path = file.path().display().to_string();
        let env = [("PGSERVICEFILE", path.as_str()), ("PGHOST", "db.internal"), ("USER", "me")];
        for string in ["service=recovery dbname=new", "postgresql:///new?service=recovery"] {
            assert_eq!(whom(Some(string), &env), "me:@/run/pg:[5432]/new", "{string}");
            assert_eq!(settings(Some(string), &env).unwrap().config.get_ssl_mode(), SslMode::Disable);
        }
        let named = [&env[..], &[("PGSERVICE", "recovery")]].concat();
        assert_eq!(whom(None, &named), "me:@/run/pg:[5432]/old");
    }

    #[test]
    fn encryption_is_as_other_clients_take_it() {
        let file = |path: &str| Trust::File(PathBuf::from(path));
        let cases: [(&str, Variables<'_>, SslMode, Trust); 8] = [
            ("d", &[], SslMode::Prefer, Trust::Anybody),
            ("d", &[("PGSSLMODE", "disable")], SslMode::Disable, Trust::Anybody),
            ("d", &[("PGSSLMODE", "require")], SslMode::Require, Trust::Anybody),
            ("d", &[("PGSSLMODE", "require"), ("PGSSLROOTCERT", "/c")], SslMode::Require, file("/c")),
            ("dbname=d sslmode = 'verify-full'", &[], SslMode::Require, Trust::System),
            ("sslrootcert='/a b\\'c' sslmode=verify-ca dbname=d", &[], SslMode::Require, file("/a b'c")),
            ("postgres://h/d?sslrootcert=%2Fc&sslmode=verify-full", &[], SslMode::Require, file("/c")),
            ("postgres://h/d?sslmode=disable", &[("PGSSLMODE", "require")], SslMode::Disable, Trust::Anybody),
        ];
        for (database, variables, mode, trust) in cases {
            let is = settings(Some(database), variables).unwrap();
            assert_eq!((is.config.get_ssl_mode(), is.trust), (mode, trust), "{database}");
        }
    }

    #[test]
    fn what_is_no_connection_is_refused_without_its_values() {
        let cases: [(&str, Variables<'_>); 7] = [
            ("postgres://u:hunter2@h:port/d", &[]),
            ("host=h password='hunter2", &[]),
            ("host=h hunter2", &[]),
            ("host=h unheard=hunter2", &[]),
            ("d", &[("PGPORT", "hunter2")]),
            ("d", &[("PGSSLMODE", "hunter2")]),
            ("d", &[("PGCONNECT_TIMEOUT", "hunter2")]),
        ];
        for (database, variables) in cases {
            let Err(why) = settings(Some(database), variables) else { panic!("{database} is taken") };
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
