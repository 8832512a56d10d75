//! What a kit is: the names in it, the list of digests that is signed, and what it says of itself. Files,
//! keys and archives are the caller's.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::addr::Name;
use crate::json::{Versioned, read_versioned};
use crate::plan::sha256_hex;
use crate::text::is_hostile;

/// The format of [`About`] that is written. A new minor version adds, a new major version changes.
pub const FORMAT_VERSION: &str = "1.0";
/// The entry that holds [`About`].
pub const ABOUT: &str = "kit.json";
/// Longest name of an entry, in bytes: what the old tar format has room for.
const MAX_NAME_BYTES: usize = 200;

/// Why something is no kit, or not a whole one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A name that leads elsewhere or cannot be shown.
    #[error("{0:?} is no name of a file below the kit")]
    Name(String),
    /// A line of the manifest that is none.
    #[error(
        "line {0} of its list of digests is not a digest, two blanks and a name that follows the one before"
    )]
    Line(usize),
    /// An entry that the manifest does not list.
    #[error("`{0}` is in it and not on the signed list")]
    Additional(String),
    /// An entry that only the manifest has.
    #[error("`{0}` is on the signed list and not in it")]
    Missing(String),
    /// An entry that is not as it was signed.
    #[error("`{0}` is not what was signed")]
    Changed(String),
    /// It does not say what it is.
    #[error("what it says of itself cannot be read: {0}")]
    About(String),
}

/// The name of an entry: a relative path of plain components. No two spellings mean the same file, and none
/// leads out of the folder that a kit is opened into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryName(String);

impl EntryName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EntryName {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<EntryName, Wrong> {
        // `sha256sum` writes a backslash and a line end otherwise than they are.
        let plain = |c: char| !is_hostile(c) && !c.is_control() && c != '\\';
        let component = |part: &str| !part.is_empty() && part != "." && part != "..";
        let fits = text.len() <= MAX_NAME_BYTES && text.chars().all(plain) && text.split('/').all(component);
        if fits { Ok(EntryName(text.to_owned())) } else { Err(Wrong::Name(text.to_owned())) }
    }
}

impl TryFrom<String> for EntryName {
    type Error = Wrong;

    fn try_from(text: String) -> Result<EntryName, Wrong> {
        text.parse()
    }
}

impl From<EntryName> for String {
    fn from(name: EntryName) -> String {
        name.0
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is in a kit, by name.
pub type Entries = BTreeMap<EntryName, Vec<u8>>;

/// The digest of every entry: the text that is signed, in the form of `sha256sum`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest(BTreeMap<EntryName, String>);

impl Manifest {
    /// Of these entries.
    pub fn of(entries: &Entries) -> Manifest {
        Manifest(entries.iter().map(|(name, bytes)| (name.clone(), sha256_hex(bytes))).collect())
    }

    /// The names with their digests.
    pub fn iter(&self) -> impl Iterator<Item = (&EntryName, &str)> {
        self.0.iter().map(|(name, digest)| (name, digest.as_str()))
    }

    /// Whether these are the entries, all of them and nothing else.
    ///
    /// # Errors
    /// With the first that is not.
    pub fn check(&self, entries: &Entries) -> Result<(), Wrong> {
        if let Some(name) = entries.keys().find(|name| !self.0.contains_key(*name)) {
            return Err(Wrong::Additional(name.to_string()));
        }
        for (name, digest) in &self.0 {
            let bytes = entries.get(name).ok_or_else(|| Wrong::Missing(name.to_string()))?;
            if sha256_hex(bytes) != *digest {
                return Err(Wrong::Changed(name.to_string()));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, digest)| writeln!(f, "{digest}  {name}"))
    }
}

impl FromStr for Manifest {
    type Err = Wrong;

    /// Reads what [`Manifest`] displays and nothing else: the names sorted, none twice.
    fn from_str(text: &str) -> Result<Manifest, Wrong> {
        let mut all: BTreeMap<EntryName, String> = BTreeMap::new();
        for (line, entry) in text.split_terminator('\n').enumerate() {
            let wrong = Wrong::Line(line + 1);
            let (digest, name) = entry.split_once("  ").ok_or(wrong.clone())?;
            let name: EntryName = name.parse()?;
            let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
            let follows = all.last_key_value().is_none_or(|(before, _)| *before < name);
            if digest.len() != 64 || !digest.chars().all(hex) || !follows {
                return Err(wrong);
            }
            all.insert(name, digest.to_owned());
        }
        Ok(Manifest(all))
    }
}

/// What a kit says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Version of this format.
    pub format_version: String,
    /// The drctl that made it.
    pub drctl_version: String,
    /// When it was made.
    pub built_at: Timestamp,
    /// Whether the cloud is a simulated one.
    pub simulated: bool,
    /// The oldest sighting in its world; none when nothing was ever seen.
    pub last_seen: Option<Timestamp>,
    /// Digest of its configuration.
    pub config_sha256: String,
    /// Its scenarios.
    pub scenarios: Vec<Runbook>,
    /// What is not in it on purpose.
    pub left_out: Vec<Remark>,
    /// What a recovery needs and it does not have.
    pub missing: Vec<Remark>,
}

/// A scenario with its runbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runbook {
    /// The scenario.
    pub scenario: Name,
    /// The entry.
    pub file: EntryName,
    /// Whether everything had a way back when the kit was made.
    pub feasible: bool,
}

