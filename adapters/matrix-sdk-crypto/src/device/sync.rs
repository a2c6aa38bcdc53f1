//! A sync answer, given to the machine as it would come from a server, and what the machine shows that it made of it.
//! It does not know what any message is for.

use std::collections::{BTreeMap, BTreeSet};

use matrix_sdk_common::deserialized_responses::ProcessedToDeviceEvent;
use matrix_sdk_crypto::EncryptionSyncChanges;
use ruma::OneTimeKeyAlgorithm;
use ruma::api::client::sync::sync_events::DeviceLists;
use ruma::events::AnyToDeviceEvent;
use ruma::serde::Raw;
use serde_json::Value;
use withheld::ids::{FactId, MegolmSessionId, ToDeviceId, UserId};
use withheld::protocol::api::{ListChange, RoomSync, SyncResponse};
use withheld::protocol::provenance::Provenance;
use withheld::protocol::room::RoomEvent;
use withheld::protocol::to_device::{
    ForwardedRoomKey, KeyRequestAction, OlmCiphertext, OlmEvent, OlmPayload, RoomKey, SenderKeys,
    ToDeviceBody, ToDeviceMessage,
};
use withheld::protocol::withheld::WithheldContent;
use withheld::trace::fact::{
    Causes, Direction, FactKind, KeySource, LossCause, OlmCause, OlmError, OlmResult,
    ProcessOutcome,
};

use crate::store::Noted;
use crate::wire::{Wire, event, sender_keys};

use super::messages::trust;
use super::rooms::SeenRoom;
use super::{Hands, Poll, SdkDevice};

/// What the machine wrote while it took a sync in, as far as no message claimed it.
#[derive(Debug, Default)]
struct Written {
    new_olm: Vec<(String, String)>,
    inbound: Vec<(String, u32)>,
    withheld: BTreeSet<String>,
    one_time_gone: Vec<u64>,
    known_messages: usize,
    /// How many messages brought a key of a session, as far as their senders are taken for.
    bringers: BTreeMap<MegolmSessionId, usize>,
}

impl Written {
    /// Where the key that a message has brought stands among those that were written: from the index that the message is taken to tell. Another
    /// one can only be meant if no other message brought a key of the session.
    fn place(&self, id: &str, (session, first): (MegolmSessionId, u32)) -> Option<usize> {
        let mut all = self.inbound.iter();
        let exact = all.position(|(inbound, from)| inbound == id && *from == first);
        let is_alone = self.bringers.get(&session).is_none_or(|count| *count < 2);
        let any = || self.inbound.iter().position(|(inbound, _)| inbound == id);
        exact.or_else(|| if is_alone { any() } else { None })
    }
}

/// The key that an event brings.
const fn key_of(event: &OlmEvent) -> Option<RoomKey> {
    match event {
        OlmEvent::RoomKey(key) | OlmEvent::ForwardedRoomKey(ForwardedRoomKey { key, .. }) => {
            Some(*key)
        }
        OlmEvent::Dummy { .. } | OlmEvent::Withheld(_) | OlmEvent::RoomKeyBundle(_) => None,
    }
}

/// A to-device message under way through the machine.
#[derive(Debug, Clone, Copy)]
struct Arrival<'m> {
    id: ToDeviceId,
    message: &'m ToDeviceMessage,
    listed: Option<FactId>,
}

impl SdkDevice {
    /// Takes a sync in that came late because of a failure, or did not.
    pub(super) fn take_sync(
        &mut self,
        sync: &SyncResponse,
        late_by: Option<FactId>,
        hands: &mut Hands<'_, '_>,
    ) {
        let Some(machine) = self.machine() else { return };
        if sync.device_lists.iter().any(|(_, change, _)| *change == ListChange::Changed) {
            // Patience with lists that do not come is no reason to pass over one that is new.
            self.live.poll = Poll::default();
        }
        for (user, change, cause) in &sync.device_lists {
            let kind = FactKind::ListNote { device: self.me, user: *user, change: *change };
            hands.fact(kind, Causes::of([cause.0]));
        }
        self.note_counts(sync, hands);
        let processed = self.hand_over(sync);
        let written = self.sort(machine.store.take_noted(), hands);
        self.after_to_device(sync, processed, written, hands);
        for room in &sync.rooms {
            self.take_room(room, late_by, hands);
        }
        self.app.token = sync.next;
        (self.live.look_again, self.live.has_synced) = (true, true);
    }

