//! From blocks to instances: `count` and `for_each` are expanded, every attribute is reduced as far
//! as it is known and brought into canonical form, and the identity is settled.

use std::collections::{BTreeMap, BTreeSet};

use super::canonical::canonical;
use super::instance::{Instance, Origin};
use super::keys::{count_of, keys_of};
use super::moved::Moves;
use super::scope::{Block, Each, Known, NOWHERE, Scope, Secrets};
use super::text::{BlockName, Locals, attributes_read, block_of, block_order};
use super::walk::keyed;
use super::world::World;
use crate::addr::{Address, InstanceKey, Name};
use crate::codes::Code;
use crate::config::{Config, Resource};
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::expr::{Expr, PathStep, Reference};
use crate::lang::reduce;
use crate::lang::render;
use crate::map::Map;
use crate::provider::{Id, Registry, Wanted};
use crate::schema::{Role, attribute as find};
use crate::secret::Secret;
use crate::span::Span;
use crate::state::State;
use crate::value::Value;

/// A configuration expanded as far as a world makes it known.
#[derive(Clone, Default)]
pub struct Expanded {
    /// All instances that the configuration declares and those of the state whose block is gone; sorted
    /// by address.
    pub instances: Vec<Instance>,
    /// What is wrong with them.
    pub diagnostics: Diagnostics,
    /// Which of them come from which block.
    pub(super) blocks: BTreeMap<BlockName, Block>,
}

/// Expands a configuration. The world may be partly filled or empty.
pub fn expanded(
    config: &Config,
    variables: &BTreeMap<Name, Value>,
    world: &World,
    registry: &Registry,
    state: Option<&State>,
) -> Expanded {
    let moves = Moves::of(config, state, world);
    let (known, diagnostics) = expand(config, variables, world, registry, moves.state());
    let Known { instances, blocks, .. } = known;
    Expanded { instances, diagnostics, blocks }
}

/// As [`expanded`], with the means to evaluate more.
pub(super) fn expand<'p>(
    config: &'p Config,
    variables: &'p BTreeMap<Name, Value>,
    world: &'p World,
    registry: &Registry,
    state: Option<&'p State>,
) -> (Known<'p>, Diagnostics) {
    let mut diags = Diagnostics::default();
    let mut known = Known::new(config, variables, world, state);
    let locals = Locals::of(config);
    let read = attributes_read(config);
    known.instances.reserve(config.resources.len());
    for i in block_order(config, &locals, &mut diags) {
        let resource = &config.resources[i];
        let name = (resource.kind.clone(), resource.name.clone());
        let block = expand_block(&mut known, registry, &locals, (i, read.get(&name)), &mut diags);
        known.blocks.insert(name, block);
    }
    for resource in &config.resources {
        known.blocks.entry((resource.kind.clone(), resource.name.clone())).or_insert(Block::Failed);
    }
    removed(&mut known, registry, &mut diags);
    sort(&mut known);
    diags.extend(known.diags.take());
    (known, diags)
}

/// Sorts the instances by address and renumbers the blocks' members.
fn sort(known: &mut Known<'_>) {
    let mut order: Vec<usize> = (0..known.instances.len()).collect();
    order.sort_by(|a, b| known.instances[*a].address.cmp(&known.instances[*b].address));
    let mut new = vec![0; order.len()];
    for (to, from) in order.iter().enumerate() {
        new[*from] = to;
    }
    known.instances.sort_by(|a, b| a.address.cmp(&b.address));
    for block in known.blocks.values_mut() {
        match block {
            Block::Single(i) => *i = new[*i],
            Block::Counted(all) => all.iter_mut().for_each(|i| *i = new[*i]),
            Block::Each(all) => all.values_mut().for_each(|i| *i = new[*i]),
            Block::Failed => {}
        }
    }
}

fn expand_block(
    known: &mut Known<'_>,
    registry: &Registry,
    locals: &Locals<'_>,
    (number, read): (usize, Option<&BTreeSet<String>>),
    diags: &mut Diagnostics,
) -> Block {
    let resource = &known.config.resources[number];
    if registry.kind(resource.kind.as_str()).is_none() {
        return Block::Failed;
    }
    let written = Written { resource, number, registry, locals, read };
    match (&resource.count, &resource.for_each) {
        (None, None) => {
            let found = written.instance(known, None, diags);
            Block::Single(known.add(found))
        }
        (Some(count), _) => {
            let Some(count) = count_of(&known.scope(Secrets::Revealed), count, diags) else {
                return Block::Failed;
            };
            let first = known.instances.len();
            for i in 0..count {
                let each = Each {
                    key: InstanceKey::Index(i as u64),
                    value: Expr::literal(Value::Null, resource.span),
                };
                let found = written.instance(known, Some(&each), diags);
                known.add(found);
            }
            Block::Counted((first..known.instances.len()).collect())
        }
        (None, Some(for_each)) => {
            let all = keys_of(&known.scope(Secrets::Revealed), for_each, diags);
            let Some(all) = all else { return Block::Failed };
            let mut members = BTreeMap::new();
            for (key, value) in all {
                let each = Each { key: InstanceKey::Each(key.clone()), value };
                let found = written.instance(known, Some(&each), diags);
                members.insert(key, known.add(found));
            }
            Block::Each(members)
        }
    }
}

