//! One room as one homeserver has it: its state, the events in this server's order, and how long each of the server's
//! own users was in it.
//! It does not know which device has been told of what, nor how events get here.
//!
//! Simplified: no state resolution and no power levels. Of two events for one piece of state the one that was accepted
//! later anywhere wins, whatever their order of arrival. History visibility is the present one for all of the past.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::{RoomId, ServerId, UserId};
use crate::protocol::api::RoomSync;
use crate::protocol::provenance::Provenance;
use crate::protocol::room::{HistoryVisibility, Membership, RoomEvent, RoomState, SharedRoomState};

/// The place of an event among all that any server accepted in the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(pub u64);

/// The piece of state that an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateKey {
    /// `m.room.member` of a user.
    Member(UserId),
    /// `m.room.history_visibility`
    HistoryVisibility,
    /// `m.room.encryption`
    Encryption,
}

impl StateKey {
    /// What the event is about; `None` for a message.
    #[must_use]
    pub const fn of(event: &RoomEvent) -> Option<Self> {
        match *event {
            RoomEvent::Member { user, .. } => Some(Self::Member(user)),
            RoomEvent::HistoryVisibility(_) => Some(Self::HistoryVisibility),
            RoomEvent::Encryption(_) => Some(Self::Encryption),
            RoomEvent::Message { .. } => None,
        }
    }
}

/// The state of a room with the stamps of what it is made of: what a server that is new to the room is given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoomCopy {
    /// The state.
    pub state: SharedRoomState,
    /// When each piece of it was accepted; what is not here was so from the start.
    pub stamps: BTreeMap<StateKey, Stamp>,
}

/// An event with its places in several orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The event.
    pub event: RoomEvent,
    /// The fact that the server has it.
    pub cause: Provenance,
    /// Its place among all that any server accepted.
    pub stamp: Stamp,
    /// Whether it was this server that accepted it.
    pub own: bool,
    /// Its place in this server's stream of the events of all rooms.
    pub position: u64,
}

/// The place of an event in this room (`seq`) and in the server's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Mark {
    seq: u32,
    position: u64,
}

/// How long a user of this server was in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Stay {
    invited: Option<Mark>,
    /// An invite that came after the end of the stay: it says nothing of what is told of that one.
    invited_again: Option<Mark>,
    joined: Option<Mark>,
    left: Option<Mark>,
    returned: bool,
}

/// What an event did to its subject's being in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Nothing.
    Unchanged,
    /// It was not joined before and is now.
    Joined,
    /// It was joined before and is no longer.
    Left,
}

/// A room as one server has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Room {
    server: ServerId,
    base: SharedRoomState,
    base_seq: u32,
    state: SharedRoomState,
    state_cause: Provenance,
    last_state: usize,
    entries: Vec<Entry>,
    stamps: BTreeMap<StateKey, Stamp>,
    stays: BTreeMap<UserId, Stay>,
    joined_here: Vec<UserId>,
    present: BTreeMap<ServerId, u32>,
}

impl Room {
    /// A room on `server` that is in `state` after `seq` events that nobody needs to be told one by one; so many more are foreseen.
    #[must_use]
    pub fn new(
        server: ServerId,
        state: RoomState,
        (seq, cause): (u32, Provenance),
        foreseen: usize,
    ) -> Self {
        let state = Arc::new(RoomState { changed_by: BTreeMap::new(), ..state });
        Self {
            server,
            base: Arc::clone(&state),
            base_seq: seq,
            state,
            state_cause: cause,
            last_state: 0,
            entries: Vec::with_capacity(foreseen),
            stamps: BTreeMap::new(),
            stays: BTreeMap::new(),
            joined_here: Vec::new(),
            present: BTreeMap::new(),
        }
    }

    /// Counts a member of the state that the room was made with, a user of `server`.
    pub fn admit(&mut self, user: UserId, server: ServerId) {
        let membership = self.state.membership(user);
        if is_present(membership) {
            *self.present.entry(server).or_default() += 1;
        }
        let mark = Mark { seq: self.base_seq, position: 1 };
        if server == self.server {
            self.note_stay(user, (Membership::Leave, membership), mark);
        }
    }

    /// The state as it stands.
    #[must_use]
    pub const fn state(&self) -> &SharedRoomState {
        &self.state
    }

    /// A copy for a server that is new to the room.
    #[must_use]
    pub fn copy(&self) -> RoomCopy {
        RoomCopy { state: Arc::clone(&self.state), stamps: self.stamps.clone() }
    }

