//! The machine that backups are made on: what a backup takes on a PostgreSQL server, in the configuration of
//! its tool and in the machine's scheduler, observed and changed like any resource.
//!
//! [`port::Port`] is what the kinds call; [`real`] implements it on the machine that drctl runs on,
//! [`fake`] in memory or in a folder. [`POSTGRES`] and [`FILES`] are what the registry lists.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failing test should say where"))]

pub mod applied;
pub mod facts;
pub mod fake;
mod ini;
pub mod kinds;
pub mod port;
pub mod provider_config;
mod quote;
pub mod real;
mod timing;
pub mod values;

use drctl_core::provider::{Erased, ProviderEntry};
use drctl_core::schema::Attributes;

/// The provider `postgres`.
pub static POSTGRES: ProviderEntry = ProviderEntry {
    name: "postgres",
    config: provider_config::Postgres::ATTRIBUTES,
    kinds: &[
        &Erased::<kinds::pgbackrest_stanza::PgBackRestStanza>::new(),
        &Erased::<kinds::postgres_archiving::PostgresArchiving>::new(),
        &Erased::<kinds::postgres_dumps::PostgresDumps>::new(),
        &Erased::<kinds::schedule::Schedule<kinds::schedule::OfPostgres>>::new(),
    ],
    facts: facts::POSTGRES,
    keeps_objects: false,
};

/// The provider `files`.
pub static FILES: ProviderEntry = ProviderEntry {
    name: "files",
    config: provider_config::Files::ATTRIBUTES,
    kinds: &[
        &Erased::<kinds::schedule::Schedule<kinds::schedule::OfFiles>>::new(),
        &Erased::<kinds::restic_repository::ResticRepository>::new(),
        &Erased::<kinds::restic_retention::ResticRetention>::new(),
    ],
    facts: facts::FILES,
    keeps_objects: false,
};
