//! Runs of recoveries: persons, pivots, what is done instead, taking back; and thousands of seeds with
//! failures, crashes, words of persons, undos that fail.

use std::collections::{BTreeMap, BTreeSet};

use super::{Dice, started};
use crate::plan::StepId;
use crate::provider::{Attempt, ErrorClass, ProviderError};
use crate::run::{
    AtEnd, By, Event, Illegal, Next, Node, OnFailure, Question, Repeat, Run, Standing, TakeBack, Verdict,
};

fn node(id: u32, needs: &[u32]) -> Node {
    Node {
        id: StepId(id),
        needs: needs.iter().map(|n| StepId(*n)).collect(),
        instead_of: BTreeSet::new(),
        by: By::Machine,
        attempts: 1,
        repeat: Repeat::Safe,
        take_back: TakeBack::Machine,
        looks_first: false,
        pivot: false,
    }
}

/// Looks before its effect.
fn looking(id: u32, needs: &[u32]) -> Node {
    Node { looks_first: true, repeat: Repeat::Ask, ..node(id, needs) }
}

fn observed(id: u32, count: u32) -> Event {
    Event::Observed { step: StepId(id), before: [("count".to_owned(), count.to_string())].into() }
}

fn done(id: u32) -> Event {
    Event::Succeeded { step: StepId(id) }
}

fn why() -> ProviderError {
    ProviderError {
        doing: "running".to_owned(),
        class: ErrorClass::Failed,
        code: None,
        message: "exit 1".to_owned(),
    }
}

fn failed(id: u32) -> Event {
    Event::Failed { step: StepId(id), error: why() }
}

fn asked(id: u32) -> Event {
    Event::Asked { step: StepId(id) }
}

fn marked(id: u32, verdict: Verdict) -> Event {
    Event::Marked {
        step: StepId(id),
        verdict,
        by: "ann".to_owned(),
        evidence: "seen".to_owned(),
        inputs: BTreeMap::new(),
    }
}

fn undoing(id: u32) -> Event {
    Event::Undoing { step: StepId(id), attempt: Attempt(format!("run/{id}/undo")) }
}

fn undone(id: u32) -> Event {
    Event::Undone { step: StepId(id) }
}

fn ids(ids: &[u32]) -> Vec<StepId> {
    ids.iter().map(|id| StepId(*id)).collect()
}

/// A run that takes back after these events; panics when one cannot be.
fn run(nodes: &[Node], events: &[Event]) -> Run {
    Run::new(nodes.to_vec(), OnFailure::Unwind).replay(events).unwrap()
}

fn outcome(run: &Run) -> crate::run::Outcome {
    match run.next(8) {
        Next::Finished(outcome) => outcome,
        next => panic!("not finished: {next:?}"),
    }
}

#[test]
fn before_the_pivot_a_failure_is_taken_back_in_reverse_order() {
    let nodes = [node(1, &[]), node(2, &[1]), node(3, &[2]), node(4, &[3])];
    let mut run = run(&nodes, &[started(1), done(1), started(2), done(2), started(3), failed(3)]);
    for id in [2, 1] {
        assert_eq!(run.next(8), Next::Undo(ids(&[id])));
        run.record(&undoing(id)).unwrap();
        assert_eq!(run.next(8), Next::Wait);
        run.record(&undone(id)).unwrap();
    }
    let outcome = outcome(&run);
    assert_eq!((outcome.undone, outcome.failed), (ids(&[1, 2]).into_iter().collect(), [StepId(3)].into()));
}

#[test]
fn behind_a_crossed_pivot_the_run_holds_and_the_step_can_be_tried_again() {
    let nodes = [node(1, &[]), Node { pivot: true, ..node(2, &[1]) }, node(3, &[2])];
    let mut run = run(&nodes, &[started(1), done(1), started(2), done(2), started(3), failed(3)]);
    assert_eq!(outcome(&run).failed, [StepId(3)].into());
    run.record(&marked(3, Verdict::Go)).unwrap();
    assert_eq!(run.next(8), Next::Start(ids(&[3])));
    run.record(&started(3)).unwrap();
    run.record(&done(3)).unwrap();
    assert!(outcome(&run).is_success());
}

