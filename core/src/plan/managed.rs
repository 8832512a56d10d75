//! What managed backups set of the things that they bring with them. From here on these are like any
//! other: nothing asks where they come from.

use std::collections::{BTreeMap, BTreeSet};

use super::providers::providers;
use super::system::system;
use crate::addr::{InstanceKey, KindName, ModulePath, Name, ProviderAddress};
use crate::codes::Code;
use crate::config::{Config, Resource};
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{Expr, ExprKind, PathStep, Reference, Subject};
use crate::map::Map;
use crate::provider::{Managed, Part, Registry, Said};
use crate::schema::attribute as find;
use crate::system::{Backup, Declared};
use crate::value::Value;

/// A backup, one of several where its block has `count` or `for_each`.
#[derive(Clone)]
struct Instance<'s> {
    key: Option<InstanceKey>,
    name: &'s Name,
    backup: &'s Declared<Backup>,
}

/// Fills in what backups bring with them, and takes out what they turn out not to need. What is wrong with
/// the backups themselves is told by [`system`].
pub fn managed(config: &mut Config, variables: &BTreeMap<Name, Value>, registry: &Registry) -> Diagnostics {
    let mut diags = Diagnostics::default();
    if !config.resources.iter().any(|r| r.of_backup) {
        return diags;
    }
    let (system, wrong) = system(config, variables);
    let (mut settings, _) = providers(config, variables, registry);
    for (provider, values) in &mut settings {
        let table = registry.provider(provider.name.as_str()).map_or(&[][..], |entry| entry.config);
        values.retain(|name, _| find(table, name).is_some_and(|row| !row.sensitive));
    }
    let mut backups: BTreeMap<Name, Vec<Instance<'_>>> = BTreeMap::new();
    for (name, backup) in &system.backups {
        let (block, key) = name.block().map_or((name.clone(), None), |(block, key)| (block, Some(key)));
        backups.entry(block).or_default().push(Instance { key, name, backup });
    }
    let mut parts: BTreeMap<(KindName, Name), Vec<(Instance<'_>, Part)>> = BTreeMap::new();
    // What several bring alike is one thing: a repository that all of them are kept in.
    let mut first = BTreeMap::new();
    let mut shared: BTreeMap<Name, BTreeSet<(KindName, Name)>> = BTreeMap::new();
    for resource in config.resources.iter().filter(|r| r.of_backup) {
        for instance in backups.get(&resource.name).into_iter().flatten() {
            match part(resource, instance, &settings, registry) {
                Ok(Some(part)) => {
                    let (kind, name) = (resource.kind.clone(), resource.name.clone());
                    let alike = (kind.clone(), resource.provider.clone(), part.attributes.clone());
                    if let Some(owner) = first.get(&alike) {
                        shared.entry(name).or_default().insert((kind, Name::clone(owner)));
                        continue;
                    }
                    first.insert(alike, name);
                    let known = parts.entry((resource.kind.clone(), resource.name.clone())).or_default();
                    known.push((instance.clone(), part));
                }
                Ok(None) => {}
                Err(found) => diags.push(*found),
            }
        }
    }
    let kept: BTreeSet<(KindName, Name)> = parts.keys().cloned().collect();
    config.resources.retain(|r| !r.of_backup || kept.contains(&(r.kind.clone(), r.name.clone())));
    let blocks = std::mem::take(&mut config.providers);
    for resource in config.resources.iter_mut().filter(|r| r.of_backup) {
        let all = parts.remove(&(resource.kind.clone(), resource.name.clone())).unwrap_or_default();
        let block = blocks.get(&resource.provider).map(|block| &block.attributes);
        resource.depends_on = needs(&all, resource, &kept, &shared);
        let set = |(is, part): (Instance<'_>, Part)| {
            (is.key, attributes(part, is.backup, block, resource, registry))
        };
        let set = all.into_iter().map(set).collect();
        resource.attributes = match many(resource, set) {
            Ok(attributes) => attributes,
            Err(found) => {
                // Those that are missing may be so because they are wrong, which is told.
                diags.extend((!wrong.has_errors()).then_some(*found));
                Map::new()
            }
        };
    }
    config.providers = blocks;
    diags
}

fn part(
    resource: &Resource,
    Instance { name, backup, .. }: &Instance<'_>,
    settings: &BTreeMap<ProviderAddress, BTreeMap<String, Value>>,
    registry: &Registry,
) -> Result<Option<Part>, Box<Diagnostic>> {
    let Some(kind) = registry.kind(resource.kind.as_str()) else { return Ok(None) };
    let nothing = BTreeMap::new();
    let managed = Managed {
        name,
        backup: &backup.is,
        provider: &resource.provider,
        settings: settings.get(&resource.provider).unwrap_or(&nothing),
    };
    kind.of_backup(&managed).map_err(|wrong| {
        let path: Vec<&str> = wrong.path.iter().map(String::as_str).collect();
        let headline = format!("`backup.{name}` cannot be managed like this");
        let span = backup.written.at(&path);
        Box::new(Diagnostic::error(Code::InvalidValue, headline, span, wrong.message))
    })
}

fn attributes(
    part: Part,
    backup: &Declared<Backup>,
    block: Option<&BTreeMap<String, Expr>>,
    resource: &Resource,
    registry: &Registry,
) -> Map<String, Expr> {
    let table = registry.kind(resource.kind.as_str()).map_or(&[][..], |kind| kind.inputs());
    let said = part.attributes.into_iter().filter_map(|(name, said)| {
        let mut expr = match said {
            Said::Here { value, at } => Expr::literal(value, backup.written.at(at)),
            Said::Provider(there) => block?.get(there)?.clone(),
        };
        expr.sensitive |= find(table, name).is_some_and(|row| row.sensitive);
        Some((name.to_owned(), expr))
    });
    said.collect()
}

/// What is set of all instances: where there are several, by the key of each.
fn many(
    resource: &mut Resource,
    mut all: Vec<(Option<InstanceKey>, Map<String, Expr>)>,
) -> Result<Map<String, Expr>, Box<Diagnostic>> {
    let span = resource.span;
    if resource.count.is_none() && resource.for_each.is_none() {
        return Ok(all.pop().map(|(_, attributes)| attributes).unwrap_or_default());
    }
    let scoped = |root: &str, part: &str| {
        let subject = Subject::Scoped(Name::new(root).expect("it is an identifier"));
        Expr::reference(Reference { subject, path: vec![PathStep::Attribute(part.to_owned())] }, span)
    };
    let names: BTreeSet<String> = all.iter().flat_map(|(_, set)| set.keys().cloned()).collect();
    let of = |set: &Map<String, Expr>, name: &String| {
        set.get(name).cloned().unwrap_or_else(|| Expr::literal(Value::Null, span))
    };
    let expr = |kind| Expr { kind, span, sensitive: false };
    let chosen = |from: Expr, key: Expr| expr(ExprKind::Index(Box::new(from), Box::new(key)));
    if resource.for_each.is_some() {
        let key = |key: &Option<InstanceKey>| match key {
            Some(InstanceKey::Each(key)) => Value::from(key.as_str()),
            Some(InstanceKey::Index(_)) | None => Value::Null,
        };
        let keys = all.iter().map(|(is, _)| key(is)).collect();
        resource.for_each = Some(Box::new(Expr::literal(Value::Set(keys), span)));
        let by_key = |name: String| {
            let pairs = all.iter().map(|(is, set)| (Expr::literal(key(is), span), of(set, &name)));
            (name.clone(), chosen(expr(ExprKind::Object(pairs.collect())), scoped("each", "key")))
        };
        return Ok(names.into_iter().map(by_key).collect());
    }
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    let is_whole = (0..).zip(&all).all(|(i, (is, _))| *is == Some(InstanceKey::Index(i)));
    if !is_whole {
        let label = format!("some of these need a `{}` and others do not", resource.kind);
        let headline = format!("`backup.{}` cannot be managed like this", resource.name);
        let found = Diagnostic::error(Code::InvalidValue, headline, span, label);
        return Err(Box::new(found.help("Write `for_each` in the place of `count`.")));
    }
    let count = crate::value::Number::from(all.len() as u64);
    resource.count = Some(Box::new(Expr::literal(Value::Number(count), span)));
    let by_index = |name: String| {
        let items = all.iter().map(|(_, set)| of(set, &name)).collect();
        (name.clone(), chosen(expr(ExprKind::List(items)), scoped("count", "index")))
    };
    Ok(names.into_iter().map(by_index).collect())
}

/// References to the things that the same backups bring and that come before: their own, or one that they share.
fn needs(
    parts: &[(Instance<'_>, Part)],
    resource: &Resource,
    kept: &BTreeSet<(KindName, Name)>,
    shared: &BTreeMap<Name, BTreeSet<(KindName, Name)>>,
) -> Vec<(Reference, crate::span::Span)> {
    let after: BTreeSet<&str> = parts.iter().flat_map(|(_, part)| part.after.iter().copied()).collect();
    let kinds = after.iter().filter_map(|kind| KindName::new(*kind).ok());
    let own = kinds.map(|kind| (kind, resource.name.clone())).filter(|own| kept.contains(own));
    let shared = shared.get(&resource.name).into_iter().flatten();
    let shared = shared.filter(|(kind, _)| after.contains(kind.as_str())).cloned();
    let there: BTreeSet<(KindName, Name)> = own.chain(shared).collect();
    let reference = |(kind, name)| {
        let subject = Subject::Resource(ModulePath::default(), kind, name);
        (Reference { subject, path: Vec::new() }, resource.span)
    };
    there.into_iter().map(reference).collect()
}
