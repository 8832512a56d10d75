//! What a bucket held at an instant, key by key, beside what it shows now, and what brings the first back.
//! Only delete markers that are newer than the instant are ever taken away.

use drctl_core::provider::{ErrorClass, ProviderError};
use jiff::Timestamp;

use crate::port::{Cloud, VersionEntry, VersionKind, VersionMark};

/// The id of what was written without versioning: it is written over, and may mean something else by now.
const NULL: &str = "null";

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Its name.
    pub(super) name: String,
    /// What it shows now, the newest of all.
    now: VersionEntry,
    /// The newest of those that are not after the instant.
    then: Option<VersionEntry>,
    /// Delete markers after the instant.
    markers: Vec<String>,
    /// Whether an object was written after the instant.
    written_since: bool,
}

/// What brings a key back to the instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Back {
    /// Nothing: it is as it was.
    Nothing,
    /// It shows what it did not show then: it is left alone, and told.
    New,
    /// These delete markers are taken away, and what was there shows again.
    Uncover(Vec<String>),
    /// This version is copied over what is there now.
    Copy {
        /// Its id.
        version: String,
        /// Its size in bytes.
        size: u64,
    },
}

impl Key {
    fn of(entry: VersionEntry, at: Timestamp) -> Key {
        let name = entry.key.clone();
        let mut key = Key { name, now: entry.clone(), then: None, markers: Vec::new(), written_since: false };
        key.add(entry, at);
        key
    }

    /// Takes an older entry in.
    fn add(&mut self, entry: VersionEntry, at: Timestamp) {
        // The service tells whole seconds.
        match (&entry.is, entry.written.as_second() <= at.as_second()) {
            (_, true) if self.then.is_some() => {}
            (_, true) => self.then = Some(entry),
            (VersionKind::DeleteMarker, false) => self.markers.push(entry.version),
            (VersionKind::Object { .. }, false) => self.written_since = true,
        }
    }

    /// Whether it is hidden now.
    pub(super) fn is_hidden(&self) -> bool {
        self.now.is == VersionKind::DeleteMarker
    }

    /// Whether an object was written to it since.
    pub(super) fn is_written_since(&self) -> bool {
        self.written_since
    }

    /// Whether it was deleted since, and is.
    pub(super) fn is_deleted_since(&self) -> bool {
        self.is_hidden() && !self.markers.is_empty()
    }

    /// What brings it back. What was deleted before the instant was deleted then, whatever older versions
    /// there are.
    pub(super) fn back(&self) -> Back {
        let Some(VersionEntry { version, is: VersionKind::Object { size, etag }, .. }) = &self.then else {
            return if self.is_hidden() { Back::Nothing } else { Back::New };
        };
        let is_so = match &self.now.is {
            VersionKind::Object { size: now, etag: it } => {
                self.now.version == *version || (size, etag) == (now, it)
            }
            VersionKind::DeleteMarker => false,
        };
        if is_so {
            return Back::Nothing;
        }
        // A `null` marker may be an object when it is asked to go: a copy covers it just as well.
        if !self.written_since && !self.markers.iter().any(|id| id == NULL) {
            return Back::Uncover(self.markers.clone());
        }
        Back::Copy { version: version.clone(), size: *size }
    }
}

/// Goes through all keys of a bucket, a page at a time.
pub(super) struct Keys<'c> {
    cloud: &'c Cloud,
    bucket: &'c str,
    at: Timestamp,
    mark: Option<VersionMark>,
    /// The last key of the pages so far, which may go on.
    open: Option<Key>,
    ended: bool,
}

impl<'c> Keys<'c> {
    pub(super) fn new(cloud: &'c Cloud, bucket: &'c str, at: Timestamp) -> Keys<'c> {
        Keys { cloud, bucket, at, mark: None, open: None, ended: false }
    }

    /// The next keys; none when there are no more.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Key>>, ProviderError> {
        if self.ended {
            return Ok(None);
        }
        let page = self.cloud.list_object_versions(self.bucket, "", self.mark.as_ref()).await?;
        let mut done = Vec::new();
        for entry in page.entries {
            match &mut self.open {
                Some(key) if key.name == entry.key => key.add(entry, self.at),
                open => done.extend(open.replace(Key::of(entry, self.at))),
            }
        }
        match page.next {
            None => {
                self.ended = true;
                done.extend(self.open.take());
            }
            // A listing that does not go on would be read for ever.
            Some(mark) if Some(&mark) == self.mark.as_ref() => {
                return Err(ProviderError {
                    doing: format!("listing the versions in bucket `{}`", self.bucket),
                    class: ErrorClass::Malformed,
                    code: None,
                    message: "the same page came twice".to_owned(),
                });
            }
            Some(mark) => self.mark = Some(mark),
        }
        Ok(Some(done))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-03-02T12:00:00Z";

    /// A key whose entries are written oldest first: `o` an object before the instant, `O` after it, `d` and
    /// `D` delete markers, `n` a `null` marker after it.
    fn key(history: &str) -> Key {
        let entries: Vec<VersionEntry> = history
            .char_indices()
            .map(|(nth, c)| {
                let since = if c.is_ascii_lowercase() && c != 'n' { -60 } else { 60 };
                let seconds = since + i64::try_from(nth).unwrap();
                let at: Timestamp = AT.parse().unwrap();
                VersionEntry {
                    key: "k".to_owned(),
                    version: if c == 'n' { NULL.to_owned() } else { format!("v{nth}") },
                    is_latest: nth + 1 == history.len(),
                    written: at + jiff::SignedDuration::from_secs(seconds),
                    is: match c.to_ascii_lowercase() {
                        'o' => VersionKind::Object { size: 1, etag: format!("e{nth}") },
                        _marker => VersionKind::DeleteMarker,
                    },
                }
            })
            .rev()
            .collect();
        let mut entries = entries.into_iter();
        let at = AT.parse().unwrap();
        let mut key = Key::of(entries.next().unwrap(), at);
        entries.for_each(|entry| key.add(entry, at));
        key
    }

    #[test]
    fn s9_s14_every_history_of_a_key_goes_back_to_what_it_showed() {
        let uncover = |ids: &[&str]| Back::Uncover(ids.iter().map(|id| (*id).to_owned()).collect());
        let copy = |id: &str| Back::Copy { version: id.to_owned(), size: 1 };
        for (history, back) in [
            ("o", Back::Nothing),
            ("oo", Back::Nothing),
            ("od", Back::Nothing),
            ("oD", uncover(&["v1"])),
            ("oDD", uncover(&["v2", "v1"])),
            ("oO", copy("v0")),
            ("oOD", copy("v0")),
            ("oDO", copy("v0")),
            // Deleted before, written again since: the old version does not come back.
            ("odO", Back::New),
            ("odOD", Back::Nothing),
            // Deleted and written again before: the second version does.
            ("odoD", uncover(&["v3"])),
            ("odoO", copy("v2")),
            ("O", Back::New),
            ("OD", Back::Nothing),
            ("on", copy("v0")),
        ] {
            assert_eq!(key(history).back(), back, "{history}");
        }
    }

    #[test]
    fn what_was_copied_back_is_not_copied_again() {
        let mut again = key("oO");
        again.now.is = VersionKind::Object { size: 1, etag: "e0".to_owned() };
        assert_eq!(again.back(), Back::Nothing);
    }
}
