//! A digest of values that is the same on every machine and in every build.
//! It does not know what the values mean.

use std::hash::Hasher;

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
