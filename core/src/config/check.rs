//! Checks names when all files have been read: what is referred to must be declared, and locals
//! must not go in circles.

use std::collections::{BTreeMap, BTreeSet};

use super::block::unknown;
use super::model::{Config, Resource};
use super::moved;
use super::resource::unknown_kind;
use super::steps;
use crate::addr::{Address, KindName, Name, ProviderAddress};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{Expr, ExprKind, PathStep, Reference, Subject};
use crate::lang::lower::LATE;
use crate::lang::{functions, near, unknown_function};
use crate::provider::Registry;
use crate::span::Span;
use crate::system::{self, JournalCopy, Many, Written};

struct Check<'a> {
    config: &'a Config,
    registry: &'a Registry,
    resources: BTreeMap<(&'a KindName, &'a Name), &'a Resource>,
    diags: &'a mut Diagnostics,
}

/// What may stand where an expression does.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    each: bool,
    count: bool,
    /// The only variable that may be named, inside of its own validation; none names all.
    only: Option<&'a Name>,
    constant: bool,
    /// What is known only later and may be named all the same.
    late: &'a [&'a str],
}

/// Reports every name that is not declared.
pub(super) fn names(config: &Config, registry: &Registry, diags: &mut Diagnostics) {
    let resources = config.resources.iter().map(|r| ((&r.kind, &r.name), r)).collect();
    let mut check = Check { config, registry, resources, diags };
    let plain = Place::default();
    for variable in config.variables.values() {
        variable.default.iter().for_each(|e| check.expr(e, Place { constant: true, ..plain }));
    }
    for (name, variable) in &config.variables {
        for validation in &variable.validations {
            for expr in [&validation.condition, &validation.error_message] {
                check.expr(expr, Place { only: Some(name), ..plain });
            }
        }
    }
    config.locals.values().for_each(|e| check.expr(e, plain));
    config.outputs.values().for_each(|o| check.expr(&o.value, plain));
    config.providers.values().flat_map(|p| p.attributes.values()).for_each(|e| check.expr(e, plain));
    config.settings.own.journal.iter().for_each(|copy| check.journal_copy(copy));
    for import in &config.imports {
        check.expr(&import.id, plain);
        check.address(&import.to, import.span);
    }
    for one in config.moved.iter().filter(|one| !config.moves_on(&one.to)) {
        check.address(&one.to, one.span);
    }
    config.accepts.iter().for_each(|a| check.address(&a.address, a.span));
    for (block, written) in
        config.declared.iter().flat_map(|(block, all)| all.values().map(move |w| (*block, w)))
    {
        let (each, count) = match &written.many {
            Many::One => (false, false),
            Many::Count(_) => (false, true),
            Many::ForEach(_) => (true, false),
        };
        written.many.written().into_iter().for_each(|e| check.expr(e, plain));
        let place = Place { late: late(block), each, count, ..plain };
        written.attributes.values().for_each(|e| check.expr(e, place));
        if block == "procedure" {
            steps::check(written, check.diags);
        }
    }
    for (reference, span) in &config.references {
        check.reference(reference, *span, plain);
    }
    for resource in &config.resources {
        check.resource(resource);
    }
    cycles(config, check.diags);
    moved::check(config, check.diags);
}

/// What a block of that type may name although it is known only later.
fn late(block: &str) -> &'static [&'static str] {
    match block {
        "procedure" => &["target", "run", "input", "self"],
        "backup" => &["self"],
        "service" => &["target", "run"],
        "scenario" => &["run", "clock"],
        "communication" => &["clock"],
        "drill" => &["run"],
        _ => &[],
    }
}

