//! The virtual clock and what happens as it moves: backups in their window, pending values in the
//! maintenance window, restorable times that follow, copies that arrive.

use jiff::{SignedDuration, Timestamp};

use crate::error::SimError;
use crate::stale::later;
use crate::window::Window;
use crate::world::{Caller, Database, Replicated, SimWorld};

/// R9: logs are shipped every five minutes.
const LOG_SECONDS: i64 = 300;
const DAY_SECONDS: i64 = 86_400;
/// More than that at once is a slip of the hand.
const ADVANCE_DAYS_MAX: i64 = 3660;

impl SimWorld {
    /// Moves the clock. Time in a region that is down passes without backups, copies or maintenance.
    pub fn advance(&mut self, by: SignedDuration) -> Result<(), SimError> {
        let days = by.as_secs() / DAY_SECONDS;
        if by.is_negative() || days > ADVANCE_DAYS_MAX {
            return Err(SimError::Request(format!(
                "the clock moves by 0 to {ADVANCE_DAYS_MAX} days, not {by:#}"
            )));
        }
        let from = self.now;
        let to = from
            .checked_add(by)
            .map_err(|e| SimError::Request(format!("the clock cannot move so far: {e}")))?;
        self.now = to;
        let up = |world: &SimWorld, region: &str| world.is_up(region);
        let regions: Vec<(String, String)> = self
            .accounts
            .iter()
            .flat_map(|(number, a)| a.regions.keys().map(move |r| (number.clone(), r.clone())))
            .filter(|(_, region)| up(self, region))
            .collect();
        for (account, region) in regions {
            let here = Caller { account, region };
            for database in self.here_mut(&here).db_instances.values_mut() {
                database.live(from, to);
            }
        }
        self.settle_over();
        self.follow_sources();
        self.deliver_replicas();
        self.stale.retain(|s| s.until > to);
        self.released_names.retain(|_, at| *at > to);
        Ok(())
    }

    /// Ends what is over by now, everywhere where somebody is at work.
    pub(crate) fn settle_over(&mut self) {
        let now = self.now;
        let mut arrived: Vec<(Caller, String)> = Vec::new();
        let down: Vec<String> =
            self.regions.iter().filter(|(_, r)| r.outage.is_some()).map(|(n, _)| n.clone()).collect();
        for (number, account) in &mut self.accounts {
            for (region, contents) in account.regions.iter_mut().filter(|(r, _)| !down.contains(r)) {
                contents.db_instances.retain(|_, database| !database.is_gone(now));
                for database in contents.db_instances.values_mut() {
                    database.settle_if_over(now);
                }
                for snapshot in contents.db_snapshots.values_mut() {
                    if snapshot.settling.is_some_and(|s| s.looks == 0 || s.until <= now) {
                        snapshot.settling = None;
                        snapshot.snapshot.status = "available".into();
                    }
                }
                for (arn, replicated) in &mut contents.replicated_backups {
                    if replicated.settling.is_some_and(|s| s.looks == 0 || s.until <= now) {
                        let here = Caller { account: number.clone(), region: region.clone() };
                        arrived.push((here, arn.clone()));
                    }
                }
            }
        }
        for (here, arn) in arrived {
            self.first_copy(&here, &arn);
        }
    }

    /// The first copy of replicated automated backups is there, when its source can be reached.
    fn first_copy(&mut self, here: &Caller, arn: &str) {
        let Some(latest) = self.source_latest(arn) else { return };
        if let Some(replicated) = self.here_mut(here).replicated_backups.get_mut(arn) {
            replicated.settling = None;
            replicated.backup.earliest = replicated.backup.earliest.or(Some(latest));
            replicated.backup.latest = Some(latest);
        }
    }

    /// What a copy of an instance's backups can hold now; `None` when its region is cut off or it has
    /// no backups.
    pub(crate) fn source_latest(&self, arn: &str) -> Option<Timestamp> {
        let region = crate::rds::region_of(arn)?;
        let source = crate::rds::by_arn(self, arn).filter(|_| self.is_up(region))?;
        let latest = source.instance.latest_restorable_time?;
        Some(later(latest, -i64::from(self.pace.backup_lag_seconds)))
    }

