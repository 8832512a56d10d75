//! What is asked of a provider and what it answers: ids, places, observations, errors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::rule::Timing;
use crate::value::Value;

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

impl Attempt {
    /// That of the step of that number in a run.
    pub fn of(run: &str, step: u32) -> Attempt {
        Attempt(format!("{run}/{step}"))
    }

    /// That of taking the same step back.
    #[must_use]
    pub fn back(&self) -> Attempt {
        Attempt(format!("{}/undo", self.0))
    }
}

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
    /// It was done and did not work: a command ended badly, a check does not hold, a person says so.
    Failed,
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
/// earlier. A kind makes no call for the others. Shared: it is the same for most things of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wanted(Arc<BTreeSet<String>>);

impl Wanted {
    /// Whether the attribute is asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.0.contains(name)
    }
    /// Their names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.0.iter()
    }
    /// Without those that must not be asked for.
    #[must_use]
    pub fn without(&self, gone: impl Fn(&str) -> bool) -> Wanted {
        if self.names().any(|name| gone(name)) {
            return self.names().filter(|name| !gone(name)).collect();
        }
        self.clone()
    }
}

impl<S: Into<String>> FromIterator<S> for Wanted {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Wanted {
        Wanted(Arc::new(names.into_iter().map(Into::into).collect()))
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
