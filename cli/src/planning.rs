//! From a directory to a plan: read, check, connect, observe, plan. The steps that `plan`, `apply`
//! and whoever else needs the observed world have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use drctl_core::addr::{Name, ProviderAddress};
use drctl_core::codes::Code;
use drctl_core::config::variables::Values;
use drctl_core::config::{self, Config};
use drctl_core::diag::{Diagnostic, Diagnostics};
use drctl_core::last_world::LastWorld;
use drctl_core::plan::{
    self, AcceptKind, Acceptance, Expanded, Input, Plan, ProviderHead, Selection, World, sha256_hex,
};
use drctl_core::span::{FileId, SourceFile, SourceMap, Span};
use drctl_core::state::State;
use drctl_core::system::Measured;
use drctl_core::value::Value;
use drctl_engine::backups::Book;
use drctl_engine::clock::Clock;
use drctl_engine::connect::{Connections, connect_ahead};
use drctl_engine::observe::{Limits, Observer, observe};
use drctl_engine::reporter::Reporter;
use drctl_engine::runs;
use jiff::Timestamp;

use crate::commands::recover;
use crate::connect::{Configurations, Connector};
use crate::exit::Exit;
use crate::failure::{Failure, Reported};
use crate::last_world::{self, Memory, OnDisk};
use crate::load;
use crate::project::Project;
use crate::provider_block::ProviderBlock;
use crate::registry::REGISTRY;
use crate::ui::Ui;
use crate::variables::Undeclared;

/// Where the values of variables come from, beside `DRCTL_VAR_x`.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct VariableArgs {
    /// Sets a variable: `name=value`
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub(crate) var: Vec<String>,
    /// Sets the variables that this file assigns
    #[arg(long = "var-file", value_name = "FILE")]
    pub(crate) var_file: Vec<PathBuf>,
}

/// What a plan is made of and for.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PlanningArgs {
    #[command(flatten)]
    pub(crate) variables: VariableArgs,
    /// Accepts a change that must not happen unasked: `irreversible:ADDRESS`, `weakens:ADDRESS`,
    /// `outage:ADDRESS`, `delete:ADDRESS`
    #[arg(long, value_name = "KIND:ADDRESS", value_parser = acceptance)]
    pub(crate) accept: Vec<Acceptance>,
    /// Plans only this resource and what it needs; the plan is incomplete then
    #[arg(long, value_name = "ADDRESS", conflicts_with = "exclude")]
    pub(crate) target: Vec<String>,
    /// Leaves out this resource and what needs it; the plan is incomplete then
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) exclude: Vec<String>,
    /// Shows only what has changed at the provider
    #[arg(long)]
    pub(crate) refresh_only: bool,
    /// Reads in flight for each provider; writes of an apply: a third of it
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallelism: u16,
}

impl PlanningArgs {
    /// A plan of all that there is, with nobody's acceptance.
    pub(crate) fn of_all(variables: VariableArgs, parallelism: u16) -> PlanningArgs {
        PlanningArgs {
            variables,
            accept: Vec::new(),
            target: Vec::new(),
            exclude: Vec::new(),
            refresh_only: false,
            parallelism,
        }
    }
}

/// Reads `irreversible:aws_s3_bucket.invoices`.
pub(crate) fn acceptance(text: &str) -> Result<Acceptance, String> {
    let (kind, address) = text.split_once(':').ok_or("write it as `KIND:ADDRESS`")?;
    let kind = match kind {
        "weakens" => AcceptKind::Weakens,
        "irreversible" => AcceptKind::Irreversible,
        "outage" => AcceptKind::Outage,
        "delete" => AcceptKind::Delete,
        other => return Err(format!("`{other}` is none of weakens, irreversible, outage, delete")),
    };
    let address = address.parse().map_err(|e: drctl_core::addr::InvalidName| e.to_string())?;
    Ok(Acceptance { kind, address, until: None })
}

