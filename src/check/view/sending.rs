//! What devices send each other, taken in as it becomes known: at encryption, when it is put together, stored, opened.
//! It does not know what should have been sent.

use crate::check::view::View;
use crate::check::view::given::Given;
use crate::check::view::life::Moment;
use crate::check::view::olm::Stamp;
use crate::check::view::transport::{Content, Opened};
use crate::ids::{DeviceId, FactId, MegolmSessionId, RoomId, ToDeviceId, TxnId};
use crate::protocol::to_device::{OlmEvent, ToDeviceType};
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
        let known = self.transport.find(txn, ends.1);
        let number = known.unwrap_or_else(|| self.transport.add(ends, txn, Content::Sealed, now));
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
            SentContent::KeyRequest(request) => {
                if request.requester == sender {
                    self.askings.sent(recipient, request, now.fact);
                }
                Content::Request(request)
            }
            SentContent::Withheld(notice) | SentContent::Olm(OlmEvent::Withheld(notice)) => {
                self.notice(number, notice, now)
            }
            SentContent::Olm(OlmEvent::Dummy { .. }) => Content::Dummy,
            SentContent::Olm(OlmEvent::RoomKeyBundle(bundle)) => Content::Bundle(bundle),
            SentContent::Olm(OlmEvent::ForwardedRoomKey(forwarded)) => {
                self.requests.answered(sender, recipient, forwarded.key.session);
                self.forwards.add(number, recipient, forwarded);
                Content::Forwarded(forwarded.key.session)
            }
            // A key for another room opens nothing in the room of the session.
            SentContent::Olm(OlmEvent::RoomKey(key))
                if self.is_misplaced(key.session, key.room) =>
            {
                Content::Stray
            }
            SentContent::Olm(OlmEvent::RoomKey(key)) => {
                self.requests.answered(sender, recipient, key.session);
                let since = self.olm.claiming_since(sender, now.at);
                self.messages.prepares(sender, key.room, now, since);
                if self.may_be_of(key.session, sender) {
                    let given = Given { device: recipient, first: key.first, put: now };
                    self.givens.add(key.session, given);
                }
                Content::Key { session: key.session, first: key.first }
            }
        };
        self.transport.tell(number, content);
        let txn = self.transport.get(number).txn;
        if self.transport.accepted(txn).is_some() {
            self.notice_accepted(number);
        }
    }

    /// Whether the session was made for another room.
    pub(crate) fn is_misplaced(&self, session: MegolmSessionId, room: RoomId) -> bool {
        self.messages.session(session).is_some_and(|made| made.room != room)
    }

    /// A sender's server accepted a transaction, or part of it was found in a mailbox.
    pub(crate) fn put_accepted(&mut self, txn: TxnId, fact: FactId) {
        if !self.transport.accept(txn, fact) {
            return;
        }
        // What was not seen to leave it may be forged.
        let sender =
            self.transport.of_txn(txn).next().map(|first| self.transport.get(first).sender);
        if let Some(sender) = sender.filter(|_| self.transport.is_observed(txn)) {
            self.contacts.accepted(sender);
        }
        let of_txn = self.transport.of_txn(txn);
        let notices: Vec<u32> = of_txn
            .filter(|number| matches!(self.transport.get(*number).content, Content::Notice(_)))
            .collect();
        for number in notices {
            self.notice_accepted(number);
        }
    }

    /// What this message carries is known, and it was accepted.
    fn notice_accepted(&mut self, number: u32) {
        if let Content::Notice(notice) = self.transport.get(number).content {
            let ends @ (sender, recipient) = self.ends(number);
            let bar = self.bar(sender, recipient).map(|bar| bar.code);
            let trusted = self.trusts(sender, recipient);
            self.notices.accept(notice, ends, (bar, trusted));
        }
    }

    pub(crate) fn ends(&self, number: u32) -> (DeviceId, DeviceId) {
        let message = self.transport.get(number);
        (message.sender, message.recipient)
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
                if let OlmEvent::RoomKey(key) = event {
                    self.bundles.flagged(device, key.session, key.shared_history);
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
                    && self.bar(device, peer).is_none()
                    && !self.life.is_plain(peer)
                    && !self.misses_list(device, peer);
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
        // To a store that went back since then it is no copy.
        let processed = self.transport.get(number).processed;
        let is_copy = processed.is_some_and(|(then, _)| self.remembers(device, then));
        let message = self.transport.get_mut(number);
        let (content, sender) = (message.content, message.sender);
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
            // A copy of a request asks for nothing new.
            (Content::Request(request), ProcessOutcome::Handled | ProcessOutcome::Ignored)
                // Nobody asks, or takes back, in the name of another user's device.
                if !is_copy && self.cast.user(sender) == self.cast.user(request.requester) =>
            {
                self.requests.processed(device, request, now.fact);
            }
            (
                Content::Request(_)
                | Content::Key { .. }
                | Content::Forwarded(_)
                | Content::Dummy
                | Content::Bundle(_)
                | Content::Notice(_)
                | Content::Sealed
                | Content::Clear
                | Content::Stray,
                _,
            ) => {}
        }
    }
}
