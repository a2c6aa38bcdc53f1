//! A digest of values that is the same on every machine and in every build.
//! It does not know what the values mean.

use std::hash::{BuildHasher, Hasher};

use xxhash_rust::xxh3::Xxh3Default;

/// A [`Hasher`] with a fixed function (XXH3, 64 bits) and fixed byte order and width for every integer.
#[derive(Clone, Default)]
pub struct Digest {
    inner: Xxh3Default,
}

impl Digest {
    /// The digest of what was written so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.inner.digest()
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({:016x})", self.value())
    }
}

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.value()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    fn write_u8(&mut self, value: u8) {
        self.write(&[value]);
    }

    fn write_u16(&mut self, value: u16) {
        self.write(&value.to_le_bytes());
    }

    fn write_u32(&mut self, value: u32) {
        self.write(&value.to_le_bytes());
    }

    fn write_u64(&mut self, value: u64) {
        self.write(&value.to_le_bytes());
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_i64(&mut self, value: i64) {
        self.write(&value.to_le_bytes());
    }

    fn write_isize(&mut self, value: isize) {
        self.write_i64(value as i64);
    }
}

/// Makes hashers for tables that are only looked up in: fast, and the same in every run.
#[derive(Debug, Clone, Copy, Default)]
pub struct FixedState;

impl BuildHasher for FixedState {
    type Hasher = FoldHasher;

    fn build_hasher(&self) -> FoldHasher {
        FoldHasher(0)
    }
}

/// A multiply-and-fold hasher for short keys of integers. Its values are for tables in memory, not for keeping.
#[derive(Debug, Clone, Copy)]
pub struct FoldHasher(u64);

impl Hasher for FoldHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
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
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hash;

    use super::Digest;

    #[test]
    fn the_digest_of_known_values_is_known() {
        let mut digest = Digest::default();
        (1_u8, 2_u16, 3_u32, 4_u64, 5_usize, Some(6_u32), [7_u8, 8]).hash(&mut digest);
        assert_eq!(digest.value(), 0xc5bc_1c53_9f68_84e6, "{:016x}", digest.value());
    }
}