/// A configuration with the values of its variables.
pub(crate) struct Loaded {
    /// The files.
    pub(crate) sources: SourceMap,
    /// What they say.
    pub(crate) config: Config,
    /// The values of the variables, defaults included, and whether each is sensitive.
    pub(crate) values: Values,
    /// The values alone.
    pub(crate) variables: BTreeMap<Name, Value>,
    /// Ranges of the files that must not be shown.
    pub(crate) hidden: Vec<Span>,
    /// How many of the files are the configuration; the others assign variables.
    pub(crate) config_files: usize,
    /// Digest of files and of variables that are not sensitive.
    pub(crate) config_sha256: String,
    /// What is worth a warning.
    pub(crate) diagnostics: Diagnostics,
}

impl Loaded {
    /// These diagnostics with the files they point into.
    pub(crate) fn failure(&self, diagnostics: Diagnostics) -> Failure {
        Failure::Diagnostics(Box::new(Reported {
            diagnostics,
            sources: self.sources.clone(),
            hidden: self.hidden.clone(),
            exit: Exit::Error,
        }))
    }
}

/// The spans of the defaults of sensitive variables.
pub(crate) fn hidden(config: &Config) -> Vec<Span> {
    let secret = config.variables.values().filter(|v| v.sensitive);
    secret.filter_map(|v| v.default.as_ref().map(|d| d.span)).collect()
}

/// Digest of files and of variables that are not sensitive.
fn config_sha256<'f>(files: impl Iterator<Item = (FileId, &'f SourceFile)>, values: &Values) -> String {
    let files: Vec<(&str, &str)> = files.map(|(_, f)| (f.name.as_str(), f.text.as_str())).collect();
    let open: BTreeMap<&str, &Value> = values
        .iter()
        .filter(|(_, (_, sensitive))| !sensitive)
        .map(|(name, (value, _))| (name.as_str(), value))
        .collect();
    let text = serde_json::to_string(&(files, open)).expect("texts and values serialise to JSON");
    sha256_hex(text.as_bytes())
}

/// What was observed, and what it was observed through.
pub(crate) struct Observation {
    /// The connections.
    pub(crate) connections: Connections,
    /// The world.
    pub(crate) world: World,
    /// What was last seen, this included.
    pub(crate) memory: Memory,
    /// The time of the plan.
    pub(crate) now: Timestamp,
    /// What is worth a warning.
    pub(crate) diagnostics: Diagnostics,
}

/// How the world is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Look<'l> {
    /// Reads in flight for each provider.
    pub(crate) parallelism: u16,
    /// Is told what is read.
    pub(crate) reporter: &'l dyn Reporter,
    /// The time.
    pub(crate) clock: &'l dyn Clock,
    /// What becomes of what does not answer.
    pub(crate) gaps: Gaps,
}

/// What becomes of what does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gaps {
    /// It is unobserved.
    Unobserved,
    /// An earlier sighting stands in for it, and says so.
    Earlier,
}