/// A block as it is written, with what is needed to make instances of it.
struct Written<'w> {
    resource: &'w Resource,
    number: usize,
    registry: &'w Registry,
    locals: &'w Locals<'w>,
    read: Option<&'w BTreeSet<String>>,
}

impl Written<'_> {
    fn instance(&self, known: &Known<'_>, each: Option<&Each>, diags: &mut Diagnostics) -> Instance {
        let resource = self.resource;
        let kind = self.registry.kind(resource.kind.as_str()).expect("the caller has looked the kind up");
        let address = Address { key: each.map(|e| e.key.clone()), ..resource.address() };
        let mut found = Instance {
            address,
            provider: resource.provider.clone(),
            kind,
            origin: Origin::Declared(self.number),
            id: None,
            imported: false,
            desired: Map::new(),
            secrets: Map::new(),
            derived: Map::new(),
            wanted: Wanted::default(),
            needs: Vec::new(),
        };
        let mut own = Diagnostics::default();
        let mut needs = BTreeSet::new();
        for (name, expr) in &resource.attributes {
            self.attribute((&mut found, &mut needs), known, each, (name, expr), &mut own);
        }
        for (reference, _) in &resource.depends_on {
            add_needs(&mut needs, known, reference);
        }
        needs.remove(&found.address);
        found.needs = needs.into_iter().collect();
        identify(&mut found, known, resource, &mut own);
        found.wanted = wanted(&found, known, self.read);
        diags.extend(
            own.into_iter().map(|d| if d.address.is_none() { d.about(found.address.clone()) } else { d }),
        );
        found
    }

    fn attribute(
        &self,
        (found, needs): (&mut Instance, &mut BTreeSet<Address>),
        known: &Known<'_>,
        each: Option<&Each>,
        (name, written): (&String, &Expr),
        diags: &mut Diagnostics,
    ) {
        let Some(row) = find(found.kind.inputs(), name) else { return };
        let revealed = Scope { known, each, bound: None, secrets: Secrets::Revealed };
        let specific;
        let written = if each.is_some() {
            specific = keyed(written, &revealed);
            &specific
        } else {
            written
        };
        for reference in self.locals.resources(written) {
            add_needs(needs, known, reference);
        }
        let Some(plain) = canonical(row, reduce(written, &revealed, diags), diags) else { return };
        if !row.sensitive && !plain.any_sensitive() {
            found.desired.insert(name.clone(), plain);
            return;
        }
        let hidden = Scope { known, each, bound: None, secrets: Secrets::Hidden };
        let mut again = Diagnostics::default();
        let reduced = reduce(written, &hidden, &mut again);
        let mut stored = canonical(row, reduced, &mut again).unwrap_or_else(|| written.clone());
        stored.sensitive = true;
        if row.sensitive && stored.value().is_some() {
            diags.push(
                Diagnostic::error(
                    Code::PlainSecret,
                    format!("`{name}` is a secret and stands in the open"),
                    written.span,
                    "this would be stored with every plan",
                )
                .help("Declare a variable with `sensitive = true` and refer to it."),
            );
        }
        found.desired.insert(name.clone(), stored);
        found.secrets.insert(name.clone(), Secret::new(plain));
    }
}

/// Adds the instances that a reference names.
fn add_needs(needs: &mut BTreeSet<Address>, known: &Known<'_>, reference: &Reference) {
    let Some(name) = block_of(reference) else { return };
    let Some(block) = known.blocks.get(&name) else { return };
    let keyed = match reference.path.first() {
        Some(PathStep::Key(key)) => block.member(key),
        Some(PathStep::Attribute(key)) => block.member(&InstanceKey::Each(key.clone())),
        None => None,
    };
    let members = keyed.map_or_else(|| block.members(), |one| vec![one]);
    needs.extend(members.into_iter().map(|i| known.instances[i].address.clone()));
}

