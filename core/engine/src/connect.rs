//! Connections to providers, by provider configuration. The caller knows how to make them; the
//! engine bounds how long that takes and keeps a failure as what it is: nothing there is observed.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use drctl_core::addr::ProviderAddress;
use drctl_core::plan::ProviderHead;
use drctl_core::provider::{AnyCloud, BoxFuture, ErrorClass, Place, ProviderError};
use drctl_core::value::Value;
use futures_util::future::{Either, join_all, select};
use tokio::sync::oneshot;
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
#[derive(Clone)]
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

    /// The same port as it will be if [`Connect::identify`] tells this account; none where waiting for
    /// that costs nothing.
    fn presuming(&self, _opened: &Opened, _account: &str) -> Option<Opened> {
        None
    }
}

/// Makes all connections side by side. None of them can fail the others. One that does not answer
/// leaves a third of the budget to the reading that follows, so that both together stay within it.
pub async fn connect(
    by: &dyn Connect,
    configurations: &BTreeMap<ProviderAddress, BTreeMap<String, Value>>,
    budget: Duration,
) -> Connections {
    connect_ahead(by, configurations, budget, (BTreeMap::new, async |_| ())).await.0
}

/// As [`connect`]. While it is asked who is calling, the accounts are presumed; when that gives one for all
/// of them, reading begins. Comes with what was read if every provider then told the presumed account, and
/// without it otherwise.
pub async fn connect_ahead<T>(
    by: &dyn Connect,
    configurations: &BTreeMap<ProviderAddress, BTreeMap<String, Value>>,
    budget: Duration,
    (presume, read): (impl FnOnce() -> BTreeMap<ProviderAddress, String>, impl AsyncFnOnce(Connections) -> T),
) -> (Connections, Option<T>) {
    let (mut each, mut opened) = (Vec::new(), Vec::new());
    for (provider, config) in configurations {
        let (sender, receiver) = oneshot::channel();
        each.push(
            async move { (provider.clone(), connect_one(by, (provider, config), sender, budget).await) },
        );
        opened.push((provider.clone(), receiver));
    }
    let told = async { Connections { clouds: join_all(each).await.into_iter().collect() } };
    let accounts = OnceLock::new();
    let ahead = async {
        let accounts = accounts.get_or_init(presume);
        let mut clouds = BTreeMap::new();
        for (provider, opened) in opened {
            let Opened { cloud, place, simulated } =
                by.presuming(&opened.await.ok()?, accounts.get(&provider)?)?;
            let head = ProviderHead { place, simulated, unobserved: None };
            clouds.insert(provider, Connection { cloud: Ok(cloud), head, silent_since: None });
        }
        Some(read(Connections { clouds }).await)
    };
    let as_presumed = |told: &Connections| {
        let presumed = |provider| accounts.get().and_then(|a: &BTreeMap<_, _>| a.get(provider));
        told.clouds.iter().all(|(provider, c)| c.head.place.account.as_ref() == presumed(provider))
    };
    match select(std::pin::pin!(told), std::pin::pin!(ahead)).await {
        Either::Left((told, ahead)) => {
            let found = if as_presumed(&told) { ahead.await } else { None };
            (told, found)
        }
        Either::Right((found, told)) => {
            let told = told.await;
            let found = found.filter(|_| as_presumed(&told));
            (told, found)
        }
    }
}

/// Makes one connection, and hands it on before it is known who is calling.
async fn connect_one(
    by: &dyn Connect,
    (provider, config): (&ProviderAddress, &BTreeMap<String, Value>),
    ready: oneshot::Sender<Opened>,
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
    // Nobody waits for it any more when another one cannot be presumed.
    let _unwanted = ready.send(opened.clone());
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
