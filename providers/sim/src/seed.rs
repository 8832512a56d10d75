//! The seed format: a small, friendly description of what is in the cloud before drctl comes.
//!
//! ```json
//! {
//!   "now": "2026-03-02T12:00:00Z",
//!   "regions": {
//!     "eu-west-1": {
//!       "db_instances": { "main": { "engine": "postgres", "backup_retention_period": 7 } },
//!       "buckets": { "invoices": { "versioning": "Enabled", "objects": ["2026/1.pdf"] } }
//!     }
//!   },
//!   "foreign_buckets": ["taken"]
//! }
//! ```
//! Everything but the names has a default; an unknown word is an error.

use std::collections::{BTreeMap, BTreeSet};

use drctl_aws::port::{
    DbInstance, DbSnapshot, DefaultRetention, Encryption, LockMode, ObjectLockConfiguration,
    PendingModifiedValues, Period, PublicAccessBlock, VersioningStatus,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::error::SimError;
use crate::rds::backup_arn;
use crate::stale::later;
use crate::window::Window;
use crate::world::{
    Account, Bucket, Caller, Consistency, Contents, DEFAULT_ACCOUNT, Database, FOREIGN_ACCOUNT, Fault, Pace,
    Replicated, SimWorld, Snapshot,
};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Seed {
    now: Option<Timestamp>,
    seed: Option<u64>,
    account: String,
    caller: Option<String>,
    regions: BTreeMap<String, Region>,
    foreign_buckets: BTreeSet<String>,
    faults: Vec<Fault>,
    consistency: Option<Consistency>,
    pace: Option<Pace>,
    denied: BTreeSet<String>,
}

impl Default for Seed {
    fn default() -> Seed {
        Seed {
            now: None,
            seed: None,
            account: DEFAULT_ACCOUNT.to_owned(),
            caller: None,
            regions: BTreeMap::new(),
            foreign_buckets: BTreeSet::new(),
            faults: Vec::new(),
            consistency: None,
            pace: None,
            denied: BTreeSet::new(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Region {
    buckets: BTreeMap<String, SeedBucket>,
    db_instances: BTreeMap<String, SeedInstance>,
    db_snapshots: BTreeMap<String, SeedSnapshot>,
    /// Source ARN or `region/identifier` to what is kept here.
    replicated_backups: BTreeMap<String, SeedReplicated>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SeedBucket {
    versioning: Option<VersioningStatus>,
    mfa_delete: bool,
    object_lock: Option<SeedLock>,
    encryption: Option<Encryption>,
    public_access_block: Option<PublicAccessBlock>,
    policy: Option<serde_json::Value>,
    tags: BTreeMap<String, String>,
    objects: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SeedLock {
    mode: Option<String>,
    days: Option<u32>,
    years: Option<u32>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SeedInstance {
    engine: String,
    engine_version: String,
    class: String,
    allocated_storage_gib: u32,
    port: u16,
    status: String,
    backup_retention_period: u32,
    /// Since when there are automated backups; by default as long as the retention allows.
    backups_since: Option<Timestamp>,
    preferred_backup_window: String,
    preferred_maintenance_window: String,
    deletion_protection: bool,
    copy_tags_to_snapshot: bool,
    multi_az: bool,
    storage_encrypted: bool,
    kms_key_id: Option<String>,
    read_replica_source: Option<String>,
    read_replicas: Vec<String>,
    db_subnet_group: Option<String>,
    parameter_groups: Vec<String>,
    vpc_security_groups: Vec<String>,
    aws_backup_recovery_point_arn: Option<String>,
    pending: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
}

impl Default for SeedInstance {
    fn default() -> SeedInstance {
        SeedInstance {
            engine: "postgres".into(),
            engine_version: "16.4".into(),
            class: "db.t4g.medium".into(),
            allocated_storage_gib: 20,
            port: 5432,
            status: "available".into(),
            backup_retention_period: 1,
            backups_since: None,
            preferred_backup_window: "03:00-03:30".into(),
            preferred_maintenance_window: "sun:04:00-sun:04:30".into(),
            deletion_protection: false,
            copy_tags_to_snapshot: false,
            multi_az: false,
            storage_encrypted: false,
            kms_key_id: None,
            read_replica_source: None,
            read_replicas: Vec::new(),
            db_subnet_group: None,
            parameter_groups: Vec::new(),
            vpc_security_groups: Vec::new(),
            aws_backup_recovery_point_arn: None,
            pending: BTreeMap::new(),
            tags: BTreeMap::new(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedSnapshot {
    instance: String,
    #[serde(default)]
    created: Option<Timestamp>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedReplicated {
    backup_retention_period: u32,
    #[serde(default)]
    kms_key_id: Option<String>,
}

impl SimWorld {
    /// A world from a seed.
    pub fn seed(json: &serde_json::Value) -> Result<SimWorld, SimError> {
        let mut world = SimWorld::default();
        world.sow(json)?;
        Ok(world)
    }

    /// Adds what a seed describes to this world. What has the same name is replaced. On an error the
    /// world is as it was.
    pub fn sow(&mut self, json: &serde_json::Value) -> Result<(), SimError> {
        let seed: Seed = serde_json::from_value(json.clone()).map_err(|e| SimError::Seed(e.to_string()))?;
        let mut world = self.clone();
        world.now = seed.now.unwrap_or(world.now);
        (world.seed, world.pace) = (seed.seed.unwrap_or(world.seed), seed.pace.unwrap_or(world.pace));
        world.consistency = seed.consistency.or(world.consistency);
        world.faults.extend(seed.faults);
        world.denied.extend(seed.denied);
        // A fresh world's empty default account gives way to the seed's.
        if seed.account != DEFAULT_ACCOUNT
            && world.accounts.get(DEFAULT_ACCOUNT) == Some(&Account::new(DEFAULT_ACCOUNT))
        {
            world.accounts.remove(DEFAULT_ACCOUNT);
        }
        let account =
            world.accounts.entry(seed.account.clone()).or_insert_with(|| Account::new(&seed.account));
        if let Some(caller) = seed.caller {
            account.caller = caller;
        }
        let copies = sow_regions(&mut world, &seed.account, seed.regions)?;
        for (here, source, copy) in copies {
            sow_copy(&mut world, &here, &source, &copy)?;
        }
        let stranger = Caller { account: FOREIGN_ACCOUNT.into(), region: "us-east-1".into() };
        for name in seed.foreign_buckets {
            world.here_mut(&stranger).buckets.insert(name, Bucket::default());
        }
        let problems = world.check();
        if !problems.is_empty() {
            return Err(SimError::Seed(problems.join("; ")));
        }
        *self = world;
        Ok(())
    }
}

type Copies = Vec<(Caller, String, SeedReplicated)>;

fn sow_regions(
    world: &mut SimWorld,
    account: &str,
    regions: BTreeMap<String, Region>,
) -> Result<Copies, SimError> {
    let mut copies = Vec::new();
    for (region, contents) in regions {
        if !world.regions.contains_key(&region) {
            return Err(SimError::Seed(format!("there is no region `{region}`")));
        }
        let here = Caller { account: account.to_owned(), region };
        for (name, instance) in contents.db_instances {
            let database = instance.into_database(&here, &name, world.now)?;
            world.here_mut(&here).db_instances.insert(name, database);
        }
        for (name, bucket) in contents.buckets {
            let objects = bucket.objects.clone();
            let made = bucket.into_bucket(&name)?;
            world.here_mut(&here).buckets.insert(name.clone(), made);
            for key in objects {
                world.put_object(&name, &key)?;
            }
        }
        let now = world.now;
        for (name, snapshot) in contents.db_snapshots {
            let made = snapshot.into_snapshot(&here, &name, now, world.here_mut(&here))?;
            world.here_mut(&here).db_snapshots.insert(name, made);
        }
        copies.extend(
            contents.replicated_backups.into_iter().map(|(source, copy)| (here.clone(), source, copy)),
        );
    }
    Ok(copies)
}

fn sow_copy(
    world: &mut SimWorld,
    here: &Caller,
    source: &str,
    copy: &SeedReplicated,
) -> Result<(), SimError> {
    let arn = match source.split_once('/') {
        Some((region, name)) => format!("arn:aws:rds:{region}:{}:db:{name}", here.account),
        None => source.to_owned(),
    };
    let unknown = || SimError::Seed(format!("replicated_backups: there is no instance `{source}`"));
    let from = crate::rds::by_arn(world, &arn).ok_or_else(unknown)?;
    let latest = from.instance.latest_restorable_time;
    let floor = latest.map(|l| later(l, -i64::from(copy.backup_retention_period) * 86_400));
    let earliest = from.backups.first().copied().max(floor);
    let backup = drctl_aws::port::ReplicatedBackup {
        arn: backup_arn(world, here, &arn),
        source_arn: arn.clone(),
        source_region: crate::rds::region_of(&arn).ok_or_else(unknown)?.to_owned(),
        status: "replicating".into(),
        backup_retention_period: copy.backup_retention_period,
        kms_key_id: copy.kms_key_id.clone(),
        earliest,
        latest: world.source_latest(&arn).max(earliest),
        engine: from.instance.engine.clone(),
        allocated_storage_gib: from.instance.allocated_storage_gib,
    };
    world.here_mut(here).replicated_backups.insert(arn, Replicated { backup, settling: None });
    Ok(())
}

impl SeedBucket {
    fn into_bucket(self, name: &str) -> Result<Bucket, SimError> {
        let object_lock = self.object_lock.map(|l| l.into_lock(name)).transpose()?;
        let policy = match self.policy {
            Some(serde_json::Value::String(text)) => Some(text),
            Some(document) => Some(document.to_string()),
            None => None,
        };
        let mut bucket = Bucket { object_lock, policy, tags: self.tags, ..Bucket::default() };
        bucket.versioning.status = self.versioning;
        bucket.versioning.mfa_delete = self.mfa_delete;
        (bucket.encryption, bucket.public_access_block) = (self.encryption, self.public_access_block);
        Ok(bucket)
    }
}

impl SeedLock {
    fn into_lock(self, name: &str) -> Result<ObjectLockConfiguration, SimError> {
        let wrong = |what: &str| SimError::Seed(format!("object_lock of bucket `{name}`: {what}"));
        let mode = match self.mode.as_deref() {
            Some("GOVERNANCE") => Some(LockMode::Governance),
            Some("COMPLIANCE") => Some(LockMode::Compliance),
            Some(_) => return Err(wrong("the mode is GOVERNANCE or COMPLIANCE")),
            None => None,
        };
        let period = match (self.days, self.years) {
            (Some(days), None) => Some(Period::Days(days)),
            (None, Some(years)) => Some(Period::Years(years)),
            (None, None) => None,
            (Some(_), Some(_)) => return Err(wrong("days or years, not both")),
        };
        match (mode, period) {
            (Some(mode), Some(period)) => {
                Ok(ObjectLockConfiguration { default_retention: Some(DefaultRetention { mode, period }) })
            }
            (None, None) => Ok(ObjectLockConfiguration { default_retention: None }),
            (Some(_), None) | (None, Some(_)) => Err(wrong("a mode needs days or years, and they a mode")),
        }
    }
}

impl SeedInstance {
    fn into_database(self, here: &Caller, name: &str, now: Timestamp) -> Result<Database, SimError> {
        let wrong = |message| SimError::Seed(format!("db instance `{name}`: {message}"));
        let window = Window::backup(&self.preferred_backup_window).map_err(wrong)?;
        let since =
            now.checked_sub(SignedDuration::from_hours(24 * i64::from(self.backup_retention_period.min(35))));
        let since = self.backups_since.unwrap_or(since.unwrap_or(now));
        let backups =
            if self.backup_retention_period > 0 { window.beginnings(since, now) } else { Vec::new() };
        let retention = self.backup_retention_period;
        let instance = DbInstance {
            identifier: name.to_owned(),
            arn: format!("arn:aws:rds:{}:{}:db:{name}", here.region, here.account),
            status: self.status,
            engine: self.engine,
            engine_version: self.engine_version,
            class: self.class,
            allocated_storage_gib: self.allocated_storage_gib,
            endpoint: Some(format!("{name}.sim.{}.rds.amazonaws.com", here.region)),
            port: Some(self.port),
            backup_retention_period: retention,
            preferred_backup_window: self.preferred_backup_window,
            preferred_maintenance_window: self.preferred_maintenance_window,
            deletion_protection: self.deletion_protection,
            copy_tags_to_snapshot: self.copy_tags_to_snapshot,
            multi_az: self.multi_az,
            storage_encrypted: self.storage_encrypted || self.kms_key_id.is_some(),
            kms_key_id: self.kms_key_id,
            latest_restorable_time: None,
            read_replica_source: self.read_replica_source,
            read_replicas: self.read_replicas,
            db_subnet_group: self.db_subnet_group,
            parameter_groups: self.parameter_groups,
            vpc_security_groups: self.vpc_security_groups,
            aws_backup_recovery_point_arn: self.aws_backup_recovery_point_arn,
            pending: PendingModifiedValues { others: self.pending, ..PendingModifiedValues::default() },
            tags: self.tags,
        };
        let mut database =
            Database { instance, backups, settling: None, soon: BTreeSet::new(), promoting: None };
        if retention > 0 && database.backups.is_empty() {
            database.backups.push(now);
        }
        database.follow_log(now);
        Ok(database)
    }
}

impl SeedSnapshot {
    fn into_snapshot(
        self,
        here: &Caller,
        name: &str,
        now: Timestamp,
        contents: &Contents,
    ) -> Result<Snapshot, SimError> {
        let unknown =
            || SimError::Seed(format!("snapshot `{name}`: there is no instance `{}`", self.instance));
        let of = &contents.db_instances.get(&self.instance).ok_or_else(unknown)?.instance;
        let snapshot = DbSnapshot {
            identifier: name.to_owned(),
            arn: format!("arn:aws:rds:{}:{}:snapshot:{name}", here.region, here.account),
            instance: of.identifier.clone(),
            status: "available".into(),
            snapshot_type: "manual".into(),
            created: Some(self.created.unwrap_or(now)),
            engine: of.engine.clone(),
            allocated_storage_gib: of.allocated_storage_gib,
            encrypted: of.storage_encrypted,
            kms_key_id: of.kms_key_id.clone(),
            tags: self.tags,
        };
        Ok(Snapshot { snapshot, settling: None })
    }
}
