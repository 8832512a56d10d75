//! Where things stand, as failure domains: from declarations alone.

use std::collections::BTreeSet;
use std::fmt;

use super::Subject;
use crate::addr::{Address, Name};
use crate::system::{Datastore, Destination, ResourceRef, SiteRef};

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

    /// The domains of a site, the narrowest first.
    pub(super) fn domains_of_site(&self, site: &SiteRef) -> Vec<Domain> {
        self.domains(None, Some(site), None)
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
            regions.extend(self.places.region(address).map(str::to_owned));
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
