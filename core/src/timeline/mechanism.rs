//! One mechanism: what it makes, how long that stays, and what of it is there on a day.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{At, Cell, Input, View, before};
use crate::addr::Name;
use crate::duration;
use crate::protection::{Kept, Protection, Retention};
use crate::recovery::candidate::{Ask, Candidate, candidates, subject};
use crate::recovery::{Components, Seen};
use crate::schedule::Schedule;
use crate::system::{Backup, Datastore, Declared, Destination, Kept as Keep, Log, Method, Newest};

/// What makes restore points of a datastore in one place.
#[derive(Debug, Clone)]
pub struct Mechanism {
    /// What it is: `backup.nightly in s3`, `point-in-time recovery in eu-west-1`.
    pub name: String,
    /// Where it comes from: an address.
    pub from: String,
    /// Where that is written, of a declared backup.
    pub at: At,
    /// As things are; none when there is no such thing yet.
    pub present: Option<Run>,
    /// After apply; none when there is no such thing any more.
    pub applied: Option<Run>,
    /// Since when there are points as they are described; none when that is not known.
    pub since: Option<Timestamp>,
    /// The present time.
    pub now: Timestamp,
}

/// How a mechanism runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What it makes.
    pub makes: Makes,
    /// How long until it can be restored from.
    pub delay: SignedDuration,
    /// How long one is kept; none for ever, as far as anybody knows.
    pub keeps: Option<SignedDuration>,
    /// How long nobody can delete one.
    pub locked: Option<SignedDuration>,
    /// How often it runs and how long it keeps, in words.
    pub words: String,
}

/// What is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Makes {
    /// A point at each run.
    Points(Schedule),
    /// A history of which any second can be restored.
    History,
    /// One point.
    One(Timestamp),
    /// A copy of what is, without a past.
    Copy,
}

/// What of a mechanism is there on a day.
#[derive(Debug, Clone)]
pub struct Extent {
    makes: Makes,
    /// Nothing before this; none when nothing says how far back it goes.
    pub oldest: Option<Timestamp>,
    /// Nothing after this.
    pub newest: Timestamp,
}

impl Mechanism {
    /// What is there of it on a day; none when there is nothing.
    pub fn on(&self, view: View, day: Timestamp) -> Option<Extent> {
        let run = match view {
            View::Present => self.present.as_ref(),
            View::Applied => self.applied.as_ref(),
        }?;
        let newest = before(day, run.delay);
        let kept = run.keeps.map(|keeps| before(day, keeps));
        let (oldest, newest) = match &run.makes {
            Makes::One(at) => {
                return (*at <= day).then(|| Extent {
                    makes: run.makes.clone(),
                    oldest: Some(*at),
                    newest: *at,
                });
            }
            Makes::Copy => (Some(newest), newest),
            // A history that was just switched on, or made longer, still has to grow.
            Makes::History => {
                (kept.map_or(self.since, |kept| Some(self.since.map_or(kept, |s| s.max(kept)))), newest)
            }
            Makes::Points(schedule) => {
                let last = schedule.last(newest)?;
                // Who does not say how long one is kept promises no more than the newest.
                let first = kept.and_then(|kept| first_from(schedule, kept));
                match (kept, first) {
                    (Some(kept), _) if last < kept => return None,
                    (Some(_), Some(first)) => (Some(first.min(last)), last),
                    (None, _) | (Some(_), None) => (None, last),
                }
            }
        };
        (oldest.is_none_or(|oldest| oldest <= newest)).then(|| Extent {
            makes: run.makes.clone(),
            oldest,
            newest,
        })
    }
}

