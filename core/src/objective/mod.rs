//! Objectives: the most data that can be lost and the longest time until service is back, for each
//! scenario, beside what was promised. Arithmetic over what is declared and what kinds state; every
//! number keeps where it comes from.

mod rpo;
mod rto;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::addr::Name;
use crate::plan::{Instance, Source, World};
use crate::recovery::{self, Components, Inventory, Loss, Lost, Places, RecoveryPlan, Status};
use crate::span::Span;
use crate::system::{Backup, Declared, Objective, Scenario, System};

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
}

/// The way back from a scenario.
struct Ways {
    /// As things are.
    now: RecoveryPlan,
    /// After apply.
    then: RecoveryPlan,
}

impl Ways {
    /// The plans that `drctl recover` makes.
    fn of(input: &Input<'_>, world: &Worlds<'_>, name: &Name, scenario: &Scenario) -> Ways {
        let loss = Loss::of(scenario);
        let promised = scenario.objective.clone().unwrap_or_default();
        let plan = |components: &Components| {
            recovery::way_back(&recovery::Input {
                components,
                system: input.system,
                loss: &loss,
                scenario: Some(name),
                objective: recovery::Objective { rto: promised.rto, rpo: promised.rpo },
                at: &BTreeMap::new(),
                prefer: recovery::Prefer::default(),
                now: input.now,
            })
        };
        let components = world.inventory.after(&loss);
        let now = plan(&components);
        let then = match world.changes {
            true => plan(&recovery::after_apply(&components, input.instances)),
            false => now.clone(),
        };
        Ways { now, then }
    }
}

/// The resources as they are and as they will be.
struct Worlds<'a> {
    inventory: Inventory<'a>,
    then_is: Components,
    /// Whether apply changes anything that recovery looks at.
    changes: bool,
}

impl<'a> Worlds<'a> {
    fn of(input: &Input<'a>) -> Worlds<'a> {
        let inventory = Inventory::new(input.instances, input.world);
        let then_is = recovery::after_apply(inventory.calm(), input.instances);
        let both = inventory.calm().iter().zip(then_is.iter());
        let changes = both.into_iter().any(|(a, b)| a.seen != b.seen || a.attributes != b.attributes);
        Worlds { inventory, then_is, changes }
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
    let worlds = Worlds::of(input);
    let places = Places::of(worlds.inventory.calm());
    let mut all = Vec::new();
    let dependents = Dependents::of(input.system);
    for (name, scenario) in &input.system.scenarios {
        let loss = Loss::of(&scenario.is);
        let lost = Lost::of(&loss, input.system, &places);
        all.extend(rpo::judge(input, (name, scenario), (&lost, &dependents), &worlds));
        let ways = Ways::of(input, &worlds, name, &scenario.is);
        all.extend(rto::judge(input, (name, scenario), (&lost, &dependents), &ways));
    }
    all
}

/// The strictest promise for a service: its own, that of whoever depends on it, that of the scenario.
fn promise(
    system: &System,
    scenario: &Declared<Scenario>,
    services: &[&Name],
    (attribute, of): (&str, fn(&Objective) -> Option<SignedDuration>),
) -> Option<Promise<Span>> {
    let path = ["objective", attribute];
    let own = services.iter().filter_map(|name| {
        let service = system.services.get(*name)?;
        let length = of(service.is.objective.as_ref()?)?;
        Some(Promise { most_s: length.as_secs(), at: Some(service.written.at(&path)) })
    });
    let whole = scenario.is.objective.as_ref().and_then(of);
    let whole =
        whole.map(|length| Promise { most_s: length.as_secs(), at: Some(scenario.written.at(&path)) });
    own.chain(whole).min_by_key(|p| p.most_s)
}

/// A backup with its name.
type Protects<'s> = (&'s Name, &'s Declared<Backup>);

/// Who depends on what, and what protects it.
#[derive(Default)]
pub(crate) struct Dependents<'s> {
    services: BTreeMap<&'s Name, BTreeSet<&'s Name>>,
    users: BTreeMap<&'s Name, BTreeSet<&'s Name>>,
    backups: BTreeMap<&'s Name, Vec<Protects<'s>>>,
}

impl<'s> Dependents<'s> {
    pub(crate) fn of(system: &'s System) -> Dependents<'s> {
        let mut all = Dependents::default();
        for (name, service) in &system.services {
            for needed in service.is.depends_on.iter().flatten() {
                all.services.entry(&needed.0).or_default().insert(name);
            }
            for data in service.is.data.iter().flatten() {
                all.users.entry(&data.0).or_default().insert(name);
            }
        }
        for (name, backup) in &system.backups {
            all.backups.entry(&backup.is.of.0).or_default().push((name, backup));
        }
        all
    }

    /// The services that use a datastore.
    pub(crate) fn users(&self, datastore: &Name) -> impl Iterator<Item = &'s Name> {
        self.users.get(datastore).into_iter().flatten().copied()
    }

    /// The backups of a datastore.
    fn backups(&self, datastore: &Name) -> &[Protects<'s>] {
        self.backups.get(datastore).map_or(&[], Vec::as_slice)
    }

    /// Services and everything that depends on them, directly or through others.
    pub(crate) fn with<'n>(&self, of: impl IntoIterator<Item = &'n Name>) -> Vec<&'n Name>
    where
        's: 'n,
    {
        let mut all: Vec<&Name> = of.into_iter().collect();
        let mut known: BTreeSet<&Name> = all.iter().copied().collect();
        let mut next = 0;
        while let Some(name) = all.get(next).copied() {
            next += 1;
            let more = self.services.get(name).into_iter().flatten().copied();
            all.extend(more.filter(|other| known.insert(other)));
        }
        all
    }
}
