//! One step of a plan.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::action::{Action, Carried, Surroundings};
use super::super::perform::place;
use super::super::secret::SecretSource;
use crate::addr::Name;
use crate::fact::FactId;
use crate::provider::{ApiNeed, Phase, StepNature};

/// One step of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its number, from 1.
    pub id: u32,
    /// The datastore it belongs to; of a written step, the one that it restores.
    pub datastore: Option<Name>,
    /// Where it is written; none where drctl derives it.
    pub written: Option<WrittenAt>,
    /// What is done.
    pub summary: String,
    /// Which part of the way back it belongs to; none when it is written.
    pub phase: Option<Phase>,
    /// Who does it.
    pub kind: StepNature,
    /// The steps before it.
    pub needs: BTreeSet<u32>,
    /// What has to be true before, beyond those steps.
    pub before: Vec<String>,
    /// What nobody has said that it cannot be done without, and how it is said; none where it can be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsaid: Option<String>,
    /// The API it calls.
    pub api: Option<ApiNeed>,
    /// The exact command; of a manual step the one that tells the person what is needed for it.
    pub command_equivalent: Vec<String>,
    /// How it is carried out.
    pub carried: Carried,
    /// The command that takes it back.
    pub undo: Vec<String>,
    /// How a person takes it back, where no command does.
    pub undo_by_hand: Option<String>,
    /// Why it cannot be taken back, when that is known.
    pub no_way_back: Option<String>,
    /// Who does it by hand, when that is written.
    pub owner: Option<Owner>,
    /// Whether the service is down until it is done. Protecting again is not of that kind, nor is what is
    /// written to be done once the service works.
    pub downtime: bool,
    /// What it makes sure of: `backup`, `data` or `service`.
    pub checks: Option<&'static str>,
    /// The datastores whose present data is gone after it.
    pub destroys: Vec<Name>,
    /// The usual duration in seconds; none without an estimate.
    pub p50_s: Option<i64>,
    /// The unlucky duration in seconds.
    pub p95_s: Option<i64>,
    /// How the durations are known.
    pub estimate_source: String,
    /// Seconds from the start of the recovery until it is done, when all goes as usual; none when it
    /// or a step before it has no estimate.
    pub done_p50_s: Option<i64>,
    /// The same when every step is unlucky.
    pub done_p95_s: Option<i64>,
    /// Whether the downtime is as long as it is because of this step.
    pub critical: bool,
    /// Why the step is there.
    pub why: String,
    /// The facts it rests on.
    pub facts: Vec<FactId>,
}

impl Step {
    /// Whether a machine changes something with it, rather than to look or to wait.
    pub fn changes(&self) -> bool {
        self.kind == StepNature::Auto && !matches!(self.carried.action, Action::Wait { .. })
    }

    /// Its commands: what it looks at first, what it does, what takes it back.
    pub fn commands(&self) -> impl Iterator<Item = &Vec<String>> + Clone {
        let looks = self.carried.before.iter().map(|before| &before.words);
        looks.chain([&self.command_equivalent, &self.undo])
    }

    /// The words of its commands.
    pub fn words(&self) -> impl Iterator<Item = &String> + Clone {
        self.commands().flatten()
    }

    /// Where its command is run, and what it is given.
    pub(in crate::recovery) fn surroundings(&self) -> Surroundings {
        let written = self.written.as_ref();
        Surroundings {
            dir: written.and_then(|w| w.dir.clone()),
            env: written.map(|w| w.env.clone()).unwrap_or_default(),
            secrets: written.map(|w| w.secrets.clone()).unwrap_or_default(),
            given: BTreeMap::new(),
        }
    }
}

/// Where a step is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrittenAt {
    /// The procedure.
    pub procedure: Name,
    /// What the step is called there.
    pub step: String,
    /// The phase of the scenario that it counts for.
    pub phase: Option<String>,
    /// When it is done, in words; none when it always is.
    pub when: Option<String>,
    /// The steps that it is done instead of, when it is done.
    pub instead_of: BTreeSet<u32>,
    /// The directory in which the command is run.
    pub dir: Option<String>,
    /// The variables that have to be set in its environment.
    pub env: Vec<String>,
    /// The variables of it whose values are read when the step begins, and where.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretSource>,
    /// What has to be true of the answer, as it is written.
    pub expects: Vec<String>,
    /// What the operator says when it is done.
    pub inputs: Vec<Asked>,
    /// The datastores that are protected again after it.
    pub protects: Vec<Name>,
    /// Whether it is written that there is no way back after it.
    pub pivot: bool,
}

/// Something that only the operator can say, at the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// What it is called: `input.NAME`; `point.id` is the point that is restored.
    pub name: String,
    /// What is asked for, and where it is found.
    pub description: String,
}

impl Asked {
    /// Where it stands in a command until somebody has said it.
    pub fn place(&self) -> String {
        place(&self.name)
    }
}

/// Somebody who does a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The contact.
    pub contact: Name,
    /// Who it is, when it is one person.
    pub name: Option<String>,
    /// What they are.
    pub role: Option<String>,
    /// How they are reached, the fastest first.
    pub reached: Vec<String>,
}
