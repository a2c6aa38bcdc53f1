//! What was so, for its sender, at the time when a withheld notice was put together.
//! It does not know which notice is right then; the rules do.

use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::check::view::notices::Notice;
use crate::check::view::requests::{Class, Told};
use crate::check::view::transport::{Content, ToDevice};
use crate::ids::{DeviceId, FactId, MegolmSessionId};
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::{Field, WithheldCode, WithheldContent};

/// What was so.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Circumstances {
    /// Why the sender barred the recipient, if it did.
    pub(crate) bar: Option<WithheldCode>,
    /// The same when the notice was accepted.
    pub(crate) bar_accepted: Option<WithheldCode>,
    /// Whether nothing that a bar rests on changed since the sender began with what it sent the notice for.
    pub(crate) settled: bool,
    /// Whether the sender trusted the recipient (V-01), then and when the notice was accepted: keys that the sender is given show
    /// only when its server has their signature.
    pub(crate) trusted: bool,
    /// Whether the sender had an Olm session with the recipient.
    pub(crate) has_olm: bool,
    /// The first attempt of the epoch to get one that had failed.
    pub(crate) failure: Option<FactId>,
    /// The claim of the epoch that had brought a fallback key.
    pub(crate) fallback: Option<FactId>,
    /// Since when the sender had a key of the session.
    pub(crate) held_since: Option<FactId>,
    /// How a key of the session had gone, if the sender once had one.
    pub(crate) lost: Option<FactId>,
    /// A key of the session that the sender had put together for the recipient.
    pub(crate) given: Option<FactId>,
    /// Whether the recipient's user could see messages of the session, as far as the sender had seen (W-17). `None`
    /// where session or room are not known.
    pub(crate) in_sight: Option<bool>,
    /// The last word of the recipient that it does not want the session any more.
    pub(crate) cancelled: Option<FactId>,
}

impl View {
    /// Takes in a notice.
    pub(crate) fn notice(&mut self, number: u32, content: WithheldContent, now: Moment) -> Content {
        let ends @ (sender, recipient) = self.ends(number);
        let event_type = self.transport.type_of(self.transport.get(number).txn);
        let recognised = match event_type {
            None | Some(ToDeviceType::Encrypted) => true,
            Some(other) => other.is_withheld(self.reading.unstable_types),
        };
        let mut notice = Notice::new(number, content, recognised);
        notice.event_type = event_type;
        notice.session = content.session_id.value();
        notice.room = content.room_id.value().or_else(|| self.messages.busy_in(sender));
        notice.epoch = self.epoch(sender, recipient);
        let cancelled =
            notice.session.and_then(|session| self.requests.cancelled(sender, recipient, session));
        // What has the type of something else answers nothing.
        let is_other = matches!(
            event_type,
            Some(
                ToDeviceType::Other(_)
                    | ToDeviceType::KeyRequest
                    | ToDeviceType::ClearRoomKey
                    | ToDeviceType::ClearForwardedRoomKey
                    | ToDeviceType::ClearDummy
            )
        );
        if let Some(session) = notice.session
            && !notice.is_no_olm()
            && !is_other
        {
            let code = notice.code.known();
            let is_due = self.may_be_of(session, sender) && !self.has_said(session, ends);
            let may_be_forged = self.may_be_forged(self.transport.get(number));
            let told = Told { session, code, is_due, may_be_forged };
            notice.class = self.requests.class_of(ends, told, now, &self.life);
        }
        if let (Some(room), Class::Proactive) = (content.room_id.value(), notice.class) {
            let since = self.olm.claiming_since(sender, now.at);
            self.messages.prepares(sender, room, now, since);
        }
        notice.circumstances =
            Circumstances { cancelled, ..self.circumstances(&notice, ends, now) };
        let is_elsewhere = match content.room_id {
            Field::Is(room) => notice.session.is_some_and(|one| self.is_misplaced(one, room)),
            Field::Other(_) => true,
            Field::Absent | Field::NotAString => false,
        };
        let about = match notice.session {
            // An answer that names another room is an answer to nothing.
            Some(_) if notice.class != Class::Proactive && is_elsewhere => None,
            Some(session)
                if notice.class != Class::Proactive || self.may_be_of(session, sender) =>
            {
                Some(session)
            }
            Some(_) | None => self.messages.current(sender, content.room_id.value()),
        };
        let content = Content::Notice(self.notices.next_number());
        self.notices.add(notice, ends, about);
        content
    }

    /// Whether the sender has told the recipient of its own accord that it withholds the session, as far as its store has not
    /// forgotten that.
    fn has_said(
        &self,
        session: MegolmSessionId,
        (sender, recipient): (DeviceId, DeviceId),
    ) -> bool {
        self.notices.about(session, recipient).any(|notice| {
            let message = self.transport.get(notice.number);
            message.sender == sender
                && notice.class == Class::Proactive
                && !notice.is_no_olm()
                && !self.may_be_forged(message)
                && self.life.forgiven(sender, message.put).is_none()
        })
    }

