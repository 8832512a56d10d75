//! Backups that somebody else's scheduler makes: declared, so that what may be lost between two of
//! them can be told.

use jiff::{SignedDuration, Timestamp};

use crate::addr::Name;
use crate::schedule::{Gap, Schedule};

/// `external { … }`: how such a backup is made.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct External {
    /// When it is made: `cron(…)`, `aws_cron(…)`, `rate(…)` or `"continuous"`.
    pub schedule: Schedule,
    /// How long it takes at most until it can be restored from.
    pub takes: Option<SignedDuration>,
    /// The command that lists what there is.
    pub list: Option<Vec<String>>,
    /// The command that restores.
    pub restore: Option<Vec<String>>,
}

/// A `backup` block, evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its name.
    pub name: Name,
    /// The datastore it is of.
    pub datastore: Name,
    /// How it is made.
    pub external: External,
}

/// How old the newest backup can get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposure {
    /// The next one begins.
    pub next: Option<Timestamp>,
    /// The largest time between two that touches the next year; none when there is no bound.
    pub gap: Option<Gap>,
    /// The most that can be lost: the gap and the time that a backup takes, for until then only the one
    /// before it can be restored from. None when either has no bound or is not declared.
    pub loss: Option<SignedDuration>,
}

impl Backup {
    /// What can be lost in the year from now on, if every run succeeds.
    pub fn exposure(&self, now: Timestamp) -> Exposure {
        const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);
        let External { schedule, takes, .. } = &self.external;
        let until = now.checked_add(YEAR).unwrap_or(Timestamp::MAX);
        let gap = schedule.largest_gap(now, until);
        let loss = gap.zip(*takes).and_then(|(gap, takes)| gap.length.checked_add(takes));
        Exposure { next: schedule.next(now), gap, loss }
    }
}
