//! Answers of servers, as the JSON that the machine gets, and what shows of what it made of them.
//! It does not know why anything was asked.

use std::collections::BTreeMap;

use ruma::OwnedTransactionId;
use ruma::api::IncomingResponse;
use ruma::api::client::keys::claim_keys::v3 as claim_keys;
use ruma::api::client::to_device::send_event_to_device::v3 as send_to_device;
use serde_json::{Value, json};
use withheld::ids::{DeviceId, FactId, QueryId, RoomId};
use withheld::protocol::api::{Failure, Response, UserKeys};
use withheld::trace::fact::{
    Causes, ClaimFailed, ClaimOutcome, Direction, FactKind, OlmCause, QueryOutcome,
};

use crate::store::Noted;

use super::outgoing::{Claim, Purpose, Query};
use super::queue::Sent;
use super::{Hands, SdkDevice};

/// Reads an answer as the machine's own HTTP client would.
pub(super) fn read<R: IncomingResponse>(body: &Value) -> R {
    let response = http::Response::builder().status(200).body(body.to_string().into_bytes());
    let response = response.expect("a status and a body make a response");
    R::try_from_http_response(response)
        .unwrap_or_else(|_| panic!("the answer is not of the client-server API: {body}"))
}

impl SdkDevice {
    /// A request is done: answered, or refused for good.
    pub(super) fn done(
        &mut self,
        purpose: Purpose,
        answer: Result<&Response, Failure>,
        hands: &mut Hands<'_, '_>,
    ) {
        match purpose {
            Purpose::Sync => {
                if let Ok(Response::Sync(sync)) = answer {
                    let late_by = self.sync_succeeded();
                    self.take_sync(sync, late_by, hands);
                }
            }
            Purpose::Upload(uploading) => {
                self.live.batch = self.live.batch.saturating_sub(1);
                self.uploaded(&uploading, answer, hands);
            }
            Purpose::Query(query) => {
                if query.room.is_none() {
                    self.live.batch = self.live.batch.saturating_sub(1);
                }
                self.queried(&query, answer, hands);
                if let Some(room) = query.room {
                    self.proceed(room, Sent::Query);
                }
            }
            Purpose::Claim(claim) => {
                self.live.claiming = false;
                self.claimed(&claim, answer, hands);
                if let Some(room) = claim.room {
                    self.proceed(room, Sent::Claim);
                }
            }
            Purpose::Put(id, room) => {
                self.put_done(&id, room, answer.is_ok());
            }
            Purpose::Message(room, message) => self.message_done(room, message, answer, hands),
            Purpose::Errand(errand) => self.errand_done(errand),
        }
    }

    fn put_done(&mut self, id: &OwnedTransactionId, room: Option<RoomId>, accepted: bool) {
        self.live.putting.remove(id.as_str());
        if let (true, Some(machine)) = (accepted, self.machine()) {
            self.app.puts.remove(id.as_str());
            let response: send_to_device::Response = read(&json!({}));
            let _ = self.wait(machine.olm.mark_request_as_sent(id, &response));
        }
        match room {
            Some(room) => self.given(room, id, accepted),
            None => self.live.batch = self.live.batch.saturating_sub(1),
        }
    }

    fn queried(
        &mut self,
        query: &Query,
        answer: Result<&Response, Failure>,
        hands: &mut Hands<'_, '_>,
    ) {
        let Some(machine) = self.machine() else { return };
        let empty = Vec::new();
        let users = if let Ok(Response::QueryKeys { users, failed }) = answer {
            let servers: Vec<String> = failed
                .iter()
                .map(|(user, _)| self.user_id(*user).server_name().to_string())
                .collect();
            let body = self.wire().query_answer(users, &servers);
            let response: ruma::api::client::keys::get_keys::v3::Response = read(&body);
            let _ = self.wait(machine.olm.mark_request_as_sent(&query.id, &response));
            // What was encrypted under the list before is told before the list.
            self.tell_of_answers(hands);
            users
        } else {
            &empty
        };
        for (user, id, began) in &query.users {
            if let Some(count) = self.live.querying.get_mut(user) {
                *count -= 1;
                if *count == 0 {
                    self.live.querying.remove(user);
                }
            }
            if *user == self.my_user() {
                self.own_list_came(hands);
            }
            let answered = users.iter().find(|answer| answer.user == *user);
            let by = answered.and_then(|answer| answer.cause.0);
            let causes = Causes::of([Some(*began), by, hands.given.cause]);
            let outcome = match answered {
                Some(answer) => self.list_now(answer, *id, *began, hands),
                None => QueryOutcome::Failed,
            };
            let kind = FactKind::QueryEnd { device: self.me, user: *user, query: *id, outcome };
            let fact = hands.fact(kind, causes);
            if answered.is_some() {
                self.app.known.lists.insert(*user, fact);
                self.live.changes += 1;
                self.after_list(*user, hands);
            }
        }
    }

