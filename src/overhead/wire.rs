//! The requests of a run by endpoint, and the bytes of those that carry to-device messages.
//! It does not know what came of a request: one that is made again is counted again.

use crate::ids::DeviceId;
use crate::overhead::bytes::Scales;
use crate::overhead::measure::{Figures, Measure};
use crate::protocol::api::{Endpoint, Request};
use crate::protocol::to_device::ToDeviceBody;
use crate::run::simulator::RequestTap;
use crate::scenario::model::Scenario;

/// Counts the requests that leave clients.
#[derive(Debug)]
pub struct Wire<'s> {
    scales: Scales<'s>,
    all: u64,
    puts: u64,
    claims: u64,
    queries: u64,
    syncs: u64,
    bytes: u64,
    notice_bytes: u64,
}

impl<'s> Wire<'s> {
    /// Nothing has left yet.
    #[must_use]
    pub fn new(scenario: &'s Scenario) -> Self {
        Self {
            scales: Scales::new(scenario),
            all: 0,
            puts: 0,
            claims: 0,
            queries: 0,
            syncs: 0,
            bytes: 0,
            notice_bytes: 0,
        }
    }

    /// Adds the figures of the requests.
    pub fn finish(self, figures: &mut Figures) {
        for (measure, value) in [
            (Measure::Requests, self.all),
            (Measure::SendToDevice, self.puts),
            (Measure::ClaimRequests, self.claims),
            (Measure::QueryRequests, self.queries),
            (Measure::Syncs, self.syncs),
            (Measure::Bytes, self.bytes),
            (Measure::NoticeBytes, self.notice_bytes),
        ] {
            figures.set(measure, value);
        }
    }
}

impl RequestTap for Wire<'_> {
    fn request(&mut self, _: DeviceId, request: &Request) {
        let of_endpoint = match request.endpoint() {
            Endpoint::SendToDevice => Some(&mut self.puts),
            Endpoint::ClaimKeys => Some(&mut self.claims),
            Endpoint::QueryKeys => Some(&mut self.queries),
            Endpoint::Sync => {
                self.syncs += 1;
                return;
            }
            Endpoint::UploadKeys
            | Endpoint::KeyChanges
            | Endpoint::Signing
            | Endpoint::SendMessage
            | Endpoint::SendState
            | Endpoint::Members
            | Endpoint::Backup
            | Endpoint::Logout => None,
        };
        self.all += 1;
        if let Some(count) = of_endpoint {
            *count += 1;
        }
        if let Request::SendToDevice(put) = request {
            self.bytes += self.scales.put(put);
            for (device, body) in &put.messages {
                if matches!(body, ToDeviceBody::Withheld(_)) {
                    self.notice_bytes += self.scales.content(body, *device);
                }
            }
        }
    }
}
