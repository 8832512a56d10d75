//! Eventual consistency: a changed thing is seen as it was, by a seeded number of reads or for a
//! seeded number of virtual seconds, whichever ends first.

use jiff::{SignedDuration, Timestamp};

use crate::chance;
use crate::world::{Before, Caller, SimWorld, Stale};

/// The kind and key of a thing that a call changes.
#[derive(Debug, Clone)]
pub(crate) enum Thing {
    Bucket(String),
    Database(String),
    Replicated(String),
    Snapshot(String),
}

impl Thing {
    /// What an RDS ARN names.
    pub(crate) fn of_arn(arn: &str) -> Option<Thing> {
        let (head, name) = arn.rsplit_once(':')?;
        match head.rsplit_once(':')?.1 {
            "db" => Some(Thing::Database(name.to_owned())),
            "snapshot" => Some(Thing::Snapshot(name.to_owned())),
            _other => None,
        }
    }

    fn name(&self) -> &str {
        match self {
            Thing::Bucket(name) | Thing::Database(name) | Thing::Replicated(name) | Thing::Snapshot(name) => {
                name
            }
        }
    }
}

impl SimWorld {
    /// The thing as it is, to be kept when a change succeeds; none when reads do not lag or still see
    /// an older copy.
    pub(crate) fn remember(&self, caller: &Caller, thing: &Thing) -> Option<Stale> {
        let lag = self.consistency?;
        if self.stale.iter().any(|s| same(s, caller, thing)) {
            return None;
        }
        let here = self.here(caller);
        let name = thing.name();
        let before = match thing {
            Thing::Bucket(_) => Before::Bucket(here.and_then(|c| c.buckets.get(name)).cloned().map(Box::new)),
            Thing::Database(_) => {
                Before::Database(here.and_then(|c| c.db_instances.get(name)).cloned().map(Box::new))
            }
            Thing::Replicated(_) => {
                Before::Replicated(here.and_then(|c| c.replicated_backups.get(name)).cloned().map(Box::new))
            }
            Thing::Snapshot(_) => {
                Before::Snapshot(here.and_then(|c| c.db_snapshots.get(name)).cloned().map(Box::new))
            }
        };
        let dice = |of: &str, max: u32| {
            let n = chance::number(self.seed, &["stale", of, name, &self.writes.to_string()]);
            u32::try_from(n % (u64::from(max) + 1)).unwrap_or(max)
        };
        let reads = dice("reads", lag.reads_max);
        let seconds = dice("seconds", lag.seconds_max);
        (reads > 0 && seconds > 0).then(|| Stale {
            account: caller.account.clone(),
            region: caller.region.clone(),
            name: name.to_owned(),
            before,
            until: later(self.now, i64::from(seconds)),
            reads,
        })
    }

    /// The world as a read from here sees it, when that differs from what is. `resource` limits it to
    /// one bucket, instance or ARN; empty for a list.
    pub(crate) fn seen_from(&mut self, caller: &Caller, resource: &str) -> Option<SimWorld> {
        let now = self.now;
        self.stale.retain(|s| s.reads > 0 && s.until > now);
        let concerns = |s: &Stale| {
            s.account == caller.account
                && s.region == caller.region
                && (resource.is_empty() || s.name == resource)
        };
        if !self.stale.iter().any(concerns) {
            return None;
        }
        let mut seen = self.clone();
        let contents = seen.here_mut(caller);
        for stale in self.stale.iter_mut().filter(|s| concerns(s)) {
            stale.reads -= 1;
            let name = stale.name.clone();
            match stale.before.clone() {
                Before::Bucket(before) => replace(&mut contents.buckets, name, before),
                Before::Database(before) => replace(&mut contents.db_instances, name, before),
                Before::Replicated(before) => replace(&mut contents.replicated_backups, name, before),
                Before::Snapshot(before) => replace(&mut contents.db_snapshots, name, before),
            }
        }
        Some(seen)
    }
}

fn replace<T>(map: &mut std::collections::BTreeMap<String, T>, name: String, before: Option<Box<T>>) {
    match before {
        Some(before) => {
            map.insert(name, *before);
        }
        None => {
            map.remove(&name);
        }
    }
}

fn same(stale: &Stale, caller: &Caller, thing: &Thing) -> bool {
    let kind = matches!(
        (&stale.before, thing),
        (Before::Bucket(_), Thing::Bucket(_))
            | (Before::Database(_), Thing::Database(_))
            | (Before::Replicated(_), Thing::Replicated(_))
            | (Before::Snapshot(_), Thing::Snapshot(_))
    );
    kind && stale.account == caller.account && stale.region == caller.region && stale.name == thing.name()
}

/// A later instant; the end of time when there is none.
pub(crate) fn later(from: Timestamp, seconds: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
