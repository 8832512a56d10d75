//! The last observed world of a project: kept by whoever reads at the providers, and all there is for
//! who asks nobody. Keeping it never fails a command; that it cannot be kept is a warning.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use drctl_aws::provider_config::ProviderConfig;
use drctl_core::addr::ProviderAddress;
use drctl_core::codes::Code;
use drctl_core::config::Config;
use drctl_core::diag::{Diagnostic, Diagnostics};
use drctl_core::last_world::{Expected, LastWorld};
use drctl_core::plan::{self, Instance, ProviderHead, World};
use drctl_core::provider::{ErrorClass, Place, Unobserved};
use drctl_core::schema::Attributes;
use drctl_core::state::State;
use drctl_engine::clock::Clock;
use drctl_engine::connect::Connections;
use drctl_engine::last_world::{LastWorldError, load, save};
use drctl_sim::Sim;
use jiff::Timestamp;

use crate::connect::Configurations;
use crate::failure::Failure;
use crate::planning::{self, Loaded, Observation};
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::text::safe;
use crate::ui::Ui;

/// What was last seen, and the file it is kept in.
#[derive(Default)]
pub(crate) struct Memory {
    /// What was last seen.
    pub(crate) world: LastWorld,
    /// Where it is kept; nowhere when what is there must not be replaced.
    file: Option<PathBuf>,
}

impl Memory {
    /// That of the project, without what was seen elsewhere than its providers are now. What cannot be
    /// used is made anew, unless a newer drctl wrote it.
    pub(crate) fn open(
        project: &Project,
        expected: &BTreeMap<ProviderAddress, Expected>,
        diagnostics: &mut Diagnostics,
    ) -> Memory {
        let path = project.last_world_path();
        let (world, keep) = match load(&path) {
            Ok(world) => (world.unwrap_or_default(), true),
            Err(error) => {
                diagnostics.push(unusable(&error).warning());
                (LastWorld::default(), !error.is_newer())
            }
        };
        let mut memory = Memory { world, file: keep.then_some(path) };
        memory.world.restrict(expected);
        memory
    }

    /// Takes in what was just observed, and writes it down.
    pub(crate) fn keep(
        &mut self,
        seen: (&World, &[Instance]),
        known: (&Config, Option<&State>),
        now: Timestamp,
    ) -> Option<Diagnostic> {
        let changed = self.world.merge(seen, known, now);
        let file = self.file.as_ref().filter(|_| changed)?;
        save(file, &self.world).err().map(|error| {
            let headline = format!("The observed world cannot be kept for later: {error}");
            let help = "While the providers do not answer, less will be known. Nothing else is affected.";
            Diagnostic::error_nowhere(Code::LastWorld, headline).help(help).warning()
        })
    }
}

/// A file that is of no use.
pub(crate) fn unusable(error: &LastWorldError) -> Diagnostic {
    let headline = format!("The last observed world cannot be used: {error}");
    let help = match error.is_newer() {
        true => "Use the drctl that wrote it.",
        false => "It is a cache: any plan that reads the providers makes it anew.",
    };
    Diagnostic::error_nowhere(Code::LastWorld, headline).help(help)
}

/// Where each provider configuration must lead for earlier sightings to be of any use.
pub(crate) fn expected(
    configurations: &Configurations,
    project: &Project,
) -> BTreeMap<ProviderAddress, Expected> {
    let expected = configurations.iter().filter_map(|(provider, values)| {
        let config = ProviderConfig::from_values(values.clone()).ok()?;
        let region = config.region.as_ref().map(|r| r.as_str().to_owned());
        let simulated = project.sim.is_some() || config.is_sim();
        Some((provider.clone(), Expected { account: None, region, simulated }))
    });
    expected.collect()
}

