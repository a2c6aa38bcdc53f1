//! To-device messages in facts written by hand: each step of their way is one line.
//! It does not know what they say, nor what a judge makes of them.

use crate::check::testing::{A1, B1, HOME, R, Story, about};
use crate::ids::{DeviceId, FactId, MegolmSessionId, OlmSessionId, RequestId, ToDeviceId, TxnId};
use crate::protocol::to_device::{
    ForwardedRoomKey, ForwardedWithheld, KeyRequest, KeyRequestAction, OlmEvent, RoomKey,
    SenderKeys, SharedHistory, ToDeviceType,
};
use crate::protocol::withheld::{SessionCode, WithheldCode, WithheldContent, WithheldNotice};
use crate::trace::fact::{FactKind, KeySource, OlmError, OlmResult, ProcessOutcome, SentContent};

/// A to-device message that is under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) sender: DeviceId,
    pub(crate) recipient: DeviceId,
    pub(crate) txn: TxnId,
    pub(crate) event_type: ToDeviceType,
    pub(crate) content: SentContent,
    /// Its row in the mailbox, once it is stored.
    pub(crate) row: ToDeviceId,
}

impl Story {
    /// Puts a to-device message together.
    pub(crate) fn put(
        &mut self,
        (sender, recipient): (DeviceId, DeviceId),
        event_type: ToDeviceType,
        content: SentContent,
    ) -> Sent {
        let [txn, row] = [self.number(), self.number()];
        let (txn, row) = (TxnId::new(txn), ToDeviceId::new(row));
        self.by(sender, FactKind::Put { device: sender, txn, event_type, targets: 1 });
        if let SentContent::Olm(event) = content {
            let (device, peer) = (sender, recipient);
            let (session, sender_keys) = (OlmSessionId::new(0), SenderKeys::Agree);
            let kind = FactKind::OlmEncrypted { device, peer, session, event, sender_keys, txn };
            self.by(sender, kind);
        }
        self.by(sender, FactKind::PutTarget { device: sender, txn, recipient, content });
        Sent { sender, recipient, txn, event_type, content, row }
    }

    /// The sender's server accepts it.
    pub(crate) fn accepted(&mut self, sent: Sent) -> FactId {
        self.at(HOME, FactKind::PutAccepted { device: sent.sender, txn: sent.txn })
    }

    /// The recipient's server stores it.
    pub(crate) fn stored(&mut self, sent: Sent) -> FactId {
        let Sent { sender, recipient, txn, event_type, content, row: message } = sent;
        let kind = FactKind::Enqueued { message, sender, recipient, txn, event_type, content };
        self.at(HOME, kind)
    }

    /// The recipient's server stores it once more, in a row of its own.
    pub(crate) fn stored_again(&mut self, sent: Sent) -> Sent {
        let copy = Sent { row: ToDeviceId::new(self.number()), ..sent };
        self.stored(copy);
        copy
    }

    /// A server loses it before it is stored.
    pub(crate) fn lost(&mut self, sent: Sent) -> FactId {
        let Sent { recipient, txn, .. } = sent;
        self.at(HOME, FactKind::Lost { txn, recipient, message: None })
    }

    /// Puts a message together, and it gets into the mailbox.
    pub(crate) fn send(
        &mut self,
        ends: (DeviceId, DeviceId),
        event_type: ToDeviceType,
        content: SentContent,
    ) -> Sent {
        let sent = self.put(ends, event_type, content);
        self.accepted(sent);
        self.stored(sent);
        sent
    }

    /// A room key of a session that is put together for a device.
    pub(crate) fn key(session: MegolmSessionId, first: u32) -> SentContent {
        let key = RoomKey { room: R, session, first, shared_history: SharedHistory::No };
        SentContent::Olm(OlmEvent::RoomKey(key))
    }

    /// A session that is put together to be forwarded for the first time, maybe with a reason why it is partial.
    pub(crate) const fn forwarded(
        session: MegolmSessionId,
        first: u32,
        withheld: Option<ForwardedWithheld>,
    ) -> SentContent {
        let key = RoomKey { room: R, session, first, shared_history: SharedHistory::No };
        let forwarded = ForwardedRoomKey { key, creator: A1, hops: 0, withheld };
        SentContent::Olm(OlmEvent::ForwardedRoomKey(forwarded))
    }

    /// A forwarded key gets into the mailbox.
    pub(crate) fn forward(
        &mut self,
        ends: (DeviceId, DeviceId),
        session: MegolmSessionId,
        first: u32,
    ) -> Sent {
        self.send(ends, ToDeviceType::Encrypted, Self::forwarded(session, first, None))
    }

    /// The recipient gets a forwarded key and keeps it, with the reason that came with it.
    pub(crate) fn take_forward(&mut self, sent: Sent, withheld: Option<WithheldCode>) {
        self.listed(sent);
        self.opened(sent);
        if let SentContent::Olm(OlmEvent::ForwardedRoomKey(forwarded)) = sent.content {
            let RoomKey { session, first, .. } = forwarded.key;
            let (device, room, via) = (sent.recipient, R, Some(sent.row));
            let source = KeySource::Forwarded { withheld };
            self.by(device, FactKind::KeyIn { device, room, session, first, source, via });
        }
        self.processed(sent, ProcessOutcome::Handled);
        self.acknowledged(sent);
    }

