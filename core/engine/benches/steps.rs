//! What the engine itself costs for each step of a run: `cargo bench -p drctl-engine --bench steps`. The steps do
//! nothing, the journal is on a disk and every line of it is written through. Beside it, what the disk takes for
//! as many lines without an engine, and what the state machine takes to decide, without a disk.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that prints its result")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use drctl_core::plan::StepId;
use drctl_core::provider::{Attempt, BoxFuture, ProviderError, StepNature};
use drctl_core::recovery::{Action, Answer, Carried, Notice, Performer, Surroundings};
use drctl_core::run::{By, Event, Next, Node, OnFailure, Repeat, Run, TakeBack};
use drctl_core::value::Value;
use drctl_engine::clock::SystemClock;
use drctl_engine::commander::{self, Command, Ended, PARALLEL_STEPS, Patience};
use drctl_engine::hooks::NoHooks;
use drctl_engine::journal::FORMAT_VERSION;
use drctl_engine::messages::Message;
use drctl_engine::runs::{Begun, Folder, Job, Of};
use drctl_engine::telling::{RunReporter, Told};
use serde_json::json;
use tokio::sync::watch;

/// Steps that are carried out, and that are only decided on.
const CARRIED_OUT: u32 = 1_000;
const DECIDED: u32 = 10_000;

/// Journal lines of a step: that it is started, and that it has succeeded.
const LINES: u32 = 2;

/// Does nothing, at once.
struct Idle;

impl Performer for Idle {
    fn perform<'a>(
        &'a self,
        _action: &'a Action,
        _attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Answer, ProviderError>> {
        Box::pin(std::future::ready(Ok(Answer { said: "done".to_owned(), value: Value::Null })))
    }
}

impl RunReporter for Idle {
    fn tell(&self, _step: StepId, _job: &Job, _what: &Told<'_>) {}
    fn say(&self, text: &str) {
        println!("{text}");
    }
    fn taken_down(&self, _by: Option<&str>) {}
    fn message(&self, _notice: &Notice, _message: &Message) {}
}

/// How the steps depend on each other.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Each on the one before it.
    Chain,
    /// In layers of a hundred, each step on three of the layer before it.
    Layers,
}

impl Shape {
    fn needs(self, id: u32) -> BTreeSet<StepId> {
        let before = |back: &u32| id.checked_sub(*back).filter(|need| *need > 0).map(StepId);
        match self {
            Shape::Chain => [1].iter().filter_map(before).collect(),
            Shape::Layers => [100, 107, 131].iter().filter_map(before).collect(),
        }
    }
}

fn nodes(shape: Shape, count: u32) -> Vec<Node> {
    let node = |id| Node {
        id: StepId(id),
        needs: shape.needs(id),
        instead_of: BTreeSet::new(),
        by: By::Machine,
        attempts: 1,
        repeat: Repeat::Safe,
        take_back: TakeBack::Nothing,
        looks_first: false,
        pivot: false,
    };
    (1..=count).map(node).collect()
}

fn job() -> Job {
    let action = Action::Run { words: vec!["true".to_owned()], surroundings: Surroundings::default() };
    Job {
        summary: "a step that does nothing".to_owned(),
        written: None,
        carried: Carried::plain(action, StepNature::Auto, None),
        command: Vec::new(),
        undo: Vec::new(),
        undo_by_hand: None,
        owner: None,
        inputs: BTreeMap::new(),
        datastore: None,
        checks: None,
        p50_s: None,
        p95_s: None,
        changes: true,
        downtime: true,
    }
}

async fn carry_out(shape: Shape, data: &Path) -> Duration {
    let plain = json!({
        "format_version": FORMAT_VERSION,
        "run": format!("{shape:?}").to_lowercase(),
        "of": Of::Recovery(None),
        "began": jiff::Timestamp::UNIX_EPOCH,
        "on_failure": OnFailure::Hold,
        "nodes": nodes(shape, CARRIED_OUT),
        "jobs": (1..=CARRIED_OUT).map(|id| (StepId(id), job())).collect::<BTreeMap<StepId, Job>>(),
    });
    // What a run has besides is for those who look at it.
    let begun: Begun = serde_json::from_value(plain).unwrap();
    let folder = Folder::new(data, &begun.run);
    let (_stop, interrupt) = watch::channel(false);
    let command = Command {
        begun: &begun,
        folder: &folder,
        performer: &Idle,
        parallelism: PARALLEL_STEPS,
        patience: Patience::Leave,
        interrupt,
        taken_over: &[],
        written: &watch::Sender::default(),
        clock: &SystemClock,
        reporter: &Idle,
        hooks: &NoHooks,
    };
    let start = Instant::now();
    let ended = commander::begin(&command).await.unwrap();
    let took = start.elapsed();
    assert!(matches!(ended, Ended::Over(outcome) if outcome.is_success()));
    took
}

/// As many lines, each written through, by nobody but the disk.
fn disk(data: &Path) -> Duration {
    let mut file = File::create(data.join("lines")).unwrap();
    let line = [b'x'; 200];
    let start = Instant::now();
    for _ in 0..CARRIED_OUT * LINES {
        file.write_all(&line).unwrap();
        file.sync_data().unwrap();
    }
    start.elapsed()
}

fn decide(shape: Shape) -> Duration {
    let nodes = nodes(shape, DECIDED);
    let start = Instant::now();
    let mut run = Run::new(nodes, OnFailure::Hold);
    let mut done = 0;
    loop {
        match run.next(PARALLEL_STEPS) {
            Next::Start(steps) => {
                for step in steps {
                    run.record(&Event::Started { step, attempt: Attempt(format!("r/{}", step.0)) }).unwrap();
                    run.record(&Event::Succeeded { step }).unwrap();
                    done += 1;
                }
            }
            Next::Finished(outcome) => {
                assert!(outcome.is_success() && done == DECIDED);
                return start.elapsed();
            }
            other => panic!("nothing but starting was to be done: {other:?}"),
        }
    }
}

#[tokio::main]
async fn main() {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let disk = disk(data.path());
    let each = |took: Duration| took.as_secs_f64() * 1e3 / f64::from(CARRIED_OUT);
    println!(
        "the disk alone, {LINES} lines written through for each of {CARRIED_OUT} steps: {:.2} ms a step",
        each(disk)
    );
    for shape in [Shape::Chain, Shape::Layers] {
        let took = carry_out(shape, data.path()).await;
        println!(
            "{shape:?}: {CARRIED_OUT} steps carried out, {:.2} ms a step, {:.1} times the disk alone; {DECIDED} steps \
             decided on in {:.0} ms",
            each(took),
            took.as_secs_f64() / disk.as_secs_f64(),
            decide(shape).as_secs_f64() * 1e3
        );
    }
}
