//! Where the world comes from that a command looks at: from the providers, or from what was last seen of
//! them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use drctl_core::plan::Expanded;
use drctl_core::state::State;

use crate::failure::Failure;
use crate::kit::KitArgs;
use crate::last_world;
use crate::planning::{self, Gaps, Loaded, Look, Observation, SharedClock};
use crate::project::Project;
use crate::render::progress::{Progress, Show};
use crate::session;
use crate::ui::Ui;

/// Whether the providers are asked.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct OfflineArgs {
    /// Asks no provider: takes what was last seen, and says how old that is
    #[arg(long)]
    offline: bool,
    /// The same from this file, which `drctl snapshot` wrote
    #[arg(long, value_name = "FILE", conflicts_with = "kit")]
    from: Option<PathBuf>,
    #[command(flatten)]
    kit: KitArgs,
}

impl OfflineArgs {
    /// The kit that is worked on.
    pub(crate) fn kit(&self) -> &KitArgs {
        &self.kit
    }

    /// With these the providers are asked, unless nobody is to be asked.
    pub(crate) fn reading(&self, parallelism: u16, gaps: Gaps) -> Reading<'_> {
        Reading {
            offline: self.offline || self.kit.is_given(),
            from: self.from.as_deref(),
            parallelism,
            gaps,
        }
    }
}

/// How the world is come by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'r> {
    /// Nobody is asked.
    pub(crate) offline: bool,
    /// Nor when there is a file that says what was seen.
    pub(crate) from: Option<&'r Path>,
    /// Reads in flight for each provider.
    pub(crate) parallelism: u16,
    /// What becomes of what does not answer.
    pub(crate) gaps: Gaps,
}

/// Reads the providers, or takes what was last seen; with what the configuration is in that world.
pub(crate) fn read(
    reading: Reading<'_>,
    (loaded, state): (&Loaded, Option<&State>),
    project: &Project,
    clock: &SharedClock,
    ui: &Ui,
) -> Result<(Observation, Expanded), Failure> {
    let Reading { offline, from, parallelism, gaps } = reading;
    if offline || from.is_some() {
        return last_world::recall(loaded, state, project, (from, clock.as_ref()), ui);
    }
    let progress = Progress::new(ui, Arc::clone(clock), Show::Reading);
    let look = Look { parallelism, reporter: &progress, clock: clock.as_ref(), gaps };
    let observation = session::runtime()?.block_on(planning::look(loaded, state, project, look, ui));
    progress.finish();
    observation
}
