//! `service "NAME" { … }`: what users notice.

use jiff::SignedDuration;

use super::reference::{DatastoreRef, ProcedureRef, ServiceRef, SiteRef};

crate::words! {
    /// What comes back first.
    Priority {
        /// Before everything else.
        Critical = "critical",
        /// Next.
        High = "high",
        /// Then.
        Medium = "medium",
        /// Last.
        Low = "low",
    }
    "one of critical, high, medium, low"
}

/// What users notice.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Service {
    /// What it is.
    pub description: Option<String>,
    /// What comes back first.
    pub priority: Option<Priority>,
    /// The services it does not work without.
    pub depends_on: Option<Vec<ServiceRef>>,
    /// The data it does not work without.
    pub data: Option<Vec<DatastoreRef>>,
    /// Where it runs.
    pub site: Option<SiteRef>,
    /// How it comes back, when a scenario does not say otherwise.
    pub recover: Option<ProcedureRef>,
    /// What was promised.
    pub objective: Option<Objective>,
    /// How one sees that it works.
    pub health: Option<Health>,
}

/// What was promised, in the worst case.
#[derive(Debug, Clone, Default, PartialEq, Eq, crate::Attributes)]
pub struct Objective {
    /// It is back within.
    pub rto: Option<SignedDuration>,
    /// Data of at most this time is lost.
    pub rpo: Option<SignedDuration>,
    /// It must never take longer than this.
    pub maximum_rto: Option<SignedDuration>,
    /// Never may more than this be lost.
    pub maximum_rpo: Option<SignedDuration>,
}

/// How one sees that a service works.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Health {
    /// The address that answers when it does.
    pub http: String,
}
