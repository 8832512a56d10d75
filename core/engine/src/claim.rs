//! One commander over all machines: an object beside the copy of the journals that says who commands. Of
//! several who put it at once one succeeds. A bucket that does not answer keeps nobody from beginning: then
//! nobody can tell, and that is said.

use std::sync::Arc;
use std::time::Duration;

use drctl_core::objects::{Objects, Put, When};
use drctl_core::provider::{ErrorClass, ProviderError};

use crate::clock::Clock;
use crate::connect::no_answer;
use crate::lock::{self, Holder, LockError, MAX_HOLDER_BYTES};

/// The key of the lock.
pub const LOCK_KEY: &str = "lock.json";

/// How long the bucket is waited for before a run begins, and by whoever asks what is in it: people wait for that.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// How often it is tried when the lock changes hands in that moment.
const TRIES: usize = 3;

/// What becomes of another one's lock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TakeOver {
    /// It is taken over where its holder was a process of this machine that is gone.
    #[default]
    OfTheDead,
    /// It is taken over: a person says so.
    Asked,
}

/// A lock that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who held it, where it was taken over.
    pub from: Option<String>,
}

/// What came of asking for the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// It is ours.
    Ours(Held),
    /// Nobody can tell whose it is.
    Unknown(ProviderError),
}

/// Whose the lock is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Ours.
    Ours(Held),
    /// Another one's, who has said who it is or not.
    Other(Option<Holder>),
}

/// Who commands over all machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commander {
    /// Nobody.
    Nobody,
    /// Somebody, who has said who it is or not.
    Somebody(Option<Holder>),
}

/// Asks who commands over all machines.
///
/// # Errors
/// When that cannot be seen.
pub async fn commander(objects: &dyn Objects) -> Result<Commander, ProviderError> {
    let found = objects.get(LOCK_KEY, MAX_HOLDER_BYTES).await?;
    Ok(found.map_or(Commander::Nobody, |found| Commander::Somebody(serde_json::from_slice(&found).ok())))
}

/// The lock, as one process asks for it.
#[derive(Clone)]
pub struct Claim {
    objects: Arc<dyn Objects>,
    holder: Holder,
}

impl Claim {
    /// Of this holder.
    pub fn new(objects: Arc<dyn Objects>, holder: Holder) -> Claim {
        Claim { objects, holder }
    }

    /// Takes the lock; waits for the bucket only for a moment.
    ///
    /// # Errors
    /// When another one holds it.
    pub async fn take(&self, take_over: TakeOver, clock: &dyn Clock) -> Result<Claimed, LockError> {
        self.take_within(PATIENCE, take_over, clock).await
    }

    /// The same for a bucket that has said nothing for a part of the moment already.
    ///
    /// # Errors
    /// When another one holds it.
    pub async fn take_within(
        &self,
        patience: Duration,
        take_over: TakeOver,
        clock: &dyn Clock,
    ) -> Result<Claimed, LockError> {
        let answer = tokio::time::timeout(patience, self.ask(take_over)).await;
        match answer.unwrap_or_else(|_| Err(no_answer("asking who commands".to_owned(), PATIENCE))) {
            Ok(Whose::Ours(held)) => Ok(Claimed::Ours(held)),
            Ok(Whose::Other(holder)) => {
                let age = holder.as_ref().map(|h| clock.now().duration_since(h.since));
                Err(LockError::Locked { holder: holder.map(Box::new), age })
            }
            Err(error) => Ok(Claimed::Unknown(error)),
        }
    }

    /// Puts the lock where there is none, or in the place of one that is to be taken over.
    pub(crate) async fn ask(&self, take_over: TakeOver) -> Result<Whose, ProviderError> {
        let ours = serde_json::to_vec(&self.holder).expect("a holder serialises to JSON");
        for _ in 0..TRIES {
            match self.objects.put(LOCK_KEY, &ours, When::Absent).await {
                Ok(Put::Done) => return Ok(Whose::Ours(Held { from: None })),
                Ok(Put::Taken) => {}
                // Another one was put in this moment.
                Err(error) if error.class == ErrorClass::Conflict => {}
                Err(error) => return Err(error),
            }
            let Some(found) = self.objects.get(LOCK_KEY, MAX_HOLDER_BYTES).await? else { continue };
            let other: Option<Holder> = serde_json::from_slice(&found).ok();
            if other.as_ref() == Some(&self.holder) {
                // The answer to an earlier try was lost on its way.
                return Ok(Whose::Ours(Held { from: None }));
            }
            let is_gone = other.as_ref().is_some_and(Holder::is_gone);
            if take_over == TakeOver::OfTheDead && !is_gone {
                return Ok(Whose::Other(other));
            }
            self.objects.put(LOCK_KEY, &ours, When::Always).await?;
            return Ok(Whose::Ours(Held { from: Some(lock::named(other.as_ref())) }));
        }
        Err(ProviderError {
            doing: "asking who commands".to_owned(),
            class: ErrorClass::Conflict,
            code: None,
            message: "the lock changes hands all the time".to_owned(),
        })
    }

    /// Whose the lock is now; none when there is none.
    pub(crate) async fn look(&self) -> Result<Option<Whose>, ProviderError> {
        Ok(match commander(self.objects.as_ref()).await? {
            Commander::Nobody => None,
            Commander::Somebody(Some(holder)) if holder == self.holder => {
                Some(Whose::Ours(Held { from: None }))
            }
            Commander::Somebody(other) => Some(Whose::Other(other)),
        })
    }

    /// Lets go of the lock because nothing was begun under it. If that fails it is taken over from here by itself.
    pub async fn give_back(&self) {
        let _let_go = tokio::time::timeout(PATIENCE, self.let_go()).await;
    }

    /// Lets go of the lock, if it is still ours.
    pub(crate) async fn let_go(&self) -> Result<(), ProviderError> {
        match self.look().await? {
            Some(Whose::Ours(_)) => self.objects.delete(LOCK_KEY).await,
            Some(Whose::Other(_)) | None => Ok(()),
        }
    }
}
