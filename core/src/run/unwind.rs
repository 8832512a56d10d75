//! What a failure takes with it. A failed step before its pivot is dead, and so is what waits for it,
//! and what leads to nothing else. The dead are not started; what of them is done is taken back, the
//! last first. What stands before or behind a crossed pivot stays: there the run holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{OnFailure, Progress, Question, Repeat, Run, Standing, TakeBack};
use crate::plan::StepId;

impl Run {
    /// Finds the dead again, after anything that may have changed them.
    pub(super) fn bury(&mut self) {
        let ends = self.aborted || self.before.is_some();
        if self.on_failure == OnFailure::Hold && !ends {
            return;
        }
        let order = self.order();
        let kept = self.kept(&order);
        self.dead = if ends { self.given_up(&kept) } else { self.doomed(&order, &kept) };
        let dead = &self.dead;
        self.ready.retain(|id| !dead.contains(id));
        self.to_ask.retain(|id, question| !dead.contains(id) || is_of_the_past(*question));
        self.forget_questions();
        self.doubt_the_lost();
        self.find_to_undo(&order);
    }

    /// Nobody is asked any more for what is not to be done.
    fn forget_questions(&mut self) {
        let moot: Vec<StepId> = self
            .asked
            .iter()
            .copied()
            .filter(|id| self.dead.contains(id))
            .filter(|id| matches!(&self.steps[id].standing, Standing::Asked(q) if !is_of_the_past(*q)))
            .collect();
        for id in moot {
            self.asked.remove(&id);
            self.steps.entry(id).and_modify(|p| p.standing = Standing::Waiting);
        }
    }

    /// The longest way through what is still to be done, by these lengths: how long the run still takes
    /// when nothing else goes wrong.
    pub fn longest_left(&self, length: impl Fn(StepId) -> i64) -> i64 {
        let mut ends: BTreeMap<StepId, i64> = BTreeMap::new();
        for id in self.order() {
            let progress = &self.steps[&id];
            let begins = progress.node.needs.iter().filter_map(|n| ends.get(n)).max().copied().unwrap_or(0);
            let open = !progress.passed && !self.dead.contains(&id) && progress.node.instead_of.is_empty();
            ends.insert(id, if open { begins.saturating_add(length(id)) } else { begins });
        }
        ends.into_values().max().unwrap_or(0)
    }

    /// Of what was cut off and is given up, a person has to say what has become.
    fn doubt_the_lost(&mut self) {
        for id in &self.dead {
            if matches!(self.steps[id].standing, Standing::Lost(_)) {
                self.to_ask.insert(*id, Question::Doubt);
            }
        }
    }

    /// The steps, each after those it needs.
    fn order(&self) -> Vec<StepId> {
        let known = |p: &Progress| p.node.needs.iter().filter(|n| self.steps.contains_key(n)).count();
        let mut left: BTreeMap<StepId, usize> = self.steps.iter().map(|(id, p)| (*id, known(p))).collect();
        let mut order: Vec<StepId> = left.iter().filter(|(_, n)| **n == 0).map(|(id, _)| *id).collect();
        let mut at = 0;
        while let Some(id) = order.get(at).copied() {
            at += 1;
            for next in &self.steps[&id].unblocks {
                let n = left.entry(*next).or_default();
                *n -= 1;
                if *n == 0 {
                    order.push(*next);
                }
            }
        }
        order
    }

    /// Every crossed pivot, with all that stands before and behind it.
    fn kept(&self, order: &[StepId]) -> BTreeSet<StepId> {
        let crossed: BTreeSet<StepId> = self
            .steps
            .iter()
            .filter(|(_, p)| p.node.pivot && p.standing == Standing::Succeeded)
            .map(|(id, _)| *id)
            .collect();
        let (mut before, mut behind) = (crossed.clone(), crossed);
        for id in order {
            if self.steps[id].node.needs.iter().any(|n| behind.contains(n)) {
                behind.insert(*id);
            }
        }
        for id in order.iter().rev() {
            if self.steps[id].unblocks.iter().any(|n| before.contains(n)) {
                before.insert(*id);
            }
        }
        before.append(&mut behind);
        before
    }

