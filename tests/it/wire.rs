//! To-device events on the wire: against the official definition, against the first drafts, and against the types of other
//! libraries. It does not know when an event is sent.

use std::collections::BTreeMap;

use jsonschema::Validator;
use ruma_events::forwarded_room_key::ToDeviceForwardedRoomKeyEventContent;
use ruma_events::room::EncryptedFile;
use ruma_events::room::encrypted::ToDeviceRoomEncryptedEventContent;
use ruma_events::room_key::ToDeviceRoomKeyEventContent;
use ruma_events::room_key::withheld::ToDeviceRoomKeyWithheldEventContent;
use ruma_events::room_key_request::ToDeviceRoomKeyRequestEventContent;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vodozemac::olm::OlmMessage;
use withheld::ids::{
    BundleId, DeviceId, KeyValue, MegolmSessionId, OlmSessionId, RequestId, RoomId, Sym, UserId,
};
use withheld::protocol::bundle::{Bundle, BundledKey};
use withheld::protocol::json::{bundle, content, event, event_type, plaintext, read_withheld};
use withheld::protocol::spelling::{
    KeyKind, Lookup, Spelling, base64, key_bytes, read_key, spell_key,
};
use withheld::protocol::to_device::{
    ForwardedRoomKey, ForwardedWithheld, KeyRequest, KeyRequestAction, OlmCiphertext, OlmEvent,
    OlmPayload, RoomKey, RoomKeyBundle, SenderKeys, SharedHistory, ToDeviceBody, ToDeviceMessage,
    ToDeviceType,
};
use withheld::protocol::withheld::{
    Algorithm, Field, SessionCode, WithheldCode, WithheldContent, WithheldNotice,
};

const ROOMS: [&str; 2] = ["!lobby:one.example", "!Cuyf34gef24t:localhost"];
const USERS: [&str; 2] = ["@alice:one.example", "@bob:two.example"];
const DEVICES: u32 = 4;
const SESSIONS: u32 = 3;

/// The names of a small run: two users with two devices each, two rooms, three sessions.
#[derive(Default)]
struct Names {
    texts: Vec<String>,
    /// Keys and session ids of others, whose spelling is not ours.
    foreign_keys: BTreeMap<String, DeviceId>,
    foreign_sessions: BTreeMap<String, MegolmSessionId>,
}

impl Spelling for Names {
    fn user(&self, user: UserId) -> String {
        USERS[user.index()].to_owned()
    }

    fn owner(&self, device: DeviceId) -> UserId {
        UserId::new(device.raw() % 2)
    }

    fn device_id(&self, device: DeviceId) -> String {
        format!("DEVICE{}", device.raw())
    }

    fn room(&self, room: RoomId) -> String {
        ROOMS[room.index()].to_owned()
    }

    fn text(&self, text: Sym) -> String {
        self.texts[text.index()].clone()
    }

    fn curve25519(&self, device: DeviceId) -> String {
        let foreign = self.foreign_keys.iter().find(|(_, known)| **known == device);
        foreign
            .map_or_else(|| spell_key(KeyKind::Curve25519, device.raw()), |(text, _)| text.clone())
    }

    fn session(&self, session: MegolmSessionId) -> String {
        let foreign = self.foreign_sessions.iter().find(|(_, known)| **known == session);
        foreign.map_or_else(|| spell_key(KeyKind::Megolm, session.raw()), |(text, _)| text.clone())
    }
}

impl Lookup for Names {
    fn room_named(&self, text: &str) -> Option<RoomId> {
        ROOMS.iter().position(|known| *known == text).map(RoomId::at)
    }

    fn has_device(&self, device: DeviceId) -> bool {
        device.raw() < DEVICES
    }

    fn has_session(&self, session: MegolmSessionId) -> bool {
        session.raw() < SESSIONS
    }

    fn intern(&mut self, text: &str) -> Sym {
        if let Some(known) = self.texts.iter().position(|known| known == text) {
            return Sym::at(known);
        }
        self.texts.push(text.to_owned());
        Sym::at(self.texts.len() - 1)
    }

    fn device_with_key(&self, text: &str) -> Option<DeviceId> {
        let ours = || read_key(KeyKind::Curve25519, text).map(DeviceId::new);
        self.foreign_keys.get(text).copied().or_else(ours).filter(|key| self.has_device(*key))
    }