impl Check<'_> {
    fn resource(&mut self, resource: &Resource) {
        let place =
            Place { each: resource.for_each.is_some(), count: resource.count.is_some(), ..Place::default() };
        for expr in resource.count.iter().chain(&resource.for_each).map(Box::as_ref) {
            self.expr(expr, Place::default());
        }
        for expr in resource.attributes.values() {
            self.expr(expr, place);
        }
        for (reference, span) in &resource.depends_on {
            self.reference(reference, *span, place);
        }
        let provider = &resource.provider;
        let own = self
            .registry
            .provider_of(resource.kind.as_str())
            .is_some_and(|p| p.name == provider.name.as_str());
        if !own {
            let label = format!("`{}` is not of provider `{}`", resource.kind, provider.name);
            self.diags.push(Diagnostic::error(
                Code::UnknownProvider,
                "Unknown provider",
                resource.provider_span,
                label,
            ));
        } else {
            self.configured(provider, resource.provider_span);
        }
    }

    /// An alias has to be declared; a provider without one is there by itself.
    fn configured(&mut self, provider: &ProviderAddress, span: Span) {
        let Some(alias) = &provider.alias else { return };
        if self.config.providers.contains_key(provider) {
            return;
        }
        let label = format!("there is no provider configuration `{provider}`");
        let aliases = self.config.providers.keys().filter_map(|p| p.alias.as_ref()).map(Name::as_str);
        let help = match near(alias.as_str(), aliases) {
            Some(near) => format!("Did you mean `{}.{near}`?", provider.name),
            None => format!("Declare it: `provider \"{}\" {{ alias = \"{alias}\" … }}`.", provider.name),
        };
        self.diags.push(Diagnostic::error(Code::UnknownProvider, "Unknown provider", span, label).help(help));
    }

    /// The copy of the journals is reached through a provider that keeps objects.
    fn journal_copy(&mut self, copy: &JournalCopy) {
        let (provider, span) = &copy.provider;
        let keeps: Vec<&str> =
            self.registry.providers.iter().filter(|p| p.keeps_objects).map(|p| p.name).collect();
        if keeps.contains(&provider.name.as_str()) {
            return self.configured(provider, *span);
        }
        let label = format!("no objects can be kept through provider `{}`", provider.name);
        let unknown = Diagnostic::error(Code::UnknownProvider, "Unknown provider", *span, label);
        self.diags.push(unknown.help(format!("They can through {}.", keeps.join(", "))));
    }

    fn address(&mut self, address: &Address, span: Span) {
        let subject = Subject::Resource(address.module.clone(), address.kind.clone(), address.name.clone());
        let path = address.key.clone().map(PathStep::Key).into_iter().collect();
        self.reference(&Reference { subject, path }, span, Place::default());
    }

    fn expr(&mut self, expr: &Expr, place: Place<'_>) {
        expr.visit(&mut |e| match &e.kind {
            ExprKind::Reference(reference) => self.reference(reference, e.span, place),
            ExprKind::Call(call) if functions::lookup(&call.name).is_none() => {
                self.diags.push(unknown_function(&call.name, e.span));
            }
            _ => {}
        });
    }

    fn reference(&mut self, reference: &Reference, span: Span, place: Place<'_>) {
        let outside = match &reference.subject {
            Subject::Scoped(_) => false,
            Subject::Variable(_, name) => place.constant || place.only.is_some_and(|only| only != name),
            _ => place.constant || place.only.is_some(),
        };
        if outside {
            let label = if place.constant {
                "a default refers to nothing"
            } else {
                "a validation refers to its own variable alone"
            };
            self.diags.push(Diagnostic::error(
                Code::InvalidReference,
                "Reference not allowed here",
                span,
                label,
            ));
            return;
        }
        match &reference.subject {
            Subject::Variable(_, name) => {
                let all = &self.config.variables;
                if !all.contains_key(name) {
                    self.undeclared("variable", "var.", name, all.keys().map(Name::as_str), span);
                }
            }
            Subject::Local(_, name) => {
                let all = &self.config.locals;
                if !all.contains_key(name) {
                    self.undeclared("local", "local.", name, all.keys().map(Name::as_str), span);
                }
            }
            Subject::Block(_, block, name) => {
                // Steps are looked up within their procedure.
                if block == "step" {
                    return;
                }
                if LATE.contains(&block.as_str()) {
                    return self.late((block, name), &reference.path, span, place);
                }
                let declared = self.config.declared.get(block.as_str());
                if let Some(written) = declared.and_then(|all| all.get(name)) {
                    return self.instance((block, name), written, &reference.path, span);
                }
                let all: Vec<&str> = declared.iter().flat_map(|all| all.keys().map(Name::as_str)).collect();
                if !all.contains(&name.as_str()) {
                    self.undeclared(block, &format!("{block}."), name, all.into_iter(), span);
                }
            }
            Subject::Module(_, name) => self.undeclared("module", "module.", name, [].into_iter(), span),
            Subject::Scoped(name) => self.scoped(name, &reference.path, span, place),
            Subject::Path => {
                let known = ["module", "root", "cwd"];
                if !matches!(reference.path.as_slice(), [PathStep::Attribute(a)] if known.contains(&a.as_str()))
                {
                    let label = "expected `path.module`, `path.root` or `path.cwd`";
                    self.diags.push(Diagnostic::error(
                        Code::InvalidReference,
                        "Incomplete reference",
                        span,
                        label,
                    ));
                }
            }
            Subject::Resource(_, kind, name) => self.resource_reference(kind, name, &reference.path, span),
        }
    }

    fn undeclared<'n>(
        &mut self,
        what: &str,
        prefix: &str,
        name: &Name,
        candidates: impl Iterator<Item = &'n str>,
        span: Span,
    ) {
        let label = format!("there is no {what} `{name}`");
        let diagnostic = Diagnostic::error(Code::UnknownName, "Name not declared", span, label);
        self.diags.push(match near(name.as_str(), candidates) {
            Some(near) => diagnostic.help(format!("Did you mean `{prefix}{near}`?")),
            None if name.as_str().contains('-') => {
                diagnostic.help("A name may hold `-`. Put blanks around it to subtract.")
            }
            None => diagnostic,
        });
    }

    fn scoped(&mut self, name: &Name, path: &[PathStep], span: Span, place: Place<'_>) {
        let (fine, words): (bool, &[&str]) = match name.as_str() {
            "each" => (place.each, &["key", "value"]),
            "count" => (place.count, &["index"]),
            "self" => {
                if place.late.contains(&"self") {
                    return;
                }
                (false, &[])
            }
            // The variable of a `for`: only those that are in scope are read as such.
            _ => return,
        };
        let label = match (fine, path.first()) {
            (true, Some(PathStep::Attribute(a))) if words.contains(&a.as_str()) => return,
            (true, _) => format!("expected `{name}.{}`", words.join(&format!("` or `{name}."))),
            (false, _) => match name.as_str() {
                "each" => "this block has no `for_each`".to_owned(),
                "count" => "this block has no `count`".to_owned(),
                _ => "there is no `self` here".to_owned(),
            },
        };
        self.diags.push(Diagnostic::error(Code::InvalidReference, "Reference not allowed here", span, label));
    }

    /// One of many is named by its key, and one alone without.
    fn instance(&mut self, (block, name): (&str, &Name), written: &Written, path: &[PathStep], span: Span) {
        let found = match (written.many.written().is_some(), path) {
            (true, []) => {
                let label = format!("`{block}.{name}` has instances");
                Diagnostic::error(Code::InvalidReference, "Incomplete reference", span, label)
                    .help(format!("Name one, as in `{block}.{name}[\"KEY\"]`."))
            }
            (false, [PathStep::Key(_), ..]) => {
                let label = format!("`{block}.{name}` has neither `count` nor `for_each`");
                Diagnostic::error(Code::InvalidReference, "No such instance", span, label)
            }
            _ => return,
        };
        self.diags.push(found);
    }

    /// What is known only when a scenario is looked at or a step is done.
    fn late(&mut self, (root, name): (&str, &Name), path: &[PathStep], span: Span, place: Place<'_>) {
        let label = match (root, name.as_str(), path) {
            _ if !place.late.contains(&root) => {
                let where_it_is = match root {
                    "target" => "the steps of a procedure and `health` of a service",
                    "run" => {
                        "`target` of a scenario or a drill, in the steps of a procedure and `health` of a service"
                    }
                    "clock" => "the text of `notify`",
                    _ => "the steps of a procedure",
                };
                format!("`{root}.{name}` is known only in {where_it_is}")
            }
            ("run", id, _) if id != "id" => "a run has only `run.id`".to_owned(),
            ("clock", name, _) if !matches!(name, "elapsed" | "left") => {
                "a clock has only `clock.elapsed` and `clock.left`".to_owned()
            }
            (_, _, []) => return,
            (..) => "this is text and has nothing below it".to_owned(),
        };
        self.diags.push(Diagnostic::error(Code::InvalidReference, "Reference not allowed here", span, label));
    }

    fn resource_reference(&mut self, kind: &KindName, name: &Name, path: &[PathStep], span: Span) {
        let Some(known) = self.registry.kind(kind.as_str()) else {
            let roots = ["var", "local", "each", "count", "path"].into_iter();
            let roots = roots.chain(system::BLOCKS.iter().map(|b| b.name));
            let mut diagnostic = unknown_kind(kind.as_str(), span, self.registry);
            if let Some(near) = near(kind.as_str(), roots) {
                diagnostic = diagnostic.help(format!("Did you mean `{near}.{name}`?"));
            }
            self.diags.push(diagnostic);
            return;
        };
        let Some(resource) = self.resources.get(&(kind, name)) else {
            let same: BTreeSet<&str> =
                self.config.resources.iter().filter(|r| r.kind == *kind).map(|r| r.name.as_str()).collect();
            let prefix = format!("{kind}.");
            self.undeclared(&format!("resource `{kind}`"), &prefix, name, same.into_iter(), span);
            return;
        };
        let many = resource.count.is_some() || resource.for_each.is_some();
        let rest = match (many, path.split_first()) {
            (_, None) => return,
            (true, Some((PathStep::Key(_), rest))) => rest,
            (true, Some((PathStep::Attribute(_), _))) => {
                let label = format!("`{kind}.{name}` has instances");
                self.diags.push(
                    Diagnostic::error(Code::InvalidReference, "Incomplete reference", span, label)
                        .help(format!("Name one, as in `{kind}.{name}[\"KEY\"]`, or go through all with `values({kind}.{name})`.")),
                );
                return;
            }
            (false, Some((PathStep::Key(_), _))) => {
                let label = format!("`{kind}.{name}` has neither `count` nor `for_each`");
                self.diags.push(Diagnostic::error(Code::InvalidReference, "No such instance", span, label));
                return;
            }
            (false, Some(_)) => path,
        };
        if let Some(PathStep::Attribute(attribute)) = rest.first() {
            let all = || known.inputs().iter().chain(known.outputs()).map(|a| a.name);
            if !all().any(|a| a == attribute) {
                self.diags.push(unknown(attribute, span, kind.as_str(), all()));
            }
        }
    }
}

