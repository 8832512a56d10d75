//! The simulated world as data: accounts, regions and what is in them, the virtual clock, and what
//! is broken at the moment. The fields are public because any value is a legal world to start from;
//! [`SimWorld::check`] says whether one is consistent.

use std::collections::{BTreeMap, BTreeSet};

pub use drctl_aws::port::ObjectRetention;
use drctl_aws::port::{
    DbInstance, DbSnapshot, Encryption, LifecycleRule, ObjectLockConfiguration, PublicAccessBlock,
    ReplicatedBackup, ReplicationConfiguration, VersioningState,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the world's file format.
pub const SCHEMA: u32 = 1;
/// The account of a fresh world.
pub const DEFAULT_ACCOUNT: &str = "000000000000";
/// The account that owns the names that are taken by somebody else.
pub const FOREIGN_ACCOUNT: &str = "999999999999";

/// Regions of a fresh world, all on by default in a new account.
const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Everything there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimWorld {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The virtual clock; it moves only by [`SimWorld::advance`].
    pub now: Timestamp,
    /// What is seeded: faults, lags, generated ids.
    pub seed: u64,
    /// Accounts by number.
    pub accounts: BTreeMap<String, Account>,
    /// Every region that exists, and what is wrong with it.
    pub regions: BTreeMap<String, RegionState>,
    /// R15: for each destination region, the regions whose automated backups it can receive.
    pub source_regions: BTreeMap<String, BTreeSet<String>>,
    /// Operations denied in every region: `Operation` or `Operation:resource`, `*` matches anything.
    pub denied: BTreeSet<String>,
    /// S28: names of deleted buckets and when they can be used again.
    pub released_names: BTreeMap<String, Timestamp>,
    /// Seeded faults.
    pub faults: Vec<Fault>,
    /// How often each call has met a fault's dice.
    pub fault_throws: BTreeMap<String, u64>,
    /// Eventual consistency; none: every read sees every write.
    pub consistency: Option<Consistency>,
    /// What reads still see of things that were changed.
    pub stale: Vec<Stale>,
    /// How long things take.
    pub pace: Pace,
    /// Calls that changed something so far.
    pub writes: u64,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// ARN of who is calling.
    pub caller: String,
    /// What is in each region.
    pub regions: BTreeMap<String, Contents>,
}

/// What an account has in a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contents {
    /// Buckets by name.
    pub buckets: BTreeMap<String, Bucket>,
    /// Instances by identifier.
    pub db_instances: BTreeMap<String, Database>,
    /// Replicated automated backups by ARN of the source instance; this is the destination.
    pub replicated_backups: BTreeMap<String, Replicated>,
    /// Snapshots by identifier.
    pub db_snapshots: BTreeMap<String, Snapshot>,
}

/// A bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bucket {
    /// Versioning.
    pub versioning: VersioningState,
    /// Object Lock.
    pub object_lock: Option<ObjectLockConfiguration>,
    /// Lifecycle rules.
    pub lifecycle: Vec<LifecycleRule>,
    /// The replication document.
    pub replication: Option<ReplicationConfiguration>,
    /// Default encryption.
    pub encryption: Option<Encryption>,
    /// Public access block.
    pub public_access_block: Option<PublicAccessBlock>,
    /// The policy's text.
    pub policy: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Versions of each key, oldest first.
    pub objects: BTreeMap<String, Vec<ObjectVersion>>,
    /// What is being made in parts, by the id of the upload.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub uploads: BTreeMap<String, Upload>,
}

/// An object that is being made in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upload {
    /// The key that it will have.
    pub key: String,
    /// When it was begun.
    pub began: Timestamp,
    /// The retention that it will have.
    pub retention: Option<ObjectRetention>,
    /// What has arrived, by number.
    pub parts: BTreeMap<u32, Part>,
}

