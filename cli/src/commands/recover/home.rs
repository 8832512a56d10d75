//! `drctl recover show RUN --failback`: the way home of what a run has brought back elsewhere. Derived from the
//! configuration as it follows the run, with what copied the data then turned round.

use std::collections::BTreeSet;

use drctl_core::addr::Address;
use drctl_core::advise;
use drctl_core::codes::Code;
use drctl_core::recovery::{CameBack, Home, Homes, Mirrored, Patched, mirrored};
use drctl_core::span::SourceMap;
use drctl_engine::runs::Begun;

use super::follow::{Following, following};
use super::{RecoveryFormat, show as print};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::diff;
use crate::session;
use crate::ui::Ui;
use crate::ways::{self, WayArgs};

/// What is shown of the way home.
#[derive(Clone, Copy)]
pub(super) enum What {
    /// The plan.
    Plan(RecoveryFormat),
    /// What has to be declared for it.
    Patch,
}

/// Shows the way home.
pub(super) fn show(
    run: &Begun,
    what: What,
    (project, args): (&Project, &WayArgs),
    ui: &Ui,
) -> Result<Exit, Failure> {
    let state = session::load_state(project)?;
    let following = following(run, state.as_ref(), project);
    let Some(patched) = following.after.clone() else {
        let help = "`drctl validate` tells what is wrong with it.";
        return Err(Failure::new(Code::NotExecutable, "The configuration cannot follow the run", help));
    };
    let moved = moved(run, &following)?;
    let ground = ways::open_texts(patched.clone(), args, project, ui)?.look(args, project, ui)?;
    let (sources, config) = ground.config();
    let of = Patched { sources, config, registry: &REGISTRY, state: None };
    let mirrored = mirrored(of, &ground.components(), &moved, &run.run);
    let turned = turned(&patched, &mirrored);
    match what {
        What::Patch => {
            ui.print(&diff::unified(&following.sources, &turned))?;
            return Ok(Exit::Success);
        }
        What::Plan(format) => {
            let homes = homes(run, &moved, &mirrored);
            let ground = match mirrored.edits.is_empty() {
                true => ground,
                false => ways::open_texts(turned, args, project, ui)?.look(args, project, ui)?,
            };
            let plan = ground.home(moved.into_iter().map(|(_, now)| now).collect::<BTreeSet<_>>(), &homes);
            let heading = format!("the way home after {}", run.run);
            print(&plan, &heading, (ground.simulated(), ground.last_seen()), format, ui)?;
        }
    }
    Ok(Exit::Success)
}

/// What has moved, with what holds it now.
fn moved<'r>(run: &'r Begun, following: &Following) -> Result<Vec<(&'r CameBack, Address)>, Failure> {
    let all = run.came_back.iter().filter(|one| one.home().is_some());
    let moved: Vec<_> = all.filter_map(|one| Some((one, one.holder(&following.patch)?))).collect();
    if moved.is_empty() {
        let help = "What it has brought back is in the region in which it was.";
        return Err(Failure::new(Code::NotExecutable, "The run has moved nothing away from home", help));
    }
    Ok(moved)
}

/// The patched texts with what leads home.
fn turned(patched: &SourceMap, mirrored: &Mirrored) -> SourceMap {
    let edits: Vec<_> = mirrored.edits.iter().collect();
    advise::apply(patched, patched.iter().count(), &edits).unwrap_or_else(|| patched.clone())
}

fn homes(run: &Begun, moved: &[(&CameBack, Address)], mirrored: &Mirrored) -> Homes {
    let home = |one: &CameBack| {
        let how = format!("`drctl recover show {} --failback --patch | git apply`, plan, apply", run.run);
        Some(Home {
            region: one.home()?.to_owned(),
            was: one.was.clone(),
            declare: mirrored.of.contains(&one.datastore).then_some(how),
        })
    };
    moved.iter().filter_map(|(one, _)| Some((one.datastore.clone(), home(one)?))).collect()
}
