//! `before "NAME" { … }` of a step: what there is before it is done, so that `undo` can bring that back.

use std::collections::BTreeSet;

use super::late::OfOutput;
use super::step::Step;
use crate::addr::Name;
use crate::schema::Invalid;

/// What is looked at before a step is done, for the command that takes the step back.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Before::check)]
pub struct Before {
    /// What it is called: `self.before.NAME` in `undo`.
    #[attribute(label)]
    pub name: String,
    /// The command that prints it, one word an element; no shell sees it. It only looks: it may be run again. It
    /// is written down, so that it must be no secret.
    pub run: Vec<String>,
    /// What of `self.output` it is: `jsondecode(self.output)[0].count`. Without it, the one line that is printed.
    pub value: Option<OfOutput>,
}

impl Before {
    fn check(self) -> Result<Before, Invalid> {
        if let Err(wrong) = self.name.parse::<Name>() {
            return Err(Invalid::new(wrong.to_string()).below("name"));
        }
        if self.run.is_empty() {
            return Err(Invalid::new("a command has at least one word").below("run"));
        }
        Ok(self)
    }
}

/// What a step looks at before it is done is there for the command that takes it back.
pub(super) fn check(step: &Step) -> Result<(), Invalid> {
    let before = step.before.as_deref().unwrap_or_default();
    if before.is_empty() {
        return Ok(());
    }
    let is_command = step.run.is_some() || step.shell.is_some() || step.sql.is_some();
    if step.undo.is_none() || !is_command {
        let wrong = "what there was before is looked at for `undo`, of `run`, `shell` or `sql`";
        return Err(Invalid::new(wrong).below("before"));
    }
    let mut names = BTreeSet::new();
    match before.iter().find(|one| !names.insert(one.name.as_str())) {
        Some(twice) => Err(Invalid::new(format!("`{}` is there twice", twice.name)).below("before")),
        None => Ok(()),
    }
}
