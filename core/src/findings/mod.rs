//! Findings: what is provably wrong with a declared system, before anything is asked of a provider.
//! Each rule is general and looks at declarations alone; [`RuleId`] is the table of them.

mod alerts;
mod backups;
mod checks;
mod commands;
mod contacts;
mod domains;
mod kept;
mod overdue;
mod placeholder;
mod rehearsed;
mod rules;
mod scenarios;
mod services;
mod steps;
mod waivers;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use checks::{Checked, checked};
pub use rules::RuleId;

use crate::addr::Name;
use crate::config::Config;
use crate::diag::Severity;
use crate::plan::Source;
use crate::recovery::Places;
use crate::span::{SourceMap, Span};
use crate::spread::Spread;
use crate::system::System;

/// One thing that is wrong. `At` is how its place is told: by a span while it is looked for, by file, line
/// and column once it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding<At = Span> {
    /// The rule that found it.
    pub rule: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in a line without full stop.
    pub summary: String,
    /// Why that is wrong: full sentences.
    pub detail: String,
    /// What it is about: `procedure.restore step drop`.
    pub address: String,
    /// Where that is written.
    pub span: At,
    /// What to do, in full sentences.
    pub fix: String,
    /// Who has decided to live with it.
    pub waived: Option<Waived>,
}

/// A finding with its place in the files; none when it stands in no file.
pub type Placed = Finding<Option<Source>>;

/// A decision to live with a finding, in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waived {
    /// The waiver.
    pub name: Name,
    /// The contact that has decided it.
    pub owner: Name,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// What rules look at.
#[derive(Clone, Copy)]
pub struct Subject<'s> {
    /// What is declared.
    pub system: &'s System,
    /// The resources as they are written.
    pub config: &'s Config,
    /// Where the resources are, as it is written.
    pub places: &'s Places<'s>,
    /// How work that falls apart into pieces is done.
    pub spread: Spread,
}

/// Everything that is wrong: what is not waived first, then worst first, then by place.
pub fn findings(subject: &Subject<'_>, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    alerts::check(subject, &mut found);
    backups::check(subject, &mut found);
    checks::check(subject, &mut found);
    commands::check(subject, &mut found);
    contacts::check(subject, &mut found);
    kept::check(subject, now, &mut found);
    overdue::check(subject, now, &mut found);
    rehearsed::check(subject, &mut found);
    scenarios::check(subject, &mut found);
    services::check(subject, &mut found);
    steps::check(subject, &mut found);
    judged(found, subject.system, now)
}

/// The same with their places: what a plan holds and `drctl findings` lists.
pub fn placed(subject: &Subject<'_>, sources: &SourceMap, now: Timestamp) -> Vec<Placed> {
    let lines = crate::plan::Lines::new(sources);
    let found = findings(subject, now).into_iter();
    found
        .map(|Finding { rule, severity, summary, detail, address, span, fix, waived }| {
            let span = lines.source(span);
            Finding { rule, severity, summary, detail, address, span, fix, waived }
        })
        .collect()
}

/// Findings with what waivers say of them, sorted. For those of other parts, too.
pub fn judged(mut found: Vec<Finding>, system: &System, now: Timestamp) -> Vec<Finding> {
    waivers::apply(system, now, &mut found);
    found.sort_by(|a, b| key(a).cmp(&key(b)));
    found.dedup();
    found
}

fn key(f: &Finding) -> (bool, Severity, Span, RuleId, &str, &str) {
    (f.waived.is_some(), f.severity, f.span, f.rule, &f.address, &f.summary)
}

impl Finding {
    /// Of the severity of its rule.
    fn new(rule: RuleId, address: impl Into<String>, span: Span, summary: impl Into<String>) -> Finding {
        Finding {
            rule,
            severity: rule.severity(),
            summary: summary.into(),
            detail: String::new(),
            address: address.into(),
            span,
            fix: String::new(),
            waived: None,
        }
    }

    /// Says why that is wrong.
    fn why(mut self, detail: impl Into<String>) -> Finding {
        self.detail = detail.into();
        self
    }

    /// Says what to do.
    fn fix(mut self, fix: impl Into<String>) -> Finding {
        self.fix = fix.into();
        self
    }

    /// The same, of another severity.
    fn graded(mut self, severity: Severity) -> Finding {
        self.severity = severity;
        self
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed<T: std::fmt::Display>(all: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    match all.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}
