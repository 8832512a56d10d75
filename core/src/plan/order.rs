//! From decisions to steps: what must be done before what. Everything is done after what it needs;
//! a deletion is done after what still refers to the thing has let go of it.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::Decision;
use super::instance::Instance;
use super::world::{Observation, World};
use super::{Op, Step, StepId};
use crate::addr::Address;
use crate::graph::Graph;
use crate::provider::Observed;
use crate::value::Value;

/// The graph of needs between instances, by their number.
pub(super) fn needs_graph(instances: &[Instance]) -> Graph<usize> {
    let number: BTreeMap<&Address, usize> =
        instances.iter().enumerate().map(|(i, instance)| (&instance.address, i)).collect();
    let edges = instances.iter().enumerate().flat_map(|(i, instance)| {
        instance.needs.iter().filter_map(|n| number.get(n)).map(move |n| (i, *n)).collect::<Vec<_>>()
    });
    Graph::build(0..instances.len(), edges)
}

/// The steps of the selected instances, numbered in an order that respects their needs.
pub(super) fn steps(
    world: &World,
    instances: &[Instance],
    decisions: &[Decision],
    graph: &Graph<usize>,
    selected: &BTreeSet<usize>,
) -> Vec<Step> {
    let ops: BTreeMap<usize, Op> = selected.iter().filter_map(|i| Some((*i, decisions[*i].op?))).collect();
    let mut edges = direct_needs(graph, &ops);
    edges.extend(deletion_needs(world, instances, &ops));
    let mut steps = Graph::build(ops.keys().copied(), edges.iter().copied());
    if steps.order().is_err() {
        // Things that refer to each other are deleted in any order.
        edges.retain(|(a, b)| ops[a] != Op::Delete || ops[b] != Op::Delete);
        steps = Graph::build(ops.keys().copied(), edges);
    }
    let order = steps.order().expect("blocks in loops are not expanded, and deletions are on one side only");
    let ids: BTreeMap<usize, StepId> =
        order.iter().enumerate().map(|(n, i)| (**i, StepId(n as u32 + 1))).collect();
    order
        .iter()
        .map(|i| Step {
            id: ids[i],
            address: instances[**i].address.clone(),
            op: ops[i],
            needs: steps.needs(i).into_iter().map(|n| ids[n]).collect(),
        })
        .collect()
}

/// Needs between steps; what stands between two of them without a step of its own is passed through.
fn direct_needs(graph: &Graph<usize>, ops: &BTreeMap<usize, Op>) -> Vec<(usize, usize)> {
    let mut edges = Vec::new();
    let mut behind: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let order = graph.order().expect("blocks in loops are not expanded");
    for i in order {
        let mut reached = BTreeSet::new();
        for needed in graph.needs(i) {
            match ops.contains_key(needed) {
                true => drop(reached.insert(*needed)),
                false => reached.extend(behind.get(needed).into_iter().flatten()),
            }
        }
        if ops.contains_key(i) {
            edges.extend(reached.into_iter().map(|n| (*i, n)));
        } else if !reached.is_empty() {
            behind.insert(*i, reached);
        }
    }
    edges
}

/// A deletion needs the steps of everything that still refers to the thing at the provider.
fn deletion_needs(world: &World, instances: &[Instance], ops: &BTreeMap<usize, Op>) -> Vec<(usize, usize)> {
    let present = |i: usize| world.observations.get(&instances[i].address).and_then(Observation::present);
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, _) in ops.iter().filter(|(_, op)| **op == Op::Delete) {
        let Some(observed) = present(*i) else { continue };
        names.extend(observed.outputs.values().filter_map(Value::as_str).map(|text| (text, *i)));
        names.insert(&observed.id.0, *i);
    }
    if names.is_empty() {
        return Vec::new();
    }
    let mut edges = Vec::new();
    for i in ops.keys() {
        let Some(Observed { attributes, .. }) = present(*i) else { continue };
        let mut found = BTreeSet::new();
        attributes.values().for_each(|v| texts(v, &mut |text| found.extend(names.get(text))));
        found.remove(i);
        edges.extend(found.into_iter().map(|deleted| (deleted, *i)));
    }
    edges
}

fn texts<'v>(value: &'v Value, f: &mut impl FnMut(&'v str)) {
    match value {
        Value::String(text) => f(text),
        Value::List(items) => items.iter().for_each(|v| texts(v, f)),
        Value::Set(items) => items.iter().for_each(|v| texts(v, f)),
        Value::Object(map) => map.values().for_each(|v| texts(v, f)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
