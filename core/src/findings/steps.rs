//! The order of steps: what must come before and after others.

use std::collections::BTreeSet;

use super::commands::{changes_dns, replays_wal, restores, restores_dump};
use super::{Finding, RuleId, Subject, listed};
use crate::addr::Name;
use crate::graph::Graph;
use crate::span::Span;
use crate::system::{Check, Declared, Procedure, Step};

/// Steps of a procedure with what is done before and after each.
struct Ordered<'s> {
    name: &'s Name,
    procedure: &'s Declared<Procedure>,
    graph: Graph<&'s str>,
}

impl<'s> Ordered<'s> {
    fn new(name: &'s Name, procedure: &'s Declared<Procedure>) -> Ordered<'s> {
        let steps = &procedure.is.step.0;
        let before = |s: &'s Step| procedure.is.step.before(s).into_iter().map(|b| (s.name.as_str(), b));
        let needs = steps.iter().flat_map(before);
        Ordered { name, procedure, graph: Graph::build(steps.iter().map(|s| s.name.as_str()), needs) }
    }

    /// What is done before a step, directly or through others.
    fn before(&self, step: &'s Step) -> Vec<&'s Step> {
        let name = step.name.as_str();
        self.others(name, &self.graph.with_needs([&name]))
    }

    /// What is done after a step, directly or through others.
    fn after(&self, step: &'s Step) -> Vec<&'s Step> {
        let name = step.name.as_str();
        self.others(name, &self.graph.with_unblocks([&name]))
    }

    fn others(&self, name: &str, names: &BTreeSet<&&'s str>) -> Vec<&'s Step> {
        let other = |s: &&Step| s.name != name && names.contains(&s.name.as_str());
        self.procedure.is.step.0.iter().filter(other).collect()
    }

    fn address(&self, step: &Step) -> String {
        address(self.name, step)
    }
}

/// `procedure.restore step drop`
pub(super) fn address(procedure: &Name, step: &Step) -> String {
    format!("procedure.{procedure} step {}", step.name)
}

/// Where an attribute of a step is written, or the step.
pub(super) fn at(procedure: &Declared<Procedure>, number: usize, path: &[&str]) -> Span {
    let number = number.to_string();
    let whole: Vec<&str> = ["step", &number].into_iter().chain(path.iter().copied()).collect();
    procedure.written.at(&whole)
}

/// All rules about the order of steps, and those about what a person does.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (name, procedure) in &subject.system.procedures {
        let ordered = Ordered::new(name, procedure);
        for (number, step) in procedure.is.step.0.iter().enumerate() {
            found.extend(destroys(subject, &ordered, number, step));
            found.extend(manual(&ordered, number, step));
            found.extend(unverified(&ordered, number, step));
            found.extend(dns(&ordered, number, step));
            found.extend(wal(subject, &ordered, number, step));
        }
    }
}

fn destroys<'s>(
    subject: &Subject<'_>,
    ordered: &Ordered<'s>,
    number: usize,
    step: &'s Step,
) -> Option<Finding> {
    // What is made anew from other data, such as a cache, is no loss.
    let rebuildable = |name: &Name| subject.system.datastores.get(name).is_some_and(|d| d.is.rebuildable);
    let destroyed: Vec<_> = step.destroys.iter().flatten().filter(|d| !rebuildable(&d.0)).collect();
    if destroyed.is_empty() || ordered.before(step).iter().any(|s| s.checks == Some(Check::Backup)) {
        return None;
    }
    let what = listed(destroyed.iter().map(|d| format!("datastore.{}", d.0)));
    let span = at(ordered.procedure, number, &["destroys"]);
    let summary = format!("The data of {what} is destroyed before any backup is verified");
    Some(
        Finding::new(RuleId::DestroysBeforeVerified, ordered.address(step), span, summary)
            .why("When the backup turns out to be damaged, the present data is gone as well.")
            .fix("Put a step with `checks = \"backup\"` before it and name that in `after`."),
    )
}

fn manual<'s>(ordered: &Ordered<'s>, number: usize, step: &'s Step) -> Option<Finding> {
    step.manual.as_ref()?;
    let missing = [
        ("why no machine does it (`why`)", step.why.is_none()),
        ("who does it (`owner`)", step.owner.is_none()),
    ];
    let missing: Vec<&str> = missing.into_iter().filter(|(_, is)| *is).map(|(what, _)| what).collect();
    if missing.is_empty() {
        return None;
    }
    let span = at(ordered.procedure, number, &["manual"]);
    let summary = format!("A person does this, and nothing says {}", listed(missing));
    Some(
        Finding::new(RuleId::ManualWithoutReason, ordered.address(step), span, summary)
            .why("A step waits for whoever reads it last when nobody in particular does it.")
            .fix("Write it down, or make it a command."),
    )
}

fn unverified<'s>(ordered: &Ordered<'s>, number: usize, step: &'s Step) -> Option<Finding> {
    let checked = |s: &Step| s.checks == Some(Check::Data);
    if !restores(step) || checked(step) || ordered.after(step).into_iter().any(checked) {
        return None;
    }
    let span = at(ordered.procedure, number, &[]);
    let summary = "Data is brought back, and no step after it makes sure that it is right";
    Some(
        Finding::new(RuleId::UnverifiedRestore, ordered.address(step), span, summary)
            .why("A restore that ends without an error may still have brought back too little, or old data.")
            .fix("Add a step after it that looks at the data, with `checks = \"data\"`."),
    )
}

fn dns<'s>(ordered: &Ordered<'s>, number: usize, step: &'s Step) -> Option<Finding> {
    if !changes_dns(step) || ordered.after(step).iter().any(|s| s.wait.is_some()) {
        return None;
    }
    let span = at(ordered.procedure, number, &[]);
    let summary = "DNS is changed, and nothing counts the time until everybody sees that";
    Some(
        Finding::new(RuleId::DnsNotCounted, ordered.address(step), span, summary)
            .why(
                "Resolvers answer with the old address until the TTL is over; until then users are not back.",
            )
            .fix("Add a step after it with `wait` of at least the TTL."),
    )
}

fn wal<'s>(subject: &Subject<'s>, ordered: &Ordered<'s>, number: usize, step: &'s Step) -> Option<Finding> {
    if !replays_wal(step) {
        return None;
    }
    let dump = ordered.before(step).into_iter().find(|s| restores_dump(subject, s))?;
    let span = at(ordered.procedure, number, &[]);
    let summary = format!("WAL is applied after step {} has restored an SQL dump", dump.name);
    Some(
        Finding::new(RuleId::WalAfterDump, ordered.address(step), span, summary)
            .why("WAL continues a copy of the cluster's files. A dump is loaded into another cluster, to which no earlier WAL belongs: this cannot work.")
            .fix("Restore a base backup (`pg_basebackup`, pgBackRest, WAL-G), or promise no more than the dumps give."),
    )
}
