//! A recovery plan as a graph of its steps, for Graphviz and for Mermaid: what waits for what, and in
//! red what decides the downtime.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use drctl_core::provider::StepNature;
use drctl_core::recovery::Step;

use super::recovery::moment;
use super::script::Told;
use super::steps::{range, title};
use super::text::{clip, safe};

/// Columns of a line in a box.
const LABEL: usize = 60;
/// What a step on the critical path is drawn in.
const CRITICAL: &str = "#c02020";

/// The graph for Graphviz.
pub(crate) fn dot(told: &Told<'_>) -> String {
    let label = |lines: &[String]| lines.iter().map(|l| dot_text(l)).collect::<Vec<_>>().join("\\n");
    let mut text = format!(
        "digraph recovery {{\n  label=\"{}\";\n  labelloc=t;\n  node [shape=box, fontname=\"sans-serif\"];\n",
        label(&head(told))
    );
    for (i, (part, steps)) in parts(told).iter().enumerate() {
        let _ =
            writeln!(text, "  subgraph cluster_{i} {{\n    label=\"{}\";", label(std::slice::from_ref(part)));
        for step in steps {
            let style = match step.critical {
                true => format!(", color=\"{CRITICAL}\", penwidth=3"),
                false => String::new(),
            };
            let pivot = if is_pivot(told, step) { ", peripheries=2" } else { "" };
            let _ =
                writeln!(text, "    s{} [label=\"{}\"{style}{pivot}];", step.id, label(&lines(told, step)));
        }
        text += "  }\n";
    }
    for (from, to, critical) in edges(told) {
        let style = match critical {
            true => format!(" [color=\"{CRITICAL}\", penwidth=3]"),
            false => String::new(),
        };
        let _ = writeln!(text, "  s{from} -> s{to}{style};");
    }
    text + "}\n"
}

/// The graph for Mermaid.
pub(crate) fn mermaid(told: &Told<'_>) -> String {
    let label = |lines: &[String]| lines.iter().map(|l| mermaid_text(l)).collect::<Vec<_>>().join("<br/>");
    let mut text = format!("flowchart TD\n  head[\"{}\"]\n", label(&head(told)));
    for (i, (part, steps)) in parts(told).iter().enumerate() {
        let _ = writeln!(text, "  subgraph part{i}[\"{}\"]", label(std::slice::from_ref(part)));
        for step in steps {
            let _ = writeln!(text, "    s{}[\"{}\"]", step.id, label(&lines(told, step)));
        }
        text += "  end\n";
    }
    let edges = edges(told);
    for (from, to, _) in &edges {
        let _ = writeln!(text, "  s{from} --> s{to}");
    }
    let _ = writeln!(text, "  classDef critical stroke:{CRITICAL},stroke-width:3px");
    let critical: Vec<String> =
        told.plan.steps.iter().filter(|s| s.critical).map(|s| format!("s{}", s.id)).collect();
    if !critical.is_empty() {
        let _ = writeln!(text, "  class {} critical", critical.join(","));
    }
    let pivots: BTreeSet<String> = told.plan.pivots.iter().map(|p| format!("s{}", p.step)).collect();
    if !pivots.is_empty() {
        let _ = writeln!(text, "  classDef pivot stroke-dasharray:6 3");
        let _ = writeln!(text, "  class {} pivot", pivots.into_iter().collect::<Vec<_>>().join(","));
    }
    let links: Vec<String> =
        edges.iter().enumerate().filter(|(_, e)| e.2).map(|(i, _)| i.to_string()).collect();
    if !links.is_empty() {
        let _ = writeln!(text, "  linkStyle {} stroke:{CRITICAL},stroke-width:3px", links.join(","));
    }
    text
}

/// Whether there is no way back after the step.
fn is_pivot(told: &Told<'_>, step: &Step) -> bool {
    told.plan.pivots.iter().any(|p| p.step == step.id)
}

/// What the graph is of.
fn head(told: &Told<'_>) -> Vec<String> {
    let mut lines = vec![format!("Recovery: {}", told.heading), format!("as of {}", told.plan.as_of)];
    if told.simulated {
        lines.push("SIM: a simulated cloud, nothing real was read".to_owned());
    }
    if told.seen.is_some() {
        lines.push("from what was last seen; no provider was asked".to_owned());
    }
    lines.extend(told.plan.groups.iter().map(moment));
    lines.extend(told.plan.exposed.iter().map(|e| format!("datastore.{} works and is EXPOSED", e.datastore)));
    if !told.plan.infeasible.is_empty() || !told.plan.blocked.is_empty() {
        lines.push("NOT FEASIBLE: not everything comes back".to_owned());
    }
    lines
}

/// The steps by the part of the plan that they stand in, in the order of the plan.
fn parts<'p>(told: &Told<'p>) -> Vec<(String, Vec<&'p Step>)> {
    let mut parts: Vec<(String, Vec<&Step>)> = Vec::new();
    for step in &told.plan.steps {
        let title = title(told.plan, step);
        match parts.iter_mut().find(|(part, _)| *part == title) {
            Some((_, steps)) => steps.push(step),
            None => parts.push((title, vec![step])),
        }
    }
    parts
}

/// From step, to step, and whether both decide the downtime.
fn edges(told: &Told<'_>) -> Vec<(u32, u32, bool)> {
    let critical: BTreeMap<u32, bool> = told.plan.steps.iter().map(|s| (s.id, s.critical)).collect();
    let is = |id: &u32| critical.get(id).copied().unwrap_or_default();
    let into = |step: &Step| {
        let to = (step.id, step.critical);
        step.needs.iter().map(|from| (*from, to.0, to.1 && is(from))).collect::<Vec<_>>()
    };
    told.plan.steps.iter().flat_map(into).collect()
}

/// What stands in the box of a step.
fn lines(told: &Told<'_>, step: &Step) -> Vec<String> {
    let name = step.written.as_ref().map_or(String::new(), |w| format!("{}: ", w.step));
    let who = match (step.kind, &step.owner) {
        (StepNature::Auto, _) => "run".to_owned(),
        (StepNature::Check, _) => "check".to_owned(),
        (StepNature::Manual, None) => "by hand".to_owned(),
        (StepNature::Manual, Some(owner)) => format!("by hand, contact.{}", owner.contact),
    };
    let takes = match (step.p50_s, step.p95_s) {
        (Some(p50), Some(p95)) => range(p50, p95),
        (None, _) | (_, None) => "no estimate".to_owned(),
    };
    let mut lines = vec![format!("{} {name}{}", step.id, step.summary), format!("{who}; {takes}")];
    lines.extend(step.destroys.iter().map(|d| format!("destroys datastore.{d}")));
    let pivots = told.plan.pivots.iter().filter(|p| p.step == step.id);
    lines.extend(pivots.map(|p| format!("no way back for datastore.{} after it", p.datastore)));
    lines
}

/// Text within `"…"` of Graphviz.
pub(super) fn dot_text(text: &str) -> String {
    clip(&safe(text), LABEL, "…").replace('\\', "\\\\").replace('"', "\\\"")
}

/// Text within `"…"` of Mermaid: whatever could mean something is written as its number.
pub(super) fn mermaid_text(text: &str) -> String {
    let mut escaped = String::new();
    for c in clip(&safe(text), LABEL, "…").chars() {
        match c {
            c if c.is_alphanumeric() || " .,:-_/+=…–→▲".contains(c) => escaped.push(c),
            c => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
        }
    }
    escaped
}
