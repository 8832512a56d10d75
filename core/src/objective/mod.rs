//! Objectives: the most data that can be lost and the longest time until service is back, for each
//! scenario, beside what was promised. Arithmetic over what is declared and what kinds state; every
//! number keeps where it comes from.

mod paths;
mod promise;
mod rpo;
mod rto;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use promise::Promises;
pub use promise::promised_rpo;
pub(crate) use rto::{Downtime, downtimes};
use serde::{Deserialize, Serialize};

use crate::addr::Name;
use crate::plan::{Instance, Source, World};
use crate::recovery::{self, Dependents, Inventory, Loss, Lost, Places, RecoveryPlan, Status};
use crate::span::Span;
use crate::spread::{self, Spread};
use crate::system::{Datastore, Declared, Scenario, System};

/// Everything that objectives are judged from.
pub struct Input<'a> {
    /// What is declared.
    pub system: &'a System,
    /// The resources of the configuration.
    pub instances: &'a [Instance],
    /// As they were observed.
    pub world: &'a World,
    /// The time of planning.
    pub now: Timestamp,
    /// How work that falls apart into pieces is done.
    pub spread: Spread,
}

/// The way back from a scenario.
struct Ways {
    /// As things are.
    now: RecoveryPlan,
    /// After apply; none when that changes nothing.
    then: Option<RecoveryPlan>,
}

impl Ways {
    /// The plans that `drctl recover` makes.
    fn of(
        input: &Input<'_>,
        ground: &Ground<'_>,
        (name, scenario): (&Name, &Scenario),
        lost: &Lost<'_>,
    ) -> Ways {
        let loss = lost.loss;
        let promised = scenario.objective.clone().unwrap_or_default();
        let plan = |inventory: &Inventory<'_>| {
            recovery::way_back(&recovery::Input {
                components: &inventory.after(loss),
                system: input.system,
                dependents: &ground.dependents,
                loss,
                // Locks and keys are not the same after apply.
                hit: (!loss.looks_at_safeguards()).then_some(&lost.hit),
                scenario: Some(name),
                objective: recovery::Objective { rto: promised.rto, rpo: promised.rpo },
                at: &BTreeMap::new(),
                prefer: recovery::Prefer::default(),
                home: None,
                now: input.now,
            })
        };
        Ways { now: plan(&ground.now), then: ground.then(lost).map(plan) }
    }
}

/// What all scenarios are judged from.
struct Ground<'a> {
    /// The resources as they are.
    now: Inventory<'a>,
    /// As they will be; none when apply changes nothing that recovery looks at.
    then: Option<Inventory<'a>>,
    /// The datastores that come back another way then.
    differ: BTreeSet<&'a Name>,
    /// Those that a procedure restores, hit or not.
    restored: BTreeSet<&'a Name>,
    dependents: Dependents<'a>,
}

impl<'a> Ground<'a> {
    fn of(input: &Input<'a>) -> Ground<'a> {
        let now = Inventory::new(input.instances, input.world);
        let then = now.after_apply();
        let others = then.as_ref().map(|then| now.differing(then)).unwrap_or_default();
        let held = |(_, d): &(&Name, &Declared<Datastore>)| {
            d.is.resource.as_ref().is_some_and(|held| others.contains(&held.0))
        };
        let differ = input.system.datastores.iter().filter(held).map(|(name, _)| name).collect();
        let procedures = input.system.procedures.values();
        let restored = procedures.flat_map(|p| &p.is.step.0).filter_map(|s| s.restore.as_ref());
        let restored = restored.map(|datastore| &datastore.0).collect();
        Ground { now, then, differ, restored, dependents: Dependents::of(input.system) }
    }

    /// The resources as they will be, where that matters to what this loss takes.
    fn then(&self, lost: &Lost<'_>) -> Option<&Inventory<'a>> {
        let matters = |name: &&Name| lost.hit.datastores.contains_key(*name) || self.restored.contains(*name);
        let then = self.then.as_ref()?;
        (lost.loss.looks_at_safeguards() || self.differ.iter().any(matters)).then_some(then)
    }
}

/// What is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Loss of data.
    Rpo,
    /// Downtime.
    Rto,
}

/// One objective, judged for one scenario. `P` is a place in the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement<P = Source> {
    /// `datastore.orders` or `service.shop`.
    pub subject: String,
    /// The scenario.
    pub scenario: Name,
    /// What is judged.
    pub metric: Metric,
    /// What was promised; the strictest of all that bear on it.
    pub objective: Option<Promise<P>>,
    /// What must never be exceeded; the strictest of all that bear on it.
    pub maximum: Option<Promise<P>>,
    /// The worst case as things are.
    pub before: Worst,
    /// The worst case after apply.
    pub after: Worst,
    /// The verdict on that.
    pub status: Status,
    /// How it comes to that, the mechanisms that do not help included.
    pub derivation: Vec<Term<P>>,
}

/// What was promised, and where that is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise<P = Source> {
    /// At most this, in seconds.
    pub most_s: i64,
    /// Where.
    pub at: Option<P>,
}

