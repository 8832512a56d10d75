//! Dumps in a bucket. Each is sent while `pg_dump` writes it, and shows only once it is whole.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use drctl_core::depot::{Depot, Locked, Shown, Upload};
use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::system::{Destination, LockMode};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::names::{self, Names};
use super::parts::{Sender, Sent};
use super::sums::{Copy, denied, line};
use super::{CHECKING, Dumping, Gone, MAKING, Standing};
use crate::tool::failed;

const FETCHING: &str = "fetching a dump";

/// How much is read at once, and how often beside each other.
const RANGE: u64 = 8 << 20;
const READS: usize = 4;

/// How many objects are looked at beside each other.
const LOOKS: usize = 8;

/// How large checksums are at most.
const SUMS_BYTES_MAX: u64 = 1 << 20;

/// How long throwing a half away may take: the next run does it all the same.
const ABORT_WITHIN: Duration = Duration::from_secs(10);

/// A bucket with dumps.
pub(super) struct Bucket {
    /// It, or why there is no connection to it.
    depot: Result<Arc<dyn Depot>, ProviderError>,
    to: Destination,
}

impl Bucket {
    pub(super) fn new(depot: Result<Arc<dyn Depot>, ProviderError>, to: &Destination) -> Bucket {
        Bucket { depot, to: to.clone() }
    }

    fn depot(&self) -> Result<&Arc<dyn Depot>, ProviderError> {
        self.depot.as_ref().map_err(Clone::clone)
    }

    /// The objects whose names begin so, without what their keys have before.
    async fn shown(&self, beginning: &str) -> Result<Vec<(String, Shown)>, ProviderError> {
        let (beginning, before) = (self.to.key(beginning), self.to.key("").len());
        let all = self.depot()?.list(&beginning).await?;
        Ok(all.into_iter().map(|object| (object.key[before..].to_owned(), object)).collect())
    }

    pub(super) async fn list(&self, names: &Names) -> Result<Vec<Standing>, ProviderError> {
        let depot = self.depot()?;
        let all = self.shown(names.prefix()).await?;
        let summed = |name: &str| {
            let sums = names::sums_of(name);
            all.iter().find(|(name, _)| *name == sums).map(|(_, object)| object.written)
        };
        let look = all.iter().filter_map(|(name, object)| {
            let began = names.moment(name)?;
            let missing = || {
                let sums = depot.called(&names::sums_of(&object.key));
                format!("`{sums}` is missing: nobody knows whether it is whole")
            };
            let summed = summed(name).ok_or_else(missing);
            Some(async move {
                // Whoever may write dumps need not be allowed to look at their locks.
                let locked = depot.locked(object).await.ok().flatten();
                let locked_until = locked.map(|lock| lock.until);
                Standing { name: name.clone(), began, bytes: object.size, summed, locked_until }
            })
        });
        Ok(stream::iter(look.collect::<Vec<_>>()).buffered(LOOKS).collect().await)
    }

    pub(super) async fn holds(&self, name: &str) -> Result<bool, ProviderError> {
        Ok(self.shown(name).await?.iter().any(|(shown, _)| shown == name))
    }

    /// Makes the dump of that name: it shows only if `pg_dump` ended well and all that it wrote has arrived.
    pub(super) async fn write(
        &self,
        dumping: &Dumping<'_>,
        name: &str,
        now: Timestamp,
    ) -> Result<(), ProviderError> {
        let (depot, lock) = (self.depot()?, self.lock(now)?);
        let upload = depot.begin(&self.to.key(name), lock).await?;
        let made = async {
            let sent = self.send(dumping, &upload).await?;
            // Before the dump shows, so that none ever shows without.
            self.write_sums((name, sent.digest), lock).await?;
            match depot.complete(&upload, &sent.parts).await {
                // It may have been done, and only the answer is lost.
                Err(_unheard) if self.is_whole(&upload, sent.bytes).await => Ok(()),
                other => other,
            }
        };
        let made = made.await;
        if made.is_err() {
            abandon(depot.as_ref(), &upload).await;
        }
        made?;
        for key in [&upload.key, &names::sums_of(&upload.key)] {
            ensure_locked(depot.as_ref(), key, lock).await?;
        }
        Ok(())
    }

