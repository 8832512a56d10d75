//! `aws_db_instance`: what protects an RDS instance. drctl adopts instances; it never creates,
//! replaces or deletes one.

mod recovery;
mod replica;
mod rules;
mod verbs;

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::Attributes;
use drctl_core::provider::{
    Attempt, ErrorClass, Id, Kept, Kind, Pending, Place, Protection, ProviderError, Reading, Reads,
    RecoveryStep, Request, Retention, Safeguards, Subject, TakeDown, Target, Verb,
};
use drctl_core::rule::{Rule, Timing, Window};
use drctl_core::schema::AttributeType;
use drctl_core::value::Value;
use jiff::SignedDuration;

use super::db_snapshot::write_tags;
use crate::port;
use crate::port::{Cloud, ModifyDbInstance};
use crate::values::{BackupWindow, DbIdentifier, MaintenanceWindow, Ranged, Tags, partition};

/// The kind.
pub struct DbInstance;

/// What protects an instance.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Spec {
    /// Name of the instance, unique in account and region.
    #[attribute(identity)]
    pub db_instance_identifier: DbIdentifier,
    /// Days that automated backups are kept: 0 to 35; 0 turns them off (R1, R3).
    #[attribute(kept)]
    pub backup_retention_period: Option<Ranged<0, 35>>,
    /// Daily window of the backup, in UTC: `02:00-03:00` (R7).
    #[attribute(kept)]
    pub preferred_backup_window: Option<BackupWindow>,
    /// Weekly window of changes that interrupt, in UTC: `sun:03:00-sun:04:00`.
    #[attribute(kept)]
    pub preferred_maintenance_window: Option<MaintenanceWindow>,
    /// Whether RDS refuses to delete the instance (R23).
    #[attribute(kept)]
    pub deletion_protection: Option<bool>,
    /// Whether snapshots get the instance's tags.
    #[attribute(kept)]
    pub copy_tags_to_snapshot: Option<bool>,
    /// Whether a standby waits in another zone (R27).
    #[attribute(kept)]
    pub multi_az: Option<bool>,
    /// Tags. All tags of the instance are managed, save AWS's own.
    #[attribute(removed = Tags::default())]
    pub tags: Option<Tags>,
    /// Whether changes are made at once instead of in the maintenance window; that also releases every
    /// other pending change (R4).
    #[attribute(option, default = false)]
    pub apply_immediately: bool,
    /// Of a read replica: the most that it is behind what it follows, as you watch it (an alarm on
    /// `ReplicaLag`). What is lost when it is promoted counts by this (R25); it is never sent.
    #[attribute(option)]
    pub replica_lag_max: Option<SignedDuration>,
}

/// What RDS decides.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Outputs {
    /// ARN of the instance.
    pub arn: Option<String>,
    /// DNS name.
    pub endpoint: Option<String>,
    /// Port.
    pub port: Option<u16>,
    /// Engine.
    pub engine: Option<String>,
    /// Version of the engine.
    pub engine_version: Option<String>,
    /// Class of the instance.
    pub db_instance_class: Option<String>,
    /// Storage in GiB.
    pub allocated_storage: Option<u32>,
    /// `available`, `modifying`, `backing-up` …
    pub status: Option<String>,
    /// Latest instant that can be restored, RFC 3339 (R9).
    pub latest_restorable_time: Option<String>,
    /// Whether the storage is encrypted.
    pub storage_encrypted: Option<bool>,
    /// Key of the storage.
    pub kms_key_id: Option<String>,
    /// Read replicas of the instance.
    pub read_replicas: Option<BTreeSet<String>>,
    /// Instance that this one is a read replica of.
    pub read_replica_source: Option<String>,
    /// Subnet group.
    pub db_subnet_group: Option<String>,
    /// Parameter groups.
    pub parameter_groups: Option<Vec<String>>,
    /// Security groups.
    pub vpc_security_groups: Option<Vec<String>>,
    /// Changes that wait for the maintenance window and are none of drctl's attributes.
    pub pending_modified_values: Option<BTreeMap<String, String>>,
}

