//! What the machine wants sent, as requests of the simulator.
//! It does not know when a message is sent, nor what is answered.

use std::collections::{BTreeMap, BTreeSet};

use matrix_sdk_crypto::types::requests::{AnyOutgoingRequest, OutgoingRequest, ToDeviceRequest};
use ruma::to_device::DeviceIdOrAllDevices;
use ruma::{OwnedTransactionId, UserId as MatrixUserId};
use serde_json::{Value, json};
use withheld::ids::{
    ClaimId, DeviceId, FactId, KeyValue, MegolmSessionId, QueryId, RoomId, UserId,
};
use withheld::protocol::api::{Request, ToDevicePut};
use withheld::protocol::spelling::Spelling;
use withheld::protocol::to_device::{
    ForwardedRoomKey, KeyRequestAction, OlmCiphertext, OlmEvent, OlmPayload, RoomKey,
    SharedHistory, ToDeviceBody, ToDeviceType,
};
use withheld::trace::fact::{Causes, FactKind, OlmCause, SentContent};

use crate::wire::Sealed;

use super::keys::Uploading;
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
    /// Something that the user wants, by its number.
    Errand(u32),
}

/// A query for device lists.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) id: OwnedTransactionId,
    pub(super) users: Vec<(UserId, QueryId, FactId)>,
    /// The room that waits for it, if one does.
    pub(super) room: Option<RoomId>,
}

/// A claim of one-time keys.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) id: OwnedTransactionId,
    pub(super) targets: Vec<(DeviceId, ClaimId, FactId)>,
    pub(super) why: OlmCause,
    /// Those among them with which there was no Olm session.
    pub(super) strangers: BTreeSet<DeviceId>,
    /// The room that waits for it, if one does.
    pub(super) room: Option<RoomId>,
}

impl Claim {
    /// What a session with a device is made for. After a sync the machine claims keys of those whose session is broken, and of those whose
    /// key request it cannot answer without one (`SessionManager::users_for_key_claim`); it does not say of which.
    pub(super) fn why_of(&self, target: DeviceId) -> OlmCause {
        let is_for_an_answer = self.room.is_none() && self.strangers.contains(&target);
        if is_for_an_answer { OlmCause::Reply } else { self.why }
    }
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

