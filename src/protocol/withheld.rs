//! `m.room_key.withheld`: its codes, the notices that a correct client can write, and the content as it
//! stands on the wire. It does not know when a notice is due, nor who may send it.
//!
//! Source: Matrix specification, `m.room_key.withheld`; MSC2399.

use crate::ids::{DeviceId, MegolmSessionId, RoomId, Sym};

/// The one Megolm algorithm, as spelled in events.
pub const MEGOLM_ALGORITHM: &str = "m.megolm.v1.aes-sha2";

/// Why a key was not given: the codes of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WithheldCode {
    /// The user or device is blocked by the sender.
    Blacklisted,
    /// The device is not verified (or not cross-signed) and the sender shares with such devices only.
    Unverified,
    /// The requester is not allowed to have the key. One letter differs from American usage: `m.unauthorised`.
    Unauthorised,
    /// The device that was asked does not have the key.
    Unavailable,
    /// No Olm session could be set up.
    NoOlm,
    /// The session was not shared with the history bundle of an invite (specification 1.19).
    HistoryNotShared,
}

impl WithheldCode {
    /// All codes, in the order of the specification's table.
    pub const ALL: [Self; 6] = [
        Self::Blacklisted,
        Self::Unverified,
        Self::Unauthorised,
        Self::Unavailable,
        Self::NoOlm,
        Self::HistoryNotShared,
    ];

    /// The wire spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blacklisted => "m.blacklisted",
            Self::Unverified => "m.unverified",
            Self::Unauthorised => "m.unauthorised",
            Self::Unavailable => "m.unavailable",
            Self::NoOlm => "m.no_olm",
            Self::HistoryNotShared => "m.history_not_shared",
        }
    }

    /// The code with this wire spelling.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// The text of a `reason` that only repeats the code. It has a place of its own at the end of all texts, so that a
    /// client can write it without a table.
    #[must_use]
    pub const fn as_reason(self) -> Sym {
        Sym::new(u32::MAX - self as u32)
    }

    /// The code that a text repeats, if it is one of these.
    #[must_use]
    pub fn of_reason(text: Sym) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_reason() == text)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of codes: what a sender reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeSet(u8);

impl CodeSet {
    /// No code: nothing is reported.
    pub const NONE: Self = Self(0);
    /// Every code.
    pub const ALL: Self = Self(0b11_1111);

    /// Whether `code` is in the set.
    #[must_use]
    pub const fn contains(self, code: WithheldCode) -> bool {
        self.0 & code.bit() != 0
    }

    /// This set with `code` in it.
    #[must_use]
    pub const fn with(self, code: WithheldCode) -> Self {
        Self(self.0 | code.bit())
    }

    /// The codes in the set, in the order of the specification's table.
    pub fn iter(self) -> impl Iterator<Item = WithheldCode> {
        WithheldCode::ALL.into_iter().filter(move |code| self.contains(*code))
    }
}

impl FromIterator<WithheldCode> for CodeSet {
    fn from_iter<I: IntoIterator<Item = WithheldCode>>(codes: I) -> Self {
        codes.into_iter().fold(Self::NONE, Self::with)
    }
}

/// A code that is about one session, so that its notice names room and session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionCode {
    /// `m.blacklisted`
    Blacklisted,
    /// `m.unverified`
    Unverified,
    /// `m.unauthorised`
    Unauthorised,
    /// `m.unavailable`
    Unavailable,
}

impl From<SessionCode> for WithheldCode {
    fn from(code: SessionCode) -> Self {
        match code {
            SessionCode::Blacklisted => Self::Blacklisted,
            SessionCode::Unverified => Self::Unverified,
            SessionCode::Unauthorised => Self::Unauthorised,
            SessionCode::Unavailable => Self::Unavailable,
        }
    }
}

/// A notice that a correct client may send: what the specification forbids cannot be written.
/// `m.history_not_shared` has no place here, because it occurs in bundles only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WithheldNotice {
    /// The key of one session is not given.
    Session {
        /// The room of the session.
        room: RoomId,
        /// The session.
        session: MegolmSessionId,
        /// Why.
        code: SessionCode,
    },
    /// No Olm session with the target could be set up: for all rooms and sessions, so it names none.
    NoOlm,
}

