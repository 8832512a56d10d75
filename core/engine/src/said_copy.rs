//! What steps said, on its way into the copy: one text at a time, whenever the journal has nothing that is newer.
//! What another machine has put there is taken from it where this one goes on.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use drctl_core::objects::{Objects, When};
use drctl_core::provider::{ErrorClass, ProviderError};
use tokio::time::Instant;

use crate::connect::no_answer;
use crate::files::{self, FileError};
use crate::journal_copy::{LONGEST_PAUSE, PATIENCE, PAUSE};
use crate::runs::Folder;
use crate::said::{Done, LISTED_MAX, MAX_SAID_BYTES, beginning};

/// What is on its way.
pub(crate) struct Saying {
    folder: Folder,
    run: String,
    /// What the copy has already, of a run that was begun before; none until that was asked.
    there: Option<BTreeSet<String>>,
    waiting: VecDeque<Done>,
    settled: BTreeSet<Done>,
    failing: Option<Failing>,
}

struct Failing {
    pause: Duration,
    until: Instant,
}

impl Saying {
    /// Of this run; of one that was begun before, the copy may have something.
    pub(crate) fn new(folder: Folder, run: String, begun_before: bool) -> Saying {
        let there = (!begun_before).then(BTreeSet::new);
        Saying { folder, run, there, waiting: VecDeque::new(), settled: BTreeSet::new(), failing: None }
    }

    /// Takes up what the copied journal says is done.
    pub(crate) fn follow(&mut self, done: impl IntoIterator<Item = Done>) {
        for done in done {
            if !self.settled.contains(&done) && !self.waiting.contains(&done) {
                self.waiting.retain(|other| other.step != done.step);
                self.waiting.push_back(done);
            }
        }
    }

    /// Whether something is left to do.
    pub(crate) fn is_left(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Settles one as soon as there is one and it may be tried; it can be dropped on the way.
    pub(crate) async fn settle_when_due(&mut self, objects: &dyn Objects) -> Result<Done, ProviderError> {
        if let Some(Failing { until, .. }) = self.failing {
            tokio::time::sleep_until(until).await;
        }
        self.settle_one(objects).await
    }

    /// Settles one; waits for ever where none is left.
    pub(crate) async fn settle_one(&mut self, objects: &dyn Objects) -> Result<Done, ProviderError> {
        let Some(done) = self.waiting.front().cloned() else { return std::future::pending().await };
        let late = |_elapsed| Err(no_answer("copying what a step said".to_owned(), PATIENCE));
        let settled = tokio::time::timeout(PATIENCE, self.settle(&done, objects)).await.unwrap_or_else(late);
        self.waiting.pop_front();
        match settled {
            Ok(()) => {
                self.settled.insert(done.clone());
                self.failing = None;
                Ok(done)
            }
            Err(error) => {
                // One that fails for good does not keep the others waiting.
                self.waiting.push_back(done);
                let pause =
                    self.failing.as_ref().map_or(PAUSE, |failing| (failing.pause * 2).min(LONGEST_PAUSE));
                self.failing = Some(Failing { pause, until: Instant::now() + pause });
                Err(error)
            }
        }
    }

    async fn settle(&mut self, done: &Done, objects: &dyn Objects) -> Result<(), ProviderError> {
        let key = done.key(&self.run);
        let Some(text) = self.folder.kept(done.step).map_err(not_kept)? else {
            if let Some(text) = objects.get(&key, MAX_SAID_BYTES).await? {
                files::create(&self.folder.said(done.step), &text).map_err(not_kept)?;
            }
            return Ok(());
        };
        if self.there.is_none() {
            // What is not seen to be there is put again.
            let listed = objects.keys(&beginning(&self.run), LISTED_MAX).await;
            self.there = Some(listed.unwrap_or_default().into_iter().collect());
        }
        if !self.there.as_ref().is_some_and(|there| there.contains(&key)) {
            objects.put(&key, &text, When::Always).await?;
        }
        Ok(())
    }
}

/// A file of the run cannot be used.
fn not_kept(error: FileError) -> ProviderError {
    ProviderError {
        doing: "copying what a step said".to_owned(),
        class: ErrorClass::Failed,
        code: None,
        message: error.to_string(),
    }
}
