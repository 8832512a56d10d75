//! `channel "NAME" { … }`, `communication "NAME" { … }` and `notify "WHOM" { … }`: who is told of what, when
//! and how.

use jiff::SignedDuration;

use super::reference::{ChannelRef, ContactRef, EscalationRef, ScenarioRef};
use crate::schema::Invalid;

/// A way that messages go: a status page, an address, a chat.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Channel {
    /// What it is.
    pub description: Option<String>,
    /// Where it is found.
    pub url: Option<String>,
    /// The command that sends a message.
    pub run: Option<Vec<String>>,
    /// Where it is found when that is no address of the web: a telephone number, a mailing list, a room.
    pub via: Option<String>,
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
    /// What they are told.
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
