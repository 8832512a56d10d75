//! The folders of recoveries and drills: each run has one, with its journal, what its steps said, and
//! the words of persons that whoever commands the run has not taken up yet.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use drctl_core::plan::StepId;
use drctl_core::recovery::{CameBack, Carried, Notice, OffLimits, Owner, RecoveryPlan};
use drctl_core::run::{AtEnd, Event, Next, Node, OnFailure, Run, Verdict};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::faults::Fault;
use crate::files::{self, FileError};
use crate::journal::{self, FORMAT_VERSION, JournalError, MAX_JOURNAL_BYTES, Opening, Replayed};
use crate::said::{done_in, last_of};

/// Largest word of a person: evidence and inputs are a few lines.
const MAX_WORD_BYTES: u64 = 1 << 20;

/// The first line of a run's journal: all that is needed to go on with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Version of the journal's format.
    pub format_version: String,
    /// The run.
    pub run: String,
    /// What the run is of.
    pub of: Of,
    /// When it began.
    pub began: Timestamp,
    /// Who began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether it runs on a simulated cloud.
    #[serde(default)]
    pub simulated: bool,
    /// Since when the data was wrong, where somebody has said so. Else what was lost was lost when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_since: Option<Timestamp>,
    /// Seconds that it may take.
    pub rto_s: Option<i64>,
    /// Seconds of data that may be lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpo_s: Option<i64>,
    /// What a failure does.
    pub on_failure: OnFailure,
    /// What becomes of what it made.
    #[serde(default)]
    pub at_end: AtEnd,
    /// What holds each datastore when it is done, where that is something else than before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub came_back: Vec<CameBack>,
    /// The steps as the run sees them.
    pub nodes: Vec<Node>,
    /// The steps as they are carried out, by their numbers.
    pub jobs: BTreeMap<StepId, Job>,
    /// The steps of the way back that a drill does not do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What nobody may name in a drill.
    #[serde(default, skip_serializing_if = "OffLimits::is_empty")]
    pub off_limits: OffLimits,
    /// What goes wrong on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub injected: Vec<Fault>,
    /// Who is told of it, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// A step of the way back that a drill does not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its number in the way back.
    pub step: StepId,
    /// What it does.
    pub summary: String,
    /// Why it is left out.
    pub why: String,
}

/// What a run is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// A recovery from this scenario, or from a loss without a name.
    Recovery(Option<String>),
    /// Only what looks, of such a recovery.
    Practice(Option<String>),
    /// This drill.
    Drill(String),
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scenario = |name: &Option<String>| name.clone().unwrap_or("a loss without a name".to_owned());
        match self {
            Of::Recovery(name) => write!(f, "recovery from {}", scenario(name)),
            Of::Practice(name) => write!(f, "practice of {}", scenario(name)),
            Of::Drill(name) => write!(f, "drill {name}"),
        }
    }
}

/// A step as it is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// What is done.
    pub summary: String,
    /// The procedure and the step in it, where it is written.
    pub written: Option<(String, String)>,
    /// How it is carried out.
    pub carried: Carried,
    /// The command that a person would type for it.
    pub command: Vec<String>,
    /// The command that takes it back.
    pub undo: Vec<String>,
    /// How a person takes it back.
    pub undo_by_hand: Option<String>,
    /// Who does it, or says that it may be done: with how they are reached.
    pub owner: Option<Owner>,
    /// What the operator has to say for it: name and what is asked.
    pub inputs: BTreeMap<String, String>,
    /// The datastore that it brings back.
    pub datastore: Option<String>,
    /// What it makes sure of.
    pub checks: Option<String>,
    /// The usual seconds.
    pub p50_s: Option<i64>,
    /// The unlucky seconds.
    pub p95_s: Option<i64>,
    /// Whether it is a part of the downtime.
    pub downtime: bool,
    /// Whether a machine changes something with it, rather than to look or to wait.
    #[serde(default)]
    pub changes: bool,
}

impl Job {
    /// The words of its commands: what it looks at first, what it does, what takes it back.
    pub fn words(&self) -> impl Iterator<Item = &String> {
        let looks = self.carried.before.iter().flat_map(|before| &before.words);
        looks.chain(&self.command).chain(&self.undo)
    }
}

