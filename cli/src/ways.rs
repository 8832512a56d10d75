//! The ways back of several scenarios from one look at the world, each the plan that `recover` makes.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::addr::{Address, Name};
use drctl_core::config::Config;
use drctl_core::diag::Diagnostics;
use drctl_core::plan::{self, Expanded, Instance, LastSeen, Plan, Rehearsed, bound, rehearsed, system};
use drctl_core::recovery::{
    self, Components, Dependents, Homes, Input, Loss, Prefer, RecoveryPlan, Rehearsal, rehearse,
};
use drctl_core::span::SourceMap;
use drctl_core::state::State;
use drctl_core::system::{Backup, Drill, Listed, Scenario, System};
use drctl_engine::connect::Connections;

use crate::case::{Case, refuse_unknown};
use crate::commands::backup::list::{self, Unlisted};
use crate::commands::plan::warn;
use crate::depots::Depots;
use crate::failure::Failure;
use crate::kit::KitArgs;
use crate::last_world;
use crate::planning::{self, Gaps, Loaded, Observation, PlanningArgs, SharedClock, VariableArgs};
use crate::project::Project;
use crate::reading::{self, OfflineArgs, Reading};
use crate::registry::REGISTRY;
use crate::render::text::paragraph;
use crate::session;
use crate::tools::{self, Around};
use crate::ui::Ui;
use crate::variables::Undeclared;

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

/// A configuration, before anything is looked at.
pub(crate) struct Opened {
    /// What is declared.
    pub(crate) system: System,
    loaded: Loaded,
}

/// Reads the configuration.
pub(crate) fn open(args: &WayArgs, project: &Project, ui: &Ui) -> Result<Opened, Failure> {
    opened(planning::load(project, &args.variables, ui)?)
}

/// A configuration as it would be with these texts.
pub(crate) fn open_texts(
    texts: SourceMap,
    args: &WayArgs,
    project: &Project,
    ui: &Ui,
) -> Result<Opened, Failure> {
    let texts = (texts, Diagnostics::default());
    opened(planning::evaluate(texts, project, (&args.variables, Undeclared::Refused), ui)?)
}

fn opened(loaded: Loaded) -> Result<Opened, Failure> {
    let (system, diagnostics) = system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    Ok(Opened { system, loaded })
}

/// Reads the configuration and looks at the world.
pub(crate) fn ground(args: &WayArgs, project: &Project, ui: &Ui) -> Result<Ground, Failure> {
    open(args, project, ui)?.look(args, project, ui)
}

impl Opened {
    /// Looks at the world.
    pub(crate) fn look(self, args: &WayArgs, project: &Project, ui: &Ui) -> Result<Ground, Failure> {
        let Opened { system, loaded } = self;
        let clock = session::clock(ui)?;
        let state = session::load_state(project)?;
        let reading = args.offline.reading(args.parallelism, Gaps::Earlier);
        let seen = reading::read(reading, (&loaded, state.as_ref()), project, &clock, ui)?;
        let ground = settled(system, loaded, seen)?;
        warn(&ground.loaded, ground.observation.diagnostics.clone(), ui);
        Ok(ground)
    }
}

/// What was last seen, without asking anybody. A configuration without resources has nothing to be seen.
pub(crate) fn remembered(loaded: Loaded, project: &Project, ui: &Ui) -> Result<Ground, Failure> {
    let (state, clock) = (session::load_state(project)?, session::clock(ui)?);
    let (observation, _) = match loaded.config.resources.is_empty() {
        true => last_world::recall_if_any(&loaded, state.as_ref(), project, clock.as_ref(), ui)?,
        false => last_world::recall(&loaded, state.as_ref(), project, (None, clock.as_ref()), ui)?,
    };
    let ground = on(loaded, observation, state.as_ref())?;
    warn(&ground.loaded, ground.observation.diagnostics.clone(), ui);
    Ok(ground)
}

