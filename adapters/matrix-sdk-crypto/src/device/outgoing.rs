//! What the machine wants sent, as requests of the simulator, and the answers, as the JSON that the machine gets.
//! It does not know when a message is sent.

use std::collections::BTreeMap;

use matrix_sdk_crypto::types::requests::{AnyOutgoingRequest, OutgoingRequest, ToDeviceRequest};
use ruma::api::IncomingResponse;
use ruma::api::client::keys::claim_keys::v3 as claim_keys;
use ruma::api::client::to_device::send_event_to_device::v3 as send_to_device;
use ruma::to_device::DeviceIdOrAllDevices;
use ruma::{OwnedTransactionId, UserId as MatrixUserId};
use serde_json::{Value, json};
use withheld::ids::{ClaimId, DeviceId, FactId, KeyValue, QueryId, RoomId, UserId};
use withheld::protocol::api::{Failure, Request, Response, ToDevicePut};
use withheld::protocol::to_device::{
    ForwardedRoomKey, KeyRequestAction, OlmEvent, RoomKey, SenderKeys, SharedHistory, ToDeviceBody,
    ToDeviceType,
};
use withheld::trace::fact::{
    Causes, ClaimFailed, ClaimOutcome, Direction, FactKind, OlmCause, QueryOutcome, SentContent,
};

use crate::store::Noted;
use crate::wire::Sealed;

use super::keys::Uploading;
use super::queue::Sent;
use super::{Hands, Message, SdkDevice};

/// What a request is for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    /// The next sync.
    Sync,
    /// Keys of this device.
    Upload(Uploading),
    /// Device lists.
    Query(Query),
    /// One-time keys of others.
    Claim(Claim),
    /// A to-device request, under the machine's id; the room whose key it gives, if it does.
    Put(OwnedTransactionId, Option<RoomId>),
    /// A room message.
    Message(RoomId, Message),
    /// Something that the user wants.
    Errand,
}

/// A query for device lists.
#[derive(Debug, Clone)]
pub(super) struct Query {
    id: OwnedTransactionId,
    users: Vec<(UserId, QueryId, FactId)>,
    /// The room that waits for it, if one does.
    pub(super) room: Option<RoomId>,
}

/// A claim of one-time keys.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    id: OwnedTransactionId,
    targets: Vec<(DeviceId, ClaimId, FactId)>,
    why: OlmCause,
    /// The room that waits for it, if one does.
    pub(super) room: Option<RoomId>,
}

/// Reads an answer as the machine's own HTTP client would.
fn read<R: IncomingResponse>(body: &Value) -> R {
    let response = http::Response::builder().status(200).body(body.to_string().into_bytes());
    let response = response.expect("a status and a body make a response");
    R::try_from_http_response(response)
        .unwrap_or_else(|_| panic!("the answer is not of the client-server API: {body}"))
}

impl SdkDevice {
    /// Asks the machine what it wants sent, as `matrix_sdk::Client::send_outgoing_requests` does after each sync: first a claim
    /// for whoever needs a new Olm session, then everything else. While that is on its way it is not asked again, and never before
    /// the first sync.
    pub(super) fn look(&mut self, hands: &mut Hands<'_, '_>) {
        if !self.live.look_again || self.live.batch > 0 || !self.live.has_synced {
            return;
        }
        let Some(machine) = self.machine() else { return };
        self.live.look_again = false;
        if !std::mem::take(&mut self.live.has_claimed) {
            self.claim_for(&[], (OlmCause::Unwedge, None), hands);
        }
        let mut requests = self.wait(machine.olm.outgoing_requests()).unwrap_or_default();
        // Ids are random, and the order of some is that of a hash map.
        requests.sort_by_cached_key(|request| in_order(request.request()));
        for request in requests {
            self.send_outgoing(&request, hands);
        }
    }

