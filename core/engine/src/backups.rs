//! What drctl did for each backup: a line each time one was made or verified, with how long it took.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use drctl_core::alert::{Attempt, Record};
use drctl_core::stored::{Made, Stored, Verified};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError, plain_name, write_synced};

/// Largest record that is read: at a line an hour that is centuries.
const MAX_RECORD_BYTES: u64 = 256 << 20;

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took_ms: i64,
    /// By whom.
    pub by: String,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// A backup was made.
    Made {
        /// Of which type.
        made: Made,
        /// What stands in the repository since then.
        point: Stored,
        /// The canary that was written before.
        canary: Option<Timestamp>,
    },
    /// A backup was not made.
    NotMade {
        /// Of which type it was to be.
        made: Made,
        /// Why not.
        error: String,
    },
    /// A point was verified, or could not be.
    Verified {
        /// What came of it.
        verified: Box<Verified>,
    },
}

/// The record of one backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book(PathBuf);

/// What stands in a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    /// In the order in which they were written.
    pub all: Vec<Entry>,
    /// How many lines cannot be read: one that was cut off, or one of another version.
    pub unreadable: usize,
}

impl Book {
    /// Of the backup of that name, below drctl's data.
    pub fn new(data: &Path, backup: &str) -> Book {
        Book(data.join("backups").join(plain_name(backup)))
    }

    /// The lock of whoever makes or verifies this backup.
    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// The record itself.
    pub fn record(&self) -> PathBuf {
        self.0.join("record.jsonl")
    }

    /// Writes a line, and waits until it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&self, entry: &Entry) -> Result<(), FileError> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = self.record();
        let failed = |e| FileError::new("writing", &path, e);
        fs::create_dir_all(&self.0).map_err(failed)?;
        let torn = files::read(&path, MAX_RECORD_BYTES)?
            .is_some_and(|text| text.last().is_some_and(|b| *b != b'\n'));
        let mut options = File::options();
        let mut file = options.append(true).create(true).mode(0o600).open(&path).map_err(failed)?;
        let line = serde_json::to_string(entry).expect("an entry serialises to JSON");
        let before = if torn { "\n" } else { "" };
        write_synced(&mut file, format!("{before}{line}\n").as_bytes()).map_err(failed)
    }

    /// What stands in it; nothing when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self) -> Result<Entries, FileError> {
        let bytes = files::read(&self.record(), MAX_RECORD_BYTES)?.unwrap_or_default();
        let mut entries = Entries::default();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(entry) => entries.all.push(entry),
                Err(_) => entries.unreadable += 1,
            }
        }
        Ok(entries)
    }
}

impl Entries {
    /// The best verification of a point: the highest level, of these the last, with its time.
    pub fn best(&self, point: &str) -> Option<(Timestamp, &Verified)> {
        let of = |entry: &'_ Entry| match &entry.what {
            What::Verified { verified } if verified.point.as_ref().is_some_and(|p| p.id == point) => true,
            What::Verified { .. } | What::Made { .. } | What::NotMade { .. } => false,
        };
        let found = self.all.iter().filter(|entry| of(entry)).filter_map(|entry| match &entry.what {
            What::Verified { verified } => Some((entry.at, verified.as_ref())),
            What::Made { .. } | What::NotMade { .. } => None,
        });
        found
            .filter(|(_, verified)| verified.reached().is_some())
            .max_by_key(|(at, verified)| (verified.reached(), *at))
    }

    /// The same as alerts look at it.
    pub fn record(&self) -> Record {
        let mut record = Record::default();
        for entry in &self.all {
            let attempt =
                |made| Attempt { at: entry.at, took: SignedDuration::from_millis(entry.took_ms), made };
            match &entry.what {
                What::Made { point, .. } => record.attempts.push(attempt(Ok(point.clone()))),
                What::NotMade { error, .. } => record.attempts.push(attempt(Err(error.clone()))),
                What::Verified { verified } if verified.failed.is_none() => {
                    record.verified.extend(verified.reached().map(|level| (entry.at, level)));
                }
                What::Verified { .. } => {}
            }
        }
        record
    }

    /// How many seconds each backup took that was made, the oldest first.
    pub fn seconds(&self) -> Vec<i64> {
        let made = self.all.iter().filter(|entry| matches!(entry.what, What::Made { .. }));
        made.map(|entry| (entry.took_ms + 999) / 1_000).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use drctl_core::stored::{Level, Proved};

    use super::*;

    fn entry(at: &str, level: Level) -> Entry {
        let point = Stored {
            id: "p".to_owned(),
            made: Made::Dump,
            began: Timestamp::UNIX_EPOCH,
            ended: Timestamp::UNIX_EPOCH,
            bytes: None,
            stored_bytes: None,
            flaw: None,
            repository: None,
            locked_until: None,
            builds_on: Vec::new(),
        };
        let proved = vec![Proved { level, took_ms: 1, said: String::new() }];
        let verified = Verified { point: Some(point), proved, ..Verified::default() };
        let what = What::Verified { verified: Box::new(verified) };
        Entry { at: at.parse().unwrap(), took_ms: 1_001, by: "ann".to_owned(), what }
    }

    #[test]
    fn a_line_that_was_cut_off_is_counted_and_harms_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let book = Book::new(dir.path(), "wal");
        book.append(&entry("2026-03-01T00:00:00Z", Level::Restores)).unwrap();
        let torn = fs::read_to_string(book.record()).unwrap() + "{\"at\":\"2026";
        fs::write(book.record(), torn).unwrap();
        book.append(&entry("2026-03-02T00:00:00Z", Level::Listed)).unwrap();
        let entries = book.read().unwrap();
        assert_eq!((entries.all.len(), entries.unreadable), (2, 1));
        let (at, best) = entries.best("p").unwrap();
        assert_eq!(
            (at.to_string().as_str(), best.reached()),
            ("2026-03-01T00:00:00Z", Some(Level::Restores))
        );
        assert!(entries.best("q").is_none());
        assert_eq!(fs::metadata(book.record()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn no_name_leads_out_of_the_folder_and_no_two_to_the_same() {
        let data = Path::new("/data");
        let folder = |name: &str| Book::new(data, name).0;
        for name in ["../../etc", "x[\"a b\"]", "x[\"a-b\"]", "", "..", &"x".repeat(500)] {
            assert_eq!(folder(name).parent(), Some(Path::new("/data/backups")), "{name}");
        }
        assert_ne!(folder("x[\"a b\"]"), folder("x[\"a-b\"]"));
        assert_eq!(folder("wal"), Path::new("/data/backups/wal"));
    }
}
