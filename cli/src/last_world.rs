//! The last observed world of a project: kept by whoever reads at the providers, and all there is for
//! who asks nobody. Keeping it never fails a command; that it cannot be kept is a warning.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use drctl_core::addr::ProviderAddress;
use drctl_core::codes::Code;
use drctl_core::config::Config;
use drctl_core::diag::{Diagnostic, Diagnostics};
use drctl_core::last_world::{Expected, LastWorld};
use drctl_core::plan::{self, Expanded, Instance, ProviderHead, World};
use drctl_core::provider::{ErrorClass, Place, Unobserved};
use drctl_core::state::State;
use drctl_engine::clock::Clock;
use drctl_engine::connect::Connections;
use drctl_engine::last_world::{LastWorldError, Stamp, alone, load, patiently, save, save_copy};
use drctl_sim::Sim;
use jiff::Timestamp;

use crate::connect::Configurations;
use crate::failure::Failure;
use crate::planning::{self, Loaded, Observation};
use crate::project::Project;
use crate::provider_block::ProviderBlock;
use crate::registry::REGISTRY;
use crate::render::text::safe;
use crate::ui::Ui;

/// What a copy is called where only a folder is named.
const COPY: &str = "last-world.json";

/// What was last seen, and the files it is kept in.
#[derive(Default)]
pub(crate) struct Memory {
    /// What was last seen.
    pub(crate) world: LastWorld,
    /// Where it is kept; nowhere when what is there must not be replaced.
    file: Option<Kept>,
    /// Where it is kept besides.
    copies: Vec<PathBuf>,
    /// Where the provider configurations lead: what was seen elsewhere is of no use.
    expected: BTreeMap<ProviderAddress, Expected>,
}

/// The project's own file, and which version of it is known.
struct Kept {
    path: PathBuf,
    stamp: Stamp,
}

/// The files to which the configuration wants copies written.
pub(crate) fn copies(config: &Config, project: &Project) -> Vec<PathBuf> {
    config.settings.own.copies.iter().map(|copy| project.dir.join(&copy.path)).collect()
}

/// What is in the project's file, and which version of it that is.
pub(crate) struct OnDisk {
    path: PathBuf,
    stamp: Stamp,
    world: Result<Option<LastWorld>, LastWorldError>,
}

impl OnDisk {
    /// Reads it.
    pub(crate) fn read(project: &Project) -> OnDisk {
        let path = project.last_world_path();
        let stamp = Stamp::of(&path);
        OnDisk { stamp, world: load(&path), path }
    }
}

impl Memory {
    /// That of the project, without what was seen elsewhere than its providers are now. What cannot be
    /// used is made anew, unless a newer drctl wrote it.
    pub(crate) fn open(
        OnDisk { path, stamp, world }: OnDisk,
        copies: Vec<PathBuf>,
        expected: BTreeMap<ProviderAddress, Expected>,
        diagnostics: &mut Diagnostics,
    ) -> Memory {
        let (world, keep) = match world {
            Ok(world) => (world, true),
            Err(error) => {
                diagnostics.push(unusable(&error).warning());
                (None, !error.is_newer())
            }
        };
        let world = world.or_else(|| newest(&copies).map(|(_, world)| world)).unwrap_or_default();
        let mut memory = Memory { world, file: keep.then_some(Kept { path, stamp }), copies, expected };
        memory.world.restrict(&memory.expected);
        memory
    }

    /// Takes in what was just observed, and writes it down, with what other processes have written down
    /// since it was read.
    pub(crate) fn keep(
        &mut self,
        seen: (&World, &[Instance]),
        known: (&Config, Option<&State>),
        now: Timestamp,
    ) -> Vec<Diagnostic> {
        let changed = self.world.merge(seen, known, now);
        let mut wrong = Vec::new();
        let Memory { world, file, copies, expected } = self;
        if let Some(file) = file.as_mut().filter(|_| changed)
            && let Err(error) = alone(&file.path.clone(), || file.write(world, expected, now))
        {
            let headline = format!("The observed world cannot be kept for later: {error}");
            let help = "While the providers do not answer, less will be known. Nothing else is affected.";
            wrong.push(Diagnostic::error_nowhere(Code::LastWorld, headline).help(help).warning());
        }
        for copy in copies {
            let (world, expected) = (world.clone(), expected.clone());
            if let Err(error) = patiently(copy, move |copy| write_copy(&file_of(copy), world, &expected, now))
            {
                let headline = format!("The copy of the observed world cannot be kept: {error}");
                let help = "It stands in a `last_world_copy` of the `drctl` block. Nothing else is affected.";
                wrong.push(Diagnostic::error_nowhere(Code::LastWorld, headline).help(help).warning());
            }
        }
        wrong
    }
}

