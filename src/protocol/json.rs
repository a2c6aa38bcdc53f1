//! To-device events as client-server JSON, and withheld notices read back from it.
//! It does not know whether an event is right: what is malformed in the run is written malformed, and read as such.

use serde_json::{Map, Value, json};

use crate::ids::{DeviceId, MegolmSessionId, RoomId};
use crate::protocol::bundle::{Bundle, BundledKey};
use crate::protocol::bytes::{exported_session_key, olm_message, shared_session_key};
use crate::protocol::spelling::{KeyKind, Lookup, Spelling, base64, noise, spell_key};
use crate::protocol::to_device::{
    ForwardedRoomKey, KeyRequest, KeyRequestAction, OlmCiphertext, OlmEvent, OlmPayload, RoomKey,
    RoomKeyBundle, SenderKeys, SharedHistory, ToDeviceBody, ToDeviceMessage, ToDeviceType,
};
use crate::protocol::withheld::{
    Algorithm, Field, MEGOLM_ALGORITHM, WithheldCode, WithheldContent,
};

/// The one Olm algorithm, as spelled in events.
pub const OLM_ALGORITHM: &str = "m.olm.v1.curve25519-aes-sha2";

/// What stands in the place of a field that is not a string: any other type would do.
const NOT_A_STRING: u32 = 0;

/// What stands in the place of a field that is not a boolean.
const NOT_A_BOOLEAN: u32 = 1;

/// The whole event, as the device `recipient` sees it in a sync answer.
#[must_use]
pub fn event(message: &ToDeviceMessage, recipient: DeviceId, spelling: &impl Spelling) -> Value {
    json!({
        "type": event_type(message.event_type, spelling),
        "sender": spelling.user(spelling.owner(message.sender)),
        "content": content(&message.body, recipient, spelling),
    })
}

/// The wire spelling of a type.
#[must_use]
pub fn event_type(event_type: ToDeviceType, spelling: &impl Spelling) -> String {
    match event_type {
        ToDeviceType::Other(text) => spelling.text(text),
        ToDeviceType::Encrypted
        | ToDeviceType::Withheld
        | ToDeviceType::WithheldUnstable
        | ToDeviceType::WithheldMisspelt
        | ToDeviceType::KeyRequest
        | ToDeviceType::ClearRoomKey
        | ToDeviceType::ClearForwardedRoomKey
        | ToDeviceType::ClearDummy
        | ToDeviceType::NoKey => event_type.as_str().unwrap_or_default().to_owned(),
    }
}

/// The content for the device `recipient`.
#[must_use]
pub fn content(body: &ToDeviceBody, recipient: DeviceId, spelling: &impl Spelling) -> Value {
    match body {
        ToDeviceBody::Olm(message) => encrypted(message, recipient, spelling),
        ToDeviceBody::Withheld(content) => withheld(content, spelling),
        ToDeviceBody::KeyRequest(request) => key_request(request, spelling),
        ToDeviceBody::Clear(event) => olm_event(event, spelling).1,
    }
}

fn encrypted(message: &OlmCiphertext, recipient: DeviceId, spelling: &impl Spelling) -> Value {
    let plaintext = plaintext(&message.payload, message.sender_key, spelling).to_string();
    let info = json!({
        "type": u8::from(message.pre_key.is_none()),
        "body": base64(&olm_message(message, plaintext.len())),
    });
    let mut ciphertext = Map::new();
    ciphertext.insert(spelling.curve25519(recipient), info);
    json!({
        "algorithm": OLM_ALGORITHM,
        "sender_key": spelling.curve25519(message.sender_key),
        "ciphertext": ciphertext,
    })
}

/// What an Olm message holds once it is decrypted.
#[must_use]
pub fn plaintext(payload: &OlmPayload, sender: DeviceId, spelling: &impl Spelling) -> Value {
    let (event_type, content) = olm_event(&payload.event, spelling);
    let mut event = json!({
        "type": event_type,
        "content": content,
        "sender": spelling.user(spelling.owner(sender)),
        "recipient": spelling.user(spelling.owner(payload.recipient)),
        "recipient_keys": { "ed25519": spelling.ed25519(payload.recipient) },
        "keys": { "ed25519": spelling.ed25519(sender) },
    });
    let whose = match payload.sender_keys {
        SenderKeys::Absent => return event,
        SenderKeys::Agree => sender,
        SenderKeys::Differ => payload.recipient,
    };
    event["sender_device_keys"] = device_keys(sender, whose, spelling);
    event
}

