//! Withheld notices as they were sent: about which session, of which class, in which epoch, and what is wrong with them.
//! It does not know whether they arrived; `transport` does.

use crate::check::view::olm::Epoch;
use crate::check::view::pairs::Pairs;
use crate::check::view::requests::Class;
use crate::ids::{DeviceId, MegolmSessionId, RoomId, Sym};
use crate::protocol::withheld::{Field, WithheldCode};
use crate::rulebook::rule::Rule;

/// No notice: the end of a chain.
const END: u32 = u32::MAX;

/// The code of a notice as a reader has to take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoticeCode {
    /// None, or not a string.
    Missing,
    /// One that the specification does not know.
    Custom(Sym),
    /// One of the specification's.
    Known(WithheldCode),
}

impl NoticeCode {
    /// The code in this field.
    pub(crate) fn of(field: Field<WithheldCode>) -> Self {
        match field {
            Field::Absent | Field::NotAString => Self::Missing,
            Field::Other(sym) => Self::Custom(sym),
            Field::Is(code) => Self::Known(code),
        }
    }

    /// The code, if it is one of the specification's.
    pub(crate) fn known(self) -> Option<WithheldCode> {
        match self {
            Self::Known(code) => Some(code),
            Self::Missing | Self::Custom(_) => None,
        }
    }
}

/// A notice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notice {
    /// The message that carries it, by its number in `transport`.
    pub(crate) number: u32,
    /// Its code.
    pub(crate) code: NoticeCode,
    /// Whether its type is one that recipients know as a notice's.
    pub(crate) recognised: bool,
    /// The session that it names.
    pub(crate) session: Option<MegolmSessionId>,
    /// The room that it names, or else the one that the sender was busy in.
    pub(crate) room: Option<RoomId>,
    /// Of the sender's own accord or in answer to a request.
    pub(crate) class: Class,
    /// The epoch of its sender with its recipient when it was put together.
    pub(crate) epoch: Epoch,
    /// The rule that it breaks by not being so; `None` if it says what is so.
    pub(crate) untrue: Option<Rule>,
    next: u32,
}

impl Notice {
    /// A notice that is not in the table yet.
    pub(crate) const fn new(number: u32, code: NoticeCode, recognised: bool) -> Self {
        Self {
            number,
            code,
            recognised,
            session: None,
            room: None,
            class: Class::Proactive,
            epoch: None,
            untrue: None,
            next: END,
        }
    }

    /// Whether it is `m.no_olm`.
    pub(crate) fn is_no_olm(&self) -> bool {
        self.code == NoticeCode::Known(WithheldCode::NoOlm)
    }
}

/// All notices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notices {
    notices: Vec<Notice>,
    about: Pairs<u32>,
    no_olm: Pairs<u32>,
}

impl Notices {
    /// The number that the next notice will have.
    pub(crate) fn next_number(&self) -> u32 {
        u32::try_from(self.notices.len()).expect("facts are fewer than 2^32")
    }

    /// Adds a notice to a recipient: `m.no_olm` by its sender, any other by the session that it is `about`.
    pub(crate) fn add(
        &mut self,
        mut notice: Notice,
        (sender, recipient): (DeviceId, DeviceId),
        about: Option<MegolmSessionId>,
    ) {
        let number = self.next_number();
        let before = match about {
            _ if notice.is_no_olm() => self.no_olm.insert(sender.raw(), recipient.raw(), number),
            Some(session) => self.about.insert(session.raw(), recipient.raw(), number),
            None => None,
        };
        notice.next = before.unwrap_or(END);
        self.notices.push(notice);
    }

    /// The notice with this number.
    pub(crate) fn get(&self, number: u32) -> &Notice {
        &self.notices[number as usize]
    }

    /// The notice turned out to have been true at the time when it was accepted.
    pub(crate) fn set_true(&mut self, number: u32) {
        self.notices[number as usize].untrue = None;
    }

    /// All notices to the recipient that are about the session, the last one first.
    pub(crate) fn about(
        &self,
        session: MegolmSessionId,
        recipient: DeviceId,
    ) -> impl Iterator<Item = &Notice> {
        self.chain(self.about.get(session.raw(), recipient.raw()))
    }

    /// All `m.no_olm` of the sender to the recipient, the last one first.
    pub(crate) fn no_olm(
        &self,
        sender: DeviceId,
        recipient: DeviceId,
    ) -> impl Iterator<Item = &Notice> {
        self.chain(self.no_olm.get(sender.raw(), recipient.raw()))
    }

    fn chain(&self, first: Option<&u32>) -> impl Iterator<Item = &Notice> {
        let at = |number: u32| self.notices.get(number as usize);
        std::iter::successors(first.and_then(|number| at(*number)), move |notice| at(notice.next))
    }
}

#[cfg(test)]
mod tests {
    use super::{Notice, NoticeCode, Notices};
    use crate::ids::{DeviceId, MegolmSessionId, Sym};
    use crate::protocol::withheld::{Field, WithheldCode};

    const ENDS: (DeviceId, DeviceId) = (DeviceId::new(0), DeviceId::new(1));
    const S: MegolmSessionId = MegolmSessionId::new(3);

    fn add(notices: &mut Notices, number: u32, code: WithheldCode) {
        let notice = Notice::new(number, NoticeCode::Known(code), true);
        notices.add(notice, ENDS, Some(S));
    }

    #[test]
    fn session_notices_and_no_olm_are_kept_apart_and_come_last_first() {
        let mut notices = Notices::default();
        add(&mut notices, 10, WithheldCode::Unverified);
        add(&mut notices, 11, WithheldCode::NoOlm);
        add(&mut notices, 12, WithheldCode::Blacklisted);
        let about: Vec<u32> = notices.about(S, ENDS.1).map(|notice| notice.number).collect();
        assert_eq!(about, [12, 10]);
        let no_olm: Vec<u32> = notices.no_olm(ENDS.0, ENDS.1).map(|notice| notice.number).collect();
        assert_eq!(no_olm, [11]);
        assert_eq!(notices.about(S, ENDS.0).count(), 0);
    }

    #[test]
    fn a_code_is_known_custom_or_missing() {
        assert_eq!(NoticeCode::of(Field::Absent), NoticeCode::Missing);
        assert_eq!(NoticeCode::of(Field::NotAString), NoticeCode::Missing);
        let custom = NoticeCode::of(Field::Other(Sym::new(2)));
        assert_eq!(custom, NoticeCode::Custom(Sym::new(2)));
        assert_eq!(custom.known(), None);
        let known = NoticeCode::of(Field::Is(WithheldCode::Unverified));
        assert_eq!(known.known(), Some(WithheldCode::Unverified));
    }
}