impl Extent {
    /// The oldest point, when it is known.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.oldest
    }

    /// Whether any second between its ends can be restored.
    pub fn is_history(&self) -> bool {
        self.makes == Makes::History
    }

    /// What there is of a time.
    pub(super) fn cell(&self, from: Timestamp, to: Timestamp) -> Cell {
        let nothing = from > self.newest || self.oldest.is_some_and(|oldest| to <= oldest);
        if nothing {
            return Cell::Nothing;
        }
        let (first, last) = (self.oldest.map_or(from, |oldest| oldest.max(from)), self.newest.min(to));
        let newest_here = (from..to).contains(&self.newest);
        match (&self.makes, self.oldest) {
            (Makes::History, None) => Cell::Unknown,
            (Makes::History, Some(_)) if first == from && last == to => Cell::Any,
            (Makes::History, Some(_)) => Cell::Part,
            (Makes::One(_) | Makes::Copy, _) => {
                if newest_here {
                    Cell::Point
                } else {
                    Cell::Nothing
                }
            }
            (Makes::Points(_), _) if newest_here => Cell::Point,
            (Makes::Points(_), None) => Cell::Unknown,
            (Makes::Points(schedule), Some(_)) => {
                let run = first_from(schedule, first);
                // A rate says how often, not when: a column as long as that has one.
                let rate = matches!(schedule, Schedule::Every(every) | Schedule::On(_, Some(every))
                    if *every <= to.duration_since(from));
                let within = rate || run.is_some_and(|run| run < to && run <= self.newest);
                if within { Cell::Point } else { Cell::Nothing }
            }
        }
    }

    /// Whether a moment can be restored to within `gap` from this.
    pub(super) fn reaches(&self, moment: Timestamp, gap: SignedDuration) -> bool {
        let Some(oldest) = self.oldest else { return false };
        if oldest > moment || self.newest < before(moment, gap) {
            return false;
        }
        match &self.makes {
            Makes::History => true,
            Makes::Copy => false,
            Makes::One(at) => *at >= before(moment, gap),
            Makes::Points(schedule) => {
                let near = match schedule {
                    Schedule::Every(every) => Some(before(moment, *every)),
                    Schedule::Continuous | Schedule::Calendar(_) | Schedule::On(..) => schedule.last(moment),
                };
                near.is_some_and(|near| near >= before(moment, gap))
            }
        }
    }
}

/// The first run not before an instant. Of a rate the latest that it can be.
fn first_from(schedule: &Schedule, at: Timestamp) -> Option<Timestamp> {
    match schedule {
        Schedule::Every(_) | Schedule::On(..) => schedule.next(at),
        Schedule::Continuous | Schedule::Calendar(_) => {
            schedule.next(before(at, SignedDuration::from_secs(1)))
        }
    }
}

/// All that makes restore points of a datastore.
pub(super) fn mechanisms(input: &Input<'_>, name: &Name, datastore: &Datastore) -> Vec<Mechanism> {
    let backups = input.system.backups.iter().filter(|(_, b)| b.is.of.0 == *name);
    let mut found: Vec<Mechanism> =
        backups.flat_map(|(name, backup)| declared(input, name, backup)).collect();
    if let Some(resource) = &datastore.resource {
        let mut states: BTreeMap<Key, [Option<Since>; 2]> = BTreeMap::new();
        for (index, components) in [input.now_is, input.then_is].into_iter().enumerate() {
            for (key, run) in stated(input, components, &resource.0) {
                states.entry(key).or_default()[index] = Some(run);
            }
        }
        for ((from, name), [present, applied]) in states {
            // A history does not grow backwards: it goes back as far as it is kept now.
            let since =
                present.as_ref().and_then(|(run, since)| since.or(run.keeps.map(|k| before(input.now, k))));
            // What only an apply makes begins then.
            let since = if present.is_none() { Some(input.now) } else { since };
            let (present, applied) = (present.map(|(run, _)| run), applied.map(|(run, _)| run));
            found.push(Mechanism { name, from, at: None, present, applied, since, now: input.now });
        }
    }
    found
}

