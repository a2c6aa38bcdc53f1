//! To-device messages on their way into mailboxes, and what may happen to them there.
//! It does not know what a client makes of a message.

use crate::client::Client;
use crate::engine::choices::Choices;
use crate::homeserver::to_device_service::Accepted;
use crate::ids::{DeviceId, FaultId, ServerId, ToDeviceId, TxnId};
use crate::protocol::api::{Response, ToDevicePut};
use crate::protocol::provenance::Provenance;
use crate::protocol::to_device::{ToDeviceBody, ToDeviceMessage};
use crate::sim::action::Action;
use crate::sim::faults::{Mishap, Parcel};
use crate::sim::network::Ticket;
use crate::sim::world::World;
use crate::trace::fact::{Causes, FactKind, Observer, SentContent};
use crate::trace::sink::FactSink;

/// A to-device message at the server of its recipient, before it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery {
    pub(super) recipient: DeviceId,
    pub(super) txn: TxnId,
    pub(super) message: ToDeviceMessage,
    /// What led to it: that it was accepted, and what has happened to it since.
    pub(super) causes: Causes,
}

impl<C: Client, K: Choices> World<C, K> {
    /// A to-device request arrives at its sender's server.
    pub(super) fn serve_to_device(
        &mut self,
        ticket: Ticket,
        put: &ToDevicePut,
        sink: &mut impl FactSink,
    ) {
        let id = self.server_of(ticket.device);
        let log = &mut self.recorder.log(sink, id);
        let server = &mut self.servers[id.index()];
        let Accepted { by, local } =
            server.accept_to_device(ticket.device, put, ticket.causes(), log);
        for (recipient, body) in local {
            let message =
                ToDeviceMessage { sender: ticket.device, event_type: put.event_type, body };
            let causes = Causes::of([by.0]);
            self.deliver(id, Delivery { recipient, txn: put.txn, message, causes }, sink);
        }
        self.reply(ticket, Ok(Response::Done), by.0);
    }

    /// A message has reached the server of its recipient: it is lost, held up, damaged or stored.
    pub(super) fn deliver(
        &mut self,
        id: ServerId,
        mut delivery: Delivery,
        sink: &mut impl FactSink,
    ) {
        if let Some((fault, _)) = self.mishap(&delivery, |mishap| mishap == Mishap::Dropped) {
            let causes = self.with_fault(delivery.causes, fault);
            let Delivery { txn, recipient, .. } = delivery;
            let kind = FactKind::Lost { txn, recipient, message: None };
            self.recorder.record(sink, Observer::Server(id), kind, causes);
            return;
        }
        if let ToDeviceBody::Olm(mut ciphertext) = delivery.message.body
            && let Some((fault, _)) = self.mishap(&delivery, |mishap| mishap == Mishap::Corrupted)
        {
            ciphertext.mac = !ciphertext.mac;
            delivery.message.body = ToDeviceBody::Olm(ciphertext);
            delivery.causes = self.with_fault(delivery.causes, fault);
        }
        let is_delay = |mishap| matches!(mishap, Mishap::Delayed(_));
        if let Some((fault, Mishap::Delayed(by))) = self.mishap(&delivery, is_delay) {
            delivery.causes = self.with_fault(delivery.causes, fault);
            let place = self.under_way.deliveries.insert(delivery);
            self.push(self.now() + by, Action::Deliver(place));
            return;
        }
        self.put_into_mailbox(id, delivery, sink);
    }

    /// A message that was held up is stored.
    pub(super) fn on_delivery(&mut self, place: u32, sink: &mut impl FactSink) {
        let delivery = self.under_way.deliveries.take(place);
        let id = self.server_of(delivery.recipient);
        self.put_into_mailbox(id, delivery, sink);
        self.settle_server(id, sink);
    }

    fn put_into_mailbox(&mut self, id: ServerId, delivery: Delivery, sink: &mut impl FactSink) {
        self.store(id, delivery, sink);
        let is_copy = |mishap| mishap == Mishap::Duplicated;
        if let Some((fault, _)) = self.mishap(&delivery, is_copy) {
            let causes = self.with_fault(delivery.causes, fault);
            self.store(id, Delivery { causes, ..delivery }, sink);
        }
    }

    /// Stores a message for whoever has the recipient's device id now; if nobody has, it goes nowhere.
    pub(super) fn store(&mut self, id: ServerId, delivery: Delivery, sink: &mut impl FactSink) {
        let Delivery { txn, message, causes, .. } = delivery;
        let Some(recipient) = self.servers[id.index()].holder(delivery.recipient) else { return };
        let row = ToDeviceId::new(self.next_row);
        self.next_row += 1;
        let kind = FactKind::Enqueued {
            message: row,
            sender: message.sender,
            recipient,
            txn,
            event_type: message.event_type,
            content: content_of(&message.body),
        };
        let stored = self.recorder.record(sink, Observer::Server(id), kind, causes);
        let server = &mut self.servers[id.index()];
        let written = Provenance::of(stored);
        server.account_mut(recipient).mailbox.store(row, txn, message, written);
        server.touch(recipient);
        if let Some(fault) = self.faults.second_reader(recipient) {
            self.empty_mailbox(recipient, fault, sink);
        }
    }

    /// Something else reads and acknowledges all that waits for a device.
    pub(super) fn empty_mailbox(
        &mut self,
        device: DeviceId,
        fault: FaultId,
        sink: &mut impl FactSink,
    ) {
        let id = self.server_of(device);
        for row in self.servers[id.index()].account_mut(device).mailbox.take_all() {
            let causes = Causes::of([row.written.0, self.faults.cause(fault)]);
            let kind = FactKind::Lost { txn: row.txn, recipient: device, message: Some(row.id) };
            self.recorder.record(sink, Observer::Server(id), kind, causes);
        }
    }

    fn mishap(
        &mut self,
        delivery: &Delivery,
        is_meant: impl Fn(Mishap) -> bool,
    ) -> Option<(FaultId, Mishap)> {
        let parcel = Parcel {
            sender: delivery.message.sender,
            recipient: delivery.recipient,
            event_type: delivery.message.event_type,
        };
        self.faults.mishap(parcel, is_meant)
    }

    fn with_fault(&self, causes: Causes, fault: FaultId) -> Causes {
        self.faults.cause(fault).into_iter().fold(causes, Causes::and)
    }
}

/// What is known of a content without decrypting it; of an Olm message the simulation knows the payload.
const fn content_of(body: &ToDeviceBody) -> SentContent {
    match body {
        ToDeviceBody::Olm(ciphertext) => SentContent::Olm(ciphertext.payload.event),
        ToDeviceBody::Withheld(content) => SentContent::Withheld(*content),
        ToDeviceBody::KeyRequest(request) => SentContent::KeyRequest(*request),
        ToDeviceBody::Clear(event) => SentContent::Clear(*event),
    }
}
