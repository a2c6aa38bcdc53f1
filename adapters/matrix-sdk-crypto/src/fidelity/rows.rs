//! What devices wrote to each other in a run, in names that do not depend on who ran it: a Megolm session goes by its device, its room
//! and how many there were before it. It does not compare.

use std::collections::BTreeMap;

use withheld::ids::{DeviceId, MegolmSessionId, RoomId};
use withheld::protocol::to_device::{KeyRequestAction, OlmEvent};
use withheld::protocol::withheld::{Field, WithheldCode, WithheldContent};
use withheld::scenario::model::Scenario;
use withheld::time::SimTime;
use withheld::trace::fact::{Fact, FactKind, SentContent};
use withheld::trace::sink::FactSink;

/// A Megolm session: who made it, for which room, and how many were made for it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Session {
    maker: DeviceId,
    room: RoomId,
    nth: u32,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    RoomKey { session: Option<Session>, first: u32 },
    ForwardedRoomKey { session: Option<Session>, first: u32 },
    Dummy,
    Bundle,
    Withheld { code: Option<WithheldCode>, session: Option<Session> },
    Request { session: Option<Session> },
    Cancellation,
    Other,
}

/// A message from one device to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Written {
    sender: DeviceId,
    recipient: DeviceId,
    what: What,
}

impl Written {
    /// Who wrote it to whom.
    pub(super) const fn between(&self) -> (DeviceId, DeviceId) {
        (self.sender, self.recipient)
    }

    /// Whether it is the key of a session that has encrypted something before.
    pub(super) const fn is_of_session_in_use(&self) -> bool {
        matches!(self.what, What::RoomKey { first: 1.., .. })
    }

    /// Whether it is a key request, an answer to one, or one that is taken back.
    pub(super) const fn is_about_requests(&self) -> bool {
        match self.what {
            What::ForwardedRoomKey { .. } | What::Request { .. } | What::Cancellation => true,
            What::RoomKey { .. }
            | What::Dummy
            | What::Bundle
            | What::Withheld { .. }
            | What::Other => false,
        }
    }

    /// What it is, without names, and the code if it is a notice.
    pub(super) fn kind(&self) -> (&'static str, &'static str) {
        match self.what {
            What::RoomKey { first: 0, .. } => ("m.room_key from 0", ""),
            What::RoomKey { .. } => ("m.room_key from later", ""),
            What::ForwardedRoomKey { .. } => ("m.forwarded_room_key", ""),
            What::Dummy => ("m.dummy", ""),
            What::Bundle => ("m.room_key_bundle", ""),
            What::Withheld { code, .. } => {
                ("m.room_key.withheld", code.map_or("?", WithheldCode::as_str))
            }
            What::Request { .. } => ("m.room_key_request", ""),
            What::Cancellation => ("request_cancellation", ""),
            What::Other => ("something else", ""),
        }
    }

    /// The same for people.
    pub(super) fn told(&self, scenario: &Scenario) -> String {
        let name = |device| scenario.device_name(device);
        let session = |session: Option<Session>| {
            session.map_or_else(String::new, |session| {
                let Session { maker, room, nth } = session;
                format!(", session {} of {} in {}", nth + 1, name(maker), scenario.room_name(room))
            })
        };
        let (what, code) = self.kind();
        let about = match self.what {
            What::RoomKey { session: of, first }
            | What::ForwardedRoomKey { session: of, first } => {
                format!("{} from {first}", session(of))
            }
            What::Withheld { session: of, .. } | What::Request { session: of } => session(of),
            What::Dummy | What::Bundle | What::Cancellation | What::Other => String::new(),
        };
        let code = if code.is_empty() { String::new() } else { format!(" {code}") };
        format!("{} to {}: {what}{code}{about}", name(self.sender), name(self.recipient))
    }
}

/// Gathers what is written.
#[derive(Debug, Default)]
pub(super) struct Rows {
    sessions: BTreeMap<MegolmSessionId, Session>,
    made: BTreeMap<(DeviceId, RoomId), u32>,
    written: BTreeMap<Written, Vec<SimTime>>,
}

impl Rows {
    /// When each was written.
    pub(super) fn times(self) -> BTreeMap<Written, Vec<SimTime>> {
        self.written
    }

    fn session(&self, session: MegolmSessionId) -> Option<Session> {
        self.sessions.get(&session).copied()
    }

    fn of_event(&self, event: &OlmEvent) -> What {
        match event {
            OlmEvent::RoomKey(key) => {
                What::RoomKey { session: self.session(key.session), first: key.first }
            }
            OlmEvent::ForwardedRoomKey(forwarded) => What::ForwardedRoomKey {
                session: self.session(forwarded.key.session),
                first: forwarded.key.first,
            },
            OlmEvent::Dummy { .. } => What::Dummy,
            OlmEvent::Withheld(notice) => self.of_notice(notice),
            OlmEvent::RoomKeyBundle(_) => What::Bundle,
        }
    }

    fn of_notice(&self, notice: &WithheldContent) -> What {
        let session = match notice.session_id {
            Field::Is(session) => self.session(session),
            Field::Absent | Field::NotAString | Field::Other(_) => None,
        };
        What::Withheld { code: notice.code.value(), session }
    }
}

impl FactSink for Rows {
    fn record(&mut self, fact: &Fact) {
        if let FactKind::MegolmNew { device, room, session } = fact.kind {
            let made = self.made.entry((device, room)).or_default();
            self.sessions.insert(session, Session { maker: device, room, nth: *made });
            *made += 1;
        }
        let FactKind::PutTarget { device: sender, recipient, content, .. } = fact.kind else {
            return;
        };
        let what = match content {
            SentContent::Olm(event) | SentContent::Clear(event) => self.of_event(&event),
            SentContent::Withheld(notice) => self.of_notice(&notice),
            SentContent::KeyRequest(request) => match request.action {
                KeyRequestAction::Request { session, .. } => {
                    What::Request { session: self.session(session) }
                }
                KeyRequestAction::Cancel => What::Cancellation,
            },
            SentContent::Sealed => What::Other,
        };
        self.written.entry(Written { sender, recipient, what }).or_default().push(fact.at);
    }
}
