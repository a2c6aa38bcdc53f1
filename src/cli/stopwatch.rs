//! Real time, for the line that compares it with virtual time, and for the end of a campaign that was given so many seconds.
//! It does not know what is timed; nothing that a run does depends on it.

use std::time::Duration;

#[expect(
    clippy::disallowed_types,
    reason = "how long a run took is printed and decides nothing"
)]
use std::time::Instant;

/// Adds up how long something takes.
#[derive(Debug, Default)]
pub(super) struct Stopwatch {
    total: Duration,
}

impl Stopwatch {
    /// Does `work` and adds the time that it takes.
    pub(super) fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        #[expect(
            clippy::disallowed_types,
            reason = "how long a run took is printed and decides nothing"
        )]
        let start = Instant::now();
        let done = work();
        self.total += start.elapsed();
        done
    }

    /// All of it so far, in microseconds.
    pub(super) fn micros(&self) -> u64 {
        u64::try_from(self.total.as_micros()).unwrap_or(u64::MAX)
    }
}

/// Says how much time has passed since it was started.
#[expect(
    clippy::disallowed_types,
    reason = "when a campaign stops looking may depend on the time; what a case comes to does not"
)]
#[derive(Debug)]
pub(super) struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts it.
    pub(super) fn start() -> Self {
        #[expect(
            clippy::disallowed_types,
            reason = "when a campaign stops looking may depend on the time; what a case comes to does not"
        )]
        let start = Instant::now();
        Self { start }
    }

    /// Microseconds since it was started.
    pub(super) fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Stopwatch;

    #[test]
    fn times_add_up() {
        let mut watch = Stopwatch::default();
        assert_eq!(watch.micros(), 0);
        for _ in 0..2 {
            let done = watch.time(|| {
                std::thread::sleep(Duration::from_millis(2));
                5
            });
            assert_eq!(done, 5);
        }
        assert!(watch.micros() >= 4_000, "{}", watch.micros());
    }
}
