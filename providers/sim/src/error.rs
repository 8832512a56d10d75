//! Errors: of the simulated cloud towards its callers, as AWS words them with the fact that is
//! enforced at the end, and of the simulation itself towards `drctl sim`.

use std::path::PathBuf;

use drctl_core::provider::{ErrorClass, ProviderError};

/// What can go wrong with the simulation itself.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A file of the sim's folder could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file does not hold a world.
    #[error("{path} does not hold a simulated cloud: {message}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// A seed is not in the seed format.
    #[error("the seed is not usable: {0}")]
    Seed(String),
    /// What was asked for does not exist or makes no sense.
    #[error("{0}")]
    Request(String),
    /// The simulated cloud refused.
    #[error(transparent)]
    Refused(#[from] ProviderError),
}

/// A refusal with the code and words of AWS. `fact` is the enforced fact, empty when there is none.
pub(crate) fn refuse(doing: &str, class: ErrorClass, code: &str, message: &str, fact: &str) -> ProviderError {
    let message = if fact.is_empty() { message.to_owned() } else { format!("{message} [{fact}]") };
    ProviderError { doing: doing.to_owned(), class, code: Some(code.to_owned()), message }
}

/// The request as such is wrong.
pub(crate) fn rejected(doing: &str, code: &str, message: &str, fact: &str) -> ProviderError {
    refuse(doing, ErrorClass::Rejected, code, message, fact)
}

/// The state of the thing forbids it.
pub(crate) fn conflict(doing: &str, code: &str, message: &str, fact: &str) -> ProviderError {
    refuse(doing, ErrorClass::Conflict, code, message, fact)
}

/// What the call needs is not there.
pub(crate) fn not_found(doing: &str, code: &str, message: &str) -> ProviderError {
    refuse(doing, ErrorClass::NotFound, code, message, "")
}

/// The caller may not do it.
pub(crate) fn denied(doing: &str, message: &str) -> ProviderError {
    refuse(doing, ErrorClass::Denied, "AccessDenied", message, "")
}
