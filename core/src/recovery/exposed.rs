//! What a loss leaves without protection, though it does not touch it: the next loss would take it.

use serde::Serialize;

use super::backups::in_words;
use super::candidate::{Ask, candidates};
use super::dependents::Protects;
use super::lost::Lost;
use super::model::{Input, RecoveryPlan, Rejected};
use super::next::Next;
use crate::addr::Name;
use crate::system::Datastore;

/// A datastore that still works and of which the loss takes protection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exposed {
    /// The datastore.
    pub datastore: Name,
    /// What protected it and is lost.
    pub gone: Vec<Rejected>,
    /// What it would come back from, were it lost next; none when nothing is left.
    pub left: Option<String>,
    /// Seconds of data that would be lost then; none when that has no bound or nothing is left.
    pub data_loss_s: Option<i64>,
    /// What to do now.
    pub help: String,
}

/// The untouched datastores that the loss takes protection from. `plan` plans without looking for these.
pub(crate) fn exposed(
    input: &Input<'_>,
    lost: &Lost<'_>,
    untouched: &[Name],
    plan: impl Fn(&Input<'_>) -> RecoveryPlan,
) -> Vec<Exposed> {
    let mut next = Next::of(input, lost, plan);
    let one = |name: &Name| {
        let (name, datastore) = input.system.datastores.get_key_value(name)?;
        let datastore = &datastore.is;
        let gone = gone(input, lost, (name, datastore));
        if gone.is_empty() || datastore.rebuildable {
            return None;
        }
        let left = next.choice((name, datastore));
        let whole = match &datastore.resource {
            Some(held) => format!("replicate {} to a region outside of this loss and apply it", held.0),
            None => format!("keep a backup of datastore.{name} outside of this loss, with one more `to`"),
        };
        Some(Exposed {
            datastore: name.clone(),
            gone,
            left: left.as_ref().map(|choice| format!("{} ({})", choice.from, choice.mechanism)),
            data_loss_s: left.and_then(|choice| choice.data_loss_s),
            help: format!("Until what is lost comes back: {whole}."),
        })
    };
    untouched.iter().filter_map(one).collect()
}

/// What protects it and is lost.
fn gone(input: &Input<'_>, lost: &Lost<'_>, (name, datastore): (&Name, &Datastore)) -> Vec<Rejected> {
    let mut gone = Vec::new();
    let held = datastore.resource.as_ref();
    if let Some(resource) = held.and_then(|held| input.components.get(&held.0)) {
        let ask =
            |lost| Ask { components: input.components, until: None, wrong_since: None, now: input.now, lost };
        let usual = candidates(&ask(None), resource);
        let now = candidates(&ask(Some(lost)), resource);
        for (usual, now) in usual.iter().zip(now) {
            if let (None, Some(why)) = (&usual.refused, &now.refused) {
                gone.push(now.rejected(why.clone()));
            }
        }
    }
    for Protects { name: backup, declared, .. } in input.dependents.backups(name) {
        for to in &declared.is.to {
            if let Some(why) = lost.kept((backup, &declared.is), Some(to)) {
                gone.push(Rejected::new(format!("backup.{backup}"), in_words(Some(to)), why));
            }
        }
    }
    gone
}
