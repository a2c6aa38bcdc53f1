//! Rooms: membership and history visibility on every server, and how much of it each device has seen.
//! It does not know who was owed a key because of that.

mod rollback;
mod roster;
mod settings;
mod span;

use std::collections::{BTreeMap, BTreeSet};

use crate::check::cast::Cast;
use crate::check::view::life::{Life, Moment};
use crate::check::view::pairs::{Pairs, row};
use crate::check::view::rooms::roster::Roster;
pub(crate) use crate::check::view::rooms::span::{Passage, Span};
use crate::ids::{DeviceId, FactId, RoomId, ServerId, UserId};
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::time::SimTime;

/// One change of a user's membership in the order of one server.
#[derive(Debug, Clone, Copy)]
struct Change {
    seq: u32,
    fact: FactId,
    membership: Membership,
}

/// A room as one server has it.
#[derive(Debug, Clone, Default)]
struct RoomCopy {
    members: BTreeMap<UserId, Vec<Change>>,
    visibility: Vec<(u32, HistoryVisibility)>,
    /// The facts that tell of these.
    visibility_facts: Vec<FactId>,
    encryption: Vec<(u32, Rotation)>,
    /// Whose membership each event changed, ascending.
    changed: Vec<(u32, UserId)>,
    last_change: u32,
    /// The last event that any device was told of.
    told: u32,
}

/// A room.
#[derive(Debug, Clone, Default)]
struct Room {
    users: BTreeSet<UserId>,
    roster: Roster,
    copies: BTreeMap<ServerId, RoomCopy>,
}

/// How much of a room one device has seen.
#[derive(Debug, Clone, Default)]
struct Seen {
    seq: u32,
    before: u32,
    at: SimTime,
    /// Whether the last answer held the whole state.
    whole: bool,
    /// Whether an older store may have taken away anything that it was told.
    has_lost: bool,
    /// The syncs that told of a change, with the place up to which they told.
    steps: Vec<(u32, Moment)>,
    /// The same as it was until each time at which the store went back.
    past: Vec<(Moment, Vec<(u32, Moment)>)>,
}

/// Changes of one user's membership that one device was not told: those after `after`, up to `upto` if that is
/// known yet.
#[derive(Debug, Clone, Copy)]
struct Hidden {
    after: u32,
    upto: Option<u32>,
    /// When.
    at: SimTime,
    /// The fact, if it was the answer to a sync that left them out.
    by_sync: Option<FactId>,
}

/// A membership as a server has it or a device has seen it, and the fact that made it so there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    /// The membership.
    pub(crate) membership: Membership,
    /// On a server the change; for a device the sync that told it.
    pub(crate) fact: FactId,
}

/// Whether a user with this membership is in the room, or may be given what is in it.
pub(crate) const fn is_there(membership: Membership) -> bool {
    match membership {
        Membership::Join | Membership::Invite => true,
        Membership::Leave | Membership::Ban => false,
    }
}

/// All rooms.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rooms {
    rooms: Vec<Room>,
    seen: Pairs<Seen>,
    hidden: BTreeMap<(DeviceId, RoomId, UserId), Vec<Hidden>>,
    /// What was left out of what stores knew that have been replaced by copies.
    hidden_past: BTreeMap<(DeviceId, RoomId, UserId), Vec<rollback::Past>>,
    /// All facts that a user's membership was left out, ascending.
    left_out: BTreeMap<(DeviceId, RoomId, UserId), Vec<FactId>>,
    /// What had been left out before the last answer, which told it after all: it held the whole state.
    retold: BTreeMap<(DeviceId, RoomId, UserId), Vec<Hidden>>,
    /// The whole states that told of users whose membership had been left out before.
    shown: BTreeMap<(DeviceId, RoomId, UserId), FactId>,
}

impl Rooms {
    /// A server's copy of the room changed: a membership.
    pub(crate) fn member(
        &mut self,
        cast: &Cast,
        server: ServerId,
        (room, user): (RoomId, UserId),
        (membership, seq, fact): (Membership, u32, FactId),
    ) {
        let room = row(&mut self.rooms, room.index());
        match membership {
            Membership::Join | Membership::Invite => {
                if room.users.insert(user) {
                    room.roster.extend(cast.devices(user));
                }
            }
            Membership::Leave | Membership::Ban => {}
        }
        let copy = room.copies.entry(server).or_default();
        copy.members.entry(user).or_default().push(Change { seq, fact, membership });
        copy.changed.push((seq, user));
        copy.last_change = copy.last_change.max(seq);
    }

    /// A server's copy of the room changed: the history visibility.
    pub(crate) fn visibility(
        &mut self,
        server: ServerId,
        room: RoomId,
        (value, seq): (HistoryVisibility, u32),
        fact: FactId,
    ) {
        let copy = row(&mut self.rooms, room.index()).copies.entry(server).or_default();
        copy.visibility.push((seq, value));
        copy.visibility_facts.push(fact);
        copy.last_change = copy.last_change.max(seq);
    }

