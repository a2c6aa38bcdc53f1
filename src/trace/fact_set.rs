//! A set of kinds of facts, and who records which.
//! It does not know why a kind is in it.

use crate::trace::fact::Observer;
use crate::trace::jsonl::FactName;

/// A set of kinds of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FactSet(u128);

impl FactSet {
    /// No kind.
    pub const NONE: Self = Self(0);
    /// Every kind.
    pub const ALL: Self = Self(u128::MAX);

    /// The set of these.
    #[must_use]
    pub const fn of(names: &[FactName]) -> Self {
        let mut set = 0;
        let mut at = 0;
        while at < names.len() {
            set |= 1 << names[at] as u8;
            at += 1;
        }
        Self(set)
    }

    /// Whether a kind is in it.
    #[must_use]
    pub const fn contains(self, name: FactName) -> bool {
        self.0 >> name as u8 & 1 == 1
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = FactName> {
        FactName::ALL.iter().copied().filter(move |name| self.contains(*name))
    }
}

/// What a log records of what one observer saw: all of it, for the kinds in the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The observer.
    pub observer: Observer,
    /// The kinds.
    pub facts: FactSet,
}

#[cfg(test)]
mod tests {
    use super::FactSet;
    use crate::trace::jsonl::FactName;

    #[test]
    fn a_set_has_what_was_put_in_and_nothing_else() {
        let some = FactSet::of(&[FactName::Try, FactName::UserStep, FactName::StoreRestored]);
        let names: Vec<FactName> = some.iter().collect();
        assert_eq!(names, [FactName::UserStep, FactName::Try, FactName::StoreRestored]);
        assert!(!some.contains(FactName::Put));
        assert_eq!(some.without(FactSet::of(&[FactName::Try])).iter().count(), 2);
        assert_eq!(FactSet::ALL.iter().count(), FactName::ALL.len());
        assert!(FactSet::NONE.is_empty() && !FactSet::NONE.or(some).is_empty());
        assert!(FactName::ALL.len() <= 128, "a set has room for every kind");
    }
}
