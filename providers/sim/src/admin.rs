//! What `drctl sim` does to a simulated cloud from outside: break and mend it, move its clock, look.

use std::collections::BTreeMap;
use std::fmt::Write;

use drctl_aws::port::VersioningStatus;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub use crate::drift::{FinalSnapshot, Target};
use crate::error::SimError;
use crate::store::Sim;
use crate::world::{Contents, Outage, RegionState, SimWorld};

/// Where a denial holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// In every region.
    Everywhere,
    /// In one.
    Region(&'a str),
}

/// How many calls there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that only look.
    pub reads: u64,
    /// Calls that change something, refused ones included.
    pub writes: u64,
    /// Calls by operation, such as `s3:GetBucketVersioning`.
    pub operations: BTreeMap<String, u64>,
}

/// Cuts a region off.
pub fn fail_region(sim: &Sim, region: &str, how: Outage) -> Result<(), SimError> {
    on_region(sim, region, |state| state.outage = Some(how))
}

/// Brings a region back, with its limits and denials as they were.
pub fn restore_region(sim: &Sim, region: &str) -> Result<(), SimError> {
    on_region(sim, region, |state| state.outage = None)
}

/// Throttles the next calls to a region; 0 ends it.
pub fn throttle(sim: &Sim, region: &str, calls: u32) -> Result<(), SimError> {
    on_region(sim, region, |state| state.throttled = calls)
}

fn on_region(sim: &Sim, region: &str, act: impl FnOnce(&mut RegionState)) -> Result<(), SimError> {
    let missing = || SimError::Request(format!("there is no region `{region}`"));
    sim.change(|world| world.regions.get_mut(region).map(act).ok_or_else(missing))?
}

/// Denies operations: `[service:]Operation[:resource]`, where `*` matches anything.
pub fn deny(sim: &Sim, scope: Scope<'_>, pattern: &str) -> Result<(), SimError> {
    if pattern.is_empty() {
        return Err(SimError::Request("a pattern names an operation, such as `GetBucketPolicy`".into()));
    }
    match scope {
        Scope::Everywhere => sim.change(|world| {
            world.denied.insert(pattern.to_owned());
        }),
        Scope::Region(region) => on_region(sim, region, |state| {
            state.denied.insert(pattern.to_owned());
        }),
    }
}

/// Takes a denial back, as it was written.
pub fn allow(sim: &Sim, scope: Scope<'_>, pattern: &str) -> Result<(), SimError> {
    let mut removed = false;
    match scope {
        Scope::Everywhere => sim.change(|world| removed = world.denied.remove(pattern))?,
        Scope::Region(region) => on_region(sim, region, |state| removed = state.denied.remove(pattern))?,
    }
    if removed { Ok(()) } else { Err(SimError::Request(format!("`{pattern}` is not denied there"))) }
}

/// Moves the clock; the new time.
pub fn advance(sim: &Sim, by: SignedDuration) -> Result<Timestamp, SimError> {
    sim.change(|world| world.advance(by).map(|()| world.now))?
}

/// Writes an object; its version id.
pub fn put_object(sim: &Sim, bucket: &str, key: &str) -> Result<String, SimError> {
    Ok(sim.change(|world| world.put_object(bucket, key))??)
}

/// Writes a text as an object; its version id.
pub fn put_text(sim: &Sim, bucket: &str, key: &str, text: &str) -> Result<String, SimError> {
    Ok(sim.change(|world| world.put_text(bucket, key, text))??)
}

/// Deletes an object as S3 does without a version id.
pub fn delete_object(sim: &Sim, bucket: &str, key: &str) -> Result<(), SimError> {
    Ok(sim.change(|world| world.delete_object(bucket, key))??)
}

/// Adds what a seed describes.
pub fn seed(sim: &Sim, json: &Value) -> Result<(), SimError> {
    sim.change(|world| world.sow(json))?
}

