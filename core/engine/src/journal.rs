//! What a run did, line by line. A line is on the disk before the effect it announces and after the
//! effect it tells of, and carries the digest of the line before, so that nothing can be changed in the
//! middle unseen. A last line without its end was never relied on and is left out; anything else that
//! cannot be read is an error.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use drctl_core::addr::Address;
use drctl_core::plan::{Step, StepId};
use drctl_core::provider::{Attempt, Id};
use drctl_core::run::{Event, Illegal, Run, Standing};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::files::{self, FileError, write_synced};
use crate::hooks::Hooks;
use crate::runs::file_name;

/// The version this drctl writes. A journal with another first part cannot be read.
pub const FORMAT_VERSION: &str = "2.0";

/// Largest journal: some hundred thousand steps. A bound for the disk and for reading.
pub(crate) const MAX_JOURNAL_BYTES: u64 = 256 << 20;

/// How many finished journals are kept.
const KEEP_FINISHED: usize = 20;

/// The first line of a journal: enough to replay the others.
pub trait Opening: Serialize + DeserializeOwned {
    /// The name of the run.
    fn name(&self) -> &str;
    /// The run before anything has happened.
    fn begin(&self) -> Run;
}

/// The first line of the journal of an apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of this format.
    pub format_version: String,
    /// The run.
    pub run: String,
    /// When it began.
    pub began: Timestamp,
    /// The steps of its plan.
    pub steps: Vec<Step>,
    /// What each step is about, by the provider's name.
    pub ids: BTreeMap<StepId, Id>,
}

impl Header {
    /// The header of a new journal.
    pub fn new(run: &str, began: Timestamp, steps: &[Step], ids: BTreeMap<StepId, Id>) -> Header {
        let format_version = FORMAT_VERSION.to_owned();
        Header { format_version, run: run.to_owned(), began, steps: steps.to_vec(), ids }
    }
}

impl Opening for Header {
    fn name(&self) -> &str {
        &self.run
    }

    fn begin(&self) -> Run {
        Run::of_apply(&self.steps)
    }
}

/// Why a journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line in the middle, or the whole, is not what drctl writes.
    #[error("`{}`, line {line}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The lines contradict each other.
    #[error("`{}`, line {line}: {source}", path.display())]
    Illegal {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The contradiction.
        source: Illegal,
    },
    /// Another drctl wrote it.
    #[error("`{}` has format version {version}, this drctl reads {FORMAT_VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: String,
    },
}

/// How much of a journal is on the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Its bytes.
    pub bytes: u64,
    /// Its lines.
    pub lines: usize,
}

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    written: Written,
    /// The digest of the last line.
    last: String,
}

impl Journal {
    /// Begins a journal; refuses to write over another one.
    ///
    /// # Errors
    /// When there is one already, or the file cannot be written.
    pub fn begin<H: Opening>(path: &Path, header: &H, hooks: &dyn Hooks) -> Result<Journal, JournalError> {
        use std::os::unix::fs::OpenOptionsExt;
        let failed = |e| FileError::new("beginning the journal", path, e);
        let dir = files::directory_of(path);
        fs::create_dir_all(dir).map_err(failed)?;
        let file = File::options().append(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        let mut journal =
            Journal { file, path: path.to_owned(), written: Written::default(), last: String::new() };
        hooks.at("before_journal");
        journal.line(&serde_json::to_string(header).expect("a header serialises to JSON"))?;
        files::sync_directory(dir)?;
        hooks.at("after_journal");
        Ok(journal)
    }

    /// Goes on with a journal that was read; a torn last line is cut off.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn go_on<H>(path: &Path, replayed: &Replayed<H>) -> Result<Journal, JournalError> {
        let failed = |e| FileError::new("going on with the journal", path, e);
        let file = File::options().append(true).open(path).map_err(failed)?;
        file.set_len(replayed.length).and_then(|()| file.sync_all()).map_err(failed)?;
        let written = Written { bytes: replayed.length, lines: replayed.events.len() + 1 };
        Ok(Journal { file, path: path.to_owned(), written, last: replayed.last.clone() })
    }

    /// How much of it is on the disk.
    pub fn written(&self) -> Written {
        self.written
    }