    /// A room key gets into the mailbox.
    pub(crate) fn give(
        &mut self,
        ends: (DeviceId, DeviceId),
        session: MegolmSessionId,
        first: u32,
    ) -> Sent {
        self.send(ends, ToDeviceType::Encrypted, Self::key(session, first))
    }

    /// The recipient gets a room key and keeps it.
    pub(crate) fn take(&mut self, sent: Sent) {
        self.listed(sent);
        self.opened(sent);
        if let SentContent::Olm(OlmEvent::RoomKey(key)) = sent.content {
            self.key_in(sent.recipient, key.session, key.first, KeySource::RoomKey);
        }
        self.processed(sent, ProcessOutcome::Handled);
        self.acknowledged(sent);
    }

    /// A room key is given and taken.
    pub(crate) fn deliver(
        &mut self,
        ends: (DeviceId, DeviceId),
        session: MegolmSessionId,
        first: u32,
    ) {
        let sent = self.give(ends, session, first);
        self.take(sent);
    }

    pub(crate) fn key_in(
        &mut self,
        device: DeviceId,
        session: MegolmSessionId,
        first: u32,
        source: KeySource,
    ) -> FactId {
        self.by(device, FactKind::KeyIn { device, room: R, session, first, source, via: None })
    }

    pub(crate) fn opened(&mut self, sent: Sent) -> FactId {
        let Sent { recipient: device, sender: peer, row: message, .. } = sent;
        let event = match sent.content {
            SentContent::Olm(event) => event,
            SentContent::Sealed
            | SentContent::Clear(_)
            | SentContent::Withheld(_)
            | SentContent::KeyRequest(_) => OlmEvent::Dummy { empty: true },
        };
        let (session, sender_keys) = (OlmSessionId::new(0), SenderKeys::Agree);
        let result = OlmResult::Decrypted { session, event, sender_keys };
        self.by(device, FactKind::OlmDecrypt { device, peer, message, result })
    }

    /// The recipient gets an Olm message and cannot decrypt it.
    pub(crate) fn fails_to_open(&mut self, sent: Sent, error: OlmError) -> FactId {
        let Sent { recipient: device, sender: peer, row: message, .. } = sent;
        self.listed(sent);
        let result = OlmResult::Failed(error);
        let fact = self.by(device, FactKind::OlmDecrypt { device, peer, message, result });
        self.processed(sent, ProcessOutcome::Discarded);
        self.acknowledged(sent);
        fact
    }

    pub(crate) fn listed(&mut self, sent: Sent) -> FactId {
        self.at(HOME, FactKind::Listed { device: sent.recipient, message: sent.row })
    }

    pub(crate) fn processed(&mut self, sent: Sent, outcome: ProcessOutcome) -> FactId {
        let (device, message) = (sent.recipient, sent.row);
        self.by(device, FactKind::Processed { device, message, outcome })
    }

    pub(crate) fn acknowledged(&mut self, sent: Sent) -> FactId {
        self.at(HOME, FactKind::Acknowledged { device: sent.recipient, message: sent.row })
    }

    /// A notice in clear of the right type gets into the mailbox.
    pub(crate) fn tell(&mut self, ends: (DeviceId, DeviceId), content: WithheldContent) -> Sent {
        self.send(ends, ToDeviceType::Withheld, SentContent::Withheld(content))
    }

    /// A1 tells B1 that it withholds a session.
    pub(crate) fn withhold(&mut self, session: MegolmSessionId, code: SessionCode) -> Sent {
        self.tell((A1, B1), about(A1, session, code))
    }

    /// A device tells another that there is no Olm session.
    pub(crate) fn no_olm(&mut self, sender: DeviceId, recipient: DeviceId) -> Sent {
        self.tell((sender, recipient), WithheldNotice::NoOlm.content(sender))
    }

    /// The recipient deals with a message in clear.
    pub(crate) fn hear(&mut self, sent: Sent) -> FactId {
        self.listed(sent);
        let fact = self.processed(sent, ProcessOutcome::Handled);
        self.acknowledged(sent);
        fact
    }

    /// A device asks another for a session, or takes that back. How it put that together is not observed.
    pub(crate) fn request(
        &mut self,
        ends: (DeviceId, DeviceId),
        request: u32,
        action: KeyRequestAction,
    ) -> FactId {
        let request = KeyRequest { request: RequestId::new(request), requester: ends.0, action };
        let content = SentContent::KeyRequest(request);
        let [txn, row] = [self.number(), self.number()];
        let (txn, row) = (TxnId::new(txn), ToDeviceId::new(row));
        let event_type = ToDeviceType::KeyRequest;
        let (sender, recipient) = ends;
        let sent = Sent { sender, recipient, txn, event_type, content, row };
        self.stored(sent);
        self.hear(sent)
    }
}