/// Reads a file that has to be there.
fn read(path: &Path) -> Result<LastWorld, Failure> {
    match load(path) {
        Ok(Some(world)) => Ok(world),
        Ok(None) => {
            let headline = format!("Nothing was ever observed: there is no `{}`", path.display());
            let help = "Plan once while the providers answer, or name a snapshot with `--from FILE`.";
            Err(Failure::new(Code::LastWorld, headline, help))
        }
        Err(error) => Err(Failure::from(unusable(&error))),
    }
}

/// The world as it was last seen: no connection is made and nothing is changed. `from` is a file in
/// place of the project's own.
pub(crate) fn recall(
    loaded: &Loaded,
    state: Option<&State>,
    project: &Project,
    (from, clock): (Option<&Path>, &dyn Clock),
    ui: &Ui,
) -> Result<Observation, Failure> {
    let path = from.map_or_else(|| project.last_world_path(), Path::to_path_buf);
    let last = read(&path)?;
    recalled(last, (loaded, state), project, clock, ui)
}

/// The same; where nothing was ever observed, what is declared without what is known of it.
pub(crate) fn recall_if_any(
    loaded: &Loaded,
    state: Option<&State>,
    project: &Project,
    clock: &dyn Clock,
    ui: &Ui,
) -> Result<Observation, Failure> {
    let path = project.last_world_path();
    let last = if path.exists() { read(&path)? } else { LastWorld::default() };
    recalled(last, (loaded, state), project, clock, ui)
}

fn recalled(
    mut last: LastWorld,
    (loaded, state): (&Loaded, Option<&State>),
    project: &Project,
    clock: &dyn Clock,
    ui: &Ui,
) -> Result<Observation, Failure> {
    let configurations = planning::provider_blocks(loaded)?;
    let expected = expected(&configurations, project);
    let mut diagnostics = Diagnostics::default();
    for (provider, place) in last.restrict(&expected) {
        diagnostics.push(elsewhere(&provider, &place));
    }
    let places = expected.into_iter().map(|(provider, expected)| {
        let head = last.providers.get(&provider).map(|last| last.head.clone());
        (provider, head.unwrap_or_else(|| unseen(expected)))
    });
    let places: BTreeMap<ProviderAddress, ProviderHead> = places.collect();
    planning::check_accounts(&configurations, &places)?;
    let simulated = places.values().any(|head| head.simulated) && !ui.env.contains_key("DRCTL_NOW");
    let now = simulated.then(|| simulated_now(project)).flatten().unwrap_or_else(|| clock.now());
    let world = last.recall(places, now, |world| {
        plan::instances(&loaded.config, &loaded.variables, world, &REGISTRY, state).0
    });
    let memory = Memory { world: last, file: None };
    let connections = Connections::default();
    Ok(Observation { connections, world, instances: Vec::new(), memory, now, diagnostics })
}

/// The time of the simulated cloud, where there still is one.
fn simulated_now(project: &Project) -> Option<Timestamp> {
    let dir = project.sim_dir();
    let sim = dir.join("cloud.json").exists().then(|| Sim::dir(&dir).ok()).flatten()?;
    sim.read(|world| world.now).ok()
}

/// What is known of a provider configuration that was never connected.
fn unseen(expected: Expected) -> ProviderHead {
    let message = "it was never asked before, and is not now".to_owned();
    ProviderHead {
        place: Place { region: expected.region, ..Place::default() },
        simulated: expected.simulated,
        unobserved: Some(Unobserved { class: ErrorClass::Unavailable, message }),
    }
}

fn elsewhere(provider: &ProviderAddress, place: &Place) -> Diagnostic {
    let or = |text: &Option<String>| text.as_deref().map_or_else(|| "unknown".to_owned(), safe);
    let (region, account) = (or(&place.region), or(&place.account));
    let headline = format!(
        "Provider `{provider}` led to region {region} of account {account} when it was last seen, and leads elsewhere \
         now"
    );
    let help = "Nothing of what was seen there is used.";
    Diagnostic::error_nowhere(Code::LastWorld, headline).help(help).warning()
}
