//! What is to be recovered from, as the command line says it: a scenario or a loss, with the instants to
//! go back to; refused where nothing of the configuration bears the name.

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use drctl_core::addr::{Address, Name};
use drctl_core::codes::Code;
use drctl_core::lang::near;
use drctl_core::plan::{Instance, World};
use drctl_core::recovery::{self, Components, Loss, Objective, Places, Prefer, Seen};
use drctl_core::schema::AttributeType;
use drctl_core::system::{Declared, LossKind, Scenario, System};
use jiff::Timestamp;

use crate::failure::Failure;
use crate::render::text::safe;

/// What is lost, and which points will do.
#[derive(Debug, clap::Args)]
pub(crate) struct LossArgs {
    /// For this scenario of the configuration
    #[arg(long, value_name = "NAME", conflicts_with = "lose")]
    pub(crate) scenario: Option<String>,
    /// For this loss, without a scenario: `region=eu-west-1`, `site=fly`, `resource=KIND.NAME`,
    /// `datastore=orders` (all of it is gone), `data=orders` (it is wrong), `service=shop`,
    /// `account=123456789012`, `key=ARN` (what is encrypted with it cannot be read) or `credential=ci`
    /// (what it may delete counts as destroyed)
    #[arg(long, value_name = "KIND=NAME", value_parser = loss)]
    pub(crate) lose: Vec<(LossKind, String)>,
    /// Restores to this instant instead of the newest, where there is a choice; with a name only this
    /// datastore
    #[arg(long, value_name = "[DATASTORE=]TIME", value_parser = instant)]
    pub(crate) at: Vec<(Option<String>, Timestamp)>,
    /// Since this instant data is wrong: no point of that time or later is used. With a name in this
    /// datastore, without one in those of which `--scenario` or `--lose` says that their data is wrong
    #[arg(long, value_name = "[DATASTORE=]TIME", value_parser = instant, conflicts_with = "at")]
    pub(crate) corrupt_since: Vec<(Option<String>, Timestamp)>,
    /// Which of several ways back is the best: `rpo` the one with the newest data, `rto` the fastest
    #[arg(long, value_enum, default_value = "rpo")]
    prefer: Preferred,
}

/// Which of several ways back is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Preferred {
    /// The newest data, then the fastest.
    Rpo,
    /// The fastest, then the newest data.
    Rto,
}

impl LossArgs {
    /// Which of several ways back is the best.
    pub(crate) fn prefer(&self) -> Prefer {
        match self.prefer {
            Preferred::Rpo => Prefer::Rpo,
            Preferred::Rto => Prefer::Rto,
        }
    }
}

/// What is to be recovered from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Case {
    /// The scenario, when there is one.
    pub(crate) name: Option<Name>,
    /// What is lost.
    pub(crate) loss: Loss,
    /// The instants to which datastores are restored.
    pub(crate) at: BTreeMap<Name, Timestamp>,
    /// What was promised.
    pub(crate) objective: Objective,
    /// Which of several ways back is the best.
    pub(crate) prefer: Prefer,
}

impl Case {
    /// A scenario.
    pub(crate) fn of(name: &Name, scenario: &Scenario) -> Case {
        Case {
            name: Some(name.clone()),
            loss: Loss::of(scenario),
            objective: promised(scenario),
            ..Case::default()
        }
    }

