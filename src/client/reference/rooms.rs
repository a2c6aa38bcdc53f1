//! Rooms as one client has seen them, through its own syncs.
//! It does not know what servers know, nor what follows for sessions.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::reference::few::Few;
use crate::ids::{RoomId, UserId};
use crate::protocol::api::RoomSync;
use crate::protocol::room::{
    HistoryVisibility, Membership, RoomAlgorithm, RoomEvent, Rotation, SharedRoomState,
};
use crate::scenario::habits::{Habits, LeaveRotates, NeedlessRotation};

/// A room's state as it was told, with what was told since laid over it: many clients share the first part.
#[derive(Debug, Clone)]
pub(super) struct SeenRoom {
    base: SharedRoomState,
    /// What was told of members since, each with the number that the event has at the most.
    members: BTreeMap<UserId, (Membership, u32)>,
    /// Who invited a user since then; nobody, if the user was out of the room since.
    inviters: BTreeMap<UserId, Option<UserId>>,
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
            inviters: BTreeMap::new(),
            history_visibility: base.history_visibility,
            rotation: base.rotation,
            base,
        }
    }

    /// The membership of a user.
    pub(super) fn membership(&self, user: UserId) -> Membership {
        let told = self.members.get(&user).map(|(membership, _)| *membership);
        told.unwrap_or_else(|| self.base.membership(user))
    }

    /// The number of the event that last told of a user's membership; `None` if none did.
    fn told_of(&self, user: UserId) -> Option<u32> {
        let began_with = || self.base.members.contains_key(&user).then_some(0);
        let in_base = || self.base.changed_by.get(&user).copied().or_else(began_with);
        self.members.get(&user).map(|(_, seq)| *seq).or_else(in_base)
    }

    /// Who invited a user, the last time that this was seen, if the user was not out of the room since.
    pub(super) fn inviter(&self, user: UserId) -> Option<UserId> {
        let told = self.inviters.get(&user).copied();
        told.unwrap_or_else(|| self.base.inviters.get(&user).copied())
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
        let changed = self.members.iter().map(|(user, (membership, _))| (*user, *membership));
        MergedByUser { one: unchanged.peekable(), other: changed.peekable() }
            .filter(|(_, membership)| *membership != Membership::Leave)
    }

    /// Users that a message is meant for: joined ones, and invited ones where the policy
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

    /// Users who have or had a membership and are not among those that a message is meant for, ascending.
    pub(super) fn outsiders(&self, with_invited: bool) -> Vec<UserId> {
        let told = self.base.members.keys().chain(self.members.keys()).copied();
        let eligible: BTreeSet<UserId> = self.eligible(with_invited).collect();
        let outsiders: BTreeSet<UserId> = told.filter(|user| !eligible.contains(user)).collect();
        outsiders.into_iter().collect()
    }

    /// What a session must not outlive a change of: who may be given its key later, and the algorithm.
    fn kind(&self) -> (bool, RoomAlgorithm) {
        (shareable(self), self.rotation.algorithm)
    }

    fn differs_in_kind(&self, other: &Self) -> bool {
        self.kind() != other.kind()
    }

    fn apply(&mut self, event: &RoomEvent, seq: u32) {
        match *event {
            RoomEvent::Member { user, membership, by } => {
                match membership {
                    Membership::Invite => _ = self.inviters.insert(user, by),
                    // Who comes back without another invite was not invited to that.
                    Membership::Leave | Membership::Ban => {
                        self.inviters.insert(user, None);
                    }
                    Membership::Join => {}
                }
                self.members.insert(user, (membership, seq));
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// Users who are seen to have left, or to be banned.
    pub(super) gone: Vec<UserId>,
    /// Whether a limited sync told of a membership other than join, which may hide a stay in the room.
    pub(super) may_hide: bool,
    /// Whether history became shareable or unshareable.
    pub(super) flipped: bool,
    /// Whether somebody joined.
    pub(super) joined: bool,
}

/// Whether a change replaces the session, by the rules and by how the client is written. `holds_key` says whether a
/// user's devices were given the key, `limited` is set if the change is one of a limited sync, and `is_in` says who is
/// in the room after it.
pub(super) fn replaces_session(
    change: &Change,
    limited: bool,
    habits: &Habits,
    holds_key: impl Fn(UserId) -> bool,
    is_in: impl Fn(UserId) -> bool,
) -> bool {
    let hides = limited && !habits.limited_sync_rotates;
    let counts = |user: &UserId| match habits.leave_rotates {
        LeaveRotates::Anyone => true,
        LeaveRotates::KeyHolders => holds_key(*user),
    };
    let gone = change.gone.iter().any(|user| counts(user) && !(hides && is_in(*user)));
    let needless = change.joined && habits.needless_rotation == NeedlessRotation::Join;
    gone || (change.may_hide && !hides) || change.flipped || needless
}

/// All rooms.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenRooms {
    rooms: Few<RoomId, SeenRoom>,
}

impl SeenRooms {
    /// A room, if this client was told of it.
    pub(super) fn room(&self, room: RoomId) -> Option<&SeenRoom> {
        self.rooms.get(room)
    }

    /// Whether both users are joined in some room, as far as this client was told.
    pub(super) fn share(&self, one: UserId, other: UserId) -> bool {
        let joined = |seen: &SeenRoom, user| seen.membership(user) == Membership::Join;
        self.rooms.iter().any(|(_, seen)| joined(seen, one) && joined(seen, other))
    }

    /// Takes a whole state: the first one of a room, or the one of a limited sync, which tells up to `upto`. In a limited
    /// sync every new membership other than join may hide a stay in the room, and so does a join that is not the one that
    /// was known.
    pub(super) fn take_state(
        &mut self,
        room: RoomId,
        state: &SharedRoomState,
        upto: u32,
    ) -> Change {
        let fresh = SeenRoom::new(state.clone(), upto);
        let Some(old) = self.rooms.get(room) else {
            self.rooms.insert(room, fresh);
            return Change::default();
        };
        let is_gone = |user: &UserId| match fresh.membership(*user) {
            Membership::Leave | Membership::Ban => old.membership(*user) != fresh.membership(*user),
            Membership::Join | Membership::Invite => false,
        };
        let differs =
            |(user, membership): &(UserId, Membership)| old.membership(*user) != *membership;
        let joins = |(_, membership): &(UserId, Membership)| *membership == Membership::Join;
        let change = Change {
            gone: old.members().map(|(user, _)| user).filter(is_gone).collect(),
            may_hide: false,
            flipped: old.differs_in_kind(&fresh),
            joined: fresh.members().any(|member| joins(&member) && differs(&member)),
        };
        // What an earlier answer left out is news as well, also if it comes to what was known before.
        let left_out = fresh.members().filter(differs).map(|(user, _)| user);
        let is_news = |(user, seq): &(&UserId, &u32)| {
            old.told_of(**user).is_none_or(|told| **seq > told)
                || old.membership(**user) != fresh.membership(**user)
        };
        let changed = state.changed_by.iter().filter(is_news).map(|(user, _)| *user);
        let may_hide = changed.chain(left_out).any(|user| match fresh.membership(user) {
            Membership::Join => old.membership(user) == Membership::Join,
            Membership::Invite | Membership::Leave | Membership::Ban => true,
        });
        let change = Change { may_hide, ..change };
        self.rooms.insert(room, fresh);
        change
    }

    /// Whether the server left events out of an answer, which has no state to make up for them.
    pub(super) fn misses_events(&self, sync: &RoomSync) -> bool {
        let told = self.rooms.get(sync.room).map_or(0, |seen| seen.upto) as usize;
        sync.state.is_none() && told + sync.timeline.len() < sync.seq as usize
    }

    /// Everything up to this event of the room was told.
    pub(super) fn told(&mut self, room: RoomId, upto: u32) {
        if let Some(seen) = self.rooms.get_mut(room) {
            seen.upto = seen.upto.max(upto);
        }
    }

    /// Takes one event of a timeline, which has this number at the most. `limited` if events before the timeline were left out.
    pub(super) fn take_event(
        &mut self,
        room: RoomId,
        (event, seq): (&RoomEvent, u32),
        limited: bool,
    ) -> Change {
        // The first answer that tells of a room has its state.
        let Some(seen) = self.rooms.get_mut(room) else { return Change::default() };
        let mut change = Change::default();
        match *event {
            RoomEvent::Member { user, membership: Membership::Leave | Membership::Ban, .. } => {
                change.gone.push(user);
            }
            RoomEvent::Member { membership: Membership::Invite, .. } => change.may_hide = limited,
            RoomEvent::Member { user, membership: Membership::Join, .. } => {
                change.joined = seen.membership(user) != Membership::Join;
            }
            RoomEvent::Message { .. }
            | RoomEvent::HistoryVisibility(_)
            | RoomEvent::Encryption(_) => {}
        }
        let before = seen.kind();
        seen.apply(event, seq);
        change.flipped = before != seen.kind();
        change
    }
}

/// Whether keys of now may be given to later joiners. An unset visibility counts as not.
pub(super) fn shareable(room: &SeenRoom) -> bool {
    room.history_visibility().is_some_and(HistoryVisibility::is_shareable)
}

/// The history visibility, shared where no event set it, as clients have it that need some value.
pub(super) fn visibility_or_default(room: &SeenRoom) -> HistoryVisibility {
    room.history_visibility().unwrap_or(HistoryVisibility::Shared)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Change, SeenRooms, replaces_session};
    use crate::client::reference::few::Few;
    use crate::ids::{RoomId, UserId};
    use crate::protocol::room::{
        HistoryVisibility, Membership, RoomAlgorithm, RoomEvent, RoomState, Rotation,
        SharedRoomState,
    };
    use crate::scenario::habits::{Habits, LeaveRotates};
    use crate::time::SimDuration;

    const ROOM: RoomId = RoomId::new(0);

    fn state(members: &[(u32, Membership)]) -> SharedRoomState {
        SharedRoomState::new(RoomState {
            members: members.iter().map(|(user, ms)| (UserId::new(*user), *ms)).collect(),
            inviters: BTreeMap::new(),
            history_visibility: Some(HistoryVisibility::Shared),
            rotation: Rotation::megolm(SimDuration::from_hours(168), 100),
            changed_by: BTreeMap::new(),
        })
    }

    const fn member(user: u32, membership: Membership) -> RoomEvent {
        RoomEvent::Member { user: UserId::new(user), membership, by: None }
    }

    fn told(members: &[(u32, Membership)]) -> SeenRooms {
        let mut rooms = SeenRooms { rooms: Few::default() };
        assert_eq!(rooms.take_state(ROOM, &state(members), 1), Change::default());
        rooms
    }

    /// Whether the rules want another session after a change.
    fn replaces(change: &Change) -> bool {
        replaces_session(change, true, &Habits::specification(), |_| false, |_| true)
    }

    fn eligible(rooms: &SeenRooms, with_invited: bool) -> Vec<u32> {
        rooms.room(ROOM).unwrap().eligible(with_invited).map(UserId::raw).collect()
    }

    #[test]
    fn events_are_laid_over_the_shared_state_in_the_order_of_users() {
        let mut rooms = told(&[(1, Membership::Join), (3, Membership::Join)]);
        rooms.take_event(ROOM, (&member(2, Membership::Join), 9), false);
        rooms.take_event(ROOM, (&member(0, Membership::Invite), 9), false);
        rooms.take_event(ROOM, (&member(3, Membership::Ban), 9), false);
        assert_eq!(eligible(&rooms, false), [1, 2]);
        assert_eq!(eligible(&rooms, true), [0, 1, 2]);
    }

    #[test]
    fn invited_users_are_left_out_where_history_begins_with_the_join() {
        let mut rooms = told(&[(0, Membership::Join), (1, Membership::Invite)]);
        let joined = RoomEvent::HistoryVisibility(HistoryVisibility::Joined);
        assert!(replaces(&rooms.take_event(ROOM, (&joined, 9), false)));
        assert_eq!(eligible(&rooms, true), [0]);
    }

    #[test]
    fn a_leave_or_a_ban_invalidates_and_a_join_or_an_invite_does_not() {
        let mut rooms = told(&[(0, Membership::Join), (1, Membership::Join)]);
        for (membership, expected) in [
            (Membership::Invite, false),
            (Membership::Join, false),
            (Membership::Leave, true),
            (Membership::Ban, true),
        ] {
            let change = rooms.take_event(ROOM, (&member(1, membership), 9), false);
            assert_eq!(replaces(&change), expected);
        }
    }

    #[test]
    fn in_a_limited_sync_any_new_membership_but_a_first_join_invalidates() {
        let joined = (0, Membership::Join);
        for (after, changed, expected) in [
            (&[joined, (2, Membership::Join)][..], 2, false),
            (&[joined, (2, Membership::Invite)], 2, true),
            (&[], 0, true),
            (&[joined], 3, true),
            (&[joined], 0, true),
        ] {
            let mut rooms = told(&[joined]);
            let mut state = RoomState::clone(&state(after));
            state.changed_by.insert(UserId::new(changed), 5);
            let change = rooms.take_state(ROOM, &SharedRoomState::new(state), 9);
            assert_eq!(replaces(&change), expected, "{after:?} {changed}");
        }
    }

    #[test]
    fn a_join_that_was_told_before_is_not_taken_for_another() {
        let mut known = RoomState::clone(&state(&[(0, Membership::Join)]));
        known.changed_by.insert(UserId::new(0), 5);
        let known = SharedRoomState::new(known);
        let mut rooms = told(&[(0, Membership::Join)]);
        rooms.take_event(ROOM, (&member(0, Membership::Join), 5), false);
        assert!(!replaces(&rooms.take_state(ROOM, &known, 9)));
        assert!(!replaces(&rooms.take_state(ROOM, &known, 11)));
    }

    #[test]
    fn a_stay_that_an_answer_left_out_is_news_when_a_limited_sync_tells_of_its_end() {
        let mut rooms = told(&[(0, Membership::Join), (1, Membership::Join)]);
        rooms.take_event(ROOM, (&member(1, Membership::Leave), 3), false);
        rooms.told(ROOM, 7);
        for gone in [1, 2] {
            let mut state = RoomState::clone(&state(&[(0, Membership::Join)]));
            state.changed_by.insert(UserId::new(gone), 6);
            let state = SharedRoomState::new(state);
            assert!(replaces(&rooms.take_state(ROOM, &state, 9)), "{gone}");
            assert!(!replaces(&rooms.take_state(ROOM, &state, 9)), "{gone}");
        }
    }

    #[test]
    fn another_algorithm_invalidates_and_so_does_the_way_back() {
        let mut rooms = told(&[(0, Membership::Join)]);
        let usual = Rotation::megolm(SimDuration::from_hours(1), 7);
        let other = Rotation { algorithm: RoomAlgorithm::Other, ..usual };
        for (settings, expected) in [(usual, false), (other, true), (other, false), (usual, true)] {
            let event = RoomEvent::Encryption(settings);
            assert_eq!(
                replaces(&rooms.take_event(ROOM, (&event, 9), false)),
                expected,
                "{settings:?}"
            );
        }
    }

    #[test]
    fn a_client_that_looks_at_the_end_only_overlooks_who_left_and_came_back() {
        let change = Change { gone: vec![UserId::new(1)], may_hide: true, ..Change::default() };
        let blind = Habits { limited_sync_rotates: false, ..Habits::specification() };
        let replaces = |limited, is_in: bool| {
            replaces_session(&change, limited, &blind, |_| true, move |_| is_in)
        };
        assert_eq!(
            [replaces(true, true), replaces(true, false), replaces(false, true)],
            [false, true, true]
        );
    }

    #[test]
    fn a_client_that_counts_key_holders_overlooks_others_who_leave() {
        let change = Change { gone: vec![UserId::new(1)], ..Change::default() };
        let holders = LeaveRotates::KeyHolders;
        let habits = Habits { leave_rotates: holders, ..Habits::specification() };
        for held in [false, true] {
            assert_eq!(replaces_session(&change, false, &habits, |_| held, |_| false), held);
        }
    }

    #[test]
    fn outsiders_are_all_others_that_the_room_has_heard_of() {
        let mut rooms = told(&[(0, Membership::Join), (1, Membership::Join), (4, Membership::Ban)]);
        rooms.take_event(ROOM, (&member(1, Membership::Leave), 9), false);
        rooms.take_event(ROOM, (&member(3, Membership::Invite), 9), false);
        let seen = rooms.room(ROOM).unwrap();
        assert_eq!(seen.outsiders(false), [1, 3, 4].map(UserId::new));
        assert_eq!(seen.outsiders(true), [1, 4].map(UserId::new));
    }
}
