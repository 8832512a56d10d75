//! `aws_db_automated_backups_replication`: the automated backups of an instance, replicated into the
//! region of this block's provider.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::Attributes;
use drctl_core::plan::Action;
use drctl_core::provider::{
    Attempt, ErrorClass, Id, Kept, Kind, Protection, ProviderError, Reading, Reads, Request, Retention,
    Safeguards, Subject, Window,
};
use drctl_core::rule::{Change, Effect, Note, Peer, Rule, World};
use drctl_core::value::Value;
use jiff::{SignedDuration, Timestamp};

use crate::facts;
use crate::port;
use crate::port::Cloud;
use crate::values::{Arn, DbArn, KmsKeyArn, Ranged};

/// Age of the latest restorable instant, in minutes, from which replication counts as behind. Logs
/// leave the source every 5 minutes (R9).
const BEHIND_MINUTES: i64 = 30;

/// The kind.
pub struct DbAutomatedBackupsReplication;

/// Replication of an instance's automated backups into this region.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Spec {
    /// ARN of the instance, in its own region.
    #[attribute(identity)]
    pub source_db_instance_arn: DbArn,
    /// Days that the replicated backups are kept here: 1 to 35. RDS cannot change it while replication
    /// runs.
    #[attribute(kept)]
    pub backup_retention_period: Option<Ranged<1, 35>>,
    /// ARN of a KMS key of this region; needed when the source is encrypted (R15).
    #[attribute(fixed)]
    pub kms_key_id: Option<KmsKeyArn>,
}

/// What RDS decides.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Outputs {
    /// ARN of the replicated backups: what a restore names (R17).
    pub arn: Option<String>,
    /// `replicating`, `retained` …
    pub status: Option<String>,
    /// Region of the source.
    pub source_region: Option<String>,
    /// Earliest instant that can be restored here, RFC 3339.
    pub restore_window_earliest: Option<String>,
    /// Latest instant that can be restored here, RFC 3339.
    pub restore_window_latest: Option<String>,
    /// Engine of the source.
    pub engine: Option<String>,
    /// Storage of the source in GiB.
    pub allocated_storage: Option<u32>,
}

impl Kind for DbAutomatedBackupsReplication {
    const NAME: &'static str = "aws_db_automated_backups_replication";
    const DOCS: &'static str = "The automated backups of a DB instance, replicated into the region of this block's \
        provider, so that the instance can be restored to any recent second when its own region is lost. It is \
        started when it is missing, and never stopped by drctl.";
    const READS: Reads = Reads::Pages;
    const CREATES: bool = true;
    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        identity.get("source_db_instance_arn")?.as_str().map(|arn| Id(arn.to_owned()))
    }

    fn derived(id: &Id, _place: &drctl_core::provider::Place) -> BTreeMap<String, Value> {
        let region = Arn::parse(&id.0).map(|arn| Value::String(arn.region.to_owned()));
        region.map(|region| ("source_region".to_owned(), region)).into_iter().collect()
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    async fn read(cloud: &Cloud, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        let found = cloud.describe_replicated_backups(Some(&request.id.0)).await?;
        Ok(found.iter().filter(|b| b.source_arn == request.id.0).min_by_key(|b| rank(b)).map(reading))
    }

    async fn read_many(
        cloud: &Cloud,
        requests: &[Request],
    ) -> Result<BTreeMap<Id, Reading<Self>>, ProviderError> {
        let all = cloud.describe_replicated_backups(None).await?;
        let of = |id: &Id| all.iter().filter(|b| b.source_arn == id.0).min_by_key(|b| rank(b));
        Ok(requests.iter().filter_map(|r| Some((r.id.clone(), reading(of(&r.id)?)))).collect())
    }

    async fn create(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        let source = spec.source_db_instance_arn.as_str();
        // An earlier attempt may have got through without its answer; a second start is refused.
        let there = cloud.describe_replicated_backups(Some(source)).await?;
        if there.iter().any(|b| b.source_arn == source && !is_over(&b.status)) {
            return Ok(());
        }
        check_pair(cloud, source).await?;
        let start = port::StartBackupsReplication {
            source_arn: source.to_owned(),
            backup_retention_period: spec.backup_retention_period.map_or(RETENTION_DEFAULT, Ranged::get),
            kms_key_id: spec.kms_key_id.as_ref().map(|k| k.as_str().to_owned()),
        };
        cloud.start_backups_replication(&start).await
    }

    async fn update(
        _cloud: &Cloud,
        _attempt: &Attempt,
        _before: &Spec,
        after: &Spec,
        changed: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        if changed.is_empty() {
            return Ok(());
        }
        Err(rejected(
            format!("changing the replication of `{}`", after.source_db_instance_arn.as_str()),
            "RDS cannot change it while it runs; it would have to be stopped and started again",
        ))
    }

    async fn delete(_cloud: &Cloud, _attempt: &Attempt, id: &Id) -> Result<(), ProviderError> {
        Err(rejected(
            format!("stopping the replication of `{id}`"),
            "drctl never stops the replication of backups: remove the block, which leaves it running",
        ))
    }

    fn safeguards(subject: &Subject<'_>) -> Safeguards {
        super::encrypted(subject)
    }

    fn protections(subject: &Subject<'_>) -> Vec<Protection> {
        let Some(region) = subject.place.region.clone() else { return Vec::new() };
        let at = |name: &str| -> Option<Timestamp> { subject.outputs.get(name)?.as_str()?.parse().ok() };
        let (earliest, latest) = (at("restore_window_earliest"), at("restore_window_latest"));
        let window = (earliest.is_some() || latest.is_some()).then_some(Window { earliest, latest });
        let backup = subject.outputs.get("arn").and_then(Value::as_str).map(str::to_owned);
        vec![Protection::ReplicatedBackups { of: subject.id.0.clone(), backup, region, window }]
    }

    fn retention(subject: &Subject<'_>, of: Kept<'_>) -> Retention {
        let Kept::Points(Protection::ReplicatedBackups { .. }) = of else { return Retention::default() };
        let days = match subject.attributes.get("backup_retention_period") {
            Some(Value::Number(days)) => days.as_i64(),
            Some(_) | None => Some(i64::from(RETENTION_DEFAULT)),
        };
        Retention { gone_after: days.map(|days| SignedDuration::from_hours(24 * days)), locked_for: None }
    }
}