    /// What a person types who means it: the name of the scenario, or the losses.
    pub(crate) fn typed(&self, args: &LossArgs) -> String {
        match &self.name {
            Some(name) => name.to_string(),
            None => {
                let losses = args.lose.iter().map(|(kind, name)| format!("{}={name}", kind.as_str()));
                losses.collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// In words.
    pub(crate) fn heading(&self) -> String {
        match &self.name {
            Some(name) => format!("scenario {name}"),
            None => "as asked on the command line".to_owned(),
        }
    }
}

/// Reads `orders=2026-03-01T12:00:00Z`, or the time alone.
fn instant(text: &str) -> Result<(Option<String>, Timestamp), String> {
    let (name, time) = match text.split_once('=') {
        Some((name, time)) => (Some(name.to_owned()), time),
        None => (None, text),
    };
    let read = time.parse().map_err(|_| "write a time such as `2026-03-01T12:00:00Z`".to_owned());
    read.map(|time| (name, time))
}

/// Reads `region=eu-west-1`.
fn loss(text: &str) -> Result<(LossKind, String), String> {
    const KINDS: &str = "region, site, resource, datastore, data, service, account, key or credential";
    let (kind, name) = text.split_once('=').ok_or(format!("write it as `KIND=NAME`, KIND one of {KINDS}"))?;
    let known = LossKind::from_value(kind.into());
    let known = known.map_err(|_| format!("`{kind}` cannot be lost here; KIND is one of {KINDS}"))?;
    if name.is_empty() { Err(format!("which {kind} is lost?")) } else { Ok((known, name.to_owned())) }
}

/// The scenario or the loss that was asked for, with the instants; none to list the scenarios.
pub(crate) fn asked(args: &LossArgs, system: &System, now: Timestamp) -> Result<Option<Case>, Failure> {
    lost(args, system)?.map(|case| instants(args, system, now, case)).transpose()
}

/// Adds the instants that were asked for, and which way back is the better one.
pub(crate) fn instants(
    args: &LossArgs,
    system: &System,
    now: Timestamp,
    mut case: Case,
) -> Result<Case, Failure> {
    case.prefer = args.prefer();
    for (name, since) in &args.corrupt_since {
        past(*since, now)?;
        let named = match name {
            Some(name) => vec![declared(LossKind::Datastore, name, system.datastores.keys())?],
            None => case.loss.data.keys().cloned().collect(),
        };
        if named.is_empty() {
            let headline = "Nothing says which datastore holds wrong data".to_owned();
            let help = "Name it: `--corrupt-since DATASTORE=TIME`, or `--lose data=DATASTORE`.".to_owned();
            return Err(Failure::new(Code::UnknownRegion, headline, help));
        }
        for name in named {
            case.loss.data.entry(name.clone()).or_insert(None);
            case.loss.since.insert(name, *since);
        }
    }
    for (name, at) in &args.at {
        past(*at, now)?;
        match name {
            Some(name) => {
                case.at.insert(declared(LossKind::Datastore, name, system.datastores.keys())?, *at);
            }
            None => {
                for name in system.datastores.keys() {
                    case.at.entry(name.clone()).or_insert(*at);
                }
            }
        }
    }
    Ok(case)
}

/// Nothing of the future can be gone back to.
fn past(instant: Timestamp, now: Timestamp) -> Result<(), Failure> {
    if instant <= now {
        return Ok(());
    }
    let help = format!("It is {now}. Times end in `Z` for UTC, or in an offset such as `+02:00`.");
    Err(Failure::new(Code::UnknownRegion, format!("{instant} is in the future"), help))
}

/// The scenario or the loss that was asked for.
fn lost(args: &LossArgs, system: &System) -> Result<Option<Case>, Failure> {
    let by_hand = !args.lose.is_empty() || (args.scenario.is_none() && !args.corrupt_since.is_empty());
    if by_hand {
        let mut loss = Loss::default();
        for (kind, name) in &args.lose {
            add(&mut loss, *kind, name, system)?;
        }
        return Ok(Some(Case { loss, ..Case::default() }));
    }
    let Some(wanted) = &args.scenario else { return Ok(None) };
    let (name, scenario) = scenario(wanted, system)?;
    Ok(Some(Case::of(name, &scenario.is)))
}

/// The scenario of that name.
pub(crate) fn scenario<'s>(
    wanted: &str,
    system: &'s System,
) -> Result<(&'s Name, &'s Declared<Scenario>), Failure> {
    let found = system.scenarios.iter().find(|(name, _)| name.as_str() == wanted);
    found.ok_or_else(|| {
        let known: Vec<&str> = system.scenarios.keys().map(Name::as_str).collect();
        let help = match (near(wanted, known.iter().copied()), known.as_slice()) {
            (Some(near), _) => format!("Did you mean `{near}`?"),
            (None, []) => "The configuration declares no scenario; use `--lose KIND=NAME`.".to_owned(),
            (None, known) => format!("There is {}.", known.join(", ")),
        };
        Failure::new(Code::UnknownScenario, format!("There is no scenario `{}`", safe(wanted)), help)
    })
}

/// What was promised for a scenario.
pub(crate) fn promised(scenario: &Scenario) -> Objective {
    let promised = scenario.objective.clone().unwrap_or_default();
    Objective { rto: promised.rto, rpo: promised.rpo }
}

/// Adds a loss of the command line. Regions and resources are looked for when they are known.
fn add(loss: &mut Loss, kind: LossKind, name: &str, system: &System) -> Result<(), Failure> {
    match kind {
        LossKind::Region => drop(loss.regions.insert(name.to_owned())),
        LossKind::Account => drop(loss.accounts.insert(name.to_owned())),
        LossKind::Key => drop(loss.keys.insert(name.to_owned())),
        LossKind::Credential => {
            loss.credentials.insert(declared(kind, name, system.credentials.keys())?);
        }
        LossKind::Site => drop(loss.sites.insert(declared(kind, name, system.sites.keys())?)),
        LossKind::Service => drop(loss.services.insert(declared(kind, name, system.services.keys())?)),
        LossKind::Datastore => {
            loss.datastores.insert(declared(kind, name, system.datastores.keys())?);
        }
        LossKind::Data => drop(loss.data.insert(declared(kind, name, system.datastores.keys())?, None)),
        LossKind::Resource => {
            let address = name.parse().map_err(|_| {
                let headline = format!("`{}` is no address of a resource", safe(name));
                Failure::new(Code::UnknownRegion, headline, "Write it as `resource=KIND.NAME`.".to_owned())
            })?;
            loss.resources.insert(address);
        }
    }
    Ok(())
}

/// The name, if something of the kind has it.
pub(crate) fn declared<'n>(
    kind: LossKind,
    name: &str,
    mut known: impl Iterator<Item = &'n Name> + Clone,
) -> Result<Name, Failure> {
    if let Some(found) = known.clone().find(|k| k.as_str() == name) {
        return Ok(found.clone());
    }
    let what = if kind == LossKind::Data { "datastore" } else { kind.as_str() };
    let help = match near(name, known.clone().map(Name::as_str)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None if known.next().is_none() => format!("The configuration declares no {what}."),
        None => format!("See the `{what}` blocks of the configuration."),
    };
    Err(Failure::new(Code::UnknownRegion, format!("There is no {what} `{}`", safe(name)), help))
}

/// Refuses what nothing of the configuration is in or encrypted with.
pub(crate) fn refuse_unknown(
    loss: &Loss,
    system: &System,
    (world, instances): (&World, &[Instance]),
    components: &Components,
) -> Result<(), Failure> {
    all_known(loss, system, world)?;
    let there =
        |address: &Address| instances.iter().any(|i| i.address == *address || i.address.block() == *address);
    if let Some(unknown) = loss.resources.iter().find(|address| !there(address)) {
        let headline = format!("There is no resource `{}`", safe(&unknown.to_string()));
        let help = "See the `resource` blocks of the configuration.".to_owned();
        return Err(Failure::new(Code::UnknownRegion, headline, help));
    }
    known_keys(loss, components)
}

/// Refuses regions and accounts in which nothing of the configuration is: they are probably misspelt.
fn all_known(loss: &Loss, system: &System, world: &World) -> Result<(), Failure> {
    let unknown = loss.unknown_regions(system, world);
    if !unknown.is_empty() {
        return Err(unknown_regions(&unknown, &recovery::regions(system, world)));
    }
    let known = recovery::accounts(system, world);
    // Of an account that was not observed nobody can tell; the plan says so.
    let all_seen = world.places.values().all(|head| head.place.account.is_some());
    let Some(unknown) = loss.accounts.iter().find(|a| all_seen && !known.contains(a.as_str())) else {
        return Ok(());
    };
    let known = known.into_iter().collect::<Vec<_>>().join(", ");
    let help = match known.as_str() {
        "" => "Give a site or a `to` its `account`, or use a provider.".to_owned(),
        known => format!("It has something in {known}."),
    };
    let headline = format!("Nothing of this configuration is in account `{}`", safe(unknown));
    Err(Failure::new(Code::UnknownRegion, headline, help))
}

/// Refuses keys with which nothing of the configuration is encrypted.
fn known_keys(loss: &Loss, components: &Components) -> Result<(), Failure> {
    let places = Places::of(components);
    let all_seen = components.iter().all(|c| !matches!(c.seen, Seen::Unobserved(_)));
    let Some(unknown) = loss.keys.iter().find(|key| all_seen && !places.any_with(key)) else {
        return Ok(());
    };
    let headline = format!("Nothing of this configuration is encrypted with `{}`", safe(unknown));
    let help = "Write the key's ARN, id or alias as the resources have it.".to_owned();
    Err(Failure::new(Code::UnknownRegion, headline, help))
}

fn unknown_regions(unknown: &BTreeSet<String>, known: &BTreeSet<&str>) -> Failure {
    let meant =
        match unknown.first().filter(|_| unknown.len() == 1).and_then(|r| near(r, known.iter().copied())) {
            Some(near) => format!("Did you mean `{near}`? "),
            None => String::new(),
        };
    let unknown: Vec<String> = unknown.iter().map(|r| format!("`{}`", safe(r))).collect();
    let known = known.iter().copied().collect::<Vec<_>>().join(", ");
    Failure::new(
        Code::UnknownRegion,
        format!("No provider of this configuration is in {}", unknown.join(", ")),
        match known.as_str() {
            "" => "Nothing of it says that it is in a region.".to_owned(),
            known => format!("{meant}It has providers in {known}."),
        },
    )
}
