//! One run as a pure state machine over its journal. `record` and `replay` are the only ways to
//! change it, `next` says what to do; the engine does it and writes down what happened.
//!
//! A failure halts what needs the failed step; everything else goes on. After a crash the journal
//! says which steps were started and have no outcome: they are started again under the same key.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::plan::{Step, StepId};
use crate::provider::{Attempt, ProviderError};

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A step is about to be carried out. Written before its effect.
    Started {
        /// The step.
        step: StepId,
        /// The key under which it is safe to repeat.
        attempt: Attempt,
    },
    /// The step has made its thing, and has more to write: from here on, drctl has created it.
    Made {
        /// The step.
        step: StepId,
    },
    /// A step is done. Written after its effect.
    Succeeded {
        /// The step.
        step: StepId,
    },
    /// A step has failed.
    Failed {
        /// The step.
        step: StepId,
        /// Why.
        error: ProviderError,
    },
    /// A person stopped the run: nothing new is started, what runs is waited for.
    Interrupted,
    /// A new process took the run over: steps without outcome are started again.
    Resumed,
}

/// Where one step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Not started yet.
    Waiting,
    /// Being carried out by this process.
    Running(Attempt),
    /// Was being carried out by a process that is gone; to be started again under the same key.
    Lost(Attempt),
    /// Done.
    Succeeded,
    /// Failed.
    Failed(ProviderError),
}

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Start these, in this order.
    Start(Vec<StepId>),
    /// Wait for what runs.
    Wait,
    /// The run is over.
    Finished(Outcome),
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What is done.
    pub succeeded: BTreeSet<StepId>,
    /// What failed.
    pub failed: BTreeSet<StepId>,
    /// What was not started: it needs something that failed, or the run was interrupted.
    pub skipped: BTreeSet<StepId>,
    /// Whether a person stopped it.
    pub interrupted: bool,
}

impl Outcome {
    /// Whether everything was done.
    pub fn is_success(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty()
    }
}

/// An event that cannot follow what happened before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The plan has no such step.
    #[error("the plan has no step {}", .0.0)]
    NoSuchStep(StepId),
    /// The step was started before what it needs was done.
    #[error("step {} was started before step {} was done", .0.0, .1.0)]
    TooEarly(StepId, StepId),
    /// The step was started while running or after it had ended.
    #[error("step {} was started twice", .0.0)]
    StartedTwice(StepId),
    /// The step was repeated under another key.
    #[error("step {} was repeated under another key than `{}`", .0.0, .1.0)]
    OtherKey(StepId, Attempt),
    /// The step has come further without having been started.
    #[error("step {} has come further and was not running", .0.0)]
    NotRunning(StepId),
    /// A new step was started after the run was interrupted.
    #[error("step {} was started after the run was interrupted", .0.0)]
    AfterInterruption(StepId),
}

/// A run: the steps of a plan and where each of them stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    steps: BTreeMap<StepId, Progress>,
    /// Waiting steps of which all needs are done, and lost ones.
    ready: BTreeSet<StepId>,
    running: usize,
    interrupted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Progress {
    standing: Standing,
    needs: BTreeSet<StepId>,
    unblocks: Vec<StepId>,
    /// How many of the needs are not done yet.
    open: usize,
}

impl Run {
    /// A run of these steps, none of which is started. A need that is no step never holds.
    pub fn new(steps: &[Step]) -> Run {
        let mut run = Run { steps: BTreeMap::new(), ready: BTreeSet::new(), running: 0, interrupted: false };
        for step in steps {
            let (needs, open) = (step.needs.clone(), step.needs.len());
            let progress = Progress { standing: Standing::Waiting, needs, unblocks: Vec::new(), open };
            run.steps.insert(step.id, progress);
            if open == 0 {
                run.ready.insert(step.id);
            }
        }
        for step in steps {
            for need in &step.needs {
                if let Some(needed) = run.steps.get_mut(need) {
                    needed.unblocks.push(step.id);
                }
            }
        }
        run
    }

