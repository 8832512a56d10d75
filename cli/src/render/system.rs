//! The system as a graph: services on data, data on resources and sites, what protects it, and the places
//! where all of that stands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use drctl_core::recovery::{Components, held};
use drctl_core::system::{Backup, Destination, System};
use jiff::Timestamp;
use serde::Serialize;

use super::graph::{dot_text, mermaid_text};
use super::palette::{Look, Tone};
use super::recovery::shown;
use super::text::{safe, wrap};

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Is {
    Service,
    Datastore,
    Mechanism,
    Resource,
    Place,
}

impl Is {
    const ALL: [(Is, &'static str); 5] = [
        (Is::Service, "Services"),
        (Is::Datastore, "Datastores"),
        (Is::Mechanism, "What protects them"),
        (Is::Resource, "Resources"),
        (Is::Place, "Places"),
    ];
}

/// A thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Node {
    is: Is,
    /// What is said of it beside its name.
    note: Option<String>,
}

/// The whole graph.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Drawn {
    nodes: BTreeMap<String, Node>,
    edges: BTreeSet<Edge>,
}

/// One thing leads to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Edge {
    from: String,
    what: &'static str,
    to: String,
}

impl Drawn {
    /// Draws what is declared. What protects a resource is what its kind says of it.
    pub(crate) fn of(system: &System, components: &Components, now: Timestamp) -> Drawn {
        let mut drawn = Drawn::default();
        drawn.services(system);
        drawn.sites(system);
        for component in components.iter() {
            let address = component.address.to_string();
            drawn.node(&address, Is::Resource, None);
            for needed in &component.needs {
                drawn.edge(&address, "needs", &needed.to_string());
            }
            if let Some(region) = &component.place.region {
                drawn.place(&address, "in", &format!("region {region}"));
            }
        }
        for (name, datastore) in &system.datastores {
            let id = format!("datastore.{name}");
            let is = &datastore.is;
            let size = is.size.map(|size| size.to_string());
            let rebuildable = is.rebuildable.then(|| "rebuildable".to_owned());
            let group = is.group.as_ref().map(|group| format!("group {group}"));
            let notes: Vec<String> =
                is.engine.clone().into_iter().chain(size).chain(group).chain(rebuildable).collect();
            drawn.node(&id, Is::Datastore, (!notes.is_empty()).then(|| notes.join(", ")));
            if let Some(site) = &is.site {
                drawn.edge(&id, "at", &format!("site.{}", site.0));
            }
            let Some(resource) = &is.resource else { continue };
            drawn.edge(&id, "in", &resource.0.to_string());
            for held in held(components, &resource.0, now) {
                let mechanism = match held.from == resource.0 {
                    true => format!("{} of {}", held.mechanism, held.from),
                    false => format!("{} ({})", held.mechanism, held.from),
                };
                drawn.node(&mechanism, Is::Mechanism, None);
                drawn.edge(&id, "protected by", &mechanism);
                drawn.edge(&mechanism, "kept in", &held.from.to_string());
            }
        }
        for (name, backup) in &system.backups {
            drawn.backup(name.as_str(), &backup.is);
        }
        drawn
    }

    fn services(&mut self, system: &System) {
        for (name, service) in &system.services {
            let id = format!("service.{name}");
            self.node(&id, Is::Service, service.is.priority.map(|p| p.as_str().to_owned()));
            for other in service.is.depends_on.iter().flatten() {
                self.edge(&id, "needs", &format!("service.{}", other.0));
            }
            for data in service.is.data.iter().flatten() {
                self.edge(&id, "on", &format!("datastore.{}", data.0));
            }
            if let Some(site) = &service.is.site {
                self.edge(&id, "at", &format!("site.{}", site.0));
            }
        }
    }

    fn sites(&mut self, system: &System) {
        for (name, site) in &system.sites {
            let id = format!("site.{name}");
            self.node(&id, Is::Place, site.is.description.clone());
            if let Some(within) = &site.is.within {
                self.edge(&id, "within", &format!("site.{}", within.0));
            }
            let region = site.is.region.iter().map(|region| format!("region {region}"));
            for place in region.chain(site.is.account.iter().map(|account| format!("account {account}"))) {
                self.place(&id, "in", &place);
            }
        }
    }

    fn backup(&mut self, name: &str, backup: &Backup) {
        let id = format!("backup.{name}");
        let of = format!("datastore.{}", backup.of.0);
        let method = backup.method();
        let made = [method.made_by.clone(), method.schedules()];
        let made: Vec<String> = made.into_iter().filter(|part| !part.is_empty()).collect();
        self.node(&id, Is::Mechanism, Some(made.join(", ")));
        self.edge(&of, "protected by", &id);
        if backup.to.is_empty() {
            let beside: Vec<String> =
                self.edges.iter().filter(|e| e.from == of).map(|e| e.to.clone()).collect();
            let stands =
                |to: &&String| matches!(self.nodes.get(*to).map(|n| n.is), Some(Is::Place | Is::Resource));
            for place in beside.iter().filter(stands).cloned().collect::<Vec<_>>() {
                self.edge(&id, "kept in", &place);
            }
        }
        for to in &backup.to {
            self.kept(&id, to);
        }
        if let Some(key) = backup.encryption.as_ref().and_then(|e| e.key.as_ref()) {
            self.edge(&id, "key at", &format!("site.{}", key.0));
        }
    }

