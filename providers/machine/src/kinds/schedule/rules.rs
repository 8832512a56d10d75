//! What a change of a schedule means.

use std::collections::BTreeMap;

use drctl_core::plan::Action;
use drctl_core::rule::{Change, Effect, Note, World};
use drctl_core::schedule::Gap;
use jiff::{SignedDuration, Timestamp};

use super::{Owner, Run};
use crate::kinds::sides::sides;

/// How far ahead gaps are looked for.
const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);

type Runs = BTreeMap<String, Run>;

/// What is started less often, or not at all.
pub(super) fn started<P: Owner>(change: &Change<'_>, world: &World<'_>) -> Vec<Note> {
    let note =
        |effect, attribute: &'static str, reason: String| Note::new(P::FACT, effect, attribute, reason);
    let mut notes = Vec::new();
    if let Some((Some(before), Some(after))) = sides::<bool>(change, "active") {
        notes.push(match (before, after) {
            (true, false) => note(Effect::Weakens, "active", "nothing starts the backup any more".to_owned()),
            _ => note(Effect::Strengthens, "active", "until now nothing started the backup".to_owned()),
        });
    }
    let Some((before, after)) = sides::<Runs>(change, "run") else { return notes };
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    if change.action == Action::Create {
        notes.push(note(
            Effect::Strengthens,
            "run",
            "the backup is made without anybody thinking of it".to_owned(),
        ));
        return notes;
    }
    for (label, was) in &before {
        match after.get(label) {
            None => notes.push(note(Effect::Weakens, "run", format!("`{label}` is not started any more"))),
            Some(is) => notes.extend(
                rarer(was, is, world.now)
                    .map(|(effect, how)| note(effect, "run", format!("`{label}` {how}"))),
            ),
        }
    }
    for label in after.keys().filter(|label| !before.contains_key(*label)) {
        notes.push(note(Effect::Strengthens, "run", format!("`{label}` is started, too")));
    }
    notes
}

/// How two schedules compare.
fn rarer(was: &Run, is: &Run, now: Timestamp) -> Option<(Effect, String)> {
    let until = now.checked_add(YEAR).ok()?;
    let gap = |run: &Run| run.when.schedule()?.largest_gap(now, until).map(|Gap { length, .. }| length);
    let text = drctl_core::duration::text;
    match (gap(was), gap(is)) {
        (Some(was), Some(is)) if is > was => Some((
            Effect::Weakens,
            format!("leaves up to {} between two backups instead of {}", text(is), text(was)),
        )),
        (Some(was), Some(is)) if is < was => {
            Some((Effect::Strengthens, format!("leaves at most {} between two backups", text(is))))
        }
        (Some(_), None) => Some((Effect::Weakens, "is not started any more".to_owned())),
        _ if was.command != is.command => Some((Effect::Inform, "is another command now".to_owned())),
        _ => None,
    }
}
