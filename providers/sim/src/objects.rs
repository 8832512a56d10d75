//! Objects, as far as emptiness, locks, versions and replication need them: what applications do with
//! them, for `drctl sim` and for tests. What drctl does with them is in `versions.rs`.

use std::collections::BTreeSet;

use drctl_aws::port::{LockMode, Period, VersioningStatus};
use drctl_core::provider::{ErrorClass, ProviderError};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::chance;
use crate::error::{denied, not_found, refuse};
use crate::stale::later;
use crate::world::{Bucket, Content, ObjectRetention, ObjectVersion, Replicating, SimWorld};

/// S25: with replication time control at most this long.
const RTC_SECONDS_MAX: i64 = 900;

/// Whether a deletion uses the permission to bypass governance (S4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bypass {
    /// `x-amz-bypass-governance-retention: true`.
    Governance,
    /// No bypass.
    None,
}

impl Content {
    /// A text.
    pub fn of(text: &str) -> Content {
        let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
        Content {
            size,
            etag: chance::digest(text)[..32].to_owned(),
            text: Some(text.to_owned()),
            base64: None,
        }
    }
}

impl SimWorld {
    /// Writes an object of which nobody knows what is in it; its version id.
    pub fn put_object(&mut self, bucket: &str, key: &str) -> Result<String, ProviderError> {
        let etag = chance::id(self.seed, &["content", bucket, key, &self.writes.to_string()]);
        self.put_content(bucket, key, Content { size: 1, etag, ..Content::default() })
    }

    /// Writes a text; its version id.
    pub fn put_text(&mut self, bucket: &str, key: &str, text: &str) -> Result<String, ProviderError> {
        self.put_content(bucket, key, Content::of(text))
    }

    fn put_content(&mut self, bucket: &str, key: &str, content: Content) -> Result<String, ProviderError> {
        let doing = format!("s3:PutObject of `{bucket}/{key}`");
        self.reach(&doing, bucket)?;
        let id = self.write_version(bucket, key, content);
        self.writes += 1;
        Ok(id)
    }

    /// A new version in a bucket that is there.
    pub(crate) fn write_version(&mut self, bucket: &str, key: &str, content: Content) -> String {
        let (now, seed, pace) = (self.now, self.seed, self.pace);
        let nth = self.writes;
        let found = self.find_bucket_mut(bucket).expect("whoever writes has found the bucket");
        // S15: without versioning the id is `null` and the object is overwritten.
        let versioned = found.versioning.status == Some(VersioningStatus::Enabled);
        let id = if versioned {
            chance::id(seed, &["version", bucket, key, &nth.to_string()])
        } else {
            "null".to_owned()
        };
        // S5, S7: the default retention of the moment.
        let retention = found
            .object_lock
            .and_then(|l| l.default_retention)
            .map(|default| ObjectRetention { mode: default.mode, until: after(now, default.period) });
        // S19, S20: rules meet what is written from now on, and never replicas.
        let replicating = arrivals(found, bucket, key, now, i64::from(pace.replication_seconds), seed);
        let version = ObjectVersion {
            id: id.clone(),
            delete_marker: false,
            written: now,
            content,
            replica: false,
            retention,
            legal_hold: false,
            replicating,
        };
        push(found, key, version);
        id
    }

    /// Deletes an object: hides it behind a delete marker where versioning is or was on (S9).
    pub fn delete_object(&mut self, bucket: &str, key: &str) -> Result<(), ProviderError> {
        self.reach(&format!("s3:DeleteObject of `{bucket}/{key}`"), bucket)?;
        self.hide(bucket, key);
        self.writes += 1;
        Ok(())
    }

    /// Deletes what a key shows, in a bucket that is there.
    pub(crate) fn hide(&mut self, bucket: &str, key: &str) {
        let (now, seed, nth) = (self.now, self.seed, self.writes);
        let found = self.find_bucket_mut(bucket).expect("whoever deletes has found the bucket");
        let id = match found.versioning.status {
            None => {
                found.objects.remove(key);
                return;
            }
            Some(VersioningStatus::Enabled) => chance::id(seed, &["marker", bucket, key, &nth.to_string()]),
            Some(VersioningStatus::Suspended) => "null".to_owned(),
        };
        let marker = ObjectVersion {
            id,
            delete_marker: true,
            written: now,
            content: Content::default(),
            replica: false,
            retention: None,
            legal_hold: false,
            replicating: Vec::new(),
        };
        push(found, key, marker);
    }

