//! `procedure "NAME" { … }`: the steps that bring something back, in the order that `after` says.

use std::collections::BTreeSet;

use super::step::Step;
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

impl Steps {
    /// The names of the steps that are done before a step, with those that are done instead of one of them.
    pub fn before<'s>(&'s self, step: &'s Step) -> BTreeSet<&'s str> {
        let own: Option<&[_]> = match (&step.after, &step.instead_of) {
            (Some(after), _) => Some(after),
            // What says nothing waits for the same as what it is done instead of.
            (None, Some(other)) => self.named(other.0.as_str()).and_then(|other| other.after.as_deref()),
            (None, None) => None,
        };
        let mut before: BTreeSet<&str> = own.into_iter().flatten().map(|s| s.0.as_str()).collect();
        let instead =
            self.0.iter().filter(|s| s.instead_of.as_ref().is_some_and(|o| before.contains(o.0.as_str())));
        let instead: Vec<&str> = instead.filter(|s| s.name != step.name).map(|s| s.name.as_str()).collect();
        before.extend(instead);
        before
    }

    /// The steps with their numbers, each after those that it waits for, else in the order of the text.
    pub fn in_order(&self) -> Vec<(usize, &Step)> {
        let mut open: Vec<(usize, &Step)> = self.0.iter().enumerate().collect();
        let mut ordered: Vec<(usize, &Step)> = Vec::new();
        while !open.is_empty() {
            let done = |name: &str| ordered.iter().any(|(_, s)| s.name == name);
            let is_ready = |(_, step): &(usize, &Step)| {
                self.before(step).into_iter().all(done) && step.instead_of.iter().all(|o| done(o.0.as_str()))
            };
            // A procedure has no circle, so one is always ready.
            let ready = open.iter().position(is_ready).unwrap_or(0);
            ordered.push(open.remove(ready));
        }
        ordered
    }

    fn named(&self, name: &str) -> Option<&Step> {
        self.0.iter().find(|s| s.name == name)
    }

    /// What waits for what, by name; what is done instead of a step comes after it in every order.
    fn graph(&self) -> Graph<&str> {
        let waits = self.0.iter().flat_map(|s| self.before(s).into_iter().map(|b| (s.name.as_str(), b)));
        let instead =
            self.0.iter().filter_map(|s| Some((s.name.as_str(), s.instead_of.as_ref()?.0.as_str())));
        Graph::build(self.0.iter().map(|s| s.name.as_str()), waits.chain(instead))
    }

    /// Every name that a step refers to is there, and once.
    fn names(&self) -> Result<(), Invalid> {
        let mut names = BTreeSet::new();
        for (number, step) in self.0.iter().enumerate() {
            if !names.insert(step.name.as_str()) {
                let twice = format!("there are two steps `{}`", step.name);
                return Err(Invalid::new(twice).below("name").below(&number.to_string()));
            }
        }
        for (number, step) in self.0.iter().enumerate() {
            let after = step.after.iter().flatten().map(|s| ("after", s.0.as_str()));
            let instead = step.instead_of.iter().map(|s| ("instead_of", s.0.as_str()));
            if let Some((attribute, missing)) = after.chain(instead).find(|(_, name)| !names.contains(name)) {
                let wrong = match crate::lang::near(missing, names.iter().copied()) {
                    Some(near) => format!("there is no step `{missing}`; did you mean `{near}`?"),
                    None => format!("there is no step `{missing}` in this procedure"),
                };
                return Err(Invalid::new(wrong).below(attribute).below(&number.to_string()));
            }
        }
        Ok(())
    }

    /// Nothing waits for itself, or for what it is done instead of.
    fn order(&self) -> Result<(), Invalid> {
        let waits = self.0.iter().flat_map(|s| self.before(s).into_iter().map(|b| (s.name.as_str(), b)));
        let graph = Graph::build(self.0.iter().map(|s| s.name.as_str()), waits);
        for (number, step) in self.0.iter().enumerate() {
            let Some(other) = &step.instead_of else { continue };
            if graph.with_needs([&step.name.as_str()]).contains(&other.0.as_str()) {
                let wrong = format!("what is done instead of `{}` cannot wait for it", other.0);
                return Err(Invalid::new(wrong).below("instead_of").below(&number.to_string()));
            }
        }
        let circle = self.graph();
        if let Some(first) = circle.order().err().and_then(|circle| circle.0.first().copied()) {
            let number = self.0.iter().position(|s| s.name == *first).unwrap_or(0);
            let wrong = format!("step `{first}` waits for itself");
            return Err(Invalid::new(wrong).below("after").below(&number.to_string()));
        }
        self.downtime()?;
        self.asks(&graph)
    }

    /// What the service is down for does not wait for what is done once it works.
    fn downtime(&self) -> Result<(), Invalid> {
        for (number, step) in self.0.iter().enumerate().filter(|(_, s)| s.downtime) {
            let late = |name: &&str| self.named(name).is_some_and(|before| !before.downtime);
            if let Some(before) = self.before(step).into_iter().find(late) {
                let wrong = format!(
                    "`{}` waits for `{before}`, which is done once the service works: it says `downtime = false` \
                     too, or neither does",
                    step.name
                );
                return Err(Invalid::new(wrong).below("after").below(&number.to_string()));
            }
        }
        Ok(())
    }

    /// Whoever asks a database without its name comes after what brings one back.
    fn asks(&self, graph: &Graph<&str>) -> Result<(), Invalid> {
        for (number, step) in self.0.iter().enumerate() {
            if step.sql.as_ref().is_none_or(|sql| sql.database.is_some()) {
                continue;
            }
            let name = step.name.as_str();
            let before = graph.with_needs([&name]);
            let brings = |s: &Step| s.restore.is_some() || s.procedure.is_some();
            if !self.0.iter().any(|s| brings(s) && before.contains(&s.name.as_str())) {
                let wrong = "which database? Write `database`, or do it `after` a step that restores one";
                return Err(Invalid::new(wrong).below("sql").below(&number.to_string()));
            }
        }
        Ok(())
    }
}

impl AttributeType for Steps {
    const TYPE: Type = <Vec<Step>>::TYPE;

    fn from_value(value: Value) -> Result<Steps, Invalid> {
        let steps = Steps(<Vec<Step>>::from_value(value)?);
        steps.names()?;
        steps.order()?;
        Ok(steps)
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}
