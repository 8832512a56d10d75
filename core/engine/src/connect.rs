//! Connections to providers, by provider configuration. The caller knows how to make them; the
//! engine bounds how long that takes and keeps a failure as what it is: nothing there is observed.

use std::collections::BTreeMap;
use std::time::Duration;

use drctl_core::addr::ProviderAddress;
use drctl_core::plan::ProviderHead;
use drctl_core::provider::{AnyCloud, BoxFuture, ErrorClass, Place, ProviderError};
use drctl_core::value::Value;
use futures_util::future::join_all;
use tokio::time::Instant;

/// A connection and where it leads.
#[derive(Clone)]
pub struct Connection {
    /// The provider's port, or why there is none.
    pub cloud: Result<AnyCloud, ProviderError>,
    /// Account, caller, region, endpoint.
    pub head: ProviderHead,
    /// Since when an answer is waited for, when none has come yet: its budget runs from there.
    pub silent_since: Option<Instant>,
}

/// All connections of a command.
#[derive(Clone, Default)]
pub struct Connections {
    /// By provider configuration.
    pub clouds: BTreeMap<ProviderAddress, Connection>,
}

impl Connections {
    /// The heads of all connections, as they stand in a plan.
    pub fn places(&self) -> BTreeMap<ProviderAddress, ProviderHead> {
        self.clouds.iter().map(|(address, c)| (address.clone(), c.head.clone())).collect()
    }

    /// The port of a provider configuration.
    ///
    /// # Errors
    /// When the connection could not be made.
    pub(crate) fn cloud(&self, provider: &ProviderAddress) -> Result<&AnyCloud, ProviderError> {
        match self.clouds.get(provider) {
            Some(Connection { cloud, .. }) => cloud.as_ref().map_err(Clone::clone),
            None => Err(ProviderError {
                doing: format!("connecting to {provider}"),
                class: ErrorClass::Credentials,
                code: None,
                message: "there is no such provider configuration".to_owned(),
            }),
        }
    }
}

/// A port before anybody has asked who is calling.
pub struct Opened {
    /// The port.
    pub cloud: AnyCloud,
    /// What the configuration alone says: region and endpoint.
    pub place: Place,
    /// Whether it is the embedded simulation.
    pub simulated: bool,
}

/// Makes connections. Implemented where the providers are known, and by tests.
pub trait Connect: Send + Sync {
    /// Makes the port of a provider configuration.
    fn open<'a>(
        &'a self,
        provider: &'a ProviderAddress,
        config: &'a BTreeMap<String, Value>,
    ) -> BoxFuture<'a, Result<Opened, ProviderError>>;

    /// Asks the provider for account and caller: one call.
    fn identify<'a>(&'a self, opened: &'a Opened) -> BoxFuture<'a, Result<Place, ProviderError>>;
}

/// Makes all connections side by side. None of them can fail the others. One that does not answer
/// leaves a third of the budget to the reading that follows, so that both together stay within it.
pub async fn connect(
    by: &dyn Connect,
    configurations: &BTreeMap<ProviderAddress, BTreeMap<String, Value>>,
    budget: Duration,
) -> Connections {
    let each = configurations.iter().map(|(provider, config)| async move {
        (provider.clone(), connect_one(by, provider, config, budget).await)
    });
    Connections { clouds: join_all(each).await.into_iter().collect() }
}

async fn connect_one(
    by: &dyn Connect,
    provider: &ProviderAddress,
    config: &BTreeMap<String, Value>,
    budget: Duration,
) -> Connection {
    let start = Instant::now();
    let patience = budget * 2 / 3;
    let doing = format!("connecting to {provider}");
    let opened = match tokio::time::timeout_at(start + patience, by.open(provider, config)).await {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) => return lost(error),
        Err(_elapsed) => return lost(no_answer(doing, patience)),
    };
    let told = match tokio::time::timeout_at(start + patience, by.identify(&opened)).await {
        Ok(told) => told,
        Err(_elapsed) => Err(no_answer(format!("asking {provider} who is calling"), patience)),
    };
    let Opened { cloud, place, simulated } = opened;
    let silent_since = told.as_ref().err().is_some_and(is_silence).then_some(start);
    let head = match told {
        Ok(place) => ProviderHead { place, simulated, unobserved: None },
        Err(error) => ProviderHead { place, simulated, unobserved: Some(error.into()) },
    };
    Connection { cloud: Ok(cloud), head, silent_since }
}

fn lost(error: ProviderError) -> Connection {
    let head =
        ProviderHead { place: Place::default(), simulated: false, unobserved: Some(error.clone().into()) };
    Connection { cloud: Err(error), head, silent_since: None }
}

/// Whether an error is what a dead region gives: it does not show that anybody is there.
pub(crate) fn is_silence(error: &ProviderError) -> bool {
    matches!(error.class, ErrorClass::Timeout | ErrorClass::Unavailable)
}

/// The error of something that took longer than its budget.
pub(crate) fn no_answer(doing: String, budget: Duration) -> ProviderError {
    let message = format!("no answer within {} s", budget.as_secs());
    ProviderError { doing, class: ErrorClass::Timeout, code: None, message }
}
