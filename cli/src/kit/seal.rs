//! Encryption of a kit: the age format, for recipients or with a passphrase.

use std::io::{Read as _, Write as _};
use std::iter;

use age::{DecryptError, Decryptor, Encryptor, Identity, Recipient, scrypt};
use drctl_core::codes::Code;

use super::keys::{Reader, Sealing, Unlocking};
use super::{MAX_KIT_BYTES, Sealed, damaged};
use crate::failure::Failure;
use crate::render::text::safe;

/// What every age file begins with.
const MAGIC: &[u8] = b"age-encryption.org/";
/// How much work a passphrase may take, as a power of two: a gibibyte of memory and some seconds. The
/// default of age is a quarter of it.
const MAX_WORK: u8 = 20;

/// Encrypts.
pub(super) fn seal(bytes: Vec<u8>, sealing: &Sealing) -> Result<Vec<u8>, Failure> {
    let failed = |why: &dyn std::fmt::Display| {
        let help = "Give recipients of one kind, or a passphrase.";
        Failure::new(Code::KitNotBuilt, format!("The kit cannot be encrypted: {why}"), help)
    };
    let encryptor = match sealing {
        Sealing::Open => return Ok(bytes),
        Sealing::Passphrase(phrase) => Encryptor::with_user_passphrase(phrase.clone()),
        Sealing::Recipients(all) => {
            Encryptor::with_recipients(all.iter().map(|one| one.as_ref() as &dyn Recipient))
                .map_err(|error| failed(&error))?
        }
    };
    let mut sealed = Vec::with_capacity(bytes.len() + (bytes.len() >> 10) + 4096);
    let written = encryptor.wrap_output(&mut sealed).and_then(|mut writer| {
        writer.write_all(&bytes)?;
        writer.finish().map(|_| ())
    });
    written.map_err(|error| failed(&error))?;
    Ok(sealed)
}

/// Decrypts what is encrypted.
pub(super) fn open(name: &str, bytes: Vec<u8>, reader: &Reader) -> Result<(Vec<u8>, Sealed), Failure> {
    if !bytes.starts_with(MAGIC) {
        return Ok((bytes, Sealed::Open));
    }
    let decryptor =
        Decryptor::new(bytes.as_slice()).map_err(|error| refused(name, &error, &reader.unlocking))?;
    let sealed = if decryptor.is_scrypt() { Sealed::Passphrase } else { Sealed::Recipients };
    let locked = |headline: &str, help: &str| {
        let headline = format!("`{}` is encrypted {headline}", safe(name));
        Err(Failure::new(Code::KitLocked, headline, help))
    };
    let opened = match (&reader.unlocking, sealed) {
        (Unlocking::Passphrase(phrase), Sealed::Passphrase) => {
            let mut identity = scrypt::Identity::new(phrase.clone());
            identity.set_max_work_factor(MAX_WORK);
            decryptor.decrypt(iter::once(&identity as &dyn Identity))
        }
        (Unlocking::Identities(all), Sealed::Recipients) => {
            decryptor.decrypt(all.iter().map(|one| one.as_ref() as &dyn Identity))
        }
        (_, Sealed::Passphrase) => {
            return locked(
                "with a passphrase",
                "Say where it stands: `--passphrase-file FILE` or `--passphrase-env VARIABLE`.",
            );
        }
        (_, Sealed::Recipients | Sealed::Open) => {
            return locked(
                "for recipients",
                "Name the file of the age identity of one of them: `--identity FILE`.",
            );
        }
    };
    let stream = opened.map_err(|error| refused(name, &error, &reader.unlocking))?;
    let mut plain = Vec::with_capacity(bytes.len());
    stream
        .take(MAX_KIT_BYTES)
        .read_to_end(&mut plain)
        .map_err(|_| damaged(name, "it was changed or cut off since it was encrypted"))?;
    Ok((plain, sealed))
}

fn refused(name: &str, error: &DecryptError, unlocking: &Unlocking) -> Failure {
    let locked = |why: String, help: &str| {
        Failure::new(Code::KitLocked, format!("`{}` cannot be decrypted: {why}", safe(name)), help)
    };
    match error {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            match unlocking {
                Unlocking::Passphrase(_) => {
                    locked("the passphrase is another one".to_owned(), "Give the one it was made with.")
                }
                Unlocking::Identities(_) | Unlocking::Nothing => locked(
                    "it is for other recipients".to_owned(),
                    "Name the identity of somebody who is one of them: `--identity FILE`.",
                ),
            }
        }
        DecryptError::ExcessiveWork { required, .. } => locked(
            format!("its passphrase takes 2^{required} of work, which is more than 2^{MAX_WORK}"),
            "It was not made by drctl. If you trust whence it comes, decrypt it with `age --decrypt`.",
        ),
        DecryptError::UnknownFormat => locked(
            "it is encrypted in a way that this drctl does not know".to_owned(),
            "A newer age may know it: `age --decrypt`.",
        ),
        // The header, its checksum, the end of the file; age may come to tell more.
        _ => damaged(name, "it was changed or cut off since it was encrypted"),
    }
}
