//! Backups that name a `provider`: the things that they bring with them, by kind and name. What is set
//! of these is told when the backup is evaluated ([`crate::plan::managed`]).

use super::block::invalid;
use super::model::{Config, Resource};
use crate::addr::{KindName, ModulePath, Name, ProviderAddress};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::map::Map;
use crate::provider::{AnyKind, Registry};
use crate::system::{Many, Written};
use crate::value::Value;

/// Adds the things that backups bring with them.
pub(super) fn add(config: &mut Config, registry: &Registry, diags: &mut Diagnostics) {
    let Some(backups) = config.declared.get("backup") else { return };
    let found: Vec<Resource> =
        backups.iter().flat_map(|(name, backup)| brought(name, backup, registry, diags)).collect();
    for resource in found {
        match config.resource(&resource.kind, &resource.name) {
            None => config.resources.push(resource),
            Some(first) => diags.push(
                Diagnostic::error(
                    Code::DuplicateBlock,
                    "Declared twice",
                    resource.provider_span,
                    format!("the backup brings `{}` with it", resource.address()),
                )
                .label(first.span, "first declared here")
                .help("Remove that block: what the backup says decides."),
            ),
        }
    }
}

fn brought(name: &Name, backup: &Written, registry: &Registry, diags: &mut Diagnostics) -> Vec<Resource> {
    let Some(Value::String(text)) = backup.attributes.get("provider").and_then(|e| e.value()) else {
        return Vec::new();
    };
    let Ok(provider) = text.parse::<ProviderAddress>() else { return Vec::new() };
    let span = backup.at(&["provider"]);
    let Some(entry) = registry.provider(provider.name.as_str()) else {
        let known: Vec<&str> = registry.providers.iter().map(|p| p.name).collect();
        let label = format!("there is no provider `{}`", provider.name);
        let unknown = Diagnostic::error(Code::UnknownProvider, "Unknown provider", span, label);
        diags.push(unknown.help(format!("Providers are {}.", known.join(", "))));
        return Vec::new();
    };
    let brings = |kind: &&&'static dyn AnyKind| {
        kind.backups().iter().any(|block| backup.attributes.contains_key(*block))
    };
    let kinds: Vec<_> = entry.kinds.iter().filter(brings).collect();
    if kinds.is_empty() {
        let mut blocks: Vec<&str> = entry.kinds.iter().flat_map(|k| k.backups().iter().copied()).collect();
        blocks.sort_unstable();
        blocks.dedup();
        let found =
            invalid(span, format!("provider `{}` manages no backup that is made like this", entry.name));
        diags.push(match blocks.is_empty() {
            true => found.help("Remove this line: the backup is then described and not managed."),
            false => found.help(format!("It manages {}.", blocks.join(", "))),
        });
    }
    let resource = |kind: &&'static dyn AnyKind| {
        let kind = KindName::new(kind.name()).expect("the registry holds names");
        Resource {
            module: ModulePath::default(),
            kind,
            name: name.clone(),
            provider: provider.clone(),
            provider_span: span,
            count: match &backup.many {
                Many::Count(count) => Some(Box::new(count.clone())),
                Many::One | Many::ForEach(_) => None,
            },
            for_each: match &backup.many {
                Many::ForEach(keys) => Some(Box::new(keys.clone())),
                Many::One | Many::Count(_) => None,
            },
            depends_on: Vec::new(),
            attributes: Map::new(),
            of_backup: true,
            span: backup.span,
            block_span: backup.block,
        }
    };
    kinds.into_iter().map(resource).collect()
}
