//! How well everything in the simulated cloud is protected, told from the cloud itself and not by what
//! drctl says of it.

use std::collections::BTreeMap;

use drctl_aws::port::{LockMode, Period, VersioningStatus};
use drctl_sim::SimWorld;

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
