//! Where a world is kept: in memory, or in `cloud.json` of a folder. A change of the file takes a
//! lock, reads, changes and replaces the file as a whole, so that a process killed anywhere leaves
//! the world of before or after. Readers need no lock: they never see half a file. Calls are
//! recorded beside it, in `calls.log`, one line each.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use drctl_aws::port::Cloud;
use serde::{Deserialize, Serialize};

use crate::SimWorld;
use crate::cloud::SimCloud;
use crate::error::SimError;
use crate::world::{Caller, DEFAULT_ACCOUNT, SCHEMA};

/// One call as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// `read` or `write`: whether the operation changes something.
    pub nature: String,
    /// `s3:PutBucketVersioning`.
    pub operation: String,
    /// The region it was sent to.
    pub region: String,
    /// What it was about; empty for lists.
    pub resource: String,
    /// `ok`, or the code or class of the error.
    pub outcome: String,
}

/// A simulated cloud: one world, any number of connections.
#[derive(Clone)]
pub struct Sim {
    store: Arc<Store>,
}

enum Store {
    Memory { world: Box<Mutex<SimWorld>>, calls: Mutex<Vec<Call>> },
    Dir { dir: PathBuf, cache: Mutex<Option<Cached>>, calls: Mutex<File> },
}

struct Cached {
    stamp: Stamp,
    world: Arc<SimWorld>,
}

/// Tells one version of the file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    seconds: i64,
    nanoseconds: i64,
    length: u64,
}

impl Sim {
    /// A world in memory.
    pub fn memory(world: SimWorld) -> Sim {
        let store = Store::Memory { world: Box::new(Mutex::new(world)), calls: Mutex::new(Vec::new()) };
        Sim { store: Arc::new(store) }
    }

    /// The world of a folder; a new folder gets an empty account.
    pub fn dir(path: impl AsRef<Path>) -> Result<Sim, SimError> {
        Sim::dir_or(path, SimWorld::default)
    }

    /// The world of a folder; a new folder gets `first`.
    pub fn dir_or(path: impl AsRef<Path>, first: impl FnOnce() -> SimWorld) -> Result<Sim, SimError> {
        let dir = path.as_ref().to_owned();
        std::fs::create_dir_all(&dir).map_err(|source| SimError::File { path: dir.clone(), source })?;
        let calls = append(&dir.join("calls.log"))?;
        let sim = Sim {
            store: Arc::new(Store::Dir {
                dir: dir.clone(),
                cache: Mutex::new(None),
                calls: Mutex::new(calls),
            }),
        };
        {
            let _lock = lock(&dir)?;
            if !dir.join("cloud.json").exists() {
                save(&dir, &first())?;
            }
        }
        sim.read(|_| ())?;
        Ok(sim)
    }

    /// A connection of an account to a region: one provider configuration.
    pub fn connect(&self, account: &str, region: &str) -> Cloud {
        let caller = Caller { account: account.to_owned(), region: region.to_owned() };
        Arc::new(SimCloud::new(self.clone(), caller))
    }

    /// The account that a caller without a wish is in: the first that is not a stranger's.
    pub fn default_account(&self) -> Result<String, SimError> {
        self.read(|world| {
            let own = world.accounts.keys().find(|n| *n != crate::world::FOREIGN_ACCOUNT);
            own.cloned().unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
        })
    }

    /// Looks at the world.
    pub fn read<T>(&self, look: impl FnOnce(&SimWorld) -> T) -> Result<T, SimError> {
        match &*self.store {
            Store::Memory { world, .. } => Ok(look(&held(world))),
            Store::Dir { dir, cache, .. } => {
                let world = load(dir, &mut held(cache))?;
                Ok(look(&world))
            }
        }
    }