impl Begun {
    /// The opening of a run of this plan.
    pub fn of(plan: &RecoveryPlan, of: Of, began: Timestamp, on_failure: OnFailure) -> Begun {
        let job = |step: &drctl_core::recovery::Step| Job {
            summary: step.summary.clone(),
            written: step.written.as_ref().map(|w| (w.procedure.to_string(), w.step.clone())),
            carried: match of {
                Of::Drill(_) => step.carried.clone(),
                // What comes back is in use: whatever a plan says, no kind removes it.
                Of::Practice(_) | Of::Recovery(_) => Carried { take_down: None, ..step.carried.clone() },
            },
            command: step.command_equivalent.clone(),
            undo: step.undo.clone(),
            undo_by_hand: step.undo_by_hand.clone(),
            owner: step.owner.clone(),
            inputs: step
                .written
                .iter()
                .flat_map(|w| &w.inputs)
                .map(|asked| (asked.name.clone(), asked.description.clone()))
                .collect(),
            datastore: step.datastore.as_ref().map(ToString::to_string),
            checks: step.checks.map(str::to_owned),
            p50_s: step.p50_s,
            p95_s: step.p95_s,
            downtime: step.downtime,
            changes: step.changes(),
        };
        Begun {
            format_version: FORMAT_VERSION.to_owned(),
            run: plan.run.clone(),
            began,
            wrong_since: None,
            rto_s: plan.rto.objective_s,
            rpo_s: plan.rpo.objective_s,
            on_failure,
            at_end: AtEnd::Keep,
            by: None,
            simulated: false,
            left_out: Vec::new(),
            off_limits: OffLimits::default(),
            injected: Vec::new(),
            came_back: plan.chosen_points.iter().filter_map(|choice| choice.came_back.clone()).collect(),
            // Nobody is called out of bed for a practice or a drill.
            notices: match of {
                Of::Practice(_) | Of::Drill(_) => Vec::new(),
                Of::Recovery(_) => {
                    let called = plan.escalation.iter().filter_map(|called| called.notice.clone());
                    plan.notices.iter().cloned().chain(called).collect()
                }
            },
            nodes: match of {
                Of::Practice(_) => plan.looks(),
                Of::Recovery(_) | Of::Drill(_) => plan.nodes(),
            },
            jobs: plan.steps.iter().map(|step| (StepId(step.id), job(step))).collect(),
            of,
        }
    }
}

impl Opening for Begun {
    fn name(&self) -> &str {
        &self.run
    }

    fn begin(&self) -> Run {
        Run::new(self.nodes.clone(), self.on_failure).ending(self.at_end)
    }
}

/// How many runs are looked at for how long steps take: what was long ago says little of today.
const MEASURED_RUNS: usize = 20;

/// What the runs so far say of those to come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Experience {
    /// How long each written step took in the last recoveries and drills, in seconds. What a person took is
    /// the time from when they were asked.
    pub samples: BTreeMap<(String, String), Vec<i64>>,
    /// When each drill last began that went well.
    pub drilled: BTreeMap<String, Timestamp>,
}

/// What the runs say. Of one that cannot be read nothing is known.
///
/// # Errors
/// When the folder of the runs cannot be read.
pub fn experience(data: &Path) -> Result<Experience, FileError> {
    let mut found = Experience::default();
    for (folder, place) in Folder::all(data)?.iter().rev().zip(0..) {
        let Ok(Some(run)) = folder.read() else { continue };
        match &run.header.of {
            Of::Practice(_) => continue,
            Of::Drill(name) if went(&run.run) == Stand::Done => {
                let last = found.drilled.entry(name.clone()).or_insert(run.header.began);
                *last = run.header.began.max(*last);
            }
            Of::Drill(_) | Of::Recovery(_) => {}
        }
        if place >= MEASURED_RUNS {
            continue;
        }
        for (step, seconds) in durations(&run.events) {
            let written = run.header.jobs.get(&step).and_then(|job| job.written.clone());
            if let Some(written) = written {
                found.samples.entry(written).or_default().push(seconds);
            }
        }
    }
    Ok(found)
}

/// How long each step took that is done: from its first start, so that what had to be tried again took
/// longer. What was cut off and taken up later is left out, for it says nothing of the step.
fn durations(events: &[(Timestamp, Event)]) -> BTreeMap<StepId, i64> {
    let (mut began, mut took) = (BTreeMap::new(), BTreeMap::new());
    for (at, event) in events {
        match event {
            Event::Started { step, .. } | Event::Asked { step } => {
                began.entry(*step).or_insert(*at);
            }
            Event::Succeeded { step } | Event::Marked { step, verdict: Verdict::Done, .. } => {
                if let Some(since) = began.get(step) {
                    took.insert(*step, at.duration_since(*since).as_secs());
                }
            }
            Event::Resumed => began.clear(),
            Event::Observed { .. }
            | Event::Made { .. }
            | Event::Failed { .. }
            | Event::Marked { .. }
            | Event::Undoing { .. }
            | Event::Undone { .. }
            | Event::UndoFailed { .. }
            | Event::Notified { .. }
            | Event::Interrupted
            | Event::TakenOver { .. }
            | Event::Aborted { .. }
            | Event::TakeDown { .. } => {}
        }
    }
    took
}

/// Where a run stands, seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Everything is done.
    Done,
    /// It has failed and is taken back, or was given up: nothing is left to do.
    Ended,
    /// It can be gone on with: it was left, stopped or killed, or holds at a failure.
    Open,
}

