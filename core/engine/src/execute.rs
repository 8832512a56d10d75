//! Carries a plan out: ask the run what is next, write that down, do it, write down what came of it.
//! Nothing is decided here. A failure halts what needs the failed step; an interrupt starts nothing
//! new and waits for what runs.

use std::collections::BTreeMap;
use std::time::Duration;

use drctl_core::addr::{Address, Name};
use drctl_core::plan::{Observation, Op, Plan, Progress, ResourceChange, Step, StepId, World, resolve};
use drctl_core::provider::{AnyKind, Attempt, BoxFuture, Registry};
use drctl_core::run::{Event, Illegal, Next, Outcome, Run};
use drctl_core::state::State;
use drctl_core::value::Value;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use crate::clock::Clock;
use crate::connect::Connections;
use crate::hooks::Hooks;
use crate::journal::{Header, Journal, JournalError};
use crate::refuse;
use crate::reporter::{Level, Reporter, Settled};
use crate::session::Session;
use crate::state_file::StateError;
use crate::step::{Earlier, Effect, Ended, Origin, carry_out, complete};

pub use crate::refuse::Refusal;
pub use crate::step::Failure;

/// Steps in flight unless told otherwise: providers throttle writes far earlier than reads.
pub const PARALLEL_WRITES: usize = 10;

/// Between two signs of life of a running step.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A plan and all that carrying it out needs.
pub struct Apply<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The digest of the configuration as it is now.
    pub config_sha256: &'a str,
    /// The name of this run: unique, since it makes the keys under which effects are safe to repeat.
    pub run: &'a str,
    /// The kinds.
    pub registry: Registry,
    /// The connections, made for this run.
    pub connections: &'a Connections,
    /// The variables, with whether each is sensitive: what the plan left out is filled in from them.
    pub variables: &'a BTreeMap<Name, (Value, bool)>,
    /// Steps in flight.
    pub parallelism: usize,
    /// Becomes true when a person stops the run.
    pub interrupt: watch::Receiver<bool>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Is told what happens.
    pub reporter: &'a dyn Reporter,
    /// For tests.
    pub hooks: &'a dyn Hooks,
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// It was not begun.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The journal. What was in flight has been waited for.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The state. What was in flight has been waited for, and the journal has it.
    #[error(transparent)]
    State(#[from] StateError),
    /// A bug in what the journal was asked to record.
    #[error(transparent)]
    Illegal(#[from] Illegal),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// What is done, failed and left.
    pub outcome: Outcome,
    /// Why steps failed.
    pub failures: BTreeMap<StepId, (Address, Failure)>,
    /// Attributes that are accepted and take effect later.
    pub pending: BTreeMap<Address, Vec<String>>,
    /// The world afterwards, as far as it was looked at.
    pub world: World,
}

impl Applied {
    /// Whether any step found the world other than the plan saw it.
    pub fn is_stale(&self) -> bool {
        self.failures.values().any(|(_, failure)| matches!(failure, Failure::Stale(_)))
    }
}

/// Carries the plan out.
///
/// # Errors
/// When the plan is refused, or journal or state cannot be written. A failed step is no error of the
/// run: it stands in [`Applied`].
pub async fn execute(apply: &Apply<'_>, session: &mut Session) -> Result<Applied, ExecuteError> {
    let changes = refuse::check(apply, session)?;
    let earlier = tell_leftover(apply, session);
    take_over(session, &changes, apply.run)?;
    session.clear_leftover()?;
    let ids = apply.plan.steps.iter().map(|s| (s.id, changes[&s.address].id.clone())).collect();
    let header = Header::new(apply.run, apply.clock.now(), &apply.plan.steps, ids);
    let journal = Journal::begin(&session.paths().journal(), &header, apply.hooks)?;
    let history = session.paths().history();
    let mut shell = Shell {
        apply,
        changes,
        steps: apply.plan.steps.iter().map(|s| (s.id, s)).collect(),
        earlier,
        session,
        journal,
        run: Run::of_apply(&apply.plan.steps),
        world: world_of(apply),
        progress: Progress {
            plan: apply.plan,
            variables: apply.variables,
            written: BTreeMap::new(),
            outputs: BTreeMap::new(),
        },
        running: BTreeMap::new(),
        broken: None,
        failures: BTreeMap::new(),
        pending: BTreeMap::new(),
    };
    let outcome = shell.run_all().await;
    shell.settle_outputs();
    let Shell { journal, world, failures, pending, broken, .. } = shell;
    if let Some(broken) = broken {
        return Err(broken);
    }
    journal.finish(&history, apply.run)?;
    Ok(Applied { outcome, failures, pending, world })
}

/// Writes the root outputs into the state, where they differ from what is there. Also for a plan
/// without steps: a new output changes nothing at a provider. `lineage` is that of a new state.
///
/// # Errors
/// When the state cannot be written.
pub fn settle_outputs(
    session: &mut Session,
    progress: &Progress<'_>,
    lineage: &str,
) -> Result<(), StateError> {
    if session.state.is_none() && progress.plan.outputs.is_empty() {
        return Ok(());
    }
    let state = session.state.get_or_insert_with(|| State::new(lineage));
    match state.record_outputs(progress) {
        true => session.save(),
        false => Ok(()),
    }
}

/// Takes into the state what a killed run is known to have made and could not write there any more.
fn take_over(
    session: &mut Session,
    changes: &BTreeMap<Address, &ResourceChange>,
    lineage: &str,
) -> Result<(), StateError> {
    let Some(leftover) = &session.leftover else { return Ok(()) };
    let made = leftover.made().filter_map(|(address, id)| changes.get(address).filter(|c| c.id == *id));
    let state = &mut session.state;
    let mut missing = false;
    for change in made {
        let known = state.iter().filter_map(|s| s.resources.get(&change.address)).any(|o| o.id == change.id);
        if !known {
            state.get_or_insert_with(|| State::new(lineage)).record_made(change);
            missing = true;
        }
    }
    if missing { session.save() } else { Ok(()) }
}

/// Says what a killed run was doing; the keys under which its creations are safe to repeat.
fn tell_leftover(apply: &Apply<'_>, session: &Session) -> BTreeMap<(Address, String), Attempt> {
    let mut found = BTreeMap::new();
    for open in session.leftover.iter().flat_map(|l| l.in_flight()) {
        let known = session.leftover.iter().flat_map(|l| l.made()).any(|(a, _)| *a == open.step.address);
        let doubt = match open.step.op {
            Op::Create if known => "; it was made, and not all was written to it",
            Op::Create => {
                ", which may or may not have happened; what is there is not taken for made by drctl"
            }
            Op::Update | Op::Record | Op::Forget | Op::Delete => ", which may or may not have happened",
        };
        let text = format!(
            "an earlier run was cut off while it was {} {}{doubt}",
            verb(open.step.op),
            open.step.address
        );
        apply.reporter.message(Level::Warning, &text);
        if let (Op::Create, Some(id)) = (open.step.op, open.id) {
            found.insert((open.step.address, id.0), open.attempt);
        }
    }
    found
}

fn verb(op: Op) -> &'static str {
    match op {
        Op::Create => "creating",
        Op::Update => "updating",
        Op::Record => "recording",
        Op::Forget => "forgetting",
        Op::Delete => "deleting",
    }
}

