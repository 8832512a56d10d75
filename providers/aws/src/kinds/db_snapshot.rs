//! `aws_db_snapshot`: a manual snapshot of an instance. It never expires; drctl deletes it only when
//! it made it and the deletion is accepted by name.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::Attributes;
use drctl_core::plan::Action;
use drctl_core::provider::{
    Attempt, ErrorClass, Id, Kind, Place, Protection, ProviderError, Reading, Reads, Request, Safeguards,
    Subject,
};
use drctl_core::rule::{Change, Effect, Note, Rule, World};
use drctl_core::value::Value;

use crate::facts;
use crate::port;
use crate::port::Cloud;
use crate::values::{DbIdentifier, Tags, is_reserved_tag, partition};

/// The kind.
pub struct DbSnapshot;

/// A manual snapshot.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Spec {
    /// Name of the snapshot, unique in account and region.
    #[attribute(identity)]
    pub db_snapshot_identifier: DbIdentifier,
    /// Instance that it is taken of.
    #[attribute(fixed)]
    pub db_instance_identifier: Option<DbIdentifier>,
    /// Tags. All tags of the snapshot are managed, save AWS's own.
    #[attribute(removed = Tags::default())]
    pub tags: Option<Tags>,
}

/// What RDS decides.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Outputs {
    /// ARN of the snapshot.
    pub arn: Option<String>,
    /// `creating` or `available`.
    pub status: Option<String>,
    /// The moment it holds, RFC 3339.
    pub snapshot_create_time: Option<String>,
    /// Engine of the instance.
    pub engine: Option<String>,
    /// Storage in GiB.
    pub allocated_storage: Option<u32>,
    /// Key of the snapshot, when it is encrypted.
    pub kms_key_id: Option<String>,
    /// Instance that it was taken of, in whatever form RDS names it.
    pub source_db_instance_identifier: Option<String>,
}

impl Kind for DbSnapshot {
    const NAME: &'static str = "aws_db_snapshot";
    const DOCS: &'static str = "A manual snapshot of a DB instance. It does not expire. It is taken when it is \
        missing, never replaced, and deleted only when drctl took it and the deletion is accepted by name.";
    const READS: Reads = Reads::Pages;
    const CREATES: bool = true;
    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        identity.get("db_snapshot_identifier")?.as_str().map(|name| Id(name.to_owned()))
    }

    fn derived(id: &Id, place: &Place) -> BTreeMap<String, Value> {
        let (Some(region), Some(account)) = (&place.region, &place.account) else { return BTreeMap::new() };
        let arn = format!("arn:{}:rds:{region}:{account}:snapshot:{id}", partition(region));
        BTreeMap::from([("arn".to_owned(), Value::String(arn))])
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    async fn read(cloud: &Cloud, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        let found = cloud.describe_db_snapshots(Some(&request.id.0)).await?;
        Ok(found.iter().find(|s| s.identifier == request.id.0).map(reading))
    }

    async fn read_many(
        cloud: &Cloud,
        requests: &[Request],
    ) -> Result<BTreeMap<Id, Reading<Self>>, ProviderError> {
        let wanted: BTreeSet<&Id> = requests.iter().map(|r| &r.id).collect();
        let all = cloud.describe_db_snapshots(None).await?;
        let found = all.iter().map(|s| (Id(s.identifier.clone()), s));
        Ok(found.filter(|(id, _)| wanted.contains(id)).map(|(id, s)| (id, reading(s))).collect())
    }

    async fn create(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        let identifier = spec.db_snapshot_identifier.as_str();
        // An earlier attempt may have got through without its answer.
        let there = cloud.describe_db_snapshots(Some(identifier)).await?;
        if !there.is_empty() {
            return Ok(());
        }
        let Some(instance) = &spec.db_instance_identifier else {
            return Err(ProviderError {
                doing: format!("taking snapshot `{identifier}`"),
                class: ErrorClass::Rejected,
                code: None,
                message: "`db_instance_identifier` is needed to take it".to_owned(),
            });
        };
        let create = port::CreateDbSnapshot {
            identifier: identifier.to_owned(),
            instance: instance.as_str().to_owned(),
            tags: spec.tags.clone().unwrap_or_default().0,
        };
        cloud.create_db_snapshot(&create).await
    }

    async fn update(
        cloud: &Cloud,
        _attempt: &Attempt,
        before: &Spec,
        after: &Spec,
        changed: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        if !changed.contains("tags") {
            return Ok(());
        }
        let identifier = after.db_snapshot_identifier.as_str();
        let found = cloud.describe_db_snapshots(Some(identifier)).await?;
        let arn = found.first().map(|s| s.arn.clone()).ok_or_else(|| ProviderError {
            doing: format!("tagging snapshot `{identifier}`"),
            class: ErrorClass::NotFound,
            code: None,
            message: "there is no such snapshot any more".to_owned(),
        })?;
        write_tags(cloud, &arn, before.tags.as_ref(), after.tags.as_ref()).await
    }

    async fn delete(cloud: &Cloud, _attempt: &Attempt, id: &Id) -> Result<(), ProviderError> {
        match cloud.delete_db_snapshot(&id.0).await {
            Err(error) if error.class == ErrorClass::NotFound => Ok(()),
            answer => answer,
        }
    }

    fn safeguards(subject: &Subject<'_>) -> Safeguards {
        super::encrypted(subject)
    }

    fn protections(subject: &Subject<'_>) -> Vec<Protection> {
        let text = |map: &BTreeMap<String, Value>, name: &str| {
            map.get(name).and_then(Value::as_str).map(str::to_owned)
        };
        let of = text(subject.attributes, "db_instance_identifier")
            .or_else(|| text(subject.outputs, "source_db_instance_identifier"));
        let (Some(of), Some(region)) = (of, subject.place.region.clone()) else { return Vec::new() };
        let at = text(subject.outputs, "snapshot_create_time").and_then(|t| t.parse().ok());
        vec![Protection::Snapshot { of, snapshot: subject.id.0.clone(), region, at }]
    }
}

