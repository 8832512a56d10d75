//! Alerts: which thresholds of what drctl itself knows are crossed. Pure: what was recorded and observed comes
//! in. What nobody observed is never said to be in order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::addr::Name;
use crate::due;
use crate::duration;
use crate::objective::promised_rpo;
use crate::recovery::{Dependents, readable};
use crate::stored::{Level, Made, Stored};
use crate::system::{Alert, Backup, Declared, On, Proof, System, Threshold, Verify};

/// How many backups before the last one its size is held against.
const BEFORE: usize = 10;

/// What is known when alerts are looked at, beside what is declared.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// What drctl did for each backup; none where it has no record.
    pub records: BTreeMap<Name, Record>,
    /// How far the log of each backup is archived, or why nobody knows.
    pub archived: BTreeMap<Name, Result<Timestamp, String>>,
    /// The newest point that each datastore's resource can be restored to.
    pub restorable: BTreeMap<Name, Newest>,
}

/// What drctl did for one backup, the oldest first.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Each time that it was to be made.
    pub attempts: Vec<Attempt>,
    /// Each verification that went well, with how far it went.
    pub verified: Vec<(Timestamp, Level)>,
}

/// One time that a backup was to be made.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took: SignedDuration,
    /// What came of it.
    pub made: Result<Stored, String>,
}

/// The newest restore point, as far as anybody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Newest {
    /// It is of that moment; none when there is none at all.
    Seen(Option<Timestamp>),
    /// It is of that moment or a later one; why nobody knows.
    NotBefore(Timestamp, String),
    /// Nobody knows.
    Unobserved(String),
}

/// How it stands with what is watched. What needs somebody comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The threshold is crossed.
    Firing,
    /// Nobody can tell.
    Unknown,
    /// All is well.
    Ok,
}

/// One thing that an alert watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Watched {
    /// The alert.
    pub alert: Name,
    /// What it is watched of: `backup.daily`.
    pub of: String,
    /// How it stands.
    pub standing: Standing,
    /// Why, in words.
    pub what: String,
}

impl Watched {
    /// What its channel is told, in one line: what a tool said may have many.
    pub fn message(&self, alert: &Alert) -> String {
        let lead = alert.text.clone().unwrap_or_else(|| format!("alert.{}", self.alert));
        let unknown = if self.standing == Standing::Unknown { "NOT KNOWN: " } else { "" };
        let what: Vec<&str> = self.what.split_whitespace().collect();
        format!("{lead}: {}: {unknown}{}", self.of, what.join(" "))
    }
}

/// How all alerts stand: what needs somebody first, then by name.
pub fn watched(system: &System, known: &Known, now: Timestamp) -> Vec<Watched> {
    let dependents = Dependents::of(system);
    let mut all = Vec::new();
    for (name, alert) in &system.alerts {
        let watch = Watch { system, known, now, dependents: &dependents, alert: &alert.is };
        all.extend(watch.all().into_iter().map(|(of, (standing, what))| Watched {
            alert: name.clone(),
            of,
            standing,
            what,
        }));
    }
    all.sort_by(|a, b| (a.standing, &a.alert, &a.of).cmp(&(b.standing, &b.alert, &b.of)));
    all
}

type Told = (Standing, String);

/// One alert, looked at.
struct Watch<'w> {
    system: &'w System,
    known: &'w Known,
    now: Timestamp,
    dependents: &'w Dependents<'w>,
    alert: &'w Alert,
}

impl<'w> Watch<'w> {
    fn all(&self) -> Vec<(String, Told)> {
        let backups = |told: &dyn Fn(&Name, &Backup) -> Option<Told>| -> Vec<(String, Told)> {
            let each =
                self.backups().filter_map(|(name, b)| Some((format!("backup.{name}"), told(name, &b.is)?)));
            each.collect()
        };
        match self.alert.on {
            On::BackupFailed => backups(&|name, backup| Some(self.failed(name, backup))),
            On::BackupSlow => backups(&|name, _| Some(self.slow(name))),
            On::SizeChanged => backups(&|name, _| Some(self.changed(name))),
            On::Storage => backups(&|name, _| Some(self.storage(name))),
            On::NotVerified => backups(&|name, backup| self.unverified(name, backup)),
            On::PointAge => self.ages(),
            On::DrillOverdue => self.drills(),
        }
    }

