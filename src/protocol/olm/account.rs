//! The Olm account of a device: its identity and the private halves of the keys that it publishes.
//! It does not know which keys the server still has, nor when it is time to make new ones.

use super::error::OlmError;
use super::key::{RatchetKey, SessionKeys};
use super::session::{OlmSession, pre_key_session};
use crate::ids::{DeviceId, KeyValue};
use crate::protocol::entropy::Entropy;
use crate::protocol::to_device::{OlmCiphertext, OlmPayload};

/// How many one-time keys a client is told to keep on its server.
pub const PUBLISHED_ONE_TIME_KEYS: usize = 50;

/// How many private one-time keys an account holds; the oldest go first. It is far more than are published, because
/// pre-key messages on keys that the server no longer counts may still be under way.
pub const MAX_ONE_TIME_KEYS: usize = 100 * PUBLISHED_ONE_TIME_KEYS;

/// A private key with what it is published as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct StoredKey {
    id: u32,
    value: KeyValue,
    published: bool,
}

/// The Olm account of one device. A clone is what a snapshot of the store holds; after a rollback key ids come
/// again, values do not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OlmAccount {
    identity: DeviceId,
    next_key_id: u32,
    next_fallback_id: u32,
    /// Ascending by id, and by value as well, because [`Entropy`] counts upwards.
    one_time_keys: Vec<StoredKey>,
    fallback: Option<StoredKey>,
    previous_fallback: Option<StoredKey>,
}

/// A session made from a pre-key message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundCreation {
    /// The new session.
    pub session: OlmSession,
    /// What was in the message.
    pub payload: OlmPayload,
    /// The one-time key that was used up; `None` if the session stands on a fallback key, which stays.
    pub used: Option<KeyValue>,
}

impl OlmAccount {
    /// The account of a new device, without any one-time or fallback key.
    #[must_use]
    pub const fn new(identity: DeviceId) -> Self {
        Self {
            identity,
            next_key_id: 0,
            next_fallback_id: 0,
            one_time_keys: Vec::new(),
            fallback: None,
            previous_fallback: None,
        }
    }

    /// The device whose identity keys these are.
    #[must_use]
    pub const fn identity(&self) -> DeviceId {
        self.identity
    }

    /// Makes `count` one-time keys and returns them with their key ids, in the order of the ids. They are
    /// unpublished. Beyond [`MAX_ONE_TIME_KEYS`] the oldest private keys are forgotten.
    pub fn generate(&mut self, count: usize, entropy: &mut Entropy) -> Vec<(u32, KeyValue)> {
        (0..count)
            .map(|_| {
                let key = StoredKey {
                    id: self.next_key_id,
                    value: entropy.key_value(),
                    published: false,
                };
                self.next_key_id += 1;
                self.store(key);
                (key.id, key.value)
            })
            .collect()
    }

    fn store(&mut self, key: StoredKey) {
        debug_assert!(
            self.one_time_keys.last().is_none_or(|last| last.value < key.value),
            "key values ascend, or looking one up by its value would fail"
        );
        if self.one_time_keys.len() == MAX_ONE_TIME_KEYS {
            self.one_time_keys.remove(0);
        }
        self.one_time_keys.push(key);
    }

