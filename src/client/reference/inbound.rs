//! Inbound Megolm keys and the messages that wait for them.
//! It does not know where a key came from is to be trusted, nor what is shown for a message that stays unread.

use std::collections::BTreeMap;

use crate::client::reference::few::Few;
use crate::client::reference::used::Used;
use crate::ids::{DeviceId, MegolmSessionId, MessageId, RoomId, UserId};
use crate::protocol::megolm::{InboundSession, MegolmError};
use crate::protocol::provenance::Provenance;
use crate::protocol::to_device::MegolmCiphertext;
use crate::time::SimTime;
use crate::trace::fact::TryResult;

/// A key for a session.
#[derive(Debug, Clone)]
pub(super) struct InboundKey {
    /// The room.
    pub(super) room: RoomId,
    /// The copy of the session, from its first known index on.
    pub(super) megolm: InboundSession,
    /// The device that made the session, as the key's bearer said.
    pub(super) creator: DeviceId,
    /// How many devices forwarded it, the one that sent it here included.
    pub(super) hops: u32,
    /// Whether it may be given to later members of the room.
    pub(super) shared_history: bool,
    /// Who gave it in a history bundle: only that user's word vouches for it (H-09).
    pub(super) given_by: Option<UserId>,
    /// The fact that it came in.
    pub(super) by: Provenance,
    /// What was decrypted with it.
    pub(super) used: Used,
}

/// A message that was received.
#[derive(Debug, Clone, Copy)]
pub(super) struct Received {
    /// Which.
    pub(super) message: MessageId,
    /// Where.
    pub(super) room: RoomId,
    /// The device that its `sender_key` names.
    pub(super) device: DeviceId,
    /// The user who sent it.
    pub(super) sender: UserId,
    /// The session.
    pub(super) session: MegolmSessionId,
    /// The index.
    pub(super) index: u32,
    /// Whether the ciphertext is undamaged.
    pub(super) intact: bool,
    /// `origin_server_ts`
    pub(super) sent_at: SimTime,
    /// The fact that it was received.
    pub(super) by: Provenance,
    /// What came of the last attempt to decrypt it.
    pub(super) result: Option<TryResult>,
}

/// What became of a key that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    /// It is the first, or reaches further back than the one there was.
    Taken,
    /// There is one that reaches as far back (P-14).
    NoBetter,
}

/// Whether a message can be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decryption {
    /// It can, and was.
    Readable,
    /// There is no key, or it starts later.
    NoKey,
    /// Damaged, or its index belongs to another message.
    Invalid,
}

/// Keys, and messages that could not be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Inbound {
    keys: Few<MegolmSessionId, InboundKey>,
    unread: Few<MegolmSessionId, Vec<Received>>,
    sessions_of: BTreeMap<MessageId, MegolmSessionId>,
}

impl Inbound {
    /// The key of a session.
    pub(super) fn key(&self, session: MegolmSessionId) -> Option<&InboundKey> {
        self.keys.get(session)
    }

    /// All keys, by session, ascending.
    pub(super) fn keys(&self) -> impl Iterator<Item = (MegolmSessionId, &InboundKey)> {
        self.keys.iter()
    }

    /// Takes a key if it is better than what there is.
    pub(super) fn offer(&mut self, key: InboundKey) -> Offered {
        match self.keys.get_mut(key.megolm.id()) {
            Some(old) => {
                if !old.megolm.improve(&key.megolm) {
                    return Offered::NoBetter;
                }
                let used = std::mem::take(&mut old.used);
                *old = InboundKey { used, ..key };
                Offered::Taken
            }
            None => {
                self.keys.insert(key.megolm.id(), key);
                Offered::Taken
            }
        }
    }

    /// Loses a key. True if there was one.
    pub(super) fn drop_key(&mut self, session: MegolmSessionId) -> bool {
        self.keys.remove(session).is_some()
    }

    /// The session of a message that was received and could not be read at first.
    pub(super) fn session_of(&self, message: MessageId) -> Option<MegolmSessionId> {
        self.sessions_of.get(&message).copied()
    }

    /// Tries to decrypt a message.
    pub(super) fn decrypt(&mut self, received: &Received) -> Decryption {
        let Some(key) = self.keys.get_mut(received.session) else { return Decryption::NoKey };
        let Received { session, index, intact, .. } = *received;
        match key.megolm.decrypt(&MegolmCiphertext { session, index, intact }) {
            Ok(_) if key.room == received.room => {}
            Err(MegolmError::UnknownIndex { .. }) => return Decryption::NoKey,
            Ok(_) | Err(MegolmError::BadSignature) => return Decryption::Invalid,
        }
        if key.used.note(index, received.message) {
            Decryption::Readable
        } else {
            Decryption::Invalid
        }
    }

