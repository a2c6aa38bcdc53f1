//! Which fact wrote a value, carried beside the value and left out of every comparison.
//! It does not know the fact, only its number; two values that differ in nothing else are the same value.

use std::hash::{Hash, Hasher};

use crate::ids::FactId;

/// The fact that wrote the value beside it, if one was recorded. All provenances are equal and hash alike, so that a
/// state remembers its history without being told apart by it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Provenance(pub Option<FactId>);

impl Provenance {
    /// Nothing is known of where the value came from.
    pub const UNKNOWN: Self = Self(None);

    /// Written by `fact`.
    #[must_use]
    pub const fn of(fact: FactId) -> Self {
        Self(Some(fact))
    }
}

impl PartialEq for Provenance {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Provenance {}

impl Hash for Provenance {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash, Hasher};

    use super::Provenance;
    use crate::ids::FactId;

    #[test]
    fn values_that_differ_in_their_provenance_only_are_equal_and_hash_alike() {
        let digest = |value: (u32, Provenance)| {
            let mut digest = DefaultHasher::new();
            value.hash(&mut digest);
            digest.finish()
        };
        let (one, other) = ((7, Provenance::of(FactId::new(1))), (7, Provenance::UNKNOWN));
        assert_eq!(one, other);
        assert_eq!(digest(one), digest(other));
        assert_ne!(digest(one), digest((8, Provenance::UNKNOWN)));
    }
}