/// Sets an attribute behind drctl's back; see [`SimWorld::set`].
pub fn set(sim: &Sim, target: Target<'_>, pointer: &str, value: Value) -> Result<(), SimError> {
    sim.change(|world| world.set(target, pointer, value))?
}

/// An empty account again, and no calls.
pub fn reset(sim: &Sim) -> Result<(), SimError> {
    sim.change(|world| *world = SimWorld::default())?;
    sim.forget_calls()
}

/// How many calls there were.
pub fn log(sim: &Sim) -> Result<Counts, SimError> {
    let mut counts = Counts::default();
    for call in sim.calls()? {
        match call.nature.as_str() {
            "read" => counts.reads += 1,
            _write => counts.writes += 1,
        }
        *counts.operations.entry(call.operation).or_default() += 1;
    }
    Ok(counts)
}

/// The world in a few lines.
pub fn show(sim: &Sim) -> Result<String, SimError> {
    sim.read(|world| {
        let mut text = String::new();
        let written = summary(world, &mut text);
        written.map(|()| text).map_err(|e| SimError::Request(e.to_string()))
    })?
}

fn summary(world: &SimWorld, out: &mut String) -> std::fmt::Result {
    writeln!(out, "SIM at {}", world.now)?;
    for (region, state) in &world.regions {
        match state.outage {
            Some(Outage::Unavailable) => writeln!(out, "{region}: down, refuses connections")?,
            Some(Outage::Timeout) => writeln!(out, "{region}: down, does not answer")?,
            None => {}
        }
        if state.throttled > 0 {
            writeln!(out, "{region}: the next {} calls are throttled", state.throttled)?;
        }
        for pattern in &state.denied {
            writeln!(out, "{region}: {pattern} is denied")?;
        }
    }
    for pattern in &world.denied {
        writeln!(out, "everywhere: {pattern} is denied")?;
    }
    for (number, account) in &world.accounts {
        writeln!(out, "account {number}, caller {}", account.caller)?;
        for (region, contents) in &account.regions {
            writeln!(out, "  {region}")?;
            contents.summary(out)?;
        }
    }
    Ok(())
}

impl Contents {
    fn summary(&self, out: &mut String) -> std::fmt::Result {
        for (name, bucket) in &self.buckets {
            let versioning = match bucket.versioning.status {
                Some(VersioningStatus::Enabled) => "versioned",
                Some(VersioningStatus::Suspended) => "versioning suspended",
                None => "not versioned",
            };
            let lock = if bucket.object_lock.is_some() { ", locked" } else { "" };
            let copies = bucket.replication.as_ref().map_or(0, |document| document.rules.len());
            let versions: usize = bucket.objects.values().map(Vec::len).sum();
            writeln!(
                out,
                "    bucket {name}: {versioning}{lock}, {copies} replication rules, {} keys in {versions} versions",
                bucket.objects.len()
            )?;
        }
        for (name, database) in &self.db_instances {
            let instance = &database.instance;
            let latest = instance.latest_restorable_time.map_or("never".to_owned(), |t| t.to_string());
            let pending = crate::rds::pending_names(instance).into_iter().collect::<Vec<_>>().join(", ");
            let pending = if pending.is_empty() { pending } else { format!(", pending: {pending}") };
            writeln!(
                out,
                "    instance {name}: {}, {}, backups kept {} days, restorable to {latest}{pending}",
                instance.engine, instance.status, instance.backup_retention_period
            )?;
        }
        for (arn, replicated) in &self.replicated_backups {
            let latest = replicated.backup.latest.map_or("never".to_owned(), |t| t.to_string());
            writeln!(out, "    backups of {arn}: {}, restorable to {latest}", replicated.backup.status)?;
        }
        for (name, snapshot) in &self.db_snapshots {
            writeln!(
                out,
                "    snapshot {name} of {}: {}",
                snapshot.snapshot.instance, snapshot.snapshot.status
            )?;
        }
        Ok(())
    }
}
