//! What a homeserver does with room events: it lets them in or not, puts them in its order, tells its users and passes
//! them on to the servers in the room.
//! It does not know when they arrive there.

use smallvec::SmallVec;

use crate::homeserver::Homeserver;
use crate::homeserver::device_lists::{Change, ChangeKind};
use crate::homeserver::federation::{Item, Pdu};
use crate::homeserver::log::FactLog;
use crate::homeserver::room::{Passage, Room, RoomCopy, Stamp};
use crate::homeserver::rooms::Written;
use crate::ids::{FactId, RoomId, ServerId, UserId};
use crate::protocol::provenance::Provenance;
use crate::protocol::room::{Membership, RoomEvent};
use crate::trace::fact::{Causes, FactKind};

/// Whether a user may do something to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Yes.
    Granted,
    /// It is so already.
    Redundant,
    /// No.
    Denied,
    /// This server does not follow the room: one that does must be asked.
    AskResident,
}

impl Homeserver {
    /// Whether `actor`, a user of this server, may send `event`. Simplified: all rooms are public, and every member may
    /// do everything to other members.
    #[must_use]
    pub fn permission(&self, actor: UserId, room: RoomId, event: &RoomEvent) -> Permission {
        let own = self.rooms.membership(room, actor);
        let RoomEvent::Member { user, membership, .. } = *event else {
            return if own == Membership::Join { Permission::Granted } else { Permission::Denied };
        };
        if user == actor && membership == Membership::Join && !self.rooms.follows(room) {
            return Permission::AskResident;
        }
        let before = self.rooms.membership(room, user);
        let joined = own == Membership::Join;
        let allowed = match membership {
            Membership::Join => user == actor && before != Membership::Ban,
            Membership::Leave if user == actor => before != Membership::Ban,
            Membership::Leave => joined,
            Membership::Invite => joined && !matches!(before, Membership::Join | Membership::Ban),
            Membership::Ban => joined && user != actor,
        };
        match (allowed, before == membership) {
            (_, true) => Permission::Redundant,
            (true, false) => Permission::Granted,
            (false, false) => Permission::Denied,
        }
    }

    /// Puts an event of one of the server's own users, or of a user that asks to join by way of this server, into its
    /// order, and queues it for the other servers in the room but `passing.except`. A server that comes in by it gets
    /// the state of the room with it. Gives the fact.
    pub fn accept(&mut self, event: NewEvent, passing: Passing, log: &mut impl FactLog) -> FactId {
        let NewEvent { room, event: content, stamp } = event;
        let mut servers = self.servers_in(room);
        let newcomer = match content {
            RoomEvent::Member {
                user, membership: Membership::Invite | Membership::Join, ..
            } => Some(self.residents.server(user)).filter(|server| !servers.contains(server)),
            RoomEvent::Member { .. }
            | RoomEvent::Message { .. }
            | RoomEvent::HistoryVisibility(_)
            | RoomEvent::Encryption(_) => None,
        };
        let copy = newcomer.and_then(|_| self.rooms.get(room)).map(Room::copy);
        let fact = self.write_down(event, Origin::Own, passing.causes, log);
        servers.extend(newcomer);
        let cause = Provenance::of(fact);
        for server in servers {
            if server != self.id && Some(server) != passing.except {
                let copy = copy.clone().filter(|_| Some(server) == newcomer).map(Box::new);
                let pdu = Pdu { room, event: content, stamp, cause, copy };
                self.federation.queue(server, Item::Room(pdu));
            }
        }
        fact
    }

    /// Takes in an event of another server. `None` if nothing comes of it: a later event about the same piece of state
    /// came before it, or the room is not followed and no copy of it came along; then it waits for one.
    pub fn receive(&mut self, pdu: &Pdu, causes: Causes, log: &mut impl FactLog) -> Option<FactId> {
        let causes = pdu.cause.0.into_iter().fold(causes, Causes::and);
        if !self.rooms.follows(pdu.room) {
            let Some(copy) = pdu.copy.as_deref() else {
                self.early.entry(pdu.room).or_default().push(pdu.clone());
                return None;
            };
            self.install(pdu.room, copy, causes, log);
        }
        if self.rooms.get(pdu.room).is_some_and(|room| room.is_superseded(&pdu.event, pdu.stamp)) {
            return None;
        }
        let event = NewEvent { room: pdu.room, event: pdu.event, stamp: pdu.stamp };
        if let RoomEvent::Message { .. } = pdu.event {
            self.append(event, Origin::Other, pdu.cause);
            return pdu.cause.0;
        }
        let before = self.servers_in(pdu.room);
        let fact = self.write_down(event, Origin::Other, causes, log);
        self.catch_up(pdu, &before);
        Some(fact)
    }

