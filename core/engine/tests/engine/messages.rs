//! Telling people of a run while it goes on: by its clock, once, and beside the steps.

use std::time::Duration;

use crate::commander::{Scene, World, job};
use drctl_core::addr::Name;
use drctl_core::plan::StepId;
use drctl_core::recovery::{Action, Calls, Notice, ToldAt};
use drctl_core::run::{By, Event, Verdict};
use drctl_engine::clock::Clock;
use drctl_engine::commander::{Ended, Patience};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A clock that goes with the timer.
struct Going(Timestamp, Instant);

impl Clock for Going {
    fn now(&self) -> Timestamp {
        self.0 + SignedDuration::try_from(self.1.elapsed()).unwrap()
    }
}

fn notice(at: ToldAt, after_s: Option<i64>, command: &str) -> Notice {
    Notice {
        at,
        after_s,
        clock_s: after_s,
        whom: "customers".to_owned(),
        channel: Name::new("page").unwrap(),
        description: None,
        reached: Vec::new(),
        command: command.split_whitespace().map(str::to_owned).collect(),
        env: Vec::new(),
        webhook: None,
        text: None,
        owner: None,
        calls: None,
    }
}

fn scene(seconds: &[i64], notices: Vec<Notice>, world: World) -> Scene {
    let waits = seconds.iter().map(|s| job(Action::Wait { seconds: *s }, "")).collect();
    let mut scene = Scene::new(waits, world);
    let began = scene.clock.now();
    scene.clock = Box::new(Going(began, Instant::now()));
    for job in scene.begun.jobs.values_mut() {
        job.carried.timeout_s = 100_000;
    }
    scene.begun.notices = notices;
    scene
}

/// What the journal has of the messages: the notice, and whether it was told.
fn told(scene: &Scene) -> Vec<(u32, bool)> {
    let events = scene.folder().read().unwrap().unwrap().events;
    let told = events.into_iter().filter_map(|(_, event)| match event {
        Event::Notified { notice, error, why: _ } => Some((notice, error.is_none())),
        _ => None,
    });
    told.collect()
}

#[tokio::test(start_paused = true)]
async fn people_are_told_by_the_clock_of_the_run() {
    let notices = vec![
        notice(ToldAt::Started, None, "tell at once"),
        notice(ToldAt::Every, Some(1_200), "tell often"),
        notice(ToldAt::Downtime, Some(1_800), "tell late"),
        notice(ToldAt::Downtime, Some(9_000), "tell never"),
        notice(ToldAt::Resolved, None, "tell over"),
        notice(ToldAt::Started, None, ""),
    ];
    let scene = scene(&[3_000, 600], notices, World::default());
    let Ended::Over(outcome) = scene.command(Patience::Leave).await else { panic!("waits") };
    assert!(outcome.is_success());
    let all: Vec<String> = scene.world.effects();
    let kinds: Vec<&str> = all.iter().map(|e| e.split(" recovery").next().unwrap()).collect();
    assert_eq!(kinds, ["tell at once", "tell often", "tell late", "tell often", "tell over"]);
    assert!(all[1].ends_with("recovery from a loss without a name: 20m elapsed, about 0s left."), "{all:?}");
    assert!(all[4].ends_with("over after 1h."), "{all:?}");
    let heard = scene.heard.all().join("\n");
    assert!(
        heard.contains("customers <- recovery from a loss without a name: 0s elapsed, about 0s left.: None")
    );
}

#[tokio::test(start_paused = true)]
async fn a_dead_channel_keeps_nothing_waiting_and_is_told() {
    let notices = vec![notice(ToldAt::Started, None, "hang"), notice(ToldAt::Started, None, "tell")];
    let scene = scene(&[10, 10], notices, World::failing(&[]));
    let before = Instant::now();
    let Ended::Over(outcome) = scene.command(Patience::Leave).await else { panic!("waits") };
    assert!(outcome.is_success());
    assert_eq!(before.elapsed().as_secs(), 20, "the steps took as long as they do");
    assert_eq!(told(&scene), [(1, true), (0, false)]);
    assert!(scene.heard.all().join("\n").contains("it was not sent within 15 s"));
}

#[tokio::test(start_paused = true)]
async fn who_was_told_is_not_told_again_when_a_run_is_gone_on_with() {
    let notices = vec![notice(ToldAt::Started, None, "tell"), notice(ToldAt::Every, Some(600), "often")];
    let mut scene = scene(&[10], notices, World::default());
    scene.begun.nodes[0].by = drctl_core::run::By::Person;
    assert!(matches!(scene.command(Patience::Leave).await, Ended::Waiting(_)));
    tokio::time::advance(Duration::from_secs(2_000)).await;
    assert!(matches!(scene.command(Patience::Leave).await, Ended::Waiting(_)));
    assert_eq!(told(&scene), [(0, true), (1, true)]);
}

/// Why each level was called, as the journal has it.
fn called(scene: &Scene) -> Vec<(u32, String)> {
    let events = scene.folder().read().unwrap().unwrap().events;
    let called = events.into_iter().filter_map(|(_, event)| match event {
        Event::Notified { notice, why: Some(why), error: None } => Some((notice, why)),
        _ => None,
    });
    called.collect()
}

#[tokio::test(start_paused = true)]
async fn a_level_is_called_once_when_a_person_does_not_answer() {
    let calls = |after_s, unanswered_s| Notice {
        calls: Some(Calls { after_s, unanswered_s, rto_at_risk: false }),
        ..notice(ToldAt::Escalated, None, "call")
    };
    let notices = vec![calls(Some(7_200), Some(600)), calls(Some(3_600), None)];
    let mut scene = scene(&[10], notices, World::default());
    scene.begun.nodes[0].by = drctl_core::run::By::Person;
    assert!(matches!(scene.command(Patience::Leave).await, Ended::Waiting(_)));
    assert_eq!(called(&scene), []);
    tokio::time::advance(Duration::from_secs(700)).await;
    assert!(matches!(scene.command(Patience::Leave).await, Ended::Waiting(_)));
    let first = (0, "step 1 waits for a person since 11m 40s".to_owned());
    assert_eq!(called(&scene), std::slice::from_ref(&first), "asked before this process took the run over");
    tokio::time::advance(Duration::from_secs(7_000)).await;
    assert!(matches!(scene.command(Patience::Leave).await, Ended::Waiting(_)));
    assert_eq!(called(&scene), [first, (1, "it does not work for 2h 8m".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn how_it_is_doing_is_told_at_the_beginning_and_whenever_a_step_has_ended() {
    let mut scene = scene(&[2, 2], Vec::new(), World::default());
    let asked = scene.begun.jobs.get_mut(&StepId(2)).unwrap();
    asked.carried.action = Action::Person;
    scene.begun.nodes[1].by = By::Person;
    scene.begun.jobs.values_mut().for_each(|job| job.p50_s = Some(60));
    scene.begun.rto_s = Some(100);
    assert_eq!(scene.command(Patience::Leave).await, Ended::Waiting([StepId(2)].into()));
    scene.mark(2, Verdict::Done, &[]);
    scene.command(Patience::Leave).await;
    let told: Vec<_> = scene.heard.clocks().iter().map(|c| (c.elapsed_s, c.left_p50_s, c.late_s())).collect();
    let begun = (0, 120, Some(20));
    assert_eq!(told, [begun, (2, 60, Some(0)), (2, 0, None), (2, 0, None)]);
}
