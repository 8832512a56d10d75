//! Signatures as OpenSSH makes and checks them (`ssh-keygen -Y`), with Ed25519 keys: those sign the same text
//! with the same bytes every time.

use std::path::Path;

use drctl_core::codes::Code;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

use super::damaged;
use super::keys::secret_file;
use crate::failure::Failure;
use crate::load;
use crate::render::text::safe;

/// What such a signature is for: none that was made for something else counts.
const NAMESPACE: &str = "drctl-kit";
/// Longest list of keys that is read, in bytes.
const MAX_KEYS_BYTES: u64 = 1 << 20;

/// Who signs.
pub(crate) struct Signer(PrivateKey);

impl Signer {
    /// Reads a private key as `ssh-keygen -t ed25519` writes it.
    pub(crate) fn read(path: &Path) -> Result<Signer, Failure> {
        let name = safe(&path.display().to_string());
        let bad =
            |why: &str, help: &str| Failure::new(Code::BadKey, format!("`{name}` cannot sign: {why}"), help);
        let text = secret_file(path)?;
        let make = "Make a key with `ssh-keygen -t ed25519 -f FILE -N ''`.";
        let key = PrivateKey::from_openssh(text.as_bytes())
            .map_err(|_| bad("it is no private key of OpenSSH", make))?;
        if key.is_encrypted() {
            let help = "Where kits are made nobody types it. Keep a key without one where only that job can read it.";
            return Err(bad("it is protected by a passphrase", help));
        }
        match key.algorithm() {
            Algorithm::Ed25519 => Ok(Signer(key)),
            _ => Err(bad("it is no Ed25519 key", make)),
        }
    }

    /// Signs the text.
    pub(super) fn sign(&self, text: &[u8]) -> Result<String, Failure> {
        let signed = self.0.sign(NAMESPACE, HashAlg::Sha512, text);
        signed.and_then(|signature| signature.to_pem(LineEnding::LF)).map_err(|error| {
            let help = "Try another key.";
            Failure::new(Code::BadKey, format!("The kit cannot be signed: {error}"), help)
        })
    }

    /// The fingerprint of its key.
    pub(crate) fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }
}

/// The keys whose signatures count.
pub(crate) struct Trusted {
    file: String,
    keys: Vec<PublicKey>,
}

impl Trusted {
    /// Reads public keys: a `.pub` file, or one of `ssh-keygen`'s allowed signers.
    pub(crate) fn read(path: &Path) -> Result<Trusted, Failure> {
        let file = safe(&path.display().to_string());
        let text = load::text(path, &file, MAX_KEYS_BYTES).map_err(|d| Failure::from(*d))?;
        let mut keys = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            keys.push(key(line).ok_or_else(|| {
                let headline = format!("Line {} of `{file}` is no key that can be trusted", number + 1);
                let help = "Write `ssh-ed25519 AAAA… comment` as in a .pub file, or with a name before it; options \
                            and other kinds of keys are not read.";
                Failure::new(Code::BadKey, headline, help)
            })?);
        }
        match keys.is_empty() {
            false => Ok(Trusted { file, keys }),
            true => {
                let help = "Put the public keys of those into it who make kits.";
                Err(Failure::new(Code::BadKey, format!("There is no key in `{file}`"), help))
            }
        }
    }

    /// The fingerprint of the trusted key that signed the text.
    pub(super) fn check(&self, kit: &str, text: &[u8], signature: &str) -> Result<String, Failure> {
        let signature =
            SshSig::from_pem(signature).map_err(|_| damaged(kit, "its signature cannot be read"))?;
        let by = PublicKey::from(signature.public_key().clone()).fingerprint(HashAlg::Sha256);
        let Some(key) = self.keys.iter().find(|key| key.key_data() == signature.public_key()) else {
            let headline = format!("`{}` is signed by {by}, whom `{}` does not name", safe(kit), self.file);
            let help = "Nothing of it was read. Ask who makes the kits which key is theirs; do not take it from the kit.";
            return Err(Failure::new(Code::KitNotTrusted, headline, help));
        };
        key.verify(NAMESPACE, text, &signature).map_err(|_| {
            let headline = format!("The signature of `{}` is not of this kit", safe(kit));
            let help = "It was changed since it was signed, or signed for something else. Nothing of it was read; take \
                        another copy.";
            Failure::new(Code::KitNotTrusted, headline, help)
        })?;
        Ok(by.to_string())
    }
}

/// `ssh-ed25519 AAAA… comment`, or that behind names.
fn key(line: &str) -> Option<PublicKey> {
    let kind = Algorithm::Ed25519;
    let begins = |text: &str| text.split_whitespace().next() == Some(kind.as_str());
    let behind = || line.split_once(char::is_whitespace).map(|(_, rest)| rest.trim_start());
    let text = if begins(line) { Some(line) } else { behind().filter(|rest| begins(rest)) };
    PublicKey::from_openssh(text?).ok().filter(|key| key.algorithm() == kind)
}
