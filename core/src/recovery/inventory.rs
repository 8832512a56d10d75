//! All resources of a system with what is known of them: found by address and by the provider's name,
//! and what becomes of them after a loss without taking in the others again.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

use super::candidate::subject;
use super::components::{applied, component, unseen, why_unseen};
use super::held::{Held, held};
use super::loss::Loss;
use super::model::Component;
use crate::addr::Address;
use crate::plan::{Instance, Origin, World};
use crate::protection::Protection;
use crate::value::Value;

/// All components, in the order in which they were given.
///
/// Those that a loss changes stand apart from the rest, which is shared between losses.
#[derive(Clone)]
pub struct Components {
    calm: Arc<Calm>,
    changed: BTreeMap<usize, Known>,
    names: OnceLock<Names>,
}

/// The components when nothing is lost.
struct Calm {
    all: Vec<Known>,
    /// By a digest of its address, where each stands: addresses are long to compare.
    by_address: Vec<(u64, usize)>,
    /// As many parts of all digests, of the same size: where the first of each stands in `by_address`.
    parts: Vec<usize>,
    names: OnceLock<Names>,
}

/// A component with what its kind says about it, once somebody has asked.
#[derive(Clone)]
struct Known {
    is: Component,
    /// They do not depend on whether it was seen.
    protections: Arc<OnceLock<Vec<Protection>>>,
}

impl Known {
    fn new(is: Component) -> Known {
        Known { is, protections: Arc::default() }
    }

    fn protections(&self) -> &[Protection] {
        self.protections.get_or_init(|| self.is.kind.protections(&subject(&self.is)))
    }
}

/// Components by names that the provider gave, of themselves and of what they protect.
#[derive(Clone, Default)]
struct Names {
    called: BTreeMap<String, Vec<usize>>,
    protects: BTreeMap<String, BTreeSet<usize>>,
}

impl Names {
    fn of<'k>(all: impl Iterator<Item = (usize, &'k Known)>) -> Names {
        let mut names = Names::default();
        for (place, known) in all {
            for name in provider_names(&known.is) {
                names.called.entry(name.to_owned()).or_default().push(place);
            }
            for of in known.protections().iter().filter_map(protected) {
                names.protects.entry(of.to_owned()).or_default().insert(place);
            }
        }
        names
    }
}

/// What the provider calls a component: its id, and its ARN where it has one.
fn provider_names(component: &Component) -> impl Iterator<Item = &str> {
    let arn = component.outputs.get("arn").and_then(Value::as_str);
    std::iter::once(component.id.0.as_str()).chain(arn)
}

/// The provider's name of the other thing that a protection is of.
fn protected(protection: &Protection) -> Option<&str> {
    match protection {
        Protection::ReplicatedBackups { of, .. }
        | Protection::Snapshot { of, .. }
        | Protection::Replica { of, .. } => Some(of),
        Protection::PointInTime { .. } | Protection::Versions { .. } | Protection::ReplicatesTo { .. } => {
            None
        }
    }
}

/// The provider's name of the other thing that a protection keeps a copy in.
fn copied_to(protection: &Protection) -> Option<&str> {
    match protection {
        Protection::ReplicatesTo { to, .. } => Some(to),
        Protection::Replica { replica, .. } => Some(replica),
        Protection::PointInTime { .. }
        | Protection::ReplicatedBackups { .. }
        | Protection::Snapshot { .. }
        | Protection::Versions { .. } => None,
    }
}

fn digest(address: &Address) -> u64 {
    let mut hasher = DefaultHasher::new();
    address.hash(&mut hasher);
    hasher.finish()
}

/// In which of so many parts of all digests this one is.
fn part(digest: u64, parts: usize) -> usize {
    usize::try_from((u128::from(digest) * parts as u128) >> 64).unwrap_or(usize::MAX)
}

