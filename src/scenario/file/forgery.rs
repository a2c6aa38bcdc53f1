//! The codecs of what a forged notice says, of types of to-device messages, and of the point of a crash.
//! It does not know whether a notice is true; a forged one need not even be well formed.

use serde_json::{Value as Json, json};

use super::codec::{Codec, Definitions, Reader, Slot};
use super::json::{self, Node};
use super::record::record;
use super::values::{Int, Text};
use crate::ids::{DeviceId, MegolmSessionId, MessageId, RoomId, Sym};
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::{
    Algorithm, Field, MEGOLM_ALGORITHM, WithheldCode, WithheldContent,
};
use crate::scenario::fault::{CrashPoint, ForgedContent};
use crate::scenario::model::Scenario;

/// The type of a to-device message: any text.
#[derive(Debug)]
pub(super) enum Type {}

impl Codec for Type {
    type Value = ToDeviceType;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<ToDeviceType> {
        let text = Text::decode(node, reader)?;
        let known =
            ToDeviceType::NAMED.iter().find(|(_, name)| *name == text).map(|(known, _)| *known);
        Some(known.unwrap_or_else(|| ToDeviceType::Other(reader.strings.intern(&text))))
    }

    fn encode(value: &ToDeviceType, scenario: &Scenario) -> Json {
        if let ToDeviceType::Other(text) = value {
            return scenario.strings.text(*text).into();
        }
        ToDeviceType::NAMED
            .iter()
            .find(|(known, _)| known == value)
            .map_or("", |(_, name)| *name)
            .into()
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "string", "examples": ToDeviceType::NAMED.map(|(_, name)| name) })
    }
}

record! {
    /// A string that names nothing of the scenario.
    TextFile in "other_text" {
        /// The string.
        text: Text [],
    }
}

record! {
    /// Something that is no string.
    NotAStringFile in "not_a_string" {
        /// Always true.
        not_a_string: bool [],
    }
}

/// A field of a forged notice, whose meaning `C` is told by a name.
pub(super) struct Forged<C>(std::marker::PhantomData<C>);

impl<C: Codec> Codec for Forged<C> {
    type Value = Field<C::Value>;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value> {
        if matches!(node, Node::NullKeyword(_)) {
            return Some(Field::Absent);
        }
        if json::member(node, "not_a_string").is_some() {
            let file = NotAStringFile::decode(node, reader)?;
            return file.not_a_string.into_option().map(|_| Field::NotAString);
        }
        if json::properties(node).is_some() {
            let text = TextFile::decode(node, reader)?.text.into_option()?;
            return Some(Field::Other(reader.strings.intern(&text)));
        }
        C::decode(node, reader).map(Field::Is)
    }

    fn encode(value: &Self::Value, scenario: &Scenario) -> Json {
        match value {
            Field::Absent => Json::Null,
            Field::NotAString => json!({ "not_a_string": true }),
            Field::Other(text) => json!({ "text": scenario.strings.text(*text) }),
            Field::Is(value) => C::encode(value, scenario),
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [
            { "type": "null" },
            C::schema(definitions),
            TextFile::schema(definitions),
            NotAStringFile::schema(definitions),
        ] })
    }
}

/// The one algorithm that has a meaning.
impl Codec for Algorithm {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if json::text(node) == Some(MEGOLM_ALGORITHM) {
            return Some(Self::MegolmV1);
        }
        reader.unexpected(node, format!("\"{MEGOLM_ALGORITHM}\", null or {{\"text\": \"...\"}}"));
        None
    }

    fn encode(value: &Self, _: &Scenario) -> Json {
        match value {
            Self::MegolmV1 => MEGOLM_ALGORITHM.into(),
        }
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "const": MEGOLM_ALGORITHM })
    }
}

/// A text that means itself.
pub(super) enum Reason {}

impl Codec for Reason {
    type Value = Sym;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Sym> {
        let text = Text::decode(node, reader)?;
        Some(reader.strings.intern(&text))
    }

    fn encode(value: &Sym, scenario: &Scenario) -> Json {
        scenario.strings.text(*value).into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        Text::schema(definitions)
    }
}

/// A session by its id: no session has one when a scenario is written, so that a name means nothing.
pub(super) enum Session {}

impl Codec for Session {
    type Value = MegolmSessionId;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<MegolmSessionId> {
        let expected = "null, {\"text\": \"...\"} or {\"not_a_string\": true}";
        let hint = Some("the session of a message is named by \"session_of\"".to_owned());
        let (span, found) = (json::span(node), json::describe(node));
        reader.problems.report_with_hint(span, found, expected, hint);
        None
    }

    fn encode(_: &MegolmSessionId, _: &Scenario) -> Json {
        Json::Null
    }

    fn schema(_: &mut Definitions) -> Json {
        json!(false)
    }
}