/// Days that RDS keeps replicated backups when it is not told.
const RETENTION_DEFAULT: u32 = 7;

/// Whether backups of this status are left over from a replication that was stopped.
fn is_over(status: &str) -> bool {
    matches!(status, "retained" | "deleting" | "deleted")
}

/// The running replication goes before what an earlier one has left over.
fn rank(backup: &port::ReplicatedBackup) -> bool {
    is_over(&backup.status)
}

fn rejected(doing: String, message: impl Into<String>) -> ProviderError {
    ProviderError { doing, class: ErrorClass::Rejected, code: None, message: message.into() }
}

/// R15: the pair of regions is asked, not taken from a table.
async fn check_pair(cloud: &Cloud, source: &str) -> Result<(), ProviderError> {
    let from = Arn::parse(source).map_or("", |arn| arn.region);
    let regions = cloud.describe_source_regions().await?;
    if regions.iter().any(|r| r.name == from && r.supports_backups_replication) {
        return Ok(());
    }
    let here = cloud.place().region.unwrap_or_default();
    Err(rejected(
        format!("replicating the automated backups of `{source}`"),
        format!("RDS does not replicate automated backups from {from} to {here} (R15)"),
    ))
}

fn reading(found: &port::ReplicatedBackup) -> Reading<DbAutomatedBackupsReplication> {
    Reading {
        spec: Spec {
            source_db_instance_arn: DbArn::observed(&found.source_arn),
            backup_retention_period: Some(Ranged::observed(found.backup_retention_period)),
            kms_key_id: found.kms_key_id.as_deref().map(KmsKeyArn::observed),
        },
        outputs: Outputs {
            arn: Some(found.arn.clone()),
            status: Some(found.status.clone()),
            source_region: Some(found.source_region.clone()),
            restore_window_earliest: found.earliest.map(|t| t.to_string()),
            restore_window_latest: found.latest.map(|t| t.to_string()),
            engine: Some(found.engine.clone()),
            allocated_storage: Some(found.allocated_storage_gib),
        },
        unobserved: BTreeMap::new(),
        pending: BTreeMap::new(),
        managed_by: BTreeMap::new(),
    }
}

static RULES: &[Rule] = &[Rule { fact: &facts::R15, check: r15 }, Rule { fact: &facts::R16, check: r16 }];

const SOURCE: &str = "source_db_instance_arn";

