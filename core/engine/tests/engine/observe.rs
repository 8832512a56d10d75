//! Observing: budgets, concurrency, and that failing is never absence.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::toy::{Ill, Toy, connections, registry};
use drctl_core::addr::ProviderAddress;
use drctl_core::plan::{Observation, ReadRequest, World};
use drctl_core::provider::{BoxFuture, ErrorClass, Id, Place, ProviderError, Request, Wanted};
use drctl_core::value::Value;
use drctl_engine::connect::{Connect, Opened, connect};
use drctl_engine::observe::{Limits, Observer, observe};
use drctl_engine::reporter::Silent;
use tokio::time::Instant;

pub(crate) fn request(provider: &str, kind: &str, name: &str) -> ReadRequest {
    ReadRequest {
        address: format!("{kind}.{}_{name}", provider.replace('.', "_")).parse().unwrap(),
        provider: provider.parse().unwrap(),
        kind: kind.parse().unwrap(),
        request: Request { id: Id(name.to_owned()), wanted: Wanted::from_iter(["size"]) },
    }
}

async fn look(clouds: &[(&str, &Arc<Toy>)], limits: Limits, requests: &[ReadRequest]) -> World {
    let connections = connections(clouds);
    let observer = Observer { registry: registry(), connections: &connections, limits, reporter: &Silent };
    observe(&observer, |_| requests.to_vec()).await
}