    /// The run of these steps after these events.
    ///
    /// # Errors
    /// When an event cannot follow those before it.
    pub fn replay<'e>(steps: &[Step], events: impl IntoIterator<Item = &'e Event>) -> Result<Run, Illegal> {
        let mut run = Run::new(steps);
        for event in events {
            run.record(event)?;
        }
        Ok(run)
    }

    /// Where a step stands.
    pub fn standing(&self, step: StepId) -> Option<&Standing> {
        self.steps.get(&step).map(|p| &p.standing)
    }

    /// The key under which a step was started; to be used again when it is repeated.
    pub fn attempt(&self, step: StepId) -> Option<&Attempt> {
        match self.standing(step)? {
            Standing::Running(attempt) | Standing::Lost(attempt) => Some(attempt),
            Standing::Waiting | Standing::Succeeded | Standing::Failed(_) => None,
        }
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// When it cannot follow what happened before; then nothing is changed.
    pub fn record(&mut self, event: &Event) -> Result<(), Illegal> {
        match event {
            Event::Started { step, attempt } => self.start(*step, attempt),
            Event::Made { step } => self.running(*step),
            Event::Succeeded { step } => {
                self.end(*step, Standing::Succeeded)?;
                let unblocks = self.progress(*step)?.unblocks.clone();
                for next in unblocks {
                    let progress = self.progress(next)?;
                    progress.open -= 1;
                    if progress.open == 0 {
                        self.ready.insert(next);
                    }
                }
                Ok(())
            }
            Event::Failed { step, error } => self.end(*step, Standing::Failed(error.clone())),
            Event::Interrupted => {
                self.interrupted = true;
                Ok(())
            }
            Event::Resumed => {
                self.interrupted = false;
                self.running = 0;
                for (id, progress) in &mut self.steps {
                    if let Standing::Running(attempt) = &progress.standing {
                        progress.standing = Standing::Lost(attempt.clone());
                        self.ready.insert(*id);
                    }
                }
                Ok(())
            }
        }
    }

    fn progress(&mut self, step: StepId) -> Result<&mut Progress, Illegal> {
        self.steps.get_mut(&step).ok_or(Illegal::NoSuchStep(step))
    }

    fn start(&mut self, step: StepId, attempt: &Attempt) -> Result<(), Illegal> {
        let interrupted = self.interrupted;
        let progress = self.steps.get(&step).ok_or(Illegal::NoSuchStep(step))?;
        match &progress.standing {
            Standing::Lost(earlier) if earlier != attempt => {
                return Err(Illegal::OtherKey(step, earlier.clone()));
            }
            Standing::Lost(_) | Standing::Waiting if interrupted => {
                return Err(Illegal::AfterInterruption(step));
            }
            Standing::Lost(_) => {}
            Standing::Waiting => {
                let done = |n: &&StepId| self.steps.get(n).is_some_and(|p| p.standing == Standing::Succeeded);
                if let Some(need) = progress.needs.iter().find(|n| !done(n)) {
                    return Err(Illegal::TooEarly(step, *need));
                }
            }
            Standing::Running(_) | Standing::Succeeded | Standing::Failed(_) => {
                return Err(Illegal::StartedTwice(step));
            }
        }
        self.ready.remove(&step);
        self.running += 1;
        self.progress(step)?.standing = Standing::Running(attempt.clone());
        Ok(())
    }

    fn running(&mut self, step: StepId) -> Result<(), Illegal> {
        match self.progress(step)?.standing {
            Standing::Running(_) => Ok(()),
            Standing::Waiting | Standing::Lost(_) | Standing::Succeeded | Standing::Failed(_) => {
                Err(Illegal::NotRunning(step))
            }
        }
    }

    fn end(&mut self, step: StepId, standing: Standing) -> Result<(), Illegal> {
        self.running(step)?;
        self.progress(step)?.standing = standing;
        self.running -= 1;
        Ok(())
    }

    /// What to do now, with at most `parallelism` steps at once (0 counts as 1).
    pub fn next(&self, parallelism: usize) -> Next {
        let free = parallelism.max(1).saturating_sub(self.running);
        if !self.interrupted && !self.ready.is_empty() {
            let start: Vec<StepId> = self.ready.iter().take(free).copied().collect();
            return if start.is_empty() { Next::Wait } else { Next::Start(start) };
        }
        if self.running > 0 { Next::Wait } else { Next::Finished(self.outcome()) }
    }

    fn outcome(&self) -> Outcome {
        let mut outcome = Outcome { interrupted: self.interrupted, ..Outcome::default() };
        for (id, progress) in &self.steps {
            match progress.standing {
                Standing::Succeeded => outcome.succeeded.insert(*id),
                Standing::Failed(_) => outcome.failed.insert(*id),
                Standing::Waiting | Standing::Lost(_) | Standing::Running(_) => outcome.skipped.insert(*id),
            };
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Op;
    use crate::provider::ErrorClass;

    fn step(id: u32, needs: &[u32]) -> Step {
        Step {
            id: StepId(id),
            address: "toy_box.a".parse().unwrap(),
            op: Op::Update,
            needs: needs.iter().map(|n| StepId(*n)).collect(),
        }
    }

    fn started(id: u32) -> Event {
        Event::Started { step: StepId(id), attempt: Attempt(format!("run/{id}")) }
    }

    fn failed(id: u32) -> Event {
        let error = ProviderError {
            doing: "writing".to_owned(),
            class: ErrorClass::Denied,
            code: None,
            message: "no".to_owned(),
        };
        Event::Failed { step: StepId(id), error }
    }

    #[test]
    fn a_failure_halts_what_needs_it_and_nothing_else() {
        let steps = [step(1, &[]), step(2, &[1]), step(3, &[]), step(4, &[3])];
        let run =
            Run::replay(&steps, &[started(1), started(3), failed(1), Event::Succeeded { step: StepId(3) }])
                .unwrap();
        assert_eq!(run.next(4), Next::Start(vec![StepId(4)]));
        let mut run = run;
        run.record(&started(4)).unwrap();
        assert_eq!(run.next(4), Next::Wait);
        run.record(&Event::Succeeded { step: StepId(4) }).unwrap();
        let Next::Finished(outcome) = run.next(4) else { panic!("not finished") };
        assert!(!outcome.is_success());
        assert_eq!(outcome.failed, [StepId(1)].into());
        assert_eq!(outcome.skipped, [StepId(2)].into());
    }

    #[test]
    fn illegal_events_are_refused_by_name() {
        let steps = [step(1, &[]), step(2, &[1])];
        let cases: [(&[Event], Illegal); 8] = [
            (&[started(9)], Illegal::NoSuchStep(StepId(9))),
            (&[started(2)], Illegal::TooEarly(StepId(2), StepId(1))),
            (&[started(1), started(1)], Illegal::StartedTwice(StepId(1))),
            (&[Event::Succeeded { step: StepId(1) }], Illegal::NotRunning(StepId(1))),
            (&[started(1), failed(1), Event::Made { step: StepId(1) }], Illegal::NotRunning(StepId(1))),
            (&[Event::Interrupted, started(1)], Illegal::AfterInterruption(StepId(1))),
            (&[started(1), failed(1), started(2)], Illegal::TooEarly(StepId(2), StepId(1))),
            (
                &[
                    started(1),
                    Event::Resumed,
                    Event::Started { step: StepId(1), attempt: Attempt("other".to_owned()) },
                ],
                Illegal::OtherKey(StepId(1), Attempt("run/1".to_owned())),
            ),
        ];
        for (events, expected) in cases {
            assert_eq!(Run::replay(&steps, events), Err(expected), "{events:?}");
        }
    }

    #[test]
    fn an_interruption_waits_for_what_runs_and_starts_nothing() {
        let steps = [step(1, &[]), step(2, &[])];
        let mut run = Run::replay(&steps, &[started(1), Event::Interrupted]).unwrap();
        assert_eq!(run.next(8), Next::Wait);
        run.record(&Event::Succeeded { step: StepId(1) }).unwrap();
        let Next::Finished(outcome) = run.next(8) else { panic!("not finished") };
        assert!(outcome.interrupted && outcome.skipped == [StepId(2)].into());
    }

    #[test]
    fn a_lost_step_starts_again_under_its_key() {
        let steps = [step(1, &[])];
        let run = Run::replay(&steps, &[started(1), Event::Resumed]).unwrap();
        assert_eq!(run.next(1), Next::Start(vec![StepId(1)]));
        assert_eq!(run.attempt(StepId(1)), Some(&Attempt("run/1".to_owned())));
    }

    /// A small generator, so that a failing seed can be named and run again.
    struct Dice(u64);
    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % sides
        }
    }

    fn random_steps(dice: &mut Dice) -> Vec<Step> {
        let n = 1 + dice.roll(12) as u32;
        (1..=n)
            .map(|id| {
                let needs: Vec<u32> = (1..id).filter(|_| dice.roll(4) == 0).collect();
                step(id, &needs)
            })
            .collect()
    }

    /// Plays one run with failures, crashes and interruptions; panics when an invariant breaks.
    fn simulate(seed: u64) -> usize {
        let mut dice = Dice(seed);
        let steps = random_steps(&mut dice);
        let (mut run, mut journal, mut live, mut crashes) = (Run::new(&steps), Vec::new(), Vec::new(), 0);
        for _ in 0..10_000 {
            if dice.roll(15) == 0 && crashes < 20 {
                crashes += 1;
                live.clear();
                run = Run::replay(&steps, &journal).expect("what was recorded replays");
                journal.push(Event::Resumed);
                run.record(&Event::Resumed).expect("a run can always be resumed");
            }
            if dice.roll(60) == 0 {
                journal.push(Event::Interrupted);
                run.record(&Event::Interrupted).expect("a run can always be interrupted");
            }
            let event = match run.next(3) {
                Next::Start(ids) => {
                    assert!(ids.len() + live.len() <= 3, "seed {seed}: too many at once");
                    live.push(ids[0]);
                    started(ids[0].0)
                }
                Next::Wait => {
                    let id = live.remove(dice.roll(live.len() as u64) as usize);
                    if dice.roll(6) == 0 { failed(id.0) } else { Event::Succeeded { step: id } }
                }
                Next::Finished(outcome) => {
                    let all = outcome.succeeded.len() + outcome.failed.len() + outcome.skipped.len();
                    assert_eq!(all, steps.len(), "seed {seed}: every step is accounted for");
                    return crashes;
                }
            };
            journal.push(event.clone());
            run.record(&event).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            assert_eq!(Run::replay(&steps, &journal).as_ref(), Ok(&run), "seed {seed}: replay is live");
        }
        panic!("seed {seed}: the run does not end")
    }

    #[test]
    fn thousands_of_runs_with_failures_and_crashes_keep_their_promises() {
        let crashes: usize = (0..5_000).map(simulate).sum();
        assert!(crashes > 1_000, "the simulation crashes often enough to mean something: {crashes}");
    }
}
