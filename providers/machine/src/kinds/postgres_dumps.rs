//! `postgres_dumps`: where the dumps of a backup go, how they are made, and how long they are kept.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::Attributes;
use drctl_core::plan::Action;
use drctl_core::provider::{
    Attempt, Id, Kind, Managed, OfBackup, Part, ProviderError, Reading, Reads, Request, Unobserved,
};
use drctl_core::rule::{Change, Effect, Note, Rule, Timing, World};
use drctl_core::schema::{Attributes as _, Invalid};
use drctl_core::system::{DumpFormat, LockMode};
use drctl_core::value::Value;

use super::kept::kept;
use super::sides::sides;
use crate::applied::{self, Applied};
use crate::facts;
use crate::port::Cloud;
use crate::values::{AbsolutePath, Checksum, Keep, Line, LockFor};

/// The kind.
pub struct PostgresDumps;

const RECORD: &str = "record";
const TO: &str = "to";
const LOCK: &str = "lock";
const CREATED: &str = "created";
const MODE: &str = "mode";

/// The dumps of one backup. What `drctl backup run` keeps to beside the configuration is written down on the
/// machine: it makes them as was applied, and removes none earlier and locks none for less than either says.
#[derive(Debug, Clone, PartialEq, Attributes)]
pub struct Spec {
    /// The file in which it stands what was applied.
    #[attribute(identity)]
    pub record: AbsolutePath,
    /// Where they go: a directory, or the address of a bucket with what keys begin with.
    pub to: Option<Line>,
    /// What `pg_dump` writes: `custom` or `directory`.
    pub format: Option<DumpFormat>,
    /// How they are compressed: `gzip`, `none`, `zstd:9`.
    pub compress: Option<Line>,
    /// The checksums that are written beside each.
    #[attribute(kept)]
    pub checksum: Option<Checksum>,
    /// How long one is kept: "30d", or "for ever".
    pub keep: Option<Keep>,
    /// For how long nobody can delete one in its bucket: "none", or a mode and a duration such as "compliance for
    /// 30d".
    pub lock: Option<LockFor>,
    /// Whether the directory that they go to is there.
    #[attribute(kept)]
    pub created: Option<bool>,
}

/// What is seen of the directory.
#[derive(Debug, Clone, Default, PartialEq, Attributes)]
pub struct Outputs {
    /// Its permissions, as `chmod` writes them: `0700`.
    pub mode: Option<String>,
}

impl Spec {
    fn applied(&self) -> Applied {
        let Spec { record: _, to, format, compress, checksum, keep, lock, created: _ } = self.clone();
        Applied { to, format, compress, checksum, keep, lock }
    }
}

impl Kind for PostgresDumps {
    const NAME: &'static str = "postgres_dumps";
    const DOCS: &'static str = "Where the dumps of a backup go, how they are made and how long they are kept, as `drctl \
        backup run` heeds it. A directory that is not there is made for its owner alone; drctl never deletes one, and \
        no dump before its time.";
    const READS: Reads = Reads::Each;
    const CREATES: bool = true;
    const BACKUPS: &'static [&'static str] = &["pg_dump"];
    type Cloud = Cloud;
    type Spec = Spec;
    type Outputs = Outputs;

    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        identity.get(RECORD)?.as_str().map(|record| Id(record.to_owned()))
    }

    fn of_backup(managed: &Managed<'_>) -> OfBackup {
        let Some(made) = managed.backup.pg_dump.as_ref() else { return Ok(None) };
        if !made.is_made() {
            let wrong = "a managed dump names its `database`: without it, somebody else makes it";
            return Err(Invalid::new(wrong).below("pg_dump"));
        }
        let Some(applied) = Applied::of(managed.backup) else {
            let wrong = "a managed dump needs a `to` with a `bucket`, or with a directory as its `path`";
            return Err(Invalid::new(wrong).below("pg_dump"));
        };
        let summed = made.checksum.as_deref().unwrap_or("sha256").to_ascii_lowercase().replace('-', "");
        if summed != Checksum::Sha256.as_str() {
            return Err(Invalid::new("drctl writes checksums of SHA-256").below("checksum").below("pg_dump"));
        }
        let record = applied::path(managed.settings, managed.name).map_err(|e| e.below("provider"))?;
        let created = applied.directory().map(|_| Value::Bool(true));
        let mut part = Part::default().set(RECORD, Value::from(record), &["provider"]);
        let values = applied.to_values();
        for (name, at) in SAID {
            part = part.set(name, values.get(*name).cloned(), at);
        }
        Ok(Some(part.set(CREATED, created, &[TO])))
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    async fn read(cloud: &Cloud, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        let record = super::record(&request.id)?;
        let Some(found) = applied::read(cloud, record.as_str()).await? else { return Ok(None) };
        let (mut created, mut outputs, mut unobserved) = (None, Outputs::default(), BTreeMap::new());
        if let Some(directory) = found.directory().filter(|_| request.wanted.wants(CREATED)) {
            match cloud.folder(directory).await {
                Ok(mode) => {
                    created = Some(mode.is_some());
                    outputs.mode = mode.map(|mode| format!("{mode:04o}"));
                }
                Err(why) => drop(unobserved.insert(CREATED.to_owned(), Unobserved::from(why))),
            }
        }
        let Applied { to, format, compress, checksum, keep, lock } = found;
        let spec = Spec { record, to, format, compress, checksum, keep, lock, created };
        let (pending, managed_by) = (BTreeMap::new(), BTreeMap::new());
        Ok(Some(Reading { spec, outputs, unobserved, pending, managed_by }))
    }

    async fn create(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        applied::write(cloud, spec.record.as_str(), &spec.applied()).await
    }

    async fn complete(cloud: &Cloud, _attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
        match (spec.created, spec.applied().directory()) {
            (Some(true), Some(directory)) => {
                cloud.make_folder(directory, cloud.settings.run_as.as_deref()).await
            }
            _ => Ok(()),
        }
    }

    async fn update(
        cloud: &Cloud,
        attempt: &Attempt,
        _before: &Spec,
        after: &Spec,
        _changed: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        Self::create(cloud, attempt, after).await?;
        Self::complete(cloud, attempt, after).await
    }

    async fn delete(cloud: &Cloud, _attempt: &Attempt, id: &Id) -> Result<(), ProviderError> {
        applied::remove(cloud, super::record(id)?.as_str()).await
    }
}

