//! The form of what devices send to each other, field by field as it was on the wire.
//! It does not know whether any of it is right: what means nothing is kept as it was.

use serde_json::{Value as Json, json};

use crate::ids::{BundleId, DeviceId, MegolmSessionId, RequestId, RoomId, Sym};
use crate::protocol::to_device::{
    ForwardedRoomKey, ForwardedWithheld, KeyRequest, KeyRequestAction, OlmEvent, RoomKey,
    RoomKeyBundle, SharedHistory, ToDeviceType,
};
use crate::protocol::withheld::{
    Algorithm, Field, MEGOLM_ALGORITHM, WithheldCode, WithheldContent,
};
use crate::trace::fact::SentContent;

use super::cursor::{Fields, Reading, Value};
use super::form::{
    Definitions, Form, Property, defined, either, field, object_schema, property, shape_described,
    shape_pattern, shape_put, shape_read, shapes,
};
use super::line::{Line, Object, Term};
use super::names::Names;

shapes! {
    SentContent in "content" {
        Olm [holds event "olm" OlmEvent];
        Sealed [word "sealed"];
        Clear [holds event "clear" OlmEvent];
        Withheld [holds content "withheld" WithheldContent];
        KeyRequest [holds request "key_request" KeyRequest];
    }
}

impl Term for ToDeviceType {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::Other(spelling) => spelling.put(line),
            Self::Encrypted
            | Self::Withheld
            | Self::WithheldUnstable
            | Self::WithheldMisspelt
            | Self::KeyRequest
            | Self::ClearRoomKey
            | Self::ClearForwardedRoomKey
            | Self::ClearDummy
            | Self::NoKey => self.as_str().unwrap_or_default().put(line),
        }
    }
}

impl Form for ToDeviceType {
    fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
        let text = value.string("the type of an event")?;
        match Self::NAMED.iter().find(|(_, spelling)| *spelling == text) {
            Some((named, _)) => Ok(*named),
            None => names.text(value).map(Self::Other),
        }
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "string", "description": "The type of a to-device event, as on the wire." })
    }
}

/// The fields of a key, as they stand in `m.room_key` and `m.forwarded_room_key`.
fn put_key(object: &mut Object<'_, '_>, key: &RoomKey) {
    object.field("room", &key.room);
    object.field("session", &key.session);
    object.field("first", &key.first);
    put_shared_history(object, key.shared_history);
}

/// A boolean as it is, nothing if it was absent; what was no boolean in the form of fields that were no text.
fn put_shared_history(object: &mut Object<'_, '_>, shared: SharedHistory) {
    match shared {
        SharedHistory::No => object.field("shared_history", &false),
        SharedHistory::Yes => object.field("shared_history", &true),
        SharedHistory::Absent => {}
        SharedHistory::NotABoolean => {
            object.object("shared_history", |inner| inner.field("not_a_boolean", &true));
        }
    }
}

fn read_shared_history(fields: &mut Fields<'_>) -> Reading<SharedHistory> {
    const EXPECTED: &str = "true, false or {\"not_a_boolean\": true}";
    let Some(value) = fields.find("shared_history") else { return Ok(SharedHistory::Absent) };
    if !value.is_object() {
        let shared = value.boolean().map_err(|_| value.unexpected(EXPECTED))?;
        return Ok(if shared { SharedHistory::Yes } else { SharedHistory::No });
    }
    match value.object(EXPECTED)?.find("not_a_boolean") {
        Some(truth) if truth.boolean()? => Ok(SharedHistory::NotABoolean),
        Some(_) | None => Err(value.unexpected(EXPECTED)),
    }
}

fn shared_history_schema() -> Json {
    let odd = json!({
        "type": "object",
        "properties": { "not_a_boolean": { "const": true } },
        "required": ["not_a_boolean"],
    });
    json!({ "anyOf": [{ "type": "boolean" }, odd] })
}

fn read_key(fields: &mut Fields<'_>, names: &mut Names) -> Reading<RoomKey> {
    Ok(RoomKey {
        room: field(fields, "room", names)?,
        session: field(fields, "session", names)?,
        first: field(fields, "first", names)?,
        shared_history: read_shared_history(fields)?,
    })
}

/// The schema of an object with a constant field that tells what it is.
fn tagged((tag, word): (&'static str, &str), mut rest: Vec<Property>) -> Json {
    rest.insert(0, (tag, json!({ "const": word }), true));
    object_schema(rest)
}

impl Term for OlmEvent {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| match self {
            Self::RoomKey(key) => {
                object.field("type", &"m.room_key");
                put_key(object, key);
            }
            Self::ForwardedRoomKey(ForwardedRoomKey { key, creator, hops, withheld }) => {
                object.field("type", &"m.forwarded_room_key");
                put_key(object, key);
                object.field("creator", creator);
                object.field("hops", hops);
                object.optional("withheld", withheld.as_ref());
            }
            Self::Dummy { empty } => {
                object.field("type", &"m.dummy");
                object.field("empty", empty);
            }
            Self::Withheld(content) => {
                object.field("type", &"m.room_key.withheld");
                object.field("content", content);
            }
            Self::RoomKeyBundle(RoomKeyBundle { room, bundle }) => {
                object.field("type", &"m.room_key_bundle");
                object.field("room", room);
                object.field("bundle", bundle);
            }
        });
    }
}

