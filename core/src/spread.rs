//! How work that falls apart into pieces is done. Here it is done piece after piece; who has threads hands
//! in a function that uses them. The results are the same, in the same order.

use std::sync::OnceLock;

/// Does each of so many pieces, in any order, and returns when all are done.
pub type Spread = fn(usize, &(dyn Fn(usize) + Sync));

/// One after the other.
pub fn in_turn(pieces: usize, work: &(dyn Fn(usize) + Sync)) {
    (0..pieces).for_each(work);
}

/// What comes of each of these, in their order.
pub(crate) fn over<A: Sync, T: Send + Sync>(
    spread: Spread,
    all: &[A],
    work: impl Fn(&A) -> T + Sync,
) -> Vec<T> {
    let done: Vec<OnceLock<T>> = all.iter().map(|_| OnceLock::new()).collect();
    spread(all.len(), &|place| {
        done[place].get_or_init(|| work(&all[place]));
    });
    // A piece that was passed over is done here.
    all.iter().zip(done).map(|(one, done)| done.into_inner().unwrap_or_else(|| work(one))).collect()
}

#[cfg(test)]
mod tests {
    use super::over;

    #[test]
    fn results_are_in_order_and_whole_whatever_order_they_are_done_in() {
        let squares = |spread| over(spread, &[3, 1, 2], |n| n * n);
        assert_eq!(squares(super::in_turn), [9, 1, 4]);
        assert_eq!(squares(|pieces, work| (0..pieces).rev().for_each(work)), [9, 1, 4]);
        assert_eq!(squares(|pieces, work| (0..2 * pieces).for_each(|n| work(n % pieces))), [9, 1, 4]);
        assert_eq!(squares(|_, work| work(1)), [9, 1, 4]);
    }
}
