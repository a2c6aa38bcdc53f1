//! Messages to be sent, each room's one after the other, through the stations of `matrix_sdk::room::futures::SendRawMessageLikeEvent`
//! and `Room::preshare_room_key`: query lists that are out of date, claim, share, encrypt.
//! It does not know whom the machine gives a key.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use matrix_sdk_crypto::types::requests::ToDeviceRequest;
use matrix_sdk_crypto::{
    CollectStrategy, EncryptionSettings, OlmError, SessionRecipientCollectionError, UserIdentity,
};
use ruma::events::AnyMessageLikeEventContent;
use ruma::events::room::history_visibility::HistoryVisibility as Visibility;
use ruma::serde::Raw;
use ruma::{OwnedTransactionId, OwnedUserId, TransactionId};
use serde_json::{Value, json};
use withheld::ids::{FactId, MegolmSessionId, MessageId, RoomId, UserId};
use withheld::protocol::api::{Failure, MessagePut, Request, Response};
use withheld::protocol::room::{HistoryVisibility, Membership, RoomAlgorithm};
use withheld::protocol::to_device::{MegolmCiphertext, OlmEvent, RoomKey, SharedHistory};
use withheld::scenario::policy::{OnProblem, SharePolicy};
use withheld::trace::fact::{Causes, FactKind, KeySource, OlmCause, Refusal};

use crate::store::Noted;

use super::outgoing::Purpose;
use super::rooms::SeenRoom;
use super::{Hands, SdkDevice, Txn};

/// A message that waits to be sent.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    message: MessageId,
    txn: Txn,
    cause: Option<FactId>,
}

/// How far the first message of a room is.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// Lists are asked for.
    Querying,
    /// Lists are up to date.
    Queried,
    /// Keys are claimed.
    Claiming,
    /// Everybody has an Olm session who can have one.
    Claimed,
    /// Requests with keys or notices are on their way, the others are left.
    Sharing { under_way: BTreeSet<OwnedTransactionId>, left: VecDeque<Arc<ToDeviceRequest>> },
    /// Everybody has been given what is due.
    Shared(VecDeque<Arc<ToDeviceRequest>>),
    /// The message is on its way.
    Sending,
}

/// What was answered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sent {
    /// A query.
    Query,
    /// A claim.
    Claim,
}

impl SdkDevice {
    /// Puts a message into the queue.
    pub(super) fn enqueue(&mut self, room: RoomId, message: MessageId, hands: &mut Hands<'_, '_>) {
        let (txn, cause) = (hands.given.entropy.txn(), hands.given.cause);
        self.app.queue.entry(room).or_default().push_back(Waiting { message, txn, cause });
    }

    /// What a room waited for has come.
    pub(super) fn proceed(&mut self, room: RoomId, sent: Sent) {
        let stage = match (sent, self.live.stages.remove(&room)) {
            (Sent::Query, Some(Stage::Querying)) => Some(Stage::Queried),
            (Sent::Claim, Some(Stage::Claiming)) => Some(Stage::Claimed),
            (Sent::Query | Sent::Claim, stage) => stage,
        };
        if let Some(stage) = stage {
            self.live.stages.insert(room, stage);
        }
    }

    /// A request with keys or notices was taken by the server, or not.
    pub(super) fn given(&mut self, room: RoomId, id: &TransactionId, accepted: bool) {
        let Some(Stage::Sharing { under_way, left }) = self.live.stages.get_mut(&room) else {
            return;
        };
        if !under_way.remove(id) {
            return;
        }
        if !accepted {
            // `Room::preshare_room_key`: a session that could not be given to all is not used.
            self.live.stages.remove(&room);
            self.throw_session_away(room);
            self.drop_first(room);
        } else if under_way.is_empty() {
            let left = std::mem::take(left);
            self.live.stages.insert(room, Stage::Shared(left));
        }
    }

    /// Goes on with every room as far as possible.
    pub(super) fn advance_queues(&mut self, hands: &mut Hands<'_, '_>) {
        let rooms: Vec<RoomId> = self.app.queue.keys().copied().collect();
        for room in rooms {
            while let Some(first) =
                self.app.queue.get(&room).and_then(|queue| queue.front()).cloned()
            {
                if !self.step(room, &first, hands) {
                    break;
                }
            }
        }
    }

    fn drop_first(&mut self, room: RoomId) {
        if let Some(queue) = self.app.queue.get_mut(&room) {
            queue.pop_front();
            if queue.is_empty() {
                self.app.queue.remove(&room);
            }
        }
    }

