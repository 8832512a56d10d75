//! One step with an effect: look whether the thing still is as the plan saw it, change it, look
//! whether it has become what was asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use drctl_core::plan::{After, Op, ResourceChange};
use drctl_core::provider::{
    AnyCloud, AnyKind, Attempt, ErrorClass, Observed, ProviderError, Request, Update,
};
use drctl_core::schema::{Attribute, Role, Type, attribute};
use drctl_core::value::Value;

use crate::hooks::Hooks;

/// How long to wait before each look at what was written: providers answer with the old value for a
/// while. Half a minute in all; what takes longer is reported as pending by the provider.
const LOOKS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The thing is not as the plan saw it. Nothing was written.
    #[error("the plan is stale: {0}")]
    Stale(String),
    /// A value is still not known, or does not fit.
    #[error("{0}")]
    Unresolved(String),
    /// The provider refused or did not answer.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The provider accepted the change and still shows something else.
    #[error("the provider accepted the change, and {0}")]
    NotConverged(String),
}

impl Failure {
    /// As it stands in the journal.
    pub(crate) fn as_error(&self, doing: &str) -> ProviderError {
        let (class, code) = match self {
            Failure::Provider(error) => return error.clone(),
            Failure::Stale(_) => (ErrorClass::Conflict, "Stale"),
            Failure::Unresolved(_) => (ErrorClass::Rejected, "Unresolved"),
            Failure::NotConverged(_) => (ErrorClass::Conflict, "NotConverged"),
        };
        ProviderError {
            doing: doing.to_owned(),
            class,
            code: Some(code.to_owned()),
            message: self.to_string(),
        }
    }
}

/// Whether the same step was begun by a run that was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// It was not.
    Never,
    /// It was, and whether it had its effect is not known.
    Begun,
}

/// A step and all it needs.
pub(crate) struct Effect<'e> {
    pub(crate) kind: &'static dyn AnyKind,
    pub(crate) cloud: &'e AnyCloud,
    pub(crate) op: Op,
    pub(crate) change: &'e ResourceChange,
    pub(crate) attempt: Attempt,
    pub(crate) earlier: Earlier,
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) hooks: &'e dyn Hooks,
}

/// How a step with an effect ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The thing afterwards; none when it is gone.
    pub(crate) observed: Option<Observed>,
    /// Attributes that are accepted and take effect later.
    pub(crate) pending: Vec<String>,
}

/// Where the thing of a step comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was not there, and the step has made it: that is to be written down before anything else is
    /// done to it.
    Made,
    /// It was there already, or nothing is there. After a run that was killed, what is there may be
    /// its work; that is not known.
    Found,
}

/// Makes, changes or deletes the thing. What was made still has to be brought to what was asked for.
pub(crate) async fn carry_out(effect: &Effect<'_>) -> Result<Origin, Failure> {
    let request = request(effect);
    let fresh = effect.kind.read(effect.cloud, &request).await?;
    if let Some(stale) = staleness(effect, fresh.as_ref()) {
        return Err(Failure::Stale(stale));
    }
    let origin = match (effect.op, &fresh) {
        (Op::Create, None) => Origin::Made,
        (Op::Create | Op::Update | Op::Delete | Op::Record | Op::Forget, _) => Origin::Found,
    };
    effect.hooks.at("before_effect");
    match (effect.op, fresh) {
        (Op::Create, _) => {
            effect.kind.create(effect.cloud, &effect.attempt, effect.values.clone()).await?;
        }
        (Op::Update, Some(fresh)) => {
            let update = update(effect, fresh);
            effect.kind.update(effect.cloud, &effect.attempt, update).await?;
        }
        (Op::Delete, Some(_)) => effect.kind.delete(effect.cloud, &effect.attempt, &request.id).await?,
        // Gone already, or nothing to write.
        (Op::Update | Op::Delete, None) | (Op::Record | Op::Forget, _) => {}
    }
    effect.hooks.at("after_effect");
    Ok(origin)
}

/// Writes what a new thing still lacks, and looks whether all has become what was asked for.
pub(crate) async fn complete(effect: &Effect<'_>) -> Result<Ended, Failure> {
    match effect.op {
        Op::Create => {
            effect.kind.complete(effect.cloud, &effect.attempt, effect.values.clone()).await?;
            effect.hooks.at("after_completion");
        }
        Op::Update | Op::Delete | Op::Record | Op::Forget => {}
    }
    look_back(effect, &request(effect)).await
}

fn request(effect: &Effect<'_>) -> Request {
    Request { id: effect.change.id.clone(), wanted: bound(effect.change).into_iter().collect() }
}

/// The attributes that the plan is bound to: what was observed and what is written.
pub(crate) fn bound(change: &ResourceChange) -> BTreeSet<String> {
    let observed = change.observed.iter().flat_map(|o| {
        o.attributes.keys().chain(o.pending.keys()).chain(o.unobserved.keys()).chain(o.managed_by.keys())
    });
    let written = change.desired.keys().chain(change.attributes.iter().filter_map(|a| a.path.first()));
    observed.chain(written).cloned().collect()
}

