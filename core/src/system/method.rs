//! How a backup is made: one block per tool, and one view of all of them that everything else works from.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};

use super::step::EnvName;
use crate::schedule::{Gap, Schedule, largest_gap};
use crate::schema::Invalid;

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

/// Made by pgBackRest: full backups, what changed since, and the log without end. Any instant that the
/// log reaches can be restored, so no more is lost than was not archived yet.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = PgBackRest::check)]
pub struct PgBackRest {
    /// When a full backup is made.
    pub full: Schedule,
    /// When what changed since the full one is saved.
    pub differential: Option<Schedule>,
    /// When what changed since the last one of any type is saved.
    pub incremental: Option<Schedule>,
    /// The longest time until the log is archived: `archive_timeout` of PostgreSQL.
    pub archive_every: SignedDuration,
    /// How long a full backup is kept, and with it what builds on it.
    pub keep_full: Option<SignedDuration>,
    /// How far back any instant can be restored: that long the log is kept.
    pub keep_log: Option<SignedDuration>,
    /// How long a full backup takes at most.
    pub takes: Option<SignedDuration>,
    /// The stanza; with it drctl writes the commands down.
    pub stanza: Option<String>,
    /// The file that pgBackRest is configured by, when it is not the usual one.
    pub config: Option<String>,
    /// Options of pgBackRest that every command is given, by their names: `repo1-path`, `pg1-path`,
    /// `repo1-s3-endpoint`. No secrets: those are in the variables of `env`.
    pub options: Option<BTreeMap<String, String>>,
    /// The variables of the environment that its commands need: `PGBACKREST_REPO1_CIPHER_PASS`.
    pub env: Option<Vec<EnvName>>,
}

crate::words! {
    /// What `pg_dump` writes.
    DumpFormat {
        /// SQL, read by `psql`.
        Plain = "plain",
        /// An archive, read by `pg_restore`.
        Custom = "custom",
        /// A folder, read by `pg_restore`.
        Directory = "directory",
        /// A tape archive, read by `pg_restore`.
        Tar = "tar",
    }
    "one of plain, custom, directory, tar"
}

/// Made by `pg_dump`: the data as it was when the dump began.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct PgDump {
    /// When one is made.
    pub schedule: Schedule,
    /// What it writes.
    #[attribute(default = DumpFormat::Plain)]
    pub format: DumpFormat,
    /// How it is compressed: `gzip`, `zstd`.
    pub compress: Option<String>,
    /// The checksum that is written beside it: `sha256`.
    pub checksum: Option<String>,
    /// How long it takes at most.
    pub takes: Option<SignedDuration>,
    /// How long one is kept.
    pub keep: Option<SignedDuration>,
    /// The command that lists what there is.
    pub list: Option<Vec<String>>,
    /// The command that restores.
    pub restore: Option<Vec<String>>,
}

/// Made by restic: snapshots of files.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
pub struct Restic {
    /// When one is made.
    pub schedule: Schedule,
    /// How long it takes at most.
    pub takes: Option<SignedDuration>,
    /// How long one is kept.
    pub keep: Option<SignedDuration>,
    /// The repository; with it drctl writes down the command that lists.
    pub repository: Option<String>,
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
    /// The program and the options that all of its commands begin with.
    Stanza(Vec<String>),
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
            gap: OnceLock::new(),
        }
    }
}

impl PgBackRest {
    /// The program and the options that all of its commands begin with; none without a stanza.
    pub fn common(&self) -> Option<Vec<String>> {
        let stanza = format!("--stanza={}", self.stanza.as_ref()?);
        let config = self.config.iter().map(|config| format!("--config={config}"));
        let options = self.options.iter().flatten().map(|(name, value)| match value.as_str() {
            "y" => format!("--{name}"),
            "n" => format!("--no-{name}"),
            value => format!("--{name}={value}"),
        });
        Some(["pgbackrest".to_owned(), stanza].into_iter().chain(config).chain(options).collect())
    }

