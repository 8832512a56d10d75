//! The port as a machine that is not there: in memory or in a folder, strict and deterministic. It knows the
//! programs that the kinds run and no others.

mod programs;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use drctl_core::provider::{ErrorClass, Place, ProviderError};
use serde::{Deserialize, Serialize};

use crate::port::{Access, Answer, Cloud, DISABLED, Port, Setting, Settings, Text, Whom, error};

/// The file in a folder that holds it all.
const FILE: &str = "machine.json";

/// Settings that change with a restart of the server alone.
const RESTART: [&str; 2] = ["archive_mode", "wal_level"];

/// What is on the machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    /// The settings of the server that are in force.
    pub in_force: BTreeMap<String, String>,
    /// Those that its files set.
    pub configured: BTreeMap<String, String>,
    /// The files, with their permissions.
    pub files: BTreeMap<PathBuf, (String, u32)>,
    /// The folders that were made or stand for themselves, with their permissions.
    #[serde(default)]
    pub folders: BTreeMap<PathBuf, u32>,
    /// The stanzas that were made ready, and where.
    pub stanzas: BTreeSet<(String, String)>,
    /// The repositories of restic.
    pub repositories: BTreeSet<String>,
    /// The timers that systemd heeds.
    pub timers: BTreeSet<String>,
    /// What does not answer: `server`, `files`, `folders`, the name of a program.
    pub denied: BTreeSet<String>,
}

impl Default for World {
    /// A server as it is installed.
    fn default() -> World {
        let settings = [
            ("archive_mode", "off"),
            ("archive_command", ""),
            ("archive_timeout", "0"),
            ("wal_level", "replica"),
            ("archive_library", ""),
            ("data_directory", "/var/lib/postgresql/15/main"),
            ("server_version", "15.14"),
        ];
        World {
            in_force: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            configured: BTreeMap::new(),
            files: BTreeMap::new(),
            folders: BTreeMap::new(),
            stanzas: BTreeSet::new(),
            repositories: BTreeSet::new(),
            timers: BTreeSet::new(),
            denied: BTreeSet::new(),
        }
    }
}

/// A machine that is not there.
#[derive(Clone, Default)]
pub struct Fake {
    world: Arc<Mutex<World>>,
    folder: Option<PathBuf>,
}

impl Fake {
    /// In a folder: what is done to it is there the next time.
    ///
    /// # Errors
    /// When what is there cannot be read.
    pub fn dir(folder: &Path) -> Answer<Fake> {
        let unread =
            |why: String| error(format!("opening `{}`", folder.display()), ErrorClass::Malformed, why);
        let world = match std::fs::read(folder.join(FILE)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| unread(e.to_string()))?,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => World::default(),
            Err(why) => return Err(unread(why.to_string())),
        };
        Ok(Fake { world: Arc::new(Mutex::new(world)), folder: Some(folder.to_owned()) })
    }

    /// As the kinds get it.
    pub fn connect(&self, settings: Settings) -> Cloud {
        Cloud { port: Arc::new(self.clone()), settings: Arc::new(settings) }
    }

    /// What is on it.
    pub fn world(&self) -> World {
        self.world.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes something behind drctl's back, in memory.
    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Restarts the server.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn restart(&self) -> Answer<()> {
        self.with("server", "restarting the server", |world| {
            world.in_force.extend(world.configured.clone());
            Ok(())
        })
    }

    fn with<T>(&self, needs: &str, doing: &str, act: impl FnOnce(&mut World) -> Answer<T>) -> Answer<T> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        if world.denied.contains(needs) {
            return Err(error(doing, ErrorClass::Denied, "it may not be asked"));
        }
        let answer = act(&mut world)?;
        if let Some(folder) = &self.folder {
            self.save(folder, &world)?;
        }
        Ok(answer)
    }

    fn save(&self, folder: &Path, world: &World) -> Result<(), ProviderError> {
        let text = serde_json::to_string_pretty(world).expect("a machine serialises to JSON");
        let beside = folder.join(format!("{FILE}~"));
        let save = || -> std::io::Result<()> {
            std::fs::create_dir_all(folder)?;
            let _ = std::fs::remove_file(&beside);
            let options = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
            options?.write_all(text.as_bytes())?;
            std::fs::rename(&beside, folder.join(FILE))
        };
        save().map_err(|e| error("writing the simulated machine", ErrorClass::Unavailable, e.to_string()))
    }
}

