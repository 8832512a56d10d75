//! What a change of how long something is kept means.

use drctl_core::fact::Fact;
use drctl_core::plan::Action;
use drctl_core::rule::{Change, Effect, Note};

use super::sides::sides;
use crate::values::Keep;

/// The attribute.
pub(super) const KEEP: &str = "keep";

/// What goes away, and when.
pub(super) fn kept(change: &Change<'_>, fact: &'static Fact) -> Vec<Note> {
    let Some((before, after)) = sides::<Keep>(change, KEEP) else { return Vec::new() };
    let (before, after) = (before.unwrap_or(Keep::ForEver), after.unwrap_or(Keep::ForEver));
    let (effect, reason) = match (change.action, after) {
        (Action::Create, Keep::ForEver) => return Vec::new(),
        (Action::Create, Keep::For(_)) => {
            (Effect::Inform, format!("with each new one, what is older than {after} goes away"))
        }
        (_, Keep::For(_)) if after < before => (
            Effect::Weakens,
            format!("the next one removes what is older than {after}; it was kept {}", length(before)),
        ),
        (_, Keep::ForEver) if after > before => (
            Effect::Strengthens,
            format!("nothing goes away by itself any more; it was kept {}", length(before)),
        ),
        (_, Keep::For(_)) if after > before => {
            (Effect::Strengthens, format!("it is kept {} instead of {before}", length(after)))
        }
        (_, Keep::For(_) | Keep::ForEver) => return Vec::new(),
    };
    vec![Note::new(fact, effect, KEEP, reason)]
}

fn length(keep: Keep) -> String {
    match keep {
        Keep::For(_) => format!("for {keep}"),
        Keep::ForEver => keep.to_string(),
    }
}
