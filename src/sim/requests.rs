//! Requests where they arrive: a server takes one in and answers it now, later or never; a client gets an answer.
//! It does not know how the registers of a server work.

use crate::client::{Client, Input};
use crate::engine::choices::Choices;
use crate::homeserver::key_service::Uploaded;
use crate::ids::{FactId, ServerId};
use crate::protocol::api::{Endpoint, Failure, KeyUpload, Request, Response};
use crate::protocol::provenance::Provenance;
use crate::sim::clients::Life;
use crate::sim::network::Ticket;
use crate::sim::world::{Phase, World};
use crate::trace::fact::{Causes, FactKind, Observer};
use crate::trace::sink::FactSink;

/// A request on its way.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) ticket: Ticket,
    pub(super) request: Request,
}

/// An answer on its way, with the fact behind it.
#[derive(Debug, Clone)]
pub(super) struct Incoming {
    pub(super) ticket: Ticket,
    pub(super) result: Result<Response, Failure>,
    pub(super) cause: Option<FactId>,
}

impl<C: Client, K: Choices> World<C, K> {
    /// A request arrives at its homeserver.
    pub(super) fn on_request(&mut self, place: u32, sink: &mut impl FactSink) {
        let Outgoing { ticket, request } = self.under_way.requests.take(place);
        let id = self.server_of(ticket.device);
        if let Some(fault) = self.faults.unreachable(id) {
            self.fail(ticket, Failure::Unreachable, fault);
        } else if !self.servers[id.index()].is_live(ticket.device) {
            let deleted = self.servers[id.index()].account(ticket.device).deleted.0;
            self.reply(ticket, Err(Failure::Forbidden), deleted);
        } else if let Some((fault, after)) =
            self.faults.rate_limited(ticket.device, ticket.endpoint)
        {
            self.fail(ticket, Failure::RateLimited(after), fault);
        } else {
            self.serve(ticket, request, sink);
            self.settle_server(id, sink);
        }
    }

    fn serve(&mut self, ticket: Ticket, request: Request, sink: &mut impl FactSink) {
        match request {
            Request::UploadKeys(upload) => self.serve_upload(ticket, upload, sink),
            Request::QueryKeys(asked) => self.serve_query(ticket, asked),
            Request::ClaimKeys(claims) => self.serve_claims(ticket, claims, sink),
            Request::KeyChanges(token) => {
                let user = self.residents.user(ticket.device);
                let server = &self.servers[self.server_of(ticket.device).index()];
                let changes = server.list_changes(user, token.device_lists);
                let cause = changes.iter().filter_map(|(_, _, cause)| cause.0).max();
                self.reply(ticket, Ok(Response::KeyChanges(changes)), cause.or(ticket.cause));
            }
            Request::UploadSigningKeys(_) | Request::UploadSignature(_) => {
                self.serve_signing(ticket, &request, sink);
            }
            Request::SendToDevice(put) => self.serve_to_device(ticket, &put, sink),
            Request::SendMessage(put) => self.serve_message(ticket, put, sink),
            Request::SendState { room, event } => self.serve_state(ticket, room, event, sink),
            Request::Members(room) => self.serve_members(ticket, room, sink),
            Request::Sync(token) => self.serve_sync(ticket, token, sink),
            Request::PutBackup(keys) => {
                let user = self.residents.user(ticket.device);
                let id = self.server_of(ticket.device);
                self.servers[id.index()].backup(user).put(&keys);
                self.reply(ticket, Ok(Response::Done), ticket.cause);
            }
            Request::GetBackup => {
                let user = self.residents.user(ticket.device);
                let id = self.server_of(ticket.device);
                let keys = self.servers[id.index()].backup(user).keys();
                self.reply(ticket, Ok(Response::Backup(keys)), ticket.cause);
            }
            Request::Logout => self.serve_logout(ticket, sink),
        }
    }

