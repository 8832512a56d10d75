//! Where drctl keeps its own files: they have a failure domain like everything else.

use super::reference::SiteRef;
use crate::span::Span;

/// The state, what was last seen and the journals of runs, as the `drctl` block places them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnFiles {
    /// The site that they stand at, and where that is written; none when nothing says so.
    pub site: Option<(SiteRef, Span)>,
    /// Where what was last seen is written besides.
    pub copies: Vec<LastWorldCopy>,
}

/// `last_world_copy { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWorldCopy {
    /// A file or a folder, from the directory of the configuration.
    pub path: String,
    /// The site that it stands at.
    pub site: Option<SiteRef>,
    /// The region that it is in.
    pub region: Option<String>,
}
