//! Room events: messages and state on their way into the order of their server, and users let in by another one.
//! It does not know what a client makes of them.

use crate::client::Client;
use crate::engine::choices::Choices;
use crate::homeserver::federation::Pdu;
use crate::homeserver::room::RoomCopy;
use crate::homeserver::room_service::{NewEvent, Passing, Permission};
use crate::ids::{FactId, FaultId, RoomId, ServerId, UserId};
use crate::protocol::api::{Failure, MessagePut, Response};
use crate::protocol::room::{Membership, RoomEvent};
use crate::sim::gather::{Question, Reply};
use crate::sim::network::Ticket;
use crate::sim::world::World;
use crate::trace::fact::{Causes, FactKind, Observer};
use crate::trace::sink::FactSink;

/// What a server is given with which it joins a room by way of another one.
#[derive(Debug, Clone)]
pub(super) struct Admission {
    room: RoomId,
    copy: RoomCopy,
    /// The fact that the other server let the user in.
    pub(super) by: FactId,
}

/// A room event that is held up before it reaches a server.
#[derive(Debug, Clone)]
pub(super) struct LateEvent {
    pub(super) to: ServerId,
    pub(super) pdu: Pdu,
    pub(super) by: FaultId,
}

impl<C: Client, K: Choices> World<C, K> {
    /// A message arrives at its sender's server.
    pub(super) fn serve_message(
        &mut self,
        ticket: Ticket,
        put: MessagePut,
        sink: &mut impl FactSink,
    ) {
        let device = ticket.device;
        let id = self.server_of(device);
        let server = &self.servers[id.index()];
        if let Some(by) = server.accepted_before(device, put.txn) {
            self.reply(ticket, Ok(Response::Done), by.0);
            return;
        }
        let MessagePut { room, txn, message, body } = put;
        let event = RoomEvent::Message { message, sender: device, sent_at: self.now(), body };
        let user = self.residents.user(device);
        if server.permission(user, room, &event) != Permission::Granted {
            self.reply(ticket, Err(Failure::Forbidden), ticket.cause);
            return;
        }
        let fact = self.accept(id, (room, event), ticket.causes(), sink);
        self.servers[id.index()].remember_message(device, txn, fact);
        if let Some(session) = self.session_of.get_mut(message.index()) {
            *session = Some(body.session);
        }
        self.reply(ticket, Ok(Response::Done), Some(fact));
    }

    /// A state event arrives at the server of the user who sends it.
    pub(super) fn serve_state(
        &mut self,
        ticket: Ticket,
        room: RoomId,
        event: RoomEvent,
        sink: &mut impl FactSink,
    ) {
        let user = self.residents.user(ticket.device);
        let id = self.server_of(ticket.device);
        match self.servers[id.index()].permission(user, room, &event) {
            Permission::Granted => {
                let fact = self.accept(id, (room, event), ticket.causes(), sink);
                self.reply(ticket, Ok(Response::Done), Some(fact));
            }
            Permission::Redundant => self.reply(ticket, Ok(Response::Done), ticket.cause),
            Permission::Denied => self.reply(ticket, Err(Failure::Forbidden), ticket.cause),
            Permission::AskResident => match self.resident(room) {
                Some(resident) => {
                    let question = vec![(resident, Question::Join(room, user))];
                    self.gather(ticket, Ok(Response::Done), ticket.cause, question);
                }
                None => {
                    self.found(id, room, ticket.causes(), sink);
                    let fact = self.accept(id, (room, event), ticket.causes(), sink);
                    self.reply(ticket, Ok(Response::Done), Some(fact));
                }
            },
        }
    }

