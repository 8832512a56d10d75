//! The blocks that say what the system is, evaluated: from variables and locals alone, without asking
//! anybody.

use std::collections::{BTreeMap, BTreeSet};

use super::canonical::canonical;
use super::keys::{count_of, keys_of};
use super::late;
use super::scope::{Bound, Each, Known, Scope, Secrets};
use super::world::World;
use jiff::{SignedDuration, Timestamp};

use crate::addr::{InstanceKey, Name};
use crate::codes::Code;
use crate::config::Config;
use crate::diag::{Diagnostic, Diagnostics};
use crate::graph::Graph;
use crate::lang::expr::{Expr, ExprKind};
use crate::lang::near;
use crate::lang::reduce;
use crate::lang::render::reference as reference_text;
use crate::schema::{Attributes, Type, attribute as find};
use crate::span::Span;
use crate::system::{BlockType, Blocks, Day, Declared, Many, Scenario, Step, System, Written};
use crate::value::Value;

/// The system that is declared. What is not known or does not fit is an error; what only a scenario or a run
/// says stays in texts as it is written: `${target.app}`.
pub fn system(config: &Config, variables: &BTreeMap<Name, Value>) -> (System, Diagnostics) {
    let (system, mut diags) = evaluated(config, variables, None);
    diags.extend(late::missing(&system));
    diags.extend(late::drills(&system));
    (system, diags.sorted())
}

/// The same as a run sees it: with the names that the scenario gives, if there is one. What is wrong has been
/// told by [`system`].
pub fn bound(
    config: &Config,
    variables: &BTreeMap<Name, Value>,
    scenario: Option<&Name>,
    run: &str,
) -> System {
    let mut bound = Bound { target: BTreeMap::new(), run: run.to_owned() };
    let (system, _) = evaluated(config, variables, Some(&bound));
    let target = scenario.and_then(|name| system.scenarios.get(name)?.is.target.clone());
    match target {
        None => system,
        Some(target) => {
            bound.target = target.0;
            evaluated(config, variables, Some(&bound)).0
        }
    }
}

/// What a drill sees.
#[derive(Debug)]
pub struct Rehearsed {
    /// With the names that it gives, and its procedure in the place of those of the scenario.
    pub system: System,
    /// With the names that the scenario gives.
    pub production: System,
    /// What it rehearses: the drill's own name when that is a procedure alone.
    pub scenario: Name,
}

/// The system as a drill sees it; none when there is no such drill.
pub fn rehearsed(
    config: &Config,
    variables: &BTreeMap<Name, Value>,
    drill: &Name,
    run: &str,
) -> Option<Rehearsed> {
    let mut names = Bound { target: BTreeMap::new(), run: run.to_owned() };
    let (first, _) = evaluated(config, variables, Some(&names));
    let is = &first.drills.get(drill)?.is;
    let target = crate::recovery::drill_target(&first, is);
    names.target = target.into_iter().map(|(name, (value, _))| (name, value)).collect();
    let (mut system, _) = evaluated(config, variables, Some(&names));
    let production = bound(config, variables, is.scenario.as_ref().map(|s| &s.0), run);
    let name = is.scenario.as_ref().map_or(drill, |s| &s.0).clone();
    if let Some(procedure) = &is.procedure {
        if is.scenario.is_none() {
            let alone = Scenario::of(procedure.clone());
            let written = first.drills[drill].written.clone();
            system.scenarios.insert(name.clone(), Declared { is: alone, written });
        }
        if let Some(scenario) = system.scenarios.get_mut(&name) {
            scenario.is.recover = Some(vec![procedure.clone()]);
        }
    }
    Some(Rehearsed { system, production, scenario: name })
}

