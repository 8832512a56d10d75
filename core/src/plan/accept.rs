//! A person's word for what must not happen unasked: which acceptances are in force, and which are
//! missing.

use std::collections::BTreeSet;

use super::{AcceptKind, Acceptance, Action, Input, Op, Plan, ResourceChange};
use crate::addr::Address;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::rule::Effect;

/// Whether an acceptance covers an address: itself, or the block it comes from.
pub(super) fn covers(accepted: &Address, address: &Address) -> bool {
    accepted == address || (accepted.key.is_none() && *accepted == address.block())
}

/// Whether something is accepted, in the text or on the command line.
pub(super) fn accepts(input: &Input<'_>, kind: AcceptKind, address: &Address) -> bool {
    let in_text = input.config.accepts.iter().filter(|a| a.until.is_none_or(|until| until >= input.now));
    in_text
        .map(|a| (a.kind, &a.address))
        .chain(input.accepted.iter().map(|a| (a.kind, &a.address)))
        .any(|(k, a)| k == kind && covers(a, address))
}

/// All acceptances in force, sorted; expired ones are reported.
pub(super) fn in_force(input: &Input<'_>, diags: &mut Diagnostics) -> Vec<Acceptance> {
    let mut found: BTreeSet<Acceptance> = input.accepted.iter().cloned().collect();
    for accept in &input.config.accepts {
        match accept.until {
            Some(until) if until < input.now => diags.push(
                Diagnostic::error(
                    Code::AcceptanceExpired,
                    "An acceptance has expired",
                    accept.span,
                    format!("this was in force until {until}"),
                )
                .warning()
                .about(accept.address.clone())
                .help("Remove it, or decide anew and give it a later date."),
            ),
            until => {
                found.insert(Acceptance { kind: accept.kind, address: accept.address.clone(), until });
            }
        }
    }
    found.into_iter().collect()
}

/// What must be accepted before this change may be carried out by this step.
fn required(change: &ResourceChange, op: Op) -> BTreeSet<AcceptKind> {
    let from_notes = change.notes.iter().filter_map(|note| match note.effect {
        Effect::Irreversible => Some(AcceptKind::Irreversible),
        Effect::Weakens => Some(AcceptKind::Weakens),
        Effect::Outage => Some(AcceptKind::Outage),
        Effect::Refuse | Effect::Warn | Effect::Strengthens | Effect::Inform => None,
    });
    match op {
        Op::Record => BTreeSet::new(),
        Op::Create | Op::Update => from_notes.collect(),
        Op::Forget => BTreeSet::from([AcceptKind::Weakens]),
        Op::Delete => from_notes.chain([AcceptKind::Delete]).collect(),
    }
}

impl Plan {
    /// What a person still has to accept before the plan may be applied, sorted by kind and address.
    pub fn missing_acceptances(&self) -> Vec<Acceptance> {
        let mut missing = BTreeSet::new();
        for step in &self.steps {
            let Some(change) = self.change(&step.address) else { continue };
            for kind in required(change, step.op) {
                let given = |a: &Acceptance| a.kind == kind && covers(&a.address, &change.address);
                if !self.accepted.iter().any(given) {
                    missing.insert(Acceptance { kind, address: change.address.clone(), until: None });
                }
            }
        }
        missing.into_iter().collect()
    }

    /// The change of an address; the changes are sorted.
    pub fn change(&self, address: &Address) -> Option<&ResourceChange> {
        self.changes.binary_search_by(|c| c.address.cmp(address)).ok().map(|i| &self.changes[i])
    }

    /// Numbers of changes by what they do to protection.
    pub fn protection(&self) -> Protection {
        let mut count = Protection::default();
        let steps: std::collections::BTreeMap<&Address, Op> =
            self.steps.iter().map(|s| (&s.address, s.op)).collect();
        for change in &self.changes {
            if change.action == Action::Unobserved {
                count.unobserved += 1;
                continue;
            }
            let Some(op) = steps.get(&change.address) else { continue };
            match (op, change.notes.first().map(|n| n.effect)) {
                (Op::Record, _) => {}
                (Op::Delete, _) | (_, Some(Effect::Irreversible)) => count.irreversible += 1,
                (Op::Forget, _) | (_, Some(Effect::Weakens)) => count.weakens += 1,
                (_, Some(Effect::Outage)) => count.outage += 1,
                (_, Some(Effect::Strengthens)) => count.strengthens += 1,
                (_, Some(Effect::Refuse | Effect::Warn | Effect::Inform) | None) => count.neutral += 1,
            }
        }
        count
    }
}

/// Numbers of changes by what they do to protection; each change counts once, as its worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Protection {
    /// No way back.
    pub irreversible: usize,
    /// Less protected.
    pub weakens: usize,
    /// Interrupted.
    pub outage: usize,
    /// Better protected.
    pub strengthens: usize,
    /// None of these.
    pub neutral: usize,
    /// Not observed, so nothing is planned.
    pub unobserved: usize,
}
