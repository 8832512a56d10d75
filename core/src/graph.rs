//! The graph of what needs what. petgraph stays in here. Everything is deterministic: nodes are
//! sorted, and among equals the smaller node comes first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use jiff::SignedDuration;
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

/// A graph of needs. An edge goes from a node to one it needs.
#[derive(Debug, Clone)]
pub struct Graph<N> {
    graph: DiGraph<N, ()>,
    index: BTreeMap<N, NodeIndex>,
}

/// A loop: each node needs the next one, the last needs the first. Starts with the smallest node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle<N>(pub Vec<N>);

impl<N: std::fmt::Display> std::fmt::Display for Cycle<N> {
    /// The whole loop: `a → b → a`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for node in &self.0 {
            write!(f, "{node} → ")?;
        }
        self.0.first().map_or(Ok(()), |first| write!(f, "{first}"))
    }
}

impl<N: Ord + Clone> Graph<N> {
    /// A graph of these nodes and needs (`(node, what it needs)`). Nodes that only an edge names are
    /// added; repeated edges count once.
    pub fn build(nodes: impl IntoIterator<Item = N>, needs: impl IntoIterator<Item = (N, N)>) -> Graph<N> {
        let needs: BTreeSet<(N, N)> = needs.into_iter().collect();
        let mut all: BTreeSet<N> = nodes.into_iter().collect();
        all.extend(needs.iter().flat_map(|(a, b)| [a.clone(), b.clone()]));
        let mut graph = DiGraph::with_capacity(all.len(), needs.len());
        let index: BTreeMap<N, NodeIndex> =
            all.into_iter().map(|node| (node.clone(), graph.add_node(node))).collect();
        for (node, needed) in &needs {
            graph.add_edge(index[node], index[needed], ());
        }
        Graph { graph, index }
    }

    /// All nodes, sorted.
    pub fn nodes(&self) -> impl Iterator<Item = &N> {
        self.index.keys()
    }

    /// What the node needs directly, sorted.
    pub fn needs(&self, node: &N) -> BTreeSet<&N> {
        self.neighbours(node, Direction::Outgoing)
    }

    /// What needs the node directly, sorted.
    pub fn unblocks(&self, node: &N) -> BTreeSet<&N> {
        self.neighbours(node, Direction::Incoming)
    }

    fn neighbours(&self, node: &N, direction: Direction) -> BTreeSet<&N> {
        let Some(&at) = self.index.get(node) else { return BTreeSet::new() };
        self.graph.neighbors_directed(at, direction).map(|n| &self.graph[n]).collect()
    }

    /// These nodes and everything they need, directly or not.
    pub fn with_needs<'g>(&'g self, from: impl IntoIterator<Item = &'g N>) -> BTreeSet<&'g N> {
        self.reach(from, Direction::Outgoing)
    }

    /// These nodes and everything that needs them, directly or not.
    pub fn with_unblocks<'g>(&'g self, from: impl IntoIterator<Item = &'g N>) -> BTreeSet<&'g N> {
        self.reach(from, Direction::Incoming)
    }

