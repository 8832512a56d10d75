//! Fills core's world: in waves, since reading one thing can make the name of the next one known.
//! A provider configuration that does not answer costs its budget once; what could not be read is
//! unobserved, never absent. The world does not depend on the order in which answers come.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use drctl_core::addr::{Address, ProviderAddress};
use drctl_core::plan::{Observation, ReadRequest, World};
use drctl_core::provider::{
    AnyCloud, AnyKind, BoxFuture, ErrorClass, ProviderError, Reads, Registry, Request, Unobserved,
};
use futures_util::future::join_all;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::time::Instant;

use crate::connect::{Connections, is_silence, no_answer};
use crate::reporter::{Reporter, Seen};

/// How long and how wide reading may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Reads in flight for each provider configuration.
    pub parallelism: usize,
    /// How long a provider configuration may go without any answer.
    pub silence: Duration,
    /// How long all reading may take.
    pub whole: Duration,
}

impl Default for Limits {
    /// 32 reads in flight stay far below any service's rate; 15 s outlast a slow call with its
    /// retries; an hour outlasts the largest account.
    fn default() -> Limits {
        Limits { parallelism: 32, silence: Duration::from_secs(15), whole: Duration::from_secs(3600) }
    }
}

/// What observing needs.
pub struct Observer<'o> {
    /// The kinds.
    pub registry: Registry,
    /// The connections.
    pub connections: &'o Connections,
    /// Bounds.
    pub limits: Limits,
    /// Is told what is read.
    pub reporter: &'o dyn Reporter,
}

/// Reads until nothing more is asked for. `requests` is core's: given the world so far, what is
/// still to be read.
pub async fn observe(observer: &Observer<'_>, mut requests: impl FnMut(&World) -> Vec<ReadRequest>) -> World {
    let until = Instant::now() + observer.limits.whole;
    let mut world = World { places: observer.connections.places(), ..World::default() };
    let mut silent: BTreeMap<ProviderAddress, Unobserved> = BTreeMap::new();
    let connections = observer.connections.clouds.iter();
    let mut waited_for: BTreeMap<ProviderAddress, Instant> =
        connections.filter_map(|(provider, c)| Some((provider.clone(), c.silent_since?))).collect();
    loop {
        let mut wave: BTreeMap<ProviderAddress, Vec<ReadRequest>> = BTreeMap::new();
        for request in requests(&world) {
            if !world.observations.contains_key(&request.address) {
                wave.entry(request.provider.clone()).or_default().push(request);
            }
        }
        if wave.is_empty() {
            return world;
        }
        let regions = wave.into_iter().map(|(provider, requests)| {
            let earlier = silent.get(&provider).cloned();
            let since = waited_for.remove(&provider).unwrap_or_else(Instant::now);
            let times = (since, until);
            async move { (read_region(observer, &provider, &requests, earlier, times).await, provider) }
        });
        for (region, provider) in join_all(regions).await {
            world.observations.extend(region.observations);
            silent.extend(region.silent.map(|why| (provider, why)));
        }
    }
}

/// What came of one provider configuration in one wave.
struct Region {
    observations: BTreeMap<Address, Observation>,
    silent: Option<Unobserved>,
}

/// Answers to some of the requests, by their numbers.
type Answers = Vec<(usize, Result<Observation, ProviderError>)>;

async fn read_region(
    observer: &Observer<'_>,
    provider: &ProviderAddress,
    requests: &[ReadRequest],
    earlier: Option<Unobserved>,
    (since, until): (Instant, Instant),
) -> Region {
    let mut open: BTreeSet<usize> = (0..requests.len()).collect();
    let mut region = Region { observations: BTreeMap::new(), silent: earlier };
    let settle = |region: &mut Region, number: usize, observation: Observation| {
        let request = &requests[number];
        let seen = match &observation {
            Observation::Present(_) => Seen::Present,
            Observation::Absent => Seen::Absent,
            Observation::Unobserved(_) => Seen::Unobserved,
        };
        observer.reporter.refresh_complete(&request.address, &request.request.id, seen);
        region.observations.insert(request.address.clone(), observation);
    };
    let cloud = match (&region.silent, observer.connections.cloud(provider)) {
        (None, Ok(cloud)) => Some(cloud),
        (Some(_), _) => None,
        (None, Err(error)) => {
            region.silent = Some(error.into());
            None
        }
    };
    if let Some(cloud) = cloud {
        let mut answers =
            calls(observer, cloud, requests).buffer_unordered(observer.limits.parallelism.max(1));
        let mut quiet = since + observer.limits.silence;
        while !open.is_empty() {
            match within(quiet.min(until), answers.next()).await {
                None => {
                    region.silent = Some(silence(observer, provider, quiet, until).into());
                    break;
                }
                Some(None) => break,
                Some(Some(answer)) => {
                    for (number, result) in answer {
                        if is_answer(&result) {
                            quiet = Instant::now() + observer.limits.silence;
                        }
                        open.remove(&number);
                        let observation = result.unwrap_or_else(|e| Observation::Unobserved(e.into()));
                        settle(&mut region, number, observation);
                    }
                }
            }
        }
    }
    for number in open {
        let why = region.silent.clone().unwrap_or_else(|| no_answer_from(observer, provider).into());
        settle(&mut region, number, Observation::Unobserved(why));
    }
    region
}

