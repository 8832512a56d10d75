//! What a loss takes: the one answer that recovery, objectives and findings share.

use std::collections::BTreeSet;
use std::fmt;

use super::hit::Hit;
use super::loss::Loss;
use super::places::Places;
use crate::addr::{Address, Name};
use crate::provider::Lock;
use crate::system::{
    Backup, Credential, Datastore, Destination, JournalCopy, LastWorldCopy, OwnFiles, Service, SiteRef,
    System,
};

/// What a loss takes of a system.
pub struct Lost<'a> {
    /// What is lost.
    pub loss: &'a Loss,
    /// Of what.
    pub system: &'a System,
    /// Where its resources are.
    pub places: &'a Places<'a>,
    /// What goes with it.
    pub hit: Hit,
}

/// Why what a resource holds is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is named.
    Named,
    /// It is in a region that is lost.
    Region(String),
    /// It is in an account that is lost.
    Account(String),
    /// It cannot be read without this key, which is lost.
    Key(String),
    /// Who holds this credential may delete it, and no lock keeps them from it.
    Credential(Name),
}

impl fmt::Display for Taken {
    /// "is lost", "is in eu-west-1, which is lost".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Taken::Named => f.write_str("is lost"),
            Taken::Region(region) => write!(f, "is in {region}, which is lost"),
            Taken::Account(account) => write!(f, "is in account {account}, which is lost"),
            Taken::Key(key) => write!(f, "is encrypted with {key}, which is lost"),
            Taken::Credential(name) => write!(f, "may be deleted with credential.{name}, which is lost"),
        }
    }
}

