//! RDS's operations. Descriptions come in pages of 100, all of one region.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::Client;
use drctl_aws::port::{self, Answer};
use drctl_core::provider::ProviderError;

use crate::calls::Calls;
use crate::convert_rds;
use crate::errors::{malformed, unsendable};

/// Records a page: the most the service gives.
const PAGE: i32 = 100;

/// RDS of one region.
#[derive(Clone)]
pub(crate) struct Rds {
    pub(crate) client: Client,
    pub(crate) region: String,
}

/// Follows the markers of a description.
struct Pages<'d> {
    doing: &'d str,
    marker: Option<String>,
}

impl<'d> Pages<'d> {
    fn new(doing: &'d str) -> Pages<'d> {
        Pages { doing, marker: None }
    }

    /// Whether there is another page; an error when the service sends us in circles.
    fn turn(&mut self, next: Option<&str>) -> Result<bool, ProviderError> {
        let next = next.filter(|m| !m.is_empty());
        if next.is_some() && next == self.marker.as_deref() {
            return Err(malformed(self.doing, "the same page came twice"));
        }
        self.marker = next.map(str::to_owned);
        Ok(self.marker.is_some())
    }
}

fn days(doing: &str, days: u32) -> Result<i32, ProviderError> {
    i32::try_from(days).map_err(|_| unsendable(doing, "the retention is too large"))
}

impl Rds {
    pub(crate) async fn instances(
        &self,
        calls: &Calls,
        identifier: Option<&str>,
    ) -> Answer<Vec<port::DbInstance>> {
        let doing = match identifier {
            Some(name) => format!("reading database instance `{name}`"),
            None => format!("reading the database instances of {}", self.region),
        };
        let mut found = Vec::new();
        let mut pages = Pages::new(&doing);
        loop {
            let request = self.client.describe_db_instances().set_marker(pages.marker.clone());
            let request = match identifier {
                Some(name) => request.db_instance_identifier(name),
                None => request.max_records(PAGE),
            };
            let Some(page) =
                calls.read(&doing, absent(identifier, &["DBInstanceNotFound"]), request.send()).await?
            else {
                return Ok(Vec::new());
            };
            for instance in page.db_instances() {
                found.push(convert_rds::instance(instance).map_err(|odd| malformed(&doing, odd))?);
            }
            if !pages.turn(page.marker())? {
                return Ok(found);
            }
        }
    }

    pub(crate) async fn modify(&self, calls: &Calls, change: &port::ModifyDbInstance) -> Answer<()> {
        let doing = format!("changing database instance `{}`", change.identifier);
        let retention = change.backup_retention_period.map(|n| days(&doing, n)).transpose()?;
        let request = self
            .client
            .modify_db_instance()
            .db_instance_identifier(&change.identifier)
            .set_backup_retention_period(retention)
            .set_preferred_backup_window(change.preferred_backup_window.clone())
            .set_preferred_maintenance_window(change.preferred_maintenance_window.clone())
            .set_deletion_protection(change.deletion_protection)
            .set_copy_tags_to_snapshot(change.copy_tags_to_snapshot)
            .set_multi_az(change.multi_az)
            .apply_immediately(change.apply_immediately);
        calls.send(&doing, request.send()).await.map(|_| ())
    }

    /// R22: nothing of it is kept, for it was made in a drill and what it came from is still there.
    pub(crate) async fn delete(&self, calls: &Calls, identifier: &str) -> Answer<()> {
        let request = self
            .client
            .delete_db_instance()
            .db_instance_identifier(identifier)
            .skip_final_snapshot(true)
            .delete_automated_backups(true);
        calls.send(&format!("deleting database instance `{identifier}`"), request.send()).await.map(|_| ())
    }