    fn backups(&self) -> impl Iterator<Item = (&'w Name, &'w Declared<Backup>)> {
        let alert = self.alert;
        self.system.backups.iter().filter(|(name, b)| alert.watches("backup", name, Some(&b.is.of.0)))
    }

    fn ago(&self, at: Timestamp) -> SignedDuration {
        self.now.duration_since(at).max(SignedDuration::ZERO)
    }

    fn time(&self) -> Option<SignedDuration> {
        match self.alert.above {
            Some(Threshold::Time(time)) => Some(time),
            Some(Threshold::Size(_) | Threshold::Percent(_)) | None => None,
        }
    }

    /// The last attempt, or what is missing.
    fn last(&self, backup: &Name) -> Result<&'w Attempt, Told> {
        let record = self.known.records.get(backup);
        record.and_then(|record| record.attempts.last()).ok_or_else(|| {
            (
                Standing::Unknown,
                "drctl has no record of it here: it was never made by `drctl backup run`".to_owned(),
            )
        })
    }

    /// The last backup that was made.
    fn made(&self, backup: &Name) -> Result<(&'w Attempt, &'w Stored), Told> {
        self.last(backup)?;
        let attempts = self.known.records.get(backup).into_iter().flat_map(|record| &record.attempts);
        let made = attempts.rev().find_map(|attempt| Some((attempt, attempt.made.as_ref().ok()?)));
        made.ok_or_else(|| (Standing::Unknown, "none was ever made".to_owned()))
    }

    fn failed(&self, name: &Name, backup: &Backup) -> Told {
        let last = match self.last(name) {
            Ok(last) => last,
            Err(told) => return told,
        };
        if let Err(why) = &last.made {
            return (Standing::Firing, format!("it was not made at {:.0}: {why}", last.at));
        }
        match backup.method().due(self.now, self.time()).filter(|due| last.at < *due) {
            Some(due) => (
                Standing::Firing,
                format!("it was to be made at {due:.0} and was not begun; the last one is of {:.0}", last.at),
            ),
            None => (Standing::Ok, format!("made at {:.0}", last.at)),
        }
    }

    fn slow(&self, name: &Name) -> Told {
        let (attempt, _) = match self.made(name) {
            Ok(made) => made,
            Err(told) => return told,
        };
        let most = self.time().unwrap_or(SignedDuration::MAX);
        let told = format!("it took {}; at most {}", readable(attempt.took.as_secs()), duration::text(most));
        (if attempt.took > most { Standing::Firing } else { Standing::Ok }, told)
    }

    fn changed(&self, name: &Name) -> Told {
        let (_, last) = match self.made(name) {
            Ok(made) => made,
            Err(told) => return told,
        };
        let Some(Threshold::Percent(most)) = self.alert.above else { return missing() };
        let attempts = self.known.records.get(name).into_iter().flat_map(|record| &record.attempts);
        let same =
            attempts.rev().filter_map(|attempt| attempt.made.as_ref().ok()).filter(|p| p.made == last.made);
        let mut before: Vec<u64> = same.skip(1).filter_map(size).take(BEFORE).collect();
        before.sort_unstable();
        let (Some(now), Some(usual)) = (size(last), before.get(before.len() / 2).copied()) else {
            return (Standing::Unknown, "there are no two of the same type whose sizes are known".to_owned());
        };
        let change = now.abs_diff(usual).saturating_mul(100) / usual.max(1);
        let direction = if now < usual { "smaller" } else { "larger" };
        let told = format!("{change}% {direction} than usual ({usual} bytes): {now} bytes; at most {most}%");
        (if change > u64::from(most) { Standing::Firing } else { Standing::Ok }, told)
    }

    fn storage(&self, name: &Name) -> Told {
        let Some(Threshold::Size(most)) = self.alert.above else { return missing() };
        let points = match self.system.listed.get(name) {
            Some(Ok(points)) => points,
            Some(Err(why)) => return (Standing::Unknown, why.clone()),
            None => return (Standing::Unknown, UNLISTED.to_owned()),
        };
        let held: u64 = points.iter().filter_map(|p| p.stored_bytes.or(p.bytes)).fold(0, u64::saturating_add);
        let unsized_points = points.iter().filter(|p| p.stored_bytes.or(p.bytes).is_none()).count();
        let told = format!("its repository holds {held} bytes; at most {most}");
        match (held > most.bytes(), unsized_points) {
            (true, _) => (Standing::Firing, told),
            (false, 0) => (Standing::Ok, told),
            (false, n) => (Standing::Unknown, format!("{told}; the size of {n} of its points is not told")),
        }
    }

    fn unverified(&self, name: &Name, backup: &Backup) -> Option<Told> {
        let record = self.known.records.get(name);
        let one = |verify: &Verify| {
            let needed = needed(verify.proves);
            let recorded = record.into_iter().flat_map(|r| &r.verified).filter(|(_, level)| *level >= needed);
            let last = recorded.map(|(at, _)| *at).chain(verify.last.map(|day| day.0)).max();
            let most = self.time().unwrap_or(verify.every);
            match last {
                None => (Standing::Firing, format!("nothing says that it was ever {}", proved(needed))),
                Some(at) => {
                    let told = format!(
                        "last {} at {at:.0}, {} ago; at most {}",
                        proved(needed),
                        readable(self.ago(at).as_secs()),
                        duration::text(most)
                    );
                    (if self.ago(at) > most { Standing::Firing } else { Standing::Ok }, told)
                }
            }
        };
        backup.verify.iter().map(one).min_by_key(|(standing, _)| *standing)
    }

    fn drills(&self) -> Vec<(String, Told)> {
        let grace = self.time().unwrap_or_default();
        let until = self.now.checked_sub(grace).unwrap_or(Timestamp::MIN);
        let wanted: BTreeSet<String> = (self.system.drills.keys())
            .filter(|name| self.alert.watches("drill", name, None))
            .map(|name| format!("drill.{name}"))
            .collect();
        let due = due::due(self.system).into_iter().filter(|due| wanted.contains(&due.address));
        due.map(|due| {
            let told = match (due.last, due.day()) {
                (None, _) | (_, None) => "nothing says that it was ever done".to_owned(),
                (Some(last), Some(day)) => format!("done last {last}, to be done by {day}"),
            };
            let standing = if due.is_overdue(until) { Standing::Firing } else { Standing::Ok };
            (due.address, (standing, told))
        })
        .collect()
    }

    fn ages(&self) -> Vec<(String, Told)> {
        let all = self.alert.of.is_none();
        let named = |block: &str, name: &Name| !all && self.alert.watches(block, name, None);
        let backups = self.system.backups.iter().filter(|(name, _)| named("backup", name));
        let backups = backups.map(|(name, backup)| {
            let newest = vec![(format!("backup.{name}"), self.newest(name, &backup.is))];
            (format!("backup.{name}"), self.age(&backup.is.of.0, newest))
        });
        let stores = self.system.datastores.keys().filter(|name| all || named("datastore", name));
        let stores = stores.map(|name| {
            let of = format!("datastore.{name}");
            let own = self.known.restorable.get(name).map(|newest| (of.clone(), newest.clone()));
            let kept = self.dependents.backups(name);
            let kept =
                kept.iter().map(|b| (format!("backup.{}", b.name), self.newest(b.name, &b.declared.is)));
            let newest = own.into_iter().chain(kept).collect();
            (of, self.age(name, newest))
        });
        backups.chain(stores).collect()
    }

    /// The newest point of a backup.
    fn newest(&self, name: &Name, backup: &Backup) -> Newest {
        let recorded = self.made(name).ok().map(|(_, point)| point);
        let has_log = backup.method().log.is_some();
        let held = match self.system.listed.get(name) {
            Some(Ok(points)) => {
                let whole = points.iter().filter(|p| p.flaw.is_none());
                Ok(whole.map(|point| point.held(has_log)).max())
            }
            Some(Err(why)) => Err(why.clone()),
            None => Err(UNLISTED.to_owned()),
        };
        let at_least = |why: String| match recorded {
            Some(point) => Newest::NotBefore(point.held(has_log), why),
            None => Newest::Unobserved(why),
        };
        match (held, has_log, self.known.archived.get(name)) {
            (Ok(None), _, _) => Newest::Seen(None),
            (Ok(Some(held)), true, Some(Ok(at))) => Newest::Seen(Some(held.max(*at))),
            (Ok(Some(held)), true, Some(Err(why))) => Newest::NotBefore(held, why.clone()),
            (Ok(Some(held)), true, None) => Newest::NotBefore(held, UNARCHIVED.to_owned()),
            (Ok(Some(held)), false, _) => Newest::Seen(Some(held)),
            (Err(why), _, _) => at_least(why),
        }
    }

    /// The age of the newest of several, beside the most that it may be.
    fn age(&self, datastore: &Name, newest: Vec<(String, Newest)>) -> Told {
        let Some(most) = self.time().or_else(|| promised_rpo(self.system, self.dependents, datastore)) else {
            return missing();
        };
        let moment = |newest: &Newest| match newest {
            Newest::Seen(at) => *at,
            Newest::NotBefore(at, _) => Some(*at),
            Newest::Unobserved(_) => None,
        };
        let best = newest.iter().filter_map(|(from, n)| Some((moment(n)?, from))).max();
        let unseen = newest.iter().find_map(|(from, n)| match n {
            Newest::Seen(_) => None,
            Newest::NotBefore(_, why) | Newest::Unobserved(why) => Some(format!("{from}: {why}")),
        });
        let told = best.map(|(at, from)| {
            let age = readable(self.ago(at).as_secs());
            format!(
                "the newest restore point is of {at:.0} in {from}, {age} ago; at most {}",
                duration::text(most)
            )
        });
        match (best, unseen) {
            (Some((at, _)), _) if self.ago(at) <= most => (Standing::Ok, told.unwrap_or_default()),
            (_, Some(why)) => {
                (Standing::Unknown, [Some(why), told].into_iter().flatten().collect::<Vec<_>>().join("; "))
            }
            (Some(_), None) => (Standing::Firing, told.unwrap_or_default()),
            (None, None) => (Standing::Firing, "there is no restore point".to_owned()),
        }
    }
}

