//! What the facts say about a planned bucket.

use drctl_core::rule::Rule;

/// One rule per fact.
pub(super) static RULES: &[Rule] = &[];
