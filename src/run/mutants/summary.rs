//! What a table of mutants comes to: how many were caught, after how many rooms, and how well their rooms were made small.
//! It does not know a single mutant.

use std::collections::BTreeMap;

use crate::minimise::size::Size;
use crate::rulebook::rule::Rule;
use crate::scenario::mutant::Mutant;

use super::Written;
use super::hunt::Hunt;
use super::small::Small;

/// What became of one mutant, in one of the ways in which it may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The mutant.
    pub written: Written,
    /// How many rooms it was tried in.
    pub cases: u64,
    /// After how many rooms it was caught, and by which rule.
    pub caught: Option<(u64, Rule)>,
    /// The first other rule that it broke before that, and after how many rooms.
    pub first_other: Option<(Rule, u64)>,
    /// In how many rooms it broke each rule that it would have kept without being a mutant.
    pub broken: BTreeMap<Rule, u64>,
    /// Rules that it breaks without being a mutant, each with the first room.
    pub usual: BTreeMap<Rule, u64>,
    /// The room in which it was caught, made small.
    pub small: Option<Small>,
}

impl Entry {
    /// What a hunt came to.
    #[must_use]
    pub fn new(hunt: Hunt, small: Option<Small>) -> Self {
        Self {
            written: hunt.written,
            cases: hunt.cases(),
            caught: hunt.kill.map(|kill| (kill.cases, kill.rule)),
            first_other: hunt.first_other,
            broken: hunt.broken,
            usual: hunt.usual,
            small,
        }
    }
}

/// The figures of a whole table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many mutants were tried.
    pub mutants: u64,
    /// How many were caught in each of their ways.
    pub caught: u64,
    /// How many ways to write them were tried.
    pub variants: u64,
    /// How many of these were caught.
    pub caught_variants: u64,
    /// Those that were not.
    pub survivors: Vec<Written>,
    /// The median of the rooms that it took to catch one, of those that were caught.
    pub median_cases: Option<u64>,
    /// The most that it took.
    pub most_cases: Option<u64>,
    /// How many rooms were made small.
    pub small: u64,
    /// How many of these cannot be smaller.
    pub minimal: u64,
    /// The median of the candidates that were run to make one small.
    pub median_simulated: Option<u64>,
    /// The largest room after it was made small.
    pub largest: Option<(Size, Written)>,
}

impl Summary {
    /// The figures of these.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        let survivors: Vec<Written> =
            entries.iter().filter(|one| one.caught.is_none()).map(|one| one.written).collect();
        let mut mutants: Vec<Mutant> = entries.iter().map(|one| one.written.mutant).collect();
        mutants.sort_unstable();
        mutants.dedup();
        let survives = |mutant: &Mutant| survivors.iter().any(|one| one.mutant == *mutant);
        let small = || entries.iter().filter_map(|one| Some((one.small.as_ref()?, one.written)));
        let cases = || entries.iter().filter_map(|one| one.caught.map(|(cases, _)| cases));
        Self {
            mutants: mutants.len() as u64,
            caught: mutants.iter().filter(|mutant| !survives(mutant)).count() as u64,
            variants: entries.len() as u64,
            caught_variants: cases().count() as u64,
            median_cases: median(cases()),
            most_cases: cases().max(),
            small: small().count() as u64,
            minimal: small().filter(|(small, _)| small.is_minimal).count() as u64,
            median_simulated: median(small().map(|(small, _)| small.simulated)),
            largest: small()
                .map(|(small, written)| (small.size, written))
                .max_by_key(|(size, written)| (size.total(), std::cmp::Reverse(*written))),
            survivors,
        }
    }
}

/// The middle one of some numbers; the greater of the two of an even number of them. `None` if there is none.
#[must_use]
pub fn median(numbers: impl Iterator<Item = u64>) -> Option<u64> {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Entry, Summary, median};
    use crate::minimise::size::Size;
    use crate::rulebook::rule::Rule;
    use crate::run::mutants::Written;
    use crate::run::mutants::small::Small;
    use crate::scenario::mutant::Mutant;
    use crate::scenario::sample::room_of;

    #[test]
    fn the_median_is_the_middle_one_in_order() {
        assert_eq!(median([9, 1, 5].into_iter()), Some(5));
        assert_eq!(median([9, 1, 5, 7].into_iter()), Some(7));
        assert_eq!(median(std::iter::empty()), None);
    }

    fn entry(written: Written, caught: Option<u64>, (devices, is_minimal): (usize, bool)) -> Entry {
        let size = Size { devices, ..Size::default() };
        let room = room_of(1, 1);
        let small = Small { room, before: size, size, simulated: devices as u64, is_minimal };
        Entry {
            written,
            cases: 10,
            caught: caught.map(|cases| (cases, Rule::W09)),
            first_other: None,
            broken: BTreeMap::new(),
            usual: BTreeMap::new(),
            small: caught.map(|_| small),
        }
    }

    #[test]
    fn a_mutant_is_caught_if_each_of_its_ways_is() {
        let of = |mutant, variant| Written { mutant, variant };
        let entries = [
            entry(of(Mutant::X01, 0), Some(4), (2, true)),
            entry(of(Mutant::X05, 0), Some(2), (5, false)),
            entry(of(Mutant::X05, 1), None, (0, true)),
            entry(of(Mutant::X06, 0), Some(7), (3, true)),
        ];
        let summary = Summary::of(&entries);
        assert_eq!((summary.mutants, summary.caught), (3, 2));
        assert_eq!((summary.variants, summary.caught_variants), (4, 3));
        assert_eq!(summary.survivors, [of(Mutant::X05, 1)]);
        assert_eq!((summary.median_cases, summary.most_cases), (Some(4), Some(7)));
        assert_eq!((summary.small, summary.minimal, summary.median_simulated), (3, 2, Some(3)));
        assert_eq!(
            summary.largest.map(|(size, one)| (size.devices, one)),
            Some((5, of(Mutant::X05, 0)))
        );
    }
}
