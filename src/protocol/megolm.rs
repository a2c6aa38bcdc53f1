//! Megolm as a state machine: a session that encrypts, and the copies that decrypt it from some index on.
//! It does not know when a session has to be replaced, who was given it, or which messages were seen before.
//!
//! The steps are those of vodozemac's `megolm::GroupSession` and `megolm::InboundGroupSession`.

use std::cmp::Ordering;

use crate::ids::MegolmSessionId;
use crate::protocol::entropy::Entropy;
use crate::protocol::to_device::MegolmCiphertext;

/// Why a room message could not be decrypted with an inbound session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum MegolmError {
    /// The signature does not fit: the message was damaged, or is of another session.
    #[error("the signature of the message does not fit the session")]
    BadSignature,
    /// The message was encrypted before the first index that is known.
    #[error("the message has index {got}, and the session is known from index {first} on")]
    UnknownIndex {
        /// The first index that can be decrypted.
        first: u32,
        /// The index of the message.
        got: u32,
    },
}

/// The end of a session that encrypts. A clone is what a snapshot of the store holds; used after the original went
/// on, it repeats indices.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OutboundSession {
    id: MegolmSessionId,
    next_index: u32,
}

impl OutboundSession {
    /// A new session, at index 0.
    pub fn new(entropy: &mut Entropy) -> Self {
        Self { id: entropy.megolm_session(), next_index: 0 }
    }

    /// The session's id.
    #[must_use]
    pub const fn id(&self) -> MegolmSessionId {
        self.id
    }

    /// The index of the next message, which is also how many messages were encrypted.
    #[must_use]
    pub const fn message_index(&self) -> u32 {
        self.next_index
    }

    /// The key as it would be shared now: it decrypts the next message and what follows, nothing before.
    #[must_use]
    pub const fn session_key(&self) -> InboundSession {
        InboundSession::new(self.id, self.next_index)
    }

    /// Encrypts the next message; the ratchet moves on and cannot go back.
    pub const fn encrypt(&mut self) -> MegolmCiphertext {
        let index = self.next_index;
        self.next_index += 1;
        MegolmCiphertext { session: self.id, index, intact: true }
    }
}

/// A copy of a session that decrypts from its first known index on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InboundSession {
    id: MegolmSessionId,
    first_known_index: u32,
}

impl InboundSession {
    /// The copy that a room key with this first index gives.
    #[must_use]
    pub const fn new(id: MegolmSessionId, first_known_index: u32) -> Self {
        Self { id, first_known_index }
    }

    /// The session's id.
    #[must_use]
    pub const fn id(&self) -> MegolmSessionId {
        self.id
    }

    /// The first index that can be decrypted.
    #[must_use]
    pub const fn first_known_index(&self) -> u32 {
        self.first_known_index
    }

    /// Decrypts a message and returns its index. Decrypting changes nothing: the same message can be decrypted
    /// again, and telling a replay is for the caller.
    ///
    /// # Errors
    /// `BadSignature` first, then `UnknownIndex`.
    pub fn decrypt(&self, message: &MegolmCiphertext) -> Result<u32, MegolmError> {
        if !message.intact || message.session != self.id {
            return Err(MegolmError::BadSignature);
        }
        if message.index < self.first_known_index {
            return Err(MegolmError::UnknownIndex {
                first: self.first_known_index,
                got: message.index,
            });
        }
        Ok(message.index)
    }

    /// A copy from `index` on; `None` if that is before the first known index, for no ratchet runs backwards.
    #[must_use]
    pub fn export_at(&self, index: u32) -> Option<Self> {
        (index >= self.first_known_index).then_some(Self { id: self.id, first_known_index: index })
    }

    /// Forgets how to decrypt what is before `index`; false if that was not known anyway.
    pub const fn advance_to(&mut self, index: u32) -> bool {
        let forgets = self.first_known_index < index;
        if forgets {
            self.first_known_index = index;
        }
        forgets
    }