#[test]
fn a_lane_without_a_crossed_pivot_is_taken_back_and_what_it_shares_stays() {
    // 1 stops the writers; 2 and 3 restore, 4 and 5 switch over; 4 is a crossed pivot; 3 fails.
    let nodes = [
        node(1, &[]),
        node(2, &[1]),
        node(3, &[1]),
        Node { pivot: true, ..node(4, &[2]) },
        node(5, &[3]),
        node(6, &[1]),
        node(7, &[6, 5]),
    ];
    let events = [
        started(1),
        done(1),
        started(2),
        done(2),
        started(4),
        done(4),
        started(6),
        done(6),
        started(3),
        failed(3),
    ];
    let mut run = run(&nodes, &events);
    assert_eq!(run.next(8), Next::Undo(ids(&[6])), "6 leads only to what cannot be reached any more");
    run.record(&undoing(6)).unwrap();
    run.record(&undone(6)).unwrap();
    let outcome = outcome(&run);
    assert_eq!(outcome.succeeded, ids(&[1, 2, 4]).into_iter().collect());
    assert_eq!(outcome.undone, [StepId(6)].into());
}

#[test]
fn a_person_does_decides_and_is_believed() {
    let nodes = [
        Node { by: By::Person, ..node(1, &[]) },
        Node { by: By::Approved, ..node(2, &[1]) },
        Node { by: By::Approved, ..node(3, &[2]) },
        node(4, &[3]),
    ];
    let mut run = run(&nodes, &[]);
    assert_eq!(run.next(8), Next::Ask(vec![(StepId(1), Question::Do)]));
    run.record(&asked(1)).unwrap();
    assert_eq!(run.next(8), Next::Persons(ids(&[1]).into_iter().collect()));
    assert_eq!(run.clone().record(&marked(2, Verdict::Done)), Err(Illegal::TooEarly(StepId(2), StepId(1))));
    assert!(matches!(run.clone().record(&marked(1, Verdict::Go)), Err(Illegal::NotNow(..))));
    run.record(&marked(1, Verdict::Done)).unwrap();
    assert_eq!(run.next(8), Next::Ask(vec![(StepId(2), Question::Decide)]));
    assert_eq!(run.clone().record(&started(2)), Err(Illegal::Persons(StepId(2))));
    run.record(&marked(2, Verdict::Go)).unwrap();
    assert_eq!(run.next(8), Next::Start(ids(&[2])));
    run.record(&started(2)).unwrap();
    run.record(&done(2)).unwrap();
    run.record(&asked(3)).unwrap();
    run.record(&marked(3, Verdict::Skipped)).unwrap();
    assert_eq!(run.next(8), Next::Start(ids(&[4])));
}

#[test]
fn what_is_done_instead_is_asked_for_only_when_the_first_way_fails() {
    let nodes = [
        node(1, &[]),
        node(2, &[1]),
        Node { instead_of: [StepId(2)].into(), ..node(3, &[1]) },
        node(4, &[2, 3]),
    ];
    let begun = [started(1), done(1), started(2)];
    let well = run(&nodes, &[&begun[..], &[done(2)]].concat());
    assert_eq!(well.standing(StepId(3)), Some(&Standing::NotNeeded));
    assert_eq!(well.next(8), Next::Start(ids(&[4])));

    let mut badly = run(&nodes, &[&begun[..], &[failed(2)]].concat());
    assert_eq!(badly.next(8), Next::Ask(vec![(StepId(3), Question::Decide)]));
    badly.record(&asked(3)).unwrap();
    let mut refused = badly.clone();
    refused.record(&marked(3, Verdict::Skipped)).unwrap();
    assert_eq!(refused.next(8), Next::Undo(ids(&[1])), "with no other way the failure stands");
    for event in [marked(3, Verdict::Go), started(3), done(3), started(4), done(4)] {
        badly.record(&event).unwrap();
    }
    assert!(outcome(&badly).is_success());
}

#[test]
fn what_was_cut_off_and_is_not_safe_to_repeat_is_asked_about() {
    let nodes = [Node { repeat: Repeat::Ask, ..node(1, &[]) }, node(2, &[1])];
    let cut = run(&nodes, &[started(1), Event::Resumed]);
    assert_eq!(cut.next(8), Next::Ask(vec![(StepId(1), Question::Doubt)]));
    let mut it_was_done = cut.clone();
    it_was_done.record(&marked(1, Verdict::Done)).unwrap();
    assert_eq!(it_was_done.next(8), Next::Start(ids(&[2])));
    let mut again = cut;
    again.record(&asked(1)).unwrap();
    again.record(&marked(1, Verdict::Go)).unwrap();
    assert_eq!(again.attempt(StepId(1)), Some(&Attempt("run/1".to_owned())));
    assert_eq!(again.next(8), Next::Start(ids(&[1])));
}

