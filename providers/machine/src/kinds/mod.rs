//! The kinds, one file each.

mod kept;
pub mod pgbackrest_stanza;
pub mod postgres_archiving;
pub mod postgres_dumps;
pub mod restic_repository;
pub mod restic_retention;
pub mod schedule;
mod sides;

use drctl_core::provider::{ErrorClass, Id, Managed, ProviderError, Unobserved};
use drctl_core::schema::{AttributeType, Invalid};
use drctl_core::value::Value;

use crate::values::AbsolutePath;

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

/// The file that something is named by.
fn record(id: &Id) -> Result<AbsolutePath, ProviderError> {
    let refused = |wrong: Invalid| refused(format!("reading `{id}`"), &wrong.message);
    AbsolutePath::from_value(Value::from(id.0.as_str())).map_err(refused)
}

/// That what is encrypted by a tool is encrypted as the backup says: it knows one way.
fn aes_256(managed: &Managed<'_>, tool: &str) -> Result<(), Invalid> {
    let said = managed.backup.encryption.as_ref().and_then(|is| is.algorithm.as_deref());
    let algorithm = said.unwrap_or("AES-256").to_ascii_lowercase();
    match algorithm.starts_with("aes-256") || algorithm == "aes256" {
        true => Ok(()),
        false => {
            Err(Invalid::new(format!("{tool} encrypts with AES-256")).below("algorithm").below("encryption"))
        }
    }
}