/// Where the run stands. What it made and is taken down says nothing of how it went.
pub fn stand(run: &Run) -> Stand {
    match (run.next(1), run.before()) {
        (Next::Finished(outcome), _) if outcome.interrupted || !outcome.stuck.is_empty() => Stand::Open,
        (Next::Finished(_), Some(before)) if went(before) == Stand::Done => Stand::Done,
        (Next::Finished(_), Some(_)) => Stand::Ended,
        (Next::Finished(_), None) => went(run),
        (
            Next::Ask(_) | Next::Undo(_) | Next::Start(_) | Next::Wait | Next::Persons(_) | Next::TakeDown,
            _,
        ) => Stand::Open,
    }
}

/// How the steps of a run went, whatever became of what they made.
pub fn went(run: &Run) -> Stand {
    let run = run.before().unwrap_or(run);
    let outcome = match run.next(1) {
        Next::TakeDown => run.outcome(),
        Next::Finished(outcome) => outcome,
        Next::Ask(_) | Next::Undo(_) | Next::Start(_) | Next::Wait | Next::Persons(_) => return Stand::Open,
    };
    if outcome.is_success() {
        Stand::Done
    } else if outcome.interrupted || !outcome.stuck.is_empty() {
        Stand::Open
    } else if outcome.aborted {
        Stand::Ended
    } else if outcome.failed.is_empty() && outcome.undone.is_empty() {
        // What a person left out was left out on purpose.
        Stand::Done
    } else if run.holds() {
        // A lane that holds behind its pivot can be gone on with, whatever became of the others.
        Stand::Open
    } else {
        Stand::Ended
    }
}

/// A word of a person that nobody has taken up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its file.
    pub path: PathBuf,
    /// What was said, or why that cannot be read.
    pub said: Result<Event, String>,
}

/// The name of a run as that of a file.
pub(crate) fn file_name(run: &str) -> String {
    run.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// The folder of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder of the run of that name, below drctl's data.
    pub fn new(data: &Path, run: &str) -> Folder {
        Folder(data.join("runs").join(file_name(run)))
    }

    /// Keeps a journal that was got from elsewhere, in the place of what is here. What a step said here that has been
    /// done again since is not kept.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn adopt(&self, journal: &[u8]) -> Result<(), FileError> {
        let before = files::read(&self.journal(), MAX_JOURNAL_BYTES)?.unwrap_or_default();
        let before = last_of(done_in(&before));
        for (step, done) in last_of(done_in(journal)) {
            if before.get(&step) != Some(&done) {
                files::remove(&self.said(step))?;
            }
        }
        files::replace(&self.journal(), journal)
    }

    /// All runs below drctl's data, sorted by name, which is by time.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn all(data: &Path) -> Result<Vec<Folder>, FileError> {
        let runs = data.join("runs");
        let entries = match fs::read_dir(&runs) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(FileError::new("reading", &runs, e)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|e| FileError::new("reading", &runs, e))?;
            if entry.path().join("journal.jsonl").exists() {
                all.push(Folder(entry.path()));
            }
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(all)
    }

    /// Its journal.
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal.jsonl")
    }

    /// The lock of whoever commands it.
    pub fn lock(&self) -> PathBuf {
        self.0.join("commander.lock")
    }

    /// What became of the run so far; none when there is no such run.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn read(&self) -> Result<Option<Replayed<Begun>>, JournalError> {
        journal::replay(&self.journal())
    }

    /// Keeps how the configuration follows the run, as a diff.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_patch(&self, diff: &str) -> Result<(), FileError> {
        files::replace(&self.0.join("patch.diff"), diff.as_bytes())
    }

    /// Where what a step said is kept.
    pub fn said(&self, step: StepId) -> PathBuf {
        self.0.join("said").join(format!("{}.txt", step.0))
    }

    /// Leaves a person's word for whoever commands the run. `at` keeps words in order.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn leave_word(&self, at: Timestamp, word: &Event) -> Result<PathBuf, FileError> {
        let name = |n: u32| format!("{:020}-{}-{n:04}.json", at.as_nanosecond(), std::process::id());
        // Within one instant of a coarse clock the words of a process keep their order by number.
        let path = (0..).map(|n| self.words().join(name(n))).find(|path| !path.exists());
        let path = path.expect("not all numbers are taken");
        files::replace(&path, serde_json::to_string(word).expect("a word serialises to JSON").as_bytes())?;
        Ok(path)
    }

    /// The words that nobody has taken up, in their order.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn words_left(&self) -> Result<Vec<Word>, FileError> {
        let words = self.words();
        let entries = match fs::read_dir(&words) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(FileError::new("reading", &words, e)),
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
        paths.sort();
        let mut left = Vec::new();
        for path in paths {
            let Some(bytes) = files::read(&path, MAX_WORD_BYTES)? else { continue };
            let said = serde_json::from_slice(&bytes).map_err(|e| e.to_string());
            left.push(Word { path, said });
        }
        Ok(left)
    }

    /// Takes a word away that has been taken up.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn take_word(&self, path: &Path) -> Result<(), FileError> {
        fs::remove_file(path).map_err(|e| FileError::new("removing", path, e))
    }

    fn words(&self) -> PathBuf {
        self.0.join("words")
    }
}
