//! What has to be done again by a day: rehearsals, proofs that backups can be restored from, and waivers
//! that end.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::addr::Name;
use crate::duration;
use crate::span::Span;
use crate::system::{Day, Proof, System};

/// Something that is due on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The block: `drill.quarterly`, `backup.nightly`, `waiver.bank`.
    pub address: String,
    /// What is to be done, in words.
    pub what: String,
    /// When; none when it was never done.
    pub at: Option<Timestamp>,
    /// When it was done last.
    pub last: Option<Day>,
    /// How often it is done; a waiver ends once.
    pub every: Option<SignedDuration>,
    /// Who sees to it.
    pub owner: Option<Name>,
    /// Where that is written.
    pub span: Span,
}

impl Due {
    /// Whether it should have been done. What is done again may be done until the day is over.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let grace = if self.every.is_some() { SignedDuration::from_hours(24) } else { SignedDuration::ZERO };
        self.at.is_none_or(|at| at.checked_add(grace).is_ok_and(|end| end <= now))
    }

    /// The day in UTC that it is to be done on or before.
    pub fn day(&self) -> Option<Date> {
        // A waiver ends with its last day.
        let last = if self.every.is_some() { SignedDuration::ZERO } else { SignedDuration::from_nanos(1) };
        let at = self.at?.checked_sub(last).ok()?;
        Some(TimeZone::UTC.to_datetime(at).date())
    }
}

/// Everything that is due some day: what was never done first, then by time.
pub fn due(system: &System) -> Vec<Due> {
    let mut all: Vec<Due> = drills(system).chain(verifications(system)).chain(waivers(system)).collect();
    all.sort_by(|a, b| (a.at, &a.address, &a.what).cmp(&(b.at, &b.address, &b.what)));
    all
}

fn again(last: Option<Day>, every: SignedDuration) -> Option<Timestamp> {
    last.map(|last| last.again(every).0)
}

fn drills(system: &System) -> impl Iterator<Item = Due> {
    system.drills.iter().map(|(name, drill)| {
        let is = &drill.is;
        let scenario = is.scenario.iter().map(|s| format!("scenario.{}", s.0));
        let procedure = is.procedure.iter().map(|p| format!("by procedure.{}", p.0));
        let what: Vec<String> =
            ["rehearse".to_owned()].into_iter().chain(scenario).chain(procedure).collect();
        Due {
            address: format!("drill.{name}"),
            what: what.join(" "),
            at: again(is.last, is.every),
            last: is.last,
            every: Some(is.every),
            owner: is.owner.as_ref().map(|o| o.0.clone()),
            span: drill.written.at(&["last"]),
        }
    })
}

fn verifications(system: &System) -> impl Iterator<Item = Due> {
    let each = system
        .backups
        .iter()
        .flat_map(|(name, backup)| backup.is.verify.iter().map(move |v| (name, backup, v)));
    each.map(|(name, backup, verify)| {
        let proves = match verify.proves {
            None => "that it can be relied on",
            Some(Proof::Exists) => "that it exists",
            Some(Proof::Readable) => "that it can be read",
            Some(Proof::Restored) => "that it can be restored",
            Some(Proof::Right) => "that what it brings back is right",
        };
        Due {
            address: format!("backup.{name}"),
            what: format!("verify {proves}"),
            at: again(verify.last, verify.every),
            last: verify.last,
            every: Some(verify.every),
            owner: verify.owner.as_ref().map(|o| o.0.clone()),
            span: backup.written.at(&["verify"]),
        }
    })
}

fn waivers(system: &System) -> impl Iterator<Item = Due> {
    system.waivers.iter().map(|(name, waiver)| Due {
        address: format!("waiver.{name}"),
        what: format!("correct {}, or decide anew to live with it", waiver.is.finding),
        at: Some(waiver.is.until.0),
        last: None,
        every: None,
        owner: Some(waiver.is.owner.0.clone()),
        span: waiver.written.at(&["until"]),
    })
}

/// What is said of when it is done: "every 90d, last 2026-01-02".
pub fn rhythm(due: &Due) -> Option<String> {
    let every = format!("every {}", duration::text(due.every?));
    Some(match due.last {
        Some(last) => format!("{every}, last {last}"),
        None => format!("{every}, and nothing says that it was ever done"),
    })
}
