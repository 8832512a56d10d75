//! A provider of toys: small kinds with every role an attribute can have, and rules of every effect.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::Attributes;
use drctl_core::fact::Fact;
use drctl_core::provider::{
    AnyKind, Attempt, Erased, Id, Kind, Place, ProviderEntry, ProviderError, Reading, Reads, Registry,
    Request,
};
use drctl_core::rule::{Change, Effect, Note, Rule, Timing, World};
use drctl_core::secret::Secret;
use drctl_core::value::Value;

/// A bucket that drctl may create.
pub(crate) struct Bucket;

#[derive(Attributes)]
pub(crate) struct BucketSpec {
    /// Its name.
    #[attribute(identity)]
    pub(crate) name: String,
    /// Whether versions are kept.
    pub(crate) versioning: Option<bool>,
    /// Days.
    pub(crate) days: Option<i64>,
    /// Chosen once.
    #[attribute(fixed)]
    pub(crate) class: Option<String>,
    /// Tags.
    pub(crate) tags: Option<BTreeMap<String, String>>,
    /// Zones, in no order.
    pub(crate) zones: Option<BTreeSet<String>>,
    /// Copies by label.
    pub(crate) copy: Option<BTreeMap<String, CopySpec>>,
    /// Steers changes.
    #[attribute(option)]
    pub(crate) force: Option<bool>,
    /// Cannot be read back.
    #[attribute(write_only)]
    pub(crate) password: Option<Secret<String>>,
}

#[derive(Attributes)]
pub(crate) struct CopySpec {
    /// The destination's ARN.
    pub(crate) to: String,
    /// Whether it copies.
    #[attribute(default = true)]
    pub(crate) enabled: bool,
}

#[derive(Attributes)]
pub(crate) struct BucketOutputs {
    /// Follows from the name.
    pub(crate) arn: Option<String>,
    /// Chosen by the provider.
    pub(crate) serial: Option<String>,
}

static WEAKENS: Fact =
    Fact { id: "T1", text: "Fewer days keep less", source: "toy", general_knowledge: false };
static REFUSES: Fact = Fact { id: "T2", text: "Days end at 100", source: "toy", general_knowledge: true };
static WARNS: Fact =
    Fact { id: "T3", text: "A copy needs versions there", source: "toy", general_knowledge: false };
static FINAL: Fact =
    Fact { id: "T4", text: "Versioning cannot be taken back", source: "toy", general_knowledge: true };

fn weakens(change: &Change<'_>, _: &World<'_>) -> Vec<Note> {
    match change.changes::<i64>("days") {
        Some((a, b)) if b < a => {
            vec![Note::new(&WEAKENS, Effect::Weakens, "days", format!("{} days disappear", a - b))]
        }
        _ => Vec::new(),
    }
}

fn refuses(change: &Change<'_>, _: &World<'_>) -> Vec<Note> {
    match change.after::<i64>("days") {
        Some(n) if n > 100 => {
            vec![Note::new(&REFUSES, Effect::Refuse, "days", format!("{n} is more than 100"))]
        }
        _ => Vec::new(),
    }
}

fn warns(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let Some(target) = world.peers.target(change.address, &["copy", "all", "to"]) else { return Vec::new() };
    match target.change.after::<bool>("versioning") {
        Some(true) => Vec::new(),
        _ => vec![Note::new(
            &WARNS,
            Effect::Warn,
            "copy.all.to",
            format!("`{}` keeps no versions", target.change.address),
        )],
    }
}

fn is_final(change: &Change<'_>, _: &World<'_>) -> Vec<Note> {
    match (change.before::<bool>("versioning"), change.after::<bool>("versioning")) {
        (Some(false) | None, Some(true)) => {
            vec![
                Note::new(&FINAL, Effect::Irreversible, "versioning", "it stays on")
                    .timing(Timing::NewDataOnly),
            ]
        }
        _ => Vec::new(),
    }
}

static RULES: &[Rule] = &[
    Rule { fact: &WEAKENS, check: weakens },
    Rule { fact: &REFUSES, check: refuses },
    Rule { fact: &WARNS, check: warns },
    Rule { fact: &FINAL, check: is_final },
];

fn named(identity: &BTreeMap<String, Value>) -> Option<Id> {
    identity.get("name").and_then(Value::as_str).map(|n| Id(n.to_owned()))
}

impl Kind for Bucket {
    const NAME: &'static str = "toy_bucket";
    const DOCS: &'static str = "A bucket.";
    const READS: Reads = Reads::Each;
    const CREATES: bool = true;
    type Cloud = ();
    type Spec = BucketSpec;
    type Outputs = BucketOutputs;
    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        named(identity)
    }
    fn derived(id: &Id, _: &Place) -> BTreeMap<String, Value> {
        BTreeMap::from([("arn".to_owned(), Value::from(format!("arn:{id}")))])
    }
    fn rules() -> &'static [Rule] {
        RULES
    }
    async fn read((): &(), _: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        Ok(None)
    }
    async fn create((): &(), _: &Attempt, _: &BucketSpec) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn update(
        (): &(),
        _: &Attempt,
        _: &BucketSpec,
        _: &BucketSpec,
        _: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn delete((): &(), _: &Attempt, _: &Id) -> Result<(), ProviderError> {
        Ok(())
    }
}

/// A database that drctl only adopts.
pub(crate) struct Db;

#[derive(Attributes)]
pub(crate) struct DbSpec {
    /// Its name.
    #[attribute(identity)]
    pub(crate) name: String,
    /// Days.
    pub(crate) days: Option<i64>,
}

#[derive(Attributes)]
pub(crate) struct DbOutputs {
    /// Where it answers.
    pub(crate) endpoint: Option<String>,
}

impl Kind for Db {
    const NAME: &'static str = "toy_db";
    const DOCS: &'static str = "A database.";
    const READS: Reads = Reads::Each;
    const CREATES: bool = false;
    type Cloud = ();
    type Spec = DbSpec;
    type Outputs = DbOutputs;
    fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
        named(identity)
    }
    fn rules() -> &'static [Rule] {
        &[]
    }
    async fn read((): &(), _: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
        Ok(None)
    }
    async fn create((): &(), _: &Attempt, _: &DbSpec) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn update(
        (): &(),
        _: &Attempt,
        _: &DbSpec,
        _: &DbSpec,
        _: &BTreeSet<String>,
    ) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn delete((): &(), _: &Attempt, _: &Id) -> Result<(), ProviderError> {
        Ok(())
    }
}

static BUCKET: Erased<Bucket> = Erased::new();
static DB: Erased<Db> = Erased::new();
static KINDS: &[&dyn AnyKind] = &[&BUCKET, &DB];
static FACTS: &[Fact] = &[WEAKENS, REFUSES, WARNS, FINAL];
static PROVIDERS: &[ProviderEntry] =
    &[ProviderEntry { name: "toy", config: &[], kinds: KINDS, facts: FACTS, keeps_objects: false }];

/// The registry of toys.
pub(crate) fn registry() -> Registry {
    Registry { providers: PROVIDERS }
}
