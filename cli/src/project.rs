//! Where things are: the configuration, drctl's own folder beside it, and the simulated cloud.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use drctl_core::codes::Code;
use drctl_sim::{Sim, SimError, SimWorld};

use crate::failure::Failure;
use crate::load;

/// Largest seed that is read, in bytes.
const MAX_SEED_BYTES: u64 = 64 << 20;
/// What seeds the simulated cloud on its first use, beside the configuration.
const SEED_FILE: &str = "sim.json";
/// drctl's own folder, beside the configuration.
pub(crate) const OWN: &str = ".drctl";
/// What marks the project of a kit, in drctl's own folder.
pub(crate) const KIT_VALUES: &str = "kit-values.hcl";

/// The folders of one configuration.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    /// Where the configuration is; empty for the current directory.
    pub(crate) dir: PathBuf,
    /// What paths on the command line are relative to.
    pub(crate) here: PathBuf,
    /// drctl's own folder: state, journals, the simulated cloud.
    pub(crate) data: PathBuf,
    /// The folder that `DRCTL_SIM` names: then everything is simulated.
    pub(crate) sim: Option<PathBuf>,
}

/// The simulated cloud, and whether this use has filled it from a seed.
pub(crate) struct Simulation {
    /// The cloud.
    pub(crate) sim: Sim,
    /// The seed that filled it just now.
    pub(crate) seeded_from: Option<PathBuf>,
}

impl Project {
    /// The folders for `-C DIR` and the environment.
    pub(crate) fn new(chdir: Option<&Path>, env: &BTreeMap<String, String>) -> Project {
        let dir = chdir.map_or_else(PathBuf::new, Path::to_path_buf);
        let data = named(env, "DRCTL_DATA_DIR").unwrap_or_else(|| dir.join(OWN));
        Project { here: dir.clone(), dir, data, sim: named(env, "DRCTL_SIM") }
    }

    /// The folders of a kit that was opened there: what it knows is in it, whatever the environment says.
    pub(crate) fn of_kit(dir: PathBuf, env: &BTreeMap<String, String>) -> Project {
        Project { here: PathBuf::new(), data: dir.join(OWN), dir, sim: named(env, "DRCTL_SIM") }
    }

    /// The folder of the simulated cloud.
    pub(crate) fn sim_dir(&self) -> PathBuf {
        self.sim.clone().unwrap_or_else(|| self.data.join("sim"))
    }

    /// The folder of the simulated machines.
    pub(crate) fn machines_dir(&self) -> PathBuf {
        self.sim_dir().join("machines")
    }

    /// The state file.
    pub(crate) fn state_path(&self) -> PathBuf {
        self.data.join("state.json")
    }

    /// The lock of who commands recoveries and drills.
    pub(crate) fn recovery_lock(&self) -> PathBuf {
        self.data.join("recovery.lock")
    }

    /// The file of the last observed world.
    pub(crate) fn last_world_path(&self) -> PathBuf {
        self.data.join("last-world.json")
    }

    /// The values of variables that were known where the kit was made that this project is of; none when it is
    /// of none.
    pub(crate) fn kit_values(&self) -> Option<PathBuf> {
        Some(self.data.join(KIT_VALUES)).filter(|path| path.exists())
    }

    /// Makes drctl's own folder.
    pub(crate) fn make_data(&self) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.data).map_err(|error| {
            let headline = format!("`{}` cannot be made: {error}", self.data.display());
            Failure::new(Code::Unwritable, headline, "Work where you may write, or set DRCTL_DATA_DIR.")
        })
    }

    /// Opens the simulated cloud. An empty one is filled from `sim.json` beside the configuration.
    pub(crate) fn simulation(&self) -> Result<Simulation, Failure> {
        let dir = self.sim_dir();
        let seed_path = self.dir.join(SEED_FILE);
        if dir.join("cloud.json").exists() || !seed_path.exists() {
            return Ok(Simulation { sim: Sim::dir(&dir).map_err(failed)?, seeded_from: None });
        }
        let world = SimWorld::seed(&seed(&seed_path)?).map_err(|error| {
            let headline = format!("`{}` cannot be used: {error}", seed_path.display());
            Failure::new(Code::Simulation, headline, "Correct it; see `drctl sim --help`.")
        })?;
        let sim = Sim::dir_or(&dir, || world).map_err(failed)?;
        Ok(Simulation { sim, seeded_from: Some(seed_path) })
    }
}

fn named(env: &BTreeMap<String, String>, variable: &str) -> Option<PathBuf> {
    env.get(variable).filter(|v| !v.is_empty()).map(PathBuf::from)
}

/// Reads a seed file.
pub(crate) fn seed(path: &Path) -> Result<serde_json::Value, Failure> {
    let name = path.display().to_string();
    let text = load::text(path, &name, MAX_SEED_BYTES).map_err(|d| Failure::from(*d))?;
    serde_json::from_str(&text).map_err(|error| {
        let headline = format!("`{name}` is no seed: {error}");
        Failure::new(
            Code::Simulation,
            headline,
            "A seed is a JSON object; see `examples/quickstart/sim.json`.",
        )
    })
}

/// Something is wrong with the simulation itself.
pub(crate) fn failed(error: SimError) -> Failure {
    Failure::new(
        Code::Simulation,
        format!("The simulated cloud cannot be used: {error}"),
        "Correct the seed or the file named, or start over with `drctl sim reset`.",
    )
}
