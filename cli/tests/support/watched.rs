//! A port before the simulated one that looks at the whole cloud after every call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use drctl_aws::port::*;
use drctl_core::provider::Place;
use drctl_sim::{Sim, SimWorld};

/// How well everything is protected: the higher, the better; what is not there has nothing.
pub(crate) type Level = BTreeMap<String, u64>;

/// How well everything in the cloud is protected.
pub(crate) fn level(world: &SimWorld) -> Level {
    let mut level = Level::new();
    for contents in world.accounts.values().flat_map(|a| a.regions.values()) {
        for (name, bucket) in &contents.buckets {
            let mut put = |what: &str, value: u64| {
                level.insert(format!("{name} {what}"), value);
            };
            put(
                "versioning",
                match bucket.versioning.status {
                    None => 0,
                    Some(VersioningStatus::Suspended) => 1,
                    Some(VersioningStatus::Enabled) => 2,
                },
            );
            put("lock", bucket.object_lock.is_some().into());
            if let Some(kept) = bucket.object_lock.and_then(|l| l.default_retention) {
                put(
                    "lock days",
                    match kept.period {
                        Period::Days(n) => n.into(),
                        Period::Years(n) => u64::from(n) * 365,
                    },
                );
                put(
                    "lock mode",
                    match kept.mode {
                        LockMode::Governance => 1,
                        LockMode::Compliance => 2,
                    },
                );
            }
            let timed = bucket.replication.iter().flat_map(|r| &r.rules);
            let timed = timed.filter(|r| r.enabled && r.replication_time_control);
            put("replication in time", timed.count() as u64);
            let rules = bucket.replication.iter().flat_map(|r| &r.rules).filter(|r| r.enabled);
            put("replication", rules.count() as u64);
            put("encryption", bucket.encryption.is_some().into());
            put("policy", bucket.policy.is_some().into());
            let block = bucket.public_access_block.unwrap_or_default();
            put("public acls blocked", block.block_public_acls.into());
            put("public acls ignored", block.ignore_public_acls.into());
            put("public policy blocked", block.block_public_policy.into());
            put("public buckets restricted", block.restrict_public_buckets.into());
            // What never expires is kept longest.
            let days = bucket.lifecycle.iter().filter(|r| r.enabled).filter_map(|r| r.noncurrent_days).min();
            put("days of old versions", days.map_or(u64::MAX, u64::from));
        }
        for (name, database) in &contents.db_instances {
            let instance = &database.instance;
            let mut put = |what: &str, value: u64| {
                level.insert(format!("{name} {what}"), value);
            };
            put("backup days", instance.backup_retention_period.into());
            put("deletion protection", instance.deletion_protection.into());
            put("standby", instance.multi_az.into());
        }
        for (arn, replicated) in &contents.replicated_backups {
            level.insert(format!("{arn} replicated days"), replicated.backup.backup_retention_period.into());
        }
        for name in contents.db_snapshots.keys() {
            level.insert(format!("{name} snapshot"), 1);
        }
    }
    level
}

/// Where a run is cut off.
#[derive(Default)]
pub(crate) struct Cut {
    /// Points left, one before and one after each call that changes something; 0 when there is no cut.
    at: AtomicU32,
    reached: tokio::sync::Notify,
}

impl Cut {
    /// Sets the cut for the next run.
    pub(crate) fn set(&self, at: u32) {
        self.at.store(at, Ordering::SeqCst);
    }

    /// Ends when the cut has been reached.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    /// A point before or after a call; never ends at the cut.
    async fn pass(&self, name: &str) {
        let reads = ["get_", "list_", "describe_", "bucket_is_"];
        if reads.iter().any(|read| name.starts_with(read)) {
            return;
        }
        let left = self.at.load(Ordering::SeqCst);
        if left == 0 {
            return;
        }
        self.at.store(left - 1, Ordering::SeqCst);
        if left == 1 {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// The port.
pub(crate) struct Watched {
    pub(crate) inner: Cloud,
    pub(crate) sim: Sim,
    pub(crate) seen: Arc<Mutex<Vec<(&'static str, Level)>>>,
    pub(crate) cut: Arc<Cut>,
}

macro_rules! watched {
    ($(fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)*) => {
        #[async_trait]
        impl Aws for Watched {
            fn place(&self) -> Place {
                self.inner.place()
            }
            $(async fn $name(&self $(, $arg: $ty)*) -> Answer<$ret> {
                self.cut.pass(stringify!($name)).await;
                let answer = self.inner.$name($($arg),*).await;
                let level = self.sim.read(level).expect("a world in memory can be read");
                self.seen.lock().unwrap().push((stringify!($name), level));
                self.cut.pass(stringify!($name)).await;
                answer
            })*
        }
    };
}

watched! {
    fn get_caller_identity() -> Place;
    fn list_buckets() -> BTreeSet<String>;
    fn create_bucket(bucket: &str, lock: LockAtBirth) -> ();
    fn delete_bucket(bucket: &str) -> ();
    fn bucket_is_empty(bucket: &str) -> bool;
    fn get_bucket_versioning(bucket: &str) -> VersioningState;
    fn put_bucket_versioning(bucket: &str, status: VersioningStatus) -> ();
    fn get_object_lock_configuration(bucket: &str) -> Option<ObjectLockConfiguration>;
    fn put_object_lock_configuration(bucket: &str, lock: &ObjectLockConfiguration) -> ();
    fn get_bucket_lifecycle_configuration(bucket: &str) -> Vec<LifecycleRule>;
    fn put_bucket_lifecycle_configuration(bucket: &str, rules: &[LifecycleRule]) -> ();
    fn get_bucket_replication(bucket: &str) -> Option<ReplicationConfiguration>;
    fn put_bucket_replication(bucket: &str, document: Option<&ReplicationConfiguration>) -> ();
    fn get_bucket_encryption(bucket: &str) -> Option<Encryption>;
    fn put_bucket_encryption(bucket: &str, encryption: &Encryption) -> ();
    fn get_public_access_block(bucket: &str) -> Option<PublicAccessBlock>;
    fn put_public_access_block(bucket: &str, block: &PublicAccessBlock) -> ();
    fn get_bucket_policy(bucket: &str) -> Option<String>;
    fn put_bucket_policy(bucket: &str, policy: Option<&str>) -> ();
    fn get_bucket_tagging(bucket: &str) -> BTreeMap<String, String>;
    fn put_bucket_tagging(bucket: &str, tags: &BTreeMap<String, String>) -> ();
    fn describe_db_instances(identifier: Option<&str>) -> Vec<DbInstance>;
    fn modify_db_instance(change: &ModifyDbInstance) -> ();
    fn add_tags_to_resource(arn: &str, tags: &BTreeMap<String, String>) -> ();
    fn remove_tags_from_resource(arn: &str, keys: &BTreeSet<String>) -> ();
    fn describe_replicated_backups(source_arn: Option<&str>) -> Vec<ReplicatedBackup>;
    fn start_backups_replication(start: &StartBackupsReplication) -> ();
    fn stop_backups_replication(source_arn: &str) -> ();
    fn describe_source_regions() -> Vec<SourceRegion>;
    fn describe_db_snapshots(identifier: Option<&str>) -> Vec<DbSnapshot>;
    fn create_db_snapshot(create: &CreateDbSnapshot) -> ();
    fn delete_db_snapshot(identifier: &str) -> ();
}
