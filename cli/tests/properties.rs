//! Random pairs of wishes (a, b) for each kind, on the simulated cloud: a is planned and applied, then
//! b, each cut off once before or after some call that changes something, and carried on from what is
//! left. Planning again finds nothing to do, now and when all that was pending has come into effect;
//! planning twice gives the same bytes; and at no moment is anything less protected than it was
//! before and is afterwards. Time stands still: nothing here waits.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

#[path = "support/watched.rs"]
mod watched;
#[path = "support/wishes.rs"]
mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drctl_aws::port::Cloud;
use drctl_aws::provider_config::ProviderConfig;
use drctl_core::addr::ProviderAddress;
use drctl_core::config::{self, Config};
use drctl_core::plan::{self, Acceptance, Input, Plan, Selection, World, sha256_hex};
use drctl_core::provider::{BoxFuture, Place, ProviderError, Registry};
use drctl_core::schema::Attributes;
use drctl_core::span::SourceMap;
use drctl_core::value::Value;
use drctl_engine::clock::FixedClock;
use drctl_engine::connect::{Connect, Connections, Opened, connect};
use drctl_engine::execute::{Apply, execute};
use drctl_engine::hooks::NoHooks;
use drctl_engine::lock::Holder;
use drctl_engine::observe::{Limits, Observer, observe};
use drctl_engine::reporter::Silent;
use drctl_engine::session::{Paths, Session};
use drctl_sim::{Sim, SimWorld, admin};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use watched::{Cut, Level, Watched, level};
use wishes::{bucket, instance, replicated_backups, snapshot};

static REGISTRY: Registry = Registry { providers: std::slice::from_ref(&drctl_aws::ENTRY) };

/// Two regions, a database and the destination of a replication.
const HEAD: &str = r#"
provider "aws" {
  region   = "eu-west-1"
  endpoint = "sim"
}
provider "aws" {
  alias    = "dr"
  region   = "eu-west-2"
  endpoint = "sim"
}
"#;

/// A cloud and drctl's files.
struct Scene {
    dir: tempfile::TempDir,
    sim: Sim,
    seen: Arc<Mutex<Vec<(&'static str, Level)>>>,
    cut: Arc<Cut>,
    runs: usize,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    CutOff,
    /// Something came into effect between the plan and its turn; nothing was written there.
    Stale,
}

/// What was wished for, read and observed.
struct Observed {
    sources: SourceMap,
    config: Config,
    connections: Connections,
    world: World,
}

impl Connect for Scene {
    fn open<'a>(
        &'a self,
        _provider: &'a ProviderAddress,
        config: &'a BTreeMap<String, Value>,
    ) -> BoxFuture<'a, Result<Opened, ProviderError>> {
        Box::pin(async move {
            let config = ProviderConfig::from_values(config.clone()).unwrap();
            let inner =
                self.sim.connect(&self.sim.default_account().unwrap(), config.region.unwrap().as_str());
            let place = inner.place();
            let cloud: Cloud = Arc::new(Watched {
                inner,
                sim: self.sim.clone(),
                seen: Arc::clone(&self.seen),
                cut: Arc::clone(&self.cut),
            });
            Ok(Opened { cloud: Arc::new(cloud), place, simulated: true })
        })
    }

    fn identify<'a>(&'a self, opened: &'a Opened) -> BoxFuture<'a, Result<Place, ProviderError>> {
        Box::pin(async move { opened.cloud.downcast_ref::<Cloud>().unwrap().get_caller_identity().await })
    }
}

impl Scene {
    fn new() -> Scene {
        let seed = serde_json::json!({ "regions": {
            "eu-west-1": { "db_instances": { "main": { "engine": "postgres", "backup_retention_period": 7 } } },
            "eu-west-2": { "buckets": { "the-copy": { "versioning": "Enabled", "object_lock": {} } } },
        } });
        let sim = Sim::memory(SimWorld::seed(&seed).unwrap());
        Scene { dir: tempfile::tempdir().unwrap(), sim, seen: Arc::default(), cut: Arc::default(), runs: 0 }
    }

    fn clock(&self) -> FixedClock {
        FixedClock(self.sim.read(|w| w.now).unwrap())
    }

    async fn session(&self) -> Session {
        let path = |name: &str| self.dir.path().join(name);
        let paths = Paths { state: path("state.json"), data: path("data") };
        let holder = Holder::this_process("ann", "apply", &self.clock());
        Session::open(paths, &holder, Duration::ZERO, &self.clock()).await.unwrap()
    }

    async fn observe(&self, text: &str, session: &Session) -> Result<Observed, String> {
        let mut sources = SourceMap::default();
        sources.add("main.dr.hcl", format!("{HEAD}{text}"));
        let (config, found) = config::load(&sources, &REGISTRY);
        if found.has_errors() {
            return Err(format!("{found:?}"));
        }
        let variables = BTreeMap::new();
        let (blocks, found) = plan::providers(&config, &variables, &REGISTRY);
        assert!(!found.has_errors(), "{found:?}");
        let limits = Limits::default();
        let connections = connect(self, &blocks, limits.silence).await;
        let observer = Observer { registry: REGISTRY, connections: &connections, limits, reporter: &Silent };
        let world = observe(&observer, |world| {
            let (instances, _) =
                plan::instances(&config, &variables, world, &REGISTRY, session.state.as_ref());
            plan::requests(&instances, world)
        })
        .await;
        Ok(Observed { sources, config, connections, world })
    }