/// Why nothing is known of what is in a repository.
const UNLISTED: &str = "nobody has looked into its repository";
/// Why nothing is known of a log.
const UNARCHIVED: &str = "how far its log reaches is not told: that takes `canary`, which names the database";

/// Nothing says how much is too much.
fn missing() -> Told {
    (Standing::Unknown, "nothing says how much is too much: write `above`, or promise an RPO".to_owned())
}

/// How large a backup is that was made.
fn size(point: &Stored) -> Option<u64> {
    match point.made {
        // What it adds says more than what it stands for.
        Made::Differential | Made::Incremental => point.stored_bytes.or(point.bytes),
        Made::Full | Made::Dump | Made::Snapshot => point.bytes.or(point.stored_bytes),
    }
}

/// How far a verification has to go.
fn needed(proves: Option<Proof>) -> Level {
    match proves {
        Some(Proof::Exists) | None => Level::Listed,
        Some(Proof::Readable) => Level::Checksum,
        Some(Proof::Restored) => Level::Restores,
        Some(Proof::Right) => Level::Queries,
    }
}

/// The same in words.
fn proved(level: Level) -> &'static str {
    match level {
        Level::Listed => "verified",
        Level::Readable | Level::Checksum => "proved to be readable",
        Level::Restores => "restored",
        Level::Queries | Level::Canary => "proved to bring back what is right",
    }
}