    /// Adds an event; when this returns, it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written; then the event must not be acted on.
    pub fn append(&mut self, at: Timestamp, event: &Event, hooks: &dyn Hooks) -> Result<(), JournalError> {
        hooks.at("before_journal");
        let entry = Entry { at, after: &self.last, event };
        let entry = serde_json::to_string(&entry).expect("an event serialises to JSON");
        self.line(&entry)?;
        hooks.at("after_journal");
        Ok(())
    }

    fn line(&mut self, text: &str) -> Result<(), JournalError> {
        let size = text.len() as u64 + 1;
        if self.written.bytes + size > MAX_JOURNAL_BYTES {
            let (path, limit) = (self.path.clone(), MAX_JOURNAL_BYTES);
            return Err(FileError::TooLarge { path, limit }.into());
        }
        write_synced(&mut self.file, format!("{text}\n").as_bytes())
            .map_err(|e| FileError::new("writing the journal", &self.path, e))?;
        self.written = Written { bytes: self.written.bytes + size, lines: self.written.lines + 1 };
        self.last = digest(text.as_bytes());
        Ok(())
    }

    /// Puts the journal of a finished run aside.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn finish(self, history: &Path, run: &str) -> Result<(), JournalError> {
        archive(&self.path, history, run)
    }
}

/// The SHA-256 of a line, in hexadecimal.
pub(crate) fn digest(line: &[u8]) -> String {
    Sha256::digest(line).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize)]
struct Entry<'e> {
    at: Timestamp,
    /// The digest of the line before.
    after: &'e str,
    #[serde(flatten)]
    event: &'e Event,
}

/// Something that was being done when a run was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// The step.
    pub step: Step,
    /// What it was about.
    pub id: Option<Id>,
    /// The key under which it is safe to repeat.
    pub attempt: Attempt,
}

/// A journal as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed<H = Header> {
    /// Its first line.
    pub header: H,
    /// What happened, in order.
    pub events: Vec<(Timestamp, Event)>,
    /// Where the run stands.
    pub run: Run,
    /// Whether a last, torn line was left out.
    pub torn: bool,
    /// The bytes of its whole lines.
    length: u64,
    /// The digest of its last whole line.
    last: String,
}

impl Replayed {
    /// What was started and has no outcome.
    pub fn in_flight(&self) -> Vec<InFlight> {
        let mut found = Vec::new();
        for step in &self.header.steps {
            if let Some(Standing::Running(attempt) | Standing::Lost(attempt)) = self.run.standing(step.id) {
                let id = self.header.ids.get(&step.id).cloned();
                found.push(InFlight { step: step.clone(), id, attempt: attempt.clone() });
            }
        }
        found
    }

    /// What the run is known to have made: it was not there, and the provider has answered.
    pub fn made(&self) -> impl Iterator<Item = (&Address, &Id)> {
        let made = self.events.iter().filter_map(|(_, event)| match event {
            Event::Made { step } => Some(*step),
            Event::Started { .. }
            | Event::Observed { .. }
            | Event::Succeeded { .. }
            | Event::Failed { .. }
            | Event::Asked { .. }
            | Event::Marked { .. }
            | Event::Undoing { .. }
            | Event::Undone { .. }
            | Event::UndoFailed { .. }
            | Event::Notified { .. }
            | Event::Interrupted
            | Event::Resumed
            | Event::TakenOver { .. }
            | Event::Aborted { .. }
            | Event::TakeDown { .. } => None,
        });
        made.filter_map(|id| {
            let step = self.header.steps.iter().find(|s| s.id == id)?;
            Some((&step.address, self.header.ids.get(&id)?))
        })
    }
}

/// Reads a journal; none when there is none, or when it was cut off within its first line, before
/// anything could have been done.
///
/// # Errors
/// When it cannot be read, is of another format, or contradicts itself.
pub fn replay<H: Opening>(path: &Path) -> Result<Option<Replayed<H>>, JournalError> {
    let Some(bytes) = files::read(path, MAX_JOURNAL_BYTES)? else { return Ok(None) };
    replay_text(path, &bytes)
}

