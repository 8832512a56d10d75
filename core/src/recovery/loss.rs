//! What is lost, as a scenario or the command line names it. What goes with it is in
//! [`Hit`](super::hit::Hit).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::model::Component;
use crate::addr::{Address, Name};
use crate::plan::World;
use crate::system::{LossKind, Scenario, System};

/// What is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Regions with everything in them.
    pub regions: BTreeSet<String>,
    /// Sites with everything at them.
    pub sites: BTreeSet<Name>,
    /// Resources, with what they hold and what they keep of it.
    pub resources: BTreeSet<Address>,
    /// Datastores of which all data is gone; where it stood still works.
    pub datastores: BTreeSet<Name>,
    /// Datastores in which data is wrong, with the seconds within which that is noticed.
    pub data: BTreeMap<Name, Option<i64>>,
    /// Services, their data untouched.
    pub services: BTreeSet<Name>,
}

impl Loss {
    /// What a scenario names.
    pub fn of(scenario: &Scenario) -> Loss {
        let mut loss = Loss::default();
        for lose in &scenario.lose {
            match lose.what {
                LossKind::Region => loss.regions.extend(lose.name.clone()),
                LossKind::Site => loss.sites.extend(lose.site.iter().map(|s| s.0.clone())),
                LossKind::Resource => loss.resources.extend(lose.resource.iter().map(|r| r.0.clone())),
                LossKind::Datastore => loss.datastores.extend(lose.datastore.iter().map(|d| d.0.clone())),
                LossKind::Data => {
                    let within = lose.noticed_within.map(|d| d.as_secs());
                    loss.data.extend(lose.datastore.iter().map(|d| (d.0.clone(), within)));
                }
                LossKind::Service => loss.services.extend(lose.service.iter().map(|s| s.0.clone())),
            }
        }
        loss
    }

    /// What is lost, in words, one part each: "region eu-west-1", "site fly".
    pub fn names(&self) -> Vec<String> {
        let Loss { regions, sites, resources, datastores, data, services } = self;
        let mut names: Vec<String> = regions.iter().map(|r| format!("region {r}")).collect();
        names.extend(sites.iter().map(|s| format!("site {s}")));
        names.extend(resources.iter().map(ToString::to_string));
        names.extend(datastores.iter().map(|d| format!("datastore {d}")));
        names.extend(data.keys().map(|d| format!("good data of {d}")));
        names.extend(services.iter().map(|s| format!("service {s}")));
        names
    }

    /// Whether the resource is lost by its name; a block is lost with all its instances.
    pub fn names_resource(&self, address: &Address) -> bool {
        !self.resources.is_empty()
            && (self.resources.contains(address) || self.resources.contains(&address.block()))
    }

    /// Whether the resource is lost, by its name or with its region.
    pub fn takes(&self, resource: &Component) -> bool {
        self.names_resource(&resource.address)
            || resource.place.region.as_ref().is_some_and(|r| self.regions.contains(r))
    }

    /// The lost regions in which nothing of this configuration is: probably misspelt.
    pub fn unknown_regions(&self, system: &System, world: &World) -> BTreeSet<String> {
        let known = regions(system, world);
        self.regions.iter().filter(|r| !known.contains(r.as_str())).cloned().collect()
    }
}

/// The regions that a configuration has something in.
pub fn regions<'r>(system: &'r System, world: &'r World) -> BTreeSet<&'r str> {
    let providers = world.places.values().filter_map(|head| head.place.region.as_deref());
    let sites = system.sites.values().filter_map(|s| s.is.region.as_deref());
    let kept = system.backups.values().flat_map(|b| &b.is.to).filter_map(|to| to.region.as_deref());
    providers.chain(sites).chain(kept).collect()
}