/// One word for each observation, by address.
pub(crate) fn words(world: &World) -> Vec<String> {
    let word = |o: &Observation| match o {
        Observation::Present(_) => "present".to_owned(),
        Observation::Absent => "absent".to_owned(),
        Observation::Unobserved(u) => format!("{:?}", u.class).to_lowercase(),
    };
    world.observations.iter().map(|(a, o)| format!("{} {}", a.name, word(o))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_failing_thing_is_unobserved_and_the_others_are_not() {
    let toy = Toy::with(&[("a", 1), ("b", 1), ("c", 1)]);
    toy.ail("b", Ill::Fails(ErrorClass::Denied));
    toy.ail("c", Ill::Fails(ErrorClass::Unavailable));
    let requests = ["a", "b", "c", "d"].map(|n| request("toy", "toy_box", n));
    let world = look(&[("toy", &toy)], Limits::default(), &requests).await;
    assert_eq!(words(&world), ["toy_a present", "toy_b denied", "toy_c unavailable", "toy_d absent"]);
    assert_eq!(toy.calls().len(), 4, "one call for each thing, none repeated");
}

#[tokio::test(start_paused = true)]
async fn a_region_without_an_answer_costs_its_budget_once_and_no_other_region() {
    let (dead, alive) = (Toy::with(&[]), Toy::with(&[("x", 1)]));
    let mut requests = vec![request("toy.b", "toy_box", "x")];
    for n in 0..200 {
        dead.ail(&format!("t{n}"), Ill::Hangs);
        requests.push(request("toy.a", "toy_box", &format!("t{n}")));
    }
    dead.ail("toy_jar", Ill::Hangs);
    requests.push(request("toy.a", "toy_jar", "j"));
    let before = Instant::now();
    let world = look(&[("toy.a", &dead), ("toy.b", &alive)], Limits::default(), &requests).await;
    assert_eq!(before.elapsed(), Duration::from_secs(15));
    let words = words(&world);
    assert_eq!(words.iter().filter(|w| w.ends_with("timeout")).count(), 201);
    assert!(words.contains(&"toy_b_x present".to_owned()));
    assert_eq!(dead.calls().len(), 32, "what is cancelled is never begun");
    let Some(Observation::Unobserved(why)) = world.observations.values().next() else { panic!() };
    assert_eq!(why.message, "reading from toy.a in toy.a: no answer within 15 s");
}

#[tokio::test(start_paused = true)]
async fn a_slow_region_that_answers_is_read_to_its_end() {
    let toy = Arc::new(Toy { takes: Duration::from_secs(10), ..Toy::default() });
    let requests: Vec<_> = (0..100).map(|n| request("toy", "toy_box", &format!("t{n}"))).collect();
    let limits = Limits { parallelism: 7, ..Limits::default() };
    let before = Instant::now();
    let world = look(&[("toy", &toy)], limits, &requests).await;
    assert!(words(&world).iter().all(|w| w.ends_with("absent")));
    assert_eq!(before.elapsed(), Duration::from_secs(150));
    assert_eq!(toy.inner.lock().unwrap().most_in_flight, 7);
}

#[tokio::test(start_paused = true)]
async fn the_whole_deadline_ends_everything() {
    let toy = Arc::new(Toy { takes: Duration::from_secs(10), ..Toy::default() });
    let requests: Vec<_> = (0..10).map(|n| request("toy", "toy_box", &format!("t{n}"))).collect();
    let limits = Limits { parallelism: 1, whole: Duration::from_secs(35), ..Limits::default() };
    let before = Instant::now();
    let world = look(&[("toy", &toy)], limits, &requests).await;
    assert_eq!(before.elapsed(), Duration::from_secs(35));
    assert_eq!(words(&world).iter().filter(|w| w.ends_with("absent")).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn pages_are_shared_and_waves_go_on_until_nothing_is_asked() {
    let toy = Toy::with(&[("a", 1), ("b", 1)]);
    let connections = connections(&[("toy", &toy)]);
    let limits = Limits::default();
    let observer = Observer { registry: registry(), connections: &connections, limits, reporter: &Silent };
    let world = observe(&observer, |world| {
        let jars = ["a", "b", "c"].map(|n| request("toy", "toy_jar", n));
        let later = request("toy", "toy_box", "a");
        jars.into_iter().chain((!world.observations.is_empty()).then_some(later)).collect()
    });
    assert_eq!(words(&world.await), ["toy_a present", "toy_a present", "toy_b present", "toy_c absent"]);
    assert_eq!(toy.calls(), ["page toy_jar", "read a"]);
}

#[tokio::test(start_paused = true)]
async fn a_region_that_was_silent_is_not_asked_again_in_a_later_wave() {
    let toy = Toy::with(&[]);
    toy.ail("a", Ill::Hangs);
    let connections = connections(&[("toy", &toy)]);
    let limits = Limits::default();
    let observer = Observer { registry: registry(), connections: &connections, limits, reporter: &Silent };
    let world = observe(&observer, |world| {
        let first = request("toy", "toy_box", "a");
        let later = request("toy", "toy_box", "b");
        [first].into_iter().chain((!world.observations.is_empty()).then_some(later)).collect()
    });
    assert_eq!(words(&world.await), ["toy_a timeout", "toy_b timeout"]);
    assert_eq!(toy.calls(), ["read a"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_everything_is_unobserved() {
    let world = look(&[], Limits::default(), &[request("toy", "toy_box", "a")]).await;
    assert_eq!(words(&world), ["toy_a credentials"]);
}

/// Opens anything; who is calling is told, refused or never answered, by the provider's alias.
struct ByAlias(Arc<Toy>);

impl Connect for ByAlias {
    fn open<'a>(
        &'a self,
        provider: &'a ProviderAddress,
        _config: &'a BTreeMap<String, Value>,
    ) -> BoxFuture<'a, Result<Opened, ProviderError>> {
        Box::pin(async move {
            match provider.alias.as_ref().map(|a| a.as_str()) {
                Some("shut") => Err(denied()),
                alias => {
                    let place = Place { region: alias.map(str::to_owned), ..Place::default() };
                    Ok(Opened { cloud: self.0.clone(), place, simulated: true })
                }
            }
        })
    }
    fn identify<'a>(&'a self, opened: &'a Opened) -> BoxFuture<'a, Result<Place, ProviderError>> {
        Box::pin(async move {
            match opened.place.region.as_deref() {
                Some("mute") => std::future::pending().await,
                Some("secretive") => Err(denied()),
                _ => Ok(Place { account: Some("1".to_owned()), ..opened.place.clone() }),
            }
        })
    }
}

fn denied() -> ProviderError {
    let doing = "asking".to_owned();
    ProviderError { doing, class: ErrorClass::Denied, code: None, message: "no".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn one_provider_that_cannot_be_reached_does_not_stop_the_others() {
    let by = ByAlias(Toy::with(&[]));
    let names = ["toy.mute", "toy.open", "toy.secretive", "toy.shut"];
    let configurations = names.map(|n| (n.parse().unwrap(), BTreeMap::new())).into();
    let before = Instant::now();
    let connections = connect(&by, &configurations, Duration::from_secs(15)).await;
    assert_eq!(before.elapsed(), Duration::from_secs(10));
    let told: Vec<_> = (connections.clouds.values())
        .map(|c| {
            (c.cloud.is_ok(), c.head.place.account.is_some(), c.head.unobserved.as_ref().map(|u| u.class))
        })
        .collect();
    let (timeout, denied) = (Some(ErrorClass::Timeout), Some(ErrorClass::Denied));
    assert_eq!(
        told,
        [(true, false, timeout), (true, true, None), (true, false, denied), (false, false, denied)]
    );
}

#[tokio::test(start_paused = true)]
async fn connecting_and_reading_share_one_budget_in_a_region_without_an_answer() {
    let toy = Toy::with(&[]);
    toy.ail("a", Ill::Hangs);
    let by = ByAlias(toy);
    let configurations = ["toy.mute"].map(|n| (n.parse().unwrap(), BTreeMap::new())).into();
    let limits = Limits::default();
    let before = Instant::now();
    let connections = connect(&by, &configurations, limits.silence).await;
    let observer = Observer { registry: registry(), connections: &connections, limits, reporter: &Silent };
    let world = observe(&observer, |_| vec![request("toy.mute", "toy_box", "a")]).await;
    assert_eq!(words(&world), ["toy_mute_a timeout"]);
    assert_eq!(before.elapsed(), limits.silence);
}
