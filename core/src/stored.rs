//! What stands in the repository of a backup, as the tool that keeps it tells, and how far it was made sure
//! that one can come back from it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is restored from by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// A full backup of pgBackRest.
    Full,
    /// What changed since the full one.
    Differential,
    /// What changed since the last one of any type.
    Incremental,
    /// A dump.
    Dump,
    /// A snapshot of files.
    Snapshot,
}

impl Made {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Made::Full => "full",
            Made::Differential => "differential",
            Made::Incremental => "incremental",
            Made::Dump => "dump",
            Made::Snapshot => "snapshot",
        }
    }
}

/// One restore point that stands in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// What the tool calls it: a label, a file, an id.
    pub id: String,
    /// What it is.
    pub made: Made,
    /// When it was begun: of a dump and a snapshot, the moment that it holds.
    pub began: Timestamp,
    /// When it was whole: what builds on a log can be brought to this moment and later.
    pub ended: Timestamp,
    /// How large the data is.
    pub bytes: Option<u64>,
    /// How much of the repository is its own.
    pub stored_bytes: Option<u64>,
    /// Why it is not to be restored from.
    pub flaw: Option<String>,
    /// Which of several repositories it stands in: 1 is the first.
    pub repository: Option<u32>,
    /// Those that it does not work without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds_on: Vec<String>,
}

/// How far it was made sure that one can come back from a point. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The repository lists it.
    Listed,
    /// All of it can be read.
    Readable,
    /// Its checksums are right.
    Checksum,
    /// It was restored.
    Restores,
    /// Questions to what was restored are answered as expected.
    Queries,
    /// What was restored holds a canary that is fresh.
    Canary,
}

impl Level {
    /// All, the least first.
    pub const ALL: [Level; 6] =
        [Level::Listed, Level::Readable, Level::Checksum, Level::Restores, Level::Queries, Level::Canary];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Listed => "listed",
            Level::Readable => "readable",
            Level::Checksum => "checksum",
            Level::Restores => "restores",
            Level::Queries => "queries",
            Level::Canary => "canary",
        }
    }
}
