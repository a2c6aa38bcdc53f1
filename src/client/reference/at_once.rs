//! Key requests of a client that answers them with the sync that brings them, and the Olm sessions that it claims with every sync until there
//! is one: for its answers, and in the place of broken ones.
//! It does not know what a request is answered.
//!
//! Source: `GossipMachine::collect_incoming_key_requests` and `answer_room_key_request` in `gossiping/machine.rs`, `users_for_key_claim` in
//! `session_manager/sessions.rs` of matrix-sdk-crypto.

use std::collections::BTreeSet;

use crate::client::reference::Reference;
use crate::client::reference::io::Io;
use crate::client::reference::key_requests::Asked;
use crate::ids::{DeviceId, RequestId};
use crate::protocol::provenance::Provenance;
use crate::trace::fact::OlmCause;

impl Reference {
    /// Whatever came before about this request in the same sync is overtaken.
    pub(super) fn drop_collected(&mut self, requester: DeviceId, request: RequestId) {
        let is_other = |asked: &Asked| (asked.requester, asked.request) != (requester, request);
        self.live.unanswered.retain(is_other);
    }

    /// Answers the requests of a sync, by the lists that are there.
    pub(super) fn answer_collected(&mut self, io: &mut Io<'_, '_>) {
        if self.habits().answers_at_once {
            for asked in std::mem::take(&mut self.live.unanswered) {
                self.answer_by_list(asked, io);
            }
        }
    }

    /// Answers a request of a device that is listed. For one that is not, the list is asked for, and the request is forgotten.
    fn answer_by_list(&mut self, asked: Asked, io: &mut Io<'_, '_>) {
        let has_key = self.store.inbound.key(asked.session).is_some();
        if self.listed(asked.requester).is_some() {
            self.answer_request(asked, io);
        } else if has_key {
            let user = self.user_of(asked.requester);
            self.follow(user, io);
            self.store.lists.mark_outdated(user, asked.by);
            self.live.queries.overtake(user);
            io.touch();
        }
    }

    /// Claims keys for the sessions that are wanted still, unless another claim is on its way.
    pub(super) fn claim_again(&mut self, io: &mut Io<'_, '_>) {
        let wanted = self.wanted_sessions();
        if wanted.is_empty() || self.live.claims.is_any_running() {
            return;
        }
        let is_broken = wanted.iter().all(|device| self.live.wedged.contains_key(device));
        let why = if is_broken { OlmCause::Unwedge } else { OlmCause::Reply };
        let devices: Vec<DeviceId> = wanted.into_iter().collect();
        self.claim(&devices, (why, Provenance(io.given.cause)), io);
    }

    /// The devices with which a session is wanted whether there is one or not.
    pub(super) fn wanted_sessions(&self) -> BTreeSet<DeviceId> {
        let asked = self.live.kept_requests.iter().map(|asked| asked.requester);
        asked.chain(self.live.wedged.keys().copied()).collect()
    }

    /// There is a new session with a device that was claimed: what was wanted it for is decided anew.
    pub(super) fn has_claimed_session(&mut self, peer: DeviceId, io: &mut Io<'_, '_>) {
        self.live.wedged.remove(&peer);
        let (now, later) = std::mem::take(&mut self.live.kept_requests)
            .into_iter()
            .partition(|asked: &Asked| asked.requester == peer);
        self.live.kept_requests = later;
        for asked in now {
            self.answer_by_list(asked, io);
        }
    }
}
