//! The published one-time keys of one device and its fallback key.
//! It does not know whose keys they are, what they are claimed for, or whether their signatures are good.
//!
//! Source: client-server API, one-time and fallback keys; rules C-01 to C-04.

use std::collections::{BTreeSet, VecDeque};

use crate::ids::KeyValue;
use crate::protocol::provenance::Provenance;
use crate::scenario::habits::{OneTimeKeyOrder, OneTimeKeyUse, ServerHabits};

/// A key with the id that it has within its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublishedKey {
    /// The key id.
    pub key_id: u32,
    /// The key.
    pub value: KeyValue,
    /// The fact that it was uploaded.
    pub written: Provenance,
    /// The fact that brought it back after it had been handed out, or might have been.
    pub restored: Provenance,
}

/// A key that was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HandedOut {
    /// The key.
    pub key: PublishedKey,
    /// Whether it is the fallback key.
    pub fallback: bool,
}

/// Which one-time key goes out, and whether it is taken off the list. Only the default follows the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct HandOut {
    /// The newest one goes out first (against C-02).
    pub newest_first: bool,
    /// It stays on the list (against C-01), and a fallback key stays unused (against C-04).
    pub keep: bool,
    /// The fallback key is not handed out (against C-03).
    pub no_fallback: bool,
}

impl HandOut {
    /// How a server with these habits does it.
    #[must_use]
    pub fn by_habit(habits: &ServerHabits) -> Self {
        Self {
            newest_first: habits.one_time_key_order == OneTimeKeyOrder::NewestFirst,
            keep: habits.one_time_keys == OneTimeKeyUse::Again,
            no_fallback: !habits.gives_fallback_keys,
        }
    }

    /// What is wrong with either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            newest_first: self.newest_first || other.newest_first,
            keep: self.keep || other.keep,
            no_fallback: self.no_fallback || other.no_fallback,
        }
    }
}

/// The key id is in use for another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyIdInUse;

/// Unclaimed one-time keys in upload order, those that were handed out, and the fallback key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct OneTimeKeys {
    unclaimed: VecDeque<PublishedKey>,
    /// What went out. An upload whose answer was lost comes again, and by then some of its keys may be in use.
    handed_out: BTreeSet<KeyValue>,
    /// What went out and was forgotten, because the server was restored.
    forgotten: BTreeSet<KeyValue>,
    fallback: Option<(PublishedKey, bool)>,
}

impl OneTimeKeys {
    /// The keys of an upload that are not there yet and were never handed out.
    ///
    /// # Errors
    /// If a key id is there with another value: then the whole upload is refused.
    pub fn fresh(&self, upload: &[(u32, KeyValue)]) -> Result<Vec<(u32, KeyValue)>, KeyIdInUse> {
        let mut fresh = Vec::with_capacity(upload.len());
        for &(key_id, value) in upload {
            match self.unclaimed.iter().find(|known| known.key_id == key_id) {
                Some(known) if known.value != value => return Err(KeyIdInUse),
                Some(_) => {}
                None if self.handed_out.contains(&value) => {}
                None => fresh.push((key_id, value)),
            }
        }
        Ok(fresh)
    }

    /// Puts a one-time key behind all others.
    pub fn add(&mut self, key: PublishedKey) {
        self.unclaimed.push_back(key);
    }

    /// Replaces the fallback key; the new one is unused.
    pub fn set_fallback(&mut self, key: PublishedKey) {
        self.fallback = Some((key, false));
    }

    /// Whether this is the fallback key: one that comes a second time is as used as it was.
    #[must_use]
    pub fn has_fallback(&self, value: KeyValue) -> bool {
        self.fallback.is_some_and(|(key, _)| key.value == value)
    }

    /// Forgets the fallback key.
    pub fn drop_fallback(&mut self) {
        self.fallback = None;
    }

    /// Whether the key had gone out before the server was restored to a copy that does not know that.
    #[must_use]
    pub fn has_forgotten(&self, value: KeyValue) -> bool {
        self.forgotten.contains(&value)
    }

    /// These keys, brought back by a fact in the place of others.
    #[must_use]
    pub fn brought_back(&self, others: &Self, by: Provenance) -> Self {
        let mut keys = self.clone();
        let known = others.handed_out.union(&others.forgotten);
        keys.forgotten = known.filter(|key| !self.handed_out.contains(key)).copied().collect();
        let fallback = keys.fallback.iter_mut().map(|(key, _)| key);
        keys.unclaimed.iter_mut().chain(fallback).for_each(|key| key.restored = by);
        keys
    }

    /// Hands a key out: a one-time key if there is one, else the fallback key, which counts as used from then on and
    /// stays until it is replaced.
    pub fn hand_out(&mut self, how: HandOut) -> Option<HandedOut> {
        let one_time = match (how.newest_first, how.keep) {
            (false, false) => self.unclaimed.pop_front(),
            (true, false) => self.unclaimed.pop_back(),
            (false, true) => self.unclaimed.front().copied(),
            (true, true) => self.unclaimed.back().copied(),
        };
        if let Some(key) = one_time {
            self.handed_out.insert(key.value);
            return Some(HandedOut { key, fallback: false });
        }
        let (key, used) = self.fallback.as_mut().filter(|_| !how.no_fallback)?;
        *used |= !how.keep;
        Some(HandedOut { key: *key, fallback: true })
    }

    /// How many one-time keys are unclaimed.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.unclaimed.len()).unwrap_or(u32::MAX)
    }

    /// Whether there is a fallback key that was not used.
    #[must_use]
    pub fn has_unused_fallback(&self) -> bool {
        matches!(self.fallback, Some((_, false)))
    }
}

