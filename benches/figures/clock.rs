//! What a piece of work costs: real time, and the most memory that the process has had.
//! It does not know what the work is.

use std::fs;

/// How long `work` takes, in nanoseconds, and what it gives.
#[expect(
    clippy::disallowed_types,
    reason = "a benchmark reads the real clock; nothing that runs does"
)]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (u128, T) {
    let start = std::time::Instant::now();
    let done = work();
    (start.elapsed().as_nanos(), done)
}

/// The least of several times, in nanoseconds: what others do on the machine can only add to it.
pub(crate) fn least<T>(times: usize, mut work: impl FnMut() -> T) -> u128 {
    (0..times).map(|_| timed(&mut work).0).min().unwrap_or(0)
}

/// The most memory that this process has had at once, in MiB, where the system tells.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes / 1_024)
}

/// A quotient with two decimals.
pub(crate) fn hundredths(over: u128, under: u128) -> String {
    let hundredths = (over * 100).checked_div(under).unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
