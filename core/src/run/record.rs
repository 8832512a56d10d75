//! The transitions: what each event does to a run, and which events are refused.

use std::collections::BTreeMap;

use super::{By, Event, Illegal, Question, Repeat, Run, Standing, Verdict};
use crate::plan::StepId;
use crate::provider::{Attempt, ErrorClass, ProviderError};

impl Run {
    /// Takes an event in.
    ///
    /// # Errors
    /// When it cannot follow what happened before; then nothing is changed.
    pub fn record(&mut self, event: &Event) -> Result<(), Illegal> {
        match event {
            Event::Started { step, attempt } => self.start(*step, attempt)?,
            Event::Observed { step, before } => self.observe(*step, before)?,
            Event::Made { step } => self.under_way(*step)?,
            Event::Succeeded { step } => {
                self.under_way(*step)?;
                if self.is_untouched(*step) {
                    return Err(Illegal::NotObserved(*step));
                }
                self.running -= 1;
                self.settle(*step, Standing::Succeeded);
            }
            Event::Failed { step, error } => self.fail(*step, error)?,
            Event::Asked { step } => self.ask(*step)?,
            Event::Marked { step, verdict, by: _, evidence, inputs: _ } => {
                self.mark(*step, *verdict, evidence)?
            }
            Event::Undoing { step, attempt } => self.undo(*step, attempt)?,
            Event::Undone { step } => self.end_undo(*step, Standing::Undone)?,
            Event::UndoFailed { step, error } => {
                self.end_undo(*step, Standing::UndoFailed(error.clone()))?;
                self.stuck.insert(*step);
            }
            Event::Notified { .. } | Event::TakenOver { by: _, from: _ } => {}
            Event::Interrupted => self.interrupted = true,
            Event::Resumed => self.resume(),
            Event::Aborted { by: _, reason: _ } => {
                // What is over has gone as it has gone.
                if self.is_over() && self.before.is_none() {
                    self.before = Some(Box::new(self.clone()));
                }
                self.aborted = true;
                self.interrupted = false;
            }
            Event::TakeDown { by } => self.take_down(by.as_deref()),
        }
        self.troubled |= matches!(
            event,
            Event::Failed { .. }
                | Event::Aborted { .. }
                | Event::TakeDown { .. }
                | Event::Marked { verdict: Verdict::Failed, .. }
        );
        if self.troubled {
            self.bury();
        }
        Ok(())
    }

    /// Puts a step that can go on where it belongs: to be started, or to be asked about.
    pub(super) fn look_at(&mut self, id: StepId) {
        let progress = &self.steps[&id];
        if progress.standing != Standing::Waiting || progress.open > 0 || self.dead.contains(&id) {
            return;
        }
        let instead_of = &progress.node.instead_of;
        let ended_badly = |other: &StepId| {
            let other = self.steps.get(other).map(|p| &p.standing);
            matches!(other, Some(Standing::Failed(_) | Standing::Skipped))
        };
        if !instead_of.is_empty() && !instead_of.iter().any(ended_badly) {
            return;
        }
        match (progress.node.by, progress.approved, instead_of.is_empty()) {
            (By::Person, _, _) => drop(self.to_ask.insert(id, Question::Do)),
            (By::Machine, _, true) | (By::Machine | By::Approved, true, _) => {
                self.ready.insert(id);
            }
            (By::Approved, false, _) | (By::Machine, false, false) => {
                self.to_ask.insert(id, Question::Decide);
            }
        }
    }

    fn start(&mut self, step: StepId, attempt: &Attempt) -> Result<(), Illegal> {
        let progress = self.steps.get(&step).ok_or(Illegal::NoSuchStep(step))?;
        match &progress.standing {
            Standing::Lost(earlier) if earlier != attempt => {
                return Err(Illegal::OtherKey(step, earlier.clone()));
            }
            Standing::Lost(_) | Standing::Waiting if self.interrupted => {
                return Err(Illegal::AfterInterruption(step));
            }
            Standing::Lost(_) | Standing::Waiting if self.dead.contains(&step) => {
                return Err(Illegal::GivenUp(step));
            }
            Standing::Lost(_) => {}
            Standing::Waiting => self.is_possible(step)?,
            Standing::Asked(_) => return Err(Illegal::Persons(step)),
            Standing::Running(_)
            | Standing::Succeeded
            | Standing::NotNeeded
            | Standing::Skipped
            | Standing::Failed(_)
            | Standing::Undoing(_)
            | Standing::UndoLost(_)
            | Standing::Undone
            | Standing::UndoFailed(_) => return Err(Illegal::StartedTwice(step)),
        }
        if !self.ready.remove(&step) {
            return Err(Illegal::Persons(step));
        }
        self.running += 1;
        self.stand(step, Standing::Running(attempt.clone()));
        self.steps.entry(step).and_modify(|p| p.attempt = Some(attempt.clone()));
        Ok(())
    }

