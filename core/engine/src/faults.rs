//! What a drill makes go wrong on purpose, so that people see what happens then: the process that commands is
//! killed, or an endpoint answers no more. Only what drctl itself does is cut off: what a program reaches that
//! it starts, without naming it, is not.

use std::fmt;
use std::str::FromStr;

use drctl_core::addr::Name;
use drctl_core::plan::StepId;
use drctl_core::provider::{Attempt, BoxFuture, ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Answer, Performer, Surroundings, mentions};
use serde::{Deserialize, Serialize};

/// Something that goes wrong on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// The process is killed when it is written down that this step is done.
    KillAfter {
        /// The step.
        step: StepId,
    },
    /// What is sent there never arrives.
    Blackhole {
        /// Where.
        endpoint: Endpoint,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::KillAfter { step } => write!(f, "drctl killed after step {}", step.0),
            Fault::Blackhole { endpoint } => write!(f, "{endpoint} unreachable"),
        }
    }
}

/// Somewhere that is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// A channel, by which people are told.
    Channel(Name),
    /// A host, on one port or on all.
    Host(String, Option<u16>),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Channel(name) => write!(f, "channel.{name}"),
            Endpoint::Host(host, None) => f.write_str(host),
            Endpoint::Host(host, Some(port)) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Endpoint::Host(host, Some(port)) => write!(f, "{host}:{port}"),
        }
    }
}

impl FromStr for Endpoint {
    type Err = String;
    fn from_str(text: &str) -> Result<Endpoint, String> {
        if let Some(name) = text.strip_prefix("channel.") {
            return Name::new(name).map(Endpoint::Channel).map_err(|e| e.to_string());
        }
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => match text.rsplit_once(':') {
                // More than one colon and no brackets: an address, and no port.
                Some((host, port)) if !host.contains(':') => (host, Some(port)),
                Some(_) | None => (text, None),
            },
        };
        let port = port.map(|port| port.parse().map_err(|_| format!("`{port}` is no port"))).transpose()?;
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/@'\"".contains(c)) {
            return Err("write it as HOST, HOST:PORT or channel.NAME".to_owned());
        }
        Ok(Endpoint::Host(host.to_owned(), port))
    }
}

impl Endpoint {
    /// Whether the action goes there.
    fn is_reached_by(&self, action: &Action) -> bool {
        let Endpoint::Host(host, port) = self else { return false };
        let given = |around: &Surroundings| around.given.values().any(|text| self.is_in(text));
        match action {
            Action::Tcp { host: to, port: at } => {
                host.eq_ignore_ascii_case(to) && port.is_none_or(|port| port == *at)
            }
            Action::Http { url, .. } => {
                let by_scheme = if url.starts_with("https") { 443 } else { 80 };
                let said = url.split("//").nth(1).is_some_and(|rest| has_port(rest, host));
                self.is_in(url) || (!said && *port == Some(by_scheme) && mentions(url, host))
            }
            Action::Run { words, surroundings } | Action::Restore { words, surroundings, .. } => {
                words.iter().any(|word| self.is_in(word)) || given(surroundings)
            }
            Action::Fetch { words, from, surroundings } => {
                let bucket = [&from.bucket, &from.key];
                words.iter().chain(bucket).any(|word| self.is_in(word)) || given(surroundings)
            }
            Action::Shell { line, surroundings } => self.is_in(line) || given(surroundings),
            Action::Sql { database, surroundings, .. } => {
                database.as_ref().is_some_and(|database| self.is_in(database)) || given(surroundings)
            }
            // That a host does not answer does not keep its name from being found.
            Action::Dns { .. }
            | Action::Post { .. }
            | Action::Wait { .. }
            | Action::Verb { .. }
            | Action::Person => false,
        }
    }

    /// Whether a text names it.
    fn is_in(&self, text: &str) -> bool {
        match self {
            Endpoint::Channel(_) => false,
            Endpoint::Host(host, None) => mentions(text, host),
            Endpoint::Host(host, Some(port)) => {
                mentions(text, &format!("{host}:{port}"))
                    || mentions(text, &format!("[{host}]:{port}"))
                    || (mentions(text, host) && mentions(text, &format!("port={port}")))
            }
        }
    }

    /// What comes of going there.
    pub(crate) fn silence(&self) -> ProviderError {
        ProviderError {
            doing: format!("reaching {self}"),
            class: ErrorClass::Timeout,
            code: Some("Injected".to_owned()),
            message: "no answer: this drill makes it unreachable".to_owned(),
        }
    }
}

