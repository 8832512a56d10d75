//! `site "NAME" { … }`: a failure domain that is no cloud region.

use super::reference::SiteRef;

/// A failure domain: what stands there is lost with it.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Site {
    /// What it is: "Fly.io", "the server in the rack".
    pub description: Option<String>,
    /// The cloud region that it stands in and is lost with.
    pub region: Option<String>,
    /// The account that it belongs to and is lost with.
    pub account: Option<String>,
    /// The site that it is part of and is lost with.
    pub within: Option<SiteRef>,
}