    /// Deletes one version for good, unless it is locked (S3, S4, S8).
    pub fn delete_object_version(
        &mut self,
        bucket: &str,
        key: &str,
        version: &str,
        bypass: Bypass,
    ) -> Result<(), ProviderError> {
        let doing = format!("s3:DeleteObjectVersion of `{bucket}/{key}`");
        let now = self.now;
        let found = self.reach(&doing, bucket)?;
        take_version(found, &doing, (key, version), now, bypass)?;
        self.writes += 1;
        Ok(())
    }

    /// Sets the retention of one version. Compliance is never shortened nor its mode changed (S3).
    pub fn put_object_retention(
        &mut self,
        bucket: &str,
        key: &str,
        version: &str,
        retention: ObjectRetention,
        bypass: Bypass,
    ) -> Result<(), ProviderError> {
        let doing = format!("s3:PutObjectRetention of `{bucket}/{key}`");
        let now = self.now;
        let found = self.reach(&doing, bucket)?;
        if found.object_lock.is_none() {
            let message = "Bucket is missing Object Lock Configuration";
            return Err(refuse(&doing, ErrorClass::Rejected, "InvalidRequest", message, "S2"));
        }
        let version = found.objects.get_mut(key).and_then(|all| all.iter_mut().find(|v| v.id == version));
        let Some(version) = version else {
            return Err(not_found(&doing, "NoSuchVersion", "The specified version does not exist."));
        };
        let weakens = version.retention.is_some_and(|old| {
            old.until > retention.until || (old.mode == LockMode::Compliance && retention.mode != old.mode)
        });
        if weakens {
            let hold = std::mem::replace(&mut version.legal_hold, false);
            let checked = locked(&doing, version, now, bypass);
            version.legal_hold = hold;
            checked?;
        }
        version.retention = Some(retention);
        self.writes += 1;
        Ok(())
    }

    /// Copies that are due arrive, where both regions are up.
    pub(crate) fn deliver_replicas(&mut self) {
        let now = self.now;
        let mut arriving = Vec::new();
        let down: BTreeSet<String> =
            self.regions.iter().filter(|(_, r)| r.outage.is_some()).map(|(n, _)| n.clone()).collect();
        // What goes to a region that is down waits.
        let regions = self.accounts.values().flat_map(|a| &a.regions).filter(|(r, _)| down.contains(*r));
        let unreachable: BTreeSet<String> =
            regions.flat_map(|(_, c)| c.buckets.keys().map(|name| format!("arn:aws:s3:::{name}"))).collect();
        for account in self.accounts.values_mut() {
            for (_, contents) in account.regions.iter_mut().filter(|(r, _)| !down.contains(*r)) {
                for bucket in contents.buckets.values_mut() {
                    for (key, versions) in &mut bucket.objects {
                        for version in versions.iter_mut() {
                            let copy =
                                ObjectVersion { replica: true, replicating: Vec::new(), ..version.clone() };
                            version.replicating.retain(|r| {
                                let due = r.due <= now && !unreachable.contains(&r.destination);
                                if due {
                                    arriving.push((r.clone(), key.clone(), copy.clone()));
                                }
                                !due
                            });
                        }
                    }
                }
            }
        }
        for (order, key, copy) in arriving {
            self.deliver(&order, &key, copy);
        }
    }

    fn deliver(&mut self, order: &Replicating, key: &str, mut copy: ObjectVersion) {
        let name = order.destination.strip_prefix("arn:aws:s3:::").unwrap_or_default();
        let Some(bucket) = self.find_bucket_mut(name) else { return };
        if bucket.versioning.status != Some(VersioningStatus::Enabled) {
            return;
        }
        // S24: retention travels; without it the destination's default applies.
        let default = bucket.object_lock.and_then(|l| l.default_retention);
        copy.retention = copy
            .retention
            .or_else(|| default.map(|d| ObjectRetention { mode: d.mode, until: after(order.due, d.period) }));
        push(bucket, key, copy);
    }

