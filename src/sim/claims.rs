//! Claims of one-time keys: at the asking user's server, and at the servers of the targets.
//! It does not know what the keys are for.

use std::collections::BTreeMap;

use crate::client::Client;
use crate::engine::choices::Choices;
use crate::homeserver::key_service::ClaimTerms;
use crate::ids::{ClaimId, DeviceId, FactId, ServerId};
use crate::protocol::api::{AbsentKey, ClaimedKey, Failure, Response};
use crate::scenario::fault::ClaimFailure;
use crate::sim::gather::Question;
use crate::sim::network::Ticket;
use crate::sim::world::World;
use crate::trace::fact::Causes;
use crate::trace::sink::FactSink;

impl<C: Client, K: Choices> World<C, K> {
    /// A claim request arrives at the asking user's server. If claims for one of the targets' servers time out or end
    /// in a server error, that is the end of the whole request, and no key of it is handed out.
    pub(super) fn serve_claims(
        &mut self,
        ticket: Ticket,
        claims: Vec<(DeviceId, ClaimId)>,
        sink: &mut impl FactSink,
    ) {
        let own = self.server_of(ticket.device);
        let mut by_server: BTreeMap<ServerId, Vec<(DeviceId, ClaimId)>> = BTreeMap::new();
        for claim in claims {
            by_server.entry(self.server_of(claim.0)).or_default().push(claim);
        }
        let mut failures = Vec::new();
        let mut cause = ticket.cause;
        for server in by_server.keys().copied().collect::<Vec<_>>() {
            let Some((fault, failure)) = self.faults.claim_fails(server) else { continue };
            match failure {
                ClaimFailure::Timeout => {
                    self.time_out(ticket, self.faults.cause(fault));
                    return;
                }
                ClaimFailure::ServerError => {
                    self.fail(ticket, Failure::ServerError, fault);
                    return;
                }
                ClaimFailure::Unreachable => {
                    by_server.remove(&server);
                    failures.push(server);
                    cause = self.faults.cause(fault);
                }
                ClaimFailure::BadSignature => {}
            }
        }
        let local = by_server.remove(&own).unwrap_or_default();
        let (keys, absent) = self.hand_out(own, &local, ticket.cause, sink);
        let response = Ok(Response::ClaimKeys { keys, absent, failures });
        let ask = |(server, claims)| (server, Question::Claim(claims));
        self.gather(ticket, response, cause, by_server.into_iter().map(ask).collect());
    }

    /// A server hands out keys of its devices.
    pub(super) fn hand_out(
        &mut self,
        id: ServerId,
        claims: &[(DeviceId, ClaimId)],
        cause: Option<FactId>,
        sink: &mut impl FactSink,
    ) -> (Vec<ClaimedKey>, Vec<AbsentKey>) {
        let (how, by) = self.faults.hand_out(id);
        let [twice, newest] = by.map(|fault| fault.and_then(|fault| self.faults.cause(fault)));
        let badly_signed = self
            .faults
            .claim_fails(id)
            .filter(|(_, failure)| *failure == ClaimFailure::BadSignature)
            .and_then(|(fault, _)| self.faults.cause(fault));
        let causes = Causes::of([cause, twice, newest, badly_signed]);
        let (mut keys, mut absent) = (Vec::with_capacity(claims.len()), Vec::new());
        for &(target, claim) in claims {
            self.run_out(target, sink);
            let terms = ClaimTerms { claim: Some(claim), how, causes };
            let log = &mut self.recorder.log(sink, id);
            match self.servers[id.index()].claim(target, terms, log) {
                Some(mut key) => {
                    key.signature_valid &= badly_signed.is_none();
                    keys.push(key);
                }
                None => {
                    let account = self.servers[id.index()].account(target);
                    let (one_time, fallback) = (account.keys_cause, account.no_fallback);
                    absent.push(AbsentKey { device: target, one_time, fallback });
                }
            }
        }
        (keys, absent)
    }

    /// If strangers have every one-time key of a device, they have those that it has uploaded since they were last
    /// looked for, too. Nobody can tell that they came only now; and so the device, which replaces what it is told is
    /// gone, does not race with them.
    pub(super) fn run_out(&mut self, device: DeviceId, sink: &mut impl FactSink) {
        let Some(fault) = self.faults.keys_run_out(device) else { return };
        let causes = Causes::of([self.faults.cause(fault)]);
        let id = self.server_of(device);
        let log = &mut self.recorder.log(sink, id);
        self.servers[id.index()].claim_by_strangers(device, u32::MAX, causes, log);
    }
}
