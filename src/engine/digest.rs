//! A digest of values that is the same on every machine and in every build.
//! It does not know what the values mean.

use std::hash::Hasher;

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

/// A [`Hasher`] with a fixed function (XXH3, 64 bits) and fixed byte order and width for every integer.
#[derive(Clone)]
pub struct Digest {
    /// What was gathered before; nothing, as long as all fits into one call.
    inner: Option<Box<Xxh3Default>>,
    /// Small writes are gathered here: most are one integer, and each call of the function costs more than that.
    gathered: [u8; GATHER],
    used: usize,
}

/// How many bytes are gathered before the function is called.
const GATHER: usize = 256;

impl Default for Digest {
    fn default() -> Self {
        Self { inner: None, gathered: [0; GATHER], used: 0 }
    }
}

impl Digest {
    /// The digest of what was written so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        let gathered = &self.gathered[..self.used];
        let Some(inner) = &self.inner else { return xxh3_64(gathered) };
        let mut inner = inner.clone();
        inner.update(gathered);
        inner.digest()
    }

    #[cold]
    fn flush(&mut self) {
        let inner = self.inner.get_or_insert_default();
        inner.update(&self.gathered[..self.used]);
        self.used = 0;
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

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        if bytes.len() > GATHER - self.used {
            self.flush();
            if bytes.len() > GATHER {
                self.inner.get_or_insert_default().update(bytes);
                return;
            }
        }
        self.gathered[self.used..self.used + bytes.len()].copy_from_slice(bytes);
        self.used += bytes.len();
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.write(&[value]);
    }

    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.write(&value.to_le_bytes());
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.write(&value.to_le_bytes());
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.write(&value.to_le_bytes());
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    #[inline]
    fn write_i64(&mut self, value: i64) {
        self.write(&value.to_le_bytes());
    }

    #[inline]
    fn write_isize(&mut self, value: isize) {
        self.write_i64(value as i64);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{Hash, Hasher};

    use xxhash_rust::xxh3::xxh3_64;

    use super::Digest;

    #[test]
    fn the_digest_of_known_values_is_known() {
        let mut digest = Digest::default();
        (1_u8, 2_u16, 3_u32, 4_u64, 5_usize, Some(6_u32), [7_u8, 8]).hash(&mut digest);
        assert_eq!(digest.value(), 0xc5bc_1c53_9f68_84e6, "{:016x}", digest.value());
    }
    #[test]
    fn it_does_not_matter_in_which_pieces_the_same_bytes_are_written() {
        let bytes: Vec<u8> = (0..=255).cycle().take(2_000).collect();
        for piece in [1, 7, 255, 256, 257, 1_999] {
            let mut digest = Digest::default();
            bytes.chunks(piece).for_each(|piece| digest.write(piece));
            assert_eq!(digest.value(), xxh3_64(&bytes), "pieces of {piece}");
            assert_eq!(digest.finish(), digest.value());
        }
    }
}