/// Connects and reads everything that the configuration and the state name; the configuration comes as
/// it is expanded then. Keeps what was read as what was last seen.
pub(crate) async fn look(
    loaded: &Loaded,
    state: Option<&State>,
    project: &Project,
    Look { parallelism, reporter, clock, gaps }: Look<'_>,
    ui: &Ui,
) -> Result<(Observation, Expanded), Failure> {
    let limits = Limits { parallelism: usize::from(parallelism), ..Limits::default() };
    let configurations = provider_blocks(loaded)?;
    let connector = Connector::new(project, &configurations, limits.parallelism, ui)?;
    let mut on_disk = OnceLock::new();
    let presume = || match gaps {
        Gaps::Unobserved => {
            last_world::presumed(&configurations, project, || on_disk.get_or_init(|| OnDisk::read(project)))
        }
        Gaps::Earlier => BTreeMap::new(),
    };
    let ahead = async |connections: Connections| {
        let observer = Observer { registry: REGISTRY, connections: &connections, limits, reporter };
        waves(&observer, |world| plan::expanded(&loaded.config, &loaded.variables, world, &REGISTRY, state))
            .await
    };
    let (mut connections, ahead) =
        connect_ahead(&connector, &configurations, limits.silence, (presume, ahead)).await;
    lend_accounts(&configurations, &mut connections);
    check_accounts(&configurations, &connections.places())?;
    let mut diagnostics = Diagnostics::default();
    let mut expected = last_world::expected(&configurations, project);
    for (provider, expected) in &mut expected {
        expected.account = connections.clouds.get(provider).and_then(|c| c.head.place.account.clone());
    }
    let copies = last_world::copies(&loaded.config, project);
    let on_disk = on_disk.take();
    let open = || {
        let on_disk = on_disk.unwrap_or_else(|| OnDisk::read(project));
        Memory::open(on_disk, copies, expected, &mut diagnostics)
    };
    let observer = Observer { registry: REGISTRY, connections: &connections, limits, reporter };
    let (earlier, open) = match gaps {
        Gaps::Unobserved => (None, Some(open)),
        Gaps::Earlier => (Some((open(), time(&connector, clock, ui)?)), None),
    };
    let stand_in = earlier.as_ref().map(|(memory, now)| (&memory.world, *now));
    let (seen, filled, expanded) = read(&observer, (loaded, state), stand_in, ahead).await;
    let now = time(&connector, clock, ui)?;
    let opened = earlier.map(|(memory, _)| memory).or_else(|| open.map(|open| open()));
    let mut memory = opened.unwrap_or_default();
    let known = (&loaded.config, state);
    diagnostics.extend(memory.keep((&seen, &expanded.instances), known, now));
    let world = filled.unwrap_or(seen);
    Ok((Observation { connections, world, memory, now, diagnostics }, expanded))
}

/// The time of a plan: the simulated cloud has one of its own, unless somebody sets one.
fn time(connector: &Connector, clock: &dyn Clock, ui: &Ui) -> Result<Timestamp, Failure> {
    match connector.sim() {
        Some(sim) if !ui.env.contains_key("DRCTL_NOW") => {
            sim.read(|world| world.now).map_err(crate::project::failed)
        }
        // Whole seconds: what is planned is told to people, and nothing here is finer.
        Some(_) | None => {
            Ok(Timestamp::from_second(clock.now().as_second())
                .expect("the second of an instant is an instant"))
        }
    }
}

/// Reads what was not read ahead: the world, the same with earlier sightings in its gaps where they are
/// wanted, and what the configuration is then.
async fn read(
    observer: &Observer<'_>,
    (loaded, state): (&Loaded, Option<&State>),
    stand_in: Option<(&LastWorld, Timestamp)>,
    ahead: Option<World>,
) -> (World, Option<World>, Expanded) {
    let expanded = |world: &World| plan::expanded(&loaded.config, &loaded.variables, world, &REGISTRY, state);
    let known = |world: &World| match stand_in {
        None => (None, expanded(world)),
        Some((last, now)) => {
            let (filled, found) = last.filled(world, now, expanded);
            (Some(filled), found)
        }
    };
    let seen = match ahead {
        // It was read by a presumed account, and who is calling was told since.
        Some(world) => World { places: observer.connections.places(), ..world },
        None => waves(observer, |world| known(world).1).await,
    };
    let (filled, found) = known(&seen);
    (seen, filled, found)
}

/// Reads in waves until nothing more can be asked for.
async fn waves(observer: &Observer<'_>, known: impl Fn(&World) -> Expanded) -> World {
    let mut settled = false;
    observe(observer, |world| {
        if settled {
            return Vec::new();
        }
        let found = known(world);
        // When every name is known, no answer can make another one known.
        settled = !found.diagnostics.has_errors() && found.instances.iter().all(|i| i.id.is_some());
        plan::requests(&found.instances, world)
    })
    .await
}