#[test]
fn a_step_is_tried_as_often_as_it_may_be() {
    let nodes = [Node { attempts: 3, ..node(1, &[]) }];
    let mut run = run(&nodes, &[started(1), failed(1), started(1), failed(1)]);
    assert_eq!((run.next(8), run.failures(StepId(1))), (Next::Start(ids(&[1])), 2));
    run.record(&started(1)).unwrap();
    run.record(&failed(1)).unwrap();
    assert_eq!(outcome(&run).failed, [StepId(1)].into());
}

#[test]
fn an_undo_that_fails_stops_everything_until_a_person_has_put_it_right() {
    let nodes = [node(1, &[]), node(2, &[1]), node(3, &[2]), node(4, &[])];
    let begun = [started(1), done(1), started(2), done(2), started(3), failed(3), undoing(2)];
    let mut run = run(&nodes, &begun);
    run.record(&Event::UndoFailed { step: StepId(2), error: why() }).unwrap();
    assert_eq!(outcome(&run).stuck, [StepId(2)].into());
    run.record(&marked(2, Verdict::Done)).unwrap();
    assert_eq!(run.next(1), Next::Undo(ids(&[1])));
}

#[test]
fn given_up_a_run_takes_back_what_it_did_and_asks_about_what_was_cut_off() {
    let nodes = [
        Node { take_back: TakeBack::Person, ..node(1, &[]) },
        Node { repeat: Repeat::Safe, ..node(2, &[1]) },
        Node { take_back: TakeBack::Nothing, ..node(3, &[1]) },
    ];
    let aborted = Event::Aborted { by: "ann".to_owned(), reason: "false alarm".to_owned() };
    let begun = [started(1), done(1), started(2), started(3), done(3), Event::Resumed, aborted];
    let mut run = run(&nodes, &begun);
    assert_eq!(run.next(8), Next::Ask(vec![(StepId(2), Question::Doubt)]));
    assert_eq!(run.clone().record(&started(2)), Err(Illegal::GivenUp(StepId(2))));
    run.record(&marked(2, Verdict::Done)).unwrap();
    assert_eq!(run.next(8), Next::Undo(ids(&[2])));
    run.record(&undoing(2)).unwrap();
    run.record(&undone(2)).unwrap();
    assert_eq!(run.next(8), Next::Ask(vec![(StepId(1), Question::TakeBack)]));
    run.record(&asked(1)).unwrap();
    run.record(&marked(1, Verdict::Done)).unwrap();
    let outcome = outcome(&run);
    assert!(outcome.aborted);
    assert_eq!(outcome.undone, ids(&[1, 2]).into_iter().collect());
}

fn random_nodes(dice: &mut Dice) -> Vec<Node> {
    let n = 1 + dice.roll(14) as u32;
    let mut nodes: Vec<Node> = Vec::new();
    for id in 1..=n {
        let needs: Vec<u32> = (1..id).filter(|_| dice.roll(4) == 0).collect();
        let mut next = node(id, &needs);
        next.by = [By::Machine, By::Machine, By::Machine, By::Approved, By::Person][dice.roll(5) as usize];
        next.attempts = 1 + dice.roll(2) as u32;
        next.repeat = [Repeat::Safe, Repeat::Ask][dice.roll(2) as usize];
        next.take_back = [TakeBack::Machine, TakeBack::Machine, TakeBack::Nothing, TakeBack::Person]
            [dice.roll(4) as usize];
        next.looks_first = dice.roll(4) == 0;
        next.pivot = dice.roll(8) == 0;
        if id > 1 && dice.roll(6) == 0 {
            let other = 1 + dice.roll(u64::from(id) - 1) as u32;
            // It waits for the same as what it is done instead of, and what waits for that waits for both.
            if nodes[other as usize - 1].instead_of.is_empty() {
                next.needs = nodes[other as usize - 1].needs.clone();
                next.instead_of = [StepId(other)].into();
            }
        }
        nodes.push(next);
    }
    nodes
}

/// What the world has seen of each step, as the effects came in.
#[derive(Default)]
struct World {
    done: BTreeMap<StepId, u32>,
    order: Vec<(StepId, bool)>,
}

