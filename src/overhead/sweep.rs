//! The sweep: one team in which the senders block ever more devices, under every contender.
//! It does not know how its lines are drawn.

use crate::overhead::comparison::{
    Comparison, Progress, Setup, Source, Unplayable, World, compare,
};
use crate::overhead::measure::Measure;
use crate::overhead::world::Plan;
use crate::run::simulator::Simulator;

/// The shares of devices that are blocked, in a thousand.
const SHARES: [u32; 9] = [0, 50, 100, 200, 300, 400, 600, 800, 1_000];
/// With how many seeds each is played at the most.
const SEEDS: u32 = 3;

/// What a contender sends, by how many devices are kept from the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The contender.
    pub contender: String,
    /// Devices that are blocked in a thousand, each with the mean of to-device messages in thousandths.
    pub points: Vec<(u32, i64)>,
}

/// Plays the sweep with the contenders of a setup.
///
/// # Errors
/// The first room that a contender cannot play.
pub fn sweep(
    simulator: &dyn Simulator,
    setup: &Setup,
    watcher: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Line>, Unplayable> {
    let seeds = setup.worlds.iter().map(|world| world.seeds).max().unwrap_or(SEEDS).min(SEEDS);
    let world = |share: &u32| World {
        name: format!("team with {} % blocked", share / 10),
        seeds,
        source: Source::Made(Plan::sweep(*share)),
    };
    let setup = Setup { worlds: SHARES.iter().map(world).collect(), ..setup.clone() };
    let comparison = compare(simulator, &setup, watcher)?;
    Ok(lines(&comparison))
}

/// How many runs a sweep has.
#[must_use]
pub fn runs(setup: &Setup) -> u64 {
    let seeds = setup.worlds.iter().map(|world| world.seeds).max().unwrap_or(SEEDS).min(SEEDS);
    SHARES.len() as u64 * u64::from(seeds) * setup.contenders.len() as u64
}

fn lines(comparison: &Comparison) -> Vec<Line> {
    let line = |(contender, (name, _)): (usize, &(String, String))| {
        let point = |(world, share): (usize, &u32)| {
            let mean = comparison.mean(world, contender, Measure::Messages)?;
            Some((*share, mean))
        };
        let points = SHARES.iter().enumerate().filter_map(point).collect();
        Line { contender: name.clone(), points }
    };
    comparison.contenders.iter().enumerate().map(line).collect()
}
