//! Scenes in which no Olm session can be set up when one is needed, and in which one can be again.
//! They do not know who is told of it.

use crate::generate::draft::{Couple, Draft};
use crate::generate::sort::FaultSort;
use crate::ids::DeviceId;
use crate::scenario::fault::FaultKind;
use crate::scenario::step::Step;
use crate::time::{SimDuration, SimTime};

/// From `from` on there is no key of the device to claim.
fn drain(draft: &mut Draft<'_, '_>, device: DeviceId, from: SimTime, length: SimDuration) {
    draft.fault(from, length, FaultKind::OneTimeKeysRunOut { device });
    if draft.dice.chance(5, 6) {
        draft.fault(from, length, FaultKind::NoFallbackKey { device });
    }
}

/// Keys run out, somebody sends, in several rooms or under several sessions; the keys come back, and somebody sends.
pub(super) fn keys_run_out(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let from =
        if draft.dice.chance(1, 2) { SimTime::ZERO } else { draft.clock - draft.dice.soon() };
    let length = (draft.clock + draft.dice.window()).since(from);
    drain(draft, other, from, length);
    if draft.dice.chance(1, 4) {
        draft.step(draft.clock, Step::Block { device: sender, target: draft_target(other) });
    }
    for _ in 0..draft.dice.between(1, 3) {
        let room =
            if draft.dice.chance(1, 3) { draft.room_of(sender).unwrap_or(room) } else { room };
        match draft.dice.chance(1, 3) {
            true => draft.send_anew(draft.clock, sender, room),
            false => draft.send(draft.clock, sender, room),
        };
        draft.clock += if draft.dice.chance(1, 2) { draft.dice.pause() } else { draft.dice.soon() };
    }
    if draft.dice.chance(1, 4) {
        let point = draft.crash_point();
        let (at, length) = (draft.clock, draft.dice.soon());
        draft.fault(at, length, FaultKind::Crash { device: sender, point });
        draft.clock += draft.dice.pause();
        draft.send(draft.clock, sender, room);
    }
    draft.clock = draft.clock.max(from + length) + draft.dice.pause();
    draft.send(draft.clock, sender, room);
    if draft.dice.chance(1, 2) {
        draft.clock += draft.dice.pause();
        draft.send_anew(draft.clock, sender, room);
    }
}

const fn draft_target(device: DeviceId) -> crate::scenario::policy::Target {
    crate::scenario::policy::Target::Device(device)
}

/// No key, a report, keys again, a session; then the session is lost and there is no key once more.
pub(super) fn second_epoch(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let length = draft.clock.since(SimTime::ZERO) + draft.dice.pause();
    drain(draft, other, SimTime::ZERO, length);
    draft.send(draft.clock, sender, room);
    draft.clock = (SimTime::ZERO + length).max(draft.clock) + SimDuration::from_secs(1_000);
    draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.pause();
    let lost = FaultKind::OlmSessionsLost { device: sender, peer: other };
    draft.fault(draft.clock, SimDuration::from_ms(1), lost);
    let (from, length) = (draft.clock, draft.dice.hour());
    drain(draft, other, from, length);
    draft.clock += draft.dice.soon();
    draft.send_anew(draft.clock, sender, room);
    draft.clock += draft.dice.pause();
    draft.send(draft.clock, sender, room);
}

/// A device whose keys are gone sends itself, so that there is a session of its making.
pub(super) fn own_session(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let length = draft.clock.since(SimTime::ZERO) + draft.dice.hour();
    drain(draft, other, SimTime::ZERO, length);
    if draft.dice.chance(1, 3) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    draft.send(draft.clock, other, room);
    draft.clock += if draft.dice.chance(1, 3) { draft.dice.instant() } else { draft.dice.pause() };
    draft.send_anew(draft.clock, sender, room);
    if draft.dice.chance(1, 2) {
        draft.clock += draft.dice.pause();
        draft.send(draft.clock, sender, room);
    }
}

/// Everybody who can sends at once; keys of the other one are few, handed out twice or in a wrong order.
pub(super) fn rush(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { room, other, .. } = couple;
    let at = draft.clock;
    let oddities = [
        FaultSort::KeyHandedOutTwice,
        FaultSort::KeysOutOfOrder,
        FaultSort::OneTimeKeysRunOut,
        FaultSort::KeysClaimedByStranger,
        FaultSort::CountsOmitted,
    ];
    if draft.dice.chance(2, 3)
        && let Some(sort) = draft.dice.pick(&oddities)
    {
        draft.trouble_of(sort, at, couple);
    }
    let most = draft.dice.between(2, 5);
    let mut sent = 0;
    for device in draft.devices() {
        let user = draft.user(device);
        let takes_part = device != other && draft.is_joined(room, user);
        if takes_part && draft.scenario.devices[device.index()].present && sent < most {
            let at = at + draft.dice.instant();
            draft.send(at, device, room);
            sent += 1;
        }
    }
    draft.clock += draft.dice.pause();
    draft.send(draft.clock, couple.sender, room);
}

/// Claims fail, in passing or for good, and messages go out before, while and after.
pub(super) fn claims_fail(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, .. } = couple;
    draft.trouble_of(FaultSort::ClaimFails, draft.clock, couple);
    let rounds = draft.dice.between(1, 3);
    for _ in 0..rounds {
        draft.send(draft.clock, sender, room);
        draft.clock += if draft.dice.chance(1, 2) { draft.dice.pause() } else { draft.dice.soon() };
    }
    if draft.dice.chance(1, 2) {
        draft.clock += draft.dice.hour();
        draft.send_anew(draft.clock, sender, room);
    }
}
