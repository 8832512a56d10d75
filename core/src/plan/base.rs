//! What a pull request does: the base stands in for the world, and the planner that plans an apply plans
//! from there to this configuration. The base is a configuration, or a plan that was made from it. Nothing
//! is read at a provider. What neither text tells without reading stands as its expression, `${…}`: two
//! that read the same are taken for the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::accept::covers;
use super::canonical::key_of;
use super::compare::REDACTED;
use super::expand::expand;
use super::instance::{Instance, Origin};
use super::scope::{Block, Known};
use super::world::{Basis, Observation, World};
use super::{AcceptKind, Acceptance, Action, Input, Plan, plan, providers};
use crate::addr::{Address, KindName, Name, ProviderAddress};
use crate::codes::Code;
use crate::config::Config;
use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::lang::expr::{Expr, ExprKind};
use crate::lang::render;
use crate::map::Map;
use crate::provider::{ErrorClass, Id, Observed, Place, Unobserved};
use crate::schema::{Role, attribute as find};
use crate::state::{Owned, State, fingerprint};
use crate::value::Value;

/// The line of states that the base pretends to be.
const LINEAGE: &str = "base";

/// What the base declares.
#[derive(Clone, Copy)]
pub enum Base<'p> {
    /// As it was read.
    Text {
        /// The configuration.
        config: &'p Config,
        /// The values of its variables, defaults included.
        variables: &'p BTreeMap<Name, Value>,
    },
    /// As a plan holds it, with what was read for that.
    Plan(&'p Plan),
}

/// From the base to this configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// What changes: "before" is what the base says. Never to be applied.
    pub plan: Plan,
    /// Addresses that name another thing than in the base, with the thing that nobody watches over any more.
    pub let_go: BTreeMap<Address, Id>,
    /// What the rules have against it, as warnings; places are in this configuration. They are told once.
    #[serde(skip)]
    pub diagnostics: Diagnostics,
}

impl Comparison {
    /// What a person has not accepted yet of what changes, sorted by kind and address.
    pub fn missing_acceptances(&self) -> Vec<Acceptance> {
        let mut missing: BTreeSet<Acceptance> = self.plan.missing_acceptances().into_iter().collect();
        for address in self.let_go.keys().filter(|a| self.plan.change(a).is_some()) {
            let given = |a: &Acceptance| a.kind == AcceptKind::Weakens && covers(&a.address, address);
            if !self.plan.accepted.iter().any(given) {
                let (kind, address) = (AcceptKind::Weakens, address.clone());
                missing.insert(Acceptance { kind, address, until: None });
            }
        }
        missing.into_iter().collect()
    }
}

/// Plans from the base to the input's configuration. Of the input's world only the places count, of
/// its state only what drctl has made. What `told` has already is not told again.
///
/// # Errors
/// When the base has errors of its own; their places are in its files.
pub fn since(input: &Input<'_>, base: &Base<'_>, told: &Diagnostics) -> Result<Comparison, Diagnostics> {
    let places = input.world.places.clone();
    let empty = World { places, basis: Basis::Configuration, ..World::default() };
    let was = match *base {
        Base::Text { config, variables } => Was::of_text(input, config, variables, &empty)?,
        Base::Plan(plan) => Was::of_plan(input, plan)?,
    };
    let (now, _) = expand(input.config, input.variables, &empty, input.registry, None);
    let stand = Stand::new(input, &was, &now);
    let input = Input { world: &stand.world, state: Some(&stand.state), ..*input };
    let (mut plan, found) = plan(&input);
    plan.state = None;
    for change in &mut plan.changes {
        change.previous_address = stand.moved.get(&change.address).cloned();
        match (change.action, stand.let_go.get(&change.address)) {
            (_, Some(id)) => {
                change.why = format!(
                    "in the base this is `{id}`, which stays at the provider, and drctl no longer watches over it"
                )
                .into();
            }
            (Action::Create, None) => change.why = "it is not in the base".into(),
            (Action::Update, None) => change.why = "it differs from the base".into(),
            (Action::Keep, None) => change.why = "it is as in the base".into(),
            (Action::Adopt | Action::Forget | Action::Delete | Action::Unobserved, None) => {}
        }
    }
    let fresh = found.into_iter().filter(|d| !needs_reading(d) && !told.iter().any(|t| t == d));
    let mut diagnostics = Diagnostics::default();
    diagnostics.extend(fresh.map(|d| {
        let headline = format!("From the base to here: {}", d.headline);
        Diagnostic { headline, ..d.warning() }
    }));
    Ok(Comparison { plan, let_go: stand.let_go, diagnostics })
}

