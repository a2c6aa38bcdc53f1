//! Scenes in which a Megolm session must or must not be replaced: limits, members that come and go, devices that go.
//! They do not know when a session is replaced.

use crate::generate::draft::{Couple, Draft};
use crate::generate::sort::FaultSort;
use crate::ids::RoomId;
use crate::protocol::room::{Membership, Rotation};
use crate::scenario::fault::FaultKind;
use crate::scenario::step::Step;
use crate::time::SimDuration;

/// Messages of one device, or of two in turn.
pub(super) fn chat(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let alternates = draft.dice.chance(1, 3);
    for turn in 0..draft.dice.between(1, 4) {
        let device = if alternates && turn % 2 == 1 { other } else { sender };
        draft.send(draft.clock, device, room);
        draft.clock += draft.dice.gap();
    }
}

/// Settings that are soon reached, and as many messages as that takes.
pub(super) fn limit(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let week = SimDuration::from_hours(7 * 24);
    let by_age = draft.dice.chance(1, 3);
    let period = SimDuration::from_ms(draft.dice.between(1_000, 600_000));
    let messages = draft.dice.count(1, 3);
    let rotation =
        if by_age { Rotation::megolm(period, 100) } else { Rotation::megolm(week, messages) };
    if draft.dice.chance(1, 3) {
        draft.scenario.rooms[room.index()].rotation = rotation;
    } else {
        draft.step(draft.clock, Step::Encryption { device: sender, room, rotation });
        draft.clock += draft.dice.soon();
    }
    if draft.dice.chance(1, 3) {
        let target = draft.target(other);
        draft.step(draft.clock, Step::Block { device: sender, target });
    }
    if by_age {
        draft.send(draft.clock, sender, room);
        let edge = [SimDuration::ZERO, SimDuration::from_ms(1), SimDuration::from_ms(40)];
        let edge = draft.dice.pick(&edge).unwrap_or_default();
        draft.clock = if draft.dice.chance(1, 3) {
            draft.clock + period - edge
        } else {
            draft.clock + period + edge
        };
        draft.send(draft.clock, sender, room);
        return;
    }
    for _ in 0..=messages {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
}

/// The end of a membership: the member leaves, or is removed or banned by the sender.
fn out(draft: &mut Draft<'_, '_>, couple: Couple, room: RoomId) {
    let Couple { sender, other, .. } = couple;
    let user = draft.user(other);
    let (device, membership) = match draft.dice.number(4) {
        0 | 1 => (other, Membership::Leave),
        2 => (sender, Membership::Leave),
        _ => (sender, Membership::Ban),
    };
    draft.step(draft.clock, Step::Member { device, room, user, membership });
}

/// Somebody goes around a message; often comes back, and there are messages in between or not.
pub(super) fn leave(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    if draft.dice.chance(3, 4) {
        if draft.dice.chance(1, 4) {
            let target = draft.target(other);
            draft.step(draft.clock, Step::Block { device: sender, target });
        }
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    if draft.dice.chance(1, 4) {
        draft.trouble_of(FaultSort::MembershipLate, draft.clock, couple);
    }
    out(draft, couple, room);
    draft.clock += draft.dice.soon();
    if draft.dice.chance(3, 4) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    if draft.dice.chance(1, 2) {
        let user = draft.user(other);
        if draft.dice.chance(1, 3) {
            let membership = Membership::Invite;
            draft.step(draft.clock, Step::Member { device: sender, room, user, membership });
            draft.clock += draft.dice.soon();
            draft.send(draft.clock, sender, room);
            draft.clock += draft.dice.soon();
        }
        let membership = Membership::Join;
        draft.step(draft.clock, Step::Member { device: other, room, user, membership });
        draft.clock += draft.dice.soon();
        draft.send(draft.clock, sender, room);
    }
}

/// Somebody goes and comes back while the sender is away or is told no more than the last event.
pub(super) fn hidden_stay(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.pause();
    let (from, length) = (draft.clock, draft.dice.pause() + SimDuration::from_ms(400));
    draft.fault(
        from,
        length + SimDuration::from_secs(30),
        FaultKind::LimitedSync { device: sender },
    );
    draft.fault(from, length, FaultKind::ClientOffline { device: sender });
    let user = draft.user(other);
    let member = |device, membership| Step::Member { device, room, user, membership };
    let inside = SimDuration::from_ms(length.as_ms() / 4);
    draft.step(from + inside, member(other, Membership::Leave));
    if draft.dice.chance(2, 3) {
        draft.step(from + inside.times(2), member(other, Membership::Join));
    }
    if draft.dice.chance(1, 3) {
        draft.send(from + inside.times(3), other, room);
    }
    draft.clock = from + length + draft.dice.soon();
    draft.send(draft.clock, sender, room);
}

/// Somebody who is not in the room joins between two messages, or is invited first.
pub(super) fn join(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, .. } = couple;
    let joiner = draft.pick_device(|draft, device| {
        let user = draft.user(device);
        draft.scenario.devices[device.index()].present && !draft.is_joined(room, user)
    });
    let Some(joiner) = joiner else { return chat(draft, couple) };
    let user = draft.user(joiner);
    draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.soon();
    if draft.dice.chance(1, 2) {
        let membership = Membership::Invite;
        draft.step(draft.clock, Step::Member { device: sender, room, user, membership });
        draft.clock += draft.dice.soon();
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    let membership = Membership::Join;
    draft.step(draft.clock, Step::Member { device: joiner, room, user, membership });
    draft.clock += draft.dice.soon();
    for _ in 0..draft.dice.between(1, 2) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
}

/// A session is thrown away between messages that somebody gets no key for.
pub(super) fn discard(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    if draft.dice.chance(1, 2) {
        let target = draft.target(other);
        draft.step(draft.clock, Step::Block { device: sender, target });
        draft.clock += draft.dice.soon();
    }
    for _ in 0..draft.dice.between(2, 4) {
        draft.send_anew(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
}

/// Several devices send at the same millisecond, and again.
pub(super) fn together(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    for _ in 0..draft.dice.between(1, 2) {
        let at = draft.clock;
        draft.send(at, sender, room);
        let next = at + draft.dice.instant();
        draft.send(next, other, room);
        if let Some(third) = draft.third(couple) {
            let last = at + draft.dice.instant();
            draft.send(last, third, room);
        }
        draft.clock += draft.dice.soon();
    }
}

/// A device that has the key goes for good around a message; the sender may be stopped and started meanwhile.
pub(super) fn logout(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, .. } = couple;
    let leaver = match draft.third(couple) {
        Some(third) if draft.dice.chance(3, 4) => third,
        Some(_) | None => couple.other,
    };
    draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.soon();
    draft.step(draft.clock, Step::Logout(leaver));
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
}
