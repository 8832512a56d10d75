//! Runs of applies: their order, failures, crashes.

mod recoveries;

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

fn replay<'e>(steps: &[Step], events: impl IntoIterator<Item = &'e Event>) -> Result<Run, Illegal> {
    Run::of_apply(steps).replay(events)
}

pub(super) fn started(id: u32) -> Event {
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
        replay(&steps, &[started(1), started(3), failed(1), Event::Succeeded { step: StepId(3) }]).unwrap();
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
        assert_eq!(replay(&steps, events), Err(expected), "{events:?}");
    }
}

#[test]
fn an_interruption_waits_for_what_runs_and_starts_nothing() {
    let steps = [step(1, &[]), step(2, &[])];
    let mut run = replay(&steps, &[started(1), Event::Interrupted]).unwrap();
    assert_eq!(run.next(8), Next::Wait);
    run.record(&Event::Succeeded { step: StepId(1) }).unwrap();
    let Next::Finished(outcome) = run.next(8) else { panic!("not finished") };
    assert!(outcome.interrupted && outcome.skipped == [StepId(2)].into());
}

#[test]
fn a_lost_step_starts_again_under_its_key() {
    let steps = [step(1, &[])];
    let run = replay(&steps, &[started(1), Event::Resumed]).unwrap();
    assert_eq!(run.next(1), Next::Start(vec![StepId(1)]));
    assert_eq!(run.attempt(StepId(1)), Some(&Attempt("run/1".to_owned())));
}

/// A small generator, so that a failing seed can be named and run again.
pub(super) struct Dice(pub(super) u64);
impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
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
    let (mut run, mut journal, mut live, mut crashes) = (Run::of_apply(&steps), Vec::new(), Vec::new(), 0);
    for _ in 0..10_000 {
        if dice.roll(15) == 0 && crashes < 20 {
            crashes += 1;
            live.clear();
            run = replay(&steps, &journal).expect("what was recorded replays");
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
            Next::Ask(_) | Next::Undo(_) | Next::Persons(_) | Next::TakeDown => {
                panic!("seed {seed}: an apply asks nobody")
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
        assert_eq!(replay(&steps, &journal).as_ref(), Ok(&run), "seed {seed}: replay is live");
    }
    panic!("seed {seed}: the run does not end")
}

#[test]
fn thousands_of_runs_with_failures_and_crashes_keep_their_promises() {
    let crashes: usize = (0..5_000).map(simulate).sum();
    assert!(crashes > 1_000, "the simulation crashes often enough to mean something: {crashes}");
}