/// A declared backup, in each place that it is kept in.
fn declared(input: &Input<'_>, name: &Name, backup: &Declared<Backup>) -> Vec<Mechanism> {
    let beside = [None];
    let places: Vec<Option<&Destination>> = match backup.is.to.as_slice() {
        [] => beside.to_vec(),
        to => to.iter().map(Some).collect(),
    };
    let method = backup.is.method();
    let one = |(part, place): (Part<'_>, Option<&Destination>)| {
        let run = |components: &Components| Some(made((&method, part, input.now), place, components));
        let (attribute, which) = match part {
            Part::Base(attribute, _) if method.bases.len() > 1 => (attribute, format!(" {attribute}")),
            Part::Base(attribute, _) => (attribute, String::new()),
            Part::Log(_) => ("archive_every", " log".to_owned()),
        };
        Mechanism {
            name: match place {
                Some(to) => format!("backup.{name}{which} in {}", to.name),
                None => format!("backup.{name}{which}, beside the data"),
            },
            from: format!("backup.{name}"),
            at: Some(backup.written.at(&[method.block, attribute])),
            present: run(input.now_is),
            applied: run(input.then_is),
            since: None,
            now: input.now,
        }
    };
    let parts: Vec<Part<'_>> =
        method.bases.iter().map(|(attribute, schedule)| Part::Base(attribute, schedule)).collect();
    // A log whose base does not live until the next one is there continues nothing.
    let log = |place: Option<&Destination>| {
        let there = place.and_then(|to| to.keep);
        let newest = method.newest(input.now, there, SignedDuration::ZERO);
        method.log.filter(|_| matches!(newest, Ok(Newest::Log(_)))).map(Part::Log)
    };
    let parts = |place| parts.iter().copied().chain(log(place)).map(move |part| (part, place));
    places.into_iter().flat_map(parts).map(one).collect()
}

/// What of a backup makes points by itself.
#[derive(Clone, Copy)]
enum Part<'b> {
    Base(&'static str, &'b Schedule),
    Log(Log),
}

fn made(
    (method, part, now): (&Method<'_>, Part<'_>, Timestamp),
    place: Option<&Destination>,
    components: &Components,
) -> Run {
    let there = place.and_then(|to| to.keep);
    let told = match part {
        Part::Base(..) => method.kept(there),
        Part::Log(log) => method.log_kept(log, there),
    };
    let holder = place.and_then(|to| to.bucket.as_ref());
    let holder = holder.and_then(|bucket| components.get(&bucket.0));
    let key = place.map(Destination::prefix).unwrap_or_default();
    let there = holder.map(|c| c.kind.retention(&subject(c), Kept::Object(key))).unwrap_or_default();
    let Retention { gone_after, locked_for } = there;
    let locked_for = locked_for.or(place.and_then(|to| to.lock));
    let keeps = match (told, gone_after) {
        (Some(told), Some(gone)) => Some(told.min(gone)),
        (told, gone) => told.or(gone),
    };
    // What is locked is there, whatever the tool wants to delete.
    let keeps = keeps.map(|keeps| locked_for.map_or(keeps, |lock| keeps.max(lock)));
    let mut words = match part {
        Part::Base(_, schedule) => schedule.to_string(),
        Part::Log(log) => format!("archived every {} at least", duration::text(log.every)),
    };
    let replaced = told.is_none() && method.keep == Keep::Replaced;
    match (keeps, told) {
        (None, _) if replaced => words += ", each takes the place of the one before it",
        (None, _) => words += ", nothing says for how long (`keep`)",
        (Some(keeps), told) if told == Some(keeps) => words += &format!(", kept {}", duration::text(keeps)),
        (Some(keeps), Some(told)) => {
            let by = if keeps < told { "the bucket's lifecycle" } else { "the bucket's lock" };
            words += &format!(", kept {} by {by}, not {}", duration::text(keeps), duration::text(told));
        }
        (Some(keeps), None) => {
            words += &format!(", kept {} by the bucket's lifecycle", duration::text(keeps))
        }
    }
    let takes = method.takes.unwrap_or_default();
    let (makes, delay) = match (part, keeps) {
        (Part::Log(log), _) => (Makes::History, log.every),
        (Part::Base(..), None) if replaced => {
            let age = method.gap(now).map_or(SignedDuration::MAX, |gap| gap.length.saturating_add(takes));
            (Makes::Copy, age)
        }
        (Part::Base(_, Schedule::Continuous), Some(_)) => (Makes::History, takes),
        (Part::Base(_, Schedule::Continuous), None) => (Makes::Copy, takes),
        (Part::Base(_, schedule), _) => (Makes::Points(schedule.clone()), takes),
    };
    Run {
        makes,
        delay: delay.saturating_add(place.and_then(|to| to.transfer).unwrap_or_default()),
        keeps,
        locked: locked_for,
        words: with_lock(words, locked_for),
    }
}