/// Something with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What.
    pub what: String,
    /// Why, and what to do about it.
    pub why: String,
}

/// What is read of a kit that any drctl made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// It can be used.
    About(Box<About>),
    /// A newer drctl made it, of this version and in this format.
    Newer(String, String),
}

impl About {
    /// As text: indented, with a line end.
    pub fn to_json(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).expect("it serialises to JSON"))
    }

    /// Reads one.
    ///
    /// # Errors
    /// When the text is none.
    pub fn from_json(text: &[u8]) -> Result<Read, Wrong> {
        #[derive(Deserialize)]
        struct By {
            drctl_version: String,
        }
        let text = str::from_utf8(text).map_err(|e| Wrong::About(e.to_string()))?;
        match read_versioned(text, FORMAT_VERSION).map_err(Wrong::About)? {
            Versioned::Known(about) => Ok(Read::About(Box::new(about))),
            Versioned::Newer(format) => {
                let by: By = serde_json::from_str(text).map_err(|e| Wrong::About(e.to_string()))?;
                Ok(Read::Newer(by.drctl_version, format))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(all: &[(&str, &str)]) -> Entries {
        all.iter().map(|(name, text)| (name.parse().unwrap(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        for good in ["a", "a/b.dr.hcl", "project/.drctl/last-world.json", "ä b/..c"] {
            assert_eq!(good.parse::<EntryName>().unwrap().to_string(), good);
        }
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        for bad in
            ["", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "a\nb", "a\0", "\u{202e}a", &long]
        {
            assert!(bad.parse::<EntryName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_manifest_reads_back_as_written_and_only_so() {
        let manifest = Manifest::of(&entries(&[("b", "2"), ("a/x", "1")]));
        let text = manifest.to_string();
        assert_eq!(text.parse::<Manifest>().unwrap(), manifest);
        let lines: Vec<&str> = text.lines().collect();
        let swapped = format!("{}\n{}\n", lines[1], lines[0]);
        let twice = format!("{}\n{}\n", lines[0], lines[0]);
        for bad in [swapped, twice, text.to_uppercase(), text.replace("  ", " "), text.replace("a/x", "../x")]
        {
            assert!(bad.parse::<Manifest>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_as_signed_is_named() {
        let manifest = Manifest::of(&entries(&[("a", "1"), ("b", "2")]));
        assert_eq!(manifest.check(&entries(&[("a", "1"), ("b", "2")])), Ok(()));
        for (found, wrong) in [
            (entries(&[("a", "1")]), Wrong::Missing("b".to_owned())),
            (entries(&[("a", "1"), ("b", "3")]), Wrong::Changed("b".to_owned())),
            (entries(&[("a", "1"), ("b", "2"), ("c", "3")]), Wrong::Additional("c".to_owned())),
        ] {
            assert_eq!(manifest.check(&found), Err(wrong));
        }
    }

    #[test]
    fn what_a_newer_drctl_made_is_told_from_what_is_damaged() {
        let newer = br#"{"format_version":"2.0","drctl_version":"9.1.0","else":1}"#;
        assert_eq!(About::from_json(newer), Ok(Read::Newer("9.1.0".to_owned(), "2.0".to_owned())));
        for bad in [&b"{}"[..], b"[", br#"{"format_version":"x","drctl_version":"1"}"#] {
            assert!(matches!(About::from_json(bad), Err(Wrong::About(_))));
        }
    }
}
