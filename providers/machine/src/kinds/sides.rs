//! What rules ask of a change: both sides of one attribute, when both can be told.

use drctl_core::rule::Change;
use drctl_core::schema::AttributeType;

/// What is and what shall be of an attribute that this change writes: `None` when it is not managed, not
/// known yet, not observed, accepted already, or the same on both sides.
pub(super) fn sides<T: AttributeType + PartialEq>(
    change: &Change<'_>,
    name: &str,
) -> Option<(Option<T>, Option<T>)> {
    let removed = change.removed.iter().any(|r| r == name);
    if !change.is_written(name) && !removed || change.is_open(name) {
        return None;
    }
    if let Some(before) = change.before {
        let wanted = change.desired.get(name).and_then(|e| e.value());
        let settled = before.pending.get(name).is_some_and(|p| Some(&p.value) == wanted.as_ref());
        if settled || before.unobserved.contains_key(name) || before.managed_by.contains_key(name) {
            return None;
        }
    }
    let (before, after) = (change.before(name), change.after(name));
    (before != after).then_some((before, after))
}
