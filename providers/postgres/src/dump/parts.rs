//! An object that is sent in parts while it is being made: a few are under way at once, and no more of it is in memory
//! than these and the one that is being filled.

use std::sync::Arc;

use drctl_core::depot::{Arrived, Depot, Upload};
use drctl_core::provider::ProviderError;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use super::MAKING;
use crate::tool::{failed, rejected};

/// The first parts. Each but the last needs 5 MiB.
const SMALLEST: usize = 8 << 20;

/// After so many parts they are twice as large: 10 GiB of the smallest, and more than 2 TiB of all.
const OF_ONE_SIZE: u32 = 1_250;

/// The most that an object is made of.
const MOST: u32 = 10_000;

/// As many parts are under way at once, and no more of them than have room in the bound.
const UNDER_WAY: usize = 4;
const UNDER_WAY_BYTES: usize = 256 << 20;

/// What was sent.
pub(super) struct Sent {
    /// Its parts, in order.
    pub(super) parts: Vec<Arrived>,
    /// What it is summed up to.
    pub(super) digest: Sha256,
    /// How much it is.
    pub(super) bytes: u64,
}

/// Sends an object. Dropping it stops what is under way.
pub(super) struct Sender {
    depot: Arc<dyn Depot>,
    upload: Upload,
    under_way: JoinSet<Result<Arrived, ProviderError>>,
    filling: Vec<u8>,
    next: u32,
    sent: Sent,
}

/// How large a part is.
fn size(number: u32) -> usize {
    SMALLEST << (number.saturating_sub(1) / OF_ONE_SIZE).min(7)
}

impl Sender {
    pub(super) fn new(depot: Arc<dyn Depot>, upload: Upload) -> Sender {
        let sent = Sent { parts: Vec::new(), digest: Sha256::new(), bytes: 0 };
        Sender { depot, upload, under_way: JoinSet::new(), filling: Vec::new(), next: 1, sent }
    }

    /// Takes more of it, as soon as there is room.
    pub(super) async fn take(&mut self, mut bytes: &[u8]) -> Result<(), ProviderError> {
        // What failed already is no news later.
        while let Some(ended) = self.under_way.try_join_next() {
            self.arrived(ended)?;
        }
        self.sent.digest.update(bytes);
        self.sent.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        while !bytes.is_empty() {
            let whole = size(self.next);
            if self.filling.capacity() < whole {
                self.filling.reserve_exact(whole - self.filling.len());
            }
            let (some, rest) = bytes.split_at(bytes.len().min(whole - self.filling.len()));
            self.filling.extend_from_slice(some);
            bytes = rest;
            if self.filling.len() == whole {
                self.send().await?;
            }
        }
        Ok(())
    }

    /// Sends what is filled, once there is room.
    async fn send(&mut self) -> Result<(), ProviderError> {
        let number = self.next;
        if number > MOST {
            let why = format!("it has more than the {MOST} parts that one object may have: it is too large");
            return Err(rejected(MAKING, why));
        }
        let room = (UNDER_WAY_BYTES / size(number)).clamp(1, UNDER_WAY);
        while self.under_way.len() >= room {
            self.next_arrived().await?;
        }
        let (depot, upload, bytes) =
            (Arc::clone(&self.depot), self.upload.clone(), std::mem::take(&mut self.filling));
        self.under_way.spawn(async move { depot.part(&upload, number, bytes).await });
        self.next += 1;
        Ok(())
    }

    async fn next_arrived(&mut self) -> Result<(), ProviderError> {
        match self.under_way.join_next().await {
            None => Ok(()),
            Some(ended) => self.arrived(ended),
        }
    }

    fn arrived(
        &mut self,
        ended: Result<Result<Arrived, ProviderError>, tokio::task::JoinError>,
    ) -> Result<(), ProviderError> {
        self.sent.parts.push(ended.map_err(|e| failed(MAKING, e))??);
        Ok(())
    }

    /// Sends the rest and waits for all of it.
    pub(super) async fn finish(mut self) -> Result<Sent, ProviderError> {
        // An object has at least one part, if an empty one.
        if !self.filling.is_empty() || self.next == 1 {
            self.send().await?;
        }
        while !self.under_way.is_empty() {
            self.next_arrived().await?;
        }
        self.sent.parts.sort_by_key(|part| part.number);
        Ok(self.sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_grow_so_that_what_is_dumped_at_all_fits() {
        assert_eq!((size(1), size(1_250), size(1_251)), (8 << 20, 8 << 20, 16 << 20));
        let all: u64 = (1..=MOST).map(|number| u64::try_from(size(number)).unwrap()).sum();
        assert!(all > 2 << 40, "{all}");
    }
}
