//! The rooms that one homeserver has, and the stream of all their events.
//! It does not know devices, nor how events travel between servers.

use std::collections::BTreeSet;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::homeserver::foreseen::Foreseen;
use crate::homeserver::residents::Residents;
use crate::homeserver::room::{Entry, Passage, Room, RoomCopy, Stamp};
use crate::ids::{RoomId, ServerId, UserId};
use crate::protocol::api::RoomSync;
use crate::protocol::provenance::Provenance;
use crate::protocol::room::{Membership, RoomEvent, RoomState, Rotation};

/// The position of the event stream at the start of a run: what every room began with stands there.
const FIRST_POSITION: u64 = 1;

/// The rooms of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rooms {
    server: ServerId,
    residents: Arc<Residents>,
    foreseen: Arc<Foreseen>,
    rooms: Vec<Option<Room>>,
    rooms_of: Vec<SmallVec<[RoomId; 4]>>,
    position: u64,
}

/// Who accepted an event, and what is written down with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Written {
    /// The fact that the server has it.
    pub cause: Provenance,
    /// Its place among all that any server accepted.
    pub stamp: Stamp,
    /// Whether it was this server that accepted it.
    pub own: bool,
}

impl Rooms {
    /// No room yet, of those that there may be.
    #[must_use]
    pub fn new(server: ServerId, residents: Arc<Residents>, foreseen: Arc<Foreseen>) -> Self {
        let users = residents.users_at(server).len();
        Self {
            server,
            residents,
            rooms: vec![None; foreseen.rooms()],
            foreseen,
            rooms_of: vec![SmallVec::new(); users],
            position: FIRST_POSITION,
        }
    }

    /// Puts a room in as it is when the run starts, after `seq` events.
    pub fn open(&mut self, id: RoomId, state: RoomState, seq: u32, cause: Provenance) {
        let users: Vec<UserId> = state.members.keys().copied().collect();
        let mut room = Room::new(self.server, state, (seq, cause), self.foreseen.events(id));
        for user in users {
            room.admit(user, self.residents.server(user));
            self.note_room_of(user, id);
        }
        self.rooms[id.index()] = Some(room);
    }

    /// Makes an empty room, to be filled by events, if the server does not have it.
    pub fn open_empty(&mut self, id: RoomId) {
        let members = std::collections::BTreeMap::new();
        let state = RoomState {
            members,
            inviters: std::collections::BTreeMap::new(),
            history_visibility: None,
            rotation: Rotation::DEFAULT,
            changed_by: std::collections::BTreeMap::new(),
        };
        let events = self.foreseen.events(id);
        let none = (0, Provenance::UNKNOWN);
        self.rooms[id.index()].get_or_insert_with(|| Room::new(self.server, state, none, events));
    }

    /// The room, if the server has it.
    #[must_use]
    pub fn get(&self, id: RoomId) -> Option<&Room> {
        self.rooms[id.index()].as_ref()
    }

    /// Whether the server follows the room: one of its users is joined or invited.
    #[must_use]
    pub fn follows(&self, id: RoomId) -> bool {
        self.get(id).is_some_and(|room| room.servers().any(|server| server == self.server))
    }

    /// The membership of a user, as far as this server knows.
    #[must_use]
    pub fn membership(&self, id: RoomId, user: UserId) -> Membership {
        self.get(id).map_or(Membership::Leave, |room| room.state().membership(user))
    }

    /// Appends an event to a room that the server has.
    ///
    /// # Panics
    /// If the server does not have the room.
    pub fn append(&mut self, id: RoomId, event: RoomEvent, written: Written) -> Passage {
        let subject = match event {
            RoomEvent::Member { user, .. } => {
                self.note_room_of(user, id);
                self.residents.server(user)
            }
            RoomEvent::Message { .. }
            | RoomEvent::HistoryVisibility(_)
            | RoomEvent::Encryption(_) => self.server,
        };
        self.position += 1;
        let Written { cause, stamp, own } = written;
        let entry = Entry { event, cause, stamp, own, position: self.position };
        let room = self.rooms[id.index()].as_mut().expect("only rooms that are here get events");
        room.append(entry, subject)
    }

