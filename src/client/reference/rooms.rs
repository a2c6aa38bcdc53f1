//! Rooms as one client has seen them, through its own syncs.
//! It does not know what servers know, nor what follows for sessions.

use std::collections::BTreeMap;

use crate::ids::{RoomId, UserId};
use crate::protocol::room::{
    HistoryVisibility, Membership, RoomAlgorithm, RoomEvent, Rotation, SharedRoomState,
};
use crate::time::SimDuration;

/// A room's state as it was told, with what was told since laid over it: many clients share the first part.
#[derive(Debug, Clone)]
pub(super) struct SeenRoom {
    base: SharedRoomState,
    members: BTreeMap<UserId, Membership>,
    history_visibility: Option<HistoryVisibility>,
    rotation: Rotation,
    /// The number of the last event that was told.
    upto: u32,
}

impl SeenRoom {
    fn new(base: SharedRoomState, upto: u32) -> Self {
        Self {
            upto,
            members: BTreeMap::new(),
            history_visibility: base.history_visibility,
            rotation: base.rotation,
            base,
        }
    }

    /// The membership of a user.
    pub(super) fn membership(&self, user: UserId) -> Membership {
        self.members.get(&user).copied().unwrap_or_else(|| self.base.membership(user))
    }

    /// The history visibility; `None` if no event set it.
    pub(super) const fn history_visibility(&self) -> Option<HistoryVisibility> {
        self.history_visibility
    }

    /// The rotation settings.
    pub(super) const fn rotation(&self) -> Rotation {
        self.rotation
    }

    /// Users with a membership, ascending.
    pub(super) fn members(&self) -> impl Iterator<Item = (UserId, Membership)> + '_ {
        let told = self.base.members.iter().map(|(user, membership)| (*user, *membership));
        let unchanged = told.filter(|(user, _)| !self.members.contains_key(user));
        let changed = self.members.iter().map(|(user, membership)| (*user, *membership));
        MergedByUser { one: unchanged.peekable(), other: changed.peekable() }
            .filter(|(_, membership)| *membership != Membership::Leave)
    }

    /// Users that a message is meant for (`elig` of rules.md 0.3): joined ones, and invited ones where the policy
    /// includes them and the history visibility lets them read from the invite on.
    pub(super) fn eligible(&self, with_invited: bool) -> impl Iterator<Item = UserId> + '_ {
        let invited = with_invited && self.history_visibility != Some(HistoryVisibility::Joined);
        self.members()
            .filter(move |(_, membership)| match membership {
                Membership::Join => true,
                Membership::Invite => invited,
                Membership::Leave | Membership::Ban => false,
            })
            .map(|(user, _)| user)
    }

    /// What a session must not outlive a change of: who may be given its key later, and the algorithm.
    fn kind(&self) -> (bool, RoomAlgorithm) {
        (shareable(self), self.rotation.algorithm)
    }

    fn differs_in_kind(&self, other: &Self) -> bool {
        self.kind() != other.kind()
    }

    fn apply(&mut self, event: &RoomEvent) {
        match *event {
            RoomEvent::Member { user, membership } => {
                self.members.insert(user, membership);
            }
            RoomEvent::HistoryVisibility(value) => self.history_visibility = Some(value),
            RoomEvent::Encryption(rotation) => self.rotation = rotation,
            RoomEvent::Message { .. } => {}
        }
    }
}

/// Two lists that ascend by user, as one.
struct MergedByUser<A: Iterator, B: Iterator> {
    one: std::iter::Peekable<A>,
    other: std::iter::Peekable<B>,
}

impl<A, B> Iterator for MergedByUser<A, B>
where
    A: Iterator<Item = (UserId, Membership)>,
    B: Iterator<Item = (UserId, Membership)>,
{
    type Item = (UserId, Membership);

    fn next(&mut self) -> Option<Self::Item> {
        match (self.one.peek(), self.other.peek()) {
            (Some(one), Some(other)) if other.0 < one.0 => self.other.next(),
            (Some(_), _) => self.one.next(),
            (None, _) => self.other.next(),
        }
    }
}

