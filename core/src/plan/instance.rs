//! One resource instance on its way through the planner: what is wanted of it and what is known of
//! it before anything is compared.

use super::world::{ReadRequest, World};
use crate::addr::{Address, ProviderAddress};
use crate::lang::expr::Expr;
use crate::map::Map;
use crate::provider::{AnyKind, Id, Request, Wanted};
use crate::secret::Secret;
use crate::value::Value;

/// Where an instance comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The configuration declares it: the number of its block in `Config::resources`.
    Declared(usize),
    /// Only the state knows it: its block is gone.
    Removed,
}

/// One resource instance.
#[derive(Clone)]
pub struct Instance {
    /// Its address.
    pub address: Address,
    /// The provider configuration it is read and changed through.
    pub provider: ProviderAddress,
    /// Its kind.
    pub kind: &'static dyn AnyKind,
    /// Where it comes from.
    pub origin: Origin,
    /// Its name at the provider, once its identity is known.
    pub id: Option<Id>,
    /// Whether an `import` block names the id.
    pub imported: bool,
    /// What is written, canonical where known. Secrets stand as references.
    pub desired: Map<String, Expr>,
    /// The same with their secrets, for the attributes that have any. Never leaves the planner.
    pub secrets: Map<String, Secret<Expr>>,
    /// Outputs that follow from id and place alone.
    pub derived: Map<String, Value>,
    /// The attributes that a read has to fill: the same for most instances of a kind.
    pub wanted: Wanted,
    /// The instances that its text refers to or that `depends_on` names, sorted.
    pub needs: Vec<Address>,
}

impl Instance {
    /// What is written, with secrets.
    pub fn revealed(&self, name: &str) -> Option<&Expr> {
        self.secrets.get(name).map(Secret::reveal).or_else(|| self.desired.get(name))
    }
}

/// What has to be read before the plan can be made: every instance whose name at the provider is
/// known and that was not asked for yet. Reading these may make more of them known: ask again until
/// nothing is left. What the state alone knows is read only where its provider is configured.
pub fn requests(instances: &[Instance], world: &World) -> Vec<ReadRequest> {
    instances
        .iter()
        .filter(|i| !world.observations.contains_key(&i.address))
        .filter(|i| i.origin != Origin::Removed || world.places.contains_key(&i.provider))
        .filter_map(|i| {
            Some(ReadRequest {
                address: i.address.clone(),
                provider: i.provider.clone(),
                kind: i.address.kind.clone(),
                request: Request { id: i.id.clone()?, wanted: i.wanted.clone() },
            })
        })
        .collect()
}
