//! Declared backups as ways back: which survive a loss, what the newest of each holds, and which one
//! is taken.

use jiff::{SignedDuration, Timestamp};

use super::action::InBucket;
use super::dependents::Protects;
use super::lost::Lost;
use super::model::{Input, Rejected};
use super::planner::readable;
use crate::addr::Name;
use crate::protection::Window;
use crate::stored::Stored;
use crate::system::{Backup, Destination, DumpIn, Method, Newest, Wanted};

/// A backup that can be restored from.
pub(crate) struct Kept<'a> {
    /// Its name.
    pub(crate) name: &'a Name,
    /// How it is made.
    pub(crate) method: &'a Method<'a>,
    /// In words: "backup to s3, in bucket aws_s3_bucket.db".
    pub(crate) mechanism: String,
    /// The moment that the newest one holds, if its run succeeded; none when nothing says when that was.
    pub(crate) point: Option<Timestamp>,
    /// What that moment is restored from.
    pub(crate) from: Newest,
    /// Whether it must be that moment, and not whatever is newest when it is restored.
    pub(crate) exact: bool,
    /// What can be lost in the worst case; none when it has no bound or is not declared.
    pub(crate) worst: Option<SignedDuration>,
    /// From when until when it has points, as far as that is declared.
    pub(crate) window: Window,
    /// The largest time between two.
    gap: Option<SignedDuration>,
    /// The point as its tool calls it, where its repository was looked into.
    id: Option<String>,
    /// Which of several repositories it stands in: 1 is the first.
    repository: Option<usize>,
    /// The directory that it is kept in.
    path: Option<String>,
    /// The object that it is, where drctl keeps it in a bucket.
    pub(crate) object: Option<InBucket>,
    /// The database that holds its canary.
    pub(crate) canary: Option<String>,
    /// Why it is not known what is in its repository.
    pub(crate) doubt: Option<String>,
}

impl Kept<'_> {
    fn address(&self) -> String {
        format!("backup.{}", self.name)
    }

    /// As one that is not taken.
    pub(crate) fn rejected(&self, now: Timestamp, why: impl Into<String>) -> Rejected {
        Rejected {
            point: self.point,
            data_loss_s: self.age(now),
            window: Some(self.window.clone()),
            ..Rejected::new(self.address(), &self.mechanism, why)
        }
    }

    /// Whether what is restored is the data of a server, with a log that it replays.
    pub(crate) fn is_cluster(&self) -> bool {
        self.method.block == "pgbackrest"
    }

    /// How its loss is known.
    pub(crate) fn source(&self) -> String {
        let worst = match self.worst {
            Some(worst) => format!("; at worst {}", readable(worst.as_secs())),
            None => "; at worst without a bound".to_owned(),
        };
        if let Newest::Log(log) = self.from {
            let every = readable(log.every.as_secs());
            return format!("its log, archived every {every} at least, if that succeeded{worst}");
        }
        if self.id.is_some() {
            return format!("when it was made, as its repository says{worst}");
        }
        let takes = match self.method.takes {
            Some(takes) => format!("taking {}", readable(takes.as_secs())),
            None => "how long one takes is not declared (`takes`)".to_owned(),
        };
        format!("its last run by {}, {takes}, if it succeeded{worst}", self.method.schedules())
    }

    /// How much is lost with it: what its repository shows, else what can be lost at worst. A schedule that nobody
    /// kept is no reason to take it; none when it has no bound.
    fn loses(&self, now: Timestamp) -> Option<SignedDuration> {
        match (&self.id, self.point) {
            (Some(_), Some(point)) => Some(now.duration_since(point)),
            (Some(_) | None, _) => self.worst,
        }
    }

    /// Why this one is taken and the other is not.
    fn goes_before(&self, other: &Kept<'_>, now: Timestamp) -> String {
        let most = match &other.id {
            Some(_) => "",
            None => "at worst ",
        };
        match (self.loses(now), other.loses(now)) {
            (Some(own), Some(others)) if others > own => {
                format!("{most}it loses {} more", readable((others - own).as_secs()))
            }
            (Some(_), None) => "what it can lose has no bound".to_owned(),
            _ => "not better, and later by name".to_owned(),
        }
    }

    /// How old the newest one is.
    pub(crate) fn age(&self, now: Timestamp) -> Option<i64> {
        self.point.map(|point| now.duration_since(point).as_secs())
    }

    /// The command that restores it: to that moment where it must be that one. Else to the newest that is
    /// there, for a log that ends earlier than expected must not stop the restore.
    pub(crate) fn command(&self, into: Option<&str>) -> Option<Vec<String>> {
        self.method.restore_into(&Wanted {
            to: Some((self.point.filter(|_| self.exact), self.from)),
            into,
            id: self.id.as_deref(),
            repository: self.repository,
            place: match (&self.path, &self.object) {
                (_, Some(_)) => Some(DumpIn::Bucket),
                (Some(path), None) => Some(DumpIn::Directory(path)),
                (None, None) => None,
            },
        })
    }
}

