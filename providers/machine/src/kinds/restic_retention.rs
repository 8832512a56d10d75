//! `restic_retention`: how long the snapshots of a backup are kept. restic does not remember that.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::Attributes;
use drctl_core::provider::{
    Attempt, Id, Kind, Managed, OfBackup, Part, ProviderError, Reading, Reads, Request,
};
use drctl_core::rule::{Change, Note, Rule, World};
use drctl_core::schema::AttributeType;
use drctl_core::value::Value;

use super::kept::{KEEP, kept};
use crate::applied::{self, Applied};
use crate::facts;
use crate::port::Cloud;
use crate::values::{AbsolutePath, Keep};

/// The kind.
pub struct ResticRetention;

const RECORD: &str = "record";

/// How long snapshots are kept.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Spec {
    /// The file in which it stands what was applied.
    #[attribute(identity)]
    pub record: AbsolutePath,
    /// How long a snapshot is kept: "90d", or "for ever". `drctl backup run` removes none earlier than both the
    /// configuration and this say.
    pub keep: Option<Keep>,
}

/// Nothing beside.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Outputs {}

impl Kind for ResticRetention {
    const NAME: &'static str = "restic_retention";
    const DOCS: &'static str = "How long the snapshots of a backup by restic are kept, as `drctl backup run` heeds it: \
        restic does not remember that. It is written down on the machine.";
    const READS: Reads = Reads::Each;
    const CREATES: bool = true;
    const BACKUPS: &'static [&'static str] = &["restic"];
    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        identity.get(RECORD)?.as_str().map(|record| Id(record.to_owned()))
    }

    fn of_backup(managed: &Managed<'_>) -> OfBackup {
        let Some(applied) = Applied::of(managed.backup) else { return Ok(None) };
        let record = applied::path(managed.settings, managed.name).map_err(|e| e.below("provider"))?;
        let keep = applied.keep.map(|keep| keep.to_value());
        Ok(Some(Part::default().set(RECORD, Value::from(record), &["provider"]).set(
            KEEP,
            keep,
            &["restic", KEEP],
        )))
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    async fn read(cloud: &Cloud, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        let record = super::record(&request.id)?;
        let Some(applied) = applied::read(cloud, record.as_str()).await? else { return Ok(None) };
        let spec = Spec { record, keep: applied.keep };
        let (outputs, unobserved, pending, managed_by) = Default::default();
        Ok(Some(Reading { spec, outputs, unobserved, pending, managed_by }))
    }

    async fn create(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        let applied = Applied { keep: spec.keep, ..Applied::default() };
        applied::write(cloud, spec.record.as_str(), &applied).await
    }

    async fn update(
        cloud: &Cloud,
        attempt: &Attempt,
        _before: &Spec,
        after: &Spec,
        _changed: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        Self::create(cloud, attempt, after).await
    }

    async fn delete(cloud: &Cloud, _attempt: &Attempt, id: &Id) -> Result<(), ProviderError> {
        applied::remove(cloud, super::record(id)?.as_str()).await
    }
}

static RULES: &[Rule] = &[Rule { fact: &facts::F3, check: f3 }];

fn f3(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    kept(change, &facts::F3)
}