    fn session_named(&self, text: &str) -> Option<MegolmSessionId> {
        let ours = || read_key(KeyKind::Megolm, text).map(MegolmSessionId::new);
        self.foreign_sessions.get(text).copied().or_else(ours).filter(|id| self.has_session(*id))
    }
}

/// The three definitions that an event is held to.
struct Definitions {
    strict: Validator,
    spec_draft: Validator,
    draft: Validator,
}

fn definition(text: &str) -> Validator {
    let schema: Value = serde_json::from_str(text).expect("the schema is JSON");
    jsonschema::meta::validate(&schema).expect("the schema is a JSON Schema");
    jsonschema::validator_for(&schema).expect("the schema compiles")
}

impl Definitions {
    fn new() -> Self {
        Self {
            strict: definition(include_str!("schema/room_key_withheld.strict.json")),
            spec_draft: definition(include_str!("schema/room_key_withheld.spec_draft.json")),
            draft: definition(include_str!("schema/room_key_withheld.draft.json")),
        }
    }

    /// Which of the three accept `event`: strict, first draft of the specification, first draft of the MSC.
    fn accept(&self, event: &Value) -> [bool; 3] {
        [&self.strict, &self.spec_draft, &self.draft].map(|schema| schema.is_valid(event))
    }
}

/// Every notice that a correct client can write in the small run, with its sender.
fn notices() -> Vec<(DeviceId, WithheldNotice)> {
    let mut notices = Vec::new();
    for sender in (0..DEVICES).map(DeviceId::new) {
        notices.push((sender, WithheldNotice::NoOlm));
        for room in (0..ROOMS.len()).map(RoomId::at) {
            for session in (0..SESSIONS).map(MegolmSessionId::new) {
                for code in [
                    SessionCode::Blacklisted,
                    SessionCode::Unverified,
                    SessionCode::Unauthorised,
                    SessionCode::Unavailable,
                ] {
                    notices.push((sender, WithheldNotice::Session { room, session, code }));
                }
            }
        }
    }
    notices
}

fn withheld_event(sender: DeviceId, content: WithheldContent, names: &impl Spelling) -> Value {
    let message = ToDeviceMessage {
        sender,
        event_type: ToDeviceType::Withheld,
        body: ToDeviceBody::Withheld(content),
    };
    event(&message, DeviceId::new(0), names)
}

/// The example of the specification, `data/event-schemas/examples/m.room_key.withheld.yaml`.
fn example() -> Value {
    json!({
        "type": "m.room_key.withheld",
        "content": {
            "algorithm": "m.megolm.v1.aes-sha2",
            "room_id": "!Cuyf34gef24t:localhost",
            "session_id": "X3lUlvLELLYxeTx4yOVu6UDpasGEVO0Jbu+QFnm0cKQ",
            "sender_key": "RF3s+E7RkTQTGF2d8Deol0FkQvgII2aJDf3/Jp5mxVU",
            "code": "m.unverified",
            "reason": "Device not verified",
        },
    })
}

/// Reads `json` as `T` and writes it again.
fn through<T: DeserializeOwned + Serialize>(json: &Value) -> Value {
    let read: T = serde_json::from_value(json.clone()).expect("the other library reads it");
    serde_json::to_value(&read).expect("the other library writes it")
}

#[test]
fn every_notice_fits_the_official_definition_and_the_first_drafts() {
    let (definitions, names) = (Definitions::new(), Names::default());
    for (sender, notice) in notices() {
        let event = withheld_event(sender, notice.content(sender), &names);
        assert_eq!(definitions.accept(&event), [true; 3], "{event}");
        assert_eq!(event["sender"], USERS[sender.index() % 2]);
        let fields = event["content"].as_object().unwrap().len();
        assert_eq!(fields, if notice == WithheldNotice::NoOlm { 3 } else { 5 });
    }
}

#[test]
fn ruma_reads_and_writes_every_notice() {
    let names = Names::default();
    for (sender, notice) in notices() {
        let json =
            content(&ToDeviceBody::Withheld(notice.content(sender)), DeviceId::new(0), &names);
        assert_eq!(through::<ToDeviceRoomKeyWithheldEventContent>(&json), json);
        let read: ToDeviceRoomKeyWithheldEventContent = serde_json::from_value(json).unwrap();
        assert_eq!(
            read.sender_key.as_bytes(),
            key_bytes(KeyKind::Curve25519, sender.raw()).as_slice()
        );
    }
}

