//! What comes before and after a step, found by walking from it: to keep the whole answer for every step
//! would take the square of their number.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Step;
use crate::addr::Name;

/// The steps of a plan with what leads from one to the other.
pub(crate) struct Reach<'p> {
    steps: &'p [Step],
    /// By number, where each stands.
    places: Vec<(u32, usize)>,
    /// For each, what it needs.
    needs: Vec<Vec<usize>>,
    /// For each, what needs it.
    unblocks: Vec<Vec<usize>>,
    /// For each, the last walk that came by.
    walked: Vec<usize>,
    walks: usize,
}

impl<'p> Reach<'p> {
    pub(crate) fn of(steps: &'p [Step]) -> Reach<'p> {
        let mut places: Vec<(u32, usize)> = steps.iter().zip(0..).map(|(s, place)| (s.id, place)).collect();
        places.sort_unstable();
        let (needs, unblocks) = (Vec::with_capacity(steps.len()), vec![Vec::new(); steps.len()]);
        let walked = vec![0; steps.len()];
        let mut reach = Reach { steps, places, needs, unblocks, walked, walks: 0 };
        for (place, step) in steps.iter().enumerate() {
            let needs: Vec<usize> = step.needs.iter().filter_map(|need| reach.place(*need)).collect();
            needs.iter().for_each(|need| reach.unblocks[*need].push(place));
            reach.needs.push(needs);
        }
        reach
    }

    /// Where the step of that number stands.
    pub(crate) fn place(&self, id: u32) -> Option<usize> {
        let found = self.places.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.places[found].1)
    }

    /// The step of that number.
    pub(crate) fn step(&self, id: u32) -> Option<&'p Step> {
        Some(&self.steps[self.place(id)?])
    }

    /// All that are done before the one that stands there, in their order.
    pub(crate) fn before(&mut self, place: usize) -> Vec<&'p Step> {
        self.walks += 1;
        let (mut found, mut open) = (Vec::new(), vec![place]);
        while let Some(at) = open.pop() {
            for need in &self.needs[at] {
                if std::mem::replace(&mut self.walked[*need], self.walks) == self.walks {
                    continue;
                }
                found.push(*need);
                // What needs a later one is wrong, and leads no further.
                if *need < at {
                    open.push(*need);
                }
            }
        }
        found.sort_unstable();
        found.into_iter().map(|place| &self.steps[place]).collect()
    }

    /// All for which the one that stands there is done before, the first in front.
    pub(crate) fn after(&self, place: usize) -> impl Iterator<Item = &'p Step> {
        let mut open: BTreeSet<usize> = self.unblocks[place].iter().copied().collect();
        std::iter::from_fn(move || {
            let next = open.pop_first()?;
            open.extend(self.unblocks[next].iter().filter(|later| **later > next));
            Some(&self.steps[next])
        })
    }

    /// The last ones that steps of that nature alone lead to from the one of that number: itself when none
    /// follows.
    pub(crate) fn last(&self, id: u32, is: impl Fn(&Step) -> bool) -> BTreeSet<u32> {
        let mut open: BTreeSet<usize> = self.place(id).into_iter().collect();
        let mut last = BTreeSet::new();
        while let Some(at) = open.pop_first() {
            let later = self.unblocks[at].iter().copied();
            let later: Vec<usize> = later.filter(|next| *next > at && is(&self.steps[*next])).collect();
            if later.is_empty() {
                last.insert(self.steps[at].id);
            }
            open.extend(later);
        }
        last
    }
}

/// The steps of each datastore, and those of none, in their order.
pub(crate) type ByDatastore<'p> = BTreeMap<Option<&'p Name>, Vec<&'p Step>>;

/// The steps of each datastore.
pub(crate) fn by_datastore(steps: &[Step]) -> ByDatastore<'_> {
    let mut of = ByDatastore::new();
    for step in steps {
        of.entry(step.datastore.as_ref()).or_default().push(step);
    }
    of
}
