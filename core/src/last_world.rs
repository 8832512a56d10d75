//! The last observed world: of each thing the newest sighting with its own time, so that something is
//! known of a region that does not answer, and of all of them without a network. Holds no secrets. Pure:
//! reading and writing the file is the engine's.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::addr::{Address, KindName, ProviderAddress};
use crate::config::Config;
use crate::json::{Versioned, read_versioned, write_indented};
use crate::plan::{Basis, Earlier, Expanded, Instance, Observation, ProviderHead, World, followed, requests};
use crate::provider::{ErrorClass, Id, Observed, Place, Unobserved, Wanted};
use crate::recovery::readable;
use crate::schema::{Attribute, Role, Type, attribute};
use crate::state::State;

/// The version this drctl writes. A larger first part cannot be read, a larger second part can.
pub const FORMAT_VERSION: &str = "1.0";

/// By how much the clocks of two machines are taken to differ at most.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(1);

/// What was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWorld {
    /// Version of this format.
    pub format_version: String,
    /// Where each provider configuration led.
    pub providers: BTreeMap<ProviderAddress, LastPlace>,
    /// One entry per resource instance that was ever read.
    pub sightings: BTreeMap<Address, Sighting>,
}

/// Where a provider configuration led.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastPlace {
    /// When that was told.
    pub observed_at: Timestamp,
    /// Account, caller, region, endpoint, and whether it is the simulation.
    #[serde(flatten)]
    pub head: ProviderHead,
}

/// The newest sighting of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// When it was read.
    pub observed_at: Timestamp,
    /// The provider configuration it was read through.
    pub provider: ProviderAddress,
    /// Its name at the provider.
    pub id: Id,
    /// The attributes that the read was asked to fill and that may be kept.
    pub asked: Wanted,
    /// What was there, without secrets; none when it was not there.
    pub observed: Option<Observed>,
}

/// What a provider configuration must lead to for its earlier sightings to be about the same things.
/// What is not known fits everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Whether it is the simulation.
    pub simulated: bool,
}

/// Why a text is no last world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON of this shape.
    #[error("it is no observed world: {0}")]
    Malformed(String),
    /// A newer drctl wrote it.
    #[error("it has format version {0}, this drctl reads up to {FORMAT_VERSION}")]
    Newer(String),
}

impl Default for LastWorld {
    fn default() -> LastWorld {
        LastWorld {
            format_version: FORMAT_VERSION.to_owned(),
            providers: BTreeMap::new(),
            sightings: BTreeMap::new(),
        }
    }
}

impl LastWorld {
    /// Reads one.
    ///
    /// # Errors
    /// When the text is none, or of a newer format.
    pub fn from_json(text: &str) -> Result<LastWorld, Unreadable> {
        match read_versioned(text, FORMAT_VERSION).map_err(Unreadable::Malformed)? {
            Versioned::Known(read) => Ok(read),
            Versioned::Newer(version) => Err(Unreadable::Newer(version)),
        }
    }

    /// As text: indented, sorted, with a line end.
    pub fn to_json(&self) -> String {
        let mut text = Vec::new();
        self.write_json(&mut text).expect("memory can be written to");
        String::from_utf8(text).expect("JSON is text")
    }

    /// Writes [`LastWorld::to_json`] piece by piece: as a whole it can be larger than the world.
    ///
    /// # Errors
    /// When the writer refuses.
    pub fn write_json(&self, mut to: impl Write) -> io::Result<()> {
        write_indented(&mut to, self)?;
        to.write_all(b"\n")
    }

    /// Lets go of what was seen elsewhere than where the provider configurations lead now; those
    /// configurations, with where they led.
    pub fn restrict(
        &mut self,
        expected: &BTreeMap<ProviderAddress, Expected>,
    ) -> BTreeMap<ProviderAddress, Place> {
        let mut elsewhere = BTreeMap::new();
        for (provider, expected) in expected {
            if let Some(last) = self.providers.get(provider)
                && !expected.fits(&last.head)
            {
                elsewhere.insert(provider.clone(), last.head.place.clone());
            }
        }
        self.providers.retain(|provider, _| !elsewhere.contains_key(provider));
        self.sightings.retain(|_, sighting| !elsewhere.contains_key(&sighting.provider));
        elsewhere
    }

