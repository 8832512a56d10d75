//! Walks the levels of a verification, from the least on: what one of them takes and finds is written down, and
//! the first that fails is the last.

use std::time::Instant;

use drctl_core::provider::ProviderError;
use drctl_core::stored::{Level, Proved, Unproved, Verified};

/// A verification under way.
#[derive(Debug)]
pub struct Walk {
    /// What came of it so far.
    pub verified: Verified,
    until: Level,
}

impl Walk {
    /// Up to this level.
    pub fn until(until: Level) -> Walk {
        Walk { verified: Verified::default(), until }
    }

    /// Whether the level is asked for, and none before it has failed.
    pub fn goes_to(&self, level: Level) -> bool {
        level <= self.until && self.verified.failed.is_none()
    }

    /// Does what proves the level, when it is asked for. `said` is what was found.
    pub async fn prove(
        &mut self,
        level: Level,
        work: impl AsyncFnOnce(&mut Verified) -> Result<String, ProviderError>,
    ) {
        if !self.goes_to(level) {
            return;
        }
        let began = Instant::now();
        match work(&mut self.verified).await {
            Ok(said) => {
                let took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
                self.verified.proved.push(Proved { level, took_ms, said });
            }
            Err(error) => self.verified.failed = Some(Unproved { level, why: error.to_string() }),
        }
    }

    /// Says that nothing is declared for a level.
    pub fn leave_out(&mut self, level: Level, why: impl Into<String>) {
        if self.goes_to(level) {
            self.verified.left_out.push(Unproved { level, why: why.into() });
        }
    }
}