impl Calm {
    /// Where the first of that address stands.
    fn place(&self, address: &Address) -> Option<usize> {
        let digest = digest(address);
        let part = part(digest, self.parts.len());
        let until = self.parts.get(part + 1).copied().unwrap_or(self.by_address.len());
        let near = self.by_address.get(*self.parts.get(part)?..until)?;
        let same = near.iter().filter(|(of, _)| *of == digest);
        same.map(|(_, place)| *place).find(|place| self.all[*place].is.address == *address)
    }
}

impl FromIterator<Component> for Components {
    fn from_iter<I: IntoIterator<Item = Component>>(all: I) -> Components {
        let all: Vec<Known> = all.into_iter().map(Known::new).collect();
        let mut by_address: Vec<(u64, usize)> =
            all.iter().enumerate().map(|(place, known)| (digest(&known.is.address), place)).collect();
        by_address.sort_unstable();
        let begins = |n: usize| by_address.partition_point(|(digest, _)| part(*digest, all.len()) < n);
        let parts = (0..all.len()).map(begins).collect();
        let calm = Arc::new(Calm { all, by_address, parts, names: OnceLock::new() });
        Components { calm, changed: BTreeMap::new(), names: OnceLock::new() }
    }
}

impl Default for Components {
    fn default() -> Components {
        std::iter::empty().collect()
    }
}

impl Components {
    fn at(&self, place: usize) -> &Known {
        self.changed.get(&place).unwrap_or(&self.calm.all[place])
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Component> {
        (0..self.calm.all.len()).map(|place| &self.at(place).is)
    }

    /// The one of that address.
    pub fn get(&self, address: &Address) -> Option<&Component> {
        self.calm.place(address).map(|place| &self.at(place).is)
    }

    /// The names of those that a loss left as they are, and of those that it changed.
    fn names(&self) -> (&Names, &Names) {
        let calm = self.calm.names.get_or_init(|| Names::of(self.calm.all.iter().enumerate()));
        let own = self.names.get_or_init(|| Names::of(self.changed.iter().map(|(place, k)| (*place, k))));
        (calm, own)
    }

    fn is_same(&self, place: &&usize) -> bool {
        !self.changed.contains_key(*place)
    }

    /// The first that the provider calls so, by its id or by its ARN.
    pub(crate) fn called(&self, name: &str) -> Option<&Component> {
        let (calm, own) = self.names();
        let same = calm.called.get(name).into_iter().flatten().filter(|place| self.is_same(place));
        let place = same.chain(own.called.get(name).into_iter().flatten()).min()?;
        Some(&self.at(*place).is)
    }

    /// All that the provider calls so.
    fn named<'s>(&'s self, name: &str) -> impl Iterator<Item = &'s Component> {
        let (calm, own) = self.names();
        let same = calm.called.get(name).into_iter().flatten().filter(|place| self.is_same(place));
        same.chain(own.called.get(name).into_iter().flatten()).map(|place| &self.at(*place).is)
    }

    /// All that may protect the resource, itself included, in their order, with what they protect.
    pub(crate) fn protecting<'s>(
        &'s self,
        resource: &'s Component,
    ) -> impl Iterator<Item = (&'s Component, &'s [Protection])> {
        let (calm, own) = self.names();
        let mut places: BTreeSet<usize> = self.calm.place(&resource.address).into_iter().collect();
        for name in provider_names(resource) {
            let same = calm.protects.get(name).into_iter().flatten().filter(|place| self.is_same(place));
            places.extend(same.chain(own.protects.get(name).into_iter().flatten()));
        }
        places.into_iter().map(|place| (&self.at(place).is, self.at(place).protections()))
    }
}

/// The resources of a configuration before anything is lost, and after any loss.
pub struct Inventory<'w> {
    world: &'w World,
    /// Those of which the name is known: the components, in their order.
    instances: Vec<&'w Instance>,
    calm: Components,
    /// Each as it is when nobody can look at it: the same now and after apply.
    unseen: Arc<[OnceLock<Option<Known>>]>,
    /// What protects each whatever is lost, once somebody has asked.
    held: Box<[OnceLock<Vec<Held>>]>,
}

