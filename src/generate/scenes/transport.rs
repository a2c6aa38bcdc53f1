//! Scenes of the way between two devices: mishaps, retries, outages, crashes, and stores that go back.
//! They do not know what a client makes of them.

use crate::generate::draft::{Couple, Draft};
use crate::generate::sort::FaultSort;
use crate::ids::DeviceId;
use crate::protocol::api::Endpoint;
use crate::scenario::fault::FaultKind;
use crate::scenario::step::Step;
use crate::time::SimDuration;

/// Requests that carry what this is all about.
const ENDPOINTS: [Endpoint; 7] = [
    Endpoint::SendToDevice,
    Endpoint::SendToDevice,
    Endpoint::SendMessage,
    Endpoint::ClaimKeys,
    Endpoint::QueryKeys,
    Endpoint::Sync,
    Endpoint::UploadKeys,
];

/// A key or a notice goes out: a message under a new session, with a block before it or without.
fn something_goes_out(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    if draft.dice.chance(1, 3) {
        let target = draft.target(other);
        draft.step(draft.clock, Step::Block { device: sender, target });
        draft.clock += draft.dice.instant();
    }
    match draft.dice.chance(1, 2) {
        true => draft.send_anew(draft.clock, sender, room),
        false => draft.send(draft.clock, sender, room),
    };
}

/// To-device messages are late, doubled, lost, damaged or turned round while something goes out.
pub(super) fn mishap(draft: &mut Draft<'_, '_>, couple: Couple) {
    let sorts = [
        FaultSort::ToDeviceDelayed,
        FaultSort::ToDeviceDuplicated,
        FaultSort::ToDeviceReordered,
        FaultSort::ToDeviceDropped,
        FaultSort::OlmCorrupted,
        FaultSort::SecondReader,
        FaultSort::BatchLimit,
        FaultSort::EduLimit,
        FaultSort::PoisonedEdu,
    ];
    for _ in 0..draft.dice.between(1, 2) {
        if let Some(sort) = draft.dice.pick(&sorts) {
            draft.trouble_of(sort, draft.clock, couple);
        }
    }
    for _ in 0..draft.dice.between(1, 3) {
        something_goes_out(draft, couple);
        draft.clock += draft.dice.soon();
    }
    if draft.dice.chance(1, 2) {
        draft.clock += draft.dice.pause();
        draft.send(draft.clock, couple.sender, couple.room);
    }
}

/// Answers are lost, or requests refused, so that they are made again.
pub(super) fn retry(draft: &mut Draft<'_, '_>, couple: Couple) {
    let device = if draft.dice.chance(1, 4) { couple.other } else { couple.sender };
    let endpoint = draft.dice.pick(&ENDPOINTS).unwrap_or(Endpoint::SendToDevice);
    let kind = match draft.dice.chance(1, 3) {
        true => FaultKind::RateLimited { device, endpoint, retry_after: draft.dice.soon() },
        false => {
            let first = draft.dice.chance(5, 6).then(|| draft.dice.count(1, 2));
            FaultKind::ResponseLost { device, endpoint, first }
        }
    };
    let length = draft.dice.window();
    let from = draft.clock - draft.dice.instant();
    draft.fault(from, length, kind);
    something_goes_out(draft, couple);
    draft.clock += draft.dice.soon();
    if draft.dice.chance(1, 2) {
        something_goes_out(draft, couple);
        draft.clock += draft.dice.pause();
    }
    draft.clock += draft.dice.pause();
    draft.send(draft.clock, couple.sender, couple.room);
}

/// A server or the link between two is down while somebody sends, and up again when somebody does.
pub(super) fn outage(draft: &mut Draft<'_, '_>, couple: Couple) {
    let sorts = [FaultSort::ServerUnreachable, FaultSort::FederationDown, FaultSort::PoisonedEdu];
    if let Some(sort) = draft.dice.pick(&sorts) {
        draft.trouble_of(sort, draft.clock, couple);
    }
    for _ in 0..draft.dice.between(1, 3) {
        something_goes_out(draft, couple);
        draft.clock += draft.dice.pause();
    }
    draft.clock += draft.dice.hour();
    draft.send(draft.clock, couple.sender, couple.room);
}

