//! What travels between the devices of one run, as it really stands on the wire: for each value of the simulator the JSON that it
//! stands for. It does not know who has seen what; servers keep the simulator's values and never look in here.

mod opened;
mod published;
mod spelling;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use ruma::OwnedDeviceId;
use serde_json::{Value, json};
use withheld::engine::digest::Digest;
use withheld::ids::{
    DeviceId, KeyValue, MegolmSessionId, MessageId, OlmSessionId, RequestId, SigningKey, UserId,
};
use withheld::protocol::api::CrossSigningKeys;
use withheld::protocol::entropy::Entropy;
use withheld::protocol::json;
use withheld::protocol::to_device::{
    KeyRequest, KeyRequestAction, MegolmCiphertext, OlmCiphertext, OlmEvent, OlmPayload,
    ToDeviceBody, ToDeviceMessage, ToDeviceType,
};
use withheld::protocol::withheld::WithheldContent;
use withheld::scenario::model::{Scenario, Strings};

use crate::names::Names;
use crate::room_keys::RoomKeys;

pub use self::opened::{Opened, event, sender_keys};
pub use self::published::key_number;

/// The cross-signing keys of a user: the public ones as published, and the seeds of the private ones, which the user's
/// devices give each other outside of what is simulated.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The published keys: master, self-signing, user-signing.
    pub public: [Value; 3],
    /// The seeds, in the same order.
    pub seeds: [Option<String>; 3],
}

/// A key as it was uploaded.
#[derive(Debug, Clone)]
struct UploadedKey {
    /// `signed_curve25519:AAAAAQ`
    id: String,
    json: Value,
}

/// Everything that travels in a run.
#[derive(Debug)]
pub struct Wire {
    names: Names,
    device_keys: BTreeMap<DeviceId, Value>,
    /// Devices that were logged out, so that servers do not know them any more.
    gone: BTreeSet<DeviceId>,
    device_of_key: BTreeMap<String, DeviceId>,
    key_of_device: BTreeMap<DeviceId, String>,
    keys: BTreeMap<KeyValue, UploadedKey>,
    key_of_public: BTreeMap<String, KeyValue>,
    /// One-time and fallback keys by owner, sort and number, as they were uploaded last.
    key_numbered: BTreeMap<(DeviceId, bool, u64), KeyValue>,
    identities: BTreeMap<SigningKey, (CrossSigningKeys, Identity)>,
    /// The `signatures` of a signed object, by what was signed.
    device_signatures: BTreeMap<(SigningKey, DeviceId), Value>,
    master_signatures: BTreeMap<(SigningKey, SigningKey), Value>,
    /// The contents of Olm messages, by the number that stands in the place of their authentication code.
    sealed: Vec<Value>,
    /// Contents in clear that real devices wrote, by the digest of the sender and of what the simulator makes of them.
    clear: BTreeMap<u64, Value>,
    /// The contents of Olm messages of clients that have symbols, by the digest of what they wrote.
    letters: BTreeMap<u64, Value>,
    /// The devices whose clients have symbols.
    symbolic: BTreeSet<DeviceId>,
    /// Megolm sessions.
    pub room_keys: RoomKeys,
    olm: BTreeMap<String, OlmSessionId>,
    requests: BTreeMap<String, RequestId>,
    messages: BTreeMap<(MegolmSessionId, u32, MessageId), Value>,
    texts: Strings,
    /// What was read in a run before.
    told: Opened,
    /// What was read in this run, and is not what it was taken for.
    misread: Opened,
}