    /// A server's copy of the room changed: the encryption settings.
    pub(crate) fn encryption(
        &mut self,
        server: ServerId,
        room: RoomId,
        settings: Rotation,
        seq: u32,
    ) {
        let copy = row(&mut self.rooms, room.index()).copies.entry(server).or_default();
        copy.encryption.push((seq, settings));
        copy.last_change = copy.last_change.max(seq);
    }

    /// Whether a device may have been told of an event before it was heard of here, as in logs that are read one after the other.
    pub(crate) fn is_late(&self, server: ServerId, room: RoomId, seq: u32) -> bool {
        let copy = self.rooms.get(room.index()).and_then(|room| room.copies.get(&server));
        copy.is_some_and(|copy| seq <= copy.told)
    }

    /// The device of `user` was told of its server's copy up to `seq`: by a limited answer, or the one that tells of the own
    /// join, through the whole state. True if there was a change of state in it. What it was told last, and may have lost in a
    /// crash, it learns anew when it is told the same once more.
    pub(crate) fn seen(
        &mut self,
        (server, user): (ServerId, UserId),
        (device, room): (DeviceId, RoomId),
        (seq, limited): (u32, bool),
        (moment, life): (Moment, &Life),
    ) -> bool {
        let copy = row(&mut self.rooms, room.index()).copies.entry(server).or_default();
        copy.told = copy.told.max(seq);
        let last_change = copy.last_change;
        let seen = self.seen.entry(device.raw(), room.raw());
        let own = copy.members.get(&user).into_iter().flatten();
        let joined = own
            .filter(|change| seen.seq < change.seq && change.seq <= seq)
            .any(|change| change.membership == Membership::Join);
        let whole = limited || joined;
        let mut news = last_change > seen.seq && seq > seen.seq;
        let last = seen.steps.last().copied();
        let is_anew = last.is_some_and(|(upto, told)| {
            upto == seq && seen.seq == seq && life.cut_off(device, told).is_some()
        });
        if is_anew {
            seen.steps.pop();
            seen.seq = seen.steps.last().map_or(0, |(upto, _)| *upto);
            news = true;
        }
        seen.before = seen.seq;
        (seen.at, seen.whole) = (moment.at, whole);
        seen.seq = seen.seq.max(seq);
        if !self.hidden.is_empty() {
            let range = (device, room, UserId::new(0))..=(device, room, UserId::new(u32::MAX));
            for (place, list) in self.hidden.range_mut(range) {
                let (pending, known): (Vec<Hidden>, Vec<Hidden>) =
                    list.iter().partition(|hidden| hidden.upto.is_none());
                news |= whole && !list.is_empty();
                self.retold.insert(*place, if whole { known.clone() } else { Vec::new() });
                // A whole state takes the place of all that was known: whom it leaves out is gone, and all others are told.
                let after = |hidden: &Hidden| if whole { 0 } else { hidden.after };
                let told = pending.iter().map(|hidden| Hidden {
                    after: after(hidden),
                    upto: Some(seq),
                    ..*hidden
                });
                if whole && pending.is_empty() && !known.is_empty() {
                    self.shown.insert(*place, moment.fact);
                }
                *list = if whole { Vec::new() } else { known };
                list.extend(told);
            }
        }
        if news {
            seen.steps.push((seen.seq, moment));
        }
        news
    }

    /// What the sync of this instant told, or else what the next one tells, leaves out this user's membership.
    pub(crate) fn not_told(
        &mut self,
        device: DeviceId,
        (room, user): (RoomId, UserId),
        by_sync: bool,
        now: Moment,
    ) {
        let (after, upto) = match self.seen.get(device.raw(), room.raw()) {
            Some(seen) if seen.at == now.at => {
                (if seen.whole { 0 } else { seen.before }, Some(seen.seq))
            }
            Some(seen) => (seen.seq, None),
            None => (0, None),
        };
        let hidden = Hidden { after, upto, at: now.at, by_sync: by_sync.then_some(now.fact) };
        self.hidden.entry((device, room, user)).or_default().push(hidden);
        self.left_out.entry((device, room, user)).or_default().push(now.fact);
    }

    /// What the device is told now was kept from it since `since`: an answer to a sync that was written before never came, and left nothing out.
    pub(crate) fn answered_anew(&mut self, device: DeviceId, room: RoomId, since: FactId) {
        let range = (device, room, UserId::new(0))..=(device, room, UserId::new(u32::MAX));
        for (_, list) in self.hidden.range_mut(range) {
            let is_void = |hidden: &Hidden| {
                hidden.upto.is_none() && hidden.by_sync.is_some_and(|fact| fact < since)
            };
            list.retain(|hidden| !is_void(hidden));
        }
    }

