//! What is lost, as a scenario or the command line names it. What goes with it is in
//! [`Hit`](super::hit::Hit).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::model::Component;
use crate::addr::{Address, Name};
use crate::plan::World;
use crate::provider::Place;
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
    /// Since when that is so, where it is known: what was kept at that instant or later is not used.
    pub since: BTreeMap<Name, Timestamp>,
    /// Services, their data untouched.
    pub services: BTreeSet<Name>,
    /// Accounts at providers with everything in them.
    pub accounts: BTreeSet<String>,
    /// Keys: whatever is encrypted with them cannot be read.
    pub keys: BTreeSet<String>,
    /// Credentials that somebody else holds: whatever they may delete counts as destroyed.
    pub credentials: BTreeSet<Name>,
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
                    loss.since.extend(lose.datastore.iter().zip(lose.since).map(|(d, at)| (d.0.clone(), at)));
                }
                LossKind::Account => loss.accounts.extend(lose.name.clone()),
                LossKind::Key => loss.keys.extend(lose.name.clone()),
                LossKind::Credential => {
                    loss.credentials.extend(lose.credential.iter().map(|c| c.0.clone()));
                }
                LossKind::Service => loss.services.extend(lose.service.iter().map(|s| s.0.clone())),
            }
        }
        loss
    }

    /// What is lost, in words, one part each: "region eu-west-1", "site fly".
    pub fn names(&self) -> Vec<String> {
        let Loss { regions, sites, resources, datastores, data, since, services, .. } = self;
        let Loss { accounts, keys, credentials, .. } = self;
        let mut names: Vec<String> = regions.iter().map(|r| format!("region {r}")).collect();
        names.extend(sites.iter().map(|s| format!("site {s}")));
        names.extend(resources.iter().map(ToString::to_string));
        names.extend(datastores.iter().map(|d| format!("datastore {d}")));
        names.extend(data.keys().map(|d| match since.get(d) {
            Some(since) => format!("good data of {d} since {since}"),
            None => format!("good data of {d}"),
        }));
        names.extend(services.iter().map(|s| format!("service {s}")));
        names.extend(accounts.iter().map(|a| format!("account {a}")));
        names.extend(keys.iter().map(|k| format!("key {k}")));
        names.extend(credentials.iter().map(|c| format!("credential {c}")));
        names
    }

    /// Whether a key is lost: by its name, or with the region or the account that its ARN names.
    pub fn takes_key(&self, key: &str) -> bool {
        let mut parts = key.split(':').skip(3);
        let (region, account) = match key.starts_with("arn:") {
            true => (parts.next(), parts.next()),
            false => (None, None),
        };
        self.keys.iter().any(|lost| same_key(lost, key))
            || region.is_some_and(|r| self.regions.contains(r))
            || account.is_some_and(|a| self.accounts.contains(a))
    }

    /// Whether what it takes depends on how things are encrypted and locked.
    pub(crate) fn looks_at_safeguards(&self) -> bool {
        !(self.accounts.is_empty() && self.keys.is_empty() && self.credentials.is_empty())
    }

    /// Whether the resource is lost by its name; a block is lost with all its instances.
    pub fn names_resource(&self, address: &Address) -> bool {
        !self.resources.is_empty()
            && (self.resources.contains(address) || self.resources.contains(&address.block()))
    }

    /// Whether the resource is lost: by its name, with its region or with its account.
    pub fn takes(&self, resource: &Component) -> bool {
        let Place { region, account, .. } = &resource.place;
        self.names_resource(&resource.address)
            || region.as_ref().is_some_and(|r| self.regions.contains(r))
            || account.as_ref().is_some_and(|a| self.accounts.contains(a))
    }

    /// The lost regions in which nothing of this configuration is: probably misspelt.
    pub fn unknown_regions(&self, system: &System, world: &World) -> BTreeSet<String> {
        let known = regions(system, world);
        self.regions.iter().filter(|r| !known.contains(r.as_str())).cloned().collect()
    }
}

/// Whether two names mean one key: one of them may be the whole ARN and the other its end.
fn same_key(a: &str, b: &str) -> bool {
    let ends = |whole: &str, end: &str| {
        whole.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with([':', '/']))
    };
    !a.is_empty() && !b.is_empty() && (ends(a, b) || ends(b, a))
}

/// The accounts that a configuration has something in.
pub fn accounts<'r>(system: &'r System, world: &'r World) -> BTreeSet<&'r str> {
    let providers = world.places.values().filter_map(|head| head.place.account.as_deref());
    let sites = system.sites.values().filter_map(|s| s.is.account.as_deref());
    let kept = system.backups.values().flat_map(|b| &b.is.to).filter_map(|to| to.account.as_deref());
    let reached = system.credentials.values().filter_map(|c| c.is.account.as_deref());
    providers.chain(sites).chain(kept).chain(reached).collect()
}

/// The regions that a configuration has something in.
pub fn regions<'r>(system: &'r System, world: &'r World) -> BTreeSet<&'r str> {
    let providers = world.places.values().filter_map(|head| head.place.region.as_deref());
    let sites = system.sites.values().filter_map(|s| s.is.region.as_deref());
    let kept = system.backups.values().flat_map(|b| &b.is.to).filter_map(|to| to.region.as_deref());
    providers.chain(sites).chain(kept).collect()
}