impl Wire {
    /// The wire of a scenario before anything travels.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            names: Names::of(scenario),
            device_keys: BTreeMap::new(),
            gone: BTreeSet::new(),
            device_of_key: BTreeMap::new(),
            key_of_device: BTreeMap::new(),
            key_numbered: BTreeMap::new(),
            keys: BTreeMap::new(),
            key_of_public: BTreeMap::new(),
            identities: BTreeMap::new(),
            device_signatures: BTreeMap::new(),
            master_signatures: BTreeMap::new(),
            sealed: Vec::new(),
            clear: BTreeMap::new(),
            letters: BTreeMap::new(),
            symbolic: BTreeSet::new(),
            room_keys: RoomKeys::default(),
            olm: BTreeMap::new(),
            requests: BTreeMap::new(),
            messages: BTreeMap::new(),
            texts: scenario.strings.clone(),
            told: Opened::new(),
            misread: Opened::new(),
        }
    }

    /// The identifiers.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// Everything that real devices have written, in an order that depends on nothing else: keys, ciphertexts, notices, requests.
    #[must_use]
    pub fn transcript(&self) -> Vec<String> {
        let keys = self.device_keys.values().map(Value::to_string);
        let one_time = self.keys.values().map(|key| format!("{} {}", key.id, key.json));
        let public = self.identities.values().flat_map(|(_, identity)| &identity.public);
        let sealed = self.sealed.iter().chain(self.letters.values()).map(Value::to_string);
        let clear = self.clear.values().map(Value::to_string);
        let messages = self.messages.values().map(Value::to_string);
        let public = public.map(Value::to_string);
        keys.chain(one_time).chain(public).chain(sealed).chain(clear).chain(messages).collect()
    }

    // To-device messages.

    /// The name of an Olm session that a client with symbols has begun.
    pub fn name_olm(&mut self, id: String, session: OlmSessionId) {
        self.olm.insert(id, session);
    }

    /// The simulator's name of an Olm session.
    pub fn olm_session(&mut self, id: &str, entropy: &mut Entropy) -> OlmSessionId {
        *self.olm.entry(id.to_owned()).or_insert_with(|| entropy.olm_session())
    }

    /// The simulator's name of an Olm session that has one.
    #[must_use]
    pub fn known_olm(&self, id: &str) -> Option<OlmSessionId> {
        self.olm.get(id).copied()
    }

    /// The simulator's name of a key request.
    pub fn request(&mut self, id: &str, entropy: &mut Entropy) -> RequestId {
        *self.requests.entry(id.to_owned()).or_insert_with(|| entropy.request())
    }

    /// An Olm message is sent.
    ///
    /// # Panics
    /// After more messages than any run may have.
    pub fn seal(&mut self, sent: Sealed, content: Value) -> OlmCiphertext {
        let number = u32::try_from(self.sealed.len()).expect("a run is bounded far below this");
        self.sealed.push(content);
        let Sealed { sender, recipient, session, pre_key, event } = sent;
        let (sender_keys, event) = self.told(number, event);
        OlmCiphertext {
            sender_key: sender,
            session,
            pre_key,
            ratchet_key: number,
            index: 0,
            mac: number.into(),
            payload: OlmPayload { recipient, sender_keys, event },
        }
    }

    /// A content in clear is sent: what the simulator makes of it.
    pub fn send_clear(&mut self, sender: DeviceId, body: ToDeviceBody, content: Value) {
        self.clear.insert(digest_of(&(sender, body)), content);
    }

    /// A to-device message as its recipient sees it in a sync answer.
    #[must_use]
    pub fn event(&self, message: &ToDeviceMessage, recipient: DeviceId) -> Value {
        let content = self
            .sent_content(message)
            .unwrap_or_else(|| json::content(&message.body, recipient, self));
        json!({
            "type": json::event_type(message.event_type, self),
            "sender": self.names.user(self.names.owner(message.sender)),
            "content": content,
        })
    }

    /// What a real device wrote.
    fn sent_content(&self, message: &ToDeviceMessage) -> Option<Value> {
        if let ToDeviceBody::Olm(ciphertext) = message.body {
            if self.symbolic.contains(&message.sender) {
                return self.letter(&ciphertext);
            }
            let damaged = u32::try_from(ciphertext.mac).is_err();
            let number = if damaged { !ciphertext.mac } else { ciphertext.mac };
            let mut content = self.sealed.get(usize::try_from(number).ok()?)?.clone();
            if damaged {
                damage_olm(&mut content);
            }
            return Some(content);
        }
        self.clear.get(&digest_of(&(message.sender, message.body))).cloned()
    }

    /// An Olm message of a client that has symbols, as it really stands on the wire.
    fn letter(&self, ciphertext: &OlmCiphertext) -> Option<Value> {
        if let Some(content) = self.letters.get(&digest_of(ciphertext)) {
            return Some(content.clone());
        }
        let mut content = self.letters.get(&digest_of(&repaired(ciphertext)))?.clone();
        damage_olm(&mut content);
        Some(content)
    }

    /// Whether an Olm message was damaged on its way.
    #[must_use]
    pub fn is_damaged(&self, ciphertext: &OlmCiphertext) -> bool {
        if self.symbolic.contains(&ciphertext.sender_key) {
            !self.letters.contains_key(&digest_of(ciphertext))
        } else {
            u32::try_from(ciphertext.mac).is_err()
        }
    }

    /// A client that has symbols writes an Olm message.
    pub fn write_letter(&mut self, ciphertext: &OlmCiphertext, content: Value) {
        self.letters.insert(digest_of(ciphertext), content);
    }

    /// The content of an Olm message that a real device wrote.
    #[must_use]
    pub fn sealed(&self, sender: DeviceId, body: &OlmCiphertext) -> Option<Value> {
        let (event_type, body) = (ToDeviceType::Encrypted, ToDeviceBody::Olm(*body));
        self.sent_content(&ToDeviceMessage { sender, event_type, body })
    }

    /// The client of this device has symbols: what it sends is real only where a real device sees it.
    pub fn is_symbolic(&mut self, device: DeviceId) {
        self.symbolic.insert(device);
    }

    /// Whether the client of a device has symbols.
    #[must_use]
    pub fn has_symbols(&self, device: DeviceId) -> bool {
        self.symbolic.contains(&device)
    }

    /// What a withheld notice says.
    #[must_use]
    pub fn read_withheld(&mut self, content: &Value) -> WithheldContent {
        json::read_withheld(content, self)
    }

    /// What a key request says, if it is one.
    pub fn read_request(
        &mut self,
        requester: DeviceId,
        content: &Value,
        entropy: &mut Entropy,
    ) -> Option<KeyRequest> {
        let text = |name: &str| content.get(name).and_then(Value::as_str);
        let action = match text("action")? {
            "request" => {
                let body = content.get("body")?;
                let field = |name: &str| body.get(name).and_then(Value::as_str);
                let room: ruma::OwnedRoomId = field("room_id")?.try_into().ok()?;
                KeyRequestAction::Request {
                    room: self.names.room_named(&room)?,
                    session: self.room_keys.named(field("session_id")?)?,
                }
            }
            "request_cancellation" => KeyRequestAction::Cancel,
            _ => return None,
        };
        let request = self.request(text("request_id")?, entropy);
        Some(KeyRequest { request, requester, action })
    }

    // Room messages.

    /// A room message is sent.
    pub fn send_message(&mut self, message: MessageId, body: MegolmCiphertext, content: Value) {
        self.messages.insert((body.session, body.index, message), content);
    }

    /// The content of a room message.
    #[must_use]
    pub fn message(&self, message: MessageId, body: MegolmCiphertext) -> Option<Value> {
        let mut content = self.messages.get(&(body.session, body.index, message))?.clone();
        if !body.intact {
            damage(&mut content["ciphertext"]);
        }
        Some(content)
    }

    /// The devices of a user that have published keys, can be named, and were not logged out.
    pub fn devices_of(&self, user: UserId) -> impl Iterator<Item = (DeviceId, &OwnedDeviceId)> {
        let own = self.device_keys.keys().filter(move |device| self.names.owner(**device) == user);
        let own = own.filter(|device| !self.gone.contains(*device));
        own.map(|device| (*device, self.names.device(*device)))
    }
}

