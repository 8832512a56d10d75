//! How long backups are kept against what they are kept for: locks that end before the chain that they
//! protect, buckets that expire what is promised to be there, keys that are lost with the data.

use jiff::{SignedDuration, Timestamp};

use super::{Finding, RuleId, Subject};
use crate::addr::Name;
use crate::config::Resource;
use crate::diag::Severity;
use crate::duration::text;
use crate::lang::expr::{Expr, ExprKind};
use crate::schedule::largest_gap;
use crate::schema::AttributeType;
use crate::system::{Backup, Declared, Destination, Method};
use crate::value::Value;

/// A day: locks and expiries are counted in these.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// All of it.
pub(super) fn check(subject: &Subject<'_>, now: Timestamp, found: &mut Vec<Finding>) {
    for (name, backup) in &subject.system.backups {
        found.extend(key(subject, (name, backup)));
        for (number, to) in backup.is.to.iter().enumerate() {
            let place = Place { subject, name, backup, number, to };
            found.extend(place.lock(now));
            found.extend(place.expiry(now));
        }
    }
}

/// A place that a backup is kept at.
struct Place<'p> {
    subject: &'p Subject<'p>,
    name: &'p Name,
    backup: &'p Declared<Backup>,
    number: usize,
    to: &'p Destination,
}

impl Place<'_> {
    fn bucket(&self) -> Option<&Resource> {
        let address = &self.to.bucket.as_ref()?.0;
        self.subject.config.resource(&address.kind, &address.name)
    }

    fn finding(&self, rule: RuleId, attribute: &str, summary: String) -> Finding {
        let span = self.backup.written.at(&["to", &self.number.to_string(), attribute]);
        Finding::new(rule, format!("backup.{} to {}", self.name, self.to.name), span, summary)
    }

    /// How long nobody can delete there, where the text says it plainly.
    fn locked(&self) -> Option<SignedDuration> {
        let bucket = || {
            let lock = self.bucket()?.attributes.get("object_lock")?;
            let days = whole(lock, "days").or_else(|| whole(lock, "years").map(|years| years * 365))?;
            Some(DAY * days)
        };
        self.to.lock.or_else(bucket)
    }

    /// What is written since a full backup builds on it: the lock must reach back to the full one of the
    /// oldest instant that is promised.
    fn lock(&self, now: Timestamp) -> Option<Finding> {
        let (locked, method) = (self.locked()?, self.backup.is.method());
        let chain = chain(&method, now)?;
        let keep = method.log_kept(method.log?, self.to.keep)?;
        let needed = keep.checked_add(chain)?.checked_add(DAY)?;
        if locked >= needed {
            return None;
        }
        let attribute = if self.to.lock.is_some() { "lock" } else { "bucket" };
        let sum = format!("{} + {} + 1d", text(keep), text(chain));
        let summary =
            format!("Nobody can delete it for {}, and {} are needed: {sum}", text(locked), text(needed));
        Some(
            self.finding(RuleId::LockTooShort, attribute, summary)
                .why(format!(
                    "Any instant of the last {} is to come back, from a full backup that is up to {} older and a \
                     day until it is expired. Who breaks in can delete full backups that newer ones build on.",
                    text(keep),
                    text(chain)
                ))
                .fix("Lock for as long as that sum, or keep the log for less."),
        )
    }

    /// What the bucket deletes by itself before the backup's time is over.
    fn expiry(&self, now: Timestamp) -> Option<Finding> {
        let (bucket, method) = (self.bucket()?, self.backup.is.method());
        let kept = method.kept(self.to.keep)?;
        let needed = match (method.log, chain(&method, now)) {
            (Some(log), Some(chain)) => kept.max(method.log_kept(log, self.to.keep)?.checked_add(chain)?),
            _ => kept,
        };
        let rules = part(bucket.attributes.get("lifecycle")?, "rule")?;
        let ExprKind::Object(rules) = &rules.kind else { return None };
        let versioned = bucket.attributes.get("versioning").map(plain);
        for (id, rule) in rules {
            if !self.applies(rule) {
                continue;
            }
            let noncurrent = part(rule, "noncurrent_version_expiration")
                .and_then(|expiration| whole(expiration, "noncurrent_days"));
            let current = whole(rule, "expiration_days");
            let days = match (&versioned, method.block == "copy") {
                // A copy keeps its past as versions.
                (_, true) => noncurrent,
                (None, false) => current,
                // What is expired there is hidden first, and gone later.
                (Some(_), false) => current.zip(noncurrent).map(|(a, b)| a + b),
            };
            let Some(after) = days.map(|days| DAY * days).filter(|after| *after < needed) else { continue };
            let (after, needed) = (text(after), text(needed));
            let rule = plain(id).map_or_else(String::new, |id| format!(" by its rule {id}"));
            let address = &self.to.bucket.as_ref()?.0;
            let summary = format!("{address} deletes it after {after}{rule}, and {needed} are promised");
            return Some(
                self.finding(RuleId::ExpiresTooEarly, "bucket", summary)
                    .why("What is to be restored from is gone by then, and nobody has decided that.")
                    .fix(format!("Let the rule expire after {needed} or more, or promise less.")),
            );
        }
        None
    }

    /// Whether a lifecycle rule is in force for all that is kept there, as far as the text says plainly.
    fn applies(&self, rule: &Expr) -> bool {
        let enabled = part(rule, "status").is_none_or(|s| plain(s).as_deref() == Some("Enabled"));
        let path = self.to.path.as_deref().unwrap_or_default().trim_start_matches('/');
        let prefix = match part(rule, "prefix") {
            None => true,
            Some(prefix) => plain(prefix).is_some_and(|prefix| path.starts_with(&prefix)),
        };
        enabled && prefix && part(rule, "tags").is_none()
    }
}

