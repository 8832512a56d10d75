//! How things can come back: the typed facts a kind states about itself, and the steps it knows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::provider::{Id, Place};
use crate::value::Value;

/// How a database or bucket can come back: typed facts for the recovery planner. Regions are the
/// provider's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Protection {
    /// The thing itself holds a restorable history in its own region.
    PointInTime {
        /// Where the history lives.
        region: String,
        /// How old the newest restorable instant gets, as the provider says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lag_max: Option<SignedDuration>,
        /// The restorable window, when the provider told it.
        window: Option<Window>,
    },
    /// A copy of another thing's restorable history, in another region.
    ReplicatedBackups {
        /// The provider's name (ARN) of the thing it is a copy of.
        of: String,
        /// The provider's name (ARN) of the copy itself, when the provider told it: what a restore names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        backup: Option<String>,
        /// Where the copy lives.
        region: String,
        /// The restorable window, when the provider told it.
        window: Option<Window>,
    },
    /// One moment of another thing.
    Snapshot {
        /// The provider's name (ARN or identifier) of the thing it was taken of.
        of: String,
        /// The snapshot's own name.
        snapshot: String,
        /// Where it lives.
        region: String,
        /// The moment, once it exists.
        at: Option<Timestamp>,
    },
    /// Objects written here are copied to another bucket.
    ReplicatesTo {
        /// The provider's name (ARN) of the destination.
        to: String,
        /// The rule.
        rule: String,
        /// The prefix the rule is limited to; empty for all.
        prefix: String,
        /// The lag the provider promises, when it promises one.
        lag_max: Option<SignedDuration>,
        /// The key that the copies are encrypted with, when the rule says one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// A thing that follows another, and can take its place for good.
    Replica {
        /// The provider's name (ARN or identifier) of the thing that it follows.
        of: String,
        /// Its own.
        replica: String,
        /// Where it is.
        region: String,
        /// The most that it is behind, where somebody says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lag_max: Option<SignedDuration>,
    },
    /// Earlier versions of what is here can be brought back, here.
    Versions {
        /// Where.
        region: String,
    },
}

impl Protection {
    /// Whether what is lost by it is a value that the provider can be asked for.
    pub fn is_measured(&self) -> bool {
        match self {
            Protection::PointInTime { .. }
            | Protection::ReplicatedBackups { .. }
            | Protection::Replica { .. } => true,
            Protection::Snapshot { .. } | Protection::ReplicatesTo { .. } | Protection::Versions { .. } => {
                false
            }
        }
    }

    /// Whether it reaches back to before data went wrong; a live copy has what is wrong too.
    pub fn has_past(&self) -> bool {
        match self {
            Protection::ReplicatesTo { .. } | Protection::Replica { .. } => false,
            Protection::PointInTime { .. }
            | Protection::ReplicatedBackups { .. }
            | Protection::Snapshot { .. }
            | Protection::Versions { .. } => true,
        }
    }

    /// Whether it stands in the thing itself, so that whoever empties that takes it along.
    pub fn stands_with_the_data(&self) -> bool {
        match self {
            Protection::Versions { .. } => true,
            Protection::PointInTime { .. }
            | Protection::ReplicatedBackups { .. }
            | Protection::Snapshot { .. }
            | Protection::Replica { .. }
            | Protection::ReplicatesTo { .. } => false,
        }
    }
}

/// Something that is kept for a while, for [`Kind::retention`](crate::provider::Kind::retention).
#[derive(Debug, Clone, Copy)]
pub enum Kept<'k> {
    /// The points of a protection that the thing itself states.
    Points(&'k Protection),
    /// What is put into it under this name or path.
    Object(&'k str),
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// It is gone for good after this; none when nothing takes it away, or nobody knows.
    pub gone_after: Option<SignedDuration>,
    /// Nobody can take it away before this.
    pub locked_for: Option<SignedDuration>,
}

/// What keeps what a thing holds there and readable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Safeguards {
    /// The keys without which it cannot be read: ARNs, ids or aliases.
    pub keys: BTreeSet<String>,
    /// For how long after it was written nobody can delete it, not even with the account's own rights.
    pub locked: Option<Lock>,
}

/// A lock that nobody can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// For how long after it was written.
    pub length: SignedDuration,
    /// The fact that this rests on.
    pub fact: crate::fact::FactId,
}

/// A restorable window: from the earliest to the latest restorable instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The earliest restorable instant.
    pub earliest: Option<Timestamp>,
    /// The latest restorable instant.
    pub latest: Option<Timestamp>,
}

