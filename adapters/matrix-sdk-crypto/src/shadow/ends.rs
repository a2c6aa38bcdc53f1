//! The Olm sessions of a device that has symbols with devices that have keys: for each the real end, and a far end in symbols through
//! which the client is told what the real one has read. It does not know what the messages say.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use serde_json::{Value, json};
use vodozemac::Curve25519PublicKey;
use vodozemac::olm::{DecryptionError, OlmMessage, PreKeyMessage, Session, SessionConfig};
use withheld::engine::digest::Digest;
use withheld::ids::{DeviceId, KeyValue, OlmSessionId};
use withheld::protocol::entropy::Entropy;
use withheld::protocol::json::OLM_ALGORITHM;
use withheld::protocol::olm::{OlmSession, SessionKeys};
use withheld::protocol::to_device::{OlmCiphertext, OlmPayload};

use crate::wire::digest_of;

use super::{Shadow, account};

/// A session with a real device.
#[derive(Debug)]
struct End {
    session: Session,
    symbols: Symbols,
}

/// The session as the client knows it.
#[derive(Debug, Clone)]
struct Symbols {
    peer: DeviceId,
    /// The key that the session stands on, if the other device began it.
    begun_on: Option<KeyValue>,
    /// The first message of a session that this device began.
    first: Option<OlmCiphertext>,
    /// What stands for the other device.
    far: Option<OlmSession>,
    /// What the client was last given of it.
    last: Option<OlmCiphertext>,
}

/// All sessions of a device with real ones.
#[derive(Debug, Default)]
pub(super) struct Ends {
    sessions: BTreeMap<OlmSessionId, End>,
    /// What was read, by the digest of its text: a copy is a copy for the client too.
    read: BTreeMap<u64, OlmCiphertext>,
    /// What was written, by the digest of the symbols: what is sent again is not written again.
    written: BTreeSet<u64>,
    changed: bool,
}

/// The sessions as they are stored.
#[derive(Debug, Clone)]
pub(super) struct KeptEnds {
    sessions: Vec<(OlmSessionId, String, Symbols)>,
    read: BTreeMap<u64, OlmCiphertext>,
    written: BTreeSet<u64>,
}

impl Ends {
    /// Whether anything has changed since this was last asked.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// A copy to be stored.
    pub(super) fn kept(&self) -> KeptEnds {
        let pickled = |(id, end): (&OlmSessionId, &End)| {
            let pickle = serde_json::to_string(&end.session.pickle());
            (*id, pickle.expect("a pickle can be written"), end.symbols.clone())
        };
        KeptEnds {
            sessions: self.sessions.iter().map(pickled).collect(),
            read: self.read.clone(),
            written: self.written.clone(),
        }
    }

    /// The sessions of a store.
    pub(super) fn of(kept: &KeptEnds) -> Self {
        let end = |(id, pickle, symbols): &(OlmSessionId, String, Symbols)| {
            let pickle = serde_json::from_str(pickle).expect("it was written here");
            (*id, End { session: Session::from_pickle(pickle), symbols: symbols.clone() })
        };
        Self {
            sessions: kept.sessions.iter().map(end).collect(),
            read: kept.read.clone(),
            written: kept.written.clone(),
            changed: false,
        }
    }

    /// The sessions with a device, one of them before the others.
    fn with(&self, peer: DeviceId, first: OlmSessionId) -> Vec<OlmSessionId> {
        let all = self.sessions.iter().filter(|(_, end)| end.symbols.peer == peer);
        let mut all: Vec<OlmSessionId> = all.map(|(id, _)| *id).collect();
        all.sort_by_key(|id| *id != first);
        all
    }
}

/// What came of a message.
enum Read {
    /// The text inside, and on which session.
    Text(OlmSessionId, Vec<u8>),
    /// It cannot be read; whether that is because it was read before.
    Nothing { used: bool, session: OlmSessionId },
}

fn digest(text: &str) -> u64 {
    let mut digest = Digest::default();
    digest.write(text.as_bytes());
    digest.value()
}