/// The `provider` blocks, evaluated; the default one of each provider is there even when it is not
/// written.
pub(crate) fn provider_blocks(loaded: &Loaded) -> Result<Configurations, Failure> {
    let (mut blocks, mut diagnostics) = plan::providers(&loaded.config, &loaded.variables, &REGISTRY);
    for (provider, values) in &blocks {
        let Some(block) = loaded.config.providers.get(provider) else { continue };
        if let Err(error) = ProviderBlock::read(provider, values) {
            let at = error.path.first().and_then(|name| block.attributes.get(name));
            let span = at.map_or(block.span, |expr| expr.span);
            let headline = format!("Provider `{provider}` cannot be used as it is written");
            diagnostics.push(Diagnostic::error(Code::InvalidValue, headline, span, error.message));
        }
    }
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    for resource in &loaded.config.resources {
        blocks.entry(resource.provider.clone()).or_default();
    }
    Ok(blocks)
}

/// A region that does not answer cannot say which account it is in. Another provider block with the
/// same credentials can: the account belongs to them, not to the region. Without it, names that
/// carry the account would be unknown just when they are needed.
fn lend_accounts(configurations: &Configurations, connections: &mut Connections) {
    let credentials = |provider: &ProviderAddress| {
        let mut values: BTreeMap<String, Value> = configurations.get(provider).cloned().unwrap_or_default();
        values.remove("region");
        (provider.name.clone(), values)
    };
    let known: Vec<_> = connections
        .clouds
        .iter()
        .filter_map(|(provider, c)| Some((credentials(provider), c.head.place.account.clone()?)))
        .collect();
    for (provider, connection) in &mut connections.clouds {
        let place = &mut connection.head.place;
        if connection.cloud.is_ok() && place.account.is_none() {
            let own = credentials(provider);
            place.account = known.iter().find(|(same, _)| *same == own).map(|(_, account)| account.clone());
        }
    }
}

/// Refuses to go on in an account that the configuration does not allow.
pub(crate) fn check_accounts(
    configurations: &Configurations,
    places: &BTreeMap<ProviderAddress, ProviderHead>,
) -> Result<(), Failure> {
    for (provider, values) in configurations {
        let Ok(block) = ProviderBlock::read(provider, values) else { continue };
        let account = places.get(provider).and_then(|head| head.place.account.as_deref());
        let allowed = block.aws().and_then(|config| config.allowed_account_ids.as_ref());
        let (Some(allowed), Some(account)) = (allowed, account) else { continue };
        if !allowed.iter().any(|a| a.as_str() == account) {
            let allowed: Vec<&str> = allowed.iter().map(|a| a.as_str()).collect();
            return Err(Failure::new(
                Code::WrongAccount,
                format!(
                    "Provider `{provider}` is in account {account}, which `allowed_account_ids` does not name"
                ),
                format!("Use credentials of {}.", allowed.join(" or ")),
            ));
        }
    }
    Ok(())
}

/// Makes the plan of the configuration as it is expanded in the observed world.
pub(crate) fn make(
    loaded: &Loaded,
    (observation, expanded): (&Observation, Expanded),
    state: Option<&State>,
    args: &PlanningArgs,
) -> (Plan, Diagnostics) {
    let (plan, mut diagnostics) =
        with_input(loaded, observation, state, args, |input| plan::plan_expanded(input, expanded));
    diagnostics.extend(observation.diagnostics.clone());
    // What cannot be reached explains much of what else is wrong.
    for (provider, connection) in &observation.connections.clouds {
        let Some(why) = &connection.head.unobserved else { continue };
        let headline = format!("Provider `{provider}` does not answer: {}", why.message);
        diagnostics.push(Diagnostic::error_nowhere(Code::CannotConnect, headline).warning());
    }
    (plan, diagnostics)
}

