//! A small, strict cloud in memory with two kinds: boxes are read one by one, jars in pages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drctl_core::Attributes;
use drctl_core::provider::{
    AnyCloud, AnyKind, Attempt, Erased, ErrorClass, Id, Kind, Pending, Place, ProviderEntry, ProviderError,
    Reading, Reads, Registry, Request, Verb,
};
use drctl_core::rule::{Rule, Timing};
use drctl_core::value::Value;
use drctl_engine::connect::{Connection, Connections};
use drctl_engine::hooks::Hooks;

/// What a thing does instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ill {
    Hangs,
    Fails(ErrorClass),
    /// Shows the old value for so many reads after a write.
    Lags(usize),
    /// Can be made and then takes nothing more.
    Balks,
    /// Accepts a new size and never shows it.
    Ignores,
    /// Accepts a new size and shows it as pending.
    Postpones,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Thing {
    pub(crate) size: i64,
    pub(crate) made_by: Option<Attempt>,
    pub(crate) pending: Option<i64>,
    /// The value shown for so many more reads.
    pub(crate) shown: Option<(usize, Option<i64>)>,
}

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) things: BTreeMap<String, Thing>,
    pub(crate) ill: BTreeMap<String, Ill>,
    pub(crate) calls: Vec<String>,
    pub(crate) in_flight: usize,
    pub(crate) most_in_flight: usize,
}

/// The cloud.
#[derive(Default)]
pub(crate) struct Toy {
    pub(crate) inner: Mutex<Inner>,
    /// How long each call takes.
    pub(crate) takes: Duration,
}

impl Toy {
    pub(crate) fn with(things: &[(&str, i64)]) -> Arc<Toy> {
        let toy = Toy::default();
        for (name, size) in things {
            toy.inner
                .lock()
                .unwrap()
                .things
                .insert((*name).into(), Thing { size: *size, ..Thing::default() });
        }
        Arc::new(toy)
    }
    pub(crate) fn ail(&self, name: &str, ill: Ill) {
        self.inner.lock().unwrap().ill.insert(name.to_owned(), ill);
    }
    pub(crate) fn calls(&self) -> Vec<String> {
        self.inner.lock().unwrap().calls.clone()
    }
    pub(crate) fn sizes(&self) -> BTreeMap<String, i64> {
        self.inner.lock().unwrap().things.iter().map(|(n, t)| (n.clone(), t.size)).collect()
    }
    async fn call(&self, what: &str, name: &str) -> Result<Option<Ill>, ProviderError> {
        {
            let mut inner = self.inner.lock().unwrap();
            inner.calls.push(format!("{what} {name}"));
            inner.in_flight += 1;
            inner.most_in_flight = inner.most_in_flight.max(inner.in_flight);
        }
        tokio::time::sleep(self.takes).await;
        let ill = {
            let mut inner = self.inner.lock().unwrap();
            inner.in_flight -= 1;
            inner.ill.get(name).copied()
        };
        match ill {
            Some(Ill::Hangs) => std::future::pending().await,
            Some(Ill::Fails(class)) => Err(error(what, class)),
            other => Ok(other),
        }
    }
}

fn error(what: &str, class: ErrorClass) -> ProviderError {
    ProviderError { doing: what.to_owned(), class, code: None, message: "toy".to_owned() }
}

#[derive(Attributes, Debug, Clone, PartialEq)]
pub(crate) struct Spec {
    /// Its name.
    #[attribute(identity)]
    pub(crate) name: String,
    /// Its size.
    pub(crate) size: Option<i64>,
}

#[derive(Attributes, Debug, Clone, PartialEq)]
pub(crate) struct Outputs {
    /// Its name for others.
    pub(crate) arn: String,
}

fn reading<K: Kind<Spec = Spec, Outputs = Outputs>>(name: &str, thing: &mut Thing) -> Option<Reading<K>> {
    let mut size = Some(thing.size);
    if let Some((left, shown)) = thing.shown.as_mut().filter(|(left, _)| *left > 0) {
        *left -= 1;
        size = *shown;
    }
    let pending = thing.pending.map(|p| Pending { value: Value::from(p), timing: Timing::Immediate });
    Some(Reading {
        spec: Spec { name: name.to_owned(), size: Some(size?) },
        outputs: Outputs { arn: format!("arn:{name}") },
        unobserved: BTreeMap::new(),
        pending: pending.map(|p| ("size".to_owned(), p)).into_iter().collect(),
        managed_by: BTreeMap::new(),
    })
}

