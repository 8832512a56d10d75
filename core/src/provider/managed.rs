//! What a backup that drctl manages brings with it: things of kinds, as if they were written.

use std::collections::BTreeMap;

use crate::addr::{Name, ProviderAddress};
use crate::schema::Invalid;
use crate::system::Backup;
use crate::value::Value;

/// A backup that names a `provider`, for [`Kind::of_backup`](super::Kind::of_backup).
#[derive(Debug, Clone, Copy)]
pub struct Managed<'b> {
    /// What the backup is called.
    pub name: &'b Name,
    /// What it says.
    pub backup: &'b Backup,
    /// The provider configuration that it names.
    pub provider: &'b ProviderAddress,
    /// What that configuration says; its secrets are left out.
    pub settings: &'b BTreeMap<String, Value>,
}

/// A thing that a backup brings with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// What is set of it.
    pub attributes: BTreeMap<&'static str, Said>,
    /// The kinds of things of the same backup that come before it. Those that the backup does not bring
    /// are no need.
    pub after: Vec<&'static str>,
}

/// Where what is set of a [`Part`] comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// This, because the backup says something there.
    Here {
        /// What is set.
        value: Value,
        /// Where the backup says it: `["pgbackrest", "keep_full"]`.
        at: &'static [&'static str],
    },
    /// What the `provider` block says under that name: how a secret gets here without being read.
    Provider(&'static str),
}

impl Part {
    /// Sets an attribute to what the backup says there.
    #[must_use]
    pub fn set(
        mut self,
        name: &'static str,
        value: impl Into<Option<Value>>,
        at: &'static [&'static str],
    ) -> Part {
        if let Some(value) = value.into() {
            self.attributes.insert(name, Said::Here { value, at });
        }
        self
    }

    /// Sets an attribute to what the `provider` block says under that name, if it does.
    #[must_use]
    pub fn set_from_provider(mut self, name: &'static str, there: &'static str) -> Part {
        self.attributes.insert(name, Said::Provider(there));
        self
    }

    /// Has the things of that kind come before.
    #[must_use]
    pub fn after(mut self, kind: &'static str) -> Part {
        self.after.push(kind);
        self
    }
}

/// What a kind makes of a backup.
pub type OfBackup = Result<Option<Part>, Invalid>;
