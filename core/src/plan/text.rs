//! What the text says before anything is evaluated: which block names which, directly or through
//! locals, in which order blocks can be expanded, and which attributes are read from outside.

use std::collections::{BTreeMap, BTreeSet};

use crate::addr::{KindName, Name};
use crate::codes::Code;
use crate::config::{Config, Resource};
use crate::diag::{Diagnostic, Diagnostics};
use crate::graph::Graph;
use crate::lang::expr::{Expr, ExprKind, PathStep, Reference, Subject};

/// A block by kind and name.
pub(super) type BlockName = (KindName, Name);

/// The resources that locals refer to, directly or through other locals.
pub(super) struct Locals<'c> {
    references: BTreeMap<&'c Name, BTreeSet<&'c Reference>>,
}

impl<'c> Locals<'c> {
    pub(super) fn of(config: &'c Config) -> Locals<'c> {
        let mut direct: BTreeMap<&Name, BTreeSet<&Reference>> = BTreeMap::new();
        let mut edges = Vec::new();
        for (name, expr) in &config.locals {
            let found = direct.entry(name).or_default();
            for (reference, _) in expr.references() {
                match &reference.subject {
                    Subject::Local(_, other) => edges.push((name, other)),
                    Subject::Resource(..) => drop(found.insert(reference)),
                    Subject::Variable(..)
                    | Subject::Block(..)
                    | Subject::Module(..)
                    | Subject::Scoped(_)
                    | Subject::Path => {}
                }
            }
        }
        let graph = Graph::build(direct.keys().copied(), edges);
        // What a local needs stands before it; locals in a loop, which is reported elsewhere, have nothing.
        let order: Vec<&Name> =
            graph.order().map(|all| all.into_iter().copied().collect()).unwrap_or_default();
        let mut references: BTreeMap<&Name, BTreeSet<&Reference>> = BTreeMap::new();
        for name in order {
            let mut found = direct.remove(name).unwrap_or_default();
            found.extend(graph.needs(&name).into_iter().filter_map(|n| references.get(n)).flatten());
            references.insert(name, found);
        }
        Locals { references }
    }

    /// The resource references of an expression, those of its locals included.
    pub(super) fn resources<'e>(&'e self, expr: &'e Expr) -> Vec<&'e Reference> {
        let mut found = Vec::new();
        for (reference, _) in expr.references() {
            match &reference.subject {
                Subject::Resource(..) => found.push(reference),
                Subject::Local(_, name) => found.extend(self.references.get(name).into_iter().flatten()),
                Subject::Variable(..)
                | Subject::Block(..)
                | Subject::Module(..)
                | Subject::Scoped(_)
                | Subject::Path => {}
            }
        }
        found
    }
}

/// All expressions of a resource block.
fn expressions(resource: &Resource) -> impl Iterator<Item = &Expr> {
    resource.attributes.values().chain(resource.count.as_deref()).chain(resource.for_each.as_deref())
}

/// The block that a reference names.
pub(super) fn block_of(reference: &Reference) -> Option<BlockName> {
    reference.resource().map(|(kind, name)| (kind.clone(), name.clone()))
}

/// The loops in which resource blocks need each other, told from the text alone.
pub fn loops(config: &Config) -> Diagnostics {
    let mut diags = Diagnostics::default();
    block_order(config, &Locals::of(config), &mut diags);
    diags
}

/// The numbers of the resource blocks, each after what it needs. A loop is reported, and its blocks
/// and what needs them are left out.
pub(super) fn block_order(config: &Config, locals: &Locals<'_>, diags: &mut Diagnostics) -> Vec<usize> {
    let index: BTreeMap<BlockName, usize> =
        config.resources.iter().enumerate().map(|(i, r)| ((r.kind.clone(), r.name.clone()), i)).collect();
    let mut needs: Vec<(usize, usize)> = Vec::new();
    for (i, resource) in config.resources.iter().enumerate() {
        let written = expressions(resource).flat_map(|e| locals.resources(e));
        let named = written.chain(resource.depends_on.iter().map(|(r, _)| r));
        needs.extend(named.filter_map(block_of).filter_map(|b| Some((i, *index.get(&b)?))));
    }
    let mut left: BTreeSet<usize> = (0..config.resources.len()).collect();
    loop {
        let kept = needs.iter().filter(|(a, b)| left.contains(a) && left.contains(b)).copied();
        let graph = Graph::build(left.iter().copied(), kept);
        match graph.order() {
            Ok(order) => return order.into_iter().copied().collect(),
            Err(cycle) => {
                diags.push(loop_found(config, &cycle.0));
                let gone: BTreeSet<usize> = graph.with_unblocks(&cycle.0).into_iter().copied().collect();
                left.retain(|i| !gone.contains(i));
            }
        }
    }
}

fn loop_found(config: &Config, cycle: &[usize]) -> Diagnostic {
    let block = |i: usize| &config.resources[i];
    let names: Vec<String> =
        cycle.iter().chain(cycle.first()).map(|i| block(*i).address().to_string()).collect();
    let first = block(cycle[0]);
    let label = format!("this needs itself: {}", names.join(" → "));
    let mut found =
        Diagnostic::error(Code::Cycle, "Resources depend on each other in a loop", first.span, label)
            .about(first.address())
            .help("Remove one of these references, or write the value that is already known in its place.");
    for i in &cycle[1..] {
        found = found.label(block(*i).span, "part of the loop");
    }
    found
}

/// Which attributes of each block are read from elsewhere in the text.
pub(super) fn attributes_read(config: &Config) -> BTreeMap<BlockName, BTreeSet<String>> {
    let mut found: BTreeMap<BlockName, BTreeSet<String>> = BTreeMap::new();
    let all = config
        .resources
        .iter()
        .flat_map(expressions)
        .chain(config.locals.values())
        .chain(config.outputs.values().map(|o| &o.value));
    for expr in all {
        expr.visit(&mut |e| {
            let (reference, name) = match &e.kind {
                ExprKind::Reference(r) => {
                    let name = r.path.iter().find_map(|step| match step {
                        PathStep::Attribute(name) => Some(name.as_str()),
                        PathStep::Key(_) => None,
                    });
                    (r, name)
                }
                ExprKind::Attribute(base, name) => match &base.kind {
                    ExprKind::Index(block, _) => match &block.kind {
                        ExprKind::Reference(r) => (r, Some(&**name)),
                        _ => return,
                    },
                    _ => return,
                },
                _ => return,
            };
            if let (Some(block), Some(name)) = (block_of(reference), name) {
                found.entry(block).or_default().insert(name.to_owned());
            }
        });
    }
    found
}
