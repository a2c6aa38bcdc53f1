//! Scenes of key requests: who asks whom, what is answered, and what is known of one session from several sides.
//! They do not know who may be given a key.

use crate::generate::draft::{Couple, Draft};
use crate::generate::focus::Role;
use crate::generate::forgery::forged;
use crate::generate::sort::FaultSort;
use crate::ids::{DeviceId, MessageId};
use crate::protocol::to_device::ToDeviceType;
use crate::scenario::fault::{FaultKind, ToDeviceFilter};
use crate::scenario::policy::Target;
use crate::scenario::step::Step;
use crate::time::SimDuration;

/// Two devices of one user, of which the second lacks the key of a message that the first has.
struct Siblings {
    has: DeviceId,
    lacks: DeviceId,
    message: MessageId,
}

/// Two devices of a recipient, or of the sender: who is asked, and who asks.
fn pair(draft: &mut Draft<'_, '_>, couple: Couple) -> Option<(DeviceId, DeviceId)> {
    let hero = draft.focus.map(|focus| (focus.device, focus.role));
    if let Some((hero, role)) = hero
        && let Some(sibling) = draft.sibling(hero)
    {
        return Some(match role {
            Role::Sends => (hero, sibling),
            Role::Receives => (sibling, hero),
        });
    }
    let one = couple.other;
    if let Some(sibling) = draft.sibling(one) {
        return Some((one, sibling));
    }
    let one = draft.pick_device(|draft, device| {
        let user = draft.user(device);
        draft.scenario.devices_of(user).filter(|other| draft.is_able(*other)).count() > 1
            && draft.is_able(device)
            && draft.is_joined(couple.room, user)
    })?;
    draft.sibling(one).map(|sibling| (one, sibling))
}

/// A message that one sibling gets the key of and the other does not: it is blocked, or its key is lost.
fn one_lacks(draft: &mut Draft<'_, '_>, couple: Couple) -> Option<Siblings> {
    let (has, lacks) = pair(draft, couple)?;
    let room = couple.room;
    let sender = match couple.sender == has || couple.sender == lacks {
        true => draft.pick_device(|draft, device| {
            device != lacks && draft.is_able(device) && draft.is_joined(room, draft.user(device))
        })?,
        false => couple.sender,
    };
    match draft.dice.number(3) {
        0 | 1 => {
            let which = ToDeviceFilter {
                sender: Some(sender),
                recipient: Some(lacks),
                event_type: Some(ToDeviceType::Encrypted),
                first: None,
            };
            let length = draft.dice.soon() + SimDuration::from_ms(400);
            draft.fault(draft.clock, length, FaultKind::ToDeviceDropped { which });
        }
        _ => {
            let target = Target::Device(lacks);
            draft.step(draft.clock, Step::Block { device: sender, target });
        }
    }
    let message = draft.send_anew(draft.clock, sender, room);
    draft.clock += draft.dice.pause();
    Some(Siblings { has, lacks, message })
}

/// A device asks those who have the key, those who have it not, or strangers; verified by them or not.
pub(super) fn ask(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Some(Siblings { has, lacks, message }) = one_lacks(draft, couple) else {
        return ask_strangers(draft, couple);
    };
    if draft.dice.chance(2, 3) {
        draft.step(draft.clock, Step::Verify { device: has, target: Target::Device(lacks) });
        if draft.dice.chance(1, 2) {
            draft.step(draft.clock, Step::Verify { device: lacks, target: Target::Device(has) });
        }
        draft.clock += draft.dice.soon();
    }
    let mut of = vec![has];
    if draft.dice.chance(1, 3) {
        of.clear();
    } else if draft.dice.chance(1, 3) {
        let other = draft.any_device();
        if other != lacks && other != has {
            of.push(other);
        }
    }
    for _ in 0..draft.dice.between(1, 2) {
        draft.step(draft.clock, Step::RequestKey { device: lacks, message, of: of.clone() });
        draft.clock += draft.dice.pause();
    }
    if draft.dice.chance(1, 4) {
        draft.step(draft.clock, Step::CancelRequest { device: lacks, message });
    }
}

/// A device asks the sender, or anybody, for the key of a message.
fn ask_strangers(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let message = draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.soon();
    let asked = if draft.dice.chance(1, 2) { sender } else { draft.any_device() };
    let of: Vec<DeviceId> = Some(asked).filter(|asked| *asked != other).into_iter().collect();
    draft.step(draft.clock, Step::RequestKey { device: other, message, of });
    draft.clock += draft.dice.pause();
}

