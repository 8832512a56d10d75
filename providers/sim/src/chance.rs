//! Chance that is not: numbers and ids that follow from a seed and a name alone, so that neither the
//! order of concurrent calls nor the platform changes them.

use sha2::{Digest, Sha256};

/// A number that follows from the seed and the parts.
pub(crate) fn number(seed: u64, parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |n, byte| (n << 8) | u64::from(*byte))
}

/// An id of 16 lower-case hexadecimal digits.
pub(crate) fn id(seed: u64, parts: &[&str]) -> String {
    format!("{:016x}", number(seed, parts))
}

/// The SHA-256 of a text.
pub(crate) fn sha256(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

/// The same in hexadecimal digits.
pub(crate) fn digest(text: &str) -> String {
    sha256(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
