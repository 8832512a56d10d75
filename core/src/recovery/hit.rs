//! What goes with a loss, transitively: sites, the data at them, the services on that data and those
//! that depend on these.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::inventory::Components;
use super::loss::Loss;
use crate::addr::Name;
use crate::system::{Datastore, Declared, Service, Site, System};

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

impl Hit {
    /// What the loss hits.
    pub fn of(loss: &Loss, system: &System, components: &Components) -> Hit {
        let mut hit = Hit::default();
        let within = |site: &Site| site.within.iter().map(|w| w.0.clone()).collect();
        let sites = (&system.sites, dependents(&system.sites, within));
        spread(sites, |hit| &mut hit.sites, &mut hit, |name, site, hit| hit.site(loss, name, site));
        for (name, datastore) in &system.datastores {
            if let Some(why) = hit.datastore(loss, name, &datastore.is, components) {
                hit.datastores.insert(name.clone(), why);
            }
        }
        let needs = |service: &Service| service.depends_on.iter().flatten().map(|s| s.0.clone()).collect();
        let services = (&system.services, dependents(&system.services, needs));
        let why = |name: &Name, service: &Service, hit: &Hit| hit.service(loss, name, service);
        spread(services, |hit| &mut hit.services, &mut hit, why);
        hit
    }

    fn site(&self, loss: &Loss, name: &Name, site: &Site) -> Option<String> {
        if loss.sites.contains(name) {
            return Some("lost".to_owned());
        }
        if let Some(region) = site.region.as_ref().filter(|r| loss.regions.contains(*r)) {
            return Some(format!("stands in {region}"));
        }
        let within = site.within.as_ref().filter(|w| self.sites.contains_key(&w.0))?;
        Some(format!("is part of site.{}", within.0))
    }

    fn datastore(
        &self,
        loss: &Loss,
        name: &Name,
        datastore: &Datastore,
        components: &Components,
    ) -> Option<String> {
        if loss.datastores.contains(name) {
            return Some("lost".to_owned());
        }
        let wrong = || loss.data.contains_key(name).then(|| "holds wrong data".to_owned());
        self.place(loss, datastore, components).or_else(wrong)
    }

    /// Why the place of a datastore is gone.
    pub(crate) fn place(
        &self,
        loss: &Loss,
        datastore: &Datastore,
        components: &Components,
    ) -> Option<String> {
        if let Some(site) = datastore.site.as_ref().filter(|s| self.sites.contains_key(&s.0)) {
            return Some(format!("stands at site.{}", site.0));
        }
        let held = datastore.resource.as_ref()?;
        if loss.names_resource(&held.0) {
            return Some(format!("is held by {}", held.0));
        }
        let holder = components.get(&held.0)?;
        let region = holder.place.region.as_ref().filter(|r| loss.regions.contains(*r))?;
        Some(format!("is held by {} in {region}", held.0))
    }

    fn service(&self, loss: &Loss, name: &Name, service: &Service) -> Option<String> {
        if loss.services.contains(name) {
            return Some("lost".to_owned());
        }
        if let Some(site) = service.site.as_ref().filter(|s| self.sites.contains_key(&s.0)) {
            return Some(format!("runs at site.{}", site.0));
        }
        if let Some(data) = service.data.iter().flatten().find(|d| self.datastores.contains_key(&d.0)) {
            return Some(format!("needs datastore.{}", data.0));
        }
        let needed = service.depends_on.iter().flatten().find(|s| self.services.contains_key(&s.0))?;
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
fn spread<T>(
    (all, dependents): (&BTreeMap<Name, Declared<T>>, Dependents<'_>),
    of: fn(&mut Hit) -> &mut BTreeMap<Name, String>,
    hit: &mut Hit,
    why: impl Fn(&Name, &T, &Hit) -> Option<String>,
) {
    let mut open: BTreeSet<&Name> = all.keys().collect();
    while !open.is_empty() {
        let hit_now = |name: &&Name| Some(((*name).clone(), why(name, &all.get(*name)?.is, hit)?));
        let more: Vec<(Name, String)> = open.iter().filter_map(hit_now).collect();
        let reached = more.iter().filter_map(|(name, _)| dependents.get(name)).flatten();
        let next: BTreeSet<&Name> = reached.copied().collect();
        of(hit).extend(more);
        let known = of(hit);
        open = next.into_iter().filter(|name| !known.contains_key(*name)).collect();
    }
}