macro_rules! toy_kind {
    ($type:ident, $name:literal, $reads:expr) => {
        pub(crate) struct $type;
        impl Kind for $type {
            const NAME: &'static str = $name;
            const DOCS: &'static str = "A toy.";
            const READS: Reads = $reads;
            const CREATES: bool = true;
            type Cloud = Toy;
            type Spec = Spec;
            type Outputs = Outputs;
            fn id(identity: &BTreeMap<String, Value>) -> Option<Id> {
                Some(Id(identity.get("name")?.as_str()?.to_owned()))
            }
            fn rules() -> &'static [Rule] {
                &[]
            }
            async fn read(toy: &Toy, request: &Request) -> Result<Option<Reading<Self>>, ProviderError> {
                toy.call("read", &request.id.0).await?;
                let mut inner = toy.inner.lock().unwrap();
                Ok(inner.things.get_mut(&request.id.0).and_then(|t| reading(&request.id.0, t)))
            }
            async fn read_many(
                toy: &Toy,
                requests: &[Request],
            ) -> Result<BTreeMap<Id, Reading<Self>>, ProviderError> {
                toy.call("page", $name).await?;
                let mut inner = toy.inner.lock().unwrap();
                let asked = requests
                    .iter()
                    .filter_map(|r| Some((r.id.clone(), reading(&r.id.0, inner.things.get_mut(&r.id.0)?)?)));
                Ok(asked.collect())
            }
            async fn create(toy: &Toy, attempt: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
                let ill = toy.call("create", &spec.name).await?;
                let mut inner = toy.inner.lock().unwrap();
                if let Some(there) = inner.things.get(&spec.name) {
                    let same = there.made_by.as_ref() == Some(attempt);
                    return if same { Ok(()) } else { Err(error("create", ErrorClass::Conflict)) };
                }
                let shown = match ill {
                    Some(Ill::Lags(reads)) => Some((reads, None)),
                    _ => None,
                };
                let size = if ill == Some(Ill::Balks) { 0 } else { spec.size.unwrap_or(0) };
                let made_by = Some(attempt.clone());
                inner.things.insert(spec.name.clone(), Thing { size, made_by, pending: None, shown });
                Ok(())
            }
            async fn complete(toy: &Toy, _: &Attempt, spec: &Spec) -> Result<(), ProviderError> {
                match toy.inner.lock().unwrap().ill.get(&spec.name) {
                    Some(Ill::Balks) => Err(error("complete", ErrorClass::Denied)),
                    _ => Ok(()),
                }
            }
            async fn update(
                toy: &Toy,
                _attempt: &Attempt,
                before: &Spec,
                after: &Spec,
                changed: &BTreeSet<String>,
            ) -> Result<(), ProviderError> {
                let ill = toy.call("update", &after.name).await?;
                assert_eq!(before.name, after.name);
                assert!(changed.contains("size"));
                let mut inner = toy.inner.lock().unwrap();
                let Some(thing) = inner.things.get_mut(&after.name) else {
                    return Err(error("update", ErrorClass::NotFound));
                };
                match ill {
                    Some(Ill::Ignores) => {}
                    Some(Ill::Postpones) => thing.pending = after.size,
                    Some(Ill::Lags(reads)) => {
                        thing.shown = Some((reads, Some(thing.size)));
                        thing.size = after.size.unwrap_or(0);
                    }
                    _ => thing.size = after.size.unwrap_or(0),
                }
                Ok(())
            }
            async fn perform(
                toy: &Toy,
                attempt: &Attempt,
                verb: &Verb,
            ) -> Result<BTreeMap<String, Value>, ProviderError> {
                toy.call(&verb.name, &attempt.0).await?;
                Ok(verb.arguments.clone())
            }
            async fn delete(toy: &Toy, _attempt: &Attempt, id: &Id) -> Result<(), ProviderError> {
                toy.call("delete", &id.0).await?;
                toy.inner.lock().unwrap().things.remove(&id.0);
                Ok(())
            }
        }
    };
}
toy_kind!(ToyBox, "toy_box", Reads::Each);
toy_kind!(ToyJar, "toy_jar", Reads::Pages);

static KINDS: [&dyn AnyKind; 2] = [&Erased::<ToyBox>::new(), &Erased::<ToyJar>::new()];
static PROVIDERS: [ProviderEntry; 1] =
    [ProviderEntry { name: "toy", config: &[], kinds: &KINDS, facts: &[], keeps_objects: false }];

pub(crate) fn registry() -> Registry {
    Registry { providers: &PROVIDERS }
}

/// Connections to these clouds, each in a region named like its provider configuration.
pub(crate) fn connections(clouds: &[(&str, &Arc<Toy>)]) -> Connections {
    let mut found = Connections::default();
    for (provider, toy) in clouds {
        let place =
            Place { account: Some("1".to_owned()), region: Some((*provider).to_owned()), ..Place::default() };
        let head = drctl_core::plan::ProviderHead { place, simulated: false, unobserved: None };
        let cloud: AnyCloud = (*toy).clone();
        found
            .clouds
            .insert(provider.parse().unwrap(), Connection { cloud: Ok(cloud), head, silent_since: None });
    }
    found
}

/// Ends the test's thread of work at the Nth point, as a killed process would end.
pub(crate) struct CrashAt(pub(crate) Mutex<usize>);

/// What the unwinding carries, so that a real failure is told apart.
pub(crate) struct Crash;

impl Hooks for CrashAt {
    fn at(&self, _point: &str) {
        let mut left = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if *left == 0 {
            return;
        }
        *left -= 1;
        if *left == 0 {
            drop(left);
            std::panic::resume_unwind(Box::new(Crash));
        }
    }
}