/// Whether only reading could settle it: the resource is shown as unobserved then, and what a rule
/// warns of is for the plan that has read.
fn needs_reading(diagnostic: &Diagnostic) -> bool {
    matches!(diagnostic.code, Code::IdentityOpen | Code::ExpansionOpen | Code::FactWarns)
}

/// What the base declares, however that is known.
struct Was<'b> {
    instances: Vec<Instance>,
    /// Blocks of which nobody can tell how many things they declare.
    vague: BTreeSet<(KindName, Name)>,
    /// The provider configurations that lead elsewhere in the base.
    elsewhere: BTreeSet<ProviderAddress>,
    /// What was there when the plan of the base was made.
    seen: BTreeMap<&'b Address, &'b Observed>,
}

impl<'b> Was<'b> {
    fn of_text(
        input: &Input<'_>,
        config: &Config,
        variables: &BTreeMap<Name, Value>,
        empty: &World,
    ) -> Result<Was<'b>, Diagnostics> {
        let (known, found) = expand(config, variables, empty, input.registry, None);
        let wrong = |d: &Diagnostic| d.severity == Severity::Error && !needs_reading(d);
        let errors: Vec<Diagnostic> = found.iter().filter(|d| wrong(d)).cloned().collect();
        if !errors.is_empty() {
            let mut all = Diagnostics::default();
            all.extend(errors);
            return Err(all.sorted());
        }
        let failed = known.blocks.iter().filter(|(_, block)| matches!(block, Block::Failed));
        Ok(Was {
            vague: failed.map(|(name, _)| name.clone()).collect(),
            instances: known.instances,
            elsewhere: elsewhere(input, config, variables),
            seen: BTreeMap::new(),
        })
    }

    fn of_plan(input: &Input<'_>, plan: &'b Plan) -> Result<Was<'b>, Diagnostics> {
        let declares = |action| !matches!(action, Action::Forget | Action::Delete);
        let (mut instances, mut wrong) = (Vec::new(), Diagnostics::default());
        for change in plan.changes.iter().filter(|change| declares(change.action)) {
            let Some(kind) = input.registry.kind(change.address.kind.as_str()) else {
                let headline = format!("`{}` is of a kind that this drctl does not know", change.address);
                wrong.push(Diagnostic::error_nowhere(Code::UnreadablePlan, headline));
                continue;
            };
            let place = plan.providers.get(&change.provider);
            instances.push(Instance {
                address: change.address.clone(),
                provider: change.provider.clone(),
                kind,
                origin: Origin::Removed,
                id: Some(change.id.clone()),
                imported: false,
                desired: change.desired.clone(),
                secrets: Map::new(),
                derived: place.into_iter().flat_map(|h| kind.derived(&change.id, &h.place)).collect(),
                wanted: change.desired.keys().cloned().collect(),
                needs: Vec::new(),
            });
        }
        if wrong.has_errors() {
            return Err(wrong);
        }
        let led = |(name, head): (&ProviderAddress, &super::ProviderHead)| {
            let now = input.world.places.get(name)?;
            leads_elsewhere(&head.place, &now.place).then(|| name.clone())
        };
        let seen = plan.changes.iter().filter_map(|c| Some((&c.address, c.observed.as_deref()?)));
        Ok(Was {
            instances,
            vague: BTreeSet::new(),
            elsewhere: plan.providers.iter().filter_map(led).collect(),
            seen: seen.collect(),
        })
    }
}

/// Whether both places are known to be different ones.
fn leads_elsewhere(was: &Place, now: &Place) -> bool {
    let differ = |was: &Option<String>, now: &Option<String>| was.is_some() && now.is_some() && was != now;
    differ(&was.account, &now.account) || differ(&was.region, &now.region) || was.endpoint != now.endpoint
}

/// One thing, whatever its address: kind, place (or the provider configuration without one) and id.
type Thing<'i> = (&'static str, Result<&'i Place, &'i ProviderAddress>, &'i Id);

