//! What a recovery plan needs of the machine and the people that carry it out: programs, variables of the
//! environment, and contacts that can be reached.

use std::collections::{BTreeMap, BTreeSet};

use super::action::Action;
use super::model::RecoveryPlan;
use super::secret::SecretFile;
use crate::addr::Name;

/// What the steps of a plan need, each with the numbers of the steps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needed {
    /// The programs that are run, as they are written, by the directory in which they are: `None` is where
    /// drctl is.
    pub programs: BTreeMap<(Option<String>, String), BTreeSet<u32>>,
    /// The files that secrets are read from.
    pub secret_files: BTreeMap<SecretFile, BTreeSet<u32>>,
    /// The variables of the environment.
    pub env: BTreeMap<String, BTreeSet<u32>>,
    /// Contacts that do a step and that nothing says how to reach.
    pub unreachable: BTreeMap<Name, BTreeSet<u32>>,
}

/// What the steps of the plan need.
pub fn needed(plan: &RecoveryPlan) -> Needed {
    let mut needed = Needed::default();
    for step in &plan.steps {
        let written = step.written.as_ref();
        for program in step.commands().filter_map(|words| words.first()) {
            let dir = written.and_then(|w| w.dir.clone()).filter(|_| program.contains('/'));
            needed.programs.entry((dir, program.clone())).or_default().insert(step.id);
        }
        // What a shell would do for a person, drctl does itself, but for the command at the end of it.
        if let Action::Fetch { words, .. } = &step.carried.action
            && let Some(program) = words.first()
        {
            needed.programs.entry((None, program.clone())).or_default().insert(step.id);
        }
        for source in written.iter().flat_map(|w| w.secrets.values()) {
            let dir = written.and_then(|w| w.dir.clone());
            if let Some(file) = source.file(dir.as_deref()) {
                needed.secret_files.entry(file).or_default().insert(step.id);
            }
            if let Some(program) = source.command().and_then(|words| words.into_iter().next()) {
                let dir = dir.filter(|_| program.contains('/'));
                needed.programs.entry((dir, program)).or_default().insert(step.id);
            }
        }
        for name in written.iter().flat_map(|w| &w.env) {
            needed.env.entry(name.clone()).or_default().insert(step.id);
        }
        if let Some(owner) = step.owner.as_ref().filter(|owner| owner.reached.is_empty()) {
            needed.unreachable.entry(owner.contact.clone()).or_default().insert(step.id);
        }
    }
    needed
}

impl RecoveryPlan {
    /// What has to be said before it can be carried out, with the steps that it is for.
    pub fn unsaid(&self) -> BTreeMap<&str, BTreeSet<u32>> {
        let said = self.steps.iter().filter_map(|step| Some((step.unsaid.as_deref()?, step.id)));
        said.fold(BTreeMap::new(), |mut unsaid: BTreeMap<&str, BTreeSet<u32>>, (what, step)| {
            unsaid.entry(what).or_default().insert(step);
            unsaid
        })
    }
}