    fn reach(&mut self, doing: &str, name: &str) -> Result<&mut Bucket, ProviderError> {
        let region = self.find_bucket(name).map(|(_, region, _)| region.to_owned());
        let Some(region) = region else {
            return Err(not_found(doing, "NoSuchBucket", "The specified bucket does not exist"));
        };
        if !self.is_up(&region) {
            let message = format!("{region} does not answer");
            return Err(refuse(doing, ErrorClass::Unavailable, "ServiceUnavailable", &message, ""));
        }
        Ok(self.find_bucket_mut(name).expect("the bucket was found just now"))
    }
}

/// Deletes one version for good.
pub(crate) fn take_version(
    bucket: &mut Bucket,
    doing: &str,
    (key, version): (&str, &str),
    now: Timestamp,
    bypass: Bypass,
) -> Result<(), ProviderError> {
    let Some(versions) = bucket.objects.get_mut(key) else {
        return Err(not_found(doing, "NoSuchKey", "The specified key does not exist."));
    };
    let Some(at) = versions.iter().position(|v| v.id == version) else {
        return Err(not_found(doing, "NoSuchVersion", "The specified version does not exist."));
    };
    locked(doing, &versions[at], now, bypass)?;
    versions.remove(at);
    if versions.is_empty() {
        bucket.objects.remove(key);
    }
    Ok(())
}

/// Refuses where a lock holds.
fn locked(doing: &str, version: &ObjectVersion, now: Timestamp, bypass: Bypass) -> Result<(), ProviderError> {
    if version.legal_hold {
        return Err(denied(doing, "Access Denied because object protected by object lock. [S8]"));
    }
    let Some(retention) = version.retention.filter(|r| r.until > now) else { return Ok(()) };
    match (retention.mode, bypass) {
        // S3: by nobody, root included.
        (LockMode::Compliance, _) => {
            Err(denied(doing, "Access Denied because object protected by object lock. [S3]"))
        }
        // S4: by those who may and say so.
        (LockMode::Governance, Bypass::Governance) => Ok(()),
        (LockMode::Governance, Bypass::None) => {
            Err(denied(doing, "Access Denied because object protected by object lock. [S4]"))
        }
    }
}

fn push(bucket: &mut Bucket, key: &str, version: ObjectVersion) {
    let versions = bucket.objects.entry(key.to_owned()).or_default();
    versions.retain(|v| v.id != version.id);
    versions.push(version);
}

fn after(from: Timestamp, period: Period) -> Timestamp {
    match period {
        Period::Days(days) => later(from, i64::from(days) * 86_400),
        Period::Years(years) => {
            let years = jiff::Span::new().try_years(i64::from(years)).unwrap_or_default();
            let zoned = from.to_zoned(TimeZone::UTC).checked_add(years);
            zoned.map_or(Timestamp::MAX, |z| z.timestamp())
        }
    }
}

/// Where a new object goes and when: within 15 minutes with RTC (S25), else whenever, up to a seeded
/// number of times the usual.
fn arrivals(
    bucket: &Bucket,
    name: &str,
    key: &str,
    now: Timestamp,
    usual: i64,
    seed: u64,
) -> Vec<Replicating> {
    let rules = bucket.replication.iter().flat_map(|document| &document.rules);
    let mut found: Vec<Replicating> = Vec::new();
    for rule in rules.filter(|r| r.enabled && r.tags.is_empty() && key.starts_with(&r.prefix)) {
        let slow = i64::try_from(1 + chance::number(seed, &["lag", name, key]) % 60).unwrap_or(1);
        let seconds = if rule.replication_time_control {
            usual.min(RTC_SECONDS_MAX)
        } else {
            usual.saturating_mul(slow)
        };
        if !found.iter().any(|f| f.destination == rule.destination) {
            found.push(Replicating { destination: rule.destination.clone(), due: later(now, seconds) });
        }
    }
    found
}
