//! Random needs, failures, kills and repairs: in the end the cloud is as wanted, nothing is made twice,
//! and no step ran before its needs.

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;

use drctl_core::plan::Op;
use drctl_core::provider::ErrorClass;
use drctl_engine::execute::ExecuteError;
use futures_util::FutureExt;
use proptest::prelude::*;

use crate::toy::{Crash, CrashAt, Ill, Toy};
use crate::world::Scene;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// For each name: the size it has, if it is there; the size it shall have; which earlier names it
/// needs; whether the cloud refuses it for now.
type Seed = Vec<(Option<i64>, i64, u8, bool)>;

fn wanted(seed: &Seed) -> Vec<(&'static str, Option<i64>, &'static [&'static str])> {
    let rows = seed.iter().zip(NAMES).enumerate();
    rows.map(|(n, ((_, size, needs, _), name))| {
        let needs: Vec<&'static str> =
            (0..n).filter(|bit| needs & (1 << bit) != 0).map(|bit| NAMES[bit]).collect();
        (name, Some(*size), &*needs.leak())
    })
    .collect()
}

/// Applies once, killed at a point or not; whether it came to its end.
async fn run(scene: &mut Scene, seed: &Seed, kill: usize) -> bool {
    let mut session = scene.session().await;
    let plan = scene.plan(&wanted(seed), session.state.as_ref());
    let before = scene.toy.calls().len();
    let hooks = CrashAt(Mutex::new(kill));
    let ran = AssertUnwindSafe(scene.carry_out(&plan, &mut session, &hooks)).catch_unwind().await;
    let changed: Vec<String> = scene.toy.calls().split_off(before);
    let change_of = |name: &str| {
        changed.iter().position(|c| *c == format!("create {name}") || *c == format!("update {name}"))
    };
    for step in plan.steps.iter().filter(|s| matches!(s.op, Op::Create | Op::Update)) {
        let Some(at) = change_of(step.address.name.as_str()) else { continue };
        for need in plan.steps.iter().filter(|s| step.needs.contains(&s.id) && s.op != Op::Record) {
            let needed = change_of(need.address.name.as_str()).expect("a need was carried out");
            assert!(needed < at, "{} before {}", step.address, need.address);
        }
    }
    match ran {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => panic!("{:?}", ExecuteError::to_string(&error)),
        Err(cause) => {
            assert!(cause.is::<Crash>(), "a real failure");
            false
        }
    }
}

async fn story(seed: Seed, kills: Vec<usize>) {
    let there: Vec<(&str, i64)> =
        seed.iter().zip(NAMES).filter_map(|((is, ..), name)| Some((name, (*is)?))).collect();
    let mut scene = Scene::new(Toy::with(&there));
    for ((.., refused), name) in seed.iter().zip(NAMES) {
        if *refused {
            scene.toy.ail(name, Ill::Fails(ErrorClass::Unavailable));
        }
    }
    for kill in kills {
        run(&mut scene, &seed, kill).await;
    }
    scene.toy.inner.lock().unwrap().ill.clear();
    assert!(run(&mut scene, &seed, 0).await);
    let sizes: Vec<i64> = scene.toy.sizes().into_values().collect();
    assert_eq!(sizes, seed.iter().map(|(_, size, ..)| *size).collect::<Vec<_>>());
    let session = scene.session().await;
    let state = session.state.as_ref();
    assert_eq!(state.map_or(0, |s| s.resources.len()), seed.len());
    assert!(scene.plan(&wanted(&seed), state).steps.is_empty(), "planning again yields no change");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_on_the_way_it_converges(
        seed in prop::collection::vec(
            (prop::option::of(0..3i64), 0..3i64, any::<u8>(), prop::bool::weighted(0.2)), 1..=6),
        kills in prop::collection::vec(0..40usize, 0..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(story(seed, kills));
    }
}