/// The world as the plan saw it.
fn world_of(apply: &Apply<'_>) -> World {
    let observations = apply.plan.changes.iter().map(|c| {
        let seen = match (&c.observed, &c.unobserved) {
            (Some(observed), _) => Observation::Present(observed.clone()),
            (None, Some(why)) => Observation::Unobserved(why.clone()),
            (None, None) => Observation::Absent,
        };
        (c.address.clone(), seen)
    });
    World { observations: observations.collect(), places: apply.connections.places(), ..World::default() }
}

/// What a step's future comes back with.
enum Back<'r> {
    /// Its thing was made; that is to be written down before it goes on.
    Made(StepId, Box<Effect<'r>>),
    Ended(End),
}

/// The end of a step, well or not.
struct End {
    step: StepId,
    /// Whether the step has made its thing; else it was there before.
    origin: Origin,
    values: BTreeMap<String, Value>,
    result: Result<Ended, Failure>,
}

struct Shell<'r, 'a> {
    apply: &'r Apply<'a>,
    changes: BTreeMap<Address, &'a ResourceChange>,
    steps: BTreeMap<StepId, &'a Step>,
    earlier: BTreeMap<(Address, String), Attempt>,
    session: &'r mut Session,
    journal: Journal,
    run: Run,
    world: World,
    progress: Progress<'a>,
    running: BTreeMap<StepId, Instant>,
    /// Why nothing new is begun: journal or state cannot be written.
    broken: Option<ExecuteError>,
    failures: BTreeMap<StepId, (Address, Failure)>,
    pending: BTreeMap<Address, Vec<String>>,
}

