//! Scenes of the past of a room: invites with history bundles, visibility that changes, backups.
//! They do not know what may be shared.

use crate::generate::draft::{Couple, Draft};
use crate::generate::policies::Setting;
use crate::ids::{DeviceId, RoomId};
use crate::protocol::room::{HistoryVisibility, Membership};
use crate::scenario::policy::Target;
use crate::scenario::step::Step;

use super::rotation::chat;

/// Values of history visibility.
const VALUES: [HistoryVisibility; 4] = [
    HistoryVisibility::Shared,
    HistoryVisibility::WorldReadable,
    HistoryVisibility::Joined,
    HistoryVisibility::Invited,
];

/// Who can be invited to the room: a device that is there, of a user who is not in it.
fn guest(draft: &mut Draft<'_, '_>, room: RoomId) -> Option<DeviceId> {
    draft.pick_device(|draft, device| {
        let user = draft.user(device);
        draft.is_able(device) && !draft.is_joined(room, user)
    })
}

/// Who invites gives the past, if policies may vary in this room in that way.
fn gives_the_past(draft: &mut Draft<'_, '_>, device: DeviceId) {
    if draft.swarm.settings().any(|setting| setting == Setting::ShareHistory) {
        draft.scenario.devices[device.index()].policy.share_history = true;
    }
}

/// Messages under several visibilities, an invite with a bundle, the join, and messages; sometimes the guest invites on.
pub(super) fn invite(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let guest = match guest(draft, room) {
        Some(guest) => guest,
        None if draft.user(other) != draft.user(sender) => {
            let (user, membership) = (draft.user(other), Membership::Leave);
            draft.step(draft.clock, Step::Member { device: other, room, user, membership });
            draft.clock += draft.dice.soon();
            other
        }
        None => return chat(draft, couple),
    };
    gives_the_past(draft, sender);
    for _ in 0..draft.dice.between(1, 3) {
        if draft.dice.chance(1, 3) {
            let value = draft.dice.pick(&VALUES).unwrap_or(VALUES[0]);
            draft.step(draft.clock, Step::HistoryVisibility { device: sender, room, value });
            draft.clock += draft.dice.soon();
        }
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    let user = draft.user(guest);
    if draft.dice.chance(1, 6) {
        let target = Target::Device(guest);
        draft.step(draft.clock, Step::Block { device: sender, target });
    }
    let membership = Membership::Invite;
    draft.step(draft.clock, Step::Member { device: sender, room, user, membership });
    draft.clock += if draft.dice.chance(1, 3) { draft.dice.instant() } else { draft.dice.pause() };
    if draft.dice.chance(1, 4) {
        draft.trouble(draft.clock, Couple { other: guest, ..couple });
    }
    let membership = Membership::Join;
    draft.step(draft.clock, Step::Member { device: guest, room, user, membership });
    draft.clock += draft.dice.pause();
    draft.send(draft.clock, sender, room);
    if draft.dice.chance(1, 4) {
        let membership = Membership::Leave;
        draft.clock += draft.dice.soon();
        draft.step(draft.clock, Step::Member { device: guest, room, user, membership });
        draft.clock += draft.dice.soon();
        draft.send(draft.clock, sender, room);
    }
}

/// History is opened or closed between messages, and somebody joins.
pub(super) fn visibility(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, .. } = couple;
    for _ in 0..draft.dice.between(1, 3) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
        let value = draft.dice.pick(&VALUES).unwrap_or(VALUES[0]);
        draft.step(draft.clock, Step::HistoryVisibility { device: sender, room, value });
        draft.clock += draft.dice.soon();
    }
    draft.send(draft.clock, sender, room);
}

/// Keys go to the backup of a user, and a new device of that user, or one that lacks them, fetches them.
pub(super) fn backup(draft: &mut Draft<'_, '_>, couple: Couple) {
    let Couple { sender, room, other } = couple;
    let user = draft.user(other);
    let backs_up = draft.swarm.settings().any(|setting| setting == Setting::Backup);
    for index in 0..draft.scenario.devices.len() {
        if draft.user(DeviceId::at(index)) == user && backs_up {
            draft.scenario.devices[index].policy.backup = true;
        }
    }
    for _ in 0..draft.dice.between(1, 2) {
        draft.send(draft.clock, sender, room);
        draft.clock += draft.dice.soon();
    }
    draft.clock += draft.dice.pause();
    let newcomer = draft.newcomer(|draft, device| draft.user(device) == user);
    if let Some(newcomer) = newcomer {
        draft.step(draft.clock, Step::Login(newcomer));
        draft.clock += draft.dice.pause();
    }
    let reader = newcomer.or_else(|| draft.sibling(other)).unwrap_or(other);
    draft.step(draft.clock, Step::RestoreBackup(reader));
    draft.clock += draft.dice.soon();
    draft.send(draft.clock, sender, room);
}