fn key(text: &str) -> Option<Curve25519PublicKey> {
    Curve25519PublicKey::from_base64(text).ok()
}

impl Shadow {
    /// Writes an Olm message to a real device.
    pub(super) fn write(&mut self, recipient: DeviceId, ciphertext: &OlmCiphertext) {
        if !self.ends.written.insert(digest_of(ciphertext)) {
            return;
        }
        self.ends.changed = true;
        let plaintext = self.plaintext(&ciphertext.payload).to_string();
        self.begin(recipient, ciphertext);
        let Some(end) = self.ends.sessions.get_mut(&ciphertext.session) else { return };
        if end.symbols.begun_on.is_none() && end.symbols.first.is_none() {
            end.symbols.first = Some(*ciphertext);
        }
        let Ok(message) = end.session.encrypt(plaintext) else { return };
        let (kind, body) = message.to_parts();
        let wire = &mut self.around.wire.borrow_mut();
        let to = wire.key_of_device(recipient).unwrap_or_default().to_owned();
        let body = vodozemac::base64_encode(body);
        let content = json!({
            "algorithm": OLM_ALGORITHM,
            "sender_key": wire.key_of_device(self.me),
            "ciphertext": { to: { "type": kind, "body": body } },
        });
        wire.write_letter(ciphertext, content);
    }

    /// Begins the session of a message, if it is not there.
    fn begin(&mut self, peer: DeviceId, ciphertext: &OlmCiphertext) {
        if self.ends.sessions.contains_key(&ciphertext.session) {
            return;
        }
        let Some(value) = ciphertext.pre_key else { return };
        let wire = &mut self.around.wire.borrow_mut();
        let identity = wire.key_of_device(peer).and_then(key);
        let one_time = wire.public_of_key(value).and_then(key);
        let (Some(identity), Some(one_time)) = (identity, one_time) else { return };
        let own = account(&self.hand.account);
        let made = own.create_outbound_session(SessionConfig::version_1(), identity, one_time);
        let Ok(session) = made else { return };
        wire.name_olm(session.session_id(), ciphertext.session);
        let symbols = Symbols { peer, begun_on: None, first: None, far: None, last: None };
        self.ends.sessions.insert(ciphertext.session, End { session, symbols });
    }

    /// Reads an Olm message of a real device: the symbols for it, which the client can read if this device could.
    pub(super) fn read(
        &mut self,
        ciphertext: &OlmCiphertext,
        entropy: &mut Entropy,
    ) -> OlmCiphertext {
        let content = self.around.wire.borrow().sealed(ciphertext.sender_key, ciphertext);
        let content = content.unwrap_or_default();
        let info = {
            let wire = self.around.wire.borrow();
            content["ciphertext"][wire.key_of_device(self.me).unwrap_or_default()].clone()
        };
        let body = info["body"].as_str().unwrap_or_default();
        let copy = digest(body);
        if let Some(known) = self.ends.read.get(&copy) {
            return *known;
        }
        match self.open(ciphertext, &info, body, entropy) {
            Read::Text(session, text) => {
                let told = self.tell(ciphertext, session, &text, entropy);
                self.ends.read.insert(copy, told);
                self.ends.changed = true;
                told
            }
            Read::Nothing { used, session } => self.illegible(ciphertext, session, used),
        }
    }

    fn open(
        &mut self,
        ciphertext: &OlmCiphertext,
        info: &Value,
        body: &str,
        entropy: &mut Entropy,
    ) -> Read {
        let nothing = Read::Nothing { used: false, session: ciphertext.session };
        let kind = info["type"].as_u64().and_then(|kind| usize::try_from(kind).ok());
        let bytes = vodozemac::base64_decode(body).ok();
        let message =
            kind.zip(bytes).and_then(|(kind, bytes)| OlmMessage::from_parts(kind, &bytes).ok());
        let Some(message) = message else { return nothing };
        let sessions = match &message {
            OlmMessage::PreKey(opening) => {
                let id = opening.session_id();
                let id = self.around.wire.borrow_mut().olm_session(&id, entropy);
                if !self.ends.sessions.contains_key(&id) {
                    return self.accept(id, ciphertext, opening);
                }
                vec![id]
            }
            OlmMessage::Normal(_) => self.ends.with(ciphertext.sender_key, ciphertext.session),
        };
        let mut used = false;
        for id in sessions {
            let Some(end) = self.ends.sessions.get_mut(&id) else { continue };
            self.ends.changed = true;
            match end.session.decrypt(&message) {
                Ok(text) => return Read::Text(id, text),
                Err(DecryptionError::MissingMessageKey(_)) => used = true,
                Err(_) => {}
            }
        }
        Read::Nothing { used, session: ciphertext.session }
    }

