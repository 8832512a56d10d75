//! Executing: whatever happens on the way, what is written down is true and the next run converges.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drctl_core::fact::FactId;
use drctl_core::plan::{AcceptKind, Acceptance, Action, Op, StepId};
use drctl_core::provider::ErrorClass;
use drctl_core::rule::{Effect, Note};
use drctl_core::state::State;
use drctl_engine::execute::{Applied, ExecuteError, Failure, Refusal};
use drctl_engine::hooks::NoHooks;
use drctl_engine::lock::{Holder, LockError};
use drctl_engine::session::{Session, SessionError};
use drctl_engine::state_file::StateFile;
use futures_util::FutureExt;
use tokio::time::Instant;

use crate::toy::{Crash, CrashAt, Ill, Thing, Toy};
use crate::world::{Scene, Wanted, address, clock};

const WANTED: &Wanted =
    &[("a", Some(1), &[]), ("b", Some(2), &["a"]), ("c", None, &["a"]), ("d", Some(4), &[])];

fn state(scene: &Scene) -> Option<State> {
    StateFile::new(scene.paths().state).load().unwrap()
}

fn failure(applied: &Applied, name: &str) -> Option<Failure> {
    applied.failures.values().find(|(a, _)| *a == address(name)).map(|(_, f)| f.clone())
}

#[tokio::test(start_paused = true)]
async fn an_apply_converges_with_a_bounded_number_of_calls_and_is_idle_afterwards() {
    let mut scene = Scene::new(Toy::with(&[("b", 1), ("d", 4)]));
    let applied = scene.apply(WANTED).await.unwrap();
    assert!(applied.outcome.is_success(), "{:?}", applied.failures);
    let sizes = scene.toy.sizes().into_iter().collect::<Vec<_>>();
    assert_eq!(sizes, [("a", 1), ("b", 2), ("c", 5), ("d", 4)].map(|(n, s)| (n.to_owned(), s)));
    let mut calls = scene.toy.calls();
    calls.sort();
    let expected =
        ["create a", "create c", "read a", "read a", "read b", "read b", "read c", "read c", "update b"];
    assert_eq!(calls, expected, "a look before, the change, a look after; nothing for what is only recorded");
    let state = state(&scene).unwrap();
    let created: Vec<bool> = state.resources.values().map(|o| o.created).collect();
    assert_eq!(created, [true, false, true, false]);
    assert_eq!(state.serial, 6, "a checkpoint after each step, and after each thing that was made");
    assert!(!scene.paths().journal().exists());
    let session = scene.session().await;
    assert_eq!(scene.plan(&WANTED[..2], session.state.as_ref()).steps.len(), 2, "two are to be forgotten");
    let again = scene.plan(&[("a", Some(1), &[]), ("b", Some(2), &[])], session.state.as_ref());
    assert!(again.steps.iter().all(|s| s.op == Op::Forget));
}

#[tokio::test(start_paused = true)]
async fn forgetting_touches_the_state_alone() {
    let mut scene = Scene::new(Toy::with(&[]));
    scene.apply(&[("a", Some(1), &[])]).await.unwrap();
    let calls = scene.toy.calls().len();
    assert!(scene.apply(&[]).await.unwrap().outcome.is_success());
    assert_eq!(scene.toy.calls().len(), calls);
    assert!(state(&scene).unwrap().resources.is_empty());
    assert!(scene.toy.sizes().contains_key("a"));
}

/// What is there and written down by nobody.
fn doubtful(scene: &Scene, left: &Session) -> BTreeSet<&'static str> {
    let recorded = |name: &str| {
        let made = left.leftover.iter().flat_map(|l| l.made()).any(|(a, _)| *a == address(name));
        made || left.state.iter().any(|s| s.resources.contains_key(&address(name)))
    };
    let there = scene.toy.sizes();
    ["a", "c"].into_iter().filter(|n| there.contains_key(*n) && !recorded(n)).collect()
}

