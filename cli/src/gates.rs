//! Gates: switches that turn what stands in a plan into an exit code, for pipelines. Without a gate
//! a plan ends with 0 or 1.

use clap::{Args, ValueEnum};
use drctl_core::diag::Severity;
use drctl_core::findings::Placed;
use drctl_core::plan::AcceptKind;
use drctl_core::rule::Effect;

use crate::exit::Exit;
use crate::render::objectives::is_missed;
use crate::render::view::{View, is_done};

/// The switches.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Gates {
    /// Exits with 2 when there are changes
    #[arg(long)]
    detailed_exitcode: bool,
    /// Exits with 3 when an objective is missed or not known to be met
    #[arg(long)]
    check_objectives: bool,
    /// Exits with 4 when protection is weakened or something is irreversible and nobody has accepted it
    #[arg(long)]
    check_protection: bool,
    /// Exits with 5 when there is a finding of this severity or worse that is not waived
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// Exits with 6 when something could not be observed or was left out
    #[arg(long)]
    require_complete: bool,
    /// All of the above
    #[arg(long)]
    ci: bool,
}

/// How bad a finding must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// What the provider would refuse, and what is provably wrong with the declared system.
    Error,
    /// What weakens, is irreversible, interrupts, or does not work as one may think.
    Warning,
    /// What is worth knowing.
    Note,
}

impl FailOn {
    /// Whether a finding about the declared system is that bad and nobody lives with it.
    pub(crate) fn fails(self, finding: &Placed) -> bool {
        let least = match self {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Note => Severity::Note,
        };
        finding.waived.is_none() && finding.severity <= least
    }
}

impl Gates {
    /// How the process ends for a plan and for what a pull request does.
    pub(crate) fn exit_since(&self, view: &View<'_>, base: &View<'_>) -> Exit {
        let exit = self.exit(view);
        let closed = (self.check_protection || self.ci) && weakens_unaccepted(base);
        if closed { exit.and(Exit::Weakens) } else { exit }
    }

    /// How the process ends for this plan.
    pub(crate) fn exit(&self, view: &View<'_>) -> Exit {
        let plan = view.plan;
        let mut exit = Exit::Success;
        let drifted = plan.selection.refresh_only && plan.changes.iter().any(|c| !c.drift.is_empty());
        if (self.detailed_exitcode || self.ci) && (drifted || plan.changes.iter().any(is_done)) {
            exit = exit.and(Exit::Changes);
        }
        if (self.check_protection || self.ci) && weakens_unaccepted(view) {
            exit = exit.and(Exit::Weakens);
        }
        if (self.check_objectives || self.ci) && plan.objectives.iter().any(is_missed) {
            exit = exit.and(Exit::Objective);
        }
        let fail_on = self.fail_on.or(self.ci.then_some(FailOn::Error));
        if fail_on.is_some_and(|least| has_finding(view, least)) {
            exit = exit.and(Exit::Finding);
        }
        if (self.require_complete || self.ci) && !plan.complete {
            exit = exit.and(Exit::Incomplete);
        }
        exit
    }
}

fn weakens_unaccepted(view: &View<'_>) -> bool {
    view.missing.iter().any(|a| match a.kind {
        AcceptKind::Weakens | AcceptKind::Irreversible | AcceptKind::Delete => true,
        AcceptKind::Outage => false,
    })
}

fn has_finding(view: &View<'_>, least: FailOn) -> bool {
    let noted = view.plan.changes.iter().flat_map(|c| &c.notes).any(|note| match note.effect {
        Effect::Refuse => true,
        Effect::Irreversible | Effect::Weakens | Effect::Outage | Effect::Warn => least != FailOn::Error,
        Effect::Inform => least == FailOn::Note,
        Effect::Strengthens => false,
    });
    noted || view.plan.findings.iter().any(|finding| least.fails(finding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use drctl_core::plan::Plan;

    #[test]
    fn each_gate_has_its_code_and_the_worse_one_stands() {
        let bad = sample::plan();
        let good = Plan { changes: Vec::new(), complete: true, objectives: Vec::new(), ..sample::plan() };
        let gates = |names: &[&str]| Gates {
            detailed_exitcode: names.contains(&"changes"),
            check_objectives: names.contains(&"objectives"),
            check_protection: names.contains(&"protection"),
            fail_on: names.contains(&"warning").then_some(FailOn::Warning),
            require_complete: names.contains(&"complete"),
            ci: names.contains(&"ci"),
        };
        for (names, code) in [
            (&[][..], 0),
            (&["changes"], 2),
            (&["protection"], 4),
            (&["warning"], 5),
            (&["complete"], 6),
            (&["ci"], 6),
            (&["changes", "protection", "warning"], 4),
            (&["changes", "warning"], 5),
        ] {
            assert_eq!(gates(names).exit(&sample::view(&bad)).code(), code, "{names:?}");
            assert_eq!(gates(names).exit(&sample::view(&good)).code(), 0, "{names:?}");
        }
    }

    #[test]
    fn a_finding_closes_the_gate_unless_it_is_milder_or_waived() {
        let plan = |findings| Plan { changes: Vec::new(), complete: true, findings, ..sample::plan() };
        let gates = |fail_on| Gates { fail_on, ..Gates::default() };
        let milder = Placed { severity: Severity::Warning, ..sample::finding() };
        for (finding, least, code) in [
            (sample::finding(), FailOn::Error, 5),
            (milder.clone(), FailOn::Error, 0),
            (milder, FailOn::Warning, 5),
            (sample::waived(), FailOn::Note, 0),
        ] {
            let plan = plan(vec![finding]);
            assert_eq!(gates(Some(least)).exit(&sample::view(&plan)).code(), code, "{least:?}");
            assert_eq!(gates(None).exit(&sample::view(&plan)).code(), 0);
        }
        let missed = Plan { objectives: vec![sample::judgement()], ..plan(vec![sample::finding()]) };
        let ci = Gates { ci: true, ..Gates::default() };
        assert_eq!(ci.exit(&sample::view(&missed)).code(), 3);
        assert_eq!(ci.exit(&sample::view(&plan(vec![sample::finding()]))).code(), 5);
    }
}
