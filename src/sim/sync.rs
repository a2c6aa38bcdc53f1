//! Syncs: a request is answered when there is something to tell, and waits at its server until then.
//! It does not know what a client makes of an answer.

use crate::client::Client;
use crate::engine::choices::Choices;
use crate::homeserver::sync_service::SyncTerms;
use crate::ids::{DeviceId, FaultId};
use crate::protocol::api::{Failure, Response, SyncToken};
use crate::protocol::provenance::Provenance;
use crate::sim::clients::Life;
use crate::sim::network::Ticket;
use crate::sim::requests::Incoming;
use crate::sim::world::World;
use crate::trace::sink::FactSink;

impl<C: Client, K: Choices> World<C, K> {
    /// A sync request arrives: it acknowledges, and is answered or parked. A client has one at a time: an older one
    /// that still waits ends without anything new for it.
    pub(super) fn serve_sync(
        &mut self,
        ticket: Ticket,
        token: SyncToken,
        sink: &mut impl FactSink,
    ) {
        let device = ticket.device;
        let id = self.server_of(device);
        let log = &mut self.recorder.log(sink, id);
        self.servers[id.index()].acknowledge(device, token, log);
        if let Some(fault) = self.faults.cut_off(device, id) {
            self.fail(ticket, Failure::Unreachable, fault);
            return;
        }
        let terminal = &mut self.terminals[device.index()];
        if terminal.life != Life::Up || terminal.incarnation != ticket.incarnation {
            return;
        }
        if let Some((older, _)) = terminal.parked.replace((ticket, token)) {
            self.reply(older, Err(Failure::Timeout), ticket.cause);
        }
        self.answer_parked(device, sink);
    }

    /// Answers a device's parked sync, if it has one and there is something to tell.
    pub(super) fn answer_parked(&mut self, device: DeviceId, sink: &mut impl FactSink) {
        let Some((ticket, token)) = self.terminals[device.index()].parked else { return };
        let id = self.server_of(device);
        let settings = &self.scenario.servers[id.index()];
        let limited = self.faults.limited_sync(device);
        let hidden = self.faults.hidden(id);
        let forced = self.faults.batch_limit(id);
        let forced = forced.filter(|(limit, _)| *limit < settings.batch_limit);
        let by = |fault: FaultId| Provenance(self.faults.cause(fault));
        let terms = SyncTerms {
            batch_limit: forced.map_or(settings.batch_limit, |(limit, _)| limit),
            limited_by: forced.map(|(_, fault)| by(fault)).unwrap_or_default(),
            timeline_limit: if limited.is_some() { 1 } else { settings.timeline_limit },
            newest_first: self.faults.lists_newest_first(device).map(by),
            omit_counts: self.faults.omits_counts(id).map(by),
            late_by: Provenance(ticket.held_up),
            hidden: &hidden,
        };
        let log = &mut self.recorder.log(sink, id);
        let Some(answer) = self.servers[id.index()].sync(device, token, &terms, log) else {
            return;
        };
        self.terminals[device.index()].parked = None;
        let is_limited = answer.response.rooms.iter().any(|room| room.limited);
        let by_fault = limited.filter(|_| is_limited).and_then(|fault| self.faults.cause(fault));
        let cause = by_fault.or(answer.cause).or(ticket.cause);
        self.reply(ticket, Ok(Response::Sync(answer.response)), cause);
    }

    /// The connection of a waiting sync breaks, and its client finds out at once.
    pub(super) fn break_parked(&mut self, device: DeviceId, fault: FaultId) {
        if let Some((ticket, _)) = self.terminals[device.index()].parked.take() {
            let cause = self.faults.cause(fault);
            let result = Err(Failure::Unreachable);
            self.send_answer(self.now(), Incoming { ticket, result, cause });
        }
    }
}