    /// Whether everything that the step needs is done.
    fn is_possible(&self, step: StepId) -> Result<(), Illegal> {
        let done = |n: &&StepId| self.steps.get(n).is_some_and(|p| p.passed);
        match self.steps[&step].node.needs.iter().find(|n| !done(n)) {
            Some(need) => Err(Illegal::TooEarly(step, *need)),
            None => Ok(()),
        }
    }

    fn under_way(&self, step: StepId) -> Result<(), Illegal> {
        let standing = self.standing(step).ok_or(Illegal::NoSuchStep(step))?;
        if matches!(standing, Standing::Running(_)) { Ok(()) } else { Err(Illegal::NotRunning(step)) }
    }

    fn observe(&mut self, step: StepId, before: &BTreeMap<String, String>) -> Result<(), Illegal> {
        self.under_way(step)?;
        if !self.is_untouched(step) {
            return Err(Illegal::NothingToObserve(step));
        }
        self.steps.entry(step).and_modify(|p| p.observed = Some(before.clone()));
        Ok(())
    }

    /// Whether the step has had no effect for sure: it looks first, and that was not written down.
    fn is_untouched(&self, step: StepId) -> bool {
        self.steps.get(&step).is_some_and(|p| p.node.looks_first && p.observed.is_none())
    }

    fn fail(&mut self, step: StepId, error: &ProviderError) -> Result<(), Illegal> {
        self.under_way(step)?;
        self.running -= 1;
        let again = self.steps.get_mut(&step).is_some_and(|p| {
            p.failures += 1;
            p.approved = true;
            p.failures < p.node.attempts
        });
        if again {
            self.stand(step, Standing::Waiting);
            self.look_at(step);
        } else {
            self.failed(step, error.clone());
        }
        Ok(())
    }

    fn failed(&mut self, step: StepId, error: ProviderError) {
        self.stand(step, Standing::Failed(error));
        for alternative in self.steps[&step].alternatives.clone() {
            self.look_at(alternative);
        }
    }

    /// The step has ended well: what waits for it goes on.
    fn settle(&mut self, step: StepId, standing: Standing) {
        let done = standing == Standing::Succeeded;
        self.stand(step, standing);
        self.pass(step);
        let (alternatives, instead_of) = {
            let progress = &self.steps[&step];
            (progress.alternatives.clone(), progress.node.instead_of.clone())
        };
        for alternative in alternatives {
            let not_begun = matches!(
                self.steps[&alternative].standing,
                Standing::Waiting | Standing::Asked(Question::Do | Question::Decide)
            );
            let others = &self.steps[&alternative].node.instead_of;
            let no_need =
                others.iter().all(|o| self.steps.get(o).is_none_or(|p| p.standing == Standing::Succeeded));
            if not_begun && no_need {
                self.settle(alternative, Standing::NotNeeded);
            } else {
                self.look_at(alternative);
            }
        }
        for other in instead_of.iter().filter(|_| done) {
            match self.standing(*other) {
                Some(Standing::Failed(_)) => self.pass(*other),
                Some(Standing::Waiting | Standing::Asked(Question::Do | Question::Decide)) => {
                    self.settle(*other, Standing::NotNeeded);
                }
                Some(_) | None => {}
            }
        }
    }

    /// Lets what waits for the step go on.
    fn pass(&mut self, step: StepId) {
        let Some(progress) = self.steps.get_mut(&step) else { return };
        if std::mem::replace(&mut progress.passed, true) {
            return;
        }
        for next in progress.unblocks.clone() {
            self.steps.entry(next).and_modify(|p| p.open -= 1);
            self.look_at(next);
        }
    }

