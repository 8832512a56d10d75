//! Commands a recovery or a drill: asks the run what is next, writes that down, has it done, writes down
//! what came of it. Nothing is decided here. Words of persons come in through the run's folder, so that
//! whoever sits at another terminal can say them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use drctl_core::plan::StepId;
use drctl_core::provider::{Attempt, BoxFuture, ProviderError};
use drctl_core::recovery::{Answer, Performer, Progress, Unanswered, known, so_far, taken_back_with};
use drctl_core::run::{Event, Illegal, Next, Outcome, Question, Run, Standing};
use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use crate::clock::Clock;
use crate::execute::interrupted;
use crate::faults;
use crate::files::FileError;
use crate::flight::{self, Back, Came, Flight};
use crate::hooks::Hooks;
use crate::journal::{Journal, JournalError, Replayed, Written};
use crate::messages::{Message, Messages};
use crate::runs::{Begun, Folder, Job, Word};
use crate::telling::{RunClock, RunReporter, Told};
use crate::typed;

/// Steps in flight unless told otherwise.
pub const PARALLEL_STEPS: usize = 10;

/// How often it is looked for words of persons.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Of so many steps it is told after each how the run is doing; of more, at the beats alone.
const TELLS_EACH: usize = 256;

/// Between two signs of life of running steps.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// What commanding a run needs.
pub struct Command<'a> {
    /// The run.
    pub begun: &'a Begun,
    /// Its folder.
    pub folder: &'a Folder,
    /// Carries the steps out.
    pub performer: &'a dyn Performer,
    /// Steps in flight.
    pub parallelism: usize,
    /// What to do when only a person can go on.
    pub patience: Patience,
    /// Becomes true when a person stops the run for now.
    pub interrupt: watch::Receiver<bool>,
    /// From whom the command was taken over, if it was.
    pub taken_over: &'a [TakenOver],
    /// Is told how long the journal is.
    pub written: &'a watch::Sender<Written>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Is told what happens.
    pub reporter: &'a dyn RunReporter,
    /// For tests.
    pub hooks: &'a dyn Hooks,
}

/// That the command of a run was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenOver {
    /// Who took it.
    pub by: String,
    /// From whom.
    pub from: String,
}

/// What to do when only a person can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Wait for their word.
    Stay,
    /// Leave; the run is gone on with when the word is said.
    Leave,
}

/// Why a run could not be commanded any further. What was in flight has been waited for.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file of the run.
    #[error(transparent)]
    File(#[from] FileError),
    /// A bug in what the journal was asked to record.
    #[error(transparent)]
    Illegal(#[from] Illegal),
}

/// How commanding a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The run is over, or stands until somebody puts something right.
    Over(Outcome),
    /// Only a person's word on these goes on.
    Waiting(BTreeSet<StepId>),
}

/// Begins the run and commands it.
///
/// # Errors
/// When there is such a run already, or something of it cannot be written.
pub async fn begin(command: &Command<'_>) -> Result<Ended, CommandError> {
    use crate::journal::Opening;
    let journal = Journal::begin(&command.folder.journal(), command.begun, command.hooks)?;
    let messages = Messages::new(command.begun, command.performer, &[]);
    let mut commander = Commander::new(command, journal, command.begun.begin(), BTreeMap::new());
    commander.record_taken_over();
    commander.run_all(messages).await
}

/// Goes on with a run that was left, stopped or killed. What failed is tried again only when a person has
/// said so.
///
/// # Errors
/// When something of it cannot be written.
pub async fn resume(command: &Command<'_>, so_far: Replayed<Begun>) -> Result<Ended, CommandError> {
    let journal = Journal::go_on(&command.folder.journal(), &so_far)?;
    let mut asked = BTreeMap::new();
    for (at, event) in &so_far.events {
        if let Event::Asked { step } = event {
            asked.insert(*step, *at);
        }
    }
    let mut commander = Commander::new(command, journal, so_far.run, typed::said(&so_far.events));
    commander.asked = asked;
    commander.record(&Event::Resumed);
    commander.record_taken_over();
    commander.run_all(Messages::new(command.begun, command.performer, &so_far.events)).await
}

struct Commander<'r, 'a> {
    command: &'r Command<'a>,
    journal: Journal,
    run: Run,
    /// What operators have said, by name.
    said: BTreeMap<String, String>,
    /// Since when each step is under way: on the timer, and by the clock.
    running: BTreeMap<StepId, (Instant, Timestamp)>,
    /// Since when a person is asked about each step.
    asked: BTreeMap<StepId, Timestamp>,
    broken: Option<CommandError>,
}