    /// The last fact before `before` that the user's membership was left out of what the device was told of the room.
    pub(crate) fn left_out(
        &self,
        (device, room): (DeviceId, RoomId),
        user: UserId,
        before: FactId,
    ) -> Option<FactId> {
        let facts = self.left_out.get(&(device, room, user))?;
        facts[..facts.partition_point(|fact| *fact < before)].last().copied()
    }

    /// The devices whose users were ever joined or invited on any server, in the order in which they came.
    pub(crate) fn roster(&self, room: RoomId) -> &[DeviceId] {
        self.rooms.get(room.index()).map_or(&[], |room| room.roster.devices())
    }

    /// The place of a device on the roster.
    pub(crate) fn place(&self, room: RoomId, device: DeviceId) -> Option<usize> {
        self.rooms.get(room.index())?.roster.place(device)
    }

    /// Ground truth: the membership on `server` when `fact` happened there.
    pub(crate) fn membership_at(
        &self,
        server: ServerId,
        (room, user): (RoomId, UserId),
        fact: FactId,
    ) -> Option<Member> {
        let copy = self.rooms.get(room.index())?.copies.get(&server)?;
        let change = copy.members.get(&user)?.iter().rev().find(|change| change.fact < fact)?;
        Some(Member { membership: change.membership, fact: change.fact })
    }

    /// Whether both users were joined in one room on `server` when `fact` happened there.
    pub(crate) fn share_as_joined(
        &self,
        server: ServerId,
        users: [UserId; 2],
        fact: FactId,
    ) -> bool {
        (0..self.rooms.len()).map(RoomId::at).any(|room| {
            users.into_iter().all(|user| {
                let member = self.membership_at(server, (room, user), fact);
                member.is_some_and(|member| member.membership == Membership::Join)
            })
        })
    }

    /// Whether both users are joined in one room by what the device has seen, of which a leave may have been left out.
    pub(crate) fn sees_shared(
        &self,
        server: ServerId,
        device: DeviceId,
        users: [UserId; 2],
    ) -> bool {
        (0..self.rooms.len()).map(RoomId::at).any(|room| {
            users.into_iter().all(|user| {
                let seen = self.membership_seen(server, (device, room), user);
                seen.is_some_and(|member| member.membership == Membership::Join)
            })
        })
    }

    /// Ground truth where two servers are concerned: that of the one that had heard of more changes of the user's
    /// membership when `fact` happened, and of the first if both had heard of as many.
    pub(crate) fn membership_of(
        &self,
        [one, other]: [ServerId; 2],
        (room, user): (RoomId, UserId),
        fact: FactId,
    ) -> Option<Member> {
        let heard = |server| {
            let copy = self.rooms.get(room.index())?.copies.get(&server)?;
            Some(copy.members.get(&user)?.iter().filter(|change| change.fact < fact).count())
        };
        let ahead = if heard(other) > heard(one) { other } else { one };
        self.membership_at(ahead, (room, user), fact)
    }

    /// What the device has seen of the user's membership; `None` if it never heard of the user in this room.
    pub(crate) fn membership_seen(
        &self,
        server: ServerId,
        (device, room): (DeviceId, RoomId),
        user: UserId,
    ) -> Option<Member> {
        let seen = self.seen.get(device.raw(), room.raw())?;
        let copy = self.rooms.get(room.index())?.copies.get(&server)?;
        let hidden = self.hidden.get(&(device, room, user)).map_or(&[][..], Vec::as_slice);
        let change = copy.members.get(&user)?.iter().rev().find(|change| {
            change.seq <= seen.seq
                && !hidden.iter().any(|hidden| {
                    hidden.after < change.seq && change.seq <= hidden.upto.unwrap_or(u32::MAX)
                })
        })?;
        let step = seen.steps.partition_point(|(seq, _)| *seq < change.seq);
        let fact = seen.steps.get(step).map_or(change.fact, |(_, told)| told.fact);
        let fact = self.shown.get(&(device, room, user)).map_or(fact, |shown| fact.max(*shown));
        Some(Member { membership: change.membership, fact })
    }

    /// The events that the last answer told the device of; `None` if it was the first one.
    pub(crate) fn last_span(&self, device: DeviceId, room: RoomId) -> Option<Span> {
        let seen = self.seen.get(device.raw(), room.raw())?;
        (seen.before > 0).then_some(Span { after: seen.before, upto: seen.seq })
    }

    /// Whether the last answer that told the device of the room left somebody out.
    pub(crate) fn left_out_last(&self, device: DeviceId, room: RoomId) -> bool {
        let last = self.seen.get(device.raw(), room.raw()).map(|seen| seen.seq);
        let range = (device, room, UserId::new(0))..=(device, room, UserId::new(u32::MAX));
        last.is_some()
            && self.hidden.range(range).any(|(_, hidden)| hidden.iter().any(|one| one.upto == last))
    }

