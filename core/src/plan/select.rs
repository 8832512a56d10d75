//! `--target` and `--exclude`: a target pulls in what it needs, an exclusion drops what needs it.

use std::collections::BTreeSet;

use super::instance::Instance;
use super::{Acceptance, Selection};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::graph::Graph;
use crate::lang::near;

/// The numbers of the selected instances.
pub(super) fn select(
    selection: &Selection,
    accepted: &[Acceptance],
    instances: &[Instance],
    graph: &Graph<usize>,
    diags: &mut Diagnostics,
) -> BTreeSet<usize> {
    let (targets, no_target) = named(&selection.target, "--target", instances);
    let (excluded, no_exclusion) = named(&selection.exclude, "--exclude", instances);
    let accepted = accepted.iter().map(|a| a.address.to_string()).collect();
    // A standing `--accept` of a pipeline may outlive what it was for.
    let (_, nothing_accepted) = named(&accepted, "--accept", instances);
    nothing_accepted.into_iter().for_each(|d| diags.push(d.warning()));
    let misnamed = !no_target.is_empty() || !no_exclusion.is_empty();
    no_target.into_iter().chain(no_exclusion).for_each(|d| diags.push(d));
    let mut selected: BTreeSet<usize> = match selection.target.is_empty() {
        true => (0..instances.len()).collect(),
        false => graph.with_needs(&targets).into_iter().copied().collect(),
    };
    for i in graph.with_unblocks(&excluded) {
        selected.remove(i);
    }
    if selected.len() < instances.len() && !misnamed {
        let left_out = instances.len() - selected.len();
        let headline =
            format!("The plan is incomplete: {left_out} of {} resources are left out", instances.len());
        diags.push(
            Diagnostic::error_nowhere(Code::Incomplete, headline)
                .warning()
                .help("Plan again without `--target` and `--exclude` to see the rest."),
        );
    }
    selected
}

fn named(
    names: &BTreeSet<String>,
    option: &str,
    instances: &[Instance],
) -> (BTreeSet<usize>, Vec<Diagnostic>) {
    let mut found = BTreeSet::new();
    let mut used: BTreeSet<&String> = BTreeSet::new();
    let mut known = BTreeSet::new();
    if names.is_empty() {
        return (found, Vec::new());
    }
    for (i, instance) in instances.iter().enumerate() {
        let (own, block) = (instance.address.to_string(), instance.address.block().to_string());
        for name in names.get(&own).into_iter().chain(names.get(&block)) {
            used.insert(name);
            found.insert(i);
        }
        known.extend([own, block]);
    }
    let missing = names.iter().filter(|n| !used.contains(n)).map(|name| {
        let headline = format!("`{option}` is given `{name}`, which names no resource");
        let help = match near(name, known.iter().map(String::as_str)) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => {
                "Give an address such as `aws_s3_bucket.invoices` or `aws_s3_bucket.all[\"eu\"]`.".to_owned()
            }
        };
        Diagnostic::error_nowhere(Code::NothingSelected, headline).help(help)
    });
    (found, missing.collect())
}
