//! The journal of a run, written elsewhere besides, so that another machine can go on with it. The run never
//! waits for that: the whole text is put by a task of its own, one at a time, always the newest. What steps said
//! follows when nothing of the journal is left to put. What cannot be put is told when that begins, when it is
//! over, and at the end.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use drctl_core::objects::{Objects, When};
use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::recovery::numbered;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::claim::{Claim, TakeOver, Whose};
use crate::connect::no_answer;
use crate::journal::{MAX_JOURNAL_BYTES, Written};
use crate::lock;
use crate::runs::{Folder, file_name};
use crate::said::{Done, done_in, last_of};
use crate::said_copy::Saying;
use crate::telling::RunReporter;

/// How long one try may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked whether another machine has taken over, while nothing is written.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Before the first new try of one that failed; later ones are further apart.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);

/// The longest time between two tries while they fail.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What the end of the run leaves for the last text.
const LAST: Duration = Duration::from_secs(5);

/// Where all runs are.
pub const RUNS: &str = "runs/";

/// The key of the journal of a run.
pub fn key(run: &str) -> String {
    format!("{RUNS}{}/journal.jsonl", file_name(run))
}

/// The run whose journal has that key.
pub fn run_of(key: &str) -> Option<&str> {
    key.strip_prefix(RUNS)?.strip_suffix("/journal.jsonl")
}

/// The journal of a run as it was copied; none when it was not.
///
/// # Errors
/// When it cannot be read.
pub async fn fetch(objects: &dyn Objects, run: &str) -> Result<Option<Vec<u8>>, ProviderError> {
    objects.get(&key(run), MAX_JOURNAL_BYTES as usize).await
}

/// How the journal here and its copy stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// All of the copy is here.
    Behind,
    /// All that is here is in the copy, and more.
    Ahead,
    /// Each has what the other has not.
    Apart,
}

/// How a copy stands to what is here. A torn last line here was never relied on.
pub fn beside(here: &[u8], copy: &[u8]) -> Beside {
    let whole = here.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let here = &here[..whole];
    match (here.starts_with(copy), copy.starts_with(here)) {
        (true, _) => Beside::Behind,
        (false, true) => Beside::Ahead,
        (false, false) => Beside::Apart,
    }
}

/// A journal that is to be copied.
pub struct JournalCopy {
    /// To where.
    pub objects: Arc<dyn Objects>,
    /// The run.
    pub run: String,
    /// Where the copy is, for people.
    pub url: String,
    /// The folder of the run here.
    pub folder: Folder,
    /// Whether the run was begun before.
    pub begun_before: bool,
    /// The lock that goes with it.
    pub claim: Claim,
    /// Whether the lock is known to be ours.
    pub claimed: bool,
    /// Is told of it.
    pub reporter: Arc<dyn RunReporter>,
    /// Stops the run when another machine has taken over.
    pub stop: watch::Sender<bool>,
}

/// What has become of it so far.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    /// How much is copied.
    copied: Written,
    /// Of what steps said, what is copied.
    settled: BTreeSet<Done>,
    /// Why the last text of a step was not.
    unsaid: Option<ProviderError>,
    /// Whether the lock is ours.
    claimed: bool,
    /// Whether another machine commands.
    ousted: bool,
}

/// A journal that is being copied.
pub struct Copying {
    task: JoinHandle<()>,
    standing: watch::Receiver<Standing>,
    run: String,
    url: String,
    journal: PathBuf,
    reporter: Arc<dyn RunReporter>,
}

impl JournalCopy {
    /// Copies what is written, until the end of that is told by dropping the sender.
    pub fn begin(self, written: watch::Receiver<Written>) -> Copying {
        let standing = Standing {
            copied: Written::default(),
            settled: BTreeSet::new(),
            unsaid: None,
            claimed: self.claimed,
            ousted: false,
        };
        let (tell, told) = watch::channel(standing);
        let (run, url, journal) = (self.run.clone(), self.url.clone(), self.folder.journal());
        let reporter = Arc::clone(&self.reporter);
        let saying = Saying::new(self.folder.clone(), run.clone(), self.begun_before);
        let task = Task { copy: self, standing: tell, saying, failing: None }.follow(written);
        Copying { task: tokio::spawn(task), standing: told, run, url, journal, reporter }
    }
}