    /// What became in a span of each user whose membership changed in it, as far as the device was told.
    pub(crate) fn passages(
        &self,
        server: ServerId,
        (device, room): (DeviceId, RoomId),
        span: Span,
    ) -> Vec<Passage> {
        let Some(copy) = self.rooms.get(room.index()).and_then(|room| room.copies.get(&server))
        else {
            return Vec::new();
        };
        let start = copy.changed.partition_point(|(seq, _)| *seq <= span.after);
        let within = copy.changed[start..].iter().filter(|(seq, _)| *seq <= span.upto);
        let mut users: BTreeSet<UserId> = within.map(|(_, user)| *user).collect();
        let range = (device, room, UserId::new(0))..=(device, room, UserId::new(u32::MAX));
        let retold = self.retold.range(range).filter(|(_, hidden)| !hidden.is_empty());
        users.extend(retold.map(|((_, _, user), _)| *user));
        let passage = |user| {
            let place = (device, room, user);
            let [hidden, retold] = [&self.hidden, &self.retold]
                .map(|some| some.get(&place).map_or(&[][..], Vec::as_slice));
            let covers = |some: &[Hidden], change: &Change| {
                some.iter().any(|hidden| {
                    hidden.after < change.seq && change.seq <= hidden.upto.unwrap_or(u32::MAX)
                })
            };
            let told = |change: &&Change| change.seq <= span.upto && !covers(hidden, change);
            let changes = copy.members.get(&user)?;
            let old = changes.iter().filter(told).filter(|change| change.seq <= span.after);
            let known = old.clone().rfind(|change| !covers(retold, change));
            let before = known.map(|change| change.membership);
            // Of what was left out earlier a whole state tells how it ended.
            let made_up = old
                .clone()
                .next_back()
                .filter(|last| known.is_none_or(|known| known.seq < last.seq));
            let news = changes.iter().filter(told).filter(|change| change.seq > span.after);
            let mut last = None;
            let (mut departed, mut was_out, mut was_invited) = (false, false, false);
            for change in made_up.into_iter().chain(news) {
                let out = !is_there(change.membership);
                was_out |= out;
                was_invited |= change.membership == Membership::Invite;
                departed |= out && last.or(before).is_some_and(is_there);
                last = Some(change.membership);
            }
            Some(Passage { user, before, last: last?, departed, was_out, was_invited })
        };
        users.into_iter().filter_map(passage).collect()
    }

    /// When the device was last told a change of the room's state.
    pub(crate) fn seen_last(&self, device: DeviceId, room: RoomId) -> Option<Moment> {
        let seen = self.seen.get(device.raw(), room.raw())?;
        seen.steps.last().map(|(_, told)| *told)
    }

    /// Whether anything was observed of what the device has seen of the room.
    pub(crate) fn has_seen(&self, device: DeviceId, room: RoomId) -> bool {
        self.seen.get(device.raw(), room.raw()).is_some()
    }

    /// Whether the user was joined, or invited where that counts, at some time since `since` by what the device has
    /// seen. What it was not told for a while is taken for seen.
    pub(crate) fn was_member_since(
        &self,
        server: ServerId,
        (device, room): (DeviceId, RoomId),
        user: UserId,
        (since, invited_counts): (FactId, bool),
    ) -> bool {
        let Some(seen) = self.seen.get(device.raw(), room.raw()) else { return false };
        let hidden = self.hidden.get(&(device, room, user)).map_or(&[][..], Vec::as_slice);
        let is_hidden = |seq: u32| {
            hidden.iter().any(|one| one.after < seq && seq <= one.upto.unwrap_or(u32::MAX))
        };
        let copy = self.rooms.get(room.index()).and_then(|room| room.copies.get(&server));
        let Some(changes) = copy.and_then(|copy| copy.members.get(&user)) else { return false };
        let told = |seq: u32| {
            let step = seen.steps.partition_point(|(upto, _)| *upto < seq);
            seen.steps.get(step).map(|(_, told)| told.fact)
        };
        changes.iter().enumerate().any(|(index, change)| {
            // A leave that the device was not told of did not end anything for it.
            let later = changes[index + 1..].iter().filter(|next| next.seq <= seen.seq);
            let next = later.into_iter().find(|next| !is_hidden(next.seq));
            let lasted = next.is_none_or(|next| told(next.seq).is_none_or(|fact| fact > since));
            let member = match change.membership {
                Membership::Join => true,
                Membership::Invite => invited_counts,
                Membership::Leave | Membership::Ban => false,
            };
            change.seq <= seen.seq && lasted && member
        })
    }
}

#[cfg(test)]
mod tests;
