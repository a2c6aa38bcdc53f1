//! Answers: whatever the homeserver says, taken in in the order that loses nothing: to-device messages first, then
//! lists, counts and rooms, and the token last.
//! It does not know what each message is for.

use crate::client::RequestNo;
use crate::client::reference::inbound::{InboundKey, Received};
use crate::client::reference::io::Io;
use crate::client::reference::outbox::{OutboxNo, SHORTEST_WAIT, Waits};
use crate::client::reference::rooms::{Change, replaces_session};
use crate::client::reference::{Backoff, Reference};
use crate::ids::{MessageId, RoomId, UserId};
use crate::protocol::api::{
    BackedUpKey, Failure, ListChange, Request, Response, RoomSync, SyncResponse, ToDevicePut,
};
use crate::protocol::megolm::InboundSession;
use crate::protocol::provenance::Provenance;
use crate::protocol::room::{Membership, RoomEvent};
use crate::protocol::to_device::{OlmEvent, ToDeviceBody};
use crate::protocol::withheld::WithheldCode;
use crate::scenario::habits::{BundleSending, MarkWhen, PutFailed};
use crate::trace::fact::{BackupRead, Causes, FactKind, KeySource};

impl Reference {
    /// Takes the answer to a request. One that is not awaited (it was asked for before a restart) is passed over.
    pub(super) fn answered(
        &mut self,
        number: RequestNo,
        answer: Result<&Response, Failure>,
        io: &mut Io<'_, '_>,
    ) {
        if self.live.syncing == Some(number) {
            self.live.syncing = None;
            return self.sync_answered(answer, io);
        }
        if let Some(place) = self.live.sending.answered(number) {
            return self.outbox_answered(place, answer, io);
        }
        if self.live.fetching_backup == Some(number) {
            self.live.fetching_backup = None;
            return self.backup_answered(answer, io);
        }
        if self.is_asked_again(number, answer, io) {
            return;
        }
        if !self.claims_answered(number, answer, io) {
            self.queries_answered(number, answer, io);
        }
    }

    fn sync_answered(&mut self, answer: Result<&Response, Failure>, io: &mut Io<'_, '_>) {
        match answer {
            Ok(Response::Sync(sync)) => {
                let late_by = std::mem::take(&mut self.live.sync_backoff).by;
                self.take_sync(sync, late_by, io);
            }
            Ok(
                Response::UploadKeys(_)
                | Response::QueryKeys { .. }
                | Response::ClaimKeys { .. }
                | Response::KeyChanges(_)
                | Response::Members { .. }
                | Response::Backup(_)
                | Response::Done,
            )
            | Err(_) => {
                // A server that asks for patience is there: that is no reason to wait for the network.
                let failures = self.live.sync_backoff.failures;
                let (failures, wait) = match answer {
                    Err(Failure::RateLimited(told)) => (failures, told.max(SHORTEST_WAIT)),
                    Ok(_) | Err(_) => (failures + 1, self.waits().after(failures + 1)),
                };
                let by = Provenance(io.given.cause);
                self.live.sync_backoff = Backoff { failures, until: io.given.clock + wait, by };
            }
        }
    }

    /// How long this client waits after requests that failed.
    pub(super) fn waits(&self) -> Waits {
        Waits::of(self.habits())
    }

    /// Takes a sync in that came late because of a failure, or did not.
    fn take_sync(&mut self, sync: &SyncResponse, late_by: Provenance, io: &mut Io<'_, '_>) {
        if self.habits().token_before_store {
            self.store.token = sync.next;
            let store = &self.store;
            io.persist_early(|| store.clone());
        }
        for (id, message, listed) in &sync.to_device {
            self.receive(*id, message, *listed, io);
        }
        self.answer_collected(io);
        for (user, change, cause) in &sync.device_lists {
            self.list_note(*user, *change, *cause, io);
        }
        self.key_counts(sync, io);
        for room in &sync.rooms {
            self.take_room(room, late_by, io);
        }
        self.live.batches.synced();
        if !self.habits().asks_in_batches {
            self.claim_again(io);
        }
        if self.store.token != sync.next {
            self.store.token = sync.next;
            io.touch();
        }
    }

    fn key_counts(&mut self, sync: &SyncResponse, io: &mut Io<'_, '_>) {
        let told = (sync.one_time_key_count, sync.unused_fallback_key);
        if self.live.counts_told != Some(told) {
            self.live.counts_told = Some(told);
            let (one_time, unused_fallback) = told;
            let kind = FactKind::KeyCounts { device: self.me(), one_time, unused_fallback };
            io.fact(kind, Causes::of([io.given.cause, sync.counts_cause.0]));
        }
        self.keep_supply(told.0, told.1, io);
    }

