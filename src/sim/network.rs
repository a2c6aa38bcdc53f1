//! The way between a client and its homeserver: delays, patience, and what cuts it.
//! It does not know what is asked and answered.

use crate::client::{Because, Client, RequestNo};
use crate::engine::choices::{Choices, Label, Occasion};
use crate::ids::{DeviceId, FactId, FaultId, ServerId};
use crate::protocol::api::{Endpoint, Failure, Request, Response};
use crate::scenario::model::Delay;
use crate::sim::action::Action;
use crate::sim::labels::{ANSWER_DELAY, REQUEST_DELAY};
use crate::sim::requests::{Incoming, Outgoing};
use crate::sim::world::{Phase, World};
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::Causes;

/// What an answer needs to find its way back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    pub(super) device: DeviceId,
    pub(super) number: RequestNo,
    /// The life of the client that asked: an answer to an earlier one arrives nowhere.
    pub(super) incarnation: u32,
    pub(super) endpoint: Endpoint,
    pub(super) sent: SimTime,
    pub(super) cause: Option<FactId>,
    /// What made an earlier attempt at the same fail.
    pub(super) held_up: Option<FactId>,
}

/// Between whom something travels.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    /// A device and its server, about such a request.
    ToServer(DeviceId, Endpoint),
    /// Two servers.
    Between(ServerId, ServerId),
}

impl Way {
    /// A number of its own among all that are chosen for one purpose.
    const fn number(self) -> u64 {
        let (from, to) = match self {
            Self::ToServer(device, endpoint) => (device.index(), endpoint as usize),
            Self::Between(from, to) => (from.index(), to.index()),
        };
        (from as u64) << 32 | to as u64
    }
}

impl Ticket {
    /// Why the request came, and why it came no earlier.
    pub(super) fn causes(&self) -> Causes {
        Causes::of([self.cause, self.held_up])
    }
}

impl<C: Client, K: Choices> World<C, K> {
    /// How long something travels on a way. Nothing does before the run has settled.
    pub(super) fn travel_time(&mut self, delay: Delay, label: Label, way: Way) -> SimDuration {
        match self.phase {
            Phase::Fresh | Phase::LoggingIn | Phase::Settling => SimDuration::ZERO,
            Phase::Running | Phase::Ended(_) => {
                let spread = delay.max.as_ms().saturating_sub(delay.min.as_ms());
                if spread == 0 {
                    return delay.min;
                }
                let occasion = Occasion { of: way.number(), at: self.now().as_ms() };
                delay.min + SimDuration::from_ms(self.choices.draw_on(spread + 1, label, occasion))
            }
        }
    }

    fn answer_time(&mut self, ticket: Ticket) -> SimDuration {
        let way = Way::ToServer(ticket.device, ticket.endpoint);
        self.travel_time(self.scenario.network.client, ANSWER_DELAY, way)
    }

    /// The server of a device.
    pub(super) fn server_of(&self, device: DeviceId) -> ServerId {
        self.residents.server_of_device(device)
    }

    /// A request leaves its client.
    pub(super) fn leave(
        &mut self,
        device: DeviceId,
        number: RequestNo,
        request: Request,
        because: Because,
    ) {
        let Because { cause, held_up } = because;
        let ticket = Ticket {
            device,
            number,
            incarnation: self.terminals[device.index()].incarnation,
            endpoint: request.endpoint(),
            sent: self.now(),
            cause,
            held_up,
        };
        if let Some(fault) = self.faults.cut_off(device, self.server_of(device)) {
            self.fail(ticket, Failure::Unreachable, fault);
            return;
        }
        let outgoing = Outgoing { ticket, request };
        if self.phase == Phase::LoggingIn && ticket.endpoint == Endpoint::Sync {
            self.under_way.held_syncs.push(outgoing);
            return;
        }
        self.forward(outgoing);
    }

    /// Sends a request on its way to its server.
    pub(super) fn forward(&mut self, outgoing: Outgoing) {
        let way = Way::ToServer(outgoing.ticket.device, outgoing.ticket.endpoint);
        let at = self.now() + self.travel_time(self.scenario.network.client, REQUEST_DELAY, way);
        let place = self.under_way.requests.insert(outgoing);
        self.push(at, Action::Request(place));
    }

    /// The server answers, or the network does in its place: an answer that was lost, or that comes when the client has
    /// lost its patience, is a timeout for it. A long poll has no such end.
    pub(super) fn reply(
        &mut self,
        ticket: Ticket,
        result: Result<Response, Failure>,
        cause: Option<FactId>,
    ) {
        let mut at = self.now() + self.answer_time(ticket);
        let mut slow_by = None;
        if ticket.endpoint == Endpoint::QueryKeys
            && let Some((fault, by)) = self.faults.query_slow(ticket.device)
        {
            at += by;
            slow_by = Some(fault);
        }
        if let Some(fault) = self.faults.lose_response(ticket.device, ticket.endpoint) {
            self.time_out(ticket, self.faults.cause(fault));
        } else if ticket.endpoint != Endpoint::Sync && at > self.deadline(ticket) {
            let cause = slow_by.and_then(|fault| self.faults.cause(fault));
            self.time_out(ticket, cause.or(ticket.cause));
        } else {
            self.send_answer(at, Incoming { ticket, result, cause });
        }
    }

    /// No answer will come: the client finds out when it has lost its patience.
    pub(super) fn time_out(&mut self, ticket: Ticket, cause: Option<FactId>) {
        let at = self.deadline(ticket);
        self.send_answer(at, Incoming { ticket, result: Err(Failure::Timeout), cause });
    }

    /// A request fails by a fault, and the client finds out after the time that an answer takes.
    pub(super) fn fail(&mut self, ticket: Ticket, failure: Failure, fault: FaultId) {
        let at = self.now() + self.answer_time(ticket);
        let cause = self.faults.cause(fault);
        self.send_answer(at, Incoming { ticket, result: Err(failure), cause });
    }

    /// Puts an answer on its way. Whoever has no network to the end of the run keeps it from its rest no longer.
    pub(super) fn send_answer(&mut self, at: SimTime, incoming: Incoming) {
        let live = !self.is_cut_off_for_good(incoming.ticket.device);
        let place = self.under_way.answers.insert(incoming);
        self.push_if_live(at, Action::Answer(place), live);
    }

    /// Whether the device will not reach its server again in this run.
    pub(super) fn is_cut_off_for_good(&self, device: DeviceId) -> bool {
        self.faults.is_cut_off_for_good(device, self.server_of(device))
    }

    /// When the client takes the request for failed; a long poll that is lost, counted from now.
    fn deadline(&self, ticket: Ticket) -> SimTime {
        let from = if ticket.endpoint == Endpoint::Sync { self.now() } else { ticket.sent };
        (from + self.scenario.network.request_timeout).max(self.now())
    }
}
