//! The providers that this drctl knows.

use drctl_core::provider::Registry;

/// All kinds, by provider.
pub(crate) static REGISTRY: Registry = Registry { providers: std::slice::from_ref(&drctl_aws::ENTRY) };
