//! The kinds, one file each.

pub mod pgbackrest_stanza;
pub mod postgres_archiving;
pub mod restic_repository;
pub mod schedule;
mod sides;

use drctl_core::provider::{ErrorClass, Managed, ProviderError, Unobserved};
use drctl_core::value::Value;

/// What a setting of the provider configuration says.
fn said<'m>(managed: &Managed<'m>, name: &str) -> Option<&'m str> {
    managed.settings.get(name).and_then(Value::as_str)
}

/// What could not be read because what is there makes no sense.
fn unread(message: String) -> Unobserved {
    Unobserved { class: ErrorClass::Malformed, message }
}

/// A refusal of the kind itself.
fn refused(doing: String, message: &str) -> ProviderError {
    crate::port::error(doing, ErrorClass::Rejected, message)
}