    /// Replicated automated backups follow their source, and age out (R15, R16).
    fn follow_sources(&mut self) {
        let mut follows: Vec<(Caller, String, Option<Timestamp>)> = Vec::new();
        for (number, account) in &self.accounts {
            for (region, contents) in account.regions.iter().filter(|(r, _)| self.is_up(r)) {
                for (arn, replicated) in &contents.replicated_backups {
                    if replicated.settling.is_none() {
                        let here = Caller { account: number.clone(), region: region.clone() };
                        follows.push((here, arn.clone(), self.source_latest(arn)));
                    }
                }
            }
        }
        let now = self.now;
        for (here, arn, latest) in follows {
            if let Some(replicated) = self.here_mut(&here).replicated_backups.get_mut(&arn) {
                replicated.follow(latest, now);
                if replicated.backup.status == "retained" && replicated.backup.latest.is_none() {
                    self.here_mut(&here).replicated_backups.remove(&arn);
                }
            }
        }
    }

    /// Counts a look at what is still settling; whether it did.
    pub(crate) fn looked_at(&mut self, here: &Caller, what: Looked<'_>) {
        let contents = self.here_mut(here);
        let count = |settling: &mut Option<crate::world::Settling>| {
            if let Some(settling) = settling {
                settling.looks = settling.looks.saturating_sub(1);
            }
        };
        let is = |wanted: Option<&str>, name: &str| wanted.is_none_or(|w| w == name);
        match what {
            Looked::Databases(wanted) => {
                contents
                    .db_instances
                    .iter_mut()
                    .filter(|(n, _)| is(wanted, n))
                    .for_each(|(_, d)| count(&mut d.settling));
            }
            Looked::Replicated(wanted) => {
                let all = contents.replicated_backups.iter_mut();
                all.filter(|(n, _)| is(wanted, n)).for_each(|(_, r)| count(&mut r.settling));
            }
            Looked::Snapshots(wanted) => {
                contents
                    .db_snapshots
                    .iter_mut()
                    .filter(|(n, _)| is(wanted, n))
                    .for_each(|(_, s)| count(&mut s.settling));
            }
        }
        self.settle_over();
    }

    /// Whether something of the kind is still settling here, so that looking at it changes the world.
    pub(crate) fn is_settling(&self, here: &Caller, what: Looked<'_>) -> bool {
        let Some(contents) = self.here(here) else { return false };
        match what {
            Looked::Databases(_) => contents.db_instances.values().any(|d| d.settling.is_some()),
            Looked::Replicated(_) => contents.replicated_backups.values().any(|r| r.settling.is_some()),
            Looked::Snapshots(_) => contents.db_snapshots.values().any(|s| s.settling.is_some()),
        }
    }
}