impl Copying {
    /// Waits a moment for the last texts, and tells what is not copied.
    pub async fn finish(mut self, whole: Written) {
        if tokio::time::timeout(LAST, &mut self.task).await.is_err() {
            self.task.abort();
            let _aborted = (&mut self.task).await;
        }
        let Standing { copied, settled, unsaid, claimed, ousted } = self.standing.borrow().clone();
        if ousted {
            return;
        }
        self.tell_lacking(whole.lines.saturating_sub(copied.lines), copied);
        self.tell_unsaid(whole, &settled, unsaid.as_ref());
        if claimed {
            self.reporter.say(
                "The lock beside the copy could not be taken away. Another machine that begins or goes on with a run \
                 says `--take-over`; this one need not.",
            );
        }
    }

    fn tell_lacking(&self, lines: usize, copied: Written) {
        let what = match (lines, copied.lines) {
            (0, _) => return,
            (_, 0) => "nothing of the journal was copied in this session".to_owned(),
            (1, _) => "it lacks the last line of the journal".to_owned(),
            (lines, _) => format!("it lacks the last {lines} lines of the journal"),
        };
        self.reporter.say(&format!(
            "THE COPY IS NOT WHOLE: {what}. Before another machine goes on, copy it by hand:\n$ aws s3 cp {} {}",
            self.journal.display(),
            self.url
        ));
    }

    fn tell_unsaid(&self, whole: Written, settled: &BTreeSet<Done>, why: Option<&ProviderError>) {
        // A journal that cannot be read any more is told elsewhere.
        let done = done_in(&read(&self.journal, whole).unwrap_or_default());
        let left = last_of(done).into_values().filter(|done| !settled.contains(done));
        let left: Vec<u32> = left.map(|done| done.step.0).collect();
        if left.is_empty() {
            return;
        }
        let why = why.map_or_else(String::new, |error| format!(" ({error})"));
        self.reporter.say(&format!(
            "The copy lacks what steps said{why}: {}. When the bucket answers, `drctl recover --resume {}` here copies it.",
            numbered(&left),
            self.run
        ));
    }
}

/// Why a text was not put.
enum Unput {
    /// It can be tried again.
    Failed(ProviderError),
    /// It is not ours to put.
    Ousted(String),
}

impl From<ProviderError> for Unput {
    fn from(error: ProviderError) -> Unput {
        Unput::Failed(error)
    }
}

/// Why the task goes on.
#[derive(PartialEq, Eq)]
enum Woken {
    /// There is more than is copied.
    More,
    /// Another machine commands.
    Ousted(String),
    /// The run has ended.
    End,
}

struct Task {
    copy: JournalCopy,
    standing: watch::Sender<Standing>,
    /// What steps said.
    saying: Saying,
    /// The pause before it is tried again, while it fails.
    failing: Option<Duration>,
}

