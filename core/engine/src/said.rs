//! What the steps of a run said, each when it was done: in the run's folder, and beside the copy of its journal.
//! There every text bears the line of the journal that says that the step is done, and the digest of that line:
//! what was said another time, or in another journal, is never taken for it.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::objects::Objects;
use drctl_core::plan::StepId;
use drctl_core::provider::ProviderError;
use drctl_core::run::Event;
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use serde::Deserialize;

use crate::files::{self, FileError};
use crate::journal::{Replayed, digest};
use crate::runs::{Begun, Folder, file_name};

/// How much of what a step says is kept.
pub const MAX_SAID_BYTES: usize = 1 << 20;

/// So many texts are asked for at once: a person waits for them.
const AT_ONCE: usize = 8;

/// So many texts of a run are looked for in the copy.
pub const LISTED_MAX: usize = 10_000;

/// So much of a digest tells one line from another.
const DIGITS: usize = 16;

/// A line of a journal that says that a step is done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Done {
    /// The step.
    pub step: StepId,
    /// The line, from 1.
    pub line: usize,
    digest: String,
}

impl Done {
    /// The key of what was said then.
    pub fn key(&self, run: &str) -> String {
        format!("{}{}-{}-{}.txt", beginning(run), self.step.0, self.line, self.digest)
    }
}

/// What the keys of all that the steps of a run said begin with. Runs are listed without them.
pub fn beginning(run: &str) -> String {
    format!("said/{}/", file_name(run))
}

/// The lines of a journal that say that a step is done. The last one of each step is what counts.
pub fn done_in(journal: &[u8]) -> Vec<Done> {
    let lines = journal.split_inclusive(|byte| *byte == b'\n').enumerate().skip(1);
    let whole = lines.filter_map(|(number, line)| Some((number + 1, line.strip_suffix(b"\n")?)));
    whole.filter_map(|(line, text)| Some(Done { step: done(text)?, line, digest: shortened(text) })).collect()
}

/// Of each step the last.
pub fn last_of(done: Vec<Done>) -> BTreeMap<StepId, Done> {
    done.into_iter().map(|done| (done.step, done)).collect()
}

/// What keys beside the journal of a run tell that was done, and that the journal does not tell: the step, and the
/// line that said so. It was cut off, then, or is not the one that was written. Of other keys nothing is told.
pub fn untold(journal: &[u8], run: &str, keys: &[String]) -> Vec<(StepId, usize)> {
    let beginning = beginning(run);
    let told: BTreeSet<String> = done_in(journal).iter().map(|done| done.key(run)).collect();
    let untold = keys.iter().filter(|key| !told.contains(*key));
    untold.filter_map(|key| of_key(key.strip_prefix(&beginning)?)).collect()
}

fn of_key(name: &str) -> Option<(StepId, usize)> {
    let mut parts = name.strip_suffix(".txt")?.splitn(3, '-');
    let (step, line, digest) = (parts.next()?, parts.next()?, parts.next()?);
    let is_digest = digest.len() == DIGITS && digest.bytes().all(|b| b.is_ascii_hexdigit());
    is_digest.then_some((StepId(step.parse().ok()?), line.parse().ok()?))
}

fn shortened(line: &[u8]) -> String {
    let mut digest = digest(line);
    digest.truncate(DIGITS);
    digest
}

fn done(line: &[u8]) -> Option<StepId> {
    #[derive(Deserialize)]
    struct Line {
        event: String,
        step: Option<StepId>,
    }
    let line: Line = serde_json::from_slice(line).ok()?;
    line.step.filter(|_| line.event == "succeeded")
}

/// What the steps of a run said, as far as it is at hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said(BTreeMap<StepId, Text>);

/// What one step said.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Text {
    /// It is at hand.
    There {
        /// Where.
        place: String,
        /// The canary in it.
        canary: Option<Timestamp>,
    },
    /// It is not; why.
    Missing(String),
}

impl Said {
    /// What the copy has of it, as that journal tells; `url` says where a key is. What was not seen is not taken
    /// for absent.
    pub async fn copied(
        objects: &dyn Objects,
        (run, journal): (&str, &[u8]),
        url: impl Fn(&str) -> String,
    ) -> Said {
        let asked = last_of(done_in(journal)).into_values().map(|done| {
            let (key, url) = (done.key(run), &url);
            async move {
                let text = match objects.get(&key, MAX_SAID_BYTES).await {
                    Ok(Some(said)) => Text::There { place: url(&key), canary: canary(&said) },
                    Ok(None) => Text::Missing("is not in the copy".to_owned()),
                    Err(error) => Text::Missing(unseen(&error)),
                };
                (done.step, text)
            }
        });
        Said(stream::iter(asked).buffer_unordered(AT_ONCE).collect().await)
    }

    /// That nothing of it was seen, of the steps that are done in that journal.
    pub fn not_seen(journal: &[u8], why: &ProviderError) -> Said {
        let steps = last_of(done_in(journal)).into_keys();
        Said(steps.map(|step| (step, Text::Missing(unseen(why)))).collect())
    }

    /// Where it is, for people.
    pub fn place(&self, step: StepId) -> Option<&str> {
        match self.0.get(&step)? {
            Text::There { place, .. } => Some(place),
            Text::Missing(_) => None,
        }
    }

    /// The newest row of the canary that the step has found in what came back: `drctl_canary = INSTANT`.
    pub fn canary(&self, step: StepId) -> Option<Timestamp> {
        match self.0.get(&step)? {
            Text::There { canary, .. } => *canary,
            Text::Missing(_) => None,
        }
    }

    /// Why it is not known, of a step that said something: `is not in the copy`.
    pub fn missing(&self, step: StepId) -> Option<&str> {
        match self.0.get(&step)? {
            Text::There { .. } => None,
            Text::Missing(why) => Some(why),
        }
    }
}

fn unseen(error: &ProviderError) -> String {
    format!("was not seen: {error}")
}

fn canary(said: &[u8]) -> Option<Timestamp> {
    let said = String::from_utf8_lossy(said);
    let (_, rest) = said.lines().find_map(|line| line.split_once("drctl_canary = "))?;
    rest.split(',').next()?.trim().parse().ok()
}

impl Folder {
    /// Keeps what a step said, its end where it is too long.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, step: StepId, said: &str) -> Result<(), FileError> {
        let from = said.len().saturating_sub(MAX_SAID_BYTES);
        let from = (from..=said.len()).find(|at| said.is_char_boundary(*at)).unwrap_or(said.len());
        files::replace(&self.said(step), &said.as_bytes()[from..])
    }

    /// What a step said, as it is kept; none when it is not.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn kept(&self, step: StepId) -> Result<Option<Vec<u8>>, FileError> {
        files::read(&self.said(step), MAX_SAID_BYTES as u64)
    }

    /// What the steps of this run said, as it is kept here.
    pub fn all_said(&self, run: &Replayed<Begun>) -> Said {
        let done = run.events.iter().filter_map(|(_, event)| match event {
            Event::Succeeded { step } => Some(*step),
            _ => None,
        });
        let done: BTreeSet<StepId> = done.collect();
        let text = |step: &StepId| {
            let text = match self.kept(*step) {
                Ok(Some(said)) => {
                    Text::There { place: self.said(*step).display().to_string(), canary: canary(&said) }
                }
                Ok(None) if done.contains(step) => Text::Missing("is not here".to_owned()),
                Ok(None) => return None,
                Err(error) => Text::Missing(format!("cannot be read: {error}")),
            };
            Some((*step, text))
        };
        Said(run.header.jobs.keys().filter_map(text).collect())
    }
}
