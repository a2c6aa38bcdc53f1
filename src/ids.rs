//! Names of things as small dense numbers, one newtype a kind.
//! This module does not know what any of these things is, nor how it is spelled in a file or on the wire.

/// Declares a dense id: a `u32` newtype that orders, hashes and indexes.
macro_rules! dense_id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The id with this dense index.
            #[must_use]
            pub const fn new(index: u32) -> Self {
                Self(index)
            }

            /// The id for position `index` of a table.
            ///
            /// # Panics
            /// If the table has more than `u32::MAX` rows, which every limit forbids.
            #[must_use]
            pub fn at(index: usize) -> Self {
                Self(u32::try_from(index).expect("tables are bounded well below u32::MAX rows"))
            }

            /// The dense index, for printing and hashing.
            #[must_use]
            pub const fn raw(self) -> u32 {
                self.0
            }

            /// The dense index, for indexing a table.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

dense_id! {
    /// A homeserver.
    ServerId
    /// A Matrix user; a user belongs to one homeserver.
    UserId
    /// A device *identity*: one (user, device id, Curve25519 key). A device id that is used again with new
    /// keys is another `DeviceId`, because it is a new target for every rule.
    DeviceId
    /// A room.
    RoomId
    /// A message: one room event with content, numbered by the order of the send commands.
    MessageId
    /// A Megolm session, unique in a run.
    MegolmSessionId
    /// An Olm session, unique in a run; both ends use the same id.
    OlmSessionId
    /// The value of a published one-time or fallback key; unique in a run, unlike its key id.
    KeyValue
    /// A cross-signing key (master, self-signing or user-signing).
    SigningKey
    /// A to-device message as the recipient's server stored it (one row of one mailbox).
    ToDeviceId
    /// A transaction id that a client chose.
    TxnId
    /// A key claim, one a device asked for.
    ClaimId
    /// A device-list query for one user.
    QueryId
    /// A `request_id` of `m.room_key_request`.
    RequestId
    /// A history bundle, by the file that holds it.
    BundleId
    /// A fault of the scenario, by its position in the file.
    FaultId
    /// A fact, by its position in the run. Ids grow with time; a cause has a lower id than its effect.
    FactId
    /// An interned string.
    Sym
}

/// A compact set of ids of one kind, as a growing bitset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    /// Whether `index` is in the set.
    #[must_use]
    pub fn contains(&self, index: usize) -> bool {
        self.words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Puts `index` in; true if it was not there.
    pub fn insert(&mut self, index: usize) -> bool {
        let word = index / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let fresh = self.words[word] >> (index % 64) & 1 == 0;
        self.words[word] |= 1 << (index % 64);
        fresh
    }

    /// Takes `index` out; true if it was there.
    pub fn remove(&mut self, index: usize) -> bool {
        let was = self.contains(index);
        if was {
            self.words[index / 64] &= !(1 << (index % 64));
        }
        was
    }

    /// Takes everything out, keeping the memory.
    pub fn clear(&mut self) {
        self.words.clear();
    }

    /// How many are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The members in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(position, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Some(position * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::BitSet;

    #[test]
    fn a_bitset_remembers_what_was_put_in_and_lists_it_in_order() {
        let mut set = BitSet::default();
        assert!(set.insert(130));
        assert!(set.insert(3));
        assert!(!set.insert(3));
        assert!(set.insert(64));
        assert!(set.remove(64));
        assert!(!set.remove(64));
        assert_eq!(set.iter().collect::<Vec<_>>(), [3, 130]);
        assert_eq!(set.len(), 2);
        assert!(!set.contains(1_000_000));
    }
}