    fn note_counts(&mut self, sync: &SyncResponse, hands: &mut Hands<'_, '_>) {
        let told = (sync.one_time_key_count, sync.unused_fallback_key);
        if self.app.known.counts != Some(told) {
            self.app.known.counts = Some(told);
            let (one_time, unused_fallback) = told;
            let kind = FactKind::KeyCounts { device: self.me, one_time, unused_fallback };
            hands.fact(kind, Causes::of([hands.given.cause, sync.counts_cause.0]));
        }
    }

    /// Gives the machine what concerns it.
    fn hand_over(&self, sync: &SyncResponse) -> Vec<ProcessedToDeviceEvent> {
        let Some(machine) = self.machine() else { return Vec::new() };
        let to_device_events: Vec<Raw<AnyToDeviceEvent>> = sync
            .to_device
            .iter()
            .map(|(_, message, _)| self.wire().event(message, self.me))
            .map(|event| {
                Raw::from_json(
                    serde_json::value::to_raw_value(&event).expect("an event can be written"),
                )
            })
            .collect();
        let users = |wanted: ListChange| -> Vec<_> {
            let fits = sync.device_lists.iter().filter(|(_, change, _)| *change == wanted);
            fits.map(|(user, ..)| self.user_id(*user)).collect()
        };
        let mut changed_devices = DeviceLists::new();
        changed_devices.changed = users(ListChange::Changed);
        changed_devices.left = users(ListChange::Left);
        let algorithm = OneTimeKeyAlgorithm::SignedCurve25519;
        let counts: BTreeMap<_, _> = sync
            .one_time_key_count
            .iter()
            .map(|count| (algorithm.clone(), (*count).into()))
            .collect();
        let all = [algorithm];
        let unused = sync.unused_fallback_key.map(|unused| if unused { &all[..] } else { &[] });
        let changes = EncryptionSyncChanges {
            to_device_events,
            changed_devices: &changed_devices,
            one_time_keys_counts: &counts,
            unused_fallback_keys: unused,
            next_batch_token: Some(format!("{:?}", sync.next)),
        };
        let processed = self.wait(machine.olm.receive_sync_changes(changes, &trust()));
        processed.map(|(events, _)| events).unwrap_or_default()
    }

    fn sort(&self, noted: Vec<Noted>, hands: &mut Hands<'_, '_>) -> Written {
        let mut written = Written::default();
        for one in noted {
            match one {
                Noted::Olm { peer, session, is_new: true } => written.new_olm.push((peer, session)),
                Noted::Olm { .. } | Noted::Outbound { .. } => {}
                Noted::Inbound { session, first, .. } => written.inbound.push((session, first)),
                Noted::Withheld { session, .. } => {
                    written.withheld.insert(session);
                }
                Noted::OneTimeKeyGone(number) => written.one_time_gone.push(number),
                Noted::FallbackKeyGone(number) => {
                    self.private_key_gone((number, true), LossCause::Expired, hands);
                }
                Noted::KnownMessage => written.known_messages += 1,
            }
        }
        written
    }

