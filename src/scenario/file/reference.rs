//! The codecs of references: a name in the place of a server, a user, a device, a room or a message.
//! It does not know what names there are; `names` does.

use serde_json::{Value as Json, json};

use super::codec::{Codec, Definitions, Reader, defined};
use super::json::{self, Node};
use super::names::{Messages, NAME_PATTERN, Named, RESERVED};
use crate::ids::{DeviceId, MessageId, RoomId, ServerId, UserId};
use crate::scenario::fault::Party;
use crate::scenario::model::Scenario;
use crate::scenario::policy::Target;

/// The word for nobody that a rule binds.
const WORLD: &str = "world";

/// A reference by name.
fn reference(definitions: &mut Definitions) -> Json {
    defined("name", definitions, |_| {
        json!({
            "description": "A name: letters, digits, and . _ : - within. The words all, any, end, none and world are \
                no names.",
            "type": "string",
            "pattern": NAME_PATTERN,
            "not": { "enum": RESERVED },
        })
    })
}

impl Codec for ServerId {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        reader.cast(node, "a server", |named| match named {
            Named::Server(server) => Some(server),
            Named::User(_) | Named::Device(_) | Named::Group(..) => None,
        })
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        scenario.servers[value.index()].name.as_str().into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        reference(definitions)
    }
}

impl Codec for UserId {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        reader.cast(node, "a user", |named| match named {
            Named::User(user) => Some(user),
            Named::Server(_) | Named::Device(_) | Named::Group(..) => None,
        })
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        scenario.user_name(*value).into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        reference(definitions)
    }
}

impl Codec for DeviceId {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        reader.cast(node, "a device", |named| match named {
            Named::Device(device) => Some(device),
            Named::Server(_) | Named::User(_) | Named::Group(..) => None,
        })
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        scenario.device_name(*value).into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        reference(definitions)
    }
}

impl Codec for Target {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        reader.cast(node, "a user or a device", |named| match named {
            Named::User(user) => Some(Self::User(user)),
            Named::Device(device) => Some(Self::Device(device)),
            Named::Server(_) | Named::Group(..) => None,
        })
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        match *value {
            Self::User(user) => scenario.user_name(user).into(),
            Self::Device(device) => scenario.device_name(device).into(),
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        reference(definitions)
    }
}

impl Codec for Party {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if json::text(node) == Some(WORLD) {
            return Some(Self::World);
        }
        reader.cast(node, "a device or a server, or \"world\"", |named| match named {
            Named::Server(server) => Some(Self::Server(server)),
            Named::Device(device) => Some(Self::Device(device)),
            Named::User(_) | Named::Group(..) => None,
        })
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        match value {
            Self::Device(device) => DeviceId::encode(device, scenario),
            Self::Server(server) => ServerId::encode(server, scenario),
            Self::World => WORLD.into(),
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [reference(definitions), { "const": WORLD }] })
    }
}

/// A user or a group of users, as a range of ids: the first one, and how many.
#[derive(Debug)]
pub(super) enum Users {}

impl Codec for Users {
    type Value = (UserId, u32);

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value> {
        reader.cast(node, "a user or a group of users", |named| match named {
            Named::User(user) => Some((user, 1)),
            Named::Group(first, count) => Some((first, count)),
            Named::Server(_) | Named::Device(_) => None,
        })
    }

    fn encode((first, _): &Self::Value, scenario: &Scenario) -> Json {
        UserId::encode(first, scenario)
    }

    fn schema(definitions: &mut Definitions) -> Json {
        reference(definitions)
    }
}

impl Codec for RoomId {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let found = json::text(node).and_then(|text| reader.names.rooms.get(text).copied());
        if found.is_none() && (json::text(node).is_none() || !reader.names.gaps.rooms) {
            let known = reader.names.rooms.keys().map(String::as_str);
            let hint = json::text(node).and_then(|text| {
                let near = reader.problems.did_you_mean(text, known.clone());
                near.or_else(|| reader.problems.there_are(text, known.map(|name| ("room", name))))
            });
            let (span, found) = (json::span(node), json::describe(node));
            reader.problems.report_with_hint(span, found, "the name of a room", hint);
        }
        found
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        scenario.room_name(*value).into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        reference(definitions)
    }
}

impl Codec for MessageId {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match message(node, reader)? {
            Messages::One(message) => Some(message),
            Messages::Many(_) => {
                let found = format!("{}, which is sent many times", json::describe(node));
                reader.problems.report(json::span(node), found, "the name of one message");
                None
            }
        }
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        scenario.message_name(*value).into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        reference(definitions)
    }
}

/// The messages of a `send_many`, by the name that it gives them together.
#[derive(Debug)]
pub(super) enum ManyMessages {}

impl Codec for ManyMessages {
    type Value = Vec<MessageId>;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value> {
        match message(node, reader)? {
            Messages::One(_) => None, // A name that is used twice: noted where it was declared.
            Messages::Many(messages) => Some(messages),
        }
    }

    fn encode(value: &Self::Value, scenario: &Scenario) -> Json {
        let first = value.first().map_or("", |first| scenario.message_name(*first));
        first.trim_end_matches(char::is_numeric).into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        reference(definitions)
    }
}

/// What a name of messages stands for.
fn message(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Messages> {
    if let Some(text) = json::text(node) {
        return reader.messages_named(text, json::span(node));
    }
    reader.unexpected(node, "the name of a message");
    None
}