    /// Keeps a message that could not be read.
    pub(super) fn keep_unread(&mut self, received: Received) {
        self.sessions_of.insert(received.message, received.session);
        self.unread.get_or_insert_with(received.session, Vec::new).push(received);
    }

    /// Takes the unread messages of a session out, to try them again.
    pub(super) fn take_unread(&mut self, session: MegolmSessionId) -> Vec<Received> {
        self.unread.remove(session).unwrap_or_default()
    }

    /// An unread message of a session.
    pub(super) fn unread_of(&self, session: MegolmSessionId) -> Option<&Received> {
        self.unread.get(session)?.first()
    }

    /// Whether a message of a session could not be read for want of a key that reaches far enough back.
    pub(super) fn lacks_key(&self, session: MegolmSessionId) -> bool {
        let lacks = |one: &Received| matches!(one.result, Some(TryResult::Undecryptable(_)));
        self.unread.get(session).is_some_and(|unread| unread.iter().any(lacks))
    }

    /// The sessions with unread messages, ascending.
    pub(super) fn unread_sessions(&self) -> Vec<MegolmSessionId> {
        self.unread.iter().map(|(session, _)| session).collect()
    }
}

impl InboundKey {
    /// The first index that it decrypts.
    pub(super) const fn first(&self) -> u32 {
        self.megolm.first_known_index()
    }

    /// A key that nothing was decrypted with yet.
    pub(super) fn new(room: RoomId, megolm: InboundSession, creator: DeviceId) -> Self {
        Self {
            room,
            megolm,
            creator,
            hops: 0,
            shared_history: false,
            given_by: None,
            by: Provenance::UNKNOWN,
            used: Used::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Decryption, Inbound, InboundKey, Offered, Received};
    use crate::ids::{DeviceId, MegolmSessionId, MessageId, RoomId, UserId};
    use crate::protocol::megolm::InboundSession;
    use crate::protocol::provenance::Provenance;
    use crate::time::SimTime;

    const SESSION: MegolmSessionId = MegolmSessionId::new(0);

    fn key(first: u32) -> InboundKey {
        InboundKey::new(RoomId::new(0), InboundSession::new(SESSION, first), DeviceId::new(0))
    }

    const fn message(message: u32, index: u32) -> Received {
        Received {
            message: MessageId::new(message),
            room: RoomId::new(0),
            device: DeviceId::new(0),
            sender: UserId::new(0),
            session: SESSION,
            index,
            intact: true,
            sent_at: SimTime::ZERO,
            by: Provenance::UNKNOWN,
            result: None,
        }
    }

    #[test]
    fn a_key_is_replaced_only_by_one_that_reaches_further_back() {
        let mut inbound = Inbound::default();
        assert_eq!(inbound.offer(key(5)), Offered::Taken);
        assert_eq!(inbound.offer(key(5)), Offered::NoBetter);
        assert_eq!(inbound.offer(key(7)), Offered::NoBetter);
        assert_eq!(inbound.offer(key(2)), Offered::Taken);
        assert_eq!(inbound.key(SESSION).unwrap().first(), 2);
    }

    #[test]
    fn an_index_belongs_to_one_message_even_after_a_better_key() {
        let mut inbound = Inbound::default();
        inbound.offer(key(1));
        assert_eq!(inbound.decrypt(&message(0, 0)), Decryption::NoKey);
        assert_eq!(inbound.decrypt(&message(1, 3)), Decryption::Readable);
        assert_eq!(inbound.decrypt(&message(1, 3)), Decryption::Readable);
        inbound.offer(key(0));
        assert_eq!(inbound.decrypt(&message(2, 3)), Decryption::Invalid);
        assert_eq!(inbound.decrypt(&message(0, 0)), Decryption::Readable);
    }

    #[test]
    fn a_damaged_message_and_one_of_another_room_are_invalid() {
        let mut inbound = Inbound::default();
        inbound.offer(key(0));
        let damaged = Received { intact: false, ..message(0, 0) };
        assert_eq!(inbound.decrypt(&damaged), Decryption::Invalid);
        let elsewhere = Received { room: RoomId::new(1), ..message(0, 0) };
        assert_eq!(inbound.decrypt(&elsewhere), Decryption::Invalid);
    }
}
