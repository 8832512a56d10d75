//! How long steps took when they were carried out: what stands over every declared estimate.

use std::collections::BTreeMap;

use crate::addr::Name;

/// How long the steps of procedures took, by procedure and step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured(BTreeMap<(Name, String), Took>);

/// How long one step took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Took {
    /// Seconds in the middle of all runs.
    pub p50_s: i64,
    /// Seconds that 19 of 20 runs did not exceed; with fewer runs the longest.
    pub p95_s: i64,
    /// How many runs there were.
    pub runs: usize,
}

impl Measured {
    /// From the seconds of each run.
    pub fn of(samples: BTreeMap<(Name, String), Vec<i64>>) -> Measured {
        let took = |mut seconds: Vec<i64>| {
            seconds.sort_unstable();
            let runs = seconds.len();
            let at = |share: usize| seconds.get((runs * share).div_ceil(100).max(1) - 1).copied();
            Some(Took { p50_s: at(50)?, p95_s: at(95)?, runs })
        };
        Measured(samples.into_iter().filter_map(|(key, seconds)| Some((key, took(seconds)?))).collect())
    }

    /// How long this step took.
    pub fn step(&self, procedure: &Name, step: &str) -> Option<Took> {
        self.0.get(&(procedure.clone(), step.to_owned())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unlucky_value_of_few_runs_is_the_longest() {
        let of = |seconds: &[i64]| {
            let key = ("back".parse().unwrap(), "restore".to_owned());
            Measured::of([(key, seconds.to_vec())].into()).step(&"back".parse().unwrap(), "restore")
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some(Took { p50_s: 7, p95_s: 7, runs: 1 }));
        assert_eq!(of(&[9, 1, 5]), Some(Took { p50_s: 5, p95_s: 9, runs: 3 }));
        let many: Vec<i64> = (1..=100).collect();
        assert_eq!(of(&many), Some(Took { p50_s: 50, p95_s: 95, runs: 100 }));
    }
}
