//! From the planner's instances and the observed world to the components of recovery planning.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::inventory::{Components, Inventory};
use super::loss::Loss;
use super::model::{Component, Seen};
use crate::plan::{Instance, Observation, World};
use crate::provider::{Observed, Place};
use crate::value::Value;

/// The components after a loss; for more than one loss, see [`Inventory`].
pub fn components(instances: &[Instance], world: &World, loss: &Loss) -> Components {
    Inventory::new(instances, world).after(loss)
}

/// What is known of an instance after a loss; nothing as long as its name is not known.
pub(crate) fn component(instance: &Instance, world: &World) -> Option<Component> {
    // An earlier sighting tells the attributes; that it is still so nobody can tell.
    let why = world.earlier.get(&instance.address).and_then(|earlier| earlier.why.as_ref());
    let seen_now = |seen| why.map_or(seen, |why| Seen::Unobserved(why.message.clone()));
    let (seen, observed) = match world.observations.get(&instance.address) {
        Some(Observation::Present(observed)) => (seen_now(Seen::Present), Some(observed.as_ref())),
        Some(Observation::Absent) => (seen_now(Seen::Absent), None),
        Some(Observation::Unobserved(why)) => (Seen::Unobserved(why.message.clone()), None),
        None => (Seen::Unobserved("it was not asked for".to_owned()), None),
    };
    as_observed(instance, world, (seen, observed))
}

/// What is known of an instance when nobody can look at it: what is written, now as after apply.
pub(crate) fn unseen(instance: &Instance, world: &World) -> Option<Component> {
    as_observed(instance, world, (Seen::Unobserved(String::new()), None))
}

/// Why nobody can look at a component after a loss, if that takes it.
pub(crate) fn why_unseen(component: &Component, loss: &Loss) -> Option<Seen> {
    let Place { region, account, .. } = &component.place;
    let why = match loss {
        _ if region.as_ref().is_some_and(|r| loss.regions.contains(r)) => "its region is lost",
        _ if account.as_ref().is_some_and(|a| loss.accounts.contains(a)) => "its account is lost",
        _ if loss.names_resource(&component.address) => "it is lost",
        _ => return None,
    };
    Some(Seen::Unobserved(why.to_owned()))
}

fn as_observed(
    instance: &Instance,
    world: &World,
    (seen, observed): (Seen, Option<&Observed>),
) -> Option<Component> {
    Some(Component {
        address: instance.address.clone(),
        kind: instance.kind,
        id: instance.id.clone()?,
        attributes: Arc::new(attributes(instance, observed)),
        outputs: Arc::new(outputs(instance, observed)),
        provider: instance.provider.clone(),
        place: world.places.get(&instance.provider).map(|head| head.place.clone()).unwrap_or_default(),
        seen,
        needs: instance.needs.iter().cloned().collect(),
    })
}

/// As it is after apply: what is written is set, what is declared is there.
pub(crate) fn applied(component: &Component, instance: &Instance) -> Component {
    let mut applied = component.clone();
    let written = instance.desired.iter().filter(|(_, expr)| !expr.any_sensitive());
    for (name, value) in written.filter_map(|(name, expr)| Some((name, expr.value()?))) {
        if value != Value::Null && applied.attributes.get(name) != Some(&value) {
            Arc::make_mut(&mut applied.attributes).insert(name.clone(), value);
        }
    }
    if applied.seen == Seen::Absent {
        applied.seen = Seen::Present;
    }
    applied
}

/// What is observed, and what is written where nothing is. Secrets stay out: a recovery plan is shown.
fn attributes(instance: &Instance, observed: Option<&Observed>) -> BTreeMap<String, Value> {
    let mut attributes: BTreeMap<String, Value> = instance
        .desired
        .iter()
        .filter(|(_, expr)| !expr.any_sensitive())
        .filter_map(|(name, expr)| Some((name.clone(), expr.value().filter(|v| *v != Value::Null)?)))
        .collect();
    if let Some(observed) = observed {
        attributes.extend(observed.attributes.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    attributes
}

fn outputs(instance: &Instance, observed: Option<&Observed>) -> BTreeMap<String, Value> {
    let mut outputs: BTreeMap<String, Value> = instance.derived.clone().into_iter().collect();
    if let Some(observed) = observed {
        outputs.extend(observed.outputs.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    outputs
}
