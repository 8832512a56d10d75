//! Waivers: which findings somebody has decided to live with, and which waivers are over or idle.

use jiff::Timestamp;

use super::{Finding, RuleId, Waived};
use crate::addr::Name;
use crate::system::{Declared, System, Waiver};

/// Marks what is waived and adds what is wrong with the waivers.
pub(super) fn apply(system: &System, now: Timestamp, found: &mut Vec<Finding>) {
    let mut own = Vec::new();
    for (name, waiver) in &system.waivers {
        let expired = waiver.is.until.0 <= now;
        let mut any = 0;
        for finding in found.iter_mut().filter(|f| covers(&waiver.is, f)) {
            any += 1;
            if !expired {
                finding.waived = Some(Waived {
                    name: name.clone(),
                    owner: waiver.is.owner.0.clone(),
                    until: waiver.is.until.0,
                    reason: waiver.is.reason.clone(),
                });
            }
        }
        match (any, expired) {
            (0, _) => own.push(idle(name, waiver)),
            (_, true) => own.push(over(name, waiver, any)),
            (_, false) => {}
        }
    }
    found.append(&mut own);
}

/// Whether the waiver is for that finding: of its rule, and of the block or a part of it.
fn covers(waiver: &Waiver, finding: &Finding) -> bool {
    let of = |address: &str| {
        finding.address.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    finding.rule == waiver.finding && waiver.of.as_ref().is_none_or(|all| all.iter().any(|a| of(&a.0)))
}

fn over(name: &Name, waiver: &Declared<Waiver>, any: usize) -> Finding {
    let Waiver { finding, until, owner, .. } = &waiver.is;
    let count = if any == 1 { "1 finding".to_owned() } else { format!("{any} findings") };
    let summary = format!("The waiver is over since {}", until.0);
    Finding::new(RuleId::ExpiredWaiver, format!("waiver.{name}"), waiver.written.at(&["until"]), summary)
        .why(format!("It waived {count} of {finding}, which count again."))
        .fix(format!("Correct them, or let contact.{} decide anew and give a later day.", owner.0))
}

fn idle(name: &Name, waiver: &Declared<Waiver>) -> Finding {
    let summary = format!("The waiver waives nothing: there is no such finding of {}", waiver.is.finding);
    Finding::new(RuleId::IdleWaiver, format!("waiver.{name}"), waiver.written.span, summary)
        .why("What it was for has been corrected, or it names another block.")
        .fix("Remove it, or correct `of`.")
}