    /// Until when what is written now is locked.
    fn lock(&self, now: Timestamp) -> Result<Option<Locked>, ProviderError> {
        let Some(length) = self.to.lock else { return Ok(None) };
        let until = now.checked_add(length).map_err(|e| failed(MAKING, e))?;
        // Locks end at whole seconds: none before it should.
        let until = until.checked_add(SignedDuration::from_millis(999)).map_err(|e| failed(MAKING, e))?;
        let until = Timestamp::from_second(until.as_second()).map_err(|e| failed(MAKING, e))?;
        Ok(Some(Locked { mode: self.to.lock_mode.unwrap_or(LockMode::Compliance), until }))
    }

    async fn send(&self, dumping: &Dumping<'_>, upload: &Upload) -> Result<Sent, ProviderError> {
        let mut sender = Sender::new(Arc::clone(self.depot()?), upload.clone());
        dumping.tool.stream(&dumping.words(), async |bytes| sender.take(bytes).await).await?;
        sender.finish().await
    }

    async fn write_sums(
        &self,
        (name, digest): (&str, Sha256),
        lock: Option<Locked>,
    ) -> Result<(), ProviderError> {
        let depot = self.depot()?;
        let upload = depot.begin(&self.to.key(&names::sums_of(name)), lock).await?;
        let written = async {
            let part = depot.part(&upload, 1, line(digest, name).into_bytes()).await?;
            depot.complete(&upload, &[part]).await
        };
        let written = written.await;
        if written.is_err() {
            abandon(depot.as_ref(), &upload).await;
        }
        written
    }

    /// Whether the object shows, with all of its bytes.
    async fn is_whole(&self, upload: &Upload, bytes: u64) -> bool {
        let Ok(depot) = self.depot() else { return false };
        let shown = depot.list(&upload.key).await.unwrap_or_default();
        shown.iter().any(|object| object.key == upload.key && object.size == bytes)
    }