impl<'a> Lost<'a> {
    /// Everything that goes with the loss.
    pub fn of(loss: &'a Loss, system: &'a System, places: &'a Places<'a>) -> Lost<'a> {
        let mut lost = Lost { loss, system, places, hit: Hit::default() };
        lost.spread();
        lost
    }

    /// The same, where what goes with it was found before.
    pub(crate) fn known(
        hit: Option<&Hit>,
        (loss, system, places): (&'a Loss, &'a System, &'a Places<'a>),
    ) -> Lost<'a> {
        match hit {
            Some(hit) => Lost { loss, system, places, hit: hit.clone() },
            None => Lost::of(loss, system, places),
        }
    }

    /// Why what a resource holds is gone, if it is.
    pub fn resource(&self, address: &Address) -> Option<Taken> {
        if self.loss.names_resource(address) {
            return Some(Taken::Named);
        }
        let Loss { regions, accounts, .. } = self.loss;
        // Where it is and what safeguards it is only looked at where it matters: looking takes time.
        if !regions.is_empty()
            && let Some(region) = self.places.region(address).filter(|r| regions.contains(*r))
        {
            return Some(Taken::Region(region.to_owned()));
        }
        if !accounts.is_empty()
            && let Some(account) = self.places.account(address).filter(|a| accounts.contains(*a))
        {
            return Some(Taken::Account(account.to_owned()));
        }
        if !self.loss.looks_at_safeguards() {
            return None;
        }
        let safeguards = self.places.safeguards(address);
        if let Some(key) = safeguards.keys.iter().find(|k| self.loss.takes_key(k)) {
            return Some(Taken::Key(key.clone()));
        }
        let reached = self.reaching(address).filter(|_| safeguards.locked.is_none())?;
        Some(Taken::Credential(reached.clone()))
    }

    /// The lost credential that reaches what is there, and what locks that against it.
    pub fn locked(&self, address: &Address) -> Option<(&'a Name, Lock)> {
        let by = self.reaching(address)?;
        Some((by, self.places.safeguards(address).locked?))
    }

    /// The lost credential that may delete the resource, were it not locked.
    fn reaching(&self, address: &Address) -> Option<&'a Name> {
        if self.loss.credentials.is_empty() {
            return None;
        }
        let account = self.places.account(address);
        let names = [address.to_string(), address.block().to_string()];
        self.held(|credential| {
            names.iter().any(|name| credential.reaches(name))
                || (account.is_some() && credential.account.as_deref() == account)
        })
    }

    /// The lost credential that may delete what is at a site.
    fn reaching_site(&self, site: &Name) -> Option<&'a Name> {
        let (mut seen, mut next) = (BTreeSet::new(), Some(site));
        while let Some(name) = next.filter(|name| seen.insert(*name)) {
            let here = self.system.sites.get(name).map(|s| &s.is);
            let account = here.and_then(|s| s.account.as_ref());
            let by = self.held(|credential| {
                credential.reaches(&format!("site.{name}"))
                    || (account.is_some() && credential.account.as_ref() == account)
            });
            if by.is_some() {
                return by;
            }
            next = here.and_then(|s| s.within.as_ref()).map(|s| &s.0);
        }
        None
    }

    /// The first lost credential of which that is so.
    fn held(&self, is: impl Fn(&Credential) -> bool) -> Option<&'a Name> {
        let held = self.loss.credentials.iter().filter_map(|c| self.system.credentials.get_key_value(c));
        held.into_iter().find(|(_, declared)| is(&declared.is)).map(|(name, _)| name)
    }

    /// The lost credential that may delete a datastore's data or a backup, by name.
    pub(super) fn named(&self, kind: &str, name: &Name) -> Option<&'a Name> {
        self.held(|credential| credential.reaches(&format!("{kind}.{name}")))
    }

    /// Whether a site is gone.
    pub fn site(&self, name: &Name) -> bool {
        self.hit.sites.contains_key(name)
    }

    /// Why the place of a datastore is gone, and the data with it.
    pub(super) fn place(&self, datastore: &Datastore) -> Option<String> {
        if let Some(site) = datastore.site.as_ref().filter(|s| self.site(&s.0)) {
            return Some(format!("stands at site.{}", site.0));
        }
        if let Some(by) = datastore.site.as_ref().and_then(|s| self.reaching_site(&s.0)) {
            return Some(format!("may be deleted with credential.{by}, where it stands"));
        }
        let held = datastore.resource.as_ref()?;
        let why = match self.resource(&held.0)? {
            Taken::Named => String::new(),
            Taken::Region(region) => format!(" in {region}"),
            Taken::Account(account) => format!(" in account {account}"),
            other @ (Taken::Key(_) | Taken::Credential(_)) => format!(", which {other}"),
        };
        Some(format!("is held by {}{why}", held.0))
    }

    /// Whether all data of a datastore is gone. Where it is only wrong, the copy beside it still is.
    pub fn gone(&self, name: &Name) -> bool {
        let datastore = self.system.datastores.get(name);
        self.emptied(name) || datastore.is_some_and(|d| self.place(&d.is).is_some())
    }

    /// Whether all data of a datastore is gone, and where it stood still works.
    pub(crate) fn emptied(&self, name: &Name) -> bool {
        self.loss.datastores.contains(name) || self.named("datastore", name).is_some()
    }

    /// Whether a service is gone itself, whatever is with its data.
    pub fn service(&self, name: &Name, service: &Service) -> bool {
        self.loss.services.contains(name) || self.stood(service).is_some()
    }

    /// Why what a service runs on is gone.
    pub(super) fn stood(&self, service: &Service) -> Option<String> {
        let site = &service.site.as_ref()?.0;
        if self.site(site) {
            return Some(format!("runs at site.{site}"));
        }
        let by = self.reaching_site(site)?;
        Some(format!("runs at site.{site}, where credential.{by} may delete it"))
    }

    /// Why nothing is left of a backup in one place that it is kept at; with none it is kept beside the
    /// data.
    pub fn kept(&self, (name, backup): (&Name, &Backup), place: Option<&Destination>) -> Option<String> {
        if let Some(part) = &backup.part {
            return Some(format!("it holds only a part: {part}"));
        }
        if let Some(by) = self.named("backup", name) {
            return Some(format!("it may be deleted with credential.{by}, which is lost"));
        }
        let key = backup.encryption.as_ref().and_then(|e| e.key.as_ref());
        if let Some(site) = key.filter(|s| self.site(&s.0)) {
            return Some(format!("its key is at site.{}, which is lost", site.0));
        }
        let beside = || self.gone(&backup.of.0);
        let Some(to) = place else {
            return beside().then(|| "it stands beside the data and is lost with it".to_owned());
        };
        if to.site.is_none() && to.region.is_none() && to.bucket.is_none() && to.account.is_none() {
            let why = "nothing says in which region or at which site it is, and the data is gone";
            return beside().then(|| why.to_owned());
        }
        if let Some(site) = to.site.as_ref().filter(|s| self.site(&s.0)) {
            return Some(format!("site.{} is lost", site.0));
        }
        if let Some(region) = to.region.as_ref().filter(|r| self.loss.regions.contains(*r)) {
            return Some(format!("it is in {region}, which is lost"));
        }
        if let Some(account) = to.account.as_ref().filter(|a| self.loss.accounts.contains(*a)) {
            return Some(format!("it is in account {account}, which is lost"));
        }
        let by = to.site.as_ref().and_then(|s| self.reaching_site(&s.0)).or_else(|| {
            let account = to.account.as_ref()?;
            self.held(|credential| credential.account.as_ref() == Some(account))
        });
        if let Some(by) = by {
            return Some(format!("it may be deleted with credential.{by}, which is lost"));
        }
        let bucket = &to.bucket.as_ref()?.0;
        self.resource(bucket).map(|taken| format!("{bucket} {taken}"))
    }

    /// What is left nowhere of drctl's own files, if that is so: they are at a place that is lost, and
    /// nothing says that what was last seen is kept elsewhere, too; or the copy of the journals is lost with
    /// them.
    pub fn own_files(&self) -> Option<String> {
        let OwnFiles { site, copies, journal } = &self.system.own;
        let gone = |site: &Name| self.site(site) || self.reaching_site(site).is_some();
        let (SiteRef(site), _) = site.as_ref().filter(|(site, _)| gone(&site.0))?;
        let is_left = |copy: &LastWorldCopy| {
            let said = copy.site.is_some() || copy.region.is_some();
            let lost = copy.site.as_ref().is_some_and(|s| gone(&s.0))
                || copy.region.as_ref().is_some_and(|r| self.loss.regions.contains(r));
            said && !lost
        };
        let world = match copies.as_slice() {
            copies if copies.iter().any(is_left) => None,
            [] => Some("what was last seen is kept nowhere else".to_owned()),
            _ => Some(
                "every other copy of what was last seen is lost too, or nothing says where it is".to_owned(),
            ),
        };
        let journal = journal.as_ref().filter(|copy| self.journal_copy(copy));
        let journal = journal.map(|copy| {
            format!("the copy of the journals in {} is lost too, or nothing says where it is", copy.url(""))
        });
        let lost: Vec<String> = world.into_iter().chain(journal).collect();
        (!lost.is_empty())
            .then(|| format!("they are at site.{site}, which is lost, and {}", lost.join(", and ")))
    }

    /// Whether the copy of the journals is lost, or nothing says where it is.
    pub fn journal_copy(&self, copy: &JournalCopy) -> bool {
        copy.region.as_ref().is_none_or(|region| self.loss.regions.contains(region))
    }

    /// Whether nothing is left of a backup anywhere.
    pub fn backup(&self, name: &Name, backup: &Backup) -> bool {
        match backup.to.as_slice() {
            [] => self.kept((name, backup), None).is_some(),
            all => all.iter().all(|to| self.kept((name, backup), Some(to)).is_some()),
        }
    }
}