/// Whether a result shows that somebody is there.
fn is_answer(result: &Result<Observation, ProviderError>) -> bool {
    !result.as_ref().err().is_some_and(is_silence)
}

async fn within<T>(until: Instant, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout_at(until, future).await.ok()
}

fn silence(
    observer: &Observer<'_>,
    provider: &ProviderAddress,
    quiet: Instant,
    until: Instant,
) -> ProviderError {
    if until < quiet {
        return no_answer(format!("reading from {provider}, with everything else"), observer.limits.whole);
    }
    no_answer_from(observer, provider)
}

fn no_answer_from(observer: &Observer<'_>, provider: &ProviderAddress) -> ProviderError {
    let region = observer.connections.clouds.get(provider).and_then(|c| c.head.place.region.as_deref());
    let region = region.map(|r| format!(" in {r}")).unwrap_or_default();
    no_answer(format!("reading from {provider}{region}"), observer.limits.silence)
}

/// The calls that answer the requests: one for each thing, or one for all things of a kind. Each is made
/// when there is room for it.
fn calls<'o>(
    observer: &'o Observer<'_>,
    cloud: &'o AnyCloud,
    requests: &'o [ReadRequest],
) -> impl Stream<Item = BoxFuture<'o, Answers>> {
    let mut single: Vec<usize> = Vec::new();
    let mut paged: BTreeMap<&str, (&'static dyn AnyKind, Vec<usize>)> = BTreeMap::new();
    for (number, request) in requests.iter().enumerate() {
        match observer.registry.kind(request.kind.as_str()) {
            Some(kind) if kind.reads() == Reads::Pages => {
                paged.entry(kind.name()).or_insert((kind, Vec::new())).1.push(number);
            }
            Some(_) | None => single.push(number),
        }
    }
    let pages = paged.into_values().map(move |(kind, numbers)| -> BoxFuture<'o, Answers> {
        Box::pin(read_pages(observer, cloud, kind, requests, numbers))
    });
    let single = single.into_iter().map(move |number| -> BoxFuture<'o, Answers> {
        let request = &requests[number];
        Box::pin(async move { vec![(number, read_one(observer, cloud, request).await)] })
    });
    // Pages follow each other and take longest: they begin first.
    stream::iter(pages.chain(single))
}

async fn read_one(
    observer: &Observer<'_>,
    cloud: &AnyCloud,
    request: &ReadRequest,
) -> Result<Observation, ProviderError> {
    let kind = observer.registry.kind(request.kind.as_str()).ok_or_else(|| no_such_kind(request))?;
    observer.reporter.refresh_start(&request.address, &request.request.id);
    kind.read(cloud, &request.request).await.map(Observation::from)
}

async fn read_pages(
    observer: &Observer<'_>,
    cloud: &AnyCloud,
    kind: &'static dyn AnyKind,
    requests: &[ReadRequest],
    numbers: Vec<usize>,
) -> Answers {
    for number in &numbers {
        observer.reporter.refresh_start(&requests[*number].address, &requests[*number].request.id);
    }
    let asked: Vec<Request> = numbers.iter().map(|n| requests[*n].request.clone()).collect();
    match kind.read_many(cloud, &asked).await {
        Err(error) => numbers.into_iter().map(|n| (n, Err(error.clone()))).collect(),
        Ok(found) => {
            numbers.into_iter().map(|n| (n, Ok(found.get(&requests[n].request.id).cloned().into()))).collect()
        }
    }
}

fn no_such_kind(request: &ReadRequest) -> ProviderError {
    ProviderError {
        doing: format!("reading {}", request.address),
        class: ErrorClass::Rejected,
        code: None,
        message: format!("there is no kind `{}`", request.kind),
    }
}
