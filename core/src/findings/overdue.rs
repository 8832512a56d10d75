//! What was to be done again, and was not.

use jiff::Timestamp;

use super::{Finding, RuleId, Subject};
use crate::due::{due, rhythm};

/// Drills and verifications whose day is over. Those of which nothing says that they were ever done are
/// another rule's; a waiver that is over is a finding of its own.
pub(super) fn check(subject: &Subject<'_>, now: Timestamp, found: &mut Vec<Finding>) {
    for due in due(subject.system) {
        let (Some(day), Some(rhythm)) = (due.day(), rhythm(&due)) else { continue };
        if !due.is_overdue(now) {
            continue;
        }
        let summary = format!("It was to be done by {day}: {}", due.what);
        found.push(
            Finding::new(RuleId::Overdue, &due.address, due.span, summary)
                .why(format!("What is not tried does not work when it is needed ({rhythm})."))
                .fix("Do it, and write the day into `last`."),
        );
    }
}
