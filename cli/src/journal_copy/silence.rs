//! How long a bucket has said nothing. Whoever is kept waiting by it waits once, whatever is asked of it; and it is
//! asked while something else is done, so that there is nothing left to wait for.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use drctl_core::objects::Objects;
use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_engine::claim;
use tokio::time::Instant;

/// Between two questions to a bucket that says quickly that it does not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// Since when a bucket is asked and has said nothing.
#[derive(Debug, Default)]
pub(super) struct Silence(Mutex<Option<Instant>>);

impl Silence {
    /// An answer that comes within what is left of a moment.
    pub(super) async fn within<T>(
        &self,
        answer: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let answer = tokio::time::timeout(self.left(), answer).await.unwrap_or_else(|_elapsed| {
            Err(ProviderError {
                doing: "asking the copy of the journals".to_owned(),
                class: ErrorClass::Timeout,
                code: None,
                message: format!("no answer within {} s", claim::PATIENCE.as_secs()),
            })
        });
        if !answer.as_ref().is_err_and(is_silent) {
            self.broken();
        }
        answer
    }

    /// What is left of a moment.
    pub(super) fn left(&self) -> Duration {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        claim::PATIENCE.saturating_sub(since.get_or_insert_with(Instant::now).elapsed())
    }

    /// It has said something.
    pub(super) fn broken(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Asks until it says something.
    pub(super) async fn until_broken(self: Arc<Self>, objects: Arc<dyn Objects>) {
        loop {
            let _begun = self.left();
            let asked = tokio::time::timeout(claim::PATIENCE, claim::commander(objects.as_ref())).await;
            match asked {
                Ok(answer) if !answer.as_ref().is_err_and(is_silent) => return self.broken(),
                Ok(_) => tokio::time::sleep(PAUSE).await,
                Err(_elapsed) => {}
            }
        }
    }
}

/// That nobody has answered.
pub(super) fn is_silent(error: &ProviderError) -> bool {
    error.class == ErrorClass::Timeout
}

#[cfg(test)]
mod tests {
    use drctl_core::objects::{Put, When};
    use drctl_core::provider::BoxFuture;
    use drctl_engine::claim::PATIENCE;
    use tokio::sync::watch;

    use super::*;

    /// A bucket that says nothing until it is woken.
    struct Asleep(watch::Receiver<bool>);

    impl Asleep {
        async fn woken<T>(&self, answer: T) -> Result<T, ProviderError> {
            let mut woken = self.0.clone();
            woken.wait_for(|woken| *woken).await.expect("the test holds it");
            Ok(answer)
        }
    }

    impl Objects for Asleep {
        fn put<'a>(
            &'a self,
            _key: &'a str,
            _bytes: &'a [u8],
            _when: When,
        ) -> BoxFuture<'a, Result<Put, ProviderError>> {
            Box::pin(self.woken(Put::Done))
        }
        fn get<'a>(
            &'a self,
            _key: &'a str,
            _limit: usize,
        ) -> BoxFuture<'a, Result<Option<Vec<u8>>, ProviderError>> {
            Box::pin(self.woken(None))
        }
        fn delete<'a>(&'a self, _key: &'a str) -> BoxFuture<'a, Result<(), ProviderError>> {
            Box::pin(self.woken(()))
        }
        fn keys<'a>(
            &'a self,
            _beginning: &'a str,
            _at_most: usize,
        ) -> BoxFuture<'a, Result<Vec<String>, ProviderError>> {
            Box::pin(self.woken(Vec::new()))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_that_says_nothing_is_waited_for_once() {
        let (wake, woken) = watch::channel(false);
        let (bucket, silence) = (Asleep(woken), Silence::default());
        let began = Instant::now();
        for _ in 0..3 {
            let error = silence.within(bucket.get("k", 1)).await.unwrap_err();
            assert_eq!(error.message, "no answer within 4 s");
        }
        assert_eq!(began.elapsed(), PATIENCE);
        // As soon as it has said something it is waited for anew.
        wake.send_replace(true);
        silence.within(bucket.get("k", 1)).await.unwrap();
        assert_eq!(silence.left(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_asked_meanwhile_counts_and_an_answer_in_between_too() {
        let (wake, woken) = watch::channel(false);
        let (bucket, silence) = (Arc::new(Asleep(woken)), Arc::new(Silence::default()));
        let asking = tokio::spawn(Arc::clone(&silence).until_broken(bucket.clone()));
        tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
        assert_eq!(silence.left(), Duration::from_secs(1));
        tokio::time::sleep(PATIENCE * 4).await;
        assert_eq!(silence.left(), Duration::ZERO, "a person was reading the plan");
        wake.send_replace(true);
        asking.await.unwrap();
        assert_eq!(silence.left(), PATIENCE);
    }
}