impl Kept {
    /// Writes it, with what another process has written since.
    fn write(
        &mut self,
        world: &mut LastWorld,
        expected: &BTreeMap<ProviderAddress, Expected>,
        now: Timestamp,
    ) -> Result<(), LastWorldError> {
        if Stamp::of(&self.path) != self.stamp {
            match load(&self.path) {
                Ok(Some(mut other)) => {
                    other.restrict(expected);
                    world.absorb(other, now);
                }
                Err(error) if error.is_newer() => return Err(error),
                Ok(None) | Err(_) => {}
            }
        }
        save(&self.path, world)?;
        self.stamp = Stamp::of(&self.path);
        Ok(())
    }
}

/// Writes a copy, with what others have written there. What is there and is no copy stays.
fn write_copy(
    path: &Path,
    mut world: LastWorld,
    expected: &BTreeMap<ProviderAddress, Expected>,
    now: Timestamp,
) -> Result<(), LastWorldError> {
    if let Some(mut other) = load(path)? {
        other.restrict(expected);
        world.absorb(other, now);
    }
    save_copy(path, &world)
}

/// The file of a copy: in a folder the one that is called as the project's own.
fn file_of(copy: &Path) -> PathBuf {
    if copy.is_dir() { copy.join(COPY) } else { copy.to_owned() }
}

/// The copy with the newest sighting. One that cannot be read is none.
fn newest(copies: &[PathBuf]) -> Option<(PathBuf, LastWorld)> {
    let found = copies.iter().filter_map(|copy| {
        let read = patiently(copy, |copy| {
            let file = file_of(copy);
            load(&file).map(|world| world.map(|world| (file, world)))
        });
        read.ok().flatten()
    });
    found.max_by_key(|(_, world)| world.newest())
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
        let block = ProviderBlock::read(provider, values).ok()?;
        let region = block.aws().and_then(|config| config.region.as_ref()).map(|r| r.as_str().to_owned());
        let simulated = project.sim.is_some() || block.is_sim();
        Some((provider.clone(), Expected { account: None, region, simulated }))
    });
    expected.collect()
}

/// The accounts that the provider configurations led to when they were last seen. None where
/// `allowed_account_ids` guards against another one: nothing is read there before it is told.
pub(crate) fn presumed<'d>(
    configurations: &Configurations,
    project: &Project,
    on_disk: impl FnOnce() -> &'d OnDisk,
) -> BTreeMap<ProviderAddress, String> {
    let is_guarded = |provider: &ProviderAddress| {
        let block = configurations.get(provider).and_then(|v| ProviderBlock::read(provider, v).ok());
        let guard = |block: &ProviderBlock| block.aws().is_none_or(|aws| aws.allowed_account_ids.is_some());
        block.as_ref().is_none_or(guard)
    };
    let mut open = expected(configurations, project);
    // The simulated cloud tells its account without a call.
    open.retain(|provider, expected| !expected.simulated && !is_guarded(provider));
    if open.is_empty() {
        return BTreeMap::new();
    }
    // Who keeps it tells what is wrong with it.
    let Ok(Some(last)) = &on_disk().world else { return BTreeMap::new() };
    let account = |(provider, expected): (ProviderAddress, Expected)| {
        let head = &last.providers.get(&provider).filter(|last| expected.fits(&last.head))?.head;
        Some((provider, head.place.account.clone()?))
    };
    open.into_iter().filter_map(account).collect()
}

/// Reads a file that has to be there, or one of the copies.
fn read(path: &Path, copies: &[PathBuf], diagnostics: &mut Diagnostics) -> Result<LastWorld, Failure> {
    let (headline, failure) = match load(path) {
        Ok(Some(world)) => return Ok(world),
        Ok(None) => {
            let headline = format!("Nothing was ever observed: there is no `{}`", path.display());
            let help = "Plan once while the providers answer, or name a snapshot with `--from FILE`.";
            let failure = Failure::new(Code::LastWorld, headline, help);
            (format!("There is no `{}`", path.display()), failure)
        }
        Err(error) => {
            (format!("The last observed world cannot be used: {error}"), Failure::from(unusable(&error)))
        }
    };
    let Some((copy, world)) = newest(copies) else { return Err(failure) };
    let headline = format!("{headline}: what was last seen is taken from the copy `{}`", copy.display());
    diagnostics.push(Diagnostic::error_nowhere(Code::LastWorld, headline).warning());
    Ok(world)
}

/// The world as it was last seen: no connection is made and nothing is changed. `from` is a file in
/// place of the project's own.
pub(crate) fn recall(
    loaded: &Loaded,
    state: Option<&State>,
    project: &Project,
    (from, clock): (Option<&Path>, &dyn Clock),
    ui: &Ui,
) -> Result<(Observation, Expanded), Failure> {
    let mut diagnostics = Diagnostics::default();
    let last = match from {
        Some(path) => read(path, &[], &mut diagnostics)?,
        None => read(&project.last_world_path(), &copies(&loaded.config, project), &mut diagnostics)?,
    };
    recalled((last, diagnostics), (loaded, state), project, clock, ui)
}

