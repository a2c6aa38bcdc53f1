//! What a message to a device costs in rooms from a thousand devices to a hundred thousand, everything judged as it happens.
//! It does not know where the time goes.

use super::clock::{hundredths, least, peak_memory, timed};
use super::crowd::{MESSAGES, room};
use super::judging::{judged, simulated};

/// Devices, and how often the room is run: small ones often enough to see through noise.
const SIZES: [(usize, usize); 3] = [(1_000, 20), (10_000, 3), (100_000, 1)];

/// Prints a line for each size. Memory is the peak so far, which is that of the largest room yet.
pub(crate) fn print(is_smoke: bool) {
    println!("a room with 100 messages, simulated and judged (least of several runs):");
    println!(
        "{:>9} {:>6} {:>12} {:>12} {:>10} {:>10} {:>8} {:>9} {:>10}",
        "devices",
        "runs",
        "actions",
        "facts",
        "judged s",
        "not s",
        "ns/cell",
        "x smallest",
        "peak MiB"
    );
    let mut smallest = None;
    for (devices, times) in SIZES.into_iter().take(if is_smoke { 1 } else { SIZES.len() }) {
        let times = if is_smoke { 1 } else { times };
        let scenario = room(devices);
        let judged = || judged(&scenario);
        let (first, report) = timed(judged);
        let (actions, facts, cells) = (report.actions, report.facts, report.outcome.verdicts.len());
        assert!(
            cells > devices * MESSAGES * 9 / 10,
            "a verdict for nearly every message and device"
        );
        assert_eq!(report.outcome.counted().count(), 0, "nobody breaks a rule");
        drop(report);
        let nanoseconds = if times > 1 { first.min(least(times - 1, judged)) } else { first };
        let bare = least(times, || simulated(&scenario));
        let per_cell = nanoseconds / cells as u128;
        let base = *smallest.get_or_insert((nanoseconds, cells));
        println!(
            "{devices:>9} {times:>6} {actions:>12} {facts:>12} {:>10} {:>10} {per_cell:>8} {:>9} {:>10}",
            hundredths(nanoseconds, 1_000_000_000),
            hundredths(bare, 1_000_000_000),
            hundredths(nanoseconds * base.1 as u128, base.0 * cells as u128),
            peak_memory().map_or_else(|| "?".to_owned(), |peak| peak.to_string()),
        );
    }
}
