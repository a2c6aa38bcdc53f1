//! What travels between the devices of one run, as it really stands on the wire: for each value of the simulator the JSON that it
//! stands for. It does not know who has seen what; servers keep the simulator's values and never look in here.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use ruma::OwnedDeviceId;
use serde_json::{Map, Value, json};
use withheld::engine::digest::Digest;
use withheld::ids::{
    DeviceId, KeyValue, MegolmSessionId, MessageId, OlmSessionId, RequestId, RoomId, SigningKey,
    Sym, UserId,
};
use withheld::protocol::api::{CrossSigningKeys, DeviceKeys, Signature, UserKeys};
use withheld::protocol::entropy::Entropy;
use withheld::protocol::json;
use withheld::protocol::spelling::{KeyKind, Lookup, Spelling, spell_key};
use withheld::protocol::to_device::{
    KeyRequest, KeyRequestAction, MegolmCiphertext, OlmCiphertext, OlmEvent, OlmPayload,
    SenderKeys, ToDeviceBody, ToDeviceMessage, ToDeviceType,
};
use withheld::protocol::withheld::WithheldContent;
use withheld::scenario::model::{Scenario, Strings};

use crate::names::Names;
use crate::room_keys::RoomKeys;

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
    owner: DeviceId,
    /// Whether it is a fallback key: these are numbered by themselves.
    fallback: bool,
    /// `signed_curve25519:AAAAAQ`
    id: String,
    json: Value,
}

/// Everything that travels in a run.
#[derive(Debug)]
pub struct Wire {
    names: Names,
    device_keys: BTreeMap<DeviceId, Value>,
    device_of_key: BTreeMap<String, DeviceId>,
    keys: BTreeMap<KeyValue, UploadedKey>,
    key_of_public: BTreeMap<String, KeyValue>,
    identities: BTreeMap<SigningKey, (CrossSigningKeys, Identity)>,
    /// The `signatures` of a signed object, by what was signed.
    device_signatures: BTreeMap<(SigningKey, DeviceId), Value>,
    master_signatures: BTreeMap<(SigningKey, SigningKey), Value>,
    /// The contents of Olm messages, by the number that stands in the place of their authentication code.
    sealed: Vec<Value>,
    /// Contents in clear that real devices wrote, with what the simulator makes of them.
    clear: Vec<(DeviceId, ToDeviceBody, Value)>,
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
}

