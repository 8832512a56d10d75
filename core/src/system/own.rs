//! Where drctl keeps its own files: they have a failure domain like everything else.

use super::reference::SiteRef;
use crate::addr::ProviderAddress;
use crate::span::Span;

/// The state, what was last seen and the journals of runs, as the `drctl` block places them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnFiles {
    /// The site that they stand at, and where that is written; none when nothing says so.
    pub site: Option<(SiteRef, Span)>,
    /// Where what was last seen is written besides.
    pub copies: Vec<LastWorldCopy>,
    /// Where the journals of runs are written besides.
    pub journal: Option<JournalCopy>,
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

/// `journal_copy { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalCopy {
    /// The bucket.
    pub bucket: String,
    /// What all keys in it begin with.
    pub prefix: String,
    /// Through which provider configuration it is reached, and where that is written.
    pub provider: (ProviderAddress, Span),
    /// The region of that provider, where it is written.
    pub region: Option<String>,
}

impl JournalCopy {
    /// Where a key of it is, for people: `s3://BUCKET/PREFIX…`.
    pub fn url(&self, key: &str) -> String {
        format!("s3://{}/{}{key}", self.bucket, self.prefix)
    }
}