/// In which way the thing is not as the plan saw it.
fn staleness(effect: &Effect<'_>, fresh: Option<&Observed>) -> Option<String> {
    let change = effect.change;
    let id = &change.id;
    let same = |fresh: &Observed| change.observed_sha256 == Some(change.observed_digest(fresh));
    match (effect.op, fresh) {
        (Op::Create, None) | (Op::Delete, None) | (Op::Record | Op::Forget, _) => None,
        (Op::Create, Some(_)) => match effect.earlier {
            Earlier::Begun => None,
            Earlier::Never => Some(format!("`{id}` was not there when the plan was made, and is now")),
        },
        (Op::Update, None) => Some(format!("`{id}` was there when the plan was made, and is gone")),
        (Op::Update | Op::Delete, Some(fresh)) => {
            (!same(fresh)).then(|| format!("`{id}` has changed since the plan was made"))
        }
    }
}

fn update(effect: &Effect<'_>, fresh: Observed) -> Update {
    let changed = effect
        .change
        .attributes
        .iter()
        .filter(|a| match a.after {
            After::Known(_) | After::Open(_) | After::Unset => true,
            After::Pending(_) | After::Unobserved(_) | After::ManagedBy(_) => false,
        })
        .filter_map(|a| a.path.first().cloned())
        .collect();
    let mut before = fresh.attributes;
    for (name, value) in &effect.values {
        if attribute(effect.kind.inputs(), name).is_some_and(|a| a.role == Role::Identity) {
            before.insert(name.clone(), value.clone());
        }
    }
    Update { before, after: effect.values.clone(), changed }
}

/// Looks until the thing is what was asked for, or the looks are used up.
async fn look_back(effect: &Effect<'_>, request: &Request) -> Result<Ended, Failure> {
    let mut last = Failure::NotConverged("nothing could be read".to_owned());
    for wait in LOOKS {
        tokio::time::sleep(wait).await;
        last = match (effect.op, effect.kind.read(effect.cloud, request).await) {
            (_, Err(error)) if !error.is_transient() => return Err(error.into()),
            (_, Err(error)) => error.into(),
            (Op::Delete, Ok(None)) => return Ok(Ended { observed: None, pending: Vec::new() }),
            (Op::Delete, Ok(Some(_))) => Failure::NotConverged("it is still there".to_owned()),
            (_, Ok(None)) => Failure::NotConverged("it is not there".to_owned()),
            (_, Ok(Some(observed))) => match judge(effect, &observed) {
                Ok(pending) => return Ok(Ended { observed: Some(observed), pending }),
                Err(failure) => failure,
            },
        };
    }
    Err(last)
}

/// What is planned for attributes that are no longer written: a value, or none at all.
fn removed(change: &ResourceChange) -> BTreeMap<&str, Option<&Value>> {
    let whole = change.attributes.iter().filter(|a| a.path.len() == 1);
    whole
        .filter_map(|a| match &a.after {
            After::Unset => Some((a.path[0].as_str(), None)),
            After::Known(value) => Some((a.path[0].as_str(), Some(value))),
            After::Open(_) | After::Pending(_) | After::Unobserved(_) | After::ManagedBy(_) => None,
        })
        .collect()
}

/// The attributes that are pending; or the first one that is something else.
fn judge(effect: &Effect<'_>, observed: &Observed) -> Result<Vec<String>, Failure> {
    let mut pending = Vec::new();
    let removed = removed(effect.change);
    for row in effect.kind.inputs() {
        let wanted = match effect.values.get(row.name) {
            None | Some(Value::Null) => match removed.get(row.name) {
                Some(after) => after.cloned(),
                None => continue,
            },
            Some(value) => {
                Some((row.canonical)(value.clone()).map_err(|e| Failure::Unresolved(e.to_string()))?)
            }
        };
        if row.role != Role::Managed || observed.managed_by.contains_key(row.name) {
            continue;
        }
        if let Some(why) = observed.unobserved.get(row.name) {
            return Err(Failure::NotConverged(format!(
                "`{}` could not be read back: {}",
                row.name, why.message
            )));
        }
        let is = observed.attributes.get(row.name);
        if same(row.ty, is, wanted.as_ref()) {
            continue;
        }
        match observed.pending.get(row.name) {
            Some(p) if same(row.ty, Some(&p.value), wanted.as_ref()) => pending.push(row.name.to_owned()),
            Some(_) | None => {
                return Err(Failure::NotConverged(format!("still shows another value of `{}`", row.name)));
            }
        }
    }
    Ok(pending)
}

/// Whether a canonical value is what was asked for. What can never be read back is not compared.
fn same(ty: Type, is: Option<&Value>, wanted: Option<&Value>) -> bool {
    let (is, wanted) = (is.filter(|v| **v != Value::Null), wanted.filter(|v| **v != Value::Null));
    let (Some(Value::Object(is)), Some(Value::Object(wanted))) = (is, wanted) else { return is == wanted };
    let names: BTreeSet<&String> = is.keys().chain(wanted.keys()).collect();
    names.into_iter().all(|name| match below(ty, name) {
        Some(ty) => same(ty, is.get(name), wanted.get(name)),
        None => true,
    })
}

/// The type of what is below a name; none where nothing is compared.
fn below(ty: Type, name: &str) -> Option<Type> {
    let compared = |a: &Attribute| !matches!(a.role, Role::Option | Role::WriteOnly);
    match ty {
        Type::Object(table) => match attribute(table, name) {
            Some(row) => compared(row).then_some(row.ty),
            None => Some(Type::Any),
        },
        Type::Map(inner) => Some(*inner),
        Type::Any
        | Type::Bool
        | Type::Number
        | Type::String(_)
        | Type::Reference(_)
        | Type::Names
        | Type::Condition(_)
        | Type::Told(_)
        | Type::List(_)
        | Type::Set(_) => Some(Type::Any),
    }
}
