//! How long steps took when they were carried out: what stands over every declared estimate.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::addr::Name;
use crate::stored::Level;

/// How long the steps of procedures took, by procedure and step, and how long backups took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    steps: BTreeMap<(Name, String), Took>,
    backups: BTreeMap<Name, Took>,
    drills: BTreeMap<Name, Timestamp>,
    verified: BTreeMap<Name, Vec<(Timestamp, Level)>>,
}

/// How long one step, or one backup, took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Took {
    /// Seconds in the middle of all runs.
    pub p50_s: i64,
    /// Seconds that 19 of 20 runs did not exceed; with fewer runs the longest.
    pub p95_s: i64,
    /// How many runs there were.
    pub runs: usize,
}

impl Took {
    /// Of the seconds of each run; none without a run.
    fn of(mut seconds: Vec<i64>) -> Option<Took> {
        seconds.sort_unstable();
        let runs = seconds.len();
        let at = |share: usize| seconds.get((runs * share).div_ceil(100).max(1) - 1).copied();
        Some(Took { p50_s: at(50)?, p95_s: at(95)?, runs })
    }

    /// In words: "measured in 3 runs".
    pub fn source(&self) -> String {
        match self.runs {
            1 => "measured in 1 run".to_owned(),
            runs => format!("measured in {runs} runs"),
        }
    }
}

impl Measured {
    /// From the seconds of each run.
    pub fn of(samples: BTreeMap<(Name, String), Vec<i64>>) -> Measured {
        let steps = samples.into_iter().filter_map(|(key, seconds)| Some((key, Took::of(seconds)?)));
        Measured { steps: steps.collect(), ..Measured::default() }
    }

    /// The same with when each drill was last carried out and went well.
    #[must_use]
    pub fn with_drills(self, drills: BTreeMap<Name, Timestamp>) -> Measured {
        Measured { drills, ..self }
    }

    /// When this drill last went well.
    pub fn drilled(&self, name: &Name) -> Option<Timestamp> {
        self.drills.get(name).copied()
    }

    /// The same with how far each backup was verified when.
    #[must_use]
    pub fn with_verified(self, verified: BTreeMap<Name, Vec<(Timestamp, Level)>>) -> Measured {
        Measured { verified, ..self }
    }

    /// When this backup was last verified that far.
    pub fn verified(&self, name: &Name, needed: Level) -> Option<Timestamp> {
        let all = self.verified.get(name).into_iter().flatten();
        all.filter(|(_, level)| *level >= needed).map(|(at, _)| *at).max()
    }

    /// The same with the seconds that each backup took.
    #[must_use]
    pub fn with_backups(self, samples: BTreeMap<Name, Vec<i64>>) -> Measured {
        let backups = samples.into_iter().filter_map(|(name, seconds)| Some((name, Took::of(seconds)?)));
        Measured { backups: backups.collect(), ..self }
    }

    /// How long this backup took.
    pub fn backup(&self, name: &Name) -> Option<Took> {
        self.backups.get(name).copied()
    }

    /// How long this step took.
    pub fn step(&self, procedure: &Name, step: &str) -> Option<Took> {
        self.steps.get(&(procedure.clone(), step.to_owned())).copied()
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