#[test]
fn the_example_of_the_specification_is_read_and_written_unchanged() {
    let example = example();
    assert_eq!(Definitions::new().accept(&example), [true; 3]);
    let mut names = Names::default();
    let session = example["content"]["session_id"].as_str().unwrap().to_owned();
    let key = example["content"]["sender_key"].as_str().unwrap().to_owned();

    // Where session and key are not known, they are kept as texts.
    let foreign = read_withheld(&example["content"], &mut names);
    assert_eq!(names.texts[..2], [session.clone(), key.clone()]);
    assert_eq!(foreign.session_id, Field::Other(Sym::new(0)));
    assert_eq!(foreign.sender_key, Field::Other(Sym::new(1)));
    let body = ToDeviceBody::Withheld(foreign);
    assert_eq!(content(&body, DeviceId::new(0), &names), example["content"]);

    names.foreign_sessions.insert(session, MegolmSessionId::new(2));
    names.foreign_keys.insert(key, DeviceId::new(3));
    let known = read_withheld(&example["content"], &mut names);
    let expected = WithheldContent {
        algorithm: Field::Is(Algorithm::MegolmV1),
        room_id: Field::Is(RoomId::new(1)),
        session_id: Field::Is(MegolmSessionId::new(2)),
        sender_key: Field::Is(DeviceId::new(3)),
        code: Field::Is(WithheldCode::Unverified),
        reason: Field::Is(Sym::new(2)),
    };
    assert_eq!(known, expected);
    assert_eq!(names.texts[2], "Device not verified");
    let body = ToDeviceBody::Withheld(known);
    assert_eq!(content(&body, DeviceId::new(0), &names), example["content"]);
}

/// The example with one thing changed: at `path` stands `value` instead, or nothing.
fn changed(path: &str, value: Option<Value>) -> Value {
    let mut event = example();
    let object = match path {
        "type" | "content" => event.as_object_mut(),
        _ => event["content"].as_object_mut(),
    };
    let object = object.expect("both are objects");
    match value {
        Some(value) => object.insert(path.to_owned(), value),
        None => object.shift_remove(path),
    };
    event
}

#[test]
fn near_misses_are_refused_by_those_definitions_that_forbid_them() {
    let definitions = Definitions::new();
    let some = |value: &str| Some(Value::from(value));
    for (path, value, accepted) in [
        ("type", None, [false, false, false]),
        ("type", some("m.room.no_key"), [false, false, false]),
        ("type", some("m.room_key.witheld"), [false, false, false]),
        ("type", some("org.matrix.room_key.withheld"), [false, false, true]),
        ("type", some("org.matrix.room_key.witheld"), [false, false, true]),
        ("content", None, [false, false, false]),
        ("content", Some(json!([])), [false, false, false]),
        ("algorithm", None, [false, false, true]),
        ("algorithm", some("m.olm.v1.curve25519-aes-sha2"), [false, false, true]),
        ("algorithm", Some(json!(["m.megolm.v1.aes-sha2"])), [false, false, true]),
        ("sender_key", None, [false, false, true]),
        ("sender_key", Some(Value::Null), [false, false, true]),
        ("sender_key", some(""), [false, true, true]),
        ("sender_key", some("RF3s+E7RkTQTGF2d8Deol0FkQvgII2aJDf3/Jp5mxVU="), [false, true, true]),
        ("sender_key", some("RF3s-E7RkTQTGF2d8Deol0FkQvgII2aJDf3_Jp5mxVU"), [false, true, true]),
        ("room_id", None, [false, false, false]),
        ("room_id", some("#Cuyf34gef24t:localhost"), [false, true, true]),
        ("room_id", Some(json!(1)), [false, false, false]),
        ("session_id", None, [false, false, false]),
        ("session_id", Some(json!({})), [false, false, false]),
        ("code", None, [false, false, true]),
        ("code", Some(json!(3)), [false, false, false]),
        ("code", some("m.unauthorized"), [false, true, true]),
        ("code", some("m.example.odd"), [false, true, true]),
        ("code", some("unverified"), [false, true, true]),
        ("code", some("org..example"), [false, true, true]),
        ("code", some("org.example.odd"), [true, true, true]),
        ("code", some("m.history_not_shared"), [true, true, true]),
        ("code", some("m.no_olm"), [true, true, true]),
        ("reason", None, [true, true, true]),
        ("reason", Some(Value::Null), [false, false, false]),
        ("org.example.more", Some(json!([1])), [true, true, true]),
    ] {
        let event = changed(path, value);
        assert_eq!(definitions.accept(&event), accepted, "{event}");
    }
}

