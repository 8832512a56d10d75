//! What the facts say about a planned bucket: one rule per fact, grouped by what they are about.

mod access;
mod lock;
mod objects;
mod replication;

use drctl_core::rule::{Change, Rule};

use super::spec::{ObjectLock, Versioning};
use crate::facts;
use crate::kinds::sides::is_unobserved;

/// All rules.
pub(super) static RULES: &[Rule] = &[
    Rule { fact: &facts::S1, check: lock::s1 },
    Rule { fact: &facts::S2, check: lock::s2 },
    Rule { fact: &facts::S3, check: lock::s3 },
    Rule { fact: &facts::S5, check: lock::s5 },
    Rule { fact: &facts::S6, check: lock::s6 },
    Rule { fact: &facts::S7, check: lock::s7 },
    Rule { fact: &facts::S10, check: lock::s10 },
    Rule { fact: &facts::S11, check: lock::s11 },
    Rule { fact: &facts::S14, check: objects::s14 },
    Rule { fact: &facts::S16, check: objects::s16 },
    Rule { fact: &facts::S17, check: objects::s17 },
    Rule { fact: &facts::S27, check: objects::s27 },
    Rule { fact: &facts::S18, check: replication::s18 },
    Rule { fact: &facts::S19, check: replication::s19 },
    Rule { fact: &facts::S20, check: replication::s20 },
    Rule { fact: &facts::S21, check: replication::s21 },
    Rule { fact: &facts::S22, check: replication::s22 },
    Rule { fact: &facts::S23, check: replication::s23 },
    Rule { fact: &facts::S24, check: replication::s24 },
    Rule { fact: &facts::S25, check: replication::s25 },
    Rule { fact: &facts::S26, check: replication::s26 },
    Rule { fact: &facts::S28, check: access::s28 },
    Rule { fact: &facts::S29, check: access::s29 },
    Rule { fact: &facts::S30, check: access::s30 },
    Rule { fact: &facts::S31, check: access::s31 },
];

/// The lock after the change; one that is removed from the configuration stays at the provider (S1).
fn lock_after(change: &Change<'_>) -> Option<ObjectLock> {
    change.after("object_lock").or_else(|| change.before("object_lock"))
}

/// Whether the bucket is versioned after the change; `None` when that cannot be told.
fn versioned_after(change: &Change<'_>) -> Option<bool> {
    if change.is_open("versioning") {
        return None;
    }
    match change.after("versioning") {
        Some(Versioning::Enabled) => Some(true),
        Some(Versioning::Suspended) => Some(false),
        None if is_unobserved(change, "versioning") => None,
        // A bucket that is born with a lock is born versioned.
        None if change.before.is_none() => Some(change.is_written("object_lock")),
        None => Some(false),
    }
}