    /// Whether this copy decrypts more than `other` (`Greater`), as much, or less; `None` for another session.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        (self.id == other.id).then(|| other.first_known_index.cmp(&self.first_known_index))
    }

    /// Takes the place of this copy by one of the same session that decrypts more; false if `other` does not, and
    /// nothing changes then. Whether its source may be trusted is for the caller.
    pub fn improve(&mut self, other: &Self) -> bool {
        let better = other.compare(self) == Some(Ordering::Greater);
        if better {
            *self = *other;
        }
        better
    }
}

#[cfg(test)]
mod tests {
    use super::{InboundSession, MegolmError, OutboundSession};
    use crate::protocol::entropy::Entropy;
    use crate::protocol::to_device::MegolmCiphertext;
    use std::cmp::Ordering;

    #[test]
    fn indices_count_up_from_zero_and_a_key_decrypts_from_where_it_was_shared() {
        let mut session = OutboundSession::new(&mut Entropy::default());
        let from_start = session.session_key();
        let first = session.encrypt();
        let from_second = session.session_key();
        let second = session.encrypt();
        assert_eq!((first.index, second.index, session.message_index()), (0, 1, 2));
        assert_eq!(from_start.decrypt(&first), Ok(0));
        assert_eq!(from_start.decrypt(&second), Ok(1));
        assert_eq!(from_second.decrypt(&second), Ok(1));
        assert_eq!(from_second.decrypt(&second), Ok(1), "telling a replay is for the caller");
        let unknown = MegolmError::UnknownIndex { first: 1, got: 0 };
        assert_eq!(from_second.decrypt(&first), Err(unknown));
    }

    #[test]
    fn a_damaged_message_and_one_of_another_session_fail_by_their_signature() {
        let mut entropy = Entropy::default();
        let (mut session, other) =
            (OutboundSession::new(&mut entropy), OutboundSession::new(&mut entropy));
        assert_ne!(session.id(), other.id());
        let key = session.session_key();
        let message = session.encrypt();
        let damaged = MegolmCiphertext { intact: false, ..message };
        assert_eq!(key.decrypt(&damaged), Err(MegolmError::BadSignature));
        assert_eq!(other.session_key().decrypt(&message), Err(MegolmError::BadSignature));
        // The signature is looked at before the index.
        let late = session.session_key();
        assert_eq!(late.decrypt(&damaged), Err(MegolmError::BadSignature));
    }

    #[test]
    fn a_copy_is_exported_forward_only() {
        let key = InboundSession::new(OutboundSession::new(&mut Entropy::default()).id(), 5);
        assert_eq!(key.export_at(4), None);
        assert_eq!(key.export_at(5), Some(key));
        assert_eq!(key.export_at(9).map(|key| key.first_known_index()), Some(9));
        let mut advanced = key;
        assert!(!advanced.advance_to(5));
        assert!(advanced.advance_to(6));
        assert_eq!(advanced.first_known_index(), 6);
        assert_eq!(advanced.export_at(5), None);
    }

    #[test]
    fn only_a_copy_of_the_same_session_with_a_lower_index_takes_the_place() {
        let mut entropy = Entropy::default();
        let (id, other) = (entropy.megolm_session(), entropy.megolm_session());
        let mut key = InboundSession::new(id, 5);
        for (replacement, ordering) in [
            (InboundSession::new(id, 5), Some(Ordering::Equal)),
            (InboundSession::new(id, 6), Some(Ordering::Greater)),
            (InboundSession::new(other, 0), None),
        ] {
            assert_eq!(key.compare(&replacement), ordering);
            assert!(!key.improve(&replacement));
            assert_eq!(key, InboundSession::new(id, 5));
        }
        assert!(key.improve(&InboundSession::new(id, 4)));
        assert_eq!(key.first_known_index(), 4);
        assert_eq!(key.id(), id);
    }

    #[test]
    fn a_sender_rolled_back_repeats_indices_and_both_messages_decrypt() {
        let mut session = OutboundSession::new(&mut Entropy::default());
        let key = session.session_key();
        let mut saved = session.clone();
        assert_eq!(session.encrypt().index, saved.encrypt().index);
        assert_eq!(key.decrypt(&saved.encrypt()), Ok(1));
    }
}
