//! Requests that a server cannot answer alone: it asks other servers and waits, not for ever, for what they say.
//! It does not know what is asked.

use crate::client::Client;
use crate::engine::choices::Choices;
use crate::ids::{ClaimId, DeviceId, FactId, FaultId, QueryId, RoomId, ServerId, UserId};
use crate::protocol::api::{AbsentKey, ClaimedKey, Failure, Response, UserKeys};
use crate::sim::action::Action;
use crate::sim::labels::CALL_DELAY;
use crate::sim::network::{Ticket, Way};
use crate::sim::rooms::Admission;
use crate::sim::world::World;
use crate::time::{SimDuration, SimTime};
use crate::trace::sink::FactSink;

/// A server waits for other servers this part of the time that its clients wait for it, so that they hear from it.
const PATIENCE_DIVISOR: u64 = 3;

/// What a server asks another one.
#[derive(Debug, Clone)]
pub(super) enum Question {
    /// The device lists of users.
    Query(Vec<(UserId, QueryId)>),
    /// Keys of devices.
    Claim(Vec<(DeviceId, ClaimId)>),
    /// To let a user into a room.
    Join(RoomId, UserId),
}

/// What it is told.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// Device lists.
    Lists(Vec<UserKeys>),
    /// Keys.
    Keys(Vec<ClaimedKey>, Vec<AbsentKey>),
    /// The room, after the user was let in.
    Room(Admission),
    /// No.
    Refused,
}

/// A question on its way to another server, or its answer on the way back.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) gather: u32,
    pub(super) to: ServerId,
    pub(super) question: Question,
    pub(super) reply: Option<Reply>,
    deadline: SimTime,
    lost_by: Option<FaultId>,
}

/// A request for which other servers were asked.
#[derive(Debug, Clone)]
pub(super) struct Gather {
    pub(super) ticket: Ticket,
    pub(super) response: Result<Response, Failure>,
    pub(super) cause: Option<FactId>,
    waiting: usize,
}

impl<C: Client, K: Choices> World<C, K> {
    /// Asks other servers, and answers when all have answered or will not. Without questions that is now.
    pub(super) fn gather(
        &mut self,
        ticket: Ticket,
        response: Result<Response, Failure>,
        cause: Option<FactId>,
        questions: Vec<(ServerId, Question)>,
    ) {
        if questions.is_empty() {
            self.conclude(ticket, response, cause);
            return;
        }
        let gather = Gather { ticket, response, cause, waiting: questions.len() };
        let gather = self.under_way.gathers.insert(gather);
        let patience = self.scenario.network.request_timeout.as_ms() / PATIENCE_DIVISOR;
        let deadline = self.now() + SimDuration::from_ms(patience);
        for (to, question) in questions {
            let call = Call { gather, to, question, reply: None, deadline, lost_by: None };
            self.dispatch(call, self.server_of(ticket.device), Action::Call);
        }
    }

    /// Sends a call one way. One that cannot arrive, or not in time, is lost; that shows at its deadline.
    fn dispatch(&mut self, mut call: Call, from: ServerId, action: impl Fn(u32) -> Action) {
        let way = Way::Between(from, call.to);
        let at = self.now() + self.travel_time(self.scenario.network.federation, CALL_DELAY, way);
        call.lost_by = self.faults.link_down(from, call.to);
        let (deadline, lost) = (call.deadline, call.lost_by.is_some() || at > call.deadline);
        let place = self.under_way.calls.insert(call);
        if lost {
            self.push(deadline.max(self.now()), Action::CallLost(place));
        } else {
            self.push(at, action(place));
        }
    }

    /// A call arrives at the server that is asked.
    pub(super) fn on_call(&mut self, place: u32, sink: &mut impl FactSink) {
        let mut call = self.under_way.calls.take(place);
        let ticket = self.under_way.gathers.get_mut(call.gather).ticket;
        let from = self.server_of(ticket.device);
        if self.faults.link_down(from, call.to).is_none() {
            call.reply = Some(match &call.question {
                Question::Query(asked) => Reply::Lists(self.look_up(call.to, asked)),
                Question::Claim(claims) => {
                    let (keys, absent) = self.hand_out(call.to, claims, ticket.cause, sink);
                    Reply::Keys(keys, absent)
                }
                Question::Join(room, user) => self.admit(call.to, *room, *user, (ticket, sink)),
            });
            self.settle_server(call.to, sink);
        }
        self.dispatch(call, from, Action::CallAnswer);
    }