/// Plays one recovery; returns (crashes, steps taken back). Panics when a promise is broken.
fn simulate(seed: u64) -> (usize, usize) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let nodes = random_nodes(&mut dice);
    let on_failure = [OnFailure::Unwind, OnFailure::Hold][dice.roll(2) as usize];
    let at_end = [AtEnd::Keep, AtEnd::TakeDown][dice.roll(2) as usize];
    let begin = Run::new(nodes.clone(), on_failure).ending(at_end);
    let (mut run, mut journal, mut live): (Run, Vec<Event>, Vec<(StepId, bool)>) =
        (begin.clone(), vec![], vec![]);
    let (mut crashes, mut words, mut world) = (0, 0, World::default());
    for _ in 0..10_000 {
        let mut happened = Vec::new();
        if dice.roll(25) == 0 && crashes < 10 {
            crashes += 1;
            // Half of what was under way had its effect all the same.
            for (id, back) in live.drain(..) {
                let only_looked = !back && looks(&run, id);
                if dice.roll(2) == 0 && !only_looked {
                    world.order.push((id, back));
                    *world.done.entry(id).or_default() += 1;
                }
            }
            run = begin.clone().replay(&journal).expect("what was recorded replays");
            happened.push(Event::Resumed);
        } else if dice.roll(150) == 0 {
            happened.push(Event::Aborted { by: "ann".to_owned(), reason: "enough".to_owned() });
        } else if dice.roll(300) == 0 {
            happened.push(Event::TakeDown { by: Some("ann".to_owned()) });
        } else {
            match step(&run, &mut live, &mut dice, &mut world, &mut words, seed) {
                Some(events) => happened = events,
                None => {
                    check(&nodes, &run, &world, seed);
                    return (crashes, run.outcome().undone.len());
                }
            }
        }
        for event in happened {
            journal.push(event.clone());
            run.record(&event).unwrap_or_else(|e| panic!("seed {seed}: {e} at {event:?}"));
        }
        if dice.roll(10) == 0 {
            assert_eq!(begin.clone().replay(&journal).as_ref(), Ok(&run), "seed {seed}: replay is live");
        }
    }
    panic!("seed {seed}: the run does not end: {:?}", run.next(3))
}

/// Whether a step under way only looks as yet.
fn looks(run: &Run, id: StepId) -> bool {
    run.steps[&id].node.looks_first && run.observed(id).is_none()
}

/// What comes of one of the steps under way.
fn ends(run: &Run, live: &mut Vec<(StepId, bool)>, dice: &mut Dice, world: &mut World, seed: u64) -> Event {
    let at = dice.roll(live.len() as u64) as usize;
    let (id, back) = live[at];
    if !back && looks(run, id) && dice.roll(6) > 0 {
        let touched = world.order.contains(&(id, false));
        assert!(!touched, "seed {seed}: step {} was looked at after an effect", id.0);
        return observed(id.0, 3);
    }
    live.remove(at);
    if !back && looks(run, id) {
        return Event::Failed { step: id, error: why() };
    }
    let well = dice.roll(6) > 0;
    if well {
        world.order.push((id, back));
        *world.done.entry(id).or_default() += 1;
    }
    match (back, well) {
        (false, true) => Event::Succeeded { step: id },
        (false, false) => Event::Failed { step: id, error: why() },
        (true, true) => Event::Undone { step: id },
        (true, false) => Event::UndoFailed { step: id, error: why() },
    }
}