    fn list_note(
        &mut self,
        user: UserId,
        change: ListChange,
        cause: Provenance,
        io: &mut Io<'_, '_>,
    ) {
        let kind = FactKind::ListNote { device: self.me(), user, change };
        let by = Provenance::of(io.fact(kind, Causes::of([cause.0])));
        match change {
            ListChange::Changed => {
                if self.store.lists.mark_outdated(user, by) {
                    self.live.queries.overtake(user);
                    self.live.query_backoff.remove(&user);
                    self.view_changed(io);
                }
            }
            ListChange::Left => {
                // Nobody tells of changes any more: for an invite that is still to go out the list is asked for once more (H-07).
                let is_wanted = self.has_invite_waiting(user)
                    && self.habits().bundle_sending != BundleSending::AtHand;
                if is_wanted {
                    // A change that was told before is what makes it outdated.
                    if self.store.lists.user(user).is_some_and(|list| !list.outdated) {
                        self.store.lists.mark_outdated(user, by);
                    }
                    self.live.query_backoff.remove(&user);
                } else {
                    self.store.lists.untrack(user);
                }
                // The answer to a query that is under way may be older than changes that nobody tells any more.
                self.live.queries.overtake(user);
                self.view_changed(io);
            }
        }
    }

    fn take_room(&mut self, sync: &RoomSync, late_by: Provenance, io: &mut Io<'_, '_>) {
        let (device, room) = (self.me(), sync.room);
        let is_state = |event: &RoomEvent| !matches!(event, RoomEvent::Message { .. });
        let news = sync.state.is_some()
            || self.store.rooms.misses_events(sync)
            || sync.timeline.iter().any(|(event, _)| is_state(event));
        let mut changes = Vec::new();
        let mut by = Provenance::UNKNOWN;
        if news {
            let (seq, limited) = (sync.seq, sync.limited);
            let kind = FactKind::RoomSeen { device, room, seq, limited };
            by = Provenance::of(io.fact(kind, told_late(sync.cause, late_by)));
            self.view_changed(io);
        }
        if let Some(state) = &sync.state {
            changes.push(self.store.rooms.take_state(room, state, sync.seq));
        }
        let last = u32::try_from(sync.timeline.len()).unwrap_or(u32::MAX);
        let first = sync.seq.saturating_sub(last) + 1;
        for (seq, (event, cause)) in (first..).zip(&sync.timeline) {
            match *event {
                RoomEvent::Message { message, sender, sent_at, body } if sender != device => {
                    let received = Received {
                        message,
                        room,
                        device: sender,
                        sender: self.user_of(sender),
                        session: body.session,
                        index: body.index,
                        intact: body.intact,
                        sent_at,
                        by: *cause,
                        result: None,
                    };
                    self.message(received, late_by, io);
                }
                RoomEvent::Message { message, .. } => {
                    let kind = FactKind::MessageReceived { device, message };
                    io.fact(kind, told_late(*cause, late_by));
                    self.echoed(message, io);
                }
                RoomEvent::Member { .. }
                | RoomEvent::HistoryVisibility(_)
                | RoomEvent::Encryption(_) => {
                    changes.push(self.store.rooms.take_event(room, (event, seq), sync.limited));
                }
            }
        }
        self.store.rooms.told(room, sync.seq);
        if news && self.habits().follows_members {
            self.follow_members(room, io);
        }
        self.draw_consequences(room, &changes, (sync.limited, by));
        self.note_join(room, io);
    }

    /// Has the lists of everybody in a room asked for, long before there is a message for them.
    fn follow_members(&mut self, room: RoomId, io: &mut Io<'_, '_>) {
        let Some(seen) = self.store.rooms.room(room) else { return };
        let members = seen.members().filter(|(_, membership)| *membership != Membership::Ban);
        for user in members.map(|(user, _)| user).collect::<Vec<_>>() {
            self.follow(user, io);
        }
    }

    /// Replaces the session of a room if one of these changes asks for it.
    fn draw_consequences(
        &mut self,
        room: RoomId,
        changes: &[Change],
        (limited, by): (bool, Provenance),
    ) {
        let (Some(outbound), Some(seen)) =
            (self.store.outbound.get(&room), self.store.rooms.room(room))
        else {
            return;
        };
        let holds_key = |user| outbound.shared.keys().any(|device| self.user_of(*device) == user);
        let is_in = |user| seen.membership(user) == Membership::Join;
        let replaces = self.habits().heeds_room_changes
            && changes
                .iter()
                .any(|change| replaces_session(change, limited, self.habits(), holds_key, is_in));
        let Some(outbound) = self.store.outbound.get_mut(&room) else { return };
        if by.0.is_some() {
            outbound.room_seen = by;
        }
        if replaces {
            outbound.invalidate(by);
        }
    }

    /// The echo of an own message shows that the server has it, also where no answer has said so. Who is patient waits for the answer.
    fn echoed(&mut self, message: MessageId, io: &mut Io<'_, '_>) {
        if self.habits().patient_requests {
            return;
        }
        let Some(place) = self.store.outbox.place_of(message) else { return };
        self.live.sending.done(place);
        self.store.outbox.take(place);
        io.touch();
    }

