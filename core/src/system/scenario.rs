//! `scenario "NAME" { … }`: what may be lost, how one notices, and what is promised then.

use jiff::{SignedDuration, Timestamp};

use super::channel::Notify;
use super::late::Target;
use super::reference::{
    ContactRef, CredentialRef, DatastoreRef, EscalationRef, ProcedureRef, ResourceRef, ServiceRef, SiteRef,
};
use super::service::Objective;
use crate::schema::Invalid;

/// What may be lost, how one notices, and what is promised then.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Scenario::check)]
pub struct Scenario {
    /// What it is.
    pub description: Option<String>,
    /// How one notices.
    pub symptoms: Option<Vec<String>>,
    /// What is lost.
    pub lose: Vec<Lose>,
    /// What was promised for it.
    pub objective: Option<Objective>,
    /// How long it takes until somebody knows.
    pub detection: Option<SignedDuration>,
    /// How long the way back takes, from when somebody knows, as far as it was ever estimated as a whole.
    /// Counts where a step has no estimate of its own, unless the other steps already take longer.
    pub estimate: Option<SignedDuration>,
    /// How long that is when luck is bad.
    pub estimate_p95: Option<SignedDuration>,
    /// The names of what its steps touch: `target.NAME` in them. So the same steps can be rehearsed on other
    /// things; `run.id` makes a name that is new in every run.
    pub target: Option<Target>,
    /// The procedures that are followed, instead of those of the services.
    pub recover: Option<Vec<ProcedureRef>>,
    /// Parts of the way back with a budget, in their order.
    pub phase: Option<Vec<PhaseBudget>>,
    /// Who leads.
    pub commander: Option<ContactRef>,
    /// Who is told, and when.
    pub notify: Option<Vec<Notify>>,
    /// Who is called next when it does not go on.
    pub escalation: Option<EscalationRef>,
}

impl Scenario {
    /// How long the way back takes as a whole when luck is bad, as far as that was ever estimated.
    pub fn at_most(&self) -> Option<SignedDuration> {
        self.estimate_p95.or(self.estimate)
    }

    /// One that loses nothing and follows a procedure.
    pub(crate) fn of(procedure: ProcedureRef) -> Scenario {
        Scenario {
            description: None,
            symptoms: None,
            lose: Vec::new(),
            objective: None,
            detection: None,
            estimate: None,
            estimate_p95: None,
            target: None,
            recover: Some(vec![procedure]),
            phase: None,
            commander: None,
            notify: None,
            escalation: None,
        }
    }

    fn check(self) -> Result<Scenario, Invalid> {
        let about_clock = |value: &String| value.contains("${clock.");
        if let Some((name, _)) = self.target.iter().flat_map(|t| &t.0).find(|(_, value)| about_clock(value)) {
            let why =
                "a name cannot hold the time on the clock of a run: `clock` is known in the text of `notify`";
            return Err(Invalid::new(why).below(name).below("target"));
        }
        match (self.estimate, self.estimate_p95) {
            (Some(usual), Some(unlucky)) if unlucky < usual => {
                Err(Invalid::new("must not be shorter than `estimate`").below("estimate_p95"))
            }
            _ => Ok(self),
        }
    }
}

crate::words! {
    /// What kind of thing is lost.
    LossKind {
        /// A cloud region with everything in it.
        Region = "region",
        /// A site with everything at it.
        Site = "site",
        /// A resource at a provider.
        Resource = "resource",
        /// All data of a datastore; where it stood still works.
        Datastore = "datastore",
        /// Data that was written wrongly since some time: the thing works and is wrong.
        Data = "data",
        /// A service, its data untouched.
        Service = "service",
        /// An account at a provider with everything in it.
        Account = "account",
        /// A key: whatever is encrypted with it cannot be read.
        Key = "key",
        /// A credential that somebody else holds: whatever it may delete counts as destroyed.
        Credential = "credential",
    }
    "one of region, site, resource, datastore, data, service, account, key, credential"
}