/// What happens next; nothing when the run is over.
fn step(
    run: &Run,
    live: &mut Vec<(StepId, bool)>,
    dice: &mut Dice,
    world: &mut World,
    words: &mut u32,
    seed: u64,
) -> Option<Vec<Event>> {
    let key = |id: StepId, back: bool| Attempt(format!("run/{}{}", id.0, if back { "/undo" } else { "" }));
    Some(match run.next(3) {
        Next::Ask(questions) => vec![Event::Asked { step: questions[0].0 }],
        Next::Start(ids) | Next::Undo(ids) if ids.is_empty() => panic!("seed {seed}: nothing to do"),
        Next::Start(ids) => {
            assert!(ids.len() + live.len() <= 3, "seed {seed}: too many at once");
            live.push((ids[0], false));
            vec![Event::Started { step: ids[0], attempt: key(ids[0], false) }]
        }
        Next::Undo(ids) => {
            live.push((ids[0], true));
            vec![Event::Undoing { step: ids[0], attempt: key(ids[0], true) }]
        }
        Next::Wait => vec![ends(run, live, dice, world, seed)],
        Next::Persons(waiting) => {
            let id = *waiting.iter().nth(dice.roll(waiting.len() as u64) as usize).unwrap();
            let words = [Verdict::Done, Verdict::Failed, Verdict::Skipped, Verdict::Go];
            let verdict = words[dice.roll(4) as usize];
            let event = Event::Marked {
                step: id,
                verdict,
                by: "ann".to_owned(),
                evidence: String::new(),
                inputs: BTreeMap::new(),
            };
            if run.clone().record(&event).is_ok() { vec![event] } else { vec![] }
        }
        Next::TakeDown => {
            assert!(live.is_empty() && run.before().is_none(), "seed {seed}: taken down too early");
            vec![Event::TakeDown { by: None }]
        }
        Next::Finished(outcome) => {
            // The operator puts right what is stuck or held, sometimes.
            // What stood on it is taken back: a word too late to keep that.
            let too_late = |id: &StepId| {
                run.steps[id].unblocks.iter().any(|n| run.standing(*n) == Some(&Standing::Undone))
            };
            let failed = outcome.failed.iter().filter(|id| !too_late(id));
            let open = outcome.stuck.iter().chain(failed).next();
            let event = open.map(|id| Event::Marked {
                step: *id,
                verdict: Verdict::Done,
                by: "ann".to_owned(),
                evidence: String::new(),
                inputs: BTreeMap::new(),
            });
            *words += 1;
            match event.filter(|e| *words < 5 && run.clone().record(e).is_ok()) {
                Some(event) => vec![event],
                None => return None,
            }
        }
    })
}

/// What holds for every run that is over.
fn check(nodes: &[Node], run: &Run, world: &World, seed: u64) {
    let crossed = |id: &StepId| {
        let node = nodes.iter().find(|n| n.id == *id).unwrap();
        node.pivot && run.standing(*id) == Some(&Standing::Succeeded)
    };
    let is_down = run.before().is_some() && !nodes.iter().any(|n| crossed(&n.id)) && run.stuck.is_empty();
    for node in nodes {
        let standing = run.standing(node.id).unwrap();
        // A person may have said that it stays.
        let stays = run.steps[&node.id].node.take_back == TakeBack::Nothing;
        assert!(
            !is_down || stays || *standing != Standing::Succeeded,
            "seed {seed}: step {} was not taken down",
            node.id.0
        );
        if *standing == Standing::Undone {
            assert!(!node.pivot || !crossed(&node.id), "seed {seed}: a crossed pivot was taken back");
            assert!(
                node.needs.iter().all(|n| !crossed(n)),
                "seed {seed}: step {} was taken back behind a crossed pivot",
                node.id.0
            );
        }
        assert!(
            !matches!(standing, Standing::Running(_) | Standing::Undoing(_)),
            "seed {seed}: step {} is still under way",
            node.id.0
        );
        let by_machine = world.order.contains(&(node.id, true));
        assert!(
            !(by_machine && looks(run, node.id)),
            "seed {seed}: step {} was taken back to what nobody has seen",
            node.id.0
        );
        // Undone in reverse: whatever stood on it and was done was taken back before.
        let taken_back = world.order.iter().rposition(|(id, back)| *id == node.id && *back);
        for other in nodes.iter().filter(|o| o.needs.contains(&node.id)) {
            let began_later = world.order.iter().rposition(|(id, back)| *id == other.id && !*back);
            assert!(
                taken_back.is_none() || began_later.is_none() || began_later < taken_back,
                "seed {seed}: step {} was done after step {} was taken back",
                other.id.0,
                node.id.0
            );
        }
    }
}