    /// How many events the server has counted.
    #[must_use]
    pub fn seq(&self) -> u32 {
        self.base_seq + u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// The server's own users who are joined, ascending.
    #[must_use]
    pub fn joined_here(&self) -> &[UserId] {
        &self.joined_here
    }

    /// The servers with a user who is joined or invited, ascending.
    pub fn servers(&self) -> impl Iterator<Item = ServerId> {
        self.present.keys().copied()
    }

    /// Whether a later event about the same piece of state is here already.
    #[must_use]
    pub fn is_superseded(&self, event: &RoomEvent, stamp: Stamp) -> bool {
        StateKey::of(event)
            .and_then(|key| self.stamps.get(&key))
            .is_some_and(|known| *known > stamp)
    }

    /// Appends an event; `subject_server` is the server of the user that a membership event is about.
    pub fn append(&mut self, entry: Entry, subject_server: ServerId) -> Passage {
        let mark = Mark { seq: self.seq() + 1, position: entry.position };
        let before = match entry.event {
            RoomEvent::Member { user, .. } => Some((user, self.state.membership(user))),
            RoomEvent::Message { .. }
            | RoomEvent::HistoryVisibility(_)
            | RoomEvent::Encryption(_) => None,
        };
        if let Some(key) = StateKey::of(&entry.event) {
            self.stamps.insert(key, entry.stamp);
            Arc::make_mut(&mut self.state).apply(&entry.event, mark.seq);
            self.state_cause = entry.cause;
            self.last_state = self.entries.len();
        }
        self.entries.push(entry);
        let Some((user, before)) = before else { return Passage::Unchanged };
        let after = self.state.membership(user);
        self.count_presence(subject_server, before, after);
        if subject_server == self.server {
            self.note_stay(user, (before, after), mark);
        }
        match (before == Membership::Join, after == Membership::Join) {
            (false, true) => Passage::Joined,
            (true, false) => Passage::Left,
            (true, true) | (false, false) => Passage::Unchanged,
        }
    }

    /// The events that this server accepted itself after `stamp`: what a server that came in then has missed.
    pub fn own_since(&self, stamp: Stamp) -> impl Iterator<Item = &Entry> {
        let start = self.entries.iter().rposition(|entry| entry.own && entry.stamp <= stamp);
        let rest = &self.entries[start.map_or(0, |index| index + 1)..];
        rest.iter().filter(move |entry| entry.own && entry.stamp > stamp)
    }

    /// Whether one of the server's own users is in the room or ever was.
    #[must_use]
    pub fn has_known(&self, user: UserId) -> bool {
        self.stays.get(&user).is_some_and(|stay| stay.joined.is_some())
    }

    /// What a device of the user is told that has been told everything up to position `since`: the last `limit` events
    /// at the most. `None` if there is nothing to tell.
    #[must_use]
    pub fn news(&self, room: RoomId, user: UserId, since: u64, limit: u32) -> Option<RoomSync> {
        let stay = self.stays.get(&user)?;
        let joined = stay.joined?;
        let last = stay.left.map_or(self.seq(), |mark| mark.seq);
        let untold = self.first_after(since);
        let first_answer = since == 0 || joined.position > since;
        if let Some(left) = stay.left
            && (since == 0 || left.position <= since)
        {
            return None;
        }
        if !first_answer && untold > last {
            return None;
        }
        let gap_counts = since > 0 && stay.returned;
        let floor = if !first_answer {
            untold
        } else if gap_counts {
            self.visible_from(stay).max(untold)
        } else {
            self.visible_from(stay)
        };
        let start = floor.max((last + 1).saturating_sub(limit.max(1)));
        let limited = start > floor || (first_answer && gap_counts && start > untold);
        let entries = &self.entries[self.index_of(start)..self.index_of(last + 1)];
        Some(RoomSync {
            room,
            limited,
            state: (first_answer || limited).then(|| self.state_before(start)),
            timeline: entries.iter().map(|entry| (entry.event, entry.cause)).collect(),
            seq: last,
            cause: match stay.left {
                Some(_) => entries.last().map_or(self.state_cause, |entry| entry.cause),
                None => self.state_cause,
            },
        })
    }

    /// The number of the first event that a member of this stay may see (specification, history visibility).
    fn visible_from(&self, stay: &Stay) -> u32 {
        let joined = stay.joined.map_or(u32::MAX, |mark| mark.seq);
        let first = match self.state.history_visibility {
            Some(HistoryVisibility::Joined) => joined,
            Some(HistoryVisibility::Invited) => stay.invited.map_or(joined, |mark| mark.seq),
            Some(HistoryVisibility::Shared | HistoryVisibility::WorldReadable) | None => 1,
        };
        first.max(self.base_seq + 1)
    }

    /// The number of the first event after a position of the server's stream.
    fn first_after(&self, since: u64) -> u32 {
        let told = self.entries.partition_point(|entry| entry.position <= since);
        self.base_seq + 1 + u32::try_from(told).unwrap_or(u32::MAX)
    }

    /// The index in `entries` of the event with this number.
    fn index_of(&self, seq: u32) -> usize {
        (seq.saturating_sub(self.base_seq + 1) as usize).min(self.entries.len())
    }

    /// The state before the event with this number.
    fn state_before(&self, seq: u32) -> SharedRoomState {
        let end = self.index_of(seq);
        if self.last_state < end {
            return Arc::clone(&self.state);
        }
        if end == 0 {
            return Arc::clone(&self.base);
        }
        let mut state = RoomState::clone(&self.base);
        for (seq, entry) in (self.base_seq + 1..).zip(&self.entries[..end]) {
            state.apply(&entry.event, seq);
        }
        Arc::new(state)
    }

    fn count_presence(&mut self, server: ServerId, before: Membership, after: Membership) {
        match (is_present(before), is_present(after)) {
            (false, true) => *self.present.entry(server).or_default() += 1,
            (true, false) => {
                if let Some(count) = self.present.get_mut(&server) {
                    *count -= 1;
                }
                self.present.retain(|_, count| *count > 0);
            }
            (true, true) | (false, false) => {}
        }
    }

    fn note_stay(&mut self, user: UserId, change: (Membership, Membership), mark: Mark) {
        let stay = self.stays.entry(user).or_default();
        let was = change.0 == Membership::Join;
        match change.1 {
            Membership::Join if !was => {
                stay.returned = stay.joined.is_some();
                stay.joined = Some(mark);
                stay.left = None;
                stay.invited = stay.invited_again.take().or(stay.invited);
            }
            Membership::Invite if stay.left.is_some() => stay.invited_again = Some(mark),
            Membership::Invite => stay.invited = Some(mark),
            Membership::Leave | Membership::Ban if was => stay.left = Some(mark),
            Membership::Join | Membership::Leave | Membership::Ban => {}
        }
        let place = self.joined_here.binary_search(&user);
        match (place, change.1 == Membership::Join) {
            (Err(index), true) => self.joined_here.insert(index, user),
            (Ok(index), false) => drop(self.joined_here.remove(index)),
            (Ok(_), true) | (Err(_), false) => {}
        }
    }
}

/// Whether the user's server takes part in the room because of this membership. Simplified: from the invite on.
const fn is_present(membership: Membership) -> bool {
    matches!(membership, Membership::Join | Membership::Invite)
}

#[cfg(test)]
mod tests {
    use super::{Entry, Passage, Room, Stamp};
    use std::collections::BTreeMap;