/// Kills a run at every point it passes, one after the other, and lets the next one finish.
#[tokio::test(start_paused = true)]
async fn killed_at_any_point_the_next_run_converges() {
    let (mut points, mut in_doubt) = (0, 0);
    for at in 1.. {
        let mut scene = Scene::new(Toy::with(&[("b", 1), ("d", 4)]));
        let mut session = scene.session().await;
        let plan = scene.plan(WANTED, None);
        let hooks = CrashAt(Mutex::new(at));
        let ran = AssertUnwindSafe(scene.carry_out(&plan, &mut session, &hooks)).catch_unwind().await;
        drop(session);
        match ran {
            Ok(applied) => {
                assert!(applied.unwrap().outcome.is_success());
                break;
            }
            Err(cause) => assert!(cause.is::<Crash>(), "point {at}: a real failure"),
        }
        points += 1;
        let left = scene.session().await;
        let begun = left.leftover.as_ref().map_or(0, |l| l.in_flight().len());
        let doubtful = doubtful(&scene, &left);
        in_doubt += doubtful.len();
        drop(left);
        let applied = scene.apply(WANTED).await.unwrap();
        assert!(applied.outcome.is_success(), "point {at}: {:?}", applied.failures);
        assert_eq!(scene.heard.lock().unwrap().len(), begun, "point {at}: what was in flight is told");
        assert_eq!(scene.toy.sizes().values().copied().collect::<Vec<_>>(), [1, 2, 5, 4], "point {at}");
        let known = state(&scene).unwrap();
        assert_eq!(known.resources.len(), 4, "point {at}");
        assert!(!scene.paths().journal().exists(), "point {at}");
        for name in ["a", "c"] {
            assert_eq!(known.resources[&address(name)].created, !doubtful.contains(name), "point {at}");
        }
        assert!(!known.resources[&address("b")].created);
        let creates = scene.toy.calls().iter().filter(|c| c.starts_with("create")).count();
        assert_eq!(creates, 2, "point {at}: nothing is made twice");
    }
    assert!(points >= 24, "{points} points");
    assert!((2..=4).contains(&in_doubt), "only between the effect and its line: {in_doubt} times");
}