#[test]
fn what_there_was_is_looked_at_once_and_before_any_effect() {
    let begin = Run::new([looking(1, &[]), node(2, &[1])], OnFailure::Unwind);
    let mut run = begin.clone().replay(&[started(1)]).unwrap();
    assert_eq!(run.clone().record(&done(1)), Err(Illegal::NotObserved(StepId(1))));
    // Cut off before the look was written down, it has had no effect: nobody is asked.
    let again = begin.clone().replay(&[started(1), Event::Resumed]).unwrap();
    assert_eq!(again.next(1), Next::Start(ids(&[1])));
    run.record(&observed(1, 3)).unwrap();
    assert_eq!(run.clone().record(&observed(1, 1)), Err(Illegal::NothingToObserve(StepId(1))));
    // Cut off afterwards, a person is asked; it is tried again without another look.
    let events = [started(1), observed(1, 3), Event::Resumed, asked(1), marked(1, Verdict::Go), started(1)];
    let mut run = begin.replay(&events).unwrap();
    assert_eq!(run.clone().record(&observed(1, 1)), Err(Illegal::NothingToObserve(StepId(1))));
    for event in [done(1), started(2), failed(2)] {
        run.record(&event).unwrap();
    }
    assert_eq!(run.next(1), Next::Undo(ids(&[1])));
    assert_eq!(run.observed(StepId(1)).unwrap()["count"], "3");
    let plain = Run::new([node(1, &[])], OnFailure::Unwind).replay(&[started(1)]).unwrap();
    assert_eq!(plain.clone().record(&observed(1, 3)), Err(Illegal::NothingToObserve(StepId(1))));
}

#[test]
fn what_a_person_did_instead_is_taken_back_by_a_person() {
    let begin = Run::new([looking(1, &[]), node(2, &[1])], OnFailure::Unwind);
    let events = [marked(1, Verdict::Done), started(2), failed(2)];
    let run = begin.replay(&events).unwrap();
    assert_eq!(run.next(1), Next::Ask(vec![(StepId(1), Question::TakeBack)]));
}

#[test]
fn thousands_of_recoveries_keep_their_promises() {
    let (mut crashes, mut undone) = (0, 0);
    for seed in 0..10_000 {
        let (c, u) = simulate(seed);
        crashes += c;
        undone += u;
    }
    assert!(crashes > 2_000 && undone > 2_000, "it means something: {crashes} crashes, {undone} taken back");
}

#[test]
fn what_a_run_made_is_taken_down_at_its_end_whether_it_went_well_or_not() {
    let nodes = [node(1, &[]), node(2, &[1]), node(3, &[1])];
    for ends in [done(2), failed(2)] {
        let events = [started(1), done(1), started(2), started(3), ends.clone(), done(3)];
        let begin = Run::new(nodes.to_vec(), OnFailure::Unwind).ending(AtEnd::TakeDown);
        let mut run = begin.clone().replay(&events).unwrap();
        assert_eq!(run.next(8), Next::TakeDown, "{ends:?}");
        let well = run.outcome().is_success();
        run.record(&Event::TakeDown { by: None }).unwrap();
        assert_eq!(run.before().map(|before| before.outcome().is_success()), Some(well));
        let mut back = Vec::new();
        while let Next::Undo(next) = run.next(1) {
            back.push(next[0].0);
            run.record(&undoing(next[0].0)).unwrap();
            run.record(&undone(next[0].0)).unwrap();
        }
        assert_eq!(back, if well { vec![2, 3, 1] } else { vec![3, 1] }, "what has failed has made nothing");
        assert!(outcome(&run).stuck.is_empty());
    }
}

#[test]
fn what_cannot_be_taken_down_keeps_only_what_it_stands_on_and_is_tried_again_when_a_person_says_so() {
    let nodes = [node(1, &[]), node(2, &[1]), node(3, &[]), node(4, &[3])];
    let mut run = Run::new(nodes.to_vec(), OnFailure::Unwind).ending(AtEnd::TakeDown);
    for event in [1, 2, 3, 4].into_iter().flat_map(|id| [started(id), done(id)]) {
        run.record(&event).unwrap();
    }
    run.record(&Event::TakeDown { by: None }).unwrap();
    assert_eq!(run.next(8), Next::Undo(ids(&[2, 4])));
    run.record(&undoing(2)).unwrap();
    run.record(&Event::UndoFailed { step: StepId(2), error: why() }).unwrap();
    for id in [4, 3] {
        assert_eq!(run.next(8), Next::Undo(ids(&[id])));
        run.record(&undoing(id)).unwrap();
        run.record(&undone(id)).unwrap();
    }
    assert_eq!(outcome(&run).stuck, [StepId(2)].into());
    run.record(&Event::TakeDown { by: Some("ann".to_owned()) }).unwrap();
    for id in [2, 1] {
        assert_eq!(run.next(8), Next::Undo(ids(&[id])));
        run.record(&undoing(id)).unwrap();
        run.record(&undone(id)).unwrap();
    }
    assert_eq!(outcome(&run).undone, ids(&[1, 2, 3, 4]).into_iter().collect());
}
