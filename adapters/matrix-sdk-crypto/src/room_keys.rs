//! The Megolm sessions of one run: the name that the simulator has for each, and the real keys behind it, as far as a client that only
//! has symbols made them or was given them. It does not know who may have which key; whoever has the symbol has the key.
//!
//! A session that encrypts is kept as it was at its beginning: what a symbol with an index stands for is the same whenever it is
//! asked for, so that a client whose store goes back writes the same bytes again.

use std::collections::BTreeMap;

use vodozemac::megolm::{
    ExportedSessionKey, GroupSession, GroupSessionPickle, InboundGroupSession, SessionConfig,
    SessionKey,
};
use withheld::ids::{DeviceId, MegolmSessionId};
use withheld::protocol::entropy::Entropy;

/// A session that encrypts, at its beginning and where it was used last.
struct Outbound {
    beginning: String,
    live: GroupSession,
}

/// All Megolm sessions of a run.
#[derive(Default)]
pub struct RoomKeys {
    named: BTreeMap<String, MegolmSessionId>,
    names: BTreeMap<MegolmSessionId, String>,
    /// Who made a session.
    made: BTreeMap<MegolmSessionId, DeviceId>,
    outbound: BTreeMap<MegolmSessionId, Outbound>,
    /// The copy that reaches furthest back of what was given to a client that has symbols.
    given: BTreeMap<MegolmSessionId, InboundGroupSession>,
}

impl std::fmt::Debug for RoomKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RoomKeys").field("names", &self.names).finish_non_exhaustive()
    }
}

impl RoomKeys {
    /// The simulator's name of a session, a new one if it has none.
    pub fn name(&mut self, id: &str, entropy: &mut Entropy) -> MegolmSessionId {
        if let Some(known) = self.named.get(id) {
            return *known;
        }
        let session = entropy.megolm_session();
        self.insert(id.to_owned(), session);
        session
    }

    fn insert(&mut self, id: String, session: MegolmSessionId) {
        self.named.insert(id.clone(), session);
        self.names.insert(session, id);
    }

    /// The simulator's name of a session that has one.
    #[must_use]
    pub fn named(&self, id: &str) -> Option<MegolmSessionId> {
        self.named.get(id).copied()
    }

    /// The real id of a session.
    #[must_use]
    pub fn id(&self, session: MegolmSessionId) -> Option<&str> {
        self.names.get(&session).map(String::as_str)
    }

    /// Notes who made a session.
    pub fn made_by(&mut self, session: MegolmSessionId, device: DeviceId) {
        self.made.insert(session, device);
    }

    /// Who made a session.
    #[must_use]
    pub fn maker(&self, session: MegolmSessionId) -> Option<DeviceId> {
        self.made.get(&session).copied()
    }

    /// A client that has symbols speaks of a session: if nobody else made it, it did, and here are its real keys.
    ///
    /// # Panics
    /// Never: a session that was just made can be written.
    pub fn speaks_of(&mut self, session: MegolmSessionId, device: DeviceId) {
        if self.names.contains_key(&session) {
            return;
        }
        let live = GroupSession::new(SessionConfig::version_1());
        let beginning = serde_json::to_string(&live.pickle()).expect("a pickle can be written");
        self.insert(live.session_id(), session);
        self.made.entry(session).or_insert(device);
        self.outbound.insert(session, Outbound { beginning, live });
    }

    /// A session that encrypts, as it is before its message with this index.
    fn at(&mut self, session: MegolmSessionId, index: u32) -> Option<&mut GroupSession> {
        let outbound = self.outbound.get_mut(&session)?;
        if outbound.live.message_index() > index {
            let beginning: GroupSessionPickle = serde_json::from_str(&outbound.beginning).ok()?;
            outbound.live = GroupSession::from_pickle(beginning);
        }
        while outbound.live.message_index() < index {
            let _ = outbound.live.encrypt("");
        }
        Some(&mut outbound.live)
    }

