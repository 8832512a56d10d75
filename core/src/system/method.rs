//! How a backup is made: one block per tool, and one view of all of them that everything else works from.

use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};

use super::pg_dump::{DumpFormat, PgDump};
use super::pgbackrest::{self, PgBackRest};
use super::restic::Restic;
use super::step::EnvName;
use crate::schedule::{Gap, Schedule, largest_gap};

/// Time that a backup gets to begin and to end when nothing says how long it takes.
const GRACE: SignedDuration = SignedDuration::from_hours(1);

/// Made by somebody else's scheduler.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct External {
    /// When it is made: `cron(…)`, `aws_cron(…)`, `rate(…)`, `on(…)` or `"continuous"`.
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

/// A copy that is brought up to date: `rsync`, `aws s3 sync`.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Copied {
    /// When it is brought up to date.
    pub schedule: Schedule,
    /// How long that takes at most.
    pub takes: Option<SignedDuration>,
    /// How long what it overwrites and deletes is kept, as versions. Without it the copy has no past: wrong
    /// data gets into it, too.
    pub keep: Option<SignedDuration>,
    /// The command that lists what there is.
    pub list: Option<Vec<String>>,
    /// The command that restores.
    pub restore: Option<Vec<String>>,
}

/// How a backup is made, whatever makes it.
#[derive(Debug, Clone)]
pub struct Method<'b> {
    /// The block, as it is written.
    pub block: &'static str,
    /// In words: "pg_dump, custom, gzip".
    pub made_by: String,
    /// What can be restored by itself: the attribute, and when it is made.
    pub bases: Vec<(&'static str, &'b Schedule)>,
    /// The log between these.
    pub log: Option<Log>,
    /// How long a base takes.
    pub takes: Option<SignedDuration>,
    /// How long a base is kept, and the attribute that says it.
    pub keep: Kept,
    /// The command that lists.
    pub list: Option<Vec<String>>,
    /// The variables of the environment that its commands need.
    pub env: Vec<String>,
    /// How it is restored.
    restore: Restore<'b>,
    /// The largest gap in the year from an instant on, once somebody has asked for one.
    gap: OnceLock<(Timestamp, Option<Gap>)>,
}

/// A log that is archived all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// The longest time until what was written is in the archive.
    pub every: SignedDuration,
    /// How far back it reaches.
    pub keep: Option<SignedDuration>,
}

/// How long a base is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The next one takes its place.
    Replaced,
    /// That long, as the attribute says; none when it does not.
    For(&'static str, Option<SignedDuration>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Restore<'b> {
    Command(Option<&'b Vec<String>>),
    /// pgBackRest's own: the program and its options, without the word `restore`.
    Stanza(Vec<String>),
    /// Of a dump that drctl makes.
    Dump(DumpFormat),
    /// restic's own: the program and the options that all of its commands begin with.
    Snapshot(Vec<String>),
}

/// What of a method the newest data is restored from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newest {
    /// The log.
    Log(Log),
    /// The last base.
    Base,
}

/// How old the newest data in a backup can get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposure {
    /// The next base begins.
    pub next: Option<Timestamp>,
    /// The largest time between two bases that touches the next year; none when there is no bound.
    pub gap: Option<Gap>,
    /// The most that can be lost: with a log what was not archived yet; else the gap and the time that a
    /// backup takes, for until then only the one before it can be restored from. None when either has no
    /// bound or is not declared.
    pub loss: Option<SignedDuration>,
}

impl External {
    pub(super) fn method(&self) -> Method<'_> {
        let External { schedule, takes, keep, list, restore } = self;
        Method {
            block: "external",
            made_by: "somebody else's scheduler".to_owned(),
            bases: vec![("schedule", schedule)],
            log: None,
            takes: *takes,
            keep: Kept::For("keep", *keep),
            list: list.clone(),
            restore: Restore::Command(restore.as_ref()),
            env: Vec::new(),
            gap: OnceLock::new(),
        }
    }
}