#[async_trait]
impl Port for Fake {
    fn place(&self) -> Place {
        Place { endpoint: Some("sim".to_owned()), ..Place::default() }
    }

    async fn identify(&self) -> Answer<Place> {
        Ok(self.place())
    }

    async fn settings(&self, names: &[&str]) -> Answer<BTreeMap<String, Setting>> {
        self.with("server", "asking the server", |world| {
            let archives = world.in_force.get("archive_mode").is_some_and(|mode| mode != "off");
            let setting = |name: &str| {
                let is = world.in_force.get(name)?.clone();
                let configured = world.configured.get(name).cloned();
                let pending = RESTART.contains(&name) && configured.as_ref().is_some_and(|c| *c != is);
                let hidden = name == "archive_command" && !archives;
                Some(Setting {
                    value: if hidden { DISABLED.to_owned() } else { is },
                    configured: Ok(configured),
                    pending_restart: pending,
                    on_command_line: false,
                })
            };
            Ok(names.iter().filter_map(|name| Some(((*name).to_owned(), setting(name)?))).collect())
        })
    }

    async fn set(&self, name: &str, value: &str) -> Answer<()> {
        self.with("server", "changing a setting", |world| {
            if !world.in_force.contains_key(name) || value.contains('\n') {
                return Err(error("changing a setting", ErrorClass::Rejected, "there is no such setting"));
            }
            let number =
                value.strip_suffix('s').filter(|n| name == "archive_timeout" && n.parse::<u32>().is_ok());
            world.configured.insert(name.to_owned(), number.unwrap_or(value).to_owned());
            Ok(())
        })
    }

    async fn reset(&self, name: &str) -> Answer<()> {
        self.with("server", "changing a setting", |world| {
            world.configured.remove(name);
            Ok(())
        })
    }

    async fn reload(&self) -> Answer<()> {
        self.with("server", "having the server read its configuration", |world| {
            let now = world.configured.iter().filter(|(name, _)| !RESTART.contains(&name.as_str()));
            let now: Vec<_> = now.map(|(name, value)| (name.clone(), value.clone())).collect();
            world.in_force.extend(now);
            Ok(())
        })
    }

    async fn read(&self, path: &Path) -> Answer<Option<Text>> {
        self.with("files", "reading a file", |world| {
            let found = world.files.get(path).cloned();
            Ok(found.map(|(text, mode)| Text { text, mode }))
        })
    }

    async fn list(&self, folder: &Path) -> Answer<Vec<String>> {
        self.with("files", "listing a folder", |world| {
            let inside = world.files.keys().filter(|path| path.parent() == Some(folder));
            let names = inside.filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
            Ok(names.collect())
        })
    }

    async fn folder(&self, path: &Path) -> Answer<Option<u32>> {
        self.with("folders", "looking at a folder", |world| match world.files.contains_key(path) {
            true => Err(error("looking at a folder", ErrorClass::Rejected, "it is no directory")),
            false => Ok(world.folders.get(path).copied()),
        })
    }

    async fn make_folder(&self, path: &Path, _owner: Option<&str>) -> Answer<()> {
        self.with("folders", "making a folder", |world| match world.files.contains_key(path) {
            true => Err(error("making a folder", ErrorClass::Rejected, "it is no directory")),
            false => {
                world.folders.entry(path.to_owned()).or_insert(0o700);
                Ok(())
            }
        })
    }

    async fn write(&self, path: &Path, text: &str, access: &Access) -> Answer<()> {
        self.with("files", "writing a file", |world| {
            let mode = world.files.get(path).map_or(access.mode, |(_, mode)| mode & access.mode);
            world.files.insert(path.to_owned(), (text.to_owned(), mode));
            Ok(())
        })
    }

    async fn remove(&self, path: &Path) -> Answer<()> {
        self.with("files", "removing a file", |world| {
            world.files.remove(path);
            Ok(())
        })
    }

    async fn run(&self, _whom: Whom, words: &[&str]) -> Answer<String> {
        let program = words.first().copied().unwrap_or_default();
        self.with(program, &format!("running `{program}`"), |world| programs::run(world, words))
    }
}
