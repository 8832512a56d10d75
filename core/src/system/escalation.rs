//! `escalation "NAME" { … }`: who is called next when those before do not answer or do not get on.

use jiff::SignedDuration;

use super::reference::ContactRef;
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

/// Those who are called at one time.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Level {
    /// What it is called: "1", "management".
    #[attribute(label)]
    pub name: String,
    /// Who is called.
    pub contacts: Vec<ContactRef>,
    /// How long after the beginning; without it at once, or only `when` it is so.
    pub after: Option<SignedDuration>,
    /// What makes those before call them, in words: "data is lost". With `after`, whichever comes first.
    pub when: Option<String>,
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
            // What people decide has no place on the clock.
            if level.after.is_none() && level.when.is_some() {
                continue;
            }
            let after = level.after.unwrap_or_default();
            if before.is_some_and(|before| after <= before) {
                return wrong("must be later than the level before", "after");
            }
            before = Some(after);
        }
        Ok(self)
    }
}