impl<'r, 'a> Commander<'r, 'a> {
    fn new(command: &'r Command<'a>, journal: Journal, run: Run, said: BTreeMap<String, String>) -> Self {
        command.written.send_replace(journal.written());
        Commander {
            command,
            journal,
            run,
            said,
            running: BTreeMap::new(),
            asked: BTreeMap::new(),
            broken: None,
        }
    }

    /// Carries the run out, and tells of it. What has begun to be told is told before it ends.
    async fn run_all(mut self, mut messages: Messages<'r>) -> Result<Ended, CommandError> {
        let ended = self.carry_all_out(&mut messages).await;
        self.send(&mut messages, matches!(&ended, Ok(Ended::Over(outcome)) if outcome.is_success()));
        while let Some(message) = messages.next().await {
            self.told(&mut messages, &message);
        }
        self.broken.map_or(ended, Err)
    }

    async fn carry_all_out(&mut self, messages: &mut Messages<'r>) -> Result<Ended, CommandError> {
        let mut flying: FuturesUnordered<BoxFuture<'r, Back>> = FuturesUnordered::new();
        let mut stop = self.command.interrupt.clone();
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beat = tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopping = false;
        self.hear();
        self.ask_again();
        // Whoever is told of the beginning hears how it stands then, however quick the first step is.
        self.send(messages, false);
        self.tell_clock();
        loop {
            if *stop.borrow() && !stopping {
                stopping = true;
                self.record(&Event::Interrupted);
            }
            if self.broken.is_some() && flying.is_empty() {
                break;
            }
            match self.run.next(self.command.parallelism) {
                _ if self.broken.is_some() => {}
                Next::Ask(questions) => {
                    questions.into_iter().for_each(|(step, question)| self.ask(step, question));
                    continue;
                }
                Next::Start(steps) => {
                    flying.extend(steps.into_iter().filter_map(|step| self.start(step)));
                    continue;
                }
                Next::Undo(steps) => {
                    flying.extend(steps.into_iter().filter_map(|step| self.take_back(step)));
                    continue;
                }
                Next::Persons(steps) if self.command.patience == Patience::Leave => {
                    return Ok(Ended::Waiting(steps));
                }
                Next::TakeDown => {
                    self.record(&Event::TakeDown { by: None });
                    self.command.reporter.taken_down(None);
                    continue;
                }
                Next::Finished(outcome) => return Ok(Ended::Over(outcome)),
                Next::Wait | Next::Persons(_) => {}
            }
            tokio::select! {
                Some(back) = flying.next() => flying.extend(self.end(back)),
                _ = look.tick() => {
                    self.hear();
                    self.send(messages, false);
                }
                Some(message) = messages.next() => self.told(messages, &message),
                () = interrupted(&mut stop), if !stopping => {}
                _ = beat.tick() => self.tell_progress(),
            }
        }
        Err(self.broken.take().expect("the loop ends without an answer only when something broke"))
    }

    /// Sends the messages that are due.
    fn send(&mut self, messages: &mut Messages<'r>, over: bool) {
        if self.broken.is_some() || self.command.begun.notices.is_empty() {
            return;
        }
        let progress = Progress {
            elapsed_s: self.elapsed_s(),
            left_s: self.left(|job| job.p50_s),
            rto_s: self.command.begun.rto_s,
            unanswered: self.unanswered(),
            works: self.works(),
            over,
        };
        for message in messages.send(&progress) {
            self.told(messages, &message);
        }
    }

    fn told(&mut self, messages: &mut Messages<'r>, message: &Message) {
        let event = messages.record(message, self.elapsed_s());
        self.record(&event);
        self.command.reporter.message(&self.command.begun.notices[message.notice as usize], message);
    }

    /// The step for which a person is asked longest.
    fn unanswered(&self) -> Option<Unanswered> {
        let asked = self.run.standings().filter(|(_, standing)| matches!(standing, Standing::Asked(_)));
        let since = asked.filter_map(|(step, _)| Some((*self.asked.get(&step)?, step)));
        let (since, step) = since.min()?;
        Some(Unanswered { step, for_s: self.command.clock.now().duration_since(since).as_secs() })
    }

    /// Whether all is done that the service needs to work again.
    fn works(&self) -> bool {
        self.run.standings().all(|(id, standing)| {
            let counts = self.command.begun.jobs.get(&id).is_some_and(|job| job.downtime);
            !counts || matches!(standing, Standing::Succeeded | Standing::NotNeeded | Standing::Skipped)
        })
    }

    fn elapsed_s(&self) -> i64 {
        self.command.clock.now().duration_since(self.command.begun.began).as_secs()
    }

    /// How long what is left takes, of what the service needs to work again.
    fn left(&self, of: fn(&Job) -> Option<i64>) -> i64 {
        let jobs = &self.command.begun.jobs;
        self.run.longest_left(|id| jobs.get(&id).filter(|j| j.downtime).and_then(of).unwrap_or(0))
    }