impl PgBackRest {
    pub(super) fn method(&self) -> Method<'_> {
        let PgBackRest { full, differential, incremental, archive_every, keep_full, keep_log, takes, .. } =
            self;
        let changed = [("differential", differential), ("incremental", incremental)];
        let changed = changed.into_iter().filter_map(|(name, s)| Some((name, s.as_ref()?)));
        Method {
            block: "pgbackrest",
            made_by: "pgBackRest".to_owned(),
            bases: std::iter::once(("full", full)).chain(changed).collect(),
            log: Some(Log { every: *archive_every, keep: *keep_log }),
            takes: *takes,
            keep: Kept::For("keep_full", *keep_full),
            list: self.command(pgbackrest::Command::Info),
            restore: self
                .command(pgbackrest::Command::Restore)
                .map_or(Restore::Command(None), Restore::Stanza),
            env: names(self.env.as_deref()),
            gap: OnceLock::new(),
        }
    }
}

impl PgDump {
    pub(super) fn method(&self) -> Method<'_> {
        let PgDump { schedule, format, compress, checksum, takes, keep, list, restore, .. } = self;
        let checksum = checksum.as_ref().map(|c| format!("with its {c} checksum"));
        let more = compress.clone().into_iter().chain(checksum);
        let words: Vec<String> =
            ["pg_dump".to_owned(), format.as_str().to_owned()].into_iter().chain(more).collect();
        Method {
            block: "pg_dump",
            made_by: words.join(", "),
            bases: vec![("schedule", schedule)],
            log: None,
            takes: *takes,
            keep: Kept::For("keep", *keep),
            list: list.clone(),
            restore: match (restore, self.is_made()) {
                (None, true) => Restore::Dump(*format),
                (_, _) => Restore::Command(restore.as_ref()),
            },
            env: names(self.env.as_deref()),
            gap: OnceLock::new(),
        }
    }
}

impl Restic {
    pub(super) fn method(&self) -> Method<'_> {
        let Restic { schedule, takes, keep, restore, .. } = self;
        Method {
            block: "restic",
            made_by: "restic".to_owned(),
            bases: vec![("schedule", schedule)],
            log: None,
            takes: *takes,
            keep: Kept::For("keep", *keep),
            list: self.common().map(|common| [common, words(&["snapshots"])].concat()),
            restore: match (restore, self.common()) {
                (None, Some(common)) => Restore::Snapshot(common),
                (_, _) => Restore::Command(restore.as_ref()),
            },
            env: names(self.env.as_deref()),
            gap: OnceLock::new(),
        }
    }
}

impl Copied {
    pub(super) fn method(&self) -> Method<'_> {
        let Copied { schedule, takes, keep, list, restore } = self;
        Method {
            block: "copy",
            made_by: "a copy that is brought up to date".to_owned(),
            bases: vec![("schedule", schedule)],
            log: None,
            takes: *takes,
            keep: keep.map_or(Kept::Replaced, |keep| Kept::For("keep", Some(keep))),
            list: list.clone(),
            restore: Restore::Command(restore.as_ref()),
            env: Vec::new(),
            gap: OnceLock::new(),
        }
    }
}

fn names(names: Option<&[EnvName]>) -> Vec<String> {
    names.into_iter().flatten().map(|name| name.0.clone()).collect()
}

pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

/// The year from an instant on.
fn year(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(365 * 24)).unwrap_or(Timestamp::MAX)
}

