//! Commanding a recovery: with a performer that counts effects, a paused clock, and the journal cut off
//! after every event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use drctl_core::plan::StepId;
use drctl_core::provider::{Attempt, BoxFuture, ErrorClass, ProviderError, StepNature};
use drctl_core::recovery::{Action, Answer, Carried, Notice, OffLimits, Performer, Surroundings};
use drctl_core::run::{AtEnd, By, Event, Node, OnFailure, Question, Repeat, TakeBack, Verdict};
use drctl_core::value::Value;
use drctl_engine::clock::{Clock, FixedClock};
use drctl_engine::commander::{self, Command, Ended, Patience};
use drctl_engine::hooks::NoHooks;
use drctl_engine::journal::FORMAT_VERSION;
use drctl_engine::messages::Message;
use drctl_engine::runs::{Begun, Folder, Job, Of};
use drctl_engine::telling::{RunClock, RunReporter, Told};
use jiff::Timestamp;
use tokio::sync::watch;

/// What the world has seen: every command with how often it had its effect.
#[derive(Default)]
pub(crate) struct World {
    effects: Mutex<Vec<String>>,
    /// Commands that fail so often before they work.
    failing: Mutex<BTreeMap<String, u32>>,
}

impl World {
    pub(crate) fn failing(failing: &[(&str, u32)]) -> World {
        let failing = failing.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        World { effects: Mutex::default(), failing: Mutex::new(failing) }
    }

    pub(crate) fn effects(&self) -> Vec<String> {
        self.effects.lock().unwrap().clone()
    }

    /// Has an effect that nobody has written down.
    pub(crate) fn happened(&self, name: &str) {
        self.effects.lock().unwrap().push(name.to_owned());
    }

    /// What a setting was set to last: `NAME VALUE`; 3 at the beginning.
    fn asked(&self, name: &str) -> String {
        let set = |effect: &String| Some(effect.strip_prefix(name)?.trim().to_owned());
        self.effects().iter().rev().find_map(set).unwrap_or("3".to_owned())
    }
}