/// What a plan was made from, for the ways back from the same look.
pub(crate) fn on(loaded: Loaded, observation: Observation, state: Option<&State>) -> Result<Ground, Failure> {
    let (system, diagnostics) = system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    let world = &observation.world;
    let expanded = plan::expanded(&loaded.config, &loaded.variables, world, &REGISTRY, state);
    settled(system, loaded, (observation, expanded))
}

fn settled(
    system: System,
    loaded: Loaded,
    (observation, expanded): (Observation, Expanded),
) -> Result<Ground, Failure> {
    let Expanded { instances, diagnostics, .. } = expanded;
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    Ok(Ground { system, observation, loaded, instances })
}

impl WayArgs {
    /// The kit that is worked on.
    pub(crate) fn kit(&self) -> &KitArgs {
        self.offline.kit()
    }

    /// The same for a command that has them under other names.
    pub(crate) fn new(variables: VariableArgs, offline: OfflineArgs, parallelism: u16) -> WayArgs {
        WayArgs { variables, offline, parallelism }
    }

    /// Where the values of variables come from.
    pub(crate) fn variables(&self) -> &VariableArgs {
        &self.variables
    }

    /// The plan of a configuration in the world as the providers tell it now.
    pub(crate) fn planned(
        &self,
        loaded: &Loaded,
        state: Option<&State>,
        project: &Project,
        (clock, ui): (&SharedClock, &Ui),
    ) -> Result<Plan, Failure> {
        let gaps = Gaps::Unobserved;
        let reading = Reading { offline: false, from: None, parallelism: self.parallelism, gaps };
        let (observation, expanded) = reading::read(reading, (loaded, state), project, clock, ui)?;
        let all = PlanningArgs::of_all(self.variables.clone(), self.parallelism);
        Ok(planning::make(loaded, (&observation, expanded), state, &all).0)
    }
}

impl Ground {
    /// Looks into the repositories of these backups, so that ways back are from what really is there. What is
    /// remembered has none.
    pub(crate) fn look_into(
        &mut self,
        wanted: impl Fn(&Name, &Backup) -> bool,
        project: &Project,
        ui: &Ui,
    ) -> Result<(), Failure> {
        if self.last_seen().is_some() {
            return Ok(());
        }
        // Beside a simulated cloud nothing real is asked, but for what that cloud keeps.
        let in_bucket = |backup: &Backup| backup.dumped_to().is_some_and(|to| to.bucket.is_some());
        let is_asked = |backup: &Backup| !self.simulated() || in_bucket(backup);
        let backups = self.system.backups.iter().map(|(name, backup)| (name, &backup.is));
        let backups: Vec<_> =
            backups.filter(|(name, backup)| is_asked(backup) && wanted(name, backup)).collect();
        let depots = Depots::through(&self.observation.connections, &self.instances, &backups);
        let found = list::listed(&backups, &Around { host: tools::host(project, ui), depots }, project)?;
        let listed = found.into_iter().filter_map(|one| match one.found {
            Ok(points) => Some((one.name.clone(), Ok(points))),
            Err(Unlisted::Unobserved(why)) => Some((
                one.name.clone(),
                Err(format!("what is in its repository is not known: {}", paragraph(&why))),
            )),
            Err(Unlisted::NotOurs(_)) => None,
        });
        let listed: Listed = listed.collect();
        self.loaded.config.listed = listed.clone();
        self.system.listed = listed;
        Ok(())
    }

    /// The way back from a scenario.
    pub(crate) fn plan(&self, name: &Name, scenario: &Scenario) -> Result<RecoveryPlan, Failure> {
        self.back(&Case::of(name, scenario))
    }

    /// The way back from a scenario or a loss.
    pub(crate) fn back(&self, case: &Case) -> Result<RecoveryPlan, Failure> {
        let world = &self.observation.world;
        let components = recovery::components(&self.instances, world, &case.loss);
        refuse_unknown(&case.loss, &self.system, (world, &self.instances), &components)?;
        let now = self.observation.now;
        let run = recovery::run_id(now);
        let system = bound(&self.loaded.config, &self.loaded.variables, case.name.as_ref(), &run);
        Ok(recovery::recover(&Input {
            components: &components,
            system: &system,
            dependents: &Dependents::of(&system),
            loss: &case.loss,
            hit: None,
            scenario: case.name.as_ref(),
            objective: case.objective,
            at: &case.at,
            prefer: case.prefer,
            home: None,
            now,
        }))
    }