    /// Records what became of each to-device message.
    fn after_to_device(
        &mut self,
        sync: &SyncResponse,
        processed: Vec<ProcessedToDeviceEvent>,
        mut written: Written,
        hands: &mut Hands<'_, '_>,
    ) {
        for (_, message, _) in &sync.to_device {
            if let ToDeviceBody::Olm(ciphertext) = message.body
                && let Some(key) = key_of(&ciphertext.payload.event)
            {
                *written.bringers.entry(key.session).or_default() += 1;
            }
        }
        let came = sync.to_device.iter().zip(processed);
        for ((id, message, listed), processed) in came {
            let arrival = Arrival { id: *id, message, listed: listed.0 };
            match message.body {
                ToDeviceBody::Olm(ciphertext) => {
                    self.olm_arrived(arrival, (&ciphertext, &processed), &mut written, hands);
                }
                ToDeviceBody::Withheld(content) => {
                    self.notice_arrived(arrival, &content, &written, hands);
                }
                ToDeviceBody::KeyRequest(request) => {
                    let own = self.user_of(message.sender) == self.my_user();
                    let outcome =
                        if own { ProcessOutcome::Handled } else { ProcessOutcome::Ignored };
                    let fact = self.processed(arrival, outcome, hands);
                    if let KeyRequestAction::Request { room, session } = request.action {
                        let asked = (message.sender, room, session, fact);
                        self.app.known.asked.push(asked);
                    }
                }
                ToDeviceBody::Clear(_) => {
                    self.processed(arrival, ProcessOutcome::Ignored, hands);
                }
            }
        }
        for number in written.one_time_gone {
            self.private_key_gone((number, false), LossCause::FailedMessage, hands);
        }
    }

    fn processed(
        &self,
        arrival: Arrival<'_>,
        outcome: ProcessOutcome,
        hands: &mut Hands<'_, '_>,
    ) -> FactId {
        let kind = FactKind::Processed { device: self.me, message: arrival.id, outcome };
        hands.fact(kind, Causes::of([arrival.listed]))
    }

    fn olm_arrived(
        &mut self,
        arrival: Arrival<'_>,
        (ciphertext, processed): (&OlmCiphertext, &ProcessedToDeviceEvent),
        written: &mut Written,
        hands: &mut Hands<'_, '_>,
    ) {
        let (device, peer, message) = (self.me, ciphertext.sender_key, arrival.id);
        let ProcessedToDeviceEvent::Decrypted { raw, .. } = processed else {
            let (result, outcome) = if written.known_messages > 0 {
                written.known_messages -= 1;
                (OlmResult::Duplicate, ProcessOutcome::Duplicate)
            } else {
                (OlmResult::Failed(self.olm_error(ciphertext)), ProcessOutcome::Discarded)
            };
            let kind = FactKind::OlmDecrypt { device, peer, message, result };
            hands.fact(kind, Causes::of([arrival.listed]));
            self.processed(arrival, outcome, hands);
            return;
        };
        self.note_inbound_olm(arrival, ciphertext, written, hands);
        let raw: Value = serde_json::from_str(raw.json().get()).unwrap_or_default();
        let OlmPayload { event, sender_keys, .. } = self.opened(ciphertext, &raw, written);
        let result = OlmResult::Decrypted { session: ciphertext.session, event, sender_keys };
        let kind = FactKind::OlmDecrypt { device, peer, message, result };
        let by = hands.fact(kind, Causes::of([arrival.listed]));
        self.take_key(arrival, (&event, &raw), (written, by), hands);
        self.processed(arrival, ProcessOutcome::Handled, hands);
    }

    /// What a message held. The machine hands it out as it read it, without the key in it, whose first index shows in what it wrote; of a room
    /// key it hands out the content alone, and has checked itself that `sender_device_keys` are the sender's (`Account::check_sender_device_keys`).
    fn opened(&self, ciphertext: &OlmCiphertext, raw: &Value, written: &Written) -> OlmPayload {
        let payload = ciphertext.payload;
        let wire = &mut *self.wire();
        if wire.has_symbols(ciphertext.sender_key) {
            // Its writer tells by itself what it wrote.
            return payload;
        }
        let taken_for = key_of(&payload.event).map(|key| (key.session, key.first));
        let key = |content: &Value, wire: &mut Wire| {
            let id = content["session_id"].as_str()?;
            let session = wire.room_keys.named(id)?;
            let taken_for = taken_for.filter(|(taken, _)| *taken == session);
            let place = written.place(id, taken_for.unwrap_or((session, u32::MAX)));
            // A key that was not better than what was there leaves no trace.
            let came = place.map(|place| written.inbound[place].1);
            Some((session, came.or(taken_for.map(|(_, first)| first))?))
        };
        let event = event(raw, wire, key).unwrap_or(payload.event);
        let sender_keys = match event {
            OlmEvent::RoomKey(_) => SenderKeys::Agree,
            OlmEvent::ForwardedRoomKey(_)
            | OlmEvent::Dummy { .. }
            | OlmEvent::Withheld(_)
            | OlmEvent::RoomKeyBundle(_) => sender_keys(raw, ciphertext.sender_key, wire),
        };
        wire.opened(ciphertext, sender_keys, event);
        OlmPayload { event, sender_keys, ..payload }
    }