/// How one thing is recovered from a [`Protection`], as the kind knows it: a step with the exact
/// command a person would type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryStep {
    /// Stable within the plan of one datastore: `restore`, `wait`, `protect`.
    pub id: String,
    /// What is done, in a few words: "restore `main` to `main-dr-…` at 13:58:00Z".
    pub summary: String,
    /// Which part of the way back it belongs to.
    pub phase: Phase,
    /// What it is: changes something, checks something, or asks a person.
    pub nature: StepNature,
    /// The steps of the same datastore that come before.
    pub needs: Vec<String>,
    /// What has to be true before, in words, beyond the steps it needs.
    pub before: Vec<String>,
    /// What nobody has said that it cannot be done without, and how it is said; none where it can be done.
    pub unsaid: Option<String>,
    /// The API it needs, with the region: `rds` in `eu-west-2`, control or data plane.
    pub api: Option<ApiNeed>,
    /// The equivalent command, one word an element. Of a manual step the one that tells the person
    /// what is needed for it; may be empty there.
    pub command: Vec<String>,
    /// The same as the kind does it; none where only a command or a person does.
    pub verb: Option<Verb>,
    /// For how long it is asked again as long as it does not hold yet.
    pub within: Option<SignedDuration>,
    /// The usual and the unlucky duration.
    pub estimate: Estimate,
    /// Why this step is there.
    pub why: String,
    /// How it is taken back.
    pub undo: Undo,
    /// The facts it rests on.
    pub facts: Vec<crate::fact::FactId>,
}

/// What has to be true of the objects that a thing holds, for [`Kind::see`](crate::provider::Kind::see).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seeing {
    /// The name of one object.
    pub key: Option<String>,
    /// What the names of several begin with; empty for all.
    pub prefix: String,
    /// How many there are at least.
    pub count: u64,
    /// The version of the one object.
    pub version: Option<String>,
    /// Its checksum: `ALGORITHM:VALUE`.
    pub checksum: Option<String>,
    /// Until when nobody may be able to delete it.
    pub locked_until: Option<Timestamp>,
    /// After when it, or the newest of several, was written.
    pub written_after: Option<Timestamp>,
}

/// How it is looked whether that is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// What a person would type.
    pub command: Vec<String>,
    /// The same as the kind does it.
    pub verb: Verb,
    /// The API it needs.
    pub api: Option<ApiNeed>,
}

/// Something that a kind does in a recovery, beyond settings: restore, wait. Everything in it was decided by
/// the planner. It is safe to repeat under the same attempt key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verb {
    /// `restore_to_point_in_time`.
    #[serde(rename = "verb")]
    pub name: String,
    /// What it is done with.
    pub arguments: BTreeMap<String, Value>,
}

/// How a recovery step is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Undo {
    /// It changes nothing that would have to be taken back.
    Nothing,
    /// By a person.
    ByHand {
        /// What they do, in words.
        how: String,
    },
    /// By a command.
    Command {
        /// One word an element.
        words: Vec<String>,
    },
    /// Not at all: the first such step of a datastore is its pivot.
    Never {
        /// Why not.
        why: String,
    },
}

/// How what a step has made in a drill is removed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeDown {
    /// As the kind does it. It removes nothing that does not bear the key of the attempt that made it.
    pub verb: Verb,
    /// What a person types once nothing protects it any more, one word an element.
    pub command: Vec<String>,
    /// For how long it is tried again as long as it cannot be done yet.
    pub within: SignedDuration,
    /// The facts it rests on.
    pub facts: Vec<crate::fact::FactId>,
}

/// The parts of a way back, in their order. Nothing of a later one starts before the earlier are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// What is done before anything is stopped, while all works: only of a move that somebody chooses.
    Prepare,
    /// Keeps the damage from growing: stop what writes.
    Contain,
    /// Brings the data back, under a name that was never used, or finds the copy to use.
    Restore,
    /// Looks at what came back, before anybody depends on it.
    Verify,
    /// Makes sure that nothing writes to the lost one any more, before its users are sent elsewhere.
    Fence,
    /// Sends its users there. From here on the lost one is no longer the truth.
    Redirect,
    /// Looks at it through those who use it.
    Confirm,
    /// Lets writers write again. Here the downtime ends.
    Resume,
    /// Protects what is now in use.
    Protect,
}

impl Phase {
    /// Whether the service is down until a step of this phase is done.
    pub fn is_downtime(self) -> bool {
        self > Phase::Prepare && self < Phase::Protect
    }
}

/// What a recovery step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepNature {
    /// A machine does it.
    Auto,
    /// A machine checks it.
    Check,
    /// A person does it.
    Manual,
}

/// An API that a step needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiNeed {
    /// `rds`, `s3`.
    pub service: String,
    /// The region it is called in.
    pub region: String,
    /// Whether it is the service's control plane.
    pub control_plane: bool,
}

/// How long something takes and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Half of the time it is done within this.
    pub p50: SignedDuration,
    /// 19 times of 20 it is done within this.
    pub p95: SignedDuration,
    /// `default`, `declared` or `measured`, with the source.
    pub source: String,
}

/// What is known of a thing, for [`Kind::protections`](crate::provider::Kind::protections) and
/// [`Kind::recover`](crate::provider::Kind::recover).
#[derive(Debug, Clone, Copy)]
pub struct Subject<'p> {
    /// Its name at the provider.
    pub id: &'p Id,
    /// Set attributes: written and known, else observed.
    pub attributes: &'p BTreeMap<String, Value>,
    /// Outputs: observed, else derived.
    pub outputs: &'p BTreeMap<String, Value>,
    /// Where it is.
    pub place: &'p Place,
}

/// Where a thing is brought back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The region.
    pub region: String,
    /// The new name, which carries the run's id. Never the name of what was lost.
    pub name: String,
    /// The instant to restore to; none for the newest.
    pub at: Option<Timestamp>,
    /// The time of planning.
    pub now: Timestamp,
}