    /// One step with the first message of a room; false if it has to wait.
    fn step(&mut self, room: RoomId, first: &Waiting, hands: &mut Hands<'_, '_>) -> bool {
        match self.live.stages.remove(&room) {
            None => self.begin(room, first, hands),
            Some(Stage::Queried) => {
                if !self.is_joined(room) {
                    return self.refuse(room, first, Refusal::NotInRoom, hands);
                }
                let users = self.users(room, true);
                if self.live.claiming {
                    // One claim at a time: this one is made when the other has been answered.
                    self.live.stages.insert(room, Stage::Queried);
                    return false;
                }
                let claims = self.claim_for(&users, (OlmCause::Share, Some(room)), hands);
                let stage = if claims { Stage::Claiming } else { Stage::Claimed };
                self.live.stages.insert(room, stage);
                !claims
            }
            Some(Stage::Claimed) => self.share(room, first, hands),
            Some(Stage::Shared(mut left)) => {
                let Some(next) = left.pop_front() else {
                    if self.around.careful
                        && self.live.shared_at.get(&room) != Some(&self.live.changes)
                    {
                        // Something has changed while keys were under way: look again, from the beginning.
                        return true;
                    }
                    return self.encrypt(room, first, hands);
                };
                let mut next = vec![next];
                if self.around.careful {
                    // What is said was true when it was decided. It stays so if it leaves at once, and not behind other requests.
                    next.extend(std::mem::take(&mut left));
                }
                let under_way = next.iter().map(|request| request.txn_id.clone()).collect();
                self.live.stages.insert(room, Stage::Sharing { under_way, left });
                for request in &next {
                    self.give(room, request, first.cause, hands);
                }
                false
            }
            Some(
                stage
                @ (Stage::Querying | Stage::Claiming | Stage::Sharing { .. } | Stage::Sending),
            ) => {
                self.live.stages.insert(room, stage);
                false
            }
        }
    }

    /// The users that have something to do with a room: all who are in it or invited, or those who get its keys.
    fn users(&self, room: RoomId, active: bool) -> Vec<OwnedUserId> {
        let Some(seen) = self.app.rooms.get(&room) else { return Vec::new() };
        let users: Vec<_> =
            if active { seen.active().collect() } else { seen.eligible().collect() };
        users.into_iter().map(|user| self.user_id(user)).collect()
    }

    /// `Room::query_keys_for_untracked_or_dirty_users`.
    fn begin(&mut self, room: RoomId, first: &Waiting, hands: &mut Hands<'_, '_>) -> bool {
        let seen = self.app.rooms.get(&room);
        let other = seen.is_some_and(|seen| seen.rotation.algorithm == RoomAlgorithm::Other);
        if other || !self.is_joined(room) {
            let why = if self.is_joined(room) { Refusal::NoEncryption } else { Refusal::NotInRoom };
            return self.refuse(room, first, why, hands);
        }
        let Some(machine) = self.machine() else { return false };
        let tracked = machine.store.tracked();
        let outdated = |user: &OwnedUserId| tracked.get(user).is_none_or(|dirty| *dirty);
        let users: Vec<OwnedUserId> = self.users(room, true).into_iter().filter(outdated).collect();
        if self.around.careful {
            if let Some(user) = self.changed_identity(room) {
                return self.refuse(room, first, Refusal::IdentityChanged(user), hands);
            }
            if self.is_querying(users.iter()) {
                return false;
            }
        }
        if users.is_empty() {
            self.live.stages.insert(room, Stage::Queried);
            return true;
        }
        let (id, request) = machine.olm.query_keys_for_users(users.iter().map(AsRef::as_ref));
        self.live.stages.insert(room, Stage::Querying);
        self.query(id, request.device_keys.keys(), Some(room), hands);
        false
    }

    /// `Room::ensure_room_joined`, which is asked before keys are claimed, and again before they are shared.
    fn is_joined(&self, room: RoomId) -> bool {
        let seen = self.app.rooms.get(&room);
        seen.is_some_and(|seen| seen.membership(self.my_user()) == Membership::Join)
    }

    /// A member whose identity has changed and was not accepted. The machine tells; whether to send is for the application.
    fn changed_identity(&self, room: RoomId) -> Option<UserId> {
        let machine = self.machine()?;
        let members = self.app.rooms.get(&room)?.active();
        members.into_iter().find(|user| {
            let user = self.user_id(*user);
            let identity = self.wait(machine.olm.get_identity(&user, None)).ok().flatten();
            matches!(identity, Some(UserIdentity::Other(other)) if other.identity_needs_user_approval())
        })
    }

    fn refuse(
        &mut self,
        room: RoomId,
        first: &Waiting,
        why: Refusal,
        hands: &mut Hands<'_, '_>,
    ) -> bool {
        let (device, message) = (self.me, first.message);
        hands.fact(FactKind::SendRefused { device, room, message, why }, Causes::of([first.cause]));
        self.drop_first(room);
        true
    }