    /// The ciphertext of a text at an index; `None` if the session is nobody's that has symbols.
    pub fn encrypt(&mut self, session: MegolmSessionId, index: u32, text: &str) -> Option<String> {
        self.at(session, index).map(|live| live.encrypt(text).to_base64())
    }

    /// The key of a session from an index on, signed by who made it.
    pub fn session_key(&mut self, session: MegolmSessionId, first: u32) -> Option<String> {
        self.at(session, first).map(|live| live.session_key().to_base64())
    }

    /// The key of a session from an index on, without a signature.
    pub fn exported_key(&mut self, session: MegolmSessionId, first: u32) -> Option<String> {
        if let Some(live) = self.at(session, first) {
            let key = live.session_key();
            let own = InboundGroupSession::new(&key, SessionConfig::version_1());
            return Some(own.export_at_first_known_index().to_base64());
        }
        let given = self.given.get_mut(&session)?;
        given.export_at(first).map(|key| key.to_base64())
    }

    /// Somebody was given a key, as it stands in a room key or in a forwarded one. Tells its session and its first index.
    pub fn take(&mut self, text: &str) -> Option<(String, u32)> {
        let config = SessionConfig::version_1();
        let inbound = match SessionKey::from_base64(text) {
            Ok(key) => InboundGroupSession::new(&key, config),
            Err(_) => {
                InboundGroupSession::import(&ExportedSessionKey::from_base64(text).ok()?, config)
            }
        };
        let (id, first) = (inbound.session_id(), inbound.first_known_index());
        if let Some(session) = self.named(&id) {
            let known = self.given.get(&session).map(InboundGroupSession::first_known_index);
            if known.is_none_or(|known| first < known) {
                self.given.insert(session, inbound);
            }
        }
        Some((id, first))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

    use vodozemac::megolm::{InboundGroupSession, MegolmMessage, SessionConfig, SessionKey};
    use withheld::ids::{DeviceId, MegolmSessionId};

    use super::RoomKeys;

    const SESSION: MegolmSessionId = MegolmSessionId::new(7);

    fn keys() -> RoomKeys {
        let mut keys = RoomKeys::default();
        keys.speaks_of(SESSION, DeviceId::new(0));
        keys
    }

    #[test]
    fn a_symbol_with_an_index_stands_for_the_same_bytes_whenever_it_is_asked_for() {
        let mut keys = keys();
        let later = keys.encrypt(SESSION, 3, "three").unwrap();
        let first = keys.encrypt(SESSION, 0, "none").unwrap();
        assert_eq!(keys.encrypt(SESSION, 3, "three").unwrap(), later);
        assert_eq!(keys.encrypt(SESSION, 0, "none").unwrap(), first);
        keys.speaks_of(SESSION, DeviceId::new(1));
        assert_eq!(keys.maker(SESSION), Some(DeviceId::new(0)));
    }

    #[test]
    fn a_key_reads_from_its_index_on_and_can_be_given_further() {
        let mut keys = keys();
        let texts: Vec<String> =
            (0..4).map(|index| keys.encrypt(SESSION, index, "text").unwrap()).collect();
        let key = keys.session_key(SESSION, 2).unwrap();
        let key = SessionKey::from_base64(&key).unwrap();
        let mut inbound = InboundGroupSession::new(&key, SessionConfig::version_1());
        assert_eq!(Some(inbound.session_id().as_str()), keys.id(SESSION));
        let read = |text: &String, inbound: &mut InboundGroupSession| {
            inbound.decrypt(&MegolmMessage::from_base64(text).unwrap()).is_ok()
        };
        let readable: Vec<bool> = texts.iter().map(|text| read(text, &mut inbound)).collect();
        assert_eq!(readable, [false, false, true, true]);
        let exported = keys.exported_key(SESSION, 1).unwrap();
        assert_eq!(keys.take(&exported), Some((inbound.session_id(), 1)));
        assert_eq!(keys.take("nonsense"), None);
    }
}
