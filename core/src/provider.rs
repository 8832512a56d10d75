//! What the author of a kind writes ([`Kind`]), what the planner and the engine see ([`AnyKind`]),
//! and the adapter between the two ([`Erased`]). Authors only ever meet known, typed values.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use crate::protection::{
    ApiNeed, Estimate, Protection, RecoveryStep, StepNature, Subject, Target, Window,
};
use crate::rule::{Rule, Timing};
use crate::schema::{Attribute, Attributes, Invalid, Role};
use crate::value::Value;

/// A future that can be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the provider calls a thing: a bucket name, an instance identifier, an ARN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(pub String);

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key under which an effect is safe to repeat: same run and step, same key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attempt(pub String);

/// Who and where a provider configuration is.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The account; none when it could not be told.
    pub account: Option<String>,
    /// Who is calling: an ARN.
    pub caller: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The endpoint when it is not the provider's own: `sim`, or a URL without credentials.
    pub endpoint: Option<String>,
}

/// The class of a provider's error, which decides what drctl makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The caller may not do it. Never means that the thing is absent.
    Denied,
    /// Too many calls; trying again can help.
    Throttled,
    /// No answer in time.
    Timeout,
    /// No connection, or the service answers with an error of its own (5xx).
    Unavailable,
    /// The name belongs to another account.
    Foreign,
    /// The thing is in another region; the message names it.
    Elsewhere,
    /// What the call needs is not there.
    NotFound,
    /// The state of the thing forbids it now.
    Conflict,
    /// The provider refuses the request as such.
    Rejected,
    /// Credentials are missing, expired or malformed.
    Credentials,
    /// The answer could not be understood.
    Malformed,
}

/// A provider's error: what was being done, whether trying again can help, the cloud's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{doing}: {message}{}", code.as_ref().map(|c| format!(" ({c})")).unwrap_or_default())]
pub struct ProviderError {
    /// "reading the versioning of bucket `x`".
    pub doing: String,
    /// The class.
    pub class: ErrorClass,
    /// The provider's error code, such as `AccessDenied`.
    pub code: Option<String>,
    /// The provider's own words. Never a secret.
    pub message: String,
}

impl ProviderError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.class,
            ErrorClass::Throttled | ErrorClass::Timeout | ErrorClass::Unavailable | ErrorClass::Conflict
        )
    }
}

/// Why something could not be observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unobserved {
    /// The class of the error.
    pub class: ErrorClass,
    /// What happened, for the reader.
    pub message: String,
}

impl From<ProviderError> for Unobserved {
    fn from(error: ProviderError) -> Unobserved {
        Unobserved { class: error.class, message: error.to_string() }
    }
}

/// A value that the provider has accepted but not put into effect yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The accepted value.
    pub value: Value,
    /// When it takes effect.
    pub timing: Timing,
}

/// One thing as the provider has it, by name; the planner's view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The provider's name for it.
    pub id: Id,
    /// Attributes in canonical form. A managed attribute that is not here is not set at the provider,
    /// unless it stands in `unobserved`.
    pub attributes: BTreeMap<String, Value>,
    /// What the cloud decides.
    pub outputs: BTreeMap<String, Value>,
    /// Attributes that were asked for and could not be read.
    #[serde(default)]
    pub unobserved: BTreeMap<String, Unobserved>,
    /// Attributes with an accepted value that is not in effect yet.
    #[serde(default)]
    pub pending: BTreeMap<String, Pending>,
    /// Attributes that another manager owns, with its name: never fought over.
    #[serde(default)]
    pub managed_by: BTreeMap<String, String>,
}

impl Observed {
    /// A digest of what was observed of the named attributes: what a plan is bound to.
    pub fn digest(&self, attributes: &BTreeSet<String>) -> String {
        let managed: BTreeMap<_, _> =
            self.attributes.iter().filter(|(k, _)| attributes.contains(*k)).collect();
        let pending: BTreeMap<_, _> = self.pending.iter().filter(|(k, _)| attributes.contains(*k)).collect();
        let text = serde_json::to_string(&(&self.id, managed, pending)).expect("values serialise to JSON");
        crate::plan::sha256_hex(text.as_bytes())
    }
}

/// One thing as the provider has it, typed; what the author of a kind returns.
pub struct Reading<K: Kind> {
    /// What can be set. Only the attributes in [`Wanted`] need to be filled.
    pub spec: K::Spec,
    /// What the cloud decides.
    pub outputs: K::Outputs,
    /// As in [`Observed`].
    pub unobserved: BTreeMap<String, Unobserved>,
    /// As in [`Observed`].
    pub pending: BTreeMap<String, Pending>,
    /// As in [`Observed`].
    pub managed_by: BTreeMap<String, String>,
}

/// Which managed attributes a read has to fill: what the configuration writes and what was applied
/// earlier. A kind makes no call for the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted(pub BTreeSet<String>);

impl Wanted {
    /// Whether the attribute is asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its name at the provider.
    pub id: Id,
    /// What to fill.
    pub wanted: Wanted,
}

