//! What is true of every world, whatever was done to it.

use drctl_aws::port::VersioningStatus;

use crate::window::Window;
use crate::world::{Bucket, Database, SimWorld};

impl SimWorld {
    /// What is wrong with this world; empty when it is consistent.
    pub fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        for (number, account) in &self.accounts {
            for (region, contents) in &account.regions {
                if !self.regions.contains_key(region) {
                    wrong.push(format!("account {number} has things in the unknown region {region}"));
                }
                for (name, bucket) in &contents.buckets {
                    if !names.insert(name) {
                        wrong.push(format!("two buckets are named `{name}` [S28]"));
                    }
                    bucket.check(name, &mut wrong);
                }
                for (name, database) in &contents.db_instances {
                    database.check(name, &mut wrong);
                }
                for (arn, replicated) in &contents.replicated_backups {
                    let backup = &replicated.backup;
                    if crate::rds::region_of(arn) == Some(region) {
                        wrong.push(format!("backups of {arn} are replicated into their own region [R15]"));
                    }
                    if !(1..=35).contains(&backup.backup_retention_period) {
                        wrong.push(format!("replicated backups of {arn} keep no 1 to 35 days [R15]"));
                    }
                    if backup.earliest.is_some() && backup.earliest > backup.latest {
                        wrong.push(format!("replicated backups of {arn} end before they begin [R16]"));
                    }
                }
            }
        }
        wrong
    }
}

impl Bucket {
    fn check(&self, name: &str, wrong: &mut Vec<String>) {
        let enabled = self.versioning.status == Some(VersioningStatus::Enabled);
        if self.object_lock.is_some() && !enabled {
            wrong.push(format!("bucket `{name}` is locked without versioning [S1, S2]"));
        }
        if self.replication.is_some() && !enabled {
            wrong.push(format!("bucket `{name}` replicates without versioning [S18]"));
        }
        if self.versioning.mfa_delete && !self.lifecycle.is_empty() {
            wrong.push(format!("bucket `{name}` has MFA delete and a lifecycle [S17]"));
        }
        if self.objects.values().any(Vec::is_empty) {
            wrong.push(format!("bucket `{name}` has a key without versions"));
        }
    }
}

impl Database {
    fn check(&self, name: &str, wrong: &mut Vec<String>) {
        let instance = &self.instance;
        if instance.backup_retention_period > 35 {
            wrong.push(format!("instance `{name}` keeps backups more than 35 days [R1]"));
        }
        if instance.backup_retention_period == 0
            && (!self.backups.is_empty() || instance.latest_restorable_time.is_some())
        {
            wrong.push(format!("instance `{name}` has backups without retention [R3]"));
        }
        if instance.backup_retention_period == 0 && !instance.read_replicas.is_empty() {
            wrong.push(format!("instance `{name}` has read replicas without backups [R5]"));
        }
        let backup = Window::backup(&instance.preferred_backup_window);
        let maintenance = Window::maintenance(&instance.preferred_maintenance_window);
        match (backup, maintenance) {
            (Ok(backup), Ok(maintenance)) if backup.overlaps(&maintenance) => {
                wrong.push(format!("instance `{name}`: backup and maintenance windows overlap [R7]"));
            }
            (Ok(_), Ok(_)) => {}
            (Err(message), _) | (_, Err(message)) => wrong.push(format!("instance `{name}`: {message} [R7]")),
        }
        let pending = crate::rds::pending_names(instance);
        if !self.soon.is_subset(&pending) {
            wrong.push(format!("instance `{name}` releases values that are not pending [R4]"));
        }
        if (instance.status == "modifying") != self.settling.is_some() {
            wrong.push(format!("instance `{name}` is modifying without end, or not and busy"));
        }
    }
}
