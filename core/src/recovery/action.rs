//! What is carried out for a step: the typed form of the command that a person would type. Texts in it
//! may still hold `${input.NAME}`, which the operator says at the time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::before::Before;
use super::model::Step;
use super::secret::SecretSource;
use super::via::quoted;
use crate::addr::{KindName, ProviderAddress};
use crate::plan::StepId;
use crate::provider::{RecoveryStep, StepNature, Verb};
use crate::run::{By, Node, Repeat, TakeBack};

/// What is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// A command, one word an element; no shell sees it.
    Run {
        /// The words.
        words: Vec<String>,
        /// Where and with which variables.
        #[serde(flatten)]
        surroundings: Surroundings,
    },
    /// A command that restores the data of a server into a directory. After it the log is replayed there, so
    /// that a log that ends too early is found out now, and not taken for restored.
    Restore {
        /// The words.
        words: Vec<String>,
        /// The directory.
        data: String,
        /// The database that holds the canary, as it was reached before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        canary: Option<String>,
        /// Where and with which variables.
        #[serde(flatten)]
        surroundings: Surroundings,
    },
    /// A command that restores a dump out of a bucket. The dump is brought to this machine first and compared with
    /// its checksum; where it is then is the last word of the command.
    Fetch {
        /// The words, without the last one.
        words: Vec<String>,
        /// The dump.
        from: InBucket,
        /// Where and with which variables.
        #[serde(flatten)]
        surroundings: Surroundings,
    },
    /// A line for `sh -c`.
    Shell {
        /// The line.
        line: String,
        /// Where and with which variables.
        #[serde(flatten)]
        surroundings: Surroundings,
    },
    /// A request that must be answered.
    Http {
        /// What is asked.
        url: String,
        /// The status that is expected.
        status: u16,
        /// What has to be true of `self.status` and `self.body`.
        expect: Option<String>,
    },
    /// A connection that must be accepted.
    Tcp {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// A name that must lead somewhere.
    Dns {
        /// The name.
        name: String,
        /// An address that it must lead to.
        address: Option<String>,
    },
    /// Questions to a database.
    Sql {
        /// The database, by name or as a connection string; without it the environment says which.
        database: Option<String>,
        /// The question.
        query: Option<String>,
        /// The file that holds the questions.
        file: Option<String>,
        /// What has to be true of `self.rows`.
        assert: Option<String>,
        /// Where and with which variables.
        #[serde(flatten)]
        surroundings: Surroundings,
    },
    /// A message to a webhook.
    Post {
        /// The variable of the environment that holds its address.
        address_in: String,
        /// The message.
        text: String,
    },
    /// Nothing but time.
    Wait {
        /// Seconds.
        seconds: i64,
    },
    /// What a kind does through its provider.
    Verb {
        /// Where, and by which kind.
        #[serde(flatten)]
        through: Through,
        /// What.
        #[serde(flatten)]
        verb: Verb,
    },
    /// What a person does.
    Person,
}

/// The provider configuration that a kind does something in. Region and account are what the plan was made
/// for: nothing is done where the configuration leads elsewhere by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Through {
    /// The provider configuration.
    pub provider: ProviderAddress,
    /// Its region.
    pub region: String,
    /// Its account, where that was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The kind.
    pub kind: KindName,
}

/// An object in a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InBucket {
    /// The provider configuration that the bucket is reached through.
    pub provider: ProviderAddress,
    /// Its region, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What the provider calls the bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
}

impl InBucket {
    /// The line that gives the object to a command without drctl.
    fn piped(&self, words: &[String]) -> String {
        let InBucket { provider: _, region, bucket, key } = self;
        let copy = ["aws", "s3", "cp"].map(str::to_owned).into_iter();
        let region = region.iter().flat_map(|region| ["--region".to_owned(), region.clone()]);
        let copy: Vec<String> = copy.chain(region).collect();
        let from = quoted(&format!("s3://{bucket}/{key}"));
        let command: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        format!("{} {from} - | {}", copy.join(" "), command.join(" "))
    }

    /// The same as words that a person can type.
    pub(crate) fn command(&self, words: &[String]) -> Vec<String> {
        vec!["sh".to_owned(), "-c".to_owned(), self.piped(words)]
    }
}

