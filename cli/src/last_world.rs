//! The last observed world of a project: kept by whoever reads at the providers, and all there is for
//! who asks nobody. Keeping it never fails a command; that it cannot be kept is a warning.

use std::collections::BTreeMap;
use std::path::PathBuf;

use drctl_core::addr::ProviderAddress;
use drctl_core::codes::Code;
use drctl_core::config::Config;
use drctl_core::diag::{Diagnostic, Diagnostics};
use drctl_core::last_world::{Expected, LastWorld};
use drctl_core::plan::{Instance, World};
use drctl_core::state::State;
use drctl_engine::last_world::{LastWorldError, load, save};
use jiff::Timestamp;

use crate::project::Project;

/// What was last seen, and the file it is kept in.
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
        let before = self.world.clone();
        self.world.merge(seen, known, now);
        let file = self.file.as_ref().filter(|_| self.world != before)?;
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
    configurations: &crate::connect::Configurations,
    project: &Project,
) -> BTreeMap<ProviderAddress, Expected> {
    use drctl_aws::provider_config::ProviderConfig;
    use drctl_core::schema::Attributes;
    let expected = configurations.iter().filter_map(|(provider, values)| {
        let config = ProviderConfig::from_values(values.clone()).ok()?;
        let region = config.region.as_ref().map(|r| r.as_str().to_owned());
        let simulated = project.sim.is_some() || config.is_sim();
        Some((provider.clone(), Expected { account: None, region, simulated }))
    });
    expected.collect()
}
