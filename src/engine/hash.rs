//! A fixed hash function for lookup tables: the same on every machine and in every build, and fast for integers.
//! It does not resist chosen keys, and nothing may depend on the order in which a table that uses it is walked.

use std::hash::{BuildHasher, Hasher};

/// An odd constant with well mixed bits (the fraction of the golden ratio).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Makes [`FixedHasher`]s: a [`BuildHasher`] without a random key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FixedState;

/// Folds each word into its state by one wide multiplication.
#[derive(Debug, Clone, Copy, Default)]
pub struct FixedHasher {
    state: u64,
}

impl BuildHasher for FixedState {
    type Hasher = FixedHasher;

    fn build_hasher(&self) -> FixedHasher {
        FixedHasher::default()
    }
}

/// One word for another, with all bits of the first in each of the second.
fn folded(word: u64) -> u64 {
    let wide = u128::from(word ^ MULTIPLIER) * u128::from(MULTIPLIER);
    let [low, high] = [wide & u128::from(u64::MAX), wide >> 64];
    u64::try_from(low ^ high).expect("both halves have 64 bits")
}

impl Hasher for FixedHasher {
    fn finish(&self) -> u64 {
        self.state
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.state = folded(self.state ^ value);
    }
}

/// How many bits of a key count as a place among neighbours.
const PLACE_BITS: u32 = 4;

/// Makes [`NeighbourHasher`]s: a [`BuildHasher`] without a random key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NeighbourState;

/// As [`FixedHasher`], for keys of one word, where keys that differ in their last four bits only stand side by side in a table:
/// a walk in the order of the keys touches one line of the cache for sixteen of them.
///
/// It is meant for hashbrown, which takes the place from the low bits and tells neighbours apart by the high ones.
#[derive(Debug, Clone, Copy, Default)]
pub struct NeighbourHasher {
    state: u64,
}

impl BuildHasher for NeighbourState {
    type Hasher = NeighbourHasher;

    fn build_hasher(&self) -> NeighbourHasher {
        NeighbourHasher::default()
    }
}

impl Hasher for NeighbourHasher {
    fn finish(&self) -> u64 {
        self.state
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(self.state ^ u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, value: u64) {
        let place = value & ((1 << PLACE_BITS) - 1);
        let street = folded(value >> PLACE_BITS) << PLACE_BITS;
        self.state = (street | place) ^ place.rotate_right(PLACE_BITS);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::BuildHasher;

    use super::{FixedState, NeighbourState};

    #[test]
    fn small_numbers_spread_over_high_and_low_bits() {
        let hashes: Vec<u64> = (0_u64..4_096).map(|key| FixedState.hash_one(key)).collect();
        let low: BTreeSet<u64> = hashes.iter().map(|hash| hash & 0xfff).collect();
        let high: BTreeSet<u64> = hashes.iter().map(|hash| hash >> 57).collect();
        assert!(low.len() > 2_000, "{} of 4096 low parts differ", low.len());
        assert_eq!(high.len(), 128);
    }

    #[test]
    fn the_hash_of_a_known_value_is_known() {
        assert_eq!(FixedState.hash_one(7_u64), FixedState.hash_one(7_u64));
        assert_ne!(FixedState.hash_one((1_u32, 2_u32)), FixedState.hash_one((2_u32, 1_u32)));
        assert_ne!(FixedState.hash_one([1_u8, 2]), FixedState.hash_one([2_u8, 1]));
    }

    #[test]
    fn neighbours_stand_side_by_side_and_are_told_apart_and_streets_spread() {
        let hash = |key: u64| NeighbourState.hash_one(key);
        for street in 0..1_000 {
            let first = hash(street * 16);
            let places: Vec<u64> = (0..16).map(|place| hash(street * 16 + place)).collect();
            let low = |hash: &u64| hash & 0xffff;
            assert!(places.iter().map(low).eq((0..16).map(|place| low(&first) + place)));
            let high: BTreeSet<u64> = places.iter().map(|hash| hash >> 57).collect();
            assert_eq!(high.len(), 16, "the bits that a table compares first differ");
        }
        let low: BTreeSet<u64> = (0..4_096).map(|street| hash(street * 16) & 0xfff0).collect();
        assert!(low.len() > 2_000, "{} of 4096 streets differ", low.len());
    }
}
