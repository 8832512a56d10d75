//! `procedure "NAME" { … }`: the steps that bring something back, in the order that `after` says.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::reference::{BackupRef, ContactRef, DatastoreRef, SiteRef, StepRef};
use crate::graph::Graph;
use crate::schema::{AttributeType, Invalid, Type};
use crate::value::Value;

/// The steps that bring something back.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Procedure {
    /// What it is for.
    pub description: Option<String>,
    /// What is done.
    pub step: Steps,
}

/// The steps of a procedure, in the order of the text. Each name is there once, and `after` leads to
/// steps that are there and never in a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps(pub Vec<Step>);

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Step::check)]
pub struct Step {
    /// What it is called.
    #[attribute(label)]
    pub name: String,
    /// The steps that are done before.
    pub after: Option<Vec<StepRef>>,
    /// What it is for.
    pub description: Option<String>,
    /// The command, one word an element; no shell sees it.
    pub run: Option<Vec<String>>,
    /// A line for `sh -c`: for what needs pipes or redirections.
    pub shell: Option<String>,
    /// Brings this datastore back from a recovery point.
    pub restore: Option<DatastoreRef>,
    /// The mechanism it is brought back from, when the planner is not to choose.
    pub from: Option<BackupRef>,
    /// A request that must be answered.
    pub http: Option<Http>,
    /// Questions to a database.
    pub sql: Option<Sql>,
    /// Nothing is done but to wait that long, at most.
    pub wait: Option<SignedDuration>,
    /// What a person does.
    pub manual: Option<String>,
    /// Why no machine can do it.
    pub why: Option<String>,
    /// Who does it.
    pub owner: Option<ContactRef>,
    /// How long it takes, as a rule.
    pub estimate: Option<SignedDuration>,
    /// How long it takes when luck is bad.
    pub estimate_p95: Option<SignedDuration>,
    /// The command that takes it back.
    pub undo: Option<Vec<String>>,
    /// What it makes sure of.
    pub checks: Option<Check>,
    /// The datastores whose present data is gone after it.
    pub destroys: Option<Vec<DatastoreRef>>,
    /// The sites that it does not work without.
    pub needs: Option<Vec<SiteRef>>,
    /// The phase of the scenario whose budget it counts for.
    pub phase: Option<String>,
}

crate::words! {
    /// What a step makes sure of.
    Check {
        /// That a recovery point can be restored from, before anything depends on it.
        Backup = "backup",
        /// That what came back is right.
        Data = "data",
        /// That it works for those who use it.
        Service = "service",
    }
    "one of backup, data, service"
}

/// A request that must be answered.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Http {
    /// What is asked.
    pub url: String,
    /// The status that is expected.
    #[attribute(default = 200)]
    pub status: u16,
}

/// Questions to a database.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Sql {
    /// The database that is asked.
    pub database: String,
    /// The question.
    pub query: Option<String>,
    /// The file that holds the questions.
    pub file: Option<String>,
}

impl Step {
    /// Exactly one thing is done.
    fn check(self) -> Result<Step, Invalid> {
        let done = [
            ("run", self.run.is_some()),
            ("shell", self.shell.is_some()),
            ("restore", self.restore.is_some()),
            ("http", self.http.is_some()),
            ("sql", self.sql.is_some()),
            ("wait", self.wait.is_some()),
            ("manual", self.manual.is_some()),
        ];
        let done: Vec<&str> = done.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
        match done.as_slice() {
            [_] => {}
            [] => {
                return Err(Invalid::new(
                    "a step needs one of `run`, `shell`, `restore`, `http`, `sql`, `wait`, `manual`",
                ));
            }
            [first, second, ..] => {
                let wrong = format!("a step does one thing: `{first}` or `{second}`");
                return Err(Invalid::new(wrong).below(second));
            }
        }
        if self.from.is_some() && self.restore.is_none() {
            return Err(Invalid::new("only `restore` is done from a backup").below("from"));
        }
        if self.run.as_ref().is_some_and(Vec::is_empty) {
            return Err(Invalid::new("a command has at least one word").below("run"));
        }
        if let (Some(usual), Some(unlucky)) = (self.estimate, self.estimate_p95)
            && unlucky < usual
        {
            return Err(Invalid::new("must not be shorter than `estimate`").below("estimate_p95"));
        }
        Ok(self)
    }

    /// The names of the steps before it.
    pub fn before(&self) -> impl Iterator<Item = &str> {
        self.after.iter().flatten().map(|step| step.0.as_str())
    }
}

impl AttributeType for Steps {
    const TYPE: Type = <Vec<Step>>::TYPE;

    fn from_value(value: Value) -> Result<Steps, Invalid> {
        let steps = <Vec<Step>>::from_value(value)?;
        let mut names = BTreeSet::new();
        for (number, step) in steps.iter().enumerate() {
            if !names.insert(step.name.as_str()) {
                let twice = format!("there are two steps `{}`", step.name);
                return Err(Invalid::new(twice).below("name").below(&number.to_string()));
            }
        }
        for (number, step) in steps.iter().enumerate() {
            if let Some(missing) = step.before().find(|name| !names.contains(name)) {
                let wrong = match crate::lang::near(missing, names.iter().copied()) {
                    Some(near) => format!("there is no step `{missing}`; did you mean `{near}`?"),
                    None => format!("there is no step `{missing}` in this procedure"),
                };
                return Err(Invalid::new(wrong).below("after").below(&number.to_string()));
            }
        }
        if let Some(number) = in_a_circle(&steps) {
            let wrong = format!("step `{}` waits for itself", steps[number].name);
            return Err(Invalid::new(wrong).below("after").below(&number.to_string()));
        }
        Ok(Steps(steps))
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}

/// A step that waits for itself, directly or through others.
fn in_a_circle(steps: &[Step]) -> Option<usize> {
    let needs = steps.iter().flat_map(|s| s.before().map(|before| (s.name.as_str(), before)));
    let graph = Graph::build(steps.iter().map(|s| s.name.as_str()), needs);
    let first = graph.order().err()?.0.first().copied()?;
    steps.iter().position(|s| s.name == first)
}
