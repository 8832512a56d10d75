//! The ways back of several scenarios from one look at the world, each the plan that `recover` makes.

use std::collections::BTreeMap;

use drctl_core::addr::Name;
use drctl_core::plan::{Instance, bound, instances, system};
use drctl_core::recovery::{self, Dependents, Input, Loss, Prefer, RecoveryPlan};
use drctl_core::system::{Scenario, System};

use crate::commands::plan::warn;
use crate::commands::recover::{promised, refuse_unknown};
use crate::failure::Failure;
use crate::planning::{self, Gaps, Loaded, Observation, VariableArgs};
use crate::project::Project;
use crate::reading::{self, OfflineArgs};
use crate::registry::REGISTRY;
use crate::session;
use crate::ui::Ui;

/// What is looked at, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct WayArgs {
    #[command(flatten)]
    variables: VariableArgs,
    #[command(flatten)]
    offline: OfflineArgs,
    /// Reads in flight for each provider
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u16).range(1..=256))]
    parallelism: u16,
}

/// What every plan is made from.
pub(crate) struct Ground {
    /// What is declared.
    pub(crate) system: System,
    /// What was seen.
    pub(crate) observation: Observation,
    loaded: Loaded,
    instances: Vec<Instance>,
}

/// Reads the configuration and looks at the world.
pub(crate) fn ground(args: &WayArgs, project: &Project, ui: &Ui) -> Result<Ground, Failure> {
    let loaded = planning::load(project, &args.variables, ui)?;
    let (system, diagnostics) = system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    let clock = session::clock(ui)?;
    let state = session::load_state(project)?;
    let reading = args.offline.reading(args.parallelism, Gaps::Earlier);
    let observation = reading::read(reading, (&loaded, state.as_ref()), project, &clock, ui)?;
    let (instances, diagnostics) =
        instances(&loaded.config, &loaded.variables, &observation.world, &REGISTRY, state.as_ref());
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    warn(&loaded, observation.diagnostics.clone(), ui);
    Ok(Ground { system, observation, loaded, instances })
}

impl Ground {
    /// The way back from a scenario.
    pub(crate) fn plan(&self, name: &Name, scenario: &Scenario) -> Result<RecoveryPlan, Failure> {
        let world = &self.observation.world;
        let loss = Loss::of(scenario);
        let components = recovery::components(&self.instances, world, &loss);
        refuse_unknown(&loss, &self.system, world, &components)?;
        let now = self.observation.now;
        let run = recovery::run_id(now);
        let system = bound(&self.loaded.config, &self.loaded.variables, Some(name), &run);
        Ok(recovery::recover(&Input {
            components: &components,
            system: &system,
            dependents: &Dependents::of(&system),
            loss: &loss,
            scenario: Some(name),
            objective: promised(scenario),
            at: &BTreeMap::new(),
            prefer: Prefer::Rpo,
            now,
        }))
    }

    /// The resources that were not observed, by the reason.
    pub(crate) fn unobserved(&self) -> BTreeMap<String, Vec<String>> {
        let components = recovery::components(&self.instances, &self.observation.world, &Loss::default());
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for component in components.iter() {
            match &component.seen {
                recovery::Seen::Unobserved(why) => {
                    found.entry(why.clone()).or_default().push(component.address.to_string());
                }
                recovery::Seen::Present | recovery::Seen::Absent => {}
            }
        }
        found
    }

    /// Whether the cloud is a simulated one.
    pub(crate) fn simulated(&self) -> bool {
        self.observation.world.places.values().any(|head| head.simulated)
    }
}