    /// The one-time keys that were never marked as published, in the order of their ids.
    pub fn unpublished(&self) -> impl Iterator<Item = (u32, KeyValue)> + '_ {
        self.one_time_keys.iter().filter(|key| !key.published).map(|key| (key.id, key.value))
    }

    /// The current fallback key, if it was never marked as published.
    #[must_use]
    pub fn unpublished_fallback(&self) -> Option<(u32, KeyValue)> {
        self.fallback.filter(|key| !key.published).map(|key| (key.id, key.value))
    }

    /// Marks all one-time keys and the current fallback key as published, also those that were made after the
    /// upload was sent.
    pub fn mark_published(&mut self) {
        for key in self.one_time_keys.iter_mut().chain(&mut self.fallback) {
            key.published = true;
        }
    }

    /// Makes a fallback key and returns it with its key id. The key before it stays usable as the previous one; the
    /// one before that is forgotten.
    pub fn generate_fallback(&mut self, entropy: &mut Entropy) -> (u32, KeyValue) {
        let key =
            StoredKey { id: self.next_fallback_id, value: entropy.key_value(), published: false };
        self.next_fallback_id += 1;
        self.previous_fallback = self.fallback.replace(key);
        (key.id, key.value)
    }

    /// The previous fallback key, which the next one pushes out.
    #[must_use]
    pub fn previous_fallback(&self) -> Option<KeyValue> {
        self.previous_fallback.map(|key| key.value)
    }

    /// Forgets the previous fallback key; false if there was none.
    pub fn forget_fallback(&mut self) -> bool {
        self.previous_fallback.take().is_some()
    }

    /// Forgets a one-time key; false if it was not there. Fallback keys are not touched.
    pub fn remove_one_time_key(&mut self, key: KeyValue) -> bool {
        let position = self.position(key);
        if let Some(position) = position {
            self.one_time_keys.remove(position);
        }
        position.is_some()
    }

    /// How many private one-time keys are in the account, published or not.
    #[must_use]
    pub const fn one_time_key_count(&self) -> usize {
        self.one_time_keys.len()
    }

    /// The one-time keys whose private half is in the account, published or not, in the order of their making.
    pub fn one_time_keys(&self) -> impl Iterator<Item = KeyValue> + '_ {
        self.one_time_keys.iter().map(|key| key.value)
    }

    /// Whether the account has the private half of `key`, as a one-time or a fallback key.
    #[must_use]
    pub fn has_private_key(&self, key: KeyValue) -> bool {
        let is = |stored: StoredKey| stored.value == key;
        self.position(key).is_some()
            || self.fallback.is_some_and(is)
            || self.previous_fallback.is_some_and(is)
    }

    fn position(&self, key: KeyValue) -> Option<usize> {
        self.one_time_keys.binary_search_by_key(&key, |stored| stored.value).ok()
    }

    /// Starts a session with `peer` on a one-time or fallback key that was claimed for it.
    #[must_use]
    pub fn create_outbound(
        &self,
        peer: DeviceId,
        key: KeyValue,
        entropy: &mut Entropy,
    ) -> OlmSession {
        let base = entropy.olm_session();
        let keys = SessionKeys { identity: self.identity, base, one_time: key };
        OlmSession::outbound(keys, peer, entropy)
    }

    /// Makes the other end of a session from a pre-key message whose envelope names `their_identity` as its sender.
    /// The one-time key is forgotten only if the message decrypts, so that nobody can waste it with a forgery.
    ///
    /// # Errors
    /// `NoSession` for a message that is not a pre-key message, `MismatchedIdentity`, `MissingKey`, `TooBigGap` or
    /// `BadMac`; the account is then as it was.
    pub fn create_inbound(
        &mut self,
        message: &OlmCiphertext,
        their_identity: DeviceId,
    ) -> Result<InboundCreation, OlmError> {
        let keys = pre_key_session(message).ok_or(OlmError::NoSession)?;
        if keys.identity != their_identity {
            return Err(OlmError::MismatchedIdentity {
                expected: their_identity,
                got: keys.identity,
            });
        }
        if !self.has_private_key(keys.one_time) {
            return Err(OlmError::MissingKey(keys.one_time));
        }
        let theirs = RatchetKey::from_wire(message.ratchet_key);
        let mut session = OlmSession::inbound(keys, self.identity, theirs);
        session.decrypt_first(message)?;
        let used = self.remove_one_time_key(keys.one_time).then_some(keys.one_time);
        Ok(InboundCreation { session, payload: message.payload, used })
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_ONE_TIME_KEYS, OlmAccount};
    use crate::ids::{DeviceId, KeyValue};
    use crate::protocol::entropy::Entropy;
    use crate::protocol::olm::{OlmError, OlmSession};
    use crate::protocol::to_device::SenderKeys;
    use crate::protocol::to_device::{OlmCiphertext, OlmEvent, OlmPayload};

    const ALICE: DeviceId = DeviceId::new(0);
    const BOB: DeviceId = DeviceId::new(1);
    const CAROL: DeviceId = DeviceId::new(2);

    /// A session of `from` with Bob on `key`, and the first message on it.
    fn first_message(
        from: DeviceId,
        key: KeyValue,
        entropy: &mut Entropy,
    ) -> (OlmSession, OlmCiphertext) {
        let mut session = OlmAccount::new(from).create_outbound(BOB, key, entropy);
        let payload = OlmPayload {
            recipient: BOB,
            sender_keys: SenderKeys::Agree,
            event: OlmEvent::Dummy { empty: true },
        };
        let message = session.encrypt(payload, entropy);
        (session, message)
    }

    #[test]
    fn a_one_time_key_serves_one_session() {
        let mut entropy = Entropy::default();
        let mut bob = OlmAccount::new(BOB);
        let keys = bob.generate(2, &mut entropy);
        let (_, used) = keys[0];
        let (alice, message) = first_message(ALICE, used, &mut entropy);
        let made = bob.create_inbound(&message, ALICE).unwrap();
        assert_eq!(made.used, Some(used));
        assert_eq!((made.session.id(), made.session.peer()), (alice.id(), ALICE));
        assert_eq!(made.payload, message.payload);
        assert_eq!(bob.one_time_key_count(), 1);
        let (_, second) = first_message(CAROL, used, &mut entropy);
        assert_eq!(bob.create_inbound(&second, CAROL), Err(OlmError::MissingKey(used)));
    }

    #[test]
    fn a_fallback_key_serves_every_sender_until_it_is_forgotten() {
        let mut entropy = Entropy::default();
        let mut bob = OlmAccount::new(BOB);
        let (_, key) = bob.generate_fallback(&mut entropy);
        for sender in [ALICE, CAROL] {
            let (session, message) = first_message(sender, key, &mut entropy);
            let made = bob.create_inbound(&message, sender).unwrap();
            assert_eq!(made.used, None);
            assert_eq!(made.session.id(), session.id());
        }
        assert!(!bob.forget_fallback(), "there is no previous one yet");
        bob.generate_fallback(&mut entropy);
        let (_, late) = first_message(ALICE, key, &mut entropy);
        assert!(bob.create_inbound(&late, ALICE).is_ok());
        assert_eq!(bob.previous_fallback(), Some(key));
        assert!(bob.forget_fallback());
        assert_eq!(bob.previous_fallback(), None);
        let (_, later) = first_message(ALICE, key, &mut entropy);
        assert_eq!(bob.create_inbound(&later, ALICE), Err(OlmError::MissingKey(key)));
    }

    #[test]
    fn the_second_new_fallback_key_pushes_the_first_out() {
        let mut entropy = Entropy::default();
        let mut bob = OlmAccount::new(BOB);
        let keys: Vec<_> = (0..3).map(|_| bob.generate_fallback(&mut entropy)).collect();
        assert_eq!(keys.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [0, 1, 2]);
        let held: Vec<_> = keys.iter().map(|(_, key)| bob.has_private_key(*key)).collect();
        assert_eq!(held, [false, true, true]);
    }

    #[test]
    fn a_message_that_makes_no_session_leaves_the_account_alone() {
        let mut entropy = Entropy::default();
        let mut bob = OlmAccount::new(BOB);
        let (_, key) = bob.generate(1, &mut entropy)[0];
        let (_, message) = first_message(ALICE, key, &mut entropy);
        let before = bob.clone();
        let damaged = OlmCiphertext { mac: !message.mac, ..message };
        let normal = OlmCiphertext { pre_key: None, ..message };
        let ahead = OlmCiphertext { index: 2_001, ..message };
        let mismatch = OlmError::MismatchedIdentity { expected: CAROL, got: ALICE };
        assert_eq!(bob.create_inbound(&damaged, ALICE), Err(OlmError::BadMac));
        assert_eq!(bob.create_inbound(&normal, ALICE), Err(OlmError::NoSession));
        assert_eq!(bob.create_inbound(&ahead, ALICE), Err(OlmError::TooBigGap(2_001)));
        assert_eq!(bob.create_inbound(&message, CAROL), Err(mismatch));
        assert_eq!(bob, before);
        assert!(bob.create_inbound(&message, ALICE).is_ok());
    }

    #[test]
    fn sessions_that_cross_are_two_and_both_work() {
        let mut entropy = Entropy::default();
        let (mut alice, mut bob) = (OlmAccount::new(ALICE), OlmAccount::new(BOB));
        let (_, of_alice) = alice.generate(1, &mut entropy)[0];
        let (_, of_bob) = bob.generate(1, &mut entropy)[0];
        let mut from_alice = alice.create_outbound(BOB, of_bob, &mut entropy);
        let mut from_bob = bob.create_outbound(ALICE, of_alice, &mut entropy);
        let dummy = |recipient| OlmPayload {
            recipient,
            sender_keys: SenderKeys::Agree,
            event: OlmEvent::Dummy { empty: true },
        };
        let to_bob = from_alice.encrypt(dummy(BOB), &mut entropy);
        let to_alice = from_bob.encrypt(dummy(ALICE), &mut entropy);
        assert!(!from_alice.matches_pre_key(&to_alice));
        assert_eq!(from_alice.decrypt(&to_alice, &mut entropy), Err(OlmError::BadMac));
        let mut at_bob = bob.create_inbound(&to_bob, ALICE).unwrap().session;
        let mut at_alice = alice.create_inbound(&to_alice, BOB).unwrap().session;
        assert_ne!(at_bob.id(), at_alice.id());
        for (one, other) in [(&mut from_alice, &mut at_bob), (&mut from_bob, &mut at_alice)] {
            let answer = other.encrypt(dummy(one.peer()), &mut entropy);
            assert!(one.decrypt(&answer, &mut entropy).is_ok());
        }
    }

    #[test]
    fn keys_are_unpublished_until_marked() {
        let mut entropy = Entropy::default();
        let mut bob = OlmAccount::new(BOB);
        let keys = bob.generate(3, &mut entropy);
        let fallback = bob.generate_fallback(&mut entropy);
        assert_eq!(bob.unpublished().collect::<Vec<_>>(), keys);
        assert_eq!(bob.unpublished_fallback(), Some(fallback));
        assert!(bob.remove_one_time_key(keys[1].1));
        assert!(!bob.remove_one_time_key(keys[1].1));
        assert!(!bob.remove_one_time_key(fallback.1));
        bob.mark_published();
        assert_eq!((bob.unpublished().count(), bob.unpublished_fallback()), (0, None));
        assert_eq!(bob.generate(1, &mut entropy)[0].0, 3);
        assert_eq!(bob.unpublished().count(), 1);
        assert_eq!(bob.one_time_key_count(), 3);
    }

    #[test]
    fn a_rollback_repeats_key_ids_with_other_values() {
        let mut entropy = Entropy::default();
        let mut bob = OlmAccount::new(BOB);
        let saved = bob.clone();
        let (before, fallback_before) =
            (bob.generate(2, &mut entropy), bob.generate_fallback(&mut entropy));
        bob = saved;
        let (after, fallback_after) =
            (bob.generate(2, &mut entropy), bob.generate_fallback(&mut entropy));
        assert_eq!((before[1].0, fallback_before.0), (after[1].0, fallback_after.0));
        let (_, message) = first_message(ALICE, before[1].1, &mut entropy);
        assert_eq!(bob.create_inbound(&message, ALICE), Err(OlmError::MissingKey(before[1].1)));
        assert!(bob.has_private_key(after[1].1));
        assert!(bob.has_private_key(fallback_after.1) && !bob.has_private_key(fallback_before.1));
    }

    #[test]
    fn the_oldest_key_makes_room_when_the_account_is_full() {
        let mut entropy = Entropy::default();
        let mut bob = OlmAccount::new(BOB);
        let keys = bob.generate(MAX_ONE_TIME_KEYS + 1, &mut entropy);
        assert_eq!(bob.one_time_key_count(), MAX_ONE_TIME_KEYS);
        assert!(!bob.has_private_key(keys[0].1));
        assert!(bob.has_private_key(keys[1].1));
    }
}
