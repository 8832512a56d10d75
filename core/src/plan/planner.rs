//! One plan from one input: expand, decide, ask the rules, order. Reads as its own table of contents.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::compare::REDACTED;
use super::decide::{Decision, decide};
use super::diff::Leaf;
use super::expand::{Expanded, block_span, expanded};
use super::instance::Instance;
use super::moved::Moves;
use super::peers::Neighbourhood;
use super::scope::{Block, Known, Secrets};
use super::source::Lines;
use super::system::system;
use super::world::{Observation, World};
use super::{
    Acceptance, Action, AttributeChange, OutputChange, Plan, ProviderHead, ResourceChange, Selection,
};
use super::{accept, notes, order, select};
use crate::addr::{Address, Name, ProviderAddress};
use crate::codes::Code;
use crate::config::Config;
use crate::diag::{Diagnostic, Diagnostics};
use crate::findings::{self, Placed};
use crate::lang::reduce;
use crate::objective::{self, Judgement};
use crate::provider::{Id, Observed, Registry};
use crate::rule::{Note, Timing};
use crate::schema::attribute as find;
use crate::span::SourceMap;
use crate::spread::{self, Spread};
use crate::state::State;
use crate::system::System;
use crate::value::Value;

/// Version of the plan's format.
pub const FORMAT_VERSION: &str = "1.0";

/// Everything a plan is made from.
#[derive(Clone, Copy)]
pub struct Input<'p> {
    /// The configuration; where it is expanded already, [`Config::forget_expanded`] may have been called.
    pub config: &'p Config,
    /// Its texts, for places.
    pub sources: &'p SourceMap,
    /// The kinds.
    pub registry: &'p Registry,
    /// The values of the variables, defaults included; sensitive ones in the open.
    pub variables: &'p BTreeMap<Name, Value>,
    /// What was observed.
    pub world: &'p World,
    /// What drctl remembers; none without a state.
    pub state: Option<&'p State>,
    /// The time.
    pub now: Timestamp,
    /// How work that falls apart into pieces is done.
    pub spread: Spread,
    /// What to leave out.
    pub selection: &'p Selection,
    /// Acceptances from the command line.
    pub accepted: &'p [Acceptance],
    /// Rules that are switched off, by fact: for the tests that show that a rule is needed.
    pub rules_off: &'p BTreeSet<String>,
    /// This drctl.
    pub drctl_version: &'p str,
    /// Digest of configuration files and of variables that are not sensitive.
    pub config_sha256: &'p str,
}

/// Makes the plan. With errors among the diagnostics it must not be applied.
pub fn plan(input: &Input<'_>) -> (Plan, Diagnostics) {
    let Input { config, variables, world, registry, state, .. } = *input;
    plan_expanded(input, expanded(config, variables, world, registry, state))
}

/// As [`plan`], with the input's configuration as it is expanded in the input's world.
pub fn plan_expanded(input: &Input<'_>, expanded: Expanded) -> (Plan, Diagnostics) {
    let Expanded { instances, diagnostics: mut diags, blocks } = expanded;
    let moves = Moves::of(input.config, input.state, input.world);
    moves.tell(input.config, &instances, &mut diags);
    let input = &Input { state: moves.state(), ..*input };
    let mut known =
        Known::new(input.config, input.variables, input.world, input.state).with(instances, blocks);
    let instances = &known.instances;
    same_things(input, instances, &mut diags);
    let mut places = Places { lines: Lines::new(input.sources), paths: BTreeSet::new() };
    let (mut decisions, mut differences) = (Vec::with_capacity(instances.len()), Vec::new());
    differences.reserve(instances.len());
    for instance in instances {
        let mut decision = decide(input, instance, &mut diags);
        if moves.previous.contains_key(&instance.address) {
            decision.moved(input.selection);
        }
        differences.push(places.differences(&mut decision));
        decisions.push(decision);
    }
    let graph = order::needs_graph(instances);
    let selected = select::select(input.selection, input.accepted, instances, &graph, &mut diags);
    let steps = order::steps(input.world, instances, &decisions, &graph, &selected);
    let providers = heads(input, instances);
    let complete = selected.len() == instances.len()
        && known.blocks.values().all(|block| !matches!(block, Block::Failed))
        && selected.iter().all(|i| decisions[*i].complete)
        && providers.values().all(|h| h.unobserved.is_none());
    let outputs = outputs(input, &known, &mut diags);
    diags.extend(known.diags.take());
    let instances = std::mem::take(&mut known.instances);
    drop(known);
    let (system, found) = system(input.config, input.variables);
    diags.extend(found);
    let objectives = objectives(input, &system, &instances);
    let findings = findings(input, &system);
    let plan = Plan {
        format_version: FORMAT_VERSION.to_owned(),
        drctl_version: input.drctl_version.to_owned(),
        timestamp: input.now,
        providers,
        config_sha256: input.config_sha256.to_owned(),
        state: input.state.map(State::reference),
        complete,
        selection: input.selection.clone(),
        changes: changes(
            (input, &moves),
            instances,
            (decisions, differences),
            &selected,
            (&places, &mut diags),
        ),
        steps,
        outputs,
        objectives,
        findings,
        checks: findings::checked(&system),
        accepted: accept::in_force(input, &mut diags),
        last_seen: input.world.last_seen(),
    };
    (plan, diags.sorted())
}

