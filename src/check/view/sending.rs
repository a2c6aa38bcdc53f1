//! What devices send each other, taken in as it becomes known: at encryption, when it is put together, stored, opened.
//! It does not know what should have been sent.

use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::check::view::notices::{Notice, NoticeCode};
use crate::check::view::olm::Stamp;
use crate::check::view::requests::Class;
use crate::check::view::transport::{Content, Opened};
use crate::ids::{DeviceId, MegolmSessionId, ToDeviceId, TxnId};
use crate::protocol::to_device::{OlmEvent, ToDeviceType};
use crate::protocol::withheld::{WithheldCode, WithheldContent};
use crate::rulebook::reading::EpochEnd;
use crate::rulebook::rule::Rule;
use crate::time::SimTime;
use crate::trace::fact::{OlmError, OlmResult, ProcessOutcome, SentContent};

impl View {
    /// A message of `txn` from one device to another became known, or what it is; returns its number.
    pub(crate) fn sent(
        &mut self,
        ends: (DeviceId, DeviceId),
        txn: TxnId,
        content: SentContent,
        now: Moment,
    ) -> u32 {
        if let Some(number) = self.transport.find(txn, ends.1) {
            self.told(number, content, now);
            return number;
        }
        let number = self.transport.add(ends, txn, Content::Sealed, now);
        self.told(number, content, now);
        number
    }

    /// A message of `txn` was stored for a device; returns its number. A sender whose request was observed and did not
    /// name the device sent it to another that had the same device id before: that is not meant for this one.
    pub(crate) fn stored(
        &mut self,
        ends: (DeviceId, DeviceId),
        (txn, event_type): (TxnId, ToDeviceType),
        content: SentContent,
        now: Moment,
    ) -> u32 {
        self.transport.learn_type(txn, event_type);
        if self.transport.is_observed(txn) && self.transport.find(txn, ends.1).is_none() {
            // A request says itself who asks, so whoever gets it may answer: what is an answer goes by who processed it.
            let content = match content {
                SentContent::KeyRequest(request) => Content::Request(request),
                SentContent::Sealed
                | SentContent::Olm(_)
                | SentContent::Clear(_)
                | SentContent::Withheld(_) => Content::Stray,
            };
            return self.transport.add(ends, txn, content, now);
        }
        self.sent(ends, txn, content, now)
    }

    /// What the message is has become known, if it was not before.
    fn told(&mut self, number: u32, content: SentContent, now: Moment) {
        if self.transport.get(number).content != Content::Sealed {
            return;
        }
        let (sender, recipient) = self.ends(number);
        let content = match content {
            SentContent::Sealed => return,
            SentContent::Clear(_) => Content::Clear,
            SentContent::KeyRequest(request) => Content::Request(request),
            SentContent::Withheld(notice) | SentContent::Olm(OlmEvent::Withheld(notice)) => {
                self.notice(number, notice, now)
            }
            SentContent::Olm(OlmEvent::Dummy { .. }) => Content::Dummy,
            SentContent::Olm(OlmEvent::ForwardedRoomKey(forwarded)) => {
                self.requests.answered(sender, recipient, forwarded.key.session);
                Content::Forwarded(forwarded.key.session)
            }
            SentContent::Olm(OlmEvent::RoomKey(key)) => {
                let since = self.olm.claiming_since(sender, now.at);
                self.messages.prepares(sender, key.room, now, since);
                Content::Key { session: key.session, first: key.first }
            }
        };
        self.transport.tell(number, content);
    }

    fn ends(&self, number: u32) -> (DeviceId, DeviceId) {
        let message = self.transport.get(number);
        (message.sender, message.recipient)
    }