/// A request that is taken back while who was asked is away, slow, or just about to answer.
pub(super) fn taken_back(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Some(Siblings { has, lacks, message }) = one_lacks(draft, couple) else {
        return ask_strangers(draft, couple);
    };
    draft.step(draft.clock, Step::Verify { device: has, target: Target::Device(lacks) });
    draft.clock += draft.dice.pause();
    let length = draft.dice.pause();
    if draft.dice.chance(3, 4) {
        draft.fault(draft.clock, length, FaultKind::ClientOffline { device: has });
    }
    let of = if draft.dice.chance(1, 4) { Vec::new() } else { vec![has] };
    draft.step(draft.clock, Step::RequestKey { device: lacks, message, of });
    draft.clock += draft.dice.soon();
    draft.step(draft.clock, Step::CancelRequest { device: lacks, message });
    draft.clock += length;
}

/// A device that was given a session in its middle is asked for it by another one that has nothing of it.
pub(super) fn part_of_a_key(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Some((has, lacks)) = pair(draft, couple) else { return ask_strangers(draft, couple) };
    let room = couple.room;
    let user = draft.user(has);
    let sender = draft.pick_device(|draft, device| {
        draft.is_able(device)
            && draft.user(device) != user
            && draft.is_joined(room, draft.user(device))
    });
    let Some(sender) = sender.or_else(|| draft.sibling(has)) else { return };
    for device in [has, lacks] {
        let block = Step::Block { device: sender, target: Target::Device(device) };
        if device == has || draft.dice.chance(1, 2) {
            draft.step(draft.clock, block);
        }
    }
    draft.step(draft.clock, Step::Verify { device: has, target: Target::Device(lacks) });
    draft.step(draft.clock, Step::Verify { device: lacks, target: Target::Device(has) });
    draft.clock += draft.dice.soon();
    let first = draft.send_anew(draft.clock, sender, room);
    draft.clock += draft.dice.soon();
    draft.step(draft.clock, Step::Unblock { device: sender, target: Target::Device(has) });
    draft.clock += draft.dice.soon();
    let second = draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.pause();
    let message = if draft.dice.chance(1, 2) { first } else { second };
    let of = if draft.dice.chance(1, 3) { Vec::new() } else { vec![has] };
    draft.step(draft.clock, Step::RequestKey { device: lacks, message, of });
    draft.clock += draft.dice.pause();
    if draft.dice.chance(1, 2) {
        draft.step(draft.clock, Step::Unblock { device: sender, target: Target::Device(lacks) });
        draft.clock += draft.dice.soon();
        draft.send(draft.clock, sender, room);
    }
}

/// A session of which the sender says one thing and a device that was asked another, or which comes twice.
pub(super) fn two_reasons(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let target = Target::Device(other);
    draft.step(draft.clock, Step::Block { device: sender, target });
    draft.clock += draft.dice.instant();
    if draft.dice.chance(1, 3) {
        let which = ToDeviceFilter {
            sender: Some(sender),
            recipient: Some(other),
            event_type: Some(ToDeviceType::Withheld),
            first: None,
        };
        let by = draft.dice.pause();
        draft.fault(
            draft.clock,
            SimDuration::from_secs(2),
            FaultKind::ToDeviceDelayed { which, by },
        );
    }
    let message = draft.send_anew(draft.clock, sender, room);
    draft.clock += draft.dice.soon();
    let asked = draft.third(couple).unwrap_or(sender);
    let sibling = draft.sibling(other).unwrap_or(asked);
    let mut of = vec![sibling];
    if asked != sibling {
        of.push(asked);
    }
    if draft.dice.chance(1, 3) {
        draft.step(draft.clock, Step::Block { device: sender, target: Target::Device(sibling) });
    }
    draft.step(draft.clock, Step::RequestKey { device: other, message, of });
    draft.clock += draft.dice.pause();
    draft.step(draft.clock, Step::Unblock { device: sender, target });
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
    if draft.dice.chance(1, 2) {
        draft.clock += draft.dice.soon();
        draft.trouble_of(FaultSort::ForgedWithheld, draft.clock, couple);
    }
}

/// Notices that nobody decided to send, before and after the key or the true notice.
pub(super) fn forgery(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    if draft.dice.chance(1, 3) {
        let target = Target::Device(other);
        draft.step(draft.clock, Step::Block { device: sender, target });
    }
    for _ in 0..draft.dice.between(1, 2) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
        let kind = forged(draft, draft.clock, couple);
        draft.fault(draft.clock, SimDuration::from_ms(1), kind);
        draft.clock += draft.dice.soon();
    }
    draft.send(draft.clock, sender, room);
}
