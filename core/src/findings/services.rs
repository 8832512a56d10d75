//! Services that promise more than what they depend on.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{Finding, RuleId, Subject};
use crate::addr::Name;
use crate::duration;
use crate::system::{Objective, Service};

/// What is promised of an objective.
type Promised = fn(&Objective) -> Option<SignedDuration>;
const PROMISES: [(&str, &str, Promised); 2] = [
    ("rto", "It cannot be back before that is.", |o| o.rto),
    ("rpo", "What that loses, it has lost too.", |o| o.rpo),
];

/// Objectives that are stricter than those of what is depended on, directly or through others.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (name, service) in &subject.system.services {
        for needed in dependencies(subject, name) {
            let Some(other) = subject.system.services.get(needed) else { continue };
            for (metric, why, promised) in PROMISES {
                let of = |service: &Service| service.objective.as_ref().and_then(promised);
                let (Some(own), Some(theirs)) = (of(&service.is), of(&other.is)) else { continue };
                if own >= theirs {
                    continue;
                }
                let (own, theirs) = (duration::text(own), duration::text(theirs));
                let metric_name = metric.to_uppercase();
                let summary = format!(
                    "{metric_name} of {own} is promised, and service.{needed}, which it depends on, promises {theirs}"
                );
                let span = service.written.at(&["objective", metric]);
                found.push(
                    Finding::new(RuleId::DependencySlower, format!("service.{name}"), span, summary)
                        .why(why)
                        .fix(format!("Promise {theirs} or more, or less for service.{needed}.")),
                );
            }
        }
    }
}

/// Everything that a service depends on.
fn dependencies<'s>(subject: &Subject<'s>, of: &Name) -> BTreeSet<&'s Name> {
    let mut all = BTreeSet::new();
    let mut open: Vec<&Name> = vec![of];
    while let Some(name) = open.pop() {
        let Some(service) = subject.system.services.get(name) else { continue };
        for needed in service.is.depends_on.iter().flatten() {
            if needed.0 != *of && all.insert(&needed.0) {
                open.push(&needed.0);
            }
        }
    }
    all
}