/// A part that has arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Part {
    /// Its size in bytes.
    pub size: u64,
    /// Its ETag.
    pub etag: String,
    /// What is in it, of a small one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// One version of an object, or a delete marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectVersion {
    /// Its id; `null` when versioning was not enabled (S15).
    pub id: String,
    /// Whether it is a delete marker.
    pub delete_marker: bool,
    /// When it was written.
    pub written: Timestamp,
    /// What is in it.
    #[serde(default)]
    pub content: Content,
    /// Whether it is a replica, which is not replicated again (S20).
    pub replica: bool,
    /// Its retention (S3, S4).
    pub retention: Option<ObjectRetention>,
    /// Whether a legal hold is on it (S8).
    pub legal_hold: bool,
    /// Where it still has to go.
    pub replicating: Vec<Replicating>,
}

/// What is in an object, as far as anybody asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Content {
    /// Its size in bytes.
    pub size: u64,
    /// Its ETag: the same for the same content.
    pub etag: String,
    /// The text, where it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The bytes, of a small object that came in parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// One copy that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replicating {
    /// ARN of the destination bucket.
    pub destination: String,
    /// When it arrives.
    pub due: Timestamp,
}

/// An instance and what the port does not show of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// As described.
    pub instance: DbInstance,
    /// When its automated backups were taken, oldest first.
    pub backups: Vec<Timestamp>,
    /// What it is busy with.
    pub settling: Option<Settling>,
    /// Which pending values take effect when it has settled: `backup_retention_period`, `multi_az`,
    /// or the API name of another. The rest waits for the maintenance window (R4).
    pub soon: BTreeSet<String>,
    /// Days of automated backups that it keeps once it is promoted, while that goes on (R24).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoting: Option<u32>,
}

/// A replicated automated backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replicated {
    /// As described.
    pub backup: ReplicatedBackup,
    /// Until the first copy has arrived.
    pub settling: Option<Settling>,
}

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// As described.
    pub snapshot: DbSnapshot,
    /// Until it is available.
    pub settling: Option<Settling>,
}

/// Something takes a while: it is over at a time, or once it was looked at often enough, whichever
/// comes first. The second lets a run without a moving clock go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settling {
    /// Over at this time.
    pub until: Timestamp,
    /// Over after this many looks.
    pub looks: u32,
}

/// What is wrong with a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegionState {
    /// How it fails, when it does.
    pub outage: Option<Outage>,
    /// So many of the next calls are throttled.
    pub throttled: u32,
    /// Operations denied here, as in [`SimWorld::denied`].
    pub denied: BTreeSet<String>,
}

/// How a region fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outage {
    /// Connections are refused.
    Unavailable,
    /// Nothing answers; the call gives up at once, as if its time had run out.
    Timeout,
}

/// A seeded fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Operations it meets, as in [`SimWorld::denied`].
    pub pattern: String,
    /// How likely, in per mille.
    pub per_mille: u32,
    /// Whether the call took effect although it failed.
    pub moment: FaultMoment,
}

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultMoment {
    /// Before the call took effect.
    Before,
    /// After it took effect: the answer is lost.
    After,
}

/// Reads lag behind writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    /// At most so many reads of a changed thing see it as it was.
    pub reads_max: u32,
    /// And for at most so many virtual seconds.
    pub seconds_max: u32,
}

/// A changed thing as reads still see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stale {
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its key in [`Contents`].
    pub name: String,
    /// What it was.
    pub before: Before,
    /// Until when it is seen so.
    pub until: Timestamp,
    /// By how many more reads.
    pub reads: u32,
}

/// What a thing was before it was changed; `None`: not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Before {
    /// A bucket.
    Bucket(Option<Box<Bucket>>),
    /// An instance.
    Database(Option<Box<Database>>),
    /// A replicated automated backup.
    Replicated(Option<Box<Replicated>>),
    /// A snapshot.
    Snapshot(Option<Box<Snapshot>>),
}