    /// Accepts a session that another device has begun.
    fn accept(
        &mut self,
        session: OlmSessionId,
        ciphertext: &OlmCiphertext,
        opening: &PreKeyMessage,
    ) -> Read {
        let nothing = Read::Nothing { used: false, session };
        let one_time = opening.session_keys().one_time_key.to_base64();
        let value = self.around.wire.borrow().key_of_public(&one_time);
        let own = value.and_then(|value| Some((value, self.hand.keys.get(&value)?)));
        let Some((value, own)) = own else { return nothing };
        let mut own = account(own);
        let (config, theirs) = (SessionConfig::version_1(), opening.identity_key());
        let Ok(made) = own.create_inbound_session(config, theirs, opening) else { return nothing };
        let symbols = Symbols {
            peer: ciphertext.sender_key,
            begun_on: Some(value),
            first: None,
            far: None,
            last: None,
        };
        self.ends.sessions.insert(session, End { session: made.session, symbols });
        Read::Text(session, made.plaintext)
    }

    /// The symbols for a message that was read.
    fn tell(
        &mut self,
        ciphertext: &OlmCiphertext,
        session: OlmSessionId,
        text: &[u8],
        entropy: &mut Entropy,
    ) -> OlmCiphertext {
        let payload = self.payload(&ciphertext.payload, ciphertext.sender_key, text);
        let (keys, event) = (payload.sender_keys, payload.event);
        self.around.wire.borrow_mut().opened(ciphertext, keys, event);
        let Some(end) = self.ends.sessions.get_mut(&session) else { return *ciphertext };
        let symbols = &mut end.symbols;
        let (me, identity) = (self.me, symbols.peer);
        if symbols.far.is_none() {
            symbols.far = match (symbols.begun_on, &symbols.first) {
                (Some(one_time), _) => {
                    let keys = SessionKeys { identity, base: session, one_time };
                    Some(OlmSession::started(keys, me, entropy))
                }
                (None, Some(first)) => OlmSession::answering(first, identity).ok(),
                (None, None) => None,
            };
        }
        let Some(far) = &mut symbols.far else { return *ciphertext };
        let told = far.encrypt(payload, entropy);
        // Whether a message repeats what opened its session is for the real device to say.
        let pre_key = symbols.begun_on.filter(|_| ciphertext.pre_key.is_some());
        let told = OlmCiphertext { pre_key, ..told };
        symbols.last = Some(told);
        told
    }

    /// The symbols for a message that could not be read.
    fn illegible(
        &self,
        ciphertext: &OlmCiphertext,
        session: OlmSessionId,
        used: bool,
    ) -> OlmCiphertext {
        let last = self.ends.sessions.get(&session).and_then(|end| end.symbols.last);
        match last {
            // The same place in the same chain, for something else.
            Some(last) if used => OlmCiphertext { payload: other(&ciphertext.payload), ..last },
            Some(_) | None => OlmCiphertext {
                session,
                ratchet_key: u32::MAX - ciphertext.ratchet_key,
                mac: u64::MAX,
                ..*ciphertext
            },
        }
    }
}

/// A payload that differs from every one that a real device writes: nobody gets to see it.
const fn other(payload: &OlmPayload) -> OlmPayload {
    use withheld::protocol::to_device::{OlmEvent, SenderKeys};
    OlmPayload {
        recipient: payload.recipient,
        sender_keys: SenderKeys::Differ,
        event: OlmEvent::Dummy { empty: false },
    }
}