record! {
    /// The content of a forged notice. A field is null where the notice has none, a name or a code where it means
    /// something, `{"text": "..."}` for a string without a meaning, `{"not_a_string": true}` for another type.
    ForgedFile in "forged_content" {
        /// The algorithm.
        algorithm: Forged<Algorithm> [= Field::Is(Algorithm::MegolmV1)],
        /// The room.
        room_id: Forged<RoomId> [= Field::Absent],
        /// A session that there is not; for the session of a message there is `session_of`.
        session_id: Forged<Session> [= Field::Absent],
        /// The message whose session is named, if it has been sent by then; null for none.
        session_of: OrNull<MessageId> [= None],
        /// The device whose Curve25519 key is named as the sender's.
        sender_key: Forged<DeviceId> [= Field::Absent],
        /// The code.
        code: Forged<WithheldCode> [],
        /// The reason in words.
        reason: Forged<Reason> [= Field::Absent],
    }
}

/// A value or null.
pub(super) struct OrNull<C>(std::marker::PhantomData<C>);

impl<C: Codec> Codec for OrNull<C> {
    type Value = Option<C::Value>;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value> {
        if matches!(node, Node::NullKeyword(_)) {
            return Some(None);
        }
        C::decode(node, reader).map(Some)
    }

    fn encode(value: &Self::Value, scenario: &Scenario) -> Json {
        value.as_ref().map_or(Json::Null, |value| C::encode(value, scenario))
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [{ "type": "null" }, C::schema(definitions)] })
    }
}

impl Codec for ForgedContent {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let file = ForgedFile::decode(node, reader)?;
        let fields = WithheldContent {
            algorithm: file.algorithm.into_option()?,
            room_id: file.room_id.into_option()?,
            session_id: file.session_id.into_option()?,
            sender_key: file.sender_key.into_option()?,
            code: file.code.into_option()?,
            reason: file.reason.into_option()?,
        };
        let session_of = file.session_of.into_option()?;
        if session_of.is_some() && fields.session_id != Field::Absent {
            let span = json::member(node, "session_id").map_or(json::span(node), json::span);
            let found = "a \"session_id\" beside \"session_of\"";
            reader.problems.report(span, found, "one of the two");
            return None;
        }
        Some(Self { fields, session_of })
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        let fields = value.fields;
        let file = ForgedFile {
            algorithm: Slot::Is(fields.algorithm),
            room_id: Slot::Is(fields.room_id),
            session_id: Slot::Is(fields.session_id),
            session_of: Slot::Is(value.session_of),
            sender_key: Slot::Is(fields.sender_key),
            code: Slot::Is(fields.code),
            reason: Slot::Is(fields.reason),
        };
        ForgedFile::encode(&file, scenario)
    }

    fn schema(definitions: &mut Definitions) -> Json {
        ForgedFile::schema(definitions)
    }
}

/// A position in a list of durable writes or requests.
pub(super) type Nth = Int<1, 1_000_000>;

record! {
    /// Where in the handling of one input a client stops; exactly one of these.
    CrashPointFile in "crash_point" {
        /// After this durable write, counted from 1, and before what follows it.
        after_persist: Nth [or absent],
        /// Before this durable write, counted from 1, when everything before it has left.
        before_persist: Nth [or absent],
        /// After this request, counted from 1, has left.
        after_request: Nth [or absent],
    }
}

/// The word for a crash before anything was done.
const BEFORE_STEP: &str = "before_step";

impl Codec for CrashPoint {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let expected = "\"before_step\", {\"after_persist\": n}, {\"before_persist\": n} or {\"after_request\": n}";
        if json::text(node) == Some(BEFORE_STEP) {
            return Some(Self::BeforeStep);
        }
        let Some(fields) = json::properties(node) else {
            reader.unexpected(node, expected);
            return None;
        };
        let count = fields.count();
        let file = CrashPointFile::decode(node, reader)?;
        let points = [
            file.after_persist.get().map(|nth| Self::AfterPersist(*nth)),
            file.before_persist.get().map(|nth| Self::BeforePersist(*nth)),
            file.after_request.get().map(|nth| Self::AfterRequest(*nth)),
        ];
        if count != 1 {
            let found = format!("an object with {count} fields");
            reader.problems.report(json::span(node), found, expected);
            return None;
        }
        points.into_iter().flatten().next()
    }

    fn encode(value: &Self, _: &Scenario) -> Json {
        match value {
            Self::BeforeStep => BEFORE_STEP.into(),
            Self::AfterPersist(nth) => json!({ "after_persist": nth }),
            Self::BeforePersist(nth) => json!({ "before_persist": nth }),
            Self::AfterRequest(nth) => json!({ "after_request": nth }),
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let mut point = CrashPointFile::schema(definitions);
        point["minProperties"] = 1.into();
        point["maxProperties"] = 1.into();
        json!({ "anyOf": [{ "const": BEFORE_STEP }, point] })
    }
}