/// The world and the state as they were if the base were in force.
struct Stand {
    world: World,
    state: State,
    let_go: BTreeMap<Address, Id>,
    /// New addresses, to those that the same things have in the base.
    moved: BTreeMap<Address, Address>,
}

impl Stand {
    fn new(input: &Input<'_>, was: &Was<'_>, now: &Known<'_>) -> Stand {
        let places = &input.world.places;
        let mut stand = Stand {
            world: World { places: places.clone(), basis: Basis::Configuration, ..World::default() },
            state: State::new(LINEAGE),
            let_go: BTreeMap::new(),
            moved: BTreeMap::new(),
        };
        let mut things: BTreeMap<Thing<'_>, &Instance> = BTreeMap::new();
        for instance in &was.instances {
            let Some(id) = &instance.id else { continue };
            let place =
                places.get(&instance.provider).filter(|_| !was.elsewhere.contains(&instance.provider));
            let place = place.map(|h| &h.place).ok_or(&instance.provider);
            things.entry((instance.kind.name(), place, id)).or_insert(instance);
        }
        for instance in &now.instances {
            let place = places.get(&instance.provider).map(|h| &h.place).ok_or(&instance.provider);
            let found = instance
                .id
                .as_ref()
                .and_then(|id| Some((things.remove(&(instance.kind.name(), place, id))?, id)));
            let observation = match found {
                Some((old, id)) => stand.here(input, was, (old, id), instance),
                None => missing(was, instance),
            };
            stand.world.observations.insert(instance.address.clone(), observation);
        }
        let declared: BTreeSet<&Address> = now.instances.iter().map(|i| &i.address).collect();
        for instance in things.into_values() {
            let Some(id) = &instance.id else { continue };
            if declared.contains(&instance.address) {
                stand.let_go.insert(instance.address.clone(), id.clone());
                continue;
            }
            let (observed, owned) = stands_for(input, (instance, None), None, id);
            stand
                .world
                .observations
                .insert(instance.address.clone(), Observation::Present(Box::new(observed)));
            stand.state.resources.insert(instance.address.clone(), owned);
        }
        stand
    }

    /// A thing that both configurations name.
    fn here(
        &mut self,
        input: &Input<'_>,
        base: &Was<'_>,
        (was, id): (&Instance, &Id),
        now: &Instance,
    ) -> Observation {
        let seen = base.seen.get(&was.address).copied();
        let (observed, owned) = stands_for(input, (was, seen), Some(now), id);
        self.state.resources.insert(now.address.clone(), owned);
        if was.address != now.address {
            self.moved.insert(now.address.clone(), was.address.clone());
        }
        Observation::Present(Box::new(observed))
    }
}

/// What both texts together say of something that the base does not have under this name.
fn missing(was: &Was<'_>, now: &Instance) -> Observation {
    let vague = was.vague.contains(&(now.address.kind.clone(), now.address.name.clone()));
    let nameless = was.instances.iter().any(|i| i.address == now.address && i.id.is_none());
    if now.id.is_none() || nameless || vague {
        let message = "the base cannot be compared without reading at the provider".to_owned();
        return Observation::Unobserved(Unobserved { class: ErrorClass::NotFound, message });
    }
    Observation::Absent
}

/// The provider configurations that the base has in another region or at another endpoint.
fn elsewhere(
    input: &Input<'_>,
    config: &Config,
    variables: &BTreeMap<Name, Value>,
) -> BTreeSet<ProviderAddress> {
    let (was, _) = providers(config, variables, input.registry);
    let (now, _) = providers(input.config, input.variables, input.registry);
    let differs = |values: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>| {
        ["region", "endpoint"].iter().any(|name| values.get(*name) != other.get(*name))
    };
    was.into_iter()
        .filter(|(name, values)| now.get(name).is_some_and(|other| differs(values, other)))
        .map(|(name, _)| name)
        .collect()
}