/// What was promised and what is to be expected.
fn objectives(input: &Input<'_>, system: &System, instances: &[Instance]) -> Vec<Judgement> {
    let Input { world, now, spread, .. } = *input;
    let judged = objective::judge(&objective::Input { system, instances, world, now, spread });
    let lines = Lines::new(input.sources);
    judged.into_iter().map(|one| one.placed(&|span| lines.source(span))).collect()
}

/// What is wrong with the declared system.
fn findings(input: &Input<'_>, system: &System) -> Vec<Placed> {
    let Input { config, variables, registry, sources, now, spread, .. } = *input;
    let places = crate::recovery::Places::written(config, variables, registry);
    findings::placed(&findings::Subject { system, config, places: &places, spread }, sources, now)
}

/// Two addresses must not stand for one thing.
fn same_things(input: &Input<'_>, instances: &[Instance], diags: &mut Diagnostics) {
    let mut seen: BTreeMap<_, &Instance> = BTreeMap::new();
    for instance in instances {
        let Some(id) = &instance.id else { continue };
        let place = input.world.places.get(&instance.provider).map(|h| &h.place);
        let account = place.and_then(|p| p.account.as_deref());
        let region = place.and_then(|p| p.region.as_deref());
        match seen.entry((instance.kind.name(), account, region, id)) {
            std::collections::btree_map::Entry::Vacant(free) => drop(free.insert(instance)),
            std::collections::btree_map::Entry::Occupied(taken) => {
                let other = *taken.get();
                let both = [instance, other].map(|i| matches!(i.origin, super::Origin::Declared(_)));
                if both == [false, false] {
                    continue;
                }
                let (here, there) = if both[0] { (instance, other) } else { (other, instance) };
                let headline = format!("`{id}` is named by two resources");
                let label = format!("the same thing as `{}`", there.address);
                let span = block_span(input.config, here);
                let mut found =
                    Diagnostic::error(Code::SameThing, headline, span, label).about(here.address.clone());
                if let super::Origin::Declared(_) = there.origin {
                    found = found.label(block_span(input.config, there), "the other one");
                } else {
                    found =
                        found.help("Its old address is in the state: move it there with `drctl state mv`.");
                }
                diags.push(found);
            }
        }
    }
}

fn changes(
    (input, moves): (&Input<'_>, &Moves<'_>),
    instances: Vec<Instance>,
    (decisions, differences): (Vec<Decision>, Vec<Differences>),
    selected: &BTreeSet<usize>,
    (places, diags): (&Places<'_>, &mut Diagnostics),
) -> Vec<ResourceChange> {
    let said = said(input, &instances, &decisions, selected, diags);
    let decided = decisions.into_iter().zip(differences);
    let mut found = Vec::with_capacity(selected.len());
    found.extend(
        instances.into_iter().zip(decided).enumerate().filter(|(i, _)| selected.contains(i)).zip(said).map(
            |((_, (instance, decided)), said)| {
                let previous_address = moves.previous.get(&instance.address).cloned();
                let change = change(input, instance, decided, said, &places.lines);
                ResourceChange { previous_address, ..change }
            },
        ),
    );
    found
}

/// Where attributes stand, in the texts and in the resources.
struct Places<'s> {
    lines: Lines<'s>,
    /// The paths so far: there are few different ones.
    paths: BTreeSet<Arc<[String]>>,
}

