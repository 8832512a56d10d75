//! Where things stand, as failure domains, and what a scenario takes: from declarations alone.

use std::collections::BTreeSet;
use std::fmt;

use super::Subject;
use crate::addr::{Address, Name};
use crate::system::{
    Backup, Datastore, Declared, Destination, LossKind, Procedure, ResourceRef, Scenario, Service, SiteRef,
    in_order,
};

/// Something that is lost as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Domain {
    /// A resource.
    Resource(Address),
    /// A site.
    Site(Name),
    /// A cloud region.
    Region(String),
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Domain::Resource(address) => write!(f, "{address}"),
            Domain::Site(name) => write!(f, "site.{name}"),
            Domain::Region(region) => write!(f, "region {region}"),
        }
    }
}

impl Subject<'_> {
    /// The domains of a datastore, the narrowest first. None when nothing says where it is.
    pub(super) fn domains_of_datastore(&self, datastore: &Datastore) -> Vec<Domain> {
        self.domains(datastore.resource.as_ref(), datastore.site.as_ref(), None)
    }

    /// The domains of a place that backups are kept at, the narrowest first.
    pub(super) fn domains_of_destination(&self, to: &Destination) -> Vec<Domain> {
        self.domains(to.bucket.as_ref(), to.site.as_ref(), to.region.as_ref())
    }

    fn domains(
        &self,
        resource: Option<&ResourceRef>,
        site: Option<&SiteRef>,
        region: Option<&String>,
    ) -> Vec<Domain> {
        let mut domains = Vec::new();
        let mut regions = BTreeSet::new();
        if let Some(ResourceRef(address)) = resource {
            domains.push(Domain::Resource(address.clone()));
            if address.key.is_some() {
                domains.push(Domain::Resource(address.block()));
            }
            regions.extend(self.regions.get(&address.block()).cloned());
        }
        let mut next = site;
        while let Some(SiteRef(name)) = next {
            let here = Domain::Site(name.clone());
            // Sites that are within each other end here.
            if domains.contains(&here) {
                break;
            }
            domains.push(here);
            let Some(site) = self.system.sites.get(name) else { break };
            regions.extend(site.is.region.clone());
            next = site.is.within.as_ref();
        }
        regions.extend(region.cloned());
        domains.extend(regions.into_iter().map(Domain::Region));
        domains
    }
}

/// What a scenario takes.
pub(super) struct Lost<'s> {
    subject: Subject<'s>,
    domains: BTreeSet<Domain>,
    gone: BTreeSet<Name>,
    services: BTreeSet<Name>,
    /// Datastores whose data is wrong.
    pub(super) wrong: BTreeSet<Name>,
}

impl<'s> Lost<'s> {
    /// Takes it.
    pub(super) fn new(subject: &Subject<'s>, scenario: &Scenario) -> Lost<'s> {
        let (domains, gone) = (BTreeSet::new(), BTreeSet::new());
        let (services, wrong) = (BTreeSet::new(), BTreeSet::new());
        let mut lost = Lost { subject: *subject, domains, gone, services, wrong };
        for one in &scenario.lose {
            let datastore = one.datastore.iter().map(|d| d.0.clone());
            match one.what {
                LossKind::Region => lost.domains.extend(one.name.clone().map(Domain::Region)),
                LossKind::Site => lost.domains.extend(one.site.iter().map(|s| Domain::Site(s.0.clone()))),
                LossKind::Resource => {
                    lost.domains.extend(one.resource.iter().map(|r| Domain::Resource(r.0.clone())));
                }
                LossKind::Datastore => lost.gone.extend(datastore),
                LossKind::Data => lost.wrong.extend(datastore),
                LossKind::Service => lost.services.extend(one.service.iter().map(|s| s.0.clone())),
            }
        }
        lost
    }

    /// Whether what is in these domains is lost.
    fn takes(&self, domains: &[Domain]) -> bool {
        domains.iter().any(|domain| self.domains.contains(domain))
    }

    /// Whether a site is lost.
    pub(super) fn takes_site(&self, site: &SiteRef) -> bool {
        self.takes(&self.subject.domains(None, Some(site), None))
    }

    /// Whether the data of a datastore is gone.
    pub(super) fn takes_datastore(&self, name: &Name) -> bool {
        let datastore = self.subject.system.datastores.get(name);
        let domains = datastore.map(|d| self.subject.domains_of_datastore(&d.is)).unwrap_or_default();
        self.gone.contains(name) || self.takes(&domains)
    }

    /// Whether the data of a datastore is gone or wrong.
    pub(super) fn hits_datastore(&self, name: &Name) -> bool {
        self.wrong.contains(name) || self.takes_datastore(name)
    }

    /// Whether a service itself is lost, whatever is with its data.
    pub(super) fn takes_service(&self, name: &Name, service: &Service) -> bool {
        self.services.contains(name) || service.site.as_ref().is_some_and(|site| self.takes_site(site))
    }

    /// Whether a service or data that it does not work without is lost.
    pub(super) fn hits_service(&self, name: &Name, service: &Service) -> bool {
        self.takes_service(name, service) || service.data.iter().flatten().any(|d| self.hits_datastore(&d.0))
    }

    /// Whether every place that a backup is kept at is lost.
    pub(super) fn takes_backup(&self, backup: &Backup) -> bool {
        match backup.to.as_slice() {
            [] => self.takes_datastore(&backup.of.0),
            all => all.iter().all(|to| self.takes(&self.subject.domains_of_destination(to))),
        }
    }

    /// The services that are hit.
    pub(super) fn services(&self) -> impl Iterator<Item = (&'s Name, &'s Declared<Service>)> {
        self.subject.system.services.iter().filter(|(name, service)| self.hits_service(name, &service.is))
    }

    /// The procedures of the way back: those of the scenario, or those of the services that are hit.
    pub(super) fn procedures(&self, scenario: &Scenario) -> Vec<(&'s Name, &'s Declared<Procedure>)> {
        let own = scenario.recover.iter().flatten().map(|p| &p.0);
        let mut names: BTreeSet<&Name> = own.collect();
        if names.is_empty() {
            names = self.services().filter_map(|(_, s)| s.is.recover.as_ref().map(|p| &p.0)).collect();
        }
        let system = self.subject.system;
        let included = names.iter().flat_map(|name| in_order(system, name)).map(|at| at.procedure);
        let names: BTreeSet<&Name> = included.chain(names.iter().copied()).collect();
        names.into_iter().filter_map(|name| system.procedures.get_key_value(name)).collect()
    }
}