    use crate::ids::{DeviceId, MegolmSessionId, MessageId, RoomId, ServerId, UserId};
    use crate::protocol::api::RoomSync;
    use crate::protocol::provenance::Provenance;
    use crate::protocol::room::{HistoryVisibility, Membership, RoomEvent, RoomState, Rotation};
    use crate::protocol::to_device::MegolmCiphertext;
    use crate::time::{SimDuration, SimTime};

    const ID: RoomId = RoomId::new(0);
    const HERE: ServerId = ServerId::new(0);
    const ALICE: UserId = UserId::new(0);
    const BOB: UserId = UserId::new(1);

    /// A room in which Alice is, after one event.
    fn room(visibility: HistoryVisibility) -> Room {
        let state = RoomState {
            members: [(ALICE, Membership::Join)].into(),
            inviters: BTreeMap::new(),
            history_visibility: Some(visibility),
            rotation: Rotation::megolm(SimDuration::from_hours(1), 9),
            changed_by: std::collections::BTreeMap::new(),
        };
        let mut room = Room::new(HERE, state, (1, Provenance::UNKNOWN), 0);
        room.admit(ALICE, HERE);
        room
    }

    fn member(user: UserId, membership: Membership) -> RoomEvent {
        RoomEvent::Member { user, membership, by: None }
    }

    fn message(index: u32) -> RoomEvent {
        let session = MegolmSessionId::new(0);
        let body = MegolmCiphertext { session, index, intact: true };
        RoomEvent::Message {
            message: MessageId::new(index),
            sender: DeviceId::new(0),
            sent_at: SimTime::ZERO,
            body,
        }
    }

    /// Appends with the next position, which is also the stamp.
    fn append(room: &mut Room, event: RoomEvent) -> Passage {
        let position = u64::from(room.seq()) + 1;
        let entry = Entry {
            event,
            cause: Provenance::UNKNOWN,
            stamp: Stamp(position),
            own: true,
            position,
        };
        room.append(entry, HERE)
    }

    fn news(room: &Room, user: UserId, since: u64, limit: u32) -> Option<(u32, usize, bool)> {
        let RoomSync { seq, timeline, limited, .. } = room.news(ID, user, since, limit)?;
        Some((seq, timeline.len(), limited))
    }