/// In what a resource differs: from the configuration, and from what was applied last.
struct Differences {
    attributes: Vec<AttributeChange>,
    drift: Vec<AttributeChange>,
}

impl Places<'_> {
    /// Takes the differences out of a decision, in the form in which they stay.
    fn differences(&mut self, decision: &mut Decision) -> Differences {
        Differences {
            attributes: self.changes(std::mem::take(&mut decision.leaves)),
            drift: self.changes(std::mem::take(&mut decision.drift)),
        }
    }

    fn changes(&mut self, leaves: Vec<Leaf>) -> Vec<AttributeChange> {
        // A list of its own: collecting in place would keep the room of the larger leaves.
        let mut found = Vec::with_capacity(leaves.len());
        found.extend(leaves.into_iter().map(|mut leaf| {
            let source = leaf.span.and_then(|span| self.lines.source(span));
            let path = self.path(std::mem::take(&mut leaf.path));
            redacted(leaf).change(path, source)
        }));
        found
    }

    fn path(&mut self, path: Vec<String>) -> Arc<[String]> {
        if let Some(known) = self.paths.get(path.as_slice()) {
            return known.clone();
        }
        let path: Arc<[String]> = path.into();
        self.paths.insert(path.clone());
        path
    }
}

/// What the rules say of one resource.
struct Said {
    /// What says when a change takes effect: of which attribute, and when.
    timings: Vec<(Option<Cow<'static, str>>, Timing)>,
    /// What stays with the change.
    rest: Vec<Note>,
}

/// What the rules say of the selected resources, in their order.
fn said(
    input: &Input<'_>,
    instances: &[Instance],
    decisions: &[Decision],
    selected: &BTreeSet<usize>,
    diags: &mut Diagnostics,
) -> Vec<Said> {
    let peers = Neighbourhood::new(input.config, input.world, instances, decisions);
    let selected: Vec<usize> = selected.iter().copied().collect();
    let all = spread::over(input.spread, &selected, |&i| match input.selection.refresh_only {
        true => Vec::new(),
        false => notes::notes(input, instances, &peers, i),
    });
    all.into_iter()
        .zip(selected)
        .map(|(found, i)| {
            let timed = |n: &Note| Some((n.attribute.clone(), n.timing.clone()?));
            let mut timings: Vec<_> = found.iter().filter_map(|(_, n)| timed(n)).collect();
            timings.shrink_to_fit();
            Said { timings, rest: notes::report(input, &instances[i], found, diags) }
        })
        .collect()
}

fn change(
    input: &Input<'_>,
    instance: Instance,
    (decision, Differences { mut attributes, mut drift }): (Decision, Differences),
    said: Said,
    lines: &Lines<'_>,
) -> ResourceChange {
    let observed = input.world.observations.get(&instance.address).and_then(Observation::present);
    for change in attributes.iter_mut().chain(&mut drift) {
        change.timing = timing(&said.timings, &change.path);
    }
    let source = match instance.origin {
        super::Origin::Declared(i) => input.config.resources.get(i).and_then(|r| lines.source(r.block_span)),
        super::Origin::Removed => None,
    };
    let mut change = ResourceChange {
        observed: observed.map(|o| Box::new(shown(&instance, o))),
        address: instance.address,
        previous_address: None,
        provider: instance.provider,
        id: instance.id.unwrap_or_else(|| Id(String::new())),
        action: decision.action,
        why: decision.why,
        attributes,
        drift,
        notes: said.rest,
        desired: instance.desired,
        observed_sha256: None,
        unobserved: decision.unobserved,
        source,
    };
    change.observed_sha256 = observed.map(|o| change.observed_digest(o));
    change
}

/// A leaf of which neither side may be shown, without its sides.
fn redacted(mut leaf: Leaf) -> Leaf {
    if leaf.sensitive {
        leaf.before = leaf.before.map(|_| Value::from(REDACTED));
    }
    leaf
}

/// When a change takes effect: the timing of the nearest note about it.
fn timing(timings: &[(Option<Cow<'static, str>>, Timing)], path: &[String]) -> Timing {
    if timings.is_empty() {
        return Timing::Immediate;
    }
    (1..=path.len())
        .rev()
        .map(|n| path[..n].join("."))
        .find_map(|at| timings.iter().find(|(about, _)| about.as_deref() == Some(&at)))
        .map_or(Timing::Immediate, |(_, timing)| timing.clone())
}

/// What was observed, without secrets.
fn shown(instance: &Instance, observed: &Observed) -> Observed {
    let secret = |name: &String| {
        instance.secrets.contains_key(name)
            || find(instance.kind.inputs(), name)
                .or_else(|| find(instance.kind.outputs(), name))
                .is_some_and(|a| a.sensitive)
    };
    let mut shown = observed.clone();
    shown.attributes.retain(|name, _| !secret(name));
    shown.outputs.retain(|name, _| !secret(name));
    shown.pending.retain(|name, _| !secret(name));
    shown
}

fn heads(input: &Input<'_>, instances: &[Instance]) -> BTreeMap<ProviderAddress, ProviderHead> {
    let used: BTreeSet<&ProviderAddress> = instances.iter().map(|i| &i.provider).collect();
    used.into_iter().filter_map(|p| Some((p.clone(), input.world.places.get(p)?.clone()))).collect()
}

fn outputs(input: &Input<'_>, known: &Known<'_>, diags: &mut Diagnostics) -> BTreeMap<String, OutputChange> {
    let mut found = BTreeMap::new();
    for (name, output) in &input.config.outputs {
        let revealed = reduce(&output.value, &known.scope(Secrets::Revealed), diags);
        let leaks = revealed.any_sensitive();
        let sensitive = output.sensitive || leaks;
        if leaks && !output.sensitive {
            diags.push(
                Diagnostic::error(
                    Code::PlainSecret,
                    format!("The output `{name}` would show a secret"),
                    output.value.span,
                    "this is sensitive",
                )
                .help("Add `sensitive = true` to the output."),
            );
        }
        let value = match leaks {
            true => reduce(&output.value, &known.scope(Secrets::Hidden), &mut Diagnostics::default()),
            false => revealed,
        };
        let name = name.to_string();
        let before = input.state.and_then(|s| s.outputs.get(&name)).cloned();
        let before_sensitive = input.state.is_some_and(|s| s.sensitive_outputs.contains(&name));
        found.insert(name, OutputChange { value: Some(value), before, before_sensitive, sensitive });
    }
    if let Some(state) = input.state {
        let gone = |before: Option<&Value>, sensitive| OutputChange {
            value: None,
            before: before.cloned(),
            before_sensitive: sensitive,
            sensitive,
        };
        for (name, before) in &state.outputs {
            found.entry(name.clone()).or_insert_with(|| gone(Some(before), false));
        }
        for name in &state.sensitive_outputs {
            found.entry(name.clone()).or_insert_with(|| gone(None, true));
        }
    }
    found
}

impl ResourceChange {
    /// The top-level attributes that its step writes.
    pub fn changed(&self) -> BTreeSet<String> {
        let writes = |a: &&AttributeChange| match a.after {
            super::After::Known(_) | super::After::Open(_) | super::After::Unset => true,
            super::After::Pending(_) | super::After::Unobserved(_) | super::After::ManagedBy(_) => false,
        };
        self.attributes.iter().filter(writes).filter_map(|a| a.path.first().cloned()).collect()
    }

    /// The digest of an observation that this change is bound to: of what is written and of what
    /// changes, so that what nobody manages may change meanwhile.
    pub fn observed_digest(&self, observed: &Observed) -> String {
        let mut names: BTreeSet<String> = self.desired.keys().cloned().collect();
        names.extend(self.attributes.iter().filter_map(|a| a.path.first().cloned()));
        observed.digest(&names)
    }
}

impl Plan {
    /// Whether no step changes the provider or the state.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The addresses that could not be observed.
    pub fn unobserved(&self) -> impl Iterator<Item = &Address> {
        self.changes.iter().filter(|c| c.action == Action::Unobserved).map(|c| &c.address)
    }
}
