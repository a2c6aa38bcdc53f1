//! The receiving side: what each to-device message does, which keys are taken, and what is shown for each message.
//! It does not know how Olm messages are decrypted, nor how notices are weighed against each other.

use crate::client::reference::Reference;
use crate::client::reference::channel::{Opened, Opening};
use crate::client::reference::inbound::{Decryption, InboundKey, Offered, Received};
use crate::client::reference::io::Io;
use crate::client::reference::jobs::Purpose;
use crate::client::reference::notices::{Choosing, NoOlmNotice, SessionNotice, Unread};
use crate::client::reference::sync::told_late;
use crate::ids::{DeviceId, FactId, MegolmSessionId, RoomId, ToDeviceId};
use crate::protocol::api::{BackedUpKey, Request};
use crate::protocol::megolm::InboundSession;
use crate::protocol::provenance::Provenance;
use crate::protocol::to_device::{OlmEvent, RoomKey, ToDeviceBody, ToDeviceMessage};
use crate::protocol::withheld::{Field, WithheldCode, WithheldContent};
use crate::scenario::habits::{KeyReplacement, NoOlmFiled, NoticeScope, OnWithheld, Unavailable};
use crate::scenario::policy::{AskFor, OnNoOlm};
use crate::trace::fact::{
    Causes, FactKind, KeySource, LossCause, ProcessOutcome, Shown, TryResult,
};

/// Why a message is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// It was received.
    Received,
    /// A key came, or the list of a sender's devices.
    Key,
    /// A notice came.
    Notice,
}

/// A to-device message under way through the client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) id: ToDeviceId,
    pub(super) sender: DeviceId,
    /// The fact that it was listed.
    pub(super) listed: Provenance,
}

impl Reference {
    /// Handles one to-device message.
    pub(super) fn receive(
        &mut self,
        id: ToDeviceId,
        message: &ToDeviceMessage,
        listed: Provenance,
        io: &mut Io<'_, '_>,
    ) {
        let arrival = Arrival { id, sender: message.sender, listed };
        match message.body {
            ToDeviceBody::Olm(ciphertext) => match self.open((id, &ciphertext), listed, io) {
                Opening::Opened(opened) => self.opened(arrival, opened, io),
                Opening::Duplicate => self.processed(arrival, ProcessOutcome::Duplicate, io),
                Opening::Failed => self.processed(arrival, ProcessOutcome::Discarded, io),
            },
            ToDeviceBody::Withheld(content) => {
                if message.event_type.is_withheld(self.config.reading.unstable_types) {
                    self.notice(arrival, &content, io);
                } else {
                    self.processed(arrival, ProcessOutcome::Ignored, io);
                }
            }
            ToDeviceBody::KeyRequest(request) => self.key_request(arrival, &request, io),
            // What should have been encrypted is not taken from anybody (P-16).
            ToDeviceBody::Clear(_) => self.processed(arrival, ProcessOutcome::Ignored, io),
        }
    }

    /// The message is dealt with.
    pub(super) fn processed(&self, arrival: Arrival, outcome: ProcessOutcome, io: &mut Io<'_, '_>) {
        self.process_fact(arrival, outcome, io);
    }

    fn process_fact(
        &self,
        arrival: Arrival,
        outcome: ProcessOutcome,
        io: &mut Io<'_, '_>,
    ) -> FactId {
        let kind = FactKind::Processed { device: self.me(), message: arrival.id, outcome };
        io.fact(kind, Causes::of([arrival.listed.0]))
    }

    fn opened(&mut self, arrival: Arrival, opened: Opened, io: &mut Io<'_, '_>) {
        let any_session = self.habits().reshares_for_any_session;
        if opened.on_new_session && any_session && self.listed(arrival.sender).is_some() {
            self.owe_again(arrival.sender, opened.by, io);
        }
        match opened.event {
            OlmEvent::RoomKey(key) => {
                self.room_key(arrival, key, opened.by, io);
                self.processed(arrival, ProcessOutcome::Handled, io);
            }
            OlmEvent::ForwardedRoomKey(forwarded) => {
                let outcome = self.forwarded_key(arrival, &forwarded, opened.by, io);
                self.processed(arrival, outcome, io);
            }
            OlmEvent::Dummy { .. } => {
                let reshares = self.store.policy.reshare_after_unwedge && !any_session;
                if opened.on_new_session && reshares {
                    for room in self.owe_again(arrival.sender, opened.by, io) {
                        self.enqueue_job(room, Purpose::Settle, io);
                    }
                }
                self.processed(arrival, ProcessOutcome::Handled, io);
            }
            OlmEvent::Withheld(content) => self.notice(arrival, &content, io),
            OlmEvent::RoomKeyBundle(bundle) => self.bundle_told(arrival, bundle, opened, io),
        }
    }

