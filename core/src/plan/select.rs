//! `--target` and `--exclude`: a target pulls in what it needs, an exclusion drops what needs it.

use std::collections::BTreeSet;

use super::Selection;
use super::instance::Instance;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::graph::Graph;

/// The numbers of the selected instances.
pub(super) fn select(
    selection: &Selection,
    instances: &[Instance],
    graph: &Graph<usize>,
    diags: &mut Diagnostics,
) -> BTreeSet<usize> {
    let targets = named(&selection.target, "--target", instances, diags);
    let excluded = named(&selection.exclude, "--exclude", instances, diags);
    let mut selected: BTreeSet<usize> = match selection.target.is_empty() {
        true => (0..instances.len()).collect(),
        false => graph.with_needs(&targets).into_iter().copied().collect(),
    };
    for i in graph.with_unblocks(&excluded) {
        selected.remove(i);
    }
    if selected.len() < instances.len() {
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
    diags: &mut Diagnostics,
) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut used: BTreeSet<&String> = BTreeSet::new();
    if names.is_empty() {
        return found;
    }
    for (i, instance) in instances.iter().enumerate() {
        let (own, block) = (instance.address.to_string(), instance.address.block().to_string());
        for name in names.get(&own).into_iter().chain(names.get(&block)) {
            used.insert(name);
            found.insert(i);
        }
    }
    for name in names.iter().filter(|n| !used.contains(n)) {
        let headline = format!("`{option}={name}` names no resource");
        diags.push(
            Diagnostic::error_nowhere(Code::NothingSelected, headline)
                .help("Give an address such as `aws_s3_bucket.invoices` or `aws_s3_bucket.all[\"eu\"]`."),
        );
    }
    found
}
