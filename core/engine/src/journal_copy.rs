//! The journal of a run, written elsewhere besides, so that another machine can go on with it. The run never
//! waits for that: the whole text is put by a task of its own, one at a time, always the newest. What cannot
//! be put is told when that begins, when it is over, and at the end.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use drctl_core::objects::{Objects, When};
use drctl_core::provider::{ErrorClass, ProviderError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::claim::{Claim, TakeOver, Whose};
use crate::connect::no_answer;
use crate::journal::{MAX_JOURNAL_BYTES, Written};
use crate::lock;
use crate::runs::file_name;
use crate::telling::RunReporter;

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked whether another machine has taken over, while nothing is written.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Before the first new try of one that failed; later ones are further apart.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest time between two tries while they fail.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

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
    /// The journal here.
    pub journal: PathBuf,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    /// How much is copied.
    copied: Written,
    /// Whether the lock is ours.
    claimed: bool,
    /// Whether another machine commands.
    ousted: bool,
}

/// A journal that is being copied.
pub struct Copying {
    task: JoinHandle<()>,
    standing: watch::Receiver<Standing>,
    url: String,
    journal: PathBuf,
    reporter: Arc<dyn RunReporter>,
}

impl JournalCopy {
    /// Copies what is written, until the end of that is told by dropping the sender.
    pub fn begin(self, written: watch::Receiver<Written>) -> Copying {
        let standing = Standing { copied: Written::default(), claimed: self.claimed, ousted: false };
        let (tell, told) = watch::channel(standing);
        let (url, journal) = (self.url.clone(), self.journal.clone());
        let reporter = Arc::clone(&self.reporter);
        let task = tokio::spawn(Task { copy: self, standing: tell, failing: None }.follow(written));
        Copying { task, standing: told, url, journal, reporter }
    }
}

impl Copying {
    /// Waits a moment for the last text, and tells what is not copied.
    pub async fn finish(mut self, whole: Written) {
        if tokio::time::timeout(LAST, &mut self.task).await.is_err() {
            self.task.abort();
        }
        let Standing { copied, claimed, ousted } = *self.standing.borrow();
        let lines = whole.lines.saturating_sub(copied.lines);
        if lines > 0 && !ousted {
            let what = match (lines, copied.lines) {
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
        if claimed && !ousted {
            self.reporter.say(
                "The lock beside the copy could not be taken away. Another machine that begins or goes on with a run \
                 says `--take-over`; this one need not.",
            );
        }
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
#[derive(Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// There is more than is copied.
    More,
    /// Nothing was written for a while.
    Time,
    /// The run has ended.
    End,
}

struct Task {
    copy: JournalCopy,
    standing: watch::Sender<Standing>,
    /// The pause before it is tried again, while it fails.
    failing: Option<Duration>,
}

impl Task {
    async fn follow(mut self, mut written: watch::Receiver<Written>) {
        loop {
            let woken = self.until_longer(&mut written).await;
            let newest = *written.borrow_and_update();
            let late = |_| Err(no_answer("putting the journal".to_owned(), PATIENCE).into());
            let done = if newest != self.standing.borrow().copied {
                tokio::time::timeout(PATIENCE, self.put(newest)).await.unwrap_or_else(late)
            } else if woken == Woken::Time {
                tokio::time::timeout(PATIENCE, self.look()).await.unwrap_or(Ok(()))
            } else {
                Ok(())
            };
            match done {
                Ok(()) => self.copied(newest),
                Err(Unput::Failed(error)) => self.failed(&error),
                Err(Unput::Ousted(by)) => return self.ousted(&by),
            }
            if woken == Woken::End {
                return self.let_go().await;
            }
            if let Some(pause) = self.failing {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = end_of(&mut written) => {}
                }
            }
        }
    }

    /// Waits for something that is not copied, or for the end.
    async fn until_longer(&self, written: &mut watch::Receiver<Written>) -> Woken {
        loop {
            if written.has_changed().is_err() {
                return Woken::End;
            }
            if *written.borrow_and_update() != self.standing.borrow().copied {
                return Woken::More;
            }
            // An error is the end, which is seen above.
            if tokio::time::timeout(LOOK_EVERY, written.changed()).await.is_err() {
                return Woken::Time;
            }
        }
    }

    /// Looks whether another machine has taken over. What cannot be seen is told when something is put.
    async fn look(&self) -> Result<(), Unput> {
        match self.copy.claim.look().await {
            Ok(Some(Whose::Other(other))) => Err(Unput::Ousted(lock::named(other.as_ref()))),
            Ok(Some(Whose::Ours(_)) | None) | Err(_) => Ok(()),
        }
    }

    async fn put(&mut self, newest: Written) -> Result<(), Unput> {
        let text = read(&self.copy.journal, newest).map_err(|error| ProviderError {
            doing: format!("reading `{}`", self.copy.journal.display()),
            class: ErrorClass::Failed,
            code: None,
            message: error.to_string(),
        })?;
        self.make_sure(&text).await?;
        self.copy.objects.put(&key(&self.copy.run), &text, When::Always).await?;
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

    async fn let_go(self) {
        if self.standing.borrow().claimed && self.copy.claim.let_go().await.is_ok() {
            self.standing.send_modify(|standing| standing.claimed = false);
        }
    }
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
