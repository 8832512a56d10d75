//! How the configuration follows a recovery that is done: a diff, kept in the run's folder and printed by
//! `drctl recover show RUN --patch`. It is made anew from what the files say now. What the run has made is
//! written into the state, so that the patched configuration finds nothing left to be done about it.

use std::collections::BTreeSet;

use drctl_core::addr::Address;
use drctl_core::advise;
use drctl_core::config;
use drctl_core::diag::Diagnostics;
use drctl_core::rebuild;
use drctl_core::recovery::{CameBack, Patch, Patched, patch};
use drctl_core::span::SourceMap;
use drctl_core::state::State;
use drctl_engine::journal::Replayed;
use drctl_engine::runs::{Begun, Folder};
use drctl_engine::state_file::StateFile;

use super::open;
use crate::commands::state::LOCK_TIMEOUT;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::load;
use crate::planning;
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::diff;
use crate::render::text::safe;
use crate::session;
use crate::ui::Ui;
use crate::variables::Undeclared;
use crate::ways::WayArgs;

/// The configuration as it follows a run.
pub(super) struct Following {
    /// As the files are.
    pub(super) sources: SourceMap,
    /// With the patch; none where they cannot be read.
    pub(super) after: Option<SourceMap>,
    /// The patch.
    pub(super) patch: Patch,
}

impl Following {
    fn diff(&self) -> String {
        self.after.as_ref().map_or(String::new(), |after| diff::unified(&self.sources, after))
    }
}

/// What the files say now, with what the run has changed.
pub(super) fn following(run: &Begun, state: Option<&State>, project: &Project) -> Following {
    let (sources, mut found) = load::directory(&project.dir);
    let (config, mistakes) = config::load(&sources, &REGISTRY);
    found.extend(mistakes);
    if found.has_errors() {
        let left = vec!["the configuration cannot be read as it is: `drctl validate` tells why".to_owned()];
        return Following { sources, after: None, patch: Patch { left, ..Patch::default() } };
    }
    let of = Patched { sources: &sources, config: &config, registry: &REGISTRY, state };
    let patch = patch(of, &run.came_back, &run.run);
    let files = sources.iter().count();
    let after = advise::apply(&sources, files, &patch.edits.iter().collect::<Vec<_>>());
    Following { sources, after, patch }
}

/// Prints the diff.
pub(super) fn show(run: &Replayed<Begun>, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let state = session::load_state(project)?;
    let following = following(&run.header, state.as_ref(), project);
    let (diff, left) = (following.diff(), following.patch.left);
    if diff.is_empty() && left.is_empty() {
        ui.tell("The configuration says already what holds the data, or the run has moved none.\n");
    }
    left.iter().for_each(|left| ui.tell(&format!("By hand: {}\n", safe(left))));
    ui.print(&diff)?;
    Ok(Exit::Success)
}

/// Keeps the diff of a run that is done, takes what it has made for ours, and says what is to be done.
pub(super) fn keep(
    run: &Replayed<Begun>,
    folder: &Folder,
    (project, ways): (&Project, &WayArgs),
    ui: &Ui,
) -> Result<(), Failure> {
    let begun = &run.header;
    if begun.came_back.is_empty() {
        return Ok(());
    }
    let following = following(begun, None, project);
    let diff = following.diff();
    match own(begun, &following, (project, ways), ui) {
        Ok(owned) => owned.iter().for_each(|address| {
            ui.tell(&format!("Ours from now on: {}\n", safe(&address.to_string())));
        }),
        Err(failure) => not_owned(&following.patch, &failure, ui),
    }
    if !diff.is_empty() {
        folder.keep_patch(&diff).map_err(|error| open::unusable(&error))?;
        ui.tell(&format!(
            "\nThe configuration still names what was lost. This lets it follow:\n  drctl recover show {} --patch | git apply\n  drctl plan\n",
            begun.run
        ));
    }
    following.patch.left.iter().for_each(|left| ui.tell(&format!("By hand: {}\n", safe(left))));
    let homes: BTreeSet<&str> = begun.came_back.iter().filter_map(CameBack::home).collect();
    if !homes.is_empty() {
        let homes = homes.into_iter().map(safe).collect::<Vec<_>>().join(" and ");
        ui.tell(&format!("The way home to {homes}: drctl recover show {} --failback\n", begun.run));
    }
    Ok(())
}

/// Writes what the run has made into the state, as far as it is seen: what is as the patched configuration
/// says counts as applied, what differs stands in the next plan. The addresses of what is ours now.
fn own(
    run: &Begun,
    following: &Following,
    (project, ways): (&Project, &WayArgs),
    ui: &Ui,
) -> Result<Vec<Address>, Failure> {
    let Patch { made, .. } = &following.patch;
    let Some(after) = following.after.as_ref().filter(|_| !made.is_empty()) else { return Ok(Vec::new()) };
    let clock = session::clock(ui)?;
    let texts = (after.clone(), Diagnostics::default());
    let loaded = planning::evaluate(texts, project, (ways.variables(), Undeclared::Refused), ui)?;
    project.make_data()?;
    let holder = session::holder(ui, "recover", clock.as_ref());
    let lock = session::lock(project, &holder, LOCK_TIMEOUT, clock.as_ref());
    let _lock = session::runtime()?.block_on(lock)?;
    let found = session::load_state(project)?;
    let plan = ways.planned(&loaded, found.as_ref(), project, (&clock, ui))?;
    let mut state = found.unwrap_or_else(|| State::new(session::unique(clock.as_ref())));
    let mut owned = Vec::new();
    for (address, (provider, id)) in made {
        let change = plan.change(address).filter(|change| change.id == *id);
        let Some(kind) = REGISTRY.kind(address.kind.as_str()) else { continue };
        if let Some(change) = change.filter(|change| change.observed.is_some()) {
            let earlier = state.resources.get(address).cloned();
            rebuild::own(&mut state, (kind, change), earlier.as_ref(), (&plan, &loaded.values));
        } else if change.is_some_and(|change| change.unobserved.is_none()) {
            // It is not there: its step was left out.
            continue;
        }
        state.record_recovered(address, (provider, id), &run.run);
        owned.push(address.clone());
    }
    if !owned.is_empty() {
        StateFile::new(project.state_path()).save(&mut state).map_err(session::state_failed)?;
    }
    Ok(owned)
}

/// The recovery is done all the same; what it has made is to be taken for ours by hand.
fn not_owned(patch: &Patch, failure: &Failure, ui: &Ui) {
    if patch.made.is_empty() {
        return;
    }
    ui.tell(&format!("What was made could not be written into the state: {}\n", safe(&failure.headline())));
    for (address, (_, id)) in &patch.made {
        let (address, id) = (safe(&address.to_string()), safe(&id.0));
        ui.tell(&format!("Once the configuration declares it: drctl import '{address}' '{id}'\n"));
    }
}