/// Where a backup says what is set.
const SAID: &[(&str, &[&str])] = &[
    (TO, &[TO]),
    ("format", &["pg_dump", "format"]),
    ("compress", &["pg_dump", "compress"]),
    ("checksum", &["pg_dump", "checksum"]),
    ("keep", &["pg_dump", "keep"]),
    (LOCK, &[TO]),
];

static RULES: &[Rule] = &[
    Rule { fact: &facts::D1, check: d1 },
    Rule { fact: &facts::D2, check: d2 },
    Rule { fact: &facts::D3, check: d3 },
    Rule { fact: &facts::D4, check: d4 },
];

/// How long dumps are kept.
fn d1(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    kept(change, &facts::D1)
}

/// Where they are.
fn d2(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let note = |effect, name, reason| Note::new(&facts::D2, effect, name, reason);
    if let Some((Some(before), Some(_))) = sides::<Line>(change, TO) {
        let reason =
            format!("what is at `{}` stays there, and nothing lists or removes it any more", before.as_str());
        let help = "Make a dump right after applying, and keep the old ones until they are not needed.";
        return vec![note(Effect::Weakens, TO, reason).help(help)];
    }
    let is_gone = change.before::<bool>(CREATED) == Some(false) && change.after(CREATED) == Some(true);
    match change.before::<Line>(TO) {
        Some(to) if is_gone => {
            let reason = format!("`{}` is not there, and neither are the dumps that were in it", to.as_str());
            let help = "Mount what it is on, if that is missing: applying makes it anew, and empty.";
            vec![note(Effect::Warn, CREATED, reason).help(help)]
        }
        Some(_) | None => Vec::new(),
    }
}

/// How they are locked.
fn d3(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some((before, after)) = sides::<LockFor>(change, LOCK) else { return Vec::new() };
    let (before, after) = (before.unwrap_or(LockFor::Not), after.unwrap_or(LockFor::Not));
    let note = |effect, reason: String| {
        vec![Note::new(&facts::D3, effect, LOCK, reason).timing(Timing::NewDataOnly)]
    };
    match (before, after) {
        (LockFor::Not, LockFor::Not) => Vec::new(),
        (LockFor::For(..), LockFor::Not) => {
            note(Effect::Weakens, "whoever may write dumps may delete them as well".to_owned())
        }
        (_, LockFor::For(mode, _)) if before.stronger(after) == after => {
            let who = match mode {
                LockMode::Compliance => "nobody",
                LockMode::Governance => "nobody without the permission to bypass locks",
            };
            note(Effect::Strengthens, format!("{who} can delete a dump in that time"))
        }
        (_, LockFor::For(..)) => {
            note(Effect::Weakens, format!("a new dump is locked for less; until now it was `{before}`"))
        }
    }
}

/// Who else can remove them.
fn d4(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    const STICKY: u32 = 0o1000;
    if change.action == Action::Delete {
        return Vec::new();
    }
    let seen = change.before.and_then(|before| before.outputs.get(MODE)?.as_str());
    let Some(mode) = seen.and_then(|mode| u32::from_str_radix(mode, 8).ok()) else { return Vec::new() };
    let others = match mode & 0o022 {
        0 => return Vec::new(),
        0o020 => "its group",
        _ => "everybody",
    };
    if mode & STICKY != 0 {
        return Vec::new();
    }
    let reason = format!("{others} may remove dumps: the directory is open to {others} (mode {mode:04o})");
    vec![Note::new(&facts::D4, Effect::Warn, CREATED, reason).help("Take that away: `chmod go-w`.")]
}
