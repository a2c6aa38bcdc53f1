//! What a fact is about, so that a reader can filter by it: the room, the message, the devices and the user.
//! It does not guess: what no earlier fact says of a session, a transaction or a mailbox is left open.

use std::collections::BTreeMap;

use crate::ids::{
    BundleId, DeviceId, MegolmSessionId, MessageId, RoomId, ToDeviceId, TxnId, UserId,
};
use crate::protocol::to_device::{KeyRequestAction, OlmEvent};
use crate::report::names::Names;
use crate::scenario::policy::Target;
use crate::scenario::step::Step;
use crate::trace::fact::{Fact, FactKind, SentContent};

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::report) struct Subject {
    pub(in crate::report) room: Option<RoomId>,
    pub(in crate::report) message: Option<MessageId>,
    /// The other device, where the fact is about two.
    pub(in crate::report) peer: Option<DeviceId>,
    /// The user, where it is about one and not about a device.
    pub(in crate::report) user: Option<UserId>,
}

/// Says of facts what they are about. They must come in order.
#[derive(Debug, Clone)]
pub(in crate::report) struct Subjects<'a> {
    names: &'a Names<'a>,
    sessions: BTreeMap<MegolmSessionId, RoomId>,
    bundles: BTreeMap<BundleId, RoomId>,
    txns: BTreeMap<TxnId, RoomId>,
    /// Rows of mailboxes: who sent it, and the room that it bears on.
    rows: BTreeMap<ToDeviceId, (DeviceId, Option<RoomId>)>,
}

impl<'a> Subjects<'a> {
    pub(in crate::report) const fn new(names: &'a Names<'a>) -> Self {
        Self {
            names,
            sessions: BTreeMap::new(),
            bundles: BTreeMap::new(),
            txns: BTreeMap::new(),
            rows: BTreeMap::new(),
        }
    }

    /// What the next fact is about.
    pub(in crate::report) fn next(&mut self, fact: &Fact) -> Subject {
        self.remember(&fact.kind);
        Subject {
            room: self.room(&fact.kind),
            message: self.message(&fact.kind),
            peer: self.peer(&fact.kind),
            user: self.user(&fact.kind),
        }
    }

    fn remember(&mut self, kind: &FactKind) {
        if let FactKind::MegolmNew { room, session, .. } | FactKind::KeyIn { room, session, .. } =
            *kind
        {
            self.sessions.insert(session, room);
        } else if let FactKind::BundleMade { bundle, room, .. } = *kind {
            self.bundles.insert(bundle, room);
        } else if let FactKind::PutTarget { txn, content, .. } = kind {
            if let Some(room) = self.of_content(content) {
                self.txns.insert(*txn, room);
            }
        } else if let FactKind::Enqueued { message, sender, content, .. } = kind {
            self.rows.insert(*message, (*sender, self.of_content(content)));
        }
    }

