//! Which procedures are followed after a loss, in which order, and which wait for which.

use std::collections::{BTreeMap, BTreeSet};

use super::hit::Hit;
use super::model::Input;
use crate::addr::Name;
use crate::graph::Graph;
use crate::system::Priority;

/// A procedure that is followed.
pub(crate) struct Followed<'a> {
    /// Its name.
    pub(crate) name: &'a Name,
    /// Those that are done before, by their place.
    pub(crate) after: BTreeSet<usize>,
}

/// The procedures of the scenario, each after the one before; without any, those of the services that
/// are hit, each once and after those of the services that its own depend on. With what is odd.
pub(crate) fn followed<'a>(input: &Input<'a>, hit: &Hit) -> (Vec<Followed<'a>>, Vec<String>) {
    let scenario = input.scenario.and_then(|name| input.system.scenarios.get(name));
    let Some(named) = scenario.and_then(|s| s.is.recover.as_ref()) else {
        return of_services(input, hit);
    };
    let mut all: Vec<Followed<'a>> = Vec::new();
    for reference in named {
        let Some((name, _)) = input.system.procedures.get_key_value(&reference.0) else { continue };
        if all.iter().any(|f| f.name == name) {
            continue;
        }
        let after = all.len().checked_sub(1).into_iter().collect();
        all.push(Followed { name, after });
    }
    (all, Vec::new())
}

/// A service by what comes back first, then by name.
type Node<'a> = (Option<Priority>, &'a Name);

fn of_services<'a>(input: &Input<'a>, hit: &Hit) -> (Vec<Followed<'a>>, Vec<String>) {
    let system = input.system;
    let node = |name: &'a Name| -> Node<'a> {
        // What says nothing about its priority comes after what does.
        (Some(system.services[name].is.priority.unwrap_or(Priority::Low)), name)
    };
    let nodes: Vec<Node<'a>> =
        system.services.keys().filter(|n| hit.services.contains_key(*n)).map(node).collect();
    let needs = nodes.iter().flat_map(|one| {
        let needed = system.services[one.1].is.depends_on.iter().flatten();
        let known = needed.filter_map(|n| system.services.get_key_value(&n.0));
        known.filter(|(n, _)| hit.services.contains_key(*n)).map(|(n, _)| (*one, node(n)))
    });
    let graph = Graph::build(nodes.iter().copied(), needs);
    let mut odd = Vec::new();
    let order: Vec<Node<'a>> = match graph.order() {
        Ok(order) => order.into_iter().copied().collect(),
        Err(circle) => {
            let names: Vec<String> = circle.0.iter().map(|(_, n)| format!("service.{n}")).collect();
            odd.push(format!("these depend on each other, so none comes first: {}", names.join(", ")));
            nodes.clone()
        }
    };
    let mut all: Vec<Followed<'a>> = Vec::new();
    let mut places: BTreeMap<&Name, usize> = BTreeMap::new();
    let mut known: BTreeMap<&Name, usize> = BTreeMap::new();
    for one in &order {
        let service = &system.services[one.1].is;
        let Some(reference) = &service.recover else { continue };
        let Some((name, _)) = system.procedures.get_key_value(&reference.0) else { continue };
        let below = graph.with_needs([one]);
        let after: BTreeSet<usize> = below.iter().filter_map(|n| places.get(n.1)).copied().collect();
        let place = *known.entry(name).or_insert_with(|| {
            all.push(Followed { name, after });
            all.len() - 1
        });
        places.insert(one.1, place);
    }
    (all, odd)
}
