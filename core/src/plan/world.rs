//! The observed world, as the planner takes it: filled by the engine in waves, until nothing that
//! the configuration names is unread.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LastSeen, ProviderHead};
use crate::addr::{Address, KindName, ProviderAddress};
use crate::provider::{Observed, Request, Unobserved};

/// What is known of the world outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// One entry per resource instance that was asked for.
    pub observations: BTreeMap<Address, Observation>,
    /// Account, caller and region of each provider configuration.
    pub places: BTreeMap<ProviderAddress, ProviderHead>,
    /// Where the observations come from.
    #[serde(skip)]
    pub basis: Basis,
    /// The observations that were not made now but are earlier sightings.
    #[serde(skip)]
    pub earlier: BTreeMap<Address, Earlier>,
}

/// How an observation comes to be an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// When it was made.
    pub observed_at: Timestamp,
    /// Why nobody can tell that it still is so, and since when.
    pub why: Option<Unobserved>,
}

impl World {
    /// How old what it holds is, when nobody was asked for it.
    pub fn last_seen(&self) -> Option<LastSeen> {
        let unobserved = |o: &&Observation| matches!(o, Observation::Unobserved(_));
        (self.basis == Basis::LastWorld).then(|| LastSeen {
            as_of: self.earlier.values().map(|e| e.observed_at).min(),
            never: self.observations.values().filter(unobserved).count(),
        })
    }
}

/// Where observations come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Basis {
    /// They were read at the provider.
    #[default]
    Provider,
    /// They are what a configuration says; `${…}` stands for what it does not tell without reading.
    Configuration,
    /// They are what was last seen; nobody was asked now.
    LastWorld,
}

/// What came of reading one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// It is there.
    Present(Box<Observed>),
    /// It is not there.
    Absent,
    /// It could not be told.
    Unobserved(Unobserved),
}

impl Observation {
    /// What is there, when that is known.
    pub fn present(&self) -> Option<&Observed> {
        match self {
            Observation::Present(observed) => Some(observed),
            Observation::Absent | Observation::Unobserved(_) => None,
        }
    }
}

/// What a read answers: nothing is absent.
impl From<Option<Observed>> for Observation {
    fn from(found: Option<Observed>) -> Observation {
        found.map_or(Observation::Absent, |observed| Observation::Present(Box::new(observed)))
    }
}

/// One thing that has to be read before a plan can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequest {
    /// Which instance it is.
    pub address: Address,
    /// Where it is read.
    pub provider: ProviderAddress,
    /// Its kind.
    pub kind: KindName,
    /// What to ask for.
    pub request: Request,
}