    fn record_taken_over(&mut self) {
        for TakenOver { by, from } in self.command.taken_over {
            self.record(&Event::TakenOver { by: by.clone(), from: from.clone() });
        }
    }

    /// Takes an event into journal and run; false when it could not be written.
    fn record(&mut self, event: &Event) -> bool {
        let written = self.journal.append(self.command.clock.now(), event, self.command.hooks);
        let recorded =
            written.map_err(CommandError::from).and_then(|()| self.run.record(event).map_err(Into::into));
        self.command.written.send_replace(self.journal.written());
        match recorded {
            Ok(()) => true,
            Err(error) => {
                self.broken.get_or_insert(error);
                false
            }
        }
    }

    fn job(&self, step: StepId) -> &'r Job {
        &self.command.begun.jobs[&step]
    }

    fn tell(&self, step: StepId, what: &Told<'_>) {
        self.command.reporter.tell(step, self.job(step), what);
    }

    fn ask(&mut self, step: StepId, question: Question) {
        if self.record(&Event::Asked { step }) {
            self.asked.insert(step, self.command.clock.now());
            self.tell_asked(step, question);
        }
    }

    fn tell_asked(&self, step: StepId, question: Question) {
        let command = match question {
            Question::TakeBack => self.undo(step),
            Question::Do | Question::Decide | Question::Doubt | Question::DoubtTakenBack => {
                let command = &self.job(step).command;
                command.iter().map(|word| so_far(word, &self.said)).collect()
            }
        };
        self.tell(step, &Told::Asked(question, &command));
    }

    /// Tells what persons were asked before this process took the run over.
    fn ask_again(&self) {
        for (step, standing) in self.run.standings() {
            if let Standing::Asked(question) = standing {
                self.tell_asked(step, *question);
            }
        }
    }

    fn start(&mut self, step: StepId) -> Option<BoxFuture<'r, Back>> {
        let job = self.job(step);
        let flight = Flight { step, attempt: self.key(step, Attempt::clone), pause: self.pause(step) };
        let action = job.carried.action.filled(&self.said);
        let told = match &action {
            Ok(action) => action.words().unwrap_or_else(|| job.command.clone()),
            Err(_) => job.command.clone(),
        };
        if !self.record(&Event::Started { step, attempt: flight.attempt.clone() }) {
            return None;
        }
        self.running.insert(step, (Instant::now(), self.command.clock.now()));
        self.tell(step, &Told::Started(&told));
        // A step that is tried again may have changed what it looked at.
        let looks = !job.carried.before.is_empty() && self.run.observed(step).is_none();
        Some(match looks {
            true => flight.look(self.command, &self.said),
            false => flight.there(self.command, &self.said),
        })
    }

    /// What there was before the step is written down; now it has its effect.
    fn looked(&mut self, step: StepId, before: BTreeMap<String, String>) -> Option<BoxFuture<'r, Back>> {
        let attempt = self.key(step, Attempt::clone);
        self.tell(step, &Told::Observed(&before));
        if !self.record(&Event::Observed { step, before }) {
            self.running.remove(&step);
            return None;
        }
        Some(Flight { step, attempt, pause: Duration::ZERO }.there(self.command, &self.said))
    }

    fn take_back(&mut self, step: StepId) -> Option<BoxFuture<'r, Back>> {
        let flight = Flight { step, attempt: self.key(step, Attempt::back), pause: Duration::ZERO };
        let known = known(&self.said, self.run.observed(step));
        if !self.record(&Event::Undoing { step, attempt: flight.attempt.clone() }) {
            return None;
        }
        self.running.insert(step, (Instant::now(), self.command.clock.now()));
        self.tell(step, &Told::Undoing(&self.undo(step)));
        Some(flight.back(self.command, &known))
    }

    /// The command that takes a step back, as far as it is known.
    fn undo(&self, step: StepId) -> Vec<String> {
        taken_back_with(&self.job(step).undo, &self.said, self.run.observed(step))
    }

    /// The pause before a step is tried again.
    fn pause(&self, step: StepId) -> Duration {
        flight::pause(self.run.failures(step))
    }

    /// The key under which a step is safe to repeat: that of its last start, where there was one.
    fn key(&self, step: StepId, way: impl Fn(&Attempt) -> Attempt) -> Attempt {
        let new = || way(&Attempt::of(&self.command.begun.run, step.0));
        self.run.attempt(step).cloned().unwrap_or_else(new)
    }

    /// Writes down what came of it; what goes on then, if something does.
    fn end(&mut self, Back { step, came }: Back) -> Option<BoxFuture<'r, Back>> {
        match came {
            Came::Looked(before) => return self.looked(step, before),
            Came::There(result) => self.end_there(step, result),
            Came::Back(result) => self.end_back(step, result),
        }
        // What is left is a walk over all steps: of many of them, the beat tells it.
        if self.command.begun.jobs.len() <= TELLS_EACH {
            self.tell_clock();
        }
        None
    }

    /// How long it was under way.
    fn landed(&mut self, step: StepId) -> Duration {
        let began = self.running.remove(&step).map(|(_, at)| at).unwrap_or(self.command.begun.began);
        self.command.clock.now().duration_since(began).unsigned_abs()
    }

    fn end_there(&mut self, step: StepId, result: Result<Answer, ProviderError>) {
        let elapsed = self.landed(step);
        match result {
            Ok(answer) => {
                if let Err(error) = self.command.folder.keep(step, &answer.said) {
                    self.command.reporter.say(&format!("what step {} said is not kept: {error}", step.0));
                }
                let written = self.record(&Event::Succeeded { step });
                if written && faults::kills_after(&self.command.begun.injected, step) {
                    self.command.reporter.say(&format!("killed on purpose: step {} is written down", step.0));
                    faults::kill();
                }
                self.tell(step, &Told::Done(elapsed, &answer.said));
            }
            Err(error) => {
                let why = error.to_string();
                self.record(&Event::Failed { step, error });
                let again = self.run.failures(step) < self.job(step).carried.attempts;
                let again = again.then(|| self.pause(step));
                self.tell(step, &Told::Failed(elapsed, &why, again));
            }
        }
    }

    fn end_back(&mut self, step: StepId, result: Result<Answer, ProviderError>) {
        let elapsed = self.landed(step);
        match result {
            Ok(_) => {
                self.record(&Event::Undone { step });
                self.tell(step, &Told::Undone(elapsed));
            }
            Err(error) => {
                let why = error.to_string();
                self.record(&Event::UndoFailed { step, error });
                self.tell(step, &Told::UndoFailed(elapsed, &why));
            }
        }
    }

    /// Takes up the words that persons have left.
    fn hear(&mut self) {
        let left = match self.command.folder.words_left() {
            Ok(left) => left,
            Err(error) => return self.command.reporter.say(&format!("words are not heard: {error}")),
        };
        for Word { path, said } in left {
            match said {
                Ok(word) => self.take_up(&word),
                Err(why) => self.command.reporter.say(&format!("`{}` is no word: {why}", path.display())),
            }
            if self.broken.is_some() {
                return;
            }
            if let Err(error) = self.command.folder.take_word(&path) {
                self.broken.get_or_insert(error.into());
            }
        }
    }

    fn take_up(&mut self, word: &Event) {
        // A word that comes too late or too early is told and changes nothing: its sender has been told
        // where the run stood, and that may have changed.
        if let Err(illegal) = self.run.clone().record(word) {
            return self.command.reporter.say(&format!("not taken up: {illegal}"));
        }
        if let Some(typed) = typed::reaches(self.command.begun, &self.said, word) {
            return self.command.reporter.say(&format!("not taken up: {typed}"));
        }
        if !self.record(word) {
            return;
        }
        match word {
            Event::Marked { step, verdict, by, evidence, inputs } => {
                self.said.extend(inputs.clone());
                self.tell(*step, &Told::Marked { verdict: *verdict, by, evidence });
                self.tell_clock();
            }
            Event::Aborted { by, reason } => {
                self.command.reporter.say(&format!("given up by {by}: {reason}"));
            }
            Event::TakeDown { by } => self.command.reporter.taken_down(by.as_deref()),
            Event::Started { .. }
            | Event::Observed { .. }
            | Event::Made { .. }
            | Event::Succeeded { .. }
            | Event::Failed { .. }
            | Event::Asked { .. }
            | Event::Undoing { .. }
            | Event::Undone { .. }
            | Event::UndoFailed { .. }
            | Event::Notified { .. }
            | Event::Interrupted
            | Event::TakenOver { .. }
            | Event::Resumed => {}
        }
    }

    fn tell_progress(&self) {
        for (step, (since, _)) in self.running.iter().filter(|(_, (since, _))| since.elapsed() >= HEARTBEAT) {
            self.tell(*step, &Told::Going(since.elapsed()));
        }
        self.tell_clock();
    }

    fn tell_clock(&self) {
        self.command.reporter.clock(&RunClock {
            elapsed_s: self.elapsed_s(),
            left_p50_s: self.left(|job| job.p50_s),
            left_p95_s: self.left(|job| job.p95_s),
            rto_s: self.command.begun.rto_s,
            works: self.works(),
        });
    }
}