/// What a change of a room's state means for the session that is in use there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Invalidates {
    /// Nothing.
    No,
    /// Somebody who may have the key is gone, or history became (un)shareable: the session must be replaced.
    Session,
}

/// All rooms.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenRooms {
    rooms: BTreeMap<RoomId, SeenRoom>,
}

impl SeenRooms {
    /// A room, if this client was told of it.
    pub(super) fn room(&self, room: RoomId) -> Option<&SeenRoom> {
        self.rooms.get(&room)
    }

    /// Takes a whole state: the first one of a room, or the one of a limited sync, which tells up to `upto`. In a limited
    /// sync every new membership other than join may hide a stay in the room, and so does a join that is not the one that
    /// was known.
    pub(super) fn take_state(
        &mut self,
        room: RoomId,
        state: &SharedRoomState,
        upto: u32,
    ) -> Invalidates {
        let fresh = SeenRoom::new(state.clone(), upto);
        let Some(old) = self.rooms.get(&room) else {
            self.rooms.insert(room, fresh);
            return Invalidates::No;
        };
        let left = old.members().any(|(user, _)| fresh.membership(user) == Membership::Leave);
        let changed = state.changed_by.iter().filter(|(_, seq)| **seq > old.upto);
        let mut changed = changed.map(|(user, _)| (fresh.membership(*user), old.membership(*user)));
        let hidden = changed.any(|(now, before)| match now {
            Membership::Join => before == Membership::Join,
            Membership::Invite | Membership::Leave | Membership::Ban => true,
        });
        let flipped = old.differs_in_kind(&fresh);
        self.rooms.insert(room, fresh);
        if left || hidden || flipped { Invalidates::Session } else { Invalidates::No }
    }

    /// Everything up to this event of the room was told.
    pub(super) fn told(&mut self, room: RoomId, upto: u32) {
        if let Some(seen) = self.rooms.get_mut(&room) {
            seen.upto = seen.upto.max(upto);
        }
    }

    /// Takes one event of a timeline. `limited` if events before the timeline were left out.
    pub(super) fn take_event(
        &mut self,
        room: RoomId,
        event: &RoomEvent,
        limited: bool,
    ) -> Invalidates {
        let seen = self.rooms.entry(room).or_insert_with(|| {
            SeenRoom::new(
                SharedRoomState::new(crate::protocol::room::RoomState {
                    members: BTreeMap::new(),
                    history_visibility: None,
                    rotation: Rotation::megolm(SimDuration::from_hours(24 * 7), 100),
                    changed_by: BTreeMap::new(),
                }),
                0,
            )
        });
        let before = seen.kind();
        seen.apply(event);
        let gone = match event {
            RoomEvent::Member { membership: Membership::Leave | Membership::Ban, .. } => true,
            RoomEvent::Member { membership: Membership::Invite, .. } => limited,
            RoomEvent::Member { membership: Membership::Join, .. }
            | RoomEvent::Message { .. }
            | RoomEvent::HistoryVisibility(_)
            | RoomEvent::Encryption(_) => false,
        };
        if gone || before != seen.kind() { Invalidates::Session } else { Invalidates::No }
    }
}

