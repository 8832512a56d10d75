//! What stands in the repository of a backup, as the tool that keeps it tells, and how far it was made sure
//! that one can come back from it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::recovery::readable;
use crate::schedule::Schedule;
use crate::system::Method;

/// What is restored from by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// A full backup of pgBackRest.
    Full,
    /// What changed since the full one.
    Differential,
    /// What changed since the last one of any type.
    Incremental,
    /// A dump.
    Dump,
    /// A snapshot of files.
    Snapshot,
}

impl Made {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Made::Full => "full",
            Made::Differential => "differential",
            Made::Incremental => "incremental",
            Made::Dump => "dump",
            Made::Snapshot => "snapshot",
        }
    }
}

/// One restore point that stands in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// What the tool calls it: a label, a file, an id.
    pub id: String,
    /// What it is.
    pub made: Made,
    /// When it was begun: of a dump and a snapshot, the moment that it holds.
    pub began: Timestamp,
    /// When it was whole: what builds on a log can be brought to this moment and later.
    pub ended: Timestamp,
    /// How large the data is.
    pub bytes: Option<u64>,
    /// How much of the repository is its own.
    pub stored_bytes: Option<u64>,
    /// Why it is not to be restored from.
    pub flaw: Option<String>,
    /// Which of several repositories it stands in: 1 is the first.
    pub repository: Option<u32>,
    /// Until when nobody can delete it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<Timestamp>,
    /// Those that it does not work without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds_on: Vec<String>,
}

impl Stored {
    /// The moment that it holds: a dump and a snapshot that of their beginning, what needs its log that of its end.
    pub fn held(&self, has_log: bool) -> Timestamp {
        if has_log { self.ended } else { self.began }
    }
}

/// Why a repository does not hold what its schedule says; none where it does.
pub fn behind(points: &[Stored], method: &Method<'_>, now: Timestamp) -> Option<String> {
    let whole = points.iter().filter(|point| point.flaw.is_none());
    let Some(newest) = whole.map(|point| point.began).max() else {
        return Some("its repository holds no restore point that is whole".to_owned());
    };
    let due = method.due(now, None).filter(|due| newest < *due)?;
    let ago = readable(now.duration_since(newest).as_secs());
    Some(format!("its newest point is of {newest:.0}, {ago} ago; one was to be made at {due:.0}"))
}

/// How far it was made sure that one can come back from a point. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The repository lists it.
    Listed,
    /// All of it can be read.
    Readable,
    /// Its checksums are right.
    Checksum,
    /// It was restored.
    Restores,
    /// Questions to what was restored are answered as expected.
    Queries,
    /// What was restored holds a canary that is fresh.
    Canary,
}

impl Level {
    /// All, the least first.
    pub const ALL: [Level; 6] =
        [Level::Listed, Level::Readable, Level::Checksum, Level::Restores, Level::Queries, Level::Canary];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Listed => "listed",
            Level::Readable => "readable",
            Level::Checksum => "checksum",
            Level::Restores => "restores",
            Level::Queries => "queries",
            Level::Canary => "canary",
        }
    }
}

/// What one level took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proved {
    /// Which.
    pub level: Level,
    /// How long it took.
    pub took_ms: i64,
    /// What was found.
    pub said: String,
}

/// A level, and why it was not reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unproved {
    /// Which.
    pub level: Level,
    /// Why not.
    pub why: String,
}

/// What came of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Of which point.
    pub point: Option<Stored>,
    /// What was proved, in order.
    pub proved: Vec<Proved>,
    /// Where it ended, unless well.
    pub failed: Option<Unproved>,
    /// What nothing was declared for.
    pub left_out: Vec<Unproved>,
    /// The newest row of the canary in what was restored.
    pub canary: Option<Timestamp>,
    /// How many seconds of data a restore would have lost, by the canary.
    pub rpo_s: Option<i64>,
}

impl Verified {
    /// The highest level that was proved.
    pub fn reached(&self) -> Option<Level> {
        self.proved.iter().map(|proved| proved.level).max()
    }
}

/// Which type of backup is due, as the schedules are and what there is: the largest of those of which none was
/// begun since it should have been. When none is due, the smallest that can be made.
pub fn due(schedules: &[(Made, &Schedule)], points: &[Stored], now: Timestamp) -> Made {
    let whole = || points.iter().filter(|p| p.flaw.is_none());
    if whole().all(|p| p.made != Made::Full) {
        return Made::Full;
    }
    // A larger one serves for a smaller one.
    let newest = |made: Made| whole().filter(|p| p.made <= made).map(|p| p.began).max();
    let mut sorted: Vec<&(Made, &Schedule)> = schedules.iter().collect();
    sorted.sort_by_key(|(made, _)| *made);
    let due = sorted.iter().find(|(made, schedule)| {
        let should = schedule.last(now);
        should.is_some_and(|should| newest(*made).is_none_or(|newest| newest < should))
    });
    due.or(sorted.last()).map_or(Made::Full, |(made, _)| *made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(made: Made, began: &str) -> Stored {
        let began: Timestamp = began.parse().unwrap();
        Stored {
            id: began.to_string(),
            made,
            began,
            ended: began,
            bytes: None,
            stored_bytes: None,
            flaw: None,
            repository: None,
            locked_until: None,
            builds_on: Vec::new(),
        }
    }

    #[test]
    fn the_largest_type_of_which_none_was_made_since_it_should_have_been_is_due() {
        let cron = |text: &str| Schedule::unix(text, "UTC").unwrap();
        // Full on Sundays, differential each day, incremental each hour. 2026-03-02 is a Monday.
        let (full, diff, incr) = (cron("0 2 * * 0"), cron("0 3 * * *"), cron("0 * * * *"));
        let schedules = [(Made::Full, &full), (Made::Differential, &diff), (Made::Incremental, &incr)];
        let sunday = point(Made::Full, "2026-03-01T02:00:10Z");
        let monday = point(Made::Differential, "2026-03-02T03:00:10Z");
        let flawed = Stored { flaw: Some("damaged".to_owned()), ..sunday.clone() };
        let cases: [(&[Stored], &str, Made); 6] = [
            (&[], "2026-03-02T12:00:00Z", Made::Full),
            (&[flawed], "2026-03-02T12:00:00Z", Made::Full),
            (std::slice::from_ref(&sunday), "2026-03-02T03:00:05Z", Made::Differential),
            (&[sunday.clone(), monday.clone()], "2026-03-02T04:00:05Z", Made::Incremental),
            (&[sunday.clone(), monday.clone()], "2026-03-02T03:30:00Z", Made::Incremental),
            (&[sunday.clone(), monday], "2026-03-08T02:00:05Z", Made::Full),
        ];
        for (points, now, expected) in cases {
            assert_eq!(due(&schedules, points, now.parse().unwrap()), expected, "{now}");
        }
    }
}