/// Reads a journal that was got from elsewhere; `path` is what it is called in errors.
///
/// # Errors
/// As [`replay`].
pub fn replay_text<H: Opening>(path: &Path, bytes: &[u8]) -> Result<Option<Replayed<H>>, JournalError> {
    let malformed =
        |line: usize, message: String| JournalError::Malformed { path: path.to_owned(), line, message };
    let end = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let torn = end < bytes.len();
    let Some(whole) = end.checked_sub(1) else { return Ok(None) };
    let mut lines = bytes[..whole].split(|b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    let header: H = read_header(path, first)?;
    let mut last = digest(first);
    let mut run = header.begin();
    let mut events = Vec::new();
    for (line, text) in lines.enumerate().map(|(n, text)| (n + 2, text)) {
        let (at, event) = read_entry(text, &last).map_err(|m| malformed(line, m))?;
        last = digest(text);
        run.record(&event).map_err(|source| JournalError::Illegal { path: path.to_owned(), line, source })?;
        events.push((at, event));
    }
    Ok(Some(Replayed { header, events, run, torn, length: end as u64, last }))
}

fn read_header<H: Opening>(path: &Path, text: &[u8]) -> Result<H, JournalError> {
    let malformed = |e: serde_json::Error| JournalError::Malformed {
        path: path.to_owned(),
        line: 1,
        message: e.to_string(),
    };
    #[derive(Deserialize)]
    struct Head {
        format_version: String,
    }
    let Head { format_version: version } = serde_json::from_slice(text).map_err(malformed)?;
    if version.split('.').next() != FORMAT_VERSION.split('.').next() {
        return Err(JournalError::Version { path: path.to_owned(), version });
    }
    serde_json::from_slice(text).map_err(malformed)
}

/// Goes through a JSON tree: numbers of any length do not survive serde's own buffering of tagged
/// enums.
fn read_entry(text: &[u8], before: &str) -> Result<(Timestamp, Event), String> {
    let mut json: serde_json::Value = serde_json::from_slice(text).map_err(|e| e.to_string())?;
    let entry = json.as_object_mut().ok_or("it is no event")?;
    let at = entry.remove("at").ok_or("`at` is missing")?;
    let at = serde_json::from_value(at).map_err(|e| e.to_string())?;
    let after = entry.remove("after").ok_or("`after` is missing")?;
    if after != before {
        return Err(
            "it does not follow the line before: one of them was changed, added or removed".to_owned()
        );
    }
    Ok((at, serde_json::from_value(json).map_err(|e| e.to_string())?))
}

/// Puts a journal aside under its run's name and lets the oldest go.
///
/// # Errors
/// When it cannot be moved.
pub fn archive(path: &Path, history: &Path, run: &str) -> Result<(), JournalError> {
    files::rename(path, &history.join(format!("{}.jsonl", file_name(run))))?;
    let failed = |e| FileError::new("reading", history, e);
    let mut kept = Vec::new();
    for entry in fs::read_dir(history).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let modified = entry.metadata().and_then(|m| m.modified()).map_err(failed)?;
        kept.push((modified, entry.path()));
    }
    kept.sort();
    let surplus = kept.len().saturating_sub(KEEP_FINISHED);
    for (_, old) in kept.drain(..surplus) {
        fs::remove_file(&old).map_err(|e| FileError::new("removing", &old, e))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use drctl_core::plan::Op;
    use drctl_core::provider::{ErrorClass, ProviderError};

    use super::*;
    use crate::hooks::NoHooks;

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn header() -> Header {
        let step = |id: u32| Step {
            id: StepId(id),
            address: "toy_box.a[\"x\"]".parse().unwrap(),
            op: Op::Create,
            needs: BTreeSet::new(),
        };
        Header::new("run-1", now(), &[step(1), step(2)], [(StepId(1), Id("a".to_owned()))].into())
    }

    fn events() -> Vec<Event> {
        let started = |n: u32| Event::Started { step: StepId(n), attempt: Attempt(format!("run-1/{n}")) };
        let error = ProviderError {
            doing: "creating".to_owned(),
            class: ErrorClass::Denied,
            code: None,
            message: "no\nway".to_owned(),
        };
        vec![started(1), started(2), Event::Failed { step: StepId(2), error }, Event::Interrupted]
    }

    fn written(dir: &Path) -> PathBuf {
        let path = dir.join("journal");
        let mut journal = Journal::begin(&path, &header(), &NoHooks).unwrap();
        for event in events() {
            journal.append(now(), &event, &NoHooks).unwrap();
        }
        path
    }

    #[test]
    fn a_journal_reads_back_and_tells_what_was_in_flight() {
        let dir = tempfile::tempdir().unwrap();
        let replayed = replay::<Header>(&written(dir.path())).unwrap().unwrap();
        assert_eq!(replayed.header, header());
        assert_eq!(replayed.events.into_iter().map(|(_, e)| e).collect::<Vec<_>>(), events());
        let replayed = replay::<Header>(&dir.path().join("journal")).unwrap().unwrap();
        let in_flight = replayed.in_flight();
        assert_eq!(in_flight.len(), 1);
        assert_eq!(in_flight[0].id, Some(Id("a".to_owned())));
        assert_eq!(in_flight[0].attempt, Attempt("run-1/1".to_owned()));
    }

    #[test]
    fn cut_at_any_byte_it_reads_as_all_whole_lines_before() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = fs::read(written(dir.path())).unwrap();
        let path = dir.path().join("cut");
        for length in 0..=bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            let lines = bytes[..length].iter().filter(|b| **b == b'\n').count();
            match replay::<Header>(&path).unwrap() {
                None => assert_eq!(lines, 0, "cut at {length}"),
                Some(replayed) => {
                    assert_eq!(replayed.events.len(), lines - 1, "cut at {length}");
                    assert_eq!(replayed.torn, bytes[length - 1] != b'\n', "cut at {length}");
                }
            }
        }
    }

    #[test]
    fn damage_anywhere_else_is_an_error_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let text = fs::read_to_string(written(dir.path())).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let version = text.replacen("\"2.0\"", "\"3.0\"", 1);
        let cases = [
            (format!("{}\n{{\n{}\n", lines[0], lines[1]), "line 2"),
            (format!("{}\n\n{}\n", lines[0], lines[1]), "line 2"),
            (
                format!("{}\n{}\n{}\n", lines[0], lines[1], lines[1]),
                "line 3: it does not follow the line before",
            ),
            (format!("{}\n{}\n", lines[0], lines[3]), "line 2: it does not follow"),
            (text.replace("run-1/2", "run-1/3"), "line 4: it does not follow"),
            (text.replacen("toy_box", "toy_bag", 1), "line 2: it does not follow"),
            (format!("x\n{}\n", lines[1]), "line 1"),
            (format!("\n{}\n", lines[1]), "line 1"),
            (version, "format version 3.0"),
        ];
        let path = dir.path().join("damaged");
        for (text, expected) in cases {
            fs::write(&path, &text).unwrap();
            let error = replay::<Header>(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} for {text}");
        }
    }

    #[test]
    fn what_cannot_have_happened_is_an_error_though_the_chain_holds() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let mut journal = Journal::begin(&path, &header(), &NoHooks).unwrap();
        journal.append(now(), &Event::Succeeded { step: StepId(1) }, &NoHooks).unwrap();
        let error = replay::<Header>(&path).unwrap_err().to_string();
        assert!(error.contains("line 2: step 1 has come further and was not running"), "{error}");
    }

    #[test]
    fn a_torn_journal_goes_on_behind_its_last_whole_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path());
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        let torn = replay::<Header>(&path).unwrap().unwrap();
        let mut journal = Journal::go_on(&path, &torn).unwrap();
        journal.append(now(), &Event::Resumed, &NoHooks).unwrap();
        let again = replay::<Header>(&path).unwrap().unwrap();
        assert!(!again.torn);
        assert_eq!(again.events.last().unwrap().1, Event::Resumed);
    }

    #[test]
    fn another_run_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path());
        assert!(Journal::begin(&path, &header(), &NoHooks).is_err());
        assert!(replay::<Header>(&path).unwrap().is_some());
    }

    #[test]
    fn the_last_twenty_finished_journals_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (path, history) = (dir.path().join("journal"), dir.path().join("journals"));
        for n in 0..25 {
            Journal::begin(&path, &header(), &NoHooks)
                .unwrap()
                .finish(&history, &format!("run/{n}"))
                .unwrap();
        }
        assert!(!path.exists());
        assert_eq!(fs::read_dir(&history).unwrap().count(), KEEP_FINISHED);
        assert!(history.join("run-24.jsonl").exists());
    }
}