    /// An answer arrives at the server that asked.
    pub(super) fn on_call_answer(&mut self, place: u32, sink: &mut impl FactSink) {
        let call = self.under_way.calls.take(place);
        let ticket = self.under_way.gathers.get_mut(call.gather).ticket;
        let from = self.server_of(ticket.device);
        if let Some(fault) = self.faults.link_down(from, call.to) {
            let deadline = call.deadline.max(self.now());
            let lost = Call { lost_by: Some(fault), ..call };
            let place = self.under_way.calls.insert(lost);
            self.push(deadline, Action::CallLost(place));
            return;
        }
        if let Some(Reply::Room(admission)) = &call.reply {
            self.take_over(from, admission, sink);
        }
        let gather = self.under_way.gathers.get_mut(call.gather);
        if let Some(reply) = call.reply {
            gather.add(reply);
        }
        self.finish_call(call.gather);
        self.settle_server(from, sink);
    }

    /// It is certain that a call will not be answered.
    pub(super) fn on_call_lost(&mut self, place: u32) {
        let call = self.under_way.calls.take(place);
        let cause = call.lost_by.and_then(|fault| self.faults.cause(fault));
        let gather = self.under_way.gathers.get_mut(call.gather);
        gather.cause = cause.or(gather.cause);
        gather.miss(call.to, call.question);
        self.finish_call(call.gather);
    }

    fn finish_call(&mut self, place: u32) {
        let gather = self.under_way.gathers.get_mut(place);
        gather.waiting -= 1;
        if gather.waiting == 0 {
            let Gather { ticket, mut response, cause, .. } = self.under_way.gathers.take(place);
            if let Ok(response) = &mut response {
                put_in_order(response);
            }
            self.conclude(ticket, response, cause);
        }
    }

    /// Everything that can be said is gathered.
    fn conclude(
        &mut self,
        ticket: Ticket,
        mut response: Result<Response, Failure>,
        cause: Option<FactId>,
    ) {
        if let Ok(Response::QueryKeys { users, .. }) = &mut response {
            self.add_own_signatures(ticket, users);
        }
        self.reply(ticket, response, cause);
    }
}

impl Gather {
    /// Adds what another server said.
    fn add(&mut self, reply: Reply) {
        match (reply, &mut self.response) {
            (Reply::Lists(lists), Ok(Response::QueryKeys { users, .. })) => users.extend(lists),
            (Reply::Keys(more, without), Ok(Response::ClaimKeys { keys, absent, .. })) => {
                keys.extend(more);
                absent.extend(without);
            }
            (Reply::Room(admission), response) => {
                self.cause = Some(admission.by);
                *response = Ok(Response::Done);
            }
            (Reply::Refused, response) => *response = Err(Failure::Forbidden),
            (Reply::Lists(_) | Reply::Keys(..), _) => {}
        }
    }

    /// Adds that another server was not reached.
    fn miss(&mut self, server: ServerId, question: Question) {
        match (question, &mut self.response) {
            (Question::Query(asked), Ok(Response::QueryKeys { failed, .. })) => {
                failed.extend(asked);
            }
            (Question::Claim(_), Ok(Response::ClaimKeys { failures, .. })) => {
                failures.push(server);
            }
            (Question::Join(..), response) => *response = Err(Failure::ServerError),
            (Question::Query(_) | Question::Claim(_), _) => {}
        }
    }
}

/// Answers do not show in which order servers answered.
fn put_in_order(response: &mut Response) {
    if let Response::QueryKeys { users, failed } = response {
        users.sort_by_key(|answer| answer.user);
        failed.sort_unstable();
    } else if let Response::ClaimKeys { keys, absent, failures } = response {
        keys.sort_by_key(|key| key.device);
        absent.sort_by_key(|absent| absent.device);
        failures.sort_unstable();
    }
}