/// A device is offline while keys and notices pile up in its mailbox.
pub(super) fn away(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let (from, length) = (draft.clock, draft.dice.pause());
    draft.fault(from, length, FaultKind::ClientOffline { device: other });
    if draft.dice.chance(1, 2) {
        draft.trouble_of(FaultSort::BatchLimit, from, couple);
    }
    if draft.dice.chance(1, 3) {
        draft.fault(from, length.times(2), FaultKind::ToDeviceReordered { device: other });
    }
    let target = draft.target(other);
    for turn in 0..draft.dice.between(2, 5) {
        if draft.dice.chance(1, 3) {
            let step = match turn % 2 {
                0 => Step::Block { device: sender, target },
                _ => Step::Unblock { device: sender, target },
            };
            draft.step(draft.clock, step);
            draft.clock += draft.dice.instant();
        }
        draft.send_anew(draft.clock, sender, room);
        draft.clock += draft.dice.instant();
        if let Some(third) = draft.third(couple)
            && draft.dice.chance(1, 3)
        {
            draft.send(draft.clock, third, room);
        }
    }
    draft.clock = from + length + draft.dice.soon();
    draft.send(draft.clock, sender, room);
}

/// A client stops at some point of what it does at this moment, and starts again.
fn stops(draft: &mut Draft<'_, '_>, device: DeviceId, within: SimDuration) {
    let point = draft.crash_point();
    let length = if draft.dice.chance(1, 2) { draft.dice.soon() } else { draft.dice.pause() };
    let from = draft.clock - SimDuration::from_ms(draft.dice.number(within.as_ms() + 1));
    let after = SimDuration::from_ms(draft.dice.number(within.as_ms() + 1));
    let from = if draft.dice.chance(1, 2) { draft.clock } else { from + after };
    draft.fault(from, length + SimDuration::from_ms(20), FaultKind::Crash { device, point });
}

/// The sender stops while it sends, and sends again when it is back.
pub(super) fn sender_stops(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    if draft.dice.chance(1, 2) {
        if draft.dice.chance(1, 2) {
            let target = draft.target(other);
            draft.step(draft.clock, Step::Block { device: sender, target });
        }
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    stops(draft, sender, SimDuration::from_ms(60));
    something_goes_out(draft, couple);
    draft.clock += draft.dice.pause();
    draft.send(draft.clock, sender, room);
    if draft.dice.chance(1, 2) {
        draft.clock += draft.dice.pause();
        draft.send(draft.clock, sender, room);
    }
}

/// The recipient stops while something arrives.
pub(super) fn recipient_stops(draft: &mut Draft<'_, '_>, couple: Couple) {
    something_goes_out(draft, couple);
    draft.clock += SimDuration::from_ms(draft.dice.between(0, 200));
    stops(draft, couple.other, SimDuration::from_ms(100));
    draft.clock += draft.dice.pause();
    draft.send(draft.clock, couple.sender, couple.room);
}

/// A store, a server or a second process goes back to a time before something that has happened.
pub(super) fn goes_back(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let before = draft.clock - draft.dice.instant();
    let device = if draft.dice.chance(1, 2) { sender } else { other };
    something_goes_out(draft, couple);
    draft.clock += draft.dice.pause();
    let at = draft.clock;
    match draft.dice.number(4) {
        0 => {
            let server = draft.server(device);
            let kind = FaultKind::ServerRestored { server, snapshot: before };
            draft.fault(at, SimDuration::from_ms(1), kind);
        }
        1 => draft.fault(before, at.since(before), FaultKind::SecondProcess { device }),
        _ => {
            let kind = FaultKind::StoreRolledBack { device, snapshot: before };
            draft.fault(at, SimDuration::from_ms(1), kind);
        }
    }
    draft.clock += draft.dice.soon();
    for _ in 0..draft.dice.between(1, 2) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.pause();
    }
    if draft.dice.chance(1, 3) {
        draft.clock += draft.dice.hour();
        draft.send_anew(draft.clock, sender, room);
    }
}