impl Kind for DbInstance {
    const NAME: &'static str = "aws_db_instance";
    const DOCS: &'static str = "What protects an RDS instance: automated backups, windows, deletion protection, a \
        standby. The instance has to exist: drctl never creates, replaces or deletes a database.";
    const READS: Reads = Reads::Pages;
    const CREATES: bool = false;
    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        identity.get("db_instance_identifier")?.as_str().map(|name| Id(name.to_owned()))
    }

    fn derived(id: &Id, place: &Place) -> BTreeMap<String, Value> {
        let (Some(region), Some(account)) = (&place.region, &place.account) else { return BTreeMap::new() };
        let arn = format!("arn:{}:rds:{region}:{account}:db:{id}", partition(region));
        BTreeMap::from([("arn".to_owned(), Value::String(arn))])
    }

    fn rules() -> &'static [Rule] {
        rules::RULES
    }

    async fn read(cloud: &Cloud, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        let found = cloud.describe_db_instances(Some(&request.id.0)).await?;
        Ok(found.iter().find(|i| i.identifier == request.id.0).map(reading))
    }

    async fn read_many(
        cloud: &Cloud,
        requests: &[Request],
    ) -> Result<BTreeMap<Id, Reading<Self>>, ProviderError> {
        let wanted: BTreeSet<&Id> = requests.iter().map(|r| &r.id).collect();
        let all = cloud.describe_db_instances(None).await?;
        let found = all.iter().map(|i| (Id(i.identifier.clone()), i));
        Ok(found.filter(|(id, _)| wanted.contains(id)).map(|(id, i)| (id, reading(i))).collect())
    }

    async fn create(_cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        Err(rejected("creating", spec.db_instance_identifier.as_str(), "drctl never creates a database"))
    }

    async fn update(
        cloud: &Cloud,
        _attempt: &Attempt,
        before: &Spec,
        after: &Spec,
        changed: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        if let Some(change) = modification(after, changed) {
            cloud.modify_db_instance(&change).await?;
        }
        if changed.contains("tags") {
            let identifier = after.db_instance_identifier.as_str();
            let found = cloud.describe_db_instances(Some(identifier)).await?;
            let arn = found.first().map(|i| i.arn.clone()).ok_or_else(|| ProviderError {
                class: ErrorClass::NotFound,
                ..rejected("tagging", identifier, "there is no such instance any more")
            })?;
            write_tags(cloud, &arn, before.tags.as_ref(), after.tags.as_ref()).await?;
        }
        Ok(())
    }

    async fn delete(_cloud: &Cloud, _attempt: &Attempt, id: &Id) -> Result<(), ProviderError> {
        Err(rejected("deleting", &id.0, "drctl never deletes a database"))
    }

    fn safeguards(subject: &Subject<'_>) -> Safeguards {
        super::encrypted(subject)
    }

    fn protections(subject: &Subject<'_>) -> Vec<Protection> {
        recovery::protections(subject)
    }

    fn retention(subject: &Subject<'_>, of: Kept<'_>) -> Retention {
        recovery::retention(subject, of)
    }

    fn recover(subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep> {
        recovery::recover(subject, by, target)
    }

    fn take_down(made: &Verb, by: &Attempt, region: &str) -> Option<TakeDown> {
        verbs::take_down(made, by, region)
    }

    async fn perform(
        cloud: &Cloud,
        attempt: &Attempt,
        verb: &Verb,
    ) -> Result<BTreeMap<String, Value>, ProviderError> {
        verbs::perform(cloud, attempt, verb).await
    }
}

fn rejected(doing: &str, identifier: &str, message: &str) -> ProviderError {
    ProviderError {
        doing: format!("{doing} instance `{identifier}`"),
        class: ErrorClass::Rejected,
        code: None,
        message: message.to_owned(),
    }
}