/// What starting replication needs.
fn r15(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut refuse = |attribute: &'static str, reason: String, help: &str| {
        notes.push(Note::new(&facts::R15, Effect::Refuse, attribute, reason).help(help));
    };
    if let Some((before, after)) = change.changes::<u32>("backup_retention_period") {
        refuse(
            "backup_retention_period",
            format!("RDS cannot change the retention of replicated backups from {before} to {after} days"),
            "Stopping and starting replication changes it, but the history begins anew; until it has grown, a loss \
             of the source region costs the older points. Do it by hand, then plan again.",
        );
    }
    if change.action == Action::Delete {
        refuse(
            SOURCE,
            "drctl never stops the replication of backups".to_owned(),
            "Remove the block instead.",
        );
    }
    let here = change.place.and_then(|p| p.region.as_deref());
    let source = change.after::<String>(SOURCE);
    let from = source.as_deref().and_then(Arn::parse).map(|arn| arn.region);
    if here.is_some() && here == from {
        let reason =
            format!("the instance is in {} itself, where this block's provider works", here.unwrap_or(""));
        refuse(SOURCE, reason, "Give the block a `provider` of another region.");
    }
    let key = change.after::<String>("kms_key_id");
    let key_region = key.as_deref().and_then(Arn::parse).map(|arn| arn.region);
    if let (Some(here), Some(key_region)) = (here, key_region)
        && here != key_region
    {
        let reason = format!("the key is in {key_region}, the backups will be in {here}");
        refuse("kms_key_id", reason, "Name a key of the destination's region.");
    }
    if let Some(peer) = source_peer(change, world) {
        if peer.change.after::<u32>("backup_retention_period") == Some(0) {
            let reason = format!("{} keeps no automated backups to replicate", peer.change.address);
            refuse(SOURCE, reason, "Give the instance a `backup_retention_period` above 0.");
        }
        let encrypted = peer.change.before.and_then(|b| b.outputs.get("storage_encrypted"));
        let open = change.is_open("kms_key_id");
        if encrypted == Some(&Value::Bool(true)) && key.is_none() && !open && change.before.is_none() {
            let reason =
                format!("{} is encrypted, and its key does not leave its region", peer.change.address);
            refuse("kms_key_id", reason, "Name a key of the destination's region.");
        }
    }
    if change.action == Action::Create {
        let days = change.after::<u32>("backup_retention_period").unwrap_or(RETENTION_DEFAULT);
        let reason =
            format!("a loss of {} leaves up to {days} days of restore points", from.unwrap_or("its region"));
        notes.push(Note::new(&facts::R15, Effect::Strengthens, SOURCE, reason));
    }
    notes
}

/// The instance among the resources of the configuration: by reference, else by its ARN.
fn source_peer<'p>(change: &Change<'_>, world: &World<'p>) -> Option<Peer<'p>> {
    const INSTANCE: &str = "aws_db_instance";
    if let Some(peer) = world.peers.target(change.address, &[SOURCE]).filter(|p| p.kind == INSTANCE) {
        return Some(peer);
    }
    let source = change.after::<String>(SOURCE)?;
    let arn = Arn::parse(&source)?;
    let name = arn.resource.strip_prefix("db:")?;
    world.peers.of_kind(INSTANCE).into_iter().find(|peer| {
        let region = peer.change.place.and_then(|p| p.region.as_deref());
        let identifier = peer.change.after::<String>("db_instance_identifier");
        region == Some(arn.region) && identifier.as_deref() == Some(name)
    })
}

/// What the restorable window says, read in the destination.
fn r16(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let Some(before) = change.before else { return Vec::new() };
    let text = |name: &str| before.outputs.get(name).and_then(Value::as_str);
    let mut notes = Vec::new();
    let mut warn = |reason: String| notes.push(Note::new(&facts::R16, Effect::Warn, SOURCE, reason));
    let status = text("status").unwrap_or_default();
    if is_over(status) {
        warn(format!("replication has ended: its status is `{status}`, and what is left ages out"));
    }
    let latest: Option<Timestamp> = text("restore_window_latest").and_then(|t| t.parse().ok());
    match latest {
        None => warn("nothing can be restored from it yet: it has no restorable window".to_owned()),
        Some(latest) => {
            let minutes = world.seen_at.duration_since(latest).as_mins();
            if minutes > BEHIND_MINUTES {
                warn(format!("it is {minutes} minutes behind: the latest restorable instant is {latest}"));
            }
        }
    }
    notes
}