impl Form for OlmEvent {
    fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
        const TYPES: &str =
            "m.room_key, m.forwarded_room_key, m.room_key_bundle, m.dummy or m.room_key.withheld";
        let mut fields = value.object("an object with the `type` of an event")?;
        let tag = fields.need("type")?;
        Ok(match tag.string(TYPES)?.as_ref() {
            "m.room_key" => Self::RoomKey(read_key(&mut fields, names)?),
            "m.forwarded_room_key" => Self::ForwardedRoomKey(ForwardedRoomKey {
                key: read_key(&mut fields, names)?,
                creator: field(&mut fields, "creator", names)?,
                hops: field(&mut fields, "hops", names)?,
                withheld: field(&mut fields, "withheld", names)?,
            }),
            "m.dummy" => Self::Dummy { empty: field(&mut fields, "empty", names)? },
            "m.room_key_bundle" => Self::RoomKeyBundle(RoomKeyBundle {
                room: field(&mut fields, "room", names)?,
                bundle: field(&mut fields, "bundle", names)?,
            }),
            "m.room_key.withheld" => Self::Withheld(field(&mut fields, "content", names)?),
            _ => return Err(tag.unexpected(TYPES)),
        })
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined("olm_event", definitions, |definitions| {
            let key = |definitions: &mut Definitions| {
                vec![
                    property::<RoomId>("room", definitions),
                    property::<MegolmSessionId>("session", definitions),
                    property::<u32>("first", definitions),
                    ("shared_history", shared_history_schema(), false),
                ]
            };
            let mut forwarded = key(definitions);
            forwarded.extend([
                property::<DeviceId>("creator", definitions),
                property::<u32>("hops", definitions),
                property::<Option<ForwardedWithheld>>("withheld", definitions),
            ]);
            let bundle = vec![
                property::<RoomId>("room", definitions),
                property::<BundleId>("bundle", definitions),
            ];
            let dummy = vec![property::<bool>("empty", definitions)];
            let withheld = vec![property::<WithheldContent>("content", definitions)];
            json!({ "anyOf": [
                tagged(("type", "m.room_key"), key(definitions)),
                tagged(("type", "m.forwarded_room_key"), forwarded),
                tagged(("type", "m.room_key_bundle"), bundle),
                tagged(("type", "m.dummy"), dummy),
                tagged(("type", "m.room_key.withheld"), withheld),
            ] })
        })
    }
}

impl Term for KeyRequest {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| {
            object.field("request", &self.request);
            object.field("requester", &self.requester);
            match &self.action {
                KeyRequestAction::Request { room, session } => {
                    object.field("action", &"request");
                    object.field("room", room);
                    object.field("session", session);
                }
                KeyRequestAction::Cancel => object.field("action", &"request_cancellation"),
            }
        });
    }
}

impl Form for KeyRequest {
    fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
        const ACTIONS: &str = "request or request_cancellation";
        let mut fields = value.object("an object with the fields of a key request")?;
        let action = fields.need("action")?;
        let action = match action.string(ACTIONS)?.as_ref() {
            "request" => KeyRequestAction::Request {
                room: field(&mut fields, "room", names)?,
                session: field(&mut fields, "session", names)?,
            },
            "request_cancellation" => KeyRequestAction::Cancel,
            _ => return Err(action.unexpected(ACTIONS)),
        };
        Ok(Self {
            request: field(&mut fields, "request", names)?,
            requester: field(&mut fields, "requester", names)?,
            action,
        })
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined("key_request", definitions, |definitions| {
            let from = |definitions: &mut Definitions| {
                vec![
                    property::<RequestId>("request", definitions),
                    property::<DeviceId>("requester", definitions),
                ]
            };
            let mut request = from(definitions);
            request.extend([
                property::<RoomId>("room", definitions),
                property::<MegolmSessionId>("session", definitions),
            ]);
            json!({ "anyOf": [
                tagged(("action", "request"), request),
                tagged(("action", "request_cancellation"), from(definitions)),
            ] })
        })
    }
}