    fn settings(&self, room: RoomId) -> EncryptionSettings {
        let seen = self.app.rooms.get(&room);
        let visibility = match seen.and_then(|seen| seen.visibility) {
            Some(HistoryVisibility::Invited) => Visibility::Invited,
            Some(HistoryVisibility::Joined) => Visibility::Joined,
            Some(HistoryVisibility::WorldReadable) => Visibility::WorldReadable,
            Some(HistoryVisibility::Shared) => Visibility::Shared,
            // `RoomInfo::history_visibility_or_default`, where what is not set counts as shared.
            None if !self.around.careful => Visibility::Shared,
            None => Visibility::Joined,
        };
        let sharing_strategy = match (self.app.policy.share, self.app.policy.on_problem) {
            (SharePolicy::Everyone, OnProblem::Withhold) => CollectStrategy::AllDevices,
            (SharePolicy::Everyone, OnProblem::Refuse) => {
                CollectStrategy::ErrorOnVerifiedUserProblem
            }
            (SharePolicy::CrossSigned, _) => CollectStrategy::IdentityBasedStrategy,
            (SharePolicy::Verified, _) => CollectStrategy::OnlyTrustedDevices,
        };
        let usual = EncryptionSettings {
            history_visibility: visibility,
            sharing_strategy,
            ..EncryptionSettings::default()
        };
        let Some(seen) = seen else { return usual };
        EncryptionSettings {
            rotation_period: std::time::Duration::from_millis(seen.rotation.period.as_ms()),
            rotation_period_msgs: seen.rotation.messages.into(),
            ..usual
        }
    }

    /// What `Room::preshare_room_key` does where `Room::share_room_key` fails: the session is not used any more.
    fn share_fails(
        &mut self,
        room: RoomId,
        first: &Waiting,
        why: Refusal,
        hands: &mut Hands<'_, '_>,
    ) -> bool {
        self.throw_session_away(room);
        if let Some(machine) = self.machine() {
            // A session that nobody was given is not told of.
            self.note(machine.store.take_noted(), hands);
        }
        self.refuse(room, first, why, hands)
    }

    /// `Room::share_room_key`.
    fn share(&mut self, room: RoomId, first: &Waiting, hands: &mut Hands<'_, '_>) -> bool {
        if !self.is_joined(room) {
            return self.share_fails(room, first, Refusal::NotInRoom, hands);
        }
        if self.around.careful
            && let Some(user) = self.changed_identity(room)
        {
            return self.refuse(room, first, Refusal::IdentityChanged(user), hands);
        }
        let returned = self.app.rooms.get_mut(&room).is_some_and(SeenRoom::take_returned);
        if returned && self.around.careful {
            // The machine is told who is there, and not who was away in between.
            self.throw_session_away(room);
        }
        let Some(machine) = self.machine() else { return false };
        let (room_id, settings) = (self.room_id(room), self.settings(room));
        self.live.shared_at.insert(room, self.live.changes);
        let users = self.users(room, false);
        let users = users.iter().map(AsRef::as_ref);
        let shared = self.wait(machine.olm.share_room_key(&room_id, users, settings));
        self.note_share(room, first, hands);
        match shared {
            Ok(requests) => {
                let mut requests: Vec<_> = requests;
                requests.sort_by_cached_key(|request| {
                    let users: Vec<_> = request
                        .messages
                        .iter()
                        .map(|(user, of)| (user.clone(), of.keys().cloned().collect::<Vec<_>>()))
                        .collect();
                    (request.event_type.to_string(), users)
                });
                self.live.stages.insert(room, Stage::Shared(requests.into()));
                true
            }
            Err(OlmError::SessionRecipientCollectionError(error)) => {
                let why = self.why_refused(&error);
                self.share_fails(room, first, why, hands)
            }
            Err(_) => self.share_fails(room, first, Refusal::NoEncryption, hands),
        }
    }

    fn why_refused(&self, error: &SessionRecipientCollectionError) -> Refusal {
        match error {
            SessionRecipientCollectionError::VerifiedUserHasUnsignedDevice(devices) => devices
                .iter()
                .flat_map(|(user, devices)| devices.iter().map(move |device| (user, device)))
                .find_map(|(user, device)| self.named(user, device))
                .map_or(Refusal::NoEncryption, Refusal::WouldWithhold),
            SessionRecipientCollectionError::VerifiedUserChangedIdentity(users) => users
                .iter()
                .find_map(|user| self.wire().names().user_named(user))
                .map_or(Refusal::NoEncryption, Refusal::IdentityChanged),
            SessionRecipientCollectionError::CrossSigningNotSetup
            | SessionRecipientCollectionError::SendingFromUnverifiedDevice => Refusal::NoEncryption,
        }
    }