fn olm_event(event: &OlmEvent, spelling: &impl Spelling) -> (&'static str, Value) {
    match event {
        OlmEvent::RoomKey(key) => ("m.room_key", room_key(key, spelling)),
        OlmEvent::ForwardedRoomKey(key) => ("m.forwarded_room_key", forwarded(key, spelling)),
        OlmEvent::Dummy { empty: true } => ("m.dummy", json!({})),
        OlmEvent::Dummy { empty: false } => ("m.dummy", json!({ "filler": true })),
        OlmEvent::Withheld(content) => ("m.room_key.withheld", withheld(content, spelling)),
        OlmEvent::RoomKeyBundle(bundle) => ("m.room_key_bundle", room_key_bundle(bundle, spelling)),
    }
}

/// The signed device keys of `device`, with the keys of `whose`.
fn device_keys(device: DeviceId, whose: DeviceId, spelling: &impl Spelling) -> Value {
    let user = spelling.user(spelling.owner(device));
    let id = spelling.device_id(device);
    let (curve, ed) = (format!("curve25519:{id}"), format!("ed25519:{id}"));
    let signature = base64(&signature_bytes(whose));
    json!({
        "user_id": &user,
        "device_id": id,
        "algorithms": [OLM_ALGORITHM, MEGOLM_ALGORITHM],
        "keys": { curve: spelling.curve25519(whose), &ed: spelling.ed25519(whose) },
        "signatures": { user: { ed: signature } },
    })
}

/// Bytes in the place of a signature, of the length of one.
fn signature_bytes(device: DeviceId) -> Vec<u8> {
    noise(u64::from(device.raw())).take(64).collect()
}

fn room_key(key: &RoomKey, spelling: &impl Spelling) -> Value {
    let mut content = session_fields(key.room, key.session, spelling);
    let session_key = base64(&shared_session_key(key.session, key.first));
    content.insert("session_key".to_owned(), session_key.into());
    let shared_history = match key.shared_history {
        SharedHistory::No => false.into(),
        SharedHistory::Yes => true.into(),
        SharedHistory::NotABoolean => NOT_A_BOOLEAN.into(),
        SharedHistory::Absent => return content.into(),
    };
    content.insert("shared_history".to_owned(), shared_history);
    content.into()
}

/// The content of an `m.room_key_bundle`. Secrets in it are noise of the right length.
fn room_key_bundle(bundle: &RoomKeyBundle, spelling: &impl Spelling) -> Value {
    let id = spell_key(KeyKind::Media, bundle.bundle.raw());
    let seed = u64::from(bundle.bundle.raw());
    let part = |from: usize, len: usize| -> Vec<u8> { noise(seed).skip(from).take(len).collect() };
    json!({
        "room_id": spelling.room(bundle.room),
        "file": {
            "v": "v2",
            "url": format!("mxc://media.invalid/{}", url_safe(&id)),
            "key": {
                "alg": "A256CTR",
                "ext": true,
                "k": url_safe(&base64(&part(0, 32))),
                "key_ops": ["encrypt", "decrypt"],
                "kty": "oct",
            },
            "iv": base64(&[part(32, 8), vec![0; 8]].concat()),
            "hashes": { "sha256": base64(&part(40, 32)) },
        },
    })
}

/// The alphabet of base64 for places where `+` and `/` may not stand.
fn url_safe(text: &str) -> String {
    text.replace('+', "-").replace('/', "_")
}

/// The contents of a history bundle (`RoomKeyBundle`), before the file is encrypted.
#[must_use]
pub fn bundle(bundle: &Bundle, spelling: &impl Spelling) -> Value {
    let keys: Vec<Value> = bundle.room_keys.iter().map(|key| bundled_key(key, spelling)).collect();
    let entries: Vec<Value> =
        bundle.withheld.iter().map(|content| withheld(content, spelling)).collect();
    json!({ "room_keys": keys, "withheld": entries })
}

fn bundled_key(key: &BundledKey, spelling: &impl Spelling) -> Value {
    let mut fields = session_fields(key.room, key.session, spelling);
    let session_key = base64(&exported_session_key(key.session, key.first));
    for (name, value) in [
        ("session_key", session_key.into()),
        ("sender_key", spelling.curve25519(key.creator).into()),
        ("sender_claimed_keys", json!({ "ed25519": spelling.ed25519(key.creator) })),
    ] {
        fields.insert(name.to_owned(), value);
    }
    fields.into()
}