impl Performer for World {
    fn perform<'a>(
        &'a self,
        action: &'a Action,
        _attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Answer, ProviderError>> {
        Box::pin(async move {
            let name = match action {
                Action::Run { words, .. } => words.join(" "),
                Action::Http { url, .. } => url.clone(),
                other => panic!("nothing does {other:?} here"),
            };
            if name.starts_with("hang") {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            let fails = self.failing.lock().unwrap().get_mut(&name).is_some_and(|left| {
                let fails = *left > 0;
                *left = left.saturating_sub(1);
                fails
            });
            if fails {
                return Err(ProviderError {
                    doing: format!("running {name}"),
                    class: ErrorClass::Failed,
                    code: Some("exit 1".to_owned()),
                    message: "no".to_owned(),
                });
            }
            let body = match name.strip_prefix("ask ") {
                Some(asked) => self.asked(asked),
                None => {
                    self.effects.lock().unwrap().push(name);
                    "well".to_owned()
                }
            };
            let value = serde_json::json!({ "status": 200, "body": body });
            Ok(Answer { said: "well".to_owned(), value: Value::from_json(&value).unwrap() })
        })
    }
}

#[derive(Default)]
pub(crate) struct Heard(Mutex<Vec<String>>, Mutex<Vec<RunClock>>);

impl Heard {
    pub(crate) fn clocks(&self) -> Vec<RunClock> {
        self.1.lock().unwrap().clone()
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl RunReporter for Heard {
    fn tell(&self, step: StepId, _job: &Job, what: &Told<'_>) {
        self.0.lock().unwrap().push(format!("{} {what:?}", step.0));
    }
    fn say(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
    fn taken_down(&self, by: Option<&str>) {
        self.0.lock().unwrap().push(format!("taken down by {by:?}"));
    }
    fn message(&self, notice: &Notice, Message { notice: _, text, sent, why: _ }: &Message) {
        self.0.lock().unwrap().push(format!("{} <- {text}: {sent:?}", notice.whom));
    }
    fn clock(&self, clock: &RunClock) {
        self.1.lock().unwrap().push(*clock);
    }
}

fn clock() -> FixedClock {
    FixedClock("2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap())
}

pub(crate) fn run(words: &str) -> Action {
    let words = words.split(' ').map(str::to_owned).collect();
    Action::Run { words, surroundings: Surroundings::default() }
}

pub(crate) fn job(action: Action, undo: &str) -> Job {
    Job {
        summary: "a step".to_owned(),
        written: None,
        carried: Carried::plain(action, StepNature::Auto, None),
        command: Vec::new(),
        undo: undo.split_whitespace().map(str::to_owned).collect(),
        undo_by_hand: None,
        owner: None,
        inputs: BTreeMap::new(),
        datastore: None,
        checks: None,
        p50_s: None,
        p95_s: None,
        downtime: true,
        changes: true,
    }
}

/// Steps one after the other.
fn begun(jobs: Vec<Job>) -> Begun {
    let nodes = jobs.iter().zip(1u32..).map(|(job, id)| Node {
        id: StepId(id),
        needs: (1..id).rev().take(1).map(StepId).collect(),
        instead_of: BTreeSet::new(),
        by: if job.carried.action == Action::Person { By::Person } else { By::Machine },
        attempts: job.carried.attempts,
        repeat: if job.carried.repeatable { Repeat::Safe } else { Repeat::Ask },
        take_back: if job.undo.is_empty() { TakeBack::Nothing } else { TakeBack::Machine },
        looks_first: !job.carried.before.is_empty(),
        pivot: false,
    });
    Begun {
        came_back: Vec::new(),
        format_version: FORMAT_VERSION.to_owned(),
        run: "r1".to_owned(),
        of: Of::Recovery(None),
        began: clock().0,
        wrong_since: None,
        rto_s: None,
        rpo_s: None,
        on_failure: OnFailure::Unwind,
        at_end: AtEnd::Keep,
        by: None,
        simulated: false,
        left_out: Vec::new(),
        off_limits: OffLimits::default(),
        injected: Vec::new(),
        nodes: nodes.collect(),
        jobs: jobs.into_iter().zip(1..).map(|(job, id)| (StepId(id), job)).collect(),
        notices: Vec::new(),
    }
}

pub(crate) struct Scene {
    dir: tempfile::TempDir,
    pub(crate) begun: Begun,
    pub(crate) world: World,
    pub(crate) heard: Heard,
    pub(crate) clock: Box<dyn Clock>,
}

impl Scene {
    pub(crate) fn new(jobs: Vec<Job>, world: World) -> Scene {
        let (dir, clock) = (tempfile::tempdir().unwrap(), Box::new(clock()));
        Scene { dir, begun: begun(jobs), world, heard: Heard::default(), clock }
    }

    pub(crate) fn folder(&self) -> Folder {
        Folder::new(self.dir.path(), "r1")
    }

    pub(crate) async fn command(&self, patience: Patience) -> Ended {
        let (_stop, interrupt) = watch::channel(false);
        let folder = self.folder();
        let command = Command {
            begun: &self.begun,
            folder: &folder,
            performer: &self.world,
            parallelism: 4,
            patience,
            interrupt,
            taken_over: &[],
            written: &watch::Sender::default(),
            clock: self.clock.as_ref(),
            reporter: &self.heard,
            hooks: &NoHooks,
        };
        match folder.read().unwrap() {
            Some(so_far) => commander::resume(&command, so_far).await.unwrap(),
            None => commander::begin(&command).await.unwrap(),
        }
    }

    pub(crate) fn mark(&self, step: u32, verdict: Verdict, inputs: &[(&str, &str)]) {
        let inputs = inputs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let word = Event::Marked {
            step: StepId(step),
            verdict,
            by: "ann".to_owned(),
            evidence: "seen".to_owned(),
            inputs,
        };
        self.folder().leave_word(clock().0, &word).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_step_is_tried_again_and_then_taken_back() {
    let mut again = job(run("deploy"), "");
    again.carried.attempts = 2;
    let scene = Scene::new(
        vec![job(run("stop"), "start"), again, job(run("check"), "")],
        World::failing(&[("deploy", 1), ("check", 1)]),
    );
    let Ended::Over(outcome) = scene.command(Patience::Leave).await else { panic!("waits") };
    assert_eq!(outcome.failed, [StepId(3)].into());
    assert_eq!(outcome.undone, [StepId(1)].into());
    assert_eq!(scene.world.effects(), ["stop", "deploy", "start"]);
}

#[tokio::test(start_paused = true)]
async fn what_has_to_hold_within_a_time_is_looked_at_until_it_does() {
    let look = |expect: &str| {
        let action =
            Action::Http { url: "http://x".to_owned(), status: 200, expect: Some(expect.to_owned()) };
        let mut look = job(action, "");
        look.carried.within_s = Some(60);
        look
    };
    let scene = Scene::new(vec![look("self.body == \"well\"")], World::failing(&[("http://x", 5)]));
    let Ended::Over(outcome) = scene.command(Patience::Leave).await else { panic!("waits") };
    assert!(outcome.is_success());

    let never = Scene::new(vec![look("self.body == \"ill\"")], World::default());
    let Ended::Over(outcome) = never.command(Patience::Leave).await else { panic!("waits") };
    assert_eq!(outcome.failed, [StepId(1)].into());
    let told = never.heard.all().join("\n");
    assert!(told.contains("`self.body == \\\"ill\\\"` does not hold; the answer was: well"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_done_in_time_is_stopped_and_has_failed() {
    let mut slow = job(run("slow"), "");
    slow.carried.timeout_s = 0;
    let scene = Scene::new(vec![slow], World::default());
    let Ended::Over(outcome) = scene.command(Patience::Leave).await else { panic!("waits") };
    assert_eq!(outcome.failed, [StepId(1)].into());
    assert!(scene.world.effects().is_empty());
    assert!(scene.heard.all().join("\n").contains("it was not done within 0 s, and was stopped"));
}

#[tokio::test(start_paused = true)]
async fn a_run_leaves_for_a_person_and_goes_on_with_their_word() {
    let mut restore = job(run("restore ${input.backup}"), "");
    restore.carried.attempts = 1;
    let scene = Scene::new(vec![job(Action::Person, ""), restore], World::default());
    assert_eq!(scene.command(Patience::Leave).await, Ended::Waiting([StepId(1)].into()));
    scene.mark(2, Verdict::Done, &[]);
    scene.mark(1, Verdict::Done, &[("backup", "b 7")]);
    let Ended::Over(outcome) = scene.command(Patience::Leave).await else { panic!("waits") };
    assert!(outcome.is_success());
    assert_eq!(scene.world.effects(), ["restore b 7"]);
    let heard = scene.heard.all().join("\n");
    assert!(heard.contains("not taken up: step 2 cannot be done before step 1 is"), "{heard}");
    assert!(heard.contains("1 Marked { verdict: Done, by: \"ann\", evidence: \"seen\" }"), "{heard}");
    assert_eq!(std::fs::read_to_string(scene.folder().said(StepId(2))).unwrap(), "well");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_stays_hears_the_word_that_another_terminal_leaves() {
    let scene = Scene::new(vec![job(Action::Person, "")], World::default());
    let word = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        scene.mark(1, Verdict::Done, &[]);
    };
    let (ended, ()) = tokio::join!(scene.command(Patience::Stay), word);
    assert!(matches!(ended, Ended::Over(outcome) if outcome.is_success()));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_has_said_fails_before_anything_is_done() {
    let scene = Scene::new(vec![job(run("restore ${input.backup}"), "")], World::default());
    let Ended::Over(outcome) = scene.command(Patience::Leave).await else { panic!("waits") };
    assert_eq!(outcome.failed, [StepId(1)].into());
    assert!(scene.heard.all().join("\n").contains("nobody has said what backup is"));
}

#[tokio::test(start_paused = true)]
async fn a_word_that_would_lead_a_drill_to_production_is_not_taken_up() {
    let step =
        |words: &str| Job { command: words.split(' ').map(str::to_owned).collect(), ..job(run(words), "") };
    let written = |job: Job| Job { written: Some(("back".to_owned(), "step".to_owned())), ..job };
    let mut scene = Scene::new(
        vec![job(Action::Person, ""), written(step("scale ${input.app} shop-${input.env}"))],
        World::default(),
    );
    let app = serde_json::json!({ "value": "shop-prod", "of": "target.app of scenario.gone" });
    let data = serde_json::json!({ "value": "orders", "of": "datastore.orders" });
    let off_limits = serde_json::json!({ "known": [app], "things": [data], "shared": [] });
    scene.begun.off_limits = serde_json::from_value(off_limits).unwrap();
    for (app, env) in [("shop-prod", "x"), ("x", "prod"), ("x,SHOP-PROD", "x"), ("orders", "x")] {
        scene.mark(1, Verdict::Done, &[("app", app), ("env", env)]);
        assert_eq!(scene.command(Patience::Leave).await, Ended::Waiting([StepId(1)].into()), "{app} {env}");
    }
    let heard = scene.heard.all().join("\n");
    assert_eq!(heard.matches("not taken up: with that").count(), 4, "{heard}");
    assert!(
        heard.contains("with that `env` step 2 would touch production: `shop-prod` is target.app"),
        "{heard}"
    );
    assert!(scene.world.effects().is_empty());
    scene.mark(1, Verdict::Done, &[("app", "shop-drill"), ("env", "drill")]);
    assert!(matches!(scene.command(Patience::Leave).await, Ended::Over(outcome) if outcome.is_success()));
    assert_eq!(scene.world.effects(), ["scale shop-drill shop-drill"]);
}

/// Cut off after every line of its journal, a run ends as it would have, and nothing that is not safe to
/// repeat has its effect twice: a person is asked.
#[tokio::test(start_paused = true)]
async fn cut_off_anywhere_a_run_ends_the_same_and_nothing_is_done_twice() {
    let jobs = || {
        let mut safe = job(run("look"), "");
        safe.carried.repeatable = true;
        vec![
            job(run("stop"), "start"),
            safe,
            job(run("restore"), ""),
            job(Action::Person, ""),
            job(run("go"), ""),
        ]
    };
    let whole = Scene::new(jobs(), World::default());
    whole.mark(4, Verdict::Done, &[]);
    // The word comes too early; it is said again when it is asked for.
    assert_eq!(whole.command(Patience::Leave).await, Ended::Waiting([StepId(4)].into()));
    whole.mark(4, Verdict::Done, &[]);
    let Ended::Over(expected) = whole.command(Patience::Leave).await else { panic!("waits") };
    let text = std::fs::read_to_string(whole.folder().journal()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for cut in 1..=lines.len() {
        let scene = Scene::new(jobs(), World::default());
        std::fs::create_dir_all(scene.folder().journal().parent().unwrap()).unwrap();
        std::fs::write(scene.folder().journal(), lines[..cut].concat()).unwrap();
        // What was begun had its effect, though nobody wrote that down.
        let begun: Vec<&str> = [("\"step\":1", "stop"), ("\"step\":3", "restore"), ("\"step\":5", "go")]
            .iter()
            .filter(|(step, _)| lines[..cut].iter().any(|l| l.contains("\"started\"") && l.contains(step)))
            .map(|(_, name)| *name)
            .collect();
        for name in &begun {
            scene.world.happened(name);
        }
        let outcome = loop {
            match scene.command(Patience::Leave).await {
                Ended::Over(outcome) => break outcome,
                Ended::Waiting(steps) => steps.iter().for_each(|s| scene.mark(s.0, Verdict::Done, &[])),
            }
        };
        assert_eq!(outcome, expected, "cut after line {cut}");
        let mut effects = scene.world.effects();
        effects.retain(|e| e != "look");
        effects.sort();
        assert_eq!(effects, ["go", "restore", "stop"], "cut after line {cut}");
        let asked = scene.heard.all().iter().any(|h| h.contains(&format!("{:?}", Question::Doubt)));
        let last = lines[cut - 1];
        let in_doubt = last.contains("\"started\"") && !last.contains("\"step\":2");
        assert_eq!(asked, in_doubt, "cut after line {cut}: {last}");
    }
}