    /// Takes in a notice.
    fn notice(&mut self, number: u32, content: WithheldContent, now: Moment) -> Content {
        let ends @ (sender, recipient) = self.ends(number);
        let event_type = self.transport.type_of(self.transport.get(number).txn);
        let recognised = match event_type {
            None | Some(ToDeviceType::Encrypted) => true,
            Some(other) => other.is_withheld(self.reading.unstable_types),
        };
        let mut notice = Notice::new(number, NoticeCode::of(content.code), recognised);
        notice.session = content.session_id.value();
        notice.room = content.room_id.value().or_else(|| self.messages.busy_in(sender));
        notice.epoch = self.epoch(sender, recipient);
        if let Some(session) = notice.session
            && !notice.is_no_olm()
        {
            let code = notice.code.known();
            notice.class = self.requests.class_of(sender, recipient, session, code);
        }
        if let (Some(room), Class::Proactive) = (content.room_id.value(), notice.class) {
            let since = self.olm.claiming_since(sender, now.at);
            self.messages.prepares(sender, room, now, since);
        }
        notice.untrue = if notice.is_no_olm() {
            self.untrue_no_olm(&notice, ends)
        } else {
            self.untrue_notice(&notice, &content, ends)
        };
        let about = match notice.session {
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

    /// Whether the session is the device's own, as far as is known.
    fn may_be_of(&self, session: MegolmSessionId, device: DeviceId) -> bool {
        self.messages.session(session).is_none_or(|session| session.creator == device)
    }

    /// The rule that a notice about a session breaks by not saying what is so.
    fn untrue_notice(
        &self,
        notice: &Notice,
        content: &WithheldContent,
        (sender, recipient): (DeviceId, DeviceId),
    ) -> Option<Rule> {
        if !notice.recognised {
            return Some(Rule::W02);
        }
        if notice.code == NoticeCode::Missing && !self.reading.code_optional {
            return Some(Rule::W03);
        }
        let (Some(session), Some(room)) = (notice.session, content.room_id.value()) else {
            return Some(Rule::W04);
        };
        let proactive = notice.class == Class::Proactive;
        let wrong_room = self.messages.session(session).is_some_and(|session| session.room != room);
        if proactive && (wrong_room || !self.may_be_of(session, sender)) {
            return Some(Rule::W20);
        }
        let bar = self.bar(sender, recipient).map(|bar| bar.code);
        match notice.code {
            NoticeCode::Missing | NoticeCode::Custom(_) => None,
            NoticeCode::Known(code) => match code {
                WithheldCode::Unverified if !proactive && !self.trusts(sender, recipient) => None,
                WithheldCode::Blacklisted | WithheldCode::Unverified => {
                    (bar != Some(code)).then_some(Rule::W08)
                }
                WithheldCode::Unauthorised => proactive.then_some(Rule::W08),
                WithheldCode::Unavailable => proactive.then_some(Rule::W12),
                WithheldCode::HistoryNotShared => Some(Rule::W14),
                WithheldCode::NoOlm => None,
            },
        }
    }

    /// The rule that a `m.no_olm` breaks by not saying what is so.
    fn untrue_no_olm(
        &self,
        notice: &Notice,
        (sender, recipient): (DeviceId, DeviceId),
    ) -> Option<Rule> {
        if !notice.recognised {
            return Some(Rule::W02);
        }
        if self.olm.has_session(sender, recipient, &self.life) {
            return Some(Rule::N06);
        }
        if self.olm.failure(sender, recipient, notice.epoch).is_none() {
            return Some(Rule::N01);
        }
        self.bar(sender, recipient).is_some().then_some(Rule::W21)
    }

    /// The notice was accepted: it is true if its reason holds by now.
    pub(crate) fn judge_again(&mut self, notice: u32) {
        let known = self.notices.get(notice);
        let (sender, recipient) = self.ends(known.number);
        let bar = self.bar(sender, recipient).map(|bar| bar.code);
        if known.untrue == Some(Rule::W08) && bar.is_some() && bar == known.code.known() {
            self.notices.set_true(notice);
        }
    }

    /// The recipient tried to decrypt an Olm message.
    pub(crate) fn opened(
        &mut self,
        (device, peer): (DeviceId, DeviceId),
        stored: ToDeviceId,
        result: OlmResult,
        (now, clock): (Moment, SimTime),
    ) {
        let opened = match result {
            OlmResult::Duplicate => None,
            OlmResult::Decrypted { session, event, .. } => {
                self.olm.used((device, peer), session, Stamp { moment: now, clock }, true);
                // Where decryption ends an epoch, what is owed after it is owed in a new one.
                match self.reading.epoch_end {
                    EpochEnd::Created => {}
                    EpochEnd::Decrypted => self.duties.changed(device),
                }
                if let Some(number) = self.transport.number(stored) {
                    self.told(number, SentContent::Olm(event), now);
                }
                Some(Opened::Decrypted)
            }
            OlmResult::Failed(error) => {
                if error == OlmError::Mismatch {
                    self.olm.used_unseen(device, peer, now.fact);
                }
                let recovery_due = error != OlmError::Mismatch
                    && !self.olm.recovery_forbidden(device, peer, clock)
                    && self.bar(device, peer).is_none();
                // An attempt of the epoch that failed is as good as one that fails now.
                let attempted = self.olm.failure(device, peer, self.epoch(device, peer)).is_some();
                let neglected =
                    self.olm.failed((device, peer), now.fact, recovery_due).filter(|_| !attempted);
                Some(Opened::Failed { error, fact: now.fact, recovery_due, neglected })
            }
        };
        if let (Some(opened), Some(number)) = (opened, self.transport.number(stored)) {
            let message = self.transport.get_mut(number);
            // What was opened once stays so, whatever later copies of it come to.
            if message.opened != Some(Opened::Decrypted) {
                message.opened = Some(opened);
            }
        }
    }

    /// The recipient dealt with a message.
    pub(crate) fn processed(
        &mut self,
        device: DeviceId,
        stored: ToDeviceId,
        outcome: ProcessOutcome,
        now: Moment,
    ) {
        let Some(number) = self.transport.number(stored) else { return };
        let message = self.transport.get_mut(number);
        let content = message.content;
        match (message.processed, outcome) {
            // A later copy changes nothing of what the first led to.
            (Some(_), ProcessOutcome::Duplicate) => {}
            (
                _,
                ProcessOutcome::Handled
                | ProcessOutcome::Discarded
                | ProcessOutcome::Ignored
                | ProcessOutcome::Duplicate,
            ) => message.processed = Some((now, outcome)),
        }
        match (content, outcome) {
            (Content::Request(request), ProcessOutcome::Handled | ProcessOutcome::Ignored) => {
                self.requests.processed(device, request);
            }
            (
                Content::Request(_)
                | Content::Key { .. }
                | Content::Forwarded(_)
                | Content::Dummy
                | Content::Notice(_)
                | Content::Sealed
                | Content::Clear
                | Content::Stray,
                _,
            ) => {}
        }
    }
}