/// What a step says of the backup that it restores from.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said<'s> {
    /// Which one: that or none.
    pub(crate) only: Option<&'s Name>,
    /// Where to: what cannot be restored there is of no use.
    pub(crate) into: Option<&'s str>,
}

/// The best of the backups of a datastore, and the others with the reason; without a best one, all of
/// them.
pub(crate) fn choose<'a>(
    input: &Input<'a>,
    lost: &Lost<'_>,
    datastore: &Name,
    Said { only, into }: Said<'_>,
) -> (Option<Kept<'a>>, Vec<Rejected>) {
    let (mut usable, mut rejected) = (Vec::new(), Vec::new());
    for protects in input.dependents.backups(datastore) {
        let Protects { name, declared: backup, method } = protects;
        let told = only.filter(|only| *only != *name);
        let beside = [None];
        let places: Vec<Option<&Destination>> = match backup.is.to.as_slice() {
            [] => beside.to_vec(),
            to => to.iter().map(Some).collect(),
        };
        for place in places {
            let mechanism = in_words(place);
            let found = match told {
                Some(only) => Err(format!("the step says `from = backup.{only}`")),
                None => method.goes_into(into).and_then(|()| kept(input, lost, protects, place)),
            };
            match found {
                Ok(kept) => usable.push(kept),
                Err(why) => rejected.push(Rejected::new(format!("backup.{name}"), mechanism, why)),
            }
        }
    }
    usable.sort_by_key(|k| {
        let loses = k.loses(input.now);
        (loses.is_none(), loses, k.gap.is_none(), k.gap, k.name)
    });
    if let Some(since) = input.loss.since.get(datastore) {
        rejected.extend(usable.iter().filter_map(|kept| spoilt(kept, input.now, *since)));
    }
    let mut usable = usable.into_iter();
    let best = usable.next();
    if let Some(best) = &best {
        let why = |other: &Kept<'_>| best.goes_before(other, input.now);
        rejected.extend(usable.map(|other| other.rejected(input.now, why(&other))));
    }
    (best, rejected)
}

/// The points of a backup that were made when the data was wrong already.
fn spoilt(kept: &Kept<'_>, now: Timestamp, since: Timestamp) -> Option<Rejected> {
    let newest = kept.method.bases.iter().filter_map(|(_, schedule)| schedule.last(now)).max();
    let newest = newest.filter(|newest| *newest >= since)?;
    let why = format!("its points up to {newest} are not before {since}, since when the data is wrong");
    Some(Rejected::new(kept.address(), &kept.mechanism, why))
}

pub(crate) fn in_words(place: Option<&Destination>) -> String {
    let Some(to) = place else { return "backup beside the data".to_owned() };
    let bucket = to.bucket.as_ref().map(|b| format!(" in {}", b.0));
    let site = to.site.as_ref().map(|s| format!(" at site.{}", s.0));
    let region = to.region.as_ref().map(|r| format!(" in {r}"));
    let place: String = bucket.into_iter().chain(site).chain(region).collect();
    format!("backup to {}{place}", to.name)
}

