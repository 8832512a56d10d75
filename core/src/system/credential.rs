//! `credential "NAME" { … }`: what its holder may delete. A scenario loses it when somebody else holds it.

use super::waiver::AnyRef;
use crate::schema::Invalid;

/// Something that lets its holder delete data: a token of CI, an access key, a person's login. When it is
/// lost, everything that it reaches counts as destroyed, unless it is locked so that nobody can delete it.
#[derive(Debug, Clone, Default, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Credential::check)]
pub struct Credential {
    /// What it is: "deploy token of GitHub Actions".
    pub description: Option<String>,
    /// The account in which it may delete everything.
    pub account: Option<String>,
    /// What else it may delete: sites (what is there), resources, datastores (their data), backups.
    pub may_delete: Option<Vec<AnyRef>>,
}

impl Credential {
    /// Whether it may delete what is at that address, by name.
    pub fn reaches(&self, address: &str) -> bool {
        self.may_delete.iter().flatten().any(|one| one.0 == address)
    }

    fn check(self) -> Result<Credential, Invalid> {
        const OTHERS: [&str; 7] =
            ["service.", "scenario.", "procedure.", "contact.", "waiver.", "credential.", "step."];
        let reached = self.may_delete.iter().flatten().map(|one| one.0.as_str());
        if let Some(odd) = reached.into_iter().find(|one| OTHERS.iter().any(|o| one.starts_with(o))) {
            let why = format!("{odd} holds no data: write sites, resources, datastores or backups");
            return Err(Invalid::new(why).below("may_delete"));
        }
        if self.account.is_none() && self.may_delete.as_ref().is_none_or(Vec::is_empty) {
            return Err(Invalid::new("say what it may delete: an `account`, or `may_delete`"));
        }
        Ok(self)
    }
}
