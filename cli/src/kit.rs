//! Kits: one signed, encrypted file with all that a recovery is planned from when nothing can be reached.
//!
//! Each layer is a format that other tools read, so that a kit is of use without drctl:
//! * an age file, for recipients or a passphrase: `age -d`;
//! * in it a tar in its oldest portable form (ustar), plain files only: `tar -x`;
//! * its first entry lists the digest of every other one: `sha256sum -c MANIFEST`;
//! * the second is a signature over the first as OpenSSH writes it, with an Ed25519 key:
//!   `ssh-keygen -Y verify -n drctl-kit`. OpenSSH rather than minisign, because it is on every machine from
//!   which one recovers, the people have such keys, and it signs the same text with the same bytes.
//!
//! The signature is within the encryption: who cannot decrypt learns nothing, not even who has signed. The
//! archive is bound to one spelling: reading writes it again from what was signed, and every byte has to be
//! the same. So there is nothing in a kit that nobody has signed.

mod archive;
pub(crate) mod contents;
pub(crate) mod keys;
mod place;
mod seal;
mod signature;

use std::path::Path;

use drctl_core::codes::Code;
use drctl_core::kit::{ABOUT, About, Entries, EntryName, Manifest, Read, Wrong};
use drctl_engine::files;

use crate::failure::Failure;
use crate::render::text::safe;

pub(crate) use keys::{KitArgs, Reader, ReaderArgs, Sealing, SealingArgs};
pub(crate) use place::Place;
pub(crate) use signature::Signer;

/// Largest kit that is read or written, in bytes: a binary with its configuration is a tenth of it.
const MAX_KIT_BYTES: u64 = 1 << 30;

/// The folder of the project in a kit.
pub(crate) const PROJECT: &str = "project";
/// The folder of what can be run.
pub(crate) const BIN: &str = "bin";

/// A kit of which every byte is signed by somebody trusted.
pub(crate) struct Kit {
    /// What it says of itself.
    pub(crate) about: About,
    /// What is in it.
    pub(crate) entries: Entries,
    /// The fingerprint of the key that signed it.
    pub(crate) signed_by: String,
    /// How it was encrypted.
    pub(crate) sealed: Sealed,
    /// Its size, encrypted.
    pub(crate) bytes: usize,
}

/// How a kit is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sealed {
    /// For people with an age identity.
    Recipients,
    /// With a passphrase.
    Passphrase,
    /// Not at all.
    Open,
}

/// The bytes of a kit.
pub(crate) fn pack(entries: &Entries, signer: &Signer, sealing: &Sealing) -> Result<Vec<u8>, Failure> {
    let manifest = Manifest::of(entries).to_string();
    let signature = signer.sign(manifest.as_bytes())?;
    let tar = archive::pack(&manifest, &signature, entries)?;
    seal::seal(tar, sealing)
}

/// Reads a kit. Nothing of it is looked at before the signature holds.
pub(crate) fn read(path: &Path, reader: &Reader) -> Result<Kit, Failure> {
    let name = path.display().to_string();
    let bytes = files::read(path, MAX_KIT_BYTES).map_err(|error| {
        Failure::new(
            Code::Unreadable,
            format!("The kit cannot be read: {error}"),
            "Name a kit that is there.",
        )
    })?;
    let bytes = bytes.ok_or_else(|| {
        let headline = format!("There is no kit `{}`", safe(&name));
        Failure::new(Code::Unreadable, headline, "Make one with `drctl kit build --out FILE`.")
    })?;
    open(&name, bytes, reader)
}

fn open(name: &str, bytes: Vec<u8>, reader: &Reader) -> Result<Kit, Failure> {
    let size = bytes.len();
    let (tar, sealed) = seal::open(name, bytes, reader)?;
    let mut archive = archive::Unpacking::new(name, &tar);
    let (manifest, signature) = archive.signed()?;
    let signed_by = reader.trusted.check(name, &manifest, &signature)?;
    let text = std::str::from_utf8(&manifest).map_err(|_| damaged(name, "its list of digests is no text"))?;
    let listed: Manifest = text.parse().map_err(|wrong| of(name, &wrong))?;
    let entries = archive.rest()?;
    listed.check(&entries).map_err(|wrong| of(name, &wrong))?;
    let about = entries.get(&entry(ABOUT)).ok_or_else(|| damaged(name, "it does not say what it is"))?;
    match About::from_json(about).map_err(|wrong| of(name, &wrong))? {
        Read::About(_) if !archive::is_packed_as(&tar, text, &signature, &entries) => Err(damaged(
            name,
            "it is packed in another way than kits are, or there is more in it than was signed",
        )),
        Read::About(about) => Ok(Kit { about: *about, entries, signed_by, sealed, bytes: size }),
        Read::Newer(version, format) => {
            let headline = format!(
                "`{}` was made by drctl {}, in format {}, which this drctl does not read",
                safe(name),
                safe(&version),
                safe(&format)
            );
            let help = "Use that drctl: it is in the kit. Its signature and digests are good; take it out with \
                        `age --decrypt FILE | tar -x`.";
            Err(Failure::new(Code::KitNewer, headline, help))
        }
    }
}

/// A name that is written in the code.
fn entry(name: &str) -> EntryName {
    name.parse().expect("names in the code are names of entries")
}

fn of(name: &str, wrong: &Wrong) -> Failure {
    damaged(name, &safe(&wrong.to_string()))
}

/// A kit that is not whole.
fn damaged(name: &str, why: &str) -> Failure {
    let headline = format!("`{}` cannot be used: {why}", safe(name));
    let help = "Nothing of it was used. Take another copy, or make a new one with `drctl kit build`.";
    Failure::new(Code::KitDamaged, headline, help)
}