/// The newest one that is kept there, or why there is none.
fn kept<'a>(
    input: &Input<'a>,
    lost: &Lost<'_>,
    Protects { name, declared, method }: &'a Protects<'a>,
    place: Option<&Destination>,
) -> Result<Kept<'a>, String> {
    let backup = &declared.is;
    if let Some(why) = lost.kept((name, backup), place) {
        return Err(why);
    }
    let transfer = place.and_then(|to| to.transfer).unwrap_or_default();
    let there = place.and_then(|to| to.keep);
    let good = good_until(input, &backup.of.0);
    let repository = backup.to.iter().position(|to| place == Some(to)).filter(|_| backup.to.len() > 1);
    let repository = repository.map(|n| n + 1);
    let is_there = |point: &&Stored| {
        let elsewhere = repository.zip(point.repository).is_some_and(|(here, its)| here != its as usize);
        !elsewhere
    };
    let listed = input.system.listed.get(name);
    let scheduled = || method.point(input.now, good, (there, transfer));
    let (point, from, id) = match listed {
        Some(Ok(points)) => in_repository(points.iter().filter(is_there), good, (method, scheduled))?,
        Some(Err(_)) | None => scheduled().map(|(point, from)| (point, from, None))?,
    };
    let gap = method.gap(input.now).map(|gap| gap.length);
    let (age, gap) = match from {
        Newest::Log(log) => (Some(log.every), Some(log.every)),
        Newest::Base => (gap.zip(method.takes).and_then(|(gap, takes)| gap.checked_add(takes)), gap),
    };
    if let Some((by, lock)) = place.and_then(|to| lost.locked(&to.bucket.as_ref()?.0))
        && let Some(oldest) = input.now.checked_sub(lock.length).ok()
        && point.is_none_or(|point| point < oldest)
    {
        let length = readable(lock.length.as_secs());
        return Err(format!(
            "it was locked for {length} ({}), and credential.{by} may delete it since",
            lock.fact
        ));
    }
    // What is written while nobody knows that data is wrong is lost with it.
    let noticed = match input.loss.data.get(&backup.of.0) {
        Some(within) if !told(input, &backup.of.0) => within.map(SignedDuration::from_secs),
        Some(_) | None => Some(SignedDuration::ZERO),
    };
    let object = place.and_then(|to| in_bucket(input, (backup, to), id.as_deref()));
    Ok(Kept {
        name,
        mechanism: in_words(place),
        point,
        from,
        exact: good.is_some() || input.loss.data.contains_key(&backup.of.0),
        worst: age.and_then(|age| age.checked_add(transfer)?.checked_add(noticed?)),
        window: Window {
            earliest: method.kept(there).and_then(|kept| input.now.checked_sub(kept).ok()),
            latest: point,
        },
        gap,
        id,
        canary: backup.canary.as_ref().map(|canary| canary.database.clone()),
        doubt: listed.and_then(|listed| listed.as_ref().err().cloned()),
        repository,
        path: place.and_then(|to| to.path.clone()).filter(|path| path.starts_with('/')),
        object,
        method,
    })
}

/// The dump as the object that drctl has made of it; its name may be known only when it is restored.
fn in_bucket(input: &Input<'_>, (backup, to): (&Backup, &Destination), id: Option<&str>) -> Option<InBucket> {
    backup.pg_dump.as_ref().filter(|is| is.is_made() && is.restore.is_none())?;
    let bucket = input.components.get(&to.bucket.as_ref()?.0)?;
    let id = id.unwrap_or("${point.id}");
    Some(InBucket {
        provider: bucket.provider.clone(),
        region: bucket.place.region.clone(),
        bucket: bucket.id.0.clone(),
        key: to.key(id),
    })
}

/// The moment, what of the method it is restored from, and the point as its tool calls it.
type Held = (Option<Timestamp>, Newest, Option<String>);

/// The newest point that stands in the repository and was right. A log reaches further than the last base; how
/// far, only its schedule says.
fn in_repository<'p>(
    points: impl Iterator<Item = &'p Stored>,
    good: Option<Timestamp>,
    (method, scheduled): (&Method<'_>, impl Fn() -> Result<(Option<Timestamp>, Newest), String>),
) -> Result<Held, String> {
    let none = |what: &str| match good {
        Some(good) => format!("its repository holds no {what} from before {good}"),
        None => format!("its repository holds no {what}"),
    };
    let whole = points.filter(|point| point.flaw.is_none());
    let held = |point: &&Stored| good.is_none_or(|good| point.held(method.log.is_some()) <= good);
    let newest = whole.filter(held).max_by_key(|point| point.held(method.log.is_some()));
    let Some(newest) = newest else { return Err(none("restore point that is whole")) };
    match scheduled() {
        // Whether the log has come as far as what was asked for shows when it is replayed.
        Ok((at, Newest::Log(log))) => Ok((good.or(at), Newest::Log(log), None)),
        Ok(_) | Err(_) => {
            Ok((Some(newest.held(method.log.is_some())), Newest::Base, Some(newest.id.clone())))
        }
    }
}

/// Whether somebody has said which instant to go back to, or since when the data is wrong.
fn told(input: &Input<'_>, datastore: &Name) -> bool {
    input.at.contains_key(datastore) || input.loss.since.contains_key(datastore)
}

/// Until when the data was right, as far as anybody can tell: the instant that was asked for, else the
/// time within which wrong data is noticed.
pub(crate) fn good_until(input: &Input<'_>, datastore: &Name) -> Option<Timestamp> {
    let within = input.loss.data.get(datastore).copied().flatten().map(SignedDuration::from_secs);
    let at = input.at.get(datastore).copied();
    match input.loss.since.get(datastore) {
        Some(since) => {
            let last = since.checked_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN);
            Some(at.map_or(last, |at| at.min(last)))
        }
        None => at.or_else(|| within.and_then(|within| input.now.checked_sub(within).ok())),
    }
}