    fn step(&self, kind: &FactKind) -> Option<&'a Step> {
        let FactKind::UserStep(position) = *kind else { return None };
        self.names.scenario.timeline.get(position as usize).map(|timed| &timed.step)
    }

    fn message(&self, kind: &FactKind) -> Option<MessageId> {
        if let Some(
            Step::Send { message, .. }
            | Step::RequestKey { message, .. }
            | Step::CancelRequest { message, .. },
        ) = self.step(kind)
        {
            return Some(*message);
        }
        if let FactKind::MegolmEncrypted { message, .. }
        | FactKind::SendRefused { message, .. }
        | FactKind::MessageAccepted { message, .. }
        | FactKind::MessageReceived { message, .. }
        | FactKind::Try { message, .. } = *kind
        {
            return Some(message);
        }
        None
    }

    fn room(&self, kind: &FactKind) -> Option<RoomId> {
        if let Some(
            Step::Member { room, .. }
            | Step::HistoryVisibility { room, .. }
            | Step::Encryption { room, .. }
            | Step::DiscardSession { room, .. },
        ) = self.step(kind)
        {
            return Some(*room);
        }
        if let FactKind::Member { room, .. }
        | FactKind::HistoryVisibility { room, .. }
        | FactKind::Encryption { room, .. }
        | FactKind::RoomSeen { room, .. }
        | FactKind::MemberNotTold { room, .. }
        | FactKind::InvitedBy { room, .. }
        | FactKind::SessionDiscarded { room, .. }
        | FactKind::BundleMade { room, .. }
        | FactKind::BundleKey { room, .. }
        | FactKind::BundleOpened { room, .. }
        | FactKind::MegolmNew { room, .. }
        | FactKind::KeyIn { room, .. } = *kind
        {
            return Some(room);
        }
        if let FactKind::KeyRefused { session, .. }
        | FactKind::KeyLost { session, .. }
        | FactKind::KeyRequested { session, .. } = *kind
        {
            return self.sessions.get(&session).copied();
        }
        if let FactKind::BundleWithheld { bundle, .. } = *kind {
            return self.bundles.get(&bundle).copied();
        }
        let sent = self.sent_in(kind);
        sent.or_else(|| {
            self.message(kind).and_then(|one| self.names.origin(one)).map(|one| one.room)
        })
    }

    /// The room that something sent between devices bears on.
    fn sent_in(&self, kind: &FactKind) -> Option<RoomId> {
        if let FactKind::PutTarget { content, .. } | FactKind::Enqueued { content, .. } = kind {
            return self.of_content(content);
        }
        if let FactKind::OlmEncrypted { event, .. } = kind {
            return self.of_event(event);
        }
        if let FactKind::Put { txn, .. }
        | FactKind::PutAccepted { txn, .. }
        | FactKind::Lost { txn, .. } = kind
        {
            return self.txns.get(txn).copied();
        }
        self.row(kind).and_then(|(_, room)| room)
    }

    fn row(&self, kind: &FactKind) -> Option<(DeviceId, Option<RoomId>)> {
        if let FactKind::Listed { message, .. }
        | FactKind::Acknowledged { message, .. }
        | FactKind::Processed { message, .. }
        | FactKind::OlmDecrypt { message, .. } = kind
        {
            return self.rows.get(message).copied();
        }
        None
    }

    fn of_content(&self, content: &SentContent) -> Option<RoomId> {
        match content {
            SentContent::Olm(event) | SentContent::Clear(event) => self.of_event(event),
            SentContent::Withheld(notice) => notice
                .room_id
                .value()
                .or_else(|| self.sessions.get(&notice.session_id.value()?).copied()),
            SentContent::KeyRequest(request) => match request.action {
                KeyRequestAction::Request { room, .. } => Some(room),
                KeyRequestAction::Cancel => None,
            },
            SentContent::Sealed => None,
        }
    }

    fn of_event(&self, event: &OlmEvent) -> Option<RoomId> {
        match event {
            OlmEvent::RoomKey(key) => Some(key.room),
            OlmEvent::ForwardedRoomKey(forwarded) => Some(forwarded.key.room),
            OlmEvent::RoomKeyBundle(bundle) => Some(bundle.room),
            OlmEvent::Withheld(notice) => notice.room_id.value(),
            OlmEvent::Dummy { .. } => None,
        }
    }

    fn peer(&self, kind: &FactKind) -> Option<DeviceId> {
        if let Some(step) = self.step(kind) {
            return Some(step.actor());
        }
        if let FactKind::Claim { target, .. }
        | FactKind::ClaimEnd { target, .. }
        | FactKind::KeyHandedOut { target, .. } = *kind
        {
            return Some(target);
        }
        if let FactKind::OlmNew { peer, .. }
        | FactKind::OlmDropped { peer, .. }
        | FactKind::OlmEncrypted { peer, .. }
        | FactKind::OlmDecrypt { peer, .. } = *kind
        {
            return Some(peer);
        }
        if let FactKind::PutTarget { recipient, .. }
        | FactKind::Enqueued { recipient, .. }
        | FactKind::Lost { recipient, .. } = *kind
        {
            return Some(recipient);
        }
        if let FactKind::VerifiedSet { target: Target::Device(target), .. }
        | FactKind::BlockedSet { target: Target::Device(target), .. } = *kind
        {
            return Some(target);
        }
        if let FactKind::Listed { device, .. }
        | FactKind::Acknowledged { device, .. }
        | FactKind::PutAccepted { device, .. }
        | FactKind::DeviceUp { device, .. }
        | FactKind::OneTimeKeysUp { device, .. }
        | FactKind::FallbackKeyUp { device, .. }
        | FactKind::UploadRefused { device }
        | FactKind::DeviceDeleted { device }
        | FactKind::CrossSigned { device } = *kind
        {
            return Some(device);
        }
        if let FactKind::QueryListed { listed, .. } = *kind {
            return Some(listed);
        }
        self.row(kind).map(|(sender, _)| sender)
    }

    fn user(&self, kind: &FactKind) -> Option<UserId> {
        if let FactKind::Member { user, .. }
        | FactKind::MemberNotTold { user, .. }
        | FactKind::IdentitySet { user, .. }
        | FactKind::ListChangedAt { user }
        | FactKind::ListNote { user, .. }
        | FactKind::QueryStart { user, .. }
        | FactKind::QueryEnd { user, .. }
        | FactKind::IdentityAcknowledged { user, .. }
        | FactKind::InvitedBy { user, .. }
        | FactKind::BundleMade { recipient: user, .. }
        | FactKind::BundleOpened { from: user, .. }
        | FactKind::VerifiedSet { target: Target::User(user), .. }
        | FactKind::BlockedSet { target: Target::User(user), .. } = *kind
        {
            return Some(user);
        }
        match self.step(kind) {
            Some(Step::Member { user, .. } | Step::AcknowledgeIdentity { user, .. }) => Some(*user),
            Some(_) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Subject, Subjects};
    use crate::report::names::Names;
    use crate::scenario::sample::room_of;
    use crate::trace::fact::{FactKind, LossCause, ProcessOutcome, SentContent};
    use crate::trace::sample::{A1, B1, BOB, M1, NOTICE, ROOM, SESSION, TXN, X, fact_of};

    fn subjects(kinds: &[FactKind]) -> Vec<Subject> {
        let scenario = room_of(1, 1);
        let names = Names::of(&scenario);
        let mut subjects = Subjects::new(&names);
        kinds.iter().map(|kind| subjects.next(&fact_of(1, 0, *kind))).collect()
    }

    #[test]
    fn what_is_sent_into_a_mailbox_keeps_its_room_and_sender() {
        let event_type = crate::protocol::to_device::ToDeviceType::Withheld;
        let content = SentContent::Withheld(NOTICE);
        let handled =
            FactKind::Processed { device: B1, message: X, outcome: ProcessOutcome::Handled };
        let told = subjects(&[
            handled,
            FactKind::PutTarget { device: A1, txn: TXN, recipient: B1, content },
            FactKind::PutAccepted { device: A1, txn: TXN },
            FactKind::Enqueued {
                message: X,
                sender: A1,
                recipient: B1,
                txn: TXN,
                event_type,
                content,
            },
            handled,
        ]);
        assert_eq!(told[0], Subject::default(), "nothing is known of the row yet");
        let of = |peer| Subject { room: Some(ROOM), peer: Some(peer), ..Subject::default() };
        assert_eq!(told[1..], [of(B1), of(A1), of(B1), of(A1)]);
    }

    #[test]
    fn a_session_and_a_message_stand_for_their_room() {
        let lost = FactKind::KeyLost { device: B1, session: SESSION, why: LossCause::Wiped };
        let told = subjects(&[
            lost,
            FactKind::MegolmNew { device: A1, room: ROOM, session: SESSION },
            lost,
            FactKind::MessageReceived { device: B1, message: M1 },
            FactKind::UserStep(0),
            FactKind::ListChangedAt { user: BOB },
        ]);
        let rooms: Vec<_> = told.iter().map(|one| one.room).collect();
        assert_eq!(rooms, [None, Some(ROOM), Some(ROOM), Some(ROOM), Some(ROOM), None]);
        assert_eq!((told[4].message, told[4].peer), (Some(M1), Some(A1)));
        assert_eq!(told[5].user, Some(BOB));
    }
}
