//! Scenes of the Olm channel: damage and repair, lost sessions, sessions that cross, keys that are gone.
//! They do not know which session is used.

use crate::generate::draft::{Couple, Draft};
use crate::generate::sort::FaultSort;
use crate::protocol::to_device::ToDeviceType;
use crate::scenario::fault::{FaultKind, ToDeviceFilter};
use crate::scenario::step::Step;
use crate::time::{SimDuration, SimTime};

/// Messages under new sessions, each of which needs the channel; with short pauses, and with one of about an hour.
fn several(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, .. } = couple;
    for _ in 0..draft.dice.between(2, 4) {
        draft.send_anew(draft.clock, sender, room);
        draft.clock += match draft.dice.number(4) {
            0 | 1 => draft.dice.pause(),
            2 => draft.dice.soon(),
            _ => draft.dice.hour(),
        };
    }
}

/// Ciphertexts between the two are damaged, the first of all or later ones.
pub(super) fn damage(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let which = ToDeviceFilter {
        sender: draft.dice.chance(3, 4).then_some(sender),
        recipient: Some(other),
        event_type: Some(ToDeviceType::Encrypted),
        first: draft.dice.chance(2, 3).then(|| draft.dice.count(1, 4)),
    };
    if draft.dice.chance(1, 2) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.pause();
    }
    let length = if draft.dice.chance(1, 2) { draft.dice.hour() } else { draft.dice.window() };
    draft.fault(draft.clock, length, FaultKind::OlmCorrupted { which });
    several(draft, couple);
    if draft.dice.chance(1, 2) {
        draft.send(draft.clock, other, room);
        draft.clock += draft.dice.pause();
    }
    several(draft, couple);
}

/// One side loses its sessions and goes on receiving on them; two devices of its user may do so together.
pub(super) fn sessions_lost(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.pause();
    for _ in 0..draft.dice.between(1, 2) {
        let (device, peer) =
            if draft.dice.chance(2, 3) { (other, sender) } else { (sender, other) };
        let once = SimDuration::from_ms(1);
        draft.fault(draft.clock, once, FaultKind::OlmSessionsLost { device, peer });
        if let Some(sibling) = draft.sibling(other)
            && sibling != sender
            && draft.dice.chance(1, 2)
        {
            let kind = FaultKind::OlmSessionsLost { device: sibling, peer: sender };
            draft.fault(draft.clock, once, kind);
        }
        several(draft, couple);
    }
}

/// Both sides make a session at the same time, and more messages show which one is used.
pub(super) fn crossing(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    draft.send_anew(draft.clock, sender, room);
    let at = draft.clock + draft.dice.instant();
    draft.send(at, other, room);
    draft.clock += draft.dice.pause();
    for _ in 0..draft.dice.between(1, 3) {
        let device = if draft.dice.chance(1, 2) { other } else { sender };
        draft.send_anew(draft.clock, device, room);
        draft.clock += draft.dice.pause();
    }
    if draft.dice.chance(1, 2) {
        draft.trouble_of(FaultSort::OlmSessionsLost, draft.clock, couple);
        several(draft, couple);
    }
}

/// The private part of a key is gone, or a server gives one again, before the first message that uses it arrives.
pub(super) fn key_forgotten(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let from =
        if draft.dice.chance(1, 2) { SimTime::ZERO } else { draft.clock - draft.dice.instant() };
    let kind = FaultKind::OneTimeKeysForgotten { device: other };
    draft.fault(from, SimDuration::from_ms(1), kind);
    if draft.dice.chance(1, 3) {
        draft.trouble_of(FaultSort::KeyHandedOutTwice, draft.clock, couple);
    }
    draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.pause();
    if let Some(third) = draft.third(couple) {
        draft.send(draft.clock, third, room);
        draft.clock += draft.dice.soon();
    }
    several(draft, couple);
}

/// Strangers and senders use a supply up; uploads are refused or counts left out, and then no more.
pub(super) fn supply(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { room, other, .. } = couple;
    for sort in [FaultSort::CountsOmitted, FaultSort::UploadRejected, FaultSort::NoFallbackKey] {
        if draft.dice.chance(1, 3) {
            draft.trouble_of(sort, draft.clock, couple);
        }
    }
    let count = draft.dice.count(1, 20);
    let kind = FaultKind::KeysClaimedByStranger { device: other, count };
    draft.fault(draft.clock, SimDuration::from_ms(1), kind);
    draft.clock += draft.dice.soon();
    for _ in 0..draft.dice.between(1, 3) {
        let claimer = draft.third(couple).unwrap_or(couple.sender);
        draft.send(draft.clock, claimer, room);
        draft.clock += draft.dice.soon();
    }
    if draft.dice.chance(1, 3) {
        draft.step(draft.clock, Step::RestoreBackup(other));
    }
    draft.clock += draft.dice.pause();
    draft.send(draft.clock, couple.sender, room);
}