    /// Records a session that the message has opened.
    fn note_inbound_olm(
        &mut self,
        arrival: Arrival<'_>,
        ciphertext: &OlmCiphertext,
        written: &mut Written,
        hands: &mut Hands<'_, '_>,
    ) {
        let (device, peer) = (self.me, ciphertext.sender_key);
        let opened = written.new_olm.iter().position(|(_, id)| {
            self.wire().olm_session(id, hands.given.entropy) == ciphertext.session
        });
        let Some(opened) = opened else { return };
        written.new_olm.remove(opened);
        let (session, key) = (ciphertext.session, ciphertext.pre_key);
        let (direction, why) = (Direction::Inbound, OlmCause::Received);
        let kind = FactKind::OlmNew { device, peer, session, direction, why, key };
        let fact = hands.fact(kind, Causes::of([arrival.listed]));
        self.app.known.olm.insert(session, fact);
        self.live.changes += 1;
        let used = written.one_time_gone.iter().position(|number| {
            key.is_some() && self.wire().key_numbered((device, false), *number) == key
        });
        if let (Some(used), Some(key)) = (used, key) {
            written.one_time_gone.remove(used);
            let kind = FactKind::PrivateKeyGone { device, key, why: LossCause::Used };
            hands.fact(kind, Causes::one(fact));
        }
    }

    /// Why a message could not be decrypted, as far as the machine's sessions tell: it does not say itself.
    fn olm_error(&self, ciphertext: &OlmCiphertext) -> OlmError {
        if self.wire().is_damaged(ciphertext) {
            return OlmError::BadMac;
        }
        let key = self.wire().key_of_device(ciphertext.sender_key).map(str::to_owned);
        let sessions = self.machine.as_ref().zip(key);
        let sessions = sessions.map(|(machine, key)| self.wait(machine.store.olm_sessions(&key)));
        let has_it = sessions
            .and_then(Result::ok)
            .unwrap_or_default()
            .iter()
            .any(|id| self.wire().known_olm(id) == Some(ciphertext.session));
        match ciphertext.pre_key {
            _ if has_it => OlmError::MissingMessageKey,
            Some(key) => OlmError::MissingKey(key),
            None => OlmError::NoSession,
        }
    }

    /// Records a key that the message has brought.
    fn take_key(
        &mut self,
        arrival: Arrival<'_>,
        (event, raw): (&OlmEvent, &Value),
        (written, by): (&mut Written, FactId),
        hands: &mut Hands<'_, '_>,
    ) {
        let source = match event {
            OlmEvent::RoomKey(_) => KeySource::RoomKey,
            OlmEvent::ForwardedRoomKey(_) => KeySource::Forwarded { withheld: None },
            OlmEvent::Dummy { .. } | OlmEvent::Withheld(_) | OlmEvent::RoomKeyBundle(_) => return,
        };
        let id = raw["content"]["session_id"].as_str().unwrap_or_default();
        let Some(key) = key_of(event) else { return };
        if matches!(event, OlmEvent::ForwardedRoomKey(_)) && !self.takes_answers_of(arrival) {
            return;
        }
        // Where several answers came at once, their sender could be wrong about which is which.
        let session = self.session_spelled(id).unwrap_or(key.session);
        let (device, room) = (self.me, key.room);
        let Some(place) = written.place(id, (session, key.first)) else {
            let known = self.app.known.keys.contains_key(&session);
            if !known {
                let (first, via) = (key.first, Some(arrival.id));
                let kind = FactKind::KeyRefused { device, session, first, via };
                hands.fact(kind, Causes::one(by));
            }
            return;
        };
        let (_, first) = written.inbound.remove(place);
        let via = Some(arrival.id);
        let kind = FactKind::KeyIn { device, room, session, first, source, via };
        let fact = hands.fact(kind, Causes::one(by));
        self.app.known.keys.insert(session, fact);
        self.try_again(session, Some(fact), hands);
    }