/// An Olm message that is sent, without its text.
#[derive(Debug, Clone, Copy)]
pub struct Sealed {
    /// From.
    pub sender: DeviceId,
    /// To.
    pub recipient: DeviceId,
    /// On which session.
    pub session: OlmSessionId,
    /// The one-time or fallback key of the recipient, if it is a pre-key message.
    pub pre_key: Option<KeyValue>,
    /// What is inside.
    pub event: OlmEvent,
}

/// What tells two messages apart by what they are in the simulator.
#[must_use]
pub fn digest_of(message: &impl Hash) -> u64 {
    let mut digest = Digest::default();
    message.hash(&mut digest);
    digest.value()
}

/// An Olm message that was damaged, as it was before.
const fn repaired(ciphertext: &OlmCiphertext) -> OlmCiphertext {
    OlmCiphertext { mac: !ciphertext.mac, ..*ciphertext }
}

/// Damages the one ciphertext in the content of an Olm message.
fn damage_olm(content: &mut Value) {
    if let Some(ciphertexts) = content["ciphertext"].as_object_mut() {
        ciphertexts.values_mut().for_each(|ciphertext| damage(&mut ciphertext["body"]));
    }
}

/// Changes a text of base64 in the authentication code or signature at its end.
fn damage(text: &mut Value) {
    let Some(whole) = text.as_str() else { return };
    let mut characters: Vec<char> = whole.chars().collect();
    let place = characters.len().saturating_sub(4);
    if let Some(character) = characters.get_mut(place) {
        *character = if *character == 'A' { 'B' } else { 'A' };
    }
    *text = characters.into_iter().collect::<String>().into();
}