    /// `GET /members`: who is in the room, as far as the server says.
    pub(super) fn serve_members(&mut self, ticket: Ticket, room: RoomId, sink: &mut impl FactSink) {
        let device = ticket.device;
        let id = self.server_of(device);
        let rooms = self.servers[id.index()].rooms();
        let asking = rooms.membership(room, self.residents.user(device));
        let Some(known) = rooms.get(room).filter(|_| asking == Membership::Join) else {
            self.reply(ticket, Err(Failure::Forbidden), ticket.cause);
            return;
        };
        let mut members: Vec<(UserId, Membership)> =
            known.state().members.iter().map(|(user, membership)| (*user, *membership)).collect();
        for (user, cause) in self.faults.hidden(id) {
            let told = members.len();
            members.retain(|(member, _)| *member != user);
            if members.len() < told {
                let kind = FactKind::MemberNotTold { device, room, user };
                let causes = Causes::of([cause]);
                self.recorder.record(sink, Observer::Server(id), kind, causes);
            }
        }
        self.reply(ticket, Ok(Response::Members { room, members }), ticket.cause);
    }

    /// A server puts an event of one of its own users into its order.
    fn accept(
        &mut self,
        id: ServerId,
        what: (RoomId, RoomEvent),
        causes: Causes,
        sink: &mut impl FactSink,
    ) -> FactId {
        let (room, event) = what;
        let event = NewEvent { room, event, stamp: self.take_stamp() };
        let passing = Passing { causes, except: None };
        let log = &mut self.recorder.log(sink, id);
        self.servers[id.index()].accept(event, passing, log)
    }

    /// A server that can let users of other servers into the room: one with a member, the first of them.
    fn resident(&self, room: RoomId) -> Option<ServerId> {
        let is_resident = |id: &ServerId| {
            let room = self.servers[id.index()].rooms().get(room);
            room.is_some_and(|room| !room.joined_here().is_empty())
        };
        (0..self.servers.len()).map(ServerId::at).find(is_resident)
    }

    /// A room that nobody is in any more, or ever was, begins anew, with the settings of the scenario.
    fn found(&mut self, id: ServerId, room: RoomId, causes: Causes, sink: &mut impl FactSink) {
        self.servers[id.index()].rooms_mut().open_empty(room);
        let settings = &self.scenario.rooms[room.index()];
        let (rotation, visibility) = (settings.rotation, settings.history_visibility);
        self.accept(id, (room, RoomEvent::Encryption(rotation)), causes, sink);
        if let Some(value) = visibility {
            self.accept(id, (room, RoomEvent::HistoryVisibility(value)), causes, sink);
        }
    }

    /// A resident server lets a user of another server in.
    pub(super) fn admit(
        &mut self,
        id: ServerId,
        room: RoomId,
        user: UserId,
        request: (Ticket, &mut impl FactSink),
    ) -> Reply {
        let (ticket, sink) = request;
        let rooms = self.servers[id.index()].rooms();
        if !rooms.follows(room) || rooms.membership(room, user) == Membership::Ban {
            return Reply::Refused;
        }
        let event = RoomEvent::Member { user, membership: Membership::Join, by: Some(user) };
        let event = NewEvent { room, event, stamp: self.take_stamp() };
        let except = Some(self.residents.server(user));
        let passing = Passing { causes: ticket.causes(), except };
        let server = &mut self.servers[id.index()];
        let by = server.accept(event, passing, &mut self.recorder.log(sink, id));
        match server.rooms().get(room) {
            Some(known) => Reply::Room(Admission { room, copy: known.copy(), by }),
            None => Reply::Refused,
        }
    }

    /// A server takes over the room that one of its users was let into.
    pub(super) fn take_over(
        &mut self,
        id: ServerId,
        admission: &Admission,
        sink: &mut impl FactSink,
    ) {
        let log = &mut self.recorder.log(sink, id);
        let causes = Causes::one(admission.by);
        self.servers[id.index()].install(admission.room, &admission.copy, causes, log);
    }

    /// A room event that was held up reaches its server.
    pub(super) fn on_late_event(&mut self, place: u32, sink: &mut impl FactSink) {
        let LateEvent { to, pdu, by } = self.under_way.late_events.take(place);
        let causes = Causes::of([self.faults.cause(by)]);
        let log = &mut self.recorder.log(sink, to);
        self.servers[to.index()].receive(&pdu, causes, log);
        self.settle_server(to, sink);
    }
}
