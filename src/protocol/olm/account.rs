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