impl Wire {
    /// The wire of a scenario before anything travels.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            names: Names::of(scenario),
            device_keys: BTreeMap::new(),
            device_of_key: BTreeMap::new(),
            keys: BTreeMap::new(),
            key_of_public: BTreeMap::new(),
            identities: BTreeMap::new(),
            device_signatures: BTreeMap::new(),
            master_signatures: BTreeMap::new(),
            sealed: Vec::new(),
            clear: Vec::new(),
            letters: BTreeMap::new(),
            symbolic: BTreeSet::new(),
            room_keys: RoomKeys::default(),
            olm: BTreeMap::new(),
            requests: BTreeMap::new(),
            messages: BTreeMap::new(),
            texts: scenario.strings.clone(),
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
        let clear = self.clear.iter().map(|(_, _, content)| content.to_string());
        let messages = self.messages.values().map(Value::to_string);
        let public = public.map(Value::to_string);
        keys.chain(one_time).chain(public).chain(sealed).chain(clear).chain(messages).collect()
    }

    // Devices and their keys.

    /// A device publishes its keys.
    pub fn publish_device(&mut self, device: DeviceId, curve25519: String, keys: Value) {
        self.device_of_key.insert(curve25519, device);
        self.device_keys.insert(device, keys);
    }

    /// Whether a device has published real keys.
    #[must_use]
    pub fn has_keys(&self, device: DeviceId) -> bool {
        self.device_keys.contains_key(&device)
    }

    /// The device with this Curve25519 key.
    #[must_use]
    pub fn device_of_key(&self, curve25519: &str) -> Option<DeviceId> {
        self.device_of_key.get(curve25519).copied()
    }

    /// The Curve25519 key of a device.
    #[must_use]
    pub fn key_of_device(&self, device: DeviceId) -> Option<&str> {
        self.device_of_key.iter().find(|(_, known)| **known == device).map(|(key, _)| key.as_str())
    }

    /// A device uploads a one-time or fallback key: the value that stands for it, always the same.
    pub fn upload_key(
        &mut self,
        (owner, fallback): (DeviceId, bool),
        (id, json): (String, Value),
        entropy: &mut Entropy,
    ) -> KeyValue {
        let public = json.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(known) = self.key_of_public.get(&public) {
            return *known;
        }
        let value = entropy.key_value();
        self.key_of_public.insert(public, value);
        self.keys.insert(value, UploadedKey { owner, fallback, id, json });
        value
    }

    /// A client that has symbols uploads a one-time or fallback key, which has a value already.
    pub fn uploaded(
        &mut self,
        (owner, fallback): (DeviceId, bool),
        value: KeyValue,
        (id, json): (String, Value),
    ) {
        let public = json["key"].as_str().unwrap_or_default().to_owned();
        self.key_of_public.insert(public, value);
        self.keys.insert(value, UploadedKey { owner, fallback, id, json });
    }

    /// The public part of a one-time or fallback key.
    #[must_use]
    pub fn public_of_key(&self, value: KeyValue) -> Option<&str> {
        self.keys.get(&value)?.json["key"].as_str()
    }

    /// The published keys of a device.
    #[must_use]
    pub fn device_keys(&self, device: DeviceId) -> Option<&Value> {
        self.device_keys.get(&device)
    }

    /// The identity that one of these keys belongs to.
    #[must_use]
    pub fn identity_with(&self, key: SigningKey) -> Option<&Identity> {
        let has = |keys: &CrossSigningKeys| {
            [keys.master, keys.self_signing, keys.user_signing].contains(&key)
        };
        self.identities.values().find(|(keys, _)| has(keys)).map(|(_, identity)| identity)
    }

    /// The name of an Olm session that a client with symbols has begun.
    pub fn name_olm(&mut self, id: String, session: OlmSessionId) {
        self.olm.insert(id, session);
    }

    /// The value of a one-time or fallback key with this public part.
    #[must_use]
    pub fn key_of_public(&self, public: &str) -> Option<KeyValue> {
        self.key_of_public.get(public).copied()
    }

    /// The value of a device's one-time or fallback key with this number.
    #[must_use]
    pub fn key_numbered(
        &self,
        (owner, fallback): (DeviceId, bool),
        number: u64,
    ) -> Option<KeyValue> {
        let fits = |key: &UploadedKey| {
            (key.owner, key.fallback) == (owner, fallback) && key_number(&key.id) == Some(number)
        };
        self.keys.iter().find(|(_, key)| fits(key)).map(|(value, _)| *value)
    }

    /// A claimed key with its id; the signature is broken if it is not to be valid.
    #[must_use]
    pub fn claimed_key(&self, value: KeyValue, signature_valid: bool) -> Option<(String, Value)> {
        let UploadedKey { id, json, .. } = self.keys.get(&value)?;
        let mut json = json.clone();
        if !signature_valid {
            // Another key under the same signature: the key is one that nobody has.
            json["key"] = spell_key(KeyKind::OneTime, value.raw()).into();
        }
        Some((id.clone(), json))
    }

    // Cross-signing.

    /// A user has new cross-signing keys.
    pub fn publish_identity(&mut self, keys: CrossSigningKeys, identity: Identity) {
        self.identities.insert(keys.master, (keys, identity));
    }

    /// The keys that stand behind a master key.
    #[must_use]
    pub fn identity(&self, master: SigningKey) -> Option<&Identity> {
        self.identities.get(&master).map(|(_, identity)| identity)
    }

    /// The value that stands for a real master key.
    #[must_use]
    pub fn master_of_public(&self, public: &str) -> Option<CrossSigningKeys> {
        let has = |identity: &Identity| {
            identity.public[0]["keys"]
                .as_object()
                .is_some_and(|keys| keys.values().any(|key| key == public))
        };
        self.identities.values().find(|(_, identity)| has(identity)).map(|(keys, _)| *keys)
    }

    /// A signature as it is uploaded: `signed` is the whole signed object.
    pub fn upload_signature(&mut self, signature: Signature, signed: &Value) {
        let signatures = signed.get("signatures").cloned().unwrap_or_default();
        match signature {
            Signature::Device { signer, device } => {
                self.device_signatures.insert((signer, device), signatures);
            }
            Signature::Master { signer, master, .. } => {
                self.master_signatures.insert((signer, master), signatures);
            }
        }
    }

    // Answers.

    /// The answer to `/keys/query`.
    #[must_use]
    pub fn query_answer(&self, users: &[UserKeys], failed: &[String]) -> Value {
        let [mut devices, mut masters, mut self_signing, mut user_signing, mut failures] =
            std::array::from_fn(|_| Map::<String, Value>::new());
        for answer in users {
            let user = self.names.user(answer.user).to_string();
            let mut of_user = Map::new();
            for keys in &answer.devices {
                if let Some(json) = self.listed(keys) {
                    of_user.insert(self.names.device(keys.device).to_string(), json);
                }
            }
            devices.insert(user.clone(), of_user.into());
            let Some((keys, identity)) =
                answer.identity.and_then(|keys| self.identities.get(&keys.master))
            else {
                continue;
            };
            let [mut master, own, other] = identity.public.clone();
            if let Some(signer) = answer.master_signed_by
                && let Some(more) = self.master_signatures.get(&(signer, keys.master))
            {
                add_signatures(&mut master, more);
            }
            masters.insert(user.clone(), master);
            self_signing.insert(user.clone(), own);
            user_signing.insert(user, other);
        }
        failures.extend(failed.iter().map(|server| (server.clone(), json!({ "status": 503 }))));
        json!({
            "device_keys": devices,
            "master_keys": masters,
            "self_signing_keys": self_signing,
            "user_signing_keys": user_signing,
            "failures": failures,
        })
    }

    fn listed(&self, keys: &DeviceKeys) -> Option<Value> {
        let mut json = self.device_keys.get(&keys.device)?.clone();
        if let Some(signer) = keys.signed_by
            && let Some(more) = self.device_signatures.get(&(signer, keys.device))
        {
            add_signatures(&mut json, more);
        }
        Some(json)
    }

    // To-device messages.

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
    pub fn seal(&mut self, sent: Sealed, content: Value) -> ToDeviceBody {
        let number = u32::try_from(self.sealed.len()).expect("a run is bounded far below this");
        self.sealed.push(content);
        let Sealed { sender, recipient, session, pre_key, event } = sent;
        ToDeviceBody::Olm(OlmCiphertext {
            sender_key: sender,
            session,
            pre_key,
            ratchet_key: number,
            index: 0,
            mac: number.into(),
            payload: OlmPayload { recipient, sender_keys: SenderKeys::Agree, event },
        })
    }

    /// A content in clear is sent: what the simulator makes of it.
    pub fn send_clear(&mut self, sender: DeviceId, body: ToDeviceBody, content: Value) {
        self.clear.push((sender, body, content));
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
        let written = self.clear.iter().rev();
        let mut written =
            written.filter(|(sender, body, _)| (*sender, *body) == (message.sender, message.body));
        written.next().map(|(_, _, content)| content.clone())
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

    /// The devices of a user that have published keys and can be named.
    pub fn devices_of(&self, user: UserId) -> impl Iterator<Item = (DeviceId, &OwnedDeviceId)> {
        let own = self.device_keys.keys().filter(move |device| self.names.owner(**device) == user);
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

/// What tells two Olm messages of clients that have symbols apart.
#[must_use]
pub fn digest_of(ciphertext: &OlmCiphertext) -> u64 {
    let mut digest = Digest::default();
    ciphertext.hash(&mut digest);
    digest.value()
}

/// An Olm message that was damaged, as it was before.
const fn repaired(ciphertext: &OlmCiphertext) -> OlmCiphertext {
    OlmCiphertext { mac: !ciphertext.mac, ..*ciphertext }
}

/// The number of a key, from an id like `signed_curve25519:AAAAAQ`.
#[must_use]
pub fn key_number(id: &str) -> Option<u64> {
    let (_, name) = id.split_once(':')?;
    let bytes = vodozemac::base64_decode(name).ok()?;
    let mut number = [0; 8];
    number.get_mut(8_usize.checked_sub(bytes.len())?..)?.copy_from_slice(&bytes);
    Some(u64::from_be_bytes(number))
}

/// Puts more signatures to those that an object has.
fn add_signatures(object: &mut Value, more: &Value) {
    for (user, signatures) in more.as_object().into_iter().flatten() {
        for (key, signature) in signatures.as_object().into_iter().flatten() {
            object["signatures"][user][key] = signature.clone();
        }
    }
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

impl Spelling for Wire {
    fn user(&self, user: UserId) -> String {
        self.names.user(user).to_string()
    }

    fn owner(&self, device: DeviceId) -> UserId {
        self.names.owner(device)
    }

    fn device_id(&self, device: DeviceId) -> String {
        self.names.device(device).to_string()
    }

    fn room(&self, room: RoomId) -> String {
        self.names.room(room).to_string()
    }

    fn text(&self, text: Sym) -> String {
        self.texts.text(text).to_owned()
    }

    fn curve25519(&self, device: DeviceId) -> String {
        let known = self.key_of_device(device).map(str::to_owned);
        known.unwrap_or_else(|| spell_key(KeyKind::Curve25519, device.raw()))
    }

    fn ed25519(&self, device: DeviceId) -> String {
        let id = format!("ed25519:{}", self.names.device(device));
        let published = self.device_keys.get(&device).and_then(|keys| keys["keys"][id].as_str());
        published.map_or_else(|| spell_key(KeyKind::Ed25519, device.raw()), str::to_owned)
    }

    fn session(&self, session: MegolmSessionId) -> String {
        let known = self.room_keys.id(session).map(str::to_owned);
        known.unwrap_or_else(|| spell_key(KeyKind::Megolm, session.raw()))
    }
}

impl Lookup for Wire {
    fn room_named(&self, text: &str) -> Option<RoomId> {
        self.names.room_named(&ruma::OwnedRoomId::try_from(text).ok()?)
    }

    fn has_device(&self, device: DeviceId) -> bool {
        device.index() < self.names.device_count()
    }

    fn has_session(&self, session: MegolmSessionId) -> bool {
        self.room_keys.id(session).is_some()
    }

    fn intern(&mut self, text: &str) -> Sym {
        self.texts.intern(text)
    }

    fn device_with_key(&self, text: &str) -> Option<DeviceId> {
        self.device_of_key(text)
    }

    fn session_named(&self, text: &str) -> Option<MegolmSessionId> {
        self.room_keys.named(text)
    }
}