/// How a kind reads many things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// One call or more for each thing: the engine reads them side by side.
    Each,
    /// Pages shared by all things of a provider configuration: one `read_many` for all.
    Pages,
}

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

    /// Creates the thing and brings it to the spec.
    fn create(
        cloud: &Self::Cloud,
        attempt: &Attempt,
        spec: &Self::Spec,
    ) -> impl Future<Output = Result<(), ProviderError>> + Send;

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

    /// The steps that bring a thing of this kind back by the given protection; empty when this kind
    /// cannot be brought back that way.
    fn recover(subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep> {
        let _ = (subject, by, target);
        Vec::new()
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
    /// See [`Kind::recover`].
    fn recover(&self, subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep>;
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

/// Joins a typed kind to the untyped world.
pub struct Erased<K>(PhantomData<fn() -> K>);

impl<K: Kind> Erased<K> {
    /// The adapter; it holds nothing.
    pub const fn new() -> Erased<K> {
        Erased(PhantomData)
    }
}

impl<K: Kind> Default for Erased<K> {
    fn default() -> Self {
        Self::new()
    }
}

fn cloud_of<K: Kind>(cloud: &AnyCloud) -> &K::Cloud {
    cloud.downcast_ref().expect("the registry connects a kind only to its own provider's port")
}

fn observed<K: Kind>(id: &Id, reading: Reading<K>) -> Observed {
    let Reading { spec, outputs, unobserved, pending, managed_by } = reading;
    Observed {
        id: id.clone(),
        attributes: spec.to_values(),
        outputs: outputs.to_values(),
        unobserved,
        pending,
        managed_by,
    }
}

fn rejected(doing: String, error: &Invalid) -> ProviderError {
    ProviderError { doing, class: ErrorClass::Rejected, code: None, message: error.to_string() }
}

impl<K: Kind> AnyKind for Erased<K> {
    fn name(&self) -> &'static str {
        K::NAME
    }
    fn docs(&self) -> &'static str {
        K::DOCS
    }
    fn inputs(&self) -> &'static [Attribute] {
        K::Spec::ATTRIBUTES
    }
    fn outputs(&self) -> &'static [Attribute] {
        K::Outputs::ATTRIBUTES
    }
    fn reads(&self) -> Reads {
        K::READS
    }
    fn creates(&self) -> bool {
        K::CREATES
    }
    fn id(&self, identity: &BTreeMap<String, Value>) -> Option<Id> {
        K::id(identity)
    }
    fn derived(&self, id: &Id, place: &Place) -> BTreeMap<String, Value> {
        K::derived(id, place)
    }
    fn rules(&self) -> &'static [Rule] {
        K::rules()
    }
    fn check(&self, values: BTreeMap<String, Value>) -> Result<(), Invalid> {
        K::Spec::from_values(values).map(|_| ())
    }
    fn read<'a>(
        &self,
        cloud: &'a AnyCloud,
        request: &'a Request,
    ) -> BoxFuture<'a, Result<Option<Observed>, ProviderError>> {
        Box::pin(async move {
            let reading = K::read(cloud_of::<K>(cloud), request).await?;
            Ok(reading.map(|r| observed(&request.id, r)))
        })
    }
    fn read_many<'a>(
        &self,
        cloud: &'a AnyCloud,
        requests: &'a [Request],
    ) -> BoxFuture<'a, Result<BTreeMap<Id, Observed>, ProviderError>> {
        Box::pin(async move {
            let readings = K::read_many(cloud_of::<K>(cloud), requests).await?;
            Ok(readings.into_iter().map(|(id, r)| (id.clone(), observed(&id, r))).collect())
        })
    }
    fn create<'a>(
        &self,
        cloud: &'a AnyCloud,
        attempt: &'a Attempt,
        spec: BTreeMap<String, Value>,
    ) -> BoxFuture<'a, Result<(), ProviderError>> {
        Box::pin(async move {
            let spec =
                K::Spec::from_values(spec).map_err(|e| rejected(format!("creating {}", K::NAME), &e))?;
            K::create(cloud_of::<K>(cloud), attempt, &spec).await
        })
    }
    fn update<'a>(
        &self,
        cloud: &'a AnyCloud,
        attempt: &'a Attempt,
        update: Update,
    ) -> BoxFuture<'a, Result<(), ProviderError>> {
        Box::pin(async move {
            let wrong = |e: Invalid| rejected(format!("updating {}", K::NAME), &e);
            let before = K::Spec::from_values(update.before).map_err(wrong)?;
            let after = K::Spec::from_values(update.after).map_err(wrong)?;
            K::update(cloud_of::<K>(cloud), attempt, &before, &after, &update.changed).await
        })
    }
    fn delete<'a>(
        &self,
        cloud: &'a AnyCloud,
        attempt: &'a Attempt,
        id: &'a Id,
    ) -> BoxFuture<'a, Result<(), ProviderError>> {
        Box::pin(async move { K::delete(cloud_of::<K>(cloud), attempt, id).await })
    }
    fn protections(&self, subject: &Subject<'_>) -> Vec<Protection> {
        K::protections(subject)
    }
    fn recover(&self, subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep> {
        K::recover(subject, by, target)
    }
}

/// The kinds that are known, by name: the one list.
#[derive(Clone, Copy)]
pub struct Registry {
    /// Per provider name (`aws`): its kinds and the attributes of its `provider` block.
    pub providers: &'static [ProviderEntry],
}

/// A provider in the registry.
pub struct ProviderEntry {
    /// `aws`.
    pub name: &'static str,
    /// The attributes of its `provider` block, without `alias`.
    pub config: &'static [Attribute],
    /// Its kinds, sorted by name.
    pub kinds: &'static [&'static dyn AnyKind],
    /// Its facts, sorted by id.
    pub facts: &'static [crate::fact::Fact],
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