/// One thing that is lost.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Lose::check)]
pub struct Lose {
    /// What kind of thing.
    #[attribute(label)]
    pub what: LossKind,
    /// The region; the id of the account; the ARN, id or alias of the key.
    pub name: Option<String>,
    /// The site.
    pub site: Option<SiteRef>,
    /// The resource.
    pub resource: Option<ResourceRef>,
    /// The datastore, of `datastore` and of `data`.
    pub datastore: Option<DatastoreRef>,
    /// The service.
    pub service: Option<ServiceRef>,
    /// The credential.
    pub credential: Option<CredentialRef>,
    /// Since when the data is wrong; of `data` alone. Points of that instant or later are not used.
    pub since: Option<Timestamp>,
    /// How long wrong data may go unnoticed; of `data` alone.
    pub noticed_within: Option<SignedDuration>,
}

impl Lose {
    /// What is lost, in words: "eu-west-1", "datastore postgres".
    pub fn name(&self) -> String {
        let Lose { what, name, site, resource, datastore, service, credential, .. } = self;
        match what {
            LossKind::Region => name.clone().unwrap_or_default(),
            LossKind::Account | LossKind::Key => {
                format!("{} {}", what.as_str(), name.as_deref().unwrap_or_default())
            }
            LossKind::Credential => {
                credential.as_ref().map_or_else(String::new, |c| format!("credential {}", c.0))
            }
            LossKind::Site => site.as_ref().map_or_else(String::new, |s| format!("site {}", s.0)),
            LossKind::Resource => resource.as_ref().map_or_else(String::new, |r| r.0.to_string()),
            LossKind::Datastore => {
                datastore.as_ref().map_or_else(String::new, |d| format!("datastore {}", d.0))
            }
            LossKind::Data => {
                datastore.as_ref().map_or_else(String::new, |d| format!("good data of {}", d.0))
            }
            LossKind::Service => service.as_ref().map_or_else(String::new, |s| format!("service {}", s.0)),
        }
    }

    /// Exactly the attribute that says what is lost.
    fn check(self) -> Result<Lose, Invalid> {
        let Lose { what, name, site, resource, datastore, service, credential, since, noticed_within } =
            &self;
        let given = [
            ("name", name.is_some()),
            ("site", site.is_some()),
            ("resource", resource.is_some()),
            ("datastore", datastore.is_some()),
            ("service", service.is_some()),
            ("credential", credential.is_some()),
        ];
        let wanted = match what {
            LossKind::Region | LossKind::Account | LossKind::Key => "name",
            LossKind::Site => "site",
            LossKind::Resource => "resource",
            LossKind::Datastore | LossKind::Data => "datastore",
            LossKind::Service => "service",
            LossKind::Credential => "credential",
        };
        let kind = what.as_str();
        let article = if kind.starts_with('a') { "an" } else { "a" };
        if let Some((stray, _)) = given.iter().find(|(name, is)| *is && *name != wanted) {
            return Err(Invalid::new(format!("the loss of {article} {kind} has no `{stray}`")).below(stray));
        }
        if !given.contains(&(wanted, true)) {
            return Err(Invalid::new(format!("the loss of {article} {kind} needs `{wanted}`")));
        }
        if noticed_within.is_some() && *what != LossKind::Data {
            let why = "only wrong data can go unnoticed: `lose \"data\"`";
            return Err(Invalid::new(why).below("noticed_within"));
        }
        if since.is_some() && *what != LossKind::Data {
            let why = "only data is wrong since some time: `lose \"data\"`";
            return Err(Invalid::new(why).below("since"));
        }
        Ok(self)
    }
}

/// A part of the way back with a budget.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct PhaseBudget {
    /// What it is called.
    #[attribute(label)]
    pub name: String,
    /// How long it may take.
    pub budget: SignedDuration,
}
