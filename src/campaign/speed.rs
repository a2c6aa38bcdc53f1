//! How fast a campaign was, in real time that somebody else measured: kept apart from what it came to, which no clock decides.
//! It does not know what was run.

use serde::{Deserialize, Serialize};

/// How many samples of a session are kept.
const SAMPLES: usize = 120;

/// How fast a campaign was, session by session.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speed {
    /// From each start to its end.
    pub sessions: Vec<Session>,
}

/// From a start to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// How many threads ran lanes.
    pub jobs: u64,
    /// How many cases earlier sessions had done, also those that were killed and have left nothing here.
    #[serde(default)]
    pub began: u64,
    /// How long it took.
    pub micros: u64,
    /// How many cases were done.
    pub cases: u64,
    /// How many actions they had.
    pub actions: u64,
    /// How it went on.
    pub samples: Vec<Sample>,
    /// At least so much lies between two samples.
    every: u64,
}

/// How far it was at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Since the start of the session.
    pub micros: u64,
    /// Cases, those of earlier sessions included.
    pub cases: u64,
    /// Features seen.
    pub features: u64,
    /// Kinds of findings.
    pub findings: u64,
}

impl Session {
    /// One that has just started.
    #[must_use]
    pub fn new(jobs: u64, began: u64) -> Self {
        Self { jobs, began, every: 100_000, ..Self::default() }
    }

    /// Takes a sample, if it is time. When there are too many, every second one goes.
    pub fn sample(&mut self, sample: Sample) {
        let last = self.samples.last().map_or(0, |last| last.micros);
        if sample.micros < last + self.every {
            return;
        }
        self.samples.push(sample);
        if self.samples.len() >= SAMPLES {
            let mut keep = false;
            self.samples.retain(|_| {
                keep = !keep;
                keep
            });
            self.every *= 2;
        }
    }

    /// Something in a second, if so much came in the time of the session.
    #[must_use]
    pub fn per_second(&self, count: u64) -> u64 {
        count.saturating_mul(1_000_000).checked_div(self.micros).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::{SAMPLES, Sample, Session};

    #[test]
    fn samples_stay_few_and_cover_the_whole_time() {
        let mut session = Session::new(1, 0);
        for second in 1..=10_000 {
            let micros = second * 1_000_000;
            session.sample(Sample { micros, cases: second, features: 0, findings: 0 });
        }
        assert!((SAMPLES / 4..SAMPLES).contains(&session.samples.len()));
        assert!(session.samples[0].micros < 10_000_000);
        assert!(session.samples.last().unwrap().micros > 9_500_000_000);
    }

    #[test]
    fn a_rate_needs_time() {
        let session = Session { micros: 2_000_000, ..Session::new(1, 0) };
        assert_eq!(session.per_second(10), 5);
        assert_eq!(Session::new(1, 0).per_second(10), 0);
    }
}