/// Whether something else is known of one component here than there.
fn differ(here: &Component, there: &Component) -> bool {
    here.seen != there.seen || here.attributes != there.attributes
}

impl<'w> Inventory<'w> {
    /// One component for each declared instance of which the name is known.
    pub fn new(instances: &'w [Instance], world: &'w World) -> Inventory<'w> {
        let declared = instances.iter().filter(|i| i.origin != Origin::Removed);
        let known: Vec<(&Instance, Component)> =
            declared.filter_map(|i| Some((i, component(i, world)?))).collect();
        let (instances, components): (Vec<_>, Vec<_>) = known.into_iter().unzip();
        let unseen = instances.iter().map(|_| OnceLock::new()).collect();
        Inventory::with(world, instances, components.into_iter().collect(), unseen)
    }

    fn with(
        world: &'w World,
        instances: Vec<&'w Instance>,
        calm: Components,
        unseen: Arc<[OnceLock<Option<Known>>]>,
    ) -> Inventory<'w> {
        let held = instances.iter().map(|_| OnceLock::new()).collect();
        Inventory { world, instances, calm, unseen, held }
    }

    /// The same after apply; none when that changes nothing that recovery looks at.
    pub fn after_apply(&self) -> Option<Inventory<'w>> {
        let then = self.calm.iter().zip(&self.instances).map(|(now, instance)| applied(now, instance));
        let calm: Components = then.collect();
        let changes = self.calm.iter().zip(calm.iter()).any(|(now, then)| differ(now, then));
        let Inventory { world, instances, unseen, .. } = self;
        changes.then(|| Inventory::with(world, instances.clone(), calm, Arc::clone(unseen)))
    }

    /// The components when nothing is lost.
    pub fn calm(&self) -> &Components {
        &self.calm
    }

    /// The resources of which the ways back are others here than there: what is known of them differs, or of
    /// what protects them. Both tell of the same resources.
    pub(crate) fn differing(&self, other: &Inventory<'_>) -> BTreeSet<&Address> {
        let mut found = BTreeSet::new();
        let (here, there) = (&self.calm.calm, &other.calm.calm);
        for (one, then) in here.all.iter().zip(&there.all).filter(|(a, b)| differ(&a.is, &b.is)) {
            found.insert(&one.is.address);
            let of = one.protections().iter().chain(then.protections()).filter_map(protected);
            found.extend(of.flat_map(|of| self.calm.named(of)).map(|c| &c.address));
        }
        // What is copied to one of these comes back from it.
        let copied = |known: &&Known| {
            let to = known.protections().iter().filter_map(copied_to);
            to.filter_map(|to| self.calm.called(to)).any(|to| found.contains(&to.address))
        };
        let more: Vec<&Address> = here.all.iter().filter(copied).map(|known| &known.is.address).collect();
        found.extend(more);
        found
    }

    /// What protects the resource in the worst case, whatever is lost.
    pub(crate) fn held(&self, resource: &Address, now: Timestamp) -> &[Held] {
        let known = self.calm.calm.place(resource).and_then(|place| self.held.get(place));
        known.map_or(&[], |known| known.get_or_init(|| held(&self.calm, resource, now)))
    }

    /// The components after a loss.
    ///
    /// What is lost or in a lost region counts as not observed even when it still answers: a plan made in
    /// calm weather is the plan of the storm.
    pub fn after(&self, loss: &Loss) -> Components {
        let all = self.calm.calm.all.iter().enumerate();
        let taken = all.filter_map(|(place, known)| {
            let seen = why_unseen(&known.is, loss)?;
            let instance = self.instances.get(place)?;
            let find = || unseen(instance, self.world).map(Known::new);
            let mut known = self.unseen.get(place)?.get_or_init(find).clone()?;
            known.is.seen = seen;
            Some((place, known))
        });
        Components { calm: Arc::clone(&self.calm.calm), changed: taken.collect(), names: OnceLock::new() }
    }
}
