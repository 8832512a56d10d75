//! Random pairs of wishes (a, b) for each kind, on the simulated cloud: a is planned and applied, then
//! b, each cut off once before or after some call that changes something, and carried on from what is
//! left. Planning again finds nothing to do, now and when all that was pending has come into effect;
//! planning twice gives the same bytes; and at no moment is anything less protected than it was
//! before and is afterwards. Time stands still: nothing here waits.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

#[path = "support/commander.rs"]
mod commander;
#[path = "support/level.rs"]
mod level;
#[path = "support/watched.rs"]
mod watched;
#[path = "support/wishes.rs"]
mod wishes;

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use commander::Commander;
use drctl_engine::hooks::NoHooks;
use drctl_sim::{Sim, SimWorld, admin};
use level::{Level, level};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use watched::{Watcher, writes};
use wishes::{bucket, instance, replicated_backups, snapshot};

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

/// Looks at the whole cloud after every call, and cuts a run off where it is told to.
struct Guard {
    sim: Sim,
    seen: Mutex<Vec<(&'static str, Level)>>,
    /// Points left, one before and one after each call that changes something; 0 when there is no cut.
    left: AtomicU32,
    reached: tokio::sync::Notify,
}

impl Guard {
    /// A point before or after a call; never ends at the cut.
    async fn pass(&self, call: &str) {
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 || !writes(call) {
            return;
        }
        self.left.store(left - 1, Ordering::SeqCst);
        if left == 1 {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Watcher for Guard {
    async fn before(&self, call: &'static str) {
        self.pass(call).await;
    }

    async fn after(&self, call: &'static str) {
        self.seen.lock().unwrap().push((call, self.sim.read(level).unwrap()));
        self.pass(call).await;
    }
}

/// A cloud and somebody who commands it.
struct Scene {
    _dir: tempfile::TempDir,
    sim: Sim,
    guard: Arc<Guard>,
    commander: Commander,
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

impl Scene {
    fn new() -> Scene {
        let seed = serde_json::json!({ "regions": {
            "eu-west-1": { "db_instances": { "main": { "engine": "postgres", "backup_retention_period": 7 } } },
            "eu-west-2": { "buckets": { "the-copy": { "versioning": "Enabled", "object_lock": {} } } },
        } });
        let sim = Sim::memory(SimWorld::seed(&seed).unwrap());
        let dir = tempfile::tempdir().unwrap();
        let guard = Arc::new(Guard {
            sim: sim.clone(),
            seen: Mutex::default(),
            left: AtomicU32::new(0),
            reached: tokio::sync::Notify::new(),
        });
        let commander = Commander::new(dir.path(), sim.clone(), Arc::clone(&guard) as _);
        Scene { _dir: dir, sim, guard, commander, runs: 0 }
    }

    /// Plans and applies, until the end or until it is cut off; or why that is refused, before anything
    /// is written.
    async fn run(&mut self, text: &str) -> Result<End, String> {
        let mut session = self.commander.session().await;
        let seen = self.commander.observe(text, &session).await?;
        let plan = self.commander.plan(&seen, &session)?;
        self.runs += 1;
        let run = format!("run-{}", self.runs);
        tokio::select! {
            biased;
            () = self.guard.reached.notified() => Ok(End::CutOff),
            done = self.commander.apply((&plan, &seen), &run, &NoHooks, &mut session) => {
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
        self.guard.seen.lock().unwrap().clear();
        self.guard.left.store(cut_at, Ordering::SeqCst);
        let end = self.run(text).await;
        self.guard.left.store(0, Ordering::SeqCst);
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
        for (call, between) in self.guard.seen.lock().unwrap().iter() {
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
        let session = self.commander.session().await;
        let seen = self.commander.observe(text, &session).await.unwrap();
        let plan = self.commander.plan(&seen, &session).unwrap();
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
        runtime.block_on(story(&wishes.map(|(text, cut)| (format!("{HEAD}{text}"), cut)), &carried_out));
        Ok(())
    });
    assert!(held.is_ok(), "with DRCTL_SEED={seed}: {held:?}");
    let carried_out = carried_out.into_inner();
    assert!(carried_out >= cases as usize * 2 / 3, "only {carried_out} wishes were carried out");
}

#[test]
fn buckets() {
    holds(64, bucket());
}

#[test]
fn instances() {
    holds(48, instance());
}

#[test]
fn replications_of_backups() {
    holds(48, replicated_backups());
}

#[test]
fn snapshots() {
    holds(48, snapshot());
}