/// Writes the difference between two sets of tags of an RDS thing.
pub(super) async fn write_tags(
    cloud: &Cloud,
    arn: &str,
    before: Option<&Tags>,
    after: Option<&Tags>,
) -> Result<(), ProviderError> {
    let (nothing, empty) = (Tags::default(), Tags::default());
    let (before, after) = (before.unwrap_or(&nothing), after.unwrap_or(&empty));
    let set: BTreeMap<_, _> = after
        .0
        .iter()
        .filter(|(k, v)| before.0.get(*k) != Some(v))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    if !set.is_empty() {
        cloud.add_tags_to_resource(arn, &set).await?;
    }
    let gone: BTreeSet<String> =
        before.0.keys().filter(|k| !after.0.contains_key(*k) && !is_reserved_tag(k)).cloned().collect();
    if !gone.is_empty() {
        cloud.remove_tags_from_resource(arn, &gone).await?;
    }
    Ok(())
}

fn reading(found: &port::DbSnapshot) -> Reading<DbSnapshot> {
    Reading {
        spec: Spec {
            db_snapshot_identifier: DbIdentifier::observed(&found.identifier),
            db_instance_identifier: Some(DbIdentifier::observed(&found.instance)),
            tags: Some(Tags::observed(&found.tags)),
        },
        outputs: Outputs {
            arn: Some(found.arn.clone()),
            status: Some(found.status.clone()),
            snapshot_create_time: found.created.map(|t| t.to_string()),
            engine: Some(found.engine.clone()),
            allocated_storage: Some(found.allocated_storage_gib),
            kms_key_id: found.kms_key_id.clone(),
            source_db_instance_identifier: Some(found.instance.clone()),
        },
        unobserved: BTreeMap::new(),
        pending: BTreeMap::new(),
        managed_by: BTreeMap::new(),
    }
}

static RULES: &[Rule] = &[Rule { fact: &facts::R22, check: r22 }, Rule { fact: &facts::R18, check: r18 }];

/// A manual snapshot goes only when somebody deletes it, and then for good.
fn r22(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    if change.action != Action::Delete {
        return Vec::new();
    }
    let at = change.before.and_then(|b| b.outputs.get("snapshot_create_time")).and_then(Value::as_str);
    let at = at.map(|t| format!(" of {t}")).unwrap_or_default();
    let reason = format!("the restore point{at} is gone for good");
    let note = |effect| Note { attribute: None, ..Note::new(&facts::R22, effect, "", reason.clone()) };
    vec![note(Effect::Irreversible), note(Effect::Weakens)]
}

/// A new snapshot is a restore point, but only in its own region, and of an instance there.
fn r18(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    if change.action != Action::Create {
        return Vec::new();
    }
    let region = change.place.and_then(|p| p.region.as_deref()).unwrap_or("its region");
    if !change.is_written("db_instance_identifier") {
        let reason = format!("there is no such snapshot in {region}, and nothing says what to take it of");
        let note = Note::new(&facts::R18, Effect::Refuse, "db_instance_identifier", reason);
        return vec![note.help("Write the instance of this region that it is to be taken of.")];
    }
    let reason = format!("a restore point that does not expire, lost together with {region} and its key");
    vec![Note { attribute: None, ..Note::new(&facts::R18, Effect::Strengthens, "", reason) }]
}