/// How long things take, in virtual seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pace {
    /// A modification of an instance.
    pub modify_seconds: u32,
    /// A snapshot.
    pub snapshot_seconds: u32,
    /// A restore, until the new instance is available.
    pub restore_seconds: u32,
    /// The first copy of replicated automated backups.
    pub first_copy_seconds: u32,
    /// How far replicated automated backups are behind their source.
    pub backup_lag_seconds: u32,
    /// An object's way to its replica.
    pub replication_seconds: u32,
    /// How long the name of a deleted bucket stays unavailable.
    pub name_release_seconds: u32,
    /// After so many looks something is settled although the clock stands; 0: at once.
    pub looks: u32,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            modify_seconds: 120,
            snapshot_seconds: 300,
            restore_seconds: 900,
            first_copy_seconds: 900,
            backup_lag_seconds: 300,
            replication_seconds: 60,
            name_release_seconds: 3600,
            looks: 1,
        }
    }
}

impl Default for SimWorld {
    fn default() -> SimWorld {
        SimWorld {
            schema: SCHEMA,
            now: Timestamp::from_second(1_772_452_800).expect("2026-03-02T12:00:00Z is in range"),
            seed: 0,
            accounts: BTreeMap::from([(DEFAULT_ACCOUNT.to_owned(), Account::new(DEFAULT_ACCOUNT))]),
            regions: REGIONS.iter().map(|r| ((*r).to_owned(), RegionState::default())).collect(),
            source_regions: default_source_regions(),
            denied: BTreeSet::new(),
            released_names: BTreeMap::new(),
            faults: Vec::new(),
            fault_throws: BTreeMap::new(),
            consistency: None,
            stale: Vec::new(),
            pace: Pace::default(),
            writes: 0,
        }
    }
}

/// Every region can receive from every other, but South America: the real table is the cloud's to
/// tell (R15), and a world needs a pair that is refused.
fn default_source_regions() -> BTreeMap<String, BTreeSet<String>> {
    let able = |r: &&&str| **r != "sa-east-1";
    let pairs = REGIONS.iter().filter(able).map(|to| {
        let from = REGIONS.iter().filter(able).filter(|from| *from != to);
        ((*to).to_owned(), from.map(|r| (*r).to_owned()).collect())
    });
    pairs.collect()
}

impl Account {
    /// An empty account.
    pub fn new(number: &str) -> Account {
        Account { caller: format!("arn:aws:iam::{number}:user/drctl"), regions: BTreeMap::new() }
    }
}

/// Who calls, from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) region: String,
}

impl SimWorld {
    /// What the caller has in its region.
    pub(crate) fn here(&self, caller: &Caller) -> Option<&Contents> {
        self.accounts.get(&caller.account)?.regions.get(&caller.region)
    }

    /// What the caller has in its region, to change it.
    pub(crate) fn here_mut(&mut self, caller: &Caller) -> &mut Contents {
        let account =
            self.accounts.entry(caller.account.clone()).or_insert_with(|| Account::new(&caller.account));
        account.regions.entry(caller.region.clone()).or_default()
    }

    /// Where a bucket is: names are global (S28).
    pub fn find_bucket(&self, name: &str) -> Option<(&str, &str, &Bucket)> {
        self.accounts.iter().find_map(|(number, account)| {
            account.regions.iter().find_map(|(region, contents)| {
                contents.buckets.get(name).map(|b| (number.as_str(), region.as_str(), b))
            })
        })
    }

    /// As [`SimWorld::find_bucket`], to change it.
    pub fn find_bucket_mut(&mut self, name: &str) -> Option<&mut Bucket> {
        let regions = self.accounts.values_mut().flat_map(|a| a.regions.values_mut());
        regions.into_iter().find_map(|contents| contents.buckets.get_mut(name))
    }

    /// Whether a region exists and nothing is wrong with it as a whole.
    pub fn is_up(&self, region: &str) -> bool {
        self.regions.get(region).is_some_and(|r| r.outage.is_none())
    }
}
