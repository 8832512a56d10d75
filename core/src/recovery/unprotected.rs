//! From when until when what came back is without protection.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Step, Unprotected};
use super::steps::Back;
use crate::addr::Name;
use crate::provider::Phase;

/// The window of each datastore that comes back somewhere else by derived steps.
pub(crate) fn windows(backs: &[Back<'_>], steps: &[Step]) -> Vec<Unprotected> {
    let mut own: BTreeMap<&Name, Vec<&Step>> = BTreeMap::new();
    for step in steps.iter().filter(|s| s.written.is_none()) {
        if let Some(datastore) = &step.datastore {
            own.entry(datastore).or_default().push(step);
        }
    }
    let of = |back: &Back<'_>| {
        let steps = own.get(back.datastore).map_or(&[][..], Vec::as_slice);
        // What comes back where it stood is protected as it was.
        let moves = steps.iter().any(|s| s.phase == Some(Phase::Redirect));
        moves.then(|| window(back, steps))
    };
    backs.iter().filter_map(of).collect()
}

/// `steps` are those of the datastore.
fn window(back: &Back<'_>, steps: &[&Step]) -> Unprotected {
    let protects = || steps.iter().copied().filter(|s| s.phase == Some(Phase::Protect));
    let until: BTreeSet<u32> = protects().map(|s| s.id).collect();
    let lasts = |done: fn(&Step) -> Option<i64>| {
        let since = steps.iter().copied().filter(|s| back.since.contains(&s.id));
        let begins = since.map(done).max().flatten().unwrap_or(0);
        let ends: Option<Vec<i64>> = protects().map(done).collect();
        Some(ends?.into_iter().max()? - begins)
    };
    Unprotected {
        datastore: back.datastore.clone(),
        region: back.region.to_owned(),
        p50_s: lasts(|s| s.done_p50_s),
        p95_s: lasts(|s| s.done_p95_s),
        since: back.since.clone(),
        until,
    }
}