    /// R24: the retention goes along, because turning backups on afterwards interrupts (R2).
    pub(crate) async fn promote(&self, calls: &Calls, identifier: &str, retention: u32) -> Answer<()> {
        let doing = format!("promoting the read replica `{identifier}`");
        let request = self
            .client
            .promote_read_replica()
            .db_instance_identifier(identifier)
            .backup_retention_period(days(&doing, retention)?);
        calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn add_tags(
        &self,
        calls: &Calls,
        arn: &str,
        tags: &BTreeMap<String, String>,
    ) -> Answer<()> {
        let request =
            self.client.add_tags_to_resource().resource_name(arn).set_tags(Some(convert_rds::to_tags(tags)));
        calls.send(&format!("writing the tags of `{arn}`"), request.send()).await.map(|_| ())
    }

    pub(crate) async fn remove_tags(&self, calls: &Calls, arn: &str, keys: &BTreeSet<String>) -> Answer<()> {
        let request = self
            .client
            .remove_tags_from_resource()
            .resource_name(arn)
            .set_tag_keys(Some(keys.iter().cloned().collect()));
        calls.send(&format!("removing tags of `{arn}`"), request.send()).await.map(|_| ())
    }

    /// R16: the pages hold the backups of this region's own instances too; those are left out.
    pub(crate) async fn replicated_backups(
        &self,
        calls: &Calls,
        source_arn: Option<&str>,
    ) -> Answer<Vec<port::ReplicatedBackup>> {
        let doing = format!("reading the replicated automated backups in {}", self.region);
        let mut found = Vec::new();
        let mut pages = Pages::new(&doing);
        loop {
            let request = self
                .client
                .describe_db_instance_automated_backups()
                .max_records(PAGE)
                .set_marker(pages.marker.clone());
            let page = calls.send(&doing, request.send()).await?;
            for backup in page.db_instance_automated_backups() {
                let backup = convert_rds::replicated_backup(&self.region, backup)
                    .map_err(|odd| malformed(&doing, odd))?;
                found.extend(backup.filter(|b| source_arn.is_none_or(|arn| arn == b.source_arn)));
            }
            if !pages.turn(page.marker())? {
                return Ok(found);
            }
        }
    }

    /// R15: called in the destination region, with the source's ARN.
    pub(crate) async fn start_replication(
        &self,
        calls: &Calls,
        start: &port::StartBackupsReplication,
    ) -> Answer<()> {
        let doing = format!("starting to replicate the backups of `{}` to {}", start.source_arn, self.region);
        let request = self
            .client
            .start_db_instance_automated_backups_replication()
            .source_db_instance_arn(&start.source_arn)
            .backup_retention_period(days(&doing, start.backup_retention_period)?)
            .set_kms_key_id(start.kms_key_id.clone());
        calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn stop_replication(&self, calls: &Calls, source_arn: &str) -> Answer<()> {
        let doing = format!("stopping to replicate the backups of `{source_arn}` to {}", self.region);
        let request =
            self.client.stop_db_instance_automated_backups_replication().source_db_instance_arn(source_arn);
        calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn source_regions(&self, calls: &Calls) -> Answer<Vec<port::SourceRegion>> {
        let doing = format!("reading the source regions of {}", self.region);
        let mut found = Vec::new();
        let mut pages = Pages::new(&doing);
        loop {
            let request =
                self.client.describe_source_regions().max_records(PAGE).set_marker(pages.marker.clone());
            let page = calls.send(&doing, request.send()).await?;
            for region in page.source_regions() {
                found.push(convert_rds::source_region(region).map_err(|odd| malformed(&doing, odd))?);
            }
            if !pages.turn(page.marker())? {
                return Ok(found);
            }
        }
    }

    pub(crate) async fn snapshots(
        &self,
        calls: &Calls,
        identifier: Option<&str>,
    ) -> Answer<Vec<port::DbSnapshot>> {
        let doing = match identifier {
            Some(name) => format!("reading snapshot `{name}`"),
            None => format!("reading the snapshots of {}", self.region),
        };
        let mut found = Vec::new();
        let mut pages = Pages::new(&doing);
        loop {
            let request =
                self.client.describe_db_snapshots().snapshot_type("manual").set_marker(pages.marker.clone());
            let request = match identifier {
                Some(name) => request.db_snapshot_identifier(name),
                None => request.max_records(PAGE),
            };
            let Some(page) =
                calls.read(&doing, absent(identifier, &["DBSnapshotNotFound"]), request.send()).await?
            else {
                return Ok(Vec::new());
            };
            for snapshot in page.db_snapshots() {
                found.push(convert_rds::snapshot(snapshot).map_err(|odd| malformed(&doing, odd))?);
            }
            if !pages.turn(page.marker())? {
                return Ok(found);
            }
        }
    }

    pub(crate) async fn create_snapshot(&self, calls: &Calls, create: &port::CreateDbSnapshot) -> Answer<()> {
        let doing = format!("taking snapshot `{}` of `{}`", create.identifier, create.instance);
        let tags = (!create.tags.is_empty()).then(|| convert_rds::to_tags(&create.tags));
        let request = self
            .client
            .create_db_snapshot()
            .db_snapshot_identifier(&create.identifier)
            .db_instance_identifier(&create.instance)
            .set_tags(tags);
        calls.send(&doing, request.send()).await.map(|_| ())
    }

    pub(crate) async fn delete_snapshot(&self, calls: &Calls, identifier: &str) -> Answer<()> {
        let request = self.client.delete_db_snapshot().db_snapshot_identifier(identifier);
        calls.send(&format!("deleting snapshot `{identifier}`"), request.send()).await.map(|_| ())
    }

    /// R11: everything is given that a restore would otherwise choose by itself.
    pub(crate) async fn restore_to_point_in_time(
        &self,
        calls: &Calls,
        restore: &port::RestoreDbInstanceToPointInTime,
    ) -> Answer<()> {
        let new = &restore.new;
        let (instance, backups) = match &restore.of {
            port::BackupsOf::Instance(name) => (Some(name.clone()), None),
            port::BackupsOf::AutomatedBackups(arn) => (None, Some(arn.clone())),
        };
        let request = self
            .client
            .restore_db_instance_to_point_in_time()
            .set_source_db_instance_identifier(instance)
            .set_source_db_instance_automated_backups_arn(backups)
            .set_restore_time(restore.restore_time.map(convert_rds::to_instant))
            .set_use_latest_restorable_time(restore.restore_time.is_none().then_some(true))
            .target_db_instance_identifier(&new.identifier)
            .set_db_instance_class(new.class.clone())
            .multi_az(new.multi_az)
            .deletion_protection(new.deletion_protection)
            .copy_tags_to_snapshot(new.copy_tags_to_snapshot)
            .set_db_subnet_group_name(new.db_subnet_group.clone())
            .set_vpc_security_group_ids(some(&new.vpc_security_groups))
            .set_db_parameter_group_name(new.parameter_group.clone())
            .set_tags(Some(convert_rds::to_tags(&new.tags)).filter(|tags| !tags.is_empty()));
        calls.send(&restoring(new), request.send()).await.map(|_| ())
    }

    pub(crate) async fn restore_from_snapshot(
        &self,
        calls: &Calls,
        restore: &port::RestoreDbInstanceFromDbSnapshot,
    ) -> Answer<()> {
        let new = &restore.new;
        let request = self
            .client
            .restore_db_instance_from_db_snapshot()
            .db_snapshot_identifier(&restore.snapshot)
            .db_instance_identifier(&new.identifier)
            .set_db_instance_class(new.class.clone())
            .multi_az(new.multi_az)
            .deletion_protection(new.deletion_protection)
            .copy_tags_to_snapshot(new.copy_tags_to_snapshot)
            .set_db_subnet_group_name(new.db_subnet_group.clone())
            .set_vpc_security_group_ids(some(&new.vpc_security_groups))
            .set_db_parameter_group_name(new.parameter_group.clone())
            .set_tags(Some(convert_rds::to_tags(&new.tags)).filter(|tags| !tags.is_empty()));
        calls.send(&restoring(new), request.send()).await.map(|_| ())
    }
}

fn restoring(new: &port::NewDbInstance) -> String {
    format!("restoring to the new database instance `{}`", new.identifier)
}

fn some(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

/// "Not found" answers a question only when one thing was asked for.
fn absent<'c>(identifier: Option<&str>, codes: &'c [&'c str]) -> &'c [&'c str] {
    if identifier.is_some() { codes } else { &[] }
}
