//! `backup "NAME" { … }`: a mechanism that protects a datastore and is made by a tool.

use jiff::{SignedDuration, Timestamp};

use super::reference::{DatastoreRef, ResourceRef, SiteRef};
use crate::schedule::{Gap, Schedule};

/// A mechanism that protects a datastore.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Backup {
    /// The datastore it is of.
    pub of: DatastoreRef,
    /// Made by somebody else's scheduler: declared, so that what may be lost between two of them can be told.
    pub external: External,
    /// Where it is kept. With none it stands beside the data and is lost with it.
    #[attribute(default = Vec::new())]
    pub to: Vec<Destination>,
}

/// How such a backup is made.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct External {
    /// When it is made: `cron(…)`, `aws_cron(…)`, `rate(…)` or `"continuous"`.
    pub schedule: Schedule,
    /// How long it takes at most until it can be restored from.
    pub takes: Option<SignedDuration>,
    /// How long one is kept.
    pub keep: Option<SignedDuration>,
    /// The command that lists what there is.
    pub list: Option<Vec<String>>,
    /// The command that restores.
    pub restore: Option<Vec<String>>,
}

/// Where a backup is kept.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Destination {
    /// What it is called.
    #[attribute(label)]
    pub name: String,
    /// The bucket it is in.
    pub bucket: Option<ResourceRef>,
    /// The site it is at.
    pub site: Option<SiteRef>,
    /// The cloud region it is in, when no resource of this configuration says it.
    pub region: Option<String>,
    /// Where in there: a path or a prefix.
    pub path: Option<String>,
    /// How long it takes to get there after it was made.
    pub transfer: Option<SignedDuration>,
    /// How long it is kept there, when that differs.
    pub keep: Option<SignedDuration>,
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

impl External {
    /// What can be lost in the year from now on, if every run succeeds.
    pub fn exposure(&self, now: Timestamp) -> Exposure {
        const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);
        let until = now.checked_add(YEAR).unwrap_or(Timestamp::MAX);
        let gap = self.schedule.largest_gap(now, until);
        let loss = gap.zip(self.takes).and_then(|(gap, takes)| gap.length.checked_add(takes));
        Exposure { next: self.schedule.next(now), gap, loss }
    }
}
