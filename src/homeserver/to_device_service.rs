//! What a homeserver does with to-device messages: it takes a transaction once, keeps what is for its own devices and
//! queues the rest for their servers.
//! It does not know what a message says, nor what happens to it on its way.

use std::collections::BTreeMap;

use crate::homeserver::Homeserver;
use crate::homeserver::federation::ToDeviceEdu;
use crate::homeserver::log::FactLog;
use crate::ids::{DeviceId, FactId, ServerId};
use crate::protocol::api::ToDevicePut;
use crate::protocol::provenance::Provenance;
use crate::protocol::to_device::ToDeviceBody;
use crate::trace::fact::{Causes, FactKind};

/// What became of a `sendToDevice` request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The fact that the transaction was accepted, now or before.
    pub by: Provenance,
    /// What is for the server's own devices; empty for a transaction that had been accepted before.
    pub local: Vec<(DeviceId, ToDeviceBody)>,
}

impl Homeserver {
    /// `PUT /sendToDevice`.
    pub fn accept_to_device(
        &mut self,
        device: DeviceId,
        put: &ToDevicePut,
        causes: Causes,
        log: &mut impl FactLog,
    ) -> Accepted {
        if let Some(by) = self.puts.find(device, put.txn) {
            return Accepted { by, local: Vec::new() };
        }
        let kind = FactKind::PutAccepted { device, txn: put.txn };
        let by = Provenance::of(log.record(kind, causes));
        self.puts.insert(device, put.txn, by);
        let mut local = Vec::with_capacity(put.messages.len());
        let mut remote: BTreeMap<ServerId, Vec<(DeviceId, ToDeviceBody)>> = BTreeMap::new();
        for &(target, body) in &put.messages {
            let server = self.residents.server_of_device(target);
            if server == self.id {
                local.push((target, body));
            } else {
                remote.entry(server).or_default().push((target, body));
            }
        }
        for (server, messages) in remote {
            let edu = ToDeviceEdu {
                message_id: 0,
                sender: device,
                txn: put.txn,
                event_type: put.event_type,
                messages,
                cause: by,
            };
            self.federation.queue_to_device(server, edu);
        }
        Accepted { by, local }
    }

    /// The fact that this room message was accepted before, if it was.
    #[must_use]
    pub fn accepted_before(&self, device: DeviceId, txn: crate::ids::TxnId) -> Option<Provenance> {
        self.messages.find(device, txn)
    }

    /// Remembers that a room message was accepted.
    pub fn remember_message(&mut self, device: DeviceId, txn: crate::ids::TxnId, by: FactId) {
        self.messages.insert(device, txn, Provenance::of(by));
    }

    /// Notes that there may be something new for a device.
    pub fn touch(&mut self, device: DeviceId) {
        self.touched.push(device);
    }
}
