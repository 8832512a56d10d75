//! `datastore "NAME" { … }`: data that can be lost.

use super::reference::{ResourceRef, SiteRef};
use crate::size::Size;

/// Data that can be lost: in a resource at a provider, or at a site that no provider reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Datastore::check)]
pub struct Datastore {
    /// The resource that holds the data; what protects it is derived from it.
    pub resource: Option<ResourceRef>,
    /// Where the data is, when no resource holds it.
    pub site: Option<SiteRef>,
    /// What it is: `postgresql`, `redis`, `files`.
    pub engine: Option<String>,
    /// How much it is: "180GiB".
    pub size: Option<Size>,
    /// Datastores of the same group are only of use when they come back to the same moment.
    pub group: Option<String>,
    /// Whether it can be made anew from other data, so that losing it loses nothing: a cache.
    #[attribute(default = false)]
    pub rebuildable: bool,
}

impl Datastore {
    fn check(self) -> Result<Datastore, crate::schema::Invalid> {
        match (&self.resource, &self.site) {
            (Some(_), Some(_)) => Err(crate::schema::Invalid::new(
                "a datastore has a `resource` or a `site`, not both: the provider says where a resource is",
            )),
            _ => Ok(self),
        }
    }
}
