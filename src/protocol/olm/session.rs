//! One end of an Olm session.
//! It does not know which of several sessions with a device is the one to use, nor what became of its messages.

use super::chain::ReceiverChain;
use super::error::OlmError;
use super::key::{RatchetKey, RootKey, SessionKeys};
use super::ratchet::SendingRatchet;
use crate::ids::{DeviceId, KeyValue, OlmSessionId};
use crate::protocol::entropy::Entropy;
use crate::protocol::to_device::{OlmCiphertext, OlmPayload};

/// How many chains of the other side a session can decrypt from; the oldest go first.
pub const MAX_RECEIVER_CHAINS: usize = 5;

/// One end of an Olm session. A clone is what a snapshot of the store holds: used after the original went on, it
/// repeats ratchet positions exactly as a store rolled back does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OlmSession {
    keys: SessionKeys,
    own: DeviceId,
    peer: DeviceId,
    sending: SendingRatchet,
    /// The chain begun last, kept here because nearly every message is on it; `None` until the first message.
    newest: Option<ReceiverChain>,
    /// The chains before it, oldest first.
    older: Vec<ReceiverChain>,
}

impl OlmSession {
    /// The end of the device that starts the session.
    pub(super) fn outbound(keys: SessionKeys, peer: DeviceId, entropy: &mut Entropy) -> Self {
        let (root, chain_key) = RootKey::triple_diffie_hellman(keys, peer);
        Self {
            keys,
            own: keys.identity,
            peer,
            sending: SendingRatchet::start(root, chain_key, entropy),
            newest: None,
            older: Vec::new(),
        }
    }

    /// The end of the device `own` that got a pre-key message with these keys, before it is decrypted.
    pub(super) fn inbound(keys: SessionKeys, own: DeviceId, theirs: RatchetKey) -> Self {
        let (root, chain_key) = RootKey::triple_diffie_hellman(keys, own);
        Self {
            keys,
            own,
            peer: keys.identity,
            sending: SendingRatchet::Inactive { root, theirs },
            newest: Some(ReceiverChain::new(theirs, chain_key)),
            older: Vec::new(),
        }
    }

    /// The session's id, the same at both ends.
    #[must_use]
    pub const fn id(&self) -> OlmSessionId {
        self.keys.base
    }

    /// The device at the other end.
    #[must_use]
    pub const fn peer(&self) -> DeviceId {
        self.peer
    }

    /// The keys that the session was set up with.
    #[must_use]
    pub const fn keys(&self) -> SessionKeys {
        self.keys
    }

    /// Whether a message of the other side was ever decrypted on this session. Until then every message sent is a
    /// pre-key message. It is true from the start at the end that was made from a pre-key message.
    #[must_use]
    pub const fn has_received_message(&self) -> bool {
        self.newest.is_some()
    }

    /// Whether `message` is a pre-key message that was written on this very session.
    #[must_use]
    pub fn matches_pre_key(&self, message: &OlmCiphertext) -> bool {
        pre_key_session(message).is_some_and(|keys| keys == self.keys)
    }

    /// Encrypts `payload` for the other end. `entropy` gives a ratchet key where the direction changes.
    pub fn encrypt(&mut self, payload: OlmPayload, entropy: &mut Entropy) -> OlmCiphertext {
        let next = self.sending.next_message(entropy);
        let pre_key: Option<KeyValue> =
            if self.has_received_message() { None } else { Some(self.keys.one_time) };
        OlmCiphertext {
            sender_key: self.own,
            session: self.keys.base,
            pre_key,
            ratchet_key: next.ratchet_key.to_wire(),
            index: next.index,
            mac: next.key.mac(next.ratchet_key),
            payload,
        }
    }

    /// Decrypts a message of the other end. Which session the message claims to be of is not looked at: that is for
    /// [`matches_pre_key`](Self::matches_pre_key). `entropy` is used if the message is of an unknown chain and this
    /// end has not begun its own: the sending ratchet then starts a chain, even though the message fails.
    ///
    /// # Errors
    /// `MissingMessageKey`, `TooBigGap` or `BadMac`; but for that one step the session is then as it was.
    pub fn decrypt(
        &mut self,
        message: &OlmCiphertext,
        entropy: &mut Entropy,
    ) -> Result<OlmPayload, OlmError> {
        let theirs = RatchetKey::from_wire(message.ratchet_key);
        if let Some(chain) = self.chain_mut(theirs) {
            chain.open(message)?;
        } else {
            let (sending, mut chain) = self.sending.advance(theirs, entropy);
            chain.open(message)?;
            self.sending = sending;
            self.push(chain);
        }
        Ok(message.payload)
    }

    /// Decrypts the pre-key message that this end was just made from.
    pub(super) fn decrypt_first(&mut self, message: &OlmCiphertext) -> Result<(), OlmError> {
        self.newest.as_mut().map_or(Err(OlmError::NoSession), |chain| chain.open(message))
    }

    fn chain_mut(&mut self, key: RatchetKey) -> Option<&mut ReceiverChain> {
        self.newest.iter_mut().chain(&mut self.older).find(|chain| chain.ratchet_key() == key)
    }

    fn push(&mut self, chain: ReceiverChain) {
        if let Some(before) = self.newest.replace(chain) {
            if self.older.len() == MAX_RECEIVER_CHAINS - 1 {
                self.older.remove(0);
            }
            self.older.push(before);
        }
    }
}

/// The session keys in a pre-key message.
pub(super) fn pre_key_session(message: &OlmCiphertext) -> Option<SessionKeys> {
    message.pre_key.map(|one_time| SessionKeys {
        identity: message.sender_key,
        base: message.session,
        one_time,
    })
}