impl Task {
    async fn follow(mut self, mut written: watch::Receiver<Written>) {
        loop {
            let woken = self.until_longer(&mut written).await;
            if let Woken::Ousted(by) = woken {
                return self.ousted(&by);
            }
            let newest = *written.borrow_and_update();
            if newest != self.standing.borrow().copied {
                let late = |_| Err(no_answer("putting the journal".to_owned(), PATIENCE).into());
                match tokio::time::timeout(PATIENCE, self.put(newest)).await.unwrap_or_else(late) {
                    Ok(()) => self.copied(newest),
                    Err(Unput::Failed(error)) => self.failed(&error),
                    Err(Unput::Ousted(by)) => return self.ousted(&by),
                }
            }
            if woken == Woken::End {
                self.let_go().await;
                return self.say_the_rest().await;
            }
            if let Some(pause) = self.failing {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = end_of(&mut written) => {}
                }
            }
        }
    }

    /// Waits for something of the journal that is not copied, or for the end; meanwhile copies what steps said, and
    /// looks now and then whether another machine has taken over.
    async fn until_longer(&mut self, written: &mut watch::Receiver<Written>) -> Woken {
        let Task { copy, standing, saying, .. } = self;
        let mut ousted = std::pin::pin!(taken_over(&copy.claim));
        loop {
            if written.has_changed().is_err() {
                return Woken::End;
            }
            if *written.borrow_and_update() != standing.borrow().copied {
                return Woken::More;
            }
            tokio::select! {
                // An error is the end, which is seen above.
                _ = written.changed() => {}
                by = &mut ousted => return Woken::Ousted(by),
                settled = saying.settle_when_due(copy.objects.as_ref()) => said(standing, settled),
            }
        }
    }

    /// At the end: what steps said, until something fails.
    async fn say_the_rest(mut self) {
        let mut goes_well = self.failing.is_none();
        while goes_well && self.saying.is_left() {
            let settled = self.saying.settle_one(self.copy.objects.as_ref()).await;
            goes_well = settled.is_ok();
            said(&self.standing, settled);
        }
    }

    async fn put(&mut self, newest: Written) -> Result<(), Unput> {
        let journal = self.copy.folder.journal();
        let text = read(&journal, newest).map_err(|error| ProviderError {
            doing: format!("reading `{}`", journal.display()),
            class: ErrorClass::Failed,
            code: None,
            message: error.to_string(),
        })?;
        self.make_sure(&text).await?;
        self.copy.objects.put(&key(&self.copy.run), &text, When::Always).await?;
        self.saying.follow(last_of(done_in(&text)).into_values());
        Ok(())
    }

    /// Makes sure that no other machine commands, as far as can be told: it would be written over.
    async fn make_sure(&mut self, text: &[u8]) -> Result<(), Unput> {
        if self.standing.borrow().claimed {
            match self.copy.claim.look().await? {
                Some(Whose::Ours(_)) => return Ok(()),
                Some(Whose::Other(other)) => return Err(Unput::Ousted(lock::named(other.as_ref()))),
                None => {}
            }
        }
        // Somebody may have taken over and be done by now.
        if let Some(copied) = fetch(self.copy.objects.as_ref(), &self.copy.run).await?
            && beside(text, &copied) != Beside::Behind
        {
            return Err(Unput::Ousted("a machine that has gone on with this run".to_owned()));
        }
        match self.copy.claim.ask(TakeOver::OfTheDead).await? {
            Whose::Ours(_) => {
                self.standing.send_modify(|standing| standing.claimed = true);
                Ok(())
            }
            Whose::Other(other) => Err(Unput::Ousted(lock::named(other.as_ref()))),
        }
    }

    fn copied(&mut self, newest: Written) {
        self.standing.send_modify(|standing| standing.copied = newest);
        if self.failing.take().is_some() {
            self.copy.reporter.say(&format!("The journal is copied to {} again.", self.copy.url));
        }
    }

    fn failed(&mut self, error: &ProviderError) {
        let pause = self.failing.map_or(PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        if self.failing.replace(pause).is_none() {
            self.copy.reporter.say(&format!(
                "The journal is NOT copied to {}: {error}. The run goes on, and it is tried again.",
                self.copy.url
            ));
        }
    }

    fn ousted(&mut self, by: &str) {
        self.standing.send_modify(|standing| standing.ousted = true);
        self.copy.reporter.say(&format!(
            "ANOTHER MACHINE COMMANDS: {by}. This run starts nothing new here, and its journal is not copied any more."
        ));
        self.copy.stop.send_replace(true);
    }

    async fn let_go(&self) {
        if self.standing.borrow().claimed && self.copy.claim.let_go().await.is_ok() {
            self.standing.send_modify(|standing| standing.claimed = false);
        }
    }
}

/// Waits until another machine has taken over. What cannot be seen is told when something is put.
async fn taken_over(claim: &Claim) -> String {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Ok(Ok(Some(Whose::Other(other)))) = tokio::time::timeout(PATIENCE, claim.look()).await {
            return lock::named(other.as_ref());
        }
    }
}

/// Notes what has become of what a step said.
fn said(standing: &watch::Sender<Standing>, settled: Result<Done, ProviderError>) {
    standing.send_modify(|standing| match settled {
        Ok(done) => drop(standing.settled.insert(done)),
        Err(error) => standing.unsaid = Some(error),
    });
}

/// The end of what is written.
async fn end_of(written: &mut watch::Receiver<Written>) {
    while written.changed().await.is_ok() {}
}

/// The first bytes of the journal: what was on the disk when this was told.
fn read(path: &Path, Written { bytes, .. }: Written) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(bytes).read_to_end(&mut text)?;
    Ok(text)
}