    /// Whether a message came under the name of a device and was not seen to leave it, though others were.
    fn may_be_forged(&self, message: &ToDevice) -> bool {
        !self.transport.is_observed(message.txn) && self.has_heard(message.sender)
    }

    /// Whether the session is the device's own, as far as is known.
    pub(crate) fn may_be_of(&self, session: MegolmSessionId, device: DeviceId) -> bool {
        self.messages.session(session).is_none_or(|session| session.creator == device)
    }

    fn circumstances(
        &self,
        notice: &Notice,
        (sender, recipient): (DeviceId, DeviceId),
        now: Moment,
    ) -> Circumstances {
        let claiming = self.olm.claiming_since(sender, now.at);
        let began = match (notice.class, notice.room) {
            (Class::Reply { since, .. }, _) => since,
            (Class::Proactive, Some(room)) => {
                let (prepared_from, _) = self.messages.prepared(sender, room, now);
                claiming.map_or(prepared_from, |since| since.min(prepared_from))
            }
            (Class::Proactive, None) => claiming.unwrap_or(now.fact),
        };
        let chose = self.chose_about((sender, recipient), (began, None));
        let learnt = self.policies.learnt(sender) >= Some(began);
        Circumstances {
            bar: self.bar(sender, recipient).map(|bar| bar.code),
            bar_accepted: None,
            settled: !chose
                && !learnt
                && (self.life.unsettled_by(sender, now).is_none() || !self.doubts.of(sender)),
            trusted: self.trusts(sender, recipient),
            has_olm: self.olm.has_session(sender, recipient, &self.life),
            failure: self.olm.failure(sender, recipient, notice.epoch),
            fallback: self.olm.fallback(sender, recipient, notice.epoch),
            held_since: notice.session.and_then(|session| self.held_since(sender, session)),
            lost: notice
                .session
                .and_then(|session| self.holdings.of(sender, session)?.lost.map(|(_, fact)| fact)),
            given: notice.session.and_then(|session| self.last_given(sender, session, recipient)),
            in_sight: notice
                .session
                .and_then(|session| self.in_sight(session, (sender, recipient))),
            cancelled: None,
        }
    }

    /// Since when the device has had a key of the session that it still has.
    pub(crate) fn held_since(&self, device: DeviceId, session: MegolmSessionId) -> Option<FactId> {
        match self.holdings.of(device, session) {
            Some(held) => {
                let kept = held.lost.is_none()
                    && self.life.undone(device, held.taken).is_none()
                    && self.life.cut_off(device, held.taken).is_none();
                kept.then_some(held.taken.fact)
            }
            None => {
                let made = self.messages.session(session)?;
                (made.creator == device).then_some(made.new)
            }
        }
    }

    /// The last room key of the session that the device put together for another, if it was not cut off or undone
    /// before it left.
    fn last_given(
        &self,
        sender: DeviceId,
        session: MegolmSessionId,
        recipient: DeviceId,
    ) -> Option<FactId> {
        let mut keys = self.transport.keys_to(session, recipient);
        let counts = |put: Moment, accepted: bool| {
            self.life.forgiven(sender, put).is_none()
                && (accepted || self.life.cut_off(sender, put).is_none())
        };
        let given = keys.find(|key| {
            let accepted = key.stored.is_some() || self.transport.accepted(key.txn).is_some();
            key.sender == sender && counts(key.put, accepted)
        });
        given.map(|key| key.put.fact)
    }

    /// Whether the other device's user could never see any message of the session, as far as its creator has seen.
    pub(crate) fn is_out_of_sight(
        &self,
        session: MegolmSessionId,
        ends: (DeviceId, DeviceId),
    ) -> bool {
        let room = self.messages.session(session).map(|made| made.room);
        room.is_some_and(|room| self.rooms.has_seen(ends.0, room))
            && self.cast.user(ends.0) != self.cast.user(ends.1)
            && self.in_sight(session, ends) == Some(false)
    }

    /// Whether the recipient's user could see messages of the session at some time since it was made.
    fn in_sight(
        &self,
        session: MegolmSessionId,
        (sender, recipient): (DeviceId, DeviceId),
    ) -> Option<bool> {
        let session = self.messages.session(session)?;
        let (server, user) = (self.cast.server_of(sender), self.cast.user(recipient));
        let place = (sender, session.room);
        let with_invited = self.policies.with_invited(sender)
            && self.rooms.was_open_to_invited(server, sender, session.room);
        Some(self.rooms.was_member_since(server, place, user, (session.new, with_invited)))
    }
}
