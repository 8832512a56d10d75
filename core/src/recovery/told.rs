//! What a plan says of people: who is told when and how, what is looked at, who is called next.

use serde::{Deserialize, Serialize};

use super::model::Owner;
use crate::addr::Name;
use crate::system::When;

/// When somebody is told, in the order of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToldAt {
    /// As soon as somebody knows, or within `after_s` of that.
    Started,
    /// Again and again, every `after_s`.
    Every,
    /// When it does not work for `after_s`.
    Downtime,
    /// When it is over, or within `after_s` of that.
    Resolved,
    /// When it does not go on, as its `calls` say.
    Escalated,
}

/// Somebody who is told something at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// When.
    pub at: ToldAt,
    /// The seconds that belong to that.
    pub after_s: Option<i64>,
    /// Seconds from the start of the recovery, where that can be told.
    pub clock_s: Option<i64>,
    /// Who is told.
    pub whom: String,
    /// How.
    pub channel: Name,
    /// What the channel is.
    pub description: Option<String>,
    /// Where the channel is found.
    pub reached: Vec<String>,
    /// The command that sends a message, which is its last word.
    pub command: Vec<String>,
    /// The variables of the environment that the command is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The variable of the environment that holds the address which messages are posted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// What they are told.
    pub text: Option<String>,
    /// Who tells them.
    pub owner: Option<Owner>,
    /// What calls them, of a level of an escalation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<Calls>,
}

/// What calls a level of an escalation: whatever comes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// So many seconds from the start of the recovery; none where the clock does not decide.
    pub after_s: Option<i64>,
    /// A step that waits for a person for so many seconds without an answer.
    pub unanswered_s: Option<i64>,
    /// That the objective will be missed, as things stand.
    pub rto_at_risk: bool,
}

/// A list of what is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checks {
    /// The checklist.
    pub name: Name,
    /// What it is for.
    pub description: Option<String>,
    /// `before`, `during` or `after` the steps.
    pub when: When,
    /// What is looked at, in this order.
    pub items: Vec<String>,
    /// Who does that.
    pub owner: Option<Owner>,
}

/// Those who are called at one time when it does not go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Called {
    /// The escalation.
    pub escalation: Name,
    /// What it is for.
    pub description: Option<String>,
    /// The level.
    pub level: String,
    /// What calls them.
    #[serde(flatten)]
    pub calls: Calls,
    /// What makes those before call them.
    pub when: Option<String>,
    /// The channel through which a run calls them.
    pub channel: Option<Name>,
    /// What a run tells them.
    #[serde(skip)]
    pub notice: Option<Notice>,
    /// Who is called.
    pub contacts: Vec<Owner>,
}