fn evaluated(
    config: &Config,
    variables: &BTreeMap<Name, Value>,
    bound: Option<&Bound>,
) -> (System, Diagnostics) {
    let world = World::default();
    let known = Known::new(config, variables, &world, None);
    let mut evaluation = Evaluation {
        known: &known,
        bound,
        names: BTreeMap::new(),
        referred: Vec::new(),
        diags: Diagnostics::default(),
    };
    let mut system = System::from_blocks(&mut evaluation);
    system.measured = config.measured.clone();
    // What was carried out from here need not be written down as well.
    for (name, drill) in &mut system.drills {
        drill.is.last = drill.is.last.max(system.measured.drilled(name).map(Day));
    }
    system.listed = config.listed.clone();
    system.own = config.settings.own.clone();
    if let Some(copy) = &mut system.own.journal {
        let block = config.providers.get(&copy.provider.0);
        let region = block.and_then(|block| block.attributes.get("region"));
        // What is wrong with it is told where the provider is read.
        let value = |e| reduce(e, &known.scope(Secrets::Hidden), &mut Diagnostics::default()).value();
        copy.region = region.and_then(value).and_then(|value| value.as_str().map(str::to_owned));
    }
    for (name, backup) in &mut system.backups {
        if let Some(took) = system.measured.backup(name) {
            backup.is.took(SignedDuration::from_secs(took.p95_s));
        }
        for verify in &mut backup.is.verify {
            let done = verify.needs().and_then(|needed| system.measured.verified(name, needed));
            // A day is written to the second.
            let done = done.and_then(|at| Timestamp::from_second(at.as_second()).ok());
            verify.last = verify.last.max(done.map(Day));
        }
    }
    evaluation.check_instances();
    let mut diags = evaluation.diags;
    includes(&mut system, &mut diags);
    diags.extend(known.diags.take());
    (system, diags.sorted())
}

/// Reports each circle of procedures that include each other once, and takes its members out.
fn includes(system: &mut System, diags: &mut Diagnostics) {
    loop {
        let edges = system.procedures.iter().flat_map(|(name, procedure)| {
            let included = procedure.is.step.0.iter().filter_map(|s| Some(s.procedure.as_ref()?.0.clone()));
            included.map(move |other| (name.clone(), other))
        });
        let graph = Graph::build(system.procedures.keys().cloned(), edges.collect::<Vec<_>>());
        let Err(circle) = graph.order() else { return };
        let members: Vec<Name> = circle.0;
        let next = members.iter().cycle().skip(1);
        let spans: Vec<(Span, &Name)> = members
            .iter()
            .zip(next)
            .filter_map(|(from, to)| {
                let procedure = system.procedures.get(from)?;
                let includes = |s: &Step| s.procedure.as_ref().is_some_and(|p| p.0 == *to);
                let number = procedure.is.step.0.iter().position(includes)?.to_string();
                Some((procedure.written.at(&["step", &number, "procedure"]), to))
            })
            .collect();
        let names: Vec<String> = members.iter().map(|name| format!("procedure.{name}")).collect();
        let label = |to: &Name| format!("does the steps of procedure.{to}");
        if let Some(((span, to), others)) = spans.split_first() {
            let first = names.first().cloned().unwrap_or_default();
            let found = Diagnostic::error(Code::Cycle, "A procedure includes itself", *span, label(to))
                .help(format!("{} -> {first}", names.join(" -> ")));
            diags.push(others.iter().fold(found, |d, (span, to)| d.label(*span, label(to))));
        }
        system.procedures.retain(|name, _| !members.contains(name));
    }
}

struct Evaluation<'k> {
    known: &'k Known<'k>,
    bound: Option<&'k Bound>,
    /// The names of all instances, by type of block.
    names: BTreeMap<&'static str, BTreeSet<Name>>,
    /// Addresses of instances that something refers to.
    referred: Vec<(String, Span)>,
    diags: Diagnostics,
}

