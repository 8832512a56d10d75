//! AWS: one file per kind over a narrow async port of typed operations. No SDK in here.
//!
//! [`port::Aws`] is what the kinds call; `drctl-aws-sdk` and `drctl-sim` implement it. [`ENTRY`] is
//! what the registry lists: the `provider "aws"` block, the kinds and the facts they rest on.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failing test should say where"))]

pub mod depot;
pub mod facts;
pub mod kinds;
pub mod objects;
pub mod port;
pub mod provider_config;
pub mod values;

use drctl_core::provider::{Erased, ProviderEntry};
use drctl_core::schema::Attributes;

/// The provider `aws`.
pub static ENTRY: ProviderEntry = ProviderEntry {
    name: "aws",
    config: provider_config::ProviderConfig::ATTRIBUTES,
    kinds: &[
        &Erased::<kinds::db_automated_backups_replication::DbAutomatedBackupsReplication>::new(),
        &Erased::<kinds::db_instance::DbInstance>::new(),
        &Erased::<kinds::db_snapshot::DbSnapshot>::new(),
        &Erased::<kinds::s3_bucket::S3Bucket>::new(),
        &Erased::<kinds::s3_legal_hold::S3LegalHold>::new(),
    ],
    facts: facts::FACTS,
    keeps_objects: true,
};
