//! The search: of each objective that is not met the cheapest way to meet it, given what was already
//! decided for the others; then every change without which all stays met is taken back.

use std::collections::BTreeMap;

use super::{Advice, Advised, Cell, Change, Cost, Edit, Input, Unmet, apply, downtime, is_open, judge, loss};
use crate::objective::{Judgement, Metric};
use crate::span::{SourceMap, Span};
use crate::system::System;

/// Changes by what they change.
type Chosen = BTreeMap<String, Change>;

/// What is known while searching.
pub(super) struct Search<'a> {
    pub(super) input: &'a Input<'a>,
    /// The system as it is written.
    pub(super) system: &'a System,
    /// Only the configuration's files.
    pub(super) sources: &'a SourceMap,
}

/// Finds what to change. None when the configuration is not valid.
pub fn advise(input: &Input<'_>) -> Option<Advice> {
    let sources = apply(input.sources, input.files, &[])?;
    let (system, before) = judge(input, &sources)?;
    let search = Search { input, system: &system, sources: &sources };
    let wanted = |one: &&Judgement<Span>| {
        is_open(one.status) && input.only.as_ref().is_none_or(|only| *only == Cell::of(*one))
    };
    let open: Vec<Judgement<Span>> = before.iter().filter(wanted).cloned().collect();
    let (mut chosen, mut met, mut unmet) = (Chosen::new(), Vec::new(), Vec::new());
    for one in &open {
        let cell = Cell::of(one);
        match search.cheapest(one, &chosen) {
            Ok(more) => {
                chosen = more;
                met.push(cell);
            }
            Err(why) => unmet.push(Unmet { cell, why }),
        }
    }
    search.without_the_needless(&mut chosen, &met);
    let mut changes: Vec<Advised> = Vec::new();
    for slot in chosen.keys() {
        let mut less = chosen.clone();
        let change = less.remove(slot).expect("the slot is one of them");
        let needed_for = met.iter().filter(|cell| !search.meets(&less, cell)).cloned().collect();
        changes.push(Advised { change, needed_for });
    }
    changes.sort_by_key(|c| (c.change.edits.iter().map(|e| e.at).min(), c.change.slot.clone()));
    let sources = search.changed(&chosen)?;
    let (_, after) = judge(input, &sources)?;
    // What was met for one objective may have met others, too, or brought them nearer.
    unmet.retain_mut(|u| {
        let of = |all: &'_ [Judgement<Span>]| all.iter().find(|one| Cell::of(one) == u.cell).cloned();
        let (Some(was), Some(is)) = (of(&before), of(&after)) else { return false };
        if was.after != is.after && was.metric == Metric::Rto {
            u.why = downtime::why(&is);
        }
        is_open(is.status)
    });
    let met = open.iter().map(Cell::of).filter(|cell| unmet.iter().all(|u| u.cell != *cell)).collect();
    Some(Advice { changes, before, after, met, unmet, sources })
}

impl Search<'_> {
    fn changed(&self, chosen: &Chosen) -> Option<SourceMap> {
        let edits: Vec<&Edit> = distinct(chosen.values().flat_map(|c| &c.edits));
        apply(self.sources, self.input.files, &edits)
    }

    fn judged(&self, chosen: &Chosen) -> Option<Vec<Judgement<Span>>> {
        Some(judge(self.input, &self.changed(chosen)?)?.1)
    }

    /// Whether it is met with these changes made.
    fn meets(&self, chosen: &Chosen, cell: &Cell) -> bool {
        let judged = self.judged(chosen);
        judged.is_some_and(|all| all.iter().any(|one| Cell::of(one) == *cell && !is_open(one.status)))
    }

    /// What is decided and the cheapest changes that meet one more, or why none do.
    fn cheapest(&self, one: &Judgement<Span>, chosen: &Chosen) -> Result<Chosen, String> {
        let cell = Cell::of(one);
        if self.meets(chosen, &cell) {
            return Ok(chosen.clone());
        }
        let (recipes, why) = match one.metric {
            Metric::Rpo => loss::recipes(self, one),
            Metric::Rto => downtime::recipes(self, one),
        };
        let mut found: Vec<(u32, usize, Chosen)> = Vec::new();
        for (order, recipe) in recipes.into_iter().enumerate() {
            let mut with = chosen.clone();
            for change in recipe {
                add(&mut with, change);
            }
            if found.iter().any(|(cost, ..)| *cost <= more(&with, chosen) / 4) || !self.meets(&with, &cell) {
                continue;
            }
            let fresh: Vec<String> =
                with.keys().filter(|slot| !chosen.contains_key(*slot)).cloned().collect();
            for slot in fresh {
                let mut less = with.clone();
                less.remove(&slot);
                if self.meets(&less, &cell) {
                    with = less;
                }
            }
            found.push((more(&with, chosen), order, with));
        }
        found.sort_by_key(|(cost, order, _)| (*cost, *order));
        found.into_iter().next().map(|(_, _, with)| with).ok_or(why)
    }

    /// Takes back every change without which all stays met, the dearest first.
    fn without_the_needless(&self, chosen: &mut Chosen, met: &[Cell]) {
        let mut order: Vec<(Cost, String)> = chosen.iter().map(|(s, c)| (c.cost, s.clone())).collect();
        order.sort_by(|a, b| b.cmp(a));
        for (_, slot) in order {
            let mut less = chosen.clone();
            less.remove(&slot);
            let Some(judged) = self.judged(&less) else { continue };
            let kept = |cell: &Cell| judged.iter().any(|one| Cell::of(one) == *cell && !is_open(one.status));
            if met.iter().all(kept) {
                *chosen = less;
            }
        }
    }
}

/// Puts a change in; of two of one kind the stricter one stays.
fn add(chosen: &mut Chosen, change: Change) {
    match chosen.get(&change.slot) {
        Some(there) if there.strictness >= change.strictness => {}
        Some(_) | None => drop(chosen.insert(change.slot.clone(), change)),
    }
}

/// What the changes cost beyond those that were decided.
fn more(with: &Chosen, chosen: &Chosen) -> u32 {
    with.values().filter(|c| chosen.get(&c.slot) != Some(c)).map(|c| c.cost.weight()).sum()
}

/// Edits that align the same lines for two changes are made once, to the widest.
fn distinct<'e>(edits: impl Iterator<Item = &'e Edit>) -> Vec<&'e Edit> {
    let mut found: Vec<&Edit> = Vec::new();
    for edit in edits {
        // A place that two changes need is made once.
        if found.contains(&edit) {
            continue;
        }
        let blank = |e: &Edit| e.text.trim_matches(' ').is_empty();
        match found.iter_mut().find(|other| other.at == edit.at && blank(other) && blank(edit)) {
            Some(other) if other.text.len() < edit.text.len() => *other = edit,
            Some(_) => {}
            None => found.push(edit),
        }
    }
    found
}