/// The same saved plan again: a creation that a killed run has begun is no surprise.
#[tokio::test(start_paused = true)]
async fn a_saved_plan_goes_on_after_its_own_creation_was_cut_off() {
    let wanted: &Wanted = &[("a", Some(1), &[])];
    let mut scene = Scene::new(Toy::with(&[]));
    let plan = scene.plan(wanted, None);
    let mut session = scene.session().await;
    // begin ×2, started ×2, before and after the effect: the sixth point.
    let hooks = CrashAt(Mutex::new(6));
    let ran = AssertUnwindSafe(scene.carry_out(&plan, &mut session, &hooks)).catch_unwind().await;
    assert!(ran.is_err());
    drop(session);
    assert!(scene.toy.sizes().contains_key("a"));
    let mut session = scene.session().await;
    let applied = scene.carry_out(&plan, &mut session, &NoHooks).await.unwrap();
    assert!(applied.outcome.is_success(), "{:?}", applied.failures);
    assert!(!session.state.unwrap().resources[&address("a")].created, "somebody else may have made it");
    let heard = scene.heard.lock().unwrap().clone();
    assert!(heard.iter().any(|h| h.contains("not taken for made by drctl")), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_made_is_ours_even_when_the_rest_of_its_creation_is_refused() {
    let wanted: &Wanted = &[("a", Some(1), &[]), ("b", Some(2), &["a"])];
    let mut scene = Scene::new(Toy::with(&[]));
    scene.toy.ail("a", Ill::Balks);
    let applied = scene.apply(wanted).await.unwrap();
    assert!(matches!(failure(&applied, "a"), Some(Failure::Provider(e)) if e.class == ErrorClass::Denied));
    assert_eq!(applied.outcome.skipped.len(), 1);
    let known = state(&scene).unwrap();
    assert_eq!(known.resources.len(), 1);
    let owned = &known.resources[&address("a")];
    assert!(owned.created && owned.applied.is_empty(), "{owned:?}");
    scene.toy.inner.lock().unwrap().ill.clear();
    assert!(scene.apply(wanted).await.unwrap().outcome.is_success());
    let known = state(&scene).unwrap();
    assert!(known.resources.values().all(|o| o.created && !o.applied.is_empty()), "{known:?}");
    assert_eq!(scene.toy.calls().iter().filter(|c| c.starts_with("create")).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_has_changed_since_the_plan_is_not_written() {
    let wanted: &Wanted =
        &[("a", Some(1), &[]), ("b", Some(2), &[]), ("c", Some(3), &[]), ("d", Some(4), &["a"])];
    let mut scene = Scene::new(Toy::with(&[("b", 1), ("c", 1)]));
    let mut session = scene.session().await;
    let plan = scene.plan(wanted, None);
    {
        let mut inner = scene.toy.inner.lock().unwrap();
        inner.things.insert("a".to_owned(), Thing::default());
        inner.things.remove("b");
        inner.things.get_mut("c").unwrap().size = 9;
    }
    let applied = scene.carry_out(&plan, &mut session, &NoHooks).await.unwrap();
    assert!(applied.is_stale());
    for name in ["a", "b", "c"] {
        assert!(matches!(failure(&applied, name), Some(Failure::Stale(_))), "{name}");
    }
    assert_eq!(applied.outcome.skipped, [StepId(4)].into(), "what needs a failed step is not begun");
    assert!(scene.toy.calls().iter().all(|c| c.starts_with("read")));
    assert!(session.state.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_provider_has_the_last_word_on_whether_it_took() {
    let wanted: &Wanted =
        &[("late", Some(2), &[]), ("never", Some(2), &[]), ("new", Some(2), &[]), ("soon", Some(2), &[])];
    let mut scene = Scene::new(Toy::with(&[("soon", 1), ("never", 1), ("late", 1)]));
    scene.toy.ail("soon", Ill::Lags(3));
    scene.toy.ail("new", Ill::Lags(2));
    scene.toy.ail("never", Ill::Ignores);
    scene.toy.ail("late", Ill::Postpones);
    let before = Instant::now();
    let applied = scene.apply(wanted).await.unwrap();
    assert_eq!(applied.pending, [(address("late"), vec!["size".to_owned()])].into());
    assert_eq!(
        failure(&applied, "never"),
        Some(Failure::NotConverged("still shows another value of `size`".to_owned()))
    );
    assert_eq!(applied.failures.len(), 1);
    assert_eq!(before.elapsed(), Duration::from_secs(30), "the looks are bounded");
    let heard = scene.heard.lock().unwrap().clone();
    assert!(heard.contains(&"toy_box.never still going on after 20 s".to_owned()), "{heard:?}");
    assert_eq!(state(&scene).unwrap().resources.len(), 3, "what did not take is not recorded as applied");
}

#[tokio::test(start_paused = true)]
async fn a_refused_or_unread_thing_fails_alone() {
    let wanted: &Wanted = &[("a", Some(1), &[]), ("b", Some(2), &["a"]), ("c", Some(3), &[])];
    let mut scene = Scene::new(Toy::with(&[]));
    scene.toy.ail("a", Ill::Fails(ErrorClass::Denied));
    let applied = scene.apply(wanted).await.unwrap();
    assert!(matches!(failure(&applied, "a"), Some(Failure::Provider(e)) if e.class == ErrorClass::Denied));
    assert_eq!(applied.outcome.skipped.len(), 1);
    assert_eq!(scene.toy.sizes().keys().collect::<Vec<_>>(), ["c"]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_starts_nothing_new_and_waits_for_what_runs() {
    let toy = Arc::new(Toy { takes: Duration::from_secs(5), ..Toy::default() });
    let mut scene = Scene::new(toy);
    let stop = scene.stop.clone();
    let press = async {
        tokio::time::sleep(Duration::from_secs(7)).await;
        stop.send_replace(true);
    };
    let (applied, ()) = tokio::join!(scene.apply(&[("a", Some(1), &[]), ("b", Some(2), &["a"])]), press);
    let applied = applied.unwrap();
    assert!(applied.outcome.interrupted);
    assert_eq!((applied.outcome.succeeded.len(), applied.outcome.skipped.len()), (1, 1));
    assert_eq!(state(&scene).unwrap().resources.len(), 1, "what ran is recorded");
}

#[tokio::test(start_paused = true)]
async fn writes_run_side_by_side_up_to_their_bound() {
    let toy = Arc::new(Toy { takes: Duration::from_secs(1), ..Toy::default() });
    let mut scene = Scene::new(toy);
    let names: Vec<&'static str> = (0..25).map(|n| &*format!("t{n}").leak()).collect();
    let wanted: Vec<(&'static str, Option<i64>, &'static [&'static str])> =
        names.iter().map(|n| (*n, Some(1), &[] as &[&str])).collect();
    let before = Instant::now();
    assert!(scene.apply(&wanted).await.unwrap().outcome.is_success());
    assert_eq!(scene.toy.inner.lock().unwrap().most_in_flight, 10);
    assert_eq!(before.elapsed(), Duration::from_secs(9), "three rounds of three calls");
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_must_not_be_begun_is_refused_before_any_call() {
    let mut scene = Scene::new(Toy::with(&[("a", 1)]));
    let wanted: &Wanted = &[("a", Some(2), &[])];
    let good = scene.plan(wanted, None);
    let mut other_config = good.clone();
    other_config.config_sha256 = "other".to_owned();
    let mut other_state = good.clone();
    other_state.state = Some(State::new("elsewhere").reference());
    let mut other_account = good.clone();
    for head in other_account.providers.values_mut() {
        head.place.account = Some("2".to_owned());
    }
    let mut simulated = good.clone();
    for head in simulated.providers.values_mut() {
        head.simulated = true;
    }
    let mut unobserved = good.clone();
    unobserved.changes[0].action = Action::Unobserved;
    let mut damaged = good.clone();
    damaged.changes.clear();
    let said = |r: &Refusal| format!("{r:?}").split(['(', ' ']).next().unwrap_or_default().to_owned();
    for (plan, expected) in [
        (other_config, "Stale"),
        (other_state, "Stale"),
        (other_account, "Elsewhere"),
        (simulated, "Elsewhere"),
        (unobserved, "Unobserved"),
        (damaged, "Damaged"),
    ] {
        let mut session = scene.session().await;
        match scene.carry_out(&plan, &mut session, &NoHooks).await {
            Err(ExecuteError::Refused(refusal)) => assert_eq!(said(&refusal), expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
    assert!(scene.toy.calls().is_empty());
    assert!(!scene.paths().journal().exists());
    let mut weakens = good.clone();
    weakens.changes[0].notes.push(Note {
        fact: FactId("T1".into()),
        effect: Effect::Weakens,
        attribute: None,
        reason: "less".into(),
        help: None,
        timing: None,
    });
    let accept = |until: &str| Acceptance {
        kind: AcceptKind::Weakens,
        address: address("a"),
        until: Some(until.parse().unwrap()),
    };
    weakens.accepted = vec![accept("2026-11-20T00:00:00Z")];
    let mut session = scene.session().await;
    let refused = scene.carry_out(&weakens, &mut session, &NoHooks).await;
    assert!(matches!(refused, Err(ExecuteError::Refused(Refusal::Unaccepted(m))) if m.len() == 1));
    assert!(scene.toy.calls().is_empty());
    weakens.accepted = vec![accept("2026-11-22T00:00:00Z")];
    assert!(scene.carry_out(&weakens, &mut session, &NoHooks).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn of_two_commanders_the_second_is_told_who_the_first_is() {
    let scene = Scene::new(Toy::with(&[]));
    let _first = scene.session().await;
    let holder = Holder::this_process("bob", "apply", &clock());
    match Session::open(scene.paths(), &holder, Duration::from_secs(1), &clock()).await {
        Err(SessionError::Lock(LockError::Locked { holder: Some(who), .. })) => assert_eq!(who.user, "ann"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_written_stops_the_run_and_loses_nothing() {
    let mut scene = Scene::new(Toy::with(&[]));
    let mut session = scene.session().await;
    let plan = scene.plan(&[("a", Some(1), &[]), ("b", Some(2), &["a"])], None);
    // A folder where the state should be: it can be neither read nor replaced.
    std::fs::create_dir(scene.paths().state).unwrap();
    let ended = scene.carry_out(&plan, &mut session, &NoHooks).await;
    assert!(matches!(ended, Err(ExecuteError::State(_))), "{ended:?}");
    assert_eq!(scene.toy.sizes().len(), 1, "nothing new was begun");
    drop(session);
    std::fs::remove_dir(scene.paths().state).unwrap();
    let leftover = scene.session().await.leftover.unwrap();
    assert_eq!(leftover.events.len(), 2, "the journal has what was done");
    let applied = scene.apply(&[("a", Some(1), &[]), ("b", Some(2), &["a"])]).await.unwrap();
    assert!(applied.outcome.is_success());
}
