//! What is between the engine and whoever carries a step out: an action in which everything is known,
//! and the answer.

use std::collections::BTreeMap;

use super::action::{Action, InBucket, Surroundings};
use super::before;
use crate::provider::{Attempt, BoxFuture, ProviderError, Verb};
use crate::value::Value;

/// What came of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it said, bounded, without secrets: for people.
    pub said: String,
    /// What conditions call `self`.
    pub value: Value,
}

/// Carries actions out. It decides nothing, tries once, and waits for as long as it is let.
pub trait Performer: Send + Sync {
    /// Carries the action out. What is dropped before it has ended is stopped.
    fn perform<'a>(
        &'a self,
        action: &'a Action,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Answer, ProviderError>>;
}

impl Action {
    /// The action with what the operator has said in the place of `${input.NAME}`. A shell gets it as
    /// a variable, so that no value becomes a part of the line.
    ///
    /// # Errors
    /// With the first name that nobody has said.
    pub fn filled(&self, said: &BTreeMap<String, String>) -> Result<Action, String> {
        let fill = |text: &String| fill(text, |name| said.get(name).cloned());
        let maybe = |text: &Option<String>| text.as_ref().map(fill).transpose();
        Ok(match self {
            Action::Run { words, surroundings } => Action::Run {
                words: words.iter().map(fill).collect::<Result<_, _>>()?,
                surroundings: surroundings.clone(),
            },
            Action::Restore { words, data, canary, surroundings } => Action::Restore {
                words: words.iter().map(fill).collect::<Result<_, _>>()?,
                data: fill(data)?,
                canary: canary.clone(),
                surroundings: surroundings.clone(),
            },
            Action::Fetch { words, from, surroundings } => Action::Fetch {
                words: words.iter().map(fill).collect::<Result<_, _>>()?,
                from: InBucket { key: fill(&from.key)?, ..from.clone() },
                surroundings: surroundings.clone(),
            },
            Action::Shell { line, surroundings } => shell(line, surroundings, said)?,
            Action::Http { url, status, expect } => {
                Action::Http { url: fill(url)?, status: *status, expect: expect.clone() }
            }
            Action::Tcp { host, port } => Action::Tcp { host: fill(host)?, port: *port },
            Action::Dns { name, address } => Action::Dns { name: fill(name)?, address: maybe(address)? },
            Action::Sql { database, query, file, assert, surroundings } => Action::Sql {
                database: maybe(database)?,
                query: maybe(query)?,
                file: maybe(file)?,
                assert: assert.clone(),
                surroundings: surroundings.clone(),
            },
            Action::Post { address_in, text } => {
                Action::Post { address_in: address_in.clone(), text: text.clone() }
            }
            Action::Wait { seconds } => Action::Wait { seconds: *seconds },
            Action::Verb { through, verb } => {
                let texts = |(name, value): (&String, &Value)| {
                    let filled = match value {
                        Value::String(text) => Value::String(fill(text)?),
                        other => other.clone(),
                    };
                    Ok((name.clone(), filled))
                };
                let arguments = verb.arguments.iter().map(texts).collect::<Result<_, String>>()?;
                Action::Verb { through: through.clone(), verb: Verb { name: verb.name.clone(), arguments } }
            }
            Action::Person => Action::Person,
        })
    }

    /// The command as a person can type it; none where it is none.
    pub fn words(&self) -> Option<Vec<String>> {
        match self {
            Action::Run { words, .. } | Action::Restore { words, .. } => Some(words.clone()),
            Action::Fetch { words, from, .. } => Some(from.command(words)),
            Action::Shell { line, surroundings } => {
                let given = surroundings.given.iter().map(|(name, value)| format!("{name}={value}"));
                let env = if surroundings.given.is_empty() { None } else { Some("env".to_owned()) };
                let shell = ["sh", "-c", line].map(str::to_owned);
                Some(env.into_iter().chain(given).chain(shell).collect())
            }
            Action::Http { .. }
            | Action::Tcp { .. }
            | Action::Dns { .. }
            | Action::Sql { .. }
            | Action::Post { .. }
            | Action::Wait { .. }
            | Action::Verb { .. }
            | Action::Person => None,
        }
    }

