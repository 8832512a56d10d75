//! The adapter between the typed kind of an author and what planner and engine see.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use super::{
    AnyCloud, AnyKind, Attempt, BoxFuture, ErrorClass, Id, Kept, Kind, Look, Managed, Observed, OfBackup,
    Place, Protection, ProviderError, Reading, Reads, RecoveryStep, Request, Retention, Safeguards, Seeing,
    Subject, TakeDown, Target, Update, Verb,
};
use crate::rule::Rule;
use crate::schema::{Attribute, Attributes, Invalid};
use crate::value::Value;

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

/// The spec of something that is being created.
fn created<K: Kind>(values: BTreeMap<String, Value>) -> Result<K::Spec, ProviderError> {
    K::Spec::from_values(values).map_err(|e| rejected(format!("creating {}", K::NAME), &e))
}

/// The spec of something that is there. Somebody may have set what makes no sense: that is as good as not set,
/// and does not keep it from being set right. What is `wanted` has to make sense.
fn legible<K: Kind>(
    mut values: BTreeMap<String, Value>,
    wanted: &BTreeSet<String>,
) -> Result<K::Spec, Invalid> {
    loop {
        let wrong = match K::Spec::from_values(values.clone()) {
            Ok(spec) => return Ok(spec),
            Err(wrong) => wrong,
        };
        let name = wrong.path.first().filter(|name| !wanted.contains(*name));
        if name.and_then(|name| values.remove(name)).is_none() {
            return Err(wrong);
        }
    }
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
    fn backups(&self) -> &'static [&'static str] {
        K::BACKUPS
    }
    fn of_backup(&self, backup: &Managed<'_>) -> OfBackup {
        K::of_backup(backup)
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
            let spec = created::<K>(spec)?;
            K::create(cloud_of::<K>(cloud), attempt, &spec).await
        })
    }
    fn complete<'a>(
        &self,
        cloud: &'a AnyCloud,
        attempt: &'a Attempt,
        spec: BTreeMap<String, Value>,
    ) -> BoxFuture<'a, Result<(), ProviderError>> {
        Box::pin(async move {
            let spec = created::<K>(spec)?;
            K::complete(cloud_of::<K>(cloud), attempt, &spec).await
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
            let before = legible::<K>(update.before, &BTreeSet::new()).map_err(wrong)?;
            let after = legible::<K>(update.after, &update.changed).map_err(wrong)?;
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
    fn retention(&self, subject: &Subject<'_>, of: Kept<'_>) -> Retention {
        K::retention(subject, of)
    }
    fn safeguards(&self, subject: &Subject<'_>) -> Safeguards {
        K::safeguards(subject)
    }
    fn recover(&self, subject: &Subject<'_>, by: &Protection, target: &Target) -> Vec<RecoveryStep> {
        K::recover(subject, by, target)
    }
    fn see(&self, subject: &Subject<'_>, seeing: &Seeing) -> Option<Look> {
        K::see(subject, seeing)
    }
    fn take_down(&self, made: &Verb, by: &Attempt, region: &str) -> Option<TakeDown> {
        K::take_down(made, by, region)
    }
    fn perform<'a>(
        &self,
        cloud: &'a AnyCloud,
        attempt: &'a Attempt,
        verb: &'a Verb,
    ) -> BoxFuture<'a, Result<BTreeMap<String, Value>, ProviderError>> {
        Box::pin(async move { K::perform(cloud_of::<K>(cloud), attempt, verb).await })
    }
}
