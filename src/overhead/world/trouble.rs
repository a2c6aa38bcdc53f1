//! What breaks in a world: devices without network, keys that run out, claims that fail, a server that is away.
//! It does not know who needs what breaks.

use super::lot::{For, Lot};
use super::story::{FIRST_MESSAGE, last_message};
use super::{Numbers, People};
use crate::ids::{DeviceId, ServerId};
use crate::scenario::fault::{ClaimFailure, Fault, FaultKind};
use crate::scenario::model::Scenario;
use crate::time::{SimDuration, SimTime};

/// When keys have run out that do: before anybody claims one, and after the first upload.
const KEYS_GONE: SimTime = SimTime::from_ms(500);

/// Adds what breaks. Everything is whole again before the run ends.
pub(super) fn add(numbers: Numbers, scenario: &mut Scenario, people: People<'_>, lot: &mut Lot) {
    let receiving: Vec<DeviceId> = (0..scenario.devices.len())
        .map(DeviceId::at)
        .filter(|device| scenario.devices[device.index()].present)
        .filter(|device| !people.senders.contains(device))
        .collect();
    let (first, last) = (FIRST_MESSAGE, last_message(numbers));
    let pause = SimDuration::from_secs(numbers.pause_s);
    let mut faults = Vec::new();
    for device in lot.some(numbers.offline as usize, &receiving, For::Trouble) {
        let from = lot.time(first, last, For::Trouble);
        let until = from + pause.times(lot.between(2, 10, For::Trouble));
        faults.push(Fault { from, until, kind: FaultKind::ClientOffline { device } });
    }
    for device in lot.some(numbers.run_out as usize, &receiving, For::Trouble) {
        let until = lot.time(first + pause, last, For::Trouble);
        for kind in [FaultKind::OneTimeKeysRunOut { device }, FaultKind::NoFallbackKey { device }] {
            faults.push(Fault { from: KEYS_GONE, until, kind });
        }
    }
    let server = server(numbers, lot);
    let failure = [ClaimFailure::Unreachable, ClaimFailure::Timeout, ClaimFailure::ServerError];
    if let Some(failure) = lot.some(1, &failure, For::Trouble).pop() {
        let until = first + pause.times(lot.between(1, 4, For::Trouble));
        faults.push(Fault { from: first, until, kind: FaultKind::ClaimFails { server, failure } });
    }
    let server = self::server(numbers, lot);
    let from = lot.time(first + pause, last, For::Trouble);
    let until = from + pause.times(2);
    faults.push(Fault { from, until, kind: FaultKind::ServerUnreachable { server } });
    scenario.faults = faults;
}

fn server(numbers: Numbers, lot: &mut Lot) -> ServerId {
    ServerId::at(usize::try_from(lot.below(u64::from(numbers.servers), For::Trouble)).unwrap_or(0))
}
