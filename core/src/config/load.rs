//! All files of a directory to one configuration.

use std::collections::BTreeMap;

use hcl_edit::Span as _;
use hcl_edit::structure::{Attribute, Structure};

use super::block::{Source, invalid, missing};
use super::body::Read;
use super::model::{Config, Output, ProviderBlock, Validation, Variable};
use super::{check, declared, managed, moved, resource, settings};
use crate::addr::{Name, ProviderAddress};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics, Label};
use crate::lang::near;
use crate::lang::parse::{self, Item};
use crate::lang::types::TypeConstraint;
use crate::provider::Registry;
use crate::span::{SourceMap, Span};
use crate::system;

/// Blocks at the top of a file, beside those of the [`system`].
const BLOCKS: [&str; 9] =
    ["drctl", "provider", "variable", "locals", "output", "resource", "accept", "import", "moved"];

/// Reads all files. What could be read comes with what is wrong; both in the order of the files.
/// Deepest input needs about 4 MB of stack: callers run it on a thread with 16 MB.
pub fn load(sources: &SourceMap, registry: &Registry) -> (Config, Diagnostics) {
    let mut load =
        Load { registry, config: Config::default(), seen: BTreeMap::new(), diags: Diagnostics::default() };
    for (file, _) in sources.iter() {
        for item in parse::items(sources, file, &mut load.diags) {
            match item {
                Ok(item) => load.item(&item),
                Err(unread) => load.diags.push(*unread),
            }
        }
    }
    managed::add(&mut load.config, registry, &mut load.diags);
    load.config.resources.shrink_to_fit();
    let torn = load.diags.iter().any(|d| d.code == Code::Syntax);
    let mut names = Diagnostics::default();
    check::names(&load.config, registry, &mut names);
    // A block that cannot be read may declare what seems to be missing.
    load.diags.extend(names.iter().filter(|d| !torn || d.code != Code::UnknownName).cloned());
    (load.config, load.diags.sorted())
}

struct Load<'a> {
    registry: &'a Registry,
    config: Config,
    /// What has been declared and where: `variable "x"`, `resource "a" "b"`.
    seen: BTreeMap<(String, String), Span>,
    diags: Diagnostics,
}

impl Load<'_> {
    fn item(&mut self, item: &Item<'_>) {
        for structure in &item.body {
            match structure {
                Structure::Attribute(a) => {
                    let span = item.span(a.key.span());
                    self.diags.push(
                        Diagnostic::error(
                            Code::UnknownAttribute,
                            "Attribute outside of a block",
                            span,
                            "this stands in no block",
                        )
                        .help("Values for variables are written in a file that is given with `--var-file`."),
                    );
                }
                Structure::Block(block) => self.block(Source { item, block }),
            }
        }
    }

    fn block(&mut self, source: Source<'_>) {
        match source.block.ident.as_str() {
            "drctl" => {
                if self.declare(source, "") {
                    let Config { accepts, references, .. } = &mut self.config;
                    self.config.settings = settings::drctl(source, (accepts, references), &mut self.diags);
                }
            }
            "accept" => settings::accept(source, &mut self.config.accepts, &mut self.diags),
            "import" => self.config.imports.extend(settings::import(source, &mut self.diags)),
            "moved" => self.config.moved.extend(moved::moved(source, &mut self.diags)),
            "locals" => self.locals(source),
            "provider" => self.provider(source),
            "resource" => {
                if let Some(found) = resource::resource(source, self.registry, &mut self.diags)
                    && self.declare(source, &format!("{}.{}", found.kind, found.name))
                {
                    self.config.resources.push(found);
                }
            }
            "variable" => {
                if let Some(name) = self.named(source) {
                    let variable = variable(source, &mut self.diags);
                    self.config.variables.insert(name, variable);
                }
            }
            "output" => {
                if let Some(name) = self.named(source)
                    && let Some(output) = output(source, &mut self.diags)
                {
                    self.config.outputs.insert(name, output);
                }
            }
            other if system::block_type(other).is_some() => self.declared(source),
            other => {
                let label = format!("there is no block `{other}`");
                let span = source.item.span(source.block.ident.span());
                let unknown = Diagnostic::error(Code::UnknownBlock, "Unknown block", span, label);
                let blocks = || BLOCKS.into_iter().chain(system::BLOCKS.iter().map(|b| b.name));
                self.diags.push(match near(other, blocks()) {
                    Some(near) => unknown.help(format!("Did you mean `{near}`?")),
                    None => unknown.help(format!("Blocks are {}.", blocks().collect::<Vec<_>>().join(", "))),
                });
            }
        }
    }

    /// A block that says what the system is.
    fn declared(&mut self, source: Source<'_>) {
        let Some(block) = system::block_type(source.block.ident.as_str()) else { return };
        if let Some(name) = self.named(source) {
            let (written, references) = declared::declared(source, block, &mut self.diags);
            self.config.references.extend(references);
            self.config.declared.entry(block.name).or_default().insert(name, written);
        }
    }

    /// Whether it is the first of its name.
    fn declare(&mut self, source: Source<'_>, name: &str) -> bool {
        let key = (source.block.ident.as_str().to_owned(), name.to_owned());
        let Some(first) = self.seen.get(&key) else {
            self.seen.insert(key, source.header());
            return true;
        };
        let what = if name.is_empty() { key.0 } else { format!("{} `{name}`", key.0) };
        self.diags.push(
            Diagnostic::error(
                Code::DuplicateBlock,
                "Declared twice",
                source.header(),
                format!("{what} once more here"),
            )
            .label(*first, "first declared here")
            .help("Keep one of the two, or give one another name."),
        );
        false
    }

    /// The name of a block with one label, when it is the first of that name.
    fn named(&mut self, source: Source<'_>) -> Option<Name> {
        source.labels(&["NAME"], &mut self.diags)?;
        let name = source.name(0, &mut self.diags)?;
        self.declare(source, name.as_str()).then_some(name)
    }

    fn locals(&mut self, source: Source<'_>) {
        source.labels(&[], &mut self.diags);
        for structure in &source.block.body {
            let attribute: &Attribute = match structure {
                Structure::Attribute(attribute) => attribute,
                Structure::Block(block) => {
                    self.misplaced(source.inner(block));
                    continue;
                }
            };
            let span = source.key_span(attribute);
            let Ok(name) = Name::new(attribute.key.as_str()) else { continue };
            let key = ("locals".to_owned(), name.to_string());
            if let Some(first) = self.seen.get(&key) {
                self.diags.push(
                    Diagnostic::error(
                        Code::DuplicateBlock,
                        "Declared twice",
                        span,
                        format!("local `{name}` once more here"),
                    )
                    .label(*first, "first declared here"),
                );
                continue;
            }
            self.seen.insert(key, span);
            let lowered = source.lower(&attribute.value, &mut self.diags);
            self.config.locals.insert(name, lowered);
        }
    }

    fn misplaced(&mut self, source: Source<'_>) {
        let name = source.block.ident.as_str();
        self.diags.push(
            Diagnostic::error(
                Code::BlockOrAttribute,
                "This is an attribute",
                source.header(),
                "written with braces, as a block",
            )
            .help(format!("Write `{name} = …`.")),
        );
    }

    fn provider(&mut self, source: Source<'_>) {
        let Some(labels) = source.labels(&["NAME"], &mut self.diags) else { return };
        let Some(name) = source.name(0, &mut self.diags) else { return };
        let Some(entry) = self.registry.provider(labels[0]) else {
            let span = source.item.span(source.block.labels[0].span());
            let unknown = Diagnostic::error(
                Code::UnknownProvider,
                "Unknown provider",
                span,
                format!("there is no provider `{name}`"),
            );
            let known: Vec<&str> = self.registry.providers.iter().map(|p| p.name).collect();
            self.diags.push(unknown.help(format!("Providers are {}.", known.join(", "))));
            return;
        };
        let alias = source.block.body.get_attribute("alias").and_then(|a| source.text(a, &mut self.diags));
        let alias = match alias.map(|(text, span)| (Name::new(text), span)) {
            Some((Ok(alias), _)) => Some(alias),
            Some((Err(wrong), span)) => {
                self.diags.push(invalid(span, wrong.to_string()));
                return;
            }
            None => None,
        };
        let mut read = Read::default();
        read.body(source, entry.config, &["alias"], &mut self.diags);
        let address = ProviderAddress { name, alias };
        if self.declare(source, &address.to_string()) {
            let block = ProviderBlock { attributes: read.attributes, span: source.header() };
            self.config.providers.insert(address, block);
        }
    }
}