/// `shared_history` is not a field of this event.
fn forwarded(forwarded: &ForwardedRoomKey, spelling: &impl Spelling) -> Value {
    let key = &forwarded.key;
    let mut content = session_fields(key.room, key.session, spelling);
    let chain: Vec<String> =
        (0..forwarded.hops).map(|hop| spell_key(KeyKind::Forwarder, hop)).collect();
    let session_key = base64(&exported_session_key(key.session, key.first));
    for (name, value) in [
        ("session_key", session_key.into()),
        ("sender_key", spelling.curve25519(forwarded.creator).into()),
        ("sender_claimed_ed25519_key", spelling.ed25519(forwarded.creator).into()),
        ("forwarding_curve25519_key_chain", chain.into()),
    ] {
        content.insert(name.to_owned(), value);
    }
    if let Some(reason) = &forwarded.withheld {
        let mut object = Map::new();
        put(&mut object, "code", reason.code, |code| code.as_str().to_owned(), spelling);
        put(&mut object, "reason", reason.reason, |text| spelling.text(text), spelling);
        content.insert("withheld".to_owned(), object.into());
    }
    content.into()
}

fn key_request(request: &KeyRequest, spelling: &impl Spelling) -> Value {
    let mut content = Map::new();
    let action = match request.action {
        KeyRequestAction::Request { room, session } => {
            content.insert("body".to_owned(), session_fields(room, session, spelling).into());
            "request"
        }
        KeyRequestAction::Cancel => "request_cancellation",
    };
    let device_id = spelling.device_id(request.requester);
    content.insert("action".to_owned(), action.into());
    content.insert("requesting_device_id".to_owned(), device_id.into());
    content.insert("request_id".to_owned(), request.request.raw().to_string().into());
    content.into()
}

/// The fields that name a Megolm session.
fn session_fields(
    room: RoomId,
    session: MegolmSessionId,
    spelling: &impl Spelling,
) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("algorithm".to_owned(), MEGOLM_ALGORITHM.into());
    fields.insert("room_id".to_owned(), spelling.room(room).into());
    fields.insert("session_id".to_owned(), spelling.session(session).into());
    fields
}

/// The content of an `m.room_key.withheld`.
#[must_use]
pub fn withheld(content: &WithheldContent, spelling: &impl Spelling) -> Value {
    let mut object = Map::new();
    let algorithm = |Algorithm::MegolmV1| MEGOLM_ALGORITHM.to_owned();
    put(&mut object, "algorithm", content.algorithm, algorithm, spelling);
    put(&mut object, "room_id", content.room_id, |room| spelling.room(room), spelling);
    put(&mut object, "session_id", content.session_id, |id| spelling.session(id), spelling);
    put(&mut object, "sender_key", content.sender_key, |key| spelling.curve25519(key), spelling);
    put(&mut object, "code", content.code, |code| code.as_str().to_owned(), spelling);
    put(&mut object, "reason", content.reason, |text| spelling.text(text), spelling);
    object.into()
}

fn put<T>(
    object: &mut Map<String, Value>,
    name: &str,
    field: Field<T>,
    spell: impl Fn(T) -> String,
    spelling: &impl Spelling,
) {
    let value = match field {
        Field::Absent => return,
        Field::NotAString => NOT_A_STRING.into(),
        Field::Other(text) => spelling.text(text).into(),
        Field::Is(value) => spell(value).into(),
    };
    object.insert(name.to_owned(), value);
}

/// Reads the content of an `m.room_key.withheld`, right or wrong. Fields that the specification does not know are
/// ignored. What is not an object has no fields.
#[must_use]
pub fn read_withheld(content: &Value, lookup: &mut impl Lookup) -> WithheldContent {
    let megolm = |text: &str, _: &_| (text == MEGOLM_ALGORITHM).then_some(Algorithm::MegolmV1);
    WithheldContent {
        algorithm: take(content, "algorithm", lookup, megolm),
        room_id: take(content, "room_id", lookup, |text, lookup| lookup.room_named(text)),
        session_id: take(content, "session_id", lookup, |text, lookup| lookup.session_named(text)),
        sender_key: take(content, "sender_key", lookup, |text, lookup| {
            lookup.device_with_key(text)
        }),
        code: take(content, "code", lookup, |text, _| WithheldCode::from_wire(text)),
        reason: match take(content, "reason", lookup, |_, _| None::<()>) {
            // Free text has no other meaning than itself.
            Field::Other(text) => Field::Is(text),
            Field::Absent | Field::Is(()) => Field::Absent,
            Field::NotAString => Field::NotAString,
        },
    }
}

fn take<T, L: Lookup>(
    content: &Value,
    name: &str,
    lookup: &mut L,
    read: impl Fn(&str, &L) -> Option<T>,
) -> Field<T> {
    match content.get(name) {
        None => Field::Absent,
        Some(Value::String(text)) => match read(text, lookup) {
            Some(value) => Field::Is(value),
            None => Field::Other(lookup.intern(text)),
        },
        Some(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_),
        ) => Field::NotAString,
    }
}
