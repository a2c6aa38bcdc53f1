//! Which features the cases of a lane have shown, in how many cases each, and what that says of those not seen.
//! It does not know what a feature means.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::engine::hash::FixedState;

use super::feature::Feature;

/// In which cases of a lane a feature was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(u32, u64, u64)", from = "(u32, u64, u64)")]
pub struct Sighting {
    /// The number of the feature.
    pub feature: u32,
    /// In how many cases it was seen.
    pub cases: u64,
    /// In which case of the lane first.
    pub first: u64,
}

impl From<Sighting> for (u32, u64, u64) {
    fn from(one: Sighting) -> Self {
        (one.feature, one.cases, one.first)
    }
}

impl From<(u32, u64, u64)> for Sighting {
    fn from((feature, cases, first): (u32, u64, u64)) -> Self {
        Self { feature, cases, first }
    }
}

/// What the cases of a lane have shown.
#[derive(Debug, Clone, Default)]
pub struct Novelty {
    /// In the order in which the features were first seen.
    sightings: Vec<Sighting>,
    places: HashMap<u32, usize, FixedState>,
}

impl Novelty {
    /// What these sightings say; `None` if they are not what cases could have left.
    #[must_use]
    pub fn of(sightings: Vec<Sighting>, cases: u64) -> Option<Self> {
        let mut places = HashMap::default();
        for (place, one) in sightings.iter().enumerate() {
            let is_known = Feature::from_raw(one.feature).is_some();
            let is_possible = one.cases > 0 && one.first < cases && one.cases <= cases - one.first;
            if !is_known || !is_possible || places.insert(one.feature, place).is_some() {
                return None;
            }
        }
        Some(Self { sightings, places })
    }

    /// Notes the features of a case, each of which is there once; says how many were not seen before.
    pub fn add(&mut self, case: u64, features: &[Feature]) -> u32 {
        let mut news = 0;
        for feature in features {
            let next = self.sightings.len();
            let place = *self.places.entry(feature.raw()).or_insert(next);
            if place == next {
                news += 1;
                self.sightings.push(Sighting { feature: feature.raw(), cases: 1, first: case });
            } else {
                self.sightings[place].cases += 1;
            }
        }
        news
    }

    /// All sightings, in the order in which the features were first seen.
    #[must_use]
    pub fn sightings(&self) -> &[Sighting] {
        &self.sightings
    }
}

/// What several lanes have shown together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Union {
    features: BTreeMap<u32, Seen>,
}

/// What is known of a feature over all lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    cases: u64,
    /// The case of a lane in which a lane saw it first, and the lane.
    first: (u64, u32),
}

/// What can be said of features that no case has shown. It takes cases for independent of each other, which those that were mutated are
/// not: they look for what is near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Features that were seen.
    pub seen: u64,
    /// Features that were seen in exactly one case.
    pub once: u64,
    /// Features that were seen in exactly two cases.
    pub twice: u64,
    /// The probability that the next case shows something new, in millionths (Good and Turing): the share of the cases that are the only
    /// ones to show some feature.
    pub next_is_new_ppm: u64,
    /// About so many features are there and were not seen, at the least (Chao1, corrected for bias).
    pub unseen: u64,
}

impl Union {
    /// Adds what one lane has shown.
    pub fn add(&mut self, lane: u32, novelty: &Novelty) {
        for one in novelty.sightings() {
            let first = (one.first, lane);
            let seen = self.features.entry(one.feature).or_insert(Seen { cases: 0, first });
            seen.cases += one.cases;
            seen.first = seen.first.min(first);
        }
    }

