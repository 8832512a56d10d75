//! The files that steps name: scripts of the project that they run and SQL that they ask go into the kit. What
//! else a command names may be a key: it is told and left out.

use std::collections::BTreeSet;

use drctl_core::addr::Name;
use drctl_core::recovery::{Action, RecoveryPlan, Step, needed};

use super::{Packing, bytes, listed, of_project, remark};
use crate::failure::Failure;
use crate::project::Project;

/// What was found in the steps.
#[derive(Default)]
struct Found {
    programs: BTreeSet<String>,
    variables: BTreeSet<String>,
    people: BTreeSet<String>,
    absent: BTreeSet<String>,
    others: BTreeSet<String>,
}

/// Packs what goes in, and says what does not.
pub(super) fn pack(
    packing: &mut Packing,
    plans: &[(Name, RecoveryPlan)],
    project: &Project,
) -> Result<(), Failure> {
    let mut found = Found::default();
    for (_, plan) in plans {
        let needed = needed(plan);
        for (dir, program) in needed.programs.into_keys() {
            let own = of_project(project, dir.as_deref(), &program).filter(|_| program.contains('/'));
            match own.and_then(|(path, name)| Some((name, bytes(&path)?))) {
                Some((name, bytes)) => drop(packing.put(&name, bytes)?),
                None => drop(found.programs.insert(program)),
            }
        }
        found.variables.extend(needed.env.into_keys());
        found.people.extend(needed.unreachable.keys().map(ToString::to_string));
        for step in &plan.steps {
            questions(packing, step, project, &mut found)?;
        }
    }
    for step in plans.iter().flat_map(|(_, plan)| &plan.steps) {
        words(packing, step, project, &mut found);
    }
    found.say(packing);
    Ok(())
}

/// The SQL of a step.
fn questions(
    packing: &mut Packing,
    step: &Step,
    project: &Project,
    found: &mut Found,
) -> Result<(), Failure> {
    let Action::Sql { file: Some(file), surroundings, .. } = &step.carried.action else { return Ok(()) };
    let own = of_project(project, surroundings.dir.as_deref(), file);
    match own.and_then(|(path, name)| Some((name, bytes(&path)?))) {
        Some((name, bytes)) => drop(packing.put(&name, bytes)?),
        None => drop(found.absent.insert(file.clone())),
    }
    Ok(())
}

/// Files of the project among the arguments of a command.
fn words(packing: &Packing, step: &Step, project: &Project, found: &mut Found) {
    let dir = step.written.as_ref().and_then(|written| written.dir.as_deref());
    for word in step.command_equivalent.iter().skip(1) {
        let Some((_, name)) = of_project(project, dir, word) else { continue };
        if !packing.entries.keys().any(|entry| entry.as_str() == name) {
            found.others.insert(word.clone());
        }
    }
}

impl Found {
    fn say(self, packing: &mut Packing) {
        let Found { programs, variables, people, absent, others } = self;
        let mut missing = |all: BTreeSet<String>, what: &str, why: &str| {
            if !all.is_empty() {
                packing.missing.push(remark(what, format!("{}: {why}", listed(all))));
            }
        };
        missing(programs, "programs", "steps run them; have them where you recover");
        missing(
            variables,
            "variables of the environment",
            "steps need them; have their values where you recover",
        );
        missing(people, "contacts", "they do steps, and nothing says how to reach them");
        missing(absent, "files", "steps ask what stands in them, and they are no files of the project");
        if !others.is_empty() {
            let why = format!("{}: commands name them; only scripts and SQL are packed", listed(others));
            packing.left_out.push(remark("files", why));
        }
    }
}