    /// The condition on its answer.
    pub fn condition(&self) -> Option<&str> {
        match self {
            Action::Http { expect, .. } => expect.as_deref(),
            Action::Sql { assert, .. } => assert.as_deref(),
            Action::Run { .. }
            | Action::Restore { .. }
            | Action::Fetch { .. }
            | Action::Shell { .. }
            | Action::Tcp { .. }
            | Action::Dns { .. }
            | Action::Post { .. }
            | Action::Wait { .. }
            | Action::Verb { .. }
            | Action::Person => None,
        }
    }
}

/// A line in which what was said is read from variables.
fn shell(line: &str, around: &Surroundings, said: &BTreeMap<String, String>) -> Result<Action, String> {
    let mut given = around.given.clone();
    let line = fill(line, |name| {
        let value = said.get(name)?;
        let variable: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect();
        let variable = format!("DRCTL_INPUT_{variable}");
        let read = format!("${{{variable}}}");
        given.insert(variable, value.clone());
        Some(read)
    })?;
    Ok(Action::Shell { line, surroundings: Surroundings { given, ..around.clone() } })
}

/// Whether it is known by its whole name: what no operator says.
fn is_whole(name: &str) -> bool {
    name == "point.id" || name.starts_with(before::PREFIX)
}

/// The text with the places filled that are known only at the time.
fn fill(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> Result<String, String> {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("${") {
        filled.push_str(&rest[..at]);
        let inside = &rest[at + 2..];
        let name = inside.find('}').map(|end| &inside[..end]);
        let late = name.and_then(|n| n.strip_prefix("input.").or(Some(n).filter(|n| is_whole(n))));
        match (name, late) {
            (Some(name), Some(late)) => {
                filled.push_str(&value(late).ok_or_else(|| late.to_owned())?);
                rest = &inside[name.len() + 1..];
            }
            (_, _) => {
                filled.push_str("${");
                rest = inside;
            }
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Where what is known only at the time stands in a text.
pub(crate) fn place(name: &str) -> String {
    if is_whole(name) { format!("${{{name}}}") } else { format!("${{input.{name}}}") }
}

/// The text with what was said by now; what nobody has said yet stays open in it.
pub fn so_far(text: &str, said: &BTreeMap<String, String>) -> String {
    let filled = fill(text, |name| Some(said.get(name).cloned().unwrap_or_else(|| place(name))));
    filled.expect("every place has a text, if only its own")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> BTreeMap<String, String> {
        [("backup".to_owned(), "$(reboot); 'x'".to_owned())].into()
    }

    #[test]
    fn what_is_said_is_one_word_and_never_a_part_of_a_line() {
        let run = Action::Run {
            words: vec!["restore".to_owned(), "--id=${input.backup}".to_owned(), "${HOME}".to_owned()],
            surroundings: Surroundings::default(),
        };
        let Ok(Action::Run { words, .. }) = run.filled(&said()) else { panic!("not filled") };
        assert_eq!(words, ["restore", "--id=$(reboot); 'x'", "${HOME}"]);
        let shell = Action::Shell {
            line: "restore \"${input.backup}\" | tee ${LOG}".to_owned(),
            surroundings: Surroundings::default(),
        };
        let Ok(Action::Shell { line, surroundings }) = shell.filled(&said()) else { panic!("not filled") };
        assert_eq!(line, "restore \"${DRCTL_INPUT_BACKUP}\" | tee ${LOG}");
        assert_eq!(surroundings.given["DRCTL_INPUT_BACKUP"], "$(reboot); 'x'");
        let shell = Action::Shell { line, surroundings };
        let words = shell.words().unwrap_or_default();
        assert_eq!(words[..3], ["env", "DRCTL_INPUT_BACKUP=$(reboot); 'x'", "sh"]);
    }

    #[test]
    fn what_nobody_has_said_yet_stays_open() {
        let text = "a${input.backup}b${input.other}c${point.id}d${HOME}";
        assert_eq!(so_far(text, &said()), "a$(reboot); 'x'b${input.other}c${point.id}d${HOME}");
    }

    #[test]
    fn what_nobody_said_is_named() {
        let wait = Action::Tcp { host: "${input.host}".to_owned(), port: 1 };
        assert_eq!(wait.filled(&said()), Err("host".to_owned()));
        let torn = Action::Tcp { host: "a${input.b ${".to_owned(), port: 1 };
        assert_eq!(torn.filled(&said()), Ok(torn.clone()));
    }
}