/// Whether keys of now may be given to later joiners. An unset visibility counts as not.
pub(super) fn shareable(room: &SeenRoom) -> bool {
    room.history_visibility().is_some_and(HistoryVisibility::is_shareable)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Invalidates, SeenRooms};
    use crate::ids::{RoomId, UserId};
    use crate::protocol::room::{
        HistoryVisibility, Membership, RoomAlgorithm, RoomEvent, RoomState, Rotation,
        SharedRoomState,
    };
    use crate::time::SimDuration;

    const ROOM: RoomId = RoomId::new(0);

    fn state(members: &[(u32, Membership)]) -> SharedRoomState {
        SharedRoomState::new(RoomState {
            members: members.iter().map(|(user, ms)| (UserId::new(*user), *ms)).collect(),
            history_visibility: Some(HistoryVisibility::Shared),
            rotation: Rotation::megolm(SimDuration::from_hours(168), 100),
            changed_by: BTreeMap::new(),
        })
    }

    const fn member(user: u32, membership: Membership) -> RoomEvent {
        RoomEvent::Member { user: UserId::new(user), membership }
    }

    fn told(members: &[(u32, Membership)]) -> SeenRooms {
        let mut rooms = SeenRooms { rooms: BTreeMap::new() };
        assert_eq!(rooms.take_state(ROOM, &state(members), 1), Invalidates::No);
        rooms
    }

    fn eligible(rooms: &SeenRooms, with_invited: bool) -> Vec<u32> {
        rooms.room(ROOM).unwrap().eligible(with_invited).map(UserId::raw).collect()
    }

    #[test]
    fn events_are_laid_over_the_shared_state_in_the_order_of_users() {
        let mut rooms = told(&[(1, Membership::Join), (3, Membership::Join)]);
        rooms.take_event(ROOM, &member(2, Membership::Join), false);
        rooms.take_event(ROOM, &member(0, Membership::Invite), false);
        rooms.take_event(ROOM, &member(3, Membership::Ban), false);
        assert_eq!(eligible(&rooms, false), [1, 2]);
        assert_eq!(eligible(&rooms, true), [0, 1, 2]);
    }

    #[test]
    fn invited_users_are_left_out_where_history_begins_with_the_join() {
        let mut rooms = told(&[(0, Membership::Join), (1, Membership::Invite)]);
        let joined = RoomEvent::HistoryVisibility(HistoryVisibility::Joined);
        assert_eq!(rooms.take_event(ROOM, &joined, false), Invalidates::Session);
        assert_eq!(eligible(&rooms, true), [0]);
    }

    #[test]
    fn a_leave_or_a_ban_invalidates_and_a_join_or_an_invite_does_not() {
        let mut rooms = told(&[(0, Membership::Join), (1, Membership::Join)]);
        for (membership, expected) in [
            (Membership::Invite, Invalidates::No),
            (Membership::Join, Invalidates::No),
            (Membership::Leave, Invalidates::Session),
            (Membership::Ban, Invalidates::Session),
        ] {
            assert_eq!(rooms.take_event(ROOM, &member(1, membership), false), expected);
        }
    }

    #[test]
    fn in_a_limited_sync_any_new_membership_but_a_first_join_invalidates() {
        let joined = (0, Membership::Join);
        for (after, changed, expected) in [
            (&[joined, (2, Membership::Join)][..], 2, Invalidates::No),
            (&[joined, (2, Membership::Invite)], 2, Invalidates::Session),
            (&[], 0, Invalidates::Session),
            (&[joined], 3, Invalidates::Session),
            (&[joined], 0, Invalidates::Session),
        ] {
            let mut rooms = told(&[joined]);
            let mut state = RoomState::clone(&state(after));
            state.changed_by.insert(UserId::new(changed), 5);
            let invalidates = rooms.take_state(ROOM, &SharedRoomState::new(state), 9);
            assert_eq!(invalidates, expected, "{after:?} {changed}");
        }
    }

    #[test]
    fn a_join_that_was_told_before_is_not_taken_for_another() {
        let mut rooms = told(&[(0, Membership::Join)]);
        let mut known = RoomState::clone(&state(&[(0, Membership::Join)]));
        known.changed_by.insert(UserId::new(0), 5);
        rooms.told(ROOM, 5);
        let known = SharedRoomState::new(known);
        assert_eq!(rooms.take_state(ROOM, &known, 9), Invalidates::No);
    }

    #[test]
    fn another_algorithm_invalidates_and_so_does_the_way_back() {
        let mut rooms = told(&[(0, Membership::Join)]);
        let usual = Rotation::megolm(SimDuration::from_hours(1), 7);
        let other = Rotation { algorithm: RoomAlgorithm::Other, ..usual };
        for (settings, expected) in [
            (usual, Invalidates::No),
            (other, Invalidates::Session),
            (other, Invalidates::No),
            (usual, Invalidates::Session),
        ] {
            let event = RoomEvent::Encryption(settings);
            assert_eq!(rooms.take_event(ROOM, &event, false), expected, "{settings:?}");
        }
    }
}
