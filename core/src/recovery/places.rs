//! Where resources are, as far as that is known: all that telling what goes with a loss looks at.
//! Recovery and objectives take it from the observed world, findings from what is written.

use std::collections::BTreeMap;

use super::candidate::subject;
use super::inventory::Components;
use crate::addr::{Address, Name};
use crate::config::Config;
use crate::plan;
use crate::provider::{Registry, Safeguards};
use crate::value::Value;

/// Where the resources of a configuration are.
pub struct Places<'a>(Known<'a>);

enum Known<'a> {
    Seen(&'a Components),
    Written(BTreeMap<Address, Stand>),
}

/// What a `provider` block says of all resources that it is of.
struct Stand {
    region: Option<String>,
    account: Option<String>,
}

/// That of the block of a resource, which most resources are the whole of.
fn stand<'s>(all: &'s BTreeMap<Address, Stand>, of: &Address) -> Option<&'s Stand> {
    match of.key {
        None => all.get(of),
        Some(_) => all.get(&of.block()),
    }
}

impl<'a> Places<'a> {
    /// As the components are.
    pub fn of(components: &'a Components) -> Places<'a> {
        Places(Known::Seen(components))
    }

    /// As their `provider` blocks say, for all instances of a block. What they are encrypted with and how
    /// they are locked is not looked at.
    pub fn written(config: &Config, variables: &BTreeMap<Name, Value>, registry: &Registry) -> Places<'a> {
        let (providers, _) = plan::providers(config, variables, registry);
        let stand = |resource: &crate::config::Resource| {
            let provider = providers.get(&resource.provider)?;
            let region = provider.get("region").and_then(Value::as_str).map(str::to_owned);
            let account = match provider.get("allowed_account_ids") {
                Some(Value::List(all)) if all.len() == 1 => all[0].as_str().map(str::to_owned),
                _ => None,
            };
            Some((resource.address(), Stand { region, account }))
        };
        Places(Known::Written(config.resources.iter().filter_map(stand).collect()))
    }

    /// The region of a resource; none when it is not known.
    pub fn region(&self, address: &Address) -> Option<&str> {
        match &self.0 {
            Known::Seen(components) => components.get(address)?.place.region.as_deref(),
            Known::Written(all) => stand(all, address)?.region.as_deref(),
        }
    }

    /// The account of a resource; none when it is not known.
    pub fn account(&self, address: &Address) -> Option<&str> {
        match &self.0 {
            Known::Seen(components) => components.get(address)?.place.account.as_deref(),
            Known::Written(all) => stand(all, address)?.account.as_deref(),
        }
    }

    /// What keeps what a resource holds there and readable, as far as that is known.
    pub fn safeguards(&self, address: &Address) -> Safeguards {
        match &self.0 {
            Known::Seen(components) => {
                let found = components.get(address);
                found.map(|c| c.kind.safeguards(&subject(c))).unwrap_or_default()
            }
            Known::Written(_) => Safeguards::default(),
        }
    }

    /// Whether any resource that was seen is encrypted with that key.
    pub fn any_with(&self, key: &str) -> bool {
        let loss = super::Loss { keys: [key.to_owned()].into(), ..super::Loss::default() };
        match &self.0 {
            Known::Seen(components) => components.iter().any(|component| {
                let safeguards = component.kind.safeguards(&subject(component));
                safeguards.keys.iter().any(|key| loss.takes_key(key))
            }),
            Known::Written(_) => false,
        }
    }
}
