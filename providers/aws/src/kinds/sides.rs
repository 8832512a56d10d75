//! What rules ask of a change: both sides of one attribute, when both can be told.

use drctl_core::rule::Change;
use drctl_core::schema::AttributeType;

/// What is and what shall be of a managed attribute.
pub(super) struct Sides<T> {
    /// What the provider has; none when it is not set there.
    pub(super) before: Option<T>,
    /// What the configuration wants; none when it was removed from it.
    pub(super) after: Option<T>,
}

/// Both sides of an attribute that this change writes: `None` when it is not managed, not known yet,
/// not observed, owned by somebody else, or the same on both sides.
pub(super) fn sides<T: AttributeType + PartialEq>(change: &Change<'_>, name: &str) -> Option<Sides<T>> {
    if !change.is_written(name) && !is_removed(change, name) || change.is_open(name) {
        return None;
    }
    if let Some(before) = change.before {
        let waits = before.pending.get(name).map(|p| &p.value);
        let wanted = change.desired.get(name).and_then(|e| e.value());
        let settled = waits.is_some() && waits == wanted.as_ref();
        if settled || is_unobserved(change, name) || before.managed_by.contains_key(name) {
            return None;
        }
    }
    let sides = Sides { before: change.before(name), after: change.after(name) };
    (sides.before != sides.after).then_some(sides)
}

/// Whether the attribute was applied earlier and is no longer written.
pub(super) fn is_removed(change: &Change<'_>, name: &str) -> bool {
    change.removed.iter().any(|r| r == name)
}

/// Whether the attribute was asked for and could not be read.
pub(super) fn is_unobserved(change: &Change<'_>, name: &str) -> bool {
    change.before.is_some_and(|b| b.unobserved.contains_key(name))
}
