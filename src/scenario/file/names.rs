//! The names of a file and what they stand for, and the codecs of references to them.
//! It does not know how names come about; `declare` finds them.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::codec::{Codec, Definitions, Reader, Slot, defined};
use super::json::{self, Node};
use super::problem::{Span, quoted};
use crate::ids::{DeviceId, MessageId, RoomId, ServerId, UserId};
use crate::scenario::fault::Party;
use crate::scenario::model::Scenario;
use crate::scenario::policy::Target;

/// Words that stand for something themselves and cannot be names.
pub(super) const RESERVED: [&str; 5] = ["all", "any", "end", "none", "world"];
/// The word for nobody that a rule binds.
const WORLD: &str = "world";
/// What a name looks like.
pub(super) const NAME_PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9._:-]*$";

/// What a name in the namespace of servers, users and devices stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// A homeserver.
    Server(ServerId),
    /// A user.
    User(UserId),
    /// A device.
    Device(DeviceId),
    /// Users that were declared with a `count`: the first one, and how many.
    Group(UserId, u32),
}

impl Named {
    /// What kind of thing it is, with an article.
    const fn kind(self) -> &'static str {
        match self {
            Self::Server(_) => "a server",
            Self::User(_) => "a user",
            Self::Device(_) => "a device",
            Self::Group(..) => "a group of users",
        }
    }
}

/// What the name of a message stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Messages {
    /// One `send`.
    One(MessageId),
    /// The messages of one `send_many`, in their order.
    Many(Vec<MessageId>),
}

/// Which parts of the file could not be read so far that names of it might be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Gaps {
    /// Servers, users or devices may be missing.
    pub(super) cast: bool,
    /// Rooms may be missing.
    pub(super) rooms: bool,
    /// Messages may be missing.
    pub(super) messages: bool,
}

/// All names of a file.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Servers, users, groups and devices.
    pub(super) cast: BTreeMap<String, Named>,
    /// Rooms.
    pub(super) rooms: BTreeMap<String, RoomId>,
    /// Messages and groups of messages.
    pub(super) messages: BTreeMap<String, Messages>,
    /// Names of servers, by id.
    pub(super) server_names: Vec<String>,
    /// Names of users, by id.
    pub(super) user_names: Vec<String>,
    /// Names of devices with their users, by id.
    pub(super) device_names: Vec<(String, UserId)>,
    /// Names of rooms, by id.
    pub(super) room_names: Vec<String>,
    /// Names of messages, by id.
    pub(super) message_names: Vec<String>,
    /// Where names may be missing.
    pub(super) gaps: Gaps,
}

impl Names {
    /// The room that is meant where none is named: the only one.
    pub(super) fn only_room(&self) -> Slot<RoomId> {
        match self.room_names.len() {
            _ if self.gaps.rooms => Slot::Bad,
            1 => Slot::Is(RoomId::new(0)),
            _ => Slot::Missing,
        }
    }

    /// The user of a device.
    pub(super) fn user_of(&self, device: DeviceId) -> UserId {
        self.device_names[device.index()].1
    }

    /// The user that is meant where a device does something and no user is named: its own.
    pub(super) fn own_user(&self, device: &Slot<DeviceId>) -> Slot<UserId> {
        device.get().map_or(Slot::Bad, |device| Slot::Is(self.user_of(*device)))
    }

    /// The name of a user.
    pub(super) fn user_name(&self, user: UserId) -> &str {
        &self.user_names[user.index()]
    }

    /// The name of a device.
    pub(super) fn device_name(&self, device: DeviceId) -> &str {
        &self.device_names[device.index()].0
    }

    /// The name of a room.
    pub(super) fn room_name(&self, room: RoomId) -> &str {
        &self.room_names[room.index()]
    }

    /// The name of a message.
    pub(super) fn message_name(&self, message: MessageId) -> &str {
        &self.message_names[message.index()]
    }
}

impl Reader<'_> {
    /// What a name of the cast stands for, if `wanted` takes it; else it is noted that `what` was expected.
    pub(super) fn cast<T>(
        &mut self,
        node: &Node<'_>,
        what: &str,
        wanted: impl Fn(Named) -> Option<T>,
    ) -> Option<T> {
        if let Some(text) = json::text(node) {
            return self.named(text, json::span(node), what, wanted);
        }
        self.unexpected(node, format!("the name of {what}"));
        None
    }

    /// As [`Reader::cast`], for a name that stands at `span`.
    pub(super) fn named<T>(
        &mut self,
        text: &str,
        span: Span,
        what: &str,
        wanted: impl Fn(Named) -> Option<T>,
    ) -> Option<T> {
        let named = self.names.cast.get(text).copied();
        if let Some(found) = named.and_then(&wanted) {
            return Some(found);
        }
        let expected = format!("the name of {what}");
        if let Some(named) = named {
            let found = format!("{}, {}", quoted(text), named.kind());
            let hint = self.one_of(text, named);
            self.problems.report_with_hint(span, found, expected, hint);
        } else if !self.names.gaps.cast {
            let known = self.names.cast.iter();
            let fitting = known.filter(|(_, named)| wanted(**named).is_some());
            let hint = self.problems.did_you_mean(text, fitting.map(|(name, _)| name.as_str()));
            self.problems.report_with_hint(span, quoted(text), expected, hint);
        }
        None
    }

    /// A hint that leads from a user to its devices and from a group to its users.
    fn one_of(&self, text: &str, named: Named) -> Option<String> {
        match named {
            Named::Server(_) | Named::Device(_) => None,
            Named::User(user) => {
                let mut devices = self.names.device_names.iter().filter(|(_, of)| *of == user);
                devices.next().map(|(name, _)| format!("{text} has a device {}", quoted(name)))
            }
            Named::Group(first, _) => {
                let first = self.names.user_names.get(first.index())?;
                Some(format!("the first user of {text} is {}", quoted(first)))
            }
        }
    }
}

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
            let hint = json::text(node).and_then(|text| reader.problems.did_you_mean(text, known));
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

impl Reader<'_> {
    /// What a name of messages, which stands at `span`, stands for.
    pub(super) fn messages_named(&mut self, text: &str, span: Span) -> Option<Messages> {
        let found = self.names.messages.get(text).cloned();
        if found.is_none() && !self.names.gaps.messages {
            let known = self.names.messages.keys().map(String::as_str);
            let hint = self.problems.did_you_mean(text, known);
            let expected = "the name of a message";
            self.problems.report_with_hint(span, quoted(text), expected, hint);
        }
        found
    }
}