    /// The events that bring the room as this server has it up to `copy`, each with its stamp. What the server knows more
    /// of is left as it is: the copy's server will hear of that.
    #[must_use]
    pub fn difference(&self, id: RoomId, copy: &RoomCopy) -> Vec<(RoomEvent, Stamp)> {
        let have = self.get(id).map(Room::state);
        let membership = |user| have.map_or(Membership::Leave, |state| state.membership(user));
        let mut users: Vec<UserId> = copy.state.members.keys().copied().collect();
        users.extend(have.iter().flat_map(|state| state.members.keys()));
        users.sort_unstable();
        users.dedup();
        let mut events: Vec<RoomEvent> = users
            .into_iter()
            .filter(|user| membership(*user) != copy.state.membership(*user))
            .map(|user| RoomEvent::Member {
                user,
                membership: copy.state.membership(user),
                by: copy.state.inviters.get(&user).copied(),
            })
            .collect();
        if let Some(value) = copy.state.history_visibility
            && have.and_then(|state| state.history_visibility) != Some(value)
        {
            events.push(RoomEvent::HistoryVisibility(value));
        }
        if have
            .is_none_or(|state| state.rotation != copy.state.rotation || state.members.is_empty())
        {
            events.push(RoomEvent::Encryption(copy.state.rotation));
        }
        let stamp = |event: &RoomEvent| {
            let key = crate::homeserver::room::StateKey::of(event);
            key.and_then(|key| copy.stamps.get(&key)).copied().unwrap_or_default()
        };
        let is_news = |(event, stamp): &(RoomEvent, Stamp)| {
            self.get(id).is_none_or(|room| !room.is_superseded(event, *stamp))
        };
        events.into_iter().map(|event| (event, stamp(&event))).filter(is_news).collect()
    }

    /// The position of the end of the event stream.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// What there is to tell a device of one of the server's own users that has been told everything up to `since`,
    /// by room; of each room the last `limit` events at the most.
    pub fn news(
        &self,
        user: UserId,
        since: u64,
        limit: u32,
    ) -> impl Iterator<Item = RoomSync> + '_ {
        let rooms = &self.rooms_of[self.residents.user_seat(user)];
        let rooms = if since >= self.position { &[] } else { rooms.as_slice() };
        rooms.iter().filter_map(move |&id| self.get(id)?.news(id, user, since, limit))
    }

    /// Whether one of the server's own users is in a room together with `other`.
    #[must_use]
    pub fn share(&self, user: UserId, other: UserId) -> bool {
        self.rooms_of[self.residents.user_seat(user)].iter().any(|&room| {
            self.membership(room, user) == Membership::Join
                && self.membership(room, other) == Membership::Join
        })
    }

    /// The server's own users who are in a room together with `user`, and the other servers that are: each once.
    #[must_use]
    pub fn neighbours(&self, user: UserId) -> (Vec<UserId>, Vec<ServerId>) {
        let (mut users, mut servers) = (Vec::new(), Vec::new());
        for room in self.rooms.iter().flatten() {
            if room.state().membership(user) == Membership::Join {
                users.extend_from_slice(room.joined_here());
                servers.extend(room.servers().filter(|server| *server != self.server));
            }
        }
        users.sort_unstable();
        users.dedup();
        servers.sort_unstable();
        servers.dedup();
        (users, servers)
    }

    /// The other servers in a room that are in no other room together with `user`: they are not told yet when the list of that
    /// user changes.
    #[must_use]
    pub fn strangers_in(&self, room: RoomId, user: UserId) -> Vec<ServerId> {
        let servers = |room: &Room| room.servers().collect::<BTreeSet<_>>();
        let others = self.rooms.iter().enumerate().filter(|(index, _)| *index != room.index());
        let others = others.filter_map(|(_, other)| other.as_ref());
        let is_joined = |other: &&Room| other.state().membership(user) == Membership::Join;
        let told: BTreeSet<ServerId> = others.filter(is_joined).flat_map(servers).collect();
        let here = self.get(room).map(servers).unwrap_or_default();
        let is_new = |server: &ServerId| *server != self.server && !told.contains(server);
        here.into_iter().filter(is_new).collect()
    }

    /// Remembers that one of the server's own users has something to do with the room.
    fn note_room_of(&mut self, user: UserId, room: RoomId) {
        if self.residents.server(user) == self.server {
            let rooms = &mut self.rooms_of[self.residents.user_seat(user)];
            if let Err(place) = rooms.binary_search(&room) {
                rooms.insert(place, room);
            }
        }
    }
}