/// Settles id and derived outputs.
fn identify(found: &mut Instance, known: &Known<'_>, resource: &Resource, diags: &mut Diagnostics) {
    let imported = import(found, known, diags);
    let Some(identity) = identity(found, diags) else { return };
    let written = found.kind.id(&identity);
    let wrong = match (&written, &imported) {
        (Some(id), Some((other, span))) if id != other => {
            let label = format!("this imports `{other}`, the block says `{id}`");
            let headline = "An import names another thing than its block";
            Some(
                Diagnostic::error(Code::ImportDiffers, headline, *span, label)
                    .label(resource.span, "this block"),
            )
        }
        (None, None) => Some(Diagnostic::error(
            Code::IdentityOpen,
            "A resource needs a name at the provider",
            resource.span,
            "this block does not say which thing it is",
        )),
        (Some(_), _) | (None, Some(_)) => None,
    };
    if let Some(wrong) = wrong {
        diags.push(wrong);
        return;
    }
    found.imported = imported.is_some();
    found.id = written.or(imported.map(|(id, _)| id));
    let place = known.world.places.get(&found.provider);
    if let (Some(id), Some(head)) = (&found.id, place) {
        found.derived = found.kind.derived(id, &head.place).into_iter().collect();
    }
}

/// The id that an `import` block gives the instance.
fn import(found: &Instance, known: &Known<'_>, diags: &mut Diagnostics) -> Option<(Id, Span)> {
    let import = known.config.imports.iter().find(|i| i.to == found.address)?;
    match reduce(&import.id, &known.scope(Secrets::Hidden), diags).value() {
        Some(Value::String(id)) => Some((Id(id), import.span)),
        _ => {
            let label = "must be a string that is known when the plan is made";
            let headline = "An import needs an id";
            diags.push(Diagnostic::error(Code::IdentityOpen, headline, import.id.span, label));
            None
        }
    }
}

/// The values of the identity attributes that are written; none when one of them is not known.
fn identity(found: &Instance, diags: &mut Diagnostics) -> Option<BTreeMap<String, Value>> {
    let mut identity = BTreeMap::new();
    for row in found.kind.inputs().iter().filter(|a| a.role == Role::Identity) {
        let Some(expr) = found.desired.get(row.name) else { continue };
        let label = match expr.value() {
            Some(_) if expr.any_sensitive() => "a name at the provider cannot be a secret".to_owned(),
            Some(value) => {
                identity.insert(row.name.to_owned(), value);
                continue;
            }
            None => format!("known after apply: {}", render(expr)),
        };
        let headline = format!("`{}` must be known when the plan is made", row.name);
        diags.push(
            Diagnostic::error(Code::IdentityOpen, headline, expr.span, label)
                .help("It names the thing at the provider: without it, nothing can be looked up."),
        );
        return None;
    }
    Some(identity)
}

/// What a read has to fill: what is written, what was applied earlier, what others refer to.
fn wanted(found: &Instance, known: &Known<'_>, read: Option<&BTreeSet<String>>) -> Wanted {
    let applied = known.state.and_then(|s| s.resources.get(&found.address)).map(|o| &o.applied);
    let inputs = found.kind.inputs();
    let managed =
        |name: &&String| find(inputs, name).is_some_and(|a| matches!(a.role, Role::Managed | Role::Fixed));
    let applied = applied.into_iter().flat_map(|a| a.keys());
    let names = found.desired.keys().chain(applied).chain(read.into_iter().flatten());
    names.filter(managed).cloned().collect()
}

/// Adds what the state has and no block declares.
fn removed(known: &mut Known<'_>, registry: &Registry, diags: &mut Diagnostics) {
    let Some(state) = known.state else { return };
    let declared: BTreeSet<&Address> = known.instances.iter().map(|i| &i.address).collect();
    let mut gone = Vec::new();
    for (address, owned) in &state.resources {
        let block = known.blocks.get(&(address.kind.clone(), address.name.clone()));
        if declared.contains(address) || matches!(block, Some(Block::Failed)) {
            continue;
        }
        let Some(kind) = registry.kind(address.kind.as_str()) else {
            let headline = format!("The state has `{address}`, of a kind that this drctl does not know");
            diags.push(Diagnostic::error_nowhere(Code::UnknownInState, headline).about(address.clone()));
            continue;
        };
        let place = known.world.places.get(&owned.provider);
        gone.push(Instance {
            address: address.clone(),
            provider: owned.provider.clone(),
            kind,
            origin: Origin::Removed,
            // Without its provider configuration it cannot be read, only forgotten.
            id: Some(owned.id.clone()),
            imported: false,
            desired: Map::new(),
            secrets: Map::new(),
            derived: place.into_iter().flat_map(|h| kind.derived(&owned.id, &h.place)).collect(),
            wanted: owned.applied.keys().cloned().collect(),
            needs: Vec::new(),
        });
    }
    known.instances.extend(gone);
}

/// The span of a block, for instances that have one.
pub(super) fn block_span(config: &Config, instance: &Instance) -> Span {
    match instance.origin {
        Origin::Declared(i) => config.resources.get(i).map_or(NOWHERE, |r| r.span),
        Origin::Removed => NOWHERE,
    }
}
