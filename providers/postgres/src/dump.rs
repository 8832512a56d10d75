//! Dumps in a directory or in a bucket: each under its own name only once it is whole and kept, with its checksums
//! beside it.

mod bucket;
mod folder;
mod names;
mod parts;
mod sums;

use std::path::Path;
use std::sync::Arc;

use drctl_core::addr::Name;
use drctl_core::depot::Depot;
use drctl_core::provider::ProviderError;
use drctl_core::stored::{Made, Stored};
use drctl_core::system::{Backup, Destination, DumpFormat, PgDump};
use jiff::{SignedDuration, Timestamp};

use self::bucket::Bucket;
pub use self::bucket::fetched;
use self::folder::Folder;
use self::names::Names;
pub use self::sums::Copy;
use crate::tool::{Tool, failed, rejected};

const MAKING: &str = "making a dump";
const LISTING: &str = "listing dumps";
const CHECKING: &str = "comparing the checksums of a dump";
const REMOVING: &str = "removing a dump that is too old";

/// The dumps of one backup.
pub struct Dumps<'a> {
    dumping: Dumping<'a>,
    names: Names,
    keep: Option<SignedDuration>,
    store: Store,
}

/// What is dumped, and how.
struct Dumping<'a> {
    tool: Tool<'a>,
    is: &'a PgDump,
    database: &'a str,
}

/// Where they are kept.
enum Store {
    Folder(Folder),
    Bucket(Box<Bucket>),
}

/// A dump as it stands in its store.
struct Standing {
    name: String,
    began: Timestamp,
    bytes: u64,
    /// When its checksums were written; why nobody has them.
    summed: Result<Timestamp, String>,
    locked_until: Option<Timestamp>,
}

/// What became of a dump that is to be removed.
enum Gone {
    Removed,
    LockedUntil(Timestamp),
}

/// What was removed because it was too old, and what would have been, were it not locked.
#[derive(Debug, Default)]
pub struct Expired {
    /// What was removed.
    pub removed: Vec<String>,
    /// What is locked, and until when.
    pub locked: Vec<(String, Timestamp)>,
}

impl<'a> Dumps<'a> {
    /// Those of this backup. `open` gives the bucket that a place names.
    ///
    /// # Errors
    /// When they are not made by drctl, or not kept where it can.
    pub fn of(
        tool: Tool<'a>,
        (name, backup): (&Name, &'a Backup),
        is: &'a PgDump,
        open: impl FnOnce(&Destination) -> Result<Arc<dyn Depot>, ProviderError>,
    ) -> Result<Dumps<'a>, ProviderError> {
        let Some(database) = is.database.as_deref() else {
            let why = "the backup does not say its `database`, so somebody else makes it";
            return Err(rejected(LISTING, why));
        };
        let Some(to) = backup.dumped_to() else {
            let why =
                "no `to` of the backup has a `bucket`, or a directory as its `path` (it begins with `/`)";
            return Err(rejected(LISTING, why));
        };
        let store = match to.directory() {
            Some(folder) => Store::Folder(Folder::new(folder)),
            None => Store::Bucket(Box::new(Bucket::new(open(to), to))),
        };
        let (names, keep) = (Names::of(name), to.keep.or(is.keep));
        Ok(Dumps { dumping: Dumping { tool, is, database }, names, keep, store })
    }

    /// The dumps that there are, the oldest first.
    ///
    /// # Errors
    /// When nobody can tell which.
    pub async fn list(&self) -> Result<Vec<Stored>, ProviderError> {
        let standing = match &self.store {
            Store::Folder(folder) => folder.list(&self.names)?,
            Store::Bucket(bucket) => bucket.list(&self.names).await?,
        };
        let mut found: Vec<Stored> = standing.into_iter().map(Standing::stored).collect();
        found.sort_by(|a, b| (a.began, &a.id).cmp(&(b.began, &b.id)));
        Ok(found)
    }

    /// Makes a dump. Whoever calls it holds the lock of the backup: what an earlier one left unfinished is
    /// removed.
    ///
    /// # Errors
    /// When it was not made; then nothing is left that looks like one.
    pub async fn make(&self, now: Timestamp) -> Result<Stored, ProviderError> {
        self.sweep().await?;
        let name = self.names.at(now, self.dumping.is.format);
        let is_there = match &self.store {
            Store::Folder(folder) => folder.holds(&name),
            Store::Bucket(bucket) => bucket.holds(&name).await?,
        };
        if is_there {
            return Err(rejected(MAKING, format!("`{name}` is there already: it was made in this second")));
        }
        match &self.store {
            Store::Folder(folder) => folder.write(&self.dumping, &name).await?,
            Store::Bucket(bucket) => bucket.write(&self.dumping, &name, now).await?,
        }
        let listed = self.list().await?;
        let made = listed.into_iter().find(|point| point.id == name);
        made.ok_or_else(|| failed(MAKING, format!("`{name}` was written and is not there")))
    }