    fn send_outgoing(&mut self, request: &OutgoingRequest, hands: &mut Hands<'_, '_>) {
        let id = request.request_id().to_owned();
        match request.request() {
            AnyOutgoingRequest::KeysUpload(upload) => {
                if self.may_upload(hands.given.clock) {
                    self.live.batch += 1;
                    self.upload(id, upload, hands);
                }
            }
            AnyOutgoingRequest::KeysQuery(query) => {
                let users = query.device_keys.keys();
                if self.around.careful && self.is_querying(users) {
                    // The machine does not keep the answers to two queries in order.
                    return;
                }
                self.live.batch += 1;
                self.query(id, query.device_keys.keys(), None, hands);
            }
            AnyOutgoingRequest::ToDeviceRequest(put) => {
                if !self.live.putting.contains(id.as_str()) {
                    let inside = |device: &Self, to, size| device.inside_of_answer(to, size);
                    self.live.batch += 1;
                    self.put(put, (None, hands.given.cause), inside, hands);
                }
            }
            // Claims, signatures and verifications are only made by calls that return them.
            AnyOutgoingRequest::KeysClaim(_)
            | AnyOutgoingRequest::SignatureUpload(_)
            | AnyOutgoingRequest::RoomMessage(_) => {}
        }
    }

    /// Asks for the device lists of these users.
    pub(super) fn query<'u>(
        &mut self,
        id: OwnedTransactionId,
        users: impl Iterator<Item = &'u ruma::OwnedUserId>,
        room: Option<RoomId>,
        hands: &mut Hands<'_, '_>,
    ) {
        let users: Vec<UserId> =
            users.filter_map(|user| self.wire().names().user_named(user)).collect();
        let mut asked = Vec::new();
        for user in users {
            *self.live.querying.entry(user).or_default() += 1;
            let query = hands.given.entropy.query();
            let kind = FactKind::QueryStart { device: self.me, user, query };
            asked.push((user, query, hands.fact_of_input(kind)));
        }
        let request =
            Request::QueryKeys(asked.iter().map(|(user, query, _)| (*user, *query)).collect());
        let cause = asked.first().map(|(_, _, fact)| *fact);
        self.send(Purpose::Query(Query { id, users: asked, room }), request, cause, hands);
    }

    /// Whether a query for one of these users is on its way.
    pub(super) fn is_querying<'u>(
        &self,
        mut users: impl Iterator<Item = &'u ruma::OwnedUserId>,
    ) -> bool {
        users.any(|user| {
            let user = self.wire().names().user_named(user);
            user.is_some_and(|user| self.live.querying.contains_key(&user))
        })
    }

    /// Claims one-time keys for the devices of these users that have no Olm session, and for those that need a new one. True if a
    /// claim is on its way now: `matrix_sdk::Client::claim_one_time_keys` makes one at a time.
    pub(super) fn claim_for(
        &mut self,
        users: &[ruma::OwnedUserId],
        (why, room): (OlmCause, Option<RoomId>),
        hands: &mut Hands<'_, '_>,
    ) -> bool {
        if self.live.claiming {
            return true;
        }
        let Some(machine) = self.machine() else { return false };
        let missing = machine.olm.get_missing_sessions(users.iter().map(AsRef::as_ref));
        let Ok(Some((id, request))) = self.wait(missing) else { return false };
        let mut targets = Vec::new();
        for (user, devices) in &request.one_time_keys {
            for device in devices.keys() {
                if let Some(target) = self.named(user, device) {
                    let claim = hands.given.entropy.claim();
                    let kind = FactKind::Claim { device: self.me, target, claim };
                    targets.push((target, claim, hands.fact_of_input(kind)));
                }
            }
        }
        self.live.claiming = true;
        let request =
            Request::ClaimKeys(targets.iter().map(|(to, claim, _)| (*to, *claim)).collect());
        let cause = targets.first().map(|(_, _, fact)| *fact);
        self.send(Purpose::Claim(Claim { id, targets, why, room }), request, cause, hands);
        true
    }

    /// The device with this name.
    pub(super) fn named(&self, user: &MatrixUserId, device: &ruma::DeviceId) -> Option<DeviceId> {
        let user = self.wire().names().user_named(user)?;
        self.resolve(user, device)
    }

    /// Sends a to-device request of the machine. `inside` tells what an Olm message of this length to a device holds.
    pub(super) fn put(
        &mut self,
        put: &ToDeviceRequest,
        (room, cause): (Option<RoomId>, Option<FactId>),
        inside: impl Fn(&Self, DeviceId, usize) -> OlmEvent,
        hands: &mut Hands<'_, '_>,
    ) {
        let id = put.txn_id.clone();
        if !self.app.puts.contains_key(id.as_str()) {
            let made = self.make_put(put, cause, inside, hands);
            self.app.puts.insert(id.to_string(), made);
        }
        let request = Request::SendToDevice(self.app.puts[id.as_str()].clone());
        self.live.putting.insert(id.to_string());
        self.send(Purpose::Put(id, room), request, cause, hands);
    }

    fn make_put(
        &mut self,
        put: &ToDeviceRequest,
        cause: Option<FactId>,
        inside: impl Fn(&Self, DeviceId, usize) -> OlmEvent,
        hands: &mut Hands<'_, '_>,
    ) -> ToDevicePut {
        let (device, txn) = (self.me, hands.given.entropy.txn());
        let event_type = self.type_of(&put.event_type.to_string());
        let noted = self.machine.as_ref().map(|machine| machine.store.take_noted());
        self.note(noted.unwrap_or_default(), hands);
        let targets = self.targets(put);
        let count = u32::try_from(targets.len()).unwrap_or(u32::MAX);
        let kind = FactKind::Put { device, txn, event_type, targets: count };
        let put_fact = hands.fact(kind, Causes::of([cause]));
        let mut messages = Vec::new();
        for (recipient, content) in targets {
            let (body, content, why) = if event_type == ToDeviceType::Encrypted {
                let (body, session, event) = self.sealed(recipient, content, &inside, hands);
                let sender_keys = SenderKeys::Agree;
                let kind = FactKind::OlmEncrypted {
                    device,
                    peer: recipient,
                    session,
                    event,
                    sender_keys,
                    txn,
                };
                let because = self.because_of(recipient, &event);
                let made = self.app.known.olm.get(&session).copied();
                let causes = made.into_iter().fold(because, Causes::and);
                (body, SentContent::Olm(event), Causes::one(hands.fact(kind, causes)))
            } else {
                self.in_clear(recipient, content, hands)
            };
            let kind = FactKind::PutTarget { device, txn, recipient, content };
            hands.fact(kind, why.iter().fold(Causes::one(put_fact), Causes::and));
            messages.push((recipient, body));
        }
        ToDevicePut { txn, event_type, messages }
    }

    fn type_of(&self, name: &str) -> ToDeviceType {
        let named = ToDeviceType::NAMED.iter().find(|(_, text)| *text == name);
        named.map_or_else(
            || {
                ToDeviceType::Other(withheld::protocol::spelling::Lookup::intern(
                    &mut *self.wire(),
                    name,
                ))
            },
            |(event_type, _)| *event_type,
        )
    }

    /// Whom a request is for. A server gives a message to all devices of a user to each of them; here that is done where it
    /// is sent, and the sender is left out.
    fn targets(&self, put: &ToDeviceRequest) -> Vec<(DeviceId, Value)> {
        let mut targets = Vec::new();
        for (user, devices) in &put.messages {
            let Some(user_here) = self.wire().names().user_named(user) else { continue };
            for (device, content) in devices {
                let content: Value = serde_json::from_str(content.json().get()).unwrap_or_default();
                match device {
                    DeviceIdOrAllDevices::DeviceId(id) => {
                        let by_key = content["ciphertext"]
                            .as_object()
                            .and_then(|texts| texts.keys().next().cloned());
                        let by_key = by_key.and_then(|key| self.wire().device_of_key(&key));
                        let target = by_key.or_else(|| self.resolve(user_here, id));
                        targets.extend(target.map(|target| (target, content)));
                    }
                    DeviceIdOrAllDevices::AllDevices => {
                        let all: Vec<DeviceId> =
                            self.wire().devices_of(user_here).map(|(one, _)| one).collect();
                        let others = all.into_iter().filter(|one| *one != self.me);
                        targets.extend(others.map(|one| (one, content.clone())));
                    }
                }
            }
        }
        targets.sort_by_key(|(device, _)| *device);
        targets
    }

    fn sealed(
        &mut self,
        recipient: DeviceId,
        content: Value,
        inside: &impl Fn(&Self, DeviceId, usize) -> OlmEvent,
        hands: &mut Hands<'_, '_>,
    ) -> (ToDeviceBody, withheld::ids::OlmSessionId, OlmEvent) {
        let key = self.wire().key_of_device(recipient).map(str::to_owned).unwrap_or_default();
        let info = &content["ciphertext"][&key];
        let body = info["body"].as_str().unwrap_or_default();
        let event = inside(self, recipient, body.len());
        let opened = (info["type"] == json!(0))
            .then(|| vodozemac::olm::PreKeyMessage::from_base64(body).ok());
        let (session, pre_key) = match opened.flatten() {
            Some(message) => {
                let one_time = message.session_keys().one_time_key.to_base64();
                let pre_key: Option<KeyValue> = self.wire().key_of_public(&one_time);
                (message.session_id(), pre_key)
            }
            // The session that was written last is the one that was just used.
            None => (self.last_used(&key), None),
        };
        let session = self.wire().olm_session(&session, hands.given.entropy);
        let sealed = Sealed { sender: self.me, recipient, session, pre_key, event };
        (self.wire().seal(sealed, content), session, event)
    }

    /// The Olm session with the owner of a key that was used last.
    fn last_used(&self, key: &str) -> String {
        self.machine.as_ref().and_then(|machine| machine.store.last_used(key)).unwrap_or_default()
    }

    fn in_clear(
        &mut self,
        recipient: DeviceId,
        content: Value,
        hands: &mut Hands<'_, '_>,
    ) -> (ToDeviceBody, SentContent, Causes) {
        let request = content.get("action").is_some();
        let read =
            request.then(|| self.wire().read_request(self.me, &content, hands.given.entropy));
        let (body, why) = match read.flatten() {
            Some(request) => {
                let why = self.note_request(&request, hands);
                (ToDeviceBody::KeyRequest(request), why)
            }
            None => {
                let notice = self.wire().read_withheld(&content);
                let why = self.reasons(recipient, &notice);
                (ToDeviceBody::Withheld(notice), why)
            }
        };
        self.wire().send_clear(self.me, body, content);
        let sent = match body {
            ToDeviceBody::KeyRequest(request) => SentContent::KeyRequest(request),
            ToDeviceBody::Withheld(content) => SentContent::Withheld(content),
            ToDeviceBody::Olm(_) | ToDeviceBody::Clear(_) => SentContent::Sealed,
        };
        (body, sent, why)
    }

    fn note_request(
        &mut self,
        request: &withheld::protocol::to_device::KeyRequest,
        hands: &mut Hands<'_, '_>,
    ) -> Causes {
        let device = self.me;
        if let Some(known) = self.app.known.requests.get(&request.request)
            && matches!(request.action, KeyRequestAction::Request { .. })
        {
            return Causes::one(*known);
        }
        let fact = match request.action {
            KeyRequestAction::Request { session, .. } => {
                hands.fact_of_input(FactKind::KeyRequested {
                    device,
                    session,
                    request: request.request,
                })
            }
            KeyRequestAction::Cancel => {
                hands.fact_of_input(FactKind::RequestCancelled { device, request: request.request })
            }
        };
        self.app.known.requests.insert(request.request, fact);
        Causes::one(fact)
    }

    /// What an Olm message holds that is no room key of a share. The machine only sends `m.dummy` on a new session, and room keys
    /// that were asked for; these are told apart by their length, for a forwarded key is some 400 characters longer.
    fn inside_of_answer(&self, recipient: DeviceId, length: usize) -> OlmEvent {
        const LONGEST_DUMMY: usize = 1_700;
        let asked = self.app.known.asked.iter().rev().find(|(device, ..)| *device == recipient);
        match asked {
            Some((_, room, session, _)) if length > LONGEST_DUMMY => {
                let first = self.first_known(*room, *session).unwrap_or(0);
                let shared_history = SharedHistory::Absent;
                let key = RoomKey { room: *room, session: *session, first, shared_history };
                let creator = self.wire().room_keys.maker(*session).unwrap_or(self.me);
                OlmEvent::ForwardedRoomKey(ForwardedRoomKey {
                    key,
                    creator,
                    hops: 0,
                    withheld: None,
                })
            }
            Some(_) | None => OlmEvent::Dummy { empty: true },
        }
    }

    fn because_of(&self, recipient: DeviceId, event: &OlmEvent) -> Causes {
        let known = &self.app.known;
        let list = known.lists.get(&self.user_of(recipient)).copied();
        match event {
            OlmEvent::RoomKey(key) => Causes::of([
                known.sessions.get(&key.session).copied(),
                list,
                self.allowed_by(recipient),
            ]),
            OlmEvent::ForwardedRoomKey(key) => {
                let asked = known.asked.iter().rev();
                let mut asked = asked.filter(|(device, _, session, _)| {
                    (*device, *session) == (recipient, key.key.session)
                });
                Causes::of([asked.next().map(|(.., fact)| *fact), list])
            }
            OlmEvent::Dummy { .. } | OlmEvent::Withheld(_) | OlmEvent::RoomKeyBundle(_) => {
                Causes::of([list])
            }
        }
    }

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
            Purpose::Errand => self.errand_done(),
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
            Some(room) => self.proceed(room, Sent::Put { accepted }),
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
                Some(_) => self.list_now(*user, *id, *began, hands),
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

    /// Tells what the machine knows of a user's devices now.
    fn list_now(
        &mut self,
        user: UserId,
        query: QueryId,
        began: FactId,
        hands: &mut Hands<'_, '_>,
    ) -> QueryOutcome {
        let failed = QueryOutcome::Failed;
        let Some(machine) = self.machine() else { return failed };
        let user_id = self.user_id(user);
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
            let by = hands.fact(kind, Causes::of([Some(*began), because, hands.given.cause]));
            self.note_opened(&noted, (*target, outcome), (claim.why, by), hands);
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
    ) -> (ClaimOutcome, Option<FactId>) {
        let Ok(Response::ClaimKeys { keys, absent, failures }) = answer else {
            return (ClaimOutcome::Failed(ClaimFailed::Http), None);
        };
        if let Some(found) = keys.iter().find(|key| key.device == device) {
            let outcome = if found.signature_valid {
                ClaimOutcome::Key { key: found.key, fallback: found.fallback }
            } else {
                ClaimOutcome::Failed(ClaimFailed::BadSignature)
            };
            return (outcome, found.cause.0);
        }
        if failures.contains(&self.around.directory.server(self.user_of(device))) {
            return (ClaimOutcome::Failed(ClaimFailed::Unreachable), None);
        }
        let without = absent.iter().find(|absent| absent.device == device);
        (ClaimOutcome::NoKey, without.and_then(|absent| absent.one_time.0.or(absent.fallback.0)))
    }
}

/// Where a request stands among others that are ready at the same time.
fn in_order(request: &AnyOutgoingRequest) -> (u8, String) {
    match request {
        AnyOutgoingRequest::KeysUpload(_) => (0, String::new()),
        AnyOutgoingRequest::KeysQuery(query) => (1, format!("{:?}", query.device_keys)),
        AnyOutgoingRequest::KeysClaim(_) => (2, String::new()),
        AnyOutgoingRequest::ToDeviceRequest(put) => (
            3,
            format!("{} {:?}", put.event_type, put.messages.keys().collect::<Vec<_>>())
                + &content_of(put),
        ),
        AnyOutgoingRequest::SignatureUpload(_) => (4, String::new()),
        AnyOutgoingRequest::RoomMessage(_) => (5, String::new()),
    }
}

/// The contents of a request in one text.
fn content_of(put: &ToDeviceRequest) -> String {
    let contents = put.messages.values().flat_map(BTreeMap::values);
    contents.map(|content| content.json().get()).collect()
}

/// Reads the answers that other modules give to the machine.
pub(super) fn answer<R: IncomingResponse>(body: &Value) -> R {
    read(body)
}
