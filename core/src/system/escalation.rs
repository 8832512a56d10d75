//! `escalation "NAME" { … }`: who is called next when those before do not answer or do not get on.

use jiff::SignedDuration;

use super::reference::{ChannelRef, ContactRef};
use crate::schema::Invalid;

/// Who is called next, after how long.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Escalation::check)]
pub struct Escalation {
    /// What it is for.
    pub description: Option<String>,
    /// Who is called, the first at once, each next one later.
    pub level: Vec<Level>,
}

crate::words! {
    /// What calls a level, whatever the clock says.
    Trouble {
        /// The objective will be missed, as things stand.
        RtoAtRisk = "rto_at_risk",
    }
    "rto_at_risk"
}

/// Those who are called at one time, by whatever comes first of what it names.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Level {
    /// What it is called: "1", "management".
    #[attribute(label)]
    pub name: String,
    /// Who is called.
    pub contacts: Vec<ContactRef>,
    /// How long after the beginning. A level that names nothing else is called at once without it.
    pub after: Option<SignedDuration>,
    /// How long a step may wait for a person without an answer.
    pub unanswered: Option<SignedDuration>,
    /// What has to be about to go wrong.
    pub on: Option<Vec<Trouble>>,
    /// What makes those before call them, in words: "data is lost".
    pub when: Option<String>,
    /// The channel through which a run calls them, once. Without it those before do.
    pub via: Option<ChannelRef>,
}

impl Level {
    /// When it is called by the clock alone; none where only something else calls it.
    pub fn on_the_clock(&self) -> Option<SignedDuration> {
        let otherwise = self.when.is_some() || self.unanswered.is_some() || self.on.is_some();
        self.after.or((!otherwise).then_some(SignedDuration::ZERO))
    }
}

impl Escalation {
    /// Each level is later than the one before.
    fn check(self) -> Result<Escalation, Invalid> {
        if self.level.is_empty() {
            return Err(Invalid::new("who is called? Write `level \"1\" { contacts = [contact.NAME] }`"));
        }
        let mut before: Option<SignedDuration> = None;
        for (number, level) in self.level.iter().enumerate() {
            let wrong = |why: &str, below: &str| {
                Err(Invalid::new(why).below(below).below(&number.to_string()).below("level"))
            };
            if level.contacts.is_empty() {
                return wrong("nobody is called", "contacts");
            }
            if level.unanswered.is_some_and(|time| time <= SignedDuration::ZERO) {
                return wrong("must be longer than nothing", "unanswered");
            }
            // What events or people decide has no place on the clock.
            let Some(after) = level.on_the_clock() else { continue };
            if before.is_some_and(|before| after <= before) {
                return wrong("must be later than the level before", "after");
            }
            before = Some(after);
        }
        Ok(self)
    }
}