    /// What can be told of the options by themselves.
    fn check(self) -> Result<PgBackRest, Invalid> {
        let options = self.options.iter().flatten();
        for (name, _) in options {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            let wrong = if name.is_empty() || name.starts_with('-') || !name.chars().all(fits) {
                "is no option of pgBackRest: they are written without leading dashes, `repo1-path`"
            } else if ["-pass", "-key", "-key-secret", "-token"].iter().any(|end| name.ends_with(end)) {
                "holds a secret: name its variable in `env` (`PGBACKREST_` and the option in capitals, with `_`)"
            } else if ["stanza", "config"].contains(&name.as_str()) {
                "has an attribute of its own"
            } else {
                continue;
            };
            return Err(Invalid::new(format!("`{name}` {wrong}")).below("options"));
        }
        if self.stanza.as_ref().is_some_and(|stanza| stanza.is_empty() || stanza.starts_with('-')) {
            return Err(Invalid::new("is no name of a stanza").below("stanza"));
        }
        Ok(self)
    }

    pub(super) fn method(&self) -> Method<'_> {
        let PgBackRest { full, differential, incremental, archive_every, keep_full, keep_log, takes, .. } =
            self;
        let changed = [("differential", differential), ("incremental", incremental)];
        let changed = changed.into_iter().filter_map(|(name, s)| Some((name, s.as_ref()?)));
        let common = self.common();
        Method {
            block: "pgbackrest",
            made_by: "pgBackRest".to_owned(),
            bases: std::iter::once(("full", full)).chain(changed).collect(),
            log: Some(Log { every: *archive_every, keep: *keep_log }),
            takes: *takes,
            keep: Kept::For("keep_full", *keep_full),
            list: common.clone().map(|common| [common, words(&["info"])].concat()),
            restore: common.map_or(Restore::Command(None), Restore::Stanza),
            gap: OnceLock::new(),
        }
    }
}

impl PgDump {
    pub(super) fn method(&self) -> Method<'_> {
        let PgDump { schedule, format, compress, checksum, takes, keep, list, restore } = self;
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
            restore: Restore::Command(restore.as_ref()),
            gap: OnceLock::new(),
        }
    }
}

impl Restic {
    pub(super) fn method(&self) -> Method<'_> {
        let Restic { schedule, takes, keep, repository, restore } = self;
        Method {
            block: "restic",
            made_by: "restic".to_owned(),
            bases: vec![("schedule", schedule)],
            log: None,
            takes: *takes,
            keep: Kept::For("keep", *keep),
            list: repository.as_ref().map(|at| words(&["restic", "--repo", at, "snapshots"])),
            restore: Restore::Command(restore.as_ref()),
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
            gap: OnceLock::new(),
        }
    }
}

fn words(words: &[&str]) -> Vec<String> {
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

    /// The command that restores, if one is declared or drctl knows it: to that instant, or to the end of the
    /// log.
    pub fn restore(&self, to: Option<(Option<Timestamp>, Newest)>) -> Option<Vec<String>> {
        match (&self.restore, to) {
            (Restore::Command(command), _) => command.cloned(),
            (Restore::Stanza(common), Some((Some(at), Newest::Log(_)))) => {
                let target = format!("--target={}", at.strftime("%Y-%m-%d %H:%M:%S+00"));
                let to = words(&["--type=time", &target, "--target-action=promote", "restore"]);
                Some([common.clone(), to].concat())
            }
            (Restore::Stanza(common), Some((None, Newest::Log(_)))) => {
                Some([common.clone(), words(&["restore"])].concat())
            }
            (Restore::Stanza(_), Some((_, Newest::Base)) | None) => None,
        }
    }

    /// The same into that directory, where drctl knows how that is said.
    pub(crate) fn restore_into(
        &self,
        to: Option<(Option<Timestamp>, Newest)>,
        into: Option<&str>,
    ) -> Option<Vec<String>> {
        let mut command = self.restore(to)?;
        match (&self.restore, into, command.pop()) {
            (Restore::Stanza(_), Some(directory), Some(verb)) if directory.starts_with('/') => {
                // An option that is given twice is refused.
                command.retain(|word| !word.starts_with("--pg1-path="));
                command.extend([format!("--pg1-path={directory}"), verb]);
            }
            (Restore::Stanza(_) | Restore::Command(_), _, last) => command.extend(last),
        }
        Some(command)
    }
}
