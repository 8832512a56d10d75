//! The configuration of a directory, all files together: names are resolved, blocks are checked
//! against the tables of their kinds, nothing is evaluated yet.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::addr::{Address, KindName, ModulePath, Name, ProviderAddress};
use crate::lang::expr::{Expr, Reference};
use crate::lang::types::TypeConstraint;
use crate::map::Map;
use crate::plan::AcceptKind;
use crate::span::Span;
use crate::system::{Listed, Measured, OwnFiles, Written};

/// All that the files of a directory say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// `drctl { … }`
    pub settings: Settings,
    /// `provider "NAME" { … }`, by name and alias.
    pub providers: BTreeMap<ProviderAddress, ProviderBlock>,
    /// `variable "NAME" { … }`
    pub variables: BTreeMap<Name, Variable>,
    /// All `locals { … }` together.
    pub locals: BTreeMap<Name, Expr>,
    /// `output "NAME" { … }`
    pub outputs: BTreeMap<Name, Output>,
    /// `resource "KIND" "NAME" { … }`, in the order of files and lines.
    pub resources: Vec<Resource>,
    /// What a person has accepted in the text, one entry per kind and address.
    pub accepts: Vec<Accept>,
    /// `import { … }`
    pub imports: Vec<Import>,
    /// `moved` blocks, in the order of the text.
    pub moved: Vec<Moved>,
    /// The blocks that say what the system is, by type and name.
    pub declared: BTreeMap<&'static str, BTreeMap<Name, Written>>,
    /// What those refer to by address.
    pub references: Vec<(Reference, Span)>,
    /// How long the steps of its procedures took when they were carried out.
    pub measured: Measured,
    /// What stands in the repositories of its backups, where these were looked into.
    pub listed: Listed,
}

impl Config {
    /// The resource block of that kind and name.
    pub fn resource(&self, kind: &KindName, name: &Name) -> Option<&Resource> {
        self.resources.iter().find(|r| r.kind == *kind && r.name == *name)
    }

    /// Lets go of what the resources say that stands in their instances once they are expanded: it takes
    /// as much room again. What refers to something stays, and what may be `null`: a plan is made with
    /// who is meant, and with the place of what is not set. So does all of what the system refers to: it
    /// is judged as it is written.
    pub fn forget_expanded(&mut self) {
        let named = self.references.iter().filter_map(|(reference, _)| reference.resource());
        let named: BTreeSet<(&KindName, &Name)> = named.collect();
        for resource in &mut self.resources {
            if !named.contains(&(&resource.kind, &resource.name)) {
                resource.attributes.retain(|_, written| !written.is_plain());
            }
        }
    }
}

/// `drctl { … }`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// `required_version`, as written, and its place.
    pub required_version: Option<(String, Span)>,
    /// Where drctl keeps its own files.
    pub own: OwnFiles,
}

/// `provider "NAME" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderBlock {
    /// Its attributes, `alias` left out.
    pub attributes: BTreeMap<String, Expr>,
    /// Its header.
    pub span: Span,
}

/// `variable "NAME" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// What it must be.
    pub ty: TypeConstraint,
    /// Its value when none is given.
    pub default: Option<Expr>,
    /// What its value must satisfy.
    pub validations: Vec<Validation>,
    /// Whether its value must not be shown.
    pub sensitive: bool,
    /// Whether `null` is a value it may have.
    pub nullable: bool,
    /// What it is for.
    pub description: Option<String>,
    /// Its header.
    pub span: Span,
}

/// `validation { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// What must be true.
    pub condition: Expr,
    /// What to say when it is not.
    pub error_message: Expr,
}

/// `output "NAME" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// What it shows.
    pub value: Expr,
    /// Whether it must not be shown.
    pub sensitive: bool,
    /// Its header.
    pub span: Span,
}

/// `resource "KIND" "NAME" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// The module it stands in; empty for the root module.
    pub module: ModulePath,
    /// Its kind, which the registry has.
    pub kind: KindName,
    /// Its name.
    pub name: Name,
    /// The provider configuration it is read and changed through.
    pub provider: ProviderAddress,
    /// Where that is written; the head of the block when it is not.
    pub provider_span: Span,
    /// `count`
    pub count: Option<Box<Expr>>,
    /// `for_each`
    pub for_each: Option<Box<Expr>>,
    /// `depends_on`
    pub depends_on: Vec<(Reference, Span)>,
    /// What is set, blocks included: a block is an object, repeated blocks are a list, labelled
    /// blocks an object by label.
    pub attributes: Map<String, Expr>,
    /// Whether a backup of the same name brings it with it: what is set of it is told by
    /// [`crate::plan::managed`].
    pub of_backup: bool,
    /// Its header.
    pub span: Span,
    /// The whole block.
    pub block_span: Span,
}

impl Resource {
    /// The address of the block, without an instance.
    pub fn address(&self) -> Address {
        Address { module: self.module.clone(), kind: self.kind.clone(), name: self.name.clone(), key: None }
    }
}

/// One acceptance in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept {
    /// What is accepted.
    pub kind: AcceptKind,
    /// Of which resource; without an instance key, of all its instances.
    pub address: Address,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Where it stands.
    pub span: Span,
}

/// `import { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// Which instance takes it.
    pub to: Address,
    /// Its name at the provider.
    pub id: Expr,
    /// Its header.
    pub span: Span,
}

/// `moved { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The address that it had: of an instance, or of a block with all of its instances.
    pub from: Address,
    /// The address that it has.
    pub to: Address,
    /// Its header.
    pub span: Span,
}