    fn kept(&mut self, id: &str, to: &Destination) {
        let Destination { bucket, site, region, account, .. } = to;
        if let Some(bucket) = bucket {
            self.edge(id, "kept in", &bucket.0.to_string());
        }
        if let Some(site) = site {
            self.edge(id, "kept at", &format!("site.{}", site.0));
        }
        let region = region.iter().map(|region| format!("region {region}"));
        for place in region.chain(account.iter().map(|account| format!("account {account}"))) {
            self.place(id, "kept in", &place);
        }
    }

    fn node(&mut self, id: &str, is: Is, note: Option<String>) {
        self.nodes.insert(id.to_owned(), Node { is, note });
    }

    fn edge(&mut self, from: &str, what: &'static str, to: &str) {
        self.edges.insert(Edge { from: from.to_owned(), what, to: to.to_owned() });
    }

    /// An edge to a place that nothing declares.
    fn place(&mut self, from: &str, what: &'static str, place: &str) {
        self.node(place, Is::Place, None);
        self.edge(from, what, place);
    }

    fn all(&self, is: Is) -> impl Iterator<Item = (&String, &Node)> {
        self.nodes.iter().filter(move |(_, node)| node.is == is)
    }

    /// The edges between what is drawn, by the numbers of their ends.
    fn numbered(&self, numbers: &BTreeMap<&str, usize>) -> Vec<(usize, &Edge, usize)> {
        let number = |id: &String| numbers.get(id.as_str()).copied();
        self.edges.iter().filter_map(|e| Some((number(&e.from)?, e, number(&e.to)?))).collect()
    }

    fn numbers(&self) -> BTreeMap<&str, usize> {
        self.nodes.keys().map(String::as_str).zip(0..).collect()
    }
}

/// Each thing with what it leads to.
pub(crate) fn text(drawn: &Drawn, look: Look) -> String {
    let mut out = String::new();
    let mut edges: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for edge in &drawn.edges {
        edges.entry(&edge.from).or_default().entry(edge.what).or_default().push(&edge.to);
    }
    for (is, title) in Is::ALL {
        let mut all = drawn.all(is).peekable();
        if all.peek().is_none() {
            continue;
        }
        let blank = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{blank}{}", look.paint(Tone::Strong, title));
        for (id, node) in all {
            let note = node.note.as_ref().map(|note| format!("   {note}")).unwrap_or_default();
            let _ = writeln!(out, "{}", wrap("  ", &safe(&format!("{id}{note}")), look.width));
            for (what, to) in edges.get(id.as_str()).into_iter().flatten() {
                let line = safe(&to.join(", "));
                let _ = writeln!(out, "{}", wrap(&format!("    {what:12}  "), &line, look.width));
            }
        }
    }
    if out.is_empty() {
        out.push_str("Nothing is declared.\n");
    }
    shown(out, look)
}

/// The graph for Graphviz.
pub(crate) fn dot(drawn: &Drawn) -> String {
    let mut text =
        "digraph system {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n".to_owned();
    let numbers = drawn.numbers();
    for (i, (is, title)) in Is::ALL.into_iter().enumerate() {
        let mut all = drawn.all(is).peekable();
        if all.peek().is_none() {
            continue;
        }
        let _ = writeln!(text, "  subgraph cluster_{i} {{\n    label=\"{title}\";");
        for (id, node) in all {
            let lines = std::iter::once(id).chain(&node.note).map(|line| dot_text(line));
            let label = lines.collect::<Vec<_>>().join("\\n");
            let _ = writeln!(text, "    n{} [label=\"{label}\"];", numbers[id.as_str()]);
        }
        text += "  }\n";
    }
    for (from, edge, to) in drawn.numbered(&numbers) {
        let _ = writeln!(text, "  n{from} -> n{to} [label=\"{}\"];", edge.what);
    }
    text + "}\n"
}

/// The graph for Mermaid.
pub(crate) fn mermaid(drawn: &Drawn) -> String {
    let mut text = "flowchart LR\n".to_owned();
    let numbers = drawn.numbers();
    for (i, (is, title)) in Is::ALL.into_iter().enumerate() {
        let mut all = drawn.all(is).peekable();
        if all.peek().is_none() {
            continue;
        }
        let _ = writeln!(text, "  subgraph part{i}[\"{title}\"]");
        for (id, node) in all {
            let lines = std::iter::once(id).chain(&node.note).map(|line| mermaid_text(line));
            let label = lines.collect::<Vec<_>>().join("<br/>");
            let _ = writeln!(text, "    n{}[\"{label}\"]", numbers[id.as_str()]);
        }
        text += "  end\n";
    }
    for (from, edge, to) in drawn.numbered(&numbers) {
        let _ = writeln!(text, "  n{from} -->|{}| n{to}", edge.what);
    }
    text
}