/// The worst case, as narrow as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worst {
    /// It is at least this, in seconds; none when it has no bound at all.
    pub low_s: Option<i64>,
    /// It is at most this, in seconds; none when nothing says so.
    pub high_s: Option<i64>,
    /// Whether there is any way back.
    pub possible: bool,
}

impl Worst {
    /// Nothing brings it back.
    pub const NO_WAY: Worst = Worst { low_s: None, high_s: None, possible: false };
    /// It has no bound.
    pub const UNBOUNDED: Worst = Worst { low_s: None, high_s: None, possible: true };
    /// Nothing at all.
    pub const NOTHING: Worst = Worst { low_s: Some(0), high_s: Some(0), possible: true };

    /// Exactly that.
    pub fn of(length: SignedDuration) -> Worst {
        Worst { low_s: Some(length.as_secs()), high_s: Some(length.as_secs()), possible: true }
    }

    /// Of a part that nobody has stated nothing is known but that it is not negative.
    pub fn stated(length: Option<SignedDuration>) -> Worst {
        length.map_or(Worst { low_s: Some(0), high_s: None, possible: true }, Worst::of)
    }

    /// One after the other.
    #[must_use]
    pub fn and_then(self, next: Worst) -> Worst {
        let add = |a: Option<i64>, b: Option<i64>| Some(a?.saturating_add(b?));
        Worst {
            low_s: add(self.low_s, next.low_s),
            high_s: add(self.high_s, next.high_s),
            possible: self.possible && next.possible,
        }
    }

    /// Whichever is better.
    #[must_use]
    pub fn or(self, other: Worst) -> Worst {
        if !self.possible || !other.possible {
            return if self.possible { self } else { other };
        }
        let least = |a: Option<i64>, b: Option<i64>| a.into_iter().chain(b).min();
        Worst {
            low_s: least(self.low_s, other.low_s),
            high_s: least(self.high_s, other.high_s),
            possible: true,
        }
    }

    /// Both at a time: whichever is worse.
    #[must_use]
    pub fn beside(self, other: Worst) -> Worst {
        let most = |a: Option<i64>, b: Option<i64>| Some(a?.max(b?));
        Worst {
            low_s: most(self.low_s, other.low_s),
            high_s: most(self.high_s, other.high_s),
            possible: self.possible && other.possible,
        }
    }

    /// The verdict on a promise.
    pub fn judge(self, objective_s: Option<i64>) -> Status {
        let Some(most) = objective_s else { return Status::NoObjective };
        match self {
            Worst { possible: false, .. } => Status::NoPlan,
            Worst { high_s: Some(high), .. } if high <= most => Status::Met,
            Worst { low_s: None, .. } => Status::Unbounded,
            Worst { low_s: Some(low), .. } if low > most => Status::Missed,
            Worst { .. } => Status::Unknown,
        }
    }
}

/// One line of a derivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term<P = Source> {
    /// What it is: "backup.nightly, largest gap of its schedule".
    pub what: String,
    /// How much it adds.
    pub adds: Worst,
    /// How that is known: declared, read live, stated by the provider.
    pub source: String,
    /// Why it does not help.
    pub struck: Option<String>,
    /// Where it is written.
    pub at: Option<P>,
}

impl Judgement<Span> {
    /// The same with lines and columns.
    pub fn placed(self, at: &impl Fn(Span) -> Option<Source>) -> Judgement {
        let Judgement { subject, scenario, metric, objective, maximum, before, after, status, derivation } =
            self;
        let place = |span: Option<Span>| span.and_then(at);
        let promise = |p: Promise<Span>| Promise { most_s: p.most_s, at: place(p.at) };
        let (objective, maximum) = (objective.map(promise), maximum.map(promise));
        let derivation = derivation
            .into_iter()
            .map(|Term { what, adds, source, struck, at }| Term { what, adds, source, struck, at: place(at) })
            .collect();
        Judgement { subject, scenario, metric, objective, maximum, before, after, status, derivation }
    }
}

/// All objectives of all scenarios, by scenario, then by subject. Datastores that a scenario does not
/// touch, and services that it does not hit, are left out.
pub fn judge(input: &Input<'_>) -> Vec<Judgement<Span>> {
    if input.system.scenarios.is_empty() {
        return Vec::new();
    }
    let ground = Ground::of(input);
    let places = Places::of(ground.now.calm());
    let promises = Promises::of(input.system, &ground.dependents);
    let one = |(name, scenario): &(&Name, &Declared<Scenario>)| {
        let loss = Loss::of(&scenario.is);
        let lost = Lost::of(&loss, input.system, &places);
        let case = Case { name, scenario, lost: &lost, ground: &ground, promises: &promises };
        let mut judged = rpo::judge(input, &case);
        let ways = Ways::of(input, &ground, (name, &scenario.is), &lost);
        judged.extend(rto::judge(input, &case, &ways));
        judged
    };
    let scenarios: Vec<(&Name, &Declared<Scenario>)> = input.system.scenarios.iter().collect();
    spread::over(input.spread, &scenarios, one).into_iter().flatten().collect()
}

/// One scenario with what is lost in it.
struct Case<'a> {
    name: &'a Name,
    scenario: &'a Declared<Scenario>,
    lost: &'a Lost<'a>,
    ground: &'a Ground<'a>,
    promises: &'a Promises<'a>,
}