    /// Removes what was never finished.
    ///
    /// # Errors
    /// When it is not known what that is, or it cannot be removed.
    pub async fn sweep(&self) -> Result<(), ProviderError> {
        match &self.store {
            Store::Folder(folder) => folder.sweep(&self.names),
            Store::Bucket(bucket) => bucket.sweep(&self.names).await,
        }
    }

    /// Removes what is older than it is to be kept, but for the newest whole one and for what is locked.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub async fn expire(&self, now: Timestamp) -> Result<Expired, ProviderError> {
        let mut expired = Expired::default();
        let Some(oldest) = self.keep.and_then(|keep| now.checked_sub(keep).ok()) else { return Ok(expired) };
        let points = self.list().await?;
        let Some(last_good) = points.iter().rev().find(|p| p.flaw.is_none()) else { return Ok(expired) };
        for point in points.iter().filter(|p| p.began < oldest && p.id != last_good.id) {
            let gone = match &self.store {
                Store::Folder(folder) => folder.remove(&point.id)?,
                Store::Bucket(bucket) => bucket.remove(&point.id, now).await?,
            };
            match gone {
                Gone::Removed => expired.removed.push(point.id.clone()),
                Gone::LockedUntil(until) => expired.locked.push((point.id.clone(), until)),
            }
        }
        Ok(expired)
    }

    /// The dump on this machine: it, or what is brought below this directory and goes with the answer.
    ///
    /// # Errors
    /// When it cannot be read, or there is no room for it.
    pub async fn copy(&self, point: &Stored, under: &Path) -> Result<Copy, ProviderError> {
        match &self.store {
            Store::Folder(folder) => Ok(folder.copy(&point.id)),
            Store::Bucket(bucket) => bucket.copy(&point.id, under).await,
        }
    }

    /// How many things the dump's own list names.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn entries(&self, copy: &Copy) -> Result<usize, ProviderError> {
        let words = ["pg_restore".to_owned(), "--list".to_owned(), copy.path().display().to_string()];
        let said = self.dumping.tool.run(words.into()).await?;
        Ok(said.lines().filter(|line| !line.starts_with(';') && !line.trim().is_empty()).count())
    }

    /// Compares every file with its checksum; how many there are.
    ///
    /// # Errors
    /// When one is missing, is not what it was, or cannot be read.
    pub async fn checksums(&self, point: &Stored, copy: &Copy) -> Result<usize, ProviderError> {
        let written = match &self.store {
            Store::Folder(folder) => folder.sums(&point.id)?,
            Store::Bucket(bucket) => bucket.sums(&point.id).await?,
        };
        copy.compare(&written, &point.id).await
    }
}

impl Standing {
    fn stored(self) -> Stored {
        let Standing { name, began, bytes, summed, locked_until } = self;
        Stored {
            id: name,
            made: Made::Dump,
            began,
            ended: summed.as_ref().map_or(began, |at| began.max(*at)),
            bytes: Some(bytes),
            stored_bytes: Some(bytes),
            flaw: summed.err(),
            repository: None,
            locked_until,
            builds_on: Vec::new(),
        }
    }
}

impl Dumping<'_> {
    /// The command, but for where it writes to.
    fn words(&self) -> Vec<String> {
        let mut words = vec!["pg_dump".to_owned(), format!("--dbname={}", self.database)];
        match self.is.format {
            DumpFormat::Directory => {
                words.push("--format=directory".to_owned());
                words.extend(self.is.jobs.map(|jobs| format!("--jobs={jobs}")));
            }
            DumpFormat::Custom | DumpFormat::Plain | DumpFormat::Tar => {
                words.push("--format=custom".to_owned());
            }
        }
        words.extend(compress(self.is.compress.as_deref()));
        words.push("--no-password".to_owned());
        words
    }
}

/// How the dump is compressed, in the words of `pg_dump`.
fn compress(how: Option<&str>) -> Option<String> {
    let level = match how? {
        "gzip" => return None,
        "none" => "0",
        how => how.strip_prefix("gzip:").unwrap_or(how),
    };
    Some(format!("--compress={level}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_said_in_the_tools_words() {
        let cases = [
            (None, None),
            (Some("gzip"), None),
            (Some("gzip:9"), Some("--compress=9")),
            (Some("none"), Some("--compress=0")),
            (Some("zstd"), Some("--compress=zstd")),
        ];
        for (how, expected) in cases {
            assert_eq!(compress(how).as_deref(), expected);
        }
    }
}