impl Blocks for Evaluation<'_> {
    fn all<T: Attributes>(&mut self, block: &'static BlockType) -> BTreeMap<Name, Declared<T>> {
        let Some(written) = self.known.config.declared.get(block.name) else { return BTreeMap::new() };
        let mut expanded: Vec<(Name, &Written, Option<Each>)> = Vec::new();
        for (name, written) in written {
            let each = self.instances(written);
            let name_of = |each: &Option<Each>| each.as_ref().map_or(name.clone(), |e| name.instance(&e.key));
            expanded.extend(each.into_iter().map(|each| (name_of(&each), written, each)));
        }
        self.names.insert(block.name, expanded.iter().map(|(name, ..)| name.clone()).collect());
        let one = |(name, written, each): (&Name, &Written, &Option<Each>)| {
            let values = self.values(block, name, written, each.as_ref())?;
            match T::from_values(values) {
                Ok(is) => Some((name.clone(), Declared { is, written: written.clone() })),
                Err(wrong) => {
                    let name = name.to_string();
                    let path: Vec<&str> = wrong.path.iter().map(String::as_str).collect();
                    let headline = format!("`{} \"{name}\"` cannot be", block.name);
                    let span = written.at(&path);
                    self.diags.push(Diagnostic::error(Code::InvalidValue, headline, span, wrong.message));
                    None
                }
            }
        };
        expanded.iter().map(|(name, written, each)| (name, *written, each)).filter_map(one).collect()
    }
}

impl Evaluation<'_> {
    /// Every instance that something refers to is there.
    fn check_instances(&mut self) {
        for (address, span) in std::mem::take(&mut self.referred) {
            let Some((block, name)) = address.split_once('.') else { continue };
            let Some(names) = self.names.get(block) else { continue };
            if name.parse::<Name>().is_ok_and(|name| names.contains(&name)) {
                continue;
            }
            let label = format!("there is no `{address}`");
            let found = Diagnostic::error(Code::UnknownName, "Name not declared", span, label);
            self.diags.push(match near(name, names.iter().map(Name::as_str)) {
                Some(near) => found.help(format!("Did you mean `{block}.{near}`?")),
                None => found,
            });
        }
    }

    /// The blocks that one text makes; none when that cannot be told, which has been said.
    fn instances(&mut self, written: &Written) -> Vec<Option<Each>> {
        let scope = self.known.scope(Secrets::Revealed);
        let each = |key, value| Some(Each { key, value });
        match &written.many {
            Many::One => vec![None],
            Many::Count(count) => {
                let count = count_of(&scope, count, &mut self.diags).unwrap_or(0);
                let null = || Expr::literal(Value::Null, written.span);
                (0..count).map(|i| each(InstanceKey::Index(i as u64), null())).collect()
            }
            Many::ForEach(keys) => {
                let keys = keys_of(&scope, keys, &mut self.diags).unwrap_or_default();
                keys.into_iter().map(|(key, value)| each(InstanceKey::Each(key), value)).collect()
            }
        }
    }

    /// What is set, canonical; none when something could not be evaluated, which has been said.
    fn values(
        &mut self,
        block: &'static BlockType,
        name: &Name,
        written: &Written,
        each: Option<&Each>,
    ) -> Option<BTreeMap<String, Value>> {
        let mut values = BTreeMap::new();
        let mut whole = true;
        for (attribute, expr) in &written.attributes {
            let Some(row) = find(block.attributes, attribute) else { continue };
            let mut wrong = Diagnostics::default();
            let scope = Scope { bound: self.bound, each, ..self.known.scope(Secrets::Hidden) };
            let reduced = reduce(expr, &scope, &mut wrong);
            let fitting = canonical(row, reduced, &mut wrong);
            let failed = wrong.has_errors() || self.known.diags.borrow().has_errors();
            self.diags.extend(wrong);
            whole &= !failed;
            let Some(fitting) = fitting.map(|fitting| late::texts(&row.ty, fitting)) else { continue };
            instances_of(&row.ty, &fitting, &mut self.referred);
            match fitting.value() {
                Some(value) => drop(values.insert(attribute.clone(), value)),
                None if failed => {}
                None => {
                    whole = false;
                    let what = format!("`{attribute}` of {} `{name}`", block.name);
                    self.diags.push(still_open(&what, &fitting));
                }
            }
        }
        whole.then_some(values)
    }
}