    fn outbox_answered(
        &mut self,
        place: OutboxNo,
        answer: Result<&Response, Failure>,
        io: &mut Io<'_, '_>,
    ) {
        match answer {
            Ok(response) => {
                self.live.sending.done(place);
                if let Some(Request::UploadKeys(upload)) = self.store.outbox.take(place) {
                    let count =
                        if let Response::UploadKeys(count) = response { *count } else { None };
                    self.keys_uploaded(&upload, count, io);
                }
                io.touch();
            }
            Err(Failure::Rejected | Failure::Forbidden) => {
                self.live.sending.done(place);
                if let Some(Request::UploadKeys(upload)) = self.store.outbox.take(place) {
                    self.keys_refused(&upload, io);
                }
                io.touch();
            }
            // The message was taken, which its echo has told already, and only the answer was lost.
            Err(_) if !self.store.outbox.holds(place) => {}
            Err(failure) => self.outbox_failed(place, failure, io),
        }
    }

    /// A request failed that may succeed later. What happens to a `sendToDevice` then is a habit.
    fn outbox_failed(&mut self, place: OutboxNo, failure: Failure, io: &mut Io<'_, '_>) {
        self.store.outbox.hold_up(place, io.given.cause);
        self.hold_up_jobs(place, io.given.cause);
        io.touch();
        let habit = self.habits().put_failed;
        let when = (io.given.clock, self.waits());
        let put = match self.store.outbox.request_mut(place) {
            Some(Request::SendToDevice(put)) => put.clone(),
            Some(_) | None => return self.live.sending.failed(place, failure, when),
        };
        match habit {
            PutFailed::RetrySameTxn => {}
            PutFailed::RetryNewTxn => self.rename_put(place, put, io),
            PutFailed::Swallow => {
                self.live.sending.done(place);
                self.store.outbox.take(place);
                if self.habits().mark_when == MarkWhen::Accepted {
                    let is_awaited = self.is_awaited(place);
                    self.unmark(&put, is_awaited);
                }
                self.view_changed(io);
                return;
            }
        }
        self.live.sending.failed(place, failure, when);
    }

    /// Gives a request a new transaction id, as a bad client does.
    fn rename_put(&mut self, place: OutboxNo, mut put: ToDevicePut, io: &mut Io<'_, '_>) {
        let device = self.me();
        put.txn = io.given.entropy.txn();
        let (txn, event_type) = (put.txn, put.event_type);
        let targets = u32::try_from(put.messages.len()).expect("a request has few targets");
        let fact = io.fact_of_input(FactKind::Put { device, txn, event_type, targets });
        for (recipient, body) in &put.messages {
            let recipient = *recipient;
            let content = crate::client::reference::puts::as_sent(body);
            let kind = FactKind::PutTarget { device, txn, recipient, content };
            io.fact(kind, Causes::one(fact));
        }
        if let Some(request) = self.store.outbox.request_mut(place) {
            *request = Request::SendToDevice(put);
        }
        io.touch();
    }

    /// What a request that was given up carried does not count as given or told. A message that waits for it goes out first: it
    /// would be given at once and given up again without end.
    fn unmark(&mut self, put: &ToDevicePut, is_awaited: bool) {
        for (device, body) in &put.messages {
            let marked = self.marked_as(*device);
            match body {
                ToDeviceBody::Olm(ciphertext) => {
                    if let OlmEvent::RoomKey(key) = ciphertext.payload.event
                        && let Some(outbound) = self.store.outbound.get_mut(&key.room)
                        && outbound.session() == key.session
                    {
                        if is_awaited {
                            outbound.unserved.insert(*device);
                        } else {
                            outbound.shared.remove(device);
                        }
                    }
                }
                ToDeviceBody::Withheld(content) => {
                    if content.code.value() == Some(WithheldCode::NoOlm) {
                        self.store.no_olm.clear(self.marked_as(*device));
                    } else if let Some(room) = content.room_id.value()
                        && let Some(outbound) = self.store.outbound.get_mut(&room)
                    {
                        outbound.told.remove(&marked);
                    }
                }
                ToDeviceBody::KeyRequest(_) | ToDeviceBody::Clear(_) => {}
            }
        }
    }

    fn backup_answered(&mut self, answer: Result<&Response, Failure>, io: &mut Io<'_, '_>) {
        let Ok(Response::Backup(keys)) = answer else {
            return self.backup_read(BackupRead::Failed, io);
        };
        self.backup_read(BackupRead::Read, io);
        for BackedUpKey { room, session, first, creator, shared_history } in keys {
            let megolm = InboundSession::new(*session, *first);
            let shared_history = *shared_history;
            let key = InboundKey { shared_history, ..InboundKey::new(*room, megolm, *creator) };
            self.take_key(key, (KeySource::Backup, None, Provenance(io.given.cause)), io);
        }
    }
}

/// The causes of being told of an event: the event comes first, and behind it what kept it from being told earlier.
pub(super) fn told_late(event: Provenance, late_by: Provenance) -> Causes {
    Causes::of([event.0, late_by.0])
}
