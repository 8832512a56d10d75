//! What was promised: the strictest of what bears on a datastore or a service, found once for all scenarios.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::SignedDuration;

use super::{Case, Promise};
use crate::addr::Name;
use crate::recovery::Dependents;
use crate::span::Span;
use crate::system::{Declared, Objective, Scenario, Service, System};

/// One of the times that can be promised: its attribute, and how it is read.
type Attribute = (&'static str, fn(&Objective) -> Option<SignedDuration>);

const RPO: Attribute = ("rpo", |o| o.rpo);
const MAXIMUM_RPO: Attribute = ("maximum_rpo", |o| o.maximum_rpo);
const RTO: Attribute = ("rto", |o| o.rto);
const MAXIMUM_RTO: Attribute = ("maximum_rto", |o| o.maximum_rto);

/// What was promised, and what must never be exceeded.
type Both = [Option<Promise<Span>>; 2];

/// What was promised to services, whatever happens.
pub(super) struct Promises<'s> {
    system: &'s System,
    dependents: &'s Dependents<'s>,
    /// For each datastore, once somebody has asked.
    data: BTreeMap<&'s Name, OnceLock<Both>>,
    /// For each service, once somebody has asked.
    services: BTreeMap<&'s Name, OnceLock<Both>>,
}

impl<'s> Promises<'s> {
    pub(super) fn of(system: &'s System, dependents: &'s Dependents<'s>) -> Promises<'s> {
        let data = system.datastores.keys().map(|name| (name, OnceLock::new())).collect();
        let services = system.services.keys().map(|name| (name, OnceLock::new())).collect();
        Promises { system, dependents, data, services }
    }

    /// The strictest for these services and for all that depend on them.
    fn strictest<'n>(&self, of: impl IntoIterator<Item = &'n Name>, both: [Attribute; 2]) -> Both
    where
        's: 'n,
    {
        let services = self.dependents.with(of);
        let declared: Vec<&Declared<Service>> =
            services.into_iter().filter_map(|name| self.system.services.get(name)).collect();
        both.map(|(attribute, of)| {
            let own = declared.iter().filter_map(|service| {
                let length = of(service.is.objective.as_ref()?)?;
                Some(promise(length, service.written.at(&["objective", attribute])))
            });
            own.min_by_key(|p| p.most_s)
        })
    }
}

/// The strictest RPO that was promised to the services that do not work without a datastore, whatever happens.
pub fn promised_rpo(
    system: &System,
    dependents: &Dependents<'_>,
    datastore: &Name,
) -> Option<SignedDuration> {
    let [promised, _] =
        Promises::of(system, dependents).strictest(dependents.users(datastore), [RPO, MAXIMUM_RPO]);
    promised.map(|promise| SignedDuration::from_secs(promise.most_s))
}

fn promise(length: SignedDuration, at: Span) -> Promise<Span> {
    Promise { most_s: length.as_secs(), at: Some(at) }
}

impl Case<'_> {
    /// What was promised about the data of a datastore: to the services that do not work without it, and
    /// for the scenario.
    pub(super) fn rpo(&self, datastore: &Name) -> Both {
        let all = self.promises;
        let both = [RPO, MAXIMUM_RPO];
        let find = || all.strictest(all.dependents.users(datastore), both);
        let own = all.data.get(datastore).map(|known| known.get_or_init(find).clone());
        stricter(self.scenario, own.unwrap_or_default(), both)
    }

    /// What was promised about the downtime of a service: to it, to those that depend on it, and for the
    /// scenario.
    pub(super) fn rto(&self, service: &Name) -> Both {
        let all = self.promises;
        let both = [RTO, MAXIMUM_RTO];
        let find = || all.strictest([service], both);
        let own = all.services.get(service).map(|known| known.get_or_init(find).clone());
        stricter(self.scenario, own.unwrap_or_default(), both)
    }
}

/// What was promised, or for the scenario if that is less.
fn stricter(scenario: &Declared<Scenario>, own: Both, both: [Attribute; 2]) -> Both {
    let mut own = own.into_iter();
    both.map(|(attribute, of)| {
        let whole = scenario.is.objective.as_ref().and_then(of);
        let whole = whole.map(|length| promise(length, scenario.written.at(&["objective", attribute])));
        own.next().flatten().into_iter().chain(whole).min_by_key(|p| p.most_s)
    })
}