/// What a field of an event can mean: its text has a meaning, or has none.
trait Meaning: Term + Sized {
    /// The meaning of the value as it stands in a line; `None` if it is a string without one.
    fn of(value: Value<'_>, names: &mut Names) -> Reading<Option<Self>>;

    /// Describes what has a meaning, or might.
    fn texts(_: &mut Definitions) -> Json {
        json!({ "type": "string" })
    }
}

impl Meaning for Algorithm {
    fn of(value: Value<'_>, _: &mut Names) -> Reading<Option<Self>> {
        Ok((value.string("a text")? == MEGOLM_ALGORITHM).then_some(Self::MegolmV1))
    }
}

impl Meaning for WithheldCode {
    fn of(value: Value<'_>, _: &mut Names) -> Reading<Option<Self>> {
        Ok(Self::from_wire(&value.string("a text")?))
    }
}

impl Meaning for RoomId {
    fn of(value: Value<'_>, names: &mut Names) -> Reading<Option<Self>> {
        Ok(names.rooms.get(&value.string("a text")?).map(Self::new))
    }
}

impl Meaning for DeviceId {
    fn of(value: Value<'_>, names: &mut Names) -> Reading<Option<Self>> {
        Ok(names.devices.get(&value.string("a text")?).map(Self::new))
    }
}

impl Meaning for MegolmSessionId {
    fn of(value: Value<'_>, names: &mut Names) -> Reading<Option<Self>> {
        Self::read(value, names).map(Some)
    }

    fn texts(definitions: &mut Definitions) -> Json {
        Self::schema(definitions)
    }
}

impl Meaning for Sym {
    fn of(value: Value<'_>, names: &mut Names) -> Reading<Option<Self>> {
        names.text(value).map(Some)
    }
}

/// A field as it stood on the wire: absent, `{"not_a_string":true}`, `{"other":"text"}`, or its meaning.
fn put_field<T: Term>(object: &mut Object<'_, '_>, key: &'static str, field: &Field<T>) {
    match field {
        Field::Absent => {}
        Field::NotAString => object.object(key, |inner| inner.field("not_a_string", &true)),
        Field::Other(text) => object.object(key, |inner| inner.field("other", text)),
        Field::Is(value) => object.field(key, value),
    }
}

/// Reads what [`put_field`] writes, and from other writers also a text without a meaning as it stood on the wire.
fn read_field<T: Meaning>(
    fields: &mut Fields<'_>,
    key: &'static str,
    names: &mut Names,
) -> Reading<Field<T>> {
    const EXPECTED: &str = "a text, {\"other\": text} or {\"not_a_string\": true}";
    let Some(value) = fields.find(key) else { return Ok(Field::Absent) };
    if !value.is_object() {
        let meaning = T::of(value, names).map_err(|_| value.unexpected(EXPECTED))?;
        return Ok(match meaning {
            Some(meaning) => Field::Is(meaning),
            None => Field::Other(names.text(value)?),
        });
    }
    let mut inner = value.object(EXPECTED)?;
    if let Some(text) = inner.find("other") {
        return names.text(text).map(Field::Other);
    }
    match inner.find("not_a_string") {
        Some(truth) if truth.boolean()? => Ok(Field::NotAString),
        Some(_) | None => Err(value.unexpected(EXPECTED)),
    }
}

/// The property that a field of an event is.
fn wire_property<T: Meaning>(name: &'static str, definitions: &mut Definitions) -> Property {
    let odd = defined("odd_field", definitions, |_| {
        json!({
            "description": "What a field was on the wire where it was no text, or a text that means nothing here.",
            "anyOf": [
                {
                    "type": "object",
                    "properties": { "other": { "type": "string" } },
                    "required": ["other"],
                },
                {
                    "type": "object",
                    "properties": { "not_a_string": { "const": true } },
                    "required": ["not_a_string"],
                },
            ],
        })
    });
    (name, json!({ "anyOf": [T::texts(definitions), odd] }), false)
}

impl Term for Algorithm {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::MegolmV1 => line.string(MEGOLM_ALGORITHM),
        }
    }
}

/// Declares the form of contents whose fields are as they were on the wire.
macro_rules! on_the_wire {
    ($($name:ident in $definition:literal { $($field:ident: $type:ty),* })*) => {$(
        impl Term for $name {
            fn put(&self, line: &mut Line<'_>) {
                line.object(|object| { $(put_field(object, stringify!($field), &self.$field);)* });
            }
        }

        impl Form for $name {
            fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
                let mut fields = value.object("an object with the fields of the event")?;
                Ok(Self { $($field: read_field(&mut fields, stringify!($field), names)?,)* })
            }

            fn schema(definitions: &mut Definitions) -> Json {
                defined($definition, definitions, |definitions| {
                    object_schema(vec![$(wire_property::<$type>(stringify!($field), definitions)),*])
                })
            }
        }
    )*};
}

on_the_wire! {
    WithheldContent in "withheld" {
        algorithm: Algorithm, room_id: RoomId, session_id: MegolmSessionId, sender_key: DeviceId,
        code: WithheldCode, reason: Sym
    }
    ForwardedWithheld in "forwarded_withheld" { code: WithheldCode, reason: Sym }
}