fn with_lock(words: String, lock: Option<SignedDuration>) -> String {
    lock.map_or(words.clone(), |lock| format!("{words}, locked for {}", duration::text(lock)))
}

/// The holder of what a kind states, and what it is in words.
type Key = (String, String);
/// How it runs, and since when.
type Since = (Run, Option<Timestamp>);

/// What kinds state of a resource: by holder and words, how it runs and since when.
fn stated(input: &Input<'_>, components: &Components, resource: &crate::addr::Address) -> Vec<(Key, Since)> {
    let Some(held) = components.get(resource) else { return Vec::new() };
    let ask = Ask { components, until: None, wrong_since: None, now: input.now, lost: None };
    let found = candidates(&ask, held).into_iter().filter(|c| c.refused.is_none());
    found.filter_map(|candidate| stated_one(input, candidate)).collect()
}

fn stated_one(input: &Input<'_>, candidate: Candidate<'_>) -> Option<(Key, Since)> {
    let key = (candidate.from.address.to_string(), candidate.mechanism.clone());
    let Retention { gone_after, locked_for } =
        candidate.from.kind.retention(&subject(candidate.from), Kept::Points(&candidate.protection));
    let kept = || match gone_after {
        Some(gone) => format!("any second, kept {}", duration::text(gone)),
        None => "any second, nothing takes it away".to_owned(),
    };
    let behind = |latest: Option<Timestamp>| {
        latest.map(|l| input.now.duration_since(l).max(SignedDuration::ZERO)).unwrap_or_default()
    };
    let (makes, delay, words, since) = match &candidate.protection {
        Protection::PointInTime { window, lag_max, .. } => {
            let latest = window.as_ref().and_then(|w| w.latest);
            let delay = behind(latest).max(lag_max.unwrap_or_default());
            let earliest = window.as_ref().and_then(|w| w.earliest);
            (Makes::History, delay, kept(), earliest)
        }
        Protection::ReplicatedBackups { window, .. } => {
            let earliest = window.as_ref().and_then(|w| w.earliest);
            (Makes::History, behind(window.as_ref().and_then(|w| w.latest)), kept(), earliest)
        }
        Protection::Versions { .. } => (Makes::History, SignedDuration::ZERO, kept(), None),
        Protection::Snapshot { at, .. } => {
            let words = "one moment, until somebody deletes it".to_owned();
            (Makes::One((*at)?), SignedDuration::ZERO, words, None)
        }
        Protection::ReplicatesTo { lag_max, .. } | Protection::Replica { lag_max, .. } => {
            let words = "a copy of what is, without a past".to_owned();
            (Makes::Copy, lag_max.unwrap_or_default(), words, None)
        }
    };
    let words = if candidate.from.seen == Seen::Present || candidate.from.seen == Seen::Absent {
        words
    } else {
        format!("{words}, not observed now")
    };
    let keeps = gone_after.filter(|_| makes == Makes::History);
    let run = Run { makes, delay, keeps, locked: locked_for, words: with_lock(words, locked_for) };
    Some((key, (run, since)))
}
