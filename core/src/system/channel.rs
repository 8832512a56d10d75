//! `channel "NAME" { … }`, `communication "NAME" { … }` and `notify "WHOM" { … }`: who is told of what, when
//! and how.

use jiff::SignedDuration;

use super::reference::{ChannelRef, ContactRef, EscalationRef, ScenarioRef};
use crate::schema::Invalid;

/// A way that messages go: a status page, an address, a chat.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Channel::check)]
pub struct Channel {
    /// What it is.
    pub description: Option<String>,
    /// Where it is found.
    pub url: Option<String>,
    /// The command that sends a message, which it is given as its last word.
    pub run: Option<Vec<String>>,
    /// The variables of the environment that the command is given beside the usual ones. What they hold is shown
    /// nowhere.
    pub env: Option<Vec<String>>,
    /// The variable of the environment that holds the address of a webhook: messages are posted to it as
    /// `{"text": …}`, which Slack and what is compatible with it understand. The address is shown nowhere.
    pub webhook: Option<String>,
    /// Where it is found when that is no address of the web: a telephone number, a mailing list, a room.
    pub via: Option<String>,
}

impl Channel {
    fn check(self) -> Result<Channel, Invalid> {
        let is_variable = |name: &str| {
            let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
            first && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        if self.run.as_ref().is_some_and(Vec::is_empty) {
            return Err(Invalid::new("a command has at least one word").below("run"));
        }
        if self.env.is_some() && self.run.is_none() {
            return Err(Invalid::new("is given to the command: write `run`").below("env"));
        }
        match &self.webhook {
            Some(_) if self.run.is_some() => {
                Err(Invalid::new("a message is sent either by `run` or by `webhook`").below("webhook"))
            }
            Some(name) if !is_variable(name) => Err(Invalid::new(
                "must be the name of a variable of the environment: an address that lets anybody post is a secret",
            )
            .below("webhook")),
            Some(_) | None => Ok(self),
        }
    }
}

/// Who is told of what, in all scenarios or in some.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Communication::check)]
pub struct Communication {
    /// What it is for.
    pub description: Option<String>,
    /// The scenarios that it is for; with none, all.
    pub scenarios: Option<Vec<ScenarioRef>>,
    /// Who is told, and when.
    #[attribute(default = Vec::new())]
    pub notify: Vec<Notify>,
    /// Who is called next when it does not go on.
    pub escalation: Option<EscalationRef>,
}

impl Communication {
    fn check(self) -> Result<Communication, Invalid> {
        match self.notify.is_empty() && self.escalation.is_none() {
            true => Err(Invalid::new("who is told? Write `notify` or `escalation`")),
            false => Ok(self),
        }
    }
}

crate::words! {
    /// When somebody is told.
    Moment {
        /// As soon as somebody knows.
        Started = "started",
        /// When it is over.
        Resolved = "resolved",
    }
    "one of started, resolved"
}

/// Somebody who is told something, at least at one time.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Notify::check)]
pub struct Notify {
    /// Who is told: "customers", "status page".
    #[attribute(label)]
    pub whom: String,
    /// How.
    pub via: ChannelRef,
    /// When something happens.
    pub on: Option<Vec<Moment>>,
    /// How long that may take; without it they are told at once.
    pub within: Option<SignedDuration>,
    /// How often in between.
    pub every: Option<SignedDuration>,
    /// When it does not work for that long.
    pub after_downtime: Option<SignedDuration>,
    /// What they are told. It may hold `clock.elapsed` and `clock.left`, which are known when it is sent. Without it
    /// they are told how the recovery is doing.
    pub text: Option<String>,
    /// Who tells them.
    pub owner: Option<ContactRef>,
}

impl Notify {
    fn check(self) -> Result<Notify, Invalid> {
        if self.on.as_ref().is_none_or(Vec::is_empty) {
            if self.within.is_some() {
                return Err(Invalid::new("within that time of what? Write `on`").below("within"));
            }
            if self.every.is_none() && self.after_downtime.is_none() {
                return Err(Invalid::new("when are they told? Write `on`, `every` or `after_downtime`"));
            }
        }
        if self.every.is_some_and(|every| every <= SignedDuration::ZERO) {
            return Err(Invalid::new("must be longer than nothing").below("every"));
        }
        Ok(self)
    }
}