    /// All of a run that was given up, or is taken down, but what a crossed pivot keeps.
    fn given_up(&self, kept: &BTreeSet<StepId>) -> BTreeSet<StepId> {
        let started = |standing: &Standing| !matches!(standing, Standing::Waiting | Standing::Asked(_));
        self.steps
            .iter()
            // What was not begun is not begun any more, pivot or no pivot.
            .filter(|(id, p)| !kept.contains(id) || !started(&p.standing))
            .map(|(id, _)| *id)
            .collect()
    }

    /// What a failure before its pivot takes with it.
    fn doomed(&self, order: &[StepId], kept: &BTreeSet<StepId>) -> BTreeSet<StepId> {
        let mut dead: BTreeSet<StepId> = BTreeSet::new();
        for id in order {
            let progress = &self.steps[id];
            let failed = match progress.standing {
                Standing::Failed(_) => !self.has_a_way_out(progress),
                Standing::Undoing(_)
                | Standing::UndoLost(_)
                | Standing::Undone
                | Standing::UndoFailed(_)
                | Standing::Asked(Question::TakeBack | Question::DoubtTakenBack) => true,
                Standing::Waiting
                | Standing::Asked(_)
                | Standing::Running(_)
                | Standing::Lost(_)
                | Standing::Succeeded
                | Standing::NotNeeded
                | Standing::Skipped => false,
            };
            let waits = || {
                matches!(progress.standing, Standing::Waiting | Standing::Asked(_))
                    && progress.node.needs.iter().any(|n| dead.contains(n))
            };
            if (failed && !kept.contains(id)) || waits() {
                dead.insert(*id);
            }
        }
        if dead.is_empty() {
            return dead;
        }
        for id in order.iter().rev() {
            let unblocks = &self.steps[id].unblocks;
            let leads_nowhere = !unblocks.is_empty() && unblocks.iter().all(|n| dead.contains(n));
            if leads_nowhere && !kept.contains(id) {
                dead.insert(*id);
            }
        }
        dead
    }

    /// Whether something else is or may still be done instead of a failed step.
    fn has_a_way_out(&self, progress: &Progress) -> bool {
        progress.alternatives.iter().any(|id| {
            let alternative = &self.steps[id].standing;
            !matches!(alternative, Standing::Skipped | Standing::Failed(_) | Standing::Undone)
        })
    }

    /// Of the dead, what is done, can be taken back, and has nothing behind it that is still to be taken
    /// back.
    fn find_to_undo(&mut self, order: &[StepId]) {
        self.to_undo.clear();
        let mut busy: BTreeSet<StepId> = BTreeSet::new();
        for id in order.iter().rev() {
            let progress = &self.steps[id];
            let behind = progress.unblocks.iter().any(|n| busy.contains(n));
            let done = progress.standing == Standing::Succeeded
                && progress.node.take_back != TakeBack::Nothing
                && self.dead.contains(id);
            let under_way = matches!(
                progress.standing,
                Standing::Running(_)
                    | Standing::Lost(_)
                    | Standing::Undoing(_)
                    | Standing::UndoLost(_)
                    | Standing::UndoFailed(_)
                    | Standing::Asked(Question::Doubt | Question::TakeBack | Question::DoubtTakenBack)
            );
            if behind || done || under_way {
                busy.insert(*id);
            }
            let cut_off =
                matches!(progress.standing, Standing::UndoLost(_)) && progress.node.repeat == Repeat::Safe;
            if cut_off && !behind {
                self.to_undo.insert(*id);
            }
            if done && !behind {
                match progress.node.take_back {
                    // Of what a person did in its place nobody has looked what there was before.
                    TakeBack::Machine if progress.node.looks_first && progress.observed.is_none() => {
                        self.to_ask.insert(*id, Question::TakeBack);
                    }
                    TakeBack::Machine => drop(self.to_undo.insert(*id)),
                    TakeBack::Person => drop(self.to_ask.insert(*id, Question::TakeBack)),
                    TakeBack::Nothing => {}
                }
            }
        }
    }
}

/// Whether the question is about something that was already begun.
fn is_of_the_past(question: Question) -> bool {
    match question {
        Question::Doubt | Question::TakeBack | Question::DoubtTakenBack => true,
        Question::Do | Question::Decide => false,
    }
}