    /// The device has given up an old Olm session: keys that went over it may be lost, and are sent again (U-13). Tells in which rooms.
    fn owe_again(&mut self, device: DeviceId, by: Provenance, io: &mut Io<'_, '_>) -> Vec<RoomId> {
        let mut rooms = Vec::new();
        for (room, outbound) in &mut self.store.outbound {
            if outbound.invalid.is_none() && outbound.shared.contains_key(&device) {
                outbound.reshare.insert(device, by);
                rooms.push(*room);
            }
        }
        if !rooms.is_empty() {
            self.view_changed(io);
        }
        rooms
    }

    fn room_key(&mut self, arrival: Arrival, key: RoomKey, by: Provenance, io: &mut Io<'_, '_>) {
        let refuses = self.habits().on_withheld == OnWithheld::RefuseKeys;
        if refuses && !self.store.notices.about(key.session).is_empty() {
            let RoomKey { session, first, .. } = key;
            let (device, via) = (self.me(), Some(arrival.id));
            let kind = FactKind::KeyRefused { device, session, first, via };
            io.fact(kind, Causes::of([by.0]));
            return;
        }
        let offered = InboundKey {
            shared_history: self.reads_as_shared(key.shared_history),
            ..InboundKey::new(key.room, InboundSession::new(key.session, key.first), arrival.sender)
        };
        self.take_key(offered, (KeySource::RoomKey, Some(arrival.id), by), io);
    }

    /// Takes a key if it is better than what there is; true if it was taken.
    pub(super) fn take_key(
        &mut self,
        key: InboundKey,
        (source, via, by): (KeySource, Option<ToDeviceId>, Provenance),
        io: &mut Io<'_, '_>,
    ) -> bool {
        let (room, session, first) = (key.room, key.megolm.id(), key.first());
        let (creator, shared_history) = (key.creator, key.shared_history);
        let better = self.store.inbound.key(session).is_none_or(|old| old.first() > first);
        if !better {
            if self.habits().key_replacement == KeyReplacement::Earlier {
                return false;
            }
            self.store.inbound.drop_key(session);
            let (device, why) = (self.me(), LossCause::Overwritten);
            io.fact(FactKind::KeyLost { device, session, why }, Causes::of([by.0]));
        }
        let kind = FactKind::KeyIn { device: self.me(), room, session, first, source, via };
        let fact = io.fact(kind, Causes::of([by.0]));
        let key = InboundKey { by: Provenance::of(fact), ..key };
        let offered = self.store.inbound.offer(key);
        debug_assert_eq!(offered, Offered::Taken, "a better key is taken");
        if self.store.policy.backup && !matches!(source, KeySource::Backup) {
            let backed_up = BackedUpKey { room, session, first, creator, shared_history };
            self.store.outbox.push(Request::PutBackup(vec![backed_up]), Some(fact));
        }
        io.touch();
        if self.habits().on_withheld == OnWithheld::ForgetWithKey {
            self.store.notices.forget(session);
        }
        self.try_and_ask(session, Occasion::Key, Provenance::of(fact), io);
        true
    }

    /// Keeps the key of a session that this device made.
    pub(super) fn keep_own_key(
        &mut self,
        room: RoomId,
        (session, shared_history): (InboundSession, bool),
        made: FactId,
        io: &mut Io<'_, '_>,
    ) {
        let key = InboundKey { shared_history, ..InboundKey::new(room, session, self.me()) };
        self.take_key(key, (KeySource::Own, None, Provenance::of(made)), io);
    }