    fn serve_upload(&mut self, ticket: Ticket, mut upload: KeyUpload, sink: &mut impl FactSink) {
        let device = ticket.device;
        let id = self.server_of(device);
        if let Some(fault) = self.faults.upload_rejected(device) {
            let causes = Causes::of([self.faults.cause(fault), ticket.cause]);
            let kind = FactKind::UploadRefused { device };
            let refused = self.recorder.record(sink, Observer::Server(id), kind, causes);
            self.servers[id.index()].account_mut(device).keys_cause = Provenance::of(refused);
            self.reply(ticket, Err(Failure::Rejected), Some(refused));
            return;
        }
        // The rest of such an upload is taken: a server without fallback keys does not know the field.
        let without_fallback = self.faults.refuses_fallback(device);
        if let Some(fault) = without_fallback.filter(|_| upload.fallback_key.is_some()) {
            upload.fallback_key = None;
            let cause = self.faults.cause(fault);
            let causes = Causes::of([cause, ticket.cause]);
            self.recorder.record(
                sink,
                Observer::Server(id),
                FactKind::UploadRefused { device },
                causes,
            );
            self.servers[id.index()].account_mut(device).no_fallback = Provenance(cause);
        }
        let log = &mut self.recorder.log(sink, id);
        let server = &mut self.servers[id.index()];
        let Some(uploaded) = server.upload_keys(device, &upload, ticket.cause, log) else {
            self.reply(ticket, Err(Failure::Rejected), ticket.cause);
            return;
        };
        let Uploaded { last, list_changed } = uploaded;
        self.announce(ticket, list_changed, sink);
        let counted = self.faults.omits_counts(id).is_none();
        let account = self.servers[id.index()].account_mut(device);
        let count = counted.then(|| account.tell_one_time());
        self.reply(ticket, Ok(Response::UploadKeys(count)), last);
    }

    fn serve_signing(&mut self, ticket: Ticket, request: &Request, sink: &mut impl FactSink) {
        let user = self.residents.user(ticket.device);
        let id = self.server_of(ticket.device);
        let log = &mut self.recorder.log(sink, id);
        let server = &mut self.servers[id.index()];
        let changed = if let Request::UploadSigningKeys(keys) = request {
            Some(server.set_identity(user, *keys, ticket.cause, log))
        } else if let Request::UploadSignature(signature) = request {
            server.add_signature(user, *signature, ticket.cause, log)
        } else {
            None
        };
        self.announce(ticket, changed, sink);
        self.reply(ticket, Ok(Response::Done), changed.or(ticket.cause));
    }

    fn serve_logout(&mut self, ticket: Ticket, sink: &mut impl FactSink) {
        let id = self.server_of(ticket.device);
        let log = &mut self.recorder.log(sink, id);
        let causes = Causes::of([ticket.cause]);
        let deleted = self.servers[id.index()].delete_device(ticket.device, causes, log);
        self.terminals[ticket.device.index()].parked = None;
        self.announce(ticket, Some(deleted), sink);
        self.reply(ticket, Ok(Response::Done), Some(deleted));
    }

    /// Tells of a change of the list of the asking user, if there was one. While devices log in before the run starts,
    /// nobody follows lists yet.
    pub(super) fn announce(
        &mut self,
        ticket: Ticket,
        changed: Option<FactId>,
        sink: &mut impl FactSink,
    ) {
        let Some(by) = changed.filter(|_| self.phase != Phase::LoggingIn) else { return };
        let user = self.residents.user(ticket.device);
        let id = self.server_of(ticket.device);
        let lost = self.faults.notice_lost(user, id);
        let lost = lost.map(|fault| Provenance(self.faults.cause(fault)));
        let log = &mut self.recorder.log(sink, id);
        self.servers[id.index()].list_changed(user, by, lost, log);
    }

    /// Answers the syncs for which there is something new, and sends off what other servers must be told.
    pub(super) fn settle_server(&mut self, id: ServerId, sink: &mut impl FactSink) {
        let mut touched = std::mem::take(&mut self.touched.0);
        self.servers[id.index()].take_touched(&mut touched);
        for device in &touched {
            self.answer_parked(*device, sink);
        }
        touched.clear();
        self.touched.0 = touched;
        while let Some(to) = self.servers[id.index()].federation().pop_stirred() {
            self.start_transaction(id, to);
        }
    }

    /// An answer arrives at its client, unless that has stopped since. Without network none can.
    pub(super) fn on_answer(&mut self, place: u32, sink: &mut impl FactSink) {
        let Incoming { ticket, mut result, mut cause } = self.under_way.answers.take(place);
        let device = ticket.device;
        let terminal = &self.terminals[device.index()];
        if terminal.life != Life::Up || terminal.incarnation != ticket.incarnation {
            return;
        }
        let server = self.server_of(device);
        if result.is_ok()
            && let Some(fault) = self.faults.cut_off(device, server)
        {
            result = Err(Failure::Unreachable);
            cause = self.faults.cause(fault);
        }
        let answer = result.as_ref().map_err(|failure| *failure);
        self.feed(device, Input::Answer(ticket.number, answer), cause, sink);
        let told = result == Err(Failure::Forbidden)
            || (ticket.endpoint == Endpoint::Logout && result.is_ok());
        if let Ok(Response::Sync(read)) = result {
            self.servers[server.index()].take_back(read);
        }
        let account = &self.servers[server.index()];
        if told && !account.is_live(device) {
            let deleted = account.account(device).deleted.0;
            self.log_out(device, deleted, sink);
        }
    }
}