impl WithheldNotice {
    /// The code on the wire.
    #[must_use]
    pub fn code(self) -> WithheldCode {
        match self {
            Self::Session { code, .. } => code.into(),
            Self::NoOlm => WithheldCode::NoOlm,
        }
    }

    /// The content that goes out when the device with the Curve25519 key of `sender` reports this.
    #[must_use]
    pub fn content(self, sender: DeviceId) -> WithheldContent {
        let (room_id, session_id) = match self {
            Self::Session { room, session, .. } => (Field::Is(room), Field::Is(session)),
            Self::NoOlm => (Field::Absent, Field::Absent),
        };
        WithheldContent {
            algorithm: Field::Is(Algorithm::MegolmV1),
            room_id,
            session_id,
            sender_key: Field::Is(sender),
            code: Field::Is(self.code()),
            reason: Field::Absent,
        }
    }
}

/// A field of an event as it stood on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field<T> {
    /// The field is not there.
    Absent,
    /// The field is there and is not a string.
    NotAString,
    /// A string that names nothing of the run.
    Other(Sym),
    /// A string with this meaning.
    Is(T),
}

impl<T: Copy> Field<T> {
    /// The meaning, if the field has one.
    #[must_use]
    pub fn value(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::NotAString | Self::Other(_) => None,
        }
    }

    /// Whether the field holds a string, known or not.
    #[must_use]
    pub fn is_string(self) -> bool {
        matches!(self, Self::Is(_) | Self::Other(_))
    }
}

/// An encryption algorithm of a room or a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// `m.megolm.v1.aes-sha2`
    MegolmV1,
}

/// The content of an `m.room_key.withheld` event as it stands on the wire, right or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WithheldContent {
    /// `algorithm`
    pub algorithm: Field<Algorithm>,
    /// `room_id`
    pub room_id: Field<RoomId>,
    /// `session_id`
    pub session_id: Field<MegolmSessionId>,
    /// `sender_key`: the device whose Curve25519 key it is.
    pub sender_key: Field<DeviceId>,
    /// `code`
    pub code: Field<WithheldCode>,
    /// `reason`: free text.
    pub reason: Field<Sym>,
}

#[cfg(test)]
mod tests {
    use super::{CodeSet, Field, SessionCode, WithheldCode, WithheldNotice};
    use crate::ids::{DeviceId, MegolmSessionId, RoomId, Sym};

    #[test]
    fn every_code_is_read_back_from_its_wire_spelling() {
        for code in WithheldCode::ALL {
            assert_eq!(WithheldCode::from_wire(code.as_str()), Some(code));
            assert!(CodeSet::ALL.contains(code));
            assert!(!CodeSet::NONE.contains(code));
            assert_eq!(WithheldCode::of_reason(code.as_reason()), Some(code));
        }
        assert_eq!(WithheldCode::from_wire("m.unauthorized"), None);
        assert_eq!(WithheldCode::of_reason(Sym::new(0)), None);
    }

    #[test]
    fn a_no_olm_notice_names_no_room_and_no_session() {
        let content = WithheldNotice::NoOlm.content(DeviceId::new(7));
        assert_eq!(content.room_id, Field::Absent);
        assert_eq!(content.session_id, Field::Absent);
        assert_eq!(content.sender_key, Field::Is(DeviceId::new(7)));
    }

    #[test]
    fn a_session_notice_names_its_room_and_session() {
        let notice = WithheldNotice::Session {
            room: RoomId::new(1),
            session: MegolmSessionId::new(2),
            code: SessionCode::Blacklisted,
        };
        let content = notice.content(DeviceId::new(0));
        assert_eq!(content.room_id.value(), Some(RoomId::new(1)));
        assert_eq!(content.session_id.value(), Some(MegolmSessionId::new(2)));
        assert_eq!(content.code.value(), Some(WithheldCode::Blacklisted));
    }
}