    /// Handles a withheld notice.
    fn notice(&mut self, arrival: Arrival, content: &WithheldContent, io: &mut Io<'_, '_>) {
        let reads_code = content.code.is_string() || self.config.reading.code_optional;
        let ignores = self.habits().on_withheld == OnWithheld::Ignore;
        let is_no_olm = content.code == Field::Is(WithheldCode::NoOlm);
        if is_no_olm && self.habits().no_olm_filed == NoOlmFiled::ByDevice {
            self.no_olm_notice(arrival, content, io);
        } else if self.drops(arrival.sender, content) {
            self.processed(arrival, ProcessOutcome::Ignored, io);
        } else if let (Some(session), Some(_), true, false) =
            (content.session_id.value(), content.room_id.value(), reads_code, ignores)
        {
            self.session_notice(arrival, session, content, io);
        } else {
            self.processed(arrival, ProcessOutcome::Ignored, io);
        }
    }

    /// Whether a `m.unavailable` of this device is dropped, as some clients do.
    fn drops(&self, sender: DeviceId, content: &WithheldContent) -> bool {
        let drops = match self.habits().unavailable {
            Unavailable::Kept => false,
            Unavailable::KeptFromOthers => self.user_of(sender) == self.my_user(),
            Unavailable::Dropped => true,
        };
        drops && content.code == Field::Is(WithheldCode::Unavailable)
    }

    fn session_notice(
        &mut self,
        arrival: Arrival,
        session: MegolmSessionId,
        content: &WithheldContent,
        io: &mut Io<'_, '_>,
    ) {
        let known = self.store.notices.about(session).iter().any(|kept| kept.id == arrival.id);
        let outcome = if known { ProcessOutcome::Duplicate } else { ProcessOutcome::Handled };
        let by = Provenance::of(self.process_fact(arrival, outcome, io));
        let notice = SessionNotice {
            id: arrival.id,
            sender: self.user_of(arrival.sender),
            was_asked: self.store.requests.was_asked(session, arrival.sender),
            of_bundle: false,
            owns_key: self.owns_key(arrival.sender, content),
            code: content.code,
            reason: content.reason,
            by,
        };
        if !self.store.notices.keep(session, notice) {
            return;
        }
        io.touch();
        if self.habits().on_withheld == OnWithheld::DropKey && self.store.inbound.drop_key(session)
        {
            let (device, why) = (self.me(), LossCause::Notice);
            io.fact(FactKind::KeyLost { device, session, why }, Causes::of([by.0]));
        }
        match self.habits().notice_scope {
            NoticeScope::Session => self.try_and_ask(session, Occasion::Notice, by, io),
            NoticeScope::Sender => {
                for session in self.store.inbound.unread_sessions() {
                    self.try_session(session, Occasion::Notice, by, io);
                }
            }
        }
    }

    /// Whether the `sender_key` of a notice is that of a device of the user who sent it.
    fn owns_key(&self, sender: DeviceId, content: &WithheldContent) -> bool {
        let named = content.sender_key.value();
        named.is_some_and(|device| self.user_of(device) == self.user_of(sender))
    }

    fn no_olm_notice(&mut self, arrival: Arrival, content: &WithheldContent, io: &mut Io<'_, '_>) {
        let sender = self.user_of(arrival.sender);
        let named = content.sender_key.value().filter(|device| self.user_of(*device) == sender);
        let Some(device) = named else {
            return self.processed(arrival, ProcessOutcome::Ignored, io);
        };
        let by = Provenance::of(self.process_fact(arrival, ProcessOutcome::Handled, io));
        let notice = NoOlmNotice { id: arrival.id, sender, device, at: io.given.clock, by };
        if !self.store.notices.keep_no_olm(notice) {
            return;
        }
        io.touch();
        for session in self.store.inbound.unread_sessions() {
            self.try_session(session, Occasion::Notice, by, io);
        }
        if self.store.policy.on_no_olm == OnNoOlm::OpenSession {
            self.recover_from_no_olm(device, by, io);
        }
    }

