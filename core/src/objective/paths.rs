//! The longest paths through a recovery plan, found once for all services.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::addr::Name;
use crate::recovery::{Blocked, Infeasible, RecoveryPlan, Step};

/// A recovery plan with what ends when in it, what has no estimate counting as nothing.
pub(super) struct Paths<'p> {
    pub(super) plan: &'p RecoveryPlan,
    /// For each step, by its place.
    steps: Vec<Path>,
    procedures: BTreeMap<&'p Name, Ending>,
    data: BTreeMap<&'p Name, Ending>,
    infeasible: BTreeMap<&'p Name, Vec<usize>>,
    services: BTreeMap<&'p Name, Vec<usize>>,
}

/// When a step ends, and which one; of two that end together the first.
type End = (i64, Reverse<u32>);

/// A step with all that come before it.
struct Path {
    /// When it ends.
    end: i64,
    /// The last to end, of it and of all before it.
    last: End,
    /// Whether one of them has no estimate or cannot be done.
    open: bool,
}

/// Some of the steps with all that come before them.
#[derive(Default)]
pub(super) struct Ending {
    steps: Vec<u32>,
    last: Option<End>,
    open: bool,
}

impl Ending {
    fn add(&mut self, step: &Step, path: &Path) {
        self.steps.push(step.id);
        self.last = self.last.max(Some(path.last));
        self.open |= path.open;
    }
}

impl<'p> Paths<'p> {
    pub(super) fn of(plan: &'p RecoveryPlan) -> Paths<'p> {
        let mut paths = Paths {
            plan,
            steps: Vec::with_capacity(plan.steps.len()),
            procedures: BTreeMap::new(),
            data: BTreeMap::new(),
            infeasible: BTreeMap::new(),
            services: BTreeMap::new(),
        };
        let blocked: BTreeSet<u32> = plan.blocked.iter().filter_map(|one| one.step).collect();
        for step in &plan.steps {
            let path = paths.path(step, blocked.contains(&step.id));
            // What is done once it works, such as protecting again, is not waited for.
            if step.downtime {
                if let Some(written) = &step.written {
                    paths.procedures.entry(&written.procedure).or_default().add(step, &path);
                }
                if let Some(datastore) = &step.datastore {
                    paths.data.entry(datastore).or_default().add(step, &path);
                }
            }
            paths.steps.push(path);
        }
        for (place, one) in plan.infeasible.iter().enumerate() {
            paths.infeasible.entry(&one.datastore).or_default().push(place);
        }
        for (place, one) in plan.blocked.iter().enumerate() {
            if let Some(service) = &one.service {
                paths.services.entry(service).or_default().push(place);
            }
        }
        paths
    }

    fn path(&self, step: &Step, is_blocked: bool) -> Path {
        let needs = || step.needs.iter().filter_map(|need| self.steps.get(self.place(*need)?));
        let end = needs().map(|path| path.end).max().unwrap_or(0) + step.p95_s.unwrap_or(0);
        let own = (end, Reverse(step.id));
        Path {
            end,
            last: needs().map(|path| path.last).max().map_or(own, |last| last.max(own)),
            open: is_blocked || step.p95_s.is_none() || needs().any(|path| path.open),
        }
    }

    /// Where a step stands; its number leads there.
    fn place(&self, id: u32) -> Option<usize> {
        self.plan.steps.binary_search_by_key(&id, |step| step.id).ok()
    }

    /// The steps of these procedures and for these data; none when there are none.
    pub(super) fn ending<'n>(
        &self,
        procedures: impl IntoIterator<Item = &'n Name>,
        data: impl IntoIterator<Item = &'n Name>,
    ) -> Option<Ending> {
        let followed = procedures.into_iter().filter_map(|name| self.procedures.get(name));
        let mut all = Ending::default();
        for one in followed.chain(data.into_iter().filter_map(|name| self.data.get(name))) {
            all.steps.extend(&one.steps);
            all.last = all.last.max(one.last);
            all.open |= one.open;
        }
        all.last.is_some().then_some(all)
    }

    /// The steps of the longest path, the last in front, and how long it takes.
    pub(super) fn longest(&self, ending: &Ending) -> (Vec<&'p Step>, i64) {
        let mut path = Vec::new();
        let mut next = ending.last.map(|(_, Reverse(id))| id);
        while let Some(step) = next.and_then(|id| self.plan.steps.get(self.place(id)?)) {
            path.push(step);
            let needs = step.needs.iter();
            let ends = needs.filter_map(|id| Some((self.steps.get(self.place(*id)?)?.end, Reverse(*id))));
            next = ends.max().map(|(_, Reverse(id))| id);
        }
        (path, ending.last.map_or(0, |(end, _)| end))
    }

    /// When the last of them is usually done; none when one has no estimate.
    pub(super) fn usual(&self, ending: &Ending) -> Option<i64> {
        let done = |id: &u32| self.plan.steps[self.place(*id)?].done_p50_s;
        let all: Option<Vec<i64>> = ending.steps.iter().map(done).collect();
        all?.into_iter().max()
    }

    /// The steps and all that come before them; only those where one has no estimate or cannot be done.
    pub(super) fn open(&self, ending: &Ending) -> Vec<&'p Step> {
        if !ending.open {
            return Vec::new();
        }
        let (mut seen, mut next) = (BTreeSet::new(), ending.steps.clone());
        while let Some(place) = next.pop().and_then(|id| self.place(id)) {
            if self.steps[place].open && seen.insert(place) {
                next.extend(&self.plan.steps[place].needs);
            }
        }
        seen.into_iter().map(|place| &self.plan.steps[place]).collect()
    }

    /// The data of these that do not come back, in the order of the plan.
    pub(super) fn infeasible<'n>(&self, data: impl IntoIterator<Item = &'n Name>) -> Vec<&'p Infeasible> {
        let mut places: Vec<usize> =
            data.into_iter().filter_map(|name| self.infeasible.get(name)).flatten().copied().collect();
        places.sort_unstable();
        places.into_iter().map(|place| &self.plan.infeasible[place]).collect()
    }

    /// What keeps these services themselves from coming back, in the order of the plan.
    pub(super) fn stranded<'n>(&self, services: impl IntoIterator<Item = &'n Name>) -> Vec<&'p Blocked> {
        let mut places: Vec<usize> =
            services.into_iter().filter_map(|name| self.services.get(name)).flatten().copied().collect();
        places.sort_unstable();
        places.into_iter().map(|place| &self.plan.blocked[place]).collect()
    }
}