impl Method<'_> {
    /// What can be lost in the year from now on, if every run succeeds.
    pub fn exposure(&self, now: Timestamp) -> Exposure {
        let next = self.bases.iter().filter_map(|(_, s)| s.next(now)).min();
        let gap = self.gap(now);
        let loss = match self.newest(now, None, SignedDuration::ZERO) {
            Ok(Newest::Log(log)) => Some(log.every),
            Ok(Newest::Base) => gap.zip(self.takes).and_then(|(gap, takes)| gap.length.checked_add(takes)),
            Err(_) => None,
        };
        Exposure { next, gap, loss }
    }

    /// The largest time between two bases in the year from now on.
    pub fn gap(&self, now: Timestamp) -> Option<Gap> {
        let find = || {
            let bases: Vec<&Schedule> = self.bases.iter().map(|(_, schedule)| *schedule).collect();
            (now, largest_gap(&bases, now, year(now)))
        };
        let (asked, gap) = *self.gap.get_or_init(find);
        if asked == now { gap } else { find().1 }
    }

    /// When the last base was to be begun that has to be there by now. It gets that grace to begin and to end, or
    /// else as long as one takes.
    pub fn due(&self, now: Timestamp, grace: Option<SignedDuration>) -> Option<Timestamp> {
        let begun = now.checked_sub(grace.or(self.takes).unwrap_or(GRACE)).ok()?;
        self.bases.iter().filter_map(|(_, schedule)| schedule.last(begun)).max()
    }

    /// When bases are made, in words.
    pub fn schedules(&self) -> String {
        let all: Vec<String> = match self.bases.as_slice() {
            [(_, only)] => vec![only.to_string()],
            several => several.iter().map(|(name, schedule)| format!("{name} {schedule}")).collect(),
        };
        all.join(", ")
    }

    /// How long a base is kept at a place, which may say so itself; none when nothing says it.
    pub fn kept(&self, there: Option<SignedDuration>) -> Option<SignedDuration> {
        match self.keep {
            Kept::Replaced => there,
            Kept::For(_, keep) => there.or(keep),
        }
    }

    /// How far back the log reaches at a place that keeps things for `there`.
    pub fn log_kept(&self, log: Log, there: Option<SignedDuration>) -> Option<SignedDuration> {
        [log.keep, self.kept(there)].into_iter().flatten().min()
    }

    /// What the newest data from before `back` is restored from, at a place that keeps things for `there`.
    ///
    /// # Errors
    /// With the reason, when nothing there is as old.
    pub fn newest(
        &self,
        now: Timestamp,
        there: Option<SignedDuration>,
        back: SignedDuration,
    ) -> Result<Newest, String> {
        let text = crate::duration::text;
        if let Some(log) = self.log {
            let reaches = self.log_kept(log, there).is_none_or(|keep| keep >= back);
            let base = self.gap(now).is_some_and(|gap| {
                let oldest = gap.length.saturating_add(self.takes.unwrap_or_default());
                self.kept(there).is_none_or(|keep| keep >= oldest.saturating_add(back))
            });
            if reaches && base {
                return Ok(Newest::Log(log));
            }
        }
        let oldest = self.gap(now).and_then(|gap| gap.length.checked_add(self.takes.unwrap_or_default()));
        match self.kept(there) {
            Some(keep) if oldest.is_some_and(|oldest| keep < oldest) => {
                let (keep, oldest) = (text(keep), text(oldest.unwrap_or_default()));
                Err(format!(
                    "it is kept for {keep}, and the next one may be there after {oldest}: between, there is none"
                ))
            }
            Some(keep) if keep < back => {
                let (keep, back) = (text(keep), text(back));
                Err(format!("it is kept for {keep}, and wrong data may go unnoticed for {back}"))
            }
            None if self.keep == Kept::Replaced && !back.is_zero() => {
                Err("it has no past: what is wrong is copied over what was right".to_owned())
            }
            Some(_) | None => Ok(Newest::Base),
        }
    }

    /// The newest instant that can be restored, not after `until`, and from what; with the reason, when
    /// there is none. The instant is none when nothing says when the last base was made.
    ///
    /// # Errors
    /// With the reason, when there is none.
    pub fn point(
        &self,
        now: Timestamp,
        until: Option<Timestamp>,
        (there, transfer): (Option<SignedDuration>, SignedDuration),
    ) -> Result<(Option<Timestamp>, Newest), String> {
        let before = |at: Timestamp, by: SignedDuration| at.checked_sub(by).unwrap_or(Timestamp::MIN);
        let within = |keep: Option<SignedDuration>, at| keep.is_none_or(|keep| at >= before(now, keep));
        let takes = self.takes.unwrap_or_default();
        let arrived = before(now, transfer);
        if let Some(log) = self.log {
            let newest = before(arrived, log.every);
            let at = until.map_or(newest, |until| until.min(newest));
            let base = self.last(before(at, takes));
            let whole = base.is_some_and(|base| within(self.kept(there), base));
            if whole && within(self.log_kept(log, there), at) {
                return Ok((Some(at), Newest::Log(log)));
            }
        }
        if until.is_some() && self.keep == Kept::Replaced && there.is_none() {
            return Err("it has no past: what is wrong is copied over what was right".to_owned());
        }
        let newest = before(arrived, takes);
        let Some(at) = self.last(until.map_or(newest, |until| until.min(newest))) else {
            return match self.bases.iter().any(|(_, s)| matches!(s, Schedule::On(_, None))) {
                true => Ok((None, Newest::Base)),
                false => Err("by its schedule none was made yet".to_owned()),
            };
        };
        if let Some(keep) = self.kept(there).filter(|keep| !within(Some(*keep), at)) {
            let keep = crate::recovery::readable(keep.as_secs());
            return Err(format!("it is kept for {keep}, and the newest that helps is of {at}"));
        }
        Ok((Some(at), Newest::Base))
    }

    /// The last base that began until then.
    fn last(&self, until: Timestamp) -> Option<Timestamp> {
        self.bases.iter().filter_map(|(_, schedule)| schedule.last(until)).max()
    }

    /// When the bases began that are in it beside the one of that instant and after `since`, the newest in
    /// front. One in the place of the other there is never another one.
    pub fn earlier(
        &self,
        than: Timestamp,
        since: Option<Timestamp>,
    ) -> impl Iterator<Item = Timestamp> + use<'_> {
        let second = SignedDuration::from_secs(1);
        // The last of a rate is one interval before any instant, that of a calendar may be the instant itself.
        let before_of = move |(_, schedule): &(&str, &Schedule), at: Timestamp| match schedule {
            Schedule::Every(_) | Schedule::On(..) => schedule.last(at),
            Schedule::Calendar(_) => schedule.last(at.checked_sub(second).ok()?),
            Schedule::Continuous => None,
        };
        let before = move |at: Timestamp| self.bases.iter().filter_map(|base| before_of(base, at)).max();
        let first = (self.keep != Kept::Replaced).then(|| before(than)).flatten();
        std::iter::successors(first, move |at| before(*at))
            .take_while(move |at| since.is_none_or(|s| *at >= s))
    }

    /// Whether drctl can restore it to where a step says: a dump goes into a database, and not into a directory.
    ///
    /// # Errors
    /// With the reason, when it cannot.
    pub(crate) fn goes_into(&self, into: Option<&str>) -> Result<(), String> {
        match (&self.restore, into.filter(|into| into.starts_with('/'))) {
            (Restore::Dump(_), Some(directory)) => {
                Err(format!("a dump is restored into a database, and this step restores into {directory}"))
            }
            (Restore::Dump(_) | Restore::Stanza(_) | Restore::Snapshot(_) | Restore::Command(_), _) => Ok(()),
        }
    }

    /// The command that restores, if one is declared or drctl knows it without knowing where to.
    pub fn restore(&self, to: Option<(Option<Timestamp>, Newest)>) -> Option<Vec<String>> {
        self.restore_into(&Wanted { to, ..Wanted::default() })
    }

    /// The command that restores what is wanted, if one is declared or drctl knows it.
    pub(crate) fn restore_into(&self, wanted: &Wanted<'_>) -> Option<Vec<String>> {
        match &self.restore {
            Restore::Command(command) => (*command).cloned(),
            Restore::Stanza(common) => match wanted.to? {
                (at, Newest::Log(_)) => Some(pgbackrest::restore(common.clone(), at, wanted)),
                (_, Newest::Base) => {
                    Some(pgbackrest::restore_base(common.clone(), wanted)).filter(|_| wanted.id.is_some())
                }
            },
            Restore::Dump(format) => super::pg_dump::restore(*format, wanted),
            Restore::Snapshot(common) => super::restic::restore(common.clone(), wanted),
        }
    }
}

/// What is to be restored, and where to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'w> {
    /// The instant, none for the newest, and what of the method it is restored from.
    pub(crate) to: Option<(Option<Timestamp>, Newest)>,
    /// Where to: a directory or a database.
    pub(crate) into: Option<&'w str>,
    /// The point as its tool calls it, where that is known.
    pub(crate) id: Option<&'w str>,
    /// Which of several repositories it stands in: 1 is the first.
    pub(crate) repository: Option<usize>,
    /// Where the dump is.
    pub(crate) place: Option<DumpIn<'w>>,
}

/// Where a dump is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DumpIn<'w> {
    /// In this directory.
    Directory(&'w str),
    /// In a bucket: whoever fetches it says where it is then.
    Bucket,
}