    /// Brings the room to the state of a copy, event by event. Events that came before the copy follow, if they are
    /// not older than it.
    pub fn install(&mut self, id: RoomId, copy: &RoomCopy, causes: Causes, log: &mut impl FactLog) {
        let events = self.rooms.difference(id, copy);
        let newest = events.iter().map(|(_, stamp)| *stamp).max().unwrap_or_default();
        self.rooms.open_empty(id);
        for (event, stamp) in events {
            self.write_down(NewEvent { room: id, event, stamp }, Origin::Other, causes, log);
        }
        for pdu in self.early.remove(&id).unwrap_or_default() {
            if pdu.stamp > newest && self.rooms.follows(id) {
                self.receive(&pdu, Causes::NONE, log);
            }
        }
    }

    /// Sends a server that has just come in what this one accepted since, not knowing of it.
    fn catch_up(&mut self, pdu: &Pdu, before: &[ServerId]) {
        let new = self.servers_in(pdu.room).into_iter().filter(|server| !before.contains(server));
        for server in new.filter(|server| *server != self.id) {
            let room = self.rooms.get(pdu.room).into_iter();
            let missed: Vec<Pdu> = room
                .flat_map(|room| room.own_since(pdu.stamp))
                .map(|entry| Pdu {
                    room: pdu.room,
                    event: entry.event,
                    stamp: entry.stamp,
                    cause: entry.cause,
                    copy: None,
                })
                .collect();
            for pdu in missed {
                self.federation.queue(server, Item::Room(pdu));
            }
        }
    }

    /// Records an event, but for messages of other servers, and appends it.
    fn write_down(
        &mut self,
        event: NewEvent,
        origin: Origin,
        causes: Causes,
        log: &mut impl FactLog,
    ) -> FactId {
        let room = event.room;
        let seq = self.rooms.get(room).map_or(0, Room::seq) + 1;
        let fact = match event.event {
            RoomEvent::Message { message, .. } => FactKind::MessageAccepted { room, message },
            RoomEvent::Member { user, membership, .. } => {
                FactKind::Member { room, user, membership, seq }
            }
            RoomEvent::HistoryVisibility(value) => FactKind::HistoryVisibility { room, value, seq },
            RoomEvent::Encryption(rotation) => FactKind::Encryption { room, rotation, seq },
        };
        let fact = log.record(fact, causes);
        if let RoomEvent::Member { user, membership: Membership::Invite, by: Some(by) } =
            event.event
        {
            log.record(FactKind::InvitedBy { room, user, by }, Causes::one(fact));
        }
        self.append(event, origin, Provenance::of(fact));
        fact
    }

    /// Appends an event and notes who must be told of it.
    fn append(&mut self, event: NewEvent, origin: Origin, cause: Provenance) {
        let NewEvent { room: id, event, stamp } = event;
        let written = Written { cause, stamp, own: origin == Origin::Own };
        let passage = self.rooms.append(id, event, written);
        let mut devices = std::mem::take(&mut self.touched);
        if let Some(room) = self.rooms.get(id) {
            for user in room.joined_here() {
                devices.extend_from_slice(&self.live[self.residents.user_seat(*user)]);
            }
        }
        self.touched = devices;
        let RoomEvent::Member { user, .. } = event else { return };
        let kind = match passage {
            Passage::Unchanged => return,
            Passage::Joined => ChangeKind::Joined(id),
            Passage::Left => ChangeKind::Left(id),
        };
        self.lists.push(Change { user, kind, cause });
        if self.residents.server(user) == self.id {
            self.touch_users(&[user]);
            if passage == Passage::Joined {
                self.introduce(user, id, cause);
            }
        }
    }

    /// One of the server's own users came into a room: the servers there that were not told of changes of the user's list so far
    /// are told that it is another. They may believe that the user was there all the time, if a leave came to nobody.
    fn introduce(&mut self, user: UserId, room: RoomId, cause: Provenance) {
        for server in self.rooms.strangers_in(room, user) {
            self.federation.queue(server, Item::DeviceList(user, cause));
        }
    }

    fn servers_in(&self, room: RoomId) -> SmallVec<[ServerId; 4]> {
        self.rooms.get(room).map(|room| room.servers().collect()).unwrap_or_default()
    }
}

/// An event that a server puts into its order.
#[derive(Debug, Clone, Copy)]
pub struct NewEvent {
    /// The room.
    pub room: RoomId,
    /// The event.
    pub event: RoomEvent,
    /// Its place among all that any server accepted.
    pub stamp: Stamp,
}

/// How an event that a server accepts is passed on.
#[derive(Debug, Clone, Copy)]
pub struct Passing {
    /// What led to it.
    pub causes: Causes,
    /// A server that gets it in another way.
    pub except: Option<ServerId>,
}

/// Who accepted an event first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Own,
    Other,
}