/// A thing as it is and is remembered once the base is in force. Secrets stand in it only where the
/// planner takes them for secrets, too. `seen` is what was there when the plan of the base was made.
fn stands_for(
    input: &Input<'_>,
    (was, seen): (&Instance, Option<&Observed>),
    now: Option<&Instance>,
    id: &Id,
) -> (Observed, Owned) {
    let (mut attributes, mut applied, mut fingerprints) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (name, expr) in &was.desired {
        let Some(row) = find(was.kind.inputs(), name) else { continue };
        let secret = secret(was, now, name);
        if row.role == Role::Option {
            continue;
        }
        if row.role == Role::WriteOnly {
            let value = secret.unwrap_or(expr).value();
            fingerprints.extend(value.map(|v| (name.clone(), fingerprint(LINEAGE, id, name, &v))));
            continue;
        }
        let hidden = now.is_some_and(|n| n.secrets.contains_key(name));
        let value = match secret {
            Some(secret) if hidden => stand_in(secret),
            Some(_) => Value::from(REDACTED),
            None if expr.any_sensitive() => Value::from(REDACTED),
            None => stand_in(expr),
        };
        if row.role == Role::Managed {
            let shown = if secret.is_some() { Value::from(REDACTED) } else { value.clone() };
            applied.insert(name.clone(), shown);
        }
        attributes.insert(name.clone(), value);
    }
    let created = |address: &Address| {
        let owned = input.state.and_then(|s| s.resources.get(address));
        owned.is_some_and(|o| o.created && o.id == *id)
    };
    let owned = Owned {
        provider: now.unwrap_or(was).provider.clone(),
        id: id.clone(),
        created: created(&was.address),
        made_by: None,
        applied,
        fingerprints,
        outputs: BTreeMap::new(),
    };
    let mut unobserved = now.map(|now| untold(was, now)).unwrap_or_default();
    let mut outputs: BTreeMap<String, Value> = was.derived.clone().into_iter().collect();
    if let Some(seen) = seen {
        outputs.extend(seen.outputs.clone());
        unobserved.retain(|name, _| {
            let found = seen.attributes.get(name);
            attributes.extend(found.map(|value| (name.clone(), value.clone())));
            found.is_none()
        });
    }
    let observed = Observed {
        id: id.clone(),
        attributes,
        outputs,
        unobserved,
        pending: BTreeMap::new(),
        managed_by: BTreeMap::new(),
    };
    (observed, owned)
}

/// What an attribute is made of that must not be shown. A plan holds only its text: where this
/// configuration has the same, it is the same.
fn secret<'i>(was: &'i Instance, now: Option<&'i Instance>, name: &str) -> Option<&'i Expr> {
    let here = || {
        let (expr, now) = (was.desired.get(name)?, now?);
        let same = render(now.desired.get(name)?) == render(expr);
        now.secrets.get(name).filter(|_| same && expr.any_sensitive())
    };
    was.secrets.get(name).or_else(here).map(crate::secret::Secret::reveal)
}

/// What others refer to and neither configuration writes: only the provider knows it.
fn untold(was: &Instance, now: &Instance) -> BTreeMap<String, Unobserved> {
    let written = |name: &&String| was.desired.contains_key(*name) || now.desired.contains_key(*name);
    let why = Unobserved { class: ErrorClass::NotFound, message: "no configuration says it".to_owned() };
    now.wanted.names().filter(|n| !written(n)).map(|n| (n.clone(), why.clone())).collect()
}

/// The value, with `${…}` for every part that is not known without reading.
pub(super) fn stand_in(expr: &Expr) -> Value {
    if let Some(value) = expr.value() {
        return value;
    }
    let open = || Value::from(format!("${{{}}}", render(expr)));
    match &expr.kind {
        ExprKind::List(items) => Value::List(items.iter().map(stand_in).collect()),
        ExprKind::Object(pairs) => {
            let named = pairs.iter().map(|(key, item)| Some((key_of(key)?.clone(), stand_in(item))));
            named.collect::<Option<BTreeMap<String, Value>>>().map_or_else(open, Value::Object)
        }
        ExprKind::Literal(_)
        | ExprKind::Reference(_)
        | ExprKind::Template(_)
        | ExprKind::Unary(..)
        | ExprKind::Binary(..)
        | ExprKind::Conditional(..)
        | ExprKind::Call(_)
        | ExprKind::For(_)
        | ExprKind::Index(..)
        | ExprKind::Attribute(..)
        | ExprKind::Splat(..)
        | ExprKind::Element => open(),
    }
}
