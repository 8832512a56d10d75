//! Carries the steps of a recovery out on the machine that drctl runs on: commands, requests,
//! connections, names and SQL. What it needs of the environment is given to it; what it hands back is
//! bounded, without secrets, and harmless to show.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod around;
mod command;
mod http;
mod net;
mod output;
mod secret;
mod sql;
mod tls;
mod walk;

use std::collections::BTreeMap;
use std::path::PathBuf;

use drctl_core::provider::{Attempt, BoxFuture, ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Answer, Performer, Surroundings};

use crate::around::Around;
use crate::command::Program;
pub use crate::output::Known;
pub use crate::secret::usable as usable_secret;
pub use crate::walk::Walk;

/// The machine that steps are carried out on.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// The directory of the configuration, which those of the steps are relative to.
    pub dir: PathBuf,
    /// The environment that steps are given their variables from.
    pub environment: BTreeMap<String, String>,
    /// What was read as a secret so far: no later step shows it either.
    pub known: Known,
}

impl Host {
    /// In this directory, with this environment.
    pub fn new(dir: PathBuf, environment: BTreeMap<String, String>) -> Host {
        Host { dir, environment, known: Known::default() }
    }
}

impl Host {
    /// Runs a command to its end and hands on what it prints, as fast as that is taken. Dropping the future, or
    /// refusing to take more, ends the command and all that it has started.
    ///
    /// # Errors
    /// When it cannot be started, ends badly, or what it prints is not taken.
    pub async fn stream(
        &self,
        words: &[String],
        (surroundings, attempt): (&Surroundings, &Attempt),
        take: impl AsyncFnMut(&[u8]) -> Result<(), ProviderError>,
    ) -> Result<(), ProviderError> {
        let program = Program::words(words);
        let around = Around::of(self, surroundings, attempt, program.doing()).await?;
        command::streamed(&program, &around, take).await
    }
}

impl Performer for Host {
    fn perform<'a>(
        &'a self,
        action: &'a Action,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Answer, ProviderError>> {
        Box::pin(async move {
            match action {
                Action::Run { words, surroundings } | Action::Restore { words, surroundings, .. } => {
                    let program = Program::words(words);
                    let around = Around::of(self, surroundings, attempt, program.doing()).await?;
                    command::run(&program, &around).await
                }
                Action::Shell { line, surroundings } => {
                    let program = Program::line(line);
                    let around = Around::of(self, surroundings, attempt, program.doing()).await?;
                    command::run(&program, &around).await
                }
                Action::Http { url, status, expect: _ } => http::ask(self, url, *status).await,
                Action::Tcp { host, port } => net::connect(host, *port).await,
                Action::Dns { name, address } => net::resolve(name, address.as_deref()).await,
                Action::Sql { database, query, file, assert: _, surroundings } => {
                    let question = sql::Question {
                        database: database.as_deref(),
                        query: query.as_deref(),
                        file: file.as_deref(),
                    };
                    let around = Around::of(self, surroundings, attempt, sql::DOING).await?;
                    sql::ask(self, &question, &around).await
                }
                Action::Post { address_in, text } => http::post(self, address_in, text).await,
                Action::Verb { .. } | Action::Fetch { .. } => Err(by_nobody("what a provider does")),
                Action::Wait { .. } => Err(by_nobody("waiting")),
                Action::Person => Err(by_nobody("what a person does")),
            }
        })
    }
}

fn by_nobody(what: &str) -> ProviderError {
    around::error(what, ErrorClass::Rejected, "it is not carried out by a machine".to_owned())
}
