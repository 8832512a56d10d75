//! `contact "NAME" { … }`: somebody who is called or who does a step.

use jiff::SignedDuration;

use super::reference::ContactRef;

/// Somebody who is called or who does a step: a person by role, or a vendor's support.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Contact {
    /// What they are: "CTO", "on-call engineer", "AWS Support".
    pub role: String,
    /// Who it is, when it is one person.
    pub name: Option<String>,
    /// Their telephone number.
    pub phone: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Where else they are found: a rota, a chat channel, a support page.
    pub via: Option<String>,
    /// Who is next when they do not answer.
    pub escalates_to: Option<ContactRef>,
    /// After how long that is.
    pub escalates_after: Option<SignedDuration>,
}
