//! `alert "NAME" { … }`: a threshold of what drctl itself knows, and who is told when it is crossed.

use std::fmt;

use jiff::SignedDuration;

use super::reference::{ChannelRef, ContactRef};
use super::waiver::AnyRef;
use crate::addr::Name;
use crate::duration;
use crate::schema::{AttributeType, Invalid, Type};
use crate::size::{self, Size};
use crate::value::Value;

/// A threshold of what drctl itself knows, and who is told when it is crossed.
#[derive(Debug, Clone, PartialEq, Eq, crate::Attributes)]
#[attribute(check = Alert::check)]
pub struct Alert {
    /// What it is for.
    pub description: Option<String>,
    /// What is watched: `backup_failed` (the last attempt failed, or none was made when it was due), `backup_slow`,
    /// `size_changed` (against the ones before), `storage` (what the repository holds), `point_age` (of the newest
    /// restore point), `not_verified`, `drill_overdue`.
    pub on: On,
    /// What it is watched of: backups, datastores (for `point_age`, else their backups) or drills. With none, all.
    pub of: Option<Vec<AnyRef>>,
    /// How much is too much: a time, a size or a percentage, as `on` has it. Without it `point_age` goes by the RPO
    /// that is promised, `not_verified` by `every` of the verification, `drill_overdue` by `every` of the drill.
    pub above: Option<Threshold>,
    /// How it is told.
    pub via: ChannelRef,
    /// What the message begins with, instead of the name of the alert.
    pub text: Option<String>,
    /// Who sees to it.
    pub owner: Option<ContactRef>,
}

crate::words! {
    /// What is watched.
    On {
        /// The last attempt to make a backup failed, or none was made when it was due.
        BackupFailed = "backup_failed",
        /// The last backup took too long.
        BackupSlow = "backup_slow",
        /// The last backup is much larger or smaller than those before it.
        SizeChanged = "size_changed",
        /// What a repository holds.
        Storage = "storage",
        /// The age of the newest restore point.
        PointAge = "point_age",
        /// A verification that is to be repeated was not.
        NotVerified = "not_verified",
        /// A drill that is to be repeated was not.
        DrillOverdue = "drill_overdue",
    }
    "one of backup_failed, backup_slow, size_changed, storage, point_age, not_verified, drill_overdue"
}

impl On {
    /// The types of block that it is watched of.
    fn of(self) -> &'static [&'static str] {
        match self {
            On::BackupFailed
            | On::BackupSlow
            | On::SizeChanged
            | On::Storage
            | On::NotVerified
            | On::PointAge => &["backup", "datastore"],
            On::DrillOverdue => &["drill"],
        }
    }

    /// Whether drctl's own record of what it made says it, without a look at any repository.
    pub fn is_recorded(self) -> bool {
        match self {
            On::BackupFailed | On::BackupSlow | On::SizeChanged => true,
            On::Storage | On::PointAge | On::NotVerified | On::DrillOverdue => false,
        }
    }

    /// What its threshold is measured in, and whether it needs to be written.
    fn above(self) -> (&'static str, fn(Threshold) -> bool, bool) {
        let time: fn(Threshold) -> bool = |above| matches!(above, Threshold::Time(_));
        match self {
            On::BackupSlow => ("a time", time, true),
            On::BackupFailed | On::PointAge | On::NotVerified | On::DrillOverdue => ("a time", time, false),
            On::SizeChanged => ("a percentage", |above| matches!(above, Threshold::Percent(_)), true),
            On::Storage => ("a size", |above| matches!(above, Threshold::Size(_)), true),
        }
    }
}

impl Alert {
    fn check(self) -> Result<Alert, Invalid> {
        let on = self.on.as_str();
        for (number, of) in self.of.iter().flatten().enumerate() {
            let block = of.0.split('.').next().unwrap_or_default();
            if !self.on.of().contains(&block) {
                let all = self.on.of().iter().map(|b| format!("`{b}.NAME`")).collect::<Vec<_>>().join(" or ");
                let message = format!("`{on}` is watched of {all}, not of `{}`", of.0);
                return Err(Invalid::new(message).below(&number.to_string()).below("of"));
            }
        }
        let (expected, fits, required) = self.on.above();
        match self.above {
            Some(above) if !fits(above) => {
                Err(Invalid::new(format!("`{on}` is measured as {expected}, not as {above}")).below("above"))
            }
            None if required => {
                Err(Invalid::new(format!("how much is too much? Write `above` for `{on}`: {expected}")))
            }
            Some(_) | None => Ok(self),
        }
    }

    /// Whether it is watched of that block: it, or the datastore that it is a backup of.
    pub fn watches(&self, block: &str, name: &Name, datastore: Option<&Name>) -> bool {
        let is = |of: &AnyRef, block: &str, name: &Name| of.0.split_once('.') == Some((block, name.as_str()));
        self.of.as_ref().is_none_or(|all| {
            all.iter().any(|of| is(of, block, name) || datastore.is_some_and(|d| is(of, "datastore", d)))
        })
    }
}

/// How much is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// A time.
    Time(SignedDuration),
    /// An amount of data.
    Size(Size),
    /// A change, in hundredths.
    Percent(u32),
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Threshold::Time(time) => f.write_str(&duration::text(*time)),
            Threshold::Size(size) => size.fmt(f),
            Threshold::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl AttributeType for Threshold {
    const TYPE: Type =
        Type::String("a time such as \"5m\", a size such as \"500GiB\" or a change such as \"50%\"");

    fn from_value(value: Value) -> Result<Threshold, Invalid> {
        let wrong = || {
            Invalid::new(
                "expected a time such as \"5m\", a size such as \"500GiB\" or a change such as \"50%\"",
            )
        };
        let text = value.as_str().ok_or_else(wrong)?;
        if let Some(percent) = text.strip_suffix('%') {
            return percent.parse().map(Threshold::Percent).map_err(|_| wrong());
        }
        let time = duration::parse(text).ok().filter(|time| !time.is_negative()).map(Threshold::Time);
        time.or_else(|| size::parse(text).ok().map(Threshold::Size)).ok_or_else(wrong)
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}
