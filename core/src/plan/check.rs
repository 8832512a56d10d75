//! Lints a plan: what must hold of every plan, whatever it was made from. Every planner test asserts
//! it, and apply asks it of a saved plan before it trusts it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Op, Plan};

/// What is wrong with a plan, in sentences; empty for a sound one.
pub fn check(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    changes(plan, &mut wrong);
    steps(plan, &mut wrong);
    if plan.complete && plan.unobserved().next().is_some() {
        wrong.push("the plan says it is complete, and something is unobserved".to_owned());
    }
    if plan.selection.refresh_only && !plan.steps.is_empty() {
        wrong.push("a plan that only refreshes has steps".to_owned());
    }
    wrong
}

fn changes(plan: &Plan, wrong: &mut Vec<String>) {
    for pair in plan.changes.windows(2) {
        if pair[0].address >= pair[1].address {
            wrong.push(format!("`{}` and `{}` are out of order", pair[0].address, pair[1].address));
        }
    }
    for change in &plan.changes {
        let at = &change.address;
        let mut say = |text: &str| wrong.push(format!("`{at}`: {text}"));
        if !change.notes.is_sorted_by_key(|n| n.effect) {
            say("its notes are not worst first");
        }
        if !change.attributes.is_sorted_by(|a, b| a.path <= b.path) {
            say("its attributes are not sorted");
        }
        if (change.action == Action::Unobserved) != change.unobserved.is_some() {
            say("it is unobserved without a reason, or has a reason without being so");
        }
        match change.action {
            Action::Create if change.observed.is_some() => say("it is created and there already"),
            Action::Update | Action::Adopt | Action::Delete if change.observed.is_none() => {
                say("it is changed and was not observed");
            }
            Action::Keep if !change.changed().is_empty() => say("it is kept and differs"),
            Action::Create
            | Action::Update
            | Action::Adopt
            | Action::Keep
            | Action::Forget
            | Action::Delete
            | Action::Unobserved => {}
        }
    }
}

fn steps(plan: &Plan, wrong: &mut Vec<String>) {
    let mut done = BTreeSet::new();
    let mut seen = BTreeMap::new();
    for step in &plan.steps {
        let name = format!("step {} of `{}`", step.id.0, step.address);
        if step.needs.iter().any(|n| !done.contains(n)) {
            wrong.push(format!("{name} stands before what it needs"));
        }
        if !done.insert(step.id) || seen.insert(&step.address, step.id).is_some() {
            wrong.push(format!("{name} stands there twice"));
        }
        let Some(change) = plan.change(&step.address) else {
            wrong.push(format!("{name} is of no resource in the plan"));
            continue;
        };
        let fits = match step.op {
            Op::Create => change.action == Action::Create,
            Op::Update => matches!(change.action, Action::Update | Action::Adopt),
            Op::Record => {
                matches!(change.action, Action::Adopt | Action::Keep) && change.changed().is_empty()
            }
            Op::Forget => change.action == Action::Forget,
            Op::Delete => change.action == Action::Delete,
        };
        if !fits {
            wrong.push(format!("{name} does something else than its resource's action"));
        }
    }
    for change in &plan.changes {
        let wants = match change.action {
            Action::Create | Action::Update | Action::Adopt | Action::Forget | Action::Delete => true,
            Action::Keep | Action::Unobserved => false,
        };
        if wants && !seen.contains_key(&change.address) {
            wrong.push(format!("`{}` is to be changed and has no step", change.address));
        }
    }
}
