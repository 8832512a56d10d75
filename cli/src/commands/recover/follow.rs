//! How the configuration follows a recovery that is done: a diff, kept in the run's folder and printed by
//! `drctl recover show RUN --patch`. It is made anew from what the files say now.

use std::collections::BTreeSet;

use drctl_core::advise;
use drctl_core::config;
use drctl_core::recovery::patch;
use drctl_engine::journal::Replayed;
use drctl_engine::runs::{Begun, Folder};

use super::open;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::load;
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::diff;
use crate::render::text::safe;
use crate::ui::Ui;

/// The diff, and what a person has to write.
struct Following {
    diff: String,
    left: Vec<String>,
}

fn following(run: &Begun, project: &Project) -> Following {
    let (sources, mut found) = load::directory(&project.dir);
    let (config, mistakes) = config::load(&sources, &REGISTRY);
    found.extend(mistakes);
    if found.has_errors() {
        let left = vec!["the configuration cannot be read as it is: `drctl validate` tells why".to_owned()];
        return Following { diff: String::new(), left };
    }
    let patch = patch(&sources, (&config, &REGISTRY), &run.came_back, &run.run);
    let after = advise::apply(&sources, sources.iter().count(), &patch.edits.iter().collect::<Vec<_>>());
    let diff = after.map_or(String::new(), |after| diff::unified(&sources, &after));
    Following { diff, left: patch.left }
}

/// Prints the diff.
pub(super) fn show(run: &Replayed<Begun>, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let Following { diff, left } = following(&run.header, project);
    if diff.is_empty() && left.is_empty() {
        ui.tell("The configuration says already what holds the data, or the run has moved none.\n");
    }
    left.iter().for_each(|left| ui.tell(&format!("By hand: {}\n", safe(left))));
    ui.print(&diff)?;
    Ok(Exit::Success)
}

/// Keeps the diff of a run that is done, and says what is to be done with it.
pub(super) fn keep(
    run: &Replayed<Begun>,
    folder: &Folder,
    project: &Project,
    ui: &Ui,
) -> Result<(), Failure> {
    let begun = &run.header;
    if begun.came_back.is_empty() {
        return Ok(());
    }
    let Following { diff, left } = following(begun, project);
    if !diff.is_empty() {
        folder.keep_patch(&diff).map_err(|error| open::unusable(&error))?;
        ui.tell(&format!(
            "\nThe configuration still names what was lost. This lets it follow:\n  drctl recover show {} --patch | git apply\n  drctl plan\n",
            begun.run
        ));
    }
    left.iter().for_each(|left| ui.tell(&format!("By hand: {}\n", safe(left))));
    let regions: BTreeSet<&str> = begun.came_back.iter().map(|one| one.region.as_str()).collect();
    for region in regions {
        ui.tell(&format!(
            "Back again, once all of it has a copy outside of {region}: drctl recover --lose region={region}\n",
            region = safe(region)
        ));
    }
    Ok(())
}
