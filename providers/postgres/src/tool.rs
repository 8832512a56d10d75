//! Runs the commands of a backup's tool.

use drctl_core::provider::{Attempt, ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Performer, Surroundings};
use drctl_core::system::EnvName;
use drctl_core::value::Value;
use drctl_host::Host;

/// A tool as one backup uses it.
#[derive(Debug, Clone)]
pub struct Tool<'a> {
    host: &'a Host,
    env: Vec<String>,
    attempt: Attempt,
}

impl<'a> Tool<'a> {
    /// On this machine, with these variables of the environment. `attempt` names what is done, for programs
    /// that must not do it twice.
    pub fn new(host: &'a Host, env: Option<&[EnvName]>, attempt: impl Into<String>) -> Tool<'a> {
        let env = env.into_iter().flatten().map(|name| name.0.clone()).collect();
        Tool { host, env, attempt: Attempt(attempt.into()) }
    }

    /// Runs a command to its end; what it has written to its standard output.
    ///
    /// # Errors
    /// When it cannot be started, or ends badly.
    pub async fn run(&self, words: Vec<String>) -> Result<String, ProviderError> {
        let surroundings = Surroundings { env: self.env.clone(), ..Surroundings::default() };
        let action = Action::Run { words, surroundings };
        let answer = self.host.perform(&action, &self.attempt).await?;
        let body = answer.value.get("body").and_then(Value::as_str).map(str::to_owned);
        Ok(body.unwrap_or_default())
    }
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
