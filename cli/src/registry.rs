//! The providers that this drctl knows.

use drctl_core::provider::{ProviderEntry, Registry};

/// All kinds, by provider.
pub(crate) static REGISTRY: Registry = Registry { providers: &PROVIDERS };

static PROVIDERS: [ProviderEntry; 3] = [drctl_aws::ENTRY, drctl_machine::FILES, drctl_machine::POSTGRES];
