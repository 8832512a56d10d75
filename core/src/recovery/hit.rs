//! What goes with a loss, transitively: sites, the data at them, the services on that data and those
//! that depend on these.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::lost::Lost;
use crate::addr::Name;
use crate::system::{Datastore, Declared, Service, Site};

/// What a loss hits, each with the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// Sites that are gone.
    pub sites: BTreeMap<Name, String>,
    /// Datastores of which the data is gone or wrong.
    pub datastores: BTreeMap<Name, String>,
    /// Services that do not work.
    pub services: BTreeMap<Name, String>,
}

impl Lost<'_> {
    /// Takes in everything that goes with the loss: sites, then the data, then the services.
    pub(super) fn spread(&mut self) {
        let Lost { system, .. } = *self;
        let within = |site: &Site| site.within.iter().map(|w| w.0.clone()).collect();
        let sites = (&system.sites, dependents(&system.sites, within));
        spread(sites, |hit| &mut hit.sites, self, Lost::why_site);
        for (name, datastore) in &system.datastores {
            if let Some(why) = self.why_datastore(name, &datastore.is) {
                self.hit.datastores.insert(name.clone(), why);
            }
        }
        let needs = |service: &Service| service.depends_on.iter().flatten().map(|s| s.0.clone()).collect();
        let services = (&system.services, dependents(&system.services, needs));
        spread(services, |hit| &mut hit.services, self, Lost::why_service);
    }

    fn why_site(&self, name: &Name, site: &Site) -> Option<String> {
        if self.loss.sites.contains(name) {
            return Some("lost".to_owned());
        }
        if let Some(region) = site.region.as_ref().filter(|r| self.loss.regions.contains(*r)) {
            return Some(format!("stands in {region}"));
        }
        if let Some(account) = site.account.as_ref().filter(|a| self.loss.accounts.contains(*a)) {
            return Some(format!("belongs to account {account}"));
        }
        let within = site.within.as_ref().filter(|w| self.site(&w.0))?;
        Some(format!("is part of site.{}", within.0))
    }

    fn why_datastore(&self, name: &Name, datastore: &Datastore) -> Option<String> {
        if self.loss.datastores.contains(name) {
            return Some("lost".to_owned());
        }
        let wrong = || self.loss.data.contains_key(name).then(|| "holds wrong data".to_owned());
        if let Some(by) = self.named("datastore", name) {
            return Some(format!("may be deleted with credential.{by}"));
        }
        let locked = || {
            let held = &datastore.resource.as_ref()?.0;
            let (by, lock) = self.locked(held)?;
            let length = crate::duration::text(lock.length);
            let fact = &lock.fact;
            Some(format!(
                "may be marked as deleted in {held} with credential.{by}; locked versions stay for {length} ({fact})"
            ))
        };
        self.place(datastore).or_else(wrong).or_else(locked)
    }

    fn why_service(&self, name: &Name, service: &Service) -> Option<String> {
        if self.loss.services.contains(name) {
            return Some("lost".to_owned());
        }
        if let Some(why) = self.stood(service) {
            return Some(why);
        }
        let hit = &self.hit;
        if let Some(data) = service.data.iter().flatten().find(|d| hit.datastores.contains_key(&d.0)) {
            return Some(format!("needs datastore.{}", data.0));
        }
        let needed = service.depends_on.iter().flatten().find(|s| hit.services.contains_key(&s.0))?;
        Some(format!("needs service.{}", needed.0))
    }
}

/// By name, what refers to it.
type Dependents<'s> = BTreeMap<Name, BTreeSet<&'s Name>>;

fn dependents<T>(all: &BTreeMap<Name, Declared<T>>, refers: impl Fn(&T) -> Vec<Name>) -> Dependents<'_> {
    let mut found = Dependents::new();
    for (name, is) in all {
        for other in refers(&is.is) {
            found.entry(other).or_default().insert(name);
        }
    }
    found
}

/// Takes in what is hit until nothing more is: every round sees what the one before added, and looks at
/// what refers to that.
fn spread<'a, T>(
    (all, dependents): (&BTreeMap<Name, Declared<T>>, Dependents<'_>),
    of: fn(&mut Hit) -> &mut BTreeMap<Name, String>,
    lost: &mut Lost<'a>,
    why: fn(&Lost<'a>, &Name, &T) -> Option<String>,
) {
    let mut open: BTreeSet<&Name> = all.keys().collect();
    while !open.is_empty() {
        let hit_now = |name: &&Name| Some(((*name).clone(), why(lost, name, &all.get(*name)?.is)?));
        let more: Vec<(Name, String)> = open.iter().filter_map(hit_now).collect();
        let reached = more.iter().filter_map(|(name, _)| dependents.get(name)).flatten();
        let next: BTreeSet<&Name> = reached.copied().collect();
        of(&mut lost.hit).extend(more);
        let known = of(&mut lost.hit);
        open = next.into_iter().filter(|name| !known.contains_key(*name)).collect();
    }
}
