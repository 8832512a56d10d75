//! Runs the commands of a backup's tool.

use std::collections::BTreeMap;

use drctl_core::provider::{Attempt, ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Performer, SecretSource, Surroundings};
use drctl_core::system::EnvName;
use drctl_core::value::Value;
use drctl_host::Host;

/// A tool as one backup uses it.
#[derive(Debug, Clone)]
pub struct Tool<'a> {
    host: &'a Host,
    dir: Option<String>,
    env: Vec<String>,
    secrets: BTreeMap<String, SecretSource>,
    attempt: Attempt,
}

impl<'a> Tool<'a> {
    /// On this machine, with these variables of the environment. `attempt` names what is done, for programs
    /// that must not do it twice.
    pub fn new(host: &'a Host, env: Option<&[EnvName]>, attempt: impl Into<String>) -> Tool<'a> {
        let env = env.into_iter().flatten().map(|name| name.0.clone()).collect();
        Tool { host, dir: None, env, secrets: BTreeMap::new(), attempt: Attempt(attempt.into()) }
    }

    /// As a step carries it out: with its directory, its environment and its secrets.
    pub fn of_step(host: &'a Host, around: &Surroundings, attempt: &Attempt) -> Tool<'a> {
        let Surroundings { dir, env, secrets, given: _ } = around.clone();
        Tool { host, dir, env, secrets, attempt: attempt.clone() }
    }

    fn surroundings(&self) -> Surroundings {
        let (dir, env, secrets) = (self.dir.clone(), self.env.clone(), self.secrets.clone());
        Surroundings { dir, env, secrets, given: BTreeMap::new() }
    }

    /// Asks a server.
    ///
    /// # Errors
    /// When it does not answer, or answers with an error.
    pub async fn ask(&self, database: &str, query: &str) -> Result<Value, ProviderError> {
        let surroundings = self.surroundings();
        let (database, query) = (Some(database.to_owned()), Some(query.to_owned()));
        let action = Action::Sql { database, query, file: None, assert: None, surroundings };
        Ok(self.host.perform(&action, &self.attempt).await?.value)
    }

    /// A variable of the environment that drctl was given.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.host.environment.get(name).map(String::as_str)
    }

    /// Runs a command to its end and hands on what it writes to its standard output, as fast as that is taken.
    ///
    /// # Errors
    /// When it cannot be started, ends badly, or what it writes is not taken.
    pub(crate) async fn stream(
        &self,
        words: &[String],
        take: impl AsyncFnMut(&[u8]) -> Result<(), ProviderError>,
    ) -> Result<(), ProviderError> {
        self.host.stream(words, (&self.surroundings(), &self.attempt), take).await
    }

    /// Runs a command to its end; what it has written to its standard output.
    ///
    /// # Errors
    /// When it cannot be started, or ends badly.
    pub async fn run(&self, words: Vec<String>) -> Result<String, ProviderError> {
        let surroundings = self.surroundings();
        let action = Action::Run { words, surroundings };
        let answer = self.host.perform(&action, &self.attempt).await?;
        let body = answer.value.get("body").and_then(Value::as_str).map(str::to_owned);
        Ok(body.unwrap_or_default())
    }
}

/// A command of pgBackRest with further options before its verb. An option is given once: these stand over those
/// that are there.
pub(crate) fn with(mut words: Vec<String>, options: impl IntoIterator<Item = String>) -> Vec<String> {
    let verb = words.pop();
    for option in options {
        let name = option.split_once('=').map_or(option.as_str(), |(name, _)| name).to_owned();
        words.retain(|word| {
            *word != name && !word.strip_prefix(&name).is_some_and(|rest| rest.starts_with('='))
        });
        words.push(option);
    }
    words.extend(verb);
    words
}

/// What is asked for cannot be done as things are declared.
pub(crate) fn rejected(doing: &str, why: impl std::fmt::Display) -> ProviderError {
    ProviderError {
        doing: doing.to_owned(),
        class: ErrorClass::Rejected,
        code: None,
        message: why.to_string(),
    }
}

/// Something failed on this machine.
pub(crate) fn failed(doing: &str, why: impl std::fmt::Display) -> ProviderError {
    ProviderError { class: ErrorClass::Failed, ..rejected(doing, why) }
}

/// What a tool says is not what it should say.
pub(crate) fn unreadable(doing: &str, why: impl std::fmt::Display) -> ProviderError {
    ProviderError {
        doing: doing.to_owned(),
        class: ErrorClass::Failed,
        code: None,
        message: format!("what it says cannot be read: {why}"),
    }
}