#[cfg(test)]
mod tests {
    use super::{HandOut, KeyIdInUse, OneTimeKeys, PublishedKey};
    use crate::ids::KeyValue;
    use crate::protocol::provenance::Provenance;
    use crate::scenario::habits::{OneTimeKeyOrder, OneTimeKeyUse, ServerHabits};

    fn key(key_id: u32, value: u32) -> PublishedKey {
        PublishedKey {
            key_id,
            value: KeyValue::new(value),
            written: Provenance::UNKNOWN,
            restored: Provenance::UNKNOWN,
        }
    }

    fn keys(values: std::ops::Range<u32>) -> OneTimeKeys {
        let mut keys = OneTimeKeys::default();
        values.for_each(|value| keys.add(key(value, value)));
        keys
    }

    fn next(keys: &mut OneTimeKeys, how: HandOut) -> Option<(u32, bool)> {
        keys.hand_out(how).map(|out| (out.key.value.raw(), out.fallback))
    }

    #[test]
    fn keys_go_out_once_each_in_upload_order() {
        let mut keys = keys(0..3);
        let order: Vec<_> =
            std::iter::from_fn(|| next(&mut keys, HandOut::default())).take(9).collect();
        assert_eq!(order, [(0, false), (1, false), (2, false)]);
        assert_eq!(keys.count(), 0);
    }

    #[test]
    fn the_fallback_key_goes_out_only_when_nothing_else_is_left_and_stays_as_used() {
        let mut keys = keys(0..1);
        keys.set_fallback(key(9, 9));
        assert_eq!(next(&mut keys, HandOut::default()), Some((0, false)));
        assert!(keys.has_unused_fallback());
        assert_eq!(next(&mut keys, HandOut::default()), Some((9, true)));
        assert!(!keys.has_unused_fallback());
        assert_eq!(next(&mut keys, HandOut::default()), Some((9, true)));
        keys.set_fallback(key(10, 10));
        assert!(keys.has_unused_fallback());
        assert_eq!(next(&mut keys, HandOut::default()), Some((10, true)));
        keys.drop_fallback();
        assert_eq!(next(&mut keys, HandOut::default()), None);
    }

    #[test]
    fn a_key_id_with_another_value_refuses_the_upload_and_the_same_value_is_taken_once() {
        let keys = keys(0..2);
        let fresh = |upload: &[(u32, u32)]| {
            let upload: Vec<_> =
                upload.iter().map(|(id, value)| (*id, KeyValue::new(*value))).collect();
            keys.fresh(&upload).map(|keys| keys.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        };
        assert_eq!(fresh(&[(1, 1), (2, 2)]), Ok(vec![2]));
        assert_eq!(fresh(&[(2, 2), (1, 7)]), Err(KeyIdInUse));
    }

    #[test]
    fn an_upload_that_comes_again_brings_back_no_key_that_was_handed_out() {
        let mut keys = keys(0..3);
        let again: Vec<_> = (0..3).map(|value| (value, KeyValue::new(value))).collect();
        next(&mut keys, HandOut::default());
        assert_eq!(keys.fresh(&again), Ok(Vec::new()));
        next(&mut keys, HandOut::default());
        assert_eq!(keys.fresh(&again), Ok(Vec::new()));
        let same_id = [(0, KeyValue::new(7))];
        assert_eq!(
            keys.fresh(&same_id),
            Ok(same_id.to_vec()),
            "a store that went back counts anew"
        );
    }

    #[test]
    fn the_fallback_key_is_known_by_its_value() {
        let mut keys = keys(0..1);
        assert!(!keys.has_fallback(KeyValue::new(9)));
        keys.set_fallback(key(9, 9));
        assert!(keys.has_fallback(KeyValue::new(9)) && !keys.has_fallback(KeyValue::new(0)));
    }

    #[test]
    fn a_faulty_server_hands_a_key_out_twice_or_the_newest_first() {
        let mut keys = keys(0..3);
        let twice = HandOut { keep: true, ..HandOut::default() };
        assert_eq!(next(&mut keys, twice), next(&mut keys, twice));
        let newest = HandOut { newest_first: true, ..HandOut::default() };
        assert_eq!(next(&mut keys, newest), Some((2, false)));
        let both = twice.or(newest);
        assert_eq!(next(&mut keys, both), Some((1, false)));
        assert_eq!(keys.count(), 2);
        assert_eq!(next(&mut keys, HandOut::default()), Some((0, false)));
    }

    #[test]
    fn a_server_may_keep_its_fallback_keys_to_itself() {
        let mut keys = keys(0..1);
        keys.set_fallback(key(9, 9));
        let habits = ServerHabits { gives_fallback_keys: false, ..ServerHabits::specification() };
        let how = HandOut::by_habit(&habits);
        assert_eq!(next(&mut keys, how), Some((0, false)));
        assert_eq!(next(&mut keys, how), None);
        assert!(keys.has_unused_fallback());
    }

    #[test]
    fn each_habit_of_a_server_is_one_way_of_handing_out() {
        let usual = ServerHabits::specification();
        assert_eq!(HandOut::by_habit(&usual), HandOut::default());
        let again = ServerHabits { one_time_keys: OneTimeKeyUse::Again, ..usual };
        let expected = HandOut { keep: true, ..HandOut::default() };
        assert_eq!(HandOut::by_habit(&again), expected);
        let newest = ServerHabits { one_time_key_order: OneTimeKeyOrder::NewestFirst, ..usual };
        let expected = HandOut { newest_first: true, ..HandOut::default() };
        assert_eq!(HandOut::by_habit(&newest), expected);
    }
}