/// Where a command is run, and what it is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// The directory, relative to that of the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
    /// The variables of the environment that it is given beside the usual ones; they have to be set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The variables whose values are read when the step begins, and where.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretSource>,
    /// Variables with their values, which are no secrets: what the operator said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given: BTreeMap<String, String>,
}

/// How a step is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// What is done.
    pub action: Action,
    /// Who says that it may be done, where somebody is asked.
    pub approve: Option<crate::addr::Name>,
    /// How often it is tried.
    pub attempts: u32,
    /// Seconds until it counts as failed.
    pub timeout_s: i64,
    /// Seconds for which it is done again and again until it holds.
    pub within_s: Option<i64>,
    /// Whether it does no harm to do it a second time.
    pub repeatable: bool,
    /// What is looked at before it has an effect, for taking it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Before>,
    /// How the kind itself removes what it has made: only ever of a drill's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_down: Option<Down>,
}

/// How a kind removes what a step of a drill has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Down {
    /// What is done, where the step was done.
    pub verb: Verb,
    /// Seconds for which it is tried again as long as it cannot be done yet.
    pub within_s: i64,
}

/// Seconds until a step that says nothing counts as failed. Long, for a restore that is killed for being
/// slow is worse than one that is slow; a bound all the same.
pub const TIMEOUT_S: i64 = 3_600;

impl Carried {
    /// A step that says nothing of how it is carried out.
    pub fn plain(action: Action, nature: StepNature, p95_s: Option<i64>) -> Carried {
        Carried {
            action,
            approve: None,
            attempts: 1,
            timeout_s: p95_s.map_or(TIMEOUT_S, |p95| TIMEOUT_S.max(p95.saturating_mul(4))),
            within_s: None,
            repeatable: nature == StepNature::Check,
            before: Vec::new(),
            take_down: None,
        }
    }

    /// A step of a kind: by the kind itself, by its command, or by a person where there is neither.
    pub fn derived(step: &RecoveryStep, through: Option<&Through>) -> Carried {
        let action = match (step.nature, &step.verb, through, step.command.as_slice()) {
            (StepNature::Manual, ..) => Action::Person,
            _ if step.unsaid.is_some() => Action::Person,
            (_, Some(verb), Some(through), _) => {
                Action::Verb { through: through.clone(), verb: verb.clone() }
            }
            (.., []) => Action::Person,
            (.., words) => Action::Run { words: words.to_vec(), surroundings: Surroundings::default() },
        };
        let is_verb = matches!(action, Action::Verb { .. });
        let plain = Carried::plain(action, step.nature, Some(step.estimate.p95.as_secs()));
        Carried {
            within_s: step.within.map(|within| within.as_secs()),
            repeatable: plain.repeatable || is_verb,
            ..plain
        }
    }
}

/// The step as a run sees it. `is_pivot` is said by the plan; what is `blocked` is a person's, who may know
/// another way.
pub(super) fn node(step: &Step, is_pivot: bool, blocked: bool) -> Node {
    let written = step.written.as_ref();
    let person = blocked || step.carried.action == Action::Person;
    let to_approve =
        step.carried.approve.is_some() || written.is_some_and(|w| w.when.is_some() || !w.inputs.is_empty());
    Node {
        id: StepId(step.id),
        needs: step.needs.iter().map(|id| StepId(*id)).collect(),
        instead_of: written.into_iter().flat_map(|w| &w.instead_of).map(|id| StepId(*id)).collect(),
        by: match (person, to_approve) {
            (true, _) => By::Person,
            (false, true) => By::Approved,
            (false, false) => By::Machine,
        },
        attempts: step.carried.attempts,
        repeat: if step.carried.repeatable { Repeat::Safe } else { Repeat::Ask },
        take_back: match (step.undo.is_empty(), &step.undo_by_hand, &step.carried.action) {
            _ if step.carried.take_down.is_some() => TakeBack::Machine,
            // What a kind did is not taken back by a command from here: that may lead to another cloud.
            (false, _, Action::Verb { .. }) | (true, Some(_), _) => TakeBack::Person,
            (false, _, _) => TakeBack::Machine,
            (true, None, _) => TakeBack::Nothing,
        },
        looks_first: !step.carried.before.is_empty(),
        pivot: is_pivot,
    }
}
