//! Work that falls apart into pieces, on all cores.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does each piece on the thread that is free first, this one included.
pub(crate) fn spread(pieces: usize, work: &(dyn Fn(usize) + Sync)) {
    let next = AtomicUsize::new(0);
    let some = || {
        while let piece = next.fetch_add(1, Ordering::Relaxed)
            && piece < pieces
        {
            work(piece);
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 1..cores.min(pieces) {
            let thread = thread::Builder::new().name("drctl".to_owned()).stack_size(crate::STACK_BYTES);
            // Without it the others do its part.
            if thread.spawn_scoped(scope, some).is_err() {
                break;
            }
        }
        some();
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    #[test]
    fn each_piece_is_done_once() {
        for pieces in [0, 1, 2, 1000] {
            let done = Mutex::new(Vec::new());
            super::spread(pieces, &|piece| done.lock().unwrap().push(piece));
            let done = done.into_inner().unwrap();
            assert_eq!(done.len(), pieces);
            assert_eq!(done.into_iter().collect::<BTreeSet<_>>(), (0..pieces).collect());
        }
    }
}