    /// Tells what was answered about a user's devices, and what the machine knows of them now. It may keep an old device and pass over
    /// the one that has its id now: then it was told of both.
    fn list_now(
        &mut self,
        answer: &UserKeys,
        query: QueryId,
        began: FactId,
        hands: &mut Hands<'_, '_>,
    ) -> QueryOutcome {
        let failed = QueryOutcome::Failed;
        let Some(machine) = self.machine() else { return failed };
        let user_id = self.user_id(answer.user);
        let Ok(devices) = self.wait(machine.olm.get_user_devices(&user_id, None)) else {
            return failed;
        };
        let mut listed: BTreeMap<DeviceId, bool> = BTreeMap::new();
        for device in devices.devices() {
            let key = device.curve25519_key().map(|key| key.to_base64()).unwrap_or_default();
            if let Some(found) = self.wire().device_of_key(&key) {
                listed.insert(found, device.is_cross_signed_by_owner());
            }
        }
        for keys in &answer.devices {
            listed.entry(keys.device).or_insert_with(|| keys.signed_by.is_some());
        }
        for (listed, cross_signed) in listed {
            let kind = FactKind::QueryListed { device: self.me, query, listed, cross_signed };
            hands.fact(kind, Causes::one(began));
        }
        let identity = self.wait(machine.olm.get_identity(&user_id, None)).ok().flatten();
        let verified = identity.as_ref().is_some_and(matrix_sdk_crypto::UserIdentity::is_verified);
        let master = self.master_of(identity.as_ref());
        QueryOutcome::Applied { master, verified }
    }

    fn claimed(
        &mut self,
        claim: &Claim,
        answer: Result<&Response, Failure>,
        hands: &mut Hands<'_, '_>,
    ) {
        let Some(machine) = self.machine() else { return };
        if let Ok(Response::ClaimKeys { keys, failures, .. }) = answer {
            let mut claimed: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
            for key in keys {
                let found = self.wire().claimed_key(key.key, key.signature_valid);
                let Some((id, mut json)) = found else { continue };
                if key.fallback {
                    json["fallback"] = true.into();
                }
                let user = self.user_id(self.user_of(key.device)).to_string();
                let device = self.device_id(key.device).to_string();
                claimed.entry(user).or_default().insert(device, json!({ id: json }));
            }
            let failures: BTreeMap<String, Value> = failures
                .iter()
                .map(|server| {
                    (self.wire().names().server(*server).to_string(), json!({ "status": 503 }))
                })
                .collect();
            let body = json!({ "one_time_keys": claimed, "failures": failures });
            let response: claim_keys::Response = read(&body);
            let _ = self.wait(machine.olm.mark_request_as_sent(&claim.id, &response));
        }
        let noted = machine.store.take_noted();
        for (target, id, began) in &claim.targets {
            let (outcome, because) = self.claim_outcome(*target, answer);
            let kind = FactKind::ClaimEnd { device: self.me, target: *target, claim: *id, outcome };
            // Where nothing says why this device's claim ended so, the answer as a whole does.
            let known = because.iter().any(Option::is_some);
            let [one, other] = because;
            let answered = hands.given.cause.filter(|_| !known);
            let by = hands.fact(kind, Causes::of([Some(*began), one, other, answered]));
            self.note_opened(&noted, (*target, outcome), (claim.why_of(*target), by), hands);
        }
        let opened = |one: &Noted| matches!(one, Noted::Olm { .. });
        self.note(noted.into_iter().filter(|one| !opened(one)).collect(), hands);
        (self.live.look_again, self.live.has_claimed) = (true, true);
    }

    /// Records the sessions that a claimed key has opened.
    fn note_opened(
        &mut self,
        noted: &[Noted],
        (target, outcome): (DeviceId, ClaimOutcome),
        (why, by): (OlmCause, FactId),
        hands: &mut Hands<'_, '_>,
    ) {
        let key_of_target = self.wire().key_of_device(target).map(str::to_owned);
        let key = match outcome {
            ClaimOutcome::Key { key, .. } => Some(key),
            ClaimOutcome::NoKey | ClaimOutcome::Failed(_) => None,
        };
        for one in noted {
            if let Noted::Olm { peer, session, is_new: true } = one
                && Some(peer) == key_of_target.as_ref()
            {
                let session = self.wire().olm_session(session, hands.given.entropy);
                let (device, direction) = (self.me, Direction::Outbound);
                let kind = FactKind::OlmNew { device, peer: target, session, direction, why, key };
                let fact = hands.fact(kind, Causes::of([Some(by), hands.given.clock_set]));
                self.app.known.olm.insert(session, fact);
            }
        }
    }

    fn claim_outcome(
        &self,
        device: DeviceId,
        answer: Result<&Response, Failure>,
    ) -> (ClaimOutcome, [Option<FactId>; 2]) {
        let Ok(Response::ClaimKeys { keys, absent, failures }) = answer else {
            return (ClaimOutcome::Failed(ClaimFailed::Http), [None; 2]);
        };
        if let Some(found) = keys.iter().find(|key| key.device == device) {
            let outcome = if found.signature_valid {
                ClaimOutcome::Key { key: found.key, fallback: found.fallback }
            } else {
                ClaimOutcome::Failed(ClaimFailed::BadSignature)
            };
            return (outcome, [found.cause.0, None]);
        }
        if failures.contains(&self.around.directory.server(self.user_of(device))) {
            return (ClaimOutcome::Failed(ClaimFailed::Unreachable), [None; 2]);
        }
        let without = absent.iter().find(|absent| absent.device == device);
        // A key of either sort may be kept back, each by another fault.
        let why = without.map(|absent| [absent.one_time.0, absent.fallback.0]);
        (ClaimOutcome::NoKey, why.unwrap_or_default())
    }
}