    fn ask(&mut self, step: StepId) -> Result<(), Illegal> {
        if !self.steps.contains_key(&step) {
            return Err(Illegal::NoSuchStep(step));
        }
        if self.interrupted {
            return Err(Illegal::AfterInterruption(step));
        }
        let question = self.to_ask.remove(&step).ok_or(Illegal::NothingToAsk(step))?;
        self.stand(step, Standing::Asked(question));
        self.asked.insert(step);
        Ok(())
    }

    fn mark(&mut self, step: StepId, verdict: Verdict, evidence: &str) -> Result<(), Illegal> {
        let progress = self.steps.get(&step).ok_or(Illegal::NoSuchStep(step))?;
        let standing = progress.standing.clone();
        match &standing {
            Standing::Asked(Question::Doubt | Question::TakeBack | Question::DoubtTakenBack)
            | Standing::UndoFailed(_)
            | Standing::Lost(_)
            | Standing::UndoLost(_) => {}
            Standing::Running(_) | Standing::Undoing(_) => {
                return Err(Illegal::NotNow(step, "is under way: wait for it, or stop the run"));
            }
            Standing::Succeeded | Standing::NotNeeded | Standing::Skipped | Standing::Undone => {
                return Err(Illegal::NotNow(step, "has ended: there is nothing more to say of it"));
            }
            _ if self.dead.contains(&step) => return Err(Illegal::GivenUp(step)),
            Standing::Waiting | Standing::Asked(_) => self.is_possible(step)?,
            Standing::Failed(_) => {}
        }
        match standing {
            Standing::Asked(Question::TakeBack | Question::DoubtTakenBack)
            | Standing::UndoFailed(_)
            | Standing::UndoLost(_) => self.mark_taken_back(step, &standing, verdict, evidence),
            _ => self.mark_step(step, &standing, verdict, evidence),
        }
    }

    fn mark_step(
        &mut self,
        step: StepId,
        standing: &Standing,
        verdict: Verdict,
        evidence: &str,
    ) -> Result<(), Illegal> {
        match (verdict, standing) {
            (Verdict::Failed, Standing::Waiting) => {
                return Err(Illegal::NotNow(step, "has not begun: it cannot have failed"));
            }
            (Verdict::Failed, Standing::Failed(_)) => {
                return Err(Illegal::NotNow(step, "has failed already"));
            }
            (Verdict::Go, Standing::Asked(Question::Do)) => {
                return Err(Illegal::NotNow(step, "is a person's to do: say when it is done"));
            }
            (Verdict::Go, Standing::Waiting) if !self.to_ask.contains_key(&step) => {
                return Err(Illegal::NothingToAsk(step));
            }
            (Verdict::Go, Standing::Asked(Question::Doubt) | Standing::Lost(_))
                if self.dead.contains(&step) =>
            {
                return Err(Illegal::GivenUp(step));
            }
            (Verdict::Done | Verdict::Failed | Verdict::Skipped | Verdict::Go, _) => {}
        }
        self.forget(step);
        match verdict {
            Verdict::Done => self.settle(step, Standing::Succeeded),
            Verdict::Skipped => self.settle(step, Standing::Skipped),
            Verdict::Failed => self.failed(step, said(evidence)),
            Verdict::Go => self.go(step, standing),
        }
        Ok(())
    }

    /// The step is approved, or tried again.
    fn go(&mut self, step: StepId, standing: &Standing) {
        self.steps.entry(step).and_modify(|p| {
            p.approved = true;
            p.failures = 0;
        });
        let attempt = self.steps[&step].attempt.clone();
        match (standing, attempt) {
            (Standing::Asked(Question::Doubt) | Standing::Lost(_), Some(attempt)) => {
                self.stand(step, Standing::Lost(attempt));
                self.ready.insert(step);
            }
            _ => {
                self.stand(step, Standing::Waiting);
                self.look_at(step);
            }
        }
    }

