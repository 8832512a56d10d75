//! Steps carried out for real: programs, a web server on loopback, PostgreSQL.
#![allow(clippy::unwrap_used)]

mod commands;
mod net;
mod postgres;
mod sql;
mod web;

use std::collections::BTreeMap;
use std::path::Path;

use drctl_core::provider::{Attempt, ProviderError};
use drctl_core::recovery::{Action, Answer, Performer, Surroundings};
use drctl_core::value::Value;
use drctl_host::Host;

/// The machine, with an environment in which programs are found and some others stand.
fn host(dir: &Path, environment: &[(&str, &str)]) -> Host {
    let path = [("PATH", "/usr/local/bin:/usr/bin:/bin")];
    let environment = path.iter().chain(environment).map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    Host::new(dir.to_owned(), environment.collect())
}

async fn perform(host: &Host, action: &Action) -> Result<Answer, ProviderError> {
    host.perform(action, &Attempt("run-1/7".to_owned())).await
}

fn with_env(names: &[&str]) -> Surroundings {
    Surroundings { env: names.iter().map(|name| (*name).to_owned()).collect(), ..Surroundings::default() }
}

fn run_in(surroundings: Surroundings, words: &[&str]) -> Action {
    Action::Run { words: words.iter().map(|word| (*word).to_owned()).collect(), surroundings }
}

fn run(words: &[&str]) -> Action {
    run_in(Surroundings::default(), words)
}

fn shell_in(surroundings: Surroundings, line: &str) -> Action {
    Action::Shell { line: line.to_owned(), surroundings }
}

fn shell(line: &str) -> Action {
    shell_in(Surroundings::default(), line)
}

fn json(text: &str) -> Value {
    Value::from_json(&serde_json::from_str(text).unwrap()).unwrap()
}

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn what_only_a_person_or_the_clock_does_is_refused() {
    let host = host(Path::new("."), &[]);
    for action in [Action::Person, Action::Wait { seconds: 1 }] {
        let error = perform(&host, &action).await.unwrap_err();
        assert!(error.message.contains("is not carried out by a machine"), "{error}");
    }
}