/// The same; where nothing was ever observed, what is declared without what is known of it.
pub(crate) fn recall_if_any(
    loaded: &Loaded,
    state: Option<&State>,
    project: &Project,
    clock: &dyn Clock,
    ui: &Ui,
) -> Result<(Observation, Expanded), Failure> {
    let (path, copies) = (project.last_world_path(), copies(&loaded.config, project));
    let mut diagnostics = Diagnostics::default();
    let last = match path.exists() || newest(&copies).is_some() {
        true => read(&path, &copies, &mut diagnostics)?,
        false => LastWorld::default(),
    };
    recalled((last, diagnostics), (loaded, state), project, clock, ui)
}

fn recalled(
    (mut last, mut diagnostics): (LastWorld, Diagnostics),
    (loaded, state): (&Loaded, Option<&State>),
    project: &Project,
    clock: &dyn Clock,
    ui: &Ui,
) -> Result<(Observation, Expanded), Failure> {
    let configurations = planning::provider_blocks(loaded)?;
    let expected = expected(&configurations, project);
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
    let (world, expanded) = last.recall(places, now, |world| {
        plan::expanded(&loaded.config, &loaded.variables, world, &REGISTRY, state)
    });
    let memory = Memory { world: last, ..Memory::default() };
    let connections = Connections::default();
    Ok((Observation { connections, world, memory, now, diagnostics }, expanded))
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn project(dir: &Path) -> Project {
        Project::new(Some(dir), &BTreeMap::new())
    }

    fn world(provider: &str) -> World {
        let place = Place { region: Some("eu-west-1".to_owned()), ..Place::default() };
        let head = ProviderHead { place, simulated: false, unobserved: None };
        World { places: [(provider.parse().unwrap(), head)].into(), ..World::default() }
    }

    fn open(dir: &Path, copies: &[&str]) -> Memory {
        let copies = copies.iter().map(|copy| dir.join(copy)).collect();
        Memory::open(OnDisk::read(&project(dir)), copies, BTreeMap::new(), &mut Diagnostics::default())
    }

    fn keep(memory: &mut Memory, provider: &str, hour: u8) -> Vec<String> {
        let now = format!("2026-03-02T{hour:02}:00:00Z").parse().unwrap();
        let told = memory.keep((&world(provider), &[]), (&Config::default(), None), now);
        told.into_iter().map(|d| d.headline).collect()
    }

    fn providers(path: &Path) -> Vec<String> {
        load(path).unwrap().unwrap().providers.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn of_two_that_look_at_the_same_time_the_last_one_keeps_what_the_other_saw() {
        let dir = tempfile::tempdir().unwrap();
        let path = project(dir.path()).last_world_path();
        let (mut one, mut other) = (open(dir.path(), &[]), open(dir.path(), &[]));
        assert!(keep(&mut one, "aws", 12).is_empty() && keep(&mut other, "aws.dr", 12).is_empty());
        assert_eq!(providers(&path), ["aws", "aws.dr"]);
        // The later look stands, whoever writes last.
        let (mut slow, mut quick) = (open(dir.path(), &[]), open(dir.path(), &[]));
        keep(&mut quick, "aws", 14);
        keep(&mut slow, "aws", 13);
        let at = load(&path).unwrap().unwrap().providers["aws".parse().as_ref().unwrap()].observed_at;
        assert_eq!(at.to_string(), "2026-03-02T14:00:00Z");
        // A clock that was set back is believed, and one that is far ahead is not.
        keep(&mut open(dir.path(), &[]), "aws", 2);
        let mut back = open(dir.path(), &[]);
        keep(&mut open(dir.path(), &[]), "aws", 20);
        keep(&mut back, "aws", 3);
        let at = load(&path).unwrap().unwrap().providers["aws".parse().as_ref().unwrap()].observed_at;
        assert_eq!(at.to_string(), "2026-03-02T03:00:00Z");
    }

    #[test]
    fn a_copy_is_written_where_it_can_be_and_read_where_the_own_file_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("synced")).unwrap();
        fs::write(dir.path().join("notes.txt"), "mine").unwrap();
        let copies = ["synced", "unmounted/copy.json", "notes.txt"];
        let told = keep(&mut open(dir.path(), &copies), "aws", 12);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("there is no folder") && told[1].contains("it is no observed world"));
        assert_eq!(fs::read_to_string(dir.path().join("notes.txt")).unwrap(), "mine");
        let copy = dir.path().join("synced").join(COPY);
        assert_eq!(providers(&copy), ["aws"]);
        // Another machine, which has only the copy, adds to it.
        fs::remove_dir_all(dir.path().join(".drctl")).unwrap();
        keep(&mut open(dir.path(), &copies), "aws.dr", 13);
        assert_eq!(providers(&copy), ["aws", "aws.dr"]);
        assert_eq!(providers(&project(dir.path()).last_world_path()), ["aws", "aws.dr"]);
    }
}
