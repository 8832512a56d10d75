//! What was never tried: verifications that were declared and never done, scenarios that nobody rehearses.

use super::{Finding, RuleId, Subject};
use crate::addr::Name;
use crate::duration;
use crate::system::{Declared, Drill};

/// Verifications and drills of which nothing says that they were ever done, scenarios without any.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    verifications(subject, found);
    scenarios(subject, found);
    drills(subject, found);
}

fn verifications(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (name, backup) in &subject.system.backups {
        for (number, verify) in backup.is.verify.iter().enumerate() {
            if verify.last.is_some() {
                continue;
            }
            let every = duration::text(verify.every);
            let span = backup.written.at(&["verify", &number.to_string()]);
            let summary = format!("It is to be verified every {every}, and nothing says that it ever was");
            found.push(
                Finding::new(RuleId::NeverVerified, format!("backup.{name}"), span, summary)
                    .why("A backup that nobody has tried may not be one.")
                    .fix("Do it, and write the day into `last`."),
            );
        }
    }
}

fn scenarios(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (name, scenario) in &subject.system.scenarios {
        let of = |drill: &Declared<Drill>| drill.is.scenario.as_ref().is_some_and(|s| s.0 == *name);
        if subject.system.drills.values().any(of) {
            continue;
        }
        let summary = "No drill rehearses it";
        let address = format!("scenario.{name}");
        found.push(
            Finding::new(RuleId::NotRehearsed, address, scenario.written.span, summary)
                .why("A way back that nobody has gone holds surprises, and its times are guesses.")
                .fix(format!("Declare one: `drill \"{name}\" {{ scenario = scenario.{name} … }}`.")),
        );
    }
}

fn drills(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let never = subject.system.drills.iter().filter(|(_, drill)| drill.is.last.is_none());
    for (name, drill) in never {
        let every = duration::text(drill.is.every);
        let summary = format!("It is to be done every {every}, and nothing says that it ever was");
        found.push(
            Finding::new(RuleId::NotRehearsed, address(name), drill.written.span, summary)
                .why("What is not tried does not work when it is needed.")
                .fix("Do it, and write the day into `last`."),
        );
    }
}

fn address(drill: &Name) -> String {
    format!("drill.{drill}")
}
