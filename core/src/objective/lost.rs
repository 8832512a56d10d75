//! What a scenario takes away, as recovery planning sees it, and which data is gone rather than wrong.

use std::collections::BTreeSet;

use crate::addr::{Address, Name};
use crate::recovery::{Components, Hit, Loss};
use crate::system::{Scenario, System};

/// All that is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lost {
    /// What is named.
    pub loss: Loss,
    /// What goes with it.
    pub hit: Hit,
    /// Datastores of which all data is gone.
    pub gone: BTreeSet<Name>,
}

impl Lost {
    /// Everything that goes with the scenario.
    pub fn of(system: &System, scenario: &Scenario, components: &Components) -> Lost {
        let loss = Loss::of(scenario);
        let hit = Hit::of(&loss, system, components);
        let is_gone = |name: &Name| {
            let place = system.datastores.get(name).and_then(|d| hit.place(&loss, &d.is, components));
            loss.datastores.contains(name) || place.is_some()
        };
        let gone = hit.datastores.keys().filter(|name| is_gone(name)).cloned().collect();
        Lost { loss, hit, gone }
    }

    /// Whether a resource is gone.
    pub fn takes(&self, address: &Address, components: &Components) -> bool {
        let component = components.get(address);
        component.map_or(self.loss.names_resource(address), |c| self.loss.takes(c))
    }
}
