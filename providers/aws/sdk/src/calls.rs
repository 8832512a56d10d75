//! Every call goes through here: at most so many begun, its failure put into the port's words.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use drctl_core::provider::ProviderError;
use tokio::sync::Semaphore;

use crate::errors::{self, Refusal};

/// Of so many calls under way, one more may be begun before its turn: the SDK takes as long to make a request
/// and to read an answer as a small part of the wait between them. A call that waits for its turn does so within its
/// own timeout, so it must not wait behind many.
const AHEAD: usize = 4;

/// Bounds the calls of one connection.
pub(crate) struct Calls {
    permits: Semaphore,
    connect_timeout: Duration,
    call_timeout: Duration,
}

impl Calls {
    /// For a client that has at most `in_flight` requests under way.
    pub(crate) fn new(in_flight: usize, connect_timeout: Duration, call_timeout: Duration) -> Calls {
        let begun = in_flight.saturating_add(in_flight / AHEAD);
        Calls {
            permits: Semaphore::new(begun.clamp(1, Semaphore::MAX_PERMITS)),
            connect_timeout,
            call_timeout,
        }
    }

    /// Sends one call.
    pub(crate) async fn send<T, E>(
        &self,
        doing: &str,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, ProviderError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.settle(doing, call, |_| None).await
    }

    /// Sends one call; a refusal with one of these codes means that the thing asked for is not there.
    pub(crate) async fn read<T, E>(
        &self,
        doing: &str,
        absent: &[&str],
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<Option<T>, ProviderError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let is_absent = |refusal: &Refusal| {
            refusal.code.as_deref().is_some_and(|code| absent.contains(&code)).then_some(None)
        };
        self.settle(doing, async { call.await.map(Some) }, is_absent).await
    }

    /// Sends one call; a refusal with one of these codes is as good as success.
    pub(crate) async fn ensure<T, E>(
        &self,
        doing: &str,
        done: &[&str],
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<(), ProviderError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.read(doing, done, call).await.map(|_| ())
    }

    async fn settle<T, E>(
        &self,
        doing: &str,
        call: impl Future<Output = Result<T, SdkError<E>>>,
        accept: impl FnOnce(&Refusal) -> Option<T>,
    ) -> Result<T, ProviderError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let answer = {
            let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
            call.await
        };
        let error = match answer {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        match errors::refusal(&error) {
            Some(refusal) => match accept(&refusal) {
                Some(value) => Ok(value),
                None => Err(refusal.into_error(doing)),
            },
            None => Err(errors::without_answer(doing, &error, self.connect_timeout, self.call_timeout)),
        }
    }
}