    /// Tells of the answers to key requests that the machine has put together and that have not left, because others of its requests are on their
    /// way: it has encrypted them. While one of its queries is, it cannot be asked, because it would take the answer to that for an old one.
    pub(super) fn tell_of_answers(&mut self, hands: &mut Hands<'_, '_>) {
        let is_query =
            |purpose: &Purpose| matches!(purpose, Purpose::Query(query) if query.room.is_none());
        if self.app.known.asked.is_empty() || self.exchanges().any(is_query) {
            return;
        }
        let Some(machine) = self.machine() else { return };
        let mut requests = self.wait(machine.olm.outgoing_requests()).unwrap_or_default();
        requests.sort_by_cached_key(|request| in_order(request.request()));
        for request in requests {
            if let AnyOutgoingRequest::ToDeviceRequest(put) = request.request()
                && self.type_of(&put.event_type.to_string()) == ToDeviceType::Encrypted
                && !self.app.puts.contains_key(put.txn_id.as_str())
            {
                let inside = |device: &Self, to| device.inside_of_answer(to);
                let made = self.make_put(put, hands.given.cause, inside, hands);
                self.app.puts.insert(put.txn_id.to_string(), made);
            }
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
                    let inside = |device: &Self, to| device.inside_of_answer(to);
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
        let (mut targets, mut strangers) = (Vec::new(), BTreeSet::new());
        for (user, devices) in &request.one_time_keys {
            for device in devices.keys() {
                if let Some(target) = self.named(user, device) {
                    if !self.has_olm(target) {
                        strangers.insert(target);
                    }
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
        self.send(
            Purpose::Claim(Claim { id, targets, why, strangers, room }),
            request,
            cause,
            hands,
        );
        true
    }

    /// Whether the machine has an Olm session with a device.
    fn has_olm(&self, device: DeviceId) -> bool {
        let key = self.wire().key_of_device(device).map(str::to_owned);
        let sessions = self.machine.as_ref().zip(key);
        let sessions = sessions.map(|(machine, key)| self.wait(machine.store.olm_sessions(&key)));
        sessions.and_then(Result::ok).is_some_and(|sessions| !sessions.is_empty())
    }

    /// The device with this name.
    pub(super) fn named(&self, user: &MatrixUserId, device: &ruma::DeviceId) -> Option<DeviceId> {
        let user = self.wire().names().user_named(user)?;
        self.resolve(user, device)
    }

    /// Sends a to-device request of the machine. `inside` tells what an Olm message to a device holds.
    pub(super) fn put(
        &mut self,
        put: &ToDeviceRequest,
        (room, cause): (Option<RoomId>, Option<FactId>),
        inside: impl Fn(&Self, DeviceId) -> OlmEvent,
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
        inside: impl Fn(&Self, DeviceId) -> OlmEvent,
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
                let ciphertext = self.sealed(recipient, content, &inside, hands);
                let (session, payload) = (ciphertext.session, ciphertext.payload);
                let OlmPayload { event, sender_keys, .. } = payload;
                let kind = FactKind::OlmEncrypted {
                    device,
                    peer: recipient,
                    session,
                    event,
                    sender_keys,
                    txn,
                };
                let because = self.because_of(recipient, &event);
                self.answer_is_sent(recipient, &event);
                let made = self.app.known.olm.get(&session).copied();
                let causes = made.into_iter().fold(because, Causes::and);
                let sent = Causes::one(hands.fact(kind, causes));
                (ToDeviceBody::Olm(ciphertext), SentContent::Olm(event), sent)
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
        inside: &impl Fn(&Self, DeviceId) -> OlmEvent,
        hands: &mut Hands<'_, '_>,
    ) -> OlmCiphertext {
        let key = self.wire().key_of_device(recipient).map(str::to_owned).unwrap_or_default();
        let info = &content["ciphertext"][&key];
        let body = info["body"].as_str().unwrap_or_default();
        let event = inside(self, recipient);
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
        self.wire().seal(sealed, content)
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

    /// What an Olm message holds that is no room key of a share: a room key that was asked for, since the machine never sends the
    /// `m.dummy` that it makes.
    fn inside_of_answer(&self, recipient: DeviceId) -> OlmEvent {
        let asked = self.app.known.asked.iter().rev().find(|(device, ..)| *device == recipient);
        match asked {
            Some((_, room, session, _)) => {
                let known = self.first_known(*room, *session).unwrap_or(0);
                let given = self.given_again_from((*room, *session), recipient);
                let first = given.map_or(known, |given| given.max(known));
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
            None => OlmEvent::Dummy { empty: true },
        }
    }

    /// Where the key starts that a device is given again (`GossipMachine::should_share_key`): a device that is not a verified one of the own
    /// user gets no more of the session in use than it was given.
    fn given_again_from(
        &self,
        (room, session): (RoomId, MegolmSessionId),
        recipient: DeviceId,
    ) -> Option<u32> {
        let machine = self.machine()?;
        let user = self.user_of(recipient);
        let (user_id, id) = (self.user_id(user), self.device_id(recipient));
        let known = self.wait(machine.olm.get_device(&user_id, &id, None)).ok().flatten();
        if user == self.my_user() && known.is_some_and(|known| known.is_verified()) {
            return None;
        }
        let (room_id, spelled) = (self.room_id(room), Spelling::session(&*self.wire(), session));
        let given = machine.store.given_from((&room_id, &spelled), (&user_id, &id));
        self.wait(given).ok().flatten()
    }

    /// A request that is answered is not taken for the reason of another message.
    fn answer_is_sent(&mut self, recipient: DeviceId, event: &OlmEvent) {
        if let OlmEvent::ForwardedRoomKey(forwarded) = event {
            let answered = (recipient, forwarded.key.session);
            self.app.known.asked.retain(|(device, _, session, _)| (*device, *session) != answered);
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
}

/// Where a request stands among others that are ready at the same time.
fn in_order(request: &AnyOutgoingRequest) -> (u8, String) {
    match request {
        AnyOutgoingRequest::KeysUpload(_) => (0, String::new()),
        AnyOutgoingRequest::KeysQuery(query) => (1, format!("{:?}", query.device_keys)),
        AnyOutgoingRequest::KeysClaim(_) => (2, String::new()),
        AnyOutgoingRequest::ToDeviceRequest(put) => (
            3,
            format!(
                "{} {:?}{}",
                put.event_type,
                put.messages.keys().collect::<Vec<_>>(),
                content_of(put)
            ),
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
