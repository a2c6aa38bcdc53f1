//! Withheld notices as they were sent: about which session, of which class, in which epoch, and under what
//! circumstances. It does not know whether they arrived; `transport` does. Whether they are right, the rules know.

use std::collections::BTreeMap;

use crate::check::outcome::NoticeCount;
use crate::check::view::circumstances::Circumstances;
use crate::check::view::olm::Epoch;
use crate::check::view::pairs::Pairs;
use crate::check::view::requests::Class;
use crate::ids::{DeviceId, MegolmSessionId, RoomId, Sym};
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::{Field, WithheldCode, WithheldContent};

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
    /// What it says, as it stood on the wire.
    pub(crate) content: WithheldContent,
    /// The type under which it was sent, if that is known.
    pub(crate) event_type: Option<ToDeviceType>,
    /// What was so when it was put together.
    pub(crate) circumstances: Circumstances,
    accepted: bool,
    next: u32,
}

impl Notice {
    /// A notice that is not in the table yet.
    pub(crate) fn new(number: u32, content: WithheldContent, recognised: bool) -> Self {
        Self {
            number,
            code: NoticeCode::of(content.code),
            recognised,
            session: None,
            room: None,
            class: Class::Proactive,
            epoch: None,
            content,
            event_type: None,
            circumstances: Circumstances::default(),
            accepted: false,
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
    named: Pairs<Vec<u32>>,
    counts: BTreeMap<(DeviceId, DeviceId, WithheldCode), u32>,
    fresh: Vec<u32>,
}

impl Notices {
    /// Another fact comes: what the last one told is known by now.
    pub(crate) fn next_fact(&mut self) {
        if !self.fresh.is_empty() {
            self.fresh.clear();
        }
    }

    /// The notice is known, and its sender's server has accepted it; its recipient is barred for this reason by then, and trusted or
    /// not. It is counted once, and only if recipients know it for a notice.
    pub(crate) fn accept(
        &mut self,
        number: u32,
        ends: (DeviceId, DeviceId),
        (bar, trusted): (Option<WithheldCode>, bool),
    ) {
        let notice = &mut self.notices[number as usize];
        if std::mem::replace(&mut notice.accepted, true) {
            return;
        }
        notice.circumstances.bar_accepted = bar;
        notice.circumstances.trusted &= trusted;
        if let Some(code) = notice.code.known().filter(|_| notice.recognised) {
            *self.counts.entry((ends.0, ends.1, code)).or_default() += 1;
        }
        self.fresh.push(number);
    }

    /// The notices of which the present fact made known that they were sent, in the order of their transaction.
    pub(crate) fn fresh(&self) -> impl Iterator<Item = &Notice> {
        self.fresh.iter().map(|number| self.get(*number))
    }

    /// Whether the present fact made known that some were sent.
    pub(crate) fn has_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// How many were sent, by sender, recipient and code, ascending.
    pub(crate) fn counts(&self) -> Vec<NoticeCount> {
        let count = |(ends, count): (&(DeviceId, DeviceId, WithheldCode), &u32)| NoticeCount {
            sender: ends.0,
            recipient: ends.1,
            code: ends.2,
            count: *count,
        };
        self.counts.iter().map(count).collect()
    }

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
        if let Some(session) = notice.session.filter(|_| !notice.is_no_olm()) {
            self.named.entry(session.raw(), recipient.raw()).push(number);
        }
        notice.next = before.unwrap_or(END);
        self.notices.push(notice);
    }

    /// The notice with this number.
    pub(crate) fn get(&self, number: u32) -> &Notice {
        &self.notices[number as usize]
    }

    /// All notices to the recipient that are about the session, the last one first.
    pub(crate) fn about(
        &self,
        session: MegolmSessionId,
        recipient: DeviceId,
    ) -> impl Iterator<Item = &Notice> {
        self.chain(self.about.get(session.raw(), recipient.raw()))
    }

    /// All notices to the recipient that name the session, whoever sent them, in the order in which they were sent.
    pub(crate) fn naming(
        &self,
        session: MegolmSessionId,
        recipient: DeviceId,
    ) -> impl Iterator<Item = &Notice> {
        let named = self.named.get(session.raw(), recipient.raw());
        named.into_iter().flatten().map(|number| self.get(*number))
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
    use crate::protocol::withheld::{WithheldContent, WithheldNotice};

    const ENDS: (DeviceId, DeviceId) = (DeviceId::new(0), DeviceId::new(1));
    const S: MegolmSessionId = MegolmSessionId::new(3);

    fn no_olm() -> WithheldContent {
        WithheldNotice::NoOlm.content(ENDS.0)
    }

    fn add(notices: &mut Notices, number: u32, code: WithheldCode) {
        let notice =
            Notice { code: NoticeCode::Known(code), ..Notice::new(number, no_olm(), true) };
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
    fn a_notice_is_news_for_one_fact_and_counts_once() {
        let mut notices = Notices::default();
        add(&mut notices, 10, WithheldCode::Unverified);
        notices.accept(0, ENDS, (None, true));
        assert!(notices.has_fresh());
        assert_eq!(notices.fresh().count(), 1);
        notices.next_fact();
        notices.accept(0, ENDS, (None, true));
        assert!(!notices.has_fresh());
        assert_eq!(notices.counts()[0].count, 1);
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
