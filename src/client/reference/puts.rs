//! To-device requests as they are put together: messages of one type to many devices, sealed where they have to be.
//! It does not know why anything is sent.

use crate::client::reference::Reference;
use crate::client::reference::io::Io;
use crate::client::reference::outbox::Places;
use crate::ids::{DeviceId, FactId, TxnId};
use crate::protocol::api::{Request, ToDevicePut};
use crate::protocol::to_device::{OlmEvent, OlmPayload, SenderKeys, ToDeviceBody, ToDeviceType};
use crate::scenario::habits::BundleSending;
use crate::trace::fact::{Causes, FactKind, SentContent};

/// One message of a request under way.
pub(super) struct Item {
    pub(super) device: DeviceId,
    pub(super) content: ItemContent,
    /// Why it is sent: the decision, and what that rests on.
    pub(super) because: Causes,
}

/// What one message holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum ItemContent {
    /// To be encrypted for the device.
    Sealed(OlmEvent),
    /// In clear.
    Clear(ToDeviceBody),
}

impl Reference {
    /// Puts messages into the outbox, as few requests as possible, encrypting what is to be sealed.
    pub(super) fn put(
        &mut self,
        event_type: ToDeviceType,
        items: Vec<Item>,
        cause: Option<FactId>,
        io: &mut Io<'_, '_>,
    ) -> Places {
        let (device, per_put) = (self.me(), self.habits().targets_per_put.max(1) as usize);
        let mut puts = Places::new();
        for chunk in transactions(items, per_put) {
            let txn = io.given.entropy.txn();
            let targets = u32::try_from(chunk.len()).expect("a chunk is at most a u32 long");
            let kind = FactKind::Put { device, txn, event_type, targets };
            let put_fact = io.fact(kind, Causes::of([cause]));
            let mut messages = Vec::with_capacity(chunk.len());
            for item in &chunk {
                let recipient = item.device;
                let (body, content, why) = match item.content {
                    ItemContent::Clear(body) => (body, as_sent(&body), item.because),
                    ItemContent::Sealed(event) => {
                        let Some((body, fact)) =
                            self.seal(recipient, event, (txn, item.because), io)
                        else {
                            continue;
                        };
                        (body, SentContent::Olm(event), Causes::one(fact))
                    }
                };
                let kind = FactKind::PutTarget { device, txn, recipient, content };
                io.fact(kind, why.iter().fold(Causes::one(put_fact), Causes::and));
                messages.push((recipient, body));
            }
            let request = Request::SendToDevice(ToDevicePut { txn, event_type, messages });
            puts.push(self.store.outbox.push(request, Some(put_fact)));
            io.touch();
        }
        puts
    }

    /// Encrypts an event for a device on the session to use.
    fn seal(
        &mut self,
        peer: DeviceId,
        event: OlmEvent,
        (txn, because): (TxnId, Causes),
        io: &mut Io<'_, '_>,
    ) -> Option<(ToDeviceBody, FactId)> {
        let bare = matches!(event, OlmEvent::RoomKeyBundle(_))
            && self.habits().bundle_sending == BundleSending::NoDeviceKeys;
        let sender_keys = if bare { SenderKeys::Absent } else { SenderKeys::Agree };
        let payload = OlmPayload { recipient: peer, sender_keys, event };
        let choose = self.habits().choose_olm;
        let (ciphertext, session, made_by) =
            self.store.olm.encrypt(peer, payload, choose, io.given.entropy)?;
        let device = self.me();
        let kind = FactKind::OlmEncrypted { device, peer, session, event, sender_keys, txn };
        let causes = made_by.0.into_iter().chain(because.iter()).fold(Causes::NONE, Causes::and);
        let fact = io.fact(kind, causes);
        Some((ToDeviceBody::Olm(ciphertext), fact))
    }
}

/// Messages by the transaction that carries them, in their order: a transaction has one message for a device at the most
/// (T-06), and so many in all.
fn transactions(items: Vec<Item>, most: usize) -> Vec<Vec<Item>> {
    let mut transactions: Vec<Vec<Item>> = Vec::new();
    // The greatest device of the last one: most come in their order, so that nobody need be looked for.
    let mut greatest = None;
    let mut left = items.len();
    for item in items {
        let names = |other: &Item| other.device == item.device;
        let last = transactions.last_mut().filter(|last| last.len() < most);
        match last.filter(|last| greatest < Some(item.device) || !last.iter().any(names)) {
            Some(last) => {
                greatest = greatest.max(Some(item.device));
                last.push(item);
            }
            None => {
                greatest = Some(item.device);
                let mut first = Vec::with_capacity(left.min(most));
                first.push(item);
                transactions.push(first);
            }
        }
        left -= 1;
    }
    transactions
}

/// What its sender knows of a message.
pub(super) fn as_sent(body: &ToDeviceBody) -> SentContent {
    match *body {
        ToDeviceBody::Withheld(content) => SentContent::Withheld(content),
        ToDeviceBody::KeyRequest(request) => SentContent::KeyRequest(request),
        ToDeviceBody::Olm(ciphertext) => SentContent::Olm(ciphertext.payload.event),
        ToDeviceBody::Clear(event) => SentContent::Clear(event),
    }
}

impl Item {
    /// The same message once more; what is sealed is sealed anew.
    pub(super) fn in_clear_again(&self) -> Self {
        Self { device: self.device, content: self.content, because: self.because }
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, ItemContent, transactions};
    use crate::ids::DeviceId;
    use crate::protocol::to_device::OlmEvent;
    use crate::trace::fact::Causes;

    fn split(devices: &[u32], most: usize) -> Vec<Vec<u32>> {
        let item = |device: &u32| Item {
            device: DeviceId::new(*device),
            content: ItemContent::Sealed(OlmEvent::Dummy { empty: true }),
            because: Causes::NONE,
        };
        transactions(devices.iter().map(item).collect(), most)
            .iter()
            .map(|items| items.iter().map(|item| item.device.raw()).collect())
            .collect()
    }

    #[test]
    fn a_transaction_names_no_device_twice_and_holds_no_more_than_it_may() {
        assert_eq!(split(&[1, 2, 1, 3, 2], 250), [vec![1, 2], vec![1, 3, 2]]);
        assert_eq!(split(&[1, 1, 1], 250), [[1], [1], [1]]);
        assert_eq!(split(&[1, 2, 2], 250), [vec![1, 2], vec![2]]);
        assert_eq!(split(&[1, 2, 3, 4, 5], 2), [vec![1, 2], vec![3, 4], vec![5]]);
        assert_eq!(split(&[1, 2, 2, 3], 2), [[1, 2], [2, 3]]);
        assert_eq!(split(&[], 2), [[0; 0]; 0]);
    }
}
