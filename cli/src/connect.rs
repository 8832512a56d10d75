//! Connections to providers: the simulated cloud or machine where the configuration or `DRCTL_SIM` says so,
//! AWS and this machine otherwise. The simulation never stands in for a provider that does not answer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use drctl_aws::port::Cloud;
use drctl_aws::provider_config::ProviderConfig;
use drctl_core::addr::ProviderAddress;
use drctl_core::codes::Code;
use drctl_core::provider::{BoxFuture, ErrorClass, Place, ProviderError};
use drctl_core::value::Value;
use drctl_engine::connect::{Connect, Opened};
use drctl_machine::fake::Fake;
use drctl_machine::port::{Cloud as Machine, Settings as MachineSettings};
use drctl_sim::Sim;

use crate::failure::Failure;
use crate::project::{Project, Simulation};
use crate::provider_block::ProviderBlock;
use crate::ui::Ui;

/// Evaluated `provider` blocks.
pub(crate) type Configurations = BTreeMap<ProviderAddress, BTreeMap<String, Value>>;

/// Makes connections.
pub(crate) struct Connector {
    sim: Option<Sim>,
    /// Whether `DRCTL_SIM` puts the simulation in place of every provider.
    all_simulated: bool,
    /// The region of blocks that name none, in the simulation.
    default_region: Option<String>,
    /// Reads in flight.
    parallelism: usize,
    /// Where the simulated machines are.
    machines: PathBuf,
    /// What commands and connections on this machine are given their variables from.
    environment: BTreeMap<String, String>,
}

impl Connector {
    /// For these provider blocks. Opens the simulated cloud when any of them wants it.
    pub(crate) fn new(
        project: &Project,
        configurations: &Configurations,
        parallelism: usize,
        ui: &Ui,
    ) -> Result<Connector, Failure> {
        let all_simulated = project.sim.is_some();
        let mut wanted = all_simulated;
        for (provider, values) in configurations {
            // A block that does not read is told by whoever checks the configuration.
            let Ok(block) = ProviderBlock::read(provider, values) else { continue };
            wanted |= block.aws().is_some_and(ProviderConfig::is_sim);
            if all_simulated && !block.is_sim() {
                refuse_real(provider, &block)?;
            }
        }
        let sim = match wanted {
            false => None,
            true => {
                let Simulation { sim, seeded_from } = project.simulation()?;
                if let Some(seed) = seeded_from {
                    ui.tell(&format!("SIM: a new simulated cloud, filled from {}\n", seed.display()));
                }
                Some(sim)
            }
        };
        let default_region =
            ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|v| ui.env.get(*v).cloned());
        let (machines, environment) = (project.machines_dir(), ui.env.clone());
        Ok(Connector { sim, all_simulated, default_region, parallelism, machines, environment })
    }

    /// The simulated cloud, when one is in use: its clock is the time of such a plan.
    pub(crate) fn sim(&self) -> Option<&Sim> {
        self.sim.as_ref()
    }

    fn machine(
        &self,
        provider: &ProviderAddress,
        simulated: bool,
        settings: MachineSettings,
    ) -> Result<Opened, ProviderError> {
        let simulated = simulated || self.all_simulated;
        let cloud: Machine = match simulated {
            true => Fake::dir(&self.machines.join(provider.to_string()))?.connect(settings),
            false => drctl_machine::real::connect(&self.environment, settings),
        };
        let place = cloud.place();
        Ok(Opened { cloud: std::sync::Arc::new(cloud), place, simulated })
    }

    async fn connect(&self, config: ProviderConfig) -> Result<Opened, ProviderError> {
        let Some(sim) = self.sim.as_ref().filter(|_| self.all_simulated || config.is_sim()) else {
            return open(real(config, self.parallelism).await?, false);
        };
        let region =
            config.region.as_ref().map(|r| r.as_str().to_owned()).or_else(|| self.default_region.clone());
        let region = region.ok_or_else(|| {
            failed(ErrorClass::Rejected, "no region: write `region` in the provider block".to_owned())
        })?;
        let account = sim.default_account().map_err(|e| failed(ErrorClass::Unavailable, e.to_string()))?;
        open(sim.connect(&account, &region), true)
    }
}

fn failed(class: ErrorClass, message: String) -> ProviderError {
    ProviderError { doing: "connecting".to_owned(), class, code: None, message }
}

fn open(cloud: Cloud, simulated: bool) -> Result<Opened, ProviderError> {
    let place = cloud.place();
    Ok(Opened { cloud: std::sync::Arc::new(cloud), place, simulated })
}

/// `DRCTL_SIM` beside a real profile or endpoint: one of them is a mistake, and which one cannot be
/// told from here.
fn refuse_real(provider: &ProviderAddress, block: &ProviderBlock) -> Result<(), Failure> {
    let Some(name) = block.real() else { return Ok(()) };
    Err(Failure::new(
        Code::SimulationConflict,
        format!("DRCTL_SIM is set, and provider `{provider}` has a real `{name}`"),
        "Unset DRCTL_SIM to work with the real cloud, or remove the attribute to work with the simulated one.",
    ))
}

/// A connection to AWS.
#[cfg(feature = "aws")]
async fn real(config: ProviderConfig, parallelism: usize) -> Result<Cloud, ProviderError> {
    use drctl_aws_sdk::{Settings, connect};
    connect(Settings { concurrency: parallelism, ..Settings::from(&config) }).await
}

/// There is no AWS in this build.
#[cfg(not(feature = "aws"))]
async fn real(_config: ProviderConfig, _parallelism: usize) -> Result<Cloud, ProviderError> {
    Err(failed(
        ErrorClass::Unavailable,
        "this drctl was built without AWS; build it with the feature `aws`, or write `endpoint = \"sim\"`"
            .to_owned(),
    ))
}

impl Connect for Connector {
    fn open<'a>(
        &'a self,
        provider: &'a ProviderAddress,
        config: &'a BTreeMap<String, Value>,
    ) -> BoxFuture<'a, Result<Opened, ProviderError>> {
        Box::pin(async move {
            let block = ProviderBlock::read(provider, config);
            match block.map_err(|e| failed(ErrorClass::Rejected, e.to_string()))? {
                ProviderBlock::Aws(block) => self.connect(*block).await,
                ProviderBlock::Postgres(block) => self.machine(provider, block.is_sim(), block.settings()),
                ProviderBlock::Files(block) => self.machine(provider, block.is_sim(), block.settings()),
            }
        })
    }

    fn identify<'a>(&'a self, opened: &'a Opened) -> BoxFuture<'a, Result<Place, ProviderError>> {
        Box::pin(async move {
            if let Some(machine) = opened.cloud.downcast_ref::<Machine>() {
                return machine.identify().await;
            }
            let cloud: &Cloud = opened.cloud.downcast_ref().expect("every other cloud is AWS's port");
            cloud.get_caller_identity().await
        })
    }

    fn presuming(&self, opened: &Opened, account: &str) -> Option<Opened> {
        let cloud = opened.cloud.downcast_ref::<Cloud>()?.presuming(account)?;
        let place = cloud.place();
        Some(Opened { cloud: std::sync::Arc::new(cloud), place, simulated: opened.simulated })
    }
}
