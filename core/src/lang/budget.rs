//! How much work one evaluation may be, whatever its text says: nodes visited, values gone through,
//! errors made, and how deep one leads to the next.

use crate::value::Value;

/// Most nodes that one evaluation visits: a bound against nested loops over large collections.
pub const MAX_STEPS: u64 = 1_000_000;
/// Steps that an error costs: looking for what may have been meant takes longer than a node.
const STEPS_PER_ERROR: u64 = 100;
/// Values that a function goes through in the time of one node.
const WEIGHT_PER_STEP: u64 = 16;
/// Deepest chain of expressions that the environment leads to.
const MAX_DEPTH: usize = 400;

/// What one evaluation has used up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Budget {
    steps: u64,
    depth: usize,
}

impl Budget {
    /// Visits a node; whether that was one too many or too deep.
    pub(super) fn step(&mut self) -> bool {
        self.steps += 1;
        self.is_spent() || self.depth >= MAX_DEPTH
    }

    /// One level down.
    pub(super) fn enter(&mut self) {
        self.depth += 1;
    }

    /// One level up again.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Takes an error off.
    pub(super) fn error(&mut self) {
        self.steps = self.steps.saturating_add(STEPS_PER_ERROR);
    }

    /// Takes off what a function has gone through.
    pub(super) fn charge<'v>(&mut self, values: impl Iterator<Item = &'v Value>) {
        let weight: u64 = values.map(weight).sum();
        self.steps = self.steps.saturating_add(weight / WEIGHT_PER_STEP);
    }

    /// Whether no more nodes may be visited.
    pub(super) fn is_spent(&self) -> bool {
        self.steps >= MAX_STEPS
    }
}

/// How much there is to go through in a value: its parts, and its text by 64 bytes.
fn weight(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => 1 + text.len() as u64 / 64,
        Value::List(items) => 1 + items.iter().map(weight).sum::<u64>(),
        Value::Set(items) => 1 + items.iter().map(weight).sum::<u64>(),
        Value::Object(map) => 1 + map.values().map(|v| 1 + weight(v)).sum::<u64>(),
    }
}