    /// Records a session that the share has made.
    fn note_share(&mut self, room: RoomId, first: &Waiting, hands: &mut Hands<'_, '_>) {
        let Some(machine) = self.machine() else { return };
        let noted = machine.store.take_noted();
        let mut made = BTreeMap::new();
        for one in &noted {
            if let Noted::Outbound { session, .. } = one {
                let session = self.wire().room_keys.name(session, hands.given.entropy);
                // Where nobody is given the key, the machine writes the session once more in the same share.
                if made.contains_key(&session) {
                    continue;
                }
                self.wire().room_keys.made_by(session, self.me);
                let discarded = self.app.known.discarded.remove(&room);
                let causes = Causes::of([first.cause, discarded, hands.given.clock_set]);
                let kind = FactKind::MegolmNew { device: self.me, room, session };
                let fact = hands.fact(kind, causes);
                self.app.known.sessions.insert(session, fact);
                made.insert(session, fact);
            }
        }
        for one in &noted {
            if let Noted::Inbound { session, first, .. } = one {
                let session = self.wire().room_keys.name(session, hands.given.entropy);
                let (device, source, via) = (self.me, KeySource::Own, None);
                let kind = FactKind::KeyIn { device, room, session, first: *first, source, via };
                let fact = hands.fact(kind, Causes::of([made.get(&session).copied()]));
                self.app.known.keys.insert(session, fact);
            }
        }
        self.note(noted, hands);
    }

    /// Sends a request with keys or notices.
    fn give(
        &mut self,
        room: RoomId,
        request: &ToDeviceRequest,
        cause: Option<FactId>,
        hands: &mut Hands<'_, '_>,
    ) {
        let key = self.current_key(room);
        let inside =
            move |_: &Self, _| key.map_or(OlmEvent::Dummy { empty: true }, OlmEvent::RoomKey);
        self.put(request, (Some(room), cause), inside, hands);
    }

    /// The key of a room's session as it is given now. `MegolmV1AesSha2Content` writes `m.shared_history`, which the specification does
    /// not have, and not `shared_history`.
    fn current_key(&self, room: RoomId) -> Option<RoomKey> {
        let machine = self.machine()?;
        let outbound = self.wait(machine.store.outbound(&self.room_id(room)));
        let (id, first) = outbound.ok().flatten()?;
        let session: MegolmSessionId = self.wire().room_keys.named(&id)?;
        Some(RoomKey { room, session, first, shared_history: SharedHistory::Absent })
    }

    /// `Room::encrypt` and the request that follows.
    fn encrypt(&mut self, room: RoomId, first: &Waiting, hands: &mut Hands<'_, '_>) -> bool {
        let Some(machine) = self.machine() else { return false };
        let text =
            json!({ "msgtype": "m.text", "body": format!("message {}", first.message.raw()) });
        let content = Raw::<AnyMessageLikeEventContent>::from_json(
            serde_json::value::to_raw_value(&text).expect("a text can be written"),
        );
        let room_id = self.room_id(room);
        let encrypted =
            self.wait(machine.olm.encrypt_room_event_raw(&room_id, "m.room.message", &content));
        let Ok(encrypted) = encrypted else {
            return self.refuse(room, first, Refusal::NoEncryption, hands);
        };
        let content: Value =
            serde_json::from_str(encrypted.content.json().get()).unwrap_or_default();
        let Some(body) = self.body_of(&content) else {
            return self.refuse(room, first, Refusal::NoEncryption, hands);
        };
        self.note(machine.store.take_noted(), hands);
        let message = first.message;
        self.wire().send_message(message, body, content);
        let MegolmCiphertext { session, index, .. } = body;
        let kind = FactKind::MegolmEncrypted { device: self.me, room, session, index, message };
        let made = self.app.known.sessions.get(&session).copied();
        let fact = hands.fact(kind, Causes::of([first.cause, made, hands.given.clock_set]));
        let put = MessagePut { room, txn: first.txn, message, body };
        self.live.stages.insert(room, Stage::Sending);
        self.send(Purpose::Message(room, message), Request::SendMessage(put), Some(fact), hands);
        false
    }

    fn body_of(&self, content: &Value) -> Option<MegolmCiphertext> {
        let session = self.wire().room_keys.named(content["session_id"].as_str()?)?;
        let text = content["ciphertext"].as_str()?;
        let index = vodozemac::megolm::MegolmMessage::from_base64(text).ok()?.message_index();
        Some(MegolmCiphertext { session, index, intact: true })
    }

    /// A room message was accepted, or refused for good.
    pub(super) fn message_done(
        &mut self,
        room: RoomId,
        message: MessageId,
        _answer: Result<&Response, Failure>,
        _hands: &mut Hands<'_, '_>,
    ) {
        let queue = self.app.queue.get(&room);
        let is_first =
            queue.and_then(|queue| queue.front()).is_some_and(|first| first.message == message);
        if is_first {
            self.live.stages.remove(&room);
            self.drop_first(room);
        }
    }
}
