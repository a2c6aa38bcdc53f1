//! The first walk over a file: it finds every name before anything that refers to one is read, so that a file may say
//! things in any order. It does not know the settings of what is named, and reports wrong names only.

use super::codec::Reader;
use super::document::{ScenarioFile, UserFile};
use super::json::{self, Node};
use super::names::{Messages, NAME_PATTERN, Named, RESERVED};
use super::problem::{Span, quoted};
use crate::ids::{DeviceId, MessageId, RoomId, ServerId, UserId};
use crate::time::SimDuration;

/// The server that there is if no other is named.
pub(super) const DEFAULT_SERVER: &str = "s1";
/// The room that there is if none is named.
pub(super) const DEFAULT_ROOM: &str = "room";

impl Reader<'_> {
    /// Finds all names.
    pub(super) fn declare(&mut self, root: &Node<'_>) {
        if let Some(fields) = json::properties(root) {
            let is_known = |name| ScenarioFile::FIELDS.iter().any(|field| field.name == name);
            let mut fields = fields.map(|(name, _, _)| name);
            let unknown = fields.any(|name| !is_known(name));
            let missing = |name| unknown && json::member(root, name).is_none();
            self.names.gaps.cast = missing("users") || missing("servers");
            self.names.gaps.rooms = missing("rooms");
            self.names.gaps.messages = missing("timeline");
        }
        self.servers(root);
        self.users(json::member(root, "users"));
        self.rooms(json::member(root, "rooms"));
        self.messages(json::member(root, "timeline"));
    }

    /// The servers: those of the file, else those that users name, else one.
    fn servers(&mut self, root: &Node<'_>) {
        if let Some(servers) = json::member(root, "servers") {
            let Some(fields) = json::properties(servers) else {
                self.names.gaps.cast = true;
                return;
            };
            for (name, span, _) in fields {
                self.server(name, span);
            }
            return;
        }
        let users = json::member(root, "users").and_then(json::properties);
        for (_, _, user) in users.into_iter().flatten() {
            if let Some(server) = json::member(user, "server")
                && let Some(name) = json::text(server)
                && !self.names.cast.contains_key(name)
            {
                self.server(name, json::span(server));
            }
        }
        if self.names.server_names.is_empty() {
            self.server(DEFAULT_SERVER, Span::default());
        }
    }

    fn server(&mut self, name: &str, span: Span) {
        let id = ServerId::at(self.names.server_names.len());
        if !self.room_for("servers", id.index(), self.limits.servers, span) {
            self.names.gaps.cast = true;
        } else if self.name(name, span, Named::Server(id)) {
            self.names.server_names.push(name.to_owned());
        }
    }

    fn users(&mut self, users: Option<&Node<'_>>) {
        let Some(fields) = users.and_then(json::properties) else {
            self.names.gaps.cast = true;
            return;
        };
        for (name, span, user) in fields {
            let mut names = json::properties(user).into_iter().flatten();
            let strange =
                names.any(|(name, _, _)| !UserFile::FIELDS.iter().any(|f| f.name == name));
            self.names.gaps.cast |= strange || json::properties(user).is_none();
            match json::member(user, "count") {
                None => {
                    if let Some(id) = self.user(name, span) {
                        self.devices(id, json::member(user, "devices"));
                    }
                }
                Some(count) => self.group(name, span, count, json::member(user, "devices")),
            }
        }
    }

    fn group(&mut self, name: &str, span: Span, count: &Node<'_>, devices: Option<&Node<'_>>) {
        let Some(count) = json::number(count).and_then(|count| count.parse::<u32>().ok()) else {
            self.names.gaps.cast = true;
            return;
        };
        let first = UserId::at(self.names.user_names.len());
        if count == 0 || !self.name(name, span, Named::Group(first, count)) {
            return;
        }
        let devices = devices.filter(|devices| json::number(devices).is_some());
        for number in 1..=count {
            match self.user(&format!("{name}{number}"), span) {
                Some(id) => self.devices(id, devices),
                None if self.names.gaps.cast => break,
                None => {}
            }
        }
        // Fewer than were asked for if a name was taken or a limit was reached: the ids must exist all the same.
        let made = self.names.user_names.len() - first.index();
        let made = u32::try_from(made).unwrap_or(count);
        self.names.cast.insert(name.to_owned(), Named::Group(first, made));
    }

    fn user(&mut self, name: &str, span: Span) -> Option<UserId> {
        let id = UserId::at(self.names.user_names.len());
        if !self.room_for("users", id.index(), self.limits.users, span) {
            self.names.gaps.cast = true;
            return None;
        }
        if !self.name(name, span, Named::User(id)) {
            return None;
        }
        self.names.user_names.push(name.to_owned());
        Some(id)
    }

    fn devices(&mut self, user: UserId, devices: Option<&Node<'_>>) {
        let owner = self.names.user_name(user).to_owned();
        let Some(devices) = devices else {
            self.device(user, &format!("{owner}.1"), Span::default());
            return;
        };
        let span = json::span(devices);
        if let Some(count) = json::number(devices) {
            let Ok(count) = count.parse::<u32>() else {
                self.names.gaps.cast = true;
                return;
            };
            for number in 1..=count {
                self.device(user, &format!("{owner}.{number}"), span);
                if self.names.gaps.cast {
                    return;
                }
            }
        } else if let Some(names) = json::elements(devices) {
            for device in names {
                match json::text(device) {
                    Some(name) => self.device(user, name, json::span(device)),
                    None => self.names.gaps.cast = true,
                }
            }
        } else if let Some(fields) = json::properties(devices) {
            for (name, span, _) in fields {
                self.device(user, name, span);
            }
        } else {
            self.names.gaps.cast = true;
        }
    }

    fn device(&mut self, user: UserId, name: &str, span: Span) {
        let id = DeviceId::at(self.names.device_names.len());
        if !self.room_for("devices", id.index(), self.limits.devices, span) {
            self.names.gaps.cast = true;
        } else if self.name(name, span, Named::Device(id)) {
            self.names.device_names.push((name.to_owned(), user));
        }
    }

    fn rooms(&mut self, rooms: Option<&Node<'_>>) {
        let Some(rooms) = rooms else {
            if !self.names.gaps.rooms {
                self.room(DEFAULT_ROOM, Span::default());
            }
            return;
        };
        let Some(fields) = json::properties(rooms) else {
            self.names.gaps.rooms = true;
            return;
        };
        for (name, span, _) in fields {
            self.room(name, span);
        }
    }

    fn room(&mut self, name: &str, span: Span) {
        let id = RoomId::at(self.names.room_names.len());
        if !self.room_for("rooms", id.index(), self.limits.rooms, span) {
            self.names.gaps.rooms = true;
        } else if !self.names.rooms.contains_key(name) && self.is_name(name, span) {
            self.names.rooms.insert(name.to_owned(), id);
            self.names.room_names.push(name.to_owned());
        }
    }

    /// The messages get their ids in the order of time, then of the file, as the timeline will have them.
    fn messages(&mut self, timeline: Option<&Node<'_>>) {
        let steps = timeline.and_then(json::elements);
        self.names.gaps.messages |= timeline.is_some() && steps.is_none();
        let Some(steps) = steps else { return };
        let mut sends: Vec<Send> = Vec::new();
        let mut last = SimDuration::ZERO;
        let mut total = 0_usize;
        for step in steps {
            last = duration(step, "at").unwrap_or(last);
            total += 1;
            match json::member(step, "do").and_then(json::text) {
                Some("send") => self.send(step, last, &mut sends),
                Some("send_many") => total += self.send_many(step, last, total, &mut sends),
                Some(other) if super::timeline::is_step(other) => {}
                Some(_) | None => self.names.gaps.messages = true,
            }
            if !self.room_for("steps", total - 1, self.limits.steps, json::span(step).head()) {
                self.names.gaps.messages = true;
                return;
            }
        }
        sends.sort_by_key(|send| send.at);
        for send in sends {
            let id = MessageId::at(self.names.message_names.len());
            if self.message(&send.name, send.span, Messages::One(id)) {
                self.names.message_names.push(send.name);
                if let Some(group) = send.group
                    && let Some(Messages::Many(ids)) = self.names.messages.get_mut(&group)
                {
                    ids.push(id);
                }
            }
        }
    }

    fn send(&mut self, step: &Node<'_>, at: SimDuration, sends: &mut Vec<Send>) {
        match json::member(step, "message").map(|node| (node, json::text(node))) {
            Some((node, Some(name))) => {
                sends.push(Send { at, name: name.to_owned(), span: json::span(node), group: None })
            }
            Some((_, None)) | None => self.names.gaps.messages = true,
        }
    }

    /// Declares the messages of a `send_many`; how many they are, less the one step that was counted already.
    fn send_many(
        &mut self,
        step: &Node<'_>,
        at: SimDuration,
        total: usize,
        sends: &mut Vec<Send>,
    ) -> usize {
        let count = json::member(step, "count").and_then(json::number);
        let count = count.and_then(|count| count.parse::<u32>().ok());
        let name = json::member(step, "message");
        let (Some(count), Some(every)) = (count, duration(step, "every")) else {
            self.names.gaps.messages = true;
            return 0;
        };
        let Some((node, name)) = name.and_then(|node| json::text(node).map(|name| (node, name)))
        else {
            self.names.gaps.messages = true;
            return 0;
        };
        let more = (count as usize).saturating_sub(1);
        let span = json::span(node);
        if total + more > self.limits.steps || !self.message(name, span, Messages::Many(Vec::new()))
        {
            return more;
        }
        for number in 0..u64::from(count) {
            sends.push(Send {
                at: at + every.times(number),
                name: format!("{name}{}", number + 1),
                span,
                group: Some(name.to_owned()),
            });
        }
        more
    }

    fn message(&mut self, name: &str, span: Span, messages: Messages) -> bool {
        if !self.is_name(name, span) {
            return false;
        }
        if self.names.messages.contains_key(name) {
            let found = format!("a second message {}", quoted(name));
            self.problems.report(span, found, "a name that no other message has");
            return false;
        }
        self.names.messages.insert(name.to_owned(), messages);
        true
    }

    /// Puts a name of the cast in; false, with a problem, if it cannot be used.
    fn name(&mut self, name: &str, span: Span, named: Named) -> bool {
        if !self.is_name(name, span) {
            self.names.gaps.cast = true;
            return false;
        }
        if self.names.cast.contains_key(name) {
            let found = format!("a second {}", quoted(name));
            let expected = "a name that no other server, user or device has";
            self.problems.report(span, found, expected);
            return false;
        }
        self.names.cast.insert(name.to_owned(), named);
        true
    }

    /// Whether `name` can be a name at all; if not, that is noted.
    pub(super) fn is_name(&mut self, name: &str, span: Span) -> bool {
        let mut letters = name.bytes();
        let first = letters.next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let rest = letters.all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
        if name.len() > self.limits.text_bytes {
            let found = format!("a name of {} bytes", name.len());
            let expected = format!("at most {} (limit \"text_bytes\")", self.limits.text_bytes);
            self.problems.report(span, found, expected);
        } else if !first || !rest {
            let expected = format!("a name that fits {NAME_PATTERN}");
            self.problems.report(span, quoted(name), expected);
        } else if RESERVED.contains(&name) {
            let found = format!("the word {}", quoted(name));
            self.problems.report(span, found, "a name; this word means something itself");
        } else {
            return true;
        }
        false
    }

    /// Whether one more fits in; if not, that is noted, once for each limit.
    pub(super) fn room_for(
        &mut self,
        limit: &'static str,
        used: usize,
        most: usize,
        span: Span,
    ) -> bool {
        if used >= most && self.limits_told.insert(limit) {
            let found = format!("more than {most} {limit}");
            let expected = format!("at most {most} (limit \"{limit}\")");
            self.problems.report(span, found, expected);
        }
        used < most
    }
}

/// A message to be declared.
struct Send {
    at: SimDuration,
    name: String,
    span: Span,
    group: Option<String>,
}

/// A duration among the fields of a step, if it can be read.
fn duration(step: &Node<'_>, field: &str) -> Option<SimDuration> {
    json::member(step, field).and_then(json::text).and_then(|text| text.parse().ok())
}