/// How much older than what builds on it a full backup may be.
fn chain(method: &Method<'_>, now: Timestamp) -> Option<SignedDuration> {
    method.log?;
    let (_, full) = method.bases.iter().find(|(name, _)| *name == "full")?;
    let year = now.checked_add(DAY * 365).ok()?;
    largest_gap(&[full], now, year).map(|gap| gap.length)
}

/// A key that nothing names, and one that stands where the data does.
fn key(subject: &Subject<'_>, (name, backup): (&Name, &Declared<Backup>)) -> Option<Finding> {
    let encryption = backup.is.encryption.as_ref()?;
    let address = format!("backup.{name}");
    let Some(site) = &encryption.key else {
        let span = backup.written.at(&["encryption"]);
        let summary = "It is encrypted, and nothing says where the key is";
        return Some(
            Finding::new(RuleId::KeyNotKnown, address, span, summary)
                .why("Without the key a backup is worth nothing, and nobody looks for it in time.")
                .fix("Name the site of the key in `key`: one that is not lost with the data.")
                .graded(Severity::Warning),
        );
    };
    let datastore = subject.system.datastores.get(&backup.is.of.0)?;
    let keys = subject.domains_of_site(site);
    let own = subject.domains_of_datastore(&datastore.is);
    let at = own.iter().position(|domain| keys.contains(domain))?;
    let (of, domain) = (&backup.is.of.0, &own[at]);
    let summary = format!("One loss takes datastore.{of} and the key of its backup: {domain}");
    let severity = if at == 0 { Severity::Error } else { Severity::Warning };
    Some(
        Finding::new(RuleId::KeyNotKnown, address, backup.written.at(&["encryption", "key"]), summary)
            .why("The backup is still there after that, and nobody can read it.")
            .fix("Keep the key at another site, or a copy of it.")
            .graded(severity),
    )
}

/// A part of what is written as a block.
fn part<'e>(expr: &'e Expr, name: &str) -> Option<&'e Expr> {
    let ExprKind::Object(pairs) = &expr.kind else { return None };
    pairs.iter().find(|(key, _)| plain(key).as_deref() == Some(name)).map(|(_, value)| value)
}

/// Text that is written plainly.
fn plain(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Literal(Value::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// A whole number that is written plainly.
fn whole(expr: &Expr, name: &str) -> Option<i32> {
    match &part(expr, name)?.kind {
        ExprKind::Literal(value) => i32::from_value(value.clone()).ok(),
        _ => None,
    }
}