    fn reach<'g>(&'g self, from: impl IntoIterator<Item = &'g N>, way: Direction) -> BTreeSet<&'g N> {
        let mut seen = vec![false; self.graph.node_count()];
        let mut open: Vec<NodeIndex> = from.into_iter().filter_map(|n| self.index.get(n).copied()).collect();
        let mut found = BTreeSet::new();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut seen[at.index()], true) {
                found.insert(&self.graph[at]);
                open.extend(self.graph.neighbors_directed(at, way));
            }
        }
        found
    }

    /// All nodes, each after everything it needs; among those that are free, the smallest first.
    ///
    /// # Errors
    /// When something needs itself, directly or not.
    pub fn order(&self) -> Result<Vec<&N>, Cycle<N>> {
        let mut open: Vec<usize> =
            self.graph.node_indices().map(|n| self.graph.neighbors(n).count()).collect();
        // Indices grow with the nodes' order, so the smallest index is the smallest node.
        let mut free: BinaryHeap<Reverse<usize>> =
            open.iter().enumerate().filter(|(_, n)| **n == 0).map(|(i, _)| Reverse(i)).collect();
        let mut order = Vec::with_capacity(open.len());
        while let Some(Reverse(i)) = free.pop() {
            order.push(&self.graph[NodeIndex::new(i)]);
            for next in self.graph.neighbors_directed(NodeIndex::new(i), Direction::Incoming) {
                open[next.index()] -= 1;
                if open[next.index()] == 0 {
                    free.push(Reverse(next.index()));
                }
            }
        }
        if order.len() == open.len() { Ok(order) } else { Err(self.cycle()) }
    }

    /// The shortest loop through the smallest node that is in one.
    fn cycle(&self) -> Cycle<N> {
        let start = petgraph::algo::kosaraju_scc(&self.graph)
            .into_iter()
            .filter(|group| group.len() > 1 || group.iter().any(|&n| self.graph.contains_edge(n, n)))
            .flatten()
            .min()
            .expect("only called when some nodes could not be ordered, which is a loop");
        let mut from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
        let mut open = VecDeque::from([start]);
        while let Some(at) = open.pop_front() {
            let mut next: Vec<NodeIndex> = self.graph.neighbors(at).collect();
            next.sort();
            for n in next {
                if n == start {
                    let mut path = vec![at];
                    while let Some(&before) = path.last().and_then(|n| from.get(n)) {
                        path.push(before);
                    }
                    return Cycle(path.into_iter().rev().map(|n| self.graph[n].clone()).collect());
                }
                if n != at && !from.contains_key(&n) {
                    from.insert(n, at);
                    open.push_back(n);
                }
            }
        }
        unreachable!("a node of a loop can be reached from itself")
    }

    /// The path of needs with the largest total weight, what is needed first in front; and its total.
    /// Among equals the smaller nodes win.
    ///
    /// # Errors
    /// When something needs itself, directly or not.
    pub fn longest_path(
        &self,
        weight: impl Fn(&N) -> SignedDuration,
    ) -> Result<(Vec<&N>, SignedDuration), Cycle<N>> {
        let mut best: BTreeMap<&N, (SignedDuration, Option<&N>)> = BTreeMap::new();
        let mut end: Option<(&N, SignedDuration)> = None;
        for node in self.order()? {
            let mut before: Option<(&N, SignedDuration)> = None;
            for needed in self.needs(node) {
                let total = best[needed].0;
                if before.is_none_or(|(_, most)| total > most) {
                    before = Some((needed, total));
                }
            }
            let total = before.map_or(SignedDuration::ZERO, |(_, t)| t).saturating_add(weight(node));
            best.insert(node, (total, before.map(|(n, _)| n)));
            if end.is_none_or(|(_, most)| total > most) {
                end = Some((node, total));
            }
        }
        let mut path = Vec::new();
        let mut at = end.map(|(n, _)| n);
        while let Some(node) = at {
            path.push(node);
            at = best[node].1;
        }
        path.reverse();
        Ok((path, end.map_or(SignedDuration::ZERO, |(_, t)| t)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(needs: &str) -> Graph<char> {
        Graph::build(
            [],
            needs.split(' ').filter(|s| !s.is_empty()).map(|s| {
                let mut chars = s.chars();
                (chars.next().unwrap(), chars.next().unwrap())
            }),
        )
    }

    #[test]
    fn the_order_respects_needs_and_is_sorted_among_equals() {
        let order: String = graph("ac bc cd").order().unwrap().into_iter().collect();
        assert_eq!(order, "dcab");
        let order: String = graph("za yb").order().unwrap().into_iter().collect();
        assert_eq!(order, "abyz");
    }

    #[test]
    fn a_cycle_is_named_whole_and_without_its_surroundings() {
        let found = graph("xa ab bc ca cz").order().unwrap_err();
        assert_eq!(found.to_string(), "a → b → c → a");
        assert_eq!(graph("aa").order().unwrap_err().to_string(), "a → a");
        assert_eq!(graph("ab ba bc cb").order().unwrap_err().0, ['a', 'b']);
    }

    #[test]
    fn reach_goes_both_ways() {
        let g = graph("ab bc db");
        assert_eq!(g.with_needs(&['a']), BTreeSet::from([&'a', &'b', &'c']));
        assert_eq!(g.with_unblocks(&['b']), BTreeSet::from([&'a', &'b', &'d']));
    }

    #[test]
    fn the_longest_path_adds_weights() {
        let g = graph("ab ac bd cd");
        let minutes = |n: &char| SignedDuration::from_mins(if *n == 'c' { 10 } else { 1 });
        let (path, total) = g.longest_path(minutes).unwrap();
        assert_eq!((path.into_iter().collect::<String>().as_str(), total.as_mins()), ("dca", 12));
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let g = Graph::build([], (0..100_000u32).map(|i| (i, (i + 1) % 100_000)));
        assert_eq!(g.order().unwrap_err().0.len(), 100_000);
    }
}