    /// Changes the world and keeps it. What fails must not have changed it.
    pub fn change<T>(&self, act: impl FnOnce(&mut SimWorld) -> T) -> Result<T, SimError> {
        match &*self.store {
            Store::Memory { world, .. } => Ok(act(&mut held(world))),
            Store::Dir { dir, cache, .. } => {
                let mut cache = held(cache);
                let _lock = lock(dir)?;
                let mut world = load(dir, &mut cache)?;
                *cache = None;
                let result = act(Arc::make_mut(&mut world));
                let stamp = save(dir, &world)?;
                *cache = Some(Cached { stamp, world });
                Ok(result)
            }
        }
    }

    /// Every call so far, oldest first.
    pub fn calls(&self) -> Result<Vec<Call>, SimError> {
        match &*self.store {
            Store::Memory { calls, .. } => Ok(held(calls).clone()),
            Store::Dir { dir, .. } => {
                let path = dir.join("calls.log");
                let text = std::fs::read_to_string(&path)
                    .map_err(|source| SimError::File { path: path.clone(), source })?;
                Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
            }
        }
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) -> Result<(), SimError> {
        match &*self.store {
            Store::Memory { calls, .. } => held(calls).clear(),
            Store::Dir { dir, calls, .. } => {
                let path = dir.join("calls.log");
                held(calls).set_len(0).map_err(|source| SimError::File { path, source })?;
            }
        }
        Ok(())
    }

    /// Records a call.
    pub(crate) fn record(&self, call: Call) -> Result<(), SimError> {
        match &*self.store {
            Store::Memory { calls, .. } => held(calls).push(call),
            Store::Dir { dir, calls, .. } => {
                let mut line = serde_json::to_string(&call).expect("a record of strings serialises");
                line.push('\n');
                let path = dir.join("calls.log");
                held(calls).write_all(line.as_bytes()).map_err(|source| SimError::File { path, source })?;
            }
        }
        Ok(())
    }
}

/// The guarded value, also after another thread panicked with it: worlds are changed as a whole.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn append(path: &Path) -> Result<File, SimError> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    file.map_err(|source| SimError::File { path: path.to_owned(), source })
}

/// Waits for the folder's lock; it is gone with the file, also when the process dies.
fn lock(dir: &Path) -> Result<File, SimError> {
    let path = dir.join("cloud.lock");
    let file = append(&path)?;
    let locked = rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive);
    locked.map_err(|e| SimError::File { path, source: e.into() })?;
    Ok(file)
}

fn load(dir: &Path, cache: &mut Option<Cached>) -> Result<Arc<SimWorld>, SimError> {
    let path = dir.join("cloud.json");
    let failed = |source| SimError::File { path: path.clone(), source };
    if let Some(cached) = cache
        && stamp(&std::fs::metadata(&path).map_err(failed)?) == cached.stamp
    {
        return Ok(Arc::clone(&cached.world));
    }
    let mut file = File::open(&path).map_err(failed)?;
    let stamp = stamp(&file.metadata().map_err(failed)?);
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let malformed = |message: String| SimError::Malformed { path: path.clone(), message };
    let world: SimWorld = serde_json::from_slice(&bytes).map_err(|e| malformed(e.to_string()))?;
    if world.schema != SCHEMA {
        return Err(malformed(format!("its format is {}, this drctl reads {SCHEMA}", world.schema)));
    }
    let world = Arc::new(world);
    *cache = Some(Cached { stamp, world: Arc::clone(&world) });
    Ok(world)
}

/// Replaces the file as a whole, durably.
fn save(dir: &Path, world: &SimWorld) -> Result<Stamp, SimError> {
    let path = dir.join("cloud.json");
    let failed = |source| SimError::File { path: path.clone(), source };
    let bytes = serde_json::to_vec(world).expect("a world has string keys and serialises");
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    file.write_all(&bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    let file = file.persist(&path).map_err(|e| failed(e.error))?;
    File::open(dir).and_then(|d| d.sync_all()).map_err(failed)?;
    Ok(stamp(&file.metadata().map_err(failed)?))
}

fn stamp(metadata: &std::fs::Metadata) -> Stamp {
    Stamp {
        inode: metadata.ino(),
        seconds: metadata.mtime(),
        nanoseconds: metadata.mtime_nsec(),
        length: metadata.len(),
    }
}
