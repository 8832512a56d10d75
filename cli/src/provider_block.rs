//! A `provider` block, read as the provider that it names wants it.

use std::collections::BTreeMap;

use drctl_aws::provider_config::ProviderConfig;
use drctl_core::addr::ProviderAddress;
use drctl_core::schema::{Attributes, Invalid};
use drctl_core::value::Value;
use drctl_machine::provider_config::{Files, Postgres};

/// What a `provider` block says.
pub(crate) enum ProviderBlock {
    /// `aws`
    Aws(Box<ProviderConfig>),
    /// `postgres`
    Postgres(Box<Postgres>),
    /// `files`
    Files(Box<Files>),
}

impl ProviderBlock {
    /// Reads one.
    pub(crate) fn read(
        provider: &ProviderAddress,
        values: &BTreeMap<String, Value>,
    ) -> Result<ProviderBlock, Invalid> {
        let values = values.clone();
        let name = provider.name.as_str();
        if name == drctl_machine::POSTGRES.name {
            return Postgres::from_values(values).map(|block| ProviderBlock::Postgres(Box::new(block)));
        }
        if name == drctl_machine::FILES.name {
            return Files::from_values(values).map(|block| ProviderBlock::Files(Box::new(block)));
        }
        ProviderConfig::from_values(values).map(|block| ProviderBlock::Aws(Box::new(block)))
    }

    /// Whether it names a simulation.
    pub(crate) fn is_sim(&self) -> bool {
        match self {
            ProviderBlock::Aws(block) => block.is_sim(),
            ProviderBlock::Postgres(block) => block.is_sim(),
            ProviderBlock::Files(block) => block.is_sim(),
        }
    }

    /// The block of AWS; none of the others.
    pub(crate) fn aws(&self) -> Option<&ProviderConfig> {
        match self {
            ProviderBlock::Aws(block) => Some(block),
            ProviderBlock::Postgres(_) | ProviderBlock::Files(_) => None,
        }
    }

    /// What in it leads to something real: an attribute.
    pub(crate) fn real(&self) -> Option<&'static str> {
        let set = match self {
            ProviderBlock::Aws(block) => vec![
                ("profile", block.profile.is_some()),
                ("endpoint", block.endpoint.is_some()),
                ("endpoints", block.endpoints.is_some()),
                ("assume_role", block.assume_role.is_some()),
            ],
            ProviderBlock::Postgres(block) => vec![("connection", block.connection.is_some())],
            ProviderBlock::Files(_) => Vec::new(),
        };
        set.into_iter().find(|(_, set)| *set).map(|(name, _)| name)
    }
}