/// Hands over everything that a plan is made from.
pub(crate) fn with_input<T>(
    loaded: &Loaded,
    observation: &Observation,
    state: Option<&State>,
    args: &PlanningArgs,
    make: impl FnOnce(&Input<'_>) -> T,
) -> T {
    let selection = Selection {
        target: args.target.iter().cloned().collect(),
        exclude: args.exclude.iter().cloned().collect(),
        refresh_only: args.refresh_only,
    };
    make(&Input {
        config: &loaded.config,
        sources: &loaded.sources,
        registry: &REGISTRY,
        variables: &loaded.variables,
        world: &observation.world,
        state,
        now: observation.now,
        spread: crate::threads::spread,
        selection: &selection,
        accepted: &args.accept,
        rules_off: &BTreeSet::new(),
        drctl_version: crate::commands::version::VERSION,
        config_sha256: &loaded.config_sha256,
    })
}

/// Reads the configuration and the values of its variables.
pub(crate) fn load(project: &Project, args: &VariableArgs, ui: &Ui) -> Result<Loaded, Failure> {
    evaluate(load::directory(&project.dir), project, (args, Undeclared::Refused), ui)
}

/// How long the steps of procedures took when they were carried out from here, and which drills were.
fn measured(project: &Project) -> Result<Measured, Failure> {
    let found = runs::experience(&project.data).map_err(|error| recover::open::unusable(&error))?;
    let named = found.samples.into_iter().filter_map(|((procedure, step), seconds)| {
        // A name that is none any more means no procedure of this configuration.
        Some(((procedure.parse().ok()?, step), seconds))
    });
    let drilled = found.drilled.into_iter().filter_map(|(name, at)| Some((name.parse().ok()?, at)));
    Ok(Measured::of(named.collect()).with_drills(drilled.collect()))
}

/// How long the backups took that were made from here, and how far they were verified. Of one whose record cannot be
/// read nothing is known.
fn with_backups(config: &Config, variables: &BTreeMap<Name, Value>, project: &Project) -> Measured {
    let entries = backups(config, variables).into_iter().filter_map(|name| {
        let entries = Book::new(&project.data, name.as_str()).read().ok()?;
        Some((name, (entries.seconds(), entries.record().verified)))
    });
    let (samples, verified) = entries.map(|(name, (s, v))| ((name.clone(), s), (name, v))).unzip();
    config.measured.clone().with_backups(samples).with_verified(verified)
}

/// The names of all backups, of each instance its own: what records are kept under.
pub(crate) fn backups(config: &Config, variables: &BTreeMap<Name, Value>) -> Vec<Name> {
    if !config.declared.contains_key("backup") {
        return Vec::new();
    }
    // What is wrong with them is told by whoever looks at them.
    let (system, _) = plan::system(config, variables);
    system.backups.into_keys().collect()
}

/// Reads the texts of a configuration with the values of its variables.
pub(crate) fn evaluate(
    (files, mut diagnostics): (SourceMap, Diagnostics),
    project: &Project,
    given: (&VariableArgs, Undeclared),
    ui: &Ui,
) -> Result<Loaded, Failure> {
    let (mut config, found) = config::load(&files, &REGISTRY);
    config.measured = measured(project)?;
    diagnostics.extend(found);
    let mut hidden = hidden(&config);
    // Files that set variables are shown from, and are no part of the configuration.
    let (written, mut sources) = (files.iter().count(), files);
    let mut values = Values::new();
    if !diagnostics.has_errors() {
        let texts = (&mut sources, &mut hidden);
        let (resolved, found) = crate::variables::resolve(&config, texts, given, project, ui)?;
        diagnostics.extend(found);
        values = resolved;
        let known = values.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect();
        config.measured = with_backups(&config, &known, project);
        diagnostics.extend(plan::managed(&mut config, &known, &REGISTRY));
    }
    let config_sha256 = config_sha256(sources.iter().take(written), &values);
    let variables = values.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect();
    let loaded = Loaded {
        config_files: written,
        sources,
        config,
        values,
        variables,
        hidden,
        config_sha256,
        diagnostics,
    };
    if loaded.diagnostics.has_errors() {
        return Err(loaded.failure(loaded.diagnostics.clone()));
    }
    Ok(loaded)
}

/// A clock that several can hold.
pub(crate) type SharedClock = Arc<dyn Clock>;
