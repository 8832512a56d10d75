//! Tells people of a run while it goes on: beside the steps, so that a dead channel keeps nothing waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use drctl_core::provider::{Attempt, BoxFuture, ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Notice, Performer, Progress, Sent, due, message};
use drctl_core::run::Event;
use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;

use crate::faults::silent;
use crate::runs::Begun;

/// How long a message may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// A message that was sent, that could not be, or that a person has to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The notice, by its place.
    pub notice: u32,
    /// What is told.
    pub text: String,
    /// Why now, of a level of an escalation.
    pub why: Option<String>,
    /// What came of it; none where a person tells it.
    pub sent: Option<Result<(), ProviderError>>,
}

/// Sends a message, for as long as one may take: a dead channel keeps nothing waiting.
///
/// # Errors
/// When it was not sent.
pub async fn send(
    performer: &dyn Performer,
    action: &Action,
    attempt: &Attempt,
) -> Result<(), ProviderError> {
    match tokio::time::timeout(PATIENCE, performer.perform(action, attempt)).await {
        Ok(answer) => answer.map(|_said| ()),
        Err(_elapsed) => Err(ProviderError {
            doing: "sending a message".to_owned(),
            class: ErrorClass::Timeout,
            code: None,
            message: format!("it was not sent within {} s", PATIENCE.as_secs()),
        }),
    }
}

/// The messages of a run.
pub(crate) struct Messages<'r> {
    begun: &'r Begun,
    performer: &'r dyn Performer,
    sent: BTreeMap<u32, Sent>,
    under_way: BTreeSet<u32>,
    flying: FuturesUnordered<BoxFuture<'r, Message>>,
}

impl<'r> Messages<'r> {
    /// Those of this run, of which some may have been sent before.
    pub(crate) fn new(
        begun: &'r Begun,
        performer: &'r dyn Performer,
        events: &[(Timestamp, Event)],
    ) -> Messages<'r> {
        let mut sent: BTreeMap<u32, Sent> = BTreeMap::new();
        for (at, event) in events {
            if let Event::Notified { notice, error, why: _ } = event {
                let at_s = at.duration_since(begun.began).as_secs();
                sent.entry(*notice).or_default().record(at_s, error.is_none());
            }
        }
        let (under_way, flying) = (BTreeSet::new(), FuturesUnordered::new());
        Messages { begun, performer, sent, under_way, flying }
    }

    /// Sends what is due. What a person has to tell comes back at once.
    pub(crate) fn send(&mut self, progress: &Progress) -> Vec<Message> {
        let mut for_persons = Vec::new();
        for notice in due(&self.begun.notices, &self.sent, progress) {
            if !self.under_way.insert(notice) {
                continue;
            }
            let of = &self.begun.notices[notice as usize];
            let text = message(of, &self.begun.of.to_string(), progress);
            let message = Message { notice, text, why: of.why(progress), sent: None };
            match self.sending(of, &message, progress.elapsed_s) {
                Some(sending) => self.flying.push(sending),
                None => for_persons.push(message),
            }
        }
        for_persons
    }

    fn sending(&self, of: &Notice, message: &Message, elapsed_s: i64) -> Option<BoxFuture<'r, Message>> {
        let message = message.clone();
        if let Some(silence) = silent(&self.begun.injected, &of.channel) {
            return Some(Box::pin(async move { Message { sent: Some(Err(silence)), ..message } }));
        }
        let action = of.action(message.text.clone())?;
        let attempt = Attempt(format!("{}/notice/{}/{elapsed_s}", self.begun.run, message.notice));
        let performer = self.performer;
        Some(Box::pin(async move {
            let sent = send(performer, &action, &attempt).await;
            Message { sent: Some(sent), ..message }
        }))
    }

    /// The next one that is sent or could not be; none while none is under way.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        self.flying.next().await
    }

    /// Takes in that one was told or could not be, and gives what the journal says of it.
    pub(crate) fn record(&mut self, message: &Message, at_s: i64) -> Event {
        let error = message.sent.clone().and_then(Result::err);
        self.under_way.remove(&message.notice);
        self.sent.entry(message.notice).or_default().record(at_s, error.is_none());
        Event::Notified { notice: message.notice, why: message.why.clone(), error }
    }
}
