//! What managed backups set of the things that they bring with them. From here on these are like any
//! other: nothing asks where they come from.

use std::collections::{BTreeMap, BTreeSet};

use super::providers::providers;
use super::system::system;
use crate::addr::{KindName, ModulePath, Name, ProviderAddress};
use crate::codes::Code;
use crate::config::{Config, Resource};
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{Expr, Reference, Subject};
use crate::map::Map;
use crate::provider::{Managed, Part, Registry, Said};
use crate::schema::attribute as find;
use crate::system::{Backup, Declared};
use crate::value::Value;

/// Fills in what backups bring with them, and takes out what they turn out not to need. What is wrong with
/// the backups themselves is told by [`system`].
pub fn managed(config: &mut Config, variables: &BTreeMap<Name, Value>, registry: &Registry) -> Diagnostics {
    let mut diags = Diagnostics::default();
    if !config.resources.iter().any(|r| r.of_backup) {
        return diags;
    }
    let (system, _) = system(config, variables);
    let (mut settings, _) = providers(config, variables, registry);
    for (provider, values) in &mut settings {
        let table = registry.provider(provider.name.as_str()).map_or(&[][..], |entry| entry.config);
        values.retain(|name, _| find(table, name).is_some_and(|row| !row.sensitive));
    }
    let mut parts: BTreeMap<(KindName, Name), Part> = BTreeMap::new();
    for resource in config.resources.iter().filter(|r| r.of_backup) {
        let Some(backup) = system.backups.get(&resource.name) else { continue };
        match part(resource, backup, &settings, registry) {
            Ok(Some(part)) => drop(parts.insert((resource.kind.clone(), resource.name.clone()), part)),
            Ok(None) => {}
            Err(found) => diags.push(*found),
        }
    }
    let kept: BTreeSet<(KindName, Name)> = parts.keys().cloned().collect();
    config.resources.retain(|r| !r.of_backup || kept.contains(&(r.kind.clone(), r.name.clone())));
    let blocks = std::mem::take(&mut config.providers);
    for resource in config.resources.iter_mut().filter(|r| r.of_backup) {
        let (Some(part), Some(backup)) = (
            parts.remove(&(resource.kind.clone(), resource.name.clone())),
            system.backups.get(&resource.name),
        ) else {
            continue;
        };
        let block = blocks.get(&resource.provider).map(|block| &block.attributes);
        resource.depends_on = needs(&part, resource, &kept);
        resource.attributes = attributes(part, backup, block, resource, registry);
    }
    config.providers = blocks;
    diags
}

fn part(
    resource: &Resource,
    backup: &Declared<Backup>,
    settings: &BTreeMap<ProviderAddress, BTreeMap<String, Value>>,
    registry: &Registry,
) -> Result<Option<Part>, Box<Diagnostic>> {
    let Some(kind) = registry.kind(resource.kind.as_str()) else { return Ok(None) };
    let nothing = BTreeMap::new();
    let managed = Managed {
        name: &resource.name,
        backup: &backup.is,
        provider: &resource.provider,
        settings: settings.get(&resource.provider).unwrap_or(&nothing),
    };
    kind.of_backup(&managed).map_err(|wrong| {
        let path: Vec<&str> = wrong.path.iter().map(String::as_str).collect();
        let headline = format!("`backup.{}` cannot be managed like this", resource.name);
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

/// References to the things of the same backup that come before.
fn needs(
    part: &Part,
    resource: &Resource,
    kept: &BTreeSet<(KindName, Name)>,
) -> Vec<(Reference, crate::span::Span)> {
    let kinds = part.after.iter().filter_map(|kind| KindName::new(*kind).ok());
    let there = kinds.filter(|kind| kept.contains(&(kind.clone(), resource.name.clone())));
    let reference = |kind| {
        let subject = Subject::Resource(ModulePath::default(), kind, resource.name.clone());
        (Reference { subject, path: Vec::new() }, resource.span)
    };
    there.map(reference).collect()
}