/// What a describe call looks at: all of the region, or one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Looked<'a> {
    Databases(Option<&'a str>),
    Replicated(Option<&'a str>),
    Snapshots(Option<&'a str>),
}

impl Replicated {
    /// Follows the source to `latest`, if that is known, and drops what is past the own retention.
    fn follow(&mut self, latest: Option<Timestamp>, now: Timestamp) {
        let retention = -i64::from(self.backup.backup_retention_period) * DAY_SECONDS;
        if self.backup.status == "replicating" {
            if let Some(latest) = latest {
                self.backup.latest = Some(self.backup.latest.map_or(latest, |before| before.max(latest)));
                self.backup.earliest = self.backup.earliest.or(Some(latest));
            }
            let floor = self.backup.latest.map(|l| later(l, retention));
            self.backup.earliest = self.backup.earliest.max(floor);
        } else if self.backup.latest.is_some_and(|l| l < later(now, retention)) {
            (self.backup.earliest, self.backup.latest) = (None, None);
        }
    }
}

impl Database {
    /// Lives from one instant to another.
    fn live(&mut self, from: Timestamp, to: Timestamp) {
        self.settle_if_over(to);
        let windows = Window::maintenance(&self.instance.preferred_maintenance_window);
        let maintenance = windows.map(|w| w.beginnings(from, to)).unwrap_or_default();
        let backup = Window::backup(&self.instance.preferred_backup_window);
        let backups = backup.map(|w| w.beginnings(from, to)).unwrap_or_default();
        // R8: nothing happens while it is stopped or full.
        if self.instance.status == "available" {
            let mut maintenance = maintenance.into_iter().peekable();
            for at in backups {
                while let Some(earlier) = maintenance.next_if(|m| *m <= at) {
                    self.maintain(earlier);
                }
                if self.instance.backup_retention_period > 0 {
                    self.backups.push(at);
                    self.prune(at);
                }
            }
            maintenance.for_each(|at| self.maintain(at));
        }
        self.follow_log(to);
    }

    /// R4: the window releases everything that waits.
    fn maintain(&mut self, at: Timestamp) {
        self.soon = crate::rds::pending_names(&self.instance);
        self.release(at);
    }

    /// Whether what it is busy with is over.
    fn is_settled(&self, now: Timestamp) -> bool {
        self.settling.is_some_and(|s| s.looks == 0 || s.until <= now)
    }

    /// Whether its deletion is over.
    fn is_gone(&self, now: Timestamp) -> bool {
        self.instance.status == crate::rds::DELETING && self.is_settled(now)
    }

    /// Ends a modification that is over.
    pub(crate) fn settle_if_over(&mut self, now: Timestamp) {
        if self.is_settled(now) && !self.is_gone(now) {
            self.settling = None;
            let restored = std::mem::replace(&mut self.instance.status, "available".into()) == "creating";
            self.release(now);
            // R24: what it was before is not in its history.
            if let Some(days) = self.promoting.take() {
                self.instance.read_replica_source = None;
                self.instance.latest_restorable_time = None;
                self.retain(0, now);
                self.retain(days, now);
            }
            // R12: a restored instance begins a history of its own with a backup of what came back.
            if restored && self.instance.backup_retention_period > 0 {
                self.backups = vec![now];
                self.follow_log(now);
            }
        }
    }

    /// Puts the released values into effect.
    fn release(&mut self, at: Timestamp) {
        let soon = std::mem::take(&mut self.soon);
        for name in soon {
            match name.as_str() {
                "backup_retention_period" => {
                    if let Some(days) = self.instance.pending.backup_retention_period.take() {
                        self.retain(days, at);
                    }
                }
                "multi_az" => {
                    if let Some(on) = self.instance.pending.multi_az.take() {
                        self.instance.multi_az = on;
                    }
                }
                "DBInstanceClass" => {
                    if let Some(class) = self.instance.pending.others.remove(&name) {
                        self.instance.class = class;
                    }
                }
                "EngineVersion" => {
                    if let Some(version) = self.instance.pending.others.remove(&name) {
                        self.instance.engine_version = version;
                    }
                }
                _other => {
                    self.instance.pending.others.remove(&name);
                }
            }
        }
    }

    /// A new retention takes effect.
    pub(crate) fn retain(&mut self, days: u32, at: Timestamp) {
        let before = std::mem::replace(&mut self.instance.backup_retention_period, days);
        if days == 0 {
            // R3: all automated backups go at once.
            self.backups.clear();
        } else if before == 0 {
            // R3: history begins anew, with a first backup.
            self.backups = vec![at];
        }
        // R6: a lower number drops the oldest.
        self.prune(at);
        self.follow_log(at);
    }

    fn prune(&mut self, now: Timestamp) {
        let oldest = later(now, -i64::from(self.instance.backup_retention_period) * DAY_SECONDS);
        self.backups.retain(|b| *b >= oldest);
    }

    /// R9: the latest restorable time follows the clock in steps of five minutes, from the first
    /// backup on; it stands still while the instance is not available (R8).
    pub(crate) fn follow_log(&mut self, now: Timestamp) {
        if self.instance.backup_retention_period == 0 || self.backups.is_empty() {
            self.instance.latest_restorable_time = None;
        } else if self.instance.status == "available" || self.instance.status == "modifying" {
            let second = now.as_second() - now.as_second().rem_euclid(LOG_SECONDS);
            let first = self.backups[0];
            let latest = Timestamp::from_second(second).unwrap_or(now).max(first);
            self.instance.latest_restorable_time = self.instance.latest_restorable_time.max(Some(latest));
        }
    }
}
