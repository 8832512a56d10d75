//! What the author of a kind writes ([`Kind`]), what the planner and the engine see ([`AnyKind`]),
//! and the adapter between the two ([`Erased`]). Authors only ever meet known, typed values.

mod erased;
mod managed;
mod observed;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use self::erased::Erased;
pub use self::managed::{Managed, OfBackup, Part, Said};
pub use self::observed::{
    Attempt, ErrorClass, Id, Observed, Pending, Place, ProviderError, Reading, Reads, Request, Unobserved,
    Wanted,
};
pub use crate::protection::{
    ApiNeed, Estimate, Kept, Lock, Look, Phase, Protection, RecoveryStep, Retention, Safeguards, Seeing,
    StepNature, Subject, TakeDown, Target, Undo, Verb, Window,
};
use crate::rule::Rule;
use crate::schema::{Attribute, Attributes, Invalid, Role};
use crate::value::Value;

/// A future that can be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A resource kind, as its author writes it. See `ARCHITECTURE.md`, "a new resource kind".
///
/// Every effect is safe to repeat under the same attempt key. Reading never writes. A missing thing
/// is `Ok(None)`, not an error. Concurrency, deadlines and budgets belong to the engine, retries to
/// the SDK as the engine configures it.
pub trait Kind: Sized + Send + Sync + 'static {
    /// `aws_s3_bucket`.
    const NAME: &'static str;
    /// What the kind is, for the reference.
    const DOCS: &'static str;
    /// How many things are read.
    const READS: Reads;
    /// Whether drctl may create one. A kind that only adopts reports its absence as an error.
    const CREATES: bool;
    /// The blocks of a backup that bring a thing of this kind with them, when the backup names a
    /// `provider` of these kinds: `pgbackrest`.
    const BACKUPS: &'static [&'static str] = &[];
    /// The provider's port.
    type Cloud: Send + Sync + 'static;
    /// What the user may set.
    type Spec: Attributes;
    /// What the cloud decides.
    type Outputs: Attributes;

    /// The provider's name of the thing these identity attributes name.
    fn id(identity: &BTreeMap<String, Value>) -> Option<Id>;

    /// Outputs that follow from the identity and the place alone, such as an ARN. They are known even
    /// when the region is lost.
    fn derived(id: &Id, place: &Place) -> BTreeMap<String, Value> {
        let _ = (id, place);
        BTreeMap::new()
    }

    /// What of this kind a backup brings with it, whose block is one of [`Kind::BACKUPS`]; none when it
    /// needs nothing of it.
    ///
    /// # Errors
    /// When it cannot be had as the backup says it; the path leads into the backup.
    fn of_backup(backup: &Managed<'_>) -> OfBackup {
        let _ = backup;
        Ok(None)
    }

    /// The rules that its facts make.
    fn rules() -> &'static [Rule];

    /// Reads one thing, fresh.
    fn read(
        cloud: &Self::Cloud,
        request: &Request,
    ) -> impl Future<Output = Result<Option<Reading<Self>>, ProviderError>> + Send;

    /// Reads many things with shared pages. Only called for [`Reads::Pages`]. A thing that is not in
    /// the answer is absent.
    fn read_many(
        cloud: &Self::Cloud,
        requests: &[Request],
    ) -> impl Future<Output = Result<BTreeMap<Id, Reading<Self>>, ProviderError>> + Send {
        let _ = (cloud, requests);
        async { Ok(BTreeMap::new()) }
    }

    /// Makes the thing, up to the call after which it is there: what this returns well is recorded as
    /// made by drctl. What more there is to write belongs to [`Kind::complete`].
    fn create(
        cloud: &Self::Cloud,
        attempt: &Attempt,
        spec: &Self::Spec,
    ) -> impl Future<Output = Result<(), ProviderError>> + Send;

    /// Brings what [`Kind::create`] has made to the spec. Nothing, where one call does both.
    fn complete(
        cloud: &Self::Cloud,
        attempt: &Attempt,
        spec: &Self::Spec,
    ) -> impl Future<Output = Result<(), ProviderError>> + Send {
        let _ = (cloud, attempt, spec);
        async { Ok(()) }
    }

    /// Brings an existing thing from `before` to `after`; `changed` names the top-level attributes to
    /// write, in no order: the kind knows the order that keeps it protected at every moment.
    fn update(
        cloud: &Self::Cloud,
        attempt: &Attempt,
        before: &Self::Spec,
        after: &Self::Spec,
        changed: &BTreeSet<String>,
    ) -> impl Future<Output = Result<(), ProviderError>> + Send;

    /// Deletes the thing. Only called for an accepted deletion of something drctl created.
    fn delete(
        cloud: &Self::Cloud,
        attempt: &Attempt,
        id: &Id,
    ) -> impl Future<Output = Result<(), ProviderError>> + Send;

    /// How it protects itself or others, from what is known of it: its id, what is set (written or
    /// observed) and its outputs (possibly only the derived ones).
    fn protections(subject: &Subject<'_>) -> Vec<Protection> {
        let _ = subject;
        Vec::new()
    }

    /// How long it keeps what protects it, or what is put into it.
    fn retention(subject: &Subject<'_>, of: Kept<'_>) -> Retention {
        let _ = (subject, of);
        Retention::default()
    }

    /// What keeps what it holds there and readable: the keys it is encrypted with, a lock that nobody
    /// can open.
    fn safeguards(subject: &Subject<'_>) -> Safeguards {
        let _ = subject;
        Safeguards::default()
    }

    /// The steps that bring a thing of this kind back by the given protection; empty when this kind
    /// cannot be brought back that way.
    fn recover(subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep> {
        let _ = (subject, by, target);
        Vec::new()
    }

    /// How it is looked whether something is true of the objects that it holds; none where it holds none.
    fn see(subject: &Subject<'_>, seeing: &Seeing) -> Option<Look> {
        let _ = (subject, seeing);
        None
    }

    /// How what one of its recovery steps makes in that region is removed again, where that was a drill: the
    /// step's verb, and the key under which it was done. None where it makes nothing that could be removed
    /// alone. Nothing but a drill asks for it.
    fn take_down(made: &Verb, by: &Attempt, region: &str) -> Option<TakeDown> {
        let _ = (made, by, region);
        None
    }

    /// Does what one of its recovery steps says, and gives what came of it. What cannot be done yet is
    /// [`ErrorClass::Conflict`]: it is asked again as long as the step lets it.
    fn perform(
        cloud: &Self::Cloud,
        attempt: &Attempt,
        verb: &Verb,
    ) -> impl Future<Output = Result<BTreeMap<String, Value>, ProviderError>> + Send {
        let _ = (cloud, attempt);
        std::future::ready(Err(unknown_verb(Self::NAME, verb)))
    }
}

