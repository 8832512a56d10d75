//! The buckets that backups are kept in, each reached through the provider configuration of its resource.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use drctl_aws::depot::depot;
use drctl_aws::port::Cloud;
use drctl_core::addr::{Address, Name, ProviderAddress};
use drctl_core::depot::Depot;
use drctl_core::plan::{self, Instance, World};
use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::recovery::InBucket;
use drctl_core::system::{Backup, Destination};
use drctl_engine::connect::{Connections, connect};
use drctl_engine::observe::Limits;

use crate::connect::Connector;
use crate::failure::Failure;
use crate::planning::{self, Loaded};
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::session;
use crate::ui::Ui;

const OPENING: &str = "opening the bucket of a backup";

/// A bucket, or why nobody reaches it.
type Opened = Result<Arc<dyn Depot>, ProviderError>;

/// The buckets that dumps go into.
#[derive(Default)]
pub(crate) struct Depots {
    found: BTreeMap<Address, Opened>,
    /// Whether any of them is simulated.
    pub(crate) simulated: bool,
}

impl Depots {
    /// Those of these backups. Connects only where there are any.
    pub(crate) fn open(
        loaded: &Loaded,
        backups: &[(&Name, &Backup)],
        project: &Project,
        ui: &Ui,
    ) -> Result<Depots, Failure> {
        if wanted(backups).is_empty() {
            return Ok(Depots::default());
        }
        let world = World::default();
        let expanded = plan::expanded(&loaded.config, &loaded.variables, &world, &REGISTRY, None);
        let instances = expanded.instances;
        let used: BTreeSet<&ProviderAddress> = wanted(backups)
            .into_iter()
            .filter_map(|address| Some(&of(&instances, address)?.provider))
            .collect();
        let mut configurations = planning::provider_blocks(loaded)?;
        configurations.retain(|provider, _| used.contains(provider));
        let limits = Limits::default();
        let connector = Connector::new(project, &configurations, limits.parallelism, ui)?;
        let connecting = connect(&connector, &configurations, limits.silence);
        let connections = session::runtime()?.block_on(connecting);
        planning::check_accounts(&configurations, &connections.places())?;
        Ok(Depots::through(&connections, &instances, backups))
    }

    /// Those of these backups, through connections that there are.
    pub(crate) fn through(
        connections: &Connections,
        instances: &[Instance],
        backups: &[(&Name, &Backup)],
    ) -> Depots {
        let mut depots = Depots::default();
        for address in wanted(backups) {
            let opened = match of(instances, address) {
                None => Err(failed(format!("there is no {address}"))),
                Some(Instance { id: None, .. }) => {
                    Err(failed(format!("the name of {address} is not known before it is applied")))
                }
                Some(Instance { id: Some(id), provider, .. }) => {
                    let head = connections.clouds.get(provider).map(|connection| &connection.head);
                    depots.simulated |= head.is_some_and(|head| head.simulated);
                    opened(connections, provider, &id.0)
                }
            };
            depots.found.insert(address.clone(), opened);
        }
        depots
    }

    /// The bucket of a place.
    pub(crate) fn at(&self, to: &Destination) -> Opened {
        let found = to.bucket.as_ref().and_then(|bucket| self.found.get(&bucket.0));
        found.cloned().unwrap_or_else(|| Err(failed(format!("`to \"{}\"` has no bucket", to.name))))
    }
}

/// The bucket that a plan names.
pub(crate) fn planned(connections: Option<&Connections>, from: &InBucket) -> Opened {
    match connections {
        Some(connections) => opened(connections, &from.provider, &from.bucket),
        None => Err(failed(format!("there is no connection to {}", from.provider))),
    }
}

fn opened(connections: &Connections, provider: &ProviderAddress, bucket: &str) -> Opened {
    let Some(connection) = connections.clouds.get(provider) else {
        return Err(failed(format!("there is no connection to {provider}")));
    };
    let cloud = connection.cloud.as_ref().map_err(Clone::clone)?;
    match cloud.downcast_ref::<Cloud>() {
        Some(cloud) => Ok(depot(cloud.clone(), bucket)),
        None => Err(failed(format!("{provider} has no buckets"))),
    }
}

fn wanted<'b>(backups: &[(&Name, &'b Backup)]) -> BTreeSet<&'b Address> {
    backups.iter().filter_map(|(_, backup)| Some(&backup.dumped_to()?.bucket.as_ref()?.0)).collect()
}

fn of<'i>(instances: &'i [Instance], address: &Address) -> Option<&'i Instance> {
    instances.iter().find(|instance| instance.address == *address)
}

fn failed(message: String) -> ProviderError {
    ProviderError { doing: OPENING.to_owned(), class: ErrorClass::Rejected, code: None, message }
}
