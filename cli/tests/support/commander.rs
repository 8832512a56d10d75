//! What `drctl apply` does, from its parts: with another port before the simulated cloud and with hooks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use drctl_aws::port::Cloud;
use drctl_aws::provider_config::ProviderConfig;
use drctl_core::addr::ProviderAddress;
use drctl_core::config::{self, Config};
use drctl_core::plan::{self, Acceptance, Input, Plan, Selection, World, sha256_hex};
use drctl_core::provider::{BoxFuture, Place, ProviderError, Registry};
use drctl_core::schema::Attributes;
use drctl_core::span::SourceMap;
use drctl_core::value::Value;
use drctl_engine::clock::FixedClock;
use drctl_engine::connect::{Connect, Connections, Opened, connect};
use drctl_engine::execute::{Applied, Apply, execute};
use drctl_engine::hooks::Hooks;
use drctl_engine::lock::Holder;
use drctl_engine::observe::{Limits, Observer, observe};
use drctl_engine::reporter::Silent;
use drctl_engine::session::{Paths, Session};
use drctl_sim::Sim;

use crate::watched::{Watched, Watcher};

static REGISTRY: Registry = Registry { providers: std::slice::from_ref(&drctl_aws::ENTRY) };

/// Somebody who plans and applies.
pub(crate) struct Commander {
    pub(crate) paths: Paths,
    pub(crate) sim: Sim,
    pub(crate) watcher: Arc<dyn Watcher>,
}

/// A configuration, read and observed.
pub(crate) struct Observed {
    sources: SourceMap,
    config: Config,
    connections: Connections,
    world: World,
}

impl Connect for Commander {
    fn open<'a>(
        &'a self,
        _provider: &'a ProviderAddress,
        config: &'a BTreeMap<String, Value>,
    ) -> BoxFuture<'a, Result<Opened, ProviderError>> {
        Box::pin(async move {
            let config = ProviderConfig::from_values(config.clone()).unwrap();
            let region = config.region.unwrap();
            let inner = self.sim.connect(&self.sim.default_account().unwrap(), region.as_str());
            let place = inner.place();
            let cloud: Cloud = Arc::new(Watched { inner, watcher: Arc::clone(&self.watcher) });
            Ok(Opened { cloud: Arc::new(cloud), place, simulated: true })
        })
    }

    fn identify<'a>(&'a self, opened: &'a Opened) -> BoxFuture<'a, Result<Place, ProviderError>> {
        Box::pin(async move { opened.cloud.downcast_ref::<Cloud>().unwrap().get_caller_identity().await })
    }
}

impl Commander {
    /// With its files where the binary has them, below the data folder.
    pub(crate) fn new(data: &Path, sim: Sim, watcher: Arc<dyn Watcher>) -> Commander {
        let paths = Paths { state: data.join("state.json"), data: data.to_owned() };
        Commander { paths, sim, watcher }
    }

    fn clock(&self) -> FixedClock {
        FixedClock(self.sim.read(|w| w.now).unwrap())
    }

    /// Takes the lock.
    pub(crate) async fn session(&self) -> Session {
        let holder = Holder::this_process("ann", "apply", &self.clock());
        Session::open(self.paths.clone(), &holder, Duration::ZERO, &self.clock()).await.unwrap()
    }

    /// Reads and observes; or why the text cannot be read.
    pub(crate) async fn observe(&self, text: &str, session: &Session) -> Result<Observed, String> {
        let mut sources = SourceMap::default();
        sources.add("main.dr.hcl", text.to_owned());
        let (config, found) = config::load(&sources, &REGISTRY);
        if found.has_errors() {
            return Err(format!("{found:?}"));
        }
        let variables = BTreeMap::new();
        let (blocks, found) = plan::providers(&config, &variables, &REGISTRY);
        assert!(!found.has_errors(), "{found:?}");
        let limits = Limits::default();
        let connections = connect(self, &blocks, limits.silence).await;
        let observer = Observer { registry: REGISTRY, connections: &connections, limits, reporter: &Silent };
        let world = observe(&observer, |world| {
            let found = plan::expanded(&config, &variables, world, &REGISTRY, session.state.as_ref());
            plan::requests(&found.instances, world)
        })
        .await;
        Ok(Observed { sources, config, connections, world })
    }

    /// The plan, with all that it asks to be accepted; or why there is none.
    pub(crate) fn plan(&self, seen: &Observed, session: &Session) -> Result<Plan, String> {
        let make = |accepted: &[Acceptance]| {
            plan::plan(&Input {
                config: &seen.config,
                sources: &seen.sources,
                registry: &REGISTRY,
                variables: &BTreeMap::new(),
                world: &seen.world,
                state: session.state.as_ref(),
                now: self.clock().0,
                spread: drctl_core::spread::in_turn,
                selection: &Selection::default(),
                accepted,
                rules_off: &BTreeSet::new(),
                drctl_version: "0",
                config_sha256: &sha256_hex(b"config"),
            })
        };
        let (plan, found) = make(&[]);
        if found.has_errors() {
            return Err(format!("{found:?}"));
        }
        let missing = plan.missing_acceptances();
        let (plan, again) = (make(&missing).0, make(&missing).0);
        let bytes = |plan: &Plan| serde_json::to_string(plan).unwrap();
        assert_eq!(bytes(&plan), bytes(&again), "the same input gives the same bytes");
        assert!(plan.missing_acceptances().is_empty());
        Ok(plan)
    }

    /// Carries the plan out.
    pub(crate) async fn apply(
        &self,
        (plan, seen): (&Plan, &Observed),
        run: &str,
        hooks: &dyn Hooks,
        session: &mut Session,
    ) -> Applied {
        let (_stop, interrupt) = tokio::sync::watch::channel(false);
        let apply = Apply {
            plan,
            config_sha256: &plan.config_sha256,
            run,
            registry: REGISTRY,
            connections: &seen.connections,
            variables: &BTreeMap::new(),
            parallelism: 4,
            interrupt,
            clock: &self.clock(),
            reporter: &Silent,
            hooks,
        };
        execute(&apply, session).await.unwrap()
    }
}
