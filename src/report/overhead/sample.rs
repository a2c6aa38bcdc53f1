//! A small comparison for the tests of everything that shows one, with names as awkward as names may be.
//! It was not run: figures are set as the tests want them.

use crate::overhead::comparison::{Comparison, Setup, World, compare};
use crate::overhead::contender::Contender;
use crate::overhead::world::Plan;
use crate::rulebook::reading::ReadingName;
use crate::run::clients::{InWorld, References};

/// Three policies in the two smallest worlds that differ in what breaks, with two seeds.
pub(crate) fn comparison() -> Comparison {
    let plans = [Plan::all()[0], Plan::all()[2]];
    let known = Contender::known();
    let named = |name: &str| known.iter().find(|one| one.name() == name).cloned();
    let contenders = ["nothing", "both", "per-message"].into_iter().filter_map(named).collect();
    let worlds = plans.map(|plan| World { seeds: 2, ..World::made(plan) }).to_vec();
    let reading = ReadingName::Strict;
    let setup = Setup { worlds, contenders, baseline: 1, reading, seed: 4, jobs: 1 };
    let compared = compare(&InWorld(References), &setup, &|_| {});
    let mut comparison = compared.unwrap_or_else(|error| unreachable!("{error:?}"));
    comparison.worlds[1].world = "a, \"world\"\u{1b}".to_owned();
    comparison
}