/// The answer of a kind to a verb that it does not know.
pub fn unknown_verb(kind: &str, verb: &Verb) -> ProviderError {
    ProviderError {
        doing: format!("{} of {kind}", verb.name),
        class: ErrorClass::Rejected,
        code: None,
        message: "it knows no such verb".to_owned(),
    }
}

/// A provider connection of unknown type, as the engine carries it.
pub type AnyCloud = Arc<dyn Any + Send + Sync>;

/// A kind as planner and engine see it: by name and value.
pub trait AnyKind: Send + Sync {
    /// `aws_s3_bucket`.
    fn name(&self) -> &'static str;
    /// What the kind is.
    fn docs(&self) -> &'static str;
    /// What may be set.
    fn inputs(&self) -> &'static [Attribute];
    /// What the cloud decides.
    fn outputs(&self) -> &'static [Attribute];
    /// How many things are read.
    fn reads(&self) -> Reads;
    /// Whether drctl may create one.
    fn creates(&self) -> bool;
    /// See [`Kind::BACKUPS`].
    fn backups(&self) -> &'static [&'static str];
    /// See [`Kind::of_backup`].
    ///
    /// # Errors
    /// When it cannot be had as the backup says it.
    fn of_backup(&self, backup: &Managed<'_>) -> OfBackup;
    /// See [`Kind::id`].
    fn id(&self, identity: &BTreeMap<String, Value>) -> Option<Id>;
    /// See [`Kind::derived`].
    fn derived(&self, id: &Id, place: &Place) -> BTreeMap<String, Value>;
    /// See [`Kind::rules`].
    fn rules(&self) -> &'static [Rule];
    /// Checks values against the spec as a whole.
    ///
    /// # Errors
    /// When they do not fit.
    fn check(&self, values: BTreeMap<String, Value>) -> Result<(), Invalid>;
    /// See [`Kind::read`].
    fn read<'a>(
        &self,
        cloud: &'a AnyCloud,
        request: &'a Request,
    ) -> BoxFuture<'a, Result<Option<Observed>, ProviderError>>;
    /// See [`Kind::read_many`].
    fn read_many<'a>(
        &self,
        cloud: &'a AnyCloud,
        requests: &'a [Request],
    ) -> BoxFuture<'a, Result<BTreeMap<Id, Observed>, ProviderError>>;
    /// See [`Kind::create`].
    fn create<'a>(
        &self,
        cloud: &'a AnyCloud,
        attempt: &'a Attempt,
        spec: BTreeMap<String, Value>,
    ) -> BoxFuture<'a, Result<(), ProviderError>>;
    /// See [`Kind::complete`].
    fn complete<'a>(
        &self,
        cloud: &'a AnyCloud,
        attempt: &'a Attempt,
        spec: BTreeMap<String, Value>,
    ) -> BoxFuture<'a, Result<(), ProviderError>>;
    /// See [`Kind::update`].
    fn update<'a>(
        &self,
        cloud: &'a AnyCloud,
        attempt: &'a Attempt,
        update: Update,
    ) -> BoxFuture<'a, Result<(), ProviderError>>;
    /// See [`Kind::delete`].
    fn delete<'a>(
        &self,
        cloud: &'a AnyCloud,
        attempt: &'a Attempt,
        id: &'a Id,
    ) -> BoxFuture<'a, Result<(), ProviderError>>;
    /// See [`Kind::protections`].
    fn protections(&self, subject: &Subject<'_>) -> Vec<Protection>;
    /// See [`Kind::retention`].
    fn retention(&self, subject: &Subject<'_>, of: Kept<'_>) -> Retention;
    /// See [`Kind::safeguards`].
    fn safeguards(&self, subject: &Subject<'_>) -> Safeguards;
    /// See [`Kind::recover`].
    fn recover(&self, subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep>;
    /// See [`Kind::see`].
    fn see(&self, subject: &Subject<'_>, seeing: &Seeing) -> Option<Look>;
    /// See [`Kind::take_down`].
    fn take_down(&self, made: &Verb, by: &Attempt, region: &str) -> Option<TakeDown>;
    /// See [`Kind::perform`].
    fn perform<'a>(
        &self,
        cloud: &'a AnyCloud,
        attempt: &'a Attempt,
        verb: &'a Verb,
    ) -> BoxFuture<'a, Result<BTreeMap<String, Value>, ProviderError>>;
}

/// An update by name and value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// What is, identity included.
    pub before: BTreeMap<String, Value>,
    /// What shall be, identity included; what is not set is as before.
    pub after: BTreeMap<String, Value>,
    /// The top-level attributes to write.
    pub changed: BTreeSet<String>,
}

/// The kinds that are known, by name: the one list.
#[derive(Clone, Copy)]
pub struct Registry {
    /// Per provider name (`aws`): its kinds and the attributes of its `provider` block.
    pub providers: &'static [ProviderEntry],
}

/// A provider in the registry.
#[derive(Clone, Copy)]
pub struct ProviderEntry {
    /// `aws`.
    pub name: &'static str,
    /// The attributes of its `provider` block, without `alias`.
    pub config: &'static [Attribute],
    /// Its kinds, sorted by name.
    pub kinds: &'static [&'static dyn AnyKind],
    /// Its facts, sorted by id.
    pub facts: &'static [crate::fact::Fact],
    /// Whether small objects can be kept through it ([`crate::objects`]).
    pub keeps_objects: bool,
}

impl Registry {
    /// The kind of that name.
    pub fn kind(&self, name: &str) -> Option<&'static dyn AnyKind> {
        self.kinds().find(|k| k.name() == name)
    }
    /// All kinds, by provider, then by name.
    pub fn kinds(&self) -> impl Iterator<Item = &'static dyn AnyKind> + use<> {
        self.providers.iter().flat_map(|p| p.kinds.iter().copied())
    }
    /// The provider that a kind belongs to.
    pub fn provider_of(&self, kind: &str) -> Option<&'static ProviderEntry> {
        self.providers.iter().find(|p| p.kinds.iter().any(|k| k.name() == kind))
    }
    /// The provider of that name.
    pub fn provider(&self, name: &str) -> Option<&'static ProviderEntry> {
        self.providers.iter().find(|p| p.name == name)
    }
    /// The fact of that id.
    pub fn fact(&self, id: &str) -> Option<&'static crate::fact::Fact> {
        self.providers.iter().flat_map(|p| p.facts.iter()).find(|f| f.id == id)
    }
}

/// The names of a table's identity attributes.
pub fn identity_names(table: &'static [Attribute]) -> impl Iterator<Item = &'static str> {
    table.iter().filter(|a| a.role == Role::Identity).map(|a| a.name)
}