    /// Throws away what was never finished: uploads, and checksums of nothing that nobody has locked.
    pub(super) async fn sweep(&self, names: &Names) -> Result<(), ProviderError> {
        let (depot, before) = (self.depot()?, self.to.key("").len());
        for upload in depot.unfinished(&self.to.key(names.prefix())).await? {
            let name = upload.key.get(before..).unwrap_or_default();
            if names.moment(name).is_some() || names.summed(name).is_some() {
                depot.abort(&upload).await?;
            }
        }
        let all = self.shown(names.prefix()).await?;
        let is_there = |of: &str| all.iter().any(|(name, _)| name == of);
        for (_, sums) in all.iter().filter(|(name, _)| names.summed(name).is_some_and(|of| !is_there(of))) {
            match depot.remove(sums).await {
                // A lock holds it, or nobody may delete here: it is small, and counts for nothing.
                Err(error) if error.class == ErrorClass::Denied => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Removes a dump, unless it is locked.
    pub(super) async fn remove(&self, name: &str, now: Timestamp) -> Result<Gone, ProviderError> {
        let depot = self.depot()?;
        let all = self.shown(name).await?;
        let of = |wanted: &str| all.iter().find(|(name, _)| name == wanted).map(|(_, object)| object);
        let (dump, sums) = (of(name), of(&names::sums_of(name)));
        // The dump first: without its checksums it would look as if it had never been whole.
        for object in [dump, sums].into_iter().flatten() {
            let locked = depot.locked(object).await?.filter(|lock| lock.until > now);
            match locked {
                Some(lock) => return Ok(Gone::LockedUntil(lock.until)),
                None => depot.remove(object).await?,
            }
        }
        Ok(Gone::Removed)
    }

    pub(super) async fn sums(&self, name: &str) -> Result<String, ProviderError> {
        sums(self.depot()?.as_ref(), &self.to.key(name)).await
    }

    /// Brings a dump below this directory.
    pub(super) async fn copy(&self, name: &str, under: &Path) -> Result<Copy, ProviderError> {
        brought(self.depot()?, &self.to.key(name), under).await
    }
}

/// Sees to it that an object that shows is locked. S3 has locked it by then; other stores leave that out.
async fn ensure_locked(depot: &dyn Depot, key: &str, lock: Option<Locked>) -> Result<(), ProviderError> {
    const LOCKING: &str = "locking a dump";
    let Some(wanted) = lock else { return Ok(()) };
    let found = object(depot, key, LOCKING).await?;
    let holds = |is: Option<Locked>| is.is_some_and(|is| is.until >= wanted.until);
    if depot.locked(&found).await.is_ok_and(holds) {
        return Ok(());
    }
    let unlocked =
        |why: String| failed(LOCKING, format!("`{}` is there and is NOT LOCKED: {why}", depot.called(key)));
    depot.lock(&found, wanted).await.map_err(|error| unlocked(error.to_string()))?;
    match depot.locked(&found).await? {
        is if holds(is) => Ok(()),
        _ => Err(unlocked("the store says that it locks, and does not".to_owned())),
    }
}

/// Throws the half of an object away, where that can be done soon.
async fn abandon(depot: &dyn Depot, upload: &Upload) {
    // The error before is the one that matters, and the next run tries again.
    let _ended = tokio::time::timeout(ABORT_WITHIN, depot.abort(upload)).await;
}

/// The object of that key.
async fn object(depot: &dyn Depot, key: &str, doing: &str) -> Result<Shown, ProviderError> {
    let found = depot.list(key).await?.into_iter().find(|object| object.key == key);
    found.ok_or_else(|| ProviderError {
        class: ErrorClass::NotFound,
        ..failed(doing, format!("there is no `{}`", depot.called(key)))
    })
}

async fn sums(depot: &dyn Depot, key: &str) -> Result<String, ProviderError> {
    let found = object(depot, &names::sums_of(key), CHECKING).await?;
    if found.size > SUMS_BYTES_MAX {
        return Err(failed(CHECKING, format!("`{}` holds something else", depot.called(&found.key))));
    }
    let bytes = depot.read(&found, 0..found.size).await?;
    String::from_utf8(bytes).map_err(|e| failed(CHECKING, e))
}

/// What is at the end of a key.
fn file(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// Brings a dump below this directory, into a folder that goes with it.
async fn brought(depot: &Arc<dyn Depot>, key: &str, under: &Path) -> Result<Copy, ProviderError> {
    let found = object(depot.as_ref(), key, FETCHING).await?;
    let folder = tempfile::Builder::new().prefix("drctl-dump-").tempdir_in(under);
    let folder = folder.map_err(|e| denied(FETCHING, under, &e))?;
    let path = folder.path().join("dump");
    let full = |e: std::io::Error| denied(FETCHING, &path, &e);
    let mut options = OpenOptions::new();
    let mut to = options.write(true).create_new(true).mode(0o600).open(&path).map_err(full)?;
    let ranges = (0..found.size.div_ceil(RANGE)).map(|n| n * RANGE..((n + 1) * RANGE).min(found.size));
    let reads = ranges.map(|range| depot.read(&found, range));
    let mut reads = stream::iter(reads).buffered(READS);
    let mut digest = Sha256::new();
    while let Some(bytes) = reads.try_next().await? {
        digest.update(&bytes);
        to.write_all(&bytes).map_err(full)?;
    }
    drop(reads);
    let sums = line(digest, file(key));
    Ok(Copy::brought(path, sums, folder))
}

/// Brings the dump of that key below this directory. It is what it was when it was made.
///
/// # Errors
/// When it is not there, is not what it was, cannot be read, or there is no room for it.
pub async fn fetched(depot: &Arc<dyn Depot>, key: &str, under: &Path) -> Result<Copy, ProviderError> {
    let written = sums(depot.as_ref(), key).await?;
    let copy = brought(depot, key, under).await?;
    copy.compare(&written, file(key)).await?;
    Ok(copy)
}