    /// Handles a room message, which came late because of a failure, or did not.
    pub(super) fn message(&mut self, received: Received, late_by: Provenance, io: &mut Io<'_, '_>) {
        let kind = FactKind::MessageReceived { device: self.me(), message: received.message };
        let fact = io.fact(kind, told_late(received.by, late_by));
        let received = Received { by: Provenance::of(fact), ..received };
        if self.store.policy.hide_unsigned {
            self.follow(received.sender, io);
        }
        let result = self.try_message(received, Occasion::Received, received.by, io);
        // Who asks with every try asks where a key would help.
        let asks = if self.habits().asks_at_once {
            matches!(result, TryResult::Undecryptable(_))
        } else {
            self.store.inbound.session_of(received.message).is_some()
        };
        if asks && self.store.policy.ask != AskFor::Nobody {
            self.ask_for(received.session, &[], received.by, io);
        }
    }

    /// Tries the unread messages of a session again, and asks for what they lack, if this client asks with every try.
    fn try_and_ask(
        &mut self,
        session: MegolmSessionId,
        occasion: Occasion,
        by: Provenance,
        io: &mut Io<'_, '_>,
    ) {
        self.try_session(session, occasion, by, io);
        if self.habits().asks_at_once
            && self.store.policy.ask != AskFor::Nobody
            && self.store.inbound.lacks_key(session)
        {
            self.ask_for(session, &[], by, io);
        }
    }

    /// Tries the unread messages of a session again.
    pub(super) fn try_session(
        &mut self,
        session: MegolmSessionId,
        occasion: Occasion,
        by: Provenance,
        io: &mut Io<'_, '_>,
    ) {
        for received in self.store.inbound.take_unread(session) {
            self.try_message(received, occasion, by, io);
        }
    }

    fn try_message(
        &mut self,
        mut received: Received,
        occasion: Occasion,
        by: Provenance,
        io: &mut Io<'_, '_>,
    ) -> TryResult {
        let (result, reason) = self.attempt(&received, occasion);
        if received.result != Some(result) {
            let (device, message) = (self.me(), received.message);
            let causes = Causes::of([received.by.0, by.0, reason.0]);
            io.fact(FactKind::Try { device, message, result }, causes);
            received.result = Some(result);
        }
        io.touch();
        if result != TryResult::Decrypted {
            self.store.inbound.keep_unread(received);
        }
        result
    }

    fn attempt(&mut self, received: &Received, occasion: Occasion) -> (TryResult, Provenance) {
        match self.store.inbound.decrypt(received) {
            Decryption::Readable => {
                let by = self.store.inbound.key(received.session).map(|key| key.by);
                let blamed = (self.habits().on_withheld == OnWithheld::BlameAlways)
                    .then(|| self.explain(received));
                if let Some((shown @ Shown::Code { .. }, by)) = blamed {
                    return (TryResult::Undecryptable(shown), by);
                }
                let result =
                    if self.is_hidden(received) { TryResult::Hidden } else { TryResult::Decrypted };
                (result, by.unwrap_or_default())
            }
            Decryption::Invalid => (TryResult::Invalid, Provenance::UNKNOWN),
            Decryption::NoKey => {
                if let (Occasion::Notice, false, Some(before)) =
                    (occasion, self.habits().late_notice_updates, received.result)
                {
                    return (before, Provenance::UNKNOWN);
                }
                let (shown, by) = self.explain(received);
                (TryResult::Undecryptable(shown), by)
            }
        }
    }

    fn explain(&self, received: &Received) -> (Shown, Provenance) {
        let Received { session, sender, device, sent_at, .. } = *received;
        let choosing = Choosing {
            conflict: self.habits().notice_conflict,
            from: self.habits().notice_sender,
            scope: self.habits().notice_scope,
            no_olm: self.habits().no_olm_scope,
            show_no_olm: self.store.policy.show_no_olm,
        };
        self.store.notices.explain(&Unread { session, sender, device, sent_at }, choosing)
    }

    /// Whether the message is hidden because its sender's device is not cross-signed (V-03).
    fn is_hidden(&self, received: &Received) -> bool {
        self.store.policy.hide_unsigned
            && !self
                .store
                .lists
                .user(received.sender)
                .is_some_and(|list| list.trust.is_cross_signed(received.device))
    }
}
