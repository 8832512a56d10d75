//! Reading before anybody has told who is calling, on the word of a presumed account.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::observe::{request, words};
use crate::toy::{Ill, Toy, registry};
use drctl_core::addr::ProviderAddress;
use drctl_core::plan::World;
use drctl_core::provider::{BoxFuture, ErrorClass, Place, ProviderError};
use drctl_core::value::Value;
use drctl_engine::connect::{Connect, Connections, Opened, connect_ahead};
use drctl_engine::observe::{Limits, Observer, observe};
use drctl_engine::reporter::Silent;
use tokio::time::Instant;

/// How long telling who is calling takes.
const TELLING: Duration = Duration::from_secs(2);

/// Opens one toy, and its twin for a presumed account; tells `account` or why not.
struct Presuming {
    toy: Arc<Toy>,
    account: Result<&'static str, ErrorClass>,
}

impl Connect for Presuming {
    fn open<'a>(
        &'a self,
        provider: &'a ProviderAddress,
        _config: &'a BTreeMap<String, Value>,
    ) -> BoxFuture<'a, Result<Opened, ProviderError>> {
        let place = Place { region: Some(provider.to_string()), ..Place::default() };
        Box::pin(async move { Ok(Opened { cloud: self.toy.clone(), place, simulated: false }) })
    }
    fn identify<'a>(&'a self, opened: &'a Opened) -> BoxFuture<'a, Result<Place, ProviderError>> {
        Box::pin(async move {
            self.toy.inner.lock().unwrap().calls.push("identify".to_owned());
            tokio::time::sleep(TELLING).await;
            match self.account {
                Ok(account) => Ok(Place { account: Some(account.to_owned()), ..opened.place.clone() }),
                Err(ErrorClass::Timeout) => std::future::pending().await,
                Err(class) => {
                    let (doing, message) = ("asking".to_owned(), "no".to_owned());
                    Err(ProviderError { doing, class, code: None, message })
                }
            }
        })
    }
    fn presuming(&self, opened: &Opened, account: &str) -> Option<Opened> {
        let place = Place { account: Some(account.to_owned()), ..opened.place.clone() };
        Some(Opened { cloud: opened.cloud.clone(), place, simulated: opened.simulated })
    }
}

fn slow(calls_take: u64) -> Arc<Toy> {
    let toy = Toy { takes: Duration::from_secs(calls_take), ..Toy::default() };
    toy.inner.lock().unwrap().things.insert("a".to_owned(), crate::toy::Thing::default());
    Arc::new(toy)
}

async fn read(connections: Connections) -> World {
    let limits = Limits::default();
    let observer = Observer { registry: registry(), connections: &connections, limits, reporter: &Silent };
    observe(&observer, |_| vec![request("toy", "toy_box", "a"), request("toy", "toy_box", "b")]).await
}

/// Connects the providers, the first so many of them with account 1 presumed.
async fn ahead(by: &Presuming, providers: &[&str], presumed: usize) -> (Connections, Option<World>) {
    let configurations = providers.iter().map(|p| (p.parse().unwrap(), BTreeMap::new())).collect();
    let presumed = providers.iter().take(presumed);
    let presume = || presumed.map(|p| (p.parse().unwrap(), "1".to_owned())).collect();
    connect_ahead(by, &configurations, Limits::default().silence, (presume, read)).await
}

fn told(connections: &Connections) -> (Option<&str>, Option<ErrorClass>) {
    let head = &connections.clouds.values().next().unwrap().head;
    (head.place.account.as_deref(), head.unobserved.as_ref().map(|u| u.class))
}

#[tokio::test(start_paused = true)]
async fn reading_does_not_wait_for_who_is_calling_and_asks_nothing_twice() {
    for (calls_take, both) in [(1, 2), (3, 3)] {
        let by = Presuming { toy: slow(calls_take), account: Ok("1") };
        let before = Instant::now();
        let (connections, world) = ahead(&by, &["toy"], 1).await;
        assert_eq!(before.elapsed(), Duration::from_secs(both), "side by side");
        assert_eq!(words(&world.unwrap()), ["toy_a present", "toy_b absent"]);
        assert_eq!(told(&connections), (Some("1"), None));
        let mut calls = by.toy.calls();
        calls.sort();
        assert_eq!(calls, ["identify", "read a", "read b"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_read_of_another_account_than_is_told_is_let_go_of() {
    let cases = [
        (Ok("2"), (Some("2"), None), 2),
        (Err(ErrorClass::Denied), (None, Some(ErrorClass::Denied)), 2),
        (Err(ErrorClass::Timeout), (None, Some(ErrorClass::Timeout)), 10),
    ];
    for (account, is, seconds) in cases {
        for calls_take in [1, 30] {
            let by = Presuming { toy: slow(calls_take), account };
            let before = Instant::now();
            let (connections, world) = ahead(&by, &["toy"], 1).await;
            assert!(world.is_none(), "{account:?}");
            assert_eq!(told(&connections), is);
            let waited = Duration::from_secs(seconds);
            assert_eq!(before.elapsed(), waited, "no longer than without reading ahead");
            // The budget of a region that says nothing runs from the first call.
            let silent = connections.clouds.values().next().unwrap().silent_since;
            assert_eq!(silent, (account == Err(ErrorClass::Timeout)).then_some(before));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_an_account_that_nobody_presumes_nothing_is_read_ahead() {
    for presumed in [0, 1] {
        let by = Presuming { toy: slow(1), account: Ok("1") };
        let (connections, world) = ahead(&by, &["toy", "toy.dr"], presumed).await;
        assert!(world.is_none());
        assert_eq!((connections.clouds.len(), told(&connections)), (2, (Some("1"), None)));
        assert_eq!(by.toy.calls(), ["identify", "identify"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_region_without_an_answer_costs_its_budget_once_though_it_was_read_ahead() {
    let by = Presuming { toy: slow(1), account: Err(ErrorClass::Timeout) };
    by.toy.ail("a", Ill::Hangs);
    by.toy.ail("b", Ill::Hangs);
    let before = Instant::now();
    let (connections, world) = ahead(&by, &["toy"], 1).await;
    assert!(world.is_none());
    assert_eq!(words(&read(connections).await), ["toy_a timeout", "toy_b timeout"]);
    assert_eq!(before.elapsed(), Limits::default().silence);
}