    /// The plan, with all that it asks to be accepted; or why there is none.
    fn plan(&self, seen: &Observed, session: &Session) -> Result<Plan, String> {
        let make = |accepted: &[Acceptance]| {
            plan::plan(&Input {
                config: &seen.config,
                sources: &seen.sources,
                registry: &REGISTRY,
                variables: &BTreeMap::new(),
                world: &seen.world,
                state: session.state.as_ref(),
                now: self.clock().0,
                selection: &Selection::default(),
                accepted,
                rules_off: &BTreeSet::new(),
                drctl_version: "0",
                config_sha256: &sha256_hex(b"config"),
            })
        };
        let (plan, found) = make(&[]);
        if found.has_errors() {
            return Err(format!("{found:?}"));
        }
        let missing = plan.missing_acceptances();
        let (plan, again) = (make(&missing).0, make(&missing).0);
        assert_eq!(
            serde_json::to_string(&plan).unwrap(),
            serde_json::to_string(&again).unwrap(),
            "the same input gives the same bytes"
        );
        assert!(plan.missing_acceptances().is_empty());
        Ok(plan)
    }

    /// Plans and applies, until the end or until it is cut off; or why that is refused, before anything
    /// is written.
    async fn run(&mut self, text: &str) -> Result<End, String> {
        let mut session = self.session().await;
        let seen = self.observe(text, &session).await?;
        let plan = self.plan(&seen, &session)?;
        self.runs += 1;
        let (run, clock) = (format!("run-{}", self.runs), self.clock());
        let (_stop, interrupt) = tokio::sync::watch::channel(false);
        let apply = Apply {
            plan: &plan,
            config_sha256: &plan.config_sha256,
            run: &run,
            registry: REGISTRY,
            connections: &seen.connections,
            variables: &BTreeMap::new(),
            parallelism: 4,
            interrupt,
            clock: &clock,
            reporter: &Silent,
            hooks: &NoHooks,
        };
        let cut = Arc::clone(&self.cut);
        tokio::select! {
            biased;
            () = cut.reached() => Ok(End::CutOff),
            done = execute(&apply, &mut session) => {
                let done = done.unwrap();
                if done.is_stale() {
                    return Ok(End::Stale);
                }
                assert!(done.outcome.is_success(), "{text}\n{:?}", done.failures);
                Ok(End::Whole)
            }
        }
    }

    /// Applies, and once more when it was cut off; or why that is refused.
    async fn apply(&mut self, text: &str, cut_at: u32) -> Result<(), String> {
        let before = self.sim.read(level).unwrap();
        self.seen.lock().unwrap().clear();
        self.cut.set(cut_at);
        let end = self.run(text).await;
        self.cut.set(0);
        if end? != End::Whole {
            // What was accepted before the cut may come into effect just now.
            let mut again = self.run(text).await.unwrap();
            if again == End::Stale {
                again = self.run(text).await.unwrap();
            }
            assert_eq!(again, End::Whole, "carried on after a cut at {cut_at}\n{text}");
        }
        self.never_less_protected(text, &before);
        Ok(())
    }

    fn never_less_protected(&self, text: &str, before: &Level) {
        let after = self.sim.read(level).unwrap();
        for (call, between) in self.seen.lock().unwrap().iter() {
            for (what, is) in before {
                let least = is.min(after.get(what).unwrap_or(&0));
                let now = between.get(what).unwrap_or(&0);
                assert!(
                    now >= least,
                    "after {call}, `{what}` is {now}; before {is}, in the end {least}\n{text}"
                );
            }
        }
    }

    async fn nothing_to_do(&self, text: &str) {
        let session = self.session().await;
        let seen = self.observe(text, &session).await.unwrap();
        let plan = self.plan(&seen, &session).unwrap();
        assert!(plan.is_empty() && plan.complete, "{text}\n{:?}", plan.changes);
    }
}

/// How often each wish was carried out: properties that are never tried hold always.
async fn story(wishes: &[(String, u32); 2], carried_out: &AtomicUsize) {
    let mut scene = Scene::new();
    for (text, cut_at) in wishes {
        if scene.apply(text, *cut_at).await.is_err() {
            continue;
        }
        carried_out.fetch_add(1, Ordering::Relaxed);
        scene.nothing_to_do(text).await;
        admin::advance(&scene.sim, jiff::SignedDuration::from_hours(24 * 8)).unwrap();
        scene.nothing_to_do(text).await;
    }
}

/// The seed of the random pairs: `DRCTL_SEED`, else another one each time.
fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    match std::env::var("DRCTL_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => std::hash::RandomState::new().build_hasher().finish(),
    }
}

/// Tries pairs of wishes; at least a third of the wishes must be ones that are carried out.
fn holds(cases: u32, wish: impl Strategy<Value = String> + 'static) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 40,
        ..ProptestConfig::default()
    };
    // The points before and after calls that change something are counted from 1; 0 is no cut.
    let wish = (wish, prop_oneof![Just(0), 1..16u32]).boxed();
    let carried_out = AtomicUsize::new(0);
    let seed = seed();
    let bytes = [seed.to_le_bytes(); 4].concat();
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let held = TestRunner::new_with_rng(config, random).run(&[wish.clone(), wish], |wishes| {
        runtime.block_on(story(&wishes, &carried_out));
        Ok(())
    });
    assert!(held.is_ok(), "with DRCTL_SEED={seed}: {held:?}");
    let carried_out = carried_out.into_inner();
    assert!(carried_out >= cases as usize * 2 / 3, "only {carried_out} wishes were carried out");
}

#[test]
fn buckets() {
    holds(200, bucket());
}

#[test]
fn instances() {
    holds(64, instance());
}

#[test]
fn replications_of_backups() {
    holds(64, replicated_backups());
}

#[test]
fn snapshots() {
    holds(64, snapshot());
}