/// Whether the host of what follows `//` is followed by a port.
fn has_port(rest: &str, host: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    authority.contains(&format!("{}:", host.to_ascii_lowercase()))
        || authority.contains(&format!("{}]:", host.to_ascii_lowercase()))
}

/// Carries out what reaches nothing that is cut off.
pub(crate) struct Faulty<'a> {
    pub(crate) faults: &'a [Fault],
    pub(crate) otherwise: &'a dyn Performer,
}

impl Performer for Faulty<'_> {
    fn perform<'a>(
        &'a self,
        action: &'a Action,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Answer, ProviderError>> {
        let cut = self.faults.iter().find_map(|fault| match fault {
            Fault::Blackhole { endpoint } => endpoint.is_reached_by(action).then_some(endpoint),
            Fault::KillAfter { .. } => None,
        });
        match cut {
            Some(endpoint) => Box::pin(async move { Err(endpoint.silence()) }),
            None => self.otherwise.perform(action, attempt),
        }
    }
}

/// The silence of a channel that is cut off.
pub(crate) fn silent(faults: &[Fault], channel: &Name) -> Option<ProviderError> {
    faults.iter().find_map(|fault| match fault {
        Fault::Blackhole { endpoint: endpoint @ Endpoint::Channel(name) } if name == channel => {
            Some(endpoint.silence())
        }
        Fault::Blackhole { .. } | Fault::KillAfter { .. } => None,
    })
}

/// Whether the process is to be killed now that it is written down that the step is done.
pub(crate) fn kills_after(faults: &[Fault], step: StepId) -> bool {
    faults.contains(&Fault::KillAfter { step })
}

/// Kills this process, as an out-of-memory killer or a power cut would: nothing is told, nothing cleaned up.
pub(crate) fn kill() {
    let killed = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    if killed.is_err() {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(url: &str) -> Action {
        Action::Http { url: url.to_owned(), status: 200, expect: None }
    }

    fn run(words: &str) -> Action {
        let words = words.split(' ').map(str::to_owned).collect();
        Action::Run { words, surroundings: Surroundings::default() }
    }

    #[test]
    fn what_goes_to_a_dead_endpoint_is_cut_off_and_nothing_else() {
        let sql = |database: &str| Action::Sql {
            database: Some(database.to_owned()),
            query: None,
            file: None,
            assert: None,
            surroundings: Surroundings::default(),
        };
        let tcp = |host: &str, port| Action::Tcp { host: host.to_owned(), port };
        let cases = [
            ("db.example.com", tcp("DB.example.com", 5432), true),
            ("db.example.com:5432", tcp("db.example.com", 5432), true),
            ("db.example.com:5433", tcp("db.example.com", 5432), false),
            ("api.example.com", http("https://api.example.com/health"), true),
            ("api.example.com:443", http("https://api.example.com/health"), true),
            ("api.example.com:443", http("https://api.example.com:8443/health"), false),
            ("api.example.com:80", http("https://api.example.com/health"), false),
            ("api.example.com:8443", http("https://api.example.com:8443/health"), true),
            ("example.com", http("https://api.example.com/"), false),
            ("db.example.com", sql("postgres://me@db.example.com:5432/shop"), true),
            ("db.example.com:5432", sql("host=db.example.com port=5432 dbname=shop"), true),
            ("db.example.com:5433", sql("host=db.example.com port=5432 dbname=shop"), false),
            ("db.example.com", run("pg_restore --host=db.example.com dump"), true),
            ("db.example.com", run("pg_restore --host=db.example.community dump"), false),
            ("db.example.com", Action::Person, false),
        ];
        for (endpoint, action, cut) in cases {
            let at: Endpoint = endpoint.parse().unwrap();
            assert_eq!(at.is_reached_by(&action), cut, "{endpoint}: {action:?}");
            assert_eq!(at.to_string(), endpoint);
        }
    }

    #[test]
    fn endpoints_are_written_as_everywhere() {
        let host = |host: &str, port| Ok(Endpoint::Host(host.to_owned(), port));
        assert_eq!("[::1]:80".parse(), host("::1", Some(80)));
        assert_eq!("::1".parse(), host("::1", None));
        assert_eq!("channel.chat".parse(), Ok(Endpoint::Channel(Name::new("chat").unwrap())));
        for wrong in ["", ":80", "host:http", "https://host", "a b", "channel.", "host:70000"] {
            assert!(wrong.parse::<Endpoint>().is_err(), "{wrong}");
        }
    }
}