    fn mark_taken_back(
        &mut self,
        step: StepId,
        standing: &Standing,
        verdict: Verdict,
        evidence: &str,
    ) -> Result<(), Illegal> {
        match (verdict, standing) {
            (Verdict::Failed, Standing::UndoFailed(_)) => {
                return Err(Illegal::NotNow(step, "could not be taken back already"));
            }
            (Verdict::Go, Standing::Asked(Question::TakeBack)) => {
                return Err(Illegal::NotNow(step, "is a person's to take back: say when that is done"));
            }
            (Verdict::Done | Verdict::Failed | Verdict::Skipped | Verdict::Go, _) => {}
        }
        self.forget(step);
        self.stuck.remove(&step);
        match verdict {
            Verdict::Done => self.stand(step, Standing::Undone),
            Verdict::Failed => {
                self.stand(step, Standing::UndoFailed(said(evidence)));
                self.stuck.insert(step);
            }
            Verdict::Skipped => {
                // It stays as it is, and what stands before it is taken back all the same.
                self.steps.entry(step).and_modify(|p| p.node.take_back = super::TakeBack::Nothing);
                self.stand(step, Standing::Succeeded);
            }
            Verdict::Go => self.stand(step, Standing::Succeeded),
        }
        Ok(())
    }

    fn undo(&mut self, step: StepId, attempt: &Attempt) -> Result<(), Illegal> {
        if let Standing::UndoLost(earlier) = self.standing(step).ok_or(Illegal::NoSuchStep(step))?
            && earlier != attempt
        {
            return Err(Illegal::OtherKey(step, earlier.clone()));
        }
        if self.interrupted {
            return Err(Illegal::AfterInterruption(step));
        }
        if !self.to_undo.remove(&step) {
            return Err(Illegal::NotToUndo(step));
        }
        self.running += 1;
        self.stand(step, Standing::Undoing(attempt.clone()));
        Ok(())
    }

    fn end_undo(&mut self, step: StepId, standing: Standing) -> Result<(), Illegal> {
        if !matches!(self.standing(step).ok_or(Illegal::NoSuchStep(step))?, Standing::Undoing(_)) {
            return Err(Illegal::NotRunning(step));
        }
        self.running -= 1;
        self.stand(step, standing);
        Ok(())
    }

    fn resume(&mut self) {
        self.interrupted = false;
        self.running = 0;
        let under_way: Vec<StepId> = self
            .standings()
            .filter(|(_, s)| matches!(s, Standing::Running(_) | Standing::Undoing(_)))
            .map(|(id, _)| id)
            .collect();
        for id in under_way {
            let repeat = self.steps[&id].node.repeat;
            match (self.steps[&id].standing.clone(), repeat) {
                (Standing::Running(_), _) if self.is_untouched(id) => {
                    self.stand(id, Standing::Waiting);
                    self.look_at(id);
                }
                (Standing::Running(attempt), repeat) => {
                    self.stand(id, Standing::Lost(attempt));
                    match repeat {
                        Repeat::Safe => drop(self.ready.insert(id)),
                        Repeat::Ask => drop(self.to_ask.insert(id, Question::Doubt)),
                    }
                }
                (Standing::Undoing(attempt), repeat) => {
                    self.stand(id, Standing::UndoLost(attempt));
                    if repeat == Repeat::Ask {
                        self.to_ask.insert(id, Question::DoubtTakenBack);
                    }
                }
                (_, _) => {}
            }
        }
    }

    /// Begins to take down what was made. A person who says so wants tried again what could not be.
    fn take_down(&mut self, by: Option<&str>) {
        if self.before.is_none() {
            self.before = Some(Box::new(self.clone()));
        }
        self.interrupted = false;
        for id in by.map(|_| std::mem::take(&mut self.stuck)).unwrap_or_default() {
            self.stand(id, Standing::Succeeded);
        }
    }

    /// Nobody is asked about the step any more.
    fn forget(&mut self, step: StepId) {
        self.to_ask.remove(&step);
        self.asked.remove(&step);
        self.ready.remove(&step);
    }

    /// Where the step stands from now on; what is not asked any more is forgotten.
    pub(super) fn stand(&mut self, step: StepId, standing: Standing) {
        if matches!(standing, Standing::Succeeded | Standing::NotNeeded | Standing::Skipped) {
            self.forget(step);
        }
        self.steps.entry(step).and_modify(|p| p.standing = standing);
    }
}

/// What a person said, as an error.
fn said(evidence: &str) -> ProviderError {
    ProviderError {
        doing: "by hand".to_owned(),
        class: ErrorClass::Failed,
        code: None,
        message: evidence.to_owned(),
    }
}