    /// How many features were seen.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.features.len() as u64
    }

    /// Whether nothing was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// What so many cases say of features that they have not shown.
    #[must_use]
    pub fn estimate(&self, cases: u64) -> Estimate {
        let with = |number| self.features.values().filter(move |seen| seen.cases == number);
        let only: BTreeSet<(u64, u32)> = with(1).map(|seen| seen.first).collect();
        let (once, twice) = (with(1).count() as u64, with(2).count() as u64);
        Estimate {
            seen: self.len(),
            once,
            twice,
            next_is_new_ppm: (only.len() as u64 * 1_000_000).checked_div(cases).unwrap_or(0),
            unseen: once * once.saturating_sub(1) / (2 * (twice + 1)),
        }
    }

    /// How many features were seen after 1, 2, 4, 8, … cases of each lane, up to `rounds`, as pairs of rounds and features.
    #[must_use]
    pub fn growth(&self, rounds: u64) -> Vec<(u64, u64)> {
        let mut firsts: Vec<u64> = self.features.values().map(|seen| seen.first.0).collect();
        firsts.sort_unstable();
        let seen_after = |round: u64| firsts.partition_point(|first| *first < round) as u64;
        let mut growth = Vec::new();
        let mut round = 1;
        while round < rounds {
            growth.push((round, seen_after(round)));
            round *= 2;
        }
        if rounds > 0 {
            growth.push((rounds, seen_after(rounds)));
        }
        growth
    }
}

#[cfg(test)]
mod tests {
    use super::{Novelty, Sighting, Union};
    use crate::campaign::feature::Feature;

    fn features(raw: &[u32]) -> Vec<Feature> {
        raw.iter().map(|raw| Feature::from_raw(*raw).unwrap()).collect()
    }

    fn union() -> Union {
        let (mut one, mut other) = (Novelty::default(), Novelty::default());
        assert_eq!(one.add(0, &features(&[1, 2, 3])), 3);
        assert_eq!(one.add(1, &features(&[2, 3, 4])), 1);
        assert_eq!(one.add(2, &features(&[2, 3])), 0);
        assert_eq!(other.add(0, &features(&[2, 5, 6])), 3);
        assert_eq!(other.add(1, &features(&[4])), 1);
        let mut union = Union::default();
        union.add(0, &one);
        union.add(1, &other);
        union
    }

    #[test]
    fn cases_that_alone_show_something_tell_how_likely_the_next_news_are() {
        // 1 is seen in one case, 5 and 6 in one other, 4 in two, 3 in three, 2 in four.
        let estimate = union().estimate(5);
        assert_eq!((estimate.seen, estimate.once, estimate.twice), (6, 3, 1));
        assert_eq!(estimate.next_is_new_ppm, 400_000, "2 of 5 cases");
        assert_eq!(estimate.unseen, 3 * 2 / (2 * 2));
        assert_eq!(Union::default().estimate(0).next_is_new_ppm, 0);
    }

    #[test]
    fn growth_counts_what_any_lane_saw_by_then() {
        assert_eq!(union().growth(3), [(1, 5), (2, 6), (3, 6)]);
        assert_eq!(union().growth(0), []);
    }

    #[test]
    fn sightings_that_no_cases_could_have_left_are_refused() {
        let one = Sighting { feature: 7, cases: 2, first: 1 };
        assert!(Novelty::of(vec![one], 3).is_some());
        assert!(Novelty::of(vec![one], 2).is_none(), "two cases from case 1 on");
        assert!(Novelty::of(vec![one, one], 9).is_none(), "twice the same feature");
        let unknown = Sighting { feature: u32::MAX, ..one };
        assert!(Novelty::of(vec![unknown], 9).is_none());
        let never = Sighting { cases: 0, ..one };
        assert!(Novelty::of(vec![never], 9).is_none());
    }

    #[test]
    fn what_was_written_goes_on_as_if_it_had_never_stopped() {
        let mut whole = Novelty::default();
        whole.add(0, &features(&[3, 9]));
        let text = serde_json::to_string(whole.sightings()).unwrap();
        let mut resumed = Novelty::of(serde_json::from_str(&text).unwrap(), 1).unwrap();
        for novelty in [&mut whole, &mut resumed] {
            assert_eq!(novelty.add(1, &features(&[9, 10])), 1);
        }
        assert_eq!(whole.sightings(), resumed.sightings());
    }
}