    /// Takes in what was just observed. What is there or is not there replaces the earlier sighting;
    /// what could not be observed leaves it, with its time. What is no longer declared is let go of.
    /// Says whether that makes any difference.
    pub fn merge(
        &mut self,
        (world, instances): (&World, &[Instance]),
        (config, state): (&Config, Option<&State>),
        now: Timestamp,
    ) -> bool {
        let state = state.map(|state| followed(config, state));
        let mut changed = false;
        for (provider, head) in &world.places {
            let told = head.unobserved.is_none()
                || (head.place.region.is_some() && !self.providers.contains_key(provider));
            if told {
                let place = LastPlace { observed_at: now, head: head.clone() };
                changed |= put(&mut self.providers, provider, place);
            }
        }
        let mut present = BTreeSet::new();
        for instance in instances {
            present.insert(&instance.address);
            let secret = |name: &str| is_secret(instance, state.as_deref(), name);
            let observed = match world.observations.get(&instance.address) {
                Some(Observation::Present(observed)) => Some(without(observed, secret)),
                Some(Observation::Absent) => None,
                Some(Observation::Unobserved(_)) | None => continue,
            };
            let Some(id) = instance.id.clone() else { continue };
            let sighting = Sighting {
                observed_at: now,
                provider: instance.provider.clone(),
                id,
                asked: instance.wanted.without(secret),
                observed,
            };
            changed |= put(&mut self.sightings, &instance.address, sighting);
        }
        let before = self.sightings.len();
        self.sightings.retain(|a, _| present.contains(a) || config.resource(&a.kind, &a.name).is_some());
        changed || self.sightings.len() != before
    }

    /// Takes from another one, of the same places, what was seen later than here. What claims to be of
    /// later than `now` by more than an hour is of another clock, and is left.
    pub fn absorb(&mut self, other: LastWorld, now: Timestamp) {
        let latest = now.checked_add(CLOCKS_DIFFER).unwrap_or(Timestamp::MAX);
        let newer = |here: Option<Timestamp>, there: Timestamp| {
            there <= latest && here.is_none_or(|here| here < there)
        };
        for (provider, place) in other.providers {
            if newer(self.providers.get(&provider).map(|here| here.observed_at), place.observed_at) {
                self.providers.insert(provider, place);
            }
        }
        for (address, sighting) in other.sightings {
            if newer(self.sightings.get(&address).map(|here| here.observed_at), sighting.observed_at) {
                self.sightings.insert(address, sighting);
            }
        }
    }

    /// The newest time at which anything of it was seen; none when nothing was.
    pub fn newest(&self) -> Option<Timestamp> {
        let places = self.providers.values().map(|place| place.observed_at);
        places.chain(self.sightings.values().map(|sighting| sighting.observed_at)).max()
    }

    /// The world as it was last seen, without asking anybody, and what the configuration is in it. What
    /// was never seen is unobserved. `expanded` is the planner's, given the world so far.
    pub fn recall(
        &self,
        places: BTreeMap<ProviderAddress, ProviderHead>,
        now: Timestamp,
        expanded: impl Fn(&World) -> Expanded,
    ) -> (World, Expanded) {
        let mut world = World { places, basis: Basis::LastWorld, ..World::default() };
        loop {
            let found = expanded(&world);
            let asked = requests(&found.instances, &world);
            if asked.is_empty() {
                return (world, found);
            }
            for request in asked {
                world.observations.insert(request.address, Observation::Unobserved(never_seen()));
            }
            self.fill(&mut world, &found.instances, now);
        }
    }

    /// The observed world with its gaps filled from earlier sightings, each marked with its age, and
    /// what the configuration is in it.
    pub fn filled(
        &self,
        world: &World,
        now: Timestamp,
        expanded: impl Fn(&World) -> Expanded,
    ) -> (World, Expanded) {
        let mut view = world.clone();
        self.fill_places(&mut view);
        loop {
            let found = expanded(&view);
            if !self.fill(&mut view, &found.instances, now) {
                return (view, found);
            }
        }
    }

    /// Puts earlier sightings in the place of what was not observed; whether there were any.
    fn fill(&self, world: &mut World, instances: &[Instance], now: Timestamp) -> bool {
        let things: BTreeMap<(&KindName, &ProviderAddress, &Id), &Sighting> =
            self.sightings.iter().map(|(a, s)| ((&a.kind, &s.provider, &s.id), s)).collect();
        let mut changed = false;
        for instance in instances {
            let Some(Observation::Unobserved(why)) = world.observations.get(&instance.address) else {
                continue;
            };
            let thing = instance.id.as_ref().map(|id| (&instance.address.kind, &instance.provider, id));
            let Some(sighting) = thing.and_then(|thing| things.get(&thing)) else { continue };
            let why = sighting.doubt(why, world.basis, now);
            let earlier = Earlier { observed_at: sighting.observed_at, why };
            world.earlier.insert(instance.address.clone(), earlier);
            world.observations.insert(instance.address.clone(), sighting.recalled(instance));
            changed = true;
        }
        changed
    }

    /// Completes the heads of providers that do not answer.
    fn fill_places(&self, world: &mut World) {
        for (provider, head) in &mut world.places {
            let Some(last) = self.providers.get(provider).filter(|_| head.unobserved.is_some()) else {
                continue;
            };
            let (place, before) = (&mut head.place, last.head.place.clone());
            if place.region.is_none() {
                head.simulated = last.head.simulated;
                place.endpoint = before.endpoint;
            }
            place.region = place.region.take().or(before.region);
            place.account = place.account.take().or(before.account);
            place.caller = place.caller.take().or(before.caller);
        }
    }
}