/// Reports each circle of locals once, with all of its members.
fn cycles(config: &Config, diags: &mut Diagnostics) {
    let edges: BTreeMap<&Name, Vec<(&Name, Span)>> = config
        .locals
        .iter()
        .map(|(name, expr)| {
            let to = expr.references().into_iter().filter_map(|(reference, span)| match &reference.subject {
                Subject::Local(_, to) => config.locals.get_key_value(to).map(|(to, _)| (to, span)),
                _ => None,
            });
            (name, to.collect())
        })
        .collect();
    let mut done: BTreeSet<&Name> = BTreeSet::new();
    for start in config.locals.keys() {
        // The way from the start: each local, its next edge, and the edge that led to it.
        let mut way: Vec<(&Name, usize)> = Vec::new();
        if !done.contains(start) {
            way.push((start, 0));
        }
        while let Some((name, next)) = way.last_mut() {
            let name = *name;
            let Some((to, _)) = edges[name].get(*next) else {
                done.insert(name);
                way.pop();
                continue;
            };
            *next += 1;
            if let Some(at) = way.iter().position(|(on, _)| on == to) {
                diags.push(circle(&way[at..], &edges));
                // Its members are done: each circle is told once.
                done.extend(way.iter().map(|(on, _)| *on));
                break;
            }
            if !done.contains(*to) {
                way.push((*to, 0));
            }
        }
    }
}

fn circle(way: &[(&Name, usize)], edges: &BTreeMap<&Name, Vec<(&Name, Span)>>) -> Diagnostic {
    let mut steps = way.iter().map(|(name, next)| (*name, edges[name][next - 1]));
    let names: Vec<String> = way.iter().map(|(name, _)| format!("local.{name}")).collect();
    let closing = names.first().cloned().unwrap_or_default();
    let label = |to: &Name| format!("refers to `local.{to}`");
    let (_, (to, span)) = steps.next().expect("a circle has at least one member");
    let first = Diagnostic::error(Code::LocalCycle, "Locals in a circle", span, label(to))
        .help(format!("{} -> {closing}", names.join(" -> ")));
    steps.fold(first, |d, (_, (to, span))| d.label(span, label(to)))
}