/// The addresses of instances among what an attribute of that type refers to.
fn instances_of(ty: &Type, expr: &Expr, found: &mut Vec<(String, Span)>) {
    match (ty, &expr.kind) {
        (Type::Reference(block), ExprKind::Literal(Value::String(address)))
            if !block.is_empty() && address.contains('[') =>
        {
            found.push((address.clone(), expr.span));
        }
        (Type::List(inner), ExprKind::List(items)) => {
            items.iter().for_each(|item| instances_of(inner, item, found));
        }
        (Type::Object(table), ExprKind::Object(pairs)) => {
            for (key, value) in pairs {
                if let ExprKind::Literal(Value::String(name)) = &key.kind
                    && let Some(row) = find(table, name)
                {
                    instances_of(&row.ty, value, found);
                }
            }
        }
        _ => {}
    }
}

fn still_open(what: &str, open: &Expr) -> Diagnostic {
    let headline = format!("{what} must be known from the configuration");
    if let Some((reference, span)) = open.references().iter().find(|(r, _)| late::is_filled_in(r)) {
        let name = reference_text(reference);
        let label = format!("nothing can be made of `{name}`, which is filled in when the step is done");
        let help = format!("Write it alone, or between text: `${{{name}}}`. The command has to do the rest.");
        return Diagnostic::error(Code::StillOpen, headline, *span, label).help(help);
    }
    if let Some((reference, span)) = open.references().first().filter(|(r, _)| late::is_late(r)) {
        let label =
            format!("`{}` can stand only in text, and `self` only in a condition", reference_text(reference));
        return Diagnostic::error(Code::StillOpen, headline, *span, label);
    }
    let span = open.span;
    Diagnostic::error(Code::StillOpen, headline, span, "this is a secret or known after apply")
        .help("Use variables that are not sensitive and locals here, not attributes of resources.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::provider::Registry;
    use crate::span::SourceMap;

    fn evaluated(external: &str) -> (Vec<crate::system::Backup>, Diagnostics) {
        let mut sources = SourceMap::default();
        let text = format!(
            "variable \"token\" {{\n sensitive = true\n}}\ndatastore \"d\" {{\n}}\nlocals {{\n  every = rate(\"90m\")\n  broken = rate(\"often\")\n}}\n\
             backup \"b\" {{\n of = datastore.d\n external {{\n{external}\n}}\n}}\n"
        );
        sources.add("main.dr.hcl", text);
        let (config, diags) = config::load(&sources, &Registry { providers: &[] });
        assert!(!diags.has_errors(), "{diags:?}");
        let token = Name::new("token").unwrap();
        let (system, diags) = system(&config, &[(token, Value::from("hush"))].into());
        (system.backups.into_values().map(|b| b.is).collect(), diags)
    }

    #[test]
    fn locals_are_known_and_null_is_not_set() {
        let (found, diags) = evaluated("schedule = local.every\ntakes = null");
        assert!(diags.is_empty(), "{diags:?}");
        assert_eq!(found[0].method().schedules(), "rate(1h30m)");
        assert_eq!(found[0].method().takes, None);
    }

    #[test]
    fn a_secret_does_not_get_into_a_command() {
        let (found, diags) = evaluated("schedule = \"continuous\"\nrestore = [\"restore\", var.token]");
        let codes: Vec<Code> = diags.iter().map(|d| d.code).collect();
        assert_eq!(codes, [Code::StillOpen]);
        assert!(!format!("{found:?}{diags:?}").contains("hush"));
    }

    #[test]
    fn one_mistake_is_told_once() {
        let (found, diags) = evaluated("schedule = local.broken");
        let codes: Vec<Code> = diags.iter().map(|d| d.code).collect();
        assert_eq!((found, codes), (Vec::new(), vec![Code::WrongCall]));
    }
}