    /// Whether the machine takes an answer to a key request from the sender of a message: from verified devices of the own user
    /// (`GossipMachine::should_accept_forward`). Of several answers that come at once, this tells which one was taken.
    fn takes_answers_of(&self, arrival: Arrival<'_>) -> bool {
        let sender = arrival.message.sender;
        let Some(machine) = self.machine() else { return false };
        let (user, id) = (self.user_id(self.my_user()), self.device_id(sender));
        let known = self.wait(machine.olm.get_device(&user, &id, None)).ok().flatten();
        self.user_of(sender) == self.my_user() && known.is_some_and(|known| known.is_verified())
    }

    fn notice_arrived(
        &mut self,
        arrival: Arrival<'_>,
        content: &WithheldContent,
        written: &Written,
        hands: &mut Hands<'_, '_>,
    ) {
        let session: Option<MegolmSessionId> = content.session_id.value();
        let is_kept = written
            .withheld
            .iter()
            .any(|id| session.is_some() && self.session_spelled(id) == session);
        let is_event = arrival.message.event_type.is_withheld(false);
        let outcome =
            if is_kept && is_event { ProcessOutcome::Handled } else { ProcessOutcome::Ignored };
        let fact = self.processed(arrival, outcome, hands);
        if let (ProcessOutcome::Handled, Some(session)) = (outcome, session) {
            self.app.known.notices.insert(session, (arrival.id, fact));
            self.try_again(session, Some(fact), hands);
        }
    }

    /// The session with this spelling, whether a real device has made it or not.
    fn session_spelled(&self, id: &str) -> Option<MegolmSessionId> {
        self.wire().room_keys.named(id)
    }

    fn take_room(&mut self, sync: &RoomSync, late_by: Option<FactId>, hands: &mut Hands<'_, '_>) {
        let (device, room) = (self.me, sync.room);
        let seen = self.app.rooms.entry(room).or_insert_with(SeenRoom::new);
        let hides_departure = seen.hides_departure(sync);
        let news = seen.take(sync);
        if hides_departure && self.around.careful {
            // The machine is not told of rooms, so that only an application can see this.
            self.throw_session_away(room);
        }
        if news {
            self.live.changes += 1;
            let (seq, limited) = (sync.seq, sync.limited);
            let kind = FactKind::RoomSeen { device, room, seq, limited };
            hands.fact(kind, told_late(sync.cause, late_by));
            self.track_members(room);
        }
        for (event, cause) in &sync.timeline {
            if matches!(event, RoomEvent::Message { .. }) {
                self.message(room, event, told_late(*cause, late_by), hands);
            }
        }
    }

    /// Who is in an encrypted room is followed from then on, as `BaseClient` does with what a sync tells.
    fn track_members(&self, room: withheld::ids::RoomId) {
        let (Some(machine), Some(seen)) = (self.machine(), self.app.rooms.get(&room)) else {
            return;
        };
        let users: Vec<UserId> = seen.active().collect();
        let users: Vec<_> = users.into_iter().map(|user| self.user_id(user)).collect();
        let _ = self.wait(machine.olm.update_tracked_users(users.iter().map(AsRef::as_ref)));
    }

    /// The first index from which this device has a session.
    pub(super) fn first_known(
        &self,
        room: withheld::ids::RoomId,
        session: MegolmSessionId,
    ) -> Option<u32> {
        let id = withheld::protocol::spelling::Spelling::session(&*self.wire(), session);
        let (machine, room) = (self.machine()?, self.room_id(room));
        let found = matrix_sdk_crypto::store::CryptoStore::get_inbound_group_session(
            &machine.store,
            &room,
            &id,
        );
        let found = self.wait(found).ok()??;
        Some(found.first_known_index())
    }
}

/// The causes of being told of an event: the event comes first, and behind it what kept it from being told earlier.
fn told_late(event: Provenance, late_by: Option<FactId>) -> Causes {
    Causes::of([event.0, late_by.filter(|_| event.0.is_some())])
}
