//! What the engine tells while it works. How that looks is the caller's business.

use std::time::Duration;

use drctl_core::addr::Address;
use drctl_core::plan::Op;
use drctl_core::provider::Id;

/// How loud a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Something is not as it should be; work goes on.
    Warning,
}

/// How reading one thing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// It could not be told.
    Unobserved,
}

/// How a finished step left the thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// As the configuration says.
    Done,
    /// These attributes are accepted and take effect later.
    Pending(Vec<String>),
}

/// Is told what happens, as it happens. Every method does nothing unless it is written.
pub trait Reporter: Send + Sync {
    /// A thing is about to be read.
    fn refresh_start(&self, address: &Address, id: &Id) {
        let _ = (address, id);
    }
    /// A thing has been read, or could not be.
    fn refresh_complete(&self, address: &Address, id: &Id, seen: Seen) {
        let _ = (address, id, seen);
    }
    /// A step starts.
    fn apply_start(&self, address: &Address, op: Op) {
        let _ = (address, op);
    }
    /// A step is still going on; called at a regular beat for its whole duration.
    fn apply_progress(&self, address: &Address, op: Op, elapsed: Duration) {
        let _ = (address, op, elapsed);
    }
    /// A step is done.
    fn apply_complete(&self, address: &Address, op: Op, elapsed: Duration, settled: &Settled) {
        let _ = (address, op, elapsed, settled);
    }
    /// A step has failed.
    fn apply_errored(&self, address: &Address, op: Op, elapsed: Duration, error: &str) {
        let _ = (address, op, elapsed, error);
    }
    /// Something else worth saying, in one sentence.
    fn message(&self, level: Level, text: &str) {
        let _ = (level, text);
    }
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {}