impl<'r, 'a: 'r> Shell<'r, 'a> {
    async fn run_all(&mut self) -> Outcome {
        let mut stop = self.apply.interrupt.clone();
        let mut stopping = false;
        let mut flying: FuturesUnordered<BoxFuture<'r, Back<'r>>> = FuturesUnordered::new();
        let mut beat = tokio::time::interval(HEARTBEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat.reset();
        loop {
            if !stopping && *stop.borrow() {
                stopping = true;
                self.record(&Event::Interrupted);
            }
            match self.run.next(self.apply.parallelism) {
                _ if self.broken.is_some() && flying.is_empty() => return Outcome::default(),
                Next::Finished(outcome) => return outcome,
                Next::Start(steps) if self.broken.is_none() => {
                    for step in steps {
                        flying.extend(self.start(step));
                    }
                    continue;
                }
                Next::Start(_) | Next::Wait => {}
                Next::Ask(_) | Next::Undo(_) | Next::Persons(_) | Next::TakeDown => {
                    unreachable!("a step of an apply asks nobody and is not taken back")
                }
            }
            tokio::select! {
                Some(back) = flying.next() => match back {
                    Back::Made(step, effect) => flying.extend(self.go_on(step, effect)),
                    Back::Ended(end) => self.end(end),
                },
                () = interrupted(&mut stop), if !stopping => {}
                _ = beat.tick() => self.tell_progress(),
            }
        }
    }

    /// Takes an event into journal and run; false when it could not be written.
    fn record(&mut self, event: &Event) -> bool {
        let written = self.journal.append(self.apply.clock.now(), event, self.apply.hooks);
        let recorded =
            written.map_err(ExecuteError::from).and_then(|()| self.run.record(event).map_err(Into::into));
        match recorded {
            Ok(()) => true,
            Err(error) => {
                self.broken.get_or_insert(error);
                false
            }
        }
    }

    fn start(&mut self, id: StepId) -> Option<BoxFuture<'r, Back<'r>>> {
        let step = self.steps[&id];
        let change = self.changes[&step.address];
        let key = (step.address.clone(), change.id.0.clone());
        let (attempt, earlier) = match self.earlier.get(&key).filter(|_| step.op == Op::Create) {
            Some(attempt) => (attempt.clone(), Earlier::Begun),
            None => (Attempt(format!("{}/{}", self.apply.run, id.0)), Earlier::Never),
        };
        if !self.record(&Event::Started { step: id, attempt: attempt.clone() }) {
            return None;
        }
        self.running.insert(id, Instant::now());
        self.apply.reporter.apply_start(&step.address, step.op);
        let apply: &'r Apply<'a> = self.apply;
        let resolved = match step.op {
            Op::Forget | Op::Delete => Ok(BTreeMap::new()),
            Op::Create | Op::Update | Op::Record => self.resolve(change),
        };
        let observed = change.observed.as_deref().cloned();
        Some(Box::pin(async move {
            let ended = |values, result| Back::Ended(End { step: id, origin: Origin::Found, values, result });
            let values = match resolved {
                Ok(values) => values,
                Err(why) => return ended(BTreeMap::new(), Err(Failure::Unresolved(why))),
            };
            match step.op {
                Op::Record | Op::Forget => return ended(values, Ok(Ended { observed, pending: Vec::new() })),
                Op::Create | Op::Update | Op::Delete => {}
            }
            let kind = apply.registry.kind(step.address.kind.as_str()).expect("checked before the run began");
            let cloud = match apply.connections.cloud(&change.provider) {
                Ok(cloud) => cloud,
                Err(error) => return ended(values, Err(error.into())),
            };
            let (op, hooks) = (step.op, apply.hooks);
            let effect = Effect { kind, cloud, op, change, attempt, earlier, values, hooks };
            match carry_out(&effect).await {
                Ok(Origin::Made) => Back::Made(id, Box::new(effect)),
                Ok(Origin::Found) => {
                    let result = complete(&effect).await;
                    ended(effect.values, result)
                }
                Err(failure) => ended(effect.values, Err(failure)),
            }
        }))
    }

    /// Writes down that a step has made its thing, and lets it go on. When that cannot be written,
    /// nothing more is done to the thing.
    fn go_on(&mut self, step: StepId, effect: Box<Effect<'r>>) -> Option<BoxFuture<'r, Back<'r>>> {
        if self.record(&Event::Made { step }) {
            let change = effect.change;
            self.checkpoint(change, |state| state.record_made(change));
        }
        if self.broken.is_some() {
            self.running.remove(&step);
            return None;
        }
        Some(Box::pin(async move {
            let result = complete(&effect).await;
            Back::Ended(End { step, origin: Origin::Made, values: effect.values, result })
        }))
    }

    /// The attributes of a resource, now that what it needs is done. What is wrong is said without
    /// values.
    fn resolve(&self, change: &ResourceChange) -> Result<BTreeMap<String, Value>, String> {
        let kind = self.kind(&change.address);
        resolve(kind, change, &self.progress).map_err(|wrong| {
            let said = wrong.iter().map(|d| match d.labels.first() {
                Some(label) => format!("{}: {}", d.headline, label.text),
                None => d.headline.clone(),
            });
            said.collect::<Vec<_>>().join("; ")
        })
    }

    fn kind(&self, address: &Address) -> &'static dyn AnyKind {
        self.apply.registry.kind(address.kind.as_str()).expect("checked before the run began")
    }

    fn end(&mut self, end: End) {
        let End { step: id, origin, values, result } = end;
        let step = self.steps[&id];
        let (address, op) = (&step.address, step.op);
        let elapsed = self.running.remove(&id).map(|since| since.elapsed()).unwrap_or_default();
        match result {
            Ok(ended) => {
                self.record(&Event::Succeeded { step: id });
                self.settle(id, origin, &values, &ended);
                let settled = match ended.pending.is_empty() {
                    true => Settled::Done,
                    false => {
                        self.pending.insert(address.clone(), ended.pending.clone());
                        Settled::Pending(ended.pending)
                    }
                };
                if let Some(observed) = &ended.observed {
                    self.progress.outputs.insert(address.clone(), observed.outputs.clone());
                }
                self.progress.written.insert(address.clone(), values);
                let seen = Observation::from(ended.observed);
                self.world.observations.insert(address.clone(), seen);
                self.apply.reporter.apply_complete(address, op, elapsed, &settled);
            }
            Err(failure) => {
                let error = failure.as_error(&format!("{} {address}", verb(op)));
                self.record(&Event::Failed { step: id, error });
                self.apply.reporter.apply_errored(address, op, elapsed, &failure.to_string());
                self.failures.insert(id, (address.clone(), failure));
            }
        }
    }

    /// Brings the state up to date with a finished step.
    fn settle(&mut self, id: StepId, origin: Origin, values: &BTreeMap<String, Value>, ended: &Ended) {
        let step = self.steps[&id];
        let (change, kind) = (self.changes[&step.address], self.kind(&step.address));
        let nothing = BTreeMap::new();
        let outputs = ended.observed.as_ref().map_or(&nothing, |o| &o.outputs);
        let op = match (step.op, origin) {
            // It was there: whoever made it, this step is not known to have.
            (Op::Create, Origin::Found) => Op::Update,
            (op, Origin::Made | Origin::Found) => op,
        };
        self.checkpoint(change, |state| match op {
            Op::Forget | Op::Delete => {
                state.remove(&change.address);
            }
            Op::Create | Op::Update | Op::Record => state.record(kind, (op, change), values, outputs),
        });
    }

    /// Changes what the state knows of a resource and saves it.
    fn checkpoint(&mut self, change: &ResourceChange, write: impl FnOnce(&mut State)) {
        let state = self.session.state.get_or_insert_with(|| State::new(self.apply.run));
        if let Some(previous) = &change.previous_address {
            // Not there when the state was moved by hand in the meantime; then there is nothing to do.
            let _moved = state.rename(previous, &change.address);
        }
        write(state);
        self.apply.hooks.at("before_state");
        if let Err(error) = self.session.save() {
            self.broken.get_or_insert(error.into());
        }
        self.apply.hooks.at("after_state");
    }

    /// Writes the root outputs into the state.
    fn settle_outputs(&mut self) {
        if self.broken.is_none()
            && let Err(error) = settle_outputs(self.session, &self.progress, self.apply.run)
        {
            self.broken.get_or_insert(error.into());
        }
    }

    fn tell_progress(&self) {
        for (id, since) in &self.running {
            let step = self.steps[id];
            self.apply.reporter.apply_progress(&step.address, step.op, since.elapsed());
        }
    }
}

/// Ends when the run is to stop; never, when nobody can say so any more.
pub(crate) async fn interrupted(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