    /// The way home of what came back elsewhere, as a move on a day that somebody chooses. What is written for
    /// a loss is not followed.
    pub(crate) fn home(&self, now_held_by: BTreeSet<Address>, homes: &Homes) -> RecoveryPlan {
        let loss = Loss { resources: now_held_by, ..Loss::default() };
        let now = self.observation.now;
        let components = recovery::components(&self.instances, &self.observation.world, &loss);
        let mut system = bound(&self.loaded.config, &self.loaded.variables, None, &recovery::run_id(now));
        system.services.values_mut().for_each(|service| service.is.recover = None);
        recovery::recover(&Input {
            components: &components,
            system: &system,
            dependents: &Dependents::of(&system),
            loss: &loss,
            hit: None,
            scenario: None,
            objective: recovery::Objective::default(),
            at: &BTreeMap::new(),
            prefer: Prefer::Rpo,
            home: Some(homes),
            now,
        })
    }

    /// All resources, with nothing lost.
    pub(crate) fn components(&self) -> Components {
        recovery::components(&self.instances, &self.observation.world, &Loss::default())
    }

    /// What the configuration says.
    pub(crate) fn config(&self) -> (&SourceMap, &Config) {
        (&self.loaded.sources, &self.loaded.config)
    }

    /// How old what was looked at is, when nobody was asked.
    pub(crate) fn last_seen(&self) -> Option<LastSeen> {
        self.observation.world.last_seen()
    }

    /// What is done in a drill.
    pub(crate) fn rehearsal(&self, name: &Name, drill: &Drill) -> Result<Rehearsal, Failure> {
        let now = self.observation.now;
        let run = recovery::run_id(now);
        let Rehearsed { system, production, scenario } =
            rehearsed(&self.loaded.config, &self.loaded.variables, name, &run)
                .expect("the drill was found in the same configuration");
        let loss = system.scenarios.get(&scenario).map(|s| Loss::of(&s.is)).unwrap_or_default();
        let world = &self.observation.world;
        let components = recovery::components(&self.instances, world, &loss);
        refuse_unknown(&loss, &self.system, (world, &self.instances), &components)?;
        let input = Input {
            components: &components,
            system: &system,
            dependents: &Dependents::of(&system),
            loss: &loss,
            hit: None,
            scenario: Some(&scenario),
            objective: recovery::Objective::default(),
            at: &BTreeMap::new(),
            prefer: Prefer::Rpo,
            home: None,
            now,
        };
        // As the run sees it: with its id.
        let drill = system.drills.get(name).map_or(drill, |bound| &bound.is);
        let mut rehearsal = rehearse(&input, &production, drill);
        if let Some(is) = self.system.scenarios.get(&scenario) {
            // It is measured against what was promised for the real thing.
            let promised = self.plan(&scenario, &is.is)?;
            rehearsal.plan.rto.objective_s = promised.rto.objective_s;
            rehearsal.plan.rpo.objective_s = promised.rpo.objective_s;
        }
        Ok(rehearsal)
    }

    /// These diagnostics with the files they point into.
    pub(crate) fn failure(&self, diagnostics: Diagnostics) -> Failure {
        self.loaded.failure(diagnostics)
    }

    /// The resources that were not observed, by the reason.
    pub(crate) fn unobserved(&self) -> BTreeMap<String, Vec<String>> {
        let components = self.components();
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

    /// The connections that it was looked at through.
    pub(crate) fn connections(&self) -> &Connections {
        &self.observation.connections
    }

    /// Whether the cloud is a simulated one.
    pub(crate) fn simulated(&self) -> bool {
        self.observation.world.places.values().any(|head| head.simulated)
    }
}
