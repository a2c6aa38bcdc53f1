//! Scenes of device lists: devices that come, ids that come back, signatures, and lists that are told late or never.
//! They do not know what a sender takes a list for.

use crate::generate::draft::{Couple, Draft};
use crate::generate::sort::FaultSort;
use crate::ids::DeviceId;
use crate::scenario::fault::FaultKind;
use crate::scenario::step::Step;
use crate::time::SimDuration;

use super::rotation::chat;

/// What may be wrong with lists.
const ODDITIES: [FaultSort; 5] = [
    FaultSort::QuerySlow,
    FaultSort::ListNoticeLost,
    FaultSort::StaleQueryAnswer,
    FaultSort::ResponseLost,
    FaultSort::FederationDown,
];

/// A device that may log in, mostly of somebody in the room.
fn newcomer(draft: &mut Draft<'_, '_>, couple: Couple) -> Option<DeviceId> {
    let room = couple.room;
    let inside = draft.newcomer(|draft, device| draft.is_joined(room, draft.user(device)));
    inside.or_else(|| draft.newcomer(|_, _| true))
}

/// A login before, at or after a message, with something wrong with lists or not; then another message.
pub(super) fn login(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, .. } = couple;
    let Some(device) = newcomer(draft, couple) else { return chat(draft, couple) };
    let about = Couple { other: device, ..couple };
    if draft.dice.chance(2, 3) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    if draft.dice.chance(1, 2)
        && let Some(sort) = draft.dice.pick(&ODDITIES)
    {
        draft.trouble_of(sort, draft.clock, about);
    }
    if draft.dice.chance(1, 4) {
        draft.trouble_of(FaultSort::OneTimeKeysRunOut, draft.clock, about);
        draft.trouble_of(FaultSort::NoFallbackKey, draft.clock, about);
    }
    draft.step(draft.clock, Step::Login(device));
    draft.clock += draft.dice.soon();
    for _ in 0..draft.dice.between(1, 3) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
}

/// A device goes, and another one comes under its id; both are told something, or were given keys.
pub(super) fn same_id(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, .. } = couple;
    let id_of = |draft: &Draft<'_, '_>, device: DeviceId| {
        draft.scenario.devices[device.index()].device_id.clone()
    };
    let next = draft.newcomer(|draft, device| {
        let made = &draft.scenario.devices[device.index()];
        made.device_id != made.name
    });
    let Some(next) = next else { return login(draft, couple) };
    let (user, id) = (draft.user(next), id_of(draft, next));
    let first = draft.pick_device(|draft, device| {
        device != next && draft.user(device) == user && id_of(draft, device) == id
    });
    let Some(first) = first.filter(|first| *first != sender) else { return login(draft, couple) };
    let withheld = draft.dice.chance(1, 2);
    if withheld {
        draft.step(draft.clock, Step::Block { device: sender, target: draft_user(draft, first) });
    } else {
        for device in [first, next] {
            let kind = FaultKind::OneTimeKeysRunOut { device };
            draft.fault(draft.clock - SimDuration::from_secs(60), SimDuration::from_hours(2), kind);
            let kind = FaultKind::NoFallbackKey { device };
            draft.fault(draft.clock - SimDuration::from_secs(60), SimDuration::from_hours(2), kind);
        }
    }
    draft.send_anew(draft.clock, sender, room);
    draft.clock += draft.dice.pause();
    draft.step(draft.clock, Step::Logout(first));
    draft.clock += draft.dice.soon();
    draft.step(draft.clock, Step::Login(next));
    draft.clock += draft.dice.pause();
    draft.send(draft.clock, sender, room);
}

fn draft_user(draft: &Draft<'_, '_>, device: DeviceId) -> crate::scenario::policy::Target {
    crate::scenario::policy::Target::User(draft.user(device))
}

/// The list changes twice, and the query for the first change takes longer than that for the second.
pub(super) fn two_queries(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, .. } = couple;
    let Some(device) = newcomer(draft, couple) else { return signing(draft, couple) };
    let user = draft.user(device);
    let by = SimDuration::from_ms(draft.dice.between(200, 4_000));
    let at = draft.clock;
    let length = SimDuration::from_ms(draft.dice.between(40, 900));
    draft.fault(at - SimDuration::from_ms(1), length, FaultKind::QuerySlow { device: sender, by });
    let other = draft.pick_device(|draft, other| other != device && draft.user(other) == user);
    let (first, second) = match (draft.dice.number(3), other) {
        (0, Some(other)) => (Step::Login(device), Step::Login(other)),
        (1, Some(other)) => (Step::CrossSign(other), Step::Login(device)),
        (2, Some(other)) if other != sender => (Step::Logout(other), Step::Login(device)),
        _ => (Step::Login(device), Step::CrossSign(device)),
    };
    draft.step(at, first);
    let later = SimDuration::from_ms(draft.dice.between(10, 1_500));
    draft.step(at + later, second);
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.pause();
    draft.send(draft.clock, sender, room);
}

/// A device is signed, or all signatures of its user are gone, near messages.
pub(super) fn signing(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    for _ in 0..draft.dice.between(1, 3) {
        let device = match draft.dice.chance(1, 3) {
            true => draft.sibling(other).unwrap_or(other),
            false => other,
        };
        let step = match draft.dice.number(4) {
            0 => Step::ResetIdentity(device),
            _ => Step::CrossSign(device),
        };
        draft.step(draft.clock, step);
        draft.clock += draft.dice.soon();
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
}
