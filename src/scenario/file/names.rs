//! The names of a file and what they stand for, and how they are looked up.
//! It does not know how names come about (`declare` finds them), nor where a file refers to them.

use std::collections::BTreeMap;

use super::codec::{Reader, Slot};
use super::json::{self, Node};
use super::problem::{Span, quoted};
use crate::ids::{DeviceId, MessageId, RoomId, ServerId, UserId};

/// Words that stand for something themselves and cannot be names.
pub(super) const RESERVED: [&str; 5] = ["all", "any", "end", "none", "world"];
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

    /// The word for it in a list. What stands for a group is listed with the users.
    const fn noun(self) -> &'static str {
        match self {
            Self::Server(_) => "server",
            Self::User(_) | Self::Group(..) => "user",
            Self::Device(_) => "device",
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
            let fitting = fitting.map(|(name, named)| (named.noun(), name.as_str()));
            let near = self.problems.did_you_mean(text, fitting.clone().map(|(_, name)| name));
            let hint = near.or_else(|| self.problems.there_are(text, fitting));
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

impl Reader<'_> {
    /// What a name of messages, which stands at `span`, stands for.
    pub(super) fn messages_named(&mut self, text: &str, span: Span) -> Option<Messages> {
        let found = self.names.messages.get(text).cloned();
        if found.is_none() && !self.names.gaps.messages {
            let known = self.names.messages.keys().map(String::as_str);
            let near = self.problems.did_you_mean(text, known.clone());
            let known = known.map(|name| ("message", name));
            let hint = near.or_else(|| self.problems.there_are(text, known));
            let expected = "the name of a message";
            self.problems.report_with_hint(span, quoted(text), expected, hint);
        }
        found
    }
}