fn constraint(source: Source<'_>, attribute: &Attribute, diags: &mut Diagnostics) -> TypeConstraint {
    match TypeConstraint::from_hcl(&attribute.value, source.item.file) {
        Ok(ty) => ty,
        Err(mut diagnostic) => {
            // Its spans count from the start of the item.
            let base = u32::try_from(source.item.base).unwrap_or(u32::MAX);
            for Label { span, .. } in &mut diagnostic.labels {
                span.start = span.start.saturating_add(base);
                span.end = span.end.saturating_add(base);
            }
            diags.push(*diagnostic);
            TypeConstraint::Any
        }
    }
}

fn variable(source: Source<'_>, diags: &mut Diagnostics) -> Variable {
    let arguments = ["type", "default", "description", "sensitive", "nullable"];
    let parts = source.parts(&arguments, &["validation"], diags);
    let ty = parts.get("type").map_or(TypeConstraint::Any, |a| constraint(source, a, diags));
    let default = parts.get("default").map(|a| source.lower(&a.value, diags));
    let description = parts.get("description").and_then(|a| source.text(a, diags)).map(|(text, _)| text);
    let sensitive = parts.get("sensitive").and_then(|a| source.flag(a, diags)).unwrap_or(false);
    let nullable = parts.get("nullable").and_then(|a| source.flag(a, diags)).unwrap_or(true);
    let validations = parts.blocks.iter().filter_map(|block| validation(*block, diags)).collect();
    Variable { ty, default, validations, sensitive, nullable, description, span: source.header() }
}

fn validation(source: Source<'_>, diags: &mut Diagnostics) -> Option<Validation> {
    let parts = source.parts(&["condition", "error_message"], &[], diags);
    for name in ["condition", "error_message"] {
        if parts.get(name).is_none() {
            diags.push(missing(name, source.header(), "validation"));
        }
    }
    let condition = source.lower(&parts.get("condition")?.value, diags);
    let error_message = source.lower(&parts.get("error_message")?.value, diags);
    Some(Validation { condition, error_message })
}

fn output(source: Source<'_>, diags: &mut Diagnostics) -> Option<Output> {
    let parts = source.parts(&["value", "description", "sensitive"], &[], diags);
    let Some(value) = parts.get("value") else {
        diags.push(missing("value", source.header(), "output"));
        return None;
    };
    let value = source.lower(&value.value, diags);
    let sensitive = parts.get("sensitive").and_then(|a| source.flag(a, diags)).unwrap_or(false);
    Some(Output { value, sensitive, span: source.header() })
}
