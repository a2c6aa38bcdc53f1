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
        let wide = u128::from(self.state ^ value ^ MULTIPLIER) * u128::from(MULTIPLIER);
        let [low, high] = [wide & u128::from(u64::MAX), wide >> 64];
        self.state = u64::try_from(low ^ high).expect("both halves have 64 bits");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::BuildHasher;

    use super::FixedState;

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
}