/// One call with all changed fields: they are taken together or not at all, and no second call meets
/// an instance that is busy with the first.
fn modification(after: &Spec, changed: &BTreeSet<String>) -> Option<ModifyDbInstance> {
    let changes = |name: &str| changed.contains(name);
    let empty = ModifyDbInstance {
        identifier: after.db_instance_identifier.as_str().to_owned(),
        ..ModifyDbInstance::default()
    };
    let settings = ModifyDbInstance {
        backup_retention_period: after
            .backup_retention_period
            .filter(|_| changes("backup_retention_period"))
            .map(Ranged::get),
        preferred_backup_window: after
            .preferred_backup_window
            .filter(|_| changes("preferred_backup_window"))
            .map(|w| w.to_string()),
        preferred_maintenance_window: after
            .preferred_maintenance_window
            .filter(|_| changes("preferred_maintenance_window"))
            .map(|w| w.to_string()),
        deletion_protection: after.deletion_protection.filter(|_| changes("deletion_protection")),
        copy_tags_to_snapshot: after.copy_tags_to_snapshot.filter(|_| changes("copy_tags_to_snapshot")),
        multi_az: after.multi_az.filter(|_| changes("multi_az")),
        ..empty.clone()
    };
    let apply_immediately = after.apply_immediately;
    (settings != empty).then_some(ModifyDbInstance { apply_immediately, ..settings })
}

fn reading(found: &port::DbInstance) -> Reading<DbInstance> {
    let spec = Spec {
        db_instance_identifier: DbIdentifier::observed(&found.identifier),
        backup_retention_period: Some(Ranged::observed(found.backup_retention_period)),
        preferred_backup_window: BackupWindow::parse(&found.preferred_backup_window),
        preferred_maintenance_window: MaintenanceWindow::parse(&found.preferred_maintenance_window),
        deletion_protection: Some(found.deletion_protection),
        copy_tags_to_snapshot: Some(found.copy_tags_to_snapshot),
        multi_az: Some(found.multi_az),
        tags: Some(Tags::observed(&found.tags)),
        apply_immediately: false,
        replica_lag_max: None,
    };
    let outputs = Outputs {
        arn: Some(found.arn.clone()),
        endpoint: found.endpoint.clone(),
        port: found.port,
        engine: Some(found.engine.clone()),
        engine_version: Some(found.engine_version.clone()),
        db_instance_class: Some(found.class.clone()),
        allocated_storage: Some(found.allocated_storage_gib),
        status: Some(found.status.clone()),
        latest_restorable_time: found.latest_restorable_time.map(|t| t.to_string()),
        storage_encrypted: Some(found.storage_encrypted),
        kms_key_id: found.kms_key_id.clone(),
        read_replicas: Some(found.read_replicas.iter().cloned().collect()),
        read_replica_source: found.read_replica_source.clone(),
        db_subnet_group: found.db_subnet_group.clone(),
        parameter_groups: Some(found.parameter_groups.clone()),
        vpc_security_groups: Some(found.vpc_security_groups.clone()),
        pending_modified_values: Some(found.pending.others.clone()),
    };
    Reading { spec, outputs, unobserved: BTreeMap::new(), pending: pending(found), managed_by: owners(found) }
}

/// R4: accepted values that wait for the maintenance window. The kind has no clock, so its next start
/// is left to who has one.
fn pending(found: &port::DbInstance) -> BTreeMap<String, Pending> {
    let waiting = |value: Value| Pending {
        value,
        timing: Timing::MaintenanceWindow(Box::new(Window {
            window: found.preferred_maintenance_window.clone(),
            at: None,
        })),
    };
    let retention = found.pending.backup_retention_period.map(|n| n.to_value());
    let multi_az = found.pending.multi_az.map(|on| on.to_value());
    [("backup_retention_period", retention), ("multi_az", multi_az)]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), waiting(value?))))
        .collect()
}

/// B9: settings that a plan of AWS Backup owns.
fn owners(found: &port::DbInstance) -> BTreeMap<String, String> {
    if found.aws_backup_recovery_point_arn.is_none() {
        return BTreeMap::new();
    }
    ["backup_retention_period", "preferred_backup_window"]
        .into_iter()
        .map(|name| (name.to_owned(), "AWS Backup".to_owned()))
        .collect()
}
