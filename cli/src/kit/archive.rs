//! The tar of a kit: plain files with fixed owner, mode and time, so that the same entries are the same bytes.

use std::io::{self, Read, Write};

use drctl_core::codes::Code;
use drctl_core::kit::{Entries, EntryName, Wrong};
use tar::{Archive, Builder, EntryType, Header};

use super::{BIN, damaged, of};
use crate::failure::Failure;

/// The list of digests, the first entry.
const MANIFEST: &str = "MANIFEST";
/// Its signature, the second.
const SIGNATURE: &str = "MANIFEST.sig";
/// Longest of both, in bytes: some hundred thousand entries.
const MAX_SIGNED_BYTES: u64 = 16 << 20;

/// The archive.
pub(super) fn pack(manifest: &str, signature: &str, entries: &Entries) -> Result<Vec<u8>, Failure> {
    let size: usize = entries.values().map(|bytes| bytes.len() + 1024).sum();
    let mut tar = Vec::with_capacity(size + manifest.len() + 4096);
    write(&mut tar, manifest, signature, entries).map_err(|error| {
        let help = "Give the file a shorter name.";
        Failure::new(Code::KitNotBuilt, format!("The kit cannot be packed: {error}"), help)
    })?;
    Ok(tar)
}

/// Whether packing these makes just these bytes.
pub(super) fn is_packed_as(tar: &[u8], manifest: &str, signature: &str, entries: &Entries) -> bool {
    let mut same = Same(tar);
    write(&mut same, manifest, signature, entries).is_ok() && same.0.is_empty()
}

fn write(to: impl Write, manifest: &str, signature: &str, entries: &Entries) -> io::Result<()> {
    let mut tar = Builder::new(to);
    append(&mut tar, MANIFEST, manifest.as_bytes())?;
    append(&mut tar, SIGNATURE, signature.as_bytes())?;
    for (name, bytes) in entries {
        append(&mut tar, name.as_str(), bytes)?;
    }
    tar.into_inner().map(|_| ())
}

fn append(tar: &mut Builder<impl Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_size(bytes.len() as u64);
    header.set_mode(if is_program(name) { 0o755 } else { 0o644 });
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(EntryType::Regular);
    header.set_cksum();
    tar.append(&header, bytes)
}

/// Whether an entry is there to be run.
pub(super) fn is_program(name: &str) -> bool {
    name.strip_prefix(BIN).is_some_and(|rest| rest.starts_with('/'))
}

/// Takes what is written if it is what is left.
struct Same<'a>(&'a [u8]);

impl Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or_else(|| io::Error::other("it differs"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive that is read in two parts: what is signed, and once that holds, the rest.
pub(super) struct Unpacking<'t> {
    name: &'t str,
    tar: &'t [u8],
    /// Where the third entry begins.
    rest: usize,
}

impl<'t> Unpacking<'t> {
    pub(super) fn new(name: &'t str, tar: &'t [u8]) -> Unpacking<'t> {
        Unpacking { name, tar, rest: 0 }
    }

    /// The list of digests and its signature.
    pub(super) fn signed(&mut self) -> Result<(Vec<u8>, String), Failure> {
        let unsigned = || {
            damaged(self.name, "it is no kit, or damaged: it does not begin with a signed list of digests")
        };
        let mut found = Vec::new();
        let (name, mut at) = (self.name, 0);
        for wanted in [MANIFEST, SIGNATURE] {
            let found_first = first(name, &self.tar[at..], MAX_SIGNED_BYTES);
            let (entry, bytes, next) = found_first.ok().flatten().ok_or_else(unsigned)?;
            if entry != wanted {
                return Err(unsigned());
            }
            found.push(bytes);
            at += next;
        }
        self.rest = at;
        let (signature, manifest) = (found.pop().unwrap_or_default(), found.pop().unwrap_or_default());
        let signature =
            String::from_utf8(signature).map_err(|_| damaged(name, "its signature is no text"))?;
        Ok((manifest, signature))
    }

    /// All other entries.
    pub(super) fn rest(&self) -> Result<Entries, Failure> {
        let (mut entries, mut at) = (Entries::new(), self.rest);
        while let Some((name, bytes, next)) = first(self.name, &self.tar[at..], u64::MAX)? {
            let name: EntryName = name.parse().map_err(|wrong: Wrong| of(self.name, &wrong))?;
            if entries.contains_key(&name) {
                return Err(of(self.name, &Wrong::Additional(name.to_string())));
            }
            entries.insert(name, bytes);
            at += next;
        }
        Ok(entries)
    }
}

/// The entry at the beginning: its name, its bytes, and how far the next one is. None at the end.
fn first(kit: &str, tar: &[u8], limit: u64) -> Result<Option<(String, Vec<u8>, usize)>, Failure> {
    const BLOCK: usize = 512;
    let cut = || damaged(kit, "it is damaged or cut off");
    let mut archive = Archive::new(tar);
    // Raw: no entry tells another name or size for the next one.
    let mut entries = archive.entries().map_err(|_| cut())?.raw(true);
    let Some(entry) = entries.next() else { return Ok(None) };
    let mut entry = entry.map_err(|_| cut())?;
    let name = String::from_utf8(entry.path_bytes().into_owned())
        .map_err(|_| damaged(kit, "the name of a file in it is no text"))?;
    let kind = entry.header().entry_type();
    if kind != EntryType::Regular {
        return Err(of(kit, &Wrong::Name(format!("{name} ({kind:?})"))));
    }
    let size = entry.size();
    if size > limit || size > tar.len() as u64 {
        return Err(cut());
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|_| cut())?;
    let next = BLOCK + bytes.len().next_multiple_of(BLOCK);
    if bytes.len() as u64 != size || next > tar.len() {
        return Err(cut());
    }
    Ok(Some((name, bytes, next)))
}
