//! Scenes of blocks, share policies, verifications and reports, close to the messages whose keys they decide.
//! They do not know what is due to whom.

use crate::generate::draft::{Couple, Draft};
use crate::generate::habits::code_set;
use crate::generate::policies::SHARING;
use crate::generate::sort::FaultSort;
use crate::protocol::api::Endpoint;
use crate::protocol::withheld::CodeSet;
use crate::scenario::fault::FaultKind;
use crate::scenario::policy::{OnProblem, SharePolicy, Target};
use crate::scenario::step::Step;

/// A block, before, at or after a message; often it ends again, and messages follow under the same session.
pub(super) fn block(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let target = draft.target(other);
    if draft.dice.chance(2, 3) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    draft.step(draft.clock, Step::Block { device: sender, target });
    draft.clock += draft.dice.soon();
    for _ in 0..draft.dice.between(1, 2) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    if draft.dice.chance(1, 3) {
        draft.trouble(draft.clock, couple);
    }
    if draft.dice.chance(2, 3) {
        draft.step(draft.clock, Step::Unblock { device: sender, target });
        draft.clock += draft.dice.soon();
        for _ in 0..draft.dice.between(1, 2) {
            draft.send(draft.clock, sender, room);
            draft.clock += draft.dice.soon();
        }
    }
}

/// A block while the key waits: the sender is offline, slow or refused.
pub(super) fn block_in_the_queue(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let endpoint = Endpoint::SendToDevice;
    let (start, length) = (draft.clock, draft.dice.pause());
    let kind = match draft.dice.number(4) {
        0 => FaultKind::ClientOffline { device: sender },
        1 => FaultKind::RateLimited { device: sender, endpoint, retry_after: draft.dice.soon() },
        2 => FaultKind::ResponseLost { device: sender, endpoint, first: Some(1) },
        _ => FaultKind::ServerUnreachable { server: draft.server(sender) },
    };
    let from = start - draft.dice.instant();
    draft.fault(from, length, kind);
    draft.send_anew(start, sender, room);
    draft.clock += draft.dice.instant();
    let target = draft.target(other);
    draft.step(draft.clock, Step::Block { device: sender, target });
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
    if draft.dice.chance(1, 2) {
        draft.clock += draft.dice.soon();
        draft.step(draft.clock, Step::Unblock { device: sender, target });
        draft.clock += draft.dice.soon();
        draft.send(draft.clock, sender, room);
    }
}

/// A block that is felt in every room that the two share, and a key that is lost after its end.
pub(super) fn two_rooms(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, other, .. } = couple;
    let target = draft.target(other);
    draft.step(draft.clock, Step::Block { device: sender, target });
    for _ in 0..draft.dice.between(2, 3) {
        draft.clock += draft.dice.soon();
        let room = draft.room_of(sender).unwrap_or(couple.room);
        draft.send(draft.clock, sender, room);
    }
    draft.clock += draft.dice.pause();
    draft.step(draft.clock, Step::Unblock { device: sender, target });
    if draft.dice.chance(1, 2) {
        draft.trouble_of(FaultSort::ToDeviceDropped, draft.clock, couple);
    }
    for _ in 0..draft.dice.between(1, 2) {
        draft.clock += draft.dice.soon();
        let room = draft.room_of(sender).unwrap_or(couple.room);
        draft.send_anew(draft.clock, sender, room);
    }
}

/// A policy of sharing with few, until the other one is one of them.
pub(super) fn sharing(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let share = draft.dice.pick(&SHARING[1..]).unwrap_or(SharePolicy::Verified);
    let on_problem = match draft.dice.chance(1, 4) {
        true => OnProblem::Refuse,
        false => OnProblem::Withhold,
    };
    draft.step(draft.clock, Step::SetSharing { device: sender, share, on_problem });
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.soon();
    match draft.dice.number(4) {
        0 => draft.step(draft.clock, Step::CrossSign(other)),
        1 => {
            let share = SharePolicy::Everyone;
            draft.step(draft.clock, Step::SetSharing { device: sender, share, on_problem });
        }
        _ => {
            let target = draft.target(other);
            draft.step(draft.clock, Step::Verify { device: sender, target });
            if draft.dice.chance(1, 3) {
                draft.clock += draft.dice.soon();
                draft.send(draft.clock, sender, room);
                draft.clock += draft.dice.soon();
                draft.step(draft.clock, Step::Unverify { device: sender, target });
            }
        }
    }
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
}

/// A verified user makes a new identity; messages before and after somebody accepts that.
pub(super) fn identity_change(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let user = draft.user(other);
    draft.step(draft.clock, Step::Verify { device: sender, target: Target::User(user) });
    draft.clock += draft.dice.pause();
    if draft.dice.chance(1, 2) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    draft.step(draft.clock, Step::ResetIdentity(other));
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.soon();
    let accepts = match draft.dice.number(3) {
        0 => Step::Verify { device: sender, target: Target::User(user) },
        1 => Step::Unverify { device: sender, target: Target::User(user) },
        _ => Step::AcknowledgeIdentity { device: sender, user },
    };
    draft.step(draft.clock, accepts);
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
}

/// Reports are switched off around something that would be reported.
pub(super) fn reporting(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let target = match draft.dice.chance(1, 2) {
        true => None,
        false => Some(draft.target(other)),
    };
    let codes = if draft.dice.chance(1, 2) { CodeSet::NONE } else { code_set(draft.dice) };
    draft.step(draft.clock, Step::SetReporting { device: sender, target, codes });
    draft.clock += draft.dice.soon();
    if draft.dice.chance(1, 2) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    let blocked = draft.target(other);
    if draft.dice.chance(3, 4) {
        draft.step(draft.clock, Step::Block { device: sender, target: blocked });
    } else {
        draft.trouble_of(FaultSort::OneTimeKeysRunOut, draft.clock, couple);
        draft.trouble_of(FaultSort::NoFallbackKey, draft.clock, couple);
    }
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
    draft.clock += draft.dice.soon();
    draft.step(draft.clock, Step::SetReporting { device: sender, target, codes: CodeSet::ALL });
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
}