    #[test]
    fn events_are_numbered_and_told_once_up_to_a_limit() {
        let mut room = room(HistoryVisibility::Shared);
        assert_eq!(news(&room, ALICE, 1, 9), None);
        for index in 0..5 {
            append(&mut room, message(index));
        }
        assert_eq!(news(&room, ALICE, 1, 9), Some((6, 5, false)));
        assert_eq!(news(&room, ALICE, 4, 9), Some((6, 2, false)));
        assert_eq!(news(&room, ALICE, 1, 2), Some((6, 2, true)));
        assert_eq!(news(&room, ALICE, 6, 9), None);
        assert_eq!(news(&room, BOB, 1, 9), None, "who is not in the room is told nothing");
    }

    #[test]
    fn the_state_of_a_limited_answer_is_that_before_its_timeline() {
        let mut room = room(HistoryVisibility::Shared);
        append(&mut room, member(BOB, Membership::Join));
        append(&mut room, message(0));
        append(&mut room, member(BOB, Membership::Leave));
        let state = |limit| {
            let news = room.news(ID, ALICE, 1, limit).unwrap();
            news.state.map(|state| state.membership(BOB))
        };
        assert_eq!(state(1), Some(Membership::Join));
        assert_eq!(state(3), None);
    }

    #[test]
    fn coming_and_going_are_told_apart_from_other_changes() {
        let mut room = room(HistoryVisibility::Shared);
        assert_eq!(append(&mut room, member(BOB, Membership::Invite)), Passage::Unchanged);
        assert_eq!(append(&mut room, member(BOB, Membership::Join)), Passage::Joined);
        assert_eq!(room.joined_here(), [ALICE, BOB]);
        assert_eq!(append(&mut room, member(BOB, Membership::Ban)), Passage::Left);
        assert_eq!(append(&mut room, member(BOB, Membership::Leave)), Passage::Unchanged);
        assert_eq!(append(&mut room, message(0)), Passage::Unchanged);
        assert_eq!(room.joined_here(), [ALICE]);
        // Bob is told up to his ban and no further.
        assert_eq!(news(&room, BOB, 1, 9).map(|(seq, ..)| seq), Some(4));
        assert_eq!(news(&room, BOB, 4, 9), None);
    }

    #[test]
    fn a_second_invite_does_not_hide_the_stay_that_ended_before_it() {
        let mut room = room(HistoryVisibility::Invited);
        append(&mut room, message(0));
        append(&mut room, member(BOB, Membership::Invite));
        append(&mut room, message(1));
        append(&mut room, member(BOB, Membership::Join));
        append(&mut room, member(BOB, Membership::Leave));
        append(&mut room, message(2));
        append(&mut room, member(BOB, Membership::Invite));
        // From the first invite to the end of the stay.
        assert_eq!(news(&room, BOB, 2, 9), Some((6, 4, false)));
        append(&mut room, message(3));
        append(&mut room, member(BOB, Membership::Join));
        // From the second one on.
        assert_eq!(news(&room, BOB, 0, 9).map(|(seq, count, _)| (seq, count)), Some((10, 3)));
    }

    #[test]
    fn an_event_that_was_accepted_before_the_one_that_is_here_is_superseded() {
        let mut room = room(HistoryVisibility::Shared);
        append(&mut room, member(BOB, Membership::Join));
        assert!(room.is_superseded(&member(BOB, Membership::Leave), Stamp(1)));
        assert!(!room.is_superseded(&member(BOB, Membership::Leave), Stamp(3)));
        assert!(!room.is_superseded(&member(ALICE, Membership::Leave), Stamp(1)));
        assert!(!room.is_superseded(&message(0), Stamp(1)));
    }

    #[test]
    fn a_server_takes_part_while_one_of_its_users_is_joined_or_invited() {
        let there = ServerId::new(1);
        let mut room = room(HistoryVisibility::Shared);
        let mut apply = |membership| {
            let position = u64::from(room.seq()) + 1;
            let event = member(BOB, membership);
            let stamp = Stamp(position);
            let entry = Entry { event, cause: Provenance::UNKNOWN, stamp, own: false, position };
            room.append(entry, there);
            room.servers().collect::<Vec<_>>()
        };
        assert_eq!(apply(Membership::Invite), [HERE, there]);
        assert_eq!(apply(Membership::Join), [HERE, there]);
        assert_eq!(apply(Membership::Leave), [HERE]);
        assert!(!room.has_known(BOB), "only the server's own users have a stay");
    }

    #[test]
    fn what_a_newcomer_missed_is_what_was_accepted_here_after_it_came() {
        let mut room = room(HistoryVisibility::Shared);
        for index in 0..3 {
            append(&mut room, message(index));
        }
        let missed: Vec<_> = room.own_since(Stamp(2)).map(|entry| entry.stamp.0).collect();
        assert_eq!(missed, [3, 4]);
        assert_eq!(room.own_since(Stamp(9)).count(), 0);
        assert_eq!(room.own_since(Stamp(0)).count(), 3);
    }
}