#[test]
fn a_notice_without_room_and_session_is_for_m_no_olm_only() {
    let definitions = Definitions::new();
    for code in WithheldCode::ALL {
        let event = json!({
            "type": "m.room_key.withheld",
            "content": {
                "algorithm": "m.megolm.v1.aes-sha2",
                "sender_key": "RF3s+E7RkTQTGF2d8Deol0FkQvgII2aJDf3/Jp5mxVU",
                "code": code.as_str(),
            },
        });
        // The first draft of the MSC has neither m.no_olm nor m.history_not_shared, so it says nothing of them.
        let unknown_then = matches!(code, WithheldCode::NoOlm | WithheldCode::HistoryNotShared);
        let no_olm = code == WithheldCode::NoOlm;
        assert_eq!(definitions.accept(&event), [no_olm, no_olm, unknown_then], "{code:?}");
    }
}

/// The four things that a field can be.
fn fields<T: Copy>(value: T) -> [Field<T>; 4] {
    [Field::Absent, Field::NotAString, Field::Other(Sym::new(0)), Field::Is(value)]
}

#[test]
fn whatever_a_notice_holds_right_or_wrong_is_read_back_as_it_was_written() {
    let mut names = Names::default();
    let odd = names.intern("odd");
    let reason = names.intern("Device not verified");
    assert_eq!(odd, Sym::new(0));
    let mut count = 0;
    for algorithm in fields(Algorithm::MegolmV1) {
        for room_id in fields(RoomId::new(1)) {
            for session_id in fields(MegolmSessionId::new(2)) {
                for sender_key in fields(DeviceId::new(3)) {
                    for code in fields(WithheldCode::Unavailable) {
                        for reason in [Field::Absent, Field::NotAString, Field::Is(reason)] {
                            let written = WithheldContent {
                                algorithm,
                                room_id,
                                session_id,
                                sender_key,
                                code,
                                reason,
                            };
                            let body = ToDeviceBody::Withheld(written);
                            let json = content(&body, DeviceId::new(0), &names);
                            assert_eq!(read_withheld(&json, &mut names), written, "{json}");
                            count += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(count, 4 * 4 * 4 * 4 * 4 * 3);
}

#[test]
fn every_code_and_every_kind_of_value_is_read_for_what_it_is() {
    let mut names = Names::default();
    for code in WithheldCode::ALL {
        let read = read_withheld(&json!({ "code": code.as_str() }), &mut names);
        assert_eq!(read.code, Field::Is(code));
    }
    for value in [json!(null), json!(true), json!(1), json!(["m.no_olm"]), json!({})] {
        let read = read_withheld(&json!({ "code": value, "reason": value }), &mut names);
        assert_eq!((read.code, read.reason), (Field::NotAString, Field::NotAString));
    }
    // Keys and sessions in our spelling that the run does not have are texts like any other.
    let stranger = base64(&key_bytes(KeyKind::Curve25519, DEVICES));
    let read = read_withheld(&json!({ "sender_key": stranger }), &mut names);
    assert!(matches!(read.sender_key, Field::Other(_)));
    for no_object in [json!(null), json!("code"), json!(["code"]), json!(7)] {
        let read = read_withheld(&no_object, &mut names);
        assert_eq!(read, read_withheld(&json!({}), &mut names));
        assert_eq!(read.code, Field::Absent);
    }
}

fn ciphertext(pre_key: Option<KeyValue>, event: OlmEvent) -> OlmCiphertext {
    OlmCiphertext {
        sender_key: DeviceId::new(1),
        session: OlmSessionId::new(5),
        pre_key,
        ratchet_key: 9,
        index: 300,
        mac: 0x0102_0304_0506_0708,
        payload: OlmPayload { recipient: DeviceId::new(2), sender_keys: SenderKeys::Agree, event },
    }
}

fn room_key() -> RoomKey {
    RoomKey {
        room: RoomId::new(0),
        session: MegolmSessionId::new(1),
        first: 7,
        shared_history: SharedHistory::Yes,
    }
}

#[test]
fn an_olm_message_is_one_that_vodozemac_parses() {
    let (names, recipient) = (Names::default(), DeviceId::new(2));
    for pre_key in [None, Some(KeyValue::new(4))] {
        let message = ciphertext(pre_key, OlmEvent::RoomKey(room_key()));
        let json = content(&ToDeviceBody::Olm(message), recipient, &names);
        through::<ToDeviceRoomEncryptedEventContent>(&json);
        assert_eq!(json["sender_key"], names.curve25519(DeviceId::new(1)));
        let info = &json["ciphertext"][names.curve25519(recipient)];
        let kind = usize::try_from(info["type"].as_u64().unwrap()).unwrap();
        assert_eq!(kind, usize::from(pre_key.is_none()));
        let bytes = vodozemac::base64_decode(info["body"].as_str().unwrap()).unwrap();
        let inner = match OlmMessage::from_parts(kind, &bytes).unwrap() {
            OlmMessage::Normal(inner) => inner,
            OlmMessage::PreKey(outer) => {
                let keys = outer.session_keys();
                assert_eq!(keys.one_time_key.to_bytes(), key_bytes(KeyKind::OneTime, 4));
                assert_eq!(keys.base_key.to_bytes(), key_bytes(KeyKind::Base, 5));
                assert_eq!(keys.identity_key.to_bytes(), key_bytes(KeyKind::Curve25519, 1));
                outer.message().clone()
            }
        };
        assert_eq!(inner.chain_index(), 300);
        assert_eq!(inner.ratchet_key().to_bytes(), key_bytes(KeyKind::Ratchet, 9));
        let plaintext = plaintext(&message.payload, message.sender_key, &names).to_string();
        assert_eq!(inner.ciphertext().len(), (plaintext.len() / 16 + 1) * 16);
        assert_eq!(inner.to_bytes()[inner.to_bytes().len() - 8..], message.mac.to_be_bytes());
    }
}

#[test]
fn a_history_bundle_has_the_form_of_the_specification() {
    let (names, creator) = (Names::default(), DeviceId::new(3));
    let (room, session) = (RoomId::new(1), MegolmSessionId::new(2));
    let notice = WithheldContent {
        algorithm: Field::Is(Algorithm::MegolmV1),
        room_id: Field::Is(room),
        session_id: Field::Is(session),
        sender_key: Field::Is(creator),
        code: Field::Is(WithheldCode::HistoryNotShared),
        reason: Field::Absent,
    };
    let key = BundledKey { room, session: MegolmSessionId::new(1), first: 4, creator };
    let written = bundle(&Bundle { room_keys: vec![key], withheld: vec![notice] }, &names);
    let listed = &written["room_keys"][0];
    let mut fields: Vec<&String> = listed.as_object().unwrap().keys().collect();
    fields.sort();
    let expected =
        ["algorithm", "room_id", "sender_claimed_keys", "sender_key", "session_id", "session_key"];
    assert_eq!(fields, expected);
    assert_eq!(listed["room_id"], ROOMS[1]);
    assert_eq!(listed["sender_key"], names.curve25519(creator));
    assert_eq!(listed["sender_claimed_keys"], json!({ "ed25519": names.ed25519(creator) }));
    let exported = vodozemac::base64_decode(listed["session_key"].as_str().unwrap()).unwrap();
    assert_eq!(exported[..5], [1, 0, 0, 0, 4], "the export format, from index 4 on");
    assert_eq!(written["withheld"][0]["code"], "m.history_not_shared");
    assert_eq!(read_withheld(&written["withheld"][0], &mut Names::default()), notice);

    let told = OlmEvent::RoomKeyBundle(RoomKeyBundle { room, bundle: BundleId::new(6) });
    let sender_keys = SenderKeys::Agree;
    let payload = OlmPayload { recipient: DeviceId::new(2), sender_keys, event: told };
    let event = plaintext(&payload, DeviceId::new(1), &names);
    assert_eq!(event["type"], "m.room_key_bundle");
    assert_eq!(event["content"]["room_id"], ROOMS[1]);
    assert!(event["sender_device_keys"].is_object());
    let file: EncryptedFile = serde_json::from_value(event["content"]["file"].clone()).unwrap();
    assert!(file.url.is_valid(), "{}", file.url);
}

#[test]
fn shared_history_may_be_missing_or_no_boolean() {
    let names = Names::default();
    for (shared_history, expected) in [
        (SharedHistory::Yes, json!(true)),
        (SharedHistory::No, json!(false)),
        (SharedHistory::NotABoolean, json!(1)),
        (SharedHistory::Absent, Value::Null),
    ] {
        let event = OlmEvent::RoomKey(RoomKey { shared_history, ..room_key() });
        let sender_keys = SenderKeys::Agree;
        let payload = OlmPayload { recipient: DeviceId::new(2), sender_keys, event };
        let written = plaintext(&payload, DeviceId::new(1), &names);
        assert_eq!(written["content"]["shared_history"], expected);
    }
}

#[test]
fn what_is_inside_an_olm_message_has_the_forms_of_the_specification() {
    let mut names = Names::default();
    let odd = names.intern("org.example.odd");
    let sender = DeviceId::new(1);
    let inside = |event| {
        plaintext(
            &OlmPayload { recipient: DeviceId::new(2), sender_keys: SenderKeys::Agree, event },
            sender,
            &names,
        )
    };
    let key = inside(OlmEvent::RoomKey(room_key()));
    assert_eq!(key["type"], "m.room_key");
    assert_eq!(key["sender"], USERS[1]);
    assert_eq!(key["recipient"], USERS[0]);
    assert_eq!(key["keys"]["ed25519"], names.ed25519(sender));
    assert_eq!(key["recipient_keys"]["ed25519"], names.ed25519(DeviceId::new(2)));
    assert_eq!(through::<ToDeviceRoomKeyEventContent>(&key["content"]), key["content"]);

    let mut forwarded =
        ForwardedRoomKey { key: room_key(), creator: DeviceId::new(3), hops: 2, withheld: None };
    let whole = inside(OlmEvent::ForwardedRoomKey(forwarded));
    assert_eq!(whole["type"], "m.forwarded_room_key");
    let written = through::<ToDeviceForwardedRoomKeyEventContent>(&whole["content"]);
    assert_eq!(written, whole["content"]);
    assert_eq!(whole["content"]["sender_key"], names.curve25519(DeviceId::new(3)));
    assert_eq!(whole["content"]["forwarding_curve25519_key_chain"].as_array().unwrap().len(), 2);
    forwarded.withheld = Some(ForwardedWithheld {
        code: Field::Is(WithheldCode::Unverified),
        reason: Field::Is(odd),
    });
    let part = inside(OlmEvent::ForwardedRoomKey(forwarded));
    let reason = json!({ "code": "m.unverified", "reason": "org.example.odd" });
    assert_eq!(part["content"]["withheld"], reason);

    let dummy = inside(OlmEvent::Dummy { empty: true });
    assert_eq!((&dummy["type"], &dummy["content"]), (&json!("m.dummy"), &json!({})));
    let notice = WithheldNotice::NoOlm.content(sender);
    let encrypted = inside(OlmEvent::Withheld(notice));
    assert_eq!(encrypted["type"], "m.room_key.withheld");
    let clear = content(&ToDeviceBody::Withheld(notice), DeviceId::new(2), &names);
    assert_eq!(encrypted["content"], clear);
}

#[test]
fn key_requests_and_their_cancellations_are_read_and_written_by_ruma() {
    let names = Names::default();
    let (room, session) = (RoomId::new(1), MegolmSessionId::new(0));
    for action in [KeyRequestAction::Request { room, session }, KeyRequestAction::Cancel] {
        let request =
            KeyRequest { request: RequestId::new(6), requester: DeviceId::new(3), action };
        let json = content(&ToDeviceBody::KeyRequest(request), DeviceId::new(0), &names);
        let mut written = through::<ToDeviceRoomKeyRequestEventContent>(&json);
        if written["body"].is_null() {
            written.as_object_mut().unwrap().shift_remove("body");
        }
        assert_eq!(written, json);
        assert_eq!(json["requesting_device_id"], "DEVICE3");
        assert_eq!(json.get("body").is_some(), action != KeyRequestAction::Cancel);
    }
}

#[test]
fn each_type_has_its_spelling() {
    let mut names = Names::default();
    let unstable = names.intern("org.matrix.room_key.withheld");
    for (kind, text) in [
        (ToDeviceType::Encrypted, "m.room.encrypted"),
        (ToDeviceType::Withheld, "m.room_key.withheld"),
        (ToDeviceType::KeyRequest, "m.room_key_request"),
        (ToDeviceType::Other(unstable), "org.matrix.room_key.withheld"),
    ] {
        assert_eq!(event_type(kind, &names), text);
    }
}

#[test]
fn base64_is_that_of_vodozemac() {
    let bytes: Vec<u8> = (0..=255).collect();
    for length in 0..=bytes.len() {
        assert_eq!(base64(&bytes[..length]), vodozemac::base64_encode(&bytes[..length]));
    }
}