impl Expected {
    /// Whether a provider configuration that led there leads where it must.
    pub fn fits(&self, head: &ProviderHead) -> bool {
        let same = |here: &Option<String>, there: &Option<String>| match (here, there) {
            (Some(here), Some(there)) => here == there,
            (None, _) | (_, None) => true,
        };
        self.simulated == head.simulated
            && same(&self.account, &head.place.account)
            && same(&self.region, &head.place.region)
    }
}

impl Sighting {
    /// Why nobody can tell that it still is so, with its age. A world that was not read as a whole says
    /// its age as a whole: what was not there then was not there.
    fn doubt(&self, why: &Unobserved, basis: Basis, now: Timestamp) -> Option<Unobserved> {
        let then = match (basis, &self.observed) {
            (Basis::LastWorld, None) => return None,
            (_, Some(_)) => "last seen",
            (_, None) => "not there when it was last looked for,",
        };
        let why = if basis == Basis::LastWorld { "nobody was asked" } else { &why.message };
        let (at, age) = (self.observed_at, now.duration_since(self.observed_at));
        Some(gap(&format!("{why}; {then} {at:.0} ({} ago)", readable(age.as_secs().max(0)))))
    }

    /// What was seen, as a read of the instance would give it now. What that read would fill and the
    /// earlier one did not is unobserved; so is what makes no sense, for a file can come from anywhere.
    fn recalled(&self, instance: &Instance) -> Observation {
        let Some(observed) = &self.observed else { return Observation::Absent };
        let mut found =
            Observed { attributes: BTreeMap::new(), outputs: BTreeMap::new(), ..observed.clone() };
        for (name, value) in &observed.attributes {
            let Some(row) = attribute(instance.kind.inputs(), name) else { continue };
            match (row.canonical)(value.clone()) {
                Ok(value) => drop(found.attributes.insert(name.clone(), value)),
                Err(why) => drop(found.unobserved.insert(name.clone(), gap(&why.to_string()))),
            }
        }
        for (name, value) in &observed.outputs {
            let row = attribute(instance.kind.outputs(), name);
            if let Some(Ok(value)) = row.map(|row| (row.canonical)(value.clone())) {
                found.outputs.insert(name.clone(), value);
            }
        }
        found.pending.retain(|name, pending| {
            attribute(instance.kind.inputs(), name)
                .is_some_and(|row| (row.canonical)(pending.value.clone()).is_ok())
        });
        for name in instance.wanted.names() {
            if !self.asked.wants(name) && !found.attributes.contains_key(name) {
                found
                    .unobserved
                    .entry(name.clone())
                    .or_insert_with(|| gap("it was not read when it was last seen"));
            }
        }
        Observation::Present(Box::new(found))
    }
}

/// Puts a value in its place; whether another one stood there, or none.
fn put<K: Ord + Clone, V: PartialEq>(map: &mut BTreeMap<K, V>, key: &K, value: V) -> bool {
    match map.get_mut(key) {
        Some(same) if *same == value => false,
        Some(other) => {
            *other = value;
            true
        }
        None => {
            map.insert(key.clone(), value);
            true
        }
    }
}

fn gap(message: &str) -> Unobserved {
    Unobserved { class: ErrorClass::Unavailable, message: message.to_owned() }
}

fn never_seen() -> Unobserved {
    gap("it was never seen, and nothing is read now")
}

/// Whether an attribute or output must not be kept: it is a secret, holds one, or was made from one.
fn is_secret(instance: &Instance, state: Option<&State>, name: &str) -> bool {
    let row = attribute(instance.kind.inputs(), name).or_else(|| attribute(instance.kind.outputs(), name));
    let owned = state.and_then(|state| state.resources.get(&instance.address));
    instance.secrets.contains_key(name)
        || row.is_some_and(|row| row.role == Role::WriteOnly || holds_secret(row))
        || owned.is_some_and(|owned| owned.fingerprints.contains_key(name))
}

fn holds_secret(row: &Attribute) -> bool {
    fn inside(ty: &Type) -> bool {
        match ty {
            Type::Object(fields) => fields.iter().any(holds_secret),
            Type::List(of) | Type::Set(of) | Type::Map(of) => inside(of),
            Type::Any
            | Type::Bool
            | Type::Number
            | Type::String(_)
            | Type::Reference(_)
            | Type::Names
            | Type::Condition(_)
            | Type::Told(_) => false,
        }
    }
    row.sensitive || inside(&row.ty)
}

fn without(observed: &Observed, secret: impl Fn(&str) -> bool) -> Observed {
    let mut kept = observed.clone();
    kept.attributes.retain(|name, _| !secret(name));
    kept.outputs.retain(|name, _| !secret(name));
    kept.pending.retain(|name, _| !secret(name));
    kept
}
